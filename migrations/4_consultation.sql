-- Offers, assignments, the consultations (sessions) and their reports.

create table offer (
    id uuid primary key,
    case_id uuid not null references case_file,
    manager_id uuid not null references manager,
    line text not null check (line in ('ict', 'labour')),
    state text not null check (state in ('open', 'accepted', 'declined', 'revoked', 'expired')),
    note text check (length(note) <= 2000),
    reply_by timestamptz not null,
    offered_at timestamptz not null,
    answered_at timestamptz,
    -- The desk recorded an acceptance given by phone.
    by_phone boolean not null default false,
    decline_reason text check (length(decline_reason) <= 2000),
    -- Why capacity, absence or a conflict of interest was set aside.
    override_reason text check (length(override_reason) <= 2000),
    constraint offer_answered check ((state = 'open') = (answered_at is null))
);
comment on table offer is 'offer (打診): a case put to a manager with a deadline';
create unique index offer_one_open on offer (case_id, line) where state = 'open';
create index offer_case on offer (case_id, offered_at);
create index offer_manager on offer (manager_id, state, offered_at desc);
create index offer_expiry on offer (reply_by) where state = 'open';

create table assignment (
    id uuid primary key,
    case_id uuid not null references case_file,
    manager_id uuid not null references manager,
    line text not null check (line in ('ict', 'labour')),
    offer_id uuid not null constraint assignment_offer_key unique references offer,
    assigned_at timestamptz not null,
    ended_at timestamptz,
    end_reason text check (length(end_reason) <= 2000),
    constraint assignment_order check (ended_at >= assigned_at)
);
comment on table assignment is 'assignment (担当専門家の決定): the manager who has the case, per line';
create unique index assignment_one_live on assignment (case_id, line) where ended_at is null;
create index assignment_case on assignment (case_id, assigned_at);
create index assignment_manager on assignment (manager_id, ended_at);
create index assignment_manager_live on assignment (manager_id, case_id) where ended_at is null;

-- The legal steps of a session. A correction is a void and a late entry.
create table consultation_step (
    from_state text not null,
    to_state text not null,
    primary key (from_state, to_state)
);
comment on table consultation_step is 'read-only: the legal steps of a session';
insert into consultation_step (from_state, to_state) values
    ('booked', 'held'),
    ('booked', 'no_show'),
    ('booked', 'cancelled'),
    ('held', 'voided'),
    ('no_show', 'voided');

