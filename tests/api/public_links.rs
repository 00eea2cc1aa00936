//! One-time links and the public pages: dates offered, sessions confirmed and evaluated; what a stranger learns.

use crate::harness::{Call, Client, HasId, TestApp, TestResponse};
use actix_web::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::future::IntoFuture;

/// Recipient, subject and text of the mails that went out, oldest first.
pub fn mails(app: &TestApp) -> Vec<(String, String, String)> {
    let read = |bytes: &Vec<u8>| {
        let mail = mail_parser::MessageParser::default().parse(bytes).unwrap();
        let to = mail.to().unwrap().first().unwrap().address().unwrap();
        let text = mail.body_text(0).unwrap().replace("\r\n", "\n");
        (to.to_owned(), mail.subject().unwrap().to_owned(), text)
    };
    app.outbox().iter().map(read).collect()
}

/// The tokens of the links in the mails so far, in their order.
pub fn tokens(app: &TestApp) -> Vec<String> {
    let links = mails(app).into_iter().flat_map(|(_, _, text)| {
        let behind: Vec<_> = text
            .split("http://127.0.0.1:8080/public/")
            .skip(1)
            .map(|rest| rest.lines().next().unwrap().to_owned())
            .collect();
        behind
    });
    let mut tokens: Vec<String> = links.filter(|link| !link.contains('/')).collect();
    tokens.dedup();
    tokens
}

/// The token in the newest mail with a link.
pub fn newest_token(app: &TestApp) -> String {
    let token = tokens(app).pop().expect("a mail with a link went out");
    assert_eq!(token.len(), 26, "{token}");
    token
}

/// The page of a link.
pub fn look(app: &TestApp, token: &str) -> Call {
    app.as_nobody().get(format!("//public/{token}"))
}

/// A form that is sent.
pub fn send(app: &TestApp, token: &str, fields: &[(&str, &str)]) -> Call {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    app.as_nobody()
        .call(Method::POST, format!("//public/{token}"))
        .body("application/x-www-form-urlencoded", form.finish())
}

/// What every page promises: HTML in Japanese, for nobody else, with nothing from elsewhere, and every field labelled.
#[track_caller]
pub fn is_decent(page: &TestResponse) {
    let header = |name: &str| page.header(name).unwrap_or_else(|| panic!("no {name}"));
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("x-robots-tag"), "noindex, nofollow");
    assert!(page.header("set-cookie").is_none());
    let policy = header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(
        !policy.contains("unsafe") && !policy.contains("script"),
        "{policy}"
    );
    let text = &page.text;
    assert!(
        text.starts_with("<!DOCTYPE html><html lang=\"ja\">"),
        "{text}"
    );
    for foreign in [
        "<script", "http://", "https://", " on", "style=\"", "<img", "<iframe",
    ] {
        let body = text.split("</style>").nth(1).unwrap();
        assert!(!body.contains(foreign), "{foreign}: {text}");
    }
    assert_eq!(text.matches("<h1>").count(), 1);
    assert_eq!(
        text.matches("<fieldset").count(),
        text.matches("<legend>").count()
    );
    // Every box is inside a label, every text has one by its id.
    assert_eq!(
        text.matches("<input").count(),
        text.matches("<label class=\"choice\"><input").count()
    );
    for area in text.split("<textarea id=\"").skip(1) {
        let id = area.split('"').next().unwrap();
        assert!(text.contains(&format!("<label for=\"{id}\">")), "{text}");
    }
    for id in text
        .split(" id=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
    {
        assert_eq!(
            text.matches(&format!(" id=\"{id}\"")).count(),
            1,
            "{id} twice: {text}"
        );
    }
}

/// What a page says, but for the request id.
fn said(page: &TestResponse) -> (u16, Vec<(String, String)>, String) {
    let mut headers = page.headers.clone();
    headers.retain(|(name, _)| name != "x-request-id");
    headers.sort();
    (page.status, headers, page.text.clone())
}

