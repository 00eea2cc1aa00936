//! Postmark's inbound webhook.
//!
//! - It repeats what is not answered with 200, for ten and a half hours, and stops at once at 403 ("Understanding Inbound
//!   Webhook Retries"). So nothing here is answered with 403: what may get better is said otherwise.
//! - It signs nothing; the proof is the password in the webhook's URL, which comes as HTTP Basic, before the body.
//! - With "Include raw email content" it gives the message as text inside JSON. What was not ASCII in it may have been
//!   changed on the way there, so such a message does not count as the original. Without, the message is rebuilt.
//! - Its `MessageID` is its own name for the delivery, not the mail's Message-ID.

use super::{
    door::{Doors, Sender, answer, has_password, not_proven},
    rebuild::{File, Rebuilt},
    receive::{Delivery, Provider, Receipt},
};
use crate::{
    access::{Access, permit},
    error::{Error, ProblemBody, ProblemType, Result},
    http::Answer,
    mail::parse::Envelope,
    routes::ServiceConfig,
};
use actix_web::{
    HttpRequest, post,
    web::{Data, Payload},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// Mounts the door.
pub fn mount(config: &mut ServiceConfig) {
    config.service(receive_postmark);
}

/// Postmark's webhook, where it is set up.
pub struct Postmark {
    /// The password in the webhook's URL, `https://any:password@…`.
    pub password: SecretString,
}

/// Hand in a mail from Postmark
///
/// The webhook of an inbound stream. 404 unless it is set up.
#[utoipa::path(
    tag = "mail",
    operation_id = "receive_postmark",
    request_body(content = Object, content_type = "application/json", description = "As Postmark sends it"),
    responses(
        (status = 200, description = "The mail is safe", body = Receipt),
        (status = 404, description = "This door is not set up", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("anyone")))
)]
#[post("/intake/email/postmark")]
async fn receive_postmark(
    access: Access<permit::Anyone>,
    request: HttpRequest,
    payload: Payload,
    doors: Data<Doors>,
) -> Result<Answer> {
    let Some(postmark) = &doors.postmark else {
        return Err(Error::not_found());
    };
    let taken = async {
        if !has_password(&request, &postmark.password) {
            return Err(not_proven());
        }
        let body = doors.read_wrapper(&request, payload, Sender::Known).await?;
        let inbound = Inbound::read(&body.bytes)?;
        let (mail, is_original) = inbound.mail();
        let delivery = Delivery {
            bytes: &mail,
            envelope: &inbound.envelope(),
            provider: Provider::Postmark,
            delivery_id: Some(&inbound.message_id.0)
                .filter(|id| !id.is_empty())
                .map(String::as_str),
            is_original,
        };
        doors.accept(&access, &delivery).await
    };
    answer(Provider::Postmark, taken.await)
}

/// What we read of Postmark's JSON. Everything may be missing: a mail can be that odd.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Inbound {
    #[serde(rename = "MessageID")]
    message_id: Text,
    original_recipient: Text,
    raw_email: Text,
    from_full: Option<Person>,
    from: Text,
    #[serde(deserialize_with = "or_none")]
    to_full: Vec<Person>,
    #[serde(deserialize_with = "or_none")]
    cc_full: Vec<Person>,
    reply_to: Text,
    subject: Text,
    date: Text,
    #[serde(deserialize_with = "or_none")]
    headers: Vec<Header>,
    text_body: Text,
    html_body: Text,
    #[serde(deserialize_with = "or_none")]
    attachments: Vec<Attachment>,
}

