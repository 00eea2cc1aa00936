//! What of a mail goes into its row: everything that was read, in a form that PostgreSQL takes and within the lengths of
//! the columns. What is left out or cut is told in a warning; the raw message stays whole.

use crate::{
    mail::parse::{Address, DeliveryReport, ParsedMail},
    programme::MailKind,
    text::{EmailAddress, Name, clean},
};
use chrono::{DateTime, Datelike, Utc};
use serde_json::{Value, json};

/// Bytes of a Message-ID and of an address as they are compared: an index takes no longer keys. SMTP ends lines after
/// 998 characters (RFC 5322, 2.1.1).
const MAX_KEY: usize = 1000;

/// Characters of the subject.
const MAX_SUBJECT: usize = 2000;

/// Characters of each text: a thousand pages.
const MAX_TEXT: usize = 1_000_000;

/// Message-IDs of each header. A reply names one, a long conversation some dozens.
const MAX_IDS: usize = 100;

/// Warnings, and characters of each.
const MAX_WARNINGS: (usize, usize) = (50, 300);

/// Recipients that a delivery report names, and characters of its diagnostic.
const MAX_REPORT: (usize, usize) = (100, 2000);

/// A mail as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub kind: MailKind,
    pub must_not_answer: bool,
    pub message_id: Option<String>,
    pub in_reply_to: Vec<String>,
    /// Oldest first.
    pub references: Vec<String>,
    /// To, Cc and Delivered-To.
    pub recipients: Vec<String>,
    pub from_address: Option<String>,
    /// The sender's address as it is compared.
    pub from_key: Option<String>,
    pub from_name: Option<String>,
    pub subject: String,
    pub sent_at: Option<DateTime<Utc>>,
    pub text: String,
    pub reply_text: String,
    pub html: Option<String>,
    pub report: Option<DeliveryReport>,
    pub warnings: Vec<String>,
}

impl Content {
    /// What is kept of a mail that was read.
    pub(super) fn of(mail: ParsedMail) -> Self {
        let mut warnings = Warnings(mail.warnings);
        let from = mail.from.filter(|from| !from.address.trim().is_empty());
        let content = Self {
            kind: mail.kind,
            must_not_answer: mail.must_not_answer,
            message_id: mail.message_id.and_then(|id| warnings.id(id)),
            in_reply_to: warnings.ids(mail.in_reply_to),
            references: warnings.ids(mail.references),
            recipients: mail.recipients.into_iter().map(|to| to.address).collect(),
            from_key: from.as_ref().map(sender_key),
            from_address: from
                .as_ref()
                .map(|from| warnings.cut("差出人のアドレス", &from.address, MAX_KEY)),
            from_name: from
                .and_then(|from| from.name)
                .map(|name| warnings.cut("差出人の名前", &name, MAX_KEY))
                .filter(|name| !name.is_empty()),
            subject: warnings.cut("件名", &mail.subject, MAX_SUBJECT),
            // PostgreSQL has more years than RFC 3339, and no mail was sent before 1970.
            sent_at: mail.sent_at.filter(|at| (1970..=9999).contains(&at.year())),
            text: warnings.cut("本文", &mail.text, MAX_TEXT),
            reply_text: cut(&mail.reply_text, MAX_TEXT),
            // Cleaned HTML that is cut would be unclean again.
            html: mail
                .html
                .map(|html| storable(&html))
                .filter(|html| html.chars().count() <= MAX_TEXT),
            report: mail.report.map(tidy_report),
            warnings: Vec::new(),
        };
        Self {
            warnings: warnings.finish(),
            ..content
        }
    }

    /// The sender's address, where it is one that can be answered.
    pub fn address(&self) -> Option<EmailAddress> {
        sender_address(self.from_address.as_deref())
    }

    /// The delivery report as it is stored and shown.
    pub fn report_json(&self) -> Option<Value> {
        let report = self.report.as_ref()?;
        Some(json!({
            "status": report.status,
            "diagnostic": report.diagnostic,
            "failed_recipients": report.failed_recipients,
        }))
    }

    /// Tells staff something more about it.
    pub fn warn(&mut self, warning: &str) {
        self.warnings.push(warning.to_owned());
    }
}

/// An address as it came, where it is one that can be answered.
pub(crate) fn sender_address(address: Option<&str>) -> Option<EmailAddress> {
    EmailAddress::parse(address?).ok()
}

/// A name as it came; the address stands for it where it is none that can be answered, so that nobody is lost.
pub(crate) fn sender_name(name: Option<&str>, address: Option<&str>) -> Option<Name> {
    let unusable = address.filter(|address| EmailAddress::parse(address).is_err());
    [name, unusable]
        .into_iter()
        .flatten()
        .find_map(|text| clean::mend_line(text, Name::MAX_CHARS))
        .and_then(|name| Name::parse(&name).ok())
}

/// The key under which addresses are compared, also those that are no addresses.
fn sender_key(from: &Address) -> String {
    let key = match EmailAddress::parse(&from.address) {
        Ok(address) => address.key(),
        Err(_) => storable(from.address.trim()).to_lowercase(),
    };
    cut_bytes(&key, MAX_KEY).to_owned()
}

