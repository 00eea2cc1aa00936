//! Telework managers: profiles, absences, conflicts of interest, free slots, proposals.

use crate::harness::{HasId, TestApp, TestResponse};
use madoguchi::ids::EnterpriseId;
use serde_json::{Value, json};
use std::future::IntoFuture;
use uuid::Uuid;

fn hanako() -> Value {
    json!({
        "name": "髙橋　花子",
        "kana": "たかはし　はなこ",
        "email": "hanako@example.jp",
        "phone": "+81 90-1234-5678",
        "firm": "髙橋社会保険労務士事務所",
        "qualifications": ["社会保険労務士", "ITコーディネータ"],
        "topics": ["rules", "labour", "rules"],
        "prefecture_codes": ["05", "2"],
        "modes": ["visit", "online"],
        "monthly_capacity": 8,
        "appointed_from": "2026-04-01",
        "appointed_to": "2027-03-31",
    })
}

/// Hanako with some fields otherwise.
fn like_hanako(fields: Value) -> Value {
    let mut manager = hanako();
    for (name, value) in fields.as_object().unwrap() {
        manager[name] = value.clone();
    }
    manager
}

async fn make(app: &TestApp, fields: Value) -> TestResponse {
    let manager = app.as_admin().post("/managers", like_hanako(fields));
    manager.await.expect(201)
}

fn query(name: &str, value: &str) -> String {
    let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    format!("/managers?{name}={value}")
}

fn names(list: &TestResponse) -> Vec<&str> {
    let names = list
        .items()
        .iter()
        .map(|item| item["name"].as_str().unwrap());
    names.collect()
}

/// What the office's audit chain says about managers.
async fn events(app: &TestApp) -> Vec<String> {
    let kinds = "select kind from audit_event where chain = $1 and kind ~ '^(manager|absence|conflict)' order by seq";
    sqlx::query_scalar(kinds)
        .bind(Uuid::nil())
        .fetch_all(&mut app.sql().await)
        .await
        .unwrap()
}

#[actix_web::test]
async fn a_manager_is_entered_and_shown() {
    let app = TestApp::start().await;
    let made = make(&app, json!({})).await;
    assert_eq!(made["name"], "髙橋　花子");
    assert_eq!(made["kana"], "タカハシ ハナコ");
    assert_eq!(made["phone"], "+819012345678");
    assert_eq!(made["topics"], json!(["labour", "rules"]));
    assert_eq!(made["prefecture_codes"], json!(["02", "05"]));
    assert_eq!(made["modes"], json!(["online", "visit"]));
    assert_eq!(made["active"], true);
    let shown = app.as_operator().get(made.location()).await.expect(200);
    assert_eq!(shown.json, made.json);
    assert_eq!(shown.etag(), made.etag());
    assert_eq!(events(&app).await, ["manager_created"]);
}

#[actix_web::test]
async fn every_faulty_field_of_a_manager_is_named() {
    let app = TestApp::start().await;
    let unreadable = like_hanako(json!({
        "kana": "漢字", "email": "hanako", "phone": "1", "topics": ["magic"], "modes": ["fax"],
        "prefecture_codes": ["48"], "monthly_capacity": "8", "qualifications": [""],
        "appointed_from": "2026-13-01", "age": 40,
    }));
    app.as_admin()
        .post("/managers", unreadable)
        .await
        .invalid(&[
            "/age",
            "/appointed_from",
            "/email",
            "/kana",
            "/modes/0",
            "/monthly_capacity",
            "/phone",
            "/prefecture_codes/0",
            "/qualifications/0",
            "/topics/0",
        ]);
    app.as_admin().post("/managers", json!({})).await.invalid(&[
        "/name",
        "/topics",
        "/prefecture_codes",
        "/modes",
        "/monthly_capacity",
    ]);
    let between = like_hanako(json!({
        "qualifications": vec!["社会保険労務士"; 21], "topics": [], "modes": [], "monthly_capacity": -1,
        "appointed_from": "2027-04-01",
    }));
    app.as_admin().post("/managers", between).await.invalid(&[
        "/qualifications",
        "/topics",
        "/modes",
        "/monthly_capacity",
        "/appointed_to",
    ]);
    let most = like_hanako(json!({ "monthly_capacity": 201, "appointed_to": null }));
    app.as_admin()
        .post("/managers", most)
        .await
        .invalid(&["/monthly_capacity"]);
}

#[actix_web::test]
async fn managers_are_found_in_any_writing() {
    let app = TestApp::start().await;
    make(&app, json!({})).await;
    make(&app, json!({ "name": "佐藤 太郎", "kana": "サトウ タロウ", "topics": ["ict"], "prefecture_codes": ["13"] })).await;
    make(
        &app,
        json!({ "name": "阿部 一郎", "kana": null, "active": false }),
    )
    .await;
    let desk = app.make_desk().await;
    let client = app.as_desk(&desk);
    for wanted in [
        "高橋",
        "髙橋花子",
        "高橋 花",
        "たかはしはなこ",
        "ﾊﾅｺ",
        "はな",
    ] {
        let found = client.get(query("q", wanted)).await.expect(200);
        assert_eq!(names(&found), ["髙橋　花子"], "{wanted}");
    }
    for (path, expected) in [
        (
            "/managers".to_owned(),
            vec!["佐藤 太郎", "髙橋　花子", "阿部 一郎"],
        ),
        (query("topic", "ict"), vec!["佐藤 太郎"]),
        (
            query("prefecture_code", "2"),
            vec!["髙橋　花子", "阿部 一郎"],
        ),
        (query("active", "false"), vec!["阿部 一郎"]),
        (query("active", "true") + "&topic=rules", vec!["髙橋　花子"]),
        (query("q", "郎"), vec!["佐藤 太郎", "阿部 一郎"]),
        (query("q", "%"), vec![]),
    ] {
        let found = client.get(&path).await.expect(200);
        assert_eq!(names(&found), expected, "{path}");
    }
    client
        .get(query("topic", "magic"))
        .await
        .invalid(&["/topic"]);
    client
        .get(query("prefecture_code", "99"))
        .await
        .invalid(&["/prefecture_code"]);
    client.get(query("name", "x")).await.invalid(&["/name"]);
}

