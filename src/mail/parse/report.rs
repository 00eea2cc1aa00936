//! Delivery reports: what RFC 3464 defines, and what mail systems write in their own words.

use super::{
    DeliveryReport, TooMuch, address,
    header::{self, Header},
    limits::{Budget, MAX_DIAGNOSTIC, MAX_FAILED, MAX_REFERENCES, MAX_REPORT_LINES, cut},
    mime::{Content, Part},
    words,
};

/// What a mail system did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    Delivered,
    Delayed,
    Failed,
}

/// The parts of a mail that machines write for machines, mails in the mail left out: they are content.
#[derive(Default)]
pub struct Machine<'p, 'a> {
    pub status: Vec<&'p Part<'a>>,
    pub feedback: Vec<&'p Part<'a>>,
    pub disposition: Vec<&'p Part<'a>>,
    /// The returned mail, or its header.
    returned: Vec<&'p Part<'a>>,
}

impl<'p, 'a> Machine<'p, 'a> {
    /// Finds them.
    pub fn find(root: &'p Part<'a>) -> Self {
        let mut found = Self::default();
        root.walk(&mut |part| match part.kind() {
            "message/delivery-status" | "message/global-delivery-status" => found.status.push(part),
            "message/feedback-report" => found.feedback.push(part),
            "message/disposition-notification" | "message/global-disposition-notification" => {
                found.disposition.push(part);
            }
            "message/rfc822"
            | "message/global"
            | "message/rfc822-headers"
            | "message/global-headers"
            | "text/rfc822-headers"
            | "text/rfc822" => found.returned.push(part),
            _ => {}
        });
        found
    }
}

/// One recipient of a report.
#[derive(Debug, Default)]
struct Recipient {
    address: Option<String>,
    action: Option<Action>,
    status: Option<String>,
    diagnostic: Option<String>,
}

/// What a report says, and what happened to the mail as a whole: failed for one recipient is failed.
///
/// # Errors
/// [`TooMuch`]
pub fn read(
    machine: &Machine<'_, '_>,
    head: &Header<'_>,
    text: &str,
    budget: &mut Budget,
) -> Result<(Option<Action>, DeliveryReport), TooMuch> {
    let mut recipients = Vec::new();
    for part in &machine.status {
        recipients.extend(groups(&part.bytes(budget)?));
    }
    let (words, copy) = split_copy(text);
    if recipients.is_empty() {
        // Some put the same fields into the text.
        recipients = groups(words.as_bytes());
    }
    let action = recipients.iter().filter_map(|r| r.action).max();
    let worst: Vec<&Recipient> = recipients
        .iter()
        .filter(|r| action.is_none() || r.action == action)
        .collect();
    let free = FreeText::read(words);
    let told = worst.iter().find_map(|r| r.status.clone());
    let diagnostic = worst
        .iter()
        .find_map(|r| r.diagnostic.clone())
        .or_else(|| free.diagnostic.clone())
        .unwrap_or_default();
    let report = DeliveryReport {
        status: status(told, &diagnostic, free.status.as_deref()),
        failed_recipients: failed(&worst, head, &free),
        original_message_ids: original_ids(machine, head, copy, budget)?,
        diagnostic: cut(&diagnostic, MAX_DIAGNOSTIC).to_owned(),
    };
    Ok((action, report))
}

/// The mail that a complaint or a receipt is about.
///
/// # Errors
/// [`TooMuch`]
pub fn about(
    machine: &Machine<'_, '_>,
    head: &Header<'_>,
    budget: &mut Budget,
) -> Result<DeliveryReport, TooMuch> {
    Ok(DeliveryReport {
        original_message_ids: original_ids(machine, head, "", budget)?,
        ..DeliveryReport::default()
    })
}

/// The groups of fields of RFC 3464, those that name a recipient or say what happened to it.
fn groups(bytes: &[u8]) -> Vec<Recipient> {
    let mut recipients = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() && recipients.len() < MAX_FAILED {
        let Ok((group, after)) = header::split(rest) else {
            break;
        };
        // Text between groups is no field: one line on.
        rest = if after.len() == rest.len() {
            header::line(rest).1
        } else {
            after
        };
        let recipient = recipient(&group);
        if recipient.action.is_some() || recipient.status.is_some() && recipient.address.is_some() {
            recipients.push(recipient);
        }
    }
    recipients
}

