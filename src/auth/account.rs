//! The own account: `/me`.

use super::{
    AuthConfig, ChosenPassword, TypedPassword, address, person_of,
    sessions::{self, EndReason},
    sign_in::account_subject,
    throttle,
};
use crate::{
    access::{Access, OFFICE, Permission, Role, permit},
    audit::Event,
    error::{Error, Fields, ProblemBody, Result},
    http::{Answer, Body, Json},
    ids::*,
    routes::ServiceConfig,
    text::{EmailAddress, Name, Password},
    users::{self, UserView},
};
use actix_web::{get, post, web::Data};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Mounts `/me`.
pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(show_me).service(change_password);
}

/// Who is signed in, and what they may.
#[derive(Serialize, ToSchema)]
struct MeView {
    id: UserId,
    email: EmailAddress,
    name: Name,
    role: Role,
    /// The desk of desk staff.
    desk_id: Option<DeskId>,
    /// The telework manager that this person is.
    manager_id: Option<ManagerId>,
    /// Whether signing in takes a code of a second factor too.
    has_second_factor: bool,
    /// The office demands a second factor of this person, who has none: they may set it up, and nothing else.
    needs_second_factor: bool,
    /// What this person, or this token, may do.
    permissions: Vec<Permission>,
}

/// A new password, proven by the one before it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangePasswordRequest {
    /// The password until now.
    #[schema(value_type = String, format = Password, write_only)]
    current_password: TypedPassword,
    /// The password from now on.
    new_password: Password,
}

impl Body for ChangePasswordRequest {}

/// Show who is signed in
#[utoipa::path(
    tag = "sign-in",
    operation_id = "show_me",
    responses((status = 200, description = "The person behind the token, and what they may", body = MeView)),
    extensions(("x-permission" = json!("signed_in")))
)]
#[get("/me")]
async fn show_me(access: Access<permit::SignedIn>) -> Result<Answer> {
    let actor = access.actor();
    let db = access.store().writer();
    let user = users::show(db, actor.user_id.ok_or_else(Error::not_found)?).await?;
    let permissions = Permission::ALL
        .iter()
        .copied()
        .filter(|permission| *permission != Permission::Anyone && actor.may(*permission))
        .collect();
    let view = MeView {
        id: user.id,
        email: user.email,
        name: user.name,
        role: user.role,
        desk_id: user.desk_id,
        manager_id: user.manager_id,
        has_second_factor: user.has_second_factor,
        needs_second_factor: actor.needs_second_factor(),
        permissions,
    };
    Ok(Answer::ok(&view).version(user.version))
}

/// Change the own password
///
/// All other sessions of the person end. API tokens stay: revoke those that should not. Tries with a wrong current
/// password count like tries to sign in.
#[utoipa::path(
    tag = "sign-in",
    operation_id = "change_password",
    request_body = ChangePasswordRequest,
    responses(
        (status = 204, description = "Changed"),
        (
            status = 429,
            description = "Too many tries; see Retry-After",
            body = ProblemBody,
            content_type = "application/problem+json"
        )
    ),
    extensions(("x-permission" = json!("signed_in")))
)]
#[post("/me/password")]
async fn change_password(
    access: Access<permit::SignedIn>,
    config: Data<AuthConfig>,
    Json(body): Json<ChangePasswordRequest>,
) -> Result<Answer> {
    let user_id = person_of(access.actor())?;
    let person = check_password(&access, &config, user_id, body.current_password).await?;
    let known = vec![person.user.email.to_string(), person.user.name.to_string()];
    let chosen = config.passwords.choose(body.new_password, known).await?;
    let mut fields = Fields::default();
    fields.require(person.is_right, "/current_password", WRONG_PASSWORD);
    let new_hash = match chosen {
        ChosenPassword::Hashed(hash) => hash,
        ChosenPassword::Weak(why) => {
            fields.add("/new_password", why);
            String::new()
        }
    };
    fields.finish()?;
    // No idempotency key: its repetition would be judged by the old password, and fails by the new one.
    access
        .transaction_of(async |tx| {
            users::lock(tx, user_id).await?;
            if !users::replace_password(tx, user_id, person.stored.as_deref(), &new_hash).await? {
                return Err(Error::conflict(
                    "The password was changed elsewhere at this moment.",
                ));
            }
            sessions::end_all(
                tx,
                user_id,
                tx.actor().session_id,
                EndReason::PasswordChanged,
            )
            .await?;
            tx.record(OFFICE, Event::PasswordChanged { user_id });
            Ok(Answer::no_content())
        })
        .await
}

const WRONG_PASSWORD: &str = "is not the password";

/// Somebody who is signed in and typed their password again.
pub(super) struct Retyped {
    /// Who it is.
    pub user: UserView,
    /// The hash that it was compared with.
    pub stored: Option<String>,
    /// Whether it is the password.
    pub is_right: bool,
}

impl Retyped {
    /// 422 naming `/current_password` where it is not the password.
    pub fn require_right(&self) -> Result<()> {
        match self.is_right {
            true => Ok(()),
            false => Err(Error::invalid("/current_password", WRONG_PASSWORD)),
        }
    }
}

/// Compares a password that somebody who is signed in typed again. Tries count like tries to sign in: a stolen access token
/// does not guess it.
pub(super) async fn check_password(
    access: &Access<permit::SignedIn>,
    config: &AuthConfig,
    user_id: UserId,
    typed: TypedPassword,
) -> Result<Retyped> {
    let db = access.store().writer();
    let user = users::show(db, user_id).await?;
    let (account, address) = (
        account_subject(&user.email),
        address::subject(address::client_address(
            access.request(),
            &config.trusted_proxies,
        )),
    );
    throttle::count(db, &address, throttle::ADDRESS_TRIES, access.now()).await?;
    throttle::count(db, &account, throttle::ACCOUNT_TRIES, access.now()).await?;
    let stored = users::credentials(db, &user.email)
        .await?
        .and_then(|credentials| credentials.password_hash);
    let is_right = config.passwords.matches(typed.0, stored.clone()).await?;
    if is_right {
        throttle::forget(db, &account).await?;
        throttle::give_back(db, &address).await?;
    }
    Ok(Retyped {
        user,
        stored,
        is_right,
    })
}
