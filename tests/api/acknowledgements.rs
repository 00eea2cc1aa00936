//! The answer to a first mail: what it says, and when none is written.

use crate::harness::{HasId, TestApp};
use chrono::TimeDelta;
use madoguchi::{
    access::Actor,
    cases,
    ids::*,
    messages::acknowledge::{FirstMail, acknowledge},
    text::EmailAddress,
};
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

const ADDRESS: &str = "kudo@ringo.example";

#[derive(Debug, FromRow)]
struct Written {
    to_address: String,
    to_name: Option<String>,
    subject: String,
    body: String,
    in_reply_to: Option<String>,
    reference_ids: Vec<String>,
}

async fn written(app: &TestApp) -> Vec<Written> {
    sqlx::query_as(
        "select to_address, to_name, subject, body, in_reply_to, reference_ids from message
        where kind = 'acknowledgement' order by created_at, id",
    )
    .fetch_all(&mut app.sql().await)
    .await
    .unwrap()
}

/// Acknowledges a mail of this address about this subject, that opened the case.
async fn answer(
    app: &TestApp,
    case: &impl HasId,
    address: &str,
    subject: &str,
) -> Option<MessageId> {
    let address = EmailAddress::parse(address).unwrap();
    let mail = FirstMail {
        mailbox_id: None,
        address: &address,
        name: Some("工藤 和子"),
        subject,
        message_id: Some("first@ringo.example"),
        references: &["earlier@ringo.example".to_owned()],
    };
    answer_mail(app, case.id(), &mail).await
}

async fn answer_mail(app: &TestApp, case: Uuid, mail: &FirstMail<'_>) -> Option<MessageId> {
    app.store
        .transaction(&Actor::system(), async |tx| {
            tx.unchanged();
            let case = cases::find(tx.db(), &Actor::system(), CaseId(case)).await?;
            acknowledge(tx, &case, mail).await
        })
        .await
        .unwrap()
}

/// What the placing of mail notes beside the case that a mail opened.
async fn note_mail(app: &TestApp, case: &impl HasId, subject: &str) {
    sqlx::query(
        "insert into inbound_mail (id, sha256, size, provider, envelope_to, is_original, received_at, state, processed_at,
            subject, case_id, placed_by)
        values ($1, sha256($2), 1, 'raw', '{}', true, $3, 'processed', $3, $4, $5, 'new_case')",
    )
    .bind(Uuid::now_v7())
    .bind(Uuid::now_v7().as_bytes().as_slice())
    .bind(app.now())
    .bind(subject)
    .bind(case.id())
    .execute(&mut app.sql().await)
    .await
    .unwrap();
}

async fn set(app: &TestApp, settings: Value) {
    let seen = app.as_admin().get("/settings").await.expect(200).etag();
    app.as_admin()
        .patch("/settings", settings)
        .if_match(seen)
        .await
        .expect(200);
}

#[actix_web::test]
async fn it_says_what_a_person_needs_and_nothing_else() {
    let app = TestApp::start().await;
    set(&app, json!({ "office_phone": "0120-861-009" })).await;
    let case = app.make_case().await;
    answer(&app, &case, ADDRESS, "在宅勤務の導入\r\nについて")
        .await
        .unwrap();
    let mail = written(&app).await.remove(0);
    let number = case["number"].as_str().unwrap();
    assert_eq!(mail.to_address, ADDRESS);
    assert_eq!(mail.to_name.as_deref(), Some("工藤 和子"));
    assert_eq!(
        mail.subject,
        format!("【{number}】お問い合わせを受け付けました")
    );
    assert_eq!(mail.in_reply_to.as_deref(), Some("first@ringo.example"));
    assert_eq!(
        mail.reference_ids,
        ["earlier@ringo.example", "first@ringo.example"]
    );
    // Tuesday, 10:00: two business days.
    insta::assert_snapshot!(mail.body.replace(number, "TW-2026-000001"), @"
    工藤 和子 様

    お問い合わせいただき、ありがとうございます。テレワーク相談センターです。
    いただいたメールを下記のとおり受け付けました。

      案件番号: TW-2026-000001
      件名: 在宅勤務の導入 について

    担当者が内容を確認し、11月26日(木)までにご連絡いたします。

    追加のご連絡や資料がございましたら、このメールにご返信ください。宛先を変えずにご返信いただくと、同じご相談として承ります。
    お電話でのお問い合わせは0120-861-009(受付時間 平日9時から17時まで)で承ります。その際は、上の案件番号をお知らせください。

    このメールは自動送信です。お心当たりのない場合は、お手数ですが破棄してください。

    ――――――――――
    テレワーク相談センター
    電話 0120-861-009(平日9時から17時まで)
    メール sodan@madoguchi.example
    ");
}

#[actix_web::test]
async fn out_of_hours_it_says_when_somebody_is_there() {
    let app = TestApp::start().await;
    // Friday evening.
    app.set_time("2026-11-27T18:30:00+09:00");
    let case = app.make_case().await;
    answer(&app, &case, ADDRESS, "夜間の相談").await.unwrap();
    let body = written(&app).await.remove(0).body;
    assert!(
        body.contains("ただいまは受付時間外です。次の受付時間(11月30日(月)9時00分から)"),
        "{body}"
    );
    assert!(
        body.contains("12月1日(火)までにご連絡いたします。"),
        "{body}"
    );
}

#[actix_web::test]
async fn one_for_a_case_and_a_few_for_an_address() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    assert!(answer(&app, &case, ADDRESS, "一").await.is_some());
    assert!(
        answer(&app, &case, "other@ringo.example", "二")
            .await
            .is_none(),
        "the case was acknowledged"
    );
    for subject in ["三", "四"] {
        let case = app.make_case().await;
        assert!(
            answer(&app, &case, &ADDRESS.to_uppercase(), subject)
                .await
                .is_some()
        );
    }
    let case = app.make_case().await;
    assert!(
        answer(&app, &case, ADDRESS, "五").await.is_none(),
        "the fourth of the day"
    );
    assert!(
        answer(&app, &case, "other@ringo.example", "五")
            .await
            .is_some()
    );
    app.advance(TimeDelta::hours(25));
    let case = app.make_case().await;
    assert!(answer(&app, &case, ADDRESS, "六").await.is_some());
    set(&app, json!({ "acknowledgements_per_sender": 0 })).await;
    let case = app.make_case().await;
    assert!(
        answer(&app, &case, "third@ringo.example", "七")
            .await
            .is_none()
    );
}

