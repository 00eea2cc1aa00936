//! Where something is: looked up while typing, filled in from postal codes, and derived for routing.

use crate::harness::{HasId, TestApp, TestResponse};
use serde_json::{Value, json};

/// A query with this parameter, as forms send it.
fn ask(name: &str, value: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair(name, value)
        .finish();
    format!("/places?{query}")
}

async fn names(app: &TestApp, name: &str, value: &str) -> Vec<String> {
    let found = app.as_operator().get(ask(name, value)).await.expect(200);
    let name = |item: &Value| {
        let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
        assert_eq!(
            item["municipality"].is_null(),
            item["municipality_code"].is_null()
        );
        text("prefecture") + &text("municipality")
    };
    found.items().iter().map(name).collect()
}

#[actix_web::test]
async fn places_are_found_while_typing() {
    let app = TestApp::start().await;
    let found = app
        .as_operator()
        .get("/places?postal_code=231-0021")
        .await
        .expect(200);
    assert_eq!(
        found.json,
        json!({ "items": [{
            "prefecture_code": "14", "prefecture": "神奈川県",
            "municipality_code": "141046", "municipality": "横浜市中区",
        }] })
    );
    assert_eq!(found.header("cache-control"), Some("no-store"));
    assert_eq!(
        names(&app, "postal_code", "〒４９８－００００").await,
        ["愛知県弥富市", "三重県桑名郡木曽岬町"]
    );
    assert_eq!(names(&app, "postal_code", "0000000").await, [""; 0]);
    assert_eq!(names(&app, "phone", "0176-23-5111").await, ["青森県"]);
    assert_eq!(
        names(&app, "phone", "０３（１２３４）５６７８").await,
        ["東京都"]
    );
    assert_eq!(
        names(&app, "phone", "0479-22-8181").await,
        ["千葉県", "茨城県"]
    );
    assert_eq!(names(&app, "phone", "090-1234-5678").await, [""; 0]);
    assert_eq!(
        names(&app, "address", "横浜市中区日本大通1").await,
        ["神奈川県横浜市中区"]
    );
    assert_eq!(
        names(&app, "address", "〒100-8926\n霞が関1-2-2").await,
        ["東京都千代田区"]
    );
    assert_eq!(
        names(&app, "address", "府中市").await,
        ["東京都府中市", "広島県府中市"]
    );
    assert_eq!(names(&app, "address", "どこか").await, [""; 0]);
}

#[actix_web::test]
async fn one_thing_is_asked_at_a_time() {
    let app = TestApp::start().await;
    let operator = app.as_operator();
    operator.get("/places").await.invalid(&["/postal_code"]);
    operator
        .get("/places?postal_code=")
        .await
        .invalid(&["/postal_code"]);
    operator
        .get("/places?postal_code=1000001&phone=0312345678")
        .await
        .invalid(&["/postal_code", "/phone"]);
    operator
        .get("/places?postal_code=100")
        .await
        .invalid(&["/postal_code"]);
    operator.get("/places?phone=12").await.invalid(&["/phone"]);
    operator.get("/places?name=x").await.invalid(&["/name"]);
    operator
        .get(ask("address", &"あ".repeat(1001)))
        .await
        .invalid(&["/address"]);
    operator
        .get(ask("address", &"あ".repeat(1000)))
        .await
        .expect(200);
}

#[actix_web::test]
async fn whoever_reads_desks_reads_places() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    for client in [
        app.as_desk(&desk),
        app.as_manager(&manager),
        app.as_supervisor(),
        app.as_admin(),
    ] {
        client.get("/places?phone=0312345678").await.expect(200);
    }
    app.as_auditor()
        .get("/places?phone=0312345678")
        .await
        .problem("forbidden");
    app.as_nobody()
        .get("/places")
        .await
        .problem("unauthenticated");
}