create table consultation (
    id uuid primary key,
    case_id uuid not null references case_file,
    -- The case's N, carried along so that a check constraint can compare the place with it.
    session_limit int not null,
    -- Which of the N free sessions this one uses; null exactly when it is given back.
    session_place int,
    state text not null check (state in ('booked', 'held', 'no_show', 'cancelled', 'voided')),
    stage text not null check (stage in ('assessment', 'preparation', 'follow_up')),
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- Uses a session, binds its managers and the case at that time.
    live boolean not null,
    mode text not null check (mode in ('online', 'phone', 'visit')),
    location text check (length(location) between 1 and 500),
    meeting_url text check (length(meeting_url) between 1 and 500),
    note text check (length(note) <= 2000),
    late_reason text check (length(late_reason) between 1 and 2000),
    -- Why capacity, absence, appointment or a conflict of interest was set aside when it was booked or moved.
    override_reason text check (length(override_reason) between 1 and 2000),
    booked_at timestamptz not null,
    -- Raised by every reschedule and cancel, as iCalendar wants it.
    sequence int not null default 0,
    -- When it left `booked`.
    settled_at timestamptz,
    settle_reason text check (length(settle_reason) <= 2000),
    -- At a visit: when a manager arrived and left, as they tapped, and who says so. No position is kept.
    checked_in_at timestamptz,
    checked_in_by uuid references app_user,
    checked_out_at timestamptz,
    checked_out_by uuid references app_user,
    -- As it really was.
    held_from timestamptz,
    held_until timestamptz,
    attendees text[],
    desk_attended boolean,
    no_show_by text check (no_show_by in ('enterprise', 'manager', 'desk', 'force_majeure')),
    voided_at timestamptz,
    void_reason text check (length(void_reason) between 1 and 2000),
    -- The case it was booked for; differs after a merge, and an unmerge returns it.
    origin_case_id uuid not null references case_file,
    version bigint not null default 1,
    updated_at timestamptz not null,
    constraint consultation_order check (ends_at > starts_at),
    constraint consultation_length check (ends_at - starts_at <= interval '24 hours'),
    constraint consultation_live check (live = (session_place is not null)),
    -- booked, held, and a no-show through the enterprise's fault use a session; nothing else does.
    constraint consultation_uses check (live = (state in ('booked', 'held') or (state = 'no_show' and no_show_by = 'enterprise'))),
    -- At most N: the place is within the limit, taken once, and the limit is the case's own.
    constraint consultation_place_limit check (session_place between 1 and session_limit),
    constraint consultation_place_key unique (case_id, session_place) deferrable initially immediate,
    constraint consultation_case_limit foreign key (case_id, session_limit) references case_file (id, session_limit) on update cascade,
    -- The key the managers' rows follow.
    constraint consultation_time_key unique (id, starts_at, ends_at, live),
    constraint consultation_case_double_booked exclude using gist (case_id with =, tstzrange(starts_at, ends_at) with &&) where (live),
    constraint consultation_settled check ((state = 'booked') = (settled_at is null)),
    -- A session that has begun is not cancelled, one that has not begun is neither held nor a no-show.
    constraint consultation_cancel_before check (state <> 'cancelled' or settled_at < starts_at),
    constraint consultation_hold_after check (state not in ('held', 'no_show') or settled_at >= starts_at),
    -- A visit begins near its time and ends within a day.
    constraint consultation_check_in check (checked_in_at between starts_at - interval '2 hours' and ends_at + interval '2 hours'),
    constraint consultation_check_out check (checked_out_at is null
        or (checked_in_at is not null and checked_out_at > checked_in_at and checked_out_at - checked_in_at <= interval '24 hours')),
    constraint consultation_checked_by check (
        (checked_in_by is not null) = (checked_in_at is not null) and (checked_out_by is not null) = (checked_out_at is not null)),
    constraint consultation_held check (held_from is null or (held_until > held_from and held_until - held_from <= interval '24 hours')),
    constraint consultation_held_given check (state <> 'held' or held_from is not null),
    constraint consultation_no_show check ((no_show_by is not null) = (state = 'no_show' or (state = 'voided' and held_from is null))),
    constraint consultation_voided check ((state = 'voided') = (voided_at is not null) and (state = 'voided') = (void_reason is not null))
);
comment on table consultation is 'consultation, session (コンサルティング): one of at most N free sessions of a case';
create index consultation_case on consultation (case_id, starts_at);
create index consultation_case_limit on consultation (case_id, session_limit);
create index consultation_origin on consultation (origin_case_id);
create index consultation_time on consultation (starts_at, id);
-- What uses a session but takes nothing from a manager's month.
create index consultation_missed on consultation (starts_at) where state = 'no_show' and live;
create index consultation_checked_in_by on consultation (checked_in_by) where checked_in_by is not null;
create index consultation_checked_out_by on consultation (checked_out_by) where checked_out_by is not null;
create trigger consultation_version before update on consultation for each row execute function bump_version();

create function check_consultation_step() returns trigger language plpgsql as $$
begin
    if not exists (select 1 from public.consultation_step where from_state = old.state and to_state = new.state) then
        raise exception 'a session cannot go from % to %', old.state, new.state
            using errcode = 'check_violation', constraint = 'consultation_step';
    end if;
    return new;
end
$$;
create trigger consultation_step before update of state on consultation for each row
    when (new.state is distinct from old.state) execute function check_consultation_step();

create function check_consultation_settled() returns trigger language plpgsql as $$
begin
    raise exception 'what is recorded of a session that was settled does not change: void it and enter it again'
        using errcode = 'check_violation', constraint = 'consultation_final';
