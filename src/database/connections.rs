//! How each role connects, and pools whose connections stay within bounds.
//!
//! | | who logs in | role | session settings |
//! |---|---|---|---|
//! | private database | the three roles | from the start | in the start-up message |
//! | `DATABASE_URL` alone | one user | `set role` | `set`, once per connection |
//! | with `DATABASE_OWNER_URL` and `DATABASE_READER_URL` | three users | from the start | in the start-up message |
//! | with `DATABASE_DIRECT_URL` (a pooler in front) | three users | from the start | none: they would leak to others |
//!
//! Behind a pooler the bounds belong to the roles (`alter role … set statement_timeout = '30s'`), and it must keep track
//! of prepared statements (PgBouncer 1.21 or newer with `max_prepared_statements`).

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, PgPool};
use tokio::time::{Instant, sleep, timeout};
use tracing::info;

use super::error::DatabaseError;
use super::{DatabaseConfig, OLDEST_POSTGRES, OWNER, PROGRAM, READER};

/// How long a request waits for a free connection before it is told to come back.
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a read waits for the replica before it goes to the primary.
const REPLICA_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest a statement of a request or a job may run.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest a statement waits for a lock; well below [`STATEMENT_TIMEOUT`], so that it is said which of the two it was.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may take to become usable again after its user has left. The driver waits without end for one
/// that has fallen silent and keeps its place in the pool (sqlx 0.9.0, transact-rs/sqlx#4349); this gives it back.
const RELEASE_TIMEOUT: Duration = Duration::from_millis(if cfg!(test) { 300 } else { 5000 });
/// A connection that has been idle for this long is asked whether it lives before it is handed out. Asking every time
/// would cost a round trip per request.
pub(crate) const TRUSTED_IDLE: Duration = Duration::from_secs(1);
/// How long such a connection may take to answer before another is opened in its place; with [`ACQUIRE_TIMEOUT`], time
/// for a few of them.
const PING_TIMEOUT: Duration = Duration::from_secs(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A database that starts at the same time as the program may need a moment.
const STARTUP_PATIENCE: Duration = Duration::from_millis(if cfg!(test) { 300 } else { 5000 });

/// How each role connects. Cheap to clone. Never printed: it holds passwords.
#[derive(Clone)]
pub struct Connections {
    /// Owns every table; migrations only.
    pub owner: PgConnectOptions,
    /// What requests write with; through the pooler where there is one.
    pub program: PgConnectOptions,
    /// What requests read with, on the primary.
    pub reader: PgConnectOptions,
    /// What the worker writes with: never through a pooler.
    pub direct: PgConnectOptions,
    /// A replica for figures, exports and search.
    pub replica: Option<PgConnectOptions>,
    /// One user logs in for all, and connections take their role by `set role`.
    pub set_roles: bool,
    /// A transaction pooler stands before `program` and `reader`.
    pub pooled: bool,
}

/// Connections to the replica.
pub struct ReplicaPools {
    /// For reading.
    pub usual: PgPool,
    /// For looking whether it is there and how far behind, which nobody else may keep waiting.
    pub probe: PgPool,
}

/// Says of a connection whether it may be used.
pub trait Judge:
    for<'c> Fn(&'c mut PgConnection) -> BoxFuture<'c, sqlx::Result<bool>>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<F> Judge for F where
    F: for<'c> Fn(&'c mut PgConnection) -> BoxFuture<'c, sqlx::Result<bool>>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// How one kind of connection becomes what it should be.
#[derive(Clone)]
struct Session {
    options: PgConnectOptions,
    /// Sent once after connecting, in one round trip.
    first: Option<String>,
}

impl Connections {
    /// For roles that log in by themselves to one server without a pooler.
    pub(super) fn of_roles(options: impl Fn(&str) -> PgConnectOptions) -> Self {
        Self {
            owner: options(OWNER),
            program: options(PROGRAM),
            reader: options(READER),
            direct: options(PROGRAM),
            replica: None,
            set_roles: false,
            pooled: false,
        }
    }

