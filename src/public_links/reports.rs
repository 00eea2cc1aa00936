//! Figures of surveys and evaluations: how many were asked, how many answered, and what.
//!
//! Every number is the length of a list that the same person can open (`/reports/survey/rows`, `…/evaluations`), with the
//! same filters and the word beside the number. A survey counts by the day on which it was sent first, at the desk and in the
//! prefecture that it had then; an evaluation by the day on which it was asked for.

mod rows;

use crate::{
    access::{Access, Actor, Role, permit},
    calendar::hours::TimeOfDay,
    error::{Error, Fields, Result},
    http::{Answer, Query},
    ids::*,
    programme::*,
    routes::ServiceConfig,
    text::PrefectureCode,
};
use actix_web::get;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, types::Json as SqlJson};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Mounts the report and its lists.
pub fn mount(config: &mut ServiceConfig) {
    config.service(show_survey_report).configure(rows::mount);
}

/// What is counted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SurveyReportFilter {
    /// Asked on this day in Japan or later.
    pub from: Option<NaiveDate>,
    /// Asked on this day or earlier.
    pub to: Option<NaiveDate>,
    /// Of the cases of this desk; a desk's are its own.
    pub desk_id: Option<DeskId>,
    /// Of sites in this prefecture.
    #[param(value_type = Option<String>, example = "02")]
    pub prefecture_code: Option<PrefectureCode>,
}

/// The filter as a query has it.
#[derive(Debug)]
struct Scope {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    desk_id: Option<DeskId>,
    prefecture_code: Option<String>,
}

impl Scope {
    fn of(filter: &SurveyReportFilter, actor: &Actor) -> Result<Self> {
        let mut fields = Fields::default();
        crate::programme::check_period(&mut fields, ("/from", filter.from), ("/to", filter.to));
        fields.finish()?;
        let desk_id = match (actor.role, filter.desk_id) {
            (Some(Role::Desk), Some(asked)) if Some(asked) != actor.desk() => {
                return Err(Error::invalid("/desk_id", "must be your own desk"));
            }
            (Some(Role::Desk), _) => actor.desk(),
            (_, asked) => asked,
        };
        let midnight = |day: NaiveDate| TimeOfDay::new(0, 0).on(day);
        Ok(Self {
            from: filter.from.and_then(midnight),
            to: filter.to.and_then(|day| day.succ_opt()).and_then(midnight),
            desk_id,
            prefecture_code: filter
                .prefecture_code
                .as_ref()
                .map(|code| code.as_str().to_owned()),
        })
    }
}

/// How many gave an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnswerShare {
    /// The answer, as the list's filter has it.
    pub answer: String,
    /// The same in words (Japanese).
    pub label: String,
    /// How many.
    pub count: i64,
    /// Of those who answered the question, from 0 to 1; null where nobody did.
    pub share: Option<f64>,
}

/// What was asked about sessions, and answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvaluationFigures {
    /// Sessions that were asked about.
    pub sent: i64,
    /// Of these answered.
    pub answered: i64,
    /// Answered of sent, from 0 to 1; null where none was sent.
    pub response_rate: Option<f64>,
    /// The mean of the scores; null where there is none.
    pub average: Option<f64>,
    /// By score, 1 to 5.
    pub scores: Vec<AnswerShare>,
}

/// Figures of surveys.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SurveyReport {
    /// Surveys that were sent; reminders do not count. The sum of the next five.
    pub sent: i64,
    /// Answered.
    pub answered: i64,
    /// Stopped by who was asked.
    pub stopped: i64,
    /// Could not be delivered.
    pub bounced: i64,
    /// Taken back, because the case was reopened.
    pub cancelled: i64,
    /// Not answered (yet).
    pub unanswered: i64,
    /// Answered of sent, from 0 to 1; null where none was sent.
    pub response_rate: Option<f64>,
    /// Whether the purpose was achieved.
    pub purpose_achieved: Vec<AnswerShare>,
    /// What became of telework.
    pub telework: Vec<AnswerShare>,
    /// Why it is not planned; several reasons may be given, so that shares do not add up to 1.
    pub why_not: Vec<AnswerShare>,
    /// How sessions were.
    pub evaluations: EvaluationFigures,
}

/// Report on surveys
///
/// Response rate, and shares by answer. The auditor sees the same figures; the lists behind them are without cases then.
#[utoipa::path(
    tag = "answers",
    operation_id = "show_survey_report",
    params(SurveyReportFilter),
    responses((status = 200, description = "The figures", body = SurveyReport)),
    extensions(("x-permission" = json!("read_survey_figures")))
)]
#[get("/reports/survey")]
async fn show_survey_report(
    access: Access<permit::ReadSurveyFigures>,
    Query(filter): Query<SurveyReportFilter>,
) -> Result<Answer> {
    let scope = Scope::of(&filter, access.actor())?;
    let report = access
        .read_replica(async |db| report(db, &scope).await)
        .await?;
    Ok(Answer::ok(&report))
}

type Counts = BTreeMap<String, i64>;

