//! Where mail that comes in is placed, and what follows from it.

use crate::{
    harness::{HasId, TestApp, TestResponse},
    mails::{CENTER, Letter, delivery_report, flags, letter, plus_address},
};
use chrono::{DateTime, TimeDelta, Utc};
use madoguchi::{
    access::Actor,
    ids::{CaseId, MailId, MessageId},
    intake::place,
    mail::MailIdentity,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// Who writes, and is a contact of [`asked_case`].
const HANAKO: &str = "hanako@example.co.jp";

/// A case that came by telephone, with a contact, a copied colleague and an agent.
async fn asked_case(app: &TestApp) -> TestResponse {
    let mut body = app.case_request();
    body["contacts"] = json!([
        { "role": "primary", "name": "山田 花子", "email": "Hanako@example.co.jp" },
        { "role": "cc", "name": "経理", "email": "keiri@example.co.jp" },
        { "role": "agent", "name": "税理士", "email": "zeirishi@office.example" },
    ]);
    app.as_operator().post("/cases", body).await.expect(201)
}

/// And a desk has accepted it.
async fn accepted_case(app: &TestApp, desk: &TestResponse) -> TestResponse {
    let case = asked_case(app).await;
    let path = format!("/cases/{}", case.id());
    let to = json!({ "desk_id": desk.id() });
    app.as_operator()
        .post(format!("{path}/route"), to)
        .await
        .expect(200);
    app.as_desk(desk)
        .post(format!("{path}/accept"), json!({}))
        .await
        .expect(200)
}

#[track_caller]
fn assert_placed(mail: &TestResponse, case: &impl HasId, by: &str) {
    assert_eq!(
        (&mail["state"], &mail["case_id"], &mail["placed_by"]),
        (&json!("processed"), &json!(case.id()), &json!(by)),
        "{:#}",
        mail.json
    );
}

#[track_caller]
fn assert_to_check(mail: &TestResponse, because: &str, suggested: Option<Uuid>) {
    assert_eq!(
        (
            &mail["state"],
            &mail["quarantine_reason"],
            &mail["case_id"],
            &mail["suggested_case_id"]
        ),
        (
            &json!("quarantined"),
            &json!(because),
            &Value::Null,
            &json!(suggested)
        ),
        "{:#}",
        mail.json
    );
}

// -------------------------------------------------------------------------------------------------- a mail opens a case

#[actix_web::test]
async fn a_mail_becomes_a_case() {
    let app = TestApp::start().await;
    app.make_mailbox(CENTER, None).await;
    let sent = letter("山田 花子 <hanako@example.co.jp>", "在宅勤務の導入");
    let mail = app
        .receive(&sent.enclosing("kitei.pdf", b"%PDF-1.7 x"))
        .await;
    assert_eq!(mail["kind"], "normal");
    assert_eq!(
        mail["from"],
        json!({ "address": HANAKO, "name": "山田 花子" })
    );
    assert_eq!(mail["subject"], "在宅勤務の導入");
    assert_eq!(mail["acknowledged"], true);
    assert_eq!(mail["is_known_sender"], true);
    let case = app.case_of(&mail).await;
    assert_placed(&mail, &case, "new_case");
    assert_eq!(case["number"], mail["case_number"]);
    assert_eq!(
        (&case["status"], &case["channel"], &case["subject"]),
        (
            &json!("received"),
            &json!("email"),
            &json!("在宅勤務の導入")
        )
    );
    assert!(
        case["description"]
            .as_str()
            .unwrap()
            .starts_with("在宅勤務を始めたい")
    );
    assert_eq!(case["enterprise"]["kind"], "anonymous");
    assert_eq!(case["topics"], json!(["other"]));
    let contact = &case["contacts"][0];
    assert_eq!(
        (&contact["role"], &contact["name"], &contact["email"]),
        (&json!("primary"), &json!("山田 花子"), &json!(HANAKO))
    );
    assert_eq!(flags(&case), [""; 0]);
    // When we received it, not what its Date header says.
    let received_at: DateTime<Utc> = case["received_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(received_at, app.now());
    let [acknowledgement] = &app.messages_of(&case).await[..] else {
        panic!("one acknowledgement");
    };
    assert_eq!(
        (&acknowledgement["kind"], &acknowledgement["to_address"]),
        (&json!("acknowledgement"), &json!(HANAKO))
    );
    assert_eq!(app.outbox().len(), 1);
    let [file] = mail["attachments"].as_array().unwrap().as_slice() else {
        panic!("one file");
    };
    assert_eq!(
        (&file["filename"], &file["size"]),
        (&json!("kitei.pdf"), &json!(10))
    );
}

#[actix_web::test]
async fn a_mail_that_came_under_a_clock_ahead_becomes_a_case() {
    let app = TestApp::start().await;
    app.make_mailbox(CENTER, None).await;
    app.run_jobs().await;
    app.advance(TimeDelta::hours(1));
    let receipt = app.deliver(&letter(HANAKO, "相談")).await;
    // The clock is put right before anybody looks at the mail.
    app.advance(-TimeDelta::hours(1));
    app.run_jobs().await;
    let case = app.case_of(&app.show_mail(&receipt).await).await;
    let received_at: DateTime<Utc> = case["received_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(received_at, app.now());
}

#[actix_web::test]
async fn mail_and_messages_stand_in_the_timeline() {
    let app = TestApp::start().await;
    let mail = app.receive(&letter(HANAKO, "相談")).await;
    let case = app.case_of(&mail).await;
    let timeline = app
        .as_operator()
        .get(format!("/cases/{}/timeline", case.id()))
        .await
        .expect(200);
    let item = |kind: &str| {
        timeline
            .items()
            .iter()
            .find(|item| item["kind"] == kind)
            .unwrap_or_else(|| panic!("{kind}: {:#}", timeline.json))
    };
    let placed = &item("mail_placed")["mail"];
    assert_eq!(placed["id"], mail["id"]);
    assert_eq!(
        (&placed["direction"], &placed["state"], &placed["subject"]),
        (&json!("inbound"), &json!("processed"), &json!("相談"))
    );
    assert_eq!(placed["text"], mail["reply_text"]);
    let written = &item("message_written")["message"];
    assert_eq!(
        (&written["direction"], &written["state"], &written["kind"]),
        (
            &json!("outbound"),
            &json!("sent"),
            &json!("acknowledgement")
        )
    );
    assert!(!written["text"].as_str().unwrap().is_empty());
    // The mail itself is the first contact.
    let interactions = format!("/cases/{}/interactions", case.id());
    let interactions = app.as_operator().get(interactions).await.expect(200);
    assert!(interactions.items().is_empty());
}

#[actix_web::test]
async fn mail_to_a_desks_mailbox_is_the_desks_case() {
    let app = TestApp::start().await;
    let (aomori, iwate) = (app.make_desk().await, app.make_desk_for("03").await);
    app.make_mailbox("aomori@example.jp", Some(&aomori)).await;
    let sent = letter(HANAKO, "相談").to(&["aomori@example.jp"]);
    let mail = app.receive(&sent).await;
    let case = app.case_of(&mail).await;
    assert_eq!(case["status"], "accepted");
    assert_eq!(case["desk"]["id"], aomori["id"]);
    assert_eq!(mail["mailbox"]["desk_id"], aomori["id"]);
    let moves: Vec<String> = sqlx::query_scalar(
        "select move || ' ' || to_status from case_history where case_id = $1 order by seq",
    )
    .bind(case.id())
    .fetch_all(&mut app.sql().await)
    .await
    .unwrap();
    assert_eq!(
        moves,
        ["create received", "route routed", "accept accepted"]
    );
    let path = format!("/intake/emails/{}", mail.id());
    let theirs = app.as_desk(&aomori).get(&path).await.expect(200);
    assert_eq!(theirs["allowed_steps"], json!([]));
    app.as_desk(&aomori)
        .get(format!("{path}/raw"))
        .await
        .expect(200);
    // Somebody else's desk sees nothing.
    let other = app.as_desk(&iwate);
    other.get(&path).await.problem("not-found");
    other.get(format!("{path}/raw")).await.problem("not-found");
    let list = other.get("/intake/emails").await.expect(200);
    assert!(list.items().is_empty());
    let list = format!("/intake/emails?case_id={}", case.id());
    assert!(other.get(list).await.expect(200).items().is_empty());
}

#[actix_web::test]
async fn a_mail_to_a_desk_and_the_help_center_is_the_desks_case() {
    let app = TestApp::start().await;
    let (aomori, iwate) = (app.make_desk().await, app.make_desk_for("03").await);
    app.make_mailbox("center@example.jp", None).await;
    app.make_mailbox("aomori@example.jp", Some(&aomori)).await;
    app.make_mailbox("iwate@example.jp", Some(&iwate)).await;
    let first = letter(HANAKO, "相談");
    let sent = first
        .clone()
        .to(&["center@example.jp", "aomori@example.jp"]);
    app.receive(&sent).await;
    assert_eq!(app.count("case_file").await, 1);
    let list = app.as_desk(&aomori).get("/intake/emails").await.expect(200);
    assert_eq!(list.items().len(), 2, "both copies are on the desk's case");
    let case = app
        .case_of(
            &app.show_mail(
                &list.items()[0]["id"]
                    .as_str()
                    .unwrap()
                    .parse::<Uuid>()
                    .unwrap(),
            )
            .await,
        )
        .await;
    assert_eq!(case["desk"]["id"], aomori["id"]);
    // The other desk got it later: it has a case of its own, and whoever has both is told.
    app.receive(&first.to(&["iwate@example.jp"])).await;
    let theirs = app.as_desk(&iwate).get("/cases").await.expect(200);
    assert_eq!(theirs.items().len(), 1);
    let theirs = app
        .show_case(
            &theirs.items()[0]["id"]
                .as_str()
                .unwrap()
                .parse::<Uuid>()
                .unwrap(),
        )
        .await;
    assert!(flags(&theirs).contains(&"possible_duplicate"));
}

#[actix_web::test]
async fn a_desk_that_is_gone_has_no_mail() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    app.make_mailbox("aomori@example.jp", Some(&desk)).await;
    app.as_admin()
        .patch(format!("/desks/{}", desk.id()), json!({ "active": false }))
        .if_match(desk.etag())
        .await
        .expect(200);
    let mail = app
        .receive(&letter(HANAKO, "相談").to(&["aomori@example.jp"]))
        .await;
    assert_eq!(app.case_of(&mail).await["status"], "received");
}

#[actix_web::test]
async fn a_known_address_leads_to_its_enterprise() {
    let app = TestApp::start().await;
    let case = asked_case(&app).await;
    // The contact: the second case of the year is noticed.
    let mail = app
        .receive(&letter("HANAKO@example.co.jp", "別の相談"))
        .await;
    let second = app.case_of(&mail).await;
    assert_ne!(second.id(), case.id());
    assert_eq!(second["enterprise"]["id"], case["enterprise"]["id"]);
    assert_eq!(flags(&second), ["same_enterprise_this_year"]);
    // An agent writes for many.
    let mail = app
        .receive(&letter("zeirishi@office.example", "顧問先の件"))
        .await;
    assert_eq!(app.case_of(&mail).await["enterprise"]["kind"], "anonymous");
    // Somebody at two enterprises is at neither.
    let mut body = app.case_request();
    body["contacts"][0]["email"] = json!("keiri@example.co.jp");
    app.as_operator().post("/cases", body).await.expect(201);
    let mail = app
        .receive(&letter("keiri@example.co.jp", "経理から"))
        .await;
    assert_eq!(app.case_of(&mail).await["enterprise"]["kind"], "anonymous");
}

const SIGNED: &str = "在宅勤務を始めたいので相談したい。\r\n\r\n--\r\n株式会社りんご 山田\r\n〒030-0801 青森県青森市新町1-2-3\r\nTEL 017-777-0000\r\n";

/// What raised a flag, and how it was settled.
async fn guess_of(app: &TestApp, case: &impl HasId) -> Value {
    let path = format!("/cases/{}/flags", case.id());
    let flags = app.as_supervisor().get(path).await.expect(200);
    let mut guesses = flags
        .items()
        .iter()
        .filter(|flag| flag["flag"] == "address_guessed");
    guesses.next().cloned().unwrap_or_default()
}

#[actix_web::test]
async fn the_address_in_a_signature_is_a_guess_until_somebody_looks_at_it() {
    let app = TestApp::start().await;
    app.make_mailbox(CENTER, None).await;
    let desk = app.make_desk().await;
    let mail = app
        .receive(&letter("山田 花子 <hanako@example.co.jp>", "相談").saying(SIGNED))
        .await;
    let case = app.case_of(&mail).await;
    assert_eq!(flags(&case), ["address_guessed"]);
    let site = &case["site"];
    assert_eq!(
        (
            &site["prefecture_code"],
            &site["municipality_code"],
            &site["postal_code"],
            &site["address"]
        ),
        (
            &json!("02"),
            &json!("022012"),
            &json!("0300801"),
            &json!("青森県青森市新町1-2-3")
        )
    );
    let proposals = format!("/cases/{}/desk-proposals", case.id());
    let proposed = async || {
        let proposals = app.as_operator().get(&proposals).await.expect(200);
        assert_eq!(proposals.items()[0]["desk_id"], json!(desk.id()));
        proposals.items()[0]["reasons"].to_string()
    };
    let guess = "所在地はメールの署名の住所から推定（青森県青森市）";
    assert!(proposed().await.contains(guess));
    // A correction of something else says nothing of the place.
    let path = format!("/cases/{}", case.id());
    let edit = app.as_operator().patch(&path, json!({ "topics": ["ict"] }));
    let case = edit.if_match(case.etag()).await.expect(200);
    assert_eq!(flags(&case), ["address_guessed"]);
    // The same place once more is its confirmation.
    let site = json!({ "prefecture_code": "02", "municipality_code": "022012", "address": "青森市新町1-2-3" });
    let edit = app.as_operator().patch(&path, json!({ "site": site }));
    let case = edit.if_match(case.etag()).await.expect(200);
    assert_eq!(flags(&case), [""; 0]);
    assert_eq!(guess_of(&app, &case).await["answer"], "所在地を入力");
    assert!(!proposed().await.contains("推定"));
}

#[actix_web::test]
async fn a_guessed_address_is_confirmed_in_a_few_words() {
    let app = TestApp::start().await;
    app.make_mailbox(CENTER, None).await;
    let sent = letter("山田 花子 <hanako@example.co.jp>", "相談").saying(SIGNED);
    let case = app.case_of(&app.receive(&sent).await).await;
    let path = format!("/cases/{}/flags/address_guessed/settle", case.id());
    let words = json!({ "answer": "電話で確認" });
    app.as_nobody()
        .post(&path, words.clone())
        .await
        .problem("unauthenticated");
    app.as_auditor()
        .post(&path, words.clone())
        .await
        .problem("forbidden");
    let settled = app.as_operator().post(&path, words).await.expect(200);
    assert_eq!(flags(&settled), [""; 0]);
    assert_eq!(settled["site"]["municipality_code"], "022012");
    assert_eq!(guess_of(&app, &case).await["answer"], "電話で確認");
}

#[actix_web::test]
async fn an_address_that_tells_nothing_new_or_nothing_certain_is_not_guessed() {
    let app = TestApp::start().await;
    app.make_mailbox(CENTER, None).await;
    // Head office and branch, neither of which is the one.
    let two = "相談したい。\r\n\r\n本社 〒100-0001 東京都千代田区千代田1-1\r\n支店 〒030-0801 青森県青森市新町1-2-3\r\n";
    // A quoted address is somebody else's.
    let quoted = "相談したい。\r\n\r\n> 〒030-0801 青森県青森市新町1-2-3\r\n";
    for (n, text) in [two, quoted, "青森市の者です。相談したい。\r\n"]
        .iter()
        .enumerate()
    {
        let from = format!("someone-{n}@example.co.jp");
        let mail = app.receive(&letter(&from, "相談").saying(text)).await;
        let case = app.case_of(&mail).await;
        assert_eq!(flags(&case), [""; 0], "{text}");
        assert_eq!(case["site"]["prefecture_code"], Value::Null, "{text}");
    }
    // Of an enterprise in Aomori we know that much; its branch in Akita is news.
    asked_case(&app).await;
    let own = letter(HANAKO, "二つ目の相談").saying(SIGNED);
    let case = app.case_of(&app.receive(&own).await).await;
    assert_eq!(case["enterprise"]["kind"], "company");
    assert!(
        !flags(&case).contains(&"address_guessed"),
        "{:?}",
        flags(&case)
    );
    let branch = SIGNED.replace(
        "〒030-0801 青森県青森市新町1-2-3",
        "秋田支店 〒010-0951 秋田県秋田市山王1-2-3",
    );
    let branch = letter(HANAKO, "秋田の相談").saying(&branch);
    let case = app.case_of(&app.receive(&branch).await).await;
    assert!(
        flags(&case).contains(&"address_guessed"),
        "{:?}",
        flags(&case)
    );
    assert_eq!(case["site"]["prefecture_code"], "05");
}

#[actix_web::test]
async fn what_cannot_be_answered_is_kept_all_the_same() {
    let app = TestApp::start().await;
    // An address that is none: its writer is a contact by name, and nothing is sent there.
    let mail = app.receive(&letter("foo@localdomain", "相談")).await;
    let case = app.case_of(&mail).await;
    assert_eq!(case["contacts"][0]["name"], "foo@localdomain");
    assert_eq!(case["contacts"][0]["email"], Value::Null);
    assert_eq!(mail["acknowledged"], false);
    // Without a sender, a person looks at it.
    let mail = app
        .receive(
            &letter(HANAKO, "差出人なし")
                .without("From")
                .by_nobody()
                .with("X-A", "1"),
        )
        .await;
    assert_eq!(mail["state"], "quarantined", "{:#}", mail.json);
    assert_eq!(app.count("message").await, 0);
}

#[actix_web::test]
async fn whatever_stands_in_a_mail_fits_its_row() {
    let app = TestApp::start().await;
    let long = "長い件名です。".repeat(1000);
    let sent = letter(HANAKO, &long)
        .with("Message-ID", format!("<{}@example.jp>", "x".repeat(3000)))
        .saying(&format!(
            "あ\0い\u{202E}う\u{FFFE}え\n{}",
            "本文です。\n".repeat(5000)
        ));
    let mail = app.receive(&sent).await;
    let case = app.case_of(&mail).await;
    assert!(mail["subject"].as_str().unwrap().chars().count() <= 2000);
    assert!(case["subject"].as_str().unwrap().chars().count() <= 200);
    let description = case["description"].as_str().unwrap();
    assert!(description.chars().count() <= 20_000);
    assert!(
        description.contains("全文は受信メールにあります"),
        "{}",
        &description[..60]
    );
    let raw = format!("/intake/emails/{}/raw", mail.id());
    assert_eq!(
        app.as_operator().get(raw).await.expect(200).bytes,
        sent.bytes()
    );
}

// -------------------------------------------------------------------------------------------- a mail belongs to a case

#[actix_web::test]
async fn a_signed_address_names_the_case() {
    let app = TestApp::start().await;
    let case = asked_case(&app).await;
    let address = plus_address(&case);
    let waiting = json!({ "on": "enterprise", "reason": "資料待ち" });
    app.as_operator()
        .post(format!("/cases/{}/wait", case.id()), waiting)
        .await
        .expect(200);
    let places = [
        letter(HANAKO, "Re: 相談").to(&[&address]),
        letter("keiri@example.co.jp", "Re: 相談").with("To", format!("窓口 <{address}>")),
        letter("zeirishi@office.example", "Re: 相談").with("Cc", &address),
        letter(HANAKO, "Re: 相談").with("Delivered-To", address.to_uppercase()),
    ];
    for sent in places {
        let mail = app.receive(&sent).await;
        assert_placed(&mail, &case, "plus_address");
        assert_eq!(mail["is_known_sender"], true);
        assert_eq!(mail["acknowledged"], false);
    }
    let case = app.show_case(&case).await;
    assert_eq!(case["waiting_on"], "help_center");
    assert_eq!(flags(&case), [""; 0]);
    assert_eq!(app.count("case_file").await, 1);
    assert_eq!(app.count("message").await, 0);
}

#[actix_web::test]
async fn an_answer_continues_with_the_newest_mail_of_its_recipient() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = accepted_case(&app, &desk).await;
    for from in [HANAKO, "zeirishi@office.example"] {
        let sent = letter(from, "Re: 規程の件").to(&[&plus_address(&case)]);
        app.receive(&sent.with("Message-ID", format!("<of-{from}>")))
            .await;
        app.advance(TimeDelta::minutes(1));
    }
    let write = |to: &str| {
        let body = json!({ "to": to, "body": "ご回答です。" });
        let path = format!("/cases/{}/messages", case.id());
        app.as_desk(&desk).post(path, body)
    };
    let answered = write(HANAKO).await.expect(201);
    let subject = answered["subject"].as_str().unwrap();
    assert!(subject.ends_with("規程の件"), "{subject}");
    write("keiri@example.co.jp").await.expect(201);
    app.advance(TimeDelta::minutes(5));
    app.run_jobs().await;
    let mut threads: Vec<_> = app
        .outbox()
        .iter()
        .map(|mail| mail_parser::MessageParser::default().parse(mail).unwrap())
        .filter(|mail| mail.body_text(0).unwrap().starts_with("ご回答です。"))
        .map(|mail| mail.in_reply_to().as_text().map(str::to_owned))
        .collect();
    threads.sort();
    assert_eq!(threads, [None, Some(format!("of-{HANAKO}"))]);
}

#[actix_web::test]
async fn a_signed_message_id_names_the_case() {
    let app = TestApp::start().await;
    let (old, case) = (asked_case(&app).await, asked_case(&app).await);
    let identity = MailIdentity::example();
    let signed = |case: &TestResponse| {
        let case_id = Some(CaseId(case.id()));
        identity
            .key
            .message_id(case_id, MessageId::new(), &identity.domain)
    };
    let (of_old, of_case) = (signed(&old), signed(&case));
    let mail = app
        .receive(&letter(HANAKO, "Re: 相談").answering(&of_case))
        .await;
    assert_placed(&mail, &case, "message_id");
    // Of several, the newest; a domain that a relay has changed does not count.
    let moved = of_case.replace(&identity.domain, "relay.example");
    let both = format!("<{of_old}>\r\n <{moved}>");
    let sent = letter(HANAKO, "Re: 相談").with("References", both);
    assert_placed(&app.receive(&sent).await, &case, "message_id");
}

#[actix_web::test]
async fn a_forged_mac_names_nothing() {
    let app = TestApp::start().await;
    let case = asked_case(&app).await;
    let address = plus_address(&case);
    let (start, end) = address.split_at(address.find('@').unwrap() - 1);
    let last = if end.starts_with('a') { "b" } else { "a" };
    let forged = format!("{start}{last}{}", &end[1..]);
    let mail = app
        .receive(&letter("mallory@evil.example", "Re: 相談").to(&[&forged]))
        .await;
    assert_eq!(mail["placed_by"], "new_case");
    assert_ne!(mail["case_id"], case["id"]);
    let message = MailIdentity::example();
    let id = message
        .key
        .message_id(Some(CaseId(case.id())), MessageId::new(), "x");
    let forged = id
        .replace("c.", "c.a")
        .replacen("c.a", "c.", 1)
        .replace('@', "a@");
    let mail = app
        .receive(&letter("mallory@evil.example", "Re: 別件").answering(&forged))
        .await;
    assert_ne!(mail["case_id"], case["id"]);
}

#[actix_web::test]
async fn a_colleague_is_unverified_until_confirmed() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = accepted_case(&app, &desk).await;
    app.assign(&desk, &case, &manager, "labour").await;
    let sent = letter("同僚 <colleague@example.co.jp>", "Re: 相談")
        .to(&[&plus_address(&case)])
        .enclosing("himitsu.pdf", b"%PDF-1.7");
    let mail = app.receive(&sent).await;
    assert_placed(&mail, &case, "plus_address");
    assert_eq!(mail["is_known_sender"], false);
    assert_eq!(flags(&app.show_case(&case).await), ["unverified_sender"]);
    let path = format!("/intake/emails/{}", mail.id());
    let shown = app.as_desk(&desk).get(&path).await.expect(200);
    assert_eq!(shown["allowed_steps"], json!(["confirm_sender"]));
    // Its manager reads what a person has looked at.
    let manager = app.as_manager(&manager);
    let sees = async || {
        let shown = manager.get(&path).await.status;
        assert_eq!(manager.get(format!("{path}/raw")).await.status, shown);
        let file = mail["attachments"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(
            manager.get(format!("/attachments/{file}")).await.status,
            shown
        );
        let listed = manager
            .get("/intake/emails")
            .await
            .expect(200)
            .items()
            .len();
        let timeline = manager
            .get(format!("/cases/{}/timeline", case.id()))
            .await
            .expect(200);
        let told = timeline
            .items()
            .iter()
            .filter(|item| item["kind"] == "mail_placed")
            .count();
        assert_eq!((listed, told), if shown == 200 { (1, 1) } else { (0, 0) });
        shown == 200
    };
    assert!(!sees().await);
    let confirmed = app
        .as_desk(&desk)
        .post(format!("{path}/confirm-sender"), json!({}))
        .await
        .expect(200);
    assert_eq!(confirmed["is_known_sender"], true);
    assert!(sees().await);
    let case = app.show_case(&case).await;
    assert_eq!(flags(&case), [""; 0]);
    let added = case["contacts"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&added["role"], &added["name"], &added["email"]),
        (
            &json!("cc"),
            &json!("同僚"),
            &json!("colleague@example.co.jp")
        )
    );
    // And is known from now on.
    let again = app
        .receive(&letter("colleague@example.co.jp", "Re: 相談").to(&[&plus_address(&case)]))
        .await;
    assert_eq!(again["is_known_sender"], true);
}

