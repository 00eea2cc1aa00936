//! Mail that goes out: the outbox. A message is a row before it is a mail.
//!
//! Whoever writes a message does so in the transaction of what it is about ([`write`]): rolled back, it never leaves;
//! committed, it leaves ([`send`] says how, and why exactly once but for one window). [`reply`] is how staff write to an
//! enterprise, [`steps`] how they take a message back or try it again, [`view`] how they see what became of it,
//! [`acknowledge`] what the program writes by itself. Reports about a message come back through [`reported`].
//!
//! Owns `message`, `message_step`, `message_attempt` and `message_attachment`.

pub mod acknowledge;
pub mod invitation;
pub mod notice;
mod reply;
pub mod send;
pub mod sender;
pub mod state;
mod steps;
mod view;

use crate::{
    access::{Actor, OFFICE, Role},
    audit::{Chain, Event},
    cases::{self, Case, Status},
    error::Result,
    ids::*,
    jobs::{Job, Work},
    mail::compose,
    programme::*,
    public_links,
    routes::ServiceConfig,
    store::{Store, Tx},
    text::EmailAddress,
};
use chrono::{DateTime, TimeDelta, Utc};
pub use view::MessageView;

/// Most characters of a subject.
const MAX_SUBJECT: usize = 400;

/// Most characters of a text: what staff write, and as much again of what a template puts around it.
const MAX_BODY: usize = 40_000;

/// Mounts the slice.
pub fn mount(config: &mut ServiceConfig) {
    config
        .configure(reply::mount)
        .configure(steps::mount)
        .configure(view::mount);
}

/// A message to be written.
pub struct Draft<'a> {
    /// Of which case.
    pub case: Option<&'a Case>,
    /// What it is.
    pub kind: MessageKind,
    /// From which mailbox; the owner's (the case's desk, else the help center) where absent.
    pub mailbox_id: Option<MailboxId>,
    /// To whom.
    pub to: &'a EmailAddress,
    /// The name beside the address.
    pub to_name: Option<&'a str>,
    /// Which contact of the case that is.
    pub contact_id: Option<ContactId>,
    /// One line.
    pub subject: &'a str,
    /// Plain text.
    pub body: &'a str,
    /// An iCalendar part.
    pub calendar: Option<&'a str>,
    /// The Message-ID it answers, without brackets.
    pub in_reply_to: Option<&'a str>,
    /// Message-IDs before it, oldest first, without brackets.
    pub references: &'a [String],
    /// Files that go with it; of the same case.
    pub attachments: &'a [AttachmentId],
    /// Whether its writer may take it back for a while.
    pub is_held: bool,
}

/// Writes a message into the outbox. It leaves after this transaction has committed, or never.
///
/// Subject and name lose their control characters, Message-IDs that are none are left out, and what is too long is cut:
/// parts of them come out of mails that strangers wrote.
///
/// # Errors
/// The database.
pub async fn write(tx: &mut Tx, draft: &Draft<'_>) -> Result<MessageId> {
    let (id, now) = (MessageId::new(), tx.now());
    let hold = match draft.is_held {
        true => tx.settings().await?.message_hold_seconds,
        false => 0,
    };
    let release_at = now + TimeDelta::seconds(hold);
    let state = match hold {
        0 => MessageState::Queued,
        _ => MessageState::Waiting,
    };
    let mail = tx.mail().clone();
    let message_id = mail
        .key
        .message_id(draft.case.map(|case| case.id), id, &mail.domain);
    // What a person wrote has an author; what follows from what they did is the program's.
    let author = tx
        .actor()
        .user_id
        .filter(|_| draft.kind == MessageKind::Reply);
    let attachments: Vec<_> = draft.attachments.iter().map(|id| **id).collect();
    sqlx::query!(
        r#"
        with written as (
            insert into message (id, case_id, kind, state, mailbox_id, to_address, to_name, contact_id, subject, body, calendar,
                in_reply_to, reference_ids, message_id, release_at, next_attempt_at, created_at, created_by)
            values ($1, $2, $3, $4,
                coalesce(
                    $5,
                    (select id from mailbox where active and desk_id = $6 order by created_at, id limit 1),
                    (select id from mailbox where active and desk_id is null order by created_at, id limit 1)
                ),
                $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $17, $18)
        )
        insert into message_attachment (message_id, attachment_id, position)
        select $1, file, position
        from unnest($19::uuid[]) with ordinality as chosen (file, position)
        "#,
        *id,
        draft.case.map(|case| *case.id),
        draft.kind.name(),
        state.name(),
        draft.mailbox_id.map(|id| *id),
        draft.case.and_then(|case| case.desk_id).map(|id| *id),
        draft.to.as_str(),
        draft.to_name.and_then(|name| one_line(name, 200)),
        draft.contact_id.map(|id| *id),
        one_line(draft.subject, MAX_SUBJECT).unwrap_or_else(|| "(件名なし)".into()),
        draft.body.chars().take(MAX_BODY).collect::<String>(),
        draft.calendar,
        draft.in_reply_to.filter(|id| compose::is_id(id)),
        &compose::thread(draft.references),
        message_id,
        release_at,
        now,
        author.map(|id| *id),
        &attachments,
    )
    .execute(tx.db())
    .await?;
    tx.record(
        chain(draft.case.map(|case| case.id)),
        Event::MessageWritten {
            message_id: id,
            message: draft.kind.name().into(),
            outside_contacts: draft.kind == MessageKind::Reply && draft.contact_id.is_none(),
        },
    );
    tx.enqueue(job(id, release_at));
    Ok(id)
}

