//! Mailgun's routes, raw: `forward("https://…/api/v1/intake/email/mailgun/mime")`.
//!
//! - It repeats every answer but 200 and 406 for eight hours, so only what is final is answered with 406.
//! - The proof is a signature over a timestamp and a token, but not over the mail. Whoever saw one could send another mail
//!   with it: so a token is good for one delivery, and used ones are remembered as long as their signature is good.
//! - The signature is good for a window (15 minutes unless set otherwise), long enough for a delivery that was delayed on
//!   the way. One that comes later is refused in a way that Mailgun repeats, with a new signature; nothing is lost.
//! - An URL that ends in `mime` is what makes Mailgun send the message itself.

use super::{
    door::{Doors, Sender, answer, count_receipt, not_proven},
    form::Form,
    receive::{Delivery, Provider, Receipt, receive},
};
use crate::{
    access::{Access, permit},
    error::{Error, ProblemBody, ProblemType, Result},
    http::Answer,
    mail::parse::Envelope,
    routes::ServiceConfig,
    store::Tx,
};
use actix_web::{
    HttpRequest, post,
    web::{Data, Payload},
};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use sqlx::PgExecutor;
use utoipa::ToSchema;

/// Mounts the door, under both of its addresses.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(receive_mailgun)
        .service(receive_mailgun_mime);
}

/// Mailgun's routes, where they are set up.
pub struct Mailgun {
    /// The HTTP webhook signing key.
    pub signing_key: SecretString,
    /// How old, or how far ahead, a signature may be.
    pub window: TimeDelta,
}

/// What a route posts; further fields are not read.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes a form that is read as bytes")]
struct MailgunForm {
    /// The message.
    #[schema(rename = "body-mime")]
    body_mime: String,
    /// SMTP's sender.
    sender: String,
    /// SMTP's recipient.
    recipient: String,
    /// Seconds since 1970.
    timestamp: String,
    /// Random, new for each delivery.
    token: String,
    /// HMAC-SHA-256 over timestamp and token, in hex.
    signature: String,
}

/// Hand in a mail from Mailgun
///
/// For a route's `forward`. 404 unless it is set up.
#[utoipa::path(
    tag = "mail",
    operation_id = "receive_mailgun",
    request_body(content = MailgunForm, content_type = "multipart/form-data", description = "As Mailgun sends it; urlencoded as well"),
    responses(
        (status = 200, description = "The mail is safe", body = Receipt),
        (status = 404, description = "This door is not set up", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, description = "The request has no mail in it: do not send it again", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("anyone")))
)]
#[post("/intake/email/mailgun")]
async fn receive_mailgun(
    access: Access<permit::Anyone>,
    request: HttpRequest,
    payload: Payload,
    doors: Data<Doors>,
) -> Result<Answer> {
    receive_form(&access, &request, payload, &doors).await
}

/// Hand in a mail from Mailgun, raw
///
/// The same under an address that ends as Mailgun wants it.
#[utoipa::path(
    tag = "mail",
    operation_id = "receive_mailgun_mime",
    request_body(content = MailgunForm, content_type = "multipart/form-data", description = "As Mailgun sends it; urlencoded as well"),
    responses(
        (status = 200, description = "The mail is safe", body = Receipt),
        (status = 404, description = "This door is not set up", body = ProblemBody, content_type = "application/problem+json"),
        (status = 406, description = "The request has no mail in it: do not send it again", body = ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("anyone")))
)]
#[post("/intake/email/mailgun/mime")]
async fn receive_mailgun_mime(
    access: Access<permit::Anyone>,
    request: HttpRequest,
    payload: Payload,
    doors: Data<Doors>,
) -> Result<Answer> {
    receive_form(&access, &request, payload, &doors).await
}

