//! Where the trail stands (`GET /audit/head`): what an auditor keeps outside.

use crate::{
    access::{Access, permit},
    error::Result,
    http::Answer,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(show_audit_head);
}

/// Where the trail stands. Kept outside the database, it proves later that nothing up to here was altered or removed,
/// even by somebody who may change everything and knows the key: `madoguchi audit verify --against`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditHead {
    /// The newest checkpoint; none before the first.
    pub checkpoint: Option<CheckpointHead>,
    /// The newest event of the office's chain; none before the first.
    pub office: Option<ChainHead>,
    /// Chains: one per case, one for the office.
    pub chains: i64,
    /// Events in all chains.
    pub events: i64,
}

/// A checkpoint: the signed heads of the chains that moved since the one before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckpointHead {
    /// Counted from 1 without gaps.
    pub id: i64,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// HMAC-SHA256 over the checkpoint before it and its heads, as hexadecimal digits.
    pub mac: String,
    /// How many heads it holds.
    pub head_count: i64,
}

/// The newest event of a chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChainHead {
    /// Its number, counted from 1 without gaps.
    pub seq: i64,
    /// SHA-256 over the hash before it and the event, as hexadecimal digits.
    pub hash: String,
}

/// Show where the audit trail stands
///
/// Store the answer outside, as it is: `madoguchi audit verify --against FILE` proves later that the trail goes on from
/// there. Checkpoints are made every minute.
#[utoipa::path(
    tag = "office",
    operation_id = "show_audit_head",
    responses((status = 200, description = "The newest checkpoint, the office's newest event, and how much there is", body = AuditHead)),
    extensions(("x-permission" = json!("verify_audit")))
)]
#[get("/audit/head")]
async fn show_audit_head(access: Access<permit::VerifyAudit>) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    Ok(Answer::ok(&show(&mut db).await?))
}

/// Where the trail stands, in one statement and so at one moment.
pub(crate) async fn show(db: &mut PgConnection) -> Result<AuditHead> {
    let row = sqlx::query!(
        r#"
        select total.chains as "chains!", total.events as "events!",
            k.id as "checkpoint_id?", k.made_at as "made_at?", k.mac as "mac?", k.head_count as "head_count?",
            o.seq as "seq?", o.hash as "hash?"
        from (select count(*) as chains, coalesce(sum(seq), 0)::bigint as events from audit_head) total
        left join (select * from audit_checkpoint order by id desc limit 1) k on true
        left join audit_head o on o.chain = $1
        "#,
        Uuid::nil(),
    )
    .fetch_one(db)
    .await?;
    let checkpoint = match (row.checkpoint_id, row.made_at, row.mac, row.head_count) {
        (Some(id), Some(made_at), Some(mac), Some(head_count)) => Some(CheckpointHead {
            id,
            made_at,
            mac: hex::encode(mac),
            head_count,
        }),
        _ => None,
    };
    Ok(AuditHead {
        checkpoint,
        office: row.seq.zip(row.hash).map(|(seq, hash)| ChainHead {
            seq,
            hash: hex::encode(hash),
        }),
        chains: row.chains,
        events: row.events,
    })
}
