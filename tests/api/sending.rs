//! How a message leaves: once, whatever the server does and whoever dies.

use crate::{
    harness::{TestApp, TestResponse, work_context},
    messages::{attach, notice},
    smtp::{Act, Offers, Phase, Sink},
};
use chrono::TimeDelta;
use madoguchi::{
    access::Actor,
    cases,
    error::Error,
    ids::*,
    jobs,
    mail::smtp::{Mailer, Timeouts},
    messages,
    text::EmailAddress,
};
use serde_json::json;
use std::time::Duration;

const SHORT: Timeouts = Timeouts {
    connect: Duration::from_millis(400),
    command: Duration::from_millis(400),
    end_of_content: Duration::from_millis(400),
};

impl Sink {
    /// A mailer to this server, in clear, that does not wait long.
    pub fn mailer(&self) -> Mailer {
        Mailer::smtp_within(&self.url("tls=none"), SHORT).unwrap()
    }
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
async fn a_clock_that_ran_ahead_holds_up_nothing() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let case = app.make_accepted_case(&desk).await;
    let mailer = sink.mailer();
    app.run_jobs_by(&mailer).await;
    app.advance(TimeDelta::hours(1));
    let message = app.reply(&desk, &case).await;
    jobs::enqueue_periodic(&app.store).await.unwrap();
    // It is put right again. The hold that the writer has stays what it is.
    app.advance(-TimeDelta::hours(1));
    app.run_jobs_by(&mailer).await;
    assert!(sink.take().is_empty());
    app.release(&mailer).await;
    assert_eq!(sink.take().len(), 1);
    assert_eq!(app.message(&message).await["state"], "sent");
    let far: Vec<String> = sqlx::query_scalar(
        "select name from cron where name = 'make_checkpoint' and next_run_at > $1",
    )
    .bind(app.now() + TimeDelta::minutes(1))
    .fetch_all(&mut app.sql().await)
    .await
    .unwrap();
    assert!(far.is_empty(), "{far:?}");
}
