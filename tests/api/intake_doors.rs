//! The doors through which mail comes in: who may, what is kept, and that a repetition changes nothing.

use crate::harness::{Call, Client, HasId, TestApp, TestResponse};
use actix_web::http::Method;
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use madoguchi::{app::AppOptions, intake::door::Doors};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::{Arc, LazyLock};
use uuid::Uuid;

const MAIL: &str = "From: =?UTF-8?B?5bel6Jek?= <kudo@example.co.jp>\r\nTo: sodan@example.jp\r\n\
    Message-ID: <1@example.co.jp>\r\nSubject: =?UTF-8?B?55u46KuH?=\r\n\r\nHello.\r\n";

impl TestApp {
    /// A client with an API token that may hand in mail and nothing else.
    pub async fn as_mail_system(&self) -> Client {
        self.with_token(&self.intake_token().await)
    }

    pub async fn intake_token(&self) -> String {
        let body = json!({ "name": "MTA", "permissions": ["intake"], "expires_at": self.now() + TimeDelta::days(30) });
        let made = self.as_admin().post("/api-tokens", body).await.expect(201);
        made["token"].as_str().unwrap().to_owned()
    }
}

fn door(client: &Client, mail: impl Into<Vec<u8>>) -> Call {
    client
        .call(Method::POST, "/intake/email")
        .body("message/rfc822", mail.into())
}

pub async fn mailbox(app: &TestApp, address: &str, desk: Option<&TestResponse>) -> Uuid {
    let body = json!({ "address": address, "desk_id": desk.map(HasId::id) });
    let made = app.as_admin().post("/mailboxes", body).await.expect(201);
    made.id()
}

/// What is kept of a mail, oldest first.
#[derive(Debug, sqlx::FromRow)]
pub struct Kept {
    pub id: Uuid,
    pub mailbox_id: Option<Uuid>,
    pub provider: String,
    pub delivery_id: Option<String>,
    pub envelope_from: Option<String>,
    pub envelope_to: Vec<String>,
    pub is_original: bool,
    pub bytes: Vec<u8>,
    pub jobs: i64,
}

pub async fn kept(app: &TestApp) -> Vec<Kept> {
    sqlx::query_as(
        r#"
        select m.*, r.bytes,
            (select count(*) from job j where j.kind = 'place_mail' and j.payload->>'mail_id' = m.id::text) as jobs
        from inbound_mail m
        join inbound_raw r on r.inbound_mail_id = m.id
        order by m.id
        "#,
    )
    .fetch_all(&mut app.sql().await)
    .await
    .unwrap()
}

// ------------------------------------------------------------------------------------------------------ the raw door

#[actix_web::test]
async fn a_mail_is_kept_as_it_came() {
    let app = TestApp::start().await;
    let mta = app.as_mail_system().await;
    // Every byte value there is, and no text at all.
    let mail: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let taken = door(&mta, mail.clone())
        .header("x-envelope-from", "<kudo@example.co.jp>")
        .header("x-envelope-to", "<sodan@example.jp>")
        .await
        .expect(200);
    assert_eq!(taken["duplicate"], false);
    assert_eq!(taken["sha256"], hex::encode(Sha256::digest(&mail)));
    let [row] = &kept(&app).await[..] else {
        panic!("one mail");
    };
    assert_eq!((row.id, &row.bytes), (taken.id(), &mail));
    assert_eq!((row.mailbox_id, row.jobs), (None, 1));
    assert_eq!(row.provider, "raw");
    assert_eq!(row.envelope_from.as_deref(), Some("kudo@example.co.jp"));
    assert_eq!(row.envelope_to, ["sodan@example.jp"]);
    assert!(row.is_original && row.delivery_id.is_none());
    let back = app
        .as_operator()
        .get(format!("/intake/emails/{}/raw", taken.id()))
        .await
        .expect(200);
    assert_eq!(back.bytes, mail);
    assert_eq!(back.header("content-type"), Some("message/rfc822"));
    let disposition = format!("attachment; filename=\"mail-{}.eml\"", taken.id());
    assert_eq!(back.header("content-disposition"), Some(&*disposition));
    assert_eq!(back.header("cache-control"), Some("no-store"));
}

