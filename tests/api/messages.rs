//! The outbox: who writes what to whom, how it leaves, and what becomes of it.

use crate::{
    harness::{HasId, TestApp, TestResponse, work_context},
    smtp::{Act, Offers, Phase, Sink},
};
use chrono::TimeDelta;
use madoguchi::{
    access::Actor,
    cases,
    error::Error,
    ids::*,
    jobs,
    mail::{
        MailIdentity,
        smtp::{Mailer, Timeouts},
    },
    messages::{self, Draft},
    programme::{Delivery, MessageKind},
    text::EmailAddress,
};
use serde_json::{Value, json};
use std::time::Duration;

const SHORT: Timeouts = Timeouts {
    connect: Duration::from_millis(400),
    command: Duration::from_millis(400),
    end_of_content: Duration::from_millis(400),
};

impl Sink {
    /// A mailer to this server, in clear, that does not wait long.
    fn mailer(&self) -> Mailer {
        Mailer::smtp_within(&self.url("tls=none"), SHORT).unwrap()
    }
}

impl TestApp {
    /// A fresh program that writes no mail by itself, so that all mail is the test's.
    pub async fn start_silent() -> Self {
        let app = Self::start().await;
        sqlx::query("update template set active = false where purpose is not null")
            .execute(&mut app.sql().await)
            .await
            .unwrap();
        app
    }

    /// A reply by the desk, still waiting.
    async fn reply(&self, desk: &impl HasId, case: &impl HasId) -> TestResponse {
        let n = self.next();
        let body = json!({ "body": format!("{n}通目のご回答です。") });
        self.as_desk(desk)
            .post(format!("/cases/{}/messages", case.id()), body)
            .await
            .expect(201)
    }

    async fn message(&self, message: &impl HasId) -> TestResponse {
        self.as_supervisor()
            .get(format!("/messages/{}", message.id()))
            .await
            .expect(200)
    }

    /// The clock passes the time in which a message can be taken back, and the jobs run.
    async fn release(&self, mailer: &Mailer) {
        self.advance(TimeDelta::minutes(2));
        self.run_jobs_by(mailer).await;
    }
}

#[actix_web::test]
async fn a_reply_waits_and_is_sent_once() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let mailer = sink.mailer();
    let case = app.make_accepted_case(&desk).await;
    let message = app.reply(&desk, &case).await;
    assert_eq!(message["state"], "waiting");
    assert_eq!(message["to_address"], case["contacts"][0]["email"]);
    assert_eq!(message["contact_id"], case["contacts"][0]["id"]);
    let number = case["number"].as_str().unwrap();
    assert_eq!(
        message["subject"],
        format!("Re: [{number}] 在宅勤務の導入について")
    );
    assert_eq!(message["allowed_steps"], json!(["take_back"]));
    assert_eq!(message.location(), format!("/messages/{}", message.id()));
    app.run_jobs_by(&mailer).await;
    assert!(sink.mails().is_empty(), "it can still be taken back");
    app.release(&mailer).await;
    let mails = sink.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].message_id(), message["message_id"]);
    assert_eq!(
        mails[0].to,
        [case["contacts"][0]["email"].as_str().unwrap()]
    );
    let sent = app.message(&message).await;
    assert_eq!(sent["state"], "sent");
    assert_eq!(sent["attempts"][0]["outcome"], "sent");
    assert_eq!(sent["attempts"][0]["reply"], "250 2.0.0 taken");
    assert_eq!(sent["allowed_steps"], json!([]));
    app.advance(TimeDelta::days(3));
    app.run_jobs_by(&mailer).await;
    assert_eq!(sink.mails().len(), 1, "nothing is sent twice");
    let timeline = app
        .as_desk(&desk)
        .get(format!("/cases/{}/timeline", case.id()))
        .await
        .expect(200);
    let kinds: Vec<_> = timeline.items().iter().map(|item| &item["kind"]).collect();
    assert_eq!(kinds[..2], ["message_sent", "message_written"]);
}

/// What the server does, and what becomes of the message: its state, the attempt's outcome, and whether the mail arrived.
const FAULTS: [(Phase, Act, &str, &str, usize); 22] = [
    (
        Phase::Greeting,
        Act::Answer("421 4.3.2 closing"),
        "queued",
        "deferred",
        0,
    ),
    (
        Phase::Greeting,
        Act::Answer("554 5.3.2 not today"),
        "queued",
        "not_reached",
        0,
    ),
    (Phase::Greeting, Act::Hang, "queued", "not_reached", 0),
    (Phase::Greeting, Act::Drop, "queued", "not_reached", 0),
    (Phase::Ehlo, Act::Hang, "queued", "not_reached", 0),
    (Phase::Ehlo, Act::Drop, "queued", "not_reached", 0),
    (
        Phase::Mail,
        Act::Answer("452 4.3.1 full"),
        "queued",
        "deferred",
        0,
    ),
    (
        Phase::Mail,
        Act::Answer("530 5.7.0 sign in first"),
        "queued",
        "not_reached",
        0,
    ),
    (Phase::Mail, Act::Hang, "queued", "not_reached", 0),
    (
        Phase::Rcpt,
        Act::Answer("451 4.7.1 greylisted"),
        "queued",
        "deferred",
        0,
    ),
    (
        Phase::Rcpt,
        Act::Answer("550 5.1.1 no such user"),
        "failed",
        "refused",
        0,
    ),
    (Phase::Rcpt, Act::Hang, "queued", "not_reached", 0),
    (
        Phase::Data,
        Act::Answer("554 5.5.1 no"),
        "failed",
        "refused",
        0,
    ),
    (
        Phase::Data,
        Act::Answer("250 what?"),
        "queued",
        "not_reached",
        0,
    ),
    (Phase::Data, Act::Drop, "queued", "not_reached", 0),
    (
        Phase::End,
        Act::Answer("452 4.2.2 mailbox full"),
        "queued",
        "deferred",
        0,
    ),
    (
        Phase::End,
        Act::Answer("550 5.7.1 spam"),
        "failed",
        "refused",
        0,
    ),
    (
        Phase::End,
        Act::Answer("354 go on"),
        "unknown",
        "unknown",
        0,
    ),
    (
        Phase::End,
        Act::Answer("gibberish"),
        "unknown",
        "unknown",
        0,
    ),
    (Phase::End, Act::Hang, "unknown", "unknown", 0),
    (Phase::End, Act::Drop, "unknown", "unknown", 0),
    (Phase::End, Act::TakeAndDrop, "unknown", "unknown", 1),
];

