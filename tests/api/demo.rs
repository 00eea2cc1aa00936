//! The demonstration data: it goes in through the API without a single refusal, covers everything that can be, and is
//! put into no database of anybody else's.

use crate::audit::verify;
use crate::harness::TestApp;
use madoguchi::demo;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgConnection};
use std::time::{Duration, Instant};

async fn count(db: &mut PgConnection, of: &str) -> i64 {
    let sql = format!("select count(*) from {of}");
    sqlx::query_scalar(AssertSqlSafe(sql.as_str()))
        .fetch_one(db)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

async fn names(db: &mut PgConnection, sql: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_all(db)
        .await
        .unwrap()
}

/// What there must be some of.
const KINDS: [(&str, &str, &str); 13] = [
    (
        "years",
        "select distinct fiscal_year::text from case_file order by 1",
        "2025 2026",
    ),
    (
        "statuses",
        "select distinct status from case_file order by 1",
        "accepted assigned closed consulting received routed",
    ),
    (
        "outcomes",
        "select distinct outcome from case_file where outcome is not null order by 1",
        "answered completed duplicate ineligible referred spam unreachable withdrawn",
    ),
    (
        "offers",
        "select distinct state from offer order by 1",
        "accepted declined expired open revoked",
    ),
    (
        "sessions",
        "select distinct state from consultation order by 1",
        "booked cancelled held no_show voided",
    ),
    (
        "reports",
        "select distinct state from report order by 1",
        "approved draft submitted",
    ),
    (
        "faults",
        "select distinct no_show_by from consultation where state = 'no_show' and no_show_by <> 'desk' order by 1",
        "enterprise force_majeure manager",
    ),
    (
        "flags",
        "select distinct flag from case_flag where settled_at is null order by 1",
        "address_guessed complaint late_entry mail_after_close possible_duplicate same_enterprise_this_year",
    ),
    (
        "links",
        "select distinct kind from case_link order by 1",
        "follow_up related",
    ),
    (
        "channels",
        "select distinct channel from case_file order by 1",
        "email event fax letter phone visit web",
    ),
    (
        "mails",
        "select concat_ws(' ', kind, placed_by, quarantine_reason) from inbound_mail order by received_at",
        "normal new_case normal new_case normal plus_address normal plus_address normal stranger_with_number too_much normal new_case auto_reply automatic bounce unmatched_report",
    ),
    (
        "kinds",
        "select distinct kind from enterprise order by 1",
        "anonymous association company local_government sole_proprietor worker",
    ),
    (
        "moves",
        "select distinct move from case_history order by 1",
        "accept assign begin close create merge release reopen return route unmerge",
    ),
];

/// One filling for all, because it takes its time.
#[actix_web::test]
async fn an_office_in_the_middle_of_its_second_year() {
    let app = TestApp::start().await;
    let text = demo::fill_store(&app.store).await.unwrap();
    everything_is_there(&app).await;
    there_is_work_today(&app).await;
    its_mail_reached_nobody(&app).await;
    everybody_signs_in(&app, &text).await;
    let started = Instant::now();
    assert_eq!(demo::fill_store(&app.store).await.unwrap(), text);
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "the second start only looks"
    );
    the_trail_is_intact(&app).await;
}

async fn everything_is_there(app: &TestApp) {
    let db = &mut app.sql_as_owner().await;
    assert_eq!(count(db, "case_file where channel <> 'email'").await, 400);
    assert_eq!(count(db, "case_file where channel = 'email'").await, 3);
    assert_eq!(count(db, "manager").await, 40);
    for day in ["2025-04-01", "2026-03-31", "2026-04-01", "2026-11-24"] {
        let covered = format!(
            "(select distinct prefecture_code from desk_coverage where '{day}' between from_date and coalesce(to_date, '9999-12-31')) c"
        );
        assert_eq!(count(db, &covered).await, 47, "{day}");
    }
    let served = "(select distinct coalesce(c.site_prefecture_code, e.prefecture_code) from case_file c join enterprise e on e.id = c.enterprise_id) p";
    assert_eq!(count(db, served).await, 47);
    for (what, sql, expected) in KINDS {
        assert_eq!(names(db, sql).await.join(" "), expected, "{what}");
    }
    let from_the_future =
        "audit_event where recorded_at > '2026-11-24T01:00:00Z' or recorded_at < '2025-03-20'";
    assert_eq!(count(db, from_the_future).await, 0);
    let by_jobs = "case_history where move = 'return' and actor_id is null";
    assert!(count(db, by_jobs).await > 0);
}

