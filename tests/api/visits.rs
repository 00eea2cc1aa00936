//! Check-in and check-out at a visit: who may, when, twice, offline, and what becomes of it.

use crate::harness::{Client, HasId, TestApp, TestResponse, accepted, refused};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// A visit in three days from now, for ninety minutes.
async fn visit(app: &TestApp, desk: &impl HasId, case: &impl HasId) -> TestResponse {
    let mut session = app.session(3);
    session["mode"] = json!("visit");
    session["place"] = json!("青森市長島1丁目");
    app.as_desk(desk)
        .post(format!("/cases/{}/consultations", case.id()), session)
        .await
        .expect(201)
}

fn time(session: &TestResponse, field: &str) -> DateTime<Utc> {
    session[field].as_str().unwrap().parse().unwrap()
}

/// The clock moves to so many minutes after the booked beginning.
fn minutes_into(app: &TestApp, session: &TestResponse, minutes: i64) {
    app.clock
        .set(time(session, "starts_at") + TimeDelta::minutes(minutes));
}

async fn tap(client: &Client, session: &impl HasId, which: &str, body: Value) -> TestResponse {
    client
        .post(
            format!("/consultations/{}/check-{which}", session.id()),
            body,
        )
        .await
}

/// A desk, its manager, and a visit of theirs.
async fn world() -> (
    TestApp,
    TestResponse,
    TestResponse,
    TestResponse,
    TestResponse,
) {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let session = visit(&app, &desk, &case).await;
    (app, desk, manager, case, session)
}

#[actix_web::test]
async fn two_taps_and_the_session_is_recorded() {
    let (app, desk, manager, case, session) = world().await;
    let client = app.as_manager(&manager);
    assert_eq!(session["checked_in_at"], Value::Null);
    minutes_into(&app, &session, -5);
    let arrived = app.now();
    let checked_in = tap(&client, &session, "in", json!({})).await.expect(200);
    assert_eq!(time(&checked_in, "checked_in_at"), arrived);
    assert_eq!(
        checked_in["checked_in_by"]["id"],
        json!(client.user_id().await)
    );
    assert_eq!(checked_in["checked_out_at"], Value::Null);
    assert_ne!(checked_in.etag(), session.etag());
    minutes_into(&app, &session, 80);
    let left = app.now();
    let checked_out = tap(&client, &session, "out", json!({})).await.expect(200);
    assert_eq!(time(&checked_out, "checked_out_at"), left);
    // The times may be left out now; what is given counts.
    let held = json!({ "mode": "visit", "attendees": [], "desk_attended": false });
    let path = format!("/consultations/{}/hold", session.id());
    let held = client.post(path, held).await.expect(200);
    assert_eq!(
        (time(&held, "started_at"), time(&held, "ended_at")),
        (arrived, left)
    );
    let kinds = app.kinds_in_timeline(&case).await;
    for kind in ["consultation_checked_in", "consultation_checked_out"] {
        assert!(kinds.iter().any(|this| this == kind), "{kinds:?}");
    }
    // A manager reads all of that in the case's history, not only its mail.
    let timeline = client
        .get(format!("/cases/{}/timeline", case.id()))
        .await
        .expect(200);
    let tapped = timeline
        .items()
        .iter()
        .find(|item| item["kind"] == "consultation_checked_in");
    let occurred_at = tapped.unwrap()["occurred_at"].as_str().unwrap();
    assert_eq!(occurred_at.parse::<DateTime<Utc>>().unwrap(), arrived);
    // What is recorded does not change.
    for which in ["in", "out"] {
        let late = tap(
            &app.as_desk(&desk),
            &session,
            which,
            json!({ "replace": true }),
        )
        .await;
        late.problem("illegal-move");
    }
}

#[actix_web::test]
async fn without_taps_the_times_are_asked_for() {
    let (app, desk, _, _, session) = world().await;
    minutes_into(&app, &session, 90);
    let path = format!("/consultations/{}/hold", session.id());
    let body = json!({ "mode": "visit", "attendees": [], "desk_attended": false });
    let refused = app.as_desk(&desk).post(&path, body).await;
    refused.invalid(&["/started_at", "/ended_at"]);
}

#[actix_web::test]
async fn a_second_tap_changes_nothing_and_a_correction_does() {
    let (app, desk, manager, _, session) = world().await;
    let client = app.as_manager(&manager);
    minutes_into(&app, &session, 0);
    let first = tap(&client, &session, "in", json!({})).await.expect(200);
    minutes_into(&app, &session, 3);
    for body in [json!({}), json!({ "at": app.now() })] {
        let second = tap(&client, &session, "in", body).await.expect(200);
        assert_eq!(second.json, first.json);
        assert_eq!(second.etag(), first.etag());
    }
    // The desk corrects it for them, after a call.
    let at = time(&session, "starts_at") - TimeDelta::minutes(10);
    let body = json!({ "at": at, "replace": true });
    let corrected = tap(&app.as_desk(&desk), &session, "in", body)
        .await
        .expect(200);
    assert_eq!(time(&corrected, "checked_in_at"), at);
    assert_eq!(
        corrected["checked_in_by"]["id"],
        json!(app.as_desk(&desk).user_id().await)
    );
}

#[actix_web::test]
async fn a_double_tap_is_one() {
    let (app, _, manager, case, session) = world().await;
    let client = app.as_manager(&manager);
    minutes_into(&app, &session, 0);
    let taps = app
        .parallel(8, |_| tap(&client, &session, "in", json!({})))
        .await;
    for answer in taps {
        answer.expect(200);
    }
    let kinds = app.kinds_in_timeline(&case).await;
    let tapped = kinds
        .iter()
        .filter(|kind| *kind == "consultation_checked_in");
    assert_eq!(tapped.count(), 1);
}

