-- Full-text search over cases: one row per text that somebody may look for, with terms that the program makes
-- (src/search/terms.rs). Everything here can be made anew from the other tables (`madoguchi search rebuild`).

create table search_text (
    -- What the text is of.
    kind text not null check (kind in ('case', 'description', 'enterprise', 'contact', 'interaction', 'note', 'mail', 'message', 'report')),
    -- The row it stands in; the case's own id for what the case and its enterprise say.
    subject_id uuid not null,
    case_id uuid not null references case_file,
    -- The day in Japan on which its case was received, which never changes: the order of what is found, in days.
    case_received_on date not null,
    -- When it was said.
    at timestamptz not null,
    -- Says which case it is (number, subject, enterprise, contact), not what is said in it.
    is_head boolean not null,
    -- Longer than what is searched.
    is_cut boolean not null,
    -- As it is compared: each field on a line of its own, folded as names are.
    folded text not null,
    terms tsvector not null,
    primary key (kind, subject_id)
);
comment on table search_text is 'search index: what is written on cases, folded, with the terms it is found by';
create index search_text_case on search_text (case_id);
-- Entries that wait to be sorted in make a batch of new texts a third as dear; every search reads what waits, so that
-- is at most 256 kB here and not the 4 MB of the default.
-- With the day, so that a word that is on many cases is looked up on the newest of them only.
create index search_text_terms on search_text using gin (terms, case_received_on) with (gin_pending_list_limit = 256);
create index search_text_head on search_text using gin (terms, case_received_on) with (gin_pending_list_limit = 256) where is_head;
-- Japanese has many common bigrams: the default of 100 knows a thousand of them.
alter table search_text alter column terms set statistics 500;

create table search_dirty (
    id bigint generated always as identity primary key,
    -- The table whose row changed.
    source text not null check (source in ('case', 'contact', 'interaction', 'note', 'mail', 'message', 'report')),
    subject_id uuid not null
)
-- It is emptied all the time: whoever looks whether there is something must not read what was.
with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
comment on table search_dirty is 'rows whose terms must be made anew; written with the change itself, so that none is forgotten';

create function mark_for_search() returns trigger language plpgsql as $$
begin
    -- A row that is gone has no new one.
    insert into public.search_dirty (source, subject_id) values (tg_argv[0], coalesce(new.id, old.id));
    return null;
end
$$;

create trigger case_file_search after insert on case_file
    for each row execute function mark_for_search('case');
create trigger case_file_search_again after update on case_file for each row
    when ((new.number, new.subject, new.description, new.enterprise_id, new.site_name, new.site_postal_code, new.site_address, new.site_phone, new.received_at)
        is distinct from (old.number, old.subject, old.description, old.enterprise_id, old.site_name, old.site_postal_code, old.site_address, old.site_phone, old.received_at))
    execute function mark_for_search('case');

create trigger contact_search after insert or update or delete on contact
    for each row execute function mark_for_search('contact');
create trigger interaction_search after insert or update or delete on interaction
    for each row execute function mark_for_search('interaction');
create trigger note_search after insert or update or delete on note
    for each row execute function mark_for_search('note');

create trigger inbound_mail_search_gone after delete on inbound_mail
    for each row execute function mark_for_search('mail');
-- A mail is on no case before it is placed.
create trigger inbound_mail_search_placed after insert on inbound_mail for each row
    when (new.case_id is not null) execute function mark_for_search('mail');
create trigger inbound_mail_search after update on inbound_mail for each row
    when ((new.case_id is not null or old.case_id is not null)
        and (new.case_id, new.discarded_at, new.from_address, new.from_name, new.subject, new.body_text)
        is distinct from (old.case_id, old.discarded_at, old.from_address, old.from_name, old.subject, old.body_text))
    execute function mark_for_search('mail');

create trigger message_search after insert or delete on message
    for each row execute function mark_for_search('message');
create trigger message_search_again after update on message for each row
    when ((new.case_id, new.to_address, new.to_name, new.subject, new.body)
        is distinct from (old.case_id, old.to_address, old.to_name, old.subject, old.body))
    execute function mark_for_search('message');

create function mark_report_for_search() returns trigger language plpgsql as $$
begin
    insert into public.search_dirty (source, subject_id) values ('report', coalesce(new.consultation_id, old.consultation_id));
    return null;
end
$$;
create trigger report_search after insert or update or delete on report
    for each row execute function mark_report_for_search();

-- A merge moves sessions, and their reports with them.
create trigger consultation_search after update on consultation for each row
    when (new.case_id <> old.case_id) execute function mark_for_search('report');

create function mark_cases_for_search() returns trigger language plpgsql as $$
begin
    insert into public.search_dirty (source, subject_id)
    select 'case', c.id from public.case_file c where c.enterprise_id = new.id;
    return null;
end
$$;
create trigger enterprise_search after update on enterprise for each row
    when ((new.name, new.kana, new.trade_name, new.representative, new.corporate_number, new.postal_code, new.address, new.phone)
        is distinct from (old.name, old.kana, old.trade_name, old.representative, old.corporate_number, old.postal_code, old.address, old.phone))
    execute function mark_cases_for_search();

-- What is stored already: the job takes it in its own time.
insert into search_dirty (source, subject_id)
select 'case', id from case_file
union all
select 'contact', id from contact
union all
select 'interaction', id from interaction
union all
select 'note', id from note
union all
select 'mail', id from inbound_mail where case_id is not null
union all
select 'message', id from message where case_id is not null
union all
select 'report', consultation_id from report;
