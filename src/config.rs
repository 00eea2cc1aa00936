//! What the process is told: every setting is a flag with help text and an environment variable of the same name.
//!
//! What an office decides (number of sessions, deadlines, texts) is not here but under `/settings`. Secrets have no
//! default: where none is given, one is made once in the data folder, readable by its owner only.

use crate::{
    auth::SealKey,
    blobs::Blobs,
    database::{self, DatabaseConfig},
    intake::{
        door::{DEFAULT_MAX_BYTES, Doors},
        mailgun::Mailgun,
        postmark::Postmark,
        sendgrid::Sendgrid,
        ses::{Https, Ses},
    },
    mail::{MailIdentity, smtp::Mailer, token::MailKey},
    text::EmailAddress,
    webhooks::outlet::{Outlet, Policy},
};
use chrono::TimeDelta;
use clap::{Args, ValueEnum};
use rand::TryRng;
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

/// What every subcommand needs: the database and the secrets.
#[derive(Debug, Clone, Args)]
pub struct Config {
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented there")]
    pub database: DatabaseConfig,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented there")]
    pub secrets: SecretConfig,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented there")]
    pub log: LogConfig,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented there")]
    pub mail: MailConfig,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented there")]
    pub storage: StorageConfig,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented there")]
    pub webhooks: WebhookConfig,
    /// Folder for the private database, attachments and generated secrets [default: $XDG_DATA_HOME/madoguchi; for root /var/lib/madoguchi]
    #[arg(long, env = "MADOGUCHI_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
}

/// Keys.
#[derive(Debug, Clone, Args)]
pub struct SecretConfig {
    /// Signs access tokens; at least 32 characters [default: made once in the data folder]
    #[arg(
        long,
        env = "MADOGUCHI_JWT_SECRET",
        hide_env_values = true,
        global = true
    )]
    pub jwt_secret: Option<SecretString>,
    /// The key before it, still accepted while tokens signed with it live
    #[arg(
        long,
        env = "MADOGUCHI_JWT_SECRET_PREVIOUS",
        hide_env_values = true,
        global = true
    )]
    pub jwt_secret_previous: Option<SecretString>,
    /// Signs the checkpoints of the audit trail; at least 32 characters [default: made once in the data folder]
    #[arg(
        long,
        env = "MADOGUCHI_AUDIT_KEY",
        hide_env_values = true,
        global = true
    )]
    pub audit_key: Option<SecretString>,
    /// Seals the secrets of second factors; at least 32 characters [default: made once in the data folder]
    #[arg(
        long,
        env = "MADOGUCHI_SECOND_FACTOR_KEY",
        hide_env_values = true,
        global = true
    )]
    pub second_factor_key: Option<SecretString>,
}

/// Outgoing mail, and the addresses that answers come back to.
#[derive(Debug, Clone, Args)]
pub struct MailConfig {
    /// Where mail is handed over: smtp://user:password@host:587?tls=none|starttls|required or smtps://…, with ca=FILE for certificates of an authority of your own [default: mail is written to the data folder, not sent]
    #[arg(
        long,
        env = "MADOGUCHI_SMTP_URL",
        hide_env_values = true,
        global = true
    )]
    pub smtp_url: Option<SecretString>,
    /// The office's own address, sender of what does not come from a mailbox
    #[arg(
        long,
        env = "MADOGUCHI_MAIL_FROM",
        default_value = "sodan@madoguchi.example",
        global = true
    )]
    pub mail_from: String,
    /// Domain of Message-IDs [default: that of the office's address]
    #[arg(long, env = "MADOGUCHI_MAIL_DOMAIN", global = true)]
    pub mail_domain: Option<String>,
    /// Signs Message-IDs and plus-addresses; at least 32 characters [default: made once in the data folder]
    #[arg(
        long,
        env = "MADOGUCHI_MAIL_KEY",
        hide_env_values = true,
        global = true
    )]
    pub mail_key: Option<SecretString>,
    /// Address under which people reach this server, for links [default: http://<listen>]
    #[arg(long, env = "MADOGUCHI_PUBLIC_URL", global = true)]
    pub public_url: Option<String>,
}