#[actix_web::test]
async fn what_a_server_does_decides_what_is_known() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let mailer = sink.mailer();
    for (phase, act, state, outcome, arrived) in FAULTS {
        let what = format!("{phase:?} {act:?}");
        let case = app.make_accepted_case(&desk).await;
        let message = app.reply(&desk, &case).await;
        // Every attempt begins with a connection of its own.
        let mailer_of_its_own = sink.mailer();
        sink.script([(phase, act)]);
        app.release(&mailer_of_its_own).await;
        assert!(sink.is_script_done(), "{what}");
        let after = app.message(&message).await;
        assert_eq!(after["state"], state, "{what}: {:#}", after.json);
        assert_eq!(after["attempts"][0]["outcome"], outcome, "{what}");
        assert_eq!(after["last_error"], after["attempts"][0]["reply"], "{what}");
        if let Act::Answer(text) = act {
            let reply = after["attempts"][0]["reply"].as_str().unwrap();
            let code = text.split(' ').next().unwrap();
            assert!(
                reply.contains(code) || text == "gibberish" || code == "250",
                "{what}: {reply}"
            );
        }
        assert_eq!(sink.take().len(), arrived, "{what}");
        let is_flagged = app.show_case(&case).await["flags"]
            .as_array()
            .unwrap()
            .contains(&json!("delivery_failed"));
        assert_eq!(is_flagged, state != "queued", "{what}");
        // What is queued goes by itself, what is not needs somebody.
        let path = format!("/messages/{}/retry", message.id());
        if state == "queued" {
            app.as_desk(&desk)
                .post(&path, json!({}))
                .await
                .problem("conflict");
        } else {
            app.advance(TimeDelta::days(1));
            app.run_jobs_by(&mailer).await;
            assert!(
                sink.take().is_empty(),
                "{what}: nothing is repeated by itself"
            );
            assert_eq!(after["allowed_steps"], json!(["retry"]));
            let again = app.as_desk(&desk).post(&path, json!({})).await.expect(200);
            assert_eq!(again["state"], "queued");
        }
        app.advance(TimeDelta::minutes(1));
        app.run_jobs_by(&mailer).await;
        let mails = sink.take();
        assert_eq!(mails.len(), 1, "{what}");
        assert_eq!(mails[0].message_id(), message["message_id"], "{what}");
        let sent = app.message(&message).await;
        assert_eq!(sent["state"], "sent", "{what}");
        assert_eq!(sent["attempts"].as_array().unwrap().len(), 2);
    }
}

/// A content that does not fit into the buffers between client and server: the connection breaks while it is written, so
/// nobody can have taken it.
#[actix_web::test]
async fn half_a_content_is_not_taken() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let case = app.make_accepted_case(&desk).await;
    let file = attach(&app, case.id(), "図面.bin", &vec![7; 15_000_000]).await;
    let body = json!({ "body": "図面をお送りします。", "attachment_ids": [file] });
    let message = app
        .as_desk(&desk)
        .post(format!("/cases/{}/messages", case.id()), body)
        .await
        .expect(201);
    for act in [Act::Drop, Act::Hang] {
        sink.script([(Phase::Content, act)]);
        app.advance(TimeDelta::minutes(10));
        app.run_jobs_by(&sink.mailer()).await;
        assert!(sink.is_script_done());
        let after = app.message(&message).await;
        assert_eq!(after["state"], "queued", "{act:?}");
        let attempts = after["attempts"].as_array().unwrap();
        let last = attempts.last().unwrap();
        assert_eq!(last["outcome"], "not_reached", "{act:?}");
        assert!(!last["data_started_at"].is_null(), "{act:?}");
    }
    app.advance(TimeDelta::minutes(10));
    app.run_jobs_by(&Mailer::smtp(&sink.url("tls=none")).unwrap())
        .await;
    assert_eq!(app.message(&message).await["state"], "sent");
    let mails = sink.mails();
    assert_eq!(mails.len(), 1);
    let read = mail_parser::MessageParser::default()
        .parse(&mails[0].bytes)
        .unwrap();
    let file = mail_parser::MimeHeaders::attachment_name(read.attachment(0).unwrap());
    assert_eq!(file, Some("図面.bin"));
    assert_eq!(read.attachment(0).unwrap().contents(), vec![7; 15_000_000]);
}

