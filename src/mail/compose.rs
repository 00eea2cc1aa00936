//! Writing mail: a message becomes the bytes that go out. Pure, and the same message gives the same bytes.
//!
//! lettre's builder writes the mail. Three things are our own, because it has no words for them: the `Date` in Japanese
//! time (lettre has UTC only), file names as RFC 2047 words in `name=` beside RFC 2231 in `filename*=` (old Japanese mail
//! programs read only the former), and subjects, because lettre lets an ASCII subject that looks like an encoded word
//! pass as it is, and readers would decode it. Message-IDs stand one per line without lettre's folding, which may begin
//! a header with an empty line.
//!
//! No header injection: nothing with a control character comes into a header. The types at the edge refuse it
//! ([`crate::text`]), [`crate::messages::write`] cleans what programs hand in, and [`compose`] refuses what is left.

use crate::{
    ids::{CaseId, MessageId},
    japan::JST,
    mail::{MailIdentity, smtp::OutgoingMail},
    programme::MessageKind,
    text::EmailAddress,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{
            ContentDisposition, ContentTransferEncoding, ContentType, Header, HeaderName,
            HeaderValue,
        },
    },
};

/// Bytes of text in an encoded word: with base64 and `=?UTF-8?B??=` around it 64 characters, so that a line has at most 76
/// also behind `Subject: ` (RFC 2047, 2).
const WORD_BYTES: usize = 39;

/// Most octets before the @ (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// Of the References, the first and the last so many stay: the thread's root, and what was answered.
const FIRST_REFERENCES: usize = 4;
const LAST_REFERENCES: usize = 6;

/// A message with all that goes into its mail.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the columns of message, commented there")]
pub struct Sheet {
    pub id: MessageId,
    pub case_id: Option<CaseId>,
    pub kind: MessageKind,
    /// The mailbox's address; the office's own where absent.
    pub from_address: Option<String>,
    pub from_name: Option<String>,
    pub to_address: String,
    pub to_name: Option<String>,
    pub subject: String,
    pub body: String,
    pub calendar: Option<String>,
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    pub message_id: String,
    /// Its Date.
    pub release_at: DateTime<Utc>,
    pub files: Vec<File>,
    /// Where a mail program asks for no more of these (RFC 8058); https only.
    pub unsubscribe: Option<String>,
}

/// A file that goes with it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "names say it")]
pub struct File {
    pub filename: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// It cannot be written as a mail, in words for staff. Trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unsendable(pub String);

/// Writes the mail.
///
/// # Errors
/// [`Unsendable`]: an address that no mail server takes, or a control character where none may stand.
pub fn compose(sheet: &Sheet, identity: &MailIdentity) -> Result<OutgoingMail, Unsendable> {
    let mailbox = sheet
        .from_address
        .as_deref()
        .unwrap_or(identity.from.as_str());
    let (from, to) = (address(mailbox)?, address(&sheet.to_address)?);
    let answers_to = match sheet.case_id {
        Some(case_id) => answers_to(mailbox, case_id, identity)?,
        None => from.clone(),
    };
    // lettre would read the envelope out of the headers, and cannot read quoted addresses.
    let envelope = Envelope::new(Some(answers_to.clone()), vec![to.clone()]).map_err(not_built)?;
    let mut message = Message::builder()
        .envelope(envelope)
        .from(person(sheet.from_name.as_deref(), from.clone())?)
        .to(person(sheet.to_name.as_deref(), to.clone())?)
        // Set here, so that lettre does not ask the clock, and put in Japanese time below.
        .date(sheet.release_at.into());
    if answers_to != from {
        message = message.reply_to(person(sheet.from_name.as_deref(), answers_to.clone())?);
    }
    message = raw(message, "Subject", subject(&sheet.subject)?);
    message = raw(message, "Message-ID", ids([&sheet.message_id])?);
    if let Some(answered) = &sheet.in_reply_to {
        message = raw(message, "In-Reply-To", ids([answered])?);
    }
    let references = trimmed(&sheet.references, sheet.in_reply_to.as_ref());
    if !references.is_empty() {
        message = raw(message, "References", ids(references)?);
    }
    message = raw(message, "Content-Language", "ja".into());
    for (name, value) in automatic(sheet.kind) {
        message = raw(message, name, (*value).into());
    }
    // One-click needs https (RFC 8058, 3.1).
    if let Some(url) = &sheet.unsubscribe
        && url.starts_with("https://")
    {
        without_controls("a link", url)?;
        message = raw(message, "List-Unsubscribe", format!("<{url}>"));
        let one_click = "List-Unsubscribe=One-Click".into();
        message = raw(message, "List-Unsubscribe-Post", one_click);
    }
    let mut message = content(message, sheet)?;
    let date = sheet.release_at.with_timezone(&JST).to_rfc2822();
    message.headers_mut().insert_raw(encoded("Date", date));
    Ok(OutgoingMail {
        id: sheet.id,
        // Reports about it come back by the same way as answers. Not the null sender for what a program writes: the report
        // about an acknowledgement is how the office learns that an address does not work, and intake answers no report.
        from: answers_to,
        to,
        bytes: checked(message.formatted())?,
    })
}

/// What says that no program should answer (RFC 3834; the others for programs that do not know it). An invitation is
/// meant to be answered by calendars and persons, and a question by persons, so they are not `bulk`.
fn automatic(kind: MessageKind) -> &'static [(&'static str, &'static str)] {
    match kind {
        MessageKind::Reply => &[],
        MessageKind::Acknowledgement => &[
            ("Auto-Submitted", "auto-replied"),
            ("X-Auto-Response-Suppress", "All"),
            ("Precedence", "bulk"),
        ],
        MessageKind::Notice | MessageKind::Account => &[
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
            ("Precedence", "bulk"),
        ],
        MessageKind::Invitation | MessageKind::Question => &[
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
        ],
    }
}

