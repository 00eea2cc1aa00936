\set desk random(1, 20)
select c.id,c.number,c.status,c.channel,c.subject,c.assignee,c.created_at,c.updated_at,o.name from cases c join organisations o on o.id=c.org_id where c.desk_id=(:desk)::int and c.status='open' order by c.created_at desc limit 50;
