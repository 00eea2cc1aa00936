"""What happens to a cluster under load, one after the other, and a table at the end. Started by `script/drill-ha`."""

import argparse
import datetime
import importlib.util
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import report
from cluster import Beyond, ask, version_of
from compare import Comparison
from load import Client, Load, Office, Refused
from smtp import Sink
from system import Failure, wait_until

# The main file of a folder cannot be imported by its name.
specification = importlib.util.spec_from_file_location("drill", Path(__file__).with_name("__main__.py"))
drill = importlib.util.module_from_spec(specification)
specification.loader.exec_module(drill)

HEAD = ("fault", "acknowledged", "lost", "doubled", "longest without a write", "figures read", "longest without figures",
        "read from", "errors seen meanwhile", "all well again")
FIGURES = (
    "/reports/overview", "/reports/cases?by=month,prefecture", "/reports/cases/rows", "/reports/times", "/search?q=%E8%A8%93%E7%B7%B4",
)


class Reader(Client):
    """Looks at figures and searches, again and again."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.times = []

    def run(self):
        while not self.stop.is_set():
            for path in FIGURES:
                self.send("operator", "GET", path)
                self.times.append(time.monotonic())
        self.close()


class Busy(Load):
    """The usual load, and readers of figures beside it."""

    def __init__(self, office, mark):
        super().__init__(office, mark, callers=4, mailers=1)
        self.readers = [Reader(office, self.ledger, self.stop) for _ in range(2)]
        self.threads += [threading.Thread(target=self.run, args=(reader,), daemon=True) for reader in self.readers]

    def run(self, client):
        try:
            client.run()
        except Refused:
            pass
        except Exception as error:
            self.ledger.offence(f"a client of the drill gave up: {error!r}")
            raise


def nothing(system, seconds):
    time.sleep(seconds)


def conflicts(system, seconds):
    """Tables are locked on the primary, which a replica repeats; and no query there is waited for."""
    system.postgres.set_on_replicas(max_standby_streaming_delay=0, hot_standby_feedback="off")
    before = system.postgres.conflicts()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for table in ("case_file", "office_setting", "search_text"):
            system.postgres.query(f"begin; lock table {table} in access exclusive mode; commit")
    happened = system.postgres.conflicts() - before
    system.postgres.set_on_replicas(max_standby_streaming_delay=None, hot_standby_feedback=None)
    if not happened:
        raise Failure("no query on a replica came into conflict: nothing was tried")
    return f"{happened} queries cancelled"


def primary_killed(system, seconds):
    time.sleep(seconds / 4)
    victim = system.postgres.primary()
    victim.kill()
    wait_until(lambda: system.postgres.primary(), 90, "another member is primary")
    time.sleep(seconds / 2)
    victim.unit.start()
    return f"whole again {system.postgres.wait_whole():.0f} s after it came back"


def standby_killed(system, seconds):
    time.sleep(seconds / 4)
    victim = system.postgres.synchronous()
    victim.kill()
    time.sleep(seconds / 2)
    victim.unit.start()
    system.postgres.wait_whole()


def switchover(system, seconds):
    time.sleep(seconds / 4)
    leader, candidate = system.postgres.primary(), system.postgres.synchronous()
    status, text = ask(leader.rest, "/switchover", {"leader": leader.name, "candidate": candidate.name})
    if status != 200:
        raise Failure(f"Patroni refuses the switchover: {status} {text}")
    system.postgres.wait_whole()
    time.sleep(seconds / 4)


def replica_behind(system, seconds):
    """Both replicas keep what comes and do not replay it: their answers would be old. (Patroni ends a pause at once, and takes
    back a delay; so the process that replays is stopped.)"""
    replicas = [member for member in system.postgres.members if member.is_at("/replica")]
    startup = "select pid from pg_stat_activity where backend_type = 'startup'"
    pids = [int(member.query(startup)[0]) for member in replicas]
    before = system.counted("madoguchi_replica_reads_total").get("primary", 0)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(max(seconds, 10))
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    if system.counted("madoguchi_replica_reads_total").get("primary", 0) == before:
        raise Failure("the primary was not asked although the replicas were behind")


def server_killed(system, seconds):
    for server in system.servers:
        time.sleep(seconds / 3)
        server.send(signal.SIGKILL)
    time.sleep(seconds / 3)


FAULTS = {
    "nothing": ("nothing, for comparison", nothing),
    "conflicts": ("queries on the replicas cancelled by what they replay", conflicts),
    "replica-behind": ("both replicas stop replaying", replica_behind),
    "standby-killed": ("synchronous standby killed (-9)", standby_killed),
    "primary-killed": ("primary killed (-9), with its Patroni", primary_killed),
    "switchover": ("planned switchover", switchover),
    "server-killed": ("one server of the program killed (-9), then the other", server_killed),
}


def longest_gap(times, start, end):
    times = [start, *sorted(t for t in times if start <= t <= end), end]
    return max(after - before for before, after in zip(times, times[1:]))


def run(system, sink, office, comparison, number, name, seconds):
    title, fault = FAULTS[name]
    result = {"fault": name, "title": title, "remark": ""}
    read_before = system.counted("madoguchi_replica_reads_total")
    helper = drill.Drill(system, sink, argparse.Namespace(seconds=seconds))
    with Busy(office, f"drill {number:02}") as load:
        time.sleep(3)
        started = time.monotonic()
        result["remark"] = fault(system, seconds) or ""
        ended = time.monotonic()
        result["requests_again"] = helper.until_requests(load.ledger, ended)
        last = time.monotonic()
    result["jobs_done"] = helper.until_jobs(ended)
    verdict = comparison.of(load.ledger)
    reads = [moment for reader in load.readers for moment in reader.times]
    read = system.counted("madoguchi_replica_reads_total")
    # A server that was killed counts from nothing again.
    since = {label: read_before.get(label, 0) for label in read}
    read = {label: count - since[label] if count >= since[label] else count for label, count in read.items()}
    return result | {
        "acknowledged": verdict.acknowledged, "lost": verdict.lost, "doubled": verdict.doubled,
        "wrong": verdict.wrong + helper.remarks, "errors": load.ledger.errors, "unknown": verdict.unknown,
        "mails_sent": verdict.sent, "figures": len(reads), "read_from": read,
        "without_writes": longest_gap([done.acknowledged for done in load.ledger.acknowledged()], started, last),
        "without_figures": longest_gap(reads, started, last),
    }


def line(result):
    errors = ", ".join(f"{count} × {kind}" for kind, count in sorted(result["errors"].items())) or "none"
    if result["unknown"]:
        errors += f"; {result['unknown']} mails in doubt"
    if result["wrong"]:
        errors += f"; {len(result['wrong'])} WRONG"
    read = ", ".join(f"{count} {label.replace('_', ' ')}" for label, count in sorted(result["read_from"].items()) if count)
    again = (result["requests_again"], result["jobs_done"])
    return (
        result["title"] + (f" ({result['remark']})" if result["remark"] else ""),
        f"{sum(result['acknowledged'].values()):,}", str(len(result["lost"])), str(len(result["doubled"])),
        f"{result['without_writes']:.1f} s", f"{result['figures']:,}", f"{result['without_figures']:.1f} s", read, errors,
        report.seconds(None if None in again else max(again)),
    )


def table(results):
    marks = ("---", "---:", "---:", "---:", "---:", "---:", "---:", "---", "---", "---:")
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (HEAD, marks, *map(line, results)))


def arguments():
    parser = argparse.ArgumentParser(prog="script/drill-ha", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="FAULT", choices=FAULTS, help=f"of: {', '.join(FAULTS)}")
    parser.add_argument("--seconds", type=float, default=15, help="how long a fault lasts, where it is ours to say")
    parser.add_argument("--program", required=True, help="the program; the script builds the release where none is named")
    parser.add_argument("--pgbouncer", nargs="?", const="pgbouncer", metavar="PATH",
                        help="with PgBouncer in transaction mode in front of the primary; 1.21 or newer")
    parser.add_argument("--output", type=Path, required=True, help="folder for the results as JSON")
    parser.add_argument("--table", action="store_true", help="end with the table in Markdown and nothing after it")
    parser.add_argument("--keep", action="store_true", help="leave the folder with logs and databases")
    return parser.parse_args()


def main():
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for tool in ("etcd", "patroni", "haproxy"):
        if not shutil.which(tool):
            raise Failure(f"{tool} is missing: script/setup drill-ha installs it")
    if given.pgbouncer and version_of(given.pgbouncer) < (1, 21):
        raise Failure("this PgBouncer is older than 1.21 and does not keep track of prepared statements")
    sink, results = Sink(), []
    system = Beyond(given.program, sink.port, given.pgbouncer)
    try:
        system.start()
        office = Office(system)
        comparison = Comparison(system, sink, office)
        for number, name in enumerate(given.only or FAULTS):
            print(f"{datetime.datetime.now():%H:%M:%S} {FAULTS[name][0]}", flush=True)
            results.append(run(system, sink, office, comparison, number, name, given.seconds))
            print("  " + "; ".join(f"{head}: {cell}" for head, cell in zip(HEAD[1:], line(results[-1])[1:])), flush=True)
            for kind in ("lost", "doubled", "wrong"):
                for text in results[-1][kind][:10]:
                    print(f"  {kind}: {text}", flush=True)
            report.write(given.output / "drill-ha.json", results)
    finally:
        sink.close()
        system.close(given.keep)
    print("\n" + table(results))
    failed = [result["fault"] for result in results if not report.is_well(result)]
    if not given.table:
        print(f"\nNOT WELL: {', '.join(failed)}" if failed else "\nNothing acknowledged was lost or doubled.")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"script/drill-ha: {failure}")
