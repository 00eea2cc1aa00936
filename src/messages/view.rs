//! Messages as staff see them: of a case, one with its attempts, and those that somebody must look after.

use super::may_write;
use crate::{
    access::{Access, Actor, permit},
    cases::{self, Status, View},
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
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, types::Json as SqlJson};
use utoipa::{IntoParams, ToSchema};

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(list_case_messages)
        .service(list_messages)
        .service(show_message);
}

/// A file that goes with a message.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MessageFile {
    /// The attachment.
    pub id: AttachmentId,
    /// As it is shown.
    pub filename: String,
    /// `type/subtype`.
    pub content_type: String,
    /// In bytes.
    pub size: i64,
}

/// One try to hand a message over.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AttemptView {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When the mail itself was handed over: from then until `ended_at`, nobody could know whether it was taken.
    pub data_started_at: Option<DateTime<Utc>>,
    /// When it was over; null while it runs.
    pub ended_at: Option<DateTime<Utc>>,
    /// `sent`, `deferred` (not taken this time), `refused` (for good), `unknown`, or `not_reached`.
    pub outcome: Option<String>,
    /// What the other side said.
    pub reply: Option<String>,
}

/// An outgoing mail.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageView {
    /// Its id.
    pub id: MessageId,
    /// The case.
    pub case_id: Option<CaseId>,
    /// The case's number.
    #[schema(example = "TW-2026-000123")]
    pub case_number: Option<String>,
    /// What it is.
    pub kind: MessageKind,
    /// Where it stands.
    pub state: MessageState,
    /// The mailbox it comes from; null for the office's own address.
    pub from_address: Option<String>,
    /// To whom.
    pub to_address: String,
    /// The name beside the address.
    pub to_name: Option<String>,
    /// Which contact of the case that is; null for an address outside.
    pub contact_id: Option<ContactId>,
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
    /// Whether it carries an invitation for calendars.
    pub has_calendar: bool,
    /// The files that go with it.
    pub attachments: Vec<MessageFile>,
    /// Its Message-ID, the same with every attempt.
    pub message_id: String,
    /// Until then it can be taken back; its Date.
    pub release_at: DateTime<Utc>,
    /// When it is tried next; null where it is not.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Every try, oldest first.
    pub attempts: Vec<AttemptView>,
    /// When a mail server took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why it has not been sent, as the last attempt has it.
    pub last_error: Option<String>,
    /// What a delivery report said later.
    pub delivery: Option<Delivery>,
    /// In the words of the report.
    pub delivery_detail: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Who wrote it; null for the program.
    pub created_by: Option<Author>,
    /// Moves with every change; the ETag.
    pub version: i64,
    /// What this person may do with it now: `take_back`, `retry`.
    pub allowed_steps: Vec<&'static str>,
}

/// The row behind [`MessageView`].
#[derive(FromRow)]
struct MessageRow {
    id: MessageId,
    case_id: Option<CaseId>,
    case_number: Option<String>,
    case_status: Option<Status>,
    kind: MessageKind,
    state: MessageState,
    from_address: Option<String>,
    to_address: String,
    to_name: Option<String>,
    contact_id: Option<ContactId>,
    subject: String,
    body: String,
    has_calendar: bool,
    attachments: SqlJson<Vec<MessageFile>>,
    message_id: String,
    release_at: DateTime<Utc>,
    next_attempt_at: Option<DateTime<Utc>>,
    attempts: SqlJson<Vec<AttemptView>>,
    sent_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
    delivery: Option<Delivery>,
    delivery_detail: Option<String>,
    created_at: DateTime<Utc>,
    created_by: Option<SqlJson<Author>>,
    version: i64,
}

impl MessageRow {
    fn view(self, actor: &Actor) -> MessageView {
        let author = self.created_by.map(|author| author.0);
        let may_take_back = self.state.may_become(MessageState::TakenBack)
            && may_take_back(actor, author.as_ref().map(|author| author.id));
        let may_retry = is_repeatable(self.state)
            && self
                .case_status
                .is_none_or(|status| may_write(actor, status));
        let steps = [("take_back", may_take_back), ("retry", may_retry)];
        MessageView {
            allowed_steps: steps
                .iter()
                .filter(|step| step.1)
                .map(|step| step.0)
                .collect(),
            id: self.id,
            case_id: self.case_id,
            case_number: self.case_number,
            kind: self.kind,
            state: self.state,
            from_address: self.from_address,
            to_address: self.to_address,
            to_name: self.to_name,
            contact_id: self.contact_id,
            subject: self.subject,
            body: self.body,
            has_calendar: self.has_calendar,
            attachments: self.attachments.0,
            message_id: self.message_id,
            release_at: self.release_at,
            next_attempt_at: self.next_attempt_at,
            attempts: self.attempts.0,
            sent_at: self.sent_at,
            last_error: self.last_error,
            delivery: self.delivery,
            delivery_detail: self.delivery_detail,
            created_at: self.created_at,
            created_by: author,
            version: self.version,
        }
    }
}

/// Its writer, and who leads.
pub(super) fn may_take_back(actor: &Actor, author: Option<UserId>) -> bool {
    actor.is_lead() || (author.is_some() && author == actor.user_id)
}

/// Whether staff can have it sent again: nothing of it is on its way.
pub(super) fn is_repeatable(state: MessageState) -> bool {
    matches!(state, MessageState::Failed | MessageState::Unknown)
}

