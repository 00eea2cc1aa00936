//! Reports on sessions (支援実施報告): written by the manager or the desk, approved by the desk or a supervisor.

use super::{Consultation, find, lock};
use crate::{
    access::{Access, permit},
    audit::Event,
    cases::{Case, deadlines},
    error::{Error, Result},
    http::{Answer, Body as RequestBody, Json, Path},
    ids::*,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
    text::{Body, Reason},
};
use actix_web::{get, post, put};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(show_report)
        .service(save_report)
        .service(submit_report)
        .service(return_report)
        .service(approve_report);
}

/// A report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReportView {
    /// The session.
    pub consultation_id: ConsultationId,
    /// `none` before the first draft, then `draft`, `submitted`, `approved`.
    pub state: String,
    /// The situation that was found.
    pub situation: Option<String>,
    /// What was advised.
    pub advice: Option<String>,
    /// What comes next.
    pub next_steps: Option<String>,
    /// What the enterprise took on until the next time.
    pub enterprise_tasks: Option<String>,
    /// How far the enterprise is with telework now.
    pub telework_status: Option<String>,
    /// When it was submitted.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Why it was returned.
    pub return_reason: Option<String>,
    /// When it was approved.
    pub approved_at: Option<DateTime<Utc>>,
    /// Moves with every change; the ETag. 0 before the first draft.
    pub version: i64,
}

/// A draft.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveReportRequest {
    /// The situation that was found.
    pub situation: Body,
    /// What was advised.
    pub advice: Body,
    /// What comes next.
    pub next_steps: Body,
    /// What the enterprise took on until the next time.
    pub enterprise_tasks: Option<Body>,
    /// How far the enterprise is with telework now.
    pub telework_status: Option<TeleworkStatus>,
}

/// Why it goes back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnReportRequest {
    /// What is missing.
    pub reason: Reason,
}

impl RequestBody for SaveReportRequest {}
impl RequestBody for ReturnReportRequest {}

/// The report of a session; before the first draft an empty one of version 0.
async fn load(db: &mut PgConnection, id: ConsultationId) -> Result<ReportView> {
    let report = sqlx::query_as!(
        ReportView,
        r#"
        select consultation_id, state, situation as "situation?", advice as "advice?", next_steps as "next_steps?",
            enterprise_tasks, telework_status, submitted_at, return_reason, approved_at, version
        from report
        where consultation_id = $1
        "#,
        *id
    )
    .fetch_optional(db)
    .await?;
    Ok(report.unwrap_or_else(|| ReportView {
        consultation_id: id,
        state: "none".into(),
        situation: None,
        advice: None,
        next_steps: None,
        enterprise_tasks: None,
        telework_status: None,
        submitted_at: None,
        return_reason: None,
        approved_at: None,
        version: 0,
    }))
}

async fn answer(tx: &mut Tx, id: ConsultationId) -> Result<Answer> {
    let report = load(tx.db(), id).await?;
    Ok(Answer::ok(&report).version(report.version))
}

/// Show the report of a session
#[utoipa::path(
    tag = "consultations",
    operation_id = "show_report",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, description = "The report; empty and of version 0 before the first draft", body = ReportView)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/consultations/{id}/report")]
async fn show_report(
    access: Access<permit::ReadCases>,
    Path(id): Path<ConsultationId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let session = find(&mut db, access.actor(), id).await?;
    let report = load(&mut db, session.id).await?;
    Ok(Answer::ok(&report).version(report.version))
}

/// Save a draft of the report
///
/// From the beginning of the session until the report is submitted.
#[utoipa::path(
    tag = "consultations",
    operation_id = "save_report",
    params(("id" = Uuid, Path, description = "The session")),
    request_body = SaveReportRequest,
    responses((status = 200, description = "The report", body = ReportView)),
    extensions(("x-permission" = json!("write_reports")))
)]
#[put("/consultations/{id}/report")]
async fn save_report(
    access: Access<permit::WriteReports>,
    Path(id): Path<ConsultationId>,
    Json(body): Json<SaveReportRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (case, session) = lock(tx, id).await?;
            let report = load(tx.db(), session.id).await?;
            precondition.require(report.version)?;
            require_reportable(&session, tx.now())?;
            require_state(&report, &["none", "draft"])?;
            sqlx::query!(
                r#"
                insert into report (consultation_id, state, situation, advice, next_steps, enterprise_tasks, telework_status, updated_at)
                values ($1, 'draft', $2, $3, $4, $5, $6, $7)
                on conflict (consultation_id) do update
                set situation = excluded.situation, advice = excluded.advice, next_steps = excluded.next_steps,
                    enterprise_tasks = excluded.enterprise_tasks, telework_status = excluded.telework_status,
                    updated_at = excluded.updated_at
                "#,
                *session.id,
                body.situation.as_str(),
                body.advice.as_str(),
                body.next_steps.as_str(),
                body.enterprise_tasks.as_ref().map(Body::as_str),
                body.telework_status.map(TeleworkStatus::name),
                tx.now(),
            )
            .execute(tx.db())
            .await?;
            tx.record(case.id, Event::ReportSaved { consultation_id: session.id });
            answer(tx, session.id).await
        })
        .await
}

