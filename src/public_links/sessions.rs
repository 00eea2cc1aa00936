//! Sessions: a reminder with a link to say whether the enterprise comes, and afterwards a question how it was.
//!
//! Both are written in office hours, once: the reminder for a session at one time (a session that moved is reminded of
//! again), the question after it was recorded as held. Whoever cannot come tells the desk; nothing is cancelled by that.

use super::{Addressee, Link, addressee, ask, free_texts, issue, may_survey, wait_for_desk};
use crate::{
    access::Actor,
    audit::Event,
    cases::{self, Case, Status},
    error::Result,
    ids::*,
    interactions,
    japan::dates as words,
    messages::{invitation, may_send_automatically, notice},
    programme::*,
    store::{Store, Tx},
    templates::{Placeholder, Values},
    text::{Body, Reason},
};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// A session that was held longer ago is not asked about: nobody remembers.
const RECENT: TimeDelta = TimeDelta::days(30);

/// Sessions further ahead are not looked at: no setting reminds earlier.
const AHEAD: TimeDelta = TimeDelta::days(60);

/// A session, as its questions need it.
struct Asked {
    id: ConsultationId,
    case_id: CaseId,
    state: SessionState,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    mode: Mode,
    booked_at: DateTime<Utc>,
    sequence: i32,
}

async fn load(db: &mut PgConnection, id: ConsultationId) -> Result<Asked> {
    Ok(sqlx::query_as!(
        Asked,
        r#"
        select id, case_id, state as "state: SessionState", starts_at, ends_at, mode as "mode: Mode", booked_at, sequence
        from consultation
        where id = $1
        "#,
        *id
    )
    .fetch_one(db)
    .await?)
}

/// Writes the reminders that are due.
///
/// # Errors
/// The database.
pub(super) async fn remind(store: &Store, system: &Actor) -> Result<()> {
    let settings = crate::settings::Settings::load(store.writer()).await?;
    if !settings.session_reminder {
        return Ok(());
    }
    let now = store.now();
    let ahead = sqlx::query_scalar!(
        r#"
        select s.id as "id: ConsultationId"
        from consultation s
        where s.state = 'booked' and s.starts_at > $1 and s.starts_at < $2
        and not exists (
            select from session_question q
            where q.consultation_id = s.id and q.kind = 'reminder' and q.sequence = s.sequence
        )
        order by s.starts_at
        "#,
        now,
        now + AHEAD,
    )
    .fetch_all(store.writer())
    .await?;
    for id in ahead {
        let goes_on = store
            .transaction(system, async |tx| remind_of(tx, id).await)
            .await?;
        if !goes_on {
            break;
        }
    }
    Ok(())
}

/// False where no more may be written for now: the next run goes on.
async fn remind_of(tx: &mut Tx, id: ConsultationId) -> Result<bool> {
    let Some((case, session)) = lock(tx, id).await? else {
        tx.unchanged();
        return Ok(true);
    };
    let (now, days) = (tx.now(), tx.settings().await?.session_reminder_days);
    let calendar = tx.calendar(case.desk_id).await?;
    let is_ahead = session.state == SessionState::Booked && session.starts_at > now;
    let is_near = calendar.deadline(now, days, &[]) >= session.starts_at;
    if !is_ahead || !is_near || !calendar.is_open(now) {
        tx.unchanged();
        return Ok(true);
    }
    if !may_send_automatically(tx).await? {
        tx.unchanged();
        return Ok(false);
    }
    // Whoever booked within that time was just told.
    let is_news = calendar.deadline(session.booked_at, days, &[]) < session.starts_at;
    let to = addressee(tx.db(), case.id).await?.filter(|_| is_news);
    let link_id = match &to {
        Some(to) => write_reminder(tx, &case, &session, to).await?,
        None => None,
    };
    let kind = SessionQuestionKind::Reminder;
    note(tx, &session, kind, link_id).await?;
    match link_id {
        Some(_) => tx.record(
            case.id,
            Event::SessionReminded {
                consultation_id: id,
            },
        ),
        // That nobody was asked is kept, so that nobody looks again; it is no act.
        None => tx.unchanged(),
    }
    Ok(true)
}

