//! Is it alive, is it ready, how is it doing: `/healthz`, `/readyz`, and `/metrics` on an address of its own.

use crate::{
    error::{Error, ProblemType, Result},
    replica::Fitness,
    store::Store,
};
use actix_web::{
    HttpResponse, get,
    web::{Data, ServiceConfig},
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::Serialize;

/// Mounts the probes. They stand outside the API and its document.
pub fn mount(config: &mut ServiceConfig) {
    config.service(healthz).service(readyz);
}

/// The process answers.
#[get("/healthz")]
async fn healthz() -> &'static str {
    "ok\n"
}

#[derive(Serialize)]
struct Ready {
    database: &'static str,
    migrations: i64,
    worker: &'static str,
    jobs_due: i64,
    jobs_dead: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    replica: Option<&'static str>,
}

#[derive(sqlx::FromRow)]
struct Queue {
    migration: Option<i64>,
    is_late: bool,
    is_worked: bool,
    due: i64,
    dead: i64,
}

/// The process can do its work: the database answers, its schema is there, jobs are being done.
#[get("/readyz")]
async fn readyz(store: Data<Store>) -> Result<HttpResponse> {
    let row = sqlx::query_as::<_, Queue>(
        r#"
        select
            (select max(version) from _sqlx_migrations where success) as migration,
            exists (select from job where dead_at is null and run_at < $1 - interval '1 minute') as is_late,
            exists (
                select from cron
                where name = 'make_checkpoint' and next_run_at > $1 - interval '1 minute'
            ) as is_worked,
            (select count(*) from job where dead_at is null and run_at <= $1) as due,
            (select count(*) from job where dead_at is not null) as dead
        "#,
    )
    .bind(store.now())
    .fetch_one(store.reader())
    .await?;
    // A worker anywhere takes the turn of what runs every minute. A long queue alone is no reason to take every replica
    // out of service: it is worked off.
    if row.is_late && !row.is_worked {
        return Err(Error::problem(
            ProblemType::Unavailable,
            "Jobs are not being done: no worker runs.",
        ));
    }
    let ready = Ready {
        database: "ok",
        migrations: row.migration.unwrap_or_default(),
        worker: "ok",
        jobs_due: row.due,
        jobs_dead: row.dead,
        // No reason to be unready: the primary is read instead.
        replica: store.replica_fitness().map(Fitness::name),
    };
    Ok(HttpResponse::Ok().json(ready))
}

/// Starts counting; called once per process.
///
/// # Errors
/// Another recorder is installed.
pub fn install_metrics() -> Result<PrometheusHandle, String> {
    PrometheusBuilder::new()
        .set_buckets(&[
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
        ])
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| format!("metrics cannot be counted: {error}"))
}
