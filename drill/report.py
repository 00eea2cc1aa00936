"""What both drills share: their options, the walk through the faults, and the table at the end, for people and for the
README, and the same as JSON."""

import datetime
import json
import signal
import sys
from pathlib import Path


def add_options(parser, faults, seconds, what):
    parser.add_argument("--only", nargs="+", metavar="FAULT", choices=faults, help=f"of: {', '.join(faults)}")
    parser.add_argument("--seconds", type=float, default=seconds, help=what)
    parser.add_argument("--program", required=True, help="the program; the script builds the release where none is named")
    parser.add_argument("--output", type=Path, required=True, help="folder for the results as JSON")
    parser.add_argument("--table", action="store_true", help="end with the table in Markdown and nothing after it")
    parser.add_argument("--keep", action="store_true", help="leave the folder with logs and databases")


def end_cleanly():
    """A signal ends the drill through its cleaning up, which no second one disturbs."""
    def stop(number, _):
        for other in (signal.SIGTERM, signal.SIGINT):
            signal.signal(other, signal.SIG_IGN)
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def run_all(given, faults, file, run, columns):
    """Each fault in turn; what came of it is said and kept at once."""
    results = []
    for number, name in enumerate(given.only or faults):
        print(f"{datetime.datetime.now():%H:%M:%S} {faults[name][0]}", flush=True)
        results.append(run(number, name))
        show(results[-1], columns)
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / file).write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    return results


def finish(given, results, columns):
    """Prints the table; the exit code."""
    print("\n" + table(results, columns))
    failed = [result["fault"] for result in results if not is_well(result)]
    if not given.table:
        print(f"\nNOT WELL: {', '.join(failed)}" if failed else "\nNothing acknowledged was lost or doubled.")
    return 1 if failed else 0


def title(result):
    return result["title"] + (f" ({result['remark']})" if result["remark"] else "")


def errors(result):
    text = ", ".join(f"{count} × {kind}" for kind, count in sorted(result["errors"].items())) or "none"
    if result["unknown"]:
        text += f"; {result['unknown']} mails in doubt"
    if result["wrong"]:
        text += f"; {len(result['wrong'])} WRONG"
    return text


def seconds(value):
    return "NOT" if value is None else f"{value:.1f} s"


# Of each column: its head, how it is set in Markdown, and its cell. Those that both drills have come first.
SHARED = (
    ("fault", "---", title),
    ("acknowledged", "---:", lambda result: f"{sum(result['acknowledged'].values()):,}"),
    ("lost", "---:", lambda result: str(len(result["lost"]))),
    ("doubled", "---:", lambda result: str(len(result["doubled"]))),
)
LOCAL = (
    *SHARED,
    ("errors seen meanwhile", "---", errors),
    ("requests again", "---:", lambda result: seconds(result["requests_again"])),
    ("jobs done", "---:", lambda result: seconds(result["jobs_done"])),
)


def line(result, columns):
    """One row of the table."""
    if result.get("not_tried"):
        return [result["title"], f"not tried: {result['not_tried']}", *["–"] * (len(columns) - 2)]
    return [cell(result) for _, _, cell in columns]


def show(result, columns):
    """What is said right after a fault."""
    cells = line(result, columns)
    print("  " + "; ".join(f"{head}: {cell}" for (head, _, _), cell in zip(columns[1:], cells[1:])), flush=True)
    for kind in ("lost", "doubled", "wrong"):
        for text in result.get(kind, [])[:10]:
            print(f"  {kind}: {text}", flush=True)


def table(results, columns):
    """In Markdown."""
    heads, marks, _ = zip(*columns)
    rows = (heads, marks, *(line(result, columns) for result in results))
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


def is_well(result):
    if result.get("not_tried"):
        return True
    is_recovered = result["requests_again"] is not None and result["jobs_done"] is not None
    return is_recovered and not (result["lost"] or result["doubled"] or result["wrong"])