fn recipient(group: &Header<'_>) -> Recipient {
    let value = |name: &str| {
        group
            .get(name)
            .map(|value| words::unstructured(value, None))
    };
    let address = [
        "final-recipient",
        "original-recipient",
        "x-actual-recipient",
    ]
    .iter()
    .filter_map(|name| value(name))
    .find_map(|value| {
        let address = value
            .split_once(';')
            .map_or(&*value, |(_, address)| address);
        address::first(address.as_bytes(), None)
    })
    .map(|found| found.address);
    let action = group.word("action").and_then(|action| {
        // `failed (bad destination)` and the like.
        let word = action.split(|c: char| !c.is_ascii_alphabetic()).next()?;
        Some(match word {
            "failed" | "failure" | "expired" => Action::Failed,
            "delayed" | "deferred" => Action::Delayed,
            "delivered" | "relayed" | "expanded" | "deliverable" => Action::Delivered,
            _ => return None,
        })
    });
    Recipient {
        address,
        action,
        status: value("status").and_then(|status| enhanced(&status)),
        diagnostic: value("diagnostic-code").map(|diagnostic| {
            let text = diagnostic
                .split_once(';')
                .filter(|(kind, _)| kind.len() < 20);
            text.map_or(&*diagnostic, |(_, text)| text)
                .trim()
                .to_owned()
        }),
    }
}

/// The status: what is told, made exact by what the diagnostic says where that is more than `5.0.0`.
fn status(told: Option<String>, diagnostic: &str, free: Option<&str>) -> String {
    let is_vague = |status: &str| status.ends_with(".0.0");
    let exact = enhanced(diagnostic).filter(|status| !is_vague(status));
    match told {
        Some(told) if !is_vague(&told) => told,
        Some(told) => exact
            .filter(|exact| exact[..1] == told[..1])
            .unwrap_or(told),
        None => exact
            .or_else(|| free.map(str::to_owned))
            .or_else(|| reply_code(diagnostic))
            .unwrap_or_default(),
    }
}

fn failed(worst: &[&Recipient], head: &Header<'_>, free: &FreeText) -> Vec<String> {
    let mut failed: Vec<String> = Vec::new();
    let told = worst.iter().filter_map(|r| r.address.clone());
    let header = head
        .all("x-failed-recipients")
        .flat_map(|value| address::list(value, None, MAX_FAILED))
        .map(|found| found.address);
    for address in told.chain(header) {
        add(&mut failed, address);
    }
    if failed.is_empty() {
        for address in &free.recipients {
            add(&mut failed, address.clone());
        }
    }
    failed
}

fn add(list: &mut Vec<String>, address: String) {
    let is_known = list
        .iter()
        .any(|known| known.eq_ignore_ascii_case(&address));
    if !is_known && list.len() < MAX_FAILED {
        list.push(address);
    }
}

/// Message-IDs of the mail that a report is about, the surest first: from the returned mail, from its copy in the text,
/// from fields that name it, from what the report answers to.
fn original_ids(
    machine: &Machine<'_, '_>,
    head: &Header<'_>,
    copy: &str,
    budget: &mut Budget,
) -> Result<Vec<String>, TooMuch> {
    let mut ids = Vec::new();
    let mut take = |header: &Header<'_>, names: &[&str]| {
        for name in names {
            ids.extend(header.all(name).flat_map(address::message_ids));
        }
    };
    for part in &machine.returned {
        if let Content::Message(Some(message)) = &part.content {
            take(&message.header, &["message-id"]);
        } else {
            take(&header::split(&part.bytes(budget)?)?.0, &["message-id"]);
        }
    }
    for part in machine
        .disposition
        .iter()
        .chain(&machine.feedback)
        .chain(&machine.status)
    {
        let bytes = part.bytes(budget)?;
        take(
            &header::split(&bytes)?.0,
            &["original-message-id", "x-original-message-id"],
        );
    }
    if let Ok((header, _)) = header::split(copy.trim_start().as_bytes()) {
        take(&header, &["message-id"]);
    }
    take(
        head,
        &[
            "x-original-message-id",
            "original-message-id",
            "in-reply-to",
            "references",
        ],
    );
    let mut seen = Vec::new();
    for id in ids {
        if seen.len() < MAX_REFERENCES && !seen.contains(&id) {
            seen.push(id);
        }
    }
    Ok(seen)
}

