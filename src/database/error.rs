//! What can go wrong between the program and its database, each as a sentence that says what to do.

use std::io;
use std::path::{Path, PathBuf};

use super::PROGRAM_VERSION;

/// The command that installs a PostgreSQL on Debian.
pub(super) const INSTALL: &str = "apt-get install postgresql postgresql-contrib";

/// Why there is no database to work with. Every variant's text is meant for the operator, so that it can be printed as
/// it stands; none holds a password.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No PostgreSQL server programs on this machine.
    #[error(
        "No PostgreSQL server programs were found (looked in {looked_in}). Install them with `{INSTALL}`, or name their \
         folder with MADOGUCHI_PG_BIN_DIR, or set DATABASE_URL to use a server that runs elsewhere."
    )]
    NoBinaries {
        /// The folders that were searched.
        looked_in: String,
    },
    /// The programs are there, but too old.
    #[error(
        "PostgreSQL {found} is too old: version {} or newer is needed. Install a newer one with `{INSTALL}`, or set \
         DATABASE_URL to use a server that runs elsewhere.",
        super::OLDEST_POSTGRES
    )]
    TooOld {
        /// The newest major version that was found.
        found: u32,
    },
    /// The data folder was made by a PostgreSQL that is not installed.
    #[error(
        "The private database in {} was made by PostgreSQL {data}, but {} is installed here. {}",
        .path.display(),
        .found.as_ref().map_or_else(|| "another version".to_owned(), |major| format!("PostgreSQL {major}")),
        data_version_advice(.data, .found)
    )]
    DataVersion {
        /// The data folder.
        path: PathBuf,
        /// What its `PG_VERSION` says.
        data: String,
        /// The newest major version that was found.
        found: Option<u32>,
    },
    /// A file or folder of the private database cannot be made, read or written.
    #[error(
        "{} cannot be used for the private database: {source}. Give this user a folder to write in with \
         MADOGUCHI_DATA_DIR, run the program as the user who started it first, or set DATABASE_URL.",
        .path.display()
    )]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Started by root, PostgreSQL must run as somebody else, who cannot get to the folder.
    #[error(
        "PostgreSQL does not run as root, and the user `{account}`, as whom it would run, cannot enter {}. Choose a \
         folder outside home folders with MADOGUCHI_DATA_DIR (such as /var/lib/madoguchi), or let others enter it with \
         `chmod o+x`.",
        .path.display()
    )]
    NotEnterable {
        /// The data folder.
        path: PathBuf,
        /// The unprivileged user.
        account: String,
    },
    /// The path of the socket would not fit into a socket address.
    #[error(
        "{} is too long a path for a private database: the socket in it would need {length} bytes, and a Unix socket \
         has room for {limit}. Choose a shorter folder with MADOGUCHI_DATA_DIR.",
        .path.display()
    )]
    PathTooLong {
        /// The data folder.
        path: PathBuf,
        /// What the socket's path would need, in bytes.
        length: usize,
        /// What there is room for, in bytes.
        limit: usize,
    },
    /// Root started the program and there is no unprivileged user.
    #[error(
        "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor a user `nobody`. Start the \
         program as an ordinary user, or set DATABASE_URL."
    )]
    NoAccount,
    /// Another program holds the folder and does not let go.
    #[error(
        "Another madoguchi program has been starting or stopping the private database in {} for {seconds} seconds. Wait \
         for it or end it, then try again.",
        .path.display()
    )]
    Busy {
        /// The data folder.
        path: PathBuf,
        /// How long this program has waited.
        seconds: u64,
    },
    /// A program of PostgreSQL (`initdb`, `postgres`) failed.
    #[error("PostgreSQL's `{program}` failed. It said:\n{output}")]
    Command {
        /// Which one.
        program: &'static str,
        /// The end of what it printed.
        output: String,
    },
    /// A variable holds something that is not an address of a PostgreSQL database.
    #[error(
        "{variable} is not a PostgreSQL URL such as `postgres://user@host:5432/database`: {reason}"
    )]
    Url {
        /// The environment variable.
        variable: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Addresses that do not go together.
    #[error("{0}")]
    Addresses(&'static str),
    /// The server cannot be reached or turns the program away.
    #[error("The database {server} cannot be used: {source}. {}", connect_advice(.source))]
    Unreachable {
        /// `user@host:port/database`, without a password.
        server: String,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// The three roles or what they need cannot be made by the user who logs in.
    #[error(
        "The user of DATABASE_URL may not prepare this database ({reason}). Let an administrator run this in the \
         database `{database}`, then start again:\n\n{sql}"
    )]
    NotPrepared {
        /// What the server refused.
        reason: String,
        /// The database in which the statements are to be run.
        database: String,
        /// The statements.
        sql: String,
    },
    /// A newer program has changed the database in a way that this one does not understand.
    #[error(
        "This database needs a newer madoguchi: it asks for program version {needed}, this is version {PROGRAM_VERSION}. \
         Install the newer release; going back needs the backup from before the upgrade."
    )]
    ProgramTooOld {
        /// The least program version the database asks for.
        needed: i32,
    },
    /// Migrations of this program are missing in the database.
    #[error(
        "The database lacks {missing} of this program's migrations (the first is {first}). Run `madoguchi migrate`, or \
         start without --no-migrate."
    )]
    NotMigrated {
        /// How many.
        missing: usize,
        /// The number of the first one.
        first: i64,
    },
    /// A migration failed or is not the one that was applied.
    #[error("{}", migration_text(.0))]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Any other statement failed.
    #[error("The database refused a statement while {doing}: {source}")]
    Statement {
        /// What the program was about to do.
        doing: &'static str,
        /// What the driver said.
        source: sqlx::Error,
    },
}

