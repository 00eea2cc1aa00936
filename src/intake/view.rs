//! Mail that came in, as staff see it.
//!
//! The help center and the programme office see all of it. A desk sees what is on its cases, a manager too, but not what
//! somebody unknown sent until a person has confirmed the sender or placed the mail by hand (design: Mail intake).

use crate::{
    access::{Access, Actor, Permission, Role, permit},
    cases::View,
    error::{Error, Result},
    http::{Answer, Cursor, Page, Path, Query, page_size},
    ids::*,
    interactions::Author,
    programme::*,
    routes::ServiceConfig,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(list_emails).service(show_email);
}

/// An address with the name beside it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MailAddress {
    /// As it came.
    pub address: String,
    /// As it came.
    pub name: Option<String>,
}

/// SMTP's sender and recipients.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MailEnvelope {
    /// Null where nobody told, empty for the null sender.
    pub from: Option<String>,
    /// Those that led to this mailbox.
    pub to: Vec<String>,
}

/// The mailbox that a mail came to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "as in Mailbox")]
pub struct MailMailbox {
    pub id: MailboxId,
    pub address: String,
    pub desk_id: Option<DeskId>,
}

/// A file of a mail.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MailFile {
    /// The attachment.
    pub id: AttachmentId,
    /// As it is shown.
    pub filename: String,
    /// `type/subtype`.
    pub content_type: String,
    /// In bytes.
    pub size: i64,
    /// In hex.
    pub sha256: String,
    /// Locked with a password (PPAP): nobody can check what is in it.
    pub is_encrypted: bool,
    /// Shown inside the HTML rather than beside it.
    pub is_inline: bool,
}

/// What a delivery report says.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MailReport {
    /// Enhanced status code (RFC 3463); empty where none is told.
    #[schema(example = "5.1.1")]
    pub status: String,
    /// In the reporting system's words.
    pub diagnostic: String,
    /// Whom it did not reach.
    pub failed_recipients: Vec<String>,
}

/// Who put a mail aside, and why.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Discarded {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: Option<Author>,
    /// Why.
    pub reason: String,
}

/// A mail in a list.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct MailSummary {
    /// Its id.
    pub id: MailId,
    /// When we received it.
    pub received_at: DateTime<Utc>,
    /// How far the intake is with it.
    pub state: MailState,
    /// Why a person must look at it.
    pub quarantine_reason: Option<CheckReason>,
    /// What it is; null where it could not be read.
    pub kind: Option<MailKind>,
    /// Who wrote it.
    #[sqlx(json(nullable))]
    pub from: Option<MailAddress>,
    /// The subject.
    pub subject: Option<String>,
    /// The beginning of what is new in it.
    pub excerpt: Option<String>,
    /// How many files it brought.
    pub attachments: i64,
    /// The case it is on.
    pub case_id: Option<CaseId>,
    /// Its number.
    #[schema(example = "TW-2026-000123")]
    pub case_number: Option<String>,
    /// How it was placed.
    pub placed_by: Option<PlacedBy>,
    /// The case it may belong to.
    pub suggested_case_id: Option<CaseId>,
    /// Its number.
    pub suggested_case_number: Option<String>,
    /// Whether the sender was a known correspondent of the case.
    pub is_known_sender: Option<bool>,
    /// When it was put aside.
    pub discarded_at: Option<DateTime<Utc>>,
}

/// A mail that came in.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct MailView {
    /// Its id.
    pub id: MailId,
    /// SHA-256 of the message, in hex.
    pub sha256: String,
    /// The message, in bytes.
    pub size: i32,
    /// By which door it came.
    pub provider: String,
    /// False where the provider rebuilt the message.
    pub is_original: bool,
    /// When we received it.
    pub received_at: DateTime<Utc>,
    /// When it was read and placed.
    pub processed_at: Option<DateTime<Utc>>,
    /// From whom to whom, as SMTP had it.
    #[sqlx(json)]
    pub envelope: MailEnvelope,
    /// To which mailbox it came; null for an address that is none.
    #[sqlx(json(nullable))]
    pub mailbox: Option<MailMailbox>,
    /// How far the intake is with it.
    pub state: MailState,
    /// Why a person must look at it.
    pub quarantine_reason: Option<CheckReason>,
    /// What it is; null where it could not be read.
    pub kind: Option<MailKind>,
    /// Its Message-ID, without brackets.
    pub message_id: Option<String>,
    /// Who wrote it, as the mail says: proof of nothing.
    #[sqlx(json(nullable))]
    pub from: Option<MailAddress>,
    /// The subject.
    pub subject: Option<String>,
    /// When it was sent, as the mail says.
    pub sent_at: Option<DateTime<Utc>>,
    /// Everything readable, as text.
    pub text: Option<String>,
    /// What is new in it: without the quoted mails before it.
    pub reply_text: Option<String>,
    /// The HTML, cleaned: without scripts, forms and remote images.
    pub html: Option<String>,
    /// Files, in their order.
    #[sqlx(json)]
    pub attachments: Vec<MailFile>,
    /// The case it is on.
    pub case_id: Option<CaseId>,
    /// Its number.
    #[schema(example = "TW-2026-000123")]
    pub case_number: Option<String>,
    /// How it was placed.
    pub placed_by: Option<PlacedBy>,
    /// The case it may belong to.
    pub suggested_case_id: Option<CaseId>,
    /// Its number.
    pub suggested_case_number: Option<String>,
    /// Whether the sender was a known correspondent of the case.
    pub is_known_sender: Option<bool>,
    /// Whether the program acknowledged it.
    pub acknowledged: bool,
    /// What it says, where it is a delivery report.
    #[sqlx(json(nullable))]
    pub delivery_report: Option<MailReport>,
    /// The message that it reports on.
    pub reported_message_id: Option<MessageId>,
    /// What was odd about it, in words for staff.
    pub warnings: Vec<String>,
    /// Where it was put aside.
    #[sqlx(json(nullable))]
    pub discarded: Option<Discarded>,
    /// Moves with every change; the ETag.
    pub version: i64,
    /// What this person may do with it now: `reprocess`, `attach`, `open_case`, `confirm_sender`, `discard`.
    #[sqlx(skip)]
    pub allowed_steps: Vec<&'static str>,
}