/// A file of a case, as the attachments slice would keep it.
async fn attach(app: &TestApp, case_id: uuid::Uuid, name: &str, bytes: &[u8]) -> uuid::Uuid {
    let id = uuid::Uuid::now_v7();
    let digest = app.blobs.put(bytes).await.unwrap();
    let mut db = app.sql().await;
    sqlx::query(
        "insert into blob (sha256, size, created_at) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(digest.0.as_slice())
    .bind(bytes.len() as i64)
    .bind(app.now())
    .execute(&mut db)
    .await
    .unwrap();
    sqlx::query(
        "insert into attachment (id, case_id, sha256, size, filename, content_type, created_at) values ($1, $2, $3, $4, $5, 'application/octet-stream', $6)",
    )
    .bind(id)
    .bind(case_id)
    .bind(digest.0.as_slice())
    .bind(bytes.len() as i64)
    .bind(name)
    .bind(app.now())
    .execute(&mut db)
    .await
    .unwrap();
    id
}

#[actix_web::test]
async fn pauses_grow_and_end_after_two_days() {
    let app = TestApp::start_silent().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let message = app.reply(&desk, &case).await;
    // Nobody listens there.
    let closed = Mailer::smtp_within("smtp://127.0.0.1:1?tls=none", SHORT).unwrap();
    app.release(&closed).await;
    let mut waited = Vec::new();
    loop {
        let after = app.message(&message).await;
        if after["state"] != "queued" {
            assert_eq!(after["state"], "failed");
            break;
        }
        let next: chrono::DateTime<chrono::Utc> =
            after["next_attempt_at"].as_str().unwrap().parse().unwrap();
        waited.push((next - app.now()).num_minutes());
        app.clock.set(next - TimeDelta::seconds(1));
        app.run_jobs_by(&closed).await;
        assert_eq!(
            app.message(&message).await.etag(),
            after.etag(),
            "not before its time"
        );
        app.clock.set(next);
        app.run_jobs_by(&closed).await;
    }
    assert_eq!(waited[..5], [1, 5, 15, 60, 60]);
    let hours = waited.iter().sum::<i64>() / 60;
    assert!((40..=50).contains(&hours), "{hours} hours");
    let after = app.message(&message).await;
    let attempts = after["attempts"].as_array().unwrap();
    assert!(
        attempts
            .iter()
            .all(|attempt| attempt["outcome"] == "not_reached")
    );
    // Staff find it, try again, and the pauses begin anew.
    let list = app
        .as_desk(&desk)
        .get("/messages?state=failed")
        .await
        .expect(200);
    assert_eq!(list.items().len(), 1);
    app.as_desk(&desk)
        .post(format!("/messages/{}/retry", message.id()), json!({}))
        .await
        .expect(200);
    let sink = Sink::start().await;
    app.run_jobs_by(&sink.mailer()).await;
    assert_eq!(sink.mails().len(), 1);
    let list = app
        .as_desk(&desk)
        .get("/messages?state=failed")
        .await
        .expect(200);
    assert!(list.items().is_empty());
}

#[actix_web::test]
async fn tls_and_passwords() {
    let app = TestApp::start_silent().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let login = Some(("sodan@example.jp", "pass word/8"));
    let offers = |starttls, wrapped| Offers {
        starttls,
        wrapped,
        login,
    };
    let plain = Sink::start_with(offers(false, false)).await;
    let starttls = Sink::start_with(offers(true, false)).await;
    let wrapped = Sink::start_with(offers(false, true)).await;
    let user = "sodan%40example.jp:pass%20word%2F8@localhost";
    let url = |sink: &Sink, scheme: &str, parameters: &str| {
        format!("{scheme}://{user}:{}?{parameters}", sink.address.port())
    };
    let ca = |sink: &Sink| format!("ca={}", sink.certificate.display());
    let good = [
        (&plain, url(&plain, "smtp", "tls=none"), false),
        (
            &starttls,
            url(
                &starttls,
                "smtp",
                &format!("tls=starttls&{}", ca(&starttls)),
            ),
            true,
        ),
        (
            &starttls,
            url(
                &starttls,
                "smtp",
                &format!("tls=required&{}", ca(&starttls)),
            ),
            true,
        ),
        (&wrapped, url(&wrapped, "smtps", &ca(&wrapped)), true),
    ];
    for (sink, url, tls) in good {
        let message = app.reply(&desk, &case).await;
        app.release(&Mailer::smtp_within(&url, SHORT).unwrap())
            .await;
        let after = app.message(&message).await;
        assert_eq!(after["state"], "sent", "{url}: {}", after["last_error"]);
        let mails = sink.take();
        assert_eq!(mails.len(), 1);
        assert_eq!(
            (mails[0].tls, mails[0].user.as_deref()),
            (tls, Some("sodan@example.jp"))
        );
    }
    let wrong = user.replace("word", "w0rd");
    let url_of_plain = url(&plain, "smtp", "tls=none");
    let bad = [
        // No TLS where it is demanded; no password in clear where it is hoped for.
        (&plain, url(&plain, "smtp", "tls=required"), "STARTTLS"),
        (&plain, url(&plain, "smtp", "tls=starttls"), "STARTTLS"),
        // A certificate that nobody signed.
        (
            &starttls,
            url(&starttls, "smtp", "tls=required"),
            "certificate",
        ),
        (
            &starttls,
            url(&starttls, "smtp", "tls=starttls"),
            "certificate",
        ),
        (
            &plain,
            url(&plain, "smtp", "tls=none").replace(user, &wrong),
            "535",
        ),
    ];
    for (sink, url, why) in bad {
        let said = sink.commands().len();
        let message = app.reply(&desk, &case).await;
        app.release(&Mailer::smtp_within(&url, SHORT).unwrap())
            .await;
        let after = app.message(&message).await;
        assert_eq!(after["state"], "queued", "{url}");
        let reply = after["attempts"][0]["reply"].as_str().unwrap();
        assert!(reply.contains(why), "{url}: {reply}");
        assert!(
            !reply.contains("pass word") && !reply.contains("w0rd"),
            "{reply}"
        );
        let said = sink.commands()[said..].join("\n");
        assert!(!said.contains("MAIL"), "{said}");
        assert!(why == "535" || !said.contains("AUTH"), "{said}");
        // The message is out of the way of the next ones.
        app.advance(TimeDelta::minutes(1));
        app.run_jobs_by(&Mailer::smtp(&url_of_plain).unwrap()).await;
        assert_eq!(plain.take().len(), 1);
    }
}

#[actix_web::test]
async fn a_connection_is_kept_for_the_next_mail_and_replaced_when_it_is_gone() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let case = app.make_accepted_case(&desk).await;
    let mailer = sink.mailer();
    for _ in 0..3 {
        app.reply(&desk, &case).await;
    }
    app.release(&mailer).await;
    let connections: Vec<_> = sink.take().iter().map(|mail| mail.connection).collect();
    assert_eq!(connections, [1, 1, 1]);
    // The server breaks it in the middle of the next mail, then closes it while it is idle.
    app.reply(&desk, &case).await;
    sink.script([
        (Phase::Rcpt, Act::Answer("421 4.4.2 too long")),
        (Phase::End, Act::Answer("250 ok")),
    ]);
    app.release(&mailer).await;
    app.advance(TimeDelta::minutes(1));
    app.run_jobs_by(&mailer).await;
    assert!(sink.is_script_done());
    assert!(
        sink.commands()
            .iter()
            .filter(|line| line.starts_with("EHLO"))
            .count()
            == 2
    );
}

