//! The probes, and that the harness itself works.

use crate::harness::TestApp;
use serde_json::json;

#[actix_web::test]
async fn the_process_is_alive_and_ready() {
    let app = TestApp::start().await;
    assert_eq!(
        app.as_nobody().get("//healthz").await.expect(200).text,
        "ok\n"
    );
    let ready = app.as_nobody().get("//readyz").await.expect(200);
    assert_eq!(ready["database"], "ok");
    assert!(ready["migrations"].as_i64().unwrap() >= 1);
}

#[actix_web::test]
async fn without_a_worker_the_process_is_not_ready() {
    let app = TestApp::start().await;
    app.run_jobs().await;
    let case = app.make_case().await;
    let message = json!({ "body": "ご回答です。" });
    app.as_operator()
        .post(format!("/cases/{}/messages", case.id()), message)
        .await
        .expect(201);
    app.as_nobody().get("//readyz").await.expect(200);
    app.advance(chrono::TimeDelta::minutes(10));
    let waits = app.as_nobody().get("//readyz").may_fail().await;
    waits.problem("unavailable");
    app.run_jobs().await;
    app.as_nobody().get("//readyz").await.expect(200);
}

#[actix_web::test]
async fn everybody_can_sign_in_over_a_real_socket() {
    let app = TestApp::start_with_sockets().await;
    let me = app.as_admin().get("/me").await.expect(200);
    assert_eq!(me["role"], "admin");
    app.as_nobody().get("/me").await.problem("unauthenticated");
    let refused = app
        .as_nobody()
        .post(
            "/auth/login",
            json!({ "email": "admin@example.jp", "password": "wrong" }),
        )
        .await;
    refused.problem("unauthenticated");
}

#[actix_web::test]
async fn tokens_are_renewed_when_the_clock_moves_on() {
    let app = TestApp::start().await;
    let before = app.as_operator().token().await;
    app.as_operator().get("/me").await.expect(200);
    app.advance(chrono::TimeDelta::days(40));
    app.as_operator().get("/me").await.expect(200);
    assert_ne!(app.as_operator().token().await, before);
    app.with_token(&before.unwrap())
        .get("/me")
        .await
        .problem("unauthenticated");
}
