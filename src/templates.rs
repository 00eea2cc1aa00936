//! To be written.

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the slice.
pub fn mount(_config: &mut ServiceConfig) {}
