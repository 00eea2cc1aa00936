//! The worker is killed at random while it sends: what was committed arrives once, or is shown as unknown.

use crate::{harness::TestApp, smtp::Sink};
use chrono::Utc;
use serde_json::json;
use sqlx::{ConnectOptions, PgConnection, postgres::PgConnectOptions};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// How many messages are committed; as many again are rolled back.
const MESSAGES: usize = 48;

/// Each worker lives for so many milliseconds after it began to work, at most.
const LIFE: u64 = 250;

/// The program itself, as an office runs it.
struct Worker {
    child: Child,
    data_dir: PathBuf,
}

impl Worker {
    fn start(app: &TestApp, sink: &Sink, data_dir: &Path) -> Self {
        let url = |options: &PgConnectOptions| options.to_url_lossy().to_string();
        let child = Command::new(env!("CARGO_BIN_EXE_madoguchi"))
            .arg("worker")
            .env("DATABASE_URL", url(&app.connections.program))
            .env("DATABASE_OWNER_URL", url(&app.connections.owner))
            .env("DATABASE_READER_URL", url(&app.connections.reader))
            .env("MADOGUCHI_DATA_DIR", data_dir)
            .env("MADOGUCHI_SMTP_URL", sink.url("tls=none"))
            .env("MADOGUCHI_AUDIT_KEY", "a key for tests, a key for tests")
            .env("MADOGUCHI_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Self {
            child,
            data_dir: data_dir.to_owned(),
        }
    }

    /// SIGKILL.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.data_dir);
    }
}

/// xorshift: another course with each run, printed so that it can be run again.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// The states of all messages, by Message-ID.
async fn states(db: &mut PgConnection) -> BTreeMap<String, String> {
    sqlx::query_as::<_, (String, String)>("select message_id, state from message")
        .fetch_all(db)
        .await
        .unwrap()
        .into_iter()
        .collect()
}

async fn count(db: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

/// The worker is dead, so the time until its leases are over can be left out, and the pauses between attempts as well.
async fn let_leases_end(db: &mut PgConnection) {
    sqlx::query(
        "update job set leased_until = now() - interval '1 second' where leased_until is not null",
    )
    .execute(&mut *db)
    .await
    .unwrap();
    sqlx::query("update message set next_attempt_at = now() where state = 'queued'")
        .execute(&mut *db)
        .await
        .unwrap();
    sqlx::query("update job set run_at = now() where kind in ('send_message', 'sweep_messages')")
        .execute(db)
        .await
        .unwrap();
}

#[actix_web::test]
async fn a_worker_is_killed_at_random() {
    let app = TestApp::start_silent().await;
    app.clock.set(Utc::now());
    let settings = app.as_admin().get("/settings").await.expect(200);
    app.as_admin()
        .patch("/settings", json!({ "message_hold_seconds": 0 }))
        .if_match(settings.etag())
        .await
        .expect(200);
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let mut paths = Vec::new();
    for _ in 0..6 {
        let case = app.make_accepted_case(&desk).await;
        paths.push(format!("/cases/{}/messages", case.id()));
    }
    for n in 0..MESSAGES {
        let path = &paths[n % paths.len()];
        let body = json!({ "body": format!("{n}通目のご回答です。") });
        app.as_desk(&desk).post(path, body).await.expect(201);
        let refused = json!({ "body": "届かないはずです。", "to": "nobody@example.com" });
        app.as_desk(&desk)
            .post(path, refused)
            .await
            .invalid(&["/confirmed"]);
    }
    let mut db = app.sql().await;
    assert_eq!(states(&mut db).await.len(), MESSAGES);

    // Every answer of the server takes a while, so that each step has its share of the deaths.
    sink.pause(Duration::from_millis(6));
    let seed = Utc::now().timestamp_micros() as u64 | 1;
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crash-{}", std::process::id()));
    let (mut deaths, mut interrupted) = (0, 0);
    loop {
        let before = (sink.commands().len(), sink.mails().len());
        let mut worker = Worker::start(&app, &sink, &folder);
        // Until it works, then for a while that nobody can foresee.
        for _ in 0..400 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            if sink.commands().len() > before.0 {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(dice.throw(LIFE))).await;
        worker.kill();
        deaths += 1;
        interrupted += count(
            &mut db,
            "select count(*) from message where state = 'sending'",
        )
        .await;
        let open = "select count(*) from message where state in ('waiting', 'queued', 'sending')";
        if count(&mut db, open).await == 0 {
            break;
        }
        let_leases_end(&mut db).await;
        assert!(deaths < 200, "the queue does not get empty");
    }

    let states = states(&mut db).await;
    let mut arrived = BTreeMap::<String, usize>::new();
    for mail in sink.mails() {
        *arrived.entry(mail.message_id()).or_default() += 1;
    }
    let mut tally = BTreeMap::<(&str, usize), usize>::new();
    for (message_id, state) in &states {
        let times = arrived.remove(message_id).unwrap_or_default();
        *tally.entry((state, times)).or_default() += 1;
    }
    println!("{deaths} deaths, {interrupted} messages interrupted, (state, arrived): {tally:?}");
    assert!(arrived.is_empty(), "nobody committed these: {arrived:?}");
    for (state, times) in tally.keys() {
        assert!(
            matches!((*state, *times), ("sent", 1) | ("unknown", 0 | 1)),
            "{tally:?}"
        );
    }
    assert!(
        interrupted > 0,
        "no attempt was interrupted: the test shows nothing"
    );

    // Unknown arises between the two marks and nowhere else; what never began was sent later.
    let unknown = "select count(*) from message where state = 'unknown'";
    let in_the_window = "select count(*) from message_attempt where outcome = 'unknown' and data_started_at is not null";
    let outside = "select count(*) from message_attempt where (outcome = 'unknown') <> (data_started_at is not null and outcome <> 'sent')";
    let open_attempts = "select count(*) from message_attempt where ended_at is null";
    assert_eq!(
        count(&mut db, unknown).await,
        count(&mut db, in_the_window).await
    );
    assert_eq!(count(&mut db, outside).await, 0);
    assert_eq!(count(&mut db, open_attempts).await, 0);
}
