-- Enterprises and cases: what is asked, by whom, and where it stands.

create table enterprise (
    id uuid primary key,
    kind text not null check (kind in ('company', 'sole_proprietor', 'association', 'local_government', 'worker', 'other', 'anonymous')),
    -- Only an anonymous one has no name; it is named before an offer is made.
    name text check (length(name) between 1 and 200),
    kana text check (length(kana) between 1 and 200),
    trade_name text check (length(trade_name) between 1 and 200),
    representative text check (length(representative) between 1 and 200),
    -- 法人番号: one legal person, so one row; branches are sites.
    corporate_number text constraint enterprise_corporate_number_key unique check (corporate_number ~ '^[1-9][0-9]{12}$'),
    -- 適格請求書発行事業者登録番号 of those who have no corporate number; a corporation's is T and its corporate number.
    invoice_number text constraint enterprise_invoice_number_key unique check (invoice_number ~ '^T[0-9]{13}$'),
    postal_code text check (postal_code ~ '^[0-9]{7}$'),
    prefecture_code text check (prefecture_code ~ '^(0[1-9]|[1-3][0-9]|4[0-7])$'),
    municipality_code text check (municipality_code ~ '^[0-9]{6}$'),
    address text check (length(address) between 1 and 500),
    industry_code text check (industry_code ~ '^[A-T][0-9]{0,4}$'),
    employees int check (employees between 0 and 10000000),
    employees_regular int check (employees_regular between 0 and 10000000),
    phone text check (phone ~ '^\+[0-9]{6,15}$'),
    -- The name as it is compared: folded, without the legal form (made by the program).
    name_key text check (length(name_key) <= 800),
    kana_key text check (length(kana_key) <= 800),
    trade_key text check (length(trade_key) <= 800),
    -- The reading in Latin letters, one key for all ways of romanising it.
    roman_key text check (length(roman_key) <= 800),
    -- The enterprise that this one turned out to be: it has the cases now, and this row only points there.
    merged_into uuid,
    merged_at timestamptz,
    merge_reason text check (length(merge_reason) between 1 and 2000),
    is_merged boolean not null generated always as (merged_into is not null) stored,
    -- Always false where present: what an enterprise is merged into may not itself be merged (no chains, no cycles).
    survivor_is_merged boolean generated always as (case when merged_into is not null then false end) stored,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint enterprise_named check (name is not null or kind = 'anonymous'),
    constraint enterprise_one_number check (num_nonnulls(corporate_number, invoice_number) < 2),
    constraint enterprise_merge_key unique (id, is_merged),
    constraint enterprise_merged_into foreign key (merged_into, survivor_is_merged) references enterprise (id, is_merged),
    constraint enterprise_merge_self check (merged_into <> id),
    constraint enterprise_merge_reason check (num_nonnulls(merged_into, merged_at, merge_reason) in (0, 3))
);
comment on table enterprise is 'enterprise (企業・団体): the legal person who asks';
-- For the beginnings of names and numbers, bytewise whatever the database's collation is; they answer = as well.
create index enterprise_name_key on enterprise (name_key text_pattern_ops);
create index enterprise_kana_key on enterprise (kana_key text_pattern_ops);
create index enterprise_trade_key on enterprise (trade_key text_pattern_ops) where trade_key is not null;
create index enterprise_roman_key on enterprise (roman_key text_pattern_ops) where roman_key is not null;
create index enterprise_phone on enterprise (phone text_pattern_ops);
create index enterprise_corporate_number on enterprise (corporate_number text_pattern_ops) where corporate_number is not null;
create index enterprise_invoice_number on enterprise (invoice_number text_pattern_ops) where invoice_number is not null;
create index enterprise_merged_into on enterprise (merged_into, survivor_is_merged);
-- Lists of enterprises are in this order, bytewise whatever the database's collation is.
create index enterprise_order on enterprise ((coalesce(name_key, '')) collate "C", id);
create trigger enterprise_version before update on enterprise for each row execute function bump_version();

create table enterprise_different (
    -- The smaller id first.
    enterprise_id uuid not null references enterprise,
    other_id uuid not null references enterprise,
    confirmed_at timestamptz not null,
    primary key (enterprise_id, other_id),
    constraint enterprise_different_order check (enterprise_id < other_id)
);
comment on table enterprise_different is 'two enterprises that staff confirmed to be different; they are not proposed as duplicates again';
create index enterprise_different_other on enterprise_different (other_id);

