//! Templates: who keeps them, what may stand in them, and how they read for a case.

use crate::harness::{TestApp, TestResponse};
use serde_json::{Value, json};

async fn list(app: &TestApp) -> TestResponse {
    app.as_admin().get("/templates").await.expect(200)
}

/// The program's own template for a purpose.
async fn own(app: &TestApp, purpose: &str) -> Value {
    let list = list(app).await;
    let items = list["items"].as_array().unwrap();
    let template = items.iter().find(|item| item["purpose"] == purpose);
    template
        .unwrap_or_else(|| panic!("no template for {purpose}"))
        .clone()
}

fn text(name: &str, body: &str) -> Value {
    json!({ "name": name, "subject": "【{{case.number}}】ご回答", "body": body })
}

#[actix_web::test]
async fn the_program_brings_its_own_texts() {
    let app = TestApp::start().await;
    let list = list(&app).await;
    let purposes: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["purpose"].as_str().unwrap())
        .collect();
    assert_eq!(purposes.len(), 15, "{purposes:?}");
    // Each passes the check that it would have to pass if somebody wrote it.
    for item in list["items"].as_array().unwrap() {
        let path = format!("/templates/{}", item["id"].as_str().unwrap());
        let shown = app.as_admin().get(&path).await.expect(200);
        let same = json!({ "subject": item["subject"], "body": item["body"] });
        let edited = app
            .as_admin()
            .patch(&path, same)
            .if_match(shown.etag())
            .await
            .expect(200);
        assert_eq!(edited.etag(), shown.etag(), "nothing was changed");
        assert_eq!(edited["body"], item["body"], "stored as it would be read");
    }
    let placeholders = list["placeholders"].as_array().unwrap();
    let number = placeholders
        .iter()
        .find(|known| known["name"] == "case.number")
        .unwrap();
    assert_eq!(number["purposes"].as_array().unwrap().len(), 15);
    assert_eq!(number["in_replies"], true);
    assert!(placeholders.iter().all(|known| {
        known["description"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    }));
}

#[actix_web::test]
async fn who_may_read_and_who_may_write() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let template = app
        .as_admin()
        .post("/templates", text("助成金", "{{recipient}}"))
        .await
        .expect(201);
    let path = format!("/templates/{}", template.id());
    for client in [
        app.as_operator(),
        app.as_supervisor(),
        app.as_desk(&desk),
        app.as_manager(&manager),
    ] {
        client.get("/templates").await.expect(200);
        client.get(&path).await.expect(200);
        client
            .post("/templates", text("別", "a"))
            .await
            .problem("forbidden");
        client
            .patch(&path, json!({ "active": false }))
            .if_match("\"1\"")
            .await
            .problem("forbidden");
    }
    app.as_auditor()
        .get("/templates")
        .await
        .problem("forbidden");
    app.as_auditor().get(&path).await.problem("forbidden");
    app.as_nobody()
        .get("/templates")
        .await
        .problem("unauthenticated");
    app.as_nobody().get(&path).await.problem("unauthenticated");
    app.as_nobody()
        .post("/templates", json!({}))
        .await
        .problem("unauthenticated");
    app.as_nobody()
        .patch(&path, json!({}))
        .await
        .problem("unauthenticated");
    app.as_admin()
        .get("/templates/019ab000-0000-7000-8000-999999999999")
        .await
        .problem("not-found");
    app.as_admin()
        .delete(&path)
        .await
        .problem("method-not-allowed");
}

#[actix_web::test]
async fn what_cannot_be_filled_in_is_not_saved() {
    let app = TestApp::start().await;
    let admin = app.as_admin();
    let bad = json!({ "name": "誤り", "subject": "{{case.nmber}}", "body": "{{case.number\n{{consultation.when}}" });
    let refused = admin
        .post("/templates", bad)
        .await
        .invalid(&["/subject", "/body"]);
    assert!(refused.text.contains("{{case.nmber}}"), "{}", refused.text);
    assert!(
        refused.text.contains("{{consultation.when}}"),
        "{}",
        refused.text
    );
    assert_eq!(list(&app).await["items"].as_array().unwrap().len(), 15);

    // What stands in an invitation does not stand in a notice, and the other way round.
    let notice = own(&app, "notice_mail").await;
    let path = format!("/templates/{}", notice["id"].as_str().unwrap());
    let leak = json!({ "body": "{{enterprise.name}} {{case.subject}}" });
    admin
        .patch(&path, leak)
        .if_match("\"1\"")
        .await
        .invalid(&["/body"]);
    admin
        .patch(&path, json!({ "body": "{{link}}" }))
        .if_match("\"1\"")
        .await
        .expect(200);
}

