//! What is read from a replica, and that nothing depends on it. The "replica" is another database, so that an answer shows
//! where it is from.

use crate::harness::{OtherProcess, TestApp};
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor, postgres::PgConnectOptions};

/// A program with one case, and a database with three.
async fn two_databases() -> (TestApp, TestApp) {
    let (app, copy) = (TestApp::start().await, TestApp::start().await);
    app.make_case().await;
    for _ in 0..3 {
        copy.make_case().await;
    }
    for app in [&app, &copy] {
        app.run_jobs().await;
    }
    (app, copy)
}

async fn token(app: &TestApp) -> String {
    app.as_operator().get("/me").await.expect(200);
    app.as_operator().token().await.unwrap()
}

/// How many cases the figures count there.
async fn counted(there: &OtherProcess, token: &str) -> i64 {
    let report = there.get("/reports/cases", token).await.expect(200);
    report["total"].as_i64().unwrap()
}

/// What `/readyz` says of the replica.
async fn state(there: &OtherProcess, token: &str) -> String {
    let ready = there.get("//readyz", token).await.expect(200);
    ready["replica"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn figures_exports_and_search_read_the_replica_and_nothing_else_does() {
    let (app, copy) = two_databases().await;
    let token = token(&app).await;
    let there = app
        .process_with_replica(copy.connections.reader.clone())
        .await;
    assert_eq!(state(&there, &token).await, "ok");

    assert_eq!(counted(&there, &token).await, 3);
    let rows = there.get("/reports/cases/rows", &token).await.expect(200);
    assert_eq!(rows.items().len(), 3);
    for path in [
        "/reports/overview",
        "/reports/times",
        "/reports/lateness",
        "/reports/capacity",
        "/reports/targets",
        "/reports/enterprises/rows",
    ] {
        there.get(path, &token).await.expect(200);
    }
    let asked = app
        .as_operator()
        .post("/exports", json!({ "kind": "cases", "format": "csv" }))
        .await
        .expect(201);
    there.run_jobs(&app).await;
    let made = app.as_operator().get(asked.location()).await.expect(200);
    assert_eq!(
        (&made["state"], &made["rows"]),
        (&json!("ready"), &json!(3))
    );

    // What is found there is shown from here, where it does not exist; so nothing is shown that somebody may no longer see.
    let cases = there.get("/cases", &token).await.expect(200);
    assert_eq!(cases.items().len(), 1);
    let number = cases.items()[0]["number"].as_str().unwrap();
    let path = format!("/search?q={number}");
    let found = there.get(&path, &token).await.expect(200);
    assert_eq!(found.items().len(), 0);
    let found = app.as_operator().get(&path).await.expect(200);
    assert_eq!(found.items().len(), 1);
}

#[actix_web::test]
async fn a_replica_that_is_away_is_not_missed() {
    let (app, copy) = two_databases().await;
    let token = token(&app).await;
    let nowhere = copy.connections.reader.clone().socket("/nowhere");
    let there = app.process_with_replica(nowhere).await;
    assert_eq!(state(&there, &token).await, "away");
    assert_eq!(counted(&there, &token).await, 1);
}

/// A way to the copy on which every question about cases ends like this.
async fn failing(copy: &TestApp, how: &str) -> PgConnectOptions {
    let mut owner = copy.sql_as_owner().await;
    let sql = format!(
        "create schema failing;
         create function failing.now() returns boolean stable language plpgsql as $$ begin {how}; return true; end $$;
         create view failing.case_file as select * from public.case_file where failing.now();
         grant usage on schema failing to madoguchi_reader;
         grant select on failing.case_file to madoguchi_reader"
    );
    owner.execute(AssertSqlSafe(sql)).await.unwrap();
    let reader = copy.connections.reader.clone();
    reader.options([("search_path", "failing, public")])
}

async fn survives(how: &str, left_as: &str) {
    let (app, copy) = two_databases().await;
    let token = token(&app).await;
    let there = app.process_with_replica(failing(&copy, how).await).await;
    assert_eq!(state(&there, &token).await, "ok");
    assert_eq!(counted(&there, &token).await, 1, "the primary's");
    assert_eq!(state(&there, &token).await, left_as);
    assert_eq!(counted(&there, &token).await, 1);
    let number = app.as_operator().get("/cases").await.expect(200);
    let number = number.items()[0]["number"].as_str().unwrap().to_owned();
    let found = there.get(format!("/search?q={number}"), &token).await;
    assert_eq!(found.expect(200).items().len(), 1);
}

#[actix_web::test]
async fn a_conflict_with_recovery_is_nobodys_error() {
    let conflict = "raise exception 'canceling statement due to conflict with recovery' using errcode = '40001'";
    survives(conflict, "ok").await;
}

#[actix_web::test]
async fn nor_is_a_replica_that_ends_the_connection() {
    survives("perform pg_terminate_backend(pg_backend_pid())", "away").await;
}
