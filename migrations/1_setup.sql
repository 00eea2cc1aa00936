-- What every other migration stands on.
--
-- Conventions: singular table names; `id` is the key and `<table>_id` (for a case: `case_id`) refers to it; every
-- time is timestamptz; a constraint that the program names in an error message has a name of its own here.
-- A table whose comment starts with "append-only" is only read and added to by the program's role, one whose comment
-- starts with "read-only" is only read (see grants.sql). Functions that judge name their tables with the schema, so that
-- no temporary table stands in for them.

-- Exclusion constraints over (uuid, time range): nobody sits in two consultations at once.
create extension if not exists btree_gist;
-- The search index has words and days in one.
create extension if not exists btree_gin;

create table program_requirement (
    -- One row only.
    id boolean primary key default true check (id),
    -- The oldest program that may work on this database; a newer database alone is no reason to refuse.
    minimum_version int not null
);
comment on table program_requirement is 'which program version this database needs at least (rolling upgrades)';
insert into program_requirement (minimum_version) values (1);

-- Optimistic locking: the version behind every ETag moves with each change of the row, whoever makes it.
create function bump_version() returns trigger language plpgsql as $$
begin
    new.version := old.version + 1;
    return new;
end
$$;

-- Second line of defence behind the missing grants: holds for the owner role as well.
create function forbid_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

create table office_setting (
    -- One row only.
    id boolean primary key default true check (id),
    -- What the office has set; whatever is absent has the default written in the program.
    value jsonb not null default '{}' check (jsonb_typeof(value) = 'object'),
    version bigint not null default 1,
    updated_at timestamptz not null default now()
);
comment on table office_setting is 'what an office decides: N, deadlines, guard, texts (/settings)';
insert into office_setting default values;
create trigger office_setting_version before update on office_setting for each row execute function bump_version();

create table job (
    id bigint generated always as identity primary key,
    -- Which handler runs it.
    kind text not null check (length(kind) between 1 and 60),
    -- Ids only: the handler reads the data afresh.
    payload jsonb not null,
    -- At most one waiting job per key.
    job_key text check (length(job_key) between 1 and 200),
    run_at timestamptz not null,
    attempts int not null default 0,
    max_attempts int not null default 12 check (max_attempts > 0),
    -- While in the future, a worker has it; a killed worker loses it when this passes.
    leased_until timestamptz,
    -- Fences a worker that lost its lease: it may only finish the attempt it holds.
    lease_id uuid,
    last_error text,
    -- Set when the attempts are used up: staff see it and run it again.
    dead_at timestamptz,
    created_at timestamptz not null
);
comment on table job is 'work to do after commit; a finished job is deleted';
create unique index job_key_waiting on job (job_key) where job_key is not null and dead_at is null and lease_id is null;
create index job_due on job (run_at, id) where dead_at is null;

create table cron (
    name text primary key,
    next_run_at timestamptz not null
);
comment on table cron is 'when each periodic job is due next; one worker of many takes the turn';
