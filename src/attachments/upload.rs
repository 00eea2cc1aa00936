//! Adding files to a case: `multipart/form-data`, every part a file.
//!
//! A file is read whole, put into the storage and forgotten before the next one is read, so that a request holds one
//! file in memory whatever it brings. The rows come last, in one transaction; where that fails, the bytes stay behind
//! and nothing names them.

use super::{Digest, NewFile, disposal, know_blobs, names, view};
use crate::{
    access::{Access, permit},
    audit::Event,
    cases::{self, Case},
    error::{Error, ProblemType, Result},
    http::{Answer, Items, Path, bind_body},
    ids::*,
    mail::parse::is_encrypted,
    routes::ServiceConfig,
    store::{Store, Tx},
};
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{
    post,
    web::{Bytes, Payload},
};
use futures_util::StreamExt;
use utoipa::ToSchema;

/// Largest file that is added to a case, in bytes.
pub const MAX_FILE: usize = 25 * 1024 * 1024;

/// Most files that are added to one case; what comes by mail is not counted.
pub const MAX_FILES: usize = 50;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(add_attachments);
}

/// Files to add.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only the document reads it")]
struct UploadForm {
    /// One or more files of at most 25 MiB each; the names of the parts do not matter, those of the files are kept.
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1)]
    files: Vec<Vec<u8>>,
}

/// A file that is in the storage already.
struct Upload {
    sha256: Digest,
    size: u64,
    filename: String,
    content_type: String,
    is_encrypted: bool,
}

impl Upload {
    fn file(&self) -> NewFile<'_> {
        NewFile {
            sha256: self.sha256,
            size: self.size,
            filename: &self.filename,
            content_type: &self.content_type,
            is_encrypted: self.is_encrypted,
            is_inline: false,
        }
    }
}

/// Add files to a case
///
/// Also to a closed one. The same bytes under the same name are one file, however often they are sent: then the answer is
/// 200 and names the file that is there. At most 25 MiB a file and 50 files a case.
#[utoipa::path(
    tag = "conversation",
    operation_id = "add_attachments",
    params(("id" = Uuid, Path, description = "The case")),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "The files, in the order in which they were sent", body = Items<view::AttachmentView>),
        (status = 200, description = "The files, all of which were there", body = Items<view::AttachmentView>),
    ),
    extensions(("x-permission" = json!("add_attachments")))
)]
#[post("/cases/{id}/attachments")]
async fn add_attachments(
    access: Access<permit::AddAttachments>,
    Path(id): Path<CaseId>,
    payload: Payload,
) -> Result<Answer> {
    // Judged before anything is read; and once more under the lock.
    let mut db = access.read().acquire().await?;
    cases::find(&mut db, access.actor(), id).await?;
    drop(db);
    let form = Multipart::new(access.request().headers(), payload);
    let uploads = receive(form, access.store()).await?;
    bind_body(access.request(), &fingerprint(&uploads));
    access
        .transaction(async |tx| {
            let case = cases::lock(tx, id).await?;
            let (ids, is_new) = keep(tx, &case, &uploads).await?;
            let actor = tx.actor().clone();
            let items = view::load(tx.db(), &actor, &ids).await?;
            let items = Items { items };
            Ok(match is_new {
                true => Answer::created(format!("/api/v1/cases/{id}/attachments"), &items),
                false => Answer::ok(&items),
            })
        })
        .await
}

/// Reads the parts one after the other into the storage.
async fn receive(mut form: Multipart, store: &Store) -> Result<Vec<Upload>> {
    let mut uploads: Vec<Upload> = Vec::new();
    while let Some(part) = form.next().await {
        let mut part = part.map_err(unreadable)?;
        if uploads.len() == MAX_FILES {
            return Err(Error::invalid(
                "/files",
                format!("a case takes at most {MAX_FILES} files"),
            ));
        }
        let filename = filename_of(&part).ok_or_else(|| {
            Error::invalid(
                format!("/files/{}", uploads.len()),
                "must be a file with a name",
            )
        })?;
        let content_type = part
            .content_type()
            .map_or(names::BYTES, |mime| mime.essence_str())
            .to_owned();
        let bytes = read(&mut part).await?;
        disposal::announce(store, &[(Digest::of(&bytes), bytes.len() as u64)]).await?;
        uploads.push(Upload {
            sha256: store.blobs().put(&bytes).await?,
            size: bytes.len() as u64,
            filename: names::filename(&filename),
            content_type: names::content_type(&content_type),
            is_encrypted: is_encrypted(&bytes),
        });
    }
    match uploads.is_empty() {
        true => Err(Error::invalid("/files", "send at least one file")),
        false => Ok(uploads),
    }
}

