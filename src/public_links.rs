//! What the enterprise says: one-time links, and the public pages behind them.
//!
//! A link is for one purpose and counts once: [`dates`] (choose one of the times offered), [`sessions`] (come to a session;
//! how it was), [`survey`] (after closing). Its token has 128 bits, made of the link's id with a key outside the database; only
//! its hash is stored, and the text of the mail has a gap, which is filled when the mail is handed over ([`fill_in`]). So
//! neither the outbox, which staff see, nor a copy of the database answers for an enterprise.
//!
//! The [`pages`] stand outside the API: HTML made here ([`html`]), without scripts, cookies or anything from elsewhere. To read
//! a page changes nothing, because mail scanners open links; only a form that is sent does. What a page tells of a case is what
//! the mail told already. A link that is unknown, expired or taken back looks the same.
//!
//! Owns `public_link`, `public_link_mail`, `date_proposal` with its slots and managers, `session_question`, `survey`,
//! `survey_stop` and `free_text`.

pub mod answers;
pub mod dates;
pub mod free_texts;
mod html;
mod pages;
pub mod reports;
pub mod sessions;
pub mod survey;

use crate::{
    access::Actor,
    auth::hash_token,
    cases::{self, Case},
    error::Result,
    ids::*,
    messages::{
        self, Draft,
        sender::{Sender, addressed, is_own_address},
    },
    programme::*,
    routes::ServiceConfig,
    store::{Store, Tx},
    templates::{self, Placeholder, Values},
    text::EmailAddress,
};
use chrono::{DateTime, TimeDelta, Utc};
pub use pages::mount as mount_pages;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Stands for the token in the text that is stored. Staff read it in the outbox.
const GAP: &str = "(送信時に入る本人専用の文字列)";

/// How long a link that is over is kept, so that somebody who asks why it does not work can be answered.
const KEPT: TimeDelta = TimeDelta::days(31);

/// Mounts what staff see of it.
pub fn mount(config: &mut ServiceConfig) {
    config
        .configure(dates::mount)
        .configure(answers::mount)
        .configure(free_texts::mount)
        .configure(reports::mount);
}

/// A link that somebody has the token of.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    id: LinkId,
    purpose: LinkPurpose,
    case_id: CaseId,
    /// The proposal, the consultation or the survey.
    subject_id: Uuid,
    /// It has counted.
    is_used: bool,
    /// Expired or taken back.
    is_over: bool,
}

impl Link {
    /// The one that a token belongs to; of no kind of token more is learned than that it is none.
    async fn find(db: &mut PgConnection, token: &str, now: DateTime<Utc>) -> Result<Option<Self>> {
        Ok(sqlx::query_as!(
            Self,
            r#"
            select id, purpose, case_id, subject_id, used_at is not null as "is_used!",
                (expires_at <= $2 or revoked_at is not null) as "is_over!"
            from public_link
            where hash = $1
            "#,
            &hash_token(token)[..],
            now,
        )
        .fetch_optional(db)
        .await?)
    }

    /// The link as it is now that the caller has locked its case: of two answers by one link the second finds it used.
    async fn reload(&self, tx: &mut Tx) -> Result<Option<Self>> {
        let now = tx.now();
        Ok(sqlx::query_as!(
            Self,
            r#"
            select id, purpose, case_id, subject_id, used_at is not null as "is_used!",
                (expires_at <= $2 or revoked_at is not null) as "is_over!"
            from public_link
            where id = $1
            for no key update
            "#,
            *self.id,
            now,
        )
        .fetch_optional(tx.db())
        .await?)
    }

    /// It has counted.
    async fn consume(&self, tx: &mut Tx) -> Result<()> {
        let now = tx.now();
        sqlx::query!(
            "update public_link set used_at = $2 where id = $1",
            *self.id,
            now
        )
        .execute(tx.db())
        .await?;
        Ok(())
    }
}

