//! Work after commit: one small table of our own, its worker, and what happens periodically.
//!
//! Own code by measurement: a queue library that notifies inside the transaction takes one global lock and brought an
//! intake from 2,700 to 830 per second. Jobs are taken with `skip locked`, hold a lease that a killed worker loses
//! after seconds, come back after a failure with a growing pause, and are dead, visible to staff, when their attempts
//! are used up. A job may run twice; every handler is written so that the second run changes nothing.

pub mod admin;

use crate::{
    access::Actor,
    error::{Error, REQUEST_ID, Result, causes},
    ids::{AttemptId, DisclosureId, ExportId, MailId, MessageId, RunId, UserId, WebhookId},
    store::Store,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long a worker may be silent before another takes its job.
const LEASE: TimeDelta = TimeDelta::seconds(30);

/// How often an idle worker looks, for what other processes enqueued; and any worker, for texts to be indexed.
const POLL: Duration = Duration::from_millis(200);

/// How often a worker looks whether something periodic is due.
const PERIODIC_POLL: Duration = Duration::from_secs(1);

/// What was entered later than this after now was entered by a clock that ran ahead. Clocks of several machines differ by
/// less.
const AHEAD: TimeDelta = TimeDelta::minutes(1);

/// What can be done after commit. The payload holds ids; the handler reads the data afresh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "snake_case")]
pub enum Work {
    /// Sign the heads of the audit chains that moved since the last checkpoint.
    MakeCheckpoint {},
    /// Expire the offers whose deadline has passed.
    ExpireOffers {},
    /// Count deadlines anew by a changed calendar, and note those that have passed.
    WatchDeadlines {},
    /// Return the routed cases that no desk took up in time.
    ReturnUnclaimed {},
    /// Verify the whole audit trail.
    VerifyAudit {},
    /// Delete idempotency keys, sessions, links and change rows that are over.
    CleanUp {},
    /// Understand a mail that came in and place it.
    PlaceMail {
        /// Which.
        mail_id: MailId,
    },
    /// Hand a message over, when its time has come.
    SendMessage {
        /// Which.
        message_id: MessageId,
    },
    /// Take up again the messages whose worker died, and those that nobody sends.
    SweepMessages {},
    /// Send surveys, reminders and questions about sessions that are due, and end proposals of dates that nobody answered.
    AskEnterprises {},
    /// Make the texts that changed findable.
    IndexSearch {},
    /// Go on with a run that disposes of what is over.
    RunRetention {
        /// Which.
        run_id: RunId,
    },
    /// Delete the files that nothing names any more.
    DisposeBlobs {},
    /// Make the package of a disclosure.
    BuildDisclosure {
        /// Which.
        disclosure_id: DisclosureId,
    },
    /// Make a list into a file.
    MakeExport {
        /// Which.
        export_id: ExportId,
    },
    /// Find out which webhooks are to be told of what happened.
    SpreadNews {},
    /// Tell a webhook what is due.
    CallWebhook {
        /// Which.
        webhook_id: WebhookId,
    },
    /// Write a mail with a link to set a forgotten password.
    SendPasswordReset {
        /// The request.
        request_id: Uuid,
        /// Whose; nobody's where the address was unknown, which must look and cost the same.
        user_id: Option<UserId>,
    },
}

/// What runs periodically, and how often.
const PERIODIC: &[(&str, TimeDelta, Work)] = &[
    (
        "make_checkpoint",
        TimeDelta::minutes(1),
        Work::MakeCheckpoint {},
    ),
    (
        "expire_offers",
        TimeDelta::minutes(1),
        Work::ExpireOffers {},
    ),
    (
        "watch_deadlines",
        TimeDelta::minutes(1),
        Work::WatchDeadlines {},
    ),
    (
        "return_unclaimed",
        TimeDelta::minutes(10),
        Work::ReturnUnclaimed {},
    ),
    ("verify_audit", TimeDelta::days(1), Work::VerifyAudit {}),
    ("clean_up", TimeDelta::hours(1), Work::CleanUp {}),
    ("dispose_blobs", TimeDelta::hours(1), Work::DisposeBlobs {}),
    (
        "sweep_messages",
        TimeDelta::minutes(1),
        Work::SweepMessages {},
    ),
    (
        "ask_enterprises",
        TimeDelta::minutes(5),
        Work::AskEnterprises {},
    ),
];

/// A piece of work with its time.
#[derive(Clone, Debug)]
pub struct Job {
    work: Work,
    key: Option<String>,
    run_at: Option<DateTime<Utc>>,
}

impl Job {
    /// To be done at once.
    pub fn now(work: Work) -> Self {
        Self {
            work,
            key: None,
            run_at: None,
        }
    }

    /// To be done at that time.
    pub fn at(work: Work, run_at: DateTime<Utc>) -> Self {
        Self {
            work,
            key: None,
            run_at: Some(run_at),
        }
    }

    /// At most one such job waits.
    pub fn once(self, key: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            ..self
        }
    }
}

