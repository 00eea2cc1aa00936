//! The tables as the catalogue has them, and their text: one line per row, in the order of the key, as `copy … to stdout`
//! writes it.

use super::doing;
use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, PgConnection};

/// Tables that stay behind, and why. Everything else goes along, also what nobody has thought of yet.
pub const EXCLUDED: &[(&str, &str)] = &[
    (
        "_sqlx_migrations",
        "each database keeps its own; the manifest compares them",
    ),
    ("program_requirement", "comes with the migrations"),
    ("user_session", "sign-ins end here"),
    ("refresh_token", "sign-ins end here"),
    (
        "password_reset",
        "links that were sent lead to this address",
    ),
    ("api_token", "secrets of machines: made anew"),
    (
        "second_factor",
        "sealed with a key that stays here: set up anew",
    ),
    ("recovery_code", "secrets: made anew"),
    ("sign_in_throttle", "counts of minutes"),
    (
        "idempotency_key",
        "answers of a day, for clients of this address",
    ),
    ("mailgun_token", "counts of minutes"),
    (
        "directory_change",
        "news for processes of this installation",
    ),
    ("cron", "when this installation is due"),
    ("export", "copies of lists that lie here for a day"),
    ("webhook", "sealed with a key that stays here: agreed anew"),
    ("webhook_delivery", "goes with its webhook"),
    ("webhook_attempt", "goes with its webhook"),
    ("webhook_position", "counts transactions of this server"),
];

/// Columns that stay behind and take their default: what counts transactions of this server, which is not part of the hash.
const LEFT_OUT: &[(&str, &str)] = &[("audit_event", "txid")];

/// Columns that something else stands for. Whoever has a password keeps having one, so that a link lets them set it anew, but
/// it is none that anybody knows: Argon2id gives 32 zero bytes for no password that could ever be found.
const REPLACED: &[(&str, &str, &str)] = &[(
    "app_user",
    "password_hash",
    "case when password_hash is not null then \
     '$argon2id$v=19$m=19456,t=2,p=1$bWFkb2d1Y2hpLWxvY2tlZA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' end",
)];

/// Tables into which the migrations put rows that an office changes: emptied before theirs come in.
pub const SEEDED: &[&str] = &["office_setting", "calendar_version", "template"];

/// A table.
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    /// Rules of the migrations, which nobody changes: the same on both sides.
    pub(super) is_rule: bool,
    key: Vec<String>,
}

/// What the text of a table is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    pub(super) rows: u64,
    pub(super) size: u64,
    pub(super) sha256: String,
}

/// The tables that go along, in the order of their names.
pub(super) async fn shapes(db: &mut PgConnection) -> Result<Vec<Shape>, String> {
    let rows: Vec<(String, bool, Vec<String>, Vec<String>)> = sqlx::query_as(
        r#"
        select c.relname::text,
            coalesce(obj_description(c.oid, 'pg_class'), '') like 'read-only%',
            array(
                select quote_ident(a.attname)
                from pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                order by a.attnum
            ),
            array(
                -- Bytewise: two servers may sort words differently.
                select quote_ident(a.attname) || case when a.attcollation <> 0 then ' collate "C"' else '' end
                from pg_index i
                cross join unnest(i.indkey::int2[]) with ordinality k (attnum, place)
                join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
                where i.indrelid = c.oid and i.indisprimary
                order by k.place
            )
        from pg_class c
        where c.relnamespace = 'public'::regnamespace
        and c.relkind in ('r', 'p')
        and not c.relispartition
        order by c.relname collate "C"
        "#,
    )
    .fetch_all(db)
    .await
    .map_err(doing("reading which tables there are"))?;
    let mut shapes = Vec::new();
    for (name, is_rule, columns, key) in rows {
        if EXCLUDED.iter().any(|(excluded, _)| *excluded == name) {
            continue;
        }
        if key.is_empty() {
            return Err(format!(
                "the table {name} has no primary key: its rows have no order"
            ));
        }
        let stays = |column: &String| LEFT_OUT.contains(&(name.as_str(), column.as_str()));
        let columns = columns
            .into_iter()
            .filter(|column| !stays(column))
            .collect();
        shapes.push(Shape {
            name,
            columns,
            is_rule,
            key,
        });
    }
    Ok(shapes)
}

