//! Handing the whole programme over: the other installation shows the same, or nothing.

use crate::harness::{Client, HasId, PASSWORD, TestApp};
use madoguchi::{
    audit::checkpoint::AuditKey,
    auth::cli,
    demo,
    handover::{self, EXCLUDED, Installation, Manifest, Proof, SEEDED},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// A folder of this test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("handover-{}", uuid::Uuid::now_v7());
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn key() -> AuditKey {
    AuditKey("a key for tests, a key for tests".into())
}

async fn hand_over(app: &TestApp, to: &Folder) -> (Manifest, String) {
    let here = Installation {
        connections: &app.connections,
        store: &app.store,
        audit_key: &key(),
    };
    handover::export(&here, &to.0).await.unwrap()
}

async fn take_over(app: &TestApp, from: &Folder) -> Result<Proof, String> {
    let here = Installation {
        connections: &app.connections,
        store: &app.store,
        audit_key: &key(),
    };
    handover::import(&here, &from.0).await
}

/// What an office is made of, small.
async fn small_office() -> TestApp {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let manager = app.make_manager().await;
    let case = app.make_consulting_case(&desk, &manager).await;
    app.as_desk(&desk)
        .post(
            format!("/cases/{}/notes", case.id()),
            json!({ "body": "一行目\n二行目\\N\t\"引用\"" }),
        )
        .await
        .expect(201);
    let form = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\
        Content-Type: text/plain\r\n\r\nfile\r\n--b--\r\n";
    app.as_desk(&desk)
        .call(
            actix_web::http::Method::POST,
            format!("/cases/{}/attachments", case.id()),
        )
        .body("multipart/form-data; boundary=b", form)
        .await
        .expect(201);
    app.run_jobs().await;
    app
}

/// Rows of every table that goes along.
async fn rows(db: &mut PgConnection) -> Vec<(String, i64)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
    )
    .fetch_all(&mut *db)
    .await
    .unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let count = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&mut *db)
            .await
            .unwrap();
        rows.push((table, count));
    }
    rows
}

/// Constraints, indexes and triggers.
async fn guards(db: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        r#"
        select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || ' ' || convalidated
        from pg_constraint
        where connamespace = 'public'::regnamespace
        union all
        select indexdef from pg_indexes where schemaname = 'public'
        union all
        select tgrelid::regclass || ' ' || tgname::text || ' ' || tgenabled::text from pg_trigger where not tgisinternal
        order by 1
        "#,
    )
    .fetch_all(db)
    .await
    .unwrap()
}

