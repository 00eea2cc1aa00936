//! Closed periods (締め): a month or a fiscal year whose facts are kept as they were.
//!
//! Months are closed in order, from the month of the first case on, without a gap; a fiscal year after its March, and after
//! the fiscal year before it where that has closed months. A period is over before it is closed. What is left undone (sessions
//! without a record, mails to be checked) does not hinder it: it is counted, kept with the period, and appears as an
//! adjustment once it is done. Nothing reopens a period; a fiscal year takes in what was corrected in its months until then.

use super::{
    facts::{Asker, COLUMNS, push_recorded},
    selection::{Asked, PeriodRef, Selection, Span, start_of},
    words::*,
};
use crate::{
    access::{Access, Actor, OFFICE, permit},
    audit::Event,
    cases::View,
    error::{Error, Fields, OnConstraint, Result},
    http::{Answer, Body, Json, Path},
    ids::*,
    japan::tokyo_date,
    routes::ServiceConfig,
    settings::Settings,
    store::Tx,
    text::Reason,
};
use actix_web::{get, post};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, QueryBuilder};
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(list_periods)
        .service(close_period)
        .service(show_period);
}

/// What is frozen, in this order.
const FROZEN: [ReportKind; 4] = [
    ReportKind::Cases,
    ReportKind::Interactions,
    ReportKind::Sessions,
    ReportKind::Deadlines,
];

/// A period to close: a month or a fiscal year.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosePeriodRequest {
    /// The month, as in `2026-10`.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$", example = "2026-10")]
    pub month: Option<String>,
    /// The fiscal year, as in `2026`.
    #[schema(minimum = 2000, maximum = 2998)]
    pub fiscal_year: Option<i32>,
    /// What should be known about it.
    pub note: Option<Reason>,
}

impl Body for ClosePeriodRequest {
    fn check(&self, fields: &mut Fields) {
        fields.require(
            self.month.is_some() != self.fiscal_year.is_some(),
            "/month",
            "give either month or fiscal_year",
        );
        let is_month = self.month.as_ref().is_none_or(|month| {
            Dimension::Month.takes(month, &Settings::default()) && month != UNSET
        });
        fields.require(is_month, "/month", "must be a month, as in 2026-10");
        fields.require(
            self.fiscal_year
                .is_none_or(|year| (2000..2999).contains(&year)),
            "/fiscal_year",
            "must be a year from 2000 to 2998",
        );
    }
}

impl ClosePeriodRequest {
    fn days(&self) -> Option<(PeriodKind, Span)> {
        match (&self.month, self.fiscal_year) {
            (Some(month), _) => {
                let first = format!("{month}-01").parse().ok()?;
                Some((PeriodKind::Month, Span::month(first)))
            }
            (None, Some(year)) => Some((PeriodKind::FiscalYear, Span::fiscal_year(year))),
            (None, None) => None,
        }
    }
}

/// What a closed period counted, over all desks.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PeriodTotals {
    /// 実件数.
    pub cases: i64,
    /// 延べ件数.
    pub interactions: i64,
    /// 実企業数.
    pub enterprises: i64,
    /// Sessions that were held.
    pub sessions: i64,
}

/// A closed period.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClosedPeriod {
    /// Its id.
    pub id: PeriodId,
    /// A month or a fiscal year.
    pub kind: PeriodKind,
    /// What people read.
    #[schema(example = "2026年10月")]
    pub label: String,
    /// First day, in Japan.
    pub first_day: NaiveDate,
    /// Last day.
    pub last_day: NaiveDate,
    /// When it was closed.
    pub closed_at: DateTime<Utc>,
    /// By whom; null for an auditor.
    pub closed_by: Option<String>,
    /// What was noted; null for an auditor.
    pub note: Option<String>,
    /// What it counted; null for those who do not see all cases.
    pub totals: Option<PeriodTotals>,
    /// Sessions of the period that were over and without a record when it was closed.
    pub unrecorded_sessions: Option<i64>,
    /// Mails of the period that were still to be checked.
    pub unplaced_mails: Option<i64>,
    /// Where the reports of the period are.
    #[schema(example = "/api/v1/reports/cases?from=2026-10-01&to=2026-10-31")]
    pub reports: Vec<String>,
    /// Where the later corrections are.
    pub adjustments: String,
}

