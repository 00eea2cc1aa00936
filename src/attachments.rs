//! Files of cases and of mails.
//!
//! Owns `attachment` and `blob`. The bytes are in [`crate::blobs`], put there before the transaction that names them.

pub(crate) mod disposal;
mod names;
pub(crate) use names::{SANDBOX, disposition};
mod upload;
mod view;

use crate::{blobs::Digest, error::Result, ids::*, routes::ServiceConfig, store::Tx};
pub use upload::{MAX_FILE, MAX_FILES};
pub use view::AttachmentView;

/// Mounts the slice.
pub fn mount(config: &mut ServiceConfig) {
    config.configure(upload::mount).configure(view::mount);
}

/// A file whose bytes are kept already ([`crate::blobs::Blobs::put`]).
pub struct NewFile<'a> {
    /// Of its bytes.
    pub sha256: Digest,
    /// In bytes.
    pub size: u64,
    /// As it is shown.
    pub filename: &'a str,
    /// `type/subtype`.
    pub content_type: &'a str,
    /// Locked with a password (PPAP).
    pub is_encrypted: bool,
    /// Shown inside the mail's HTML.
    pub is_inline: bool,
}

/// Keeps the files of a mail; the second run for the same mail replaces those of the first, each place keeping its id.
///
/// Records nothing of its own: what the caller records about the mail speaks for its files too.
///
/// # Errors
/// The database.
pub async fn keep_of_mail(
    tx: &mut Tx,
    mail_id: MailId,
    case_id: Option<CaseId>,
    files: &[NewFile<'_>],
) -> Result<Vec<AttachmentId>> {
    forget_of_mail(tx, mail_id, files.len()).await?;
    know_blobs(tx, files).await?;
    let mut ids = Vec::with_capacity(files.len());
    let now = tx.now();
    for (position, file) in (0..).zip(files) {
        let id = sqlx::query_scalar!(
            r#"
            insert into attachment (id, case_id, inbound_mail_id, position, sha256, size, filename, content_type,
                is_encrypted, is_inline, created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            on conflict on constraint attachment_place do update
            set case_id = excluded.case_id, sha256 = excluded.sha256, size = excluded.size, filename = excluded.filename,
                content_type = excluded.content_type, is_encrypted = excluded.is_encrypted, is_inline = excluded.is_inline
            returning id
            "#,
            *AttachmentId::new(),
            case_id.map(|id| *id),
            *mail_id,
            position,
            &file.sha256.0,
            file.size as i64,
            names::filename(file.filename),
            names::content_type(file.content_type),
            file.is_encrypted,
            file.is_inline,
            now,
        )
        .fetch_one(tx.db())
        .await?;
        ids.push(id);
    }
    Ok(ids)
}

/// Takes away what an earlier run found and this one does not. A file that a message carries stays as it was sent, with
/// its case, and is the mail's no more.
async fn forget_of_mail(tx: &mut Tx, mail_id: MailId, kept: usize) -> Result<()> {
    sqlx::query!(
        r#"
        update attachment
        set inbound_mail_id = null, position = null
        where inbound_mail_id = $1
        and case_id is not null
        and exists (select from message_attachment m where m.attachment_id = attachment.id)
        "#,
        *mail_id
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "delete from attachment where inbound_mail_id = $1 and position >= $2",
        *mail_id,
        kept as i32,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Notes the bytes that are kept, in one order for everybody, so that two transactions never wait for each other.
async fn know_blobs(tx: &mut Tx, files: &[NewFile<'_>]) -> Result<()> {
    let mut files: Vec<_> = files
        .iter()
        .map(|file| (file.sha256.0.to_vec(), file.size as i64))
        .collect();
    files.sort();
    files.dedup();
    let (digests, sizes): (Vec<_>, Vec<_>) = files.into_iter().unzip();
    let now = tx.now();
    sqlx::query!(
        r#"
        insert into blob (sha256, size, created_at)
        select f.sha256, f.size, $3
        from unnest($1::bytea[], $2::bigint[]) as f (sha256, size)
        on conflict (sha256) do update set unused_since = null where blob.unused_since is not null
        "#,
        &digests,
        &sizes,
        now,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// The mail was placed, or placed elsewhere: its files go with it.
///
/// Records nothing of its own: what the caller records about the mail speaks for its files too.
///
/// # Errors
/// The database.
pub async fn move_with_mail(tx: &mut Tx, mail_id: MailId, case_id: Option<CaseId>) -> Result<()> {
    sqlx::query!(
        "update attachment set case_id = $2 where inbound_mail_id = $1",
        *mail_id,
        case_id.map(|id| *id),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}
