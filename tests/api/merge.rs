//! Merging two cases of one matter, and undoing it.

use crate::harness::{TestApp, TestResponse};
use serde_json::json;

fn merge(other: &TestResponse) -> serde_json::Value {
    json!({ "other_id": other.id(), "reason": "同じ相談" })
}

#[actix_web::test]
async fn sessions_move_with_a_merge_and_return_with_its_undoing() {
    let app = TestApp::start().await;
    let (desk, first, second) = (
        app.make_desk().await,
        app.make_manager().await,
        app.make_manager().await,
    );
    let survivor = app.make_assigned_case(&desk, &first).await;
    let other = app.make_assigned_case(&desk, &second).await;
    let session = app.book(&desk, &survivor, 2).await;
    app.hold(&desk, &session).await;
    let session = app.book(&desk, &other, 3).await;
    let held = app.hold(&desk, &session).await;
    let ahead = app.book(&desk, &other, 9).await;
    let path = format!("/cases/{}", survivor.id());
    app.as_desk(&desk)
        .post(format!("{path}/merge"), merge(&other))
        .await
        .problem("forbidden");
    let merged = app
        .as_supervisor()
        .post(format!("{path}/merge"), merge(&other))
        .await
        .expect(200);
    assert_eq!(
        merged["consultations"],
        json!({ "limit": 3, "used": 2, "remaining": 1 })
    );
    let closed = app.show_case(&other).await;
    assert_eq!(
        (&closed["status"], &closed["outcome"]),
        (&json!("closed"), &json!("duplicate"))
    );
    assert_eq!(closed["merged_into"], survivor["id"]);
    let moved = app
        .as_desk(&desk)
        .get(format!("/consultations/{}", held.id()))
        .await
        .expect(200);
    assert_eq!(
        (&moved["case_id"], &moved["origin_case_id"]),
        (&survivor["id"], &other["id"])
    );
    let cancelled = app
        .as_desk(&desk)
        .get(format!("/consultations/{}", ahead.id()))
        .await
        .expect(200);
    assert_eq!(cancelled["state"], "cancelled");
    // A merged case is not reopened, moved, or merged into.
    let supervisor = app.as_supervisor();
    supervisor
        .post(
            format!("/cases/{}/reopen", other.id()),
            json!({ "reason": "x" }),
        )
        .await
        .problem("illegal-move");
    supervisor
        .post(format!("/cases/{}/merge", other.id()), merge(&survivor))
        .await
        .problem("illegal-move");
    supervisor
        .post(format!("{path}/merge"), merge(&other))
        .await
        .problem("illegal-move");
    // Undone: the session goes home, the case is accepted, its assignment stays ended.
    supervisor
        .post(format!("{path}/unmerge"), merge(&other))
        .await
        .expect(200);
    let back = app.show_case(&other).await;
    assert_eq!(
        (&back["status"], &back["managers"]),
        (&json!("accepted"), &json!([]))
    );
    assert_eq!(back["consultations"]["used"], 1);
    assert_eq!(app.used(&survivor).await, 1);
    supervisor
        .post(format!("{path}/unmerge"), merge(&other))
        .await
        .problem("illegal-move");
}

#[actix_web::test]
async fn more_sessions_than_the_survivor_has_are_refused_until_its_limit_is_raised() {
    let app = TestApp::start().await;
    let (desk, first, second) = (
        app.make_desk().await,
        app.make_manager().await,
        app.make_manager().await,
    );
    let survivor = app.make_assigned_case(&desk, &first).await;
    let other = app.make_assigned_case(&desk, &second).await;
    for _ in 0..2 {
        for case in [&survivor, &other] {
            let session = app.book(&desk, case, 1).await;
            app.hold(&desk, &session).await;
        }
    }
    let path = format!("/cases/{}", survivor.id());
    let refused = app
        .as_supervisor()
        .post(format!("{path}/merge"), merge(&other))
        .await;
    refused.problem("consultation-limit-reached");
    assert_eq!(app.used(&other).await, 2, "nothing is half done");
    app.as_admin()
        .post(
            format!("{path}/limit"),
            json!({ "limit": 4, "reason": "統合のため" }),
        )
        .await
        .expect(200);
    app.as_supervisor()
        .post(format!("{path}/merge"), merge(&other))
        .await
        .expect(200);
    assert_eq!(app.used(&survivor).await, 4);
    app.as_desk(&desk)
        .post(format!("{path}/consultations"), app.session(9))
        .await
        .problem("consultation-limit-reached");
}

#[actix_web::test]
async fn earlier_merges_are_repointed() {
    let app = TestApp::start().await;
    let (a, b, c) = (
        app.make_case().await,
        app.make_case().await,
        app.make_case().await,
    );
    let supervisor = app.as_supervisor();
    supervisor
        .post(format!("/cases/{}/merge", b.id()), merge(&a))
        .await
        .expect(200);
    supervisor
        .post(format!("/cases/{}/merge", c.id()), merge(&b))
        .await
        .expect(200);
    assert_eq!(app.show_case(&a).await["merged_into"], c["id"]);
    assert_eq!(app.show_case(&b).await["merged_into"], c["id"]);
    supervisor
        .post(format!("/cases/{}/unmerge", c.id()), merge(&b))
        .await
        .expect(200);
    assert_eq!(app.show_case(&b).await["status"], "received");
    assert_eq!(app.show_case(&a).await["merged_into"], c["id"]);
    supervisor
        .post(format!("/cases/{}/merge", a.id()), merge(&a))
        .await
        .invalid(&["/other_id"]);
}

#[actix_web::test]
async fn a_closed_case_returns_as_it_had_ended() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let (survivor, other) = (app.make_case().await, app.make_closed_case(&desk).await);
    let supervisor = app.as_supervisor();
    supervisor
        .post(format!("/cases/{}/merge", survivor.id()), merge(&other))
        .await
        .expect(200);
    assert_eq!(app.show_case(&other).await["outcome"], "duplicate");
    supervisor
        .post(format!("/cases/{}/unmerge", survivor.id()), merge(&other))
        .await
        .expect(200);
    let back = app.show_case(&other).await;
    assert_eq!(
        (&back["status"], &back["outcome"]),
        (&json!("closed"), &json!("answered"))
    );
}
