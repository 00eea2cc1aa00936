//! Opening hours: times of day, periods, and the week that is made of them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::ToSchema;

use crate::japan::JST;

/// A time of day in Tokyo in whole minutes, from `00:00` to `24:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", example = "09:00")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The time of day, minutes after midnight.
    pub const fn new(hour: u16, minute: u16) -> Self {
        assert!(hour * 60 + minute <= 24 * 60 && minute < 60);
        Self(hour * 60 + minute)
    }

    /// Minutes after midnight.
    pub fn minutes(self) -> u16 {
        self.0
    }

    /// The time of day of so many minutes after midnight, at most 1440.
    pub fn from_minutes(minutes: u16) -> Option<Self> {
        (minutes <= 24 * 60).then_some(Self(minutes))
    }

    /// This time on a day in Tokyo. None at the ends of what chrono can hold.
    pub fn on(self, date: NaiveDate) -> Option<DateTime<Utc>> {
        date.and_time(NaiveTime::MIN)
            .checked_add_signed(TimeDelta::minutes(self.0.into()))?
            .checked_sub_offset(JST)
            .map(|moment| moment.and_utc())
    }

    fn in_words(self) -> String {
        match (self.0 / 60, self.0 % 60) {
            (hour, 0) => format!("{hour}時"),
            (hour, minute) => format!("{hour}時{minute}分"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let number = |digits: &str| {
            let is_plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_plain.then(|| digits.parse::<u16>().ok()).flatten()
        };
        let (hour, minute) = (number(hour)?, number(minute)?);
        (minute < 60).then(|| Self::from_minutes(hour * 60 + minute))?
    }
}

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom("must be a time of day from 00:00 to 24:00, as in 09:00")
        })
    }
}

/// From a time of day up to, not including, a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// When it begins.
    pub from: TimeOfDay,
    /// When it ends.
    pub to: TimeOfDay,
}

impl Period {
    /// How many minutes it has.
    pub fn minutes(self) -> i64 {
        i64::from(self.to.0) - i64::from(self.from.0)
    }

    fn in_words(self) -> String {
        format!("{}から{}まで", self.from.in_words(), self.to.in_words())
    }

    /// What is left of it without another one: none, one or two pieces.
    pub fn without(self, other: Self) -> impl Iterator<Item = Self> {
        let before = Self {
            to: self.to.min(other.from),
            ..self
        };
        let after = Self {
            from: self.from.max(other.to),
            ..self
        };
        [before, after]
            .into_iter()
            .filter(|piece| piece.from < piece.to)
    }
}

/// The opening hours of each day of the week. A day without periods is closed; a lunch break is the gap between two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "names say it")]
pub struct Week {
    #[serde(default)]
    pub monday: Vec<Period>,
    #[serde(default)]
    pub tuesday: Vec<Period>,
    #[serde(default)]
    pub wednesday: Vec<Period>,
    #[serde(default)]
    pub thursday: Vec<Period>,
    #[serde(default)]
    pub friday: Vec<Period>,
    #[serde(default)]
    pub saturday: Vec<Period>,
    #[serde(default)]
    pub sunday: Vec<Period>,
}

impl Default for Week {
    /// Weekdays 9:00 to 17:00 (design: Time).
    fn default() -> Self {
        let day = || {
            vec![Period {
                from: TimeOfDay::new(9, 0),
                to: TimeOfDay::new(17, 0),
            }]
        };
        Self {
            monday: day(),
            tuesday: day(),
            wednesday: day(),
            thursday: day(),
            friday: day(),
            saturday: Vec::new(),
            sunday: Vec::new(),
        }
    }
}

impl Week {
    /// Its days with their names, Monday first.
    pub fn days(&self) -> [(&'static str, &[Period]); 7] {
        [
            ("monday", &self.monday),
            ("tuesday", &self.tuesday),
            ("wednesday", &self.wednesday),
            ("thursday", &self.thursday),
            ("friday", &self.friday),
            ("saturday", &self.saturday),
            ("sunday", &self.sunday),
        ]
    }

    /// The hours of a date's day of the week.
    pub fn of(&self, date: NaiveDate) -> &[Period] {
        self.days()[date.weekday().num_days_from_monday() as usize].1
    }

    /// How long a business day is: the open minutes of the week over the number of days with any, in whole minutes.
    pub fn business_day(&self) -> TimeDelta {
        let open = self.days().map(|(_, periods)| periods).into_iter();
        let lengths = open
            .map(|periods| periods.iter().map(|period| period.minutes()).sum::<i64>())
            .filter(|minutes| *minutes > 0);
        let (days, minutes) =
            lengths.fold((0, 0), |(days, sum), minutes| (days + 1, sum + minutes));
        TimeDelta::minutes(minutes.checked_div(days).unwrap_or(0))
    }

    /// As people say it: 平日9時から17時まで. Days with the same hours are said together.
    pub fn in_words(&self) -> String {
        let mut groups: Vec<(Vec<usize>, &[Period])> = Vec::new();
        let open = self
            .days()
            .into_iter()
            .map(|(_, periods)| periods)
            .enumerate();
        for (day, periods) in open.filter(|(_, periods)| !periods.is_empty()) {
            match groups.iter_mut().find(|(_, hours)| *hours == periods) {
                Some((days, _)) => days.push(day),
                None => groups.push((vec![day], periods)),
            }
        }
        let groups = groups.into_iter().map(|(days, periods)| {
            let hours: Vec<_> = periods.iter().map(|period| period.in_words()).collect();
            format!("{}{}", days_in_words(&days), hours.join("、"))
        });
        groups.collect::<Vec<_>>().join("、")
    }

    /// What is wrong with it: the day where there is something, and what.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        for (name, periods) in self.days() {
            let is_ordered = periods.iter().all(|period| period.from < period.to)
                && periods.windows(2).all(|two| two[0].to <= two[1].from);
            if !is_ordered {
                faults.push((
                    name,
                    "must be periods that begin before they end, one after the other",
                ));
            }
            if periods.len() > 6 {
                faults.push((name, "must be at most 6 periods"));
            }
        }
        if faults.is_empty() && self.business_day() < TimeDelta::hours(1) {
            faults.push((
                "",
                "must be open for an hour or more on an average open day",
            ));
        }
        faults
    }
}

