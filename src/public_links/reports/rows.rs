//! The lists behind the figures.

use super::{Scope, SurveyReportFilter};
use crate::{
    access::{Access, Role, permit},
    error::{Error, Result},
    http::{Answer, Cursor, Page, Query, page_size},
    ids::*,
    programme::*,
    routes::ServiceConfig,
    text::PrefectureCode,
};
use actix_web::get;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub(super) fn mount(config: &mut ServiceConfig) {
    config
        .service(list_survey_rows)
        .service(list_evaluation_rows);
}

/// Which surveys. Without a state and an answer: all that were sent.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SurveyRowFilter {
    /// Asked on this day in Japan or later.
    pub from: Option<NaiveDate>,
    /// Asked on this day or earlier.
    pub to: Option<NaiveDate>,
    /// Of the cases of this desk; a desk's are its own.
    pub desk_id: Option<DeskId>,
    /// Of sites in this prefecture.
    #[param(value_type = Option<String>, example = "02")]
    pub prefecture_code: Option<PrefectureCode>,
    /// Where they stand; `sent` are those not answered.
    pub state: Option<SurveyState>,
    /// With this answer.
    pub purpose_achieved: Option<PurposeAchieved>,
    /// With this answer.
    pub telework: Option<TeleworkAfter>,
    /// With this among the reasons.
    pub why_not: Option<WhyNot>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// A survey, as the figures count it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SurveyRow {
    /// The survey.
    pub id: SurveyId,
    /// The case; null for the ministry.
    pub case_id: Option<CaseId>,
    /// The case's number; null for the ministry.
    pub case_number: Option<String>,
    /// The desk that had the case.
    pub desk_id: Option<DeskId>,
    /// Where the matter was.
    pub prefecture_code: Option<String>,
    /// How the case ended.
    pub outcome: Outcome,
    /// Where it stands.
    pub state: SurveyState,
    /// When it was sent first.
    pub sent_at: DateTime<Utc>,
    /// When it was answered, stopped or taken back.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether the purpose was achieved.
    pub purpose_achieved: Option<PurposeAchieved>,
    /// What became of telework.
    pub telework: Option<TeleworkAfter>,
    /// Why it is not planned.
    pub why_not: Vec<WhyNot>,
}

/// List the surveys behind a figure
///
/// The latest first. The list for each number of the report: its filters, and `state` or the answer.
#[utoipa::path(
    tag = "answers",
    operation_id = "list_survey_rows",
    params(SurveyRowFilter),
    responses((status = 200, description = "One page of surveys", body = Page<SurveyRow>)),
    extensions(("x-permission" = json!("read_survey_figures")))
)]
#[get("/reports/survey/rows")]
async fn list_survey_rows(
    access: Access<permit::ReadSurveyFigures>,
    Query(filter): Query<SurveyRowFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    let after: Option<(DateTime<Utc>, SurveyId)> =
        filter.cursor.as_ref().map(Cursor::keys).transpose()?;
    let (after_at, after_id) = after.unzip();
    let base = SurveyReportFilter {
        from: filter.from,
        to: filter.to,
        desk_id: filter.desk_id,
        prefecture_code: filter.prefecture_code,
    };
    let scope = Scope::of(&base, access.actor())?;
    let items = sqlx::query_as!(
        SurveyRow,
        r#"
        select y.id, y.case_id as "case_id?", c.number as "case_number?", y.desk_id, y.prefecture_code,
            y.outcome as "outcome: _", y.state, y.sent_at as "sent_at!", y.ended_at,
            y.purpose_achieved as "purpose_achieved: _", y.telework as "telework: _", y.why_not as "why_not: _"
        from survey y
        join case_file c on c.id = y.case_id
        where y.sent_at is not null
        and ($1::timestamptz is null or y.sent_at >= $1)
        and ($2::timestamptz is null or y.sent_at < $2)
        and ($3::uuid is null or y.desk_id = $3)
        and ($4::text is null or y.prefecture_code = $4)
        and ($5::text is null or y.state = $5)
        and ($6::text is null or y.purpose_achieved = $6)
        and ($7::text is null or y.telework = $7)
        and ($8::text is null or $8 = any (y.why_not))
        and ($9::timestamptz is null or (y.sent_at, y.id) < ($9, $10))
        order by y.sent_at desc, y.id desc
        limit $11
        "#,
        scope.from,
        scope.to,
        scope.desk_id.map(|id| *id),
        scope.prefecture_code.as_deref(),
        filter.state.map(SurveyState::name),
        filter.purpose_achieved.map(PurposeAchieved::name),
        filter.telework.map(TeleworkAfter::name),
        filter.why_not.map(WhyNot::name),
        after_at,
        after_id.map(|id| *id),
        limit + 1,
    )
    .fetch_all(access.read())
    .await?;
    let is_masked = access.actor().role == Some(Role::Auditor);
    let masked = |row: SurveyRow| SurveyRow {
        case_id: None,
        case_number: None,
        ..row
    };
    let mut page = Page::new(items, limit, |row| (row.sent_at, row.id));
    if is_masked {
        page.items = page.items.into_iter().map(masked).collect();
    }
    Ok(Answer::ok(&page))
}

