//! The rules that never break, attacked by many at once: one success, clean conflicts, no deadlock, no 500.

use crate::harness::{TestApp, TestResponse};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::{collections::BTreeMap, future::IntoFuture};

/// How many of each status and problem type.
fn tally(answers: &[TestResponse]) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        let slug = answer.json["type"]
            .as_str()
            .map(|text| text.replace("/problems/", ""));
        *tally
            .entry(slug.unwrap_or_else(|| answer.status.to_string()))
            .or_default() += 1;
    }
    tally
}

fn tallied<const N: usize>(rows: [(&str, usize); N]) -> BTreeMap<String, usize> {
    rows.into_iter()
        .map(|(name, number)| (name.to_owned(), number))
        .collect()
}

fn session_at(app: &TestApp, hours: i64) -> Value {
    let starts_at = app.now() + TimeDelta::days(2) + TimeDelta::hours(hours);
    json!({ "starts_at": starts_at, "ends_at": starts_at + TimeDelta::minutes(50), "mode": "online" })
}

/// No case ever holds more than its limit, whatever raced.
async fn assert_within_limits(app: &TestApp) {
    let mut db = app.sql().await;
    let broken: i64 = sqlx::query_scalar(
        "select count(*) from case_file c where (select count(*) from consultation s where s.case_id = c.id and s.live) > c.session_limit",
    )
    .fetch_one(&mut db)
    .await
    .unwrap();
    assert_eq!(broken, 0);
}

#[actix_web::test]
async fn fifty_clients_book_the_last_session() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let client = app.as_desk(&desk);
    for round in 0..20 {
        let case = app.make_assigned_case(&desk, &manager).await;
        let path = format!("/cases/{}/consultations", case.id());
        for n in 0..2 {
            client
                .post(&path, session_at(&app, round * 100 + n))
                .await
                .expect(201);
        }
        let answers = app
            .parallel(50, |n| {
                client
                    .post(&path, session_at(&app, round * 100 + 2 + n as i64))
                    .into_future()
            })
            .await;
        assert_eq!(
            tally(&answers),
            tallied([("201", 1), ("consultation-limit-reached", 49)]),
            "round {round}"
        );
    }
    assert_within_limits(&app).await;
}

#[actix_web::test]
async fn fifty_clients_book_over_real_sockets() {
    let app = TestApp::start_with_sockets().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let path = format!("/cases/{}/consultations", case.id());
    let (desk_client, manager_client) = (app.as_desk(&desk), app.as_manager(&manager));
    let answers = app
        .parallel(50, |n| {
            let client = if n % 2 == 0 {
                &desk_client
            } else {
                &manager_client
            };
            client.post(&path, session_at(&app, n as i64)).into_future()
        })
        .await;
    let tally = tally(&answers);
    assert_eq!(
        tally["201"]
            + tally.get("stage-order").copied().unwrap_or_default()
            + tally["consultation-limit-reached"],
        50
    );
    assert_eq!(tally["201"], 3);
}

/// Everything that gives a session back or takes one, at the same moment as bookings.
#[actix_web::test]
async fn bookings_race_with_everything_that_gives_back() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    for what in [
        "cancel",
        "reschedule",
        "no-show",
        "void",
        "release",
        "limit",
        "close",
        "route",
    ] {
        let manager = app.make_manager().await;
        let case = app.make_assigned_case(&desk, &manager).await;
        let client = app.as_desk(&desk);
        let path = format!("/cases/{}/consultations", case.id());
        let first = client.post(&path, session_at(&app, 0)).await.expect(201);
        for n in 1..3 {
            client.post(&path, session_at(&app, n)).await.expect(201);
        }
        if matches!(what, "no-show" | "void") {
            app.set_time_to_start_of(&first);
        }
        if what == "void" {
            app.advance(TimeDelta::minutes(50));
            let held = json!({ "started_at": first["starts_at"], "ended_at": first["ends_at"], "mode": "online", "attendees": [], "desk_attended": false });
            client
                .post(format!("/consultations/{}/hold", first.id()), held)
                .await
                .expect(200);
        }
        let (other_path, body, who) = attack(&app, what, &desk, &case, &first).await;
        let answers = app
            .parallel(20, |n| match n {
                7 => who.post(&other_path, body.clone()).into_future(),
                _ => client
                    .post(&path, session_at(&app, 50 + n as i64))
                    .into_future(),
            })
            .await;
        let (others, bookings): (Vec<_>, Vec<_>) =
            answers.into_iter().enumerate().partition(|(n, _)| *n == 7);
        let other = &others[0].1;
        let bookings: Vec<_> = bookings.into_iter().map(|(_, answer)| answer).collect();
        let tally = tally(&bookings);
        let booked = tally.get("201").copied().unwrap_or_default();
        assert!(booked <= 1, "{what}: {tally:?}");
        assert!(
            other.status < 500,
            "{what}: {} {}",
            other.status,
            other.text
        );
        let clean = [
            "201",
            "consultation-limit-reached",
            "no-manager-assigned",
            "illegal-move",
            "not-found",
        ];
        assert!(
            tally.keys().all(|slug| clean.contains(&slug.as_str())),
            "{what}: {tally:?}"
        );
        assert_within_limits(&app).await;
    }
}

