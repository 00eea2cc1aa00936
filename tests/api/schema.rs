//! The schema as the catalogue has it: what no single migration can promise for all tables.

use crate::{
    contract::DOCUMENT,
    harness::{TestApp, denied},
};
use madoguchi::{
    access::Role,
    cases::Status,
    programme::{
        Channel, CheckReason, ConflictKind, ConsentKind, ContactRole, DigitalLevel, Direction,
        DueKind, EnterpriseKind, Flag, InteractionKind, InteractionResult, Line, LinkKind,
        MailKind, MailState, Mode, NoShowBy, Outcome, PassageKind, PlacedBy, SessionState, Stage,
        TeleworkStatus, WaitingOn,
    },
};
use sqlx::{AssertSqlSafe, Executor};
use std::collections::BTreeSet;

/// Without an index, deleting or changing the referred row reads the whole referring table, and joins do too.
#[actix_web::test]
async fn every_foreign_key_has_an_index() {
    let app = TestApp::start().await;
    let missing: Vec<String> = sqlx::query_scalar(
        r#"
        select format('%s (%s)', k.conrelid::regclass, k.conname)
        from pg_constraint k
        where k.contype = 'f'
        and k.connamespace = 'public'::regnamespace
        and not exists (
            select
            from pg_index i
            cross join lateral (
                select
                    (select array_agg(column_number) from unnest((i.indkey::int2[])[0:cardinality(k.conkey) - 1]) column_number) as first,
                    (select array_agg(column_number) from unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) column_number) as whole
            ) columns
            where i.indrelid = k.conrelid
            and i.indisvalid
            -- The index answers for every row that has the key.
            and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', (
                select a.attname from pg_attribute a where a.attrelid = k.conrelid and a.attnum = k.conkey[1]
            )))
            -- Its leading columns are those of the key, in whatever order; or it finds the one row by some of them.
            and (
                (columns.first @> k.conkey and columns.first <@ k.conkey)
                or (i.indisunique and i.indpred is null and columns.whole <@ k.conkey)
            )
        )
        order by 1
        "#,
    )
    .fetch_all(&mut app.sql_as_owner().await)
    .await
    .unwrap();
    assert!(
        missing.is_empty(),
        "foreign keys without an index: {missing:#?}"
    );
}

#[actix_web::test]
async fn every_time_knows_its_zone() {
    let app = TestApp::start().await;
    let zoneless: Vec<String> = sqlx::query_scalar(
        r#"
        select format('%s.%s is %s', table_name, column_name, data_type)
        from information_schema.columns
        where table_schema = 'public'
        and data_type in ('timestamp without time zone', 'time without time zone', 'time with time zone')
        "#,
    )
    .fetch_all(&mut app.sql_as_owner().await)
    .await
    .unwrap();
    assert!(zoneless.is_empty(), "{zoneless:#?}");
}

/// The tables of the program; sqlx keeps its own.
async fn tables(app: &TestApp) -> Vec<(String, String)> {
    sqlx::query_as(
        r#"
        select c.relname, coalesce(obj_description(c.oid, 'pg_class'), '')
        from pg_class c
        where c.relnamespace = 'public'::regnamespace
        and c.relkind in ('r', 'p', 'v', 'm')
        and c.relname <> '_sqlx_migrations'
        order by 1
        "#,
    )
    .fetch_all(&mut app.sql_as_owner().await)
    .await
    .unwrap()
}

#[actix_web::test]
async fn every_table_says_what_it_is() {
    let app = TestApp::start().await;
    let silent: Vec<_> = tables(&app)
        .await
        .into_iter()
        .filter(|(_, comment)| comment.is_empty())
        .collect();
    assert!(silent.is_empty(), "tables without a comment: {silent:?}");
}

#[actix_web::test]
async fn the_program_cannot_change_what_is_append_only() {
    let app = TestApp::start().await;
    let mut db = app.sql().await;
    let append_only: Vec<_> = tables(&app)
        .await
        .into_iter()
        .filter(|(_, comment)| comment.starts_with("append-only"))
        .collect();
    assert!(append_only.len() >= 3, "{append_only:?}");
    for (table, _) in &append_only {
        let column: String = sqlx::query_scalar("select column_name from information_schema.columns where table_name = $1 and is_identity = 'NO' order by ordinal_position limit 1")
            .bind(table)
            .fetch_one(&mut app.sql_as_owner().await)
            .await
            .unwrap();
        denied(&mut db, &format!("update {table} set {column} = {column}")).await;
        denied(&mut db, &format!("delete from {table}")).await;
        denied(&mut db, &format!("truncate {table} cascade")).await;
    }
}

