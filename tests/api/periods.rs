//! Closed periods: in order, once, for ever; and what is corrected afterwards shows as an adjustment.

use crate::harness::{Client, TestApp, TestResponse, refused};
use chrono::TimeDelta;
use serde_json::{Value, json};

async fn total(client: &Client, report: &str, query: &str) -> i64 {
    let path = format!("/reports/{report}?{query}");
    client.get(path).await.expect(200)["total"]
        .as_i64()
        .unwrap()
}

async fn close(app: &TestApp, body: Value) -> TestResponse {
    app.as_admin().post("/periods", body).await
}

async fn adjustments(client: &Client, period: &TestResponse) -> Vec<Value> {
    let path = format!("/periods/{}/adjustments", period.id());
    client.get(path).await.expect(200).items().to_vec()
}

const NOVEMBER: &str = "from=2026-11-01&to=2026-11-30";

/// A desk with a closed case, an open one, and a session that was held; all in November 2026, on the first of December.
struct Office {
    app: TestApp,
    desk: TestResponse,
    manager: TestResponse,
    answered: TestResponse,
    open: TestResponse,
    session: TestResponse,
}

impl Office {
    async fn build() -> Self {
        let app = TestApp::start().await;
        let (desk, manager) = (app.make_desk().await, app.make_manager().await);
        let answered = app.make_closed_case(&desk).await;
        let open = app.make_assigned_case(&desk, &manager).await;
        let session = app.book(&desk, &open, 1).await;
        let session = app.hold(&desk, &session).await;
        app.set_time("2026-12-01T09:30:00+09:00");
        Self {
            app,
            desk,
            manager,
            answered,
            open,
            session,
        }
    }

    /// A session of November that is entered now.
    async fn late_session(&self) -> TestResponse {
        let starts_at = "2026-11-27T10:00:00+09:00";
        let ends_at = "2026-11-27T11:00:00+09:00";
        let late = json!({
            "starts_at": starts_at, "ends_at": ends_at, "mode": "phone", "late_reason": "担当者が休んでいたため",
        });
        let path = format!("/cases/{}/consultations", self.open.id());
        let session = self
            .app
            .as_desk(&self.desk)
            .post(path, late)
            .await
            .expect(201);
        let held = json!({
            "started_at": starts_at, "ended_at": ends_at, "mode": "phone", "attendees": [], "desk_attended": false,
        });
        self.app
            .as_desk(&self.desk)
            .post(format!("/consultations/{}/hold", session.id()), held)
            .await
            .expect(200)
    }

    /// A case of November that is entered now.
    async fn late_case(&self) -> TestResponse {
        let mut late = self.app.case_request();
        late["received_at"] = json!("2026-11-20T14:00:00+09:00");
        late["late_reason"] = json!("出張相談会で受け付けたため");
        self.app
            .as_operator()
            .post("/cases", late)
            .await
            .expect(201)
    }
}

