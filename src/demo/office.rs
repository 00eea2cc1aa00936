//! The office of the demonstration: desks, areas, managers, their absences; set up before the fiscal year begins.

use super::{
    data::DATA,
    days::{at, shift},
    life::desk_name,
    plan::{Act, HAND_OVER, Plan, Request, Who},
};
use crate::japan::tokyo_date;
use actix_web::http::Method;
use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

/// The address domain of everybody who signs in.
pub const DOMAIN: &str = "demo.example.jp";

/// A manager who is away now.
pub const AWAY: usize = 4;

/// Somebody who signs in.
pub struct Account {
    pub who: Who,
    pub email: String,
    pub name: String,
}

/// Everybody but the office's own first admin and the auditor. The first of each kind has the shortest address.
pub fn accounts() -> Vec<Account> {
    let account = |who, local: &str, name: &str| Account {
        who,
        email: format!("{local}@{DOMAIN}"),
        name: name.to_owned(),
    };
    let mut accounts = vec![
        account(Who::Operator(0), "operator", "小野寺 由美"),
        account(Who::Operator(1), "operator-2", "川端 俊"),
        account(Who::Operator(2), "operator-3", "村瀬 あゆみ"),
        account(Who::Supervisor, "supervisor", "大久保 恵一"),
    ];
    for (number, desk) in DATA.desks.iter().enumerate() {
        for (place, name) in desk.staff.iter().enumerate() {
            let local = match (&*desk.code, place) {
                ("tokyo", 0) => "desk".to_owned(),
                (code, _) => format!("desk-{code}-{}", place + 1),
            };
            accounts.push(account(Who::Desk(number, place), &local, name));
        }
    }
    for (number, manager) in DATA.managers.iter().enumerate() {
        let local = match number {
            0 => "manager".to_owned(),
            _ => format!("manager-{}", number + 1),
        };
        accounts.push(account(Who::Manager(number), &local, &manager.name));
    }
    accounts
}

/// The first admin, who enters everybody else.
pub fn admin() -> Account {
    Account {
        who: Who::Admin,
        email: format!("admin@{DOMAIN}"),
        name: "杉浦 正人".into(),
    }
}

/// The auditor, whose account is made last: whoever finds it finds everything.
pub fn auditor() -> Account {
    Account {
        who: Who::Auditor,
        email: format!("auditor@{DOMAIN}"),
        name: "監査担当 榎本 律子".into(),
    }
}

/// When the first admin's account is made.
pub fn first_day(plan: &Plan) -> NaiveDate {
    shift(plan.start, -6)
}

/// Plans the office.
pub fn plan_office(plan: &mut Plan) {
    let first = first_day(plan);
    plan_settings(plan, at(first, 9, 25));
    let mut clock = at(first, 9, 30);
    for desk in 0..DATA.desks.len() {
        clock += TimeDelta::minutes(4);
        plan_desk(plan, desk, clock);
    }
    clock = at(shift(first, 1), 9, 30);
    for manager in 0..DATA.managers.len() {
        clock += TimeDelta::minutes(4);
        plan_manager(plan, manager, clock);
    }
    plan.push(at(shift(first, 2), 10, 0), Act::EnterPeople);
    plan_hand_over(plan);
    plan_absences(plan);
    plan_profile(plan);
}

