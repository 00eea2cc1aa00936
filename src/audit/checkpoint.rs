//! Checkpoints: signed gatherings of the heads that moved since the last one.
//!
//! A checkpoint's MAC is HMAC-SHA256, with a key outside the database, over the MAC of the checkpoint before it (32 zero
//! bytes for the first), its id, its time, and for each head, in the order of the chains: chain, seq, hash. Whoever
//! rewrites a chain, cuts its tail or removes a case with all its rows cannot make the checkpoints fit again. Two things
//! checkpoints cannot show by themselves: what happened since the newest one (a minute), and that the newest ones were
//! removed together with what they held; for that, an auditor keeps `GET /audit/head` outside.

use crate::{error::Result, store::Store};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use uuid::Uuid;

/// The key that signs checkpoints. It lives outside the database.
#[derive(Clone)]
pub struct AuditKey(pub SecretString);

impl AuditKey {
    /// What only this key makes of a text: two installations see whether theirs is the same.
    pub(crate) fn check(&self, text: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(b"madoguchi compares audit keys");
        mac.update(text.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

/// Most heads in one checkpoint. Their rows stay locked until it is committed, so this bounds how long the writers of
/// those cases wait, and the memory; a day's import makes several checkpoints.
const MOST_HEADS: i64 = 10_000;

/// Held while a checkpoint is made: the next one carries on from its MAC.
const CHECKPOINT_LOCK: i64 = 0x6d61_6463_6b70;

/// Where a chain stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    pub(super) chain: Uuid,
    pub(super) seq: i64,
    pub(super) hash: Vec<u8>,
}

/// Signs the heads that moved since the last checkpoint; does nothing where none did.
///
/// Heads that a writer holds at the moment are left to the next time, so that neither waits for the other. Writes
/// without an audit event: a checkpoint is about the trail, not in it.
///
/// # Errors
/// The database's.
pub async fn make(store: &Store, key: &AuditKey) -> Result<()> {
    while make_next(store, key).await? == MOST_HEADS as usize {}
    Ok(())
}

/// Makes one checkpoint and says how many heads it holds.
async fn make_next(store: &Store, key: &AuditKey) -> Result<usize> {
    let mut tx = store.writer().begin().await?;
    // In a statement of its own: the next one must see what the worker before us committed.
    sqlx::query!("select pg_advisory_xact_lock($1)", CHECKPOINT_LOCK)
        .execute(&mut *tx)
        .await?;
    let last = sqlx::query!("select id, mac from audit_checkpoint order by id desc limit 1")
        .fetch_optional(&mut *tx)
        .await?;
    let (id, previous) = last.map_or((1, vec![0; 32]), |last| (last.id + 1, last.mac));
    let mut heads = sqlx::query_as!(
        Head,
        r#"
        with moved as materialized (
            select chain
            from audit_head
            where checkpoint_id is null
            order by chain
            limit $2
            for no key update skip locked
        )
        update audit_head h
        set checkpoint_id = $1
        from moved
        where h.chain = moved.chain
        returning h.chain, h.seq, h.hash
        "#,
        id,
        MOST_HEADS,
    )
    .fetch_all(&mut *tx)
    .await?;
    if heads.is_empty() {
        return Ok(0);
    }
    heads.sort_by_key(|head| head.chain);
    let made_at = store.now();
    let mut signature = Signature::begin(key, &previous, id, made_at);
    for head in &heads {
        signature.add(head.chain, head.seq, &head.hash);
    }
    let count = heads.len();
    insert(&mut tx, (id, made_at), &signature.finish(), heads).await?;
    tx.commit().await?;
    tracing::info!(
        checkpoint.id = id,
        checkpoint.heads = count,
        "audit checkpoint made"
    );
    Ok(count)
}

async fn insert(
    db: &mut sqlx::PgConnection,
    (id, made_at): (i64, DateTime<Utc>),
    mac: &[u8],
    heads: Vec<Head>,
) -> Result<()> {
    let count = heads.len() as i64;
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for head in heads {
        columns.0.push(head.chain);
        columns.1.push(head.seq);
        columns.2.push(head.hash);
    }
    sqlx::query!(
        r#"
        with checkpoint as (
            insert into audit_checkpoint (id, made_at, head_count, mac)
            values ($1, $2, $3, $4)
        )
        insert into audit_checkpoint_head (checkpoint_id, chain, seq, hash)
        select $1, h.chain, h.seq, h.hash
        from unnest($5::uuid[], $6::bigint[], $7::bytea[]) as h (chain, seq, hash)
        "#,
        id,
        made_at,
        count,
        mac,
        &columns.0,
        &columns.1,
        &columns.2,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The MAC of a checkpoint, as its heads come in. Every part has a fixed length, so that no two checkpoints sign the
/// same bytes.
pub(super) struct Signature(Hmac<Sha256>);

impl Signature {
    pub(super) fn begin(key: &AuditKey, previous: &[u8], id: i64, made_at: DateTime<Utc>) -> Self {
        let mut mac = Hmac::new_from_slice(key.0.expose_secret().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(previous);
        mac.update(&id.to_be_bytes());
        mac.update(&made_at.timestamp_micros().to_be_bytes());
        Self(mac)
    }

    /// Heads come in the order of their chains.
    pub(super) fn add(&mut self, chain: Uuid, seq: i64, hash: &[u8]) {
        self.0.update(chain.as_bytes());
        self.0.update(&seq.to_be_bytes());
        self.0.update(hash);
    }

    pub(super) fn finish(self) -> [u8; 32] {
        self.0.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(key: &str, previous: u8, id: i64, heads: &[(u128, i64)]) -> [u8; 32] {
        let made_at = DateTime::from_timestamp_micros(1_790_000_000_123_456).unwrap();
        let key = AuditKey(key.to_owned().into());
        let mut signature = Signature::begin(&key, &[previous; 32], id, made_at);
        for (chain, seq) in heads {
            signature.add(Uuid::from_u128(*chain), *seq, &[7; 32]);
        }
        signature.finish()
    }

    #[test]
    fn a_signature_stands_for_everything_in_it() {
        let signed = sign("key", 0, 1, &[(1, 4), (2, 2)]);
        for other in [
            sign("other key", 0, 1, &[(1, 4), (2, 2)]),
            sign("key", 1, 1, &[(1, 4), (2, 2)]),
            sign("key", 0, 2, &[(1, 4), (2, 2)]),
            sign("key", 0, 1, &[(1, 5), (2, 2)]),
            sign("key", 0, 1, &[(1, 4)]),
            sign("key", 0, 1, &[(1, 4), (3, 2)]),
        ] {
            assert_ne!(other, signed);
        }
    }

    /// Checkpoints that are stored stay verifiable: the bytes that are signed never change.
    #[test]
    fn the_signed_bytes_are_fixed() {
        assert_eq!(
            hex::encode(sign("key", 0, 1, &[(1, 4), (2, 2)])),
            "f4475a49732761ade362004e575cfcadaaf7a06bef534bb4c440536f61127794"
        );
    }
}
