//! The rules that never break, attacked where no Rust stands in between: SQL by the program's own role, as an intruder
//! or a bug in the program would send it. PostgreSQL alone must refuse each of these.

use crate::harness::{TestApp, TestResponse, accepted, denied, refused};
use chrono::TimeDelta;
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use uuid::Uuid;

/// A desk, a manager and a case of theirs.
struct World {
    app: TestApp,
    db: PgConnection,
    desk: TestResponse,
    manager: TestResponse,
    case: Uuid,
}

impl World {
    async fn build() -> Self {
        let app = TestApp::start().await;
        let (desk, manager) = (app.make_desk().await, app.make_manager().await);
        let case = app.make_assigned_case(&desk, &manager).await.id();
        let db = app.sql().await;
        Self {
            app,
            db,
            desk,
            manager,
            case,
        }
    }

    async fn book(&self, days: i64) -> Uuid {
        self.app.book(&self.desk, &self.case, days).await.id()
    }

    /// A statement that inserts a session like the given one, with other values.
    fn like(session: Uuid, changes: serde_json::Value) -> String {
        let mut changes = changes;
        changes["id"] = json!(Uuid::now_v7());
        format!(
            "insert into consultation select (jsonb_populate_record(c, '{changes}')).* from consultation c where id = '{session}'"
        )
    }
}

#[actix_web::test]
async fn a_fourth_session_has_no_place() {
    let mut world = World::build().await;
    for days in [3, 4, 5] {
        world.book(days).await;
    }
    let last: Uuid = sqlx::query_scalar("select id from consultation where session_place = 3")
        .fetch_one(&mut world.db)
        .await
        .unwrap();
    let (db, case) = (&mut world.db, world.case);
    let at = |days: i64| {
        (
            world.app.now() + TimeDelta::days(days),
            world.app.now() + TimeDelta::days(days) + TimeDelta::hours(1),
        )
    };
    let (starts_at, ends_at) = at(9);
    let times = json!({ "starts_at": starts_at, "ends_at": ends_at });
    let with = |changes: serde_json::Value| {
        let mut all = times.clone();
        all.as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        World::like(last, all)
    };
    refused(
        db,
        "consultation_place_limit",
        &with(json!({ "session_place": 4 })),
    )
    .await;
    refused(
        db,
        "consultation_place_limit",
        &with(json!({ "session_place": 0 })),
    )
    .await;
    refused(
        db,
        "consultation_place_key",
        &with(json!({ "session_place": 1 })),
    )
    .await;
    refused(
        db,
        "consultation_case_limit",
        &with(json!({ "session_place": 4, "session_limit": 4 })),
    )
    .await;
    refused(
        db,
        "consultation_live",
        &with(json!({ "session_place": null })),
    )
    .await;
    refused(
        db,
        "consultation_uses",
        &with(json!({ "session_place": null, "live": false })),
    )
    .await;
    refused(
        db,
        "consultation_place_limit",
        &format!("update consultation set session_place = 4 where id = '{last}'"),
    )
    .await;
    refused(
        db,
        "consultation_place_key",
        &format!("update consultation set session_place = 1 where id = '{last}'"),
    )
    .await;
    refused(
        db,
        "consultation_live",
        &format!("update consultation set session_place = null where id = '{last}'"),
    )
    .await;
    refused(
        db,
        "consultation_uses",
        &format!("update consultation set session_place = null, live = false where id = '{last}'"),
    )
    .await;
    refused(
        db,
        "consultation_case_limit",
        &format!("update consultation set session_limit = 9 where id = '{last}'"),
    )
    .await;
    // The places follow the case: fewer than are used is none of them.
    refused(
        db,
        "consultation_place_limit",
        &format!("update case_file set session_limit = 2 where id = '{case}'"),
    )
    .await;
    refused(
        db,
        "case_file_session_limit_check",
        &format!("update case_file set session_limit = 10 where id = '{case}'"),
    )
    .await;
    refused(
        db,
        "rows of consultation are never deleted",
        &format!("delete from consultation where id = '{last}'"),
    )
    .await;
}

