//! The store: private pools, the clock, and the one kind of transaction.
//!
//! [`Tx`] knows who acts and why, gathers audit events and jobs, and refuses to commit when nothing was recorded and
//! the closure did not say [`Tx::unchanged`]. Nobody writes `commit`: [`Store::transaction`] commits on `Ok`, rolls
//! back on `Err`, and runs the closure once more after a serialisation failure or a deadlock.

mod begun;
mod near;

use crate::{
    access::Actor,
    audit::{Chain, Event},
    auth::Directory,
    blobs::Blobs,
    calendar::{self, Calendar},
    cases::View,
    error::{Error, ProblemType, Result, request_id},
    events::Hub,
    http::{Answer, IdempotencyClaim},
    ids::*,
    jobs::Job,
    mail::MailIdentity,
    replica::{Fitness, Replica},
    settings::Settings,
    views::ViewLog,
    webhooks::outlet::Outlet,
};
use actix_web::http::StatusCode;
use begun::{Begun, Held};
use chrono::{DateTime, TimeDelta, Utc};
pub(crate) use near::{Lane, Near};
use sqlx::{PgConnection, PgPool};
use std::{
    panic::Location,
    sync::{Arc, RwLock},
};
use tokio::sync::Notify;
use uuid::Uuid;

/// The time, as a value: tests set it.
#[derive(Clone, Default)]
pub struct Clock(Option<Arc<RwLock<DateTime<Utc>>>>);

impl Clock {
    /// A clock that stands until it is set.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Some(Arc::new(RwLock::new(at))))
    }

    /// The time now, in whole microseconds as PostgreSQL keeps it.
    pub fn now(&self) -> DateTime<Utc> {
        let now = match &self.0 {
            Some(fixed) => *fixed.read().expect("no panic while the clock is held"),
            None => Utc::now(),
        };
        DateTime::from_timestamp_micros(now.timestamp_micros())
            .expect("a time between 1970 and 9999")
    }

    /// Sets a fixed clock.
    ///
    /// # Panics
    /// On the real clock.
    pub fn set(&self, at: DateTime<Utc>) {
        *self
            .0
            .as_ref()
            .expect("only a fixed clock is set")
            .write()
            .expect("no panic while the clock is held") = at;
    }

    /// Moves a fixed clock on.
    ///
    /// # Panics
    /// On the real clock.
    pub fn advance(&self, by: TimeDelta) {
        self.set(self.now() + by);
    }
}

/// Pools, clock and directory of one process. Handlers reach it through [`crate::access::Access`] only.
pub struct Store {
    write: PgPool,
    read: PgPool,
    replica: Option<Replica>,
    clock: Clock,
    directory: Directory,
    events: Hub,
    views: ViewLog,
    wake_worker: Notify,
    mail: Arc<MailIdentity>,
    blobs: Blobs,
    outlet: Arc<Outlet>,
}

impl Store {
    /// A store over the pools of the program's and the reader's roles.
    pub fn new(write: PgPool, read: PgPool, clock: Clock) -> Self {
        Self {
            write,
            read,
            replica: None,
            clock,
            directory: Directory::default(),
            events: Hub::default(),
            views: ViewLog::default(),
            wake_worker: Notify::new(),
            mail: MailIdentity::example(),
            blobs: Blobs::in_memory(),
            outlet: Arc::new(Outlet::closed()),
        }
    }

    /// With the addresses that mail comes from and answers go to.
    pub fn with_mail(self, mail: Arc<MailIdentity>) -> Self {
        Self { mail, ..self }
    }

    /// With the place where files are kept; in memory where nobody says.
    pub fn with_blobs(self, blobs: Blobs) -> Self {
        Self { blobs, ..self }
    }

    /// With the way out to webhooks; closed where nobody says.
    pub fn with_outlet(self, outlet: Arc<Outlet>) -> Self {
        Self { outlet, ..self }
    }

    /// With a replica for what may be a little old.
    pub fn with_replica(self, replica: Option<Replica>) -> Self {
        Self { replica, ..self }
    }

    /// Another store over the same pools, with a clock and a directory of its own.
    pub(crate) fn with_clock(&self, clock: Clock) -> Self {
        Self::new(self.write.clone(), self.read.clone(), clock)
            .with_mail(self.mail.clone())
            .with_blobs(self.blobs.clone())
            .with_outlet(self.outlet.clone())
    }

