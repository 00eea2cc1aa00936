//! What a row says of the next step: the next session, reports that are waited for, whom to ring, and why a step is not
//! allowed.

use crate::harness::{Client, HasId, TestApp, TestResponse};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// The case as the list has it.
async fn row(client: &Client, case: &impl HasId) -> Value {
    let list = client.get("/cases").await.expect(200);
    let id = json!(case.id());
    let row = list.items().iter().find(|row| row["id"] == id);
    row.expect("it is in the list").clone()
}

/// Why the move or step is refused; none where it is allowed, or not the role's at all.
fn refusal<'a>(of: &'a Value, list: &str, key: &str, name: &str) -> Option<&'a str> {
    let refused = of[list].as_array().unwrap();
    let this = refused.iter().find(|this| this[key] == name)?;
    this["reason"].as_str()
}

fn refused_move<'a>(case: &'a Value, name: &str) -> Option<&'a str> {
    refusal(case, "refused_moves", "move", name)
}

fn refused_step<'a>(session: &'a Value, name: &str) -> Option<&'a str> {
    refusal(session, "refused_steps", "step", name)
}

fn allowed(of: &Value, list: &str, name: &str) -> bool {
    of[list].as_array().unwrap().contains(&json!(name))
}

async fn session(client: &Client, session: &impl HasId) -> TestResponse {
    let path = format!("/consultations/{}", session.id());
    client.get(path).await.expect(200)
}

#[actix_web::test]
async fn a_row_says_when_the_next_session_is_and_which_reports_are_waited_for() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let client = app.as_desk(&desk);
    let before = row(&client, &case).await;
    assert_eq!(before["next_consultation"], Value::Null);
    assert_eq!(before["reports"], json!({ "due": 0, "submitted": 0 }));
    let second = app.book(&desk, &case, 7).await;
    let first = app.book(&desk, &case, 3).await.expect(201);
    let next = |session: &TestResponse| json!({ "id": session.id(), "starts_at": session["starts_at"], "ends_at": session["ends_at"], "mode": "online" });
    let same = |row: &Value, session: &TestResponse| {
        let time = |value: &Value| value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        let (given, wanted) = (&row["next_consultation"], next(session));
        given["id"] == wanted["id"]
            && given["mode"] == wanted["mode"]
            && time(&given["starts_at"]) == time(&wanted["starts_at"])
            && time(&given["ends_at"]) == time(&wanted["ends_at"])
    };
    assert!(same(&row(&client, &case).await, &first));
    app.hold(&desk, &first).await;
    let held = row(&client, &case).await;
    assert!(same(&held, &second));
    assert_eq!(held["reports"], json!({ "due": 1, "submitted": 0 }));
    assert_eq!(held["consultations"]["used"], 2);
    let path = format!("/consultations/{}/report", first.id());
    let report = json!({ "situation": "現状", "advice": "助言", "next_steps": "次回" });
    client
        .put(&path, report)
        .if_match("\"0\"")
        .await
        .expect(200);
    assert_eq!(
        row(&client, &case).await["reports"],
        json!({ "due": 1, "submitted": 0 })
    );
    client
        .post(format!("{path}/submit"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        row(&client, &case).await["reports"],
        json!({ "due": 0, "submitted": 1 })
    );
    client
        .post(format!("{path}/approve"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        row(&client, &case).await["reports"],
        json!({ "due": 0, "submitted": 0 })
    );
}

#[actix_web::test]
async fn a_manager_on_the_way_knows_whom_to_ring_until_released() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_consulting_case(&desk, &manager).await;
    let client = app.as_manager(&manager);
    let list = client.get("/consultations").await.expect(200);
    let booked = &list.items()[0];
    assert_eq!(booked["contact"]["phone"], case["contacts"][0]["phone"]);
    assert_eq!(booked["contact"]["name"], case["contacts"][0]["name"]);
    assert_eq!(booked["address"], case["site"]["address"]);
    assert_eq!(booked["enterprise_name"], case["enterprise"]["name"]);
    let shown = session(&client, booked).await;
    app.hold(&desk, &shown).await;
    let assignment = case["managers"][0]["assignment_id"].as_str().unwrap();
    let released = json!({ "reason": "都合により" });
    app.as_desk(&desk)
        .post(format!("/assignments/{assignment}/release"), released)
        .await
        .expect(200);
    let kept = session(&client, &shown).await;
    assert_eq!(
        (&kept["contact"], &kept["address"]),
        (&Value::Null, &Value::Null)
    );
}

