//! How a session ends: held, missed, cancelled, voided. A correction is a void and a late entry.

use super::{Consultation, ConsultationView, lock, view};
use crate::{
    access::{Access, permit},
    audit::Event,
    cases::{Case, deadlines},
    error::{Error, Fields, Result},
    figures::times,
    http::{Answer, Body, Json, Path, Precondition},
    ids::*,
    messages::invitation::{self, News},
    programme::*,
    public_links,
    routes::ServiceConfig,
    store::Tx,
    text::{Name, Reason},
};
use actix_web::post;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(cancel_consultation)
        .service(miss_consultation)
        .service(hold_consultation)
        .service(void_consultation);
}

/// Why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {
    /// In one's own words.
    pub reason: Reason,
}

/// Through whose fault.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoShowRequest {
    /// Only the enterprise's fault uses the session.
    pub by: NoShowBy,
    /// What happened.
    pub reason: Option<Reason>,
}

/// How it really was.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// When it really began; the check-in where absent.
    pub started_at: Option<DateTime<Utc>>,
    /// When it really ended; the check-out where absent.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it was given.
    pub mode: Mode,
    /// Who took part for the enterprise.
    pub attendees: Vec<Name>,
    /// Whether the desk took part.
    pub desk_attended: bool,
}

impl Body for CancelRequest {}
impl Body for NoShowRequest {}
impl Body for HoldRequest {
    fn check(&self, fields: &mut Fields) {
        if let (Some(started_at), Some(ended_at)) = (self.started_at, self.ended_at) {
            check_held(started_at, ended_at, fields);
        }
        fields.require(self.attendees.len() <= 50, "/attendees", "at most 50");
    }
}

fn check_held(started_at: DateTime<Utc>, ended_at: DateTime<Utc>, fields: &mut Fields) {
    fields.require(
        ended_at > started_at,
        "/ended_at",
        "must be after started_at",
    );
    fields.require(
        ended_at - started_at <= TimeDelta::hours(24),
        "/ended_at",
        "must be at most 24 hours after started_at",
    );
}

impl HoldRequest {
    /// From when to when, with what was tapped at the visit where nobody says.
    fn times(&self, session: &Consultation) -> Result<(DateTime<Utc>, DateTime<Utc>)> {
        let mut fields = Fields::default();
        let started_at = self.started_at.or(session.checked_in_at);
        let ended_at = self.ended_at.or(session.checked_out_at);
        fields.require(
            started_at.is_some(),
            "/started_at",
            "is missing: nobody has checked in",
        );
        fields.require(
            ended_at.is_some(),
            "/ended_at",
            "is missing: nobody has checked out",
        );
        match (started_at, ended_at) {
            (Some(started_at), Some(ended_at)) => {
                check_held(started_at, ended_at, &mut fields);
                fields.finish()?;
                Ok((started_at, ended_at))
            }
            _ => Err(fields.finish().expect_err("one of them is missing")),
        }
    }
}

/// Locks a session that is booked, and tells apart whether it has begun.
async fn lock_booked(
    tx: &mut Tx,
    id: ConsultationId,
    precondition: Precondition,
    begun: bool,
) -> Result<(Case, Consultation)> {
    let (case, session) = lock(tx, id).await?;
    precondition.check(session.version)?;
    if session.state != SessionState::Booked {
        return Err(Error::illegal_move(format!(
            "The session is {} already.",
            session.state.name()
        )));
    }
    match (begun, session.has_begun(tx.now())) {
        (true, false) => Err(Error::illegal_move(
            "The session has not begun: it can be moved or cancelled.",
        )),
        (false, true) => Err(Error::illegal_move(
            "The session has begun: record it as held or as missed.",
        )),
        _ => Ok((case, session)),
    }
}

async fn answer(tx: &mut Tx, id: ConsultationId) -> Result<Answer> {
    match view::show_changed(tx, id).await {
        Ok(view) => Ok(Answer::ok(&view).version(view.version)),
        // A manager who was released loses sight of a session that is over.
        Err(Error::Problem(_)) => Ok(Answer::no_content()),
        Err(other) => Err(other),
    }
}

