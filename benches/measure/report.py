"""What is printed and kept at the end."""

import json
import statistics
import sys
import time

from .machine import describe

# Shares of all processors, in percent, above which a measurement says that it was not alone.
OTHERS, STOLEN = 5, 2


def ms(value):
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def rows(result):
    for one in result["operations"]:
        api, reference = one["api"], one.get("reference")
        if reference:
            bare = [f"{reference['rate']:,.0f}", ms(reference["p50"]), ms(reference["p99"])]
            ratios = [f"{one['ratio']:.2f}", f"{one['p99_ratio']:.1f}"]
        else:
            bare, ratios = [""] * 3, [""] * 2
        yield [one["title"], str(one["clients"]), f"{api['rate']:,.0f}", ms(api["p50"]), ms(api["p99"]), *bare, *ratios,
               str(api["errors"]), drained(one)]


def drained(one):
    """What waited after a round, and how long it took to be done: the worst of the rounds."""
    worst = max((each["backlog"] for each in one["rounds"]["api"]), key=lambda backlog: (backlog["left"], backlog["drained_in"]))
    if worst["after"] == 0:
        return ""
    text = f"{worst['after']:,} in {worst['drained_in']:.1f} s"
    return f"{text}, {worst['left']:,} left" if worst["left"] else text


HEAD = ["", "clients", "per s", "p50 ms", "p99 ms", "bare per s", "p50 ms", "p99 ms", "rate ÷ bare", "p99 ÷ bare", "errors", "jobs after"]


COST_HEAD = ["µs of processor for one", "in all", "database", "server", "client", "bare", "database", "client"]


def costs(result, cores):
    """Processor time of one request by who used it, the background work of the same time included, with the most clients."""
    most = max(one["clients"] for one in result["operations"])

    def of(rounds, *names):
        # A round without an answer says nothing of what one costs.
        spent = [[cores * 1e6 * each["processor"][name] / 100 / each["rate"] for name in names] for each in rounds if each["rate"]]
        each = [statistics.median(column) for column in zip(*spent)]
        return [f"{value:,.0f}" for value in (sum(each), *each)] if spent else [""] * (1 + len(names))

    for one in result["operations"]:
        if one["clients"] == most:
            bare = one["rounds"]["reference"]
            yield [one["title"], *of(one["rounds"]["api"], "database", "server", "clients"),
                   *(of(bare, "database", "clients") if bare else [""] * 3)]


def table(lines, is_markdown):
    if is_markdown:
        marked = ["| " + " | ".join(line) + " |" for line in lines]
        return "\n".join([marked[0], "|" + "---|" * len(lines[0]), *marked[1:]])
    widths = [max(len(cell) for cell in column) for column in zip(*lines)]
    return "\n".join(
        "  ".join(cell.ljust(most) if at == 0 else cell.rjust(most) for at, (cell, most) in enumerate(zip(line, widths)))
        for line in lines
    )


def company(results):
    """What others did on the machine while it was measured."""
    shares = [each["processor"] for result in results for one in result["operations"] for side in one["rounds"].values() for each in side]
    if not shares:
        return None
    others = sorted(share["others"] for share in shares)
    stolen = max(share["stolen"] for share in shares)
    text = f"Other processes used {others[len(others) // 2]:.0f} % of the processors (median of the rounds), at most {others[-1]:.0f} %."
    if stolen >= STOLEN:
        text += f" The host took up to {stolen:.0f} % away."
    if others[-1] < OTHERS and stolen < STOLEN:
        return None
    return text + " The ratios bear that better than the rates do."


def finish(results, options, cluster):
    """Prints the tables and keeps all figures; 1 where an answer was not as expected."""
    machine = describe()
    version = cluster.sql("show server_version")[0][0]
    kept = options.kept / f"results-{time.strftime('%Y%m%d-%H%M%S')}.json"
    noticed = company(results)
    kept.write_text(json.dumps({
        "machine": machine, "postgresql": version, "seconds": options.seconds, "rounds": options.rounds, "other_load": noticed,
        "sizes": results,
    }, ensure_ascii=False, indent=1), encoding="utf-8")
    errors = 0
    for result in results:
        start, end = result["start"], result["end"]
        print(f"\n{result['cases']:,} cases; {machine['cores']} cores ({machine['processor']}), PostgreSQL {version}; "
              f"{options.rounds} rounds of {options.seconds} s, medians\n")
        print(table([HEAD, *rows(result)], options.table))
        print()
        print(table([COST_HEAD, *costs(result, machine["cores"])], options.table))
        print(f"\nReady in {start['ready_seconds']:.2f} s. {memory('idle', start['memory_mb'])}, "
              f"{memory('after ' + format(end['requests'], ',') + ' requests', end['memory_mb'])}.")
        errors += sum(one["api"]["errors"] for one in result["operations"])
    if noticed:
        print(noticed)
    print(f"All figures: {kept}")
    if errors:
        print(f"{errors} answers were not as expected", file=sys.stderr)
    return 1 if errors else 0


def memory(when, megabytes):
    return f"Resident memory {when}: {megabytes['resident']:.0f} MB, of which {megabytes['own']:.0f} MB are not the binary's"
