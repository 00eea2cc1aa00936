//! Invitations: who is told of a session, what the calendar entry says, and how it changes.

use crate::harness::{HasId, TestApp, TestResponse};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::FromRow;

#[derive(Clone, Debug, FromRow)]
struct Invitation {
    to_address: String,
    contact_id: Option<uuid::Uuid>,
    subject: String,
    body: String,
    calendar: String,
}

impl Invitation {
    /// The value of a property of the event, unfolded and with its parameters.
    fn property(&self, name: &str) -> String {
        property(&self.calendar, name).unwrap_or_else(|| panic!("no {name}: {}", self.calendar))
    }
}

fn property(calendar: &str, name: &str) -> Option<String> {
    let unfolded = calendar.replace("\r\n ", "");
    let mut lines = unfolded.split("\r\n");
    let line = lines.find(|line| {
        line.starts_with(&format!("{name}:")) || line.starts_with(&format!("{name};"))
    })?;
    Some(line[name.len() + 1..].to_owned())
}

async fn invitations(app: &TestApp) -> Vec<Invitation> {
    sqlx::query_as(
        "select to_address, contact_id, subject, body, calendar from message where kind = 'invitation' order by created_at, id",
    )
    .fetch_all(&mut app.sql().await)
    .await
    .unwrap()
}

/// The newest ones: to the contact and to the manager.
async fn newest(app: &TestApp) -> (Invitation, Invitation) {
    let all = invitations(app).await;
    let [.., contact, manager] = &all[..] else {
        panic!("{all:#?}");
    };
    (contact.clone(), manager.clone())
}

fn time(response: &TestResponse, field: &str) -> DateTime<Utc> {
    response[field].as_str().unwrap().parse().unwrap()
}

fn stamp(time: DateTime<Utc>) -> String {
    time.format("%Y%m%dT%H%M%SZ").to_string()
}

#[actix_web::test]
async fn contact_and_manager_are_invited_each_alone() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let mut session = app.session(3);
    session["meeting_url"] = json!("https://meet.example/abc");
    session["note"] = json!("就業規則を\nご用意ください; 印鑑, 不要");
    let session = app
        .as_desk(&desk)
        .post(format!("/cases/{}/consultations", case.id()), session)
        .await
        .expect(201);
    assert_eq!(invitations(&app).await.len(), 2);
    let (to_contact, to_manager) = newest(&app).await;
    assert_eq!(
        to_contact.to_address,
        case["contacts"][0]["email"].as_str().unwrap()
    );
    assert_eq!(to_contact.contact_id, Some(case["contacts"][0].id()));
    assert_eq!(to_manager.to_address, manager["email"].as_str().unwrap());
    assert_eq!(to_manager.contact_id, None);

    let number = case["number"].as_str().unwrap();
    assert_eq!(
        to_contact.subject,
        format!("【{number}】コンサルティングの日程のご案内")
    );
    for said in [
        "2026年(令和8年)11月27日(金)10時00分から11時30分まで",
        "オンライン",
        "https://meet.example/abc",
        "(みちのく社会保険労務士事務所)",
        "現状把握",
        "ご用意ください; 印鑑, 不要",
        "日程の変更やお取りやめをご希望の場合は、このメールへのご返信またはお電話で",
        case["enterprise"]["name"].as_str().unwrap(),
    ] {
        assert!(
            to_contact.body.contains(said),
            "{said}: {}",
            to_contact.body
        );
    }
    let addressed = format!("{} 様\n", case["contacts"][0]["name"].as_str().unwrap());
    assert!(
        to_contact.body.starts_with(&addressed),
        "{}",
        to_contact.body
    );
    // Neither learns the other's address.
    assert!(!to_contact.calendar.contains(&to_manager.to_address));
    assert!(!to_manager.calendar.contains(&to_contact.to_address));

    assert_eq!(
        property(&to_contact.calendar, "METHOD").as_deref(),
        Some("REQUEST")
    );
    assert_eq!(to_contact.property("UID"), session.id().to_string());
    assert_eq!(to_contact.property("SEQUENCE"), "0");
    assert_eq!(to_contact.property("DTSTAMP"), stamp(app.now()));
    assert_eq!(
        to_contact.property("DTSTART"),
        stamp(time(&session, "starts_at"))
    );
    assert_eq!(
        to_contact.property("DTEND"),
        stamp(time(&session, "ends_at"))
    );
    assert_eq!(to_contact.property("URL"), "https://meet.example/abc");
    assert!(
        to_contact
            .property("DESCRIPTION")
            .ends_with(r"就業規則を\nご用意ください\; 印鑑\, 不要")
    );
    assert!(
        to_contact
            .property("ATTENDEE")
            .ends_with(&format!(":mailto:{}", to_contact.to_address))
    );
    // An answer finds its case.
    let organizer = to_contact.property("ORGANIZER");
    assert!(organizer.contains("mailto:sodan+"), "{organizer}");
    assert!(
        to_contact
            .calendar
            .split("\r\n")
            .all(|line| line.len() <= 75)
    );
}

