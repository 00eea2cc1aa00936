//! Mail that comes in.
//!
//! Owns `mailbox`, `inbound_mail`, `inbound_raw` and `mail_sender`.

pub mod place;
pub mod receive;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the slice.
pub fn mount(_config: &mut ServiceConfig) {}
