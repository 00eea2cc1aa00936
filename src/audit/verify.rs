//! The verification: everything that the trail says is computed anew and compared with what the database holds.
//!
//! All of it sees one moment (one snapshot), so that what is written meanwhile is no finding, and takes bounded memory:
//! rows come as a stream or are compared in the database. Each check names the first broken row it meets.

use super::{
    chain::{START, Stored},
    checkpoint::{AuditKey, Signature},
    head::{self, AuditHead},
};
use crate::{error::Result, ids::*};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use sqlx::{Executor, PgConnection, PgPool, Postgres, Transaction};
use std::fmt;
use utoipa::ToSchema;
use uuid::Uuid;

/// What was looked at, and what is broken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Nothing is broken.
    pub intact: bool,
    /// Events whose hash was computed anew.
    pub events: i64,
    /// Chains they stand in: one per case, one for the office.
    pub chains: i64,
    /// Checkpoints whose signature was computed anew; none where a single case was looked at.
    pub checkpoints: i64,
    /// Cases that were compared with their chain.
    pub cases: i64,
    /// The first broken row that each check met, the first of all first; empty when intact.
    pub findings: Vec<Finding>,
}

/// A broken row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// What is wrong.
    pub fault: Fault,
    /// The case in whose chain it is; none for the office's chain and for checkpoints.
    pub case_id: Option<CaseId>,
    /// The event's number in its chain.
    pub seq: Option<i64>,
    /// The checkpoint.
    pub checkpoint_id: Option<i64>,
    /// In words.
    pub detail: String,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// An event is not what was written.
    EventAltered,
    /// A number is missing in a chain.
    EventMissing,
    /// The head of a chain is not its newest event.
    HeadDiffers,
    /// A checkpoint is not what was signed, or was signed with another key.
    CheckpointAltered,
    /// A number is missing among the checkpoints.
    CheckpointMissing,
    /// A checkpoint holds another event than the chain: the chain was altered and computed anew.
    ChainRewritten,
    /// A checkpoint holds an event behind the end of the chain.
    TailCut,
    /// A chain or a checkpoint speaks of a case that is not there.
    CaseRemoved,
    /// A case has no chain.
    ChainMissing,
    /// The moves in a chain are not those in the case's history.
    HistoryDiffers,
    /// The trail is not the one whose head was kept outside.
    KeptHeadDiffers,
}

/// A row that a check found.
struct Broken {
    chain: Uuid,
    seq: Option<i64>,
}

impl Finding {
    fn new(fault: Fault, detail: String) -> Self {
        Self {
            fault,
            case_id: None,
            seq: None,
            checkpoint_id: None,
            detail,
        }
    }

    fn in_chain(fault: Fault, chain: Uuid, seq: Option<i64>, detail: String) -> Self {
        Self {
            case_id: (!chain.is_nil()).then_some(CaseId(chain)),
            seq,
            ..Self::new(fault, detail)
        }
    }

    fn in_checkpoint(self, id: i64) -> Self {
        Self {
            checkpoint_id: Some(id),
            ..self
        }
    }
}

/// "case 0198…" or "the office".
fn named(chain: Uuid) -> String {
    match chain.is_nil() {
        true => "the office".into(),
        false => format!("case {chain}"),
    }
}

/// Which chains: all of them, or one.
#[derive(Clone, Copy)]
struct Range {
    first: Uuid,
    last: Uuid,
}

impl Range {
    const ALL: Self = Self {
        first: Uuid::nil(),
        last: Uuid::max(),
    };

    fn one(id: CaseId) -> Self {
        Self {
            first: *id,
            last: *id,
        }
    }
}

