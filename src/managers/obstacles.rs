//! What speaks against a manager: when a case is offered to them, and when a session is booked or moved.
//!
//! An [`OfferObstacle`] is what a supervisor may set aside with a reason, which is recorded; what no reason sets aside is an
//! error of its own. Capacity is judged by count, not by a constraint, so the caller holds the lock of the managers: of two
//! desks that take the last session of a month the second waits, and then counts the first.

use super::Manager;
use crate::{
    access::Actor,
    cases::Case,
    error::{Error, Result},
    ids::*,
    japan::tokyo_date,
    programme::OfferObstacle,
    store::Tx,
    text::Reason,
};
use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use sqlx::PgExecutor;

/// Why an offer to this manager would need a reason, in the order of their weight; none for a plain offer. That they are
/// active no reason sets aside: see [`super::find_for_offer`].
pub async fn check_offer(
    db: impl PgExecutor<'_>,
    manager: &Manager,
    enterprise_id: EnterpriseId,
    now: DateTime<Utc>,
) -> Result<Vec<OfferObstacle>> {
    let today = tokyo_date(now);
    let (month, next_month) = month_of(today);
    let facts = sqlx::query!(
        r#"
        select
            (
                select count(*)
                from consultation_manager g
                join consultation s on s.id = g.consultation_id
                where g.manager_id = $1
                and g.starts_at >= $2 and g.starts_at < $3
                and s.state in ('booked', 'held')
            ) as "taken!",
            exists (
                select 1
                from manager_absence
                where manager_id = $1 and starts_at <= $4 and ends_at > $4
            ) as "is_absent!",
            exists (
                select 1
                from manager_conflict
                where manager_id = $1 and enterprise_id = $5
            ) as "has_conflict!"
        "#,
        *manager.id,
        month,
        next_month,
        now,
        *enterprise_id,
    )
    .fetch_one(db)
    .await?;
    Ok(standing([
        !manager.is_appointed_on(today),
        facts.has_conflict,
        facts.is_absent,
        facts.taken >= i64::from(manager.monthly_capacity),
    ]))
}

/// A session that is to be booked, or moved to that time.
#[derive(Clone, Copy, Debug)]
pub struct SessionPlan {
    /// When it begins: its day in Japan is that of the appointment, its month that of the capacity.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// The session that is moved, and when it began before.
    pub moved: Option<(ConsultationId, DateTime<Utc>)>,
}

/// Why a session of these managers would need a reason; the caller has locked them.
///
/// Within its month a session that is moved uses nothing more. A conflict of interest that was on record when a reason was
/// given for the manager's offer, or for the session that is moved, was set aside then.
pub async fn check_session(
    tx: &mut Tx,
    case: &Case,
    managers: &[ManagerId],
    plan: SessionPlan,
) -> Result<Vec<OfferObstacle>> {
    let managers: Vec<_> = managers.iter().map(|id| **id).collect();
    let day = tokyo_date(plan.starts_at);
    let (month, next_month) = month_of(day);
    let is_counted_already = plan
        .moved
        .is_some_and(|(_, before)| (month..next_month).contains(&before));
    let facts = sqlx::query!(
        r#"
        -- What is given stands in sub-queries: what it is does not count for the plan, which is then made once and not
        -- every time. Making it takes ten times as long as following it.
        select
            coalesce(bool_or(m.appointed_from > $2 or m.appointed_to < $2), false) as "is_outside!",
            coalesce(bool_or(exists (
                select 1
                from manager_conflict k
                where k.manager_id = m.id and k.enterprise_id = (select $3::uuid)
                and not exists (
                    select 1
                    from assignment a
                    join offer o on o.id = a.offer_id
                    where a.case_id = (select $4::uuid) and a.manager_id = m.id and a.ended_at is null
                    and o.override_reason is not null and o.offered_at >= k.created_at
                )
                and not exists (
                    select 1
                    from consultation s
                    where s.id = (select $5::uuid) and s.override_reason is not null and s.booked_at >= k.created_at
                )
            )), false) as "has_conflict!",
            coalesce(bool_or(exists (
                select 1
                from manager_absence b
                where b.manager_id = m.id
                and b.starts_at < (select $7::timestamptz) and b.ends_at > (select $6::timestamptz)
            )), false) as "is_absent!",
            coalesce(bool_or((
                select count(*)
                from consultation_manager g
                join consultation s on s.id = g.consultation_id
                where g.manager_id = m.id
                and g.starts_at >= (select $8::timestamptz) and g.starts_at < (select $9::timestamptz)
                and s.state in ('booked', 'held')
            ) >= m.monthly_capacity), false) as "is_full!"
        from manager m
        where m.id = any (array(select unnest($1::uuid[])))
        "#,
        &managers,
        day,
        *case.enterprise_id,
        *case.id,
        plan.moved.map(|(id, _)| *id),
        plan.starts_at,
        plan.ends_at,
        month,
        next_month,
    )
    .fetch_one(tx.db())
    .await?;
    Ok(standing([
        facts.is_outside,
        facts.has_conflict,
        facts.is_absent,
        facts.is_full && !is_counted_already,
    ]))
}