fn post(
    plan: &mut Plan,
    moment: DateTime<Utc>,
    path: String,
    body: Value,
    keep: Vec<(String, &'static str)>,
) {
    send(
        plan,
        moment,
        Request {
            by: Who::Admin,
            method: Method::POST,
            path,
            body,
            version: None,
            keep,
        },
    );
}

fn send(plan: &mut Plan, moment: DateTime<Utc>, request: Request) {
    plan.push(moment, Act::Send(request));
}

/// Nothing is written by itself to enterprises that are made up: their addresses may be somebody's.
fn plan_settings(plan: &mut Plan, moment: DateTime<Utc>) {
    let request = Request {
        by: Who::Admin,
        method: Method::PATCH,
        path: "/settings".into(),
        body: json!({ "session_reminder": false, "evaluation": false, "survey": false }),
        version: None,
        keep: Vec::new(),
    };
    send(plan, moment, request);
}

fn plan_desk(plan: &mut Plan, number: usize, moment: DateTime<Utc>) {
    let desk = &DATA.desks[number];
    let seat = DATA
        .places
        .iter()
        .find(|place| place.prefecture_code == desk.seat);
    let phone =
        seat.map(|place| super::enterprises::landline(&place.area_code, 90_000 + number as u64));
    let body = json!({
        "code": desk.code,
        "name": desk.name,
        "phone": phone,
        "email": format!("{}@madoguchi.example.jp", desk.code),
    });
    post(
        plan,
        moment,
        "/desks".into(),
        body,
        vec![(format!("desk:{}", desk.code), "/id")],
    );
    for code in &desk.prefecture_codes {
        let body = json!({ "prefecture_code": code, "from": plan.start });
        let keep = vec![
            (format!("coverage:{code}"), "/id"),
            (format!("coverage-version:{code}"), "/version"),
        ];
        post(
            plan,
            moment,
            format!("/desks/{}/coverage", desk_name(number)),
            body,
            keep,
        );
    }
}

fn plan_manager(plan: &mut Plan, number: usize, moment: DateTime<Utc>) {
    let manager = &DATA.managers[number];
    let last_day = NaiveDate::from_ymd_opt(plan.this_year.year() + 1, 3, 31);
    let body = json!({
        "name": manager.name,
        "kana": manager.kana,
        "email": format!("manager-{}@experts.example.jp", number + 1),
        "phone": super::enterprises::mobile(950_000 + number as u64),
        "firm": manager.firm,
        "qualifications": manager.qualifications,
        "topics": manager.topics,
        "prefecture_codes": manager.prefecture_codes,
        "modes": manager.modes,
        "monthly_capacity": manager.monthly_capacity,
        "appointed_from": plan.start,
        "appointed_to": last_day,
    });
    post(
        plan,
        moment,
        "/managers".into(),
        body,
        vec![(format!("manager:{number}"), "/id")],
    );
}

/// A prefecture goes to another desk with the new fiscal year, as was decided some weeks before.
fn plan_hand_over(plan: &mut Plan) {
    let (prefecture, from, to) = HAND_OVER;
    let moment = at(shift(plan.this_year, -14), 14, 20);
    let last_day = plan.this_year - Days::new(1);
    let path = format!("/desks/{{desk:{from}}}/coverage/{{coverage:{prefecture}}}");
    let ending = Request {
        by: Who::Admin,
        method: Method::PATCH,
        path,
        body: json!({ "to": last_day }),
        version: Some(format!("coverage-version:{prefecture}")),
        keep: Vec::new(),
    };
    send(plan, moment, ending);
    let body = json!({ "prefecture_code": prefecture, "from": plan.this_year });
    let path = format!("/desks/{{desk:{to}}}/coverage");
    post(plan, moment + TimeDelta::minutes(3), path, body, Vec::new());
}

/// Every third manager was, is or will be away for some days; entered by themselves.
fn plan_absences(plan: &mut Plan) {
    for manager in (1..DATA.managers.len()).step_by(3) {
        let days_ago = plan.random.between(30, 480);
        let first = tokyo_date(plan.now) - Days::new(days_ago as u64);
        plan_absence(plan, manager, first.max(plan.start));
    }
    // Two are away now, and three will be.
    for (manager, days_ahead) in [(AWAY, -3), (19, -1), (7, 6), (13, 10), (31, 20)] {
        let first = tokyo_date(plan.now) + TimeDelta::days(days_ahead);
        plan_absence(plan, manager, first);
    }
}

fn plan_absence(plan: &mut Plan, manager: usize, first: NaiveDate) {
    let (from, length) = (at(first, 0, 0), plan.random.between(3, 12));
    let to = from + TimeDelta::days(length);
    let reason = plan.random.pick(&DATA.phrases.absence).clone();
    plan.add_absence(manager, from, to);
    let entered = at(shift(first, -8).max(shift(plan.start, -2)), 12, 30);
    let body = json!({ "starts_at": from, "ends_at": to, "reason": reason });
    let path = format!("/managers/{{manager:{manager}}}/absences");
    let by = Who::Manager(manager);
    send(
        plan,
        entered,
        Request {
            by,
            method: Method::POST,
            path,
            body,
            version: None,
            keep: Vec::new(),
        },
    );
}

/// One manager takes nothing on at present.
fn plan_profile(plan: &mut Plan) {
    const BUSY: usize = 36;
    let moment = at(plan.day(-12), 18, 5);
    plan.fill_up(BUSY, moment);
    let path = format!("/managers/{{manager:{BUSY}}}");
    let request = Request {
        by: Who::Manager(BUSY),
        method: Method::PATCH,
        path,
        body: json!({ "monthly_capacity": 0 }),
        version: None,
        keep: Vec::new(),
    };
    send(plan, moment, request);
}
