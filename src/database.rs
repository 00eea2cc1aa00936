//! The database: a PostgreSQL that others run, or a private one that this program supervises.
//!
//! [`Database::open`] finds out which and says how each of three roles connects ([`Connections`]); [`migrate`] brings the
//! schema up to date and gives the roles their rights. The owner's role makes and owns the tables. The program's role
//! reads and writes rows, but cannot change what is append-only, nor drop a trigger. The reader's role only reads.
//!
//! - With `DATABASE_URL`, that server is used, and this module starts and stops nothing.
//! - Without it, a private server lives below the data folder: see `database/private.rs`.
//!
//! Where roles log in apart, an administrator makes them and names them as they like; each needs `connect` on the
//! database, and the owner `create` on the schema `public`. Everything else is granted by [`migrate`].
//!
//! What this leaves to others: transactions and who may do what (`store`), the schema itself (`migrations/`).

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

mod connections;
mod error;
mod migrate;
mod private;
mod programs;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use connections::TRUSTED_IDLE;
pub use connections::{
    ACQUIRE_TIMEOUT, Connections, LOCK_TIMEOUT, ReplicaPools, STATEMENT_TIMEOUT,
};
pub use error::DatabaseError;
pub use migrate::{check, migrate};
pub use private::create_data_dir;

use connections::connect;
use private::{Durability, PrivateServer};

/// What a database may ask for in `program_requirement`. Raised with a migration that older programs cannot live with:
/// first a release that works on both schemas, then the migration that asks for it.
pub const PROGRAM_VERSION: i32 = 1;

/// The oldest PostgreSQL that this program is tried with.
const OLDEST_POSTGRES: u32 = 15;

/// Owns the tables; runs migrations.
const OWNER: &str = "madoguchi_owner";
/// Serves requests and jobs.
const PROGRAM: &str = "madoguchi_program";
/// Reads.
const READER: &str = "madoguchi_reader";
/// The database in a private cluster.
const DATABASE: &str = "madoguchi";
/// What the database must have from PostgreSQL's contrib modules.
const EXTENSIONS: &str = "set client_min_messages = warning; create extension if not exists btree_gist; create extension if not exists btree_gin";

/// Where the database is.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseConfig {
    /// PostgreSQL 15 or newer, such as postgres://user:password@host/database. Alone, its user makes the three roles and
    /// takes them by `set role`. Without it, the program runs a private PostgreSQL in the data folder
    #[arg(
        long,
        global = true,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_url: Option<SecretString>,

    /// Owner of the tables, for migrations, where roles log in apart
    #[arg(
        long,
        global = true,
        env = "DATABASE_OWNER_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_owner_url: Option<SecretString>,

    /// Reader on the primary, where roles log in apart
    #[arg(
        long,
        global = true,
        env = "DATABASE_READER_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_reader_url: Option<SecretString>,

    /// The way past a transaction pooler that stands at DATABASE_URL and DATABASE_READER_URL; for the worker
    #[arg(
        long,
        global = true,
        env = "DATABASE_DIRECT_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_direct_url: Option<SecretString>,

    /// A replica for figures, exports and search
    #[arg(
        long,
        global = true,
        env = "DATABASE_READ_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_read_url: Option<SecretString>,

    /// Folder with initdb, postgres and pg_ctl for the private database; else the newest below /usr/lib/postgresql, then
    /// PATH
    #[arg(long, global = true, env = "MADOGUCHI_PG_BIN_DIR", value_name = "DIR")]
    pub pg_bin_dir: Option<PathBuf>,

    /// Most connections for writing; half of them belong to the threads of the HTTP server, one each at least, and a quarter
    /// to the workers
    #[arg(long, global = true, env = "MADOGUCHI_DATABASE_MAX_CONNECTIONS", default_value_t = 16, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_max_connections: u32,

    /// Most connections for reading; half of them belong to the threads of the HTTP server, one each at least
    #[arg(long, global = true, env = "MADOGUCHI_DATABASE_READ_MAX_CONNECTIONS", default_value_t = 16, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_read_max_connections: u32,

    /// How many seconds the replica may be behind; the primary is read where it is more
    #[arg(long, global = true, env = "MADOGUCHI_DATABASE_READ_MAX_LAG_SECONDS", default_value_t = 5, value_name = "N",
          value_parser = clap::value_parser!(u64).range(1..=300))]
    pub database_read_max_lag_seconds: u64,
}

/// An open database. While it lives, a private server runs; the last program that lets go of one stops it.
pub struct Database {
    /// How each role connects.
    pub connections: Connections,
    private: Option<PrivateServer>,
}

