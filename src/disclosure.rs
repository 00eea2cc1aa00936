//! Disclosure (開示): everything about one person or enterprise as a package, others masked.
//!
//! Owns `disclosure`. A job makes the package ([`build`]); it can be downloaded for [`DAYS`] days, each download is
//! recorded, and then its bytes go. By what somebody was looked for is not kept, only whom it led to.

pub mod build;
mod mask;

use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    blobs::Digest,
    erasure::wipe::Counts,
    error::{Error, Fields, Result},
    http::{Answer, Body, Cursor, Json, Page, Path, Query, page_size},
    ids::*,
    interactions::Author,
    jobs::{Job, Work},
    routes::ServiceConfig,
    store::Tx,
    text::{EmailAddress, Line80, Phone, Reason},
};
use actix_web::{HttpResponse, get, http::header, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, PgPool, QueryBuilder};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Days in which a package can be downloaded.
pub const DAYS: i64 = 7;

/// Mounts `/disclosures`.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(request_disclosure)
        .service(list_disclosures)
        .service(show_disclosure)
        .service(download_disclosure);
}

/// Whose data: exactly one of the four.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisclosureRequest {
    /// A person, by one of the contacts that they are.
    pub contact_id: Option<ContactId>,
    /// An enterprise with all its cases.
    pub enterprise_id: Option<EnterpriseId>,
    /// A person, by their address.
    pub email: Option<EmailAddress>,
    /// A person, by their number; where several people have it, choose one by `contact_id`.
    pub phone: Option<Phone>,
    /// Whether names of staff and telework managers are shown; they are masked where absent.
    #[serde(default)]
    pub with_staff_names: bool,
    /// Why, without a name.
    pub reason: Reason,
    /// Under which the request is filed.
    pub request_reference: Line80,
}

impl Body for DisclosureRequest {
    fn check(&self, fields: &mut Fields) {
        let given = [
            self.contact_id.is_some(),
            self.enterprise_id.is_some(),
            self.email.is_some(),
            self.phone.is_some(),
        ];
        fields.require(
            given.into_iter().filter(|given| *given).count() == 1,
            "/contact_id",
            "exactly one of contact_id, enterprise_id, email and phone is required",
        );
    }
}

/// How far a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DisclosureState {
    /// A job is making it.
    Pending,
    /// It can be downloaded.
    Ready,
    /// Its bytes are gone.
    Expired,
}

/// A disclosure.
#[derive(Debug, Serialize, ToSchema, FromRow)]
pub struct DisclosureView {
    /// Its id.
    pub id: DisclosureId,
    /// How far it is.
    pub state: DisclosureState,
    /// The contacts that the person is; none for an enterprise.
    pub contact_ids: Vec<ContactId>,
    /// The enterprise; null for a person.
    pub enterprise_id: Option<EnterpriseId>,
    /// Whether names of staff are shown.
    pub with_staff_names: bool,
    /// Why.
    pub reason: String,
    /// Under which the request is filed.
    pub request_reference: String,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// By whom.
    #[sqlx(json(nullable))]
    pub requested_by: Option<Author>,
    /// When it was ready.
    pub ready_at: Option<DateTime<Utc>>,
    /// Until when it can be downloaded.
    pub expires_at: Option<DateTime<Utc>>,
    /// In bytes.
    pub size: Option<i64>,
    /// SHA-256 of the bytes, in hex.
    pub sha256: Option<String>,
    /// What is in it, counted: as in an erasure, with `files`.
    #[sqlx(json(nullable))]
    #[schema(value_type = Option<Object>, example = json!({"mails": 12}))]
    pub counts: Option<Counts>,
}

const SELECT: &str = r#"
    select d.id, d.state, d.contact_ids, d.enterprise_id, d.with_staff_names, d.reason, d.request_reference, d.requested_at,
        d.ready_at, d.expires_at, d.size, encode(d.sha256, 'hex') as sha256, d.counts,
        case when u.id is not null then json_build_object('id', u.id, 'name', u.name) end as requested_by
    from disclosure d
    left join app_user u on u.id = d.requested_by
"#;

async fn find(db: &mut PgConnection, id: DisclosureId) -> Result<DisclosureView> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where d.id = ").push_bind(id);
    query
        .build_query_as()
        .fetch_optional(db)
        .await?
        .ok_or_else(Error::not_found)
}

/// Ask for a package of everything about somebody
///
/// A job makes it: a ZIP file with `disclosure.json` and the files. Other people in it are masked.
#[utoipa::path(
    tag = "data",
    operation_id = "request_disclosure",
    request_body = DisclosureRequest,
    responses((status = 201, description = "The disclosure, pending", body = DisclosureView)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[post("/disclosures")]
async fn request_disclosure(
    access: Access<permit::ManageRetention>,
    Json(body): Json<DisclosureRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let contact_ids = contacts(tx, &body).await?;
            let (id, now, actor) = (DisclosureId::new(), tx.now(), tx.actor().user_id);
            sqlx::query!(
                r#"
                insert into disclosure (id, state, contact_ids, enterprise_id, with_staff_names, reason, request_reference,
                    requested_at, requested_by)
                values ($1, 'pending', $2, $3, $4, $5, $6, $7, $8)
                "#,
                *id,
                &contact_ids,
                body.enterprise_id.map(|id| *id),
                body.with_staff_names,
                body.reason.as_str(),
                body.request_reference.as_str(),
                now,
                actor.map(|id| *id),
            )
            .execute(tx.db())
            .await?;
            tx.record(OFFICE, Event::DisclosureRequested { disclosure_id: id });
            tx.enqueue(Job::now(Work::BuildDisclosure { disclosure_id: id }));
            let view = find(tx.db(), id).await?;
            Ok(Answer::created(format!("/api/v1/disclosures/{id}"), &view))
        })
        .await
}

