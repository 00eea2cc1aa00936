//! Offers and assignments: who may answer, what they see, and one manager per line whatever happens at once (rule 4).

use crate::harness::{HasId, TestApp, TestResponse};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use madoguchi::{access::Actor, offers};
use serde_json::{Value, json};
use sqlx::{Executor, PgConnection};
use uuid::Uuid;

impl TestApp {
    /// The desk offers a line of the case to a manager.
    async fn offer(
        &self,
        desk: &impl HasId,
        case: &impl HasId,
        manager: &impl HasId,
        line: &str,
    ) -> TestResponse {
        self.as_desk(desk)
            .post(
                format!("/cases/{}/offers", case.id()),
                json!({ "manager_id": manager.id(), "line": line }),
            )
            .await
            .expect(201)
    }

    async fn answer_offer(
        &self,
        manager: &impl HasId,
        offer: &impl HasId,
        answer: &str,
    ) -> TestResponse {
        let body = match answer {
            "decline" => json!({ "reason": "今月は余裕がありません。" }),
            _ => json!({}),
        };
        self.as_manager(manager)
            .post(format!("/offers/{}/{answer}", offer.id()), body)
            .await
    }

    async fn offer_state(&self, offer: &impl HasId) -> String {
        let offer = self
            .as_supervisor()
            .get(format!("/offers/{}", offer.id()))
            .await
            .expect(200);
        offer["state"].as_str().unwrap().to_owned()
    }

    /// What happened on a case, oldest first.
    async fn kinds(&self, case: &impl HasId) -> Vec<String> {
        let timeline = self
            .as_supervisor()
            .get(format!("/cases/{}/timeline?limit=200", case.id()))
            .await
            .expect(200);
        let mut kinds: Vec<_> = timeline
            .items()
            .iter()
            .map(|item| item["kind"].as_str().unwrap().to_owned())
            .collect();
        kinds.reverse();
        kinds
    }

    async fn happened(&self, case: &impl HasId, kind: &str) -> usize {
        let kinds = self.kinds(case).await;
        kinds.iter().filter(|this| *this == kind).count()
    }
}

