//! The life of a case: opening, listing, editing, moving, closing, reopening.

use crate::harness::TestApp;
use serde_json::{Value, json};
use uuid::Uuid;

#[actix_web::test]
async fn a_call_goes_all_the_way() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_case().await;
    assert_eq!(case["status"], "received");
    assert!(case["number"].as_str().unwrap().starts_with("TW-2026-"));
    assert_eq!(
        case["consultations"],
        json!({ "limit": 3, "used": 0, "remaining": 3 })
    );
    let proposals = app
        .as_operator()
        .get(format!("/cases/{}/desk-proposals", case.id()))
        .await
        .expect(200);
    assert_eq!(proposals.items()[0]["desk_id"], desk["id"]);
    assert!(
        !proposals.items()[0]["reasons"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    app.as_operator()
        .post(
            format!("/cases/{}/route", case.id()),
            json!({ "desk_id": desk.id(), "note": "午後に電話希望" }),
        )
        .await
        .expect(200);
    app.as_desk(&desk)
        .post(format!("/cases/{}/accept", case.id()), json!({}))
        .await
        .expect(200);
    let offer = json!({ "manager_id": manager.id(), "line": "labour" });
    let offer = app
        .as_desk(&desk)
        .post(format!("/cases/{}/offers", case.id()), offer)
        .await
        .expect(201);
    app.as_manager(&manager)
        .get(format!("/cases/{}", case.id()))
        .await
        .problem("not-found");
    app.as_manager(&manager)
        .post(format!("/offers/{}/accept", offer.id()), json!({}))
        .await
        .expect(200);
    assert_eq!(app.show_case(&case).await["status"], "assigned");
    for (number, stage) in [(1, "assessment"), (2, "preparation"), (3, "follow_up")] {
        let session = app.book(&desk, &case, 7).await;
        assert_eq!(session["session"], number);
        assert_eq!(session["stage"], stage);
        let held = app.hold(&desk, &session).await;
        write_and_approve_report(&app, &desk, &manager, &held).await;
    }
    app.as_desk(&desk)
        .post(
            format!("/cases/{}/consultations", case.id()),
            app.session(7),
        )
        .await
        .problem("consultation-limit-reached");
    let closed = app
        .as_desk(&desk)
        .post(
            format!("/cases/{}/close", case.id()),
            json!({ "outcome": "completed" }),
        )
        .await
        .expect(200);
    assert_eq!(closed["status"], "closed");
    assert_eq!(closed["managers"], json!([]));
    let reopened = app
        .as_desk(&desk)
        .post(
            format!("/cases/{}/reopen", case.id()),
            json!({ "reason": "追加の質問" }),
        )
        .await
        .expect(200);
    assert_eq!(reopened["status"], "accepted");
    assert_eq!(
        reopened["consultations"],
        json!({ "limit": 3, "used": 3, "remaining": 0 })
    );
    app.assign(&desk, &case, &manager, "labour").await;
    app.as_desk(&desk)
        .post(
            format!("/cases/{}/consultations", case.id()),
            app.session(7),
        )
        .await
        .problem("consultation-limit-reached");
}

/// The manager writes and submits the report of a held session, the desk approves it.
async fn write_and_approve_report(
    app: &TestApp,
    desk: &crate::harness::TestResponse,
    manager: &crate::harness::TestResponse,
    session: &crate::harness::TestResponse,
) {
    let path = format!("/consultations/{}/report", session.id());
    let report = json!({ "situation": "紙の申請が多い。", "advice": "申請の電子化から。", "next_steps": "次回は規程案。" });
    app.as_manager(manager)
        .put(&path, report)
        .if_match("\"0\"")
        .await
        .expect(200);
    app.as_manager(manager)
        .post(format!("{path}/submit"), json!({}))
        .await
        .expect(200);
    app.as_desk(desk)
        .post(format!("{path}/approve"), json!({}))
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_desk_opens_a_case_at_its_window() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let mut request = app.case_request();
    request["channel"] = json!("visit");
    let case = app.as_desk(&desk).post("/cases", request).await.expect(201);
    assert_eq!(case["status"], "accepted");
    assert_eq!(case["desk"]["id"], desk["id"]);
    let timeline = app
        .as_desk(&desk)
        .get(format!("/cases/{}/timeline", case.id()))
        .await
        .expect(200);
    let kinds: Vec<&str> = timeline
        .items()
        .iter()
        .map(|item| item["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "case_moved").count(),
        2,
        "{kinds:?}"
    );
}

#[actix_web::test]
async fn a_call_answered_at_once_is_one_request() {
    let app = TestApp::start().await;
    let mut request = app.case_request();
    request["close_as"] = json!({ "outcome": "answered", "note": "制度を説明した。" });
    let case = app
        .as_operator()
        .post("/cases", request.clone())
        .await
        .expect(201);
    assert_eq!(case["status"], "closed");
    assert_eq!(case["outcome"], "answered");
    request["close_as"] = json!({ "outcome": "completed" });
    request["enterprise"] = app.company();
    app.as_operator()
        .post("/cases", request.clone())
        .await
        .problem("illegal-move");
    request["close_as"] = json!({ "outcome": "duplicate" });
    app.as_operator()
        .post("/cases", request)
        .await
        .invalid(&["/outcome"]);
    let all = app.as_operator().get("/cases").await.expect(200);
    assert_eq!(all.items().len(), 1, "nothing is half done after an error");
}

#[actix_web::test]
async fn every_faulty_field_is_named() {
    let app = TestApp::start().await;
    let mut request = app.case_request();
    request["channel"] = json!("email");
    request["topics"] = json!([]);
    request["contacts"] = json!([{ "role": "primary" }]);
    app.as_operator().post("/cases", request).await.invalid(&[
        "/channel",
        "/topics",
        "/primary_topic",
        "/contacts/0",
    ]);
    let broken = json!({
        "channel": "telepathy",
        "enterprise": { "kind": "company", "name": "", "corporate_number": "7000012050003", "phone": "12" },
        "topics": ["ict"],
        "surprise": 1,
        "contacts": [{ "role": "primary", "name": "a\u{0007}b", "email": "nobody" }],
    });
    let answer = app
        .as_operator()
        .post("/cases", broken)
        .await
        .problem("validation");
    let mut pointers = answer.pointers();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/channel",
            "/contacts/0/email",
            "/contacts/0/name",
            "/description",
            "/enterprise/corporate_number",
            "/enterprise/name",
            "/enterprise/phone",
            "/surprise",
        ]
    );
}

