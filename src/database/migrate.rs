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
use super::{OWNER, PROGRAM, PROGRAM_VERSION, READER};

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
            .map_err(DatabaseError::statement("taking the program's role (has the database been migrated?)"))?;
    }
    let missing = missing(&mut connection, &migrator()).await?;
    if let Some(first) = missing.first() {
        return Err(DatabaseError::NotMigrated { missing: missing.len(), first: *first });
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
            .map_err(DatabaseError::statement("reading which program version it needs"))?;
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
        (connections.program.get_username(), connections.reader.get_username())
    };
    let doing = "giving each role its rights";
    let mut tx = owner.begin().await.map_err(DatabaseError::statement(doing))?;
    sqlx::query(
        "select set_config('madoguchi.program_role', $1, true), set_config('madoguchi.reader_role', $2, true)",
    )
    .bind(program)
    .bind(reader)
    .execute(&mut *tx)
    .await
    .map_err(DatabaseError::statement(doing))?;
    tx.execute(include_str!("grants.sql")).await.map_err(DatabaseError::statement(doing))?;
    tx.commit().await.map_err(DatabaseError::statement(doing))
}

/// As the user who logs in, before taking any role: what the owner's role may not be able to make. Exclusion constraints
/// over ids and times need the extension; it is trusted, so that whoever may create in the database may install it.
async fn prepare(connections: &Connections) -> Result<(), DatabaseError> {
    const EXTENSION: &str =
        "set client_min_messages = warning; create extension if not exists btree_gist";
    let login = &connections.owner;
    let mut connection = connect(login).await?;
    if connections.set_roles {
        retry_collisions(&mut connection, login, include_str!("roles.sql")).await?;
    }
    retry_collisions(&mut connection, login, EXTENSION).await?;
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
    let code = error.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
    // insufficient_privilege; undefined_file and feature_not_supported: the contrib package is missing.
    if !matches!(code.as_deref(), Some("42501" | "58P01" | "0A000")) {
        return DatabaseError::Statement { doing: "making the roles", source: error };
    }
    let user = login.get_username();
    let quoted = format!("\"{}\"", user.replace('"', "\"\""));
    let sql = [
        format!("create role {OWNER} nologin;"),
        format!("create role {PROGRAM} nologin;"),
        format!("create role {READER} nologin;"),
        format!("grant {OWNER}, {PROGRAM}, {READER} to {quoted};"),
        format!("grant usage, create on schema public to {OWNER};"),
        "create extension if not exists btree_gist; -- from the package postgresql-contrib".to_owned(),
    ];
    DatabaseError::NotPrepared {
        reason: error.to_string(),
        database: login.get_database().unwrap_or(user).to_owned(),
        sql: sql.join("\n"),
    }
}