fn assignment_id(case: &TestResponse, line: &str) -> Uuid {
    case["managers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|manager| manager["line"] == line)
        .unwrap_or_else(|| panic!("nobody has {line} in {:#}", case.json))["assignment_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

fn release_path(case: &TestResponse, line: &str) -> String {
    format!("/assignments/{}/release", assignment_id(case, line))
}

fn reason() -> Value {
    json!({ "reason": "担当者の都合により" })
}

#[actix_web::test]
async fn an_offered_manager_reads_the_matter_and_after_accepting_the_case() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_accepted_case(&desk).await;
    let offer = app.offer(&desk, &case, &manager, "labour").await;
    assert_eq!(offer.location(), format!("/offers/{}", offer.id()));
    assert_eq!(offer["state"], "open");
    assert_eq!(offer["reply_by"], "2026-11-26T01:00:00Z");
    assert_eq!(app.show_case(&case).await["due"]["kind"], "answer_offer");

    let client = app.as_manager(&manager);
    let mine = client.get("/offers?open=true").await.expect(200);
    let [seen] = mine.items() else {
        panic!("{:#}", mine.json)
    };
    assert_eq!(seen["matter"]["case_number"], case["number"]);
    assert_eq!(
        seen["matter"]["enterprise"]["name"],
        case["enterprise"]["name"]
    );
    assert_eq!(seen["matter"]["enterprise"]["prefecture"], "青森県");
    assert_eq!(seen["matter"]["enterprise"]["industry_code"], "E09");
    assert_eq!(seen["matter"]["enterprise"]["employees"], 42);
    assert_eq!(seen["matter"]["prefecture"], "青森県");
    assert_eq!(seen["matter"]["topics"], json!(["labour", "ict"]));
    assert_eq!(seen["matter"]["desired_mode"], "online");
    assert_eq!(seen["matter"]["desk"]["name"], desk["name"]);
    let contact = &case["contacts"][0];
    for personal in ["name", "kana", "phone", "email"] {
        assert!(
            !mine.text.contains(contact[personal].as_str().unwrap()),
            "{personal}"
        );
    }
    for path in ["", "/timeline", "/offers", "/notes", "/interactions"] {
        client
            .get(format!("/cases/{}{path}", case.id()))
            .await
            .problem("not-found");
    }

    let accepted = client
        .post(format!("/offers/{}/accept", offer.id()), json!({}))
        .if_match(offer.etag())
        .await
        .expect(200);
    assert_eq!(accepted["state"], "accepted");
    assert_eq!(accepted["by_phone"], false);
    let seen = client
        .get(format!("/cases/{}", case.id()))
        .await
        .expect(200);
    assert_eq!(seen["status"], "assigned");
    assert_eq!(seen["managers"][0]["id"], manager["id"]);
    assert_eq!(seen["managers"][0]["line"], "labour");
    assert_ne!(seen["due"]["kind"], "answer_offer");
    assert!(
        client
            .get("/offers?open=true")
            .await
            .expect(200)
            .items()
            .is_empty()
    );
    let mut kinds = app.kinds(&case).await;
    kinds.retain(|kind| kind != "message_written");
    assert_eq!(
        kinds[kinds.len() - 4..],
        [
            "offer_made",
            "offer_accepted",
            "assignment_made",
            "case_moved"
        ]
    );
}

#[actix_web::test]
async fn offers_of_others_are_not_there() {
    let app = TestApp::start().await;
    let (desk, other_desk) = (app.make_desk().await, app.make_desk_for("03").await);
    let (manager, other) = (app.make_manager().await, app.make_manager().await);
    let case = app.make_accepted_case(&desk).await;
    let offer = app.offer(&desk, &case, &manager, "ict").await;
    let path = format!("/offers/{}", offer.id());

    for client in [app.as_manager(&other), app.as_desk(&other_desk)] {
        client.get(&path).await.problem("not-found");
        assert!(client.get("/offers").await.expect(200).items().is_empty());
    }
    for answer in ["accept", "decline"] {
        app.answer_offer(&other, &offer, answer)
            .await
            .problem("not-found");
    }
    app.as_desk(&other_desk)
        .post(format!("{path}/revoke"), json!({}))
        .await
        .problem("not-found");
    let body = json!({ "manager_id": other.id(), "line": "labour" });
    app.as_desk(&other_desk)
        .post(format!("/cases/{}/offers", case.id()), body.clone())
        .await
        .problem("not-found");
    app.as_desk(&desk)
        .post(format!("/cases/{}/offers", Uuid::now_v7()), body)
        .await
        .problem("not-found");
    // Only the manager answers, only the desk takes back.
    app.as_desk(&desk)
        .post(format!("{path}/accept"), json!({}))
        .await
        .problem("forbidden");
    app.as_manager(&manager)
        .post(format!("{path}/revoke"), json!({}))
        .await
        .problem("forbidden");
    app.as_operator().get("/offers").await.problem("forbidden");
    // The help center reads the offers on the case.
    let seen = app
        .as_operator()
        .get(format!("/cases/{}/offers", case.id()))
        .await
        .expect(200);
    assert_eq!(seen.items().len(), 1);
    assert_eq!(app.offer_state(&offer).await, "open");
}

#[actix_web::test]
async fn a_declined_offer_gives_the_line_free_and_hides_the_matter() {
    let app = TestApp::start().await;
    let (desk, manager, other) = (
        app.make_desk().await,
        app.make_manager().await,
        app.make_manager().await,
    );
    let case = app.make_accepted_case(&desk).await;
    let offer = app.offer(&desk, &case, &manager, "labour").await;
    let path = format!("/offers/{}/decline", offer.id());
    let client = app.as_manager(&manager);
    client.post(&path, json!({})).await.invalid(&["/reason"]);
    let body = json!({ "reason": "今月は余裕がありません。" });
    let declined = client
        .post(&path, body.clone())
        .idempotent("a")
        .await
        .expect(200);
    assert_eq!(declined["state"], "declined");
    assert_eq!(declined["matter"], Value::Null);
    // The answer is the manager's own, although the case never was.
    let again = client.post(&path, body).idempotent("a").await.expect(200);
    assert_eq!(again.text, declined.text);
    app.answer_offer(&manager, &offer, "accept")
        .await
        .problem("conflict");

    let seen = app
        .as_desk(&desk)
        .get(format!("/offers/{}", offer.id()))
        .await
        .expect(200);
    assert_eq!(seen["decline_reason"], "今月は余裕がありません。");
    assert_eq!(seen["matter"]["case_number"], case["number"]);
    assert_ne!(app.show_case(&case).await["due"]["kind"], "answer_offer");
    app.offer(&desk, &case, &other, "labour").await;
    assert_eq!(app.happened(&case, "offer_declined").await, 1);
}

#[actix_web::test]
async fn a_revoked_offer_cannot_be_answered() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_accepted_case(&desk).await;
    let offer = app.offer(&desk, &case, &manager, "labour").await;
    let path = format!("/offers/{}/revoke", offer.id());
    let desk_client = app.as_desk(&desk);
    desk_client
        .post(&path, json!({}))
        .if_match("\"2\"")
        .await
        .problem("stale");
    let revoked = desk_client.post(&path, json!({})).await.expect(200);
    assert_eq!(revoked["state"], "revoked");
    desk_client.post(&path, json!({})).await.problem("conflict");
    for answer in ["accept", "decline"] {
        let refused = app.answer_offer(&manager, &offer, answer).await;
        assert_eq!(
            refused.problem("conflict")["detail"],
            "The desk took the offer back."
        );
    }
    assert_eq!(app.show_case(&case).await["status"], "accepted");
}

#[actix_web::test]
async fn an_offer_expires() {
    let app = TestApp::start().await;
    let (desk, manager, other) = (
        app.make_desk().await,
        app.make_manager().await,
        app.make_manager().await,
    );
    let case = app.make_accepted_case(&desk).await;
    let offer = app.offer(&desk, &case, &manager, "labour").await;
    app.set_time("2026-11-26T09:59:59+09:00");
    app.run_jobs().await;
    assert_eq!(app.offer_state(&offer).await, "open");
    // Too late from the very moment, whether a worker has come by or not.
    app.set_time("2026-11-26T10:00:00+09:00");
    app.answer_offer(&manager, &offer, "accept")
        .await
        .problem("conflict");
    let client = app.as_manager(&manager);
    assert!(
        client
            .get("/offers?open=true")
            .await
            .expect(200)
            .items()
            .is_empty()
    );
    assert_eq!(
        client
            .get("/offers?open=false")
            .await
            .expect(200)
            .items()
            .len(),
        1
    );
    app.advance(TimeDelta::minutes(1));
    app.run_jobs().await;
    assert_eq!(app.offer_state(&offer).await, "expired");
    assert_eq!(app.happened(&case, "offer_expired").await, 1);
    assert_ne!(app.show_case(&case).await["due"]["kind"], "answer_offer");

    // A new offer does not wait for the worker to note that the one before is over.
    let second = app.offer(&desk, &case, &other, "labour").await;
    app.advance(TimeDelta::days(5));
    app.offer(&desk, &case, &manager, "labour").await;
    assert_eq!(app.offer_state(&second).await, "expired");
    app.run_jobs().await;
    assert_eq!(app.happened(&case, "offer_expired").await, 2);
}

#[actix_web::test]
async fn what_cannot_be_offered() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let body = json!({ "manager_id": manager.id(), "line": "labour" });
    let offers = |case: &TestResponse| format!("/cases/{}/offers", case.id());
    let routed = app.make_routed_case(&desk).await;
    let closed = app.make_closed_case(&desk).await;
    for case in [&routed, &closed] {
        app.as_desk(&desk)
            .post(offers(case), body.clone())
            .await
            .problem("illegal-move");
    }

    let mut request = app.case_request();
    request["enterprise"] = json!({ "kind": "anonymous", "prefecture_code": "02" });
    let anonymous = app.as_desk(&desk).post("/cases", request).await.expect(201);
    let refused = app
        .as_desk(&desk)
        .post(offers(&anonymous), body.clone())
        .await
        .problem("conflict");
    assert!(refused["detail"].as_str().unwrap().contains("anonymous"));

    let case = app.make_accepted_case(&desk).await;
    let send = async |change: Value| {
        let mut body = body.clone();
        for (field, value) in change.as_object().unwrap() {
            body[field] = value.clone();
        }
        app.as_desk(&desk).post(offers(&case), body).await
    };
    send(json!({ "manager_id": Uuid::now_v7() }))
        .await
        .invalid(&["/manager_id"]);
    send(json!({ "manager_id": Uuid::now_v7(), "reply_by": app.now() }))
        .await
        .invalid(&["/reply_by", "/manager_id"]);
    send(json!({ "reply_by": "2926-11-24T10:00:00+09:00" }))
        .await
        .invalid(&["/reply_by"]);
    send(json!({ "line": "law", "note": "", "manger": 1 }))
        .await
        .expect(422);
    let retired = app.make_manager().await;
    app.as_admin()
        .patch(
            format!("/managers/{}", retired.id()),
            json!({ "active": false }),
        )
        .if_match(retired.etag())
        .await
        .expect(200);
    send(json!({ "manager_id": retired.id() }))
        .await
        .invalid(&["/manager_id"]);
    app.as_operator()
        .post(offers(&case), body.clone())
        .await
        .problem("forbidden");
    assert_eq!(app.happened(&case, "offer_made").await, 0);
}

