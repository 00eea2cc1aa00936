//! Opening hours: the help center's (`/settings/hours`) and a desk's (`/desks/{id}/hours`).
//!
//! Hours are true from a day on, so that what has passed keeps the hours it had.

use super::{changed, hours::Week};
use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    desks,
    error::{Error, Fields, Result},
    http::{Answer, Body, Json, Path, Precondition},
    ids::DeskId,
    japan::tokyo_date,
    programme::check_period,
    routes::ServiceConfig,
    store::Tx,
};
use actix_web::{get, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json as SqlJson};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(show_hours)
        .service(set_hours)
        .service(show_desk_hours)
        .service(set_desk_hours);
}

/// The hours of an office, from the past to what is planned.
#[derive(Serialize, ToSchema)]
pub struct HoursView {
    /// What is in force today.
    pub today: Week,
    /// Every change in its order. Before the first, and where `week` is null, a desk keeps the help center's hours and
    /// the help center Monday to Friday 9:00 to 17:00.
    pub changes: Vec<HoursChange>,
}

/// The hours from a day on.
#[derive(Serialize, ToSchema)]
pub struct HoursChange {
    /// The first day.
    pub from: NaiveDate,
    /// The week; null: no hours of its own.
    pub week: Option<Week>,
}

/// New hours.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetHoursRequest {
    /// The first day, today or later; today where absent. Hours that were planned for the same day are replaced.
    pub from: Option<NaiveDate>,
    /// The week, a lunch break being the gap between two periods. Null: a desk keeps the help center's hours, the help
    /// center the standard ones.
    pub week: Option<Week>,
}

impl Body for SetHoursRequest {
    fn check(&self, fields: &mut Fields) {
        check_period(fields, ("/from", self.from), ("/from", None));
        for (day, fault) in self.week.iter().flat_map(Week::faults) {
            let pointer = match day {
                "" => "/week".to_owned(),
                day => format!("/week/{day}"),
            };
            fields.add(pointer, fault);
        }
    }
}

/// Show the help center's opening hours
#[utoipa::path(
    tag = "office",
    operation_id = "show_hours",
    responses((status = 200, description = "The hours", body = HoursView)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/settings/hours")]
async fn show_hours(access: Access<permit::ReadDirectory>) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    show(&mut db, None, tokyo_date(access.now())).await
}

/// Set the help center's opening hours
///
/// Deadlines that are running are counted anew; none becomes overdue by it, and what has passed stays passed.
#[utoipa::path(
    tag = "office",
    operation_id = "set_hours",
    request_body = SetHoursRequest,
    responses((status = 200, description = "The hours", body = HoursView)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[put("/settings/hours")]
async fn set_hours(
    access: Access<permit::ManageOffice>,
    Json(body): Json<SetHoursRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| set(tx, None, precondition, &body).await)
        .await
}

/// Show a desk's opening hours
#[utoipa::path(
    tag = "office",
    operation_id = "show_desk_hours",
    params(("id" = Uuid, Path, description = "The desk")),
    responses((status = 200, description = "The hours", body = HoursView)),
    extensions(("x-permission" = json!("read_directory")))
)]
#[get("/desks/{id}/hours")]
async fn show_desk_hours(
    access: Access<permit::ReadDirectory>,
    Path(id): Path<DeskId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    desks::find(&mut *db, id).await?;
    show(&mut db, Some(id), tokyo_date(access.now())).await
}

/// Set a desk's opening hours
///
/// As for the help center.
#[utoipa::path(
    tag = "office",
    operation_id = "set_desk_hours",
    params(("id" = Uuid, Path, description = "The desk")),
    request_body = SetHoursRequest,
    responses((status = 200, description = "The hours", body = HoursView)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[put("/desks/{id}/hours")]
async fn set_desk_hours(
    access: Access<permit::ManageOffice>,
    Path(id): Path<DeskId>,
    Json(body): Json<SetHoursRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            desks::find(tx.db(), id).await?;
            set(tx, Some(id), precondition, &body).await
        })
        .await
}

/// Sets hours from a day on. The version is that of the whole calendar: who changes it must have seen it.
async fn set(
    tx: &mut Tx,
    desk_id: Option<DeskId>,
    precondition: Precondition,
    body: &SetHoursRequest,
) -> Result<Answer> {
    let today = tokyo_date(tx.now());
    let from = body.from.unwrap_or(today);
    // The row is ours from here on; the version that was there before is what the client must have seen.
    let seen = changed(tx).await? - 1;
    precondition.require(seen)?;
    if from < today {
        return Err(Error::invalid("/from", "must not lie in the past"));
    }
    sqlx::query!(
        r#"
        insert into opening_hours (id, desk_id, valid_from, week, created_at)
        values ($1, $2, $3, $4, $5)
        on conflict on constraint opening_hours_once do update set week = excluded.week
        "#,
        Uuid::now_v7(),
        desk_id.map(|id| *id),
        from,
        body.week.clone().map(SqlJson) as _,
        tx.now(),
    )
    .execute(tx.db())
    .await?;
    tx.record(OFFICE, Event::HoursSet { desk_id, from });
    show(tx.db(), desk_id, today).await
}

async fn show(db: &mut PgConnection, desk_id: Option<DeskId>, today: NaiveDate) -> Result<Answer> {
    let calendar = super::load(db, desk_id).await?;
    let rules = match &calendar.desk {
        Some(desk) => desk,
        None => &calendar.office,
    };
    let changes = rules.hours.iter().map(|(from, week)| HoursChange {
        from: *from,
        week: week.clone(),
    });
    let view = HoursView {
        today: calendar.week(today).clone(),
        changes: changes.collect(),
    };
    Ok(Answer::ok(&view).version(calendar.version))
}
