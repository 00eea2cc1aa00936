//! Migrations, the three roles, and what each role may do.
//!
//! Everything here can be done twice, by two programs at once, and by an older program beside a newer one: a session lock
//! lets one program migrate at a time, roles (which belong to the whole cluster) are made with retries, and an unknown
//! migration is no reason to refuse. A database refuses a program only through `program_requirement`.

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::time::sleep;
use tracing::info;

use super::connections::{Connections, connect};
use super::error::DatabaseError;
use super::{EXTENSIONS, OWNER, PROGRAM, PROGRAM_VERSION, READER};

/// Any number will do, as long as every release uses the same.
const MIGRATION_LOCK: i64 = 0x6d61_646f_6775;

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("./migrations");
    // A newer program may have been here, and may still be beside this one.
    migrator.set_ignore_missing(true);
    // Our own lock covers the grants and the requirement as well.
    migrator.set_locking(false);
    migrator
}

/// Makes the roles where one user logs in for all, runs the migrations that are missing, and gives each role its rights.
/// Safe to call from several programs at once.
///
/// # Errors
/// [`DatabaseError::ProgramTooOld`] when the database asks for a newer program, [`DatabaseError::NotPrepared`] with the
/// SQL for an administrator when the user may not prepare it, [`DatabaseError::Migration`] when a migration fails.
pub async fn migrate(connections: &Connections) -> Result<(), DatabaseError> {
    prepare(connections).await?;
    let mut owner = connections.owner_connection().await?;
    take_lock(&mut owner).await?;
    let migrated = migrate_locked(&mut owner, connections).await;
    // The lock belongs to the session: it goes with the connection, also after an error.
    let _ = owner.close().await;
    migrated
}

async fn migrate_locked(
    owner: &mut PgConnection,
    connections: &Connections,
) -> Result<(), DatabaseError> {
    must_be_new_enough(owner).await?;
    let migrator = migrator();
    let before = missing(owner, &migrator).await?.len();
    migrator.run_direct(None, &mut *owner, false).await?;
    if before > 0 {
        info!(migrations = before, "The database is up to date");
    }
    grant(owner, connections).await?;
    must_be_new_enough(owner).await
}

/// For a start without migrations: is the database as far as this program needs, and this program as new as the database
/// needs?
///
/// # Errors
/// [`DatabaseError::NotMigrated`] or [`DatabaseError::ProgramTooOld`].
pub async fn check(connections: &Connections) -> Result<(), DatabaseError> {
    let mut connection = connect(&connections.direct).await?;
    if connections.set_roles {
        connection
            .execute(AssertSqlSafe(format!("set role {PROGRAM}")))
            .await
            .map_err(DatabaseError::statement(
                "taking the program's role (has the database been migrated?)",
            ))?;
    }
    let missing = missing(&mut connection, &migrator()).await?;
    if let Some(first) = missing.first() {
        return Err(DatabaseError::NotMigrated {
            missing: missing.len(),
            first: *first,
        });
    }
    must_be_new_enough(&mut connection).await
}

/// The numbers of this program's migrations that the database lacks, in order.
async fn missing(
    connection: &mut PgConnection,
    migrator: &Migrator,
) -> Result<Vec<i64>, DatabaseError> {
    let mut applied = Vec::new();
    if table_exists(connection, "_sqlx_migrations").await? {
        applied = sqlx::query_scalar("select version from _sqlx_migrations where success")
            .fetch_all(&mut *connection)
            .await
            .map_err(DatabaseError::statement("reading which migrations it has"))?;
    }
    let ours = migrator.iter().map(|migration| migration.version);
    Ok(ours.filter(|version| !applied.contains(version)).collect())
}

async fn must_be_new_enough(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    if !table_exists(connection, "program_requirement").await? {
        return Ok(());
    }
    let needed: i32 =
        sqlx::query_scalar("select coalesce(max(minimum_version), 0) from program_requirement")
            .fetch_one(connection)
            .await
            .map_err(DatabaseError::statement(
                "reading which program version it needs",
            ))?;
    if needed > PROGRAM_VERSION {
        return Err(DatabaseError::ProgramTooOld { needed });
    }
    Ok(())
}

async fn table_exists(connection: &mut PgConnection, name: &str) -> Result<bool, DatabaseError> {
    sqlx::query_scalar("select to_regclass($1) is not null")
        .bind(name)
        .fetch_one(connection)
        .await
        .map_err(DatabaseError::statement("looking for its tables"))
}

