//! Regional desks (地域窓口) and the areas they cover.
//!
//! Owns `desk` and `desk_coverage`. A desk covers prefectures or municipalities from a date to a date; one desk never
//! covers the same area twice on a day (`desk_coverage_once`), several desks may cover the same area. Whoever covers a designated
//! city covers its wards. Routing asks [`covering`] for proposals; the route itself is the cases' matter.

mod coverage;
mod proposals;

use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    error::{Error, OnConstraint, Result},
    http::{Answer, Body, Changes, Items, Json, Path, Query, absent_or_null},
    ids::*,
    programme::Topic,
    routes::ServiceConfig,
    store::Tx,
    text::{Code, EmailAddress, Name, Phone},
};
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};
pub use coverage::{AddCoverageRequest, Coverage, EditCoverageRequest};
pub use proposals::{DeskProposal, covering};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use utoipa::{IntoParams, ToSchema};

/// Mounts `/desks`.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(list_desks)
        .service(create_desk)
        .service(show_desk)
        .service(edit_desk)
        .configure(coverage::mount);
}

/// List desks
///
/// In the order of their codes.
#[utoipa::path(
    tag = "people",
    operation_id = "list_desks",
    params(DeskFilter),
    responses((status = 200, description = "The desks", body = Items<Desk>)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/desks")]
async fn list_desks(
    access: Access<permit::ReadDirectory>,
    Query(filter): Query<DeskFilter>,
) -> Result<Answer> {
    Ok(Answer::ok(&Items {
        items: load(access.read(), None, filter.active).await?,
    }))
}

/// Create a desk
#[utoipa::path(
    tag = "people",
    operation_id = "create_desk",
    request_body = CreateDeskRequest,
    responses((status = 201, description = "The new desk", body = Desk)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[post("/desks")]
async fn create_desk(
    access: Access<permit::ManageOffice>,
    Json(body): Json<CreateDeskRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let desk = create(tx, &body).await?;
            Ok(Answer::created(format!("/api/v1/desks/{}", desk.id), &desk).version(desk.version))
        })
        .await
}

/// Show a desk
#[utoipa::path(
    tag = "people",
    operation_id = "show_desk",
    params(("id" = Uuid, Path, description = "The desk")),
    responses((status = 200, description = "The desk", body = Desk)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/desks/{id}")]
async fn show_desk(
    access: Access<permit::ReadDirectory>,
    Path(id): Path<DeskId>,
) -> Result<Answer> {
    let desk = find(access.read(), id).await?;
    Ok(Answer::ok(&desk).version(desk.version))
}

/// Change a desk
///
/// An inactive desk is routed nothing new; what it has stays with it until it is routed elsewhere.
#[utoipa::path(
    tag = "people",
    operation_id = "edit_desk",
    params(("id" = Uuid, Path, description = "The desk")),
    request_body = EditDeskRequest,
    responses((status = 200, description = "The desk", body = Desk)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[patch("/desks/{id}")]
async fn edit_desk(
    access: Access<permit::ManageOffice>,
    Path(id): Path<DeskId>,
    Json(body): Json<EditDeskRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            sqlx::query!("select id from desk where id = $1 for no key update", *id)
                .fetch_optional(tx.db())
                .await?;
            let desk = find(tx.db(), id).await?;
            precondition.require(desk.version)?;
            let desk = edit(tx, desk, &body).await?;
            Ok(Answer::ok(&desk).version(desk.version))
        })
        .await
}

/// A regional desk.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Desk {
    /// The desk.
    pub id: DeskId,
    /// Short and stable: names it on the command line and in exports.
    pub code: Code,
    /// As enterprises know it.
    pub name: Name,
    /// Where enterprises ring.
    pub phone: Option<Phone>,
    /// Where enterprises write.
    pub email: Option<EmailAddress>,
    /// Its specialities (得意分野): of desks that cover a place alike, those that have a case's topics come first.
    pub topics: Vec<Topic>,
    /// Whether cases are routed to it.
    pub active: bool,
    /// The version behind the ETag.
    pub version: i64,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Which desks are listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeskFilter {
    /// Only active or only inactive ones; all where absent.
    active: Option<bool>,
}

/// A new desk.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as in Desk")]
pub struct CreateDeskRequest {
    pub code: Code,
    pub name: Name,
    pub phone: Option<Phone>,
    pub email: Option<EmailAddress>,
    #[serde(default)]
    pub topics: Vec<Topic>,
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub active: bool,
}

