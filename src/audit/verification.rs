//! Verifying the trail from outside the machine (`/audit/verification`), every day, and from the command line.
//!
//! A case is verified while the request waits. Everything takes as long as there is trail and needs the key that signs
//! checkpoints, which only the worker has: a job does it, once a day and whenever somebody asks, and its last result
//! stands under the same address with its time.

use super::{
    checkpoint::AuditKey,
    head::AuditHead,
    verify::{self, Report},
};
use crate::{
    access::{Access, permit},
    error::{Error, Result},
    http::{Answer, Query},
    ids::*,
    jobs::{self, Job, Work},
    routes::ServiceConfig,
    store::Store,
};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json};
use std::{path::Path, process::ExitCode};
use utoipa::{IntoParams, ToSchema};

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(show_audit_verification)
        .service(request_audit_verification);
}

/// The job's key: at most one waits.
const JOB: &str = "verify_audit";

/// What is verified.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct VerificationFilter {
    /// This case, now, instead of the last verification of everything.
    pub case_id: Option<CaseId>,
}

/// A verification.
#[derive(Serialize, ToSchema)]
pub struct Verification {
    /// The case, where a single one was verified.
    pub case_id: Option<CaseId>,
    /// A verification of everything has been asked for and is not finished.
    pub pending: bool,
    /// When the one shown here began; it speaks of this moment. None before the first.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was finished.
    pub finished_at: Option<DateTime<Utc>>,
    /// What was looked at, and what is broken.
    pub report: Option<Report>,
}

/// Show a verification of the audit trail
///
/// Of everything: the last one that was run (every day, and whenever it is asked for). With `case_id` of one case, now:
/// its chain, its history and what the checkpoints hold of it; the signatures of the checkpoints are part of the
/// verification of everything. An id of which there is no trace is refused.
#[utoipa::path(
    tag = "office",
    operation_id = "show_audit_verification",
    params(VerificationFilter),
    responses((status = 200, description = "What was looked at, and what is broken", body = Verification)),
    extensions(("x-permission" = json!("verify_audit")))
)]
#[get("/audit/verification")]
async fn show_audit_verification(
    access: Access<permit::VerifyAudit>,
    Query(filter): Query<VerificationFilter>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let mut verification = last(&mut db).await?;
    if let Some(case_id) = filter.case_id {
        drop(db);
        let started_at = access.now();
        let report = verify::case(access.read(), case_id)
            .await?
            .ok_or_else(|| Error::invalid("/case_id", "is no case of which there is a trace"))?;
        verification = Verification {
            case_id: Some(case_id),
            started_at: Some(started_at),
            finished_at: Some(access.now()),
            report: Some(report),
            ..verification
        };
    }
    Ok(Answer::ok(&verification))
}

/// Have the whole audit trail verified
///
/// It runs in the background; `pending` says until when. Asking twice runs it once.
#[utoipa::path(
    tag = "office",
    operation_id = "request_audit_verification",
    responses((status = 200, description = "The last verification, until the one asked for is finished", body = Verification)),
    extensions(("x-permission" = json!("verify_audit")))
)]
#[post("/audit/verification")]
async fn request_audit_verification(access: Access<permit::VerifyAudit>) -> Result<Answer> {
    access
        .transaction(async |tx| {
            tx.enqueue(Job::now(Work::VerifyAudit {}).once(JOB));
            tx.unchanged();
            let last = last(tx.db()).await?;
            Ok(Answer::ok(&Verification {
                pending: true,
                ..last
            }))
        })
        .await
}

async fn last(db: &mut PgConnection) -> Result<Verification> {
    let pending = jobs::admin::is_waiting(&mut *db, JOB).await?;
    let row = sqlx::query!(
        r#"
        select started_at, finished_at, report as "report: Json<Report>"
        from audit_verification
        order by id desc
        limit 1
        "#
    )
    .fetch_optional(db)
    .await?;
    let (started_at, finished_at, report) = match row {
        Some(row) => (
            Some(row.started_at),
            Some(row.finished_at),
            Some(row.report.0),
        ),
        None => (None, None, None),
    };
    Ok(Verification {
        case_id: None,
        pending,
        started_at,
        finished_at,
        report,
    })
}

/// The job: verifies everything and keeps the result. Writes without an audit event: a verification is about the trail,
/// not in it.
///
/// # Errors
/// The database's. A broken trail is no failure of the job: it is its result, and logged as an error.
pub(crate) async fn run(store: &Store, key: &AuditKey) -> Result<()> {
    let started_at = store.now();
    let report = verify::everything(store.reader(), key, None).await?;
    sqlx::query!(
        "insert into audit_verification (started_at, finished_at, report) values ($1, $2, $3)",
        started_at,
        store.now(),
        Json(&report) as _,
    )
    .execute(store.writer())
    .await?;
    metrics::gauge!("madoguchi_audit_intact").set(if report.intact { 1.0 } else { 0.0 });
    match report.findings.first() {
        None => tracing::info!(audit.events = report.events, "the audit trail is intact"),
        Some(first) => tracing::error!(
            audit.events = report.events,
            audit.finding = %first.detail,
            "the audit trail is broken"
        ),
    }
    Ok(())
}

/// `madoguchi audit verify`: verifies everything, and that it goes on from a head kept in a file, and prints the result.
///
/// Exit code 0: intact; 1: broken, what stands behind `BROKEN` is the first broken row.
///
/// # Errors
/// A sentence for the operator: it could not be verified.
pub async fn cli_verify(
    store: &Store,
    key: &AuditKey,
    against: Option<&Path>,
) -> Result<ExitCode, String> {
    let kept = against.map(read_head).transpose()?;
    let report = verify::everything(store.reader(), key, kept.as_ref())
        .await
        .map_err(|error| format!("the audit trail could not be verified: {}", causes(&error)))?;
    println!("{report}");
    Ok(match report.intact {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn read_head(path: &Path) -> Result<AuditHead, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| {
        format!(
            "{} is no answer of GET /api/v1/audit/head: {error}",
            path.display()
        )
    })
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}