async fn write_reminder(
    tx: &mut Tx,
    case: &Case,
    session: &Asked,
    to: &Addressee,
) -> Result<Option<LinkId>> {
    let purpose = LinkPurpose::Session;
    let link_id = issue(tx, purpose, case.id, *session.id, session.starts_at).await?;
    let values = invitation::values_of(tx.db(), session.id).await?;
    let purpose = TemplatePurpose::SessionReminder;
    let message_id = ask(tx, case, to, purpose, link_id, values).await?;
    Ok(message_id.map(|_| link_id))
}

/// Asks how the sessions were that were recorded as held.
///
/// # Errors
/// The database.
pub(super) async fn ask_how_it_was(store: &Store, system: &Actor) -> Result<()> {
    let settings = crate::settings::Settings::load(store.writer()).await?;
    if !settings.evaluation {
        return Ok(());
    }
    let held = sqlx::query_scalar!(
        r#"
        select s.id as "id: ConsultationId"
        from consultation s
        where s.state = 'held' and s.starts_at > $1
        and not exists (
            select from session_question q where q.consultation_id = s.id and q.kind = 'evaluation'
        )
        order by s.starts_at
        "#,
        store.now() - RECENT,
    )
    .fetch_all(store.writer())
    .await?;
    for id in held {
        let goes_on = store
            .transaction(system, async |tx| ask_about(tx, id).await)
            .await?;
        if !goes_on {
            break;
        }
    }
    Ok(())
}

/// As [`remind_of`].
async fn ask_about(tx: &mut Tx, id: ConsultationId) -> Result<bool> {
    let Some((case, session)) = lock(tx, id).await? else {
        tx.unchanged();
        return Ok(true);
    };
    let now = tx.now();
    let calendar = tx.calendar(case.desk_id).await?;
    let is_held = session.state == SessionState::Held;
    if !is_held || !calendar.is_open(now) {
        tx.unchanged();
        return Ok(true);
    }
    if !may_send_automatically(tx).await? {
        tx.unchanged();
        return Ok(false);
    }
    let to = match addressee(tx.db(), case.id).await? {
        Some(to) if may_survey(tx, &case, &to.address).await? => Some(to),
        _ => None,
    };
    let link_id = match &to {
        Some(to) => write_question(tx, &case, &session, to).await?,
        None => None,
    };
    let kind = SessionQuestionKind::Evaluation;
    note(tx, &session, kind, link_id).await?;
    match link_id {
        Some(_) => tx.record(
            case.id,
            Event::EvaluationAsked {
                consultation_id: id,
            },
        ),
        // As for reminders.
        None => tx.unchanged(),
    }
    Ok(true)
}

async fn write_question(
    tx: &mut Tx,
    case: &Case,
    session: &Asked,
    to: &Addressee,
) -> Result<Option<LinkId>> {
    let (now, days) = (tx.now(), tx.settings().await?.evaluation_days);
    let until = tx.calendar(case.desk_id).await?.deadline(now, days, &[]);
    let link_id = issue(tx, LinkPurpose::Evaluation, case.id, *session.id, until).await?;
    let values = Values::default()
        .with(
            Placeholder::When,
            words::span(session.starts_at, session.ends_at),
        )
        .with(Placeholder::AnswerUntil, words::moment(until, now));
    let purpose = TemplatePurpose::EvaluationRequest;
    let message_id = ask(tx, case, to, purpose, link_id, values).await?;
    Ok(message_id.map(|_| link_id))
}

/// Locks the case of a session, then loads the session as it is after the wait; none where a merge moved it just now.
async fn lock(tx: &mut Tx, id: ConsultationId) -> Result<Option<(Case, Asked)>> {
    let before = load(tx.db(), id).await?;
    let case = cases::lock(tx, before.case_id).await?;
    let session = load(tx.db(), id).await?;
    Ok((session.case_id == case.id).then_some((case, session)))
}