/// Days of the week, Monday being 0.
fn days_in_words(days: &[usize]) -> String {
    const NAMES: [&str; 7] = ["月", "火", "水", "木", "金", "土", "日"];
    match days {
        [0, 1, 2, 3, 4] => "平日".to_owned(),
        [0, 1, 2, 3, 4, 5, 6] => "毎日".to_owned(),
        days => {
            let names: Vec<_> = days.iter().map(|day| NAMES[*day]).collect();
            format!("{}曜", names.join("・"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(json: &str) -> Week {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn times_of_day_are_written_in_one_way() {
        for text in ["00:00", "09:00", "23:59", "24:00"] {
            let time: TimeOfDay = serde_json::from_value(text.into()).unwrap();
            assert_eq!(time.to_string(), text);
        }
        for text in [
            "9:00", "24:01", "12:60", "1200", "", "-1:00", "+9:00", "99:99",
        ] {
            assert_eq!(TimeOfDay::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_business_day_is_the_average_open_day() {
        assert_eq!(Week::default().business_day(), TimeDelta::hours(8));
        let lunch =
            week(r#"{"monday":[{"from":"09:00","to":"12:00"},{"from":"13:00","to":"17:00"}]}"#);
        assert_eq!(lunch.business_day(), TimeDelta::hours(7));
        let uneven = week(
            r#"{"monday":[{"from":"09:00","to":"17:00"}],"wednesday":[{"from":"13:00","to":"17:00"}]}"#,
        );
        assert_eq!(uneven.business_day(), TimeDelta::hours(6));
    }

    #[test]
    fn hours_in_words() {
        let lunch = r#"[{"from":"08:30","to":"12:00"},{"from":"13:00","to":"17:15"}]"#;
        let short = r#"[{"from":"10:00","to":"12:00"}]"#;
        for (json, words) in [
            (
                format!(r#"{{"monday":{lunch},"wednesday":{lunch},"saturday":{short}}}"#),
                "月・水曜8時30分から12時まで、13時から17時15分まで、土曜10時から12時まで",
            ),
            (format!(r#"{{"sunday":{short}}}"#), "日曜10時から12時まで"),
        ] {
            assert_eq!(week(&json).in_words(), words);
        }
        assert_eq!(Week::default().in_words(), "平日9時から17時まで");
    }

    #[test]
    fn hours_that_make_no_sense_are_faults() {
        assert_eq!(Week::default().faults(), []);
        for (json, day) in [
            (r#"{"monday":[{"from":"17:00","to":"09:00"}]}"#, "monday"),
            (
                r#"{"friday":[{"from":"09:00","to":"13:00"},{"from":"12:00","to":"17:00"}]}"#,
                "friday",
            ),
            (
                r#"{"friday":[{"from":"13:00","to":"17:00"},{"from":"09:00","to":"12:00"}]}"#,
                "friday",
            ),
            (r#"{}"#, ""),
            (r#"{"monday":[{"from":"09:00","to":"09:30"}]}"#, ""),
        ] {
            assert_eq!(
                week(json).faults().first().map(|fault| fault.0),
                Some(day),
                "{json}"
            );
        }
    }

    #[test]
    fn a_period_without_another() {
        let period = |from, to| Period {
            from: TimeOfDay::new(from, 0),
            to: TimeOfDay::new(to, 0),
        };
        let left = |other| period(9, 17).without(other).collect::<Vec<_>>();
        assert_eq!(left(period(12, 13)), [period(9, 12), period(13, 17)]);
        assert_eq!(left(period(15, 20)), [period(9, 15)]);
        assert_eq!(left(period(0, 10)), [period(10, 17)]);
        assert_eq!(left(period(0, 24)), []);
        assert_eq!(left(period(17, 18)), [period(9, 17)]);
    }
}
