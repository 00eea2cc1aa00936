//! `madoguchi export --all`: the whole programme into a folder.

use super::{
    Installation, doing,
    manifest::{FORMAT, Manifest, TablePart, VERSION, file_path, table_path},
    tables,
};
use crate::{
    access::{Actor, OFFICE},
    audit::{Event, checkpoint, head},
    blobs,
};
use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{Executor, PgConnection};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

/// Writes everything that another installation needs into an empty folder, as it stands at one moment. Returns the manifest
/// and its SHA-256.
///
/// # Errors
/// A sentence for the operator. What was written so far has no manifest, and nobody takes it for whole.
pub async fn export(here: &Installation<'_>, dir: &Path) -> Result<(Manifest, String), String> {
    prepare(dir)?;
    // Before the snapshot, so that the trail that is handed over says so too, and is signed up to there.
    record(here).await?;
    let mut db = here.owner().await?;
    db.execute("begin isolation level repeatable read, read only")
        .await
        .map_err(doing("beginning"))?;
    let mut manifest = describe(here, &mut db).await?;
    for shape in tables::shapes(&mut db).await? {
        let path = table_path(dir, &shape.name);
        let in_file = |error: io::Error| format!("{}: {error}", path.display());
        let mut file = BufWriter::new(create(&path).map_err(in_file)?);
        let text = shape
            .copy_out(&mut db, |piece| file.write_all(piece))
            .await?;
        let file = file
            .into_inner()
            .map_err(|error| in_file(error.into_error()))?;
        file.sync_all().map_err(in_file)?;
        let part = TablePart {
            columns: shape.columns,
            rows: text.rows,
            size: text.size,
            sha256: text.sha256,
            is_rule: shape.is_rule,
        };
        manifest.tables.insert(shape.name, part);
    }
    let files: Vec<(Vec<u8>, i64)> =
        sqlx::query_as("select sha256, size from blob order by sha256")
            .fetch_all(&mut db)
            .await
            .map_err(doing("reading which files there are"))?;
    db.execute("commit").await.map_err(doing("ending"))?;
    for (sha256, size) in files {
        let digest = blobs::Digest::from_slice(&sha256).expect("the column takes 32 bytes");
        copy_file(here, dir, &digest, size as u64).await?;
        manifest.files.insert(digest.to_string(), size as u64);
    }
    let sha256 = manifest.write(dir)?;
    Ok((manifest, sha256))
}

async fn record(here: &Installation<'_>) -> Result<(), String> {
    let system = Actor::system();
    let recorded = here.store.transaction(&system, async |tx| {
        tx.record(OFFICE, Event::ProgrammeHandedOver {});
        Ok(())
    });
    recorded.await.map_err(|error| error.to_string())?;
    checkpoint::make(here.store, here.audit_key)
        .await
        .map_err(|error| error.to_string())
}

/// What is not in the tables.
async fn describe(here: &Installation<'_>, db: &mut PgConnection) -> Result<Manifest, String> {
    let made_at = here.store.now();
    let mut sequences = BTreeMap::new();
    for name in tables::sequences(db).await? {
        let stands = tables::sequence(db, &name).await?;
        sequences.insert(name, stands);
    }
    Ok(Manifest {
        format: FORMAT.into(),
        version: VERSION,
        program: env!("CARGO_PKG_VERSION").into(),
        made_at,
        key_check: here.audit_key.check(&made_at.to_rfc3339()),
        migrations: tables::migrations(db).await?,
        tables: BTreeMap::new(),
        sequences,
        files: BTreeMap::new(),
        left_out: tables::EXCLUDED
            .iter()
            .map(|(name, why)| ((*name).to_owned(), (*why).to_owned()))
            .collect(),
        audit_head: head::show(db).await.map_err(|error| error.to_string())?,
    })
}

/// A folder that nobody else reads, and nothing lies in.
fn prepare(dir: &Path) -> Result<(), String> {
    let in_dir = |error: io::Error| format!("{}: {error}", dir.display());
    make_folder(dir).map_err(in_dir)?;
    if fs::read_dir(dir).map_err(in_dir)?.next().is_some() {
        return Err(format!("{} is not empty", dir.display()));
    }
    make_folder(&dir.join("tables")).map_err(in_dir)?;
    make_folder(&dir.join("files")).map_err(in_dir)
}

fn make_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// A new file that only its owner reads.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

async fn copy_file(
    here: &Installation<'_>,
    dir: &Path,
    digest: &blobs::Digest,
    size: u64,
) -> Result<(), String> {
    let path = file_path(dir, &digest.to_string());
    let in_file = |error: io::Error| format!("{}: {error}", path.display());
    let opened = here.store.blobs().open(digest).await;
    let opened = opened.map_err(|error| error.to_string())?;
    let (_, mut pieces) = opened
        .ok_or_else(|| format!("the file {digest} is not in the storage: restore it first"))?;
    make_folder(path.parent().expect("it lies in a folder")).map_err(in_file)?;
    let mut file = create(&path).map_err(in_file)?;
    let (mut hash, mut length) = (Sha256::new(), 0);
    while let Some(piece) = pieces.try_next().await.map_err(|error| error.to_string())? {
        hash.update(&piece);
        length += piece.len() as u64;
        file.write_all(&piece).map_err(in_file)?;
    }
    if (length, hex::encode(hash.finalize())) != (size, digest.to_string()) {
        return Err(format!(
            "the file {digest} was altered outside the program: restore it first"
        ));
    }
    file.sync_all().map_err(in_file)
}
