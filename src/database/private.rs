//! The private PostgreSQL: a server of the program's own, for everybody who has not set `DATABASE_URL`.
//!
//! It runs from the installed programs, as an unprivileged user when root starts it, and listens on nothing but a Unix
//! socket in a folder that only that user (and root) can enter. Below the data folder:
//!
//! | path | what |
//! |---|---|
//! | `postgres/data` | the database cluster |
//! | `postgres/run` | the socket, 0700 |
//! | `postgres/log` | a week of server logs, `start.log` has what came before the server logs by itself |
//! | `postgres.start.lock` | held while a server is being started or stopped |
//! | `postgres.users.lock` | held, shared, by every program that uses the server |
//!
//! **Who stops it?** The last one to leave. Every program holds `users.lock` shared; on its way out it takes
//! `start.lock`, lets go, and stops the server only if it can then have `users.lock` for itself. So a subcommand beside
//! `serve` stops nothing, one that is alone cleans up after itself, and when `serve` ends under a long subcommand the
//! server stays for it. The kernel frees the locks of a killed program; the next one adopts the server it leaves behind,
//! and stops it like one of its own.
//!
//! A server that dies under a running program is started again within a second ([`Watch`]); PostgreSQL recovers by
//! itself from its write-ahead log.
//!
//! All of this blocks: callers in async code use `spawn_blocking`.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use tracing::{debug, error, info, warn};

use super::error::DatabaseError;
use super::programs::{Account, Programs};

/// The superuser of the private cluster; used to set it up and for nothing else.
pub(super) const SUPERUSER: &str = "postgres";
/// Only part of the socket's name, as nothing listens on the network.
const PORT: u16 = 5432;
/// What fits into `sockaddr_un` on Linux, without the final zero.
const SOCKET_PATH_LIMIT: usize = 107;
/// How long another program may take to start or stop the server.
const LOCK_PATIENCE: Duration = Duration::from_secs(120);
/// Recovery after a crash reads up to `max_wal_size` of log.
const START_PATIENCE: Duration = Duration::from_secs(300);
/// After a kill, backends need a moment to notice that their postmaster is gone; a new one must wait for them.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(30);
const STOP_PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);
const WATCH_PERIOD: Duration = Duration::from_millis(500);

/// What a new cluster starts with; whoever runs it may change it in `postgresql.conf`.
const TUNING: &str = "
# Madoguchi: a modest machine, short transactions.
shared_buffers = 256MB
max_wal_size = 2GB
random_page_cost = 1.1
jit = off
";

/// What the server holds with every start. Rows and parameters stay out of the log: they are personal data.
const ALWAYS: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
];

const DURABLE: &[&str] = &[
    "logging_collector=on",
    "log_directory=../log",
    "log_filename=postgresql-%a.log",
    "log_truncate_on_rotation=on",
    "log_rotation_age=1d",
    "log_rotation_size=0",
];

const THROW_AWAY: &[&str] = &[
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    // It may live in memory.
    "max_wal_size=128MB",
    "min_wal_size=32MB",
    "max_connections=300",
    "autovacuum_naptime=5min",
];

/// What the data are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// Everything committed survives a power cut.
    Durable,
    /// For tests: fast, survives nothing, keeps running when its users leave.
    ThrowAway,
}

/// The program's hold on a private server: while it lives, the server runs.
#[derive(Debug)]
pub(super) struct PrivateServer {
    server: Arc<Server>,
    /// `users.lock`, shared.
    hold: Option<File>,
    watch: Option<Watch>,
}

/// `start.lock`, exclusive: nobody else starts or stops the server while this lives.
#[derive(Debug)]
pub(super) struct StartLock(File);

impl Drop for StartLock {
    fn drop(&mut self) {
        unlock(&self.0);
    }
}

/// Closing would not do: a process that another thread is just starting holds a copy of every file for a moment, and a
/// lock goes with its last copy.
fn unlock(file: &File) {
    if let Err(error) = file.unlock() {
        warn!(%error, "A lock of the private database stays until this program ends");
    }
}

