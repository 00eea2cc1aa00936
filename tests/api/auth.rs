//! Sign-in, sessions, API tokens and people, over HTTP; with several processes where it matters.

use crate::harness::{Call, TestApp, TestResponse};
use actix_web::http::Method;
use chrono::TimeDelta;
use madoguchi::{
    access::{Actor, Role},
    auth::{PasswordCost, Passwords, cli},
    ids::UserId,
    text::{EmailAddress, Name, Password},
    users::{self, NewUser},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{collections::BTreeMap, future::IntoFuture, time::Duration};

pub const GOOD: &str = "correct horse battery staple";
pub const BETTER: &str = "seven green umbrellas walking";

/// Enters a person without going through the API, which would need an admin.
pub async fn enter(app: &TestApp, name: &str, role: Role) -> UserId {
    let chosen = Passwords::new(PasswordCost::TEST)
        .choose(Password::parse(GOOD).unwrap(), Vec::new())
        .await
        .unwrap();
    let new = NewUser {
        email: EmailAddress::parse(&email(name)).unwrap(),
        name: Name::parse(name).unwrap(),
        role,
        desk_id: None,
        manager_id: None,
        password: Some(chosen),
    };
    app.store
        .transaction(&Actor::system(), async |tx| {
            Ok(users::create(tx, &new).await?.id)
        })
        .await
        .unwrap()
}

pub fn email(name: &str) -> String {
    format!("{name}@example.jp")
}

pub fn try_sign_in(app: &TestApp, name: &str, password: &str) -> Call {
    let body = json!({ "email": email(name), "password": password });
    app.as_nobody().post("/auth/login", body)
}

/// What somebody has who signed in.
pub struct Session {
    pub access: String,
    pub refresh: String,
}

impl Session {
    pub fn of(signed_in: &TestResponse) -> Self {
        let text = |name: &str| signed_in[name].as_str().unwrap_or_default().to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }
}

pub async fn sign_in(app: &TestApp, name: &str) -> Session {
    Session::of(&try_sign_in(app, name, GOOD).await.expect(200))
}

pub async fn enter_and_sign_in(app: &TestApp, name: &str, role: Role) -> Session {
    enter(app, name, role).await;
    sign_in(app, name).await
}

fn refresh(app: &TestApp, token: &str) -> Call {
    app.as_nobody()
        .post("/auth/refresh", json!({ "refresh_token": token }))
}

pub fn sign_out(app: &TestApp, token: &str) -> Call {
    app.with_token(token).call(Method::POST, "/auth/logout")
}

/// The status of `GET /me`: 200 or 401.
pub async fn me(app: &TestApp, token: &str) -> u16 {
    app.with_token(token).get("/me").await.status
}

pub fn get(app: &TestApp, path: &str, token: &str) -> Call {
    app.with_token(token).get(path)
}

pub fn post(app: &TestApp, path: &str, token: &str, body: Value) -> Call {
    app.with_token(token).post(path, body)
}

/// Reads, and changes what was read.
async fn patch(app: &TestApp, path: &str, token: &str, body: Value) -> TestResponse {
    let etag = get(app, path, token).await.etag();
    app.with_token(token).patch(path, body).if_match(etag).await
}

pub async fn change_user(app: &TestApp, admin: &str, id: UserId, body: Value) -> TestResponse {
    patch(app, &format!("/users/{id}"), admin, body).await
}

fn count(statuses: impl IntoIterator<Item = u16>) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for status in statuses {
        *counts.entry(status).or_default() += 1;
    }
    counts
}

pub fn count_answers(answers: &[TestResponse]) -> BTreeMap<u16, usize> {
    count(answers.iter().map(|answer| answer.status))
}

/// The one number that a query gives.
pub async fn number(app: &TestApp, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql)
        .fetch_one(&mut app.sql().await)
        .await
        .unwrap()
}

async fn as_owner(app: &TestApp, sql: &'static str) {
    sqlx::query(sql)
        .execute(&mut app.sql_as_owner().await)
        .await
        .unwrap();
}