/// Something is overdue, something is due today, and appointments lie ahead.
async fn there_is_work_today(app: &TestApp) {
    let db = &mut app.sql_as_owner().await;
    assert!(count(db, "case_file where due_at < '2026-11-24T01:00:00Z'").await >= 10);
    let today = "case_file where due_at between '2026-11-24T01:00:00Z' and '2026-11-24T15:00:00Z'";
    assert!(count(db, today).await >= 3);
    assert!(
        count(
            db,
            "consultation where state = 'booked' and starts_at > '2026-11-24T01:00:00Z'"
        )
        .await
            >= 10
    );
    let kinds = "select distinct due_kind from case_file where due_kind is not null order by 1";
    assert_eq!(
        names(db, kinds).await.join(" "),
        "accept answer_offer callback first_contact report route wait_review"
    );
}

/// The addresses are made up, and may be somebody's.
async fn its_mail_reached_nobody(app: &TestApp) {
    let db = &mut app.sql_as_owner().await;
    assert!(count(db, "message where state = 'sent'").await >= 500);
    assert_eq!(
        count(db, "message where state not in ('sent', 'taken_back')").await,
        0
    );
    let in_time = "message where sent_at < created_at or sent_at > created_at + interval '3 days'";
    assert_eq!(count(db, in_time).await, 0);
    app.run_jobs().await;
    assert!(app.outbox().is_empty());
}

async fn everybody_signs_in(app: &TestApp, text: &str) {
    for role in [
        "operator",
        "supervisor",
        "desk",
        "manager",
        "admin",
        "auditor",
    ] {
        let email = format!("{role}@demo.example.jp");
        assert!(text.contains(&email), "{text}");
        let signed_in = app
            .as_nobody()
            .post(
                "/auth/login",
                json!({ "email": email, "password": demo::PASSWORD }),
            )
            .await
            .expect(200);
        let token = signed_in["access_token"].as_str().unwrap().to_owned();
        let person = app.with_token(&token);
        assert_eq!(person.get("/me").await.expect(200)["role"], role);
        if role == "auditor" {
            continue;
        }
        let open = person.get("/cases/counts?status=open").await.expect(200);
        assert!(open["total"].as_i64().unwrap() >= 10, "{role}");
        let listed = person
            .get("/cases?status=open&sort=due_at")
            .await
            .expect(200);
        assert!(!listed.items().is_empty(), "{role}");
    }
}

async fn the_trail_is_intact(app: &TestApp) {
    app.run_jobs().await;
    let report = verify(app).await;
    assert_eq!(report["findings"], json!([]));
    assert_eq!(report["cases"], 403);
}

#[actix_web::test]
async fn nobody_elses_database_is_filled() {
    let app = TestApp::start().await;
    app.as_operator().get("/me").await.expect(200);
    let refused = demo::fill_store(&app.store).await.unwrap_err();
    assert!(refused.contains("empty database only"), "{refused}");
    let db = &mut app.sql_as_owner().await;
    assert_eq!(count(db, "case_file").await + count(db, "desk").await, 0);
}

#[actix_web::test]
async fn half_a_demonstration_is_said_to_be_one() {
    let app = TestApp::start().await;
    let admin = json!({ "email": "admin@demo.example.jp", "name": "杉浦 正人", "role": "admin" });
    app.as_admin().post("/users", admin).await.expect(201);
    let refused = demo::fill_store(&app.store).await.unwrap_err();
    assert!(refused.contains("by half"), "{refused}");
}
