//! A forgotten password: who gets a link, what it does, and who never sees it.

use crate::{
    auth::{
        BETTER, GOOD, change_password, change_user, count_answers, email, enter, enter_and_sign_in,
        get, make_token, me, number, secret_of, sign_in, try_sign_in,
    },
    harness::{Call, TestApp, TestResponse},
    mails::delivery_report,
};
use chrono::TimeDelta;
use madoguchi::access::Role;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor};
use std::future::IntoFuture;

const BEST: &str = "nineteen quiet lanterns drifting";

fn ask(app: &TestApp, address: &str) -> Call {
    app.as_nobody()
        .post("/auth/password-reset", json!({ "email": address }))
}

fn set(app: &TestApp, token: &str, password: &str) -> Call {
    let body = json!({ "token": token, "password": password });
    app.as_nobody().post("/auth/password-reset/confirm", body)
}

/// Recipient, subject and text of the mails that went out, oldest first.
fn mails(app: &TestApp) -> Vec<(String, String, String)> {
    let read = |bytes: &Vec<u8>| {
        let mail = mail_parser::MessageParser::default().parse(bytes).unwrap();
        let to = mail.to().unwrap().first().unwrap().address().unwrap();
        let text = mail.body_text(0).unwrap().into_owned();
        (to.to_owned(), mail.subject().unwrap().to_owned(), text)
    };
    app.outbox().iter().map(read).collect()
}

/// The token in the newest mail.
fn newest_token(app: &TestApp) -> String {
    let (_, _, text) = mails(app).pop().expect("a mail went out");
    let link = "http://127.0.0.1:8080/password-reset#token=";
    let (_, behind) = text.split_once(link).unwrap_or_else(|| panic!("{text}"));
    behind.lines().next().unwrap().to_owned()
}

async fn token_for(app: &TestApp, name: &str) -> String {
    ask(app, &email(name)).await.expect(204);
    app.run_jobs().await;
    newest_token(app)
}

/// What an answer says, but for the request id.
fn said(answer: &TestResponse) -> (u16, Vec<(String, String)>, String) {
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| name != "x-request-id");
    headers.sort();
    let mut body = answer.json.clone();
    if let Some(body) = body.as_object_mut() {
        body.remove("instance");
    }
    (answer.status, headers, body.to_string())
}

#[actix_web::test]
async fn the_whole_way() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let program = secret_of(
        &make_token(&app, &session.access, &["read_cases"], 30)
            .await
            .expect(201),
    );
    // Upper and lower case are the same address.
    ask(&app, "Hanako@Example.jp").await.expect(204);
    app.run_jobs().await;
    let (to, subject, text) = mails(&app).pop().unwrap();
    assert_eq!(
        (to.as_str(), subject.as_str()),
        ("hanako@example.jp", "パスワードの再設定")
    );
    assert!(
        text.contains("hanako 様") && text.contains("60分間、1回だけ"),
        "{text}"
    );
    assert!(text.contains("To set a new password"), "{text}");
    let token = newest_token(&app);
    assert_eq!(token.len(), 43);
    // Nothing has changed yet.
    assert_eq!(me(&app, &session.access).await, 200);

    set(&app, &token, "short").await.invalid(&["/password"]);
    set(&app, &token, "hanako@example.jp")
        .await
        .invalid(&["/password"]);
    set(&app, &token, BETTER).await.expect(204);
    assert_eq!(me(&app, &session.access).await, 401);
    get(&app, "/me", &program).await.expect(200);
    try_sign_in(&app, "hanako", GOOD)
        .await
        .problem("unauthenticated");
    try_sign_in(&app, "hanako", BETTER).await.expect(200);
    set(&app, &token, BEST).await.invalid(&["/token"]);
    try_sign_in(&app, "hanako", BETTER).await.expect(200);

    app.run_jobs().await;
    let (to, subject, text) = mails(&app).pop().unwrap();
    assert_eq!(
        (to.as_str(), subject.as_str()),
        ("hanako@example.jp", "パスワードが変更されました")
    );
    assert!(
        text.contains("すぐに事務局へ") && !text.contains("token"),
        "{text}"
    );
    let kinds: Vec<String> =
        sqlx::query_scalar("select kind from audit_event where kind like 'password%' order by seq")
            .fetch_all(&mut app.sql().await)
            .await
            .unwrap();
    assert_eq!(kinds, ["password_reset_sent", "password_reset"]);
}

