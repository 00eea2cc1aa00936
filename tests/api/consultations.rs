//! Sessions: the limit, the stages, the calendars, how they end, and their reports.

use crate::harness::{TestApp, TestResponse};
use chrono::TimeDelta;
use serde_json::{Value, json};

/// A case with a manager, and its desk.
async fn assigned(app: &TestApp) -> (TestResponse, TestResponse, TestResponse) {
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    (desk, manager, case)
}

fn sessions(case: &TestResponse) -> String {
    format!("/cases/{}/consultations", case.id())
}

#[actix_web::test]
async fn nobody_is_booked_without_a_manager() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    app.as_desk(&desk)
        .post(sessions(&case), app.session(3))
        .await
        .problem("no-manager-assigned");
    let stranger = app.make_manager().await;
    let manager = app.make_manager().await;
    app.assign(&desk, &case, &manager, "ict").await;
    let mut body = app.session(3);
    body["manager_ids"] = json!([stranger.id()]);
    app.as_desk(&desk)
        .post(sessions(&case), body)
        .await
        .invalid(&["/manager_ids"]);
    app.as_manager(&stranger)
        .post(sessions(&case), app.session(3))
        .await
        .problem("not-found");
    app.as_manager(&manager)
        .post(sessions(&case), app.session(3))
        .await
        .expect(201);
    app.as_operator()
        .post(sessions(&case), app.session(4))
        .await
        .problem("forbidden");
}

#[actix_web::test]
async fn impossible_times_are_refused() {
    let app = TestApp::start().await;
    let (desk, _, case) = assigned(&app).await;
    let client = app.as_desk(&desk);
    let mut body = app.session(3);
    body["ends_at"] = body["starts_at"].clone();
    client
        .post(sessions(&case), body)
        .await
        .invalid(&["/ends_at"]);
    let mut body = app.session(3);
    body["ends_at"] = json!(app.now() + TimeDelta::days(5));
    client
        .post(sessions(&case), body)
        .await
        .invalid(&["/ends_at"]);
    let mut body = app.session(3);
    body["starts_at"] = json!("2026-13-41T00:00:00Z");
    client
        .post(sessions(&case), body)
        .await
        .invalid(&["/starts_at"]);
    client
        .post(sessions(&case), app.session(-3))
        .await
        .problem("late-reason-required");
    let mut body = app.session(3);
    body["starts_at"] = json!("9999-01-01T00:00:00Z");
    body["ends_at"] = json!("9999-01-01T01:00:00Z");
    client
        .post(sessions(&case), body)
        .await
        .invalid(&["/starts_at"]);
    assert_eq!(app.used(&case).await, 0);
}

#[actix_web::test]
async fn only_what_is_used_uses_a_session() {
    let app = TestApp::start().await;
    let (desk, _, case) = assigned(&app).await;
    let client = app.as_desk(&desk);
    let reason = json!({ "reason": "先方の都合" });
    // Cancelled: given back.
    let session = app.book(&desk, &case, 3).await;
    assert_eq!(app.used(&case).await, 1);
    let cancelled = client
        .post(
            format!("/consultations/{}/cancel", session.id()),
            reason.clone(),
        )
        .await
        .expect(200);
    assert_eq!(
        (&cancelled["state"], &cancelled["session"]),
        (&json!("cancelled"), &Value::Null)
    );
    assert_eq!(app.used(&case).await, 0);
    // Missed through the manager: given back. Through the enterprise: used.
    for (by, used) in [
        ("manager", 0),
        ("desk", 0),
        ("force_majeure", 0),
        ("enterprise", 1),
    ] {
        let session = app.book(&desk, &case, 3).await;
        let path = format!("/consultations/{}/no-show", session.id());
        client
            .post(&path, json!({ "by": by }))
            .await
            .problem("illegal-move");
        app.advance(TimeDelta::days(3));
        client.post(&path, json!({ "by": by })).await.expect(200);
        client
            .post(&path, json!({ "by": by }))
            .await
            .problem("illegal-move");
        assert_eq!(app.used(&case).await, used, "{by}");
    }
    // Held: used. Voided: given back.
    let session = app.book(&desk, &case, 3).await;
    let held = app.hold(&desk, &session).await;
    assert_eq!(app.used(&case).await, 2);
    client
        .post(
            format!("/consultations/{}/cancel", held.id()),
            reason.clone(),
        )
        .await
        .problem("illegal-move");
    client
        .post(format!("/consultations/{}/void", held.id()), reason.clone())
        .await
        .problem("forbidden");
    app.as_supervisor()
        .post(format!("/consultations/{}/void", held.id()), reason)
        .await
        .expect(200);
    assert_eq!(app.used(&case).await, 1);
    // A session that has begun is neither moved nor cancelled.
    let session = app.book(&desk, &case, 1).await;
    app.advance(TimeDelta::days(1));
    let times = json!({ "starts_at": app.now() + TimeDelta::days(1), "ends_at": app.now() + TimeDelta::days(1) + TimeDelta::hours(1) });
    client
        .post(format!("/consultations/{}/reschedule", session.id()), times)
        .await
        .problem("illegal-move");
    client
        .post(
            format!("/consultations/{}/cancel", session.id()),
            json!({ "reason": "x" }),
        )
        .await
        .problem("illegal-move");
}

