//! What kind of mail it is, and whether a program may answer it.
//!
//! Standards first (RFC 3464 delivery reports, RFC 5965 complaints, RFC 8098 receipts, RFC 3834 automatic mail), then what
//! mail systems write without them. A mail by a person must never be taken for a report, because reports open no case:
//! words alone are not enough, the sender or the absence of one must fit.

use super::{
    Address, DeliveryReport, Envelope, TooMuch,
    limits::{Budget, cut},
    mime::Part,
    report::{self, Action, Machine},
};
use crate::programme::MailKind;

/// What it is judged by.
pub struct Facts<'a> {
    pub root: &'a Part<'a>,
    pub envelope: &'a Envelope,
    pub from: Option<&'a Address>,
    pub subject: &'a str,
    pub text: &'a str,
}

impl Facts<'_> {
    /// A field of machines, in small letters.
    fn word(&self, name: &str) -> Option<String> {
        self.root.header.word(name)
    }

    fn has(&self, name: &str) -> bool {
        self.root.header.has(name)
    }

    /// Reports have no sender to send to, so that nothing comes back for them (RFC 5321, 4.5.5).
    fn is_null_sender(&self) -> bool {
        let is_null = |path: &str| matches!(path.trim(), "" | "<>");
        match &self.envelope.from {
            Some(from) => is_null(from),
            None => self.word("return-path").is_some_and(|path| is_null(&path)),
        }
    }

    /// What stands before the @ of the sender, in small letters.
    fn sender_local(&self) -> String {
        self.from
            .and_then(|from| from.address.rsplit_once('@'))
            .map(|(local, _)| local.to_lowercase())
            .unwrap_or_default()
    }

    fn has_from(&self) -> bool {
        self.root
            .header
            .all("from")
            .any(|value| super::address::first(value, None).is_some())
    }

    /// Sent by no person, as far as its sender shows.
    fn is_from_system(&self) -> bool {
        self.is_from_daemon() || self.is_null_sender() || !self.has_from()
    }

    /// A mail system, going by its name.
    fn is_from_daemon(&self) -> bool {
        let from = self.word("from").unwrap_or_default();
        let is_daemon = |text: &str| {
            text.contains("mailer-daemon")
                || text.contains("mail-daemon")
                || text.contains("mail delivery s")
                || text.contains("postmaster")
                || text.contains("mail administrator")
        };
        is_daemon(&from) || is_daemon(&self.sender_local())
    }
}

/// Says what a mail is, with what a report tells.
///
/// # Errors
/// [`TooMuch`]
pub fn kind(
    facts: &Facts<'_>,
    budget: &mut Budget,
) -> Result<(MailKind, Option<DeliveryReport>), TooMuch> {
    let header = &facts.root.header;
    let machine = Machine::find(facts.root);
    let report_type = report_type(facts.root);
    if !machine.feedback.is_empty() || report_type == "feedback-report" {
        let report = report::about(&machine, header, budget)?;
        return Ok((MailKind::Arf, Some(report)));
    }
    if !machine.disposition.is_empty() || report_type == "disposition-notification" {
        let report = report::about(&machine, header, budget)?;
        return Ok((MailKind::Mdn, Some(report)));
    }
    // A person who forwards a report sends its parts, too.
    let is_report =
        report_type == "delivery-status" || !machine.status.is_empty() && facts.is_from_system();
    if is_report || is_free_report(facts) {
        let (action, report) = report::read(&machine, header, facts.text, budget)?;
        let kind = match action {
            Some(Action::Failed) => MailKind::Bounce,
            Some(Action::Delayed) => MailKind::Delay,
            Some(Action::Delivered) => MailKind::DeliverySuccess,
            None => free_kind(facts, &report),
        };
        return Ok((kind, Some(report)));
    }
    let kind = if is_loop(facts) {
        MailKind::Loop
    } else if is_auto_reply(facts) {
        MailKind::AutoReply
    } else if is_suspected(facts.subject) {
        MailKind::AutoReplySuspected
    } else {
        MailKind::Normal
    };
    Ok((kind, None))
}

fn report_type(root: &Part<'_>) -> String {
    if root.kind() != "multipart/report" {
        return String::new();
    }
    root.content_type
        .get("report-type")
        .unwrap_or_default()
        .to_lowercase()
}