/// Verifies everything, and that it goes on from the head kept outside, where there is one.
///
/// # Errors
/// The database's: nothing is known then.
pub(crate) async fn everything(
    reader: &PgPool,
    key: &AuditKey,
    kept: Option<&AuditHead>,
) -> Result<Report> {
    let mut tx = snapshot(reader).await?;
    let mut report = Report::default();
    chains(&mut tx, Range::ALL, &mut report).await?;
    checkpoints(&mut tx, key, &mut report).await?;
    gathered_heads(&mut tx, Range::ALL, &mut report).await?;
    cases(&mut tx, Range::ALL, &mut report).await?;
    if let Some(kept) = kept {
        kept_head(&mut tx, kept, &mut report).await?;
    }
    report.intact = report.findings.is_empty();
    Ok(report)
}

/// Verifies one case: its chain, that the checkpoints hold the same, and its history. Not the signatures of the
/// checkpoints, for which all of them are needed. None where there is no trace of such a case.
///
/// # Errors
/// The database's.
pub(super) async fn case(reader: &PgPool, id: CaseId) -> Result<Option<Report>> {
    let mut tx = snapshot(reader).await?;
    let mut report = Report::default();
    chains(&mut tx, Range::one(id), &mut report).await?;
    gathered_heads(&mut tx, Range::one(id), &mut report).await?;
    cases(&mut tx, Range::one(id), &mut report).await?;
    report.intact = report.findings.is_empty();
    let trace = report.events > 0 || report.cases > 0 || !report.intact;
    Ok(trace.then_some(report))
}

/// One moment, for as long as it takes: a verification is no request's statement.
async fn snapshot(reader: &PgPool) -> Result<Transaction<'static, Postgres>> {
    let mut tx = reader
        .begin_with("begin isolation level repeatable read read only")
        .await?;
    // A plan for one case is not the plan for a million.
    tx.execute("set local statement_timeout = 0; set local plan_cache_mode = force_custom_plan")
        .await?;
    Ok(tx)
}

/// Walks the chains: numbers without a gap, every hash computed anew, the head as the newest event.
async fn chains(db: &mut PgConnection, range: Range, report: &mut Report) -> Result<()> {
    let mut walk = Walk::default();
    let mut line = String::new();
    {
        let mut rows = sqlx::query_as!(
            Stored,
            r#"
            select chain, seq, recorded_at, actor_kind, actor_id, request_id, kind, data::text as "data!", hash
            from audit_event
            where chain between $1 and $2
            order by chain, seq
            "#,
            range.first,
            range.last,
        )
        .fetch(&mut *db);
        while let Some(event) = rows.try_next().await? {
            walk.step(event, &mut line);
        }
    }
    report.events = walk.events;
    report.chains = walk.chains;
    report.findings.extend(walk.altered);
    report.findings.extend(walk.missing);
    report.findings.extend(newest_events(db, range).await?);
    Ok(())
}

/// Where the walk along the chains is.
#[derive(Default)]
struct Walk {
    last: Option<(Uuid, i64, Vec<u8>)>,
    events: i64,
    chains: i64,
    altered: Option<Finding>,
    missing: Option<Finding>,
}

impl Walk {
    /// Each hash is computed from the stored one before it, so that one altered row is one finding.
    fn step(&mut self, event: Stored, line: &mut String) {
        let (before, previous) = match self.last.take() {
            Some((chain, seq, hash)) if chain == event.chain => (seq, hash),
            _ => {
                self.chains += 1;
                (0, START.to_vec())
            }
        };
        self.events += 1;
        if event.seq != before + 1 {
            self.missing.get_or_insert_with(|| missing(&event, before));
        } else if event.hash != event.hash_after(&previous, line) {
            self.altered.get_or_insert_with(|| altered(&event));
        }
        self.last = Some((event.chain, event.seq, event.hash));
    }
}

fn missing(event: &Stored, before: i64) -> Finding {
    let detail = format!(
        "event {} of {} is missing: {} stands after {before}",
        before + 1,
        named(event.chain),
        event.seq,
    );
    Finding::in_chain(Fault::EventMissing, event.chain, Some(before + 1), detail)
}