#[actix_web::test]
async fn a_late_entry_is_booked_and_held() {
    let app = TestApp::start().await;
    let (desk, manager, case) = assigned(&app).await;
    let mut body = app.session(-3);
    body["late_reason"] = json!("通信障害のため紙で記録");
    let session = app
        .as_manager(&manager)
        .post(sessions(&case), body)
        .await
        .expect(201);
    app.hold(&desk, &session).await;
    let shown = app.show_case(&case).await;
    assert_eq!(shown["consultations"]["used"], 1);
    assert_eq!(shown["flags"], json!(["late_entry"]));
    assert_eq!(shown["status"], "consulting");
}

#[actix_web::test]
async fn stages_never_run_backwards() {
    let app = TestApp::start().await;
    let (desk, _, case) = assigned(&app).await;
    let client = app.as_desk(&desk);
    let with_stage = |days, stage: &str| {
        let mut body = app.session(days);
        body["stage"] = json!(stage);
        body
    };
    let second = client
        .post(sessions(&case), with_stage(10, "preparation"))
        .await
        .expect(201);
    client
        .post(sessions(&case), with_stage(12, "assessment"))
        .await
        .problem("stage-order");
    client
        .post(sessions(&case), with_stage(5, "follow_up"))
        .await
        .problem("stage-order");
    // Without a stage it gets the one after the last used one earlier in time.
    let first = client
        .post(sessions(&case), app.session(5))
        .await
        .expect(201);
    assert_eq!(first["stage"], "assessment");
    let third = client
        .post(sessions(&case), app.session(20))
        .await
        .expect(201);
    assert_eq!(third["stage"], "follow_up");
    // Moving a session may not break the order either.
    let start = app.now() + TimeDelta::days(15);
    let times = json!({ "starts_at": start, "ends_at": start + TimeDelta::hours(1) });
    client
        .post(format!("/consultations/{}/reschedule", first.id()), times)
        .await
        .problem("stage-order");
    let start = app.now() + TimeDelta::days(11);
    let times = json!({ "starts_at": start, "ends_at": start + TimeDelta::hours(1) });
    let moved = client
        .post(format!("/consultations/{}/reschedule", second.id()), times)
        .await
        .expect(200);
    assert_eq!(moved["session"], second["session"], "it keeps its place");
}

#[actix_web::test]
async fn nobody_is_in_two_places_at_once() {
    let app = TestApp::start().await;
    let (desk, manager, case) = assigned(&app).await;
    let session = app.book(&desk, &case, 3).await;
    app.as_desk(&desk)
        .post(sessions(&case), app.session(3))
        .await
        .problem("manager-double-booked");
    // Another case of the same manager, overlapping by a minute; back to back is fine.
    let other = app.make_assigned_case(&desk, &manager).await;
    let overlap = |minutes: i64| {
        let start = app.now() + TimeDelta::days(3) + TimeDelta::minutes(minutes);
        json!({ "starts_at": start, "ends_at": start + TimeDelta::hours(1), "mode": "phone" })
    };
    app.as_desk(&desk)
        .post(sessions(&other), overlap(89))
        .await
        .problem("manager-double-booked");
    app.as_desk(&desk)
        .post(sessions(&other), overlap(90))
        .await
        .expect(201);
    // The case itself, with another manager.
    let second = app.make_manager().await;
    app.assign(&desk, &case, &second, "ict").await;
    let mut body = overlap(30);
    body["manager_ids"] = json!([second.id()]);
    app.as_desk(&desk)
        .post(sessions(&case), body)
        .await
        .problem("case-double-booked");
    // A cancelled one binds nobody.
    app.as_desk(&desk)
        .post(
            format!("/consultations/{}/cancel", session.id()),
            json!({ "reason": "x" }),
        )
        .await
        .expect(200);
    let mut body = overlap(0);
    body["manager_ids"] = json!([second.id()]);
    app.as_desk(&desk)
        .post(sessions(&case), body)
        .await
        .expect(201);
    // Two managers in one session are both bound.
    let mut both = app.session(9);
    both["manager_ids"] = json!([manager.id(), second.id()]);
    app.as_desk(&desk)
        .post(sessions(&case), both)
        .await
        .expect(201);
    app.as_desk(&desk)
        .post(sessions(&other), app.session(9))
        .await
        .problem("manager-double-booked");
}

