//! Who asks: sign-in, tokens, and the middleware that turns a token into an [`Actor`](crate::access::Actor).

use crate::{error::Result, store::Store};
use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts sign-in and tokens.
pub fn mount(_config: &mut ServiceConfig) {}

/// Who may do what, in memory.
#[derive(Default)]
pub struct Directory {}

impl Directory {
    pub(crate) async fn refresh(&self, _store: &Store) -> Result<()> {
        Ok(())
    }
}

/// Configuration.
#[derive(Clone, Default)]
pub struct AuthConfig {}

/// Operations whose POST takes no Idempotency-Key: they are no resources, or their answer is shown once.
pub const WITHOUT_IDEMPOTENCY: &[&str] = &["sign_in", "refresh", "sign_out", "create_api_token"];

/// Middleware: who asks?
pub async fn authenticate(
    request: actix_web::dev::ServiceRequest,
    next: actix_web::middleware::Next<impl actix_web::body::MessageBody>,
) -> std::result::Result<
    actix_web::dev::ServiceResponse<impl actix_web::body::MessageBody>,
    actix_web::Error,
> {
    next.call(request).await
}