/// Times of an hour, so many days from now at this hour.
fn slots(app: &TestApp, days: &[i64]) -> Vec<Value> {
    let at = |days: &i64| app.now() + TimeDelta::days(*days);
    days.iter()
        .map(|days| json!({ "starts_at": at(days), "ends_at": at(days) + TimeDelta::hours(1) }))
        .collect()
}

fn propose(app: &TestApp, client: &Client, case: &impl HasId, days: &[i64]) -> Call {
    let body = json!({ "slots": slots(app, days), "mode": "online", "meeting_url": "https://meet.example.jp/abc" });
    client.post(format!("/cases/{}/date-proposals", case.id()), body)
}

struct Offered {
    app: TestApp,
    desk: TestResponse,
    manager: TestResponse,
    case: TestResponse,
    proposal: TestResponse,
    token: String,
}

/// Two times were offered, and the mail has arrived.
async fn offered(days: &[i64]) -> Offered {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let proposal = propose(&app, &app.as_desk(&desk), &case, days)
        .await
        .expect(201);
    app.run_jobs().await;
    let token = newest_token(&app);
    Offered {
        app,
        desk,
        manager,
        case,
        proposal,
        token,
    }
}

impl Offered {
    async fn proposal(&self) -> Value {
        let path = format!("/cases/{}/date-proposals", self.case.id());
        self.app
            .as_desk(&self.desk)
            .get(path)
            .await
            .expect(200)
            .items()[0]
            .clone()
    }

    async fn sessions(&self) -> Vec<Value> {
        let path = format!("/cases/{}/consultations", self.case.id());
        self.app
            .as_desk(&self.desk)
            .get(path)
            .await
            .expect(200)
            .items()
            .to_vec()
    }
}

#[actix_web::test]
async fn a_date_is_chosen_by_the_link() {
    let world = offered(&[7, 8]).await;
    let app = &world.app;
    assert_eq!(world.proposal["state"], "open");
    // Three business days from Tuesday, ten o'clock.
    assert_eq!(world.proposal["answer_by"], "2026-11-27T01:00:00Z");
    assert_eq!(app.show_case(&world.case).await["waiting_on"], "enterprise");
    let (to, subject, text) = mails(app)
        .into_iter()
        .find(|mail| mail.2.contains("/public/"))
        .unwrap();
    assert_eq!(to, world.case["contacts"][0]["email"].as_str().unwrap());
    assert!(
        subject.contains("日時") || subject.contains("日程"),
        "{subject}"
    );
    assert!(
        text.contains("12月1日(火)10時00分から11時00分まで"),
        "{text}"
    );

    // Scanners of mail look, also twice, and nothing happens.
    let before = app.count("audit_event").await;
    let page = look(app, &world.token).await.expect(200);
    is_decent(&page);
    let head = app
        .as_nobody()
        .call(Method::HEAD, format!("//public/{}", world.token))
        .await;
    head.expect(200);
    assert_eq!(said(&look(app, &world.token).await), said(&page));
    assert_eq!(app.count("audit_event").await, before);
    for time in ["12月1日(火)10時00分", "12月2日(水)10時00分"] {
        assert!(page.text.contains(time), "{}", page.text);
    }
    for secret in [
        &world.case["enterprise"]["name"],
        &world.case["contacts"][0]["name"],
        &world.case["description"],
        &world.case["subject"],
        &world.manager["name"],
    ] {
        assert!(
            !page.text.contains(secret.as_str().unwrap()),
            "{secret}: {}",
            page.text
        );
    }

    let nothing = send(app, &world.token, &[("slot", "")]).await.expect(422);
    is_decent(&nothing);
    assert!(
        nothing.text.contains("href=\"#slot\"") && nothing.text.contains("aria-invalid=\"true\"")
    );
    send(app, &world.token, &[("slot", "7")]).await.expect(422);
    let thanks = send(app, &world.token, &[("slot", "1")]).await.expect(200);
    is_decent(&thanks);
    assert!(
        thanks.text.contains("12月2日(水)10時00分"),
        "{}",
        thanks.text
    );
    // Sent again, even with another time: the same thanks, and nothing more.
    let again = send(app, &world.token, &[("slot", "0")]).await;
    assert_eq!(said(&again), said(&thanks));
    assert_eq!(said(&look(app, &world.token).await), said(&thanks));

    let sessions = world.sessions().await;
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0]["starts_at"], "2026-12-02T01:00:00Z");
    assert_eq!(sessions[0]["meeting_url"], "https://meet.example.jp/abc");
    let proposal = world.proposal().await;
    assert_eq!(proposal["state"], "chosen");
    assert_eq!(proposal["consultation_id"], sessions[0]["id"]);
    let case = app.show_case(&world.case).await;
    assert_eq!(case["status"], "consulting");
    assert_eq!(case["waiting_on"], "manager");
    let kinds = app.kinds_in_timeline(&world.case).await;
    for kind in ["dates_proposed", "date_chosen", "consultation_booked"] {
        assert!(kinds.iter().any(|other| other == kind), "{kind}: {kinds:?}");
    }
    app.run_jobs().await;
    // The invitation to both, and the notice to the desk.
    let subjects: Vec<_> = mails(app).into_iter().map(|mail| mail.1).collect();
    assert!(
        subjects
            .iter()
            .any(|subject| subject.contains("コンサルティングの日程のご案内")),
        "{subjects:?}"
    );
    assert!(
        subjects
            .iter()
            .any(|subject| subject.contains("に回答がありました")),
        "{subjects:?}"
    );
}