/// Inserts jobs in the caller's transaction, in one round trip.
pub(crate) async fn insert(db: &mut PgConnection, jobs: &[Job], now: DateTime<Utc>) -> Result<()> {
    let (kinds, payloads): (Vec<_>, Vec<_>) = jobs.iter().map(|job| parts(&job.work)).unzip();
    let keys: Vec<_> = jobs.iter().map(|job| job.key.clone()).collect();
    let times: Vec<_> = jobs.iter().map(|job| job.run_at.unwrap_or(now)).collect();
    sqlx::query!(
        r#"
        insert into job (kind, payload, job_key, run_at, created_at)
        select kind, payload, job_key, run_at, $5
        from unnest($1::text[], $2::jsonb[], $3::text[], $4::timestamptz[]) as new (kind, payload, job_key, run_at)
        on conflict do nothing
        "#,
        &kinds,
        &payloads,
        &keys as &[Option<String>],
        &times,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether a worker still holds the job that it took under this lease.
pub(crate) async fn is_held(
    db: &mut PgConnection,
    lease_id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from job where lease_id = $1 and leased_until > $2) as "is_held!""#,
        lease_id,
        now,
    )
    .fetch_one(db)
    .await?)
}

fn parts(work: &Work) -> (String, serde_json::Value) {
    let mut value = serde_json::to_value(work).expect("work is plain data");
    let kind = value["kind"]
        .as_str()
        .expect("tagged with its kind")
        .to_owned();
    (kind, value["payload"].take())
}

/// What a worker takes from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Whatever is due.
    Everything,
    /// Everything but the handing over of mail. One worker of several keeps to it, so that a mail server that hangs
    /// holds up the mail that goes out and nothing else.
    NoSending,
    /// Nothing but the handing over of mail.
    Sending,
}

