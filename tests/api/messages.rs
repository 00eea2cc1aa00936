//! The outbox: who writes what to whom, and what they see of it.

use crate::{
    harness::{HasId, TestApp, TestResponse},
    smtp::Sink,
};
use chrono::TimeDelta;
use madoguchi::{
    access::Actor,
    cases,
    ids::*,
    mail::{MailIdentity, smtp::Mailer},
    messages::{self, Draft},
    programme::{Delivery, MessageKind},
    text::EmailAddress,
};
use serde_json::{Value, json};

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
    pub async fn reply(&self, desk: &impl HasId, case: &impl HasId) -> TestResponse {
        let n = self.next();
        let body = json!({ "body": format!("{n}通目のご回答です。") });
        self.as_desk(desk)
            .post(format!("/cases/{}/messages", case.id()), body)
            .await
            .expect(201)
    }

    pub async fn message(&self, message: &impl HasId) -> TestResponse {
        self.as_supervisor()
            .get(format!("/messages/{}", message.id()))
            .await
            .expect(200)
    }

    /// The clock passes the time in which a message can be taken back, and the jobs run.
    pub async fn release(&self, mailer: &Mailer) {
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

/// A file of a case, as the attachments slice would keep it.
pub async fn attach(app: &TestApp, case_id: uuid::Uuid, name: &str, bytes: &[u8]) -> uuid::Uuid {
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

pub fn notice<'a>(case: &'a cases::Case, to: &'a EmailAddress) -> Draft<'a> {
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
    contacts.push(json!({ "role": "agent", "name": "税理士", "email": "agent@example.com" }));
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
    // So does an agent's whose authority nobody confirmed.
    write(json!({ "to": "agent@example.com" }))
        .await
        .invalid(&["/confirmed"]);
    write(json!({ "contact_id": contact(3) }))
        .await
        .invalid(&["/confirmed"]);
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
    assert_eq!(
        sent_from().await,
        named("テレワーク相談センター", "sodan@madoguchi.example")
    );
    open("center@example.jp", "相談センター", None, true).await;
    assert_eq!(
        sent_from().await,
        named("相談センター", "center@example.jp")
    );
    let other = app.make_desk_for("13").await;
    open("tokyo@example.jp", "東京窓口", Some(other.id()), true).await;
    open("old@example.jp", "旧窓口", Some(desk.id()), false).await;
    assert_eq!(
        sent_from().await,
        named("相談センター", "center@example.jp")
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
    // The sample has no mailbox: the office writes.
    let from = read.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some("テレワーク相談センター"));
    assert!(read.header("Auto-Submitted").is_none(), "a person wrote it");
}