/// The period that can be closed next.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NextPeriod {
    /// A month or a fiscal year.
    pub kind: PeriodKind,
    /// What people read.
    pub label: String,
    /// First day, in Japan.
    pub first_day: NaiveDate,
    /// Last day.
    pub last_day: NaiveDate,
    /// Whether it is over, so that it can be closed.
    pub is_over: bool,
    /// Sessions of the period that are over and without a record.
    pub unrecorded_sessions: i64,
    /// Mails of the period that are to be checked.
    pub unplaced_mails: i64,
}

/// The closed periods, and what comes next.
#[derive(Serialize, ToSchema)]
pub struct ClosedPeriods {
    /// Closed, the newest first.
    pub items: Vec<ClosedPeriod>,
    /// What comes next: a month, and a fiscal year where its months are closed. Only for those who see all cases.
    pub next: Vec<NextPeriod>,
}

/// All closed periods, for the choice of those that answer.
pub(super) async fn closed_periods(db: &mut PgConnection) -> Result<Vec<PeriodRef>> {
    let rows = sqlx::query!(
        "select id, kind, first_day, last_day, closed_at from period order by first_day, kind"
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(PeriodRef {
                id: row.id,
                kind: PeriodKind::from_name(&row.kind)?,
                first_day: row.first_day,
                last_day: row.last_day,
                closed_at: row.closed_at,
            })
        })
        .collect())
}

fn label(kind: PeriodKind, first_day: NaiveDate) -> String {
    match kind {
        PeriodKind::Month => format!("{}年{}月", first_day.year(), first_day.month()),
        PeriodKind::FiscalYear => format!("{}年度", first_day.year()),
    }
}

/// Whether the actor sees the figures of the whole programme.
pub(super) fn sees_all(actor: &Actor) -> bool {
    super::is_masked(actor) || View::of(actor) == View::All
}

async fn load(
    db: &mut PgConnection,
    actor: &Actor,
    id: Option<PeriodId>,
) -> Result<Vec<ClosedPeriod>> {
    let rows = sqlx::query!(
        r#"
        select p.id, p.kind, p.first_day, p.last_day, p.closed_at, u.name as "closed_by?", p.note, p.case_count,
            p.interaction_count, p.enterprise_count, p.session_count, p.unrecorded_sessions, p.unplaced_mails
        from period p
        left join app_user u on u.id = p.closed_by
        where $1::uuid is null or p.id = $1
        order by p.first_day desc, p.kind
        "#,
        id.map(|id| *id),
    )
    .fetch_all(db)
    .await?;
    let (masked, all) = (super::is_masked(actor), sees_all(actor));
    let periods = rows.into_iter().filter_map(|row| {
        let kind = PeriodKind::from_name(&row.kind)?;
        let (from, to) = (row.first_day, row.last_day);
        let reports = [
            ReportKind::Cases,
            ReportKind::Interactions,
            ReportKind::Enterprises,
            ReportKind::Sessions,
        ];
        Some(ClosedPeriod {
            id: row.id,
            kind,
            label: label(kind, from),
            first_day: from,
            last_day: to,
            closed_at: row.closed_at,
            closed_by: row.closed_by.filter(|_| !masked),
            note: row.note.filter(|_| !masked),
            totals: all.then_some(PeriodTotals {
                cases: row.case_count,
                interactions: row.interaction_count,
                enterprises: row.enterprise_count,
                sessions: row.session_count,
            }),
            unrecorded_sessions: all.then_some(row.unrecorded_sessions),
            unplaced_mails: all.then_some(row.unplaced_mails),
            reports: reports
                .map(|report| {
                    let name = report.name();
                    format!("/api/v1/reports/{name}?from={from}&to={to}")
                })
                .into(),
            adjustments: format!("/api/v1/periods/{}/adjustments", row.id),
        })
    });
    Ok(periods.collect())
}

/// Loads a period. Everybody may see that it is closed.
pub(super) async fn find(
    db: &mut PgConnection,
    actor: &Actor,
    id: PeriodId,
) -> Result<ClosedPeriod> {
    let found = load(db, actor, Some(id)).await?;
    found.into_iter().next().ok_or_else(Error::not_found)
}

