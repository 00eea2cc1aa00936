//! Who may do what, in memory: people, ended sessions, API tokens.
//!
//! Every request asks here instead of the database. The directory loads at start who could come with a valid token,
//! reads `directory_change` every two seconds, at once after a change made by this process, and looks up what it does
//! not know. Rows of `directory_change` carry the id of their transaction: each look remembers the oldest transaction
//! still running and the next one reads from there on, so that no change is missed however long its transaction took.
//! Where the database has not been seen for ten seconds, nobody is let in (503): somebody may have been locked out since.

use super::keys::ACCESS_LIFETIME;
use crate::{
    access::{Actor, ActorKind, Permission, Role},
    error::{Error, ProblemType, Result},
    ids::*,
    store::Store,
};
use actix_web::web::Data;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};
use tokio::{task::JoinHandle, time::timeout};
use uuid::Uuid;

/// How often the server looks for what other processes changed.
const POLL: Duration = Duration::from_secs(2);

/// Age of the last look after which nobody is let in.
pub(super) const STALE_AFTER: Duration = Duration::from_secs(10);

/// How long a request waits for the directory before it is turned away.
const PATIENCE: Duration = Duration::from_secs(2);

/// Everything is read afresh this often, which heals what no row of `directory_change` tells: a restored database.
const RELOAD_AFTER: Duration = Duration::from_secs(600);

/// How long an ended session is remembered: as long as a token of it could live, and the clocks of replicas may differ.
const ENDED_FOR: TimeDelta = TimeDelta::minutes(ACCESS_LIFETIME.num_minutes() + 5);

/// Tokens that do not exist, remembered so that they cost one query and not one per request.
const MAX_UNKNOWN: usize = 4096;

/// Unknown tokens looked up per second, and at once after a quiet time.
const LOOK_UPS_PER_SECOND: f64 = 20.0;
const LOOK_UPS_AT_ONCE: f64 = 100.0;

/// sha256 of an API token.
pub(super) type TokenHash = [u8; 32];

/// Who may do what, in memory.
#[derive(Default)]
pub struct Directory {
    people: RwLock<People>,
    /// Held while the database is read, so that what was read later is also noted later.
    feed: tokio::sync::Mutex<Feed>,
    allowance: Mutex<Allowance>,
}

#[derive(Default)]
struct People {
    users: HashMap<UserId, Person>,
    ended: HashMap<SessionId, DateTime<Utc>>,
    tokens: HashMap<TokenHash, Token>,
    unknown: HashSet<TokenHash>,
    /// When the database was asked the last time with success.
    seen_at: Option<Instant>,
}

#[derive(Clone, Debug)]
struct Person {
    active: bool,
    /// An admin without the second factor that the office demands of admins.
    needs_second_factor: bool,
    role: Role,
    desk_id: Option<DeskId>,
    manager_id: Option<ManagerId>,
}

#[derive(Clone)]
struct Token {
    user_id: UserId,
    permissions: Vec<Permission>,
    expires_at: DateTime<Utc>,
}

/// Where the last look ended.
#[derive(Default)]
struct Feed {
    /// The oldest transaction that was still running then.
    horizon: Option<u64>,
    loaded_at: Option<Instant>,
}

/// Changes since the last look.
struct Changes {
    horizon: u64,
    users: Vec<Uuid>,
    sessions: Vec<Uuid>,
    tokens: Vec<Uuid>,
}

impl Directory {
    /// Reads what has changed since the last look.
    pub(crate) async fn refresh(&self, store: &Store) -> Result<()> {
        let mut feed = self.feed.lock().await;
        self.look(store, &mut feed).await
    }

    /// Reads what this process has just committed. Where that fails, the commit stands all the same; the next request
    /// finds the directory old and has to look before anybody is let in.
    pub(crate) async fn refresh_after_commit(&self, store: &Store) {
        if !matches!(timeout(PATIENCE, self.refresh(store)).await, Ok(Ok(()))) {
            self.write().seen_at = None;
        }
    }

    /// The actor behind a verified access token; none when the user is inactive or the session has ended.
    pub(super) async fn session_actor(
        &self,
        store: &Store,
        user_id: UserId,
        session_id: SessionId,
        max_age: Duration,
    ) -> Result<Option<Actor>> {
        self.ensure_fresh(store, max_age).await?;
        let person = self.person(store, user_id).await?;
        // After the look-up, which may have brought news.
        if self.read().ended.contains_key(&session_id) {
            return Ok(None);
        }
        Ok(person.map(|person| Actor {
            session_id: Some(session_id),
            token_permissions: person.needs_second_factor.then(Vec::new),
            ..person.actor(ActorKind::User, user_id)
        }))
    }