#[actix_web::test]
async fn what_speaks_against_a_manager_needs_a_reason() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_accepted_case(&desk).await;
    let admin = app.as_admin();
    let path = format!("/managers/{}", manager.id());
    let limits = json!({ "monthly_capacity": 0, "appointed_to": "2026-10-31" });
    admin
        .patch(&path, limits)
        .if_match(manager.etag())
        .await
        .expect(200);
    let absence =
        json!({ "starts_at": "2026-11-20T09:00:00+09:00", "ends_at": "2026-12-20T09:00:00+09:00" });
    admin
        .post(format!("{path}/absences"), absence)
        .await
        .expect(201);
    let conflict = json!({ "enterprise_id": case["enterprise"]["id"], "kind": "contract" });
    admin
        .post(format!("{path}/conflicts"), conflict)
        .await
        .expect(201);

    let offers = format!("/cases/{}/offers", case.id());
    let mut body = json!({ "manager_id": manager.id(), "line": "labour" });
    let refused = app
        .as_desk(&desk)
        .post(&offers, body.clone())
        .await
        .problem("conflict");
    for obstacle in [
        "capacity_full",
        "absent",
        "conflict_of_interest",
        "outside_appointment",
    ] {
        assert!(
            refused["detail"].as_str().unwrap().contains(obstacle),
            "{obstacle}"
        );
    }
    body["override_reason"] = json!("青森県内に他の専門家がいないため");
    app.as_desk(&desk)
        .post(&offers, body.clone())
        .await
        .problem("forbidden");
    let offer = app.as_supervisor().post(&offers, body).await.expect(201);
    assert_eq!(offer["override_reason"], "青森県内に他の専門家がいないため");
    let seen = app
        .as_manager(&manager)
        .get(format!("/offers/{}", offer.id()))
        .await
        .expect(200);
    assert_eq!(seen["override_reason"], Value::Null);
    // The reason given with the offer holds for its acceptance by phone.
    app.assign(&desk, &case, &manager, "labour").await;
}

