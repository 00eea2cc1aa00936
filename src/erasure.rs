//! Erasure on request (消去): a person or an enterprise goes, the figures and the memory of used sessions stay.
//!
//! Owns `erasure`, `erased_key` and `erased_match`. In two steps: a request shows what would go and what stands against
//! it, and is executed in one transaction. What goes is in [`wipe`], what is found as belonging to somebody in [`scope`].
//! The audit chain holds ids only and is not touched. By what an enterprise was known is kept as keyed digests until its
//! free sessions of the year are past ([`memory`]): erasure does not bring a fourth one.
//!
//! A mail that is not placed yet is none of what goes: it is read afterwards, as new.

pub mod memory;
pub mod scope;
pub mod wipe;

use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    error::{Error, Result},
    http::{Answer, Body, Cursor, Json, Page, Path, Query, page_size},
    ids::*,
    interactions::Author,
    retention::{
        RetentionClass,
        log::{self, Entry, Rule},
    },
    routes::ServiceConfig,
    store::Tx,
    text::{Line80, Reason},
};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use scope::{Obstacle, Scope};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, QueryBuilder, types::Json as SqlJson};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use wipe::Counts;

/// Mounts `/erasures`.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(request_erasure)
        .service(list_erasures)
        .service(show_erasure)
        .service(execute_erasure)
        .service(withdraw_erasure);
}

/// Who asks to be erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ErasureScope {
    /// A person: the contact, and every other with the same address, or the same number and name.
    Contact,
    /// An enterprise with all its cases.
    Enterprise,
}

impl ErasureScope {
    fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Enterprise => "enterprise",
        }
    }
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[allow(missing_docs, reason = "names say it")]
pub enum ErasureState {
    Requested,
    Executed,
    Withdrawn,
}

/// A request to be erased. It stays when everything else is gone, so it may not name anybody: the request itself is filed
/// outside the program.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureRequest {
    /// Whether `id` is a contact or an enterprise.
    pub scope: ErasureScope,
    /// Whom.
    pub id: Uuid,
    /// Why, without a name.
    pub reason: Reason,
    /// Under which the request is filed.
    pub request_reference: Line80,
}

impl Body for ErasureRequest {}

/// A request, with what would go or what went.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasureView {
    /// Its id.
    pub id: ErasureId,
    /// Whether a person or an enterprise.
    pub scope: ErasureScope,
    /// The contact or the enterprise.
    pub subject_id: Uuid,
    /// Why.
    pub reason: String,
    /// Under which the request is filed.
    pub request_reference: String,
    /// How far it is.
    pub state: ErasureState,
    /// When it was entered.
    pub requested_at: DateTime<Utc>,
    /// By whom.
    pub requested_by: Option<Author>,
    /// When it was executed.
    pub executed_at: Option<DateTime<Utc>>,
    /// By whom.
    pub executed_by: Option<Author>,
    /// What would go as things stand, while it is requested; what went, once it is executed: rows by kind (`cases`,
    /// `contacts`, `interactions`, `notes`, `mails`, `messages`, `attachments`, `offers`, `assignments`, `consultations`,
    /// `reports`, `enterprises`).
    #[schema(value_type = Object, example = json!({"contacts": 1, "mails": 12}))]
    pub counts: Counts,
    /// What stands against it now; none once it is executed.
    pub obstacles: Vec<Obstacle>,
}

#[derive(FromRow)]
struct Row {
    id: ErasureId,
    scope: ErasureScope,
    subject_id: Uuid,
    reason: String,
    request_reference: String,
    state: ErasureState,
    requested_at: DateTime<Utc>,
    #[sqlx(json(nullable))]
    requested_by: Option<Author>,
    executed_at: Option<DateTime<Utc>>,
    #[sqlx(json(nullable))]
    executed_by: Option<Author>,
    #[sqlx(json(nullable))]
    counts: Option<Counts>,
}

const SELECT: &str = r#"
    select x.id, x.scope, x.subject_id, x.reason, x.request_reference, x.state, x.requested_at, x.executed_at, x.counts,
        case when r.id is not null then json_build_object('id', r.id, 'name', r.name) end as requested_by,
        case when d.id is not null then json_build_object('id', d.id, 'name', d.name) end as executed_by
    from erasure x
    left join app_user r on r.id = x.requested_by
    left join app_user d on d.id = x.executed_by
"#;

impl Row {
    fn view(self, counts: Counts, obstacles: Vec<Obstacle>) -> ErasureView {
        ErasureView {
            id: self.id,
            scope: self.scope,
            subject_id: self.subject_id,
            reason: self.reason,
            request_reference: self.request_reference,
            state: self.state,
            requested_at: self.requested_at,
            requested_by: self.requested_by,
            executed_at: self.executed_at,
            executed_by: self.executed_by,
            counts,
            obstacles,
        }
    }
}