    /// For a server that others run.
    pub(super) fn of_urls(
        config: &DatabaseConfig,
        url: &SecretString,
    ) -> Result<Self, DatabaseError> {
        let program = parse("DATABASE_URL", url)?;
        let owner = parse_set("DATABASE_OWNER_URL", config.database_owner_url.as_ref())?;
        let reader = parse_set("DATABASE_READER_URL", config.database_reader_url.as_ref())?;
        let direct = parse_set("DATABASE_DIRECT_URL", config.database_direct_url.as_ref())?;
        let replica = parse_set("DATABASE_READ_URL", config.database_read_url.as_ref())?;
        let set_roles = owner.is_none() && reader.is_none();
        if !set_roles && (owner.is_none() || reader.is_none()) {
            return Err(DatabaseError::Addresses(
                "Where roles log in apart, both DATABASE_OWNER_URL and DATABASE_READER_URL are needed beside \
                 DATABASE_URL. Set both, or neither.",
            ));
        }
        if set_roles && direct.is_some() {
            return Err(DatabaseError::Addresses(
                "DATABASE_DIRECT_URL says that a pooler stands before DATABASE_URL, and a role taken by `set role` does \
                 not survive a pooler. Let the roles log in apart: set DATABASE_OWNER_URL and DATABASE_READER_URL too.",
            ));
        }
        let connections = Self {
            owner: owner.unwrap_or_else(|| program.clone()),
            reader: reader.unwrap_or_else(|| program.clone()),
            pooled: direct.is_some(),
            direct: direct.unwrap_or_else(|| program.clone()),
            program,
            replica,
            set_roles,
        };
        connections.must_be_three()?;
        Ok(connections)
    }

    fn must_be_three(&self) -> Result<(), DatabaseError> {
        let owner = self.owner.get_username();
        let program = self.program.get_username();
        let reader = self.reader.get_username();
        if self.set_roles || (owner != program && program != reader && reader != owner) {
            return Ok(());
        }
        Err(DatabaseError::Addresses(
            "DATABASE_OWNER_URL, DATABASE_URL and DATABASE_READER_URL must log in as three different users: the program \
             may not own its tables, and reads may not write.",
        ))
    }

    /// The same server and roles, another database; without a replica.
    pub fn with_database(&self, database: &str) -> Self {
        Self {
            owner: self.owner.clone().database(database),
            program: self.program.clone().database(database),
            reader: self.reader.clone().database(database),
            direct: self.direct.clone().database(database),
            replica: None,
            set_roles: self.set_roles,
            pooled: self.pooled,
        }
    }

    /// Writes of requests.
    ///
    /// # Errors
    /// [`DatabaseError::Unreachable`] when not even the first connection comes about.
    pub async fn program_pool(&self, max: u32) -> Result<PgPool, DatabaseError> {
        self.session(&self.program, PROGRAM, self.pooled)
            .pool(max)
            .await
    }

    /// Writes of the worker, past the pooler.
    ///
    /// # Errors
    /// [`DatabaseError::Unreachable`] when not even the first connection comes about.
    pub async fn direct_pool(&self, max: u32) -> Result<PgPool, DatabaseError> {
        self.session(&self.direct, PROGRAM, false).pool(max).await
    }

    /// Reads on the primary, by a role that cannot write.
    ///
    /// # Errors
    /// [`DatabaseError::Unreachable`] when not even the first connection comes about.
    pub async fn reader_pool(&self, max: u32) -> Result<PgPool, DatabaseError> {
        self.session(&self.reader, READER, self.pooled)
            .pool(max)
            .await
    }

    /// Reads that may be a little old, if there is a replica. Connects when first used: a replica that is away must not
    /// keep the program from starting. Of `usual`, only connections that `is_fit` are handed out.
    pub fn replica_pools(&self, max: u32, is_fit: impl Judge) -> Option<ReplicaPools> {
        let replica = self.replica.as_ref()?;
        let session = self.session(replica, READER, self.pooled);
        let (first, judge) = (session.first.clone(), is_fit.clone());
        let usual = session
            .pool_options(max)
            .acquire_timeout(REPLICA_TIMEOUT)
            .before_acquire(move |connection, _| is_fit(connection))
            .after_connect(move |connection, _| {
                let (first, judge) = (first.clone(), judge.clone());
                Box::pin(async move {
                    if let Some(first) = first {
                        connection.execute(AssertSqlSafe(first)).await?;
                    }
                    match judge(connection).await? {
                        true => Ok(()),
                        false => Err(sqlx::Error::PoolTimedOut),
                    }
                })
            });
        let probe = session.pool_options(1).acquire_timeout(REPLICA_TIMEOUT);
        Some(ReplicaPools {
            usual: usual.connect_lazy_with(session.options.clone()),
            probe: probe.connect_lazy_with(session.options),
        })
    }

