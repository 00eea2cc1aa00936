//! A replica of the database, used as long as it is known to be hardly behind.
//!
//! Figures, exports and the finding of search read from it ([`crate::access::Access::read_replica`]). Nothing else does,
//! because a person must find what they just wrote.
//!
//! How far it is behind is told by the primary's log alone: every second the position that the primary has reached is
//! noted with the time, and a connection to the replica is as old as the newest note that it has passed. That needs no
//! clock of another machine, and is right where nothing is written (the time of the last transaction that was replayed
//! is not). Each connection is asked before it is used, because several replicas may stand behind one address. What was
//! written before this process started is on the replica as soon as it is used: a migration, too.
//!
//! A replica that is behind, away, or ends a query (a conflict with recovery, a restart) is nobody's error: the primary
//! is asked instead.

use crate::{
    database::{Connections, ReplicaPools, STATEMENT_TIMEOUT},
    error::Result,
};
use sqlx::{PgConnection, PgPool};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// How often a process looks at primary and replica.
pub const LOOK: Duration = Duration::from_secs(1);
/// How long either may take to answer that.
const PATIENCE: Duration = Duration::from_secs(1);
/// Notes are kept for so long; what is further behind is so by an unknown time.
const REMEMBERED: Duration = Duration::from_secs(600);

/// What a process thinks of its replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fitness {
    /// It is used.
    Fit,
    /// It has not replayed enough; or nothing is known of it yet.
    Behind,
    /// It does not answer.
    Away,
}

impl Fitness {
    /// As it is shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fit => "ok",
            Self::Behind => "behind",
            Self::Away => "away",
        }
    }
}

/// Positions that the primary's log has reached, each with when that was seen, and how far behind is too far.
struct Log {
    notes: Mutex<VecDeque<(Instant, i64)>>,
    max_lag: Duration,
}

impl Log {
    fn note(&self, now: Instant, position: i64) {
        let mut notes = self.notes.lock().expect("no panic while it is held");
        // After a failover the log may go on from an earlier place; the end of the old one was never replicated.
        notes.retain(|(at, reached)| *reached <= position && now - *at < REMEMBERED);
        notes.push_back((now, position));
    }

    /// How old the state is that has replayed up to there, seen from the newest note; none where no note is as old. The
    /// primary itself (`None`) is never behind.
    fn lag(&self, replayed: Option<i64>) -> Option<Duration> {
        let Some(replayed) = replayed else {
            return Some(Duration::ZERO);
        };
        let notes = self.notes.lock().expect("no panic while it is held");
        let (newest, _) = notes.back()?;
        let passed = notes
            .iter()
            .rev()
            .find(|(_, position)| *position <= replayed);
        passed.map(|(at, _)| *newest - *at)
    }

    fn is_fit(&self, lag: Option<Duration>) -> bool {
        lag.is_some_and(|lag| lag <= self.max_lag)
    }
}

/// The position up to which a replica has replayed; none on a server that is no replica.
async fn replayed(db: &mut PgConnection) -> sqlx::Result<Option<i64>> {
    let sql = "select case when pg_is_in_recovery() then \
               pg_wal_lsn_diff(coalesce(pg_last_wal_replay_lsn(), '0/0'), '0/0')::int8 end";
    sqlx::query_scalar(sql).fetch_one(db).await
}

/// The position that the primary's log has reached.
async fn reached(primary: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::int8")
        .fetch_one(primary)
        .await
}

/// A replica and what is known of it.
pub struct Replica {
    pools: ReplicaPools,
    log: Arc<Log>,
    fitness: Mutex<Fitness>,
}

impl Replica {
    /// The replica of these connections, if there is one: at most so many of them, and not used where it is further behind.
    /// Connects when it is first looked at.
    pub fn of(connections: &Connections, max: u32, max_lag: Duration) -> Option<Self> {
        let log = Arc::new(Log {
            notes: Mutex::default(),
            max_lag,
        });
        let judge = log.clone();
        let pools = connections.replica_pools(max, move |db| {
            let log = judge.clone();
            Box::pin(async move {
                let replayed = tokio::time::timeout(PATIENCE, replayed(db)).await;
                let replayed = replayed.map_err(|_| sqlx::Error::PoolTimedOut)??;
                Ok(log.is_fit(log.lag(replayed)))
            })
        })?;
        Some(Self {
            pools,
            log,
            fitness: Mutex::new(Fitness::Behind),
        })
    }

    /// What is thought of it.
    pub fn fitness(&self) -> Fitness {
        *self.fitness.lock().expect("no panic while it is held")
    }

