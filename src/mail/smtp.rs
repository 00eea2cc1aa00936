//! Handing mail over: by SMTP (RFC 5321), or into a folder where no server is set.
//!
//! lettre speaks the protocol; its connection is driven here command by command, because the outbox must know how far
//! an attempt came. Until the server has the whole content and the line with the dot that ends it, it must not take the
//! mail (RFC 5321, 4.1.1.4), so every fault before that is one after which the mail can be sent again. After it, only
//! the server's answer says what became of the mail; without one, nobody knows: that is the one window in which
//! [`Outcome::Unknown`] arises.
//!
//! A connection is kept for a few seconds for the next mail. Addresses are ASCII ([`crate::text::EmailAddress`]) and so
//! are the bytes that [`super::compose`] writes, so neither SMTPUTF8 nor 8BITMIME is ever asked for.

use crate::{error::Result, ids::MessageId};
use lettre::{
    Address,
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::ClientId,
        response::{Response, Severity},
    },
};
use std::{
    cell::Cell,
    fmt,
    io::Write,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use url::Url;

/// How long an unused connection is kept. Servers give up on idle clients after minutes, busy ones after ten seconds.
const IDLE_LIMIT: Duration = Duration::from_secs(8);

/// How many mails go over one connection: many servers allow a hundred.
const MAILS_PER_CONNECTION: u32 = 50;

/// The content is written in pieces of this many bytes, each within the time for a command.
const PIECE: usize = 64 * 1024;

/// How long the server may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// To accept the connection and greet, TLS included.
    pub connect: Duration,
    /// To answer a command, and to take a piece of the content.
    pub command: Duration,
    /// To answer when it has the whole content. RFC 5321 (4.5.3.2.6) gives ten minutes, because whoever gives up earlier
    /// does not know whether the mail was taken.
    pub end_of_content: Duration,
}

impl Default for Timeouts {
    /// Shorter than RFC 5321 asks where trying again is harmless.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            command: Duration::from_secs(60),
            end_of_content: Duration::from_secs(600),
        }
    }
}

/// A mail at the door.
#[derive(Clone, Debug)]
pub struct OutgoingMail {
    /// The message that it is.
    pub id: MessageId,
    /// Envelope sender: where reports about it go.
    pub from: Address,
    /// Envelope recipient.
    pub to: Address,
    /// The mail, in ASCII with lines that end in CRLF.
    pub bytes: Vec<u8>,
}

/// What became of an attempt, with what the other side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken.
    Sent(String),
    /// Not taken this time (4xx).
    Deferred(String),
    /// Never taken (5xx).
    Refused(String),
    /// Handed over without an answer: taken or not, nobody knows.
    Unknown(String),
    /// It did not come to handing over: no connection, no TLS, no sign-in, or the connection broke before the end.
    NotReached(String),
    /// Given up before the content, because the attempt is no longer ours.
    Fenced,
}

/// Where outgoing mail is handed over. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mailer(Arc<Way>);

#[derive(Debug)]
enum Way {
    Nowhere,
    Folder(PathBuf),
    Smtp(Server),
}

impl Mailer {
    /// Takes every mail and hands over none: for a history that is made up, whose mails must reach nobody.
    pub fn nowhere() -> Self {
        Self(Arc::new(Way::Nowhere))
    }

    /// Writes mail to a folder instead of sending it, one file `<message>.eml` each.
    pub fn folder(path: PathBuf) -> Self {
        Self(Arc::new(Way::Folder(path)))
    }

    /// Hands mail over by SMTP.
    ///
    /// `smtp://user:password@host:587?tls=none|starttls|required` or `smtps://…`. With `starttls`, the default, TLS is
    /// used where the server offers it, but a password is never sent without; `required` sends nothing without;
    /// `none` sends everything in clear. `ca=FILE` names PEM certificates of an authority of one's own. User and
    /// password are percent-encoded.
    ///
    /// # Errors
    /// A sentence for the operator, without the password: the address cannot be used.
    pub fn smtp(url: &str) -> Result<Self, String> {
        Self::smtp_within(url, Timeouts::default())
    }

    /// As [`Self::smtp`], with other timeouts.
    ///
    /// # Errors
    /// As [`Self::smtp`].
    pub fn smtp_within(url: &str, timeouts: Timeouts) -> Result<Self, String> {
        Ok(Self(Arc::new(Way::Smtp(Server::parse(url, timeouts)?))))
    }

