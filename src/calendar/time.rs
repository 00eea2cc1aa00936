//! Business time, pure: when an office is open, and how much of that lies between two moments.
//!
//! **A business day is an amount of business time**, not a date: the open time of an average open day (eight hours for
//! the office's 9:00 to 17:00). A deadline of n business days is the first moment at which n times that much business time
//! has passed. So what arrives at 16:59 on Monday and has one day is due at 16:59 on Tuesday; what arrives at 17:01 counts
//! from Tuesday 9:00 and is due at its closing, 17:00; on a day that closes at noon half a day passes. Everybody gets the
//! same amount whenever they ask, an hour of waiting moves a deadline by an hour and not by a day, and a minute after
//! closing never costs a whole day, as it would if deadlines were rounded to closing times.
//!
//! Waits stand still: their time is no business time.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

use super::hours::{Period, Week};
use crate::japan::{
    holidays::{holiday, is_year_end},
    tokyo_date,
};

/// How far business time is looked for: nobody closes for that long.
const HORIZON_DAYS: usize = 3660;

/// The hours where nobody has set any.
static STANDARD_WEEK: LazyLock<Week> = LazyLock::new(Week::default);

/// What an office decides for a date.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    /// Open in that period, or closed in it.
    pub open: bool,
    /// The hours; none: closed all day.
    pub period: Option<Period>,
    /// Why, in words for staff.
    pub reason: String,
}

/// The hours and exceptions of one office: the help center, or a desk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// The week from a date on, oldest first. None: from then on the help center's, for the help center the standard.
    pub hours: Vec<(NaiveDate, Option<Week>)>,
    /// By date.
    pub exceptions: BTreeMap<NaiveDate, Exception>,
}

impl Rules {
    fn week(&self, date: NaiveDate) -> Option<&Week> {
        let at = self.hours.partition_point(|(from, _)| *from <= date);
        self.hours[..at].last()?.1.as_ref()
    }
}

/// The calendar that a deadline counts by: the help center's, or that of a desk.
///
/// A desk without hours of its own is open when the help center is. A desk with its own keeps the holidays, the year end
/// and what the office closes for everybody, but not the office's extra openings. What a desk decides for a date itself
/// comes last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calendar {
    /// Which state of the office's decisions it is; higher is later.
    pub version: i64,
    /// Of the help center.
    pub office: Rules,
    /// Of the desk, where it is one's.
    pub desk: Option<Rules>,
}

/// A date as an office has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Day<'a> {
    /// When it is open, in order; none: closed.
    pub periods: Cow<'a, [Period]>,
    /// What is particular about it: why it is closed, or open at other times.
    pub reason: Option<&'a str>,
}

/// From a moment up to, not including, a later one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub to: DateTime<Utc>,
}

impl Span {
    fn length(self) -> TimeDelta {
        self.to - self.from
    }

    /// What is left of it without the waits, which are in order and do not overlap.
    fn without(self, waits: &[Span]) -> Vec<Span> {
        let mut rest = self;
        let mut pieces = Vec::with_capacity(1);
        for wait in waits
            .iter()
            .filter(|wait| wait.to > self.from && wait.from < self.to)
        {
            pieces.push(Span {
                to: wait.from,
                ..rest
            });
            rest.from = wait.to;
        }
        pieces.push(rest);
        pieces.retain(|piece| piece.from < piece.to);
        pieces
    }
}

