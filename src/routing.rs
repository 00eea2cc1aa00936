//! Which desk is responsible: proposals with their reasons.

use crate::{cases::Case, error::Result, ids::DeskId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A desk that may be responsible.
pub struct DeskProposal {
    /// The desk.
    pub desk_id: DeskId,
    /// Why, in words.
    pub reasons: Vec<String>,
}

/// The desks that cover the site, best first.
pub async fn propose(
    _db: &mut PgConnection,
    _case: &Case,
    _now: DateTime<Utc>,
) -> Result<Vec<DeskProposal>> {
    Ok(Vec::new())
}
