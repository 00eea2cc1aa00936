//! Keeping `search_text` in line with what is stored.
//!
//! Triggers write into `search_dirty`, in the transaction of the change, which row changed; whoever changes it, nothing is
//! forgotten. The job takes those marks, reads the rows afresh and writes their texts, all in one transaction: where it
//! dies, the marks are there again. Two workers never write the same text at once, and each reads it after it has the
//! lock; so the last one to write has read the newest.

use super::terms::{Folded, MAX_CHARS, terms};
use crate::{
    access::Actor, error::Result, ids::CaseId, japan::tokyo_date, programme::PassageKind,
    store::Store, text::Phone,
};
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::{TryStreamExt, stream};
use sqlx::PgConnection;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Rows in one transaction.
const BATCH: i64 = 200;

/// Transactions at the same time while all is made anew: reading and writing take turns at the same processors.
const AT_ONCE: usize = 4;

/// Transactions in one job: other work has its turn in between.
const BATCHES: usize = 20;

/// A row that is read for searching: the name of its source, and its id.
pub(super) type Row = (String, Uuid);

/// The sources of text, and the query for their next ids.
const SOURCES: &[(&str, &str)] = &[
    (
        "case",
        "select id from case_file where id > $1 order by id limit $2",
    ),
    (
        "contact",
        "select id from contact where id > $1 order by id limit $2",
    ),
    (
        "interaction",
        "select id from interaction where id > $1 order by id limit $2",
    ),
    (
        "note",
        "select id from note where id > $1 order by id limit $2",
    ),
    (
        "mail",
        "select id from inbound_mail where id > $1 order by id limit $2",
    ),
    (
        "message",
        "select id from message where id > $1 order by id limit $2",
    ),
    (
        "report",
        "select consultation_id from report where consultation_id > $1 order by consultation_id limit $2",
    ),
];

/// The source of a text.
pub(super) fn source(kind: PassageKind) -> &'static str {
    match kind {
        PassageKind::Description | PassageKind::Enterprise => "case",
        kind => kind.name(),
    }
}

/// The kinds of text that a source may have.
fn kinds_of(source: &str) -> impl Iterator<Item = &str> {
    let more: &[&str] = match source {
        "case" => &["description", "enterprise"],
        _ => &[],
    };
    std::iter::once(source).chain(more.iter().copied())
}

/// Says which case it is, rather than what is said in it.
fn is_head(kind: PassageKind) -> bool {
    matches!(
        kind,
        PassageKind::Case | PassageKind::Enterprise | PassageKind::Contact
    )
}

/// A text as it is stored.
pub(super) struct Text {
    pub kind: PassageKind,
    pub subject_id: Uuid,
    pub case_id: CaseId,
    /// When its case was received.
    pub case_received_at: DateTime<Utc>,
    /// Whose text it is, for people: the enterprise, not the case that names it.
    pub shown_id: Uuid,
    pub at: DateTime<Utc>,
    /// What is not blank in it.
    pub fields: Vec<String>,
}

impl Text {
    /// Its fields, each on a line, as they are compared; and whether something was left out.
    fn fold(&self) -> (String, bool) {
        let mut lines = Vec::new();
        let mut room = MAX_CHARS;
        let mut is_cut = false;
        for field in &self.fields {
            let folded = Folded::of(field, room);
            room -= folded.text.chars().count();
            is_cut |= folded.is_cut;
            lines.push(folded.text);
        }
        (lines.join("\n"), is_cut)
    }
}

