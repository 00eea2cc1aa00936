//! Starting and stopping: the database, the store, the HTTP server and the worker.

use crate::{
    app::{AppOptions, app},
    audit::checkpoint::AuditKey,
    auth::{AuthConfig, Keys, Network, PasswordCost, Passwords, SealKey, spawn_poller},
    config::{Config, ServeConfig, WorkConfig},
    database::{self, Connections, Database},
    health,
    jobs::{self, Lane, WorkContext},
    replica::{self, Replica},
    store::{self, Clock, Store},
};
use actix_web::{App, HttpResponse, HttpServer, dev::ServerHandle, web, web::Data};
use std::{sync::Arc, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// How long running requests may take to finish when the server stops.
const GRACE_SECONDS: u64 = 20;

/// A client that has not sent its head by then is cut off.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How the program's own connections are made.
#[derive(Clone, Copy)]
enum Way {
    /// By `DATABASE_URL`, where a pooler may stand.
    Usual,
    /// By `DATABASE_DIRECT_URL`, as the worker wants it.
    PastThePooler,
}

/// A database that is open, with its schema up to date, and a store over it.
pub struct Opened {
    /// The store.
    pub store: Data<Store>,
    database: Database,
}

impl Opened {
    /// Opens the database that the configuration names.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub async fn open(config: &Config, migrate: bool) -> Result<Self, String> {
        Self::open_by(config, migrate, Way::Usual).await
    }

    async fn open_by(config: &Config, migrate: bool, way: Way) -> Result<Self, String> {
        let database = Database::open(&config.database, &config.data_dir()?)
            .await
            .map_err(|error| error.to_string())?;
        match Self::prepare(config, &database, migrate, way).await {
            Ok(store) => Ok(Self {
                store: Data::new(store),
                database,
            }),
            Err(message) => {
                database.stop().await;
                Err(message)
            }
        }
    }

    async fn prepare(
        config: &Config,
        database: &Database,
        migrate: bool,
        way: Way,
    ) -> Result<Store, String> {
        let connections = &database.connections;
        match migrate {
            true => database::migrate(connections).await,
            false => database::check(connections).await,
        }
        .map_err(|error| error.to_string())?;
        // A half belongs to the threads that answer, a quarter to the workers.
        let most = config.database.database_max_connections.div_ceil(4);
        let write = match way {
            Way::Usual => connections.program_pool(most).await,
            Way::PastThePooler => connections.direct_pool(most).await,
        };
        let read = connections
            .reader_pool(config.database.database_read_max_connections.div_ceil(2))
            .await;
        let (write, read) = (
            write.map_err(|error| error.to_string())?,
            read.map_err(|error| error.to_string())?,
        );
        let replica = Replica::of(
            connections,
            config.database.database_read_max_connections,
            Duration::from_secs(config.database.database_read_max_lag_seconds),
        );
        Ok(Store::new(write, read, Clock::default())
            .with_replica(replica)
            .with_mail(config.mail_identity()?)
            .with_blobs(config.blobs()?)
            .with_outlet(config.outlet()?))
    }

    /// How each role connects.
    pub fn connections(&self) -> &Connections {
        &self.database.connections
    }

    /// Closes the pools, and stops a private server that nobody else uses.
    pub async fn close(self) {
        self.store.close().await;
        self.database.stop().await;
    }
}

