-- Fills an empty database with many believable cases over two fiscal years, quickly.
--
--   psql -v cases=100000 -f benches/generate.sql
--
-- Run it as the owner of the tables, on a database that is migrated and holds no case. `-v until=2026-11-20` sets the day
-- up to which things happened (default: today); the same number of cases and day always make the same data.
--
-- Everything is one transaction, so that nobody sees it half done. Check, unique and exclusion constraints judge every row;
-- foreign keys and the other indexes are taken off and made again at the end, which judges all rows at once and is several
-- times faster. Only the triggers that make a single change honest (append-only, steps, deadlines shown) rest while it
-- runs. Audit chains are computed as append_audit computes them; `madoguchi audit verify` is the proof.
\set ON_ERROR_STOP on
\if :{?cases}
\else
    \set cases 1000
\endif
\if :{?until}
\else
    select current_date as until \gset
\endif
\pset tuples_only on
\pset format unaligned

begin;
set local work_mem = '256MB';
set local maintenance_work_mem = '512MB';
set local synchronous_commit = off;
set local jit = off;
set local client_min_messages = warning;
set local time zone 'Asia/Tokyo';

do $$
begin
    if exists (select from case_file) then
        raise exception 'this database holds cases already; the generator fills an empty one';
    end if;
end
$$;

\ir vocabulary.sql

select 'triggers, foreign keys and indexes rest';
create temp table t_resting as
select 1 as turn, format('alter table %s enable trigger user', c.oid::regclass) as wake,
    format('alter table %s disable trigger user', c.oid::regclass) as rest
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
union all
select 2, pg_get_indexdef(i.indexrelid), format('drop index %s', i.indexrelid::regclass)
from pg_index i
join pg_class c on c.oid = i.indrelid
where c.relnamespace = 'public'::regnamespace and not i.indisunique and not i.indisexclusion
union all
select 3, format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
    format('alter table %s drop constraint %I', conrelid::regclass, conname)
from pg_constraint
where connamespace = 'public'::regnamespace and contype = 'f';
do $$
declare
    this record;
begin
    for this in select rest from t_resting order by turn desc, rest loop
        execute this.rest;
    end loop;
end
$$;

-- ---------------------------------------------------------------- time
-- Business days from the start of the last fiscal year to a quarter after `until`. (Holidays are left out.)

create temp table t_day as
select row_number() over (order by day) - 1 as no, day::date
from generate_series(
    make_date(extract(year from :'until'::date - interval '3 months')::int - 1, 4, 1),
    :'until'::date + 120,
    interval '1 day'
) day
where extract(isodow from day) < 6 and to_char(day, 'MMDD') not between '1229' and '1231' and to_char(day, 'MMDD') not between '0101' and '0103';
-- For every date, the first business day from there.
create temp table t_date as
select d::date as day, (select min(no) from t_day where t_day.day >= d::date) as no
from generate_series((select min(day) from t_day), (select max(day) from t_day), interval '1 day') d;
create temp table t_span as
select :cases::bigint as cases,
    -- Days on which calls came: all but the last, so that nothing lies in the future.
    (select count(*) from t_day where day < :'until'::date - 1) as days,
    :'until'::date::timestamptz as until,
    (select min(day) from t_day)::timestamptz as since;

-- ---------------------------------------------------------------- people

create temp table t_prefecture as
select *, ((code::int - 1) / 2)::int as desk
from word_prefecture;
create temp table t_desk as
select p.desk as no, pg_temp.v7(s.since, p.desk, 'desk') as id, string_agg(p.name, '・' order by p.code) as area,
    min(p.area) as phone, sum(p.people) as people
from t_prefecture p
cross join t_span s
group by p.desk, s.since;
-- One entry per ten thousand people, to pick a prefecture by its size.
create temp table t_wheel as
select row_number() over (order by code, k) - 1 as n, code
from t_prefecture
cross join lateral generate_series(1, people) k;
-- Managers in proportion to the people of their desk's area, and enough for the sessions: seven slots a day, half full.
create temp table t_manager as
select row_number() over (order by d.no, k) - 1 as no, d.no as desk, k as place
from t_desk d
cross join t_span s
cross join lateral generate_series(1, greatest(2, round(
    greatest(48, s.cases * 1.4 / (s.days * 7 * 0.5)) * d.people / (select sum(people) from t_desk)
)::int)) k;
alter table t_manager add id uuid, add name text, add kana text, add user_id uuid;
update t_manager m
set id = pg_temp.v7(s.since, m.no, 'manager'), user_id = pg_temp.v7(s.since, m.no, 'manager user'),
    name = f.name || ' ' || g.name, kana = f.kana || ' ' || g.kana
from t_span s, word_family f, word_given g
where f.n = pg_temp.pick(m.no, 101, 64) and g.n = pg_temp.pick(m.no, 102, 24);
create temp table t_desk_size as
select desk, count(*)::int as managers, min(no)::int as first from t_manager group by desk;
-- Staff: operators 0 to 11, then three per desk.
create temp table t_staff as
select t.no, pg_temp.v7(s.since, t.no, 'staff') as id, case when t.no < 12 then null else (t.no - 12) / 3 end as desk,
    f.name || ' ' || g.name as name
