//! The audit trail: that it is complete and can be read, and that nobody alters, cuts or removes anything unnoticed, not
//! even with the rights of the tables' owner.

use crate::harness::{TestApp, TestResponse};
use chrono::TimeDelta;
use madoguchi::audit::{
    self,
    checkpoint::{self, AuditKey},
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::{path::Path, process::ExitCode};
use uuid::Uuid;

/// The key that the harness gives the worker.
fn key() -> AuditKey {
    AuditKey("a key for tests, a key for tests".into())
}

/// Everything is verified, as an auditor asks for it; what was found.
pub async fn verify(app: &TestApp) -> Value {
    let asked = app
        .as_auditor()
        .post("/audit/verification", json!({}))
        .await
        .expect(200);
    assert_eq!(asked["pending"], true);
    app.run_jobs().await;
    let done = app
        .as_auditor()
        .get("/audit/verification")
        .await
        .expect(200);
    assert_eq!(done["pending"], false);
    done["report"].clone()
}

async fn verify_case(app: &TestApp, case_id: Uuid) -> Value {
    let path = format!("/audit/verification?case_id={case_id}");
    app.as_auditor().get(path).await.expect(200)["report"].clone()
}

/// A case that has gone to its closing, two more on their way, and a checkpoint over all.
async fn busy_office(app: &TestApp) -> Uuid {
    let desk = app.make_desk().await;
    let manager = app.make_manager().await;
    let case = app.make_consulting_case(&desk, &manager).await;
    let path = format!("/cases/{}/consultations", case.id());
    let sessions = app.as_desk(&desk).get(path).await.expect(200);
    let session = TestResponse {
        json: sessions.items()[0].clone(),
        ..sessions
    };
    app.hold(&desk, &session).await;
    let note = json!({ "body": "社内で「在宅勤務」の\n試行を始めた。" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/notes", case.id()), note)
        .await
        .expect(201);
    let closing = json!({ "outcome": "withdrawn", "note": "先方の都合" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/close", case.id()), closing)
        .await
        .expect(200);
    app.make_closed_case(&desk).await;
    let survivor = app.make_routed_case(&desk).await;
    let double = app.make_case().await;
    let merge = json!({ "other_id": double.id(), "reason": "同じ相談" });
    app.as_supervisor()
        .post(format!("/cases/{}/merge", survivor.id()), merge)
        .await
        .expect(200);
    app.run_jobs().await;
    case.id()
}

/// The first finding, after statements of somebody who may do everything but knows no key. `{case}` is a closed case.
async fn after_tampering(statements: &str) -> (TestApp, Uuid, Value) {
    let app = TestApp::start().await;
    let case = busy_office(&app).await;
    let report = verify(&app).await;
    assert_eq!(report["intact"], true, "{report:#}");
    tamper(&app, &statements.replace("{case}", &case.to_string())).await;
    let report = verify(&app).await;
    assert_eq!(report["intact"], false, "nobody noticed");
    (app, case, report)
}

/// As the owner of the tables, with all triggers asleep.
async fn tamper(app: &TestApp, statements: &str) {
    let mut owner = app.sql_as_owner().await;
    let tables = [
        "audit_event",
        "audit_head",
        "audit_checkpoint",
        "audit_checkpoint_head",
        "case_file",
        "case_history",
        "consultation",
    ];
    let all = |what: &str| {
        tables
            .map(|table| format!("alter table {table} {what} trigger user;"))
            .concat()
    };
    let sql = format!(
        "begin; {} {statements}; set constraints all immediate; {} commit;",
        all("disable"),
        all("enable")
    );
    owner.execute(AssertSqlSafe(sql)).await.unwrap();
    owner.close().await.unwrap();
}

/// Computes the hashes of a chain anew, and its head, as somebody would who knows how they are made.
const RECHAIN: &str = r#"
    do $$
    declare
        this audit_event;
        previous bytea := decode(repeat('00', 32), 'hex');
    begin
        for this in select * from audit_event where chain = '{case}' order by seq loop
            previous := sha256(previous || convert_to(concat_ws(E'\n', this.chain, this.seq,
                (extract(epoch from this.recorded_at) * 1000000)::bigint, this.actor_kind,
                coalesce(this.actor_id::text, '-'), this.request_id, this.kind, this.data), 'UTF8'));
            update audit_event set hash = previous where chain = this.chain and seq = this.seq;
            update audit_head set seq = this.seq, hash = previous where chain = this.chain;
        end loop;
    end
    $$;
"#;

#[track_caller]
fn assert_first(report: &Value, fault: &str, words: &str) {
    let first = &report["findings"][0];
    assert_eq!(first["fault"], fault, "{report:#}");
    assert!(
        first["detail"].as_str().unwrap().contains(words),
        "{report:#}"
    );
}

#[actix_web::test]
async fn an_intact_trail_is_proved() {
    let app = TestApp::start().await;
    let empty = app
        .as_auditor()
        .get("/audit/verification")
        .await
        .expect(200);
    assert!(empty["report"].is_null());
    let case = busy_office(&app).await;
    let report = verify(&app).await;
    assert_eq!(report["intact"], true, "{report:#}");
    assert_eq!(report["cases"], 4);
    assert_eq!(report["chains"], 5);
    assert!(report["events"].as_i64().unwrap() >= 40, "{report:#}");
    assert!(report["checkpoints"].as_i64().unwrap() >= 1, "{report:#}");
    let report = verify_case(&app, case).await;
    assert_eq!(report["intact"], true, "{report:#}");
    assert_eq!(
        (&report["chains"], &report["cases"]),
        (&json!(1), &json!(1))
    );
    let nothing = format!("/audit/verification?case_id={}", Uuid::now_v7());
    app.as_auditor().get(nothing).await.invalid(&["/case_id"]);
    app.as_operator()
        .get("/audit/verification")
        .await
        .problem("forbidden");
}

#[actix_web::test]
async fn every_writing_is_hashed_as_the_database_hashes_it() {
    let app = TestApp::start().await;
    let mut program = app.sql().await;
    let data = [
        r#"{"fields":["名前","\"引用\"","改\n行","𠮷"]}"#,
        "{ \"a\" :\n\t1e2,\r\n \"a\": null }",
        r#"{}"#,
        r#""\u0041""#,
        "[1.0, 1.00]",
    ];
    let times = [
        "2026-11-24 10:00:00.000001+09",
        "1970-01-01Z",
        "1969-12-31 23:59:59.999999Z",
        "2999-01-01Z",
    ];
    for time in times {
        for (actor_kind, actor_id) in [("system", None), ("token", Some(Uuid::now_v7()))] {
            sqlx::query("select append_audit($1, $2, $3, $4::text::timestamptz, $5, $6, $7)")
                .bind(vec![Uuid::nil(); data.len()])
                .bind(vec!["settings_changed"; data.len()])
                .bind(data.map(str::to_owned).to_vec())
                .bind(time)
                .bind(actor_kind)
                .bind(actor_id)
                .bind(Uuid::now_v7())
                .execute(&mut program)
                .await
                .unwrap();
        }
    }
    let report = verify(&app).await;
    assert_eq!(report["intact"], true, "{report:#}");
    assert!(report["events"].as_i64().unwrap() >= 40, "{report:#}");
}

#[actix_web::test]
async fn an_altered_event_is_found() {
    let (app, case, report) =
        after_tampering("update audit_event set data = '{}' where chain = '{case}' and seq = 3")
            .await;
    assert_first(&report, "event_altered", &format!("event 3 of case {case}"));
    assert_eq!(report["findings"][0]["case_id"], json!(case));
    assert_eq!(
        report["findings"].as_array().unwrap().len(),
        1,
        "{report:#}"
    );
    assert_eq!(
        verify_case(&app, case).await["findings"],
        report["findings"]
    );
}

#[actix_web::test]
async fn every_field_of_an_event_is_proved() {
    let app = TestApp::start().await;
    let case = busy_office(&app).await;
    let row = format!("chain = '{case}' and seq = 2");
    tamper(
        &app,
        &format!("create table kept as select * from audit_event where {row}"),
    )
    .await;
    for change in [
        "recorded_at = recorded_at + interval '1 microsecond'",
        "actor_kind = 'system'",
        "actor_id = null",
        "request_id = gen_random_uuid()",
        "kind = 'note_added'",
        "data = (data::text || ' ')::json",
    ] {
        tamper(
            &app,
            &format!("update audit_event set {change} where {row}"),
        )
        .await;
        let report = verify_case(&app, case).await;
        assert_first(&report, "event_altered", "event 2 of case");
        let as_it_was = format!(
            "delete from audit_event where {row}; insert into audit_event select * from kept"
        );
        tamper(&app, &as_it_was).await;
        assert_eq!(verify_case(&app, case).await["intact"], true, "{change}");
    }
}

#[actix_web::test]
async fn a_chain_that_was_computed_anew_is_found() {
    let change =
        "update audit_event set data = '{}' where chain = '{case}' and kind = 'note_added';";
    let (app, case, report) = after_tampering(&format!("{change}{RECHAIN}")).await;
    assert_first(
        &report,
        "chain_rewritten",
        &format!("of case {case} with another hash"),
    );
    assert_eq!(
        report["findings"].as_array().unwrap().len(),
        1,
        "{report:#}"
    );
    assert_first(
        &verify_case(&app, case).await,
        "chain_rewritten",
        "with another hash",
    );
}

#[actix_web::test]
async fn a_cut_tail_is_found() {
    let cut = "delete from audit_event e using audit_head h where e.chain = '{case}' and h.chain = e.chain and e.seq > h.seq - 2";
    let (_app, case, report) = after_tampering(cut).await;
    assert_first(
        &report,
        "head_differs",
        &format!("the end of the chain of case {case} is missing"),
    );
    // With the head set back, which is left to the checkpoints to see.
    let (_app, _, report) = after_tampering(&format!("{cut}; {RECHAIN}")).await;
    assert_first(&report, "tail_cut", "its tail was cut");
}

#[actix_web::test]
async fn a_missing_event_is_found() {
    let (_app, case, report) =
        after_tampering("delete from audit_event where chain = '{case}' and seq in (1, 4)").await;
    assert_first(
        &report,
        "event_missing",
        &format!("event 1 of case {case} is missing"),
    );
}

#[actix_web::test]
async fn an_event_behind_the_head_is_found() {
    let forged = "insert into audit_event select chain, seq + 1, recorded_at, actor_kind, actor_id, request_id, kind, data, hash
        from audit_event where chain = '{case}' order by seq desc limit 1";
    let (_app, _, report) = after_tampering(forged).await;
    assert_first(&report, "event_altered", "is not what was written");
    assert_eq!(report["findings"][1]["fault"], "head_differs");
}

/// With every row that speaks of it.
const REMOVE_CASE: &str = "
    delete from session_question where consultation_id in (select id from consultation where case_id = '{case}');
    delete from survey where case_id = '{case}';
    delete from public_link where case_id = '{case}';
    delete from case_time where case_id = '{case}';
    delete from report where consultation_id in (select id from consultation where case_id = '{case}');
    delete from consultation_manager where consultation_id in (select id from consultation where case_id = '{case}');
    delete from consultation where case_id = '{case}';
    delete from assignment where case_id = '{case}';
    delete from offer where case_id = '{case}';
    delete from interaction where case_id = '{case}';
    delete from note where case_id = '{case}';
    delete from deadline where case_id = '{case}';
    delete from case_flag where case_id = '{case}';
    delete from consent where case_id = '{case}';
    delete from message_attempt where message_id in (select id from message where case_id = '{case}');
    delete from message where case_id = '{case}';
    delete from contact where case_id = '{case}';
    delete from search_text where case_id = '{case}';
    delete from move_reason where case_id = '{case}';
    set constraints all deferred;
    delete from case_history where case_id = '{case}' and seq >= 1;
    delete from case_file where id = '{case}';
";

#[actix_web::test]
async fn a_removed_case_is_found() {
    let history = "alter table case_history drop constraint case_history_chain;";
    let remove = format!("{history}{REMOVE_CASE}");
    let (_app, case, report) = after_tampering(&remove).await;
    assert_first(&report, "case_removed", &format!("case {case} was removed"));
    let chain = "delete from audit_event where chain = '{case}'; delete from audit_head where chain = '{case}';";
    let (app, case, report) = after_tampering(&format!("{remove}{chain}")).await;
    assert_first(
        &report,
        "case_removed",
        &format!("of case {case}, whose whole chain was removed"),
    );
    assert_first(
        &verify_case(&app, case).await,
        "case_removed",
        "whose whole chain was removed",
    );
    let (_app, case, report) = after_tampering(chain).await;
    assert_first(&report, "case_removed", &format!("of case {case}"));
    assert_eq!(report["findings"][1]["fault"], "chain_missing");
}

#[actix_web::test]
async fn a_changed_history_is_found() {
    for change in [
        "update case_history set actor_id = null where case_id = '{case}' and seq = 2",
        "update case_history set desk_id = null where case_id = '{case}' and seq = 3",
    ] {
        let (app, case, report) = after_tampering(change).await;
        assert_first(
            &report,
            "history_differs",
            &format!("of case {case} is not the move"),
        );
        assert_first(
            &verify_case(&app, case).await,
            "history_differs",
            "is not the move",
        );
    }
    let (_app, case, report) =
        after_tampering("update case_file set outcome = 'answered' where id = '{case}'").await;
    assert_first(
        &report,
        "history_differs",
        &format!("case {case} does not stand"),
    );
}

#[actix_web::test]
async fn changed_and_removed_checkpoints_are_found() {
    let altered =
        "update audit_checkpoint set made_at = made_at + interval '1 second' where id = 1";
    let (_app, _, report) = after_tampering(altered).await;
    assert_first(
        &report,
        "checkpoint_altered",
        "checkpoint 1 does not carry its signature",
    );
    let dropped = "delete from audit_checkpoint_head where checkpoint_id = 1 and chain = '{case}'";
    let (_app, _, report) = after_tampering(dropped).await;
    assert_first(&report, "checkpoint_altered", "checkpoint 1");
    let removed = "delete from audit_checkpoint_head; delete from audit_checkpoint";
    let (_app, _, report) = after_tampering(removed).await;
    assert_first(&report, "checkpoint_missing", "checkpoint 1 is missing");
}

#[actix_web::test]
async fn a_checkpoint_between_others_is_missed() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        app.make_case().await;
        checkpoint::make(&app.store, &key()).await.unwrap();
    }
    let remove = "delete from audit_checkpoint_head where checkpoint_id = 2; delete from audit_checkpoint where id = 2";
    tamper(&app, remove).await;
    let report = verify(&app).await;
    assert_first(&report, "checkpoint_missing", "checkpoint 2 is missing");
}

#[actix_web::test]
async fn another_key_does_not_verify() {
    let app = TestApp::start().await;
    app.make_case().await;
    checkpoint::make(
        &app.store,
        &AuditKey("another key, another key, another".into()),
    )
    .await
    .unwrap();
    let report = verify(&app).await;
    assert_first(&report, "checkpoint_altered", "signed with another key");
}

/// Somebody who may change everything and knows the key leaves a trail that fits; the head kept outside does not.
#[actix_web::test]
async fn a_head_kept_outside_proves_more_than_the_key() {
    let app = TestApp::start().await;
    let case = busy_office(&app).await;
    let kept = app.as_auditor().get("/audit/head").await.expect(200);
    let file = std::env::temp_dir().join(format!("head-{}.json", Uuid::now_v7()));
    std::fs::write(&file, &kept.text).unwrap();
    app.make_case().await;
    app.as_admin()
        .post("/desks", json!({ "code": "new", "name": "新しい窓口" }))
        .await
        .expect(201);
    assert!(is_verified(&app, Some(&file)).await);
    let forge = format!(
        "update audit_event set data = '{{}}' where chain = '{{case}}' and kind = 'note_added'; {RECHAIN}
        delete from audit_checkpoint_head; delete from audit_checkpoint; update audit_head set checkpoint_id = null"
    );
    tamper(&app, &forge.replace("{case}", &case.to_string())).await;
    checkpoint::make(&app.store, &key()).await.unwrap();
    assert!(is_verified(&app, None).await, "the forgery is perfect");
    assert!(!is_verified(&app, Some(&file)).await);
    std::fs::write(&file, "{}").unwrap();
    assert!(
        audit::cli_verify(&app.store, &key(), Some(&file))
            .await
            .is_err()
    );
    std::fs::remove_file(file).unwrap();
}

async fn is_verified(app: &TestApp, against: Option<&Path>) -> bool {
    let code = audit::cli_verify(&app.store, &key(), against)
        .await
        .unwrap();
    format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS)
}

#[actix_web::test]
async fn the_head_says_where_the_trail_stands() {
    let app = TestApp::start().await;
    app.make_case().await;
    let before = app.as_auditor().get("/audit/head").await.expect(200);
    assert!(before["checkpoint"].is_null());
    assert_eq!(before["office"]["hash"].as_str().unwrap().len(), 64);
    checkpoint::make(&app.store, &key()).await.unwrap();
    let after = app.as_auditor().get("/audit/head").await.expect(200);
    assert_eq!(after["checkpoint"]["id"], 1);
    assert_eq!(after["checkpoint"]["head_count"], after["chains"]);
    assert_eq!(after["chains"], 2);
    app.as_supervisor()
        .get("/audit/head")
        .await
        .problem("forbidden");
}

/// As the program's own role may: a head that pretends to be in a checkpoint would never come into one.
#[actix_web::test]
async fn a_head_that_hides_from_the_checkpoints_is_found() {
    let hide = "insert into audit_event
            select chain, seq + 1, recorded_at, actor_kind, actor_id, request_id, kind, data, sha256(hash || convert_to(concat_ws(E'\n',
                chain, seq + 1, (extract(epoch from recorded_at) * 1000000)::bigint, actor_kind, coalesce(actor_id::text, '-'),
                request_id, kind, data), 'UTF8'))
            from audit_event where chain = '{case}' order by seq desc limit 1;
        update audit_head h set seq = e.seq, hash = e.hash from audit_event e
            where h.chain = '{case}' and e.chain = h.chain and e.seq = h.seq + 1";
    let (_app, case, report) = after_tampering(hide).await;
    let words = format!("the head of case {case} is not the one that checkpoint");
    assert_first(&report, "head_differs", &words);
}

// ------------------------------------------------------------------------------------------------------ checkpoints

async fn checkpoints(app: &TestApp) -> Vec<(i64, i64)> {
    sqlx::query_as("select id, head_count from audit_checkpoint order by id")
        .fetch_all(&mut app.sql().await)
        .await
        .unwrap()
}

#[actix_web::test]
async fn nothing_new_makes_no_checkpoint() {
    let app = TestApp::start().await;
    checkpoint::make(&app.store, &key()).await.unwrap();
    assert_eq!(checkpoints(&app).await, []);
    app.make_case().await;
    checkpoint::make(&app.store, &key()).await.unwrap();
    checkpoint::make(&app.store, &key()).await.unwrap();
    assert_eq!(checkpoints(&app).await, [(1, 2)]);
}

#[actix_web::test]
async fn workers_at_the_same_moment_make_one_checkpoint() {
    let app = TestApp::start().await;
    for round in 1..=5 {
        app.make_case().await;
        let made = app
            .parallel(8, |_| async { checkpoint::make(&app.store, &key()).await })
            .await;
        assert!(made.iter().all(Result::is_ok), "{made:?}");
        assert_eq!(checkpoints(&app).await.len(), round);
    }
    assert_eq!(verify(&app).await["intact"], true);
}

#[actix_web::test]
async fn a_million_heads_go_into_checkpoints_of_bounded_size() {
    let app = TestApp::start().await;
    sqlx::query(
        "insert into audit_head (chain, seq, hash) select gen_random_uuid(), 1, sha256('x') from generate_series(1, 25000)",
    )
    .execute(&mut app.sql().await)
    .await
    .unwrap();
    checkpoint::make(&app.store, &key()).await.unwrap();
    let made = checkpoints(&app).await;
    assert_eq!(
        made.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(made.iter().map(|(_, heads)| heads).sum::<i64>(), 25000);
    assert!(made.iter().all(|(_, heads)| *heads <= 10_000));
}

/// Neither waits for the other: a writer that holds a head keeps its chain out of this checkpoint only.
#[actix_web::test]
async fn a_checkpoint_leaves_out_the_chains_that_are_being_written() {
    let app = TestApp::start().await;
    let (slow, quick) = (app.make_case().await.id(), app.make_case().await.id());
    let mut writer = app.sql().await;
    let mut tx = writer.begin().await.unwrap();
    sqlx::query("select append_audit(array[$1], array['note_added'], array['{}'], now(), 'system', null, $2)")
        .bind(slow)
        .bind(Uuid::now_v7())
        .execute(&mut *tx)
        .await
        .unwrap();
    checkpoint::make(&app.store, &key()).await.unwrap();
    assert_eq!(holders(&app, slow).await, Vec::<i64>::new());
    assert_eq!(holders(&app, quick).await, [1]);
    tx.commit().await.unwrap();
    checkpoint::make(&app.store, &key()).await.unwrap();
    assert_eq!(holders(&app, slow).await, [2]);
    assert_eq!(verify(&app).await["intact"], true);
}

async fn holders(app: &TestApp, chain: Uuid) -> Vec<i64> {
    sqlx::query_scalar(
        "select checkpoint_id from audit_checkpoint_head where chain = $1 order by 1",
    )
    .bind(chain)
    .fetch_all(&mut app.sql().await)
    .await
    .unwrap()
}

/// Forty writers on one case and on the office's chain, while checkpoints are made all the time.
#[actix_web::test]
async fn writers_at_the_same_moment_never_collide() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    app.as_admin().token().await;
    let statuses = app
        .parallel(60, |n| {
            let app = app.clone();
            let (desk, case) = (desk.id(), case.id());
            async move {
                match n % 3 {
                    0 => {
                        let note = json!({ "body": format!("メモ{n}") });
                        let path = format!("/cases/{case}/notes");
                        app.as_desk(&desk).post(path, note).await.status
                    }
                    1 => {
                        let desk = json!({ "code": format!("p-{n}"), "name": "窓口" });
                        app.as_admin().post("/desks", desk).await.status
                    }
                    _ => {
                        checkpoint::make(&app.store, &key()).await.unwrap();
                        201
                    }
                }
            }
        })
        .await;
    assert_eq!(statuses, vec![201; 60]);
    checkpoint::make(&app.store, &key()).await.unwrap();
    let report = verify(&app).await;
    assert_eq!(report["intact"], true, "{report:#}");
    let head = app.as_auditor().get("/audit/head").await.expect(200);
    assert!(head["office"]["seq"].as_i64().unwrap() >= 20);
}

/// As an intruder in the program: what happened stays as it was written.
#[actix_web::test]
async fn the_program_itself_cannot_change_the_trail() {
    let app = TestApp::start().await;
    busy_office(&app).await;
    for statement in [
        "update audit_event set data = '{}'",
        "delete from audit_event",
        "truncate audit_event",
        "delete from audit_head",
        "update audit_head set seq = seq + 2",
        "update audit_head set seq = seq - 1",
        "update audit_head set hash = sha256('x')",
        "update audit_checkpoint set mac = sha256('x')",
        "delete from audit_checkpoint",
        "delete from audit_checkpoint_head",
        "truncate audit_checkpoint, audit_checkpoint_head",
        "delete from audit_verification",
        "update case_history set actor_id = null",
        "delete from case_history",
        "alter table audit_event disable trigger user",
        "drop trigger audit_event_append_only on audit_event",
    ] {
        let mut program = app.sql().await;
        let refused = program.execute(statement).await;
        assert!(refused.is_err(), "{statement}");
        // The owner's rights do not suffice either, as long as the triggers stand.
        if statement.starts_with("update audit") || statement.starts_with("delete from audit") {
            let mut owner = app.sql_as_owner().await;
            assert!(
                owner.execute(statement).await.is_err(),
                "owner: {statement}"
            );
        }
    }
    assert_eq!(verify(&app).await["intact"], true);
}

// --------------------------------------------------------------------------------------------------- reading the trail

#[actix_web::test]
async fn the_office_reads_who_did_what() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    let before = app.now();
    app.advance(TimeDelta::minutes(1));
    let case = app.make_accepted_case(&desk).await;
    let list = async |query: String| {
        app.as_admin()
            .get(format!("/audit?{query}"))
            .await
            .expect(200)
    };
    let events = list(format!("case_id={}", case.id())).await;
    let kinds: Vec<&str> = events
        .items()
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.first(), Some(&"case_moved"), "newest first");
    assert_eq!(kinds.last(), Some(&"case_created"));
    let newest = &events.items()[0];
    assert_eq!(newest["case_number"], case["number"]);
    assert_eq!(newest["actor"]["kind"], "user");
    assert_eq!(
        newest["actor"]["id"],
        json!(app.as_desk(&desk).user_id().await)
    );
    assert_eq!(newest["data"]["step"], "accept");
    let operator = app.as_operator().user_id().await;
    let theirs = list(format!("actor_id={operator}&kind=case_created")).await;
    assert_eq!(theirs.items().len(), 1);
    let until = before.format("%Y-%m-%dT%H:%M:%SZ");
    assert!(
        list(format!("to={until}"))
            .await
            .items()
            .iter()
            .all(|event| event["case_id"].is_null())
    );
    assert!(
        list(format!("from={until}&kind=desk_created"))
            .await
            .items()
            .len()
            == 1
    );
    let no_case = list(format!("case_id={}", Uuid::now_v7())).await;
    assert_eq!(no_case.items().len(), 0);
    app.as_admin()
        .get("/audit?kind=Case').")
        .await
        .invalid(&["/kind"]);
    app.as_admin().get("/audit?who=me").await.invalid(&["/who"]);
    app.as_admin()
        .get("/audit?cursor=abc")
        .await
        .invalid(&["/cursor"]);
    for client in [app.as_auditor(), app.as_supervisor()] {
        client.get("/audit").await.problem("forbidden");
    }
}

