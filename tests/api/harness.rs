//! What every test stands on: a database of its own, the app in process, a client per role, and a clock that stands
//! until the test moves it.
//!
//! ```ignore
//! #[actix_web::test]
//! async fn a_case_is_routed() {
//!     let app = TestApp::start().await;
//!     let desk = app.make_desk().await;
//!     let case = app.make_case().await;
//!     let routed = app.as_operator().post(format!("/cases/{}/route", case.id()), json!({ "desk_id": desk.id })).await;
//!     assert_eq!(routed.expect(200)["status"], "routed");
//!     app.as_desk(&desk).post(format!("/cases/{}/accept", case.id()), json!({})).idempotent("a").await.expect(200);
//!     app.as_operator().get("/users").await.problem("forbidden");
//! }
//! ```
//!
//! Every answer is compared with the OpenAPI document (see [`contract`](crate::contract)), every error must be a
//! well-formed problem that gives nothing away, a 5xx fails the test at once, and when the app goes, all jobs that are
//! due are run and must succeed. No test sleeps, shares anything with another one, or depends on an order.

use crate::contract;
use actix_web::{
    HttpServer,
    body::to_bytes,
    dev::{ServerHandle, Service},
    http::Method,
    web::{Bytes, Data},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{LocalBoxFuture, join_all};
use madoguchi::{
    app::AppOptions,
    audit::checkpoint::AuditKey,
    auth::{AuthConfig, Keys, PasswordCost, Passwords, SealKey, cli},
    blobs::Blobs,
    database::{Connections, Database, migrate},
    error::ProblemType,
    jobs::{self, Lane, WorkContext},
    mail::smtp::Mailer,
    replica::Replica,
    store::{Clock, Store},
    webhooks::outlet::{Outlet, Policy},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection,
    postgres::{PgConnectOptions, PgDatabaseError},
};
use std::{
    cell::RefCell,
    collections::HashMap,
    fmt::Display,
    future::IntoFuture,
    net::SocketAddr,
    ops::{Deref, Index},
    path::{Path, PathBuf},
    process::Command,
    rc::Rc,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Mutex, OnceCell},
};
use uuid::Uuid;

/// A Tuesday, 10:00 in Japan, in business hours and in the fiscal year 2026.
pub const START: &str = "2026-11-24T01:00:00Z";

/// Enough for fifty requests at once to be fifty transactions at once, nearly.
const WRITE_CONNECTIONS: u32 = 20;
const READ_CONNECTIONS: u32 = 8;

/// Everybody's password.
pub const PASSWORD: &str = "kitsune-udon-8-ban-teishoku";

// ---------------------------------------------------------------------------------------------------- the server

/// One throw-away PostgreSQL for all test processes of this checkout, and the database that all others are copies of.
struct Server {
    database: Database,
    template: String,
}

/// The app borrows them for as long as it lives.
static OPTIONS: LazyLock<AppOptions> = LazyLock::new(AppOptions::default);
static SERVER: OnceCell<Server> = OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

async fn server() -> &'static Server {
    SERVER
        .get_or_init(async || {
            let database = Database::open_for_tests(&folder())
                .await
                .expect("PostgreSQL runs here");
            let template = format!("madoguchi_template_{}", hash_of_migrations());
            let server = Server { database, template };
            server.make_template().await;
            server
        })
        .await
}

/// Where the server lives: in memory, where that has the room. A database is a thousand files that are made and deleted
/// again; on a disk with ext4 and no journal that took 1.6 s for each test, in memory 0.3 s.
fn folder() -> PathBuf {
    const ROOM_MB: u64 = 4096;
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let df = Command::new("df").args(["-Pm", "/dev/shm"]).output();
    let free = df.ok().and_then(|df| {
        let table = String::from_utf8(df.stdout).ok()?;
        let row = table.lines().nth(1)?.split_whitespace();
        row.rev().nth(2)?.parse::<u64>().ok()
    });
    if free.is_none_or(|free| free < ROOM_MB) {
        return target.join("postgres");
    }
    let checkout = hex::encode(&Sha256::digest(target.as_os_str().as_encoded_bytes())[..6]);
    PathBuf::from(format!("/dev/shm/madoguchi-test-{checkout}"))
}

