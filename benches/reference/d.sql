\set id random(1, :cases)
begin;
select status from cases where id=(:id)::bigint for update;
insert into consultations(case_id,seq,starts_at,place) select (:id)::bigint, count(*)+1, now()+interval '7 days','相談室A' from consultations where case_id=(:id)::bigint having count(*)<3;
insert into events(case_id,actor,kind,data) values ((:id)::bigint,'operator1','booked','{"place" : "A"}');
commit;
