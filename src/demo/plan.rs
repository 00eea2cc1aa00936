//! What everybody does when, worked out before anything is done: pure, so that it is the same for the same moment.
//!
//! A plan is a list of requests with their times and who sends them. Ids are known only when it is played, so it writes
//! names in their places: `{case:12}` stands for the id that the answer to the case's opening will give.

use super::{
    data::{DATA, Desk, Inquiry, Place},
    days::{at, is_work_day, shift},
    enterprises::{Enterprise, Kind, Maker, Person},
    mails::Letter,
    random::Random,
};
use crate::japan::{fiscal_year, tokyo_date};
use actix_web::http::Method;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use serde_json::Value;
use std::{cmp::Reverse, collections::HashSet};

/// Who sends a request. Desks and managers are numbered as in their files, staff from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    Operator(usize),
    Supervisor,
    Desk(usize, usize),
    Manager(usize),
    Admin,
    Auditor,
}

/// What happens.
#[derive(Debug)]
pub enum Act {
    Send(Request),
    /// The staff who work there by then get their accounts.
    EnterPeople,
    /// A mail comes in.
    Receive(&'static Letter),
    /// The periodic jobs run, as the worker would have them.
    RunJobs,
}

/// One request.
#[derive(Debug)]
pub struct Request {
    pub by: Who,
    pub method: Method,
    /// Below `/api/v1`.
    pub path: String,
    pub body: Value,
    /// The name of the version to send as `If-Match`; for `PATCH` and `PUT` without one it is read beforehand.
    pub version: Option<String>,
    /// Names for what the answer holds at a JSON pointer.
    pub keep: Vec<(String, &'static str)>,
}

/// An act with its time.
#[derive(Debug)]
pub struct Step {
    pub at: DateTime<Utc>,
    pub act: Act,
}

/// A manager's engagements, as far as the plan has them.
#[derive(Default)]
struct Engagements {
    sessions: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    absences: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    conflicts: Vec<usize>,
    /// Takes on no further cases from then on.
    full_from: Option<DateTime<Utc>>,
}

/// What a manager is looked for.
pub struct Wanted<'a> {
    pub inquiry: &'a Inquiry,
    pub line: &'a str,
    pub prefecture: &'a str,
    pub enterprise: usize,
    /// When they are asked.
    pub moment: DateTime<Utc>,
    /// Who was asked before.
    pub asked: &'a [usize],
}

/// The plan in the making.
pub struct Plan {
    pub random: Random,
    pub now: DateTime<Utc>,
    /// 1 April of the fiscal year before this one.
    pub start: NaiveDate,
    /// 1 April of this one, when a prefecture goes to another desk.
    pub this_year: NaiveDate,
    /// The newest work day that is over.
    pub yesterday: NaiveDate,
    pub enterprises: Vec<Enterprise>,
    maker: Maker,
    managers: Vec<Engagements>,
    /// Who asked in which fiscal year.
    years: HashSet<(usize, i32)>,
    steps: Vec<Step>,
    cases: usize,
}

/// The prefecture that changes hands, and between which desks.
pub const HAND_OVER: (&str, &str, &str) = ("19", "kanagawa", "shinetsu");

impl Plan {
    pub fn new(now: DateTime<Utc>) -> Self {
        let year = fiscal_year(now);
        let april = |year| NaiveDate::from_ymd_opt(year, 4, 1).expect("every year has an April");
        Self {
            random: Random::new(20_250_401),
            now,
            start: april(year - 1),
            this_year: april(year),
            yesterday: shift(tokyo_date(now), -1),
            enterprises: Vec::new(),
            maker: Maker::new(),
            managers: DATA
                .managers
                .iter()
                .map(|_| Engagements::default())
                .collect(),
            years: HashSet::new(),
            steps: Vec::new(),
            cases: 0,
        }
    }

    /// The work day so many after the last one that is over; 1 is today, or the next one where today is none.
    pub fn day(&self, count: i64) -> NaiveDate {
        shift(self.yesterday, count)
    }

