//! The timeline (対応履歴): the audit trail of a case, with the texts that belong to its events.
//!
//! The trail holds ids and never personal values, so that a person can be erased without breaking its chain; the texts
//! are joined by those ids, and a text that was erased is simply absent.

use super::{Author, InteractionView, NoteView, PageFilter};
use crate::{
    access::{Access, permit},
    cases::{self, Case},
    error::Result,
    http::{Answer, Cursor, Page, Path, Query, page_size},
    ids::*,
    programme::{Delivery, Direction, MailKind, MailState, MessageKind, MessageState},
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{PgConnection, types::Json as SqlJson};
use utoipa::ToSchema;
use crate::routes::ServiceConfig;

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
    pub data: Value,
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
    let mut db = access.read().acquire().await?;
    let actor = access.actor();
    let case = cases::find(&mut db, actor, id).await?;
    // What somebody unknown sent is not for managers before a person has looked at it.
    let for_manager = actor.manager().is_some();
    let items = load(&mut db, &case, for_manager, before, limit + 1).await?;
    Ok(Answer::ok(&Page::new(items, limit, |item| item.seq)))
}

async fn load(
    db: &mut PgConnection,
    case: &Case,
    for_manager: bool,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<TimelineItem>> {
    let rows = sqlx::query!(
        r#"
        select t.seq, t.recorded_at, t.kind, t.data as "data: Value",
            case t.kind
                when 'case_created' then c.received_at
                when 'interaction_recorded' then coalesce(i.occurred_at, t.recorded_at)
                when 'mail_placed' then coalesce(m.received_at, t.recorded_at)
                when 'consultation_held' then (t.data->>'started_at')::timestamptz
                when 'consultation_checked_in' then (t.data->>'at')::timestamptz
                when 'consultation_checked_out' then (t.data->>'at')::timestamptz
                else t.recorded_at
            end as "occurred_at!",
            case when u.id is not null then json_build_object('id', u.id, 'name', u.name) end as "actor: SqlJson<Author>",
            case when i.id is not null then json_build_object('id', i.id, 'case_id', i.case_id, 'kind', i.kind,
                'direction', i.direction, 'occurred_at', i.occurred_at, 'recorded_at', i.recorded_at,
                'contact_id', i.contact_id, 'counterpart', i.counterpart, 'result', i.result, 'body', i.body,
                'callback_at', i.callback_at, 'recorded_by', w.author) end as "interaction: SqlJson<InteractionView>",
            case when n.id is not null then json_build_object('id', n.id, 'case_id', n.case_id, 'body', n.body,
                'recorded_at', n.recorded_at, 'recorded_by', w.author) end as "note: SqlJson<NoteView>",
            case when m.id is not null then json_build_object('id', m.id, 'direction', 'inbound', 'state', m.state, 'kind', m.kind,
                'from_address', m.from_address, 'from_name', m.from_name, 'is_known_sender', m.is_known_sender,
                'subject', m.subject, 'text', left(m.reply_text, 20000),
                'attachments', (select count(*) from attachment f where f.inbound_mail_id = m.id)) end as "mail: SqlJson<TimelineMail>",
            case when o.id is not null then json_build_object('id', o.id, 'direction', 'outbound', 'state', o.state, 'kind', o.kind,
                'to_address', o.to_address, 'to_name', o.to_name, 'subject', o.subject, 'text', o.body,
                'delivery', o.delivery) end as "message: SqlJson<TimelineMessage>",
            coalesce(r.reason, a.end_reason) as reason
        from audit_event t
        join case_file c on c.id = t.chain
        left join app_user u on u.id = t.actor_id
        left join lateral (select json_build_object('id', u.id, 'name', u.name) as author where u.id is not null) w on true
        left join interaction i on t.kind = 'interaction_recorded' and i.id = (t.data->>'interaction_id')::uuid
        left join note n on t.kind = 'note_added' and n.id = (t.data->>'note_id')::uuid
        left join move_reason r on t.kind = 'case_moved' and r.case_id = t.chain and r.seq = (t.data->>'seq')::int
        left join assignment a on t.kind = 'assignment_ended' and a.id = (t.data->>'assignment_id')::uuid
        left join inbound_mail m on t.kind in ('mail_placed', 'mail_attached') and m.id = (t.data->>'mail_id')::uuid
            and m.case_id = t.chain
        left join message o on t.kind = 'message_written' and o.id = (t.data->>'message_id')::uuid
        where t.chain = $1
        and ($2::bigint is null or t.seq < $2)
        and (not $4 or m.id is null or m.is_for_managers)
        order by t.seq desc
        limit $3
        "#,
        *case.id,
        before,
        limit,
        for_manager,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| TimelineItem {
            seq: row.seq,
            occurred_at: row.occurred_at,
            recorded_at: row.recorded_at,
            kind: row.kind,
            actor: row.actor.map(|actor| actor.0),
            data: row.data,
            interaction: row.interaction.map(|interaction| interaction.0),
            note: row.note.map(|note| note.0),
            mail: row.mail.map(|mail| mail.0),
            message: row.message.map(|message| message.0),
            reason: row.reason,
        })
        .collect())
}
