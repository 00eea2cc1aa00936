//! Closures and extra openings (`/calendar/exceptions`).
//!
//! Days that have passed stay as they were: nothing is opened afterwards, and an exception that has begun is not taken
//! back but ended. A closure may be entered up to a week late (a typhoon, a failure of the lines): it gives those who
//! wait for the office nothing but more time.

use super::{changed, hours::TimeOfDay};
use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    desks,
    error::{Error, Fields, OnConstraint, Result},
    http::{Answer, Body, Items, Json, Path, Query},
    ids::{CalendarExceptionId, DeskId},
    japan::tokyo_date,
    programme::check_period,
    routes::ServiceConfig,
    store::Tx,
    text::Line200,
};
use actix_web::{delete, get, post};
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use utoipa::{IntoParams, ToSchema};

/// How late a closure may be entered.
const LATE_DAYS: i64 = 7;

/// How many days an exception may have after its first.
const MOST_DAYS: i64 = 366;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(list_exceptions)
        .service(add_exception)
        .service(remove_exception);
}

/// Which exceptions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExceptionFilter {
    /// Those that end on this day or later; today where absent.
    from: Option<NaiveDate>,
    /// Only those of this desk; all where absent.
    desk_id: Option<DeskId>,
}

/// A closure or an extra opening.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CalendarException {
    /// Which.
    pub id: CalendarExceptionId,
    /// The desk; null for the help center and the desks that follow it.
    pub desk_id: Option<DeskId>,
    /// The first day.
    pub date_from: NaiveDate,
    /// The last day.
    pub date_to: NaiveDate,
    /// Open in these hours instead of the usual ones, or closed.
    pub open: bool,
    /// From when; null for a closure of whole days.
    pub from: Option<TimeOfDay>,
    /// Until when.
    pub to: Option<TimeOfDay>,
    /// Why, as staff read it in the calendar.
    pub reason: String,
}

/// A new closure or extra opening.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddExceptionRequest {
    /// The first day; a closure may lie up to a week back, an opening not at all.
    pub date_from: NaiveDate,
    /// The last day, at most 366 days later; the first where absent.
    pub date_to: Option<NaiveDate>,
    /// A desk; where absent the help center, and the desks as far as they follow it: all closures, and openings where a
    /// desk has no hours of its own.
    pub desk_id: Option<DeskId>,
    /// An extra opening, or a closure.
    pub open: bool,
    /// When the opening or the closed hours begin; needed for an opening, and goes with `to`.
    pub from: Option<TimeOfDay>,
    /// When they end.
    pub to: Option<TimeOfDay>,
    /// Why, as staff read it in the calendar.
    pub reason: Line200,
}

impl AddExceptionRequest {
    fn last_day(&self) -> NaiveDate {
        self.date_to.unwrap_or(self.date_from)
    }
}

impl Body for AddExceptionRequest {
    fn check(&self, fields: &mut Fields) {
        check_period(
            fields,
            ("/date_from", Some(self.date_from)),
            ("/date_to", self.date_to),
        );
        fields.require(
            (self.last_day() - self.date_from).num_days() <= MOST_DAYS,
            "/date_to",
            "must be at most 366 days after the first day",
        );
        fields.require(
            self.from.is_some() || !self.open,
            "/from",
            "is required for an opening",
        );
        match (self.from, self.to) {
            (Some(from), Some(to)) => fields.require(from < to, "/to", "must be after from"),
            (Some(_), None) => fields.add("/to", "goes with from"),
            (None, Some(_)) if !self.open => fields.add("/from", "goes with to"),
            _ => {}
        }
    }
}

/// List closures and extra openings
#[utoipa::path(
    tag = "office",
    operation_id = "list_calendar_exceptions",
    params(ExceptionFilter),
    responses((status = 200, description = "In the order of their days", body = Items<CalendarException>)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/calendar/exceptions")]
async fn list_exceptions(
    access: Access<permit::ReadDirectory>,
    Query(filter): Query<ExceptionFilter>,
) -> Result<Answer> {
    let from = filter.from.unwrap_or_else(|| tokyo_date(access.now()));
    let items = load(access.read(), None, Some(from), filter.desk_id).await?;
    Ok(Answer::ok(&Items { items }))
}

/// Close an office, or open it
///
/// By the day, or by hours of it. Deadlines that are running are counted anew; none becomes overdue by it, and what has
/// passed stays passed.
#[utoipa::path(
    tag = "office",
    operation_id = "add_calendar_exception",
    request_body = AddExceptionRequest,
    responses((status = 201, description = "The exception", body = CalendarException)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[post("/calendar/exceptions")]
async fn add_exception(
    access: Access<permit::ManageOffice>,
    Json(body): Json<AddExceptionRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            check_when_and_whose(tx, &body).await?;
            let id = insert(tx, &body).await?;
            tx.record(
                OFFICE,
                Event::CalendarExceptionAdded {
                    exception_id: id,
                    desk_id: body.desk_id,
                    open: body.open,
                    date_from: body.date_from,
                    date_to: body.last_day(),
                },
            );
            let added = load(tx.db(), Some(id), None, None).await?.pop();
            let added = added.expect("inserted in this transaction");
            Ok(Answer::created(
                "/api/v1/calendar/exceptions".into(),
                &added,
            ))
        })
        .await
}