    /// The actor behind an API token; none when it is unknown, over or revoked, or its owner inactive.
    pub(super) async fn token_actor(
        &self,
        store: &Store,
        hash: TokenHash,
        max_age: Duration,
    ) -> Result<Option<Actor>> {
        self.ensure_fresh(store, max_age).await?;
        let Some(token) = self
            .token(store, hash)
            .await?
            .filter(|token| token.expires_at > store.now())
        else {
            return Ok(None);
        };
        let person = self.person(store, token.user_id).await?;
        Ok(person.map(|person| Actor {
            token_permissions: Some(token.permissions),
            ..person.actor(ActorKind::Token, token.user_id)
        }))
    }

    /// Lets nobody in on old knowledge. A request that finds it old looks itself, so that a poller that died, or a
    /// process without one, does no more harm than a little delay.
    async fn ensure_fresh(&self, store: &Store, max_age: Duration) -> Result<()> {
        let is_fresh = || {
            self.read()
                .seen_at
                .is_some_and(|seen_at| seen_at.elapsed() < max_age)
        };
        if is_fresh() {
            return Ok(());
        }
        let look = async {
            let mut feed = self.feed.lock().await;
            if is_fresh() {
                Ok(())
            } else {
                self.look(store, &mut feed).await
            }
        };
        match timeout(PATIENCE, look).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.kind() == ProblemType::Unavailable => Err(error),
            Ok(Err(error)) => {
                tracing::error!(request.id = %crate::error::request_id(), error.message = %causes(&error), "the directory cannot be read");
                Err(unavailable())
            }
            Err(_) => Err(unavailable()),
        }
    }

    /// An active person.
    async fn person(&self, store: &Store, id: UserId) -> Result<Option<Person>> {
        let known = || self.read().users.get(&id).cloned();
        let person = match known() {
            Some(person) => Some(person),
            // The token was signed by us, so this is a person who signed in elsewhere, once per process.
            None => {
                let look_up = async {
                    let _in_order = self.feed.lock().await;
                    if known().is_none() {
                        let rows = load_users(store.writer(), &[*id]).await?;
                        self.write().users.extend(rows);
                    }
                    Ok(known())
                };
                timeout(PATIENCE, look_up)
                    .await
                    .unwrap_or_else(|_| Err(unavailable()))?
            }
        };
        Ok(person.filter(|person| person.active))
    }

    /// A token that was not revoked. Anybody can make up tokens, so looking them up is rationed; one that was made a
    /// moment ago elsewhere comes with the next look at the latest.
    async fn token(&self, store: &Store, hash: TokenHash) -> Result<Option<Token>> {
        {
            let people = self.read();
            if let Some(token) = people.tokens.get(&hash) {
                return Ok(Some(token.clone()));
            }
            if people.unknown.contains(&hash) {
                return Ok(None);
            }
        }
        if !self
            .allowance
            .lock()
            .expect("no panic while it is held")
            .take(Instant::now())
        {
            return Ok(None);
        }
        let look_up = async {
            let _in_order = self.feed.lock().await;
            let rows = load_tokens(store.writer(), store.now(), &[], Some(&hash)).await?;
            let mut people = self.write();
            people.note_tokens(rows);
            let token = people.tokens.get(&hash).cloned();
            if token.is_none() {
                people.note_unknown(hash);
            }
            Ok(token)
        };
        timeout(PATIENCE, look_up)
            .await
            .unwrap_or_else(|_| Err(unavailable()))
    }

    async fn look(&self, store: &Store, feed: &mut Feed) -> Result<()> {
        let seen_at = Instant::now();
        let changes = load_changes(store.writer(), feed.horizon).await?;
        let horizon = changes.horizon;
        // A horizon that went back is another database: a backup, or a replica that had not heard of everything.
        let is_continued = feed.horizon.is_some_and(|last| last <= horizon);
        let is_due = feed
            .loaded_at
            .is_none_or(|loaded_at| loaded_at.elapsed() > RELOAD_AFTER);
        if is_continued && !is_due {
            self.apply(store, changes).await?;
        } else {
            self.load(store).await?;
            feed.loaded_at = Some(seen_at);
        }
        feed.horizon = Some(horizon);
        self.write().seen_at = Some(seen_at);
        Ok(())
    }

    /// Everything, read after the horizon was taken: what commits in between is read again at the next look.
    async fn load(&self, store: &Store) -> Result<()> {
        let now = store.now();
        let users = load_expected_users(store.writer(), now).await?;
        let tokens = load_tokens(store.writer(), now, &[], None).await?;
        let ended = load_ended(store.writer(), now, None).await?;
        let mut people = self.write();
        people.users = users.into_iter().collect();
        people.tokens.clear();
        people.note_tokens(tokens);
        people.ended = ended.into_iter().collect();
        Ok(())
    }

    async fn apply(&self, store: &Store, mut changes: Changes) -> Result<()> {
        let now = store.now();
        {
            // Whoever never came here is looked up when they do.
            let people = self.read();
            changes
                .users
                .retain(|id| people.users.contains_key(&UserId(*id)));
        }
        let users = match &changes.users[..] {
            [] => Vec::new(),
            ids => load_users(store.writer(), ids).await?,
        };
        let tokens = match &changes.tokens[..] {
            [] => Vec::new(),
            ids => load_tokens(store.writer(), now, ids, None).await?,
        };
        let ended = match &changes.sessions[..] {
            [] => Vec::new(),
            ids => load_ended(store.writer(), now, Some(ids)).await?,
        };
        let mut people = self.write();
        people.users.extend(users);
        people.note_tokens(tokens);
        people.ended.extend(ended);
        people
            .ended
            .retain(|_, ended_at| *ended_at > now - ENDED_FOR);
        people.tokens.retain(|_, token| token.expires_at > now);
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, People> {
        self.people.read().expect("no panic while it is held")
    }

    fn write(&self) -> RwLockWriteGuard<'_, People> {
        self.people.write().expect("no panic while it is held")
    }
}