/// Resolves when the process is told to stop.
async fn told_to_stop() {
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be listened to");
    let mut interrupt = signal(SignalKind::interrupt()).expect("signals can be listened to");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Serves until told to stop; running requests are finished, then the database is let go.
///
/// # Errors
/// A sentence for the operator.
pub async fn serve(config: &Config, serve: &ServeConfig) -> Result<(), String> {
    // Where nobody says under which address people reach the program, it is where it listens.
    let mut config = config.clone();
    config.mail.public_url = Some(config.public_url(Some(serve.listen)));
    let config = &config;
    // Listened to from the very beginning: a stop while the database starts is a stop.
    let mut stop = std::pin::pin!(told_to_stop());
    let opened = tokio::select! {
        opened = Opened::open(config, !serve.no_migrate) => opened?,
        () = &mut stop => return Ok(()),
    };
    let result = serve_opened(config, serve, &opened, stop).await;
    opened.close().await;
    tracing::info!("stopped");
    result
}

async fn serve_opened(
    config: &Config,
    serve: &ServeConfig,
    opened: &Opened,
    stop: impl Future<Output = ()>,
) -> Result<(), String> {
    let public_url = config.public_url(None);
    let auth = Data::new(auth_config(config, serve, &public_url)?);
    let context = work_context(config)?;
    opened
        .store
        .directory()
        .refresh(&opened.store)
        .await
        .map_err(|error| error.to_string())?;
    let demonstration = match serve.demo {
        true => Some(crate::demo::fill(opened).await?),
        false => None,
    };
    let poller = spawn_poller(opened.store.clone());
    let watch = spawn_replica_watch(opened.store.clone());
    let (stop_worker, worker_stops) = watch::channel(false);
    let workers = match serve.no_worker {
        true => Vec::new(),
        false => spawn_workers(
            config,
            serve.work.job_workers,
            opened,
            &context,
            &worker_stops,
        ),
    };
    let views = spawn_views(opened, &worker_stops);
    let metrics = match serve.metrics_listen {
        Some(address) => Some(serve_metrics(address, opened.store.clone())?),
        None => None,
    };
    let server = start_http(config, serve, opened, auth, &public_url)?;
    let handle = server.handle();
    let running = actix_web::rt::spawn(server);
    announce(&public_url, demonstration.as_deref());
    stop.await;
    tracing::info!("stopping: running requests are finished first");
    // They would never end by themselves.
    opened.store.events().close();
    handle.stop(true).await;
    let _ = running.await;
    if let Some(metrics) = metrics {
        metrics.stop(false).await;
    }
    stop_worker.send_replace(true);
    for worker in workers {
        let _ = worker.await;
    }
    // Every request is answered by now: what it showed is written before the database is let go.
    let _ = views.await;
    poller.abort();
    watch.abort();
    Ok(())
}

/// What a person at the terminal needs to know, on standard output; the log is on standard error.
fn announce(public_url: &str, demonstration: Option<&str>) {
    println!("Madoguchi is ready on {public_url}  (API documentation: {public_url}/docs/)");
    if let Some(text) = demonstration {
        println!("{text}");
    }
}

fn work_context(config: &Config) -> Result<WorkContext, String> {
    Ok(WorkContext {
        audit_key: AuditKey(config.secret(&config.secrets.audit_key, "audit")?),
        mailer: config.mailer()?,
    })
}

fn auth_config(
    config: &Config,
    serve: &ServeConfig,
    public_url: &str,
) -> Result<AuthConfig, String> {
    let secret = config.secret(&config.secrets.jwt_secret, "jwt")?;
    let keys = Keys::new(&secret, config.secrets.jwt_secret_previous.as_ref())?;
    let sealing = config.secret(&config.secrets.second_factor_key, "second_factor")?;
    let proxies: Result<Vec<Network>, _> = serve
        .trusted_proxies
        .iter()
        .map(|text| {
            text.parse()
                .map_err(|error| format!("MADOGUCHI_TRUSTED_PROXIES: {text}: {error}"))
        })
        .collect();
    let auth = AuthConfig::new(
        keys,
        SealKey::new(&sealing),
        Passwords::new(PasswordCost::OWASP),
        proxies?,
        public_url,
    );
    auth.map_err(|error| format!("MADOGUCHI_PUBLIC_URL: {error}"))
}

fn start_http(
    config: &Config,
    serve: &ServeConfig,
    opened: &Opened,
    auth: Data<AuthConfig>,
    public_url: &str,
) -> Result<actix_web::dev::Server, String> {
    let threads = match serve.http_workers {
        Some(threads) => threads.max(1),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let options = AppOptions {
        // The other half of the connections.
        near_reads: config.database.database_read_max_connections / 2 / threads as u32,
        near_writes: config.database.database_max_connections / 2 / threads as u32,
        cors_origins: serve.cors_origins.clone(),
        https: public_url.starts_with("https://"),
        doors: Arc::new(serve.intake.doors()?),
        ..AppOptions::default()
    };
    let store = opened.store.clone();
    let server = HttpServer::new(move || app(store.clone(), auth.clone(), &options))
        .workers(threads)
        .client_request_timeout(HEAD_TIMEOUT)
        // Otherwise the second of two answers on one connection waits 40 ms for the acknowledgement of the first.
        .tcp_nodelay(true)
        .shutdown_timeout(GRACE_SECONDS)
        .disable_signals();
    let server = server
        .bind(serve.listen)
        .map_err(|error| format!("cannot listen on {}: {error}", serve.listen))?;
    Ok(server.run())
}

/// Starts that many workers, at least one. Where there are several, the first does not send mail.
fn spawn_workers(
    config: &Config,
    number: usize,
    opened: &Opened,
    context: &WorkContext,
    stops: &watch::Receiver<bool>,
) -> Vec<actix_web::rt::task::JoinHandle<()>> {
    let lane = |worker| match worker {
        0 if number > 1 => Lane::NoSending,
        _ => Lane::Everything,
    };
    // All workers are tasks of this thread, so they share its connections.
    let most = config.database.database_max_connections / 4;
    let near = store::Lane::new(most.max(1));
    let spawn = |worker| {
        let (store, context, lane) = (opened.store.clone(), context.clone(), lane(worker));
        let near = near.clone();
        let mut stops = stops.clone();
        actix_web::rt::spawn(async move {
            let stop = async move {
                // An error means that the sender is gone, which is a stop too.
                let _ = stops.wait_for(|stop| *stop).await;
            };
            near.used_by(jobs::work(&store, &context, lane, stop)).await;
        })
    };
    (0..number.max(1)).map(spawn).collect()
}

/// Keeps looking where the replica is, if there is one.
fn spawn_replica_watch(store: Data<Store>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            store.look_at_replica().await;
            tokio::time::sleep(replica::LOOK).await;
        }
    })
}