/// The request that races with the bookings, and who sends it.
async fn attack(
    app: &TestApp,
    what: &str,
    desk: &TestResponse,
    case: &TestResponse,
    session: &TestResponse,
) -> (String, Value, crate::harness::Client) {
    let (case_path, session_path) = (
        format!("/cases/{}", case.id()),
        format!("/consultations/{}", session.id()),
    );
    let reason = json!({ "reason": "競合の試験" });
    match what {
        "cancel" => (format!("{session_path}/cancel"), reason, app.as_desk(desk)),
        "reschedule" => {
            let mut times = session_at(app, -3);
            times.as_object_mut().unwrap().remove("mode");
            (
                format!("{session_path}/reschedule"),
                times,
                app.as_desk(desk),
            )
        }
        "no-show" => (
            format!("{session_path}/no-show"),
            json!({ "by": "manager" }),
            app.as_desk(desk),
        ),
        "void" => (format!("{session_path}/void"), reason, app.as_supervisor()),
        "release" => {
            let assignment = app.show_case(case).await["managers"][0]["assignment_id"]
                .as_str()
                .unwrap()
                .to_owned();
            (
                format!("/assignments/{assignment}/release"),
                reason,
                app.as_desk(desk),
            )
        }
        "limit" => (
            format!("{case_path}/limit"),
            json!({ "limit": 4, "reason": "一回追加" }),
            app.as_admin(),
        ),
        "close" => (
            format!("{case_path}/close"),
            json!({ "outcome": "withdrawn" }),
            app.as_desk(desk),
        ),
        _ => {
            let second = app.make_desk_for("13").await;
            (
                format!("{case_path}/route"),
                json!({ "desk_id": second.id(), "reason": "移転" }),
                app.as_supervisor(),
            )
        }
    }
}

impl TestApp {
    fn set_time_to_start_of(&self, session: &TestResponse) {
        self.clock
            .set(session["starts_at"].as_str().unwrap().parse().unwrap());
    }
}

#[actix_web::test]
async fn a_lowered_limit_races_with_bookings() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    for round in 0..5 {
        let manager = app.make_manager().await;
        let case = app.make_assigned_case(&desk, &manager).await;
        let client = app.as_desk(&desk);
        let path = format!("/cases/{}/consultations", case.id());
        client.post(&path, session_at(&app, 0)).await.expect(201);
        let admin = app.as_admin();
        let answers = app
            .parallel(12, |n| match n {
                5 => admin
                    .post(
                        format!("/cases/{}/limit", case.id()),
                        json!({ "limit": 1, "reason": "減らす" }),
                    )
                    .into_future(),
                _ => client
                    .post(&path, session_at(&app, 1 + n as i64))
                    .into_future(),
            })
            .await;
        let shown = app.show_case(&case).await;
        let (limit, used) = (
            shown["consultations"]["limit"].as_i64(),
            shown["consultations"]["used"].as_i64(),
        );
        assert!(used <= limit, "round {round}: {:?}", tally(&answers));
        let lowered = answers[5].status == 200;
        assert_eq!(limit, Some(if lowered { 1 } else { 3 }));
    }
}

