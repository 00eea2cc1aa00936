//! Mailboxes: the addresses that enterprises write to (`/mailboxes`).
//!
//! A mailbox belongs to the help center or to a desk, whose cases its mail becomes. One that is not active is no
//! mailbox: what still arrives at its address is the help center's.

use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    desks,
    error::{Error, Fields, OnConstraint, Result},
    http::{Answer, Body, Changes, Items, Json, Path, absent_or_null},
    ids::{DeskId, MailboxId},
    routes::ServiceConfig,
    store::Tx,
    text::{EmailAddress, Name},
};
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use utoipa::ToSchema;

/// Mounts `/mailboxes`.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(list_mailboxes)
        .service(create_mailbox)
        .service(show_mailbox)
        .service(edit_mailbox);
}

/// List mailboxes
///
/// By address, those that are not active included.
#[utoipa::path(
    tag = "mail",
    operation_id = "list_mailboxes",
    responses((status = 200, description = "The mailboxes", body = Items<Mailbox>)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/mailboxes")]
async fn list_mailboxes(access: Access<permit::ReadDirectory>) -> Result<Answer> {
    let items = load(access.read(), None).await?;
    Ok(Answer::ok(&Items { items }))
}

/// Enter a mailbox
///
/// The mail server hands mail for the address, and for the address with `+` and anything behind it, to the intake.
#[utoipa::path(
    tag = "mail",
    operation_id = "create_mailbox",
    request_body = CreateMailboxRequest,
    responses((status = 201, description = "The mailbox", body = Mailbox)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[post("/mailboxes")]
async fn create_mailbox(
    access: Access<permit::ManageOffice>,
    Json(body): Json<CreateMailboxRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let mailbox = create(tx, &body).await?;
            let location = format!("/api/v1/mailboxes/{}", mailbox.id);
            Ok(Answer::created(location, &mailbox).version(mailbox.version))
        })
        .await
}

/// Show a mailbox
#[utoipa::path(
    tag = "mail",
    operation_id = "show_mailbox",
    params(("id" = Uuid, Path, description = "The mailbox")),
    responses((status = 200, description = "The mailbox", body = Mailbox)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/mailboxes/{id}")]
async fn show_mailbox(
    access: Access<permit::ReadDirectory>,
    Path(id): Path<MailboxId>,
) -> Result<Answer> {
    let mailbox = find(access.read(), id).await?;
    Ok(Answer::ok(&mailbox).version(mailbox.version))
}

/// Change a mailbox
///
/// Mail that has arrived stays where it was placed.
#[utoipa::path(
    tag = "mail",
    operation_id = "edit_mailbox",
    params(("id" = Uuid, Path, description = "The mailbox")),
    request_body = EditMailboxRequest,
    responses((status = 200, description = "The mailbox", body = Mailbox)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[patch("/mailboxes/{id}")]
async fn edit_mailbox(
    access: Access<permit::ManageOffice>,
    Path(id): Path<MailboxId>,
    Json(body): Json<EditMailboxRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            sqlx::query!(
                "select id from mailbox where id = $1 for no key update",
                *id
            )
            .fetch_optional(tx.db())
            .await?;
            let mailbox = find(tx.db(), id).await?;
            precondition.require(mailbox.version)?;
            let mailbox = edit(tx, mailbox, &body).await?;
            Ok(Answer::ok(&mailbox).version(mailbox.version))
        })
        .await
}

/// An address that enterprises write to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mailbox {
    /// The mailbox.
    pub id: MailboxId,
    /// The address; answers to a case come back to it with `+` and a signed token before the @.
    pub address: EmailAddress,
    /// What stands beside the address in a mail program.
    pub name: Option<Name>,
    /// The desk whose cases its mail becomes; the help center's where null.
    pub desk_id: Option<DeskId>,
    /// Whether mail is taken for it; else the address counts as unknown, which is the help center's.
    pub active: bool,
    /// The version behind the ETag.
    pub version: i64,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A new mailbox.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as in Mailbox")]
pub struct CreateMailboxRequest {
    pub address: EmailAddress,
    pub name: Option<Name>,
    pub desk_id: Option<DeskId>,
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub active: bool,
}

