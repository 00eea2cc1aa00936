//! What enterprises wrote freely: checked for personal data by a person before the ministry reads it.
//!
//! The text as it was written is for those who check it; the ministry sees what was released, perhaps edited, and of which
//! case it is never.

use crate::{
    access::{Access, Actor, Role, permit},
    audit::Event,
    error::{Error, Result},
    http::{Answer, Body, Cursor, Json, Page, Path, Query, page_size},
    ids::*,
    interactions::Author,
    programme::*,
    routes::ServiceConfig,
    store::Tx,
    text::Reason,
};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json as SqlJson};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Mounts the checking of free text.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(list_free_texts)
        .service(release_free_text)
        .service(withhold_free_text);
}

/// Which free texts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FreeTextFilter {
    /// Whether they were checked; the ministry sees those released, whatever is asked.
    pub state: Option<FreeTextState>,
    /// Where they come from.
    pub source: Option<FreeTextSource>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// Something that an enterprise wrote.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FreeText {
    /// Its id.
    pub id: FreeTextId,
    /// Where it comes from.
    pub source: FreeTextSource,
    /// Whether it was checked.
    pub state: FreeTextState,
    /// The case; null for the ministry.
    pub case_id: Option<CaseId>,
    /// The case's number; null for the ministry.
    pub case_number: Option<String>,
    /// As it was written; null for the ministry, and where it was erased.
    pub written: Option<String>,
    /// As it may be read by others; null while it is not released.
    pub released_text: Option<String>,
    /// When it was written.
    pub written_at: DateTime<Utc>,
    /// When it was checked last.
    pub checked_at: Option<DateTime<Utc>>,
    /// Who checked it; null for the ministry.
    pub checked_by: Option<Author>,
}

/// How a text is released.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseFreeTextRequest {
    /// The text without personal data; as it was written where absent.
    pub edited_text: Option<Reason>,
}

impl Body for ReleaseFreeTextRequest {}

/// List what enterprises wrote
///
/// In surveys and evaluations, the oldest first. Supervisors and admins check it for personal data; the ministry sees what was
/// released, without the case.
#[utoipa::path(
    tag = "answers",
    operation_id = "list_free_texts",
    params(FreeTextFilter),
    responses((status = 200, description = "One page of texts", body = Page<FreeText>)),
    extensions(("x-permission" = json!("read_free_texts")))
)]
#[get("/survey/free-texts")]
async fn list_free_texts(
    access: Access<permit::ReadFreeTexts>,
    Query(filter): Query<FreeTextFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let after = filter.cursor.as_ref().map(Cursor::keys).transpose()?;
    let is_auditor = is_auditor(access.actor());
    let state = match is_auditor {
        true => Some(FreeTextState::Released),
        false => filter.state,
    };
    let mut db = access.read().acquire().await?;
    let items = load(&mut db, None, (state, filter.source), after, limit + 1).await?;
    let items = match is_auditor {
        true => items.into_iter().map(FreeText::masked).collect(),
        false => items,
    };
    Ok(Answer::ok(&Page::new(items, limit, |text| {
        (text.written_at, text.id)
    })))
}

fn is_auditor(actor: &Actor) -> bool {
    actor.role == Some(Role::Auditor)
}

impl FreeText {
    /// As the ministry sees it.
    fn masked(self) -> Self {
        Self {
            case_id: None,
            case_number: None,
            written: None,
            checked_by: None,
            ..self
        }
    }
}

/// Release what an enterprise wrote
///
/// As it was written, or edited. May be repeated, and done after withholding.
#[utoipa::path(
    tag = "answers",
    operation_id = "release_free_text",
    params(("id" = Uuid, Path, description = "The text")),
    request_body = ReleaseFreeTextRequest,
    responses((status = 200, description = "The text", body = FreeText)),
    extensions(("x-permission" = json!("check_free_texts")))
)]
#[post("/survey/free-texts/{id}/release")]
async fn release_free_text(
    access: Access<permit::CheckFreeTexts>,
    Path(id): Path<FreeTextId>,
    Json(body): Json<ReleaseFreeTextRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let text = lock(tx, id).await?;
            let edited = body.edited_text.as_ref().map(Reason::as_str);
            let Some(released) = edited.or(text.written.as_deref()) else {
                return Err(Error::conflict(
                    "The text was erased: there is nothing to release.",
                ));
            };
            check(tx, id, FreeTextState::Released, Some(released)).await?;
            let event = Event::FreeTextReleased {
                free_text_id: id,
                edited: edited.is_some(),
            };
            tx.record(
                text.case_id.expect("only the ministry does not see it"),
                event,
            );
            Ok(Answer::ok(&find(tx.db(), id).await?))
        })
        .await
}