#[actix_web::test]
async fn no_table_holds_a_token() {
    let world = offered(&[7]).await;
    let mut db = world.app.sql().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    for table in tables {
        let sql = format!("select count(*) from {table} t where t::text like $1");
        let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(format!("%{}%", world.token))
            .fetch_one(&mut db)
            .await
            .unwrap();
        assert_eq!(found, 0, "{table} holds a token");
    }
    // Staff, who see the outbox, do not see it either.
    let messages = world.app.messages_of(&world.case).await;
    let text = json!(messages).to_string();
    assert!(
        text.contains("/public/(") && !text.contains(&world.token),
        "{text}"
    );
}

#[actix_web::test]
async fn another_date_is_wished_for() {
    let world = offered(&[7, 8]).await;
    let app = &world.app;
    let faulty = send(app, &world.token, &[("slot", "other"), ("wish", "  ")])
        .await
        .expect(422);
    assert!(faulty.text.contains("href=\"#wish\""), "{}", faulty.text);
    is_decent(&faulty);
    let hostile = "</textarea><script>alert(1)</script>";
    let long = format!("{hostile}{}", "あ".repeat(2000));
    let faulty = send(app, &world.token, &[("slot", "other"), ("wish", &long)])
        .await
        .expect(422);
    assert!(
        !faulty.text.contains("<script"),
        "what was typed is escaped"
    );
    assert!(faulty.text.contains("&lt;/textarea&gt;&lt;script&gt;"));
    let wish = format!("12月の第2週の午前 {hostile}");
    let thanks = send(app, &world.token, &[("slot", "other"), ("wish", &wish)])
        .await
        .expect(200);
    is_decent(&thanks);
    assert!(
        thanks.text.contains("担当の窓口からご連絡します"),
        "{}",
        thanks.text
    );
    let again = send(app, &world.token, &[("slot", "0")]).await.expect(200);
    assert_eq!(said(&again), said(&thanks));
    assert_eq!(world.sessions().await.len(), 0);
    let proposal = world.proposal().await;
    assert_eq!(proposal["state"], "other_wanted");
    assert!(
        proposal["wish"].as_str().unwrap().ends_with(&wish),
        "{proposal}"
    );
    let case = app.show_case(&world.case).await;
    assert_eq!(case["waiting_on"], "desk");
    let path = format!("/cases/{}/interactions", world.case.id());
    let said = app.as_desk(&world.desk).get(path).await.expect(200);
    assert_eq!(said.items()[0]["kind"], "web");
    assert_eq!(said.items()[0]["direction"], "inbound");
    app.run_jobs().await;
    let desk = world.desk["email"].as_str().unwrap();
    let notice = mails(app).into_iter().rfind(|mail| mail.0 == desk).unwrap();
    assert!(
        notice.1.contains("に回答がありました") && !notice.2.contains("第2週"),
        "{notice:?}"
    );
}

