-- Data that ends: how long it is kept, what must stay, what a person may ask for, and who saw it.
--
-- A case that is over does not vanish: its row, its history, its sessions and their times are what figures count, and they
-- name nobody. What goes is whatever says who it was and what was said. The mark in the place of a text that may not be
-- empty is said here once, so that nothing else can be written in its place where rows are otherwise final.
create function erased_mark() returns text language sql immutable parallel safe as $$ select '(消去済み)' $$;

create function fiscal_year_of(moment timestamptz) returns int language sql immutable parallel safe as $$
    select extract(year from (moment at time zone 'Asia/Tokyo') - interval '3 months')::int
$$;
comment on function fiscal_year_of is 'the year in which the 1 April before a moment lies, in Japan';

-- When the personal values and texts of a case went; there is nothing left to reopen.
alter table case_file add column disposed_at timestamptz;
alter table case_file add constraint case_file_disposed check (disposed_at is null or status = 'closed');
create index case_file_closed on case_file (closed_at, id) where status = 'closed';
-- When an enterprise was erased: its cases are counted, and no new one is opened on it.
alter table enterprise add column erased_at timestamptz;
-- When what was in a mail went; it cannot be understood anew.
alter table inbound_mail add column erased_at timestamptz;
create index inbound_mail_stray on inbound_mail (received_at) where case_id is null and erased_at is null;

create table legal_hold (
    id uuid primary key,
    case_id uuid not null references case_file,
    reason text not null check (length(reason) between 1 and 2000),
    placed_at timestamptz not null,
    placed_by uuid references app_user,
    lifted_at timestamptz,
    lifted_by uuid references app_user,
    lift_reason text check (length(lift_reason) between 1 and 2000),
    constraint legal_hold_lifted check (num_nulls(lifted_at, lift_reason) in (0, 2))
);
comment on table legal_hold is 'cases that must stay as they are, whatever their age: a dispute, an audit, a request';
create unique index legal_hold_one on legal_hold (case_id) where lifted_at is null;
create index legal_hold_case on legal_hold (case_id, placed_at desc);
create index legal_hold_order on legal_hold (placed_at desc, id desc);
create index legal_hold_placed_by on legal_hold (placed_by);
create index legal_hold_lifted_by on legal_hold (lifted_by);

create table retention_run (
    id uuid primary key,
    -- The day as of which things were over.
    as_of date not null,
    classes text[] not null check (
        cardinality(classes) > 0 and classes <@ array['case', 'raw_mail', 'attachment', 'view']
    ),
    -- The years of each class as they were set then.
    years jsonb not null check (jsonb_typeof(years) = 'object'),
    state text not null check (state in ('running', 'finished')),
    requested_at timestamptz not null,
    requested_by uuid references app_user,
    finished_at timestamptz,
    -- SHA-256 over what went: see the program's certificate.
    digest bytea check (length(digest) = 32),
    -- Where the audit trail stood at the end, as GET /audit/head shows it.
    audit_head jsonb,
    constraint retention_run_finished check (
        (state = 'finished') = (finished_at is not null) and num_nulls(finished_at, digest, audit_head) in (0, 3)
    )
);
comment on table retention_run is 'runs that dispose of what is over';
create index retention_run_order on retention_run (requested_at desc, id desc);
create index retention_run_requested_by on retention_run (requested_by);
-- Two at once would only wait for each other.
create unique index retention_run_one on retention_run (state) where state = 'running';

create table erasure (
    id uuid primary key,
    scope text not null check (scope in ('contact', 'enterprise')),
    -- The contact or the enterprise.
    subject_id uuid not null,
    reason text not null check (length(reason) between 1 and 2000),
    -- Under which the request itself is filed outside the program.
    request_reference text not null check (length(request_reference) between 1 and 80),
    state text not null check (state in ('requested', 'executed', 'withdrawn')),
    requested_at timestamptz not null,
    requested_by uuid references app_user,
    executed_at timestamptz,
    executed_by uuid references app_user,
    -- What went, counted.
    counts jsonb check (jsonb_typeof(counts) = 'object'),
    constraint erasure_executed check ((state = 'executed') = (executed_at is not null) and (executed_at is null) = (counts is null))
);
comment on table erasure is 'requests of people and enterprises to be erased; names nobody';
create index erasure_order on erasure (requested_at desc, id desc);
create index erasure_requested_by on erasure (requested_by);
create index erasure_executed_by on erasure (executed_by);

