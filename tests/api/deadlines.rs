//! What is due, in business time: holidays, waits, closures, and what the worker does when time is up.
//!
//! The clock starts on Tuesday 24 November 2026, 10:00. What business time is, is compared with a walk minute by minute in
//! the unit tests of the calendar; here it meets the life of a case.

use crate::{
    calendar::week_with_lunch,
    harness::{HasId, TestApp, TestResponse},
    mails::{CENTER, letter},
};
use chrono::{DateTime, TimeDelta, Utc};
use madoguchi::{access::Actor, cases::deadlines, offers};
use serde_json::{Value, json};
use std::{future::IntoFuture, time::Duration};

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// How a deadline ended: met, gross minutes, net minutes.
type End = (bool, i32, i32);

impl TestApp {
    /// When the running deadline of a kind is due.
    async fn due(&self, case: &impl HasId, kind: &str) -> Option<DateTime<Utc>> {
        let sql = "select due_at from deadline where case_id = $1 and kind = $2 and done_at is null and not paused";
        sqlx::query_scalar(sql)
            .bind(case.id())
            .bind(kind)
            .fetch_optional(&mut self.sql().await)
            .await
            .unwrap()
    }

    /// How the deadlines of a kind ended, in their order.
    async fn ends(&self, case: &impl HasId, kind: &str) -> Vec<End> {
        let sql = "select met, gross_minutes, net_minutes from deadline where case_id = $1 and kind = $2 and done_at is not null order by id";
        sqlx::query_as(sql)
            .bind(case.id())
            .bind(kind)
            .fetch_all(&mut self.sql().await)
            .await
            .unwrap()
    }

    /// The case waits for the enterprise, or somebody else.
    async fn wait_on(&self, case: &impl HasId, on: &str) -> TestResponse {
        let wait = json!({ "on": on, "reason": "就業規則の写しを待っている。" });
        self.as_supervisor()
            .post(format!("/cases/{}/wait", case.id()), wait)
            .await
            .expect(200)
    }

    /// The enterprise leaves a message: the wait is over, and nobody was reached.
    async fn hear_from(&self, case: &impl HasId) {
        self.speak(case, "inbound", "voicemail").await;
    }

    async fn speak(&self, case: &impl HasId, direction: &str, result: &str) {
        let call = json!({
            "kind": "phone",
            "direction": direction,
            "occurred_at": self.now(),
            "result": result,
            "body": "折り返しについて。",
        });
        self.as_supervisor()
            .post(format!("/cases/{}/interactions", case.id()), call)
            .await
            .expect(201);
    }

    /// The events of a kind on the case's timeline, newest first.
    async fn events(&self, case: &impl HasId, kind: &str) -> Vec<Value> {
        let timeline = self
            .as_supervisor()
            .get(format!("/cases/{}/timeline?limit=200", case.id()))
            .await
            .expect(200);
        let events = timeline.items().iter();
        events
            .filter(|item| item["kind"] == kind)
            .map(|item| item["data"].clone())
            .collect()
    }

    /// How many cases there are under a filter, by the list and by the count.
    async fn listed(&self, filter: &str) -> usize {
        let supervisor = self.as_supervisor();
        let list = supervisor.get(format!("/cases?{filter}")).await.expect(200);
        let counts = supervisor.get(format!("/cases/counts?{filter}"));
        assert_eq!(counts.await.expect(200)["total"], list.items().len());
        list.items().len()
    }
}

fn closure(from: &str, to: &str) -> Value {
    json!({ "date_from": from, "date_to": to, "open": false, "reason": "台風のため" })
}