#[actix_web::test]
async fn a_phone_without_a_line_taps_later_but_not_days_later_nor_ahead() {
    let (app, _, manager, _, session) = world().await;
    let client = app.as_manager(&manager);
    let starts_at = time(&session, "starts_at");
    minutes_into(&app, &session, 8 * 60);
    tap(
        &client,
        &session,
        "in",
        json!({ "at": app.now() + TimeDelta::minutes(3) }),
    )
    .await
    .invalid(&["/at"]);
    // Now is too late for now, not for then.
    tap(&client, &session, "in", json!({}))
        .await
        .invalid(&["/at"]);
    let tapped = tap(&client, &session, "in", json!({ "at": starts_at }))
        .await
        .expect(200);
    assert_eq!(time(&tapped, "checked_in_at"), starts_at);
    tap(&client, &session, "out", json!({ "at": starts_at }))
        .await
        .invalid(&["/at"]);
    minutes_into(&app, &session, 30 * 60);
    let old = json!({ "at": starts_at + TimeDelta::minutes(90) });
    tap(&client, &session, "out", old).await.invalid(&["/at"]);
    // A clock that is a little ahead is no reason to refuse.
    let (app, _, manager, _, session) = world().await;
    minutes_into(&app, &session, 0);
    let ahead = json!({ "at": app.now() + TimeDelta::minutes(1) });
    let tapped = tap(&app.as_manager(&manager), &session, "in", ahead)
        .await
        .expect(200);
    assert_eq!(time(&tapped, "checked_in_at"), app.now());
}

#[actix_web::test]
async fn only_near_its_time_in_order_and_at_a_visit() {
    let (app, desk, manager, case, session) = world().await;
    let client = app.as_manager(&manager);
    tap(&client, &session, "in", json!({}))
        .await
        .invalid(&["/at"]);
    minutes_into(&app, &session, -121);
    tap(&client, &session, "in", json!({}))
        .await
        .invalid(&["/at"]);
    minutes_into(&app, &session, -119);
    tap(&client, &session, "out", json!({}))
        .await
        .problem("illegal-move");
    tap(&client, &session, "in", json!({})).await.expect(200);
    // Moved after an early check-in: that was for the old time.
    let starts_at = time(&session, "starts_at") + TimeDelta::days(1);
    let body = json!({ "starts_at": starts_at, "ends_at": starts_at + TimeDelta::hours(1) });
    let moved = app
        .as_desk(&desk)
        .post(format!("/consultations/{}/reschedule", session.id()), body)
        .await
        .expect(200);
    assert_eq!(moved["checked_in_at"], Value::Null);
    let online = app.book(&desk, &case, 10).await;
    minutes_into(&app, &online, 0);
    tap(&client, &online, "in", json!({}))
        .await
        .problem("illegal-move");
    // A position is not asked for and not taken.
    let body = json!({ "latitude": 40.8, "longitude": 140.7 });
    let refused = tap(&client, &session, "in", body).await.expect(422);
    refused.problem("validation");
}

#[actix_web::test]
async fn who_gives_it_taps_and_nobody_else() {
    let (app, desk, manager, case, session) = world().await;
    let (other_desk, other) = (app.make_desk_for("03").await, app.make_manager().await);
    let colleague = app.make_manager().await;
    app.assign(&desk, &case, &colleague, "ict").await;
    minutes_into(&app, &session, 0);
    for which in ["in", "out"] {
        let of = |client: Client| {
            let session = &session;
            async move { tap(&client, session, which, json!({})).await }
        };
        of(app.as_nobody()).await.problem("unauthenticated");
        for client in [app.as_operator(), app.as_auditor()] {
            of(client).await.problem("forbidden");
        }
        for client in [app.as_desk(&other_desk), app.as_manager(&other)] {
            of(client).await.problem("not-found");
        }
        // Of the other line: sees the case, does not give the session.
        of(app.as_manager(&colleague)).await.problem("forbidden");
        for client in [
            app.as_manager(&manager),
            app.as_desk(&desk),
            app.as_supervisor(),
            app.as_admin(),
        ] {
            of(client).await.expect(200);
            app.advance(TimeDelta::minutes(5));
        }
    }
}

#[actix_web::test]
async fn the_database_keeps_the_times_in_order() {
    let (app, desk, _, _, session) = world().await;
    let user = app.as_desk(&desk).user_id().await;
    let mut db = app.sql().await;
    let set = |fields: &str| {
        let fields = fields.replace("ME", &format!("'{user}'"));
        format!(
            "update consultation set {fields} where id = '{}'",
            session.id()
        )
    };
    accepted(
        &mut db,
        &set("checked_in_at = starts_at, checked_in_by = ME"),
    )
    .await;
    for (constraint, fields) in [
        (
            "consultation_check_in",
            "checked_in_at = starts_at - interval '3 hours', checked_in_by = ME",
        ),
        ("consultation_checked_by", "checked_in_at = starts_at"),
        (
            "consultation_check_out",
            "checked_out_at = ends_at, checked_out_by = ME",
        ),
        (
            "consultation_check_out",
            "checked_in_at = starts_at, checked_in_by = ME, checked_out_at = starts_at, checked_out_by = ME",
        ),
    ] {
        refused(&mut db, constraint, &set(fields)).await;
    }
}
