//! Reading mail: whatever arrives becomes something readable, or says that it cannot be.
//!
//! Pure: bytes in, values out, no clock, no network, no database, so that it can be fuzzed.

use crate::programme::MailKind;
use chrono::{DateTime, Utc};

/// What SMTP or the provider said beside the message.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// SMTP's sender: `None` where nobody told, empty for the null sender.
    pub from: Option<String>,
    /// SMTP's recipients.
    pub to: Vec<String>,
}

/// An address with the name beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "names say it")]
pub struct Address {
    pub address: String,
    pub name: Option<String>,
}

/// A mail, read.
#[derive(Clone, Debug)]
pub struct ParsedMail {
    /// Without brackets.
    pub message_id: Option<String>,
    /// Message-IDs without brackets.
    pub in_reply_to: Vec<String>,
    /// Message-IDs without brackets, oldest first.
    pub references: Vec<String>,
    /// Who wrote it.
    pub from: Option<Address>,
    /// Where they want the answer.
    pub reply_to: Option<Address>,
    /// To whom; To, Cc and Delivered-To.
    pub recipients: Vec<Address>,
    /// Decoded, without control characters; empty where there is none.
    pub subject: String,
    /// The Date header.
    pub sent_at: Option<DateTime<Utc>>,
    /// Everything readable, as text.
    pub text: String,
    /// What is new in it: without the quoted mails before it.
    pub reply_text: String,
    /// The HTML part, cleaned: no scripts, forms or remote images.
    pub html: Option<String>,
    /// Files.
    pub attachments: Vec<ParsedAttachment>,
    /// What it is.
    pub kind: MailKind,
    /// Nobody answers it automatically (RFC 3834, lists, null sender, no-reply addresses).
    pub must_not_answer: bool,
    /// What a delivery report says.
    pub report: Option<DeliveryReport>,
    /// What was odd, in words for staff.
    pub warnings: Vec<String>,
}

/// A file in a mail.
#[derive(Clone, Debug)]
pub struct ParsedAttachment {
    /// Decoded, without path and control characters; never empty.
    pub filename: String,
    /// `type/subtype` in small letters.
    pub content_type: String,
    /// Decoded.
    pub bytes: Vec<u8>,
    /// Shown inside the HTML.
    pub is_inline: bool,
    /// Locked with a password (PPAP).
    pub is_encrypted: bool,
}

/// What a delivery report says (RFC 3464, or in a mail system's own words).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Enhanced status code, as in `5.1.1`; empty where none is told.
    pub status: String,
    /// In the reporting system's words.
    pub diagnostic: String,
    /// Whom it did not reach.
    pub failed_recipients: Vec<String>,
    /// Message-IDs of the mail it is about, without brackets.
    pub original_message_ids: Vec<String>,
}

/// The mail is more than we read: it is kept, and a person looks at it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TooMuch(pub &'static str);

/// Reads a mail.
///
/// # Errors
/// [`TooMuch`] where a limit on nesting, parts, headers or decoded size is passed.
pub fn parse(_raw: &[u8], _envelope: &Envelope) -> Result<ParsedMail, TooMuch> {
    Err(TooMuch("not written yet"))
}
