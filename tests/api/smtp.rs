//! A mail server for tests: a real one on a socket, that keeps what it takes and does what the test says.

use rcgen::CertifiedKey;
use std::{
    collections::VecDeque,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{self, pki_types::PrivateKeyDer},
};

/// A point in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// In the middle of the content.
    Content,
    /// The content is there, with the dot that ends it.
    End,
}

/// What the server does there instead of its work.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Says this.
    Answer(&'static str),
    /// Says nothing, and keeps the connection.
    Hang,
    /// Closes the connection.
    Drop,
    /// Keeps the mail and closes the connection without a word; at the end only.
    TakeAndDrop,
}

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub bytes: Vec<u8>,
    /// Whether it came encrypted.
    pub tls: bool,
    /// Who had signed in.
    pub user: Option<String>,
    /// Which connection it came by, from 1.
    pub connection: usize,
}

impl Mail {
    /// As text.
    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    /// Its Message-ID, without brackets.
    pub fn message_id(&self) -> String {
        let text = self.text();
        let rest = text.split("Message-ID: <").nth(1).unwrap();
        rest.split('>').next().unwrap().to_owned()
    }
}

/// What a server offers beside plain mail.
#[derive(Clone, Default)]
pub struct Offers {
    pub starttls: bool,
    /// TLS from the first byte.
    pub wrapped: bool,
    /// Who may sign in.
    pub login: Option<(&'static str, &'static str)>,
}

#[derive(Default)]
struct State {
    mails: Vec<Mail>,
    script: VecDeque<(Phase, Act)>,
    commands: Vec<String>,
    connections: usize,
    pause: Duration,
}

/// The server. Cheap to clone; it serves until the test ends.
#[derive(Clone)]
pub struct Sink {
    pub address: SocketAddr,
    /// The certificate that it shows, in PEM.
    pub certificate: PathBuf,
    state: Arc<Mutex<State>>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Sink {
    /// A server that takes everything.
    pub async fn start() -> Self {
        Self::start_with(Offers::default()).await
    }

    /// A server that offers this.
    pub async fn start_with(offers: Offers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (acceptor, certificate) = certificate(address.port());
        let sink = Self {
            address,
            certificate,
            state: Arc::default(),
        };
        let server = sink.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (server, offers, acceptor) = (server.clone(), offers.clone(), acceptor.clone());
                tokio::spawn(async move {
                    // A client that goes away in the middle is a matter of its test.
                    let _ = server.session(stream, &offers, &acceptor).await;
                });
            }
        });
        sink
    }

    /// The URL of the server with these parameters, as in `tls=none`.
    pub fn url(&self, parameters: &str) -> String {
        format!("smtp://localhost:{}?{parameters}", self.address.port())
    }

    /// Once, the next time that a session comes there; several are done in this order.
    pub fn script(&self, steps: impl IntoIterator<Item = (Phase, Act)>) {
        self.lock().script.extend(steps);
    }

    /// Waits so long before each answer.
    pub fn pause(&self, pause: Duration) {
        self.lock().pause = pause;
    }

    /// What it took, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.lock().mails.clone()
    }

    /// What it took since it was last asked.
    pub fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut self.lock().mails)
    }

    /// What clients said, credentials included.
    pub fn commands(&self) -> Vec<String> {
        self.lock().commands.clone()
    }

    /// Whether everything of the script was done.
    pub fn is_script_done(&self) -> bool {
        self.lock().script.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn wait(&self) {
        let pause = self.lock().pause;
        tokio::time::sleep(pause).await;
    }

    fn act(&self, phase: Phase) -> Option<Act> {
        let mut state = self.lock();
        match state.script.front() {
            Some((at, _)) if *at == phase => state.script.pop_front().map(|(_, act)| act),
            _ => None,
        }
    }

    async fn session(
        &self,
        stream: TcpStream,
        offers: &Offers,
        acceptor: &TlsAcceptor,
    ) -> std::io::Result<()> {
        let connection = {
            let mut state = self.lock();
            state.connections += 1;
            state.connections
        };
        let stream: Box<dyn Stream> = match offers.wrapped {
            true => Box::new(acceptor.accept(stream).await?),
            false => Box::new(stream),
        };
        let mut talk = Talk {
            sink: self,
            stream: BufReader::new(stream),
            tls: offers.wrapped,
            user: None,
            connection,
        };
        talk.run(offers, acceptor).await
    }
}

/// One session.
struct Talk<'a> {
    sink: &'a Sink,
    stream: BufReader<Box<dyn Stream>>,
    tls: bool,
    user: Option<String>,
    connection: usize,
}