#[actix_web::test]
async fn signing_in() {
    let app = TestApp::start().await;
    let id = enter(&app, "hanako", Role::Operator).await;
    let signed_in = try_sign_in(&app, "hanako", GOOD).await.expect(200);
    assert_eq!(signed_in["token_type"], "Bearer");
    assert_eq!(signed_in["expires_in"], 900);
    assert_eq!(signed_in.header("set-cookie"), None);
    let shown = get(&app, "/me", &Session::of(&signed_in).access)
        .await
        .expect(200);
    assert_eq!(shown["id"], json!(id));
    assert_eq!(shown["role"], "operator");
    let permissions = shown["permissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("create_case")));
    assert!(!permissions.contains(&json!("manage_office")));
    // Upper and lower case are the same address.
    let body = json!({ "email": "Hanako@EXAMPLE.jp", "password": GOOD });
    app.as_nobody().post("/auth/login", body).await.expect(200);
    app.as_nobody()
        .post("/auth/login", json!({}))
        .await
        .invalid(&["/email", "/password"]);
}

#[actix_web::test]
async fn whoever_is_not_let_in_learns_nothing() {
    let app = TestApp::start().await;
    let admin = enter_and_sign_in(&app, "admin", Role::Admin).await.access;
    enter(&app, "hanako", Role::Operator).await;
    let gone = enter(&app, "gone", Role::Operator).await;
    let silent = enter(&app, "silent", Role::Operator).await;
    change_user(&app, &admin, gone, json!({ "active": false }))
        .await
        .expect(200);
    change_user(&app, &admin, silent, json!({ "password": null }))
        .await
        .expect(200);
    let tries = [
        ("hanako", "wrong"),
        ("nobody", GOOD),
        ("gone", GOOD),
        ("silent", GOOD),
        ("silent", ""),
    ];
    let mut answers = Vec::new();
    for (name, password) in tries {
        let mut answer = try_sign_in(&app, name, password)
            .await
            .problem("unauthenticated")
            .json;
        answer["instance"] = Value::Null;
        answers.push(answer);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[actix_web::test]
async fn without_a_good_token_nobody_comes_in() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    app.as_nobody().get("/me").await.problem("unauthenticated");
    let mut altered = session.access.clone();
    altered.replace_range(altered.len() - 4..altered.len() - 2, "xx");
    for token in ["x", "mdg_x", "a.b.c", &session.refresh, &altered] {
        get(&app, "/me", token).await.problem("unauthenticated");
    }
    for header in ["", "Bearer", "Basic aGFuYWtvOng="] {
        let call = app.as_nobody().get("/me").header("authorization", header);
        call.await.problem("unauthenticated");
    }
    // What is public stays public with a bad token.
    let body = json!({ "email": email("hanako"), "password": GOOD });
    post(&app, "/auth/login", "x", body).await.expect(200);
}

#[actix_web::test]
async fn sixty_parallel_tries_are_sixty_tries() {
    let app = TestApp::start().await;
    enter(&app, "hanako", Role::Operator).await;
    let answers = app
        .parallel(60, |_| {
            try_sign_in(&app, "hanako", "a wrong password").into_future()
        })
        .await;
    assert_eq!(count_answers(&answers), [(401, 10), (429, 50)].into());
    let refused = answers
        .into_iter()
        .find(|answer| answer.status == 429)
        .unwrap();
    let refused = refused.problem("rate-limited");
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=901).contains(&wait), "{wait}");
    // The right password does not help now, but later.
    try_sign_in(&app, "hanako", GOOD)
        .await
        .problem("rate-limited");
    app.advance(TimeDelta::seconds(wait));
    try_sign_in(&app, "hanako", GOOD).await.expect(200);
}

#[actix_web::test]
async fn tries_are_counted_per_address_over_all_accounts() {
    let app = TestApp::start().await;
    enter(&app, "hanako", Role::Operator).await;
    let guess = |n| {
        try_sign_in(&app, &format!("guess{n}"), "x")
            .coming_from("192.0.2.1")
            .into_future()
    };
    let answers = app.parallel(60, guess).await;
    assert_eq!(count_answers(&answers), [(401, 50), (429, 10)].into());
    let from = |address: &str| try_sign_in(&app, "hanako", GOOD).coming_from(address);
    from("192.0.2.1").await.problem("rate-limited");
    // From another address, and behind the trusted proxy from another client.
    from("198.51.100.1").await.expect(200);
    let other = from("10.0.0.1").header("x-forwarded-for", "203.0.113.1");
    other.await.expect(200);
    let same = from("10.0.0.1").header("x-forwarded-for", "203.0.113.1, 192.0.2.1");
    same.await.problem("rate-limited");
    // A stranger's header does not count.
    let liar = from("192.0.2.1").header("x-forwarded-for", "203.0.113.1");
    liar.await.problem("rate-limited");
}

#[actix_web::test]
async fn success_is_not_counted() {
    let app = TestApp::start().await;
    enter(&app, "hanako", Role::Operator).await;
    for _ in 0..55 {
        try_sign_in(&app, "hanako", GOOD).await.expect(200);
    }
    for _ in 0..4 {
        for _ in 0..9 {
            try_sign_in(&app, "hanako", "x")
                .await
                .problem("unauthenticated");
        }
        try_sign_in(&app, "hanako", GOOD).await.expect(200);
    }
}

#[actix_web::test]
async fn tries_from_everywhere_for_everybody_are_no_deadlock() {
    let app = TestApp::start().await;
    let guess = |n| {
        let call = try_sign_in(&app, &format!("guess{}", n % 3), "x");
        call.coming_from(&format!("198.51.100.{}", n % 4))
            .into_future()
    };
    let answers = app.parallel(60, guess).await;
    assert_eq!(count_answers(&answers), [(401, 30), (429, 30)].into());
}

#[actix_web::test]
async fn refresh_tokens_rotate_and_a_used_one_ends_the_session() {
    let app = TestApp::start().await;
    let first = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let other = sign_in(&app, "hanako").await;
    let second = Session::of(&refresh(&app, &first.refresh).await.expect(200));
    assert_ne!(first.refresh, second.refresh);
    assert_eq!(me(&app, &second.access).await, 200);
    // Somebody sends the first one again.
    refresh(&app, &first.refresh)
        .await
        .problem("unauthenticated");
    // The refusal was remembered: the session is over, for access and refresh.
    assert_eq!(me(&app, &first.access).await, 401);
    assert_eq!(me(&app, &second.access).await, 401);
    refresh(&app, &second.refresh)
        .await
        .problem("unauthenticated");
    // Another session of the same person is not.
    assert_eq!(me(&app, &other.access).await, 200);
    let reused = "select count(*) from user_session where ended_reason = 'reused'";
    assert_eq!(number(&app, reused).await, 1);
    for token in ["", "x", &"x".repeat(43), &"あ".repeat(43)] {
        refresh(&app, token).await.problem("unauthenticated");
    }
}