    /// The time now.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn reader(&self) -> &PgPool {
        &self.read
    }

    /// Reads what may be a few seconds old: from the replica while it is fit, else from the primary. The closure may run
    /// twice.
    ///
    /// # Errors
    /// What the closure returns.
    pub(crate) async fn read_replica<T>(
        &self,
        work: impl AsyncFn(&PgPool) -> Result<T>,
    ) -> Result<T> {
        match &self.replica {
            Some(replica) => replica.read(&self.read, work).await,
            None => work(&self.read).await,
        }
    }

    /// Looks where the replica is, if there is one.
    pub async fn look_at_replica(&self) {
        if let Some(replica) = &self.replica {
            replica.look(&self.read).await;
        }
    }

    /// What is thought of the replica, if there is one.
    pub(crate) fn replica_fitness(&self) -> Option<Fitness> {
        self.replica.as_ref().map(Replica::fitness)
    }

    /// The program's own pool: for the worker, sign-in and the directory, which stand below requests.
    pub(crate) fn writer(&self) -> &PgPool {
        &self.write
    }

    /// Statements of the program's own, each a transaction by itself: as [`Self::writer`], and for a worker on its own
    /// connections.
    ///
    /// # Errors
    /// What the closure returns; no connection is to be had.
    pub(crate) async fn write<T>(
        &self,
        statements: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        match Lane::of_task() {
            Some(lane) => lane.run(&self.write, statements).await,
            None => statements(&mut *self.write.acquire().await?).await,
        }
    }

    /// The addresses that mail comes from and answers go to.
    pub(crate) fn mail(&self) -> &Arc<MailIdentity> {
        &self.mail
    }

    /// Where files are kept.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// The way out to webhooks.
    pub(crate) fn outlet(&self) -> &Outlet {
        &self.outlet
    }

    /// Who may do what, in memory.
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Who listens to what changes.
    pub fn events(&self) -> &Hub {
        &self.events
    }

    /// Who saw what, until it is written.
    pub fn views(&self) -> &ViewLog {
        &self.views
    }

    /// Waits until a transaction of this process enqueued a job.
    pub(crate) async fn job_enqueued(&self) {
        self.wake_worker.notified().await;
    }

    /// Closes the pools.
    pub async fn close(&self) {
        self.write.close().await;
        self.read.close().await;
        if let Some(replica) = &self.replica {
            replica.close().await;
        }
    }

    /// Runs the closure in a transaction, as the given actor.
    ///
    /// # Errors
    /// What the closure returns, after rolling back; a commit that recorded nothing is a bug of ours and an error.
    pub fn transaction<T>(
        &self,
        actor: &Actor,
        work: impl AsyncFn(&mut Tx) -> Result<T>,
    ) -> impl Future<Output = Result<T>> {
        self.transaction_on(None, actor, work)
    }

    /// As [`Self::transaction`], on a connection of the thread.
    pub(crate) fn transaction_near<T>(
        &self,
        near: &Near,
        actor: &Actor,
        work: impl AsyncFn(&mut Tx) -> Result<T>,
    ) -> impl Future<Output = Result<T>> {
        self.transaction_on(Some(&near.writes), actor, work)
    }

    async fn transaction_on<T>(
        &self,
        lane: Option<&Arc<Lane>>,
        actor: &Actor,
        work: impl AsyncFn(&mut Tx) -> Result<T>,
    ) -> Result<T> {
        match self.attempt(lane, actor, &work).await {
            Err(error) if error.is_transient() => {
                tracing::info!(request.id = %request_id(), "transaction runs once more after a conflict");
                self.attempt(lane, actor, &work).await
            }
            result => result,
        }
    }

    async fn attempt<T>(
        &self,
        lane: Option<&Arc<Lane>>,
        actor: &Actor,
        work: &impl AsyncFn(&mut Tx) -> Result<T>,
    ) -> Result<T> {
        let held = match lane.cloned().or_else(Lane::of_task) {
            Some(lane) => Held::OfThread(lane.lease(&self.write).await?),
            None => Held::OfAll(self.write.acquire().await?),
        };
        let mut tx = Tx {
            inner: Begun::begin(held).await?,
            actor: actor.clone(),
            now: self.now(),
            mail: self.mail.clone(),
            request_id: RequestId(match request_id() {
                id if id.is_nil() => Uuid::now_v7(),
                id => id,
            }),
            events: Vec::new(),
            jobs: Vec::new(),
            settings: None,
            calendars: Vec::new(),
            unchanged: None,
            is_news_to_directory: true,
            answer_is_own: false,
            kept: None,
        };
        let written = match work(&mut tx).await {
            Ok(result) => {
                let has_jobs = !tx.jobs.is_empty();
                let changes_directory = tx.events.iter().any(|(chain, _)| *chain == Chain::Office)
                    || (tx.unchanged.is_some() && tx.is_news_to_directory);
                let flushed = tx.flush().await;
                flushed.map(|()| (result, has_jobs, changes_directory))
            }
            Err(error) => Err(error),
        };
        let (result, has_jobs, changes_directory) = match written {
            Ok(written) => written,
            Err(error) => {
                if let Err(lost) = tx.inner.rollback().await {
                    tracing::debug!(error = %lost, "rolled back by losing the connection");
                }
                return Err(error);
            }
        };
        tx.inner.commit().await?;
        if has_jobs {
            self.wake_worker.notify_one();
        }
        // What this process changed about people it knows at once; other processes within two seconds.
        if changes_directory {
            self.directory.refresh_after_commit(self).await;
        }
        Ok(result)
    }
}