/// List the closed periods
///
/// The newest first, and what can be closed next.
#[utoipa::path(
    tag = "figures",
    operation_id = "list_periods",
    responses((status = 200, description = "The periods", body = ClosedPeriods)),
    extensions(("x-permission" = json!("read_figures")))
)]
#[get("/periods")]
async fn list_periods(access: Access<permit::ReadFigures>) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let items = load(&mut db, access.actor(), None).await?;
    let mut next = Vec::new();
    if sees_all(access.actor()) {
        let now = access.now();
        for (kind, days) in next_periods(&mut db).await? {
            let (unrecorded_sessions, unplaced_mails) = left_undone(&mut db, days, now).await?;
            next.push(NextPeriod {
                kind,
                label: label(kind, days.from),
                first_day: days.from,
                last_day: days.to,
                is_over: days.to < tokyo_date(now),
                unrecorded_sessions,
                unplaced_mails,
            });
        }
    }
    Ok(Answer::ok(&ClosedPeriods { items, next }))
}

/// Show a closed period
#[utoipa::path(
    tag = "figures",
    operation_id = "show_period",
    params(("id" = Uuid, Path, description = "The period")),
    responses((status = 200, description = "The period", body = ClosedPeriod)),
    extensions(("x-permission" = json!("read_figures")))
)]
#[get("/periods/{id}")]
async fn show_period(
    access: Access<permit::ReadFigures>,
    Path(id): Path<PeriodId>,
) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    Ok(Answer::ok(&find(&mut db, access.actor(), id).await?))
}