#[actix_web::test]
async fn of_parallel_refreshes_one_wins_and_then_all_lose() {
    let app = TestApp::start().await;
    enter(&app, "hanako", Role::Operator).await;
    for _ in 0..40 {
        let session = sign_in(&app, "hanako").await;
        let answers = app
            .parallel(8, |_| refresh(&app, &session.refresh).into_future())
            .await;
        assert_eq!(count_answers(&answers), [(200, 1), (401, 7)].into());
        let winner = answers.iter().find(|answer| answer.status == 200).unwrap();
        let winner = Session::of(winner);
        assert_eq!(me(&app, &winner.access).await, 401);
        refresh(&app, &winner.refresh)
            .await
            .problem("unauthenticated");
    }
}

#[actix_web::test]
async fn access_ends_after_a_quarter_of_an_hour_and_sessions_after_their_days() {
    let app = TestApp::start().await;
    let mut session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    app.advance(TimeDelta::seconds(899));
    assert_eq!(me(&app, &session.access).await, 200);
    app.advance(TimeDelta::seconds(1));
    assert_eq!(me(&app, &session.access).await, 401);
    // Refreshed every other day it lives for fourteen, and access does not outlive it.
    for _ in 0..6 {
        app.advance(TimeDelta::days(2));
        session = Session::of(&refresh(&app, &session.refresh).await.expect(200));
        assert_eq!(me(&app, &session.access).await, 200);
    }
    app.advance(TimeDelta::hours(47) + TimeDelta::minutes(40));
    let last = refresh(&app, &session.refresh).await.expect(200);
    assert_eq!(last["expires_in"], 300);
    session = Session::of(&last);
    app.advance(TimeDelta::minutes(5));
    assert_eq!(me(&app, &session.access).await, 401);
    refresh(&app, &session.refresh)
        .await
        .problem("unauthenticated");
    // Not refreshed for three days it ends.
    let session = sign_in(&app, "hanako").await;
    app.advance(TimeDelta::days(3));
    refresh(&app, &session.refresh)
        .await
        .problem("unauthenticated");
}

#[actix_web::test]
async fn the_cookie_carries_the_refresh_token_only_for_our_own_pages() {
    let app = TestApp::start().await;
    enter(&app, "hanako", Role::Operator).await;
    let body = json!({ "email": email("hanako"), "password": GOOD });
    let signed_in = app
        .as_nobody()
        .post("/auth/login?session=cookie", body)
        .await
        .expect(200);
    assert_eq!(signed_in["refresh_token"], Value::Null);
    let cookie = signed_in.header("set-cookie").unwrap();
    for attribute in [
        "HttpOnly",
        "SameSite=Strict",
        "Path=/api/v1/auth",
        "Max-Age=259200",
    ] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let value = |answer: &TestResponse| {
        let cookie = answer.header("set-cookie").unwrap();
        cookie.split(';').next().unwrap().to_owned()
    };
    let first = value(&signed_in);
    let send = |path: &str, cookie: &str| {
        app.as_nobody()
            .call(Method::POST, path)
            .header("cookie", cookie)
    };

    // A foreign page; and a page of which nothing is known.
    send("/auth/refresh", &first).await.problem("forbidden");
    for path in ["/auth/refresh", "/auth/logout"] {
        let foreign = send(path, &first).header("sec-fetch-site", "cross-site");
        foreign
            .header("origin", "https://evil.example")
            .await
            .problem("forbidden");
    }
    // Ours.
    let refreshed = send("/auth/refresh", &first)
        .header("sec-fetch-site", "same-origin")
        .await
        .expect(200);
    assert_eq!(refreshed["refresh_token"], Value::Null);
    let access = Session::of(&refreshed).access;
    assert_eq!(me(&app, &access).await, 200);
    let second = value(&refreshed);
    assert_ne!(first, second);
    // The cookie is no key to anything else.
    let call = app.as_nobody().get("/me").header("cookie", &second);
    call.header("sec-fetch-site", "same-origin")
        .await
        .problem("unauthenticated");
    // Signing out takes it away.
    let out = send("/auth/logout", &second)
        .header("origin", "http://localhost:8080")
        .await
        .expect(204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(me(&app, &access).await, 401);
    let again = send("/auth/refresh", &second).header("x-requested-with", "test");
    again.await.problem("unauthenticated");
}

#[actix_web::test]
async fn signing_out_ends_access_at_once() {
    let app = TestApp::start().await;
    let first = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let second = sign_in(&app, "hanako").await;
    sign_out(&app, &first.access).await.expect(204);
    assert_eq!(me(&app, &first.access).await, 401);
    refresh(&app, &first.refresh)
        .await
        .problem("unauthenticated");
    assert_eq!(me(&app, &second.access).await, 200);
    // With the refresh token alone, when the access token is over.
    let body = json!({ "refresh_token": second.refresh });
    app.as_nobody().post("/auth/logout", body).await.expect(204);
    assert_eq!(me(&app, &second.access).await, 401);
    // Again, and as nobody.
    sign_out(&app, &first.access).await.expect(204);
    app.as_nobody()
        .call(Method::POST, "/auth/logout")
        .await
        .expect(204);
}

pub fn change_password(app: &TestApp, token: &str, current: &str, new: &str) -> Call {
    let body = json!({ "current_password": current, "new_password": new });
    post(app, "/me/password", token, body)
}

#[actix_web::test]
async fn changing_the_password_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let here = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let there = sign_in(&app, "hanako").await;
    let change = |current: &str, new: &str| change_password(&app, &here.access, current, new);
    change("wrong", "hanako@example.jp")
        .await
        .invalid(&["/current_password", "/new_password"]);
    change("wrong", "short").await.invalid(&["/new_password"]);
    change(GOOD, BETTER).await.expect(204);
    assert_eq!(me(&app, &here.access).await, 200);
    refresh(&app, &here.refresh).await.expect(200);
    assert_eq!(me(&app, &there.access).await, 401);
    refresh(&app, &there.refresh)
        .await
        .problem("unauthenticated");
    try_sign_in(&app, "hanako", GOOD)
        .await
        .problem("unauthenticated");
    try_sign_in(&app, "hanako", BETTER).await.expect(200);
    let changed = "select count(*) from audit_event where kind = 'password_changed'";
    assert_eq!(number(&app, changed).await, 1);
}