/// Writes who saw what, until the workers stop.
fn spawn_views(
    opened: &Opened,
    stops: &watch::Receiver<bool>,
) -> actix_web::rt::task::JoinHandle<()> {
    let (store, mut stops) = (opened.store.clone(), stops.clone());
    actix_web::rt::spawn(async move {
        let stop = async move {
            // An error means that the sender is gone, which is a stop too.
            let _ = stops.wait_for(|stop| *stop).await;
        };
        crate::views::run(&store, stop).await;
    })
}

fn serve_metrics(
    address: std::net::SocketAddr,
    store: Data<Store>,
) -> Result<ServerHandle, String> {
    let recorder = health::install_metrics()?;
    let upkeep = recorder.clone();
    actix_web::rt::spawn(async move {
        loop {
            // What is counted in the database is the same in every process that shows it.
            if let Err(error) = crate::messages::measure(&store).await {
                tracing::warn!(error.message = %error, "the outbox cannot be measured");
            }
            tokio::time::sleep(Duration::from_secs(5)).await;
            upkeep.run_upkeep();
        }
    });
    let server = HttpServer::new(move || {
        let recorder = recorder.clone();
        App::new().route(
            "/metrics",
            web::get().to(move || {
                let text = recorder.render();
                async move {
                    HttpResponse::Ok()
                        .content_type("text/plain; version=0.0.4; charset=utf-8")
                        .body(text)
                }
            }),
        )
    })
    .workers(1)
    .disable_signals()
    .bind(address)
    .map_err(|error| format!("cannot listen on {address}: {error}"))?
    .run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok(handle)
}

/// Runs jobs until told to stop.
///
/// # Errors
/// A sentence for the operator.
pub async fn work(config: &Config, work: &WorkConfig) -> Result<(), String> {
    let context = work_context(config)?;
    let opened = Opened::open_by(config, false, Way::PastThePooler).await?;
    let (stop_worker, worker_stops) = watch::channel(false);
    let workers = spawn_workers(config, work.job_workers, &opened, &context, &worker_stops);
    let watch = spawn_replica_watch(opened.store.clone());
    told_to_stop().await;
    stop_worker.send_replace(true);
    for worker in workers {
        let _ = worker.await;
    }
    watch.abort();
    opened.close().await;
    Ok(())
}
