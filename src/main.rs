//! The `madoguchi` program: its subcommands. Everything else is in the library.

use clap::{Args, Parser, Subcommand, error::ErrorKind};
use madoguchi::{
    access::Role,
    app,
    audit::{self, checkpoint::AuditKey},
    auth::cli,
    config::{Config, LogConfig, LogFormat, ServeConfig, WorkConfig, install_cryptography},
    handover::{self, Installation},
    intake::ingest::{self, IngestConfig},
    search,
    serve::{self, Opened},
};
use std::{io::IsTerminal, process::ExitCode};
use tracing_subscriber::EnvFilter;

/// Case management for public consultation programmes.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API and run jobs
    Serve {
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        serve: ServeConfig,
    },
    /// Run jobs only, beside servers started with --no-worker
    Worker {
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        work: WorkConfig,
    },
    /// Bring the database's schema up to date
    Migrate {
        #[command(flatten)]
        config: Config,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Enter and change users
    #[command(subcommand)]
    User(UserCommand),
    /// Make API tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Fill an empty database with demonstration data
    Demo {
        #[command(flatten)]
        config: Config,
    },
    /// Hand the whole programme over: everything that another installation needs, into an empty folder
    Export {
        #[command(flatten)]
        config: Config,
        /// Everything; lists are exported by people, in the program
        #[arg(long, required = true)]
        all: bool,
        /// The folder, new or empty
        #[arg(long, value_name = "DIR")]
        to: std::path::PathBuf,
    },
    /// Take over what another installation handed over, into an empty database
    Import {
        #[command(flatten)]
        config: Config,
        /// The folder
        #[arg(long, value_name = "DIR")]
        from: std::path::PathBuf,
        /// Where the proof of equality is kept [default: proof.txt in the folder]
        #[arg(long, value_name = "FILE")]
        proof: Option<std::path::PathBuf>,
    },
    /// Look after the audit trail
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look after the search index
    #[command(subcommand)]
    Search(SearchCommand),
    /// Take in a mail from standard input, for the pipe of a mail server
    Ingest {
        #[command(flatten)]
        config: Config,
        #[command(flatten)]
        ingest: IngestConfig,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Enter a user; the password is read from standard input
    Create(CreateUser),
    /// Set a user's password; it is read from standard input
    Password(UserOf),
    /// Deactivate a user and end their sessions
    Deactivate(UserOf),
    /// Take the second factor from a user who lost app and recovery codes, and end their sessions
    ResetSecondFactor(UserOf),
}

#[derive(Args)]
struct CreateUser {
    #[command(flatten)]
    config: Config,
    /// Address to sign in with
    #[arg(long)]
    email: String,
    /// Name that others see
    #[arg(long)]
    name: String,
    /// What they may do
    #[arg(long, value_parser = Role::ALL.map(Role::name))]
    role: String,
    /// Code of the desk; for the role desk
    #[arg(long)]
    desk: Option<String>,
    /// Id of the telework manager; for the role manager
    #[arg(long)]
    manager: Option<String>,
}

#[derive(Args)]
struct UserOf {
    #[command(flatten)]
    config: Config,
    /// Address to sign in with
    #[arg(long)]
    email: String,
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Make an API token; it is printed once
    Create(CreateToken),
}

#[derive(Args)]
struct CreateToken {
    #[command(flatten)]
    config: Config,
    /// Address of the user it belongs to
    #[arg(long)]
    user: String,
    /// What it may do; may be repeated
    #[arg(long = "permission", required = true)]
    permissions: Vec<String>,
    /// Days until it expires, at most 366
    #[arg(long, default_value_t = 90)]
    days: i64,
    /// What it is for
    #[arg(long, default_value = "command line")]
    name: String,
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Prove that no row was altered, cut or removed; names the first that was
    Verify {
        #[command(flatten)]
        config: Config,
        /// A head kept outside (the answer of GET /audit/head), to compare with
        #[arg(long)]
        against: Option<std::path::PathBuf>,
    },
}

#[derive(Subcommand)]
enum SearchCommand {
    /// Make the index anew, while the program runs
    Rebuild {
        #[command(flatten)]
        config: Config,
    },
    /// Compare the index with what is stored; names what would not be found
    Check {
        #[command(flatten)]
        config: Config,
    },
}

#[actix_web::main]
async fn main() -> ExitCode {
    install_cryptography();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // A mail server takes any other code than its own for "never": a slip in its configuration must not bounce mail.
        Err(error)
            if error.use_stderr() && std::env::args().nth(1).as_deref() == Some("ingest") =>
        {
            return ingest::usage_fault(&error.to_string());
        }
        // "ingset" in a pipe; clap's own code would bounce mail.
        Err(error) if error.kind() == ErrorKind::InvalidSubcommand => {
            let _ = error.print();
            return ExitCode::from(ingest::TRY_AGAIN);
        }
        Err(error) => error.exit(),
    };
    match run(cli.command).await {
        Ok(code) => code,
        Err(message) => {
            eprintln!("madoguchi: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode, String> {
    match command {
        Command::Serve { config, serve } => {
            start_log(&config.log)?;
            serve::serve(&config, &serve).await?;
        }
        Command::Worker { config, work } => {
            start_log(&config.log)?;
            serve::work(&config, &work).await?;
        }
        Command::Migrate { config } => {
            start_log(&config.log)?;
            Opened::open(&config, true).await?.close().await;
            eprintln!("The database is up to date.");
        }
        Command::Openapi => {
            use std::io::Write;
            // Not `print!`: a reader that has seen enough is no reason to panic.
            let written = std::io::stdout().write_all(app::openapi_text().as_bytes());
            written.map_err(|error| format!("the document: {error}"))?;
        }
        Command::User(command) => run_user(command).await?,
        Command::Token(TokenCommand::Create(args)) => create_token(args).await?,
        Command::Demo { config } => {
            start_log(&config.log)?;
            let opened = Opened::open(&config, true).await?;
            let filled = madoguchi::demo::fill(&opened).await;
            opened.close().await;
            eprintln!("{}", filled?);
        }
        Command::Audit(AuditCommand::Verify { config, against }) => {
            return Ok(verify_audit(&config, against.as_deref()).await);
        }
        Command::Search(SearchCommand::Rebuild { config }) => {
            start_log(&config.log)?;
            let opened = Opened::open(&config, false).await?;
            let count = search::rebuild(&opened.store).await;
            opened.close().await;
            let count = count.map_err(|error| cli::explain(&error))?;
            eprintln!("{count} texts can be found.");
        }
        Command::Search(SearchCommand::Check { config }) => return check_search(&config).await,
        Command::Export { config, to, .. } => hand_over(&config, &to).await?,
        Command::Import {
            config,
            from,
            proof,
        } => return take_over(&config, &from, proof.as_deref()).await,
        Command::Ingest { config, ingest } => return Ok(ingest::run(&config, &ingest).await),
    }
    Ok(ExitCode::SUCCESS)
}

/// Success for an intact trail, 1 for a broken one, 2 where it could not be read: whoever is woken by it must know which.
async fn verify_audit(config: &Config, against: Option<&std::path::Path>) -> ExitCode {
    let verdict = async {
        let key = AuditKey(config.secret(&config.secrets.audit_key, "audit")?);
        let opened = Opened::open(config, false).await?;
        let verdict = audit::cli_verify(&opened.store, &key, against).await;
        opened.close().await;
        verdict
    };
    verdict.await.unwrap_or_else(|message: String| {
        eprintln!("madoguchi: {message}");
        ExitCode::from(2)
    })
}

/// The last line is for whoever takes it over: it says whether what arrives is what left.
async fn hand_over(config: &Config, dir: &std::path::Path) -> Result<(), String> {
    start_log(&config.log)?;
    let audit_key = AuditKey(config.secret(&config.secrets.audit_key, "audit")?);
    let opened = Opened::open(config, false).await?;
    let exported = handover::export(&installation(&opened, &audit_key), dir).await;
    opened.close().await;
    let (manifest, sha256) = exported?;
    for (name, part) in &manifest.tables {
        println!("{name:<28} {:>12}  {}", part.rows, part.sha256);
    }
    println!("{:<28} {:>12}", "files", manifest.files.len());
    println!("manifest SHA-256 {sha256}");
    Ok(())
}

/// 1 where everything came in but the audit trail does not hold.
async fn take_over(
    config: &Config,
    dir: &std::path::Path,
    proof_file: Option<&std::path::Path>,
) -> Result<ExitCode, String> {
    start_log(&config.log)?;
    let audit_key = AuditKey(config.secret(&config.secrets.audit_key, "audit")?);
    let opened = Opened::open(config, true).await?;
    let imported = handover::import(&installation(&opened, &audit_key), dir).await;
    opened.close().await;
    let proof = imported?;
    println!("{proof}");
    let kept_in = proof_file.map_or_else(|| dir.join("proof.txt"), std::path::Path::to_owned);
    std::fs::write(&kept_in, format!("{proof}\n")).map_err(|error| {
        format!(
            "everything came in, but {} cannot be written: {error}",
            kept_in.display()
        )
    })?;
    eprintln!("The proof is kept in {}.", kept_in.display());
    Ok(match proof.is_whole() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn installation<'a>(opened: &'a Opened, audit_key: &'a AuditKey) -> Installation<'a> {
    Installation {
        connections: opened.connections(),
        store: &opened.store,
        audit_key,
    }
}

/// 1 where a text is not found as it is stored.
async fn check_search(config: &Config) -> Result<ExitCode, String> {
    start_log(&config.log)?;
    let opened = Opened::open(config, false).await?;
    let checked = search::check(&opened.store).await;
    opened.close().await;
    let (count, wrong) = checked.map_err(|error| cli::explain(&error))?;
    for text in &wrong {
        println!("{} {}", text.kind, text.subject_id);
    }
    if wrong.is_empty() {
        eprintln!("{count} texts were compared; all can be found.");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "{} of {count} texts are not in the index as they are stored: `madoguchi search rebuild` puts that right.",
        wrong.len()
    );
    Ok(ExitCode::FAILURE)
}

async fn run_user(command: UserCommand) -> Result<(), String> {
    let config = match &command {
        UserCommand::Create(args) => &args.config,
        UserCommand::Password(args)
        | UserCommand::Deactivate(args)
        | UserCommand::ResetSecondFactor(args) => &args.config,
    };
    let opened = Opened::open(config, true).await?;
    let done = match &command {
        UserCommand::Create(args) => {
            let user = cli::CreateUser {
                email: &args.email,
                name: &args.name,
                role: &args.role,
                desk: args.desk.as_deref(),
                manager: args.manager.as_deref(),
            };
            let password =
                cli::read_password().map_err(|error| format!("the password: {error}"))?;
            cli::create_user(&opened.store, &user, &password)
                .await
                .map(|id| println!("{id}"))
        }
        UserCommand::Password(args) => {
            let password =
                cli::read_password().map_err(|error| format!("the password: {error}"))?;
            cli::set_password(&opened.store, &args.email, &password).await
        }
        UserCommand::Deactivate(args) => cli::deactivate_user(&opened.store, &args.email).await,
        UserCommand::ResetSecondFactor(args) => {
            cli::reset_second_factor(&opened.store, &args.email).await
        }
    };
    opened.close().await;
    done.map_err(|error| cli::explain(&error))
}

async fn create_token(args: CreateToken) -> Result<(), String> {
    use secrecy::ExposeSecret;
    let opened = Opened::open(&args.config, true).await?;
    let token = cli::CreateToken {
        user: &args.user,
        permissions: &args.permissions,
        days: args.days,
        name: &args.name,
    };
    let made = cli::create_token(&opened.store, &token).await;
    opened.close().await;
    println!(
        "{}",
        made.map_err(|error| cli::explain(&error))?.expose_secret()
    );
    Ok(())
}

fn start_log(config: &LogConfig) -> Result<(), String> {
    let filter =
        EnvFilter::try_new(&config.log).map_err(|error| format!("MADOGUCHI_LOG: {error}"))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Colours are for terminals: in a file they are noise.
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Json => log.json().init(),
        LogFormat::Pretty => log.init(),
    }
    Ok(())
}