    fn set_fitness(&self, now: Fitness) {
        let mut fitness = self.fitness.lock().expect("no panic while it is held");
        if *fitness != now {
            tracing::info!(replica.state = now.name(), "the replica");
        }
        *fitness = now;
    }

    /// Notes where the primary is, and looks where the replica is. A primary that does not answer is not noted: the replica
    /// is then judged by what was known last. (Who is let in is asked of the primary, and for ten seconds without it.)
    pub async fn look(&self, primary: &PgPool) {
        if let Ok(Ok(position)) = tokio::time::timeout(PATIENCE, reached(primary)).await {
            self.log.note(Instant::now(), position);
        }
        let asked = tokio::time::timeout(2 * PATIENCE, async {
            replayed(&mut *self.pools.probe.acquire().await?).await
        });
        let (fitness, lag) = match asked.await {
            Ok(Ok(replayed)) => match self.log.lag(replayed) {
                lag if self.log.is_fit(lag) => (Fitness::Fit, lag),
                lag => (Fitness::Behind, lag),
            },
            _ => (Fitness::Away, None),
        };
        self.set_fitness(fitness);
        let seconds = lag.map_or(f64::NAN, |lag| lag.as_secs_f64());
        metrics::gauge!("madoguchi_replica_lag_seconds").set(seconds);
        let is_fit = fitness == Fitness::Fit;
        metrics::gauge!("madoguchi_replica_fit").set(if is_fit { 1.0 } else { 0.0 });
    }

    /// Reads from the replica while it is fit, and from the primary where it is not or fails.
    pub(crate) async fn read<T>(
        &self,
        primary: &PgPool,
        work: impl AsyncFn(&PgPool) -> Result<T>,
    ) -> Result<T> {
        if self.fitness() != Fitness::Fit {
            count("primary");
            return work(primary).await;
        }
        let started = Instant::now();
        match work(&self.pools.usual).await {
            // What took all its time would take it again.
            Err(error)
                if (error.is_transient() || error.is_unavailable())
                    && started.elapsed() < STATEMENT_TIMEOUT =>
            {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::info!(
                    error.cause = cause,
                    "the replica failed a query: the primary is asked"
                );
                // A conflict ends this one query, or its connection. Anything else may strike the next one: until the replica
                // is looked at again, nobody waits for it.
                if !error.is_transient() {
                    self.set_fitness(Fitness::Away);
                }
                count("primary_after_replica");
                work(primary).await
            }
            result => {
                count("replica");
                result
            }
        }
    }

    /// Closes the connections.
    pub(crate) async fn close(&self) {
        self.pools.usual.close().await;
        self.pools.probe.close().await;
    }
}

fn count(server: &'static str) {
    metrics::counter!("madoguchi_replica_reads_total", "from" => server).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Log {
        Log {
            notes: Mutex::default(),
            max_lag: Duration::from_secs(5),
        }
    }

    #[test]
    fn a_replica_is_as_old_as_the_newest_note_that_it_has_passed() {
        let (log, start) = (log(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(log.lag(Some(900)), None, "nothing is known yet");
        for (second, position) in [(0, 100), (1, 200), (2, 200), (7, 300)] {
            log.note(at(second), position);
        }
        let lag = |replayed| log.lag(Some(replayed)).map(|lag| lag.as_secs());
        assert_eq!(lag(300), Some(0));
        assert_eq!(lag(299), Some(5));
        assert_eq!(lag(199), Some(7));
        assert_eq!(lag(99), None, "older than what is remembered");
        assert_eq!(log.lag(None), Some(Duration::ZERO), "the primary");
        assert!(log.is_fit(log.lag(Some(299))) && !log.is_fit(log.lag(Some(199))));
        assert!(!log.is_fit(None));
    }

    #[test]
    fn after_a_failover_the_log_may_go_on_from_an_earlier_place() {
        let (log, start) = (log(), Instant::now());
        log.note(start, 100);
        log.note(start + Duration::from_secs(1), 500);
        log.note(start + Duration::from_secs(3), 400);
        assert_eq!(log.lag(Some(450)), Some(Duration::ZERO));
        assert_eq!(log.lag(Some(399)), Some(Duration::from_secs(3)));
    }

    #[test]
    fn what_is_long_ago_is_forgotten() {
        let (log, start) = (log(), Instant::now());
        log.note(start, 100);
        log.note(start + REMEMBERED, 200);
        assert_eq!(log.lag(Some(150)), None);
    }
}
