//! The conversation: what was said, what it means for waits and deadlines, and the timeline that holds it all.

use crate::harness::{HasId, TestApp, TestResponse};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::Executor;
use uuid::Uuid;

impl TestApp {
    /// The body of a call that came to somebody, now.
    fn call(&self, direction: &str, result: &str) -> Value {
        json!({
            "kind": "phone",
            "direction": direction,
            "occurred_at": self.now(),
            "result": result,
            "body": "在宅勤務規程のひな形を案内した。",
        })
    }

    /// The supervisor enters a call.
    async fn enter(&self, case: &impl HasId, call: Value) -> TestResponse {
        self.as_supervisor()
            .post(format!("/cases/{}/interactions", case.id()), call)
            .await
    }

    /// The newest item of that kind.
    async fn newest(&self, case: &impl HasId, kind: &str) -> Value {
        let timeline = self
            .as_supervisor()
            .get(format!("/cases/{}/timeline", case.id()))
            .await
            .expect(200);
        timeline
            .items()
            .iter()
            .find(|item| item["kind"] == kind)
            .unwrap_or_else(|| panic!("no {kind} in {:#}", timeline.json))
            .clone()
    }

    /// The open deadlines of a kind, the earliest first.
    async fn open_deadlines(&self, case: &impl HasId, kind: &str) -> Vec<DateTime<Utc>> {
        sqlx::query_scalar(
            "select due_at from deadline where case_id = $1 and kind = $2 and done_at is null order by due_at",
        )
        .bind(case.id())
        .bind(kind)
        .fetch_all(&mut self.sql().await)
        .await
        .unwrap()
    }
}

#[actix_web::test]
async fn a_call_is_on_record() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let mut call = app.call("outbound", "reached");
    call["contact_id"] = case["contacts"][0]["id"].clone();
    call["counterpart"] = json!("受付 田中様");
    let path = format!("/cases/{}/interactions", case.id());
    let recorded = app
        .as_desk(&desk)
        .post(&path, call.clone())
        .idempotent("a")
        .await
        .expect(201);
    assert_eq!(
        recorded.location(),
        format!("/cases/{}/timeline", case.id())
    );
    for (field, value) in call.as_object().unwrap() {
        assert_eq!(&recorded[field], value, "{field}");
    }
    assert_eq!(recorded["case_id"], case["id"]);
    assert_eq!(recorded["recorded_by"]["name"], "担当 花子");
    let again = app
        .as_desk(&desk)
        .post(&path, call)
        .idempotent("a")
        .await
        .expect(201);
    assert_eq!(again.text, recorded.text);
    // Above the call that opened the case.
    let listed = app.as_operator().get(&path).await.expect(200);
    assert_eq!(listed.items().len(), 2);
    assert_eq!(listed.items()[0], recorded.json);
    let item = app.newest(&case, "interaction_recorded").await;
    assert_eq!(item["interaction"], recorded.json);
    assert_eq!(item["note"], Value::Null);
    assert_eq!(item["actor"], recorded["recorded_by"]);
    assert_eq!(
        item["data"],
        json!({
            "interaction_id": recorded["id"],
            "channel": "phone",
            "direction": "outbound",
            "result": "reached",
        })
    );
}

