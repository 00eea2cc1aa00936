//! Lists as files: whose they are, what stands in them, and how they end.

use crate::harness::{Client, TestApp, TestResponse};
use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

/// Asks for an export and has it made.
async fn export(app: &TestApp, who: &Client, request: Value) -> TestResponse {
    let asked = who.post("/exports", request).await.expect(201);
    assert_eq!(asked["state"], "waiting");
    app.run_jobs().await;
    who.get(asked.location()).await.expect(200)
}

async fn download(who: &Client, export: &TestResponse) -> TestResponse {
    who.get(format!("/exports/{}/download", export.id())).await
}

/// The lines of a CSV file, as a spreadsheet reads them.
fn lines(bytes: &[u8]) -> Vec<Vec<String>> {
    let bytes = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(bytes);
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

/// The values of a column.
fn column<'a>(lines: &'a [Vec<String>], heading: &str) -> Vec<&'a str> {
    let at = lines[0].iter().position(|this| this == heading);
    let at = at.unwrap_or_else(|| panic!("{heading} is no column of {:?}", lines[0]));
    lines[1..].iter().map(|line| line[at].as_str()).collect()
}

async fn events(app: &TestApp, kind: &str) -> i64 {
    sqlx::query_scalar("select count(*) from audit_event where kind = $1")
        .bind(kind)
        .fetch_one(&mut app.sql().await)
        .await
        .unwrap()
}

fn csv_of(kind: &str) -> Value {
    json!({ "kind": kind, "format": "csv" })
}

#[actix_web::test]
async fn a_desk_takes_out_its_own_cases_and_nobody_else_gets_them() {
    let app = TestApp::start().await;
    let (desk, other) = (app.make_desk().await, app.make_desk_for("03").await);
    let mine = app.make_accepted_case(&desk).await;
    let theirs = app.make_accepted_case(&other).await;
    app.make_case().await;
    let client = app.as_desk(&desk);
    let made = export(&app, &client, csv_of("cases")).await;
    assert_eq!(made["state"], "ready");
    assert_eq!(made["rows"], 1);
    assert_eq!(made["is_masked"], false);
    assert_eq!(made["filename"], "案件一覧_20261124.csv");
    let file = download(&client, &made).await.expect(200);
    let lines = lines(&file.bytes);
    assert_eq!(
        column(&lines, "案件番号"),
        [mine["number"].as_str().unwrap()]
    );
    assert!(!file.text.contains(theirs["number"].as_str().unwrap()));
    assert_eq!(column(&lines, "状態"), ["受理(専門家調整中)"]);
    assert_eq!(column(&lines, "状態コード"), ["accepted"]);
    assert_eq!(column(&lines, "受付日時"), ["2026-11-24 10:00"]);
    assert_eq!(column(&lines, "都道府県"), ["青森県"]);
    assert!(column(&lines, "電話番号")[0].starts_with("017-734-"));
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(
        file.header("content-disposition")
            .unwrap()
            .starts_with("attachment;")
    );
    assert_eq!(
        made["sha256"].as_str().unwrap(),
        hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&file.bytes))
    );
    assert_eq!(made["size"], file.bytes.len());
    // Each download is recorded.
    download(&client, &made).await.expect(200);
    assert_eq!(events(&app, "export_downloaded").await, 2);
    assert_eq!(events(&app, "export_requested").await, 1);
    assert_eq!(events(&app, "export_made").await, 1);
    for stranger in [
        app.as_desk(&other),
        app.as_admin(),
        app.as_supervisor(),
        app.as_auditor(),
    ] {
        download(&stranger, &made).await.problem("not-found");
        stranger.get(made_path(&made)).await.problem("not-found");
        assert!(
            stranger
                .get("/exports")
                .await
                .expect(200)
                .items()
                .is_empty()
        );
    }
    assert_eq!(client.get("/exports").await.expect(200).items().len(), 1);
    assert_eq!(events(&app, "export_downloaded").await, 2);
}

fn made_path(export: &TestResponse) -> String {
    format!("/exports/{}", export.id())
}