/// Tests never see a template that other migrations made.
fn hash_of_migrations() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(root.join("migrations"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.push(root.join("src/database/grants.sql"));
    let mut hash = Sha256::new();
    for file in files {
        hash.update(file.file_name().unwrap().as_encoded_bytes());
        hash.update(std::fs::read(&file).unwrap());
    }
    hex::encode(&hash.finalize()[..6])
}

impl Server {
    async fn superuser(&self, database: &str) -> PgConnection {
        let options = self
            .database
            .superuser(database)
            .expect("the server for tests is private");
        options
            .connect()
            .await
            .expect("the server for tests answers")
    }

    /// Under a lock, as several test processes may start at once.
    async fn make_template(&self) {
        const LOCK: i64 = 0x7465_7374;
        let mut cluster = self.superuser("postgres").await;
        sqlx::query("select pg_advisory_lock($1)")
            .bind(LOCK)
            .execute(&mut cluster)
            .await
            .unwrap();
        let exists: bool = sqlx::query_scalar(
            "select exists (select from pg_database where datname = $1 and datistemplate)",
        )
        .bind(&self.template)
        .fetch_one(&mut cluster)
        .await
        .unwrap();
        if !exists {
            self.drop_left_behind(&mut cluster).await;
            self.migrate_template(&mut cluster).await;
        }
        cluster.close().await.unwrap();
    }

    async fn migrate_template(&self, cluster: &mut PgConnection) {
        let half_made = format!("{}_half_made", self.template);
        run(
            cluster,
            format!("drop database if exists {half_made} with (force)"),
        )
        .await;
        run(
            cluster,
            format!("create database {half_made} owner madoguchi_owner"),
        )
        .await;
        migrate(&self.database.connections.with_database(&half_made))
            .await
            .expect("migrations run");
        run(
            cluster,
            format!("alter database {half_made} rename to {}", self.template),
        )
        .await;
        run(
            cluster,
            format!("alter database {} is_template true", self.template),
        )
        .await;
    }

    /// Databases of test processes that were killed, and templates of migrations that have changed since.
    async fn drop_left_behind(&self, cluster: &mut PgConnection) {
        let databases: Vec<(String, bool)> = sqlx::query_as(
            "select datname, datistemplate from pg_database where datname ~ '^madoguchi_(test|template)_'",
        )
        .fetch_all(&mut *cluster)
        .await
        .unwrap();
        for (name, is_template) in databases {
            let process = name
                .strip_prefix("madoguchi_test_")
                .and_then(|rest| rest.split('_').next());
            let is_in_use =
                process.is_some_and(|process| Path::new("/proc").join(process).exists());
            if !is_in_use {
                // Not where a drop was cut off half-way: PostgreSQL ends the session of whoever alters that.
                if is_template {
                    run(cluster, format!("alter database {name} is_template false")).await;
                }
                // Fails harmlessly where another process is just using it.
                let _ = cluster
                    .execute(AssertSqlSafe(format!("drop database {name}")))
                    .await;
            }
        }
    }

    /// A database with everything of the template.
    async fn create_database(&self) -> String {
        let name = format!(
            "madoguchi_test_{}_{}",
            std::process::id(),
            DATABASES.fetch_add(1, Ordering::Relaxed)
        );
        let mut cluster = self.superuser("postgres").await;
        let template = &self.template;
        run(
            &mut cluster,
            // The files themselves, and no log of what is in them.
            format!("create database {name} template {template} owner madoguchi_owner strategy file_copy"),
        )
        .await;
        // A copy has the tables' grants but not the database's own.
        run(
            &mut cluster,
            format!("revoke temporary on database {name} from public"),
        )
        .await;
        cluster.close().await.unwrap();
        name
    }
}

async fn run(connection: &mut PgConnection, sql: String) {
    connection
        .execute(AssertSqlSafe(sql.clone()))
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

// -------------------------------------------------------------------------------------------------------- the app

/// The program as tests see it. Cheap to clone; the database goes with the last clone or client.
#[derive(Clone)]
pub struct TestApp(Rc<Inner>);

/// What a [`TestApp`] shares with its clients.
pub struct Inner {
    /// The time, for the program as well.
    pub clock: Clock,
    /// For calling domain functions and jobs directly.
    pub store: Data<Store>,
    /// How each role connects to this test's database.
    pub connections: Connections,
    /// Where the program keeps files.
    pub blobs: Blobs,
    transport: Transport,
    database: String,
    context: WorkContext,
    /// Where mail goes that nobody sends by SMTP.
    outbox: PathBuf,
    people: RefCell<HashMap<String, Rc<Person>>>,
    /// An API token of the first admin, who enters everybody else.
    setup: OnceCell<String>,
    pub(crate) counter: AtomicU32,
}

impl Deref for TestApp {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl TestApp {
    /// A fresh program, called in process.
    pub async fn start() -> Self {
        Self::start_with(&OPTIONS).await
    }

    /// A fresh program with other options, called in process.
    pub async fn start_with(options: &'static AppOptions) -> Self {
        Self::start_on(async |store, config| Transport::in_process(store, config, options).await)
            .await
    }

    /// A fresh program behind a real socket, with two HTTP workers, for what only happens on the wire.
    pub async fn start_with_sockets() -> Self {
        Self::start_on(async |store, config| Transport::socket(store, config)).await
    }

    async fn start_on(transport: impl AsyncFn(Data<Store>, Data<AuthConfig>) -> Transport) -> Self {
        let server = server().await;
        let database = server.create_database().await;
        let connections = server.database.connections.with_database(&database);
        let clock = Clock::fixed(START.parse().unwrap());
        let blobs = Blobs::in_memory();
        let store = open_store(&connections, &clock, WRITE_CONNECTIONS, READ_CONNECTIONS).await;
        let store = Data::new(store.with_blobs(blobs.clone()));
        let outbox = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("outbox")
            .join(&database);
        Self(Rc::new(Inner {
            transport: transport(store.clone(), Data::new(auth_config())).await,
            clock,
            store,
            connections,
            blobs,
            database,
            context: work_context(Mailer::folder(outbox.clone())),
            outbox,
            people: RefCell::default(),
            setup: OnceCell::new(),
            counter: AtomicU32::new(0),
        }))
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Moves the clock on.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// Sets the clock, as in `"2026-12-01T09:00:00+09:00"`.
    pub fn set_time(&self, at: &str) {
        self.clock.set(at.parse().unwrap());
    }

    /// Runs everything that is due by now, periodic jobs included, as a worker would, until nothing is left to do.
    ///
    /// # Panics
    /// When a job fails.
    pub async fn run_jobs(&self) {
        self.run_jobs_in(&self.context).await;
    }

    /// As [`Self::run_jobs`], with mail handed over in this way.
    pub async fn run_jobs_by(&self, mailer: &Mailer) {
        self.run_jobs_in(&work_context(mailer.clone())).await;
    }

    /// Does this while a worker works beside it, as it does in the running program.
    pub async fn beside_a_worker<T>(&self, doing: impl Future<Output = T>) -> T {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let worker = jobs::work(&self.store, &self.context, Lane::Everything, stopped);
        let doing = async {
            let done = doing.await;
            drop(stop);
            done
        };
        tokio::join!(worker, doing).1
    }

    async fn run_jobs_in(&self, context: &WorkContext) {
        jobs::enqueue_periodic(&self.store).await.unwrap();
        jobs::run_due(&self.store, context).await.unwrap();
        let failed = failed_jobs(&mut self.sql().await).await;
        assert!(failed.is_empty(), "jobs failed: {failed:#?}");
    }

    /// The mails that [`Self::run_jobs`] sent, in the order in which they were written.
    pub fn outbox(&self) -> Vec<Vec<u8>> {
        let Ok(files) = std::fs::read_dir(&self.outbox) else {
            return Vec::new();
        };
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files
            .iter()
            .map(|file| std::fs::read(file).unwrap())
            .collect()
    }

    /// Where a program behind a real socket is reached.
    pub fn address(&self) -> SocketAddr {
        match &self.transport {
            Transport::Socket(address, _) => *address,
            Transport::InProcess(_) => panic!("this one has no socket"),
        }
    }

    /// `DATABASE_URL` for another process over the same database.
    pub async fn database_url(&self) -> String {
        let options = server().await.database.superuser(&self.database);
        options
            .expect("the server for tests is private")
            .to_url_lossy()
            .to_string()
    }

    /// A connection of the program's own role, as an intruder in the program would have it.
    pub async fn sql(&self) -> PgConnection {
        self.connections.program.connect().await.unwrap()
    }

    /// A connection of the reader's role.
    pub async fn sql_as_reader(&self) -> PgConnection {
        self.connections.reader.connect().await.unwrap()
    }

    /// A connection of the tables' owner.
    pub async fn sql_as_owner(&self) -> PgConnection {
        self.connections.owner.connect().await.unwrap()
    }

    /// Runs `work` n times at once, and returns what each returned.
    pub async fn parallel<F: Future>(
        &self,
        n: usize,
        work: impl FnMut(usize) -> F,
    ) -> Vec<F::Output> {
        join_all((0..n).map(work)).await
    }

    /// A second process over the same database, which knows of people what it has read itself, and reads again when that
    /// is older than `directory_max_age`.
    pub async fn another_process(&self, directory_max_age: Duration) -> OtherProcess {
        let store = open_store(&self.connections, &self.clock, 4, 4).await;
        self.process(store, directory_max_age).await
    }

    /// A second process over the same database, which has looked at this replica of it.
    pub async fn process_with_replica(&self, replica: PgConnectOptions) -> OtherProcess {
        let connections = Connections {
            replica: Some(replica),
            ..self.connections.clone()
        };
        let replica = Replica::of(&connections, 4, Duration::from_secs(5));
        let store = open_store(&connections, &self.clock, 4, 4).await;
        let store = store.with_replica(replica);
        store.look_at_replica().await;
        self.process(store, Duration::ZERO).await
    }

    async fn process(&self, store: Store, directory_max_age: Duration) -> OtherProcess {
        let store = Data::new(store);
        let mut config = auth_config();
        config.directory_max_age = directory_max_age;
        OtherProcess {
            transport: Transport::in_process(store.clone(), Data::new(config), &OPTIONS).await,
            store,
        }
    }

    /// The next number, for what must be unique in this database.
    pub fn next(&self) -> u32 {
        self.counter.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Without a token.
    pub fn as_nobody(&self) -> Client {
        self.client(Who::Nobody)
    }

    /// 相談員 at the help center.
    pub fn as_operator(&self) -> Client {
        self.as_person("operator", None, None)
    }

    /// 統括.
    pub fn as_supervisor(&self) -> Client {
        self.as_person("supervisor", None, None)
    }

    /// Staff of the desk.
    pub fn as_desk(&self, desk: &impl HasId) -> Client {
        self.as_person("desk", Some(desk.id()), None)
    }

    /// The person who is the manager.
    pub fn as_manager(&self, manager: &impl HasId) -> Client {
        self.as_person("manager", None, Some(manager.id()))
    }

    /// 事務局.
    pub fn as_admin(&self) -> Client {
        self.as_person("admin", None, None)
    }

    /// 監査.
    pub fn as_auditor(&self) -> Client {
        self.as_person("auditor", None, None)
    }

    /// Whoever holds the token.
    pub fn with_token(&self, token: &str) -> Client {
        self.client(Who::Token(token.to_owned()))
    }

    fn client(&self, who: Who) -> Client {
        Client {
            app: self.clone(),
            who,
        }
    }

    /// The one person of that role and place. They are entered and sign in when they first send a request, and sign in
    /// again when the clock has passed the end of their token.
    fn as_person(
        &self,
        role: &'static str,
        desk_id: Option<Uuid>,
        manager_id: Option<Uuid>,
    ) -> Client {
        let place = desk_id
            .or(manager_id)
            .map(|id| format!("-{}", id.simple()))
            .unwrap_or_default();
        let email = format!("{role}{place}@example.jp");
        let mut people = self.people.borrow_mut();
        let person = people.entry(email.clone()).or_insert_with(|| {
            let token = Mutex::new(Token::default());
            Rc::new(Person {
                email,
                role,
                desk_id,
                manager_id,
                token,
            })
        });
        self.client(Who::Person(person.clone()))
    }

    /// The first admin comes from the command line, as in production, and has an API token for entering the others.
    async fn setup(&self) -> Client {
        let token = self
            .setup
            .get_or_init(async || {
                let first = cli::CreateUser {
                    email: "first@example.jp",
                    name: "事務局",
                    role: "admin",
                    desk: None,
                    manager: None,
                };
                cli::create_user(&self.store, &first, &"".into())
                    .await
                    .unwrap();
                let permissions = ["manage_office".to_owned()];
                let args = cli::CreateToken {
                    user: first.email,
                    permissions: &permissions,
                    days: 366,
                    name: "tests",
                };
                let token = cli::create_token(&self.store, &args).await.unwrap();
                secrecy::ExposeSecret::expose_secret(&token).to_owned()
            })
            .await;
        self.with_token(token)
    }
}

/// Who stands behind 10.0.0.0/8 is told by `X-Forwarded-For`.
fn auth_config() -> AuthConfig {
    let keys = Keys::new(&"a secret for tests, a secret for tests".into(), None).unwrap();
    let seal = SealKey::new(&"a key for tests, a key for tests".into());
    let passwords = Passwords::new(PasswordCost::TEST);
    let proxies = vec!["10.0.0.0/8".parse().unwrap()];
    AuthConfig::new(keys, seal, passwords, proxies, "http://localhost:8080").unwrap()
}

/// Runs the statements in a transaction that is rolled back; what is checked at commit is checked at its end.
async fn attempt(db: &mut PgConnection, sql: &str) -> Result<(), Box<PgDatabaseError>> {
    let mut tx = db.begin().await.unwrap();
    let script = format!("{sql}; set constraints all immediate");
    let result = tx.execute(AssertSqlSafe(script)).await;
    tx.rollback().await.unwrap();
    match result {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) => Err(error.downcast()),
        Err(error) => panic!("{sql}: {error}"),
    }
}

/// The database takes the statements (and forgets them again).
pub async fn accepted(db: &mut PgConnection, sql: &str) {
    if let Err(error) = attempt(db, sql).await {
        panic!("{sql}: {error}");
    }
}

/// The database refuses the statements because the role may not do that, not because of what they say.
pub async fn denied(db: &mut PgConnection, sql: &str) {
    let error = attempt(db, sql).await.expect_err(sql);
    // insufficient_privilege; read_only_sql_transaction
    assert!(
        ["42501", "25006"].contains(&error.code()),
        "{sql}: {} {error}",
        error.code()
    );
}

/// The database refuses the statements by the constraint, trigger or key of that name, or in those words.
pub async fn refused(db: &mut PgConnection, by: &str, sql: &str) {
    let error = attempt(db, sql).await.expect_err(sql);
    assert_eq!(
        error.constraint().unwrap_or(error.message()),
        by,
        "{sql}: {error}"
    );
}

async fn open_store(connections: &Connections, clock: &Clock, write: u32, read: u32) -> Store {
    let write = connections.program_pool(write).await.unwrap();
    let read = connections.reader_pool(read).await.unwrap();
    Store::new(write, read, clock.clone()).with_outlet(OUTLET.clone())
}

/// Webhooks may be called on this machine, without TLS.
static OUTLET: LazyLock<Arc<Outlet>> = LazyLock::new(|| {
    let policy = Policy {
        allow_http: true,
        networks: vec!["127.0.0.1".parse().unwrap()],
    };
    let seal = SealKey::for_webhooks(&"a key for tests, a key for tests".into());
    Arc::new(Outlet::new(policy, seal))
});

/// What a worker of these tests knows.
pub fn work_context(mailer: Mailer) -> WorkContext {
    WorkContext {
        audit_key: AuditKey("a key for tests, a key for tests".into()),
        mailer,
    }
}

async fn failed_jobs(db: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar("select kind || ': ' || coalesce(last_error, 'dead') from job where last_error is not null or dead_at is not null")
        .fetch_all(db)
        .await
        .unwrap()
}

impl Drop for Inner {
    /// Runs what is still due, fails the test if that fails, and drops the database; on a thread with a runtime of its
    /// own, because a drop cannot wait in the one of the test.
    fn drop(&mut self) {
        let (connections, clock) = (self.connections.clone(), self.clock.clone());
        let (context, database) = (self.context.clone(), self.database.clone());
        let end = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(end(&connections, &clock, &context, &database))
        };
        let ended = std::thread::spawn(end).join();
        let _ = std::fs::remove_dir_all(&self.outbox);
        // A test that failed has said why; a second panic would abort those that are still running.
        if !std::thread::panicking() {
            let failed = ended.expect("the database of the test is there");
            assert!(failed.is_empty(), "jobs failed after the test: {failed:#?}");
        }
    }
}

async fn end(
    connections: &Connections,
    clock: &Clock,
    context: &WorkContext,
    database: &str,
) -> Vec<String> {
    let server = SERVER.get().expect("the app was started on it");
    let mut cluster = server.superuser("postgres").await;
    // The test's own runtime stands still: a rollback that it has not sent yet would keep its locks.
    run(
        &mut cluster,
        format!(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{database}'"
        ),
    )
    .await;
    let mut db = connections.program.connect().await.unwrap();
    let has_jobs: bool = sqlx::query_scalar("select exists (select from job)")
        .fetch_one(&mut db)
        .await
        .unwrap();
    if has_jobs {
        let store = open_store(connections, clock, 2, 2).await;
        jobs::run_due(&store, context).await.unwrap();
        store.close().await;
    }
    let failed = failed_jobs(&mut db).await;
    let _ = db.close().await;
    run(
        &mut cluster,
        format!("drop database {database} with (force)"),
    )
    .await;
    let _ = cluster.close().await;
    failed
}

/// Something with a key: what the factory makes, or an answer.
pub trait HasId {
    /// The key.
    fn id(&self) -> Uuid;
}

impl HasId for Uuid {
    fn id(&self) -> Uuid {
        *self
    }
}

impl HasId for Value {
    fn id(&self) -> Uuid {
        self["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .unwrap_or_else(|| panic!("no id in {self:#}"))
    }
}

impl HasId for TestResponse {
    fn id(&self) -> Uuid {
        self.json.id()
    }
}

// ---------------------------------------------------------------------------------------------------- the clients

#[derive(Clone)]
enum Who {
    Nobody,
    Token(String),
    Person(Rc<Person>),
}

struct Person {
    email: String,
    role: &'static str,
    desk_id: Option<Uuid>,
    manager_id: Option<Uuid>,
    token: Mutex<Token>,
}

#[derive(Default)]
struct Token {
    is_entered: bool,
    access: String,
    good_until: DateTime<Utc>,
}

impl Person {
    /// An access token that is good now.
    async fn token(&self, app: &TestApp) -> String {
        let mut token = self.token.lock().await;
        if !token.is_entered {
            self.enter(app).await;
            token.is_entered = true;
        }
        if token.good_until <= app.now() {
            let credentials = json!({ "email": self.email, "password": PASSWORD });
            let signed_in = app
                .as_nobody()
                .post("/auth/login", credentials)
                .await
                .expect(200);
            token.access = signed_in["access_token"].as_str().unwrap().to_owned();
            token.good_until =
                app.now() + TimeDelta::seconds(signed_in["expires_in"].as_i64().unwrap());
        }
        token.access.clone()
    }

    async fn enter(&self, app: &TestApp) {
        let mut user = json!({ "email": self.email, "name": "担当 花子", "role": self.role, "password": PASSWORD });
        for (name, id) in [("desk_id", self.desk_id), ("manager_id", self.manager_id)] {
            if let Some(id) = id {
                user[name] = json!(id);
            }
        }
        app.setup().await.post("/users", user).await.expect(201);
    }
}

/// Japanese and spaces in a path, as a browser sends them; everything else stays as the test has it.
fn url(path: &str) -> String {
    let encoded = path.bytes().map(|byte| match byte {
        b'!'..=b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    encoded.collect()
}

/// See [`TestApp::another_process`].
pub struct OtherProcess {
    transport: Transport,
    store: Data<Store>,
}

impl OtherProcess {
    /// `GET` with a token, also where the answer is 5xx.
    pub async fn get(&self, path: impl Display, token: &str) -> TestResponse {
        let wire = Wire {
            method: Method::GET,
            path: below_api(&path.to_string()),
            headers: vec![("authorization".into(), format!("Bearer {token}"))],
            body: Bytes::new(),
            peer: None,
        };
        self.transport.send(wire).await
    }

    /// Runs the jobs that are due, as a worker of this process.
    pub async fn run_jobs(&self, app: &TestApp) {
        jobs::run_due(&self.store, &app.context).await.unwrap();
    }
}

/// The whole path; one that starts with `//` is from the root.
fn below_api(path: &str) -> String {
    match path.strip_prefix("//") {
        Some(rest) => format!("/{rest}"),
        None => format!("/api/v1{path}"),
    }
}

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Client {
    app: TestApp,
    who: Who,
}

impl Client {
    /// `GET`; paths are below `/api/v1`.
    pub fn get(&self, path: impl Display) -> Call {
        self.call(Method::GET, path)
    }

    /// `POST` with a JSON body.
    pub fn post(&self, path: impl Display, body: Value) -> Call {
        self.call(Method::POST, path).json(&body)
    }

    /// `PUT` with a JSON body.
    pub fn put(&self, path: impl Display, body: Value) -> Call {
        self.call(Method::PUT, path).json(&body)
    }

    /// `PATCH` with a JSON body.
    pub fn patch(&self, path: impl Display, body: Value) -> Call {
        self.call(Method::PATCH, path).json(&body)
    }

    /// `DELETE`.
    pub fn delete(&self, path: impl Display) -> Call {
        self.call(Method::DELETE, path)
    }

    /// Any method, without a body; a path that starts with `//` is from the root, as in `//healthz`.
    pub fn call(&self, method: Method, path: impl Display) -> Call {
        let path = below_api(&url(&path.to_string()));
        let request = Wire {
            method,
            path,
            headers: Vec::new(),
            body: Bytes::new(),
            peer: None,
        };
        Call {
            client: self.clone(),
            request,
            may_fail: false,
        }
    }

    /// The bearer token that requests are sent with.
    pub async fn token(&self) -> Option<String> {
        match &self.who {
            Who::Nobody => None,
            Who::Token(token) => Some(token.clone()),
            Who::Person(person) => Some(person.token(&self.app).await),
        }
    }

    /// The client's own user id.
    pub async fn user_id(&self) -> Uuid {
        self.get("/me").await.expect(200).id()
    }
}

/// A request that is sent when it is awaited.
#[must_use = "a request is sent when it is awaited"]
pub struct Call {
    client: Client,
    request: Wire,
    may_fail: bool,
}

impl Call {
    /// With an `Idempotency-Key`.
    pub fn idempotent(self, key: impl Display) -> Self {
        self.header("idempotency-key", key)
    }

    /// With the version that is meant to be changed.
    pub fn if_match(self, etag: impl Display) -> Self {
        self.header("if-match", etag)
    }

    /// With any header.
    pub fn header(mut self, name: &str, value: impl Display) -> Self {
        self.request
            .headers
            .push((name.to_ascii_lowercase(), value.to_string()));
        self
    }

    /// From that IP address.
    pub fn coming_from(mut self, address: &str) -> Self {
        self.request.peer = Some(SocketAddr::new(address.parse().unwrap(), 4711));
        self
    }

    fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// With these very bytes.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.request
            .headers
            .retain(|(name, _)| name != "content-type");
        self.request.body = body.into();
        self.header("content-type", content_type)
    }

    /// Without a `Content-Type`.
    pub fn without_content_type(mut self) -> Self {
        self.request
            .headers
            .retain(|(name, _)| name != "content-type");
        self
    }

    /// The test expects an answer with 5xx.
    pub fn may_fail(mut self) -> Self {
        self.may_fail = true;
        self
    }

    async fn send(mut self) -> TestResponse {
        if let Some(token) = self.client.token().await {
            self.request
                .headers
                .push(("authorization".into(), format!("Bearer {token}")));
        }
        let what = format!("{} {}", self.request.method, self.request.path);
        let (method, path) = (self.request.method.clone(), self.request.path.clone());
        let response = self.client.app.transport.send(self.request).await;
        assert!(
            self.may_fail || response.status < 500,
            "{what}: {}\n{}",
            response.status,
            response.text
        );
        contract::check(&method, &path, &response);
        response
    }
}

impl IntoFuture for Call {
    type Output = TestResponse;
    type IntoFuture = LocalBoxFuture<'static, TestResponse>;

    fn into_future(self) -> Self::IntoFuture {
        // Boxed, because entering a person sends requests as well.
        Box::pin(self.send())
    }
}

/// An answer. `response["field"]` is a field of its JSON.
#[derive(Clone, Debug)]
pub struct TestResponse {
    /// The request, for messages.
    pub request: String,
    /// The status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub bytes: Vec<u8>,
    /// The body as text.
    pub text: String,
    /// The body, where it is JSON; else null.
    pub json: Value,
}

impl TestResponse {
    /// The answer, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{:#}", self.request, self.json);
        self
    }

    /// The answer, if it is this problem.
    #[track_caller]
    pub fn problem(self, slug: &str) -> Self {
        assert_eq!(
            self.json["type"],
            format!("/problems/{slug}"),
            "{}: {}\n{:#}",
            self.request,
            self.status,
            self.json
        );
        let kind = ProblemType::ALL
            .iter()
            .find(|kind| kind.row().1 == slug)
            .expect("a problem of the program");
        assert_eq!(self.status, kind.row().0.as_u16());
        self
    }

    /// The answer, if it is 422 `validation` naming exactly these fields, in this order.
    #[track_caller]
    pub fn invalid(self, pointers: &[&str]) -> Self {
        let response = self.problem("validation");
        assert_eq!(
            response.pointers(),
            pointers,
            "{}\n{:#}",
            response.request,
            response.json
        );
        response
    }

    /// The fields that a problem names.
    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.json["errors"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(this, _)| this == name)
            .map(|(_, value)| value.as_str())
    }

    /// The version of the resource.
    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag")
            .unwrap_or_else(|| panic!("{} has no ETag", self.request))
            .to_owned()
    }

    /// The path of what was created, below `/api/v1`.
    #[track_caller]
    pub fn location(&self) -> String {
        let location = self
            .header("location")
            .unwrap_or_else(|| panic!("{} has no Location", self.request));
        location
            .strip_prefix("/api/v1")
            .expect("a path of the API")
            .to_owned()
    }

    /// The key of what was answered.
    #[track_caller]
    pub fn id(&self) -> Uuid {
        self.json.id()
    }

    /// The items of a list.
    #[track_caller]
    pub fn items(&self) -> &[Value] {
        self.json["items"]
            .as_array()
            .unwrap_or_else(|| panic!("{}: no items in {:#}", self.request, self.json))
    }
}

impl Index<&str> for TestResponse {
    type Output = Value;

    fn index(&self, field: &str) -> &Value {
        &self.json[field]
    }
}

// --------------------------------------------------------------------------------------------------- the transport

/// A request on its way.
struct Wire {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    /// In process only; a socket has its own.
    peer: Option<SocketAddr>,
}

enum Transport {
    InProcess(Box<dyn Fn(Wire) -> LocalBoxFuture<'static, TestResponse>>),
    Socket(SocketAddr, ServerHandle),
}

impl Transport {
    async fn in_process(
        store: Data<Store>,
        config: Data<AuthConfig>,
        options: &'static AppOptions,
    ) -> Self {
        let app = madoguchi::app::app(store, config, options);
        let service = Rc::new(actix_web::test::init_service(app).await);
        Self::InProcess(Box::new(move |wire| {
            let service = service.clone();
            Box::pin(async move {
                let what = format!("{} {}", wire.method, wire.path);
                let mut request = actix_web::test::TestRequest::default()
                    .method(wire.method)
                    .uri(&wire.path);
                for (name, value) in wire.headers {
                    request = request.append_header((name, value));
                }
                if let Some(peer) = wire.peer {
                    request = request.peer_addr(peer);
                }
                let request = request.set_payload(wire.body).to_request();
                // As the server does it with what no handler answered.
                let response = match service.call(request).await {
                    Ok(response) => response.into_parts().1.map_into_boxed_body(),
                    Err(error) => error.error_response(),
                };
                let status = response.status().as_u16();
                let headers = response.headers().iter();
                let headers = headers
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                    .collect();
                // A stream has no end to wait for.
                let is_stream = response
                    .headers()
                    .get("content-type")
                    .is_some_and(|kind| kind == "text/event-stream");
                let body = match is_stream {
                    true => Bytes::new(),
                    false => to_bytes(response.into_body())
                        .await
                        .unwrap_or_else(|_| panic!("{what}: no body")),
                };
                TestResponse::new(what, status, headers, &body)
            })
        }))
    }

    fn socket(store: Data<Store>, config: Data<AuthConfig>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server =
            HttpServer::new(move || madoguchi::app::app(store.clone(), config.clone(), &OPTIONS))
                .workers(2)
                .disable_signals()
                .listen(listener)
                .unwrap()
                .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self::Socket(address, handle)
    }

    async fn send(&self, wire: Wire) -> TestResponse {
        match self {
            Self::InProcess(send) => send(wire).await,
            Self::Socket(address, _) => send_to(*address, wire).await.expect("the server answers"),
        }
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        if let Self::Socket(_, handle) = self {
            // The command is sent at once; nobody waits for its end.
            drop(handle.stop(false));
        }
    }
}

/// HTTP/1.1 with a connection per request.
async fn send_to(address: SocketAddr, wire: Wire) -> std::io::Result<TestResponse> {
    let what = format!("{} {}", wire.method, wire.path);
    let mut head = format!(
        "{what} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n",
        wire.body.len()
    );
    for (name, value) in &wire.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("{head}\r\n").as_bytes()).await?;
    stream.write_all(&wire.body).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("an answer has a head");
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers: Vec<_> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    assert!(
        headers.iter().all(|(name, _)| name != "transfer-encoding"),
        "answers have a known length"
    );
    Ok(TestResponse::new(what, status, headers, &answer[end + 4..]))
}

impl TestResponse {
    fn new(request: String, status: u16, headers: Vec<(String, String)>, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body).into_owned();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Self {
            request,
            status,
            headers,
            bytes: body.to_vec(),
            text,
            json,
        }
    }
}