impl Calendar {
    /// How a date is.
    pub fn day(&self, date: NaiveDate) -> Day<'_> {
        let mut day = self.usual_day(date);
        if let Some(exception) = self.office.exceptions.get(&date)
            && !(exception.open && self.own_week(date).is_some())
        {
            day = day.with(exception);
        }
        if let Some(exception) = self
            .desk
            .as_ref()
            .and_then(|desk| desk.exceptions.get(&date))
        {
            day = day.with(exception);
        }
        day
    }

    fn usual_day(&self, date: NaiveDate) -> Day<'_> {
        let closed = |reason| Day {
            periods: Cow::Borrowed(&[]),
            reason: Some(reason),
        };
        if is_year_end(date) {
            return closed("年末年始");
        }
        if let Some(name) = holiday(date) {
            return closed(name);
        }
        match self.week(date).of(date) {
            [] => closed("休業日"),
            periods => Day {
                periods: Cow::Borrowed(periods),
                reason: None,
            },
        }
    }

    fn own_week(&self, date: NaiveDate) -> Option<&Week> {
        self.desk.as_ref().and_then(|desk| desk.week(date))
    }

    /// The hours of the week in which a date lies, by what is in force on it.
    pub fn week(&self, date: NaiveDate) -> &Week {
        self.own_week(date)
            .or_else(|| self.office.week(date))
            .unwrap_or(&STANDARD_WEEK)
    }

    /// Whether the office is open at that moment.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.next_opening(at) == at
    }

    /// The moment itself where the office is open, or when it opens next; in ten years where it never does.
    pub fn next_opening(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.open_spans(at)
            .next()
            .map_or_else(|| horizon(at), |span| span.from)
    }

    /// How much business time lies between two moments, without the waits.
    pub fn open_time(&self, from: DateTime<Utc>, to: DateTime<Utc>, waits: &[Span]) -> TimeDelta {
        self.open_spans(from)
            .take_while(|span| span.from < to)
            .flat_map(|span| {
                Span {
                    to: span.to.min(to),
                    ..span
                }
                .without(waits)
            })
            .fold(TimeDelta::zero(), |sum, span| sum + span.length())
    }

    /// The first moment at which so much business time, without the waits, has passed; in ten years where it never has.
    pub fn after(&self, from: DateTime<Utc>, amount: TimeDelta, waits: &[Span]) -> DateTime<Utc> {
        if amount <= TimeDelta::zero() {
            return from;
        }
        let mut left = amount;
        for span in self.open_spans(from).flat_map(|span| span.without(waits)) {
            if left <= span.length() {
                return span.from + left;
            }
            left -= span.length();
        }
        horizon(from)
    }

    /// When something is due that has so many business days, see the head of this module.
    pub fn deadline(&self, from: DateTime<Utc>, days: u32, waits: &[Span]) -> DateTime<Utc> {
        let amount = self.business_day(from) * i32::try_from(days).unwrap_or(i32::MAX);
        self.after(from, amount, waits)
    }

    /// How long a business day is by the hours in force when the office opens next.
    fn business_day(&self, from: DateTime<Utc>) -> TimeDelta {
        let date = tokyo_date(self.next_opening(from));
        self.week(date).business_day()
    }

    /// When the office is open, from that moment on.
    fn open_spans(&self, from: DateTime<Utc>) -> impl Iterator<Item = Span> {
        let dates = tokyo_date(from).iter_days().take(HORIZON_DAYS);
        dates
            .flat_map(|date| {
                let periods = self.day(date).periods.into_owned();
                periods.into_iter().filter_map(move |period| {
                    Some(Span {
                        from: period.from.on(date)?,
                        to: period.to.on(date)?,
                    })
                })
            })
            .map(move |span| Span {
                from: span.from.max(from),
                ..span
            })
            .filter(|span| span.from < span.to)
    }
}

