//! Sessions and their refresh tokens.
//!
//! Lock order: user, session. Whoever opens a session holds the user, and whoever locks a user out holds the user while
//! ending the sessions, so that none slips through between the two.

use super::{hash_token, password_reset, random_token};
use crate::{error::Result, ids::*, store::Tx};
use chrono::{DateTime, TimeDelta, Utc};

/// A session ends then, however busy it is.
const SESSION_LIFETIME: TimeDelta = TimeDelta::days(14);

/// A session ends when nobody refreshes it for that long.
pub(super) const REFRESH_LIFETIME: TimeDelta = TimeDelta::days(3);

/// Length of a refresh token.
const REFRESH_TOKEN_LENGTH: usize = 43;

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndReason {
    /// The person signed out.
    SignedOut,
    /// A refresh token came twice.
    Reused,
    /// The password was changed.
    PasswordChanged,
    /// The second factor was set up, turned off or reset.
    SecondFactorChanged,
    /// The user got another role.
    RoleChanged,
    /// The user was deactivated.
    Deactivated,
    /// The person, or an admin, ended it.
    Ended,
}

impl EndReason {
    fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Reused => "reused",
            Self::PasswordChanged => "password_changed",
            Self::SecondFactorChanged => "second_factor_changed",
            Self::RoleChanged => "role_changed",
            Self::Deactivated => "deactivated",
            Self::Ended => "ended",
        }
    }
}

/// What somebody gets who was let in.
pub(super) struct Grant {
    pub user_id: UserId,
    pub session_id: SessionId,
    pub session_end: DateTime<Utc>,
    pub refresh_token: String,
    /// The refresh token counts until then.
    pub refresh_end: DateTime<Utc>,
}

/// Opens a session for a user whose password was found to be the one with this hash. None when the user was
/// deactivated, or the password changed, in the meantime.
pub(super) async fn open(
    tx: &mut Tx,
    user_id: UserId,
    password_hash: &str,
) -> Result<Option<Grant>> {
    tx.unchanged();
    let now = tx.now();
    sqlx::query!(
        "select id from app_user where id = $1 for no key update",
        *user_id
    )
    .fetch_optional(tx.db())
    .await?;
    let grant = Grant {
        user_id,
        session_id: SessionId::new(),
        session_end: now + SESSION_LIFETIME,
        refresh_token: random_token(),
        refresh_end: now + REFRESH_LIFETIME,
    };
    let opened = sqlx::query!(
        r#"
        with opened as (
            insert into user_session (id, user_id, created_at, expires_at)
            select $3, id, $4, $5
            from app_user
            where id = $1 and active and password_hash = $2
            returning id
        )
        insert into refresh_token (hash, session_id, created_at)
        select $6, id, $4 from opened
        "#,
        *user_id,
        password_hash,
        *grant.session_id,
        now,
        grant.session_end,
        &hash_token(&grant.refresh_token)[..],
    )
    .execute(tx.db())
    .await?;
    Ok((opened.rows_affected() == 1).then_some(grant))
}

/// Exchanges a refresh token for a new one. None when it does not count: unknown, idle for too long, or its session is
/// over.
///
/// A token that was exchanged before ends its session at once, also when two requests with it come at the same moment:
/// the second waits for the first, and then both lose. A client sends its refreshes one after the other.
pub(super) async fn rotate(tx: &mut Tx, presented: &str) -> Result<Option<Grant>> {
    tx.unchanged();
    let Some(session_id) = session_of(tx, presented).await? else {
        return Ok(None);
    };
    let now = tx.now();
    let hash = hash_token(presented);
    sqlx::query!(
        "select id from user_session where id = $1 for no key update",
        *session_id
    )
    .fetch_one(tx.db())
    .await?;
    let row = sqlx::query!(
        r#"
        select s.user_id, s.expires_at, s.ended_at, t.created_at, t.used_at, u.active
        from refresh_token t
        join user_session s on s.id = t.session_id
        join app_user u on u.id = s.user_id
        where t.hash = $1
        "#,
        &hash[..],
    )
    .fetch_one(tx.db())
    .await?;
    if row.ended_at.is_some()
        || row.expires_at <= now
        || row.created_at + REFRESH_LIFETIME <= now
        || !row.active
    {
        return Ok(None);
    }
    if row.used_at.is_some() {
        tracing::warn!(session.id = %session_id, "a refresh token came a second time: its session was ended");
        end(tx, session_id, EndReason::Reused).await?;
        return Ok(None);
    }
    let grant = Grant {
        user_id: row.user_id,
        session_id,
        session_end: row.expires_at,
        refresh_token: random_token(),
        refresh_end: row.expires_at.min(now + REFRESH_LIFETIME),
    };
    sqlx::query!(
        r#"
        with used as (
            update refresh_token set used_at = $4 where hash = $1
        )
        insert into refresh_token (hash, session_id, created_at) values ($2, $3, $4)
        "#,
        &hash[..],
        &hash_token(&grant.refresh_token)[..],
        *session_id,
        now,
    )
    .execute(tx.db())
    .await?;
    Ok(Some(grant))
}

/// The session of a refresh token, used or not.
async fn session_of(tx: &mut Tx, presented: &str) -> Result<Option<SessionId>> {
    if presented.len() != REFRESH_TOKEN_LENGTH {
        return Ok(None);
    }
    let session_id = sqlx::query_scalar!(
        "select session_id from refresh_token where hash = $1",
        &hash_token(presented)[..]
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(session_id)
}

/// Ends one session. Ended ones stay as they are.
pub(super) async fn end(tx: &mut Tx, id: SessionId, reason: EndReason) -> Result<()> {
    tx.unchanged();
    let now = tx.now();
    sqlx::query!(
        "update user_session set ended_at = $2, ended_reason = $3 where id = $1 and ended_at is null",
        *id,
        now,
        reason.name()
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Ends the session that a refresh token belongs to.
pub(super) async fn end_by_token(tx: &mut Tx, presented: &str) -> Result<()> {
    tx.unchanged();
    match session_of(tx, presented).await? {
        Some(session_id) => end(tx, session_id, EndReason::SignedOut).await,
        None => Ok(()),
    }
}

/// Ends all sessions of a user, but one where it is said, and takes back a link to set the password by: whatever ends
/// sessions makes it a way around. The caller holds the user.
pub(crate) async fn end_all(
    tx: &mut Tx,
    user_id: UserId,
    except: Option<SessionId>,
    reason: EndReason,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        r#"
        update user_session
        set ended_at = $3, ended_reason = $4
        where user_id = $1 and id is distinct from $2 and ended_at is null
        "#,
        *user_id,
        except.map(|id| *id),
        now,
        reason.name(),
    )
    .execute(tx.db())
    .await?;
    password_reset::forget(tx, user_id).await
}
