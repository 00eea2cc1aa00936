//! Live news (`GET /events`): ids of what changed that this person may see, within a second, as Server-Sent Events.
//!
//! Owns no table. What changed is read from the audit trail, where every transaction writes it anyway (rule 6), so that
//! writing pays nothing for being watched: a `NOTIFY` would take one lock of the whole server at every commit. One
//! reader per process ([`hub`]) asks a few times per second, and only while somebody listens; between two looks it keeps
//! a snapshot of the database, not a number, so that a change counts whenever it commits ([`feed`]). Positions are such
//! snapshots too: a client that was cut off resumes at any process. What an event means and for whom ([`news`]) follows
//! the views of the lists (rule 8), asked once per look for everybody. No stream holds a connection to the database.

mod feed;
mod hub;
mod news;

pub use hub::Hub;

use crate::{
    access::{Access, permit},
    auth::Bearer,
    error::{Error, ProblemBody, ProblemType},
    routes::ServiceConfig,
};
use actix_web::{HttpResponse, get, http::header};
use feed::Position;
use hub::Refusal;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Mounts the stream.
pub fn mount(config: &mut ServiceConfig) {
    config.service(follow_events);
}

/// What a change is about, so that a page knows what to read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The case itself, its status, flags, deadlines, people, notes, calls or files.
    Case,
    /// One of its sessions, or the report on it.
    Consultation,
    /// An offer; for the manager it is made to without a case.
    Offer,
    /// A mail to an enterprise: written, sent, failed, taken back.
    Message,
    /// A mail that came in: placed on a case; without a case it is to be checked, or was.
    Mail,
    /// An enterprise.
    Enterprise,
    /// A manager, their absences or conflicts.
    Manager,
    /// A desk, its area or its mailbox.
    Desk,
    /// Hours, closures and extra openings.
    Calendar,
    /// The programme's settings.
    Settings,
    /// The templates of mails.
    Template,
}

/// Something changed. Ids only: what it is now is read where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct Change {
    /// What it is about.
    pub kind: ChangeKind,
    /// The case it belongs to; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub case_id: Option<Uuid>,
    /// The session, offer, message, mail, enterprise, manager or desk; left out where it is the case itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<Uuid>,
    /// It is out of this person's view now, and answers 404.
    pub gone: bool,
}

/// One event of the stream.
#[derive(ToSchema)]
#[allow(
    dead_code,
    reason = "says in the document what the stream writes line by line"
)]
struct ServerSentEvent {
    /// What happened.
    event: EventName,
    /// JSON: of a `change` a Change, of the others an empty object.
    #[schema(content_media_type = "application/json")]
    data: String,
    /// What to come back with in `Last-Event-ID`.
    #[schema(nullable = false)]
    id: Option<String>,
    /// After how many milliseconds to come back.
    #[schema(nullable = false)]
    retry: Option<i64>,
}

/// The events of the stream.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "see above")]
enum EventName {
    Ready,
    Change,
    Reload,
}

/// Follow what changes
///
/// Server-Sent Events that go on until the token ends, or the person may do something else than before. `ready`: from
/// now on nothing is missed, so read what you show. `change`: its data is a Change. `reload`: more happened than is worth
/// telling, or the database was another for a while; read everything again. Each has an `id` to come back with in
/// `Last-Event-ID`; what happened in between is told first, or `reload`. A comment comes every 15 seconds. Who does not
/// read is cut off.
#[utoipa::path(
    tag = "live",
    operation_id = "follow_events",
    params(("Last-Event-ID" = Option<String>, Header, description = "Where an earlier stream ended")),
    responses(
        (status = 200, description = "Events, each as this describes", body = ServerSentEvent, content_type = "text/event-stream"),
        (
            status = 429,
            description = "This person has too many streams open; see Retry-After",
            body = ProblemBody,
            content_type = "application/problem+json"
        )
    ),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/events")]
async fn follow_events(access: Access<permit::ReadCases>) -> Result<HttpResponse, Error> {
    let asked = access
        .request()
        .headers()
        .get("last-event-id")
        // Whatever it is, it is no position of ours: they have to reload.
        .map(|value| value.to_str().ok().and_then(Position::parse));
    let bearer = Bearer::of(access.request()).expect("the actor came with a token");
    let stream = hub::subscribe(access.store(), access.actor().clone(), bearer, asked).map_err(
        |refusal| match refusal {
            Refusal::TooMany => Error::rate_limited(hub::BEAT.as_secs()),
            Refusal::Full => Error::problem(
                ProblemType::Unavailable,
                "Too many are listening. Try again.",
            ),
            Refusal::Stopping => Error::problem(
                ProblemType::Unavailable,
                "The server is stopping. Try again.",
            ),
        },
    )?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Proxies that gather an answer before they pass it on would hold every event back.
        .insert_header(("x-accel-buffering", "no"))
        // So would compressing it.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .streaming(stream))
}