fn yes() -> bool {
    true
}

impl Body for CreateDeskRequest {}

/// A change of a desk; absent fields stay, null clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as in Desk")]
pub struct EditDeskRequest {
    pub code: Option<Code>,
    pub name: Option<Name>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub phone: Option<Option<Phone>>,
    #[serde(default, deserialize_with = "absent_or_null")]
    pub email: Option<Option<EmailAddress>>,
    /// Replaces all of them.
    pub topics: Option<Vec<Topic>>,
    pub active: Option<bool>,
}

impl Body for EditDeskRequest {}

/// The desk.
///
/// # Errors
/// 404 when there is none.
pub async fn find(db: impl PgExecutor<'_>, id: DeskId) -> Result<Desk> {
    load(db, Some(id), None)
        .await?
        .pop()
        .ok_or_else(Error::not_found)
}

/// The desk that a case is to be routed to.
///
/// # Errors
/// 422 at `/desk_id` when there is none or it is inactive.
pub async fn find_for_routing(db: impl PgExecutor<'_>, id: DeskId) -> Result<Desk> {
    match load(db, Some(id), None).await?.pop() {
        Some(desk) if desk.active => Ok(desk),
        Some(_) => Err(Error::invalid(
            "/desk_id",
            "is a desk that is no longer active",
        )),
        None => Err(Error::invalid("/desk_id", "is no desk")),
    }
}

/// The one read query of desks.
async fn load(
    db: impl PgExecutor<'_>,
    id: Option<DeskId>,
    active: Option<bool>,
) -> Result<Vec<Desk>> {
    Ok(sqlx::query_as!(
        Desk,
        r#"
        select id, code as "code: _", name as "name: _", phone as "phone: _", email as "email: _",
            topics as "topics: _", active, version, created_at, updated_at
        from desk
        where ($1::uuid is null or id = $1)
        and ($2::boolean is null or active = $2)
        order by code
        "#,
        id.map(|id| *id),
        active,
    )
    .fetch_all(db)
    .await?)
}

async fn create(tx: &mut Tx, body: &CreateDeskRequest) -> Result<Desk> {
    let id = DeskId::new();
    let now = tx.now();
    sqlx::query!(
        r#"
        insert into desk (id, code, name, phone, email, topics, active, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
        "#,
        *id,
        body.code.as_str(),
        body.name.as_str(),
        body.phone.as_ref().map(Phone::as_str),
        body.email.as_ref().map(EmailAddress::as_str),
        as_set(&body.topics) as _,
        body.active,
        now,
    )
    .execute(tx.db())
    .await
    .on_constraint("desk_code_key", code_taken)?;
    tx.record(OFFICE, Event::DeskCreated { desk_id: id });
    find(tx.db(), id).await
}

async fn edit(tx: &mut Tx, mut desk: Desk, body: &EditDeskRequest) -> Result<Desk> {
    let mut changes = Changes::default();
    changes.set("code", &mut desk.code, body.code.clone());
    changes.set("name", &mut desk.name, body.name.clone());
    changes.set("phone", &mut desk.phone, body.phone.clone());
    changes.set("email", &mut desk.email, body.email.clone());
    changes.set(
        "topics",
        &mut desk.topics,
        body.topics.as_deref().map(as_set),
    );
    changes.set("active", &mut desk.active, body.active);
    let fields = changes.into_names();
    if fields.is_empty() {
        tx.unchanged();
        return Ok(desk);
    }
    let now = tx.now();
    sqlx::query!(
        r#"
        update desk
        set code = $2, name = $3, phone = $4, email = $5, topics = $6, active = $7, updated_at = $8
        where id = $1
        "#,
        *desk.id,
        desk.code.as_str(),
        desk.name.as_str(),
        desk.phone.as_ref().map(Phone::as_str),
        desk.email.as_ref().map(EmailAddress::as_str),
        &desk.topics as _,
        desk.active,
        now,
    )
    .execute(tx.db())
    .await
    .on_constraint("desk_code_key", code_taken)?;
    tx.record(
        OFFICE,
        Event::DeskEdited {
            desk_id: desk.id,
            fields,
        },
    );
    find(tx.db(), desk.id).await
}

/// Each once, in one order, so that equal sets are stored equally.
fn as_set(topics: &[Topic]) -> Vec<Topic> {
    let mut topics = topics.to_vec();
    topics.sort();
    topics.dedup();
    topics
}

fn code_taken() -> Error {
    Error::conflict("Another desk has this code.")
}
