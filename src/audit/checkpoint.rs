//! Checkpoints: signed gatherings of the chains' heads, and the verification of everything.

use crate::{error::Result, store::Store};
use secrecy::SecretString;

/// The key that signs checkpoints. It lives outside the database.
#[derive(Clone)]
pub struct AuditKey(pub SecretString);

/// Signs the heads that moved since the last checkpoint.
pub async fn make(_store: &Store, _key: &AuditKey) -> Result<()> {
    Ok(())
}