/// One session in each state: booked, held, no_show, cancelled, voided.
async fn one_of_each(world: &World) -> Vec<(&'static str, Uuid)> {
    let desk = world.app.as_desk(&world.desk);
    let cancelled = world.book(3).await;
    desk.post(
        format!("/consultations/{cancelled}/cancel"),
        json!({ "reason": "都合" }),
    )
    .await
    .expect(200);
    let voided = world.app.book(&world.desk, &world.case, 3).await;
    world.app.hold(&world.desk, &voided).await;
    let path = format!("/consultations/{}/void", voided.id());
    world
        .app
        .as_supervisor()
        .post(path, json!({ "reason": "誤記" }))
        .await
        .expect(200);
    let held = world.app.book(&world.desk, &world.case, 1).await;
    world.app.hold(&world.desk, &held).await;
    let missed = world.book(1).await;
    world.app.advance(TimeDelta::days(2));
    desk.post(
        format!("/consultations/{missed}/no-show"),
        json!({ "by": "enterprise" }),
    )
    .await
    .expect(200);
    let booked = world.book(1).await;
    vec![
        ("booked", booked),
        ("held", held.id()),
        ("no_show", missed),
        ("cancelled", cancelled),
        ("voided", voided.id()),
    ]
}

#[actix_web::test]
async fn a_session_takes_only_legal_steps() {
    let mut world = World::build().await;
    let sessions = one_of_each(&world).await;
    let legal = [
        ("booked", "held"),
        ("booked", "no_show"),
        ("booked", "cancelled"),
        ("held", "voided"),
        ("no_show", "voided"),
    ];
    for (from, id) in &sessions {
        for to in ["booked", "held", "no_show", "cancelled", "voided"] {
            if *from != to && !legal.contains(&(from, to)) {
                refused(
                    &mut world.db,
                    "consultation_step",
                    &format!("update consultation set state = '{to}' where id = '{id}'"),
                )
                .await;
            }
        }
    }
    let of = |state: &str| sessions.iter().find(|(name, _)| *name == state).unwrap().1;
    let (booked, held, missed) = (of("booked"), of("held"), of("no_show"));
    let db = &mut world.db;
    refused(db, "consultation_cancel_before", &format!(
        "update consultation set state = 'cancelled', live = false, session_place = null, settled_at = starts_at + interval '1 hour' where id = '{booked}'"
    )).await;
    refused(db, "consultation_hold_after", &format!(
        "update consultation set state = 'held', settled_at = starts_at - interval '1 hour', held_from = starts_at, held_until = ends_at where id = '{booked}'"
    )).await;
    for change in [
        "starts_at = starts_at + interval '1 day', ends_at = ends_at + interval '1 day'",
        "held_from = held_from - interval '1 hour'",
        "settled_at = settled_at - interval '1 second'",
        "stage = 'follow_up'",
    ] {
        refused(
            db,
            "consultation_final",
            &format!("update consultation set {change} where id = '{held}'"),
        )
        .await;
    }
    // Whose fault it was decides whether a session is used.
    refused(db, "consultation_final", &format!(
        "update consultation set no_show_by = 'manager', live = false, session_place = null where id = '{missed}'"
    )).await;
    for state in ["held", "no_show", "cancelled", "voided"] {
        let elsewhere = json!({
            "starts_at": world.app.now() + TimeDelta::days(20), "ends_at": world.app.now() + TimeDelta::days(21), "stage": "follow_up",
        });
        refused(db, "consultation_final", &World::like(of(state), elsewhere)).await;
    }
}