/// The texts of rows, as they are now. A row without a case, or one that is gone, has none.
pub(super) async fn load(db: &mut PgConnection, rows: &[Row]) -> Result<Vec<Text>> {
    let (sources, ids): (Vec<String>, Vec<Uuid>) = rows.iter().cloned().unzip();
    let texts = sqlx::query!(
        r#"
        with wanted as materialized (
            select distinct source, id from unnest($1::text[], $2::uuid[]) as w (source, id)
        )
        select 'case' as "kind!: PassageKind", c.id as "subject_id!", c.id as "case_id!: CaseId", c.received_at as "case_received_at!",
            c.id as "shown_id!", c.received_at as "at!",
            array[c.number, c.subject, c.site_name, left(c.site_postal_code, 3) || '-' || right(c.site_postal_code, 4),
                c.site_address, c.site_phone] as "fields!: Vec<Option<String>>"
        from wanted w
        join case_file c on c.id = w.id
        where w.source = 'case'
        union all
        select 'description', c.id, c.id, c.received_at, c.id, c.received_at, array[c.description]
        from wanted w
        join case_file c on c.id = w.id
        where w.source = 'case'
        union all
        select 'enterprise', c.id, c.id, c.received_at, e.id, c.received_at,
            array[e.name, e.kana, e.trade_name, e.representative, e.corporate_number,
                left(e.postal_code, 3) || '-' || right(e.postal_code, 4), e.address, e.phone]
        from wanted w
        join case_file c on c.id = w.id
        join enterprise e on e.id = c.enterprise_id
        where w.source = 'case'
        union all
        select 'contact', k.id, c.id, c.received_at, k.id, c.received_at,
            array[k.name, k.kana, k.department, k.organisation, k.relation, k.phone, k.email]
        from wanted w
        join contact k on k.id = w.id
        join case_file c on c.id = k.case_id
        where w.source = 'contact'
        union all
        select 'interaction', i.id, c.id, c.received_at, i.id, i.occurred_at, array[i.counterpart, i.body]
        from wanted w
        join interaction i on i.id = w.id
        join case_file c on c.id = i.case_id
        where w.source = 'interaction'
        union all
        select 'note', n.id, c.id, c.received_at, n.id, n.recorded_at, array[n.body]
        from wanted w
        join note n on n.id = w.id
        join case_file c on c.id = n.case_id
        where w.source = 'note'
        union all
        select 'mail', m.id, c.id, c.received_at, m.id, m.received_at, array[m.subject, m.from_name, m.from_address, m.body_text]
        from wanted w
        join inbound_mail m on m.id = w.id
        join case_file c on c.id = m.case_id
        where w.source = 'mail'
        and m.discarded_at is null
        union all
        select 'message', m.id, c.id, c.received_at, m.id, m.created_at, array[m.subject, m.to_name, m.to_address, m.body]
        from wanted w
        join message m on m.id = w.id
        join case_file c on c.id = m.case_id
        where w.source = 'message'
        -- What the program writes by itself is the same on every case.
        and m.kind = 'reply'
        union all
        select 'report', r.consultation_id, c.id, c.received_at, r.consultation_id, r.updated_at,
            array[r.situation, r.advice, r.next_steps, r.enterprise_tasks]
        from wanted w
        join report r on r.consultation_id = w.id
        join consultation s on s.id = r.consultation_id
        join case_file c on c.id = s.case_id
        where w.source = 'report'
        "#,
        &sources,
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(texts
        .into_iter()
        .map(|row| Text {
            kind: row.kind,
            subject_id: row.subject_id,
            case_id: row.case_id,
            case_received_at: row.case_received_at,
            shown_id: row.shown_id,
            at: row.at,
            fields: row
                .fields
                .into_iter()
                .flatten()
                .flat_map(writings)
                .collect(),
        })
        .collect())
}

/// A phone number is stored in one form and remembered in another.
fn writings(field: String) -> Vec<String> {
    match Phone::parse(&field) {
        Ok(phone) if field.starts_with('+') => vec![phone.national(), field],
        _ => vec![field],
    }
}

/// The columns of `search_text`, for many rows.
#[derive(Default)]
struct Columns {
    kinds: Vec<String>,
    subject_ids: Vec<Uuid>,
    case_ids: Vec<Uuid>,
    case_days: Vec<NaiveDate>,
    times: Vec<DateTime<Utc>>,
    heads: Vec<bool>,
    cuts: Vec<bool>,
    folded: Vec<String>,
    /// Separated by spaces, which no term has.
    terms: Vec<String>,
}

impl Columns {
    fn of(texts: &[Text]) -> Self {
        let mut columns = Self::default();
        for text in texts {
            let (folded, is_cut) = text.fold();
            let terms: Vec<_> = terms(&folded).into_iter().collect();
            columns.kinds.push(text.kind.name().to_owned());
            columns.subject_ids.push(text.subject_id);
            columns.case_ids.push(*text.case_id);
            columns.case_days.push(tokyo_date(text.case_received_at));
            columns.times.push(text.at);
            columns.heads.push(is_head(text.kind));
            columns.cuts.push(is_cut);
            columns.folded.push(folded);
            columns.terms.push(terms.join(" "));
        }
        columns
    }
}

/// Makes the texts of these rows what they are now. Returns how many there are.
async fn write(db: &mut PgConnection, rows: &[Row]) -> Result<u64> {
    lock(db, rows).await?;
    let texts = load(db, rows).await?;
    let new = Columns::of(&texts);
    let (kinds, ids): (Vec<String>, Vec<Uuid>) = rows
        .iter()
        .flat_map(|(source, id)| kinds_of(source).map(|kind| (kind.to_owned(), *id)))
        .unzip();
    sqlx::query!(
        r#"
        delete from search_text s
        using unnest($1::text[], $2::uuid[]) as w (kind, id)
        where s.kind = w.kind
        and s.subject_id = w.id
        and not exists (
            select from unnest($3::text[], $4::uuid[]) as n (kind, subject_id)
            where n.kind = s.kind and n.subject_id = s.subject_id
        )
        "#,
        &kinds,
        &ids,
        &new.kinds,
        &new.subject_ids,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        r#"
        insert into search_text (kind, subject_id, case_id, case_received_on, at, is_head, is_cut, folded, terms)
        select kind, subject_id, case_id, case_received_on, at, is_head, is_cut, folded, array_to_tsvector(string_to_array(terms, ' '))
        from unnest($1::text[], $2::uuid[], $3::uuid[], $4::date[], $5::timestamptz[], $6::bool[], $7::bool[], $8::text[], $9::text[])
            as n (kind, subject_id, case_id, case_received_on, at, is_head, is_cut, folded, terms)
        on conflict (kind, subject_id) do update
        set case_id = excluded.case_id, case_received_on = excluded.case_received_on, at = excluded.at, is_head = excluded.is_head, is_cut = excluded.is_cut,
            folded = excluded.folded, terms = excluded.terms
        where (search_text.case_id, search_text.case_received_on, search_text.at, search_text.is_head, search_text.is_cut, search_text.folded, search_text.terms)
            is distinct from (excluded.case_id, excluded.case_received_on, excluded.at, excluded.is_head, excluded.is_cut, excluded.folded, excluded.terms)
        "#,
        &new.kinds,
        &new.subject_ids,
        &new.case_ids,
        &new.case_days,
        &new.times,
        &new.heads,
        &new.cuts,
        &new.folded,
        &new.terms,
    )
    .execute(db)
    .await?;
    Ok(texts.len() as u64)
}

/// One worker per row at a time, until the transaction ends; in one order, so that nobody waits in a circle.
async fn lock(db: &mut PgConnection, rows: &[Row]) -> Result<()> {
    let ids: BTreeSet<Uuid> = rows.iter().map(|(_, id)| *id).collect();
    let keys: BTreeSet<i64> = ids.iter().map(lock_key).collect();
    let keys: Vec<i64> = keys.into_iter().collect();
    sqlx::query!(
        "select pg_advisory_xact_lock(key) from unnest($1::bigint[]) with ordinality as k (key, place) order by place",
        &keys
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// The random half of a UUIDv7. Two rows with one key wait for each other, which is no harm.
fn lock_key(id: &Uuid) -> i64 {
    id.as_u64_pair().1 as i64
}

/// Takes what is marked. Where that is more than one job should do, the next one goes on.
pub(crate) async fn run(store: &Store) -> Result<()> {
    for _ in 0..BATCHES {
        let taken = store
            .transaction(&Actor::system(), async |tx| {
                // Derived from what was recorded when it changed.
                tx.unchanged_for_all();
                let rows = take(tx.db()).await?;
                write(tx.db(), &rows).await?;
                Ok(rows.len() as i64)
            })
            .await?;
        if taken < BATCH {
            break;
        }
    }
    Ok(())
}

async fn take(db: &mut PgConnection) -> Result<Vec<Row>> {
    let rows = sqlx::query!(
        r#"
        delete from search_dirty
        where id in (select id from search_dirty order by id limit $1 for update skip locked)
        returning source, subject_id
        "#,
        BATCH,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.source, row.subject_id))
        .collect())
}

/// Makes the index anew while the program runs. Returns how many texts it has.
pub async fn rebuild(store: &Store) -> Result<u64> {
    let mut count = 0;
    for source in SOURCES {
        let pages = stream::try_unfold(Uuid::nil(), async |after| {
            let rows = next_rows(store, source, after).await?;
            let last = rows.last().map(|(_, id)| *id);
            Result::Ok(last.map(|last| (rows, last)))
        });
        let written = pages
            .map_ok(async |rows| rewrite(store, &rows).await)
            .try_buffer_unordered(AT_ONCE);
        count += written
            .try_fold(0, async |sum, texts| Ok(sum + texts))
            .await?;
    }
    rewrite_left_behind(store).await?;
    Ok(count)
}

async fn next_rows(
    store: &Store,
    (source, next): &(&'static str, &'static str),
    after: Uuid,
) -> Result<Vec<Row>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(*next)
        .bind(after)
        .bind(BATCH)
        .fetch_all(store.writer())
        .await?;
    Ok(ids
        .into_iter()
        .map(|id| ((*source).to_owned(), id))
        .collect())
}