    /// The enterprise asks at that moment; whether for the first time in the fiscal year.
    pub fn note_year(&mut self, enterprise: usize, moment: DateTime<Utc>) -> bool {
        self.years.insert((enterprise, fiscal_year(moment)))
    }

    /// The next number of a case.
    pub fn new_case(&mut self) -> usize {
        self.cases += 1;
        self.cases - 1
    }

    pub fn case_count(&self) -> usize {
        self.cases
    }

    /// A new enterprise; its number.
    pub fn new_enterprise(&mut self, kind: Kind, prefecture: Option<&str>) -> usize {
        let enterprise = self.maker.make(&mut self.random, kind, prefecture);
        self.enterprises.push(enterprise);
        self.enterprises.len() - 1
    }

    /// Another enterprise of the same name; its number.
    pub fn new_namesake(&mut self, of: usize) -> usize {
        let of = self.enterprises[of].clone();
        let namesake = self.maker.namesake(&mut self.random, &of);
        self.enterprises.push(namesake);
        self.enterprises.len() - 1
    }

    /// A branch in another prefecture: its site and prefecture.
    pub fn new_branch(&mut self, of: usize) -> (Value, String) {
        self.maker.branch(&mut self.random, &self.enterprises[of])
    }

    /// Somebody who works at the place.
    pub fn new_person(&mut self, place: &Place, domain: &str) -> Person {
        self.maker.person(&mut self.random, place, domain)
    }