from generate_series(0, 11 + 24 * 3) t (no)
cross join t_span s
join word_family f on f.n = pg_temp.pick(t.no, 103, 64)
join word_given g on g.n = pg_temp.pick(t.no, 104, 24);

insert into desk (id, code, name, phone, email, created_at, updated_at)
select d.id, 'area-' || lpad((d.no + 1)::text, 2, '0'), 'テレワーク・サポートネットワーク ' || d.area,
    '+81' || d.phone || lpad((5550000 + d.no)::text, 9 - length(d.phone), '0'), 'area' || d.no + 1 || '@desk.example.jp', s.since, s.since
from t_desk d
cross join t_span s;
insert into desk_coverage (id, desk_id, prefecture_code, from_date)
select pg_temp.v7(s.since, p.code::int, 'coverage'), d.id, p.code, s.since::date
from t_prefecture p
join t_desk d on d.no = p.desk
cross join t_span s;
insert into manager (id, name, kana, email, phone, firm, qualifications, topics, prefecture_codes, modes, monthly_capacity,
    appointed_from, created_at, updated_at)
select m.id, m.name, m.kana, 'manager' || m.no || '@expert.example.jp', '+8190' || lpad((10000000 + m.no)::text, 8, '0'),
    split_part(m.name, ' ', 1) || case when m.no % 2 = 0 then '社会保険労務士事務所' else 'ITコンサルティング' end,
    case when m.no % 2 = 0 then array['社会保険労務士'] else array['ITコーディネータ'] end,
    array['ict', 'security', 'tools', 'labour', 'rules', 'subsidy', 'other'],
    (select array_agg(p.code order by p.code) from t_prefecture p where p.desk = m.desk),
    array['online', 'phone', 'visit'], 160, s.since::date, s.since, s.since
from t_manager m
cross join t_span s;
insert into app_user (id, email, email_key, name, role, desk_id, manager_id, created_at, updated_at)
select u.id, u.email, u.email, u.name, u.role, u.desk_id, u.manager_id, s.since, s.since
from (
    select t.id, 'staff' || t.no || '@office.example.jp' as email, t.name, case when t.desk is null then 'operator' else 'desk' end as role,
        d.id as desk_id, null::uuid as manager_id
    from t_staff t
    left join t_desk d on d.no = t.desk
    union all
    select m.user_id, 'manager' || m.no || '@expert.example.jp', m.name, 'manager', null, m.id from t_manager m
) u
cross join t_span s;

-- ---------------------------------------------------------------- cases
-- Each case gets its times from the start; what lies behind `until` has not happened yet.
--
-- flow: answered at once; closed by the desk without an expert (short); returned by the desk first; taken at the desk's
-- own window; the usual way (full).

select 'cases';
create temp table t_case as
select i, c.received_at, c.received_at + case when c.is_late then interval '20 hours' else interval '2 minutes' end as recorded_at,
    c.is_late, c.flow, c.enterprise, (i % 3 = 1) as is_first,
    case when c.flow = 'window' then 'visit' else channel.name end as channel,
    extract(year from c.received_at - interval '3 months')::int as fiscal_year
from (
    select i,
        (d.day + interval '9 hours' + interval '8 hours' * (((i - 1) * s.days % s.cases) / s.cases::float8)) as received_at,
        pg_temp.pick(i, 1, 100) < 3 as is_late,
        case
            when f.n < 35 then 'answered'
            when f.n < 42 then 'short'
            when f.n < 46 then 'returned'
            when f.n < 52 then 'window'
            else 'full'
        end as flow,
        -- Every third case is a new enterprise's, the others are of those that are known.
        case when i % 3 = 1 then (i + 2) / 3 else 1 + pg_temp.pick(i, 3, ((i + 2) / 3)::int) end as enterprise
    from t_span s
    cross join lateral generate_series(1, s.cases) i
    join t_day d on d.no = (i - 1) * s.days / s.cases
    cross join lateral (select pg_temp.pick(i, 2, 100) as n) f
) c
-- Seven of twelve by phone.
join (
    select row_number() over () - 1 as n, name
    from unnest(array['phone', 'phone', 'phone', 'phone', 'phone', 'phone', 'phone', 'web', 'web', 'fax', 'letter', 'event']) name
) channel on channel.n = pg_temp.pick(c.i, 60, 12);

-- An enterprise is made by its first case.
create temp table t_enterprise as
select e.enterprise as no, pg_temp.v7(e.recorded_at, e.enterprise, 'enterprise') as id, e.recorded_at, w.code as prefecture_code,
    f.before || x.name || a.name || b.name || f.behind as name, x.name || a.name || b.name as name_key,
    x.kana || a.kana || b.kana as kana, f.kind, b.industry, x.name as founder
from t_case e
join t_wheel w on w.n = pg_temp.pick(e.enterprise, 10, (select count(*)::int from t_wheel))
-- A founder's name for two of three, so that few have the same name.
join (select n, name, kana from word_family union all select n + 64, '', '' from generate_series(0, 31) n) x
    on x.n = pg_temp.pick(e.enterprise, 11, 96)
