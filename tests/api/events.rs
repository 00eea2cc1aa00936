//! Live news: who is told what, how soon, and that nothing is missed or told to others.

use crate::{
    harness::{Client, HasId, TestApp, TestResponse},
    mails::letter,
};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use uuid::Uuid;

/// Far longer than anything takes; how soon it comes is asserted where that is the matter.
const DEADLINE: Duration = Duration::from_secs(30);

/// One event, as it was sent.
#[derive(Clone, Debug)]
struct Told {
    event: String,
    id: Option<String>,
    data: Value,
}

/// Somebody who listens.
struct Ear {
    socket: TcpStream,
    bytes: Vec<u8>,
    text: String,
    head: HashMap<String, String>,
    last_id: Option<String>,
}

impl Ear {
    /// Opens a stream and waits until it is ready.
    async fn open(app: &TestApp, client: &Client) -> Self {
        let mut ear = Self::connect(app, client, None).await;
        assert_eq!(ear.next().await.event, "ready");
        ear
    }

    async fn connect(app: &TestApp, client: &Client, last_id: Option<&str>) -> Self {
        let token = client.token().await.unwrap();
        let last_id = last_id.map_or(String::new(), |id| format!("last-event-id: {id}\r\n"));
        let head = format!(
            "GET /api/v1/events HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\nauthorization: Bearer {token}\r\n{last_id}\r\n"
        );
        let mut socket = TcpStream::connect(app.address()).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut ear = Self {
            socket,
            bytes: Vec::new(),
            text: String::new(),
            head: HashMap::new(),
            last_id: None,
        };
        ear.read_head().await;
        ear
    }

    async fn read_head(&mut self) {
        let end = loop {
            if let Some(end) = find(&self.bytes, b"\r\n\r\n") {
                break end;
            }
            assert!(self.read().await, "an answer has a head");
        };
        let head = String::from_utf8(self.bytes.drain(..end + 4).collect()).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        self.head = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
    }

    /// Reads what is there; false at the end.
    async fn read(&mut self) -> bool {
        let read = self.socket.read_buf(&mut self.bytes);
        let read = timeout(DEADLINE, read).await.expect("something comes");
        matches!(read, Ok(1..))
    }

