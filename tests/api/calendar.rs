//! When an office is open: the calendar as it is shown, and what the office decides about it.

use crate::harness::{TestApp, TestResponse};
use serde_json::{Value, json};
use std::future::IntoFuture;

impl TestApp {
    /// The days from one to another, of the help center or a desk.
    async fn days(&self, from: &str, to: &str, desk: Option<&TestResponse>) -> Vec<Value> {
        let desk = desk.map(|desk| format!("&desk_id={}", desk.id()));
        let path = format!("/calendar?from={from}&to={to}{}", desk.unwrap_or_default());
        let shown = self.as_operator().get(path).await.expect(200);
        shown["days"].as_array().unwrap().clone()
    }

    /// One day as `(open, reason, from, to)`.
    async fn day(&self, date: &str, desk: Option<&TestResponse>) -> (bool, Value, Value, Value) {
        let day = self.days(date, date, desk).await.remove(0);
        assert_eq!(day["date"], date);
        (
            day["open"].as_bool().unwrap(),
            day["reason"].clone(),
            day["from"].clone(),
            day["to"].clone(),
        )
    }

    /// The admin closes or opens an office.
    pub async fn add_exception(&self, exception: Value) -> TestResponse {
        self.as_admin()
            .post("/calendar/exceptions", exception)
            .await
            .expect(201)
    }

    /// The admin sets hours, having seen those that are there.
    pub async fn set_hours(&self, path: &str, hours: Value) -> TestResponse {
        let admin = self.as_admin();
        let seen = admin.get(path).await.expect(200).etag();
        admin.put(path, hours).if_match(&seen).await
    }
}

fn closure(date: &str) -> Value {
    json!({ "date_from": date, "open": false, "reason": "設備点検のため休業" })
}

fn opening(date: &str, from: &str, to: &str) -> Value {
    json!({ "date_from": date, "open": true, "from": from, "to": to, "reason": "休日相談会" })
}