create table disposal (
    id bigint generated always as identity primary key,
    disposed_at timestamptz not null,
    class text not null check (class in ('case', 'raw_mail', 'attachment', 'view')),
    -- What the ids are of.
    kind text not null check (kind in ('case', 'mail', 'attachment', 'view', 'contact', 'enterprise')),
    -- Exactly one of the two rules: the years were over, or somebody asked.
    run_id uuid references retention_run,
    erasure_id uuid references erasure,
    -- In the order of the ids.
    subject_ids uuid[] not null,
    -- Numbers of the cases concerned, in the order of the ids where there is one of each.
    case_numbers text[] not null,
    -- As many as there are ids; views are only counted.
    count bigint not null check (count > 0),
    actor_id uuid,
    constraint disposal_rule check (num_nonnulls(run_id, erasure_id) = 1),
    constraint disposal_count check (kind = 'view' or count = cardinality(subject_ids))
);
comment on table disposal is 'append-only: the log of what was disposed of, under which rule, when and by whom';
create index disposal_run on disposal (run_id, id);
create index disposal_erasure on disposal (erasure_id, id);
create trigger disposal_append_only before update or delete on disposal
    for each row execute function forbid_change();
create trigger disposal_no_truncate before truncate on disposal
    for each statement execute function forbid_change();

create table erased_key (
    -- HMAC-SHA-256 with a key outside the database: whoever has the number or the name can ask, nobody can read it here.
    digest bytea not null check (length(digest) = 32),
    kind text not null check (kind in ('number', 'name', 'phone', 'email')),
    enterprise_id uuid not null references enterprise,
    -- Whose free sessions it stands for.
    fiscal_year int not null check (fiscal_year between 2000 and 2999),
    -- The last day on which it is of use.
    keep_until date not null,
    primary key (digest, enterprise_id, fiscal_year)
);
comment on table erased_key is 'by what an erased enterprise is recognised when it comes again in the fiscal year: the free sessions it used stay used';
create index erased_key_enterprise on erased_key (enterprise_id);
create index erased_key_over on erased_key (keep_until);

create table erased_match (
    enterprise_id uuid not null references enterprise,
    erased_id uuid not null references enterprise,
    matched_at timestamptz not null,
    primary key (enterprise_id, erased_id),
    constraint erased_match_self check (enterprise_id <> erased_id)
);
comment on table erased_match is 'an enterprise that came again after it was erased: the cases of both are counted together';
create index erased_match_erased on erased_match (erased_id);

-- When nothing named these bytes any more, or they were announced and nothing names them yet; null while something does.
alter table blob add column unused_since timestamptz;
-- The bytes are being deleted: they are put again when that is over.
alter table blob add column going_since timestamptz;
comment on column blob.created_at is 'when the bytes were last put';
create index blob_unused on blob (unused_since) where unused_since is not null;

create table disclosure (
    id uuid primary key,
    state text not null check (state in ('pending', 'ready', 'expired')),
    -- Whose data: these contacts, or everything of this enterprise. How they were looked for is not kept.
    contact_ids uuid[] not null,
    enterprise_id uuid references enterprise,
    with_staff_names boolean not null,
    reason text not null check (length(reason) between 1 and 2000),
    request_reference text not null check (length(request_reference) between 1 and 80),
    requested_at timestamptz not null,
    requested_by uuid references app_user,
    ready_at timestamptz,
    expires_at timestamptz,
    sha256 bytea references blob,
    size bigint check (size >= 0),
    -- What is in it, counted.
    counts jsonb check (jsonb_typeof(counts) = 'object'),
    constraint disclosure_subject check ((enterprise_id is null) = (cardinality(contact_ids) > 0)),
    constraint disclosure_ready check ((state = 'ready') = (sha256 is not null))
);
comment on table disclosure is 'disclosures (開示): everything about one person or enterprise as a package that expires';
create index disclosure_order on disclosure (requested_at desc, id desc);
create index disclosure_enterprise on disclosure (enterprise_id);
create index disclosure_requested_by on disclosure (requested_by);
create index disclosure_sha256 on disclosure (sha256);
create index disclosure_expiry on disclosure (expires_at) where state = 'ready';