/// A case of a company about which this is known, and its site.
async fn case_of(app: &TestApp, enterprise: Value, site: Value, phone: &str) -> TestResponse {
    let mut request = app.case_request();
    request["enterprise"] =
        json!({ "kind": "company", "name": format!("株式会社林檎{}", app.next()) });
    for (field, value) in enterprise.as_object().unwrap() {
        request["enterprise"][field] = value.clone();
    }
    if !site.is_null() {
        request["site"] = site;
    }
    request["contacts"] = json!([{ "role": "primary", "phone": phone }]);
    app.as_operator().post("/cases", request).await.expect(201)
}

/// The ids of the proposed desks, and the whole answer.
async fn proposed(app: &TestApp, case: &impl HasId) -> (Vec<Value>, TestResponse) {
    let path = format!("/cases/{}/desk-proposals", case.id());
    let answer = app.as_operator().get(path).await.expect(200);
    let desks = answer.items().iter().map(|item| item["desk_id"].clone());
    (desks.collect(), answer)
}

async fn desk(app: &TestApp, areas: &[&str], topics: Value) -> TestResponse {
    let n = app.next();
    let body = json!({ "code": format!("d-{n}"), "name": format!("窓口{n}"), "topics": topics });
    let desk = app.as_admin().post("/desks", body).await.expect(201);
    for area in areas {
        let field = if area.len() == 2 {
            "prefecture_code"
        } else {
            "municipality_code"
        };
        let area = json!({ field: area, "from": "2026-04-01" });
        let path = format!("/desks/{}/coverage", desk.id());
        app.as_admin().post(path, area).await.expect(201);
    }
    desk
}

#[actix_web::test]
async fn a_postal_code_fills_the_place() {
    let app = TestApp::start().await;
    let case = case_of(
        &app,
        json!({ "postal_code": "030-0801" }),
        json!({ "postal_code": "231-0021" }),
        "090-1234-5678",
    )
    .await;
    assert_eq!(case["site"]["prefecture_code"], "14");
    assert_eq!(case["site"]["municipality_code"], "141046");
    let office = async |case: &TestResponse| {
        let id = case["enterprise"]["id"].as_str().unwrap();
        app.as_operator()
            .get(format!("/enterprises/{id}"))
            .await
            .expect(200)
    };
    let enterprise = office(&case).await;
    assert_eq!(enterprise["prefecture_code"], "02");
    assert_eq!(enterprise["municipality_code"], "022012");

    // Two prefectures: nothing is filled; what the caller says stays.
    let open = case_of(
        &app,
        json!({ "postal_code": "498-0000" }),
        Value::Null,
        "090-1234-5678",
    )
    .await;
    assert_eq!(office(&open).await["prefecture_code"], Value::Null);
    let said = json!({ "postal_code": "100-0001", "prefecture_code": "02" });
    let said = case_of(&app, said.clone(), said, "090-1234-5678").await;
    assert_eq!(office(&said).await["prefecture_code"], "02");
    assert_eq!(office(&said).await["municipality_code"], Value::Null);
    assert_eq!(said["site"]["municipality_code"], Value::Null);

    let edited = app
        .as_operator()
        .patch(
            format!("/cases/{}", open.id()),
            json!({ "site": { "postal_code": "498-0807" } }),
        )
        .if_match(open.etag())
        .await
        .expect(200);
    assert_eq!(edited["site"]["municipality_code"], "243035");
    let elsewhere = json!({ "site": { "prefecture_code": "02", "municipality_code": "131016" } });
    app.as_operator()
        .patch(format!("/cases/{}", open.id()), elsewhere.clone())
        .if_match(edited.etag())
        .await
        .invalid(&["/site/municipality_code"]);
    let mut request = app.case_request();
    request["site"] = elsewhere["site"].clone();
    app.as_operator()
        .post("/cases", request)
        .await
        .invalid(&["/site/municipality_code"]);
}

