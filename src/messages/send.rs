//! Sending.

use crate::{access::Actor, error::Result, ids::MessageId, mail::smtp::Mailer, store::Store};

/// Sends a message.
pub async fn run(_: &Store, _: &Actor, _: &Mailer, _: MessageId) -> Result<()> {
    Ok(())
}

/// Takes up what was left.
pub async fn sweep(_: &Store, _: &Actor) -> Result<()> {
    Ok(())
}
