//! The timeline (対応履歴): the audit trail of a case, with the texts that belong to its events.
//!
//! The trail holds ids and never personal values, so that a person can be erased without breaking its chain; the texts
//! are joined by those ids, and a text that was erased is simply absent.

use super::{Author, InteractionView, NoteView, PageFilter};
use crate::{
    access::{Access, Actor, permit},
    cases::View,
    error::{Error, Result},
    http::{Answer, Cursor, Page, Path, Query, page_size},
    ids::*,
    programme::*,
    routes::ServiceConfig,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{FromRow, PgConnection, QueryBuilder, types::Json as SqlJson};
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(show_timeline);
}

/// Something that happened on a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineItem {
    /// Its number in the case's audit trail, from 1.
    pub seq: i64,
    /// When it was.
    pub occurred_at: DateTime<Utc>,
    /// When it was written down; later than `occurred_at` for what was entered afterwards.
    pub recorded_at: DateTime<Utc>,
    /// What happened: a kind of the audit catalogue.
    #[schema(example = "case_moved")]
    pub kind: String,
    /// Who did it; null for the system.
    pub actor: Option<Author>,
    /// The event's ids, words and counts; which ones depends on `kind`.
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
    /// The interaction, where one was recorded.
    pub interaction: Option<InteractionView>,
    /// The note, where one was written.
    pub note: Option<NoteView>,
    /// The mail, where one was placed here; absent again when it was moved to another case.
    pub mail: Option<TimelineMail>,
    /// The message, where one was written.
    pub message: Option<TimelineMessage>,
    /// Why: the reason given with a move or a release.
    pub reason: Option<String>,
}

/// A mail that came in, as far as a timeline shows it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TimelineMail {
    /// The mail.
    pub id: MailId,
    /// Always `inbound`.
    pub direction: Direction,
    /// How far the intake is with it.
    pub state: MailState,
    /// What it is.
    pub kind: Option<MailKind>,
    /// Who wrote it, as the mail says.
    pub from_address: Option<String>,
    /// The name beside the address.
    pub from_name: Option<String>,
    /// Whether the sender was a known correspondent of the case.
    pub is_known_sender: Option<bool>,
    /// The subject.
    pub subject: Option<String>,
    /// What is new in it; the beginning of a very long one.
    pub text: Option<String>,
    /// How many files it brought.
    pub attachments: i64,
}

/// A message that went out, or waits to, as far as a timeline shows it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TimelineMessage {
    /// The message.
    pub id: MessageId,
    /// Always `outbound`.
    pub direction: Direction,
    /// Where it stands now.
    pub state: MessageState,
    /// What it is.
    pub kind: MessageKind,
    /// To whom.
    pub to_address: String,
    /// The name beside the address.
    pub to_name: Option<String>,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// What a delivery report said later.
    pub delivery: Option<Delivery>,
}

