-- Business time: when the help center and the desks are open.

create table calendar_version (
    -- One row only.
    id boolean primary key default true check (id),
    version bigint not null default 1
);
comment on table calendar_version is 'moves with every change of hours and exceptions; a running deadline counted by an older one is counted anew';
insert into calendar_version default values;

create table opening_hours (
    id uuid primary key,
    -- Null: the help center.
    desk_id uuid references desk,
    -- From this day on, until the next row: what has passed keeps its hours.
    valid_from date not null,
    -- Periods per day of the week. Null: a desk keeps the help center's hours, the help center the standard ones.
    week jsonb check (jsonb_typeof(week) = 'object'),
    created_at timestamptz not null,
    constraint opening_hours_once unique nulls not distinct (desk_id, valid_from)
);
comment on table opening_hours is 'office hours by day of the week, of the help center and of desks with hours of their own';

create table calendar_exception (
    id uuid primary key,
    -- Null: the help center, and the desks as far as they follow it.
    desk_id uuid references desk,
    date_from date not null,
    date_to date not null,
    -- An extra opening, or a closure.
    open boolean not null,
    -- Minutes after midnight in Tokyo; null: a closure of whole days.
    opens_at smallint check (opens_at between 0 and 1440),
    closes_at smallint check (closes_at between 0 and 1440),
    reason text not null check (length(reason) between 1 and 200),
    created_at timestamptz not null,
    constraint calendar_exception_length check (date_to >= date_from and date_to <= date_from + 366),
    constraint calendar_exception_period check ((opens_at is null) = (closes_at is null) and opens_at < closes_at),
    constraint calendar_exception_hours check (opens_at is not null or not open),
    -- One decision per day and office: two would need an order.
    constraint calendar_exception_once exclude using gist (
        coalesce(desk_id, '00000000-0000-0000-0000-000000000000'::uuid) with =,
        daterange(date_from, date_to, '[]') with &&
    )
);
comment on table calendar_exception is 'closures and extra openings by date';
create index calendar_exception_desk on calendar_exception (desk_id, date_from);
