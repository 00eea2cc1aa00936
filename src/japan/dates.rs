//! Days and times as people read them in Japan: 11月24日(火), 2026年(令和8年)11月27日(金)10時00分から11時30分まで.

use super::{JST, tokyo_date, wareki};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike, Utc};

const WEEKDAYS: [&str; 7] = ["月", "火", "水", "木", "金", "土", "日"];

/// A day as it is said on `today`: the year only where it is another one.
pub fn day(date: NaiveDate, today: NaiveDate) -> String {
    let year = match date.year() == today.year() {
        true => String::new(),
        false => format!("{}年", date.year()),
    };
    format!("{year}{}", day_of_year(date))
}

fn day_of_year(date: NaiveDate) -> String {
    let weekday = WEEKDAYS[date.weekday().num_days_from_monday() as usize];
    format!("{}月{}日({weekday})", date.month(), date.day())
}

/// The day of a moment in Tokyo, as it is said at `now`.
pub fn day_of(moment: DateTime<Utc>, now: DateTime<Utc>) -> String {
    day(tokyo_date(moment), tokyo_date(now))
}

/// A moment, as it is said at `now`: 11月26日(木)17時00分.
pub fn moment(moment: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("{}{}", day_of(moment, now), time(tokyo(moment)))
}

/// A span with both calendars, for an appointment.
pub fn span(from: DateTime<Utc>, until: DateTime<Utc>) -> String {
    let (first, last) = (tokyo(from), tokyo(until));
    let japanese = wareki(first.date());
    let era = japanese.split('年').next().unwrap_or_default();
    let ends_on = match first.date() == last.date() {
        true => String::new(),
        false => day(last.date(), first.date()),
    };
    format!(
        "{}年({era}年){}{}から{ends_on}{}まで",
        first.year(),
        day_of_year(first.date()),
        time(first),
        time(last),
    )
}

fn tokyo(moment: DateTime<Utc>) -> NaiveDateTime {
    // Only at the very end of what chrono can hold there is no later local time.
    moment
        .naive_utc()
        .checked_add_offset(JST)
        .unwrap_or(NaiveDateTime::MAX)
}

fn time(local: NaiveDateTime) -> String {
    format!("{}時{:02}分", local.hour(), local.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn days_and_moments() {
        let now = at("2026-11-22T23:00:00+09:00");
        assert_eq!(day_of(at("2026-11-24T09:00:00+09:00"), now), "11月24日(火)");
        assert_eq!(day_of(at("2026-11-23T15:00:00Z"), now), "11月24日(火)");
        assert_eq!(
            day_of(at("2027-01-04T09:00:00+09:00"), now),
            "2027年1月4日(月)"
        );
        assert_eq!(
            moment(at("2026-11-26T17:05:00+09:00"), now),
            "11月26日(木)17時05分"
        );
    }

    #[test]
    fn spans() {
        assert_eq!(
            span(at("2026-11-27T01:00:00Z"), at("2026-11-27T02:30:00Z")),
            "2026年(令和8年)11月27日(金)10時00分から11時30分まで"
        );
        assert_eq!(
            span(at("2026-12-31T14:00:00Z"), at("2026-12-31T15:30:00Z")),
            "2026年(令和8年)12月31日(木)23時00分から2027年1月1日(金)0時30分まで"
        );
        assert_eq!(
            span(at("2019-05-01T01:00:00Z"), at("2019-05-01T02:00:00Z")),
            "2019年(令和元年)5月1日(水)10時00分から11時00分まで"
        );
        let _ = span(DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MAX_UTC);
    }
}