#[actix_web::test]
async fn pages_hold_every_event_once() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    app.make_closed_case(&desk).await;
    let all = app.as_admin().get("/audit?limit=200").await.expect(200);
    let mut paged = Vec::new();
    let mut query = "/audit?limit=3".to_owned();
    loop {
        let page = app.as_admin().get(&query).await.expect(200);
        paged.extend_from_slice(page.items());
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("/audit?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(paged, all.items());
}

// ----------------------------------------------------------------------------------------------------------- dead jobs

async fn insert_job(app: &TestApp, columns: &str, values: &str) -> i64 {
    let sql = format!(
        "insert into job (kind, payload, run_at, created_at, {columns}) values ('clean_up', '{{}}', $1, $1, {values}) returning id"
    );
    sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(app.now())
        .fetch_one(&mut app.sql().await)
        .await
        .unwrap()
}

#[actix_web::test]
async fn a_dead_job_is_seen_and_run_again() {
    let app = TestApp::start().await;
    let id = insert_job(&app, "attempts, last_error, dead_at", "12, 'no', $1").await;
    let dead = app.as_admin().get("/jobs?dead=true").await.expect(200);
    assert_eq!(dead.items().len(), 1);
    assert_eq!(dead.items()[0]["id"], id);
    assert_eq!(dead.items()[0]["state"], "dead");
    assert_eq!(dead.items()[0]["last_error"], "no");
    let path = format!("/jobs/{id}/run");
    app.as_supervisor()
        .post(&path, json!({}))
        .await
        .problem("forbidden");
    let again = app
        .as_admin()
        .post(&path, json!({}))
        .idempotent("again")
        .await
        .expect(200);
    assert_eq!(
        (&again["state"], &again["attempts"]),
        (&json!("waiting"), &json!(0))
    );
    let repeated = app
        .as_admin()
        .post(&path, json!({}))
        .idempotent("again")
        .await
        .expect(200);
    assert_eq!(repeated.text, again.text);
    let events = app
        .as_admin()
        .get("/audit?kind=job_run_again")
        .await
        .expect(200);
    assert_eq!(events.items().len(), 1);
    assert_eq!(events.items()[0]["data"]["job_id"], id);
    let waiting = app.as_admin().get("/jobs?dead=false").await.expect(200);
    assert!(waiting.items().iter().any(|job| job["id"] == id));
    app.run_jobs().await;
    app.as_admin()
        .post(path, json!({}))
        .await
        .problem("not-found");
    app.as_admin()
        .post("/jobs/x/run", json!({}))
        .await
        .problem("not-found");
}

#[actix_web::test]
async fn a_dead_job_makes_way_for_the_same_work_that_waits() {
    let app = TestApp::start().await;
    let dead = insert_job(&app, "job_key, dead_at", "'clean_up', $1").await;
    let waiting = insert_job(&app, "job_key", "'clean_up'").await;
    let run = app
        .as_admin()
        .post(format!("/jobs/{dead}/run"), json!({}))
        .await
        .expect(200);
    assert_eq!(run["id"], waiting);
    let jobs = app.as_admin().get("/jobs").await.expect(200);
    assert!(jobs.items().iter().all(|job| job["id"] != dead));
    let running = insert_job(
        &app,
        "leased_until, lease_id",
        "$1 + interval '1 minute', gen_random_uuid()",
    )
    .await;
    app.as_admin()
        .post(format!("/jobs/{running}/run"), json!({}))
        .await
        .problem("conflict");
    app.advance(TimeDelta::minutes(2));
}
