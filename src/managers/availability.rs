//! When a manager cannot be booked (absences), and when they could be (free slots).
//!
//! Free slots are a help for whoever makes an appointment, not a promise: the booking itself is judged anew, and by the
//! database. A slot lies in one period of the office's hours, so never across a lunch break; outside them a booking is
//! possible and answered with a warning ([`outside_hours`]).

use super::{Manager, find, lock, month_of, require_own};
use crate::{
    access::{Access, Actor, OFFICE, permit},
    audit::Event,
    calendar::{self, Calendar},
    desks,
    error::{Error, Fields, Result},
    http::{Answer, Body, Cursor, Items, Json, Page, Path, Query, page_size},
    ids::*,
    japan::tokyo_date,
    programme::check_span,
    public_links::dates,
    routes::ServiceConfig,
    store::Tx,
    text::Reason,
};
use actix_web::{delete, get, post};
use chrono::{DateTime, Datelike, Days, DurationRound, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};

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

/// Days that are looked at where nobody says to what day.
const USUAL_DAYS: u64 = 14;

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
            // Whoever books or offers them at this moment is judged before or after it, not beside it.
            lock(tx, &[id]).await?;
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
/// From now on, in the hours of a desk (holidays, lunch break, closures and extra openings included) and within the
/// appointment, without absences, sessions of any desk, and months whose capacity is used up; what was offered to an
/// enterprise that has not answered yet is marked as held. Slots begin on the hour and
/// the half hour, so they overlap. An inactive manager has none.
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
    let now = access.now();
    let window = Window::new(filter.from, filter.to, filter.minutes, USUAL_DAYS, now)?;
    let desk_id = filter.desk_id.or(access.actor().desk());
    if let Some(desk_id) = desk_id {
        desks::find(access.read(), desk_id)
            .await
            .map_err(|error| match error {
                Error::Problem(_) => Error::invalid("/desk_id", "is no desk"),
                other => other,
            })?;
    }
    let manager = find(access.read(), id).await?;
    let calendar = calendar::load(access.read(), desk_id).await?;
    let busy = busy(access.read(), &[id], &window).await?;
    let open = open_slots(&calendar, &window, now);
    let mut items = free_slots(&Terms::of(&manager), &open, &busy);
    let held = dates::held_times(access.read(), id, now).await?;
    for slot in &mut items {
        slot.is_held = held
            .iter()
            .any(|(from, to)| *from < slot.ends_at && slot.starts_at < *to);
    }
    Ok(Answer::ok(&Items { items }))
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
    /// Whether it was offered to an enterprise that has not answered yet. It can be booked all the same.
    pub is_held: bool,
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
    #[param(minimum = 15, maximum = 480)]
    minutes: Option<i64>,
    /// Whose hours count; where absent those of one's own desk, or else the help center's.
    desk_id: Option<DeskId>,
}

/// The days in which free time is looked for, and how much of it at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// First day, in Japan.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// How long a session is.
    pub length: TimeDelta,
}

impl Window {
    /// What somebody asked for, with the defaults filled in: from today, so many days, an hour.
    ///
    /// # Errors
    /// 422 at `/from`, `/to`, `/minutes`.
    pub fn new(
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        minutes: Option<i64>,
        usual_days: u64,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let from = from.unwrap_or_else(|| tokyo_date(now));
        let last = || from.checked_add_days(Days::new(usual_days - 1));
        let to = to.or_else(last).unwrap_or(from);
        let minutes = minutes.unwrap_or(60);
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
        Ok(Self {
            from,
            to,
            length: TimeDelta::minutes(minutes),
        })
    }

    /// Its months, whole: capacity counts by month.
    fn months(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        (month_of(self.from).0, month_of(self.to).1)
    }
}

/// What limits when a manager may be booked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub active: bool,
    pub appointed_from: Option<NaiveDate>,
    pub appointed_to: Option<NaiveDate>,
    pub monthly_capacity: i32,
}

impl Terms {
    fn of(manager: &Manager) -> Self {
        Self {
            active: manager.active,
            appointed_from: manager.appointed_from,
            appointed_to: manager.appointed_to,
            monthly_capacity: manager.monthly_capacity,
        }
    }

    fn include(&self, day: NaiveDate) -> bool {
        self.active
            && self.appointed_from.is_none_or(|from| from <= day)
            && self.appointed_to.is_none_or(|to| day <= to)
    }
}

/// When a manager has no time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Busy {
    pub manager_id: ManagerId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// An absence, not a session.
    pub is_absence: bool,
    /// A session that uses the month's capacity.
    pub is_counted: bool,
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