    /// Hands a mail over. `start_content` is asked just before the content: whether to go on. What it stored before it
    /// said yes is what is known of this attempt if the process dies now.
    pub async fn hand_over(
        &self,
        mail: &OutgoingMail,
        start_content: impl AsyncFnOnce() -> Result<bool>,
    ) -> Outcome {
        match &*self.0 {
            Way::Smtp(server) => server.hand_over(mail, start_content).await,
            way => match (start_content().await, way) {
                (Ok(true), Way::Folder(path)) => into_folder(path.clone(), mail).await,
                (Ok(true), _) => Outcome::Sent("handed over to nobody".into()),
                (Ok(false), _) => Outcome::Fenced,
                (Err(error), _) => Outcome::NotReached(error.to_string()),
            },
        }
    }
}

/// Writes the file under another name first, so that whoever watches the folder sees whole mails only. A second attempt
/// replaces the file of the first.
async fn into_folder(folder: PathBuf, mail: &OutgoingMail) -> Outcome {
    let (name, bytes) = (mail.id.to_string(), mail.bytes.clone());
    let path = folder.join(format!("{name}.eml"));
    let shown = path.display().to_string();
    let write = move || -> std::io::Result<()> {
        std::fs::create_dir_all(&folder)?;
        let unfinished = folder.join(format!(".{name}.tmp"));
        let mut file = std::fs::File::create(&unfinished)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &path)?;
        std::fs::File::open(&folder)?.sync_all()
    };
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok(())) => Outcome::Sent(format!("written to {shown}")),
        Ok(Err(error)) => Outcome::NotReached(format!("{shown}: {error}")),
        Err(error) => Outcome::NotReached(error.to_string()),
    }
}

/// Whether and how the connection is encrypted.
enum Security {
    None,
    /// By STARTTLS where it is offered.
    Opportunistic(TlsParameters),
    /// By STARTTLS or not at all.
    Required(TlsParameters),
    /// From the first byte (smtps).
    Wrapped(TlsParameters),
}

struct Server {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    timeouts: Timeouts,
    /// The name in EHLO.
    hello: ClientId,
    kept: Mutex<Vec<Kept>>,
}

/// A connection that waits for the next mail.
struct Kept {
    connection: AsyncSmtpConnection,
    since: Instant,
    mails: u32,
}

/// What the log may show: no user, no password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({}:{})", self.host, self.port)
    }
}