#[actix_web::test]
async fn pages_are_stable_while_managers_are_added() {
    let app = TestApp::start().await;
    for n in 1..=5 {
        make(
            &app,
            json!({ "name": format!("山田 {n}"), "kana": format!("ヤマダ {n}") }),
        )
        .await;
    }
    let client = app.as_operator();
    for filter in ["", &query("q", "やまだ")["/managers?".len()..]] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = client
                .get(format!("/managers?{filter}&limit=2{cursor}"))
                .await
                .expect(200);
            seen.extend(names(&page).into_iter().map(str::to_owned));
            make(&app, json!({ "name": "山田 0", "kana": "ヤマダ 0" })).await;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        seen.retain(|name| name != "山田 0");
        assert_eq!(
            seen,
            ["山田 1", "山田 2", "山田 3", "山田 4", "山田 5"],
            "{filter}"
        );
    }
    client.get("/managers?limit=0").await.invalid(&["/limit"]);
    client.get("/managers?limit=201").await.invalid(&["/limit"]);
    client
        .get("/managers?cursor=abc")
        .await
        .invalid(&["/cursor"]);
    client
        .get("/managers?cursor=WyJ4IiwxXQ")
        .await
        .invalid(&["/cursor"]);
}

#[actix_web::test]
async fn contact_data_of_managers_is_for_staff_and_themselves() {
    let app = TestApp::start().await;
    let (hanako, other) = (make(&app, json!({})).await, app.make_manager().await);
    let desk = app.make_desk().await;
    for client in [
        app.as_operator(),
        app.as_supervisor(),
        app.as_desk(&desk),
        app.as_admin(),
        app.as_manager(&hanako),
    ] {
        let shown = client.get(hanako.location()).await.expect(200);
        assert_eq!(shown["email"], "hanako@example.jp");
        assert_eq!(shown["phone"], "+819012345678");
    }
    let seen = app
        .as_manager(&other)
        .get(hanako.location())
        .await
        .expect(200);
    assert_eq!(
        (&seen["email"], &seen["phone"]),
        (&Value::Null, &Value::Null)
    );
    let list = app
        .as_manager(&other)
        .get(query("q", "花子"))
        .await
        .expect(200);
    assert_eq!(list.items()[0]["email"], Value::Null);
    app.as_auditor()
        .get(hanako.location())
        .await
        .problem("forbidden");
}

#[actix_web::test]
async fn the_office_changes_managers() {
    let app = TestApp::start().await;
    let made = make(&app, json!({})).await;
    let path = made.location();
    let admin = app.as_admin();
    let change = json!({ "topics": ["ict"], "kana": null, "active": false, "appointed_to": null });
    admin
        .patch(&path, change.clone())
        .await
        .problem("precondition-required");
    let stale = admin.patch(&path, change.clone()).if_match("\"7\"");
    stale.await.problem("stale");
    let changed = admin.patch(&path, change.clone()).if_match(made.etag());
    let changed = changed.await.expect(200);
    assert_eq!(changed["topics"], json!(["ict"]));
    assert_eq!(changed["kana"], Value::Null);
    assert_eq!(changed["appointed_to"], Value::Null);
    let again = admin.patch(&path, change.clone()).if_match(made.etag());
    again.await.problem("stale");
    let same = admin.patch(&path, change).if_match(changed.etag());
    assert_eq!(same.await.expect(200).etag(), changed.etag());
    let backwards = admin.patch(&path, json!({ "appointed_to": "2026-03-31" }));
    backwards
        .if_match(changed.etag())
        .await
        .invalid(&["/appointed_to"]);
    let nowhere = admin.patch(format!("/managers/{}", Uuid::now_v7()), json!({}));
    nowhere.if_match("\"1\"").await.problem("not-found");
    assert_eq!(events(&app).await, ["manager_created", "manager_edited"]);
}

#[actix_web::test]
async fn managers_change_how_they_are_reached_and_work() {
    let app = TestApp::start().await;
    let (own, other) = (make(&app, json!({})).await, app.make_manager().await);
    let client = app.as_manager(&own);
    let change = json!({ "phone": "080-9999-8888", "modes": ["phone"], "prefecture_codes": [], "monthly_capacity": 3 });
    let changed = client
        .patch(own.location(), change.clone())
        .if_match(own.etag());
    let changed = changed.await.expect(200);
    assert_eq!(changed["phone"], "+818099998888");
    assert_eq!(changed["monthly_capacity"], 3);
    for field in [
        "name",
        "qualifications",
        "topics",
        "appointed_from",
        "appointed_to",
        "active",
    ] {
        let mut change = json!({});
        change[field] = hanako().get(field).cloned().unwrap_or(json!(false));
        let refused = client
            .patch(own.location(), change)
            .if_match(changed.etag());
        refused.await.problem("forbidden");
    }
    let foreign = client
        .patch(other.location(), change.clone())
        .if_match(other.etag());
    foreign.await.problem("not-found");
    let desk = app.make_desk().await;
    let by_desk = app
        .as_desk(&desk)
        .patch(own.location(), change)
        .if_match(changed.etag());
    by_desk.await.problem("forbidden");
}