    /// One connection as the owner of every table. Its statements may take as long as a migration takes, but it gives up
    /// waiting for a lock after a while, as everybody else queues behind it.
    ///
    /// # Errors
    /// [`DatabaseError::Unreachable`].
    pub async fn owner_connection(&self) -> Result<PgConnection, DatabaseError> {
        let mut connection = connect(&self.owner).await?;
        let mut first = "set lock_timeout = '30s'; set client_min_messages = warning".to_owned();
        if self.set_roles {
            first = format!("set role {OWNER}; {first}");
        }
        connection
            .execute(AssertSqlSafe(first))
            .await
            .map_err(DatabaseError::statement("taking the owner's role"))?;
        Ok(connection)
    }

    /// Waits a moment for a server that is starting, and looks at its version.
    pub(super) async fn reach(&self) -> Result<(), DatabaseError> {
        let deadline = Instant::now() + STARTUP_PATIENCE;
        let connection = loop {
            match connect(&self.direct).await {
                Err(error) if is_starting(&error) && Instant::now() < deadline => {
                    info!("Waiting for the database");
                    sleep(Duration::from_millis(500)).await;
                }
                connected => break connected?,
            }
        };
        let version = connection.server_version_num().unwrap_or_default() / 10_000;
        // Said already; a server that cannot be left politely is left anyway.
        let _ = connection.close().await;
        if version < OLDEST_POSTGRES {
            return Err(DatabaseError::TooOld { found: version });
        }
        Ok(())
    }

    /// Whether a pooler in front knows of a statement on all its connections to the server once it was prepared on one of
    /// them. It is asked, because what goes wrong otherwise goes wrong now and then, and only under load.
    pub(super) async fn must_know_statements(&self) -> Result<(), DatabaseError> {
        if !self.pooled {
            return Ok(());
        }
        let options = self.session(&self.program, PROGRAM, true).options;
        let (mut holds, mut asks) = (connect(&options).await?, connect(&options).await?);
        let asked = timeout(STARTUP_PATIENCE, async {
            for _ in 0..3 {
                // Whoever asks meanwhile gets another connection of the server, and afterwards most likely this one.
                holds.execute("begin").await?;
                sqlx::query("select 1").execute(&mut asks).await?;
                holds.execute("commit").await?;
                sqlx::query("select 1").execute(&mut asks).await?;
            }
            sqlx::Result::Ok(())
        });
        match asked.await {
            Ok(Err(sqlx::Error::Database(error)))
                if matches!(error.code().as_deref(), Some("26000" | "42P05" | "08P01")) =>
            {
                Err(DatabaseError::Addresses(
                    "The pooler at DATABASE_URL does not keep track of prepared statements. PgBouncer does so since version \
                     1.21, with max_prepared_statements above 0; older ones need pool_mode = session.",
                ))
            }
            Ok(Err(error)) => Err(DatabaseError::statement("asking the pooler")(error)),
            // One that has a single connection to the server cannot mix them up.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    fn session(&self, options: &PgConnectOptions, role: &str, pooled: bool) -> Session {
        let mut bounds = bounds();
        if role == READER {
            bounds.push(("default_transaction_read_only", "on".to_owned()));
        }
        let options = options.clone();
        if pooled {
            // A start-up parameter that poolers do not know.
            return Session {
                options: options.extra_float_digits(None),
                first: None,
            };
        }
        if !self.set_roles {
            return Session {
                options: options.options(bounds),
                first: None,
            };
        }
        let settings = bounds
            .iter()
            .map(|(name, value)| format!("; set {name} = '{value}'"));
        let first = format!("set role {role}{}", settings.collect::<String>());
        Session {
            options,
            first: Some(first),
        }
    }
}

impl Session {
    async fn pool(self, max: u32) -> Result<PgPool, DatabaseError> {
        let pool = self
            .pool_options(max)
            .connect_with(self.options.clone())
            .await;
        pool.map_err(|source| DatabaseError::Unreachable {
            server: describe(&self.options),
            source,
        })
    }

