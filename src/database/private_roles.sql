-- The roles of a private cluster, made by its superuser: they log in by themselves, so that no statement can take one
-- back with `reset role`.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['madoguchi_owner', 'madoguchi_program', 'madoguchi_reader'] loop
        if to_regrole(role_name) is null then
            execute format('create role %I login', role_name);
        end if;
    end loop;
    if not exists (select from pg_db_role_setting where setrole = 'madoguchi_reader'::regrole) then
        alter role madoguchi_reader set default_transaction_read_only = on;
    end if;
end
$$;
