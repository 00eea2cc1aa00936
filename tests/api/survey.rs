//! The survey after closing: who is asked and when, what counts, who stops it, and the figures.

use crate::{
    harness::{HasId, TestApp, TestResponse},
    mails::delivery_report,
    public_links::{change_settings, is_decent, look, mails, newest_token, send, tokens},
};
use actix_web::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::future::IntoFuture;

/// Five business days after the start, Tuesday ten o'clock.
const DUE: &str = "2026-12-01T10:05:00+09:00";

/// The body of a case whose enterprise agreed to surveys.
fn agreeing(app: &TestApp) -> Value {
    let mut request = app.case_request();
    let consent = json!({ "kind": "survey", "notice_version": "2026-04", "how": "電話で説明" });
    request["consents"].as_array_mut().unwrap().push(consent);
    request
}

/// A case that was answered at once on the telephone.
async fn closed_at_once(app: &TestApp, mut request: Value, outcome: &str) -> TestResponse {
    request["close_as"] = json!({ "outcome": outcome, "note": "電話で回答した。" });
    app.as_operator().post("/cases", request).await.expect(201)
}

/// A case that a desk answered.
async fn closed_by(app: &TestApp, desk: &TestResponse) -> TestResponse {
    let case = app
        .as_operator()
        .post("/cases", agreeing(app))
        .await
        .expect(201);
    let path = format!("/cases/{}", case.id());
    app.as_operator()
        .post(format!("{path}/route"), json!({ "desk_id": desk.id() }))
        .await
        .expect(200);
    app.as_desk(desk)
        .post(format!("{path}/accept"), json!({}))
        .await
        .expect(200);
    close(app, desk, &case).await
}

async fn close(app: &TestApp, desk: &TestResponse, case: &impl HasId) -> TestResponse {
    app.as_desk(desk)
        .post(
            format!("/cases/{}/close", case.id()),
            json!({ "outcome": "answered" }),
        )
        .await
        .expect(200)
}

async fn surveys(app: &TestApp, case: &impl HasId) -> Vec<Value> {
    let path = format!("/cases/{}/answers", case.id());
    let answers = app.as_supervisor().get(path).await.expect(200);
    answers["surveys"].as_array().unwrap().clone()
}

/// The mails of surveys so far: to whom, and which subject.
fn asked(app: &TestApp) -> Vec<(String, String)> {
    mails(app)
        .into_iter()
        .filter(|mail| mail.1.contains("アンケート"))
        .map(|mail| (mail.0, mail.1))
        .collect()
}

async fn at(app: &TestApp, time: &str) {
    app.set_time(time);
    app.run_jobs().await;
}

const GOOD: [(&str, &str); 2] = [("achieved", "yes"), ("telework", "introduced")];

