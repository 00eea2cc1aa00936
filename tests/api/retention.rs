//! Retention: what is over goes and is counted, what is not over any more is spared, and a run that was interrupted goes on.

use crate::{
    audit::verify,
    harness::{HasId, TestApp, TestResponse},
    mails::{letter, plus_address},
};
use chrono::TimeDelta;
use madoguchi::{access::Actor, blobs::Digest, ids::RunId, retention::run};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The first day on which what was closed in the fiscal year 2026 and is kept five years is over.
const OVER: &str = "2032-04-01T09:00:00+09:00";

/// Everybody whom a test needs years later is entered now: the token that enters people ends after a year.
async fn start() -> TestApp {
    let app = TestApp::start().await;
    for person in [
        app.as_operator(),
        app.as_supervisor(),
        app.as_admin(),
        app.as_auditor(),
    ] {
        person.get("/me").await.expect(200);
    }
    app
}

async fn preview(app: &TestApp, as_of: &str, class: &str) -> i64 {
    let preview = app
        .as_admin()
        .get(format!("/retention/preview?as_of={as_of}"))
        .await
        .expect(200);
    let classes = preview["classes"].as_array().unwrap();
    let of_class = classes.iter().find(|of| of["class"] == class).unwrap();
    let count = of_class["count"].as_i64().unwrap();
    let years = of_class["fiscal_years"].as_array().unwrap();
    assert_eq!(
        years
            .iter()
            .map(|year| year["count"].as_i64().unwrap())
            .sum::<i64>(),
        count
    );
    if class != "view" {
        let items = app
            .as_admin()
            .get(format!(
                "/retention/preview/items?as_of={as_of}&class={class}&limit=200"
            ))
            .await
            .expect(200);
        assert_eq!(
            items.items().len() as i64,
            count,
            "a count is the length of its list"
        );
    }
    count
}

async fn request(app: &TestApp, classes: &[&str]) -> TestResponse {
    let body = json!({ "as_of": app.now().date_naive(), "classes": classes });
    app.as_admin()
        .post("/retention/runs", body)
        .await
        .expect(201)
}

async fn show(app: &TestApp, id: Uuid) -> TestResponse {
    app.as_admin()
        .get(format!("/retention/runs/{id}"))
        .await
        .expect(200)
}

async fn run_to_the_end(app: &TestApp, classes: &[&str]) -> TestResponse {
    let asked = request(app, classes).await;
    assert_eq!(asked["state"], "running");
    app.run_jobs().await;
    let done = show(app, asked.id()).await;
    assert_eq!(done["state"], "finished");
    done
}

/// One batch of so many, as a worker does it that dies after that.
async fn one_batch(app: &TestApp, id: Uuid, most: i32) -> bool {
    run::batch(&app.store, &Actor::system(), RunId(id), most)
        .await
        .unwrap()
}

async fn is_gone(app: &TestApp, case: &impl HasId) -> bool {
    app.show_case(case).await["description"] == "(消去済み)"
}

fn count_of(run: &TestResponse, kind: &str) -> i64 {
    let counts = run["counts"].as_array().unwrap().iter();
    counts
        .filter(|count| count["kind"] == kind)
        .map(|count| count["count"].as_i64().unwrap())
        .sum()
}

