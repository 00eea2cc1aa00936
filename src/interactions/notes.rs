//! Notes: what staff tell each other on a case.

use super::{After, Author, PageFilter};
use crate::{
    access::{Access, permit},
    audit::Event,
    cases::{self, Case},
    error::Result,
    http::{Answer, Body as RequestBody, Cursor, Json, Page, Path, Query, page_size},
    ids::*,
    routes::ServiceConfig,
    store::Tx,
    text::Body,
};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json as SqlJson};
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(write_note).service(list_notes);
}

/// A note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteRequest {
    /// What to remember.
    pub body: Body,
}

impl RequestBody for NoteRequest {}

/// A note that only staff see.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NoteView {
    /// Its id.
    pub id: NoteId,
    /// The case.
    pub case_id: CaseId,
    /// What it says.
    pub body: String,
    /// When it was written.
    pub recorded_at: DateTime<Utc>,
    /// Who wrote it; null for the system.
    pub recorded_by: Option<Author>,
}

/// Write a note
///
/// Only staff see it. Also on a closed case.
#[utoipa::path(
    tag = "conversation",
    operation_id = "write_note",
    params(("id" = Uuid, Path, description = "The case")),
    request_body = NoteRequest,
    responses((status = 201, description = "The note", body = NoteView)),
    extensions(("x-permission" = json!("write_notes")))
)]
#[post("/cases/{id}/notes")]
async fn write_note(
    access: Access<permit::WriteNotes>,
    Path(id): Path<CaseId>,
    Json(body): Json<NoteRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let case = cases::lock(tx, id).await?;
            let note_id = insert(tx, &case, body.body.as_str()).await?;
            let notes = load(tx.db(), &case, Some(note_id), None, 1).await?;
            let view = notes.first().expect("inserted in this transaction");
            Ok(Answer::created(format!("/api/v1/cases/{id}/notes"), view))
        })
        .await
}

/// Writes a note on a case.
pub async fn add_note(tx: &mut Tx, case: &Case, body: &str) -> Result<()> {
    insert(tx, case, body).await.map(drop)
}

async fn insert(tx: &mut Tx, case: &Case, body: &str) -> Result<NoteId> {
    let (id, now) = (NoteId::new(), tx.now());
    let recorded_by = tx.actor().user_id;
    sqlx::query!(
        "insert into note (id, case_id, body, recorded_at, recorded_by) values ($1, $2, $3, $4, $5)",
        *id,
        *case.id,
        body,
        now,
        recorded_by.map(|id| *id),
    )
    .execute(tx.db())
    .await?;
    tx.record(case.id, Event::NoteAdded { note_id: id });
    Ok(id)
}

/// The one read query: newest first; one of them, or those after a cursor.
async fn load(
    db: &mut PgConnection,
    case: &Case,
    only: Option<NoteId>,
    after: Option<After<NoteId>>,
    limit: i64,
) -> Result<Vec<NoteView>> {
    let notes = sqlx::query!(
        r#"
        select n.id, n.case_id, n.body, n.recorded_at,
            case when u.id is not null then json_build_object('id', u.id, 'name', u.name) end as "recorded_by: SqlJson<Author>"
        from note n
        left join app_user u on u.id = n.recorded_by
        where n.case_id = $1
        and ($2::uuid is null or n.id = $2)
        and ($3::timestamptz is null or (n.recorded_at, n.id) < ($3, $4::uuid))
        order by n.recorded_at desc, n.id desc
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
    Ok(notes
        .into_iter()
        .map(|row| NoteView {
            id: row.id,
            case_id: row.case_id,
            body: row.body,
            recorded_at: row.recorded_at,
            recorded_by: row.recorded_by.map(|author| author.0),
        })
        .collect())
}

/// List the notes of a case
///
/// Newest first.
#[utoipa::path(
    tag = "conversation",
    operation_id = "list_notes",
    params(("id" = Uuid, Path, description = "The case"), PageFilter),
    responses((status = 200, description = "One page of notes", body = Page<NoteView>)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases/{id}/notes")]
async fn list_notes(
    access: Access<permit::ReadCases>,
    Path(id): Path<CaseId>,
    Query(filter): Query<PageFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let after = filter.cursor.as_ref().map(Cursor::keys).transpose()?;
    let mut db = access.read().acquire().await?;
    let case = cases::find(&mut db, access.actor(), id).await?;
    let notes = load(&mut db, &case, None, after, limit + 1).await?;
    Ok(Answer::ok(&Page::new(notes, limit, |note| After {
        at: note.recorded_at,
        id: note.id,
    })))
}
