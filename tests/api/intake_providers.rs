//! The doors of Postmark, Mailgun, SendGrid and Amazon SES: each with its own proof, and its own idea of what is sent
//! again.

use crate::{
    harness::{Call, TestApp},
    intake_doors::{kept, mailbox},
};
use actix_web::http::Method;
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use madoguchi::{
    app::AppOptions,
    intake::{
        door::Doors,
        mailgun::Mailgun,
        postmark::Postmark,
        sendgrid::Sendgrid,
        ses::{Pages, Ses},
    },
};
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::{Arc, LazyLock, Mutex};

const PASSWORD: &str = "a password for tests";
const TOPIC: &str = "arn:aws:sns:ap-northeast-1:123456789012:mail";
const CERTIFICATE: &str =
    "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-1.pem";

/// In Shift_JIS, not in UTF-8, with a NUL.
const MAIL: &[u8] = b"Message-ID: <1@example.jp>\r\nSubject: \x93\xfa\x96{\r\n\r\n\0=+%41&\r\n";

// ------------------------------------------------------------------------------------------------------- the set-up

struct Keys {
    sendgrid: EcdsaKeyPair,
    sns: RsaKeyPair,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let sns = include_bytes!("../fixtures/sns/signing-key.der");
    Keys {
        sendgrid: EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap(),
        sns: RsaKeyPair::from_pkcs8(sns).unwrap(),
    }
});

/// As SendGrid shows a public key.
fn sendgrid_key() -> String {
    let prefix = hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").unwrap();
    BASE64_STANDARD.encode([&prefix, KEYS.sendgrid.public_key().as_ref()].concat())
}

/// SNS in a test: gives out what the test says, and notes what it was asked.
#[derive(Default)]
struct FakePages {
    asked: Mutex<Vec<String>>,
    is_away: Mutex<bool>,
}

impl Pages for FakePages {
    fn get(&self, url: String) -> BoxFuture<'_, Result<Vec<u8>, String>> {
        self.asked.lock().unwrap().push(url.clone());
        let page = match *self.is_away.lock().unwrap() {
            true => Err("away".into()),
            false if url.ends_with("-1.pem") => {
                Ok(include_bytes!("../fixtures/sns/signing.pem").to_vec())
            }
            false if url.ends_with("-named.pem") => {
                Ok(include_bytes!("../fixtures/sns/another-name.pem").to_vec())
            }
            false if url.ends_with("-chain.pem") => Ok([
                &include_bytes!("../fixtures/sns/signing.pem")[..],
                &include_bytes!("../fixtures/sns/issuer.pem")[..],
            ]
            .concat()),
            false => Ok(b"something else".to_vec()),
        };
        Box::pin(async move { page })
    }
}

struct Set {
    options: &'static AppOptions,
    pages: Arc<FakePages>,
}

/// All doors open. Every test has its own, because a door remembers certificates.
fn all_doors() -> Set {
    let pages = Arc::new(FakePages::default());
    let mut doors = Doors::new(100_000);
    doors.postmark = Some(Postmark {
        password: PASSWORD.into(),
    });
    doors.mailgun = Some(Mailgun {
        signing_key: PASSWORD.into(),
        window: TimeDelta::minutes(15),
    });
    doors.sendgrid = Some(Sendgrid::new(Some(&sendgrid_key()), None).unwrap());
    doors.ses = Some(Ses::new(&[TOPIC.to_owned()], pages.clone()).unwrap());
    let options = AppOptions {
        doors: Arc::new(doors),
        ..AppOptions::default()
    };
    Set {
        options: Box::leak(Box::new(options)),
        pages,
    }
}

async fn start() -> TestApp {
    TestApp::start_with(all_doors().options).await
}

fn basic(password: &str) -> String {
    let credentials = BASE64_STANDARD.encode(format!("any:{password}"));
    format!("Basic {credentials}")
}

