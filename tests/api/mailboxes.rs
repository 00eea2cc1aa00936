//! The addresses that enterprises write to.

use crate::harness::TestApp;
use serde_json::{Value, json};
use uuid::Uuid;

#[actix_web::test]
async fn an_admin_keeps_the_mailboxes() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let admin = app.as_admin();
    let center = json!({ "address": "Sodan@Example.JP", "name": "テレワーク相談センター" });
    let made = admin.post("/mailboxes", center).await.expect(201);
    assert_eq!(made["address"], "Sodan@example.jp");
    assert_eq!(
        (&made["desk_id"], &made["active"]),
        (&Value::Null, &json!(true))
    );
    let shown = admin.get(made.location()).await.expect(200);
    assert_eq!((&shown.json, shown.etag()), (&made.json, made.etag()));
    let of_desk = json!({ "address": "aomori@example.jp", "desk_id": desk.id() });
    let of_desk = admin.post("/mailboxes", of_desk).await.expect(201);
    for client in [
        app.as_operator(),
        app.as_desk(&desk),
        app.as_supervisor(),
        admin.clone(),
    ] {
        let list = client.get("/mailboxes").await.expect(200);
        assert_eq!(list.items(), [of_desk.json.clone(), made.json.clone()]);
    }
    for client in [app.as_operator(), app.as_desk(&desk)] {
        client
            .post("/mailboxes", json!({ "address": "x@example.jp" }))
            .await
            .problem("forbidden");
    }
    app.as_auditor()
        .get("/mailboxes")
        .await
        .problem("forbidden");
    admin
        .get(format!("/mailboxes/{}", Uuid::now_v7()))
        .await
        .problem("not-found");
}

#[actix_web::test]
async fn a_mailbox_is_changed_by_who_has_seen_it() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let admin = app.as_admin();
    let made = json!({ "address": "sodan@example.jp", "name": "相談" });
    let made = admin.post("/mailboxes", made).await.expect(201);
    let path = made.location();
    let change = json!({ "desk_id": desk.id(), "name": null, "active": false });
    admin
        .patch(&path, change.clone())
        .await
        .problem("precondition-required");
    let changed = admin
        .patch(&path, change.clone())
        .if_match(made.etag())
        .await
        .expect(200);
    assert_eq!(changed["desk_id"], json!(desk.id()));
    assert_eq!(
        (&changed["name"], &changed["active"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(changed["address"], "sodan@example.jp");
    admin
        .patch(&path, change.clone())
        .if_match(made.etag())
        .await
        .problem("stale");
    let same = admin
        .patch(&path, change)
        .if_match(changed.etag())
        .await
        .expect(200);
    assert_eq!(same.etag(), changed.etag());
    let back = admin
        .patch(&path, json!({ "desk_id": null }))
        .if_match(same.etag())
        .await
        .expect(200);
    assert_eq!(back["desk_id"], Value::Null);
    let recorded: Vec<String> = sqlx::query_scalar(
        "select kind || ' ' || coalesce(data->>'fields', '') from audit_event where kind like 'mailbox%' order by seq",
    )
    .fetch_all(&mut app.sql().await)
    .await
    .unwrap();
    assert_eq!(
        recorded,
        [
            "mailbox_created ",
            r#"mailbox_edited ["name","desk_id","active"]"#,
            r#"mailbox_edited ["desk_id"]"#
        ]
    );
}

#[actix_web::test]
async fn an_address_is_one_mailbox() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let admin = app.as_admin();
    let made = |address: &str| json!({ "address": address });
    admin
        .post("/mailboxes", made("sodan@example.jp"))
        .await
        .expect(201);
    admin
        .post("/mailboxes", made("SODAN@EXAMPLE.JP"))
        .await
        .problem("conflict");
    let other = admin
        .post("/mailboxes", made("other@example.jp"))
        .await
        .expect(201);
    admin
        .patch(other.location(), made("Sodan@example.jp"))
        .if_match(other.etag())
        .await
        .problem("conflict");
    admin
        .post("/mailboxes", made("sodan+x@example.jp"))
        .await
        .invalid(&["/address"]);
    admin
        .patch(other.location(), made("sodan+x@example.jp"))
        .if_match(other.etag())
        .await
        .invalid(&["/address"]);
    admin
        .post("/mailboxes", made("no address"))
        .await
        .invalid(&["/address"]);
    let nowhere = json!({ "address": "a@example.jp", "desk_id": Uuid::now_v7() });
    admin
        .post("/mailboxes", nowhere)
        .await
        .invalid(&["/desk_id"]);
    let at_once = app
        .parallel(8, async |_| {
            let body = json!({ "address": "one@example.jp", "desk_id": desk.id() });
            admin.post("/mailboxes", body).await.status
        })
        .await;
    assert_eq!(at_once.iter().filter(|status| **status == 201).count(), 1);
    assert_eq!(at_once.iter().filter(|status| **status == 409).count(), 7);
}