#[actix_web::test]
async fn two_workers_send_one_mail() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    sink.pause(Duration::from_millis(3));
    let case = app.make_accepted_case(&desk).await;
    let context = work_context(Mailer::smtp(&sink.url("tls=none")).unwrap());
    for round in 0..20 {
        let message = app.reply(&desk, &case).await;
        app.advance(TimeDelta::minutes(2));
        // The same work twice more in the queue, as after a retry or a sweep.
        sqlx::query(
            "insert into job (kind, payload, run_at, created_at) select 'send_message', jsonb_build_object('message_id', $1::uuid), $2, $2 from generate_series(1, 2)",
        )
        .bind(message.id())
        .bind(app.now())
        .execute(&mut app.sql().await)
        .await
        .unwrap();
        let workers = app.parallel(4, async |_| {
            jobs::run_due(&app.store, &context).await.unwrap()
        });
        assert!(workers.await.iter().sum::<u64>() >= 3);
        let mails = sink.take();
        assert_eq!(mails.len(), 1, "round {round}");
        let sent = app.message(&message).await;
        assert_eq!(sent["state"], "sent");
        assert_eq!(sent["attempts"].as_array().unwrap().len(), 1);
    }
}

/// Workers that hold no lease are dead to each other: whoever was thought dead before the content gives up, and after it
/// nobody knows.
#[actix_web::test]
async fn a_worker_that_was_thought_dead_does_not_go_on() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    sink.pause(Duration::from_millis(3));
    let case = app.make_accepted_case(&desk).await;
    let (mailer, system) = (
        Mailer::smtp(&sink.url("tls=none")).unwrap(),
        Actor::system(),
    );
    let mut ends = std::collections::BTreeMap::<String, usize>::new();
    for round in 0..20 {
        let message = app.reply(&desk, &case).await;
        app.advance(TimeDelta::minutes(2));
        let id = MessageId(message.id());
        let attempts = app.parallel(4, async |n| {
            tokio::time::sleep(Duration::from_millis(n as u64 * round % 11)).await;
            messages::send::run(&app.store, &system, &mailer, id, AttemptId::new()).await
        });
        for result in attempts.await {
            result.unwrap();
        }
        app.run_jobs_by(&mailer).await;
        let after = app.message(&message).await;
        let state = after["state"].as_str().unwrap();
        let mails = sink.take().len();
        assert!(
            matches!((state, mails), ("sent", 1) | ("unknown", 0 | 1)),
            "round {round}: {state}, {mails} mails"
        );
        *ends.entry(state.to_owned()).or_default() += 1;
        for attempt in after["attempts"].as_array().unwrap() {
            let has_started = !attempt["data_started_at"].is_null();
            assert!(attempt["outcome"] != "unknown" || has_started);
            assert!(!attempt["ended_at"].is_null());
        }
    }
    assert!(ends.contains_key("sent"), "{ends:?}");
}

#[actix_web::test]
async fn rolled_back_is_never_sent() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let case = app.make_accepted_case(&desk).await;
    let to = EmailAddress::parse("soumu@example.co.jp").unwrap();
    let system = Actor::system();
    for commits in [false, true] {
        let result = app
            .store
            .transaction(&system, async |tx| {
                let case = cases::lock(tx, CaseId(case.id())).await?;
                let id = messages::write(tx, &notice(&case, &to)).await?;
                match commits {
                    true => Ok(id),
                    false => Err(Error::not_found()),
                }
            })
            .await;
        assert_eq!(result.is_ok(), commits);
        app.run_jobs_by(&sink.mailer()).await;
        assert_eq!(sink.take().len(), usize::from(commits));
    }
}

fn notice<'a>(case: &'a cases::Case, to: &'a EmailAddress) -> Draft<'a> {
    Draft {
        case: Some(case),
        kind: MessageKind::Notice,
        mailbox_id: None,
        to,
        to_name: None,
        contact_id: None,
        subject: "お知らせ",
        body: "案件が振り分けられました。",
        calendar: None,
        in_reply_to: None,
        references: &[],
        attachments: &[],
        is_held: false,
    }
}