join word_first a on a.n = pg_temp.pick(e.enterprise, 12, 40)
join word_second b on b.n = pg_temp.pick(e.enterprise, 13, 36)
join word_form f on f.n = pg_temp.pick(e.enterprise, 14, 10)
where e.is_first;
create index on t_enterprise (no);
analyze t_enterprise;

insert into enterprise (id, kind, name, kana, representative, corporate_number, postal_code, prefecture_code, municipality_code, address,
    industry_code, employees, employees_regular, phone, name_key, kana_key, created_at, updated_at)
select e.id, e.kind, e.name, e.kana, f.name || ' ' || g.name,
    case when e.kind <> 'sole_proprietor' then pg_temp.corporate_number(10000000000 + e.no * 7) end,
    p.postal || lpad(pg_temp.pick(e.no, 15, 10000)::text, 4, '0'), p.code, pg_temp.municipality(p.municipality),
    '本町' || 1 + pg_temp.pick(e.no, 16, 9) || '丁目' || 1 + pg_temp.pick(e.no, 17, 30) || '番' || 1 + pg_temp.pick(e.no, 18, 20) || '号',
    e.industry, size.n, size.n * 7 / 10,
    '+81' || p.area || lpad((2000000 + e.no)::text, 9 - length(p.area), '0'), e.name_key, pg_temp.kana_key(e.kana), e.recorded_at, e.recorded_at
from t_enterprise e
join t_prefecture p on p.code = e.prefecture_code
join word_family f on f.n = pg_temp.pick(e.no, 19, 64)
join word_given g on g.n = pg_temp.pick(e.no, 20, 24)
cross join lateral (select (2 + exp(pg_temp.pick(e.no, 21, 600) / 100.0))::int as n) size;

-- Where it goes, who does what, and when.
create temp table t_way as
select c.*, pg_temp.v7(c.recorded_at, c.i, 'case') as id, e.id as enterprise_id, site.code as site_code,
    t.id as desk_id, t.no as desk_no, m.id as manager_id, m.no as manager_no, m.user_id as manager_user_id,
    operator.id as operator_id, staff.id as staff_id,
    route.at as t_route, back.at as t_return, again.at as t_again, accept.at as t_accept, offer.at as t_offer, assign.at as t_assign,
    book.at as t_book, spread.f as f, stuck.at as stuck
from t_case c
cross join t_span s
join t_enterprise e on e.no = c.enterprise
-- One of twenty asks about a site elsewhere.
join t_wheel away on away.n = pg_temp.pick(c.i, 30, (select count(*)::int from t_wheel))
cross join lateral (select case when pg_temp.pick(c.i, 31, 20) = 0 then away.code else e.prefecture_code end as code) site
join t_prefecture p on p.code = site.code
join t_desk t on t.no = p.desk
join t_desk_size size on size.desk = t.no
join t_manager m on m.no = size.first + pg_temp.pick(c.i, 32, size.managers)
join t_staff operator on operator.no = pg_temp.pick(c.i, 33, 12)
join t_staff staff on staff.no = 12 + t.no * 3 + pg_temp.pick(c.i, 34, 3)
cross join lateral (select 0.7 + pg_temp.pick(c.i, 35, 90) / 100.0 as f) spread
-- Of the last sixty days' cases one of four stands still: 0 received, 1 routed, 2 accepted, 3 offered, 4 assigned.
cross join lateral (select case when c.received_at > s.until - interval '60 days' and pg_temp.pick(c.i, 36, 4) = 0
    then pg_temp.pick(c.i, 37, 5) else 9 end as at) stuck
cross join lateral (select case when c.flow = 'answered' then null when c.flow = 'window' then c.recorded_at
    when stuck.at > 0 then c.recorded_at + interval '12 hours' * spread.f end as at) route
cross join lateral (select case when c.flow = 'returned' then route.at + interval '20 hours' * spread.f end as at) back
cross join lateral (select back.at + interval '3 hours' * spread.f as at) again
cross join lateral (select case when c.flow = 'window' then c.recorded_at
    when stuck.at > 1 then coalesce(again.at, route.at) + interval '20 hours' * spread.f end as at) accept
cross join lateral (select case when stuck.at > 2 and c.flow in ('returned', 'window', 'full')
    then accept.at + interval '30 hours' * spread.f end as at) offer
cross join lateral (select case when stuck.at > 3 then offer.at + interval '36 hours' * spread.f end as at) assign
cross join lateral (select case when stuck.at > 4 then assign.at + interval '1 day' * spread.f end as at) book;

-- ---------------------------------------------------------------- sessions
-- Nobody sits in two at once: each manager's wishes, in their order, get the first free slot at or after the wish.