#[actix_web::test]
async fn absences_are_ones_own() {
    let app = TestApp::start().await;
    let (own, other) = (make(&app, json!({})).await, app.make_manager().await);
    let path = format!("{}/absences", own.location());
    let absence = json!({ "starts_at": "2026-11-25T09:00:00+09:00", "ends_at": "2026-11-28T00:00:00+09:00", "reason": "入院のため" });
    let made = app
        .as_manager(&own)
        .post(&path, absence.clone())
        .await
        .expect(201);
    assert_eq!(made["starts_at"], "2026-11-25T00:00:00Z");
    assert_eq!(made["reason"], "入院のため");
    let by_office = app
        .as_admin()
        .post(&path, absence.clone())
        .await
        .expect(201);

    let desk = app.make_desk().await;
    let seen = app.as_desk(&desk).get(&path).await.expect(200);
    assert_eq!(seen.items().len(), 2);
    assert!(
        seen.items()
            .iter()
            .all(|absence| absence["reason"].is_null())
    );
    let seen = app.as_manager(&own).get(&path).await.expect(200);
    assert_eq!(seen.items()[0]["reason"], "入院のため");

    let stranger = app.as_manager(&other);
    stranger.get(&path).await.problem("not-found");
    stranger
        .post(&path, absence.clone())
        .await
        .problem("not-found");
    stranger.delete(made.location()).await.problem("not-found");
    app.as_desk(&desk)
        .post(&path, absence)
        .await
        .problem("forbidden");
    // Under another manager's address it is not there either.
    let astray = format!("{}/absences/{}", other.location(), made.id());
    app.as_admin().delete(astray).await.problem("not-found");

    app.as_manager(&own)
        .delete(made.location())
        .await
        .expect(204);
    app.as_manager(&own)
        .delete(made.location())
        .await
        .problem("not-found");
    app.as_admin()
        .delete(by_office.location())
        .await
        .expect(204);
    let expected = [
        "absence_added",
        "absence_added",
        "absence_removed",
        "absence_removed",
    ];
    assert_eq!(events(&app).await[2..], expected);
}

