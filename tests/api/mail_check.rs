//! What people do with mail that could not be placed, was placed wrongly, or came after closing.

use crate::{
    harness::{HasId, TestApp, TestResponse},
    mails::{CENTER, flags, letter, plus_address},
};
use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

/// The address of the contact that cases of the factory have.
fn contact_of(case: &TestResponse) -> String {
    case["contacts"][0]["email"].as_str().unwrap().to_owned()
}

/// A mail to be checked: a stranger knows the number of a case.
async fn suspicious(app: &TestApp, case: &TestResponse) -> TestResponse {
    let number = case["number"].as_str().unwrap();
    let sent = letter("新しい担当 <new@example.co.jp>", &format!("{number}の件"))
        .enclosing("shiryo.pdf", b"%PDF-1.7");
    let mail = app.receive(&sent).await;
    assert_eq!(mail["state"], "quarantined", "{:#}", mail.json);
    mail
}

fn step(mail: &impl HasId, name: &str) -> String {
    format!("/intake/emails/{}/{name}", mail.id())
}

/// The files of a case.
async fn files(app: &TestApp, case: &impl HasId) -> usize {
    app.as_supervisor()
        .get(format!("/cases/{}/attachments", case.id()))
        .await
        .expect(200)
        .items()
        .len()
}

async fn close(app: &TestApp, case: &impl HasId) {
    app.as_supervisor()
        .post(
            format!("/cases/{}/close", case.id()),
            json!({ "outcome": "answered" }),
        )
        .await
        .expect(200);
}

// --------------------------------------------------------------------------------------------------------------- attach

