//! The second factor: setting it up, signing in with it, losing it, and an office that demands it.

use crate::{
    auth::{
        BETTER, GOOD, Session, change_password, change_user, count_answers, email, enter,
        enter_and_sign_in, get, make_token, me, number, post, secret_of, sign_in, try_sign_in,
    },
    harness::{Call, Client, PASSWORD, TestApp, TestResponse},
};
use actix_web::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE32_NOPAD;
use madoguchi::{access::Role, auth::cli};
use ring::hmac;
use serde_json::{Value, json};
use std::{future::IntoFuture, time::Duration};

/// The code that an app with the secret shows at that time.
fn code(secret: &str, at: DateTime<Utc>) -> String {
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let mac = hmac::sign(&key, &(at.timestamp() / 30).to_be_bytes());
    let start = usize::from(mac.as_ref()[19] & 15);
    let word = u32::from_be_bytes(mac.as_ref()[start..start + 4].try_into().unwrap());
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// Another one than the app shows, now and a step before and after.
fn wrong_code(secret: &str, at: DateTime<Utc>) -> String {
    let near: Vec<_> = (-2..=2)
        .map(|n| code(secret, at + TimeDelta::seconds(30 * n)))
        .collect();
    let wrong = (0..).map(|n| format!("{n:06}"));
    wrong.into_iter().find(|code| !near.contains(code)).unwrap()
}

/// What somebody has who set a second factor up.
struct Factor {
    secret: String,
    recovery_codes: Vec<String>,
}

impl Factor {
    fn code(&self, app: &TestApp) -> String {
        code(&self.secret, app.now())
    }

    /// Sets it up, and lets the code that confirmed it pass.
    async fn set_up(app: &TestApp, token: &str, password: &str) -> Self {
        let secret = start(app, token, password).await;
        let confirmed = confirm(app, token, &code(&secret, app.now()))
            .await
            .expect(200);
        app.advance(TimeDelta::seconds(30));
        Self {
            secret,
            recovery_codes: codes_of(&confirmed),
        }
    }
}

fn codes_of(answer: &TestResponse) -> Vec<String> {
    serde_json::from_value(answer["recovery_codes"].clone()).unwrap()
}

async fn start(app: &TestApp, token: &str, password: &str) -> String {
    let body = json!({ "current_password": password });
    let offer = post(app, "/me/second-factor", token, body)
        .await
        .expect(200);
    offer["secret"].as_str().unwrap().to_owned()
}

fn confirm(app: &TestApp, token: &str, code: &str) -> Call {
    post(
        app,
        "/me/second-factor/confirm",
        token,
        json!({ "code": code }),
    )
}

fn turn_off(app: &TestApp, token: &str, password: &str, code: &str) -> Call {
    let body = json!({ "current_password": password, "code": code });
    app.with_token(token)
        .call(Method::DELETE, "/me/second-factor")
        .body("application/json", body.to_string())
}

fn renew(app: &TestApp, token: &str, password: &str, code: &str) -> Call {
    let body = json!({ "current_password": password, "code": code });
    post(app, "/me/second-factor/recovery-codes", token, body)
}

fn sign_in_with(app: &TestApp, name: &str, password: &str, code: &str) -> Call {
    let body = json!({ "email": email(name), "password": password, "code": code });
    app.as_nobody().post("/auth/login", body)
}

async fn require(app: &TestApp, admin: &Client, required: bool) {
    let etag = app.as_operator().get("/settings").await.etag();
    let body = json!({ "second_factor_for_admins": required });
    admin
        .patch("/settings", body)
        .if_match(etag)
        .await
        .expect(200);
}

/// Subjects of the mails about accounts, oldest first.
async fn told(app: &TestApp, name: &str) -> Vec<String> {
    sqlx::query_scalar("select subject from message where kind = 'account' and to_address = $1 order by created_at, id")
        .bind(email(name))
        .fetch_all(&mut app.sql().await)
        .await
        .unwrap()
}

async fn events(app: &TestApp) -> Vec<String> {
    let sql = "select kind from audit_event where kind like '%second_factor%' or kind like 'recovery_code%' order by seq";
    sqlx::query_scalar(sql)
        .fetch_all(&mut app.sql().await)
        .await
        .unwrap()
}

#[actix_web::test]
async fn setting_it_up() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let other = sign_in(&app, "hanako").await;
    let shown = get(&app, "/me", &session.access).await.expect(200);
    assert_eq!(
        (&shown["has_second_factor"], &shown["needs_second_factor"]),
        (&json!(false), &json!(false))
    );

    let start_with = |body: Value| post(&app, "/me/second-factor", &session.access, body);
    start_with(json!({})).await.invalid(&["/current_password"]);
    start_with(json!({ "current_password": "wrong" }))
        .await
        .invalid(&["/current_password"]);
    confirm(&app, &session.access, "000000")
        .await
        .problem("conflict");
    let offer = start_with(json!({ "current_password": GOOD }))
        .await
        .expect(200);
    let first = offer["secret"].as_str().unwrap().to_owned();
    assert_eq!(first.len(), 32);
    let uri = offer["uri"].as_str().unwrap();
    let label = "otpauth://totp/%E3%83%86%E3%83%AC%E3%83%AF%E3%83%BC%E3%82%AF%E7%9B%B8%E8%AB%87%E3%82%BB%E3%83%B3%E3%82%BF%E3%83%BC:hanako%40example%2Ejp?";
    assert!(
        uri.starts_with(label) && uri.contains(&format!("secret={first}&")),
        "{uri}"
    );
    // Another start is another secret, and nothing counts yet.
    let secret = start(&app, &session.access, GOOD).await;
    assert_ne!(first, secret);
    try_sign_in(&app, "hanako", GOOD).await.expect(200);
    assert_eq!(me(&app, &other.access).await, 200);

    for wrong in [
        code(&first, app.now()),
        wrong_code(&secret, app.now()),
        String::new(),
    ] {
        confirm(&app, &session.access, &wrong)
            .await
            .invalid(&["/code"]);
    }
    let confirmed = confirm(&app, &session.access, &code(&secret, app.now()))
        .await
        .expect(200);
    let codes = codes_of(&confirmed);
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 29), "{codes:?}");
    // Here the session goes on, elsewhere it ended.
    let shown = get(&app, "/me", &session.access).await.expect(200);
    assert_eq!(shown["has_second_factor"], true);
    assert_eq!(me(&app, &other.access).await, 401);
    start_with(json!({ "current_password": GOOD }))
        .await
        .problem("conflict");
    confirm(&app, &session.access, &code(&secret, app.now()))
        .await
        .problem("conflict");
    let listed = app.as_admin().get("/users?q=hanako").await.expect(200);
    assert_eq!(listed.items()[0]["has_second_factor"], true);

    assert_eq!(events(&app).await, ["second_factor_set_up"]);
    assert_eq!(told(&app, "hanako").await, ["2要素認証が設定されました"]);
    app.run_jobs().await;
    let mail = app.outbox().pop().unwrap();
    let mail = mail_parser::MessageParser::default().parse(&mail).unwrap();
    let text = mail.body_text(0).unwrap();
    assert!(
        text.contains("hanako 様") && text.contains("A second factor was set up"),
        "{text}"
    );
    // What is stored is neither the secret nor the codes.
    let (secret, codes) = (
        BASE32_NOPAD.decode(secret.as_bytes()).unwrap(),
        codes[0].replace('-', ""),
    );
    let stored: bool = sqlx::query_scalar(
        "select exists (select from second_factor where position($1 in secret) > 0)
         or exists (select from recovery_code where hash in ($2, $3))",
    )
    .bind(secret)
    .bind(codes.as_bytes())
    .bind(codes.to_uppercase().as_bytes())
    .fetch_one(&mut app.sql().await)
    .await
    .unwrap();
    assert!(!stored);
}