#[actix_web::test]
async fn nobody_is_in_two_places() {
    let mut world = World::build().await;
    let first = world.app.book(&world.desk, &world.case, 3).await;
    let other_case = world
        .app
        .make_assigned_case(&world.desk, &world.manager)
        .await;
    let other = world.app.book(&world.desk, &other_case, 4).await;
    let (db, manager) = (&mut world.db, world.manager.id());
    let overlapping = json!({ "session_place": 2, "starts_at": world.app.now() + TimeDelta::days(3) + TimeDelta::minutes(89), "ends_at": world.app.now() + TimeDelta::days(3) + TimeDelta::hours(2) });
    refused(
        db,
        "consultation_case_double_booked",
        &World::like(first.id(), overlapping),
    )
    .await;
    // The managers' rows follow the session, also where it is moved.
    let times = format!(
        "starts_at = '{}', ends_at = '{}'",
        first["starts_at"].as_str().unwrap(),
        first["ends_at"].as_str().unwrap()
    );
    refused(
        db,
        "consultation_manager_double_booked",
        &format!(
            "update consultation set {times} where id = '{}'",
            other.id()
        ),
    )
    .await;
    refused(db, "consultation_manager_time", &format!(
        "update consultation_manager set starts_at = starts_at + interval '7 days', ends_at = ends_at + interval '7 days' where consultation_id = '{}'",
        first.id()
    )).await;
    refused(
        db,
        "consultation_manager_time",
        &format!(
            "update consultation_manager set live = false where consultation_id = '{}'",
            first.id()
        ),
    )
    .await;
    refused(db, "consultation_manager_pkey", &format!(
        "insert into consultation_manager select * from consultation_manager where manager_id = '{manager}' and consultation_id = '{}'",
        first.id()
    )).await;
}

#[actix_web::test]
async fn stages_never_run_backwards() {
    let mut world = World::build().await;
    let (first, second) = (world.book(3).await, world.book(4).await);
    let stage = |id: Uuid, stage: &str| {
        format!("update consultation set stage = '{stage}' where id = '{id}'")
    };
    refused(
        &mut world.db,
        "consultation_stage_order",
        &stage(first, "follow_up"),
    )
    .await;
    refused(&mut world.db, "consultation_stage_order", &format!(
        "update consultation set starts_at = starts_at - interval '2 days', ends_at = ends_at - interval '2 days' where id = '{second}'"
    )).await;
    // Two changes at once, each of them right alone: what counts is what stands after the other one.
    let (mut one, mut two) = (world.app.sql().await, world.app.sql().await);
    for (db, change) in [
        (&mut one, stage(second, "assessment")),
        (&mut two, stage(first, "preparation")),
    ] {
        accepted(db, &change).await;
        db.execute("begin").await.unwrap();
        db.execute(AssertSqlSafe(change)).await.unwrap();
    }
    let (one, two) = tokio::join!(one.execute("commit"), two.execute("commit"));
    let committed = [&one, &two]
        .into_iter()
        .filter(|result| result.is_ok())
        .count();
    assert_eq!(committed, 1, "{one:?} {two:?}");
}

#[actix_web::test]
async fn one_live_assignment_and_one_open_offer_per_line() {
    let mut world = World::build().await;
    let (db, case) = (&mut world.db, world.case);
    let offer = json!({ "manager_id": world.manager.id(), "line": "ict" });
    world
        .app
        .as_desk(&world.desk)
        .post(format!("/cases/{case}/offers"), offer)
        .await
        .expect(201);
    refused(db, "offer_one_open", &format!(
        "insert into offer select (jsonb_populate_record(o, '{}')).* from offer o where case_id = '{case}' and state = 'open'",
        json!({ "id": Uuid::now_v7() })
    )).await;
    refused(db, "offer_one_open", &format!("update offer set state = 'open', answered_at = null, line = 'ict' where case_id = '{case}' and state = 'accepted'")).await;
    let (offer, assignment) = (Uuid::now_v7(), Uuid::now_v7());
    refused(db, "assignment_one_live", &format!(
        "insert into offer select (jsonb_populate_record(o, '{}')).* from offer o where case_id = '{case}' and state = 'accepted';
         insert into assignment select (jsonb_populate_record(a, '{}')).* from assignment a where case_id = '{case}'",
        json!({ "id": offer }),
        json!({ "id": assignment, "offer_id": offer })
    )).await;
    refused(db, "assignment_offer_key", &format!(
        "insert into assignment select (jsonb_populate_record(a, '{}')).* from assignment a where case_id = '{case}'",
        json!({ "id": assignment, "line": "ict" })
    )).await;
}

