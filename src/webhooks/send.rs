//! Sending: at least once, in the order of each case, by the specification's schedule.
//!
//! A delivery is taken for a while (its lease), sent, and what came of it is noted. Whoever dies in between leaves the lease to
//! run out, and it is sent again under the same id. Of a case only the earliest that waits is sent, so one that fails holds back
//! those behind it, of this webhook alone. Where a whole turn brings nothing through, the webhook pauses for a moment: an
//! address that is dead costs the workers one time limit per pause, not one per event.

use super::{outlet::Called, signature};
use crate::{
    access::{Actor, OFFICE},
    audit::Event,
    auth,
    error::Result,
    ids::*,
    store::{Store, Tx},
    users,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use sqlx::{FromRow, PgPool};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Seconds before each try after the first, as the specification proposes them.
const SCHEDULE: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Cases that are told of at a time.
const AT_ONCE: i64 = 8;

/// Longer than a call may take.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// How long one job goes on; then others have their turn.
const TURN: Duration = Duration::from_secs(20);

/// Nothing got through for so long that nobody is there any more.
const PATIENCE: TimeDelta = TimeDelta::hours(72);

/// A webhook, as far as sending needs it.
#[derive(FromRow)]
struct Target {
    url: String,
    secret: Vec<u8>,
    previous_secret: Option<Vec<u8>>,
    previous_until: Option<DateTime<Utc>>,
}

/// A delivery that this worker has.
#[derive(FromRow)]
struct Taken {
    id: Uuid,
    attempt_id: Uuid,
    attempts: i32,
    payload: String,
}

/// Tells a webhook what is due.
///
/// # Errors
/// The database. That nobody answers is no failure of the job: it is noted, and tried again when its time comes.
pub(crate) async fn run(store: &Store, system: &Actor, id: WebhookId) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < TURN {
        let Some(target) = target(store, id).await? else {
            return Ok(());
        };
        let taken = take(store.writer(), id, store.now()).await?;
        if taken.is_empty() {
            return Ok(());
        }
        let calls = taken.iter().map(|taken| call(store, id, &target, taken));
        let called = join_all(calls).await;
        if !note(store, system, id, &taken, &called).await? {
            return Ok(());
        }
    }
    // What is left is enqueued again with the next look.
    Ok(())
}

/// None where it is not told anything now.
async fn target(store: &Store, id: WebhookId) -> Result<Option<Target>> {
    Ok(sqlx::query_as!(
        Target,
        r#"
        select url, secret, previous_secret, previous_until
        from webhook
        where id = $1 and active and (paused_until is null or paused_until <= $2)
        "#,
        *id,
        store.now(),
    )
    .fetch_optional(store.writer())
    .await?)
}

/// Takes the first that waits of each of a few cases, and notes that it is tried.
async fn take(db: &PgPool, id: WebhookId, now: DateTime<Utc>) -> Result<Vec<Taken>> {
    Ok(sqlx::query_as!(
        Taken,
        r#"
        with due as (
            select d.id
            from webhook_delivery d
            where d.webhook_id = $1 and d.state = 'pending' and d.next_attempt_at <= $2
            and (d.leased_until is null or d.leased_until <= $2)
            and not exists (
                select
                from webhook_delivery b
                where b.webhook_id = d.webhook_id and b.chain = d.chain and b.state = 'pending' and b.seq < d.seq
            )
            order by d.next_attempt_at, d.created_at, d.chain
            limit $4
            for no key update skip locked
        ),
        taken as (
            update webhook_delivery d
            set attempt_id = gen_random_uuid(), leased_until = $3, attempts = d.attempts + 1
            from due
            where d.id = due.id
            returning d.id, d.attempt_id, d.attempts, d.payload
        ),
        noted as (
            insert into webhook_attempt (id, delivery_id, started_at)
            select attempt_id, id, $2 from taken
        )
        select id, attempt_id as "attempt_id!", attempts, payload from taken
        "#,
        *id,
        now,
        now + LEASE,
        AT_ONCE,
    )
    .fetch_all(db)
    .await?)
}

async fn call(store: &Store, id: WebhookId, target: &Target, taken: &Taken) -> Called {
    let outlet = store.outlet();
    let now = store.now();
    let Some(secret) = outlet.open(id, &target.secret) else {
        return Called::NotReached(
            "its secret was sealed with another key: change the secret of the webhook".into(),
        );
    };
    let previous = target
        .previous_secret
        .as_ref()
        .filter(|_| target.previous_until.is_some_and(|until| now < until))
        .and_then(|sealed| outlet.open(id, sealed));
    let secrets: Vec<_> = std::iter::once(secret).chain(previous).collect();
    let message_id = format!("msg_{}", taken.id.simple());
    let signature = signature::header(&secrets, &message_id, now.timestamp(), &taken.payload);
    let headers = [
        ("webhook-id", message_id),
        ("webhook-timestamp", now.timestamp().to_string()),
        ("webhook-signature", signature),
    ];
    outlet
        .call(&target.url, headers, taken.payload.clone())
        .await
}

/// Notes how the calls went. Returns whether it is worth going on at once.
async fn note(
    store: &Store,
    system: &Actor,
    id: WebhookId,
    taken: &[Taken],
    called: &[Called],
) -> Result<bool> {
    store
        .transaction(system, async |tx| {
            tx.unchanged_for_all();
            sqlx::query!(
                "select id from webhook where id = $1 for no key update",
                *id
            )
            .fetch_optional(tx.db())
            .await?;
            let mut turn = Turn::default();
            for (taken, called) in taken.iter().zip(called) {
                let verdict = note_one(tx, taken, called).await?;
                turn.add(verdict, called);
            }
            turn.close(tx, id).await
        })
        .await
}

