//! The door for raw messages, and the way back: what came in is given out unchanged.

use super::{
    door::{Doors, answer},
    receive::{Delivery, Provider, Receipt},
};
use crate::{
    access::{Access, permit},
    error::{Error, ProblemType, Result},
    http::{Answer, Path},
    ids::MailId,
    mail::parse::Envelope,
    routes::ServiceConfig,
};
use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, get,
    http::header::{self, HeaderMap},
    post,
    web::{Data, Payload},
};
use utoipa::ToSchema;

/// Mounts the door and the way back.
pub fn mount(config: &mut ServiceConfig) {
    config.service(receive_email).service(download_email);
}

/// A message as it travels (RFC 5322), byte for byte.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "describes a body that no type of ours holds")]
pub struct RawMail(Vec<u8>);

/// Hand in a mail
///
/// The body is the message as it came. When this answers 200, the mail is safe: it is placed afterwards, and nothing in
/// it can make this fail. The same bytes to the same mailbox are the same mail: repeating the request gives the same id
/// with `duplicate`, so it takes no Idempotency-Key. A 503 is to be repeated. The API token, which needs the permission
/// `intake`, may also come as the password of HTTP Basic.
#[utoipa::path(
    tag = "mail",
    operation_id = "receive_email",
    params(
        ("X-Envelope-From" = Option<String>, Header, description = "SMTP's sender, with or without angle brackets; `<>` for the null sender"),
        ("X-Envelope-To" = Option<String>, Header, description = "SMTP's recipient; the header comes once for each, or they stand side by side with commas"),
    ),
    request_body(content = RawMail, content_type = "message/rfc822", description = "The message"),
    responses(
        (status = 200, description = "The mail is safe", body = Receipt),
        (status = 413, description = "The mail is larger than MADOGUCHI_MAIL_MAX_BYTES", body = crate::error::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not message/rfc822", body = crate::error::ProblemBody, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("intake")))
)]
#[post("/intake/email")]
async fn receive_email(
    access: Access<permit::Intake>,
    request: HttpRequest,
    payload: Payload,
    doors: Data<Doors>,
) -> Result<Answer> {
    answer(
        Provider::Raw,
        take(&access, &request, payload, &doors).await,
    )
}

async fn take(
    access: &Access<permit::Intake>,
    request: &HttpRequest,
    payload: Payload,
    doors: &Doors,
) -> Result<Receipt> {
    let mime = request.mime_type().ok().flatten();
    if mime.is_none_or(|mime| mime.essence_str() != "message/rfc822") {
        return Err(Error::problem(
            ProblemType::UnsupportedMediaType,
            "Content-Type must be message/rfc822.",
        ));
    }
    let body = doors.read_mail(request, payload).await?;
    let delivery = Delivery {
        bytes: &body.bytes,
        envelope: &envelope(request.headers()),
        provider: Provider::Raw,
        delivery_id: None,
        is_original: true,
    };
    doors.accept(access, &delivery).await
}

/// The envelope in the headers. A header that comes twice may have been joined with a comma on the way.
fn envelope(headers: &HeaderMap) -> Envelope {
    let values = |name: &str| {
        headers
            .get_all(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect::<Vec<_>>()
    };
    let to = values("x-envelope-to");
    Envelope {
        from: values("x-envelope-from").into_iter().next(),
        to: to.iter().flat_map(|value| split_addresses(value)).collect(),
    }
}

/// Splits at commas, but not inside quotation marks.
fn split_addresses(text: &str) -> Vec<String> {
    let mut is_quoted = false;
    let parts = text.split(|letter| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    });
    parts
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Download a mail as it came
///
/// The bytes unchanged. The help center and the programme office have all mails, desks and managers those of their cases.
#[utoipa::path(
    tag = "mail",
    operation_id = "download_email",
    params(("id" = Uuid, Path, description = "The mail")),
    responses((status = 200, description = "The message, to be saved", body = RawMail, content_type = "message/rfc822")),
    extensions(("x-permission" = json!("read_mail")))
)]
#[get("/intake/emails/{id}/raw")]
async fn download_email(
    access: Access<permit::ReadMail>,
    Path(id): Path<MailId>,
) -> Result<HttpResponse> {
    let mut db = access.read().acquire().await?;
    super::view::require_visible(&mut db, access.actor(), id).await?;
    let bytes = sqlx::query_scalar!(
        "select bytes from inbound_raw where inbound_mail_id = $1",
        *id
    )
    .fetch_one(&mut *db)
    .await?;
    // To be saved, never to be shown: a mail may hold anything.
    let disposition = format!("attachment; filename=\"mail-{id}.eml\"");
    Ok(HttpResponse::Ok()
        .content_type("message/rfc822")
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    #[test]
    fn an_envelope_in_headers() {
        let mut headers = HeaderMap::new();
        let mut add = |name: &'static str, value: &[u8]| {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_bytes(value).unwrap(),
            )
        };
        add("x-envelope-from", b"<>");
        add("x-envelope-to", b"<a@example.jp>, \"b,c\"@example.jp,");
        add("x-envelope-to", b"d@example.jp");
        add("x-envelope-to", b"\xff@example.jp");
        let envelope = envelope(&headers);
        assert_eq!(envelope.from.as_deref(), Some("<>"));
        assert_eq!(
            envelope.to,
            [
                "<a@example.jp>",
                "\"b,c\"@example.jp",
                "d@example.jp",
                "\u{fffd}@example.jp"
            ]
        );
        assert_eq!(super::envelope(&HeaderMap::new()).from, None);
    }
}
