//! Handing messages over, each exactly once but for one window.
//!
//! An attempt goes through five steps, and between any two of them the process may die:
//!
//! 1. In a transaction: lock the message, see that it is due, write the attempt, state `sending`. The attempt bears the
//!    id of the lease under which the worker holds the job, so it is alive exactly as long as that lease.
//! 2. Connect, sign in, MAIL, RCPT, DATA ([`crate::mail::smtp`]).
//! 3. Just before the content: commit `data_started_at`, unless somebody has ended the attempt meanwhile, who took this
//!    worker for dead. Then it gives up: two workers never send one message.
//! 4. The content, and the server's answer.
//! 5. In a transaction: the outcome, and what follows from it.
//!
//! A worker that dies before step 3 has sent nothing: the message is `queued` again. One that dies after step 5 has said
//! so. Between 3 and 5 nobody can know whether the server took the mail: the message is `unknown`. It is not sent again by
//! itself, because two of the same letter from an office do harm and a missing one is noticed: the case gets the flag
//! `delivery_failed`, and staff, who can ring the enterprise, decide whether to [retry](super::steps); the Message-ID stays
//! the same, so that mail programs show a second copy as what it is. The same holds for a connection that breaks after the
//! content and before the answer.
//!
//! 4xx and trouble on the way are tried again with growing pauses for two days, 5xx is for good.

use super::{chain, job, masked};
use crate::{
    access::Actor,
    audit::Event,
    auth::password_reset,
    blobs::Digest,
    cases::{self, deadlines},
    error::Result,
    ids::*,
    jobs,
    mail::{
        compose::{self, Sheet},
        smtp::{Mailer, Outcome, OutgoingMail},
    },
    programme::*,
    public_links,
    settings::Settings,
    store::{Store, Tx},
};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use std::time::Duration;

/// Minutes until the next attempt, after the first, second … one; after that the last of them each time.
const PAUSES: [i64; 4] = [1, 5, 15, 60];

/// About two days of attempts; then it has failed. A retry by staff begins anew.
const MAX_ATTEMPTS: i32 = 50;

/// A worker that died is no fault of the message, so the next attempt follows at once; not for ever, because the message
/// might be what kills workers.
const DEATHS_AT_ONCE: i32 = 5;

/// What was handed over is worth remembering: so often is the outcome written before the worker gives up, a second apart.
const OUTCOME_TRIES: u32 = 60;

/// How late a message may be before the sweep asks whether anybody sends it.
const LATE: TimeDelta = TimeDelta::minutes(1);

/// Sends a message that is due. Run again, it changes nothing, or takes up what a dead worker left.
///
/// # Errors
/// The database.
pub async fn run(
    store: &Store,
    system: &Actor,
    mailer: &Mailer,
    id: MessageId,
    attempt_id: AttemptId,
) -> Result<()> {
    match begin(store, system, id, attempt_id).await? {
        Begun::Nothing => Ok(()),
        Begun::LeftBehind => take_up(store, system, id).await,
        Begun::Attempt => {
            let outcome = attempt(store, mailer, id, attempt_id).await;
            finish(store, system, id, attempt_id, &outcome).await
        }
    }
}

/// Takes up the messages whose worker died, and those that are due and that no job sends.
///
/// # Errors
/// The database.
pub async fn sweep(store: &Store, system: &Actor) -> Result<()> {
    let now = store.now();
    let left = sqlx::query!(
        r#"
        select id, state as "state: MessageState"
        from message
        where state in ('waiting', 'queued', 'sending') and (state = 'sending' or next_attempt_at < $1)
        order by next_attempt_at
        limit 1000
        "#,
        now - LATE,
    )
    .fetch_all(store.writer())
    .await?;
    let (sending, due): (Vec<_>, Vec<_>) = left
        .into_iter()
        .partition(|message| message.state == MessageState::Sending);
    for message in sending {
        take_up(store, system, message.id).await?;
    }
    if !due.is_empty() {
        store
            .transaction(system, async |tx| {
                for message in &due {
                    tx.enqueue(job(message.id, now));
                }
                // Jobs alone; where one waits already, this is nothing.
                tx.unchanged();
                Ok(())
            })
            .await?;
    }
    Ok(())
}