#[actix_web::test]
async fn times_are_held_softly() {
    let world = offered(&[7, 8]).await;
    let app = &world.app;
    let free = async || {
        let path = format!(
            "/managers/{}/free-slots?from=2026-12-01&to=2026-12-02",
            world.manager.id()
        );
        let slots = app.as_desk(&world.desk).get(path).await.expect(200);
        let held = slots.items().iter().filter(|slot| slot["is_held"] == true);
        (slots.items().len(), held.count())
    };
    // 9:30 to 11:30 touches it on both days.
    let (all, held) = free().await;
    assert_eq!(held, 6);
    // Another case takes the first time by hand, with a warning that does not say whose it was.
    let other = app.make_assigned_case(&world.desk, &world.manager).await;
    let booked = app
        .as_desk(&world.desk)
        .post(
            format!("/cases/{}/consultations", other.id()),
            slots(app, &[7]).remove(0).and_mode(),
        )
        .await
        .expect(201);
    let warnings = booked["warnings"].to_string();
    assert!(
        warnings.contains("日程候補として企業・団体に提示中"),
        "{warnings}"
    );
    assert!(!warnings.contains(world.case["number"].as_str().unwrap()));
    assert!(free().await.0 < all);
    assert_eq!(world.proposal().await["slots"][0]["is_free"], false);

    let page = look(app, &world.token).await.expect(200);
    assert_eq!(page.text.matches("この日時は埋まりました").count(), 1);
    let gone = send(app, &world.token, &[("slot", "0")]).await.expect(409);
    is_decent(&gone);
    assert!(
        gone.text.contains("先に埋まりました") && gone.text.contains("12月2日(水)"),
        "{}",
        gone.text
    );
    assert_eq!(world.proposal().await["state"], "open");
    send(app, &world.token, &[("slot", "1")]).await.expect(200);
    assert_eq!(world.sessions().await.len(), 1);
    assert_eq!(free().await.1, 0, "an answered proposal holds nothing");
}

trait AndMode {
    fn and_mode(self) -> Value;
}

impl AndMode for Value {
    fn and_mode(mut self) -> Value {
        self["mode"] = json!("online");
        self
    }
}

#[actix_web::test]
async fn an_absence_entered_meanwhile_takes_the_time_away() {
    let world = offered(&[7, 8]).await;
    let app = &world.app;
    let absence = json!({ "starts_at": "2026-12-01T00:00:00Z", "ends_at": "2026-12-01T08:00:00Z" });
    app.as_manager(&world.manager)
        .post(
            format!("/managers/{}/absences", world.manager.id()),
            absence,
        )
        .await
        .expect(201);
    send(app, &world.token, &[("slot", "0")]).await.expect(409);
    assert_eq!(world.sessions().await.len(), 0);
    // The other day is still free.
    send(app, &world.token, &[("slot", "1")]).await.expect(200);
}

#[actix_web::test]
async fn of_many_answers_by_one_link_one_counts() {
    let world = offered(&[7, 8, 9]).await;
    let app = &world.app;
    let slots = ["0", "1", "2"];
    let answers = app
        .parallel(12, |n| {
            send(app, &world.token, &[("slot", slots[n % 3])]).into_future()
        })
        .await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(
            answer.text.contains("ありがとうございました"),
            "{}",
            answer.text
        );
    }
    assert_eq!(world.sessions().await.len(), 1);
    assert_eq!(app.used(&world.case).await, 1);
}