impl PrivateServer {
    /// Starts the server below `data_dir`, or joins the one that runs there. Also returns the lock under which the
    /// caller may set up the cluster.
    pub(super) fn open(
        data_dir: &Path,
        pg_bin_dir: Option<&Path>,
        durability: Durability,
    ) -> Result<(Self, StartLock), DatabaseError> {
        create_data_dir(data_dir)?;
        let layout = Layout::new(data_dir)?;
        let account = Account::to_run_as()?;
        if let Some(account) = &account {
            account.must_enter(&layout.root)?;
        }
        let start_lock = layout.lock_start(LOCK_PATIENCE)?;
        let hold = layout.lock_users()?;
        let programs = Programs::find(pg_bin_dir, &layout.data)?;
        let server = Arc::new(Server {
            layout,
            programs,
            account,
            durability,
            child: Mutex::new(None),
        });
        server.ensure_running()?;
        let watch = (durability == Durability::Durable).then(|| Watch::over(&server));
        let private = Self {
            server,
            hold: Some(hold),
            watch,
        };
        Ok((private, start_lock))
    }

    /// How `user` connects to `database`.
    pub(super) fn options(&self, user: &str, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.server.layout.run)
            .port(PORT)
            .username(user)
            .database(database)
    }

    /// Lets go of the server, and stops it when nobody else uses it. Blocks until it has stopped.
    pub(super) fn release(&mut self) {
        // First, or the watch would start again what is being stopped.
        drop(self.watch.take());
        let Some(hold) = self.hold.take() else { return };
        if self.server.durability == Durability::ThrowAway {
            unlock(&hold);
            return;
        }
        if let Err(error) = self.server.stop_if_last(&hold) {
            warn!(%error, "The private database was left running");
        }
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        self.release();
    }
}

/// Makes the data folder if it is missing: for root so that the unprivileged user can pass through it, for anybody else
/// closed to others.
///
/// # Errors
/// [`DatabaseError::Folder`] when it cannot be made.
pub fn create_data_dir(data_dir: &Path) -> Result<(), DatabaseError> {
    if data_dir.is_dir() {
        return Ok(());
    }
    let mode = if Account::is_root() { 0o711 } else { 0o700 };
    if let Some(parent) = data_dir.parent() {
        fs::create_dir_all(parent).map_err(DatabaseError::folder(parent))?;
    }
    match DirBuilder::new().mode(mode).create(data_dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && data_dir.is_dir() => Ok(()),
        made => made.map_err(DatabaseError::folder(data_dir)),
    }
}

/// Where everything lies.
#[derive(Debug)]
struct Layout {
    root: PathBuf,
    home: PathBuf,
    data: PathBuf,
    run: PathBuf,
    log: PathBuf,
}

impl Layout {
    fn new(data_dir: &Path) -> Result<Self, DatabaseError> {
        // The server changes its working folder, and /proc shows folders without symbolic links.
        let root = data_dir
            .canonicalize()
            .map_err(DatabaseError::folder(data_dir))?;
        let home = root.join("postgres");
        let layout = Self {
            data: home.join("data"),
            run: home.join("run"),
            log: home.join("log"),
            root,
            home,
        };
        let length = layout.socket().as_os_str().len();
        if length > SOCKET_PATH_LIMIT {
            return Err(DatabaseError::PathTooLong {
                path: layout.root,
                length,
                limit: SOCKET_PATH_LIMIT,
            });
        }
        Ok(layout)
    }

    fn socket(&self) -> PathBuf {
        self.run.join(format!(".s.PGSQL.{PORT}"))
    }

    fn start_log(&self) -> PathBuf {
        self.log.join("start.log")
    }

    fn open_lock(&self, name: &str) -> Result<File, DatabaseError> {
        let path = self.root.join(name);
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(DatabaseError::folder(&path))
    }

    fn lock_start(&self, patience: Duration) -> Result<StartLock, DatabaseError> {
        let file = self.open_lock("postgres.start.lock")?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(StartLock(file)),
                Err(TryLockError::Error(source)) => {
                    return Err(DatabaseError::folder(&self.root)(source));
                }
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(DatabaseError::Busy {
                        path: self.root.clone(),
                        seconds: patience.as_secs(),
                    });
                }
            }
        }
    }

    /// Never waits: only the holder of `start.lock` ever asks for more than a share, and only for a moment.
    fn lock_users(&self) -> Result<File, DatabaseError> {
        let file = self.open_lock("postgres.users.lock")?;
        file.lock_shared()
            .map_err(DatabaseError::folder(&self.root))?;
        Ok(file)
    }

    fn nobody_else_uses_it(&self) -> Result<bool, DatabaseError> {
        let file = self.open_lock("postgres.users.lock")?;
        match file.try_lock() {
            Ok(()) => {
                unlock(&file);
                Ok(true)
            }
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(source)) => Err(DatabaseError::folder(&self.root)(source)),
        }
    }
}

