//! Who saw what: noted beside the request, written within a second, never lost at a clean stop.

use crate::harness::{Client, TestApp};
use chrono::TimeDelta;
use madoguchi::views;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor};
use std::time::Instant;

async fn seen(app: &TestApp, query: String) -> Vec<Value> {
    views::flush(&app.store).await.unwrap();
    let list = app
        .as_admin()
        .get(format!("/views?{query}"))
        .await
        .expect(200);
    list.items().to_vec()
}

fn whats(seen: &[Value]) -> Vec<&str> {
    seen.iter()
        .map(|view| view["what"].as_str().unwrap())
        .collect()
}

async fn get(client: &Client, path: String) {
    client.get(path).await.expect(200);
}

#[actix_web::test]
async fn it_can_be_asked_by_case_and_by_person() {
    let app = TestApp::start().await;
    let (case, other) = (app.make_case().await, app.make_case().await);
    let (operator, supervisor) = (app.as_operator(), app.as_supervisor());
    get(&operator, format!("/cases/{}", case.id())).await;
    get(&operator, format!("/cases/{}/timeline", case.id())).await;
    get(
        &supervisor,
        format!("/cases/by-number/{}", case["number"].as_str().unwrap()),
    )
    .await;
    get(&operator, format!("/cases/{}", other.id())).await;
    let by_case = seen(&app, format!("case_id={}", case.id())).await;
    assert_eq!(whats(&by_case), ["case", "timeline", "case"]);
    assert_eq!(by_case[0]["user"]["role"], "supervisor");
    assert_eq!(by_case[0]["case_number"], case["number"]);
    assert_eq!(by_case[2]["user"]["id"], json!(operator.user_id().await));
    let by_person = seen(&app, format!("user_id={}", operator.user_id().await)).await;
    assert_eq!(whats(&by_person), ["case", "timeline", "case"]);
    assert_eq!(by_person[0]["case_id"], other["id"]);
    // In pages, and since a moment.
    let page = app
        .as_admin()
        .get(format!("/views?case_id={}&limit=2", case.id()))
        .await
        .expect(200);
    assert_eq!(page.items().len(), 2);
    let rest = format!(
        "/views?case_id={}&cursor={}",
        case.id(),
        page["next_cursor"].as_str().unwrap()
    );
    assert_eq!(app.as_admin().get(rest).await.expect(200).items().len(), 1);
    assert!(
        seen(&app, "from=2030-01-01T00:00:00Z".into())
            .await
            .is_empty()
    );
}

#[actix_web::test]
async fn parts_and_look_ups_lead_to_their_case() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let operator = app.as_operator();
    let body = json!({ "subject": "ご連絡", "body": "お電話ありがとうございました。" });
    let message = operator
        .post(format!("/cases/{}/messages", case.id()), body)
        .await
        .expect(201);
    app.run_jobs().await;
    let enterprise = case["enterprise"]["id"].as_str().unwrap();
    get(&operator, format!("/messages/{}", message.id())).await;
    get(&operator, format!("/enterprises/{enterprise}")).await;
    let email = case["contacts"][0]["email"].as_str().unwrap();
    get(&operator, format!("/callers?email={email}")).await;
    get(
        &operator,
        format!("/search?q={}", case["number"].as_str().unwrap()),
    )
    .await;
    // A refusal shows nothing, and neither does a list that everybody has open.
    app.as_auditor()
        .get(format!("/cases/{}", case.id()))
        .await
        .problem("forbidden");
    get(&operator, "/cases".into()).await;
    let mut by_case = seen(&app, format!("case_id={}", case.id())).await;
    by_case.reverse();
    assert_eq!(whats(&by_case), ["message", "caller", "search"]);
    assert_eq!(by_case[0]["subject_id"], json!(message.id()));
    let by_enterprise = seen(&app, format!("enterprise_id={enterprise}")).await;
    assert_eq!(whats(&by_enterprise), ["caller", "enterprise"]);
}

#[actix_web::test]
async fn the_same_within_a_second_is_one() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    for _ in 0..5 {
        get(&app.as_operator(), format!("/cases/{}", case.id())).await;
    }
    get(&app.as_supervisor(), format!("/cases/{}", case.id())).await;
    assert_eq!(seen(&app, format!("case_id={}", case.id())).await.len(), 2);
    get(&app.as_operator(), format!("/cases/{}", case.id())).await;
    assert_eq!(seen(&app, format!("case_id={}", case.id())).await.len(), 3);
}

