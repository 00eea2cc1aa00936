//! Cases that desks take up and answer, give back, or lose.

use super::{
    data::DATA,
    days::{at, shift},
    life::{Life, Opening},
    plan::Who,
    support::{Twist, complete, find_manager, give_sessions},
};
use crate::japan::tokyo_date;

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
pub fn take_up(life: &mut Life, before: Option<usize>) {
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

pub fn accept_and_call(life: &mut Life) {
    life.days(0, 1).accept();
    if life.is_second && life.plan.random.chance(70) {
        settle_same_year(life);
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

/// The desk looks at the enterprise's other case of the year and says what is to be thought of it.
fn settle_same_year(life: &mut Life) {
    let (by, answer) = (
        life.desk_staff(),
        life.say(|phrases| &phrases.same_year_answer),
    );
    life.minutes(5, 30)
        .settle(by, "same_enterprise_this_year", answer, None);
}

pub fn by_desk(life: &mut Life, before: Option<usize>) {
    take_up(life, before);
    answer_by_desk(life);
}

pub fn answer_by_desk(life: &mut Life) {
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

pub fn withdrawn(life: &mut Life, before: Option<usize>) {
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

pub fn unreachable(life: &mut Life, before: Option<usize>) {
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

pub fn returned(life: &mut Life) {
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

pub fn unclaimed(life: &mut Life) {
    let opening = usual(life);
    life.open(opening);
    life.minutes(3, 40).route();
    // The worker returns it after five business days.
    life.days(7, 7).route();
    accept_and_call(life);
    answer_by_desk(life);
}

pub fn at_window(life: &mut Life) {
    life.open(Opening {
        channel: Some("visit"),
        at_window: true,
        ..Opening::default()
    });
    if life.is_second {
        settle_same_year(life);
    }
    match life.plan.random.chance(50) {
        true => answer_by_desk(life),
        false => {
            find_manager(life, Twist::ByPhone);
            let count = life.plan.random.between(1, 2) as usize;
            give_sessions(life, count, Twist::Plain);
            complete(life);
        }
    }
}

/// Paper forms of a day at an event, or of a day without the system, entered on one of the next days.
pub fn at_event(life: &mut Life) {
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

/// The supervisor compares what was entered late with the paper, mostly.
pub fn settle_late(life: &mut Life) {
    if life.plan.random.chance(75) {
        let answer = life.say(|phrases| &phrases.late_answer);
        life.minutes(30, 120)
            .settle(Who::Supervisor, "late_entry", answer, None);
    }
}