#[actix_web::test]
async fn the_link_and_a_booking_by_hand_at_once() {
    for round in 0..3 {
        let world = offered(&[7]).await;
        let app = &world.app;
        let other = app.make_assigned_case(&world.desk, &world.manager).await;
        let body = slots(app, &[7]).remove(0).and_mode();
        let path = format!("/cases/{}/consultations", other.id());
        let by_hand = app.as_desk(&world.desk).post(path, body).into_future();
        let by_link = send(app, &world.token, &[("slot", "0")]).into_future();
        let (by_hand, by_link) = match round % 2 {
            0 => tokio::join!(by_hand, by_link),
            _ => {
                let (by_link, by_hand) = tokio::join!(by_link, by_hand);
                (by_hand, by_link)
            }
        };
        match (by_hand.status, by_link.status) {
            (201, 409) => assert!(
                by_link.text.contains("先に埋まりました"),
                "{}",
                by_link.text
            ),
            (409, 200) => drop(by_hand.problem("manager-double-booked")),
            other => panic!("{other:?}: {} {}", by_hand.text, by_link.text),
        }
        assert_eq!(app.used(&world.case).await + app.used(&other).await, 1);
    }
}

#[actix_web::test]
async fn the_link_and_the_last_session_at_once() {
    let world = offered(&[7]).await;
    let app = &world.app;
    let limit = json!({ "limit": 1, "reason": "試験" });
    app.as_admin()
        .post(format!("/cases/{}/limit", world.case.id()), limit)
        .await
        .expect(200);
    let path = format!("/cases/{}/consultations", world.case.id());
    let by_hand = app
        .as_desk(&world.desk)
        .post(path, app.session(20))
        .into_future();
    let by_link = send(app, &world.token, &[("slot", "0")]).into_future();
    let (by_hand, by_link) = tokio::join!(by_hand, by_link);
    match (by_hand.status, by_link.status) {
        (201, 409) => {
            is_decent(&by_link);
            assert!(by_link.text.contains("お電話ください"), "{}", by_link.text);
        }
        (409, 200) => drop(by_hand.problem("consultation-limit-reached")),
        other => panic!("{other:?}: {} {}", by_hand.text, by_link.text),
    }
    assert_eq!(app.used(&world.case).await, 1);
}

#[actix_web::test]
async fn what_is_unknown_expired_or_taken_back_looks_the_same() {
    let world = offered(&[7]).await;
    let app = &world.app;
    let unknown = look(app, "aaaaaaaaaaaaaaaaaaaaaaaaaa").await.expect(404);
    is_decent(&unknown);
    assert!(
        unknown.text.contains("ご返信ください") && unknown.text.contains("テレワーク相談センター")
    );
    for token in ["x", "..%2f..", &"y".repeat(2000), "%00", "あ"] {
        assert_eq!(said(&look(app, token).await), said(&unknown), "{token}");
        assert_eq!(
            said(&send(app, token, &[("slot", "0")]).await),
            said(&unknown)
        );
    }
    // Neither is there a stop of what is no survey.
    let stop = app
        .as_nobody()
        .get(format!("//public/{}/stop", world.token))
        .await;
    assert_eq!(said(&stop), said(&unknown));
    let path = format!("/date-proposals/{}/revoke", world.proposal.id());
    let revoked = app
        .as_desk(&world.desk)
        .post(&path, json!({}))
        .await
        .expect(200);
    assert_eq!(revoked["state"], "revoked");
    app.as_desk(&world.desk)
        .post(&path, json!({}))
        .await
        .problem("conflict");
    assert_eq!(said(&look(app, &world.token).await), said(&unknown));
    assert_eq!(
        said(&send(app, &world.token, &[("slot", "0")]).await),
        said(&unknown)
    );
    assert_eq!(app.show_case(&world.case).await["waiting_on"], "manager");
    // Another one, which nobody answers.
    propose(app, &app.as_desk(&world.desk), &world.case, &[9])
        .await
        .expect(201);
    app.run_jobs().await;
    let token = newest_token(app);
    look(app, &token).await.expect(200);
    app.set_time("2026-11-27T10:00:00+09:00");
    let unknown = look(app, "aaaaaaaaaaaaaaaaaaaaaaaaaa").await;
    assert_eq!(said(&look(app, &token).await), said(&unknown));
    assert_eq!(
        said(&send(app, &token, &[("slot", "0")]).await),
        said(&unknown)
    );
    app.run_jobs().await;
    assert_eq!(world.proposal().await["state"], "expired");
    assert_eq!(world.sessions().await.len(), 0);
}

