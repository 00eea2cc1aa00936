//! `madoguchi ingest`: a mail on standard input, for the pipes of Postfix, Exim and qmail.
//!
//! It ends with 0 only when the mail is safe, and says so to nobody. In any other case, whatever went wrong, it says "try
//! again later" in the mail server's own way: the mail stays in its queue, which keeps it for days and tells the sender
//! when even that did not help. It never says "never": that is not a pipe's to decide.

use super::receive::{Delivery, Provider, Receipt, receive};
use crate::{
    access::Actor,
    config::{Config, MailSize},
    mail::parse::Envelope,
    serve::Opened,
};
use clap::{Args, ValueEnum};
use futures_util::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::{
    io::{Read, Write},
    panic::AssertUnwindSafe,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

/// `EX_TEMPFAIL` of sysexits.h: Postfix, Exim and sendmail try again.
pub const TRY_AGAIN: u8 = 75;

/// What qmail-command(8) takes for "try again".
const TRY_AGAIN_QMAIL: u8 = 111;

/// How `madoguchi ingest` is called.
#[derive(Debug, Clone, Args)]
pub struct IngestConfig {
    /// Address of a running server, as in http://127.0.0.1:8080 [default: straight to the database]
    #[arg(long, env = "MADOGUCHI_INGEST_URL")]
    pub url: Option<String>,
    /// File with an API token that has the permission intake; with --url
    #[arg(long, env = "MADOGUCHI_INGEST_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// SMTP's sender; empty for the null sender [default: $SENDER]
    #[arg(long)]
    pub sender: Option<String>,
    /// SMTP's recipient; may be repeated [default: $ORIGINAL_RECIPIENT, $RECIPIENT or $LOCAL@$HOST]
    #[arg(long = "recipient")]
    pub recipients: Vec<String>,
    /// Whose exit codes are used
    #[arg(long, value_enum, default_value_t = Style::Postfix)]
    pub style: Style,
    /// Seconds until a connection must stand
    #[arg(long, default_value_t = 5)]
    pub connect_timeout: u64,
    /// Seconds until everything must be done
    #[arg(long, default_value_t = 60)]
    pub timeout: u64,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented there")]
    pub size: MailSize,
}

/// A mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Style {
    /// 75 with an enhanced status code before the text.
    Postfix,
    /// 75.
    Exim,
    /// 111.
    Qmail,
}

impl Style {
    fn try_again(self) -> u8 {
        match self {
            Self::Postfix | Self::Exim => TRY_AGAIN,
            Self::Qmail => TRY_AGAIN_QMAIL,
        }
    }
}

/// Why it is not certain that the mail is safe: an enhanced status code (RFC 3463), always 4.x.x, and words for the mail
/// server's log.
#[derive(Debug, PartialEq)]
struct Doubt {
    status: &'static str,
    text: String,
}

impl Doubt {
    fn new(status: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
        }
    }

    /// One line, on standard output, where Postfix, Exim and qmail look for it.
    fn tell(&self, style: Style) -> ExitCode {
        let text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        // Nobody may be listening any more; the code is what counts.
        let _ = writeln!(std::io::stdout(), "{} madoguchi: {text}", self.status);
        ExitCode::from(style.try_again())
    }
}

/// What a call that cannot be understood ends with: "try again", when somebody has set it right.
pub fn usage_fault(message: &str) -> ExitCode {
    let asks_for_qmail = std::env::args().any(|argument| argument.contains("qmail"));
    let style = if asks_for_qmail {
        Style::Qmail
    } else {
        Style::Postfix
    };
    Doubt::new("4.3.5", message).tell(style)
}

/// Takes in the mail on standard input.
pub async fn run(config: &Config, ingest: &IngestConfig) -> ExitCode {
    // A panic would end with a code that mail servers take for "never".
    let taken = AssertUnwindSafe(take(config, ingest)).catch_unwind();
    let limit = Duration::from_secs(ingest.timeout);
    let doubt = match tokio::time::timeout(limit, taken).await {
        Ok(Ok(Ok(_))) => return ExitCode::SUCCESS,
        Ok(Ok(Err(doubt))) => doubt,
        Ok(Err(_)) => Doubt::new("4.3.0", "a fault of ours"),
        Err(_) => Doubt::new("4.4.2", "it took too long"),
    };
    doubt.tell(ingest.style)
}

