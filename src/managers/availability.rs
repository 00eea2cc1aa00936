//! When a manager cannot be booked (absences), and when they could be (free slots).
//!
//! Free slots are a help for whoever makes an appointment, not a promise: the booking itself is judged by the database.
//! Office hours are plain weekdays here; the calendar of holidays and closures refines them when it comes.

use super::{Manager, find, require_own};
use crate::{
    access::{Access, Actor, OFFICE, permit},
    audit::Event,
    error::{Error, Fields, Result},
    http::{Answer, Body, Cursor, Items, Json, Page, Path, Query, page_size},
    ids::*,
    japan::{JST, tokyo_date},
    programme::check_span,
    store::Tx,
    text::Reason,
};
use actix_web::{delete, get, post};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(list_absences)
        .service(add_absence)
        .service(remove_absence)
        .service(list_free_slots);
}

/// Most days that free slots are looked for.
const MAX_DAYS: i64 = 62;

/// Slots begin on the hour and the half hour.
const STEP: TimeDelta = TimeDelta::minutes(30);

const OPENING: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("nine o'clock exists");
const CLOSING: NaiveTime = NaiveTime::from_hms_opt(17, 0, 0).expect("five o'clock exists");

/// List the absences of a manager
///
/// The earliest first. Reasons are for the programme office and the manager themself.
#[utoipa::path(
    tag = "people",
    operation_id = "list_absences",
    params(("id" = Uuid, Path, description = "The manager"), AbsenceFilter),
    responses((status = 200, description = "One page of absences", body = Page<Absence>)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/managers/{id}/absences")]
async fn list_absences(
    access: Access<permit::ReadDirectory>,
    Path(id): Path<ManagerId>,
    Query(filter): Query<AbsenceFilter>,
) -> Result<Answer> {
    require_own(access.actor(), id)?;
    let limit = page_size(filter.limit)?;
    let after = filter.cursor.as_ref().map(Cursor::keys).transpose()?;
    find(access.read(), id).await?;
    let absences = load(access.read(), id, &filter, after, limit + 1).await?;
    let page = Page::new(absences, limit, |absence| (absence.starts_at, absence.id));
    let items = page
        .items
        .into_iter()
        .map(|absence| absence.shown_to(access.actor()))
        .collect();
    Ok(Answer::ok(&Page {
        items,
        next_cursor: page.next_cursor,
    }))
}

/// Enter an absence
///
/// Managers enter their own. Appointments that lie in it stay until somebody moves them.
#[utoipa::path(
    tag = "people",
    operation_id = "add_absence",
    params(("id" = Uuid, Path, description = "The manager")),
    request_body = AddAbsenceRequest,
    responses((status = 201, description = "The absence", body = Absence)),
    extensions(("x-permission" = json!("write_absences")))
)]
#[post("/managers/{id}/absences")]
async fn add_absence(
    access: Access<permit::WriteAbsences>,
    Path(id): Path<ManagerId>,
    Json(body): Json<AddAbsenceRequest>,
) -> Result<Answer> {
    require_own(access.actor(), id)?;
    access
        .transaction(async |tx| {
            find(tx.db(), id).await?;
            let absence = add(tx, id, &body).await?;
            Ok(Answer::created(
                format!("/api/v1/managers/{id}/absences/{}", absence.id),
                &absence,
            ))
        })
        .await
}

/// Remove an absence
///
/// Managers remove their own.
#[utoipa::path(
    tag = "people",
    operation_id = "remove_absence",
    params(("id" = Uuid, Path, description = "The manager"), ("absence_id" = Uuid, Path, description = "The absence")),
    responses((status = 204, description = "Removed")),
    extensions(("x-permission" = json!("write_absences")))
)]
#[delete("/managers/{id}/absences/{absence_id}")]
async fn remove_absence(
    access: Access<permit::WriteAbsences>,
    Path((id, absence_id)): Path<(ManagerId, AbsenceId)>,
) -> Result<Answer> {
    require_own(access.actor(), id)?;
    access
        .transaction(async |tx| {
            let removed = sqlx::query!(
                "delete from manager_absence where id = $1 and manager_id = $2",
                *absence_id,
                *id
            )
            .execute(tx.db())
            .await?;
            if removed.rows_affected() == 0 {
                return Err(Error::not_found());
            }
            tx.record(
                OFFICE,
                Event::AbsenceRemoved {
                    absence_id,
                    manager_id: id,
                },
            );
            Ok(Answer::no_content())
        })
        .await
}

