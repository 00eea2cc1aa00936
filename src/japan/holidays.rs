//! National holidays, computed from the law (国民の祝日に関する法律, 昭和23年法律第178号, and the special laws of 2017, 2018
//! and 2020 for the enthronement and the Olympic Games).
//!
//! Right for 2007 to 2099, as far as the law stands today. The two equinoxes are announced each February for the next
//! year (暦要項); until then they are a forecast by the formula that has always met the announcement. Outside those years
//! the days are those that today's law would give.

use chrono::{Datelike, NaiveDate, Weekday};

/// The name of a national holiday (国民の祝日), a substitute holiday (振替休日) or a citizens' holiday (国民の休日);
/// none on other days, Sundays included.
pub fn holiday(date: NaiveDate) -> Option<&'static str> {
    if let Some(name) = national(date) {
        return Some(name);
    }
    if is_substitute(date) {
        return Some("振替休日");
    }
    // 第3条第3項: a day between two national holidays, itself none.
    let between = date.pred_opt().and_then(national).is_some()
        && date.succ_opt().and_then(national).is_some();
    between.then_some("国民の休日")
}

/// 第3条第2項: where a national holiday falls on a Sunday, the next day that is none is a holiday. So the national
/// holidays right before this day reach back to a Sunday.
fn is_substitute(date: NaiveDate) -> bool {
    let mut day = date.pred_opt();
    while let Some(before) = day.filter(|before| national(*before).is_some()) {
        if before.weekday() == Weekday::Sun {
            return true;
        }
        day = before.pred_opt();
    }
    false
}

/// 第2条 and the special laws: the national holidays themselves.
fn national(date: NaiveDate) -> Option<&'static str> {
    let (year, month, day) = (date.year(), date.month(), date.day());
    if let Some(name) = once(year, month, day) {
        return name;
    }
    let monday = |number: u32| date.weekday() == Weekday::Mon && day.div_ceil(7) == number;
    match (month, day) {
        (1, 1) => Some("元日"),
        (1, _) if monday(2) => Some("成人の日"),
        (2, 11) => Some("建国記念の日"),
        (2, 23) if year >= 2020 => Some("天皇誕生日"),
        (3, day) if day == spring_equinox(year) => Some("春分の日"),
        (4, 29) => Some("昭和の日"),
        (5, 3) => Some("憲法記念日"),
        (5, 4) => Some("みどりの日"),
        (5, 5) => Some("こどもの日"),
        (7, _) if monday(3) => Some("海の日"),
        (8, 11) if year >= 2016 => Some("山の日"),
        (9, _) if monday(3) => Some("敬老の日"),
        (9, day) if day == autumn_equinox(year) => Some("秋分の日"),
        (10, _) if monday(2) && year >= 2020 => Some("スポーツの日"),
        (10, _) if monday(2) => Some("体育の日"),
        (11, 3) => Some("文化の日"),
        (11, 23) => Some("勤労感謝の日"),
        (12, 23) if year <= 2018 => Some("天皇誕生日"),
        _ => None,
    }
}

/// What special laws say of a day: `Some(None)` where they take the year's holiday away from it.
fn once(year: i32, month: u32, day: u32) -> Option<Option<&'static str>> {
    match (year, month, day) {
        // 天皇の即位の日及び即位礼正殿の儀の行われる日を休日とする法律 (平成30年法律第99号)
        (2019, 5, 1) => Some(Some("天皇の即位の日")),
        (2019, 10, 22) => Some(Some("即位礼正殿の儀の行われる日")),
        // 平成三十二年東京オリンピック競技大会・東京パラリンピック競技大会特別措置法 第32条, as amended in 2018 and 2020
        (2020, 7, 23) | (2021, 7, 22) => Some(Some("海の日")),
        (2020, 7, 24) | (2021, 7, 23) => Some(Some("スポーツの日")),
        (2020, 8, 10) | (2021, 8, 8) => Some(Some("山の日")),
        (2020 | 2021, 7 | 10, _) | (2020 | 2021, 8, 11) => Some(None),
        _ => None,
    }
}

