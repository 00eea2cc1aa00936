\set org random(1, :orgs)
\set desk random(1, 20)
begin;
select id as org_id from organisations where corporate_number = lpad((:org)::int::text,13,'0') \gset
insert into cases(number,org_id,desk_id,status,channel,subject) values ('C'||lpad(nextval('case_number_seq')::text,10,'0'), :org_id, :desk, 'new','phone','電話相談 助成金について') returning id as case_id \gset
insert into messages(case_id,direction,author,body) values (:case_id,'in','operator1','お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けました お電話にて助成金のご相談を受けまし');
insert into events(case_id,actor,kind,data) values (:case_id,'operator1','created','{"channel" : "phone"}');
commit;
