//! Errors speak one language, name every faulty field, and give nothing away, whatever a client sends.
//!
//! That every error is a problem document with the request's id, and that none speaks of SQL, is checked for each answer
//! of all tests by [`contract`](crate::contract).

use crate::{
    contract::{DOCUMENT, OPERATIONS, Operation},
    harness::{Client, TestApp, TestResponse},
    permissions::{World, case_shaped_in_order, path_to_nothing},
};
use actix_web::http::Method;
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use madoguchi::error::{Error, ProblemType};
use serde_json::{Value, json};
use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use tokio::io::AsyncReadExt;
use uuid::Uuid;

#[actix_web::test]
async fn what_is_not_there_is_said_so() {
    let app = TestApp::start().await;
    let operator = app.as_operator();
    for path in [
        "/nothing",
        "//api",
        "//api/v1",
        "/cases/",
        "/Cases",
        "//.env",
        "/cases/x/y/z",
        "/cases//route",
    ] {
        operator.get(path).await.problem("not-found");
    }
    // An id that cannot be read names nothing.
    let id = Uuid::now_v7();
    for path in [
        "1",
        "x",
        "%00",
        "%FF",
        "..%2F..",
        "'",
        "日本語",
        &"9".repeat(2000),
        &format!("{id}x"),
        &format!(" {id}"),
    ] {
        operator
            .get(format!("/cases/{path}"))
            .await
            .problem("not-found");
        operator
            .get(format!("/cases/by-number/{path}"))
            .await
            .problem("not-found");
    }
    for path in [
        format!("/cases/{id}"),
        format!("/cases/{}", id.simple()),
        format!("/cases/{}", Uuid::nil()),
    ] {
        operator.get(path).await.problem("not-found");
    }
}

#[actix_web::test]
async fn a_wrong_method_hears_the_right_ones() {
    let app = TestApp::start().await;
    let operator = app.as_operator();
    let refused = operator
        .call(Method::DELETE, "/cases")
        .await
        .problem("method-not-allowed");
    assert_eq!(refused.header("allow"), Some("GET, POST"));
    let refused = operator
        .call(Method::PUT, format!("/cases/{}", Uuid::now_v7()))
        .await
        .problem("method-not-allowed");
    assert_eq!(refused.header("allow"), Some("GET, PATCH"));
    // No case has the id "counts", whatever the method.
    for method in [Method::PATCH, Method::OPTIONS] {
        let refused = operator
            .call(method, "/cases/counts")
            .await
            .problem("method-not-allowed");
        assert_eq!(refused.header("allow"), Some("GET"));
    }
    for operation in OPERATIONS.iter() {
        for method in [Method::TRACE, Method::CONNECT, "BREW".parse().unwrap()] {
            app.as_nobody()
                .call(method, path_to_nothing(operation))
                .await
                .problem("method-not-allowed");
        }
    }
}

#[actix_web::test]
async fn a_body_that_cannot_be_read() {
    let app = TestApp::start().await;
    let operator = app.as_operator();
    let send = |content_type: &str, body: Vec<u8>| {
        operator
            .call(Method::POST, "/cases")
            .body(content_type, body)
    };
    let nested = [b"[".repeat(10_000), b"]".repeat(10_000)].concat();
    let unreadable: [&[u8]; 9] = [
        b"",
        b"{",
        b"{}{}",
        b"{\"a\":}",
        b"nul",
        b"{\"a\": \"\xff\"}",
        b"\xef\xbb\xbf{}",
        b"{\"a\": \"\\ud800\"}",
        &nested,
    ];
    for body in unreadable {
        send("application/json", body.to_vec())
            .await
            .problem("malformed");
    }
    for body in ["null", "[]", "\"text\"", "1", "true"] {
        send("application/json", body.into())
            .await
            .problem("validation");
    }
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "multipart/form-data; boundary=x",
        "x",
        "",
    ] {
        send(content_type, b"{}".to_vec())
            .await
            .problem("unsupported-media-type");
    }
    send("application/json", b"{}".to_vec())
        .without_content_type()
        .await
        .problem("unsupported-media-type");
    send("application/json; charset=utf-8", b"{}".to_vec())
        .await
        .problem("validation");
    send("Application/JSON", b"{}".to_vec())
        .await
        .problem("validation");
}