select 'sessions';
create temp table t_wish as
select c.i, k, c.manager_no, c.t_book, d.no * 7 + pg_temp.pick(c.i * 10 + k, 41, 7) as slot
from t_way c
cross join t_span s
cross join lateral generate_series(1, case when pg_temp.pick(c.i, 40, 20) < 5 then 1 when pg_temp.pick(c.i, 40, 20) < 11 then 2 else 3 end) k
join t_date d on d.day = c.t_book::date + 7 + ((k - 1) * 28 * c.f)::int
where c.t_book <= s.until;
create temp table t_slot as
select i, k, place + max(slot - place) over (partition by manager_no order by place) as slot
from (select *, row_number() over (partition by manager_no order by slot, i, k) as place from t_wish) wish;
create temp table t_session as
select x.*, row_number() over (partition by x.i, x.state in ('booked', 'held') or x.no_show_by = 'enterprise' order by x.k) as place
from (
    select s.i, s.k, s.starts_at, s.ends_at, s.booked_at, outcome.state, outcome.no_show_by,
        case when outcome.state = 'cancelled' then greatest(s.booked_at, s.starts_at - interval '1 day')
            when outcome.state <> 'booked' then s.ends_at + interval '30 minutes' end as settled_at
    from (
        select t.i, t.k, starts.at as starts_at, starts.at + interval '1 hour' as ends_at,
            coalesce(lag(starts.at) over (partition by t.i order by t.k) + interval '70 minutes', w.t_book) as booked_at
        from t_slot t
        join t_way w on w.i = t.i
        join t_day d on d.no = t.slot / 7
        cross join lateral (select d.day + (array[9, 10, 11, 13, 14, 15, 16])[1 + t.slot % 7] * interval '1 hour' as at) starts
    ) s
    cross join t_span span
    cross join lateral (select pg_temp.pick(s.i * 10 + s.k, 42, 100) as n) chance
    cross join lateral (
        select case
                when s.ends_at + interval '30 minutes' > span.until then 'booked'
                when s.k = 1 or chance.n < 90 then 'held'
                when chance.n < 97 then 'no_show'
                else 'cancelled'
            end as state,
            case when s.k > 1 and s.ends_at + interval '30 minutes' <= span.until and chance.n between 90 and 96
                then case when chance.n < 95 then 'enterprise' else 'manager' end
            end as no_show_by
    ) outcome
    where s.booked_at <= span.until
) x;
alter table t_session add id uuid, add live boolean;
update t_session
set id = pg_temp.v7(booked_at, i * 10 + k, 'session'), live = state in ('booked', 'held') or coalesce(no_show_by = 'enterprise', false);
create index on t_session (i);
analyze t_session;

-- ---------------------------------------------------------------- history

select 'history';
-- A session that is booked, or planned and not booked yet, keeps the case open.
create temp table t_end as
select w.i, max(s.ends_at) + interval '14 days' as t_close
from t_wish w
left join t_session s on s.i = w.i and s.k = w.k
group by w.i
having bool_and(coalesce(s.state <> 'booked', false));
create index on t_end (i);
analyze t_end;
create temp table t_step as
select i, row_number() over w as seq, move, lag(status) over w as from_status, status as to_status,
    case when status = 'received' or (move = 'close' and is_center) then null else desk_id end as desk_id, outcome, actor_id, at
from (
    select c.i, v.ord, v.move, v.status, v.outcome, v.actor_id, v.at, c.desk_id, c.flow = 'answered' as is_center
    from t_way c
    cross join t_span s
    left join t_end e on e.i = c.i
    cross join lateral (select pg_temp.pick(c.i, 50, 10) as n) chance
    cross join lateral (values
        (1, 'create', 'received', null, case when c.flow = 'window' then c.staff_id else c.operator_id end, c.recorded_at),
        (2, 'route', 'routed', null, case when c.flow = 'window' then c.staff_id else c.operator_id end, c.t_route),
        (3, 'return', 'received', null, c.staff_id, c.t_return),
        (4, 'route', 'routed', null, c.operator_id, c.t_again),
        (5, 'accept', 'accepted', null, c.staff_id, c.t_accept),
        (6, 'assign', 'assigned', null, c.manager_user_id, c.t_assign),
        (7, 'begin', 'consulting', null, c.manager_user_id, c.t_book),
        (8, 'close', 'closed',
            case c.flow
                when 'answered' then case when chance.n = 0 then 'referred' else 'answered' end
                when 'short' then (array['referred', 'withdrawn', 'ineligible', 'unreachable'])[1 + chance.n % 4]
                else 'completed'
            end,
            case when c.flow = 'answered' then c.operator_id else c.staff_id end,
            case c.flow
                when 'answered' then case when c.stuck > 0 then c.recorded_at + interval '10 minutes' end
                when 'short' then c.t_accept + interval '4 days' * c.f
                else e.t_close
            end)
    ) as v (ord, move, status, outcome, actor_id, at)
    where v.at <= s.until and (c.flow <> 'answered' or v.ord in (1, 8))
) step
window w as (partition by i order by ord);
create index on t_step (i, seq);
analyze t_step;

insert into case_history (case_id, seq, prev_seq, move, from_status, to_status, desk_id, outcome, actor_id, occurred_at)
select c.id, s.seq, nullif(s.seq - 1, 0), s.move, s.from_status, s.to_status, s.desk_id, s.outcome, s.actor_id, s.at
from t_step s
join t_way c on c.i = s.i
order by s.at, s.i, s.seq;

