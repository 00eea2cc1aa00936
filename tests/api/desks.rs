//! Desks and what they cover.

use crate::harness::{HasId, TestApp, TestResponse};
use madoguchi::ids::DeskId;
use serde_json::{Value, json};
use uuid::Uuid;

fn aomori() -> Value {
    json!({
        "code": "Ａｏｍｏｒｉ",
        "name": " 青森テレワーク・サポートネットワーク",
        "phone": "０１７ー７２２ー１２３４",
        "email": "desk@Example.JP",
    })
}

/// What the office's audit chain says about desks.
async fn events(app: &TestApp) -> Vec<String> {
    let kinds =
        "select kind from audit_event where chain = $1 and kind ~ '^(desk|coverage)' order by seq";
    sqlx::query_scalar(kinds)
        .bind(Uuid::nil())
        .fetch_all(&mut app.sql().await)
        .await
        .unwrap()
}

async fn cover(app: &TestApp, desk: &impl HasId, area: Value) -> TestResponse {
    app.as_admin()
        .post(format!("/desks/{}/coverage", desk.id()), area)
        .await
}

#[actix_web::test]
async fn a_desk_is_entered_shown_and_listed() {
    let app = TestApp::start().await;
    let made = app.as_admin().post("/desks", aomori()).await.expect(201);
    assert_eq!(made["code"], "aomori");
    assert_eq!(made["name"], "青森テレワーク・サポートネットワーク");
    assert_eq!(made["phone"], "+81177221234");
    assert_eq!(made["email"], "desk@example.jp");
    assert_eq!(made["active"], true);
    let shown = app.as_operator().get(made.location()).await.expect(200);
    assert_eq!(shown.json, made.json);
    assert_eq!(shown.etag(), made.etag());

    let closed = json!({ "code": "akita", "name": "秋田", "active": false });
    app.as_admin().post("/desks", closed).await.expect(201);
    let codes = |list: &TestResponse| {
        let codes = list.items().iter().map(|desk| desk["code"].clone());
        codes.collect::<Vec<_>>()
    };
    let all = app.as_desk(&made).get("/desks").await.expect(200);
    assert_eq!(codes(&all), ["akita", "aomori"]);
    let active = app.as_operator().get("/desks?active=true").await;
    assert_eq!(codes(&active), ["aomori"]);
    let inactive = app.as_operator().get("/desks?active=false").await;
    assert_eq!(codes(&inactive), ["akita"]);
    app.as_operator()
        .get("/desks?aktive=true")
        .await
        .invalid(&["/aktive"]);
    assert_eq!(events(&app).await, ["desk_created", "desk_created"]);
}

#[actix_web::test]
async fn every_faulty_field_of_a_desk_is_named() {
    let app = TestApp::start().await;
    let faulty =
        json!({ "code": "青森", "colour": "red", "email": "desk", "name": " ", "phone": "12" });
    app.as_admin()
        .post("/desks", faulty)
        .await
        .invalid(&["/code", "/colour", "/email", "/name", "/phone"]);
    app.as_admin()
        .post("/desks", json!({}))
        .await
        .invalid(&["/code", "/name"]);
    let long = json!({ "code": "x".repeat(33), "name": "あ".repeat(201) });
    app.as_admin()
        .post("/desks", long)
        .await
        .invalid(&["/code", "/name"]);
    let nul = json!({ "code": "aomori", "name": "a\u{0}b" });
    app.as_admin().post("/desks", nul).await.invalid(&["/name"]);
    app.as_admin()
        .post("/desks", json!({}))
        .body("application/json", "{")
        .await
        .problem("malformed");
}

#[actix_web::test]
async fn a_change_needs_the_version_it_is_about() {
    let app = TestApp::start().await;
    let desk = app.as_admin().post("/desks", aomori()).await.expect(201);
    let path = format!("/desks/{}", desk.id());
    let change = json!({ "name": "青森窓口", "phone": null });
    app.as_admin()
        .patch(&path, change.clone())
        .await
        .problem("precondition-required");
    for stale in ["\"99\"", "W/\"1\"", "*"] {
        let refused = app.as_admin().patch(&path, change.clone()).if_match(stale);
        refused.await.problem("stale");
    }
    let changed = app
        .as_admin()
        .patch(&path, change.clone())
        .if_match(desk.etag());
    let changed = changed.await.expect(200);
    assert_eq!(changed["name"], "青森窓口");
    assert_eq!(changed["phone"], Value::Null);
    assert_eq!(changed["email"], "desk@example.jp");
    assert_ne!(changed.etag(), desk.etag());
    let again = app
        .as_admin()
        .patch(&path, change.clone())
        .if_match(desk.etag());
    again.await.problem("stale");
    // What changes nothing is no new version and no event.
    let same = app.as_admin().patch(&path, change).if_match(changed.etag());
    assert_eq!(same.await.expect(200).etag(), changed.etag());
    assert_eq!(events(&app).await, ["desk_created", "desk_edited"]);
    let faulty = app
        .as_admin()
        .patch(&path, json!({ "active": null, "phone": "x" }));
    faulty.if_match(changed.etag()).await.invalid(&["/phone"]);
}