#[actix_web::test]
async fn the_past_needs_a_reason() {
    let app = TestApp::start().await;
    let mut request = app.case_request();
    request["received_at"] = json!("2026-11-20T02:00:00Z");
    app.as_operator()
        .post("/cases", request.clone())
        .await
        .problem("late-reason-required");
    request["late_reason"] = json!("展示会で紙に記入");
    let case = app
        .as_operator()
        .post("/cases", request.clone())
        .await
        .expect(201);
    assert_eq!(case["received_at"], "2026-11-20T02:00:00Z");
    assert_eq!(case["flags"], json!(["late_entry"]));
    request["received_at"] = json!("2026-11-25T02:00:00Z");
    app.as_operator()
        .post("/cases", request.clone())
        .await
        .invalid(&["/received_at"]);
    // 31 March, 23:59 in Japan is another fiscal year than a minute later.
    request["enterprise"] = app.company();
    request["received_at"] = json!("2026-03-31T14:59:00Z");
    let before = app
        .as_operator()
        .post("/cases", request.clone())
        .await
        .expect(201);
    assert!(before["number"].as_str().unwrap().starts_with("TW-2025-"));
    request["received_at"] = json!("2026-03-31T15:00:00Z");
    let after = app.as_operator().post("/cases", request).await.expect(201);
    assert!(after["number"].as_str().unwrap().starts_with("TW-2026-"));
    assert_eq!(
        after["flags"],
        json!(["late_entry"]),
        "the other case is of another fiscal year"
    );
}

