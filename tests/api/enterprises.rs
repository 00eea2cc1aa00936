//! Enterprises: entering, looking up in any writing, what a desk and a manager may know (rule 8), duplicates, callers.

use crate::{
    factory::corporate_number,
    harness::{Client, HasId, TestApp, TestResponse},
    mails::{letter, plus_address},
    smtp::Sink,
};
use madoguchi::ids::EnterpriseId;
use serde_json::{Value, json};
use uuid::Uuid;

fn encode(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// The names found, in their order.
async fn found(client: &Client, parameter: &str, value: &str) -> Vec<String> {
    let path = format!("/enterprises?{parameter}={}", encode(value));
    let list = client.get(path).await.expect(200);
    let names = list
        .items()
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned());
    names.collect()
}

async fn make(app: &TestApp, fields: Value) -> TestResponse {
    let mut company = app.company();
    for (name, value) in fields.as_object().unwrap() {
        company[name] = value.clone();
    }
    app.as_operator()
        .post("/enterprises", company)
        .await
        .expect(201)
}

/// A case of that enterprise, accepted by the desk.
async fn make_case_of(app: &TestApp, desk: &impl HasId, enterprise: &Value) -> TestResponse {
    let mut case = app.case_request();
    case["enterprise"] = enterprise.clone();
    case["description"] = json!("在宅勤務の就業規則について");
    app.as_desk(desk).post("/cases", case).await.expect(201)
}

fn id_alone(enterprise: &impl HasId) -> Value {
    json!({ "id": enterprise.id() })
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql)
        .fetch_one(&mut app.sql().await)
        .await
        .unwrap()
}

#[actix_web::test]
async fn an_enterprise_is_entered_and_shown() {
    let app = TestApp::start().await;
    let body = json!({
        "kind": "company",
        "name": "　㈱青森りんご加工",
        "kana": "あおもりりんごかこう",
        "corporate_number": "７０００-０１２０-５０００２",
        "postal_code": "〒０３０−０８６１",
        "municipality_code": "02201",
        "address": "青森市長島1丁目1番1号",
        "industry_code": "e09",
        "employees": 42,
        "phone": "(017) 734-0001",
    });
    let made = app
        .as_operator()
        .post("/enterprises", body)
        .await
        .expect(201);
    assert_eq!(made["name"], "㈱青森りんご加工");
    assert_eq!(made["kana"], "アオモリリンゴカコウ");
    assert_eq!(made["corporate_number"], "7000012050002");
    assert_eq!(made["postal_code"], "0300861");
    assert_eq!(made["prefecture_code"], "02");
    assert_eq!(made["prefecture"], "青森県");
    assert_eq!(made["municipality_code"], "022012");
    assert_eq!(made["industry_code"], "E09");
    assert_eq!(made["phone"], "+81177340001");
    assert_eq!(made["this_year"], json!({ "cases": 0, "sessions_used": 0 }));
    let shown = app.as_supervisor().get(made.location()).await.expect(200);
    assert_eq!(shown.json, made.json);
    assert_eq!(shown.etag(), made.etag());
    let anonymous = app
        .as_operator()
        .post("/enterprises", json!({ "kind": "anonymous" }))
        .await;
    assert_eq!(anonymous.expect(201)["name"], Value::Null);
}

