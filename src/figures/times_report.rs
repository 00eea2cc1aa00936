//! How long things took, and what was late.

use super::{
    count::{FigureKey, count_groups, dimensions, key_columns, push_keys, read, select},
    facts::{Asker, minutes, push_facts, push_filters},
    selection::{FilterQuery, PeriodRef, ReportQuery, Selection},
    words::*,
};
use crate::{
    access::{Access, permit},
    error::{Error, Result},
    http::{Answer, Query},
    programme::DueKind,
    routes::ServiceConfig,
};
use actix_web::get;
use chrono::NaiveDate;
use serde::Serialize;
use sqlx::{PgConnection, QueryBuilder, Row, postgres::PgRow};
use std::collections::BTreeMap;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(measure_times).service(count_lateness);
}

/// Business time, in minutes.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Minutes {
    /// Half of them took no longer.
    pub median: f64,
    /// Nine of ten took no longer.
    pub p90: f64,
    /// On average.
    pub mean: f64,
}

/// The time to a point that cases reach.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TimeTo {
    /// How many cases reached it.
    pub count: i64,
    /// With the waits for the enterprise; null where no case reached it.
    pub gross: Option<Minutes>,
    /// Without them.
    pub net: Option<Minutes>,
    /// Path and query of the list of these cases.
    pub list: String,
}

/// Times of cases that have these codes in common.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TimesRow {
    /// Their codes, by the names of the dimensions; none for all of them.
    pub keys: BTreeMap<Dimension, FigureKey>,
    /// From being received to the first answer.
    pub first_answer: TimeTo,
    /// To the first acceptance by a desk.
    pub acceptance: TimeTo,
    /// To the first session that was held.
    pub first_session: TimeTo,
}

/// How long things took.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TimesReport {
    /// As on record at the end of this day, in Japan.
    pub as_of: NaiveDate,
    /// First day on which cases were received, in Japan.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// The closed period that these days are, where they are one.
    pub period: Option<PeriodRef>,
    /// The dimensions, in the order of the keys.
    pub by: Vec<Dimension>,
    /// Over all cases.
    pub total: TimesRow,
    /// By code.
    pub rows: Vec<TimesRow>,
}

/// Measure times
///
/// Business minutes from `received_at` to the first answer, the first acceptance by a desk and the first session, of the cases
/// received in these days that have got there: median, 90th percentile and mean, with the waits for the enterprise (gross) and
/// without (net).
#[utoipa::path(
    tag = "figures",
    operation_id = "measure_times",
    params(ReportQuery),
    responses((status = 200, description = "The times", body = TimesReport)),
    extensions(("x-permission" = json!("read_figures")))
)]
#[get("/reports/times")]
async fn measure_times(
    access: Access<permit::ReadFigures>,
    Query(query): Query<ReportQuery>,
) -> Result<Answer> {
    read(&access, async |db, asker| {
        let by = dimensions(query.by.as_deref(), ReportKind::Cases)?;
        let asked = query.asked();
        let kind = ReportKind::Cases;
        let selection = select(db, kind, asked, &by, asker.settings, access.now()).await?;
        let labels = Labels::load(db, access.actor(), asker.settings, &by).await?;
        let mut total = times(db, &selection, &[], &labels, asker).await?;
        let rows = match by.is_empty() {
            true => Vec::new(),
            false => times(db, &selection, &by, &labels, asker).await?,
        };
        Ok(Answer::ok(&TimesReport {
            as_of: selection.as_of,
            from: selection.span.from,
            to: selection.span.to,
            period: selection.period(),
            by,
            total: total.remove(0),
            rows,
        }))
    })
    .await
}

/// One row per group; one in all where there are no dimensions.
async fn times(
    db: &mut PgConnection,
    selection: &Selection,
    by: &[Dimension],
    labels: &Labels,
    asker: &Asker<'_>,
) -> Result<Vec<TimesRow>> {
    let columns = key_columns(by);
    let mut query = QueryBuilder::new("select array[");
    query.push(&columns).push("]::text[] as codes");
    for (index, milestone) in Milestone::ALL.iter().enumerate() {
        let (gross, net) = minutes(*milestone);
        query.push(format!(", count({net}) as count{index}"));
        for (what, column) in [("gross", gross), ("net", net)] {
            query.push(format!(
                ", percentile_cont(array[0.5, 0.9]::float8[]) within group (order by {column}) as {what}{index}, \
                 avg({column})::float8 as {what}_mean{index}"
            ));
        }
    }
    query.push(" from ");
    push_facts(&mut query, selection, asker);
    push_keys(&mut query, selection, by);
    push_filters(&mut query, selection);
    if !by.is_empty() {
        query
            .push(" group by ")
            .push(&columns)
            .push(" order by ")
            .push(&columns);
    }
    let rows = query.build().fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            let codes: Vec<String> = row.try_get("codes")?;
            let keys: Vec<_> = by.iter().copied().zip(codes).collect();
            let narrowed = selection.narrowed(&keys);
            let time = |index| time_to(row, index, &narrowed);
            Ok(TimesRow {
                first_answer: time(0)?,
                acceptance: time(1)?,
                first_session: time(2)?,
                keys: keys
                    .into_iter()
                    .map(|(dimension, code)| {
                        let label = labels.of(dimension, &code);
                        (dimension, FigureKey { code, label })
                    })
                    .collect(),
            })
        })
        .collect()
}