#[actix_web::test]
async fn the_second_case_of_the_year_is_noticed() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let first = app.make_consulting_case(&desk, &manager).await;
    let mut request = app.case_request();
    request["enterprise"] = json!({ "id": first["enterprise"]["id"] });
    let second = app.as_operator().post("/cases", request).await.expect(201);
    assert_eq!(second["flags"], json!(["same_enterprise_this_year"]));
    let flags = app
        .as_operator()
        .get(format!("/cases/{}/flags", second.id()))
        .await
        .expect(200);
    assert_eq!(
        flags.items()[0]["detail"],
        json!({ "cases": 1, "sessions_used": 1 })
    );
}

#[actix_web::test]
async fn the_guard_blocks_bookings_until_a_supervisor_overrides_it() {
    let app = TestApp::start().await;
    let settings = app.as_admin().get("/settings").await.expect(200);
    app.as_admin()
        .patch("/settings", json!({ "enterprise_guard": "block" }))
        .if_match(settings.etag())
        .await
        .expect(200);
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let first = app.make_assigned_case(&desk, &manager).await;
    app.book(&desk, &first, 3).await;
    let mut request = app.case_request();
    request["enterprise"] = json!({ "id": first["enterprise"]["id"] });
    let second = app.as_desk(&desk).post("/cases", request).await.expect(201);
    app.assign(&desk, &second, &manager, "ict").await;
    let booking = format!("/cases/{}/consultations", second.id());
    app.as_desk(&desk)
        .post(&booking, app.session(5))
        .await
        .problem("enterprise-guard");
    let path = format!("/cases/{}/guard-override", second.id());
    app.as_desk(&desk)
        .post(&path, json!({ "reason": "別の事業" }))
        .await
        .problem("forbidden");
    app.as_supervisor()
        .post(&path, json!({ "reason": "別の事業" }))
        .await
        .expect(200);
    app.as_desk(&desk)
        .post(&booking, app.session(5))
        .await
        .expect(201);
}

#[actix_web::test]
async fn lists_are_filtered_paged_and_counted() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    for _ in 0..5 {
        app.make_routed_case(&desk).await;
    }
    let waiting = app.make_case().await;
    app.as_operator()
        .post(
            format!("/cases/{}/escalate", waiting.id()),
            json!({ "kind": "complaint", "reason": "連絡がない" }),
        )
        .await
        .expect(200);
    let operator = app.as_operator();
    assert_eq!(
        operator
            .get("/cases?status=routed")
            .await
            .expect(200)
            .items()
            .len(),
        5
    );
    assert_eq!(
        operator
            .get("/cases?status=open&flag=complaint")
            .await
            .expect(200)
            .items()
            .len(),
        1
    );
    assert_eq!(
        operator
            .get("/cases?due=accept")
            .await
            .expect(200)
            .items()
            .len(),
        5
    );
    let counts = operator.get("/cases/counts").await.expect(200);
    assert_eq!(counts["total"], 6);
    assert_eq!(counts["status"], json!({ "received": 1, "routed": 5 }));
    assert_eq!(counts["flag"], json!({ "complaint": 1 }));
    for sort in ["-received_at", "received_at", "due_at"] {
        let mut seen = Vec::new();
        let mut next = String::new();
        loop {
            let page = operator
                .get(format!("/cases?limit=2&sort={sort}{next}"))
                .await
                .expect(200);
            seen.extend(
                page.items()
                    .iter()
                    .map(|item| item["id"].as_str().unwrap().to_owned()),
            );
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        let mut unique = seen.clone();
        unique.sort();
        unique.dedup();
        assert_eq!((seen.len(), unique.len()), (6, 6), "{sort}");
    }
    let number = waiting["number"].as_str().unwrap().to_lowercase();
    assert_eq!(
        operator
            .get(format!("/cases?q={number}"))
            .await
            .expect(200)
            .items()
            .len(),
        1
    );
    assert_eq!(
        operator
            .get(format!("/cases/by-number/{number}"))
            .await
            .expect(200)["id"],
        waiting["id"]
    );
    operator
        .get("/cases?cursor=bm9uc2Vuc2U")
        .await
        .invalid(&["/cursor"]);
    operator.get("/cases?limit=0").await.invalid(&["/limit"]);
    operator
        .get("/cases?status=open,asleep")
        .await
        .problem("validation");
    operator.get("/cases?staus=open").await.invalid(&["/staus"]);
}

