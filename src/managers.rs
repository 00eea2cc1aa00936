//! managers
use utoipa_actix_web::service_config::ServiceConfig;
/// Mounts.
pub fn mount(_config: &mut ServiceConfig) {}