async fn rewrite(store: &Store, rows: &[Row]) -> Result<u64> {
    store
        .transaction(&Actor::system(), async |tx| {
            tx.unchanged_for_all();
            write(tx.db(), rows).await
        })
        .await
}

/// Texts whose rows are gone: only where somebody turned the triggers off.
async fn rewrite_left_behind(store: &Store) -> Result<()> {
    let gone: Vec<Row> = left_behind(store)
        .await?
        .into_iter()
        .map(|(kind, id)| (source(kind).to_owned(), id))
        .collect();
    for rows in gone.chunks(BATCH as usize) {
        rewrite(store, rows).await?;
    }
    Ok(())
}

async fn left_behind(store: &Store) -> Result<Vec<(PassageKind, Uuid)>> {
    let mut gone = Vec::new();
    let mut after = (String::new(), Uuid::nil());
    loop {
        let stored = sqlx::query!(
            r#"
            select kind as "kind: PassageKind", subject_id
            from search_text
            where (kind, subject_id) > ($1, $2)
            order by kind, subject_id
            limit $3
            "#,
            after.0,
            after.1,
            BATCH,
        )
        .fetch_all(store.writer())
        .await?;
        let Some(last) = stored.last() else {
            return Ok(gone);
        };
        after = (last.kind.name().to_owned(), last.subject_id);
        let rows: Vec<Row> = stored
            .iter()
            .map(|row| (source(row.kind).to_owned(), row.subject_id))
            .collect();
        let mut db = store.writer().acquire().await?;
        let there: BTreeSet<_> = load(&mut db, &rows)
            .await?
            .into_iter()
            .map(|text| (text.kind, text.subject_id))
            .collect();
        let found = stored.into_iter().map(|row| (row.kind, row.subject_id));
        gone.extend(found.filter(|text| !there.contains(text)));
    }
}