#[actix_web::test]
async fn nothing_is_lost_while_the_database_is_away_nor_at_a_clean_stop() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let mut owner = app.sql_as_owner().await;
    owner
        .execute("alter table view_log rename to view_log_away")
        .await
        .unwrap();
    get(&app.as_operator(), format!("/cases/{}", case.id())).await;
    views::flush(&app.store).await.unwrap_err();
    get(&app.as_supervisor(), format!("/cases/{}", case.id())).await;
    views::flush(&app.store).await.unwrap_err();
    assert_eq!(app.store.views().waiting(), 2);
    owner
        .execute("alter table view_log_away rename to view_log")
        .await
        .unwrap();
    // The stop comes at once: what waits is written on the way out.
    views::run(&app.store, std::future::ready(())).await;
    assert_eq!(app.store.views().waiting(), 0);
    assert_eq!(seen(&app, format!("case_id={}", case.id())).await.len(), 2);
}

#[actix_web::test]
async fn it_is_only_added_to_until_its_years_are_over() {
    let app = TestApp::start().await;
    app.set_time("2024-05-01T09:00:00+09:00");
    let case = app.make_case().await;
    get(&app.as_operator(), format!("/cases/{}", case.id())).await;
    views::flush(&app.store).await.unwrap();
    app.set_time("2026-11-24T10:00:00+09:00");
    get(&app.as_operator(), format!("/cases/{}", case.id())).await;
    views::flush(&app.store).await.unwrap();
    for mut db in [app.sql().await, app.sql_as_owner().await] {
        for statement in ["update view_log set what = 'nothing'", "truncate view_log"] {
            db.execute(AssertSqlSafe(statement)).await.unwrap_err();
        }
    }
    app.sql()
        .await
        .execute("delete from view_log")
        .await
        .unwrap_err();
    // Not even by the way out, while it is younger than a year.
    let gone: i64 = sqlx::query_scalar("select dispose_of_views(now() + interval '9 years', 100)")
        .fetch_one(&mut app.sql().await)
        .await
        .unwrap();
    assert!(gone >= 1);
    assert!(app.count("view_log").await >= 1);
}

#[actix_web::test]
async fn a_run_takes_old_views() {
    let app = TestApp::start().await;
    app.set_time("2022-05-01T09:00:00+09:00");
    // Entered now: the token that enters people ends after a year.
    app.as_admin().get("/me").await.expect(200);
    let case = app.make_case().await;
    get(&app.as_operator(), format!("/cases/{}", case.id())).await;
    views::flush(&app.store).await.unwrap();
    // Seen in the fiscal year 2022, kept three years: until 31 March 2026.
    app.set_time("2026-04-01T09:00:00+09:00");
    let body = json!({ "as_of": "2026-04-01", "classes": ["view"] });
    let asked = app
        .as_admin()
        .post("/retention/runs", body)
        .await
        .expect(201);
    app.run_jobs().await;
    let done = app
        .as_admin()
        .get(format!("/retention/runs/{}", asked.id()))
        .await
        .expect(200);
    assert_eq!(
        done["counts"],
        json!([{ "class": "view", "kind": "view", "count": 1 }])
    );
    assert_eq!(
        seen(&app, format!("case_id={}", case.id())).await,
        Vec::<Value>::new()
    );
}

/// Not a benchmark: a guard against work that would grow with what waits. Prints what a view costs.
#[actix_web::test]
async fn a_view_costs_a_request_next_to_nothing() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let path = format!("/cases/{}", case.id());
    let operator = app.as_operator();
    get(&operator, path.clone()).await;
    let mut times = [TimeDelta::zero(); 2];
    for (round, time) in times.iter_mut().enumerate() {
        let began = Instant::now();
        for _ in 0..200 {
            get(&operator, path.clone()).await;
        }
        *time = TimeDelta::from_std(began.elapsed()).unwrap();
        println!(
            "round {round}: 200 views in {time}, {} waiting",
            app.store.views().waiting()
        );
    }
    assert!(times[1] < times[0] * 3, "{times:?}");
    assert_eq!(app.store.views().waiting(), 401);
}