#[actix_web::test]
async fn a_code_is_taken_once() {
    let app = TestApp::start().await;
    app.as_admin().token().await;
    let tries = app.parallel(10, |_| {
        app.as_admin().post("/desks", aomori()).into_future()
    });
    let statuses: Vec<_> = tries
        .await
        .into_iter()
        .map(|answer| answer.status)
        .collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 9);
    let other = json!({ "code": "akita", "name": "秋田" });
    let other = app.as_admin().post("/desks", other).await.expect(201);
    let rename = app
        .as_admin()
        .patch(other.location(), json!({ "code": "aomori" }))
        .if_match(other.etag());
    rename.await.problem("conflict");
}

#[actix_web::test]
async fn the_same_key_makes_one_desk() {
    let app = TestApp::start().await;
    app.as_admin().token().await;
    let tries = app.parallel(10, |_| {
        app.as_admin()
            .post("/desks", aomori())
            .idempotent("one")
            .into_future()
    });
    let answers = tries.await;
    for answer in &answers {
        assert_eq!(answer.clone().expect(201).text, answers[0].text);
    }
    let other = json!({ "code": "akita", "name": "秋田" });
    let reused = app.as_admin().post("/desks", other).idempotent("one");
    reused.await.problem("idempotency-key-reused");
    assert_eq!(events(&app).await, ["desk_created"]);
}

#[actix_web::test]
async fn only_the_office_changes_desks() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let manager = app.make_manager().await;
    let path = format!("/desks/{}", desk.id());
    for client in [
        app.as_operator(),
        app.as_supervisor(),
        app.as_desk(&desk),
        app.as_manager(&manager),
    ] {
        client.get(&path).await.expect(200);
        client.get(format!("{path}/coverage")).await.expect(200);
        client.post("/desks", aomori()).await.problem("forbidden");
        client.patch(&path, json!({})).await.problem("forbidden");
        client
            .post(format!("{path}/coverage"), json!({}))
            .await
            .problem("forbidden");
    }
    app.as_auditor().get(&path).await.problem("forbidden");
    app.as_nobody().get(&path).await.problem("unauthenticated");
}

#[actix_web::test]
async fn what_is_not_there_is_not_found() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let other = app.make_desk_for("05").await;
    let nowhere = format!("/desks/{}", Uuid::now_v7());
    let admin = app.as_admin();
    admin.get(&nowhere).await.problem("not-found");
    admin.get("/desks/aomori").await.problem("not-found");
    let change = admin.patch(&nowhere, json!({})).if_match("\"1\"");
    change.await.problem("not-found");
    let coverage = format!("{nowhere}/coverage");
    admin.get(&coverage).await.problem("not-found");
    let area = json!({ "prefecture_code": "02", "from": "2026-04-01" });
    admin.post(&coverage, area).await.problem("not-found");
    // An area of another desk is not an area of this one.
    let areas = admin.get(format!("/desks/{}/coverage", other.id())).await;
    let area = areas.items()[0].id();
    let foreign = format!("/desks/{}/coverage/{area}", desk.id());
    let change = admin.patch(&foreign, json!({})).if_match("\"1\"");
    change.await.problem("not-found");
    admin.delete(&foreign).await.problem("not-found");
}