fn post(app: &TestApp, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Call {
    app.as_nobody()
        .call(Method::POST, format!("/intake/email/{path}"))
        .body(content_type, body.into())
}

/// A form with these fields.
fn multipart(fields: &[(&str, &[u8])]) -> (&'static str, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--limit\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--limit--\r\n");
    ("multipart/form-data; boundary=limit", body)
}

#[actix_web::test]
async fn a_door_that_is_not_set_up_is_not_there() {
    let app = TestApp::start().await;
    for path in ["postmark", "mailgun", "mailgun/mime", "sendgrid", "ses"] {
        post(&app, path, "application/json", "{}")
            .header("authorization", basic(PASSWORD))
            .await
            .problem("not-found");
        // Whoever asks.
        let path = format!("/intake/email/{path}");
        let admin = app.as_admin().call(Method::POST, path);
        admin.await.problem("not-found");
    }
}

// --------------------------------------------------------------------------------------------------------- Postmark

fn postmark(app: &TestApp, body: &Value) -> Call {
    post(app, "postmark", "application/json", body.to_string())
        .header("authorization", basic(PASSWORD))
}

#[actix_web::test]
async fn postmark_gives_a_raw_message() {
    let app = start().await;
    let id = mailbox(&app, "sodan@example.jp", None).await;
    let mail = "Message-ID: <1@example.jp>\r\n\r\nHello\r\n";
    let body = json!({
        "MessageID": "a8c1040e", "OriginalRecipient": "sodan+token@example.jp", "RawEmail": mail,
        "Headers": [{ "Name": "Return-Path", "Value": "<kudo@example.jp>" }], "Subject": "x",
    });
    let taken = postmark(&app, &body).await.expect(200);
    assert_eq!(taken["duplicate"], false);
    let again = postmark(&app, &body).await.expect(200);
    assert_eq!(
        (&again["id"], &again["duplicate"]),
        (&taken["id"], &json!(true))
    );
    // The same delivery in other words is the same delivery.
    let mut other = body.clone();
    other["RawEmail"] = json!("Subject: other\r\n\r\n");
    let again = postmark(&app, &other).await.expect(200);
    assert_eq!(
        (&again["id"], &again["duplicate"]),
        (&taken["id"], &json!(true))
    );
    other["MessageID"] = json!("b8c1040e");
    postmark(&app, &other).await.expect(200);
    let rows = kept(&app).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&*rows[0].provider, rows[0].mailbox_id),
        ("postmark", Some(id))
    );
    assert_eq!(rows[0].delivery_id.as_deref(), Some("a8c1040e"));
    assert_eq!(rows[0].envelope_from.as_deref(), Some("kudo@example.jp"));
    assert_eq!(rows[0].envelope_to, ["sodan+token@example.jp"]);
    assert_eq!(rows[0].bytes, mail.as_bytes());
    assert!(rows[0].is_original);
}

#[actix_web::test]
async fn postmark_gives_parts() {
    let app = start().await;
    let body = json!({
        "MessageID": "1", "From": "kudo@example.jp", "FromFull": { "Email": "kudo@example.jp", "Name": "工藤" },
        "Subject": "相談", "TextBody": "よろしく", "Headers": [{ "Name": "Message-ID", "Value": "<1@example.jp>" }],
    });
    postmark(&app, &body).await.expect(200);
    let again = postmark(&app, &body).await.expect(200);
    assert_eq!(again["duplicate"], true);
    let rows = kept(&app).await;
    assert!(!rows[0].is_original);
    let mail = String::from_utf8(rows[0].bytes.clone()).unwrap();
    assert!(mail.starts_with("Message-ID: <1@example.jp>\r\n"), "{mail}");
    assert!(mail.contains(&BASE64_STANDARD.encode("よろしく")), "{mail}");
    // Whatever is missing or odd.
    for odd in [
        json!({}),
        json!({ "Headers": null, "Subject": null }),
        json!({ "RawEmail": "相談" }),
    ] {
        postmark(&app, &odd).await.expect(200);
    }
    post(
        &app,
        "postmark",
        "application/json",
        b"{\"Subject\": \"\\ud800\", \"TextBody\": \"\xff\"}",
    )
    .header("authorization", basic(PASSWORD))
    .await
    .expect(200);
}

