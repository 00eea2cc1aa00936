//! Every error a client can see, in one table, as RFC 9457 `application/problem+json`.
//!
//! A client's fault is a [`Problem`], whose text is written for the client. Everything else is ours: it becomes a 500
//! (or a 503 while the database is away) without detail, and is logged once with its causes and the request id.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use std::{borrow::Cow, fmt};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a handler or a domain function returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

tokio::task_local! {
    /// The id of the request being answered, for `instance` and the log.
    pub static REQUEST_ID: Uuid;
}

/// The id of the request being answered; nil outside a request.
pub fn request_id() -> Uuid {
    REQUEST_ID.try_with(|id| *id).unwrap_or_default()
}

macro_rules! problem_types {
    ($($name:ident => $status:ident, $slug:literal, $title:literal;)+) => {
        /// The problem types: what went wrong, in a form that a program can tell apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the table of titles says it")]
        pub enum ProblemType { $($name,)+ }

        impl ProblemType {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Status, slug and title.
            pub fn row(self) -> (StatusCode, &'static str, &'static str) {
                match self { $(Self::$name => (StatusCode::$status, $slug, $title),)+ }
            }
        }
    };
}

problem_types! {
    Unauthenticated => UNAUTHORIZED, "unauthenticated", "Sign in first";
    SecondFactorRequired => UNAUTHORIZED, "second-factor-required", "A code of the second factor is needed";
    Forbidden => FORBIDDEN, "forbidden", "Not allowed for your role";
    SecondFactorEnrolmentRequired => FORBIDDEN, "second-factor-enrolment-required", "Set up a second factor first";
    NotFound => NOT_FOUND, "not-found", "Not found";
    MethodNotAllowed => METHOD_NOT_ALLOWED, "method-not-allowed", "This address does not take that method";
    Validation => UNPROCESSABLE_ENTITY, "validation", "Some fields are not valid";
    Malformed => BAD_REQUEST, "malformed", "The request cannot be read";
    IllegalMove => CONFLICT, "illegal-move", "The case does not allow this now";
    ConsultationLimitReached => CONFLICT, "consultation-limit-reached", "All free consultations of this case are used";
    ManagerDoubleBooked => CONFLICT, "manager-double-booked", "The manager has another consultation at that time";
    CaseDoubleBooked => CONFLICT, "case-double-booked", "The case has another consultation at that time";
    NoManagerAssigned => CONFLICT, "no-manager-assigned", "No manager is assigned to this case";
    StageOrder => CONFLICT, "stage-order", "The stages of support would run backwards";
    EnterpriseGuard => CONFLICT, "enterprise-guard", "The enterprise has another case this fiscal year";
    LateReasonRequired => UNPROCESSABLE_ENTITY, "late-reason-required", "An entry about the past needs a late_reason";
    Stale => PRECONDITION_FAILED, "stale", "Somebody changed it in the meantime";
    PreconditionRequired => PRECONDITION_REQUIRED, "precondition-required", "Send If-Match with the ETag you read";
    IdempotencyKeyReused => UNPROCESSABLE_ENTITY, "idempotency-key-reused", "This Idempotency-Key was used for another request";
    Conflict => CONFLICT, "conflict", "It conflicts with what is stored";
    NotAcceptable => NOT_ACCEPTABLE, "not-acceptable", "Refused for good";
    TooLarge => PAYLOAD_TOO_LARGE, "too-large", "The request is too large";
    UnsupportedMediaType => UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Send application/json";
    RateLimited => TOO_MANY_REQUESTS, "rate-limited", "Too many tries";
    Unavailable => SERVICE_UNAVAILABLE, "unavailable", "Not available for a moment";
    Internal => INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side";
}

impl ProblemType {
    /// The type for a status that the framework answered with by itself.
    pub fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            406 => Self::NotAcceptable,
            412 => Self::Stale,
            413 => Self::TooLarge,
            415 => Self::UnsupportedMediaType,
            422 => Self::Validation,
            429 => Self::RateLimited,
            503 => Self::Unavailable,
            500.. => Self::Internal,
            _ => Self::Malformed,
        }
    }
}