/// Everything of a list, page by page.
async fn all_of(who: &Client, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let join = if path.contains('?') { '&' } else { '?' };
        let page = who
            .get(format!("{path}{join}limit=200{cursor}"))
            .await
            .expect(200);
        items.extend_from_slice(page.items());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Client {
    let signed_in = app
        .as_nobody()
        .post(
            "/auth/login",
            json!({ "email": email, "password": password }),
        )
        .await
        .expect(200);
    app.with_token(signed_in["access_token"].as_str().unwrap())
}

/// One filling for all, because it takes its time.
#[actix_web::test]
async fn the_other_installation_shows_the_same() {
    let old = TestApp::start().await;
    demo::fill_store(&old.store).await.unwrap();
    old.run_jobs().await;
    let folder = Folder::new();
    let (manifest, sha256) = hand_over(&old, &folder).await;
    assert!(manifest.tables["case_file"].rows >= 400);
    assert!(manifest.sequences.contains_key("case_number_2026"));

    let new = TestApp::start().await;
    new.clock.set(old.now());
    let before = guards(&mut new.sql_as_owner().await).await;
    let proof = take_over(&new, &folder).await.unwrap();
    assert!(proof.is_whole(), "{proof}");
    assert_eq!(proof.manifest, sha256);
    let text = proof.to_string();
    assert!(
        text.contains("case_file") && !text.contains("DIFFERENT"),
        "{text}"
    );
    assert_eq!(guards(&mut new.sql_as_owner().await).await, before);

    // Nobody brings their password along.
    let admin = "admin@demo.example.jp";
    new.as_nobody()
        .post(
            "/auth/login",
            json!({ "email": admin, "password": demo::PASSWORD }),
        )
        .await
        .problem("unauthenticated");
    // Who is not given one takes the link for a forgotten one.
    new.as_nobody()
        .post(
            "/auth/password-reset",
            json!({ "email": "operator@demo.example.jp" }),
        )
        .await
        .expect(204);
    new.run_jobs().await;
    let links: i64 = sqlx::query_scalar("select count(*) from password_reset")
        .fetch_one(&mut new.sql().await)
        .await
        .unwrap();
    assert_eq!(links, 1);
    set_password(&new, admin).await;
    let there = sign_in(&old, admin, demo::PASSWORD).await;
    let here = sign_in(&new, admin, PASSWORD).await;
    let lists = [
        "/cases",
        "/cases?sort=received_at",
        "/cases?status=open&sort=due_at",
        "/cases?q=在宅勤務",
        "/consultations",
        "/enterprises",
        "/intake/emails",
    ];
    for list in lists {
        let (there, here) = (all_of(&there, list).await, all_of(&here, list).await);
        assert!(!there.is_empty(), "{list}");
        assert_eq!(there, here, "{list}");
    }
    let pages = [
        "/cases/counts",
        "/settings",
        "/desks",
        "/managers",
        "/templates",
        "/mailboxes",
    ];
    for page in pages {
        let (there, here) = (
            there.get(page).await.expect(200),
            here.get(page).await.expect(200),
        );
        assert_eq!(there.json, here.json, "{page}");
    }
    // The trail goes on from where it stood: signing in and setting a password came after it.
    let case = all_of(&here, "/cases").await.swap_remove(0);
    let path = format!("/cases/{}/timeline", case.id());
    assert_eq!(
        there.get(&path).await.expect(200).json,
        here.get(&path).await.expect(200).json
    );
    // And life goes on: the next number, and no news from what came in.
    let next = here.post("/cases", new.case_request()).await.expect(201);
    let last = manifest.sequences["case_number_2026"].last_value;
    assert_eq!(next["number"], format!("TW-2026-{:06}", last + 1));
    new.run_jobs().await;
    let report = crate::audit::verify(&new).await;
    assert_eq!(report["intact"], true, "{report:#}");
}

async fn set_password(app: &TestApp, email: &str) {
    cli::set_password(&app.store, email, &PASSWORD.into())
        .await
        .unwrap();
}

#[actix_web::test]
async fn files_go_along_and_secrets_stay() {
    let old = small_office().await;
    // Secrets of all kinds.
    let body = json!({ "name": "機械", "permissions": ["read_cases"], "expires_at": old.now() + chrono::TimeDelta::days(1) });
    let token = old
        .as_supervisor()
        .post("/api-tokens", body)
        .await
        .expect(201);
    old.as_admin()
        .post("/webhooks", json!({ "url": "https://example.jp/hook" }))
        .await
        .expect(201);
    old.run_jobs().await;
    let folder = Folder::new();
    let (manifest, _) = hand_over(&old, &folder).await;
    assert_eq!(manifest.files.len(), 1);
    let hashes: Vec<String> = sqlx::query_scalar(
        "select password_hash from app_user where password_hash is not null union all select encode(hash, 'hex') from api_token union all select encode(secret, 'hex') from webhook",
    )
    .fetch_all(&mut old.sql().await)
    .await
    .unwrap();
    assert!(hashes.len() >= 4);
    for file in fs::read_dir(folder.0.join("tables")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        for secret in &hashes {
            assert!(!text.contains(secret.as_str()));
        }
    }
    let mode = |path: &Path| {
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions())
    };
    assert_eq!(mode(&folder.0) & 0o777, 0o700);
    assert_eq!(mode(&folder.0.join("manifest.json")) & 0o777, 0o600);
    let new = TestApp::start().await;
    let proof = take_over(&new, &folder).await.unwrap();
    assert!(proof.is_whole(), "{proof}");
    let digest = madoguchi::blobs::Digest::of(b"file");
    assert_eq!(&new.blobs.get(&digest).await.unwrap().unwrap()[..], b"file");
    new.with_token(token["token"].as_str().unwrap())
        .get("/cases")
        .await
        .problem("unauthenticated");
}