#[actix_web::test]
async fn the_limit_is_changed_by_an_admin_only_and_never_below_what_is_used() {
    let app = TestApp::start().await;
    let (desk, _, case) = assigned(&app).await;
    let first = app.book(&desk, &case, 3).await;
    for days in [6, 9] {
        app.book(&desk, &case, days).await;
    }
    let path = format!("/cases/{}/limit", case.id());
    let limit = |n: i32| json!({ "limit": n, "reason": "事務局の判断" });
    app.as_supervisor()
        .post(&path, limit(5))
        .await
        .problem("forbidden");
    app.as_admin()
        .post(&path, limit(10))
        .await
        .invalid(&["/limit"]);
    app.as_admin()
        .post(&path, limit(2))
        .await
        .problem("consultation-limit-reached");
    app.as_admin().post(&path, limit(5)).await.expect(200);
    app.book(&desk, &case, 12).await;
    // The first place is free: lowering to three moves the others together.
    app.as_desk(&desk)
        .post(
            format!("/consultations/{}/cancel", first.id()),
            json!({ "reason": "x" }),
        )
        .await
        .expect(200);
    let lowered = app.as_admin().post(&path, limit(3)).await.expect(200);
    assert_eq!(
        lowered["consultations"],
        json!({ "limit": 3, "used": 3, "remaining": 0 })
    );
    let list = app.as_desk(&desk).get(sessions(&case)).await.expect(200);
    let mut places: Vec<i64> = list
        .items()
        .iter()
        .filter_map(|item| item["session"].as_i64())
        .collect();
    places.sort();
    assert_eq!(places, [1, 2, 3]);
    // The office's setting is for new cases.
    let settings = app.as_admin().get("/settings").await.expect(200);
    app.as_admin()
        .patch("/settings", json!({ "session_limit": 5 }))
        .if_match(settings.etag())
        .await
        .expect(200);
    assert_eq!(app.make_case().await["consultations"]["limit"], 5);
    assert_eq!(app.show_case(&case).await["consultations"]["limit"], 3);
}

