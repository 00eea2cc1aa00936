-- Run as the user of DATABASE_URL when no other user is given: makes the three roles as far as they are missing, and
-- lets this user take them by `set role`. Changes nothing that is there already, so that it also works for a user who
-- may make nothing, once an administrator has.
do $$
declare
    role_name text;
    -- From version 16 on, being a member and being allowed to `set role` are two things.
    wanted text := case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end;
begin
    foreach role_name in array array['madoguchi_owner', 'madoguchi_program', 'madoguchi_reader'] loop
        if to_regrole(role_name) is null then
            execute format('create role %I nologin', role_name);
        end if;
        if not pg_has_role(current_user, role_name, wanted) then
            execute format('grant %I to %I', role_name, current_user);
        end if;
    end loop;
    if not has_schema_privilege('madoguchi_owner', 'public', 'usage')
        or not has_schema_privilege('madoguchi_owner', 'public', 'create')
    then
        grant usage, create on schema public to madoguchi_owner;
        -- Without the right to grant, `grant` only warns.
        if not has_schema_privilege('madoguchi_owner', 'public', 'create') then
            raise insufficient_privilege using message = 'no right to grant create on schema public';
        end if;
    end if;
end
$$;