fn altered(event: &Stored) -> Finding {
    let detail = format!(
        "event {} of {} ({}, recorded {}) is not what was written: it, or the hash of the event before it, was altered",
        event.seq,
        named(event.chain),
        event.kind,
        event.recorded_at.format("%Y-%m-%dT%H:%M:%SZ"),
    );
    Finding::in_chain(Fault::EventAltered, event.chain, Some(event.seq), detail)
}

/// The head of a chain is its newest event, and carries the checkpoint that holds it.
async fn newest_events(db: &mut PgConnection, range: Range) -> Result<Option<Finding>> {
    let row = sqlx::query!(
        r#"
        select b.chain as "chain!", h.seq as "head?", (select max(e.seq) from audit_event e where e.chain = b.chain) as newest
        from (
            (
                select h.chain
                from audit_head h
                left join audit_event e on e.chain = h.chain and e.seq = h.seq
                where h.chain between $1 and $2 and h.hash is distinct from e.hash
                order by h.chain
                limit 1
            )
            union all
            (
                select e.chain
                from audit_event e
                left join audit_head h on h.chain = e.chain
                where e.chain between $1 and $2 and (h.seq is null or e.seq > h.seq)
                order by e.chain
                limit 1
            )
        ) b
        left join audit_head h on h.chain = b.chain
        order by b.chain
        limit 1
        "#,
        range.first,
        range.last,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let chain = named(row.chain);
        let detail = match (row.head, row.newest) {
            (None, _) => format!("the chain of {chain} has no head"),
            (Some(head), None) => format!("all {head} events of {chain} are missing"),
            (Some(head), Some(newest)) if newest < head => {
                format!(
                    "the end of the chain of {chain} is missing: events {} to {head}",
                    newest + 1
                )
            }
            (Some(head), Some(newest)) if newest > head => {
                format!(
                    "the chain of {chain} goes on to event {newest} behind its head, event {head}"
                )
            }
            (Some(head), _) => format!("the head of {chain} is not its newest event, {head}"),
        };
        Finding::in_chain(Fault::HeadDiffers, row.chain, row.head, detail)
    }))
}

/// A checkpoint with one of its heads, or none.
struct Gathered {
    id: i64,
    made_at: Option<DateTime<Utc>>,
    head_count: Option<i64>,
    mac: Option<Vec<u8>>,
    chain: Option<Uuid>,
    seq: Option<i64>,
    hash: Option<Vec<u8>>,
}

/// Walks the checkpoints: ids without a gap, every signature computed anew.
async fn checkpoints(db: &mut PgConnection, key: &AuditKey, report: &mut Report) -> Result<()> {
    let mut sealed = Sealed::new(key);
    {
        let mut rows = sqlx::query_as!(
            Gathered,
            r#"
            select coalesce(k.id, h.checkpoint_id) as "id!", k.made_at as "made_at?", k.head_count as "head_count?",
                k.mac as "mac?", h.chain as "chain?", h.seq as "seq?", h.hash as "hash?"
            from audit_checkpoint k
            full join audit_checkpoint_head h on h.checkpoint_id = k.id
            order by 1, h.chain
            "#
        )
        .fetch(&mut *db);
        while let Some(row) = rows.try_next().await? {
            sealed.step(row);
        }
        sealed.close();
    }
    report.checkpoints = sealed.count;
    report.findings.extend(sealed.missing);
    report.findings.extend(sealed.altered);
    Ok(())
}

/// Where the walk along the checkpoints is.
struct Sealed<'a> {
    key: &'a AuditKey,
    open: Option<OpenCheckpoint>,
    last_id: i64,
    last_mac: Vec<u8>,
    count: i64,
    missing: Option<Finding>,
    altered: Option<Finding>,
}

struct OpenCheckpoint {
    signature: Signature,
    heads: i64,
    head_count: i64,
    mac: Vec<u8>,
}

