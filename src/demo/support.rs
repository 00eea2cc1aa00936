//! Support from the search for a manager to the end, and what can happen on the way.

use super::{
    by_desk::{accept_and_call, answer_by_desk, settle_late, take_up},
    data::DATA,
    days::{at, shift},
    life::{Life, Opening},
    plan::Who,
    sessions::Session,
};
use crate::japan::tokyo_date;
use serde_json::json;

/// What happens on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Twist {
    Plain,
    OneSession,
    TwoSessions,
    /// An expert for each line.
    BothLines,
    Declined,
    /// A second case is merged into it.
    Merged,
    OfferExpired,
    ByPhone,
    Rescheduled,
    Cancelled,
    MissedByEnterprise,
    MissedByOthers,
    /// Recorded wrongly, voided, and entered again.
    Voided,
    ReportReturned,
    /// The manager changes after the first session.
    Released,
    /// Another desk takes over.
    Rerouted,
    /// A fourth session is allowed.
    FourSessions,
    /// A second case is merged into it by mistake.
    Unmerged,
    Reopened,
    Complaint,
    LongWait,
    ConflictOfInterest,
    /// The first session is entered afterwards.
    LateSession,
    OfferRevoked,
}

impl Twist {
    pub const ALL: [Self; 24] = [
        Self::Plain,
        Self::TwoSessions,
        Self::OneSession,
        Self::BothLines,
        Self::Declined,
        Self::Merged,
        Self::OfferExpired,
        Self::ByPhone,
        Self::Rescheduled,
        Self::Cancelled,
        Self::MissedByEnterprise,
        Self::MissedByOthers,
        Self::Voided,
        Self::ReportReturned,
        Self::Released,
        Self::Rerouted,
        Self::FourSessions,
        Self::Unmerged,
        Self::Reopened,
        Self::Complaint,
        Self::LongWait,
        Self::ConflictOfInterest,
        Self::LateSession,
        Self::OfferRevoked,
    ];

    /// How many cases it is about.
    pub fn cases(self) -> usize {
        match self {
            Self::Merged | Self::Unmerged => 2,
            _ => 1,
        }
    }
}

/// Support from the first call to the end.
pub fn support(life: &mut Life, before: Option<usize>, twist: Twist) {
    take_up(life, before);
    match twist {
        Twist::Merged => duplicate(life, true),
        Twist::Unmerged => duplicate(life, false),
        Twist::Rerouted => move_on(life),
        Twist::Complaint => complain(life),
        Twist::LongWait => wait_long(life),
        Twist::ConflictOfInterest => declare_conflict(life),
        _ => {}
    }
    find_manager(life, twist);
    let count = match twist {
        Twist::OneSession => 1,
        Twist::TwoSessions | Twist::MissedByEnterprise => 2,
        Twist::Released => 3,
        Twist::FourSessions => 4,
        _ => *life.plan.random.pick(&[3, 3, 3, 2, 2, 1]),
    };
    give_sessions(life, count, twist);
    complete(life);
    if twist == Twist::Reopened {
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
pub fn find_manager(life: &mut Life, twist: Twist) {
    let line = life.line();
    life.days(0, 2);
    match twist {
        Twist::BothLines => {
            life.assign("ict");
            life.minutes(10, 60).assign("labour");
        }
        Twist::Declined => {
            let first = life.choose(line);
            let offer = life.offer(line, first, json!({}));
            life.days(1, 1).decline_offer(first, offer);
            life.minutes(30, 150).assign(line);
        }
        Twist::OfferExpired => {
            let first = life.choose(line);
            life.offer(line, first, json!({}));
            life.days(3, 4).take_by_phone(line);
        }
        Twist::ByPhone | Twist::LateSession => life.take_by_phone(line),
        Twist::OfferRevoked => {
            let first = life.choose(line);
            let offer = life.offer(line, first, json!({}));
            life.minutes(60, 200).revoke_offer(offer);
            life.minutes(5, 20).assign(line);
        }
        _ => drop(life.assign(line)),
    }
}

/// So many held sessions with their reports, one after the other.
pub fn give_sessions(life: &mut Life, count: usize, twist: Twist) {
    life.minutes(20, 120).reach(|phrases| &phrases.scheduling);
    let mut session = give_first(life, twist);
    for number in 2..=count {
        if twist == Twist::Released && number == 2 {
            life.report(session);
            session = change_manager(life);
        } else {
            if number == 4 {
                let reason = life.say(|phrases| &phrases.limit);
                let body = json!({ "limit": number, "reason": reason });
                life.minutes(5, 20)
                    .post(Who::Admin, "/cases/{case}/limit", body);
            }
            session = go_on(life, session, twist == Twist::ReportReturned && number == 2);
        }
        life.hold(session);
    }
    match twist == Twist::ReportReturned && count == 1 {
        true => corrected_report(life, session),
        false => drop(life.report(session)),
    }
}

/// Up to the first session that is held.
fn give_first(life: &mut Life, twist: Twist) -> Session {
    let desk = life.desk_staff();
    if twist == Twist::LateSession {
        return given_on_the_spot(life);
    }
    let booked = life.minutes(2, 15).book(desk, 3, 10);
    if twist == Twist::Voided {
        return held_twice(life, booked);
    }
    let session = before_the_first(life, booked, twist);
    life.hold(session);
    session
}

/// The next session is booked at the end of one, whose report is written meanwhile.
fn go_on(life: &mut Life, over: Session, is_corrected: bool) -> Session {
    let by = match life.plan.random.chance(60) {
        true => life.manager(),
        false => life.desk_staff(),
    };
    let next = life.minutes(5, 30).book(by, 10, 25);
    match is_corrected {
        true => corrected_report(life, over),
        false => drop(life.report(over)),
    }
    if life.plan.random.chance(45) {
        life.days(1, 3).reach(|phrases| &phrases.progress);
    }
    next
}

/// Somebody else goes on, and books the next session.
fn change_manager(life: &mut Life) -> Session {
    let line = life.line();
    life.days(2, 6).release();
    life.minutes(30, 120).assign(line);
    let by = life.manager();
    life.minutes(20, 100).book(by, 5, 12)
}

/// What can happen to an appointment before it is held; the one that is.
fn before_the_first(life: &mut Life, session: Session, twist: Twist) -> Session {
    let desk = life.desk_staff();
    let day_before = at(shift(tokyo_date(session.starts_at), -1), 11, 10);
    match twist {
        Twist::Rescheduled => {
            let two_weeks_later = shift(tokyo_date(session.starts_at), 8);
            life.until(day_before)
                .ring(desk, |phrases| &phrases.inbound_change);
            return life
                .minutes(3, 20)
                .reschedule(desk, session, two_weeks_later);
        }
        Twist::Cancelled => drop(life.until(day_before).cancel(desk, session)),
        Twist::MissedByEnterprise => drop(life.no_show(session, "enterprise")),
        Twist::MissedByOthers => {
            let by = if life.plan.random.chance(50) {
                "manager"
            } else {
                "force_majeure"
            };
            life.no_show(session, by);
        }
        _ => return session,
    }
    life.days(1, 2).reach(|phrases| &phrases.scheduling);
    let from = shift(tokyo_date(life.at), 5);
    // One that the enterprise missed was used, but nothing was found out yet.
    life.minutes(2, 15)
        .book_from(desk, from, json!({ "stage": "assessment" }))
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

pub fn complete(life: &mut Life) {
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