#[actix_web::test]
async fn a_known_message_id_counts_with_a_known_correspondent() {
    let app = TestApp::start().await;
    let first = letter(HANAKO, "相談");
    let opened = app.receive(&first).await;
    let case = app.case_of(&opened).await;
    app.advance(TimeDelta::hours(2));
    let mail = app
        .receive(&letter(HANAKO, "追伸").answering(first.message_id()))
        .await;
    assert_placed(&mail, &case, "known_message_id");
    // What a mail that was put on the case is answered with counts as well.
    let sent = letter(HANAKO, "追伸の追伸").answering(mail["message_id"].as_str().unwrap());
    assert_placed(&app.receive(&sent).await, &case, "known_message_id");
    // A stranger who knows it is for a person to judge.
    let mail = app
        .receive(&letter("mallory@evil.example", "Re: 相談").answering(first.message_id()))
        .await;
    assert_to_check(&mail, "stranger_in_thread", Some(case.id()));
    assert_eq!(app.count("case_file").await, 1);
    assert_eq!(flags(&app.show_case(&case).await), [""; 0]);
}

#[actix_web::test]
async fn a_number_alone_opens_no_case_to_a_stranger() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = accepted_case(&app, &desk).await;
    let number = case["number"].as_str().unwrap();
    let wide: String = number
        .chars()
        .map(|c| char::from_u32(c as u32 + 0xFEE0).unwrap())
        .collect();
    for (from, subject) in [
        (HANAKO, format!("Re: [相談 {number}] 在宅勤務")),
        (
            "keiri@example.co.jp",
            format!("{}の件", number.to_lowercase()),
        ),
        ("zeirishi@office.example", format!("【{wide}】について")),
    ] {
        let mail = app.receive(&letter(from, &subject)).await;
        assert_placed(&mail, &case, "number");
    }
    let before = app.kinds_in_timeline(&case).await;
    let mail = app
        .receive(&letter(
            "mallory@evil.example",
            &format!("[相談 {number}] 至急"),
        ))
        .await;
    assert_to_check(&mail, "stranger_with_number", Some(case.id()));
    assert_eq!(mail["suggested_case_number"], case["number"]);
    // Whoever sees the case hears nothing of it.
    let path = format!("/intake/emails/{}", mail.id());
    app.as_desk(&desk).get(&path).await.problem("not-found");
    assert_eq!(app.kinds_in_timeline(&case).await, before);
    assert_eq!(flags(&app.show_case(&case).await), [""; 0]);
    assert_eq!(app.count("case_file").await, 1);
    // A number of nothing is a mail like others.
    let mail = app.receive(&letter("b@example.jp", "TW-2026-999999")).await;
    assert_eq!(mail["placed_by"], "new_case");
}