/// What the folder says about a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Absent,
    Starting,
    Ready,
    Stopping,
}

/// The cluster and how to start and stop it; shared with the watch.
#[derive(Debug)]
struct Server {
    layout: Layout,
    programs: Programs,
    account: Option<Account>,
    durability: Durability,
    /// The postmaster, if it was this program that started it.
    child: Mutex<Option<Child>>,
}

impl Server {
    /// Needs `start.lock`.
    fn ensure_running(&self) -> Result<(), DatabaseError> {
        self.create_folders()?;
        self.create_cluster()?;
        let deadline = Instant::now() + START_PATIENCE;
        while Instant::now() < deadline {
            match self.state() {
                State::Ready => return Ok(()),
                State::Absent => self.start(deadline)?,
                State::Starting | State::Stopping => sleep(PAUSE),
            }
        }
        Err(self.start_failure())
    }

    /// `postmaster.pid` and the process it names; the socket decides where the process cannot be seen (a container
    /// beside this one that shares the folder).
    fn state(&self) -> State {
        let pid_file =
            fs::read_to_string(self.layout.data.join("postmaster.pid")).unwrap_or_default();
        let mut lines = pid_file.lines();
        let pid = lines.next().and_then(|line| line.trim().parse().ok());
        if !pid.is_some_and(|pid| self.is_postmaster(pid)) {
            return match UnixStream::connect(self.layout.socket()) {
                Ok(_) => State::Ready,
                Err(_) => State::Absent,
            };
        }
        // The eighth line, written by the postmaster as it goes along.
        match lines.nth(6).map(str::trim) {
            Some("ready") => State::Ready,
            Some("stopping") => State::Stopping,
            _ => State::Starting,
        }
    }

    fn pid(&self) -> Option<u32> {
        let pid_file = fs::read_to_string(self.layout.data.join("postmaster.pid")).ok()?;
        let pid = pid_file.lines().next()?.trim().parse().ok()?;
        self.is_postmaster(pid).then_some(pid)
    }