#[actix_web::test]
async fn an_offer_is_good_for_an_hour() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let secret = start(&app, &session.access, GOOD).await;
    app.advance(TimeDelta::minutes(61));
    app.run_jobs().await;
    let session = sign_in(&app, "hanako").await;
    let late = confirm(&app, &session.access, &code(&secret, app.now())).await;
    late.problem("conflict");
    assert_eq!(number(&app, "select count(*) from second_factor").await, 0);
}

#[actix_web::test]
async fn signing_in_takes_a_code() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let factor = Factor::set_up(&app, &session.access, GOOD).await;
    let good = factor.code(&app);
    // The first half tells it to whoever has the password, and to nobody else.
    let half = try_sign_in(&app, "hanako", GOOD)
        .await
        .problem("second-factor-required");
    assert_eq!(half.header("set-cookie"), None);
    try_sign_in(&app, "hanako", "wrong")
        .await
        .problem("unauthenticated");
    sign_in_with(&app, "hanako", "wrong", &good)
        .await
        .problem("unauthenticated");
    sign_in_with(&app, "nobody", GOOD, &good)
        .await
        .problem("unauthenticated");
    for wrong in ["", "12345", "abc", &wrong_code(&factor.secret, app.now())] {
        sign_in_with(&app, "hanako", GOOD, wrong)
            .await
            .problem("second-factor-required");
    }
    let long = "1".repeat(101);
    sign_in_with(&app, "hanako", GOOD, &long)
        .await
        .invalid(&["/code"]);
    // As a phone shows it and a Japanese keyboard types it.
    let wide: String = good
        .chars()
        .map(|c| char::from_u32(c as u32 + 0xfee0).unwrap())
        .collect();
    let spaced = format!("{} {}", &wide[..9], &wide[9..]);
    let signed_in = sign_in_with(&app, "hanako", GOOD, &spaced)
        .await
        .expect(200);
    assert_eq!(me(&app, &Session::of(&signed_in).access).await, 200);
    // Once.
    sign_in_with(&app, "hanako", GOOD, &good)
        .await
        .problem("second-factor-required");
    app.advance(TimeDelta::seconds(30));
    sign_in_with(&app, "hanako", GOOD, &good)
        .await
        .problem("second-factor-required");
    sign_in_with(&app, "hanako", GOOD, &factor.code(&app))
        .await
        .expect(200);
    // Whoever has none may send one all the same.
    enter(&app, "taro", Role::Operator).await;
    sign_in_with(&app, "taro", GOOD, "123456").await.expect(200);
}