-- ---------------------------------------------------------------- what is due

create temp table t_last as
select distinct on (i) i, seq, to_status as status, desk_id, outcome, at
from t_step
order by i, seq desc;
create index on t_last (i);
analyze t_last;
create temp table t_due as
select d.i, d.kind, d.subject_id, d.due_at,
    case when d.done_at <= s.until then d.done_at when l.status = 'closed' then l.at end as done_at
from (
    select i, 'route' as kind, id as subject_id, recorded_at + interval '1 day' as due_at,
        case when flow <> 'answered' then coalesce(t_again, t_route) when stuck > 0 then recorded_at + interval '10 minutes' end as done_at
    from t_way
    where flow <> 'window'
    union all
    select i, 'first_contact', id, received_at + interval '2 days',
        case when flow = 'answered' then recorded_at + interval '5 minutes' else recorded_at + interval '15 hours' * f end
    from t_way
    union all
    select w.i, 'accept', w.id, coalesce(w.t_again, w.t_route) + interval '1 day', w.t_accept
    from t_way w
    cross join t_span s
    where w.t_route <= s.until and w.flow <> 'window'
    union all
    select w.i, 'answer_offer', pg_temp.v7(w.t_offer, w.i, 'offer'), w.t_offer + interval '2 days', w.t_assign
    from t_way w
    cross join t_span s
    where w.t_offer <= s.until
    union all
    select i, 'report', id, ends_at + interval '7 days', ends_at + interval '3 days'
    from t_session
    where state = 'held'
) d
cross join t_span s
join t_last l on l.i = d.i;
create temp table t_open as
select distinct on (i) i, kind, due_at from t_due where done_at is null order by i, due_at, kind;

-- ---------------------------------------------------------------- the cases themselves

select 'case_file';
create temp table t_number as
select i, fiscal_year, row_number() over (partition by fiscal_year order by recorded_at, i) as no,
    row_number() over (partition by fiscal_year, enterprise order by recorded_at, i) as of_enterprise
from t_case;
do $$
declare
    this record;
begin
    for this in select fiscal_year, max(no) as last from t_number group by fiscal_year loop
        execute format('create sequence if not exists public.%I', 'case_number_' || this.fiscal_year);
        perform setval(format('public.%I', 'case_number_' || this.fiscal_year), this.last);
    end loop;
end
$$;
create index on t_number (i);
create index on t_open (i);
analyze t_number;
analyze t_open;

insert into case_file (id, number, fiscal_year, status, status_seq, channel, enterprise_id, subject, description, topics, primary_topic,
    telework_status, digital_level, how_heard, desired_mode, site_name, site_prefecture_code, site_municipality_code, site_address,
    desk_id, session_limit, waiting_on, due_kind, due_at, received_at, recorded_at, late_reason, closed_at, outcome, close_note, updated_at)
select c.id, 'TW-' || c.fiscal_year || '-' || lpad(n.no::text, greatest(6, length(n.no::text)), '0'), c.fiscal_year, l.status, l.seq,
    c.channel, c.enterprise_id, q.subject, q.description,
    case when other.topic = q.topic then array[q.topic] else array[q.topic, other.topic] end, q.topic,
    (array['none', 'considering', 'considering', 'preparing', 'introduced'])[1 + pg_temp.pick(c.i, 61, 5)],
    (array['low', 'basic', 'basic', 'good'])[1 + pg_temp.pick(c.i, 62, 4)],
    (array['商工会議所', 'ウェブサイト', '社会保険労務士', '知人の紹介', null])[1 + pg_temp.pick(c.i, 63, 5)],
    (array['online', 'visit', 'phone', null])[1 + pg_temp.pick(c.i, 64, 4)],
    case when away.is_it then p.city || '支店' end, case when away.is_it then p.code end,
    case when away.is_it then pg_temp.municipality(p.municipality) end, case when away.is_it then '本町1丁目' end,
    l.desk_id, 3,
    case l.status when 'received' then 'help_center' when 'routed' then 'desk' when 'accepted' then 'desk' when 'closed' then 'none' else 'manager' end,
    o.kind, o.due_at, c.received_at, c.recorded_at, case when c.is_late then '移動相談会の紙の相談票から入力' end,
    case when l.status = 'closed' then l.at end, l.outcome,
    case when l.status = 'closed' then '窓口と専門家の案内で終了した。' end, l.at
from t_way c
join t_number n on n.i = c.i
join t_last l on l.i = c.i
join t_prefecture p on p.code = c.site_code
join t_enterprise e on e.no = c.enterprise
join word_question q on q.n = pg_temp.pick(c.i, 65, 10)
join word_question other on other.n = pg_temp.pick(c.i, 66, 10)
left join t_open o on o.i = c.i
cross join lateral (select c.site_code <> e.prefecture_code as is_it) away
order by c.recorded_at, c.i;