/// Null is an empty list.
fn or_none<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Person {
    email: Text,
    name: Text,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Header {
    name: Text,
    value: Text,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Attachment {
    name: Text,
    content_type: Text,
    content: Text,
    #[serde(rename = "ContentID")]
    content_id: Text,
}

impl Inbound {
    fn read(body: &[u8]) -> Result<Self> {
        // serde would read a list as the fields in their order.
        Some(body)
            .filter(|body| body.trim_ascii_start().starts_with(b"{"))
            .and_then(|body| serde_json::from_slice(body).ok())
            .ok_or_else(|| {
                Error::problem(ProblemType::Malformed, "This is not what Postmark sends.")
            })
    }

    /// The message, and whether it is what was sent.
    fn mail(&self) -> (Vec<u8>, bool) {
        match self.raw_email.0.as_str() {
            "" => (self.rebuilt(), false),
            raw => (raw.as_bytes().to_vec(), raw.is_ascii()),
        }
    }

    fn envelope(&self) -> Envelope {
        let return_path = self
            .headers
            .iter()
            .find(|header| header.name.0.eq_ignore_ascii_case("return-path"));
        Envelope {
            from: return_path.map(|header| header.value.0.clone()),
            to: vec![self.original_recipient.0.clone()],
        }
    }

    fn rebuilt(&self) -> Vec<u8> {
        let mut mail = Rebuilt::default();
        for header in &self.headers {
            mail.header(&header.name.0, &header.value.0);
        }
        let people = |people: &[Person]| {
            let people: Vec<_> = people.iter().map(Person::written).collect();
            people.join(", ")
        };
        let from = self.from_full.as_ref().map(Person::written);
        mail.header_if_missing("From", &from.unwrap_or_else(|| self.from.0.clone()));
        mail.header_if_missing("To", &people(&self.to_full));
        mail.header_if_missing("Cc", &people(&self.cc_full));
        mail.header_if_missing("Reply-To", &self.reply_to.0);
        mail.header_if_missing("Subject", &self.subject.0);
        mail.header_if_missing("Date", &self.date.0);
        mail.body("plain", "utf-8", self.text_body.0.as_bytes());
        mail.body("html", "utf-8", self.html_body.0.as_bytes());
        for attachment in &self.attachments {
            mail.file(attachment.file());
        }
        mail.finish()
    }
}

impl Person {
    fn written(&self) -> String {
        match self.name.0.as_str() {
            "" => self.email.0.clone(),
            name => format!("\"{}\" <{}>", name.replace(['"', '\\'], ""), self.email.0),
        }
    }
}

impl Attachment {
    fn file(&self) -> File {
        // What is no base64 is kept as it is, so that nothing is lost.
        let bytes = BASE64_STANDARD.decode(&self.content.0);
        File {
            filename: self.name.0.clone(),
            content_type: self.content_type.0.clone(),
            content_id: Some(self.content_id.0.clone()).filter(|id| !id.is_empty()),
            bytes: bytes.unwrap_or_else(|_| self.content.0.clone().into_bytes()),
        }
    }
}

/// Text of a mail inside JSON: half a surrogate pair or bytes that are no UTF-8, which serde refuses for a `String`, are
/// no reason to refuse the mail; and null is nothing.
#[derive(Default)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyText;

        impl<'de> de::Visitor<'de> for AnyText {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text, E> {
                Ok(Text(String::from_utf8_lossy(bytes).into_owned()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }
        }

        // `Option` first, because bytes cannot be null.
        struct MaybeText;

        impl<'de> de::Visitor<'de> for MaybeText {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or null")
            }

            fn visit_unit<E>(self) -> Result<Text, E> {
                Ok(Text::default())
            }

            fn visit_none<E>(self) -> Result<Text, E> {
                Ok(Text::default())
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text, D::Error> {
                deserializer.deserialize_bytes(AnyText)
            }
        }

        deserializer.deserialize_option(MaybeText)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::MessageParser;

    #[test]
    fn text_that_is_no_unicode_is_read() {
        let inbound: Inbound = serde_json::from_slice(
            b"{\"Subject\": \"a\\ud83d b\", \"TextBody\": \"\xff\", \"HtmlBody\": null, \"Headers\": null, \"Unknown\": [\"\\udc00\"]}",
        )
        .unwrap();
        assert!(inbound.subject.0.starts_with('a') && inbound.subject.0.ends_with(" b"));
        assert_eq!(inbound.text_body.0, "\u{fffd}");
        assert_eq!(inbound.html_body.0, "");
    }

    #[test]
    fn a_raw_message_is_taken_as_it_is() {
        let inbound = |raw: &str| -> Inbound {
            serde_json::from_value(serde_json::json!({ "RawEmail": raw, "Subject": "x" })).unwrap()
        };
        assert_eq!(
            inbound("Subject: a\r\n\r\n").mail(),
            (b"Subject: a\r\n\r\n".to_vec(), true)
        );
        let (mail, is_original) = inbound("Subject: 相談\r\n\r\n").mail();
        assert_eq!(
            (mail, is_original),
            ("Subject: 相談\r\n\r\n".as_bytes().to_vec(), false)
        );
    }

    #[test]
    fn a_message_in_parts_is_rebuilt() {
        let inbound: Inbound = serde_json::from_value(serde_json::json!({
            "FromFull": { "Email": "kudo@example.jp", "Name": "工藤 \"和子\"" },
            "ToFull": [{ "Email": "sodan@example.jp", "Name": "" }],
            "Subject": "相談",
            "Headers": [
                { "Name": "Message-ID", "Value": "<1@example.jp>" },
                { "Name": "Return-Path", "Value": "<kudo@example.jp>" },
                { "Name": "Subject", "Value": "件名" },
            ],
            "TextBody": "よろしく",
            "Attachments": [{ "Name": "a.bin", "ContentType": "application/x-a", "Content": "AAE=", "ContentLength": 2 }],
        }))
        .unwrap();
        assert_eq!(
            inbound.envelope().from.as_deref(),
            Some("<kudo@example.jp>")
        );
        let (mail, is_original) = inbound.mail();
        assert!(!is_original);
        assert_eq!(mail, inbound.mail().0, "the same each time");
        let read = MessageParser::default().parse(&mail).unwrap();
        assert_eq!(read.message_id(), Some("1@example.jp"));
        assert_eq!(read.subject(), Some("件名"));
        let from = read.from().unwrap().first().unwrap();
        assert_eq!(
            (from.name(), from.address()),
            (Some("工藤 和子"), Some("kudo@example.jp"))
        );
        assert_eq!(read.body_text(0).as_deref(), Some("よろしく"));
        assert_eq!(read.attachment(0).unwrap().contents(), [0, 1]);
    }
}