#[actix_web::test]
async fn a_report_goes_from_draft_to_approval() {
    let app = TestApp::start().await;
    let (desk, manager, case) = assigned(&app).await;
    let session = app.book(&desk, &case, 2).await;
    let path = format!("/consultations/{}/report", session.id());
    let body = json!({ "situation": "現状", "advice": "助言", "next_steps": "次回" });
    let mine = app.as_manager(&manager);
    let empty = mine.get(&path).await.expect(200);
    assert_eq!(
        (&empty["state"], empty.etag().as_str()),
        (&json!("none"), "\"0\"")
    );
    mine.put(&path, body.clone())
        .if_match("\"0\"")
        .await
        .problem("illegal-move");
    let held = app.hold(&desk, &session).await;
    mine.put(&path, body.clone())
        .await
        .problem("precondition-required");
    mine.post(format!("{path}/submit"), json!({}))
        .await
        .problem("illegal-move");
    let draft = mine
        .put(&path, body.clone())
        .if_match("\"0\"")
        .await
        .expect(200);
    mine.put(&path, body.clone())
        .if_match("\"0\"")
        .await
        .problem("stale");
    let draft = app
        .as_desk(&desk)
        .put(&path, body.clone())
        .if_match(draft.etag())
        .await
        .expect(200);
    let close = json!({ "outcome": "completed" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/close", case.id()), close.clone())
        .await
        .problem("illegal-move");
    mine.post(format!("{path}/submit"), json!({}))
        .if_match(draft.etag())
        .await
        .expect(200);
    mine.put(&path, body.clone())
        .if_match("\"3\"")
        .await
        .problem("illegal-move");
    mine.post(format!("{path}/approve"), json!({}))
        .await
        .problem("forbidden");
    let returned = app
        .as_desk(&desk)
        .post(format!("{path}/return"), json!({ "reason": "数字がない" }))
        .await
        .expect(200);
    assert_eq!(
        (&returned["state"], &returned["return_reason"]),
        (&json!("draft"), &json!("数字がない"))
    );
    assert_eq!(app.show_case(&case).await["due"]["kind"], "report");
    mine.post(format!("{path}/submit"), json!({}))
        .await
        .expect(200);
    assert_eq!(app.show_case(&case).await["due"], Value::Null);
    app.as_desk(&desk)
        .post(format!("{path}/approve"), json!({}))
        .await
        .expect(200);
    let approved = app
        .as_desk(&desk)
        .get(format!("/consultations/{}", held.id()))
        .await
        .expect(200);
    assert_eq!(approved["report"], "approved");
    mine.put(&path, body)
        .if_match("\"6\"")
        .await
        .problem("illegal-move");
    app.as_desk(&desk)
        .post(format!("/cases/{}/close", case.id()), close)
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_released_manager_keeps_the_session_until_its_report_is_approved() {
    let app = TestApp::start().await;
    let (desk, manager, case) = assigned(&app).await;
    let session = app.book(&desk, &case, 2).await;
    app.hold(&desk, &session).await;
    let ahead = app.book(&desk, &case, 5).await;
    let assignment = app.show_case(&case).await["managers"][0]["assignment_id"]
        .as_str()
        .unwrap()
        .to_owned();
    app.as_manager(&manager)
        .post(
            format!("/assignments/{assignment}/release"),
            json!({ "reason": "転居" }),
        )
        .await
        .expect(204);
    let shown = app.show_case(&case).await;
    assert_eq!(shown["status"], "accepted");
    let cancelled = app
        .as_desk(&desk)
        .get(format!("/consultations/{}", ahead.id()))
        .await
        .expect(200);
    assert_eq!(cancelled["state"], "cancelled");
    let mine = app.as_manager(&manager);
    mine.get(format!("/cases/{}", case.id()))
        .await
        .problem("not-found");
    let path = format!("/consultations/{}", session.id());
    mine.get(&path).await.expect(200);
    mine.get(format!("/consultations/{}", ahead.id()))
        .await
        .problem("not-found");
    let body = json!({ "situation": "現状", "advice": "助言", "next_steps": "次回" });
    mine.put(format!("{path}/report"), body)
        .if_match("\"0\"")
        .await
        .expect(200);
    mine.post(format!("{path}/report/submit"), json!({}))
        .await
        .expect(200);
    app.as_desk(&desk)
        .post(format!("{path}/report/approve"), json!({}))
        .await
        .expect(200);
    mine.get(&path).await.problem("not-found");
}

#[actix_web::test]
async fn rerouting_keeps_what_is_used() {
    let app = TestApp::start().await;
    let (desk, _, case) = assigned(&app).await;
    let session = app.book(&desk, &case, 2).await;
    app.hold(&desk, &session).await;
    app.book(&desk, &case, 5).await;
    let second = app.make_desk_for("13").await;
    let route = json!({ "desk_id": second.id(), "reason": "移転" });
    app.as_supervisor()
        .post(format!("/cases/{}/route", case.id()), route)
        .await
        .expect(200);
    let shown = app.show_case(&case).await;
    assert_eq!(
        (&shown["status"], &shown["managers"]),
        (&json!("routed"), &json!([]))
    );
    assert_eq!(shown["consultations"]["used"], 1);
    app.as_desk(&desk)
        .get(format!("/consultations/{}", session.id()))
        .await
        .problem("not-found");
    app.as_desk(&second)
        .get(format!("/consultations/{}", session.id()))
        .await
        .expect(200);
}

#[actix_web::test]
async fn the_calendar_lists_what_is_in_view() {
    let app = TestApp::start().await;
    let (desk, manager, case) = assigned(&app).await;
    let other_desk = app.make_desk_for("13").await;
    app.book(&desk, &case, 3).await;
    app.book(&desk, &case, 6).await;
    let list = format!("/consultations?manager_id={}&state=booked", manager.id());
    assert_eq!(
        app.as_manager(&manager)
            .get(&list)
            .await
            .expect(200)
            .items()
            .len(),
        2
    );
    assert_eq!(
        app.as_desk(&other_desk)
            .get(&list)
            .await
            .expect(200)
            .items()
            .len(),
        0
    );
    let page = app
        .as_desk(&desk)
        .get(format!("/consultations?desk_id={}&limit=1", desk.id()))
        .await
        .expect(200);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = app
        .as_desk(&desk)
        .get(format!(
            "/consultations?desk_id={}&limit=1&cursor={next}",
            desk.id()
        ))
        .await
        .expect(200);
    assert_ne!(page.items()[0]["id"], rest.items()[0]["id"]);
    assert_eq!(rest["next_cursor"], Value::Null);
}