impl Person {
    fn actor(&self, kind: ActorKind, user_id: UserId) -> Actor {
        Actor {
            kind,
            user_id: Some(user_id),
            role: Some(self.role),
            desk_id: self.desk_id,
            manager_id: self.manager_id,
            session_id: None,
            token_permissions: None,
        }
    }
}

impl People {
    /// Notes tokens; none in the place of the token says that it was revoked or is over.
    fn note_tokens(&mut self, rows: Vec<(TokenHash, Option<Token>)>) {
        for (hash, token) in rows {
            match token {
                Some(token) => drop(self.tokens.insert(hash, token)),
                None => drop(self.tokens.remove(&hash)),
            }
            self.unknown.remove(&hash);
        }
    }

    fn note_unknown(&mut self, hash: TokenHash) {
        if self.unknown.len() >= MAX_UNKNOWN {
            self.unknown.clear();
        }
        self.unknown.insert(hash);
    }
}

/// A token bucket.
struct Allowance {
    left: f64,
    at: Option<Instant>,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            left: LOOK_UPS_AT_ONCE,
            at: None,
        }
    }
}

impl Allowance {
    fn take(&mut self, now: Instant) -> bool {
        let since = self
            .at
            .map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.at = Some(now);
        self.left = (self.left + since.as_secs_f64() * LOOK_UPS_PER_SECOND).min(LOOK_UPS_AT_ONCE);
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

async fn load_changes(db: &PgPool, since: Option<u64>) -> Result<Changes> {
    // The snapshot of this very statement: what it does not see yet has a transaction id from the horizon on.
    let row = sqlx::query!(
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text as "horizon!",
            coalesce(array_agg(distinct subject_id) filter (where kind = 'user'), '{}') as "users!",
            coalesce(array_agg(distinct subject_id) filter (where kind = 'session'), '{}') as "sessions!",
            coalesce(array_agg(distinct subject_id) filter (where kind = 'token'), '{}') as "tokens!"
        from directory_change
        where txid >= $1::text::xid8
        "#,
        since.unwrap_or(u64::MAX).to_string(),
    )
    .fetch_one(db)
    .await?;
    let horizon = row
        .horizon
        .parse()
        .map_err(|_| Error::Internal("a transaction id is a number".into()))?;
    Ok(Changes {
        horizon,
        users: row.users,
        sessions: row.sessions,
        tokens: row.tokens,
    })
}

async fn load_users(db: &PgPool, ids: &[Uuid]) -> Result<Vec<(UserId, Person)>> {
    let rows = sqlx::query!(
        r#"
        select u.id, u.active, u.role, u.desk_id, u.manager_id,
            u.role = 'admin'
            and coalesce((select (s.value ->> 'second_factor_for_admins')::boolean from office_setting s), false)
            and not exists (select from second_factor f where f.user_id = u.id and f.confirmed_at is not null)
                as "needs_second_factor!"
        from app_user u
        where u.id = any($1)
        "#,
        ids
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                row.id,
                Person {
                    active: row.active,
                    needs_second_factor: row.needs_second_factor,
                    role: row.role,
                    desk_id: row.desk_id,
                    manager_id: row.manager_id,
                },
            )
        })
        .collect())
}