#[actix_web::test]
async fn every_faulty_field_of_an_enterprise_is_named() {
    let app = TestApp::start().await;
    let client = app.as_operator();
    for (body, pointers) in [
        (json!({}), &["/kind"][..]),
        (json!({ "kind": "company" }), &["/name"]),
        (json!({ "id": EnterpriseId::new() }), &["/id"]),
        (json!({ "kind": "company", "name": "a\u{0}" }), &["/name"]),
        (
            json!({ "kind": "company", "name": "あ".repeat(201) }),
            &["/name"],
        ),
        (
            json!({
                "address": "1\n2", "corporate_number": "7000012050003", "employees": 1.5, "industry_code": "Z1", "kana": "漢字",
                "kind": "club", "municipality_code": "022013", "name": "りんご", "phone": "0", "postal_code": "123",
                "prefecture_code": "0", "telex": "1",
            }),
            &[
                "/address",
                "/corporate_number",
                "/employees",
                "/industry_code",
                "/kana",
                "/kind",
                "/municipality_code",
                "/phone",
                "/postal_code",
                "/prefecture_code",
                "/telex",
            ],
        ),
        (
            json!({
                "kind": "sole_proprietor", "name": "りんご", "corporate_number": "7000012050002", "prefecture_code": "13",
                "municipality_code": "022012", "employees": -1, "employees_regular": 10_000_001,
            }),
            &[
                "/corporate_number",
                "/municipality_code",
                "/employees",
                "/employees_regular",
            ],
        ),
    ] {
        client.post("/enterprises", body).await.invalid(pointers);
    }
    // A My Number must not be typed here.
    let number = json!({ "kind": "worker", "name": "工藤", "corporate_number": "123456789012" });
    client
        .post("/enterprises", number)
        .await
        .invalid(&["/corporate_number"]);
}

#[actix_web::test]
async fn names_are_found_in_any_writing() {
    let app = TestApp::start().await;
    make(
        &app,
        json!({ "name": "株式会社髙﨑塗装", "kana": "タカサキトソウ" }),
    )
    .await;
    make(
        &app,
        json!({ "name": "キヤノン八戸（株）", "kana": "キャノンハチノヘ" }),
    )
    .await;
    make(&app, json!({ "name": "100%りんご_工房", "kana": null })).await;
    make(&app, json!({ "kind": "sole_proprietor", "name": "高崎 次郎", "kana": "タカサキ ジロウ", "corporate_number": null })).await;
    let client = app.as_operator();
    for typed in [
        "髙﨑塗",
        "高崎塗装",
        "株式会社高崎塗装",
        "(株)高崎塗",
        "㈱　高崎塗",
        "たかさきと",
        "ﾀｶｻｷﾄ",
    ] {
        assert_eq!(
            found(&client, "q", typed).await,
            ["株式会社髙﨑塗装"],
            "{typed}"
        );
    }
    for typed in ["キャノン", "キヤノン", "ｷｬﾉﾝ八", "きやのん"] {
        assert_eq!(
            found(&client, "q", typed).await,
            ["キヤノン八戸（株）"],
            "{typed}"
        );
    }
    assert_eq!(
        found(&client, "q", "たかさき").await,
        ["株式会社髙﨑塗装", "高崎 次郎"]
    );
    assert_eq!(found(&client, "q", "100%り").await, ["100%りんご_工房"]);
    assert_eq!(found(&client, "q", "塗装").await, [""; 0]);
    assert_eq!(found(&client, "q", "%").await, [""; 0]);
    assert_eq!(found(&client, "q", "_").await, [""; 0]);
}

#[actix_web::test]
async fn a_changed_name_is_found_by_the_new_one() {
    let app = TestApp::start().await;
    let made = make(&app, json!({ "name": "株式会社りんご", "kana": null })).await;
    let change = json!({ "name": "株式会社ながいも", "kana": "ナガイモ" });
    app.as_operator()
        .patch(made.location(), change)
        .if_match(made.etag())
        .await
        .expect(200);
    let client = app.as_operator();
    assert_eq!(found(&client, "q", "りんご").await, [""; 0]);
    assert_eq!(found(&client, "q", "ながいも").await, ["株式会社ながいも"]);
}