/// The one read query, for the messages that an actor sees: those of their cases; those of no case, the help center and
/// the programme office, and of these those about accounts, the programme office alone.
fn select(actor: &Actor) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        r#"
        select m.id, m.case_id, c.number as case_number, c.status as case_status, m.kind, m.state, b.address as from_address,
            m.to_address, m.to_name, m.contact_id, m.subject, m.body, m.calendar is not null as has_calendar,
            coalesce((
                select json_agg(json_build_object('id', a.id, 'filename', a.filename, 'content_type', a.content_type,
                    'size', a.size) order by g.position)
                from message_attachment g
                join attachment a on a.id = g.attachment_id
                where g.message_id = m.id
            ), '[]') as attachments,
            m.message_id, m.release_at, m.next_attempt_at,
            coalesce((
                select json_agg(json_build_object('started_at', t.started_at, 'data_started_at', t.data_started_at,
                    'ended_at', t.ended_at, 'outcome', t.outcome, 'reply', t.reply) order by t.started_at, t.id)
                from message_attempt t
                where t.message_id = m.id
            ), '[]') as attempts,
            m.sent_at, m.last_error, m.delivery, m.delivery_detail, m.created_at,
            case when u.id is not null then json_build_object('id', u.id, 'name', u.name) end as created_by,
            m.version
        from message m
        left join case_file c on c.id = m.case_id
        left join mailbox b on b.id = m.mailbox_id
        left join app_user u on u.id = m.created_by
        where "#,
    );
    // Who gets mail about an account is the programme office's matter.
    if !actor.is_admin() {
        query.push("m.kind <> 'account' and ");
    }
    View::of(actor).push(&mut query);
    query
}

/// A message in the actor's view.
///
/// # Errors
/// 404 when it is not there or not theirs.
pub(super) async fn find(
    db: &mut PgConnection,
    actor: &Actor,
    id: MessageId,
) -> Result<MessageView> {
    let mut query = select(actor);
    query.push(" and m.id = ").push_bind(id);
    let row = query
        .build_query_as::<MessageRow>()
        .fetch_optional(db)
        .await?
        .ok_or_else(Error::not_found)?;
    Ok(row.view(actor))
}

/// Where a page ends.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct After {
    at: DateTime<Utc>,
    id: MessageId,
}

/// A page of them, newest first.
async fn page(
    db: &mut PgConnection,
    actor: &Actor,
    mut query: QueryBuilder<Postgres>,
    after: Option<After>,
    limit: i64,
) -> Result<Answer> {
    if let Some(after) = after {
        query
            .push(" and (m.created_at, m.id) < (")
            .push_bind(after.at);
        query.push(", ").push_bind(after.id).push(")");
    }
    query.push(" order by m.created_at desc, m.id desc limit ");
    query.push_bind(limit + 1);
    let rows: Vec<MessageRow> = query.build_query_as().fetch_all(db).await?;
    let items = rows.into_iter().map(|row| row.view(actor)).collect();
    Ok(Answer::ok(&Page::new(
        items,
        limit,
        |message: &MessageView| After {
            at: message.created_at,
            id: message.id,
        },
    )))
}

/// A page of the messages of a case.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CaseMessageFilter {
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// List the messages of a case
///
/// Mail that went out, or is about to, newest first.
#[utoipa::path(
    tag = "conversation",
    operation_id = "list_case_messages",
    params(("id" = Uuid, Path, description = "The case"), CaseMessageFilter),
    responses((status = 200, description = "One page of messages", body = Page<MessageView>)),
    extensions(("x-permission" = json!("read_mail")))
)]
#[get("/cases/{id}/messages")]
async fn list_case_messages(
    access: Access<permit::ReadMail>,
    Path(id): Path<CaseId>,
    Query(filter): Query<CaseMessageFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let after = filter.cursor.as_ref().map(Cursor::keys).transpose()?;
    let mut db = access.read().acquire().await?;
    cases::find(&mut db, access.actor(), id).await?;
    let mut query = select(access.actor());
    query.push(" and m.case_id = ").push_bind(id);
    page(&mut db, access.actor(), query, after, limit).await
}

/// Which messages.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct MessageFilter {
    /// Where they stand: `failed` and `unknown` are those that somebody must look after.
    pub state: Option<MessageState>,
    /// What a delivery report said.
    pub delivery: Option<Delivery>,
    /// What they are.
    pub kind: Option<MessageKind>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// List messages
///
/// Of all cases in view, newest first: for who looks after what did not arrive.
#[utoipa::path(
    tag = "conversation",
    operation_id = "list_messages",
    params(MessageFilter),
    responses((status = 200, description = "One page of messages", body = Page<MessageView>)),
    extensions(("x-permission" = json!("read_mail")))
)]
#[get("/messages")]
async fn list_messages(
    access: Access<permit::ReadMail>,
    Query(filter): Query<MessageFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let after = filter.cursor.as_ref().map(Cursor::keys).transpose()?;
    let mut query = select(access.actor());
    if let Some(state) = filter.state {
        // Written out, not bound: the indexes over what is open and what failed are partial.
        query.push(format!(" and m.state = '{}'", state.name()));
    }
    if let Some(delivery) = filter.delivery {
        query.push(" and m.delivery = ").push_bind(delivery);
    }
    if let Some(kind) = filter.kind {
        query.push(" and m.kind = ").push_bind(kind);
    }
    let mut db = access.read().acquire().await?;
    page(&mut db, access.actor(), query, after, limit).await
}

/// Show a message
///
/// With every attempt to hand it over.
#[utoipa::path(
    tag = "conversation",
    operation_id = "show_message",
    params(("id" = Uuid, Path, description = "The message")),
    responses((status = 200, description = "The message", body = MessageView)),
    extensions(("x-permission" = json!("read_mail")))
)]
#[get("/messages/{id}")]
async fn show_message(
    access: Access<permit::ReadMail>,
    Path(id): Path<MessageId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let message = find(&mut db, access.actor(), id).await?;
    Ok(Answer::ok(&message).version(message.version))
}