#[actix_web::test]
async fn clocks_may_differ_by_a_step() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let factor = Factor::set_up(&app, &session.access, GOOD).await;
    let mut at = "2026-11-24T02:00:00Z".parse::<DateTime<Utc>>().unwrap();
    for (off, counts) in [
        (-31, false),
        (-30, true),
        (-1, true),
        (0, true),
        (29, true),
        (59, true),
        (60, false),
    ] {
        at += TimeDelta::minutes(10);
        app.clock.set(at + TimeDelta::seconds(off));
        let call = sign_in_with(&app, "hanako", GOOD, &code(&factor.secret, at));
        match counts {
            true => drop(call.await.expect(200)),
            false => drop(call.await.problem("second-factor-required")),
        }
    }
    // A newer code voids those before it.
    at += TimeDelta::minutes(10);
    app.clock.set(at);
    let (now, next) = (
        code(&factor.secret, at),
        code(&factor.secret, at + TimeDelta::seconds(30)),
    );
    sign_in_with(&app, "hanako", GOOD, &next).await.expect(200);
    sign_in_with(&app, "hanako", GOOD, &now)
        .await
        .problem("second-factor-required");
}

#[actix_web::test]
async fn of_parallel_sign_ins_with_one_code_one_comes_in() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let factor = Factor::set_up(&app, &session.access, GOOD).await;
    for round in 0..10 {
        let code = match round % 2 {
            0 => factor.code(&app),
            _ => factor.recovery_codes[round / 2].clone(),
        };
        let enter = |_| sign_in_with(&app, "hanako", GOOD, &code).into_future();
        let answers = app.parallel(8, enter).await;
        assert_eq!(count_answers(&answers), [(200, 1), (401, 7)].into());
        app.advance(TimeDelta::minutes(20));
    }
}

#[actix_web::test]
async fn nobody_comes_in_beside_a_factor_that_is_being_set_up() {
    let app = TestApp::start().await;
    for round in 0..8 {
        let name = format!("hanako{round}");
        let session = enter_and_sign_in(&app, &name, Role::Operator).await;
        let secret = start(&app, &session.access, GOOD).await;
        let (confirmed, signed_in) = tokio::join!(
            confirm(&app, &session.access, &code(&secret, app.now())).into_future(),
            try_sign_in(&app, &name, GOOD).into_future(),
        );
        confirmed.expect(200);
        if signed_in.status == 200 {
            assert_eq!(me(&app, &Session::of(&signed_in).access).await, 401);
        }
    }
}