#[actix_web::test]
async fn a_mail_is_attached_and_its_files_go_with_it() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let mail = suspicious(&app, &case).await;
    let wait = json!({ "on": "enterprise", "reason": "資料待ち" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/wait", case.id()), wait)
        .await
        .expect(200);
    assert_eq!(files(&app, &case).await, 0);
    let body = json!({ "case_id": case.id() });
    let operator = app.as_operator();
    let attached = operator
        .post(step(&mail, "attach"), body.clone())
        .idempotent("a")
        .await
        .expect(200);
    assert_eq!(
        (
            &attached["state"],
            &attached["case_id"],
            &attached["placed_by"]
        ),
        (&json!("processed"), &json!(case.id()), &json!("staff"))
    );
    assert_eq!(
        (
            &attached["suggested_case_id"],
            &attached["quarantine_reason"]
        ),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(files(&app, &case).await, 1);
    let shown = app.show_case(&case).await;
    assert_eq!(shown["waiting_on"], "manager");
    // A person has vouched for the mail, not for whoever sent it.
    assert_eq!(
        (&attached["is_known_sender"], flags(&shown)),
        (&json!(false), vec![])
    );
    let path = format!("/intake/emails/{}", mail.id());
    app.as_manager(&manager).get(&path).await.expect(200);
    let again = operator
        .post(step(&mail, "attach"), body.clone())
        .idempotent("a")
        .await
        .expect(200);
    assert_eq!(again.json, attached.json);
    // Without the key too: it is there.
    let again = operator.post(step(&mail, "attach"), body).await.expect(200);
    assert_eq!(again.etag(), attached.etag());
    let kinds = app.kinds_in_timeline(&case).await;
    assert_eq!(
        kinds.iter().filter(|kind| *kind == "mail_attached").count(),
        1
    );
}

#[actix_web::test]
async fn a_mail_that_was_placed_wrongly_is_moved() {
    let app = TestApp::start().await;
    let (desk, other_desk) = (app.make_desk().await, app.make_desk_for("03").await);
    let wrong = app.make_accepted_case(&desk).await;
    let right = app.make_accepted_case(&other_desk).await;
    let sent = letter("x@example.jp", "Re:")
        .to(&[&plus_address(&wrong)])
        .enclosing("a.pdf", b"%PDF-1.7");
    let mail = app.receive(&sent).await;
    assert_eq!(flags(&app.show_case(&wrong).await), ["unverified_sender"]);
    let body = json!({ "case_id": right.id(), "add_contact": true });
    let moved = app
        .as_supervisor()
        .post(step(&mail, "attach"), body)
        .await
        .expect(200);
    assert_eq!(
        (&moved["case_id"], &moved["is_known_sender"]),
        (&json!(right.id()), &json!(true))
    );
    assert_eq!(
        (files(&app, &wrong).await, files(&app, &right).await),
        (0, 1)
    );
    assert_eq!(flags(&app.show_case(&wrong).await), [""; 0]);
    let contacts = app.show_case(&right).await["contacts"].clone();
    assert_eq!(
        contacts.as_array().unwrap().last().unwrap()["email"],
        "x@example.jp"
    );
    // What the wrong case was shown is gone from its timeline; that there was something is not.
    let path = format!("/intake/emails/{}", mail.id());
    app.as_desk(&desk).get(&path).await.problem("not-found");
    app.as_desk(&other_desk).get(&path).await.expect(200);
    let timeline = app
        .as_desk(&desk)
        .get(format!("/cases/{}/timeline", wrong.id()))
        .await
        .expect(200);
    let items = timeline.items().iter();
    let of_mail: Vec<_> = items
        .filter(|item| item["data"]["mail_id"] == mail["id"])
        .map(|item| (item["kind"].as_str().unwrap(), item["mail"].is_null()))
        .collect();
    assert_eq!(of_mail, [("mail_moved", true), ("mail_placed", true)]);
}

#[actix_web::test]
async fn what_cannot_be_attached() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let operator = app.as_operator();
    let pending = app.deliver(&letter("a@example.jp", "x")).await;
    let body = json!({ "case_id": case.id() });
    for (name, body) in [
        ("attach", body.clone()),
        ("open-case", json!({})),
        ("discard", json!({ "reason": "x" })),
    ] {
        operator
            .post(step(&pending, name), body)
            .await
            .problem("conflict");
    }
    let mail = suspicious(&app, &case).await;
    let nothing = json!({ "case_id": Uuid::now_v7() });
    operator
        .post(step(&mail, "attach"), nothing)
        .await
        .invalid(&["/case_id"]);
    operator
        .post(step(&Uuid::now_v7(), "attach"), body.clone())
        .await
        .problem("not-found");
    let nobody = app
        .receive(&letter("foo@localdomain", case["number"].as_str().unwrap()))
        .await;
    let with_contact = json!({ "case_id": case.id(), "add_contact": true });
    operator
        .post(step(&nobody, "attach"), with_contact)
        .await
        .invalid(&["/add_contact"]);
    let stale = operator
        .post(step(&mail, "attach"), body.clone())
        .if_match("\"999\"");
    stale.await.problem("stale");
    let desk = app.make_desk().await;
    for client in [app.as_desk(&desk), app.as_auditor()] {
        for (name, body) in [
            ("attach", body.clone()),
            ("open-case", json!({})),
            ("reprocess", json!({})),
            ("discard", json!({ "reason": "x" })),
        ] {
            client
                .post(step(&mail, name), body)
                .await
                .problem("forbidden");
        }
    }
    // A merged case's mail reaches the survivor.
    let survivor = app.make_case().await;
    let merge = json!({ "other_id": case.id(), "reason": "同じ相談" });
    app.as_supervisor()
        .post(format!("/cases/{}/merge", survivor.id()), merge)
        .await
        .expect(200);
    let attached = operator.post(step(&mail, "attach"), body).await.expect(200);
    assert_eq!(attached["case_id"], survivor["id"]);
}

#[actix_web::test]
async fn two_people_move_two_mails_across_each_other() {
    let app = TestApp::start().await;
    let (one, two) = (app.make_case().await, app.make_case().await);
    let of_one = app
        .receive(&letter("a@example.jp", "x").to(&[&plus_address(&one)]))
        .await;
    let of_two = app
        .receive(&letter("b@example.jp", "y").to(&[&plus_address(&two)]))
        .await;
    let operator = app.as_operator();
    for _ in 0..5 {
        let moves = [
            (&of_one, &two),
            (&of_two, &one),
            (&of_one, &one),
            (&of_two, &two),
        ];
        let moved = app
            .parallel(moves.len(), async |n| {
                let (mail, case) = moves[n];
                let body = json!({ "case_id": case.id() });
                operator.post(step(mail, "attach"), body).await.status
            })
            .await;
        assert_eq!(moved, [200; 4]);
    }
}

// ------------------------------------------------------------------------------------------- a new case, aside, again

#[actix_web::test]
async fn a_person_opens_a_case_of_a_mail() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    app.make_mailbox("aomori@example.jp", Some(&desk)).await;
    let known = app.make_case().await;
    let sent = letter(
        "新しい担当 <new@example.co.jp>",
        known["number"].as_str().unwrap(),
    )
    .to(&["aomori@example.jp"])
    .enclosing("a.pdf", b"%PDF-1.7");
    let mail = app.receive(&sent).await;
    app.advance(TimeDelta::days(2));
    let case = app
        .as_operator()
        .post(step(&mail, "open-case"), json!({}))
        .idempotent("o")
        .await
        .expect(201);
    assert_eq!(case.location(), format!("/cases/{}", case.id()));
    assert_eq!(
        (&case["status"], &case["channel"], &case["desk"]["id"]),
        (&json!("accepted"), &json!("email"), &desk["id"])
    );
    // When it came, and not late: it was here all the time.
    assert_eq!(case["received_at"], mail["received_at"]);
    assert_eq!(flags(&case), [""; 0]);
    assert_eq!(files(&app, &case).await, 1);
    let mail = app.show_mail(&mail).await;
    assert_eq!(
        (&mail["case_id"], &mail["placed_by"]),
        (&case["id"], &json!("staff"))
    );
    assert_eq!(mail["acknowledged"], false);
    let again = app
        .as_operator()
        .post(step(&mail, "open-case"), json!({}))
        .idempotent("o")
        .await
        .expect(201);
    assert_eq!(again.id(), case.id());
    app.as_operator()
        .post(step(&mail, "open-case"), json!({}))
        .await
        .problem("conflict");
    // Whoever wrote is a correspondent from now on.
    let sent = letter("new@example.co.jp", case["number"].as_str().unwrap());
    assert_eq!(app.receive(&sent).await["placed_by"], "number");
}

