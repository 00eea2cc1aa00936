//! The calendar: business time, and what the office decides about it.
//!
//! Owns `opening_hours`, `calendar_exception` and `calendar_version`. What business time is, is said and computed in
//! [`time`], without a database; [`load`] brings the hours and exceptions of one office. Whoever needs it in a transaction
//! asks [`Tx::calendar`], so that it is read once.
//!
//! A change moves the calendar's version and enqueues the counting anew of what is running
//! ([`crate::cases::deadlines`]). What has passed keeps its hours: hours have a first day, what lies behind is neither
//! opened nor taken back.

mod days;
mod exceptions;
pub mod hours;
mod opening;
pub mod time;

use crate::{
    error::Result,
    ids::DeskId,
    jobs::{Job, Work},
    routes::ServiceConfig,
    store::Tx,
};
use chrono::NaiveDate;
use hours::{Period, TimeOfDay, Week};
use serde::Deserialize;
use sqlx::{PgExecutor, types::Json as SqlJson};
use std::collections::BTreeMap;
pub use time::{Calendar, Span};
use time::{Exception, Rules};

/// Mounts the calendar, its exceptions and the opening hours.
pub fn mount(config: &mut ServiceConfig) {
    config
        .configure(days::mount)
        .configure(exceptions::mount)
        .configure(opening::mount);
}

/// A row of `opening_hours`.
#[derive(Debug, Deserialize)]
struct HoursRow {
    desk_id: Option<DeskId>,
    valid_from: NaiveDate,
    week: Option<Week>,
}

/// A row of `calendar_exception`.
#[derive(Debug, Deserialize)]
struct ExceptionRow {
    desk_id: Option<DeskId>,
    date_from: NaiveDate,
    date_to: NaiveDate,
    open: bool,
    opens_at: Option<u16>,
    closes_at: Option<u16>,
    reason: String,
}

/// The calendar of a desk, or of the help center.
pub async fn load(db: impl PgExecutor<'_>, desk_id: Option<DeskId>) -> Result<Calendar> {
    let row = sqlx::query!(
        r#"
        select v.version,
            (
                select coalesce(json_agg(h order by h.valid_from), '[]')
                from opening_hours h
                where h.desk_id is null or h.desk_id = $1
            ) as "hours!: SqlJson<Vec<HoursRow>>",
            (
                select coalesce(json_agg(e), '[]')
                from calendar_exception e
                where e.desk_id is null or e.desk_id = $1
            ) as "exceptions!: SqlJson<Vec<ExceptionRow>>"
        from calendar_version v
        "#,
        desk_id.map(|id| *id),
    )
    .fetch_one(db)
    .await?;
    let (own_hours, office_hours) = split(row.hours.0, |row| row.desk_id.is_some());
    let (own_days, office_days) = split(row.exceptions.0, |row| row.desk_id.is_some());
    Ok(Calendar {
        version: row.version,
        office: rules(office_hours, office_days),
        desk: desk_id.map(|_| rules(own_hours, own_days)),
    })
}

fn split<T>(rows: Vec<T>, is_first: impl Fn(&T) -> bool) -> (Vec<T>, Vec<T>) {
    rows.into_iter().partition(is_first)
}

fn rules(hours: Vec<HoursRow>, exceptions: Vec<ExceptionRow>) -> Rules {
    let mut by_date = BTreeMap::new();
    for row in exceptions {
        let exception = Exception {
            open: row.open,
            period: period(row.opens_at, row.closes_at),
            reason: row.reason,
        };
        let dates = row.date_from.iter_days();
        for date in dates.take_while(|date| *date <= row.date_to) {
            by_date.insert(date, exception.clone());
        }
    }
    Rules {
        hours: hours
            .into_iter()
            .map(|row| (row.valid_from, row.week))
            .collect(),
        exceptions: by_date,
    }
}

fn period(opens_at: Option<u16>, closes_at: Option<u16>) -> Option<Period> {
    Some(Period {
        from: TimeOfDay::from_minutes(opens_at?)?,
        to: TimeOfDay::from_minutes(closes_at?)?,
    })
}

/// Notes that the calendar is another one now, for every deadline that runs. Also holds off a second change until this
/// one is committed.
async fn changed(tx: &mut Tx) -> Result<i64> {
    let version =
        sqlx::query_scalar!("update calendar_version set version = version + 1 returning version")
            .fetch_one(tx.db())
            .await?;
    tx.enqueue(Job::now(Work::WatchDeadlines {}).once("watch_deadlines"));
    Ok(version)
}