create table manager_conflict (
    id uuid primary key,
    manager_id uuid not null references manager,
    enterprise_id uuid not null references enterprise,
    kind text not null check (kind in ('employment', 'contract', 'family', 'competitor', 'other')),
    created_at timestamptz not null,
    constraint manager_conflict_once unique (manager_id, enterprise_id)
);
comment on table manager_conflict is 'declared conflict of interest: this manager is not offered this enterprise';
create index manager_conflict_enterprise on manager_conflict (enterprise_id);

-- The legal steps of a case. A test keeps this equal to cases/status.rs.
create table case_step (
    move text not null,
    from_status text not null,
    to_status text not null,
    primary key (move, from_status, to_status)
);
comment on table case_step is 'read-only: the legal moves between statuses';
insert into case_step (move, from_status, to_status) values
    ('route', 'received', 'routed'),
    ('route', 'routed', 'routed'),
    ('route', 'accepted', 'routed'),
    ('route', 'assigned', 'routed'),
    ('route', 'consulting', 'routed'),
    ('accept', 'routed', 'accepted'),
    ('return', 'routed', 'received'),
    ('return', 'accepted', 'received'),
    ('assign', 'accepted', 'assigned'),
    ('release', 'assigned', 'accepted'),
    ('release', 'consulting', 'accepted'),
    ('begin', 'assigned', 'consulting'),
    ('close', 'received', 'closed'),
    ('close', 'routed', 'closed'),
    ('close', 'accepted', 'closed'),
    ('close', 'assigned', 'closed'),
    ('close', 'consulting', 'closed'),
    ('reopen', 'closed', 'received'),
    ('reopen', 'closed', 'accepted'),
    ('merge', 'received', 'closed'),
    ('merge', 'routed', 'closed'),
    ('merge', 'accepted', 'closed'),
    ('merge', 'assigned', 'closed'),
    ('merge', 'consulting', 'closed'),
    ('merge', 'closed', 'closed'),
    ('unmerge', 'closed', 'received'),
    ('unmerge', 'closed', 'routed'),
    ('unmerge', 'closed', 'accepted'),
    ('unmerge', 'closed', 'closed');

