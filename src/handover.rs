//! Handing the whole programme over to another installation: `madoguchi export --all` and `madoguchi import`.
//!
//! A folder holds every table as PostgreSQL's own text ([`tables`]), every file, and a manifest with what belongs to it and the
//! SHA-256 of each. It is read in one snapshot, and brought into an empty database in one transaction that ends with a proof:
//! the other database gives back the same text, table by table, byte for byte. What is not handed over is a short list with
//! reasons; a table that is added later goes along without anybody thinking of it.

mod export;
mod import;
pub mod manifest;
mod proof;
mod tables;

pub use export::export;
pub use import::import;
pub use manifest::Manifest;
pub use proof::Proof;
pub use tables::{EXCLUDED, SEEDED};

use crate::{audit::checkpoint::AuditKey, database::Connections, store::Store};
use sqlx::{Executor, PgConnection};

/// What both sides need: the database by its owner, the program's store, and the key that signs the audit trail.
pub struct Installation<'a> {
    /// How each role connects.
    pub connections: &'a Connections,
    /// Pools and files.
    pub store: &'a Store,
    /// The key outside the database; the same on both sides, or the trail could not be verified.
    pub audit_key: &'a AuditKey,
}

impl Installation<'_> {
    /// A connection of the owner on which values have one text, whatever the server's settings are.
    async fn owner(&self) -> Result<PgConnection, String> {
        let connection = self.connections.owner_connection().await;
        let mut connection = connection.map_err(|error| error.to_string())?;
        connection
            .execute(
                "set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set bytea_output = 'hex'; \
                 set extra_float_digits = 1; set client_encoding = 'UTF8'; set search_path = public",
            )
            .await
            .map_err(|error| error.to_string())?;
        Ok(connection)
    }
}

/// For errors of the database in a sentence for the operator.
fn doing(what: impl std::fmt::Display) -> impl FnOnce(sqlx::Error) -> String {
    move |error| format!("{what}: {error}")
}