/// The doors for mail that providers deliver. One that is not configured answers 404.
#[derive(Debug, Clone, Args)]
pub struct IntakeConfig {
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented there")]
    pub size: MailSize,
    /// Opens the door for Postmark: the password in its webhook's URL, at least 16 characters
    #[arg(long, env = "MADOGUCHI_POSTMARK_PASSWORD", hide_env_values = true)]
    pub postmark_password: Option<SecretString>,
    /// Opens the door for Mailgun: its HTTP webhook signing key
    #[arg(long, env = "MADOGUCHI_MAILGUN_SIGNING_KEY", hide_env_values = true)]
    pub mailgun_signing_key: Option<SecretString>,
    /// Minutes for which a signature of Mailgun is good
    #[arg(
        long,
        env = "MADOGUCHI_MAILGUN_WINDOW_MINUTES",
        default_value_t = 15,
        value_parser = clap::value_parser!(i64).range(1..=1440)
    )]
    pub mailgun_window_minutes: i64,
    /// Opens the door for SendGrid: the public key of its parse webhook's security policy
    #[arg(long, env = "MADOGUCHI_SENDGRID_PUBLIC_KEY")]
    pub sendgrid_public_key: Option<String>,
    /// Opens the door for SendGrid: the password in its webhook's URL, at least 16 characters; with the key, both must hold
    #[arg(long, env = "MADOGUCHI_SENDGRID_PASSWORD", hide_env_values = true)]
    pub sendgrid_password: Option<SecretString>,
    /// Opens the door for Amazon SES: ARNs of the SNS topics that mail may come from, separated by commas
    #[arg(long, env = "MADOGUCHI_SES_TOPICS", value_delimiter = ',')]
    pub ses_topics: Vec<String>,
}

impl IntakeConfig {
    /// The doors that are open.
    ///
    /// # Errors
    /// A sentence for the operator: a secret is too short or cannot be read.
    pub fn doors(&self) -> Result<Doors, String> {
        let postmark = long_enough(&self.postmark_password, "MADOGUCHI_POSTMARK_PASSWORD")?;
        let signing_key = long_enough(&self.mailgun_signing_key, "MADOGUCHI_MAILGUN_SIGNING_KEY")?;
        let password = long_enough(&self.sendgrid_password, "MADOGUCHI_SENDGRID_PASSWORD")?;
        let public_key = self
            .sendgrid_public_key
            .as_deref()
            .filter(|key| !key.is_empty());
        let sendgrid = match public_key.is_some() || password.is_some() {
            true => Some(
                Sendgrid::new(public_key, password)
                    .map_err(|error| format!("MADOGUCHI_SENDGRID_PUBLIC_KEY: {error}"))?,
            ),
            false => None,
        };
        let topics: Vec<_> = self
            .ses_topics
            .iter()
            .filter(|arn| !arn.is_empty())
            .cloned()
            .collect();
        let ses = match topics.is_empty() {
            true => None,
            false => Some(
                Ses::new(&topics, Arc::new(Https::new()?))
                    .map_err(|error| format!("MADOGUCHI_SES_TOPICS: {error}"))?,
            ),
        };
        let window = TimeDelta::minutes(self.mailgun_window_minutes);
        let mut doors = Doors::new(self.size.mail_max_bytes);
        doors.postmark = postmark.map(|password| Postmark { password });
        doors.mailgun = signing_key.map(|signing_key| Mailgun {
            signing_key,
            window,
        });
        doors.sendgrid = sendgrid;
        doors.ses = ses;
        Ok(doors)
    }
}

/// A secret that others gave; an empty one is none.
fn long_enough(given: &Option<SecretString>, name: &str) -> Result<Option<SecretString>, String> {
    match given.as_ref().map(|secret| secret.expose_secret().len()) {
        None | Some(0) => Ok(None),
        Some(16..) => Ok(given.clone()),
        Some(_) => Err(format!("{name} must have at least 16 characters")),
    }
}

/// Names the cryptography that TLS uses in this process, before anything speaks TLS: no library brings one by itself.
pub fn install_cryptography() {
    // An error means that it was named before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Where files are kept.
#[derive(Debug, Clone, Args)]
pub struct StorageConfig {
    /// s3://bucket/prefix of S3-compatible storage; its keys come as AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT [default: the data folder]
    #[arg(long, env = "MADOGUCHI_STORAGE_URL", global = true)]
    pub storage_url: Option<String>,
}

/// Who may be called by webhooks.
#[derive(Debug, Clone, Args)]
pub struct WebhookConfig {
    /// Let webhooks be called without TLS, for development
    #[arg(long, env = "MADOGUCHI_WEBHOOK_ALLOW_HTTP", global = true)]
    pub webhook_allow_http: bool,
    /// Private networks that webhooks may be in, separated by commas: an intranet [default: none]
    #[arg(
        long,
        env = "MADOGUCHI_WEBHOOK_NETWORKS",
        value_delimiter = ',',
        global = true
    )]
    pub webhook_networks: Vec<String>,
}

