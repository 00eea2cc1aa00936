-- The audit trail: append-only, chained by hash per case (and one chain for the office), gathered in signed checkpoints.
-- Rows hold ids, names of fields and salted digests, never personal values.

create table audit_event (
    -- The case's id; the nil uuid for the office's own chain.
    chain uuid not null,
    seq bigint not null check (seq >= 1),
    recorded_at timestamptz not null,
    -- user, token, system
    actor_kind text not null check (actor_kind in ('user', 'token', 'system')),
    actor_id uuid,
    request_id uuid not null,
    kind text not null check (kind ~ '^[a-z_]{1,60}$'),
    -- json, not jsonb: the hash is over this very text.
    data json not null,
    -- sha256 over the previous hash and this row, see append_audit.
    hash bytea not null check (length(hash) = 32),
    -- Who reads live what changed remembers a snapshot and asks for what it did not see yet, however late it commits.
    -- Not hashed: it says nothing of what happened, and another server counts its transactions anew.
    txid xid8 not null default pg_current_xact_id(),
    primary key (chain, seq)
);
comment on table audit_event is 'append-only: everything that happened, chained by hash';
-- Read backwards: the newest first, and within one transaction the last first.
create index audit_event_recorded on audit_event (recorded_at, chain, seq);
-- Read forwards: what is new to a snapshot.
create index audit_event_txid on audit_event (txid);
-- What one person did.
create index audit_event_actor on audit_event (actor_id, recorded_at, chain, seq) where actor_id is not null;
create trigger audit_event_append_only before update or delete on audit_event
    for each row execute function forbid_change();
create trigger audit_event_no_truncate before truncate on audit_event
    for each statement execute function forbid_change();

create table audit_head (
    chain uuid primary key,
    seq bigint not null,
    hash bytea not null,
    -- The checkpoint that holds this very head; null since the last event.
    checkpoint_id bigint
) with (fillfactor = 70);
comment on table audit_head is 'the newest event of each chain';
create index audit_head_new on audit_head (chain) where checkpoint_id is null;

create function check_head_step() returns trigger language plpgsql as $$
begin
    raise exception 'the head of an audit chain moves one event at a time'
        using errcode = 'check_violation', constraint = 'audit_head_step';
end
$$;
create trigger audit_head_step before update on audit_head for each row
    when (not (new.chain = old.chain and (new.seq = old.seq + 1 or (new.seq = old.seq and new.hash = old.hash))))
    execute function check_head_step();
create trigger audit_head_kept before delete on audit_head for each row execute function forbid_delete();
create trigger audit_head_no_truncate before truncate on audit_head
    for each statement execute function forbid_change();

create table audit_checkpoint (
    id bigint primary key check (id >= 1),
    made_at timestamptz not null,
    head_count bigint not null,
    -- HMAC-SHA256 over the previous checkpoint's mac and all heads of this one, with a key outside the database.
    mac bytea not null check (length(mac) = 32)
);
comment on table audit_checkpoint is 'append-only: signed gatherings of the heads that moved since the last one';
create trigger audit_checkpoint_append_only before update or delete on audit_checkpoint
    for each row execute function forbid_change();
create trigger audit_checkpoint_no_truncate before truncate on audit_checkpoint
    for each statement execute function forbid_change();

create table audit_checkpoint_head (
    checkpoint_id bigint not null references audit_checkpoint,
    chain uuid not null,
    seq bigint not null,
    hash bytea not null,
    primary key (checkpoint_id, chain)
);
comment on table audit_checkpoint_head is 'append-only: the heads in each checkpoint';
create index audit_checkpoint_head_chain on audit_checkpoint_head (chain);
create trigger audit_checkpoint_head_append_only before update or delete on audit_checkpoint_head
    for each row execute function forbid_change();
create trigger audit_checkpoint_head_no_truncate before truncate on audit_checkpoint_head
    for each statement execute function forbid_change();

create table audit_verification (
    id bigint generated always as identity primary key,
    started_at timestamptz not null,
    finished_at timestamptz not null check (finished_at >= started_at),
    -- What was looked at and what was found, as GET /audit/verification shows it.
    report json not null
);
comment on table audit_verification is 'append-only: verifications of the whole trail, and what they found';
create trigger audit_verification_append_only before update or delete on audit_verification
    for each row execute function forbid_change();
create trigger audit_verification_no_truncate before truncate on audit_verification
    for each statement execute function forbid_change();

-- Appends events to their chains in one round trip. The callers' transaction holds the heads until it ends, so events
-- go in at its end and in the order of their chains, those of one chain together. The text that is hashed has no time zone
-- and no locale: chain, seq, microseconds since 1970, actor kind, actor id or -, request id, kind, data; each on a line of
-- its own.
create function append_audit(chains uuid[], kinds text[], datas text[], at timestamptz, actor_kind text, actor_id uuid, request_id uuid)
returns void language plpgsql as $$
declare
    events int := cardinality(chains);
    first int := 1;
    last int;
    head audit_head;
    is_new boolean;
    seqs bigint[];
    hashes bytea[];
    -- What is the same for all of them.
    who text := E'\n' || (extract(epoch from at) * 1000000)::bigint || E'\n' || actor_kind || E'\n' || coalesce(actor_id::text, '-')
        || E'\n' || request_id || E'\n';
begin
    while first <= events loop
        select * into head from audit_head where chain = chains[first] for no key update;
        is_new := not found;
        if is_new then
            head.seq := 0;
            head.hash := decode(repeat('00', 32), 'hex');
        end if;
        last := first;
        while last <= events and chains[last] = chains[first] loop
            head.seq := head.seq + 1;
            head.hash := sha256(head.hash
                || convert_to(chains[last] || E'\n' || head.seq || who || kinds[last] || E'\n' || datas[last], 'UTF8'));
            seqs[last] := head.seq;
            hashes[last] := head.hash;
            if not is_new then
                update audit_head set seq = head.seq, hash = head.hash, checkpoint_id = null where chain = chains[first];
            end if;
            last := last + 1;
        end loop;
        if is_new then
            insert into audit_head (chain, seq, hash) values (chains[first], head.seq, head.hash) on conflict (chain) do nothing;
            -- Somebody else began the chain meanwhile: after their events.
            continue when not found;
        end if;
        first := last;
    end loop;
    insert into audit_event (chain, seq, recorded_at, actor_kind, actor_id, request_id, kind, data, hash)
    select e.chain, e.seq, at, append_audit.actor_kind, append_audit.actor_id, append_audit.request_id, e.kind, e.data::json, e.hash
    from unnest(chains, seqs, kinds, datas, hashes) as e (chain, seq, kind, data, hash);
end
$$;
comment on function append_audit is 'appends events to their audit chains';