impl<'a> Day<'a> {
    fn with(self, exception: &'a Exception) -> Day<'a> {
        let reason = Some(exception.reason.as_str());
        let periods = match (exception.open, exception.period) {
            (true, period) => period.into_iter().collect(),
            (false, None) => Vec::new(),
            (false, Some(closed)) => self
                .periods
                .iter()
                .flat_map(|period| period.without(closed))
                .collect(),
        };
        // A closed hour on a day that is closed anyway says nothing new.
        if self.periods.is_empty() && periods.is_empty() && exception.period.is_some() {
            return self;
        }
        Day {
            periods: Cow::Owned(periods),
            reason,
        }
    }
}

fn horizon(from: DateTime<Utc>) -> DateTime<Utc> {
    from.checked_add_signed(TimeDelta::days(HORIZON_DAYS as i64))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{calendar::hours::TimeOfDay, japan::JST};
    use chrono::{Datelike, NaiveDateTime, Weekday};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn tokyo(text: &str) -> DateTime<Utc> {
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        local.and_local_timezone(JST).unwrap().to_utc()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn period(from: u16, to: u16) -> Period {
        let time = |minutes| TimeOfDay::from_minutes(minutes).unwrap();
        Period {
            from: time(from),
            to: time(to),
        }
    }

    fn hours(from: u16, to: u16) -> Period {
        period(from * 60, to * 60)
    }

    fn exception(open: bool, period: Option<Period>) -> Exception {
        Exception {
            open,
            period,
            reason: "臨時".into(),
        }
    }

    /// Monday to Friday 10:00 to 16:00 with lunch from 12:00 to 13:00: five hours.
    fn lunch_desk() -> Rules {
        let day = || vec![hours(10, 12), hours(13, 16)];
        let week = Week {
            monday: day(),
            tuesday: day(),
            wednesday: day(),
            thursday: day(),
            friday: day(),
            ..Week::default()
        };
        Rules {
            hours: vec![(date("2019-01-01"), Some(week))],
            exceptions: BTreeMap::new(),
        }
    }

    #[test]
    fn a_day_is_the_same_time_of_day_within_hours_and_the_closing_outside() {
        let office = Calendar::default();
        // 2026-11-20 is a Friday; Monday the 23rd is 勤労感謝の日.
        for (from, days, due) in [
            ("2026-11-19 16:59", 1, "2026-11-20 16:59"),
            ("2026-11-19 17:00", 1, "2026-11-20 17:00"),
            ("2026-11-18 17:01", 1, "2026-11-19 17:00"),
            ("2026-11-19 16:59", 0, "2026-11-19 16:59"),
            ("2026-11-20 16:59", 1, "2026-11-24 16:59"),
            ("2026-11-19 08:00", 2, "2026-11-20 17:00"),
            ("2026-11-24 10:00", 5, "2026-12-01 10:00"),
            ("2026-11-21 12:00", 1, "2026-11-24 17:00"),
            // Sunday 3 May 2026 is a holiday, so Wednesday the 6th is one too.
            ("2026-05-01 15:00", 1, "2026-05-07 15:00"),
            ("2026-05-02 00:00", 1, "2026-05-07 17:00"),
            // 2019: ten days off for the enthronement.
            ("2019-04-26 09:30", 1, "2019-05-07 09:30"),
            // The last business day of the year is Monday 28 December, the first Monday 4 January.
            ("2026-12-28 16:59", 1, "2027-01-04 16:59"),
            ("2026-12-28 17:01", 1, "2027-01-04 17:00"),
            ("2026-12-28 17:01", 2, "2027-01-05 17:00"),
            ("2026-12-31 23:00", 1, "2027-01-04 17:00"),
        ] {
            assert_eq!(
                office.deadline(tokyo(from), days, &[]),
                tokyo(due),
                "{from} + {days}"
            );
        }
    }

    #[test]
    fn a_minute_after_closing_is_the_next_opening() {
        let office = Calendar::default();
        for (at, opens) in [
            ("2026-11-24 08:59", "2026-11-24 09:00"),
            ("2026-11-24 09:00", "2026-11-24 09:00"),
            ("2026-11-24 16:59", "2026-11-24 16:59"),
            ("2026-11-24 17:00", "2026-11-25 09:00"),
            ("2026-12-28 17:01", "2027-01-04 09:00"),
            ("2026-05-02 12:00", "2026-05-07 09:00"),
        ] {
            assert_eq!(office.next_opening(tokyo(at)), tokyo(opens), "{at}");
            assert_eq!(office.is_open(tokyo(at)), at == opens, "{at}");
        }
    }

    #[test]
    fn a_wait_stands_still_across_the_year_end() {
        let office = Calendar::default();
        // From Friday 25 December 15:00: two hours until the wait, the rest after it.
        let wait = Span {
            from: tokyo("2026-12-25 17:00"),
            to: tokyo("2027-01-05 13:00"),
        };
        assert_eq!(
            office.deadline(tokyo("2026-12-25 15:00"), 1, &[wait]),
            tokyo("2027-01-06 11:00")
        );
        let (from, to) = (tokyo("2026-12-25 15:00"), tokyo("2027-01-06 11:00"));
        assert_eq!(office.open_time(from, to, &[wait]), TimeDelta::hours(8));
        // The wait took Monday 28, Monday 4 and four hours of Tuesday.
        assert_eq!(
            office.open_time(from, to, &[]),
            TimeDelta::hours(8 + 8 + 8 + 4)
        );
    }

    #[test]
    fn a_desk_has_its_own_hours_and_what_the_office_closes() {
        let mut calendar = Calendar {
            desk: Some(lunch_desk()),
            ..Calendar::default()
        };
        let due = |calendar: &Calendar, from| calendar.deadline(tokyo(from), 1, &[]);
        assert_eq!(
            due(&calendar, "2026-11-24 11:30"),
            tokyo("2026-11-25 11:30")
        );
        assert_eq!(
            due(&calendar, "2026-11-24 12:30"),
            tokyo("2026-11-25 12:00")
        );
        let office = &mut calendar.office.exceptions;
        office.insert(date("2026-11-25"), exception(false, None));
        // The help center's Saturday is not the desk's.
        office.insert(date("2026-11-28"), exception(true, Some(hours(9, 17))));
        assert_eq!(
            due(&calendar, "2026-11-24 11:30"),
            tokyo("2026-11-26 11:30")
        );
        assert_eq!(
            due(&calendar, "2026-11-27 11:30"),
            tokyo("2026-11-30 11:30")
        );
        let follower = Calendar {
            desk: Some(Rules::default()),
            ..calendar.clone()
        };
        assert_eq!(
            due(&follower, "2026-11-27 11:30"),
            tokyo("2026-11-28 11:30")
        );
        // The desk opens all the same.
        let desk = calendar.desk.as_mut().unwrap();
        desk.exceptions
            .insert(date("2026-11-25"), exception(true, Some(hours(10, 15))));
        assert_eq!(
            due(&calendar, "2026-11-24 11:30"),
            tokyo("2026-11-25 11:30")
        );
    }

    #[test]
    fn a_day_says_why_it_is_closed() {
        let mut calendar = Calendar::default();
        let exceptions = &mut calendar.office.exceptions;
        exceptions.insert(date("2026-11-25"), exception(false, Some(hours(15, 24))));
        exceptions.insert(date("2026-11-29"), exception(false, Some(hours(15, 24))));
        for (day, periods, reason) in [
            ("2026-11-20", vec![hours(9, 17)], None),
            ("2026-11-22", vec![], Some("休業日")),
            ("2026-11-23", vec![], Some("勤労感謝の日")),
            ("2026-11-25", vec![hours(9, 15)], Some("臨時")),
            ("2026-11-29", vec![], Some("休業日")),
            ("2027-01-01", vec![], Some("年末年始")),
        ] {
            let shown = calendar.day(date(day));
            assert_eq!(
                (shown.periods.into_owned(), shown.reason),
                (periods, reason),
                "{day}"
            );
        }
    }

    #[test]
    fn hours_begin_on_their_day() {
        let mut calendar = Calendar::default();
        let short = Week {
            tuesday: vec![hours(9, 12)],
            ..Week::default()
        };
        calendar.office.hours = vec![
            (date("2026-12-01"), Some(short)),
            (date("2026-12-08"), None),
        ];
        let tuesday = |day| calendar.day(date(day)).periods.into_owned();
        assert_eq!(tuesday("2026-11-24"), [hours(9, 17)]);
        assert_eq!(tuesday("2026-12-01"), [hours(9, 12)]);
        assert_eq!(tuesday("2026-12-08"), [hours(9, 17)]);
    }

    #[test]
    fn nothing_runs_forever_or_over_the_edge() {
        let office = Calendar::default();
        for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            let _ = office.deadline(at, u32::MAX, &[]);
            let _ = (office.is_open(at), office.open_time(at, at, &[]));
        }
        let from = tokyo("2026-11-20 10:00");
        let forever = Span {
            from,
            to: DateTime::<Utc>::MAX_UTC,
        };
        assert_eq!(office.deadline(from, 1, &[forever]), horizon(from));
    }

    // -------------------------------------------------------------------------- against a walk minute by minute

    /// The holidays of two public packages.
    static HOLIDAYS: LazyLock<BTreeSet<NaiveDate>> = LazyLock::new(|| {
        include_str!("../../tests/data/holidays.csv")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| date(&line[..10]))
            .collect()
    });