async fn take(config: &Config, ingest: &IngestConfig) -> Result<Receipt, Doubt> {
    let most = ingest.size.mail_max_bytes;
    // On a thread of its own, so that the time runs while nothing comes; nobody waits for it at the end.
    let (told, mail) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || told.send(read(std::io::stdin().lock(), most)));
    let mail = mail
        .await
        .map_err(|_| Doubt::new("4.3.0", "a fault of ours"))??;
    let envelope = envelope(ingest, |name| {
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    });
    let receipt = match &ingest.url {
        Some(url) => post(ingest, url, &mail, &envelope).await?,
        None => store(config, &mail, &envelope).await?,
    };
    // Whoever answered has kept this very mail.
    if receipt.sha256 != hex::encode(Sha256::digest(&mail)) {
        return Err(Doubt::new("4.3.0", "another mail was kept than was sent"));
    }
    Ok(receipt)
}

/// Reads the mail; one that is empty is a pipe that broke, since every mail has headers when it comes here.
fn read(input: impl Read, most: usize) -> Result<Vec<u8>, Doubt> {
    let mut mail = Vec::new();
    input
        .take(most as u64 + 1)
        .read_to_end(&mut mail)
        .map_err(|error| Doubt::new("4.3.0", format!("standard input: {error}")))?;
    match mail.len() {
        0 => Err(Doubt::new("4.3.0", "standard input is empty")),
        length if length > most => Err(Doubt::new(
            "4.3.4",
            format!("the mail is larger than {most} bytes"),
        )),
        _ => Ok(mail),
    }
}

/// The envelope: as the arguments say, else as mail servers say it in the environment: qmail-command(8), local(8) of
/// Postfix, Exim's pipe transport.
fn envelope(ingest: &IngestConfig, env: impl Fn(&str) -> Option<String>) -> Envelope {
    let from = ingest.sender.clone().or_else(|| env("SENDER"));
    // Postfix and qmail have names for the null sender.
    let from = from.map(|from| match from.as_str() {
        "MAILER-DAEMON" | "#@[]" => String::new(),
        _ => from,
    });
    if !ingest.recipients.is_empty() {
        return Envelope {
            from,
            to: ingest.recipients.clone(),
        };
    }
    let local = || Some(format!("{}@{}", env("LOCAL")?, env("HOST")?));
    let to = ["ORIGINAL_RECIPIENT", "RECIPIENT"]
        .iter()
        .find_map(|name| env(name).filter(|address| !address.is_empty()))
        .or_else(local);
    Envelope {
        from,
        to: to.into_iter().collect(),
    }
}

async fn post(
    ingest: &IngestConfig,
    url: &str,
    mail: &[u8],
    envelope: &Envelope,
) -> Result<Receipt, Doubt> {
    let misconfigured = |text: String| Doubt::new("4.3.5", text);
    let token = read_token(ingest)?;
    let client = reqwest::Client::builder()
        // A redirect would carry the mail and the token elsewhere.
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(ingest.connect_timeout))
        .timeout(Duration::from_secs(ingest.timeout))
        .build()
        .map_err(|error| misconfigured(error.to_string()))?;
    let header = |addresses: &str| {
        reqwest::header::HeaderValue::from_bytes(addresses.as_bytes())
            .map_err(|_| misconfigured("an address of the envelope has control characters".into()))
    };
    let address = format!("{}/api/v1/intake/email", url.trim_end_matches('/'));
    let mut request = client
        .post(address)
        .bearer_auth(token.expose_secret())
        .header("Content-Type", "message/rfc822")
        .body(mail.to_vec());
    if let Some(from) = &envelope.from {
        request = request.header("X-Envelope-From", header(&format!("<{from}>"))?);
    }
    if !envelope.to.is_empty() {
        // In one line: servers take a hundred lines, and a mailing has more recipients.
        let to: Vec<_> = envelope.to.iter().map(|to| format!("<{to}>")).collect();
        request = request.header("X-Envelope-To", header(&to.join(","))?);
    }
    let unreachable = |error: reqwest::Error| {
        let status = if error.is_timeout() { "4.4.2" } else { "4.4.1" };
        Doubt::new(status, format!("the server: {}", causes(&error)))
    };
    let answer = request.send().await.map_err(unreachable)?;
    let status = answer.status();
    match status.as_u16() {
        200..=299 => answer
            .bytes()
            .await
            .ok()
            .and_then(|body| serde_json::from_slice(&body).ok())
            .ok_or_else(|| Doubt::new("4.3.0", "the server's answer is no receipt")),
        401 | 403 => Err(Doubt::new(
            "4.7.0",
            format!("the server does not take the token ({status})"),
        )),
        413 => Err(Doubt::new("4.3.4", "the mail is too large for the server")),
        _ => Err(Doubt::new("4.3.0", format!("the server answers {status}"))),
    }
}

