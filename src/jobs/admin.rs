//! The queue as staff see it (`/jobs`): what waits, what runs, what has failed for good, and running it again.

use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    error::{Error, OnConstraint, Result},
    http::{Answer, Cursor, Page, Path, Query, page_size},
    routes::ServiceConfig,
};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

/// Mounts `/jobs`.
pub fn mount(config: &mut ServiceConfig) {
    config.service(list_jobs).service(run_job);
}

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct JobFilter {
    /// `true`: those whose attempts are used up; `false`: those that wait or run; all where absent.
    pub dead: Option<bool>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Until `run_at`, or until a worker is free.
    Waiting,
    /// A worker has it.
    Running,
    /// Its attempts are used up.
    Dead,
}

/// Work to do after a change. What is done is no longer here.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobView {
    /// Its number.
    pub id: i64,
    /// What is to be done.
    pub kind: String,
    /// For what: ids only.
    #[schema(value_type = Object)]
    pub payload: serde_json::Value,
    /// Where it stands.
    pub state: JobState,
    /// How often it was tried.
    pub attempts: i32,
    /// How often it is tried.
    pub max_attempts: i32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it is tried next.
    pub run_at: DateTime<Utc>,
    /// When it came into the queue.
    pub created_at: DateTime<Utc>,
    /// When its attempts were used up.
    pub dead_at: Option<DateTime<Utc>>,
}

/// The row, and whether a worker has it.
struct JobRow {
    id: i64,
    kind: String,
    payload: serde_json::Value,
    attempts: i32,
    max_attempts: i32,
    last_error: Option<String>,
    run_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    dead_at: Option<DateTime<Utc>>,
    is_leased: bool,
}

impl From<JobRow> for JobView {
    fn from(row: JobRow) -> Self {
        let state = match (row.dead_at, row.is_leased) {
            (Some(_), _) => JobState::Dead,
            (None, true) => JobState::Running,
            (None, false) => JobState::Waiting,
        };
        Self {
            id: row.id,
            kind: row.kind,
            payload: row.payload,
            state,
            attempts: row.attempts,
            max_attempts: row.max_attempts,
            last_error: row.last_error,
            run_at: row.run_at,
            created_at: row.created_at,
            dead_at: row.dead_at,
        }
    }
}

/// List jobs
///
/// Newest first. `dead=true` shows what needs somebody.
#[utoipa::path(
    tag = "office",
    operation_id = "list_jobs",
    params(JobFilter),
    responses((status = 200, description = "The jobs", body = Page<JobView>)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[get("/jobs")]
async fn list_jobs(
    access: Access<permit::ManageOffice>,
    Query(filter): Query<JobFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let before = match &filter.cursor {
        Some(cursor) => cursor.keys::<i64>()?,
        None => i64::MAX,
    };
    let rows = sqlx::query_as!(
        JobRow,
        r#"
        select id, kind, payload, attempts, max_attempts, last_error, run_at, created_at, dead_at,
            coalesce(leased_until > $4, false) as "is_leased!"
        from job
        where id < $1 and ($2::boolean is null or (dead_at is not null) = $2)
        order by id desc
        limit $3
        "#,
        before,
        filter.dead,
        limit + 1,
        access.now(),
    )
    .fetch_all(access.read())
    .await?;
    let items = rows.into_iter().map(JobView::from).collect();
    Ok(Answer::ok(&Page::new(items, limit, |job: &JobView| job.id)))
}

/// Run a job again
///
/// A dead one gets all its attempts anew, a waiting one is tried at once. Where the same work waits already, the dead job
/// makes way for it, and that one is answered.
#[utoipa::path(
    tag = "office",
    operation_id = "run_job",
    params(("id" = i64, Path, description = "The job")),
    responses((status = 200, description = "The job that will run", body = JobView)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[post("/jobs/{id}/run")]
async fn run_job(access: Access<permit::ManageOffice>, Path(id): Path<i64>) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let now = tx.now();
            let found = sqlx::query!(
                r#"
                select job_key, dead_at is not null as "is_dead!", coalesce(leased_until > $2, false) as "is_leased!"
                from job
                where id = $1
                for no key update
                "#,
                id,
                now,
            )
            .fetch_optional(tx.db())
            .await?
            .ok_or_else(Error::not_found)?;
            if found.is_leased && !found.is_dead {
                return Err(Error::conflict("The job is running."));
            }
            let twin = match (&found.job_key, found.is_dead) {
                (Some(key), true) => waiting_twin(tx.db(), key).await?,
                _ => None,
            };
            match twin {
                Some(_) => {
                    sqlx::query!("delete from job where id = $1", id)
                        .execute(tx.db())
                        .await?;
                }
                None => revive(tx.db(), id, now).await?,
            }
            tx.record(OFFICE, Event::JobRunAgain { job_id: id });
            Ok(Answer::ok(
                &show(tx.db(), twin.unwrap_or(id), now).await?,
            ))
        })
        .await
}

/// The job that waits under the same key; locked, so that no worker takes it meanwhile.
async fn waiting_twin(db: &mut PgConnection, key: &str) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        r#"
        select id
        from job
        where job_key = $1 and dead_at is null and lease_id is null
        for no key update
        "#,
        key
    )
    .fetch_optional(db)
    .await?)
}

async fn revive(db: &mut PgConnection, id: i64, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        r#"
        update job
        set attempts = case when dead_at is null then attempts else 0 end,
            dead_at = null, run_at = $2, leased_until = null, lease_id = null
        where id = $1
        "#,
        id,
        now,
    )
    .execute(db)
    .await
    .on_constraint("job_key_waiting", || {
        Error::conflict("The same work came into the queue at this moment.")
    })?;
    Ok(())
}

async fn show(db: &mut PgConnection, id: i64, now: DateTime<Utc>) -> Result<JobView> {
    let row = sqlx::query_as!(
        JobRow,
        r#"
        select id, kind, payload, attempts, max_attempts, last_error, run_at, created_at, dead_at,
            coalesce(leased_until > $2, false) as "is_leased!"
        from job
        where id = $1
        "#,
        id,
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(row.into())
}

/// Whether work under this key waits or is being done.
pub(crate) async fn is_waiting(db: &mut PgConnection, key: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from job where job_key = $1 and dead_at is null) as "waits!""#,
        key
    )
    .fetch_one(db)
    .await?)
}