#[actix_web::test]
async fn a_number_is_found_in_five_writings() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    make(
        &app,
        json!({ "name": "本社の番号", "phone": "017-734-1111" }),
    )
    .await;
    let mut with_contact = app.case_request();
    with_contact["enterprise"]["name"] = json!("担当者の番号");
    with_contact["contacts"][0]["phone"] = json!("090-1111-2222");
    app.as_operator()
        .post("/cases", with_contact)
        .await
        .expect(201);
    let mut with_site = app.case_request();
    with_site["enterprise"]["name"] = json!("事業所の番号");
    with_site["site"] = json!({ "name": "八戸支店", "phone": "0178-22-3333" });
    app.as_desk(&desk)
        .post("/cases", with_site)
        .await
        .expect(201);
    for (name, writings) in [
        (
            "本社の番号",
            [
                "017-734-1111",
                "0177341111",
                "０１７（７３４）１１１１",
                "+81 17 734 1111",
                "TEL 017‐734‐1111",
            ],
        ),
        (
            "担当者の番号",
            [
                "090-1111-2222",
                "09011112222",
                "０９０ー１１１１ー２２２２",
                "+81-90-1111-2222",
                "81 90 1111 2222",
            ],
        ),
        (
            "事業所の番号",
            [
                "0178-22-3333",
                "0178223333",
                "０１７８ー２２ー３３３３",
                "+81178223333",
                "(0178)22-3333",
            ],
        ),
    ] {
        for writing in writings {
            assert_eq!(
                found(&app.as_operator(), "phone", writing).await,
                [name],
                "{writing}"
            );
            assert_eq!(
                found(&app.as_desk(&desk), "phone", writing).await,
                [name],
                "{writing}"
            );
            let caller = app
                .as_operator()
                .get(format!("/callers?phone={}", encode(writing)))
                .await
                .expect(200);
            assert_eq!(caller["enterprises"][0]["name"], name, "{writing}");
        }
    }
    app.as_operator()
        .get("/enterprises?phone=12")
        .await
        .invalid(&["/phone"]);
}

#[actix_web::test]
async fn corporate_numbers_are_looked_up_exactly() {
    let app = TestApp::start().await;
    make(
        &app,
        json!({ "name": "りんご", "corporate_number": "7000012050002" }),
    )
    .await;
    let client = app.as_operator();
    for writing in [
        "7000012050002",
        "７０００ ０１２０ ５０００２",
        "7-0000-1205-0002",
    ] {
        assert_eq!(
            found(&client, "corporate_number", writing).await,
            ["りんご"]
        );
    }
    assert_eq!(
        found(&client, "corporate_number", &corporate_number(99)).await,
        [""; 0]
    );
    client
        .get("/enterprises?corporate_number=7000012050003")
        .await
        .invalid(&["/corporate_number"]);
    client
        .get("/enterprises?number=1")
        .await
        .invalid(&["/number"]);
}