/// What became of a delivery.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Delivered,
    TriedAgain,
    GivenUp,
    /// The other side wants nothing more.
    Gone,
}

async fn note_one(tx: &mut Tx, taken: &Taken, called: &Called) -> Result<Verdict> {
    let (status, error, retry_after) = match called {
        Called::Answered {
            status,
            retry_after,
        } => (Some(i32::from(*status)), None, *retry_after),
        Called::NotReached(why) => (None, Some(why.as_str()), None),
    };
    let verdict = match status {
        Some(200..300) => Verdict::Delivered,
        Some(410) => Verdict::Gone,
        _ if taken.attempts as usize > SCHEDULE.len() => Verdict::GivenUp,
        _ => Verdict::TriedAgain,
    };
    let state = match verdict {
        Verdict::Delivered => "delivered",
        Verdict::TriedAgain => "pending",
        Verdict::GivenUp | Verdict::Gone => "failed",
    };
    let now = tx.now();
    let pause = SCHEDULE
        .get(taken.attempts.max(1) as usize - 1)
        .map_or(0, |seconds| with_jitter(*seconds))
        .max(retry_after.unwrap_or_default());
    sqlx::query!(
        r#"
        with tried as (
            update webhook_attempt set ended_at = $3, status = $4, error = $5 where id = $2
        )
        update webhook_delivery
        set state = $6, finished_at = case when $6 = 'pending' then null else $3::timestamptz end,
            next_attempt_at = case when $6 = 'pending' then $7::timestamptz else next_attempt_at end,
            attempt_id = null, leased_until = null
        where id = $1 and attempt_id = $2
        "#,
        taken.id,
        taken.attempt_id,
        now,
        status,
        error,
        state,
        now + TimeDelta::seconds(pause),
    )
    .execute(tx.db())
    .await?;
    Ok(verdict)
}

/// Up to a tenth longer, so that what failed together does not come back together.
fn with_jitter(seconds: i64) -> i64 {
    seconds + rand::random_range(0..=seconds / 10)
}

/// How a turn went.
#[derive(Default)]
struct Turn {
    has_delivered: bool,
    has_given_up: bool,
    is_gone: bool,
    retry_after: i64,
}

impl Turn {
    fn add(&mut self, verdict: Verdict, called: &Called) {
        self.has_delivered |= verdict == Verdict::Delivered;
        self.has_given_up |= verdict == Verdict::GivenUp;
        self.is_gone |= verdict == Verdict::Gone;
        if let Called::Answered {
            retry_after: Some(seconds),
            ..
        } = called
        {
            self.retry_after = self.retry_after.max(*seconds);
        }
    }

    /// Keeps how the webhook is. Returns whether it is worth going on at once.
    async fn close(self, tx: &mut Tx, id: WebhookId) -> Result<bool> {
        let now = tx.now();
        if self.is_gone {
            disable(tx, id, "gone").await?;
            return Ok(false);
        }
        if self.has_delivered {
            sqlx::query!(
                "update webhook set failing_since = null, failures = 0 where id = $1 and (failing_since is not null or failures > 0)",
                *id,
            )
            .execute(tx.db())
            .await?;
        } else {
            let failing_since = sqlx::query_scalar!(
                r#"
                update webhook
                set failures = failures + 1, failing_since = coalesce(failing_since, $2),
                    paused_until = $2::timestamptz + make_interval(secs => least(5 * 2 ^ least(failures, 10), 300))
                where id = $1
                returning failing_since as "failing_since!"
                "#,
                *id,
                now,
            )
            .fetch_optional(tx.db())
            .await?;
            if self.has_given_up && failing_since.is_some_and(|since| since <= now - PATIENCE) {
                disable(tx, id, "failing").await?;
                return Ok(false);
            }
        }
        if self.retry_after > 0 {
            // It asks to be spared, whatever else got through.
            sqlx::query!(
                "update webhook set paused_until = greatest(paused_until, $2) where id = $1",
                *id,
                now + TimeDelta::seconds(self.retry_after),
            )
            .execute(tx.db())
            .await?;
        }
        Ok(self.has_delivered && self.retry_after == 0)
    }
}

/// Tells a webhook nothing more, and the admins that it is so.
async fn disable(tx: &mut Tx, id: WebhookId, because: &str) -> Result<()> {
    let disabled = sqlx::query!(
        "update webhook set active = false, disabled_reason = $2 where id = $1 and active returning url, description",
        *id,
        because,
    )
    .fetch_optional(tx.db())
    .await?;
    let Some(hook) = disabled else {
        return Ok(());
    };
    tx.record(
        OFFICE,
        Event::WebhookDisabled {
            webhook_id: id,
            because: because.into(),
        },
    );
    let why = match because {
        "gone" => "送信先が今後の受信を断りました(410 Gone)。",
        _ => "3日以上、1件も届けられませんでした。",
    };
    let text = format!(
        "Webhookの送信を停止しました。{why}\n\n  送信先: {}\n  説明: {}\n\n\
         送信先を確認し、設定画面から再開してください。停止している間の出来事は、再開しても送られません。",
        hook.url,
        hook.description.as_deref().unwrap_or("-"),
    );
    for admin in users::admins(tx.db()).await? {
        auth::write_mail(tx, &admin, "Webhookの送信を停止しました", &text).await?;
    }
    Ok(())
}