#[actix_web::test]
async fn a_faulty_call_is_refused_with_every_field() {
    let app = TestApp::start().await;
    let (case, other) = (app.make_case().await, app.make_case().await);
    let later = app.now() + TimeDelta::hours(1);
    let mut call = app.call("outbound", "absent");
    call["occurred_at"] = json!(later);
    call["callback_at"] = json!(app.now());
    call["contact_id"] = other["contacts"][0]["id"].clone();
    app.enter(&case, call).await.invalid(&[
        "/occurred_at",
        "/callback_at",
        "/callback_at",
        "/contact_id",
    ]);
    let mut call = app.call("outbound", "callback");
    call["occurred_at"] = json!("0001-01-01T00:00:00Z");
    call["callback_at"] = json!("2099-01-01T00:00:00Z");
    app.enter(&case, call.clone())
        .await
        .invalid(&["/occurred_at", "/callback_at"]);
    // Times that Rust can hold and PostgreSQL cannot.
    call["occurred_at"] = json!("-9000-01-01T00:00:00Z");
    call["callback_at"] = json!("+200000-01-01T00:00:00Z");
    app.enter(&case, call)
        .await
        .invalid(&["/callback_at", "/occurred_at"]);
    app.as_operator()
        .get("/cases?received_from=-9000-01-01T00:00:00Z")
        .await
        .invalid(&["/received_from"]);
    let faulty = json!({
        "kind": "smoke",
        "direction": "outbound",
        "occurred_at": "tomorrow",
        "result": "reached",
        "body": "",
        "caller": "x",
    });
    let refused = app.enter(&case, faulty).await.problem("validation");
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/body", "/caller", "/kind", "/occurred_at"]);
    let mut call = app.call("outbound", "reached");
    call["body"] = json!("a\u{0}b");
    app.enter(&case, call).await.invalid(&["/body"]);
    let mut call = app.call("outbound", "reached");
    call["body"] = json!("あ".repeat(20_001));
    app.enter(&case, call).await.invalid(&["/body"]);
    app.enter(&Uuid::now_v7(), app.call("inbound", "reached"))
        .await
        .problem("not-found");
    let listed = app
        .as_operator()
        .get(format!("/cases/{}/interactions", case.id()))
        .await
        .expect(200);
    assert_eq!(listed.items().len(), 1, "the call that opened the case");
}

#[actix_web::test]
async fn a_conversation_is_only_for_those_who_see_the_case() {
    let app = TestApp::start().await;
    let (desk, other_desk) = (app.make_desk().await, app.make_desk_for("03").await);
    let (manager, other) = (app.make_manager().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let note = json!({ "body": "先方は午前中が都合がよい。" });
    for client in [app.as_desk(&other_desk), app.as_manager(&other)] {
        for part in ["timeline", "interactions", "notes"] {
            client
                .get(format!("/cases/{}/{part}", case.id()))
                .await
                .problem("not-found");
        }
        client
            .post(
                format!("/cases/{}/interactions", case.id()),
                app.call("inbound", "reached"),
            )
            .await
            .problem("not-found");
        client
            .post(format!("/cases/{}/notes", case.id()), note.clone())
            .await
            .problem("not-found");
    }
    app.as_auditor()
        .get(format!("/cases/{}/timeline", case.id()))
        .await
        .problem("forbidden");
    for client in [
        app.as_operator(),
        app.as_supervisor(),
        app.as_desk(&desk),
        app.as_manager(&manager),
        app.as_admin(),
    ] {
        client
            .post(
                format!("/cases/{}/interactions", case.id()),
                app.call("inbound", "reached"),
            )
            .await
            .expect(201);
        client
            .post(format!("/cases/{}/notes", case.id()), note.clone())
            .await
            .expect(201);
        client
            .get(format!("/cases/{}/timeline", case.id()))
            .await
            .expect(200);
    }
}

#[actix_web::test]
async fn an_inbound_call_ends_a_wait() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let wait = json!({ "on": "enterprise", "reason": "資料待ち" });
    let waiting = app
        .as_desk(&desk)
        .post(format!("/cases/{}/wait", case.id()), wait)
        .await
        .expect(200);
    assert_eq!(waiting["waiting_on"], "enterprise");
    app.enter(&case, app.call("outbound", "reached"))
        .await
        .expect(201);
    assert_eq!(app.show_case(&case).await["waiting_on"], "enterprise");
    app.enter(&case, app.call("inbound", "reached"))
        .await
        .expect(201);
    assert_eq!(app.show_case(&case).await["waiting_on"], "desk");
    assert!(app.open_deadlines(&case, "wait_review").await.is_empty());
    app.newest(&case, "wait_ended").await;
}

#[actix_web::test]
async fn somebody_reached_is_the_first_contact() {
    let app = TestApp::start().await;
    for direction in ["inbound", "outbound"] {
        let case = app.make_case().await;
        for result in ["absent", "voicemail", "callback"] {
            app.enter(&case, app.call(direction, result))
                .await
                .expect(201);
        }
        assert_eq!(app.open_deadlines(&case, "first_contact").await.len(), 1);
        app.enter(&case, app.call(direction, "reached"))
            .await
            .expect(201);
        assert!(app.open_deadlines(&case, "first_contact").await.is_empty());
    }
}