#[actix_web::test]
async fn mail_to_a_merged_case_reaches_the_survivor() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let (survivor, merged) = (app.make_case().await, accepted_case(&app, &desk).await);
    let first = letter(HANAKO, "Re: 相談").to(&[&plus_address(&merged)]);
    assert_placed(&app.receive(&first).await, &merged, "plus_address");
    let body = json!({ "other_id": merged.id(), "reason": "同じ相談" });
    app.as_supervisor()
        .post(format!("/cases/{}/merge", survivor.id()), body)
        .await
        .expect(200);
    let number = merged["number"].as_str().unwrap();
    for (sent, by) in [
        (
            letter(HANAKO, "Re: 相談").to(&[&plus_address(&merged)]),
            "plus_address",
        ),
        (letter(HANAKO, number), "number"),
        (
            letter(HANAKO, "追伸").answering(first.message_id()),
            "known_message_id",
        ),
    ] {
        let mail = app.receive(&sent).await;
        assert_placed(&mail, &survivor, by);
        assert_eq!(mail["is_known_sender"], true);
    }
    assert_eq!(flags(&app.show_case(&merged).await), [""; 0]);
}

// ---------------------------------------------------------------------------------------------------- the same mail twice

#[actix_web::test]
async fn the_same_message_id_with_other_bytes_is_kept_on_the_same_case() {
    let app = TestApp::start().await;
    let first = letter(HANAKO, "相談");
    let opened = app.receive(&first).await;
    let case = app.case_of(&opened).await;
    let other = first.clone().saying("別の本文");
    let mail = app.receive(&other).await;
    assert_ne!(mail.id(), opened.id());
    assert_placed(&mail, &case, "same_message_id");
    assert!(mail["warnings"][0].as_str().unwrap().contains("Message-ID"));
    // The same bytes to a mailbox that we also have are no case of their own either.
    app.make_mailbox("soudan@example.jp", None).await;
    let copy = app.receive(&first.clone().to(&["soudan@example.jp"])).await;
    assert_placed(&copy, &case, "same_message_id");
    // From somebody else, the same Message-ID means nothing.
    let stolen = first.with("From", "mallory@evil.example");
    let mail = app.receive(&stolen).await;
    assert_ne!(mail["case_id"], case["id"]);
}

