//! API tokens (`/api-tokens`): a person's own, for programs that act for them.

use super::{API_TOKEN_PREFIX, hash_token, person_of, random_token};
use crate::{
    access::{Access, Actor, OFFICE, Permission, permit},
    audit::Event,
    error::{Error, Fields, Result},
    http::{Answer, Body, Cursor, Json, Page, Path, Query, page_size},
    ids::*,
    routes::ServiceConfig,
    store::Tx,
    text::Line80,
    users,
};
use actix_web::{delete, get, post};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Longest life of a token.
pub(super) const MAX_LIFETIME: TimeDelta = TimeDelta::days(366);

/// Most live tokens of one person.
const MAX_TOKENS: i64 = 50;

/// Mounts `/api-tokens`.
pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(list_api_tokens)
        .service(create_api_token)
        .service(show_api_token)
        .service(revoke_api_token);
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TokenQuery {
    /// Items per page, 1 to 200; 50 where nothing is said.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// A new token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateTokenRequest {
    /// What it is for.
    name: Line80,
    /// What it may do, of what its owner may; `intake` by admins only.
    #[schema(min_items = 1)]
    permissions: Vec<Permission>,
    /// When it ends, at most 366 days from now.
    expires_at: DateTime<Utc>,
}

impl Body for CreateTokenRequest {
    fn check(&self, fields: &mut Fields) {
        fields.require(
            !self.permissions.is_empty(),
            "/permissions",
            "must name at least one permission",
        );
        for (index, permission) in self.permissions.iter().enumerate() {
            let pointer = format!("/permissions/{index}");
            fields.require(
                *permission != Permission::Anyone,
                &pointer,
                "needs no token",
            );
            fields.require(
                !self.permissions[..index].contains(permission),
                &pointer,
                "stands here twice",
            );
        }
    }
}

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenView {
    pub id: TokenId,
    /// What it is for.
    pub name: Line80,
    /// What it may do, as long as its owner may.
    pub permissions: Vec<String>,
    pub expires_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
struct CreatedToken {
    /// The secret; shown this once. Send it as `Authorization: Bearer …`.
    #[schema(example = "mdg_Zt1…")]
    token: String,
    #[serde(flatten)]
    view: TokenView,
}

/// A token to be made.
pub(super) struct NewToken {
    pub user_id: UserId,
    pub name: Line80,
    pub permissions: Vec<Permission>,
    pub expires_at: DateTime<Utc>,
}

/// List the own API tokens
///
/// Those that were not revoked, the oldest first.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "list_api_tokens",
    params(TokenQuery),
    responses((status = 200, description = "The tokens, without their secrets", body = Page<TokenView>)),
    extensions(("x-permission" = json!("signed_in")))
)]
#[get("/api-tokens")]
async fn list_api_tokens(
    access: Access<permit::SignedIn>,
    Query(query): Query<TokenQuery>,
) -> Result<Answer> {
    let limit = page_size(query.limit)?;
    let after = query
        .cursor
        .map(|cursor| cursor.keys::<Uuid>())
        .transpose()?;
    let tokens = sqlx::query_as!(
        TokenView,
        r#"
        select id, name as "name: Line80", permissions, expires_at, created_at
        from api_token
        where user_id = $1 and revoked_at is null and ($2::uuid is null or id > $2)
        order by id
        limit $3
        "#,
        access.actor().user_id.map(|id| *id),
        after,
        limit + 1,
    )
    .fetch_all(access.read())
    .await?;
    Ok(Answer::ok(&Page::new(tokens, limit, |token| token.id)))
}

/// Make an API token
///
/// Its secret is in this answer and nowhere else. A token never may more than its owner may at the time of use, and dies
/// with the owner's deactivation. API tokens make no further tokens. At most 50 live ones per person.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "create_api_token",
    request_body = CreateTokenRequest,
    responses((status = 201, description = "The token with its secret", body = CreatedToken)),
    extensions(("x-permission" = json!("signed_in")))
)]
#[post("/api-tokens")]
async fn create_api_token(
    access: Access<permit::SignedIn>,
    Json(body): Json<CreateTokenRequest>,
) -> Result<Answer> {
    let actor = access.actor();
    let user_id = person_of(actor)?;
    check(actor, &body, access.now())?;
    let CreateTokenRequest {
        name,
        permissions,
        expires_at,
    } = body;
    let new = NewToken {
        user_id,
        name,
        permissions,
        expires_at: expires_at.trunc_subsecs(6),
    };
    // No idempotency key: the stored answer would hold the secret.
    access
        .transaction_of(async |tx| {
            let (view, token) = create(tx, &new).await?;
            Ok(Answer::created(
                format!("/api/v1/api-tokens/{}", view.id),
                &CreatedToken { token, view },
            ))
        })
        .await
}