#[actix_web::test]
async fn taking_back_races_with_the_release() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let case = app.make_accepted_case(&desk).await;
    let context = work_context(Mailer::smtp(&sink.url("tls=none")).unwrap());
    let (mut sent, mut taken_back) = (0, 0);
    for round in 0..20 {
        let message = app.reply(&desk, &case).await;
        app.advance(TimeDelta::minutes(2));
        let path = format!("/messages/{}/take-back", message.id());
        let client = app.as_desk(&desk);
        let (answer, _) = tokio::join!(
            async {
                tokio::time::sleep(Duration::from_micros(round * 150)).await;
                client.post(&path, json!({})).await
            },
            async { jobs::run_due(&app.store, &context).await.unwrap() },
        );
        let state = app.message(&message).await["state"].clone();
        match answer.status {
            200 => {
                assert_eq!(state, "taken_back", "round {round}");
                taken_back += 1;
            }
            _ => {
                answer.problem("conflict");
                assert_eq!(state, "sent", "round {round}");
                sent += 1;
            }
        }
        assert_eq!(sink.mails().len(), sent, "round {round}");
    }
    assert_eq!(sent + taken_back, 20);
    // Long before, and long after.
    let message = app.reply(&desk, &case).await;
    let path = format!("/messages/{}/take-back", message.id());
    let back = app.as_desk(&desk).post(&path, json!({})).await.expect(200);
    assert_eq!(
        (&back["state"], &back["allowed_steps"]),
        (&json!("taken_back"), &json!([]))
    );
    app.as_desk(&desk)
        .post(&path, json!({}))
        .await
        .problem("conflict");
    app.as_desk(&desk)
        .post(format!("/messages/{}/retry", message.id()), json!({}))
        .await
        .problem("conflict");
    app.release(&sink.mailer()).await;
    assert_eq!(sink.mails().len(), sent);
}

#[actix_web::test]
async fn who_may_write_read_and_take_back() {
    let app = TestApp::start_silent().await;
    let (desk, other) = (app.make_desk().await, app.make_desk_for("13").await);
    let (manager, stranger) = (app.make_manager().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let path = format!("/cases/{}/messages", case.id());
    let body = json!({ "body": "ご連絡ありがとうございます。" });
    let by_manager = app
        .as_manager(&manager)
        .post(&path, body.clone())
        .await
        .expect(201);
    let by_desk = app
        .as_desk(&desk)
        .post(&path, body.clone())
        .await
        .expect(201);
    app.as_supervisor()
        .post(&path, body.clone())
        .await
        .expect(201);
    app.as_admin().post(&path, body.clone()).await.expect(201);
    app.as_operator()
        .post(&path, body.clone())
        .await
        .problem("forbidden");
    app.as_auditor()
        .post(&path, body.clone())
        .await
        .problem("forbidden");
    let received = app.make_case().await;
    app.as_operator()
        .post(format!("/cases/{}/messages", received.id()), body.clone())
        .await
        .expect(201);

    let message = format!("/messages/{}", by_desk.id());
    let steps = ["take-back", "retry"].map(|step| format!("{message}/{step}"));
    for stranger in [app.as_desk(&other), app.as_manager(&stranger)] {
        stranger
            .post(&path, body.clone())
            .await
            .problem("not-found");
        stranger.get(&path).await.problem("not-found");
        stranger.get(&message).await.problem("not-found");
        for step in &steps {
            stranger.post(step, json!({})).await.problem("not-found");
        }
        let list = stranger.get("/messages").await.expect(200);
        assert!(list.items().is_empty());
    }
    for friend in [
        app.as_desk(&desk),
        app.as_manager(&manager),
        app.as_operator(),
    ] {
        assert_eq!(friend.get(&path).await.expect(200).items().len(), 4);
        friend.get(&message).await.expect(200);
    }
    assert_eq!(
        app.as_desk(&desk)
            .get("/messages")
            .await
            .expect(200)
            .items()
            .len(),
        4
    );
    assert_eq!(
        app.as_operator()
            .get("/messages")
            .await
            .expect(200)
            .items()
            .len(),
        5
    );
    assert_eq!(
        app.as_operator()
            .get("/messages?state=sent")
            .await
            .expect(200)
            .items()
            .len(),
        0
    );

    // Its writer takes it back, or who leads; nobody else.
    app.as_manager(&manager)
        .post(&steps[0], json!({}))
        .await
        .problem("forbidden");
    app.as_desk(&desk)
        .post(
            format!("/messages/{}/take-back", by_manager.id()),
            json!({}),
        )
        .await
        .problem("forbidden");
    app.as_desk(&desk)
        .post(&steps[0], json!({}))
        .if_match("\"99\"")
        .await
        .problem("stale");
    app.as_desk(&desk)
        .post(&steps[0], json!({}))
        .if_match(by_desk.etag())
        .await
        .expect(200);
    app.as_supervisor()
        .post(
            format!("/messages/{}/take-back", by_manager.id()),
            json!({}),
        )
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_page_after_the_other() {
    let app = TestApp::start_silent().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let mut written = Vec::new();
    for _ in 0..5 {
        written.push(app.reply(&desk, &case).await.id());
    }
    written.reverse();
    for path in [
        format!("/cases/{}/messages", case.id()),
        "/messages".to_owned(),
    ] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app
                .as_desk(&desk)
                .get(format!("{path}?limit=2{cursor}"))
                .await
                .expect(200);
            seen.extend(page.items().iter().map(HasId::id));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, written, "{path}");
    }
}