#[actix_web::test]
async fn a_body_that_is_too_large() {
    let app = TestApp::start_with_sockets().await;
    let mut request = app.case_request();
    request["description"] = json!("あ".repeat(300_000));
    app.as_operator()
        .post("/cases", request)
        .await
        .problem("too-large");
    // 700 KiB of blanks in 700 bytes: what counts is what comes out.
    let bomb = format!(
        "H4sIAAAAAAACA+3BMQEAAADCoCrrn9ISnkAB{}wM8AQ6DEVgDwCgA=",
        "A".repeat(924)
    );
    let bomb = BASE64_STANDARD.decode(bomb).unwrap();
    let bomb = app
        .as_operator()
        .call(Method::POST, "/cases")
        .body("application/json", bomb)
        .header("content-encoding", "gzip");
    bomb.await.problem("too-large");
}

#[actix_web::test]
async fn all_faulty_fields_are_named_at_once() {
    let app = TestApp::start().await;
    let mut request = app.case_request();
    request["channel"] = json!("pigeon");
    request["subject"] = json!("長".repeat(201));
    request["topics"] = json!(["ict", "magic"]);
    request["unknown"] = json!(1);
    request["enterprise"]["employees"] = json!(4.5);
    request["enterprise"]["postal_code"] = json!("123");
    request["contacts"][0]["phone"] = json!("abc");
    request["contacts"][0]["nick/name~"] = json!("x");
    request.as_object_mut().unwrap().remove("description");
    let refused = app
        .as_operator()
        .post("/cases", request)
        .await
        .problem("validation");
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/channel",
            "/contacts/0/nick~1name~0",
            "/contacts/0/phone",
            "/description",
            "/enterprise/employees",
            "/enterprise/postal_code",
            "/subject",
            "/topics/1",
            "/unknown",
        ],
        "{:#}",
        refused.json
    );
}

#[actix_web::test]
async fn texts_have_bounds() {
    let app = TestApp::start().await;
    let with = |field: &str, value: &str| {
        let mut request = app.case_request();
        request[field] = json!(value);
        app.as_operator().post("/cases", request)
    };
    with("subject", &"長".repeat(200)).await.expect(201);
    with("subject", &"長".repeat(201))
        .await
        .invalid(&["/subject"]);
    with("description", &"長".repeat(20_000)).await.expect(201);
    with("description", &"長".repeat(20_001))
        .await
        .invalid(&["/description"]);
    with("description", "   ").await.invalid(&["/description"]);
    with("description", "").await.invalid(&["/description"]);
    for nul in ["\0", "a\0b"] {
        with("description", nul).await.invalid(&["/description"]);
        with("subject", nul).await.invalid(&["/subject"]);
    }
    // One line is one line; a longer text has several.
    with("subject", "一行\n二行").await.invalid(&["/subject"]);
    with("subject", "\u{1b}[31m赤").await.invalid(&["/subject"]);
    with("description", "一行\n二行").await.expect(201);
}

#[actix_web::test]
async fn queries_are_read_strictly() {
    let app = TestApp::start().await;
    let operator = app.as_operator();
    for (query, pointer) in [
        ("nothing=1", "/nothing"),
        ("Status=open", "/Status"),
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=1.5", "/limit"),
        ("limit=99999999999999999999", "/limit"),
        ("overdue=maybe", "/overdue"),
        ("desk_id=1", "/desk_id"),
        ("received_from=yesterday", "/received_from"),
        ("received_from=2026-11-24", "/received_from"),
        ("sort=random()", "/sort"),
        ("status=received,foo", "/status"),
        ("cursor=x", "/cursor"),
        ("cursor=%E3%81%82", "/cursor"),
        ("q=%00", "/q"),
    ] {
        operator
            .get(format!("/cases?{query}"))
            .await
            .invalid(&[pointer]);
    }
    for query in ["limit=", "status=&limit=1", "&&", "?", "="] {
        let response = operator.get(format!("/cases?{query}")).await;
        assert!(
            [200, 422].contains(&response.status),
            "{query}: {:#}",
            response.json
        );
    }
    operator.get("/cases?q=%FF%FE").await.expect(200);
}