#[actix_web::test]
async fn periods_are_closed_in_order_and_once() {
    let app = TestApp::start().await;
    let admin = app.as_admin();
    let nothing = close(&app, json!({ "month": "2026-10" })).await;
    nothing.problem("conflict");
    app.make_case().await;
    let next = admin.get("/periods").await.expect(200);
    assert_eq!(next["next"][0]["first_day"], "2026-11-01");
    assert_eq!(next["next"][0]["is_over"], false);
    let running = close(&app, json!({ "month": "2026-11" }))
        .await
        .problem("conflict");
    assert!(running["detail"].as_str().unwrap().contains("2026-11-30"));
    app.set_time("2027-02-03T09:30:00+09:00");
    let too_far = close(&app, json!({ "month": "2026-12" }))
        .await
        .problem("conflict");
    assert!(too_far["detail"].as_str().unwrap().contains("2026年11月"));
    let closed = close(&app, json!({ "month": "2026-11", "note": "月次報告" }))
        .await
        .expect(201);
    assert_eq!(closed["label"], "2026年11月");
    assert_eq!(closed["totals"]["cases"], 1);
    let shown = admin.get(closed.location()).await.expect(200);
    assert_eq!(shown.json, closed.json);
    close(&app, json!({ "month": "2026-11" }))
        .await
        .problem("conflict");
    let unripe = close(&app, json!({ "fiscal_year": 2026 }))
        .await
        .problem("conflict");
    assert!(unripe["detail"].as_str().unwrap().contains("not over"));
    close(&app, json!({ "month": "2026-12" })).await.expect(201);
    close(&app, json!({ "month": "2027-02" }))
        .await
        .problem("conflict");
    close(&app, json!({})).await.invalid(&["/month"]);
    close(&app, json!({ "month": "2026-13" }))
        .await
        .invalid(&["/month"]);
    close(&app, json!({ "month": "2027-01", "fiscal_year": 2026 }))
        .await
        .invalid(&["/month"]);
    let body = json!({ "month": "2027-01" });
    for client in [app.as_supervisor(), app.as_operator(), app.as_auditor()] {
        client
            .post("/periods", body.clone())
            .await
            .problem("forbidden");
    }
    let list = app.as_auditor().get("/periods").await.expect(200);
    assert_eq!(list.items().len(), 2);
    assert_eq!(
        list.items()[1]["note"],
        Value::Null,
        "an auditor reads no words"
    );
    let repeated = async || {
        admin
            .post("/periods", body.clone())
            .idempotent("close-january")
            .await
            .expect(201)
    };
    assert_eq!(repeated().await.json, repeated().await.json);
}

#[actix_web::test]
async fn of_many_who_close_a_period_one_does() {
    let app = TestApp::start().await;
    app.make_case().await;
    app.set_time("2026-12-01T09:30:00+09:00");
    let answers = app
        .parallel(8, |_| {
            let admin = app.as_admin();
            async move { admin.post("/periods", json!({ "month": "2026-11" })).await }
        })
        .await;
    let closed = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(closed, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.problem("conflict");
    }
    let db = &mut app.sql_as_owner().await;
    let facts: i64 = sqlx::query_scalar("select count(*) from period_fact where report = 'cases'")
        .fetch_one(db)
        .await
        .unwrap();
    assert_eq!(facts, 1);
}

#[actix_web::test]
async fn what_is_frozen_stays_for_ever() {
    let office = Office::build().await;
    let app = &office.app;
    let period = close(app, json!({ "month": "2026-11" })).await.expect(201);
    let mut owner = app.sql_as_owner().await;
    for (table, sql) in [
        ("period_fact", "update period_fact set prefecture = '13'"),
        ("period_fact", "update period_fact set counted = false"),
        ("period_fact", "delete from period_fact"),
        ("period", "update period set case_count = 0"),
        ("period", "delete from period"),
        ("period_fact", "truncate period_fact"),
    ] {
        refused(&mut owner, &format!("{table} is append-only"), sql).await;
    }
    let more = format!(
        "insert into period_fact (period_id, report, id, case_id, number, enterprise_id, at, recorded_at, managers, lines, topics,
            ministries, channel, status, counted)
        select '{}', 'cases', gen_random_uuid(), case_id, number, enterprise_id, at, recorded_at, '{{}}', '{{}}', '{{}}', '{{}}', 'phone',
            'received', true
        from period_fact limit 1",
        period.id()
    );
    refused(&mut owner, "period_fact_complete", &more).await;
    // Facts alone, without their period, are none.
    let stray = more.replace(
        &period.id().to_string(),
        "019ab000-0000-7000-8000-0000000000ff",
    );
    refused(&mut owner, "period_fact_period_id", &stray).await;
}

