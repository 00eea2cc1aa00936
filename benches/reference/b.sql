\set id random(1, :cases)
select c.id,c.number,c.status,c.channel,c.subject,c.assignee,c.desk_id,c.created_at,c.updated_at,o.id,o.corporate_number,o.name,o.prefecture from cases c join organisations o on o.id=c.org_id where c.id=(:id)::bigint;
select id,direction,author,body,created_at from messages where case_id=(:id)::bigint order by created_at desc limit 20;