/// List the free slots of a manager
///
/// From now on, in office hours (weekdays 9:00 to 17:00 in Japan) and within the appointment, without absences and
/// sessions; beginning on the hour and the half hour, so that slots overlap. An inactive manager has none.
#[utoipa::path(
    tag = "people",
    operation_id = "list_free_slots",
    params(("id" = Uuid, Path, description = "The manager"), SlotFilter),
    responses((status = 200, description = "When a session could begin", body = Items<Slot>)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/managers/{id}/free-slots")]
async fn list_free_slots(
    access: Access<permit::ReadDirectory>,
    Path(id): Path<ManagerId>,
    Query(filter): Query<SlotFilter>,
) -> Result<Answer> {
    let (from, to, length) = filter.range(access.now())?;
    let manager = find(access.read(), id).await?;
    let busy = busy(
        access.read(),
        id,
        opening_of(from),
        opening_of(to) + TimeDelta::days(1),
    )
    .await?;
    Ok(Answer::ok(&Items {
        items: free_slots(&manager, (from, to), length, &busy, access.now()),
    }))
}

/// When a manager cannot be booked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Absence {
    /// This entry.
    pub id: AbsenceId,
    /// The manager.
    pub manager_id: ManagerId,
    /// From this moment.
    pub starts_at: DateTime<Utc>,
    /// To this moment, exclusive.
    pub ends_at: DateTime<Utc>,
    /// Why; null for those whom it does not concern.
    pub reason: Option<Reason>,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
}

impl Absence {
    fn shown_to(self, actor: &Actor) -> Self {
        match actor.is_admin() || actor.manager() == Some(self.manager_id) {
            true => self,
            false => Self {
                reason: None,
                ..self
            },
        }
    }
}

/// A time at which a session could be held.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct Slot {
    /// From this moment.
    pub starts_at: DateTime<Utc>,
    /// To this moment, exclusive.
    pub ends_at: DateTime<Utc>,
}

/// Which absences are listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AbsenceFilter {
    /// Those that end after this moment.
    from: Option<DateTime<Utc>>,
    /// Those that begin before this moment.
    to: Option<DateTime<Utc>>,
    /// Items per page, 1 to 200; 50 where absent.
    limit: Option<i64>,
    /// Where the page starts.
    cursor: Option<Cursor>,
}

/// Where free slots are looked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SlotFilter {
    /// First day, in Japan; today where absent.
    from: Option<NaiveDate>,
    /// Last day; 13 days after the first where absent, 61 at most.
    to: Option<NaiveDate>,
    /// Length of the session in minutes, 15 to 480; 60 where absent.
    minutes: Option<i64>,
}

impl SlotFilter {
    /// First day, last day and length, with the defaults filled in.
    fn range(&self, now: DateTime<Utc>) -> Result<(NaiveDate, NaiveDate, TimeDelta)> {
        let from = self.from.unwrap_or_else(|| tokyo_date(now));
        let to = self
            .to
            .unwrap_or_else(|| from.checked_add_days(Days::new(13)).unwrap_or(from));
        let minutes = self.minutes.unwrap_or(60);
        let mut fields = Fields::default();
        crate::programme::check_period(&mut fields, ("/from", Some(from)), ("/to", Some(to)));
        fields.require(
            (to - from).num_days() < MAX_DAYS,
            "/to",
            "must be at most 61 days after from",
        );
        fields.require(
            (15..=480).contains(&minutes),
            "/minutes",
            "must be between 15 and 480",
        );
        fields.finish()?;
        Ok((from, to, TimeDelta::minutes(minutes)))
    }
}

