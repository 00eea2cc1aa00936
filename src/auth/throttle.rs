//! How often somebody may try: per account and per address, in all processes together.
//!
//! A try is counted before the password is looked at, in a statement that commits by itself, so that a hundred parallel
//! tries are a hundred tries. Windows are fixed: a refused try counts as well, and does not prolong the window.

use crate::error::{Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

/// How long tries are counted together.
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// Tries for one account in a window.
pub(super) const ACCOUNT_TRIES: i32 = 10;

/// Tries from one address in a window. Tries that succeed are given back, so that an office behind one address can
/// sign in together at nine.
pub(super) const ADDRESS_TRIES: i32 = 50;

/// Counts one try.
///
/// # Errors
/// 429 with `Retry-After` when it is one too many.
pub(crate) async fn count(
    db: &PgPool,
    subject: &str,
    limit: i32,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = sqlx::query!(
        r#"
        insert into sign_in_throttle as counted (subject, tries, window_started_at)
        values ($1, 1, $2)
        on conflict (subject) do update
        set tries = case when counted.window_started_at <= $3 then 1 else least(counted.tries, 1000000) + 1 end,
            window_started_at = case when counted.window_started_at <= $3 then $2 else counted.window_started_at end
        returning tries, window_started_at
        "#,
        subject,
        now,
        now - WINDOW,
    )
    .fetch_one(db)
    .await?;
    match wait(row.tries, limit, row.window_started_at, now) {
        None => Ok(()),
        Some(seconds) => Err(Error::rate_limited(seconds)),
    }
}

/// Seconds until the next try, when this one is too many.
fn wait(
    tries: i32,
    limit: i32,
    window_started_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<u64> {
    let seconds = (window_started_at + WINDOW - now).num_seconds().max(0) as u64 + 1;
    (tries > limit).then_some(seconds)
}

/// Forgets the tries for an account after a success.
pub(super) async fn forget(db: &PgPool, subject: &str) -> Result<()> {
    sqlx::query!("delete from sign_in_throttle where subject = $1", subject)
        .execute(db)
        .await?;
    Ok(())
}

/// Gives an address back the one try that succeeded; its failures stay counted.
pub(crate) async fn give_back(db: &PgPool, subject: &str) -> Result<()> {
    sqlx::query!(
        "update sign_in_throttle set tries = greatest(tries - 1, 0) where subject = $1",
        subject
    )
    .execute(db)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_try_after_the_last_one_waits_for_the_window() {
        let start: DateTime<Utc> = "2026-04-01T09:00:00Z".parse().unwrap();
        assert_eq!(wait(10, 10, start, start), None);
        assert_eq!(wait(11, 10, start, start), Some(901));
        assert_eq!(
            wait(11, 10, start, start + TimeDelta::minutes(14)),
            Some(61)
        );
        assert_eq!(
            wait(1_000_001, 10, start, start + TimeDelta::minutes(15)),
            Some(1)
        );
    }
}