    fn pool_options(&self, max: u32) -> PgPoolOptions {
        let first: Option<Arc<str>> = self.first.as_deref().map(Arc::from);
        PgPoolOptions::new()
            .max_connections(max)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRUSTED_IDLE {
                        // An error discards the connection and opens another.
                        ping_within(PING_TIMEOUT, connection).await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(move |connection, _| {
                let first = first.clone();
                Box::pin(async move {
                    if let Some(first) = first {
                        connection.execute(AssertSqlSafe(first)).await?;
                    }
                    Ok(())
                })
            })
            .after_release(|connection, _| {
                Box::pin(async move {
                    ping_within(RELEASE_TIMEOUT, connection).await?;
                    Ok(true)
                })
            })
    }
}

async fn ping_within(limit: Duration, connection: &mut PgConnection) -> sqlx::Result<()> {
    let answered = timeout(limit, connection.ping()).await;
    answered.unwrap_or_else(|_| Err(silent()))
}

fn silent() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())
}

/// Bounds for everything but migrations.
fn bounds() -> Vec<(&'static str, String)> {
    let seconds = |duration: Duration| format!("{}s", duration.as_secs());
    vec![
        ("statement_timeout", seconds(STATEMENT_TIMEOUT)),
        ("lock_timeout", seconds(LOCK_TIMEOUT)),
        (
            "idle_in_transaction_session_timeout",
            seconds(STATEMENT_TIMEOUT),
        ),
        // Compiling a query takes longer than any of ours should: 0.15 s for a search that takes 0.03 s.
        ("jit", "off".to_owned()),
        // So that the server notices when a client has gone.
        ("tcp_keepalives_idle", "30".to_owned()),
        ("tcp_keepalives_interval", "10".to_owned()),
        ("tcp_keepalives_count", "3".to_owned()),
        ("client_connection_check_interval", "10s".to_owned()),
    ]
}

/// `user@host:port/database`.
pub(super) fn describe(options: &PgConnectOptions) -> String {
    let user = options.get_username();
    let database = options.get_database().unwrap_or(user);
    match options.get_socket() {
        Some(socket) => format!("{user}@{}/{database}", socket.display()),
        None => format!(
            "{user}@{}:{}/{database}",
            options.get_host(),
            options.get_port()
        ),
    }
}

/// One connection as the user who logs in.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, DatabaseError> {
    let connected = timeout(CONNECT_TIMEOUT, options.connect())
        .await
        .unwrap_or_else(|_| Err(silent()));
    connected.map_err(|source| DatabaseError::Unreachable {
        server: describe(options),
        source,
    })
}

fn is_starting(error: &DatabaseError) -> bool {
    match error {
        DatabaseError::Unreachable {
            source: sqlx::Error::Io(error),
            ..
        } => error.kind() == std::io::ErrorKind::ConnectionRefused,
        // cannot_connect_now: starting up or shutting down.
        DatabaseError::Unreachable {
            source: sqlx::Error::Database(error),
            ..
        } => error.code().as_deref() == Some("57P03"),
        _ => false,
    }
}

/// An empty variable is one that is not set: compose files write them so.
pub(super) fn set(url: Option<&SecretString>) -> Option<&SecretString> {
    url.filter(|url| !url.expose_secret().trim().is_empty())
}

fn parse_set(
    variable: &'static str,
    url: Option<&SecretString>,
) -> Result<Option<PgConnectOptions>, DatabaseError> {
    set(url).map(|url| parse(variable, url)).transpose()
}