impl<'a> Sealed<'a> {
    fn new(key: &'a AuditKey) -> Self {
        Self {
            key,
            open: None,
            last_id: 0,
            last_mac: vec![0; 32],
            count: 0,
            missing: None,
            altered: None,
        }
    }

    fn step(&mut self, row: Gathered) {
        if row.id != self.last_id {
            self.close();
            self.begin(&row);
        }
        if let (Some(open), Some(chain), Some(seq), Some(hash)) =
            (&mut self.open, row.chain, row.seq, row.hash)
        {
            open.signature.add(chain, seq, &hash);
            open.heads += 1;
        }
    }

    fn begin(&mut self, row: &Gathered) {
        let expected = self.last_id + 1;
        let (Some(made_at), Some(head_count), Some(mac)) =
            (row.made_at, row.head_count, row.mac.clone())
        else {
            // Its heads alone: what it signed is not known.
            self.lacks(row.id);
            self.last_id = row.id;
            return;
        };
        if row.id != expected {
            self.lacks(expected);
        }
        self.count += 1;
        self.last_id = row.id;
        self.open = Some(OpenCheckpoint {
            signature: Signature::begin(self.key, &self.last_mac, row.id, made_at),
            heads: 0,
            head_count,
            mac,
        });
    }

    /// The checkpoint after a missing one does not fit either; the missing one is the finding.
    fn lacks(&mut self, id: i64) {
        self.missing.get_or_insert_with(|| {
            Finding::new(
                Fault::CheckpointMissing,
                format!("checkpoint {id} is missing"),
            )
            .in_checkpoint(id)
        });
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        let fits = open.signature.finish() == *open.mac && open.heads == open.head_count;
        self.last_mac = open.mac;
        if !fits && self.missing.is_none() {
            let id = self.last_id;
            self.altered.get_or_insert_with(|| {
                let detail = format!(
                    "checkpoint {id} does not carry its signature: it was altered, or signed with another key than this one"
                );
                Finding::new(Fault::CheckpointAltered, detail).in_checkpoint(id)
            });
        }
    }
}

/// What the checkpoints hold is what the chains hold, and the heads say which checkpoint holds them.
async fn gathered_heads(db: &mut PgConnection, range: Range, report: &mut Report) -> Result<()> {
    report.findings.extend(held_events(&mut *db, range).await?);
    report
        .findings
        .extend(holding_checkpoints(db, range).await?);
    Ok(())
}

async fn held_events(db: &mut PgConnection, range: Range) -> Result<Option<Finding>> {
    let row = sqlx::query!(
        r#"
        select c.checkpoint_id, c.chain, c.seq, e.hash is null as "is_gone!",
            (select max(n.seq) from audit_event n where n.chain = c.chain) as newest
        from audit_checkpoint_head c
        left join audit_event e on e.chain = c.chain and e.seq = c.seq
        where c.chain between $1 and $2 and e.hash is distinct from c.hash
        order by c.checkpoint_id, c.chain
        limit 1
        "#,
        range.first,
        range.last,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let (id, seq) = (row.checkpoint_id, row.seq);
        let holds = format!("checkpoint {id} holds event {seq} of {}", named(row.chain));
        let (fault, seq, rest) = match (row.is_gone, row.newest) {
            (true, None) => (
                Fault::CaseRemoved,
                None,
                ", whose whole chain was removed".into(),
            ),
            (true, Some(newest)) if newest < seq => (
                Fault::TailCut,
                Some(newest + 1),
                format!(", but the chain ends at event {newest}: its tail was cut"),
            ),
            (true, Some(_)) => (Fault::EventMissing, Some(seq), ", which is missing".into()),
            (false, _) => (
                Fault::ChainRewritten,
                Some(seq),
                " with another hash: events up to there were altered and their hashes computed anew".into(),
            ),
        };
        Finding::in_chain(fault, row.chain, seq, holds + &rest).in_checkpoint(id)
    }))
}

