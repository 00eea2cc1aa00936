//! Files of cases and of mails.
//!
//! Owns `attachment` and `blob`.

use crate::{blobs::Digest, error::Result, ids::*, store::Tx};
use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the slice.
pub fn mount(_config: &mut ServiceConfig) {}

/// A file whose bytes are kept already ([`crate::blobs::Blobs::put`]).
pub struct NewFile<'a> {
    /// Of its bytes.
    pub sha256: Digest,
    /// In bytes.
    pub size: u64,
    /// As it is shown.
    pub filename: &'a str,
    /// `type/subtype`.
    pub content_type: &'a str,
    /// Locked with a password (PPAP).
    pub is_encrypted: bool,
    /// Shown inside the mail's HTML.
    pub is_inline: bool,
}

/// Keeps the files of a mail; the second run for the same mail replaces those of the first.
///
/// # Errors
/// The database.
pub async fn keep_of_mail(
    _tx: &mut Tx,
    _mail_id: MailId,
    _case_id: Option<CaseId>,
    _files: &[NewFile<'_>],
) -> Result<Vec<AttachmentId>> {
    Ok(Vec::new())
}

/// The mail was placed, or placed elsewhere: its files go with it.
///
/// # Errors
/// The database.
pub async fn move_with_mail(
    _tx: &mut Tx,
    _mail_id: MailId,
    _case_id: Option<CaseId>,
) -> Result<()> {
    Ok(())
}