/// Nothing that happens later changes a frozen figure, and everything that does so to the record is told.
#[actix_web::test]
async fn later_corrections_are_adjustments() {
    let office = Office::build().await;
    let app = &office.app;
    let (admin, desk) = (app.as_admin(), app.as_desk(&office.desk));
    let period = close(app, json!({ "month": "2026-11" })).await.expect(201);
    let mut before = Vec::new();
    for report in ["cases", "interactions", "enterprises", "sessions"] {
        for by in ["desk", "industry", "topic", "status", "month"] {
            let path = format!("/reports/{report}?by={by}&{NOVEMBER}");
            let answer = admin.get(&path).await.expect(200);
            assert_eq!(answer["period"]["id"], json!(period.id()));
            let recorded = admin.get(format!("{path}&basis=record")).await.expect(200);
            assert_eq!(recorded["period"], Value::Null);
            for field in ["total", "adds_up"] {
                assert_eq!(answer[field], recorded[field], "{path}");
            }
            before.push((path, answer.json));
        }
    }
    assert_eq!(adjustments(&admin, &period).await, Vec::<Value>::new());

    // What goes on as it should is no correction.
    app.advance(TimeDelta::hours(1));
    app.book(&office.desk, &office.open, 1).await;
    assert_eq!(adjustments(&admin, &period).await, Vec::<Value>::new());

    let late_case = office.late_case().await;
    let late_session = office.late_session().await;
    app.as_supervisor()
        .post(
            format!("/consultations/{}/void", office.session.id()),
            json!({ "reason": "別の企業の記録だったため" }),
        )
        .await
        .expect(200);
    app.as_supervisor()
        .post(
            format!("/cases/{}/reopen", office.answered.id()),
            json!({ "reason": "回答に誤りがあったため" }),
        )
        .await
        .expect(200);
    let enterprise = office.open["enterprise"]["id"].as_str().unwrap();
    let enterprise = admin
        .get(format!("/enterprises/{enterprise}"))
        .await
        .expect(200);
    desk.patch(
        format!("/enterprises/{}", enterprise.id()),
        json!({ "industry_code": "G39" }),
    )
    .if_match(enterprise.etag())
    .await
    .expect(200);

    for (path, answer) in &before {
        let now = admin.get(path).await.expect(200);
        assert_eq!(now["rows"], answer["rows"], "{path}");
        assert_eq!(now["total"], answer["total"], "{path}");
    }
    let found = adjustments(&admin, &period).await;
    let of = |report: &str, id: uuid::Uuid| {
        found
            .iter()
            .find(|row| row["report"] == report && row["id"] == json!(id))
            .unwrap_or_else(|| panic!("{report} {id} in {found:#?}"))
    };
    let entered = of("cases", late_case.id());
    assert_eq!(
        (&entered["change"], &entered["effect"]),
        (&json!("added"), &json!(1))
    );
    assert_eq!(entered["because"], "case_created");
    assert_eq!(entered["reason"], "出張相談会で受け付けたため");
    assert!(entered["by"].is_string());
    assert_eq!(entered["adjusted_at"], json!(app.now()));
    let entered = of("sessions", late_session.id());
    assert_eq!(entered["effect"], 1);
    assert_eq!(entered["reason"], "担当者が休んでいたため");
    let voided = of("sessions", office.session.id());
    assert_eq!(
        (&voided["change"], &voided["effect"]),
        (&json!("removed"), &json!(-1))
    );
    assert_eq!(voided["because"], "consultation_voided");
    assert_eq!(voided["reason"], "別の企業の記録だったため");
    let reopened = of("cases", office.answered.id());
    assert_eq!(reopened["because"], "case_moved");
    assert_eq!(reopened["reason"], "回答に誤りがあったため");
    assert_eq!(
        reopened["fields"],
        json!([
            { "field": "status", "from": "closed", "to": "accepted" },
            { "field": "outcome", "from": "answered", "to": null },
        ])
    );
    let corrected = of("cases", office.open.id());
    assert_eq!(
        (&corrected["change"], &corrected["effect"]),
        (&json!("changed"), &json!(0))
    );
    assert_eq!(corrected["because"], "enterprise_edited");
    assert_eq!(
        corrected["fields"],
        json!([{ "field": "industry", "from": "E", "to": "G" }])
    );
    sums_fit(&admin, &period).await;
    // The auditor reads when and what, but no words and no names.
    let masked = adjustments(&app.as_auditor(), &period).await;
    assert_eq!(masked.len(), found.len());
    assert!(
        masked
            .iter()
            .all(|row| row["by"].is_null() && row["reason"].is_null())
    );
}