#[actix_web::test]
async fn a_stolen_access_token_does_not_guess_the_password() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let guess = |_| change_password(&app, &session.access, "a guess", BETTER).into_future();
    let answers = app.parallel(30, guess).await;
    assert_eq!(count_answers(&answers), [(422, 10), (429, 20)].into());
}

pub fn make_token(app: &TestApp, owner: &str, permissions: &[&str], days: i64) -> Call {
    let expires_at = app.now() + TimeDelta::days(days);
    let body = json!({ "name": "a program", "permissions": permissions, "expires_at": expires_at });
    post(app, "/api-tokens", owner, body)
}

pub fn secret_of(made: &TestResponse) -> String {
    made["token"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn api_tokens_never_may_more_than_their_owner() {
    let app = TestApp::start().await;
    let admin = enter_and_sign_in(&app, "admin", Role::Admin).await.access;
    let hanako = enter(&app, "hanako", Role::Supervisor).await;
    let owner = sign_in(&app, "hanako").await.access;

    let too_much = make_token(&app, &owner, &["manage_office", "read_cases", "intake"], 30);
    too_much
        .await
        .invalid(&["/permissions/0", "/permissions/2"]);
    let made = make_token(&app, &owner, &["read_directory"], 30)
        .await
        .expect(201);
    let (secret, path) = (secret_of(&made), made.location());
    assert!(secret.starts_with("mdg_") && secret.len() == 47);
    let shown = get(&app, &path, &owner).await.expect(200);
    assert_eq!(shown["token"], Value::Null);
    assert_eq!(shown["permissions"], json!(["read_directory"]));

    // It may what it was given, and ask who it is.
    get(&app, "/settings", &secret).await.expect(200);
    let shown = get(&app, "/me", &secret).await.expect(200);
    assert_eq!(shown["permissions"], json!(["signed_in", "read_directory"]));
    get(&app, "/users", &secret).await.problem("forbidden");
    get(&app, "/cases", &secret).await.problem("forbidden");
    // It makes no tokens and no passwords, and nobody else sees it.
    make_token(&app, &secret, &["read_directory"], 30)
        .await
        .problem("forbidden");
    change_password(&app, &secret, GOOD, BETTER)
        .await
        .problem("forbidden");
    app.with_token(&secret)
        .delete(&path)
        .await
        .problem("forbidden");
    get(&app, &path, &admin).await.problem("not-found");
    app.with_token(&admin)
        .delete(&path)
        .await
        .problem("not-found");

    // The owner becomes an auditor, who may not read the directory; and a supervisor again.
    change_user(&app, &admin, hanako, json!({ "role": "auditor" }))
        .await
        .expect(200);
    get(&app, "/settings", &secret).await.problem("forbidden");
    change_user(&app, &admin, hanako, json!({ "role": "supervisor" }))
        .await
        .expect(200);
    get(&app, "/settings", &secret).await.expect(200);
    // The owner is deactivated, and comes back.
    change_user(&app, &admin, hanako, json!({ "active": false }))
        .await
        .expect(200);
    get(&app, "/settings", &secret)
        .await
        .problem("unauthenticated");
    change_user(&app, &admin, hanako, json!({ "active": true }))
        .await
        .expect(200);
    get(&app, "/settings", &secret).await.expect(200);
    // It is revoked.
    let owner = sign_in(&app, "hanako").await.access;
    app.with_token(&owner).delete(&path).await.expect(204);
    get(&app, "/settings", &secret)
        .await
        .problem("unauthenticated");
    app.with_token(&owner)
        .delete(&path)
        .await
        .problem("not-found");
}

#[actix_web::test]
async fn api_tokens_end() {
    let app = TestApp::start().await;
    let admin = enter_and_sign_in(&app, "admin", Role::Admin).await.access;
    for days in [-1, 0, 367] {
        make_token(&app, &admin, &["intake"], days)
            .await
            .invalid(&["/expires_at"]);
    }
    for permissions in [&[][..], &["anyone"], &["intake", "intake"], &["fly"]] {
        make_token(&app, &admin, permissions, 1)
            .await
            .problem("validation");
    }
    let secret = secret_of(&make_token(&app, &admin, &["intake"], 366).await.expect(201));
    assert_eq!(me(&app, &secret).await, 200);
    app.advance(TimeDelta::days(366) - TimeDelta::seconds(1));
    assert_eq!(me(&app, &secret).await, 200);
    app.advance(TimeDelta::seconds(1));
    assert_eq!(me(&app, &secret).await, 401);
}

#[actix_web::test]
async fn api_tokens_are_listed_in_pages_and_not_made_without_end() {
    let app = TestApp::start().await;
    let owner = enter_and_sign_in(&app, "hanako", Role::Operator)
        .await
        .access;
    let answers = app
        .parallel(55, |_| {
            make_token(&app, &owner, &["read_cases"], 1).into_future()
        })
        .await;
    assert_eq!(count_answers(&answers), [(201, 50), (409, 5)].into());
    let page = get(&app, "/api-tokens?limit=30", &owner).await.expect(200);
    assert_eq!(page.items().len(), 30);
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = get(
        &app,
        &format!("/api-tokens?limit=30&cursor={cursor}"),
        &owner,
    )
    .await
    .expect(200);
    assert_eq!(page.items().len(), 20);
    assert_eq!(page["next_cursor"], Value::Null);
    get(&app, "/api-tokens?cursor=x", &owner)
        .await
        .invalid(&["/cursor"]);
    get(&app, "/api-tokens?colour=red", &owner)
        .await
        .invalid(&["/colour"]);
}

#[actix_web::test]
async fn no_secret_is_stored_as_it_is() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Admin).await;
    let made = make_token(&app, &session.access, &["read_cases"], 1)
        .idempotent("k1")
        .await
        .expect(201);
    let body = json!({ "email": "taro@example.jp", "name": "太郎", "role": "operator", "password": BETTER });
    post(&app, "/users", &session.access, body.clone())
        .idempotent("k2")
        .await
        .expect(201);
    post(&app, "/users", &session.access, body.clone())
        .idempotent("k2")
        .await
        .expect(201);
    // Not even as a hash that somebody could try passwords against.
    let plain_hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(body.to_string()));
    for table in [
        "api_token",
        "refresh_token",
        "idempotency_key",
        "audit_event",
        "app_user",
    ] {
        let sql = format!("select coalesce(string_agg(t::text, ' '), '') from {table} t");
        let sql = sqlx::AssertSqlSafe(sql);
        let text: String = sqlx::query_scalar(sql)
            .fetch_one(&mut app.sql().await)
            .await
            .unwrap();
        for secret in [
            &secret_of(&made),
            &session.refresh,
            BETTER,
            GOOD,
            &plain_hash,
        ] {
            assert!(!text.contains(secret), "{table}");
        }
    }
}