#[actix_web::test]
async fn pages_are_stable_while_enterprises_are_added() {
    let app = TestApp::start().await;
    for n in [3, 1, 5, 2, 4] {
        make(
            &app,
            json!({ "name": format!("山田商店{n}"), "kana": "ヤマダショウテン" }),
        )
        .await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app
            .as_operator()
            .get(format!(
                "/enterprises?q={}&limit=2{cursor}",
                encode("ヤマダ")
            ))
            .await
            .expect(200);
        seen.extend(
            page.items()
                .iter()
                .map(|item| item["name"].as_str().unwrap().to_owned()),
        );
        make(
            &app,
            json!({ "name": "山田商店0", "kana": "ヤマダショウテン" }),
        )
        .await;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(
        seen,
        [
            "山田商店1",
            "山田商店2",
            "山田商店3",
            "山田商店4",
            "山田商店5"
        ]
    );
    app.as_operator()
        .get("/enterprises?cursor=AAAA")
        .await
        .invalid(&["/cursor"]);
    app.as_operator()
        .get("/enterprises?limit=0")
        .await
        .invalid(&["/limit"]);
}

#[actix_web::test]
async fn a_change_needs_the_version_it_is_about() {
    let app = TestApp::start().await;
    let made = make(&app, json!({})).await;
    let client = app.as_operator();
    let change = json!({ "employees": 43, "phone": null });
    client
        .patch(made.location(), change.clone())
        .await
        .problem("precondition-required");
    let stale = client
        .patch(made.location(), change.clone())
        .if_match("\"0\"");
    stale.await.problem("stale");
    let changed = client
        .patch(made.location(), change.clone())
        .if_match(made.etag());
    let changed = changed.await.expect(200);
    assert_eq!(
        (&changed["employees"], &changed["phone"]),
        (&json!(43), &Value::Null)
    );
    let again = client
        .patch(made.location(), change.clone())
        .if_match(made.etag());
    again.await.problem("stale");
    let same = client
        .patch(made.location(), change)
        .if_match(changed.etag());
    assert_eq!(same.await.expect(200).etag(), changed.etag());
    assert_eq!(
        count(
            &app,
            "select count(*) from audit_event where kind = 'enterprise_edited'"
        )
        .await,
        1
    );

    let taken = make(&app, json!({})).await["corporate_number"].clone();
    for (change, pointers) in [
        (json!({ "name": null }), &["/name"][..]),
        (json!({ "kind": "worker" }), &["/corporate_number"]),
        (json!({ "prefecture_code": "13" }), &["/municipality_code"]),
        (json!({ "prefecture_code": null }), &["/prefecture_code"]),
        (
            json!({ "employees": -1, "employees_regular": -1 }),
            &["/employees", "/employees_regular"],
        ),
        (json!({ "id": made.id() }), &["/id"]),
    ] {
        let refused = client
            .patch(made.location(), change)
            .if_match(changed.etag());
        refused.await.invalid(pointers);
    }
    let twice = client
        .patch(made.location(), json!({ "corporate_number": taken }))
        .if_match(changed.etag());
    twice.await.problem("conflict");
    let nowhere = client
        .patch(format!("/enterprises/{}", Uuid::now_v7()), json!({}))
        .if_match("\"1\"");
    nowhere.await.problem("not-found");
}

#[actix_web::test]
async fn one_corporate_number_is_one_enterprise() {
    let app = TestApp::start().await;
    app.as_operator().token().await;
    let company = app.company();
    let tries = app.parallel(20, |_| {
        app.as_operator()
            .post("/enterprises", company.clone())
            .into_future()
    });
    let statuses: Vec<_> = tries
        .await
        .into_iter()
        .map(|answer| answer.status)
        .collect();
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 409).count(),
        19,
        "{statuses:?}"
    );

    // Twenty cases of a company that nobody knows, at the same moment: one enterprise, and all but one flagged.
    let case = app.case_request();
    let tries = app.parallel(20, |_| {
        app.as_operator().post("/cases", case.clone()).into_future()
    });
    let cases = tries.await;
    let enterprises: std::collections::HashSet<_> = cases
        .iter()
        .map(|case| {
            case.clone().expect(201)["enterprise"]["id"]
                .clone()
                .to_string()
        })
        .collect();
    assert_eq!(enterprises.len(), 1);
    let flagged = "select count(*) from case_flag where flag = 'same_enterprise_this_year'";
    assert_eq!(count(&app, flagged).await, 19);
    assert_eq!(count(&app, "select count(*) from enterprise").await, 2);
    assert_eq!(
        count(
            &app,
            "select count(*) from audit_event where kind = 'enterprise_created'"
        )
        .await,
        2
    );
}

#[actix_web::test]
async fn a_case_takes_an_enterprise_by_id_or_names_a_new_one() {
    let app = TestApp::start().await;
    let made = make(&app, json!({})).await;
    let mut case = app.case_request();
    case["enterprise"] = id_alone(&made);
    let opened = app
        .as_operator()
        .post("/cases", case.clone())
        .await
        .expect(201);
    assert_eq!(opened["enterprise"]["id"], made["id"]);
    case["enterprise"]["kind"] = json!("company");
    app.as_operator()
        .post("/cases", case.clone())
        .await
        .invalid(&["/enterprise/id"]);
    case["enterprise"] = json!({ "id": EnterpriseId::new() });
    app.as_operator()
        .post("/cases", case.clone())
        .await
        .invalid(&["/enterprise/id"]);
    case["enterprise"] = json!({ "name": "りんご", "employees": -1 });
    app.as_operator()
        .post("/cases", case)
        .await
        .invalid(&["/enterprise/kind", "/enterprise/employees"]);
}