end
$$;
-- A later change of the times, or of whose fault a no-show was, would change what was used.
create trigger consultation_final before update on consultation for each row
    when (old.state <> 'booked' and (
        new.starts_at <> old.starts_at or new.ends_at <> old.ends_at
        or new.no_show_by is distinct from old.no_show_by
        or new.held_from is distinct from old.held_from or new.held_until is distinct from old.held_until
        or new.checked_in_at is distinct from old.checked_in_at or new.checked_out_at is distinct from old.checked_out_at
        or new.settled_at is distinct from old.settled_at or new.stage <> old.stage))
    execute function check_consultation_settled();
-- A fresh row is a booking; everything else is a step from there.
create trigger consultation_starts_booked before insert on consultation for each row
    when (new.state <> 'booked') execute function check_consultation_settled();
create function forbid_delete() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never deleted', tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger consultation_kept before delete on consultation for each row execute function forbid_delete();
create trigger case_file_kept before delete on case_file for each row execute function forbid_delete();

-- Stages never run backwards in the order of time. Judged at commit, on what then stands; the case is locked so that
-- two transactions cannot each be right alone.
create function check_stage_order() returns trigger language plpgsql as $$
declare
    broken uuid;
begin
    perform 1 from public.case_file where id = new.case_id for no key update;
    select s.id into broken
    from (
        select id, array_position(array['assessment', 'preparation', 'follow_up'], stage) as rank,
            max(array_position(array['assessment', 'preparation', 'follow_up'], stage)) over (order by starts_at, id) as highest
        from public.consultation
        where case_id = new.case_id and live and origin_case_id = case_id
    ) s
    where s.rank < s.highest
    limit 1;
    if broken is not null then
        raise exception 'stages of case % would run backwards', new.case_id
            using errcode = 'check_violation', constraint = 'consultation_stage_order';
    end if;
    return null;
end
$$;
create constraint trigger consultation_stage_order after insert or update of case_id, stage, starts_at, live on consultation
    deferrable initially deferred for each row when (new.live) execute function check_stage_order();

create table consultation_manager (
    consultation_id uuid not null,
    manager_id uuid not null references manager,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    live boolean not null,
    primary key (consultation_id, manager_id),
    constraint consultation_manager_time foreign key (consultation_id, starts_at, ends_at, live)
        references consultation (id, starts_at, ends_at, live) on update cascade,
    constraint consultation_manager_double_booked exclude using gist (manager_id with =, tstzrange(starts_at, ends_at) with &&) where (live)
);
comment on table consultation_manager is 'who gives a session; bound to one place at a time';
create index consultation_manager_time on consultation_manager (consultation_id, starts_at, ends_at, live);
create index consultation_manager_calendar on consultation_manager (manager_id, starts_at) include (live);

create table report (
    consultation_id uuid primary key references consultation,
    state text not null check (state in ('draft', 'submitted', 'approved')),
    situation text not null check (length(situation) between 1 and 20000),
    advice text not null check (length(advice) between 1 and 20000),
    next_steps text not null check (length(next_steps) between 1 and 20000),
    -- What the enterprise took on until the next time.
    enterprise_tasks text check (length(enterprise_tasks) between 1 and 20000),
    telework_status text check (telework_status in ('none', 'considering', 'preparing', 'introduced')),
    submitted_at timestamptz,
    return_reason text check (length(return_reason) between 1 and 2000),
    approved_at timestamptz,
    version bigint not null default 1,
    updated_at timestamptz not null,
    constraint report_submitted check (state = 'draft' or submitted_at is not null),
    constraint report_approved check ((state = 'approved') = (approved_at is not null))
);
comment on table report is 'report on a session (支援実施報告): draft, submitted, approved';
create trigger report_version before update on report for each row execute function bump_version();
create function check_report_step() returns trigger language plpgsql as $$
begin
    raise exception 'an approved report does not change' using errcode = 'check_violation', constraint = 'report_final';
end
$$;
create trigger report_final before update on report for each row
    when (old.state = 'approved') execute function check_report_step();
