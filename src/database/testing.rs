//! What the tests of this module share: scratch folders with servers in them, and programs to kill.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgConnection};

use super::{Connections, Database, DatabaseConfig};

/// A folder of its own, short enough for a socket, that goes when the test ends, and the server in it with it.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> Self {
        let name = uuid::Uuid::new_v4().simple().to_string();
        let path = std::env::temp_dir().join(format!("madoguchi-{}", &name[..12]));
        super::create_data_dir(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.0.join("postgres/data/postmaster.pid")
    }

    /// The postmaster's number, as its pid file says.
    pub(super) fn postmaster(&self) -> Option<u32> {
        let text = fs::read_to_string(self.pid_file()).ok()?;
        text.lines().next()?.parse().ok()
    }

    /// A fast cluster without roles of ours, as an administrator's server is before the program first comes to it, and a
    /// way to make URLs for it.
    pub(super) async fn bare_cluster(&self) -> Cluster {
        let database = Database::open_for_tests(self.path()).await.unwrap();
        let cluster = Cluster {
            run: self.path().join("postgres/run"),
            superuser: database.superuser("postgres").unwrap(),
        };
        cluster.run("drop database madoguchi").await;
        cluster
            .run("drop role madoguchi_owner, madoguchi_program, madoguchi_reader")
            .await;
        cluster
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(pid) = self.postmaster() {
            signal("QUIT", pid);
        }
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server that somebody else runs.
pub(super) struct Cluster {
    run: PathBuf,
    superuser: PgConnectOptions,
}

impl Cluster {
    /// One statement, as the superuser, in the database `postgres`.
    pub(super) async fn run(&self, sql: &str) {
        self.run_in("postgres", sql).await;
    }

    pub(super) async fn run_in(&self, database: &str, sql: &str) {
        let mut connection = self
            .superuser
            .clone()
            .database(database)
            .connect()
            .await
            .unwrap();
        connection
            .execute(AssertSqlSafe(sql.to_owned()))
            .await
            .unwrap();
    }

    pub(super) fn url(&self, user: &str, database: &str) -> SecretString {
        let run = self.run.display().to_string().replace('/', "%2F");
        format!("postgres://{user}:hidden@{run}/{database}").into()
    }

    pub(super) fn config(&self, user: &str, database: &str) -> DatabaseConfig {
        DatabaseConfig {
            database_url: Some(self.url(user, database)),
            ..private_config()
        }
    }
}

/// An empty database on the server that all tests share, and how the roles connect to it.
pub(crate) async fn fresh_database() -> (Database, Connections) {
    // target/debug/deps/madoguchi-… → target
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap();
    let server = Database::open_for_tests(&target.join("unit-postgres"))
        .await
        .unwrap();
    let mut superuser = server
        .superuser("postgres")
        .unwrap()
        .connect()
        .await
        .unwrap();
    drop_left_behind(&mut superuser).await;
    let name = format!(
        "unit_{}_{}",
        std::process::id(),
        uuid::Uuid::new_v4().simple()
    );
    let sql = format!("create database {name} owner madoguchi_owner");
    superuser.execute(AssertSqlSafe(sql)).await.unwrap();
    let connections = server.connections.with_database(&name);
    (server, connections)
}

/// The server stays when a test process ends, so the next one clears up after it.
async fn drop_left_behind(superuser: &mut PgConnection) {
    let names: Vec<String> =
        sqlx::query_scalar("select datname::text from pg_database where datname like 'unit\\_%'")
            .fetch_all(&mut *superuser)
            .await
            .unwrap();
    for name in names {
        let pid = name.split('_').nth(1).unwrap();
        if !Path::new("/proc").join(pid).exists() {
            // Another test may be quicker.
            let sql = format!("drop database if exists {name}");
            let _ = superuser.execute(AssertSqlSafe(sql)).await;
        }
    }
}

/// What a process is told that is told nothing.
pub(super) fn private_config() -> DatabaseConfig {
    DatabaseConfig {
        database_url: None,
        database_owner_url: None,
        database_reader_url: None,
        database_direct_url: None,
        database_read_url: None,
        pg_bin_dir: std::env::var_os("MADOGUCHI_PG_BIN_DIR").map(PathBuf::from),
        database_max_connections: 4,
        database_read_max_connections: 4,
        database_read_max_lag_seconds: 5,
    }
}

pub(super) fn signal(name: &str, pid: u32) {
    let _ = Command::new("sh")
        .args(["-c", &format!("kill -{name} {pid}")])
        .stderr(Stdio::null())
        .status();
}

pub(super) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Another program with the same data folder: this test binary once more, at work in [`program`].
pub(super) struct Program {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Does not wait until it is ready.
    pub(super) fn start(data_dir: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "database::testing::program",
                "--ignored",
                "--nocapture",
            ])
            .env("MADOGUCHI_TEST_DATA_DIR", data_dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, said }
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn wait_for(&mut self, word: &str) {
        assert!(
            self.said.any(|line| line.unwrap().contains(word)),
            "the program never said {word}"
        );
    }

    pub(super) fn end(mut self, with: &str) {
        signal(with, self.pid());
        self.process.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Opens the database, says so, and closes it when it is asked to end.
#[tokio::test]
#[ignore = "started by other tests as a process of its own"]
async fn program() {
    let Some(data_dir) = std::env::var_os("MADOGUCHI_TEST_DATA_DIR") else {
        return;
    };
    let mut asked =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
    let database = Database::open(&private_config(), Path::new(&data_dir))
        .await
        .unwrap();
    println!("ready");
    std::io::stdout().flush().unwrap();
    asked.recv().await;
    database.stop().await;
}
