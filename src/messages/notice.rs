//! Notices: short mails that tell a desk or a manager to look. Nothing in them says who asks or what about; the link
//! needs a sign-in.
//!
//! A notice goes to the address that is entered for the desk or the manager, and to none where that is a mailbox of ours
//! (the mail would come back as an enterprise's).

use super::{
    Draft, MessageKind, may_send_automatically,
    sender::{Sender, is_own_address},
    write,
};
use crate::{
    cases::Case,
    error::Result,
    ids::*,
    japan::dates,
    programme::{DueKind, Line, TemplatePurpose},
    store::Tx,
    templates::{self, Placeholder, Rendered, Values},
    text::EmailAddress,
};
use chrono::{DateTime, TimeDelta, Utc};

/// How long one notice of new mail on a case is enough, while nobody answers.
const QUIET: TimeDelta = TimeDelta::hours(1);

/// Whom a notice goes to.
struct Recipient {
    name: String,
    address: EmailAddress,
}

/// Tells a desk that a case was routed to it.
///
/// # Errors
/// The database.
pub async fn routed(tx: &mut Tx, case: &Case) -> Result<()> {
    let Some(desk) = desk_of(tx, case).await? else {
        return Ok(());
    };
    let now = tx.now();
    let due = sqlx::query_scalar!(
        "select due_at from deadline where case_id = $1 and kind = $2 and done_at is null",
        *case.id,
        DueKind::Accept.name(),
    )
    .fetch_optional(tx.db())
    .await?;
    let values = desk_values(tx, case, &desk).await?.with_some(
        Placeholder::AcceptBy,
        due.map(|due| dates::day_of(due, now)),
    );
    let text = templates::fill_in(tx, TemplatePurpose::NoticeRouted, &values).await?;
    send(tx, case, &desk, text).await
}

/// Tells the desk of a case that the enterprise wrote: once an hour, as long as nobody answers.
///
/// # Errors
/// The database.
pub async fn mail_arrived(tx: &mut Tx, case: &Case) -> Result<()> {
    let Some(desk) = desk_of(tx, case).await? else {
        return Ok(());
    };
    let values = desk_values(tx, case, &desk).await?;
    let text = templates::fill_in(tx, TemplatePurpose::NoticeMail, &values).await?;
    let Some(text) = text else {
        return Ok(());
    };
    // The subject tells this notice from the others of the case: it is made of the template and the number.
    let since = tx.now() - QUIET;
    let is_told = sqlx::query_scalar!(
        r#"
        select exists (
            select
            from message m
            where m.case_id = $1 and m.kind = 'notice' and m.subject = $2 and m.created_at > $3
            and not exists (
                select from message r where r.case_id = $1 and r.kind = 'reply' and r.created_at > m.created_at
            )
        ) as "is_told!"
        "#,
        *case.id,
        text.subject,
        since,
    )
    .fetch_one(tx.db())
    .await?;
    if is_told || !may_send_automatically(tx).await? {
        return Ok(());
    }
    send(tx, case, &desk, Some(text)).await
}

/// Tells the desk of a case that the enterprise answered by a link.
///
/// # Errors
/// The database.
pub async fn answered(tx: &mut Tx, case: &Case) -> Result<()> {
    let Some(desk) = desk_of(tx, case).await? else {
        return Ok(());
    };
    let values = desk_values(tx, case, &desk).await?;
    let text = templates::fill_in(tx, TemplatePurpose::NoticeAnswer, &values).await?;
    send(tx, case, &desk, text).await
}

/// Tells a manager of an offer.
///
/// # Errors
/// The database.
pub async fn offered(tx: &mut Tx, case: &Case, offer_id: OfferId) -> Result<()> {
    tell_manager(tx, case, offer_id, TemplatePurpose::NoticeOffer, "").await
}

/// Tells a manager that an offer was taken back.
///
/// # Errors
/// The database.
pub async fn offer_revoked(tx: &mut Tx, case: &Case, offer_id: OfferId) -> Result<()> {
    let purpose = TemplatePurpose::NoticeOfferClosed;
    tell_manager(tx, case, offer_id, purpose, "取り消されました").await
}

/// Tells a manager that the time to answer an offer has passed.
///
/// # Errors
/// The database.
pub async fn offer_expired(tx: &mut Tx, case: &Case, offer_id: OfferId) -> Result<()> {
    let purpose = TemplatePurpose::NoticeOfferClosed;
    tell_manager(tx, case, offer_id, purpose, "回答期限を過ぎました").await
}

async fn tell_manager(
    tx: &mut Tx,
    case: &Case,
    offer_id: OfferId,
    purpose: TemplatePurpose,
    end: &str,
) -> Result<()> {
    let offer = sqlx::query!(
        r#"
        select o.line as "line: Line", o.reply_by as "reply_by: DateTime<Utc>", m.name,
            m.email as "address: EmailAddress"
        from offer o
        join manager m on m.id = o.manager_id
        where o.id = $1
        "#,
        *offer_id,
    )
    .fetch_one(tx.db())
    .await?;
    let Some(address) = offer.address else {
        return Ok(());
    };
    let manager = Recipient {
        name: format!("{} 様", offer.name),
        address,
    };
    let reply_by = dates::moment(offer.reply_by, tx.now());
    // The case is not theirs to see yet: the offer is.
    let values = values(tx, case, &manager, format!("offers/{offer_id}"))
        .await?
        .with(Placeholder::OfferLine, offer.line.japanese())
        .with(Placeholder::ReplyBy, reply_by)
        .with(Placeholder::OfferEnd, end);
    let text = templates::fill_in(tx, purpose, &values).await?;
    send(tx, case, &manager, text).await
}

/// The desk of a case, where it has an address.
async fn desk_of(tx: &mut Tx, case: &Case) -> Result<Option<Recipient>> {
    let Some(desk_id) = case.desk_id else {
        return Ok(None);
    };
    let desk = sqlx::query!(
        r#"select name, email as "address: EmailAddress" from desk where id = $1"#,
        *desk_id
    )
    .fetch_one(tx.db())
    .await?;
    Ok(desk.address.map(|address| Recipient {
        name: format!("{} 御中", desk.name),
        address,
    }))
}

async fn desk_values(tx: &mut Tx, case: &Case, desk: &Recipient) -> Result<Values> {
    values(tx, case, desk, format!("cases/{}", case.id)).await
}

async fn values(tx: &mut Tx, case: &Case, to: &Recipient, page: String) -> Result<Values> {
    let sender = Sender::of(tx, case, None).await?;
    let link = format!("{}/{page}", tx.mail().public_url.trim_end_matches('/'));
    Ok(sender
        .values(case)
        .with(Placeholder::Recipient, &to.name)
        .with(Placeholder::Link, link))
}

async fn send(tx: &mut Tx, case: &Case, to: &Recipient, text: Option<Rendered>) -> Result<()> {
    let Some(text) = text else {
        return Ok(());
    };
    if is_own_address(tx, &to.address).await? {
        return Ok(());
    }
    let draft = Draft {
        case: Some(case),
        kind: MessageKind::Notice,
        mailbox_id: None,
        to: &to.address,
        to_name: None,
        contact_id: None,
        subject: &text.subject,
        body: &text.body,
        calendar: None,
        in_reply_to: None,
        references: &[],
        attachments: &[],
        is_held: false,
    };
    write(tx, &draft).await.map(drop)
}