#[actix_web::test]
async fn a_minute_before_closing_and_a_minute_after() {
    let app = TestApp::start().await;
    for (asked, due) in [
        ("2026-11-24T16:59:00+09:00", "2026-11-25T16:59:00+09:00"),
        ("2026-11-24T17:01:00+09:00", "2026-11-25T17:00:00+09:00"),
        // The year ends on 28 December and begins on 4 January.
        ("2026-12-28T16:59:00+09:00", "2027-01-04T16:59:00+09:00"),
        ("2026-12-28T17:01:00+09:00", "2027-01-04T17:00:00+09:00"),
        // Golden Week of 2026 and of 2027: a substitute holiday after a Sunday.
        ("2027-04-30T16:30:00+09:00", "2027-05-06T16:30:00+09:00"),
    ] {
        app.set_time(asked);
        let case = app.make_case().await;
        assert_eq!(app.due(&case, "route").await, Some(at(due)), "{asked}");
        assert_eq!(case["due"]["kind"], "route");
        assert_eq!(at(case["due"]["at"].as_str().unwrap()), at(due));
    }
}

/// The answer that goes out by itself says the same.
#[actix_web::test]
async fn a_mail_after_the_last_closing_of_the_year() {
    let app = TestApp::start().await;
    app.set_time("2026-12-28T16:59:00+09:00");
    app.make_mailbox(CENTER, None).await;
    for (asked, due, says) in [
        (
            "2026-12-28T16:59:00+09:00",
            "2027-01-04T16:59:00+09:00",
            ["2027年1月5日(火)"].as_slice(),
        ),
        (
            "2026-12-28T17:01:00+09:00",
            "2027-01-04T17:00:00+09:00",
            ["2027年1月4日(月)9時00分", "2027年1月5日(火)"].as_slice(),
        ),
    ] {
        app.set_time(asked);
        let mail = letter("hanako@example.co.jp", &format!("{asked} の相談"));
        let mail = app.receive(&mail).await;
        let case = app.case_of(&mail).await;
        assert_eq!(app.due(&case, "route").await, Some(at(due)), "{asked}");
        let answer = app.messages_of(&case).await.remove(0);
        let text = answer["body"].as_str().unwrap();
        for words in says {
            assert!(text.contains(words), "{words}: {text}");
        }
        let is_out_of_hours = text.contains("9時00分");
        assert_eq!(is_out_of_hours, says.len() == 2, "{text}");
    }
}

#[actix_web::test]
async fn who_has_the_case_counts_by_their_own_hours() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let path = format!("/desks/{}/hours", desk.id());
    app.set_hours(&path, json!({ "week": week_with_lunch() }))
        .await
        .expect(200);
    let case = app.make_case().await;
    let by_office = Some(at("2026-11-26T10:00:00+09:00"));
    assert_eq!(app.due(&case, "first_contact").await, by_office);
    // Two days of the desk, five hours each, from the moment at which the case came in.
    app.advance(TimeDelta::hours(1));
    let route = json!({ "desk_id": desk.id() });
    app.as_operator()
        .post(format!("/cases/{}/route", case.id()), route)
        .await
        .expect(200);
    let by_desk = Some(at("2026-11-25T16:00:00+09:00"));
    assert_eq!(app.due(&case, "first_contact").await, by_desk);
    let accept = Some(at("2026-11-25T11:00:00+09:00"));
    assert_eq!(app.due(&case, "accept").await, accept);
    assert_eq!(app.ends(&case, "route").await, [(true, 60, 60)]);
    app.as_desk(&desk)
        .post(
            format!("/cases/{}/return", case.id()),
            json!({ "reason": "管轄外" }),
        )
        .await
        .expect(204);
    assert_eq!(app.due(&case, "first_contact").await, by_office);
    assert_eq!(app.ends(&case, "accept").await, [(false, 0, 0)]);
}

