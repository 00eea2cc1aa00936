//! What is due on a case. The earliest open deadline shows on the case, kept there by a trigger.
//!
//! Deadlines are set when their reason arises and done when it is met; they are never moved by a change of the settings.

use super::{Case, Status, Step};
use crate::{
    calendar::add_business_days, error::Result, ids::CaseId, programme::DueKind, store::Tx,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Sets a deadline, or sets it anew. `subject` is the offer, interaction or consultation; the case itself otherwise.
pub async fn set(
    tx: &mut Tx,
    case_id: CaseId,
    kind: DueKind,
    subject: Uuid,
    due_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        r#"
        insert into deadline (case_id, kind, subject_id, due_at)
        values ($1, $2, $3, $4)
        on conflict (case_id, kind, subject_id) do update set due_at = excluded.due_at, done_at = null
        "#,
        *case_id,
        kind.name(),
        subject,
        due_at,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Notes that deadlines of these kinds are met; of one subject, or of all.
pub async fn done(
    tx: &mut Tx,
    case_id: CaseId,
    kinds: &[DueKind],
    subject: Option<Uuid>,
) -> Result<u64> {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.name().to_owned()).collect();
    let done = sqlx::query!(
        r#"
        update deadline
        set done_at = $4
        where case_id = $1 and kind = any ($2) and done_at is null and ($3::uuid is null or subject_id = $3)
        "#,
        *case_id,
        &kinds,
        subject,
        tx.now(),
    )
    .execute(tx.db())
    .await?;
    Ok(done.rows_affected())
}

/// Brings the deadlines in line with a change of status.
pub(super) async fn follow(tx: &mut Tx, case: &Case, from: Status, step: Step) -> Result<()> {
    let settings = tx.settings().await?;
    let (id, now) = (case.id, tx.now());
    match case.status {
        Status::Closed => {
            done(tx, id, DueKind::ALL, None).await?;
        }
        Status::Received => {
            done(tx, id, &[DueKind::Accept, DueKind::WaitReview], None).await?;
            set(
                tx,
                id,
                DueKind::Route,
                *id,
                add_business_days(now, settings.route_days),
            )
            .await?;
        }
        Status::Routed => {
            done(tx, id, &[DueKind::Route, DueKind::WaitReview], None).await?;
            set(
                tx,
                id,
                DueKind::Accept,
                *id,
                add_business_days(now, settings.accept_days),
            )
            .await?;
        }
        Status::Accepted if step == Step::Accept || from == Status::Closed => {
            done(tx, id, &[DueKind::Accept], None).await?;
        }
        Status::Accepted | Status::Assigned | Status::Consulting => {}
    }
    Ok(())
}