/// Beginnings of subjects of delivery reports.
const SUBJECTS: &[&str] = &[
    "undeliver",
    "delivery status notif",
    "delivery failure",
    "delivery failed",
    "delivery has failed",
    "delivery notification",
    "delivery error",
    "delivery report",
    "delivery status",
    "mail delivery fail",
    "mail delivery problem",
    "mail delivery status",
    "mail delivery error",
    "mail delivery system",
    "mail could not be delivered",
    "mail failed",
    "mail failure",
    "mail system error",
    "mail error",
    "message delivery has failed",
    "message delivery fail",
    "message could not be delivered",
    "message you sent blocked",
    "message not delivered",
    "failure notice",
    "failure delivery",
    "failed mail",
    "failed delivery",
    "failed to deliver",
    "returned mail",
    "returned to sender",
    "returned message",
    "returning mail",
    "return mail",
    "non delivery",
    "nondelivery",
    "non-deliver",
    "non remis",
    "permanent delivery",
    "permanent fail",
    "unable to deliver",
    "could not deliver",
    "unzustellbar",
    "rejected mail",
    "warning: could not send",
    "warning: message",
    "dsn:",
    "ndn:",
    "user unknown",
    "unknown address",
    "mail undeliverable",
    "message status - undeliverable",
    "your message to",
    "配信不能",
    "配信できません",
    "配信できませんでした",
    "配信エラー",
    "配信失敗",
    "配送エラー",
    "配送できません",
    "配達不能",
    "不達",
    "送信エラー",
    "送信できません",
    "送信失敗",
    "メールエラー",
    "メール配信エラー",
    "メール送信エラー",
    "エラーメール",
    "メッセージを配信できません",
    "メッセージは配信されませんでした",
    "宛先不明",
    "配信の遅延",
    "配信遅延",
    "配信状況通知",
];

/// What mail systems say in the first lines, and nobody else to a person.
const PHRASES: &[&str] = &[
    "could not be delivered",
    "couldn't be delivered",
    "could not deliver",
    "couldn't deliver",
    "unable to deliver",
    "wasn't able to deliver",
    "not able to deliver",
    "cannot be delivered",
    "cannot deliver",
    "can't be delivered",
    "can not be delivered",
    "was not delivered",
    "wasn't delivered",
    "were not delivered",
    "not been delivered",
    "did not reach",
    "didn't reach",
    "failed permanently",
    "delivery failed",
    "delivery has failed",
    "delivery to the following",
    "had delivery problems",
    "had delivery errors",
    "delivery error",
    "error delivering",
    "fatal error",
    "permanent failure",
    "undeliverable",
    "undelivered",
    "returned to sender",
    "failed addresses",
    "failure reasons",
    "delivery attempts",
    "not yet been delivered",
    "could not be sent",
    "unknown user",
    "user unknown",
    "no such user",
    "rejected by a remote",
    "address not found",
    "message blocked",
    "has been delayed",
    "is delayed for",
    "送信できませんでした",
    "送信に失敗",
    "配信できませんでした",
    "配信に失敗",
    "配送できませんでした",
    "配送に失敗",
    "お届けできません",
    "届けることができません",
    "配信されませんでした",
    "配達できません",
    "届きませんでした",
    "宛先が見つかりません",
    "配信不能",
];

/// What only goes with a subject that says the same.
const WEAK_PHRASES: &[&str] = &[
    "following recipient",
    "following address",
    "message you sent",
    "mail delivery software",
    "mail system at host",
    "permanent error",
    "message delivery agent",
    "次のあて先",
    "次の宛先",
    "以下の宛先",
    "以下のメールアドレス",
];

const DELAYS: &[&str] = &[
    "(delay)",
    "delayed",
    "could not send message for past",
    "warning message only",
    "do not need to resend",
    "need not resend",
    "will be retried",
    "still being retried",
    "temporary failure report",
    "continue to try",
    "will keep trying",
    "will continue to attempt",
    "遅延",
    "再送を試み",
    "再送信を試み",
];

const GIVEN_UP: &[&str] = &[
    "permanent",
    "given up",
    "giving up",
    "failed permanently",
    "not going to try again",
    "no further",
    "aborted",
    "final attempt",
];

/// A delivery report in a mail system's own words.
fn is_free_report(facts: &Facts<'_>) -> bool {
    if facts.has("x-failed-recipients") {
        return true;
    }
    let subject = facts.subject.trim().to_lowercase();
    let subject = subject.trim_start_matches(|c: char| !c.is_alphanumeric());
    let says_subject = SUBJECTS.iter().any(|begin| subject.starts_with(begin));
    let (words, copy) = report::split_copy(facts.text);
    let words = cut(words, 4000).to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
    let returns = !copy.is_empty();
    if !facts.is_from_system() {
        // Anybody may have such a subject; with a report's words and the returned mail it is one.
        return says_subject && says(PHRASES) && returns;
    }
    // Answers of people who are away have no sender either, and may name other addresses.
    says_subject && (facts.is_from_daemon() || returns || says(PHRASES) || says(WEAK_PHRASES))
        || says(PHRASES) && words.contains('@') && (facts.is_from_daemon() || returns)
}