fn parse(variable: &'static str, url: &SecretString) -> Result<PgConnectOptions, DatabaseError> {
    let url = url.expose_secret().trim();
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        let reason = "it does not start with postgres://".to_owned();
        return Err(DatabaseError::Url { variable, reason });
    }
    let options: PgConnectOptions =
        url.parse()
            .map_err(|error: sqlx::Error| DatabaseError::Url {
                variable,
                reason: error.to_string(),
            })?;
    Ok(match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("madoguchi"),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::net::{UnixListener, UnixStream};
    use tokio::sync::watch;

    use super::*;
    use crate::database::Database;
    use crate::database::testing::{Scratch, fresh_database, private_config};

    async fn refusal(config: &DatabaseConfig) -> String {
        match Database::open(config, Path::new("/nowhere")).await {
            Ok(_) => panic!("must be refused"),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn addresses_that_cannot_be_meant_are_explained_without_the_password() {
        let url = |text: &str| Some(SecretString::from(text));
        let with = |url| DatabaseConfig {
            database_url: url,
            ..private_config()
        };
        for wrong in [
            "mysql://u:hidden@localhost/d",
            "hidden",
            "postgres://u:hidden@:x/d",
        ] {
            let text = refusal(&with(url(wrong))).await;
            assert!(
                text.starts_with("DATABASE_URL is not a PostgreSQL URL"),
                "{text}"
            );
            assert!(!text.contains("hidden"), "{text}");
        }
        let text = refusal(&with(url(
            "postgres://u:hidden@127.0.0.1:9/d?sslmode=disable",
        )))
        .await;
        assert!(text.contains("u@127.0.0.1:9/d cannot be used"), "{text}");
        assert!(
            text.contains("Is the server running") && !text.contains("hidden"),
            "{text}"
        );

        let mut pooled = with(url("postgres://u@localhost/d"));
        pooled.database_direct_url = url("postgres://u@localhost/d");
        let text = refusal(&pooled).await;
        assert!(text.contains("a pooler stands before"), "{text}");
        let mut half = with(url(" "));
        half.database_read_url = url("postgres://u@localhost/d");
        let text = refusal(&half).await;
        assert!(text.contains("DATABASE_URL is missing"), "{text}");
    }

    #[tokio::test]
    async fn a_server_that_turns_the_program_away_is_named() {
        let (_server, connections) = fresh_database().await;
        let run = connections.program.get_socket().unwrap().display();
        let run = run.to_string().replace('/', "%2F");
        for (user, name, advice) in [
            ("postgres", "missing", "Create the database first"),
            ("stranger", "madoguchi", "Check user and password"),
        ] {
            let url = format!("postgres://{user}@{run}/{name}");
            let config = DatabaseConfig {
                database_url: Some(url.into()),
                ..private_config()
            };
            let text = refusal(&config).await;
            assert!(text.contains(advice), "{text}");
        }
    }

    /// Stands before `server` at a socket of its own, in `folder`. Whenever `stalls` changes, the connections of that
    /// moment fall silent for ever, as behind a firewall that has forgotten them; new ones work.
    fn silent_at_will(server: &PgConnectOptions, folder: &Path, stalls: watch::Receiver<u32>) {
        let listener = UnixListener::bind(folder.join(".s.PGSQL.5432")).unwrap();
        let server = server.get_socket().unwrap().join(".s.PGSQL.5432");
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let mut server = UnixStream::connect(&server).await.unwrap();
                let mut stalls = stalls.clone();
                stalls.mark_unchanged();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        _ = stalls.changed() => std::future::pending().await,
                    }
                });
            }
        });
    }

    #[tokio::test]
    async fn connections_that_fall_silent_give_their_place_back() {
        let (_server, mut connections) = fresh_database().await;
        let scratch = Scratch::new();
        let (stall, stalls) = watch::channel(0);
        silent_at_will(&connections.program, scratch.path(), stalls);
        connections.program = connections.program.socket(scratch.path());
        let pool = connections.program_pool(4).await.unwrap();
        for _ in 0..3 {
            let mut held = Vec::new();
            for _ in 0..4 {
                held.push(pool.acquire().await.unwrap());
            }
            stall.send_modify(|count| *count += 1);
            for mut connection in held {
                // A request that runs out of time.
                let query = sqlx::query("select 1").execute(&mut *connection);
                timeout(Duration::from_millis(20), query).await.unwrap_err();
            }
        }
        let started = Instant::now();
        let answer: i32 = sqlx::query_scalar("select 1")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(answer, 1);
        assert!(started.elapsed() < ACQUIRE_TIMEOUT);

        // Idle ones, too: found out before they are handed out.
        stall.send_modify(|count| *count += 1);
        sleep(TRUSTED_IDLE + Duration::from_millis(100)).await;
        sqlx::query("select 1").execute(&pool).await.unwrap();
    }

    #[tokio::test]
    async fn a_server_that_restarts_is_found_again() {
        let (server, connections) = fresh_database().await;
        let pool = connections.program_pool(4).await.unwrap();
        let superuser = server.superuser("postgres").unwrap();
        sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1")
            .bind(connections.program.get_database())
            .execute(&mut superuser.connect().await.unwrap())
            .await
            .unwrap();
        sleep(TRUSTED_IDLE + Duration::from_millis(100)).await;
        for _ in 0..4 {
            sqlx::query("select 1").execute(&pool).await.unwrap();
        }
    }
}
