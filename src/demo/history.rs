//! Cases of two fiscal years, from first contact to closing. What lies in the future by now is left out, so that the
//! newest of them stand wherever they have come to.

use super::{
    data::{DATA, Inquiry},
    days::{at, is_work_day, shift},
    enterprises::Kind,
    life::{Life, Opening, Session},
    plan::{Plan, Who},
};
use crate::japan::{fiscal_year, tokyo_date};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};

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
    /// Up to three sessions, with the twist of that number.
    Support(usize),
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

/// How many twists there are, see [`support`].
const TWISTS: usize = 24;

/// Second cases that are merged into the first, each beside one support.
const DUPLICATES: [usize; 2] = [5, 17];

/// An enterprise that asked before.
struct Known {
    enterprise: usize,
    /// Its newest case, the day it came in, and the day from which on it is over.
    case: usize,
    day: NaiveDate,
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

/// Where cases fell into the future, calls of people who work somewhere make up for them.
pub fn top_up(plan: &mut Plan, count: usize) {
    while plan.opened() < count {
        let moment = at(plan.day(0), 16, 30);
        unnamed(plan, moment, Kind::Worker, &DATA.inquiries.worker);
    }
}

/// What comes in, and when, the earliest first.
fn draw(plan: &mut Plan, count: usize) -> (Vec<Fate>, Vec<DateTime<Utc>>) {
    let mut fates: Vec<Fate> = FATES
        .iter()
        .flat_map(|(fate, count)| vec![*fate; *count])
        .collect();
    // A support with a duplicate counts twice.
    let mut left = count - fates.len();
    for twist in 0.. {
        let cases = if DUPLICATES.contains(&(twist % TWISTS)) {
            2
        } else {
            1
        };
        if left < cases {
            break;
        }
        left -= cases;
        fates.push(Fate::Support(twist % TWISTS));
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
    match fate {
        Fate::Answered => answered(plan, moment, known),
        Fate::Elsewhere => elsewhere(plan, moment),
        Fate::Anonymous => unnamed(plan, moment, Kind::Anonymous, &DATA.inquiries.anonymous),
        Fate::Worker => unnamed(plan, moment, Kind::Worker, &DATA.inquiries.worker),
        Fate::Spam => spam(plan, moment),
        Fate::Namesake => namesake(plan, moment, known),
        Fate::NamedLater => named_later(plan, moment),
        _ => {
            let (mut life, before) = begin(plan, moment, known);
            let is_answered = matches!(
                fate,
                Fate::ByDesk | Fate::Returned | Fate::Unclaimed | Fate::AtEvent
            );
            if is_answered && !life.inquiry.is_again() && life.plan.random.chance(65) {
                life.inquiry = life.plan.inquiry(life.enterprise, &DATA.inquiries.quick);
            }
            match fate {
                Fate::ByDesk => by_desk(&mut life, before),
                Fate::Support(twist) => support(&mut life, before, twist),
                Fate::Withdrawn => withdrawn(&mut life, before),
                Fate::Unreachable => unreachable(&mut life, before),
                Fate::Returned => returned(&mut life),
                Fate::Unclaimed => unclaimed(&mut life),
                Fate::AtWindow => at_window(&mut life),
                _ => at_event(&mut life),
            }
        }
    }
}

// ---------------------------------------------------------------------------------------------------------- who asks

/// The case of an enterprise that asks for the first time, or again: a year later the follow-up of what was done, in
/// the same year something else.
fn begin<'p>(
    plan: &'p mut Plan,
    moment: DateTime<Utc>,
    known: &mut Vec<Known>,
) -> (Life<'p>, Option<usize>) {
    let day = tokyo_date(moment);
    let is_second_year = day >= plan.this_year;
    let is_old = |entry: &Known| {
        fiscal_year(at(entry.day, 12, 0)) < fiscal_year(moment) && entry.day + Days::new(150) < day
    };
    let is_new = |entry: &Known| entry.day + Days::new(45) < day && !is_old(entry);
    let wanted: Option<bool> = match (is_second_year, plan.random.below(100)) {
        (true, 0..50) => Some(true),
        (_, 50..58) => Some(false),
        _ => None,
    };
    let candidates: Vec<usize> = match wanted {
        Some(old) => (0..known.len())
            .filter(|index| {
                if old {
                    is_old(&known[*index])
                } else {
                    is_new(&known[*index])
                }
            })
            .collect(),
        None => Vec::new(),
    };
    if candidates.is_empty() {
        let kind = if plan.random.chance(4) {
            Kind::LocalGovernment
        } else {
            Kind::Any
        };
        let enterprise = plan.new_enterprise(kind, None);
        let inquiry = plan.inquiry(enterprise, &DATA.inquiries.first);
        let mut life = Life::new(plan, enterprise, inquiry, moment);
        if life.plan.random.chance(9) {
            life.at_branch();
        }
        known.push(Known {
            enterprise,
            case: life.case,
            day,
        });
        return (life, None);
    }
    let index = *plan.random.pick(&candidates);
    let (enterprise, earlier) = (known[index].enterprise, known[index].case);
    let inquiries = match wanted == Some(true) && plan.random.chance(60) {
        true => &DATA.inquiries.again,
        false => &DATA.inquiries.first,
    };
    let inquiry = plan.inquiry(enterprise, inquiries);
    let life = Life::new(plan, enterprise, inquiry, moment);
    known[index].case = life.case;
    known[index].day = day;
    (life, Some(earlier))
}

/// How it comes in: mostly by telephone.
fn usual(life: &mut Life) -> Opening {
    let channel = match life.plan.random.below(100) {
        0..64 => "phone",
        64..84 => "web",
        84..90 => "fax",
        90..94 => "letter",
        _ => "visit",
    };
    Opening {
        channel: Some(channel),
        by_agent: life.plan.random.chance(8),
        by_another: life.plan.random.chance(15),
        ..Opening::default()
    }
}

/// Opened, linked with what was before, routed, accepted, and the enterprise is called.
fn take_up(life: &mut Life, before: Option<usize>) {
    let opening = usual(life);
    life.open(opening);
    if let Some(earlier) = before {
        let by = life.operator();
        let kind = if life.inquiry.is_again() {
            "follow_up"
        } else {
            "related"
        };
        life.minutes(2, 6).link(by, earlier, kind);
    }
    life.minutes(3, 40).route();
    accept_and_call(life);
}

fn accept_and_call(life: &mut Life) {
    life.days(0, 1).accept();
    if life.is_second && life.plan.random.chance(70) {
        let (by, answer) = (
            life.desk_staff(),
            life.say(|phrases| &phrases.same_year_answer),
        );
        life.minutes(5, 30)
            .settle(by, "same_enterprise_this_year", answer, None);
    }
    if life.plan.random.chance(25) {
        life.minutes(20, 90).miss();
    }
    life.minutes(20, 200)
        .reach(|phrases| &phrases.first_contact);
    if life.plan.random.chance(15) {
        let by = life.desk_staff();
        life.minutes(3, 15).note(by);
    }
}

// -------------------------------------------------------------------------------------------------- answered at once

fn closing(outcome: &str, note: &str) -> Option<Value> {
    Some(json!({ "outcome": outcome, "note": note }))
}

fn answered(plan: &mut Plan, moment: DateTime<Utc>, known: &mut Vec<Known>) {
    let (mut life, _) = begin(plan, moment, known);
    life.inquiry = life.plan.inquiry(life.enterprise, &DATA.inquiries.quick);
    let answer = life.inquiry.answer.as_deref().unwrap_or_default();
    life.open(Opening {
        close_as: closing("answered", answer),
        ..Opening::default()
    });
    if life.is_second && life.plan.random.chance(60) {
        let answer = life.say(|phrases| &phrases.same_year_answer);
        life.days(1, 2)
            .settle(Who::Supervisor, "same_enterprise_this_year", answer, None);
    }
}

fn elsewhere(plan: &mut Plan, moment: DateTime<Utc>) {
    let inquiry = plan.random.pick(&DATA.inquiries.elsewhere);
    let kind = match &*inquiry.topics[0] {
        "labour" | "ict" => Kind::Worker,
        _ => Kind::Any,
    };
    let enterprise = plan.new_enterprise(kind, None);
    let mut life = Life::new(plan, enterprise, inquiry, moment);
    let outcome = inquiry.outcome.as_deref().unwrap_or("referred");
    life.open(Opening {
        close_as: closing(outcome, inquiry.answer.as_deref().unwrap_or_default()),
        ..Opening::default()
    });
}

/// People who are not enterprises, answered on the phone.
fn unnamed(plan: &mut Plan, moment: DateTime<Utc>, kind: Kind, inquiries: &'static [Inquiry]) {
    let inquiry = plan.random.pick(inquiries);
    let enterprise = plan.new_enterprise(kind, None);
    let mut life = Life::new(plan, enterprise, inquiry, moment);
    life.open(Opening {
        close_as: closing("answered", inquiry.answer.as_deref().unwrap_or_default()),
        ..Opening::default()
    });
}

fn spam(plan: &mut Plan, moment: DateTime<Utc>) {
    let inquiry = plan.random.pick(&DATA.inquiries.spam);
    let enterprise = plan.new_enterprise(Kind::Anonymous, None);
    let mut life = Life::new(plan, enterprise, inquiry, moment);
    let close_as = closing("spam", inquiry.answer.as_deref().unwrap_or_default());
    life.open(Opening {
        channel: Some("web"),
        close_as,
        ..Opening::default()
    });
}

// ---------------------------------------------------------------------------------------------------------- by a desk

fn by_desk(life: &mut Life, before: Option<usize>) {
    take_up(life, before);
    answer_by_desk(life);
}

fn answer_by_desk(life: &mut Life) {
    if life.plan.random.chance(30) {
        let by = life.desk_staff();
        let until = at(shift(tokyo_date(life.at), 6), 17, 0);
        life.minutes(5, 20).wait(by, Some(until));
        life.days(2, 5)
            .ring(by, |phrases| &phrases.inbound_documents);
    }
    let note = match &life.inquiry.answer {
        Some(answer) => answer.clone(),
        None => life.say(|phrases| &phrases.desk_answer),
    };
    let (by, outcome) = (
        life.desk_staff(),
        if life.plan.random.chance(88) {
            "answered"
        } else {
            "referred"
        },
    );
    life.days(0, 4).close(by, outcome, &note);
}

fn withdrawn(life: &mut Life, before: Option<usize>) {
    take_up(life, before);
    let how_far = life.plan.random.below(3);
    if how_far > 0 {
        let line = life.line();
        life.days(0, 1).assign(line);
    }
    if how_far > 1 {
        let by = life.manager();
        let session = life.days(0, 1).book(by, 3, 8);
        life.hold(session);
        life.minutes(5, 20).book(by, 12, 25);
        life.report(session);
    }
    let (by, note) = (life.desk_staff(), life.say(|phrases| &phrases.withdraw));
    life.days(1, 6)
        .ring(by, |phrases| &phrases.inbound_question);
    life.minutes(5, 30).close(by, "withdrawn", &note);
}

fn unreachable(life: &mut Life, before: Option<usize>) {
    let opening = usual(life);
    life.open(opening);
    if let Some(earlier) = before {
        let by = life.operator();
        life.minutes(2, 6).link(by, earlier, "related");
    }
    life.minutes(3, 40).route();
    life.days(0, 1).accept();
    for _ in 0..life.plan.random.between(3, 5) {
        life.days(1, 3).miss();
    }
    let (by, note) = (life.desk_staff(), life.say(|phrases| &phrases.unreachable));
    life.days(1, 4).close(by, "unreachable", &note);
    if life.plan.random.chance(25) {
        life.days(5, 20)
            .ring(by, |phrases| &phrases.inbound_documents);
        life.minutes(5, 20).reopen(by);
        life.days(0, 2).reach(|phrases| &phrases.first_contact);
        answer_by_desk(life);
    }
}

fn returned(life: &mut Life) {
    let opening = usual(life);
    let right = life.desk;
    life.open(opening);
    life.desk = (right + 1) % DATA.desks.len();
    life.minutes(3, 40).route();
    life.days(0, 1).give_back();
    life.desk = right;
    life.minutes(20, 120).route();
    accept_and_call(life);
    answer_by_desk(life);
}

fn unclaimed(life: &mut Life) {
    let opening = usual(life);
    life.open(opening);
    life.minutes(3, 40).route();
    // The worker returns it after five business days.
    life.days(7, 7).route();
    accept_and_call(life);
    answer_by_desk(life);
}

fn at_window(life: &mut Life) {
    life.open(Opening {
        channel: Some("visit"),
        at_window: true,
        ..Opening::default()
    });
    if life.is_second {
        let (by, answer) = (
            life.desk_staff(),
            life.say(|phrases| &phrases.same_year_answer),
        );
        life.minutes(5, 30)
            .settle(by, "same_enterprise_this_year", answer, None);
    }
    match life.plan.random.chance(50) {
        true => answer_by_desk(life),
        false => {
            find_manager(life, 7);
            let count = life.plan.random.between(1, 2) as usize;
            give_sessions(life, count, 0);
            complete(life);
        }
    }
}

/// Paper forms of a day at an event, or of a day without the system, entered on one of the next days.
fn at_event(life: &mut Life) {
    let is_event = life.plan.random.chance(80);
    let received_at = life.at;
    let reason = match is_event {
        true => life.say(|phrases| &phrases.late_event),
        false => life.say(|phrases| &phrases.late_system),
    };
    let channel = Some(if is_event { "event" } else { "phone" });
    life.days(1, 3).open(Opening {
        channel,
        late: Some((received_at, reason)),
        ..Opening::default()
    });
    life.minutes(3, 20).route();
    settle_late(life);
    accept_and_call(life);
    answer_by_desk(life);
}

// ---------------------------------------------------------------------------------------------------- who it is

fn namesake(plan: &mut Plan, moment: DateTime<Utc>, known: &mut [Known]) {
    let of: Vec<usize> = known
        .iter()
        .map(|entry| entry.enterprise)
        .filter(|enterprise| plan.enterprises[*enterprise].body["corporate_number"].is_string())
        .collect();
    let Some(of) = of.last().copied() else {
        return unnamed(plan, moment, Kind::Anonymous, &DATA.inquiries.anonymous);
    };
    let enterprise = plan.new_namesake(of);
    let inquiry = plan.inquiry(enterprise, &DATA.inquiries.quick);
    let mut life = Life::new(plan, enterprise, inquiry, moment);
    life.open(Opening::default());
    let (by, answer) = (
        life.operator(),
        life.say(|phrases| &phrases.different_answer),
    );
    let path = format!("/enterprises/{{enterprise-id:{enterprise}}}/confirm-different");
    life.minutes(10, 40).post(
        by,
        &path,
        json!({ "other_id": format!("{{enterprise-id:{of}}}") }),
    );
    life.settle(by, "possible_duplicate", answer, None);
    life.minutes(3, 20).route();
    accept_and_call(&mut life);
    answer_by_desk(&mut life);
}

fn named_later(plan: &mut Plan, moment: DateTime<Utc>) {
    let enterprise = plan.new_enterprise(Kind::Anonymous, None);
    let prefecture = plan.enterprises[enterprise].prefecture_code.clone();
    let named = plan.new_enterprise(Kind::Any, Some(&prefecture));
    let inquiry = plan.inquiry(named, &DATA.inquiries.quick);
    plan.enterprises[enterprise].employees = plan.enterprises[named].employees;
    let mut life = Life::new(plan, enterprise, inquiry, moment);
    life.open(Opening::default());
    let by = life.operator();
    life.minutes(60, 200)
        .ring(by, |phrases| &phrases.inbound_documents);
    life.minutes(2, 5).name(named);
    life.minutes(3, 20).route();
    accept_and_call(&mut life);
    answer_by_desk(&mut life);
}

// ------------------------------------------------------------------------------------------------------------ support

/// Support from the search for a manager to the end, with one twist. There are [`TWISTS`] of them; 0 is the plain one.
fn support(life: &mut Life, before: Option<usize>, twist: usize) {
    take_up(life, before);
    match twist {
        5 => duplicate(life, true),
        17 => duplicate(life, false),
        15 => move_on(life),
        19 => complain(life),
        20 => wait_long(life),
        21 => declare_conflict(life),
        _ => {}
    }
    find_manager(life, twist);
    let count = match twist {
        1 => 2,
        2 => 1,
        10 => 2,
        14 => 3,
        16 => 4,
        _ => *life.plan.random.pick(&[3, 3, 3, 2, 2, 1]),
    };
    give_sessions(life, count, twist);
    complete(life);
    if twist == 18 {
        come_back(life);
    }
}

/// A second case of the same matter, merged into this one; or merged by mistake and taken apart again.
fn duplicate(life: &mut Life, stays: bool) {
    let survivor = life.case;
    let (enterprise, inquiry, from) = (life.enterprise, life.inquiry, life.at);
    let mut other = Life::new(life.plan, enterprise, inquiry, from);
    let preface = other.say(|phrases| &phrases.second_caller);
    let opening = Opening {
        channel: Some("web"),
        by_another: true,
        preface: Some(preface),
        ..Opening::default()
    };
    other.days(1, 2).open(opening);
    let (case, reason) = (other.case, other.say(|phrases| &phrases.merge));
    let body = |reason: String| json!({ "other_id": format!("{{case:{case}}}"), "reason": reason });
    let path = |what: &str| format!("/cases/{{case:{survivor}}}/{what}");
    other
        .minutes(40, 150)
        .post(Who::Supervisor, &path("merge"), body(reason));
    if !stays {
        let reason = other.say(|phrases| &phrases.unmerge);
        other
            .days(1, 1)
            .post(Who::Supervisor, &path("unmerge"), body(reason));
        other.minutes(5, 20).route();
        accept_and_call(&mut other);
        answer_by_desk(&mut other);
    }
    life.days(3, 4);
}

/// Another desk takes over before a manager is found.
fn move_on(life: &mut Life) {
    let to = (life.desk + 1) % DATA.desks.len();
    life.days(1, 3).reroute(to);
    life.days(0, 1).accept();
    life.minutes(20, 200)
        .reach(|phrases| &phrases.first_contact);
}

fn complain(life: &mut Life) {
    let reason = life.say(|phrases| &phrases.complaint);
    let by = life.operator();
    life.days(2, 5).post(
        by,
        "/cases/{case}/escalate",
        json!({ "kind": "complaint", "reason": reason }),
    );
    let (answer, note) = (
        life.say(|phrases| &phrases.complaint_answer),
        life.say(|phrases| &phrases.complaint_note),
    );
    life.days(1, 3)
        .settle(Who::Supervisor, "complaint", answer, Some(note));
}

fn wait_long(life: &mut Life) {
    let by = life.desk_staff();
    life.minutes(5, 20).wait(by, None);
    life.days(6, 12)
        .ring(by, |phrases| &phrases.inbound_documents);
}

/// The programme office learns that the nearest manager has a contract with the enterprise.
fn declare_conflict(life: &mut Life) {
    let line = life.line();
    let manager = life.choose(line);
    life.plan.add_conflict(manager, life.enterprise);
    let path = format!("/managers/{{manager:{manager}}}/conflicts");
    let kind = *life
        .plan
        .random
        .pick(&["contract", "employment", "family", "competitor"]);
    let body =
        json!({ "enterprise_id": format!("{{enterprise-id:{}}}", life.enterprise), "kind": kind });
    life.minutes(30, 100).post(Who::Admin, &path, body);
}

/// From the first offer to the manager who takes it.
fn find_manager(life: &mut Life, twist: usize) {
    let line = life.line();
    life.days(0, 2);
    match twist {
        3 => {
            life.assign("ict");
            life.minutes(10, 60).assign("labour");
        }
        4 => {
            let first = life.choose(line);
            let offer = life.offer(line, first, json!({}));
            life.days(1, 1).decline_offer(first, offer);
            life.minutes(30, 150).assign(line);
        }
        6 => {
            let first = life.choose(line);
            life.offer(line, first, json!({}));
            let second = life.days(3, 4).choose(line);
            life.offer(line, second, json!({ "accepted_by_phone": true }));
        }
        7 | 22 => {
            let manager = life.choose(line);
            life.offer(line, manager, json!({ "accepted_by_phone": true }));
        }
        23 => {
            let first = life.choose(line);
            let offer = life.offer(line, first, json!({}));
            let (by, path) = (
                life.desk_staff(),
                format!("/offers/{{offer:{}-{offer}}}/revoke", life.case),
            );
            life.minutes(60, 200).post(by, &path, json!({}));
            life.minutes(5, 20).assign(line);
        }
        _ => drop(life.assign(line)),
    }
}

fn give_sessions(life: &mut Life, count: usize, twist: usize) {
    let (desk, line) = (life.desk_staff(), life.line());
    life.minutes(20, 120).reach(|phrases| &phrases.scheduling);
    let mut session = match twist {
        22 => given_on_the_spot(life),
        _ => {
            let booked = life.minutes(2, 15).book(desk, 3, 10);
            before_the_first(life, booked, twist)
        }
    };
    for number in 1..=count {
        let is_last = number == count;
        match twist {
            22 if number == 1 => {}
            12 if number == 1 => session = held_twice(life, session),
            _ => drop(life.hold(session)),
        }
        if twist == 14 && number == 1 {
            life.report(session);
            life.days(2, 6).release();
            life.minutes(30, 120).assign(line);
            let by = life.manager();
            if !is_last {
                session = life.minutes(20, 100).book(by, 5, 12);
            }
            continue;
        }
        if number == 3 && !is_last {
            let reason = life.say(|phrases| &phrases.limit);
            life.minutes(5, 20).post(
                Who::Admin,
                "/cases/{case}/limit",
                json!({ "limit": 4, "reason": reason }),
            );
        }
        let over = session;
        if !is_last {
            let by = if life.plan.random.chance(60) {
                life.manager()
            } else {
                desk
            };
            session = life.minutes(5, 30).book(by, 10, 25);
        }
        match twist == 13 && number == 1 {
            true => corrected_report(life, over),
            false => drop(life.report(over)),
        }
        if !is_last && life.plan.random.chance(45) {
            life.days(1, 3).reach(|phrases| &phrases.progress);
        }
    }
}

/// What can happen to an appointment before it is held; the one that is.
fn before_the_first(life: &mut Life, session: Session, twist: usize) -> Session {
    let desk = life.desk_staff();
    let day_before = at(shift(tokyo_date(session.starts_at), -1), 11, 10);
    let two_weeks_later = shift(tokyo_date(session.starts_at), 8);
    match twist {
        8 => {
            life.until(day_before)
                .ring(desk, |phrases| &phrases.inbound_change);
            life.minutes(3, 20)
                .reschedule(desk, session, two_weeks_later)
        }
        9 => {
            life.until(day_before).cancel(desk, session);
            life.days(1, 3).reach(|phrases| &phrases.scheduling);
            life.minutes(2, 15).book(desk, 4, 10)
        }
        10 => {
            life.no_show(session, "enterprise");
            life.days(1, 2).reach(|phrases| &phrases.scheduling);
            let from = shift(tokyo_date(life.at), 5);
            // It was used, but nothing was found out yet.
            life.minutes(2, 15)
                .book_from(desk, from, json!({ "stage": "assessment" }))
        }
        11 => {
            let by = if life.plan.random.chance(50) {
                "manager"
            } else {
                "force_majeure"
            };
            life.no_show(session, by);
            life.days(1, 2).reach(|phrases| &phrases.scheduling);
            life.minutes(2, 15).book(desk, 4, 9)
        }
        _ => session,
    }
}

/// Held before it was booked, and entered two days later.
fn given_on_the_spot(life: &mut Life) -> Session {
    let managers: Vec<usize> = life.managers.iter().map(|(_, manager)| *manager).collect();
    let slot = life
        .plan
        .take_slot(&managers, shift(tokyo_date(life.at), 3), 60);
    life.until(slot.1).days(1, 2);
    let (by, reason) = (life.manager(), life.say(|phrases| &phrases.late_session));
    let session = life.book_at(by, slot, json!({ "late_reason": reason }));
    life.minutes(2, 6).hold_now(session);
    settle_late(life);
    session
}

/// The supervisor compares what was entered late with the paper, mostly.
fn settle_late(life: &mut Life) {
    if life.plan.random.chance(75) {
        let answer = life.say(|phrases| &phrases.late_answer);
        life.minutes(30, 120)
            .settle(Who::Supervisor, "late_entry", answer, None);
    }
}

/// Recorded wrongly, voided, and entered again.
fn held_twice(life: &mut Life, session: Session) -> Session {
    life.hold(session);
    life.days(0, 1).void(session);
    let (by, reason) = (life.manager(), life.say(|phrases| &phrases.void_late));
    let again = life.minutes(10, 60).book_at(
        by,
        (session.starts_at, session.ends_at),
        json!({ "late_reason": reason }),
    );
    life.minutes(2, 10).hold_now(again);
    settle_late(life);
    again
}

fn corrected_report(life: &mut Life, session: Session) {
    life.days(0, 2).write_report(session);
    life.minutes(30, 120).submit_report(session);
    life.days(1, 2).return_report(session);
    life.days(0, 1).write_report(session);
    life.minutes(5, 30).submit_report(session);
    life.days(0, 1).approve_report(session);
}

fn complete(life: &mut Life) {
    let (by, note) = (life.desk_staff(), life.say(|phrases| &phrases.completed));
    life.days(1, 6).close(by, "completed", &note);
}

/// A question after the end: reopened, answered and closed; no session appears by it.
fn come_back(life: &mut Life) {
    let by = life.desk_staff();
    life.days(15, 50)
        .ring(by, |phrases| &phrases.inbound_question);
    life.minutes(5, 20).reopen(by);
    let note = life.say(|phrases| &phrases.desk_answer);
    life.days(1, 3).close(by, "answered", &note);
}