#[actix_web::test]
async fn a_cursor_is_taken_only_as_it_was_given() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        app.make_case().await;
    }
    let operator = app.as_operator();
    let first = operator.get("/cases?limit=1").await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap().to_owned();
    let second = operator
        .get(format!("/cases?limit=1&cursor={cursor}"))
        .await
        .expect(200);
    assert_ne!(first.items(), second.items());
    let keys = String::from_utf8(
        base64::prelude::BASE64_URL_SAFE_NO_PAD
            .decode(&cursor)
            .unwrap(),
    )
    .unwrap();
    let forge = |keys: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(keys);
    let forged = [
        cursor[1..].to_owned(),
        format!("{cursor}x"),
        forge("null"),
        forge("[]"),
        forge("{}"),
        forge(&keys.replace("20", "x")),
        forge(&format!("[{keys}]")),
        forge("\"'; drop table case_file\""),
    ];
    for cursor in forged {
        operator
            .get(format!("/cases?cursor={cursor}"))
            .await
            .invalid(&["/cursor"]);
    }
    // Of another list.
    app.make_desk().await;
    app.make_manager().await;
    app.make_manager().await;
    let managers = operator.get("/managers?limit=1").await.expect(200);
    let other = managers["next_cursor"].as_str().unwrap();
    operator
        .get(format!("/cases?cursor={other}"))
        .await
        .invalid(&["/cursor"]);
    app.as_admin()
        .get(format!("/users?cursor={cursor}"))
        .await
        .invalid(&["/cursor"]);
}

#[actix_web::test]
async fn every_answer_has_its_headers() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let answers = [
        app.as_operator()
            .get(format!("/cases/{}", case.id()))
            .await
            .expect(200),
        app.as_nobody().get("/cases").await.expect(401),
        app.as_nobody().get("/nothing").await.expect(404),
        app.as_nobody().get("//healthz").await.expect(200),
        app.as_nobody().get("//openapi.json").await.expect(200),
        app.as_nobody().get("//docs/").await.expect(200),
    ];
    let mut ids: Vec<_> = Vec::new();
    for answer in &answers {
        let header = |name: &str| {
            answer
                .header(name)
                .unwrap_or_else(|| panic!("{} has no {name}", answer.request))
        };
        let policy = header("content-security-policy");
        for part in [
            "default-src",
            "base-uri 'none'",
            "form-action",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{}: {policy}", answer.request);
        }
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert!(
            answer.header("server").is_none(),
            "what answers is nobody's business"
        );
        ids.push(header("x-request-id").parse::<Uuid>().unwrap());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(
        ids.len(),
        answers.len(),
        "every request has an id of its own"
    );
    // Refusals as well as what was asked for.
    for answer in &answers[..3] {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    assert_eq!(answers[4].json["openapi"], DOCUMENT["openapi"]);
}

#[actix_web::test]
async fn headers_are_judged_too() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let path = format!("/cases/{}", case.id());
    let edit = || app.as_operator().patch(&path, json!({ "subject": "件名" }));
    edit().await.problem("precondition-required");
    for stale in ["\"0\"", "\"999\"", "\"9223372036854775807\""] {
        edit().if_match(stale).await.problem("stale");
    }
    for nonsense in [
        "",
        "x",
        "\"x\"",
        "\"99999999999999999999\"",
        "\"1",
        "W/\"1\"",
        "\"1\", \"2\"",
        "-1",
    ] {
        let response = edit().if_match(nonsense).await;
        assert!(
            [400, 412, 422, 428].contains(&response.status),
            "{nonsense}: {:#}",
            response.json
        );
    }
    for key in ["", " ", "a b", &"k".repeat(201), "鍵", "a\tb"] {
        let response = app
            .as_operator()
            .post("/cases", app.case_request())
            .idempotent(key)
            .await;
        assert_eq!(
            response.pointers(),
            ["/Idempotency-Key"],
            "{key:?}: {:#}",
            response.json
        );
    }
    for header in [
        "Bearer",
        "Bearer ",
        "bearer x y",
        "Basic YTpi",
        "x",
        &format!("Bearer {}", "x".repeat(5000)),
    ] {
        app.as_nobody()
            .get("/me")
            .header("authorization", header)
            .await
            .problem("unauthenticated");
    }
}