/// An absence.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAbsenceRequest {
    /// From this moment.
    pub starts_at: DateTime<Utc>,
    /// To this moment, exclusive.
    pub ends_at: DateTime<Utc>,
    /// Why; shown to the programme office and the manager only.
    pub reason: Option<Reason>,
}

impl Body for AddAbsenceRequest {
    fn check(&self, fields: &mut Fields) {
        check_span(
            fields,
            ("/starts_at", self.starts_at),
            ("/ends_at", self.ends_at),
        );
    }
}

async fn add(tx: &mut Tx, manager_id: ManagerId, body: &AddAbsenceRequest) -> Result<Absence> {
    let id = AbsenceId::new();
    let now = tx.now();
    let absence = sqlx::query_as!(
        Absence,
        r#"
        insert into manager_absence (id, manager_id, starts_at, ends_at, reason, created_at)
        values ($1, $2, $3, $4, $5, $6)
        returning id, manager_id, starts_at, ends_at, reason as "reason: _", created_at
        "#,
        *id,
        *manager_id,
        body.starts_at,
        body.ends_at,
        body.reason.as_ref().map(Reason::as_str),
        now,
    )
    .fetch_one(tx.db())
    .await?;
    tx.record(
        OFFICE,
        Event::AbsenceAdded {
            absence_id: id,
            manager_id,
        },
    );
    Ok(absence)
}

