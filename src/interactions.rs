//! The conversation: interactions (対応記録), notes (内部メモ) and the timeline (対応履歴).
//!
//! Owns `interaction` and `note`. What the enterprise was told and what staff told each other is kept here, also after
//! closing, because people go on calling. An interaction moves no case; it ends a wait, meets the first contact and a
//! promised callback, and makes the next promise. The timeline is the audit trail of the case, read with the texts that
//! the trail itself may not hold.

mod notes;
mod timeline;

use crate::{
    access::{Access, permit},
    audit::Event,
    cases::{self, Case, deadlines},
    error::{Fields, Result},
    http::{Answer, Body as RequestBody, Cursor, Json, Page, Path, Query, page_size},
    ids::*,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
    text::{Body, Name},
};
use actix_web::{get, post};
use chrono::{DateTime, TimeDelta, Utc};
pub use notes::{NoteView, add_note};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json as SqlJson};
use utoipa::{IntoParams, ToSchema};

/// Mounts the conversation.
pub fn mount(config: &mut ServiceConfig) {
    config
        .configure(timeline::mount)
        .service(record_interaction)
        .service(list_interactions)
        .configure(notes::mount);
}

/// A contact with the enterprise, as staff enter it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InteractionRequest {
    /// By what means.
    pub kind: InteractionKind,
    /// Who began it.
    pub direction: Direction,
    /// When it was; not in the future.
    pub occurred_at: DateTime<Utc>,
    /// With which contact of the case.
    pub contact_id: Option<ContactId>,
    /// With whom, where it was none of the contacts.
    pub counterpart: Option<Name>,
    /// What came of it.
    pub result: InteractionResult,
    /// What was said.
    pub body: Body,
    /// With the result `callback`: the exact time that was promised, at most a year ahead.
    pub callback_at: Option<DateTime<Utc>>,
}

impl RequestBody for InteractionRequest {}

/// A member of staff.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "names say it")]
pub struct Author {
    pub id: UserId,
    pub name: String,
}

/// An interaction.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct InteractionView {
    /// Its id.
    pub id: InteractionId,
    /// The case.
    pub case_id: CaseId,
    /// By what means.
    pub kind: InteractionKind,
    /// Who began it.
    pub direction: Direction,
    /// When it was.
    pub occurred_at: DateTime<Utc>,
    /// When it was written down.
    pub recorded_at: DateTime<Utc>,
    /// With which contact of the case.
    pub contact_id: Option<ContactId>,
    /// With whom, where it was none of the contacts.
    pub counterpart: Option<String>,
    /// What came of it.
    pub result: InteractionResult,
    /// What was said.
    pub body: String,
    /// The time that was promised for calling back.
    pub callback_at: Option<DateTime<Utc>>,
    /// Who wrote it down; null for the system.
    pub recorded_by: Option<Author>,
}

/// A page of what hangs on a case.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageFilter {
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// Where a page ends: the time and the id of its last item.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct After<Id> {
    at: DateTime<Utc>,
    id: Id,
}

/// Record an interaction
///
/// Also on a closed case. Inbound ends a wait; somebody reached is the first contact, and outbound keeps the callbacks
/// promised before; `callback_at` promises the next one.
#[utoipa::path(
    tag = "conversation",
    operation_id = "record_interaction",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = InteractionRequest,
    responses((status = 201, description = "The interaction", body = InteractionView)),
    extensions(("x-permission" = json!("record_interactions")))
)]
#[post("/cases/{id}/interactions")]
async fn record_interaction(
    access: Access<permit::RecordInteractions>,
    Path(id): Path<CaseId>,
    Json(body): Json<InteractionRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let case = cases::lock(tx, id).await?;
            check(tx, &case, &body).await?;
            let interaction_id = insert(tx, case.id, &body).await?;
            follow(tx, &case, interaction_id, &body).await?;
            let view = show(tx.db(), &case, interaction_id).await?;
            Ok(Answer::created(
                format!("/api/v1/cases/{id}/timeline"),
                &view,
            ))
        })
        .await
}