create table case_file (
    id uuid primary key,
    number text not null constraint case_file_number_key unique check (number ~ '^TW-[0-9]{4}-[0-9]{6,}$'),
    -- Of received_at, in Japan.
    fiscal_year int not null check (fiscal_year between 2000 and 2999),
    status text not null check (status in ('received', 'routed', 'accepted', 'assigned', 'consulting', 'closed')),
    -- Number of the newest history row.
    status_seq int not null check (status_seq >= 1),
    channel text not null check (channel in ('phone', 'web', 'visit', 'letter', 'fax', 'event', 'email')),
    enterprise_id uuid not null,
    -- Always false: a merged enterprise has no cases, so that the cases of a year are counted together. The key below
    -- makes a case that is being opened and a merge at the same moment wait for each other.
    enterprise_is_merged boolean not null generated always as (false) stored,
    subject text check (length(subject) between 1 and 200),
    description text not null check (length(description) between 1 and 20000),
    topics text[] not null check (cardinality(topics) between 1 and 7),
    primary_topic text not null,
    telework_status text check (telework_status in ('none', 'considering', 'preparing', 'introduced')),
    digital_level text check (digital_level in ('low', 'basic', 'good')),
    how_heard text check (length(how_heard) between 1 and 200),
    desired_mode text check (desired_mode in ('online', 'phone', 'visit')),
    -- The site (事業所): where the matter is. Absent fields mean the enterprise's own place.
    site_name text check (length(site_name) between 1 and 200),
    site_postal_code text check (site_postal_code ~ '^[0-9]{7}$'),
    site_prefecture_code text check (site_prefecture_code ~ '^(0[1-9]|[1-3][0-9]|4[0-7])$'),
    site_municipality_code text check (site_municipality_code ~ '^[0-9]{6}$'),
    site_address text check (length(site_address) between 1 and 500),
    site_phone text check (site_phone ~ '^\+[0-9]{6,15}$'),
    -- The desk it is routed to or accepted by; null while the help center has it.
    desk_id uuid references desk,
    -- N: how many free sessions this case may use.
    session_limit int not null check (session_limit between 1 and 9),
    waiting_on text not null check (waiting_on in ('help_center', 'desk', 'manager', 'enterprise', 'none')),
    waiting_until timestamptz,
    waiting_reason text check (length(waiting_reason) <= 2000),
    -- The earliest open deadline, kept by a trigger on `deadline`.
    due_kind text,
    due_at timestamptz,
    -- When the enterprise asked, and when we wrote it down.
    received_at timestamptz not null,
    recorded_at timestamptz not null,
    late_reason text check (length(late_reason) between 1 and 2000),
    -- The status before closing decides where a reopened case returns to.
    closed_at timestamptz,
    outcome text check (outcome in ('answered', 'completed', 'withdrawn', 'ineligible', 'unreachable', 'referred', 'duplicate', 'spam')),
    close_note text check (length(close_note) <= 2000),
    merged_into uuid,
    is_merged boolean not null generated always as (merged_into is not null) stored,
    -- Always false where present: what a case is merged into may not itself be merged (no chains, no cycles).
    survivor_is_merged boolean generated always as (case when merged_into is not null then false end) stored,
    -- A supervisor let a second case of the year book sessions (setting enterprise_guard = block).
    guard_overridden_at timestamptz,
    version bigint not null default 1,
    updated_at timestamptz not null,
    constraint case_file_enterprise_id foreign key (enterprise_id, enterprise_is_merged) references enterprise (id, is_merged),
    constraint case_file_limit_key unique (id, session_limit),
    constraint case_file_merge_key unique (id, is_merged),
    constraint case_file_merged_into foreign key (merged_into, survivor_is_merged) references case_file (id, is_merged),
    constraint case_file_merge_self check (merged_into <> id),
    constraint case_file_merge_closed check (merged_into is null or (status = 'closed' and outcome = 'duplicate')),
    constraint case_file_closed check ((status = 'closed') = (outcome is not null) and (status = 'closed') = (closed_at is not null)),
    constraint case_file_desk check ((desk_id is null) or status <> 'received'),
    constraint case_file_desk_needed check (desk_id is not null or status in ('received', 'closed')),
    constraint case_file_topic check (primary_topic = any (topics)),
    constraint case_file_late check (received_at <= recorded_at)
) with (fillfactor = 85);
comment on table case_file is 'case (相談案件): one inquiry of one enterprise, from first contact to closing';
create index case_file_desk_open on case_file (desk_id, received_at desc, id desc) where status <> 'closed';
create index case_file_desk on case_file (desk_id, received_at desc, id desc);
create index case_file_received on case_file (received_at desc, id desc);
create index case_file_open on case_file (status, received_at desc, id desc) where status <> 'closed';
create index case_file_enterprise on case_file (enterprise_id, enterprise_is_merged, fiscal_year);
create index case_file_merged on case_file (merged_into) where merged_into is not null;
create index case_file_merged_into on case_file (merged_into, survivor_is_merged);
create index case_file_due on case_file (due_at) where due_at is not null;
-- The queue in the order of what is due: of a desk, and of everybody. With all that the numbers beside it need.
create index case_file_desk_open_due on case_file (desk_id, coalesce(due_at, 'infinity'), id)
    include (status, due_kind, due_at) where status <> 'closed';
create index case_file_open_due on case_file (coalesce(due_at, 'infinity'), id)
    include (status, due_kind, due_at) where status <> 'closed';
create index case_file_site_phone on case_file (site_phone text_pattern_ops) where site_phone is not null;
create trigger case_file_version before update on case_file for each row execute function bump_version();

create table case_history (
    case_id uuid not null,
    seq int not null check (seq >= 1),
    prev_seq int,
    move text not null,
    from_status text,
    to_status text not null,
    desk_id uuid references desk,
    -- How it ended, where it ended: an unmerged case goes back to how it stood.
    outcome text check (outcome in ('answered', 'completed', 'withdrawn', 'ineligible', 'unreachable', 'referred', 'duplicate', 'spam')),
    -- The user who did it; null for the system.
    actor_id uuid,
    occurred_at timestamptz not null,
    primary key (case_id, seq),
    constraint case_history_status_key unique (case_id, seq, to_status),
    -- Composite keys ignore rows with a null column, so how a history starts is said here.
    constraint case_history_start check (
        (seq = 1) = (prev_seq is null)
        and (seq = 1) = (from_status is null)
        and (seq = 1) = (move = 'create')
        and (seq > 1 or to_status = 'received')
    ),
    constraint case_history_order check (prev_seq = seq - 1),
    constraint case_history_chain foreign key (case_id, prev_seq, from_status) references case_history (case_id, seq, to_status),
    constraint case_history_step foreign key (move, from_status, to_status) references case_step (move, from_status, to_status)
);
comment on table case_history is 'append-only: one row per change of status; a case is where its newest row says';
create index case_history_chain on case_history (case_id, prev_seq, from_status);
create index case_history_step on case_history (move, from_status, to_status);
create index case_history_desk on case_history (desk_id);
alter table case_history add constraint case_history_case foreign key (case_id) references case_file deferrable initially deferred;
alter table case_file add constraint case_file_history foreign key (id, status_seq, status)
    references case_history (case_id, seq, to_status) deferrable initially deferred;