#[actix_web::test]
async fn a_database_that_is_away_is_503_and_nothing_was_stored() {
    let app = TestApp::start().await;
    let operator = app.as_operator();
    operator.get("/me").await.expect(200);
    app.store.close().await;
    for call in [
        operator.get("/cases"),
        operator.post("/cases", app.case_request()),
        operator.get("//readyz"),
    ] {
        let away = call.may_fail().await.problem("unavailable");
        assert!(away.header("retry-after").is_some(), "{}", away.request);
    }
    operator.get("//healthz").await.expect(200);
}

// ---------------------------------------------------------------------------------------------------------- nonsense

/// What no field means. The client fails the test on any 5xx, and on errors that are no problem documents.
fn nonsense() -> [Value; 14] {
    [
        Value::Null,
        json!(-1),
        json!(1.5),
        json!(9_223_372_036_854_775_807_i64),
        json!(""),
        json!("\u{0}"),
        json!("\u{202e}'; drop table case_file; --\u{301}\u{1f468}\u{200d}"),
        json!("0001-01-01T00:00:00Z"),
        json!("9999-12-31T23:59:59.999999999+00:00"),
        json!("-262143-01-01T00:00:00Z"),
        json!("+262142-12-31"),
        json!("00000000-0000-0000-0000-000000000000"),
        json!([[]]),
        json!({}),
    ]
}

/// The fields of a body: those of the example, and those that the document knows besides.
fn fields(operation: &Operation, example: &Value) -> Vec<String> {
    let schema = &operation.value["requestBody"]["content"]["application/json"]["schema"];
    let mut pointers = Vec::new();
    collect(example, String::new(), &mut pointers);
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|target| target.rsplit('/').next())
    {
        let known = DOCUMENT["components"]["schemas"][name]["properties"]
            .as_object()
            .into_iter()
            .flatten();
        pointers.extend(
            known
                .map(|(field, _)| format!("/{field}"))
                .filter(|field| example.pointer(field).is_none()),
        );
    }
    pointers
}

fn collect(value: &Value, place: String, pointers: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), member))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (index.to_string(), item))
            .collect(),
        _ => Vec::new(),
    };
    if !place.is_empty() {
        pointers.push(place.clone());
    }
    for (name, member) in members {
        collect(member, format!("{place}/{name}"), pointers);
    }
}

fn replaced(example: &Value, pointer: &str, nonsense: &Value) -> Value {
    let mut body = example.clone();
    match body.pointer_mut(pointer) {
        Some(place) => *place = nonsense.clone(),
        None => body[pointer.trim_start_matches('/')] = nonsense.clone(),
    }
    body
}

async fn send(client: &Client, operation: &Operation, path: &str, body: &Value) -> TestResponse {
    let call = client
        .call(operation.method.clone(), path)
        .body("application/json", body.to_string());
    match operation.method.as_str() {
        "PATCH" | "PUT" => call.if_match(client.get(path).await.etag()).await,
        _ => call.await,
    }
}

/// Every field of every body of the case's operations, with every nonsense in its place.
#[actix_web::test]
async fn nonsense_about_a_case_is_refused_or_harmless() {
    let world = World::build().await;
    let admin = world.app.as_admin();
    for operation in case_shaped_in_order() {
        let Some(example) = world.body(operation) else {
            continue;
        };
        let path = world.path(operation);
        for field in fields(operation, &example) {
            for nonsense in nonsense() {
                send(
                    &admin,
                    operation,
                    &path,
                    &replaced(&example, &field, &nonsense),
                )
                .await;
            }
        }
    }
}

