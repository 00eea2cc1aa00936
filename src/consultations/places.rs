//! The places: which of the N sessions of a case are used.

use super::{OnDoubleBooking, check_stages};
use crate::{
    cases::{Case, deadlines},
    error::{Error, ProblemType, Result},
    figures::times,
    ids::*,
    programme::*,
    store::Tx,
};
use chrono::{DateTime, Utc};

/// The lowest place that is free, in a case that the caller has locked.
///
/// # Errors
/// 409 `consultation-limit-reached`.
pub(super) async fn lowest_free(tx: &mut Tx, case: &Case) -> Result<i32> {
    let used = used_places(tx, case).await?;
    (1..=case.session_limit)
        .find(|place| !used.contains(place))
        .ok_or_else(|| {
            Error::problem(
                ProblemType::ConsultationLimitReached,
                format!(
                    "All {} free sessions of this case are used.",
                    case.session_limit
                ),
            )
        })
}

async fn used_places(tx: &mut Tx, case: &Case) -> Result<Vec<i32>> {
    let places = sqlx::query_scalar!(
        r#"select session_place as "place!" from consultation where case_id = $1 and live order by 1"#,
        *case.id
    )
    .fetch_all(tx.db())
    .await?;
    Ok(places)
}

/// Moves the used places together at the front, so that the limit can be lowered; returns how many are used.
pub async fn compact_places(tx: &mut Tx, case: &Case) -> Result<i32> {
    sqlx::query!(
        r#"
        update consultation s
        set session_place = r.place
        from (
            select id, (row_number() over (order by session_place))::int as place
            from consultation
            where case_id = $1 and live
        ) r
        where s.id = r.id and s.session_place <> r.place
        "#,
        *case.id
    )
    .execute(tx.db())
    .await?;
    Ok(used_places(tx, case).await?.len() as i32)
}

/// A session that changes its case.
struct Moving {
    id: ConsultationId,
    live: bool,
    /// When its report was due to be written, if it still is.
    report_from: Option<DateTime<Utc>>,
}

/// Moves sessions between two cases that the caller has locked: by a merge the used ones (`origin` none), by its undoing
/// all that were booked for the case `origin`.
///
/// # Errors
/// 409 `consultation-limit-reached` when they find no place; 409 `case-double-booked` when two were at the same time.
pub async fn move_sessions(
    tx: &mut Tx,
    from: &Case,
    to: &Case,
    origin: Option<CaseId>,
) -> Result<Vec<ConsultationId>> {
    let moving = sqlx::query_as!(
        Moving,
        r#"
        select s.id, s.live,
            case when s.state = 'held' and coalesce(r.state, 'draft') = 'draft' then s.settled_at end as report_from
        from consultation s
        left join report r on r.consultation_id = s.id
        where s.case_id = $1 and (($2::uuid is null and s.live) or s.origin_case_id = $2)
        order by s.starts_at, s.id
        "#,
        *from.id,
        origin.map(|id| *id),
    )
    .fetch_all(tx.db())
    .await?;
    let used = used_places(tx, to).await?;
    let mut free = (1..=to.session_limit).filter(|place| !used.contains(place));
    let settings = tx.settings().await?;
    for session in &moving {
        let place = match session.live {
            true => Some(free.next().ok_or_else(|| {
                Error::problem(
                    ProblemType::ConsultationLimitReached,
                    format!("{} has no room for the used sessions: an admin must raise its limit first.", to.number),
                )
            })?),
            false => None,
        };
        sqlx::query!(
            "update consultation set case_id = $2, session_limit = $3, session_place = $4, updated_at = $5 where id = $1",
            *session.id,
            *to.id,
            to.session_limit,
            place,
            tx.now(),
        )
        .execute(tx.db())
        .await
        .on_double_booking()?;
        // What is due moves along.
        let (kind, days) = (DueKind::Report, settings.report_days);
        deadlines::cancel(tx, from.id, &[kind], Some(*session.id)).await?;
        if let Some(held) = session.report_from {
            deadlines::start(tx, to.id, kind, *session.id, held, days).await?;
        }
    }
    check_stages(tx).await?;
    if !moving.is_empty() {
        times::sessions_changed(tx, from.id).await?;
        times::sessions_changed(tx, to.id).await?;
    }
    Ok(moving.into_iter().map(|session| session.id).collect())
}