/// The program's log, on standard error.
#[derive(Debug, Clone, Args)]
pub struct LogConfig {
    /// What is logged, as in `info,sqlx=warn`
    #[arg(
        long,
        env = "MADOGUCHI_LOG",
        default_value = "info,sqlx=warn",
        global = true
    )]
    pub log: String,
    /// How it is written
    #[arg(long, env = "MADOGUCHI_LOG_FORMAT", value_enum, default_value_t = LogFormat::Pretty)]
    pub log_format: LogFormat,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// The largest mail.
#[derive(Debug, Clone, Args)]
pub struct MailSize {
    /// The largest mail that is taken in, in bytes
    #[arg(long, env = "MADOGUCHI_MAIL_MAX_BYTES", default_value_t = DEFAULT_MAX_BYTES, value_parser = mail_size)]
    pub mail_max_bytes: usize,
}

/// From a kilobyte to half a gigabyte, which is what a row of PostgreSQL holds with room to spare.
fn mail_size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size @ 1024..=536_870_912) => Ok(size),
        _ => Err("a number of bytes from 1024 to 536870912".into()),
    }
}

/// What `serve` needs.
#[derive(Debug, Clone, Args)]
pub struct ServeConfig {
    /// Address of the API and the web front end
    #[arg(long, env = "MADOGUCHI_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Address of /metrics [default: off]
    #[arg(long, env = "MADOGUCHI_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// Addresses or networks of the proxies whose Forwarded headers count, separated by commas [default: none]
    #[arg(long, env = "MADOGUCHI_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<String>,
    /// Origins that browsers may call the API from, separated by commas [default: none]
    #[arg(long, env = "MADOGUCHI_CORS_ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<String>,
    /// HTTP worker threads [default: number of cores]
    #[arg(long, env = "MADOGUCHI_HTTP_WORKERS")]
    pub http_workers: Option<usize>,
    /// Do not run migrations at start
    #[arg(long, env = "MADOGUCHI_NO_MIGRATE")]
    pub no_migrate: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented there")]
    pub work: WorkConfig,
    /// Do not run jobs in this process; another one runs `madoguchi worker`
    #[arg(long, env = "MADOGUCHI_NO_WORKER")]
    pub no_worker: bool,
    /// Fill an empty database with demonstration data, whose users have a known password
    #[arg(long, env = "MADOGUCHI_DEMO")]
    pub demo: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented there")]
    pub intake: IntakeConfig,
}

/// What runs jobs.
#[derive(Debug, Clone, Args)]
pub struct WorkConfig {
    /// How many jobs run at once in this process; one of them is never the sending of a mail
    #[arg(long, env = "MADOGUCHI_JOB_WORKERS", default_value_t = 4)]
    pub job_workers: usize,
}

impl Config {
    /// The data folder, made when it is missing.
    ///
    /// # Errors
    /// A sentence for the operator when the folder cannot be made.
    pub fn data_dir(&self) -> Result<PathBuf, String> {
        let dir = self.data_dir.clone().unwrap_or_else(default_data_dir);
        database::create_data_dir(&dir).map_err(|error| error.to_string())?;
        Ok(dir)
    }

    /// Where people reach the program.
    pub fn public_url(&self, listen: Option<SocketAddr>) -> String {
        let listen = listen.unwrap_or_else(|| ([127, 0, 0, 1], 8080).into());
        self.mail
            .public_url
            .clone()
            .unwrap_or_else(|| format!("http://{listen}"))
    }