/// Monday to Friday 10:00 to 16:00 with a lunch break.
pub fn week_with_lunch() -> Value {
    let day = json!([{ "from": "10:00", "to": "12:00" }, { "from": "13:00", "to": "16:00" }]);
    json!({ "monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day })
}

#[actix_web::test]
async fn a_day_is_open_or_says_why_not() {
    let app = TestApp::start().await;
    let usual = (true, Value::Null, json!("09:00"), json!("17:00"));
    let closed = |reason: &str| (false, json!(reason), Value::Null, Value::Null);
    for (date, expected) in [
        ("2026-11-20", usual.clone()),
        ("2026-11-21", closed("休業日")),
        ("2026-11-23", closed("勤労感謝の日")),
        ("2026-11-24", usual.clone()),
        // Golden Week: Sunday 3 May is a holiday, and Wednesday 6 May takes its place.
        ("2026-05-03", closed("憲法記念日")),
        ("2026-05-06", closed("振替休日")),
        ("2026-05-07", usual.clone()),
        ("2026-09-22", closed("国民の休日")),
        ("2026-12-28", usual.clone()),
        ("2026-12-29", closed("年末年始")),
        ("2027-01-03", closed("年末年始")),
        ("2027-01-04", usual.clone()),
    ] {
        assert_eq!(app.day(date, None).await, expected, "{date}");
    }
    let unsaid = app.as_operator().get("/calendar").await.expect(200);
    let days = unsaid["days"].as_array().unwrap();
    assert_eq!(days.len(), 31);
    assert_eq!(days[0]["date"], "2026-11-24");
    for (query, pointer) in [
        ("from=2026-11-24&to=2026-11-23", "/to"),
        ("from=2026-01-01&to=2027-12-31", "/to"),
        ("from=0001-01-01", "/from"),
        ("from=2026-13-01", "/from"),
        ("desk_id=00000000-0000-7000-8000-000000000000", "/desk_id"),
    ] {
        let path = format!("/calendar?{query}");
        let response = app.as_operator().get(path).await.problem("validation");
        let pointers = response["errors"].as_array().unwrap();
        assert!(
            pointers.iter().any(|error| error["pointer"] == pointer),
            "{query}: {:#}",
            response.json
        );
    }
}

#[actix_web::test]
async fn an_office_is_closed_and_opened_by_day() {
    let app = TestApp::start().await;
    let (desk, other) = (app.make_desk().await, app.make_desk_for("03").await);
    let whole = app.add_exception(closure("2026-12-01")).await;
    assert_eq!(whole["date_to"], "2026-12-01");
    let mut early = closure("2026-12-02");
    early["from"] = json!("15:00");
    early["to"] = json!("24:00");
    app.add_exception(early).await;
    app.add_exception(opening("2026-12-05", "10:00", "14:30"))
        .await;
    let mut own = closure("2026-12-03");
    own["date_to"] = json!("2026-12-04");
    own["desk_id"] = desk["id"].clone();
    app.add_exception(own).await;

    let reason = json!("設備点検のため休業");
    let closed = (false, reason.clone(), Value::Null, Value::Null);
    let usual = (true, Value::Null, json!("09:00"), json!("17:00"));
    for office in [None, Some(&desk), Some(&other)] {
        assert_eq!(app.day("2026-12-01", office).await, closed);
        let until_three = (true, reason.clone(), json!("09:00"), json!("15:00"));
        assert_eq!(app.day("2026-12-02", office).await, until_three);
        let saturday = (true, json!("休日相談会"), json!("10:00"), json!("14:30"));
        assert_eq!(app.day("2026-12-05", office).await, saturday);
    }
    assert_eq!(app.day("2026-12-04", Some(&desk)).await, closed);
    assert_eq!(app.day("2026-12-04", Some(&other)).await, usual);
    assert_eq!(app.day("2026-12-04", None).await, usual);

    let list = app.as_manager(&app.make_manager().await);
    let list = list.get("/calendar/exceptions").await.expect(200);
    assert_eq!(list.items().len(), 4);
    assert_eq!(list.items()[0]["id"], whole["id"]);
    let path = format!("/calendar/exceptions?desk_id={}", desk.id());
    assert_eq!(app.as_admin().get(path).await.expect(200).items().len(), 1);
    let later = app.as_admin().get("/calendar/exceptions?from=2026-12-05");
    assert_eq!(later.await.expect(200).items().len(), 1);

    app.as_operator()
        .post("/calendar/exceptions", closure("2026-12-10"))
        .await
        .problem("forbidden");
}

#[actix_web::test]
async fn an_exception_that_makes_no_sense_is_refused() {
    let app = TestApp::start().await;
    let admin = app.as_admin();
    let with = |mut exception: Value, field: &str, value: Value| {
        exception[field] = value;
        exception
    };
    let day = || closure("2026-12-01");
    for (exception, pointers) in [
        (with(day(), "open", json!(true)), vec!["/from"]),
        (with(day(), "from", json!("10:00")), vec!["/to"]),
        (with(day(), "to", json!("10:00")), vec!["/from"]),
        (opening("2026-12-01", "14:00", "14:00"), vec!["/to"]),
        (with(day(), "from", json!("25:00")), vec!["/from"]),
        (
            with(day(), "date_to", json!("2026-11-30")),
            vec!["/date_to"],
        ),
        (
            with(day(), "date_to", json!("2028-11-30")),
            vec!["/date_to"],
        ),
        (with(day(), "reason", json!("")), vec!["/reason"]),
        (
            with(
                day(),
                "desk_id",
                json!("00000000-0000-7000-8000-000000000000"),
            ),
            vec!["/desk_id"],
        ),
        // Nothing is opened afterwards, and nothing closed that is long over.
        (opening("2026-11-23", "09:00", "12:00"), vec!["/date_from"]),
        (closure("2026-11-16"), vec!["/date_from"]),
    ] {
        let what = exception.to_string();
        let refused = admin.post("/calendar/exceptions", exception).await;
        assert_eq!(refused.status, 422, "{what}: {}", refused.text);
        refused.invalid(&pointers);
    }
    app.add_exception(closure("2026-11-17")).await;
    app.add_exception(opening("2026-11-24", "09:00", "12:00"))
        .await;
}

/// The second of two decisions about one day is told so, also when both are made at the same moment.
#[actix_web::test]
async fn a_day_is_decided_once() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let first = app.add_exception(closure("2026-12-01")).await;
    let mut week = closure("2026-11-30");
    week["date_to"] = json!("2026-12-04");
    app.as_admin()
        .post("/calendar/exceptions", week.clone())
        .await
        .problem("conflict");
    // A desk decides for itself.
    week["desk_id"] = desk["id"].clone();
    app.add_exception(week.clone()).await;
    app.as_admin()
        .post("/calendar/exceptions", week)
        .await
        .problem("conflict");

    let path = format!("/calendar/exceptions/{}", first.id());
    app.as_admin().delete(&path).await.expect(204);
    app.as_admin().delete(&path).await.problem("not-found");
    let admin = app.as_admin();
    admin.get("/me").await.expect(200);
    let answers = app
        .parallel(10, |_| {
            let call = admin.post("/calendar/exceptions", closure("2026-12-01"));
            call.into_future()
        })
        .await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.problem("conflict");
    }
}