/// Cancel a session
///
/// Only before it begins; it gives its place back.
#[utoipa::path(
    tag = "consultations",
    operation_id = "cancel_consultation",
    params(("id" = Uuid, Path, description = "The session")),
    request_body = CancelRequest,
    responses((status = 200, description = "The session", body = ConsultationView)),
    extensions(("x-permission" = json!("book_consultations")))
)]
#[post("/consultations/{id}/cancel")]
async fn cancel_consultation(
    access: Access<permit::BookConsultations>,
    Path(id): Path<ConsultationId>,
    Json(body): Json<CancelRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (case, session) = lock_booked(tx, id, precondition, false).await?;
            sqlx::query!(
                r#"
                update consultation
                set state = 'cancelled', live = false, session_place = null, settled_at = $2, settle_reason = $3,
                    sequence = sequence + 1, updated_at = $2
                where id = $1
                "#,
                *session.id,
                tx.now(),
                body.reason.as_str(),
            )
            .execute(tx.db())
            .await?;
            let by = tx.actor().role.map_or("system", |role| role.name());
            tx.record(case.id, Event::ConsultationCancelled { consultation_id: session.id, by: by.into() });
            invitation::tell(tx, &case, session.id, News::Cancelled).await?;
            answer(tx, session.id).await
        })
        .await
}

/// Record that a session did not take place
///
/// Through the enterprise's fault it stays used; otherwise its place is given back.
#[utoipa::path(
    tag = "consultations",
    operation_id = "miss_consultation",
    params(("id" = Uuid, Path, description = "The session")),
    request_body = NoShowRequest,
    responses(
        (status = 200, description = "The session", body = ConsultationView),
        (status = 204, description = "Recorded; a released manager does not see it any more"),
    ),
    extensions(("x-permission" = json!("book_consultations")))
)]
#[post("/consultations/{id}/no-show")]
async fn miss_consultation(
    access: Access<permit::BookConsultations>,
    Path(id): Path<ConsultationId>,
    Json(body): Json<NoShowRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (case, session) = lock_booked(tx, id, precondition, true).await?;
            let used = body.by == NoShowBy::Enterprise;
            sqlx::query!(
                r#"
                update consultation
                set state = 'no_show', no_show_by = $2, live = $3, session_place = case when $3 then session_place end,
                    settled_at = $4, settle_reason = $5, updated_at = $4
                where id = $1
                "#,
                *session.id,
                body.by.name(),
                used,
                tx.now(),
                body.reason.as_ref().map(Reason::as_str),
            )
            .execute(tx.db())
            .await?;
            tx.record(case.id, Event::ConsultationMissed { consultation_id: session.id, by: body.by.name().into() });
            answer(tx, session.id).await
        })
        .await
}

/// Record that a session was held
///
/// Only after it has begun. The report is due from now. After a visit the times may be left out: they are those of check-in
/// and check-out.
#[utoipa::path(
    tag = "consultations",
    operation_id = "hold_consultation",
    params(("id" = Uuid, Path, description = "The session")),
    request_body = HoldRequest,
    responses((status = 200, description = "The session", body = ConsultationView)),
    extensions(("x-permission" = json!("book_consultations")))
)]
#[post("/consultations/{id}/hold")]
async fn hold_consultation(
    access: Access<permit::BookConsultations>,
    Path(id): Path<ConsultationId>,
    Json(body): Json<HoldRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (case, session) = lock_booked(tx, id, precondition, true).await?;
            let (started_at, ended_at) = body.times(&session)?;
            if ended_at > tx.now() {
                return Err(Error::invalid("/ended_at", "must not lie in the future"));
            }
            let attendees: Vec<String> = body.attendees.iter().map(|name| name.as_str().to_owned()).collect();
            sqlx::query!(
                r#"
                update consultation
                set state = 'held', held_from = $2, held_until = $3, mode = $4, attendees = $5, desk_attended = $6,
                    settled_at = $7, updated_at = $7
                where id = $1
                "#,
                *session.id,
                started_at,
                ended_at,
                body.mode.name(),
                &attendees,
                body.desk_attended,
                tx.now(),
            )
            .execute(tx.db())
            .await?;
            tx.record(
                case.id,
                Event::ConsultationHeld {
                    consultation_id: session.id,
                    started_at,
                    ended_at,
                },
            );
            times::sessions_changed(tx, case.id).await?;
            let days = tx.settings().await?.report_days;
            let (kind, now) = (DueKind::Report, tx.now());
            deadlines::start(tx, case.id, kind, *session.id, now, days).await?;
            answer(tx, session.id).await
        })
        .await
}

