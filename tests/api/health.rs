//! The probes, and that the harness itself works.

use crate::harness::TestApp;
use futures_util::future::join_all;
use madoguchi::app::AppOptions;
use serde_json::json;
use sqlx::Connection;
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

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

#[actix_web::test]
async fn beyond_its_capacity_the_server_refuses_at_once_and_serves_who_was_there() {
    let options = AppOptions {
        places: Arc::new(Semaphore::new(3)),
        ..AppOptions::default()
    };
    let app = TestApp::start_with(Box::leak(Box::new(options))).await;
    let case = app.make_case().await;
    let path = format!("/cases/{}/close", case.id());
    let operator = app.as_operator();
    let mut database = app.sql().await;
    let mut holding = database.begin().await.unwrap();
    sqlx::query("select from case_file where id = $1 for no key update")
        .bind(case.id())
        .execute(&mut *holding)
        .await
        .unwrap();
    let waiting = join_all((0..3).map(|_| {
        let close = json!({ "outcome": "withdrawn" });
        operator.post(&path, close).may_fail().into_future()
    }));
    let refused = async {
        // Until the three wait for the case.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let started = std::time::Instant::now();
        let refused = operator.get("/me").may_fail().await;
        assert!(started.elapsed() < Duration::from_millis(500));
        assert_eq!(refused.header("retry-after"), Some("2"));
        assert!(refused.header("x-request-id").is_some());
        refused.problem("unavailable");
        // The probes and the pages need no place.
        app.as_nobody().get("//healthz").await.expect(200);
        app.as_nobody().get("//readyz").await.expect(200);
        holding.rollback().await.unwrap();
    };
    let (answers, ()) = futures_util::join!(waiting, refused);
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 2);
    operator.get("/me").await.expect(200);
}