#[actix_web::test]
async fn the_clock_stands_still_while_the_enterprise_is_waited_for() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let first_contact = Some(at("2026-11-26T10:00:00+09:00"));
    assert_eq!(app.due(&case, "first_contact").await, first_contact);
    // Two of its sixteen hours have passed.
    app.set_time("2026-11-24T12:00:00+09:00");
    let waiting = app.wait_on(&case, "enterprise").await;
    assert_eq!(waiting["due"]["kind"], "wait_review");
    assert_eq!(app.due(&case, "first_contact").await, None);
    app.set_time("2026-11-30T12:00:00+09:00");
    app.run_jobs().await;
    assert_eq!(app.listed("overdue=true").await, 0);
    assert_eq!(app.listed("due=first_contact").await, 0);
    assert_eq!(app.listed("due=wait_review&overdue=false").await, 1);
    assert!(app.events(&case, "deadline_passed").await.is_empty());
    // A second word about the same wait begins no other.
    app.wait_on(&case, "enterprise").await;

    app.set_time("2026-12-01T12:00:00+09:00");
    app.hear_from(&case).await;
    let shown = app.show_case(&case).await;
    assert_eq!(shown["due"]["kind"], "first_contact");
    let rest = at("2026-12-03T10:00:00+09:00");
    assert_eq!(app.due(&case, "first_contact").await, Some(rest));
    app.set_time("2026-12-02T12:00:00+09:00");
    app.speak(&case, "outbound", "reached").await;
    // From 24 November 10:00: fifty hours of business time, forty of them waiting.
    let ends = app.ends(&case, "first_contact").await;
    assert_eq!(ends, [(true, 50 * 60, 10 * 60)]);
}

#[actix_web::test]
async fn a_wait_across_the_year_end_and_a_move_that_ends_it() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    app.set_time("2026-12-25T15:00:00+09:00");
    let case = app.make_routed_case(&desk).await;
    app.set_time("2026-12-25T18:00:00+09:00");
    app.wait_on(&case, "enterprise").await;
    // Neither late nor returned, although two weeks pass.
    app.set_time("2027-01-12T13:00:00+09:00");
    app.run_jobs().await;
    assert_eq!(app.show_case(&case).await["status"], "routed");
    assert!(app.events(&case, "deadline_escalated").await.is_empty());
    // Waiting for the desk is no wait for the enterprise: six hours are left.
    app.wait_on(&case, "desk").await;
    let accept = Some(at("2027-01-13T11:00:00+09:00"));
    assert_eq!(app.due(&case, "accept").await, accept);
    app.wait_on(&case, "enterprise").await;
    app.advance(TimeDelta::hours(1));
    app.as_desk(&desk)
        .post(format!("/cases/{}/accept", case.id()), json!({}))
        .await
        .expect(200);
    let first_contact = Some(at("2027-01-14T12:00:00+09:00"));
    assert_eq!(app.due(&case, "first_contact").await, first_contact);
    // 2 hours on 25 December, 28 December, 4 to 8 January, five hours of the 12th (the 11th is 成人の日).
    let gross = (2 + 8 + 5 * 8 + 5) * 60;
    assert_eq!(app.ends(&case, "accept").await, [(true, gross, 2 * 60)]);
    assert_eq!(app.due(&case, "wait_review").await, None);
}

#[actix_web::test]
async fn what_has_passed_is_not_undone_by_waiting_or_closing() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let first_contact = at("2026-11-26T10:00:00+09:00");
    app.clock.set(first_contact);
    app.run_jobs().await;
    let passed = app.events(&case, "deadline_passed").await;
    assert_eq!(passed.len(), 1);
    assert_eq!(passed[0]["due"], "first_contact");
    app.advance(TimeDelta::minutes(1));
    app.wait_on(&case, "enterprise").await;
    app.add_exception(closure("2026-11-25", "2026-11-25")).await;
    app.run_jobs().await;
    assert_eq!(app.due(&case, "first_contact").await, Some(first_contact));
    assert_eq!(app.listed("due=first_contact&overdue=true").await, 1);
    app.advance(TimeDelta::hours(2));
    app.hear_from(&case).await;
    assert_eq!(app.due(&case, "first_contact").await, Some(first_contact));
    app.run_jobs().await;
    assert_eq!(app.events(&case, "deadline_passed").await.len(), 1);
}