-- A third of every day and night is business time: near enough for figures nobody is judged by.
insert into deadline (case_id, kind, subject_id, started_at, days, due_at, calendar_version, done_at, met, gross_minutes, net_minutes)
select c.id, d.kind, d.subject_id, s.started_at, n.days, d.due_at, 1, d.done_at, d.done_at is not null or null, took.minutes, took.minutes
from t_due d
join t_way c on c.i = d.i
cross join lateral (select case d.kind when 'report' then 5 when 'first_contact' then 2 when 'answer_offer' then 2 else 1 end) n (days)
cross join lateral (select d.due_at - make_interval(days => n.days)) s (started_at)
cross join lateral (select greatest(0, extract(epoch from d.done_at - s.started_at) / 180)::int where d.done_at is not null
    union all select null where d.done_at is null) took (minutes)
order by d.due_at, d.i;

insert into move_reason (case_id, seq, reason)
select c.id, s.seq, '担当地域が異なるため相談センターへ差し戻し。'
from t_step s
join t_way c on c.i = s.i
where s.move = 'return';

create temp table t_contact as
select c.i, v.place, v.role, v.no, pg_temp.v7(c.recorded_at, c.i * 2 + v.place, 'contact') as id
from t_way c
cross join lateral (values (0, 'primary', c.enterprise), (1, 'agent', c.i)) as v (place, role, no)
where v.place = 0 or pg_temp.pick(c.i, 70, 8) = 0;
insert into contact (id, case_id, role, name, kana, department, phone, email, email_key, organisation, relation, authority_confirmed, position)
select t.id, c.id, t.role, f.name || ' ' || g.name, f.kana || ' ' || g.kana,
    case when t.place = 0 then (array['総務部', '経理課', null])[1 + pg_temp.pick(t.no, 73, 3)] end,
    '+8190' || lpad((20000000 + t.no * 2 + t.place)::text, 8, '0'),
    mail.address, mail.address,
    case when t.place = 1 then f.name || '社会保険労務士事務所' end, case when t.place = 1 then '社会保険労務士' end, t.place = 1, t.place
from t_contact t
join t_way c on c.i = t.i
join word_family f on f.n = pg_temp.pick(t.no, 71 + t.place, 64)
join word_given g on g.n = pg_temp.pick(t.no, 74 + t.place, 24)
cross join lateral (
    -- An enterprise has its own domain; agents are at a few offices.
    select case when t.place = 0 then 'soumu@kigyo' || t.no else 'tanto' || t.no || '@jimusho' || t.no % 100 end || '.example.jp' as address
) mail
order by c.recorded_at, c.i, t.place;

-- ---------------------------------------------------------------- who helps, sessions, reports

select 'sessions and reports';
insert into offer (id, case_id, manager_id, line, state, reply_by, offered_at, answered_at)
select pg_temp.v7(c.t_offer, c.i, 'offer'), c.id, c.manager_id, q.line, case when c.t_assign <= s.until then 'accepted' else 'open' end,
    c.t_offer + interval '2 days', c.t_offer, case when c.t_assign <= s.until then c.t_assign end
from t_way c
cross join t_span s
join word_question q on q.n = pg_temp.pick(c.i, 65, 10)
where c.t_offer <= s.until
order by c.t_offer, c.i;
insert into assignment (id, case_id, manager_id, line, offer_id, assigned_at, ended_at, end_reason)
select pg_temp.v7(c.t_assign, c.i, 'assignment'), c.id, c.manager_id, q.line, pg_temp.v7(c.t_offer, c.i, 'offer'), c.t_assign,
    case when l.status = 'closed' then l.at end, case when l.status = 'closed' then 'case closed' end
from t_way c
cross join t_span s
join t_last l on l.i = c.i
join word_question q on q.n = pg_temp.pick(c.i, 65, 10)
where c.t_assign <= s.until
order by c.t_assign, c.i;

insert into consultation (id, case_id, session_limit, session_place, state, stage, starts_at, ends_at, live, mode, location, meeting_url,
    booked_at, settled_at, settle_reason, held_from, held_until, attendees, desk_attended, no_show_by, origin_case_id, updated_at)
select s.id, c.id, 3, case when s.live then s.place end, s.state, (array['assessment', 'preparation', 'follow_up'])[s.k], s.starts_at, s.ends_at,
    s.live, mode.name, case when mode.name = 'visit' then '会議室' end, case when mode.name = 'online' then 'https://meet.example.jp/' || s.i end,
    s.booked_at, s.settled_at, case when s.state = 'cancelled' then '先方の都合により日程を改める。' end,
    case when s.state = 'held' then s.starts_at end, case when s.state = 'held' then s.ends_at end,
    case when s.state = 'held' then array['代表者', '総務担当'] end, case when s.state = 'held' then pg_temp.pick(s.i, 80, 2) = 0 end,
    s.no_show_by, c.id, coalesce(s.settled_at, s.booked_at)
