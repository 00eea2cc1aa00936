//! What goes, table by table: every value that says who somebody is, and every text that somebody wrote.
//!
//! The only place where the program writes tables of other slices: what is personal in each of them stands on one page, so
//! that it can be checked against the schema, which a test does column by column. Rows stay, because they are counted;
//! a text that may not be empty becomes the mark `(消去済み)`. Protected tables (audit, history) hold nothing of the kind;
//! the one exception, an approved report, goes through a function of the database that can do nothing else.
//!
//! The caller has locked the cases and enterprises and records what happened.

use crate::{attachments, error::Result, store::Tx};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What stands in the place of a text that may not be empty; `erased_mark()` in the database.
pub const MARK: &str = "(消去済み)";

/// Where mail to somebody who was erased would go: nowhere (RFC 2606).
pub const NO_ADDRESS: &str = "erased@erased.invalid";

/// How many rows of each kind.
pub type Counts = BTreeMap<String, i64>;

/// Rows that belong to cases, by their ids.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Cases whose own texts go: subject, description, site, reasons of moves and flags.
    pub cases: Vec<Uuid>,
    /// Contacts.
    pub contacts: Vec<Uuid>,
    /// Interactions.
    pub interactions: Vec<Uuid>,
    /// Notes.
    pub notes: Vec<Uuid>,
    /// Mails that came in.
    pub mails: Vec<Uuid>,
    /// Mails that went out.
    pub messages: Vec<Uuid>,
    /// Files that belong to no such mail.
    pub attachments: Vec<Uuid>,
    /// Offers.
    pub offers: Vec<Uuid>,
    /// Assignments.
    pub assignments: Vec<Uuid>,
    /// Sessions.
    pub consultations: Vec<Uuid>,
    /// Reports, by their sessions.
    pub reports: Vec<Uuid>,
}

impl Rows {
    /// How many there are of each.
    pub fn counts(&self) -> Counts {
        let counts = [
            ("cases", &self.cases),
            ("contacts", &self.contacts),
            ("interactions", &self.interactions),
            ("notes", &self.notes),
            ("mails", &self.mails),
            ("messages", &self.messages),
            ("attachments", &self.attachments),
            ("offers", &self.offers),
            ("assignments", &self.assignments),
            ("consultations", &self.consultations),
            ("reports", &self.reports),
        ];
        let named = counts.map(|(name, ids)| (name.to_owned(), ids.len() as i64));
        named.into_iter().collect()
    }
}

/// Everything of these cases.
///
/// # Errors
/// The database.
pub async fn rows_of(db: &mut sqlx::PgConnection, cases: &[Uuid]) -> Result<Rows> {
    Ok(sqlx::query_as!(
        Rows,
        r#"
        select $1::uuid[] as "cases!",
            array(select id from contact where case_id = any ($1)) as "contacts!",
            array(select id from interaction where case_id = any ($1)) as "interactions!",
            array(select id from note where case_id = any ($1)) as "notes!",
            array(select id from inbound_mail where case_id = any ($1)) as "mails!",
            array(select id from message where case_id = any ($1)) as "messages!",
            array(select id from attachment where case_id = any ($1)) as "attachments!",
            array(select id from offer where case_id = any ($1)) as "offers!",
            array(select id from assignment where case_id = any ($1)) as "assignments!",
            array(select id from consultation where case_id = any ($1)) as "consultations!",
            array(
                select r.consultation_id from report r join consultation s on s.id = r.consultation_id where s.case_id = any ($1)
            ) as "reports!"
        "#,
        cases
    )
    .fetch_one(db)
    .await?)
}

/// Cases that are over, with everything in them; they are not opened again.
///
/// # Errors
/// The database.
pub async fn cases(tx: &mut Tx, ids: &[Uuid]) -> Result<Counts> {
    let found = rows_of(tx.db(), ids).await?;
    rows(tx, &found).await?;
    seal(tx, ids).await?;
    Ok(found.counts())
}

