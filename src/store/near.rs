//! Connections of one thread of the HTTP server, for the short reads of requests.
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
    cell::{OnceCell, RefCell},
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;

/// After this long a connection goes through the pool once, which replaces those that are old or broken.
const SERVICE: Duration = Duration::from_secs(30);

/// Connections of one thread. What waits for one is served in the order in which it came.
pub(crate) struct Near {
    most: u32,
    permits: Semaphore,
    /// Made by the first read, on the thread that will use it.
    pool: OnceCell<PgPool>,
    /// The one that was used last is on top.
    warm: RefCell<Vec<Warm>>,
}

struct Warm {
    connection: PoolConnection<Postgres>,
    from_pool: Instant,
    rests_since: Instant,
}

impl Near {
    /// At most so many connections.
    pub(crate) fn new(most: u32) -> Self {
        Self {
            most,
            permits: Semaphore::new(most as usize),
            pool: OnceCell::new(),
            warm: RefCell::default(),
        }
    }

    /// Runs a few short statements, connecting as `shared` does.
    ///
    /// # Errors
    /// What the statements return; none is free or none can be opened within [`ACQUIRE_TIMEOUT`]; `shared` was closed.
    pub(crate) async fn read<T>(
        &self,
        shared: &PgPool,
        statements: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        if shared.is_closed() {
            return Err(sqlx::Error::PoolClosed);
        }
        // Let go of last, when the connection is back.
        let _permit = tokio::time::timeout(ACQUIRE_TIMEOUT, self.permits.acquire())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .expect("is never closed");
        let mut warm = match self.take() {
            Some(warm) => warm,
            None => Warm {
                connection: self.pool(shared).acquire().await?,
                from_pool: Instant::now(),
                rests_since: Instant::now(),
            },
        };
        // An error, or a request that ends here, drops it: the pool looks at what state it is in.
        let found = statements(&mut *warm.connection).await?;
        warm.rests_since = Instant::now();
        self.warm.borrow_mut().push(warm);
        Ok(found)
    }

    fn take(&self) -> Option<Warm> {
        loop {
            let warm = self.warm.borrow_mut().pop()?;
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

impl Drop for Near {
    fn drop(&mut self) {
        // Handing a connection back takes a runtime, which may be gone when a thread ends.
        for warm in self.warm.take() {
            drop(warm.connection.leak());
        }
    }
}
