//! Masked samples for an auditor, and comparing what they kept with what is there.

use crate::{erasure::places_of, harness::TestApp};
use serde_json::{Value, json};
use uuid::Uuid;

fn ids(sample: &Value) -> Vec<Uuid> {
    let items = sample["items"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[actix_web::test]
async fn the_same_seed_draws_the_same_cases() {
    let app = TestApp::start().await;
    for _ in 0..12 {
        app.make_case().await;
    }
    let auditor = app.as_auditor();
    let draw = async |query: &str| {
        auditor
            .get(format!("/samples?{query}"))
            .await
            .expect(200)
            .json
    };
    let first = draw("fiscal_year=2026&size=5&seed=7").await;
    assert_eq!((&first["total"], &first["size"]), (&json!(12), &json!(5)));
    assert_eq!(
        ids(&first),
        ids(&draw("fiscal_year=2026&size=5&seed=7").await)
    );
    // A larger one begins with the smaller one.
    assert_eq!(ids(&first), ids(&draw("size=12&seed=7").await)[..5]);
    assert_ne!(ids(&first), ids(&draw("size=5&seed=8").await));
    assert_eq!(draw("fiscal_year=2025").await["items"], json!([]));
    auditor.get("/samples?size=0").await.invalid(&["/size"]);
    app.as_supervisor()
        .get("/samples")
        .await
        .problem("forbidden");
}

#[actix_web::test]
async fn a_sample_shows_what_happened_and_not_to_whom() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let session = app.book(&desk, &case, 1).await;
    app.hold(&desk, &session).await;
    let path = format!("/consultations/{}/report", session.id());
    let report = json!({ "situation": "紙の申請が多い。", "advice": "電子化から。", "next_steps": "規程案。" });
    app.as_manager(&manager)
        .put(&path, report)
        .if_match("\"0\"")
        .await
        .expect(200);
    app.as_manager(&manager)
        .post(format!("{path}/submit"), json!({}))
        .await
        .expect(200);
    let draft = app
        .as_auditor()
        .get(format!("/samples/{}", case.id()))
        .await
        .expect(200);
    assert_eq!(
        draft["sessions"][0]["report"],
        Value::Null,
        "it is not approved yet"
    );
    app.as_desk(&desk)
        .post(format!("{path}/approve"), json!({}))
        .await
        .expect(200);
    app.run_jobs().await;
    let shown = app
        .as_auditor()
        .get(format!("/samples/{}", case.id()))
        .await
        .expect(200);
    assert_eq!(shown["case"]["number"], case["number"]);
    assert_eq!(shown["sessions"][0]["report"]["situation_letters"], 8);
    assert_eq!(shown["sessions"][0]["state"], "held");
    let moves: Vec<_> = shown["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["move"].as_str().unwrap())
        .collect();
    assert_eq!(moves, ["create", "route", "accept", "assign", "begin"]);
    assert_eq!(shown["history"][2]["by_role"], "desk");
    assert!(!shown["interactions"].as_array().unwrap().is_empty());
    // Nothing of it says who.
    let contact = &case["contacts"][0];
    for field in [
        &case["enterprise"]["name"],
        &case["enterprise"]["phone"],
        &contact["name"],
        &contact["phone"],
        &contact["email"],
        &case["description"],
        &case["subject"],
    ] {
        let value = field.as_str().unwrap();
        assert!(!shown.text.contains(value), "{value}");
        assert!(
            !places_of(&mut app.sql().await, value).await.is_empty(),
            "{value} is somewhere"
        );
    }
    app.as_auditor()
        .get(format!("/cases/{}", case.id()))
        .await
        .problem("forbidden");
    app.as_auditor()
        .get(format!("/samples/{}", Uuid::now_v7()))
        .await
        .problem("not-found");
}

#[actix_web::test]
async fn a_kept_head_is_compared() {
    let app = TestApp::start().await;
    app.make_case().await;
    app.run_jobs().await;
    let kept = app.as_auditor().get("/audit/head").await.expect(200).json;
    app.make_case().await;
    app.run_jobs().await;
    let compare = async |head: Value| {
        app.as_auditor()
            .post("/audit/verify-head", head)
            .await
            .expect(200)
    };
    let same = compare(kept.clone()).await;
    assert_eq!(
        (&same["matches"], &same["findings"]),
        (&json!(true), &json!([]))
    );
    assert!(same["current"]["events"].as_i64() > kept["events"].as_i64());
    let mut forged = kept.clone();
    forged["office"]["hash"] = json!("00".repeat(32));
    forged["checkpoint"]["id"] = json!(1_000_000);
    forged["events"] = json!(1_000_000);
    let other = compare(forged).await;
    assert_eq!(other["matches"], false);
    assert_eq!(other["findings"].as_array().unwrap().len(), 3);
    app.as_operator()
        .post("/audit/verify-head", kept)
        .await
        .problem("forbidden");
}