#[actix_web::test]
async fn what_is_seen_is_judged_when_it_is_made() {
    let app = TestApp::start().await;
    let (desk, other) = (app.make_desk().await, app.make_desk_for("03").await);
    let stays = app.make_accepted_case(&desk).await;
    let goes = app.make_accepted_case(&desk).await;
    let client = app.as_desk(&desk);
    let asked = client.post("/exports", csv_of("cases")).await.expect(201);
    let away = json!({ "desk_id": other.id(), "reason": "担当区域が違うため" });
    app.as_supervisor()
        .post(format!("/cases/{}/route", goes.id()), away)
        .await
        .expect(200);
    app.run_jobs().await;
    let file = download(&client, &asked).await.expect(200);
    let lines = lines(&file.bytes);
    assert_eq!(
        column(&lines, "案件番号"),
        [stays["number"].as_str().unwrap()]
    );
}

#[actix_web::test]
async fn whoever_changed_desk_or_was_sent_away_gets_nothing_more() {
    let app = TestApp::start().await;
    let (desk, other) = (app.make_desk().await, app.make_desk_for("03").await);
    app.make_accepted_case(&desk).await;
    let client = app.as_desk(&desk);
    let made = export(&app, &client, csv_of("cases")).await;
    download(&client, &made).await.expect(200);
    // Asked for before, made after.
    let waiting = client.post("/exports", csv_of("cases")).await.expect(201);
    let path = format!("/users/{}", client.user_id().await);
    let user = app.as_admin().get(&path).await.expect(200);
    app.as_admin()
        .patch(&path, json!({ "desk_id": other.id() }))
        .if_match(user.etag())
        .await
        .expect(200);
    download(&client, &made).await.problem("not-found");
    app.run_jobs().await;
    let made = client.get(made_path(&waiting)).await.expect(200);
    assert_eq!(
        (&made["state"], &made["rows"]),
        (&json!("ready"), &json!(0))
    );
    // A person who may not come in any more is made nothing.
    let waiting = client.post("/exports", csv_of("cases")).await.expect(201);
    let user = app.as_admin().get(&path).await.expect(200);
    app.as_admin()
        .patch(&path, json!({ "active": false }))
        .if_match(user.etag())
        .await
        .expect(200);
    app.run_jobs().await;
    let (state, failure): (String, Option<String>) =
        sqlx::query_as("select state, failure from export where id = $1")
            .bind(waiting.id())
            .fetch_one(&mut app.sql().await)
            .await
            .unwrap();
    assert_eq!(state, "failed");
    assert!(failure.unwrap().contains("権限"));
}

#[actix_web::test]
async fn the_auditor_gets_all_of_it_masked() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let manager = app.make_manager().await;
    let case = app.make_consulting_case(&desk, &manager).await;
    let call = json!({
        "kind": "phone", "direction": "inbound", "occurred_at": app.now(), "result": "reached", "body": "在宅勤務の手当について質問。",
    });
    app.as_desk(&desk)
        .post(format!("/cases/{}/interactions", case.id()), call)
        .await
        .expect(201);
    let auditor = app.as_auditor();
    let enterprise = &case["enterprise"];
    let contact = &case["contacts"][0];
    let secrets = [
        enterprise["name"].as_str().unwrap(),
        enterprise["corporate_number"].as_str().unwrap(),
        contact["email"].as_str().unwrap(),
        case["subject"].as_str().unwrap(),
        "手当について",
        "長島",
        "017-734-",
        "090-8765-",
    ];
    for (kind, rows) in [
        ("cases", 1),
        ("sessions", 1),
        // The call that opened the case is one.
        ("interactions", 2),
        ("enterprises", 1),
    ] {
        let made = export(&app, &auditor, csv_of(kind)).await;
        assert_eq!(
            (&made["rows"], &made["is_masked"]),
            (&json!(rows), &json!(true)),
            "{kind}"
        );
        let file = download(&auditor, &made).await.expect(200);
        for secret in secrets {
            assert!(!file.text.contains(secret), "{kind}: {secret}");
        }
        assert!(file.text.contains("(非表示)"), "{kind}");
    }
    // Asking for a name would tell who it is.
    for (kind, filter) in [
        ("cases", json!({ "q": "青森" })),
        ("enterprises", json!({ "phone": "017-734-0001" })),
        (
            "enterprises",
            json!({ "corporate_number": enterprise["corporate_number"] }),
        ),
    ] {
        let field = filter.as_object().unwrap().keys().next().unwrap().clone();
        auditor
            .post(
                "/exports",
                json!({ "kind": kind, "format": "csv", "filter": filter }),
            )
            .await
            .invalid(&[&format!("/filter/{field}")]);
    }
}