#[actix_web::test]
async fn nobody_learns_who_is_here() {
    let app = TestApp::start().await;
    let admin = enter_and_sign_in(&app, "root", Role::Admin).await.access;
    for name in ["hanako", "gone", "silent", "desk", "late"] {
        enter(&app, name, Role::Operator).await;
    }
    let id_of = async |name: &str| {
        let listed = get(&app, &format!("/users?q={name}"), &admin)
            .await
            .expect(200);
        listed.items()[0]["id"].as_str().unwrap().parse().unwrap()
    };
    change_user(
        &app,
        &admin,
        id_of("gone").await,
        json!({ "active": false }),
    )
    .await
    .expect(200);
    change_user(
        &app,
        &admin,
        id_of("silent").await,
        json!({ "password": null }),
    )
    .await
    .expect(200);
    // The help center would read what comes to its own mailbox.
    let mailbox = json!({ "address": email("desk") });
    app.with_token(&admin)
        .post("/mailboxes", mailbox)
        .await
        .expect(201);
    let mut answers = Vec::new();
    let mut jobs = Vec::new();
    for name in ["nobody", "gone", "silent", "desk", "hanako"] {
        app.run_jobs().await;
        answers.push(said(&ask(&app, &email(name)).await.expect(204)));
        // Also the work that it leaves behind is the same.
        let kinds: Vec<String> =
            sqlx::query_scalar("select kind from job where run_at <= $1 order by id")
                .bind(app.now())
                .fetch_all(&mut app.sql().await)
                .await
                .unwrap();
        jobs.push(kinds);
    }
    answers.dedup();
    jobs.dedup();
    assert_eq!((answers.len(), jobs.len()), (1, 1), "{answers:?} {jobs:?}");
    app.run_jobs().await;
    let reached: Vec<_> = mails(&app).into_iter().map(|mail| mail.0).collect();
    assert_eq!(reached, ["hanako@example.jp"]);
    // Neither does the other half tell anything, nor what is no address.
    for token in ["", "x", &"x".repeat(43), &"あ".repeat(14)] {
        set(&app, token, BETTER).await.invalid(&["/token"]);
    }
    ask(&app, "x").await.invalid(&["/email"]);
    // Deactivated on the way: the job looks again, and so does the link.
    ask(&app, &email("late")).await.expect(204);
    change_user(
        &app,
        &admin,
        id_of("late").await,
        json!({ "active": false }),
    )
    .await
    .expect(200);
    app.run_jobs().await;
    assert_eq!(mails(&app).len(), 1);
}

#[actix_web::test]
async fn the_newest_link_counts_for_an_hour() {
    let app = TestApp::start().await;
    enter(&app, "hanako", Role::Operator).await;
    let first = token_for(&app, "hanako").await;
    let second = token_for(&app, "hanako").await;
    assert_ne!(first, second);
    set(&app, &first, BETTER).await.invalid(&["/token"]);
    app.advance(TimeDelta::seconds(3599));
    set(&app, &second, BETTER).await.expect(204);

    let third = token_for(&app, "hanako").await;
    app.advance(TimeDelta::seconds(3600));
    set(&app, &third, BEST).await.invalid(&["/token"]);
    app.advance(TimeDelta::days(2));
    app.run_jobs().await;
    assert_eq!(number(&app, "select count(*) from password_reset").await, 0);
}

