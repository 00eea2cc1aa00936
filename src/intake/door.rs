//! What all doors for mail share: which of them are open, how a body is read, and how a mail is handed over.
//!
//! A body is read up to a limit and only while there is room for it: mail that is being taken in never takes more memory
//! than [`ROOM`] times the largest mail on each side, and what does not fit is told to come again.

use super::{
    mailgun::Mailgun,
    postmark::Postmark,
    receive::{Delivery, Provider, Receipt, receive},
    sendgrid::Sendgrid,
    ses::Ses,
};
use crate::{
    access::{Access, Permitted},
    error::{Error, Problem, ProblemType, Result},
    http::Answer,
};
use actix_web::{
    HttpRequest,
    http::header,
    web::{BytesMut, Payload},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::StreamExt;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest mail that is taken where nobody says otherwise, in bytes.
pub const DEFAULT_MAX_BYTES: usize = 50 * 1024 * 1024;

/// How many of the largest mails fit into memory at once: for those who proved who they are before the body, and as many
/// for those whose proof is in the body, so that strangers cannot take the others' room.
const ROOM: usize = 4;

/// How much larger the wrapper of a provider may be than the mail in it: base64 in JSON, or `%XX` for every byte.
const WRAPPER: usize = 3;

/// Memory is counted in pieces of this many bytes.
const PIECE: usize = 64 * 1024;

/// Which doors are open, and how much fits through them; given to the app as `Data<Doors>`.
pub struct Doors {
    /// The largest mail that is taken, in bytes.
    pub max_bytes: usize,
    /// Postmark's webhook, where it is set up.
    pub postmark: Option<Postmark>,
    /// Mailgun's routes, where they are set up.
    pub mailgun: Option<Mailgun>,
    /// SendGrid's Inbound Parse, where it is set up.
    pub sendgrid: Option<Sendgrid>,
    /// Amazon SES through SNS, where it is set up.
    pub ses: Option<Ses>,
    room: [Arc<Semaphore>; 2],
}

impl Doors {
    /// Only the doors that need an API token, for mails of that many bytes.
    pub fn new(max_bytes: usize) -> Self {
        let pieces = ROOM * max_bytes.div_ceil(PIECE);
        let room = || Arc::new(Semaphore::new(pieces.min(Semaphore::MAX_PERMITS)));
        Self {
            max_bytes,
            postmark: None,
            mailgun: None,
            sendgrid: None,
            ses: None,
            room: [room(), room()],
        }
    }
}

impl Default for Doors {
    fn default() -> Self {
        Self::new(DEFAULT_MAX_BYTES)
    }
}

/// Whether the sender of a body has proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// By a token or a password in the head.
    Known,
    /// The proof is in the body.
    Stranger,
}

/// A body in memory, and the room that it takes there.
pub(super) struct Body {
    /// As it came.
    pub bytes: BytesMut,
    _room: Option<OwnedSemaphorePermit>,
}

impl Doors {
    /// Reads a mail.
    ///
    /// # Errors
    /// 413 beyond the limit, 415 for a compressed body, 400 for one that breaks off, 503 while there is no room.
    pub(super) async fn read_mail(&self, request: &HttpRequest, payload: Payload) -> Result<Body> {
        self.read(request, payload, self.max_bytes, Sender::Known)
            .await
    }

    /// Reads the wrapper that a provider puts around a mail.
    ///
    /// # Errors
    /// As for a mail.
    pub(super) async fn read_wrapper(
        &self,
        request: &HttpRequest,
        payload: Payload,
        sender: Sender,
    ) -> Result<Body> {
        self.read(request, payload, WRAPPER * self.max_bytes, sender)
            .await
    }

    /// Reads a body of at most so many bytes.
    ///
    /// # Errors
    /// As for a mail.
    pub(super) async fn read(
        &self,
        request: &HttpRequest,
        mut payload: Payload,
        most: usize,
        sender: Sender,
    ) -> Result<Body> {
        let head = request.headers();
        let is_plain = |value: &header::HeaderValue| value.as_bytes() == b"identity";
        if !head.get(header::CONTENT_ENCODING).is_none_or(is_plain) {
            return Err(Error::problem(
                ProblemType::UnsupportedMediaType,
                "The body must not be compressed: it is kept as it comes.",
            ));
        }
        let declared = head
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if declared.is_some_and(|length| length > most) {
            return Err(self.too_large());
        }
        let mut body = Body {
            bytes: BytesMut::new(),
            _room: None,
        };
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| {
                Error::problem(
                    ProblemType::Malformed,
                    "The body could not be read to its end.",
                )
            })?;
            if body.bytes.len() + chunk.len() > most {
                return Err(self.too_large());
            }
            self.make_room(&mut body, chunk.len(), sender)?;
            body.bytes.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn make_room(&self, body: &mut Body, more: usize, sender: Sender) -> Result<()> {
        let taken = body._room.as_ref().map_or(0, |room| room.num_permits());
        let missing = (body.bytes.len() + more)
            .div_ceil(PIECE)
            .saturating_sub(taken);
        if missing == 0 {
            return Ok(());
        }
        let room = self.room[usize::from(sender == Sender::Stranger)].clone();
        let missing = u32::try_from(missing).map_err(|_| busy())?;
        let permit = room.try_acquire_many_owned(missing).map_err(|_| busy())?;
        match &mut body._room {
            Some(room) => room.merge(permit),
            None => body._room = Some(permit),
        }
        Ok(())
    }

