//! `madoguchi import`: a hand-over into an empty database, whole or not at all.
//!
//! The owner of the tables does it: for the time of the transaction the triggers rest, which would count, chain and index what
//! was counted, chained and indexed before, and the foreign keys are away, so that the tables come in any order and in circles.
//! Then the keys are back, which judges every row, and the text of every table is compared.

use super::{
    Installation, doing,
    manifest::{Manifest, TablePart, check_file, file_path, table_path},
    proof::{Proof, Row},
    tables::{self, SEEDED, Shape},
};
use crate::{audit::verify, blobs::Digest};
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use std::{fs::File, io::Read, path::Path};

/// Any number, the same in every process: one import at a time.
const IMPORT_LOCK: i64 = 0x6d61_6469_6d70;

/// Brings a hand-over into the empty database, and proves that it is the same.
///
/// # Errors
/// A sentence for the operator. Nothing was brought in; files that were are of no row, and do no harm.
pub async fn import(here: &Installation<'_>, dir: &Path) -> Result<Proof, String> {
    let (manifest, sha256) = Manifest::read(dir)?;
    if manifest.key_check != here.audit_key.check(&manifest.made_at.to_rfc3339()) {
        return Err(
            "the audit trail was signed with another key: give the old installation's as MADOGUCHI_AUDIT_KEY".into(),
        );
    }
    check_parts(&manifest, dir)?;
    let mut db = here.owner().await?;
    let imported = async {
        db.execute("begin").await.map_err(doing("beginning"))?;
        let shapes = must_fit(&mut db, &manifest).await?;
        bring_files(here, &manifest, dir).await?;
        bring_rows(&mut db, &manifest, &shapes, dir).await?;
        let mut proof = compare(&mut db, &manifest, &shapes).await?;
        proof.manifest = sha256;
        if !proof.is_equal() {
            return Err(format!(
                "what came in is not what was handed over:\n{proof}"
            ));
        }
        db.execute("commit").await.map_err(doing("committing"))?;
        Ok(proof)
    };
    // Where it fails, the connection goes, and everything with it.
    let mut proof = imported.await?;
    // The planner knows nothing of the new rows yet.
    let names: Vec<_> = manifest.tables.keys().map(String::as_str).collect();
    run(&mut db, format!("analyze {}", names.join(", "))).await?;
    let report = verify::everything(
        here.store.reader(),
        here.audit_key,
        Some(&manifest.audit_head),
    );
    let report = report.await.map_err(|error| {
        format!("everything was brought in, but its audit trail could not be verified: {error}")
    })?;
    proof.audit = Some(report);
    Ok(proof)
}

/// Every byte is what the manifest says, before anything is touched.
fn check_parts(manifest: &Manifest, dir: &Path) -> Result<(), String> {
    for (name, part) in &manifest.tables {
        must_be_a_name(name)?;
        check_file(&table_path(dir, name), part.size, &part.sha256)?;
    }
    for name in manifest.sequences.keys() {
        must_be_a_name(name)?;
    }
    for (sha256, size) in &manifest.files {
        if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!(
                "the manifest names a file {sha256:?}, which is no SHA-256"
            ));
        }
        check_file(&file_path(dir, sha256), *size, sha256)?;
    }
    Ok(())
}

/// Names become part of statements and paths, and a manifest may come from anywhere.
fn must_be_a_name(name: &str) -> Result<(), String> {
    let is_name = (1..=63).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    match is_name {
        true => Ok(()),
        false => Err(format!(
            "the manifest has the name {name:?}, which no table or sequence has"
        )),
    }
}

/// The database has the same tables, and nothing in them.
async fn must_fit(db: &mut PgConnection, manifest: &Manifest) -> Result<Vec<Shape>, String> {
    let is_alone: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
        .bind(IMPORT_LOCK)
        .fetch_one(&mut *db)
        .await
        .map_err(doing("waiting for its turn"))?;
    if !is_alone {
        return Err("another import is running".into());
    }
    if tables::migrations(db).await? != manifest.migrations {
        return Err(format!(
            "the schemas differ: the hand-over was made by release {}. Use the same release on both sides, and upgrade \
             afterwards",
            manifest.program
        ));
    }
    let shapes = tables::shapes(db).await?;
    let mut filled = Vec::new();
    for shape in &shapes {
        let part = manifest.tables.get(&shape.name);
        if part.is_none_or(|part| part.columns != shape.columns || part.is_rule != shape.is_rule) {
            return Err(format!("the hand-over has another table {}", shape.name));
        }
        let may_be_filled = shape.is_rule || SEEDED.contains(&shape.name.as_str());
        if !may_be_filled && !shape.is_empty(db).await? {
            filled.push(shape.name.as_str());
        }
    }
    if shapes.len() != manifest.tables.len() {
        return Err("the hand-over has tables that this program does not know".into());
    }
    match filled.is_empty() {
        true => Ok(shapes),
        false => Err(format!(
            "the database is not empty: there are rows in {}. Bring a hand-over into a new database, in which nothing has \
             run but `madoguchi migrate`",
            filled.join(", ")
        )),
    }
}