#[actix_web::test]
async fn two_cases_book_one_manager() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let (a, b) = (
        app.make_assigned_case(&desk, &manager).await,
        app.make_assigned_case(&desk, &manager).await,
    );
    let client = app.as_desk(&desk);
    for day in 1..=10 {
        let answers = app
            .parallel(10, |n| {
                let case = if n % 2 == 0 { &a } else { &b };
                let starts_at = app.now() + TimeDelta::days(day) + TimeDelta::minutes(n as i64);
                let body = json!({ "starts_at": starts_at, "ends_at": starts_at + TimeDelta::hours(2), "mode": "visit", "stage": "follow_up" });
                client.post(format!("/cases/{}/consultations", case.id()), body).into_future()
            })
            .await;
        let booked: Vec<_> = answers
            .iter()
            .filter(|answer| answer.status == 201)
            .collect();
        assert_eq!(booked.len(), 1, "{:?}", tally(&answers));
        client
            .post(
                format!("/consultations/{}/cancel", booked[0].id()),
                json!({ "reason": "次の日へ" }),
            )
            .await
            .expect(200);
    }
}

#[actix_web::test]
async fn two_desks_accept() {
    let app = TestApp::start().await;
    let (first, second) = (app.make_desk().await, app.make_desk_for("13").await);
    for _ in 0..5 {
        let case = app.make_routed_case(&first).await;
        let path = format!("/cases/{}", case.id());
        let (one, two, lead) = (
            app.as_desk(&first),
            app.as_desk(&second),
            app.as_supervisor(),
        );
        let route = json!({ "desk_id": second.id(), "reason": "管轄" });
        let answers = app
            .parallel(9, |n| match n {
                4 => lead
                    .post(format!("{path}/route"), route.clone())
                    .into_future(),
                n if n % 2 == 0 => one.post(format!("{path}/accept"), json!({})).into_future(),
                _ => two.post(format!("{path}/accept"), json!({})).into_future(),
            })
            .await;
        let shown = app.show_case(&case).await;
        assert!(
            ["routed", "accepted"].contains(&shown["status"].as_str().unwrap()),
            "{:?}",
            tally(&answers)
        );
        assert_eq!(
            shown["desk"]["id"], second["id"],
            "the new route stands whoever accepted before"
        );
    }
}

#[actix_web::test]
async fn a_manager_accepts_while_the_desk_records_anothers_acceptance() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    for _ in 0..5 {
        let (mine, other) = (app.make_manager().await, app.make_manager().await);
        let case = app.make_accepted_case(&desk).await;
        let offers = format!("/cases/{}/offers", case.id());
        let client = app.as_desk(&desk);
        let offer = client
            .post(&offers, json!({ "manager_id": mine.id(), "line": "ict" }))
            .await
            .expect(201);
        let by_phone =
            json!({ "manager_id": other.id(), "line": "ict", "accepted_by_phone": true });
        let manager = app.as_manager(&mine);
        let answers = app
            .parallel(8, |n| match n % 2 {
                0 => manager
                    .post(format!("/offers/{}/accept", offer.id()), json!({}))
                    .into_future(),
                _ => client.post(&offers, by_phone.clone()).into_future(),
            })
            .await;
        assert_eq!(
            answers.iter().filter(|answer| answer.status < 300).count(),
            1,
            "{:?}",
            tally(&answers)
        );
        let shown = app.show_case(&case).await;
        assert_eq!(shown["managers"].as_array().unwrap().len(), 1);
    }
}

#[actix_web::test]
async fn a_is_merged_into_b_while_b_is_merged_into_a() {
    let app = TestApp::start().await;
    let supervisor = app.as_supervisor();
    for _ in 0..10 {
        let (a, b) = (app.make_case().await, app.make_case().await);
        let answers = app
            .parallel(8, |n| {
                let (survivor, other) = if n % 2 == 0 { (&a, &b) } else { (&b, &a) };
                let body = json!({ "other_id": other.id(), "reason": "重複" });
                supervisor
                    .post(format!("/cases/{}/merge", survivor.id()), body)
                    .into_future()
            })
            .await;
        assert_eq!(tally(&answers), tallied([("200", 1), ("illegal-move", 7)]));
    }
}