    /// Hands a mail over; when this returns, it is safe.
    ///
    /// # Errors
    /// 400 for an empty mail, 413 for one beyond the limit, 503 while the database is away.
    pub(super) async fn accept<P: Permitted>(
        &self,
        access: &Access<P>,
        delivery: &Delivery<'_>,
    ) -> Result<Receipt> {
        self.check(delivery.bytes)?;
        let receipt = access
            .transaction_of(async |tx| receive(tx, delivery).await)
            .await?;
        count_receipt(delivery.provider, &receipt);
        Ok(receipt)
    }

    /// Whether a mail can be kept at all.
    ///
    /// # Errors
    /// 400 for an empty mail, 413 for one beyond the limit.
    pub(super) fn check(&self, mail: &[u8]) -> Result<()> {
        match mail.len() {
            0 => Err(Error::problem(
                ProblemType::Malformed,
                "There is no message in the request.",
            )),
            length if length > self.max_bytes => Err(self.too_large()),
            _ => Ok(()),
        }
    }

    fn too_large(&self) -> Error {
        Error::problem(
            ProblemType::TooLarge,
            format!("A mail may have {} bytes.", self.max_bytes),
        )
    }
}

fn busy() -> Error {
    Error::Problem(Box::new(Problem {
        kind: ProblemType::Unavailable,
        detail: "Too much mail is arriving at once. Nothing was stored; send it again.".into(),
        errors: Vec::new(),
        retry_after: Some(5),
    }))
}

/// 401 for a door whose proof did not hold; what was wrong stays with us.
pub(super) fn not_proven() -> Error {
    Error::problem(
        ProblemType::Unauthenticated,
        "The credentials or the signature of this request are not those that were agreed on.",
    )
}

/// Counts a mail that is safe.
pub(super) fn count_receipt(provider: Provider, receipt: &Receipt) {
    let duplicate = if receipt.duplicate { "true" } else { "false" };
    metrics::counter!("madoguchi_mail_received_total", "provider" => provider.name(), "duplicate" => duplicate)
        .increment(1);
}

/// Answers with the receipt, or counts why the mail was not taken.
pub(super) fn answer(provider: Provider, result: Result<Receipt>) -> Result<Answer> {
    counted(provider, result).map(|receipt| Answer::ok(&receipt))
}

/// Counts why a request was refused.
pub(super) fn counted<T>(provider: Provider, result: Result<T>) -> Result<T> {
    if let Err(error) = &result {
        let (_, reason, _) = error.kind().row();
        metrics::counter!("madoguchi_mail_refused_total", "provider" => provider.name(), "reason" => reason)
            .increment(1);
        tracing::warn!(
            mail.provider = provider.name(),
            mail.reason = reason,
            "mail was not taken"
        );
    }
    result
}

/// Whether the request carries the password by HTTP Basic; the user's name does not count.
pub(super) fn has_password(request: &HttpRequest, password: &SecretString) -> bool {
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| basic_password(value.to_str().ok()?));
    // A missing one is compared too.
    let given = given.unwrap_or_default();
    let password = password.expose_secret();
    !given.is_empty() && bool::from(given.as_bytes().ct_eq(password.as_bytes()))
}

/// The password of `Authorization: Basic …` (RFC 7617).
pub(crate) fn basic_password(value: &str) -> Option<String> {
    let (scheme, credentials) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = BASE64_STANDARD.decode(credentials.trim()).ok()?;
    let credentials = String::from_utf8(credentials).ok()?;
    let (_, password) = credentials.split_once(':')?;
    Some(password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials() {
        let header = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        assert_eq!(basic_password(&header("a:b:c")).as_deref(), Some("b:c"));
        assert_eq!(basic_password(&header(":b")).as_deref(), Some("b"));
        assert_eq!(basic_password(&header("a:")).as_deref(), Some(""));
        for value in ["", "Basic", "Basic !", "Bearer YTpi", &header("ab")] {
            assert_eq!(basic_password(value), None, "{value}");
        }
    }

    #[test]
    fn room_is_taken_and_given_back() {
        let doors = Doors::new(PIECE);
        let body = || Body {
            bytes: BytesMut::new(),
            _room: None,
        };
        let mut bodies = Vec::new();
        for _ in 0..ROOM {
            let mut body = body();
            doors.make_room(&mut body, 10, Sender::Stranger).unwrap();
            body.bytes.extend_from_slice(&[0; 10]);
            // What is in the same piece needs no further room.
            doors.make_room(&mut body, 10, Sender::Stranger).unwrap();
            bodies.push(body);
        }
        let mut late = body();
        assert!(doors.make_room(&mut late, 1, Sender::Stranger).is_err());
        doors.make_room(&mut late, 1, Sender::Known).unwrap();
        bodies.pop();
        let mut later = body();
        doors.make_room(&mut later, 1, Sender::Stranger).unwrap();
        assert!(
            doors
                .make_room(&mut later, PIECE + 1, Sender::Stranger)
                .is_err()
        );
    }
}
