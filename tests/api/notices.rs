//! Notices to desks and managers: when they are written, and how little they say.

use crate::harness::{HasId, TestApp, TestResponse};
use chrono::TimeDelta;
use madoguchi::{access::Actor, cases, ids::*, messages::notice};
use serde_json::json;
use uuid::Uuid;

/// Subject and text of the notices to an address, oldest first.
async fn notices(app: &TestApp, to: &TestResponse) -> Vec<(String, String)> {
    sqlx::query_as("select subject, body from message where kind = 'notice' and to_address = $1 order by created_at, id")
        .bind(to["email"].as_str().unwrap())
        .fetch_all(&mut app.sql().await)
        .await
        .unwrap()
}

async fn mail_arrives(app: &TestApp, case: &impl HasId) {
    app.store
        .transaction(&Actor::system(), async |tx| {
            tx.unchanged();
            let case = cases::find(tx.db(), &Actor::system(), CaseId(case.id())).await?;
            notice::mail_arrived(tx, &case).await
        })
        .await
        .unwrap();
}

/// Nothing by which anybody would know who asks or what about.
fn is_discreet(text: &(String, String), case: &TestResponse) {
    let said = format!("{}{}", text.0, text.1);
    for secret in [
        &case["enterprise"]["name"],
        &case["contacts"][0]["name"],
        &case["contacts"][0]["email"],
        &case["subject"],
        &case["description"],
    ] {
        assert!(!said.contains(secret.as_str().unwrap()), "{secret}: {said}");
    }
    assert!(said.contains(case["number"].as_str().unwrap()), "{said}");
}

#[actix_web::test]
async fn a_desk_hears_of_a_case_that_is_routed_to_it() {
    let app = TestApp::start().await;
    let (desk, next) = (app.make_desk().await, app.make_desk_for("03").await);
    let case = app.make_routed_case(&desk).await;
    let told = notices(&app, &desk).await;
    assert_eq!(told.len(), 1);
    is_discreet(&told[0], &case);
    let link = format!("http://127.0.0.1:8080/cases/{}\n", case.id());
    assert!(told[0].1.contains(&link), "{}", told[0].1);
    assert!(
        told[0].1.contains("11月25日(水)までに、受理または差し戻し"),
        "{}",
        told[0].1
    );
    assert!(
        told[0]
            .1
            .starts_with(&format!("{} 御中\n", desk["name"].as_str().unwrap()))
    );

    let again = json!({ "desk_id": next.id(), "reason": "管轄" });
    app.as_supervisor()
        .post(format!("/cases/{}/route", case.id()), again)
        .await
        .expect(200);
    assert_eq!(notices(&app, &next).await.len(), 1);
    assert_eq!(notices(&app, &desk).await.len(), 1);
}

#[actix_web::test]
async fn nobody_is_written_to_without_an_address_or_in_a_mailbox_of_ours() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    app.as_admin()
        .post(
            "/mailboxes",
            json!({ "address": desk["email"], "desk_id": desk.id() }),
        )
        .await
        .expect(201);
    app.make_routed_case(&desk).await;
    app.as_admin()
        .patch(format!("/desks/{}", desk.id()), json!({ "email": null }))
        .if_match(desk.etag())
        .await
        .expect(200);
    app.make_routed_case(&desk).await;
    let written: i64 = sqlx::query_scalar("select count(*) from message where kind = 'notice'")
        .fetch_one(&mut app.sql().await)
        .await
        .unwrap();
    assert_eq!(written, 0);
}

async fn offer(
    app: &TestApp,
    desk: &TestResponse,
    case: &TestResponse,
    manager: &TestResponse,
) -> Uuid {
    let offer = json!({ "manager_id": manager.id(), "line": "labour" });
    app.as_desk(desk)
        .post(format!("/cases/{}/offers", case.id()), offer)
        .await
        .expect(201)
        .id()
}

