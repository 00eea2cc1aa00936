//! Files as they are listed and downloaded.
//!
//! Who sees a case sees its files; those of a mail that belongs to no case are for whoever checks mail. What an unknown
//! sender attached to a case is not for its managers: they read what the desk has looked at.

use super::{Digest, names};
use crate::{
    access::{Access, Actor, Permission, permit},
    cases::{self, View},
    error::{Error, Result},
    http::{Answer, Cursor, FileBytes, Page, Path, Query, page_size},
    ids::*,
    interactions::Author,
    routes::ServiceConfig,
};
use actix_web::{HttpResponse, get, http::header};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(list_attachments).service(show_attachment);
}

/// A file of a case, or of a mail.
#[derive(Debug, Serialize, ToSchema, FromRow)]
pub struct AttachmentView {
    /// Its id.
    pub id: AttachmentId,
    /// The case it belongs to.
    pub case_id: Option<CaseId>,
    /// The mail it came with; null for what staff added.
    pub mail_id: Option<MailId>,
    /// As it is offered for saving.
    #[schema(example = "在宅勤務規程.docx")]
    pub filename: String,
    /// What its sender said it is.
    #[schema(example = "application/pdf")]
    pub content_type: String,
    /// In bytes.
    pub size: i64,
    /// SHA-256 of the bytes, in hex.
    pub sha256: String,
    /// Locked with a password (PPAP): nobody can check what is in it.
    pub is_encrypted: bool,
    /// Shown inside the mail's HTML rather than beside it.
    pub is_inline: bool,
    /// When it came.
    pub created_at: DateTime<Utc>,
    /// Who added it; null for what came by mail.
    #[sqlx(json(nullable))]
    pub created_by: Option<Author>,
}

/// The caller adds `where` on `attachment a`, `case_file c` and `inbound_mail i`.
const SELECT: &str = r#"
    select a.id, a.case_id, a.inbound_mail_id as mail_id, a.filename, a.content_type, a.size,
        encode(a.sha256, 'hex') as sha256, a.is_encrypted, a.is_inline, a.created_at,
        case when u.id is not null then json_build_object('id', u.id, 'name', u.name) end as created_by
    from attachment a
    left join case_file c on c.id = a.case_id
    left join inbound_mail i on i.id = a.inbound_mail_id
    left join app_user u on u.id = a.created_by
"#;

/// Adds the condition for what the actor may see.
fn push_view(query: &mut QueryBuilder<Postgres>, actor: &Actor) {
    query.push("((a.case_id is not null and ");
    View::of(actor).push(query);
    if actor.manager().is_some() {
        query.push(" and (i.id is null or i.is_for_managers)");
    }
    query.push(")");
    if actor.may(Permission::CheckMail) {
        query.push(" or a.case_id is null");
    }
    query.push(")");
}

/// These files, in this order, as far as the actor sees them.
pub(super) async fn load(
    db: &mut PgConnection,
    actor: &Actor,
    ids: &[AttachmentId],
) -> Result<Vec<AttachmentView>> {
    let ids: Vec<_> = ids.iter().map(|id| **id).collect();
    let mut query = QueryBuilder::new(SELECT);
    query
        .push("where a.id = any (")
        .push_bind(&ids)
        .push(") and ");
    push_view(&mut query, actor);
    query
        .push(" order by array_position(")
        .push_bind(&ids)
        .push(", a.id)");
    Ok(query.build_query_as().fetch_all(db).await?)
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AttachmentFilter {
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// List the files of a case
///
/// Newest first, with those of its mails.
#[utoipa::path(
    tag = "conversation",
    operation_id = "list_attachments",
    params(("id" = Uuid, Path, description = "The case"), AttachmentFilter),
    responses((status = 200, description = "One page of files", body = Page<AttachmentView>)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases/{id}/attachments")]
async fn list_attachments(
    access: Access<permit::ReadCases>,
    Path(id): Path<CaseId>,
    Query(filter): Query<AttachmentFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let mut db = access.read().acquire().await?;
    let case = cases::find(&mut db, access.actor(), id).await?;
    let mut query = QueryBuilder::new(SELECT);
    query
        .push("where a.case_id = ")
        .push_bind(case.id)
        .push(" and ");
    push_view(&mut query, access.actor());
    if let Some(cursor) = &filter.cursor {
        let (at, id): (DateTime<Utc>, AttachmentId) = cursor.keys()?;
        query
            .push(" and (a.created_at, a.id) < (")
            .push_bind(at)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query
        .push(" order by a.created_at desc, a.id desc limit ")
        .push_bind(limit + 1);
    let items: Vec<AttachmentView> = query.build_query_as().fetch_all(&mut *db).await?;
    Ok(Answer::ok(&Page::new(items, limit, |item| {
        (item.created_at, item.id)
    })))
}

/// What a download needs.
#[derive(FromRow)]
struct Download {
    sha256: Vec<u8>,
    filename: String,
    content_type: String,
    is_encrypted: bool,
}

/// Download a file
///
/// Always for saving, never shown inside a page: `Content-Disposition: attachment`, a type only where it is harmless,
/// and a policy under which nothing in it runs. `X-Attachment-Encrypted: true` where it is locked with a password and
/// nobody can check it.
#[utoipa::path(
    tag = "conversation",
    operation_id = "show_attachment",
    params(("id" = Uuid, Path, description = "The file")),
    responses((
        status = 200,
        description = "The bytes, as the type that the file has where it is one of the harmless ones",
        body = FileBytes,
        content_type = "*/*",
        headers(
            ("Content-Disposition" = String, description = "`attachment`, with the name in both forms"),
            ("X-Attachment-Encrypted" = bool, description = "Only where it is locked with a password"),
        )
    )),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/attachments/{id}")]
async fn show_attachment(
    access: Access<permit::ReadCases>,
    Path(id): Path<AttachmentId>,
) -> Result<HttpResponse, Error> {
    let mut query = QueryBuilder::new(
        r#"
        select a.sha256, a.filename, a.content_type, a.is_encrypted
        from attachment a
        left join case_file c on c.id = a.case_id
        left join inbound_mail i on i.id = a.inbound_mail_id
        where a.id = "#,
    );
    query.push_bind(id).push(" and ");
    push_view(&mut query, access.actor());
    let file: Option<Download> = query.build_query_as().fetch_optional(access.read()).await?;
    let file = file.ok_or_else(Error::not_found)?;
    let digest = Digest::from_slice(&file.sha256).expect("the column takes 32 bytes");
    let bytes = access.store().blobs().get(&digest).await?;
    let bytes = bytes.ok_or_else(|| {
        Error::Internal(format!("the file {digest} is not in the storage").into())
    })?;
    let mut response = HttpResponse::Ok();
    response
        .content_type(names::served_type(&file.content_type))
        .insert_header((
            header::CONTENT_DISPOSITION,
            names::disposition(&file.filename),
        ))
        .insert_header((header::CONTENT_SECURITY_POLICY, names::SANDBOX))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    if file.is_encrypted {
        response.insert_header(("X-Attachment-Encrypted", "true"));
    }
    Ok(response.body(bytes))
}
