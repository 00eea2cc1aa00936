//! The answer to a first mail: we have it, this is its number, and by when we answer.

use crate::{cases::Case, error::Result, ids::*, store::Tx, text::EmailAddress};

/// A mail that opened a case.
pub struct FirstMail<'a> {
    /// To which mailbox it came.
    pub mailbox_id: Option<MailboxId>,
    /// Who wrote.
    pub address: &'a EmailAddress,
    /// The name beside the address.
    pub name: Option<&'a str>,
    /// Its subject.
    pub subject: &'a str,
    /// Its Message-ID, without brackets.
    pub message_id: Option<&'a str>,
    /// The Message-IDs it refers to.
    pub references: &'a [String],
}

/// Acknowledges a mail, unless the office switched that off or a limit is reached. The caller has judged that the mail
/// may be answered by a program at all.
///
/// # Errors
/// The database.
pub async fn acknowledge(
    _tx: &mut Tx,
    _case: &Case,
    _mail: &FirstMail<'_>,
) -> Result<Option<MessageId>> {
    Ok(None)
}
