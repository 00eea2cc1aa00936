//! Webhooks out, against a real server on this machine: what is sent, in which order, how often, and to whom not.

use crate::harness::{Client, HasId, TestApp, TestResponse};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use madoguchi::{jobs, mail::smtp::Mailer};
use serde_json::{Value, json};
use sha2::Sha256;
use std::{cell::RefCell, collections::HashMap, rc::Rc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use uuid::Uuid;

/// What came in.
#[derive(Clone, Debug)]
struct Received {
    headers: HashMap<String, String>,
    body: String,
}

impl Received {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    fn case(&self) -> String {
        self.json()["data"]["case_id"].as_str().unwrap().to_owned()
    }

    fn seq(&self) -> i64 {
        self.json()["data"]["seq"].as_i64().unwrap()
    }

    /// As the specification has it.
    fn is_signed_by(&self, secret: &str) -> bool {
        let key = BASE64_STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let timestamp = &self.headers["webhook-timestamp"];
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{timestamp}.{}", self.id(), self.body).as_bytes());
        let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        self.signatures().contains(&signature.as_str())
    }

    fn signatures(&self) -> Vec<&str> {
        self.headers["webhook-signature"].split(' ').collect()
    }
}

type Judge = dyn Fn(&Received) -> String;

/// A server that keeps what comes and answers what it is told to.
struct Sink {
    url: String,
    received: Rc<RefCell<Vec<Received>>>,
    judge: Rc<RefCell<Box<Judge>>>,
}

const OK: &str = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
const BROKEN: &str =
    "HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

impl Sink {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let received: Rc<RefCell<Vec<Received>>> = Rc::default();
        let judge: Rc<RefCell<Box<Judge>>> = Rc::new(RefCell::new(Box::new(|_| OK.to_owned())));
        let (keep, judging) = (received.clone(), judge.clone());
        actix_web::rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (keep, judging) = (keep.clone(), judging.clone());
                actix_web::rt::spawn(async move {
                    let (mut stream, request) = read(stream).await;
                    keep.borrow_mut().push(request.clone());
                    let answer = (judging.borrow())(&request);
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self {
            url,
            received,
            judge,
        }
    }

    fn answer(&self, judge: impl Fn(&Received) -> String + 'static) {
        *self.judge.borrow_mut() = Box::new(judge);
    }

    /// What came since the last time.
    fn take(&self) -> Vec<Received> {
        self.received.take()
    }
}

async fn read(mut stream: tokio::net::TcpStream) -> (tokio::net::TcpStream, Received) {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0);
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
    let headers: HashMap<_, _> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers["content-length"].parse().unwrap();
    while bytes.len() < end + length {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0);
    }
    let body = String::from_utf8(bytes[end..].to_vec()).unwrap();
    (stream, Received { headers, body })
}

async fn hook(app: &TestApp, sink: &Sink, more: Value) -> TestResponse {
    let mut body = json!({ "url": sink.url });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = app.as_admin().post("/webhooks", body).await.expect(201);
    // The first look says where things stand.
    app.run_jobs().await;
    made
}

async fn show(app: &TestApp, hook: &impl HasId) -> TestResponse {
    app.as_admin()
        .get(format!("/webhooks/{}", hook.id()))
        .await
        .expect(200)
}

async fn deliveries(app: &TestApp, hook: &impl HasId, query: &str) -> Vec<Value> {
    let path = format!("/webhooks/{}/deliveries{query}", hook.id());
    app.as_admin().get(path).await.expect(200).items().to_vec()
}