#[actix_web::test]
async fn a_desk_looks_up_all_and_changes_its_own() {
    let app = TestApp::start().await;
    let (aomori, akita) = (app.make_desk().await, app.make_desk_for("05").await);
    let enterprise = make(&app, json!({ "name": "株式会社りんご", "kana": "リンゴ" })).await;
    let path = enterprise.location();
    make_case_of(&app, &aomori, &id_alone(&enterprise)).await;
    let foreign = app.as_desk(&akita);
    let seen = foreign.get(&path).await.expect(200);
    assert_eq!(seen["this_year"], json!({ "cases": 1, "sessions_used": 0 }));
    assert_eq!(found(&foreign, "q", "りんご").await, ["株式会社りんご"]);
    assert_eq!(
        foreign.get("/enterprises").await.expect(200).items(),
        [] as [Value; 0]
    );
    assert_eq!(
        foreign
            .get(format!("{path}/cases"))
            .await
            .expect(200)
            .items(),
        [] as [Value; 0]
    );
    let change = json!({ "employees": 1 });
    foreign
        .patch(&path, change.clone())
        .if_match(enterprise.etag())
        .await
        .problem("not-found");
    let other = json!({ "other_id": make(&app, json!({})).await.id() });
    foreign
        .post(format!("{path}/confirm-different"), other.clone())
        .await
        .problem("not-found");
    foreign
        .get(format!("/enterprises/{}", Uuid::now_v7()))
        .await
        .problem("not-found");

    let own = app.as_desk(&aomori);
    assert_eq!(own.get("/enterprises").await.expect(200).items().len(), 1);
    assert_eq!(
        own.get(format!("{path}/cases"))
            .await
            .expect(200)
            .items()
            .len(),
        1
    );
    own.patch(&path, change)
        .if_match(enterprise.etag())
        .await
        .expect(200);
    own.post(format!("{path}/confirm-different"), other)
        .await
        .expect(204);
    own.post("/enterprises", app.company()).await.expect(201);
}

#[actix_web::test]
async fn a_manager_sees_the_enterprises_of_their_cases() {
    let app = TestApp::start().await;
    let (desk, manager, stranger) = (
        app.make_desk().await,
        app.make_manager().await,
        app.make_manager().await,
    );
    let case = app.make_assigned_case(&desk, &manager).await;
    app.make_accepted_case(&desk).await;
    let path = format!(
        "/enterprises/{}",
        case["enterprise"]["id"].as_str().unwrap()
    );
    let own = app.as_manager(&manager);
    let shown = own.get(&path).await.expect(200);
    assert_eq!(
        own.get("/enterprises").await.expect(200).items(),
        std::slice::from_ref(&shown.json)
    );
    let number = shown["corporate_number"].as_str().unwrap();
    assert_eq!(found(&own, "corporate_number", number).await.len(), 1);
    assert_eq!(
        own.get(format!("{path}/cases"))
            .await
            .expect(200)
            .items()
            .len(),
        1
    );
    own.patch(&path, json!({}))
        .if_match(shown.etag())
        .await
        .problem("forbidden");

    let other = app.as_manager(&stranger);
    other.get(&path).await.problem("not-found");
    other
        .get(format!("{path}/cases"))
        .await
        .problem("not-found");
    assert_eq!(found(&other, "corporate_number", number).await, [""; 0]);
    assert_eq!(
        other.get("/enterprises").await.expect(200).items(),
        [] as [Value; 0]
    );
    other
        .get("/callers?phone=0177340001")
        .await
        .problem("forbidden");

    let assignment = case["managers"][0]["assignment_id"].as_str().unwrap();
    let released = json!({ "reason": "都合がつかない" });
    app.as_desk(&desk)
        .post(format!("/assignments/{assignment}/release"), released)
        .await
        .expect(200);
    own.get(&path).await.problem("not-found");
}

#[actix_web::test]
async fn the_auditor_and_nobody_see_no_enterprises() {
    let app = TestApp::start().await;
    let made = make(&app, json!({})).await;
    for path in [
        "/enterprises".to_owned(),
        made.location(),
        "/callers?phone=0177340001".to_owned(),
    ] {
        app.as_auditor().get(&path).await.problem("forbidden");
        app.as_nobody().get(&path).await.problem("unauthenticated");
    }
}