/// Whether a conflict of interest or the end of the appointment forbids a manager to accept what was offered plainly. When
/// they have time is theirs to know: each session is judged by its own day and month.
pub async fn check_acceptance(
    db: impl PgExecutor<'_>,
    manager: &Manager,
    enterprise_id: EnterpriseId,
    now: DateTime<Utc>,
) -> Result<Vec<OfferObstacle>> {
    let mut obstacles = check_offer(db, manager, enterprise_id, now).await?;
    obstacles.retain(|obstacle| {
        matches!(
            obstacle,
            OfferObstacle::OutsideAppointment | OfferObstacle::ConflictOfInterest
        )
    });
    Ok(obstacles)
}

/// Lets pass what nothing speaks against, and what a supervisor gives a reason for. `was_overridden`: somebody gave one
/// before.
///
/// # Errors
/// 403 where another than a supervisor gives the reason, 409 where there is none.
pub fn require_reason(
    actor: &Actor,
    obstacles: &[OfferObstacle],
    reason: Option<&Reason>,
    was_overridden: bool,
) -> Result<()> {
    if obstacles.is_empty() {
        return Ok(());
    }
    if reason.is_some() && !actor.is_lead() {
        return Err(Error::forbidden(format!(
            "A supervisor may do this with a reason: {}.",
            names(obstacles)
        )));
    }
    match reason.is_some() || was_overridden {
        true => Ok(()),
        false => Err(Error::conflict(format!(
            "Say in override_reason why it is done all the same: {}.",
            names(obstacles)
        ))),
    }
}

/// As the API writes them.
pub fn names(obstacles: &[OfferObstacle]) -> String {
    let names: Vec<_> = obstacles.iter().map(|obstacle| obstacle.name()).collect();
    names.join(", ")
}

/// Those that stand, in the order of their weight: outside the appointment, conflict, absent, full.
fn standing(facts: [bool; 4]) -> Vec<OfferObstacle> {
    let all = [
        OfferObstacle::OutsideAppointment,
        OfferObstacle::ConflictOfInterest,
        OfferObstacle::Absent,
        OfferObstacle::CapacityFull,
    ];
    let stands = facts.into_iter().zip(all).filter(|(stands, _)| *stands);
    stands.map(|(_, obstacle)| obstacle).collect()
}

/// The month of a day in Tokyo: its first moment and that of the next one.
pub(super) fn month_of(day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let first = day.with_day(1).expect("every month has a first day");
    let next = first
        .checked_add_months(Months::new(1))
        .unwrap_or(NaiveDate::MAX);
    let midnight = |day| {
        crate::calendar::hours::TimeOfDay::new(0, 0)
            .on(day)
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    };
    (midnight(first), midnight(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_in_tokyo() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let month = |text: &str| month_of(tokyo_date(at(text)));
        let november = (at("2026-10-31T15:00:00Z"), at("2026-11-30T15:00:00Z"));
        assert_eq!(month("2026-10-31T15:00:00Z"), november);
        assert_eq!(month("2026-11-30T14:59:59Z"), november);
        assert_eq!(month("2026-12-31T16:00:00Z").0, at("2026-12-31T15:00:00Z"));
    }
}