/// Whoever has a session or a token, and so may come at any moment.
async fn load_expected_users(db: &PgPool, now: DateTime<Utc>) -> Result<Vec<(UserId, Person)>> {
    let ids = sqlx::query_scalar!(
        r#"
        select user_id as "user_id!: Uuid" from user_session where ended_at is null and expires_at > $1
        union
        select user_id from api_token where revoked_at is null and expires_at > $1
        "#,
        now
    )
    .fetch_all(db)
    .await?;
    load_users(db, &ids).await
}

/// All live tokens; or those with the ids; or the one with the hash. What is over comes without the token.
async fn load_tokens(
    db: &PgPool,
    now: DateTime<Utc>,
    ids: &[Uuid],
    hash: Option<&TokenHash>,
) -> Result<Vec<(TokenHash, Option<Token>)>> {
    let all = ids.is_empty() && hash.is_none();
    let rows = sqlx::query!(
        r#"
        select user_id, hash, permissions, expires_at, revoked_at
        from api_token
        where (revoked_at is null and expires_at > $1 and $2) or id = any($3) or hash = $4
        "#,
        now,
        all,
        ids,
        hash.map(|hash| &hash[..]),
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let permissions = row
                .permissions
                .iter()
                .filter_map(|name| Permission::from_name(name))
                .collect();
            let token = Token {
                user_id: row.user_id,
                permissions,
                expires_at: row.expires_at,
            };
            let is_live = row.revoked_at.is_none() && row.expires_at > now;
            Some((
                TokenHash::try_from(&row.hash[..]).ok()?,
                is_live.then_some(token),
            ))
        })
        .collect())
}

/// The sessions that ended lately; or those of them with the ids.
async fn load_ended(
    db: &PgPool,
    now: DateTime<Utc>,
    ids: Option<&[Uuid]>,
) -> Result<Vec<(SessionId, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"
        select id, ended_at as "ended_at!"
        from user_session
        where ended_at > $1 and ($2::uuid[] is null or id = any($2))
        "#,
        now - ENDED_FOR,
        ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.ended_at)).collect())
}

fn unavailable() -> Error {
    let mut error = Error::problem(
        ProblemType::Unavailable,
        "It cannot be checked at this moment who may come in. Try again.",
    );
    if let Error::Problem(problem) = &mut error {
        problem.retry_after = Some(5);
    }
    error
}

fn causes(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// Looks every two seconds, for as long as the server runs. The returned handle stops it.
pub fn spawn_poller(store: Data<Store>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut was_well = true;
        loop {
            let result = timeout(STALE_AFTER / 2, store.directory().refresh(&store)).await;
            let is_well = matches!(result, Ok(Ok(())));
            match result {
                Ok(Err(error)) if was_well => {
                    tracing::warn!(error.message = %causes(&error), "the directory cannot be read")
                }
                Err(_) if was_well => {
                    tracing::warn!("the directory cannot be read: the database does not answer")
                }
                _ if is_well && !was_well => tracing::info!("the directory is read again"),
                _ => {}
            }
            was_well = is_well;
            tokio::time::sleep(POLL).await;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(hash: u8) -> (TokenHash, Option<Token>) {
        let expires_at = "2027-01-01T00:00:00Z".parse().unwrap();
        (
            [hash; 32],
            Some(Token {
                user_id: UserId::new(),
                permissions: vec![Permission::Intake],
                expires_at,
            }),
        )
    }

    #[test]
    fn a_revoked_token_is_forgotten_and_a_new_one_no_longer_unknown() {
        let mut people = People::default();
        people.note_unknown([1; 32]);
        people.note_tokens(vec![token(1), token(2)]);
        assert!(people.unknown.is_empty());
        people.note_tokens(vec![([1; 32], None)]);
        assert_eq!(people.tokens.keys().collect::<Vec<_>>(), [&[2; 32]]);
    }

    #[test]
    fn unknown_tokens_do_not_fill_the_memory() {
        let mut people = People::default();
        for number in 0..3 * MAX_UNKNOWN as u64 {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&number.to_be_bytes());
            people.note_unknown(hash);
            assert!(people.unknown.len() <= MAX_UNKNOWN);
        }
    }

    #[test]
    fn look_ups_are_rationed() {
        let mut allowance = Allowance::default();
        let start = Instant::now();
        let taken = (0..1000).filter(|_| allowance.take(start)).count();
        assert_eq!(taken, LOOK_UPS_AT_ONCE as usize);
        let later = start + Duration::from_secs(1);
        let taken = (0..1000).filter(|_| allowance.take(later)).count();
        assert_eq!(taken, LOOK_UPS_PER_SECOND as usize);
    }
}
