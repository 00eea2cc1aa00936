"""Which statements each operation runs, how often and how long, and how PostgreSQL goes about them."""

import json
import textwrap

from .cluster import Trouble

# What PostgreSQL asks itself, for foreign keys and triggers at the end of a transaction, is no round trip.
INTERNAL = r"^(SELECT 1 FROM ONLY|not exists|new\.|old\.)"
STATEMENTS = """
    select row_to_json(asked)
    from (
        select calls, total_exec_time + total_plan_time as ms, plans, rows, total_plan_time as plan_ms,
            query ~ '{internal}' as is_internal, query
        from pg_stat_statements s
        join pg_database d on d.oid = s.dbid
        where d.datname = '{database}'
        and query !~ 'pg_stat_statements'
        order by ms desc
    ) asked
"""


def show(run, operations, plans):
    """Prints them for each operation; jobs rest meanwhile. With a folder for `plans`, writes down each plan."""
    run.cluster.sql("create extension if not exists pg_stat_statements", run.database)
    for operation in operations:
        is_booking = operation.name == "book"
        for is_counted in (False, True):
            if is_booking:
                run.fill_stock(8, run.options.seconds)
            lines = run.data.lines(operation)
            run.cluster.sql("select pg_stat_statements_reset()", run.database)
            result = run.ask(operation.script, lines, 8, run.options.seconds if is_counted else 1, operation.expected, operation.units,
                             once=is_booking)
            if is_booking:
                run.data.booked(result["taken"])
        rows = run.cluster.sql(STATEMENTS.format(internal=INTERNAL, database=run.database), run.database)
        found = [json.loads(row[0]) for row in rows]
        units = result["requests"] / operation.units
        report(operation, result, found, units)
        if plans:
            often = [one for one in found if not one["is_internal"] and one["calls"] / units >= 0.2]
            keep_plans(run, plans / f"{operation.name}.txt", often)


def report(operation, result, found, units):
    print(f"\n{operation.title}: {units:,.0f} times, {result['rate']:,.0f} per second, errors {result['errors']} {result['faults'] or ''}")
    trips = sum(one["calls"] for one in found if not one["is_internal"]) / units
    time_of_all = sum(one["ms"] for one in found)
    planning = sum(one["plan_ms"] for one in found)
    print(f"  {trips:.1f} round trips and {1000 * time_of_all / units:.0f} µs in the database for each, "
          f"of which {1000 * planning / units:.0f} µs planning")
    print(f"  {'times':>7} {'µs each':>9} {'share':>6} {'planned':>8} {'µs':>7} {'rows':>6}")
    for one in found:
        calls, share = one["calls"], one["ms"] / time_of_all
        if calls / units < 0.2 and share < 0.01:
            continue
        print(f"  {calls / units:7.2f} {1000 * one['ms'] / calls:9.0f} {100 * share:4.0f} % {one['plans'] / calls:8.2f} "
              f"{1000 * one['plan_ms'] / calls:7.0f} {one['rows'] / calls:6.1f}  {'(trigger) ' if one['is_internal'] else ''}"
              f"{' '.join(one['query'].split())[:160]}")


def keep_plans(run, file, found):
    """How each statement is gone about, without costs: what a change did is what differs."""
    statements = {textwrap.dedent(one["query"]).strip(): one for one in found}
    plans = [f"{query}\n\n{plan(run, query, one)}\n" for query, one in sorted(statements.items())
             if query.split()[0].lower() not in ("begin", "commit", "rollback", "set")]
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n\n".join(plans), encoding="utf-8")


def plan(run, query, one):
    """The plan that is made once for all values of the parameters."""
    if one["plans"] / one["calls"] > 0.5:
        return "Planned for its values each time."
    most = 0
    while f"${most + 1}" in query:
        most += 1
    values = f"({', '.join(['null'] * most)})" if most else ""
    try:
        return run.cluster.psql(
            "--command", "set plan_cache_mode = force_generic_plan", "--command", f"prepare asked as {query}",
            "--command", f"explain (costs off) execute asked {values}", database=run.database,
        )
    except Trouble:
        # The program says the types of the parameters beside the statement.
        return "The statement alone does not say the types of its parameters."