#[actix_web::test]
async fn people() {
    let app = TestApp::start().await;
    let admin = enter_and_sign_in(&app, "root", Role::Admin).await.access;
    let (desk, manager) = (app.make_desk().await.id(), app.make_manager().await.id());

    let body = json!({ "email": "desk@example.jp", "name": "青森 太郎", "role": "desk", "desk_id": desk, "password": GOOD });
    let made = post(&app, "/users", &admin, body).await.expect(201);
    assert_eq!(made["has_password"], true);
    assert!(!made.text.contains(GOOD) && !made.text.contains("argon2"));
    let path = made.location();
    assert_eq!(get(&app, &path, &admin).await.expect(200).json, made.json);
    // The address is taken, in any writing; the manager too.
    let again = json!({ "email": "DESK@example.jp", "name": "x", "role": "operator" });
    post(&app, "/users", &admin, again)
        .await
        .problem("conflict");
    let expert = |name: &str| json!({ "email": email(name), "name": name, "role": "manager", "manager_id": manager });
    post(&app, "/users", &admin, expert("expert"))
        .await
        .expect(201);
    post(&app, "/users", &admin, expert("double"))
        .await
        .problem("conflict");

    // A change is recorded by the names of its fields; what changes nothing is not.
    let body = json!({ "name": "青森 次郎", "role": "operator", "desk_id": null });
    let changed = patch(&app, &path, &admin, body).await.expect(200);
    assert_eq!(
        (&changed["role"], &changed["desk_id"]),
        (&json!("operator"), &Value::Null)
    );
    let recorded = "select data from audit_event where kind = 'user_edited'";
    let recorded: Vec<Value> = sqlx::query_scalar(recorded)
        .fetch_all(&mut app.sql().await)
        .await
        .unwrap();
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0]["fields"], json!(["name", "role", "desk_id"]));
    let unchanged = patch(&app, &path, &admin, json!({ "role": "operator" }))
        .await
        .expect(200);
    assert_eq!(unchanged.json, changed.json);
    assert_eq!(
        number(
            &app,
            "select count(*) from audit_event where kind = 'user_edited'"
        )
        .await,
        1
    );
}