/// The contacts that a request leads to, which are one person; none for an enterprise.
async fn contacts(tx: &mut Tx, body: &DisclosureRequest) -> Result<Vec<Uuid>> {
    if let Some(id) = body.enterprise_id {
        crate::enterprises::require(tx.db(), id, "/enterprise_id").await?;
        return Ok(Vec::new());
    }
    let found = sqlx::query!(
        r#"
        select id as "id: Uuid", translate(coalesce(name, ''), ' 　', '') as "name!"
        from contact
        where id = $1 or email_key = $2 or phone = $3
        order by id
        "#,
        body.contact_id.map(|id| *id),
        body.email.as_ref().map(EmailAddress::key),
        body.phone.as_ref().map(Phone::as_str),
    )
    .fetch_all(tx.db())
    .await?;
    let pointer = match (&body.contact_id, &body.email) {
        (Some(_), _) => "/contact_id",
        (_, Some(_)) => "/email",
        _ => "/phone",
    };
    if found.is_empty() {
        return Err(Error::invalid(pointer, "leads to nobody"));
    }
    let names: BTreeSet<_> = found.iter().map(|contact| &contact.name).collect();
    if body.phone.is_some() && names.len() > 1 {
        return Err(Error::invalid(
            pointer,
            "leads to several people: choose one by contact_id",
        ));
    }
    Ok(found.into_iter().map(|contact| contact.id).collect())
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DisclosureFilter {
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// List disclosures
///
/// The newest first.
#[utoipa::path(
    tag = "data",
    operation_id = "list_disclosures",
    params(DisclosureFilter),
    responses((status = 200, description = "One page of disclosures", body = Page<DisclosureView>)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[get("/disclosures")]
async fn list_disclosures(
    access: Access<permit::ManageRetention>,
    Query(filter): Query<DisclosureFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let mut query = QueryBuilder::new(SELECT);
    if let Some(cursor) = &filter.cursor {
        let (at, id): (DateTime<Utc>, DisclosureId) = cursor.keys()?;
        query
            .push("where (d.requested_at, d.id) < (")
            .push_bind(at)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query
        .push(" order by d.requested_at desc, d.id desc limit ")
        .push_bind(limit + 1);
    let items: Vec<DisclosureView> = query.build_query_as().fetch_all(access.read()).await?;
    Ok(Answer::ok(&Page::new(items, limit, |item| {
        (item.requested_at, item.id)
    })))
}

/// Show a disclosure
///
/// `ready` once it can be downloaded.
#[utoipa::path(
    tag = "data",
    operation_id = "show_disclosure",
    params(("id" = Uuid, Path, description = "The disclosure")),
    responses((status = 200, description = "The disclosure", body = DisclosureView)),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[get("/disclosures/{id}")]
async fn show_disclosure(
    access: Access<permit::ManageRetention>,
    Path(id): Path<DisclosureId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    Ok(Answer::ok(&find(&mut db, id).await?))
}

/// Download the package of a disclosure
///
/// Each download is recorded. 404 before it is ready and after it has expired.
#[utoipa::path(
    tag = "data",
    operation_id = "download_disclosure",
    params(("id" = Uuid, Path, description = "The disclosure")),
    responses((
        status = 200,
        description = "The package",
        body = crate::http::FileBytes,
        content_type = "application/zip",
        headers(("Content-Disposition" = String, description = "`attachment`, with a name")),
    )),
    extensions(("x-permission" = json!("manage_retention")))
)]
#[get("/disclosures/{id}/download")]
async fn download_disclosure(
    access: Access<permit::ManageRetention>,
    Path(id): Path<DisclosureId>,
) -> Result<HttpResponse, Error> {
    let digest = access
        .transaction_of(async |tx| {
            let now = tx.now();
            let digest = sqlx::query_scalar!(
                r#"select sha256 as "sha256!" from disclosure where id = $1 and state = 'ready' and expires_at > $2"#,
                *id,
                now,
            )
            .fetch_optional(tx.db())
            .await?
            .ok_or_else(Error::not_found)?;
            tx.record(OFFICE, Event::DisclosureDownloaded { disclosure_id: id });
            Ok(digest)
        })
        .await?;
    let digest = Digest::from_slice(&digest).expect("the column takes 32 bytes");
    let bytes = access.store().blobs().get(&digest).await?;
    let bytes = bytes.ok_or_else(|| {
        Error::Internal(format!("the package {digest} is not in the storage").into())
    })?;
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"disclosure-{id}.zip\""),
        ))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(bytes))
}

/// Lets go of packages whose time is over; their bytes go with the next look for what nothing names.
///
/// # Errors
/// The database.
pub(crate) async fn expire(db: &PgPool, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        r#"
        with over as (
            select id, sha256 from disclosure where state = 'ready' and expires_at <= $1 for no key update
        ),
        gone as (
            update disclosure set state = 'expired', sha256 = null where id in (select id from over)
        )
        update blob
        set unused_since = $1
        where sha256 in (select sha256 from over)
        and not exists (select from attachment a where a.sha256 = blob.sha256)
        "#,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