#[actix_web::test]
async fn none_for_the_same_subject_within_a_day() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    note_mail(&app, &case, "ＶＰＮの設定").await;
    assert!(answer(&app, &case, ADDRESS, "ＶＰＮの設定").await.is_some());
    let case = app.make_case().await;
    assert!(answer(&app, &case, ADDRESS, "vpnの設定").await.is_none());
    assert!(
        answer(&app, &case, "other@ringo.example", "vpnの設定")
            .await
            .is_some()
    );
    app.advance(TimeDelta::hours(25));
    let case = app.make_case().await;
    assert!(answer(&app, &case, ADDRESS, "vpnの設定").await.is_some());
}

#[actix_web::test]
async fn none_to_ourselves_and_none_where_it_is_switched_off() {
    let app = TestApp::start().await;
    let mailbox = json!({ "address": "aomori@madoguchi.example" });
    app.as_admin().post("/mailboxes", mailbox).await.expect(201);
    let case = app.make_case().await;
    for own in [
        "Aomori@madoguchi.example",
        "aomori+x.y@madoguchi.example",
        "sodan@madoguchi.example",
    ] {
        assert!(answer(&app, &case, own, "輪").await.is_none(), "{own}");
    }
    set(&app, json!({ "acknowledge_mail": false })).await;
    assert!(answer(&app, &case, ADDRESS, "一").await.is_none());
    set(
        &app,
        json!({ "acknowledge_mail": true, "automatic_mails_per_hour": 1 }),
    )
    .await;
    assert!(answer(&app, &case, ADDRESS, "一").await.is_some());
    let case = app.make_case().await;
    assert!(
        answer(&app, &case, "other@ringo.example", "二")
            .await
            .is_none(),
        "the breaker is open"
    );
    app.advance(TimeDelta::hours(2));
    assert!(
        answer(&app, &case, "other@ringo.example", "二")
            .await
            .is_some()
    );

    // A text that the office has switched off.
    app.advance(TimeDelta::hours(2));
    let list = app.as_admin().get("/templates").await.expect(200);
    let own = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["purpose"] == "acknowledgement")
        .unwrap();
    app.as_admin()
        .patch(
            format!("/templates/{}", own.id()),
            json!({ "active": false }),
        )
        .if_match("\"1\"")
        .await
        .expect(200);
    let case = app.make_case().await;
    assert!(
        answer(&app, &case, "third@ringo.example", "三")
            .await
            .is_none()
    );
}

#[actix_web::test]
async fn a_strangers_words_are_not_carried_on() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let address = EmailAddress::parse("victim@ringo.example").unwrap();
    let mail = FirstMail {
        mailbox_id: None,
        address: &address,
        name: Some("口座停止 https://evil.example"),
        subject: "至急 www.evil.example をご確認ください {{case.number}}",
        message_id: None,
        references: &[],
    };
    answer_mail(&app, case.id(), &mail).await.unwrap();
    let mail = written(&app).await.remove(0);
    let all = format!("{mail:?}");
    assert!(!all.contains("evil"), "{all}");
    assert!(mail.body.starts_with("ご担当者様\n"), "{all}");
    assert!(
        !mail.body.contains("件名:"),
        "a line with nothing to say is left out"
    );
    assert_eq!((mail.in_reply_to, mail.reference_ids.len()), (None, 0));
}

#[actix_web::test]
async fn a_desk_acknowledges_in_its_own_name() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let mailbox = json!({ "address": "aomori@madoguchi.example", "desk_id": desk.id() });
    let mailbox = app.as_admin().post("/mailboxes", mailbox).await.expect(201);
    let case = app.make_accepted_case(&desk).await;
    let address = EmailAddress::parse(ADDRESS).unwrap();
    let mail = FirstMail {
        mailbox_id: Some(MailboxId(mailbox.id())),
        address: &address,
        name: None,
        subject: "",
        message_id: None,
        references: &[],
    };
    answer_mail(&app, case.id(), &mail).await.unwrap();
    let body = written(&app).await.remove(0).body;
    let name = desk["name"].as_str().unwrap();
    assert!(
        body.contains(&format!("ありがとうございます。{name}です。")),
        "{body}"
    );
    assert!(body.contains("お電話でのお問い合わせは017-722-"), "{body}");
    assert!(body.ends_with("メール aomori@madoguchi.example"), "{body}");
}
