//! Disclosure: everything about one person, nobody else by name, for a week.

use crate::{
    harness::{TestApp, TestResponse},
    mails::{letter, plus_address},
};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::io::{Cursor, Read};
use zip::ZipArchive;

const FILE: &[u8] = b"%PDF-1.7 the plan of the office";

/// A case with two people on it, and mail of the first.
async fn case_of_two(app: &TestApp) -> TestResponse {
    let mut body = app.case_request();
    body["contacts"] = json!([
        { "role": "primary", "name": "蠣崎 凜太朗", "email": "rintaro@example.jp", "phone": "090-2468-1357" },
        { "role": "cc", "name": "野辺地 恵", "email": "megumi@example.jp", "phone": "090-1111-3333" },
    ]);
    let case = app.as_operator().post("/cases", body).await.expect(201);
    let notes = [
        "蠣崎様は野辺地恵様(090-1111-3333)の上司",
        "野辺地様だけのこと",
    ];
    for note in notes {
        let path = format!("/cases/{}/notes", case.id());
        app.as_operator()
            .post(path, json!({ "body": note }))
            .await
            .expect(201);
    }
    let mail = letter("rintaro@example.jp", "図面")
        .to(&[&plus_address(&case)])
        .saying("担当 花子様へ。")
        .enclosing("蠣崎.pdf", FILE);
    app.receive(&mail).await;
    case
}

async fn request(app: &TestApp, mut whom: Value) -> TestResponse {
    whom["reason"] = json!("本人の請求");
    whom["request_reference"] = json!("開第3号");
    let asked = app.as_admin().post("/disclosures", whom).await.expect(201);
    assert_eq!(asked["state"], "pending");
    app.run_jobs().await;
    app.as_admin()
        .get(format!("/disclosures/{}", asked.id()))
        .await
        .expect(200)
}

async fn package(app: &TestApp, disclosure: &TestResponse) -> (Value, Vec<Vec<u8>>) {
    let path = format!("/disclosures/{}/download", disclosure.id());
    let answer = app.as_admin().get(path).await.expect(200);
    assert_eq!(disclosure["size"], answer.bytes.len());
    let mut zip = ZipArchive::new(Cursor::new(answer.bytes)).unwrap();
    let mut read = |at| {
        let mut bytes = Vec::new();
        zip.by_index(at).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    let json = serde_json::from_slice(&read(0)).unwrap();
    let files = disclosure["counts"]["files"].as_u64().unwrap() as usize;
    (json, (1..=files).map(read).collect())
}

#[actix_web::test]
async fn a_person_gets_everything_about_themselves_and_nobody_else() {
    let app = TestApp::start().await;
    let case = case_of_two(&app).await;
    for whom in [
        json!({ "contact_id": case["contacts"][0]["id"] }),
        json!({ "email": "RINTARO@example.jp" }),
        json!({ "phone": "09024681357" }),
    ] {
        let ready = request(&app, whom).await;
        assert_eq!(ready["state"], "ready");
        let (json, files) = package(&app, &ready).await;
        let text = json.to_string();
        for own in ["蠣崎 凜太朗", "rintaro@example.jp", "図面", "蠣崎様は"] {
            assert!(text.contains(own), "{own} is missing: {json:#}");
        }
        for other in ["野辺地", "megumi", "1111-3333", "1111333", "花子"] {
            assert!(!text.contains(other), "{other} is disclosed: {json:#}");
        }
        assert_eq!(json["cases"][0]["number"], case["number"]);
        assert_eq!(json["notes"].as_array().unwrap().len(), 1);
        assert_eq!(files, [FILE.to_vec()]);
    }
    let named = request(
        &app,
        json!({ "email": "rintaro@example.jp", "with_staff_names": true }),
    )
    .await;
    assert!(package(&app, &named).await.0.to_string().contains("花子"));
}

#[actix_web::test]
async fn an_enterprise_gets_what_is_on_its_cases() {
    let app = TestApp::start().await;
    let case = case_of_two(&app).await;
    let ready = request(&app, json!({ "enterprise_id": case["enterprise"]["id"] })).await;
    let (json, _) = package(&app, &ready).await;
    assert_eq!(json["enterprises"][0]["name"], case["enterprise"]["name"]);
    assert_eq!(json["contacts"].as_array().unwrap().len(), 2);
    assert_eq!(json["notes"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_request_leads_to_one_person() {
    let app = TestApp::start().await;
    let case = case_of_two(&app).await;
    let mut other = app.case_request();
    other["contacts"] = json!([{ "role": "primary", "name": "三上 修", "phone": "090-2468-1357" }]);
    app.as_operator().post("/cases", other).await.expect(201);
    for (whom, pointer) in [
        (json!({ "phone": "090-2468-1357" }), "/phone"),
        (json!({ "email": "nobody@example.jp" }), "/email"),
        (json!({}), "/contact_id"),
        (
            json!({ "email": "a@example.jp", "enterprise_id": case["enterprise"]["id"] }),
            "/contact_id",
        ),
    ] {
        let mut body = whom;
        body["reason"] = json!("請求");
        body["request_reference"] = json!("1");
        app.as_admin()
            .post("/disclosures", body)
            .await
            .invalid(&[pointer]);
    }
}

#[actix_web::test]
async fn a_package_is_there_for_a_week_and_each_download_is_recorded() {
    let app = TestApp::start().await;
    let case = case_of_two(&app).await;
    let ready = request(&app, json!({ "contact_id": case["contacts"][0]["id"] })).await;
    package(&app, &ready).await;
    package(&app, &ready).await;
    let downloads: i64 =
        sqlx::query_scalar("select count(*) from audit_event where kind = 'disclosure_downloaded'")
            .fetch_one(&mut app.sql().await)
            .await
            .unwrap();
    assert_eq!(downloads, 2);
    let path = format!("/disclosures/{}/download", ready.id());
    app.advance(TimeDelta::days(7));
    app.as_admin().get(&path).await.problem("not-found");
    app.run_jobs().await;
    app.advance(TimeDelta::hours(2));
    app.run_jobs().await;
    let over = app
        .as_admin()
        .get(format!("/disclosures/{}", ready.id()))
        .await
        .expect(200);
    assert_eq!(
        (&over["state"], &over["sha256"]),
        (&json!("expired"), &Value::Null)
    );
    assert_eq!(
        app.count("blob").await,
        1,
        "the file of the case stays, the package is gone"
    );
}

#[actix_web::test]
async fn an_erasure_takes_the_packages_with_it() {
    let app = TestApp::start().await;
    let case = case_of_two(&app).await;
    let contact = &case["contacts"][0]["id"];
    let ready = request(&app, json!({ "contact_id": contact })).await;
    let body =
        json!({ "scope": "contact", "id": contact, "reason": "申出", "request_reference": "1" });
    let erasure = app.as_admin().post("/erasures", body).await.expect(201);
    app.as_admin()
        .post(format!("/erasures/{}/execute", erasure.id()), json!({}))
        .await
        .expect(200);
    app.as_admin()
        .get(format!("/disclosures/{}/download", ready.id()))
        .await
        .problem("not-found");
    app.advance(TimeDelta::hours(2));
    app.run_jobs().await;
    assert_eq!(app.count("blob").await, 0);
}