#[actix_web::test]
async fn it_is_sent_in_office_hours_and_answered_once() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = closed_by(&app, &desk).await;
    assert_eq!(surveys(&app, &case).await[0]["state"], "planned");
    at(&app, "2026-12-01T09:55:00+09:00").await;
    assert_eq!(asked(&app).len(), 0);
    at(&app, DUE).await;
    let sent = asked(&app);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].0, case["contacts"][0]["email"].as_str().unwrap());
    let token = newest_token(&app);
    let page = look(&app, &token).await.expect(200);
    is_decent(&page);
    for secret in [
        &case["enterprise"]["name"],
        &case["contacts"][0]["name"],
        &case["description"],
    ] {
        assert!(
            !page.text.contains(secret.as_str().unwrap()),
            "{}",
            page.text
        );
    }
    let faulty = send(
        &app,
        &token,
        &[("telework", "not_planned"), ("why_not", "cost")],
    )
    .await
    .expect(422);
    is_decent(&faulty);
    assert!(
        faulty.text.contains("href=\"#achieved\"") && !faulty.text.contains("href=\"#telework\"")
    );
    assert!(
        faulty.text.contains("value=\"cost\" checked"),
        "what was chosen stays: {}",
        faulty.text
    );

    // Nobody answers, so they are reminded after five business days more, by the same link; and only once.
    at(&app, "2026-12-08T10:10:00+09:00").await;
    at(&app, "2026-12-15T10:10:00+09:00").await;
    at(&app, "2026-12-18T10:10:00+09:00").await;
    let sent = asked(&app);
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(sent[1].1.contains("再度"));
    assert_eq!(tokens(&app).len(), 1, "the same link");
    assert_eq!(newest_token(&app), token);

    let form = [
        ("achieved", "partly"),
        ("telework", "not_planned"),
        ("why_not", "cost"),
        ("why_not", "staff"),
        ("why_not", "nonsense"),
        ("comment", "<b>工藤</b>さんに相談できてよかった"),
    ];
    let answers = app
        .parallel(8, |_| send(&app, &token, &form).into_future())
        .await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.text.contains("ありがとうございました"));
    }
    is_decent(&answers[0]);
    send(&app, &token, &GOOD).await.expect(200);
    let survey = &surveys(&app, &case).await[0];
    assert_eq!(survey["state"], "answered");
    assert_eq!(survey["purpose_achieved"], "partly");
    assert_eq!(survey["why_not"], json!(["cost", "staff"]));
    assert_eq!(survey["comment"], "<b>工藤</b>さんに相談できてよかった");
    assert_eq!(app.count("free_text").await, 1);
    let kinds = app.kinds_in_timeline(&case).await;
    assert_eq!(
        kinds.iter().filter(|kind| *kind == "survey_sent").count(),
        2,
        "{kinds:?}"
    );
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| *kind == "survey_answered")
            .count(),
        1,
        "{kinds:?}"
    );
    // Neither of the words stands in the trail.
    let trail: Vec<String> = sqlx::query_scalar("select data::text from audit_event")
        .fetch_all(&mut app.sql().await)
        .await
        .unwrap();
    assert!(
        trail
            .iter()
            .all(|event| !event.contains("工藤") && !event.contains("partly"))
    );
}

#[actix_web::test]
async fn only_those_are_asked_who_agreed_and_were_served() {
    let app = TestApp::start().await;
    let agreed = closed_at_once(&app, agreeing(&app), "answered").await;
    closed_at_once(&app, app.case_request(), "answered").await;
    for outcome in ["spam", "withdrawn", "referred", "ineligible"] {
        closed_at_once(&app, agreeing(&app), outcome).await;
    }
    let mut anonymous = agreeing(&app);
    anonymous["enterprise"] = json!({ "kind": "anonymous", "prefecture_code": "02" });
    closed_at_once(&app, anonymous, "answered").await;
    let mut silent = agreeing(&app);
    silent["contacts"][0]
        .as_object_mut()
        .unwrap()
        .remove("email");
    closed_at_once(&app, silent, "answered").await;
    at(&app, DUE).await;
    let to: Vec<_> = asked(&app).into_iter().map(|mail| mail.0).collect();
    assert_eq!(to, [agreed["contacts"][0]["email"].as_str().unwrap()]);
    // The office may ask everybody, or nobody.
    change_settings(&app, json!({ "survey_without_consent": true })).await;
    closed_at_once(&app, app.case_request(), "answered").await;
    at(&app, "2026-12-08T10:10:00+09:00").await;
    assert_eq!(asked(&app).len(), 3, "one, its reminder, and the next one");
    change_settings(&app, json!({ "survey": false })).await;
    closed_at_once(&app, agreeing(&app), "answered").await;
    at(&app, "2026-12-21T10:10:00+09:00").await;
    assert_eq!(asked(&app).len(), 3);
}

#[actix_web::test]
async fn nothing_is_sent_when_the_office_is_closed() {
    let app = TestApp::start().await;
    // Due on the first of December; the worker stood still until Saturday.
    closed_at_once(&app, agreeing(&app), "answered").await;
    at(&app, "2026-12-05T11:00:00+09:00").await;
    assert_eq!(asked(&app).len(), 0);
    at(&app, "2026-12-07T08:55:00+09:00").await;
    assert_eq!(asked(&app).len(), 0);
    at(&app, "2026-12-07T09:05:00+09:00").await;
    assert_eq!(asked(&app).len(), 1);
}