#[actix_web::test]
async fn two_first_mails_at_once_are_noticed() {
    let app = TestApp::start().await;
    let door = app.as_mail_system().await;
    let mut ids = Vec::new();
    for n in 0..6 {
        let sent = letter(HANAKO, &format!("相談 その{n}"));
        ids.push(MailId(app.deliver_by(&door, &sent).await.id()));
    }
    // Six workers at the same moment.
    let system = Actor::system();
    let placed = app
        .parallel(ids.len(), |n| place::run(&app.store, &system, ids[n]))
        .await;
    assert!(placed.iter().all(Result::is_ok), "{placed:?}");
    app.run_jobs().await;
    let mut cases = Vec::new();
    for id in ids {
        cases.push(app.case_of(&app.show_mail(&*id).await).await);
    }
    let duplicates = cases
        .iter()
        .filter(|case| flags(case).contains(&"possible_duplicate"))
        .count();
    assert_eq!((cases.len(), duplicates), (6, 5));
    let enterprises: std::collections::BTreeSet<_> = cases
        .iter()
        .map(|case| case["enterprise"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(enterprises.len(), 1, "one sender is one enterprise");
    let links: i64 = sqlx::query_scalar("select count(*) from case_link where kind = 'related'")
        .fetch_one(&mut app.sql().await)
        .await
        .unwrap();
    assert_eq!(links, 5);
}

#[actix_web::test]
async fn a_second_first_mail_is_noticed_by_its_time_or_subject() {
    let app = TestApp::start().await;
    let first = app.receive(&letter(HANAKO, "在宅勤務の相談")).await;
    let after = async |minutes: i64, subject: &str| {
        app.advance(TimeDelta::minutes(minutes));
        let mail = app.receive(&letter(HANAKO, subject)).await;
        let case = app.case_of(&mail).await;
        (case.id(), flags(&case).contains(&"possible_duplicate"))
    };
    assert!(after(10, "別の件").await.1, "within ten minutes");
    assert!(!after(11, "また別の件").await.1);
    let (id, is_noticed) = after(60, "Ｒｅ：在宅勤務の相談").await;
    assert!(is_noticed, "the same subject");
    let links = app
        .as_supervisor()
        .get(format!("/cases/{id}/links"))
        .await
        .expect(200);
    let [link] = links.items() else {
        panic!("one link: {:#}", links.json);
    };
    assert!([&link["case_id"], &link["other_id"]].contains(&&first["case_id"]));
    assert!(!after(25 * 60, "在宅勤務の相談").await.1, "a day later");
}

#[actix_web::test]
async fn one_sender_opens_so_many_cases_a_day() {
    let app = TestApp::start().await;
    let settings = app.as_admin().get("/settings").await.expect(200);
    app.as_admin()
        .patch("/settings", json!({ "mail_cases_per_sender": 2 }))
        .if_match(settings.etag())
        .await
        .expect(200);
    let mut opened = Vec::new();
    for n in 0..2 {
        opened.push(app.receive(&letter(HANAKO, &format!("その{n}"))).await);
    }
    let mail = app.receive(&letter("Hanako@EXAMPLE.co.jp", "その3")).await;
    assert_to_check(&mail, "sender_limit", None);
    // Others may, answers may, and tomorrow is another day.
    assert_eq!(
        app.receive(&letter("b@example.jp", "x")).await["placed_by"],
        "new_case"
    );
    let case = app.case_of(&opened[0]).await;
    let answer = letter(HANAKO, "Re: その0").to(&[&plus_address(&case)]);
    assert_placed(&app.receive(&answer).await, &case, "plus_address");
    app.advance(TimeDelta::hours(25));
    assert_eq!(
        app.receive(&letter(HANAKO, "その4")).await["placed_by"],
        "new_case"
    );
}

#[actix_web::test]
async fn a_replay_of_everything_changes_nothing() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = accepted_case(&app, &desk).await;
    let number = case["number"].as_str().unwrap();
    let mails = [
        letter(HANAKO, "新しい相談").enclosing("a.pdf", b"%PDF-1.7"),
        letter(HANAKO, "Re: 相談").to(&[&plus_address(&case)]),
        letter("stranger@example.jp", number),
        letter("colleague@example.co.jp", "Re:").to(&[&plus_address(&case)]),
        letter("b@example.jp", "自動応答").with("Auto-Submitted", "auto-replied"),
        delivery_report("nobody@nowhere", HANAKO, "failed", "5.1.1"),
        nested(),
    ];
    let door = app.as_mail_system().await;
    let mut ids = Vec::new();
    for mail in &mails {
        ids.push(app.deliver_by(&door, mail).await.id());
    }
    app.run_jobs().await;
    let state = async || {
        let mut rows = Vec::new();
        for table in [
            "case_file",
            "inbound_mail",
            "message",
            "attachment",
            "case_flag",
            "audit_event",
        ] {
            rows.push((table, app.count(table).await));
        }
        let mut mails = Vec::new();
        for id in &ids {
            mails.push(app.show_mail(id).await.json);
        }
        (rows, mails)
    };
    let before = state().await;
    for (mail, id) in mails.iter().zip(&ids) {
        let receipt = app.deliver_by(&door, mail).await;
        assert_eq!((&receipt["duplicate"], receipt.id()), (&json!(true), *id));
        // And a job that runs twice.
        place::run(&app.store, &Actor::system(), MailId(*id))
            .await
            .unwrap();
    }
    app.run_jobs().await;
    pretty_assert_same(before, state().await);
}

#[track_caller]
fn pretty_assert_same<T: PartialEq + std::fmt::Debug>(before: T, after: T) {
    assert!(before == after, "{before:#?}\n{after:#?}");
}

#[actix_web::test]
async fn two_workers_place_one_mail_once() {
    let app = TestApp::start().await;
    let id = MailId(app.deliver(&letter(HANAKO, "相談")).await.id());
    let system = Actor::system();
    let placed = app
        .parallel(5, |_| place::run(&app.store, &system, id))
        .await;
    assert!(placed.iter().all(Result::is_ok), "{placed:?}");
    app.run_jobs().await;
    assert_eq!(app.count("case_file").await, 1);
    assert_eq!(app.count("message").await, 1);
}

// ------------------------------------------------------------------------------------------------------ automatic mail

/// Programs that answer.
fn automatic() -> Vec<Letter> {
    let from = |subject: &str| letter(HANAKO, subject);
    vec![
        from("Out of office").with("Auto-Submitted", "auto-replied"),
        from("自動応答: 不在のお知らせ"),
        from("Automatic reply: x").with("X-Auto-Response-Suppress", "All"),
    ]
}

#[actix_web::test]
async fn what_no_person_wrote_opens_nothing_and_is_never_answered() {
    let app = TestApp::start().await;
    for sent in automatic() {
        let mail = app.receive(&sent).await;
        assert_to_check(&mail, "automatic", None);
        assert_eq!(mail["acknowledged"], false);
    }
    assert_eq!(app.count("case_file").await, 0);
    assert_eq!(app.count("message").await, 0);
}

#[actix_web::test]
async fn what_no_person_wrote_goes_quietly_on_its_case() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = accepted_case(&app, &desk).await;
    let waiting = json!({ "on": "enterprise", "reason": "資料待ち" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/wait", case.id()), waiting)
        .await
        .expect(200);
    let address = plus_address(&case);
    for sent in automatic() {
        let mail = app.receive(&sent.to(&[&address])).await;
        assert_placed(&mail, &case, "plus_address");
    }
    let shown = app.show_case(&case).await;
    assert_eq!(shown["waiting_on"], "enterprise");
    let close = json!({ "outcome": "answered" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/close", case.id()), close)
        .await
        .expect(200);
    app.advance(TimeDelta::minutes(1));
    for sent in automatic() {
        app.receive(&sent.to(&[&address]).with("X-Again", "1"))
            .await;
    }
    let shown = app.show_case(&case).await;
    assert_eq!(
        (&shown["status"], flags(&shown)),
        (&json!("closed"), vec![])
    );
}

#[actix_web::test]
async fn mail_for_many_is_not_acknowledged() {
    let app = TestApp::start().await;
    for sent in [
        letter("news@example.jp", "お知らせ").with("List-Id", "<news.example.jp>"),
        letter("a@example.jp", "お知らせ").with("Precedence", "bulk"),
        letter("noreply@example.jp", "お知らせ"),
        letter("b@example.jp", "お知らせ").by_nobody(),
    ] {
        let mail = app.receive(&sent).await;
        assert_eq!(mail["acknowledged"], false, "{:#}", mail.json);
    }
    assert_eq!(app.count("message").await, 0);
}

#[actix_web::test]
async fn our_own_address_in_from_opens_nothing() {
    let app = TestApp::start().await;
    app.make_mailbox(CENTER, None).await;
    for from in [CENTER, "sodan@madoguchi.example", "Sodan+x@Example.JP"] {
        let mail = app.receive(&letter(from, "相談")).await;
        assert_to_check(&mail, "own_address", None);
    }
    assert_eq!(app.count("message").await, 0);
    assert_eq!(app.count("case_file").await, 0);
}

#[actix_web::test]
async fn our_own_mail_that_comes_back_is_kept_and_that_is_all() {
    let app = TestApp::start().await;
    let opened = app.receive(&letter(HANAKO, "相談")).await;
    let case = app.case_of(&opened).await;
    let [ours] = &app.messages_of(&case).await[..] else {
        panic!("an acknowledgement");
    };
    let ours = ours["message_id"].as_str().unwrap();
    let before = app.show_case(&case).await;
    let sent =
        letter("sodan@madoguchi.example", "受付のお知らせ").with("Message-ID", format!("<{ours}>"));
    let mail = app.receive(&sent).await;
    assert_eq!(mail["kind"], "loop");
    assert_placed(&mail, &case, "message_id");
    // Whoever got our mail knows its Message-ID. What they write under it is read by somebody.
    let forged = letter("forge@strange.example", "送金").with("Message-ID", format!("<{ours}>"));
    let forged = app.receive(&forged).await;
    assert_eq!(forged["kind"], "normal");
    assert_placed(&forged, &app.case_of(&forged).await, "new_case");
    assert_ne!(forged["case_id"], case["id"]);
    let after = app.show_case(&case).await;
    assert_eq!(
        (&before["flags"], &before["due"]),
        (&after["flags"], &after["due"])
    );
    assert_eq!(app.messages_of(&case).await.len(), 1);
    let desk = app.make_desk().await;
    let manager = app.make_manager().await;
    app.as_operator()
        .post(
            format!("/cases/{}/route", case.id()),
            json!({ "desk_id": desk.id() }),
        )
        .await
        .expect(200);
    app.as_desk(&desk)
        .post(format!("/cases/{}/accept", case.id()), json!({}))
        .await
        .expect(200);
    let enterprise = case["enterprise"]["id"].as_str().unwrap();
    let path = format!("/enterprises/{enterprise}");
    let etag = app.as_desk(&desk).get(&path).await.expect(200);
    let named = json!({ "kind": "company", "name": "株式会社ねぶた" });
    app.as_desk(&desk)
        .patch(&path, named)
        .if_match(etag.etag())
        .await
        .expect(200);
    app.assign(&desk, &case, &manager, "labour").await;
    let read = app.as_manager(&manager);
    read.get(format!("/intake/emails/{}", opened.id()))
        .await
        .expect(200);
    read.get(format!("/intake/emails/{}", mail.id()))
        .await
        .problem("not-found");
    // A mark of a loop that we do not know: a person looks.
    let mail = app
        .receive(&letter("x@example.jp", "相談").with("X-Loop", "yes"))
        .await;
    assert_eq!(mail["kind"], "loop");
    assert_to_check(&mail, "loop", None);
}

// ------------------------------------------------------------------------------------------------------------- reports

#[actix_web::test]
async fn a_bounce_of_our_acknowledgement_opens_nothing() {
    let app = TestApp::start().await;
    let opened = app.receive(&letter(HANAKO, "相談")).await;
    let case = app.case_of(&opened).await;
    let ours = app.messages_of(&case).await[0].clone();
    let ours_id = ours["message_id"].as_str().unwrap();
    let late = app
        .receive(&delivery_report(ours_id, HANAKO, "delayed", "4.4.7"))
        .await;
    assert_eq!(
        (&late["kind"], &late["reported_message_id"]),
        (&json!("delay"), &ours["id"])
    );
    assert_placed(&late, &case, "delivery_report");
    assert_eq!(flags(&app.show_case(&case).await), [""; 0]);
    let bounce = app
        .receive(&delivery_report(ours_id, HANAKO, "failed", "5.1.1"))
        .await;
    assert_eq!(bounce["kind"], "bounce");
    assert_placed(&bounce, &case, "delivery_report");
    assert_eq!(bounce["delivery_report"]["status"], "5.1.1");
    assert_eq!(
        bounce["delivery_report"]["failed_recipients"],
        json!([HANAKO])
    );
    assert_eq!(bounce["is_known_sender"], Value::Null);
    let case = app.show_case(&case).await;
    assert_eq!(flags(&case), ["delivery_failed"]);
    let messages = app.messages_of(&case).await;
    assert_eq!(
        (messages.len(), &messages[0]["delivery"]),
        (1, &json!("failed"))
    );
    assert!(
        messages[0]["delivery_detail"]
            .as_str()
            .unwrap()
            .starts_with("5.1.1")
    );
    assert_eq!(app.count("case_file").await, 1);
    // The help center has the case, so it settles the flag.
    app.as_operator()
        .post(
            format!("/cases/{}/flags/delivery_failed/settle", case.id()),
            json!({ "answer": "電話で連絡済み" }),
        )
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_report_that_names_no_message_of_ours_is_to_be_checked() {
    let app = TestApp::start().await;
    let opened = app.receive(&letter(HANAKO, "相談")).await;
    let case = app.case_of(&opened).await;
    // By its recipient and time, a guess.
    let mail = app
        .receive(&delivery_report("x@elsewhere", HANAKO, "failed", "5.1.1"))
        .await;
    assert_to_check(&mail, "unmatched_report", Some(case.id()));
    let mail = app
        .receive(&delivery_report(
            "x@elsewhere",
            "nobody@example.jp",
            "failed",
            "5.1.1",
        ))
        .await;
    assert_to_check(&mail, "unmatched_report", None);
    app.advance(TimeDelta::days(8));
    let mail = app
        .receive(&delivery_report("y@elsewhere", HANAKO, "failed", "5.1.1"))
        .await;
    assert_to_check(&mail, "unmatched_report", None);
    assert_eq!(flags(&app.show_case(&case).await), [""; 0]);
    assert_eq!(app.messages_of(&case).await[0]["delivery"], Value::Null);
}

#[actix_web::test]
async fn a_receipt_has_no_effect() {
    let app = TestApp::start().await;
    let opened = app.receive(&letter(HANAKO, "相談")).await;
    let case = app.case_of(&opened).await;
    let ours = app.messages_of(&case).await[0].clone();
    let ours_id = ours["message_id"].as_str().unwrap();
    let read = letter(HANAKO, "開封済み: 受付のお知らせ")
        .with(
            "Content-Type",
            "multipart/report; report-type=disposition-notification; boundary=\"teil\"",
        )
        .saying(&format!(
            "--teil\r\nContent-Type: text/plain\r\n\r\nread\r\n\
             --teil\r\nContent-Type: message/disposition-notification\r\n\r\n\
             Final-Recipient: rfc822; {HANAKO}\r\nOriginal-Message-ID: <{ours_id}>\r\n\
             Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--teil--\r\n"
        ))
        .answering(ours_id);
    let mail = app.receive(&read).await;
    assert_eq!(mail["kind"], "mdn");
    assert_placed(&mail, &case, "delivery_report");
    assert_eq!(flags(&app.show_case(&case).await), [""; 0]);
    assert_eq!(app.messages_of(&case).await[0]["delivery"], Value::Null);
}

// ------------------------------------------------------------------------------------------------------- hostile mail

/// Parts within parts, more than anybody means.
fn nested() -> Letter {
    let mut body = String::new();
    for depth in 0..2000 {
        body += &format!(
            "--b{depth}\r\nContent-Type: multipart/mixed; boundary=\"b{}\"\r\n\r\n",
            depth + 1
        );
    }
    letter("mallory@evil.example", "深い")
        .with("Content-Type", "multipart/mixed; boundary=\"b0\"")
        .saying(&body)
}

#[actix_web::test]
async fn a_mail_that_cannot_be_read_stops_nothing() {
    let app = TestApp::start().await;
    let door = app.as_mail_system().await;
    let sent = nested();
    let hostile = app.deliver_by(&door, &sent).await;
    let good = app.deliver_by(&door, &letter(HANAKO, "相談")).await;
    app.run_jobs().await;
    let mail = app.show_mail(&hostile).await;
    assert_to_check(&mail, "too_much", None);
    assert_eq!((&mail["kind"], &mail["text"]), (&Value::Null, &Value::Null));
    assert!(!mail["warnings"][0].as_str().unwrap().is_empty());
    assert_eq!(app.show_mail(&good).await["placed_by"], "new_case");
    let raw = format!("/intake/emails/{}/raw", mail.id());
    let bytes = app.as_operator().get(raw).await.expect(200).bytes;
    assert!(bytes == sent.bytes(), "the raw message is another");
    let list = app
        .as_supervisor()
        .get("/intake/emails?to_check=true")
        .await
        .expect(200);
    let [item] = list.items() else {
        panic!("one mail to be checked: {:#}", list.json);
    };
    assert_eq!(
        (item.id(), &item["quarantine_reason"]),
        (mail.id(), &json!("too_much"))
    );
}

#[actix_web::test]
async fn bytes_that_are_no_mail_stop_nothing() {
    let app = TestApp::start().await;
    let door = app.as_mail_system().await;
    let mut ids = Vec::new();
    for bytes in [
        vec![0_u8; 2000],
        (0..=255).cycle().take(5000).collect(),
        b"\r\n\r\n\r\n".to_vec(),
        b"From: \0\xff<\x80@\x81>\r\nSubject: =?utf-8?B?/////w==?=\r\nMessage-ID: <\0>\r\n\r\n\0\xff".to_vec(),
        "X: y\r\n".repeat(100_000).into_bytes(),
    ] {
        let taken = door
            .call(actix_web::http::Method::POST, "/intake/email")
            .body("message/rfc822", bytes)
            .await
            .expect(200);
        ids.push(taken.id());
    }
    app.run_jobs().await;
    for id in ids {
        assert_ne!(app.show_mail(&id).await["state"], "pending");
    }
}

// -------------------------------------------------------------------------------------------------------- who sees what

#[actix_web::test]
async fn the_list_has_filters_and_pages() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    app.make_mailbox("aomori@example.jp", Some(&desk)).await;
    let door = app.as_mail_system().await;
    for n in 0..5 {
        app.advance(TimeDelta::hours(1));
        let to = if n % 2 == 0 {
            "aomori@example.jp"
        } else {
            CENTER
        };
        let sent = letter(&format!("p{n}@example.jp"), &format!("相談 第{n}")).to(&[to]);
        app.deliver_by(&door, &sent).await;
    }
    app.deliver_by(&door, &automatic()[0]).await;
    app.run_jobs().await;
    let operator = app.as_operator();
    let count = async |query: &str| {
        let list = operator
            .get(format!("/intake/emails?{query}"))
            .await
            .expect(200);
        list.items().len()
    };
    assert_eq!(count("").await, 6);
    assert_eq!(count("state=quarantined").await, 1);
    assert_eq!(count("state=processed&kind=normal").await, 5);
    assert_eq!(count("kind=auto_reply").await, 1);
    assert_eq!(count("to_check=false").await, 5);
    assert_eq!(count("q=P3@example.jp").await, 1);
    assert_eq!(count("q=第2").await, 1);
    operator
        .get("/intake/emails?stat=pending")
        .await
        .problem("validation");
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = operator
            .get(format!("/intake/emails?limit=2&cursor={cursor}"))
            .await
            .expect(200);
        seen.extend(page.items().iter().map(HasId::id));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let all = operator.get("/intake/emails").await.expect(200);
    assert_eq!(seen, all.items().iter().map(HasId::id).collect::<Vec<_>>());
    // A desk has what is on its cases.
    let theirs = app.as_desk(&desk).get("/intake/emails").await.expect(200);
    assert_eq!(theirs.items().len(), 3);
    app.as_auditor()
        .get("/intake/emails")
        .await
        .problem("forbidden");
    door.get("/intake/emails").await.problem("forbidden");
}
