-- Who works here: desks, telework managers, users, their sessions and tokens.

create table desk (
    id uuid primary key,
    code text not null constraint desk_code_key unique check (code ~ '^[a-z0-9-]{1,32}$'),
    name text not null check (length(name) between 1 and 200),
    -- E.164
    phone text check (phone ~ '^\+[0-9]{6,15}$'),
    email text check (length(email) <= 254),
    -- Specialities (得意分野): of desks that cover a place alike, those that have a case's topics come first.
    topics text[] not null default '{}',
    active boolean not null default true,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
comment on table desk is 'regional desk (地域窓口): owns a case after accepting it';
create trigger desk_version before update on desk for each row execute function bump_version();

create table desk_coverage (
    id uuid primary key,
    desk_id uuid not null references desk,
    -- JIS X 0401; exactly one of the two areas.
    prefecture_code text check (prefecture_code ~ '^(0[1-9]|[1-3][0-9]|4[0-7])$'),
    -- JIS X 0402 with check digit.
    municipality_code text check (municipality_code ~ '^[0-9]{6}$'),
    from_date date not null,
    -- Last day, inclusive; open ended when null.
    to_date date,
    version bigint not null default 1,
    constraint desk_coverage_area check (num_nonnulls(prefecture_code, municipality_code) = 1),
    constraint desk_coverage_dates check (to_date >= from_date),
    constraint desk_coverage_once exclude using gist (
        desk_id with =,
        coalesce(prefecture_code, municipality_code) with =,
        daterange(from_date, to_date, '[]') with &&
    )
);
comment on table desk_coverage is 'which area a desk serves from a date to a date; changes by fiscal year';
create trigger desk_coverage_version before update on desk_coverage for each row execute function bump_version();
create index desk_coverage_desk on desk_coverage (desk_id);
create index desk_coverage_prefecture on desk_coverage (prefecture_code);

create table manager (
    id uuid primary key,
    name text not null check (length(name) between 1 and 200),
    kana text check (length(kana) <= 200),
    email text check (length(email) <= 254),
    phone text check (phone ~ '^\+[0-9]{6,15}$'),
    firm text check (length(firm) <= 200),
    qualifications text[] not null default '{}',
    topics text[] not null,
    prefecture_codes text[] not null,
    modes text[] not null,
    -- Booked and held sessions a month, over all desks.
    monthly_capacity int not null check (monthly_capacity between 0 and 200),
    appointed_from date,
    appointed_to date,
    active boolean not null default true,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint manager_appointment check (appointed_to >= appointed_from)
);
comment on table manager is 'telework manager (テレワークマネージャー): the expert who gives consultations';
create trigger manager_version before update on manager for each row execute function bump_version();

create table manager_absence (
    id uuid primary key,
    manager_id uuid not null references manager,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    reason text check (length(reason) <= 2000),
    created_at timestamptz not null,
    constraint manager_absence_order check (ends_at > starts_at)
);
comment on table manager_absence is 'when a manager cannot be booked';
create index manager_absence_manager on manager_absence (manager_id, starts_at);

create table app_user (
    id uuid primary key,
    email text not null check (length(email) <= 254),
    -- The address in the form used for comparing (lower case).
    email_key text not null constraint app_user_email_key unique,
    name text not null check (length(name) between 1 and 200),
    role text not null check (role in ('operator', 'supervisor', 'desk', 'manager', 'admin', 'auditor')),
    desk_id uuid references desk,
    manager_id uuid constraint app_user_manager_key unique references manager,
    -- Argon2id in PHC format; null: cannot sign in with a password.
    password_hash text,
    active boolean not null default true,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint app_user_desk check ((role = 'desk') = (desk_id is not null)),
    constraint app_user_manager check ((role = 'manager') = (manager_id is not null))
);
comment on table app_user is 'a person who signs in, or whose API token works';
create index app_user_desk_id on app_user (desk_id);
create trigger app_user_version before update on app_user for each row execute function bump_version();

create table user_session (
    id uuid primary key,
    user_id uuid not null references app_user,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    -- signed_out, reused (a refresh token came twice), password_changed, second_factor_changed, role_changed, deactivated
    ended_reason text
);
comment on table user_session is 'one sign-in; access tokens name it, ending it ends them';
create index user_session_user on user_session (user_id);
create index user_session_ended on user_session (ended_at) where ended_at is not null;

create table refresh_token (
    -- sha256 of the token
    hash bytea primary key,
    session_id uuid not null references user_session,
    created_at timestamptz not null,
    -- Set when exchanged. Coming again after that, it ends the session.
    used_at timestamptz
);
comment on table refresh_token is 'rotating refresh tokens, stored hashed';
create index refresh_token_session on refresh_token (session_id);

create table second_factor (
    user_id uuid primary key references app_user,
    -- The secret that the person's app shares with us, sealed with a key that is not in the database.
    secret bytea not null check (length(secret) between 1 and 200),
    -- The newest step of 30 seconds whose code was used: a code counts once, and none before it.
    last_step bigint,
    created_at timestamptz not null,
    -- When the app gave a right code; until then it is an offer, and counts for nothing.
    confirmed_at timestamptz,
    constraint second_factor_confirmed check ((confirmed_at is null) = (last_step is null))
);
comment on table second_factor is 'second factor (TOTP, RFC 6238) of people who have one';

create table recovery_code (
    -- sha256 of the code
    hash bytea primary key check (length(hash) = 32),
    user_id uuid not null references second_factor on delete cascade,
    created_at timestamptz not null,
    -- A code counts once.
    used_at timestamptz
);
comment on table recovery_code is 'what stands in for a lost second factor: ten codes, shown once, hashed';
create index recovery_code_user on recovery_code (user_id);

create table password_reset (
    -- The newest link of a person is the only one.
    user_id uuid primary key references app_user,
    -- The request; with a key that is not in the database it gives the token, which is nowhere stored.
    id uuid not null,
    -- sha256 of the token
    hash bytea not null constraint password_reset_hash_key unique check (length(hash) = 32),
    -- The mail with the link (see message).
    message_id uuid not null,
    created_at timestamptz not null,
    -- Moved to the moment in which the link is used or taken back.
    expires_at timestamptz not null
);
comment on table password_reset is 'links by which people set a forgotten password; rows that are over are deleted after a day';

create table api_token (
    id uuid primary key,
    user_id uuid not null references app_user,
    name text not null check (length(name) between 1 and 80),
    -- sha256 of the secret
    hash bytea not null constraint api_token_hash_key unique,
    -- Names of permissions; checked against what the owner may do at the time of use.
    permissions text[] not null check (cardinality(permissions) > 0),
    expires_at timestamptz not null,
    created_at timestamptz not null,
    revoked_at timestamptz
);
comment on table api_token is 'API tokens: shown once, hashed, expiring, never more than their owner may';
create index api_token_user on api_token (user_id, id);

create table sign_in_throttle (
    -- account:<email key>, code:<email key>, address:<ip>; reset:<email key>, reset-address:<ip>; link-address:<ip>, links
    subject text primary key check (length(subject) <= 300),
    -- Tries in the window, counted before the password is looked at, so that parallel tries count too.
    tries int not null,
    window_started_at timestamptz not null
);
comment on table sign_in_throttle is 'tries to sign in, requests of reset links and tries of public links, per account and address';

create table idempotency_key (
    user_id uuid not null references app_user,
    -- Method and path.
    route text not null,
    key text not null check (length(key) between 1 and 200),
    body_hash bytea not null,
    -- The first answer; null only inside the transaction that makes it.
    status int,
    location text,
    etag text,
    body text,
    -- Whose case the answer speaks of: it is not repeated to someone who lost sight of it.
    case_id uuid,
    created_at timestamptz not null,
    primary key (user_id, route, key)
);
comment on table idempotency_key is 'first answers of POST requests, kept for 24 hours';
create index idempotency_key_created on idempotency_key (created_at);

-- The directory in memory (who may do what) polls this table instead of asking per request.
create table directory_change (
    id bigint generated always as identity primary key,
    -- A poller that remembers the oldest transaction still running at its last look misses nothing.
    txid xid8 not null default pg_current_xact_id(),
    kind text not null check (kind in ('user', 'session', 'token', 'role')),
    subject_id uuid not null,
    changed_at timestamptz not null default now()
);
comment on table directory_change is 'what the in-memory directory must read again; rows older than a day are deleted';
create index directory_change_txid on directory_change (txid);
create index directory_change_at on directory_change (changed_at);

create function note_directory_change() returns trigger language plpgsql as $$
begin
    insert into directory_change (kind, subject_id) values (tg_argv[0], new.id);
    return null;
end
$$;
create trigger app_user_directory after insert or update on app_user
    for each row execute function note_directory_change('user');
create trigger user_session_directory after update of ended_at on user_session
    for each row execute function note_directory_change('session');
create trigger api_token_directory after insert or update on api_token
    for each row execute function note_directory_change('token');

-- Admins without a second factor may do little where the office demands one: both sides of that are told.
create function note_second_factor_change() returns trigger language plpgsql as $$
begin
    insert into directory_change (kind, subject_id) values ('user', coalesce(new.user_id, old.user_id));
    return null;
end
$$;
create trigger second_factor_directory after update of confirmed_at or delete on second_factor
    for each row execute function note_second_factor_change();
create function note_second_factor_setting() returns trigger language plpgsql as $$
begin
    insert into directory_change (kind, subject_id) select 'user', id from app_user where role = 'admin';
    return null;
end
$$;
create trigger office_setting_directory after update on office_setting
    for each row when (new.value -> 'second_factor_for_admins' is distinct from old.value -> 'second_factor_for_admins')
    execute function note_second_factor_setting();
