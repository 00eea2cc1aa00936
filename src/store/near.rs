//! Connections of one thread of the HTTP server, for its requests; and those of the worker, for its jobs.
//!
//! The driver's pool is our own here because of what it does besides. It asks every connection that comes back whether it
//! lives (sqlx 0.9.0, `Floating::return_to_pool`), and we ask once more before that, within a time limit: two round trips
//! for a read that is one. And a connection is woken by the thread that opened it, so that with a pool for all threads
//! most answers of the database first wake a thread that has nothing to do with them. Both together cost more than the
//! statement of a case.
//!
//! Here a connection stays with the thread that opened it, and one whose statements were read to their end and without
//! an error goes back unasked. All others (an error, a request that was given up half-way) take the way through the
//! pool, which asks; so do those that rested long enough to have been cut off meanwhile, and each after [`SERVICE`].

use crate::database::{ACQUIRE_TIMEOUT, TRUSTED_IDLE};
use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};
use std::{
    ops::Deref,
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// After this long a connection goes through the pool once, which replaces those that are old or broken.
const SERVICE: Duration = Duration::from_secs(30);

const UNBROKEN: &str = "nothing panics while it is locked";

/// What one thread has: what is read never waits for what is written.
pub(crate) struct Near {
    /// For short reads.
    pub reads: Arc<Lane>,
    /// For transactions.
    pub writes: Arc<Lane>,
}

tokio::task_local! {
    static OF_TASK: Arc<Lane>;
}

/// Connections of one thread and one kind. What waits for one is served in the order in which it came.
pub(crate) struct Lane {
    most: u32,
    permits: Arc<Semaphore>,
    /// Made by the first request, on the thread that will use it.
    pool: OnceLock<PgPool>,
    /// The one that was used last is on top. Locked by one thread alone, and not while it waits.
    warm: Mutex<Vec<Warm>>,
}

struct Warm {
    connection: PoolConnection<Postgres>,
    from_pool: Instant,
    rests_since: Instant,
}

/// A connection while it is used. Dropped, it goes to the pool, which looks at what state it is in.
pub(crate) struct Lease {
    warm: Warm,
    lane: Arc<Lane>,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    /// The connection.
    fn db(&mut self) -> &mut PgConnection {
        &mut self.warm.connection
    }

    /// The connection, to be closed.
    pub(crate) fn pooled(&mut self) -> &mut PoolConnection<Postgres> {
        &mut self.warm.connection
    }

    /// Takes it back unasked: its statements were read to their end, and its transaction is over.
    pub(crate) fn give_back(mut self) {
        self.warm.rests_since = Instant::now();
        let mut warm = self.lane.warm.lock().expect(UNBROKEN);
        warm.push(self.warm);
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.warm.connection
    }
}

impl Lane {
    /// At most so many connections.
    pub(crate) fn new(most: u32) -> Arc<Self> {
        Arc::new(Self {
            most,
            permits: Arc::new(Semaphore::new(most as usize)),
            pool: OnceLock::new(),
            warm: Mutex::default(),
        })
    }

    /// A connection, made as `shared` makes them.
    ///
    /// # Errors
    /// None is free or none can be opened within [`ACQUIRE_TIMEOUT`]; `shared` was closed.
    pub(super) async fn lease(self: &Arc<Self>, shared: &PgPool) -> sqlx::Result<Lease> {
        if shared.is_closed() {
            return Err(sqlx::Error::PoolClosed);
        }
        let permit = tokio::time::timeout(ACQUIRE_TIMEOUT, self.permits.clone().acquire_owned())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .expect("is never closed");
        let warm = match self.take() {
            Some(warm) => warm,
            None => Warm {
                connection: self.pool(shared).acquire().await?,
                from_pool: Instant::now(),
                rests_since: Instant::now(),
            },
        };
        Ok(Lease {
            warm,
            lane: self.clone(),
            _permit: permit,
        })
    }

    /// Runs statements that leave no transaction open.
    ///
    /// # Errors
    /// As [`Self::lease`]; what the closure returns.
    pub(crate) async fn run<T>(
        self: &Arc<Self>,
        shared: &PgPool,
        statements: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        let mut lease = self.lease(shared).await?;
        let done = statements(lease.db()).await?;
        lease.give_back();
        Ok(done)
    }

    /// Work whose transactions and single statements are done on these connections, as far as it is done on this task.
    pub(crate) fn used_by<F: Future>(self: &Arc<Self>, work: F) -> impl Future<Output = F::Output> {
        OF_TASK.scope(self.clone(), work)
    }

    /// What [`Self::used_by`] said.
    pub(super) fn of_task() -> Option<Arc<Self>> {
        OF_TASK.try_with(Arc::clone).ok()
    }

    fn take(&self) -> Option<Warm> {
        loop {
            let warm = self.warm.lock().expect(UNBROKEN).pop()?;
            let is_trusted = warm.rests_since.elapsed() < TRUSTED_IDLE;
            if is_trusted && warm.from_pool.elapsed() < SERVICE {
                return Some(warm);
            }
        }
    }

    fn pool(&self, shared: &PgPool) -> &PgPool {
        self.pool.get_or_init(|| {
            let options = shared.options().clone().max_connections(self.most);
            options.connect_lazy_with(sqlx::postgres::PgConnectOptions::clone(
                &shared.connect_options(),
            ))
        })
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // Handing a connection back takes a runtime, which may be gone when a thread ends.
        for warm in self.warm.get_mut().expect(UNBROKEN).drain(..) {
            drop(warm.connection.leak());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Clock, Store};
    use super::*;
    use crate::database::testing::fresh_database;
    use sqlx::query_scalar;

    #[tokio::test]
    async fn a_worker_has_connections_of_its_own_and_keeps_them() {
        let (_server, connections) = fresh_database().await;
        let shared = connections.program_pool(1).await.unwrap();
        let store = Store::new(shared.clone(), shared.clone(), Clock::default());
        let _taken = shared.acquire().await.unwrap();
        assert!(shared.try_acquire().is_none());
        let lane = Lane::new(1);
        let whose = || {
            let pid = query_scalar::<_, i32>("select pg_backend_pid()");
            lane.used_by(store.write(async |db| pid.fetch_one(db).await))
        };
        let first = whose().await.unwrap();
        assert_eq!(whose().await.unwrap(), first);

        // What went wrong goes through the pool of the lane, and leaves its place to the next.
        let wrong = query_scalar::<_, i32>("select 1 / 0");
        let wrong = lane.used_by(store.write(async |db| wrong.fetch_one(db).await));
        wrong.await.unwrap_err();
        whose().await.unwrap();
    }
}