#[actix_web::test]
async fn templates_are_edited_with_their_version_and_written_down() {
    let app = TestApp::start().await;
    let admin = app.as_admin();
    let created = admin
        .post("/templates", text("助成金のご案内", "{{recipient}}\n本文"))
        .idempotent("a")
        .await
        .expect(201);
    let path = format!("/templates/{}", created.id());
    assert!(created.location().ends_with(&path));
    assert!(created["purpose"].is_null());
    admin
        .post("/templates", text("助成金のご案内", "{{recipient}}\n本文"))
        .idempotent("a")
        .await
        .expect(201);
    admin
        .post("/templates", text("助成金のご案内", "別"))
        .await
        .problem("conflict");

    admin
        .patch(&path, json!({ "active": false }))
        .await
        .problem("precondition-required");
    let edited = admin
        .patch(&path, json!({ "active": false, "name": "助成金" }))
        .if_match(created.etag())
        .await
        .expect(200);
    assert_eq!(
        (&edited["active"], &edited["name"]),
        (&json!(false), &json!("助成金"))
    );
    admin
        .patch(&path, json!({ "active": true }))
        .if_match(created.etag())
        .await
        .problem("stale");
    let other = own(&app, "invitation").await;
    admin
        .patch(&path, json!({ "name": other["name"] }))
        .if_match(edited.etag())
        .await
        .problem("conflict");

    let events: Vec<String> = sqlx::query_scalar(
        "select kind || ' ' || data from audit_event where kind like 'template_%' order by seq",
    )
    .fetch_all(&mut app.sql().await)
    .await
    .unwrap();
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(events[0].starts_with("template_created"));
    assert!(
        events[1].contains("active") && events[1].contains("name") && !events[1].contains("助成金"),
        "{events:?}"
    );
}

#[actix_web::test]
async fn a_text_is_filled_in_for_a_case_in_view() {
    let app = TestApp::start().await;
    let (desk, elsewhere) = (app.make_desk().await, app.make_desk_for("03").await);
    let (manager, stranger) = (app.make_manager().await, app.make_manager().await);
    let mut request = app.case_request();
    request["subject"] = json!("{{enterprise.name}} と {{case.number");
    let case = app.as_operator().post("/cases", request).await.expect(201);
    let body = "{{recipient}}\n{{enterprise.name}} 御中\n件名: {{case.subject}}\n電話 {{sender.phone}}\n{{writer.name}}\n{{sender.signature}}";
    let template = app
        .as_admin()
        .post("/templates", text("回答", body))
        .await
        .expect(201);
    let path = format!("/templates/{}/preview", template.id());
    let of_case = json!({ "case_id": case.id() });

    let text = app
        .as_operator()
        .post(&path, of_case.clone())
        .await
        .expect(200);
    assert_eq!(
        text["subject"],
        format!("【{}】ご回答", case["number"].as_str().unwrap())
    );
    let contact = case["contacts"][0]["name"].as_str().unwrap();
    let enterprise = case["enterprise"]["name"].as_str().unwrap();
    // The values stand as they are, braces and all; the help center has no telephone number yet, so that line is gone.
    assert_eq!(
        text["body"],
        format!(
            "{contact} 様\n{enterprise} 御中\n件名: {{{{enterprise.name}}}} と {{{{case.number\n担当 花子\nテレワーク相談センター\nメール sodan@madoguchi.example"
        )
    );

    let seen = app.as_admin().get("/settings").await.expect(200).etag();
    let office = json!({ "office_name": "相談センター本部", "office_phone": "0120-861-009" });
    app.as_admin()
        .patch("/settings", office)
        .if_match(seen)
        .await
        .expect(200);
    let text = app
        .as_operator()
        .post(&path, of_case.clone())
        .await
        .expect(200);
    let said = text["body"].as_str().unwrap();
    assert!(said.contains("電話 0120-861-009\n"), "{said}");
    assert!(
        said.contains("相談センター本部\n電話 0120-861-009(平日9時から17時まで)\n"),
        "{said}"
    );

    // The desk writes in its own name.
    let route = json!({ "desk_id": desk.id() });
    app.as_operator()
        .post(format!("/cases/{}/route", case.id()), route)
        .await
        .expect(200);
    app.as_desk(&desk)
        .post(format!("/cases/{}/accept", case.id()), json!({}))
        .await
        .expect(200);
    let text = app
        .as_desk(&desk)
        .post(&path, of_case.clone())
        .await
        .expect(200);
    assert!(
        text["body"]
            .as_str()
            .unwrap()
            .contains(desk["name"].as_str().unwrap())
    );
    app.assign(&desk, &case, &manager, "labour").await;
    app.as_manager(&manager)
        .post(&path, of_case.clone())
        .await
        .expect(200);

    app.as_desk(&elsewhere)
        .post(&path, of_case.clone())
        .await
        .invalid(&["/case_id"]);
    app.as_manager(&stranger)
        .post(&path, of_case.clone())
        .await
        .invalid(&["/case_id"]);
    app.as_auditor()
        .post(&path, of_case.clone())
        .await
        .problem("forbidden");
    app.as_nobody()
        .post(&path, of_case.clone())
        .await
        .problem("unauthenticated");
    app.as_admin()
        .post(
            "/templates/019ab000-0000-7000-8000-999999999999/preview",
            of_case,
        )
        .await
        .problem("not-found");
}

#[actix_web::test]
async fn what_only_the_occasion_brings_is_shown_by_examples() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    for purpose in [
        "acknowledgement_out_of_hours",
        "invitation_changed",
        "notice_offer_closed",
    ] {
        let id = own(&app, purpose).await["id"].as_str().unwrap().to_owned();
        let text = app
            .as_admin()
            .post(
                format!("/templates/{id}/preview"),
                json!({ "case_id": case.id() }),
            )
            .await
            .expect(200);
        let said = format!("{}{}", text["subject"], text["body"]);
        assert!(said.contains(case["number"].as_str().unwrap()), "{said}");
        assert!(!said.contains("{{") && !said.contains("}}"), "{said}");
    }
}