/// A head whose checkpoint does not hold it: the newest checkpoints were removed, or the head was moved past them.
async fn holding_checkpoints(db: &mut PgConnection, range: Range) -> Result<Option<Finding>> {
    let row = sqlx::query!(
        r#"
        select h.chain, h.checkpoint_id as "checkpoint_id!", c.chain is null as "is_gone!"
        from audit_head h
        left join audit_checkpoint_head c on c.checkpoint_id = h.checkpoint_id and c.chain = h.chain
        where h.chain between $1 and $2 and h.checkpoint_id is not null and c.seq is distinct from h.seq
        order by h.checkpoint_id, h.chain
        limit 1
        "#,
        range.first,
        range.last,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let (id, chain) = (row.checkpoint_id, named(row.chain));
        let (fault, detail) = match row.is_gone {
            true => (
                Fault::CheckpointMissing,
                format!("checkpoint {id} is missing, or what it held: the head of {chain} says that it holds it"),
            ),
            false => (
                Fault::HeadDiffers,
                format!("the head of {chain} is not the one that checkpoint {id} holds"),
            ),
        };
        Finding::in_chain(fault, row.chain, None, detail).in_checkpoint(id)
    }))
}

/// Cases and chains are the same ones, and a case's history is the moves in its chain.
async fn cases(db: &mut PgConnection, range: Range, report: &mut Report) -> Result<()> {
    report.cases = sqlx::query_scalar!(
        r#"select count(*) as "count!" from case_file where id between $1 and $2"#,
        range.first,
        range.last,
    )
    .fetch_one(&mut *db)
    .await?;
    report.findings.extend(removed_case(db, range).await?);
    report.findings.extend(missing_chain(db, range).await?);
    report.findings.extend(history(db, range).await?);
    report.findings.extend(status(db, range).await?);
    Ok(())
}

async fn removed_case(db: &mut PgConnection, range: Range) -> Result<Option<Finding>> {
    let broken = sqlx::query_as!(
        Broken,
        r#"
        select h.chain, h.seq as "seq?"
        from audit_head h
        where h.chain between $1 and $2 and h.chain <> '00000000-0000-0000-0000-000000000000'
        and not exists (select 1 from case_file c where c.id = h.chain)
        order by h.chain
        limit 1
        "#,
        range.first,
        range.last,
    )
    .fetch_optional(db)
    .await?;
    Ok(broken.map(|row| {
        let detail = format!("{} was removed; its chain is there", named(row.chain));
        Finding::in_chain(Fault::CaseRemoved, row.chain, None, detail)
    }))
}

async fn missing_chain(db: &mut PgConnection, range: Range) -> Result<Option<Finding>> {
    let row = sqlx::query!(
        r#"
        select c.id, c.number
        from case_file c
        where c.id between $1 and $2
        and not exists (select 1 from audit_event e where e.chain = c.id and e.seq = 1)
        order by c.id
        limit 1
        "#,
        range.first,
        range.last,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let detail = format!("case {} ({}) has no chain", row.id, row.number);
        Finding::in_chain(Fault::ChainMissing, *row.id, None, detail)
    }))
}

