//! The counts: how many, by up to two dimensions, each with its list.

use super::{
    facts::{Asker, push_facts, push_filters},
    periods::closed_periods,
    selection::{PeriodRef, ReportQuery, Selection},
    words::*,
};
use crate::{
    access::{Access, Actor, permit},
    error::{Error, Result},
    http::{Answer, Query},
    routes::ServiceConfig,
    settings::Settings,
};
use actix_web::get;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder, Row, Transaction};
use std::collections::BTreeMap;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(report_cases)
        .service(report_interactions)
        .service(report_enterprises)
        .service(report_sessions)
        .service(report_deadlines);
}

/// One code of a dimension, and its word.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FigureKey {
    /// The code; `unset` for what is not known or belongs to nobody.
    pub code: String,
    /// What people read.
    pub label: String,
}

/// One number of a report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Figure {
    /// Its codes, by the names of the dimensions.
    pub keys: BTreeMap<Dimension, FigureKey>,
    /// How many.
    pub count: i64,
    /// Path and query of the list that is counted.
    #[schema(example = "/api/v1/reports/cases/rows?from=2026-04-01&to=2027-03-31&prefecture=02")]
    pub list: String,
}

/// A report: a total, and the numbers it is made of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FigureReport {
    /// What is counted.
    pub report: ReportKind,
    /// As on record at the end of this day, in Japan.
    pub as_of: NaiveDate,
    /// First day, in Japan.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Where the facts come from.
    pub basis: Basis,
    /// Which facts are counted.
    pub scope: FigureScope,
    /// The closed period that these days are, where they are one.
    pub period: Option<PeriodRef>,
    /// All closed periods that answered for some of the days.
    pub frozen: Vec<PeriodRef>,
    /// The dimensions, in the order of the keys.
    pub by: Vec<Dimension>,
    /// How many in all. Rows add up to more where one case counts under several codes, see `adds_up`.
    pub total: i64,
    /// Whether the rows add up to the total.
    pub adds_up: bool,
    /// The numbers, in the order of their codes; what is not listed is 0.
    pub rows: Vec<Figure>,
    /// Path and query of the list behind the total.
    pub list: String,
}

macro_rules! counts {
    ($($name:ident $kind:ident $path:literal $summary:literal $more:literal;)+) => {$(
        #[doc = $summary]
        #[doc = ""]
        #[doc = $more]
        #[doc = "Days of closed periods are answered as they were frozen. As of an earlier day, what was recorded by then, status, desk, outcome, managers, states of sessions and deadlines are brought back; place, industry, size, topics and channel are as they stand now."]
        #[utoipa::path(
            tag = "figures",
            operation_id = stringify!($name),
            params(ReportQuery),
            responses((status = 200, description = "The report", body = FigureReport)),
            extensions(("x-permission" = json!("read_figures")))
        )]
        #[get($path)]
        async fn $name(
            access: Access<permit::ReadFigures>,
            Query(query): Query<ReportQuery>,
        ) -> Result<Answer> {
            answer(&access, ReportKind::$kind, &query).await
        }
    )+};
}

counts! {
    report_cases Cases "/reports/cases" "Count cases"
        "実件数, by the day on which the enterprise asked. Duplicates and spam are not counted.";
    report_interactions Interactions "/reports/interactions" "Count contacts"
        "延べ件数: interactions, mails that came in and answers that went out, by the day on which they took place.";
    report_enterprises Enterprises "/reports/enterprises" "Count enterprises"
        "実企業数: how many enterprises have a case that is counted. An enterprise with cases in several rows counts in each, and once in the total.";
    report_sessions Sessions "/reports/sessions" "Count sessions"
        "Sessions that were held, by the day on which they were; by `state` all that were booked.";
    report_deadlines Deadlines "/reports/deadlines" "Count deadlines"
        "What was due, by the day on which it was; those that fell away are not counted. A closed period keeps them as they stood when it was closed.";
}

/// A connection on which every statement sees the same state: a total fits its rows.
pub(super) async fn snapshot(pool: &PgPool) -> Result<Transaction<'static, Postgres>> {
    Ok(pool
        .begin_with("begin isolation level repeatable read read only")
        .await?)
}