#[actix_web::test]
async fn a_link_asked_for_before_the_mail_left_replaces_it() {
    let app = TestApp::start().await;
    enter(&app, "hanako", Role::Operator).await;
    ask(&app, &email("hanako")).await.expect(204);
    ask(&app, &email("hanako")).await.expect(204);
    // A worker that died after its work does it again.
    let again = "insert into job (kind, payload, run_at, created_at) select kind, payload, run_at, created_at from job where kind = 'send_password_reset'";
    app.sql().await.execute(again).await.unwrap();
    app.run_jobs().await;
    // Which of the two mails went out depends on the order of the jobs; a link that does not count is never sent.
    let sent = mails(&app);
    assert!((1..=2).contains(&sent.len()), "{sent:?}");
    assert_eq!(number(&app, "select count(*) from message").await, 2);
    set(&app, &newest_token(&app), BETTER).await.expect(204);
}

#[actix_web::test]
async fn what_changes_the_person_takes_the_link_back() {
    let app = TestApp::start().await;
    let admin = enter_and_sign_in(&app, "root", Role::Admin).await.access;
    let id = enter(&app, "hanako", Role::Operator).await;
    for change in [
        json!({ "email": "hanako@elsewhere.example" }),
        json!({ "email": email("hanako") }),
        json!({ "password": BETTER }),
        json!({ "password": GOOD }),
        json!({ "role": "supervisor" }),
        json!({ "active": false }),
    ] {
        app.advance(TimeDelta::minutes(16));
        let admin = sign_in(&app, "root").await.access;
        let address = get(&app, &format!("/users/{id}"), &admin).await.expect(200);
        ask(&app, address["email"].as_str().unwrap())
            .await
            .expect(204);
        app.run_jobs().await;
        let token = newest_token(&app);
        change_user(&app, &admin, id, change).await.expect(200);
        set(&app, &token, BEST).await.invalid(&["/token"]);
    }
    change_user(
        &app,
        &sign_in(&app, "root").await.access,
        id,
        json!({ "active": true }),
    )
    .await
    .expect(200);
    drop(admin);
    // One's own change too.
    app.advance(TimeDelta::minutes(16));
    let session = sign_in(&app, "hanako").await;
    let token = token_for(&app, "hanako").await;
    change_password(&app, &session.access, GOOD, BETTER)
        .await
        .expect(204);
    set(&app, &token, BEST).await.invalid(&["/token"]);
}

#[actix_web::test]
async fn of_parallel_uses_of_one_link_one_counts() {
    let app = TestApp::start().await;
    for round in 0..5 {
        let name = format!("hanako{round}");
        enter(&app, &name, Role::Operator).await;
        let token = token_for(&app, &name).await;
        let words = [
            "amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "hazel",
        ];
        let password = |n: usize| format!("{BEST} {}", words[n]);
        let answers = app
            .parallel(8, |n| set(&app, &token, &password(n)).into_future())
            .await;
        assert_eq!(count_answers(&answers), [(204, 1), (422, 7)].into());
        let winner = answers
            .iter()
            .position(|answer| answer.status == 204)
            .unwrap();
        try_sign_in(&app, &name, &password(winner))
            .await
            .expect(200);
    }
}

#[actix_web::test]
async fn requests_are_counted_per_account_and_per_place() {
    let app = TestApp::start().await;
    enter(&app, "hanako", Role::Operator).await;
    for name in ["hanako", "nobody"] {
        let answers = app
            .parallel(8, |n| {
                ask(&app, &email(name))
                    .coming_from(&format!("198.51.100.{n}"))
                    .into_future()
            })
            .await;
        assert_eq!(count_answers(&answers), [(204, 3), (429, 5)].into());
    }
    let refused = ask(&app, &email("hanako")).await.problem("rate-limited");
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    let guess = |n| {
        ask(&app, &email(&format!("guess{n}")))
            .coming_from("192.0.2.1")
            .into_future()
    };
    let answers = app.parallel(30, guess).await;
    assert_eq!(count_answers(&answers), [(204, 20), (429, 10)].into());
    // Signing in has its own count.
    try_sign_in(&app, "hanako", GOOD)
        .coming_from("192.0.2.1")
        .await
        .expect(200);
    app.run_jobs().await;
    assert!((1..=3).contains(&mails(&app).len()));
    app.advance(TimeDelta::seconds(wait));
    ask(&app, &email("hanako")).await.expect(204);
    // Guessing tokens uses up the tries of the place.
    let guess = |_| {
        set(&app, &"x".repeat(43), BETTER)
            .coming_from("192.0.2.9")
            .into_future()
    };
    assert_eq!(
        count_answers(&app.parallel(60, guess).await),
        [(422, 50), (429, 10)].into()
    );
}