#[actix_web::test]
async fn a_promised_callback_is_due_until_it_is_kept() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let promise = async |direction: &str, minutes: i64| {
        let mut call = app.call(direction, "callback");
        call["callback_at"] = json!(app.now() + TimeDelta::minutes(minutes));
        app.enter(&case, call).await.expect(201)
    };
    let first = promise("inbound", 30).await;
    let shown = app.show_case(&case).await;
    assert_eq!(
        shown["due"],
        json!({ "kind": "callback", "at": first["callback_at"] })
    );
    // Nobody there, or the enterprise itself rings: still promised.
    app.advance(TimeDelta::minutes(10));
    app.enter(&case, app.call("outbound", "absent"))
        .await
        .expect(201);
    app.enter(&case, app.call("inbound", "reached"))
        .await
        .expect(201);
    assert_eq!(app.open_deadlines(&case, "callback").await.len(), 1);
    // A call entered late, from before the promise, does not keep it.
    let mut early = app.call("outbound", "reached");
    early["occurred_at"] = json!(app.now() - TimeDelta::minutes(11));
    app.enter(&case, early).await.expect(201);
    assert_eq!(app.open_deadlines(&case, "callback").await.len(), 1);
    // We rang, and were given another time: that one counts.
    let second = promise("outbound", 60).await;
    assert_eq!(
        app.open_deadlines(&case, "callback").await,
        [app.now() + TimeDelta::minutes(60)]
    );
    assert_eq!(
        app.newest(&case, "callback_kept").await["data"]["interaction_id"],
        first["id"]
    );
    app.advance(TimeDelta::minutes(70));
    app.enter(&case, app.call("outbound", "reached"))
        .await
        .expect(201);
    assert!(app.open_deadlines(&case, "callback").await.is_empty());
    let kept = app.newest(&case, "callback_kept").await;
    assert_eq!(kept["data"]["interaction_id"], second["id"]);
    assert_eq!(kept["interaction"], Value::Null);
    assert_ne!(app.show_case(&case).await["due"]["kind"], "callback");
}

#[actix_web::test]
async fn people_ring_after_closing() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_closed_case(&desk).await;
    app.enter(&case, app.call("inbound", "reached"))
        .await
        .expect(201);
    app.as_desk(&desk)
        .post(
            format!("/cases/{}/notes", case.id()),
            json!({ "body": "終了後の問い合わせ" }),
        )
        .await
        .expect(201);
    assert_eq!(app.show_case(&case).await["status"], "closed");
}

#[actix_web::test]
async fn unreachable_needs_attempts_on_record() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let close = async || {
        app.as_operator()
            .post(
                format!("/cases/{}/close", case.id()),
                json!({ "outcome": "unreachable" }),
            )
            .await
    };
    for (direction, result) in [
        ("outbound", "absent"),
        ("outbound", "voicemail"),
        ("outbound", "reached"),
        ("inbound", "absent"),
    ] {
        app.enter(&case, app.call(direction, result))
            .await
            .expect(201);
    }
    close().await.problem("illegal-move");
    app.enter(&case, app.call("outbound", "absent"))
        .await
        .expect(201);
    close().await.expect(200);
}

#[actix_web::test]
async fn notes_are_listed_newest_first() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let path = format!("/cases/{}/notes", case.id());
    let client = app.as_operator();
    client
        .post(&path, json!({ "body": "  \n " }))
        .await
        .invalid(&["/body"]);
    let mut written = Vec::new();
    for n in 0..5 {
        let note = client
            .post(&path, json!({ "body": format!("メモ{n}\r\n二行目") }))
            .await
            .expect(201);
        assert_eq!(note["body"], format!("メモ{n}\n二行目"));
        assert_eq!(note.location(), path);
        written.push(note.json);
    }
    written.reverse();
    assert_eq!(pages(&app, &path, 2).await, written);
    let item = app.newest(&case, "note_added").await;
    assert_eq!(item["note"], written[0]);
    assert_eq!(item["interaction"], Value::Null);
}