/// One faulty field.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body; for a query parameter or header `/name`.
    #[schema(example = "/contacts/0/phone")]
    pub pointer: String,
    /// What is wrong and what is expected.
    pub detail: String,
}

/// The body of every error answer (RFC 9457).
#[derive(Serialize, ToSchema)]
pub struct ProblemBody {
    /// `/problems/<slug>`, stable.
    #[schema(example = "/problems/validation")]
    pub r#type: String,
    /// The same sentence for every problem of this type.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time.
    pub detail: String,
    /// The request id, also in the answer's `X-Request-Id` and in the log.
    pub instance: Uuid,
    /// Every faulty field; empty where no field is at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// A fault of the client, in words for the client.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What kind of fault.
    pub kind: ProblemType,
    /// What went wrong this time.
    pub detail: Cow<'static, str>,
    /// Every faulty field.
    pub errors: Vec<FieldError>,
    /// Seconds after which a repetition makes sense.
    pub retry_after: Option<u64>,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client's fault.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// The database failed, or refused what we believed to be right.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// Somebody changed what this transaction had read, while it waited for the lock.
    #[error("overtaken by another transaction")]
    Overtaken,
    /// Something else of ours failed.
    #[error("internal: {0}")]
    Internal(#[from] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A problem of the given type.
    pub fn problem(kind: ProblemType, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Problem(Box::new(Problem {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
        }))
    }

    /// 404, also for what is not yours.
    pub fn not_found() -> Self {
        Self::problem(
            ProblemType::NotFound,
            "There is nothing here that you may see.",
        )
    }

    /// 403: the role may not do this.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::problem(ProblemType::Forbidden, detail)
    }

    /// 409 `conflict`: the state of things does not allow it.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::problem(ProblemType::Conflict, detail)
    }

    /// 409 `illegal-move`: the status of the case does not allow it.
    pub fn illegal_move(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::problem(ProblemType::IllegalMove, detail)
    }

    /// 422 naming one field.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldError {
            pointer: pointer.into(),
            detail: detail.into(),
        }])
    }

    /// 422 naming all faulty fields.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.len() {
            1 => format!("{}: {}", errors[0].pointer, errors[0].detail).into(),
            n => format!("{n} fields are not valid.").into(),
        };
        Self::Problem(Box::new(Problem {
            kind: ProblemType::Validation,
            detail,
            errors,
            retry_after: None,
        }))
    }

    /// 422 `late-reason-required` for one field.
    pub fn late_reason_required(pointer: &str) -> Self {
        let detail = "It lies in the past: say in late_reason why it is entered now.";
        Self::Problem(Box::new(Problem {
            kind: ProblemType::LateReasonRequired,
            detail: detail.into(),
            errors: vec![FieldError {
                pointer: pointer.into(),
                detail: detail.into(),
            }],
            retry_after: None,
        }))
    }

    /// 429 with `Retry-After`.
    pub fn rate_limited(seconds: u64) -> Self {
        Self::Problem(Box::new(Problem {
            kind: ProblemType::RateLimited,
            detail: format!("Try again in {seconds} seconds.").into(),
            errors: Vec::new(),
            retry_after: Some(seconds),
        }))
    }

    /// The type of problem the client will see.
    pub fn kind(&self) -> ProblemType {
        match self {
            Self::Problem(problem) => problem.kind,
            Self::Database(error) if is_unavailable(error) => ProblemType::Unavailable,
            // It was run once more already.
            _ if self.is_transient() => ProblemType::Unavailable,
            _ => ProblemType::Internal,
        }
    }

    /// Whether running the transaction once more may succeed (serialisation failure, deadlock).
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Overtaken => true,
            Self::Database(sqlx::Error::Database(error)) => {
                matches!(error.code().as_deref(), Some("40001" | "40P01"))
            }
            _ => false,
        }
    }

    /// Whether the database is away or too busy.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Database(error) if is_unavailable(error))
    }
}