#[actix_web::test]
async fn a_closure_entered_while_a_deadline_runs_moves_it_and_says_so() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_routed_case(&desk).await;
    let other = app.make_case().await;
    let (before, after) = (
        at("2026-11-25T10:00:00+09:00"),
        at("2026-11-26T10:00:00+09:00"),
    );
    let mut closed = closure("2026-11-25", "2026-11-25");
    closed["desk_id"] = desk["id"].clone();
    let closed = app.add_exception(closed).await;
    assert_eq!(app.due(&case, "accept").await, Some(before));
    app.run_jobs().await;
    assert_eq!(app.due(&case, "accept").await, Some(after));
    // Only this desk is closed.
    assert_eq!(app.due(&other, "route").await, Some(before));
    let moved = app.events(&case, "deadline_moved").await;
    assert_eq!(moved.len(), 2, "accept and first_contact: {moved:#?}");
    let accept = moved.iter().find(|event| event["due"] == "accept").unwrap();
    assert_eq!(at(accept["from"].as_str().unwrap()), before);
    assert_eq!(at(accept["to"].as_str().unwrap()), after);
    assert_eq!(accept["because"], "calendar");
    assert!(app.events(&other, "deadline_moved").await.is_empty());
    app.run_jobs().await;
    assert_eq!(app.events(&case, "deadline_moved").await.len(), 2);
    assert_eq!(app.listed("due=accept&overdue=true").await, 0);
    app.set_time("2026-11-25T12:00:00+09:00");
    app.run_jobs().await;
    assert!(app.events(&case, "deadline_passed").await.is_empty());
    // Taken back on the day: today is over for nobody yet, but nothing becomes overdue by it.
    let path = format!("/calendar/exceptions/{}", closed.id());
    app.as_admin().delete(path).await.expect(204);
    app.run_jobs().await;
    assert_eq!(app.due(&case, "accept").await, Some(after));
    let first_contact = Some(at("2026-11-26T10:00:00+09:00"));
    assert_eq!(app.due(&case, "first_contact").await, first_contact);
    let office = app.as_admin().get("/audit?limit=200").await.expect(200);
    let kinds: Vec<_> = office
        .items()
        .iter()
        .map(|event| event["kind"].clone())
        .collect();
    for kind in ["calendar_exception_added", "calendar_exception_removed"] {
        assert!(kinds.contains(&json!(kind)), "{kind}");
    }
}

/// A case that was opened while the office changed its calendar was counted by the old one: the next turn finds it.
#[actix_web::test]
async fn a_deadline_counted_during_the_change_is_found() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    app.add_exception(closure("2026-11-25", "2026-11-25")).await;
    app.run_jobs().await;
    let mut owner = app.sql_as_owner().await;
    let as_before = "update deadline set calendar_version = 1, due_at = due_at - interval '1 day' where case_id = $1 and kind = 'route'";
    sqlx::query(as_before)
        .bind(case.id())
        .execute(&mut owner)
        .await
        .unwrap();
    app.advance(TimeDelta::minutes(1));
    app.run_jobs().await;
    let due = Some(at("2026-11-26T10:00:00+09:00"));
    assert_eq!(app.due(&case, "route").await, due);
}

#[actix_web::test]
async fn the_supervisor_is_told_once_of_what_nobody_accepts() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let mut cases = Vec::new();
    for _ in 0..6 {
        cases.push(app.make_routed_case(&desk).await);
    }
    app.set_time("2026-11-25T10:00:00+09:00");
    let system = Actor::system();
    // A worker that dies halfway, after as many turns of the executor as it takes to get there.
    for milliseconds in 0..5 {
        let died = deadlines::watch(&app.store, &system);
        let _ = tokio::time::timeout(Duration::from_millis(milliseconds), died).await;
    }
    let workers = app
        .parallel(4, |_| deadlines::watch(&app.store, &system))
        .await;
    for worked in workers {
        worked.unwrap();
    }
    for case in &cases {
        let passed = app.events(case, "deadline_passed").await;
        assert_eq!(passed.len(), 1, "{passed:#?}");
        assert_eq!(passed[0]["due"], "accept");
        assert_eq!(passed[0]["due_at"], "2026-11-25T01:00:00Z");
        let told = app.events(case, "deadline_escalated").await;
        assert_eq!(told, [json!({ "due": "accept", "to": "supervisor" })]);
    }
    app.advance(TimeDelta::minutes(1));
    assert_eq!(app.listed("due=accept&overdue=true").await, 6);
}

