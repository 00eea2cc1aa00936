//! desks
use utoipa_actix_web::service_config::ServiceConfig;
/// Mounts.
pub fn mount(_config: &mut ServiceConfig) {}
use crate::{error::Result, ids::DeskId};
/// A desk.
pub struct Desk {
    /// Id.
    pub id: DeskId,
}
/// An active desk.
pub async fn find_for_routing(_db: &mut sqlx::PgConnection, id: DeskId) -> Result<Desk> {
    Ok(Desk { id })
}
