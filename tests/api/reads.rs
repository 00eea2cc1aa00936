//! What is read most is one statement, and each statement goes by the indexes that were made for it.
//!
//! Round trips are what a read costs: a new one shows here before it shows in a measurement.

use crate::harness::{Client, TestApp};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, Row};
use std::{
    fmt::Debug,
    future::IntoFuture,
    sync::{Arc, Mutex},
    time::Duration,
};
use tracing::{Event, Subscriber, field::Field, instrument::WithSubscriber};
use tracing_subscriber::{
    layer::{Context, Layer, SubscriberExt},
    registry,
};

/// Notes the statements that the driver tells the log about.
#[derive(Clone, Default)]
struct Statements(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut text = (String::new(), String::new());
        event.record(&mut |field: &Field, value: &dyn Debug| match field.name() {
            "summary" => text.0 = format!("{value:?}"),
            "db.statement" => text.1 = format!("{value:?}"),
            _ => {}
        });
        // The statement stands there where it is longer than its summary.
        let (summary, whole) = text;
        let quoted = if whole.len() > 2 { whole } else { summary };
        let statement = serde_json::from_str(&quoted).unwrap_or(quoted);
        self.0.lock().unwrap().push(statement);
    }
}

/// The statements behind an address, which must be answered.
async fn statements_of(client: &Client, path: &str) -> Vec<String> {
    // The first request of a person looks them up.
    client.get(path).await.expect(200);
    let statements = Statements::default();
    let answered = async { client.get(path).await.expect(200) };
    answered
        .with_subscriber(registry().with(statements.clone()))
        .await;
    let noted = std::mem::take(&mut *statements.0.lock().unwrap());
    assert!(!noted.is_empty(), "{path}: nothing was noted");
    noted
}

/// The plan of the only statement behind an address, as for tables of any size: small ones would be read from end to end.
async fn plan_of(app: &TestApp, client: &Client, path: &str) -> String {
    let statements = statements_of(client, path).await;
    let [statement] = &statements[..] else {
        panic!("{path}: {statements:#?}");
    };
    let parameters = (1..20).take_while(|number| statement.contains(&format!("${number}")));
    let values = vec!["null"; parameters.count()].join(", ");
    let mut db = app.sql_as_reader().await;
    let prepare = format!(
        "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off; \
         prepare asked as {statement}"
    );
    db.execute(AssertSqlSafe(prepare)).await.unwrap();
    let explain = format!("explain (costs off) execute asked ({values})");
    let lines = sqlx::raw_sql(AssertSqlSafe(explain))
        .fetch_all(&mut db)
        .await
        .unwrap();
    let lines: Vec<String> = lines.iter().map(|line| line.get(0)).collect();
    lines.join("\n")
}

/// That each index is used, and no table read from end to end. Where the beginning of a name is given, any such index: of
/// two that serve as well, an empty table does not tell which a full one would be read by.
fn assert_goes_by(plan: &str, indexes: &[&str]) {
    assert!(!plan.contains("Seq Scan"), "{plan}");
    for index in indexes {
        assert!(plan.contains(&format!(" using {index}")), "{index}: {plan}");
    }
}

/// Of what belongs to a case.
const PARTS: [&str; 6] = [
    "contact_case",
    "assignment_one_live",
    "manager_pkey",
    "consultation_",
    "report_pkey",
    "case_flag_",
];

#[actix_web::test]
async fn what_is_read_most_is_one_statement() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let id = case.id();
    let number = case["number"].as_str().unwrap();
    for client in [
        app.as_operator(),
        app.as_desk(&desk),
        app.as_manager(&manager),
    ] {
        for path in [
            format!("/cases/{id}"),
            format!("/cases/by-number/{number}"),
            format!("/cases/{id}/timeline"),
            format!("/cases?status=open&desk_id={}", desk.id()),
            "/cases?status=open&sort=due_at".into(),
        ] {
            let statements = statements_of(&client, &path).await;
            assert_eq!(statements.len(), 1, "{path}: {statements:#?}");
            // For a limit that it does not know PostgreSQL thinks of a tenth of the table, and plans a list anew each time.
            let is_list = path.starts_with("/cases?");
            assert!(
                !is_list || !statements[0].contains("limit $"),
                "{path}: {statements:#?}"
            );
        }
    }
}