#[actix_web::test]
async fn to_whom() {
    let app = TestApp::start_silent().await;
    let desk = app.make_desk().await;
    let mut request = app.case_request();
    let contacts = request["contacts"].as_array_mut().unwrap();
    contacts.push(json!({ "role": "cc", "name": "成田 美咲", "email": "Narita@Example.co.jp" }));
    contacts.push(json!({ "role": "cc", "name": "三上 修", "phone": "017-734-0001" }));
    let case = app.as_operator().post("/cases", request).await.expect(201);
    let contact = |n: usize| case["contacts"][n]["id"].clone();
    let path = format!("/cases/{}/messages", case.id());
    let write = async |body: Value| {
        let mut full = json!({ "body": "ご回答です。" });
        full.as_object_mut()
            .unwrap()
            .extend(body.as_object().unwrap().clone());
        app.as_operator().post(&path, full).await
    };
    let primary = write(json!({})).await.expect(201);
    assert_eq!(primary["to_name"], case["contacts"][0]["name"]);
    let second = write(json!({ "contact_id": contact(1) })).await.expect(201);
    assert_eq!(
        (&second["to_address"], &second["to_name"]),
        (&json!("Narita@example.co.jp"), &json!("成田 美咲"))
    );
    // A contact's address, in whatever writing, is the contact's.
    let by_address = write(json!({ "to": "narita@EXAMPLE.co.jp" }))
        .await
        .expect(201);
    assert_eq!(by_address["contact_id"], contact(1));
    // A stranger's needs to be meant.
    write(json!({ "to": "narita@example.com" }))
        .await
        .invalid(&["/confirmed"]);
    write(json!({ "to": "narita@example.com", "confirmed": false }))
        .await
        .invalid(&["/confirmed"]);
    let outside = write(json!({ "to": "narita@example.com", "confirmed": true }))
        .await
        .expect(201);
    assert_eq!(
        (&outside["contact_id"], &outside["to_name"]),
        (&Value::Null, &Value::Null)
    );
    let event: Value = sqlx::query_scalar(
        "select data::jsonb from audit_event where kind = 'message_written' and data::jsonb->>'message_id' = $1",
    )
    .bind(outside.id().to_string())
    .fetch_one(&mut app.sql().await)
    .await
    .unwrap();
    assert_eq!(event["outside_contacts"], true);

    write(json!({ "contact_id": contact(2) }))
        .await
        .invalid(&["/contact_id"]);
    write(json!({ "contact_id": case.id() }))
        .await
        .invalid(&["/contact_id"]);
    write(json!({ "contact_id": contact(1), "to": "a@example.jp" }))
        .await
        .invalid(&["/to"]);
    for bad in [
        "a@example.jp\r\nBcc: b@example.jp",
        "a@example.jp,b@example.jp",
        "花子@example.jp",
    ] {
        write(json!({ "to": bad, "confirmed": true }))
            .await
            .invalid(&["/to"]);
    }
    for bad in [
        "件名\r\nBcc: b@example.jp",
        "件名\nX: y",
        "件\u{0}名",
        "件\u{85}名",
    ] {
        write(json!({ "subject": bad }))
            .await
            .invalid(&["/subject"]);
    }
    write(json!({ "body": "" })).await.invalid(&["/body"]);
    write(json!({ "cc": "a@example.jp" }))
        .await
        .invalid(&["/cc"]);

    // Files of another case, twice the same, too many.
    let other = app.make_case().await;
    let (own, foreign) = (
        attach(&app, case.id(), "規程.pdf", b"pdf").await,
        attach(&app, other.id(), "他社.pdf", b"other").await,
    );
    write(json!({ "attachment_ids": [own, foreign] }))
        .await
        .invalid(&["/attachment_ids/1"]);
    write(json!({ "attachment_ids": [own, own] }))
        .await
        .invalid(&["/attachment_ids/1"]);
    let many: Vec<_> = (0..21).map(|_| uuid::Uuid::now_v7()).collect();
    write(json!({ "attachment_ids": many }))
        .await
        .invalid(&["/attachment_ids"]);
    let with_file = write(json!({ "attachment_ids": [own] })).await.expect(201);
    assert_eq!(with_file["attachments"][0]["filename"], "規程.pdf");
    write(json!({ "in_reply_to_mail_id": own }))
        .await
        .invalid(&["/in_reply_to_mail_id"]);

    // Nobody to write to.
    let mut request = app.case_request();
    request["contacts"][0]
        .as_object_mut()
        .unwrap()
        .remove("email");
    let mute = app.as_operator().post("/cases", request).await.expect(201);
    app.as_operator()
        .post(
            format!("/cases/{}/messages", mute.id()),
            json!({ "body": "ご回答です。" }),
        )
        .await
        .invalid(&["/contact_id"]);
    app.as_desk(&desk)
        .post(&path, json!({ "body": "?" }))
        .await
        .problem("not-found");
}

/// A message as a worker that is gone left it: in an attempt that came so far, and without a job.
async fn left_behind(app: &TestApp, message: &TestResponse, has_started: bool) -> uuid::Uuid {
    let attempt_id = uuid::Uuid::now_v7();
    let mut db = app.sql().await;
    sqlx::query("delete from job where payload->>'message_id' = $1")
        .bind(message.id().to_string())
        .execute(&mut db)
        .await
        .unwrap();
    sqlx::query("insert into message_attempt (id, message_id, started_at, data_started_at) values ($1, $2, $3, $4)")
        .bind(attempt_id)
        .bind(message.id())
        .bind(app.now())
        .bind(has_started.then(|| app.now()))
        .execute(&mut db)
        .await
        .unwrap();
    for step in [
        "state = 'queued'",
        "state = 'sending', attempts = 1, attempt_id = $2",
    ] {
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "update message set {step} where id = $1 and $2::uuid is not null"
        )))
        .bind(message.id())
        .bind(attempt_id)
        .execute(&mut db)
        .await
        .unwrap();
    }
    attempt_id
}

#[actix_web::test]
async fn what_a_dead_worker_left_is_taken_up() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let mailer = sink.mailer();
    let case = app.make_accepted_case(&desk).await;
    let (forgotten, before, within, alive) = (
        app.reply(&desk, &case).await,
        app.reply(&desk, &case).await,
        app.reply(&desk, &case).await,
        app.reply(&desk, &case).await,
    );
    app.run_jobs_by(&mailer).await;
    left_behind(&app, &before, false).await;
    left_behind(&app, &within, true).await;
    let lease = left_behind(&app, &alive, true).await;
    let mut db = app.sql().await;
    sqlx::query("delete from job where payload->>'message_id' = $1")
        .bind(forgotten.id().to_string())
        .execute(&mut db)
        .await
        .unwrap();
    sqlx::query(
        "insert into job (kind, payload, run_at, created_at, leased_until, lease_id) values ('clean_up', '{}', $1, $1, $1 + interval '1 hour', $2)",
    )
    .bind(app.now())
    .bind(lease)
    .execute(&mut db)
    .await
    .unwrap();
    app.advance(TimeDelta::minutes(4));
    app.run_jobs_by(&mailer).await;
    let words = async |message: &TestResponse| {
        let message = app.message(message).await;
        let outcomes: Vec<_> = message["attempts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|attempt| attempt["outcome"].as_str().unwrap_or("-").to_owned())
            .collect();
        format!(
            "{}: {}",
            message["state"].as_str().unwrap(),
            outcomes.join(" ")
        )
    };
    assert_eq!(words(&forgotten).await, "sent: sent");
    assert_eq!(words(&before).await, "sent: not_reached sent");
    assert_eq!(words(&within).await, "unknown: unknown");
    assert_eq!(words(&alive).await, "sending: -");
    assert_eq!(sink.mails().len(), 2);
    assert_eq!(
        app.show_case(&case).await["flags"],
        json!(["delivery_failed"])
    );
    // Its lease passes: nobody knows what became of it.
    app.advance(TimeDelta::hours(1));
    app.run_jobs_by(&mailer).await;
    assert_eq!(words(&alive).await, "unknown: unknown");
    assert_eq!(sink.mails().len(), 2);
}