async fn receive_form(
    access: &Access<permit::Anyone>,
    request: &HttpRequest,
    payload: Payload,
    doors: &Doors,
) -> Result<Answer> {
    let Some(mailgun) = &doors.mailgun else {
        return Err(Error::not_found());
    };
    let taken = async {
        let body = doors
            .read_wrapper(request, payload, Sender::Stranger)
            .await?;
        let form = Form::read(request, &body.bytes).ok_or_else(|| {
            Error::problem(
                ProblemType::UnsupportedMediaType,
                "Send a form: multipart/form-data or application/x-www-form-urlencoded.",
            )
        })?;
        let proof = mailgun.verify(&form, access.now())?;
        let mail = form.bytes("body-mime").ok_or_else(|| {
            Error::problem(
                ProblemType::Malformed,
                "There is no body-mime: let the URL of the route end in mime.",
            )
        })?;
        if mail.is_empty() {
            return Err(Error::problem(
                ProblemType::NotAcceptable,
                "The mail is empty.",
            ));
        }
        doors.check(mail)?;
        accept(access, &form, mail, &proof).await
    };
    answer(Provider::Mailgun, taken.await)
}

/// A signature that is good.
struct Proof {
    token_hash: [u8; 32],
    expires_at: DateTime<Utc>,
}

impl Mailgun {
    /// Checks the signature, before anything else in the form is looked at.
    fn verify(&self, form: &Form<'_>, now: DateTime<Utc>) -> Result<Proof> {
        let field = |name: &str| form.bytes(name).unwrap_or_default();
        let (timestamp, token) = (field("timestamp"), field("token"));
        let signature = hex::decode(field("signature")).map_err(|_| not_proven())?;
        let key = self.signing_key.expose_secret().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        mac.update(timestamp);
        mac.update(token);
        // In constant time.
        mac.verify_slice(&signature).map_err(|_| not_proven())?;
        let signed_at = std::str::from_utf8(timestamp)
            .ok()
            .and_then(|text| DateTime::from_timestamp(text.parse().ok()?, 0))
            .ok_or_else(not_proven)?;
        if (now - signed_at).abs() > self.window {
            return Err(not_proven());
        }
        Ok(Proof {
            token_hash: Sha256::digest(token).into(),
            expires_at: signed_at + self.window,
        })
    }
}

async fn accept(
    access: &Access<permit::Anyone>,
    form: &Form<'_>,
    mail: &[u8],
    proof: &Proof,
) -> Result<Receipt> {
    let text = |name: &str| form.text(name).map(|text| text.into_owned());
    let envelope = Envelope {
        from: text("sender"),
        to: text("recipient").into_iter().collect(),
    };
    let mut hash = Sha256::new();
    for part in [
        envelope.from.as_deref().unwrap_or_default().as_bytes(),
        text("recipient").unwrap_or_default().as_bytes(),
        mail,
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let delivery_hash: [u8; 32] = hash.finalize().into();
    let delivery = Delivery {
        bytes: mail,
        envelope: &envelope,
        provider: Provider::Mailgun,
        delivery_id: None,
        is_original: true,
    };
    let receipt = access
        .transaction_of(async |tx| {
            use_token(tx, proof, &delivery_hash).await?;
            receive(tx, &delivery).await
        })
        .await?;
    count_receipt(Provider::Mailgun, &receipt);
    Ok(receipt)
}

/// Notes that the token was used for this delivery.
///
/// # Errors
/// 401 where it was used for another one.
async fn use_token(tx: &mut Tx, proof: &Proof, delivery_hash: &[u8; 32]) -> Result<()> {
    sqlx::query!(
        r#"
        insert into mailgun_token (token_hash, delivery_hash, expires_at)
        values ($1, $2, $3)
        on conflict do nothing
        "#,
        proof.token_hash.as_slice(),
        delivery_hash.as_slice(),
        proof.expires_at,
    )
    .execute(tx.db())
    .await?;
    let used_for = sqlx::query_scalar!(
        "select delivery_hash from mailgun_token where token_hash = $1",
        proof.token_hash.as_slice()
    )
    .fetch_optional(tx.db())
    .await?;
    match used_for {
        // None: it ran out, and was deleted, between the two statements.
        Some(hash) if hash == delivery_hash => Ok(()),
        _ => Err(not_proven()),
    }
}

/// Forgets the tokens whose signature is no longer good.
///
/// # Errors
/// The database.
pub(crate) async fn forget_tokens(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from mailgun_token where expires_at < $1", now)
        .execute(db)
        .await?;
    Ok(())
}