/// What only the clock and the case can judge.
async fn check(tx: &mut Tx, case: &Case, body: &InteractionRequest) -> Result<()> {
    let now = tx.now();
    let mut fields = Fields::default();
    fields.require(
        body.occurred_at <= now,
        "/occurred_at",
        "must not lie in the future",
    );
    fields.require(
        body.occurred_at >= now - TimeDelta::days(3660),
        "/occurred_at",
        "lies more than ten years back",
    );
    if let Some(callback_at) = body.callback_at {
        fields.require(
            body.result == InteractionResult::Callback,
            "/callback_at",
            "goes with the result callback only",
        );
        fields.require(
            callback_at > now && callback_at <= now + TimeDelta::days(366),
            "/callback_at",
            "must lie in the future, at most a year ahead",
        );
    }
    if let Some(contact_id) = body.contact_id {
        let is_of_case = sqlx::query_scalar!(
            r#"select exists (select 1 from contact where id = $1 and case_id = $2) as "is_of_case!""#,
            *contact_id,
            *case.id,
        )
        .fetch_one(tx.db())
        .await?;
        fields.require(is_of_case, "/contact_id", "is no contact of this case");
    }
    fields.finish()
}

/// Keeps the contact that opened a case: whoever looks the caller up next time finds it, and it is counted (延べ件数).
pub async fn record_intake(
    tx: &mut Tx,
    case_id: CaseId,
    intake: &InteractionRequest,
) -> Result<InteractionId> {
    insert(tx, case_id, intake).await
}