/// Makes a link.
async fn issue(
    tx: &mut Tx,
    purpose: LinkPurpose,
    case_id: CaseId,
    subject_id: Uuid,
    expires_at: DateTime<Utc>,
) -> Result<LinkId> {
    let (id, now) = (LinkId::new(), tx.now());
    let hash = hash_token(&tx.mail().key.short_link_token("public", *id));
    sqlx::query!(
        r#"
        insert into public_link (id, purpose, case_id, subject_id, hash, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        *id,
        purpose.name(),
        *case_id,
        subject_id,
        &hash[..],
        now,
        expires_at,
    )
    .execute(tx.db())
    .await?;
    Ok(id)
}

/// Takes the links about something back.
async fn revoke(tx: &mut Tx, subject_id: Uuid) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update public_link set revoked_at = $2 where subject_id = $1 and used_at is null and revoked_at is null",
        subject_id,
        now
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// A mail came back, as a report or as it was: a link in it was seen by others.
pub(crate) async fn came_back(tx: &mut Tx, message_id: MessageId) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        r#"
        update public_link
        set revoked_at = $2
        where id in (select link_id from public_link_mail where message_id = $1)
        and used_at is null and revoked_at is null
        "#,
        *message_id,
        now
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// A text with its link.
pub(crate) struct Filled {
    /// The text as it goes out.
    pub text: String,
    /// Where a mail program asks for no more of these.
    pub unsubscribe: Option<String>,
}

/// The text of a mail that asks for an answer, as it goes out; none where its link no longer counts.
///
/// # Errors
/// The database.
pub(crate) async fn fill_in(
    store: &Store,
    message_id: MessageId,
    text: String,
) -> Result<Option<Filled>> {
    let link = sqlx::query!(
        r#"
        select l.id, l.purpose
        from public_link_mail m
        join public_link l on l.id = m.link_id
        where m.message_id = $1 and l.expires_at > $2 and l.used_at is null and l.revoked_at is null
        "#,
        *message_id,
        store.now(),
    )
    .fetch_optional(store.writer())
    .await?;
    Ok(link.map(|link| {
        let mail = store.mail();
        let token = mail.key.short_link_token("public", *link.id);
        let is_survey = link.purpose == LinkPurpose::Survey;
        Filled {
            text: text.replace(GAP, &token),
            unsubscribe: is_survey.then(|| format!("{}/stop", address(&mail.public_url, &token))),
        }
    }))
}

fn address(public_url: &str, token: &str) -> String {
    format!("{}/public/{token}", public_url.trim_end_matches('/'))
}

/// Deletes what has been over for a month.
pub(crate) async fn forget_old(db: &PgPool, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from public_link where expires_at < $1", now - KEPT)
        .execute(db)
        .await?;
    Ok(())
}

/// Sends what is due: surveys, reminders, evaluations; and ends the proposals that nobody answered.
///
/// # Errors
/// The database.
pub(crate) async fn ask_enterprises(store: &Store, system: &Actor) -> Result<()> {
    dates::expire_due(store, system).await?;
    sessions::remind(store, system).await?;
    sessions::ask_how_it_was(store, system).await?;
    survey::send_due(store, system).await
}

/// Who is asked.
#[derive(Clone, Debug)]
struct Addressee {
    id: ContactId,
    name: Option<String>,
    address: EmailAddress,
}

/// Whom the mails about a case go to: the primary contact with an address.
async fn addressee(db: &mut PgConnection, case_id: CaseId) -> Result<Option<Addressee>> {
    Ok(sqlx::query_as!(
        Addressee,
        r#"
        select id, name, email as "address!: EmailAddress"
        from contact
        where case_id = $1 and role = 'primary' and email is not null
        order by position
        limit 1
        "#,
        *case_id,
    )
    .fetch_optional(db)
    .await?)
}

/// Writes a mail that asks for an answer by the link; none where the office has switched such mails off, or the address is
/// our own.
async fn ask(
    tx: &mut Tx,
    case: &Case,
    to: &Addressee,
    purpose: TemplatePurpose,
    link_id: LinkId,
    values: Values,
) -> Result<Option<MessageId>> {
    if is_own_address(tx, &to.address).await? {
        return Ok(None);
    }
    let sender = Sender::of(tx, case, None).await?;
    let link = address(&tx.mail().public_url, GAP);
    let values = sender
        .values(case)
        .and(values)
        .with(Placeholder::Recipient, addressed(to.name.as_deref()))
        .with(Placeholder::StopLink, format!("{link}/stop"))
        .with(Placeholder::AnswerLink, link);
    let Some(text) = templates::fill_in(tx, purpose, &values).await? else {
        return Ok(None);
    };
    let draft = Draft {
        case: Some(case),
        kind: MessageKind::Question,
        mailbox_id: None,
        to: &to.address,
        to_name: to.name.as_deref(),
        contact_id: Some(to.id),
        subject: &text.subject,
        body: &text.body,
        calendar: None,
        in_reply_to: None,
        references: &[],
        attachments: &[],
        is_held: false,
    };
    let message_id = messages::write(tx, &draft).await?;
    sqlx::query!(
        "insert into public_link_mail (message_id, link_id) values ($1, $2)",
        *message_id,
        *link_id,
    )
    .execute(tx.db())
    .await?;
    Ok(Some(message_id))
}

/// Whether an enterprise may be asked how it was: it agreed to surveys, or the office asks all; and nobody asked for no
/// more of it.
async fn may_survey(tx: &mut Tx, case: &Case, address: &EmailAddress) -> Result<bool> {
    let asks_all = tx.settings().await?.survey_without_consent;
    let mark = tx.mail().key.address_mark(&address.key());
    Ok(sqlx::query_scalar!(
        r#"
        select ($2 or exists (select from consent where case_id = $1 and kind = 'survey'))
            and not exists (select from survey_stop where address_hash = $3) as "may!"
        "#,
        *case.id,
        asks_all,
        &mark[..],
    )
    .fetch_one(tx.db())
    .await?)
}

/// The desk has to do something now: it has a business day for it.
async fn wait_for_desk(tx: &mut Tx, case: &Case, reason: &str) -> Result<()> {
    let (calendar, now) = (tx.calendar(case.desk_id).await?, tx.now());
    let until = calendar.deadline(now, 1, &[]);
    cases::wait_for(tx, case, WaitingOn::Desk, Some(until), reason).await
}