#[actix_web::test]
async fn what_has_passed_stays_as_it_was() {
    let app = TestApp::start().await;
    let mut week = closure("2026-11-26");
    week["date_to"] = json!("2026-12-02");
    let week = app.add_exception(week).await;
    let path = format!("/calendar/exceptions/{}", week.id());
    // It has begun: it ends yesterday.
    app.set_time("2026-11-30T10:00:00+09:00");
    app.as_admin().delete(&path).await.expect(204);
    assert!(!app.day("2026-11-27", None).await.0);
    assert!(app.day("2026-11-30", None).await.0);
    app.as_admin().delete(&path).await.problem("conflict");
    let all = app.as_admin().get("/calendar/exceptions?from=2026-11-01");
    assert_eq!(all.await.expect(200).items()[0]["date_to"], "2026-11-29");
}

#[actix_web::test]
async fn a_desk_has_hours_of_its_own() {
    let app = TestApp::start().await;
    let (desk, other) = (app.make_desk().await, app.make_desk_for("03").await);
    let path = format!("/desks/{}/hours", desk.id());
    let hours = json!({ "from": "2026-12-01", "week": week_with_lunch() });
    app.as_admin()
        .put(&path, hours.clone())
        .await
        .problem("precondition-required");
    let seen = app.as_desk(&desk).get(&path).await.expect(200);
    assert_eq!(seen["changes"], json!([]));
    assert_eq!(
        seen["today"]["monday"],
        json!([{ "from": "09:00", "to": "17:00" }])
    );
    let set = app.set_hours(&path, hours.clone()).await.expect(200);
    assert_eq!(set["changes"][0]["from"], "2026-12-01");
    assert_eq!(
        set["today"]["monday"],
        json!([{ "from": "09:00", "to": "17:00" }])
    );
    app.as_admin()
        .put(&path, hours)
        .if_match(seen.etag())
        .await
        .problem("stale");

    let usual = (true, Value::Null, json!("09:00"), json!("17:00"));
    assert_eq!(app.day("2026-11-30", Some(&desk)).await, usual);
    let own = (true, Value::Null, json!("10:00"), json!("16:00"));
    assert_eq!(app.day("2026-12-01", Some(&desk)).await, own);
    assert_eq!(app.day("2026-12-01", Some(&other)).await, usual);
    assert_eq!(app.day("2026-12-01", None).await, usual);
    let day = app
        .days("2026-12-01", "2026-12-01", Some(&desk))
        .await
        .remove(0);
    assert_eq!(day["periods"], week_with_lunch()["monday"]);

    // What the office closes is closed for everybody; what it opens is for those that keep its hours.
    app.add_exception(closure("2026-12-02")).await;
    app.add_exception(opening("2026-12-05", "09:00", "17:00"))
        .await;
    assert!(!app.day("2026-12-02", Some(&desk)).await.0);
    assert!(!app.day("2026-12-05", Some(&desk)).await.0);
    assert!(app.day("2026-12-05", Some(&other)).await.0);
    let mut own = opening("2026-12-02", "13:00", "15:00");
    own["desk_id"] = desk["id"].clone();
    app.add_exception(own).await;
    assert!(app.day("2026-12-02", Some(&desk)).await.0);

    // And back to the office's.
    let back = json!({ "from": "2026-12-07", "week": null });
    app.set_hours(&path, back).await.expect(200);
    assert_eq!(app.day("2026-12-07", Some(&desk)).await, usual);
}

#[actix_web::test]
async fn hours_that_make_no_sense_are_refused() {
    let app = TestApp::start().await;
    let path = "/settings/hours";
    let period = |from: &str, to: &str| json!([{ "from": from, "to": to }]);
    for (hours, pointer) in [
        (
            json!({ "week": { "monday": period("17:00", "09:00") } }),
            "/week/monday",
        ),
        (json!({ "week": {} }), "/week"),
        (
            json!({ "week": { "funday": period("09:00", "17:00") } }),
            "/week/funday",
        ),
        (
            json!({ "week": { "monday": period("9", "17:00") } }),
            "/week/monday/0/from",
        ),
        (json!({ "from": "2026-11-23", "week": null }), "/from"),
    ] {
        app.set_hours(path, hours).await.invalid(&[pointer]);
    }
    let longer = json!({ "week": { "monday": period("08:30", "18:00") } });
    let set = app.set_hours(path, longer).await.expect(200);
    assert_eq!(set["changes"][0]["from"], "2026-11-24");
    assert_eq!(app.day("2026-11-30", None).await.2, "08:30");
    assert!(!app.day("2026-11-24", None).await.0);
    // The same day once more takes the place of the first.
    let set = app
        .set_hours(path, json!({ "week": null }))
        .await
        .expect(200);
    assert_eq!(set["changes"].as_array().unwrap().len(), 1);
    assert!(app.day("2026-11-24", None).await.0);
    app.as_admin()
        .get("/desks/00000000-0000-7000-8000-000000000000/hours")
        .await
        .problem("not-found");
}