fn yes() -> bool {
    true
}

impl Body for CreateMailboxRequest {
    fn check(&self, fields: &mut Fields) {
        check_address(&self.address, fields);
    }
}

/// A change of a mailbox; absent fields stay, null clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as in Mailbox")]
pub struct EditMailboxRequest {
    pub address: Option<EmailAddress>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub name: Option<Option<Name>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub desk_id: Option<Option<DeskId>>,
    pub active: Option<bool>,
}

impl Body for EditMailboxRequest {
    fn check(&self, fields: &mut Fields) {
        if let Some(address) = &self.address {
            check_address(address, fields);
        }
    }
}

fn check_address(address: &EmailAddress, fields: &mut Fields) {
    fields.require(
        !address.local().contains('+'),
        "/address",
        "must not contain a +: what stands behind it says to which case an answer belongs",
    );
}

/// The mailbox.
///
/// # Errors
/// 404 when there is none.
pub async fn find(db: impl PgExecutor<'_>, id: MailboxId) -> Result<Mailbox> {
    load(db, Some(id)).await?.pop().ok_or_else(Error::not_found)
}

/// The one read query of mailboxes.
async fn load(db: impl PgExecutor<'_>, id: Option<MailboxId>) -> Result<Vec<Mailbox>> {
    Ok(sqlx::query_as!(
        Mailbox,
        r#"
        select id, address as "address: _", name as "name: _", desk_id as "desk_id: _", active, version,
            created_at, updated_at
        from mailbox
        where ($1::uuid is null or id = $1)
        order by address_key
        "#,
        id.map(|id| *id),
    )
    .fetch_all(db)
    .await?)
}

async fn create(tx: &mut Tx, body: &CreateMailboxRequest) -> Result<Mailbox> {
    if let Some(desk_id) = body.desk_id {
        desks::find_for_routing(tx.db(), desk_id).await?;
    }
    let id = MailboxId::new();
    let now = tx.now();
    sqlx::query!(
        r#"
        insert into mailbox (id, address, address_key, name, desk_id, active, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $7)
        "#,
        *id,
        body.address.as_str(),
        body.address.key(),
        body.name.as_ref().map(Name::as_str),
        body.desk_id.map(|id| *id),
        body.active,
        now,
    )
    .execute(tx.db())
    .await
    .on_constraint("mailbox_address_key", address_taken)?;
    tx.record(OFFICE, Event::MailboxCreated { mailbox_id: id });
    find(tx.db(), id).await
}

async fn edit(tx: &mut Tx, mut mailbox: Mailbox, body: &EditMailboxRequest) -> Result<Mailbox> {
    if let Some(Some(desk_id)) = body.desk_id {
        desks::find_for_routing(tx.db(), desk_id).await?;
    }
    let mut changes = Changes::default();
    changes.set("address", &mut mailbox.address, body.address.clone());
    changes.set("name", &mut mailbox.name, body.name.clone());
    changes.set("desk_id", &mut mailbox.desk_id, body.desk_id);
    changes.set("active", &mut mailbox.active, body.active);
    let fields = changes.into_names();
    if fields.is_empty() {
        tx.unchanged();
        return Ok(mailbox);
    }
    let now = tx.now();
    sqlx::query!(
        r#"
        update mailbox
        set address = $2, address_key = $3, name = $4, desk_id = $5, active = $6, updated_at = $7
        where id = $1
        "#,
        *mailbox.id,
        mailbox.address.as_str(),
        mailbox.address.key(),
        mailbox.name.as_ref().map(Name::as_str),
        mailbox.desk_id.map(|id| *id),
        mailbox.active,
        now,
    )
    .execute(tx.db())
    .await
    .on_constraint("mailbox_address_key", address_taken)?;
    let mailbox_id = mailbox.id;
    tx.record(OFFICE, Event::MailboxEdited { mailbox_id, fields });
    find(tx.db(), mailbox_id).await
}

fn address_taken() -> Error {
    Error::conflict("Another mailbox has this address.")
}
