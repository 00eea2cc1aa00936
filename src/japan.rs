//! What is particular to Japan: its time, fiscal year and era, its prefectures and municipalities, and the folding of its
//! writing.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Utc};

pub mod dates;
pub mod folding;
pub mod holidays;
pub mod places;
pub mod prefectures;
pub mod romaji;

pub use folding::{fold, fold_enterprise};

/// Japan Standard Time. Japan has had no summer time since 1951, so a fixed offset is all it takes.
pub const JST: FixedOffset =
    FixedOffset::east_opt(9 * 60 * 60).expect("nine hours are less than a day");

/// The date in Tokyo at a moment.
pub fn tokyo_date(moment: DateTime<Utc>) -> NaiveDate {
    // At the very end of what chrono can hold there is no later local date.
    moment
        .naive_utc()
        .checked_add_offset(JST)
        .map_or(NaiveDate::MAX, |local| local.date())
}

/// The fiscal year (年度) of a moment: the year in which its 1 April, 00:00 in Tokyo, lies.
pub fn fiscal_year(moment: DateTime<Utc>) -> i32 {
    fiscal_year_of(tokyo_date(moment))
}

/// The fiscal year (年度) of a date in Japan.
pub fn fiscal_year_of(date: NaiveDate) -> i32 {
    if date.month() >= 4 {
        date.year()
    } else {
        date.year() - 1
    }
}

/// The eras since the Gregorian calendar came into use in Japan (1 January 1873), latest first, with their
/// first day and the year before their first.
const ERAS: [(&str, (i32, u32, u32), i32); 5] = [
    ("令和", (2019, 5, 1), 2018),
    ("平成", (1989, 1, 8), 1988),
    ("昭和", (1926, 12, 25), 1925),
    ("大正", (1912, 7, 30), 1911),
    ("明治", (1873, 1, 1), 1867),
];

/// A date in the Japanese calendar, as it stands on printed forms: 令和8年11月22日, 令和元年5月1日. Dates before 1873
/// are given in the Gregorian calendar.
pub fn wareki(date: NaiveDate) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    let era = ERAS
        .iter()
        .find(|(_, first, _)| (year, month, day) >= *first);
    match era {
        Some((name, _, before)) if year - before == 1 => format!("{name}元年{month}月{day}日"),
        Some((name, _, before)) => format!("{name}{}年{month}月{day}日", year - before),
        None => format!("西暦{year}年{month}月{day}日"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn fiscal_year_begins_in_tokyo() {
        assert_eq!(fiscal_year(moment("2026-03-31T23:59:59+09:00")), 2025);
        assert_eq!(fiscal_year(moment("2026-04-01T00:00:00+09:00")), 2026);
        assert_eq!(fiscal_year(moment("2026-03-31T14:59:59Z")), 2025);
        assert_eq!(fiscal_year(moment("2026-03-31T15:00:00Z")), 2026);
        assert_eq!(fiscal_year(moment("2027-01-01T00:00:00Z")), 2026);
    }

    #[test]
    fn dates_in_tokyo() {
        assert_eq!(
            tokyo_date(moment("2026-11-22T15:00:00Z")),
            NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
        );
        assert_eq!(
            tokyo_date(moment("2026-11-22T14:59:59Z")),
            NaiveDate::from_ymd_opt(2026, 11, 22).unwrap()
        );
        assert_eq!(tokyo_date(DateTime::<Utc>::MAX_UTC), NaiveDate::MAX);
        assert_eq!(
            fiscal_year(DateTime::<Utc>::MIN_UTC),
            DateTime::<Utc>::MIN_UTC.year() - 1
        );
    }

    #[test]
    fn eras_change_on_their_day() {
        for (year, month, day, written) in [
            (2026, 11, 22, "令和8年11月22日"),
            (2019, 5, 1, "令和元年5月1日"),
            (2019, 4, 30, "平成31年4月30日"),
            (2019, 12, 31, "令和元年12月31日"),
            (2020, 1, 1, "令和2年1月1日"),
            (1989, 1, 8, "平成元年1月8日"),
            (1989, 1, 7, "昭和64年1月7日"),
            (1926, 12, 25, "昭和元年12月25日"),
            (1926, 12, 24, "大正15年12月24日"),
            (1912, 7, 30, "大正元年7月30日"),
            (1912, 7, 29, "明治45年7月29日"),
            (1873, 1, 1, "明治6年1月1日"),
            (1872, 12, 31, "西暦1872年12月31日"),
        ] {
            assert_eq!(
                wareki(NaiveDate::from_ymd_opt(year, month, day).unwrap()),
                written
            );
        }
    }
}
