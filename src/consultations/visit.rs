//! Check-in and check-out at a visit (訪問): two taps on a phone, from which the session is recorded as held.
//!
//! Only for visits: online and by phone there is no arriving. Only times are kept, no position: what a visit has to prove
//! is the enterprise's signature on the report, and where a person's phone is, is nobody's business. A phone without a
//! line taps with the time of the tap and sends it later, on the same day; what is older is entered with `hold`, whose
//! times count anyway.

use super::{Consultation, ConsultationView, lock, view};
use crate::{
    access::{Access, Actor, permit},
    audit::Event,
    error::{Error, Result},
    http::{Answer, Body, Json, Path},
    ids::*,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
};
use actix_web::post;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(check_in).service(check_out);
}

/// How long before and after its booked time a visit may begin (`consultation_check_in`).
pub(super) const NEAR: TimeDelta = TimeDelta::hours(2);

/// How late a tap may arrive, and how long a visit may take.
const A_DAY: TimeDelta = TimeDelta::hours(24);

/// How much the clock of a phone may be ahead of ours.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(2);

/// A tap.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TapRequest {
    /// When it was, for a phone that had no line: at most 24 hours ago; now where absent.
    pub at: Option<DateTime<Utc>>,
    /// Whether it corrects what was tapped before. Without it the first tap stays, and a second one changes nothing.
    pub replace: bool,
}

impl Body for TapRequest {}

/// The two taps.
#[derive(Clone, Copy, PartialEq)]
enum Tap {
    In,
    Out,
}

/// Check in at a visit
///
/// By a manager of the session, or by the desk for them, from two hours before until two hours after the booked time.
#[utoipa::path(
    tag = "consultations",
    operation_id = "check_in",
    params(("id" = Uuid, Path, description = "The session")),
    request_body = TapRequest,
    responses((status = 200, description = "The session", body = ConsultationView)),
    extensions(("x-permission" = json!("book_consultations")))
)]
#[post("/consultations/{id}/check-in")]
async fn check_in(
    access: Access<permit::BookConsultations>,
    Path(id): Path<ConsultationId>,
    Json(body): Json<TapRequest>,
) -> Result<Answer> {
    tap(&access, id, Tap::In, &body).await
}

/// Check out of a visit
///
/// After checking in, within 24 hours of it.
#[utoipa::path(
    tag = "consultations",
    operation_id = "check_out",
    params(("id" = Uuid, Path, description = "The session")),
    request_body = TapRequest,
    responses((status = 200, description = "The session", body = ConsultationView)),
    extensions(("x-permission" = json!("book_consultations")))
)]
#[post("/consultations/{id}/check-out")]
async fn check_out(
    access: Access<permit::BookConsultations>,
    Path(id): Path<ConsultationId>,
    Json(body): Json<TapRequest>,
) -> Result<Answer> {
    tap(&access, id, Tap::Out, &body).await
}

async fn tap(
    access: &Access<permit::BookConsultations>,
    id: ConsultationId,
    tap: Tap,
    body: &TapRequest,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let (_, session) = lock(tx, id).await?;
            precondition.check(session.version)?;
            require_theirs(tx, &session).await?;
            require_visit(&session)?;
            let before = match tap {
                Tap::In => session.checked_in_at,
                Tap::Out => session.checked_out_at,
            };
            let at = tap_time(tx, body)?;
            if before.is_some_and(|before| !body.replace || before == at) {
                tx.unchanged();
            } else {
                require_order(&session, tap, at)?;
                keep(tx, &session, tap, at).await?;
            }
            let view = view::show_changed(tx, id).await?;
            Ok(Answer::ok(&view).version(view.version))
        })
        .await
}

/// A manager taps for the sessions they give, not for those of the case's other line.
async fn require_theirs(tx: &mut Tx, session: &Consultation) -> Result<()> {
    let Some(manager) = tx.actor().manager() else {
        return Ok(());
    };
    let gives = sqlx::query_scalar!(
        r#"
        select exists (
            select 1 from consultation_manager where consultation_id = $1 and manager_id = $2
        ) as "gives!"
        "#,
        *session.id,
        *manager,
    )
    .fetch_one(tx.db())
    .await?;
    match gives {
        true => Ok(()),
        false => Err(Error::forbidden("Another manager gives this session.")),
    }
}

fn require_visit(session: &Consultation) -> Result<()> {
    if session.state != SessionState::Booked {
        return Err(Error::illegal_move(format!(
            "The session is {} already.",
            session.state.name()
        )));
    }
    if session.mode != Mode::Visit {
        return Err(Error::illegal_move(
            "Only at a visit does somebody check in or out.",
        ));
    }
    Ok(())
}

/// When the tap was.
fn tap_time(tx: &Tx, body: &TapRequest) -> Result<DateTime<Utc>> {
    let now = tx.now();
    let at = body.at.unwrap_or(now);
    if at > now + CLOCKS_DIFFER {
        return Err(Error::invalid("/at", "must not lie in the future"));
    }
    if at < now - A_DAY {
        return Err(Error::invalid(
            "/at",
            "is more than 24 hours ago: record the session as held, with its times",
        ));
    }
    // In whole microseconds, as it is kept and compared.
    let at = DateTime::from_timestamp_micros(at.min(now).timestamp_micros());
    Ok(at.expect("a time of the last day"))
}

/// Near the booked time, and out after in.
fn require_order(session: &Consultation, tap: Tap, at: DateTime<Utc>) -> Result<()> {
    let (from, to) = (session.starts_at - NEAR, session.ends_at + NEAR);
    match (tap, session.checked_in_at, session.checked_out_at) {
        (Tap::In, ..) if at < from || at > to => Err(Error::invalid(
            "/at",
            "must be at most two hours before or after the booked time",
        )),
        (Tap::In, _, Some(out)) if !(at < out && out - at <= A_DAY) => Err(Error::invalid(
            "/at",
            "must be before the check-out, by at most 24 hours",
        )),
        (Tap::Out, None, _) => Err(Error::illegal_move("Nobody has checked in yet.")),
        (Tap::Out, Some(arrived), _) if !(at > arrived && at - arrived <= A_DAY) => Err(
            Error::invalid("/at", "must be after the check-in, by at most 24 hours"),
        ),
        _ => Ok(()),
    }
}

async fn keep(tx: &mut Tx, session: &Consultation, tap: Tap, at: DateTime<Utc>) -> Result<()> {
    let by = tapper(tx.actor())?;
    let (consultation_id, now) = (session.id, tx.now());
    match tap {
        Tap::In => sqlx::query!(
            "update consultation set checked_in_at = $2, checked_in_by = $3, updated_at = $4 where id = $1",
            *consultation_id,
            at,
            *by,
            now,
        ),
        Tap::Out => sqlx::query!(
            "update consultation set checked_out_at = $2, checked_out_by = $3, updated_at = $4 where id = $1",
            *consultation_id,
            at,
            *by,
            now,
        ),
    }
    .execute(tx.db())
    .await?;
    let event = match tap {
        Tap::In => Event::ConsultationCheckedIn {
            consultation_id,
            at,
        },
        Tap::Out => Event::ConsultationCheckedOut {
            consultation_id,
            at,
        },
    };
    tx.record(session.case_id, event);
    Ok(())
}

fn tapper(actor: &Actor) -> Result<UserId> {
    actor
        .user_id
        .ok_or_else(|| Error::Internal("only people and their tokens check in".into()))
}