/// A report is about a session that takes or took place.
fn require_reportable(session: &Consultation, now: DateTime<Utc>) -> Result<()> {
    let reportable = session.state == SessionState::Held
        || (session.state == SessionState::Booked && session.has_begun(now));
    match reportable {
        true => Ok(()),
        false => Err(Error::illegal_move(
            "A report is written once the session has begun, and not on one that did not take place.",
        )),
    }
}

fn require_state(report: &ReportView, states: &[&str]) -> Result<()> {
    match states.contains(&report.state.as_str()) {
        true => Ok(()),
        false => Err(Error::illegal_move(format!(
            "The report is in the state {}.",
            report.state
        ))),
    }
}

/// Locks a session with its report for a step.
async fn lock_report(
    tx: &mut Tx,
    id: ConsultationId,
    state: &str,
) -> Result<(Case, Consultation, ReportView)> {
    let (case, session) = lock(tx, id).await?;
    let report = load(tx.db(), session.id).await?;
    require_state(&report, &[state])?;
    Ok((case, session, report))
}

/// Submit a report
///
/// The session must be recorded as held.
#[utoipa::path(
    tag = "consultations",
    operation_id = "submit_report",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, description = "The report", body = ReportView)),
    extensions(("x-permission" = json!("write_reports")))
)]
#[post("/consultations/{id}/report/submit")]
async fn submit_report(
    access: Access<permit::WriteReports>,
    Path(id): Path<ConsultationId>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (case, session, report) = lock_report(tx, id, "draft").await?;
            precondition.check(report.version)?;
            if session.state != SessionState::Held {
                return Err(Error::illegal_move("Record the session as held first."));
            }
            sqlx::query!(
                r#"
                update report
                set state = 'submitted', submitted_at = $2, return_reason = null, updated_at = $2
                where consultation_id = $1
                "#,
                *session.id,
                tx.now(),
            )
            .execute(tx.db())
            .await?;
            deadlines::done(tx, case.id, &[DueKind::Report], Some(*session.id)).await?;
            tx.record(
                case.id,
                Event::ReportSubmitted {
                    consultation_id: session.id,
                },
            );
            answer(tx, session.id).await
        })
        .await
}

/// Return a report to its writer
#[utoipa::path(
    tag = "consultations",
    operation_id = "return_report",
    params(("id" = Uuid, Path, description = "The session")),
    request_body = ReturnReportRequest,
    responses((status = 200, description = "The report", body = ReportView)),
    extensions(("x-permission" = json!("review_reports")))
)]
#[post("/consultations/{id}/report/return")]
async fn return_report(
    access: Access<permit::ReviewReports>,
    Path(id): Path<ConsultationId>,
    Json(body): Json<ReturnReportRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (case, session, report) = lock_report(tx, id, "submitted").await?;
            precondition.check(report.version)?;
            sqlx::query!(
                "update report set state = 'draft', return_reason = $2, updated_at = $3 where consultation_id = $1",
                *session.id,
                body.reason.as_str(),
                tx.now(),
            )
            .execute(tx.db())
            .await?;
            let days = tx.settings().await?.report_days;
            let (kind, now) = (DueKind::Report, tx.now());
            deadlines::start(tx, case.id, kind, *session.id, now, days).await?;
            tx.record(case.id, Event::ReportReturned { consultation_id: session.id });
            answer(tx, session.id).await
        })
        .await
}

/// Approve a report
///
/// It does not change any more; a released manager loses sight of the session.
#[utoipa::path(
    tag = "consultations",
    operation_id = "approve_report",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, description = "The report", body = ReportView)),
    extensions(("x-permission" = json!("review_reports")))
)]
#[post("/consultations/{id}/report/approve")]
async fn approve_report(
    access: Access<permit::ReviewReports>,
    Path(id): Path<ConsultationId>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (case, session, report) = lock_report(tx, id, "submitted").await?;
            precondition.check(report.version)?;
            sqlx::query!(
                "update report set state = 'approved', approved_at = $2, updated_at = $2 where consultation_id = $1",
                *session.id,
                tx.now(),
            )
            .execute(tx.db())
            .await?;
            tx.record(case.id, Event::ReportApproved { consultation_id: session.id });
            answer(tx, session.id).await
        })
        .await
}