#[actix_web::test]
async fn recovery_codes_count_once_each() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let factor = Factor::set_up(&app, &session.access, GOOD).await;
    let codes = &factor.recovery_codes;
    sign_in_with(&app, "hanako", GOOD, &codes[0])
        .await
        .expect(200);
    sign_in_with(&app, "hanako", GOOD, &codes[0])
        .await
        .problem("second-factor-required");
    sign_in_with(
        &app,
        "hanako",
        GOOD,
        &codes[1].replace('-', "").to_uppercase(),
    )
    .await
    .expect(200);
    assert_eq!(
        told(&app, "hanako").await[1..],
        ["回復用コードが使われました", "回復用コードが使われました"]
    );
    let body: String =
        sqlx::query_scalar("select body from message order by created_at desc, id desc limit 1")
            .fetch_one(&mut app.sql().await)
            .await
            .unwrap();
    assert!(body.contains("残りは8個です"), "{body}");
    // Somebody else's are nothing.
    let taro = enter_and_sign_in(&app, "taro", Role::Operator).await;
    Factor::set_up(&app, &taro.access, GOOD).await;
    sign_in_with(&app, "taro", GOOD, &codes[2])
        .await
        .problem("second-factor-required");

    renew(&app, &session.access, "wrong", &codes[2])
        .await
        .invalid(&["/current_password"]);
    renew(&app, &session.access, GOOD, &codes[0])
        .await
        .invalid(&["/code"]);
    let renewed = renew(&app, &session.access, GOOD, &codes[2])
        .await
        .expect(200);
    sign_in_with(&app, "hanako", GOOD, &codes[3])
        .await
        .problem("second-factor-required");
    sign_in_with(&app, "hanako", GOOD, &codes_of(&renewed)[0])
        .await
        .expect(200);
    let plain = enter_and_sign_in(&app, "plain", Role::Operator).await;
    renew(&app, &plain.access, GOOD, &codes[4])
        .await
        .problem("not-found");
    let kinds = events(&app).await;
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| *kind == "recovery_code_used")
            .count(),
        4
    );
    assert!(kinds.contains(&"recovery_codes_made".to_owned()));
}

#[actix_web::test]
async fn knowing_the_password_wins_no_tries_back() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let factor = Factor::set_up(&app, &session.access, GOOD).await;
    let wrong = wrong_code(&factor.secret, app.now());
    let guess = |_| sign_in_with(&app, "hanako", GOOD, &wrong).into_future();
    for _ in 0..2 {
        assert_eq!(
            count_answers(&app.parallel(5, guess).await),
            [(401, 5)].into()
        );
        // Each of these is a right password.
        try_sign_in(&app, "hanako", GOOD)
            .await
            .problem("second-factor-required");
        change_password(&app, &session.access, GOOD, "hanako@example.jp")
            .await
            .problem("validation");
    }
    let answers = app.parallel(8, guess).await;
    assert_eq!(count_answers(&answers), [(429, 8)].into());
    let good = factor.code(&app);
    let refused = sign_in_with(&app, "hanako", GOOD, &good)
        .await
        .problem("rate-limited");
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    turn_off(&app, &session.access, GOOD, &good)
        .await
        .problem("rate-limited");
    renew(&app, &session.access, GOOD, &good)
        .await
        .problem("rate-limited");
    app.advance(TimeDelta::seconds(wait));
    sign_in_with(&app, "hanako", GOOD, &factor.code(&app))
        .await
        .expect(200);
    // Success forgets the failures.
    app.advance(TimeDelta::seconds(30));
    for _ in 0..2 {
        for _ in 0..6 {
            sign_in_with(&app, "hanako", GOOD, "000")
                .await
                .problem("second-factor-required");
        }
        app.advance(TimeDelta::seconds(30));
        sign_in_with(&app, "hanako", GOOD, &factor.code(&app))
            .await
            .expect(200);
    }
}