/// Failed or only late, where no field says it.
fn free_kind(facts: &Facts<'_>, report: &DeliveryReport) -> MailKind {
    let (words, _) = report::split_copy(facts.text);
    let all = format!("{}\n{}", facts.subject, cut(words, 4000)).to_lowercase();
    let is_late = DELAYS.iter().any(|mark| all.contains(mark));
    let is_final = GIVEN_UP.iter().any(|mark| all.contains(mark)) || report.status.starts_with('5');
    if is_late && !is_final {
        MailKind::Delay
    } else {
        MailKind::Bounce
    }
}

/// A mail that one of our kind sent comes back: programs mark theirs with X-Loop (Zammad and we with `yes`, others with
/// the address they answer from, which is then one of its recipients).
fn is_loop(facts: &Facts<'_>) -> bool {
    let own: Vec<String> = facts
        .envelope
        .to
        .iter()
        .map(|address| address.to_lowercase())
        .collect();
    facts.root.header.all("x-loop").any(|value| {
        let value = String::from_utf8_lossy(value).trim().to_lowercase();
        matches!(value.as_str(), "yes" | "true" | "1") || own.contains(&value)
    })
}

/// An answer that a program gave (RFC 3834), or says by older fields that it is one.
fn is_auto_reply(facts: &Facts<'_>) -> bool {
    let word = |name| facts.word(name).unwrap_or_default();
    let submitted = word("auto-submitted");
    let is_exchange = facts.has("x-ms-exchange-inbox-rules-loop")
        || facts.has("x-ms-exchange-generated-message-source");
    let autoreply = word("x-autoreply");
    submitted.starts_with("auto-replied")
        || submitted.contains("vacation")
        || is_exchange && word("x-auto-response-suppress").contains("all")
        || !matches!(autoreply.as_str(), "" | "no" | "false")
        || [
            "x-autorespond",
            "x-autoresponder",
            "x-autoreply-from",
            "x-mail-autoreply",
            "x-vacation",
        ]
        .iter()
        .any(|name| facts.has(name))
        || matches!(word("precedence").as_str(), "auto_reply" | "auto-reply")
        || matches!(word("x-precedence").as_str(), "auto_reply" | "auto-reply")
        || word("delivered-to").trim_matches(['<', '>']) == "autoresponder"
        || word("x-apple-action") == "vacation"
        || word("x-mailer").contains("autoresponder")
}

/// Beginnings of subjects of automatic answers, most of them from Japan, whose programs send no field that says so.
const AUTO_SUBJECTS: &[&str] = &[
    "自動応答",
    "自動返信",
    "自動返信メール",
    "自動応答メール",
    "自動配信メール",
    "自動送信メール",
    "自動回答",
    "自動送信",
    "不在通知",
    "不在のお知らせ",
    "不在連絡",
    "不在のご連絡",
    "不在にしております",
    "不在",
    "休暇",
    "休暇中",
    "休暇中です",
    "休暇のお知らせ",
    "休暇取得のお知らせ",
    "休暇のため不在",
    "休暇中のため不在",
    "夏季休業のお知らせ",
    "夏期休業のお知らせ",
    "冬季休業のお知らせ",
    "年末年始休業のお知らせ",
    "休業のお知らせ",
    "開封済み",
    "開封確認",
    "開封通知",
    "お問い合わせありがとうございます",
    "お問合せありがとうございます",
    "お問い合わせを受け付けました",
    "お問い合わせ受付完了",
    "お問い合わせ受付のお知らせ",
    "automatic reply",
    "automatic response",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto response",
    "auto-response",
    "autoresponse",
    "automated reply",
    "automated response",
    "out of office",
    "out of the office",
    "out-of-office",
    "vacation reply",
    "vacation message",
    "vacation notice",
    "on vacation",
    "away from my",
    "read",
    "abwesenheitsnotiz",
    "absence du bureau",
    "réponse automatique",
    "automatische antwort",
    "risposta automatica",
    "respuesta automática",
    "자동 회신",
    "自动答复",
    "自動回覆",
];

/// Beginnings of answers; behind them stands the subject of the mail that is answered.
const ANSWERS: &[&str] = &[
    "re:",
    "re：",
    "ｒｅ：",
    "返信:",
    "返信：",
    "fw:",
    "fwd:",
    "転送:",
    "転送：",
];