#[actix_web::test]
async fn each_list_has_as_many_rows_as_the_page_says() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let manager = app.make_manager().await;
    let case = app.make_consulting_case(&desk, &manager).await;
    app.make_case().await;
    app.make_closed_case(&desk).await;
    for direction in ["inbound", "outbound"] {
        let call = json!({
            "kind": "phone", "direction": direction, "occurred_at": app.now(), "result": "reached", "body": "電話した。",
        });
        app.as_desk(&desk)
            .post(format!("/cases/{}/interactions", case.id()), call)
            .await
            .expect(201);
    }
    app.run_jobs().await;
    let supervisor = app.as_supervisor();
    let everybody = [
        supervisor.clone(),
        app.as_operator(),
        app.as_desk(&desk),
        app.as_manager(&manager),
        app.as_admin(),
    ];
    for who in everybody {
        for (kind, path) in [
            ("cases", "/cases"),
            ("sessions", "/consultations"),
            ("enterprises", "/enterprises"),
        ] {
            let listed = who.get(path).await.expect(200).items().len();
            for format in ["csv", "xlsx"] {
                let made = export(&app, &who, json!({ "kind": kind, "format": format })).await;
                assert_eq!(made["rows"], listed, "{kind}");
                let file = download(&who, &made).await.expect(200);
                match format {
                    "csv" => assert_eq!(lines(&file.bytes).len(), listed + 1),
                    _ => assert!(file.bytes.starts_with(b"PK")),
                }
            }
        }
    }
    let made = export(&app, &supervisor, csv_of("interactions")).await;
    // Two, and the calls that opened the cases.
    assert_eq!(made["rows"], 5);
    let filters = [
        (
            json!({ "kind": "cases", "format": "csv", "filter": { "status": "open" } }),
            2,
        ),
        (
            json!({ "kind": "cases", "format": "csv", "filter": { "status": "closed", "sort": "received_at" } }),
            1,
        ),
        (
            json!({ "kind": "cases", "format": "csv", "filter": { "q": case["number"] } }),
            1,
        ),
        (
            json!({ "kind": "cases", "format": "csv", "filter": { "q": "在宅勤務" } }),
            3,
        ),
        (
            json!({ "kind": "cases", "format": "csv", "filter": { "desk_id": desk.id() } }),
            2,
        ),
        (
            json!({ "kind": "sessions", "format": "csv", "filter": { "state": "held" } }),
            0,
        ),
        (
            json!({ "kind": "interactions", "format": "csv", "filter": { "direction": "inbound" } }),
            4,
        ),
        (
            json!({ "kind": "interactions", "format": "csv", "filter": { "kind": "email" } }),
            0,
        ),
        (
            json!({ "kind": "enterprises", "format": "csv", "filter": { "corporate_number": case["enterprise"]["corporate_number"] } }),
            1,
        ),
    ];
    for (request, rows) in filters {
        let made = export(&app, &supervisor, request.clone()).await;
        assert_eq!(made["rows"], rows, "{request}");
    }
}

