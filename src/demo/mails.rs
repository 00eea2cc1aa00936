//! Mail that comes in on the last two days: new inquiries, answers, and what a person has to look at.

use super::plan::{Act, Plan};
use crate::{
    access::Actor,
    error::Result,
    ids::{CaseId, MailId},
    intake::{
        place,
        receive::{self, Delivery, Provider},
    },
    mail::{compose::encoded_words, parse::Envelope},
    store::Store,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use chrono::TimeDelta;
use serde::Deserialize;
use std::sync::LazyLock;

/// A mail, as somebody writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    /// How long before now it comes in.
    minutes: i64,
    kind: Kind,
    about: Option<About>,
    name: Option<String>,
    from: Option<String>,
    subject: String,
    text: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Person,
    /// An answer that a program gave.
    Auto,
    /// A delivery report about a mail that is not ours.
    Bounce,
    /// Forwarded inside itself more often than is read.
    Nested,
}

/// Which case it is about.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum About {
    /// One that a desk works on, from its contact, to its signed address.
    Open,
    /// One that is closed, likewise.
    Closed,
    /// One whose number a stranger names.
    Number,
}

static LETTERS: LazyLock<Vec<Letter>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("mails.json")).expect("a test reads the file")
});

/// Plans their arrival.
pub fn plan_mails(plan: &mut Plan) {
    for letter in LETTERS.iter() {
        plan.push(
            plan.now - TimeDelta::minutes(letter.minutes),
            Act::Receive(letter),
        );
    }
}

/// The case that a letter is about.
struct Case {
    id: CaseId,
    number: String,
    name: Option<String>,
    email: String,
}

/// Takes a letter in and places it, as the door and the worker do.
pub async fn arrive(store: &Store, letter: &Letter) -> Result<()> {
    let system = Actor::system();
    let case = match letter.about {
        Some(about) => find(store, about).await?,
        None => None,
    };
    let office = store.mail().from.as_str();
    let to = match (&case, letter.about) {
        (Some(case), Some(About::Open | About::Closed)) => {
            store.mail().key.plus_address(office, case.id)
        }
        _ => office.to_owned(),
    };
    let bytes = letter.write(case.as_ref(), &to, store.now());
    let from = match letter.kind {
        Kind::Bounce => String::new(),
        _ => letter.sender(case.as_ref()).1,
    };
    let envelope = Envelope {
        from: Some(from),
        to: vec![to],
    };
    let delivery = Delivery {
        bytes: bytes.as_bytes(),
        envelope: &envelope,
        provider: Provider::Raw,
        delivery_id: None,
        is_original: true,
    };
    let id: MailId = store
        .transaction(&system, async |tx| {
            Ok(receive::receive(tx, &delivery).await?.id)
        })
        .await?;
    place::run(store, &system, id).await
}

async fn find(store: &Store, about: About) -> Result<Option<Case>> {
    let found = sqlx::query_as!(
        Case,
        r#"
        select c.id, c.number, k.name, k.email as "email!"
        from case_file c
        join contact k on k.case_id = c.id and k.role = 'primary'
        where k.email is not null and c.merged_into is null
        and case when $1 then c.outcome = 'completed' else c.status in ('accepted', 'assigned', 'consulting') end
        order by coalesce(c.closed_at, c.received_at) desc, c.id
        limit 1
        "#,
        about == About::Closed,
    )
    .fetch_optional(store.writer())
    .await?;
    Ok(found)
}

impl Letter {
    /// Name and address.
    fn sender(&self, case: Option<&Case>) -> (String, String) {
        let of_case = case.map(|case| (case.name.clone().unwrap_or_default(), case.email.clone()));
        match (&self.from, of_case) {
            (Some(from), _) => (self.name.clone().unwrap_or_default(), from.clone()),
            (None, of_case) => of_case.unwrap_or_default(),
        }
    }

    /// The message as it travels.
    fn write(&self, case: Option<&Case>, to: &str, now: chrono::DateTime<chrono::Utc>) -> String {
        let fill = |text: &str| match case {
            Some(case) => text.replace("{number}", &case.number),
            None => text.to_owned(),
        };
        let (name, from) = self.sender(case);
        let host = from.rsplit('@').next().unwrap_or_default();
        let mut head = format!(
            "From: {} <{from}>\r\nTo: {to}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <demonstration.{}@{host}>\r\nMIME-Version: 1.0\r\n",
            encoded_words(&name),
            encoded_words(&fill(&self.subject)),
            now.to_rfc2822(),
            self.minutes,
        );
        if self.kind == Kind::Auto {
            head.push_str("Auto-Submitted: auto-replied\r\n");
        }
        let text = BASE64_STANDARD.encode(fill(&self.text).replace('\n', "\r\n"));
        let text = text.as_bytes().chunks(76).map(String::from_utf8_lossy);
        let text = text.collect::<Vec<_>>().join("\r\n");
        let part = format!(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{text}\r\n"
        );
        match self.kind {
            Kind::Person | Kind::Auto => head + &part,
            Kind::Bounce => format!(
                "{head}Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n{part}--b\r\n\
                 Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; {host}\r\n\r\n\
                 Final-Recipient: rfc822; info@{host}\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\n--b--\r\n"
            ),
            Kind::Nested => {
                let inside = "Content-Type: message/rfc822\r\n\r\n".repeat(40);
                format!("{head}{inside}{part}")
            }
        }
    }
}