/// Runs jobs until the returned future is dropped or `stop` resolves; a job that is running is finished first.
pub async fn work(
    store: &Store,
    context: &WorkContext,
    lane: Lane,
    stop: impl Future<Output = ()>,
) {
    let mut stop = std::pin::pin!(stop);
    let (mut periodic, mut indexing) = (Pace::every(PERIODIC_POLL), Pace::every(POLL));
    loop {
        let did_something = match turn(store, context, lane, &mut periodic, &mut indexing).await {
            Ok(did) => did,
            Err(error) => {
                tracing::warn!(error.causes = ?causes(&error), "the worker cannot reach its queue");
                false
            }
        };
        tokio::select! {
            biased;
            () = &mut stop => return,
            () = std::future::ready(()), if did_something => {}
            () = store.job_enqueued() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

/// What handlers need beyond the store.
#[derive(Clone)]
pub struct WorkContext {
    /// The key that signs checkpoints.
    pub audit_key: crate::audit::checkpoint::AuditKey,
    /// Where outgoing mail is handed over.
    pub mailer: crate::mail::smtp::Mailer,
}

async fn turn(
    store: &Store,
    context: &WorkContext,
    lane: Lane,
    periodic: &mut Pace,
    indexing: &mut Pace,
) -> Result<bool> {
    if periodic.is_due() {
        enqueue_periodic(store).await?;
        crate::webhooks::enqueue_due(store).await?;
    }
    // Not with every job: the marks come and go so fast that looking for one means passing over many dead ones.
    if indexing.is_due() {
        enqueue_indexing(store).await?;
    }
    run_next(store, context, lane).await
}

/// When a worker last did what it does now and then.
struct Pace {
    every: Duration,
    last: Option<Instant>,
}

impl Pace {
    fn every(every: Duration) -> Self {
        Self { every, last: None }
    }

    fn is_due(&mut self) -> bool {
        let is_due = self.last.is_none_or(|last| last.elapsed() >= self.every);
        if is_due {
            self.last = Some(Instant::now());
        }
        is_due
    }
}

/// Runs everything that is due until nothing is left, for tests and for `--once`.
///
/// # Errors
/// The queue could not be read. Failures of jobs stay in the queue.
pub async fn run_due(store: &Store, context: &WorkContext) -> Result<u64> {
    run_due_in(store, context, Lane::Everything).await
}

/// As [`run_due`], for what a lane takes.
///
/// # Errors
/// As [`run_due`].
pub async fn run_due_in(store: &Store, context: &WorkContext, lane: Lane) -> Result<u64> {
    let mut count = 0;
    loop {
        if lane != Lane::Sending {
            enqueue_indexing(store).await?;
            crate::webhooks::enqueue_due(store).await?;
        }
        if !run_next(store, context, lane).await? {
            return Ok(count);
        }
        count += 1;
    }
}

/// Has the texts that changed indexed. Not enqueued with the change: transactions would wait for one another at the key of
/// the one job.
async fn enqueue_indexing(store: &Store) -> Result<()> {
    let (kind, payload) = parts(&Work::IndexSearch {});
    let enqueue = sqlx::query!(
        r#"
        insert into job (kind, payload, job_key, run_at, created_at)
        select $1, $2, $1, $3, $3
        where exists (select from search_dirty)
        and not exists (select from job where job_key = $1 and dead_at is null)
        on conflict do nothing
        "#,
        kind,
        payload,
        store.now(),
    );
    store.write(async |db| enqueue.execute(db).await).await?;
    Ok(())
}

/// Moves the jobs that a clock entered while it ran ahead back to where they would be by the clock as it is. Without
/// this a clock that was wrong by an hour, and was put right, would hold up mail for an hour.
async fn bring_back(store: &Store) -> Result<()> {
    let now = store.now();
    // The index on what is due leads to the few jobs of the future.
    let is_needed = sqlx::query_scalar!(
        r#"
        select exists (
            select from job where dead_at is null and run_at > $1 and created_at > $1
        ) as "is_needed!"
        "#,
        now + AHEAD,
    )
    .fetch_one(store.writer())
    .await?;
    if !is_needed {
        return Ok(());
    }
    let mut tx = store.writer().begin().await?;
    let moved = sqlx::query!(
        r#"
        update job
        set run_at = $1::timestamptz + (run_at - created_at), created_at = $1
        where id in (
            select id
            from job
            where dead_at is null and run_at > $2 and created_at > $2
            for no key update skip locked
        )
        returning payload ->> 'message_id' as message_id, run_at
        "#,
        now,
        now + AHEAD,
    )
    .fetch_all(&mut *tx)
    .await?;
    let count = moved.len();
    let messages: Vec<(MessageId, _)> = moved
        .into_iter()
        .filter_map(|job| Some((job.message_id?.parse().ok()?, job.run_at)))
        .collect();
    crate::messages::send::bring_forward(&mut tx, &messages).await?;
    tx.commit().await?;
    tracing::warn!(
        jobs = count,
        "a clock had run ahead: its jobs were brought back"
    );
    Ok(())
}

/// Puts what runs periodically into the queue when its time has come; one process of many takes the turn. A time that is
/// further away than the interval came from a clock that ran ahead.
pub async fn enqueue_periodic(store: &Store) -> Result<()> {
    bring_back(store).await?;
    let now = store.now();
    let (mut names, mut nexts, mut kinds, mut payloads) = (vec![], vec![], vec![], vec![]);
    for (name, interval, work) in PERIODIC {
        let (kind, payload) = parts(work);
        names.push((*name).to_owned());
        nexts.push(now + *interval);
        kinds.push(kind);
        payloads.push(payload);
    }
    sqlx::query!(
        r#"
        with periodic as (
            select * from unnest($2::text[], $3::timestamptz[], $4::text[], $5::jsonb[]) as p (name, next_run_at, kind, payload)
        ),
        turn as (
            insert into cron (name, next_run_at)
            select name, next_run_at from periodic
            on conflict (name) do update set next_run_at = excluded.next_run_at
            where cron.next_run_at <= $1 or cron.next_run_at > excluded.next_run_at + $6
            returning name
        )
        insert into job (kind, payload, job_key, run_at, created_at)
        select p.kind, p.payload, p.name, $1, $1
        from turn
        join periodic p on p.name = turn.name
        on conflict do nothing
        "#,
        now,
        &names,
        &nexts,
        &kinds,
        &payloads,
        AHEAD as _,
    )
    .execute(store.writer())
    .await?;
    Ok(())
}

async fn run_next(store: &Store, context: &WorkContext, lane: Lane) -> Result<bool> {
    let lease_id = Uuid::now_v7();
    let now = store.now();
    let take = sqlx::query!(
        r#"
        update job
        set leased_until = $2, lease_id = $3, attempts = attempts + 1
        where id = (
            select id from job
            where run_at <= $1 and dead_at is null and (leased_until is null or leased_until <= $1)
            and case when kind in ('send_message', 'call_webhook') then $4::boolean else $5::boolean end
            order by run_at, id
            limit 1
            for no key update skip locked
        )
        returning id, kind, payload, attempts, max_attempts
        "#,
        now,
        now + LEASE,
        lease_id,
        lane != Lane::NoSending,
        lane != Lane::Sending,
    );
    let Some(job) = store
        .write(async |db| take.fetch_optional(db).await)
        .await?
    else {
        return Ok(false);
    };
    let work = serde_json::from_value::<Work>(
        serde_json::json!({ "kind": job.kind, "payload": job.payload }),
    );
    let result = match work {
        Ok(work) => {
            REQUEST_ID
                .scope(
                    Uuid::now_v7(),
                    run_guarded(store, context, &work, job.id, lease_id),
                )
                .await
        }
        Err(error) => Err(Error::Internal(
            format!("a job of kind {}: {error}", job.kind).into(),
        )),
    };
    match result {
        Ok(()) => {
            let done = sqlx::query!(
                "delete from job where id = $1 and lease_id = $2",
                job.id,
                lease_id
            );
            store.write(async |db| done.execute(db).await).await?;
        }
        Err(error) => {
            fail(
                store,
                job.id,
                lease_id,
                (job.attempts, job.max_attempts),
                &error,
            )
            .await?
        }
    }
    metrics::counter!("madoguchi_jobs_total", "kind" => job.kind).increment(1);
    Ok(true)
}

/// Keeps the lease while the handler runs, and turns a panic into a failure of this job alone.
async fn run_guarded(
    store: &Store,
    context: &WorkContext,
    work: &Work,
    id: i64,
    lease_id: Uuid,
) -> Result<()> {
    use futures_util::FutureExt;
    let handler = std::panic::AssertUnwindSafe(run(store, context, work, lease_id)).catch_unwind();
    let renew = async {
        loop {
            tokio::time::sleep(Duration::from_secs(10)).await;
            let until = store.now() + LEASE;
            // A failed renewal shows when the job is finished: its lease is gone then.
            let _ = sqlx::query!(
                "update job set leased_until = $3 where id = $1 and lease_id = $2",
                id,
                lease_id,
                until
            )
            .execute(store.writer())
            .await;
        }
    };
    tokio::select! {
        result = handler => result.unwrap_or_else(|_| Err(Error::Internal("the job panicked".into()))),
        () = renew => unreachable!("renewing never ends"),
    }
}

async fn run(store: &Store, context: &WorkContext, work: &Work, lease_id: Uuid) -> Result<()> {
    let system = Actor::system();
    match work {
        Work::MakeCheckpoint {} => crate::audit::checkpoint::make(store, &context.audit_key).await,
        Work::ExpireOffers {} => crate::offers::expire_due(store, &system).await,
        Work::WatchDeadlines {} => crate::cases::deadlines::watch(store, &system).await,
        Work::ReturnUnclaimed {} => crate::cases::deadlines::return_unclaimed(store, &system).await,
        Work::VerifyAudit {} => crate::audit::verification::run(store, &context.audit_key).await,
        Work::CleanUp {} => clean_up(store).await,
        Work::PlaceMail { mail_id } => crate::intake::place::run(store, &system, *mail_id).await,
        Work::SendMessage { message_id } => {
            // The attempt bears the lease's id: it lives as long as the lease does.
            let attempt_id = AttemptId(lease_id);
            crate::messages::send::run(store, &system, &context.mailer, *message_id, attempt_id)
                .await
        }
        Work::SweepMessages {} => {
            crate::messages::send::sweep(store, &system).await?;
            crate::intake::place::measure(store).await
        }
        Work::AskEnterprises {} => crate::public_links::ask_enterprises(store, &system).await,
        Work::IndexSearch {} => crate::search::run(store).await,
        Work::RunRetention { run_id } => {
            crate::retention::run::go_on(store, &system, *run_id).await
        }
        Work::DisposeBlobs {} => crate::attachments::disposal::run(store).await,
        Work::BuildDisclosure { disclosure_id } => {
            crate::disclosure::build::run(store, &system, *disclosure_id).await
        }
        Work::MakeExport { export_id } => {
            crate::exports::make::run(store, &system, *export_id).await
        }
        Work::SpreadNews {} => crate::webhooks::spread::run(store).await,
        Work::CallWebhook { webhook_id } => {
            crate::webhooks::send::run(store, &system, *webhook_id).await
        }
        Work::SendPasswordReset {
            request_id,
            user_id,
        } => crate::auth::password_reset::send(store, &system, *request_id, *user_id).await,
    }
}

/// The next try: after 2 s, 4 s, 8 s … up to an hour.
async fn fail(
    store: &Store,
    id: i64,
    lease_id: Uuid,
    (attempts, max_attempts): (i32, i32),
    error: &Error,
) -> Result<()> {
    let now = store.now();
    let pause = TimeDelta::seconds(2_i64.saturating_pow(attempts.clamp(1, 12) as u32).min(3600));
    let dead = (attempts >= max_attempts).then_some(now);
    let causes = causes(error);
    tracing::warn!(job.id = id, job.attempts = attempts, job.dead = dead.is_some(), error.causes = ?causes, "job failed");
    // Where the same work came into the queue meanwhile, that job takes its place.
    sqlx::query!(
        r#"
        with twin as (
            select w.id
            from job w
            join job mine on mine.job_key = w.job_key and mine.id <> w.id
            where mine.id = $1 and $5::timestamptz is null and w.dead_at is null and w.lease_id is null
        ),
        gone as (
            delete from job where id = $1 and lease_id = $2 and exists (select 1 from twin)
        )
        update job
        set last_error = left($3, 2000), run_at = $4, dead_at = $5, leased_until = null, lease_id = null
        where id = $1 and lease_id = $2 and not exists (select 1 from twin)
        "#,
        id,
        lease_id,
        causes.join(": "),
        now + pause,
        dead,
    )
    .execute(store.writer())
    .await?;
    Ok(())
}

async fn clean_up(store: &Store) -> Result<()> {
    let now = store.now();
    sqlx::query!(
        "delete from idempotency_key where created_at < $1",
        now - TimeDelta::hours(24)
    )
    .execute(store.writer())
    .await?;
    sqlx::query!(
        "delete from directory_change where changed_at < $1",
        now - TimeDelta::days(1)
    )
    .execute(store.writer())
    .await?;
    crate::intake::mailgun::forget_tokens(store.writer(), now).await?;
    crate::erasure::memory::forget(store.writer(), now).await?;
    crate::disclosure::expire(store.writer(), now).await?;
    crate::auth::second_factor::forget_offers(store.writer(), now).await?;
    crate::auth::password_reset::forget_old(store.writer(), now).await?;
    crate::public_links::forget_old(store.writer(), now).await?;
    crate::exports::make::clean_up(store, now).await?;
    crate::webhooks::forget_old(store.writer(), now).await?;
    sqlx::query!(
        "delete from sign_in_throttle where window_started_at < $1",
        now - TimeDelta::days(1)
    )
    .execute(store.writer())
    .await?;
    sqlx::query!(
        r#"
        with over as (
            select id from user_session where expires_at < $1 or ended_at < $1
        ),
        tokens as (
            delete from refresh_token where session_id in (select id from over)
        )
        delete from user_session where id in (select id from over)
        "#,
        now - TimeDelta::days(30)
    )
    .execute(store.writer())
    .await?;
    Ok(())
}