#[actix_web::test]
async fn a_mail_is_put_aside_and_taken_up_again() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let mail = suspicious(&app, &case).await;
    let operator = app.as_operator();
    let body = json!({ "reason": "営業メール" });
    let aside = operator
        .post(step(&mail, "discard"), body.clone())
        .idempotent("d")
        .await
        .expect(200);
    assert_eq!(
        (&aside["state"], &aside["discarded"]["reason"]),
        (&json!("quarantined"), &json!("営業メール"))
    );
    assert_eq!(
        aside["discarded"]["by"]["id"],
        json!(operator.user_id().await)
    );
    let again = operator
        .post(step(&mail, "discard"), body.clone())
        .idempotent("d")
        .await
        .expect(200);
    assert_eq!(again.json, aside.json);
    operator
        .post(step(&mail, "discard"), body)
        .await
        .problem("conflict");
    let to_check = async || {
        let list = operator
            .get("/intake/emails?to_check=true")
            .await
            .expect(200);
        list.items().len()
    };
    assert_eq!(to_check().await, 0);
    let pending = operator
        .post(step(&mail, "reprocess"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&pending["state"], &pending["discarded"]),
        (&json!("pending"), &Value::Null)
    );
    app.run_jobs().await;
    let read = app.show_mail(&mail).await;
    assert_eq!(
        (
            &read["state"],
            &read["quarantine_reason"],
            &read["suggested_case_id"]
        ),
        (
            &json!("quarantined"),
            &json!("stranger_with_number"),
            &case["id"]
        )
    );
    assert_eq!(read["attachments"], mail["attachments"]);
    assert_eq!(to_check().await, 1);
}

#[actix_web::test]
async fn a_mail_is_placed_when_it_is_read_again() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let mail = suspicious(&app, &case).await;
    let mut contacts = case["contacts"].as_array().unwrap().clone();
    contacts.push(json!({ "role": "cc", "email": "new@example.co.jp" }));
    app.as_operator()
        .patch(
            format!("/cases/{}", case.id()),
            json!({ "contacts": contacts }),
        )
        .if_match(app.show_case(&case).await.etag())
        .await
        .expect(200);
    app.as_supervisor()
        .post(step(&mail, "reprocess"), json!({}))
        .await
        .expect(200);
    app.run_jobs().await;
    let mail = app.show_mail(&mail).await;
    assert_eq!(
        (&mail["case_id"], &mail["placed_by"]),
        (&case["id"], &json!("number"))
    );
    app.as_supervisor()
        .post(step(&mail, "reprocess"), json!({}))
        .await
        .problem("conflict");
}

