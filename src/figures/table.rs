//! The figures of a selection as one table, for a file: what a ministry gets at the end of a month or a year.
//!
//! One row per code of each dimension, the four counts beside each other. Every row says itself what it is of, so that tables
//! of several ministries and months can be put under each other.

use super::{
    count::{count_groups, select, snapshot, total},
    facts::Asker,
    selection::{FilterQuery, Selection},
    words::*,
};
use crate::{
    access::Actor,
    error::Result,
    exports::table::{Cell, Fixed, Row},
    settings::Settings,
};
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use std::collections::BTreeMap;

/// The counts, in the order of their columns.
const COUNTED: [ReportKind; 4] = [
    ReportKind::Cases,
    ReportKind::Interactions,
    ReportKind::Enterprises,
    ReportKind::Sessions,
];

/// What all four can be broken down by.
const DIMENSIONS: [Dimension; 13] = [
    Dimension::Month,
    Dimension::Ministry,
    Dimension::Area,
    Dimension::Prefecture,
    Dimension::Desk,
    Dimension::Manager,
    Dimension::Industry,
    Dimension::Size,
    Dimension::Topic,
    Dimension::Stage,
    Dimension::Channel,
    Dimension::Outcome,
    Dimension::TeleworkStatus,
];

/// The counts of one code.
type Counts = [i64; COUNTED.len()];

/// Judges what is asked for.
///
/// # Errors
/// 422 naming every faulty parameter.
pub(crate) fn check(query: &FilterQuery, settings: &Settings, now: DateTime<Utc>) -> Result<()> {
    for kind in COUNTED {
        Selection::new(kind, query.asked(), &[], settings, now)?;
    }
    Ok(())
}

/// Counts everything at one moment of the database.
///
/// # Errors
/// 422 for what cannot be asked for; the database's.
pub(crate) async fn table(
    pool: &PgPool,
    query: &FilterQuery,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Fixed> {
    let mut db = snapshot(pool).await?;
    // A million cases are counted some fifty times over, and nobody waits for it.
    sqlx::query("select set_config('statement_timeout', '600s', true)")
        .execute(&mut *db)
        .await?;
    let settings = Settings::load(&mut *db).await?;
    let mut selections = Vec::new();
    for kind in COUNTED {
        selections.push(select(&mut db, kind, query.asked(), &[], &settings, now).await?);
    }
    let asker = Asker {
        actor,
        settings: &settings,
    };
    let labels = Labels::load(&mut db, actor, &settings, &DIMENSIONS).await?;
    let about = about(&selections[0], &labels);
    let mut rows = vec![row(
        &about,
        ["合計", "", "合計"],
        totals(&mut db, &selections, &asker).await?,
    )];
    for dimension in DIMENSIONS {
        for (code, counts) in counts(&mut db, &selections, dimension, &asker).await? {
            let label = labels.of(dimension, &code);
            rows.push(row(&about, [dimension.japanese(), &code, &label], counts));
        }
    }
    let headings = [
        "期間の初日",
        "期間の末日",
        "時点",
        "締め",
        "絞り込み",
        "内訳",
        "コード",
        "項目",
        "相談案件(実件数)",
        "対応(延べ件数)",
        "企業・団体(実企業数)",
        "コンサルティング(実施回数)",
    ];
    Ok(Fixed {
        title: "集計表".to_owned(),
        headings: headings.map(str::to_owned).to_vec(),
        rows,
    })
}

/// What every row says of where it comes from.
fn about(selection: &Selection, labels: &Labels) -> Row {
    let filters = selection.filters.iter().map(|(&dimension, codes)| {
        let words: Vec<_> = codes
            .iter()
            .map(|code| labels.of(dimension, code))
            .collect();
        format!("{}: {}", dimension.japanese(), words.join("、"))
    });
    let filters = filters.collect::<Vec<_>>().join(" / ");
    let closed = match (selection.period(), selection.frozen.is_empty()) {
        (Some(_), _) => "締め済み",
        (None, false) => "一部締め済み",
        (None, true) => "記録のとおり",
    };
    vec![
        Cell::Day(selection.span.from),
        Cell::Day(selection.span.to),
        Cell::Day(selection.as_of),
        Cell::Text(closed.to_owned()),
        Cell::text(Some(filters).filter(|filters| !filters.is_empty())),
    ]
}

fn row(about: &Row, names: [&str; 3], counts: Counts) -> Row {
    let names = names.map(|name| Cell::text(Some(name).filter(|name| !name.is_empty())));
    let counts = counts.map(Cell::Whole);
    about.iter().cloned().chain(names).chain(counts).collect()
}

async fn totals(
    db: &mut PgConnection,
    selections: &[Selection],
    asker: &Asker<'_>,
) -> Result<Counts> {
    let mut counts = Counts::default();
    for (count, selection) in counts.iter_mut().zip(selections) {
        *count = total(db, selection, asker).await?;
    }
    Ok(counts)
}

/// By code, in their order.
async fn counts(
    db: &mut PgConnection,
    selections: &[Selection],
    dimension: Dimension,
    asker: &Asker<'_>,
) -> Result<BTreeMap<String, Counts>> {
    let mut all: BTreeMap<String, Counts> = BTreeMap::new();
    for (index, selection) in selections.iter().enumerate() {
        for (mut codes, count) in count_groups(db, selection, &[dimension], asker).await? {
            let code = codes.pop().unwrap_or_else(|| UNSET.to_owned());
            all.entry(code).or_default()[index] = count;
        }
    }
    Ok(all)
}