#[actix_web::test]
async fn a_change_raises_the_sequence_and_keeps_the_event() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let session = app.book(&desk, &case, 3).await;
    let (booked, _) = newest(&app).await;
    let path = format!("/consultations/{}", session.id());
    for sequence in 1..=3 {
        app.advance(TimeDelta::minutes(5));
        let starts_at = app.now() + TimeDelta::days(3 + sequence);
        let times = json!({ "starts_at": starts_at, "ends_at": starts_at + TimeDelta::hours(1) });
        app.as_desk(&desk)
            .post(format!("{path}/reschedule"), times)
            .await
            .expect(200);
        let (moved, to_manager) = newest(&app).await;
        for mail in [&moved, &to_manager] {
            assert_eq!(
                property(&mail.calendar, "METHOD").as_deref(),
                Some("REQUEST")
            );
            assert_eq!(mail.property("UID"), booked.property("UID"));
            assert_eq!(mail.property("SEQUENCE"), sequence.to_string());
            assert_eq!(mail.property("DTSTART"), stamp(starts_at));
            assert_eq!(mail.property("DTSTAMP"), stamp(app.now()));
        }
        assert!(
            moved
                .subject
                .ends_with("コンサルティングの日程変更のご案内"),
            "{}",
            moved.subject
        );
        assert!(
            moved.body.contains("変更前の日時: 2026年(令和8年)"),
            "{}",
            moved.body
        );
    }
    app.as_desk(&desk)
        .post(format!("{path}/cancel"), json!({ "reason": "社内の都合" }))
        .await
        .expect(200);
    let (cancelled, to_manager) = newest(&app).await;
    for mail in [&cancelled, &to_manager] {
        assert_eq!(
            property(&mail.calendar, "METHOD").as_deref(),
            Some("CANCEL")
        );
        assert_eq!(mail.property("STATUS"), "CANCELLED");
        assert_eq!(mail.property("UID"), booked.property("UID"));
        assert_eq!(mail.property("SEQUENCE"), "4");
        assert!(
            mail.body.contains("日程を取り消しましたので"),
            "{}",
            mail.body
        );
        assert!(!mail.body.contains("社内の都合"), "the reason is for staff");
    }
    assert_eq!(invitations(&app).await.len(), 10);
}