/// The kept count and all effects are the count by the record.
async fn sums_fit(admin: &Client, period: &TestResponse) {
    for report in ["cases", "interactions", "sessions"] {
        let path = format!(
            "/periods/{}/adjustments?report={report}&limit=1",
            period.id()
        );
        let mut effects = 0;
        let mut page = admin.get(&path).await.expect(200);
        loop {
            let of_page = page.items().iter();
            effects += of_page
                .map(|row| row["effect"].as_i64().unwrap())
                .sum::<i64>();
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            let next = format!("{path}&cursor={cursor}");
            page = admin.get(next).await.expect(200);
        }
        let kept = total(admin, report, NOVEMBER).await;
        let recorded = total(admin, report, &format!("{NOVEMBER}&basis=record")).await;
        assert_eq!(kept + effects, recorded, "{report}");
    }
}

#[actix_web::test]
async fn a_merge_after_closing_takes_a_case_away() {
    let office = Office::build().await;
    let app = &office.app;
    let period = close(app, json!({ "month": "2026-11" })).await.expect(201);
    let merge = json!({ "other_id": office.answered.id(), "reason": "同じ相談の二重登録" });
    app.as_supervisor()
        .post(format!("/cases/{}/merge", office.open.id()), merge.clone())
        .await
        .expect(200);
    let found = adjustments(&app.as_admin(), &period).await;
    let merged = found
        .iter()
        .find(|row| row["report"] == "cases" && row["id"] == json!(office.answered.id()))
        .unwrap();
    assert_eq!(
        (&merged["change"], &merged["effect"]),
        (&json!("removed"), &json!(-1))
    );
    assert_eq!(merged["reason"], "同じ相談の二重登録");
    assert_eq!(total(&app.as_admin(), "cases", NOVEMBER).await, 2);
    sums_fit(&app.as_admin(), &period).await;
    // Taken back, nothing is left to adjust.
    app.as_supervisor()
        .post(format!("/cases/{}/unmerge", office.open.id()), merge)
        .await
        .expect(200);
    let cases = format!("/periods/{}/adjustments?report=cases", period.id());
    assert_eq!(
        app.as_admin().get(cases).await.expect(200)["items"],
        json!([])
    );
}

#[actix_web::test]
async fn a_desk_sees_adjustments_of_its_own_cases_only() {
    let office = Office::build().await;
    let app = &office.app;
    let other = app.make_desk_for("03").await;
    let period = close(app, json!({ "month": "2026-11" })).await.expect(201);
    office.late_session().await;
    assert_eq!(
        adjustments(&app.as_desk(&office.desk), &period).await.len(),
        1
    );
    assert_eq!(adjustments(&app.as_desk(&other), &period).await.len(), 0);
    assert_eq!(
        adjustments(&app.as_manager(&office.manager), &period)
            .await
            .len(),
        1
    );
    let seen = app.as_desk(&other).get("/periods").await.expect(200);
    assert_eq!(seen.items()[0]["totals"], Value::Null);
    assert_eq!(seen["next"], json!([]));
    assert_eq!(
        total(&app.as_desk(&office.desk), "cases", NOVEMBER).await,
        2
    );
    assert_eq!(total(&app.as_desk(&other), "cases", NOVEMBER).await, 0);
    assert_eq!(total(&app.as_desk(&other), "sessions", NOVEMBER).await, 0);
    let nothing = uuid::Uuid::now_v7();
    for path in [
        format!("/periods/{nothing}"),
        format!("/periods/{nothing}/adjustments"),
    ] {
        app.as_admin().get(path).await.problem("not-found");
    }
}