/// A history row; what is not given continues the history as it stands.
fn history(case: Uuid, step: &str, from: &str, to: &str) -> String {
    format!(
        "insert into case_history (case_id, seq, prev_seq, move, from_status, to_status, desk_id, occurred_at)
         select id, status_seq + 1, status_seq, '{step}', '{from}', '{to}', desk_id, now() from case_file where id = '{case}'"
    )
}

#[actix_web::test]
async fn a_case_stands_where_its_newest_history_row_says() {
    let mut world = World::build().await;
    let (db, case) = (&mut world.db, world.case);
    let set = |change: &str| format!("update case_file set {change} where id = '{case}'");
    let close = "status = 'closed', outcome = 'answered', closed_at = now()";
    // Without history, or beside it.
    refused(db, "case_file_status_step", &set(close)).await;
    refused(db, "case_file_status_step", &set("status = 'consulting'")).await;
    refused(
        db,
        "case_file_history",
        &set(&format!("{close}, status_seq = status_seq + 1")),
    )
    .await;
    refused(
        db,
        "case_file_history",
        &format!(
            "{}; {}",
            history(case, "close", "assigned", "closed"),
            set("status = 'consulting', status_seq = status_seq + 1")
        ),
    )
    .await;
    // Back to an older row, which has the right status and is really there.
    refused(
        db,
        "case_file_status_step",
        &set("status = 'accepted', status_seq = 3"),
    )
    .await;
    refused(
        db,
        "case_file_status_step",
        &set("status = 'received', status_seq = 1, desk_id = null"),
    )
    .await;
    // A row that the case does not follow.
    refused(
        db,
        "case_history_not_ahead",
        &history(case, "close", "assigned", "closed"),
    )
    .await;
    // Steps that there are not, or not from here.
    let advance = set("status = 'consulting', status_seq = status_seq + 1");
    refused(
        db,
        "case_history_chain",
        &history(case, "begin", "accepted", "consulting"),
    )
    .await;
    refused(
        db,
        "case_history_step",
        &format!(
            "{}; {advance}",
            history(case, "accept", "assigned", "consulting")
        ),
    )
    .await;
    refused(
        db,
        "case_history_step",
        &format!(
            "{}; {advance}",
            history(case, "whatever", "assigned", "consulting")
        ),
    )
    .await;
    refused(
        db,
        "case_history_chain",
        &history(case, "close", "consulting", "closed"),
    )
    .await;
    // Gaps and second beginnings.
    let row = |seq: i32, prev: &str, step: &str, from: &str, to: &str| {
        format!(
            "insert into case_history (case_id, seq, prev_seq, move, from_status, to_status, occurred_at)
             values ('{case}', {seq}, {prev}, '{step}', {from}, '{to}', now())"
        )
    };
    refused(
        db,
        "case_history_order",
        &row(9, "4", "begin", "'assigned'", "consulting"),
    )
    .await;
    refused(
        db,
        "case_history_chain",
        &row(9, "8", "begin", "'assigned'", "consulting"),
    )
    .await;
    refused(
        db,
        "case_history_start",
        &row(5, "null", "create", "null", "received"),
    )
    .await;
    refused(
        db,
        "case_history_start",
        &row(5, "null", "begin", "'assigned'", "consulting"),
    )
    .await;
    refused(
        db,
        "case_history_start",
        &row(5, "4", "begin", "null", "consulting"),
    )
    .await;
    refused(
        db,
        "case_history_pkey",
        &row(1, "null", "create", "null", "received"),
    )
    .await;
    refused(
        db,
        "rows of case_file are never deleted",
        &format!("delete from case_file where id = '{case}'"),
    )
    .await;
    // And the legal one.
    accepted(
        db,
        &format!(
            "{}; {advance}",
            history(case, "begin", "assigned", "consulting")
        ),
    )
    .await;
}