#[actix_web::test]
async fn a_desk_sees_its_own_cases_only() {
    let app = TestApp::start().await;
    let (mine, other) = (app.make_desk().await, app.make_desk_for("13").await);
    let case = app.make_routed_case(&mine).await;
    assert_eq!(
        app.as_desk(&mine)
            .get("/cases")
            .await
            .expect(200)
            .items()
            .len(),
        1
    );
    assert_eq!(
        app.as_desk(&other)
            .get("/cases")
            .await
            .expect(200)
            .items()
            .len(),
        0
    );
    assert_eq!(
        app.as_desk(&other).get("/cases/counts").await.expect(200)["total"],
        0
    );
    app.as_desk(&other)
        .get(format!("/cases/{}", case.id()))
        .await
        .problem("not-found");
    app.as_desk(&other)
        .post(format!("/cases/{}/accept", case.id()), json!({}))
        .await
        .problem("not-found");
    let number = case["number"].as_str().unwrap();
    app.as_desk(&other)
        .get(format!("/cases/by-number/{number}"))
        .await
        .problem("not-found");
    app.as_operator()
        .get(format!("/cases/{}", case.id()))
        .await
        .expect(200);
    // Returned, it is out of the desk's sight, and back with the help center.
    app.as_desk(&mine)
        .post(
            format!("/cases/{}/return", case.id()),
            json!({ "reason": "管轄外" }),
        )
        .await
        .expect(204);
    app.as_desk(&mine)
        .get(format!("/cases/{}", case.id()))
        .await
        .problem("not-found");
    let back = app.show_case(&case).await;
    assert_eq!(
        (&back["status"], &back["desk"]),
        (&json!("received"), &Value::Null)
    );
}

#[actix_web::test]
async fn a_case_is_edited_with_its_version() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let path = format!("/cases/{}", case.id());
    let operator = app.as_operator();
    operator
        .patch(&path, json!({ "subject": "規程" }))
        .await
        .problem("precondition-required");
    let edited = operator
        .patch(&path, json!({ "subject": "規程", "topics": ["rules"] }))
        .if_match(case.etag())
        .await
        .expect(200);
    assert_eq!(edited["subject"], "規程");
    assert_eq!(edited["primary_topic"], "rules");
    operator
        .patch(&path, json!({ "subject": "別" }))
        .if_match(case.etag())
        .await
        .problem("stale");
    let cleared = operator
        .patch(&path, json!({ "subject": null }))
        .if_match(edited.etag())
        .await
        .expect(200);
    assert_eq!(cleared["subject"], Value::Null);
    let contact = cleared["contacts"][0].clone();
    let contacts = json!([
        { "id": contact["id"], "role": "primary", "name": "工藤 次郎", "phone": "０９０ー１２３４ー５６７８" },
        { "role": "agent", "name": "税理士 佐藤", "organisation": "佐藤会計", "relation": "税理士" },
    ]);
    let edited = operator
        .patch(&path, json!({ "contacts": contacts }))
        .if_match(cleared.etag())
        .await
        .expect(200);
    assert_eq!(edited["contacts"][0]["id"], contact["id"]);
    assert_eq!(edited["contacts"][0]["phone"], "+819012345678");
    assert_eq!(edited["contacts"].as_array().unwrap().len(), 2);
    let foreign = json!([{ "id": Uuid::now_v7(), "role": "cc", "name": "誰か" }]);
    operator
        .patch(&path, json!({ "contacts": foreign }))
        .if_match(edited.etag())
        .await
        .invalid(&["/contacts/0/id"]);
    // Once the desk has it, the help center reads only.
    let desk = app.make_desk().await;
    let routed = operator
        .post(format!("{path}/route"), json!({ "desk_id": desk.id() }))
        .await
        .expect(200);
    operator
        .patch(&path, json!({ "subject": "後" }))
        .if_match(routed.etag())
        .await
        .problem("forbidden");
    app.as_desk(&desk)
        .patch(&path, json!({ "subject": "窓口" }))
        .if_match(routed.etag())
        .await
        .expect(200);
}