async fn read(part: &mut Field) -> Result<Bytes> {
    match part.bytes(MAX_FILE).await {
        Ok(bytes) => bytes.map_err(unreadable),
        Err(_) => Err(Error::problem(
            ProblemType::TooLarge,
            format!("A file may have {} MiB.", MAX_FILE / 1024 / 1024),
        )),
    }
}

/// The name that the sender gave, in either form. Browsers write a quotation mark as `%22` (WHATWG, HTML, 4.10.21.8).
fn filename_of(part: &Field) -> Option<String> {
    let disposition = part.content_disposition()?;
    let extended = disposition
        .get_filename_ext()
        .map(|name| String::from_utf8_lossy(&name.value).into_owned());
    let plain = || Some(disposition.get_filename()?.replace("%22", "\""));
    extended.or_else(plain)
}

fn unreadable(error: MultipartError) -> Error {
    match error {
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeParse
        | MultipartError::ContentTypeIncompatible => Error::problem(
            ProblemType::UnsupportedMediaType,
            "Content-Type must be multipart/form-data.",
        ),
        _ => Error::problem(
            ProblemType::Malformed,
            "The files could not be read: this is not multipart/form-data, or it broke off.",
        ),
    }
}

/// What an `Idempotency-Key` is bound to: the files, not the boundary between them.
fn fingerprint(uploads: &[Upload]) -> Vec<u8> {
    let mut text = Vec::new();
    for upload in uploads {
        text.extend_from_slice(&upload.sha256.0);
        text.extend_from_slice(upload.filename.as_bytes());
        text.push(0);
    }
    text
}

/// Keeps the files of a case that the caller has locked; says which they are, and whether one of them is new.
async fn keep(tx: &mut Tx, case: &Case, uploads: &[Upload]) -> Result<(Vec<AttachmentId>, bool)> {
    let files: Vec<_> = uploads.iter().map(Upload::file).collect();
    know_blobs(tx, &files).await?;
    let mut ids = Vec::with_capacity(files.len());
    let mut is_new = false;
    for file in &files {
        let id = match find_same(tx, case, file).await? {
            Some(id) => id,
            None => {
                is_new = true;
                insert(tx, case, file).await?
            }
        };
        ids.push(id);
    }
    if is_new {
        require_room(tx, case).await?;
    } else {
        tx.unchanged();
    }
    Ok((ids, is_new))
}

async fn find_same(tx: &mut Tx, case: &Case, file: &NewFile<'_>) -> Result<Option<AttachmentId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select id
        from attachment
        where case_id = $1 and inbound_mail_id is null and sha256 = $2 and filename = $3
        order by created_at, id
        limit 1
        "#,
        *case.id,
        &file.sha256.0,
        file.filename,
    )
    .fetch_optional(tx.db())
    .await?)
}

async fn insert(tx: &mut Tx, case: &Case, file: &NewFile<'_>) -> Result<AttachmentId> {
    let (id, now) = (AttachmentId::new(), tx.now());
    let created_by = tx.actor().user_id;
    sqlx::query!(
        r#"
        insert into attachment (id, case_id, sha256, size, filename, content_type, is_encrypted, created_at, created_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        "#,
        *id,
        *case.id,
        &file.sha256.0,
        file.size as i64,
        file.filename,
        file.content_type,
        file.is_encrypted,
        now,
        created_by.map(|id| *id),
    )
    .execute(tx.db())
    .await?;
    tx.record(case.id, Event::AttachmentAdded { attachment_id: id });
    Ok(id)
}

async fn require_room(tx: &mut Tx, case: &Case) -> Result<()> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from attachment where case_id = $1 and inbound_mail_id is null"#,
        *case.id
    )
    .fetch_one(tx.db())
    .await?;
    match count > MAX_FILES as i64 {
        true => Err(Error::conflict(format!(
            "A case takes at most {MAX_FILES} files."
        ))),
        false => Ok(()),
    }
}