/// Postmark stops at 403.
#[actix_web::test]
async fn postmark_is_never_told_to_stop() {
    let app = start().await;
    let body = json!({ "RawEmail": "Subject: x\r\n\r\n" }).to_string();
    let call = || post(&app, "postmark", "application/json", body.clone());
    call().await.problem("unauthenticated");
    for wrong in [
        basic("wrong"),
        basic(""),
        format!("Bearer {PASSWORD}"),
        "x".into(),
    ] {
        call()
            .header("authorization", wrong)
            .await
            .problem("unauthenticated");
    }
    // A token that may do something else does no harm and no good.
    let with_token = app.with_token(&app.intake_token().await);
    let path = "/intake/email/postmark";
    let with_token = with_token
        .call(Method::POST, path)
        .body("application/json", body.clone());
    with_token.await.problem("unauthenticated");
    for unreadable in ["", "{", "[]", "\"text\""] {
        post(&app, "postmark", "application/json", unreadable)
            .header("authorization", basic(PASSWORD))
            .await
            .problem("malformed");
    }
    let large = json!({ "RawEmail": "x".repeat(100_001) });
    postmark(&app, &large).await.problem("too-large");
    let larger = json!({ "RawEmail": "x".repeat(300_001) });
    postmark(&app, &larger).await.problem("too-large");
    assert!(kept(&app).await.is_empty());
    app.store.close().await;
    call()
        .header("authorization", basic(PASSWORD))
        .may_fail()
        .await
        .problem("unavailable");
}

// ---------------------------------------------------------------------------------------------------------- Mailgun

/// The fields with a good signature of that time.
fn mailgun_form(at: DateTime<Utc>, token: &str, mail: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let timestamp = at.timestamp().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(PASSWORD.as_bytes()).unwrap();
    mac.update(format!("{timestamp}{token}").as_bytes());
    vec![
        ("recipient", b"sodan@example.jp".to_vec()),
        ("sender", b"kudo@example.jp".to_vec()),
        ("timestamp", timestamp.into()),
        ("token", token.into()),
        ("signature", hex::encode(mac.finalize().into_bytes()).into()),
        ("body-mime", mail.to_vec()),
    ]
}