/// All items of a list, read by pages.
async fn pages(app: &TestApp, path: &str, limit: usize) -> Vec<Value> {
    let client = app.as_supervisor();
    let mut items = Vec::new();
    let mut next = format!("{path}?limit={limit}");
    loop {
        let page = client.get(&next).await.expect(200);
        assert!(page.items().len() <= limit);
        items.extend(page.items().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else {
            return items;
        };
        next = format!("{path}?limit={limit}&cursor={cursor}");
    }
}

#[actix_web::test]
async fn interactions_are_listed_by_when_they_were() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let mut entered = Vec::new();
    for minutes in [5, 1, 1, 9, 3] {
        let mut call = app.call("inbound", "reached");
        call["occurred_at"] = json!(app.now() - TimeDelta::minutes(minutes));
        entered.push(app.enter(&case, call).await.expect(201).json);
    }
    entered.sort_by_key(|call| {
        let time = call["occurred_at"].as_str().unwrap().to_owned();
        std::cmp::Reverse((time, call["id"].as_str().unwrap().to_owned()))
    });
    let path = format!("/cases/{}/interactions", case.id());
    let listed = pages(&app, &path, 2).await;
    let (opening, listed) = listed.split_first().unwrap();
    assert_eq!(opening["occurred_at"], case["received_at"]);
    assert_eq!(listed, entered);
    let client = app.as_operator();
    for (query, field) in [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("cursor=x", "/cursor"),
        ("sort=body", "/sort"),
    ] {
        client
            .get(format!("{path}?{query}"))
            .await
            .invalid(&[field]);
    }
}

#[actix_web::test]
async fn the_timeline_tells_everything_with_both_times() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    // From paper, a week later.
    let received_at = app.now() - TimeDelta::days(7);
    let mut request = app.case_request();
    request["channel"] = json!("event");
    request["received_at"] = json!(received_at);
    request["late_reason"] = json!("出張相談会の受付票から入力");
    let case = app.as_operator().post("/cases", request).await.expect(201);
    let path = format!("/cases/{}", case.id());
    app.as_operator()
        .post(
            format!("{path}/route"),
            json!({ "desk_id": desk.id(), "note": "午前中に電話を" }),
        )
        .await
        .expect(200);
    let mut call = app.call("outbound", "reached");
    let rang_at = app.now() - TimeDelta::hours(2);
    call["occurred_at"] = json!(rang_at);
    app.enter(&case, call).await.expect(201);
    app.as_supervisor()
        .post(
            format!("{path}/return"),
            json!({ "reason": "管轄外のため" }),
        )
        .await
        .expect(200);

    let items = pages(&app, &format!("{path}/timeline"), 3).await;
    let seqs: Vec<_> = items
        .iter()
        .map(|item| item["seq"].as_i64().unwrap())
        .collect();
    let all: Vec<_> = (1..=items.len() as i64).rev().collect();
    assert_eq!(seqs, all);
    let of = |kind: &str| {
        items
            .iter()
            .find(|item| item["kind"] == kind)
            .unwrap_or_else(|| panic!("no {kind}"))
    };
    assert_eq!(of("case_created")["occurred_at"], json!(received_at));
    assert_eq!(of("case_created")["recorded_at"], json!(app.now()));
    assert_eq!(of("interaction_recorded")["occurred_at"], json!(rang_at));
    assert_eq!(of("interaction_recorded")["recorded_at"], json!(app.now()));
    assert_eq!(of("note_added")["note"]["body"], "午前中に電話を");
    assert_eq!(of("note_added")["occurred_at"], json!(app.now()));
    let returned = of("case_moved");
    assert_eq!(returned["data"]["step"], "return");
    assert_eq!(returned["reason"], "管轄外のため");
    assert_eq!(returned["actor"]["name"], "担当 花子");

    // A session entered afterwards shows when it was; the system has no name.
    let second = app.make_consulting_case(&desk, &manager).await;
    let sessions = app
        .as_desk(&desk)
        .get(format!("/cases/{}/consultations", second.id()))
        .await
        .expect(200);
    let session = sessions.items()[0].clone();
    app.set_time("2026-11-27T18:00:00+09:00");
    let held = json!({
        "started_at": session["starts_at"],
        "ended_at": session["ends_at"],
        "mode": "online",
        "attendees": ["総務部 工藤"],
        "desk_attended": false,
    });
    app.as_desk(&desk)
        .post(format!("/consultations/{}/hold", session.id()), held)
        .await
        .expect(200);
    let item = app.newest(&second, "consultation_held").await;
    assert_eq!(item["occurred_at"], session["starts_at"]);
    let offer = json!({ "manager_id": manager.id(), "line": "ict" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/offers", second.id()), offer)
        .await
        .expect(201);
    app.advance(TimeDelta::days(7));
    app.run_jobs().await;
    assert_eq!(
        app.newest(&second, "offer_expired").await["actor"],
        Value::Null
    );
}

#[actix_web::test]
async fn a_timeline_page_stays_put_while_things_happen() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let path = format!("/cases/{}/timeline?limit=1", case.id());
    let client = app.as_supervisor();
    app.enter(&case, app.call("inbound", "reached"))
        .await
        .expect(201);
    let first = client.get(&path).await.expect(200);
    app.enter(&case, app.call("inbound", "reached"))
        .await
        .expect(201);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = client
        .get(format!("{path}&cursor={cursor}"))
        .await
        .expect(200);
    let seq = |page: &TestResponse| page.items()[0]["seq"].as_i64().unwrap();
    assert_eq!(seq(&second), seq(&first) - 1);
    client
        .get(format!("{path}&cursor=InggaXMgbm90IGEgbnVtYmVyIg"))
        .await
        .invalid(&["/cursor"]);
}

