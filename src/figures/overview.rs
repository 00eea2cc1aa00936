//! The few numbers of a dashboard, each with its list.

use super::{
    count::{read, select, total},
    selection::{Asked, Span},
    times_report::Counted,
    words::*,
};
use crate::{
    access::{Access, Actor, permit},
    error::Result,
    http::Answer,
    japan::{fiscal_year_of, tokyo_date},
    routes::ServiceConfig,
};
use actix_web::get;
use chrono::{Days, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(show_overview);
}

/// A number of the dashboard.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OverviewNumber {
    /// Which.
    #[schema(example = "open_cases")]
    pub code: &'static str,
    /// What people read.
    pub label: &'static str,
    /// The number with its list.
    #[serde(flatten)]
    pub number: Counted,
}

/// The numbers of the dashboard, for what this person sees.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Overview {
    /// Today, in Japan.
    pub as_of: NaiveDate,
    /// The fiscal year.
    pub fiscal_year: i32,
    /// The numbers, in the order in which they are shown.
    pub numbers: Vec<OverviewNumber>,
}

const OPEN: &str = "received,routed,accepted,assigned,consulting";

/// Show the numbers of the dashboard
///
/// For the person's role, each with its list. `carried_over` are the open cases of earlier fiscal years,
/// `carried_over_sessions` the sessions that were held on them before this one and stay used.
#[utoipa::path(
    tag = "figures",
    operation_id = "show_overview",
    responses((status = 200, description = "The numbers", body = Overview)),
    extensions(("x-permission" = json!("read_figures")))
)]
#[get("/reports/overview")]
async fn show_overview(access: Access<permit::ReadFigures>) -> Result<Answer> {
    read(&access, async |db, asker| {
        let today = tokyo_date(access.now());
        let mut numbers = Vec::new();
        for (code, label, kind, asked) in questions(access.actor(), today) {
            let selection = select(db, kind, asked, &[], asker.settings, access.now()).await?;
            numbers.push(OverviewNumber {
                code,
                label,
                number: Counted {
                    count: total(db, &selection, asker).await?,
                    list: selection.list(),
                },
            });
        }
        Ok(Answer::ok(&Overview {
            as_of: today,
            fiscal_year: fiscal_year_of(today),
            numbers,
        }))
    })
    .await
}

type Question = (&'static str, &'static str, ReportKind, Asked);

fn asked(span: Span, filters: &[(Dimension, &str)]) -> Asked {
    Asked {
        from: Some(span.from),
        to: Some(span.to),
        // What is open is so now, also in a period that was closed.
        basis: (!filters.is_empty()).then_some(Basis::Record),
        filters: filters
            .iter()
            .map(|&(dimension, codes)| (dimension, codes.to_owned()))
            .collect(),
        ..Asked::default()
    }
}

fn questions(actor: &Actor, today: NaiveDate) -> Vec<Question> {
    use ReportKind::*;
    let year = Span::fiscal_year(fiscal_year_of(today));
    let month = Span::month(today);
    // The programme has no dates before.
    let first = Span::fiscal_year(2000).from;
    let ever = Span {
        from: first,
        to: today,
    };
    let before = Span {
        from: first,
        to: year.from - Days::new(1),
    };
    let ahead = Span {
        from: today,
        to: today + Days::new(92),
    };
    let open = (Dimension::Status, OPEN);
    let state = |state| (Dimension::State, state);
    let mut questions = vec![
        ("open_cases", "対応中の案件", Cases, asked(ever, &[open])),
        (
            "received_this_month",
            "今月の相談案件",
            Cases,
            asked(month, &[]),
        ),
        (
            "received_this_year",
            "今年度の相談案件",
            Cases,
            asked(year, &[]),
        ),
        (
            "enterprises_this_year",
            "今年度の相談企業・団体",
            Enterprises,
            asked(year, &[]),
        ),
        (
            "contacts_this_month",
            "今月の対応(延べ)",
            Interactions,
            asked(month, &[]),
        ),
        (
            "sessions_this_month",
            "今月のコンサルティング",
            Sessions,
            asked(month, &[]),
        ),
        (
            "sessions_this_year",
            "今年度のコンサルティング",
            Sessions,
            asked(year, &[]),
        ),
        (
            "sessions_ahead",
            "これからのコンサルティング",
            Sessions,
            asked(ahead, &[state("booked")]),
        ),
        (
            "overdue",
            "期限を過ぎているもの",
            Deadlines,
            asked(ever, &[state("overdue")]),
        ),
        (
            "carried_over",
            "前年度からの繰越案件",
            Cases,
            asked(before, &[open]),
        ),
        (
            "carried_over_sessions",
            "繰越案件で前年度までに実施したコンサルティング",
            Sessions,
            asked(before, &[open]),
        ),
    ];
    if super::periods::sees_all(actor) {
        let unrouted = asked(ever, &[(Dimension::Status, "received")]);
        questions.insert(1, ("unrouted", "振り分け前の案件", Cases, unrouted));
    }
    questions
}