    /// Whether a minute is business time, said in one sentence after the other and without any of the code above.
    fn is_business_minute(calendar: &Calendar, at: DateTime<Utc>) -> bool {
        let local = at.with_timezone(&JST);
        let (today, minute) = (
            local.date_naive(),
            (local.timestamp() + 9 * 3600).rem_euclid(86400) / 60,
        );
        let has = |period: &Period| {
            (i64::from(period.from.minutes())..i64::from(period.to.minutes())).contains(&minute)
        };
        let own_hours = calendar.desk.as_ref().and_then(|desk| {
            let mut week = None;
            for (from, hours) in &desk.hours {
                if *from <= today {
                    week = hours.as_ref();
                }
            }
            week
        });
        let mut is_open = match own_hours {
            Some(week) => week.days()[today.weekday().num_days_from_monday() as usize]
                .1
                .iter()
                .any(has),
            None => {
                !matches!(today.weekday(), Weekday::Sat | Weekday::Sun)
                    && (540..1020).contains(&minute)
            }
        };
        if HOLIDAYS.contains(&today)
            || [(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)]
                .contains(&(today.month(), today.day()))
        {
            is_open = false;
        }
        let decided = |rules: &Rules, is_open: bool| match rules.exceptions.get(&today) {
            Some(Exception {
                open: true, period, ..
            }) => has(&period.unwrap()),
            Some(Exception {
                open: false,
                period: Some(period),
                ..
            }) => is_open && !has(period),
            Some(Exception {
                open: false,
                period: None,
                ..
            }) => false,
            None => is_open,
        };
        let is_extra_opening = calendar
            .office
            .exceptions
            .get(&today)
            .is_some_and(|exception| exception.open);
        if own_hours.is_none() || !is_extra_opening {
            is_open = decided(&calendar.office, is_open);
        }
        match &calendar.desk {
            Some(desk) => decided(desk, is_open),
            None => is_open,
        }
    }

