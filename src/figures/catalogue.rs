//! What reports there are, for pages: their dimensions with codes and words.

use super::words::*;
use crate::{
    access::{Access, permit},
    error::Result,
    http::Answer,
    routes::ServiceConfig,
    settings::Settings,
};
use actix_web::get;
use serde::Serialize;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(list_reports);
}

/// The reports and by what they can be asked.
#[derive(Serialize, ToSchema)]
pub struct Catalogue {
    /// What can be counted.
    pub reports: Vec<CatalogueReport>,
    /// By what; each is a filter of the same name as well.
    pub dimensions: Vec<CatalogueDimension>,
    /// Other reports, with parameters of their own.
    pub others: Vec<CatalogueOther>,
}

/// A report that counts.
#[derive(Serialize, ToSchema)]
pub struct CatalogueReport {
    /// What it counts.
    pub report: ReportKind,
    /// What people read.
    pub label: &'static str,
    /// Where the counts are.
    #[schema(example = "/api/v1/reports/cases")]
    pub path: String,
    /// Where the lists are.
    #[schema(example = "/api/v1/reports/cases/rows")]
    pub list: String,
    /// By what it can be broken down and narrowed.
    pub dimensions: Vec<Dimension>,
}

/// By what reports are broken down and narrowed.
#[derive(Serialize, ToSchema)]
pub struct CatalogueDimension {
    /// Its name, in `by` and as a filter.
    pub name: Dimension,
    /// What people read.
    pub label: &'static str,
    /// Whether one case can stand under several codes, so that rows add up to more than the total.
    pub multiple: bool,
    /// Its codes with their words, where the programme fixes them; months, years, desks and managers are those that occur.
    pub codes: Option<Vec<super::count::FigureKey>>,
    /// The code of what is not known or belongs to nobody.
    pub unset: super::count::FigureKey,
}

/// Another report.
#[derive(Serialize, ToSchema)]
pub struct CatalogueOther {
    /// Where it is.
    #[schema(example = "/api/v1/reports/times")]
    pub path: &'static str,
    /// What people read.
    pub label: &'static str,
}

const OTHERS: [(&str, &str); 5] = [
    (
        "/api/v1/reports/times",
        "初回回答・受理・初回コンサルティングまでの時間",
    ),
    ("/api/v1/reports/lateness", "期限の遵守"),
    ("/api/v1/reports/capacity", "専門家・窓口の担当枠"),
    ("/api/v1/reports/overview", "概況"),
    ("/api/v1/reports/targets", "目標と実績"),
];

/// List the reports
///
/// What can be counted, by what, and the words for the codes.
#[utoipa::path(
    tag = "figures",
    operation_id = "list_reports",
    responses((status = 200, description = "The reports", body = Catalogue)),
    extensions(("x-permission" = json!("read_figures")))
)]
#[get("/reports")]
async fn list_reports(access: Access<permit::ReadFigures>) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let settings = Settings::load(&mut *db).await?;
    let labels = Labels::load(&mut db, access.actor(), &settings, &[]).await?;
    let reports = ReportKind::ALL.iter().map(|&report| CatalogueReport {
        report,
        label: report.japanese(),
        path: format!("/api/v1/reports/{}", report.name()),
        list: format!("/api/v1/reports/{}/rows", report.name()),
        dimensions: Dimension::ALL
            .iter()
            .copied()
            .filter(|dimension| dimension.belongs_to(report))
            .collect(),
    });
    let dimensions = Dimension::ALL.iter().map(|&dimension| CatalogueDimension {
        name: dimension,
        label: dimension.japanese(),
        multiple: dimension.is_multiple(),
        codes: dimension.codes(&settings).map(|codes| {
            codes
                .into_iter()
                .map(|(code, label)| super::count::FigureKey { code, label })
                .collect()
        }),
        unset: super::count::FigureKey {
            code: UNSET.to_owned(),
            label: labels.of(dimension, UNSET),
        },
    });
    Ok(Answer::ok(&Catalogue {
        reports: reports.collect(),
        dimensions: dimensions.collect(),
        others: OTHERS
            .iter()
            .map(|&(path, label)| CatalogueOther { path, label })
            .collect(),
    }))
}