#[actix_web::test]
async fn a_case_is_read_by_its_keys() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let path = format!("/cases/{}", case.id());
    for client in [
        app.as_operator(),
        app.as_desk(&desk),
        app.as_manager(&manager),
    ] {
        let plan = plan_of(&app, &client, &path).await;
        assert_goes_by(&plan, &PARTS);
    }
}

#[actix_web::test]
async fn a_queue_is_read_in_its_order() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    app.make_assigned_case(&desk, &manager).await;
    let path = format!("/cases?status=open&desk_id={}", desk.id());
    let plan = plan_of(&app, &app.as_operator(), &path).await;
    assert_goes_by(&plan, &PARTS);
    assert_goes_by(&plan, &["case_file_desk_open"]);
    assert!(!plan.contains("Sort"), "{plan}");
}

#[actix_web::test]
async fn a_timeline_is_read_in_its_order() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let path = format!("/cases/{}/timeline", case.id());
    let texts = [
        "interaction_pkey",
        "note_pkey",
        "inbound_mail_",
        "message_pkey",
        "move_reason_pkey",
        "assignment_pkey",
        "app_user_pkey",
    ];
    for client in [app.as_desk(&desk), app.as_manager(&manager)] {
        let plan = plan_of(&app, &client, &path).await;
        assert_goes_by(&plan, &texts);
        assert!(plan.contains("Backward using audit_event_pkey"), "{plan}");
    }
}

/// Connections of the app to its database: how many there are, and how many of them have a transaction that is not over.
async fn connections(app: &TestApp) -> (i64, i64) {
    let query = "select count(*), count(*) filter (where xact_start is not null) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
    let row = sqlx::query(query).fetch_one(&mut app.sql().await).await;
    let row = row.unwrap();
    (row.get(0), row.get(1))
}

#[actix_web::test]
async fn a_transaction_that_fails_leaves_its_connection_fit_for_the_next() {
    let app = TestApp::start().await;
    let operator = app.as_operator();
    let case = app.make_case().await;
    let notes = format!("/cases/{}/notes", case.id());
    let no_such = format!("/cases/{}/notes", uuid::Uuid::nil());
    let text = json!({ "body": "折り返し待ち" });
    operator.post(&notes, text.clone()).await.expect(201);
    let (before, _) = connections(&app).await;
    for _ in 0..20 {
        operator.post(&no_such, text.clone()).await.expect(404);
        operator.post(&notes, text.clone()).await.expect(201);
    }
    assert_eq!(connections(&app).await, (before, 0));
}

#[actix_web::test]
async fn a_transaction_that_is_given_up_is_rolled_back_and_its_place_is_free() {
    let app = TestApp::start().await;
    let operator = app.as_operator();
    let case = app.make_case().await;
    let mut holder = app.sql().await;
    let mut holder = holder.begin().await.unwrap();
    let lock = format!(
        "select from case_file where id = '{}' for update",
        case.id()
    );
    holder.execute(AssertSqlSafe(lock)).await.unwrap();
    let close = json!({ "outcome": "answered" });
    for _ in 0..30 {
        let path = format!("/cases/{}/close", case.id());
        let given_up = operator.post(path, close.clone()).into_future();
        let waited = tokio::time::timeout(Duration::from_millis(50), given_up).await;
        assert!(waited.is_err(), "the case is locked");
    }
    holder.rollback().await.unwrap();
    // More than there are connections were given up; none is missing, and nothing of theirs stands.
    let open: Value = operator
        .get(format!("/cases/{}", case.id()))
        .await
        .expect(200)
        .json;
    assert_eq!(open["status"], "received");
    let path = format!("/cases/{}/close", case.id());
    operator.post(path, close).await.expect(200);
}