/// The text, with the calendar as its other form, with the files beside them.
fn content(builder: lettre::message::MessageBuilder, sheet: &Sheet) -> Result<Message, Unsendable> {
    let text = SinglePart::plain(body(&sheet.body));
    let boundary = |level: &str| format!("{level}-{}", sheet.id.simple());
    let calendar = match &sheet.calendar {
        Some(calendar) => Some((calendar, method(calendar)?)),
        None => None,
    };
    let files: Vec<_> = sheet.files.iter().map(file).collect::<Result<_, _>>()?;
    if calendar.is_none() && files.is_empty() {
        return builder.singlepart(text).map_err(not_built);
    }
    let mixed = MultiPart::mixed().boundary(boundary("mixed"));
    let mut mixed = match calendar {
        None => mixed.singlepart(text),
        Some((calendar, method)) => {
            let kind = format!("text/calendar; charset=UTF-8; method={method}");
            let kind = ContentType::parse(&kind).map_err(|_| not_built("calendar"))?;
            let part = SinglePart::builder()
                .header(kind)
                .header(ContentTransferEncoding::Base64)
                .body(calendar.clone());
            let both = MultiPart::alternative()
                .boundary(boundary("alternative"))
                .singlepart(text)
                .singlepart(part);
            // Outlook and many phones take the invitation from the alternative, others offer the file.
            let attached = File {
                filename: "invite.ics".into(),
                content_type: "application/ics".into(),
                bytes: calendar.clone().into_bytes(),
            };
            mixed.multipart(both).singlepart(file(&attached)?)
        }
    };
    for file in files {
        mixed = mixed.singlepart(file);
    }
    builder.multipart(mixed).map_err(not_built)
}

fn not_built(error: impl std::fmt::Display) -> Unsendable {
    Unsendable(format!("the mail cannot be written: {error}"))
}

/// Lines end in one way, and no other control characters but tabs are left.
fn body(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| if c == '\r' { '\n' } else { c })
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

/// What the calendar asks (RFC 5546), which mail programs look for in the part's header (RFC 6047, 2.4).
fn method(calendar: &str) -> Result<&str, Unsendable> {
    calendar
        .lines()
        .find_map(|line| line.trim_end().strip_prefix("METHOD:"))
        .filter(|method| {
            !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')
        })
        .ok_or_else(|| Unsendable("the calendar part has no METHOD".into()))
}

fn file(file: &File) -> Result<SinglePart, Unsendable> {
    without_controls("a file's name", &file.filename)?;
    let kind = file.content_type.split(';').next().unwrap_or_default();
    // Messages and multiparts may not be in base64 (RFC 2046, 5.2.1), and what is no type is nothing but bytes.
    let is_usable = ContentType::parse(kind).is_ok()
        && !kind.starts_with("message/")
        && !kind.starts_with("multipart/");
    let kind = if is_usable {
        kind.trim()
    } else {
        "application/octet-stream"
    };
    let name = match is_plain(&file.filename) {
        true => file.filename.replace(['"', '\\'], "_"),
        false => encoded_words(&file.filename),
    };
    Ok(SinglePart::builder()
        .header(PartType(format!("{kind};\r\n name=\"{name}\"")))
        .header(ContentDisposition::attachment(&file.filename))
        .header(ContentTransferEncoding::Base64)
        .body(file.bytes.clone()))
}