/// Names may be erased: what is counted is codes.
#[actix_web::test]
async fn erased_names_change_no_figure() {
    let office = Office::build().await;
    let app = &office.app;
    let period = close(app, json!({ "month": "2026-11" })).await.expect(201);
    let admin = app.as_admin();
    let path = format!("/reports/enterprises?by=industry&{NOVEMBER}");
    let before = admin.get(&path).await.expect(200);
    let mut owner = app.sql_as_owner().await;
    sqlx::raw_sql(
        "update enterprise set kind = 'anonymous', name = null, kana = null, corporate_number = null, phone = null, address = null;
        update case_file set subject = null, description = '-'; delete from contact where id not in
        (select contact_id from interaction where contact_id is not null)",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    assert_eq!(admin.get(&path).await.expect(200).json, before.json);
    assert_eq!(adjustments(&admin, &period).await, Vec::<Value>::new());
    let list = before["list"]
        .as_str()
        .unwrap()
        .strip_prefix("/api/v1")
        .unwrap();
    assert_eq!(admin.get(list).await.expect(200).items().len(), 2);
}

/// April begins with the open cases of March and the sessions that were used on them.
#[actix_web::test]
async fn a_fiscal_year_is_closed_and_the_next_begins() {
    let office = Office::build().await;
    let app = &office.app;
    let admin = app.as_admin();
    app.set_time("2027-04-05T09:30:00+09:00");
    let november = close(app, json!({ "month": "2026-11" })).await.expect(201);
    let early = close(app, json!({ "fiscal_year": 2026 }))
        .await
        .problem("conflict");
    assert!(early["detail"].as_str().unwrap().contains("all months"));
    // Corrected after its month and before its year: the month keeps its figure, the year has the new one.
    office.late_case().await;
    for month in ["2026-12", "2027-01", "2027-02", "2027-03"] {
        close(app, json!({ "month": month })).await.expect(201);
    }
    let next = admin.get("/periods").await.expect(200);
    assert_eq!(next["next"][1]["label"], "2026年度");
    let year = close(app, json!({ "fiscal_year": 2026 })).await.expect(201);
    assert_eq!(year["totals"]["cases"], 3);
    let whole = "from=2026-04-01&to=2027-03-31";
    assert_eq!(total(&admin, "cases", whole).await, 3);
    assert_eq!(total(&admin, "cases", NOVEMBER).await, 2);
    // Two months of it are answered by the months.
    assert_eq!(
        total(&admin, "cases", "from=2026-11-01&to=2026-12-31").await,
        2
    );
    // As of a day before it was closed, it was not.
    let as_of = format!("{NOVEMBER}&as_of=2027-04-04");
    assert_eq!(total(&admin, "cases", &as_of).await, 2);
    let report = admin
        .get(format!("/reports/cases?{as_of}"))
        .await
        .expect(200);
    assert_eq!(report["frozen"], json!([]));
    assert_eq!(
        adjustments(&admin, &november).await.len(),
        2,
        "the case and its call"
    );
    assert_eq!(adjustments(&admin, &year).await, Vec::<Value>::new());

    let overview = admin.get("/reports/overview").await.expect(200);
    assert_eq!(overview["fiscal_year"], 2027);
    let number = |code: &str| {
        let numbers = overview["numbers"].as_array().unwrap();
        let number = numbers
            .iter()
            .find(|number| number["code"] == code)
            .unwrap();
        let list = number["list"]
            .as_str()
            .unwrap()
            .strip_prefix("/api/v1")
            .unwrap();
        (number["count"].as_i64().unwrap(), list.to_owned())
    };
    // The one with a session, and the late entry.
    let (carried, list) = number("carried_over");
    assert_eq!(carried, 2);
    assert_eq!(admin.get(list).await.expect(200).items().len(), 2);
    let (sessions, list) = number("carried_over_sessions");
    assert_eq!(sessions, 1);
    assert_eq!(admin.get(list).await.expect(200).items().len(), 1);
    assert_eq!(number("received_this_year").0, 0);
    // Used sessions stay used, and numbers begin anew.
    assert_eq!(app.used(&office.open).await, 1);
    assert_eq!(app.make_case().await["number"], "TW-2027-000001");
    assert_eq!(office.answered["status"], "closed");
}
