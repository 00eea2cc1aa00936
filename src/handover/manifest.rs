//! The manifest: what belongs to a hand-over, and the SHA-256 of each part.

use crate::audit::head::AuditHead;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
};

/// The name of the form.
pub const FORMAT: &str = "madoguchi-handover";

/// Moves when the form changes so that older programs cannot read it.
pub const VERSION: u32 = 1;

/// The file that says what belongs to the folder; written last, so that a folder without it is not complete.
pub const FILE: &str = "manifest.json";

/// What belongs to a hand-over.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`FORMAT`].
    pub format: String,
    /// [`VERSION`] of the program that wrote it.
    pub version: u32,
    /// The release that wrote it.
    pub program: String,
    /// The moment whose state it is, nearly.
    pub made_at: DateTime<Utc>,
    /// Proves that both sides have the same audit key, without giving it away.
    pub key_check: String,
    /// The migrations of the schema: number and checksum.
    pub migrations: BTreeMap<i64, String>,
    /// The tables, by name.
    pub tables: BTreeMap<String, TablePart>,
    /// The sequences, by name.
    pub sequences: BTreeMap<String, SequencePart>,
    /// The files, by their SHA-256, with their size in bytes.
    pub files: BTreeMap<String, u64>,
    /// Tables that stay behind, and why.
    pub left_out: BTreeMap<String, String>,
    /// Where the audit trail stands.
    pub audit_head: AuditHead,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablePart {
    /// The columns, in the order of the text.
    pub columns: Vec<String>,
    /// How many rows.
    pub rows: u64,
    /// Bytes of its text.
    pub size: u64,
    /// SHA-256 of its text, in hex.
    pub sha256: String,
    /// It comes with the migrations: it is compared, not brought in.
    pub is_rule: bool,
}

/// A sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequencePart {
    /// The number it stands at.
    pub last_value: i64,
    /// Whether that was given out.
    pub is_called: bool,
}

impl Manifest {
    /// Reads the manifest of a folder, with its own SHA-256.
    ///
    /// # Errors
    /// A sentence for the operator: it is missing, or of another form.
    pub fn read(dir: &Path) -> Result<(Self, String), String> {
        let path = dir.join(FILE);
        let text = std::fs::read(&path).map_err(|error| {
            format!("{} cannot be read ({error}): the export is not complete, or this is not its folder", path.display())
        })?;
        let value: serde_json::Value = serde_json::from_slice(&text)
            .map_err(|error| format!("{} is no manifest: {error}", path.display()))?;
        if value["format"] != FORMAT || value["version"] != VERSION {
            return Err(format!(
                "{} is of the form {} {}; this program reads {FORMAT} {VERSION}",
                path.display(),
                value["format"],
                value["version"],
            ));
        }
        let manifest = serde_json::from_value(value)
            .map_err(|error| format!("{} is no manifest: {error}", path.display()))?;
        Ok((manifest, hex::encode(Sha256::digest(&text))))
    }

    /// Writes it, whole or not at all. Returns its SHA-256.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn write(&self, dir: &Path) -> Result<String, String> {
        let mut text = serde_json::to_vec_pretty(self).expect("a manifest is plain data");
        text.push(b'\n');
        let (half_written, path) = (dir.join("manifest.json.part"), dir.join(FILE));
        let written = || {
            let mut file = super::export::create(&half_written)?;
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&half_written, &path)?;
            File::open(dir)?.sync_all()
        };
        written().map_err(|error: std::io::Error| format!("{}: {error}", path.display()))?;
        Ok(hex::encode(Sha256::digest(&text)))
    }
}

/// Where the text of a table is.
pub(super) fn table_path(dir: &Path, name: &str) -> PathBuf {
    dir.join("tables").join(format!("{name}.copy"))
}

/// Where a file is.
pub(super) fn file_path(dir: &Path, sha256: &str) -> PathBuf {
    dir.join("files").join(&sha256[..2]).join(sha256)
}

/// Reads a file and compares it with what the manifest says.
pub(super) fn check_file(path: &Path, size: u64, sha256: &str) -> Result<(), String> {
    let read = || {
        let mut file = File::open(path)?;
        let (mut hash, mut buffer, mut length) = (Sha256::new(), vec![0; 256 * 1024], 0);
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok((length, hex::encode(hash.finalize()))),
                read => {
                    hash.update(&buffer[..read]);
                    length += read as u64;
                }
            }
        }
    };
    let (length, found) =
        read().map_err(|error: std::io::Error| format!("{}: {error}", path.display()))?;
    if (length, found.as_str()) != (size, sha256) {
        return Err(format!(
            "{} is not what the manifest says: it has {length} bytes and the SHA-256 {found}, and should have {size} and {sha256}",
            path.display()
        ));
    }
    Ok(())
}