impl Server {
    fn parse(url: &str, timeouts: Timeouts) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| format!("this is no URL: {error}"))?;
        let host = match url.host_str() {
            Some(host) if !host.is_empty() => host.trim_matches(['[', ']']).to_owned(),
            _ => return Err("names no host".into()),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err("has something after the host: only ?tls= and &ca= stand there".into());
        }
        let (mut tls, mut authority) = (None, None);
        for (name, value) in url.query_pairs() {
            match &*name {
                "tls" => tls = Some(value.into_owned()),
                "ca" => authority = Some(PathBuf::from(value.as_ref())),
                _ => return Err(format!("the parameter {name} is not known")),
            }
        }
        let parameters = || tls_parameters(&host, authority.as_deref());
        let (security, port) = match (url.scheme(), tls.as_deref()) {
            ("smtps", None | Some("required")) => (Security::Wrapped(parameters()?), 465),
            ("smtps", _) => return Err("smtps:// always is encrypted: leave out tls".into()),
            ("smtp", Some("none")) => (Security::None, 25),
            ("smtp", None | Some("starttls")) => (Security::Opportunistic(parameters()?), 25),
            ("smtp", Some("required")) => (Security::Required(parameters()?), 587),
            ("smtp", Some(_)) => return Err("tls is none, starttls or required".into()),
            _ => return Err("begins with smtp:// or smtps://".into()),
        };
        Ok(Self {
            port: url.port().unwrap_or(port),
            credentials: credentials(&url)?,
            host,
            security,
            timeouts,
            hello: hello(),
            kept: Mutex::default(),
        })
    }

    async fn hand_over(
        &self,
        mail: &OutgoingMail,
        start_content: impl AsyncFnOnce() -> Result<bool>,
    ) -> Outcome {
        let mut kept = match self.connection().await {
            Ok(kept) => kept,
            Err(fault) => return fault.before_the_mail(),
        };
        let outcome = self
            .transfer(&mut kept.connection, mail, start_content)
            .await;
        kept.mails += 1;
        // After anything but success the state of the dialogue is in doubt: the next mail gets a new one. Nothing is said
        // for farewell, because a QUIT after half a content would be content.
        if matches!(outcome, Outcome::Sent(_)) && kept.mails < MAILS_PER_CONNECTION {
            kept.since = Instant::now();
            self.lock().push(kept);
        }
        outcome
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Kept>> {
        self.kept
            .lock()
            .expect("nothing panics while the connections are held")
    }

    /// A kept connection that still answers, or a new one.
    async fn connection(&self) -> Result<Kept, Fault> {
        let last = {
            let mut kept = self.lock();
            kept.retain(|kept| kept.since.elapsed() < IDLE_LIMIT);
            kept.pop()
        };
        if let Some(mut kept) = last
            && tokio::time::timeout(self.timeouts.connect, kept.connection.test_connected()).await
                == Ok(true)
        {
            return Ok(kept);
        }
        let connection = within("connecting", self.timeouts.connect, self.connect()).await?;
        Ok(Kept {
            connection,
            since: Instant::now(),
            mails: 0,
        })
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Fault> {
        let wrapped = match &self.security {
            Security::Wrapped(parameters) => Some(parameters.clone()),
            _ => None,
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (self.host.as_str(), self.port),
            None,
            &self.hello,
            wrapped,
            None,
        )
        .await?;
        match &self.security {
            Security::Required(parameters) => {
                connection.starttls(parameters.clone(), &self.hello).await?;
            }
            Security::Opportunistic(parameters) if connection.can_starttls() => {
                connection.starttls(parameters.clone(), &self.hello).await?;
            }
            _ => {}
        }
        if let Some(credentials) = &self.credentials {
            if !connection.is_encrypted() && !matches!(self.security, Security::None) {
                return Err(Fault::Ours(
                    "the server offers no STARTTLS, and the password is not sent in clear (tls=none would)",
                ));
            }
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], credentials)
                .await?;
        }
        Ok(connection)
    }

    /// One mail over a connection that is ready for it.
    async fn transfer(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &OutgoingMail,
        start_content: impl AsyncFnOnce() -> Result<bool>,
    ) -> Outcome {
        if let Err(fault) = self.announce(connection, mail).await {
            return fault.before_the_content();
        }
        match start_content().await {
            Ok(true) => self.content(connection, &mail.bytes).await,
            Ok(false) => Outcome::Fenced,
            Err(error) => Outcome::NotReached(error.to_string()),
        }
    }

    /// MAIL, RCPT and DATA: the server waits for the content.
    async fn announce(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &OutgoingMail,
    ) -> Result<(), Fault> {
        let limit = self.timeouts.command;
        let from = Mail::new(Some(mail.from.clone()), Vec::new());
        within("MAIL", limit, connection.command(from)).await?;
        let to = Rcpt::new(mail.to.clone(), Vec::new());
        within("RCPT", limit, connection.command(to)).await?;
        let answer = within("DATA", limit, connection.command(Data)).await?;
        match answer.has_code(354) {
            true => Ok(()),
            false => Err(Fault::Ours("the server did not ask for the content")),
        }
    }

    /// The content, the dot, and what the server says to it.
    async fn content(&self, connection: &mut AsyncSmtpConnection, bytes: &[u8]) -> Outcome {
        // lettre asks for the next piece when the one before it is written, and writes the dot when there is none left.
        let progress = Cell::new((0, false));
        let mut rest = bytes.chunks(PIECE);
        let pieces = std::iter::from_fn(|| {
            let piece = rest.next();
            progress.set((progress.get().0 + 1, piece.is_none()));
            piece
        });
        let mut sending = std::pin::pin!(connection.message_iter(pieces));
        loop {
            let before = progress.get();
            let limit = match before.1 {
                true => self.timeouts.end_of_content,
                false => self.timeouts.command,
            };
            return match tokio::time::timeout(limit, sending.as_mut()).await {
                Ok(Ok(answer)) => taken(&answer),
                Ok(Err(error)) => Fault::Smtp(error).in_the_content(progress.get().1),
                // Slow, but it moves.
                Err(_) if progress.get() != before => continue,
                Err(_) => Fault::Late("the content").in_the_content(progress.get().1),
            };
        }
    }
}

/// This machine's name; where that has no domain, as in a container, an address in its stead (RFC 5321, 4.1.4), because
/// strict servers refuse a bare name.
fn hello() -> ClientId {
    match ClientId::default() {
        ClientId::Domain(name) if !name.contains('.') => ClientId::Ipv4(Ipv4Addr::LOCALHOST),
        id => id,
    }
}