#[actix_web::test]
async fn only_a_token_for_it_hands_in_mail() {
    let app = TestApp::start().await;
    let token = app.intake_token().await;
    door(&app.as_nobody(), MAIL)
        .await
        .problem("unauthenticated");
    for client in [app.as_admin(), app.as_operator(), app.as_supervisor()] {
        door(&client, MAIL).await.problem("forbidden");
    }
    for wrong in ["mdg_wrong", "x"] {
        door(&app.with_token(wrong), MAIL)
            .await
            .problem("unauthenticated");
    }
    let basic = |password: &str| {
        let credentials = BASE64_STANDARD.encode(format!("postfix:{password}"));
        format!("Basic {credentials}")
    };
    for wrong in [basic("mdg_wrong"), basic(""), "Basic x".to_owned()] {
        door(&app.as_nobody(), MAIL)
            .header("authorization", wrong)
            .await
            .problem("unauthenticated");
    }
    // The access token of a person is no password.
    let person = app.as_admin().token().await.unwrap();
    door(&app.as_nobody(), MAIL)
        .header("authorization", basic(&person))
        .await
        .problem("unauthenticated");
    assert!(kept(&app).await.is_empty());
    door(&app.as_nobody(), MAIL)
        .header("authorization", basic(&token))
        .await
        .expect(200);
    // Nowhere else.
    app.as_nobody()
        .get("/me")
        .header("authorization", basic(&token))
        .await
        .problem("unauthenticated");
    let mail_only = app.with_token(&token);
    mail_only.get("/mailboxes").await.problem("forbidden");
    mail_only
        .get(format!("/intake/emails/{}/raw", kept(&app).await[0].id))
        .await
        .problem("forbidden");
}

