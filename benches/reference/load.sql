-- Fills the reference: -v cases=100000 -v organisations=20000
set synchronous_commit = off;
insert into desks
select g, 'desk ' || g from generate_series(1, 20) g;
insert into organisations (corporate_number, name, prefecture, phone)
select lpad(g::text, 13, '0'), '株式会社サンプル' || g, '東京都', '03-0000-' || lpad((g % 10000)::text, 4, '0')
from generate_series(1, :organisations) g;
create temp table o as
select row_number() over () as rn, id from organisations;
create temp table txt as
select g, (select string_agg(md5((g * 1000 + i)::text), ' ') from generate_series(1, 31) i) as b from generate_series(0, 999) g;
create index on o (rn);
create index on txt (g);
analyze o;
analyze txt;
insert into cases (id, number, org_id, desk_id, status, channel, subject, assignee, created_at, updated_at)
select g, 'C' || lpad(g::text, 10, '0'), o.id, 1 + (random() * 19.999)::int % 20,
    (array['new', 'open', 'assigned', 'pending', 'closed', 'closed', 'closed', 'closed', 'closed', 'closed'])[1 + (random() * 9.999)::int % 10],
    (array['phone', 'email', 'web'])[1 + g % 3], '助成金の相談 ' || g || ' ' || substr(md5(g::text), 1, 20), 'user' || g % 50,
    now() - (:cases - g) * interval '1 second', now() - (:cases - g) * interval '1 second'
from generate_series(1, :cases) g
join o on o.rn = 1 + g * 7919::bigint % :organisations;
insert into messages (case_id, direction, author, body, created_at)
select c, case when k = 1 then 'in' else 'out' end, 'user' || c % 50, t.b, now() - (:cases - c) * interval '1 second' + k * interval '1 minute'
from generate_series(1, :cases) c
cross join generate_series(1, 2) k
join txt t on t.g = (c * 2 + k) % 1000;
insert into events (case_id, actor, kind, data, at)
select g, 'user' || g % 50, 'created', jsonb_build_object('channel', 'phone', 'desk', g % 20, 'from', null, 'to', 'new'), now()
from generate_series(1, :cases) g;
select setval('cases_id_seq', :cases), setval('case_number_seq', :cases);
vacuum analyze;