#[actix_web::test]
async fn what_nobody_takes_up_goes_back_after_business_days() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    app.set_time("2026-12-25T10:00:00+09:00");
    let case = app.make_routed_case(&desk).await;
    // 25 and 28 December, 4 to 7 January.
    app.set_time("2027-01-07T09:59:00+09:00");
    app.run_jobs().await;
    assert_eq!(app.show_case(&case).await["status"], "routed");
    app.set_time("2027-01-07T10:10:00+09:00");
    app.run_jobs().await;
    let back = app.show_case(&case).await;
    assert_eq!(back["status"], "received");
    let due = Some(at("2027-01-08T10:10:00+09:00"));
    assert_eq!(app.due(&back, "route").await, due);
    assert_eq!(
        app.ends(&case, "accept").await,
        [(false, 40 * 60 + 10, 40 * 60 + 10)]
    );
}

#[actix_web::test]
async fn two_workers_return_a_case_once_or_the_desk_has_it() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    app.as_desk(&desk).get("/me").await.expect(200);
    for _ in 0..6 {
        let case = app.make_routed_case(&desk).await;
        app.advance(TimeDelta::days(7));
        app.as_desk(&desk).get("/me").await.expect(200);
        let system = Actor::system();
        let accept = app
            .as_desk(&desk)
            .post(format!("/cases/{}/accept", case.id()), json!({}));
        let (accepted, one, two) = tokio::join!(
            accept.into_future(),
            deadlines::return_unclaimed(&app.store, &system),
            deadlines::return_unclaimed(&app.store, &system)
        );
        one.unwrap();
        two.unwrap();
        let moves = app.events(&case, "case_moved").await;
        let returned = moves
            .iter()
            .filter(|moved| moved["step"] == "return")
            .count();
        let status = app.show_case(&case).await["status"].clone();
        match accepted.status {
            200 => assert_eq!((returned, status), (0, json!("accepted"))),
            404 => assert_eq!((returned, status), (1, json!("received"))),
            other => panic!("{other}: {}", accepted.text),
        }
    }
}

#[actix_web::test]
async fn a_callback_is_due_when_it_was_promised() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let promised = at("2026-11-28T20:00:00+09:00");
    let call = json!({
        "kind": "phone", "direction": "outbound", "occurred_at": app.now(), "result": "callback",
        "body": "土曜の夜に折り返す。", "callback_at": promised,
    });
    app.as_operator()
        .post(format!("/cases/{}/interactions", case.id()), call)
        .await
        .expect(201);
    app.add_exception(closure("2026-11-26", "2026-11-30")).await;
    app.wait_on(&case, "enterprise").await;
    app.run_jobs().await;
    assert_eq!(app.due(&case, "callback").await, Some(promised));
    let shown = app.show_case(&case).await;
    assert_eq!(shown["due"]["kind"], "callback");
    app.clock.set(promised);
    app.run_jobs().await;
    let passed = app.events(&case, "deadline_passed").await;
    assert_eq!(passed.len(), 1);
    assert_eq!(passed[0]["due"], "callback");
}

