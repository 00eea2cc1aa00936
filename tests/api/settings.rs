//! What the office decides, and that it counts from then on.

use crate::harness::TestApp;
use serde_json::json;

#[actix_web::test]
async fn the_defaults_are_those_of_the_programme() {
    let app = TestApp::start().await;
    let settings = app.as_operator().get("/settings").await.expect(200);
    for (name, value) in [
        ("session_limit", 3),
        ("route_days", 1),
        ("accept_days", 1),
        ("first_contact_days", 2),
        ("answer_offer_days", 2),
        ("report_days", 5),
        ("wait_review_days", 10),
        ("return_days", 5),
        ("unreachable_attempts", 3),
        ("reopen_days", 90),
    ] {
        assert_eq!(settings[name], value, "{name}");
    }
    assert_eq!(settings["enterprise_guard"], "flag");
}

#[actix_web::test]
async fn the_office_changes_what_it_has_seen() {
    let app = TestApp::start().await;
    let admin = app.as_admin();
    let seen = admin.get("/settings").await.expect(200).etag();
    admin
        .patch("/settings", json!({ "session_limit": 5 }))
        .await
        .problem("precondition-required");
    let changed = admin
        .patch(
            "/settings",
            json!({ "session_limit": 5, "enterprise_guard": "block" }),
        )
        .if_match(&seen)
        .await
        .expect(200);
    assert_eq!(
        (&changed["session_limit"], &changed["enterprise_guard"]),
        (&json!(5), &json!("block"))
    );
    assert_eq!(changed["route_days"], 1, "what was not sent stays");
    assert_ne!(changed.etag(), seen);
    admin
        .patch("/settings", json!({ "session_limit": 6 }))
        .if_match(&seen)
        .await
        .problem("stale");
    // The same once more is no change.
    let same = admin
        .patch("/settings", json!({ "session_limit": 5 }))
        .if_match(changed.etag())
        .await
        .expect(200);
    assert_eq!(same.etag(), changed.etag());
    assert_eq!(admin.get("/settings").await.expect(200).json, changed.json);
    let recorded: Vec<String> =
        sqlx::query_scalar("select data::text from audit_event where kind = 'settings_changed'")
            .fetch_all(&mut app.sql().await)
            .await
            .unwrap();
    assert_eq!(
        recorded,
        [r#"{"fields":["session_limit","enterprise_guard"]}"#]
    );
}

#[actix_web::test]
async fn settings_have_bounds() {
    let app = TestApp::start().await;
    let admin = app.as_admin();
    let seen = admin.get("/settings").await.expect(200).etag();
    let faulty = json!({ "session_limit": 10, "route_days": 0, "report_days": 261, "unreachable_attempts": 0, "reopen_days": -1 });
    let pointers = [
        "/route_days",
        "/report_days",
        "/session_limit",
        "/unreachable_attempts",
        "/reopen_days",
    ];
    admin
        .patch("/settings", faulty)
        .if_match(&seen)
        .await
        .invalid(&pointers);
    let faulty = json!({ "session_limit": null, "enterprise_guard": "perhaps", "days": 1 });
    admin
        .patch("/settings", faulty)
        .if_match(&seen)
        .await
        .problem("validation");
    assert_eq!(admin.get("/settings").await.expect(200).etag(), seen);
}

#[actix_web::test]
async fn a_new_limit_counts_for_new_cases() {
    let app = TestApp::start().await;
    let before = app.make_case().await;
    let seen = app.as_admin().get("/settings").await.expect(200).etag();
    app.as_admin()
        .patch("/settings", json!({ "session_limit": 2 }))
        .if_match(seen)
        .await
        .expect(200);
    let after = app.make_case().await;
    assert_eq!(app.show_case(&before).await["consultations"]["limit"], 3);
    assert_eq!(after["consultations"]["limit"], 2);
}

#[actix_web::test]
async fn two_admins_do_not_overwrite_each_other() {
    let app = TestApp::start().await;
    let seen = app.as_admin().get("/settings").await.expect(200).etag();
    let answers = app
        .parallel(10, async |n| {
            app.as_admin()
                .patch("/settings", json!({ "reopen_days": 100 + n }))
                .if_match(&seen)
                .await
                .status
        })
        .await;
    assert_eq!(
        answers.iter().filter(|status| **status == 200).count(),
        1,
        "{answers:?}"
    );
    assert_eq!(
        answers.iter().filter(|status| **status == 412).count(),
        9,
        "{answers:?}"
    );
}