#[actix_web::test]
async fn everything_about_a_mail_is_on_record() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let mail = suspicious(&app, &case).await;
    let operator = app.as_operator();
    for (name, body) in [
        ("discard", json!({ "reason": "x" })),
        ("reprocess", json!({})),
    ] {
        operator.post(step(&mail, name), body).await.expect(200);
    }
    app.run_jobs().await;
    let body = json!({ "case_id": case.id(), "add_contact": true });
    operator.post(step(&mail, "attach"), body).await.expect(200);
    let recorded: Vec<(String, bool)> = sqlx::query_as(
        r#"
        select kind, chain = $2
        from audit_event
        where data->>'mail_id' = $1
        order by recorded_at, chain = $2, seq
        "#,
    )
    .bind(mail.id().to_string())
    .bind(case.id())
    .fetch_all(&mut app.sql().await)
    .await
    .unwrap();
    let recorded: Vec<_> = recorded
        .iter()
        .map(|(kind, on_case)| (&**kind, *on_case))
        .collect();
    assert_eq!(
        recorded,
        [
            ("mail_quarantined", false),
            ("mail_discarded", false),
            ("mail_reprocessed", false),
            ("mail_quarantined", false),
            ("mail_attached", true),
            ("sender_confirmed", true),
        ]
    );
}

// ------------------------------------------------------------------------------------------------------ confirm sender

#[actix_web::test]
async fn only_who_has_the_case_confirms_a_sender() {
    let app = TestApp::start().await;
    let (desk, other, manager) = (
        app.make_desk().await,
        app.make_desk_for("03").await,
        app.make_manager().await,
    );
    let case = app.make_assigned_case(&desk, &manager).await;
    let address = plus_address(&case);
    let first = app
        .receive(&letter("a@example.co.jp", "一").to(&[&address]))
        .await;
    let second = app
        .receive(&letter("b@example.co.jp", "二").to(&[&address]))
        .await;
    let third = app
        .receive(&letter("A@example.co.jp", "三").to(&[&address]))
        .await;
    let confirm = step(&first, "confirm-sender");
    app.as_desk(&other)
        .post(&confirm, json!({}))
        .await
        .problem("not-found");
    app.as_manager(&manager)
        .post(&confirm, json!({}))
        .await
        .problem("forbidden");
    let known = app
        .as_operator()
        .post(&confirm, json!({}))
        .idempotent("c")
        .await
        .expect(200);
    assert_eq!(known["is_known_sender"], true);
    // All of the same sender's, nobody else's.
    assert_eq!(app.show_mail(&third).await["is_known_sender"], true);
    assert_eq!(app.show_mail(&second).await["is_known_sender"], false);
    assert_eq!(flags(&app.show_case(&case).await), ["unverified_sender"]);
    let again = app
        .as_operator()
        .post(&confirm, json!({}))
        .await
        .expect(200);
    assert_eq!(again.etag(), known.etag());
    app.as_desk(&desk)
        .post(step(&second, "confirm-sender"), json!({}))
        .await
        .expect(200);
    let case = app.show_case(&case).await;
    assert_eq!(flags(&case), [""; 0]);
    assert_eq!(case["contacts"].as_array().unwrap().len(), 3);
    let checked = suspicious(&app, &case).await;
    app.as_operator()
        .post(step(&checked, "confirm-sender"), json!({}))
        .await
        .problem("conflict");
}

// -------------------------------------------------------------------------------------------------- mail after closing

/// A closed case of a desk, and a mail that came after.
async fn thanked(app: &TestApp, desk: &TestResponse) -> (TestResponse, TestResponse) {
    let case = app.make_closed_case(desk).await;
    app.advance(TimeDelta::hours(1));
    let sent = letter(&contact_of(&case), "Re: ありがとうございました")
        .to(&[&plus_address(&case)])
        .enclosing("rei.pdf", b"%PDF-1.7");
    let mail = app.receive(&sent).await;
    let case = app.show_case(&case).await;
    assert_eq!(mail["case_id"], case["id"]);
    assert_eq!(
        (&case["status"], flags(&case)),
        (&json!("closed"), vec!["mail_after_close"])
    );
    (case, mail)
}

