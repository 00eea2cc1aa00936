//! How files go: the row at once, the bytes after commit, and never bytes that something else names.
//!
//! Bytes are put before the transaction that names them, and cheaply where they are there already. So whoever is about to
//! put some announces them first ([`announce`]): bytes that were announced within [`IN_USE`] are not deleted, and bytes
//! that are just being deleted are not put (503, or the job comes back). What was announced and never named goes too.

use crate::{
    blobs::Digest,
    error::{Error, ProblemType, Result},
    jobs::{Job, Work},
    store::{Store, Tx},
};
use chrono::TimeDelta;
use uuid::Uuid;

/// Longer than anything takes from announcing bytes to the commit that names them: a request has two minutes.
const IN_USE: TimeDelta = TimeDelta::hours(1);

/// How many files one look takes.
const BATCH: i64 = 200;

/// Says that these bytes are about to be put, in a transaction of its own.
///
/// # Errors
/// 503: they are being deleted at this moment.
pub(crate) async fn announce(store: &Store, files: &[(Digest, u64)]) -> Result<()> {
    let mut files: Vec<(Vec<u8>, i64)> = files
        .iter()
        .map(|(digest, size)| (digest.0.to_vec(), *size as i64))
        .collect();
    files.sort();
    files.dedup();
    let (digests, sizes): (Vec<_>, Vec<_>) = files.into_iter().unzip();
    let going = sqlx::query_scalar!(
        r#"
        with put as (
            insert into blob (sha256, size, created_at, unused_since)
            select f.sha256, f.size, $3, $3
            from unnest($1::bytea[], $2::bigint[]) as f (sha256, size)
            order by f.sha256
            on conflict (sha256) do update set created_at = excluded.created_at
            returning going_since
        )
        select count(*) as "count!" from put where going_since is not null
        "#,
        &digests,
        &sizes,
        store.now(),
    )
    .fetch_one(store.writer())
    .await?;
    match going {
        0 => Ok(()),
        _ => Err(Error::problem(
            ProblemType::Unavailable,
            "These bytes are being deleted at this moment; send them again.",
        )),
    }
}

/// Forgets files: nobody can ask for them any more, and their bytes go if nothing else names them.
///
/// Records nothing of its own.
///
/// # Errors
/// The database.
pub(crate) async fn forget(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "delete from message_attachment where attachment_id = any ($1)",
        ids
    )
    .execute(tx.db())
    .await?;
    let gone = sqlx::query_scalar!(
        "delete from attachment where id = any ($1) returning sha256",
        ids
    )
    .fetch_all(tx.db())
    .await?;
    unused(tx, &gone).await
}

/// Something stopped naming these bytes: they go if nothing else does.
///
/// # Errors
/// The database.
pub(crate) async fn unused(tx: &mut Tx, digests: &[Vec<u8>]) -> Result<()> {
    if digests.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    sqlx::query!(
        r#"
        update blob
        set unused_since = $2
        where sha256 in (
            select sha256 from blob where sha256 = any ($1) order by sha256 for no key update
        )
        and not exists (select from attachment a where a.sha256 = blob.sha256)
        and not exists (select from disclosure d where d.sha256 = blob.sha256)
        "#,
        digests,
        now,
    )
    .execute(tx.db())
    .await?;
    tx.enqueue(Job::now(Work::DisposeBlobs {}).once("dispose_blobs"));
    Ok(())
}

/// The job: deletes the bytes that nothing names. A second run finds nothing; one that died in the middle goes on.
///
/// # Errors
/// The database or the storage is away: the job comes back.
pub(crate) async fn run(store: &Store) -> Result<()> {
    loop {
        let going = mark(store).await?;
        for digest in &going {
            let digest = Digest::from_slice(digest).expect("the column takes 32 bytes");
            store.blobs().delete(&digest).await?;
        }
        sqlx::query!(
            "delete from blob where sha256 = any ($1) and going_since is not null",
            &going
        )
        .execute(store.writer())
        .await?;
        if (going.len() as i64) < BATCH {
            return Ok(());
        }
    }
}

/// From here on nobody puts them, until they are gone. What an earlier run marked and did not finish is among them.
async fn mark(store: &Store) -> Result<Vec<Vec<u8>>> {
    let now = store.now();
    Ok(sqlx::query_scalar!(
        r#"
        update blob
        set going_since = $1
        where sha256 in (
            select sha256
            from blob
            where unused_since is not null
            and created_at < $2
            and not exists (select from attachment a where a.sha256 = blob.sha256)
            and not exists (select from disclosure d where d.sha256 = blob.sha256)
            order by sha256
            limit $3
            for update skip locked
        )
        returning sha256
        "#,
        now,
        now - IN_USE,
        BATCH,
    )
    .fetch_all(store.writer())
    .await?)
}
