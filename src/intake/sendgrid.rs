//! SendGrid's Inbound Parse.
//!
//! - It repeats only what is answered with 5xx, for three days, and drops the mail silently at any 4xx. So what may get
//!   better is 503, and a form is never refused for what is in it.
//! - The proof is a signature by SendGrid's key over a timestamp and the whole body, or a password in the URL, which comes
//!   as HTTP Basic; where both are set up, both must hold. Because the signature covers the mail, a replay is a duplicate.
//! - With "POST the raw, full MIME message" the form has the message itself. Without, the message is rebuilt, and every
//!   field has a character set of its own, which the rebuilt message says again.

use super::{
    door::{Doors, Sender, answer, has_password, not_proven},
    form::{Form, Part},
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
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use secrecy::SecretString;
use serde::Deserialize;
use std::{borrow::Cow, collections::HashMap};
use utoipa::ToSchema;

/// What stands before the 65 bytes of the point in the public key of a P-256 curve (RFC 5480).
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Mounts the door.
pub fn mount(config: &mut ServiceConfig) {
    config.service(receive_sendgrid);
}

/// SendGrid's Inbound Parse, where it is set up.
pub struct Sendgrid {
    key: Option<Vec<u8>>,
    password: Option<SecretString>,
}

/// What Inbound Parse posts; further fields are not read.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes a form that is read as bytes")]
struct SendgridForm {
    /// The message, in raw mode.
    email: Option<String>,
    /// SMTP's sender and recipients, as JSON.
    envelope: String,
    /// The message's headers, in parsed mode.
    headers: Option<String>,
    /// The text, in parsed mode.
    text: Option<String>,
    /// The HTML, in parsed mode.
    html: Option<String>,
    /// The character set of each field, as JSON.
    charsets: String,
}

/// Hand in a mail from SendGrid
///
/// For Inbound Parse, raw or parsed. 404 unless it is set up.
#[utoipa::path(
    tag = "mail",
    operation_id = "receive_sendgrid",
    request_body(content = SendgridForm, content_type = "multipart/form-data", description = "As SendGrid sends it"),
    responses(
        (status = 200, description = "The mail is safe", body = Receipt),
        (status = 404, description = "This door is not set up", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("anyone")))
)]
#[post("/intake/email/sendgrid")]
async fn receive_sendgrid(
    access: Access<permit::Anyone>,
    request: HttpRequest,
    payload: Payload,
    doors: Data<Doors>,
) -> Result<Answer> {
    let Some(sendgrid) = &doors.sendgrid else {
        return Err(Error::not_found());
    };
    let taken = async {
        sendgrid.check_password(&request)?;
        let sender = match sendgrid.password {
            Some(_) => Sender::Known,
            None => Sender::Stranger,
        };
        let body = doors.read_wrapper(&request, payload, sender).await?;
        sendgrid.check_signature(&request, &body.bytes)?;
        let form = Form::read(&request, &body.bytes).ok_or_else(|| {
            Error::problem(
                ProblemType::UnsupportedMediaType,
                "Send a form: multipart/form-data.",
            )
        })?;
        let (mail, is_original) = mail(&form);
        let delivery = Delivery {
            bytes: &mail,
            envelope: &envelope(&form),
            provider: Provider::Sendgrid,
            delivery_id: None,
            is_original,
        };
        doors.accept(&access, &delivery).await
    };
    answer(Provider::Sendgrid, taken.await)
}

impl Sendgrid {
    /// The public key as SendGrid shows it (base64), a password, or both.
    ///
    /// # Errors
    /// A sentence for the operator: the key is none, or there is nothing at all.
    pub fn new(
        public_key: Option<&str>,
        password: Option<SecretString>,
    ) -> Result<Self, &'static str> {
        let read = |text: &str| -> Option<Vec<u8>> {
            let der = BASE64_STANDARD.decode(text.trim()).ok()?;
            let point = der.strip_prefix(&P256_PREFIX)?;
            (point.len() == 65 && point[0] == 4).then(|| point.to_vec())
        };
        let key = match public_key {
            Some(text) => Some(read(text).ok_or("it is no public key of the curve P-256")?),
            None => None,
        };
        match (&key, &password) {
            (None, None) => Err("neither a key nor a password"),
            _ => Ok(Self { key, password }),
        }
    }

    fn check_password(&self, request: &HttpRequest) -> Result<()> {
        match &self.password {
            Some(password) if !has_password(request, password) => Err(not_proven()),
            _ => Ok(()),
        }
    }

    fn check_signature(&self, request: &HttpRequest, body: &[u8]) -> Result<()> {
        let Some(key) = &self.key else {
            return Ok(());
        };
        let head = |name: &str| {
            let value = request.headers().get(name)?;
            value.to_str().ok()
        };
        let signature = head("x-twilio-email-event-webhook-signature")
            .and_then(|text| BASE64_STANDARD.decode(text).ok())
            .ok_or_else(not_proven)?;
        let timestamp = head("x-twilio-email-event-webhook-timestamp").ok_or_else(not_proven)?;
        let signed = [timestamp.as_bytes(), body].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key)
            .verify(&signed, &signature)
            .map_err(|_| not_proven())
    }
}