#[actix_web::test]
async fn an_acceptance_by_phone_assigns_at_once() {
    let app = TestApp::start().await;
    let (desk, manager, other) = (
        app.make_desk().await,
        app.make_manager().await,
        app.make_manager().await,
    );
    let case = app.make_accepted_case(&desk).await;
    // It answers the manager's own open offer.
    let offer = app.offer(&desk, &case, &manager, "labour").await;
    let accepted = app.assign(&desk, &case, &manager, "labour").await;
    assert_eq!(accepted.id(), offer.id());
    assert_eq!(accepted["state"], "accepted");
    assert_eq!(accepted["by_phone"], true);
    assert_eq!(app.show_case(&case).await["status"], "assigned");
    app.as_manager(&manager)
        .get(format!("/cases/{}", case.id()))
        .await
        .expect(200);

    // The other line joins without moving the case, and takes the place of another's open offer.
    let third = app.make_manager().await;
    let open = app.offer(&desk, &case, &other, "ict").await;
    let accepted = app.assign(&desk, &case, &third, "ict").await;
    assert_ne!(accepted.id(), open.id());
    assert_eq!(app.offer_state(&open).await, "revoked");
    app.answer_offer(&other, &open, "accept")
        .await
        .problem("conflict");
    let case = app.show_case(&case).await;
    assert_eq!(case["status"], "assigned");
    assert_eq!(case["managers"].as_array().unwrap().len(), 2);
    assert_ne!(case["due"]["kind"], "answer_offer");

    // One manager per line.
    for by_phone in [false, true] {
        let body =
            json!({ "manager_id": other.id(), "line": "ict", "accepted_by_phone": by_phone });
        app.as_desk(&desk)
            .post(format!("/cases/{}/offers", case.id()), body)
            .await
            .problem("conflict");
    }
    // A manager sees their own offers of the case.
    let seen = app
        .as_manager(&third)
        .get(format!("/cases/{}/offers", case.id()))
        .await
        .expect(200);
    assert_eq!(seen.items().len(), 1);
    assert_eq!(seen.items()[0]["id"], accepted["id"]);
}