    /// The addresses that mail comes from and answers go to.
    ///
    /// # Errors
    /// A sentence for the operator: the address or the key cannot be used.
    pub fn mail_identity(&self) -> Result<Arc<MailIdentity>, String> {
        let from = EmailAddress::parse(&self.mail.mail_from)
            .map_err(|error| format!("MADOGUCHI_MAIL_FROM: {error}"))?;
        let own_domain = from.as_str().rsplit('@').next().unwrap_or_default();
        let domain = self.mail.mail_domain.as_deref().unwrap_or(own_domain);
        let key = self.secret(&self.mail.mail_key, "mail")?;
        Ok(Arc::new(MailIdentity {
            domain: domain.to_owned(),
            key: MailKey::new(key.expose_secret().as_bytes()),
            public_url: self.public_url(None),
            from,
        }))
    }

    /// Where outgoing mail is handed over.
    ///
    /// # Errors
    /// A sentence for the operator: the address cannot be used.
    pub fn mailer(&self) -> Result<Mailer, String> {
        match &self.mail.smtp_url {
            Some(url) => Mailer::smtp(url.expose_secret())
                .map_err(|error| format!("MADOGUCHI_SMTP_URL: {error}")),
            None => {
                let folder = self.data_dir()?.join("outbox");
                tracing::warn!(
                    mail.folder = %folder.display(),
                    "MADOGUCHI_SMTP_URL is not set: mail is written to a folder, not sent"
                );
                Ok(Mailer::folder(folder))
            }
        }
    }

    /// Where files are kept.
    ///
    /// # Errors
    /// A sentence for the operator: the place cannot be used.
    pub fn blobs(&self) -> Result<Blobs, String> {
        match &self.storage.storage_url {
            Some(url) => Blobs::s3(url).map_err(|error| format!("MADOGUCHI_STORAGE_URL: {error}")),
            None => Blobs::folder(&self.data_dir()?.join("files")),
        }
    }

    /// The way out to webhooks.
    ///
    /// # Errors
    /// A sentence for the operator: a network or the key cannot be used.
    pub fn outlet(&self) -> Result<Arc<Outlet>, String> {
        let networks = self.webhooks.webhook_networks.iter();
        let networks: Result<_, _> = networks
            .filter(|text| !text.is_empty())
            .map(|text| {
                text.parse()
                    .map_err(|error| format!("MADOGUCHI_WEBHOOK_NETWORKS: {text}: {error}"))
            })
            .collect();
        let policy = Policy {
            allow_http: self.webhooks.webhook_allow_http,
            networks: networks?,
        };
        let sealing = self.secret(&self.secrets.second_factor_key, "second_factor")?;
        Ok(Arc::new(Outlet::new(
            policy,
            SealKey::for_webhooks(&sealing),
        )))
    }

    /// The given secret, or the one in the data folder, made when it is missing.
    ///
    /// # Errors
    /// A sentence for the operator: the secret is too short, or its file cannot be used.
    pub fn secret(&self, given: &Option<SecretString>, name: &str) -> Result<SecretString, String> {
        let secret = match given {
            Some(secret) => secret.clone(),
            None => {
                let path = self.data_dir()?.join("secrets").join(name);
                read_or_make(&path).map_err(|error| {
                    format!("the secret {} cannot be used: {error}", path.display())
                })?
            }
        };
        match secret.expose_secret().len() {
            32.. => Ok(secret),
            _ => Err(format!(
                "the secret {name} must have at least 32 characters"
            )),
        }
    }
}

fn default_data_dir() -> PathBuf {
    // Root has no data folder of its own that an unprivileged PostgreSQL could enter.
    let is_root =
        fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    if is_root {
        return PathBuf::from("/var/lib/madoguchi");
    }
    match (std::env::var_os("XDG_DATA_HOME"), std::env::var_os("HOME")) {
        (Some(data), _) => PathBuf::from(data).join("madoguchi"),
        (None, Some(home)) => PathBuf::from(home).join(".local/share/madoguchi"),
        (None, None) => PathBuf::from("madoguchi-data"),
    }
}

fn read_or_make(path: &Path) -> io::Result<SecretString> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    // Two programs starting at once: the one that creates the file wins, the other reads what it wrote.
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(mut file) => {
            let mut bytes = [0_u8; 32];
            rand::rngs::SysRng
                .try_fill_bytes(&mut bytes)
                .map_err(io::Error::other)?;
            io::Write::write_all(&mut file, hex::encode(bytes).as_bytes())?;
            file.sync_all()?;
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    for _ in 0..50 {
        let text = fs::read_to_string(path)?;
        if text.len() >= 32 {
            return Ok(text.trim().to_owned().into());
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    Err(io::Error::other("it is shorter than 32 characters"))
}
