//! People who sign in, or whose API tokens work (`/users`): the programme office makes and changes them.
//!
//! Owns `app_user`. Keeps: desk staff have a desk and managers are a manager, nobody else; an address belongs to one
//! person; somebody active always holds the role `admin`; whoever is deactivated, or gets another role or password, is
//! signed out everywhere. Nobody is deleted, because the audit trail names them. Sessions and tokens belong to
//! [`crate::auth`].

use crate::{
    access::{Access, OFFICE, Role, permit},
    audit::Event,
    auth::{AuthConfig, ChosenPassword, EndReason, end_all, password_reset},
    error::{Error, Fields, OnConstraint, Result},
    http::{
        Answer, Body, Cursor, Json, Page, Path, Precondition, Query, absent_or_null, page_size,
    },
    ids::*,
    routes::ServiceConfig,
    store::Tx,
    text::{EmailAddress, Name, Password},
};
use actix_web::{get, patch, post, web::Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Mounts `/users`.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(list_users)
        .service(create_user)
        .service(show_user)
        .service(edit_user);
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct UserFilter {
    /// Only people with this role.
    #[param(inline)]
    role: Option<Role>,
    /// Only staff of this desk.
    #[param(value_type = Option<Uuid>)]
    desk_id: Option<DeskId>,
    /// Only active, or only deactivated people.
    active: Option<bool>,
    /// Part of the name or the address.
    q: Option<String>,
    /// Items per page, 1 to 200; 50 where nothing is said.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// A person who signs in.
#[derive(Clone, Serialize, ToSchema)]
pub struct UserView {
    /// The key.
    pub id: UserId,
    /// The address to sign in with.
    pub email: EmailAddress,
    /// The person's name.
    pub name: Name,
    /// What they may do.
    pub role: Role,
    /// The desk of desk staff.
    pub desk_id: Option<DeskId>,
    /// The telework manager that this person is.
    pub manager_id: Option<ManagerId>,
    /// Whether they may come in at all.
    pub active: bool,
    /// Whether they can sign in with a password.
    pub has_password: bool,
    /// Whether signing in takes a code of a second factor too.
    pub has_second_factor: bool,
    /// Moves with every change.
    pub version: i64,
    /// When they were entered.
    pub created_at: DateTime<Utc>,
    /// When they were changed the last time.
    pub updated_at: DateTime<Utc>,
}

/// A new person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateUserRequest {
    /// The address to sign in with; belongs to nobody else, upper and lower case being the same.
    email: EmailAddress,
    name: Name,
    role: Role,
    /// Without a password the person cannot sign in, but may own API tokens.
    password: Option<Password>,
    /// For role `desk`, and only for it.
    desk_id: Option<DeskId>,
    /// For role `manager`, and only for it; one person per manager.
    manager_id: Option<ManagerId>,
}

impl Body for CreateUserRequest {
    fn check(&self, fields: &mut Fields) {
        check_role(fields, self.role, self.desk_id, self.manager_id);
    }
}

/// A change of a person; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EditUserRequest {
    email: Option<EmailAddress>,
    name: Option<Name>,
    /// Another role signs the person out.
    role: Option<Role>,
    /// Null where the new role has no desk.
    #[serde(default, deserialize_with = "absent_or_null")]
    desk_id: Option<Option<DeskId>>,
    /// Null where the new role is no manager.
    #[serde(default, deserialize_with = "absent_or_null")]
    manager_id: Option<Option<ManagerId>>,
    /// `false` signs the person out and stops their API tokens.
    active: Option<bool>,
    /// Another password signs the person out; null takes it away.
    #[serde(default, deserialize_with = "absent_or_null")]
    password: Option<Option<Password>>,
}

impl Body for EditUserRequest {}

/// A person to be entered.
pub struct NewUser {
    /// The address to sign in with.
    pub email: EmailAddress,
    /// The person's name.
    pub name: Name,
    /// What they may do.
    pub role: Role,
    /// The desk, for role `desk`.
    pub desk_id: Option<DeskId>,
    /// The telework manager, for role `manager`.
    pub manager_id: Option<ManagerId>,
    /// Their password, if any.
    pub password: Option<ChosenPassword>,
}

/// A change of a person; what is none stays.
#[derive(Default)]
pub struct UserChange {
    /// The address to sign in with.
    pub email: Option<EmailAddress>,
    /// The person's name.
    pub name: Option<Name>,
    /// What they may do.
    pub role: Option<Role>,
    /// The desk, for role `desk`.
    pub desk_id: Option<Option<DeskId>>,
    /// The telework manager, for role `manager`.
    pub manager_id: Option<Option<ManagerId>>,
    /// Whether they may come in at all.
    pub active: Option<bool>,
    /// Their password; none inside takes it away.
    pub password: Option<Option<ChosenPassword>>,
}

