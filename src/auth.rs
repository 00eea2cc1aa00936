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
