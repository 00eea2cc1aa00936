//! Business time: when something is due.
//!
//! Business days are the weekdays Monday to Friday in Tokyo. National holidays, the year-end period, office
//! hours and the closures of single desks come with the office calendar; until then a deadline may fall on a
//! holiday, and every weekday is open from nine to five.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use crate::japan::JST;

/// When the office opens, in Tokyo.
const OPENING: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("nine o'clock exists");

/// When it closes.
const CLOSING: NaiveTime = NaiveTime::from_hms_opt(17, 0, 0).expect("five o'clock exists");

/// The office hours, for people.
pub const OFFICE_HOURS: &str = "平日9時から17時まで";

/// Whether somebody answers at this moment.
pub fn is_open(at: DateTime<Utc>) -> bool {
    let Some(local) = at.naive_utc().checked_add_offset(JST) else {
        return false;
    };
    on_a_weekday(local) == Some(local) && (OPENING..CLOSING).contains(&local.time())
}

/// When the office opens next: this very moment while it is open. Beyond the calendar of chrono it is the end of time.
pub fn next_opening(at: DateTime<Utc>) -> DateTime<Utc> {
    if is_open(at) {
        return at;
    }
    opening_after(at).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn opening_after(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let local = at.naive_utc().checked_add_offset(JST)?;
    // Before nine it opens today, later tomorrow; and what falls on a weekend on Monday.
    let day = match local.time() < OPENING {
        true => local.date(),
        false => local.date().succ_opt()?,
    };
    let opens = on_a_weekday(day.and_time(OPENING))?;
    Some(opens.checked_sub_offset(JST)?.and_utc())
}

/// The moment `days` business days after `from`, at the same time of day in Tokyo. A moment on a Saturday or
/// Sunday counts as the next Monday, 9:00. Beyond the calendar of chrono it is the end of time.
pub fn add_business_days(from: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    after(from, days).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn after(from: DateTime<Utc>, days: u32) -> Option<DateTime<Utc>> {
    let local = from.naive_utc().checked_add_offset(JST)?;
    let start = on_a_weekday(local)?;
    let date = add_weekdays(start.date(), days)?;
    let due = date.and_time(start.time()).checked_sub_offset(JST)?;
    Some(due.and_utc())
}

fn on_a_weekday(local: NaiveDateTime) -> Option<NaiveDateTime> {
    // Days from Monday: 5 is Saturday, 6 is Sunday.
    match local.weekday().num_days_from_monday() {
        weekday @ 5.. => {
            let monday = local
                .date()
                .checked_add_days(Days::new(u64::from(7 - weekday)))?;
            Some(monday.and_time(OPENING))
        }
        _ => Some(local),
    }
}

/// Whole weeks at once, so that no number of days takes long.
fn add_weekdays(weekday: NaiveDate, days: u32) -> Option<NaiveDate> {
    let (weeks, rest) = (days / 5, days % 5);
    let passes_weekend = weekday.weekday().num_days_from_monday() + rest > 4;
    let calendar_days = u64::from(weeks) * 7 + u64::from(rest) + if passes_weekend { 2 } else { 0 };
    weekday.checked_add_days(Days::new(calendar_days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, Weekday};
    use proptest::prelude::*;

    fn tokyo(text: &str) -> DateTime<Utc> {
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        local.and_local_timezone(JST).unwrap().to_utc()
    }

    #[test]
    fn weekends_are_skipped() {
        // 2026-11-20 is a Friday.
        for (from, days, due) in [
            ("2026-11-20 16:59", 0, "2026-11-20 16:59"),
            ("2026-11-20 16:59", 1, "2026-11-23 16:59"),
            ("2026-11-19 08:00", 2, "2026-11-23 08:00"),
            ("2026-11-16 10:00", 4, "2026-11-20 10:00"),
            ("2026-11-16 10:00", 5, "2026-11-23 10:00"),
            ("2026-11-16 10:00", 10, "2026-11-30 10:00"),
            ("2026-11-21 00:00", 0, "2026-11-23 09:00"),
            ("2026-11-21 12:00", 1, "2026-11-24 09:00"),
            ("2026-11-22 23:59", 1, "2026-11-24 09:00"),
            ("2026-11-22 23:59", 5, "2026-11-30 09:00"),
            ("2026-12-31 10:00", 1, "2027-01-01 10:00"),
        ] {
            assert_eq!(
                add_business_days(tokyo(from), days),
                tokyo(due),
                "{from} + {days}"
            );
        }
    }

    #[test]
    fn office_hours() {
        for (at, opens) in [
            ("2026-11-20 08:59", "2026-11-20 09:00"),
            ("2026-11-20 09:00", "2026-11-20 09:00"),
            ("2026-11-20 16:59", "2026-11-20 16:59"),
            ("2026-11-20 17:00", "2026-11-23 09:00"),
            ("2026-11-21 08:00", "2026-11-23 09:00"),
            ("2026-11-22 12:00", "2026-11-23 09:00"),
            ("2026-11-23 00:00", "2026-11-23 09:00"),
            ("2026-11-24 23:59", "2026-11-25 09:00"),
        ] {
            assert_eq!(next_opening(tokyo(at)), tokyo(opens), "{at}");
            assert_eq!(is_open(tokyo(at)), at == opens, "{at}");
        }
        assert_eq!(
            next_opening(DateTime::<Utc>::MAX_UTC),
            DateTime::<Utc>::MAX_UTC
        );
        let _ = next_opening(DateTime::<Utc>::MIN_UTC);
    }

    #[test]
    fn the_weekday_is_that_of_tokyo() {
        // Sunday 15:00 UTC is Monday 00:00 in Tokyo, Friday 15:00 UTC is Saturday.
        assert_eq!(
            add_business_days(tokyo("2026-11-23 00:00"), 0),
            tokyo("2026-11-23 00:00")
        );
        let saturday: DateTime<Utc> = "2026-11-20T15:00:00Z".parse().unwrap();
        assert_eq!(add_business_days(saturday, 0), tokyo("2026-11-23 09:00"));
    }

    #[test]
    fn the_end_of_time_is_no_panic() {
        assert_eq!(
            add_business_days(DateTime::<Utc>::MAX_UTC, 1),
            DateTime::<Utc>::MAX_UTC
        );
        assert_eq!(
            add_business_days(tokyo("2026-11-20 10:00"), u32::MAX),
            DateTime::<Utc>::MAX_UTC
        );
        let _ = add_business_days(DateTime::<Utc>::MIN_UTC, 3);
    }

    /// One day after the other, as anybody would count on a calendar.
    fn reference(from: DateTime<Utc>, days: u32) -> DateTime<Utc> {
        let is_weekend = |moment: DateTime<Utc>| {
            matches!(
                moment.with_timezone(&JST).weekday(),
                Weekday::Sat | Weekday::Sun
            )
        };
        let mut due = from;
        if is_weekend(due) {
            let mut date = due.with_timezone(&JST).date_naive();
            while date.weekday() != Weekday::Mon {
                date = date.succ_opt().unwrap();
            }
            due = date
                .and_time(OPENING)
                .and_local_timezone(JST)
                .unwrap()
                .to_utc();
        }
        for _ in 0..days {
            due += TimeDelta::days(1);
            while is_weekend(due) {
                due += TimeDelta::days(1);
            }
        }
        due
    }

    proptest! {
        #[test]
        fn it_opens_when_it_was_closed_a_moment_before(seconds in 0..4_000_000_000_i64) {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            let opens = next_opening(at);
            prop_assert!(opens >= at && is_open(opens));
            prop_assert!(opens == at || !is_open(opens - TimeDelta::seconds(1)));
            prop_assert!(opens - at <= TimeDelta::hours(64));
        }

        #[test]
        fn equals_counting_day_by_day(seconds in 0..4_000_000_000_i64, days in 0..60_u32) {
            let from = DateTime::from_timestamp(seconds, 0).unwrap();
            prop_assert_eq!(add_business_days(from, days), reference(from, days));
        }
    }
}
