-- What was said: interactions and notes. Mail joins them with its own tables.

create table interaction (
    id uuid primary key,
    case_id uuid not null references case_file,
    kind text not null check (kind in ('phone', 'visit', 'fax', 'web', 'other')),
    direction text not null check (direction in ('inbound', 'outbound')),
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    contact_id uuid references contact,
    -- Who it was, where it was none of the contacts.
    counterpart text check (length(counterpart) between 1 and 200),
    result text not null check (result in ('reached', 'absent', 'callback', 'voicemail')),
    body text not null check (length(body) between 1 and 20000),
    callback_at timestamptz,
    recorded_by uuid references app_user,
    constraint interaction_callback check (callback_at is null or result = 'callback'),
    constraint interaction_time check (occurred_at <= recorded_at)
);
comment on table interaction is 'interaction (対応記録): one contact in either direction by phone, at the window or by fax';
create index interaction_case on interaction (case_id, occurred_at desc);
create index interaction_contact on interaction (contact_id);
create index interaction_recorded_by on interaction (recorded_by);

create table note (
    id uuid primary key,
    case_id uuid not null references case_file,
    body text not null check (length(body) between 1 and 20000),
    recorded_at timestamptz not null,
    recorded_by uuid references app_user
);
comment on table note is 'note (内部メモ): only staff see it';
create index note_case on note (case_id, recorded_at desc);
create index note_recorded_by on note (recorded_by);