/// Says of closed cases that nothing is left in them; they are not opened again.
///
/// # Errors
/// The database.
pub async fn seal(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update case_file set disposed_at = $2 where id = any ($1)",
        ids,
        now
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// The values and texts of these rows.
///
/// # Errors
/// The database.
pub async fn rows(tx: &mut Tx, rows: &Rows) -> Result<()> {
    case_texts(tx, &rows.cases).await?;
    conversation(tx, rows).await?;
    people(tx, rows).await?;
    mails(tx, &rows.mails).await?;
    messages(tx, &rows.messages).await?;
    attachments::disposal::forget(tx, &rows.attachments).await?;
    sqlx::query_scalar!("select erase_reports($1)", &rows.reports)
        .fetch_one(tx.db())
        .await?;
    // The index is made anew by a job, from what is left; nobody finds anything until then.
    sqlx::query!(
        r#"
        delete from search_text
        where case_id = any ($1)
        or (kind in ('contact', 'interaction', 'note', 'mail', 'message', 'report') and subject_id = any ($2))
        "#,
        &rows.cases,
        &[
            &rows.contacts[..],
            &rows.interactions,
            &rows.notes,
            &rows.mails,
            &rows.messages,
            &rows.reports,
        ]
        .concat(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// What a case says itself, and why it was moved, flagged and held.
async fn case_texts(tx: &mut Tx, cases: &[Uuid]) -> Result<()> {
    sqlx::query!(
        r#"
        with reasons as (
            update move_reason set reason = $2 where case_id = any ($1)
        ),
        flags as (
            update case_flag
            set reason = case when reason is not null then $2 end, answer = case when answer is not null then $2 end,
                note = case when note is not null then $2 end
            where case_id = any ($1)
        ),
        consents as (
            update consent set how = $2 where case_id = any ($1)
        ),
        holds as (
            update legal_hold
            set reason = $2, lift_reason = case when lift_reason is not null then $2 end
            where case_id = any ($1)
        ),
        offered_dates as (
            update date_proposal set location = null, meeting_url = null, note = null where case_id = any ($1)
        ),
        answers as (
            update free_text set written = null, released_text = null where case_id = any ($1)
        )
        update case_file
        set subject = null, description = $2, how_heard = null, site_name = null, site_postal_code = null, site_address = null,
            site_phone = null, waiting_reason = null, late_reason = case when late_reason is not null then $2 end,
            close_note = case when close_note is not null then $2 end
        where id = any ($1)
        "#,
        cases,
        MARK,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// What was said, and by whom.
async fn conversation(tx: &mut Tx, rows: &Rows) -> Result<()> {
    sqlx::query!(
        r#"
        with contacts as (
            update contact
            set name = $4, kana = null, department = null, phone = null, email = null, email_key = null, organisation = null,
                relation = null
            where id = any ($1)
        ),
        interactions as (
            update interaction
            set body = $4, counterpart = case when counterpart is not null then $4 end
            where id = any ($2)
        )
        update note set body = $4 where id = any ($3)
        "#,
        &rows.contacts,
        &rows.interactions,
        &rows.notes,
        MARK,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// What was written about offers, assignments and sessions.
async fn people(tx: &mut Tx, rows: &Rows) -> Result<()> {
    sqlx::query!(
        r#"
        with offers as (
            update offer
            set note = null, decline_reason = case when decline_reason is not null then $4 end,
                override_reason = case when override_reason is not null then $4 end
            where id = any ($1)
        ),
        assignments as (
            update assignment set end_reason = case when end_reason is not null then $4 end where id = any ($2)
        )
        update consultation
        set location = null, meeting_url = null, note = null, attendees = case when attendees is not null then array[]::text[] end,
            late_reason = case when late_reason is not null then $4 end,
            override_reason = case when override_reason is not null then $4 end,
            settle_reason = case when settle_reason is not null then $4 end,
            void_reason = case when void_reason is not null then $4 end
        where id = any ($3)
        "#,
        &rows.offers,
        &rows.assignments,
        &rows.consultations,
        MARK,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Mails that came in, with their bytes and files. That they came, when, and of what kind, is counted and stays.
///
/// # Errors
/// The database.
pub async fn mails(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
    raw_mails(tx, ids).await?;
    let files = sqlx::query_scalar!(
        r#"select id as "id: Uuid" from attachment where inbound_mail_id = any ($1)"#,
        ids
    )
    .fetch_all(tx.db())
    .await?;
    attachments::disposal::forget(tx, &files).await?;
    let now = tx.now();
    sqlx::query!(
        r#"
        update inbound_mail
        set delivery_id = null, envelope_from = null, envelope_to = '{}', message_id = null, in_reply_to = '{}',
            reference_ids = '{}', from_address = null, from_key = null, from_name = null, subject = $2, body_text = null,
            reply_text = null, body_html = null, warnings = '{}', delivery_report = null,
            discard_reason = case when discard_reason is not null then $2 end, erased_at = $3
        where id = any ($1)
        "#,
        ids,
        MARK,
        now,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// The bytes of mails as they came.
///
/// # Errors
/// The database.
pub async fn raw_mails(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "delete from inbound_raw where inbound_mail_id = any ($1)",
        ids
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Mails that went out; one that waits is taken back.
async fn messages(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        r#"
        with attempts as (
            update message_attempt set reply = null where message_id = any ($1)
        ),
        files as (
            delete from message_attachment where message_id = any ($1)
        )
        update message
        set state = case when state = 'waiting' then 'taken_back' else state end,
            next_attempt_at = case when state = 'waiting' then null else next_attempt_at end,
            to_address = $3, to_name = null, subject = $2, body = $2, calendar = null, in_reply_to = null, reference_ids = '{}',
            last_error = null, delivery_detail = null
        where id = any ($1)
        "#,
        ids,
        MARK,
        NO_ADDRESS,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Enterprises, and those that were joined with them. What is left says how large, in which trade and prefecture: by that
/// its cases are counted.
///
/// # Errors
/// The database.
pub async fn enterprises(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        r#"
        update enterprise
        set name = case when name is not null then $2 end, kana = null, trade_name = null, representative = null,
            corporate_number = null, invoice_number = null, postal_code = null, municipality_code = null, address = null,
            phone = null, name_key = null, kana_key = null, trade_key = null, roman_key = null,
            merge_reason = case when merge_reason is not null then $2 end, erased_at = $3, updated_at = $3
        where id = any ($1) or merged_into = any ($1)
        "#,
        ids,
        MARK,
        now,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// The enterprises of these cases that have no case left which says who they are: they go too. Which they were.
///
/// # Errors
/// The database.
pub async fn enterprises_without_cases(tx: &mut Tx, cases: &[Uuid]) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        r#"
        select e.id as "id: Uuid"
        from enterprise e
        where e.id in (select enterprise_id from case_file where id = any ($1))
        and e.erased_at is null
        and not exists (
            select from case_file c where c.enterprise_id = e.id and c.disposed_at is null
        )
        order by e.id
        "#,
        cases
    )
    .fetch_all(tx.db())
    .await?;
    if !ids.is_empty() {
        enterprises(tx, &ids).await?;
    }
    Ok(ids)
}

/// What stands outside cases and names somebody by these words or ids: answers kept for repetition, what failed jobs said,
/// who wrote to us, packages of disclosures.
///
/// # Errors
/// The database.
pub async fn traces(tx: &mut Tx, ids: &[Uuid], words: &[String], emails: &[String]) -> Result<()> {
    let texts: Vec<String> = ids
        .iter()
        .map(Uuid::to_string)
        .chain(words.iter().cloned())
        .collect();
    sqlx::query!(
        r#"
        with answers as (
            delete from idempotency_key k
            where k.case_id = any ($1)
            or exists (
                select from unnest($2::text[]) as t (text)
                where position(t.text in coalesce(k.body, '')) > 0 or position(t.text in coalesce(k.location, '')) > 0
            )
        ),
        senders as (
            delete from mail_sender where address_key = any ($3)
        )
        update job j
        set last_error = $4
        where j.last_error is not null
        and exists (
            select from unnest($2::text[]) as t (text)
            where position(t.text in j.last_error) > 0
        )
        "#,
        ids,
        &texts,
        emails,
        MARK,
    )
    .execute(tx.db())
    .await?;
    let packages = sqlx::query_scalar!(
        r#"
        update disclosure d
        set state = 'expired', sha256 = null, reason = $2
        from disclosure before
        where before.id = d.id
        and (d.enterprise_id = any ($1) or d.contact_ids && $1)
        returning before.sha256
        "#,
        ids,
        MARK,
    )
    .fetch_all(tx.db())
    .await?;
    let packages: Vec<_> = packages.into_iter().flatten().collect();
    attachments::disposal::unused(tx, &packages).await?;
    lists(tx).await
}

/// Lists that were exported, and by what they were searched. Nobody knows which of them hold somebody who is erased, and they
/// are quickly made anew: none can be downloaded from now on, what is being made does not count any more, and the next clean-up
/// deletes their files.
async fn lists(tx: &mut Tx) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        r#"
        update export
        set filter = '{}',
            state = case when state = 'waiting' then 'failed' else state end,
            finished_at = case when state = 'waiting' then $1 else finished_at end,
            failure = case when state = 'waiting' then $2 else failure end,
            expires_at = case when state = 'ready' then least(expires_at, $1) else expires_at end
        "#,
        now,
        "作成中に個人情報が消去されました。もう一度お試しください。",
    )
    .execute(tx.db())
    .await?;
    Ok(())
}