impl DatabaseError {
    /// For `map_err`: an error at this file or folder.
    pub(super) fn folder(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Folder { path, source }
    }

    /// For `map_err`: an error of a statement.
    pub(super) fn statement(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Statement { doing, source }
    }
}

fn data_version_advice(data: &str, found: &Option<u32>) -> String {
    match (data.parse::<u32>(), found) {
        (Ok(data), Some(found)) if data < *found => format!(
            "Install the old one beside it with `apt-get install postgresql-{data}` (it will be used), or move the data \
             with pg_upgrade."
        ),
        (Ok(data), _) => format!(
            "A data folder cannot be opened by an older PostgreSQL: install the newer one with `apt-get install \
             postgresql-{data}`, or choose another folder with MADOGUCHI_DATA_DIR."
        ),
        (Err(_), _) => {
            "Its file PG_VERSION is damaged: restore the folder from a backup.".to_owned()
        }
    }
}

fn connect_advice(source: &sqlx::Error) -> &'static str {
    match source {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => {
            "Is the server running, and do host and port in DATABASE_URL fit?"
        }
        sqlx::Error::Tls(_) => "Does the `sslmode` in DATABASE_URL fit what the server offers?",
        sqlx::Error::Database(error) => match error.code().as_deref() {
            Some("28000" | "28P01") => {
                "Check user and password in DATABASE_URL, and the server's pg_hba.conf."
            }
            Some("3D000") => "Create the database first, with encoding UTF8.",
            Some("53300") => "Raise max_connections of the server or lower the pools' sizes.",
            _ => "The server's log says more.",
        },
        _ => "The server's log says more.",
    }
}

fn migration_text(error: &sqlx::migrate::MigrateError) -> String {
    use sqlx::migrate::MigrateError;
    match error {
        MigrateError::VersionMismatch(version) => format!(
            "Migration {version} of this program is not the one that was applied to this database: program and database \
             do not belong together. Use the release that made the database, or another database."
        ),
        MigrateError::ExecuteMigration(source, version) => format!(
            "Migration {version} failed and was rolled back, nothing of it was kept: {source}"
        ),
        other => format!("The migrations could not be run: {other}"),
    }
}
