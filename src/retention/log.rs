//! The log of what was disposed of: append-only, ids and numbers, no names.

use super::RetentionClass;
use crate::{
    access::{Access, permit},
    error::Result,
    http::{Answer, Cursor, Page, Query, page_size},
    ids::*,
    interactions::Author,
    routes::ServiceConfig,
    store::Tx,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, QueryBuilder};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(list_disposals);
}

/// Under which rule something went.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// Its years were over.
    Run(RunId),
    /// Somebody asked.
    Erasure(ErasureId),
}

/// What went together.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub rule: Rule,
    pub class: RetentionClass,
    pub kind: &'a str,
    pub ids: Vec<Uuid>,
    pub case_numbers: Vec<String>,
}

/// Writes down what went; nothing where nothing did. The event is the caller's.
///
/// # Errors
/// The database.
pub(crate) async fn write(tx: &mut Tx, entry: Entry<'_>) -> Result<()> {
    if entry.ids.is_empty() {
        return Ok(());
    }
    let (run_id, erasure_id) = match entry.rule {
        Rule::Run(id) => (Some(*id), None),
        Rule::Erasure(id) => (None, Some(*id)),
    };
    let (now, actor) = (tx.now(), tx.actor().user_id);
    sqlx::query!(
        r#"
        insert into disposal (disposed_at, class, kind, run_id, erasure_id, subject_ids, case_numbers, count, actor_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, (select requested_by from retention_run where id = $4)))
        "#,
        now,
        entry.class.name(),
        entry.kind,
        run_id,
        erasure_id,
        &entry.ids,
        &entry.case_numbers,
        entry.ids.len() as i64,
        actor.map(|id| *id),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Writes down that so many views went.
pub(super) async fn write_views(tx: &mut Tx, run_id: RunId, count: i64) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        r#"
        insert into disposal (disposed_at, class, kind, run_id, subject_ids, case_numbers, count, actor_id)
        values ($1, 'view', 'view', $2, '{}', '{}', $3, (select requested_by from retention_run where id = $2))
        "#,
        now,
        *run_id,
        count,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DisposalFilter {
    /// Of this run.
    pub run_id: Option<RunId>,
    /// Of this erasure.
    pub erasure_id: Option<ErasureId>,
    /// Of this class.
    #[param(inline)]
    pub class: Option<RetentionClass>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// What went in one act.
#[derive(Debug, Serialize, ToSchema, FromRow)]
pub struct DisposalView {
    /// Its number.
    pub id: i64,
    /// When.
    pub disposed_at: DateTime<Utc>,
    /// The class.
    pub class: RetentionClass,
    /// What the ids are of: `case`, `mail`, `attachment`, `contact`, `enterprise`; `view`s have none.
    #[schema(example = "case")]
    pub kind: String,
    /// The run whose years were over; null for an erasure.
    pub run_id: Option<RunId>,
    /// The request; null for a run.
    pub erasure_id: Option<ErasureId>,
    /// What went.
    pub subject_ids: Vec<Uuid>,
    /// Numbers of the cases concerned.
    pub case_numbers: Vec<String>,
    /// How many.
    pub count: i64,
    /// Who had it done.
    #[sqlx(json(nullable))]
    pub actor: Option<Author>,
}

/// List what was disposed of
///
/// The newest first. The log is only added to.
#[utoipa::path(
    tag = "data",
    operation_id = "list_disposals",
    params(DisposalFilter),
    responses((status = 200, description = "One page of the log", body = Page<DisposalView>)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[get("/retention/disposals")]
async fn list_disposals(
    access: Access<permit::ManageRetention>,
    Query(filter): Query<DisposalFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let mut query = QueryBuilder::new(
        r#"
        select d.id, d.disposed_at, d.class, d.kind, d.run_id, d.erasure_id, d.subject_ids, d.case_numbers, d.count,
            case when u.id is not null then json_build_object('id', u.id, 'name', u.name) end as actor
        from disposal d
        left join app_user u on u.id = d.actor_id
        where true"#,
    );
    if let Some(id) = filter.run_id {
        query.push(" and d.run_id = ").push_bind(id);
    }
    if let Some(id) = filter.erasure_id {
        query.push(" and d.erasure_id = ").push_bind(id);
    }
    if let Some(class) = filter.class {
        query.push(" and d.class = ").push_bind(class.name());
    }
    if let Some(cursor) = &filter.cursor {
        let before: i64 = cursor.keys()?;
        query.push(" and d.id < ").push_bind(before);
    }
    query
        .push(" order by d.id desc limit ")
        .push_bind(limit + 1);
    let items: Vec<DisposalView> = query.build_query_as().fetch_all(access.read()).await?;
    Ok(Answer::ok(&Page::new(items, limit, |item| item.id)))
}