/// Take back a closure or an extra opening
///
/// One that has begun ends yesterday; one that is over stays.
#[utoipa::path(
    tag = "office",
    operation_id = "remove_calendar_exception",
    params(("id" = Uuid, Path, description = "The exception")),
    responses((status = 204, description = "It does not count any more")),
    extensions(("x-permission" = json!("manage_office")))
)]
#[delete("/calendar/exceptions/{id}")]
async fn remove_exception(
    access: Access<permit::ManageOffice>,
    Path(id): Path<CalendarExceptionId>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let today = tokyo_date(tx.now());
            changed(tx).await?;
            let found = load(tx.db(), Some(id), None, None).await?.pop();
            let exception = found.ok_or_else(Error::not_found)?;
            if exception.date_to < today {
                return Err(Error::conflict(
                    "It is over: what has passed stays as it was.",
                ));
            }
            let yesterday = today
                .pred_opt()
                .expect("the clock is not at the beginning of time");
            sqlx::query!(
                r#"
                with ended as (
                    update calendar_exception
                    set date_to = $2
                    where id = $1 and date_from <= $2
                )
                delete from calendar_exception
                where id = $1 and date_from > $2
                "#,
                *id,
                yesterday,
            )
            .execute(tx.db())
            .await?;
            let desk_id = exception.desk_id;
            tx.record(
                OFFICE,
                Event::CalendarExceptionRemoved {
                    exception_id: id,
                    desk_id,
                },
            );
            Ok(Answer::no_content())
        })
        .await
}

/// What only the clock and the desks can judge.
async fn check_when_and_whose(tx: &mut Tx, body: &AddExceptionRequest) -> Result<()> {
    let today = tokyo_date(tx.now());
    let mut fields = Fields::default();
    match body.open {
        true => fields.require(
            body.date_from >= today,
            "/date_from",
            "must not lie in the past",
        ),
        false => fields.require(
            body.date_from >= today - TimeDelta::days(LATE_DAYS),
            "/date_from",
            "must not lie more than a week back",
        ),
    }
    if let Some(desk_id) = body.desk_id {
        let exists = desks::find(tx.db(), desk_id).await.is_ok();
        fields.require(exists, "/desk_id", "is no desk");
    }
    fields.finish()
}

async fn insert(tx: &mut Tx, body: &AddExceptionRequest) -> Result<CalendarExceptionId> {
    changed(tx).await?;
    let id = CalendarExceptionId::new();
    let minutes = |time: Option<TimeOfDay>| time.map(|time| time.minutes() as i16);
    sqlx::query!(
        r#"
        insert into calendar_exception (id, desk_id, date_from, date_to, open, opens_at, closes_at, reason, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        "#,
        *id,
        body.desk_id.map(|id| *id),
        body.date_from,
        body.last_day(),
        body.open,
        minutes(body.from),
        minutes(body.to),
        body.reason.as_str(),
        tx.now(),
    )
    .execute(tx.db())
    .await
    .on_constraint("calendar_exception_once", || {
        Error::conflict("A day of it has a closure or an opening already: take that back first.")
    })?;
    Ok(id)
}

/// The one read query: one of them, or those that end on a day or later.
async fn load(
    db: impl PgExecutor<'_>,
    id: Option<CalendarExceptionId>,
    from: Option<NaiveDate>,
    desk_id: Option<DeskId>,
) -> Result<Vec<CalendarException>> {
    let rows = sqlx::query!(
        r#"
        select id, desk_id, date_from, date_to, open, opens_at, closes_at, reason
        from calendar_exception
        where ($1::uuid is null or id = $1)
        and ($2::date is null or date_to >= $2)
        and ($3::uuid is null or desk_id = $3)
        order by date_from, id
        "#,
        id.map(|id| *id),
        from,
        desk_id.map(|id| *id),
    )
    .fetch_all(db)
    .await?;
    let time =
        |minutes: Option<i16>| minutes.and_then(|minutes| TimeOfDay::from_minutes(minutes as u16));
    Ok(rows
        .into_iter()
        .map(|row| CalendarException {
            id: row.id,
            desk_id: row.desk_id,
            date_from: row.date_from,
            date_to: row.date_to,
            open: row.open,
            from: time(row.opens_at),
            to: time(row.closes_at),
            reason: row.reason,
        })
        .collect())
}
