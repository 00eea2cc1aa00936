//! The row of a mail: locked, read and written here, by the job and by staff alike.
//!
//! Lock order: mail (several by id), sender, then enterprise, case and message as everywhere.

use super::content::Content;
use crate::{
    error::{Error, Result},
    ids::*,
    programme::*,
    store::Tx,
};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A mail as decisions about it need it, locked.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the columns of inbound_mail, commented there")]
pub(crate) struct Mail {
    pub id: MailId,
    pub mailbox_id: Option<MailboxId>,
    pub state: MailState,
    pub kind: Option<MailKind>,
    pub received_at: DateTime<Utc>,
    pub envelope_to: Vec<String>,
    pub from_address: Option<String>,
    pub from_key: Option<String>,
    pub from_name: Option<String>,
    pub subject: Option<String>,
    pub body_text: Option<String>,
    pub reply_text: Option<String>,
    pub case_id: Option<CaseId>,
    pub is_known_sender: Option<bool>,
    pub discarded_at: Option<DateTime<Utc>>,
    pub version: i64,
}

/// Locks a mail, then loads it as it is after the wait.
///
/// # Errors
/// 404 when there is none.
pub(crate) async fn lock(tx: &mut Tx, id: MailId) -> Result<Mail> {
    sqlx::query!(
        "select id from inbound_mail where id = $1 for no key update",
        *id
    )
    .fetch_optional(tx.db())
    .await?;
    sqlx::query_as!(
        Mail,
        r#"
        select id, mailbox_id, state as "state: MailState", kind as "kind: MailKind", received_at, envelope_to, from_address,
            from_key, from_name, subject, body_text, reply_text, case_id, is_known_sender, discarded_at, version
        from inbound_mail
        where id = $1
        "#,
        *id
    )
    .fetch_optional(tx.db())
    .await?
    .ok_or_else(Error::not_found)
}

