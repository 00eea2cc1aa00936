-- Webhooks out (Standard Webhooks): who is told what happened, what was sent, and how it went.

create table webhook (
    id uuid primary key,
    url text not null check (length(url) between 8 and 2000),
    description text check (length(description) between 1 and 200),
    -- Types of events; empty: all.
    events text[] not null default '{}',
    -- Only cases of this desk; all where null.
    desk_id uuid references desk,
    -- What both sides sign with, sealed with a key that is not in the database.
    secret bytea not null check (length(secret) between 1 and 200),
    -- The one before it, which signs beside it for a while.
    previous_secret bytea check (length(previous_secret) between 1 and 200),
    previous_until timestamptz,
    active boolean not null default true,
    -- What happened before is not sent.
    active_since timestamptz not null,
    -- An admin did; the other side answered 410; it failed for too long.
    disabled_reason text check (disabled_reason in ('admin', 'gone', 'failing')),
    -- Since when nothing got through.
    failing_since timestamptz,
    -- How many turns in a row brought nothing through, and until when there is none.
    failures int not null default 0 check (failures >= 0),
    paused_until timestamptz,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint webhook_disabled check (active = (disabled_reason is null)),
    constraint webhook_rotation check ((previous_secret is null) = (previous_until is null))
);
comment on table webhook is 'webhook: an address that is told what happens to cases';
create index webhook_desk on webhook (desk_id);
-- How sending goes is not what an admin edits.
create trigger webhook_version before update of url, description, events, desk_id, secret, active on webhook
    for each row execute function bump_version();

create table webhook_delivery (
    id uuid primary key,
    webhook_id uuid not null references webhook on delete cascade,
    -- The event in the audit trail; a test has a chain of its own.
    chain uuid not null,
    seq bigint not null,
    type text not null check (type ~ '^[a-z_]+\.[a-z_]+$'),
    -- The body as it is sent, byte for byte the same every time.
    payload text not null check (length(payload) between 2 and 20000),
    created_at timestamptz not null,
    state text not null check (state in ('pending', 'delivered', 'failed')),
    -- Tries since it was last asked for.
    attempts int not null default 0 check (attempts >= 0),
    next_attempt_at timestamptz not null,
    -- The try that has it, and until when it is believed.
    attempt_id uuid,
    leased_until timestamptz,
    finished_at timestamptz,
    constraint webhook_delivery_once unique (webhook_id, chain, seq),
    constraint webhook_delivery_finished check ((state = 'pending') = (finished_at is null)),
    constraint webhook_delivery_leased check ((attempt_id is null) = (leased_until is null))
);
comment on table webhook_delivery is 'an event on its way to a webhook; kept for 30 days';
create index webhook_delivery_pending on webhook_delivery (webhook_id, chain, seq) where state = 'pending';
create index webhook_delivery_due on webhook_delivery (webhook_id, next_attempt_at) where state = 'pending';
create index webhook_delivery_list on webhook_delivery (webhook_id, created_at desc, id desc);
create index webhook_delivery_finished on webhook_delivery (finished_at) where finished_at is not null;

create table webhook_attempt (
    id uuid primary key,
    delivery_id uuid not null references webhook_delivery on delete cascade,
    started_at timestamptz not null,
    -- Null: nobody knows; the worker that sent it died.
    ended_at timestamptz,
    -- What the other side answered.
    status int check (status between 100 and 999),
    -- Why there was no answer, or why none was asked for.
    error text check (length(error) between 1 and 300)
);
comment on table webhook_attempt is 'one try to deliver an event to a webhook';
create index webhook_attempt_delivery on webhook_attempt (delivery_id, started_at);

create table webhook_position (
    -- One row only.
    id boolean primary key default true check (id),
    -- What a snapshot of the server had seen: everything in it has been looked at.
    snapshot text not null,
    looked_at timestamptz not null
);
comment on table webhook_position is 'up to where the audit trail was read for webhooks';