/// The first history row is the case's creation, the others are its moves, in the same order and with the same content.
async fn history(db: &mut PgConnection, range: Range) -> Result<Option<Finding>> {
    let broken = sqlx::query_as!(
        Broken,
        r#"
        select coalesce(h.case_id, m.chain) as "chain!", coalesce(h.seq, m.n) as seq
        from (
            select case_id, seq, move, from_status, to_status, desk_id, outcome, actor_id
            from case_history
            where case_id between $1 and $2
        ) h
        full join (
            select chain, row_number() over (partition by chain order by seq) as n, kind, actor_id, data
            from audit_event
            where chain between $1 and $2 and kind in ('case_created', 'case_moved')
        ) m on m.chain = h.case_id and m.n = h.seq
        left join lateral json_to_record(m.data)
            as d (step text, "from" text, "to" text, seq bigint, desk_id uuid, outcome text) on m.kind = 'case_moved'
        where h.case_id is null
        or m.chain is null
        or (h.seq = 1) <> (m.kind = 'case_created')
        or m.actor_id is distinct from h.actor_id
        or (
            h.seq > 1
            and (d.step, d."from", d."to", d.seq, d.desk_id, d.outcome)
                is distinct from (h.move, h.from_status, h.to_status, h.seq, h.desk_id, h.outcome)
        )
        order by 1, 2
        limit 1
        "#,
        range.first,
        range.last,
    )
    .fetch_optional(db)
    .await?;
    Ok(broken.map(|row| {
        let detail = format!(
            "history row {} of {} is not the move that its chain holds, or one of the two is missing",
            row.seq.unwrap_or_default(),
            named(row.chain),
        );
        Finding::in_chain(Fault::HistoryDiffers, row.chain, None, detail)
    }))
}

async fn status(db: &mut PgConnection, range: Range) -> Result<Option<Finding>> {
    let row = sqlx::query!(
        r#"
        select c.id
        from case_file c
        left join case_history h on h.case_id = c.id and h.seq = c.status_seq
        left join case_history next on next.case_id = c.id and next.seq = c.status_seq + 1
        where c.id between $1 and $2
        and (
            (h.to_status, h.outcome) is distinct from (c.status, c.outcome)
            or h.desk_id is distinct from c.desk_id
            or next.seq is not null
        )
        order by c.id
        limit 1
        "#,
        range.first,
        range.last,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let detail = format!(
            "case {} does not stand where its newest history row says",
            row.id
        );
        Finding::in_chain(Fault::HistoryDiffers, *row.id, None, detail)
    }))
}

/// The trail goes on from a head that was kept outside the database: whoever has the key to sign and the right to
/// change everything could not change that one.
async fn kept_head(db: &mut PgConnection, kept: &AuditHead, report: &mut Report) -> Result<()> {
    let now = head::show(&mut *db).await?;
    let mut differ = |detail: String| {
        report
            .findings
            .push(Finding::new(Fault::KeptHeadDiffers, detail));
    };
    if now.chains < kept.chains || now.events < kept.events {
        differ(format!(
            "there are {} events in {} chains; the head that was kept counts {} in {}",
            now.events, now.chains, kept.events, kept.chains
        ));
    }
    if let Some(checkpoint) = &kept.checkpoint {
        let mac = sqlx::query_scalar!(
            "select mac from audit_checkpoint where id = $1",
            checkpoint.id
        )
        .fetch_optional(&mut *db)
        .await?;
        match mac {
            None => differ(format!(
                "checkpoint {} of the head that was kept is missing",
                checkpoint.id
            )),
            Some(mac) if hex::encode(&mac) != checkpoint.mac => differ(format!(
                "checkpoint {} is not the one of the head that was kept: the trail was made anew",
                checkpoint.id
            )),
            Some(_) => {}
        }
    }
    if let Some(office) = &kept.office {
        let hash = sqlx::query_scalar!(
            "select hash from audit_event where chain = $1 and seq = $2",
            Uuid::nil(),
            office.seq
        )
        .fetch_optional(&mut *db)
        .await?;
        if hash.map(hex::encode).as_deref() != Some(office.hash.as_str()) {
            differ(format!(
                "event {} of the office is not the one of the head that was kept",
                office.seq
            ));
        }
    }
    Ok(())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            events,
            chains,
            cases,
            checkpoints,
            ..
        } = self;
        writeln!(
            f,
            "{events} events in {chains} chains, {cases} cases, {checkpoints} checkpoints"
        )?;
        match self.findings.split_first() {
            None => write!(f, "The audit trail is intact."),
            Some((first, others)) => {
                write!(f, "BROKEN: {}.", first.detail)?;
                others
                    .iter()
                    .try_for_each(|finding| write!(f, "\n  also: {}.", finding.detail))
            }
        }
    }
}
