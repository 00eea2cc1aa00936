//! The survey after closing: was the purpose achieved, what became of telework, and why not.
//!
//! Planned when a case is closed as answered or completed ([`follow`]), taken back when it is reopened. Sent in office
//! hours, some business days later, with reminders; after an answer, a stop or a report that the address does not work,
//! nothing more is sent. Whoever stopped is asked nothing again on other cases either: a keyed hash of the address is kept.
//! The answers are codes; what is written freely is apart ([`super::free_texts`]).

use super::{Link, addressee, ask, free_texts, issue, may_survey, revoke};
use crate::{
    access::Actor,
    audit::Event,
    cases::{self, Case, Status},
    error::Result,
    ids::*,
    japan::dates as words,
    messages::may_send_automatically,
    programme::*,
    store::{Store, Tx},
    templates::{Placeholder, Values},
    text::Reason,
};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// What a change of status means for surveys.
///
/// # Errors
/// The database.
pub async fn follow(tx: &mut Tx, case: &Case, before: &Case) -> Result<()> {
    if before.status == Status::Closed {
        // Also where a closed case is merged or comes back closed from a merge: it was closed long ago.
        return cancel(tx, before).await;
    }
    match (case.status, case.outcome) {
        (Status::Closed, Some(outcome @ (Outcome::Answered | Outcome::Completed))) => {
            plan(tx, case, outcome).await
        }
        _ => Ok(()),
    }
}