/// A text that the index does not have as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wrong {
    /// What it is of.
    pub kind: PassageKind,
    /// Which one.
    pub subject_id: Uuid,
}

/// Compares the index with what is stored; what waits for the job is not wrong. Returns how many texts were compared.
pub async fn check(store: &Store) -> Result<(u64, Vec<Wrong>)> {
    let (mut count, mut wrong) = (0, BTreeSet::new());
    for source in SOURCES {
        let mut after = Uuid::nil();
        loop {
            let rows = next_rows(store, source, after).await?;
            let Some((_, last)) = rows.last() else {
                break;
            };
            after = *last;
            let mut db = store.writer().acquire().await?;
            let texts = load(&mut db, &rows).await?;
            count += texts.len() as u64;
            wrong.extend(differing(&mut db, &Columns::of(&texts)).await?);
        }
    }
    let gone = left_behind(store).await?.into_iter();
    wrong.extend(gone.map(|(kind, subject_id)| Wrong { kind, subject_id }));
    let mut db = store.writer().acquire().await?;
    Ok((count, without_waiting(&mut db, wrong).await?))
}

async fn differing(db: &mut PgConnection, new: &Columns) -> Result<Vec<Wrong>> {
    Ok(sqlx::query_as!(
        Wrong,
        r#"
        select n.kind as "kind!: PassageKind", n.subject_id as "subject_id!"
        from unnest($1::text[], $2::uuid[], $3::uuid[], $4::date[], $5::timestamptz[], $6::bool[], $7::bool[], $8::text[], $9::text[])
            as n (kind, subject_id, case_id, case_received_on, at, is_head, is_cut, folded, terms)
        left join search_text s on s.kind = n.kind and s.subject_id = n.subject_id
        where (s.case_id, s.case_received_on, s.at, s.is_head, s.is_cut, s.folded, s.terms)
            is distinct from (n.case_id, n.case_received_on, n.at, n.is_head, n.is_cut, n.folded, array_to_tsvector(string_to_array(n.terms, ' ')))
        "#,
        &new.kinds,
        &new.subject_ids,
        &new.case_ids,
        &new.case_days,
        &new.times,
        &new.heads,
        &new.cuts,
        &new.folded,
        &new.terms,
    )
    .fetch_all(db)
    .await?)
}

/// Without the texts that changed just now. What was wrong when it was read and is indexed since looks wrong once: hence
/// whoever runs the check runs it again.
async fn without_waiting(db: &mut PgConnection, wrong: BTreeSet<Wrong>) -> Result<Vec<Wrong>> {
    let waiting: BTreeSet<Row> = sqlx::query!("select source, subject_id from search_dirty")
        .fetch_all(db)
        .await?
        .into_iter()
        .map(|row| (row.source, row.subject_id))
        .collect();
    Ok(wrong
        .into_iter()
        .filter(|text| !waiting.contains(&(source(text.kind).to_owned(), text.subject_id)))
        .collect())
}