#[actix_web::test]
async fn what_ends_an_arrangement_cancels_its_appointments_with_a_word() {
    let app = TestApp::start().await;
    let (desk, next, manager) = (
        app.make_desk().await,
        app.make_desk_for("03").await,
        app.make_manager().await,
    );
    let reason = json!({ "reason": "都合により" });

    let released = app.make_consulting_case(&desk, &manager).await;
    let assignment = released["managers"][0]["assignment_id"].as_str().unwrap();
    app.as_desk(&desk)
        .post(format!("/assignments/{assignment}/release"), reason.clone())
        .await
        .expect(200);
    expect_cancelled(&app, 1, &released, &manager).await;

    app.advance(TimeDelta::days(1));
    let closed = app.make_consulting_case(&desk, &manager).await;
    let withdrawn = json!({ "outcome": "withdrawn" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/close", closed.id()), withdrawn)
        .await
        .expect(200);
    expect_cancelled(&app, 2, &closed, &manager).await;

    app.advance(TimeDelta::days(1));
    let routed = app.make_consulting_case(&desk, &manager).await;
    let route = json!({ "desk_id": next.id(), "reason": "管轄" });
    app.as_supervisor()
        .post(format!("/cases/{}/route", routed.id()), route)
        .await
        .expect(200);
    expect_cancelled(&app, 3, &routed, &manager).await;

    app.advance(TimeDelta::days(1));
    let (survivor, merged) = (
        app.make_case().await,
        app.make_consulting_case(&desk, &manager).await,
    );
    let merge = json!({ "other_id": merged.id(), "reason": "重複" });
    app.as_supervisor()
        .post(format!("/cases/{}/merge", survivor.id()), merge)
        .await
        .expect(200);
    expect_cancelled(&app, 4, &merged, &manager).await;
}

async fn expect_cancelled(
    app: &TestApp,
    so_far: usize,
    case: &TestResponse,
    manager: &TestResponse,
) {
    assert_eq!(invitations(app).await.len(), so_far * 4);
    let (to_contact, to_manager) = newest(app).await;
    assert_eq!(
        to_contact.to_address,
        case["contacts"][0]["email"].as_str().unwrap()
    );
    assert_eq!(to_manager.to_address, manager["email"].as_str().unwrap());
    for mail in [to_contact, to_manager] {
        assert_eq!(
            property(&mail.calendar, "METHOD").as_deref(),
            Some("CANCEL")
        );
        assert_eq!(mail.property("SEQUENCE"), "1");
    }
}

#[actix_web::test]
async fn what_is_entered_afterwards_is_nobodys_news() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let mut late = app.session(-2);
    late["late_reason"] = json!("停電のため");
    app.as_desk(&desk)
        .post(format!("/cases/{}/consultations", case.id()), late)
        .await
        .expect(201);
    assert!(invitations(&app).await.is_empty());

    let session = app.book(&desk, &case, 1).await;
    assert_eq!(invitations(&app).await.len(), 2);
    app.hold(&desk, &session).await;
    let path = format!("/consultations/{}/void", session.id());
    app.as_supervisor()
        .post(path, json!({ "reason": "誤入力" }))
        .await
        .expect(200);
    assert_eq!(invitations(&app).await.len(), 2);
}

#[actix_web::test]
async fn who_has_no_address_is_not_written_to() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let mut request = app.case_request();
    request["contacts"][0]["email"] = json!(null);
    request["contacts"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "role": "cc", "email": "cc@example.co.jp" }));
    let case = app.as_operator().post("/cases", request).await.expect(201);
    let route = json!({ "desk_id": desk.id() });
    app.as_operator()
        .post(format!("/cases/{}/route", case.id()), route)
        .await
        .expect(200);
    app.as_desk(&desk)
        .post(format!("/cases/{}/accept", case.id()), json!({}))
        .await
        .expect(200);
    app.assign(&desk, &case, &manager, "labour").await;
    app.book(&desk, &case, 1).await;
    let told = invitations(&app).await;
    assert_eq!(told.len(), 1, "the manager alone");
    assert_eq!(told[0].to_address, manager["email"].as_str().unwrap());
}

#[actix_web::test]
async fn the_last_session_is_told_once_however_many_ask_for_it() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let path = format!("/cases/{}/consultations", case.id());
    let body = app.session(2);
    let answers = app
        .parallel(8, |_| async {
            app.as_desk(&desk).post(&path, body.clone()).await.status
        })
        .await;
    assert_eq!(
        answers.iter().filter(|status| **status == 201).count(),
        1,
        "{answers:?}"
    );
    assert_eq!(invitations(&app).await.len(), 2);
}

#[actix_web::test]
async fn the_entry_is_downloaded_by_those_who_see_the_session() {
    let app = TestApp::start().await;
    let (desk, elsewhere) = (app.make_desk().await, app.make_desk_for("03").await);
    let (manager, stranger) = (app.make_manager().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let session = app.book(&desk, &case, 3).await;
    let path = format!("/consultations/{}/invite.ics", session.id());
    for client in [
        app.as_operator(),
        app.as_supervisor(),
        app.as_admin(),
        app.as_desk(&desk),
        app.as_manager(&manager),
    ] {
        let file = client.get(&path).await.expect(200);
        assert_eq!(
            file.header("content-type"),
            Some("text/calendar; charset=utf-8")
        );
        assert_eq!(
            file.header("content-disposition"),
            Some("attachment; filename=\"invite.ics\"")
        );
        assert_eq!(property(&file.text, "METHOD").as_deref(), Some("PUBLISH"));
        assert_eq!(property(&file.text, "UID"), Some(session.id().to_string()));
        assert_eq!(property(&file.text, "ATTENDEE"), None);
    }
    for client in [app.as_desk(&elsewhere), app.as_manager(&stranger)] {
        client.get(&path).await.problem("not-found");
    }
    app.as_auditor().get(&path).await.problem("forbidden");
    app.as_nobody().get(&path).await.problem("unauthenticated");

    let reason = json!({ "reason": "延期" });
    app.as_desk(&desk)
        .post(format!("/consultations/{}/cancel", session.id()), reason)
        .await
        .expect(200);
    let file = app.as_desk(&desk).get(&path).await.expect(200);
    assert_eq!(property(&file.text, "METHOD").as_deref(), Some("CANCEL"));
    assert_eq!(property(&file.text, "SEQUENCE").as_deref(), Some("1"));
}
