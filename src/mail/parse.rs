//! Reading mail: whatever arrives becomes something readable, or says that it cannot be.
//!
//! Pure: bytes in, values out, no clock, no network, no database, so that it can be fuzzed. It never panics, takes time
//! in proportion to the mail's size, and what it returns is bounded ([`limits`]). The bytes themselves are kept by
//! others; nothing here is the last chance to read something.
//!
//! [`mime`] and [`header`] find the parts, [`charset`], [`words`], [`params`] and [`address`] decode what stands in them,
//! [`body`], [`html`], [`files`] and [`quote`] make text and files, [`classify`] and [`report`] say what kind of mail it
//! is and what a delivery report tells.

mod address;
mod body;
mod charset;
mod classify;
mod files;
mod header;
mod html;
mod limits;
mod mime;
mod params;
mod quote;
mod report;
#[cfg(test)]
mod tests;
mod words;

use crate::programme::MailKind;
use body::Body;
use chrono::{DateTime, Utc};
use encoding_rs::Encoding;
pub use files::is_encrypted;
use header::Header;
use limits::{Budget, MAX_ADDRESSES, MAX_REFERENCES, MAX_SUBJECT, MAX_TEXT, cut, cut_chars};
use mime::Part;
use std::borrow::Cow;

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
    /// What a delivery report says; for a complaint or a receipt (`arf`, `mdn`) the mail that it is about.
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
pub fn parse(raw: &[u8], envelope: &Envelope) -> Result<ParsedMail, TooMuch> {
    let raw = with_line_feeds(raw);
    let mut budget = Budget::new();
    let root = Part::read(&raw, &mut budget)?;
    let mut body = Body::read(&root, &mut budget)?;
    let hint = body.encoding;
    let text = body.text(&mut budget);
    let html = body.html();
    let header = &root.header;
    let subject = header
        .get("subject")
        .map(|value| words::unstructured(value, hint))
        .unwrap_or_default();
    let from = sender(header, envelope, hint);
    let facts = classify::Facts {
        root: &root,
        envelope,
        from: from.as_ref(),
        subject: &subject,
        text: &text,
    };
    let (kind, report) = classify::kind(&facts, &mut budget)?;
    let must_not_answer = classify::must_not_answer(&facts, kind);
    Ok(ParsedMail {
        message_id: header
            .get("message-id")
            .and_then(|value| address::message_ids(value).into_iter().next()),
        in_reply_to: message_ids(header, "in-reply-to"),
        references: message_ids(header, "references"),
        reply_to: header
            .get("reply-to")
            .and_then(|value| address::first(value, hint)),
        recipients: recipients(header, hint),
        subject: cut_chars(&subject, MAX_SUBJECT).to_owned(),
        sent_at: header.get("date").and_then(date),
        reply_text: quote::reply(&text),
        html,
        kind,
        must_not_answer,
        report,
        text: with_inside(text, &body.inside),
        warnings: body.warnings(),
        attachments: body.attachments,
        from,
    })
}

/// The text with that of mails in the mail.
fn with_inside(text: String, inside: &str) -> String {
    if inside.is_empty() {
        return text;
    }
    let all = text + inside;
    cut(all.trim_start(), MAX_TEXT).trim_end().to_owned()
}

/// Old systems of Apple end lines with a carriage return alone.
fn with_line_feeds(raw: &[u8]) -> Cow<'_, [u8]> {
    if raw.contains(&b'\n') || !raw.contains(&b'\r') {
        return raw.into();
    }
    raw.iter()
        .map(|byte| if *byte == b'\r' { b'\n' } else { *byte })
        .collect::<Vec<_>>()
        .into()
}

/// Who wrote it: From, or what comes nearest where there is none, because a mail without a sender is a mail all the
/// same.
fn sender(
    header: &Header<'_>,
    envelope: &Envelope,
    hint: Option<&'static Encoding>,
) -> Option<Address> {
    ["from", "sender", "resent-from", "return-path"]
        .into_iter()
        .flat_map(|name| header.all(name))
        .find_map(|value| address::first(value, hint))
        .or_else(|| address::first(envelope.from.as_ref()?.as_bytes(), None))
}

fn recipients(header: &Header<'_>, hint: Option<&'static Encoding>) -> Vec<Address> {
    let mut recipients: Vec<Address> = Vec::new();
    for name in ["to", "cc", "delivered-to", "x-original-to", "resent-to"] {
        for value in header.all(name) {
            let left = MAX_ADDRESSES.saturating_sub(recipients.len());
            for address in address::list(value, hint, left) {
                let is_known = recipients
                    .iter()
                    .any(|known| known.address.eq_ignore_ascii_case(&address.address));
                if !is_known && recipients.len() < MAX_ADDRESSES {
                    recipients.push(address);
                }
            }
        }
    }
    recipients
}

/// The Message-IDs of a field; of too many the first, which began the conversation, and the newest.
fn message_ids(header: &Header<'_>, name: &str) -> Vec<String> {
    let mut ids: Vec<String> = header.all(name).flat_map(address::message_ids).collect();
    if ids.len() > MAX_REFERENCES {
        let newest = ids.split_off(ids.len() - (MAX_REFERENCES - 1));
        ids.truncate(1);
        ids.extend(newest);
    }
    ids
}

fn date(value: &[u8]) -> Option<DateTime<Utc>> {
    let text = words::clean(&words::raw(limits::cut_bytes(value, 200), None));
    let date =
        mail_parser::DateTime::parse_rfc822(&text).filter(mail_parser::DateTime::is_valid)?;
    DateTime::from_timestamp(date.to_timestamp(), 0)
}