#[actix_web::test]
async fn absences_are_checked_and_paged() {
    let app = TestApp::start().await;
    let manager = make(&app, json!({})).await;
    let path = format!("{}/absences", manager.location());
    let client = app.as_manager(&manager);
    for (absence, pointers) in [
        (json!({}), &["/starts_at", "/ends_at"][..]),
        (
            json!({ "starts_at": "2026-11-25", "ends_at": "soon" }),
            &["/ends_at", "/starts_at"],
        ),
        (
            json!({ "starts_at": "2026-11-25T09:00:00Z", "ends_at": "2026-11-25T18:00:00+09:00" }),
            &["/ends_at"],
        ),
        (
            json!({ "starts_at": "0001-01-01T00:00:00Z", "ends_at": "2026-11-25T18:00:00Z" }),
            &["/starts_at"],
        ),
        (
            json!({ "starts_at": "2026-11-25T09:00:00Z", "ends_at": "9999-11-25T18:00:00Z" }),
            &["/ends_at"],
        ),
        (
            json!({ "starts_at": "2026-11-25T09:00:00Z", "ends_at": "2026-11-26T09:00:00Z", "reason": "" }),
            &["/reason"],
        ),
    ] {
        client.post(&path, absence).await.invalid(pointers);
    }
    for day in [28, 26, 27] {
        let absence = json!({ "starts_at": format!("2026-11-{day}T00:00:00Z"), "ends_at": format!("2026-11-{day}T08:00:00Z") });
        client.post(&path, absence).await.expect(201);
    }
    let days = |page: &TestResponse| -> Vec<String> {
        let starts = page
            .items()
            .iter()
            .map(|item| item["starts_at"].as_str().unwrap()[8..10].to_owned());
        starts.collect()
    };
    let first = client.get(format!("{path}?limit=2")).await.expect(200);
    assert_eq!(days(&first), ["26", "27"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = client
        .get(format!("{path}?limit=2&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(
        (days(&second), &second["next_cursor"]),
        (vec!["28".to_owned()], &Value::Null)
    );
    let some = client
        .get(format!(
            "{path}?from=2026-11-26T08:00:00Z&to=2026-11-28T00:00:00Z"
        ))
        .await;
    assert_eq!(days(&some), ["27"]);
}

#[actix_web::test]
async fn conflicts_of_interest_are_the_offices() {
    let app = TestApp::start().await;
    let (own, other) = (make(&app, json!({})).await, app.make_manager().await);
    let enterprise = app
        .as_operator()
        .post("/enterprises", app.company())
        .await
        .expect(201);
    let path = format!("{}/conflicts", own.location());
    let admin = app.as_admin();
    let conflict = json!({ "enterprise_id": enterprise.id(), "kind": "contract" });
    let made = admin.post(&path, conflict.clone()).await.expect(201);
    assert_eq!(made["enterprise_name"], enterprise["name"]);
    assert_eq!(made["kind"], "contract");
    admin
        .post(&path, conflict.clone())
        .await
        .problem("conflict");
    let nobody = json!({ "enterprise_id": EnterpriseId::new(), "kind": "family" });
    admin.post(&path, nobody).await.invalid(&["/enterprise_id"]);
    let faulty = json!({ "enterprise_id": "x", "kind": "envy" });
    admin
        .post(&path, faulty)
        .await
        .invalid(&["/enterprise_id", "/kind"]);
    let nowhere = format!("/managers/{}/conflicts", Uuid::now_v7());
    admin.get(&nowhere).await.problem("not-found");
    admin
        .post(&nowhere, conflict.clone())
        .await
        .problem("not-found");

    assert_eq!(
        app.as_manager(&own).get(&path).await.expect(200).items(),
        std::slice::from_ref(&made.json)
    );
    app.as_manager(&other).get(&path).await.problem("not-found");
    app.as_manager(&own)
        .post(&path, conflict.clone())
        .await
        .problem("forbidden");
    app.as_operator().get(&path).await.problem("forbidden");

    let astray = format!("{}/conflicts/{}", other.location(), made.id());
    admin.delete(astray).await.problem("not-found");
    admin.delete(made.location()).await.expect(204);
    admin.delete(made.location()).await.problem("not-found");
    assert_eq!(
        events(&app).await[2..],
        ["conflict_declared", "conflict_removed"]
    );
}

#[actix_web::test]
async fn free_slots_leave_out_absences_and_sessions() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let path = format!("{}/free-slots", manager.location());
    let starts = |list: &TestResponse| -> Vec<String> {
        let starts = list
            .items()
            .iter()
            .map(|slot| slot["starts_at"].as_str().unwrap()[5..16].to_owned());
        starts.collect()
    };
    // Friday, 27 November: a session from 10:00 to 11:30 in Japan, and nothing after 13:00.
    app.make_consulting_case(&desk, &manager).await;
    let absence =
        json!({ "starts_at": "2026-11-27T13:00:00+09:00", "ends_at": "2026-11-30T09:30:00+09:00" });
    app.as_admin()
        .post(format!("{}/absences", manager.location()), absence)
        .await
        .expect(201);
    let friday = app
        .as_desk(&desk)
        .get(format!("{path}?from=2026-11-27&to=2026-11-29"))
        .await
        .expect(200);
    assert_eq!(
        starts(&friday),
        ["11-27T00:00", "11-27T02:30", "11-27T03:00"]
    );
    let long = app
        .as_desk(&desk)
        .get(format!("{path}?from=2026-11-27&to=2026-11-30&minutes=450"))
        .await;
    assert_eq!(starts(&long), ["11-30T00:30"]);
    // From now on, which is Tuesday at 10:00.
    let today = app
        .as_manager(&manager)
        .get(format!("{path}?to=2026-11-24&minutes=240"))
        .await;
    assert_eq!(starts(&today)[0], "11-24T01:00");
    let usual = app.as_operator().get(&path).await.expect(200);
    assert_eq!(starts(&usual).last().unwrap(), "12-07T07:00");

    let client = app.as_operator();
    client
        .get(format!("{path}?from=2026-11-27&to=2026-11-26"))
        .await
        .invalid(&["/to"]);
    client
        .get(format!("{path}?from=2026-11-27&to=2027-01-28"))
        .await
        .invalid(&["/to"]);
    client
        .get(format!("{path}?minutes=10"))
        .await
        .invalid(&["/minutes"]);
    client
        .get(format!("{path}?from=tomorrow"))
        .await
        .invalid(&["/from"]);
    let nowhere = format!("/managers/{}/free-slots", Uuid::now_v7());
    client.get(nowhere).await.problem("not-found");
}

async fn proposed(app: &TestApp, case: &impl HasId, line: &str) -> Vec<Value> {
    let path = format!("/cases/{}/manager-proposals?line={line}", case.id());
    let list = app.as_supervisor().get(path).await.expect(200);
    list.items().to_vec()
}

#[actix_web::test]
async fn managers_are_proposed_by_what_they_can_do() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    // About labour and ICT, in Aomori, online.
    let case = app.make_accepted_case(&desk).await;
    let person = |name: &str, fields: Value| {
        let mut fields = fields;
        fields["name"] = json!(name);
        fields["kana"] = Value::Null;
        make(&app, fields)
    };
    person("遠く", json!({ "prefecture_codes": ["47"] })).await;
    person("近く", json!({ "monthly_capacity": 5 })).await;
    person("暇", json!({ "monthly_capacity": 9 })).await;
    person("訪問のみ", json!({ "modes": ["visit"] })).await;
    person("満員", json!({ "monthly_capacity": 0 })).await;
    person("分野外", json!({ "topics": ["tools"] })).await;
    person("退任", json!({ "active": false })).await;
    person("委嘱前", json!({ "appointed_from": "2026-11-25" })).await;
    let absent = person("不在", json!({})).await;
    let absence = json!({ "starts_at": "2026-11-20T00:00:00Z", "ends_at": "2026-11-30T08:00:00Z" });
    app.as_admin()
        .post(format!("{}/absences", absent.location()), absence)
        .await
        .expect(201);
    let bound = person("顧問", json!({ "monthly_capacity": 200 })).await;
    let conflict = json!({ "enterprise_id": case["enterprise"]["id"], "kind": "contract" });
    app.as_admin()
        .post(format!("{}/conflicts", bound.location()), conflict)
        .await
        .expect(201);

    let proposals = proposed(&app, &case, "labour").await;
    let order: Vec<_> = proposals
        .iter()
        .map(|proposal| proposal["name"].as_str().unwrap())
        .collect();
    // Nobody travels for an online meeting, but where nothing else tells them apart the near one is asked first.
    assert_eq!(order[..4], ["暇", "近く", "遠く", "訪問のみ"]);
    // Who has time later comes before whose month is full, and a conflict of interest is told at the very end.
    assert_eq!(order[4..], ["不在", "満員", "顧問"]);
    let last = proposals.last().unwrap();
    assert_eq!(last["obstacles"], json!(["conflict_of_interest"]));
    assert_eq!(
        last["reasons"].as_array().unwrap().last().unwrap(),
        "この企業との利益相反の申告あり"
    );
    assert_eq!(
        proposals[0]["reasons"],
        json!([
            "相談分野が一致（労務管理）",
            "労務の資格あり（社会保険労務士）",
            "青森県に対応",
            "希望の実施方法（オンライン）に対応",
            "今月の空き 9 件（上限 9 件）",
            "2026-11-24から2026-12-14までに空きのある日 15 日（最初は 2026-11-24 10:00）"
        ])
    );
    assert_eq!(proposals[0]["obstacles"], json!([]));
    assert_eq!(proposals[0]["free_this_month"], 9);
    let absent = proposals
        .iter()
        .find(|proposal| proposal["name"] == "不在")
        .unwrap();
    assert_eq!(absent["obstacles"], json!(["absent"]));
    assert_eq!(absent["reasons"][6], "2026-11-30 17:00 まで不在");
    assert_eq!(absent["free_days"], 10);
    assert_eq!(absent["first_free"]["starts_at"], "2026-12-01T00:00:00Z");
    // Nobody advises on ICT.
    assert_eq!(proposed(&app, &case, "ict").await, [] as [Value; 0]);
}

#[actix_web::test]
async fn the_month_counts_booked_and_held_sessions() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let manager = make(&app, json!({ "monthly_capacity": 2 })).await;
    let other = app.make_accepted_case(&desk).await;
    let free = async || {
        let proposals = proposed(&app, &other, "labour").await;
        proposals[0]["free_this_month"].as_i64().unwrap()
    };
    assert_eq!(free().await, 2);
    let case = app.make_assigned_case(&desk, &manager).await;
    let first = app.book(&desk, &case, 1).await;
    assert_eq!(free().await, 1);
    // In December.
    app.book(&desk, &case, 10).await;
    assert_eq!(free().await, 1);
    let cancelled = app.book(&desk, &case, 2).await;
    assert_eq!(free().await, 0);
    let path = format!("/consultations/{}/cancel", cancelled.id());
    app.as_desk(&desk)
        .post(path, json!({ "reason": "企業の都合" }))
        .await
        .expect(200);
    assert_eq!(free().await, 1);
    app.hold(&desk, &first).await;
    assert_eq!(free().await, 1);
    app.set_time("2026-12-01T00:00:00+09:00");
    assert_eq!(free().await, 1);
    app.set_time("2027-01-01T00:00:00+09:00");
    assert_eq!(free().await, 2);
}

