//! The answer to a first mail: we have it, this is its number, and by when we answer.
//!
//! An automatic answer goes to an address that nobody has proved, so it is rare (one per case, a few per address and
//! day, one per subject and day; FreeScout and Zammad limit theirs alike), and says nothing that a stranger could use
//! it to say: of the mail it quotes the subject, and not even that where it holds a link.

use super::{
    Draft, may_send_automatically,
    sender::{Sender, addressed, is_own_address},
    write,
};
use crate::{
    cases::Case,
    error::Result,
    ids::*,
    japan::{dates, fold},
    programme::{DueKind, MessageKind, TemplatePurpose},
    store::Tx,
    templates::{self, Placeholder, Values},
    text::EmailAddress,
};
use chrono::TimeDelta;

/// In which the acknowledgements to one address are counted.
const WINDOW: TimeDelta = TimeDelta::hours(24);

/// Longest subject that is quoted, in characters.
const MAX_QUOTED: usize = 100;

/// Longest name that is addressed, in characters.
const MAX_NAME: usize = 50;

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
/// may be answered by a program at all, and holds the sender's row, so that two mails at once are counted.
///
/// # Errors
/// The database.
pub async fn acknowledge(
    tx: &mut Tx,
    case: &Case,
    mail: &FirstMail<'_>,
) -> Result<Option<MessageId>> {
    if !may_acknowledge(tx, case, mail).await? {
        return Ok(None);
    }
    let calendar = tx.calendar(case.desk_id).await?;
    let purpose = match calendar.is_open(case.received_at) {
        true => TemplatePurpose::Acknowledgement,
        false => TemplatePurpose::AcknowledgementOutOfHours,
    };
    let name = mail.name.and_then(|name| quotable(name, MAX_NAME));
    let values = values(tx, case, mail, name.as_deref()).await?;
    let Some(text) = templates::fill_in(tx, purpose, &values).await? else {
        return Ok(None);
    };
    let mut references = mail.references.to_vec();
    references.extend(mail.message_id.map(str::to_owned));
    let draft = Draft {
        case: Some(case),
        kind: MessageKind::Acknowledgement,
        mailbox_id: mail.mailbox_id,
        to: mail.address,
        to_name: name.as_deref(),
        contact_id: None,
        subject: &text.subject,
        body: &text.body,
        calendar: None,
        in_reply_to: mail.message_id,
        references: &references,
        attachments: &[],
        is_held: false,
    };
    write(tx, &draft).await.map(Some)
}

async fn may_acknowledge(tx: &mut Tx, case: &Case, mail: &FirstMail<'_>) -> Result<bool> {
    let settings = tx.settings().await?;
    if !settings.acknowledge_mail || is_own_address(tx, mail.address).await? {
        return Ok(false);
    }
    let now = tx.now();
    let before = sqlx::query!(
        r#"
        select m.case_id as "case_id: CaseId", m.created_at > $3 as "is_recent!",
            (
                select i.subject
                from inbound_mail i
                where i.case_id = m.case_id and i.placed_by = 'new_case'
                order by i.received_at
                limit 1
            ) as subject
        from message m
        where m.kind = 'acknowledgement'
        and (m.case_id = $1 or (lower(m.to_address) = $2 and m.created_at > $3))
        "#,
        *case.id,
        mail.address.key(),
        now - WINDOW,
    )
    .fetch_all(tx.db())
    .await?;
    let subject = fold(mail.subject);
    let is_repeated = |row: &Option<String>| fold(row.as_deref().unwrap_or_default()) == subject;
    let is_known = before.iter().any(|row| row.case_id == Some(case.id))
        || before.iter().any(|row| is_repeated(&row.subject));
    let recent = before.iter().filter(|row| row.is_recent).count() as i64;
    if is_known || recent >= settings.acknowledgements_per_sender {
        return Ok(false);
    }
    may_send_automatically(tx).await
}

async fn values(
    tx: &mut Tx,
    case: &Case,
    mail: &FirstMail<'_>,
    name: Option<&str>,
) -> Result<Values> {
    let (settings, now) = (tx.settings().await?, tx.now());
    let sender = Sender::of(tx, case, mail.mailbox_id).await?;
    let calendar = tx.calendar(case.desk_id).await?;
    let due = sqlx::query_scalar!(
        "select due_at from deadline where case_id = $1 and kind = $2 and done_at is null",
        *case.id,
        DueKind::FirstContact.name(),
    )
    .fetch_optional(tx.db())
    .await?;
    let due = due
        .unwrap_or_else(|| calendar.deadline(case.received_at, settings.first_contact_days, &[]));
    let opens = calendar.next_opening(case.received_at);
    Ok(sender
        .values(case)
        .with(Placeholder::Recipient, addressed(name))
        .with_some(Placeholder::MailSubject, quotable(mail.subject, MAX_QUOTED))
        .with(Placeholder::AnswerBy, dates::day_of(due, now))
        .with(Placeholder::NextOpening, dates::moment(opens, now)))
}

/// A stranger's words, as far as we repeat them: on one line, cut, and not at all where they hold a link or an address,
/// for which our good name would vouch.
fn quotable(text: &str, max: usize) -> Option<String> {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    let folded = fold(&line);
    let is_link = ["://", "www.", ".com", ".jp", "@"]
        .iter()
        .any(|sign| folded.contains(sign));
    match line.char_indices().nth(max) {
        _ if line.is_empty() || is_link => None,
        Some((end, _)) => Some(format!("{}…", &line[..end])),
        None => Some(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_words_are_repeated_with_care() {
        assert_eq!(quotable(" 在宅\r\n勤務 ", 9).as_deref(), Some("在宅 勤務"));
        assert_eq!(quotable("在宅勤務の導入", 4).as_deref(), Some("在宅勤務…"));
        for refused in [
            "",
            "\r\n",
            "当選 https://evil.example",
            "ｗｗｗ．evil.example",
            "連絡は a＠evil.example へ",
            "evil.JP",
        ] {
            assert_eq!(quotable(refused, 50), None, "{refused}");
        }
    }
}