/// Mails of one sender are placed one after the other from here on: of two first mails at once, the second finds the
/// case of the first.
pub(crate) async fn lock_sender(tx: &mut Tx, key: &str, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        r#"
        insert into mail_sender (address_key, last_received_at)
        values ($1, $2)
        on conflict (address_key) do update
        set last_received_at = greatest(mail_sender.last_received_at, excluded.last_received_at)
        "#,
        key,
        at,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Where a mail was put.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Placement {
    pub because: Option<CheckReason>,
    pub case_id: Option<CaseId>,
    pub placed_by: Option<PlacedBy>,
    pub suggested: Option<CaseId>,
    pub is_known: Option<bool>,
    pub reported: Option<MessageId>,
}

impl Placement {
    pub fn state(&self) -> MailState {
        match self.because {
            Some(_) => MailState::Quarantined,
            None => MailState::Processed,
        }
    }
}

/// Writes what was read and where it was put.
pub(crate) async fn keep(
    tx: &mut Tx,
    id: MailId,
    content: &Content,
    placement: Placement,
) -> Result<()> {
    sqlx::query!(
        r#"
        update inbound_mail
        set state = $2, quarantine_reason = $3, kind = $4, message_id = $5, in_reply_to = $6, reference_ids = $7,
            from_address = $8, from_key = $9, from_name = $10, subject = $11, sent_at = $12, body_text = $13,
            reply_text = $14, body_html = $15, warnings = $16, delivery_report = $17, reported_message_id = $18,
            case_id = $19, placed_by = $20, suggested_case_id = $21, is_known_sender = $22, processed_at = $23,
            attempts = attempts + 1
        where id = $1
        "#,
        *id,
        placement.state().name(),
        placement.because.map(CheckReason::name),
        content.kind.name(),
        content.message_id,
        &content.in_reply_to,
        &content.references,
        content.from_address,
        content.from_key,
        content.from_name,
        content.subject,
        content.sent_at,
        content.text,
        content.reply_text,
        content.html,
        &content.warnings,
        content.report_json(),
        placement.reported.map(|id| *id),
        placement.case_id.map(|id| *id),
        placement.placed_by.map(PlacedBy::name),
        placement.suggested.map(|id| *id),
        placement.is_known,
        tx.now(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Puts a mail that could not be read before a person.
pub(crate) async fn keep_unread(
    tx: &mut Tx,
    id: MailId,
    because: CheckReason,
    warning: &str,
) -> Result<()> {
    sqlx::query!(
        r#"
        update inbound_mail
        set state = 'quarantined', quarantine_reason = $2, warnings = array[$3], processed_at = $4, attempts = attempts + 1
        where id = $1
        "#,
        *id,
        because.name(),
        warning,
        tx.now(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// A person puts a mail on a case.
pub(crate) async fn put_on_case(
    tx: &mut Tx,
    id: MailId,
    case_id: CaseId,
    is_known: bool,
) -> Result<()> {
    sqlx::query!(
        r#"
        update inbound_mail
        set state = 'processed', quarantine_reason = null, case_id = $2, placed_by = 'staff', suggested_case_id = null,
            is_known_sender = $3, discarded_at = null, discarded_by = null, discard_reason = null
        where id = $1
        "#,
        *id,
        *case_id,
        is_known,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Moves a mail along to the case that follows the one it is on.
pub(crate) async fn take_along(
    tx: &mut Tx,
    id: MailId,
    case_id: CaseId,
    is_known: bool,
) -> Result<()> {
    sqlx::query!(
        "update inbound_mail set case_id = $2, is_known_sender = $3 where id = $1",
        *id,
        *case_id,
        is_known,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Whether the mail as it came is still kept.
pub(crate) async fn has_bytes(tx: &mut Tx, id: MailId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from inbound_raw where inbound_mail_id = $1) as "has_bytes!""#,
        *id
    )
    .fetch_one(tx.db())
    .await?)
}

/// Back to the beginning: the job reads and places it anew.
pub(crate) async fn begin_again(tx: &mut Tx, id: MailId) -> Result<()> {
    sqlx::query!(
        r#"
        update inbound_mail
        set state = 'pending', processed_at = null, quarantine_reason = null, suggested_case_id = null, discarded_at = null,
            discarded_by = null, discard_reason = null
        where id = $1
        "#,
        *id
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Nothing for us: it stays where it is, out of the list of what is to be checked.
pub(crate) async fn discard(tx: &mut Tx, id: MailId, reason: &str) -> Result<()> {
    let discarded_by = tx.actor().user_id;
    sqlx::query!(
        "update inbound_mail set discarded_at = $2, discarded_by = $3, discard_reason = $4 where id = $1",
        *id,
        tx.now(),
        discarded_by.map(|id| *id),
        reason,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// The sender of these mails is known on the case from now on.
pub(crate) async fn know_sender(tx: &mut Tx, case_id: CaseId, key: &str) -> Result<()> {
    sqlx::query!(
        r#"
        update inbound_mail
        set is_known_sender = true
        where case_id = $1 and from_key = $2 and not is_known_sender
        "#,
        *case_id,
        key,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Whether mail of somebody unknown is left on the case.
pub(crate) async fn has_unverified(tx: &mut Tx, case_id: CaseId) -> Result<bool> {
    let has_unverified = sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from inbound_mail
            where case_id = $1 and not is_known_sender and kind = 'normal' and placed_by <> 'staff'
        ) as "has_unverified!"
        "#,
        *case_id
    )
    .fetch_one(tx.db())
    .await?;
    Ok(has_unverified)
}

/// The desk that a mailbox belongs to, while it is active.
pub(crate) async fn desk_of(
    db: &mut PgConnection,
    mailbox_id: Option<MailboxId>,
) -> Result<Option<DeskId>> {
    let desk_id = sqlx::query_scalar!(
        r#"
        select d.id
        from mailbox b
        join desk d on d.id = b.desk_id
        where b.id = $1 and d.active
        "#,
        mailbox_id.map(|id| *id)
    )
    .fetch_optional(db)
    .await?;
    Ok(desk_id)
}