async fn bring_files(
    here: &Installation<'_>,
    manifest: &Manifest,
    dir: &Path,
) -> Result<(), String> {
    for sha256 in manifest.files.keys() {
        let bytes = hex::decode(sha256).map_err(|error| error.to_string())?;
        let digest = Digest::from_slice(&bytes).ok_or("a SHA-256 has 32 bytes")?;
        let path = file_path(dir, sha256);
        let kept = here.store.blobs().put_file(&digest, &path).await;
        kept.map_err(|error| error.to_string())?;
    }
    Ok(())
}

async fn bring_rows(
    db: &mut PgConnection,
    manifest: &Manifest,
    shapes: &[Shape],
    dir: &Path,
) -> Result<(), String> {
    let keys: Vec<(String, String, String)> = sqlx::query_as(
        r#"
        select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
        from pg_constraint
        where contype = 'f' and connamespace = 'public'::regnamespace and conparentid = 0
        order by conrelid::regclass::text, conname
        "#,
    )
    .fetch_all(&mut *db)
    .await
    .map_err(doing("reading the foreign keys"))?;
    for (table, name, _) in &keys {
        run(db, format!("alter table {table} drop constraint {name}")).await?;
    }
    for shape in shapes.iter().filter(|shape| !shape.is_rule) {
        let name = &shape.name;
        run(db, format!("alter table {name} disable trigger user")).await?;
        if SEEDED.contains(&name.as_str()) {
            run(db, format!("delete from {name}")).await?;
        }
        let part = manifest.tables.get(name).ok_or("compared before")?;
        copy_in(db, name, part, &table_path(dir, name)).await?;
        run(db, format!("alter table {name} enable trigger user")).await?;
    }
    for (name, sequence) in &manifest.sequences {
        // Those of case numbers are made with the first case of a year.
        run(db, format!("create sequence if not exists {name}")).await?;
        sqlx::query("select setval($1::regclass, $2, $3)")
            .bind(name)
            .bind(sequence.last_value)
            .bind(sequence.is_called)
            .execute(&mut *db)
            .await
            .map_err(doing(format!("setting the sequence {name}")))?;
    }
    for (table, name, definition) in &keys {
        run(
            db,
            format!("alter table {table} add constraint {name} {definition}"),
        )
        .await?;
    }
    Ok(())
}

async fn run(db: &mut PgConnection, sql: String) -> Result<(), String> {
    let done = db.execute(AssertSqlSafe(sql.clone())).await;
    done.map(drop).map_err(doing(sql))
}

async fn copy_in(
    db: &mut PgConnection,
    name: &str,
    part: &TablePart,
    path: &Path,
) -> Result<(), String> {
    let failed = || doing(format!("bringing the table {name} in"));
    let sql = format!("copy {name} ({}) from stdin", part.columns.join(", "));
    let mut file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut copy = db.copy_in_raw(&sql).await.map_err(failed())?;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => drop(copy.send(&buffer[..read]).await.map_err(failed())?),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        }
    }
    copy.finish().await.map(drop).map_err(failed())
}

/// Both sides, table by table.
async fn compare(
    db: &mut PgConnection,
    manifest: &Manifest,
    shapes: &[Shape],
) -> Result<Proof, String> {
    let mut proof = Proof::new(manifest);
    for shape in shapes {
        let text = shape.copy_out(db, |_| Ok(())).await?;
        let part = manifest.tables.get(&shape.name).ok_or("compared before")?;
        proof.tables.push(Row {
            name: shape.name.clone(),
            there: (part.rows, part.sha256.clone()),
            here: (text.rows, text.sha256),
        });
    }
    for (name, there) in &manifest.sequences {
        let here = tables::sequence(db, name).await?;
        proof.sequences.push((name.clone(), there.clone(), here));
    }
    Ok(proof)
}