/// A Content-Type that lettre cannot write, as it stands.
#[derive(Clone)]
struct PartType(String);

impl Header for PartType {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Type")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.into()))
    }

    fn display(&self) -> HeaderValue {
        encoded("Content-Type", self.0.clone())
    }
}

/// The address as a mail server takes it. Japanese carriers gave out addresses with dots side by side or before the @,
/// which RFC 5321 allows in quotes only.
fn address(text: &str) -> Result<Address, Unsendable> {
    let refused = || Unsendable(format!("no mail can be sent to the address {text}"));
    let address = EmailAddress::parse(text).map_err(|_| refused())?;
    let local = address.local();
    let is_dotted = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    let local = match is_dotted {
        true => format!("\"{local}\""),
        false => local.to_owned(),
    };
    if local.len() > MAX_LOCAL {
        return Err(refused());
    }
    Address::new(local, address.domain()).map_err(|_| refused())
}

/// Where an answer finds its case: the mailbox with the case in it, where the mailbox's name leaves room for that.
fn answers_to(
    mailbox: &str,
    case_id: CaseId,
    identity: &MailIdentity,
) -> Result<Address, Unsendable> {
    address(&identity.key.plus_address(mailbox, case_id)).or_else(|_| address(mailbox))
}

fn person(name: Option<&str>, address: Address) -> Result<Mailbox, Unsendable> {
    if let Some(name) = name {
        without_controls("a name", name)?;
    }
    Ok(Mailbox::new(name.map(str::to_owned), address))
}

fn subject(text: &str) -> Result<String, Unsendable> {
    without_controls("the subject", text)?;
    let is_short = text.len() <= 60;
    Ok(match is_plain(text) && is_short {
        true => text.to_owned(),
        false => encoded_words(text),
    })
}

/// Whether a reader shows it as it stands.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~')) && !text.contains("=?")
}

/// RFC 2047: short words, each of whole characters, one per line.
pub(crate) fn encoded_words(text: &str) -> String {
    let mut words = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        if at + c.len_utf8() - start > WORD_BYTES {
            words.push(&text[start..at]);
            start = at;
        }
    }
    words.push(&text[start..]);
    let words = words
        .into_iter()
        .map(|word| format!("=?UTF-8?B?{}?=", BASE64_STANDARD.encode(word)));
    words.collect::<Vec<_>>().join("\r\n ")
}

/// Message-IDs in brackets, one per line.
fn ids<'a>(ids: impl IntoIterator<Item = &'a String>) -> Result<String, Unsendable> {
    let ids: Vec<_> = ids.into_iter().map(|id| format!("<{id}>")).collect();
    match ids.iter().all(|id| is_id(&id[1..id.len() - 1])) {
        true => Ok(ids.join("\r\n ")),
        false => Err(Unsendable("a Message-ID cannot be written".into())),
    }
}

/// Whether it can stand in brackets as a Message-ID, in one line.
pub(crate) fn is_id(text: &str) -> bool {
    (3..=250).contains(&text.len())
        && text.contains('@')
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>'))
}

/// The thread so far with what is answered at its end (RFC 5322, 3.6.4), cut in the middle.
fn trimmed<'a>(references: &'a [String], answered: Option<&'a String>) -> Vec<&'a String> {
    let mut all: Vec<_> = references
        .iter()
        .filter(|id| Some(*id) != answered)
        .collect();
    all.extend(answered);
    if all.len() > FIRST_REFERENCES + LAST_REFERENCES {
        all.drain(FIRST_REFERENCES..all.len() - LAST_REFERENCES);
    }
    all
}

/// What is kept of the Message-IDs before a message, which may come from a mail that a stranger wrote: those that can be
/// written, and not more of them than are sent.
pub(crate) fn thread(references: &[String]) -> Vec<String> {
    let ids: Vec<_> = references.iter().filter(|id| is_id(id)).cloned().collect();
    trimmed(&ids, None).into_iter().cloned().collect()
}

fn without_controls(what: &str, text: &str) -> Result<(), Unsendable> {
    match text.chars().any(char::is_control) {
        true => Err(Unsendable(format!("{what} has a control character"))),
        false => Ok(()),
    }
}