/// The text on one line, cut to so many characters; `None` where nothing is left.
fn one_line(text: &str, max: usize) -> Option<String> {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let line: String = text
        .chars()
        .map(|c| if is_break(c) { ' ' } else { c })
        .collect();
    let line: String = line.trim().chars().take(max).collect();
    (!line.is_empty()).then_some(line)
}

/// The job that hands a message over. At most one waits per message.
fn job(id: MessageId, at: DateTime<Utc>) -> Job {
    Job::at(Work::SendMessage { message_id: id }, at).once(format!("send_message:{id}"))
}

fn chain(case_id: Option<CaseId>) -> Chain {
    case_id.map_or(OFFICE, Chain::Case)
}

/// Whether the actor may write to the enterprise of a case they see (design: Who may do what): the help center's
/// operators while it has the case, everybody else always.
fn may_write(actor: &Actor, status: Status) -> bool {
    match actor.role {
        Some(Role::Operator) => status == Status::Received,
        Some(Role::Auditor) => false,
        _ => true,
    }
}

/// Whether the program may write another mail by itself: the breaker that ends a loop nobody thought of. Mails about accounts
/// have limits of their own. Where it is
/// open, whoever wanted to write leaves it, and the log and a metric raise the alarm.
///
/// # Errors
/// The database.
pub async fn may_send_automatically(tx: &mut Tx) -> Result<bool> {
    let most = tx.settings().await?.automatic_mails_per_hour;
    let written = sqlx::query_scalar!(
        r#"
        select count(*) as "written!"
        from message
        where kind not in ('reply', 'account') and created_at > $1
        "#,
        tx.now() - TimeDelta::hours(1),
    )
    .fetch_one(tx.db())
    .await?;
    if written < most {
        return Ok(true);
    }
    metrics::counter!("madoguchi_automatic_mails_stopped_total").increment(1);
    tracing::warn!(
        mail.written = written,
        mail.limit = most,
        "an automatic mail is not written: more were written in the last hour than the settings allow"
    );
    Ok(false)
}

/// A delivery report came for a message: the owner of the case is told when it failed. A report that it is delayed does
/// not take back a later one that came first.
///
/// # Errors
/// The database.
pub async fn reported(
    tx: &mut Tx,
    message_id: MessageId,
    mail_id: MailId,
    delivery: Delivery,
    detail: &str,
) -> Result<()> {
    let detail: String = detail.chars().filter(|c| *c != '\0').take(2000).collect();
    let Some(message) = sqlx::query!(
        r#"
        select m.case_id, coalesce(c.merged_into, c.id) as "flagged: CaseId", m.to_address,
            m.delivery as "delivery: Delivery", m.delivery_detail
        from message m
        left join case_file c on c.id = m.case_id
        where m.id = $1
        for no key update of m
        "#,
        *message_id,
    )
    .fetch_optional(tx.db())
    .await?
    else {
        return Ok(());
    };
    let is_known = message.delivery == Some(delivery)
        && message.delivery_detail.as_deref() == Some(detail.as_str());
    let is_older = delivery == Delivery::Delayed
        && matches!(
            message.delivery,
            Some(Delivery::Failed | Delivery::Delivered)
        );
    if is_known || is_older {
        return Ok(());
    }
    sqlx::query!(
        "update message set delivery = $2, delivery_detail = $3 where id = $1",
        *message_id,
        delivery.name(),
        detail,
    )
    .execute(tx.db())
    .await?;
    tx.record(
        chain(message.case_id),
        Event::MessageReported {
            message_id,
            mail_id,
            delivery: delivery.name().into(),
        },
    );
    if delivery == Delivery::Failed {
        public_links::survey::bounced(tx, message_id).await?;
    }
    if let (Delivery::Failed, Some(case_id)) = (delivery, message.flagged) {
        let reason = format!(
            "{} 宛てのメールが不達になりました。宛先を確認し、電話などで連絡してください。",
            masked(&message.to_address)
        );
        cases::raise_flag(tx, case_id, Flag::DeliveryFailed, Some(&reason)).await?;
    }
    Ok(())
}

/// Enough of an address to recognise it.
fn masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(2).collect();
    format!("{first}***@{domain}")
}

/// Measures the outbox, for `/metrics`.
///
/// # Errors
/// The database.
pub(crate) async fn measure(store: &Store) -> Result<()> {
    let counts = sqlx::query!(
        r#"
        select state as "state!: MessageState", count(*) as "number!"
        from message
        where state in ('waiting', 'queued', 'sending')
        group by state
        union all
        select state, count(*)
        from message
        where state in ('unknown', 'failed')
        group by state
        "#
    )
    .fetch_all(store.reader())
    .await?;
    use MessageState::*;
    for state in [Waiting, Queued, Sending, Unknown, Failed] {
        let count = counts.iter().find(|count| count.state == state);
        metrics::gauge!("madoguchi_messages", "state" => state.name())
            .set(count.map_or(0, |count| count.number) as f64);
    }
    let oldest = sqlx::query_scalar!(
        r#"select min(release_at) from message where state in ('queued', 'sending')"#
    )
    .fetch_one(store.reader())
    .await?;
    let age = oldest.map_or(TimeDelta::zero(), |oldest| store.now() - oldest);
    metrics::gauge!("madoguchi_messages_oldest_queued_seconds").set(age.num_seconds() as f64);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_masks() {
        assert_eq!(
            one_line(" a\r\nBcc: b\u{2028}c\0 ", 400).as_deref(),
            Some("a  Bcc: b c")
        );
        assert_eq!(one_line("\r\n\t", 10), None);
        assert_eq!(one_line("相談窓口", 2).as_deref(), Some("相談"));
        assert_eq!(masked("hanako@example.co.jp"), "ha***@example.co.jp");
    }
}