/// The database is away or too busy: not our bug and not the client's fault.
fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => true,
        // A balancer without a server took the connection and broke it off: the driver takes the missing answer for a wrong
        // one (sqlx 0.9.0).
        sqlx::Error::Protocol(text) => text.contains("unexpected response from SSLRequest"),
        sqlx::Error::Database(error) => {
            // What is fatal ended the connection, or refused it, whatever the statement was.
            let fatal = error
                .try_downcast_ref::<PgDatabaseError>()
                .is_some_and(|error| {
                    matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic)
                });
            // connection exceptions, shutdown, too many connections, disk full, statement timeout, lock timeout
            fatal
                || error.code().is_some_and(|code| {
                    code.starts_with("08")
                        || code.starts_with("57")
                        || code.starts_with("53")
                        || code == "55P03"
                })
        }
        _ => false,
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.row().1, self.detail)
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.kind().row().0
    }

    fn error_response(&self) -> HttpResponse {
        let kind = self.kind();
        match self {
            Self::Problem(problem) => problem_response(problem),
            _ => {
                log_causes(self);
                let detail = match kind {
                    // A connection that broke during the commit leaves open whether it was stored.
                    ProblemType::Unavailable => {
                        "The database does not answer, or is too busy. Try again with the same Idempotency-Key: nothing is stored twice."
                    }
                    _ => "The fault is ours and has been recorded under this request id.",
                };
                problem_response(&Problem {
                    kind,
                    detail: detail.into(),
                    errors: Vec::new(),
                    retry_after: (kind == ProblemType::Unavailable).then_some(5),
                })
            }
        }
    }
}

/// The answer that carries a problem.
pub fn problem_response(problem: &Problem) -> HttpResponse {
    let (status, slug, title) = problem.kind.row();
    let mut response = HttpResponse::build(status);
    response.content_type("application/problem+json");
    if let Some(seconds) = problem.retry_after {
        response.insert_header(("Retry-After", seconds.to_string()));
    }
    if problem.kind == ProblemType::Unauthenticated {
        response.insert_header(("WWW-Authenticate", "Bearer"));
    }
    let body = ProblemBody {
        r#type: format!("/problems/{slug}"),
        title,
        status: status.as_u16(),
        detail: problem.detail.to_string(),
        instance: request_id(),
        errors: problem.errors.clone(),
    };
    response.body(serde_json::to_string(&body).expect("a problem is plain data"))
}

/// An error and what it came from, for the log.
pub fn causes(error: &Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes.dedup();
    causes
}

/// Logs an error of ours once, with all its causes.
fn log_causes(error: &Error) {
    let causes = causes(error);
    tracing::error!(request.id = %request_id(), error.causes = ?causes, "request failed");
}

/// Turns the violation of one named constraint into an error for the client; any other failure stays ours.
pub trait OnConstraint<T> {
    /// Maps a violation of the constraint `name`.
    fn on_constraint(self, name: &str, error: impl FnOnce() -> Error) -> Result<T>;
}

impl<T, E: Into<Error>> OnConstraint<T> for Result<T, E> {
    fn on_constraint(self, name: &str, error: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(|failure| match failure.into() {
            Error::Database(sqlx::Error::Database(database))
                if database.constraint() == Some(name) =>
            {
                error()
            }
            other => other,
        })
    }
}

/// Gathers the faulty fields of a request, so that the client hears of all of them at once.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// Notes a faulty field.
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldError {
            pointer: pointer.into(),
            detail: detail.into(),
        });
    }

    /// Notes a faulty field unless the condition holds.
    pub fn require(&mut self, holds: bool, pointer: &str, detail: &str) {
        if !holds {
            self.add(pointer, detail);
        }
    }

    /// Whether nothing was noted yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An error when any field was noted.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::fields(self.0))
        }
    }
}