create table view_log (
    id bigint generated always as identity primary key,
    seen_at timestamptz not null,
    user_id uuid not null,
    -- By an API token of theirs.
    by_token boolean not null,
    what text not null check (length(what) between 1 and 60),
    -- The message, the file, … that was seen; the case or enterprise itself where absent.
    subject_id uuid,
    case_id uuid,
    enterprise_id uuid,
    request_id uuid not null
);
comment on table view_log is 'append-only: who saw whose data; no keys to other tables, so that nothing holds a batch up';
create index view_log_case on view_log (case_id, id desc) where case_id is not null;
create index view_log_enterprise on view_log (enterprise_id, id desc) where enterprise_id is not null;
create index view_log_user on view_log (user_id, id desc);
create index view_log_seen on view_log (seen_at);

-- The one way out: through the function below, as the owner, and never what is younger than a year.
create function forbid_view_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE'
        and current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid)
        and old.seen_at < now() - interval '1 year' then
        return old;
    end if;
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger view_log_append_only before update or delete on view_log
    for each row execute function forbid_view_change();
create trigger view_log_no_truncate before truncate on view_log
    for each statement execute function forbid_change();

create function dispose_of_views(before timestamptz, most int) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    gone bigint;
begin
    delete from view_log
    where id in (
        select id from view_log
        where seen_at < least(before, now() - interval '1 year')
        order by id
        limit most
    );
    get diagnostics gone = row_count;
    return gone;
end
$$;
comment on function dispose_of_views is 'deletes old entries of the log of views, oldest first; how many';

-- A report that was approved does not change, but what it says of people can be erased: through the function below only,
-- and into nothing but the mark.
create or replace function check_report_step() returns trigger language plpgsql as $$
begin
    if current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid)
        and (new.situation, new.advice, new.next_steps)
            = (public.erased_mark(), public.erased_mark(), public.erased_mark())
        and new.enterprise_tasks is null and new.return_reason is null
        and (new.consultation_id, new.state, new.telework_status, new.submitted_at, new.approved_at)
            is not distinct from (old.consultation_id, old.state, old.telework_status, old.submitted_at, old.approved_at) then
        return new;
    end if;
    raise exception 'an approved report does not change' using errcode = 'check_violation', constraint = 'report_final';
end
$$;

create function erase_reports(ids uuid[]) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    gone bigint;
begin
    update report
    set situation = erased_mark(), advice = erased_mark(), next_steps = erased_mark(), enterprise_tasks = null, return_reason = null
    where consultation_id = any (ids);
    get diagnostics gone = row_count;
    return gone;
end
$$;
comment on function erase_reports is 'replaces the texts of reports, approved ones too, with the mark';

-- Whether a case is over: closed before the time, nothing heard of it since, not held, and not part of one that is not over.
create function is_over(which uuid, cutoff timestamptz) returns boolean language sql stable as $$
    select exists (
        select
        from case_file c
        left join case_file s on s.id = c.merged_into
        where c.id = which
        and c.status = 'closed' and c.closed_at < cutoff
        and (s.id is null or (s.status = 'closed' and s.closed_at < cutoff))
        and not exists (
            select from legal_hold h where h.case_id in (c.id, s.id) and h.lifted_at is null
        )
        and not exists (
            select from inbound_mail m where m.case_id in (c.id, s.id) and m.received_at >= cutoff
        )
        -- Somebody has yet to say whether it belongs here.
        and not exists (
            select from inbound_mail m
            where m.suggested_case_id = c.id and m.state = 'quarantined' and m.discarded_at is null
        )
        and not exists (
            select from message m where m.case_id in (c.id, s.id) and m.created_at >= cutoff
        )
        and not exists (
            select from interaction i where i.case_id in (c.id, s.id) and i.recorded_at >= cutoff
        )
        and not exists (
            select from note n where n.case_id in (c.id, s.id) and n.recorded_at >= cutoff
        )
    )