#[actix_web::test]
async fn reports_come_back() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let case = app.make_accepted_case(&desk).await;
    let message = app.reply(&desk, &case).await;
    app.release(&sink.mailer()).await;
    let report = async |delivery, detail: &str| {
        let id = MessageId(message.id());
        app.store
            .transaction(&Actor::system(), async |tx| {
                // The caller's own event in real life.
                tx.unchanged();
                messages::reported(tx, id, MailId::new(), delivery, detail).await
            })
            .await
            .unwrap();
        let after = app.message(&message).await;
        (after["delivery"].clone(), after["delivery_detail"].clone())
    };
    let is_flagged = async || app.show_case(&case).await["flags"] == json!(["delivery_failed"]);
    assert_eq!(
        report(Delivery::Delayed, "4.4.1").await,
        (json!("delayed"), json!("4.4.1"))
    );
    assert!(!is_flagged().await);
    let failed = (json!("failed"), json!("5.1.1 no such user"));
    assert_eq!(report(Delivery::Failed, "5.1.1 no such user").await, failed);
    assert!(is_flagged().await);
    assert_eq!(report(Delivery::Failed, "5.1.1 no such user").await, failed);
    assert_eq!(
        report(Delivery::Delayed, "4.4.1").await,
        failed,
        "an old one that comes late"
    );
    let events: i64 =
        sqlx::query_scalar("select count(*) from audit_event where kind = 'message_reported'")
            .fetch_one(&mut app.sql().await)
            .await
            .unwrap();
    assert_eq!(events, 2);
    let flags = app
        .as_desk(&desk)
        .get(format!("/cases/{}/flags", case.id()))
        .await
        .expect(200);
    let reason = flags.items()[0]["reason"].as_str().unwrap();
    let address = message["to_address"].as_str().unwrap();
    assert!(
        reason.contains("***@example.co.jp") && !reason.contains(address),
        "{reason}"
    );
    let list = app
        .as_desk(&desk)
        .get("/messages?delivery=failed")
        .await
        .expect(200);
    assert_eq!(list.items().len(), 1);
    // A report about nothing of ours is no error.
    app.store
        .transaction(&Actor::system(), async |tx| {
            tx.unchanged();
            messages::reported(tx, MessageId::new(), MailId::new(), Delivery::Failed, "").await
        })
        .await
        .unwrap();
}

#[actix_web::test]
async fn an_answer_by_mail_is_the_first_contact() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let case = app.make_accepted_case(&desk).await;
    assert_eq!(case["due"]["kind"], "first_contact");
    app.reply(&desk, &case).await;
    assert_eq!(
        app.show_case(&case).await["due"]["kind"],
        "first_contact",
        "not sent yet"
    );
    app.release(&sink.mailer()).await;
    assert!(app.show_case(&case).await["due"].is_null());
}

#[actix_web::test]
async fn the_breaker_stops_automatic_mail() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let case = app.make_accepted_case(&desk).await;
    let settings = app.as_admin().get("/settings").await.expect(200);
    app.as_admin()
        .patch("/settings", json!({ "automatic_mails_per_hour": 3 }))
        .if_match(settings.etag())
        .await
        .expect(200);
    let to = EmailAddress::parse("soumu@example.co.jp").unwrap();
    let system = Actor::system();
    let write = async || {
        app.store
            .transaction(&system, async |tx| {
                let case = cases::lock(tx, CaseId(case.id())).await?;
                let may = messages::may_send_automatically(tx).await?;
                match may {
                    true => drop(messages::write(tx, &notice(&case, &to)).await?),
                    false => tx.unchanged(),
                }
                Ok(may)
            })
            .await
            .unwrap()
    };
    // What people write is not counted.
    for _ in 0..5 {
        app.reply(&desk, &case).await;
    }
    for _ in 0..3 {
        assert!(write().await);
    }
    assert!(!write().await);
    app.advance(TimeDelta::minutes(61));
    assert!(write().await);
    app.run_jobs_by(&sink.mailer()).await;
    assert_eq!(sink.mails().len(), 5 + 4);
}