from t_session s
join t_way c on c.i = s.i
cross join lateral (select (array['online', 'online', 'visit', 'phone'])[1 + pg_temp.pick(s.i, 81, 4)] as name) mode
order by s.booked_at, s.i, s.k;
insert into consultation_manager (consultation_id, manager_id, starts_at, ends_at, live)
select s.id, c.manager_id, s.starts_at, s.ends_at, s.live
from t_session s
join t_way c on c.i = s.i
order by s.booked_at, s.i, s.k;
insert into report (consultation_id, state, situation, advice, next_steps, enterprise_tasks, telework_status, submitted_at, approved_at, updated_at)
select s.id, case when s.ends_at + interval '6 days' <= span.until then 'approved' else 'submitted' end,
    w.situations[1 + pg_temp.pick(s.i, 82, 3)], w.advices[1 + pg_temp.pick(s.i, 83, 3)], w.nexts[1 + pg_temp.pick(s.i, 84, 3)],
    '対象者の希望を聞き取る。', (array['considering', 'preparing', 'introduced'])[s.k], s.ends_at + interval '3 days',
    case when s.ends_at + interval '6 days' <= span.until then s.ends_at + interval '6 days' end, least(s.ends_at + interval '6 days', span.until)
from t_session s
cross join t_span span
cross join word_words w
where s.state = 'held' and s.ends_at + interval '3 days' <= span.until
order by s.ends_at, s.i;
-- Nobody here agreed to surveys: that nobody was asked how a session was is noted all the same, or the first run would look at each.
insert into session_question (consultation_id, kind, sequence, asked_at, is_sent)
select s.id, 'evaluation', s.sequence, least(s.ends_at + interval '1 day', span.until), false
from consultation s
cross join t_span span
where s.state = 'held'
order by s.starts_at, s.id;

-- ---------------------------------------------------------------- conversation and flags

select 'conversation';
create temp table t_talk as
select c.i, v.place, v.direction, v.kind, v.result, v.at, v.by, pg_temp.v7(v.at, c.i * 2 + v.place, 'interaction') as id
from t_way c
cross join t_span s
cross join lateral (select pg_temp.pick(c.i, 90, 20) as n) chance
cross join lateral (values
    (0, 'inbound', case when c.flow = 'window' then 'visit' else 'phone' end, 'reached', c.recorded_at,
        case when c.flow = 'window' then c.staff_id else c.operator_id end),
    (1, 'outbound', 'phone', case when chance.n < 15 then 'reached' when chance.n < 19 then 'absent' else 'voicemail' end,
        case when c.flow = 'answered' then c.recorded_at + interval '5 minutes' else c.recorded_at + interval '15 hours' * c.f end,
        case when c.flow = 'answered' then c.operator_id else c.staff_id end)
) as v (place, direction, kind, result, at, by)
where v.at <= s.until;
insert into interaction (id, case_id, kind, direction, occurred_at, recorded_at, contact_id, result, body, recorded_by)
select t.id, c.id, t.kind, t.direction, case when t.place = 0 then c.received_at else t.at - interval '2 minutes' end, t.at, k.id, t.result,
    case when t.place = 0 then '相談の内容を聞き取り、支援の流れと無料の回数を案内した。' when t.result = 'reached' then '希望の日時と参加者を確認した。' else '不在のため改めて連絡する。' end,
    t.by
from t_talk t
join t_way c on c.i = t.i
join t_contact k on k.i = t.i and k.place = 0
order by t.at, t.i;

-- How long it took, by the same third of a day.
insert into case_time (case_id, answered_at, answer_gross, answer_net, accepted_at, accept_gross, accept_net,
    session_at, session_recorded_at, session_gross, session_net)
select c.id, a.at, took.answer, took.answer, h.at, took.accept, took.accept, s.at, s.recorded_at, took.session, took.session
from case_file c
left join (
    select case_id, min(occurred_at) as at
    from interaction
    where direction = 'outbound' and result = 'reached'
    group by case_id
) a on a.case_id = c.id
left join (
    select case_id, min(occurred_at) as at
    from case_history
    where to_status = 'accepted'
    group by case_id
) h on h.case_id = c.id
left join (
    select case_id, min(held_from) as at, min(settled_at) as recorded_at
    from consultation
    where state = 'held'
    group by case_id
) s on s.case_id = c.id
cross join lateral (
    select (extract(epoch from a.at - least(a.at, c.received_at)) / 180)::int as answer,
        (extract(epoch from h.at - least(h.at, c.received_at)) / 180)::int as accept,
        (extract(epoch from s.at - least(s.at, c.received_at)) / 180)::int as session
) took
where num_nonnulls(a.at, h.at, s.at) > 0
order by c.id;

create temp table t_flag as
select c.i, v.flag, v.at, v.detail, v.reason, v.settled_at
from t_way c
cross join t_span s
join t_number n on n.i = c.i
join t_last l on l.i = c.i
cross join lateral (values
    ('same_enterprise_this_year', n.of_enterprise > 1, c.recorded_at, jsonb_build_object('cases', n.of_enterprise - 1), null, c.recorded_at + interval '1 day'),
    ('late_entry', c.is_late, c.recorded_at, null, '移動相談会の紙の相談票から入力', c.recorded_at + interval '3 days'),
    ('possible_duplicate', c.is_first and pg_temp.pick(c.i, 91, 50) = 0, c.recorded_at, null, null, c.recorded_at + interval '2 days'),
    ('complaint', pg_temp.pick(c.i, 92, 100) = 0, c.recorded_at + interval '2 hours', null, '折り返しの電話がないとのお叱り。', c.recorded_at + interval '4 days')
) as v (flag, holds, at, detail, reason, settled_at)
where v.holds and v.at <= s.until;
update t_flag
set settled_at = null
from t_span
where settled_at > until or pg_temp.pick(i, 93, 3) = 0;
insert into case_flag (case_id, flag, raised_at, detail, reason, settled_at, answer, note, settled_key)
select c.id, f.flag, f.at, f.detail, f.reason, f.settled_at, case when f.settled_at is not null then '確認済み' end, null,
    case when f.settled_at is not null then pg_temp.v7(f.settled_at, f.i, f.flag) else '00000000-0000-0000-0000-000000000000' end
