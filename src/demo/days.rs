//! Days on which the people of the demonstration work: no session is held on a holiday, and nobody calls at night.
//!
//! Nothing is counted by it but the demonstration's own appointments; deadlines are the program's.

use crate::{calendar::Calendar, japan::JST};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

/// The moment in Tokyo.
pub fn at(day: NaiveDate, hour: u32, minute: u32) -> DateTime<Utc> {
    let time = NaiveTime::from_hms_opt(hour, minute, 0).expect("a time of day of the office");
    day.and_time(time)
        .and_local_timezone(JST)
        .single()
        .expect("Japan has no summer time")
        .to_utc()
}

/// Whether the help center is open on it, as long as nobody has decided otherwise.
pub fn is_work_day(day: NaiveDate) -> bool {
    !Calendar::default().day(day).periods.is_empty()
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
