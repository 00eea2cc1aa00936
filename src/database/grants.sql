-- What the program and the reader may do, given anew after every migration, by the owner of everything.
--
-- Runs in a transaction: nobody sees the moment between `revoke` and `grant`. The names of the two roles come as
-- settings, because where roles log in apart they are the administrator's. The tables say by their comment what they are,
-- so that no migration can forget this file:
--
--   append-only …   insert and select: what happened stays as it was written
--   read-only …     select: rules that the migrations bring; a program that may add one has none
--   anything else   select, insert, update and delete
--
-- A column whose comment starts with "secret" (hashes of passwords and tokens) is not for the reader, who gets the others
-- of its table one by one.
--
-- Nobody gets truncate, trigger or references. A function that runs with its owner's rights is not for the reader.
do $$
declare
    program text := current_setting('madoguchi.program_role');
    reader text := current_setting('madoguchi.reader_role');
    me oid := (select oid from pg_roles where rolname = current_user);
    role_name text;
    this record;
begin
    foreach role_name in array array[program, reader] loop
        if not has_schema_privilege(role_name, 'public', 'usage') then
            execute format('grant usage on schema public to %I', role_name);
        end if;
    end loop;

    for this in
        select
            c.oid::regclass as name,
            case
                when c.relname in ('_sqlx_migrations', 'program_requirement') then 'select'
                when said.comment like 'read-only%' then 'select'
                when said.comment like 'append-only%' then 'select, insert'
                when c.relkind in ('v', 'm') then 'select'
                else 'select, insert, update, delete'
            end as rights,
            columns.readable
        from pg_class c
        -- The parts of a table are what the whole is.
        cross join lateral (
            select coalesce(obj_description(coalesce(pg_partition_root(c.oid), c.oid), 'pg_class'), '') as comment
        ) said
        -- None where all of them are readable, so that a column that is added later is, too.
        cross join lateral (
            select
                case
                    when bool_or(col_description(c.oid, a.attnum) like 'secret%')
                    then string_agg(quote_ident(a.attname), ', ' order by a.attnum)
                        filter (where col_description(c.oid, a.attnum) is null or col_description(c.oid, a.attnum) not like 'secret%')
                end as readable
            from pg_attribute a
            where a.attrelid = c.oid
            and a.attnum > 0
            and not a.attisdropped
        ) columns
        where c.relnamespace = 'public'::regnamespace
        and c.relowner = me
        and c.relkind in ('r', 'p', 'v', 'm')
    loop
        execute format('revoke all on table %s from public, %I, %I', this.name, program, reader);
        execute format('grant %s on table %s to %I', this.rights, this.name, program);
        execute format('grant select %s on table %s to %I', coalesce('(' || this.readable || ')', ''), this.name, reader);
    end loop;

    for this in
        select c.oid::regclass as name
        from pg_class c
        where c.relnamespace = 'public'::regnamespace
        and c.relowner = me
        and c.relkind = 'S'
    loop
        execute format('revoke all on sequence %s from public, %I, %I', this.name, program, reader);
        execute format('grant usage on sequence %s to %I', this.name, program);
    end loop;

    for this in
        select p.oid::regprocedure as name, p.prosecdef as runs_as_owner
        from pg_proc p
        where p.pronamespace = 'public'::regnamespace
        and p.proowner = me
        -- What belongs to an extension stays as the extension made it.
        and not exists (
            select
            from pg_depend d
            where d.classid = 'pg_proc'::regclass
            and d.objid = p.oid
            and d.deptype = 'e'
        )
    loop
        execute format('revoke all on routine %s from public, %I, %I', this.name, program, reader);
        execute format('grant execute on routine %s to %I', this.name, program);
        if not this.runs_as_owner then
            execute format('grant execute on routine %s to %I', this.name, reader);
        end if;
    end loop;

    -- A temporary table comes first on the search path: it could stand in for a table that a trigger reads.
    if (select d.datdba = me from pg_database d where d.datname = current_database()) then
        execute format('revoke temporary on database %I from public', current_database());
    end if;
end
$$;
