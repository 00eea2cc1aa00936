//! Cases of two fiscal years, from first contact to closing. What lies in the future by now is left out, so that the
//! newest of them stand wherever they have come to.

use super::{
    at_once, by_desk,
    data::DATA,
    days::{at, is_work_day},
    enterprises::Kind,
    life::Life,
    plan::Plan,
    support::{Twist, support},
};
use crate::japan::{fiscal_year, tokyo_date};
use chrono::{DateTime, NaiveDate, Utc};

/// What becomes of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// Answered at once, on the phone.
    Answered,
    /// Sent to whom it concerns, at once.
    Elsewhere,
    Anonymous,
    Worker,
    /// Advertising through the web form.
    Spam,
    /// Answered by the desk.
    ByDesk,
    /// Up to three sessions, and what happens on the way.
    Support(Twist),
    Withdrawn,
    Unreachable,
    /// Returned by the desk, then routed to the right one.
    Returned,
    /// Taken up by no desk in time.
    Unclaimed,
    /// Opened by a desk at its own window.
    AtWindow,
    /// From a day at an event, entered afterwards.
    AtEvent,
    /// A second enterprise of the same name.
    Namesake,
    /// Nobody first, named on the second call.
    NamedLater,
}

/// How many of which; supports are the rest.
const FATES: [(Fate, usize); 14] = [
    (Fate::Answered, 66),
    (Fate::Elsewhere, 16),
    (Fate::Anonymous, 12),
    (Fate::Worker, 8),
    (Fate::Spam, 2),
    (Fate::ByDesk, 46),
    (Fate::Withdrawn, 18),
    (Fate::Unreachable, 12),
    (Fate::Returned, 7),
    (Fate::Unclaimed, 3),
    (Fate::AtWindow, 16),
    (Fate::AtEvent, 11),
    (Fate::Namesake, 3),
    (Fate::NamedLater, 3),
];

/// An enterprise that asked before.
struct Known {
    enterprise: usize,
    /// Its newest case, and the day it came in.
    case: usize,
    day: NaiveDate,
}

/// When it asks again.
#[derive(Clone, Copy, PartialEq)]
enum Again {
    SameYear,
    NextYear,
}

impl Known {
    /// What it would be if it asked at that moment; nothing while its last case may still be open.
    fn again(&self, moment: DateTime<Utc>) -> Option<Again> {
        let days = (tokyo_date(moment) - self.day).num_days();
        let is_same_year = fiscal_year(at(self.day, 12, 0)) == fiscal_year(moment);
        match (is_same_year, days) {
            (true, 46..) => Some(Again::SameYear),
            (false, 151..) => Some(Again::NextYear),
            _ => None,
        }
    }
}

/// Plans `count` cases from the beginning of the last fiscal year until now.
pub fn plan_history(plan: &mut Plan, count: usize) {
    let last = plan.case_count() + count;
    let mut known: Vec<Known> = Vec::new();
    let (fates, times) = draw(plan, count);
    for (fate, moment) in fates.into_iter().zip(times) {
        let before = plan.case_count();
        plan_case(plan, fate, moment, &mut known);
        debug_assert!(plan.case_count() > before);
    }
    debug_assert_eq!(plan.case_count(), last);
}

/// What comes in, and when, the earliest first.
fn draw(plan: &mut Plan, count: usize) -> (Vec<Fate>, Vec<DateTime<Utc>>) {
    let mut fates: Vec<Fate> = FATES
        .iter()
        .flat_map(|(fate, count)| vec![*fate; *count])
        .collect();
    let mut left = count - fates.len();
    for twist in Twist::ALL.into_iter().cycle() {
        if left < twist.cases() {
            break;
        }
        left -= twist.cases();
        fates.push(Fate::Support(twist));
    }
    fates.extend(vec![Fate::Answered; left]);
    plan.random.shuffle(&mut fates);
    let days: Vec<NaiveDate> = plan
        .start
        .iter_days()
        .take_while(|day| *day <= plan.yesterday)
        .filter(|day| is_work_day(*day))
        .collect();
    let mut times: Vec<DateTime<Utc>> = fates
        .iter()
        .map(|_| {
            let day = *plan.random.pick(&days);
            let (hour, minute) = (plan.random.between(9, 15), plan.random.between(2, 58));
            at(day, hour as u32, minute as u32)
        })
        .collect();
    times.sort();
    (fates, times)
}