/// Plans a survey, where there is somebody who may be asked.
async fn plan(tx: &mut Tx, case: &Case, outcome: Outcome) -> Result<()> {
    let settings = tx.settings().await?;
    if !settings.survey || case.enterprise_kind == EnterpriseKind::Anonymous {
        return Ok(());
    }
    let Some(to) = addressee(tx.db(), case.id).await? else {
        return Ok(());
    };
    if !may_survey(tx, case, &to.address).await? {
        return Ok(());
    }
    let now = tx.now();
    let calendar = tx.calendar(case.desk_id).await?;
    let next_at = calendar.deadline(now, settings.survey_days, &[]);
    // An event would say nothing that the closing does not: nothing has been asked yet.
    sqlx::query!(
        r#"
        insert into survey (id, case_id, status_seq, state, outcome, next_at)
        values ($1, $2, $3, 'planned', $4, $5)
        on conflict do nothing
        "#,
        *SurveyId::new(),
        *case.id,
        case.status_seq,
        outcome.name(),
        next_at,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Takes back what was planned or asked about a case that is open again.
async fn cancel(tx: &mut Tx, case: &Case) -> Result<()> {
    let now = tx.now();
    let cancelled = sqlx::query!(
        r#"
        update survey
        set state = 'cancelled', ended_at = $2, next_at = null
        where case_id = $1 and state in ('planned', 'sent')
        returning id, sent_at is not null as "was_sent!"
        "#,
        *case.id,
        now,
    )
    .fetch_all(tx.db())
    .await?;
    for survey in cancelled {
        revoke(tx, *survey.id).await?;
        if survey.was_sent {
            tx.record(
                case.id,
                Event::SurveyCancelled {
                    survey_id: survey.id,
                },
            );
        }
    }
    Ok(())
}

/// Sends the surveys and reminders that are due.
///
/// # Errors
/// The database.
pub(super) async fn send_due(store: &Store, system: &Actor) -> Result<()> {
    let due = sqlx::query!(
        r#"
        select id, case_id
        from survey
        where state in ('planned', 'sent') and next_at <= $1
        order by next_at
        limit 1000
        "#,
        store.now(),
    )
    .fetch_all(store.writer())
    .await?;
    for survey in due {
        store
            .transaction(system, async |tx| {
                let case = cases::lock(tx, survey.case_id).await?;
                send(tx, &case, survey.id).await
            })
            .await?;
    }
    Ok(())
}

/// A survey that is due, as it is after the lock of its case.
struct Due {
    id: SurveyId,
    reminders: i32,
    sent_at: Option<DateTime<Utc>>,
}

async fn send(tx: &mut Tx, case: &Case, id: SurveyId) -> Result<()> {
    let now = tx.now();
    let due = sqlx::query_as!(
        Due,
        r#"
        select id, reminders, sent_at
        from survey
        where id = $1 and state in ('planned', 'sent') and next_at <= $2
        for no key update
        "#,
        *id,
        now,
    )
    .fetch_optional(tx.db())
    .await?;
    let (settings, calendar) = (tx.settings().await?, tx.calendar(case.desk_id).await?);
    let may_send = settings.survey && calendar.is_open(now) && may_send_automatically(tx).await?;
    let Some(due) = due.filter(|_| may_send) else {
        // Not due any more, or not now: the next run looks again.
        tx.unchanged();
        return Ok(());
    };
    let to = match addressee(tx.db(), case.id).await? {
        Some(to) if may_survey(tx, case, &to.address).await? => to,
        _ => return give_up(tx, case, &due).await,
    };
    let (link_id, until) = link(tx, case, &due).await?;
    let purpose = match due.sent_at {
        None => TemplatePurpose::Survey,
        Some(_) => TemplatePurpose::SurveyReminder,
    };
    let until = words::moment(until, now);
    let values = Values::default().with(Placeholder::AnswerUntil, until);
    if ask(tx, case, &to, purpose, link_id, values)
        .await?
        .is_none()
    {
        return give_up(tx, case, &due).await;
    }
    note_sent(tx, case, &due, to.id).await
}

/// Nobody can be asked (any more): nothing more is tried.
async fn give_up(tx: &mut Tx, case: &Case, due: &Due) -> Result<()> {
    let now = tx.now();
    if due.sent_at.is_some() {
        // Who was asked may still answer.
        sqlx::query!("update survey set next_at = null where id = $1", *due.id)
            .execute(tx.db())
            .await?;
        tx.unchanged();
        return Ok(());
    }
    sqlx::query!(
        "update survey set state = 'cancelled', ended_at = $2, next_at = null where id = $1",
        *due.id,
        now,
    )
    .execute(tx.db())
    .await?;
    tx.record(case.id, Event::SurveyCancelled { survey_id: due.id });
    Ok(())
}

/// The link of a survey: a reminder has the same.
async fn link(tx: &mut Tx, case: &Case, due: &Due) -> Result<(LinkId, DateTime<Utc>)> {
    let now = tx.now();
    let before = sqlx::query!(
        "select id, expires_at from public_link where subject_id = $1 and used_at is null and revoked_at is null",
        *due.id
    )
    .fetch_optional(tx.db())
    .await?;
    if let Some(link) = before {
        return Ok((link.id, link.expires_at));
    }
    let days = tx.settings().await?.survey_answer_days;
    let from = due.sent_at.unwrap_or(now);
    let until = tx.calendar(case.desk_id).await?.deadline(from, days, &[]);
    let link_id = issue(tx, LinkPurpose::Survey, case.id, *due.id, until).await?;
    Ok((link_id, until))
}

async fn note_sent(tx: &mut Tx, case: &Case, due: &Due, contact_id: ContactId) -> Result<()> {
    let (now, settings) = (tx.now(), tx.settings().await?);
    let reminders = match due.sent_at {
        None => 0,
        Some(_) => due.reminders + 1,
    };
    let calendar = tx.calendar(case.desk_id).await?;
    let next_at = (reminders < settings.survey_reminders as i32)
        .then(|| calendar.deadline(now, settings.survey_reminder_days, &[]));
    sqlx::query!(
        r#"
        update survey
        set state = 'sent', sent_at = coalesce(sent_at, $2), reminders = $3, next_at = $4, contact_id = $5,
            desk_id = case when sent_at is null then $6 else desk_id end,
            prefecture_code = case when sent_at is null then $7 else prefecture_code end
        where id = $1
        "#,
        *due.id,
        now,
        reminders,
        next_at,
        *contact_id,
        case.desk_id.map(|id| *id),
        case.prefecture_code,
    )
    .execute(tx.db())
    .await?;
    tx.record(
        case.id,
        Event::SurveySent {
            survey_id: due.id,
            reminder: reminders,
        },
    );
    Ok(())
}

/// The mail of a survey did not reach anybody.
///
/// # Errors
/// The database.
pub async fn bounced(tx: &mut Tx, message_id: MessageId) -> Result<()> {
    let now = tx.now();
    let bounced = sqlx::query!(
        r#"
        update survey
        set state = 'bounced', ended_at = $2, next_at = null
        where state = 'sent' and id in (
            select l.subject_id
            from public_link_mail m
            join public_link l on l.id = m.link_id and l.purpose = 'survey'
            where m.message_id = $1
        )
        returning id, case_id
        "#,
        *message_id,
        now,
    )
    .fetch_all(tx.db())
    .await?;
    for survey in bounced {
        tx.record(
            survey.case_id,
            Event::SurveyBounced {
                survey_id: survey.id,
            },
        );
    }
    Ok(())
}

/// What was answered.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub purpose_achieved: PurposeAchieved,
    pub telework: TeleworkAfter,
    /// Only where telework is not planned.
    pub why_not: Vec<WhyNot>,
    pub comment: Option<Reason>,
}

/// Where the survey of a link stands.
///
/// # Errors
/// The database.
pub(super) async fn state(db: &mut PgConnection, link: &Link) -> Result<SurveyState> {
    Ok(
        sqlx::query_scalar!("select state from survey where id = $1", link.subject_id)
            .fetch_one(db)
            .await?,
    )
}

/// Takes the answers. False: the link does not count any more.
///
/// # Errors
/// The database.
pub(super) async fn answer(store: &Store, link: &Link, answers: &Answers) -> Result<bool> {
    store
        .transaction(&Actor::system(), async |tx| {
            let case = cases::lock(tx, link.case_id).await?;
            let Some(link) = link.reload(tx).await? else {
                tx.unchanged();
                return Ok(false);
            };
            if link.is_used || link.is_over {
                // The first answer counts.
                tx.unchanged();
                return Ok(link.is_used);
            }
            let survey_id = SurveyId(link.subject_id);
            let now = tx.now();
            sqlx::query!(
                r#"
                update survey
                set state = 'answered', ended_at = $2, next_at = null, purpose_achieved = $3, telework = $4, why_not = $5
                where id = $1
                "#,
                *survey_id,
                now,
                answers.purpose_achieved.name(),
                answers.telework.name(),
                &answers.why_not as _,
            )
            .execute(tx.db())
            .await?;
            if let Some(comment) = &answers.comment {
                let source = FreeTextSource::Survey;
                free_texts::keep(tx, source, case.id, *survey_id, comment).await?;
            }
            link.consume(tx).await?;
            tx.record(case.id, Event::SurveyAnswered { survey_id });
            Ok(true)
        })
        .await
}

/// Stops the mails of a survey, and all later ones to the address. Also after an answer, when there is nothing more to stop
/// but those. Repeated, it changes nothing.
///
/// # Errors
/// The database.
pub(super) async fn stop(store: &Store, link: &Link) -> Result<()> {
    store
        .transaction(&Actor::system(), async |tx| {
            let case = cases::lock(tx, link.case_id).await?;
            let Some(link) = link.reload(tx).await? else {
                tx.unchanged();
                return Ok(());
            };
            let survey_id = SurveyId(link.subject_id);
            let is_first = remember_stop(tx, &case, survey_id).await?;
            let now = tx.now();
            let stopped = sqlx::query!(
                "update survey set state = 'stopped', ended_at = $2, next_at = null where id = $1 and state = 'sent'",
                *survey_id,
                now,
            )
            .execute(tx.db())
            .await?;
            if stopped.rows_affected() == 1 {
                link.consume(tx).await?;
            }
            if stopped.rows_affected() == 1 || is_first {
                tx.record(case.id, Event::SurveyStopped { survey_id });
            } else {
                // Stopped before.
                tx.unchanged();
            }
            Ok(())
        })
        .await
}

async fn remember_stop(tx: &mut Tx, case: &Case, survey_id: SurveyId) -> Result<bool> {
    let asked = sqlx::query_scalar!(
        r#"
        select m.to_address as "address!: crate::text::EmailAddress"
        from public_link l
        join public_link_mail g on g.link_id = l.id
        join message m on m.id = g.message_id
        where l.subject_id = $1 and m.case_id = $2
        order by m.created_at desc
        limit 1
        "#,
        *survey_id,
        *case.id,
    )
    .fetch_optional(tx.db())
    .await?;
    let Some(address) = asked else {
        return Ok(false);
    };
    let (mark, now) = (tx.mail().key.address_mark(&address.key()), tx.now());
    let added = sqlx::query!(
        "insert into survey_stop (address_hash, stopped_at) values ($1, $2) on conflict do nothing",
        &mark[..],
        now,
    )
    .execute(tx.db())
    .await?;
    Ok(added.rows_affected() == 1)
}