/// Asks again and again instead of waiting: a waiting `select` would keep a snapshot, and with it an index that a
/// migration builds concurrently, from being finished.
async fn take_lock(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    let mut told = false;
    loop {
        let taken: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(MIGRATION_LOCK)
            .fetch_one(&mut *connection)
            .await
            .map_err(DatabaseError::statement("waiting for its turn to migrate"))?;
        if taken {
            return Ok(());
        }
        if !told {
            info!("Another program is migrating the database; waiting for it");
            told = true;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn grant(owner: &mut PgConnection, connections: &Connections) -> Result<(), DatabaseError> {
    let (program, reader) = if connections.set_roles {
        (PROGRAM, READER)
    } else {
        (
            connections.program.get_username(),
            connections.reader.get_username(),
        )
    };
    let doing = "giving each role its rights";
    let mut tx = owner
        .begin()
        .await
        .map_err(DatabaseError::statement(doing))?;
    sqlx::query(
        "select set_config('madoguchi.program_role', $1, true), set_config('madoguchi.reader_role', $2, true)",
    )
    .bind(program)
    .bind(reader)
    .execute(&mut *tx)
    .await
    .map_err(DatabaseError::statement(doing))?;
    tx.execute(include_str!("grants.sql"))
        .await
        .map_err(DatabaseError::statement(doing))?;
    tx.commit().await.map_err(DatabaseError::statement(doing))
}

/// As the user who logs in, before taking any role: what the owner's role may not be able to make. Exclusion constraints
/// over ids and times and the search index need the extensions; they are trusted, so that whoever may create in the
/// database may install them.
async fn prepare(connections: &Connections) -> Result<(), DatabaseError> {
    let login = &connections.owner;
    let mut connection = connect(login).await?;
    if connections.set_roles {
        retry_collisions(&mut connection, login, include_str!("roles.sql")).await?;
    }
    retry_collisions(&mut connection, login, EXTENSIONS).await?;
    let _ = connection.close().await;
    Ok(())
}

/// Roles belong to the cluster and locks to a database: programs of two databases can collide here. The loser looks again
/// and finds the thing made.
async fn retry_collisions(
    connection: &mut PgConnection,
    login: &PgConnectOptions,
    sql: &'static str,
) -> Result<(), DatabaseError> {
    let mut tries = 0;
    loop {
        match connection.execute(sql).await {
            Ok(_) => return Ok(()),
            Err(error) if is_collision(&error) && tries < 20 => {
                tries += 1;
                let pause = rand::random_range(5..50);
                sleep(Duration::from_millis(pause)).await;
            }
            Err(error) => return Err(not_prepared(error, login)),
        }
    }
}

/// What happens when two sessions change the same thing of the cluster at once.
fn is_collision(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    match error.code().as_deref() {
        // unique_violation, duplicate_object, deadlock_detected.
        Some("23505" | "42710" | "40P01") => true,
        Some("XX000") => error.message().contains("concurrently"),
        _ => false,
    }
}

fn not_prepared(error: sqlx::Error, login: &PgConnectOptions) -> DatabaseError {
    let code = error
        .as_database_error()
        .and_then(|error| error.code().map(|code| code.into_owned()));
    // insufficient_privilege; undefined_file and feature_not_supported: the contrib package is missing.
    if !matches!(code.as_deref(), Some("42501" | "58P01" | "0A000")) {
        return DatabaseError::Statement {
            doing: "making the roles",
            source: error,
        };
    }
    let user = login.get_username();
    let quoted = format!("\"{}\"", user.replace('"', "\"\""));
    let sql = [
        format!("create role {OWNER} nologin;"),
        format!("create role {PROGRAM} nologin;"),
        format!("create role {READER} nologin;"),
        format!("grant {OWNER}, {PROGRAM}, {READER} to {quoted};"),
        format!("grant usage, create on schema public to {OWNER};"),
        "-- from the package postgresql-contrib:".to_owned(),
        "create extension if not exists btree_gist;".to_owned(),
        "create extension if not exists btree_gin;".to_owned(),
    ];
    DatabaseError::NotPrepared {
        reason: error.to_string(),
        database: login.get_database().unwrap_or(user).to_owned(),
        sql: sql.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::database::testing::{Cluster, Scratch, fresh_database, private_config};
    use crate::database::{Database, DatabaseConfig};

    async fn open(config: &DatabaseConfig) -> Database {
        Database::open(config, std::path::Path::new("/nowhere"))
            .await
            .unwrap()
    }

    /// The code of what PostgreSQL says to a statement, or `"ok"`.
    async fn answer(pool: &PgPool, sql: &'static str) -> String {
        match sqlx::raw_sql(sql).execute(pool).await {
            Ok(_) => "ok".to_owned(),
            Err(sqlx::Error::Database(error)) => error.code().unwrap_or_default().into_owned(),
            Err(error) => error.to_string(),
        }
    }

    async fn value(pool: &PgPool, sql: &'static str) -> String {
        sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
    }

    async fn as_owner(connections: &Connections, sql: &'static str) {
        let mut owner = connections.owner_connection().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();
    }

    const TABLES: &str = "
        create table plain (id int generated always as identity, word text);
        create sequence numbers;
        create table happened (id int);
        comment on table happened is 'append-only: what happened';
        create table law (id int);
        comment on table law is 'read-only: the legal steps';
        create table parted (id int) partition by list (id);
        comment on table parted is 'append-only: in parts';
        create table parted_1 partition of parted for values in (1);
        create function guard() returns trigger language plpgsql as $$ begin return new; end $$;
        create trigger happened_guard before insert on happened for each row execute function guard();
        create function raise_up() returns void language sql security definer as 'select';
    ";

    const REFUSED: &str = "42501";

    async fn assert_rights(connections: &Connections) {
        let program = connections.program_pool(1).await.unwrap();
        for sql in [
            "insert into plain (word) values ('a'); update plain set word = 'b'; delete from plain",
            "select nextval('numbers'), raise_up()",
            "insert into happened values (1); insert into parted values (1)",
            "select * from law, happened, program_requirement, _sqlx_migrations",
        ] {
            assert_eq!(answer(&program, sql).await, "ok", "{sql}");
        }
        for sql in [
            "update happened set id = 2",
            "delete from happened",
            "update parted_1 set id = 1",
            "delete from parted",
            "truncate happened",
            "truncate plain",
            "insert into law values (1)",
            "update program_requirement set minimum_version = 0",
            "delete from _sqlx_migrations",
            "select setval('numbers', 1)",
            "alter table happened disable trigger all",
            "drop trigger happened_guard on happened",
            "create trigger mine before insert on plain for each row execute function guard()",
            "create table mine (id int)",
            "create or replace function guard() returns trigger language plpgsql as $$ begin return null; end $$",
        ] {
            assert_eq!(answer(&program, sql).await, REFUSED, "{sql}");
        }
        let reader = connections.reader_pool(1).await.unwrap();
        assert_eq!(
            answer(&reader, "select * from plain, happened, law").await,
            "ok"
        );
        assert_eq!(
            answer(&reader, "insert into plain (word) values ('a')").await,
            "25006"
        );
        let read_write = "begin; set transaction read write; delete from plain; rollback";
        assert_eq!(answer(&reader, read_write).await, REFUSED);
        let reader = connections.reader_pool(1).await.unwrap();
        assert_eq!(answer(&reader, "select raise_up()").await, REFUSED);
    }

    #[tokio::test]
    async fn in_a_private_database_nobody_can_leave_their_role() {
        let (_server, connections) = fresh_database().await;
        let connections = &connections;
        let error = check(connections).await.unwrap_err().to_string();
        assert!(error.contains("Run `madoguchi migrate`"), "{error}");
        migrate(connections).await.unwrap();
        as_owner(connections, TABLES).await;
        migrate(connections).await.unwrap();
        check(connections).await.unwrap();
        assert_rights(connections).await;
        let program = connections.program_pool(1).await.unwrap();
        assert_eq!(answer(&program, "set role madoguchi_owner").await, REFUSED);
        assert_eq!(
            answer(&program, "create temp table case_file (id int)").await,
            REFUSED
        );
        assert_eq!(
            answer(&program, "reset role; update happened set id = 2").await,
            REFUSED
        );
    }

    #[tokio::test]
    async fn newer_databases_are_fine_unless_they_ask_for_a_newer_program() {
        let (_server, connections) = fresh_database().await;
        let connections = &connections;
        migrate(connections).await.unwrap();
        as_owner(
            connections,
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
            values (9999, 'of a newer program', true, '', 0)",
        )
        .await;
        migrate(connections).await.unwrap();
        check(connections).await.unwrap();
        as_owner(
            connections,
            "update program_requirement set minimum_version = 2",
        )
        .await;
        for refused in [migrate(connections).await, check(connections).await] {
            let error = refused.unwrap_err().to_string();
            assert!(
                error.contains("asks for program version 2, this is version 1"),
                "{error}"
            );
        }
        as_owner(
            connections,
            "update program_requirement set minimum_version = 1;
            update _sqlx_migrations set checksum = '' where version = 1",
        )
        .await;
        let error = migrate(connections).await.unwrap_err().to_string();
        assert!(
            error.contains("Migration 1") && error.contains("do not belong together"),
            "{error}"
        );
    }

    async fn make_login(cluster: &Cluster, database: &str, rights: &str) {
        cluster
            .run(&format!("create role \"the-login\" login {rights}"))
            .await;
        cluster
            .run(&format!("create database {database} owner \"the-login\""))
            .await;
    }

    #[tokio::test]
    async fn one_login_takes_three_roles() {
        let scratch = Scratch::new();
        let cluster = scratch.bare_cluster().await;
        make_login(&cluster, "first", "createrole").await;
        let database = open(&cluster.config("the-login", "first")).await;
        let connections = &database.connections;
        migrate(connections).await.unwrap();
        as_owner(connections, TABLES).await;
        migrate(connections).await.unwrap();
        check(connections).await.unwrap();
        assert_rights(connections).await;
        let program = connections.program_pool(1).await.unwrap();
        let who = "select session_user || ' as ' || current_user || ' ' || current_setting('statement_timeout')";
        assert_eq!(
            value(&program, who).await,
            "the-login as madoguchi_program 30s"
        );
        let direct = connections.direct_pool(1).await.unwrap();
        assert_eq!(
            value(&direct, who).await,
            "the-login as madoguchi_program 30s"
        );
        let reader = connections.reader_pool(1).await.unwrap();
        assert_eq!(
            value(&reader, who).await,
            "the-login as madoguchi_reader 30s"
        );
        let owner =
            "select tableowner::text from pg_tables where tablename = 'program_requirement'";
        assert_eq!(value(&program, owner).await, "madoguchi_owner");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn many_programs_of_several_databases_migrate_at_once() {
        let scratch = Scratch::new();
        let cluster = scratch.bare_cluster().await;
        make_login(&cluster, "first", "superuser").await;
        cluster.run("create database second").await;
        cluster.run("create database third").await;
        let mut programs = tokio::task::JoinSet::new();
        for round in 0..12 {
            let database = ["first", "second", "third"][round % 3];
            let config = cluster.config("the-login", database);
            programs.spawn(async move { migrate(&open(&config).await.connections).await });
        }
        for migrated in programs.join_all().await {
            migrated.unwrap();
        }
    }

    #[tokio::test]
    async fn whoever_may_not_make_roles_is_told_what_to_ask_for() {
        let scratch = Scratch::new();
        let cluster = scratch.bare_cluster().await;
        cluster.run("create role \"the-login\" login").await;
        cluster.run("create database first").await;
        let config = cluster.config("the-login", "first");
        let error = migrate(&open(&config).await.connections).await.unwrap_err();
        let DatabaseError::NotPrepared { database, sql, .. } = &error else {
            panic!("{error}");
        };
        assert!(error.to_string().contains(sql));
        cluster.run_in(database, sql).await;
        migrate(&open(&config).await.connections).await.unwrap();
        check(&open(&config).await.connections).await.unwrap();
    }

    #[tokio::test]
    async fn roles_that_log_in_apart_keep_their_names() {
        let scratch = Scratch::new();
        let cluster = scratch.bare_cluster().await;
        for role in ["the-owner", "the-program", "the-reader"] {
            cluster.run(&format!("create role \"{role}\" login")).await;
        }
        cluster
            .run("create database first owner \"the-owner\"")
            .await;
        let mut config = cluster.config("the-program", "first");
        config.database_owner_url = Some(cluster.url("the-owner", "first"));
        let half = Database::open(&config, std::path::Path::new("/nowhere"))
            .await
            .err()
            .unwrap();
        assert!(half.to_string().contains("Set both, or neither"), "{half}");
        config.database_reader_url = Some(cluster.url("the-reader", "first"));
        config.database_read_url = Some(cluster.url("the-reader", "first"));
        let database = open(&config).await;
        let connections = &database.connections;
        migrate(connections).await.unwrap();
        as_owner(connections, TABLES).await;
        migrate(connections).await.unwrap();
        assert_rights(connections).await;
        let replica = connections
            .replica_pools(1, |_| Box::pin(async { Ok(true) }))
            .unwrap()
            .usual;
        assert_eq!(
            value(&replica, "select current_user::text").await,
            "the-reader"
        );

        // Behind a pooler, nothing is set.
        config.database_direct_url = Some(cluster.url("the-program", "first"));
        let database = open(&config).await;
        let shown = "select current_setting('statement_timeout')";
        let program = database.connections.program_pool(1).await.unwrap();
        assert_eq!(value(&program, shown).await, "0");
        let direct = database.connections.direct_pool(1).await.unwrap();
        assert_eq!(value(&direct, shown).await, "30s");
    }

    #[tokio::test]
    async fn a_role_that_owns_its_tables_is_not_taken_for_the_program() {
        let mut config = private_config();
        for url in [
            &mut config.database_url,
            &mut config.database_owner_url,
            &mut config.database_reader_url,
        ] {
            *url = Some("postgres://same@localhost/first".into());
        }
        let error = Database::open(&config, std::path::Path::new("/nowhere"))
            .await
            .err()
            .unwrap();
        assert!(
            error.to_string().contains("three different users"),
            "{error}"
        );
    }
}
