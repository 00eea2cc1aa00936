"""What happens to a cluster under load, one after the other, and a table at the end. Started by `script/drill-ha`."""

import argparse
import os
import shutil
import signal
import sys
import threading
import time

import report
from cluster import Beyond, ask, version_of
from compare import Comparison
from drill import Drill
from load import Client, Load, Office, Refused
from smtp import Sink
from system import Failure, wait_until

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
    helper = Drill(system, sink, argparse.Namespace(seconds=seconds))
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


def read_from(result):
    return ", ".join(f"{count} {label.replace('_', ' ')}" for label, count in sorted(result["read_from"].items()) if count)


def well_again(result):
    times = (result["requests_again"], result["jobs_done"])
    return report.seconds(None if None in times else max(times))


COLUMNS = (
    *report.SHARED,
    ("longest without a write", "---:", lambda result: report.seconds(result["without_writes"])),
    ("figures read", "---:", lambda result: f"{result['figures']:,}"),
    ("longest without figures", "---:", lambda result: report.seconds(result["without_figures"])),
    ("read from", "---", read_from),
    ("errors seen meanwhile", "---", report.errors),
    ("all well again", "---:", well_again),
)


def main():
    parser = argparse.ArgumentParser(prog="script/drill-ha", description=__doc__)
    report.add_options(parser, FAULTS, seconds=15, what="how long a fault lasts, where it is ours to say")
    parser.add_argument("--pgbouncer", nargs="?", const="pgbouncer", metavar="PATH",
                        help="with PgBouncer in transaction mode in front of the primary; 1.21 or newer")
    given = parser.parse_args()
    report.end_cleanly()
    for tool in ("etcd", "patroni", "haproxy"):
        if not shutil.which(tool):
            raise Failure(f"{tool} is missing: script/setup drill-ha installs it")
    if given.pgbouncer and version_of(given.pgbouncer) < (1, 21):
        raise Failure("this PgBouncer is older than 1.21 and does not keep track of prepared statements")
    sink = Sink()
    system = Beyond(given.program, sink.port, given.pgbouncer)
    try:
        system.start()
        office = Office(system)
        comparison = Comparison(system, sink, office)
        results = report.run_all(
            given, FAULTS, "drill-ha.json",
            lambda number, name: run(system, sink, office, comparison, number, name, given.seconds), COLUMNS,
        )
    finally:
        sink.close()
        system.close(given.keep)
    return report.finish(given, results, COLUMNS)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"script/drill-ha: {failure}")