/// One transaction: the connection, who acts, when and why, and what happened in it.
pub struct Tx {
    inner: Begun,
    actor: Actor,
    now: DateTime<Utc>,
    mail: Arc<MailIdentity>,
    request_id: RequestId,
    events: Vec<(Chain, Event)>,
    jobs: Vec<Job>,
    settings: Option<Arc<Settings>>,
    calendars: Vec<(Option<DeskId>, Arc<Calendar>)>,
    unchanged: Option<&'static Location<'static>>,
    is_news_to_directory: bool,
    answer_is_own: bool,
    kept: Option<Kept>,
}

/// An answer to be given again under its key; of a case, to those only who may see it then.
struct Kept {
    claim: IdempotencyClaim,
    answer: Answer,
    case_id: Option<CaseId>,
}

impl Tx {
    /// The connection, for queries.
    pub fn db(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// One time for everything in this transaction.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The addresses that mail comes from and answers go to.
    pub fn mail(&self) -> &Arc<MailIdentity> {
        &self.mail
    }

    /// What happened. Written, chained, at the end of the transaction.
    pub fn record(&mut self, chain: impl Into<Chain>, event: Event) {
        self.events.push((chain.into(), event));
    }

    /// Work to do after commit; it is part of this transaction.
    pub fn enqueue(&mut self, job: Job) {
        self.jobs.push(job);
    }

    /// Nothing happened that an audit would ask for: a repetition that changes nothing, or a table that is exempt by
    /// design (jobs, idempotency keys, sessions and throttles).
    #[track_caller]
    pub fn unchanged(&mut self) {
        self.unchanged = Some(Location::caller());
    }

    /// Like [`Self::unchanged`], for what has to do with nobody's sign-in either: it spares the look that the directory of
    /// people takes after sessions and tokens may have changed. For a mail that came in, of which there are many.
    #[track_caller]
    pub fn unchanged_for_all(&mut self) {
        self.unchanged();
        self.is_news_to_directory = false;
    }

    /// The answer speaks of the actor's own (an offer that they declined): an idempotent repetition gives it again
    /// although they may not see the case.
    pub fn answer_is_own(&mut self) {
        self.answer_is_own = true;
    }

    /// What the office has set; read once per transaction.
    pub async fn settings(&mut self) -> Result<Arc<Settings>> {
        if self.settings.is_none() {
            self.settings = Some(Arc::new(Settings::load(&mut *self.inner).await?));
        }
        Ok(self.settings.clone().expect("set one line above"))
    }

    /// When a desk is open, or the help center; read once per transaction.
    pub async fn calendar(&mut self, desk_id: Option<DeskId>) -> Result<Arc<Calendar>> {
        if let Some((_, calendar)) = self.calendars.iter().find(|(whose, _)| *whose == desk_id) {
            return Ok(calendar.clone());
        }
        let calendar = Arc::new(calendar::load(&mut *self.inner, desk_id).await?);
        self.calendars.push((desk_id, calendar.clone()));
        Ok(calendar)
    }

    /// Claims an idempotency key, waiting for whoever holds it.
    ///
    /// Returns the first answer when there is one that the actor may still see.
    pub(crate) async fn claim(&mut self, claim: &IdempotencyClaim) -> Result<Option<Answer>> {
        let claimed = sqlx::query!(
            r#"
            insert into idempotency_key (user_id, route, key, body_hash, created_at)
            values ($1, $2, $3, $4, $5)
            on conflict do nothing
            "#,
            *claim.user_id,
            claim.route,
            claim.key,
            claim.body_hash,
            self.now,
        )
        .execute(&mut *self.inner)
        .await?;
        if claimed.rows_affected() == 1 {
            return Ok(None);
        }
        let first = sqlx::query!(
            r#"
            select body_hash, status, location, etag, body, case_id as "case_id: CaseId"
            from idempotency_key
            where user_id = $1 and route = $2 and key = $3
            "#,
            *claim.user_id,
            claim.route,
            claim.key,
        )
        .fetch_one(&mut *self.inner)
        .await?;
        if first.body_hash != claim.body_hash {
            return Err(Error::problem(
                ProblemType::IdempotencyKeyReused,
                "This Idempotency-Key came before with another body. Use a new key for a new request.",
            ));
        }
        if let Some(case_id) = first.case_id
            && !View::of(&self.actor)
                .includes(&mut self.inner, case_id)
                .await?
        {
            return Err(Error::not_found());
        }
        self.unchanged();
        let status = first
            .status
            .and_then(|status| StatusCode::from_u16(status as u16).ok());
        Ok(Some(Answer {
            status: status.expect("a committed claim carries its answer"),
            location: first.location,
            etag: first.etag,
            body: first.body,
            retry_after: None,
        }))
    }

    /// Stores the answer under its key, to be given again: with the events, in one round trip.
    pub(crate) fn keep_answer(&mut self, claim: &IdempotencyClaim, answer: &Answer) {
        // An answer without a body tells nothing (a manager who released the case repeats it without seeing the case).
        let is_bound = answer.body.is_some() && !self.answer_is_own;
        let case_id = self.events.iter().find_map(|(chain, _)| match chain {
            Chain::Case(id) if is_bound => Some(*id),
            _ => None,
        });
        self.kept = Some(Kept {
            claim: claim.clone(),
            answer: answer.clone(),
            case_id,
        });
    }

    /// Writes events, the answer and jobs; the last act before commit, because it holds the heads of the chains.
    async fn flush(&mut self) -> Result<()> {
        if self.events.is_empty() && self.unchanged.is_none() {
            return Err(Error::Internal(
                "a transaction recorded nothing and did not say tx.unchanged()".into(),
            ));
        }
        match self.kept.take() {
            Some(kept) => self.write_events_and_answer(&kept).await?,
            None if self.events.is_empty() => {}
            None => self.write_events().await?,
        }
        if !self.jobs.is_empty() {
            let jobs = std::mem::take(&mut self.jobs);
            crate::jobs::insert(&mut self.inner, &jobs, self.now).await?;
        }
        Ok(())
    }

    async fn write_events(&mut self) -> Result<()> {
        let events = EventColumns::of(std::mem::take(&mut self.events));
        sqlx::query!(
            "select append_audit($1, $2, $3, $4, $5, $6, $7)",
            &events.chains,
            &events.kinds,
            &events.data,
            self.now,
            self.actor.kind.name(),
            self.actor.user_id.map(|id| *id),
            *self.request_id,
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    async fn write_events_and_answer(&mut self, kept: &Kept) -> Result<()> {
        let events = EventColumns::of(std::mem::take(&mut self.events));
        let Kept {
            claim,
            answer,
            case_id,
        } = kept;
        sqlx::query!(
            r#"
            with kept as (
                update idempotency_key
                set status = $11, location = $12, etag = $13, body = $14, case_id = $15
                where user_id = $8 and route = $9 and key = $10
            )
            select append_audit($1, $2, $3, $4, $5, $6, $7)
            "#,
            &events.chains,
            &events.kinds,
            &events.data,
            self.now,
            self.actor.kind.name(),
            self.actor.user_id.map(|id| *id),
            *self.request_id,
            *claim.user_id,
            claim.route,
            claim.key,
            i32::from(answer.status.as_u16()),
            answer.location,
            answer.etag,
            answer.body,
            case_id.map(|id| *id),
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }
}

/// Events as `append_audit` takes them.
#[derive(Default)]
struct EventColumns {
    chains: Vec<Uuid>,
    kinds: Vec<String>,
    data: Vec<String>,
}

impl EventColumns {
    fn of(mut events: Vec<(Chain, Event)>) -> Self {
        // One order of the chains for everybody, so that two transactions never wait for each other.
        events.sort_by_key(|(chain, _)| chain.id());
        let mut columns = Self::default();
        for (chain, event) in &events {
            let (kind, data) = event.parts();
            columns.chains.push(chain.id());
            columns.kinds.push(kind);
            columns.data.push(data);
        }
        columns
    }
}