/// Never more than oneself may, and not for ever.
fn check(actor: &Actor, body: &CreateTokenRequest, now: DateTime<Utc>) -> Result<()> {
    let mut fields = Fields::default();
    for (index, permission) in body.permissions.iter().enumerate() {
        let may_give = match permission {
            Permission::Intake => actor.may(Permission::ManageOffice),
            permission => actor.may(*permission),
        };
        fields.require(
            may_give,
            &format!("/permissions/{index}"),
            "is not yours to give",
        );
    }
    fields.require(body.expires_at > now, "/expires_at", "must lie ahead");
    fields.require(
        body.expires_at <= now + MAX_LIFETIME,
        "/expires_at",
        "must be at most 366 days from now",
    );
    fields.finish()
}

/// Show an own API token
#[utoipa::path(
    tag = "sign-in",
    operation_id = "show_api_token",
    params(("id" = Uuid, Path, description = "The token")),
    responses((status = 200, description = "The token, without its secret", body = TokenView)),
    extensions(("x-permission" = json!("signed_in")))
)]
#[get("/api-tokens/{id}")]
async fn show_api_token(
    access: Access<permit::SignedIn>,
    Path(id): Path<TokenId>,
) -> Result<Answer> {
    let token = sqlx::query_as!(
        TokenView,
        r#"
        select id, name as "name: Line80", permissions, expires_at, created_at
        from api_token
        where id = $1 and user_id = $2 and revoked_at is null
        "#,
        *id,
        access.actor().user_id.map(|id| *id),
    )
    .fetch_optional(access.read())
    .await?;
    Ok(Answer::ok(&token.ok_or_else(Error::not_found)?))
}

/// Revoke an own API token
#[utoipa::path(
    tag = "sign-in",
    operation_id = "revoke_api_token",
    params(("id" = Uuid, Path, description = "The token")),
    responses((status = 204, description = "It does not count any more")),
    extensions(("x-permission" = json!("signed_in")))
)]
#[delete("/api-tokens/{id}")]
async fn revoke_api_token(
    access: Access<permit::SignedIn>,
    Path(id): Path<TokenId>,
) -> Result<Answer> {
    let user_id = person_of(access.actor())?;
    access
        .transaction(async |tx| {
            let now = tx.now();
            let revoked = sqlx::query!(
                "update api_token set revoked_at = $3 where id = $1 and user_id = $2 and revoked_at is null",
                *id,
                *user_id,
                now
            )
            .execute(tx.db())
            .await?;
            if revoked.rows_affected() == 0 {
                return Err(Error::not_found());
            }
            tx.record(OFFICE, Event::TokenRevoked { token_id: id });
            Ok(Answer::no_content())
        })
        .await
}

/// Makes a token; the text is its secret.
pub(super) async fn create(tx: &mut Tx, new: &NewToken) -> Result<(TokenView, String)> {
    let now = tx.now();
    // One after the other, so that the count is right.
    users::lock(tx, new.user_id).await?;
    let live = sqlx::query_scalar!(
        r#"select count(*) as "count!" from api_token where user_id = $1 and revoked_at is null and expires_at > $2"#,
        *new.user_id,
        now
    )
    .fetch_one(tx.db())
    .await?;
    if live >= MAX_TOKENS {
        return Err(Error::conflict(format!(
            "There are {MAX_TOKENS} tokens already. Revoke those that nobody needs."
        )));
    }
    let token = format!("{API_TOKEN_PREFIX}{}", random_token());
    let permissions: Vec<String> = new
        .permissions
        .iter()
        .map(|permission| permission.name().to_owned())
        .collect();
    let view = TokenView {
        id: TokenId::new(),
        name: new.name.clone(),
        permissions: permissions.clone(),
        expires_at: new.expires_at,
        created_at: now,
    };
    sqlx::query!(
        r#"
        insert into api_token (id, user_id, name, hash, permissions, expires_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        *view.id,
        *new.user_id,
        new.name.as_str(),
        &hash_token(&token)[..],
        &permissions,
        new.expires_at,
        now,
    )
    .execute(tx.db())
    .await?;
    tx.record(
        OFFICE,
        Event::TokenCreated {
            token_id: view.id,
            user_id: new.user_id,
            permissions,
        },
    );
    Ok((view, token))
}