/// Answers out of one moment of the replica, with the settings of that moment.
pub(super) async fn read(
    access: &Access<permit::ReadFigures>,
    work: impl AsyncFn(&mut PgConnection, &Asker<'_>) -> Result<Answer>,
) -> Result<Answer> {
    access
        .read_replica(async |pool| {
            let mut db = snapshot(pool).await?;
            let settings = Settings::load(&mut *db).await?;
            let asker = Asker {
                actor: access.actor(),
                settings: &settings,
            };
            work(&mut db, &asker).await
        })
        .await
}

async fn answer(
    access: &Access<permit::ReadFigures>,
    kind: ReportKind,
    query: &ReportQuery,
) -> Result<Answer> {
    read(access, async |db, asker| {
        let by = dimensions(query.by.as_deref(), kind)?;
        let selection = select(db, kind, query.asked(), &by, asker.settings, access.now()).await?;
        let report = report(db, &selection, &by, access.actor(), asker.settings).await?;
        Ok(Answer::ok(&report))
    })
    .await
}

/// What was asked, with the closed periods that answer for it.
pub(super) async fn select(
    db: &mut PgConnection,
    kind: ReportKind,
    asked: super::selection::Asked,
    by: &[Dimension],
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Selection> {
    let mut selection = Selection::new(kind, asked, by, settings, now)?;
    selection.freeze(closed_periods(db).await?);
    Ok(selection)
}

/// The dimensions of `by`.
pub(super) fn dimensions(by: Option<&str>, kind: ReportKind) -> Result<Vec<Dimension>> {
    let mut dimensions = Vec::new();
    for name in by.into_iter().flat_map(|by| by.split(',')) {
        match Dimension::from_name(name.trim()) {
            Some(dimension) if dimension.belongs_to(kind) && !dimensions.contains(&dimension) => {
                dimensions.push(dimension);
            }
            _ => {
                return Err(Error::invalid(
                    "/by",
                    "must be one or two different dimensions of this report",
                ));
            }
        }
    }
    match dimensions.len() {
        0..=2 => Ok(dimensions),
        _ => Err(Error::invalid("/by", "at most two dimensions")),
    }
}

/// Counts a selection.
pub(super) async fn report(
    db: &mut PgConnection,
    selection: &Selection,
    by: &[Dimension],
    actor: &Actor,
    settings: &Settings,
) -> Result<FigureReport> {
    let asker = Asker { actor, settings };
    let groups = match by.is_empty() {
        true => Vec::new(),
        false => count_groups(db, selection, by, &asker).await?,
    };
    let adds_up = selection.report != ReportKind::Enterprises
        && !by.iter().any(|dimension| dimension.is_multiple());
    let total = match adds_up && !by.is_empty() {
        true => groups.iter().map(|(_, count)| count).sum(),
        false => total(db, selection, &asker).await?,
    };
    let labels = Labels::load(db, actor, settings, by).await?;
    let rows = groups
        .into_iter()
        .map(|(codes, count)| {
            let keys: Vec<_> = by.iter().copied().zip(codes).collect();
            let list = selection.narrowed(&keys).list();
            let keys = keys.into_iter().map(|(dimension, code)| {
                let label = labels.of(dimension, &code);
                (dimension, FigureKey { code, label })
            });
            Figure {
                keys: keys.collect(),
                count,
                list,
            }
        })
        .collect();
    Ok(FigureReport {
        report: selection.report,
        as_of: selection.as_of,
        from: selection.span.from,
        to: selection.span.to,
        basis: selection.basis,
        scope: selection.scope,
        period: selection.period(),
        frozen: selection
            .frozen
            .iter()
            .map(|(period, _)| period.clone())
            .collect(),
        by: by.to_vec(),
        total,
        adds_up: adds_up || by.is_empty(),
        rows,
        list: selection.list(),
    })
}

fn push_count(query: &mut QueryBuilder<Postgres>, kind: ReportKind) {
    query.push(match kind {
        ReportKind::Enterprises => "count(distinct f.enterprise_id)",
        _ => "count(*)",
    });
}

/// How many facts a selection has.
pub(super) async fn total(
    db: &mut PgConnection,
    selection: &Selection,
    asker: &Asker<'_>,
) -> Result<i64> {
    let mut query = QueryBuilder::new("select ");
    push_count(&mut query, selection.report);
    query.push(" from ");
    push_facts(&mut query, selection, asker);
    query.push(" where true");
    push_filters(&mut query, selection);
    Ok(query.build_query_scalar().fetch_one(db).await?)
}

/// Adds the codes of the dimensions as `k0`, `k1` beside the facts `f`: a fact with several codes stands under each of them
/// that is asked for.
pub(super) fn push_keys(
    query: &mut QueryBuilder<Postgres>,
    selection: &Selection,
    by: &[Dimension],
) {
    for (index, dimension) in by.iter().enumerate() {
        let expression = dimension.expression();
        match dimension.is_multiple() {
            true => query.push(format!(
                " cross join lateral unnest(coalesce(nullif({expression}, '{{}}'), array['{UNSET}'])) k{index} (code)"
            )),
            false => query.push(format!(
                " cross join lateral (select coalesce({expression}, '{UNSET}') as code) k{index}"
            )),
        };
    }
    query.push(" where true");
    for (index, dimension) in by.iter().enumerate() {
        if let Some(codes) = selection
            .filters
            .get(dimension)
            .filter(|_| dimension.is_multiple())
        {
            query
                .push(format!(" and k{index}.code = any ("))
                .push_bind(codes.clone())
                .push(")");
        }
    }
}

/// `k0.code, k1.code`
pub(super) fn key_columns(by: &[Dimension]) -> String {
    let columns: Vec<_> = (0..by.len())
        .map(|index| format!("k{index}.code"))
        .collect();
    columns.join(", ")
}

/// How many facts a selection has under each of the codes, which are in the order of the dimensions.
pub(super) async fn count_groups(
    db: &mut PgConnection,
    selection: &Selection,
    by: &[Dimension],
    asker: &Asker<'_>,
) -> Result<Vec<(Vec<String>, i64)>> {
    let columns = key_columns(by);
    let mut query = QueryBuilder::new("select array[");
    query.push(&columns).push("] as codes, ");
    push_count(&mut query, selection.report);
    query.push(" as count from ");
    push_facts(&mut query, selection, asker);
    push_keys(&mut query, selection, by);
    push_filters(&mut query, selection);
    query
        .push(" group by ")
        .push(&columns)
        .push(" order by ")
        .push(&columns);
    let rows = query.build().fetch_all(db).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("codes")?, row.try_get("count")?)))
        .collect()
}