#[actix_web::test]
async fn an_offer_against_an_obstacle_needs_a_reason() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let path = format!("/cases/{}/offers", case.id());
    let offer = |manager: &TestResponse| json!({ "manager_id": manager.id(), "line": "labour" });
    let full = make(&app, json!({ "monthly_capacity": 0 })).await;
    let former = make(&app, json!({ "appointed_to": "2026-11-23" })).await;
    let absent = make(&app, json!({})).await;
    let absence = json!({ "starts_at": "2026-11-20T00:00:00Z", "ends_at": "2026-11-30T08:00:00Z" });
    app.as_admin()
        .post(format!("{}/absences", absent.location()), absence)
        .await
        .expect(201);
    let bound = make(&app, json!({})).await;
    let conflict = json!({ "enterprise_id": case["enterprise"]["id"], "kind": "family" });
    app.as_admin()
        .post(format!("{}/conflicts", bound.location()), conflict)
        .await
        .expect(201);
    for (manager, obstacle) in [
        (&full, "capacity_full"),
        (&former, "outside_appointment"),
        (&absent, "absent"),
        (&bound, "conflict_of_interest"),
    ] {
        let refused = app.as_supervisor().post(&path, offer(manager)).await;
        assert_eq!(refused.status, 409, "{obstacle}");
        assert!(
            refused["detail"].as_str().unwrap().contains(obstacle),
            "{}",
            refused.text
        );
    }
    let inactive = make(&app, json!({ "active": false })).await;
    let mut with_reason = offer(&inactive);
    with_reason["override_reason"] = json!("本人の了解済み");
    app.as_supervisor()
        .post(&path, with_reason)
        .await
        .invalid(&["/manager_id"]);
    let mut with_reason = offer(&full);
    with_reason["override_reason"] = json!("本人の了解済み");
    app.as_supervisor()
        .post(&path, with_reason)
        .await
        .expect(201);
}

/// The proposals of a desk for its case on some days, by name.
async fn asked(app: &TestApp, desk: &TestResponse, case: &impl HasId, query: &str) -> Vec<Value> {
    let path = format!("/cases/{}/manager-proposals?line=labour&{query}", case.id());
    app.as_desk(desk)
        .get(path)
        .await
        .expect(200)
        .items()
        .to_vec()
}

fn named<'a>(proposals: &'a [Value], name: &str) -> &'a Value {
    proposals
        .iter()
        .find(|proposal| proposal["name"] == name)
        .unwrap()
}

fn reasons(proposal: &Value) -> Vec<&str> {
    let reasons = proposal["reasons"].as_array().unwrap().iter();
    reasons.map(|reason| reason.as_str().unwrap()).collect()
}

async fn be_absent(app: &TestApp, manager: &TestResponse, from: &str, to: &str) {
    let absence = json!({ "starts_at": from, "ends_at": to });
    app.as_admin()
        .post(format!("{}/absences", manager.location()), absence)
        .await
        .expect(201);
}

async fn be_bound(app: &TestApp, manager: &TestResponse, case: &TestResponse) {
    let conflict = json!({ "enterprise_id": case["enterprise"]["id"], "kind": "contract" });
    app.as_admin()
        .post(format!("{}/conflicts", manager.location()), conflict)
        .await
        .expect(201);
}

#[actix_web::test]
async fn an_absence_in_the_asked_weeks_takes_its_days() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let away = make(&app, json!({ "name": "出張", "kana": null })).await;
    make(&app, json!({ "name": "在席", "kana": null })).await;
    let (from, to) = ("2026-11-30T00:00:00+09:00", "2026-12-05T00:00:00+09:00");
    be_absent(&app, &away, from, to).await;
    let proposals = asked(&app, &desk, &case, "from=2026-11-30&to=2026-12-11").await;
    let proposal = named(&proposals, "出張");
    assert_eq!(proposal["obstacles"], json!([]));
    assert_eq!(proposal["free_days"], 5);
    assert_eq!(proposal["first_free"]["starts_at"], "2026-12-07T00:00:00Z");
    let told = "2026-11-30 00:00 から 2026-12-05 00:00 まで不在";
    assert!(reasons(proposal).contains(&told), "{proposal:#}");
    assert_eq!(named(&proposals, "在席")["free_days"], 10);
    // Asked for just that week, they come last.
    let proposals = asked(&app, &desk, &case, "from=2026-11-30&to=2026-12-04").await;
    assert_eq!(proposals[1]["name"], "出張");
    assert_eq!(proposals[1]["first_free"], Value::Null);
    assert!(reasons(&proposals[1]).contains(&"2026-11-30から2026-12-04までに空き時間なし"));
    let path = format!("/cases/{}/manager-proposals", case.id());
    for (query, pointer) in [
        ("from=2026-12-02&to=2026-12-01", "/to"),
        ("to=2027-12-01", "/to"),
        ("minutes=5", "/minutes"),
        ("weeks=3", "/weeks"),
    ] {
        let answer = app.as_desk(&desk).get(format!("{path}?{query}")).await;
        answer.invalid(&[pointer]);
    }
    for client in [app.as_operator(), app.as_manager(&away), app.as_auditor()] {
        client.get(&path).await.problem("forbidden");
    }
    let other = app.make_desk_for("13").await;
    app.as_desk(&other).get(&path).await.problem("not-found");
    app.as_nobody().get(&path).await.problem("unauthenticated");
}