#[actix_web::test]
async fn the_closest_area_is_proposed_first() {
    let app = TestApp::start().await;
    let prefecture = desk(&app, &["14"], json!([])).await;
    let city = desk(&app, &["141003"], json!([])).await;
    let ward = desk(&app, &["141046", "141038"], json!([])).await;
    desk(&app, &["141305", "13"], json!([])).await;
    let naka = case_of(
        &app,
        json!({ "postal_code": "231-0021" }),
        Value::Null,
        "090-1234-5678",
    )
    .await;
    let (desks, answer) = proposed(&app, &naka).await;
    assert_eq!(
        desks,
        [&ward["id"], &city["id"], &prefecture["id"]].map(Clone::clone)
    );
    assert_eq!(answer["notes"], json!([]));
    assert_eq!(
        answer.items()[0]["reasons"],
        json!(["横浜市中区を担当（2026-04-01 から）", "受付中の案件 0 件"])
    );
    assert_eq!(
        answer.items()[1]["reasons"][0],
        "横浜市を担当（2026-04-01 から）"
    );

    // Another ward of the city.
    let midori = case_of(
        &app,
        json!({ "municipality_code": "141135" }),
        Value::Null,
        "090-1234-5678",
    )
    .await;
    let (desks, _) = proposed(&app, &midori).await;
    assert_eq!(desks, [&city["id"], &prefecture["id"]].map(Clone::clone));

    // Only the city is known: its ward's desk comes last.
    let yokohama = case_of(
        &app,
        json!({ "municipality_code": "141003" }),
        Value::Null,
        "090-1234-5678",
    )
    .await;
    let (desks, answer) = proposed(&app, &yokohama).await;
    assert_eq!(
        desks,
        [&city["id"], &prefecture["id"], &ward["id"]].map(Clone::clone)
    );
    let reasons = &answer.items()[2]["reasons"];
    assert_eq!(
        reasons[0],
        "神奈川県横浜市の一部（横浜市西区）を担当（2026-04-01 から）"
    );
    assert_eq!(reasons.as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn specialities_come_before_load() {
    let app = TestApp::start().await;
    let idle = desk(&app, &["02"], json!(["ict"])).await;
    let general = desk(&app, &["02"], json!([])).await;
    let labour = desk(&app, &["02"], json!(["rules", "labour", "ict", "labour"])).await;
    assert_eq!(labour["topics"], json!(["ict", "labour", "rules"]));
    for _ in 0..2 {
        app.make_routed_case(&labour).await;
        app.make_routed_case(&idle).await;
    }
    // About labour and ict.
    let case = app.make_case().await;
    let (desks, answer) = proposed(&app, &case).await;
    assert_eq!(
        desks,
        [&labour["id"], &idle["id"], &general["id"]].map(Clone::clone)
    );
    assert_eq!(
        answer.items()[0]["reasons"],
        json!([
            "青森県を担当（2026-04-01 から）",
            "得意分野が一致（労務管理、ICT環境の導入）",
            "受付中の案件 2 件"
        ])
    );
    // With equal topics the load decides.
    app.as_admin()
        .patch(format!("/desks/{}", idle.id()), json!({ "topics": [] }))
        .if_match(idle.etag())
        .await
        .expect(200);
    let (desks, _) = proposed(&app, &case).await;
    assert_eq!(
        desks,
        [&labour["id"], &general["id"], &idle["id"]].map(Clone::clone)
    );
}

#[actix_web::test]
async fn the_place_is_derived_from_what_is_known() {
    let app = TestApp::start().await;
    let aomori = desk(&app, &["02"], json!([])).await;
    let aichi = desk(&app, &["23"], json!([])).await;
    let kiso = desk(&app, &["243035"], json!([])).await;
    let derived = async |enterprise: Value, site: Value, phone: &str| {
        let case = case_of(&app, enterprise, site, phone).await;
        let (desks, answer) = proposed(&app, &case).await;
        let reasons = answer
            .items()
            .first()
            .map(|item| item["reasons"].as_array().unwrap().clone());
        let last = reasons
            .and_then(|reasons| reasons.last().cloned())
            .unwrap_or_default();
        (desks, last, answer["notes"].clone())
    };
    let mobile = "090-1234-5678";
    let (desks, reason, _) = derived(json!({}), Value::Null, "0176-23-5111").await;
    assert_eq!(desks, [aomori["id"].clone()]);
    assert_eq!(reason, "所在地は市外局番から推定（青森県）");
    let (desks, reason, _) = derived(
        json!({ "address": "青森市長島1-1" }),
        Value::Null,
        "03-1234-5678",
    )
    .await;
    assert_eq!(desks, [aomori["id"].clone()]);
    assert_eq!(reason, "所在地は住所から推定（青森県青森市）");
    // A branch of a company in Tokyo.
    let (desks, reason, _) = derived(
        json!({ "prefecture_code": "13" }),
        json!({ "phone": "017-734-1111" }),
        mobile,
    )
    .await;
    assert_eq!(desks, [aomori["id"].clone()]);
    assert_eq!(reason, "所在地は市外局番から推定（青森県）");
    // One postal code in two prefectures.
    let (desks, reason, notes) =
        derived(json!({ "postal_code": "498-0000" }), Value::Null, mobile).await;
    assert_eq!(desks, [&kiso["id"], &aichi["id"]].map(Clone::clone));
    assert_eq!(
        reason,
        "所在地は郵便番号から推定（愛知県弥富市、三重県桑名郡木曽岬町）"
    );
    assert_eq!(
        notes,
        json!(["所在地が一つに決まりません（愛知県弥富市、三重県桑名郡木曽岬町）。"])
    );
    // What does not fit is told.
    let said = json!({ "postal_code": "100-0001", "prefecture_code": "02" });
    let (desks, _, notes) = derived(said, Value::Null, mobile).await;
    assert_eq!(desks, [aomori["id"].clone()]);
    assert_eq!(notes.as_array().unwrap().len(), 1, "{notes}");
    assert!(notes[0].as_str().unwrap().contains("一致しません"));
}

#[actix_web::test]
async fn what_nobody_covers_stays_with_the_help_center() {
    let app = TestApp::start().await;
    let aomori = desk(&app, &["02"], json!([])).await;
    let unknown = case_of(&app, json!({}), Value::Null, "090-1234-5678").await;
    let (desks, answer) = proposed(&app, &unknown).await;
    assert_eq!(desks, [] as [Value; 0]);
    assert_eq!(
        answer["notes"],
        json!(["所在地がわからないため窓口を提案できません。相談センターで対応します。"])
    );
    let tokyo = case_of(
        &app,
        json!({ "prefecture_code": "13" }),
        Value::Null,
        "090-1234-5678",
    )
    .await;
    let (desks, answer) = proposed(&app, &tokyo).await;
    assert_eq!(desks, [] as [Value; 0]);
    assert_eq!(
        answer["notes"],
        json!(["東京都を担当する窓口がありません。相談センターで対応します。"])
    );
    // It may be routed all the same, and why nothing was proposed is kept.
    let route = json!({ "desk_id": aomori.id() });
    app.as_operator()
        .post(format!("/cases/{}/route", tokyo.id()), route)
        .await
        .expect(200);
    let because: String = sqlx::query_scalar(
        "select data->>'because' from audit_event where chain = $1 and kind = 'desk_proposed'",
    )
    .bind(tokyo.id())
    .fetch_one(&mut app.sql().await)
    .await
    .unwrap();
    assert!(because.contains("相談センター"), "{because}");
}

#[actix_web::test]
async fn an_area_is_a_municipality_of_today() {
    let app = TestApp::start().await;
    let hamamatsu = desk(&app, &["221309", "221384"], json!([])).await;
    // 浜松市中区, merged in 2024.
    let merged = json!({ "municipality_code": "22131", "from": "2026-04-01" });
    let path = format!("/desks/{}/coverage", hamamatsu.id());
    app.as_admin()
        .post(path, merged)
        .await
        .invalid(&["/municipality_code"]);
}
