//! The generator of many cases in `benches/`: what it makes is what the program would have made.

use crate::audit::verify;
use crate::harness::TestApp;
use madoguchi::text::{CorporateNumber, fold, fold_enterprise};
use sqlx::PgConnection;
use std::{path::Path, process::Command};

/// As `benches/README.md` says, by the owner of the tables.
fn generate(app: &TestApp, cases: u32) {
    let owner = &app.connections.owner;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/generate.sql");
    let output = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--username", owner.get_username()])
        .arg("--host")
        .arg(owner.get_socket().expect("a private server has a socket"))
        .args(["--port", &owner.get_port().to_string()])
        .args(["--dbname", owner.get_database().unwrap()])
        .args(["--set", &format!("cases={cases}")])
        .args(["--set", &format!("until={}", app.now().format("%Y-%m-%d"))])
        .arg("--file")
        .arg(script)
        .output()
        .expect("psql comes with PostgreSQL");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Everything that rests while data is loaded.
async fn guards(db: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        r#"
        select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || ' ' || convalidated
        from pg_constraint
        where connamespace = 'public'::regnamespace
        union all
        select indexdef from pg_indexes where schemaname = 'public'
        union all
        select tgrelid::regclass || ' ' || tgname::text || ' ' || tgenabled::text
        from pg_trigger
        where not tgisinternal
        order by 1
        "#,
    )
    .fetch_all(db)
    .await
    .unwrap()
}

#[actix_web::test]
async fn generated_cases_are_as_the_program_would_have_made_them() {
    let app = TestApp::start().await;
    let mut reader = app.sql_as_reader().await;
    let before = guards(&mut reader).await;
    generate(&app, 600);
    assert_eq!(
        guards(&mut reader).await,
        before,
        "everything is on guard again"
    );
    let report = verify(&app).await;
    assert_eq!(report["intact"], true, "{report:#}");
    assert_eq!(report["cases"], 600);
    let enterprises: Vec<(String, String, String, String, Option<String>)> =
        sqlx::query_as("select name, name_key, kana, kana_key, corporate_number from enterprise")
            .fetch_all(&mut reader)
            .await
            .unwrap();
    for (name, name_key, kana, kana_key, number) in enterprises {
        assert_eq!(fold_enterprise(&name), name_key, "{name}");
        assert_eq!(fold(&kana), kana_key, "{kana}");
        assert!(
            number.is_none_or(|number| CorporateNumber::parse(&number).is_ok()),
            "{name}"
        );
    }
    let case = app.make_case().await;
    let last = app
        .as_operator()
        .get("/cases?status=closed&limit=1")
        .await
        .expect(200);
    let last = app
        .as_operator()
        .get(format!(
            "/cases/{}",
            last.items()[0]["id"].as_str().unwrap()
        ))
        .await
        .expect(200);
    assert!(
        case["number"].as_str() > last["number"].as_str(),
        "numbers go on"
    );
    app.as_operator()
        .get(format!("/cases/{}/timeline", last.id()))
        .await
        .expect(200);
}