#[actix_web::test]
async fn this_year_counts_all_cases_and_their_sessions() {
    let app = TestApp::start().await;
    let (desk, manager, other) = (
        app.make_desk().await,
        app.make_manager().await,
        app.make_desk_for("05").await,
    );
    let case = app.make_consulting_case(&desk, &manager).await;
    app.book(&desk, &case, 4).await;
    let enterprise = json!({ "id": case["enterprise"]["id"] });
    make_case_of(&app, &other, &enterprise).await;
    let mut spam = app.case_request();
    spam["enterprise"] = enterprise.clone();
    spam["close_as"] = json!({ "outcome": "spam", "note": "営業" });
    app.as_operator().post("/cases", spam).await.expect(201);
    let path = format!(
        "/enterprises/{}",
        case["enterprise"]["id"].as_str().unwrap()
    );
    let this_year = async || app.as_desk(&other).get(&path).await.expect(200)["this_year"].clone();
    assert_eq!(this_year().await, json!({ "cases": 2, "sessions_used": 2 }));
    // The fiscal year ends in Japan.
    app.set_time("2027-03-31T23:59:59+09:00");
    assert_eq!(this_year().await, json!({ "cases": 2, "sessions_used": 2 }));
    app.set_time("2027-04-01T00:00:00+09:00");
    assert_eq!(this_year().await, json!({ "cases": 0, "sessions_used": 0 }));
}

#[actix_web::test]
async fn cases_of_an_enterprise_are_paged() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let enterprise = make(&app, json!({})).await;
    let mut numbers = Vec::new();
    for _ in 0..3 {
        app.advance(chrono::TimeDelta::minutes(1));
        let case = make_case_of(&app, &desk, &id_alone(&enterprise)).await;
        numbers.insert(0, case["number"].clone());
    }
    let path = format!("{}/cases?limit=2", enterprise.location());
    let first = app.as_operator().get(&path).await.expect(200);
    let second = format!("{path}&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = app.as_operator().get(second).await.expect(200);
    let seen: Vec<_> = first
        .items()
        .iter()
        .chain(second.items())
        .map(|case| case["number"].clone())
        .collect();
    assert_eq!(seen, numbers);
    assert_eq!(second["next_cursor"], Value::Null);
    let case = &first.items()[0];
    assert_eq!(
        (&case["status"], &case["desk"]),
        (&json!("accepted"), &desk["name"])
    );
    assert_eq!(
        (&case["session_limit"], &case["sessions_used"]),
        (&json!(3), &json!(0))
    );
    let nowhere = format!("/enterprises/{}/cases", Uuid::now_v7());
    app.as_operator().get(nowhere).await.problem("not-found");
    app.as_operator()
        .get(format!("{path}&cursor=x"))
        .await
        .invalid(&["/cursor"]);
}

#[actix_web::test]
async fn two_enterprises_are_confirmed_different_once() {
    let app = TestApp::start().await;
    let (one, other) = (make(&app, json!({})).await, make(&app, json!({})).await);
    let path = |enterprise: &TestResponse| format!("{}/confirm-different", enterprise.location());
    let body = |enterprise: &TestResponse| json!({ "other_id": enterprise.id() });
    let client = app.as_operator();
    client.token().await;
    let tries = app.parallel(10, |n| {
        let (from, to) = if n % 2 == 0 {
            (&one, &other)
        } else {
            (&other, &one)
        };
        app.as_operator().post(path(from), body(to)).into_future()
    });
    for answer in tries.await {
        answer.expect(204);
    }
    assert_eq!(
        count(&app, "select count(*) from enterprise_different").await,
        1
    );
    assert_eq!(
        count(
            &app,
            "select count(*) from audit_event where kind = 'enterprise_confirmed_different'"
        )
        .await,
        1
    );
    client
        .post(path(&one), body(&one))
        .await
        .invalid(&["/other_id"]);
    let nobody = json!({ "other_id": EnterpriseId::new() });
    client
        .post(path(&one), nobody.clone())
        .await
        .invalid(&["/other_id"]);
    client
        .post(path(&one), json!({}))
        .await
        .invalid(&["/other_id"]);
    let nowhere = format!("/enterprises/{}/confirm-different", Uuid::now_v7());
    client.post(nowhere, nobody).await.problem("not-found");
}