/// And of those that make something new.
#[actix_web::test]
async fn nonsense_in_something_new_is_refused_or_harmless() {
    let app = TestApp::start().await;
    let admin = app.as_admin();
    let (desk, manager, enterprise) = (
        app.make_desk().await,
        app.make_manager().await,
        app.company(),
    );
    let enterprise = admin.post("/enterprises", enterprise).await.expect(201);
    let in_a_week = app.now() + TimeDelta::days(7);
    let examples = [
        (
            "add_coverage",
            json!({ "prefecture_code": "05", "from": "2026-04-01", "to": "2027-03-31" }),
        ),
        (
            "add_absence",
            json!({ "starts_at": in_a_week, "ends_at": in_a_week + TimeDelta::days(1), "reason": "研修" }),
        ),
        (
            "declare_conflict",
            json!({ "enterprise_id": enterprise.id(), "kind": "family" }),
        ),
        ("confirm_different", json!({ "other_id": Uuid::now_v7() })),
        ("edit_enterprise", app.company()),
        ("edit_desk", json!({ "name": "窓口" })),
        (
            "edit_manager",
            json!({ "appointed_from": "2026-04-01", "appointed_to": null }),
        ),
        (
            "create_api_token",
            json!({ "name": "試験", "permissions": ["read_cases"], "expires_at": in_a_week }),
        ),
        ("create_case", app.case_request()),
        ("create_enterprise", app.company()),
        (
            "create_desk",
            json!({ "code": "desk", "name": "窓口", "phone": "017-722-0001", "email": "desk@example.jp" }),
        ),
        (
            "create_manager",
            json!({
                "name": "工藤", "topics": ["ict"], "prefecture_codes": ["02"], "modes": ["online"], "monthly_capacity": 3,
                "qualifications": ["ITコーディネータ"], "appointed_from": "2026-04-01", "appointed_to": "2027-03-31",
            }),
        ),
        (
            "create_user",
            json!({ "email": "someone@example.jp", "name": "誰か", "role": "operator" }),
        ),
        ("edit_settings", json!({ "session_limit": 3 })),
        (
            "sign_in",
            json!({ "email": "someone@example.jp", "password": "x" }),
        ),
    ];
    for (id, example) in examples {
        let operation = OPERATIONS
            .iter()
            .find(|operation| operation.id() == id)
            .unwrap();
        let target = match operation.path.split('/').nth(3) {
            Some("desks") => desk.id(),
            Some("managers") => manager.id(),
            _ => enterprise.id(),
        };
        let path = operation
            .path
            .strip_prefix("/api/v1")
            .unwrap()
            .replace("{id}", &target.to_string());
        for field in fields(operation, &example) {
            for nonsense in nonsense() {
                send(
                    &admin,
                    operation,
                    &path,
                    &replaced(&example, &field, &nonsense),
                )
                .await;
            }
        }
    }
}

/// Every parameter of every query.
#[actix_web::test]
async fn nonsense_in_a_query_is_refused_or_harmless() {
    let world = World::build().await;
    let admin = world.app.as_admin();
    let nonsense = [
        "",
        "%00",
        "%FF",
        "-1",
        "0",
        "1.5",
        "99999999999999999999",
        "%27%3B%20drop%20table%20case_file",
        "%25%5F%5C",
        "%F0%9F%91%A8",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "-262143-01-01T00:00:00Z",
        "00000000-0000-0000-0000-000000000000",
    ];
    let long = "x".repeat(5000);
    for operation in OPERATIONS
        .iter()
        .filter(|operation| operation.method == Method::GET)
    {
        let parameters = operation.value["parameters"]
            .as_array()
            .into_iter()
            .flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            for value in nonsense.into_iter().chain([long.as_str()]) {
                let path = if operation.path.contains("/cases/{") {
                    world.path(operation)
                } else {
                    path_to_nothing(operation)
                };
                admin.get(format!("{path}?{name}={value}")).await;
            }
        }
    }
}

#[actix_web::test]
async fn a_balancer_without_a_database_is_no_fault_of_ours() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let breaks_off = async {
        let (mut client, _) = listener.accept().await.unwrap();
        // What the driver asks first: whether there is TLS.
        let mut question = [0; 8];
        client.read_exact(&mut question).await.unwrap();
    };
    let options = PgConnectOptions::new()
        .host("127.0.0.1")
        .port(port)
        .username("program");
    let (answer, ()) = tokio::join!(options.connect(), breaks_off);
    let error = Error::from(answer.err().unwrap());
    assert_eq!(error.kind(), ProblemType::Unavailable, "{error:?}");
}