#[actix_web::test]
async fn people_are_found() {
    let app = TestApp::start().await;
    let admin = enter_and_sign_in(&app, "root", Role::Admin).await.access;
    let desk = app.make_desk().await.id();
    let staff =
        json!({ "email": "desk@example.jp", "name": "青森 太郎", "role": "desk", "desk_id": desk });
    post(&app, "/users", &admin, staff).await.expect(201);
    let gone = enter(&app, "gone", Role::Auditor).await;
    change_user(&app, &admin, gone, json!({ "active": false }))
        .await
        .expect(200);
    let names = async |query: &str| {
        let page = get(&app, &format!("/users?{query}"), &admin)
            .await
            .expect(200);
        page.items()
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("role=desk").await, ["青森 太郎"]);
    assert_eq!(names(&format!("desk_id={desk}")).await, ["青森 太郎"]);
    assert_eq!(names("q=%E9%9D%92%E6%A3%AE").await, ["青森 太郎"]);
    assert_eq!(names("q=DESK@").await, ["青森 太郎"]);
    assert_eq!(names("q=%25").await, [""; 0]);
    assert_eq!(names("active=false").await, ["gone"]);
    let all = names("").await;
    assert!(all.len() >= 3);
    let mut gathered = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let page = get(&app, &format!("/users?{query}"), &admin)
            .await
            .expect(200);
        gathered.extend(
            page.items()
                .iter()
                .map(|item| item["name"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(gathered, all);
    get(&app, "/users?role=king", &admin)
        .await
        .invalid(&["/role"]);
    get(&app, "/users?limit=0", &admin)
        .await
        .invalid(&["/limit"]);
}

#[actix_web::test]
async fn who_is_changed_is_signed_out_where_it_matters() {
    let app = TestApp::start().await;
    let admin = enter_and_sign_in(&app, "root", Role::Admin).await.access;
    let id = enter(&app, "hanako", Role::Operator).await;
    let mut password = GOOD;
    let changes = [
        (json!({ "name": "花子" }), false),
        (
            json!({ "email": "hanako@example.jp", "active": true }),
            false,
        ),
        (json!({ "role": "auditor" }), true),
        (json!({ "password": BETTER }), true),
        (json!({ "active": false }), true),
    ];
    for (change, signs_out) in changes {
        let session = Session::of(&try_sign_in(&app, "hanako", password).await.expect(200));
        change_user(&app, &admin, id, change.clone())
            .await
            .expect(200);
        let expected = if signs_out { 401 } else { 200 };
        assert_eq!(me(&app, &session.access).await, expected, "{change}");
        assert_eq!(
            refresh(&app, &session.refresh).await.status,
            expected,
            "{change}"
        );
        if change["password"].is_string() {
            password = BETTER;
        }
    }
    try_sign_in(&app, "hanako", password)
        .await
        .problem("unauthenticated");
}

#[actix_web::test]
async fn every_faulty_field_of_a_person_is_named() {
    let app = TestApp::start().await;
    let admin = enter_and_sign_in(&app, "root", Role::Admin).await.access;
    let nowhere = "00000000-0000-7000-8000-000000000000";
    let create = async |body: Value, expected: &[&str]| {
        let refused = post(&app, "/users", &admin, body)
            .await
            .problem("validation");
        let mut pointers = refused.pointers();
        pointers.sort_unstable();
        assert_eq!(pointers, expected, "{}", refused.text);
    };
    create(json!({}), &["/email", "/name", "/role"]).await;
    let body = json!({ "email": "x", "name": "", "role": "king", "password": "short", "desk_id": "x", "colour": 1 });
    create(
        body,
        &[
            "/colour",
            "/desk_id",
            "/email",
            "/name",
            "/password",
            "/role",
        ],
    )
    .await;
    create(
        json!({ "email": "a@example.jp", "name": "a", "role": "desk" }),
        &["/desk_id"],
    )
    .await;
    let body = json!({ "email": "a@example.jp", "name": "a", "role": "operator", "desk_id": nowhere, "manager_id": nowhere });
    create(body, &["/desk_id", "/manager_id"]).await;
    let body = json!({ "email": "a@example.jp", "name": "a", "role": "desk", "desk_id": nowhere, "password": "password12" });
    create(body, &["/desk_id", "/password"]).await;
    let body =
        json!({ "email": "a@example.jp", "name": "a", "role": "manager", "manager_id": nowhere });
    create(body, &["/manager_id"]).await;
    assert_eq!(number(&app, "select count(*) from app_user").await, 1);

    let id = enter(&app, "hanako", Role::Operator).await;
    let changes = [
        (json!({ "role": "desk" }), &["/desk_id"][..]),
        (
            json!({ "role": "desk", "desk_id": nowhere, "password": "hanako@example.jp" }),
            &["/desk_id", "/password"],
        ),
        (
            json!({ "email": "x", "active": "yes", "has_password": true }),
            &["/active", "/email", "/has_password"],
        ),
    ];
    for (body, expected) in changes {
        let refused = change_user(&app, &admin, id, body)
            .await
            .problem("validation");
        let mut pointers = refused.pointers();
        pointers.sort_unstable();
        assert_eq!(pointers, expected, "{}", refused.text);
    }
}

#[actix_web::test]
async fn people_are_changed_with_their_version_and_by_admins_only() {
    let app = TestApp::start().await;
    let admin = enter_and_sign_in(&app, "root", Role::Admin).await.access;
    let id = enter(&app, "hanako", Role::Operator).await;
    let patch =
        |token: &str, path: String| app.with_token(token).patch(path, json!({ "name": "b" }));
    let path = format!("/users/{id}");
    patch(&admin, path.clone())
        .await
        .problem("precondition-required");
    patch(&admin, path.clone())
        .if_match("\"99\"")
        .await
        .problem("stale");
    let nowhere = "/users/00000000-0000-7000-8000-000000000000";
    patch(&admin, nowhere.to_owned())
        .if_match("\"1\"")
        .await
        .problem("not-found");
    get(&app, nowhere, &admin).await.problem("not-found");
    let operator = sign_in(&app, "hanako").await.access;
    patch(&operator, path.clone())
        .if_match("\"1\"")
        .await
        .problem("forbidden");
    get(&app, "/users", &operator).await.problem("forbidden");
    get(&app, &path, &operator).await.problem("forbidden");
    post(&app, "/users", &operator, json!({}))
        .await
        .problem("forbidden");
}

#[actix_web::test]
async fn somebody_stays_admin() {
    let app = TestApp::start().await;
    let first = enter(&app, "first", Role::Admin).await;
    let admin = sign_in(&app, "first").await.access;
    for body in [json!({ "active": false }), json!({ "role": "operator" })] {
        change_user(&app, &admin, first, body)
            .await
            .problem("conflict");
    }
}

#[actix_web::test]
async fn two_admins_do_not_demote_each_other() {
    for _ in 0..5 {
        let app = TestApp::start().await;
        let (one, two) = (
            enter(&app, "one", Role::Admin).await,
            enter(&app, "two", Role::Admin).await,
        );
        let (by_one, by_two) = (
            sign_in(&app, "one").await.access,
            sign_in(&app, "two").await.access,
        );
        // Both have read the other before either writes: whoever is demoted first could not read any more.
        let demotion = async |token: &str, id: UserId| {
            let path = format!("/users/{id}");
            let version = get(&app, &path, token).await.etag();
            app.with_token(token)
                .patch(&path, json!({ "role": "operator" }))
                .if_match(version)
        };
        let (of_two, of_one) = (demotion(&by_one, two).await, demotion(&by_two, one).await);
        let (of_two, of_one) = tokio::join!(of_two.into_future(), of_one.into_future());
        let done = [of_two.status, of_one.status]
            .iter()
            .filter(|status| **status == 200)
            .count();
        assert_eq!(done, 1);
        let admins = "select count(*) from app_user where role = 'admin' and active";
        assert_eq!(number(&app, admins).await, 1);
    }
}

#[actix_web::test]
async fn signing_in_while_being_locked_out_leaves_no_session() {
    let app = TestApp::start().await;
    let admin = enter_and_sign_in(&app, "root", Role::Admin).await.access;
    let id = enter(&app, "hanako", Role::Operator).await;
    for round in 0..10 {
        let (old, new) = if round % 2 == 0 {
            (GOOD, BETTER)
        } else {
            (BETTER, GOOD)
        };
        let (signed_in, changed) = tokio::join!(
            try_sign_in(&app, "hanako", old).into_future(),
            change_user(&app, &admin, id, json!({ "password": new })),
        );
        changed.expect(200);
        if signed_in.status == 200 {
            assert_eq!(me(&app, &Session::of(&signed_in).access).await, 401);
        }
        let live = "select count(*) from user_session s join app_user u on u.id = user_id where ended_at is null and role = 'operator'";
        assert_eq!(number(&app, live).await, 0);
    }
}

#[actix_web::test]
async fn other_processes_hear_of_everything() {
    let app = TestApp::start().await;
    // It looks with every request instead of every two seconds.
    let there = app.another_process(Duration::ZERO).await;
    let admin = enter_and_sign_in(&app, "root", Role::Admin).await.access;
    let id = enter(&app, "hanako", Role::Operator).await;
    let session = sign_in(&app, "hanako").await;
    there.get("/me", &session.access).await.expect(200);
    sign_out(&app, &session.access).await.expect(204);
    there
        .get("/me", &session.access)
        .await
        .problem("unauthenticated");

    let session = sign_in(&app, "hanako").await;
    let secret = secret_of(
        &make_token(&app, &session.access, &["read_cases"], 1)
            .await
            .expect(201),
    );
    there.get("/me", &secret).await.expect(200);
    there.get("/me", &session.access).await.expect(200);
    change_user(&app, &admin, id, json!({ "active": false }))
        .await
        .expect(200);
    there
        .get("/me", &session.access)
        .await
        .problem("unauthenticated");
    there.get("/me", &secret).await.problem("unauthenticated");
}

#[actix_web::test]
async fn a_change_whose_transaction_takes_long_is_not_missed() {
    use sqlx::Connection;
    let app = TestApp::start().await;
    let there = app.another_process(Duration::ZERO).await;
    let hanako = enter_and_sign_in(&app, "hanako", Role::Operator)
        .await
        .access;
    let taro = enter_and_sign_in(&app, "taro", Role::Operator).await.access;
    there.get("/me", &hanako).await.expect(200);
    let mut connection = app.sql().await;
    let mut slow = connection.begin().await.unwrap();
    sqlx::query("update app_user set active = false where email_key = 'hanako@example.jp'")
        .execute(&mut *slow)
        .await
        .unwrap();
    // Others begin, commit and are seen meanwhile.
    sign_out(&app, &taro).await.expect(204);
    there.get("/me", &taro).await.problem("unauthenticated");
    there.get("/me", &hanako).await.expect(200);
    slow.commit().await.unwrap();
    there.get("/me", &hanako).await.problem("unauthenticated");
}

#[actix_web::test]
async fn what_was_made_a_moment_ago_is_looked_up() {
    let app = TestApp::start().await;
    // It looks at its first request, and then not before an hour has passed.
    let there = app.another_process(Duration::from_secs(3600)).await;
    there.get("/me", "mdg_x").await.problem("unauthenticated");
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    there.get("/me", &session.access).await.expect(200);
    let secret = secret_of(
        &make_token(&app, &session.access, &["read_cases"], 1)
            .await
            .expect(201),
    );
    there.get("/me", &secret).await.expect(200);
    // Made-up tokens do not get that far for long, and disturb nobody.
    for n in 0..300 {
        there
            .get("/me", &format!("mdg_{n}"))
            .await
            .problem("unauthenticated");
    }
    there.get("/me", &secret).await.expect(200);
    there.get("/me", &session.access).await.expect(200);
}

#[actix_web::test]
async fn nobody_is_let_in_on_old_knowledge() {
    let app = TestApp::start().await;
    let there = app.another_process(Duration::ZERO).await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    there.get("/me", &session.access).await.expect(200);
    as_owner(&app, "alter table directory_change rename to away").await;
    let refused = there
        .get("/me", &session.access)
        .await
        .problem("unavailable");
    assert!(refused.header("retry-after").is_some());
    // Where no good token came, there is nothing to judge.
    there.get("/me", "x").await.problem("unauthenticated");
    as_owner(&app, "alter table away rename to directory_change").await;
    there.get("/me", &session.access).await.expect(200);
}

#[actix_web::test]
async fn a_new_process_knows_whose_session_has_ended() {
    let app = TestApp::start().await;
    let session = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let secret = secret_of(
        &make_token(&app, &session.access, &["read_cases"], 1)
            .await
            .expect(201),
    );
    let other = sign_in(&app, "hanako").await;
    sign_out(&app, &other.access).await.expect(204);
    let there = app.another_process(Duration::from_secs(3600)).await;
    there.get("/me", &session.access).await.expect(200);
    there.get("/me", &secret).await.expect(200);
    there
        .get("/me", &other.access)
        .await
        .problem("unauthenticated");
}

async fn user_create(
    app: &TestApp,
    email: &str,
    role: &str,
    desk: Option<&str>,
    password: &str,
) -> Result<UserId, String> {
    let args = cli::CreateUser {
        email,
        name: "高橋 花子",
        role,
        desk,
        manager: None,
    };
    let created = cli::create_user(&app.store, &args, &password.into()).await;
    created.map_err(|error| cli::explain(&error))
}

async fn token_create(
    app: &TestApp,
    user: &str,
    permissions: &[&str],
    days: i64,
) -> Result<String, String> {
    let permissions: Vec<String> = permissions.iter().map(|name| (*name).to_owned()).collect();
    let args = cli::CreateToken {
        user,
        permissions: &permissions,
        days,
        name: "mail",
    };
    let created = cli::create_token(&app.store, &args).await;
    created
        .map(|token| token.expose_secret().to_owned())
        .map_err(|error| cli::explain(&error))
}

#[actix_web::test]
async fn people_made_on_the_command_line() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let code = desk["code"].as_str();
    user_create(&app, "boss@example.jp", "admin", None, GOOD)
        .await
        .unwrap();
    user_create(&app, "desk@example.jp", "desk", code, GOOD)
        .await
        .unwrap();
    let session = sign_in(&app, "desk").await;
    assert_eq!(
        get(&app, "/me", &session.access).await.expect(200)["desk_id"],
        desk["id"]
    );

    let told = user_create(&app, "x", "king", Some("?"), "short")
        .await
        .unwrap_err();
    for option in ["--email: ", "--role: ", "--desk: ", "the password: "] {
        assert!(told.contains(option), "{told}");
    }
    let told = user_create(&app, "boss@example.jp", "operator", None, "")
        .await
        .unwrap_err();
    assert_eq!(told, "Another user has this e-mail address.");
    let told = user_create(&app, "a@example.jp", "desk", None, "")
        .await
        .unwrap_err();
    assert!(told.contains("desk_id: "), "{told}");
    let told = user_create(&app, "a@example.jp", "desk", Some("nowhere"), "")
        .await
        .unwrap_err();
    assert!(told.contains("--desk: "), "{told}");
    let told = user_create(&app, "a@example.jp", "operator", None, "password12")
        .await
        .unwrap_err();
    assert!(told.contains("easy to guess"), "{told}");

    cli::set_password(&app.store, "desk@example.jp", &BETTER.into())
        .await
        .unwrap();
    assert_eq!(me(&app, &session.access).await, 401);
    let session = Session::of(&try_sign_in(&app, "desk", BETTER).await.expect(200));
    cli::deactivate_user(&app.store, "desk@example.jp")
        .await
        .unwrap();
    assert_eq!(me(&app, &session.access).await, 401);
}

#[actix_web::test]
async fn tokens_made_on_the_command_line() {
    let app = TestApp::start().await;
    user_create(&app, "boss@example.jp", "admin", None, "")
        .await
        .unwrap();
    user_create(&app, "mail@example.jp", "operator", None, "")
        .await
        .unwrap();
    let secret = token_create(&app, "mail@example.jp", &["intake"], 90)
        .await
        .unwrap();
    let shown = get(&app, "/me", &secret).await.expect(200);
    assert_eq!(shown["permissions"], json!(["signed_in", "intake"]));
    let told = token_create(&app, "mail@example.jp", &["manage_office", "fly"], 400)
        .await
        .unwrap_err();
    assert_eq!(told.lines().count(), 3, "{told}");
    let told = token_create(&app, "nobody@example.jp", &["intake"], 90)
        .await
        .unwrap_err();
    assert!(told.contains("belongs to no user"), "{told}");
    cli::deactivate_user(&app.store, "mail@example.jp")
        .await
        .unwrap();
    assert_eq!(me(&app, &secret).await, 401);
    let refused = cli::deactivate_user(&app.store, "boss@example.jp")
        .await
        .unwrap_err();
    assert!(cli::explain(&refused).contains("last active admin"));
}