/// Which evaluations. Without a score: all that were asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRowFilter {
    /// Asked on this day in Japan or later.
    pub from: Option<NaiveDate>,
    /// Asked on this day or earlier.
    pub to: Option<NaiveDate>,
    /// Of the cases of this desk; a desk's are its own.
    pub desk_id: Option<DeskId>,
    /// Of sites in this prefecture.
    #[param(value_type = Option<String>, example = "02")]
    pub prefecture_code: Option<PrefectureCode>,
    /// Whether they were answered.
    pub answered: Option<bool>,
    /// With this score.
    #[param(minimum = 1, maximum = 5)]
    pub score: Option<i32>,
    /// Items per page, 1 to 200; 50 where absent.
    pub limit: Option<i64>,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// An evaluation, as the figures count it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvaluationRow {
    /// The session; null for the ministry.
    pub consultation_id: Option<ConsultationId>,
    /// The case; null for the ministry.
    pub case_id: Option<CaseId>,
    /// The case's number; null for the ministry.
    pub case_number: Option<String>,
    /// The desk that has the case.
    pub desk_id: Option<DeskId>,
    /// Where the matter is.
    pub prefecture_code: Option<String>,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// When it was answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// 1 to 5, 5 is best.
    pub score: Option<i32>,
}

/// List the evaluations behind a figure
///
/// The latest first. The list for each number of `evaluations` in the report.
#[utoipa::path(
    tag = "answers",
    operation_id = "list_evaluation_rows",
    params(EvaluationRowFilter),
    responses((status = 200, description = "One page of evaluations", body = Page<EvaluationRow>)),
    extensions(("x-permission" = json!("read_survey_figures")))
)]
#[get("/reports/survey/evaluations")]
async fn list_evaluation_rows(
    access: Access<permit::ReadSurveyFigures>,
    Query(filter): Query<EvaluationRowFilter>,
) -> Result<Answer> {
    let limit = page_size(filter.limit)?;
    if filter.score.is_some_and(|score| !(1..=5).contains(&score)) {
        return Err(Error::invalid("/score", "must be between 1 and 5"));
    }
    let after: Option<(DateTime<Utc>, ConsultationId)> =
        filter.cursor.as_ref().map(Cursor::keys).transpose()?;
    let (after_at, after_id) = after.unzip();
    let base = SurveyReportFilter {
        from: filter.from,
        to: filter.to,
        desk_id: filter.desk_id,
        prefecture_code: filter.prefecture_code,
    };
    let scope = Scope::of(&base, access.actor())?;
    let items = sqlx::query_as!(
        EvaluationRow,
        r#"
        select q.consultation_id as "consultation_id?", c.id as "case_id?", c.number as "case_number?", c.desk_id,
            coalesce(c.site_prefecture_code, e.prefecture_code) as prefecture_code, q.asked_at, q.answered_at, q.score
        from session_question q
        join consultation s on s.id = q.consultation_id
        join case_file c on c.id = s.case_id
        join enterprise e on e.id = c.enterprise_id
        where q.kind = 'evaluation' and q.is_sent
        and ($1::timestamptz is null or q.asked_at >= $1)
        and ($2::timestamptz is null or q.asked_at < $2)
        and ($3::uuid is null or c.desk_id = $3)
        and ($4::text is null or coalesce(c.site_prefecture_code, e.prefecture_code) = $4)
        and ($5::bool is null or (q.score is not null) = $5)
        and ($6::int is null or q.score = $6)
        and ($7::timestamptz is null or (q.asked_at, q.consultation_id) < ($7, $8))
        order by q.asked_at desc, q.consultation_id desc
        limit $9
        "#,
        scope.from,
        scope.to,
        scope.desk_id.map(|id| *id),
        scope.prefecture_code.as_deref(),
        filter.answered,
        filter.score,
        after_at,
        after_id.map(|id| *id),
        limit + 1,
    )
    .fetch_all(access.read())
    .await?;
    let is_masked = access.actor().role == Some(Role::Auditor);
    let masked = |row: EvaluationRow| EvaluationRow {
        consultation_id: None,
        case_id: None,
        case_number: None,
        ..row
    };
    let mut page = Page::new(items, limit, |row| (row.asked_at, row.consultation_id));
    if is_masked {
        page.items = page.items.into_iter().map(masked).collect();
    }
    Ok(Answer::ok(&page))
}