/// Show the timeline of a case
///
/// Everything that happened, newest first in the order in which it was written down.
#[utoipa::path(
    tag = "conversation",
    operation_id = "show_timeline",
    params(("id" = Uuid, Path, description = "The case"), PageFilter),
    responses((status = 200, description = "One page of the timeline", body = Page<TimelineItem>)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases/{id}/timeline")]
async fn show_timeline(
    access: Access<permit::ReadCases>,
    Path(id): Path<CaseId>,
    Query(filter): Query<PageFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let before = filter.cursor.as_ref().map(Cursor::keys).transpose()?;
    let actor = access.actor();
    let rows = access
        .read_near(async |db| load(db, actor, id, before, limit + 1).await)
        .await?;
    // A case has at least the event of its making: no row is no case.
    if rows.is_empty() {
        return Err(Error::not_found());
    }
    let items = rows.into_iter().filter_map(|row| row.item(id)).collect();
    Ok(Answer::ok(&Page::new(
        items,
        limit,
        |item: &TimelineItem| item.seq,
    )))
}

/// A row behind [`TimelineItem`]; without `seq` where the page is empty.
#[derive(FromRow)]
struct EventRow {
    seq: Option<i64>,
    recorded_at: Option<DateTime<Utc>>,
    occurred_at: Option<DateTime<Utc>>,
    kind: Option<String>,
    data: Option<SqlJson<Box<RawValue>>>,
    actor_id: Option<UserId>,
    actor_name: Option<String>,
    interaction: Option<SqlJson<InteractionText>>,
    note: Option<SqlJson<NoteText>>,
    mail: Option<SqlJson<TimelineMail>>,
    message: Option<SqlJson<TimelineMessage>>,
    reason: Option<String>,
}

/// What the row of an interaction says beside its event.
#[derive(Deserialize)]
struct InteractionText {
    id: InteractionId,
    kind: InteractionKind,
    direction: Direction,
    occurred_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    contact_id: Option<ContactId>,
    counterpart: Option<String>,
    result: InteractionResult,
    body: String,
    callback_at: Option<DateTime<Utc>>,
}

/// What the row of a note says beside its event.
#[derive(Deserialize)]
struct NoteText {
    id: NoteId,
    body: String,
    recorded_at: DateTime<Utc>,
}

impl EventRow {
    fn item(self, case_id: CaseId) -> Option<TimelineItem> {
        let author = self.actor_id.zip(self.actor_name);
        let author = author.map(|(id, name)| Author { id, name });
        let recorded_at = self.recorded_at?;
        let spoken_at = self.interaction.as_ref().map(|text| text.occurred_at);
        Some(TimelineItem {
            seq: self.seq?,
            occurred_at: spoken_at.or(self.occurred_at).unwrap_or(recorded_at),
            recorded_at,
            kind: self.kind?,
            data: self.data?.0,
            interaction: self
                .interaction
                .map(|text| text.0.view(case_id, author.clone())),
            note: self.note.map(|text| NoteView {
                id: text.0.id,
                case_id,
                body: text.0.body,
                recorded_at: text.0.recorded_at,
                recorded_by: author.clone(),
            }),
            actor: author,
            mail: self.mail.map(|mail| mail.0),
            message: self.message.map(|message| message.0),
            reason: self.reason,
        })
    }
}

impl InteractionText {
    fn view(self, case_id: CaseId, recorded_by: Option<Author>) -> InteractionView {
        InteractionView {
            id: self.id,
            case_id,
            kind: self.kind,
            direction: self.direction,
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            contact_id: self.contact_id,
            counterpart: self.counterpart,
            result: self.result,
            body: self.body,
            callback_at: self.callback_at,
            recorded_by,
        }
    }
}

/// The events of a page with their texts, each looked up only for the kind of event that has it: joined, every table was
/// asked for every event.
const SELECT: &str = r#"
    select t.seq, t.recorded_at, t.kind, t.data, t.actor_id,
        (select u.name from app_user u where u.id = t.actor_id) as actor_name,
        case t.kind
            when 'case_created' then c.received_at
            when 'mail_placed' then (
                select m.received_at from inbound_mail m where m.id = (t.data->>'mail_id')::uuid and m.case_id = t.chain)
            when 'consultation_held' then (t.data->>'started_at')::timestamptz
            when 'consultation_checked_in' then (t.data->>'at')::timestamptz
            when 'consultation_checked_out' then (t.data->>'at')::timestamptz
        end as occurred_at,
        case when t.kind = 'interaction_recorded' then (
            select json_build_object('id', i.id, 'kind', i.kind, 'direction', i.direction, 'occurred_at', i.occurred_at,
                'recorded_at', i.recorded_at, 'contact_id', i.contact_id, 'counterpart', i.counterpart,
                'result', i.result, 'body', i.body, 'callback_at', i.callback_at)
            from interaction i
            where i.id = (t.data->>'interaction_id')::uuid)
        end as interaction,
        case when t.kind = 'note_added' then (
            select json_build_object('id', n.id, 'body', n.body, 'recorded_at', n.recorded_at)
            from note n
            where n.id = (t.data->>'note_id')::uuid)
        end as note,
        case when t.kind in ('mail_placed', 'mail_attached') then (
            select json_build_object('id', m.id, 'direction', 'inbound', 'state', m.state, 'kind', m.kind,
                'from_address', m.from_address, 'from_name', m.from_name, 'is_known_sender', m.is_known_sender,
                'subject', m.subject, 'text', left(m.reply_text, 20000),
                'attachments', (select count(*) from attachment f where f.inbound_mail_id = m.id))
            from inbound_mail m
            where m.id = (t.data->>'mail_id')::uuid and m.case_id = t.chain)
        end as mail,
        case when t.kind = 'message_written' then (
            select json_build_object('id', o.id, 'direction', 'outbound', 'state', o.state, 'kind', o.kind,
                'to_address', o.to_address, 'to_name', o.to_name, 'subject', o.subject, 'text', o.body,
                'delivery', o.delivery)
            from message o
            where o.id = (t.data->>'message_id')::uuid)
        end as message,
        case t.kind
            when 'case_moved' then (
                select r.reason from move_reason r where r.case_id = t.chain and r.seq = (t.data->>'seq')::int)
            when 'assignment_ended' then (
                select a.end_reason from assignment a where a.id = (t.data->>'assignment_id')::uuid)
        end as reason
    from case_file c
    left join lateral (
        select t.chain, t.seq, t.recorded_at, t.kind, t.data, t.actor_id
        from audit_event t
        where t.chain = c.id
"#;

/// What somebody unknown sent is not for managers before a person has looked at it.
const FOR_MANAGER: &str = r#"
        and not (t.kind in ('mail_placed', 'mail_attached') and exists (
            select
            from inbound_mail m
            where m.id = (t.data->>'mail_id')::uuid and m.case_id = t.chain and m.is_for_managers is not true))
"#;

async fn load(
    db: &mut PgConnection,
    actor: &Actor,
    id: CaseId,
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<EventRow>> {
    let mut query = QueryBuilder::new(SELECT);
    if actor.manager().is_some() {
        query.push(FOR_MANAGER);
    }
    if let Some(before) = before {
        query.push(" and t.seq < ").push_bind(before);
    }
    query
        .push(" order by t.seq desc limit ")
        .push_bind(limit)
        .push(") t on true where c.id = ")
        .push_bind(id)
        .push(" and ");
    View::of(actor).push(&mut query);
    query.push(" order by t.seq desc");
    query.build_query_as().fetch_all(db).await
}