/// Void a session that was recorded wrongly
///
/// It gives its place back and stays on record; the right entry is booked anew with a `late_reason`.
#[utoipa::path(
    tag = "consultations",
    operation_id = "void_consultation",
    params(("id" = Uuid, Path, description = "The session")),
    request_body = CancelRequest,
    responses((status = 200, description = "The session", body = ConsultationView)),
    extensions(("x-permission" = json!("void_consultations")))
)]
#[post("/consultations/{id}/void")]
async fn void_consultation(
    access: Access<permit::VoidConsultations>,
    Path(id): Path<ConsultationId>,
    Json(body): Json<CancelRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (case, session) = lock(tx, id).await?;
            precondition.check(session.version)?;
            if !matches!(session.state, SessionState::Held | SessionState::NoShow) {
                return Err(Error::illegal_move(format!("A session that is {} cannot be voided.", session.state.name())));
            }
            sqlx::query!(
                r#"
                update consultation
                set state = 'voided', live = false, session_place = null, voided_at = $2, void_reason = $3, updated_at = $2
                where id = $1
                "#,
                *session.id,
                tx.now(),
                body.reason.as_str(),
            )
            .execute(tx.db())
            .await?;
            times::sessions_changed(tx, case.id).await?;
            deadlines::cancel(tx, case.id, &[DueKind::Report], Some(*session.id)).await?;
            tx.record(case.id, Event::ConsultationVoided { consultation_id: session.id });
            answer(tx, session.id).await
        })
        .await
}

/// Cancels the bookings that have not begun, of one manager or all, in a case that the caller has locked.
pub async fn cancel_future(
    tx: &mut Tx,
    case: &Case,
    manager: Option<ManagerId>,
    reason: &str,
) -> Result<()> {
    let cancelled = sqlx::query_scalar!(
        r#"
        update consultation s
        set state = 'cancelled', live = false, session_place = null, settled_at = $2, settle_reason = $3,
            sequence = sequence + 1, updated_at = $2
        where s.case_id = $1 and s.state = 'booked' and s.starts_at > $2
        and ($4::uuid is null or exists (
            select 1 from consultation_manager cm where cm.consultation_id = s.id and cm.manager_id = $4
        ))
        returning s.id
        "#,
        *case.id,
        tx.now(),
        reason,
        manager.map(|id| *id),
    )
    .fetch_all(tx.db())
    .await?;
    for consultation_id in cancelled {
        tx.record(
            case.id,
            Event::ConsultationCancelled {
                consultation_id,
                by: "arrangement".into(),
            },
        );
        invitation::tell(tx, case, consultation_id, News::Cancelled).await?;
    }
    // What was offered with them can no longer be chosen.
    public_links::dates::revoke_of(tx, case, manager).await
}

/// Refuses while a session has begun and nobody recorded how it went: it would keep a place for ever.
///
/// # Errors
/// 409 `illegal-move`.
pub async fn require_recorded(tx: &mut Tx, case: &Case) -> Result<()> {
    let open = sqlx::query_scalar!(
        r#"
        select count(*) as "open!"
        from consultation
        where case_id = $1 and state = 'booked' and starts_at <= $2
        "#,
        *case.id,
        tx.now(),
    )
    .fetch_one(tx.db())
    .await?;
    if open > 0 {
        return Err(Error::illegal_move(
            "A session has begun and is not recorded: enter first whether it was held.",
        ));
    }
    Ok(())
}