impl Talk<'_> {
    async fn run(&mut self, offers: &Offers, acceptor: &TlsAcceptor) -> std::io::Result<()> {
        self.answer(Phase::Greeting, "220 sink ESMTP").await?;
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let line = self.line().await?;
            let upper = line.to_ascii_uppercase();
            if upper.starts_with("EHLO") {
                let starttls = if offers.starttls && !self.tls {
                    "250-STARTTLS\r\n"
                } else {
                    ""
                };
                let auth = if offers.login.is_some() {
                    "250-AUTH PLAIN LOGIN\r\n"
                } else {
                    ""
                };
                let answer = format!("250-sink\r\n{starttls}{auth}250 8BITMIME");
                self.answer(Phase::Ehlo, &answer).await?;
            } else if upper == "STARTTLS" {
                if !self.answer(Phase::StartTls, "220 go on").await? {
                    continue;
                }
                let plain = std::mem::replace(
                    &mut self.stream,
                    BufReader::new(Box::new(tokio::io::empty())),
                );
                let secure = acceptor.accept(plain.into_inner()).await?;
                self.stream = BufReader::new(Box::new(secure));
                self.tls = true;
            } else if let Some(word) = line.strip_prefix("AUTH PLAIN ") {
                self.sign_in(word, offers).await?;
            } else if upper.starts_with("MAIL FROM:") {
                from = bracketed(&line);
                to.clear();
                self.answer(Phase::Mail, "250 ok").await?;
            } else if upper.starts_with("RCPT TO:") {
                if self.answer(Phase::Rcpt, "250 ok").await? {
                    to.push(bracketed(&line));
                }
            } else if upper == "DATA" {
                if self.answer(Phase::Data, "354 go on").await? {
                    self.content(&from, &to).await?;
                }
            } else if upper == "QUIT" {
                return self.say("221 bye").await;
            } else {
                self.say("250 ok").await?;
            }
        }
    }

    async fn sign_in(&mut self, word: &str, offers: &Offers) -> std::io::Result<()> {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let word = String::from_utf8(BASE64_STANDARD.decode(word).unwrap()).unwrap();
        let mut parts = word.split('\0').skip(1);
        let (user, password) = (parts.next().unwrap(), parts.next().unwrap());
        if offers.login != Some((user, password)) {
            return self.say("535 5.7.8 who are you").await;
        }
        if self.answer(Phase::Auth, "235 welcome").await? {
            self.user = Some(user.to_owned());
        }
        Ok(())
    }

    async fn content(&mut self, from: &str, to: &[String]) -> std::io::Result<()> {
        if let Some(act) = self.sink.act(Phase::Content) {
            self.stream.fill_buf().await?;
            return self.does(act).await.map(drop);
        }
        let mut bytes = Vec::new();
        loop {
            let start = bytes.len();
            if self.stream.read_until(b'\n', &mut bytes).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if &bytes[start..] == b".\r\n" {
                bytes.truncate(start);
                break;
            }
            if bytes[start] == b'.' {
                bytes.remove(start);
            }
        }
        let mail = Mail {
            from: from.to_owned(),
            to: to.to_vec(),
            bytes,
            tls: self.tls,
            user: self.user.clone(),
            connection: self.connection,
        };
        self.sink.wait().await;
        match self.sink.act(Phase::End) {
            None => {
                self.sink.lock().mails.push(mail);
                self.sink.wait().await;
                self.say("250 2.0.0 taken").await
            }
            Some(Act::TakeAndDrop) => {
                self.sink.lock().mails.push(mail);
                Err(std::io::ErrorKind::ConnectionAborted.into())
            }
            Some(act) => self.does(act).await.map(drop),
        }
    }

    /// Answers as the script has it, else as usual; whether it was as usual.
    async fn answer(&mut self, phase: Phase, usual: &str) -> std::io::Result<bool> {
        self.sink.wait().await;
        match self.sink.act(phase) {
            Some(act) => self.does(act).await,
            None => self.say(usual).await.map(|()| true),
        }
    }

    async fn does(&mut self, act: Act) -> std::io::Result<bool> {
        match act {
            Act::Answer(text) => self.say(text).await.map(|()| false),
            Act::Hang => std::future::pending().await,
            Act::Drop => Err(std::io::ErrorKind::ConnectionAborted.into()),
            Act::TakeAndDrop => panic!("there is nothing to take yet"),
        }
    }

    async fn say(&mut self, text: &str) -> std::io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        stream.flush().await
    }

    async fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_owned();
        self.sink.lock().commands.push(line.clone());
        Ok(line)
    }
}

fn bracketed(line: &str) -> String {
    let start = line.find('<').unwrap() + 1;
    line[start..line.rfind('>').unwrap()].to_owned()
}

/// A certificate for `localhost` that nobody but these tests trusts.
fn certificate(port: u16) -> (TlsAcceptor, PathBuf) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("certificates");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{}-{port}.pem", std::process::id()));
    std::fs::write(&path, cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), path)
}