#[actix_web::test]
async fn a_wait_that_grows_stale_is_looked_at_again() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    app.wait_on(&case, "enterprise").await;
    // Ten business days after Tuesday 24 November.
    let review = at("2026-12-08T10:00:00+09:00");
    assert_eq!(app.due(&case, "wait_review").await, Some(review));
    app.clock.set(review - TimeDelta::minutes(1));
    app.run_jobs().await;
    assert!(app.events(&case, "deadline_passed").await.is_empty());
    app.clock.set(review + TimeDelta::minutes(1));
    app.run_jobs().await;
    let passed = app.events(&case, "deadline_passed").await;
    assert_eq!(passed[0]["due"], "wait_review");
    assert_eq!(app.listed("due=wait_review&overdue=true").await, 1);
    // Said anew, it has its days again; with an end, it is looked at then.
    let wait =
        json!({ "on": "enterprise", "reason": "再度確認", "until": "2026-12-20T00:00:00+09:00" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/wait", case.id()), wait)
        .await
        .expect(200);
    let until = Some(at("2026-12-20T00:00:00+09:00"));
    assert_eq!(app.due(&case, "wait_review").await, until);
    assert_eq!(app.listed("overdue=true").await, 0);
}

#[actix_web::test]
async fn an_offer_has_business_days_and_expires_once() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_accepted_case(&desk).await;
    app.set_time("2026-12-25T16:00:00+09:00");
    let offer = json!({ "manager_id": manager.id(), "line": "labour" });
    let offer = app
        .as_desk(&desk)
        .post(format!("/cases/{}/offers", case.id()), offer)
        .await
        .expect(201);
    let reply_by = at("2027-01-04T16:00:00+09:00");
    assert_eq!(at(offer["reply_by"].as_str().unwrap()), reply_by);
    // What the manager was told stays, whatever the office closes and whomever the case waits for.
    app.add_exception(closure("2026-12-28", "2026-12-28")).await;
    app.wait_on(&case, "enterprise").await;
    app.run_jobs().await;
    assert_eq!(app.due(&case, "answer_offer").await, Some(reply_by));
    app.clock.set(reply_by);
    app.as_manager(&manager)
        .post(format!("/offers/{}/accept", offer.id()), json!({}))
        .await
        .problem("conflict");
    let system = Actor::system();
    let workers = app
        .parallel(3, |_| offers::expire_due(&app.store, &system))
        .await;
    for worked in workers {
        worked.unwrap();
    }
    assert_eq!(app.events(&case, "offer_expired").await.len(), 1);
    assert_eq!(app.ends(&case, "answer_offer").await.len(), 1);
    app.as_manager(&manager)
        .post(format!("/offers/{}/accept", offer.id()), json!({}))
        .await
        .problem("conflict");
}

#[actix_web::test]
async fn a_report_waits_too_and_falls_away_with_its_session() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    app.wait_on(&case, "enterprise").await;
    let session = app.book(&desk, &case, 1).await;
    app.hold(&desk, &session).await;
    // Booking moved the case on, which ended the wait: five days from Wednesday 11:30.
    let due = Some(at("2026-12-02T11:30:00+09:00"));
    assert_eq!(app.due(&case, "report").await, due);
    app.wait_on(&case, "enterprise").await;
    assert_eq!(app.due(&case, "report").await, None);
    // A case that waits begins nothing that runs.
    let second = app.book(&desk, &case, 1).await;
    app.hold(&desk, &second).await;
    assert_eq!(app.due(&case, "report").await, None);
    app.as_supervisor()
        .post(
            format!("/consultations/{}/void", session.id()),
            json!({ "reason": "誤入力" }),
        )
        .await
        .expect(200);
    assert_eq!(app.ends(&case, "report").await, [(false, 9 * 60 + 30, 0)]);
    app.hear_from(&case).await;
    let due = Some(at("2026-12-03T13:00:00+09:00"));
    assert_eq!(app.due(&case, "report").await, due);
}

#[actix_web::test]
async fn closing_says_what_was_met() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    for (outcome, met) in [("answered", true), ("withdrawn", false)] {
        let case = app.make_accepted_case(&desk).await;
        app.wait_on(&case, "enterprise").await;
        app.as_desk(&desk)
            .post(
                format!("/cases/{}/close", case.id()),
                json!({ "outcome": outcome }),
            )
            .await
            .expect(200);
        assert_eq!(app.ends(&case, "first_contact").await, [(met, 0, 0)]);
        assert_eq!(app.show_case(&case).await["due"], Value::Null);
        // Reopened, it has no deadline that was met, and waits for nobody.
        app.as_desk(&desk)
            .post(
                format!("/cases/{}/reopen", case.id()),
                json!({ "reason": "続きの相談" }),
            )
            .await
            .expect(200);
        app.wait_on(&case, "enterprise").await;
    }
}