#[actix_web::test]
async fn possible_duplicates_are_those_that_may_be_the_same() {
    let app = TestApp::start().await;
    make(
        &app,
        json!({ "name": "株式会社りんご", "corporate_number": null, "phone": "017-734-1111" }),
    )
    .await;
    make(
        &app,
        json!({ "name": "株式会社ながいも", "phone": "017-734-2222" }),
    )
    .await;
    let number = corporate_number(1000);
    for (name, corporate_number, phone, is_similar) in [
        ("りんご（株）", None, None, true),
        ("有限会社りんご", Some(number.as_str()), None, true),
        ("りんご商店", None, None, false),
        ("りんご商店", None, Some("0177341111"), true),
        // Two corporate numbers are two legal persons.
        (
            "株式会社ながいも",
            Some(&corporate_number(1001)),
            Some("0177342222"),
            false,
        ),
    ] {
        let mut case = app.case_request();
        for (field, value) in [
            ("name", Some(name)),
            ("kana", None),
            ("corporate_number", corporate_number),
            ("phone", phone),
        ] {
            case["enterprise"][field] = json!(value);
        }
        let case = app.as_operator().post("/cases", case).await.expect(201);
        let is_flagged = case["flags"].to_string().contains("possible_duplicate");
        assert_eq!(
            is_flagged, is_similar,
            "{name} {corporate_number:?} {phone:?}"
        );
    }
}

#[actix_web::test]
async fn a_caller_is_known_in_one_answer() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let mut request = app.case_request();
    request["contacts"][0]["phone"] = json!("090-1111-2222");
    request["contacts"][0]["email"] = json!("Soumu@Example.co.jp");
    let case = app
        .as_desk(&desk)
        .post("/cases", request.clone())
        .await
        .expect(201);
    app.assign(&desk, &case, &manager, "labour").await;
    app.book(&desk, &case, 3).await;
    // An older case of the same people, answered at once.
    request["enterprise"] = json!({ "id": case["enterprise"]["id"] });
    request["close_as"] = json!({ "outcome": "answered", "note": "電話で回答した。" });
    app.as_operator().post("/cases", request).await.expect(201);
    for minute in 1..=4 {
        let call = json!({
            "kind": "phone", "direction": "inbound", "occurred_at": app.now(), "result": "reached",
            "body": format!("{minute}回目の電話。{}", "あ".repeat(100)),
        });
        app.as_desk(&desk)
            .post(format!("/cases/{}/interactions", case.id()), call)
            .await
            .expect(201);
        app.advance(chrono::TimeDelta::minutes(1));
    }
    let by_phone = app
        .as_operator()
        .get("/callers?phone=%2B819011112222")
        .await
        .expect(200);
    let people = by_phone["people"].as_array().unwrap();
    assert_eq!(people.len(), 2);
    assert!(
        people
            .iter()
            .any(|person| person["case_number"] == case["number"] && person["role"] == "primary")
    );
    let enterprises = by_phone["enterprises"].as_array().unwrap();
    assert_eq!(enterprises.len(), 1);
    assert_eq!(enterprises[0]["id"], case["enterprise"]["id"]);
    assert_eq!(enterprises[0]["prefecture"], "青森県");
    assert_eq!(
        (
            &enterprises[0]["cases_this_year"],
            &enterprises[0]["sessions_used_this_year"]
        ),
        (&json!(2), &json!(1))
    );
    assert_eq!(by_phone["sessions_used"], 1);
    let open = by_phone["open_cases"].as_array().unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(
        (&open[0]["id"], &open[0]["status"], &open[0]["desk"]),
        (&case["id"], &json!("consulting"), &desk["name"])
    );
    let contacts = by_phone["last_contacts"].as_array().unwrap();
    let began: Vec<_> = contacts
        .iter()
        .map(|contact| contact["summary"].as_str().unwrap().chars().next().unwrap())
        .collect();
    assert_eq!(began, ['4', '3', '2']);
    assert!(
        contacts
            .iter()
            .all(|contact| contact["summary"].as_str().unwrap().chars().count() == 80)
    );
    assert_eq!(contacts[0]["case_id"], case["id"]);

    let by_email = app
        .as_operator()
        .get("/callers?email=soumu@EXAMPLE.co.jp")
        .await
        .expect(200);
    assert_eq!(by_email.json, by_phone.json);
}