#[actix_web::test]
async fn offers_are_listed_by_page_for_whom_they_concern() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let mut made = Vec::new();
    for _ in 0..5 {
        let case = app.make_accepted_case(&desk).await;
        made.push(app.offer(&desk, &case, &manager, "ict").await.id());
    }
    made.reverse();
    for client in [
        app.as_manager(&manager),
        app.as_desk(&desk),
        app.as_supervisor(),
        app.as_admin(),
    ] {
        let mut seen = Vec::new();
        let mut path = "/offers?open=true&limit=2".to_owned();
        loop {
            let page = client.get(&path).await.expect(200);
            seen.extend(page.items().iter().map(HasId::id));
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            path = format!("/offers?open=true&limit=2&cursor={cursor}");
        }
        assert_eq!(seen, made);
        client.get("/offers?open=yes").await.invalid(&["/open"]);
        client.get("/offers?cursor=e30").await.invalid(&["/cursor"]);
        // A time that Rust can hold and PostgreSQL cannot.
        let tampered = json!({ "offered_at": "-9000-01-01T00:00:00Z", "id": Uuid::nil() });
        let tampered = BASE64_URL_SAFE_NO_PAD.encode(tampered.to_string());
        client
            .get(format!("/offers?cursor={tampered}"))
            .await
            .invalid(&["/cursor"]);
    }
}

#[actix_web::test]
async fn a_desk_releases_a_manager() {
    let app = TestApp::start().await;
    let (desk, manager, other) = (
        app.make_desk().await,
        app.make_manager().await,
        app.make_manager().await,
    );
    let case = app.make_consulting_case(&desk, &manager).await;
    app.assign(&desk, &case, &other, "ict").await;
    let case = app.show_case(&case).await;
    let theirs = json!({
        "starts_at": app.now() + TimeDelta::days(10),
        "ends_at": app.now() + TimeDelta::days(10) + TimeDelta::hours(1),
        "mode": "online",
        "manager_ids": [other.id()],
    });
    app.as_desk(&desk)
        .post(format!("/cases/{}/consultations", case.id()), theirs)
        .await
        .expect(201);
    assert_eq!(app.used(&case).await, 2);

    // One line ends with its appointments; the other one goes on.
    let desk_client = app.as_desk(&desk);
    let path = release_path(&case, "labour");
    desk_client
        .post(&path, json!({}))
        .await
        .invalid(&["/reason"]);
    let case = app.show_case(&case).await;
    desk_client
        .post(&path, reason())
        .if_match("\"1\"")
        .await
        .problem("stale");
    let released = desk_client
        .post(&path, reason())
        .if_match(case.etag())
        .await
        .expect(200);
    assert_eq!(released["status"], "consulting");
    assert_eq!(released["managers"].as_array().unwrap().len(), 1);
    assert_eq!(released["consultations"]["used"], 1);
    desk_client.post(&path, reason()).await.problem("conflict");
    app.as_manager(&manager)
        .get(format!("/cases/{}", case.id()))
        .await
        .problem("not-found");
    let offers = app.as_manager(&manager).get("/offers").await.expect(200);
    assert_eq!(offers.items()[0]["matter"], Value::Null);

    // With the last one the case is where it was before.
    let last = desk_client
        .post(release_path(&released, "ict"), reason())
        .await
        .expect(200);
    assert_eq!(last["status"], "accepted");
    assert_eq!(last["consultations"]["used"], 0);
    let timeline = app
        .as_desk(&desk)
        .get(format!("/cases/{}/timeline", case.id()))
        .await
        .expect(200);
    let ended = timeline
        .items()
        .iter()
        .find(|item| item["kind"] == "assignment_ended")
        .unwrap();
    assert_eq!(ended["reason"], "担当者の都合により");
    // And can be offered anew.
    app.offer(&desk, &case, &manager, "labour").await;
}

