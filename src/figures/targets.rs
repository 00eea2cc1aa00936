//! What the programme aims at, entered by the office, beside what is measured.
//!
//! Whether telework was introduced is measured by what is known of the case (`telework_status`). Where enterprises answer a survey
//! after closing, its outcome belongs into [`introduced`]: the one place that says who has introduced telework.

use super::{
    count::{read, select, total},
    facts::Asker,
    selection::{Asked, Span},
    times_report::Counted,
    words::*,
};
use crate::{
    access::{Access, OFFICE, permit},
    audit::Event,
    error::{Fields, Result},
    http::{Answer, Body, Json, Query},
    japan::fiscal_year,
    routes::ServiceConfig,
    text::Line200,
};
use actix_web::{get, put};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgExecutor, types::Json as SqlJson};
use utoipa::{IntoParams, ToSchema};

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(show_targets)
        .service(set_targets)
        .service(compare_targets);
}

/// A target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Where it holds.
    pub area: TargetArea,
    /// What it is about.
    pub measure: TargetMeasure,
    /// What is aimed at: a count, or percent for shares.
    #[schema(minimum = 0, maximum = 1000000000, example = 60.2)]
    pub value: f64,
    /// Where it is written.
    pub source: Option<Line200>,
}

/// The targets of a fiscal year.
#[derive(Serialize, ToSchema)]
pub struct Targets {
    /// The fiscal year.
    pub fiscal_year: i32,
    /// The targets.
    pub items: Vec<Target>,
}

/// The targets of a fiscal year, in place of those before.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTargetsRequest {
    /// The fiscal year.
    #[schema(minimum = 2000, maximum = 2998)]
    pub fiscal_year: i32,
    /// The targets; one for each area and measure at most.
    #[schema(max_items = 50)]
    pub items: Vec<Target>,
}

impl Body for SetTargetsRequest {
    fn check(&self, fields: &mut Fields) {
        check_year(self.fiscal_year, fields);
        fields.require(self.items.len() <= 50, "/items", "at most 50");
        for (index, target) in self.items.iter().enumerate() {
            let is_new = self.items[..index]
                .iter()
                .all(|other| (other.area, other.measure) != (target.area, target.measure));
            let pointer = format!("/items/{index}/measure");
            fields.require(is_new, &pointer, "stands in the list for this area already");
            let is_share = matches!(
                target.measure,
                TargetMeasure::IntroducedShare | TargetMeasure::AnsweredInTime
            );
            let most = if is_share { 100.0 } else { 1e9 };
            fields.require(
                (0.0..=most).contains(&target.value),
                &format!("/items/{index}/value"),
                "must be 0 or more, and at most 100 for a share",
            );
        }
    }
}

fn check_year(year: i32, fields: &mut Fields) {
    fields.require(
        (2000..2999).contains(&year),
        "/fiscal_year",
        "must be a year from 2000 to 2998",
    );
}

/// Of which fiscal year.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TargetQuery {
    /// The fiscal year; the current one where absent.
    #[param(minimum = 2000, maximum = 2998)]
    fiscal_year: Option<i32>,
}

impl TargetQuery {
    fn year(&self, now: DateTime<Utc>) -> Result<i32> {
        let year = self.fiscal_year.unwrap_or_else(|| fiscal_year(now));
        let mut fields = Fields::default();
        check_year(year, &mut fields);
        fields.finish()?;
        Ok(year)
    }
}

/// Show the targets of a fiscal year
///
/// The version in the ETag is 0 where none were entered yet.
#[utoipa::path(
    tag = "figures",
    operation_id = "show_targets",
    params(TargetQuery),
    responses((status = 200, description = "The targets", body = Targets)),
    extensions(("x-permission" = json!("read_figures")))
)]
#[get("/targets")]
async fn show_targets(
    access: Access<permit::ReadFigures>,
    Query(query): Query<TargetQuery>,
) -> Result<Answer> {
    let year = query.year(access.now())?;
    let (items, version) = load(access.read(), year).await?;
    Ok(Answer::ok(&Targets {
        fiscal_year: year,
        items,
    })
    .version(version))
}

/// Set the targets of a fiscal year
///
/// In place of those before; `If-Match` with the ETag that was read.
#[utoipa::path(
    tag = "figures",
    operation_id = "set_targets",
    request_body = SetTargetsRequest,
    responses((status = 200, description = "The targets", body = Targets)),
    extensions(("x-permission" = json!("manage_office")))
)]
#[put("/targets")]
async fn set_targets(
    access: Access<permit::ManageOffice>,
    Json(body): Json<SetTargetsRequest>,
) -> Result<Answer> {
    let precondition = access.precondition()?;
    access
        .transaction(async |tx| {
            let year = body.fiscal_year;
            // The first list of a year has no row to lock.
            sqlx::query!(
                "select pg_advisory_xact_lock(hashtext('adoption_target'), $1)",
                year
            )
            .execute(tx.db())
            .await?;
            let (before, version) = load(tx.db(), year).await?;
            precondition.require(version)?;
            if before == body.items {
                tx.unchanged();
            } else {
                sqlx::query!(
                    r#"
                    insert into adoption_target (fiscal_year, targets, updated_at)
                    values ($1, $2, $3)
                    on conflict (fiscal_year) do update
                    set targets = excluded.targets, updated_at = excluded.updated_at
                    "#,
                    year,
                    SqlJson(&body.items) as _,
                    tx.now(),
                )
                .execute(tx.db())
                .await?;
                tx.record(OFFICE, Event::TargetsSet { fiscal_year: year });
            }
            let (items, version) = load(tx.db(), year).await?;
            let targets = Targets {
                fiscal_year: year,
                items,
            };
            Ok(Answer::ok(&targets).version(version))
        })
        .await
}