async fn find(db: &mut PgConnection, id: ErasureId) -> Result<Row> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where x.id = ").push_bind(id);
    query
        .build_query_as()
        .fetch_optional(db)
        .await?
        .ok_or_else(Error::not_found)
}

/// A request as it stands: with what would go, worked out anew.
async fn show(db: &mut PgConnection, id: ErasureId) -> Result<ErasureView> {
    let mut row = find(db, id).await?;
    if row.state != ErasureState::Requested {
        let counts = row.counts.take().unwrap_or_default();
        return Ok(row.view(counts, Vec::new()));
    }
    let scope = Scope::find(db, row.scope, row.subject_id).await?;
    let obstacles = scope.obstacles(db).await?;
    Ok(row.view(scope.counts(), obstacles))
}

/// Enter a request to be erased
///
/// Nothing goes yet: the answer shows what would, and what stands against it (open cases, legal holds, mail on its way).
#[utoipa::path(
    tag = "data",
    operation_id = "request_erasure",
    request_body = ErasureRequest,
    responses((status = 201, description = "The request, with what would go", body = ErasureView)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[post("/erasures")]
async fn request_erasure(
    access: Access<permit::ManageRetention>,
    Json(body): Json<ErasureRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let scope = Scope::find(tx.db(), body.scope, body.id).await.map_err(|error| match error {
                Error::Problem(_) => Error::invalid("/id", "is nobody of that scope"),
                other => other,
            })?;
            let texts = [
                ("/reason", body.reason.as_str()),
                ("/request_reference", body.request_reference.as_str()),
            ];
            for (pointer, text) in texts {
                if scope.words.are_in(text) {
                    return Err(Error::invalid(pointer, "must not name who is to be erased"));
                }
            }
            let (id, now, actor) = (ErasureId::new(), tx.now(), tx.actor().user_id);
            sqlx::query!(
                r#"
                insert into erasure (id, scope, subject_id, reason, request_reference, state, requested_at, requested_by)
                values ($1, $2, $3, $4, $5, 'requested', $6, $7)
                "#,
                *id,
                body.scope.name(),
                body.id,
                body.reason.as_str(),
                body.request_reference.as_str(),
                now,
                actor.map(|id| *id),
            )
            .execute(tx.db())
            .await?;
            tx.record(
                OFFICE,
                Event::ErasureRequested {
                    erasure_id: id,
                    scope: body.scope.name().into(),
                },
            );
            let view = show(tx.db(), id).await?;
            Ok(Answer::created(format!("/api/v1/erasures/{id}"), &view))
        })
        .await
}

/// Which requests.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ErasureFilter {
    /// As far as this.
    #[param(inline)]
    pub state: Option<ErasureState>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// A request in the list.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "as in ErasureView")]
pub struct ErasureItem {
    pub id: ErasureId,
    pub scope: ErasureScope,
    pub subject_id: Uuid,
    pub request_reference: String,
    pub state: ErasureState,
    pub requested_at: DateTime<Utc>,
    pub requested_by: Option<Author>,
    pub executed_at: Option<DateTime<Utc>>,
}

