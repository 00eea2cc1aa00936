//! enterprises
use crate::{
    error::{Fields, Result},
    ids::EnterpriseId,
    programme::EnterpriseKind,
    store::Tx,
};
use utoipa_actix_web::service_config::ServiceConfig;
/// Mounts.
pub fn mount(_config: &mut ServiceConfig) {}
/// Input.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[allow(missing_docs)]
pub struct EnterpriseInput {
    pub kind: Option<EnterpriseKind>,
}
impl EnterpriseInput {
    /// Checks.
    pub fn check(&self, _pointer: &str, _fields: &mut Fields) {}
}
/// Resolved.
#[allow(missing_docs)]
pub struct Resolved {
    pub id: EnterpriseId,
    pub created: bool,
}
/// Resolve.
pub async fn resolve(_tx: &mut Tx, _input: &EnterpriseInput) -> Result<Resolved> {
    Ok(Resolved {
        id: EnterpriseId::new(),
        created: true,
    })
}
/// Lock.
pub async fn lock(_tx: &mut Tx, _id: EnterpriseId) -> Result<()> {
    Ok(())
}
/// Similar.
pub async fn similar(_db: &mut sqlx::PgConnection, _id: EnterpriseId) -> Result<Vec<EnterpriseId>> {
    Ok(Vec::new())
}
