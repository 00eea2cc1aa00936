//! What the worker does about deadlines: counts them anew by a new calendar, notes that they passed, and gives back what
//! no desk took up.
//!
//! Every act is a transaction of its own that locks the case and judges once more what it found without a lock. So it
//! happens once, however many workers there are and whenever one of them dies.

use super::{Clock, Wait, clock, count_anew};
use crate::{
    access::Actor,
    audit::Event,
    calendar::{self, Calendar},
    cases::{Move, Status, Step, lock, transition},
    error::Result,
    ids::{CaseId, DeskId},
    programme::DueKind,
    settings::Settings,
    store::Store,
};
use chrono::{DateTime, Utc};
use sqlx::types::Json as SqlJson;
use std::{collections::HashMap, sync::Arc};

/// How many are read at once.
const BATCH: i64 = 500;

/// Looks after all deadlines: counts anew what was counted by an older calendar, then notes what has passed.
pub async fn watch(store: &Store, system: &Actor) -> Result<()> {
    recount(store, system).await?;
    note_passed(store, system).await
}

/// The calendars of offices, each read once.
struct Calendars<'a> {
    store: &'a Store,
    read: HashMap<Option<DeskId>, Arc<Calendar>>,
}

impl<'a> Calendars<'a> {
    fn of(store: &'a Store) -> Self {
        Self {
            store,
            read: HashMap::new(),
        }
    }

    async fn get(&mut self, desk_id: Option<DeskId>) -> Result<Arc<Calendar>> {
        if let Some(calendar) = self.read.get(&desk_id) {
            return Ok(calendar.clone());
        }
        let calendar = Arc::new(calendar::load(self.store.reader(), desk_id).await?);
        self.read.insert(desk_id, calendar.clone());
        Ok(calendar)
    }

    async fn clock(&mut self, desk_id: Option<DeskId>, waits: &[Wait]) -> Result<Clock> {
        Ok(Clock::new(
            self.get(None).await?,
            self.get(desk_id).await?,
            waits,
        ))
    }
}

/// A deadline that was counted by an older calendar.
struct Stale {
    id: i64,
    case_id: CaseId,
    desk_id: Option<DeskId>,
    kind: DueKind,
    started_at: DateTime<Utc>,
    days: i32,
    due_at: DateTime<Utc>,
    waits: SqlJson<Vec<Wait>>,
}

/// Counts anew what runs and was counted by an older calendar; those by which nothing changes all at once, the others
/// case by case, which their timelines say. Also finds what was counted while the calendar was being changed.
async fn recount(store: &Store, system: &Actor) -> Result<()> {
    let mut calendars = Calendars::of(store);
    let version = calendars.get(None).await?.version;
    let mut after = 0;
    loop {
        let stale = read_stale(store, version, after).await?;
        let Some(last) = stale.last() else {
            return Ok(());
        };
        after = last.id;
        let (mut same, mut cases) = (Vec::new(), Vec::new());
        for row in stale {
            let clock = calendars.clock(row.desk_id, &row.waits.0).await?;
            match clock.due(row.kind, row.started_at, row.days.unsigned_abs()) == row.due_at {
                true => same.push((row.id, row.due_at)),
                false => cases.push(row.case_id),
            }
        }
        note_same(store, system, version, &same).await?;
        cases.sort_unstable();
        cases.dedup();
        for case_id in cases {
            recount_case(store, system, case_id).await?;
        }
    }
}

async fn read_stale(store: &Store, version: i64, after: i64) -> Result<Vec<Stale>> {
    Ok(sqlx::query_as!(
        Stale,
        r#"
        select d.id, d.case_id, c.desk_id as "desk_id: DeskId", d.kind as "kind: DueKind", d.started_at, d.days as "days!", d.due_at,
            (
                select coalesce(json_agg(w order by w.began_at), '[]')
                from enterprise_wait w
                where w.case_id = d.case_id
            ) as "waits!: SqlJson<Vec<Wait>>"
        from deadline d
        join case_file c on c.id = d.case_id
        where d.done_at is null and d.passed_at is null and not d.paused and d.days is not null
        and d.due_at > $1 and d.calendar_version < $2 and d.id > $3
        order by d.id
        limit $4
        "#,
        store.now(),
        version,
        after,
        BATCH,
    )
    .fetch_all(store.reader())
    .await?)
}

/// Nothing moves and nobody is told: the rows say only which calendar agrees with them.
async fn note_same(
    store: &Store,
    system: &Actor,
    version: i64,
    same: &[(i64, DateTime<Utc>)],
) -> Result<()> {
    let (ids, dues): (Vec<i64>, Vec<DateTime<Utc>>) = same.iter().copied().unzip();
    store
        .transaction(system, async |tx| {
            tx.unchanged();
            sqlx::query!(
                r#"
        update deadline d
        set calendar_version = $3
        from unnest($1::bigint[], $2::timestamptz[]) as n (id, due_at)
        where d.id = n.id and d.due_at = n.due_at and d.calendar_version < $3
        "#,
                &ids,
                &dues,
                version,
            )
            .execute(tx.db())
            .await?;
            Ok(())
        })
        .await
}

