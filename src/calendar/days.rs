//! The calendar as people read it: day by day, with why it is closed.

use super::{
    Calendar,
    hours::{Period, TimeOfDay},
    load,
};
use crate::{
    access::{Access, permit},
    desks,
    error::{Error, Fields, Result},
    http::{Answer, Query},
    ids::DeskId,
    japan::tokyo_date,
    programme::check_period,
    routes::ServiceConfig,
};
use actix_web::get;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The most days shown at once.
const MOST_DAYS: i64 = 400;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(show_calendar);
}

/// Which days, and whose.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CalendarFilter {
    /// The first day; today where absent.
    from: Option<NaiveDate>,
    /// The last day, at most 400 days in all; 30 days after the first where absent.
    to: Option<NaiveDate>,
    /// A desk's calendar; the help center's where absent.
    desk_id: Option<DeskId>,
}

/// The days.
#[derive(Serialize, ToSchema)]
pub struct CalendarView {
    /// In their order.
    pub days: Vec<DayView>,
}

/// A day as an office has it.
#[derive(Serialize, ToSchema)]
pub struct DayView {
    /// The day.
    pub date: NaiveDate,
    /// Whether it is open at any time.
    pub open: bool,
    /// Why it is closed, or has other hours: the holiday's name, or what the office wrote.
    #[schema(example = "勤労感謝の日")]
    pub reason: Option<String>,
    /// When it opens first.
    pub from: Option<TimeOfDay>,
    /// When it closes last.
    pub to: Option<TimeOfDay>,
    /// When it is open; two periods where there is a lunch break.
    pub periods: Vec<Period>,
}

/// Show the calendar
///
/// The help center's or a desk's: hours, weekends, national holidays, the year end, closures and extra openings.
#[utoipa::path(
    tag = "office",
    operation_id = "show_calendar",
    params(CalendarFilter),
    responses((status = 200, description = "The days", body = CalendarView)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/calendar")]
async fn show_calendar(
    access: Access<permit::ReadDirectory>,
    Query(filter): Query<CalendarFilter>,
) -> Result<Answer> {
    let from = filter.from.unwrap_or_else(|| tokyo_date(access.now()));
    let to = filter.to.or_else(|| from.checked_add_days(Days::new(30)));
    let mut fields = Fields::default();
    check_period(&mut fields, ("/from", Some(from)), ("/to", to));
    let count = to.map_or(0, |to| (to - from).num_days() + 1);
    fields.require(
        count <= MOST_DAYS,
        "/to",
        "must be at most 400 days from the first day",
    );
    fields.finish()?;
    if let Some(desk_id) = filter.desk_id {
        desks::find(access.read(), desk_id)
            .await
            .map_err(|error| match error {
                Error::Problem(_) => Error::invalid("/desk_id", "is no desk"),
                other => other,
            })?;
    }
    let calendar = load(access.read(), filter.desk_id).await?;
    let dates = from.iter_days().take(usize::try_from(count).unwrap_or(0));
    let days = dates.map(|date| show(&calendar, date)).collect();
    Ok(Answer::ok(&CalendarView { days }))
}

fn show(calendar: &Calendar, date: NaiveDate) -> DayView {
    let day = calendar.day(date);
    DayView {
        date,
        open: !day.periods.is_empty(),
        reason: day.reason.map(str::to_owned),
        from: day.periods.first().map(|period| period.from),
        to: day.periods.last().map(|period| period.to),
        periods: day.periods.into_owned(),
    }
}