fn tidy_report(report: DeliveryReport) -> DeliveryReport {
    let (recipients, length) = MAX_REPORT;
    DeliveryReport {
        status: cut(&report.status, 20),
        diagnostic: cut(&report.diagnostic, length),
        failed_recipients: report
            .failed_recipients
            .iter()
            .take(recipients)
            .map(|recipient| cut(recipient, MAX_KEY))
            .collect(),
        original_message_ids: report
            .original_message_ids
            .into_iter()
            .take(recipients)
            .filter(|id| id.len() <= MAX_KEY)
            .map(|id| storable(&id))
            .collect(),
    }
}

/// Without NUL, the one character that PostgreSQL's text has not.
fn storable(text: &str) -> String {
    text.replace('\0', "")
}

fn cut(text: &str, max: usize) -> String {
    text.chars().filter(|&c| c != '\0').take(max).collect()
}

fn cut_bytes(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

struct Warnings(Vec<String>);

impl Warnings {
    fn cut(&mut self, what: &str, text: &str, max: usize) -> String {
        let kept = cut(text, max);
        // At most one NUL less per character is no cut.
        if text.chars().filter(|&c| c != '\0').nth(max).is_some() {
            self.0.push(format!(
                "{what}が長すぎるため、途中までを保存しました。元のメールは全文を保存しています。"
            ));
        }
        kept
    }

    /// A Message-ID that is too long is none: cut, it would be another's.
    fn id(&mut self, id: String) -> Option<String> {
        let id = storable(id.trim());
        if id.len() > MAX_KEY {
            self.0.push("Message-IDが長すぎるため、使いません。".into());
        }
        (1..=MAX_KEY).contains(&id.len()).then_some(id)
    }

    /// The newest, which come last.
    fn ids(&mut self, ids: Vec<String>) -> Vec<String> {
        let extra = ids.len().saturating_sub(MAX_IDS);
        ids.into_iter()
            .skip(extra)
            .filter_map(|id| self.id(id))
            .collect()
    }

    fn finish(self) -> Vec<String> {
        let (number, length) = MAX_WARNINGS;
        let mut kept = Vec::new();
        for warning in self.0.iter().map(|warning| cut(warning, length)) {
            if kept.len() < number && !kept.contains(&warning) {
                kept.push(warning);
            }
        }
        kept
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A mail with nothing in it.
    pub(crate) fn empty_mail() -> ParsedMail {
        ParsedMail {
            message_id: None,
            in_reply_to: Vec::new(),
            references: Vec::new(),
            from: None,
            reply_to: None,
            recipients: Vec::new(),
            subject: String::new(),
            sent_at: None,
            text: String::new(),
            reply_text: String::new(),
            html: None,
            attachments: Vec::new(),
            kind: MailKind::Normal,
            must_not_answer: false,
            report: None,
            warnings: Vec::new(),
        }
    }

    fn from(address: &str, name: Option<&str>) -> ParsedMail {
        ParsedMail {
            from: Some(Address {
                address: address.into(),
                name: name.map(Into::into),
            }),
            ..empty_mail()
        }
    }

    fn name(content: &Content) -> String {
        let name = sender_name(
            content.from_name.as_deref(),
            content.from_address.as_deref(),
        );
        name.unwrap().into()
    }

    #[test]
    fn an_address_that_is_none_becomes_a_name() {
        let content = Content::of(from("こまった@アドレス", None));
        assert_eq!(content.address(), None);
        assert_eq!(name(&content), "こまった@アドレス");
        assert_eq!(content.from_key.as_deref(), Some("こまった@アドレス"));
        let content = Content::of(from("Foo..Bar.@docomo.ne.jp", Some(" 山田\r\n太郎 ")));
        assert_eq!(content.from_key.as_deref(), Some("foo..bar.@docomo.ne.jp"));
        assert_eq!(name(&content), "山田  太郎");
        assert_eq!(Content::of(from(" ", Some("x"))).from_key, None);
    }

    #[test]
    fn what_is_too_long_is_cut_and_told() {
        let long = ParsedMail {
            subject: "あ".repeat(3000),
            message_id: Some("x".repeat(2000)),
            references: (0..150).map(|n| format!("{n}@example.jp")).collect(),
            warnings: vec!["同じ".into(), "同じ".into()],
            ..empty_mail()
        };
        let content = Content::of(long);
        assert_eq!(content.subject.chars().count(), MAX_SUBJECT);
        assert_eq!(content.message_id, None);
        assert_eq!(content.references.len(), MAX_IDS);
        assert_eq!(content.references.last().unwrap(), "149@example.jp");
        assert_eq!(content.warnings.len(), 3, "{:?}", content.warnings);
    }

    proptest! {
        #[test]
        fn everything_fits_its_column(text in "(\\PC|\0|\r|\n){0,400}", times in 1..20_usize) {
            let long = text.repeat(times);
            let mut mail = from(&long, Some(&long));
            mail.message_id = Some(long.clone());
            mail.in_reply_to = vec![long.clone()];
            mail.subject = long.clone();
            mail.report = Some(DeliveryReport {
                status: long.clone(),
                diagnostic: long.clone(),
                failed_recipients: vec![long.clone(); 3],
                original_message_ids: vec![long.clone()],
            });
            let content = Content::of(mail);
            prop_assert!(content.message_id.as_ref().is_none_or(|id| (1..=1000).contains(&id.len())));
            prop_assert!(content.from_key.as_ref().is_none_or(|key| key.len() <= 1000));
            prop_assert!(content.from_address.as_ref().is_none_or(|text| text.chars().count() <= 1000));
            prop_assert!(content.subject.chars().count() <= 2000);
            prop_assert!(!format!("{content:?} {:?}", content.report_json()).contains("\\0"));
        }
    }
}