#[actix_web::test]
async fn what_happened_stays_written() {
    let mut world = World::build().await;
    let (db, case) = (&mut world.db, world.case);
    for table in [
        "audit_event",
        "audit_checkpoint",
        "audit_checkpoint_head",
        "case_history",
        "case_step",
        "consultation_step",
    ] {
        denied(db, &format!("delete from {table}")).await;
        denied(db, &format!("truncate {table} cascade")).await;
    }
    denied(
        db,
        &format!("update audit_event set data = '{{}}' where chain = '{case}'"),
    )
    .await;
    denied(
        db,
        &format!("update case_history set to_status = 'closed' where case_id = '{case}'"),
    )
    .await;
    denied(db, "update case_step set to_status = 'closed'").await;
    refused(
        db,
        "audit_head_step",
        &format!("update audit_head set seq = seq - 1 where chain = '{case}'"),
    )
    .await;
    refused(
        db,
        "audit_head_step",
        &format!("update audit_head set seq = seq + 2 where chain = '{case}'"),
    )
    .await;
    refused(
        db,
        "audit_head_step",
        &format!("update audit_head set hash = sha256('x') where chain = '{case}'"),
    )
    .await;
    refused(
        db,
        "rows of audit_head are never deleted",
        &format!("delete from audit_head where chain = '{case}'"),
    )
    .await;
    refused(
        db,
        "audit_event_pkey",
        &format!("insert into audit_event select * from audit_event where chain = '{case}'"),
    )
    .await;
    // The owner, which only migrations use, meets triggers.
    let mut owner = world.app.sql_as_owner().await;
    refused(
        &mut owner,
        "audit_event is append-only",
        &format!("delete from audit_event where chain = '{case}'"),
    )
    .await;
    refused(
        &mut owner,
        "audit_event is append-only",
        &format!("update audit_event set kind = 'x' where chain = '{case}'"),
    )
    .await;
    refused(
        &mut owner,
        "audit_event is append-only",
        "truncate audit_event",
    )
    .await;
    refused(
        &mut owner,
        "case_history is append-only",
        &format!("delete from case_history where case_id = '{case}'"),
    )
    .await;
    refused(
        &mut owner,
        "case_history is append-only",
        "truncate case_history cascade",
    )
    .await;
}

#[actix_web::test]
async fn the_program_cannot_get_around_its_rules() {
    let mut world = World::build().await;
    let db = &mut world.db;
    for statement in [
        "alter table case_file disable trigger all",
        "alter table case_file disable trigger user",
        "alter table consultation disable trigger consultation_step",
        "drop trigger consultation_step on consultation",
        "alter table consultation drop constraint consultation_place_key",
        "alter table case_file owner to madoguchi_program",
        "drop table audit_event",
        "drop function forbid_change() cascade",
        "create or replace function forbid_change() returns trigger language plpgsql as 'begin return new; end'",
        "create index i on case_file (subject)",
        "create rule r as on insert to audit_event do instead nothing",
        "grant update on audit_event to madoguchi_program; update audit_event set kind = 'x'",
        "alter table audit_event enable row level security",
        "comment on table audit_event is 'anything'",
        "set session_replication_role = replica",
        "set role madoguchi_owner",
        "set session authorization madoguchi_owner",
        "set role postgres",
        "alter role madoguchi_program superuser",
        "grant madoguchi_owner to madoguchi_program",
        "create role intruder superuser",
        "create extension dblink",
        "copy (select 1) to program 'true'",
        "copy job from '/etc/passwd'",
        "select pg_read_file('/etc/passwd')",
        "select lo_import('/etc/passwd')",
        "update pg_trigger set tgenabled = 'D'",
        "delete from pg_constraint",
        "insert into _sqlx_migrations select * from _sqlx_migrations",
        "update program_requirement set minimum_version = 0",
        "insert into case_step (move, from_status, to_status) values ('jump', 'received', 'closed') on conflict do nothing; update case_step set move = 'x'",
    ] {
        denied(db, statement).await;
    }
    // `reset role` leads nowhere but to itself.
    let role: String = {
        db.execute("reset role; reset session authorization")
            .await
            .unwrap();
        sqlx::query_scalar("select current_user || ' ' || session_user")
            .fetch_one(&mut *db)
            .await
            .unwrap()
    };
    assert_eq!(role, "madoguchi_program madoguchi_program");
}