#[actix_web::test]
async fn an_enterprise_taken_by_mistake_is_corrected() {
    let app = TestApp::start().await;
    let first = app.make_case().await;
    let second = app.make_case().await;
    let path = format!("/cases/{}", second.id());
    let body = json!({ "enterprise_id": first["enterprise"]["id"] });
    let edited = app
        .as_operator()
        .patch(&path, body)
        .if_match(second.etag())
        .await
        .expect(200);
    assert_eq!(edited["enterprise"]["id"], first["enterprise"]["id"]);
    assert_eq!(edited["flags"], json!(["same_enterprise_this_year"]));
    let nobody = json!({ "enterprise_id": Uuid::now_v7() });
    app.as_operator()
        .patch(&path, nobody)
        .if_match(edited.etag())
        .await
        .invalid(&["/enterprise_id"]);
}

#[actix_web::test]
async fn moves_are_made_by_their_owners() {
    let app = TestApp::start().await;
    let (first, second) = (app.make_desk().await, app.make_desk_for("13").await);
    let case = app.make_routed_case(&first).await;
    let path = format!("/cases/{}", case.id());
    let route = json!({ "desk_id": second.id() });
    app.as_operator()
        .post(format!("{path}/route"), route.clone())
        .await
        .problem("forbidden");
    app.as_supervisor()
        .post(format!("{path}/route"), route)
        .await
        .invalid(&["/reason"]);
    app.as_desk(&first)
        .post(format!("{path}/close"), json!({ "outcome": "answered" }))
        .await
        .problem("forbidden");
    let with_reason = json!({ "desk_id": second.id(), "reason": "本社が東京" });
    app.as_supervisor()
        .post(format!("{path}/route"), with_reason)
        .await
        .expect(200);
    app.as_desk(&first).get(&path).await.problem("not-found");
    app.as_desk(&second)
        .post(format!("{path}/accept"), json!({}))
        .await
        .expect(200);
    app.as_desk(&second)
        .post(format!("{path}/accept"), json!({}))
        .await
        .problem("illegal-move");
    app.as_operator()
        .post(format!("{path}/close"), json!({ "outcome": "answered" }))
        .await
        .problem("forbidden");
    let moved = json!({ "outcome": "completed" });
    app.as_desk(&second)
        .post(format!("{path}/close"), moved)
        .await
        .problem("illegal-move");
    let stale = app
        .as_desk(&second)
        .post(format!("{path}/close"), json!({ "outcome": "withdrawn" }))
        .if_match("\"1\"")
        .await;
    stale.problem("stale");
    app.as_desk(&second)
        .post(format!("{path}/close"), json!({ "outcome": "withdrawn" }))
        .await
        .expect(200);
    app.as_desk(&second)
        .post(format!("{path}/close"), json!({ "outcome": "withdrawn" }))
        .await
        .problem("illegal-move");
    let unknown = json!({ "desk_id": Uuid::now_v7(), "reason": "x" });
    app.as_supervisor()
        .post(format!("{path}/route"), unknown)
        .await
        .problem("illegal-move");
}

#[actix_web::test]
async fn unreachable_needs_attempts_on_record() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let path = format!("/cases/{}", case.id());
    let close = json!({ "outcome": "unreachable", "note": "三度の電話に応答なし" });
    app.as_desk(&desk)
        .post(format!("{path}/close"), close.clone())
        .await
        .problem("illegal-move");
    for result in ["absent", "voicemail", "absent"] {
        let call = json!({ "kind": "phone", "direction": "outbound", "occurred_at": app.now(), "result": result, "body": "応答なし" });
        app.as_desk(&desk)
            .post(format!("{path}/interactions"), call)
            .await
            .expect(201);
    }
    app.as_desk(&desk)
        .post(format!("{path}/close"), close)
        .await
        .expect(200);
}

