//! Where the trail stands (`GET /audit/head`): what an auditor keeps outside.

use crate::{
    access::{Access, permit},
    error::Result,
    http::{Answer, Body, Json},
    routes::ServiceConfig,
};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(show_audit_head).service(compare_audit_head);
}

/// Where the trail stands. Kept outside the database, it proves later that nothing up to here was altered or removed,
/// even by somebody who may change everything and knows the key: `madoguchi audit verify --against`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
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

impl Body for AuditHead {}

/// What became of a head that was kept outside.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeadComparison {
    /// Whether the trail still holds all of it: nothing up to there was altered, cut or removed.
    pub matches: bool,
    /// What does not match, in words; none where all does.
    pub findings: Vec<String>,
    /// Where the trail stands now.
    pub current: AuditHead,
}

/// A checkpoint: the signed heads of the chains that moved since the one before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
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

/// Compare a kept head with the audit trail
///
/// Takes an answer of `/audit/head` that was stored outside, as it is. Whether its checkpoint and the office's event are
/// still there as they were, and nothing has become less. That every event before them is intact is what the verification
/// of everything says (`/audit/verification`, `madoguchi audit verify --against`).
#[utoipa::path(
    tag = "office",
    operation_id = "compare_audit_head",
    request_body = AuditHead,
    responses((status = 200, description = "Whether the trail still holds it", body = HeadComparison)),
    extensions(("x-permission" = json!("verify_audit")))
)]
#[post("/audit/verify-head")]
async fn compare_audit_head(
    access: Access<permit::VerifyAudit>,
    Json(kept): Json<AuditHead>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let current = show(&mut db).await?;
    let mut findings = Vec::new();
    if let Some(checkpoint) = &kept.checkpoint {
        let mac = sqlx::query_scalar!(
            "select encode(mac, 'hex') from audit_checkpoint where id = $1",
            checkpoint.id
        )
        .fetch_optional(&mut *db)
        .await?
        .flatten();
        findings.extend(differs("checkpoint", checkpoint.id, mac, &checkpoint.mac));
    }
    if let Some(office) = &kept.office {
        let hash = sqlx::query_scalar!(
            "select encode(hash, 'hex') from audit_event where chain = $1 and seq = $2",
            Uuid::nil(),
            office.seq,
        )
        .fetch_optional(&mut *db)
        .await?
        .flatten();
        findings.extend(differs(
            "event of the office",
            office.seq,
            hash,
            &office.hash,
        ));
    }
    let numbers = [
        ("chains", kept.chains, current.chains),
        ("events", kept.events, current.events),
    ];
    for (what, before, now) in numbers {
        if now < before {
            findings.push(format!(
                "There were {before} {what}, and now there are {now}."
            ));
        }
    }
    Ok(Answer::ok(&HeadComparison {
        matches: findings.is_empty(),
        findings,
        current,
    }))
}

fn differs(what: &str, number: i64, found: Option<String>, kept: &str) -> Option<String> {
    match found {
        None => Some(format!("The {what} number {number} is gone.")),
        Some(found) if found != kept => Some(format!("The {what} number {number} is another one.")),
        Some(_) => None,
    }
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