#[actix_web::test]
async fn a_manager_hears_of_an_offer_and_of_its_end() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_accepted_case(&desk).await;
    let id = offer(&app, &desk, &case, &manager).await;
    let told = notices(&app, &manager).await;
    assert_eq!(told.len(), 1);
    is_discreet(&told[0], &case);
    assert!(told[0].1.contains("(区分: 労務)"), "{}", told[0].1);
    assert!(
        told[0].1.contains("11月26日(木)10時00分までに"),
        "{}",
        told[0].1
    );
    // The case is not theirs to see yet.
    assert!(
        told[0]
            .1
            .contains(&format!("http://127.0.0.1:8080/offers/{id}\n")),
        "{}",
        told[0].1
    );

    app.as_desk(&desk)
        .post(format!("/offers/{id}/revoke"), json!({}))
        .await
        .expect(200);
    let told = notices(&app, &manager).await;
    assert!(
        told[1].1.contains("担当依頼は、取り消されました。"),
        "{}",
        told[1].1
    );
    is_discreet(&told[1], &case);

    offer(&app, &desk, &case, &manager).await;
    app.advance(TimeDelta::days(3));
    app.run_jobs().await;
    let told = notices(&app, &manager).await;
    assert_eq!(told.len(), 4);
    assert!(
        told[3].1.contains("担当依頼は、回答期限を過ぎました。"),
        "{}",
        told[3].1
    );

    // What they do themselves they know.
    let id = offer(&app, &desk, &case, &manager).await;
    app.as_manager(&manager)
        .post(format!("/offers/{id}/decline"), json!({ "reason": "多忙" }))
        .await
        .expect(200);
    app.assign(&desk, &case, &manager, "labour").await;
    assert_eq!(notices(&app, &manager).await.len(), 5);
}

#[actix_web::test]
async fn closing_a_case_ends_its_offers_with_a_word() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_accepted_case(&desk).await;
    offer(&app, &desk, &case, &manager).await;
    let withdrawn = json!({ "outcome": "withdrawn" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/close", case.id()), withdrawn)
        .await
        .expect(200);
    let told = notices(&app, &manager).await;
    assert_eq!(told.len(), 2);
    assert!(told[1].0.contains("担当依頼が終了しました"), "{told:?}");
}

#[actix_web::test]
async fn new_mail_is_told_once_an_hour_until_somebody_answers() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let told = async || notices(&app, &desk).await.len() - 1;
    mail_arrives(&app, &case).await;
    assert_eq!(told().await, 1, "the notice of the routing is another one");
    is_discreet(&notices(&app, &desk).await[1], &case);
    mail_arrives(&app, &case).await;
    app.advance(TimeDelta::minutes(59));
    mail_arrives(&app, &case).await;
    assert_eq!(told().await, 1);
    app.advance(TimeDelta::minutes(2));
    mail_arrives(&app, &case).await;
    assert_eq!(told().await, 2);

    // An answer, and what comes then is new.
    app.advance(TimeDelta::minutes(1));
    let reply = json!({ "body": "承知しました。" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/messages", case.id()), reply)
        .await
        .expect(201);
    mail_arrives(&app, &case).await;
    assert_eq!(told().await, 3);
    mail_arrives(&app, &case).await;
    assert_eq!(told().await, 3);

    // Another case is another matter; and what the help center has is told to no desk.
    let other = app.make_accepted_case(&desk).await;
    mail_arrives(&app, &other).await;
    assert_eq!(told().await, 5);
    mail_arrives(&app, &app.make_case().await).await;
    assert_eq!(told().await, 5);
}

#[actix_web::test]
async fn what_is_rolled_back_was_never_told() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_accepted_case(&desk).await;
    let refused =
        json!({ "manager_id": manager.id(), "line": "labour", "reply_by": "2026-11-01T00:00:00Z" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/offers", case.id()), refused)
        .await
        .invalid(&["/reply_by"]);
    let route = json!({ "desk_id": desk.id() });
    app.as_supervisor()
        .post(format!("/cases/{}/route", case.id()), route)
        .await
        .invalid(&["/reason"]);
    assert!(notices(&app, &manager).await.is_empty());
    assert_eq!(notices(&app, &desk).await.len(), 1);
}