fn mailgun(app: &TestApp, fields: &[(&'static str, Vec<u8>)]) -> Call {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_slice()))
        .collect();
    let (content_type, body) = multipart(&fields);
    post(app, "mailgun/mime", content_type, body)
}

#[actix_web::test]
async fn mailgun_gives_a_raw_message() {
    let app = start().await;
    let form = mailgun_form(app.now(), "one", MAIL);
    let taken = mailgun(&app, &form).await.expect(200);
    let urlencoded: Vec<_> = mailgun_form(app.now(), "two", b"Subject: \xff +%=&\r\n\r\n")
        .into_iter()
        .map(|(name, value)| {
            let value: String = value.iter().map(|byte| format!("%{byte:02X}")).collect();
            format!("{name}={value}")
        })
        .collect();
    post(
        &app,
        "mailgun",
        "application/x-www-form-urlencoded",
        urlencoded.join("&"),
    )
    .await
    .expect(200);
    let rows = kept(&app).await;
    assert_eq!((rows.len(), rows[0].bytes.as_slice()), (2, MAIL));
    assert_eq!(rows[1].bytes, b"Subject: \xff +%=&\r\n\r\n");
    assert_eq!((&*rows[0].provider, rows[0].is_original), ("mailgun", true));
    assert_eq!(rows[0].envelope_from.as_deref(), Some("kudo@example.jp"));
    assert_eq!(rows[0].envelope_to, ["sodan@example.jp"]);
    // The same delivery, and the same mail with a new signature: nothing changes.
    for form in [form, mailgun_form(app.now(), "three", MAIL)] {
        let again = mailgun(&app, &form).await.expect(200);
        assert_eq!(
            (&again["id"], &again["duplicate"]),
            (&taken["id"], &json!(true))
        );
    }
    assert_eq!(kept(&app).await.len(), 2);
}

#[actix_web::test]
async fn a_signature_of_mailgun_is_good_for_one_mail() {
    let app = start().await;
    let form = mailgun_form(app.now(), "one", MAIL);
    mailgun(&app, &form).await.expect(200);
    // Whoever saw the signature changes the mail, or whom it is for.
    for (field, value) in [
        ("body-mime", "Subject: forged\r\n\r\n"),
        ("recipient", "x@example.jp"),
        ("sender", "x@example.jp"),
    ] {
        let mut forged = form.clone();
        forged
            .iter_mut()
            .find(|(name, _)| *name == field)
            .unwrap()
            .1 = value.into();
        mailgun(&app, &forged).await.problem("unauthenticated");
    }
    let at_once = app
        .parallel(10, async |n| {
            let form = mailgun_form(app.now(), "two", format!("Subject: {n}\r\n\r\n").as_bytes());
            mailgun(&app, &form).await.status
        })
        .await;
    assert_eq!(
        at_once.iter().filter(|status| **status == 200).count(),
        1,
        "{at_once:?}"
    );
    assert_eq!(
        at_once.iter().filter(|status| **status == 401).count(),
        9,
        "{at_once:?}"
    );
    assert_eq!(kept(&app).await.len(), 2);
    // A token is remembered while its signature is good, and no longer.
    let tokens = async || -> i64 {
        let count = sqlx::query_scalar("select count(*) from mailgun_token");
        count.fetch_one(&mut app.sql().await).await.unwrap()
    };
    app.run_jobs().await;
    assert_eq!(tokens().await, 2);
    app.advance(TimeDelta::hours(2));
    app.run_jobs().await;
    assert_eq!(tokens().await, 0);
    mailgun(&app, &form).await.problem("unauthenticated");
}

/// Mailgun repeats everything but 200 and 406.
#[actix_web::test]
async fn mailgun_repeats_what_may_get_better() {
    let app = start().await;
    let window = TimeDelta::minutes(15);
    let second = TimeDelta::seconds(1);
    for at in [app.now() - window - second, app.now() + window + second] {
        let form = mailgun_form(at, "x", MAIL);
        mailgun(&app, &form).await.problem("unauthenticated");
    }
    for (n, at) in [app.now() - window, app.now() + window]
        .into_iter()
        .enumerate()
    {
        let mail = format!("Subject: {n}\r\n\r\n");
        let form = mailgun_form(at, &n.to_string(), mail.as_bytes());
        mailgun(&app, &form).await.expect(200);
    }
    for (field, value) in [
        ("signature", "00"),
        ("signature", "zz"),
        ("signature", ""),
        ("token", "other"),
        ("timestamp", "0"),
    ] {
        let mut wrong = mailgun_form(app.now(), "y", MAIL);
        wrong.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value.into();
        mailgun(&app, &wrong).await.problem("unauthenticated");
    }
    mailgun(&app, &[]).await.problem("unauthenticated");
    // A timestamp that is signed and is none.
    let mut mac = Hmac::<Sha256>::new_from_slice(PASSWORD.as_bytes()).unwrap();
    mac.update(b"nonetoken");
    let signature = hex::encode(mac.finalize().into_bytes());
    let odd = [
        ("timestamp", b"none".to_vec()),
        ("token", b"token".to_vec()),
        ("signature", signature.into()),
    ];
    mailgun(&app, &odd).await.problem("unauthenticated");
    // The route's URL does not end in mime.
    let mut parsed = mailgun_form(app.now(), "z", b"");
    parsed.pop();
    mailgun(&app, &parsed).await.problem("malformed");
    let large = mailgun_form(app.now(), "l", &[b'x'; 100_001]);
    mailgun(&app, &large).await.problem("too-large");
    post(&app, "mailgun", "application/json", "{}")
        .await
        .problem("unsupported-media-type");
    post(&app, "mailgun", "multipart/form-data", "{}")
        .await
        .problem("unsupported-media-type");
    // The one thing that is final.
    let empty = mailgun_form(app.now(), "e", b"");
    mailgun(&app, &empty).await.problem("not-acceptable");
    assert_eq!(kept(&app).await.len(), 2);
    app.store.close().await;
    let form = mailgun_form(app.now(), "a", MAIL);
    mailgun(&app, &form).may_fail().await.problem("unavailable");
}

// --------------------------------------------------------------------------------------------------------- SendGrid

fn sendgrid(app: &TestApp, content_type: &str, body: Vec<u8>) -> Call {
    let timestamp = "1795482000";
    let signed = [timestamp.as_bytes(), &body].concat();
    let signature = KEYS.sendgrid.sign(&SystemRandom::new(), &signed).unwrap();
    post(app, "sendgrid", content_type, body)
        .header("x-twilio-email-event-webhook-timestamp", timestamp)
        .header(
            "x-twilio-email-event-webhook-signature",
            BASE64_STANDARD.encode(signature),
        )
}

#[actix_web::test]
async fn sendgrid_gives_a_raw_message() {
    let app = start().await;
    let (content_type, body) = multipart(&[
        (
            "envelope",
            br#"{"to":["sodan@example.jp","b@example.jp"],"from":"kudo@example.jp"}"#,
        ),
        ("email", MAIL),
        ("subject", b"x"),
    ]);
    let taken = sendgrid(&app, content_type, body.clone()).await.expect(200);
    let again = sendgrid(&app, content_type, body).await.expect(200);
    assert_eq!(
        (&again["id"], &again["duplicate"]),
        (&taken["id"], &json!(true))
    );
    let rows = kept(&app).await;
    assert_eq!((rows.len(), rows[0].bytes.as_slice()), (1, MAIL));
    assert_eq!(
        (&*rows[0].provider, rows[0].is_original),
        ("sendgrid", true)
    );
    assert_eq!(rows[0].envelope_from.as_deref(), Some("kudo@example.jp"));
    assert_eq!(rows[0].envelope_to, ["sodan@example.jp", "b@example.jp"]);
}

#[actix_web::test]
async fn sendgrid_gives_parts_in_their_own_character_sets() {
    let app = start().await;
    let text = b"\x1b$BF|K\\\x1b(B";
    let (content_type, body) = multipart(&[
        (
            "headers",
            b"Message-ID: <1@example.jp>\nFrom: kudo@example.jp\nContent-Type: text/plain\n",
        ),
        (
            "charsets",
            br#"{"text":"iso-2022-jp","html":"Shift_JIS","subject":"shift_jis"}"#,
        ),
        ("text", text),
        ("html", b"<p>\x93\xfa\x96{</p>"),
        ("subject", b"\x93\xfa\x96{"),
        ("attachment1", b"\0\xff"),
        (
            "attachment-info",
            br#"{"attachment1":{"filename":"a.bin","type":"application/x-a"}}"#,
        ),
        ("attachments", b"1"),
    ]);
    sendgrid(&app, content_type, body).await.expect(200);
    let rows = kept(&app).await;
    assert!(!rows[0].is_original);
    let read = mail_parser::MessageParser::default();
    let read = read.parse(&rows[0].bytes).unwrap();
    assert_eq!(read.message_id(), Some("1@example.jp"));
    assert_eq!(read.subject(), Some("日本"));
    assert_eq!(read.body_text(0).as_deref(), Some("日本"));
    assert_eq!(read.body_html(0).as_deref(), Some("<p>日本</p>"));
    assert_eq!(read.attachment(0).unwrap().contents(), b"\0\xff");
    assert_eq!(read.attachment_count(), 1);
    // The bytes of the texts were not touched: the labels say what they are.
    let mail = String::from_utf8_lossy(&rows[0].bytes).into_owned();
    assert!(mail.contains(&BASE64_STANDARD.encode(text)), "{mail}");
    assert!(
        mail.contains("text/plain; charset=\"iso-2022-jp\""),
        "{mail}"
    );
    // A form with nothing in it is a mail about which nothing is known; SendGrid would drop it at a refusal.
    let (content_type, body) = multipart(&[
        ("envelope", b"{"),
        ("charsets", b"["),
        ("to", b"a@example.jp"),
    ]);
    sendgrid(&app, content_type, body).await.expect(200);
    let rows = kept(&app).await;
    assert_eq!(rows[1].envelope_to, ["a@example.jp"]);
}

/// SendGrid repeats 5xx only.
#[actix_web::test]
async fn sendgrid_proves_itself_with_every_byte() {
    let app = start().await;
    let (content_type, body) = multipart(&[("email", MAIL)]);
    let unsigned = post(&app, "sendgrid", content_type, body.clone());
    unsigned.await.problem("unauthenticated");
    let signature =
        BASE64_STANDARD.encode(KEYS.sendgrid.sign(&SystemRandom::new(), &body).unwrap());
    for (timestamp, signature) in [
        ("1", signature.as_str()),
        ("1", "x"),
        ("", ""),
        ("1", "AAAA"),
    ] {
        post(&app, "sendgrid", content_type, body.clone())
            .header("x-twilio-email-event-webhook-timestamp", timestamp)
            .header("x-twilio-email-event-webhook-signature", signature)
            .await
            .problem("unauthenticated");
    }
    let mut changed = body.clone();
    changed.push(b' ');
    sendgrid(&app, content_type, body.clone())
        .body(content_type, changed)
        .await
        .problem("unauthenticated");
    assert!(kept(&app).await.is_empty());
    app.store.close().await;
    let away = sendgrid(&app, content_type, body).may_fail().await;
    away.problem("unavailable");
}

#[actix_web::test]
async fn sendgrid_with_a_password() {
    let open = |key: Option<&str>| {
        let mut doors = Doors::new(100_000);
        doors.sendgrid = Some(Sendgrid::new(key, Some(PASSWORD.into())).unwrap());
        let doors = Arc::new(doors);
        &*Box::leak(Box::new(AppOptions {
            doors,
            ..AppOptions::default()
        }))
    };
    let (content_type, body) = multipart(&[("email", MAIL)]);
    let app = TestApp::start_with(open(None)).await;
    let call = || post(&app, "sendgrid", content_type, body.clone());
    call().await.problem("unauthenticated");
    call()
        .header("authorization", basic("wrong"))
        .await
        .problem("unauthenticated");
    call()
        .header("authorization", basic(PASSWORD))
        .await
        .expect(200);
    // With a key, both must hold.
    let app = TestApp::start_with(open(Some(&sendgrid_key()))).await;
    let signed = || sendgrid(&app, content_type, body.clone());
    signed().await.problem("unauthenticated");
    post(&app, "sendgrid", content_type, body.clone())
        .header("authorization", basic(PASSWORD))
        .await
        .problem("unauthenticated");
    signed()
        .header("authorization", basic(PASSWORD))
        .await
        .expect(200);
}

// ------------------------------------------------------------------------------------------------------- Amazon SES

/// A notification of a mail, not signed yet.
fn sns(message: &Value) -> Value {
    json!({
        "Type": "Notification", "MessageId": "22b80b92", "TopicArn": TOPIC, "Subject": "Amazon SES Email Receipt Notification",
        "Message": message.to_string(), "Timestamp": "2026-11-24T01:00:00.000Z", "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE, "UnsubscribeURL": "https://sns.ap-northeast-1.amazonaws.com/?Action=Unsubscribe",
    })
}

fn received(content: &str, encoding: Option<&str>) -> Value {
    json!({
        "notificationType": "Received", "content": content,
        "mail": { "source": "kudo@example.jp", "messageId": "x", "destination": ["other@example.jp"] },
        "receipt": { "recipients": ["sodan@example.jp"], "action": { "type": "SNS", "topicArn": TOPIC, "encoding": encoding } },
    })
}

fn signed(mut published: Value) -> String {
    let names: &[&str] = match published["Type"].as_str() {
        Some("Notification") => &[
            "Message",
            "MessageId",
            "Subject",
            "Timestamp",
            "TopicArn",
            "Type",
        ],
        _ => &[
            "Message",
            "MessageId",
            "SubscribeURL",
            "Timestamp",
            "Token",
            "TopicArn",
            "Type",
        ],
    };
    let mut text = String::new();
    for name in names {
        if let Some(value) = published[*name].as_str() {
            text += &format!("{name}\n{value}\n");
        }
    }
    let mut signature = vec![0; KEYS.sns.public().modulus_len()];
    KEYS.sns
        .sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            text.as_bytes(),
            &mut signature,
        )
        .unwrap();
    published["Signature"] = json!(BASE64_STANDARD.encode(signature));
    published.to_string()
}

fn ses(app: &TestApp, body: impl Into<Vec<u8>>) -> Call {
    post(app, "ses", "text/plain; charset=UTF-8", body)
}

#[actix_web::test]
async fn amazon_gives_a_message() {
    let set = all_doors();
    let app = TestApp::start_with(set.options).await;
    let mut content = BASE64_STANDARD.encode(MAIL);
    content.insert_str(20, "\r\n");
    let body = signed(sns(&received(&content, Some("BASE64"))));
    let taken = ses(&app, body.clone()).await.expect(200);
    let again = ses(&app, body).await.expect(200);
    assert_eq!(
        (&again["id"], &again["duplicate"]),
        (&taken["id"], &json!(true))
    );
    let mut plain = sns(&received("Subject: 相談\r\n\r\n", Some("UTF8")));
    plain["MessageId"] = json!("other");
    plain.as_object_mut().unwrap().remove("Subject");
    ses(&app, signed(plain)).await.expect(200);
    let rows = kept(&app).await;
    assert_eq!((rows.len(), rows[0].bytes.as_slice()), (2, MAIL));
    assert_eq!((&*rows[0].provider, rows[0].is_original), ("ses", true));
    assert_eq!(rows[0].delivery_id.as_deref(), Some("22b80b92"));
    assert_eq!(rows[0].envelope_from.as_deref(), Some("kudo@example.jp"));
    assert_eq!(rows[0].envelope_to, ["sodan@example.jp"]);
    assert_eq!(
        (rows[1].bytes.as_slice(), rows[1].is_original),
        ("Subject: 相談\r\n\r\n".as_bytes(), false)
    );
    assert_eq!(
        *set.pages.asked.lock().unwrap(),
        [CERTIFICATE],
        "fetched once"
    );
    // What Amazon says when the rule is made has no mail in it.
    let trial = json!({ "notificationType": "AMAZON_SES_SETUP_NOTIFICATION" });
    ses(&app, signed(sns(&trial))).await.expect(204);
    let without = json!({ "notificationType": "Received" });
    ses(&app, signed(sns(&without))).await.problem("malformed");
    ses(&app, signed(sns(&json!("text"))))
        .await
        .problem("malformed");
}

#[actix_web::test]
async fn a_subscription_is_confirmed_where_it_may_be() {
    let set = all_doors();
    let app = TestApp::start_with(set.options).await;
    let confirm =
        "https://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x&Token=y";
    let mut published = sns(&json!({}));
    published["Type"] = json!("SubscriptionConfirmation");
    published["Token"] = json!("token");
    published["SubscribeURL"] = json!(confirm);
    ses(&app, signed(published.clone())).await.expect(204);
    assert_eq!(*set.pages.asked.lock().unwrap(), [CERTIFICATE, confirm]);
    // Signed or not, nobody sends us anywhere else.
    for bad in [
        "http://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription&x",
        "https://169.254.169.254/?Action=ConfirmSubscription&x",
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&x",
    ] {
        published["SubscribeURL"] = json!(bad);
        ses(&app, signed(published.clone()))
            .await
            .problem("unauthenticated");
    }
    published["SubscribeURL"] = json!(confirm);
    published["TopicArn"] = json!("arn:aws:sns:ap-northeast-1:123456789012:other");
    ses(&app, signed(published.clone()))
        .await
        .problem("unauthenticated");
    assert_eq!(set.pages.asked.lock().unwrap().len(), 2);
    // SNS asks again, when it can be reached.
    published["TopicArn"] = json!(TOPIC);
    *set.pages.is_away.lock().unwrap() = true;
    ses(&app, signed(published.clone()))
        .may_fail()
        .await
        .problem("unavailable");
    published["Type"] = json!("UnsubscribeConfirmation");
    ses(&app, signed(published)).await.expect(204);
    assert!(kept(&app).await.is_empty());
}

#[actix_web::test]
async fn nobody_is_taken_for_amazon() {
    let set = all_doors();
    let app = TestApp::start_with(set.options).await;
    let good = sns(&received(&BASE64_STANDARD.encode(MAIL), Some("Base64")));
    let with = |name: &str, value: &str| {
        let mut published = good.clone();
        published[name] = json!(value);
        published
    };
    // Before anything is fetched.
    for bad in [
        with("TopicArn", "arn:aws:sns:ap-northeast-1:123456789012:other"),
        with("SignatureVersion", "1"),
        with("SignatureVersion", "3"),
        with("Type", "Other"),
        with(
            "SigningCertURL",
            "http://sns.ap-northeast-1.amazonaws.com/a-1.pem",
        ),
        with(
            "SigningCertURL",
            "https://sns.ap-northeast-1.amazonaws.com.evil.example/a-1.pem",
        ),
        with("SigningCertURL", "https://127.0.0.1/a-1.pem"),
    ] {
        ses(&app, signed(bad)).await.problem("unauthenticated");
    }
    assert!(set.pages.asked.lock().unwrap().is_empty());
    // With a certificate that is none, of another name, of an issuer that nobody knows.
    for name in ["none", "-named", "-chain"] {
        let url = format!("https://sns.ap-northeast-1.amazonaws.com/a{name}.pem");
        ses(&app, signed(with("SigningCertURL", &url)))
            .await
            .problem("unauthenticated");
    }
    // With something else than what was signed.
    for (name, value) in [
        ("Message", "{}"),
        ("MessageId", "x"),
        ("Timestamp", "2026-11-24T02:00:00.000Z"),
        ("Subject", "x"),
    ] {
        let mut changed: Value = serde_json::from_str(&signed(good.clone())).unwrap();
        changed[name] = json!(value);
        ses(&app, changed.to_string())
            .await
            .problem("unauthenticated");
    }
    let mut unsigned = good.clone();
    unsigned["Signature"] = json!("");
    ses(&app, unsigned.to_string())
        .await
        .problem("unauthenticated");
    for unreadable in ["", "{", "{}", "[]"] {
        ses(&app, unreadable).await.problem("malformed");
    }
    ses(&app, vec![b'x'; 3_000_000]).await.problem("too-large");
    assert!(kept(&app).await.is_empty());
    // A certificate that has run out.
    app.set_time("2046-12-01T00:00:00Z");
    ses(&app, signed(good.clone()))
        .await
        .problem("unauthenticated");
}

#[actix_web::test]
async fn amazon_is_asked_to_come_again_while_it_cannot_be_checked() {
    let set = all_doors();
    let app = TestApp::start_with(set.options).await;
    let body = signed(sns(&received(
        &BASE64_STANDARD.encode(MAIL),
        Some("Base64"),
    )));
    *set.pages.is_away.lock().unwrap() = true;
    let away = ses(&app, body.clone())
        .may_fail()
        .await
        .problem("unavailable");
    assert!(away.header("retry-after").is_some());
    *set.pages.is_away.lock().unwrap() = false;
    ses(&app, body.clone()).await.expect(200);
    app.store.close().await;
    ses(&app, body).may_fail().await.problem("unavailable");
}