#[actix_web::test]
async fn a_manager_who_releases_loses_sight() {
    let app = TestApp::start().await;
    let (desk, manager, other) = (
        app.make_desk().await,
        app.make_manager().await,
        app.make_manager().await,
    );
    let case = app.make_consulting_case(&desk, &manager).await;
    app.assign(&desk, &case, &other, "ict").await;
    let case = app.show_case(&case).await;
    // Not the assignment of the colleague on the same case.
    app.as_manager(&manager)
        .post(release_path(&case, "ict"), reason())
        .await
        .problem("not-found");
    let path = release_path(&case, "labour");
    let client = app.as_manager(&manager);
    client
        .post(&path, reason())
        .idempotent("release")
        .await
        .expect(204);
    client
        .post(&path, reason())
        .idempotent("release")
        .await
        .expect(204);
    client.post(&path, reason()).await.problem("not-found");
    client
        .get(format!("/cases/{}", case.id()))
        .await
        .problem("not-found");
    assert_eq!(app.used(&case).await, 0);
    assert_eq!(app.show_case(&case).await["status"], "consulting");
    app.as_operator()
        .post(&path, reason())
        .await
        .problem("forbidden");
}

#[actix_web::test]
async fn one_who_has_both_lines_keeps_the_appointments() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    app.assign(&desk, &case, &manager, "ict").await;
    app.book(&desk, &case, 3).await;
    let case = app.show_case(&case).await;
    let seen = app
        .as_manager(&manager)
        .post(release_path(&case, "ict"), reason())
        .await
        .expect(200);
    assert_eq!(seen["status"], "consulting");
    assert_eq!(seen["consultations"]["used"], 1);
}

#[actix_web::test]
async fn what_the_desk_arranged_ends_with_it() {
    let app = TestApp::start().await;
    let (desk, manager, other) = (
        app.make_desk().await,
        app.make_manager().await,
        app.make_manager().await,
    );
    let other_desk = app.make_desk_for("03").await;
    for (step, body) in [
        ("close", json!({ "outcome": "withdrawn" })),
        (
            "route",
            json!({ "desk_id": other_desk.id(), "reason": "管轄違い" }),
        ),
    ] {
        let case = app.make_consulting_case(&desk, &manager).await;
        let offer = app.offer(&desk, &case, &other, "ict").await;
        let path = format!("/cases/{}/{step}", case.id());
        let case = app.as_supervisor().post(path, body).await.expect(200);
        assert_eq!(case["managers"], json!([]), "{step}");
        assert_eq!(case["consultations"]["used"], 0, "{step}");
        assert_eq!(app.offer_state(&offer).await, "revoked", "{step}");
        assert_eq!(app.happened(&case, "offer_revoked").await, 1);
        assert_eq!(app.happened(&case, "assignment_ended").await, 1);
        app.answer_offer(&other, &offer, "accept")
            .await
            .problem("conflict");
        app.as_manager(&manager)
            .get(format!("/cases/{}", case.id()))
            .await
            .problem("not-found");
    }
    let case = app.make_accepted_case(&desk).await;
    let offer = app.offer(&desk, &case, &other, "ict").await;
    app.as_desk(&desk)
        .post(format!("/cases/{}/return", case.id()), reason())
        .await
        .expect(204);
    assert_eq!(app.offer_state(&offer).await, "revoked");
    assert_eq!(app.show_case(&case).await["due"]["kind"], "route");
}

// ------------------------------------------------------------------------------------------------------- at once

const ROUNDS: usize = 24;

/// Lets the other side begin by some round trips, so that over the rounds each side comes first, and in between.
async fn after_round_trips<T>(
    sql: &mut PgConnection,
    count: usize,
    work: impl IntoFuture<Output = T>,
) -> T {
    for _ in 0..count {
        sql.execute("select 1").await.unwrap();
    }
    work.await
}