#[actix_web::test]
async fn it_is_stopped_with_one_click_and_a_confirmation() {
    let app = TestApp::start().await;
    let request = agreeing(&app);
    let case = closed_at_once(&app, request.clone(), "answered").await;
    at(&app, DUE).await;
    let token = newest_token(&app);
    let stop = format!("//public/{token}/stop");
    assert!(
        mails(&app)
            .last()
            .unwrap()
            .2
            .contains(&format!("/public/{token}/stop\n"))
    );
    let page = app.as_nobody().get(&stop).await.expect(200);
    is_decent(&page);
    assert!(page.text.contains("止める") && page.text.contains("method=\"post\""));
    assert_eq!(
        surveys(&app, &case).await[0]["state"],
        "sent",
        "to look stops nothing"
    );
    // As a mail program sends it (RFC 8058), without a redirect, and again.
    for _ in 0..2 {
        let stopped = app
            .as_nobody()
            .call(Method::POST, &stop)
            .body(
                "application/x-www-form-urlencoded",
                "List-Unsubscribe=One-Click",
            )
            .await
            .expect(200);
        is_decent(&stopped);
        assert!(stopped.text.contains("止めました"));
    }
    assert_eq!(surveys(&app, &case).await[0]["state"], "stopped");
    // Answered afterwards, it counts for nothing.
    let late = send(&app, &token, &GOOD).await.expect(200);
    assert!(late.text.contains("止めました"), "{}", late.text);
    assert_eq!(surveys(&app, &case).await[0]["state"], "stopped");
    // Nor is the address asked again on another case.
    let mut next = agreeing(&app);
    next["contacts"] = request["contacts"].clone();
    let next = closed_at_once(&app, next, "answered").await;
    assert_eq!(surveys(&app, &next).await.len(), 0);
    at(&app, "2026-12-21T10:10:00+09:00").await;
    assert_eq!(asked(&app).len(), 1);
    let address = case["contacts"][0]["email"].as_str().unwrap();
    let known: Vec<String> = sqlx::query_scalar("select t::text from survey_stop t")
        .fetch_all(&mut app.sql().await)
        .await
        .unwrap();
    assert!(known.len() == 1 && !known[0].contains(address), "{known:?}");
}

#[actix_web::test]
async fn a_case_that_is_reopened_is_not_asked() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let (early, late) = (closed_by(&app, &desk).await, closed_by(&app, &desk).await);
    let reopen = async |case: &TestResponse| {
        let body = json!({ "reason": "追加の相談" });
        app.as_desk(&desk)
            .post(format!("/cases/{}/reopen", case.id()), body)
            .await
            .expect(200)
    };
    reopen(&early).await;
    at(&app, DUE).await;
    assert_eq!(asked(&app).len(), 1);
    assert_eq!(surveys(&app, &early).await[0]["state"], "cancelled");
    let token = newest_token(&app);
    reopen(&late).await;
    look(&app, &token).await.expect(404);
    send(&app, &token, &GOOD).await.expect(404);
    at(&app, "2026-12-15T10:10:00+09:00").await;
    assert_eq!(asked(&app).len(), 1, "no reminder");
    // Closed again, it is asked again.
    close(&app, &desk, &late).await;
    at(&app, "2026-12-22T10:15:00+09:00").await;
    assert_eq!(asked(&app).len(), 2);
    let states: Vec<_> = surveys(&app, &late)
        .await
        .iter()
        .map(|survey| survey["state"].clone())
        .collect();
    assert_eq!(states, ["sent", "cancelled"]);
}

#[actix_web::test]
async fn a_mail_that_bounces_ends_it() {
    let app = TestApp::start().await;
    let case = closed_at_once(&app, agreeing(&app), "answered").await;
    at(&app, DUE).await;
    let token = newest_token(&app);
    let messages = app.messages_of(&case).await;
    let survey = messages
        .iter()
        .find(|message| message["kind"] == "question")
        .unwrap();
    let about = survey["message_id"].as_str().unwrap();
    let address = survey["to_address"].as_str().unwrap();
    app.receive(&delivery_report(about, address, "failed", "5.1.1"))
        .await;
    assert_eq!(surveys(&app, &case).await[0]["state"], "bounced");
    // Who reads the report must not answer for them.
    look(&app, &token).await.expect(404);
    at(&app, "2026-12-15T10:10:00+09:00").await;
    assert_eq!(asked(&app).len(), 1);
}