#[actix_web::test]
async fn merged_cases_make_no_chains() {
    let mut world = World::build().await;
    let app = &world.app;
    let (first, survivor, third, other) = (
        app.make_case().await.id(),
        app.make_case().await.id(),
        app.make_case().await.id(),
        app.make_case().await.id(),
    );
    let merge = |into: Uuid, other: Uuid| {
        app.as_supervisor().post(
            format!("/cases/{into}/merge"),
            json!({ "other_id": other, "reason": "重複" }),
        )
    };
    merge(survivor, first).await.expect(200);
    merge(other, third).await.expect(200);
    app.as_operator()
        .post(
            format!("/cases/{survivor}/close"),
            json!({ "outcome": "answered", "note": "回答" }),
        )
        .await
        .expect(200);
    let db = &mut world.db;
    let into = |case: Uuid, other: Uuid| {
        format!("update case_file set merged_into = '{other}' where id = '{case}'")
    };
    // Into a case that was merged itself; and a case that others were merged into.
    refused(db, "case_file_merged_into", &into(third, first)).await;
    refused(db, "case_file_merged_into", &format!("update case_file set outcome = 'duplicate', merged_into = '{other}' where id = '{survivor}'")).await;
    // Round and round.
    refused(db, "case_file_merged_into", &format!("update case_file set outcome = 'duplicate', merged_into = '{first}' where id = '{survivor}'")).await;
    refused(db, "case_file_merged_into", &format!(
        "update case_file set merged_into = case id when '{first}' then '{third}'::uuid else '{first}'::uuid end where id in ('{first}', '{third}')"
    )).await;
    refused(db, "case_file_merge_self", &into(first, first)).await;
    refused(db, "case_file_merged_into", &into(first, Uuid::now_v7())).await;
    // What is merged is closed as a duplicate.
    refused(db, "case_file_merge_closed", &into(world.case, other)).await;
    refused(
        db,
        "case_file_merge_closed",
        &format!("update case_file set outcome = 'answered' where id = '{first}'"),
    )
    .await;
}

// ------------------------------------------------------------------------------------------------ all at once

#[actix_web::test]
async fn twenty_connections_want_the_last_place() {
    let world = World::build().await;
    for days in [3, 4] {
        world.book(days).await;
    }
    let like: Uuid = sqlx::query_scalar("select id from consultation where session_place = 2")
        .fetch_one(&mut world.app.sql().await)
        .await
        .unwrap();
    let results = world
        .app
        .parallel(20, async |n| {
            let mut db = world.app.sql().await;
            let starts_at = world.app.now() + TimeDelta::days(10 + n as i64);
            let times = json!({ "session_place": 3, "starts_at": starts_at, "ends_at": starts_at + TimeDelta::hours(1), "stage": "preparation" });
            db.execute(AssertSqlSafe(World::like(like, times))).await
        })
        .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for error in results.into_iter().filter_map(Result::err) {
        assert_eq!(
            error
                .as_database_error()
                .and_then(|error| error.constraint()),
            Some("consultation_place_key"),
            "{error}"
        );
    }
    assert_eq!(world.app.used(&world.case).await, 3);
}

#[actix_web::test]
async fn twenty_connections_want_to_move_the_case() {
    let world = World::build().await;
    let case = world.case;
    let results = world
        .app
        .parallel(20, async |_| {
            let mut db = world.app.sql().await;
            let step = history(case, "begin", "assigned", "consulting");
            let advance = format!("update case_file set status = 'consulting', status_seq = status_seq + 1 where id = '{case}'");
            db.execute(AssertSqlSafe(format!("{step}; {advance}"))).await
        })
        .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(world.app.show_case(&case).await["status"], "consulting");
}