#[actix_web::test]
async fn whoever_helped_the_enterprise_or_has_an_end_is_told() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let known = make(
        &app,
        json!({ "name": "既知", "kana": "ワ", "appointed_to": "2026-12-04" }),
    )
    .await;
    make(&app, json!({ "name": "新人", "kana": "ア" })).await;
    make(
        &app,
        json!({ "name": "退任", "appointed_to": "2026-11-24" }),
    )
    .await;
    let first = app.make_assigned_case(&desk, &known).await;
    let session = app.book(&desk, &first, 1).await;
    app.hold(&desk, &session).await;
    let mut again = app.case_request();
    again["channel"] = json!("visit");
    again["enterprise"] = json!({ "id": first["enterprise"]["id"] });
    let again = app.as_desk(&desk).post("/cases", again).await.expect(201);
    let proposals = asked(&app, &desk, &again, "").await;
    let order: Vec<_> = proposals.iter().map(|proposal| &proposal["name"]).collect();
    assert_eq!(order, ["既知", "新人"]);
    let told = reasons(&proposals[0]);
    assert!(
        told.contains(&"この企業の支援実績 1 回（最近は 2026-11-25）"),
        "{told:?}"
    );
    assert!(told.contains(&"委嘱は 2026-12-04 まで"), "{told:?}");
    // Of Thursday, 26 November to Friday, 4 December.
    assert_eq!(
        asked(&app, &desk, &again, "from=2026-11-26").await[0]["free_days"],
        7
    );
}

#[actix_web::test]
async fn the_prefecture_is_the_sites() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let mut request = app.case_request();
    request["channel"] = json!("visit");
    request["desired_mode"] = json!("visit");
    // The head office is in Aomori, the site in Okinawa, by its postal code alone.
    request["site"] = json!({ "name": "那覇支店", "postal_code": "900-0021" });
    let case = app.as_desk(&desk).post("/cases", request).await.expect(201);
    make(
        &app,
        json!({ "name": "青森", "kana": "ア", "monthly_capacity": 20 }),
    )
    .await;
    make(
        &app,
        json!({ "name": "沖縄", "kana": "オ", "prefecture_codes": ["47"] }),
    )
    .await;
    let proposals = asked(&app, &desk, &case, "").await;
    assert_eq!(proposals[0]["name"], "沖縄");
    assert!(reasons(&proposals[0]).contains(&"沖縄県に対応"));
    assert!(reasons(&proposals[1]).contains(&"沖縄県は対応地域外"));
}