async fn note(
    tx: &mut Tx,
    session: &Asked,
    kind: SessionQuestionKind,
    link_id: Option<LinkId>,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        r#"
        insert into session_question (consultation_id, kind, sequence, asked_at, link_id, is_sent)
        values ($1, $2, $3, $4, $5, $6)
        on conflict do nothing
        "#,
        *session.id,
        kind.name(),
        session.sequence,
        now,
        link_id.map(|id| *id),
        link_id.is_some(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// What an enterprise sees of a session.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub mode: Mode,
    /// What was answered by this link.
    pub answer: Option<Attendance>,
    /// The link still is about this session as it stands: it was not moved, cancelled or begun since.
    pub stands: bool,
}

/// The page of a link about a session.
///
/// # Errors
/// The database.
pub(super) async fn page(db: &mut PgConnection, link: &Link, now: DateTime<Utc>) -> Result<Page> {
    let session = load(&mut *db, ConsultationId(link.subject_id)).await?;
    let question = sqlx::query!(
        r#"select answer as "answer: Attendance", sequence from session_question where link_id = $1"#,
        *link.id
    )
    .fetch_optional(db)
    .await?;
    let is_same = question
        .as_ref()
        .is_some_and(|question| question.sequence == session.sequence);
    let stands = match link.purpose {
        LinkPurpose::Evaluation => session.state == SessionState::Held,
        _ => is_same && session.state == SessionState::Booked && session.starts_at > now,
    };
    Ok(Page {
        starts_at: session.starts_at,
        ends_at: session.ends_at,
        mode: session.mode,
        answer: question.and_then(|question| question.answer),
        stands,
    })
}

/// What an enterprise says of a session.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// It comes, or cannot; and why.
    Attendance(Attendance, Option<Body>),
    /// How it was, from 1 to 5, and in words.
    Score(i32, Option<Reason>),
}

/// Takes an answer. False: the link does not count any more.
///
/// # Errors
/// The database.
pub(super) async fn answer(store: &Store, link: &Link, said: &Said) -> Result<bool> {
    store
        .transaction(&Actor::system(), async |tx| {
            let locked = lock(tx, ConsultationId(link.subject_id)).await?;
            let (Some((case, session)), Some(link)) = (locked, link.reload(tx).await?) else {
                tx.unchanged();
                return Ok(false);
            };
            let now = tx.now();
            let page = page(tx.db(), &link, now).await?;
            if link.is_used || link.is_over || !page.stands {
                // The first answer counts.
                tx.unchanged();
                return Ok(link.is_used);
            }
            match said {
                Said::Attendance(answer, why) => {
                    say_attendance(tx, &case, &session, &link, *answer, why.as_ref()).await?;
                }
                Said::Score(score, comment) => {
                    evaluate(tx, &case, &session, &link, *score, comment.as_ref()).await?;
                }
            }
            link.consume(tx).await?;
            Ok(true)
        })
        .await
}

async fn say_attendance(
    tx: &mut Tx,
    case: &Case,
    session: &Asked,
    link: &Link,
    answer: Attendance,
    why: Option<&Body>,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update session_question set answer = $2, answered_at = $3 where link_id = $1",
        *link.id,
        answer.name(),
        now,
    )
    .execute(tx.db())
    .await?;
    let consultation_id = session.id;
    if answer == Attendance::Coming {
        tx.record(case.id, Event::SessionConfirmed { consultation_id });
        return Ok(());
    }
    let when = words::span(session.starts_at, session.ends_at);
    let why = why.map_or("(理由の記入なし)", Body::as_str);
    let said = format!("参加できないとの連絡({when}): {why}");
    let said = Body::parse(&said).map_err(|_| {
        crate::error::Error::Internal("an answer is longer than an interaction".into())
    })?;
    let contact = addressee(tx.db(), case.id).await?.map(|to| to.id);
    let interaction_id = interactions::record_by_link(tx, case, contact, said).await?;
    tx.record(
        case.id,
        Event::SessionDeclined {
            consultation_id,
            interaction_id,
        },
    );
    if case.status != Status::Closed {
        wait_for_desk(tx, case, "企業・団体が日程の変更を希望しています").await?;
    }
    notice::answered(tx, case).await
}

async fn evaluate(
    tx: &mut Tx,
    case: &Case,
    session: &Asked,
    link: &Link,
    score: i32,
    comment: Option<&Reason>,
) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update session_question set score = $2, answered_at = $3 where link_id = $1",
        *link.id,
        score,
        now,
    )
    .execute(tx.db())
    .await?;
    if let Some(comment) = comment {
        let source = FreeTextSource::Evaluation;
        free_texts::keep(tx, source, case.id, *session.id, comment).await?;
    }
    tx.record(
        case.id,
        Event::SessionEvaluated {
            consultation_id: session.id,
        },
    );
    Ok(())
}