/// Cuts a report in a system's own words before the copy of the mail that it returns: what that says is not the report.
pub fn split_copy(text: &str) -> (&str, &str) {
    let mut at = 0;
    for line in text.split_inclusive('\n').take(MAX_REPORT_LINES) {
        let next = at + line.len();
        if at > 0 && announces_copy(line) {
            return (&text[..at], skip_to_header(&text[next..]));
        }
        // No announcement, but a header begins.
        if at > 0 && begins_header(line) {
            return text.split_at(at);
        }
        at = next;
    }
    (&text[..at], "")
}

const COPIES: &[&str] = &[
    "below this line is a copy",
    "copy of the message",
    "copy of your message",
    "copy of the original",
    "original message follows",
    "original message headers",
    "headers of the original",
    "header of the original",
    "message headers follow",
    "message header:",
    "message text follows",
    "returned message",
    "unsent message",
    "your original message",
    "the text of your message",
    "undelivered message",
];

fn announces_copy(line: &str) -> bool {
    let line = cut(line, 200).to_lowercase();
    let is_ruled = line.trim().starts_with('-') || line.trim().starts_with('|');
    COPIES.iter().any(|mark| line.contains(mark))
        || is_ruled
            && [
                "original message",
                "original header",
                "元のメッセージ",
                "元メール",
                "返送メール",
            ]
            .iter()
            .any(|mark| line.contains(mark))
}

fn begins_header(line: &str) -> bool {
    let line = cut(line, 40).to_ascii_lowercase();
    [
        "received:",
        "return-path:",
        "dkim-signature:",
        "x-received:",
        "message-id:",
        "mime-version:",
    ]
    .iter()
    .any(|name| line.starts_with(name))
}

/// Behind the announcement come empty and ruled lines.
fn skip_to_header(text: &str) -> &str {
    let mut rest = text;
    for line in text.split_inclusive('\n').take(10) {
        let is_rule = line
            .trim()
            .chars()
            .all(|c| matches!(c, '-' | '=' | '_' | '*' | '|' | ' '));
        if !is_rule {
            break;
        }
        rest = &rest[line.len()..];
    }
    rest
}

/// What stands in the words of a mail system.
#[derive(Debug, Default)]
struct FreeText {
    recipients: Vec<String>,
    status: Option<String>,
    diagnostic: Option<String>,
}

impl FreeText {
    fn read(text: &str) -> Self {
        let mut found = Self::default();
        let mut reply = None;
        for line in text.lines().take(MAX_REPORT_LINES) {
            let line = cut(line, MAX_DIAGNOSTIC).trim();
            if let Some(address) = failed_address(line) {
                add(&mut found.recipients, address);
            }
            // What we said to the other side is no answer of it.
            if line.starts_with(">>>") {
                continue;
            }
            let exact = enhanced(line);
            if found.status.is_none() && exact.is_some() {
                found.status = exact;
                found.diagnostic = Some(line.to_owned());
            }
            if reply.is_none()
                && let Some(code) = reply_code(line)
            {
                reply = Some((code, line.to_owned()));
            }
        }
        if let Some((code, line)) = reply {
            found.status.get_or_insert(code);
            found.diagnostic.get_or_insert(line);
        }
        if found.diagnostic.is_none() {
            found.diagnostic = reason(text);
        }
        found
    }
}

/// A line that says why, in words, where no code is told.
const REASONS: &[&str] = &[
    "unknown user",
    "user unknown",
    "no such user",
    "unknown recipient",
    "not recognized",
    "mailbox full",
    "mailbox is full",
    "quota",
    "not exist",
    "unknown host",
    "host unknown",
    "could not be found",
    "couldn't be found",
    "wasn't found",
    "not found",
    "no mx",
    "couldn't find",
    "expired",
    "too long",
    "size limit",
    "too large",
    "blocked",
    "blacklisted",
    "rejected",
    "refused",
    "disabled",
    "timed out",
    "timeout",
    "reason:",
    "error:",
    "一杯",
    "いっぱい",
    "容量",
    "見つから",
    "存在し",
    "エラー",
    "拒否",
];