fn tls_parameters(host: &str, authority: Option<&Path>) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = authority {
        let cannot = |error: String| format!("ca={}: {error}", path.display());
        let pem = std::fs::read(path).map_err(|error| cannot(error.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| cannot(error.to_string()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| error.to_string())
}

fn credentials(url: &Url) -> Result<Option<Credentials>, String> {
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8()
            .map(|text| text.into_owned())
            .map_err(|_| "user or password are no UTF-8 after percent-decoding".to_owned())
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err("has a password without a user".into()),
        (_, None) => Err("has a user without a password".into()),
        (user, Some(password)) => Ok(Some(Credentials::new(decode(user)?, decode(password)?))),
    }
}

/// What the answer to the content means.
fn taken(answer: &Response) -> Outcome {
    let text = answer.message().collect::<Vec<_>>().join(" / ");
    let text = format!("{} {text}", answer.code());
    match answer.code().severity {
        Severity::PositiveCompletion => Outcome::Sent(text),
        // lettre takes 3xx for a success; as an answer to the content it means nothing.
        _ => Outcome::Unknown(text),
    }
}

/// Why a step did not succeed.
enum Fault {
    /// The server said so, or the connection broke.
    Smtp(lettre::transport::smtp::Error),
    /// The server took too long for this.
    Late(&'static str),
    /// We do not go on.
    Ours(&'static str),
}

impl From<lettre::transport::smtp::Error> for Fault {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        Self::Smtp(error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smtp(error) => error.fmt(f),
            Self::Late(what) => write!(f, "the server took too long: {what}"),
            Self::Ours(what) => f.write_str(what),
        }
    }
}

impl Fault {
    fn is_for_now(&self) -> bool {
        matches!(self, Self::Smtp(error) if error.is_transient())
    }

    fn is_for_good(&self) -> bool {
        matches!(self, Self::Smtp(error) if error.is_permanent())
    }

    /// Before MAIL the server speaks of us, not of the mail: a 5xx there (a wrong password, a server that is not to be
    /// used) must not fail every mail for good.
    fn before_the_mail(self) -> Outcome {
        match self.is_for_now() {
            true => Outcome::Deferred(self.to_string()),
            false => Outcome::NotReached(self.to_string()),
        }
    }

    fn before_the_content(self) -> Outcome {
        // 530: authentication or TLS is required first (RFC 4954, RFC 3207), which speaks of us as well.
        let speaks_of_us = matches!(&self, Self::Smtp(error) if error.status().is_some_and(|code| u16::from(code) == 530));
        match self.is_for_good() && !speaks_of_us {
            true => Outcome::Refused(self.to_string()),
            false => self.before_the_mail(),
        }
    }

    fn in_the_content(self, is_whole: bool) -> Outcome {
        let text = self.to_string();
        match (self.is_for_now(), self.is_for_good()) {
            (true, _) => Outcome::Deferred(text),
            (_, true) => Outcome::Refused(text),
            _ if is_whole => Outcome::Unknown(text),
            _ => Outcome::NotReached(text),
        }
    }
}

async fn within<T, E: Into<Fault>>(
    what: &'static str,
    limit: Duration,
    step: impl Future<Output = Result<T, E>>,
) -> Result<T, Fault> {
    match tokio::time::timeout(limit, step).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(Fault::Late(what)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        Mailer::smtp(url).expect_err(url)
    }

    fn server(url: &str) -> Server {
        Server::parse(url, Timeouts::default()).expect(url)
    }

    #[test]
    fn addresses_of_servers() {
        for (url, port) in [
            ("smtp://mail.example.jp", 25),
            ("smtp://mail.example.jp?tls=none", 25),
            ("smtp://mail.example.jp/?tls=starttls", 25),
            ("smtp://mail.example.jp?tls=required", 587),
            ("smtps://mail.example.jp", 465),
            ("smtp://mail.example.jp:2525?tls=none", 2525),
        ] {
            let server = server(url);
            assert_eq!(
                (server.host.as_str(), server.port),
                ("mail.example.jp", port)
            );
        }
        assert_eq!(server("smtp://[::1]:1025?tls=none").host, "::1");
        for url in [
            "mail.example.jp",
            "http://mail.example.jp",
            "smtp://",
            "smtp://mail.example.jp?tls=maybe",
            "smtp://mail.example.jp?starttls=required",
            "smtps://mail.example.jp?tls=none",
            "smtp://mail.example.jp/inbox",
            "smtp://user@mail.example.jp",
            "smtp://mail.example.jp?ca=/nowhere/ca.pem",
        ] {
            refusal(url);
        }
    }

    #[test]
    fn credentials_are_percent_decoded_and_never_shown() {
        let url = "smtps://sodan%40example.jp:p%2Fss%20w%C3%B6rd@mail.example.jp";
        let expected = Credentials::new("sodan@example.jp".into(), "p/ss wörd".into());
        assert_eq!(server(url).credentials, Some(expected));
        let shown = format!("{:?}", Mailer::smtp(url));
        assert!(
            shown.contains("mail.example.jp") && !shown.contains("ss"),
            "{shown}"
        );
        for url in [
            "smtp://user:geheim@mail.example.jp?tls=maybe",
            "smtp://user:geheim@mail.example.jp:port",
            "smtp://user:geheim%FF@mail.example.jp",
        ] {
            assert!(!refusal(url).contains("geheim"), "{url}");
        }
    }
}