/// Withhold what an enterprise wrote
///
/// The ministry does not see it, or not any more.
#[utoipa::path(
    tag = "answers",
    operation_id = "withhold_free_text",
    params(("id" = Uuid, Path, description = "The text")),
    responses((status = 200, description = "The text", body = FreeText)),
    extensions(("x-permission" = json!("check_free_texts")))
)]
#[post("/survey/free-texts/{id}/withhold")]
async fn withhold_free_text(
    access: Access<permit::CheckFreeTexts>,
    Path(id): Path<FreeTextId>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let text = lock(tx, id).await?;
            check(tx, id, FreeTextState::Withheld, None).await?;
            let event = Event::FreeTextWithheld { free_text_id: id };
            tx.record(
                text.case_id.expect("only the ministry does not see it"),
                event,
            );
            Ok(Answer::ok(&find(tx.db(), id).await?))
        })
        .await
}

/// Keeps what somebody wrote, until it is checked.
pub(super) async fn keep(
    tx: &mut Tx,
    source: FreeTextSource,
    case_id: CaseId,
    subject_id: Uuid,
    text: &Reason,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        r#"
        insert into free_text (id, source, case_id, subject_id, written, written_at, state)
        values ($1, $2, $3, $4, $5, $6, 'unchecked')
        "#,
        *FreeTextId::new(),
        source.name(),
        *case_id,
        subject_id,
        text.as_str(),
        now,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

async fn lock(tx: &mut Tx, id: FreeTextId) -> Result<FreeText> {
    sqlx::query!(
        "select id from free_text where id = $1 for no key update",
        *id
    )
    .fetch_optional(tx.db())
    .await?;
    find(tx.db(), id).await
}

async fn check(
    tx: &mut Tx,
    id: FreeTextId,
    state: FreeTextState,
    released: Option<&str>,
) -> Result<()> {
    let (now, by) = (tx.now(), tx.actor().user_id);
    sqlx::query!(
        "update free_text set state = $2, released_text = $3, checked_at = $4, checked_by = $5 where id = $1",
        *id,
        state.name(),
        released,
        now,
        by.map(|id| *id),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

async fn find(db: &mut PgConnection, id: FreeTextId) -> Result<FreeText> {
    let found = load(db, Some(id), (None, None), None, 1).await?.pop();
    found.ok_or_else(Error::not_found)
}

/// The one read query.
async fn load(
    db: &mut PgConnection,
    only: Option<FreeTextId>,
    (state, source): (Option<FreeTextState>, Option<FreeTextSource>),
    after: Option<(DateTime<Utc>, FreeTextId)>,
    limit: i64,
) -> Result<Vec<FreeText>> {
    let (after_at, after_id) = after.unzip();
    let rows = sqlx::query!(
        r#"
        select t.id, t.source, t.state, t.case_id, c.number, t.written, t.released_text, t.written_at, t.checked_at,
            case when u.id is not null then json_build_object('id', u.id, 'name', u.name) end as "checked_by: SqlJson<Author>"
        from free_text t
        join case_file c on c.id = t.case_id
        left join app_user u on u.id = t.checked_by
        where ($1::uuid is null or t.id = $1)
        and ($2::text is null or t.state = $2)
        and ($3::text is null or t.source = $3)
        and ($4::timestamptz is null or (t.written_at, t.id) > ($4, $5))
        order by t.written_at, t.id
        limit $6
        "#,
        only.map(|id| *id),
        state.map(FreeTextState::name),
        source.map(FreeTextSource::name),
        after_at,
        after_id.map(|id| *id),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| FreeText {
            id: row.id,
            source: row.source,
            state: row.state,
            case_id: Some(row.case_id),
            case_number: Some(row.number),
            written: row.written,
            released_text: row.released_text,
            written_at: row.written_at,
            checked_at: row.checked_at,
            checked_by: row.checked_by.map(|author| author.0),
        })
        .collect())
}