#[actix_web::test]
async fn turning_it_off_takes_both_factors() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    turn_off(&app, &session.access, GOOD, "123456")
        .await
        .problem("not-found");
    let factor = Factor::set_up(&app, &session.access, GOOD).await;
    let signed_in = sign_in_with(&app, "hanako", GOOD, &factor.code(&app))
        .await
        .expect(200);
    let other = Session::of(&signed_in);
    turn_off(&app, &session.access, GOOD, &factor.code(&app))
        .await
        .invalid(&["/code"]);
    app.advance(TimeDelta::seconds(30));
    turn_off(&app, &session.access, "wrong", &factor.code(&app))
        .await
        .invalid(&["/current_password"]);
    turn_off(&app, &session.access, GOOD, "")
        .await
        .invalid(&["/code"]);
    turn_off(&app, &session.access, GOOD, &factor.code(&app))
        .await
        .expect(204);
    assert_eq!(me(&app, &session.access).await, 200);
    assert_eq!(me(&app, &other.access).await, 401);
    try_sign_in(&app, "hanako", GOOD).await.expect(200);
    assert_eq!(number(&app, "select count(*) from recovery_code").await, 0);
    assert_eq!(
        told(&app, "hanako").await,
        ["2要素認証が設定されました", "2要素認証が解除されました"]
    );
    assert_eq!(
        events(&app).await,
        ["second_factor_set_up", "second_factor_turned_off"]
    );
    // And on again, with another secret.
    let again = Factor::set_up(&app, &session.access, GOOD).await;
    assert_ne!(again.secret, factor.secret);
    sign_in_with(&app, "hanako", GOOD, &factor.recovery_codes[0])
        .await
        .problem("second-factor-required");
}

#[actix_web::test]
async fn everybody_may_have_one_and_no_program_touches_it() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    for client in [
        app.as_operator(),
        app.as_supervisor(),
        app.as_desk(&desk),
        app.as_manager(&manager),
        app.as_admin(),
        app.as_auditor(),
    ] {
        let token = client.token().await.unwrap();
        let made = make_token(&app, &token, &["signed_in"], 30)
            .await
            .expect(201);
        let program = secret_of(&made);
        for (method, path) in [
            (Method::POST, "/me/second-factor"),
            (Method::POST, "/me/second-factor/confirm"),
            (Method::POST, "/me/second-factor/recovery-codes"),
            (Method::DELETE, "/me/second-factor"),
        ] {
            let body = match path {
                "/me/second-factor/confirm" => json!({ "code": "123456" }),
                "/me/second-factor" if method == Method::POST => {
                    json!({ "current_password": PASSWORD })
                }
                _ => json!({ "current_password": PASSWORD, "code": "123456" }),
            };
            let call = |client: &Client| {
                client
                    .call(method.clone(), path)
                    .body("application/json", body.to_string())
            };
            call(&app.with_token(&program)).await.problem("forbidden");
            call(&app.as_nobody()).await.problem("unauthenticated");
        }
        let factor = Factor::set_up(&app, &token, PASSWORD).await;
        // The program goes on.
        get(&app, "/me", &program).await.expect(200);
        turn_off(&app, &token, PASSWORD, &factor.code(&app))
            .await
            .expect(204);
    }
}