    /// The next event; none when the stream has ended, as it should end.
    async fn listen(&mut self) -> Option<Told> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                match self.parse(&event) {
                    Some(told) => return Some(told),
                    None => continue,
                }
            }
            // A chunk: its length in hexadecimal digits, and the bytes.
            let chunk = find(&self.bytes, b"\r\n").and_then(|end| {
                let length = std::str::from_utf8(&self.bytes[..end]).unwrap();
                let length = usize::from_str_radix(length, 16).unwrap();
                (self.bytes.len() >= end + 4 + length).then_some((end + 2, length))
            });
            match chunk {
                Some((_, 0)) => return None,
                Some((start, length)) => {
                    let content = self.bytes[start..start + length].to_vec();
                    self.bytes.drain(..start + length + 2);
                    self.text += &String::from_utf8(content).unwrap();
                }
                None => assert!(self.read().await, "a stream ends with its last chunk"),
            }
        }
    }

    /// As a browser reads it: comments and what has no data are nothing, but an id counts.
    fn parse(&mut self, text: &str) -> Option<Told> {
        let field = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.map(|line| line[name.len()..].to_owned())
        };
        let id = field("id: ");
        if id.is_some() {
            self.last_id.clone_from(&id);
        }
        Some(Told {
            event: field("event: ")?,
            id,
            data: serde_json::from_str(&field("data: ")?).unwrap(),
        })
    }

    async fn next(&mut self) -> Told {
        self.listen().await.expect("the stream goes on")
    }

    /// Everything up to a change that fits, which is the last.
    async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut told = Vec::new();
        loop {
            let next = self.next().await;
            assert_eq!(next.event, "change", "{next:?} after {told:#?}");
            told.push(next.data);
            if fits(told.last().unwrap()) {
                return told;
            }
        }
    }

    /// Everything up to this change.
    async fn until_told(&mut self, change: Value) -> Vec<Value> {
        let wanted = change.clone();
        timeout(DEADLINE, self.until(|told| *told == wanted))
            .await
            .unwrap_or_else(|_| panic!("never told: {change}"))
    }

    /// The stream ends, whatever comes before.
    async fn ends(&mut self) {
        let end = async { while self.listen().await.is_some() {} };
        timeout(DEADLINE, end).await.expect("the stream ends");
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn of_case(case: &impl HasId) -> Value {
    json!({ "kind": "case", "case_id": case.id(), "gone": false })
}

fn gone(case: &impl HasId) -> Value {
    json!({ "kind": "case", "case_id": case.id(), "gone": true })
}

fn of(kind: &str, case: &impl HasId, id: &impl HasId) -> Value {
    json!({ "kind": kind, "case_id": case.id(), "id": id.id(), "gone": false })
}

fn alone(kind: &str, id: &impl HasId) -> Value {
    json!({ "kind": kind, "id": id.id(), "gone": false })
}

fn mentions(told: &[Value], id: &impl HasId) -> bool {
    let id = id.id().to_string();
    told.iter().any(|change| change.to_string().contains(&id))
}

async fn note(app: &TestApp, case: &impl HasId) {
    let path = format!("/cases/{}/notes", case.id());
    let body = json!({ "body": "確認しました。" });
    app.as_supervisor().post(path, body).await.expect(201);
}

async fn route(app: &TestApp, case: &impl HasId, desk: &impl HasId) {
    let body = json!({ "desk_id": desk.id(), "reason": "所在地の訂正" });
    app.as_supervisor()
        .post(format!("/cases/{}/route", case.id()), body)
        .await
        .expect(200);
}

async fn offer(app: &TestApp, case: &impl HasId, manager: &impl HasId) -> TestResponse {
    let body = json!({ "manager_id": manager.id(), "line": "labour" });
    app.as_supervisor()
        .post(format!("/cases/{}/offers", case.id()), body)
        .await
        .expect(201)
}

/// Two desks and a manager, over a socket.
async fn office() -> (TestApp, TestResponse, TestResponse, TestResponse) {
    let app = TestApp::start_with_sockets().await;
    let (desk, other) = (app.make_desk().await, app.make_desk_for("03").await);
    let manager = app.make_manager().await;
    (app, desk, other, manager)
}

// -------------------------------------------------------------------------------------------------------- the stream

#[actix_web::test]
async fn a_stream_is_neither_stored_nor_held_back_nor_compressed() {
    let app = TestApp::start_with_sockets().await;
    let mut ear = Ear::connect(&app, &app.as_operator(), None).await;
    let head = |name: &str| ear.head.get(name).map(String::as_str);
    assert_eq!(head("content-type"), Some("text/event-stream"));
    assert_eq!(head("cache-control"), Some("no-store"));
    assert_eq!(head("x-accel-buffering"), Some("no"));
    assert_eq!(head("content-encoding"), Some("identity"));
    let ready = ear.next().await;
    assert_eq!((ready.event.as_str(), ready.data), ("ready", json!({})));
    assert!(ready.id.is_some());
}

#[actix_web::test]
async fn only_who_reads_cases_may_listen() {
    let app = TestApp::start_with_sockets().await;
    app.as_nobody()
        .get("/events")
        .await
        .problem("unauthenticated");
    app.with_token("mdg_x")
        .get("/events")
        .await
        .problem("unauthenticated");
    app.as_auditor().get("/events").await.problem("forbidden");
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    for client in [
        app.as_operator(),
        app.as_supervisor(),
        app.as_desk(&desk),
        app.as_manager(&manager),
        app.as_admin(),
    ] {
        Ear::open(&app, &client).await;
    }
}

#[actix_web::test]
async fn a_change_is_told_within_a_second() {
    let (app, desk, ..) = office().await;
    let case = app.make_accepted_case(&desk).await;
    let mut ear = Ear::open(&app, &app.as_desk(&desk)).await;
    let mut took = Vec::new();
    for _ in 0..7 {
        note(&app, &case).await;
        // The answer is there, so it is committed.
        let committed = Instant::now();
        ear.until_told(of_case(&case)).await;
        took.push(committed.elapsed());
    }
    took.sort();
    // One may be late on a machine that is busy with something else.
    assert!(took[took.len() - 2] < Duration::from_secs(1), "{took:?}");
}

// ------------------------------------------------------------------------------------------------------- who is told

#[actix_web::test]
async fn everybody_hears_of_their_own_cases_and_of_no_others() {
    let (app, desk, other, manager) = office().await;
    let case = app.make_consulting_case(&desk, &manager).await;
    let foreign = app.make_accepted_case(&other).await;
    for client in [app.as_desk(&desk), app.as_manager(&manager)] {
        let mut ear = Ear::open(&app, &client).await;
        note(&app, &foreign).await;
        app.make_case().await;
        note(&app, &case).await;
        assert_eq!(ear.until_told(of_case(&case)).await, [of_case(&case)]);
    }
    for client in [app.as_operator(), app.as_supervisor(), app.as_admin()] {
        let mut ear = Ear::open(&app, &client).await;
        note(&app, &foreign).await;
        ear.until_told(of_case(&foreign)).await;
        let created = app.make_case().await;
        ear.until_told(of_case(&created)).await;
    }
}

#[actix_web::test]
async fn a_case_that_moves_to_another_desk_is_gone_for_the_first() {
    let (app, desk, other, _) = office().await;
    let (case, marker) = (
        app.make_accepted_case(&desk).await,
        app.make_accepted_case(&desk).await,
    );
    let mut ear = Ear::open(&app, &app.as_desk(&desk)).await;
    let mut others = Ear::open(&app, &app.as_desk(&other)).await;
    route(&app, &case, &other).await;
    ear.until_told(gone(&case)).await;
    others.until_told(of_case(&case)).await;
    // From here on it is none of the first desk's business.
    note(&app, &case).await;
    others.until_told(of_case(&case)).await;
    note(&app, &marker).await;
    let told = ear.until_told(of_case(&marker)).await;
    assert!(!mentions(&told, &case), "{told:#?}");
    // And back, and returned to the help center.
    route(&app, &case, &desk).await;
    ear.until_told(of_case(&case)).await;
    let reason = json!({ "reason": "対象地域外" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/return", case.id()), reason)
        .await
        .expect(204);
    ear.until_told(gone(&case)).await;
}

#[actix_web::test]
async fn a_manager_hears_of_offers_then_of_the_case_then_that_it_is_gone() {
    let (app, desk, _, manager) = office().await;
    let rival = app.make_manager().await;
    let case = app.make_accepted_case(&desk).await;
    let mut ear = Ear::open(&app, &app.as_manager(&manager)).await;
    let mut rivals = Ear::open(&app, &app.as_manager(&rival)).await;
    let mut operator = Ear::open(&app, &app.as_operator()).await;
    let offered = offer(&app, &case, &manager).await;
    let told = ear.until_told(alone("offer", &offered)).await;
    assert!(
        !mentions(&told, &case),
        "the case is not theirs yet: {told:#?}"
    );
    // Operators read no offers: to them the case has changed.
    let told = operator.until_told(of_case(&case)).await;
    assert!(!mentions(&told, &offered), "{told:#?}");
    app.as_manager(&manager)
        .post(format!("/offers/{}/accept", offered.id()), json!({}))
        .await
        .expect(200);
    ear.until_told(of("offer", &case, &offered)).await;
    let session = app.book(&desk, &case, 3).await;
    ear.until_told(of("consultation", &case, &session)).await;
    let shown = app.show_case(&case).await;
    let assignment = shown["managers"][0]["assignment_id"].as_str().unwrap();
    app.as_desk(&desk)
        .post(
            format!("/assignments/{assignment}/release"),
            json!({ "reason": "都合により" }),
        )
        .await
        .expect(200);
    ear.until_told(gone(&case)).await;
    let own = offer(&app, &case, &rival).await;
    let told = rivals.until_told(alone("offer", &own)).await;
    assert_eq!(
        told,
        [alone("offer", &own)],
        "somebody else's are not theirs"
    );
    assert!(!ear.text.contains(&own.id().to_string()));
}

#[actix_web::test]
async fn a_released_manager_hears_of_their_session_until_its_report_is_approved() {
    let (app, desk, _, manager) = office().await;
    let case = app.make_consulting_case(&desk, &manager).await;
    let sessions = app
        .as_desk(&desk)
        .get(format!("/cases/{}/consultations", case.id()))
        .await
        .expect(200);
    let session = app
        .as_desk(&desk)
        .get(format!("/consultations/{}", sessions.items()[0].id()))
        .await
        .expect(200);
    let held = app.hold(&desk, &session).await;
    let shown = app.show_case(&case).await;
    let assignment = shown["managers"][0]["assignment_id"].as_str().unwrap();
    app.as_desk(&desk)
        .post(
            format!("/assignments/{assignment}/release"),
            json!({ "reason": "都合により" }),
        )
        .await
        .expect(200);
    let mut ear = Ear::open(&app, &app.as_manager(&manager)).await;
    let path = format!("/consultations/{}/report", held.id());
    let report = json!({ "situation": "現状", "advice": "助言", "next_steps": "次回" });
    let as_manager = app.as_manager(&manager);
    as_manager
        .put(&path, report)
        .if_match("\"0\"")
        .await
        .expect(200);
    as_manager
        .post(format!("{path}/submit"), json!({}))
        .await
        .expect(200);
    let kept = json!({ "kind": "consultation", "id": held.id(), "gone": false });
    ear.until_told(kept).await;
    app.as_desk(&desk)
        .post(format!("{path}/approve"), json!({}))
        .await
        .expect(200);
    let over = json!({ "kind": "consultation", "id": held.id(), "gone": true });
    ear.until_told(over).await;
}

#[actix_web::test]
async fn mails_to_be_checked_are_news_for_the_help_center_only() {
    let (app, desk, ..) = office().await;
    let case = app.make_accepted_case(&desk).await;
    let mut operator = Ear::open(&app, &app.as_operator()).await;
    let mut ear = Ear::open(&app, &app.as_desk(&desk)).await;
    let number = case["number"].as_str().unwrap();
    let strange = letter("新しい担当 <new@example.co.jp>", &format!("{number}の件"));
    let mail = app.receive(&strange).await;
    assert_eq!(mail["state"], "quarantined");
    operator.until_told(alone("mail", &mail)).await;
    let body = json!({ "case_id": case.id() });
    app.as_operator()
        .post(format!("/intake/emails/{}/attach", mail.id()), body)
        .await
        .expect(200);
    // On the case it is the desk's as well, and it was not before.
    let told = ear.until_told(of("mail", &case, &mail)).await;
    assert!(!told.contains(&alone("mail", &mail)), "{told:#?}");
    operator.until_told(of("mail", &case, &mail)).await;
}

#[actix_web::test]
async fn a_delivery_that_fails_is_told() {
    let (app, desk, ..) = office().await;
    let case = app.make_accepted_case(&desk).await;
    let message = app.reply(&desk, &case).await;
    let mut ear = Ear::open(&app, &app.as_desk(&desk)).await;
    let event = format!(
        "select append_audit(array['{}'::uuid], array['message_failed'], array['{{\"message_id\":\"{}\"}}'], now(), 'system', null, '{}')",
        case.id(),
        message.id(),
        Uuid::now_v7(),
    );
    run(&mut app.sql().await, &event).await;
    ear.until_told(of("message", &case, &message)).await;
}

#[actix_web::test]
async fn what_the_office_changes_is_told_and_what_is_personal_is_not() {
    let (app, desk, _, manager) = office().await;
    let mut ear = Ear::open(&app, &app.as_desk(&desk)).await;
    let user = json!({ "email": "new@example.jp", "name": "新任", "role": "operator" });
    app.as_admin().post("/users", user).await.expect(201);
    let foreign = app.make_case().await;
    let absence =
        json!({ "starts_at": "2026-12-01T09:00:00+09:00", "ends_at": "2026-12-01T17:00:00+09:00" });
    app.as_admin()
        .post(format!("/managers/{}/absences", manager.id()), absence)
        .await
        .expect(201);
    let told = ear.until_told(alone("manager", &manager)).await;
    assert!(!mentions(&told, &foreign), "{told:#?}");
    assert_eq!(told.len(), 1, "{told:#?}");
}

// --------------------------------------------------------------------------------------------------- nothing is missed

async fn run(db: &mut PgConnection, sql: &str) {
    db.execute(AssertSqlSafe(sql.to_owned()))
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// A note on the case, written by another program.
fn noted(case: &impl HasId, times: usize) -> String {
    format!(
        "select append_audit(array_fill('{}'::uuid, array[{times}]), array_fill('note_added'::text, array[{times}]), \
         array_fill('{{\"note_id\":\"{}\"}}'::text, array[{times}]), now(), 'system', null, '{}')",
        case.id(),
        Uuid::now_v7(),
        Uuid::now_v7(),
    )
}

#[actix_web::test]
async fn what_commits_late_is_told_late_and_once() {
    let (app, desk, ..) = office().await;
    let (late, early) = (
        app.make_accepted_case(&desk).await,
        app.make_accepted_case(&desk).await,
    );
    let mut ear = Ear::open(&app, &app.as_desk(&desk)).await;
    let mut db = app.sql().await;
    let mut tx = db.begin().await.unwrap();
    run(&mut tx, &noted(&late, 1)).await;
    // Younger transactions overtake it, over several looks.
    for _ in 0..3 {
        note(&app, &early).await;
        let told = ear.until_told(of_case(&early)).await;
        assert_eq!(
            told,
            [of_case(&early)],
            "told once, and nothing that is not committed"
        );
    }
    let position = ear.last_id.clone().unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ear.until_told(of_case(&late)).await, [of_case(&late)]);
    // A position from before says so too, to a reader that knows nothing.
    let mut again = Ear::connect(&app, &app.as_desk(&desk), Some(&position)).await;
    assert_eq!(again.next().await.data, of_case(&late));
    assert_eq!(again.next().await.event, "ready");
}

#[actix_web::test]
async fn who_comes_back_is_told_what_they_missed() {
    let (app, desk, other, _) = office().await;
    let case = app.make_accepted_case(&desk).await;
    let foreign = app.make_accepted_case(&other).await;
    let mut ear = Ear::open(&app, &app.as_desk(&desk)).await;
    note(&app, &case).await;
    ear.until_told(of_case(&case)).await;
    let position = ear.last_id.clone().unwrap();
    drop(ear);
    note(&app, &foreign).await;
    note(&app, &case).await;
    note(&app, &case).await;
    let mut back = Ear::connect(&app, &app.as_desk(&desk), Some(&position)).await;
    let first = back.next().await;
    assert_eq!(
        (first.event.as_str(), first.data),
        ("change", of_case(&case))
    );
    assert_eq!(first.id, None, "the position comes with the last of them");
    let second = back.next().await;
    assert_eq!(second.event, "ready");
    // Nothing is told twice to those who come back to where they are.
    let mut current = Ear::connect(&app, &app.as_desk(&desk), second.id.as_deref()).await;
    assert_eq!(current.next().await.event, "ready");
}

#[actix_web::test]
async fn a_position_that_is_none_means_reading_again() {
    let app = TestApp::start_with_sockets().await;
    let good = Ear::open(&app, &app.as_operator()).await.last_id.unwrap();
    let (server, snapshot) = good.split_once('-').unwrap();
    let of_another_server = format!("1{server}-{snapshot}");
    let of_the_future = format!("{server}-9000000000:9000000000:");
    for position in [
        "x",
        "0-1:2",
        "'; drop table",
        &of_another_server,
        &of_the_future,
    ] {
        let mut ear = Ear::connect(&app, &app.as_operator(), Some(position)).await;
        let told = ear.next().await;
        assert_eq!(told.event, "reload", "{position}");
        assert!(told.id.is_some());
    }
}

#[actix_web::test]
async fn more_than_is_worth_telling_means_reading_again() {
    let (app, desk, ..) = office().await;
    let case = app.make_accepted_case(&desk).await;
    let mut ear = Ear::open(&app, &app.as_desk(&desk)).await;
    let position = ear.last_id.clone().unwrap();
    run(&mut app.sql().await, &noted(&case, 5001)).await;
    assert_eq!(ear.next().await.event, "reload");
    note(&app, &case).await;
    ear.until_told(of_case(&case)).await;
    let mut back = Ear::connect(&app, &app.as_desk(&desk), Some(&position)).await;
    assert_eq!(back.next().await.event, "reload");
}

#[actix_web::test]
async fn streams_outlive_a_database_that_is_away() {
    let (app, desk, ..) = office().await;
    let case = app.make_accepted_case(&desk).await;
    note(&app, &case).await;
    let mut ear = Ear::open(&app, &app.as_desk(&desk)).await;
    let url = app.database_url().await;
    let mut super_user = PgConnection::connect(&url).await.unwrap();
    let name: String = sqlx::query_scalar("select current_database()")
        .fetch_one(&mut super_user)
        .await
        .unwrap();
    super_user.close().await.unwrap();
    let mut cluster = PgConnection::connect(&url.replace(&name, "postgres"))
        .await
        .unwrap();
    run(
        &mut cluster,
        &format!("alter database {name} allow_connections false"),
    )
    .await;
    // Waits up to ten seconds until they have ended: one that has only been told to may still answer.
    let ends = format!(
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{name}'"
    );
    run(&mut cluster, &ends).await;
    let answer = app.as_desk(&desk).get("/cases").may_fail().await;
    answer.problem("unavailable");
    run(
        &mut cluster,
        &format!("alter database {name} allow_connections true"),
    )
    .await;
    cluster.close().await.unwrap();
    let back = async {
        let path = format!("/cases/{}/notes", case.id());
        let body = json!({ "body": "復旧しました。" });
        let write = || app.as_supervisor().post(&path, body.clone()).may_fail();
        // Connections that were cut off are found one by one.
        while write().await.status != 201 {}
    };
    timeout(DEADLINE, back).await.expect("the database is back");
    assert_eq!(ear.until_told(of_case(&case)).await, [of_case(&case)]);
}

// ------------------------------------------------------------------------------------------------------ when it ends

#[actix_web::test]
async fn a_stream_ends_with_its_token() {
    let (app, desk, ..) = office().await;
    let case = app.make_accepted_case(&desk).await;
    let mut ear = Ear::open(&app, &app.as_desk(&desk)).await;
    app.advance(TimeDelta::minutes(14));
    note(&app, &case).await;
    ear.until_told(of_case(&case)).await;
    app.advance(TimeDelta::minutes(2));
    ear.ends().await;
}

#[actix_web::test]
async fn a_stream_ends_when_its_person_signs_out_or_is_somebody_else_now() {
    let (app, desk, other, _) = office().await;
    let desk_user = app.as_desk(&desk);
    let mut ear = Ear::open(&app, &desk_user).await;
    desk_user.post("/auth/logout", json!({})).await.expect(204);
    ear.ends().await;

    let changes = [
        json!({ "desk_id": other.id() }),
        json!({ "role": "operator", "desk_id": null }),
        json!({ "active": false }),
    ];
    for change in changes {
        let person = app.as_desk(&app.make_desk_for("05").await);
        let id = person.user_id().await;
        let mut ear = Ear::open(&app, &person).await;
        let user = app.as_admin().get(format!("/users/{id}")).await.expect(200);
        app.as_admin()
            .patch(format!("/users/{id}"), change)
            .if_match(user.etag())
            .await
            .expect(200);
        ear.ends().await;
    }
}

#[actix_web::test]
async fn a_stream_of_an_api_token_ends_when_it_is_revoked() {
    let app = TestApp::start_with_sockets().await;
    let expires_at = app.now() + TimeDelta::days(30);
    let body = json!({ "name": "画面", "permissions": ["read_cases"], "expires_at": expires_at });
    let made = app
        .as_operator()
        .post("/api-tokens", body)
        .await
        .expect(201);
    let client = app.with_token(made["token"].as_str().unwrap());
    let mut ear = Ear::open(&app, &client).await;
    let case = app.make_case().await;
    ear.until_told(of_case(&case)).await;
    app.as_operator()
        .delete(format!("/api-tokens/{}", made.id()))
        .await
        .expect(204);
    ear.ends().await;
}

#[actix_web::test]
async fn when_the_server_stops_streams_end_at_once() {
    let app = TestApp::start_with_sockets().await;
    let mut ears = Vec::new();
    for _ in 0..5 {
        ears.push(Ear::open(&app, &app.as_operator()).await);
    }
    let told = Instant::now();
    app.store.events().close();
    for ear in &mut ears {
        ear.ends().await;
    }
    assert!(
        told.elapsed() < Duration::from_secs(5),
        "{:?}",
        told.elapsed()
    );
    let late = app.as_operator().get("/events").may_fail().await;
    late.problem("unavailable");
}

// ------------------------------------------------------------------------------------------------------------- many

#[actix_web::test]
async fn many_streams_hold_no_connection_and_are_all_told() {
    let (app, desk, other, _) = office().await;
    let case = app.make_accepted_case(&desk).await;
    let mut ears = Vec::new();
    // More than there are connections to the database.
    for client in [
        app.as_operator(),
        app.as_supervisor(),
        app.as_admin(),
        app.as_desk(&desk),
    ] {
        let opened = app.parallel(12, |_| Ear::open(&app, &client)).await;
        ears.extend(opened);
    }
    let mut others = Ear::open(&app, &app.as_desk(&other)).await;
    app.parallel(20, |_| async {
        app.as_operator().get("/cases").await.expect(200)
    })
    .await;
    note(&app, &case).await;
    for ear in &mut ears {
        ear.until_told(of_case(&case)).await;
    }
    let marker = app.make_accepted_case(&other).await;
    let told = others.until_told(of_case(&marker)).await;
    assert!(!mentions(&told, &case), "{told:#?}");
}

#[actix_web::test]
async fn one_person_has_a_dozen_streams_and_one_that_is_left_is_free_again() {
    let (app, desk, ..) = office().await;
    let case = app.make_accepted_case(&desk).await;
    let client = app.as_desk(&desk);
    let mut ears = Vec::new();
    for _ in 0..12 {
        ears.push(Ear::open(&app, &client).await);
    }
    let refused = client.get("/events").await.problem("rate-limited");
    assert!(refused.header("retry-after").is_some());
    // Others are not concerned.
    Ear::open(&app, &app.as_operator()).await;
    ears.pop();
    let freed = async {
        loop {
            // Something to send is what shows that nobody is there.
            note(&app, &case).await;
            ears[0].until_told(of_case(&case)).await;
            let token = client.token().await.unwrap();
            let request = format!(
                "GET /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n"
            );
            let mut socket = TcpStream::connect(app.address()).await.unwrap();
            socket.write_all(request.as_bytes()).await.unwrap();
            let mut status = [0; 12];
            socket.read_exact(&mut status).await.unwrap();
            if status.ends_with(b"200") {
                break;
            }
        }
    };
    timeout(DEADLINE, freed)
        .await
        .expect("the place is free again");
}