/// Lets messages be due at another time, where that is earlier: with their jobs.
///
/// # Errors
/// The database.
pub(crate) async fn bring_forward(
    db: &mut PgConnection,
    messages: &[(MessageId, DateTime<Utc>)],
) -> Result<()> {
    let (ids, times): (Vec<_>, Vec<_>) = messages.iter().map(|(id, at)| (**id, *at)).unzip();
    sqlx::query!(
        r#"
        update message m
        set next_attempt_at = earlier.at
        from unnest($1::uuid[], $2::timestamptz[]) as earlier (id, at)
        where m.id = earlier.id and m.state in ('waiting', 'queued') and m.next_attempt_at > earlier.at
        "#,
        &ids,
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}

enum Begun {
    /// It is not due, or done, or in another worker's hands.
    Nothing,
    /// A worker began it and is gone.
    LeftBehind,
    /// It is ours.
    Attempt,
}

async fn begin(
    store: &Store,
    system: &Actor,
    id: MessageId,
    attempt_id: AttemptId,
) -> Result<Begun> {
    // Most wait for nothing but this, and it is one statement.
    let now = store.now();
    let is_begun = store
        .write(async |db| begin_queued(db, id, attempt_id, now).await)
        .await?;
    if is_begun {
        return Ok(Begun::Attempt);
    }
    store
        .transaction(system, async |tx| {
            // The attempts are the record of what is tried; the trail has what came of it.
            tx.unchanged();
            let now = tx.now();
            let Some(message) = sqlx::query!(
                r#"
                select state as "state: MessageState", next_attempt_at, attempt_id
                from message
                where id = $1
                for no key update
                "#,
                *id,
            )
            .fetch_optional(tx.db())
            .await?
            else {
                return Ok(Begun::Nothing);
            };
            match (message.state, message.attempt_id) {
                (MessageState::Sending, Some(other)) => {
                    let is_alive = jobs::is_held(tx.db(), *other, now).await?;
                    return Ok(if is_alive {
                        Begun::Nothing
                    } else {
                        Begun::LeftBehind
                    });
                }
                (MessageState::Waiting | MessageState::Queued, _) => {}
                _ => return Ok(Begun::Nothing),
            }
            if let Some(due) = message.next_attempt_at.filter(|due| *due > now) {
                tx.enqueue(job(id, due));
                return Ok(Begun::Nothing);
            }
            if message.state == MessageState::Waiting {
                sqlx::query!("update message set state = 'queued' where id = $1", *id)
                    .execute(tx.db())
                    .await?;
            }
            Ok(match begin_queued(tx.db(), id, attempt_id, now).await? {
                true => Begun::Attempt,
                false => Begun::Nothing,
            })
        })
        .await
}

/// Begins an attempt of a message that is queued and due; false where it is not.
async fn begin_queued(
    db: &mut PgConnection,
    id: MessageId,
    attempt_id: AttemptId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let begun = sqlx::query!(
        r#"
        with begun as (
            update message
            set state = 'sending', attempt_id = $2, attempts = attempts + 1
            where id = $1 and state = 'queued' and coalesce(next_attempt_at <= $3, true)
            returning id
        )
        insert into message_attempt (id, message_id, started_at)
        select $2, id, $3 from begun
        "#,
        *id,
        *attempt_id,
        now,
    )
    .execute(db)
    .await?;
    Ok(begun.rows_affected() == 1)
}

async fn attempt(store: &Store, mailer: &Mailer, id: MessageId, attempt_id: AttemptId) -> Outcome {
    let mail = match mail(store, id).await {
        Ok(Ok(mail)) => mail,
        Ok(Err(unsendable)) => return Outcome::Refused(unsendable),
        Err(error) => return Outcome::NotReached(error.to_string()),
    };
    mailer
        .hand_over(&mail, async || start_content(store, attempt_id).await)
        .await
}

/// The point of no return; false where somebody has ended the attempt.
async fn start_content(store: &Store, attempt_id: AttemptId) -> Result<bool> {
    let start = sqlx::query!(
        "update message_attempt set data_started_at = $2 where id = $1 and ended_at is null",
        *attempt_id,
        store.now(),
    );
    let started = store.write(async |db| start.execute(db).await).await?;
    Ok(started.rows_affected() == 1)
}

/// The mail that a message is, or why it cannot be one.
async fn mail(store: &Store, id: MessageId) -> Result<Result<OutgoingMail, String>> {
    let message = sqlx::query!(
        r#"
        select m.id, m.case_id, m.kind as "kind: MessageKind", m.to_address, m.to_name, m.subject, m.body, m.calendar,
            m.in_reply_to, m.reference_ids, m.message_id, m.release_at,
            b.address as "from_address?", b.name as from_name
        from message m
        left join mailbox b on b.id = m.mailbox_id
        where m.id = $1
        "#,
        *id,
    );
    let attached = sqlx::query_as!(
        Attached,
        r#"
        select a.sha256, a.filename, a.content_type
        from message_attachment g
        join attachment a on a.id = g.attachment_id
        where g.message_id = $1
        order by g.position
        "#,
        *id,
    );
    let (row, attached) = store
        .write(async |db| {
            let row = message.fetch_one(&mut *db).await?;
            Ok((row, attached.fetch_all(db).await?))
        })
        .await?;
    let files = match files(store, attached).await? {
        Ok(files) => files,
        Err(missing) => return Ok(Err(missing)),
    };
    let mut unsubscribe = None;
    let body = match row.kind {
        MessageKind::Account => password_reset::fill_in(store, id, row.body).await?,
        MessageKind::Question => {
            let filled = public_links::fill_in(store, id, row.body).await?;
            filled.map(|filled| {
                unsubscribe = filled.unsubscribe;
                filled.text
            })
        }
        _ => Some(row.body),
    };
    let Some(body) = body else {
        return Ok(Err("the link in it no longer counts".into()));
    };
    let sheet = Sheet {
        id: row.id,
        case_id: row.case_id,
        kind: row.kind,
        from_address: row.from_address,
        from_name: match row.from_name {
            Some(name) => Some(name),
            None => Some(
                Settings::load(store.writer())
                    .await?
                    .office_name
                    .to_string(),
            ),
        },
        to_address: row.to_address,
        to_name: row.to_name,
        subject: row.subject,
        body,
        calendar: row.calendar,
        in_reply_to: row.in_reply_to,
        references: row.reference_ids,
        message_id: row.message_id,
        release_at: row.release_at,
        files,
        unsubscribe,
    };
    Ok(compose::compose(&sheet, store.mail()).map_err(|unsendable| unsendable.to_string()))
}

/// A file that goes with a message.
struct Attached {
    sha256: Vec<u8>,
    filename: String,
    content_type: String,
}

/// The files themselves. One that the storage does not have will not come back; a storage that is away may.
async fn files(
    store: &Store,
    attached: Vec<Attached>,
) -> Result<Result<Vec<compose::File>, String>> {
    let mut files = Vec::with_capacity(attached.len());
    for file in attached {
        let digest =
            Digest::from_slice(&file.sha256).expect("a constraint says that it has 32 bytes");
        match store.blobs().get(&digest).await? {
            Some(bytes) => files.push(compose::File {
                filename: file.filename,
                content_type: file.content_type,
                bytes: bytes.to_vec(),
            }),
            None => return Ok(Err("an attachment is missing from the storage".into())),
        }
    }
    Ok(Ok(files))
}

/// Writes the outcome down, also through a database that is away for a moment.
async fn finish(
    store: &Store,
    system: &Actor,
    id: MessageId,
    attempt_id: AttemptId,
    outcome: &Outcome,
) -> Result<()> {
    if *outcome == Outcome::Fenced {
        tracing::warn!(message.id = %id, "an attempt was given up: its worker had been taken for dead");
        return Ok(());
    }
    let mut tries = 1;
    loop {
        let written = store
            .transaction(system, async |tx| {
                let Some(left) = lock(tx, id, Some(attempt_id)).await? else {
                    tracing::warn!(message.id = %id, "an outcome comes too late: its worker had been taken for dead");
                    tx.unchanged();
                    return Ok(());
                };
                end(tx, &left, outcome, next_state(outcome, left.attempts)).await
            })
            .await;
        match written {
            Err(error) if tries < OUTCOME_TRIES => {
                tracing::warn!(message.id = %id, error.message = %error, "the outcome of an attempt cannot be written yet");
                tries += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            result => return result,
        }
    }
}

/// Ends the attempt of a worker that is gone.
async fn take_up(store: &Store, system: &Actor, id: MessageId) -> Result<()> {
    store
        .transaction(system, async |tx| {
            let now = tx.now();
            let left = match lock(tx, id, None).await? {
                Some(left) if !jobs::is_held(tx.db(), *left.attempt_id, now).await? => left,
                _ => {
                    tx.unchanged();
                    return Ok(());
                }
            };
            let why = "the worker stopped".to_owned();
            match left.data_started_at {
                Some(_) => end(tx, &left, &Outcome::Unknown(why), Next::Unknown).await,
                None => {
                    let pause = match left.attempts {
                        ..DEATHS_AT_ONCE => TimeDelta::zero(),
                        attempts => pause(attempts),
                    };
                    end(tx, &left, &Outcome::NotReached(why), Next::Queued(pause)).await
                }
            }
        })
        .await
}

/// A message that is being sent, locked: case first, then message, then attempt.
struct Left {
    id: MessageId,
    case: Option<cases::Case>,
    kind: MessageKind,
    to_address: String,
    attempts: i32,
    attempt_id: AttemptId,
    data_started_at: Option<DateTime<Utc>>,
}

/// Locks a message that is being sent, by this attempt where one is named.
async fn lock(tx: &mut Tx, id: MessageId, by: Option<AttemptId>) -> Result<Option<Left>> {
    // Which case a message is of never changes.
    let case_id = sqlx::query_scalar!("select case_id from message where id = $1", *id)
        .fetch_optional(tx.db())
        .await?
        .flatten();
    let case = match case_id {
        Some(case_id) => Some(cases::lock(tx, case_id).await?),
        None => None,
    };
    let message = sqlx::query!(
        r#"
        select m.id, m.kind as "kind: MessageKind", m.to_address, m.attempts, a.id as "attempt_id: AttemptId", a.data_started_at
        from message m
        join message_attempt a on a.id = m.attempt_id
        where m.id = $1 and m.state = 'sending'
        for no key update
        "#,
        *id,
    )
    .fetch_optional(tx.db())
    .await?;
    let message = message.filter(|message| by.is_none_or(|by| by == message.attempt_id));
    Ok(message.map(|message| Left {
        id: message.id,
        case,
        kind: message.kind,
        to_address: message.to_address,
        attempts: message.attempts,
        attempt_id: message.attempt_id,
        data_started_at: message.data_started_at,
    }))
}

/// Where a message goes from `sending`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Next {
    Sent,
    Queued(TimeDelta),
    Failed,
    Unknown,
}

fn next_state(outcome: &Outcome, attempts: i32) -> Next {
    match outcome {
        Outcome::Sent(_) => Next::Sent,
        Outcome::Refused(_) => Next::Failed,
        Outcome::Unknown(_) => Next::Unknown,
        _ if attempts >= MAX_ATTEMPTS => Next::Failed,
        _ => Next::Queued(pause(attempts)),
    }
}

/// How long to wait after so many attempts.
fn pause(attempts: i32) -> TimeDelta {
    let nth = usize::try_from(attempts - 1).unwrap_or_default();
    TimeDelta::minutes(PAUSES[nth.min(PAUSES.len() - 1)])
}

/// Ends an attempt.
async fn end(tx: &mut Tx, left: &Left, outcome: &Outcome, next: Next) -> Result<()> {
    let now = tx.now();
    let (word, reply) = words(outcome);
    let (state, next_attempt_at) = match next {
        Next::Sent => (MessageState::Sent, None),
        Next::Queued(pause) => (MessageState::Queued, Some(now + pause)),
        Next::Failed => (MessageState::Failed, None),
        Next::Unknown => (MessageState::Unknown, None),
    };
    sqlx::query!(
        r#"
        with attempt as (
            update message_attempt
            set ended_at = $2, outcome = $3, reply = $4
            where id = $5
        )
        update message
        set state = $6, attempt_id = null, next_attempt_at = $7,
            sent_at = case when $6 = 'sent' then $2::timestamptz end,
            last_error = case when $6 = 'sent' then null else $4 end
        where id = $1
        "#,
        *left.id,
        now,
        word,
        reply,
        *left.attempt_id,
        state.name(),
        next_attempt_at,
    )
    .execute(tx.db())
    .await?;
    metrics::counter!("madoguchi_mail_attempts_total", "outcome" => word).increment(1);
    tracing::info!(message.id = %left.id, message.state = state.name(), attempt.outcome = word, "an attempt ended");
    if let Some(at) = next_attempt_at {
        tx.enqueue(job(left.id, at));
    }
    follow(tx, left, state).await
}

/// What the outcome means for the case.
async fn follow(tx: &mut Tx, left: &Left, state: MessageState) -> Result<()> {
    let message_id = left.id;
    let (event, trouble) = match state {
        MessageState::Sent => (Event::MessageSent { message_id }, None),
        MessageState::Failed => (
            Event::MessageFailed { message_id },
            Some("送信できませんでした"),
        ),
        MessageState::Unknown => (
            Event::MessageUnknown { message_id },
            Some("送信できたか確認できません"),
        ),
        _ => {
            // It is tried again: the attempts are the record of that.
            tx.unchanged();
            return Ok(());
        }
    };
    tx.record(chain(left.case.as_ref().map(|case| case.id)), event);
    if state == MessageState::Failed {
        public_links::survey::bounced(tx, message_id).await?;
    }
    let Some(case) = &left.case else {
        return Ok(());
    };
    if let Some(trouble) = trouble {
        let reason = format!("{} 宛てのメールを{trouble}。", masked(&left.to_address));
        // Nobody looks at a case that was merged: its survivor is told.
        let flagged = case.merged_into.unwrap_or(case.id);
        cases::raise_flag(tx, flagged, Flag::DeliveryFailed, Some(&reason)).await?;
    } else if left.kind == MessageKind::Reply {
        deadlines::done(tx, case.id, &[DueKind::FirstContact], None).await?;
    }
    Ok(())
}

/// The word and the text of an outcome as they are stored.
fn words(outcome: &Outcome) -> (&'static str, String) {
    let (word, text) = match outcome {
        Outcome::Sent(text) => ("sent", text.as_str()),
        Outcome::Deferred(text) => ("deferred", text.as_str()),
        Outcome::Refused(text) => ("refused", text.as_str()),
        Outcome::Unknown(text) => ("unknown", text.as_str()),
        Outcome::NotReached(text) => ("not_reached", text.as_str()),
        Outcome::Fenced => ("not_reached", ""),
    };
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    (word, clean.take(2000).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_last_two_days() {
        let late = Outcome::Deferred("451 later".into());
        let pauses: Vec<_> = (1..)
            .map(|attempts| next_state(&late, attempts))
            .take_while(|next| *next != Next::Failed)
            .collect();
        let minutes = |next: &Next| match next {
            Next::Queued(pause) => pause.num_minutes(),
            other => panic!("{other:?}"),
        };
        let first: Vec<_> = pauses.iter().take(5).map(minutes).collect();
        assert_eq!(first, [1, 5, 15, 60, 60]);
        let hours = pauses.iter().map(minutes).sum::<i64>() / 60;
        assert!((40..=50).contains(&hours), "{hours} hours");
    }

    #[test]
    fn what_is_certain_is_not_repeated() {
        assert_eq!(
            next_state(&Outcome::Refused(String::new()), 1),
            Next::Failed
        );
        assert_eq!(
            next_state(&Outcome::Unknown(String::new()), 1),
            Next::Unknown
        );
        assert_eq!(next_state(&Outcome::Sent(String::new()), 1), Next::Sent);
    }
}