impl Shape {
    /// What is given out of a column.
    fn value<'a>(&self, column: &'a str) -> &'a str {
        let replaced = REPLACED
            .iter()
            .find(|(table, replaced, _)| (*table, *replaced) == (self.name.as_str(), column));
        replaced.map_or(column, |(_, _, value)| value)
    }

    /// Gives out the text, piece by piece.
    pub(super) async fn copy_out(
        &self,
        db: &mut PgConnection,
        mut sink: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<Text, String> {
        let values: Vec<_> = self
            .columns
            .iter()
            .map(|column| self.value(column))
            .collect();
        let sql = format!(
            "copy (select {} from {} order by {}) to stdout",
            values.join(", "),
            self.name,
            self.key.join(", "),
        );
        let failed = || doing(format!("reading the table {}", self.name));
        let mut pieces = db.copy_out_raw(&sql).await.map_err(failed())?;
        let (mut hash, mut rows, mut size) = (Sha256::new(), 0, 0);
        while let Some(piece) = pieces.try_next().await.map_err(failed())? {
            hash.update(&piece);
            size += piece.len() as u64;
            // A line break inside a value is written in two letters.
            rows += memchr::memchr_iter(b'\n', &piece).count() as u64;
            sink(&piece).map_err(|error| format!("writing the table {}: {error}", self.name))?;
        }
        Ok(Text {
            rows,
            size,
            sha256: hex::encode(hash.finalize()),
        })
    }

    /// Whether there is a row in it.
    pub(super) async fn is_empty(&self, db: &mut PgConnection) -> Result<bool, String> {
        let sql = format!("select not exists (select from {})", self.name);
        sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(db)
            .await
            .map_err(doing(format!("looking into the table {}", self.name)))
    }
}

/// Numbers and checksums of the migrations.
pub(super) async fn migrations(
    db: &mut PgConnection,
) -> Result<std::collections::BTreeMap<i64, String>, String> {
    let rows: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("select version, checksum from _sqlx_migrations where success")
            .fetch_all(db)
            .await
            .map_err(doing("reading which migrations it has"))?;
    Ok(rows
        .into_iter()
        .map(|(version, checksum)| (version, hex::encode(checksum)))
        .collect())
}

/// The names of the sequences.
pub(super) async fn sequences(db: &mut PgConnection) -> Result<Vec<String>, String> {
    sqlx::query_scalar(
        r#"
        select quote_ident(c.relname)
        from pg_class c
        -- Those of a table that stays behind stay with it.
        left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')
            and d.refclassid = 'pg_class'::regclass
        left join pg_class t on t.oid = d.refobjid
        where c.relnamespace = 'public'::regnamespace
        and c.relkind = 'S'
        and (t.relname is null or t.relname <> all ($1))
        order by 1
        "#,
    )
    .bind(EXCLUDED.iter().map(|(name, _)| *name).collect::<Vec<_>>())
    .fetch_all(db)
    .await
    .map_err(doing("reading which sequences there are"))
}

/// Where a sequence stands.
pub(super) async fn sequence(
    db: &mut PgConnection,
    name: &str,
) -> Result<super::manifest::SequencePart, String> {
    let sql = format!("select last_value, is_called from {name}");
    let (last_value, is_called) = sqlx::query_as(AssertSqlSafe(sql))
        .fetch_one(db)
        .await
        .map_err(doing(format!("reading the sequence {name}")))?;
    Ok(super::manifest::SequencePart {
        last_value,
        is_called,
    })
}