create trigger case_history_append_only before update or delete on case_history
    for each row execute function forbid_change();
create trigger case_history_no_truncate before truncate on case_history
    for each statement execute function forbid_change();

-- Keys alone would let an update rewind a case to an older row, and a row stand ahead of its case.
create function check_case_status_step() returns trigger language plpgsql as $$
begin
    if new.status_seq <> old.status_seq + 1 then
        raise exception 'case % may only move to its next history row', new.id
            using errcode = 'check_violation', constraint = 'case_file_status_step';
    end if;
    return new;
end
$$;
create trigger case_file_status_step before update of status, status_seq on case_file for each row
    when (new.status_seq is distinct from old.status_seq or new.status is distinct from old.status)
    execute function check_case_status_step();

create function check_history_not_ahead() returns trigger language plpgsql as $$
begin
    if not exists (select 1 from public.case_file where id = new.case_id and status_seq >= new.seq) then
        raise exception 'history row % of case % stands ahead of its case', new.seq, new.case_id
            using errcode = 'check_violation', constraint = 'case_history_not_ahead';
    end if;
    return null;
end
$$;
create constraint trigger case_history_not_ahead after insert on case_history
    deferrable initially deferred for each row execute function check_history_not_ahead();

create table move_reason (
    case_id uuid not null,
    seq int not null,
    reason text not null check (length(reason) between 1 and 2000),
    primary key (case_id, seq),
    constraint move_reason_history foreign key (case_id, seq) references case_history
);
comment on table move_reason is 'why a case was moved: free text, so apart from the history, which can never be erased';

create table contact (
    id uuid primary key,
    case_id uuid not null references case_file,
    role text not null check (role in ('primary', 'cc', 'agent')),
    name text check (length(name) between 1 and 200),
    kana text check (length(kana) between 1 and 200),
    department text check (length(department) between 1 and 200),
    phone text check (phone ~ '^\+[0-9]{6,15}$'),
    email text check (length(email) <= 254),
    email_key text check (length(email_key) <= 254),
    email_domain text generated always as (nullif(split_part(email_key, '@', 2), '')) stored,
    -- An agent's own firm and what it is to the enterprise.
    organisation text check (length(organisation) between 1 and 200),
    relation text check (length(relation) between 1 and 200),
    -- Nothing of the history is told to an agent without it.
    authority_confirmed boolean not null default false,
    position int not null,
    constraint contact_reachable check (num_nonnulls(name, phone, email) > 0)
);
comment on table contact is 'contact (相談者): a person at the enterprise, or acting for it';
create index contact_case on contact (case_id, position);
create index contact_phone on contact (phone text_pattern_ops) where phone is not null;
create index contact_email on contact (email_key text_pattern_ops) where email_key is not null;
create index contact_email_domain on contact (email_domain text_pattern_ops) where email_domain is not null;

create table consent (
    id uuid primary key,
    case_id uuid not null references case_file,
    kind text not null check (kind in ('privacy', 'share_with_manager', 'survey', 'case_study')),
    notice_version text not null check (length(notice_version) between 1 and 80),
    how text not null check (length(how) between 1 and 80),
    recorded_at timestamptz not null
);
comment on table consent is 'what the enterprise agreed to, under which notice, and how';
create index consent_case on consent (case_id);

create table case_flag (
    case_id uuid not null references case_file,
    flag text not null check (flag in ('same_enterprise_this_year', 'possible_duplicate', 'mail_after_close', 'unverified_sender',
        'address_guessed', 'complaint', 'late_entry', 'delivery_failed', 'after_last_day')),
    raised_at timestamptz not null,
    -- What staff need to judge it: ids and counts, no personal values.
    detail jsonb,
    reason text check (length(reason) <= 2000),
    settled_at timestamptz,
    answer text check (length(answer) <= 200),
    note text check (length(note) <= 2000),
    -- Zero while open, so that one flag of a kind is open at a time and settled ones are kept.
    settled_key uuid not null default '00000000-0000-0000-0000-000000000000',
    primary key (case_id, flag, settled_key),
    constraint case_flag_settled check ((settled_at is null) = (settled_key = '00000000-0000-0000-0000-000000000000'))
);
comment on table case_flag is 'what staff must notice on a case until it is settled';
create index case_flag_open on case_flag (flag, case_id) where settled_at is null;

