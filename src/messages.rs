//! Mail that goes out: the outbox.
//!
//! Owns `message`, `message_step`, `message_attempt` and `message_attachment`.

pub mod acknowledge;
pub mod invitation;
pub mod notice;
pub mod send;
pub mod sender;

use crate::{cases::Case, error::Result, ids::*, programme::*, store::Tx, text::EmailAddress};
use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the slice.
pub fn mount(_config: &mut ServiceConfig) {}

/// A message to be written.
pub struct Draft<'a> {
    /// Of which case.
    pub case: Option<&'a Case>,
    /// What it is.
    pub kind: MessageKind,
    /// From which mailbox; the owner's (the case's desk, else the help center) where absent.
    pub mailbox_id: Option<MailboxId>,
    /// To whom.
    pub to: &'a EmailAddress,
    /// The name beside the address.
    pub to_name: Option<&'a str>,
    /// Which contact of the case that is.
    pub contact_id: Option<ContactId>,
    /// One line.
    pub subject: &'a str,
    /// Plain text.
    pub body: &'a str,
    /// An iCalendar part.
    pub calendar: Option<&'a str>,
    /// The Message-ID it answers, without brackets.
    pub in_reply_to: Option<&'a str>,
    /// Message-IDs before it, oldest first, without brackets.
    pub references: &'a [String],
    /// Files that go with it; of the same case.
    pub attachments: &'a [AttachmentId],
    /// Whether its writer may take it back for a while.
    pub is_held: bool,
}

/// Writes a message into the outbox. It leaves after this transaction has committed, or never.
///
/// # Errors
/// The database.
pub async fn write(_tx: &mut Tx, _draft: &Draft<'_>) -> Result<MessageId> {
    Ok(MessageId::new())
}

/// A delivery report came for a message: the owner of the case is told when it failed.
///
/// # Errors
/// The database.
pub async fn reported(
    _tx: &mut Tx,
    _message_id: MessageId,
    _mail_id: MailId,
    _delivery: Delivery,
    _detail: &str,
) -> Result<()> {
    Ok(())
}