/// A table that is added later goes along without a word; what stays behind is there and has its reason.
#[actix_web::test]
async fn a_table_that_is_added_later_goes_along() {
    let old = small_office().await;
    let mut owner = old.sql_as_owner().await;
    owner
        .execute("create table later (id uuid primary key, said text); insert into later select gen_random_uuid(), 'x' from generate_series(1, 3)")
        .await
        .unwrap();
    let folder = Folder::new();
    let (manifest, _) = hand_over(&old, &folder).await;
    assert_eq!(manifest.tables["later"].rows, 3);
    for (name, count) in rows(&mut owner).await {
        let stays = EXCLUDED.iter().find(|(excluded, _)| *excluded == name);
        match manifest.tables.get(&name) {
            Some(part) => assert_eq!(part.rows as i64, count, "{name}"),
            None => assert!(stays.is_some_and(|(_, why)| !why.is_empty()), "{name}"),
        }
    }
    for (name, _) in EXCLUDED {
        let exists: bool = sqlx::query_scalar("select to_regclass($1) is not null")
            .bind(name)
            .fetch_one(&mut owner)
            .await
            .unwrap();
        assert!(exists, "{name} is no table");
    }
    // A program that does not know it refuses, and says so.
    let new = TestApp::start().await;
    let refused = take_over(&new, &folder).await.unwrap_err();
    assert!(refused.contains("does not know"), "{refused}");
}

/// What migrations put into tables is known: a table that they fill later must be named in `SEEDED`, or no database is empty.
#[actix_web::test]
async fn a_fresh_database_is_empty() {
    let app = TestApp::start().await;
    let folder = Folder::new();
    let mut db = app.sql_as_owner().await;
    let fresh = rows(&mut db).await;
    let (manifest, _) = hand_over(&app, &folder).await;
    for (name, count) in fresh {
        if let Some(part) = manifest.tables.get(&name)
            && !part.is_rule
        {
            let is_seeded = SEEDED.contains(&name.as_str());
            assert!(
                count == 0 || is_seeded,
                "{name} has {count} rows in a fresh database: name it in SEEDED"
            );
        }
    }
}

#[actix_web::test]
async fn what_was_tampered_with_is_refused() {
    let old = small_office().await;
    let folder = Folder::new();
    hand_over(&old, &folder).await;
    let new = TestApp::start().await;
    let before = rows(&mut new.sql_as_owner().await).await;
    let tampered = [
        ("tables/note.copy", "二行目", "三行目"),
        ("tables/case_file.copy", "TW-2026", "TW-2027"),
        ("tables/audit_event.copy", "case_created", "case_crested"),
        ("manifest.json", "madoguchi-handover", "madoguchi-handovar"),
        ("manifest.json", "\"rows\": 1", "\"rows\": 2"),
        ("manifest.json", "\"key_check\": \"", "\"key_check\": \"0"),
    ];
    for (file, from, to) in tampered {
        let path = folder.0.join(file);
        let good = fs::read_to_string(&path).unwrap();
        assert!(good.contains(from), "{file} has no {from}");
        fs::write(&path, good.replacen(from, to, 1)).unwrap();
        let refused = take_over(&new, &folder).await;
        assert!(refused.is_err(), "{file}: {from} became {to}");
        fs::write(&path, good).unwrap();
        assert_eq!(rows(&mut new.sql_as_owner().await).await, before, "{file}");
    }
    // Cut off, missing, and a folder that was never finished.
    let path = folder.0.join("tables/audit_head.copy");
    let good = fs::read(&path).unwrap();
    fs::write(&path, &good[..good.len() / 2]).unwrap();
    assert!(take_over(&new, &folder).await.is_err());
    fs::remove_file(&path).unwrap();
    assert!(take_over(&new, &folder).await.is_err());
    fs::write(&path, &good).unwrap();
    let manifest = folder.0.join("manifest.json");
    fs::rename(&manifest, folder.0.join("away")).unwrap();
    let refused = take_over(&new, &folder).await.unwrap_err();
    assert!(refused.contains("not complete"), "{refused}");
    fs::rename(folder.0.join("away"), &manifest).unwrap();
    assert_eq!(rows(&mut new.sql_as_owner().await).await, before);
    assert!(take_over(&new, &folder).await.unwrap().is_whole());
}