fn plan_case(plan: &mut Plan, fate: Fate, moment: DateTime<Utc>, known: &mut Vec<Known>) {
    let inquiries = &DATA.inquiries;
    let newest = known.iter().rev().map(|entry| entry.enterprise);
    let numbered = newest
        .into_iter()
        .find(|number| plan.enterprises[*number].body["corporate_number"].is_string());
    match (fate, numbered) {
        (Fate::Elsewhere, _) => at_once::elsewhere(plan, moment),
        (Fate::Worker, _) => at_once::unnamed(plan, moment, Kind::Worker, &inquiries.worker),
        (Fate::Spam, _) => at_once::spam(plan, moment),
        (Fate::NamedLater, _) => at_once::named_later(plan, moment),
        (Fate::Namesake, Some(of)) => at_once::namesake(plan, moment, of),
        (Fate::Anonymous | Fate::Namesake, _) => {
            at_once::unnamed(plan, moment, Kind::Anonymous, &inquiries.anonymous)
        }
        _ => plan_known(plan, fate, moment, known),
    }
}

/// A case of an enterprise that may come again.
fn plan_known(plan: &mut Plan, fate: Fate, moment: DateTime<Utc>, known: &mut Vec<Known>) {
    let (mut life, before) = begin(plan, moment, known);
    let is_answered = matches!(
        fate,
        Fate::ByDesk | Fate::Returned | Fate::Unclaimed | Fate::AtEvent
    );
    if is_answered && !life.inquiry.is_again() && life.plan.random.chance(65) {
        life.inquiry = life.plan.inquiry(life.enterprise, &DATA.inquiries.quick);
    }
    match fate {
        Fate::ByDesk => by_desk::by_desk(&mut life, before),
        Fate::Support(twist) => support(&mut life, before, twist),
        Fate::Withdrawn => by_desk::withdrawn(&mut life, before),
        Fate::Unreachable => by_desk::unreachable(&mut life, before),
        Fate::Returned => by_desk::returned(&mut life),
        Fate::Unclaimed => by_desk::unclaimed(&mut life),
        Fate::AtWindow => by_desk::at_window(&mut life),
        Fate::AtEvent => by_desk::at_event(&mut life),
        _ => at_once::answered(&mut life),
    }
}

/// The case of an enterprise that asks for the first time, or again: a year later the follow-up of what was done, in
/// the same year something else.
fn begin<'p>(
    plan: &'p mut Plan,
    moment: DateTime<Utc>,
    known: &mut Vec<Known>,
) -> (Life<'p>, Option<usize>) {
    let day = tokyo_date(moment);
    let is_second_year = day >= plan.this_year;
    let wanted = match (is_second_year, plan.random.below(100)) {
        (true, 0..50) => Some(Again::NextYear),
        (_, 50..58) => Some(Again::SameYear),
        _ => None,
    };
    let fits = |entry: &&mut Known| wanted == entry.again(moment);
    let mut candidates: Vec<&mut Known> = match wanted {
        Some(_) => known.iter_mut().filter(fits).collect(),
        None => Vec::new(),
    };
    if candidates.is_empty() {
        return (begin_anew(plan, moment, known), None);
    }
    let entry = candidates.swap_remove(plan.random.below(candidates.len()));
    let inquiries = match wanted == Some(Again::NextYear) && plan.random.chance(60) {
        true => &DATA.inquiries.again,
        false => &DATA.inquiries.first,
    };
    let inquiry = plan.inquiry(entry.enterprise, inquiries);
    let life = Life::new(plan, entry.enterprise, inquiry, moment);
    let earlier = entry.case;
    (entry.case, entry.day) = (life.case, day);
    (life, Some(earlier))
}

fn begin_anew<'p>(plan: &'p mut Plan, moment: DateTime<Utc>, known: &mut Vec<Known>) -> Life<'p> {
    let kind = match plan.random.chance(4) {
        true => Kind::LocalGovernment,
        false => Kind::Any,
    };
    let enterprise = plan.new_enterprise(kind, None);
    let inquiry = plan.inquiry(enterprise, &DATA.inquiries.first);
    let mut life = Life::new(plan, enterprise, inquiry, moment);
    if life.plan.random.chance(9) {
        life.at_branch();
    }
    let (case, day) = (life.case, tokyo_date(moment));
    known.push(Known {
        enterprise,
        case,
        day,
    });
    life
}
