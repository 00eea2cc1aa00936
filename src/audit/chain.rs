//! The chain, as `append_audit` in the database makes it, computed anew.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use uuid::Uuid;

/// What stands before the first event of a chain.
pub(super) const START: [u8; 32] = [0; 32];

/// An event as it is stored. Whatever is hashed is here, in the form in which it is hashed.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Stored {
    pub(super) chain: Uuid,
    pub(super) seq: i64,
    pub(super) recorded_at: DateTime<Utc>,
    pub(super) actor_kind: String,
    pub(super) actor_id: Option<Uuid>,
    pub(super) request_id: Uuid,
    pub(super) kind: String,
    /// The very text that was appended: the column is `json`, which keeps it.
    pub(super) data: String,
    pub(super) hash: Vec<u8>,
}

impl Stored {
    /// The hash that this event must have after the one before it: sha256 over the previous hash and, each on a line of
    /// its own, chain, seq, microseconds since 1970, kind of actor, actor or -, request, kind, data.
    pub(super) fn hash_after(&self, previous: &[u8], line: &mut String) -> [u8; 32] {
        line.clear();
        let actor = self.actor_id.map(|id| id.to_string());
        write!(
            line,
            "{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}",
            self.chain,
            self.seq,
            self.recorded_at.timestamp_micros(),
            self.actor_kind,
            actor.as_deref().unwrap_or("-"),
            self.request_id,
            self.kind,
            self.data,
        )
        .expect("writing into a text does not fail");
        Sha256::new_with_prefix(previous)
            .chain_update(line.as_bytes())
            .finalize()
            .into()
    }
}