/// The day in March on which the sun crosses the equator in Japan. The usual formula (海上保安庁水路部, 新こよみ便利帳),
/// with its constant for 1980 to 2099.
fn spring_equinox(year: i32) -> u32 {
    equinox(year, 20.8431)
}

/// The same in September.
fn autumn_equinox(year: i32) -> u32 {
    equinox(year, 23.2488)
}

fn equinox(year: i32, in_1980: f64) -> u32 {
    let years = f64::from(year - 1980);
    (in_1980 + 0.242_194 * years - (years / 4.0).floor()) as u32
}

/// The year-end holidays of public offices (行政機関の休日に関する法律 第1条第3号): 29 December to 3 January.
pub fn is_year_end(date: NaiveDate) -> bool {
    matches!((date.month(), date.day()), (12, 29..) | (1, ..=3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Two public packages, every day from 2019 to 2050 (script/update-holidays).
    #[test]
    fn every_day_is_as_two_public_sources_have_it() {
        let golden: BTreeMap<NaiveDate, &str> = include_str!("../../tests/data/holidays.csv")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_once(',').unwrap())
            .map(|(date, name)| (day(date), name))
            .collect();
        assert!(golden.len() > 500, "{}", golden.len());
        let days = day("2019-01-01").iter_days();
        for date in days.take_while(|date| date.year() <= 2050) {
            let (ours, theirs) = (holiday(date), golden.get(&date).copied());
            assert_eq!(
                ours.is_some(),
                theirs.is_some(),
                "{date}: {ours:?}, {theirs:?}"
            );
            let (ours, theirs) = (ours.unwrap_or_default(), theirs.unwrap_or_default());
            assert!(ours.starts_with(theirs), "{date}: {ours}, {theirs}");
        }
    }

    #[test]
    fn special_days_have_their_names() {
        for (date, name) in [
            // Of 2009 and 2015: the first citizens' holidays of September.
            ("2009-09-22", Some("国民の休日")),
            ("2015-09-22", Some("国民の休日")),
            ("2015-08-11", None),
            ("2018-12-23", Some("天皇誕生日")),
            ("2018-12-24", Some("振替休日")),
            ("2019-02-23", None),
            ("2019-12-23", None),
            ("2019-04-30", Some("国民の休日")),
            ("2019-10-22", Some("即位礼正殿の儀の行われる日")),
            ("2020-07-20", None),
            ("2020-10-12", None),
            ("2020-08-11", None),
            ("2021-08-08", Some("山の日")),
            ("2021-08-09", Some("振替休日")),
            ("2021-08-11", None),
            // Sunday 3 May: the 4th and 5th are holidays themselves, so the substitute is the 6th.
            ("2026-05-06", Some("振替休日")),
            ("2026-05-07", None),
            // A holiday on a Saturday has no substitute.
            ("2025-05-05", Some("こどもの日")),
            ("2023-02-13", None),
        ] {
            assert_eq!(holiday(day(date)), name, "{date}");
        }
    }

    /// 国立天文台 announces and forecasts them; the earliest spring equinox of the century is 19 March 2092.
    #[test]
    fn equinoxes_up_to_the_end_of_the_range() {
        for (year, spring, autumn) in [
            (2007, 21, 23),
            (2012, 20, 22),
            (2024, 20, 22),
            (2026, 20, 23),
            (2044, 20, 22),
            (2092, 19, 22),
            (2099, 20, 23),
        ] {
            assert_eq!(
                (spring_equinox(year), autumn_equinox(year)),
                (spring, autumn),
                "{year}"
            );
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_no_panic() {
        for date in [NaiveDate::MIN, NaiveDate::MAX] {
            let _ = (holiday(date), is_year_end(date));
        }
    }

    #[test]
    fn the_year_end() {
        let closed: Vec<_> = day("2026-12-25")
            .iter_days()
            .take(14)
            .filter(|date| is_year_end(*date))
            .collect();
        assert_eq!(closed.first(), Some(&day("2026-12-29")));
        assert_eq!(closed.last(), Some(&day("2027-01-03")));
        assert_eq!(closed.len(), 6);
    }
}