#[actix_web::test]
async fn whoever_tries_often_waits() {
    let world = offered(&[7]).await;
    let app = &world.app;
    for _ in 0..30 {
        look(app, "nothing")
            .coming_from("198.51.100.1")
            .await
            .expect(404);
    }
    // What exists counts for nothing, so that an office behind one address can answer.
    for _ in 0..40 {
        look(app, &world.token)
            .coming_from("198.51.100.2")
            .await
            .expect(200);
    }
    let refused = look(app, "nothing")
        .coming_from("198.51.100.1")
        .await
        .expect(429);
    is_decent(&refused);
    assert!(refused.header("retry-after").is_some());
    send(app, &world.token, &[("slot", "0")])
        .coming_from("198.51.100.1")
        .await
        .expect(429);
    look(app, "nothing")
        .coming_from("198.51.100.3")
        .await
        .expect(404);
    app.advance(TimeDelta::minutes(16));
    look(app, &world.token)
        .coming_from("198.51.100.1")
        .await
        .expect(200);
}

#[actix_web::test]
async fn who_may_offer_dates_and_what() {
    let app = TestApp::start().await;
    let (desk, other_desk) = (app.make_desk().await, app.make_desk_for("03").await);
    let (manager, stranger) = (app.make_manager().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let client = app.as_desk(&desk);
    propose(&app, &app.as_desk(&other_desk), &case, &[7])
        .await
        .problem("not-found");
    propose(&app, &app.as_manager(&stranger), &case, &[7])
        .await
        .problem("not-found");
    propose(&app, &app.as_operator(), &case, &[7])
        .await
        .problem("forbidden");
    propose(&app, &client, &case, &[])
        .await
        .invalid(&["/slots"]);
    propose(&app, &client, &case, &[7, 7])
        .await
        .invalid(&["/slots/1"]);
    propose(&app, &client, &case, &[-1, 7])
        .await
        .invalid(&["/slots/0"]);
    propose(&app, &client, &case, &[7, 8, 9, 10, 13, 14])
        .await
        .invalid(&["/slots"]);
    let path = format!("/cases/{}/date-proposals", case.id());
    let with = |field: &str, value: Value| {
        let mut body = json!({ "slots": slots(&app, &[7]), "mode": "online" });
        body[field] = value;
        client.post(&path, body)
    };
    with("manager_ids", json!([stranger.id()]))
        .await
        .invalid(&["/manager_ids"]);
    with("contact_id", json!(uuid::Uuid::now_v7()))
        .await
        .invalid(&["/contact_id"]);
    with("answer_by", json!("2026-12-01T02:00:00Z"))
        .await
        .invalid(&["/answer_by"]);
    with("answer_by", json!("2026-11-24T00:00:00Z"))
        .await
        .invalid(&["/answer_by"]);
    let session = app.book(&desk, &case, 7).await;
    propose(&app, &client, &case, &[7])
        .await
        .invalid(&["/slots/0"]);
    client
        .post(
            format!("/consultations/{}/cancel", session.id()),
            json!({ "reason": "試験" }),
        )
        .await
        .expect(200);
    let proposal = propose(&app, &app.as_manager(&manager), &case, &[7])
        .await
        .expect(201);
    propose(&app, &client, &case, &[8])
        .await
        .problem("conflict");
    app.as_desk(&other_desk)
        .get(&path)
        .await
        .problem("not-found");
    let revoke = format!("/date-proposals/{}/revoke", proposal.id());
    app.as_desk(&other_desk)
        .post(&revoke, json!({}))
        .await
        .problem("not-found");
    app.as_manager(&stranger)
        .post(&revoke, json!({}))
        .await
        .problem("not-found");
    app.as_operator()
        .post(&revoke, json!({}))
        .await
        .problem("forbidden");
    // Who closes the case takes back what was offered on it.
    client
        .post(
            format!("/cases/{}/close", case.id()),
            json!({ "outcome": "withdrawn" }),
        )
        .await
        .expect(200);
    let listed = app.as_supervisor().get(&path).await.expect(200);
    assert_eq!(listed.items()[0]["state"], "revoked");
    let case = app.make_assigned_case(&desk, &manager).await;
    change_settings(&app, json!({ "date_choice": false })).await;
    propose(&app, &client, &case, &[7])
        .await
        .problem("conflict");
}

/// The office decides.
pub async fn change_settings(app: &TestApp, change: Value) {
    let etag = app.as_admin().get("/settings").await.expect(200).etag();
    app.as_admin()
        .patch("/settings", change)
        .if_match(etag)
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_session_is_confirmed_or_not() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    // Tuesday in a week.
    let session = app.book(&desk, &case, 7).await;
    app.set_time("2026-11-30T09:30:00+09:00");
    app.run_jobs().await;
    assert_eq!(tokens(&app), [""; 0], "more than a business day ahead");
    app.set_time("2026-11-30T10:30:00+09:00");
    app.run_jobs().await;
    app.advance(TimeDelta::minutes(10));
    app.run_jobs().await;
    assert_eq!(tokens(&app).len(), 1, "once");
    let token = newest_token(&app);
    let page = look(&app, &token).await.expect(200);
    is_decent(&page);
    assert!(
        page.text.contains("12月1日(火)10時00分から11時30分まで"),
        "{}",
        page.text
    );
    let faulty = send(&app, &token, &[("answer", "x")]).await.expect(422);
    is_decent(&faulty);
    assert!(faulty.text.contains("href=\"#answer\""), "{}", faulty.text);
    // Moved to the next week: the old link is about nothing any more, and the new time is reminded of.
    let moved = json!({ "starts_at": "2026-12-08T01:00:00Z", "ends_at": "2026-12-08T02:00:00Z" });
    app.as_desk(&desk)
        .post(format!("/consultations/{}/reschedule", session.id()), moved)
        .await
        .expect(200);
    look(&app, &token).await.expect(404);
    send(&app, &token, &[("answer", "coming")])
        .await
        .expect(404);
    app.set_time("2026-12-07T14:00:00+09:00");
    app.run_jobs().await;
    let token = newest_token(&app);
    let declined = [
        ("answer", "cannot_come"),
        ("message", "社長が出張になりました"),
    ];
    let thanks = send(&app, &token, &declined).await.expect(200);
    is_decent(&thanks);
    assert_eq!(
        said(&send(&app, &token, &[("answer", "coming")]).await),
        said(&thanks)
    );
    // The desk is told; nothing is cancelled by it.
    let case = app.show_case(&case).await;
    assert_eq!(
        (&case["waiting_on"], &case["consultations"]["used"]),
        (&json!("desk"), &json!(1))
    );
    let answers = app
        .as_desk(&desk)
        .get(format!("/cases/{}/answers", case.id()))
        .await
        .expect(200);
    let asked = answers["sessions"].as_array().unwrap();
    assert_eq!(asked.len(), 2, "{answers:?}");
    assert_eq!(asked[1]["attendance"], "cannot_come");
    let kinds = app.kinds_in_timeline(&case).await;
    assert!(
        kinds.iter().any(|kind| kind == "session_declined"),
        "{kinds:?}"
    );
}

#[actix_web::test]
async fn sessions_booked_at_short_notice_or_without_an_address_are_not_reminded_of() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    app.book(&desk, &case, 1).await;
    let mut request = app.case_request();
    request["contacts"][0]
        .as_object_mut()
        .unwrap()
        .remove("email");
    let silent = app.as_operator().post("/cases", request).await.expect(201);
    let path = format!("/cases/{}", silent.id());
    app.as_operator()
        .post(format!("{path}/route"), json!({ "desk_id": desk.id() }))
        .await
        .expect(200);
    app.as_desk(&desk)
        .post(format!("{path}/accept"), json!({}))
        .await
        .expect(200);
    app.assign(&desk, &silent, &manager, "labour").await;
    app.book(&desk, &silent, 3).await;
    app.as_desk(&desk)
        .post(
            format!("{path}/date-proposals"),
            json!({ "slots": slots(&app, &[9]), "mode": "phone" }),
        )
        .await
        .invalid(&["/contact_id"]);
    for time in ["2026-11-24T16:00:00+09:00", "2026-11-26T16:00:00+09:00"] {
        app.set_time(time);
        app.run_jobs().await;
    }
    assert_eq!(tokens(&app), [""; 0]);
}

