//! From the audit trail to deliveries: what happened since the last look, for each webhook that wants to know.
//!
//! As live news do ([`crate::events`]), it goes by what a snapshot had seen: events are numbered in order but not committed in
//! order, and nothing that commits late is missed. One statement looks, writes the deliveries and says where the next look goes
//! on. An event is one delivery per webhook, whoever looks how often.

use super::WebhookEventType;
use crate::{
    access::Actor,
    error::Result,
    ids::*,
    store::{Store, Tx},
};
use sqlx::AssertSqlSafe;

/// Fields of an event that say more than which things it is about, and nothing about people.
const FIELDS: &[&str] = &[
    "from",
    "to",
    "outcome",
    "step",
    "flag",
    "line",
    "session",
    "stage",
    "starts_at",
    "ends_at",
    "started_at",
    "ended_at",
    "by",
    "channel",
    "direction",
    "result",
    "fields",
];

/// Events since the last look.
const SINCE: &str = r#"
    e.txid >= pg_snapshot_xmin(p.snapshot::pg_snapshot)
    and e.txid < pg_snapshot_xmax(pg_current_snapshot())
    and not pg_visible_in_snapshot(e.txid, p.snapshot::pg_snapshot)
"#;

/// Where the database is another one, which counts its transactions anew (it was restored): what may not have been looked at.
const SINCE_RESTORED: &str = "e.recorded_at >= p.looked_at - interval '1 hour'";

/// Looks, and writes what is to be sent.
///
/// # Errors
/// The database.
pub(crate) async fn run(store: &Store) -> Result<()> {
    store
        .transaction(&Actor::system(), async |tx| {
            // Deliveries are about the trail, not in it.
            tx.unchanged_for_all();
            look(tx).await
        })
        .await
}

async fn look(tx: &mut Tx) -> Result<()> {
    let now = tx.now();
    // The first look only says where things stand.
    sqlx::query!(
        r#"
        insert into webhook_position (snapshot, looked_at)
        values (pg_current_snapshot()::text, $1)
        on conflict do nothing
        "#,
        now,
    )
    .execute(tx.db())
    .await?;
    // One at a time; and the statement below sees what the one before wrote.
    let is_restored = sqlx::query_scalar!(
        r#"
        select pg_snapshot_xmax(snapshot::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot()) as "is_restored!"
        from webhook_position
        for no key update
        "#
    )
    .fetch_one(tx.db())
    .await?;
    if is_restored {
        tracing::warn!(
            "the database counts its transactions anew: webhooks are told what happened in the last hour"
        );
    }
    let sql = spread(if is_restored { SINCE_RESTORED } else { SINCE });
    let (kinds, types): (Vec<_>, Vec<_>) = WebhookEventType::ALL
        .iter()
        .flat_map(|event| event.kinds().iter().map(|kind| (*kind, event.name())))
        .unzip();
    sqlx::query(AssertSqlSafe(sql))
        .bind(now)
        .bind(kinds)
        .bind(types)
        .bind(FIELDS)
        .execute(tx.db())
        .await?;
    Ok(())
}

/// `$1` now, `$2` kinds of events with `$3` their types, `$4` the fields that are sent.
fn spread(since: &str) -> String {
    format!(
        r#"
        with news as materialized (
            select e.chain, e.seq, e.recorded_at, e.kind, e.data, t.type
            from webhook_position p
            join audit_event e on {since}
            join unnest($2::text[], $3::text[]) t (kind, type) on t.kind = e.kind
            where e.chain <> '00000000-0000-0000-0000-000000000000'
        ),
        told as (
            select n.*, c.number, coalesce(m.status, 'received') as status, m.desk_id,
                case when n.kind = 'case_moved' then m.before end as desk_before
            from news n
            join case_file c on c.id = n.chain
            -- Where the case stood then, whatever became of it since.
            cross join lateral (
                select (array_agg(h.data->>'to' order by h.seq desc))[1] as status,
                    (array_agg((h.data->>'desk_id')::uuid order by h.seq desc))[1] as desk_id,
                    (array_agg((h.data->>'desk_id')::uuid order by h.seq desc))[2] as before
                from (
                    select seq, data
                    from audit_event
                    where chain = n.chain and seq <= n.seq and kind = 'case_moved'
                    order by seq desc
                    limit 2
                ) h
            ) m
        ),
        looked as (
            update webhook_position set snapshot = pg_current_snapshot()::text, looked_at = $1
        )
        insert into webhook_delivery (id, webhook_id, chain, seq, type, payload, created_at, state, next_attempt_at)
        select gen_random_uuid(), w.id, n.chain, n.seq, n.type,
            json_build_object(
                'type', n.type,
                'timestamp', to_char(n.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                'data', jsonb_build_object('case_id', n.chain, 'case_number', n.number, 'status', n.status, 'seq', n.seq) || (
                    select coalesce(jsonb_object_agg(f.key, f.value), '{{}}')
                    from json_each(n.data) f
                    where f.key like '%\_id' or f.key = any ($4)
                )
            )::text,
            $1, 'pending', $1
        from told n
        join webhook w on w.active
            and n.recorded_at >= w.active_since
            and (w.events = '{{}}' or n.type = any (w.events))
            and (w.desk_id is null or w.desk_id in (n.desk_id, n.desk_before))
        order by n.chain, n.seq
        on conflict (webhook_id, chain, seq) do nothing
        "#
    )
}

/// A test, which is about no case.
pub(super) async fn insert_test(tx: &mut Tx, webhook_id: WebhookId) -> Result<DeliveryId> {
    let (id, now) = (DeliveryId::new(), tx.now());
    let event = WebhookEventType::WebhookTest.name();
    let payload = serde_json::json!({
        "type": event,
        "timestamp": now,
        "data": { "webhook_id": webhook_id },
    });
    sqlx::query!(
        r#"
        insert into webhook_delivery (id, webhook_id, chain, seq, type, payload, created_at, state, next_attempt_at)
        values ($1, $2, $1, 0, $3, $4, $5, 'pending', $5)
        "#,
        *id,
        *webhook_id,
        event,
        payload.to_string(),
        now,
    )
    .execute(tx.db())
    .await?;
    Ok(id)
}
