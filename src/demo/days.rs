//! Days on which the people of the demonstration work: no session is held on a holiday, and nobody calls at night.
//!
//! Nothing is counted by it but the demonstration's own appointments; deadlines are the program's.

use crate::japan::JST;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};

/// The moment in Tokyo.
pub fn at(day: NaiveDate, hour: u32, minute: u32) -> DateTime<Utc> {
    let time = NaiveTime::from_hms_opt(hour, minute, 0).expect("a time of day of the office");
    day.and_time(time)
        .and_local_timezone(JST)
        .single()
        .expect("Japan has no summer time")
        .to_utc()
}

/// Monday to Friday, no holiday, not between 29 December and 3 January.
pub fn is_work_day(day: NaiveDate) -> bool {
    let is_weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    let is_year_end = matches!((day.month(), day.day()), (12, 29..) | (1, ..=3));
    // A holiday on a Sunday makes the next day free that is none itself.
    let substitutes = || {
        (1..=3)
            .map(|before| day - Days::new(before))
            .take_while(|day| is_holiday(*day))
            .any(|day| day.weekday() == Weekday::Sun)
    };
    !(is_weekend || is_year_end || is_holiday(day) || substitutes())
}

/// The holidays of the Act on National Holidays (国民の祝日に関する法律). The equinoxes are those until 2099, by the usual
/// approximation.
fn is_holiday(day: NaiveDate) -> bool {
    let years = f64::from(day.year() - 1980);
    let leaps = f64::from((day.year() - 1980).div_euclid(4));
    let equinox = |base: f64| (base + 0.242_194 * years - leaps).floor() as u32;
    let nth_monday = |nth: u32| day.weekday() == Weekday::Mon && (day.day() - 1) / 7 + 1 == nth;
    match (day.month(), day.day()) {
        (1, 1) | (2, 11 | 23) | (4, 29) | (5, 3..=5) | (8, 11) | (11, 3 | 23) => true,
        (1 | 10, _) => nth_monday(2),
        (7, _) => nth_monday(3),
        (3, date) => date == equinox(20.8431),
        (9, date) => {
            let autumn = equinox(23.2488);
            // Between Respect-for-the-Aged Day and the equinox lies a citizens' holiday where it is one day.
            let between = date + 1 == autumn && day.weekday() == Weekday::Tue;
            date == autumn || nth_monday(3) || between
        }
        _ => false,
    }
}

/// The work day that lies `count` work days later, or earlier; for 0 the day itself or the next one that is a work day.
pub fn shift(day: NaiveDate, count: i64) -> NaiveDate {
    let step = |day: NaiveDate| match count < 0 {
        true => day - Days::new(1),
        false => day + Days::new(1),
    };
    let mut day = day;
    let mut left = count.abs();
    while left > 0 || !is_work_day(day) {
        day = step(day);
        if is_work_day(day) {
            left = (left - 1).max(0);
        }
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn holidays() {
        for free in [
            "2025-05-06",
            "2026-01-02",
            "2026-01-12",
            "2026-03-20",
            "2026-05-06",
            "2026-09-21",
            "2026-09-22",
            "2026-09-23",
            "2026-10-12",
            "2026-11-23",
            "2026-12-29",
            "2025-11-24",
            "2026-11-22",
        ] {
            assert!(!is_work_day(day(free)), "{free}");
        }
        for open in [
            "2026-11-20",
            "2026-11-24",
            "2026-12-28",
            "2027-01-04",
            "2025-09-22",
            "2026-05-07",
        ] {
            assert!(is_work_day(day(open)), "{open}");
        }
    }

    #[test]
    fn shifted_by_work_days() {
        for (from, count, to) in [
            ("2026-11-20", 0, "2026-11-20"),
            ("2026-11-22", 0, "2026-11-24"),
            ("2026-11-20", 1, "2026-11-24"),
            ("2026-11-22", 1, "2026-11-24"),
            ("2026-11-24", -1, "2026-11-20"),
            ("2026-11-22", -2, "2026-11-19"),
            ("2026-11-16", 5, "2026-11-24"),
        ] {
            assert_eq!(shift(day(from), count), day(to), "{from} {count}");
        }
    }
}