fn reason(text: &str) -> Option<String> {
    text.lines()
        .take(MAX_REPORT_LINES)
        .map(|line| cut(line, MAX_DIAGNOSTIC).trim())
        .find(|line| {
            let line = line.to_lowercase();
            REASONS.iter().any(|reason| line.contains(reason))
        })
        .map(str::to_owned)
}

/// An address that a line gives as not reached: alone on its line, in brackets with a colon, or after a word for it.
fn failed_address(line: &str) -> Option<String> {
    if !line.contains('@') || line.len() > 400 {
        return None;
    }
    let lower = line.to_lowercase();
    let is_sender = [
        "mail from",
        "from:",
        "sender",
        "reply-to",
        "subject",
        "help",
        "support",
        "http",
    ]
    .iter()
    .any(|word| lower.contains(word));
    if is_sender {
        return None;
    }
    let begins = line.trim_start_matches(['*', '-', '・', '|', ' ', '\'', '"', '<']);
    let word = begins
        .split([' ', '>', ':', ',', ';', '(', '[', '\t', '\'', '"'])
        .next()?;
    let leads = word.contains('@');
    const NAMED: &[&str] = &[
        "rcpt to",
        "recipient",
        "user",
        "address",
        "deliver",
        "宛先",
        "あて先",
        "mailbox",
        "account",
        "failed",
    ];
    if !leads && !NAMED.iter().any(|name| lower.contains(name)) {
        return None;
    }
    let text = if leads { word } else { line };
    let text = match text.find('<') {
        Some(at) if text[at..].contains('@') => &text[at..],
        _ => text,
    };
    let found = address::first(
        text.split_whitespace()
            .find(|w| w.contains('@'))?
            .as_bytes(),
        None,
    )?
    .address;
    let found = found.trim_matches(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
    found
        .rsplit_once('@')
        .is_some_and(|(_, domain)| {
            domain
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        })
        .then(|| found.to_owned())
}

/// An enhanced status code (RFC 3463) of a failure, a delay or a success in a text; no addresses and versions.
fn enhanced(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let number = |from: usize| (from..from + 3).take_while(|at| is_digit(*at)).count();
    for at in 0..bytes.len() {
        let is_start = matches!(bytes[at], b'2' | b'4' | b'5')
            && bytes.get(at + 1) == Some(&b'.')
            && (at == 0
                || !bytes[at - 1].is_ascii_alphanumeric()
                    && bytes[at - 1] != b'.'
                    && bytes[at - 1] != b'-'
                || is_after_reply_code(bytes, at));
        if !is_start {
            continue;
        }
        let second = number(at + 2);
        let dot = at + 2 + second;
        if second == 0 || bytes.get(dot) != Some(&b'.') {
            continue;
        }
        let third = number(dot + 1);
        let end = dot + 1 + third;
        let goes_on = is_digit(end) || bytes.get(end) == Some(&b'.') && is_digit(end + 1);
        if third > 0 && !goes_on {
            return Some(text[at..end].to_owned());
        }
    }
    None
}

/// `550-5.7.26`: of an answer in several lines.
fn is_after_reply_code(bytes: &[u8], at: usize) -> bool {
    at >= 4
        && bytes[at - 1] == b'-'
        && bytes[at - 4..at - 1].iter().all(u8::is_ascii_digit)
        && bytes[at - 4] == bytes[at]
}

/// A reply code of SMTP (RFC 5321) as the status that says as much: `550` is `5.0.0`.
fn reply_code(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    for (at, code) in bytes.windows(3).enumerate() {
        let is_code = matches!(code, [b'4' | b'5', b'0'..=b'5', b'0'..=b'9']);
        // At the line's beginning, after `said:`, or in brackets; not a year, a port or a part of a number.
        let ends = matches!(
            bytes.get(at + 3),
            None | Some(b' ' | b'-' | b':' | b')' | b'_' | b',' | b'"')
        );
        if !is_code || !ends {
            continue;
        }
        let before = text[..at].trim_end_matches(' ');
        let is_glued = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
        if !is_glued
            && (before.is_empty()
                || before.ends_with([':', '(', '<', '#', ';', ',', '"', '\'', '-']))
        {
            return Some(format!("{}.0.0", char::from(code[0])));
        }
    }
    None
}
