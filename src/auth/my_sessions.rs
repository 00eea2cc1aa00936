//! The sign-ins of a person: which are open, and ending them without waiting for their time.
//!
//! A person sees their own and ends them by their password, because a stolen access token must not lock its owner out. An
//! admin ends all of somebody, who then has to sign in anew. API tokens are no sessions: see [`super::tokens`].

use super::{
    AuthConfig, TypedPassword,
    account::check_password,
    person_of,
    sessions::{self, EndReason, REFRESH_LIFETIME},
};
use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    error::{Error, ProblemBody, Result},
    http::{Answer, Body, Cursor, Json, Page, Path, Query, page_size},
    ids::*,
    routes::ServiceConfig,
    users,
};
use actix_web::{get, post, web::Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Mounts `/me/sessions`, and the end of all sessions of somebody under `/users`.
pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(list_sessions)
        .service(end_sessions)
        .service(end_sessions_of_user);
}

/// Which page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SessionQuery {
    /// Items per page, 1 to 200; 50 where nothing is said.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// A sign-in that is not over.
#[derive(Serialize, ToSchema)]
struct SessionView {
    /// Its id.
    id: SessionId,
    /// When the person signed in.
    created_at: DateTime<Utc>,
    /// When it was last prolonged; an open page does that every quarter of an hour.
    refreshed_at: DateTime<Utc>,
    /// When it ends, however busy it is.
    expires_at: DateTime<Utc>,
    /// Whether this very request belongs to it.
    is_this_one: bool,
}

/// Which sessions, and the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EndSessionsRequest {
    /// The password, typed again.
    #[schema(value_type = String, format = Password, write_only)]
    current_password: TypedPassword,
    /// One of them; all but this one where absent.
    session_id: Option<SessionId>,
}

impl Body for EndSessionsRequest {}

/// List the own sessions
///
/// Those that are not over, the oldest first.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "list_sessions",
    params(SessionQuery),
    responses((status = 200, description = "One page of open sessions", body = Page<SessionView>)),
    extensions(("x-permission" = json!("signed_in")))
)]
#[get("/me/sessions")]
async fn list_sessions(
    access: Access<permit::SignedIn>,
    Query(query): Query<SessionQuery>,
) -> Result<Answer> {
    let user_id = person_of(access.actor())?;
    let limit = page_size(query.limit)?;
    let after = query
        .cursor
        .map(|cursor| cursor.keys::<Uuid>())
        .transpose()?;
    let now = access.now();
    let open = sqlx::query_as!(
        SessionView,
        r#"
        select s.id, s.created_at, t.created_at as refreshed_at, s.expires_at, s.id is not distinct from $2 as "is_this_one!"
        from user_session s
        join lateral (
            select created_at from refresh_token where session_id = s.id order by created_at desc limit 1
        ) t on true
        where s.user_id = $1 and s.ended_at is null and s.expires_at > $3 and t.created_at > $4
            and ($5::uuid is null or s.id > $5)
        order by s.id
        limit $6
        "#,
        *user_id,
        access.actor().session_id.map(|id| *id),
        now,
        now - REFRESH_LIFETIME,
        after,
        limit + 1,
    )
    .fetch_all(access.read())
    .await?;
    Ok(Answer::ok(&Page::new(open, limit, |session| session.id)))
}

/// End own sessions
///
/// One, or all but that of this request. Their tokens end with them, everywhere within two seconds. Tries with a wrong
/// password count like tries to sign in.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "end_sessions",
    request_body = EndSessionsRequest,
    responses(
        (status = 204, description = "They are over"),
        (status = 404, description = "There is no such session of yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries; see Retry-After", body = ProblemBody, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("signed_in")))
)]
#[post("/me/sessions/end")]
async fn end_sessions(
    access: Access<permit::SignedIn>,
    config: Data<AuthConfig>,
    Json(body): Json<EndSessionsRequest>,
) -> Result<Answer> {
    let user_id = person_of(access.actor())?;
    let person = check_password(&access, &config, user_id, body.current_password).await?;
    person.require_right()?;
    access
        .transaction(async |tx| {
            users::lock(tx, user_id).await?;
            match body.session_id {
                Some(id) => {
                    let is_own = sqlx::query_scalar!(
                        r#"select exists (select from user_session where id = $1 and user_id = $2) as "is_own!""#,
                        *id,
                        *user_id
                    )
                    .fetch_one(tx.db())
                    .await?;
                    if !is_own {
                        return Err(Error::not_found());
                    }
                    sessions::end(tx, id, EndReason::Ended).await?;
                }
                None => {
                    let this = tx.actor().session_id;
                    sessions::end_all(tx, user_id, this, EndReason::Ended).await?;
                }
            }
            tx.record(OFFICE, Event::SessionsEnded { user_id });
            Ok(Answer::no_content())
        })
        .await
}

/// End all sessions of a user
///
/// For a lost or stolen device: whoever has it is out everywhere within two seconds, and the person signs in anew. The
/// password and API tokens stay.
#[utoipa::path(
    tag = "people",
    operation_id = "end_sessions_of_user",
    params(("id" = Uuid, Path, description = "The user")),
    responses((status = 204, description = "They are over")),
    extensions(("x-permission" = json!("manage_office")))
)]
#[post("/users/{id}/end-sessions")]
async fn end_sessions_of_user(
    access: Access<permit::ManageOffice>,
    Path(id): Path<UserId>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            users::lock(tx, id).await?;
            sessions::end_all(tx, id, None, EndReason::Ended).await?;
            tx.record(OFFICE, Event::SessionsEnded { user_id: id });
            Ok(Answer::no_content())
        })
        .await
}