$$;
comment on function is_over is 'whether a case was over before that time, as it stands now';

-- What is over, per class. The one definition behind the preview, its lists and the runs. A run walks along the index of what
-- was closed, oldest first: `most` items behind the last one it took; and asks once more of `among` those that it has locked.
-- Planned anew each time, because another plan is good where something is absent.
create function retention_items(class text, cutoff timestamptz, among uuid[], after_at timestamptz, after_id uuid, most int)
returns table (kind text, id uuid, case_id uuid, number text, ended_at timestamptz)
language plpgsql stable set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
    given int := 0;
begin
    case class
    when 'case' then
        return query
        select 'case', c.id, c.id, c.number, c.closed_at
        from case_file c
        where c.status = 'closed' and c.closed_at < cutoff and c.disposed_at is null
        and (among is null or c.id = any (among))
        and (after_at is null or (c.closed_at, c.id) > (after_at, after_id))
        and is_over(c.id, cutoff)
        order by c.closed_at, c.id
        limit most;
        get diagnostics given = row_count;
        if given = most then
            return;
        end if;
        -- Once gone, a case goes again if something came to it afterwards.
        return query
        select 'case', c.id, c.id, c.number, c.closed_at
        from case_file c
        where c.status = 'closed' and c.closed_at < cutoff and c.disposed_at is not null
        and (among is null or c.id = any (among))
        and (
            exists (select from inbound_mail m where m.case_id = c.id and m.erased_at is null)
            or exists (select from interaction i where i.case_id = c.id and i.recorded_at > c.disposed_at)
            or exists (select from note n where n.case_id = c.id and n.recorded_at > c.disposed_at)
            or exists (select from message m where m.case_id = c.id and m.created_at > c.disposed_at)
        )
        and is_over(c.id, cutoff)
        limit most - given;
        -- Mail that never belonged to a case.
        return query
        select 'mail', m.id, null::uuid, null::text, coalesce(m.discarded_at, m.received_at)
        from inbound_mail m
        where m.case_id is null and m.erased_at is null
        and (among is null or m.id = any (among))
        and m.received_at < cutoff
        and (m.discarded_at < cutoff or (m.state = 'processed' and m.discarded_at is null))
        limit most - given;
    when 'raw_mail' then
        return query
        select 'mail', m.id, c.id, c.number, c.closed_at
        from case_file c
        join inbound_mail m on m.case_id = c.id
        join inbound_raw r on r.inbound_mail_id = m.id
        where c.status = 'closed' and c.closed_at < cutoff
        and (among is null or m.id = any (among))
        and (after_at is null or (c.closed_at >= after_at and (c.closed_at, m.id) > (after_at, after_id)))
        and is_over(c.id, cutoff)
        order by c.closed_at, m.id
        limit most;
        get diagnostics given = row_count;
        return query
        select 'mail', m.id, null::uuid, null::text, coalesce(m.discarded_at, m.received_at)
        from inbound_mail m
        join inbound_raw r on r.inbound_mail_id = m.id
        where m.case_id is null
        and (among is null or m.id = any (among))
        and m.received_at < cutoff
        and (m.discarded_at < cutoff or (m.state = 'processed' and m.discarded_at is null))
        limit most - given;
    when 'attachment' then
        return query
        select 'attachment', a.id, c.id, c.number, c.closed_at
        from case_file c
        join attachment a on a.case_id = c.id
        where c.status = 'closed' and c.closed_at < cutoff
        and (among is null or a.id = any (among))
        and (after_at is null or (c.closed_at >= after_at and (c.closed_at, a.id) > (after_at, after_id)))
        and is_over(c.id, cutoff)
        order by c.closed_at, a.id
        limit most;
    -- Told only: rule 6 lets nobody cut a chain.
    when 'audit' then
        return query
        select 'chain', c.id, c.id, c.number, c.closed_at
        from case_file c
        join audit_head h on h.chain = c.id
        where c.status = 'closed' and c.closed_at < cutoff
        and is_over(c.id, cutoff);
    else
        null;
    end case;
end
$$;
comment on function retention_items is 'what would go: per class, with the case it belongs to and when that ended';