/// Walks the lists behind the figures: each number is the length of its list.
async fn every_number_is_a_list(app: &TestApp, query: &str, report: &TestResponse) {
    let length = async |path: &str| {
        let path = format!("/reports/survey/{path}{query}&limit=200").replacen(
            '&',
            if path.contains('?') { "&" } else { "?" },
            1,
        );
        app.as_admin().get(path).await.expect(200).items().len() as i64
    };
    assert_eq!(report["sent"], length("rows").await);
    for (number, state) in [
        ("answered", "answered"),
        ("stopped", "stopped"),
        ("bounced", "bounced"),
        ("cancelled", "cancelled"),
        ("unanswered", "sent"),
    ] {
        assert_eq!(
            report[number],
            length(&format!("rows?state={state}")).await,
            "{number}"
        );
    }
    for question in ["purpose_achieved", "telework", "why_not"] {
        for share in report[question].as_array().unwrap() {
            let answer = share["answer"].as_str().unwrap();
            assert_eq!(
                share["count"],
                length(&format!("rows?{question}={answer}")).await,
                "{question} {answer}"
            );
        }
    }
    let evaluations = &report["evaluations"];
    assert_eq!(evaluations["sent"], length("evaluations").await);
    assert_eq!(
        evaluations["answered"],
        length("evaluations?answered=true").await
    );
    for score in evaluations["scores"].as_array().unwrap() {
        let answer = score["answer"].as_str().unwrap();
        assert_eq!(
            score["count"],
            length(&format!("evaluations?score={answer}")).await
        );
    }
}

#[actix_web::test]
async fn the_figures_are_those_of_their_lists() {
    let app = TestApp::start().await;
    let (desk, other) = (app.make_desk().await, app.make_desk_for("03").await);
    let mut cases = Vec::new();
    for _ in 0..4 {
        cases.push(closed_by(&app, &desk).await);
    }
    closed_by(&app, &other).await;
    at(&app, DUE).await;
    let tokens = tokens(&app);
    assert_eq!(tokens.len(), 5);
    let of = async |path: &str| app.as_admin().get(path).await.expect(200);
    let nothing = of("/reports/survey?to=2026-11-30").await;
    assert_eq!(
        (&nothing["sent"], &nothing["response_rate"]),
        (&json!(0), &Value::Null)
    );
    send(&app, &tokens[0], &GOOD).await.expect(200);
    send(
        &app,
        &tokens[1],
        &[
            ("achieved", "no"),
            ("telework", "not_planned"),
            ("why_not", "rules"),
        ],
    )
    .await
    .expect(200);
    app.as_nobody()
        .call(Method::POST, format!("//public/{}/stop", tokens[2]))
        .await
        .expect(200);
    app.advance(TimeDelta::minutes(5));
    let report = of("/reports/survey").await;
    assert_eq!(report["sent"], 5);
    assert_eq!(
        (
            &report["answered"],
            &report["stopped"],
            &report["unanswered"]
        ),
        (&json!(2), &json!(1), &json!(2))
    );
    assert_eq!(report["response_rate"], 0.4);
    every_number_is_a_list(&app, "", &report).await;
    let filter = format!(
        "&from=2026-12-01&to=2026-12-01&desk_id={}&prefecture_code=02",
        desk.id()
    );
    let report = of(&format!("/reports/survey?{}", &filter[1..])).await;
    assert_eq!(report["sent"], 4);
    every_number_is_a_list(&app, &filter, &report).await;
    of("/reports/survey?from=2026-12-02").await["sent"]
        .as_i64()
        .filter(|sent| *sent == 0)
        .unwrap();
    app.as_admin()
        .get("/reports/survey?from=2026-12-02&to=2026-12-01")
        .await
        .invalid(&["/to"]);

    // A desk sees its own, and asks for no other's.
    let own = app.as_desk(&other).get("/reports/survey").await.expect(200);
    assert_eq!(own["sent"], 1);
    let rows = app
        .as_desk(&other)
        .get("/reports/survey/rows")
        .await
        .expect(200);
    assert_eq!(rows.items().len(), 1);
    assert_eq!(rows.items()[0]["desk_id"], other["id"]);
    for path in [
        "/reports/survey",
        "/reports/survey/rows",
        "/reports/survey/evaluations",
    ] {
        app.as_desk(&other)
            .get(format!("{path}?desk_id={}", desk.id()))
            .await
            .invalid(&["/desk_id"]);
        app.as_operator().get(path).await.problem("forbidden");
        let seen = app.as_auditor().get(path).await.expect(200);
        for case in &cases {
            assert!(!seen.text.contains(&case.id().to_string()), "{}", seen.text);
            assert!(
                !seen.text.contains(case["number"].as_str().unwrap()),
                "{}",
                seen.text
            );
        }
    }
    // Pages.
    let first = of("/reports/survey/rows?limit=3").await;
    let next = first["next_cursor"].as_str().unwrap();
    let second = of(&format!("/reports/survey/rows?limit=3&cursor={next}")).await;
    assert_eq!((first.items().len(), second.items().len()), (3, 2));
}