    /// Around days on which much is closed.
    const AROUND: [&str; 7] = [
        "2019-04-24",
        "2020-07-20",
        "2021-08-04",
        "2026-04-27",
        "2026-09-16",
        "2026-12-23",
        "2049-12-23",
    ];

    fn a_moment() -> impl Strategy<Value = DateTime<Utc>> {
        (0..AROUND.len(), -3_i64 * 1440..20 * 1440).prop_map(|(around, minutes)| {
            tokyo(&format!("{} 00:00", AROUND[around])) + TimeDelta::minutes(minutes)
        })
    }

    fn an_exception() -> impl Strategy<Value = Exception> {
        prop_oneof![
            Just(exception(false, None)),
            (0..1380_u16, 1..60_u16)
                .prop_map(|(from, length)| exception(false, Some(period(from, from + length)))),
            (0..1000_u16, 1..440_u16)
                .prop_map(|(from, length)| exception(true, Some(period(from, from + length)))),
        ]
    }

    /// Up to four exceptions within three weeks of a moment.
    fn exceptions(near: DateTime<Utc>) -> impl Strategy<Value = BTreeMap<NaiveDate, Exception>> {
        let day = (0..21_i64).prop_map(move |days| tokyo_date(near) + TimeDelta::days(days));
        proptest::collection::btree_map(day, an_exception(), 0..5)
    }

    fn a_calendar(near: DateTime<Utc>) -> impl Strategy<Value = Calendar> {
        (exceptions(near), exceptions(near), 0..4_i64, 0..20_i64).prop_map(
            move |(office, own, kind, from)| {
                let own_hours = lunch_desk().hours.remove(0).1;
                let hours = match kind {
                    // A desk that keeps the help center's hours, one with its own, one that changes them.
                    1 => Vec::new(),
                    2 => vec![(date("2019-01-01"), own_hours)],
                    _ => vec![
                        (date("2019-01-01"), own_hours),
                        (tokyo_date(near) + TimeDelta::days(from), None),
                    ],
                };
                let desk = Rules {
                    hours,
                    exceptions: own,
                };
                Calendar {
                    version: 1,
                    office: Rules {
                        hours: Vec::new(),
                        exceptions: office,
                    },
                    desk: (kind > 0).then_some(desk),
                }
            },
        )
    }