#[actix_web::test]
async fn a_case_goes_after_its_years_and_is_certified() {
    let app = start().await;
    let desk = app.make_desk().await;
    let case = app.make_closed_case(&desk).await;
    app.make_accepted_case(&desk).await;
    app.run_jobs().await;
    app.set_time(OVER);
    assert_eq!(preview(&app, "2032-03-31", "case").await, 0);
    assert_eq!(preview(&app, "2032-04-01", "case").await, 1);
    let done = run_to_the_end(&app, &["case"]).await;
    assert_eq!(
        (count_of(&done, "case"), count_of(&done, "enterprise")),
        (1, 1)
    );
    assert_eq!(done["years"], json!({ "case": 5 }));
    assert!(is_gone(&app, &case).await);
    let shown = app.show_case(&case).await;
    assert_eq!(
        (&shown["number"], &shown["outcome"]),
        (&case["number"], &json!("answered"))
    );
    assert_eq!(shown["enterprise"]["name"], "(消去済み)");
    assert_eq!(preview(&app, "2032-04-01", "case").await, 0);
    assert_eq!(verify(&app).await["intact"], true);

    let certificate = app
        .as_admin()
        .get(format!("/retention/runs/{}/certificate", done.id()))
        .await
        .expect(200);
    // The digest is what the log says.
    let log = app
        .as_admin()
        .get(format!("/retention/disposals?run_id={}", done.id()))
        .await
        .expect(200);
    let mut lines: Vec<String> = log
        .items()
        .iter()
        .flat_map(|entry| {
            let ids = entry["subject_ids"].as_array().unwrap().iter();
            ids.map(|id| {
                format!(
                    "{} {} {}\n",
                    entry["class"].as_str().unwrap(),
                    entry["kind"].as_str().unwrap(),
                    id.as_str().unwrap()
                )
            })
            .collect::<Vec<_>>()
        })
        .collect();
    lines.sort();
    assert_eq!(
        certificate["digest"],
        hex::encode(Sha256::digest(lines.concat()))
    );
    assert!(certificate["audit_head"]["office"]["hash"].is_string());
    let labels: Vec<_> = certificate["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["label"].as_str().unwrap())
        .collect();
    assert!(
        labels.contains(&"廃棄の基準日") && labels.contains(&"相談案件"),
        "{labels:?}"
    );
    let numbers: Vec<&Value> = log
        .items()
        .iter()
        .flat_map(|entry| entry["case_numbers"].as_array().unwrap())
        .collect();
    assert_eq!(numbers, [&case["number"]]);

    // Twice is once.
    let again = run_to_the_end(&app, &["case"]).await;
    assert_eq!(again["counts"], json!([]));
}

#[actix_web::test]
async fn a_run_is_of_the_past_and_of_known_classes() {
    let app = start().await;
    let admin = app.as_admin();
    let tomorrow = json!({ "as_of": "2026-11-25", "classes": ["case"] });
    admin
        .post("/retention/runs", tomorrow)
        .await
        .invalid(&["/as_of"]);
    for classes in [json!([]), json!(["case", "case"])] {
        let body = json!({ "as_of": "2026-11-24", "classes": classes });
        admin
            .post("/retention/runs", body)
            .await
            .invalid(&["/classes"]);
    }
    // The trail is kept whole; what is over of it is told.
    let body = json!({ "as_of": "2026-11-24", "classes": ["audit"] });
    admin
        .post("/retention/runs", body)
        .await
        .invalid(&["/classes"]);
    let desk = app.make_desk().await;
    app.make_closed_case(&desk).await;
    assert_eq!(preview(&app, "2037-03-31", "audit").await, 0);
    assert_eq!(preview(&app, "2037-04-01", "audit").await, 1);
    let asked = request(&app, &["case"]).await;
    let body = json!({ "as_of": "2026-11-24", "classes": ["case"] });
    admin
        .post("/retention/runs", body)
        .await
        .problem("conflict");
    let certificate = format!("/retention/runs/{}/certificate", asked.id());
    admin.get(&certificate).await.problem("not-found");
    app.run_jobs().await;
    admin.get(&certificate).await.expect(200);
}

#[actix_web::test]
async fn a_hold_that_is_placed_during_a_run_counts() {
    let app = start().await;
    let desk = app.make_desk().await;
    let first = app.make_closed_case(&desk).await;
    app.advance(TimeDelta::hours(1));
    let second = app.make_closed_case(&desk).await;
    app.run_jobs().await;
    app.set_time(OVER);
    assert_eq!(preview(&app, "2032-04-01", "case").await, 2);
    let asked = request(&app, &["case"]).await;
    assert!(one_batch(&app, asked.id(), 1).await);
    let hold = format!("/cases/{}/hold", second.id());
    app.as_admin()
        .post(&hold, json!({ "reason": "監査のため" }))
        .await
        .expect(201);
    app.as_admin()
        .post(&hold, json!({ "reason": "もう一度" }))
        .await
        .problem("conflict");
    app.run_jobs().await;
    assert_eq!(count_of(&show(&app, asked.id()).await, "case"), 1);
    assert!(is_gone(&app, &first).await && !is_gone(&app, &second).await);
    let holds = app.as_admin().get("/holds?active=true").await.expect(200);
    assert_eq!(holds.items()[0]["case_number"], second["number"]);
    // Lifted, it goes with the next run.
    app.as_admin()
        .post(
            format!("{hold}/lift"),
            json!({ "reason": "監査が終わった" }),
        )
        .await
        .expect(200);
    run_to_the_end(&app, &["case"]).await;
    assert!(is_gone(&app, &second).await);
    let holds = app
        .as_admin()
        .get(format!("/holds?case_id={}&active=false", second.id()))
        .await
        .expect(200);
    assert_eq!(holds.items()[0]["reason"], "(消去済み)");
}

#[actix_web::test]
async fn what_was_reopened_or_written_to_since_the_preview_is_spared() {
    let app = start().await;
    let desk = app.make_desk().await;
    let reopened = app.make_closed_case(&desk).await;
    let written_to = app.make_closed_case(&desk).await;
    let told = app.make_closed_case(&desk).await;
    app.run_jobs().await;
    app.set_time(OVER);
    assert_eq!(preview(&app, "2032-04-01", "case").await, 3);
    let asked = request(&app, &["case"]).await;
    // Between the request and the job.
    let reason = json!({ "reason": "続きの相談" });
    app.as_supervisor()
        .post(format!("/cases/{}/reopen", reopened.id()), reason)
        .await
        .expect(200);
    let from = written_to["contacts"][0]["email"].as_str().unwrap();
    let mail = app
        .deliver(&letter(from, "その後の相談").to(&[&plus_address(&written_to)]))
        .await;
    // The job of the run comes before the mail's own.
    app.run_jobs().await;
    let mail = app.show_mail(&mail).await;
    assert_eq!(mail["subject"], "その後の相談", "no mail is lost");
    assert_eq!(mail["case_id"], written_to["id"]);
    assert!(!is_gone(&app, &reopened).await && is_gone(&app, &told).await);
    assert!(!is_gone(&app, &written_to).await);
    app.set_time("2032-04-02T09:00:00+09:00");
    assert_eq!(preview(&app, "2032-04-02", "case").await, 0);
    assert_eq!(show(&app, asked.id()).await["state"], "finished");
}

#[actix_web::test]
async fn a_mail_that_came_before_the_run_spares_its_case() {
    let app = start().await;
    let desk = app.make_desk().await;
    let case = app.make_closed_case(&desk).await;
    app.run_jobs().await;
    app.set_time(OVER);
    assert_eq!(preview(&app, "2032-04-01", "case").await, 1);
    let from = case["contacts"][0]["email"].as_str().unwrap();
    app.receive(&letter(from, "その後の相談").to(&[&plus_address(&case)]))
        .await;
    assert_eq!(preview(&app, "2032-04-01", "case").await, 0);
    run_to_the_end(&app, &["case"]).await;
    assert!(!is_gone(&app, &case).await);
}

#[actix_web::test]
async fn a_run_that_was_interrupted_goes_on() {
    let app = start().await;
    let desk = app.make_desk().await;
    let mut cases = Vec::new();
    for _ in 0..3 {
        cases.push(app.make_closed_case(&desk).await);
    }
    app.run_jobs().await;
    app.set_time(OVER);
    let asked = request(&app, &["case"]).await;
    assert!(one_batch(&app, asked.id(), 1).await);
    let half = show(&app, asked.id()).await;
    assert_eq!(
        (&half["state"], count_of(&half, "case")),
        (&json!("running"), 1)
    );
    // Two workers take it up at once.
    let id = asked.id();
    let batches = app.parallel(2, |_| one_batch(&app, id, 1)).await;
    assert_eq!(batches.len(), 2);
    app.run_jobs().await;
    let done = show(&app, id).await;
    assert_eq!(
        (&done["state"], count_of(&done, "case")),
        (&json!("finished"), 3)
    );
    for case in &cases {
        assert!(is_gone(&app, case).await);
    }
    assert!(
        !one_batch(&app, id, 1).await,
        "a finished run changes nothing"
    );
    assert_eq!(verify(&app).await["intact"], true);
}

#[actix_web::test]
async fn mail_as_it_came_goes_before_its_files_and_its_text() {
    let app = start().await;
    let file = b"%PDF-1.7 an old plan".as_slice();
    let mail = letter("soumu@example.co.jp", "古い図面")
        .saying("図面をお送りします。")
        .enclosing("a.pdf", file);
    let mail = app.receive(&mail).await;
    let case = app.case_of(&mail).await;
    let close = json!({ "outcome": "answered", "note": "電話で回答した。" });
    app.as_operator()
        .post(format!("/cases/{}/close", case.id()), close)
        .await
        .expect(200);
    // Somebody's advertisement, put aside.
    let spam = app
        .receive(&letter("ad@example.com", "広告").with("Auto-Submitted", "auto-replied"))
        .await;
    let discard = json!({ "reason": "広告" });
    app.as_operator()
        .post(format!("/intake/emails/{}/discard", spam.id()), discard)
        .await
        .expect(200);

    app.set_time("2028-03-31T09:00:00+09:00");
    assert_eq!(preview(&app, "2028-03-31", "raw_mail").await, 0);
    app.set_time("2028-04-01T09:00:00+09:00");
    assert_eq!(preview(&app, "2028-04-01", "raw_mail").await, 2);
    assert_eq!(preview(&app, "2028-04-01", "attachment").await, 0);
    let done = run_to_the_end(&app, &["raw_mail", "attachment", "case"]).await;
    assert_eq!(
        done["counts"],
        json!([{ "class": "raw_mail", "kind": "mail", "count": 2 }])
    );
    assert_eq!(app.count("inbound_raw").await, 0);
    let kept = app.show_mail(&mail).await;
    assert!(
        kept["text"]
            .as_str()
            .unwrap()
            .contains("図面をお送りします")
    );
    // What is not there as it came cannot be read again.
    app.as_operator()
        .post(format!("/intake/emails/{}/reprocess", spam.id()), json!({}))
        .await
        .problem("conflict");
    app.run_jobs().await;
    assert!(app.blobs.get(&Digest::of(file)).await.unwrap().is_some());

    app.set_time(OVER);
    let done = run_to_the_end(&app, &["attachment", "case"]).await;
    assert_eq!(count_of(&done, "attachment"), 1);
    assert_eq!((count_of(&done, "case"), count_of(&done, "mail")), (1, 1));
    app.run_jobs().await;
    assert!(app.blobs.get(&Digest::of(file)).await.unwrap().is_none());
    assert_eq!(app.show_mail(&mail).await["subject"], "(消去済み)");
    assert_eq!(app.show_mail(&spam).await["subject"], "(消去済み)");
    assert_eq!(verify(&app).await["intact"], true);
}

#[actix_web::test]
async fn a_case_that_is_gone_is_not_opened_again() {
    let app = start().await;
    let desk = app.make_desk().await;
    let case = app.make_closed_case(&desk).await;
    app.run_jobs().await;
    app.set_time(OVER);
    run_to_the_end(&app, &["case"]).await;
    app.as_admin()
        .post(
            format!("/cases/{}/reopen", case.id()),
            json!({ "reason": "続き" }),
        )
        .await
        .problem("illegal-move");
}

#[actix_web::test]
async fn years_are_a_setting() {
    let app = start().await;
    let desk = app.make_desk().await;
    app.make_closed_case(&desk).await;
    app.run_jobs().await;
    let settings = app.as_admin().get("/settings").await.expect(200);
    assert_eq!(settings["retention_raw_mail_years"], 1);
    app.as_admin()
        .patch("/settings", json!({ "retention_case_years": 0 }))
        .if_match(settings.etag())
        .await
        .invalid(&["/retention_case_years"]);
    app.as_admin()
        .patch("/settings", json!({ "retention_case_years": 3 }))
        .if_match(settings.etag())
        .await
        .expect(200);
    assert_eq!(preview(&app, "2030-03-31", "case").await, 0);
    assert_eq!(preview(&app, "2030-04-01", "case").await, 1);
}