fn raw(
    builder: lettre::message::MessageBuilder,
    name: &'static str,
    value: String,
) -> lettre::message::MessageBuilder {
    builder.raw_header(encoded(name, value))
}

/// A header that is written as it stands.
fn encoded(name: &'static str, value: String) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value)
}

/// What any server takes: ASCII, lines that end in CRLF and nothing else, and none too long (RFC 5322, 2.1.1).
fn checked(bytes: Vec<u8>) -> Result<Vec<u8>, Unsendable> {
    let is_clean = bytes.is_ascii()
        && !bytes.contains(&0)
        && bytes
            .split(|b| *b == b'\n')
            .rev()
            .enumerate()
            .all(|(nth, line)| {
                let (line, ends) = match line.split_last() {
                    Some((b'\r', line)) => (line, true),
                    _ => (line, false),
                };
                // The last piece has no line break behind it.
                ends == (nth > 0) && !line.contains(&b'\r') && line.len() <= 998
            });
    match is_clean {
        true => Ok(bytes),
        false => Err(Unsendable("the mail cannot be written in lines".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::{MessageParser, MimeHeaders};
    use proptest::prelude::*;

    fn sheet() -> Sheet {
        Sheet {
            id: MessageId("01a205a5-3cdd-73c0-9f60-e523390c7b4a".parse().unwrap()),
            case_id: None,
            kind: MessageKind::Reply,
            from_address: None,
            from_name: None,
            to_address: "soumu@example.co.jp".into(),
            to_name: None,
            subject: "Telework".into(),
            body: "Hello\n.\nBye".into(),
            calendar: None,
            in_reply_to: None,
            references: Vec::new(),
            message_id: "c.1.2.3@madoguchi.example".into(),
            release_at: "2026-11-24T01:02:03Z".parse().unwrap(),
            files: Vec::new(),
            unsubscribe: None,
        }
    }

    fn text(sheet: &Sheet) -> String {
        let mail = compose(sheet, &MailIdentity::example()).unwrap();
        String::from_utf8(mail.bytes).unwrap()
    }

    fn refused(change: impl FnOnce(&mut Sheet)) {
        let mut sheet = sheet();
        change(&mut sheet);
        let result = compose(&sheet, &MailIdentity::example());
        assert!(result.is_err(), "{sheet:?}");
    }

    const PDF: &str = "在宅勤務規程(案)第2版_最終_表ソ能😀とても長い名前のファイル.pdf";

    #[test]
    fn a_plain_mail() {
        assert_eq!(
            text(&sheet()),
            concat!(
                "From: sodan@madoguchi.example\r\n",
                "To: soumu@example.co.jp\r\n",
                "Date: Tue, 24 Nov 2026 10:02:03 +0900\r\n",
                "Subject: Telework\r\n",
                "Message-ID: <c.1.2.3@madoguchi.example>\r\n",
                "Content-Language: ja\r\n",
                "MIME-Version: 1.0\r\n",
                "Content-Type: text/plain; charset=utf-8\r\n",
                "Content-Transfer-Encoding: 7bit\r\n",
                "\r\n",
                "Hello\r\n.\r\nBye\r\n",
            )
        );
    }

    fn full() -> Sheet {
        Sheet {
            case_id: Some(CaseId(uuid::Uuid::from_u128(7))),
            kind: MessageKind::Invitation,
            from_address: Some("aomori@example.jp".into()),
            from_name: Some("テレワーク・サポートネットワーク 青森窓口".into()),
            to_name: Some("髙﨑 花子, \"総務\"".into()),
            subject: "Re: [TW-2026-000123] 第1回コンサルティングの日程について(ご確認ください)①㈱"
                .into(),
            body: "日時: 11月27日(金) 10時\n".repeat(40),
            calendar: Some(
                "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:相談\r\nEND:VCALENDAR\r\n".into(),
            ),
            in_reply_to: Some("b@example.co.jp".into()),
            references: vec!["a@example.co.jp".into()],
            files: vec![
                File {
                    filename: PDF.into(),
                    content_type: "application/pdf".into(),
                    bytes: (0..=255).collect(),
                },
                File {
                    filename: "a \"quoted\" \\ name.eml".into(),
                    content_type: "message/rfc822".into(),
                    bytes: b"Subject: x\r\n\r\n".to_vec(),
                },
            ],
            ..sheet()
        }
    }

    #[test]
    fn everything_is_read_back() {
        let sheet = full();
        let mail = compose(&sheet, &MailIdentity::example()).unwrap();
        let read = MessageParser::default().parse(&mail.bytes).unwrap();
        assert_eq!(read.subject(), Some(sheet.subject.as_str()));
        let from = read.from().unwrap().first().unwrap();
        assert_eq!(from.name(), sheet.from_name.as_deref());
        assert_eq!(from.address(), Some("aomori@example.jp"));
        let to = read.to().unwrap().first().unwrap();
        assert_eq!(to.name(), sheet.to_name.as_deref());
        let reply_to = read.reply_to().unwrap().first().unwrap();
        assert_eq!(reply_to.address(), Some(mail.from.as_ref()));
        let key = &MailIdentity::example().key;
        assert_eq!(key.read_plus_address(mail.from.as_ref()), sheet.case_id);
        let body = read.body_text(0).unwrap().replace("\r\n", "\n");
        assert_eq!(body, sheet.body);
        assert_eq!(read.in_reply_to().as_text(), Some("b@example.co.jp"));
        let references = read.references().as_text_list().unwrap();
        assert_eq!(references, ["a@example.co.jp", "b@example.co.jp"]);

        let calendar = read
            .parts
            .iter()
            .find(|part| part.is_content_type("text", "calendar"))
            .unwrap();
        let kind = calendar.content_type().unwrap();
        assert_eq!(kind.attribute("method"), Some("REQUEST"));
        assert_eq!(kind.attribute("charset"), Some("utf-8"));
        assert_eq!(calendar.text_contents(), sheet.calendar.as_deref());
    }

    #[test]
    fn files_are_read_back() {
        let sheet = full();
        let mail = compose(&sheet, &MailIdentity::example()).unwrap();
        let read = MessageParser::default().parse(&mail.bytes).unwrap();
        let files: Vec<_> = read
            .attachments()
            .filter_map(|part| Some((part.attachment_name()?, part)))
            .collect();
        let names: Vec<_> = files.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["invite.ics", PDF, "a \"quoted\" \\ name.eml"]);
        for ((_, part), file) in files[1..].iter().zip(&sheet.files) {
            assert_eq!(part.contents(), file.bytes);
        }
        let kinds: Vec<_> = files
            .iter()
            .map(|(_, part)| part.content_type().unwrap().subtype().unwrap())
            .collect();
        assert_eq!(kinds, ["ics", "pdf", "octet-stream"]);
        // Old programs read only this one.
        let name = files[1].1.content_type().unwrap().attribute("name");
        assert_eq!(name, Some(PDF));
    }

    #[test]
    fn the_same_row_gives_the_same_bytes() {
        assert_eq!(text(&full()), text(&full()));
    }

    #[test]
    fn lines_are_short() {
        for line in text(&full()).split("\r\n") {
            assert!(line.len() <= 76 || line.contains('@'), "{line}");
        }
    }

    #[test]
    fn what_a_program_wrote_says_so() {
        for (kind, auto, bulk) in [
            (MessageKind::Reply, None, false),
            (MessageKind::Acknowledgement, Some("auto-replied"), true),
            (MessageKind::Invitation, Some("auto-generated"), false),
            (MessageKind::Notice, Some("auto-generated"), true),
        ] {
            let text = text(&Sheet { kind, ..sheet() });
            let has = |header: &str| text.contains(&format!("\r\n{header}\r\n"));
            assert_eq!(text.contains("\r\nAuto-Submitted: "), auto.is_some());
            assert!(auto.is_none_or(|auto| has(&format!("Auto-Submitted: {auto}"))));
            assert_eq!(has("X-Auto-Response-Suppress: All"), auto.is_some());
            assert_eq!(has("Precedence: bulk"), bulk);
        }
    }

    #[test]
    fn nothing_is_injected() {
        for evil in [
            "x\r\nBcc: evil@example.com",
            "x\nBcc: y",
            "x\rBcc: y",
            "x\0",
            "x\u{85}y",
        ] {
            refused(|sheet| sheet.subject = evil.into());
            refused(|sheet| sheet.to_name = Some(evil.into()));
            refused(|sheet| sheet.from_name = Some(evil.into()));
            refused(|sheet| sheet.to_address = format!("{evil}@example.jp"));
            refused(|sheet| sheet.from_address = Some(format!("{evil}@example.jp")));
            refused(|sheet| sheet.message_id = format!("{evil}@example.jp"));
            refused(|sheet| sheet.in_reply_to = Some(format!("{evil}@example.jp")));
            refused(|sheet| sheet.references = vec![format!("{evil}@example.jp")]);
            refused(|sheet| sheet.files = vec![empty_file(evil, "text/plain")]);
        }
        refused(|sheet| sheet.calendar = Some("METHOD:REQUEST; charset=x\r\n".into()));
        refused(|sheet| sheet.calendar = Some("METHOD:REQUEST\0\r\n".into()));
        refused(|sheet| sheet.message_id = "a@example.jp> <b@example.jp".into());
    }

    fn empty_file(filename: &str, content_type: &str) -> File {
        File {
            filename: filename.into(),
            content_type: content_type.into(),
            bytes: Vec::new(),
        }
    }

    #[test]
    fn a_type_that_says_more_than_a_type_is_none() {
        for evil in [
            "text/html\r\nBcc: evil@example.com",
            "multipart/mixed; boundary=x",
            "nonsense",
        ] {
            let text = text(&Sheet {
                files: vec![empty_file("a", evil)],
                ..sheet()
            });
            let header = "\r\nContent-Type: application/octet-stream;\r\n name=\"a\"\r\n";
            assert!(text.contains(header), "{text}");
        }
    }

    #[test]
    fn threads_are_cut_in_the_middle() {
        let ids: Vec<String> = (0..30).map(|n| format!("{n}@example.jp")).collect();
        let cut = [0, 1, 2, 3, 24, 25, 26, 27, 28, 29].map(|n: usize| &ids[n]);
        assert_eq!(trimmed(&ids, None), cut);
        assert_eq!(
            trimmed(&ids[..3], Some(&ids[1])),
            [&ids[0], &ids[2], &ids[1]]
        );
        let bad = ["<a@b>", "a b@c", "a@b\r\n", "nothing", ""].map(String::from);
        assert!(thread(&bad).is_empty());
        assert_eq!(thread(&ids).len(), 10);
    }

    #[test]
    fn a_mailbox_with_a_long_name_gets_answers_without_the_case() {
        let long = format!("{}@example.jp", "a".repeat(30));
        let sheet = Sheet {
            from_address: Some(long.clone()),
            ..full()
        };
        let mail = compose(&sheet, &MailIdentity::example()).unwrap();
        assert_eq!(mail.from.to_string(), long);
    }

    proptest! {
        /// Words are short, whole by themselves, and give the text back.
        #[test]
        fn words_give_the_text_back(subject in "[ -~あ-んア-ー髙﨑😀=?]{1,120}") {
            let subject = subject.trim().to_owned();
            prop_assume!(!subject.is_empty());
            let mut decoded = String::new();
            for word in encoded_words(&subject).split("\r\n ") {
                prop_assert!(word.len() <= 64);
                let base64 = word.strip_prefix("=?UTF-8?B?").unwrap().strip_suffix("?=").unwrap();
                decoded += &String::from_utf8(BASE64_STANDARD.decode(base64).unwrap()).unwrap();
            }
            prop_assert_eq!(&decoded, &subject);
            let text = text(&Sheet { subject: subject.clone(), ..sheet() });
            let read = MessageParser::default().parse(text.as_bytes()).unwrap();
            prop_assert_eq!(read.subject(), Some(subject.as_str()));
        }

        /// Whatever a row holds, there is a mail with the headers that we know, or none.
        #[test]
        fn any_row_gives_known_headers_or_nothing(
            subject: String, name: String, body: String, filename: String, bytes: Vec<u8>, content_type: String,
            to in "[!-~]{0,9}@[a-z.]{0,9}", reference: String,
        ) {
            let sheet = Sheet {
                subject,
                to_name: Some(name),
                body,
                to_address: to,
                references: vec![reference],
                files: vec![File { filename, content_type, bytes }],
                ..sheet()
            };
            if let Ok(mail) = compose(&sheet, &MailIdentity::example()) {
                let text = String::from_utf8(mail.bytes).unwrap();
                let (head, _) = text.split_once("\r\n\r\n").unwrap();
                let known = ["From", "To", "Date", "Subject", "Message-ID", "References",
                    "Content-Language", "MIME-Version", "Content-Type"];
                for line in head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
                    let (name, _) = line.split_once(": ").unwrap();
                    prop_assert!(known.contains(&name), "{}", line);
                }
            }
        }
    }
}