#[actix_web::test]
async fn what_happens_is_told_in_order_and_says_nothing_personal() {
    let app = TestApp::start().await;
    let sink = Sink::start().await;
    let hook = hook(&app, &sink, json!({ "description": "省の基盤" })).await;
    let secret = hook["secret"].as_str().unwrap();
    let desk = app.make_desk().await;
    let manager = app.make_manager().await;
    let case = app.make_consulting_case(&desk, &manager).await;
    app.run_jobs().await;
    let received = sink.take();
    assert!(received.iter().all(|one| one.is_signed_by(secret)));
    assert!(
        received
            .iter()
            .all(|one| one.headers["content-type"] == "application/json")
    );
    let seqs: Vec<_> = received.iter().map(Received::seq).collect();
    assert!(seqs.is_sorted() && seqs.len() > 5, "{seqs:?}");
    let kinds: Vec<_> = received.iter().map(Received::kind).collect();
    for kind in [
        "case.created",
        "case.moved",
        "offer.accepted",
        "assignment.made",
        "consultation.booked",
    ] {
        assert!(
            kinds.iter().any(|this| this == kind),
            "{kind} is not among {kinds:?}"
        );
    }
    let statuses: Vec<_> = received
        .iter()
        .filter(|one| one.kind() == "case.moved")
        .map(|one| one.json()["data"]["status"].clone())
        .collect();
    assert_eq!(statuses, ["routed", "accepted", "assigned", "consulting"]);
    for one in &received {
        assert_eq!(one.json()["data"]["case_number"], case["number"]);
        assert!(
            one.json()["timestamp"]
                .as_str()
                .unwrap()
                .starts_with("2026-11-24T01:00:00")
        );
    }
    let personal = [
        case["enterprise"]["name"].as_str().unwrap(),
        case["contacts"][0]["name"].as_str().unwrap(),
        case["contacts"][0]["email"].as_str().unwrap(),
        case["subject"].as_str().unwrap(),
        "8765",
        "在宅勤務",
    ];
    for secret in personal {
        assert!(
            received.iter().all(|one| !one.body.contains(secret)),
            "{secret}"
        );
    }
    // Nothing twice, and nothing more to send.
    app.run_jobs().await;
    assert!(sink.take().is_empty());
    let all = deliveries(&app, &hook, "?limit=200").await;
    assert!(
        all.iter()
            .all(|one| one["state"] == "delivered" && one["attempts"][0]["status"] == 204)
    );
    assert_eq!(all.len(), seqs.len());
    assert_eq!(show(&app, &hook).await["pending"], 0);
    assert!(show(&app, &hook).await["secret"].is_null());
}

#[actix_web::test]
async fn one_that_fails_holds_back_its_case_and_no_other() {
    let app = TestApp::start().await;
    let sink = Sink::start().await;
    let hook = hook(&app, &sink, json!({})).await;
    let desk = app.make_desk().await;
    let (ill, well) = (
        app.make_accepted_case(&desk).await,
        app.make_accepted_case(&desk).await,
    );
    let broken = ill.id().to_string();
    sink.answer(move |one| match one.case() == broken {
        true => BROKEN.into(),
        false => OK.into(),
    });
    app.run_jobs().await;
    let first = sink.take();
    let of = |all: &[Received], case: &TestResponse| {
        let id = case.id().to_string();
        all.iter()
            .filter(|one| one.case() == id)
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&first, &ill).len(), 1);
    let told = of(&first, &well);
    assert!(told.len() > 2 && told.iter().map(Received::seq).is_sorted());
    // By the schedule: nothing after 4 s, the same again after 5, then after 5 minutes.
    app.advance(TimeDelta::seconds(4));
    app.run_jobs().await;
    assert!(sink.take().is_empty());
    app.advance(TimeDelta::seconds(2));
    app.run_jobs().await;
    let again = sink.take();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].id(), of(&first, &ill)[0].id());
    assert_eq!(again[0].body, of(&first, &ill)[0].body);
    assert_ne!(
        again[0].headers["webhook-timestamp"],
        of(&first, &ill)[0].headers["webhook-timestamp"]
    );
    app.advance(TimeDelta::seconds(299));
    app.run_jobs().await;
    assert!(sink.take().is_empty());
    // Jitter is a tenth at most.
    sink.answer(|_| OK.into());
    app.advance(TimeDelta::seconds(32));
    app.run_jobs().await;
    let rest = sink.take();
    assert_eq!(rest[0].id(), again[0].id());
    assert!(rest.iter().map(Received::seq).is_sorted() && rest.len() == told.len());
    let tried = deliveries(&app, &hook, "?state=delivered").await;
    let tried = tried
        .iter()
        .find(|one| one["message_id"] == rest[0].id())
        .unwrap();
    let statuses: Vec<_> = tried["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["status"].clone())
        .collect();
    assert_eq!(statuses, [204, 500, 500]);
}

