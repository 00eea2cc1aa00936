//! The web front end, as the program hands it out. `script/setup` builds it.

use crate::harness::TestApp;

fn asset(index: &str) -> &str {
    let from = index
        .find("/assets/")
        .expect("the front end is built: script/setup");
    let rest = &index[from..];
    &rest[..rest.find('"').unwrap()]
}

#[actix_web::test]
async fn every_address_of_a_page_is_the_one_document() {
    let app = TestApp::start().await;
    let visitor = app.as_nobody();
    for address in [
        "/",
        "/index.html",
        "/cases/01a2064a-9912-7386-b99c-078fb4f3a4a8",
        "/intake?phone=0312345678",
    ] {
        let page = visitor.get(format!("/{address}")).await.expect(200);
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{address}"
        );
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        assert!(page.text.contains("<html lang=\"ja\""), "{}", page.text);
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{policy}"
        );
        assert!(
            !page.text.contains("<script>") && !page.text.contains("<style"),
            "nothing inline"
        );
        assert!(
            !page.text.contains("//"),
            "nothing from elsewhere: {}",
            page.text
        );
    }
}

#[actix_web::test]
async fn what_has_a_hash_in_its_name_is_kept_for_ever() {
    let app = TestApp::start().await;
    let index = app.as_nobody().get("//").await.expect(200).text;
    let file = app
        .as_nobody()
        .get(format!("/{}", asset(&index)))
        .await
        .expect(200);
    assert_eq!(
        file.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    assert!(file.header("content-type").unwrap().starts_with("text/"));
}

#[actix_web::test]
async fn what_is_no_page_is_a_problem_as_before() {
    let app = TestApp::start().await;
    for address in [
        "/assets/none.js",
        "/favicon.ico.bak",
        "/api",
        "/api/v1/none",
        "/assets/../../Cargo.toml",
    ] {
        app.as_nobody()
            .get(format!("/{address}"))
            .await
            .problem("not-found");
    }
    app.as_nobody()
        .post("//cases", serde_json::json!({}))
        .await
        .problem("not-found");
}
