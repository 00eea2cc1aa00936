//! managers
use utoipa_actix_web::service_config::ServiceConfig;
/// Mounts.
pub fn mount(_config: &mut ServiceConfig) {}
/// Seam.
#[allow(missing_docs)]
pub struct Manager {
    pub active: bool,
}
/// Seam.
pub async fn lock(
    _tx: &mut crate::store::Tx,
    _ids: &[crate::ids::ManagerId],
) -> crate::error::Result<()> {
    Ok(())
}
/// Seam.
pub async fn find_for_offer(
    _db: &mut sqlx::PgConnection,
    _id: crate::ids::ManagerId,
) -> crate::error::Result<Manager> {
    Ok(Manager { active: true })
}
/// Seam.
pub async fn check_offer(
    _db: &mut sqlx::PgConnection,
    _manager: &Manager,
    _enterprise_id: crate::ids::EnterpriseId,
    _now: chrono::DateTime<chrono::Utc>,
) -> crate::error::Result<Vec<String>> {
    Ok(Vec::new())
}