from t_flag f
join t_way c on c.i = f.i;

-- ---------------------------------------------------------------- the audit trail
-- What the program would have recorded, in the forms of its event catalogue.

select 'audit trail';
create temp table t_event as
select c.id as chain, e.at, e.ord, e.actor_kind, e.actor_id, pg_temp.v7(e.at, c.i * 100 + e.ord, 'request') as request_id, e.kind, e.data
from (
    select i, 1 as ord, recorded_at as at, 'user' as actor_kind, case when flow = 'window' then staff_id else operator_id end as actor_id,
        'enterprise_created' as kind, format('{"enterprise_id":"%s"}', enterprise_id) as data
    from t_way
    where is_first
    union all
    select i, 2, recorded_at, 'user', case when flow = 'window' then staff_id else operator_id end, 'case_created',
        format('{"enterprise_id":"%s","channel":"%s","late":%s}', enterprise_id, channel, is_late::text)
    from t_way
    union all
    select f.i, 3 + length(f.flag) % 5, f.at, 'user', c.operator_id, 'flag_raised', format('{"flag":"%s"}', f.flag)
    from t_flag f
    join t_way c on c.i = f.i
    union all
    select s.i, 20 + s.seq, s.at, 'user', s.actor_id, 'case_moved', format(
        '{"step":"%s","from":"%s","to":"%s","seq":%s,"desk_id":%s,"outcome":%s}', s.move, s.from_status, s.to_status, s.seq,
        coalesce('"' || s.desk_id || '"', 'null'), coalesce('"' || s.outcome || '"', 'null'))
    from t_step s
    where s.seq > 1
    union all
    select i, 10 + place, at, 'user', by, 'interaction_recorded',
        format('{"interaction_id":"%s","channel":"%s","direction":"%s","result":"%s"}', id, kind, direction, result)
    from t_talk
    union all
    select s.i, 40 + s.k, s.booked_at, 'user', c.manager_user_id, 'consultation_booked', format(
        '{"consultation_id":"%s","session":%s,"stage":"%s","starts_at":"%s","ends_at":"%s","manager_ids":["%s"],"late":false}', s.id, s.place,
        (array['assessment', 'preparation', 'follow_up'])[s.k], to_char(s.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        to_char(s.ends_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), c.manager_id)
    from t_session s
    join t_way c on c.i = s.i
) e
join t_way c on c.i = e.i
union all
select '00000000-0000-0000-0000-000000000000', s.since, o.ord, 'system', null, pg_temp.v7(s.since, o.ord, 'request'), o.kind, o.data
from (
    select row_number() over () as ord, x.kind, x.data
    from (
        select 'desk_created' as kind, format('{"desk_id":"%s"}', id) as data from desk
        union all
        select 'coverage_added', format('{"coverage_id":"%s","desk_id":"%s"}', id, desk_id) from desk_coverage
        union all
        select 'manager_created', format('{"manager_id":"%s"}', id) from manager
        union all
        select 'user_created', format('{"user_id":"%s","role":"%s"}', id, role) from app_user
    ) x
) o
cross join t_span s;

insert into audit_event (chain, seq, recorded_at, actor_kind, actor_id, request_id, kind, data, hash)
select chain, seq, at, actor_kind, actor_id, request_id, kind, data::json,
    pg_temp.chain_hash(concat_ws(E'\n', chain, seq, (extract(epoch from at) * 1000000)::bigint, actor_kind, coalesce(actor_id::text, '-'),
        request_id, kind, data)) over (partition by chain order by seq)
from (select *, row_number() over (partition by chain order by at, ord) as seq from t_event) numbered
order by at, chain, seq;
insert into audit_head (chain, seq, hash)
select distinct on (chain) chain, seq, hash
from audit_event
order by chain, seq desc;

-- ---------------------------------------------------------------- done

select 'triggers, foreign keys and indexes work again';
do $$
declare
    this record;
begin
    for this in select wake from t_resting order by turn, wake loop
        execute this.wake;
    end loop;
end
$$;
commit;
select format('analyze %s', oid::regclass)
from pg_class
where relnamespace = 'public'::regnamespace and relkind = 'r'
\gexec
select format('%s cases, %s open, %s enterprises, %s sessions, %s history rows, %s audit events',
    (select count(*) from case_file), (select count(*) from case_file where status <> 'closed'), (select count(*) from enterprise),
    (select count(*) from consultation), (select count(*) from case_history), (select count(*) from audit_event));