    /// An inquiry that suits the enterprise.
    pub fn inquiry(&mut self, enterprise: usize, of: &'static [Inquiry]) -> &'static Inquiry {
        let industry = &self.enterprises[enterprise].industry_code;
        let suitable: Vec<_> = of
            .iter()
            .filter(|inquiry| inquiry.suits(industry))
            .collect();
        suitable[self.random.below(suitable.len())]
    }

    pub fn push(&mut self, at: DateTime<Utc>, act: Act) {
        self.steps.push(Step { at, act });
    }

    /// The desk that has the prefecture on that day.
    pub fn desk_of(&self, prefecture: &str, day: NaiveDate) -> usize {
        let (handed_over, _, to) = HAND_OVER;
        let has = |desk: &Desk| match prefecture == handed_over && day >= self.this_year {
            true => desk.code == to,
            false => desk.prefecture_codes.iter().any(|code| code == prefecture),
        };
        DATA.desks
            .iter()
            .position(has)
            .expect("a test covers the country")
    }

    pub fn add_absence(&mut self, manager: usize, from: DateTime<Utc>, to: DateTime<Utc>) {
        self.managers[manager].absences.push((from, to));
    }

    /// The manager takes on no further cases from then on.
    pub fn fill_up(&mut self, manager: usize, from: DateTime<Utc>) {
        self.managers[manager].full_from = Some(from);
    }

    pub fn add_conflict(&mut self, manager: usize, enterprise: usize) {
        self.managers[manager].conflicts.push(enterprise);
    }

    /// Whether the manager could be offered something at that moment without a reason. Capacity is no question, because
    /// [`Self::take_slot`] never uses it up.
    pub fn can_be_offered(&self, manager: usize, enterprise: usize, moment: DateTime<Utc>) -> bool {
        let engagements = &self.managers[manager];
        !engagements.conflicts.contains(&enterprise)
            && engagements.full_from.is_none_or(|from| moment < from)
            && !self.is_absent(manager, moment)
    }

    pub fn is_absent(&self, manager: usize, moment: DateTime<Utc>) -> bool {
        let absences = &self.managers[manager].absences;
        absences
            .iter()
            .any(|(from, to)| *from <= moment && moment < *to)
    }

    /// A manager for the case: of the right field, near, with little to do so far.
    pub fn manager_for(&self, wanted: &Wanted) -> usize {
        let of_line: &[&str] = match wanted.line {
            "labour" => &["labour", "rules", "subsidy"],
            _ => &["ict", "security", "tools"],
        };
        let is_fitting = |manager: &usize| {
            let topics = &DATA.managers[*manager].topics;
            !wanted.asked.contains(manager)
                && self.can_be_offered(*manager, wanted.enterprise, wanted.moment)
                && topics.iter().any(|topic| of_line.contains(&&**topic))
        };
        let rank = |manager: &usize| {
            let about = &DATA.managers[*manager];
            let is_near = about
                .prefecture_codes
                .iter()
                .any(|code| code == wanted.prefecture);
            let is_common = |topic: &&String| wanted.inquiry.topics.contains(topic);
            let in_common = about.topics.iter().filter(is_common).count();
            let sessions = self.managers[*manager].sessions.len();
            (!is_near, sessions / 3, Reverse(in_common), sessions)
        };
        (0..DATA.managers.len())
            .filter(is_fitting)
            .min_by_key(rank)
            .expect("somebody always has time")
    }

    /// A time from the day on at which all the managers are free; taken for them.
    pub fn take_slot(
        &mut self,
        managers: &[usize],
        from: NaiveDate,
        minutes: i64,
    ) -> (DateTime<Utc>, DateTime<Utc>) {
        const TIMES: [(u32, u32); 7] = [
            (10, 0),
            (13, 30),
            (15, 0),
            (9, 30),
            (14, 0),
            (10, 30),
            (15, 30),
        ];
        let first = self.random.below(TIMES.len());
        let times = TIMES.iter().cycle().skip(first).take(TIMES.len());
        let slots = from
            .iter_days()
            .filter(|day| is_work_day(*day))
            .flat_map(|day| {
                times.clone().map(move |(hour, minute)| {
                    let starts_at = at(day, *hour, *minute);
                    (starts_at, starts_at + TimeDelta::minutes(minutes))
                })
            });
        let is_free = |slot: &(DateTime<Utc>, DateTime<Utc>)| {
            managers.iter().all(|manager| self.is_free(*manager, *slot))
        };
        let slot = slots
            .clone()
            .find(is_free)
            .expect("every manager has time some day");
        for manager in managers {
            self.managers[*manager].sessions.push(slot);
        }
        slot
    }

    fn is_free(&self, manager: usize, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> bool {
        // An hour lies between two appointments.
        let gap = TimeDelta::minutes(60);
        let overlaps =
            |(start, end): &(DateTime<Utc>, DateTime<Utc>)| *start < to + gap && from < *end + gap;
        let month = |moment| tokyo_date(moment).with_day(1);
        let engagements = &self.managers[manager];
        let this_month = engagements
            .sessions
            .iter()
            .filter(|session| month(session.0) == month(from))
            .count() as i32;
        this_month + 1 < DATA.managers[manager].monthly_capacity
            && !engagements.sessions.iter().any(overlaps)
            && !engagements.absences.iter().any(overlaps)
    }

    /// Gives back a time that was taken.
    pub fn free_slot(&mut self, managers: &[usize], starts_at: DateTime<Utc>) {
        for manager in managers {
            self.managers[*manager]
                .sessions
                .retain(|session| session.0 != starts_at);
        }
    }

    /// How many cases come in until now.
    pub fn opened(&self) -> usize {
        let opens = |step: &&Step| match &step.act {
            Act::Send(request) => {
                step.at <= self.now && request.method == Method::POST && request.path == "/cases"
            }
            _ => false,
        };
        self.steps.iter().filter(opens).count()
    }

    /// What happens until now, in the order of time; the jobs run at the end of every work day.
    pub fn finish(mut self) -> Vec<Step> {
        let today = tokyo_date(self.now);
        for day in self
            .start
            .iter_days()
            .take_while(|day| *day <= today)
            .filter(|day| is_work_day(*day))
        {
            self.push(at(day, 17, 45), Act::RunJobs);
        }
        self.push(self.now, Act::RunJobs);
        // Stable: what was planned first for a moment comes first.
        self.steps.sort_by_key(|step| step.at);
        self.steps.retain(|step| step.at <= self.now);
        self.steps
    }
}
