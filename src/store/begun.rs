//! A connection with a transaction that is not over.
//!
//! sqlx's own `Transaction` borrows its connection, and every function that takes a [`super::Tx`] would have to say for how
//! long; or it owns one of a pool, and hands it back there itself, where it is asked whether it lives.

use super::near::Lease;
use sqlx::{Executor, PgConnection, Postgres, pool::PoolConnection};
use std::ops::{Deref, DerefMut};

/// Where the connection comes from, and goes back to.
pub(super) enum Held {
    /// The thread.
    OfThread(Lease),
    /// The pool.
    OfAll(PoolConnection<Postgres>),
}

impl Held {
    fn pooled(&mut self) -> &mut PoolConnection<Postgres> {
        match self {
            Self::OfThread(lease) => lease.pooled(),
            Self::OfAll(connection) => connection,
        }
    }

    fn give_back(self) {
        if let Self::OfThread(lease) = self {
            lease.give_back();
        }
    }
}

/// Dropped before its end (a request that was given up, a lost connection), it closes the connection, which rolls back.
pub(super) struct Begun {
    /// None after the end.
    held: Option<Held>,
}

impl Begun {
    /// # Errors
    /// The connection is lost.
    pub(super) async fn begin(held: Held) -> sqlx::Result<Self> {
        let mut begun = Self { held: Some(held) };
        begun.execute("begin").await?;
        Ok(begun)
    }

    /// # Errors
    /// What a constraint that waited for the commit has to say; the connection is lost.
    pub(super) async fn commit(self) -> sqlx::Result<()> {
        self.end("commit").await
    }

    /// # Errors
    /// The connection is lost.
    pub(super) async fn rollback(self) -> sqlx::Result<()> {
        self.end("rollback").await
    }

    async fn end(mut self, how: &'static str) -> sqlx::Result<()> {
        self.execute(how).await?;
        if let Some(held) = self.held.take() {
            held.give_back();
        }
        Ok(())
    }
}

impl Deref for Begun {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self.held.as_ref().expect("held until the end") {
            Held::OfThread(lease) => lease,
            Held::OfAll(connection) => connection,
        }
    }
}

impl DerefMut for Begun {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.held.as_mut().expect("held until the end").pooled()
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(held) = &mut self.held {
            held.pooled().close_on_drop();
        }
    }
}
