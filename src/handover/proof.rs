//! The proof of equality, for the files of both parties.

use super::manifest::{Manifest, SequencePart};
use crate::audit::verify::Report;
use chrono::{DateTime, Utc};
use std::fmt;

/// A table on both sides: rows, and the SHA-256 of its text.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// As it was handed over.
    pub there: (u64, String),
    /// As it is now.
    pub here: (u64, String),
}

/// What was compared.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The SHA-256 of the manifest.
    pub manifest: String,
    /// When it was handed over.
    pub made_at: DateTime<Utc>,
    /// The tables.
    pub tables: Vec<Row>,
    /// The sequences: as they were handed over, and as they are.
    pub sequences: Vec<(String, SequencePart, SequencePart)>,
    /// Files that were brought in, each with the SHA-256 that is its name.
    pub files: usize,
    /// The verification of the audit trail, from the head that was handed over; none before the end.
    pub audit: Option<Report>,
}

impl Proof {
    pub(super) fn new(manifest: &Manifest) -> Self {
        Self {
            manifest: String::new(),
            made_at: manifest.made_at,
            tables: Vec::new(),
            sequences: Vec::new(),
            files: manifest.files.len(),
            audit: None,
        }
    }

    /// Whether both sides hold the same.
    pub fn is_equal(&self) -> bool {
        self.tables.iter().all(|row| row.there == row.here)
            && self.sequences.iter().all(|(_, there, here)| there == here)
    }

    /// And whether the audit trail holds.
    pub fn is_whole(&self) -> bool {
        self.is_equal() && self.audit.as_ref().is_some_and(|report| report.intact)
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Hand-over of {}, manifest SHA-256 {}",
            self.made_at.to_rfc3339(),
            self.manifest
        )?;
        writeln!(
            f,
            "{:<28} {:>12} {:>12}  {:<9} SHA-256",
            "table", "handed over", "here", ""
        )?;
        for row in &self.tables {
            let verdict = if row.there == row.here {
                "equal"
            } else {
                "DIFFERENT"
            };
            let (there, here) = (row.there.0, row.here.0);
            writeln!(
                f,
                "{:<28} {there:>12} {here:>12}  {verdict:<9} {}",
                row.name, row.here.1
            )?;
        }
        for (name, there, here) in &self.sequences {
            let verdict = if there == here { "equal" } else { "DIFFERENT" };
            writeln!(
                f,
                "{name:<28} {:>12} {:>12}  {verdict:<9} (sequence)",
                there.last_value, here.last_value
            )?;
        }
        writeln!(
            f,
            "{:<28} {:>12} {:>12}  {:<9} (each by its SHA-256)",
            "files", self.files, self.files, "equal"
        )?;
        match &self.audit {
            Some(report) => write!(f, "Audit trail: {report}"),
            None => write!(f, "Audit trail: not verified"),
        }
    }
}
