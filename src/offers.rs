//! Offers (打診) and assignments (担当).

use crate::{
    access::Actor,
    cases::Case,
    error::Result,
    store::{Store, Tx},
};
use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts offers and assignments.
pub fn mount(_config: &mut ServiceConfig) {}

/// Ends all live assignments of a case and revokes its open offers.
pub async fn end_all(_tx: &mut Tx, _case: &Case, _reason: &str) -> Result<()> {
    Ok(())
}

/// Expires the offers whose deadline has passed, one transaction each.
pub async fn expire_due(_store: &Store, _system: &Actor) -> Result<()> {
    Ok(())
}
