//! The job that makes an export, and what takes it away again.

use super::{Export, ExportState, Scope, file, lists, load};
use crate::{
    access::{Actor, ActorKind, OFFICE},
    audit::Event,
    error::{Error, ProblemType, Result},
    ids::*,
    store::Store,
    users,
};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::types::Json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// How long a file can be downloaded.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// How long it is remembered that there was one.
const REMEMBERED: TimeDelta = TimeDelta::days(30);

/// Makes an export, unless it was made. Run twice at once, each makes a file of its own and one of them counts.
///
/// # Errors
/// The database or the storage is away, or the disk is full; worth another try.
pub(crate) async fn run(store: &Store, system: &Actor, id: ExportId) -> Result<()> {
    let export = match load(store.reader(), id).await {
        Ok(export) if export.state == ExportState::Waiting => export,
        Ok(_) => return Ok(()),
        // Forgotten meanwhile, or handed over to us without its export.
        Err(error) if error.kind() == ProblemType::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let Some((actor, scope)) = maker(store, &export).await? else {
        return fail(store, system, id, "この一覧を見る権限がなくなりました。").await;
    };
    let made = store
        .read_replica(async |db| {
            let (kind, filter) = (export.kind, &export.filter);
            let opened = lists::open(db, kind, filter, &actor, scope, store.now()).await;
            let mut table = match opened {
                Err(Error::Problem(_)) => return Ok(None),
                opened => opened?,
            };
            let made = file::write(&mut *table, export.format, export.encoding).await?;
            Ok(Some(made))
        })
        .await?;
    let Some(made) = made else {
        return fail(store, system, id, "絞り込みの条件を読み取れませんでした。").await;
    };
    let file_id = Uuid::now_v7();
    let (digest, size) = store.blobs().put_export(file_id, made.path()).await?;
    let (rows, uncarried) = (made.rows, made.uncarried.clone());
    let finished = finish(
        store,
        system,
        id,
        scope,
        file_id,
        &digest.0,
        (rows, size),
        &uncarried,
    )
    .await;
    if !matches!(finished, Ok(true)) {
        store.blobs().delete_export(file_id).await?;
    }
    finished.map(drop)
}

/// Whoever asked for it, as they are now, and what they see of the list.
async fn maker(store: &Store, export: &Export) -> Result<Option<(Actor, Scope)>> {
    let user = users::show(store.writer(), export.made_by).await?;
    let actor = Actor {
        kind: ActorKind::User,
        user_id: Some(user.id),
        role: Some(user.role),
        desk_id: user.desk_id,
        manager_id: user.manager_id,
        session_id: None,
        token_permissions: None,
    };
    let scope = Scope::of(&actor, export.kind).filter(|_| user.active);
    Ok(scope.map(|scope| (actor, scope)))
}

/// Whether this is the file that counts.
#[allow(clippy::too_many_arguments, reason = "the columns of one row")]
async fn finish(
    store: &Store,
    system: &Actor,
    id: ExportId,
    scope: Scope,
    file_id: Uuid,
    sha256: &[u8],
    (rows, size): (i64, i64),
    uncarried: &BTreeMap<char, i64>,
) -> Result<bool> {
    store
        .transaction(system, async |tx| {
            let now = tx.now();
            let made = sqlx::query!(
                r#"
                update export
                set state = 'ready', finished_at = $2, expires_at = $3, scope = $4, row_count = $5, size = $6, sha256 = $7,
                    file_id = $8, uncarried = $9
                where id = $1 and state = 'waiting'
                "#,
                *id,
                now,
                now + KEPT,
                scope.name(),
                rows,
                size,
                sha256,
                file_id,
                Json(uncarried) as _,
            )
            .execute(tx.db())
            .await?;
            if made.rows_affected() == 0 {
                // Another worker was faster.
                tx.unchanged_for_all();
                return Ok(false);
            }
            tx.record(
                OFFICE,
                Event::ExportMade {
                    export_id: id,
                    scope: scope.name(),
                    rows,
                },
            );
            Ok(true)
        })
        .await
}

async fn fail(store: &Store, system: &Actor, id: ExportId, why: &str) -> Result<()> {
    store
        .transaction(system, async |tx| {
            let now = tx.now();
            let failed = sqlx::query!(
                "update export set state = 'failed', finished_at = $2, failure = $3 where id = $1 and state = 'waiting'",
                *id,
                now,
                why,
            )
            .execute(tx.db())
            .await?;
            match failed.rows_affected() {
                0 => tx.unchanged_for_all(),
                _ => tx.record(OFFICE, Event::ExportFailed { export_id: id }),
            }
            Ok(())
        })
        .await
}

/// Deletes the files whose time is over, gives up what nobody could make in a day, and forgets what is a month old.
pub(crate) async fn clean_up(store: &Store, now: DateTime<Utc>) -> Result<()> {
    let over = sqlx::query!(
        r#"select id, file_id as "file_id!" from export where state = 'ready' and expires_at <= $1"#,
        now,
    )
    .fetch_all(store.reader())
    .await?;
    for export in over {
        store.blobs().delete_export(export.file_id).await?;
        sqlx::query!(
            "update export set state = 'expired', file_id = null where id = $1 and state = 'ready'",
            *export.id,
        )
        .execute(store.writer())
        .await?;
    }
    sqlx::query!(
        "update export set state = 'failed', finished_at = $1, failure = $3 where state = 'waiting' and created_at < $2",
        now,
        now - KEPT,
        "作成できませんでした。もう一度お試しください。",
    )
    .execute(store.writer())
    .await?;
    sqlx::query!(
        "delete from export where created_at < $1 and state in ('failed', 'expired')",
        now - REMEMBERED,
    )
    .execute(store.writer())
    .await?;
    Ok(())
}