    /// Waits one after the other, the first perhaps before the moment.
    fn waits(near: DateTime<Utc>) -> impl Strategy<Value = Vec<Span>> {
        proptest::collection::vec((0..3000_i64, 1..4000_i64), 0..4).prop_map(move |gaps| {
            let mut from = near - TimeDelta::minutes(600);
            let mut waits = Vec::new();
            for (gap, length) in gaps {
                from += TimeDelta::minutes(gap);
                let to = from + TimeDelta::minutes(length);
                waits.push(Span { from, to });
                from = to;
            }
            waits
        })
    }

    fn a_case() -> impl Strategy<Value = (DateTime<Utc>, Calendar, Vec<Span>)> {
        a_moment().prop_flat_map(|near| (Just(near), a_calendar(near), waits(near)))
    }

    proptest! {
        // A walk is long: some three weeks of minutes.
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn business_time_is_what_a_walk_minute_by_minute_counts((from, calendar, waits) in a_case(), amount in 1..4000_i64) {
            let due = calendar.after(from, TimeDelta::minutes(amount), &waits);
            let mut at = from;
            let (mut counted, mut first_opening) = (0, None);
            while counted < amount {
                prop_assert!(at < from + TimeDelta::days(60), "no business time in sight");
                let is_open = is_business_minute(&calendar, at);
                prop_assert_eq!(calendar.is_open(at), is_open, "{}", at);
                if is_open && first_opening.is_none() {
                    first_opening = Some(at);
                }
                if is_open && !waits.iter().any(|wait| wait.from <= at && at < wait.to) {
                    counted += 1;
                }
                // Not at every minute, or the test would walk the way as often as it has minutes.
                if counted % 97 == 0 {
                    let passed = calendar.open_time(from, at + TimeDelta::minutes(1), &waits);
                    prop_assert_eq!(passed, TimeDelta::minutes(counted));
                }
                at += TimeDelta::minutes(1);
            }
            prop_assert_eq!(due, at);
            prop_assert_eq!(Some(calendar.next_opening(from)), first_opening);
        }
    }

    proptest! {
        /// Between the minutes too: what has passed until the deadline is the amount, and a moment earlier it is not.
        #[test]
        fn a_deadline_is_the_first_moment_at_which_it_has_passed((from, calendar, waits) in a_case(), micros in 0..60_000_000_i64, amount in 1..9_000_000_000_i64) {
            let (from, amount) = (from + TimeDelta::microseconds(micros), TimeDelta::microseconds(amount));
            let due = calendar.after(from, amount, &waits);
            prop_assert_eq!(calendar.open_time(from, due, &waits), amount);
            let just_before = due - TimeDelta::microseconds(1);
            prop_assert!(calendar.open_time(from, just_before, &waits) < amount);
        }

        /// The clock may be stopped and read at any time: two amounts one after the other are their sum.
        #[test]
        fn amounts_add_up((from, calendar, waits) in a_case(), first in 0..3000_i64, second in 0..3000_i64) {
            let minutes = TimeDelta::minutes;
            let halfway = calendar.after(from, minutes(first), &waits);
            prop_assert_eq!(
                calendar.after(halfway, minutes(second), &waits),
                calendar.after(from, minutes(first + second), &waits)
            );
        }

        /// Who asks later is never due earlier, where the hours stay the same.
        #[test]
        fn deadlines_keep_their_order((from, mut calendar, waits) in a_case(), later in 0..20_000_i64, days in 0..8_u32) {
            if let Some(desk) = &mut calendar.desk {
                desk.hours.truncate(1);
            }
            let first = calendar.deadline(from, days, &waits);
            let second = calendar.deadline(from + TimeDelta::minutes(later), days, &waits);
            prop_assert!(first <= second, "{first} {second}");
        }
    }

    /// A year of business days is found without walking minutes.
    #[test]
    fn years_are_no_work() {
        let office = Calendar::default();
        let begun = std::time::Instant::now();
        for _ in 0..100 {
            office.deadline(tokyo("2026-11-20 10:00"), 260 * 5, &[]);
        }
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(5),
            "{:?}",
            begun.elapsed()
        );
    }
}