#[actix_web::test]
async fn whoever_dies_after_sending_sends_again_with_the_same_id() {
    let app = TestApp::start().await;
    let sink = Sink::start().await;
    let hook = hook(&app, &sink, json!({ "events": ["case.created"] })).await;
    app.make_case().await;
    app.run_jobs().await;
    let first = sink.take();
    assert_eq!(first.len(), 1);
    // As it stood just before the note: taken, and nobody there any more.
    sqlx::query("update webhook_delivery set state = 'pending', finished_at = null, attempt_id = gen_random_uuid(), leased_until = $1")
        .bind(app.now() + TimeDelta::seconds(60))
        .execute(&mut app.sql().await)
        .await
        .unwrap();
    app.run_jobs().await;
    assert!(sink.take().is_empty());
    app.advance(TimeDelta::seconds(60));
    app.run_jobs().await;
    let again = sink.take();
    assert_eq!(again.len(), 1);
    assert_eq!(
        (again[0].id(), &again[0].body),
        (first[0].id(), &first[0].body)
    );
    assert!(again[0].is_signed_by(hook["secret"].as_str().unwrap()));
}

#[actix_web::test]
async fn two_workers_send_nothing_twice() {
    let app = TestApp::start().await;
    let sink = Sink::start().await;
    let hook = hook(&app, &sink, json!({})).await;
    let desk = app.make_desk().await;
    for _ in 0..12 {
        app.make_accepted_case(&desk).await;
    }
    let context = crate::harness::work_context(Mailer::folder(std::env::temp_dir()));
    // The look first, then a job twice, as where a lease was lost.
    jobs::run_due(&app.store, &context).await.unwrap();
    sink.take();
    for _ in 0..12 {
        app.make_accepted_case(&desk).await;
    }
    let work = "insert into job (kind, payload, run_at, created_at) select 'call_webhook', jsonb_build_object('webhook_id', $1::uuid), $2, $2 from generate_series(1, 3)";
    sqlx::query(work)
        .bind(hook.id())
        .bind(app.now())
        .execute(&mut app.sql().await)
        .await
        .unwrap();
    let all = app
        .parallel(4, |_| jobs::run_due(&app.store, &context))
        .await;
    assert!(all.iter().all(Result::is_ok));
    app.run_jobs().await;
    let received = sink.take();
    let mut ids: Vec<_> = received.iter().map(Received::id).collect();
    let sent = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), sent);
    let mut newest: HashMap<String, i64> = HashMap::new();
    for one in &received {
        let before = newest.insert(one.case(), one.seq());
        assert!(
            before.is_none_or(|before| before < one.seq()),
            "out of order"
        );
    }
    assert_eq!(newest.len(), 12);
    assert_eq!(show(&app, &hook).await["pending"], 0);
}

#[actix_web::test]
async fn only_what_was_asked_for_is_told() {
    let app = TestApp::start().await;
    let sink = Sink::start().await;
    let (desk, other) = (app.make_desk().await, app.make_desk_for("03").await);
    app.make_accepted_case(&desk).await;
    hook(
        &app,
        &sink,
        json!({ "desk_id": desk.id(), "events": ["case.moved"] }),
    )
    .await;
    // What happened before was not asked for.
    assert!(sink.take().is_empty());
    let mine = app.make_accepted_case(&desk).await;
    app.make_accepted_case(&other).await;
    app.make_case().await;
    app.run_jobs().await;
    let received = sink.take();
    assert!(
        received
            .iter()
            .all(|one| one.case() == mine.id().to_string())
    );
    let desks = received.iter().map(|one| one.json()["data"]["to"].clone());
    assert_eq!(desks.collect::<Vec<_>>(), ["routed", "accepted"]);
    // The step by which it leaves is still theirs to know, what happens then is not.
    let away = json!({ "desk_id": other.id(), "reason": "担当区域" });
    app.as_supervisor()
        .post(format!("/cases/{}/route", mine.id()), away)
        .await
        .expect(200);
    app.as_desk(&other)
        .post(format!("/cases/{}/accept", mine.id()), json!({}))
        .await
        .expect(200);
    app.run_jobs().await;
    let received = sink.take();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].json()["data"]["desk_id"], json!(other.id()));
}