fn settle(case: &impl HasId) -> String {
    format!("/cases/{}/flags/mail_after_close/settle", case.id())
}

#[actix_web::test]
async fn nothing_to_do() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let (case, _) = thanked(&app, &desk).await;
    let client = app.as_desk(&desk);
    for wrong in ["", "ok", "nothing to do"] {
        client
            .post(settle(&case), json!({ "answer": wrong }))
            .await
            .invalid(&["/answer"]);
    }
    let body = json!({ "answer": "nothing_to_do", "note": "お礼のメール" });
    let settled = client
        .post(settle(&case), body.clone())
        .idempotent("s")
        .await
        .expect(200);
    assert_eq!(
        (&settled["status"], flags(&settled)),
        (&json!("closed"), vec![])
    );
    let again = client
        .post(settle(&case), body.clone())
        .idempotent("s")
        .await
        .expect(200);
    assert_eq!(again.json, settled.json);
    client.post(settle(&case), body).await.problem("not-found");
    // The next mail is another question.
    app.receive(&letter(&contact_of(&case), "もう一つ").to(&[&plus_address(&case)]))
        .await;
    assert_eq!(flags(&app.show_case(&case).await), ["mail_after_close"]);
}

#[actix_web::test]
async fn reopen_by_its_rules() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let (case, _) = thanked(&app, &desk).await;
    let body = json!({ "answer": "reopen" });
    app.as_operator()
        .post(settle(&case), body.clone())
        .await
        .problem("forbidden");
    let reopened = app
        .as_desk(&desk)
        .post(settle(&case), body.clone())
        .await
        .expect(200);
    assert_eq!(
        (&reopened["status"], flags(&reopened)),
        (&json!("accepted"), vec![])
    );
    // After ninety days it is a supervisor's to reopen.
    let (case, _) = thanked(&app, &desk).await;
    app.advance(TimeDelta::days(91));
    app.as_desk(&desk)
        .post(settle(&case), body.clone())
        .await
        .problem("forbidden");
    assert_eq!(flags(&app.show_case(&case).await), ["mail_after_close"]);
    let reopened = app
        .as_supervisor()
        .post(settle(&case), body)
        .await
        .expect(200);
    assert_eq!(reopened["status"], "accepted");
}

#[actix_web::test]
async fn a_new_linked_case() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let (case, mail) = thanked(&app, &desk).await;
    let sent = letter(&contact_of(&case), "もう一つ").to(&[&plus_address(&case)]);
    let second = app.receive(&sent).await;
    let body = json!({ "answer": "new_case" });
    let settled = app
        .as_desk(&desk)
        .post(settle(&case), body)
        .await
        .expect(200);
    assert_eq!(
        (&settled["status"], flags(&settled)),
        (&json!("closed"), vec![])
    );
    let mail = app.show_mail(&mail).await;
    let new = app.case_of(&mail).await;
    assert_ne!(new.id(), case.id());
    assert_eq!(
        (&new["status"], &new["desk"]["id"], &new["enterprise"]["id"]),
        (&json!("accepted"), &desk["id"], &case["enterprise"]["id"])
    );
    assert_eq!(new["contacts"][0]["email"], json!(contact_of(&case)));
    assert_eq!(flags(&new), ["same_enterprise_this_year"]);
    assert_eq!(files(&app, &new).await, 1);
    // All that came since the closing goes along.
    assert_eq!(app.show_mail(&second).await["case_id"], new["id"]);
    let links = app
        .as_desk(&desk)
        .get(format!("/cases/{}/links", new.id()))
        .await
        .expect(200);
    assert_eq!(
        links.items(),
        [json!({ "case_id": case["id"], "other_id": new["id"], "kind": "follow_up" })]
    );
    let told = app
        .as_desk(&desk)
        .get(format!("/cases/{}/flags", case.id()))
        .await
        .expect(200);
    assert_eq!(told.items()[0]["detail"]["case_id"], new["id"]);
}