#[actix_web::test]
async fn slots_know_the_calendar() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let days = async |query: &str| {
        let path = format!("{}/free-slots?{query}", manager.location());
        let list = app.as_operator().get(path).await.expect(200);
        let starts = list.items().iter().map(|slot| {
            let at = slot["starts_at"].as_str().unwrap();
            let at = at.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
            (at + chrono::TimeDelta::hours(9))
                .format("%m-%d %H:%M")
                .to_string()
        });
        starts.collect::<Vec<_>>()
    };
    // Golden Week 2027: 29 April to 5 May but for Friday, 30 April; 3 to 5 May are holidays.
    let golden = days("from=2027-04-28&to=2027-05-07&minutes=480").await;
    assert_eq!(
        golden,
        ["04-28 09:00", "04-30 09:00", "05-06 09:00", "05-07 09:00"]
    );
    // The year end.
    let year_end = days("from=2026-12-28&to=2027-01-04&minutes=480").await;
    assert_eq!(year_end, ["12-28 09:00", "01-04 09:00"]);
    // A desk with a lunch break, a closure, and an open Saturday.
    let day = json!([{ "from": "09:00", "to": "12:00" }, { "from": "13:00", "to": "17:00" }]);
    let week = json!({ "monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day, "saturday": [], "sunday": [] });
    let hours = json!({ "week": week, "from": "2026-11-25" });
    app.set_hours(&format!("/desks/{}/hours", desk.id()), hours)
        .await
        .expect(200);
    for (date, open) in [("2026-11-27", false), ("2026-11-28", true)] {
        let mut exception =
            json!({ "desk_id": desk.id(), "date_from": date, "open": open, "reason": "行事" });
        if open {
            exception["from"] = json!("10:00");
            exception["to"] = json!("12:00");
        }
        app.add_exception(exception).await;
    }
    let of_desk = format!("desk_id={}&minutes=120", desk.id());
    assert_eq!(
        days(&format!("from=2026-11-26&to=2026-11-29&{of_desk}")).await,
        [
            "11-26 09:00",
            "11-26 09:30",
            "11-26 10:00",
            "11-26 13:00",
            "11-26 13:30",
            "11-26 14:00",
            "11-26 14:30",
            "11-26 15:00",
            "11-28 10:00"
        ]
    );
    // A desk's own hours are its default.
    let path = format!(
        "{}/free-slots?from=2026-11-27&to=2026-11-27",
        manager.location()
    );
    let own = app.as_desk(&desk).get(&path).await.expect(200);
    assert_eq!(own.items(), [] as [Value; 0]);
    assert!(
        !app.as_operator()
            .get(&path)
            .await
            .expect(200)
            .items()
            .is_empty()
    );
    let nowhere = format!("{path}&desk_id={}", Uuid::now_v7());
    app.as_operator().get(nowhere).await.invalid(&["/desk_id"]);
    app.as_auditor().get(&path).await.problem("forbidden");
    app.as_nobody().get(&path).await.problem("unauthenticated");
}

#[actix_web::test]
async fn a_full_month_has_no_slots_and_the_next_one_has() {
    let app = TestApp::start().await;
    let (north, south) = (app.make_desk().await, app.make_desk_for("13").await);
    let manager = make(&app, json!({ "monthly_capacity": 1 })).await;
    let theirs = app.make_assigned_case(&north, &manager).await;
    app.book(&north, &theirs, 1).await;
    let path = format!(
        "{}/free-slots?from=2026-11-30&to=2026-12-01&minutes=480",
        manager.location()
    );
    let slots = app.as_desk(&south).get(&path).await.expect(200);
    assert_eq!(slots.items().len(), 1);
    assert_eq!(slots.items()[0]["starts_at"], "2026-12-01T00:00:00Z");
    let case = app.make_accepted_case(&south).await;
    let proposal = &asked(&app, &south, &case, "").await[0];
    assert_eq!(proposal["obstacles"], json!(["capacity_full"]));
    assert_eq!(proposal["first_free"]["starts_at"], "2026-12-01T00:00:00Z");
}

/// What speaks against a booking, as the refusal names it; none where it was made.
async fn hindrance(
    app: &TestApp,
    desk: &TestResponse,
    case: &impl HasId,
    body: &Value,
) -> Option<String> {
    let path = format!("/cases/{}/consultations", case.id());
    let answer = app.as_desk(desk).post(path, body.clone()).await;
    if answer.status == 201 {
        return None;
    }
    assert_eq!(answer.status, 409, "{}", answer.text);
    let detail = answer["detail"].as_str().unwrap();
    Some(
        detail
            .rsplit(": ")
            .next()
            .unwrap()
            .trim_end_matches('.')
            .to_owned(),
    )
}

fn at(day: &str, hour: u32) -> Value {
    json!({
        "starts_at": format!("{day}T{hour:02}:00:00+09:00"),
        "ends_at": format!("{day}T{:02}:00:00+09:00", hour + 1),
        "mode": "online",
    })
}

#[actix_web::test]
async fn a_booking_against_an_obstacle_needs_a_supervisors_reason() {
    let app = TestApp::start().await;
    let (desk, other) = (app.make_desk().await, app.make_desk_for("13").await);
    let manager = make(
        &app,
        json!({ "monthly_capacity": 1, "appointed_to": "2026-12-25" }),
    )
    .await;
    let (from, to) = ("2026-12-09T10:00:00+09:00", "2026-12-09T12:00:00+09:00");
    be_absent(&app, &manager, from, to).await;
    let elsewhere = app.make_assigned_case(&other, &manager).await;
    let case = app.make_assigned_case(&desk, &manager).await;
    // November is used up at another desk; December is not.
    app.book(&other, &elsewhere, 1).await;
    let refused = async |day: &str, hour| hindrance(&app, &desk, &case, &at(day, hour)).await;
    assert_eq!(refused("2026-11-26", 10).await.unwrap(), "capacity_full");
    assert_eq!(refused("2026-12-09", 11).await.unwrap(), "absent");
    assert_eq!(
        refused("2026-12-28", 11).await.unwrap(),
        "outside_appointment"
    );
    // The absence ends at noon.
    let booked = app
        .as_desk(&desk)
        .post(
            format!("/cases/{}/consultations", case.id()),
            at("2026-12-09", 12),
        )
        .await
        .expect(201);
    assert_eq!(
        (&booked["warnings"], &booked["override_reason"]),
        (&json!([]), &Value::Null)
    );
    assert_eq!(refused("2026-12-10", 10).await.unwrap(), "capacity_full");

    // A reason is a supervisor's, and is kept.
    let mut body = at("2026-12-26", 10);
    body["override_reason"] = json!("企業の決算に間に合わせるため");
    let path = format!("/cases/{}/consultations", case.id());
    for client in [app.as_desk(&desk), app.as_manager(&manager)] {
        client.post(&path, body.clone()).await.problem("forbidden");
    }
    let made = app.as_supervisor().post(&path, body).await.expect(201);
    assert_eq!(made["override_reason"], "企業の決算に間に合わせるため");
    assert_eq!(
        made["warnings"],
        json!(["窓口の休業日です（2026-12-26 休業日）。"])
    );
    let shown = app
        .as_manager(&manager)
        .get(made.location())
        .await
        .expect(200);
    assert_eq!(
        (&shown["override_reason"], &shown["warnings"]),
        (&Value::Null, &json!([]))
    );
    let recorded: Value = sqlx::query_scalar(
        "select data::jsonb->'overridden' from audit_event where kind = 'consultation_booked' and chain = $1 order by seq desc limit 1",
    )
    .bind(case.id())
    .fetch_one(&mut app.sql().await)
    .await
    .unwrap();
    assert_eq!(recorded, json!(["outside_appointment", "capacity_full"]));
    app.as_nobody()
        .post(&path, at("2026-12-10", 10))
        .await
        .problem("unauthenticated");
}

#[actix_web::test]
async fn a_session_is_moved_by_the_same_rules() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let manager = make(&app, json!({ "monthly_capacity": 1, "appointed_to": null })).await;
    be_absent(
        &app,
        &manager,
        "2026-11-27T00:00:00+09:00",
        "2026-11-28T00:00:00+09:00",
    )
    .await;
    let (case, later) = (
        app.make_assigned_case(&desk, &manager).await,
        app.make_assigned_case(&desk, &manager).await,
    );
    let session = app.book(&desk, &case, 1).await;
    let december = app
        .as_desk(&desk)
        .post(
            format!("/cases/{}/consultations", later.id()),
            at("2026-12-10", 10),
        )
        .await
        .expect(201);
    let path = format!("/consultations/{}/reschedule", session.id());
    let to = |day: &str, hour| {
        let mut times = at(day, hour);
        times.as_object_mut().unwrap().remove("mode");
        times
    };
    let client = app.as_desk(&desk);
    for (day, obstacle) in [("2026-11-27", "absent"), ("2026-12-11", "capacity_full")] {
        let refused = client.post(&path, to(day, 10)).await;
        assert_eq!(refused.status, 409, "{}", refused.text);
        assert!(
            refused["detail"].as_str().unwrap().contains(obstacle),
            "{}",
            refused.text
        );
    }
    // Within its month it uses nothing more, and after hours is a warning only.
    let moved = client.post(&path, to("2026-11-26", 18)).await.expect(200);
    assert_eq!(
        moved["warnings"],
        json!(["窓口の営業時間（2026-11-26 09:00から17:00）の外にかかります。"])
    );
    let mut body = to("2026-12-11", 10);
    body["override_reason"] = json!("企業の都合");
    client.post(&path, body.clone()).await.problem("forbidden");
    let moved = app.as_supervisor().post(&path, body).await.expect(200);
    assert_eq!(moved["override_reason"], "企業の都合");
    // A reason opens no second place at one time.
    let mut body = to("2026-12-10", 10);
    body["override_reason"] = json!("企業の都合");
    let double = app.as_supervisor().post(&path, body).await;
    double.problem("manager-double-booked");
    app.as_nobody()
        .post(&path, to("2026-11-26", 10))
        .await
        .problem("unauthenticated");
    assert_eq!(december["state"], "booked");
}