/// List requests to be erased
///
/// The newest first.
#[utoipa::path(
    tag = "data",
    operation_id = "list_erasures",
    params(ErasureFilter),
    responses((status = 200, description = "One page of requests", body = Page<ErasureItem>)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[get("/erasures")]
async fn list_erasures(
    access: Access<permit::ManageRetention>,
    Query(filter): Query<ErasureFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let mut query = QueryBuilder::new(SELECT);
    query.push("where true");
    if let Some(state) = filter.state {
        query.push(" and x.state = ").push_bind(state);
    }
    if let Some(cursor) = &filter.cursor {
        let (at, id): (DateTime<Utc>, ErasureId) = cursor.keys()?;
        query
            .push(" and (x.requested_at, x.id) < (")
            .push_bind(at)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query
        .push(" order by x.requested_at desc, x.id desc limit ")
        .push_bind(limit + 1);
    let rows: Vec<Row> = query.build_query_as().fetch_all(access.read()).await?;
    let items = rows.into_iter().map(|row| ErasureItem {
        id: row.id,
        scope: row.scope,
        subject_id: row.subject_id,
        request_reference: row.request_reference,
        state: row.state,
        requested_at: row.requested_at,
        requested_by: row.requested_by,
        executed_at: row.executed_at,
    });
    Ok(Answer::ok(&Page::new(items.collect(), limit, |item| {
        (item.requested_at, item.id)
    })))
}

/// Show a request to be erased
///
/// While it is requested, with what would go as things stand and what stands against it.
#[utoipa::path(
    tag = "data",
    operation_id = "show_erasure",
    params(("id" = Uuid, Path, description = "The request")),
    responses((status = 200, description = "The request", body = ErasureView)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[get("/erasures/{id}")]
async fn show_erasure(
    access: Access<permit::ManageRetention>,
    Path(id): Path<ErasureId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    Ok(Answer::ok(&show(&mut db, id).await?))
}

/// Execute a request to be erased
///
/// At once and for good: names, addresses, numbers, texts, mails with their bytes and files. History, sessions, times and
/// the audit trail stay, and so do the figures. A case that is closed and erased is not reopened. Repeating it changes
/// nothing.
#[utoipa::path(
    tag = "data",
    operation_id = "execute_erasure",
    params(("id" = Uuid, Path, description = "The request")),
    responses((status = 200, description = "The request, with what went", body = ErasureView)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[post("/erasures/{id}/execute")]
async fn execute_erasure(
    access: Access<permit::ManageRetention>,
    Path(id): Path<ErasureId>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let row = lock(tx, id).await?;
            match row.state {
                ErasureState::Executed => tx.unchanged(),
                ErasureState::Withdrawn => {
                    return Err(Error::conflict("The request was withdrawn."));
                }
                ErasureState::Requested => execute(tx, &row).await?,
            }
            Ok(Answer::ok(&show(tx.db(), id).await?))
        })
        .await
}

/// Withdraw a request to be erased
///
/// One that is not executed yet. Repeating it changes nothing.
#[utoipa::path(
    tag = "data",
    operation_id = "withdraw_erasure",
    params(("id" = Uuid, Path, description = "The request")),
    responses((status = 200, description = "The request", body = ErasureView)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[post("/erasures/{id}/withdraw")]
async fn withdraw_erasure(
    access: Access<permit::ManageRetention>,
    Path(id): Path<ErasureId>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let row = lock(tx, id).await?;
            match row.state {
                ErasureState::Withdrawn => tx.unchanged(),
                ErasureState::Executed => {
                    return Err(Error::conflict("The request was executed."));
                }
                ErasureState::Requested => {
                    sqlx::query!("update erasure set state = 'withdrawn' where id = $1", *id)
                        .execute(tx.db())
                        .await?;
                    tx.record(OFFICE, Event::ErasureWithdrawn { erasure_id: id });
                }
            }
            Ok(Answer::ok(&show(tx.db(), id).await?))
        })
        .await
}

async fn lock(tx: &mut Tx, id: ErasureId) -> Result<Row> {
    sqlx::query!(
        "select id from erasure where id = $1 for no key update",
        *id
    )
    .fetch_optional(tx.db())
    .await?;
    find(tx.db(), id).await
}

async fn execute(tx: &mut Tx, row: &Row) -> Result<()> {
    // What was found before the locks says what to lock; what is found under them is what goes.
    let before = Scope::find(tx.db(), row.scope, row.subject_id).await?;
    before.lock(tx).await?;
    let scope = Scope::find(tx.db(), row.scope, row.subject_id).await?;
    if !before.covers(&scope) {
        return Err(Error::Overtaken);
    }
    if !scope.obstacles(tx.db()).await?.is_empty() {
        return Err(Error::conflict(
            "Something stands against it: see the obstacles of the request.",
        ));
    }
    memory::remember(tx, &scope).await?;
    wipe::rows(tx, &scope.rows).await?;
    if row.scope == ErasureScope::Enterprise {
        wipe::seal(tx, &scope.whole_cases).await?;
        wipe::enterprises(tx, &scope.enterprises).await?;
    }
    wipe::traces(tx, &scope.ids(), scope.words.as_written(), &scope.emails).await?;
    let now = tx.now();
    sqlx::query!(
        "update erasure set state = 'executed', executed_at = $2, executed_by = $3, counts = $4 where id = $1",
        *row.id,
        now,
        tx.actor().user_id.map(|id| *id),
        SqlJson(scope.counts()) as _,
    )
    .execute(tx.db())
    .await?;
    note(tx, row, &scope).await
}

/// The log of what went, and an event on each chain concerned.
async fn note(tx: &mut Tx, row: &Row, scope: &Scope) -> Result<()> {
    let (rule, class) = (Rule::Erasure(row.id), RetentionClass::Case);
    let subjects = match row.scope {
        ErasureScope::Contact => &scope.rows.contacts,
        ErasureScope::Enterprise => &scope.enterprises,
    };
    let entries = [
        (
            row.scope.name(),
            subjects.clone(),
            scope.case_numbers.clone(),
        ),
        (
            "case",
            scope.whole_cases.clone(),
            scope.case_numbers.clone(),
        ),
        ("mail", scope.rows.mails.clone(), Vec::new()),
    ];
    for (kind, ids, case_numbers) in entries {
        let entry = Entry {
            rule,
            class,
            kind,
            ids,
            case_numbers,
        };
        log::write(tx, entry).await?;
    }
    for id in &scope.cases {
        let erasure_id = row.id;
        tx.record(CaseId(*id), Event::CaseErased { erasure_id });
    }
    tx.record(
        OFFICE,
        Event::ErasureExecuted {
            erasure_id: row.id,
            scope: row.scope.name().into(),
            subject_id: row.subject_id,
        },
    );
    Ok(())
}