#[actix_web::test]
async fn gone_is_gone_until_an_admin_says_otherwise() {
    let app = TestApp::start().await;
    let sink = Sink::start().await;
    let hook = hook(&app, &sink, json!({ "events": ["case.created"] })).await;
    sink.answer(|_| "HTTP/1.1 410 Gone\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".into());
    app.make_case().await;
    app.run_jobs().await;
    assert_eq!(sink.take().len(), 1);
    let gone = show(&app, &hook).await;
    assert_eq!(
        (&gone["active"], &gone["disabled_reason"]),
        (&json!(false), &json!("gone"))
    );
    // The admins are told.
    app.advance(TimeDelta::minutes(5));
    app.run_jobs().await;
    let told: i64 = sqlx::query_scalar(
        "select count(*) from message where subject like 'Webhook%' and body like '%410%'",
    )
    .fetch_one(&mut app.sql().await)
    .await
    .unwrap();
    assert_eq!(told, 2);
    // What happens now is never sent.
    app.make_case().await;
    app.run_jobs().await;
    app.as_admin()
        .post(format!("/webhooks/{}/test", hook.id()), json!({}))
        .await
        .problem("conflict");
    sink.answer(|_| OK.into());
    app.advance(TimeDelta::minutes(1));
    app.as_admin()
        .patch(
            format!("/webhooks/{}", hook.id()),
            json!({ "active": true }),
        )
        .if_match(gone.etag())
        .await
        .expect(200);
    app.advance(TimeDelta::minutes(1));
    app.run_jobs().await;
    assert!(sink.take().is_empty());
    // What was refused can be sent again, as often as one likes, under its id.
    let failed = deliveries(&app, &hook, "?state=failed").await;
    assert_eq!(failed.len(), 1);
    for _ in 0..2 {
        let path = format!(
            "/webhooks/{}/deliveries/{}/retry",
            hook.id(),
            failed[0].id()
        );
        app.as_admin().post(path, json!({})).await.expect(200);
        app.run_jobs().await;
        let again = sink.take();
        assert_eq!(again.len(), 1);
        assert_eq!(json!(again[0].id()), failed[0]["message_id"]);
    }
}

#[actix_web::test]
async fn nobody_there_for_days_is_switched_off() {
    let app = TestApp::start().await;
    let sink = Sink::start().await;
    let hook = hook(&app, &sink, json!({ "events": ["case.created"] })).await;
    sink.answer(|_| BROKEN.into());
    app.make_case().await;
    for _ in 0..9 {
        app.run_jobs().await;
        assert_eq!(show(&app, &hook).await["active"], true);
        app.advance(TimeDelta::hours(27));
    }
    app.run_jobs().await;
    assert_eq!(sink.take().len(), 10);
    let off = show(&app, &hook).await;
    assert_eq!(
        (&off["active"], &off["disabled_reason"]),
        (&json!(false), &json!("failing"))
    );
    assert_eq!(deliveries(&app, &hook, "?state=failed").await.len(), 1);
}

#[actix_web::test]
async fn a_dead_address_costs_one_try_per_pause() {
    let app = TestApp::start().await;
    let sink = Sink::start().await;
    let hook = hook(&app, &sink, json!({ "events": ["case.created"] })).await;
    sink.answer(|_| "HTTP/1.1 503 Service Unavailable\r\nretry-after: 600\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".into());
    for _ in 0..20 {
        app.make_case().await;
    }
    app.run_jobs().await;
    // One turn of eight, then nothing for as long as it asks to be spared.
    assert_eq!(sink.take().len(), 8);
    app.advance(TimeDelta::seconds(590));
    app.run_jobs().await;
    assert!(sink.take().is_empty());
    sink.answer(|_| OK.into());
    app.advance(TimeDelta::seconds(20));
    app.run_jobs().await;
    app.advance(TimeDelta::hours(1));
    app.run_jobs().await;
    assert_eq!(sink.take().len(), 20);
    assert!(show(&app, &hook).await["failing_since"].is_null());
}