async fn load(
    db: impl PgExecutor<'_>,
    manager_id: ManagerId,
    filter: &AbsenceFilter,
    after: Option<(DateTime<Utc>, AbsenceId)>,
    limit: i64,
) -> Result<Vec<Absence>> {
    let (after_start, after_id) = after.unzip();
    Ok(sqlx::query_as!(
        Absence,
        r#"
        select id, manager_id, starts_at, ends_at, reason as "reason: _", created_at
        from manager_absence
        where manager_id = $1
        and ($2::timestamptz is null or ends_at > $2)
        and ($3::timestamptz is null or starts_at < $3)
        and ($4::timestamptz is null or (starts_at, id) > ($4, $5))
        order by starts_at, id
        limit $6
        "#,
        *manager_id,
        filter.from,
        filter.to,
        after_start,
        after_id.map(|id| *id),
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Absences and live sessions of a manager that touch the span.
async fn busy(
    db: impl PgExecutor<'_>,
    manager_id: ManagerId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Slot>> {
    Ok(sqlx::query_as!(
        Slot,
        r#"
        select starts_at as "starts_at!", ends_at as "ends_at!"
        from manager_absence
        where manager_id = $1 and starts_at < $3 and ends_at > $2
        union all
        select starts_at, ends_at
        from consultation_manager
        where manager_id = $1 and live and starts_at < $3 and ends_at > $2
        "#,
        *manager_id,
        from,
        to,
    )
    .fetch_all(db)
    .await?)
}

/// 9:00 of that day in Tokyo.
fn opening_of(day: NaiveDate) -> DateTime<Utc> {
    at(day, OPENING)
}

fn at(day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    day.and_time(time)
        .and_local_timezone(JST)
        .single()
        .expect("Japan has no summer time")
        .to_utc()
}

/// The slots of `length` between two days, both included, that begin at `now` or later and touch nothing busy.
fn free_slots(
    manager: &Manager,
    (from, to): (NaiveDate, NaiveDate),
    length: TimeDelta,
    busy: &[Slot],
    now: DateTime<Utc>,
) -> Vec<Slot> {
    let is_office_day = |day: &NaiveDate| day.weekday().num_days_from_monday() < 5;
    from.iter_days()
        .take_while(|day| *day <= to)
        .filter(is_office_day)
        .filter(|day| manager.active && manager.is_appointed_on(*day))
        .flat_map(|day| slots_of(day, length))
        .filter(|slot| slot.starts_at >= now)
        .filter(|slot| {
            busy.iter()
                .all(|other| other.ends_at <= slot.starts_at || slot.ends_at <= other.starts_at)
        })
        .collect()
}

/// All slots of a day in office hours.
fn slots_of(day: NaiveDate, length: TimeDelta) -> impl Iterator<Item = Slot> {
    let closing = at(day, CLOSING);
    let starts = std::iter::successors(Some(opening_of(day)), |start| Some(*start + STEP));
    starts
        .map(move |starts_at| Slot {
            starts_at,
            ends_at: starts_at + length,
        })
        .take_while(move |slot| slot.ends_at <= closing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::managers::tests::manager;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn moment(text: &str) -> DateTime<Utc> {
        format!("{text}+09:00")
            .parse::<DateTime<chrono::FixedOffset>>()
            .unwrap()
            .to_utc()
    }

    fn slot(from: &str, to: &str) -> Slot {
        Slot {
            starts_at: moment(from),
            ends_at: moment(to),
        }
    }

    /// The beginnings of slots as hours and minutes in Tokyo.
    fn starts(slots: &[Slot]) -> Vec<String> {
        slots
            .iter()
            .map(|slot| {
                slot.starts_at
                    .with_timezone(&JST)
                    .format("%d %H:%M")
                    .to_string()
            })
            .collect()
    }

    #[test]
    fn a_free_day_from_opening_to_closing() {
        let now = moment("2026-11-20T00:00:00");
        // Friday to Monday.
        let slots = free_slots(
            &manager(),
            (day("2026-11-20"), day("2026-11-23")),
            TimeDelta::hours(4),
            &[],
            now,
        );
        let expected = [
            "09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00", "12:30", "13:00",
        ];
        let both = ["20", "23"]
            .iter()
            .flat_map(|date| expected.iter().map(move |time| format!("{date} {time}")));
        assert_eq!(starts(&slots), both.collect::<Vec<_>>());
        assert_eq!(slots[0].ends_at, moment("2026-11-20T13:00:00"));
    }

    #[test]
    fn what_is_busy_touches_no_slot() {
        let busy = [
            slot("2026-11-20T10:15:00", "2026-11-20T11:00:00"),
            slot("2026-11-20T13:00:00", "2026-11-24T00:00:00"),
        ];
        let now = moment("2026-11-20T09:10:00");
        let slots = free_slots(
            &manager(),
            (day("2026-11-20"), day("2026-11-23")),
            TimeDelta::hours(1),
            &busy,
            now,
        );
        assert_eq!(starts(&slots), ["20 11:00", "20 11:30", "20 12:00"]);
    }

    #[test]
    fn no_slots_outside_the_appointment_or_when_inactive() {
        let now = moment("2026-11-16T00:00:00");
        let week = (day("2026-11-16"), day("2026-11-20"));
        let mut someone = manager();
        someone.appointed_to = Some(day("2026-11-16"));
        assert_eq!(
            free_slots(&someone, week, TimeDelta::hours(8), &[], now).len(),
            1
        );
        someone.active = false;
        assert_eq!(
            free_slots(&someone, week, TimeDelta::hours(8), &[], now),
            []
        );
    }

    #[test]
    fn the_range_is_bounded() {
        let now = moment("2026-11-22T23:30:00");
        let filter = |from: Option<&str>, to: Option<&str>, minutes| SlotFilter {
            from: from.map(day),
            to: to.map(day),
            minutes,
        };
        let usual = filter(None, None, None).range(now).unwrap();
        assert_eq!(
            usual,
            (day("2026-11-22"), day("2026-12-05"), TimeDelta::hours(1))
        );
        assert!(
            filter(Some("2026-12-01"), Some("2027-01-31"), Some(15))
                .range(now)
                .is_ok()
        );
        assert!(
            filter(Some("2026-12-01"), Some("2027-02-01"), None)
                .range(now)
                .is_err()
        );
        assert!(
            filter(Some("2026-12-01"), Some("2026-11-30"), None)
                .range(now)
                .is_err()
        );
        assert!(
            filter(Some("+262142-12-31"), None, None)
                .range(now)
                .is_err()
        );
        assert!(filter(None, None, Some(481)).range(now).is_err());
    }
}