/// Even where the forger makes the sums anew: the keys of the database judge every row.
#[actix_web::test]
async fn a_forged_row_leaves_nothing_behind() {
    let old = small_office().await;
    let folder = Folder::new();
    let (mut manifest, _) = hand_over(&old, &folder).await;
    let path = folder.0.join("tables/note.copy");
    let good = fs::read_to_string(&path).unwrap();
    let case: Vec<_> = good.split('\t').collect();
    let forged = good.replace(case[1], "00000000-0000-7000-8000-000000000000");
    fs::write(&path, &forged).unwrap();
    let part = manifest.tables.get_mut("note").unwrap();
    part.size = forged.len() as u64;
    part.sha256 = hex::encode(Sha256::digest(&forged));
    fs::remove_file(folder.0.join("manifest.json")).unwrap();
    manifest.write(&folder.0).unwrap();
    let new = TestApp::start().await;
    let before = rows(&mut new.sql_as_owner().await).await;
    let guards_before = guards(&mut new.sql_as_owner().await).await;
    let refused = take_over(&new, &folder).await.unwrap_err();
    assert!(refused.contains("note_case_id_fkey"), "{refused}");
    assert_eq!(rows(&mut new.sql_as_owner().await).await, before);
    assert_eq!(guards(&mut new.sql_as_owner().await).await, guards_before);
}

#[actix_web::test]
async fn a_database_that_is_used_is_refused() {
    let old = small_office().await;
    let folder = Folder::new();
    hand_over(&old, &folder).await;
    let new = TestApp::start().await;
    new.make_desk().await;
    let before = rows(&mut new.sql_as_owner().await).await;
    let refused = take_over(&new, &folder).await.unwrap_err();
    assert!(
        refused.contains("not empty") && refused.contains("desk"),
        "{refused}"
    );
    assert_eq!(rows(&mut new.sql_as_owner().await).await, before);
    // Nor is a folder filled twice.
    let here = Installation {
        connections: &old.connections,
        store: &old.store,
        audit_key: &key(),
    };
    let refused = handover::export(&here, &folder.0).await.unwrap_err();
    assert!(refused.contains("not empty"), "{refused}");
}

#[actix_web::test]
async fn an_import_that_breaks_off_leaves_nothing() {
    let old = small_office().await;
    let folder = Folder::new();
    hand_over(&old, &folder).await;
    let new = TestApp::start().await;
    let before = rows(&mut new.sql_as_owner().await).await;
    let guards_before = guards(&mut new.sql_as_owner().await).await;
    let mut broken_off = 0;
    for milliseconds in [5, 20, 40, 80, 120] {
        let import = take_over(&new, &folder);
        match tokio::time::timeout(Duration::from_millis(milliseconds), import).await {
            Err(_) => broken_off += 1,
            // It was faster.
            Ok(done) => return assert!(broken_off > 0 && done.unwrap().is_whole()),
        }
        // As where the process was killed: its connection goes with it.
        let mut db = new.sql_as_owner().await;
        db.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and usename = current_user and pid <> pg_backend_pid()")
            .await
            .unwrap();
        assert_eq!(rows(&mut db).await, before, "{milliseconds}");
        assert_eq!(guards(&mut db).await, guards_before, "{milliseconds}");
    }
    assert!(take_over(&new, &folder).await.unwrap().is_whole());
}