/// Everything of a mail in one query. The caller adds `where` on `inbound_mail m` and `case_file c`.
const SELECT: &str = r#"
    select m.id, encode(m.sha256, 'hex') as sha256, m.size, m.provider, m.is_original, m.received_at, m.processed_at,
        json_build_object('from', m.envelope_from, 'to', m.envelope_to) as envelope,
        case when b.id is not null then json_build_object('id', b.id, 'address', b.address, 'desk_id', b.desk_id) end as mailbox,
        m.state, m.quarantine_reason, m.kind, m.message_id,
        case when m.from_address is not null then json_build_object('address', m.from_address, 'name', m.from_name) end as "from",
        m.subject, m.sent_at, m.body_text as text, m.reply_text, m.body_html as html,
        (
            select coalesce(json_agg(json_build_object('id', a.id, 'filename', a.filename, 'content_type', a.content_type,
                'size', a.size, 'sha256', encode(a.sha256, 'hex'), 'is_encrypted', a.is_encrypted, 'is_inline', a.is_inline)
                order by a.position), '[]')
            from attachment a
            where a.inbound_mail_id = m.id
        ) as attachments,
        m.case_id, c.number as case_number, m.placed_by, m.suggested_case_id, s.number as suggested_case_number,
        m.is_known_sender,
        m.placed_by is not distinct from 'new_case' and exists (
            select 1 from message o where o.case_id = m.case_id and o.kind = 'acknowledgement'
        ) as acknowledged,
        m.delivery_report, m.reported_message_id, m.warnings,
        case when m.discarded_at is not null then json_build_object('at', m.discarded_at, 'reason', m.discard_reason,
            'by', case when u.id is not null then json_build_object('id', u.id, 'name', u.name) end) end as discarded,
        m.version
    from inbound_mail m
    left join mailbox b on b.id = m.mailbox_id
    left join case_file c on c.id = m.case_id
    left join case_file s on s.id = m.suggested_case_id
    left join app_user u on u.id = m.discarded_by
"#;

/// The columns of [`MailSummary`].
const SELECT_SUMMARY: &str = r#"
    select m.id, m.received_at, m.state, m.quarantine_reason, m.kind,
        case when m.from_address is not null then json_build_object('address', m.from_address, 'name', m.from_name) end as "from",
        m.subject, left(m.reply_text, 120) as excerpt,
        (select count(*) from attachment a where a.inbound_mail_id = m.id) as attachments,
        m.case_id, c.number as case_number, m.placed_by, m.suggested_case_id, s.number as suggested_case_number,
        m.is_known_sender, m.discarded_at
    from inbound_mail m
    left join case_file c on c.id = m.case_id
    left join case_file s on s.id = m.suggested_case_id
"#;

/// Adds the condition on `inbound_mail m` and its `case_file c`: which mail an actor sees.
pub(crate) fn push_visible(query: &mut QueryBuilder<Postgres>, actor: &Actor) {
    let view = View::of(actor);
    view.push(query);
    if actor.role == Some(Role::Manager) {
        query.push(" and m.is_for_managers");
    }
}

/// Refuses what the actor may not see.
///
/// # Errors
/// 404.
pub(crate) async fn require_visible(
    db: &mut PgConnection,
    actor: &Actor,
    id: MailId,
) -> Result<()> {
    let mut query = QueryBuilder::new(
        "select exists (select 1 from inbound_mail m left join case_file c on c.id = m.case_id where m.id = ",
    );
    query.push_bind(id).push(" and ");
    push_visible(&mut query, actor);
    query.push(")");
    match query.build_query_scalar().fetch_one(db).await? {
        true => Ok(()),
        false => Err(Error::not_found()),
    }
}