#[actix_web::test]
async fn a_secret_changes_without_a_gap() {
    let app = TestApp::start().await;
    let sink = Sink::start().await;
    let hook = hook(&app, &sink, json!({ "events": ["case.created"] })).await;
    let old = hook["secret"].as_str().unwrap();
    let path = format!("/webhooks/{}/rotate-secret", hook.id());
    app.as_admin()
        .post(&path, json!({ "overlap_hours": 169 }))
        .await
        .invalid(&["/overlap_hours"]);
    let new = app
        .as_admin()
        .post(&path, json!({ "overlap_hours": 2 }))
        .await
        .expect(200);
    let new = new["secret"].as_str().unwrap().to_owned();
    app.make_case().await;
    app.run_jobs().await;
    let both = sink.take().remove(0);
    assert_eq!(both.signatures().len(), 2);
    assert!(both.is_signed_by(old) && both.is_signed_by(&new));
    app.advance(TimeDelta::hours(2));
    app.make_case().await;
    app.run_jobs().await;
    let one = sink.take().remove(0);
    assert_eq!(one.signatures().len(), 1);
    assert!(!one.is_signed_by(old) && one.is_signed_by(&new));
    // What is stored gives nothing.
    let secret = BASE64_STANDARD.decode(&new["whsec_".len()..]).unwrap();
    let stored: Vec<u8> = sqlx::query_scalar("select secret from webhook")
        .fetch_one(&mut app.sql().await)
        .await
        .unwrap();
    assert!(!stored.windows(8).any(|part| part == &secret[..8]));
}

#[actix_web::test]
async fn redirects_and_inner_addresses_lead_nowhere() {
    let app = TestApp::start().await;
    let (sink, inside) = (Sink::start().await, Sink::start().await);
    let hook = hook(&app, &sink, json!({ "events": ["case.created"] })).await;
    let target = inside.url.clone();
    sink.answer(move |_| {
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {target}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
    });
    app.make_case().await;
    app.run_jobs().await;
    assert_eq!(sink.take().len(), 1);
    assert!(inside.take().is_empty());
    let tried = deliveries(&app, &hook, "").await;
    assert_eq!(tried[0]["attempts"][0]["status"], 307);
    assert_eq!(tried[0]["state"], "pending");
    for url in [
        "https://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://100.64.0.1/",
        "https://user:secret@example.jp/",
        "ftp://example.jp/",
        "x",
    ] {
        app.as_admin()
            .post("/webhooks", json!({ "url": url }))
            .await
            .invalid(&["/url"]);
        app.as_admin()
            .patch(format!("/webhooks/{}", hook.id()), json!({ "url": url }))
            .if_match("\"1\"")
            .await
            .invalid(&["/url"]);
    }
}

#[actix_web::test]
async fn an_admin_keeps_them() {
    let app = TestApp::start().await;
    let sink = Sink::start().await;
    let admin: Client = app.as_admin();
    let made = hook(
        &app,
        &sink,
        json!({ "description": "省の基盤", "events": ["case.created", "case.moved"] }),
    )
    .await;
    let path = format!("/webhooks/{}", made.id());
    assert_eq!(admin.get("/webhooks").await.expect(200).items().len(), 1);
    admin
        .post(
            "/webhooks",
            json!({ "url": sink.url, "desk_id": Uuid::now_v7() }),
        )
        .await
        .invalid(&["/desk_id"]);
    admin
        .post(
            "/webhooks",
            json!({ "url": sink.url, "events": ["case.eaten"] }),
        )
        .await
        .invalid(&["/events/0"]);
    admin
        .patch(&path, json!({ "events": [] }))
        .await
        .problem("precondition-required");
    let etag = admin.get(&path).await.expect(200).etag();
    let edited = admin
        .patch(&path, json!({ "events": [], "description": null }))
        .if_match(&etag)
        .await
        .expect(200);
    assert_eq!(
        (&edited["events"], &edited["description"]),
        (&json!([]), &Value::Null)
    );
    admin
        .patch(&path, json!({ "active": false }))
        .if_match(&etag)
        .await
        .problem("stale");
    // Trying it out.
    let test = admin
        .post(format!("{path}/test"), json!({}))
        .await
        .expect(201);
    assert_eq!(
        (&test["type"], &test["state"]),
        (&json!("webhook.test"), &json!("pending"))
    );
    app.run_jobs().await;
    let received = sink.take();
    assert_eq!(received.len(), 1);
    assert_eq!(json!(received[0].id()), test["message_id"]);
    assert_eq!(received[0].json()["type"], "webhook.test");
    // How sending goes is no change of the webhook.
    assert_eq!(admin.get(&path).await.expect(200).etag(), edited.etag());
    let missing = format!("{path}/deliveries/{}/retry", Uuid::now_v7());
    admin.post(missing, json!({})).await.problem("not-found");
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.problem("not-found");
    admin.delete(&path).await.problem("not-found");
    app.make_case().await;
    app.run_jobs().await;
    assert!(sink.take().is_empty());
}
