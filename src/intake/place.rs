//! Understanding a mail and placing it.

use crate::{access::Actor, error::Result, ids::MailId, store::Store};

/// Places a mail.
pub async fn run(_store: &Store, _actor: &Actor, _mail_id: MailId) -> Result<()> {
    Ok(())
}