#[actix_web::test]
async fn reopening_has_its_time_and_its_owner() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_closed_case(&desk).await;
    let path = format!("/cases/{}/reopen", case.id());
    let reason = json!({ "reason": "続きの相談" });
    app.as_operator()
        .post(&path, reason.clone())
        .await
        .problem("forbidden");
    app.advance(chrono::TimeDelta::days(91));
    app.as_desk(&desk)
        .post(&path, reason.clone())
        .await
        .problem("forbidden");
    let reopened = app.as_supervisor().post(&path, reason).await.expect(200);
    assert_eq!(reopened["status"], "accepted");
    // The help center's own case returns to the help center.
    let mut request = app.case_request();
    request["close_as"] = json!({ "outcome": "answered" });
    let own = app.as_operator().post("/cases", request).await.expect(201);
    let path = format!("/cases/{}/reopen", own.id());
    let reopened = app
        .as_operator()
        .post(&path, json!({ "reason": "再度の電話" }))
        .await
        .expect(200);
    assert_eq!(reopened["status"], "received");
}

#[actix_web::test]
async fn waits_end_with_the_next_contact() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let path = format!("/cases/{}", case.id());
    let past = json!({ "on": "enterprise", "until": "2026-11-01T00:00:00Z", "reason": "資料待ち" });
    app.as_desk(&desk)
        .post(format!("{path}/wait"), past)
        .await
        .invalid(&["/until"]);
    let wait = json!({ "on": "enterprise", "reason": "資料待ち" });
    let waiting = app
        .as_desk(&desk)
        .post(format!("{path}/wait"), wait)
        .await
        .expect(200);
    assert_eq!(waiting["waiting_on"], "enterprise");
    assert_eq!(
        app.as_desk(&desk)
            .get("/cases?waiting_on=enterprise")
            .await
            .expect(200)
            .items()
            .len(),
        1
    );
    let call = json!({ "kind": "phone", "direction": "inbound", "occurred_at": app.now(), "result": "reached", "body": "届いた" });
    app.as_desk(&desk)
        .post(format!("{path}/interactions"), call)
        .await
        .expect(201);
    assert_eq!(app.show_case(&case).await["waiting_on"], "desk");
}

#[actix_web::test]
async fn complaints_stay_until_a_supervisor_settles_them() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let path = format!("/cases/{}", case.id());
    let complaint = json!({ "kind": "complaint", "reason": "約束の電話がない" });
    let flagged = app
        .as_desk(&desk)
        .post(format!("{path}/escalate"), complaint.clone())
        .await
        .expect(200);
    assert_eq!(flagged["flags"], json!(["complaint"]));
    let settle = json!({ "answer": "謝罪し、担当を変更" });
    app.as_desk(&desk)
        .post(format!("{path}/flags/complaint/settle"), settle.clone())
        .await
        .problem("forbidden");
    let settled = app
        .as_supervisor()
        .post(format!("{path}/flags/complaint/settle"), settle.clone())
        .await
        .expect(200);
    assert_eq!(settled["flags"], json!([]));
    app.as_supervisor()
        .post(format!("{path}/flags/complaint/settle"), settle.clone())
        .await
        .problem("not-found");
    app.as_supervisor()
        .post(format!("{path}/flags/nonsense/settle"), settle)
        .await
        .problem("not-found");
    // A second complaint is another one; the first is kept.
    app.as_desk(&desk)
        .post(format!("{path}/escalate"), complaint)
        .await
        .expect(200);
    let flags = app
        .as_desk(&desk)
        .get(format!("{path}/flags"))
        .await
        .expect(200);
    assert_eq!(flags.items().len(), 2);
}

