//! What the enterprise of a case answered, for those who work on it.

use crate::{
    access::{Access, permit},
    cases,
    error::Result,
    http::{Answer, Path},
    ids::*,
    programme::*,
    routes::ServiceConfig,
};
use actix_web::get;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// Mounts the answers of a case.
pub fn mount(config: &mut ServiceConfig) {
    config.service(show_answers);
}

/// What was asked about a session, and answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionAnswer {
    /// The session.
    pub consultation_id: ConsultationId,
    /// What was asked.
    pub kind: SessionQuestionKind,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// For a reminder: whether they come.
    pub attendance: Option<Attendance>,
    /// For an evaluation: 1 to 5, 5 is best.
    pub score: Option<i32>,
    /// What they wrote about it.
    pub comment: Option<String>,
    /// When it was answered; null while it is not.
    pub answered_at: Option<DateTime<Utc>>,
}

/// A survey after closing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseSurvey {
    /// Its id.
    pub id: SurveyId,
    /// Where it stands.
    pub state: SurveyState,
    /// When its next mail is due; null where none follows.
    pub next_at: Option<DateTime<Utc>>,
    /// When it was sent first.
    pub sent_at: Option<DateTime<Utc>>,
    /// How often it was sent again.
    pub reminders: i32,
    /// When it was answered, stopped or taken back.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether the purpose was achieved.
    pub purpose_achieved: Option<PurposeAchieved>,
    /// What became of telework.
    pub telework: Option<TeleworkAfter>,
    /// Why it is not planned.
    pub why_not: Vec<WhyNot>,
    /// What they wrote.
    pub comment: Option<String>,
}

/// What an enterprise answered by links.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseAnswers {
    /// About sessions, in the order in which it was asked.
    pub sessions: Vec<SessionAnswer>,
    /// After closing, the latest first.
    pub surveys: Vec<CaseSurvey>,
}

/// Show what the enterprise answered
///
/// Whether it comes to a session and how it was, and the survey after closing. The dates offered are a list of their own.
#[utoipa::path(
    tag = "answers",
    operation_id = "show_answers",
    params(("id" = Uuid, Path, description = "The case")),
    responses((status = 200, description = "The answers", body = CaseAnswers)),
    extensions(("x-permission" = json!("read_cases")))
)]
#[get("/cases/{id}/answers")]
async fn show_answers(access: Access<permit::ReadCases>, Path(id): Path<CaseId>) -> Result<Answer> {
    let mut db = access.read().acquire().await?;
    let case = cases::find(&mut db, access.actor(), id).await?;
    let sessions = sqlx::query_as!(
        SessionAnswer,
        r#"
        select q.consultation_id, q.kind as "kind: _", q.asked_at, q.answer as "attendance: _", q.score, q.answered_at,
            t.written as "comment?"
        from session_question q
        join consultation s on s.id = q.consultation_id
        left join free_text t on t.subject_id = s.id and q.kind = 'evaluation'
        where s.case_id = $1 and q.is_sent
        order by q.asked_at, q.kind
        "#,
        *case.id,
    )
    .fetch_all(&mut *db)
    .await?;
    let surveys = sqlx::query_as!(
        CaseSurvey,
        r#"
        select y.id, y.state, y.next_at, y.sent_at, y.reminders, y.ended_at, y.purpose_achieved as "purpose_achieved: _",
            y.telework as "telework: _", y.why_not as "why_not: _", t.written as "comment?"
        from survey y
        left join free_text t on t.subject_id = y.id
        where y.case_id = $1
        order by y.status_seq desc
        "#,
        *case.id,
    )
    .fetch_all(&mut *db)
    .await?;
    Ok(Answer::ok(&CaseAnswers { sessions, surveys }))
}