/// The mail as the actor may see it.
///
/// # Errors
/// 404 when it is not there or not theirs.
pub(super) async fn show(db: &mut PgConnection, actor: &Actor, id: MailId) -> Result<MailView> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where m.id = ").push_bind(id).push(" and ");
    push_visible(&mut query, actor);
    let mail: Option<MailView> = query.build_query_as().fetch_optional(db).await?;
    let mut mail = mail.ok_or_else(Error::not_found)?;
    mail.allowed_steps = allowed_steps(&mail, actor);
    Ok(mail)
}

/// For buttons; the API judges again when it is done.
fn allowed_steps(mail: &MailView, actor: &Actor) -> Vec<&'static str> {
    let checks = actor.may(Permission::CheckMail);
    let is_quarantined = mail.state == MailState::Quarantined;
    let is_pending = mail.state == MailState::Pending;
    let is_unknown = mail.case_id.is_some() && mail.is_known_sender == Some(false);
    let steps = [
        ("reprocess", checks && (is_quarantined || is_pending)),
        ("attach", checks && !is_pending),
        ("open_case", checks && !is_pending && mail.case_id.is_none()),
        (
            "confirm_sender",
            is_unknown && actor.may(Permission::EditCases),
        ),
        (
            "discard",
            checks && is_quarantined && mail.discarded.is_none(),
        ),
    ];
    steps
        .into_iter()
        .filter(|(_, allowed)| *allowed)
        .map(|(name, _)| name)
        .collect()
}

/// Which mail.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct MailFilter {
    /// How far the intake is with it.
    pub state: Option<MailState>,
    /// What it is.
    pub kind: Option<MailKind>,
    /// On this case.
    pub case_id: Option<CaseId>,
    /// Whether a person must look at it: to be checked, and not put aside yet.
    pub to_check: Option<bool>,
    /// The sender's address, or part of the subject.
    pub q: Option<String>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// Where a page ends.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct After {
    at: DateTime<Utc>,
    id: MailId,
}

impl MailFilter {
    fn push(&self, query: &mut QueryBuilder<Postgres>) -> Result<()> {
        if let Some(state) = self.state {
            query.push(" and m.state = ").push_bind(state.name());
        }
        if let Some(kind) = self.kind {
            query.push(" and m.kind = ").push_bind(kind.name());
        }
        if let Some(case_id) = self.case_id {
            query.push(" and m.case_id = ").push_bind(case_id);
        }
        query.push(match self.to_check {
            // Written out, so that the partial index fits.
            Some(true) => " and m.state = 'quarantined' and m.discarded_at is null",
            Some(false) => " and not (m.state = 'quarantined' and m.discarded_at is null)",
            None => "",
        });
        if let Some(q) = &self.q {
            let q = q.trim().to_lowercase();
            query
                .push(" and (m.from_key = ")
                .push_bind(q.clone())
                .push(" or strpos(lower(m.subject), ")
                .push_bind(q)
                .push(") > 0)");
        }
        if let Some(cursor) = &self.cursor {
            let after: After = cursor.keys()?;
            query
                .push(" and (m.received_at, m.id) < (")
                .push_bind(after.at)
                .push(", ")
                .push_bind(after.id)
                .push(")");
        }
        Ok(())
    }
}

/// List mail
///
/// Newest first. What is to be checked is `to_check=true`.
#[utoipa::path(
    tag = "mail",
    operation_id = "list_emails",
    params(MailFilter),
    responses((status = 200, description = "One page of mail", body = Page<MailSummary>)),
    extensions(("x-permission" = json!("read_mail")))
)]
#[get("/intake/emails")]
async fn list_emails(
    access: Access<permit::ReadMail>,
    Query(filter): Query<MailFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let mut query = QueryBuilder::new(SELECT_SUMMARY);
    query.push("where ");
    push_visible(&mut query, access.actor());
    filter.push(&mut query)?;
    query
        .push(" order by m.received_at desc, m.id desc limit ")
        .push_bind(limit + 1);
    let items: Vec<MailSummary> = query.build_query_as().fetch_all(access.read()).await?;
    Ok(Answer::ok(&Page::new(items, limit, |mail| After {
        at: mail.received_at,
        id: mail.id,
    })))
}

/// Show a mail
#[utoipa::path(
    tag = "mail",
    operation_id = "show_email",
    params(("id" = Uuid, Path, description = "The mail")),
    responses((status = 200, description = "The mail", body = MailView)),
    extensions(("x-permission" = json!("read_mail")))
)]
#[get("/intake/emails/{id}")]
async fn show_email(access: Access<permit::ReadMail>, Path(id): Path<MailId>) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let mail = show(&mut db, access.actor(), id).await?;
    Ok(Answer::ok(&mail).version(mail.version))
}