async fn insert(tx: &mut Tx, case_id: CaseId, body: &InteractionRequest) -> Result<InteractionId> {
    let (id, now) = (InteractionId::new(), tx.now());
    let recorded_by = tx.actor().user_id;
    sqlx::query!(
        r#"
        insert into interaction (id, case_id, kind, direction, occurred_at, recorded_at, contact_id, counterpart, result, body,
            callback_at, recorded_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        "#,
        *id,
        *case_id,
        body.kind.name(),
        body.direction.name(),
        body.occurred_at,
        now,
        body.contact_id.map(|id| *id),
        body.counterpart.as_ref().map(Name::as_str),
        body.result.name(),
        body.body.as_str(),
        body.callback_at,
        recorded_by.map(|id| *id),
    )
    .execute(tx.db())
    .await?;
    tx.record(
        case_id,
        Event::InteractionRecorded {
            interaction_id: id,
            channel: body.kind.name().into(),
            direction: body.direction.name().into(),
            result: body.result.name().into(),
        },
    );
    Ok(id)
}

/// Keeps what the enterprise wrote on one of the public pages, as an interaction on the web, and what follows from it.
pub async fn record_by_link(
    tx: &mut Tx,
    case: &Case,
    contact_id: Option<ContactId>,
    text: Body,
) -> Result<InteractionId> {
    let said = InteractionRequest {
        kind: InteractionKind::Web,
        direction: Direction::Inbound,
        occurred_at: tx.now(),
        contact_id,
        counterpart: None,
        result: InteractionResult::Reached,
        body: text,
        callback_at: None,
    };
    let id = insert(tx, case.id, &said).await?;
    follow(tx, case, id, &said).await?;
    Ok(id)
}

/// What an interaction means for waits and deadlines.
async fn follow(
    tx: &mut Tx,
    case: &Case,
    id: InteractionId,
    body: &InteractionRequest,
) -> Result<()> {
    if body.direction == Direction::Inbound {
        cases::end_wait(tx, case, "interaction").await?;
    }
    let is_reached = body.result == InteractionResult::Reached;
    if is_reached {
        deadlines::done(tx, case.id, &[DueKind::FirstContact], None).await?;
    }
    // We called back and were given another time: the new promise takes the place of the old one.
    let is_promised_anew = body.callback_at.is_some();
    if body.direction == Direction::Outbound && (is_reached || is_promised_anew) {
        keep_callbacks(tx, case, body.occurred_at).await?;
    }
    if let Some(callback_at) = body.callback_at {
        deadlines::set(tx, case.id, DueKind::Callback, *id, callback_at).await?;
    }
    Ok(())
}

/// The callbacks promised before that time are kept. A call entered late does not keep what was promised after it.
async fn keep_callbacks(tx: &mut Tx, case: &Case, occurred_at: DateTime<Utc>) -> Result<()> {
    let promised = sqlx::query_scalar!(
        r#"
        select i.id
        from deadline d
        join interaction i on i.id = d.subject_id
        where d.case_id = $1 and d.kind = 'callback' and d.done_at is null and i.occurred_at <= $2
        order by d.due_at
        "#,
        *case.id,
        occurred_at,
    )
    .fetch_all(tx.db())
    .await?;
    for interaction_id in promised {
        deadlines::done(tx, case.id, &[DueKind::Callback], Some(*interaction_id)).await?;
        tx.record(case.id, Event::CallbackKept { interaction_id });
    }
    Ok(())
}

async fn show(db: &mut PgConnection, case: &Case, id: InteractionId) -> Result<InteractionView> {
    let page = load(db, case, Some(id), None, 1).await?;
    Ok(page
        .into_iter()
        .next()
        .expect("inserted in this transaction"))
}

/// The one read query: newest first by when it was; one of them, or those after a cursor.
async fn load(
    db: &mut PgConnection,
    case: &Case,
    only: Option<InteractionId>,
    after: Option<After<InteractionId>>,
    limit: i64,
) -> Result<Vec<InteractionView>> {
    let items = sqlx::query!(
        r#"
        select i.id, i.case_id, i.kind as "kind: InteractionKind", i.direction as "direction: Direction", i.occurred_at,
            i.recorded_at, i.contact_id, i.counterpart, i.result as "result: InteractionResult", i.body, i.callback_at,
            case when u.id is not null then json_build_object('id', u.id, 'name', u.name) end as "recorded_by: SqlJson<Author>"
        from interaction i
        left join app_user u on u.id = i.recorded_by
        where i.case_id = $1
        and ($2::uuid is null or i.id = $2)
        and ($3::timestamptz is null or (i.occurred_at, i.id) < ($3, $4::uuid))
        order by i.occurred_at desc, i.id desc
        limit $5
        "#,
        *case.id,
        only.map(|id| *id),
        after.map(|after| after.at),
        after.map(|after| *after.id),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(items
        .into_iter()
        .map(|row| InteractionView {
            id: row.id,
            case_id: row.case_id,
            kind: row.kind,
            direction: row.direction,
            occurred_at: row.occurred_at,
            recorded_at: row.recorded_at,
            contact_id: row.contact_id,
            counterpart: row.counterpart,
            result: row.result,
            body: row.body,
            callback_at: row.callback_at,
            recorded_by: row.recorded_by.map(|author| author.0),
        })
        .collect())
}

/// List the interactions of a case
///
/// Newest first, by when they were.
#[utoipa::path(
    tag = "conversation",
    operation_id = "list_interactions",
    params(("id" = Uuid, Path, description = "The case"), PageFilter),
    responses((status = 200, description = "One page of interactions", body = Page<InteractionView>)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases/{id}/interactions")]
async fn list_interactions(
    access: Access<permit::ReadCases>,
    Path(id): Path<CaseId>,
    Query(filter): Query<PageFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let after = filter.cursor.as_ref().map(Cursor::keys).transpose()?;
    let mut db = access.read().acquire().await?;
    let case = cases::find(&mut db, access.actor(), id).await?;
    let items = load(&mut db, &case, None, after, limit + 1).await?;
    Ok(Answer::ok(&Page::new(items, limit, |item| After {
        at: item.occurred_at,
        id: item.id,
    })))
}

/// How many outbound attempts without success are on record (`unreachable` needs a set number of them).
pub async fn failed_attempts(db: &mut PgConnection, case: &Case) -> Result<i64> {
    let attempts = sqlx::query_scalar!(
        r#"
        select count(*) as "attempts!"
        from interaction
        where case_id = $1 and direction = 'outbound' and result in ('absent', 'voicemail')
        "#,
        *case.id
    )
    .fetch_one(db)
    .await?;
    Ok(attempts)
}
