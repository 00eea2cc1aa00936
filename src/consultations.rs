//! Consultations, sessions (コンサルティング).

use crate::{cases::Case, error::Result, ids::*, store::Tx};
use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the sessions and their reports.
pub fn mount(_config: &mut ServiceConfig) {}

/// Cancels the bookings that have not begun; of one manager, or all.
pub async fn cancel_future(
    _tx: &mut Tx,
    _case: &Case,
    _manager: Option<ManagerId>,
    _reason: &str,
) -> Result<()> {
    Ok(())
}

/// Refuses while a session has begun and nobody recorded how it went.
pub async fn require_recorded(_tx: &mut Tx, _case: &Case) -> Result<()> {
    Ok(())
}

/// Moves used places together at the front; returns how many are used.
pub async fn compact_places(_tx: &mut Tx, _case: &Case) -> Result<i32> {
    Ok(0)
}

/// Moves the used sessions of a case to another; with `origin`, those that were booked for that case.
pub async fn move_sessions(
    _tx: &mut Tx,
    _from: &Case,
    _to: &Case,
    _origin: Option<CaseId>,
) -> Result<Vec<ConsultationId>> {
    Ok(Vec::new())
}