#[actix_web::test]
async fn links_join_cases_in_view() {
    let app = TestApp::start().await;
    let (mine, other) = (app.make_desk().await, app.make_desk_for("13").await);
    let (a, b) = (
        app.make_accepted_case(&mine).await,
        app.make_accepted_case(&other).await,
    );
    let path = format!("/cases/{}/links", a.id());
    let link = json!({ "other_id": b.id(), "kind": "related" });
    app.as_desk(&mine)
        .post(&path, link.clone())
        .await
        .invalid(&["/other_id"]);
    app.as_supervisor()
        .post(&path, link.clone())
        .await
        .expect(200);
    app.as_supervisor().post(&path, link).await.expect(200);
    assert_eq!(
        app.as_supervisor()
            .get(&path)
            .await
            .expect(200)
            .items()
            .len(),
        1
    );
    assert_eq!(
        app.as_desk(&mine)
            .get(&path)
            .await
            .expect(200)
            .items()
            .len(),
        0,
        "the other case is not in view"
    );
    let itself = json!({ "other_id": a.id(), "kind": "related" });
    app.as_supervisor()
        .post(&path, itself)
        .await
        .invalid(&["/other_id"]);
}

#[actix_web::test]
async fn what_nobody_takes_up_goes_back() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_routed_case(&desk).await;
    app.set_time("2026-11-30T09:59:00+09:00");
    app.run_jobs().await;
    assert_eq!(app.show_case(&case).await["status"], "routed");
    // Five business days after Tuesday 10:00 is the next Tuesday 10:00.
    app.set_time("2026-12-01T10:10:00+09:00");
    app.run_jobs().await;
    let back = app.show_case(&case).await;
    assert_eq!(back["status"], "received");
    assert_eq!(back["due"]["kind"], "first_contact");
}

#[actix_web::test]
async fn a_repetition_changes_nothing() {
    let app = TestApp::start().await;
    let request = app.case_request();
    let operator = app.as_operator();
    let first = operator
        .post("/cases", request.clone())
        .idempotent("call-1")
        .await
        .expect(201);
    let again = operator
        .post("/cases", request.clone())
        .idempotent("call-1")
        .await
        .expect(201);
    assert_eq!(first.text, again.text);
    assert_eq!(first.location(), again.location());
    assert_eq!(first.etag(), again.etag());
    let mut other = request.clone();
    other["subject"] = json!("別件");
    operator
        .post("/cases", other)
        .idempotent("call-1")
        .await
        .problem("idempotency-key-reused");
    assert_eq!(operator.get("/cases").await.expect(200).items().len(), 1);
    // A key belongs to its actor and its route.
    app.as_supervisor()
        .post("/cases", request.clone())
        .idempotent("call-1")
        .await
        .expect(201);
    // A failure is not kept: the corrected request may use the key.
    let mut broken = request.clone();
    broken["enterprise"] = json!({ "id": Uuid::now_v7() });
    operator
        .post("/cases", broken)
        .idempotent("call-2")
        .await
        .problem("validation");
    operator
        .post("/cases", request)
        .idempotent("call-2")
        .await
        .expect(201);
    // The answer is not repeated to someone who lost sight of the case.
    let (mine, second) = (app.make_desk().await, app.make_desk_for("13").await);
    let case = app.make_routed_case(&mine).await;
    let accept = format!("/cases/{}/accept", case.id());
    app.as_desk(&mine)
        .post(&accept, json!({}))
        .idempotent("accept")
        .await
        .expect(200);
    let route = json!({ "desk_id": second.id(), "reason": "管轄" });
    app.as_supervisor()
        .post(format!("/cases/{}/route", case.id()), route)
        .await
        .expect(200);
    app.as_desk(&mine)
        .post(&accept, json!({}))
        .idempotent("accept")
        .await
        .problem("not-found");
    // After a day the key is forgotten.
    app.advance(chrono::TimeDelta::hours(25));
    app.run_jobs().await;
    operator
        .post("/cases", app.case_request())
        .idempotent("call-1")
        .await
        .expect(201);
}