#[actix_web::test]
async fn an_office_may_demand_it_of_its_admins() {
    let app = TestApp::start().await;
    let there = app.another_process(Duration::ZERO).await;
    enter(&app, "boss", Role::Admin).await;
    let boss = sign_in(&app, "boss").await.access;
    let program = secret_of(
        &make_token(&app, &boss, &["manage_office"], 30)
            .await
            .expect(201),
    );
    let by_program = app.with_token(&program);
    there.get("/users", &boss).await.expect(200);
    require(&app, &app.with_token(&boss), true).await;

    // At once, here and elsewhere, and for whoever signs in anew.
    let again = sign_in(&app, "boss").await.access;
    for token in [&boss, &again] {
        get(&app, "/users", token)
            .await
            .problem("second-factor-enrolment-required");
        there
            .get("/cases", token)
            .await
            .problem("second-factor-enrolment-required");
        let shown = get(&app, "/me", token).await.expect(200);
        assert_eq!(
            (&shown["needs_second_factor"], &shown["role"]),
            (&json!(true), &json!("admin"))
        );
        assert_eq!(shown["permissions"], json!(["signed_in"]));
        let made = make_token(&app, token, &["manage_office"], 30).await;
        made.invalid(&["/permissions/0"]);
    }
    // Programs and other roles go on.
    by_program.get("/users").await.expect(200);
    let operator = app.as_operator();
    operator.get("/settings").await.expect(200);
    assert_eq!(operator.get("/me").await["needs_second_factor"], false);
    // Whoever becomes an admin is asked too.
    let hanako = enter(&app, "hanako", Role::Supervisor).await;
    change_user(&app, &program, hanako, json!({ "role": "admin" }))
        .await
        .expect(200);
    let new = sign_in(&app, "hanako").await.access;
    get(&app, "/users", &new)
        .await
        .problem("second-factor-enrolment-required");

    // Set up, it opens everything, also elsewhere.
    let factor = Factor::set_up(&app, &boss, GOOD).await;
    get(&app, "/users", &boss).await.expect(200);
    there.get("/users", &boss).await.expect(200);
    assert_eq!(get(&app, "/me", &boss).await["needs_second_factor"], false);
    // An offer that nobody confirmed opens nothing.
    start(&app, &new, GOOD).await;
    get(&app, "/users", &new)
        .await
        .problem("second-factor-enrolment-required");
    turn_off(&app, &boss, GOOD, &factor.code(&app))
        .await
        .expect(204);
    get(&app, "/users", &boss)
        .await
        .problem("second-factor-enrolment-required");
    there
        .get("/users", &boss)
        .await
        .problem("second-factor-enrolment-required");
    // The demand is taken back.
    require(&app, &by_program, false).await;
    get(&app, "/users", &boss).await.expect(200);
    there.get("/users", &new).await.expect(200);
}

#[actix_web::test]
async fn an_admin_helps_whoever_lost_it() {
    let app = TestApp::start().await;
    let hanako = enter(&app, "hanako", Role::Operator).await;
    let session = sign_in(&app, "hanako").await;
    let path = format!("/users/{hanako}/second-factor");
    app.as_admin().delete(&path).await.problem("not-found");
    start(&app, &session.access, GOOD).await;
    app.as_admin().delete(&path).await.problem("not-found");
    Factor::set_up(&app, &session.access, GOOD).await;
    for client in [
        app.as_operator(),
        app.as_supervisor(),
        app.as_auditor(),
        app.with_token(&session.access),
    ] {
        client.delete(&path).await.problem("forbidden");
    }
    app.as_admin().delete(&path).await.expect(204);
    assert_eq!(me(&app, &session.access).await, 401);
    try_sign_in(&app, "hanako", GOOD).await.expect(200);
    assert_eq!(
        told(&app, "hanako").await[1..],
        ["2要素認証が管理者により解除されました"]
    );
    assert_eq!(
        events(&app).await,
        ["second_factor_set_up", "second_factor_reset"]
    );
    let nowhere = "/users/00000000-0000-7000-8000-000000000000/second-factor";
    app.as_admin().delete(nowhere).await.problem("not-found");

    // Not one's own: a stolen session would need no code, nor would a token.
    let boss = enter(&app, "boss", Role::Admin).await;
    let token = sign_in(&app, "boss").await.access;
    let program = secret_of(
        &make_token(&app, &token, &["manage_office"], 30)
            .await
            .expect(201),
    );
    Factor::set_up(&app, &token, GOOD).await;
    for token in [&token, &program] {
        let path = format!("/users/{boss}/second-factor");
        app.with_token(token).delete(path).await.problem("conflict");
    }
    // The last admin asks whoever has the machine.
    cli::reset_second_factor(&app.store, "boss@example.jp")
        .await
        .unwrap();
    assert_eq!(me(&app, &token).await, 401);
    try_sign_in(&app, "boss", GOOD).await.expect(200);
    for (email, why) in [
        ("boss@example.jp", "no second factor"),
        ("nobody@example.jp", "belongs to no user"),
    ] {
        let refused = cli::reset_second_factor(&app.store, email)
            .await
            .unwrap_err();
        assert!(cli::explain(&refused).contains(why));
    }
}

#[actix_web::test]
async fn another_password_leaves_it_as_it_is() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let factor = Factor::set_up(&app, &session.access, GOOD).await;
    change_password(&app, &session.access, GOOD, BETTER)
        .await
        .expect(204);
    try_sign_in(&app, "hanako", BETTER)
        .await
        .problem("second-factor-required");
    sign_in_with(&app, "hanako", BETTER, &factor.code(&app))
        .await
        .expect(200);
}