#[actix_web::test]
async fn a_manager_accepts_twice_at_once() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    for _ in 0..5 {
        let case = app.make_accepted_case(&desk).await;
        let offer = app.offer(&desk, &case, &manager, "labour").await;
        let answers = app
            .parallel(20, |_| app.answer_offer(&manager, &offer, "accept"))
            .await;
        assert_eq!(one_wins(answers, 200), 1);
        assert_eq!(app.happened(&case, "assignment_made").await, 1);
    }
}

/// How many succeeded; every other answer is a conflict.
fn one_wins(answers: Vec<TestResponse>, success: u16) -> usize {
    let (won, lost): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|answer| answer.status == success);
    for answer in lost {
        answer.problem("conflict");
    }
    won.len()
}

#[actix_web::test]
async fn a_manager_accepts_while_the_desk_records_anothers_acceptance() {
    let app = TestApp::start().await;
    let (desk, manager, other) = (
        app.make_desk().await,
        app.make_manager().await,
        app.make_manager().await,
    );
    let mut sql = app.sql().await;
    for round in 0..ROUNDS {
        let case = app.make_accepted_case(&desk).await;
        let offer = app.offer(&desk, &case, &manager, "labour").await;
        let body = json!({ "manager_id": other.id(), "line": "labour", "accepted_by_phone": true });
        let by_phone = app
            .as_desk(&desk)
            .post(format!("/cases/{}/offers", case.id()), body);
        let (accepted, recorded) = tokio::join!(
            app.answer_offer(&manager, &offer, "accept"),
            after_round_trips(&mut sql, round % 6, by_phone)
        );
        let case = app.show_case(&case).await;
        assert_eq!(case["managers"].as_array().unwrap().len(), 1);
        let winner = case["managers"][0]["id"].clone();
        if accepted.status == 200 {
            recorded.problem("conflict");
            assert_eq!(winner, manager["id"]);
        } else {
            accepted.problem("conflict");
            recorded.expect(201);
            assert_eq!(winner, other["id"]);
            assert_eq!(app.offer_state(&offer).await, "revoked");
        }
        assert_eq!(app.happened(&case, "assignment_made").await, 1);
    }
}

#[actix_web::test]
async fn a_manager_accepts_while_the_offer_is_taken_back_or_declined() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let mut sql = app.sql().await;
    for round in 0..ROUNDS {
        let case = app.make_accepted_case(&desk).await;
        let offer = app.offer(&desk, &case, &manager, "labour").await;
        let path = format!("/offers/{}", offer.id());
        let against = match round % 2 {
            0 => app.as_desk(&desk).post(format!("{path}/revoke"), json!({})),
            _ => app
                .as_manager(&manager)
                .post(format!("{path}/decline"), reason()),
        };
        let (accepted, against) = tokio::join!(
            app.answer_offer(&manager, &offer, "accept"),
            after_round_trips(&mut sql, round / 2 % 6, against)
        );
        let is_assigned = accepted.status == 200;
        assert_eq!(one_wins(vec![against, accepted], 200), 1);
        let expected = if is_assigned { "assigned" } else { "accepted" };
        assert_eq!(app.show_case(&case).await["status"], expected);
    }
}

#[actix_web::test]
async fn a_manager_accepts_while_the_offer_expires_under_two_workers() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let mut sql = app.sql().await;
    for round in 0..ROUNDS {
        let case = app.make_accepted_case(&desk).await;
        let body = json!({
            "manager_id": manager.id(),
            "line": "labour",
            "reply_by": app.now() + TimeDelta::seconds(1),
        });
        let offer = app
            .as_desk(&desk)
            .post(format!("/cases/{}/offers", case.id()), body)
            .await
            .expect(201);
        let expire = async {
            // The manager began in time, and may come to the case after the workers.
            app.advance(TimeDelta::seconds(1));
            let system = Actor::system();
            let (one, two) = tokio::join!(
                offers::expire_due(&app.store, &system),
                offers::expire_due(&app.store, &system)
            );
            one.unwrap();
            two.unwrap();
        };
        let (accepted, ()) = tokio::join!(
            app.answer_offer(&manager, &offer, "accept"),
            after_round_trips(&mut sql, round % 8, expire)
        );
        offers::expire_due(&app.store, &Actor::system())
            .await
            .unwrap();
        let expired = app.happened(&case, "offer_expired").await;
        if accepted.status == 200 {
            assert_eq!(expired, 0);
            assert_eq!(app.show_case(&case).await["status"], "assigned");
        } else {
            accepted.problem("conflict");
            assert_eq!(expired, 1);
            assert_eq!(app.show_case(&case).await["status"], "accepted");
        }
    }
}