/// What a ministry gets: every number is that of the report.
#[actix_web::test]
async fn figures_are_those_of_the_reports() {
    let app = TestApp::start().await;
    let (desk, other) = (app.make_desk().await, app.make_desk().await);
    for desk in [&desk, &desk, &other] {
        app.make_accepted_case(desk).await;
    }
    let request = json!({
        "kind": "figures", "format": "csv", "filter": { "fiscal_year": "2026", "ministry": "mic,mhlw" }
    });
    for (who, cases) in [
        (app.as_admin(), 3),
        (app.as_auditor(), 3),
        (app.as_desk(&desk), 2),
    ] {
        let export = export(&app, &who, request.clone()).await;
        let lines = lines(&download(&who, &export).await.bytes);
        let of = |name: &str, code: &str| {
            let line = lines.iter().find(|line| line[5] == name && line[6] == code);
            line.map(|line| line[8..].to_vec())
        };
        let total = of("合計", "").expect("the total is there");
        assert_eq!(total[0], cases.to_string());
        assert_eq!(lines[1][..2], ["2026-04-01", "2027-03-31"]);
        assert_eq!(lines[1][4], "年度: 2026年度 / 所管省庁: 総務省、厚生労働省");
        for (place, report) in ["cases", "interactions", "enterprises", "sessions"]
            .iter()
            .enumerate()
        {
            let path = format!("/reports/{report}?fiscal_year=2026&ministry=mic,mhlw&by=desk");
            let said = who.get(path).await.expect(200);
            assert_eq!(total[place], said["total"].to_string(), "{report}");
            for row in said["rows"].as_array().unwrap() {
                let code = row["keys"]["desk"]["code"].as_str().unwrap();
                let counts = of("地域窓口", code).expect("the desk is there");
                assert_eq!(counts[place], row["count"].to_string(), "{report} {code}");
            }
        }
        for dimension in [
            "月",
            "所管省庁",
            "都道府県",
            "専門家",
            "業種",
            "相談分野",
            "終了区分",
        ] {
            assert!(lines.iter().any(|line| line[5] == dimension), "{dimension}");
        }
    }
}

#[actix_web::test]
async fn formulas_are_words_and_old_programs_read_it() {
    let app = TestApp::start().await;
    let mut request = app.case_request();
    request["subject"] = json!("=HYPERLINK(\"http://evil.example\",\"ここ\")");
    request["description"] = json!("一行目, \"引用\"\n二行目〜𠮷野家の髙橋①");
    request["contacts"][0]["department"] = json!("@SUM(1+1)");
    app.as_operator().post("/cases", request).await.expect(201);
    let who = app.as_operator();
    let made = export(&app, &who, csv_of("cases")).await;
    let file = download(&who, &made).await.expect(200);
    assert!(file.bytes.starts_with(b"\xEF\xBB\xBF"));
    assert!(file.bytes.ends_with(b"\r\n"));
    let read = lines(&file.bytes);
    assert_eq!(
        column(&read, "件名"),
        ["'=HYPERLINK(\"http://evil.example\",\"ここ\")"]
    );
    assert_eq!(column(&read, "相談者の部署"), ["'@SUM(1+1)"]);
    assert_eq!(
        column(&read, "相談内容"),
        ["一行目, \"引用\"\n二行目〜𠮷野家の髙橋①"]
    );
    assert!(made["uncarried_characters"].as_array().unwrap().is_empty());

    let cp932 = json!({ "kind": "cases", "format": "csv", "encoding": "cp932" });
    let made = export(&app, &who, cp932).await;
    let file = download(&who, &made).await.expect(200);
    assert_eq!(
        file.header("content-type"),
        Some("text/csv; charset=windows-31j")
    );
    let (text, _, has_errors) = encoding_rs::SHIFT_JIS.decode(&file.bytes);
    assert!(!has_errors);
    let read = lines(text.as_bytes());
    // 〜 is carried as the sign that Windows has, 髙 and ① are its own, 𠮷 it does not have.
    assert_eq!(
        column(&read, "相談内容"),
        ["一行目, \"引用\"\n二行目\u{FF5E}〓野家の髙橋①"]
    );
    assert_eq!(
        made["uncarried_characters"],
        json!([{ "character": "𠮷", "count": 1 }])
    );
}