async fn report(db: &PgPool, scope: &Scope) -> Result<SurveyReport> {
    let row = sqlx::query!(
        r#"
        with counted as materialized (
            select state, purpose_achieved, telework, why_not
            from survey
            where sent_at is not null
            and ($1::timestamptz is null or sent_at >= $1)
            and ($2::timestamptz is null or sent_at < $2)
            and ($3::uuid is null or desk_id = $3)
            and ($4::text is null or prefecture_code = $4)
        )
        select
            (select coalesce(json_object_agg(state, n), '{}')
                from (select state, count(*) as n from counted group by 1) x) as "states!: SqlJson<Counts>",
            (select coalesce(json_object_agg(purpose_achieved, n), '{}')
                from (select purpose_achieved, count(*) as n from counted where purpose_achieved is not null group by 1) x
            ) as "achieved!: SqlJson<Counts>",
            (select coalesce(json_object_agg(telework, n), '{}')
                from (select telework, count(*) as n from counted where telework is not null group by 1) x
            ) as "telework!: SqlJson<Counts>",
            (select coalesce(json_object_agg(reason, n), '{}')
                from (select reason, count(*) as n from counted cross join unnest(why_not) as given (reason) group by 1) x
            ) as "why_not!: SqlJson<Counts>"
        "#,
        scope.from,
        scope.to,
        scope.desk_id.map(|id| *id),
        scope.prefecture_code.as_deref(),
    )
    .fetch_one(db)
    .await?;
    let states = row.states.0;
    let count = |state: SurveyState| states.get(state.name()).copied().unwrap_or_default();
    let sent = states.values().sum();
    let (answered, telework) = (count(SurveyState::Answered), row.telework.0);
    let not_planned = telework.get(TeleworkAfter::NotPlanned.name());
    let asked_why = not_planned.copied().unwrap_or_default();
    Ok(SurveyReport {
        sent,
        answered,
        stopped: count(SurveyState::Stopped),
        bounced: count(SurveyState::Bounced),
        cancelled: count(SurveyState::Cancelled),
        unanswered: count(SurveyState::Sent),
        response_rate: share(answered, sent),
        purpose_achieved: shares(
            PurposeAchieved::ALL
                .iter()
                .map(|word| (word.name(), word.japanese())),
            &row.achieved.0,
            answered,
        ),
        telework: shares(
            TeleworkAfter::ALL
                .iter()
                .map(|word| (word.name(), word.japanese())),
            &telework,
            answered,
        ),
        why_not: shares(
            WhyNot::ALL
                .iter()
                .map(|word| (word.name(), word.japanese())),
            &row.why_not.0,
            asked_why,
        ),
        evaluations: evaluations(db, scope).await?,
    })
}

async fn evaluations(db: &PgPool, scope: &Scope) -> Result<EvaluationFigures> {
    let rows = sqlx::query!(
        r#"
        select q.score, count(*) as "number!"
        from session_question q
        join consultation s on s.id = q.consultation_id
        join case_file c on c.id = s.case_id
        join enterprise e on e.id = c.enterprise_id
        where q.kind = 'evaluation' and q.is_sent
        and ($1::timestamptz is null or q.asked_at >= $1)
        and ($2::timestamptz is null or q.asked_at < $2)
        and ($3::uuid is null or c.desk_id = $3)
        and ($4::text is null or coalesce(c.site_prefecture_code, e.prefecture_code) = $4)
        group by q.score
        "#,
        scope.from,
        scope.to,
        scope.desk_id.map(|id| *id),
        scope.prefecture_code.as_deref(),
    )
    .fetch_all(db)
    .await?;
    let sent = rows.iter().map(|row| row.number).sum();
    let scored = || rows.iter().filter_map(|row| Some((row.score?, row.number)));
    let answered = scored().map(|(_, number)| number).sum();
    let points: i64 = scored()
        .map(|(score, number)| i64::from(score) * number)
        .sum();
    let by_score: Counts = scored()
        .map(|(score, number)| (score.to_string(), number))
        .collect();
    let words = [("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5")];
    Ok(EvaluationFigures {
        sent,
        answered,
        response_rate: share(answered, sent),
        average: share(points, answered),
        scores: shares(words.into_iter(), &by_score, answered),
    })
}

fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn shares(
    words: impl Iterator<Item = (&'static str, &'static str)>,
    counts: &Counts,
    whole: i64,
) -> Vec<AnswerShare> {
    let share_of = |(answer, label): (&str, &str)| {
        let count = counts.get(answer).copied().unwrap_or_default();
        AnswerShare {
            answer: answer.into(),
            label: label.into(),
            count,
            share: share(count, whole),
        }
    };
    words.map(share_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_name_every_word_and_divide_by_nothing() {
        let counts = Counts::from([("yes".to_owned(), 1)]);
        let words = || {
            PurposeAchieved::ALL
                .iter()
                .map(|word| (word.name(), word.japanese()))
        };
        let of_four = shares(words(), &counts, 4);
        let plain: Vec<_> = of_four
            .iter()
            .map(|one| (one.answer.as_str(), one.count, one.share))
            .collect();
        assert_eq!(
            plain,
            [
                ("yes", 1, Some(0.25)),
                ("partly", 0, Some(0.0)),
                ("no", 0, Some(0.0))
            ]
        );
        assert!(
            shares(words(), &Counts::new(), 0)
                .iter()
                .all(|one| one.share.is_none())
        );
    }
}