#[actix_web::test]
async fn a_stranger_is_no_contact_of_the_case_that_follows() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_closed_case(&desk).await;
    app.advance(TimeDelta::hours(1));
    let to = plus_address(&case);
    let evil = letter("Evil <evil@attacker.example>", "Re:").to(&[&to]);
    let evil = app.receive(&evil).await;
    let known = app
        .receive(&letter(&contact_of(&case), "Re:").to(&[&to]))
        .await;
    let client = app.as_desk(&desk);
    let body = json!({ "answer": "new_case" });
    client.post(settle(&case), body).await.expect(200);
    let (evil, known) = (app.show_mail(&evil).await, app.show_mail(&known).await);
    let new = app.case_of(&evil).await;
    assert_eq!(known["case_id"], new["id"]);
    assert_eq!(
        (&evil["is_known_sender"], &known["is_known_sender"]),
        (&json!(false), &json!(true))
    );
    let contacts = |case: &TestResponse| -> Vec<Value> {
        let contacts = case["contacts"].as_array().unwrap().iter();
        contacts.map(|contact| contact["email"].clone()).collect()
    };
    assert_eq!(contacts(&new), contacts(&case));
    assert_eq!(
        flags(&new),
        ["same_enterprise_this_year", "unverified_sender"]
    );
    let body = json!({ "to": "evil@attacker.example", "body": "日程のご連絡です。" });
    let path = format!("/cases/{}/messages", new.id());
    client.post(path, body).await.invalid(&["/confirmed"]);
}

#[actix_web::test]
async fn a_closed_case_of_the_help_center_is_the_operators() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    close(&app, &case).await;
    let sent = letter(&contact_of(&case), "Re:").to(&[&plus_address(&case)]);
    let mail = app.receive(&sent).await;
    let body = json!({ "answer": "new_case" });
    app.as_operator()
        .post(settle(&case), body.clone())
        .await
        .expect(200);
    let new = app.case_of(&app.show_mail(&mail).await).await;
    assert_eq!(new["status"], "received");
    // It is answered; and a mail that was moved away needs no case.
    app.as_operator()
        .post(settle(&case), body.clone())
        .await
        .problem("conflict");
    let mail = app
        .receive(&letter(&contact_of(&case), "次").to(&[&plus_address(&case)]))
        .await;
    app.as_operator()
        .post(step(&mail, "attach"), json!({ "case_id": new.id() }))
        .await
        .expect(200);
    app.as_operator()
        .post(settle(&case), body)
        .await
        .problem("conflict");
    let nothing = json!({ "answer": "nothing_to_do" });
    app.as_operator()
        .post(settle(&case), nothing)
        .await
        .expect(200);
}

#[actix_web::test]
async fn ten_answers_at_once_open_one_case() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let (case, _) = thanked(&app, &desk).await;
    let client = app.as_desk(&desk);
    let statuses = app
        .parallel(10, async |_| {
            let body = json!({ "answer": "new_case" });
            client.post(settle(&case), body).await.status
        })
        .await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses
            .iter()
            .all(|status| [200, 404, 409].contains(status)),
        "{statuses:?}"
    );
    assert_eq!(app.count("case_file").await, 2);
    assert_eq!(app.count("case_link").await, 1);
}

#[actix_web::test]
async fn a_mail_attached_to_a_closed_case_is_told_to_its_owner() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_closed_case(&desk).await;
    let mail = suspicious(&app, &case).await;
    app.as_operator()
        .post(step(&mail, "attach"), json!({ "case_id": case.id() }))
        .await
        .expect(200);
    let case = app.show_case(&case).await;
    assert_eq!(
        (&case["status"], flags(&case)),
        (&json!("closed"), vec!["mail_after_close"])
    );
}

#[actix_web::test]
async fn the_desk_hears_of_new_mail() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    app.make_mailbox(CENTER, None).await;
    let case = app.make_accepted_case(&desk).await;
    let before = app.messages_of(&case).await.len();
    for subject in ["一", "二"] {
        let sent = letter(&contact_of(&case), subject).to(&[&plus_address(&case)]);
        app.receive(&sent).await;
    }
    // Once, while nobody answers.
    let messages = app.messages_of(&case).await;
    assert_eq!(messages.len(), before + 1);
    assert_eq!(
        (&messages[0]["kind"], &messages[0]["to_address"]),
        (&json!("notice"), &desk["email"])
    );
}