async fn load(db: impl PgExecutor<'_>, year: i32) -> Result<(Vec<Target>, i64)> {
    let row = sqlx::query!(
        r#"select targets as "targets: SqlJson<Vec<Target>>", version from adoption_target where fiscal_year = $1"#,
        year,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map_or_else(|| (Vec::new(), 0), |row| (row.targets.0, row.version)))
}

/// What was measured for a target.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Measured {
    /// A count, or percent for shares; null where there is nothing to take a share of.
    pub value: Option<f64>,
    /// What is counted.
    pub part: Counted,
    /// Of what it is a share; null for counts.
    pub whole: Option<Counted>,
}

/// A target beside what is measured.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TargetRow {
    /// The target.
    pub target: Target,
    /// What people read.
    pub label: String,
    /// What was measured in the fiscal year, over what the person sees.
    pub measured: Measured,
    /// By what it is known that telework was introduced: `case_status`, from what staff wrote on the case.
    #[schema(example = "case_status")]
    pub measured_by: Option<&'static str>,
}

/// Targets beside what is measured.
#[derive(Serialize, ToSchema)]
pub struct TargetsReport {
    /// The fiscal year.
    pub fiscal_year: i32,
    /// The targets in the order in which they were entered.
    pub rows: Vec<TargetRow>,
}

/// Compare targets with what is measured
///
/// Each with the lists of what is counted. The prefectures of 南関東, 東海 and 近畿 are `urban`, all others `regional`.
#[utoipa::path(
    tag = "figures",
    operation_id = "compare_targets",
    params(TargetQuery),
    responses((status = 200, description = "Targets and figures", body = TargetsReport)),
    extensions(("x-permission" = json!("read_figures")))
)]
#[get("/reports/targets")]
async fn compare_targets(
    access: Access<permit::ReadFigures>,
    Query(query): Query<TargetQuery>,
) -> Result<Answer> {
    let year = query.year(access.now())?;
    read(&access, async |db, asker| {
        let (targets, _) = load(&mut *db, year).await?;
        let mut rows = Vec::new();
        for target in targets {
            let measured = measure(db, &target, year, asker, access.now()).await?;
            let label = format!("{} {}", target.area.japanese(), target.measure.japanese());
            let is_introduced = target.measure == TargetMeasure::IntroducedShare;
            rows.push(TargetRow {
                target,
                label,
                measured,
                measured_by: is_introduced.then_some("case_status"),
            });
        }
        Ok(Answer::ok(&TargetsReport {
            fiscal_year: year,
            rows,
        }))
    })
    .await
}

/// The enterprises with a session of which it is known that they have introduced telework: by the status of their cases.
/// The answers to a survey after closing take its place here, with `measured_by` saying so.
fn introduced(consulted: &Asked) -> Asked {
    let mut introduced = consulted.clone();
    let status = (Dimension::TeleworkStatus, "introduced".to_owned());
    introduced.filters.push(status);
    introduced
}

async fn measure(
    db: &mut PgConnection,
    target: &Target,
    year: i32,
    asker: &Asker<'_>,
    now: DateTime<Utc>,
) -> Result<Measured> {
    let days = Span::fiscal_year(year);
    let area = match target.area {
        TargetArea::National => None,
        area => Some((Dimension::Area, area.name().to_owned())),
    };
    let all = Asked {
        from: Some(days.from),
        to: Some(days.to),
        filters: area.into_iter().collect(),
        ..Asked::default()
    };
    let (kind, part, whole) = match target.measure {
        TargetMeasure::Cases => (ReportKind::Cases, all, None),
        TargetMeasure::Enterprises => (ReportKind::Enterprises, all, None),
        TargetMeasure::Sessions => (ReportKind::Sessions, all, None),
        TargetMeasure::IntroducedShare => {
            let consulted = Asked {
                reached: Some(Milestone::FirstSession),
                ..all
            };
            (
                ReportKind::Enterprises,
                introduced(&consulted),
                Some(consulted),
            )
        }
        TargetMeasure::AnsweredInTime => {
            let with = |states: &str| {
                let mut asked = all.clone();
                let kind = (Dimension::Kind, "first_contact".to_owned());
                asked
                    .filters
                    .extend([kind, (Dimension::State, states.to_owned())]);
                asked
            };
            (
                ReportKind::Deadlines,
                with("met"),
                Some(with("met,late,overdue")),
            )
        }
    };
    let part = counted(db, kind, part, asker, now).await?;
    let whole = match whole {
        Some(whole) => Some(counted(db, kind, whole, asker, now).await?),
        None => None,
    };
    let value = match &whole {
        None => Some(part.count as f64),
        Some(whole) if whole.count > 0 => Some(100.0 * part.count as f64 / whole.count as f64),
        Some(_) => None,
    };
    Ok(Measured { value, part, whole })
}

async fn counted(
    db: &mut PgConnection,
    kind: ReportKind,
    asked: Asked,
    asker: &Asker<'_>,
    now: DateTime<Utc>,
) -> Result<Counted> {
    let selection = select(db, kind, asked, &[], asker.settings, now).await?;
    Ok(Counted {
        count: total(db, &selection, asker).await?,
        list: selection.list(),
    })
}