#[actix_web::test]
async fn a_merge_races_with_bookings_on_both() {
    let app = TestApp::start().await;
    let (desk, first, second) = (
        app.make_desk().await,
        app.make_manager().await,
        app.make_manager().await,
    );
    for _ in 0..5 {
        let survivor = app.make_assigned_case(&desk, &first).await;
        let other = app.make_assigned_case(&desk, &second).await;
        let client = app.as_desk(&desk);
        let supervisor = app.as_supervisor();
        let answers = app
            .parallel(13, |n| match n {
                6 => {
                    let body = json!({ "other_id": other.id(), "reason": "重複" });
                    supervisor
                        .post(format!("/cases/{}/merge", survivor.id()), body)
                        .into_future()
                }
                n => {
                    let case = if n % 2 == 0 { &survivor } else { &other };
                    client
                        .post(
                            format!("/cases/{}/consultations", case.id()),
                            session_at(&app, n as i64),
                        )
                        .into_future()
                }
            })
            .await;
        assert_eq!(answers[6].status, 200, "{}", answers[6].text);
        assert_eq!(app.used(&other).await, 0);
        assert_within_limits(&app).await;
        for n in 0..3 {
            let cancelled = app
                .as_desk(&desk)
                .get(format!("/cases/{}/consultations", survivor.id()))
                .await
                .expect(200);
            if let Some(session) = cancelled
                .items()
                .get(n)
                .filter(|session| session["state"] == "booked")
            {
                client
                    .post(
                        format!("/consultations/{}/cancel", session["id"].as_str().unwrap()),
                        json!({ "reason": "片付け" }),
                    )
                    .await
                    .expect(200);
            }
        }
    }
}

#[actix_web::test]
async fn one_idempotency_key_twenty_times_at_once() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let client = app.as_desk(&desk);
    let body = session_at(&app, 0);
    let path = format!("/cases/{}/consultations", case.id());
    let answers = app
        .parallel(20, |_| {
            client
                .post(&path, body.clone())
                .idempotent("same")
                .into_future()
        })
        .await;
    assert_eq!(tally(&answers), tallied([("201", 20)]));
    assert!(answers.iter().all(|answer| answer.text == answers[0].text));
    assert_eq!(app.used(&case).await, 1);
    let request = app.case_request();
    let operator = app.as_operator();
    let answers = app
        .parallel(20, |_| {
            operator
                .post("/cases", request.clone())
                .idempotent("call")
                .into_future()
        })
        .await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 201 && answer.id() == answers[0].id())
    );
}

#[actix_web::test]
async fn one_enterprise_calls_twice_at_once() {
    let app = TestApp::start().await;
    let operator = app.as_operator();
    let first = app.make_case().await;
    for _ in 0..5 {
        let company = app.company();
        let answers = app
            .parallel(6, |_| {
                let mut request = app.case_request();
                request["enterprise"] = company.clone();
                operator.post("/cases", request).into_future()
            })
            .await;
        assert!(
            answers.iter().all(|answer| answer.status == 201),
            "{:?}",
            tally(&answers)
        );
        let unnoticed = answers
            .iter()
            .filter(|answer| answer["flags"] == json!([]))
            .count();
        assert_eq!(unnoticed, 1, "only the first is not flagged");
        let enterprise = &answers[0]["enterprise"]["id"];
        assert!(
            answers
                .iter()
                .all(|answer| answer["enterprise"]["id"] == *enterprise)
        );
        assert_ne!(*enterprise, first["enterprise"]["id"]);
    }
}

#[actix_web::test]
async fn cancel_and_rebook_never_makes_a_fourth() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let client = app.as_desk(&desk);
    let path = format!("/cases/{}/consultations", case.id());
    for n in 0..3 {
        client.post(&path, session_at(&app, n)).await.expect(201);
    }
    for round in 1..6 {
        let list = client.get(&path).await.expect(200);
        let booked: Vec<String> = list
            .items()
            .iter()
            .filter(|session| session["state"] == "booked")
            .map(|session| session["id"].as_str().unwrap().to_owned())
            .collect();
        let answers = app
            .parallel(15, |n| match n % 3 {
                0 => client
                    .post(
                        format!("/consultations/{}/cancel", booked[n % booked.len()]),
                        json!({ "reason": "取り直し" }),
                    )
                    .into_future(),
                _ => client
                    .post(&path, session_at(&app, round * 40 + n as i64))
                    .into_future(),
            })
            .await;
        assert!(answers.iter().all(|answer| answer.status < 500));
        assert_within_limits(&app).await;
        let mut n = 0;
        while app.used(&case).await < 3 {
            client
                .post(&path, session_at(&app, round * 40 + 20 + n))
                .await;
            n += 1;
        }
    }
}