#[actix_web::test]
async fn a_link_frees_whoever_tried_too_often() {
    let app = TestApp::start().await;
    enter(&app, "hanako", Role::Operator).await;
    let guess = |_| try_sign_in(&app, "hanako", "a guess").into_future();
    app.parallel(20, guess).await;
    let token = token_for(&app, "hanako").await;
    set(&app, &token, BETTER).await.expect(204);
    try_sign_in(&app, "hanako", BETTER).await.expect(200);
}

#[actix_web::test]
async fn a_second_factor_is_asked_for_afterwards() {
    let app = TestApp::start().await;
    enter(&app, "hanako", Role::Operator).await;
    let factor = "insert into second_factor (user_id, secret, last_step, created_at, confirmed_at)
        select id, 'sealed elsewhere', 1, now(), now() from app_user where email_key = 'hanako@example.jp'";
    app.sql().await.execute(factor).await.unwrap();
    let token = token_for(&app, "hanako").await;
    set(&app, &token, BETTER).await.expect(204);
    let body = json!({ "email": email("hanako"), "password": BETTER });
    for code in [Value::Null, json!("123456")] {
        let mut body = body.clone();
        body["code"] = code;
        app.as_nobody()
            .post("/auth/login", body)
            .await
            .problem("second-factor-required");
    }
}

/// Neither staff who look after the outbox nor a copy of the database can use a link.
#[actix_web::test]
async fn the_token_is_in_the_mail_and_nowhere_else() {
    let app = TestApp::start().await;
    enter(&app, "hanako", Role::Admin).await;
    let token = token_for(&app, "hanako").await;
    let mut db = app.sql_as_owner().await;
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public'")
            .fetch_all(&mut db)
            .await
            .unwrap();
    assert!(tables.len() > 30);
    for table in tables {
        let sql = format!("select count(*) from {table} t where position($1 in t::text) > 0");
        let found: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(&token)
            .fetch_one(&mut db)
            .await
            .unwrap();
        assert_eq!(found, 0, "{table}");
    }
    let listed = app.as_admin().get("/messages").await.expect(200);
    let message = &listed.items()[0];
    assert_eq!(
        (&message["kind"], &message["state"]),
        (&json!("account"), &json!("sent"))
    );
    let path = format!("/messages/{}", message["id"].as_str().unwrap());
    assert!(
        !app.as_admin()
            .get(&path)
            .await
            .expect(200)
            .text
            .contains(&token)
    );
    for client in [app.as_operator(), app.as_supervisor()] {
        assert_eq!(client.get("/messages").await.expect(200).items().len(), 0);
        client.get(&path).await.problem("not-found");
        client
            .post(format!("{path}/retry"), json!({}))
            .await
            .problem("not-found");
    }
}

/// A mail that could not be delivered comes back to a mailbox that the help center reads, link and all.
#[actix_web::test]
async fn a_link_that_came_back_does_not_count() {
    let app = TestApp::start().await;
    enter(&app, "hanako", Role::Operator).await;
    let token = token_for(&app, "hanako").await;
    let id: String = sqlx::query_scalar("select message_id from message where kind = 'account'")
        .fetch_one(&mut app.sql().await)
        .await
        .unwrap();
    let report = delivery_report(&id, &email("hanako"), "failed", "5.1.1");
    assert_eq!(app.receive(&report).await["kind"], "bounce");
    set(&app, &token, BETTER).await.invalid(&["/token"]);
}