    /// Numbers of processes are given out again: this one must be a PostgreSQL at work in our folder.
    fn is_postmaster(&self, pid: u32) -> bool {
        let comm = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        comm.trim() == "postgres"
            && fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == self.layout.data)
    }

    fn create_folders(&self) -> Result<(), DatabaseError> {
        for folder in [&self.layout.home, &self.layout.run, &self.layout.log] {
            match DirBuilder::new().mode(0o700).create(folder) {
                Ok(()) => self.give_away(folder)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(DatabaseError::folder(folder)(error)),
            }
        }
        // A guard against a folder somebody made or opened by hand: trust authentication rests on it.
        let mode = fs::metadata(&self.layout.run)
            .map_err(DatabaseError::folder(&self.layout.run))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            fs::set_permissions(&self.layout.run, fs::Permissions::from_mode(0o700))
                .map_err(DatabaseError::folder(&self.layout.run))?;
        }
        Ok(())
    }

    fn give_away(&self, path: &Path) -> Result<(), DatabaseError> {
        match &self.account {
            Some(account) => chown(path, Some(account.uid), Some(account.gid))
                .map_err(DatabaseError::folder(path)),
            None => Ok(()),
        }
    }

    /// `initdb`, once. It works in a folder that gets its name when it is complete, so that a killed one leaves nothing
    /// half done.
    fn create_cluster(&self) -> Result<(), DatabaseError> {
        if self.layout.data.join("PG_VERSION").exists() {
            return Ok(());
        }
        info!(path = %self.layout.data.display(), "Creating the private database");
        self.remove_unfinished();
        let unfinished = self
            .layout
            .home
            .join(format!("data.{}", uuid::Uuid::new_v4().simple()));
        let mut command = self.command("initdb");
        command
            .args(["--username", SUPERUSER, "--auth", "trust"])
            .args(["--encoding", "UTF8", "--locale", "C.UTF-8"])
            .arg("--no-instructions")
            .arg("--pgdata")
            .arg(&unfinished);
        if self.durability == Durability::ThrowAway {
            command.arg("--no-sync");
        }
        run(command, "initdb")?;
        if self.durability == Durability::Durable {
            append(&unfinished.join("postgresql.conf"), TUNING)?;
        }
        fs::rename(&unfinished, &self.layout.data).map_err(DatabaseError::folder(&self.layout.data))
    }

    /// A hygiene matter: what cannot be removed stays.
    fn remove_unfinished(&self) {
        for entry in fs::read_dir(&self.layout.home)
            .into_iter()
            .flatten()
            .flatten()
        {
            if entry.file_name().to_string_lossy().starts_with("data.") {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Starts a server and waits until it takes connections. An orphan of a killed one may hold the shared memory for
    /// a moment longer; then it tries again.
    fn start(&self, deadline: Instant) -> Result<(), DatabaseError> {
        let orphans_gone = Instant::now() + ORPHAN_PATIENCE;
        self.remove_misleading_lock_files();
        loop {
            let mut child = self.spawn()?;
            let exited = loop {
                if let Some(status) = child
                    .try_wait()
                    .map_err(DatabaseError::folder(&self.layout.data))?
                {
                    break Some(status);
                }
                if self.pid() == Some(child.id()) && self.state() == State::Ready {
                    break None;
                }
                if Instant::now() > deadline {
                    return Err(self.start_failure());
                }
                sleep(PAUSE);
            };
            let Some(status) = exited else {
                debug!(process.id = child.id(), "The private database is up");
                *self.child() = Some(child);
                return Ok(());
            };
            if self.state() != State::Absent {
                // A server whose starter was killed before its pid file was there.
                return Ok(());
            }
            debug!(%status, "The private database did not start");
            let orphans = tail(&self.layout.start_log()).contains("shared memory block");
            if !orphans || Instant::now() > orphans_gone {
                return Err(self.start_failure());
            }
            sleep(Duration::from_millis(100));
        }
    }

    fn spawn(&self) -> Result<Child, DatabaseError> {
        let log_path = self.layout.start_log();
        let log = File::create(&log_path).map_err(DatabaseError::folder(&log_path))?;
        let errors = log.try_clone().map_err(DatabaseError::folder(&log_path))?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(&self.layout.data);
        command.arg("-p").arg(PORT.to_string());
        command.arg("-k").arg(&self.layout.run);
        let kind = match self.durability {
            Durability::Durable => DURABLE,
            Durability::ThrowAway => THROW_AWAY,
        };
        for setting in ALWAYS.iter().chain(kind) {
            command.arg("-c").arg(setting);
        }
        command
            // Ctrl-C in a terminal goes to the whole group: the program must finish first.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(DatabaseError::folder(&self.programs.bin_dir))
    }

    /// PostgreSQL clears up after a dead server, but not when its number belongs to another process by now, as happens
    /// when a container starts again, nor when nobody has reaped it.
    fn remove_misleading_lock_files(&self) {
        let pid_file = self.layout.data.join("postmaster.pid");
        let socket_lock = self.layout.run.join(format!(".s.PGSQL.{PORT}.lock"));
        for lock_file in [pid_file, socket_lock] {
            let Ok(text) = fs::read_to_string(&lock_file) else {
                continue;
            };
            let pid: Option<u32> = text
                .lines()
                .next()
                .and_then(|line| line.trim().parse().ok());
            let misleading = match pid {
                Some(pid) => {
                    Path::new(&format!("/proc/{pid}")).exists() && !self.is_postmaster(pid)
                }
                None => true,
            };
            if misleading {
                debug!(path = %lock_file.display(), "Removing the lock file of a server that is gone");
                let _ = fs::remove_file(lock_file);
            }
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.bin_dir.join(program));
        command
            // Nothing of PGDATA, PGPORT and the like.
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .current_dir("/");
        if let Some(account) = &self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }

    fn start_failure(&self) -> DatabaseError {
        DatabaseError::Command {
            program: "postgres",
            output: tail(&self.layout.start_log()),
        }
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        // A panic elsewhere does not make the number of a process wrong.
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop_if_last(&self, hold: &File) -> Result<(), DatabaseError> {
        let _start_lock = self.layout.lock_start(LOCK_PATIENCE)?;
        unlock(hold);
        if !self.layout.nobody_else_uses_it()? {
            debug!("Another program still uses the private database");
            return Ok(());
        }
        self.stop()
    }

    /// A fast shutdown: transactions are rolled back, everything committed is on disk. Needs `start.lock`.
    fn stop(&self) -> Result<(), DatabaseError> {
        let Some(pid) = self.pid() else {
            return Ok(());
        };
        self.signal("INT", pid)?;
        if self.wait_until_gone(pid) {
            debug!("The private database has stopped");
            return Ok(());
        }
        warn!(
            "The private database does not stop; it will recover from its log when it starts again"
        );
        self.signal("QUIT", pid)?;
        self.wait_until_gone(pid);
        Ok(())
    }

    fn signal(&self, name: &'static str, pid: u32) -> Result<(), DatabaseError> {
        let mut command = self.command("pg_ctl");
        command.args(["kill", name]).arg(pid.to_string());
        run(command, "pg_ctl")
    }

    fn wait_until_gone(&self, pid: u32) -> bool {
        let deadline = Instant::now() + STOP_PATIENCE;
        while Instant::now() < deadline {
            if let Some(child) = self.child().as_mut() {
                // Reaps it: a zombie would stay for as long as this program.
                let _ = child.try_wait();
            }
            if !self.is_postmaster(pid) {
                return true;
            }
            sleep(PAUSE);
        }
        false
    }
}

/// A thread that starts the server again when it dies under the program.
#[derive(Debug)]
struct Watch {
    /// Dropped to end the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    fn over(server: &Arc<Server>) -> Self {
        let (stop, stopped) = channel::<()>();
        let server = Arc::clone(server);
        let thread = thread::Builder::new()
            .name("postgres-watch".to_owned())
            .spawn(move || {
                let mut period = WATCH_PERIOD;
                while stopped.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                    period = match server.revive() {
                        Ok(()) => WATCH_PERIOD,
                        Err(error) => {
                            error!(%error, "The private database could not be started again");
                            (period * 2).min(Duration::from_secs(30))
                        }
                    };
                }
            });
        if let Err(error) = &thread {
            warn!(%error, "Nobody watches over the private database");
        }
        Self {
            stop: Some(stop),
            thread: thread.ok(),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Server {
    fn revive(&self) -> Result<(), DatabaseError> {
        if let Some(child) = self.child().as_mut() {
            let _ = child.try_wait();
        }
        if self.state() != State::Absent {
            return Ok(());
        }
        warn!("The private database is gone; starting it again");
        let _start_lock = self.layout.lock_start(Duration::from_secs(5))?;
        self.ensure_running()?;
        info!("The private database is back");
        Ok(())
    }
}

fn append(path: &Path, text: &str) -> Result<(), DatabaseError> {
    let written = OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    written.map_err(DatabaseError::folder(path))
}

fn run(mut command: Command, program: &'static str) -> Result<(), DatabaseError> {
    let output =
        command
            .stdin(Stdio::null())
            .output()
            .map_err(|source| DatabaseError::Command {
                program,
                output: source.to_string(),
            })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(DatabaseError::Command {
        program,
        output: last_part(&String::from_utf8_lossy(&said)),
    })
}

/// The last lines of a log, however long it is.
fn tail(path: &Path) -> String {
    let read = File::open(path).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(4096)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    match read {
        Ok(bytes) => last_part(&String::from_utf8_lossy(&bytes)),
        Err(error) => format!("(its log {} cannot be read: {error})", path.display()),
    }
}

fn last_part(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions;

    use super::*;
    use crate::database::testing::{Program, Scratch, eventually, private_config, signal};
    use crate::database::{Database, migrate};

    async fn open(scratch: &Scratch) -> Result<Database, DatabaseError> {
        Database::open(&private_config(), scratch.path()).await
    }

    async fn count(database: &Database) -> i64 {
        let mut owner = database.connections.owner_connection().await.unwrap();
        sqlx::query_scalar("select count(*) from kept")
            .fetch_one(&mut owner)
            .await
            .unwrap()
    }

    async fn refusal(scratch: &Scratch) -> String {
        match open(scratch).await {
            Ok(_) => panic!("must be refused"),
            Err(error) => error.to_string(),
        }
    }

    fn process_group(pid: u32) -> String {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit_once(')')
            .unwrap()
            .1
            .split_whitespace()
            .nth(2)
            .unwrap()
            .to_owned()
    }

    #[tokio::test]
    async fn starts_stops_and_keeps_its_data() {
        let scratch = Scratch::new();
        let database = open(&scratch).await.unwrap();
        let mut owner = database.connections.owner_connection().await.unwrap();
        sqlx::raw_sql("create table kept (id int); insert into kept values (1)")
            .execute(&mut owner)
            .await
            .unwrap();
        let pid = scratch.postmaster().unwrap();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        assert!(!status.contains("Uid:\t0"), "PostgreSQL runs as root");
        assert_eq!(process_group(pid), pid.to_string(), "Ctrl-C would reach it");
        let mode = fs::metadata(scratch.path().join("postgres/run"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
        let shown: String = sqlx::query_scalar(
            "select current_setting('listen_addresses') || current_setting('fsync')",
        )
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert_eq!(shown, "on");
        database.stop().await;
        assert!(!scratch.pid_file().exists(), "not stopped cleanly");

        let started = Instant::now();
        let again = open(&scratch).await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(5));
        assert_eq!(count(&again).await, 1);
        drop(again);
        assert!(!scratch.pid_file().exists(), "dropping does not stop it");
    }

    #[tokio::test]
    async fn the_server_of_a_killed_program_is_adopted() {
        let scratch = Scratch::new();
        let mut killed = Program::start(scratch.path());
        killed.wait_for("ready");
        let pid = scratch.postmaster().unwrap();
        killed.end("KILL");
        let database = open(&scratch).await.unwrap();
        assert_eq!(scratch.postmaster(), Some(pid), "not adopted");
        migrate(&database.connections).await.unwrap();
        database.stop().await;
        assert!(
            !scratch.pid_file().exists(),
            "not stopped by the one who adopted it"
        );

        let mut asked = Program::start(scratch.path());
        asked.wait_for("ready");
        let pid = scratch.postmaster().unwrap();
        asked.end("TERM");
        eventually("it is reaped", || {
            !Path::new(&format!("/proc/{pid}")).exists()
        });
        assert!(
            !scratch.pid_file().exists(),
            "SIGTERM did not end in a clean stop"
        );
    }

    #[tokio::test]
    async fn a_killed_server_leaves_nothing_that_keeps_the_next_from_starting() {
        let scratch = Scratch::new();
        let mut program = Program::start(scratch.path());
        program.wait_for("ready");
        let pid = scratch.postmaster().unwrap();
        program.end("KILL");
        signal("KILL", pid);
        assert!(scratch.pid_file().exists());
        let database = open(&scratch).await.unwrap();
        assert_ne!(scratch.postmaster(), Some(pid));
        database.stop().await;

        // Its number now belongs to another process: this one.
        let me = std::process::id();
        let pid_file = format!(
            "{me}\n{}\n1795376377\n5432\n\n\n\nready\n",
            scratch.path().display()
        );
        fs::write(scratch.pid_file(), pid_file).unwrap();
        fs::write(
            scratch.path().join("postgres/run/.s.PGSQL.5432.lock"),
            format!("{me}\n"),
        )
        .unwrap();
        // A killed initdb.
        fs::create_dir(scratch.path().join("postgres/data.1234")).unwrap();
        let database = open(&scratch).await.unwrap();
        assert_ne!(scratch.postmaster(), Some(me));
        database.stop().await;
    }

    #[tokio::test]
    async fn a_server_that_dies_under_the_program_comes_back() {
        let scratch = Scratch::new();
        let database = open(&scratch).await.unwrap();
        let pool = database.connections.program_pool(4).await.unwrap();
        let pid = scratch.postmaster().unwrap();
        signal("KILL", pid);
        let path = scratch.path().to_owned();
        tokio::task::spawn_blocking(move || {
            let pid_file = path.join("postgres/data/postmaster.pid");
            eventually("a new server", || {
                let text = fs::read_to_string(&pid_file).unwrap_or_default();
                text.contains("ready") && !text.starts_with(&pid.to_string())
            });
        })
        .await
        .unwrap();
        // The first may meet a connection of the old server.
        let mut answered = 0;
        for _ in 0..6 {
            answered += i32::from(sqlx::query("select 1").execute(&pool).await.is_ok());
        }
        assert!(answered >= 4, "the pool does not recover");
        pool.close().await;
        database.stop().await;
        assert!(!scratch.pid_file().exists());
    }

    #[tokio::test]
    async fn programs_share_the_server_and_the_last_one_stops_it() {
        let scratch = Scratch::new();
        let mut programs = [
            Program::start(scratch.path()),
            Program::start(scratch.path()),
        ];
        let database = open(&scratch).await.unwrap();
        for program in &mut programs {
            program.wait_for("ready");
        }
        let pid = scratch.postmaster();
        assert!(pid.is_some());
        let [first, second] = programs;
        first.end("TERM");
        database.connections.owner_connection().await.unwrap();
        database.stop().await;
        assert_eq!(
            scratch.postmaster(),
            pid,
            "stopped under a program that uses it"
        );
        second.end("TERM");
        assert!(!scratch.pid_file().exists(), "the last one left it running");
    }

    #[tokio::test]
    async fn unusable_folders_are_named() {
        let scratch = Scratch::new();
        fs::write(scratch.path().join("file"), "").unwrap();
        let below_a_file =
            Database::open(&private_config(), &scratch.path().join("file/data")).await;
        let text = below_a_file.err().unwrap().to_string();
        assert!(
            text.contains("cannot be used for the private database"),
            "{text}"
        );
        assert!(text.contains("MADOGUCHI_DATA_DIR"), "{text}");

        let closed = scratch.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
        let text = Database::open(&private_config(), &closed)
            .await
            .err()
            .unwrap()
            .to_string();
        let named = closed.display().to_string();
        assert!(
            text.contains(&named) && text.contains("MADOGUCHI_DATA_DIR"),
            "{text}"
        );

        let long = scratch.path().join("a".repeat(90));
        let text = Database::open(&private_config(), &long)
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(text.contains("too long a path"), "{text}");
    }

    #[tokio::test]
    async fn a_newer_or_unreadable_cluster_is_left_alone() {
        let scratch = Scratch::new();
        let data = scratch.path().join("postgres/data");
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("PG_VERSION"), "99\n").unwrap();
        let text = refusal(&scratch).await;
        assert!(text.contains("was made by PostgreSQL 99"), "{text}");

        let pg_bin_dir = private_config().pg_bin_dir;
        let found = Programs::find(pg_bin_dir.as_deref(), Path::new("/nowhere"));
        let major = found.unwrap().major;
        fs::write(data.join("PG_VERSION"), format!("{major}\n")).unwrap();
        let text = refusal(&scratch).await;
        assert!(
            text.starts_with("PostgreSQL's `postgres` failed. It said:"),
            "{text}"
        );
    }

    #[test]
    fn a_folder_in_which_another_program_hangs_is_not_waited_for_without_end() {
        let scratch = Scratch::new();
        let layout = Layout::new(scratch.path()).unwrap();
        let _held = layout.lock_start(Duration::ZERO).unwrap();
        let error = layout.lock_start(Duration::from_millis(20)).unwrap_err();
        assert!(
            error.to_string().contains("Another madoguchi program"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn test_processes_share_a_fast_server_that_stays() {
        let scratch = Scratch::new();
        let (first, second) = tokio::join!(
            Database::open_for_tests(scratch.path()),
            Database::open_for_tests(scratch.path()),
        );
        let pid = scratch.postmaster();
        first.unwrap().stop().await;
        let second = second.unwrap();
        let mut superuser = second
            .superuser("postgres")
            .unwrap()
            .connect()
            .await
            .unwrap();
        let most: String = sqlx::query_scalar("show max_connections")
            .fetch_one(&mut superuser)
            .await
            .unwrap();
        assert_eq!(most, "300");
        second.stop().await;
        assert!(pid.is_some());
        assert_eq!(scratch.postmaster(), pid);
    }
}
