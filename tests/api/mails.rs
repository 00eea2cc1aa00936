//! Mails as people and programs write them, and what the tests of the intake share.

use crate::harness::{Client, HasId, TestApp, TestResponse};
use actix_web::http::Method;
use madoguchi::{ids::CaseId, mail::MailIdentity};
use serde_json::{Value, json};
use std::fmt::Write;
use uuid::Uuid;

/// Where the help center is written to.
pub const CENTER: &str = "sodan@example.jp";

/// A mail that is being written.
#[derive(Clone, Debug)]
pub struct Letter {
    headers: Vec<(String, String)>,
    body: String,
    envelope_from: String,
    envelope_to: Vec<String>,
}

/// A mail from a person, to the help center, with a Message-ID of its own.
pub fn letter(from: &str, subject: &str) -> Letter {
    let id = Uuid::now_v7().simple();
    Letter {
        headers: Vec::new(),
        body: "在宅勤務を始めたいのですが、何から手をつければよいでしょうか。".into(),
        envelope_from: from.into(),
        envelope_to: vec![CENTER.into()],
    }
    .with("From", from)
    .with("To", CENTER)
    .with("Subject", subject)
    .with("Message-ID", format!("<{id}@mail.example.co.jp>"))
    .with("Date", "Mon, 2 Nov 2026 10:00:00 +0900")
    .with("MIME-Version", "1.0")
    .with("Content-Type", "text/plain; charset=UTF-8")
    .with("Content-Transfer-Encoding", "8bit")
}

impl Letter {
    /// With a header, in the place of the one that is there.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Without a header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    /// With this text.
    pub fn saying(mut self, body: &str) -> Self {
        self.body = body.into();
        self
    }

    /// To these addresses, as SMTP has it.
    pub fn to(mut self, recipients: &[&str]) -> Self {
        self.envelope_to = recipients.iter().map(|to| (*to).to_owned()).collect();
        self
    }

    /// From the null sender.
    pub fn by_nobody(mut self) -> Self {
        self.envelope_from = String::new();
        self
    }

    /// As an answer to the message with that id.
    pub fn answering(self, message_id: &str) -> Self {
        let id = format!("<{}>", message_id.trim_matches(['<', '>']));
        self.with("In-Reply-To", id.clone()).with("References", id)
    }

    /// With a file.
    pub fn enclosing(self, filename: &str, bytes: &[u8]) -> Self {
        let text = self.body.clone();
        let file = data_encoding::BASE64.encode(bytes);
        self.with("Content-Type", "multipart/mixed; boundary=\"teil\"")
            .saying(&format!(
                "--teil\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n\
                 --teil\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"{filename}\"\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\n{file}\r\n--teil--\r\n"
            ))
    }

    /// Its Message-ID, without brackets.
    pub fn message_id(&self) -> &str {
        let (_, id) = self
            .headers
            .iter()
            .find(|(name, _)| name == "Message-ID")
            .expect("letters have one");
        id.trim_matches(['<', '>'])
    }

    /// As it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut text = String::new();
        for (name, value) in &self.headers {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        format!("{text}\r\n{}\r\n", self.body).into_bytes()
    }
}

/// A delivery report (RFC 3464) on the message with that id.
pub fn delivery_report(about: &str, recipient: &str, action: &str, status: &str) -> Letter {
    letter(
        "MAILER-DAEMON@mx.example.co.jp",
        "Delivery Status Notification",
    )
    .by_nobody()
    .with(
        "Content-Type",
        "multipart/report; report-type=delivery-status; boundary=\"teil\"",
    )
    .with("Auto-Submitted", "auto-replied")
    .saying(&format!(
        "--teil\r\nContent-Type: text/plain\r\n\r\nYour mail.\r\n\
             --teil\r\nContent-Type: message/delivery-status\r\n\r\n\
             Reporting-MTA: dns; mx.example.co.jp\r\n\r\n\
             Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n\
             Diagnostic-Code: smtp; 550 {status} no such user\r\n\r\n\
             --teil\r\nContent-Type: text/rfc822-headers\r\n\r\n\
             Message-ID: <{about}>\r\nSubject: something\r\n\r\n--teil--\r\n"
    ))
}

/// The address by which answers reach a case.
pub fn plus_address(case: &impl HasId) -> String {
    MailIdentity::example()
        .key
        .plus_address(CENTER, CaseId(case.id()))
}

impl TestApp {
    /// A mail comes in and is kept, and that is all.
    pub async fn deliver(&self, letter: &Letter) -> TestResponse {
        let door = self.as_mail_system().await;
        self.deliver_by(&door, letter).await
    }

    /// A mail comes in through this client.
    pub async fn deliver_by(&self, door: &Client, letter: &Letter) -> TestResponse {
        let mut call = door
            .call(Method::POST, "/intake/email")
            .body("message/rfc822", letter.bytes())
            .header("x-envelope-from", format!("<{}>", letter.envelope_from));
        for to in &letter.envelope_to {
            call = call.header("x-envelope-to", to);
        }
        call.await.expect(200)
    }

    /// A mail comes in and is placed: as the help center sees it then.
    pub async fn receive(&self, letter: &Letter) -> TestResponse {
        let receipt = self.deliver(letter).await;
        self.run_jobs().await;
        self.show_mail(&receipt).await
    }

    /// A mail as the help center sees it.
    pub async fn show_mail(&self, mail: &impl HasId) -> TestResponse {
        self.as_operator()
            .get(format!("/intake/emails/{}", mail.id()))
            .await
            .expect(200)
    }

    /// The case that a mail is on.
    pub async fn case_of(&self, mail: &TestResponse) -> TestResponse {
        let id = mail["case_id"].as_str().expect("the mail is on a case");
        self.show_case(&id.parse::<Uuid>().unwrap()).await
    }

    /// A mailbox, of a desk or of the help center.
    pub async fn make_mailbox(&self, address: &str, desk: Option<&TestResponse>) -> TestResponse {
        let body = json!({ "address": address, "desk_id": desk.map(HasId::id) });
        self.as_admin().post("/mailboxes", body).await.expect(201)
    }

    /// The messages of a case, newest first, as its owner sees them.
    pub async fn messages_of(&self, case: &impl HasId) -> Vec<Value> {
        self.as_supervisor()
            .get(format!("/cases/{}/messages", case.id()))
            .await
            .expect(200)
            .items()
            .to_vec()
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from {table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(&mut self.sql().await)
            .await
            .unwrap()
    }

    /// The kinds of what is in the timeline of a case, oldest first.
    pub async fn kinds_in_timeline(&self, case: &impl HasId) -> Vec<String> {
        let timeline = self
            .as_supervisor()
            .get(format!("/cases/{}/timeline?limit=200", case.id()))
            .await
            .expect(200);
        let kinds = timeline.items().iter().rev();
        kinds
            .map(|item| item["kind"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The flags of a case as they are named.
pub fn flags(case: &TestResponse) -> Vec<&str> {
    case["flags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|flag| flag.as_str().unwrap())
        .collect()
}