#[actix_web::test]
async fn mail_is_a_contact_too() {
    let app = TestApp::start_silent().await;
    let (sink, desk) = (Sink::start().await, app.make_desk().await);
    let case = app.make_accepted_case(&desk).await;
    let sender = case["contacts"][0]["email"].as_str().unwrap();
    let callers = format!("/callers?email={sender}");
    let contacts = async || {
        let caller = app.as_operator().get(&callers).await.expect(200);
        let contacts = caller["last_contacts"].as_array().unwrap().clone();
        let said = contacts.into_iter().map(|contact| {
            let [kind, direction, summary] = ["kind", "direction", "summary"]
                .map(|field| contact[field].as_str().unwrap().to_owned());
            (kind, direction, summary, contact["result"].is_null())
        });
        said.take(2).collect::<Vec<_>>()
    };
    app.advance(chrono::TimeDelta::minutes(1));
    app.receive(&letter(sender, "規程の件").to(&[&plus_address(&case)]))
        .await;
    let inbound = ("email".into(), "inbound".into(), "規程の件".into(), true);
    assert_eq!(contacts().await[0], inbound);
    app.advance(chrono::TimeDelta::minutes(1));
    let reply = json!({ "subject": "雛形について", "body": "お送りします。" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/messages", case.id()), reply)
        .await
        .expect(201);
    assert_eq!(contacts().await[0], inbound, "it has not left yet");
    app.release(&sink.mailer()).await;
    let (kind, direction, summary, _) = contacts().await.swap_remove(0);
    assert_eq!((kind.as_str(), direction.as_str()), ("email", "outbound"));
    assert!(summary.ends_with("雛形について"), "{summary}");
    assert_eq!(contacts().await[1], inbound);
}

#[actix_web::test]
async fn of_other_desks_callers_a_desk_gets_the_counts() {
    let app = TestApp::start().await;
    let (aomori, akita) = (app.make_desk().await, app.make_desk_for("05").await);
    let mut request = app.case_request();
    request["contacts"][0]["phone"] = json!("090-1111-2222");
    let case = app
        .as_desk(&aomori)
        .post("/cases", request)
        .await
        .expect(201);
    let call = json!({ "kind": "phone", "direction": "inbound", "occurred_at": app.now(), "result": "reached", "body": "内密の相談" });
    app.as_desk(&aomori)
        .post(format!("/cases/{}/interactions", case.id()), call)
        .await
        .expect(201);
    let seen = app
        .as_desk(&akita)
        .get("/callers?phone=09011112222")
        .await
        .expect(200);
    for list in ["people", "open_cases", "last_contacts"] {
        assert_eq!(seen[list], json!([]), "{list}");
    }
    assert_eq!(seen["enterprises"][0]["cases_this_year"], 1);
    assert_eq!(seen["enterprises"][0]["name"], case["enterprise"]["name"]);
    let text = seen.text.as_str();
    assert!(
        !text.contains(&case.id().to_string()) && !text.contains("TW-") && !text.contains("内密"),
        "{text}"
    );

    let own = app
        .as_desk(&aomori)
        .get("/callers?phone=09011112222")
        .await
        .expect(200);
    // The call that opened the case is a contact too.
    for (list, length) in [("people", 1), ("open_cases", 1), ("last_contacts", 2)] {
        assert_eq!(own[list].as_array().unwrap().len(), length, "{list}");
    }
}

#[actix_web::test]
async fn a_caller_is_asked_for_by_one_thing() {
    let app = TestApp::start().await;
    let client = app.as_operator();
    let nobody = client.get("/callers?phone=0120-000-000").await.expect(200);
    let nothing = json!({ "people": [], "enterprises": [], "open_cases": [], "last_contacts": [], "sessions_used": 0 });
    assert_eq!(nobody.json, nothing);
    client.get("/callers").await.invalid(&["/phone"]);
    client.get("/callers?phone=").await.invalid(&["/phone"]);
    client
        .get("/callers?phone=0177340001&email=a@example.jp")
        .await
        .invalid(&["/email"]);
    client.get("/callers?phone=abc").await.invalid(&["/phone"]);
    client.get("/callers?email=abc").await.invalid(&["/email"]);
    client.get("/callers?name=abc").await.invalid(&["/name"]);
}
