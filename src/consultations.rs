//! Consultations, sessions (コンサルティング): at most N free ones per case, in ordered stages, reported and approved.
//!
//! Owns `consultation`, `consultation_manager` and `report`. Keeps rules 1 (at most N), 2 (stages never run backwards)
//! and 3 (nobody in two consultations at once). PostgreSQL judges all three; what is asked beforehand here, under the
//! lock of the case and then of the managers, is for a good message. A place (1 to N) is what a session uses; it is
//! null exactly when the session is given back.

mod booking;
mod places;
mod reports;
mod settle;
mod steps;
mod view;
mod visit;

use crate::{
    access::Actor,
    cases::{self, Case},
    error::{Error, OnConstraint, ProblemType, Result},
    ids::*,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
};
pub use booking::{BookRequest, book, check_offered};
use chrono::{DateTime, Utc};
pub use places::{compact_places, move_sessions};
pub use settle::{cancel_future, require_recorded};
use sqlx::{FromRow, PgConnection, QueryBuilder};
pub(crate) use view::push_view;
pub use view::{ConsultationFilter, ConsultationView, own_sessions, show};

/// Mounts the sessions and their reports.
pub fn mount(config: &mut ServiceConfig) {
    config
        .configure(booking::mount)
        .configure(settle::mount)
        .configure(view::mount)
        .configure(visit::mount)
        .configure(crate::messages::invitation::mount)
        .configure(reports::mount);
}

/// A session as decisions need it.
#[derive(Clone, Debug, FromRow)]
#[allow(missing_docs, reason = "the columns of consultation, commented there")]
pub struct Consultation {
    pub id: ConsultationId,
    pub case_id: CaseId,
    pub state: SessionState,
    pub stage: Stage,
    pub mode: Mode,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub checked_in_at: Option<DateTime<Utc>>,
    pub checked_out_at: Option<DateTime<Utc>>,
    pub version: i64,
}

impl Consultation {
    /// A session that has begun is neither rescheduled nor cancelled; one that has not begun is neither held nor missed.
    fn has_begun(&self, now: DateTime<Utc>) -> bool {
        now >= self.starts_at
    }
}

/// Loads a session in the actor's view.
async fn find(db: &mut PgConnection, actor: &Actor, id: ConsultationId) -> Result<Consultation> {
    let mut query = QueryBuilder::new(
        r#"
        select s.id, s.case_id, s.state, s.stage, s.mode, s.starts_at, s.ends_at, s.checked_in_at, s.checked_out_at, s.version
        from consultation s
        join case_file c on c.id = s.case_id
        where s.id = "#,
    );
    query.push_bind(id).push(" and ");
    view::push_view(&mut query, actor);
    query
        .build_query_as()
        .fetch_optional(db)
        .await?
        .ok_or_else(Error::not_found)
}

/// Locks a session's case, then the session, then loads both as they are after the wait.
async fn lock(tx: &mut Tx, id: ConsultationId) -> Result<(Case, Consultation)> {
    let case_id = sqlx::query_scalar!("select case_id from consultation where id = $1", *id)
        .fetch_optional(tx.db())
        .await?
        .ok_or_else(Error::not_found)?;
    sqlx::query!(
        "select id from case_file where id = $1 for no key update",
        *case_id
    )
    .fetch_one(tx.db())
    .await?;
    sqlx::query!(
        "select id from consultation where id = $1 for no key update",
        *id
    )
    .fetch_one(tx.db())
    .await?;
    let actor = tx.actor().clone();
    let consultation = find(tx.db(), &actor, id).await?;
    if consultation.case_id != case_id {
        return Err(Error::conflict(
            "The session was moved by a merge just now. Read it again.",
        ));
    }
    // A manager keeps the session after release, when the case itself is out of view.
    let case = cases::find(tx.db(), &Actor::system(), case_id).await?;
    Ok((case, consultation))
}

/// Has the database judge the order of the stages now, while the answer can still be a good one.
async fn check_stages(tx: &mut Tx) -> Result<()> {
    sqlx::query!("set constraints consultation_stage_order immediate")
        .execute(tx.db())
        .await
        .on_constraint("consultation_stage_order", || {
            Error::problem(
                ProblemType::StageOrder,
                "The stages of support would run backwards in the order of the sessions' times.",
            )
        })?;
    sqlx::query!("set constraints consultation_stage_order deferred")
        .execute(tx.db())
        .await?;
    Ok(())
}

/// The answers to a statement that writes times into calendars.
trait OnDoubleBooking<T> {
    fn on_double_booking(self) -> Result<T>;
}

impl<T, E: Into<Error>> OnDoubleBooking<T> for Result<T, E> {
    fn on_double_booking(self) -> Result<T> {
        self.on_constraint("consultation_manager_double_booked", || {
            Error::problem(
                ProblemType::ManagerDoubleBooked,
                "A manager of this session has another consultation at that time.",
            )
        })
        .on_constraint("consultation_case_double_booked", || {
            Error::problem(
                ProblemType::CaseDoubleBooked,
                "The case has another consultation at that time.",
            )
        })
    }
}