/// The message, and whether it is what was sent.
fn mail<'a>(form: &'a Form<'_>) -> (Cow<'a, [u8]>, bool) {
    match form.bytes("email") {
        Some(mail) if !mail.is_empty() => (Cow::Borrowed(mail), true),
        _ => (Cow::Owned(rebuilt(form)), false),
    }
}

/// The envelope; where its JSON cannot be read, what the recipients' header says.
fn envelope(form: &Form<'_>) -> Envelope {
    #[derive(Deserialize)]
    struct Written {
        from: Option<String>,
        #[serde(default)]
        to: Vec<String>,
    }
    let written = form.bytes("envelope").unwrap_or_default();
    match serde_json::from_slice::<Written>(written) {
        Ok(written) => Envelope {
            from: written.from,
            to: written.to,
        },
        Err(_) => Envelope {
            from: None,
            to: form.text("to").into_iter().map(Cow::into_owned).collect(),
        },
    }
}

fn rebuilt(form: &Form<'_>) -> Vec<u8> {
    let charsets: HashMap<String, String> =
        serde_json::from_slice(form.bytes("charsets").unwrap_or_default()).unwrap_or_default();
    let charset = |name: &str| charsets.get(name).map_or("", String::as_str);
    // Header fields that stand alone are decoded: there is no way to say a character set in a header.
    let decoded = |name: &str| -> String {
        let bytes = form.bytes(name).unwrap_or_default();
        let encoding = encoding_rs::Encoding::for_label(charset(name).as_bytes());
        encoding
            .unwrap_or(encoding_rs::UTF_8)
            .decode(bytes)
            .0
            .into_owned()
    };
    let mut mail = Rebuilt::default();
    mail.header_block(form.bytes("headers").unwrap_or_default());
    for name in ["From", "To", "Cc", "Subject"] {
        mail.header_if_missing(name, &decoded(&name.to_ascii_lowercase()));
    }
    for (field, subtype) in [("text", "plain"), ("html", "html")] {
        mail.body(
            subtype,
            charset(field),
            form.bytes(field).unwrap_or_default(),
        );
    }
    let said = attachment_info(form);
    for part in form.parts() {
        if let Some(number) = part.name.strip_prefix("attachment")
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            mail.file(file(part, said.get(&part.name)));
        }
    }
    mail.finish()
}

/// What SendGrid says about a file beside the file.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Info {
    filename: Option<String>,
    r#type: Option<String>,
    #[serde(rename = "content-id")]
    content_id: Option<String>,
}

fn attachment_info(form: &Form<'_>) -> HashMap<String, Info> {
    serde_json::from_slice(form.bytes("attachment-info").unwrap_or_default()).unwrap_or_default()
}

fn file(part: &Part<'_>, said: Option<&Info>) -> File {
    let first = |ours: &Option<String>, theirs: Option<&Option<String>>| {
        ours.clone().or_else(|| theirs.cloned().flatten())
    };
    let filename = first(&part.filename, said.map(|said| &said.filename));
    let content_type = first(&part.content_type, said.map(|said| &said.r#type));
    File {
        filename: filename.unwrap_or_default(),
        content_type: content_type.unwrap_or_default(),
        content_id: said.and_then(|said| said.content_id.clone()),
        bytes: part.bytes.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_as_sendgrid_shows_it() {
        let key = |text: &str| Sendgrid::new(Some(text), None).err();
        let good = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEjSZ4mw9jmT4ZKL2vZPZQrXk0Jc8JNJ4rMJHk0mFqFHrQk6OiIH3Yx3oFmUZ9oZyYXk1XzGkRk8VqQz4hR1c5nA==";
        assert_eq!(key(good), None);
        assert_eq!(key(&format!(" {good}\n")), None);
        for bad in ["", "x", "AAAA", &good[..40]] {
            assert!(key(bad).is_some(), "{bad}");
        }
        assert!(Sendgrid::new(None, None).is_err());
        assert!(Sendgrid::new(None, Some("password".into())).is_ok());
    }
}
