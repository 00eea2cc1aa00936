-- Figures: closed periods with the facts behind their numbers, times of cases, adoption targets.

create table period (
    id uuid primary key,
    kind text not null check (kind in ('month', 'fiscal_year')),
    -- Days in Japan, both inclusive.
    first_day date not null,
    last_day date not null,
    closed_at timestamptz not null,
    closed_by uuid references app_user,
    note text check (length(note) between 1 and 2000),
    -- What was counted, over all desks.
    case_count bigint not null check (case_count >= 0),
    interaction_count bigint not null check (interaction_count >= 0),
    enterprise_count bigint not null check (enterprise_count >= 0),
    session_count bigint not null check (session_count >= 0),
    -- What was left undone when it was closed: sessions of the period without a record, mails of it to be checked.
    unrecorded_sessions bigint not null check (unrecorded_sessions >= 0),
    unplaced_mails bigint not null check (unplaced_mails >= 0),
    constraint period_once unique (kind, first_day),
    constraint period_days check (
        extract(day from first_day) = 1
        and case kind
            when 'month' then last_day = (first_day + interval '1 month' - interval '1 day')::date
            else extract(month from first_day) = 4 and last_day = (first_day + interval '1 year' - interval '1 day')::date
        end
    )
);
comment on table period is 'append-only: periods that are closed (締め), a month or a fiscal year';
create index period_closed_by on period (closed_by);
create trigger period_append_only before update or delete on period
    for each row execute function forbid_change();
create trigger period_no_truncate before truncate on period
    for each statement execute function forbid_change();

-- Codes and ids only, so that a person or an enterprise can be erased without a figure changing; for the same reason no
-- foreign key leads to what was counted.
create table period_fact (
    -- Judged at commit: the facts are written before their period, and none can be written after it.
    period_id uuid not null constraint period_fact_period_id references period deferrable initially deferred,
    report text not null check (report in ('cases', 'interactions', 'sessions', 'deadlines')),
    -- The case, interaction, mail, message or session; the number of a deadline in the form of a uuid.
    id uuid not null,
    case_id uuid not null,
    number text not null,
    enterprise_id uuid not null,
    -- When it was received, took place, was held, was due.
    at timestamptz not null,
    recorded_at timestamptz not null,
    prefecture text,
    desk_id uuid,
    managers uuid[] not null,
    lines text[] not null,
    industry text,
    size text,
    topics text[] not null,
    ministries text[] not null,
    stage text,
    channel text not null,
    outcome text,
    status text not null,
    telework_status text,
    state text,
    kind text,
    direction text,
    -- Whether it is one of the figure: not a duplicate or spam, a session that was held.
    counted boolean not null,
    -- Business minutes since the case was received, with the waits for the enterprise and without.
    answer_gross int,
    answer_net int,
    accept_gross int,
    accept_net int,
    session_gross int,
    session_net int,
    primary key (period_id, report, id)
);
comment on table period_fact is 'append-only: what the figures of a closed period count, row by row, in codes';
create index period_fact_order on period_fact (period_id, report, at desc, id desc);
create trigger period_fact_append_only before update or delete on period_fact
    for each row execute function forbid_change();
create trigger period_fact_no_truncate before truncate on period_fact
    for each statement execute function forbid_change();

create function check_period_open() returns trigger language plpgsql as $$
begin
    if exists (select 1 from added a join public.period p on p.id = a.period_id) then
        raise exception 'nothing is added to a period that is closed'
            using errcode = 'restrict_violation', constraint = 'period_fact_complete';
    end if;
    return null;
end
$$;
-- By statement: a fiscal year has millions of facts.
create trigger period_fact_complete after insert on period_fact
    referencing new table as added for each statement execute function check_period_open();

create table case_time (
    case_id uuid primary key references case_file,
    -- The first answer, the first acceptance by a desk, the first session that was held; each with the business minutes since
    -- the case was received, with the waits for the enterprise and without.
    answered_at timestamptz,
    answer_gross int check (answer_gross >= 0),
    answer_net int check (answer_net between 0 and answer_gross),
    accepted_at timestamptz,
    accept_gross int check (accept_gross >= 0),
    accept_net int check (accept_net between 0 and accept_gross),
    session_at timestamptz,
    -- When it was recorded that the first session had been held.
    session_recorded_at timestamptz,
    session_gross int check (session_gross >= 0),
    session_net int check (session_net between 0 and session_gross),
    constraint case_time_answer check (num_nulls(answered_at, answer_gross, answer_net) in (0, 3)),
    constraint case_time_accept check (num_nulls(accepted_at, accept_gross, accept_net) in (0, 3)),
    constraint case_time_session check (num_nulls(session_at, session_recorded_at, session_gross, session_net) in (0, 4))
);
comment on table case_time is 'how long a case took to its first answer, acceptance and session: measured when it got there';

create table adoption_target (
    fiscal_year int primary key check (fiscal_year between 2000 and 2999),
    -- A list of {area, measure, value, source}, checked by the program.
    targets jsonb not null check (jsonb_typeof(targets) = 'array'),
    version bigint not null default 1,
    updated_at timestamptz not null
);
comment on table adoption_target is 'what the programme aims at in a fiscal year: national, urban, regional';
create trigger adoption_target_version before update on adoption_target for each row execute function bump_version();

-- What the reports count, by the day it is counted on. Cases and mails that came in have theirs.
create index interaction_occurred on interaction (occurred_at, id);
create index message_sent_reply on message (sent_at, id) where state = 'sent' and kind = 'reply' and case_id is not null;
create index consultation_held_day on consultation (coalesce(held_from, starts_at), id);
create index deadline_due on deadline (due_at, id);
-- Who changed an enterprise after a period was closed.
create index audit_event_enterprise on audit_event ((data ->> 'enterprise_id'), recorded_at)
    where kind in ('enterprise_edited', 'enterprises_merged');