fn read_token(ingest: &IngestConfig) -> Result<SecretString, Doubt> {
    let misconfigured = |text: String| Doubt::new("4.3.5", text);
    let path = ingest
        .token_file
        .as_ref()
        .ok_or_else(|| misconfigured("--url needs --token-file".into()))?;
    let token = std::fs::read_to_string(path)
        .map_err(|error| misconfigured(format!("{}: {error}", path.display())))?;
    Ok(token.trim().to_owned().into())
}

/// An error with what it came from; reqwest says only "error sending request" by itself.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// Straight to the database, with the same function as the server.
async fn store(config: &Config, mail: &[u8], envelope: &Envelope) -> Result<Receipt, Doubt> {
    let opened = Opened::open(config, false)
        .await
        .map_err(|message| Doubt::new("4.3.0", message))?;
    let delivery = Delivery {
        bytes: mail,
        envelope,
        provider: Provider::Ingest,
        delivery_id: None,
        is_original: true,
    };
    let receipt = opened
        .store
        .transaction(&Actor::system(), async |tx| receive(tx, &delivery).await)
        .await
        .map_err(|error| Doubt::new("4.3.0", format!("the database: {error}")));
    opened.close().await;
    receipt
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn config() -> IngestConfig {
        IngestConfig {
            url: None,
            token_file: None,
            sender: None,
            recipients: Vec::new(),
            style: Style::Postfix,
            connect_timeout: 1,
            timeout: 1,
            size: MailSize {
                mail_max_bytes: 1024,
            },
        }
    }

    fn read_envelope(
        config: &IngestConfig,
        vars: &[(&str, &str)],
    ) -> (Option<String>, Vec<String>) {
        let vars: HashMap<_, _> = vars.iter().copied().collect();
        let envelope = envelope(config, |name| vars.get(name).map(|value| value.to_string()));
        (envelope.from, envelope.to)
    }

    #[test]
    fn the_envelope_of_each_mail_server() {
        let given = |from: &str, to: &[&str]| {
            let to: Vec<_> = to.iter().map(|to| to.to_string()).collect();
            (Some(from.to_owned()), to)
        };
        let postfix = [
            ("SENDER", "a@example.jp"),
            ("ORIGINAL_RECIPIENT", "sodan+x@example.jp"),
            ("RECIPIENT", "madoguchi+x@localhost"),
            ("EXTENSION", "x"),
        ];
        assert_eq!(
            read_envelope(&config(), &postfix),
            given("a@example.jp", &["sodan+x@example.jp"])
        );
        let exim = [("SENDER", ""), ("RECIPIENT", "sodan@example.jp")];
        assert_eq!(
            read_envelope(&config(), &exim),
            given("", &["sodan@example.jp"])
        );
        let qmail = [
            ("SENDER", "#@[]"),
            ("LOCAL", "sodan-x"),
            ("HOST", "example.jp"),
        ];
        assert_eq!(
            read_envelope(&config(), &qmail),
            given("", &["sodan-x@example.jp"])
        );
        assert_eq!(read_envelope(&config(), &[]), (None, Vec::new()));
        let told = IngestConfig {
            sender: Some("MAILER-DAEMON".into()),
            recipients: vec!["b@example.jp".into(), "c@example.jp".into()],
            ..config()
        };
        assert_eq!(
            read_envelope(&told, &postfix),
            given("", &["b@example.jp", "c@example.jp"])
        );
    }

    #[test]
    fn what_can_be_read() {
        assert_eq!(read(&b"mail"[..], 4).unwrap(), b"mail");
        assert_eq!(read(&b"mails"[..], 4).unwrap_err().status, "4.3.4");
        assert_eq!(read(&b""[..], 4).unwrap_err().status, "4.3.0");
    }
}