/// Absences and live sessions of managers in the months of a window, by time.
pub(super) async fn busy(
    db: impl PgExecutor<'_>,
    managers: &[ManagerId],
    window: &Window,
) -> Result<Vec<Busy>> {
    let managers: Vec<_> = managers.iter().map(|id| **id).collect();
    let (from, to) = window.months();
    // No session is longer than a day, so the index on its beginning serves for both ends.
    Ok(sqlx::query_as!(
        Busy,
        r#"
        select manager_id as "manager_id!: ManagerId", starts_at as "starts_at!", ends_at as "ends_at!",
            true as "is_absence!", false as "is_counted!"
        from manager_absence
        where manager_id = any ($1) and starts_at < $3 and ends_at > $2
        union all
        select g.manager_id, g.starts_at, g.ends_at, false, s.state in ('booked', 'held')
        from consultation_manager g
        join consultation s on s.id = g.consultation_id
        where g.manager_id = any ($1) and g.live
        and g.starts_at > $2::timestamptz - interval '1 day' and g.starts_at < $3 and g.ends_at > $2
        order by 2, 3, 1
        "#,
        &managers,
        from,
        to,
    )
    .fetch_all(db)
    .await?)
}

/// The slots in the office's hours that begin at `now` or later.
pub(super) fn open_slots(calendar: &Calendar, window: &Window, now: DateTime<Utc>) -> Vec<Slot> {
    window
        .from
        .iter_days()
        .take_while(|day| *day <= window.to)
        .flat_map(|day| slots_of(calendar, day, window.length))
        .filter(|slot| slot.starts_at >= now)
        .collect()
}

/// All slots of a day, each within one period of the hours.
fn slots_of(calendar: &Calendar, day: NaiveDate, length: TimeDelta) -> Vec<Slot> {
    let mut slots = Vec::new();
    for period in calendar.day(day).periods.iter() {
        let (Some(opening), Some(closing)) = (period.from.on(day), period.to.on(day)) else {
            continue;
        };
        let first = opening.duration_round_up(STEP).unwrap_or(opening);
        let starts = std::iter::successors(Some(first), |start| Some(*start + STEP));
        let within = starts.map(|starts_at| Slot {
            starts_at,
            ends_at: starts_at + length,
            is_held: false,
        });
        slots.extend(within.take_while(|slot| slot.ends_at <= closing));
    }
    slots
}

/// The open slots that touch nothing busy, within the appointment and the capacity of their month.
pub(super) fn free_slots(terms: &Terms, open: &[Slot], busy: &[Busy]) -> Vec<Slot> {
    let month = |at: DateTime<Utc>| {
        let day = tokyo_date(at);
        (day.year(), day.month())
    };
    let mut taken: HashMap<(i32, u32), i32> = HashMap::new();
    for session in busy.iter().filter(|busy| busy.is_counted) {
        *taken.entry(month(session.starts_at)).or_default() += 1;
    }
    let has_room = |slot: &Slot| {
        let taken = taken.get(&month(slot.starts_at)).copied();
        taken.unwrap_or_default() < terms.monthly_capacity
    };
    let is_free = |slot: &Slot| {
        busy.iter()
            .all(|other| other.ends_at <= slot.starts_at || slot.ends_at <= other.starts_at)
    };
    open.iter()
        .filter(|slot| terms.include(tokyo_date(slot.starts_at)))
        .filter(|slot| has_room(slot) && is_free(slot))
        .copied()
        .collect()
}