fn time_to(row: &PgRow, index: usize, selection: &Selection) -> Result<TimeTo> {
    let measured = |what: &str| -> Result<Option<Minutes>> {
        let points: Option<Vec<Option<f64>>> = row.try_get(format!("{what}{index}").as_str())?;
        let mean: Option<f64> = row.try_get(format!("{what}_mean{index}").as_str())?;
        Ok(match (points.as_deref(), mean) {
            (Some([Some(median), Some(p90)]), Some(mean)) => Some(Minutes {
                median: *median,
                p90: *p90,
                mean,
            }),
            _ => None,
        })
    };
    let reached = Selection {
        reached: Some(Milestone::ALL[index]),
        ..selection.clone()
    };
    Ok(TimeTo {
        count: row.try_get(format!("count{index}").as_str())?,
        gross: measured("gross")?,
        net: measured("net")?,
        list: reached.list(),
    })
}

/// A number with its list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Counted {
    /// How many.
    pub count: i64,
    /// Path and query of the list that is counted.
    pub list: String,
}

/// What became of the deadlines of one kind.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LatenessRow {
    /// What was due.
    pub kind: FigureKey,
    /// All that were due and did not fall away.
    pub due: Counted,
    /// Done in time.
    pub met: Counted,
    /// Done too late.
    pub late: Counted,
    /// Not due yet, or standing still while the case waits for the enterprise.
    pub open: Counted,
    /// Past and still not done.
    pub overdue: Counted,
    /// Fell away: the case was closed or went elsewhere.
    pub dropped: Counted,
}

/// What was due, and what was late.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LatenessReport {
    /// As on record at the end of this day, in Japan.
    pub as_of: NaiveDate,
    /// First day on which something was due, in Japan.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// The closed period that these days are, where they are one.
    pub period: Option<PeriodRef>,
    /// By what was due; kinds of which nothing was are not listed.
    pub rows: Vec<LatenessRow>,
}

/// Count what was due and what was late
///
/// By kind of deadline, of what was due in these days.
#[utoipa::path(
    tag = "figures",
    operation_id = "count_lateness",
    params(FilterQuery),
    responses((status = 200, description = "What was due", body = LatenessReport)),
    extensions(("x-permission" = json!("read_figures")))
)]
#[get("/reports/lateness")]
async fn count_lateness(
    access: Access<permit::ReadFigures>,
    Query(query): Query<FilterQuery>,
) -> Result<Answer> {
    read(&access, async |db, asker| {
        let by = [Dimension::Kind, Dimension::State];
        let kind = ReportKind::Deadlines;
        if query.state.is_some() {
            return Err(Error::invalid("/state", "is what this report is by"));
        }
        let selection = select(db, kind, query.asked(), &by, asker.settings, access.now()).await?;
        let mut groups: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
        for (codes, count) in count_groups(db, &selection, &by, asker).await? {
            if let [kind, state] = codes.as_slice() {
                let states = groups.entry(kind.clone()).or_default();
                states.insert(state.clone(), count);
            }
        }
        let rows = groups
            .into_iter()
            .map(|(kind, states)| lateness_row(&selection, &kind, &states))
            .collect();
        Ok(Answer::ok(&LatenessReport {
            as_of: selection.as_of,
            from: selection.span.from,
            to: selection.span.to,
            period: selection.period(),
            rows,
        }))
    })
    .await
}

fn lateness_row(selection: &Selection, kind: &str, states: &BTreeMap<String, i64>) -> LatenessRow {
    let of_kind = selection.narrowed(&[(Dimension::Kind, kind.to_owned())]);
    let of_states = |wanted: &[DeadlineState]| {
        let count = |state: &DeadlineState| states.get(state.name()).copied().unwrap_or_default();
        let names = wanted.iter().map(|state| state.name().to_owned());
        let mut narrowed = of_kind.clone();
        narrowed.filters.insert(Dimension::State, names.collect());
        Counted {
            count: wanted.iter().map(count).sum(),
            list: narrowed.list(),
        }
    };
    use DeadlineState::*;
    let label =
        DueKind::from_name(kind).map_or_else(|| kind.to_owned(), |due| due.japanese().to_owned());
    LatenessRow {
        kind: FigureKey {
            code: kind.to_owned(),
            label,
        },
        due: of_states(&[Met, Late, Open, Overdue]),
        met: of_states(&[Met]),
        late: of_states(&[Late]),
        open: of_states(&[Open]),
        overdue: of_states(&[Overdue]),
        dropped: of_states(&[Dropped]),
    }
}