/// Close a period
///
/// Keeps the facts behind its figures as they are now: its reports answer by them from now on, and what is corrected later is
/// shown as an adjustment. Months are closed in order, from that of the first case; a fiscal year after its March.
#[utoipa::path(
    tag = "figures",
    operation_id = "close_period",
    request_body = ClosePeriodRequest,
    responses((status = 201, description = "The closed period", body = ClosedPeriod)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[post("/periods")]
async fn close_period(
    access: Access<permit::ManageOffice>,
    Json(body): Json<ClosePeriodRequest>,
) -> Result<Answer> {
    access
        .transaction(async |tx| {
            let (kind, days) = body
                .days()
                .ok_or_else(|| Error::invalid("/month", "must be a month, as in 2026-10"))?;
            let id = close(tx, kind, days, body.note.as_ref()).await?;
            let actor = tx.actor().clone();
            let period = find(tx.db(), &actor, id).await?;
            Ok(Answer::created(format!("/api/v1/periods/{id}"), &period))
        })
        .await
}

async fn close(
    tx: &mut Tx,
    kind: PeriodKind,
    days: Span,
    note: Option<&Reason>,
) -> Result<PeriodId> {
    // One at a time. The lock goes with the transaction, so that a pooler in between does no harm; the key of the table is
    // the judge in any case.
    sqlx::query!("select pg_advisory_xact_lock(hashtext('close_period'))")
        .execute(tx.db())
        .await?;
    require_next(tx, kind, days).await?;
    // A year of a large programme takes longer than a request may otherwise.
    sqlx::query("set local statement_timeout = '110s'")
        .execute(tx.db())
        .await?;
    let (id, now) = (PeriodId::new(), tx.now());
    let settings = tx.settings().await?;
    let mut facts = 0;
    for report in FROZEN {
        facts += freeze(tx, id, report, days, &settings).await?;
    }
    let (unrecorded_sessions, unplaced_mails) = left_undone(tx.db(), days, now).await?;
    let actor_id = tx.actor().user_id;
    sqlx::query!(
        r#"
        insert into period (id, kind, first_day, last_day, closed_at, closed_by, note, case_count, interaction_count,
            enterprise_count, session_count, unrecorded_sessions, unplaced_mails)
        select $1, $2, $3, $4, $5, $6, $7,
            count(*) filter (where f.report = 'cases'),
            count(*) filter (where f.report = 'interactions'),
            count(distinct f.enterprise_id) filter (where f.report = 'cases'),
            count(*) filter (where f.report = 'sessions'),
            $8, $9
        from period_fact f
        where f.period_id = $1 and f.counted
        "#,
        *id,
        kind.name(),
        days.from,
        days.to,
        now,
        actor_id.map(|id| *id),
        note.map(Reason::as_str),
        unrecorded_sessions,
        unplaced_mails,
    )
    .execute(tx.db())
    .await
    .on_constraint("period_once", || {
        Error::conflict(format!("{} is closed already.", label(kind, days.from)))
    })?;
    tx.record(
        OFFICE,
        Event::PeriodClosed {
            period_id: id,
            period: kind.name().into(),
            first_day: days.from,
            facts,
        },
    );
    Ok(id)
}

/// Copies the facts of one report as they are on record now.
async fn freeze(
    tx: &mut Tx,
    id: PeriodId,
    report: ReportKind,
    days: Span,
    settings: &Settings,
) -> Result<u64> {
    let selection = of_period(report, days, settings, tx.now())?;
    let asker = Asker {
        actor: &Actor::system(),
        settings,
    };
    let mut query = QueryBuilder::new("insert into period_fact (period_id, report, ");
    query
        .push(COLUMNS)
        .push(") select ")
        .push_bind(id)
        .push(", ")
        .push_bind(report.name())
        .push(", ")
        .push(COLUMNS)
        .push(" from ");
    push_recorded(&mut query, &selection, &asker);
    query.push(" f");
    Ok(query.build().execute(tx.db()).await?.rows_affected())
}

/// Everything of the days of a period, as recorded.
pub(super) fn of_period(
    report: ReportKind,
    days: Span,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Selection> {
    let asked = Asked {
        from: Some(days.from),
        to: Some(days.to),
        basis: Some(Basis::Record),
        scope: Some(FigureScope::All),
        ..Asked::default()
    };
    Selection::new(report, asked, &[], settings, now)
}

/// Refuses what is not over, closed already, or not next.
async fn require_next(tx: &mut Tx, kind: PeriodKind, days: Span) -> Result<()> {
    let name = label(kind, days.from);
    let is_closed = closed_periods(tx.db())
        .await?
        .iter()
        .any(|period| period.kind == kind && period.first_day == days.from);
    if is_closed {
        return Err(Error::conflict(format!("{name} is closed already.")));
    }
    if days.to >= tokyo_date(tx.now()) {
        return Err(Error::conflict(format!(
            "{name} is not over: its last day is {}.",
            days.to
        )));
    }
    let next = next_periods(tx.db()).await?;
    if next.contains(&(kind, days)) {
        return Ok(());
    }
    let first = next.iter().find(|(next, _)| *next == kind);
    Err(Error::conflict(match (kind, first) {
        (PeriodKind::FiscalYear, None) => {
            format!("Close all months of {name} first.")
        }
        (_, Some((_, next))) => format!("Close {} first.", label(kind, next.from)),
        (PeriodKind::Month, None) => "There is nothing to close: no case is on record.".into(),
    }))
}

/// What can be closed next: the month after the newest closed one, or that of the first case; and the earliest fiscal year
/// whose March is closed and that is not.
async fn next_periods(db: &mut PgConnection) -> Result<Vec<(PeriodKind, Span)>> {
    let row = sqlx::query!(
        r#"
        select
            (select max(last_day) from period where kind = 'month') as last_month,
            (select min(received_at) from case_file) as first_case,
            (
                select min(m.first_day)
                from period m
                where m.kind = 'month' and extract(month from m.first_day) = 3
                and not exists (
                    select 1 from period y where y.kind = 'fiscal_year' and y.last_day = m.last_day
                )
            ) as march
        "#
    )
    .fetch_one(db)
    .await?;
    let month = match (row.last_month, row.first_case) {
        (Some(last), _) => Some(Span::month(last + Days::new(1))),
        (None, Some(first)) => Some(Span::month(tokyo_date(first))),
        (None, None) => None,
    };
    let year = row.march.map(|march| Span::fiscal_year(march.year() - 1));
    let month = month.map(|days| (PeriodKind::Month, days));
    let year = year.map(|days| (PeriodKind::FiscalYear, days));
    Ok(month.into_iter().chain(year).collect())
}

/// Sessions of these days that are over and not recorded, and mails that came in and are to be checked.
async fn left_undone(db: &mut PgConnection, days: Span, now: DateTime<Utc>) -> Result<(i64, i64)> {
    let (from, to) = (start_of(days.from), days.moments().1);
    let row = sqlx::query!(
        r#"
        select
            (
                select count(*) from consultation
                where state = 'booked' and starts_at >= $1 and starts_at < $2 and starts_at <= $3
            ) as "sessions!",
            (
                select count(*) from inbound_mail
                where state = 'quarantined' and discarded_at is null and received_at >= $1 and received_at < $2
            ) as "mails!"
        "#,
        from,
        to,
        now,
    )
    .fetch_one(db)
    .await?;
    Ok((row.sessions, row.mails))
}