#[actix_web::test]
async fn an_area_is_covered_once_a_day() {
    let app = TestApp::start().await;
    let desk = app.as_admin().post("/desks", aomori()).await.expect(201);
    let year = json!({ "prefecture_code": "2", "from": "2026-04-01", "to": "2027-03-31" });
    let first = cover(&app, &desk, year).await.expect(201);
    assert_eq!(first["prefecture_code"], "02");
    assert_eq!(first["municipality_code"], Value::Null);
    assert_eq!(first["to"], "2027-03-31");
    for overlapping in [
        json!({ "prefecture_code": "02", "from": "2027-03-31" }),
        json!({ "prefecture_code": "02", "from": "2025-04-01", "to": "2026-04-01" }),
        json!({ "prefecture_code": "02", "from": "2026-06-01", "to": "2026-06-01" }),
        json!({ "prefecture_code": "02", "from": "2020-04-01" }),
    ] {
        cover(&app, &desk, overlapping).await.problem("conflict");
    }
    let before = json!({ "prefecture_code": "02", "from": "2025-04-01", "to": "2026-03-31" });
    cover(&app, &desk, before).await.expect(201);
    let after = json!({ "prefecture_code": "02", "from": "2027-04-01" });
    let after = cover(&app, &desk, after).await.expect(201);
    let part = json!({ "municipality_code": "02201", "from": "2026-04-01" });
    let part = cover(&app, &desk, part).await.expect(201);
    assert_eq!(part["municipality_code"], "022012");
    assert_eq!(part["municipality"], "青森市");
    // Another desk may cover the same area.
    app.make_desk_for("02").await;

    let path = format!("/desks/{}/coverage/{}", desk.id(), after.id());
    let earlier = app.as_admin().patch(&path, json!({ "from": "2027-03-31" }));
    earlier.if_match(after.etag()).await.problem("conflict");
    let listed = app
        .as_operator()
        .get(format!("/desks/{}/coverage", desk.id()))
        .await;
    let from: Vec<_> = listed.items().iter().map(|area| &area["from"]).collect();
    assert_eq!(
        from,
        ["2025-04-01", "2026-04-01", "2026-04-01", "2027-04-01"]
    );
}

#[actix_web::test]
async fn areas_end_and_go() {
    let app = TestApp::start().await;
    let desk = app.as_admin().post("/desks", aomori()).await.expect(201);
    let area = json!({ "prefecture_code": "02", "from": "2026-04-01" });
    let area = cover(&app, &desk, area).await.expect(201);
    let path = area.location();
    let admin = app.as_admin();
    let end = json!({ "to": "2027-03-31" });
    admin
        .patch(&path, end.clone())
        .await
        .problem("precondition-required");
    let ended = admin.patch(&path, end.clone()).if_match(area.etag());
    let ended = ended.await.expect(200);
    assert_eq!(ended["to"], "2027-03-31");
    assert_eq!(ended.etag(), format!("\"{}\"", ended["version"]));
    let stale = admin.patch(&path, end.clone()).if_match(area.etag());
    stale.await.problem("stale");
    let same = admin.patch(&path, end).if_match(ended.etag());
    assert_eq!(same.await.expect(200).etag(), ended.etag());
    let backwards = admin.patch(&path, json!({ "to": "2026-03-31" }));
    backwards.if_match(ended.etag()).await.invalid(&["/to"]);
    let late = admin.patch(&path, json!({ "from": "2027-04-01" }));
    late.if_match(ended.etag()).await.invalid(&["/to"]);
    let elsewhere = admin.patch(&path, json!({ "prefecture_code": "05" }));
    elsewhere
        .if_match(ended.etag())
        .await
        .invalid(&["/prefecture_code"]);
    let open = admin
        .patch(&path, json!({ "to": null }))
        .if_match(ended.etag());
    assert_eq!(open.await.expect(200)["to"], Value::Null);
    admin.delete(&path).await.expect(204);
    admin.delete(&path).await.problem("not-found");
    let expected = [
        "desk_created",
        "coverage_added",
        "coverage_edited",
        "coverage_edited",
        "coverage_removed",
    ];
    assert_eq!(events(&app).await, expected);
}

#[actix_web::test]
async fn faulty_areas_are_refused() {
    let app = TestApp::start().await;
    let desk = app.as_admin().post("/desks", aomori()).await.expect(201);
    for (area, pointers) in [
        (json!({ "from": "2026-04-01" }), &["/prefecture_code"][..]),
        (
            json!({ "prefecture_code": "48", "from": "2026-04-01" }),
            &["/prefecture_code"],
        ),
        (
            json!({ "municipality_code": "022013", "from": "2026-04-01" }),
            &["/municipality_code"],
        ),
        (
            json!({ "prefecture_code": "02", "municipality_code": "022012", "from": "2026-04-01" }),
            &["/municipality_code"],
        ),
        (json!({ "prefecture_code": "02" }), &["/from"]),
        (
            json!({ "prefecture_code": "02", "from": "2026-02-30" }),
            &["/from"],
        ),
        (
            json!({ "prefecture_code": "02", "from": "0026-04-01" }),
            &["/from"],
        ),
        (
            json!({ "prefecture_code": "02", "from": "2026-04-01", "to": "+262142-12-31" }),
            &["/to"],
        ),
        (
            json!({ "prefecture_code": "02", "from": "2026-04-02", "to": "2026-04-01" }),
            &["/to"],
        ),
        (
            json!({ "prefecture_code": "02", "from": "2026-04-01", "until": null }),
            &["/until"],
        ),
    ] {
        cover(&app, &desk, area).await.invalid(pointers);
    }
}

