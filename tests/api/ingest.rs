//! `madoguchi ingest` as mail servers call it: 0 only when the mail is safe, "try again" in any other case.

use crate::{harness::TestApp, intake_doors::kept};
use std::{
    io::{Read, Write},
    net::TcpListener,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

const MAIL: &[u8] = b"Subject: pipe\n\n\x93\xfa\x96{\n";

/// A call of the pipe. Nothing of the surrounding environment counts.
struct Pipe {
    arguments: Vec<String>,
    vars: Vec<(&'static str, String)>,
}

impl Pipe {
    fn new(arguments: &[&str]) -> Self {
        Self {
            arguments: arguments.iter().map(|text| text.to_string()).collect(),
            vars: Vec::new(),
        }
    }

    fn var(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.vars.push((name, value.into()));
        self
    }

    /// On a thread of its own, because the server it talks to runs in this one.
    async fn run(self, mail: &'static [u8]) -> Output {
        let called = tokio::task::spawn_blocking(move || {
            let mut child = Command::new(env!("CARGO_BIN_EXE_madoguchi"))
                .arg("ingest")
                .args(self.arguments)
                .env_clear()
                .env("PATH", std::env::var("PATH").unwrap())
                .envs(self.vars)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            // A call that is refused does not read.
            let _ = child.stdin.take().unwrap().write_all(mail);
            child.wait_with_output().unwrap()
        });
        called.await.unwrap()
    }
}

#[track_caller]
fn assert_doubt(output: &Output, code: i32, status: &str) {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}{output:?}");
    assert!(said.starts_with(&format!("{status} madoguchi: ")), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// A file with a token, for this test alone.
fn token_file(app: &TestApp, token: &str) -> PathBuf {
    let name = format!("ingest-token-{}-{}", std::process::id(), app.next());
    let path =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", app.address().port()));
    std::fs::write(&path, format!("{token}\n")).unwrap();
    path
}

#[actix_web::test]
async fn a_mail_through_the_pipe_is_kept() {
    let app = TestApp::start_with_sockets().await;
    let path = token_file(&app, &app.intake_token().await);
    let file = path.to_str().unwrap();
    let url = format!("http://{}/", app.address());
    for _ in 0..2 {
        let output = Pipe::new(&[
            "--url",
            &url,
            "--token-file",
            file,
            "--sender=",
            "--recipient=Sodan+x@example.jp",
            "--recipient=b@example.jp",
        ])
        .run(MAIL)
        .await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(
            output.stdout.is_empty() && output.stderr.is_empty(),
            "{output:?}"
        );
    }
    let other = Pipe::new(&["--style", "qmail"])
        .var("MADOGUCHI_INGEST_URL", &url)
        .var("MADOGUCHI_INGEST_TOKEN_FILE", file)
        .var("SENDER", "kudo@example.co.jp")
        .var("RECIPIENT", "sodan@example.jp")
        .run(b"Subject: other\n\n")
        .await;
    assert_eq!(other.status.code(), Some(0), "{other:?}");
    let rows = kept(&app).await;
    let many: Vec<_> = (0..150)
        .map(|n| format!("--recipient={n}@example.jp"))
        .collect();
    let mut arguments = vec!["--url", &url, "--token-file", file];
    arguments.extend(many.iter().map(String::as_str));
    let mailing = Pipe::new(&arguments).run(b"Subject: many\n\n").await;
    assert_eq!(mailing.status.code(), Some(0), "{mailing:?}");
    assert_eq!(kept(&app).await[2].envelope_to.len(), 150);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].bytes, MAIL);
    assert_eq!(rows[0].envelope_from.as_deref(), Some(""));
    assert_eq!(rows[0].envelope_to, ["Sodan+x@example.jp", "b@example.jp"]);
    assert_eq!(rows[1].envelope_from.as_deref(), Some("kudo@example.co.jp"));
    assert_eq!(rows[1].envelope_to, ["sodan@example.jp"]);
    std::fs::remove_file(path).unwrap();
}

#[actix_web::test]
async fn a_mail_goes_straight_to_the_database() {
    let app = TestApp::start().await;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ingest");
    for _ in 0..2 {
        let output = Pipe::new(&["--recipient", "sodan@example.jp"])
            .var("DATABASE_URL", app.database_url().await)
            .var("MADOGUCHI_DATA_DIR", folder.to_str().unwrap())
            .run(MAIL)
            .await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    let rows = kept(&app).await;
    assert_eq!((rows.len(), rows[0].jobs), (1, 1));
    assert_eq!((&*rows[0].provider, &*rows[0].bytes), ("ingest", MAIL));
    let away = Pipe::new(&["--timeout", "20"])
        .var("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
        .var("MADOGUCHI_DATA_DIR", folder.to_str().unwrap())
        .run(MAIL)
        .await;
    assert_doubt(&away, 75, "4.3.0");
}

#[actix_web::test]
async fn whatever_is_wrong_the_mail_stays_in_the_queue() {
    let app = TestApp::start_with_sockets().await;
    let (good, bad) = (
        token_file(&app, &app.intake_token().await),
        token_file(&app, "mdg_wrong"),
    );
    let url = format!("http://{}", app.address());
    let call = |url: &str, file: &PathBuf, more: &[&str]| {
        let mut arguments = vec![
            "--url",
            url,
            "--token-file",
            file.to_str().unwrap(),
            "--timeout",
            "2",
        ];
        arguments.extend(more);
        Pipe::new(&arguments)
    };
    // A token that is not known, one that is not there, none at all.
    assert_doubt(&call(&url, &bad, &[]).run(MAIL).await, 75, "4.7.0");
    assert_doubt(
        &call(&url, &"/nonexistent".into(), &[]).run(MAIL).await,
        75,
        "4.3.5",
    );
    assert_doubt(&Pipe::new(&["--url", &url]).run(MAIL).await, 75, "4.3.5");
    // Nothing, too much.
    assert_doubt(&call(&url, &good, &[]).run(b"").await, 75, "4.3.0");
    let small = call(&url, &good, &["--mail-max-bytes", "1024"]);
    assert_doubt(&small.run(&[b'x'; 1025]).await, 75, "4.3.4");
    // A call that cannot be understood, and qmail's own code.
    assert_doubt(
        &Pipe::new(&["--recipent", "x"]).run(MAIL).await,
        75,
        "4.3.5",
    );
    assert_doubt(
        &Pipe::new(&["--style=qmail", "--x"]).run(MAIL).await,
        111,
        "4.3.5",
    );
    assert_doubt(
        &call(&url, &bad, &["--style", "qmail"]).run(MAIL).await,
        111,
        "4.7.0",
    );
    assert_doubt(
        &call(&url, &bad, &["--style", "exim"]).run(MAIL).await,
        75,
        "4.7.0",
    );
    let typo = Command::new(env!("CARGO_BIN_EXE_madoguchi"))
        .arg("ingset")
        .output()
        .unwrap();
    assert_eq!(typo.status.code(), Some(75));
    // Nobody listens.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    assert_doubt(
        &call(&format!("http://{free}"), &good, &[]).run(MAIL).await,
        75,
        "4.4.1",
    );
    // Somebody else listens.
    let receipt = "HTTP/1.1 200 OK\r\ncontent-length: 88\r\n\r\n{\"id\":\"00000000-0000-7000-8000-000000000000\",\"sha256\":\"0123456789\",\"duplicate\":false}    ";
    for (answer, status) in [
        ("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", "4.3.0"),
        ("HTTP/1.1 503 Later\r\ncontent-length: 0\r\n\r\n", "4.3.0"),
        ("HTTP/1.1 413 Large\r\ncontent-length: 0\r\n\r\n", "4.3.4"),
        (
            "HTTP/1.1 302 There\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            "4.3.0",
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", "4.3.0"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n{\"id\":",
            "4.3.0",
        ),
        ("HTTP/1.1 204 Nothing\r\n\r\n", "4.3.0"),
        (receipt, "4.3.0"),
        ("", "4.4.1"),
        ("SSH-2.0-OpenSSH\r\n", "4.4.1"),
    ] {
        let url = answering(answer);
        let output = call(&url, &good, &[]).run(MAIL).await;
        assert_doubt(&output, 75, status);
    }
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    assert_doubt(&call(&url, &good, &[]).run(MAIL).await, 75, "4.4.2");
    assert!(kept(&app).await.is_empty());
    for file in [good, bad] {
        std::fs::remove_file(file).unwrap();
    }
}

/// A server that reads a request and says one thing.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut chunk = [0; 4096];
        while !request.ends_with(MAIL) {
            match stream.read(&mut chunk) {
                Ok(length) if length > 0 => request.extend_from_slice(&chunk[..length]),
                _ => return,
            }
        }
        let _ = stream.write_all(answer.as_bytes());
    });
    url
}