#[actix_web::test]
async fn no_role_of_the_program_may_truncate_or_make_anything() {
    let app = TestApp::start().await;
    for mut db in [app.sql().await, app.sql_as_reader().await] {
        for (table, _) in tables(&app).await {
            denied(&mut db, &format!("truncate {table} cascade")).await;
            denied(&mut db, &format!("create trigger t before update on {table} for each row execute function bump_version()")).await;
        }
        denied(&mut db, "create table t (id int)").await;
        denied(&mut db, "create temporary table case_step (move text)").await;
        denied(&mut db, "create schema s").await;
        denied(
            &mut db,
            "create function f() returns int language sql as 'select 1'",
        )
        .await;
    }
}

#[actix_web::test]
async fn the_reader_cannot_write() {
    let app = TestApp::start().await;
    let mut db = app.sql_as_reader().await;
    // Also where somebody turns the session's own protection off.
    db.execute("set default_transaction_read_only = off")
        .await
        .unwrap();
    for (table, _) in tables(&app).await {
        db.execute(AssertSqlSafe(format!("select count(*) from {table}")))
            .await
            .unwrap();
        denied(&mut db, &format!("delete from {table}")).await;
        denied(&mut db, &format!("insert into {table} default values")).await;
        denied(&mut db, &format!("select * from {table} for no key update")).await;
    }
    denied(&mut db, "select next_case_number(2026)").await;
    let functions: Vec<String> = sqlx::query_scalar(
        r#"
        select p.oid::regprocedure::text
        from pg_proc p
        where p.pronamespace = 'public'::regnamespace
        and p.prosecdef
        and has_function_privilege(current_user, p.oid, 'execute')
        "#,
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert!(
        functions.is_empty(),
        "run with their owner's rights: {functions:?}"
    );
}

/// Columns that hold what somebody could be let in by, or guess it from: whatever has such a name is either kept from the
/// reader, or stands here with the reason why it need not be.
#[actix_web::test]
async fn the_reader_reads_no_secret() {
    const HARMLESS: &[(&str, &str)] = &[
        // The trail is proven by them, and the auditor reads them.
        ("audit_checkpoint_head", "hash"),
        ("audit_event", "hash"),
        ("audit_head", "hash"),
        // Of 128 random bits, asked for as the reader whenever a link is opened: nobody finds the token to it.
        ("public_link", "hash"),
        // Keyed, or of what is no secret.
        ("mailgun_token", "token_hash"),
        ("mailgun_token", "delivery_hash"),
        ("survey_stop", "address_hash"),
    ];
    let app = TestApp::start().await;
    let columns: Vec<(String, String, bool, bool)> = sqlx::query_as(
        r#"
        select c.relname::text, a.attname::text,
            coalesce(col_description(c.oid, a.attnum) like 'secret%', false),
            has_column_privilege(current_user, c.oid, a.attnum, 'select')
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'public'::regnamespace
        and c.relkind in ('r', 'p')
        and c.relname <> '_sqlx_migrations'
        "#,
    )
    .fetch_all(&mut app.sql_as_reader().await)
    .await
    .unwrap();
    let mut kept = Vec::new();
    for (table, column, is_secret, is_readable) in &columns {
        assert_eq!(is_readable, &!is_secret, "{table}.{column}");
        if *is_secret {
            kept.push(format!("{table}.{column}"));
        }
        let sounds_secret = ["hash", "secret", "password"]
            .iter()
            .any(|word| column.contains(word));
        let is_harmless = HARMLESS.contains(&(table.as_str(), column.as_str()));
        assert!(
            !sounds_secret || is_harmless != *is_secret,
            "{table}.{column} is neither kept from the reader nor harmless, or both"
        );
    }
    kept.sort_unstable();
    assert_eq!(
        kept,
        [
            "api_token.hash",
            "app_user.password_hash",
            "idempotency_key.body_hash",
            "password_reset.hash",
            "recovery_code.hash",
            "refresh_token.hash",
            "second_factor.secret",
            "webhook.previous_secret",
            "webhook.secret",
        ]
    );
    let mut db = app.sql_as_reader().await;
    for (table, column) in kept.iter().map(|name| name.split_once('.').unwrap()) {
        denied(&mut db, &format!("select {column} from {table}")).await;
        denied(&mut db, &format!("select * from {table}")).await;
        denied(&mut db, &format!("select t::text from {table} t")).await;
        denied(&mut db, &format!("select count({column}) from {table}")).await;
    }
}

/// Functions that run as their owner could be led astray by a search path.
#[actix_web::test]
async fn functions_with_the_owners_rights_fix_their_search_path() {
    let app = TestApp::start().await;
    let loose: Vec<String> = sqlx::query_scalar(
        r#"
        select p.oid::regprocedure::text
        from pg_proc p
        where p.pronamespace = 'public'::regnamespace
        and p.prosecdef
        and not exists (select from unnest(p.proconfig) setting where setting like 'search_path=%')
        "#,
    )
    .fetch_all(&mut app.sql_as_owner().await)
    .await
    .unwrap();
    assert!(loose.is_empty(), "{loose:?}");
}

/// What a column may hold by its check constraint `column in (…)`.
async fn words_in_sql(app: &TestApp, table: &str, column: &str) -> BTreeSet<String> {
    let definitions: Vec<String> = sqlx::query_scalar(
        r#"
        select pg_get_constraintdef(k.oid)
        from pg_constraint k
        join pg_attribute a on a.attrelid = k.conrelid and a.attname = $2
        where k.contype = 'c'
        and k.conrelid = $1::regclass
        and k.conkey = array[a.attnum]
        "#,
    )
    .bind(table)
    .bind(column)
    .fetch_all(&mut app.sql_as_owner().await)
    .await
    .unwrap();
    let list = definitions
        .iter()
        .find(|definition| definition.contains("= ANY"))
        .unwrap_or_else(|| panic!("{table}.{column} takes any word"));
    list.split('\'')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[actix_web::test]
async fn the_database_knows_the_words_of_the_program() {
    let app = TestApp::start().await;
    macro_rules! words {
        ($enum:ident) => {
            $enum::ALL
                .iter()
                .map(|word| word.name().to_owned())
                .collect::<BTreeSet<_>>()
        };
    }
    let columns = [
        ("app_user", "role", words!(Role)),
        ("case_file", "status", words!(Status)),
        ("case_file", "channel", words!(Channel)),
        ("case_file", "telework_status", words!(TeleworkStatus)),
        ("case_file", "digital_level", words!(DigitalLevel)),
        ("case_file", "desired_mode", words!(Mode)),
        ("case_file", "waiting_on", words!(WaitingOn)),
        ("case_file", "outcome", words!(Outcome)),
        ("case_history", "outcome", words!(Outcome)),
        ("case_flag", "flag", words!(Flag)),
        ("case_link", "kind", words!(LinkKind)),
        ("consent", "kind", words!(ConsentKind)),
        ("consultation", "mode", words!(Mode)),
        ("consultation", "no_show_by", words!(NoShowBy)),
        ("consultation", "stage", words!(Stage)),
        ("consultation", "state", words!(SessionState)),
        ("contact", "role", words!(ContactRole)),
        ("deadline", "kind", words!(DueKind)),
        ("enterprise", "kind", words!(EnterpriseKind)),
        ("inbound_mail", "state", words!(MailState)),
        ("inbound_mail", "kind", words!(MailKind)),
        ("inbound_mail", "placed_by", words!(PlacedBy)),
        ("inbound_mail", "quarantine_reason", words!(CheckReason)),
        ("interaction", "direction", words!(Direction)),
        ("interaction", "kind", words!(InteractionKind)),
        ("interaction", "result", words!(InteractionResult)),
        ("manager_conflict", "kind", words!(ConflictKind)),
        ("offer", "line", words!(Line)),
        ("assignment", "line", words!(Line)),
        ("report", "telework_status", words!(TeleworkStatus)),
        ("search_text", "kind", words!(PassageKind)),
    ];
    for (table, column, in_rust) in columns {
        assert_eq!(
            words_in_sql(&app, table, column).await,
            in_rust,
            "{table}.{column}"
        );
    }
}

/// Whatever the API lets in fits into the column; here for the texts whose schema says how long they may be.
#[test]
fn the_document_bounds_every_text_of_a_request() {
    let unbounded: Vec<_> = request_schemas()
        .into_iter()
        .flat_map(|name| unbounded(&name))
        .collect();
    assert!(unbounded.is_empty(), "texts of any length: {unbounded:#?}");
}

fn request_schemas() -> BTreeSet<String> {
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap();
    schemas
        .keys()
        .filter(|name| name.ends_with("Request") || name.ends_with("Input"))
        .cloned()
        .collect()
}

/// Plain strings without a length, a format, a pattern or a list of words.
fn unbounded(name: &str) -> Vec<String> {
    let schema = &DOCUMENT["components"]["schemas"][name];
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .filter(|(_, property)| {
            let is_text = property["type"] == "string"
                || property["type"]
                    .as_array()
                    .is_some_and(|types| types.iter().any(|kind| kind == "string"));
            let is_bounded = ["maxLength", "format", "pattern", "enum"]
                .iter()
                .any(|keyword| !property[keyword].is_null());
            is_text && !is_bounded
        })
        .map(|(property, _)| format!("{name}.{property}"))
        // It is hashed before it is compared, and never stored.
        .filter(|place| place != "RefreshRequest.refresh_token")
        .collect()
}