#[actix_web::test]
async fn one_of_ten_overlapping_areas_is_entered() {
    let app = TestApp::start().await;
    let desk = app.as_admin().post("/desks", aomori()).await.expect(201);
    let path = format!("/desks/{}/coverage", desk.id());
    let tries = app.parallel(10, |n| {
        let area = json!({ "prefecture_code": "02", "from": format!("2026-04-{:02}", n + 1) });
        app.as_admin().post(&path, area).into_future()
    });
    let statuses: Vec<_> = tries
        .await
        .into_iter()
        .map(|answer| answer.status)
        .collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 9);
}

async fn proposed(app: &TestApp, case: &impl HasId) -> Vec<Value> {
    let path = format!("/cases/{}/desk-proposals", case.id());
    let list = app.as_operator().get(path).await.expect(200);
    list.items().to_vec()
}

#[actix_web::test]
async fn the_nearest_and_least_busy_desk_is_proposed_first() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    assert_eq!(proposed(&app, &case).await, [] as [Value; 0]);
    let busy = app.make_desk().await;
    app.make_routed_case(&busy).await;
    let idle = app.make_desk().await;
    let near = app.make_desk_for("05").await;
    cover(
        &app,
        &near,
        json!({ "municipality_code": "022012", "from": "2026-11-24", "to": "2026-11-24" }),
    )
    .await
    .expect(201);
    // Both ways: named once.
    cover(
        &app,
        &near,
        json!({ "prefecture_code": "02", "from": "2026-04-01" }),
    )
    .await
    .expect(201);
    app.make_desk_for("03").await;
    let ended = app.make_desk_for("03").await;
    cover(
        &app,
        &ended,
        json!({ "prefecture_code": "02", "from": "2026-04-01", "to": "2026-11-23" }),
    )
    .await
    .expect(201);
    let closed = app.make_desk().await;
    app.as_admin()
        .patch(
            format!("/desks/{}", closed.id()),
            json!({ "active": false }),
        )
        .if_match(closed.etag())
        .await
        .expect(200);

    let proposals = proposed(&app, &case).await;
    let desks: Vec<_> = proposals
        .iter()
        .map(|proposal| {
            proposal["desk_id"]
                .as_str()
                .unwrap()
                .parse::<Uuid>()
                .unwrap()
        })
        .collect();
    assert_eq!(desks, [near.id(), idle.id(), busy.id()]);
    assert_eq!(
        proposals[0]["reasons"],
        json!([
            "青森市を担当（2026-11-24 から 2026-11-24 まで）",
            "青森県を担当（2026-04-01 から）",
            "受付中の案件 0 件"
        ])
    );
    assert_eq!(
        proposals[2]["reasons"],
        json!(["青森県を担当（2026-04-01 から）", "受付中の案件 1 件"])
    );

    // The last day ends at midnight in Japan.
    app.set_time("2026-11-24T23:59:59+09:00");
    assert_eq!(
        proposed(&app, &case).await[0]["reasons"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    app.set_time("2026-11-25T00:00:00+09:00");
    let later = proposed(&app, &case).await;
    assert!(
        later
            .iter()
            .all(|proposal| proposal["reasons"].as_array().unwrap().len() == 2)
    );
}

#[actix_web::test]
async fn nothing_is_routed_to_a_desk_that_is_not_there_or_inactive() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let desk = app.make_desk().await;
    let path = format!("/cases/{}/route", case.id());
    let nowhere = json!({ "desk_id": DeskId::new() });
    app.as_operator()
        .post(&path, nowhere)
        .await
        .invalid(&["/desk_id"]);
    app.as_admin()
        .patch(format!("/desks/{}", desk.id()), json!({ "active": false }))
        .if_match(desk.etag())
        .await
        .expect(200);
    app.as_operator()
        .post(&path, json!({ "desk_id": desk.id() }))
        .await
        .invalid(&["/desk_id"]);
}
