//! Calls that are answered at once, and callers who are not whom they seem.

use super::{
    by_desk::{accept_and_call, answer_by_desk},
    data::{DATA, Inquiry},
    days::at,
    enterprises::Kind,
    life::{Life, Opening},
    plan::{Plan, Who},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

fn closing(outcome: &str, note: &str) -> Option<Value> {
    Some(json!({ "outcome": outcome, "note": note }))
}

pub fn answered(life: &mut Life) {
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

pub fn elsewhere(plan: &mut Plan, moment: DateTime<Utc>) {
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
pub fn unnamed(plan: &mut Plan, moment: DateTime<Utc>, kind: Kind, inquiries: &'static [Inquiry]) {
    let inquiry = plan.random.pick(inquiries);
    let enterprise = plan.new_enterprise(kind, None);
    let mut life = Life::new(plan, enterprise, inquiry, moment);
    life.open(Opening {
        close_as: closing("answered", inquiry.answer.as_deref().unwrap_or_default()),
        ..Opening::default()
    });
}

pub fn spam(plan: &mut Plan, moment: DateTime<Utc>) {
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

/// Another legal person of the same name, told apart on the phone.
pub fn namesake(plan: &mut Plan, moment: DateTime<Utc>, of: usize) {
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

pub fn named_later(plan: &mut Plan, moment: DateTime<Utc>) {
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

/// Where cases fell into the future, calls of people who work somewhere make up for them.
pub fn top_up(plan: &mut Plan, count: usize) {
    while plan.opened() < count {
        let moment = at(plan.day(0), 16, 30);
        unnamed(plan, moment, Kind::Worker, &DATA.inquiries.worker);
    }
}