#[actix_web::test]
async fn free_text_is_checked_before_the_ministry_reads_it() {
    let app = TestApp::start().await;
    for _ in 0..2 {
        closed_at_once(&app, agreeing(&app), "answered").await;
    }
    at(&app, DUE).await;
    for (token, comment) in tokens(&app)
        .iter()
        .zip(["工藤さん(090-1234-5678)に感謝", "よい制度です"])
    {
        send(&app, token, &[GOOD[0], GOOD[1], ("comment", comment)])
            .await
            .expect(200);
    }
    let listed = app
        .as_supervisor()
        .get("/survey/free-texts?state=unchecked")
        .await
        .expect(200);
    assert_eq!(listed.items().len(), 2);
    let find = |comment: &str| {
        listed
            .items()
            .iter()
            .find(|text| text["written"].as_str().unwrap().contains(comment))
            .unwrap()
            .id()
    };
    let (personal, plain) = (find("工藤"), find("よい制度"));
    let auditor = app.as_auditor();
    assert_eq!(
        auditor
            .get("/survey/free-texts")
            .await
            .expect(200)
            .items()
            .len(),
        0
    );
    assert_eq!(
        auditor
            .get("/survey/free-texts?state=unchecked")
            .await
            .expect(200)
            .items()
            .len(),
        0
    );
    let path = |id: uuid::Uuid, step: &str| format!("/survey/free-texts/{id}/{step}");
    for client in [app.as_operator(), auditor.clone()] {
        client
            .post(path(plain, "release"), json!({}))
            .await
            .problem("forbidden");
        client
            .post(path(plain, "withhold"), json!({}))
            .await
            .problem("forbidden");
    }
    app.as_supervisor()
        .post(path(plain, "release"), json!({}))
        .await
        .expect(200);
    let edited = json!({ "edited_text": "担当者に感謝" });
    let released = app
        .as_admin()
        .post(path(personal, "release"), edited)
        .await
        .expect(200);
    assert_eq!(released["state"], "released");
    assert_eq!(released["written"], "工藤さん(090-1234-5678)に感謝");
    let seen = auditor.get("/survey/free-texts").await.expect(200);
    assert_eq!(seen.items().len(), 2);
    assert!(seen.text.contains("担当者に感謝") && seen.text.contains("よい制度です"));
    for secret in ["工藤", "090-1234", "TW-2026"] {
        assert!(!seen.text.contains(secret), "{}", seen.text);
    }
    app.as_supervisor()
        .post(path(plain, "withhold"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        auditor
            .get("/survey/free-texts")
            .await
            .expect(200)
            .items()
            .len(),
        1
    );
    app.as_supervisor()
        .post(path(uuid::Uuid::now_v7(), "release"), json!({}))
        .await
        .problem("not-found");
}
