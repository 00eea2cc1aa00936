//! What is due on a case. The earliest deadline that runs shows on the case, kept there by a trigger.
//!
//! A deadline counts business days ([`start`], see [`crate::calendar::time`]) by the calendar of whoever has the case: the
//! help center until a desk has it, then the desk. Or it is an exact time that was told to somebody ([`set`]): a callback,
//! the day until which a manager answers, the end of a wait; no calendar and no wait moves such a promise.
//!
//! While the case waits for the enterprise, what the office owes stands still ([`pause`], [`resume`]). What has passed
//! stays passed: neither a wait nor a new calendar nor another desk makes it undone. A deadline ends as met ([`done`]) or
//! because it fell away ([`cancel`]), and keeps how much business time it took, with the waits (gross) and without (net).
//!
//! What the worker does about deadlines is in [`watch`].

mod watch;

use super::{Case, Status, Step};
use crate::{
    calendar::{Calendar, Span},
    error::Result,
    figures::times,
    ids::{CaseId, DeskId},
    programme::{DueKind, Outcome, WaitingOn},
    store::Tx,
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::types::Json as SqlJson;
use std::sync::Arc;
use uuid::Uuid;
pub use watch::{return_unclaimed, watch};

/// What stands still while the case waits for the enterprise. An offer does not: the manager was told a day.
const STANDING_STILL: [DueKind; 4] = [
    DueKind::Route,
    DueKind::Accept,
    DueKind::FirstContact,
    DueKind::Report,
];

/// A wait for the enterprise; without an end it lasts.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Wait {
    began_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

/// What the deadlines of one case count by.
struct Clock {
    office: Arc<Calendar>,
    /// Of whoever has the case.
    owner: Arc<Calendar>,
    /// Over, in order and apart.
    waits: Vec<Span>,
    /// Since when the case waits for the enterprise now.
    waiting_since: Option<DateTime<Utc>>,
}

impl Clock {
    fn new(office: Arc<Calendar>, owner: Arc<Calendar>, waits: &[Wait]) -> Self {
        let mut over: Vec<Span> = Vec::new();
        for wait in waits {
            // Processes whose clocks differ may write waits that overlap by a moment.
            let from = over
                .last()
                .map_or(wait.began_at, |last| last.to.max(wait.began_at));
            if let Some(to) = wait.ended_at.filter(|to| *to > from) {
                over.push(Span { from, to });
            }
        }
        Self {
            office,
            owner,
            waits: over,
            waiting_since: waits
                .iter()
                .find(|wait| wait.ended_at.is_none())
                .map(|wait| wait.began_at),
        }
    }

    fn calendar(&self, kind: DueKind) -> &Calendar {
        match kind {
            // A case on its way to a desk is the help center's matter until it has arrived.
            DueKind::Route => &self.office,
            _ => &self.owner,
        }
    }

    /// When it is due, as far as the waits are over.
    fn due(&self, kind: DueKind, started_at: DateTime<Utc>, days: u32) -> DateTime<Utc> {
        let waits = match stands_still(kind) {
            true => self.waits.as_slice(),
            false => &[],
        };
        self.calendar(kind).deadline(started_at, days, waits)
    }

    fn pauses(&self, kind: DueKind) -> bool {
        self.waiting_since.is_some() && stands_still(kind)
    }

    /// Minutes of business time, with the waits and without.
    fn minutes(&self, kind: DueKind, from: DateTime<Utc>, to: DateTime<Utc>) -> (i32, i32) {
        let mut waits = self.waits.clone();
        waits.extend(
            self.waiting_since
                .filter(|since| *since < to)
                .map(|from| Span { from, to }),
        );
        let minutes = |waits: &[Span]| {
            let open = self.calendar(kind).open_time(from, to, waits);
            i32::try_from(open.num_minutes()).unwrap_or(i32::MAX)
        };
        (minutes(&[]), minutes(&waits))
    }

    /// The state of the calendar it counts by.
    fn version(&self) -> i64 {
        self.office.version.min(self.owner.version)
    }
}

fn stands_still(kind: DueKind) -> bool {
    STANDING_STILL.contains(&kind)
}

fn names(kinds: &[DueKind]) -> Vec<String> {
    kinds.iter().map(|kind| kind.name().to_owned()).collect()
}

async fn clock(tx: &mut Tx, case_id: CaseId) -> Result<Clock> {
    let row = sqlx::query!(
        r#"
        select desk_id as "desk_id: DeskId",
            (
                select coalesce(json_agg(w order by w.began_at), '[]')
                from enterprise_wait w
                where w.case_id = c.id
            ) as "waits!: SqlJson<Vec<Wait>>"
        from case_file c
        where id = $1
        "#,
        *case_id,
    )
    .fetch_one(tx.db())
    .await?;
    let office = tx.calendar(None).await?;
    let owner = tx.calendar(row.desk_id).await?;
    Ok(Clock::new(office, owner, &row.waits.0))
}

/// When something is due on the case that begins at a moment and has so many business days.
pub async fn due_after(
    tx: &mut Tx,
    case: &Case,
    kind: DueKind,
    from: DateTime<Utc>,
    days: u32,
) -> Result<DateTime<Utc>> {
    Ok(clock(tx, case.id).await?.due(kind, from, days))
}

/// Business minutes on a case between two moments, by the calendar of whoever has it: with the waits for the enterprise, and
/// without.
pub async fn business_minutes(
    tx: &mut Tx,
    case_id: CaseId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<(i32, i32)> {
    let clock = clock(tx, case_id).await?;
    Ok(clock.minutes(DueKind::FirstContact, from, to))
}

/// Starts a deadline of so many business days, or starts it anew. `subject` is the offer, interaction or consultation; the
/// case itself otherwise.
pub async fn start(
    tx: &mut Tx,
    case_id: CaseId,
    kind: DueKind,
    subject: Uuid,
    from: DateTime<Utc>,
    days: u32,
) -> Result<()> {
    let clock = clock(tx, case_id).await?;
    let deadline = New {
        kind,
        subject,
        started_at: from,
        days: Some(i32::try_from(days).unwrap_or(i32::MAX)),
        due_at: clock.due(kind, from, days),
        paused: clock.pauses(kind),
        calendar_version: clock.version(),
    };
    write(tx, case_id, &deadline).await
}

/// Sets a deadline at a time that was told to somebody, or sets it anew.
pub async fn set(
    tx: &mut Tx,
    case_id: CaseId,
    kind: DueKind,
    subject: Uuid,
    due_at: DateTime<Utc>,
) -> Result<()> {
    let deadline = New {
        kind,
        subject,
        started_at: tx.now(),
        days: None,
        due_at,
        paused: false,
        calendar_version: 0,
    };
    write(tx, case_id, &deadline).await
}

/// A deadline as it is written.
struct New {
    kind: DueKind,
    subject: Uuid,
    started_at: DateTime<Utc>,
    days: Option<i32>,
    due_at: DateTime<Utc>,
    paused: bool,
    calendar_version: i64,
}

async fn write(tx: &mut Tx, case_id: CaseId, new: &New) -> Result<()> {
    sqlx::query!(
        r#"
        insert into deadline (case_id, kind, subject_id, started_at, days, due_at, paused, calendar_version)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (case_id, kind, subject_id) where done_at is null do update
        set started_at = excluded.started_at, days = excluded.days, due_at = excluded.due_at, paused = excluded.paused,
            calendar_version = excluded.calendar_version, passed_at = null
        "#,
        *case_id,
        new.kind.name(),
        new.subject,
        new.started_at,
        new.days,
        new.due_at,
        new.paused,
        new.calendar_version,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Notes that deadlines of these kinds are met; of one subject, or of all. Returns how many.
pub async fn done(
    tx: &mut Tx,
    case_id: CaseId,
    kinds: &[DueKind],
    subject: Option<Uuid>,
) -> Result<u64> {
    end(tx, case_id, kinds, subject, true).await
}

/// Notes that deadlines of these kinds fell away, without having been met. Returns how many.
pub async fn cancel(
    tx: &mut Tx,
    case_id: CaseId,
    kinds: &[DueKind],
    subject: Option<Uuid>,
) -> Result<u64> {
    end(tx, case_id, kinds, subject, false).await
}

async fn end(
    tx: &mut Tx,
    case_id: CaseId,
    kinds: &[DueKind],
    subject: Option<Uuid>,
    met: bool,
) -> Result<u64> {
    let open = sqlx::query!(
        r#"
        select id, kind as "kind: DueKind", started_at
        from deadline
        where case_id = $1 and kind = any ($2) and done_at is null and ($3::uuid is null or subject_id = $3)
        "#,
        *case_id,
        &names(kinds),
        subject,
    )
    .fetch_all(tx.db())
    .await?;
    if open.is_empty() {
        return Ok(0);
    }
    let (clock, now) = (clock(tx, case_id).await?, tx.now());
    let ids: Vec<i64> = open.iter().map(|row| row.id).collect();
    let minutes = open
        .iter()
        .map(|row| clock.minutes(row.kind, row.started_at, now));
    let (gross, net): (Vec<i32>, Vec<i32>) = minutes.unzip();
    let answer = open
        .iter()
        .position(|row| met && row.kind == DueKind::FirstContact);
    if let Some(answer) = answer {
        times::answered(tx, case_id, gross[answer], net[answer]).await?;
    }
    let ended = sqlx::query!(
        r#"
        update deadline d
        set done_at = $4, met = $5, gross_minutes = n.gross, net_minutes = n.net, paused = false
        -- In sub-queries, so that the plan is made once and not for each number of deadlines.
        from unnest((select $1::bigint[]), (select $2::int[]), (select $3::int[])) as n (id, gross, net)
        where d.id = n.id and d.done_at is null
        "#,
        &ids,
        &gross,
        &net,
        now,
        met,
    )
    .execute(tx.db())
    .await?;
    Ok(ended.rows_affected())
}

/// From now on the case waits for the enterprise: what the office owes and is not late with stands still.
pub(super) async fn pause(tx: &mut Tx, case_id: CaseId) -> Result<()> {
    sqlx::query!(
        r#"
        with wait as (
            insert into enterprise_wait (case_id, began_at)
            select $1, greatest($2, (select max(w.ended_at) from enterprise_wait w where w.case_id = $1))
            on conflict (case_id, began_at) do update set ended_at = null
        )
        update deadline
        set paused = true
        where case_id = $1 and done_at is null and due_at > $2 and kind = any ($3)
        "#,
        *case_id,
        tx.now(),
        &names(&STANDING_STILL),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// The case does not wait for the enterprise any more: what stood still runs on, with as much time as it had left.
pub(super) async fn resume(tx: &mut Tx, case_id: CaseId) -> Result<()> {
    sqlx::query!(
        "update enterprise_wait set ended_at = greatest(began_at, $2) where case_id = $1 and ended_at is null",
        *case_id,
        tx.now(),
    )
    .execute(tx.db())
    .await?;
    count_anew(tx, case_id).await?;
    Ok(())
}

/// Says whom the case waits for now, to what stands still by it.
pub(super) async fn wait(tx: &mut Tx, case: &Case, on: WaitingOn) -> Result<()> {
    match (case.waiting_on, on) {
        (WaitingOn::Enterprise, WaitingOn::Enterprise) => Ok(()),
        (_, WaitingOn::Enterprise) => pause(tx, case.id).await,
        (WaitingOn::Enterprise, _) => resume(tx, case.id).await,
        _ => Ok(()),
    }
}

/// A deadline that was moved.
struct Moved {
    kind: DueKind,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

/// Counts what runs on a case anew from its start, by the calendar as it is now. What has passed stays, and nothing
/// becomes overdue by it.
async fn count_anew(tx: &mut Tx, case_id: CaseId) -> Result<Vec<Moved>> {
    let now = tx.now();
    let running = sqlx::query!(
        r#"
        select id, kind as "kind: DueKind", started_at, days as "days!", due_at, paused
        from deadline
        where case_id = $1 and done_at is null and days is not null and (paused or due_at > $2)
        "#,
        *case_id,
        now,
    )
    .fetch_all(tx.db())
    .await?;
    if running.is_empty() {
        return Ok(Vec::new());
    }
    let clock = clock(tx, case_id).await?;
    let (mut ids, mut dues, mut pauses, mut moved) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in running {
        let counted = clock.due(row.kind, row.started_at, row.days.unsigned_abs());
        let due_at = match counted <= now && row.due_at > now {
            true => row.due_at,
            false => counted,
        };
        if due_at != row.due_at {
            let (from, to) = (row.due_at, due_at);
            moved.push(Moved {
                kind: row.kind,
                from,
                to,
            });
        }
        ids.push(row.id);
        dues.push(due_at);
        pauses.push(clock.pauses(row.kind) && (row.paused || due_at > now));
    }
    sqlx::query!(
        r#"
        update deadline d
        set due_at = n.due_at, paused = n.paused, calendar_version = $4
        from unnest($1::bigint[], $2::timestamptz[], $3::bool[]) as n (id, due_at, paused)
        where d.id = n.id
        "#,
        &ids,
        &dues,
        &pauses,
        clock.version(),
    )
    .execute(tx.db())
    .await?;
    Ok(moved)
}

/// Brings the deadlines in line with a change of status; `before` is the case as it was.
pub(super) async fn follow(tx: &mut Tx, case: &Case, before: &Case, step: Step) -> Result<()> {
    let settings = tx.settings().await?;
    let (id, now) = (case.id, tx.now());
    wait(tx, before, case.waiting_on).await?;
    match case.status {
        Status::Closed => {
            let answered = [Outcome::Answered, Outcome::Completed, Outcome::Referred];
            if case
                .outcome
                .is_some_and(|outcome| answered.contains(&outcome))
            {
                done(tx, id, &[DueKind::FirstContact], None).await?;
            }
            cancel(tx, id, DueKind::ALL, None).await?;
        }
        Status::Received => {
            cancel(tx, id, &[DueKind::Accept, DueKind::WaitReview], None).await?;
            start(tx, id, DueKind::Route, *id, now, settings.route_days).await?;
        }
        Status::Routed => {
            done(tx, id, &[DueKind::Route], None).await?;
            cancel(tx, id, &[DueKind::Accept, DueKind::WaitReview], None).await?;
            start(tx, id, DueKind::Accept, *id, now, settings.accept_days).await?;
        }
        Status::Accepted if step == Step::Accept || before.status == Status::Closed => {
            if step == Step::Accept {
                times::accepted(tx, id, case.received_at).await?;
            }
            done(tx, id, &[DueKind::Accept], None).await?;
            cancel(tx, id, &[DueKind::WaitReview], None).await?;
        }
        // The wait ended with the move.
        Status::Accepted | Status::Assigned | Status::Consulting => {
            cancel(tx, id, &[DueKind::WaitReview], None).await?;
        }
    }
    if case.desk_id != before.desk_id {
        count_anew(tx, id).await?;
    }
    Ok(())
}