/// A case whose enterprise agreed to surveys, and a session of it that was held.
async fn held_session(app: &TestApp, desk: &TestResponse) -> (TestResponse, TestResponse) {
    let manager = app.make_manager().await;
    let mut request = app.case_request();
    let consent = json!({ "kind": "survey", "notice_version": "2026-04", "how": "電話で説明" });
    request["consents"].as_array_mut().unwrap().push(consent);
    let case = app.as_operator().post("/cases", request).await.expect(201);
    let path = format!("/cases/{}", case.id());
    app.as_operator()
        .post(format!("{path}/route"), json!({ "desk_id": desk.id() }))
        .await
        .expect(200);
    app.as_desk(desk)
        .post(format!("{path}/accept"), json!({}))
        .await
        .expect(200);
    app.assign(desk, &case, &manager, "labour").await;
    let session = app.book(desk, &case, 1).await;
    let session = app.hold(desk, &session).await;
    (case, session)
}

#[actix_web::test]
async fn a_session_is_evaluated() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let (case, session) = held_session(&app, &desk).await;
    app.run_jobs().await;
    let token = newest_token(&app);
    let page = look(&app, &token).await.expect(200);
    is_decent(&page);
    assert_eq!(page.text.matches("type=\"radio\"").count(), 5);
    for score in ["", "0", "6", "x"] {
        send(&app, &token, &[("score", score)]).await.expect(422);
    }
    let answers = app
        .parallel(6, |n| {
            let score = ["4", "2"][n % 2];
            send(
                &app,
                &token,
                &[("score", score), ("comment", "工藤さんに感謝")],
            )
            .into_future()
        })
        .await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let said_of_it = app
        .as_desk(&desk)
        .get(format!("/cases/{}/answers", case.id()))
        .await
        .expect(200);
    let answer = &said_of_it["sessions"][0];
    assert_eq!(answer["consultation_id"], session["id"]);
    assert_eq!(
        (&answer["kind"], &answer["comment"]),
        (&json!("evaluation"), &json!("工藤さんに感謝"))
    );
    let texts = app
        .as_supervisor()
        .get("/survey/free-texts?source=evaluation")
        .await
        .expect(200);
    assert_eq!(texts.items().len(), 1, "six answers at once are one");
    let report = app.as_admin().get("/reports/survey").await.expect(200);
    assert_eq!(report["evaluations"]["answered"], 1);
    assert_eq!(
        report["evaluations"]["average"],
        answer["score"].as_f64().unwrap()
    );
    let rows = app
        .as_auditor()
        .get("/reports/survey/evaluations?answered=true")
        .await
        .expect(200);
    assert_eq!(rows.items().len(), 1);
    assert!(rows.items()[0]["case_id"].is_null() && rows.items()[0]["consultation_id"].is_null());
    // Asked once.
    app.advance(TimeDelta::days(1));
    app.run_jobs().await;
    assert_eq!(tokens(&app).len(), 1);
}

#[actix_web::test]
async fn a_template_keeps_its_link() {
    let app = TestApp::start().await;
    let templates = app.as_admin().get("/templates").await.expect(200);
    for purpose in [
        "date_proposal",
        "session_reminder",
        "evaluation_request",
        "survey",
        "survey_reminder",
    ] {
        let template = templates
            .items()
            .iter()
            .find(|template| template["purpose"] == purpose)
            .unwrap();
        let path = format!("/templates/{}", template.id());
        let etag = app.as_admin().get(&path).await.expect(200).etag();
        let bare = json!({ "body": "{{recipient}}\nよろしくお願いします。" });
        app.as_admin()
            .patch(&path, bare)
            .if_match(&etag)
            .await
            .invalid(&["/body"]);
        // As it stands it is whole.
        let same = json!({ "body": template["body"], "name": format!("{purpose}の文面") });
        app.as_admin()
            .patch(&path, same)
            .if_match(&etag)
            .await
            .expect(200);
    }
}