/// What sign-in compares with.
pub(crate) struct Credentials {
    pub id: UserId,
    pub active: bool,
    /// Argon2id in PHC format.
    pub password_hash: Option<String>,
}

/// List users
///
/// In the order in which they were entered.
#[utoipa::path(
    tag = "people",
    operation_id = "list_users",
    params(UserFilter),
    responses((status = 200, description = "One page of users", body = Page<UserView>)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[get("/users")]
async fn list_users(
    access: Access<permit::ManageOffice>,
    Query(filter): Query<UserFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let after = filter
        .cursor
        .map(|cursor| cursor.keys::<Uuid>())
        .transpose()?;
    let users = sqlx::query_as!(
        UserView,
        r#"
        select
            id, email as "email: EmailAddress", name as "name: Name", role, desk_id, manager_id, active,
            password_hash is not null as "has_password!",
            exists (select from second_factor f where f.user_id = app_user.id and f.confirmed_at is not null) as "has_second_factor!",
            version, created_at, updated_at
        from app_user
        where ($1::text is null or role = $1)
            and ($2::uuid is null or desk_id = $2)
            and ($3::boolean is null or active = $3)
            and ($4::text is null or position(lower($4) in lower(name)) > 0 or position(lower($4) in email_key) > 0)
            and ($5::uuid is null or id > $5)
        order by id
        limit $6
        "#,
        filter.role.map(Role::name),
        filter.desk_id.map(|id| *id),
        filter.active,
        filter.q.as_deref().map(str::trim),
        after,
        limit + 1,
    )
    // Whether there is a password is asked of a column that the reader's role may not read.
    .fetch_all(access.store().writer())
    .await?;
    Ok(Answer::ok(&Page::new(users, limit, |user| user.id)))
}

/// Enter a user
#[utoipa::path(
    tag = "people",
    operation_id = "create_user",
    request_body = CreateUserRequest,
    responses((status = 201, description = "The user", body = UserView)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[post("/users")]
async fn create_user(
    access: Access<permit::ManageOffice>,
    config: Data<AuthConfig>,
    Json(body): Json<CreateUserRequest>,
) -> Result<Answer> {
    let CreateUserRequest {
        email,
        name,
        role,
        password,
        desk_id,
        manager_id,
    } = body;
    let password = match password {
        Some(password) => Some(
            config
                .passwords
                .choose(password, vec![email.to_string(), name.to_string()])
                .await?,
        ),
        None => None,
    };
    let new = NewUser {
        email,
        name,
        role,
        desk_id,
        manager_id,
        password,
    };
    access
        .transaction(async |tx| {
            let user = create(tx, &new).await?;
            Ok(Answer::created(format!("/api/v1/users/{}", user.id), &user).version(user.version))
        })
        .await
}

/// Show a user
#[utoipa::path(
    tag = "people",
    operation_id = "show_user",
    params(("id" = Uuid, Path, description = "The user")),
    responses((status = 200, description = "The user", body = UserView)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[get("/users/{id}")]
async fn show_user(access: Access<permit::ManageOffice>, Path(id): Path<UserId>) -> Result<Answer> {
    let user = show(access.store().writer(), id).await?;
    Ok(Answer::ok(&user).version(user.version))
}

/// Change a user
///
/// Deactivating somebody, or giving them another role or password, ends their sessions. The last active admin stays one.
#[utoipa::path(
    tag = "people",
    operation_id = "edit_user",
    params(("id" = Uuid, Path, description = "The user")),
    request_body = EditUserRequest,
    responses((status = 200, description = "The user after the change", body = UserView)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[patch("/users/{id}")]
async fn edit_user(
    access: Access<permit::ManageOffice>,
    config: Data<AuthConfig>,
    Path(id): Path<UserId>,
    Json(body): Json<EditUserRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    let password = match body.password {
        // Judged and hashed before the transaction, which holds the user.
        Some(Some(password)) => {
            let user = show(access.store().writer(), id).await?;
            let email = body.email.as_ref().unwrap_or(&user.email).to_string();
            let name = body.name.as_ref().unwrap_or(&user.name).to_string();
            Some(Some(
                config.passwords.choose(password, vec![email, name]).await?,
            ))
        }
        Some(None) => Some(None),
        None => None,
    };
    let EditUserRequest {
        email,
        name,
        role,
        desk_id,
        manager_id,
        active,
        ..
    } = body;
    let change = UserChange {
        email,
        name,
        role,
        desk_id,
        manager_id,
        active,
        password,
    };
    access
        .transaction(async |tx| {
            let user = edit(tx, id, Some(precondition), &change).await?;
            Ok(Answer::ok(&user).version(user.version))
        })
        .await
}

/// The user with the id; asked as the program, because the reader's role may not read of passwords.
///
/// # Errors
/// 404 when there is none.
pub(crate) async fn show(db: impl PgExecutor<'_>, id: UserId) -> Result<UserView> {
    sqlx::query_as!(
        UserView,
        r#"
        select
            id, email as "email: EmailAddress", name as "name: Name", role, desk_id, manager_id, active,
            password_hash is not null as "has_password!",
            exists (select from second_factor f where f.user_id = app_user.id and f.confirmed_at is not null) as "has_second_factor!",
            version, created_at, updated_at
        from app_user
        where id = $1
        "#,
        *id
    )
    .fetch_optional(db)
    .await?
    .ok_or_else(Error::not_found)
}

/// The admins who may come in.
pub(crate) async fn admins(db: &mut sqlx::PgConnection) -> Result<Vec<UserView>> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id: UserId" from app_user where role = 'admin' and active order by id"#
    )
    .fetch_all(&mut *db)
    .await?;
    let mut admins = Vec::with_capacity(ids.len());
    for id in ids {
        admins.push(show(&mut *db, id).await?);
    }
    Ok(admins)
}

/// The user with the address, if there is one.
pub(crate) async fn credentials(
    db: impl PgExecutor<'_>,
    email: &EmailAddress,
) -> Result<Option<Credentials>> {
    Ok(sqlx::query_as!(
        Credentials,
        "select id, active, password_hash from app_user where email_key = $1",
        email.key()
    )
    .fetch_optional(db)
    .await?)
}

/// What the user signs in with, as it is stored now.
///
/// # Errors
/// The database; there is such a user.
pub(crate) async fn credentials_of(db: impl PgExecutor<'_>, id: UserId) -> Result<Credentials> {
    Ok(sqlx::query_as!(
        Credentials,
        "select id, active, password_hash from app_user where id = $1",
        *id
    )
    .fetch_one(db)
    .await?)
}

/// Holds the user until the transaction ends.
///
/// # Errors
/// 404 when there is none.
pub(crate) async fn lock(tx: &mut Tx, id: UserId) -> Result<()> {
    sqlx::query!(
        "select id from app_user where id = $1 for no key update",
        *id
    )
    .fetch_optional(tx.db())
    .await?
    .ok_or_else(Error::not_found)?;
    Ok(())
}

/// Sets a password unless another one was set since it was read. Ending sessions is the caller's.
pub(crate) async fn replace_password(
    tx: &mut Tx,
    id: UserId,
    before: Option<&str>,
    hash: &str,
) -> Result<bool> {
    let now = tx.now();
    let replaced = sqlx::query!(
        r#"
        update app_user
        set password_hash = $3, updated_at = $4
        where id = $1 and active and password_hash is not distinct from $2
        "#,
        *id,
        before,
        hash,
        now,
    )
    .execute(tx.db())
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// Enters a person.
///
/// # Errors
/// 422 for a desk or manager that there is not, or that does not go with the role, and for a weak password; 409 when
/// the address or the manager belongs to somebody already.
pub async fn create(tx: &mut Tx, new: &NewUser) -> Result<UserView> {
    let mut fields = Fields::default();
    check_role(&mut fields, new.role, new.desk_id, new.manager_id);
    check_places(tx, &mut fields, new.desk_id, new.manager_id).await?;
    let password_hash = accept(&mut fields, new.password.as_ref());
    fields.finish()?;
    let id = UserId::new();
    let now = tx.now();
    let inserted = sqlx::query!(
        r#"
        insert into app_user (id, email, email_key, name, role, desk_id, manager_id, password_hash, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
        "#,
        *id,
        new.email.as_str(),
        new.email.key(),
        new.name.as_str(),
        new.role.name(),
        new.desk_id.map(|id| *id),
        new.manager_id.map(|id| *id),
        password_hash,
        now,
    )
    .execute(tx.db())
    .await;
    unique(inserted)?;
    tx.record(
        OFFICE,
        Event::UserCreated {
            user_id: id,
            role: new.role.name().to_owned(),
        },
    );
    show(tx.db(), id).await
}

/// Changes a person, and signs them out when they were deactivated or got another role or password. Without a
/// precondition (a subcommand) whatever is stored is changed.
///
/// # Errors
/// 404, 412 or 428 by id and version; 422 and 409 as in [`create`]; 409 for the last active admin.
pub async fn edit(
    tx: &mut Tx,
    id: UserId,
    precondition: Option<Precondition>,
    change: &UserChange,
) -> Result<UserView> {
    hold(tx, id, change).await?;
    let before = show(tx.db(), id).await?;
    if let Some(precondition) = precondition {
        precondition.require(before.version)?;
    }
    let mut after = before.clone();
    let mut edited = apply(change, &mut after);

    let mut fields = Fields::default();
    check_role(&mut fields, after.role, after.desk_id, after.manager_id);
    let new_desk = after.desk_id.filter(|_| after.desk_id != before.desk_id);
    let new_manager = after
        .manager_id
        .filter(|_| after.manager_id != before.manager_id);
    check_places(tx, &mut fields, new_desk, new_manager).await?;
    let password_hash = change
        .password
        .as_ref()
        .map(|password| accept(&mut fields, password.as_ref()));
    fields.finish()?;
    if matches!(password_hash, Some(Some(_)))
        || (matches!(password_hash, Some(None)) && before.has_password)
    {
        edited.push("password".to_owned());
    }
    if edited.is_empty() {
        tx.unchanged();
        return Ok(before);
    }
    let is_admin = |user: &UserView| user.active && user.role == Role::Admin;
    if is_admin(&before) && !is_admin(&after) {
        require_another_admin(tx, id).await?;
    }
    store(tx, &after, password_hash.as_ref()).await?;
    if before.email != after.email {
        // A link to set the password by is on its way to somebody else's mailbox then.
        password_reset::forget(tx, id).await?;
    }
    if let Some(reason) = ends_sessions(&before, &after, password_hash.is_some()) {
        end_all(tx, id, None, reason).await?;
    }
    tx.record(
        OFFICE,
        Event::UserEdited {
            user_id: id,
            fields: edited,
        },
    );
    show(tx.db(), id).await
}

/// Holds the person; and, where somebody could stop being an admin, all admins, so that two admins cannot demote each
/// other at the same moment.
async fn hold(tx: &mut Tx, id: UserId, change: &UserChange) -> Result<()> {
    let with_admins = change.role.is_some() || change.active.is_some();
    sqlx::query!(
        r#"
        select id from app_user
        where id = $1 or ($2 and role = 'admin' and active)
        order by id
        for no key update
        "#,
        *id,
        with_admins
    )
    .fetch_all(tx.db())
    .await?;
    Ok(())
}

/// Applies the change and names the fields that differ afterwards; the password is not among them.
fn apply(change: &UserChange, user: &mut UserView) -> Vec<String> {
    let mut edited = Vec::new();
    macro_rules! apply {
        ($($field:ident),+) => {$(
            if let Some(value) = &change.$field && *value != user.$field {
                user.$field = value.clone();
                edited.push(stringify!($field).to_owned());
            }
        )+};
    }
    apply!(email, name, role, desk_id, manager_id, active);
    edited
}

/// Why the change signs the person out, if it does.
fn ends_sessions(before: &UserView, after: &UserView, password_changed: bool) -> Option<EndReason> {
    if before.active && !after.active {
        Some(EndReason::Deactivated)
    } else if before.role != after.role {
        Some(EndReason::RoleChanged)
    } else {
        password_changed.then_some(EndReason::PasswordChanged)
    }
}

async fn store(tx: &mut Tx, user: &UserView, password_hash: Option<&Option<String>>) -> Result<()> {
    let now = tx.now();
    let updated = sqlx::query!(
        r#"
        update app_user
        set email = $2, email_key = $3, name = $4, role = $5, desk_id = $6, manager_id = $7, active = $8,
            password_hash = case when $9 then $10 else password_hash end,
            updated_at = $11
        where id = $1
        "#,
        *user.id,
        user.email.as_str(),
        user.email.key(),
        user.name.as_str(),
        user.role.name(),
        user.desk_id.map(|id| *id),
        user.manager_id.map(|id| *id),
        user.active,
        password_hash.is_some(),
        password_hash.and_then(|hash| hash.as_deref()),
        now,
    )
    .execute(tx.db())
    .await;
    unique(updated)
}

fn unique<T>(result: Result<T, sqlx::Error>) -> Result<()> {
    result
        .on_constraint("app_user_email_key", || {
            Error::conflict("Another user has this e-mail address.")
        })
        .on_constraint("app_user_manager_key", || {
            Error::conflict("Another user is this manager.")
        })?;
    Ok(())
}

async fn require_another_admin(tx: &mut Tx, id: UserId) -> Result<()> {
    let another = sqlx::query_scalar!(
        r#"select exists (select from app_user where role = 'admin' and active and id <> $1) as "exists!""#,
        *id
    )
    .fetch_one(tx.db())
    .await?;
    if another {
        Ok(())
    } else {
        Err(Error::conflict(
            "This is the last active admin. Make another one first.",
        ))
    }
}

/// Desk staff have a desk, managers are a manager, and nobody else has or is one.
fn check_role(
    fields: &mut Fields,
    role: Role,
    desk_id: Option<DeskId>,
    manager_id: Option<ManagerId>,
) {
    match (role == Role::Desk, desk_id.is_some()) {
        (true, false) => fields.add("/desk_id", "is required for the role desk"),
        (false, true) => fields.add("/desk_id", "must be null unless the role is desk"),
        _ => {}
    }
    match (role == Role::Manager, manager_id.is_some()) {
        (true, false) => fields.add("/manager_id", "is required for the role manager"),
        (false, true) => fields.add("/manager_id", "must be null unless the role is manager"),
        _ => {}
    }
}

/// Desks and managers are never deleted, so what is there stays there.
async fn check_places(
    tx: &mut Tx,
    fields: &mut Fields,
    desk_id: Option<DeskId>,
    manager_id: Option<ManagerId>,
) -> Result<()> {
    if desk_id.is_none() && manager_id.is_none() {
        return Ok(());
    }
    let found = sqlx::query!(
        r#"
        select
            $1::uuid is null or exists (select from desk where id = $1) as "desk!",
            $2::uuid is null or exists (select from manager where id = $2) as "manager!"
        "#,
        desk_id.map(|id| *id),
        manager_id.map(|id| *id),
    )
    .fetch_one(tx.db())
    .await?;
    fields.require(found.desk, "/desk_id", "is not a desk");
    fields.require(found.manager, "/manager_id", "is not a manager");
    Ok(())
}

/// The hash of a password that is good enough.
fn accept(fields: &mut Fields, password: Option<&ChosenPassword>) -> Option<String> {
    match password? {
        ChosenPassword::Hashed(hash) => Some(hash.clone()),
        ChosenPassword::Weak(why) => {
            fields.add("/password", why);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(role: Role) -> UserView {
        UserView {
            id: UserId::new(),
            email: EmailAddress::parse("hanako@example.jp").unwrap(),
            name: Name::parse("高橋花子").unwrap(),
            role,
            desk_id: None,
            manager_id: None,
            active: true,
            has_password: true,
            has_second_factor: false,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn desk_and_manager_go_with_their_roles() {
        for role in Role::ALL {
            for (desk_id, manager_id) in [
                (None, None),
                (Some(DeskId::new()), None),
                (None, Some(ManagerId::new())),
            ] {
                let mut fields = Fields::default();
                check_role(&mut fields, role, desk_id, manager_id);
                let fits = (role == Role::Desk) == desk_id.is_some()
                    && (role == Role::Manager) == manager_id.is_some();
                assert_eq!(
                    fields.finish().is_ok(),
                    fits,
                    "{role:?} {desk_id:?} {manager_id:?}"
                );
            }
        }
    }

    #[test]
    fn only_what_differs_is_named() {
        let before = user(Role::Operator);
        let mut after = before.clone();
        let change = UserChange {
            name: Some(before.name.clone()),
            role: Some(Role::Supervisor),
            ..UserChange::default()
        };
        assert_eq!(apply(&change, &mut after), ["role"]);
        assert_eq!(after.role, Role::Supervisor);
    }

    #[test]
    fn what_signs_out() {
        let before = user(Role::Operator);
        let after = |active, role| UserView {
            active,
            role,
            ..before.clone()
        };
        assert_eq!(
            ends_sessions(&before, &after(true, Role::Operator), false),
            None
        );
        assert_eq!(
            ends_sessions(&before, &after(true, Role::Operator), true),
            Some(EndReason::PasswordChanged)
        );
        assert_eq!(
            ends_sessions(&before, &after(true, Role::Auditor), true),
            Some(EndReason::RoleChanged)
        );
        assert_eq!(
            ends_sessions(&before, &after(false, Role::Operator), false),
            Some(EndReason::Deactivated)
        );
    }
}