create table case_link (
    -- The smaller id first, except for follow_up, whose first case is the earlier one.
    case_id uuid not null references case_file,
    other_id uuid not null references case_file,
    kind text not null check (kind in ('follow_up', 'same_group', 'related')),
    linked_at timestamptz not null,
    primary key (case_id, other_id, kind),
    constraint case_link_self check (case_id <> other_id)
);
comment on table case_link is 'cases that belong together without being one';
create index case_link_other on case_link (other_id);

create table enterprise_wait (
    case_id uuid not null references case_file,
    began_at timestamptz not null,
    -- Null while the case waits.
    ended_at timestamptz,
    primary key (case_id, began_at),
    constraint enterprise_wait_order check (ended_at >= began_at)
);
comment on table enterprise_wait is 'when a case waited for the enterprise: its deadlines stood still';
create unique index enterprise_wait_open on enterprise_wait (case_id) where ended_at is null;

create table deadline (
    id bigint generated always as identity primary key,
    case_id uuid not null references case_file,
    kind text not null check (kind in ('route', 'accept', 'first_contact', 'answer_offer', 'callback', 'report', 'wait_review')),
    -- The offer, interaction or consultation it is about; the case itself otherwise.
    subject_id uuid not null,
    -- What it counts from, and how many business days it has; null: it is due at an exact time that was told to somebody.
    started_at timestamptz not null,
    days int check (days > 0),
    -- While it stands still: when it would have been due.
    due_at timestamptz not null,
    -- Stands still while the case waits for the enterprise.
    paused boolean not null default false,
    -- The state of the calendar it was counted by.
    calendar_version bigint not null default 0,
    -- When a worker noted that it had passed.
    passed_at timestamptz,
    done_at timestamptz,
    -- False where it fell away: the case was returned, closed, or the session voided.
    met boolean,
    -- Business time from start to end in whole minutes, with the waits for the enterprise and without.
    gross_minutes int check (gross_minutes >= 0),
    net_minutes int check (net_minutes between 0 and gross_minutes),
    constraint deadline_done check (num_nulls(done_at, met, gross_minutes, net_minutes) in (0, 4))
);
comment on table deadline is 'what is due on a case, and how long it took; the earliest that runs shows on the case';
create unique index deadline_running on deadline (case_id, kind, subject_id) where done_at is null;
create index deadline_case on deadline (case_id);
create index deadline_open on deadline (due_at) where done_at is null and passed_at is null;

create function show_earliest_deadline() returns trigger language plpgsql as $$
declare
    earliest record;
begin
    -- Looked at first: who enters deadlines mostly enters the case with them, and an update costs most in being begun.
    select d.kind, d.due_at into earliest
    from case_file c
    left join lateral (
        select kind, due_at from deadline
        where case_id = new.case_id and done_at is null and not paused
        order by due_at, kind
        limit 1
    ) d on true
    where c.id = new.case_id
    and (c.due_kind, c.due_at) is distinct from (d.kind, d.due_at);
    if found then
        update case_file set due_kind = earliest.kind, due_at = earliest.due_at where id = new.case_id;
    end if;
    return null;
end
$$;
create trigger deadline_shown after insert on deadline for each row execute function show_earliest_deadline();
create trigger deadline_shown_again after update on deadline for each row
    when ((new.due_at, new.paused, new.done_at) is distinct from (old.due_at, old.paused, old.done_at))
    execute function show_earliest_deadline();

-- One sequence per fiscal year: a counter row was measured to hold intake at 400 per second.
-- Runs as the owner, because the program's role makes no tables or sequences.
create function next_case_number(fiscal_year int) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    sequence_name text := 'case_number_' || fiscal_year;
    taken bigint;
begin
    if fiscal_year not between 2000 and 2999 then
        raise exception 'no such fiscal year: %', fiscal_year;
    end if;
    if to_regclass('public.' || sequence_name) is null then
        -- The first two cases of a year at the same moment: the second finds the sequence made.
        perform pg_advisory_xact_lock(hashtext('next_case_number'));
        execute format('create sequence if not exists public.%I', sequence_name);
    end if;
    execute format('select nextval(%L)', 'public.' || sequence_name) into taken;
    return 'TW-' || fiscal_year || '-' || lpad(taken::text, greatest(6, length(taken::text)), '0');
end
$$;
comment on function next_case_number is 'next case number of a fiscal year, TW-2026-000123; gaps are allowed';
