-- Exports of lists: files made by a job under the view of whoever asked for them.

create table export (
    id uuid primary key,
    made_by uuid not null references app_user,
    -- Which list: see src/exports/lists.rs.
    list text not null check (list ~ '^[a-z_]{1,60}$'),
    -- As the query of the list has it. It may name people: rows go with what they say, a month after they were asked for.
    filter jsonb not null check (jsonb_typeof(filter) = 'object'),
    format text not null check (format in ('xlsx', 'csv')),
    encoding text not null check (encoding in ('utf8', 'cp932')),
    state text not null check (state in ('waiting', 'ready', 'failed', 'expired')),
    created_at timestamptz not null,
    finished_at timestamptz,
    -- Until then it can be downloaded.
    expires_at timestamptz,
    -- Under whose view it was made: all, masked, desk:<id>, manager:<id>.
    scope text check (length(scope) between 1 and 60),
    row_count bigint check (row_count >= 0),
    size bigint check (size >= 0),
    sha256 bytea check (length(sha256) = 32),
    -- The file's name in the storage; null when it was deleted.
    file_id uuid,
    -- Characters that the encoding does not have, with how often they stood there.
    uncarried jsonb not null default '{}' check (jsonb_typeof(uncarried) = 'object'),
    -- Why there is none, for people.
    failure text check (length(failure) between 1 and 200),
    constraint export_ready check (
        (state in ('ready', 'expired')) = (num_nulls(expires_at, scope, row_count, size, sha256) = 0)),
    constraint export_waiting check ((state = 'waiting') = (finished_at is null)),
    constraint export_file check ((state = 'ready') = (file_id is not null)),
    constraint export_failed check ((state = 'failed') = (failure is not null))
);
comment on table export is 'a list as a file: asked for by a person, made by a job, kept for a day';
create index export_made_by on export (made_by, created_at desc, id desc);
create index export_over on export (expires_at) where state = 'ready';
create index export_created on export (created_at);