/// A subject that looks like an automatic answer: it begins with the words for it, perhaps behind a name in brackets, and
/// they end there. A person may ask about automatic replies and holidays, and may answer to one.
fn is_suspected(subject: &str) -> bool {
    let subject = subject.trim().to_lowercase();
    if ANSWERS.iter().any(|answer| subject.starts_with(answer)) {
        return false;
    }
    let behind_brackets = subject
        .split_once(['】', ']', '］', '〕'])
        .map(|(_, rest)| rest);
    [Some(&*subject), behind_brackets]
        .into_iter()
        .flatten()
        .map(|text| text.trim_start_matches(|c: char| !c.is_alphanumeric()))
        .any(|text| {
            AUTO_SUBJECTS.iter().any(|mark| {
                let rest = text.strip_prefix(mark);
                rest.is_some_and(|rest| match *mark {
                    // A word of everyday: only as Outlook writes it, with a colon.
                    "read" => rest.starts_with(": "),
                    _ => !rest.starts_with(char::is_alphanumeric),
                })
            })
        })
}

/// Local parts of addresses that nobody reads.
const NOBODY: &[&str] = &[
    "mailer-daemon",
    "mailer_daemon",
    "mailerdaemon",
    "mail-daemon",
    "postmaster",
    "root",
    "daemon",
    "abuse",
    "nobody",
    "listserv",
    "majordomo",
    "bounce",
    "bounces",
    "devnull",
    "autoresponder",
    "auto-reply",
    "autoreply",
    "auto-responder",
];

/// Whether programs keep silent: RFC 3834 section 2, and everything that is not plainly a mail by a person.
pub fn must_not_answer(facts: &Facts<'_>, kind: MailKind) -> bool {
    kind != MailKind::Normal
        || facts.is_null_sender()
        || !facts.has_from()
        || says_automatic(facts)
        || is_from_list(facts)
        || is_nobody(&facts.sender_local())
        || facts.is_from_daemon()
        || reply_goes_nowhere(facts)
}

fn says_automatic(facts: &Facts<'_>) -> bool {
    let word = |name| facts.word(name).unwrap_or_default();
    let submitted = word("auto-submitted");
    let suppressed = word("x-auto-response-suppress");
    !(submitted.is_empty() || submitted.split([';', ' ', '(']).next() == Some("no"))
        || ["all", "oof", "autoreply"]
            .iter()
            .any(|mode| suppressed.contains(mode))
        || facts.root.header.names().any(|name| {
            matches!(
                name,
                "x-loop"
                    | "x-rt-loop-prevention"
                    | "x-fc-machinegenerated"
                    | "x-autogenerated"
                    | "x-auto-generated"
                    | "x-cron-env"
                    | "x-otrs-loop"
                    | "x-jira-fingerprint"
                    | "x-github-reason"
            )
        })
}

fn is_from_list(facts: &Facts<'_>) -> bool {
    let is_bulk = |name| {
        facts.word(name).is_some_and(|precedence| {
            matches!(
                precedence.as_str(),
                "bulk" | "junk" | "list" | "auto_reply" | "auto-reply"
            )
        })
    };
    is_bulk("precedence")
        || is_bulk("x-precedence")
        || facts.root.header.names().any(|name| {
            name.starts_with("list-")
                || matches!(
                    name,
                    "mailing-list"
                        | "x-mailing-list"
                        | "x-ml-name"
                        | "x-mlserver"
                        | "x-beenthere"
                        | "x-ml-count"
                )
        })
}

fn is_nobody(local: &str) -> bool {
    let plain = local.replace(['-', '_', '.'], "");
    NOBODY.contains(&local)
        || plain.starts_with("noreply")
        || plain.starts_with("donotreply")
        || plain.starts_with("dontreply")
        || plain.ends_with("noreply")
        || local.ends_with("-bounces")
        || local.starts_with("bounce-")
        || local.starts_with("bounce+")
        || local.starts_with("bounces+")
        || local.starts_with("owner-")
        || local.ends_with("-owner")
        || local.ends_with("-request")
}

/// An answer goes to Reply-To or to the envelope's sender: where either is nobody's, it is not sent.
fn reply_goes_nowhere(facts: &Facts<'_>) -> bool {
    let reply_to = facts
        .root
        .header
        .get("reply-to")
        .and_then(|value| super::address::first(value, None))
        .map(|found| found.address);
    let envelope = facts.envelope.from.clone();
    reply_to
        .iter()
        .chain(&envelope)
        .filter_map(|address| address.rsplit_once('@'))
        .any(|(local, _)| is_nobody(&local.to_lowercase()))
}
