//! How long a case took to its first answer, its first acceptance by a desk and its first session.
//!
//! Measured when the case gets there, in business minutes from `received_at` with the waits for the enterprise (gross) and
//! without (net), by the calendar of whoever has the case then: a report over a million cases cannot walk their calendars.
//! The first answer is the end of the deadline `first_contact`. A session that is voided or moved by a merge has the first
//! session measured anew.

use crate::{cases::deadlines, error::Result, ids::CaseId, store::Tx};
use chrono::{DateTime, Utc};

/// A first answer that the deadline measured.
pub async fn answered(tx: &mut Tx, case_id: CaseId, gross: i32, net: i32) -> Result<()> {
    sqlx::query!(
        r#"
        insert into case_time (case_id, answered_at, answer_gross, answer_net)
        values ($1, $2, $3, $4)
        on conflict (case_id) do update
        set answered_at = excluded.answered_at, answer_gross = excluded.answer_gross, answer_net = excluded.answer_net
        where case_time.answered_at is null
        "#,
        *case_id,
        tx.now(),
        gross,
        net,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// A desk accepted the case; the first time counts.
pub async fn accepted(tx: &mut Tx, case_id: CaseId, received_at: DateTime<Utc>) -> Result<()> {
    let now = tx.now();
    let (gross, net) = deadlines::business_minutes(tx, case_id, received_at, now).await?;
    sqlx::query!(
        r#"
        insert into case_time (case_id, accepted_at, accept_gross, accept_net)
        values ($1, $2, $3, $4)
        on conflict (case_id) do update
        set accepted_at = excluded.accepted_at, accept_gross = excluded.accept_gross, accept_net = excluded.accept_net
        where case_time.accepted_at is null
        "#,
        *case_id,
        now,
        gross,
        net,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// The held sessions of the case are others now: one was held, voided, or moved by a merge.
pub async fn sessions_changed(tx: &mut Tx, case_id: CaseId) -> Result<()> {
    let row = sqlx::query!(
        r#"
        select c.received_at, s.held_from as "held_from?", s.settled_at as "settled_at?"
        from case_file c
        left join consultation s on s.case_id = c.id and s.state = 'held'
        where c.id = $1
        order by s.held_from, s.id
        limit 1
        "#,
        *case_id,
    )
    .fetch_one(tx.db())
    .await?;
    let (minutes, recorded_at) = match row.held_from {
        // A late entry may lie before the day on which the case is said to have come.
        Some(held) => {
            let from = row.received_at.min(held);
            let minutes = deadlines::business_minutes(tx, case_id, from, held).await?;
            (Some(minutes), row.settled_at)
        }
        None => (None, None),
    };
    sqlx::query!(
        r#"
        insert into case_time (case_id, session_at, session_recorded_at, session_gross, session_net)
        values ($1, $2, $3, $4, $5)
        on conflict (case_id) do update
        set session_at = excluded.session_at, session_recorded_at = excluded.session_recorded_at,
            session_gross = excluded.session_gross, session_net = excluded.session_net
        "#,
        *case_id,
        row.held_from,
        recorded_at,
        minutes.map(|(gross, _)| gross),
        minutes.map(|(_, net)| net),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}