impl Database {
    /// Reaches the server of `DATABASE_URL`, or starts or joins the private one below `data_dir`, which is made if it is
    /// missing. The schema is left as it is: see [`migrate`] and [`check`].
    ///
    /// # Errors
    /// Any [`DatabaseError`] but those about migrations; each says what to do.
    pub async fn open(config: &DatabaseConfig, data_dir: &Path) -> Result<Self, DatabaseError> {
        match connections::set(config.database_url.as_ref()) {
            Some(url) => {
                let connections = Connections::of_urls(config, url)?;
                connections.reach().await?;
                connections.must_know_statements().await?;
                Ok(Self {
                    connections,
                    private: None,
                })
            }
            None => {
                config.must_be_private()?;
                let pg_bin_dir = config.pg_bin_dir.as_deref();
                Self::open_private(data_dir, pg_bin_dir, Durability::Durable).await
            }
        }
    }

    /// For tests: starts or joins a fast server in `dir` that survives nothing and keeps running when the test process
    /// ends, so that the next one finds it. Where `dir` does not do (root runs the tests in a home folder, or the path
    /// is too long for a socket), the server lives in the folder for temporary files. `MADOGUCHI_PG_BIN_DIR` counts here too.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn open_for_tests(dir: &Path) -> Result<Self, DatabaseError> {
        let pg_bin_dir = std::env::var_os("MADOGUCHI_PG_BIN_DIR").map(PathBuf::from);
        let pg_bin_dir = pg_bin_dir.as_deref();
        match Self::open_private(dir, pg_bin_dir, Durability::ThrowAway).await {
            Err(
                DatabaseError::NotEnterable { path, .. } | DatabaseError::PathTooLong { path, .. },
            ) => {
                let name = uuid_of_path(&path).simple();
                let elsewhere = std::env::temp_dir().join(format!("madoguchi-test-{name}"));
                Self::open_private(&elsewhere, pg_bin_dir, Durability::ThrowAway).await
            }
            opened => opened,
        }
    }

    async fn open_private(
        data_dir: &Path,
        pg_bin_dir: Option<&Path>,
        durability: Durability,
    ) -> Result<Self, DatabaseError> {
        let data_dir = data_dir.to_owned();
        let pg_bin_dir = pg_bin_dir.map(Path::to_owned);
        let opened = tokio::task::spawn_blocking(move || {
            PrivateServer::open(&data_dir, pg_bin_dir.as_deref(), durability)
        });
        let (private, start_lock) = opened
            .await
            .expect("opening does not panic and is not cancelled")?;
        set_up(&private).await?;
        drop(start_lock);
        let connections = Connections::of_roles(|role| {
            private
                .options(role, DATABASE)
                .application_name("madoguchi")
        });
        Ok(Self {
            connections,
            private: Some(private),
        })
    }

    /// How the superuser of a private server connects, for tests that make databases of their own; `None` where others run
    /// the server.
    pub fn superuser(&self, database: &str) -> Option<PgConnectOptions> {
        self.private
            .as_ref()
            .map(|private| private.options(private::SUPERUSER, database))
    }

    /// Lets go of the database. A private server is stopped unless another program uses it.
    pub async fn stop(self) {
        let Some(mut private) = self.private else {
            return;
        };
        let stopped = tokio::task::spawn_blocking(move || private.release()).await;
        stopped.expect("stopping does not panic and is not cancelled");
    }
}

impl DatabaseConfig {
    /// Half an external configuration is a mistake, not a wish for a private database.
    fn must_be_private(&self) -> Result<(), DatabaseError> {
        let others = [
            &self.database_owner_url,
            &self.database_reader_url,
            &self.database_direct_url,
            &self.database_read_url,
        ];
        if others
            .iter()
            .any(|url| connections::set(url.as_ref()).is_some())
        {
            return Err(DatabaseError::Addresses(
                "DATABASE_URL is missing: the other DATABASE_…_URL only add to it. Set it, or set none of them to use a \
                 private database.",
            ));
        }
        Ok(())
    }
}

/// Roles, database and extension of a private cluster. The superuser does this and nothing else, so that the owner needs
/// no more rights than over its own database. Needs the start lock.
async fn set_up(private: &PrivateServer) -> Result<(), DatabaseError> {
    let doing = DatabaseError::statement;
    let mut cluster = connect(&private.options(private::SUPERUSER, "postgres")).await?;
    cluster
        .execute(include_str!("database/private_roles.sql"))
        .await
        .map_err(doing("making its roles"))?;
    let exists: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(DATABASE)
            .fetch_one(&mut cluster)
            .await
            .map_err(doing("looking for the database"))?;
    if !exists {
        create_database(&mut cluster)
            .await
            .map_err(doing("making the database"))?;
    }
    let _ = cluster.close().await;
    let mut database = connect(&private.options(private::SUPERUSER, DATABASE)).await?;
    database.execute(EXTENSIONS).await.map_err(doing(
        "making the extensions (from the package postgresql-contrib)",
    ))?;
    let _ = database.close().await;
    Ok(())
}

async fn create_database(cluster: &mut PgConnection) -> sqlx::Result<()> {
    let sql = format!("create database {DATABASE} owner {OWNER}");
    cluster.execute(AssertSqlSafe(sql)).await?;
    Ok(())
}

/// The same path has the same name, in every process.
fn uuid_of_path(path: &Path) -> uuid::Uuid {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Uuid::from_bytes(bytes)
}