#[actix_web::test]
async fn a_repetition_changes_nothing() {
    let app = TestApp::start().await;
    let mta = app.as_mail_system().await;
    let to = |mail: &'static str| door(&mta, mail).header("x-envelope-to", "sodan@example.jp");
    let first = to(MAIL).await.expect(200);
    app.advance(TimeDelta::hours(1));
    let again = to(MAIL).await.expect(200);
    assert_eq!(again.id(), first.id());
    assert_eq!(again["sha256"], first["sha256"]);
    assert_eq!(
        (&first["duplicate"], &again["duplicate"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(kept(&app).await.len(), 1);
    app.run_jobs().await;
    to(MAIL).await.expect(200);
    assert_eq!(
        kept(&app).await[0].jobs,
        0,
        "nothing is placed a second time"
    );
    // The bytes are the key, whatever an Idempotency-Key says: another mail under a used key is another mail.
    to(MAIL).idempotent("key").await.expect(200);
    let other = door(&mta, "Subject: other\r\n\r\n")
        .idempotent("key")
        .await
        .expect(200);
    assert_ne!(other.id(), first.id());
    assert_eq!(kept(&app).await.len(), 2);
}

#[actix_web::test]
async fn twenty_deliveries_at_once_are_one_mail() {
    let app = TestApp::start().await;
    let mta = app.as_mail_system().await;
    mailbox(&app, "sodan@example.jp", None).await;
    let desk = app.make_desk().await;
    mailbox(&app, "aomori@example.jp", Some(&desk)).await;
    let answers = app
        .parallel(20, async |n| {
            // In either order, so that two deliveries meet in the middle.
            let mut to = ["sodan@example.jp", "aomori@example.jp"];
            to.rotate_left(n % 2);
            let call = door(&mta, MAIL)
                .header("x-envelope-to", to[0])
                .header("x-envelope-to", to[1]);
            let taken = call.await.expect(200);
            (n % 2, taken.id(), taken["duplicate"] == false)
        })
        .await;
    let rows = kept(&app).await;
    assert_eq!(rows.len(), 2, "one for each mailbox");
    assert!(rows.iter().all(|row| row.jobs == 1), "{rows:#?}");
    assert_eq!(answers.iter().filter(|(.., is_new)| *is_new).count(), 1);
    for turn in [0, 1] {
        let mut ids: Vec<_> = answers
            .iter()
            .filter(|(t, ..)| *t == turn)
            .map(|(_, id, _)| id)
            .collect();
        ids.sort();
        ids.dedup();
        assert_eq!(
            ids.len(),
            1,
            "the id is that of the first recipient's mailbox"
        );
    }
}

#[actix_web::test]
async fn the_same_message_id_with_other_bytes_is_another_mail() {
    let app = TestApp::start().await;
    let mta = app.as_mail_system().await;
    let one = door(&mta, MAIL).await.expect(200);
    let other = door(&mta, MAIL.replace("Hello", "Good bye"))
        .await
        .expect(200);
    assert_ne!(one.id(), other.id());
    assert_eq!(other["duplicate"], false);
    assert_eq!(kept(&app).await.len(), 2);
}

#[actix_web::test]
async fn every_mailbox_has_its_copy() {
    let app = TestApp::start().await;
    let mta = app.as_mail_system().await;
    let (aomori, iwate) = (app.make_desk().await, app.make_desk_for("03").await);
    let center = mailbox(&app, "sodan@example.jp", None).await;
    let first = mailbox(&app, "Aomori@example.jp", Some(&aomori)).await;
    let second = mailbox(&app, "iwate@example.jp", Some(&iwate)).await;
    let retired = mailbox(&app, "old@example.jp", Some(&iwate)).await;
    app.as_admin()
        .patch(format!("/mailboxes/{retired}"), json!({ "active": false }))
        .if_match("\"1\"")
        .await
        .expect(200);
    let taken = door(&mta, MAIL)
        .header("x-envelope-from", "<>")
        .header("x-envelope-to", "<AOMORI+abc.def@Example.JP>")
        .header("x-envelope-to", "<aomori@example.jp>, <iwate@example.jp>")
        .header("x-envelope-to", "<unknown@example.jp>")
        .header("x-envelope-to", "<old@example.jp>")
        .await
        .expect(200);
    let rows = kept(&app).await;
    let of = |mailbox_id: Option<Uuid>| rows.iter().find(|row| row.mailbox_id == mailbox_id);
    assert_eq!(rows.len(), 3, "{rows:#?}");
    let copy = of(Some(first)).unwrap();
    assert_eq!(copy.id, taken.id(), "the first recipient's");
    assert_eq!(
        copy.envelope_to,
        ["AOMORI+abc.def@Example.JP", "aomori@example.jp"]
    );
    assert_eq!(copy.envelope_from.as_deref(), Some(""), "the null sender");
    assert_eq!(of(Some(second)).unwrap().envelope_to, ["iwate@example.jp"]);
    // Unknown addresses and retired mailboxes are the help center's, together.
    assert_eq!(
        of(None).unwrap().envelope_to,
        ["unknown@example.jp", "old@example.jp"]
    );
    assert!(
        rows.iter()
            .all(|row| row.bytes == MAIL.as_bytes() && row.jobs == 1)
    );
    // One more mailbox later: the others have it already.
    let again = door(&mta, MAIL)
        .header("x-envelope-to", "sodan@example.jp")
        .header("x-envelope-to", "iwate@example.jp")
        .await
        .expect(200);
    assert_eq!(again["duplicate"], false, "it is new for one of them");
    let rows = kept(&app).await;
    assert_eq!((rows.len(), rows[3].mailbox_id), (4, Some(center)));
    assert_eq!(again.id(), rows[3].id);
}

#[actix_web::test]
async fn nothing_in_a_mail_makes_it_fail() {
    let app = TestApp::start().await;
    let mta = app.as_mail_system().await;
    let header = format!("Subject: {}\r\n\r\n", "x".repeat(1_000_000));
    let lines = "Received: x\r\n".repeat(100_000);
    let odd: [Vec<u8>; 8] = [
        b"no headers".into(),
        b"\r\n".into(),
        b"\0".into(),
        b"Subject: \0\0\r\n\r\n\0".into(),
        header.into(),
        lines.into(),
        b"Content-Type: multipart/mixed; boundary=\"\r\n\r\n--\r\n--\r\n".into(),
        vec![0xff; 4096],
    ];
    for mail in &odd {
        let taken = door(&mta, mail.clone())
            .header("x-envelope-from", "\"\"@<>,;:\\")
            .header("x-envelope-to", format!("{}@example.jp", "x".repeat(3000)))
            .await
            .expect(200);
        let back = app
            .as_supervisor()
            .get(format!("/intake/emails/{}/raw", taken.id()))
            .await
            .expect(200);
        assert!(back.bytes == *mail);
    }
    assert_eq!(kept(&app).await.len(), odd.len());
    let mut many = door(&mta, MAIL);
    for n in 0..1500 {
        many = many.header("x-envelope-to", format!("{n}@example.jp"));
    }
    many.await.expect(200);
    let rows = kept(&app).await;
    assert_eq!(rows.last().unwrap().envelope_to.len(), 1000);
}

#[actix_web::test]
async fn what_is_no_mail_is_refused() {
    static SMALL: LazyLock<AppOptions> = LazyLock::new(|| AppOptions {
        doors: Arc::new(Doors::new(1024)),
        ..AppOptions::default()
    });
    let app = TestApp::start_with(&SMALL).await;
    let mta = app.as_mail_system().await;
    door(&mta, "").await.problem("malformed");
    let refused = door(&mta, vec![b'x'; 1025]).await.problem("too-large");
    assert!(refused["detail"].as_str().unwrap().contains("1024"));
    for content_type in ["text/plain", "application/json", "message/partial", "x", ""] {
        door(&mta, "")
            .body(content_type, MAIL)
            .await
            .problem("unsupported-media-type");
    }
    door(&mta, MAIL)
        .without_content_type()
        .await
        .problem("unsupported-media-type");
    door(&mta, MAIL)
        .header("content-encoding", "gzip")
        .await
        .problem("unsupported-media-type");
    assert!(kept(&app).await.is_empty());
    door(&mta, vec![b'x'; 1024]).await.expect(200);
    door(&mta, MAIL)
        .body("Message/RFC822; charset=us-ascii", MAIL)
        .await
        .expect(200);
    app.as_operator().get("/intake/email").await.expect(405);
}

#[actix_web::test]
async fn while_the_database_is_away_nothing_is_taken() {
    let app = TestApp::start().await;
    let mta = app.as_mail_system().await;
    door(&mta, "Subject: before\r\n\r\n").await.expect(200);
    app.store.close().await;
    let away = door(&mta, MAIL).may_fail().await.problem("unavailable");
    assert!(away.header("retry-after").is_some());
    assert_eq!(kept(&app).await.len(), 1);
}

// ------------------------------------------------------------------------------------------------------ the way back

#[actix_web::test]
async fn a_mail_is_given_to_those_whose_case_it_is() {
    let app = TestApp::start().await;
    let mta = app.as_mail_system().await;
    let (desk, other_desk) = (app.make_desk().await, app.make_desk_for("03").await);
    let (manager, other_manager) = (app.make_manager().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    mailbox(&app, "aomori@example.jp", Some(&desk)).await;
    let taken = door(&mta, MAIL)
        .header("x-envelope-to", "aomori@example.jp")
        .await
        .expect(200);
    let path = format!("/intake/emails/{}/raw", taken.id());
    let theirs = [app.as_desk(&desk), app.as_manager(&manager)];
    let center = [app.as_operator(), app.as_supervisor(), app.as_admin()];
    let strangers = [app.as_desk(&other_desk), app.as_manager(&other_manager)];
    for client in center.iter() {
        client.get(&path).await.expect(200);
    }
    // Not placed yet.
    for client in theirs.iter().chain(&strangers) {
        client.get(&path).await.problem("not-found");
    }
    sqlx::query("update inbound_mail set case_id = $1, placed_by = 'staff' where id = $2")
        .bind(case.id())
        .bind(taken.id())
        .execute(&mut app.sql().await)
        .await
        .unwrap();
    for client in center.iter().chain(&theirs) {
        assert_eq!(client.get(&path).await.expect(200).text, MAIL);
    }
    for client in strangers.iter() {
        client.get(&path).await.problem("not-found");
    }
    app.as_auditor().get(&path).await.problem("forbidden");
    app.as_nobody().get(&path).await.problem("unauthenticated");
    app.as_operator()
        .get(format!("/intake/emails/{}/raw", Uuid::now_v7()))
        .await
        .problem("not-found");
}