/// What to mind of a session that does not lie within the office's hours, for people (Japanese).
pub fn outside_hours(
    calendar: &Calendar,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
) -> Option<String> {
    let date = tokyo_date(starts_at);
    let day = calendar.day(date);
    let is_within = day.periods.iter().any(|period| {
        period.from.on(date).is_some_and(|from| from <= starts_at)
            && period.to.on(date).is_some_and(|to| ends_at <= to)
    });
    if is_within {
        return None;
    }
    if day.periods.is_empty() {
        let reason = day.reason.unwrap_or("休業日");
        return Some(format!("窓口の休業日です（{date} {reason}）。"));
    }
    let hours: Vec<_> = day
        .periods
        .iter()
        .map(|period| format!("{}から{}", period.from, period.to))
        .collect();
    Some(format!(
        "窓口の営業時間（{date} {}）の外にかかります。",
        hours.join("、")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        calendar::hours::{Period, TimeOfDay, Week},
        calendar::time::{Exception, Rules},
        japan::JST,
        managers::tests::manager,
    };
    use std::collections::BTreeMap;

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
            is_held: false,
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

    fn window(from: &str, to: &str, minutes: i64) -> Window {
        Window {
            from: day(from),
            to: day(to),
            length: TimeDelta::minutes(minutes),
        }
    }

    fn session(from: &str, to: &str) -> Busy {
        let Slot {
            starts_at, ends_at, ..
        } = slot(from, to);
        Busy {
            manager_id: ManagerId::new(),
            starts_at,
            ends_at,
            is_absence: false,
            is_counted: true,
        }
    }

    fn free(manager: &Manager, window: Window, busy: &[Busy], now: &str) -> Vec<String> {
        let open = open_slots(&Calendar::default(), &window, moment(now));
        starts(&free_slots(&Terms::of(manager), &open, busy))
    }

    #[test]
    fn a_free_day_from_opening_to_closing() {
        // Friday to Tuesday; Monday is a holiday (勤労感謝の日).
        let week = window("2026-11-20", "2026-11-24", 240);
        let expected = [
            "09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00", "12:30", "13:00",
        ];
        let both = ["20", "24"]
            .iter()
            .flat_map(|date| expected.iter().map(move |time| format!("{date} {time}")));
        assert_eq!(
            free(&manager(), week, &[], "2026-11-20T00:00:00"),
            both.collect::<Vec<_>>()
        );
        let open = open_slots(&Calendar::default(), &week, moment("2026-11-20T00:00:00"));
        assert_eq!(open[0].ends_at, moment("2026-11-20T13:00:00"));
    }

    #[test]
    fn what_is_busy_touches_no_slot() {
        let busy = [
            session("2026-11-20T10:15:00", "2026-11-20T11:00:00"),
            session("2026-11-20T13:00:00", "2026-11-21T00:00:00"),
        ];
        let slots = free(
            &manager(),
            window("2026-11-20", "2026-11-20", 60),
            &busy,
            "2026-11-20T09:10:00",
        );
        assert_eq!(slots, ["20 11:00", "20 11:30", "20 12:00"]);
    }

    #[test]
    fn no_slots_outside_the_appointment_or_when_inactive_or_full() {
        let now = "2026-11-16T00:00:00";
        let week = window("2026-11-16", "2026-11-20", 480);
        let mut someone = manager();
        someone.appointed_to = Some(day("2026-11-16"));
        assert_eq!(free(&someone, week, &[], now).len(), 1);
        someone.active = false;
        assert_eq!(free(&someone, week, &[], now), [""; 0]);
        let mut someone = manager();
        someone.monthly_capacity = 1;
        let busy = [session("2026-11-05T10:00:00", "2026-11-05T11:00:00")];
        let turn = window("2026-11-30", "2026-12-01", 480);
        assert_eq!(free(&someone, turn, &busy, now), ["01 09:00"]);
    }

    /// From 8:45, closed from 12:00 to 12:45, and on the 25th only until noon.
    fn desk() -> Calendar {
        let period = |from: (u16, u16), to: (u16, u16)| Period {
            from: TimeOfDay::new(from.0, from.1),
            to: TimeOfDay::new(to.0, to.1),
        };
        let hours = vec![period((8, 45), (12, 0)), period((12, 45), (17, 0))];
        let week = Week {
            monday: hours.clone(),
            tuesday: hours.clone(),
            wednesday: hours.clone(),
            thursday: hours.clone(),
            friday: hours,
            ..Week::default()
        };
        let closed = Exception {
            open: false,
            period: Some(period((12, 0), (24, 0))),
            reason: "研修".into(),
        };
        Calendar {
            desk: Some(Rules {
                hours: vec![(day("2026-04-01"), Some(week))],
                exceptions: BTreeMap::from([(day("2026-11-25"), closed)]),
            }),
            ..Calendar::default()
        }
    }

    #[test]
    fn no_slot_lies_across_a_break_or_in_a_closure() {
        let now = moment("2026-11-24T00:00:00");
        let open = open_slots(&desk(), &window("2026-11-24", "2026-11-25", 120), now);
        let expected = [
            "24 09:00", "24 09:30", "24 10:00", "24 13:00", "24 13:30", "24 14:00", "24 14:30",
            "24 15:00", "25 09:00", "25 09:30", "25 10:00",
        ];
        assert_eq!(starts(&open), expected);
    }

    #[test]
    fn outside_the_hours_there_is_a_warning() {
        let warning = |from: &str, to: &str| outside_hours(&desk(), moment(from), moment(to));
        assert_eq!(warning("2026-11-24T08:45:00", "2026-11-24T12:00:00"), None);
        assert_eq!(
            warning("2026-11-24T11:30:00", "2026-11-24T13:00:00").unwrap(),
            "窓口の営業時間（2026-11-24 08:45から12:00、12:45から17:00）の外にかかります。"
        );
        assert_eq!(
            warning("2026-11-23T10:00:00", "2026-11-23T11:00:00").unwrap(),
            "窓口の休業日です（2026-11-23 勤労感謝の日）。"
        );
        // Over midnight.
        assert!(warning("2026-11-24T16:00:00", "2026-11-25T09:30:00").is_some());
    }

    #[test]
    fn the_range_is_bounded() {
        let now = moment("2026-11-22T23:30:00");
        let asked = |from: Option<&str>, to: Option<&str>, minutes| {
            Window::new(from.map(day), to.map(day), minutes, USUAL_DAYS, now)
        };
        assert_eq!(
            asked(None, None, None).unwrap(),
            window("2026-11-22", "2026-12-05", 60)
        );
        assert!(asked(Some("2026-12-01"), Some("2027-01-31"), Some(15)).is_ok());
        assert!(asked(Some("2026-12-01"), Some("2027-02-01"), None).is_err());
        assert!(asked(Some("2026-12-01"), Some("2026-11-30"), None).is_err());
        assert!(asked(Some("+262142-12-31"), None, None).is_err());
        assert!(asked(None, None, Some(481)).is_err());
    }
}