#[actix_web::test]
async fn what_cannot_be_asked_for() {
    let app = TestApp::start().await;
    let who = app.as_supervisor();
    let cases = [
        (
            json!({ "kind": "cases", "format": "xlsx", "encoding": "cp932" }),
            "/encoding",
        ),
        (
            json!({ "kind": "cases", "format": "csv", "filter": { "stauts": "open" } }),
            "/filter/stauts",
        ),
        (
            json!({ "kind": "cases", "format": "csv", "filter": { "status": "opn" } }),
            "/filter/status",
        ),
        (
            json!({ "kind": "cases", "format": "csv", "filter": { "limit": 5 } }),
            "/filter/limit",
        ),
        (
            json!({ "kind": "cases", "format": "csv", "filter": { "q": "あ".repeat(201) } }),
            "/filter/q",
        ),
        (
            json!({ "kind": "figures", "format": "csv", "filter": { "prefecture": "48" } }),
            "/filter/prefecture",
        ),
        (
            json!({ "kind": "figures", "format": "csv", "filter": { "by": "desk" } }),
            "/filter/by",
        ),
        (
            json!({ "kind": "figures", "format": "csv", "filter": [] }),
            "/filter",
        ),
        (
            json!({ "kind": "cases", "format": "csv", "filter": [] }),
            "/filter",
        ),
        (
            json!({ "kind": "sessions", "format": "csv", "filter": { "desk_id": "x" } }),
            "/filter/desk_id",
        ),
        (json!({ "kind": "users", "format": "csv" }), "/kind"),
        (json!({ "kind": "cases", "format": "ods" }), "/format"),
    ];
    for (request, pointer) in cases {
        who.post("/exports", request).await.invalid(&[pointer]);
    }
    // A token that may only take lists out, but read none, takes none out.
    let body = json!({ "name": "試験", "permissions": ["make_exports"], "expires_at": app.now() + TimeDelta::days(1) });
    let token = who.post("/api-tokens", body).await.expect(201);
    let machine = app.with_token(token["token"].as_str().unwrap());
    machine
        .post("/exports", csv_of("cases"))
        .await
        .problem("forbidden");
    // So many wait at a time, and repeating a request is none more.
    for n in 0..5 {
        for _ in 0..2 {
            who.post("/exports", csv_of("cases"))
                .idempotent(n)
                .await
                .expect(201);
        }
    }
    who.post("/exports", csv_of("cases"))
        .await
        .problem("conflict");
    app.run_jobs().await;
    who.post("/exports", csv_of("cases")).await.expect(201);
}

#[actix_web::test]
async fn a_file_lies_there_for_a_day() {
    let app = TestApp::start().await;
    app.make_case().await;
    let who = app.as_supervisor();
    let made = export(&app, &who, csv_of("cases")).await;
    let file_id: Uuid = sqlx::query_scalar("select file_id from export where id = $1")
        .bind(made.id())
        .fetch_one(&mut app.sql().await)
        .await
        .unwrap();
    assert!(app.blobs.open_export(file_id).await.unwrap().is_some());
    app.advance(TimeDelta::hours(23));
    download(&who, &made).await.expect(200);
    app.advance(TimeDelta::hours(1));
    download(&who, &made).await.problem("not-found");
    app.run_jobs().await;
    assert!(app.blobs.open_export(file_id).await.unwrap().is_none());
    let over = who.get(made_path(&made)).await.expect(200);
    assert_eq!(over["state"], "expired");
    app.advance(TimeDelta::days(30));
    app.run_jobs().await;
    who.get(made_path(&made)).await.problem("not-found");
}

#[actix_web::test]
async fn two_workers_make_one_file() {
    let app = TestApp::start().await;
    app.make_case().await;
    let who = app.as_supervisor();
    let asked = who.post("/exports", csv_of("cases")).await.expect(201);
    // As where a lease was lost.
    let again = "insert into job (kind, payload, run_at, created_at) select kind, payload, run_at, created_at from job where kind = 'make_export'";
    sqlx::query(again)
        .execute(&mut app.sql().await)
        .await
        .unwrap();
    let context =
        crate::harness::work_context(madoguchi::mail::smtp::Mailer::folder(std::env::temp_dir()));
    let both = app
        .parallel(2, |_| madoguchi::jobs::run_due(&app.store, &context))
        .await;
    assert!(both.iter().all(Result::is_ok));
    assert_eq!(events(&app, "export_made").await, 1);
    download(&who, &asked).await.expect(200);
}