#[actix_web::test]
async fn a_case_says_why_a_move_is_not_allowed() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let client = app.as_desk(&desk);
    let routed = app.make_routed_case(&desk).await;
    let shown = row(&client, &routed).await;
    assert!(allowed(&shown, "allowed_moves", "accept"));
    assert_eq!(refused_move(&shown, "close"), Some("owner"));
    assert_eq!(refused_move(&shown, "offer"), Some("status"));
    assert_eq!(refused_move(&shown, "book"), Some("no_manager"));
    assert_eq!(refused_move(&shown, "reopen"), Some("not_closed"));
    // What a desk never does is no news to it.
    assert_eq!(refused_move(&shown, "merge"), None);
    let operators = row(&app.as_operator(), &routed).await;
    assert_eq!(refused_move(&operators, "route"), Some("owner"));
    let case = app.make_assigned_case(&desk, &manager).await;
    for days in [3, 4, 5] {
        app.book(&desk, &case, days).await;
    }
    let full = row(&client, &case).await;
    assert_eq!(refused_move(&full, "book"), Some("no_session_left"));
    let closed = app.make_closed_case(&desk).await;
    let closed = row(&client, &closed).await;
    assert_eq!(refused_move(&closed, "book"), Some("closed"));
    assert!(allowed(&closed, "allowed_moves", "reopen"));
    // A move is allowed or refused, never both.
    for name in full["allowed_moves"].as_array().unwrap() {
        assert_eq!(refused_move(&full, name.as_str().unwrap()), None);
    }
}

#[actix_web::test]
async fn a_session_says_why_a_step_is_not_allowed() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let mut body = app.session(3);
    body["mode"] = json!("visit");
    let path = format!("/cases/{}/consultations", case.id());
    let visit = app.as_desk(&desk).post(path, body).await.expect(201);
    let client = app.as_manager(&manager);
    let shown = session(&client, &visit).await.json;
    assert!(allowed(&shown, "allowed_steps", "cancel"));
    assert_eq!(refused_step(&shown, "hold"), Some("not_begun"));
    assert_eq!(refused_step(&shown, "check_in"), Some("too_early"));
    assert_eq!(refused_step(&shown, "check_out"), Some("not_checked_in"));
    assert_eq!(refused_step(&shown, "write_report"), Some("not_begun"));
    // Managers neither void nor approve.
    for never in ["void", "approve_report"] {
        assert_eq!(refused_step(&shown, never), None);
        assert!(!allowed(&shown, "allowed_steps", never));
    }
    let starts_at: DateTime<Utc> = visit["starts_at"].as_str().unwrap().parse().unwrap();
    app.clock.set(starts_at + TimeDelta::minutes(5));
    let shown = session(&client, &visit).await.json;
    for step in ["check_in", "hold", "no_show", "write_report"] {
        assert!(allowed(&shown, "allowed_steps", step), "{step}: {shown:#}");
    }
    assert_eq!(refused_step(&shown, "cancel"), Some("begun"));
    assert_eq!(refused_step(&shown, "submit_report"), Some("not_held"));
    let tap = format!("/consultations/{}/check-in", visit.id());
    let tapped = client.post(tap, json!({})).await.expect(200).json;
    assert_eq!(refused_step(&tapped, "check_in"), Some("already_done"));
    assert!(allowed(&tapped, "allowed_steps", "check_out"));
    app.hold(&desk, &visit).await;
    let shown = session(&app.as_supervisor(), &visit).await.json;
    assert!(allowed(&shown, "allowed_steps", "void"));
    assert_eq!(refused_step(&shown, "hold"), Some("settled"));
    assert_eq!(refused_step(&shown, "approve_report"), Some("no_report"));
    let online = app.book(&desk, &case, 1).await;
    assert_eq!(refused_step(&online.json, "check_in"), Some("not_a_visit"));
}