#[actix_web::test]
async fn a_manager_accepts_while_the_case_is_closed_or_routed() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let mut sql = app.sql().await;
    for round in 0..ROUNDS {
        let case = app.make_accepted_case(&desk).await;
        let offer = app.offer(&desk, &case, &manager, "labour").await;
        let (step, body) = match round % 2 {
            0 => ("close", json!({ "outcome": "withdrawn" })),
            _ => (
                "route",
                json!({ "desk_id": desk.id(), "reason": "担当の変更" }),
            ),
        };
        let step = app
            .as_supervisor()
            .post(format!("/cases/{}/{step}", case.id()), body);
        let (accepted, moved) = tokio::join!(
            app.answer_offer(&manager, &offer, "accept"),
            after_round_trips(&mut sql, round / 2 % 6, step)
        );
        moved.expect(200);
        let was_assigned = accepted.status == 200;
        if !was_assigned {
            accepted.problem("conflict");
        }
        assert_eq!(app.show_case(&case).await["managers"], json!([]));
        let (accepted, ended) = (
            app.happened(&case, "offer_accepted").await,
            app.happened(&case, "assignment_ended").await,
        );
        assert_eq!(
            (accepted, ended),
            (was_assigned.into(), was_assigned.into())
        );
    }
}

#[actix_web::test]
async fn many_offers_of_a_line_at_once_leave_one() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let managers = [
        app.make_manager().await,
        app.make_manager().await,
        app.make_manager().await,
    ];
    for by_phone in [false, true] {
        for _ in 0..3 {
            let case = app.make_accepted_case(&desk).await;
            let answers = app
                .parallel(20, |n| {
                    let body = json!({
                        "manager_id": managers[n % 3].id(),
                        "line": "ict",
                        "accepted_by_phone": by_phone,
                    });
                    app.as_desk(&desk)
                        .post(format!("/cases/{}/offers", case.id()), body)
                        .into_future()
                })
                .await;
            assert_eq!(one_wins(answers, 201), 1);
            let made = app.happened(&case, "offer_made").await;
            assert_eq!(made, 1);
        }
    }
}

#[actix_web::test]
async fn a_release_meets_a_booking_or_a_closing() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let mut sql = app.sql().await;
    for round in 0..ROUNDS {
        let manager = app.make_manager().await;
        let case = app.make_assigned_case(&desk, &manager).await;
        let release = app
            .as_manager(&manager)
            .post(release_path(&case, "labour"), reason());
        let (path, body) = match round % 2 {
            0 => ("consultations", app.session(3)),
            _ => ("close", json!({ "outcome": "withdrawn" })),
        };
        let other = app
            .as_desk(&desk)
            .post(format!("/cases/{}/{path}", case.id()), body);
        // Signed in beforehand.
        app.as_manager(&manager).token().await;
        let (released, other) = tokio::join!(
            release.into_future(),
            after_round_trips(&mut sql, round / 2 % 6, other)
        );
        let case = app.show_case(&case).await;
        assert_eq!(case["managers"], json!([]));
        assert_eq!(case["consultations"]["used"], 0);
        assert_eq!(app.happened(&case, "assignment_ended").await, 1);
        if path == "close" {
            // After the closing the manager does not see the case any more.
            assert!(matches!(released.status, 204 | 404), "{}", released.status);
            other.expect(200);
            assert_eq!(case["status"], "closed");
        } else {
            released.expect(204);
            assert!(matches!(other.status, 201 | 409), "{}", other.text);
            assert_eq!(case["status"], "accepted");
        }
    }
}

/// The transaction that ends an assignment may have begun before the one that made it.
#[actix_web::test]
async fn an_assignment_ends_after_it_began_whatever_the_clocks_say() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    app.advance(TimeDelta::seconds(1));
    let case = app.make_assigned_case(&desk, &manager).await;
    app.advance(TimeDelta::seconds(-1));
    app.as_desk(&desk)
        .post(release_path(&case, "labour"), reason())
        .await
        .expect(200);
}