#[actix_web::test]
async fn a_conflict_of_interest_that_was_set_aside_is_not_asked_again() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let (early, late) = (make(&app, json!({})).await, make(&app, json!({})).await);
    let (case, other) = (
        app.make_accepted_case(&desk).await,
        app.make_accepted_case(&desk).await,
    );
    // Set aside with the acceptance by phone.
    be_bound(&app, &early, &case).await;
    let mut offer =
        json!({ "manager_id": early.id(), "line": "labour", "accepted_by_phone": true });
    let path = format!("/cases/{}/offers", case.id());
    app.as_supervisor()
        .post(&path, offer.clone())
        .await
        .problem("conflict");
    offer["override_reason"] = json!("企業の了解済み");
    app.as_desk(&desk)
        .post(&path, offer.clone())
        .await
        .problem("forbidden");
    app.as_supervisor().post(&path, offer).await.expect(201);
    assert_eq!(
        hindrance(&app, &desk, &case, &at("2026-11-26", 10)).await,
        None
    );
    // Declared only after the assignment.
    app.assign(&desk, &other, &late, "labour").await;
    app.advance(chrono::TimeDelta::minutes(1));
    be_bound(&app, &late, &other).await;
    let refused = hindrance(&app, &desk, &other, &at("2026-11-26", 10)).await;
    assert_eq!(refused.unwrap(), "conflict_of_interest");
    let mut body = at("2026-11-26", 10);
    body["override_reason"] = json!("企業の了解済み");
    let path = format!("/cases/{}/consultations", other.id());
    let session = app.as_supervisor().post(path, body).await.expect(201);
    let to =
        json!({ "starts_at": "2026-11-26T13:00:00+09:00", "ends_at": "2026-11-26T14:00:00+09:00" });
    let path = format!("/consultations/{}/reschedule", session.id());
    app.as_desk(&desk).post(path, to).await.expect(200);
}

#[actix_web::test]
async fn what_was_offered_plainly_is_judged_again_when_it_is_accepted() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let manager = make(&app, json!({})).await;
    let case = app.make_accepted_case(&desk).await;
    let offer = json!({ "manager_id": manager.id(), "line": "labour" });
    let offer = app
        .as_desk(&desk)
        .post(format!("/cases/{}/offers", case.id()), offer)
        .await
        .expect(201);
    be_bound(&app, &manager, &case).await;
    // When they have time is theirs to know.
    be_absent(
        &app,
        &manager,
        "2026-11-24T00:00:00+09:00",
        "2026-11-28T00:00:00+09:00",
    )
    .await;
    let path = format!("/offers/{}/accept", offer.id());
    let refused = app.as_manager(&manager).post(&path, json!({})).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.ends_with(": conflict_of_interest."), "{detail}");
    let conflicts = format!("{}/conflicts", manager.location());
    let conflicts = app.as_admin().get(conflicts).await.expect(200);
    let conflict = conflicts.items()[0]["id"].as_str().unwrap();
    app.as_admin()
        .delete(format!("{}/conflicts/{conflict}", manager.location()))
        .await
        .expect(204);
    app.as_manager(&manager)
        .post(&path, json!({}))
        .await
        .expect(200);
}

#[actix_web::test]
async fn the_last_session_of_a_month_is_taken_once_by_all_desks() {
    let app = TestApp::start_with_sockets().await;
    let desk = app.make_desk().await;
    for round in 0..5 {
        let manager = make(&app, json!({ "monthly_capacity": 2 })).await;
        let mut cases = Vec::new();
        for _ in 0..8 {
            cases.push(app.make_assigned_case(&desk, &manager).await);
        }
        let (client, lead) = (app.as_desk(&desk), app.as_supervisor());
        // One is taken, and one more is to be moved here from December.
        app.book(&desk, &cases[6], 1).await;
        let path = |case: &TestResponse| format!("/cases/{}/consultations", case.id());
        let december = client
            .post(path(&cases[7]), at("2026-12-10", 9))
            .await
            .expect(201);
        let answers = app
            .parallel(7, |n| match n {
                6 => {
                    let to = json!({ "starts_at": "2026-11-30T09:00:00+09:00", "ends_at": "2026-11-30T10:00:00+09:00" });
                    let path = format!("/consultations/{}/reschedule", december.id());
                    client.post(path, to).into_future()
                }
                _ => {
                    let client = if n % 2 == 0 { &client } else { &lead };
                    // Each at another time, so that nothing but the count is between them.
                    client.post(path(&cases[n]), at("2026-11-30", 10 + n as u32)).into_future()
                }
            })
            .await;
        let done = answers.iter().filter(|answer| answer.status < 300).count();
        assert_eq!(done, 1, "round {round}");
        for refused in answers.iter().filter(|answer| answer.status >= 300) {
            assert_eq!(refused.status, 409, "{}", refused.text);
            assert!(
                refused["detail"]
                    .as_str()
                    .unwrap()
                    .contains("capacity_full"),
                "{}",
                refused.text
            );
        }
    }
}