#[actix_web::test]
async fn from_the_mailbox_of_the_owner() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let mailer = sink.mailer();
    let case = app.make_accepted_case(&desk).await;
    let key = &MailIdentity::example().key;
    let sent_from = async || {
        app.reply(&desk, &case).await;
        app.release(&mailer).await;
        let mail = sink.take().pop().unwrap();
        let reply_to = key.plus_address(&mailbox_of(&mail.text()), CaseId(case.id()));
        assert_eq!(mail.from, reply_to, "reports come back to the case");
        let read = mail_parser::MessageParser::default()
            .parse(&mail.bytes)
            .unwrap();
        let from = read.from().unwrap().first().unwrap().clone();
        assert_eq!(
            read.reply_to().unwrap().first().unwrap().address(),
            Some(&*reply_to)
        );
        (
            from.name.map(String::from),
            from.address.unwrap().into_owned(),
        )
    };
    let open = async |address: &str, name: &str, desk_id: Option<uuid::Uuid>, active: bool| {
        sqlx::query("insert into mailbox (id, address, address_key, name, desk_id, active, created_at, updated_at) values ($1, $2, lower($2), $3, $4, $5, $6, $6)")
            .bind(uuid::Uuid::now_v7())
            .bind(address)
            .bind(name)
            .bind(desk_id)
            .bind(active)
            .bind(app.now())
            .execute(&mut app.sql().await)
            .await
            .unwrap();
    };
    let named = |name: &str, address: &str| (Some(name.to_owned()), address.to_owned());
    assert_eq!(sent_from().await, (None, "sodan@madoguchi.example".into()));
    open("center@example.jp", "テレワーク相談センター", None, true).await;
    assert_eq!(
        sent_from().await,
        named("テレワーク相談センター", "center@example.jp")
    );
    let other = app.make_desk_for("13").await;
    open("tokyo@example.jp", "東京窓口", Some(other.id()), true).await;
    open("old@example.jp", "旧窓口", Some(desk.id()), false).await;
    assert_eq!(
        sent_from().await,
        named("テレワーク相談センター", "center@example.jp")
    );
    open("aomori@example.jp", "青森窓口", Some(desk.id()), true).await;
    assert_eq!(sent_from().await, named("青森窓口", "aomori@example.jp"));
}

/// The address in the From header.
fn mailbox_of(text: &str) -> String {
    let line = text
        .lines()
        .find(|line| line.starts_with("From: "))
        .unwrap();
    let address = line.trim_start_matches("From: ");
    let address = address.rsplit('<').next().unwrap();
    address.trim_end_matches('>').to_owned()
}

#[actix_web::test]
async fn an_address_that_no_server_takes_fails_in_words() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let case = app.make_accepted_case(&desk).await;
    let path = format!("/cases/{}/messages", case.id());
    let long = format!("{}@example.jp", "a".repeat(80));
    for (to, state) in [
        (long.as_str(), "failed"),
        ("foo..bar.@docomo.ne.jp", "sent"),
        (".-abc-.@ezweb.ne.jp", "sent"),
    ] {
        let body = json!({ "body": "ご回答です。", "to": to, "confirmed": true });
        let message = app.as_desk(&desk).post(&path, body).await.expect(201);
        app.release(&sink.mailer()).await;
        let after = app.message(&message).await;
        assert_eq!(after["state"], state, "{to}: {}", after["last_error"]);
        let mails = sink.take();
        if state == "failed" {
            assert!(
                after["last_error"]
                    .as_str()
                    .unwrap()
                    .contains("no mail can be sent to")
            );
            assert!(mails.is_empty());
        } else {
            let (local, domain) = to.split_once('@').unwrap();
            assert_eq!(mails[0].to, [format!("\"{local}\"@{domain}")]);
            assert!(
                mails[0]
                    .text()
                    .contains(&format!("To: \"{local}\"@{domain}"))
            );
        }
    }
    assert!(
        app.show_case(&case).await["flags"]
            .as_array()
            .unwrap()
            .contains(&json!("delivery_failed"))
    );
}

#[actix_web::test]
async fn without_a_server_mail_is_written_to_a_folder() {
    let app = TestApp::start_silent().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let message = app.reply(&desk, &case).await;
    app.advance(TimeDelta::minutes(2));
    app.run_jobs().await;
    assert_eq!(app.message(&message).await["state"], "sent");
    let mails = app.outbox();
    assert_eq!(mails.len(), 1);
    let read = mail_parser::MessageParser::default()
        .parse(&mails[0])
        .unwrap();
    assert_eq!(read.message_id(), message["message_id"].as_str());
    assert_eq!(
        read.body_text(0).unwrap().trim(),
        message["body"].as_str().unwrap()
    );
}

#[actix_web::test]
async fn an_answer_continues_the_thread() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let case = app.make_accepted_case(&desk).await;
    let mail_id = uuid::Uuid::now_v7();
    let references: Vec<_> = (0..14).map(|n| format!("{n}@example.co.jp")).collect();
    sqlx::query(
        "insert into inbound_mail (id, sha256, size, provider, envelope_to, is_original, received_at, state, processed_at, message_id, reference_ids, subject, case_id, placed_by)
         values ($1, $2, 1, 'raw', '{}', true, $3, 'processed', $3, 'last@example.co.jp', $4, 'Ｒｅ：規程の件', $5, 'staff')",
    )
    .bind(mail_id)
    .bind([7_u8; 32].as_slice())
    .bind(app.now())
    .bind(&references)
    .bind(case.id())
    .execute(&mut app.sql().await)
    .await
    .unwrap();
    let body = json!({ "body": "ご回答です。", "in_reply_to_mail_id": mail_id });
    let path = format!("/cases/{}/messages", case.id());
    let message = app.as_desk(&desk).post(&path, body).await.expect(201);
    let number = case["number"].as_str().unwrap();
    assert_eq!(message["subject"], format!("Re: [{number}] 規程の件"));
    app.release(&sink.mailer()).await;
    let mail = sink.take().pop().unwrap();
    let read = mail_parser::MessageParser::default()
        .parse(&mail.bytes)
        .unwrap();
    assert_eq!(read.in_reply_to().as_text(), Some("last@example.co.jp"));
    let expected: Vec<_> = [0, 1, 2, 3, 9, 10, 11, 12, 13]
        .map(|n| format!("{n}@example.co.jp"))
        .into_iter()
        .chain(["last@example.co.jp".to_owned()])
        .collect();
    assert_eq!(read.references().as_text_list().unwrap(), expected);
    assert!(read.header("Auto-Submitted").is_none(), "a person wrote it");
}