/// A contact cannot be taken from a case while somebody records a call with it.
#[actix_web::test]
async fn a_call_meets_a_change_of_the_contacts() {
    let app = TestApp::start().await;
    let mut sql = app.sql().await;
    for round in 0..12 {
        // The second of two: the first is on record with the call that opened the case.
        let mut request = app.case_request();
        let second = json!({ "role": "cc", "name": "成田 美咲" });
        request["contacts"].as_array_mut().unwrap().push(second);
        let case = app.as_operator().post("/cases", request).await.expect(201);
        let mut call = app.call("inbound", "reached");
        call["contact_id"] = case["contacts"][1]["id"].clone();
        let change = json!({ "contacts": [case["contacts"][0]] });
        let change = app
            .as_operator()
            .patch(format!("/cases/{}", case.id()), change)
            .if_match(case.etag());
        let delayed = async {
            for _ in 0..round % 6 {
                sql.execute("select 1").await.unwrap();
            }
            change.await
        };
        let (recorded, changed) = tokio::join!(app.enter(&case, call), delayed);
        match recorded.status {
            201 => assert!(matches!(changed.status, 409 | 412), "{}", changed.text),
            _ => {
                recorded.invalid(&["/contact_id"]);
                changed.expect(200);
            }
        }
    }
}

/// Rule 8: a condition judged beside the lock would let a released manager write.
#[actix_web::test]
async fn a_note_meets_a_release() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let mut sql = app.sql().await;
    for round in 0..12 {
        let case = app.make_assigned_case(&desk, &manager).await;
        let assignment = case["managers"][0]["assignment_id"].as_str().unwrap();
        let release = app.as_desk(&desk).post(
            format!("/assignments/{assignment}/release"),
            json!({ "reason": "交代" }),
        );
        let note = app.as_manager(&manager).post(
            format!("/cases/{}/notes", case.id()),
            json!({ "body": "訪問日の相談" }),
        );
        let delayed = async {
            for _ in 0..round % 6 {
                sql.execute("select 1").await.unwrap();
            }
            note.await
        };
        let (released, written) = tokio::join!(release.into_future(), delayed);
        released.expect(200);
        let timeline = pages(&app, &format!("/cases/{}/timeline", case.id()), 50).await;
        let seq = |kind: &str| {
            let item = timeline.iter().find(|item| item["kind"] == kind);
            item.map(|item| item["seq"].as_i64().unwrap())
        };
        match written.status {
            201 => assert!(seq("note_added") < seq("assignment_ended")),
            _ => {
                written.problem("not-found");
                assert_eq!(seq("note_added"), None);
            }
        }
    }
}