async fn recount_case(store: &Store, system: &Actor, case_id: CaseId) -> Result<()> {
    store
        .transaction(system, async |tx| {
            lock(tx, case_id).await?;
            let moved = count_anew(tx, case_id).await?;
            if moved.is_empty() {
                // Another worker was faster, or it was done in the meantime.
                tx.unchanged();
            }
            for deadline in moved {
                tx.record(
                    case_id,
                    Event::DeadlineMoved {
                        due: deadline.kind.name().into(),
                        from: deadline.from,
                        to: deadline.to,
                        because: "calendar".into(),
                    },
                );
            }
            Ok(())
        })
        .await
}

/// Notes the deadlines that have passed, each once. A case that no desk accepted in time is brought before the
/// supervisor. Offers are not among them: they expire ([`crate::offers::expire_due`]).
async fn note_passed(store: &Store, system: &Actor) -> Result<()> {
    let cases = sqlx::query_scalar!(
        r#"
        select case_id
        from deadline
        where done_at is null and passed_at is null and not paused and due_at <= $1 and kind <> 'answer_offer'
        group by case_id
        order by min(due_at)
        limit 1000
        "#,
        store.now(),
    )
    .fetch_all(store.reader())
    .await?;
    for case_id in cases {
        store
            .transaction(system, async |tx| {
                lock(tx, case_id).await?;
                let passed = sqlx::query!(
                    r#"
                    update deadline
                    set passed_at = $2
                    where case_id = $1
                    and done_at is null and passed_at is null and not paused and due_at <= $2 and kind <> 'answer_offer'
                    returning kind as "kind: DueKind", due_at
                    "#,
                    *case_id,
                    tx.now(),
                )
                .fetch_all(tx.db())
                .await?;
                if passed.is_empty() {
                    // Another worker noted it, or it was met in the meantime.
                    tx.unchanged();
                }
                for row in passed {
                    let (due, due_at) = (row.kind.name().to_owned(), row.due_at);
                    let to = "supervisor".to_owned();
                    tx.record(case_id, Event::DeadlinePassed { due: due.clone(), due_at });
                    if row.kind == DueKind::Accept {
                        tx.record(case_id, Event::DeadlineEscalated { due, to });
                    }
                }
                Ok(())
            })
            .await?;
    }
    Ok(())
}

/// Returns the routed cases that no desk took up in time (design: The life of a case): in as much business time of the
/// desk, without the waits for the enterprise, as the settings give it.
pub async fn return_unclaimed(store: &Store, system: &Actor) -> Result<()> {
    let days = Settings::load(store.reader()).await?.return_days;
    let mut calendars = Calendars::of(store);
    let mut after = 0;
    loop {
        let routed = sqlx::query!(
            r#"
            select d.id, d.case_id, c.desk_id as "desk_id: DeskId", d.started_at,
                (
                    select coalesce(json_agg(w order by w.began_at), '[]')
                    from enterprise_wait w
                    where w.case_id = d.case_id
                ) as "waits!: SqlJson<Vec<Wait>>"
            from deadline d
            join case_file c on c.id = d.case_id
            where c.status = 'routed' and d.kind = 'accept' and d.done_at is null and not d.paused
            and d.id > $1
            order by d.id
            limit $2
            "#,
            after,
            BATCH,
        )
        .fetch_all(store.reader())
        .await?;
        let Some(last) = routed.last() else {
            return Ok(());
        };
        after = last.id;
        for row in routed {
            let clock = calendars.clock(row.desk_id, &row.waits.0).await?;
            if clock.due(DueKind::Accept, row.started_at, days) <= store.now() {
                return_case(store, system, row.case_id, days).await?;
            }
        }
    }
}

async fn return_case(store: &Store, system: &Actor, case_id: CaseId, days: u32) -> Result<()> {
    store
        .transaction(system, async |tx| {
            let mut case = lock(tx, case_id).await?;
            let accept = sqlx::query!(
                r#"
                select started_at, paused
                from deadline
                where case_id = $1 and kind = 'accept' and done_at is null
                "#,
                *case_id,
            )
            .fetch_optional(tx.db())
            .await?;
            let clock = clock(tx, case_id).await?;
            let is_over = accept.is_some_and(|accept| {
                !accept.paused && clock.due(DueKind::Accept, accept.started_at, days) <= tx.now()
            });
            if case.status != Status::Routed || !is_over {
                // A desk took it, somebody moved it, or another worker was faster.
                tx.unchanged();
                return Ok(());
            }
            let reason = format!("{days}営業日以内に受理されなかったため、自動で差し戻しました。");
            let how = Move {
                reason: Some(&reason),
                ..Move::default()
            };
            transition(tx, &mut case, Step::Return, how).await
        })
        .await
}
