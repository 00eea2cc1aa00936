"""Runs the faults one after the other against one system, and ends with a table. Started by `script/drill`."""

import argparse
import datetime
import os
import signal
import sys
import time
from pathlib import Path

import report
from compare import Comparison
from faults import FAULTS, NotTried
from load import Load, Office
from smtp import Sink
from system import Failure, System

# Every kind that clients send, but the one that is always refused.
KINDS = {"case", "note", "file", "reply", "move", "offer", "session", "mail"}
# By then requests must be answered again, and jobs be done: a mail that failed waits a minute, a lease half a minute.
REQUESTS_LIMIT = 60
JOBS_LIMIT = 150
WAITING = """
select (select count(*) from job where dead_at is null and kind in ('place_mail', 'send_message'))
    + (select count(*) from job where dead_at is null and run_at < now() - interval '10 s')
    + (select count(*) from search_dirty)
    + (select count(*) from message where state in ('waiting', 'queued', 'sending'))
    + (select count(*) from inbound_mail where state = 'pending')
"""


class Drill:
    """What faults may use."""

    def __init__(self, system, sink, arguments):
        self.system, self.sink = system, sink
        self.long = arguments.seconds
        self.short = min(arguments.seconds, 12)
        self.remarks = []
        self.ledger = None

    def wrong(self, text):
        self.remarks.append(text)

    @staticmethod
    def kill(pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def run(self, number, name, office, comparison):
        title, function = FAULTS[name]
        result = {"fault": name, "title": title, "remark": ""}
        self.remarks = []
        for unit in (self.system.server, self.system.worker, self.system.postgres.unit):
            unit.restarts = 0
        getattr(function, "before", lambda drill: None)(self)
        try:
            with Load(office, f"drill {number:02}") as load:
                self.ledger = load.ledger
                time.sleep(2)
                try:
                    result["remark"] = function(self) or ""
                except NotTried as reason:
                    return result | {"not_tried": str(reason)}
                except Failure as failure:
                    self.wrong(str(failure))
                ended = time.monotonic()
                result["requests_again"] = self.until_requests(load.ledger, ended)
            result["jobs_done"] = self.until_jobs(ended)
        finally:
            getattr(function, "after", lambda drill: None)(self)
        verdict = comparison.of(load.ledger)
        if hasattr(function, "noticed"):
            if (len(verdict.lost), len(verdict.doubled)) != function.noticed:
                self.wrong(f"the drill noticed {verdict.lost} and {verdict.doubled} instead")
            verdict.lost, verdict.doubled = [], []
            result["remark"] = "both noticed"
        return result | {
            "acknowledged": verdict.acknowledged, "reads": load.ledger.reads, "mails_sent": verdict.sent,
            "unknown": verdict.unknown, "lost": verdict.lost, "doubled": verdict.doubled,
            "wrong": verdict.wrong + self.remarks, "errors": load.ledger.errors, "examples": load.ledger.examples,
        }

    @staticmethod
    def until_requests(ledger, ended):
        """Seconds until the last error, and until every kind was acknowledged anew; then three seconds of calm."""
        while time.monotonic() - ended < REQUESTS_LIMIT:
            time.sleep(0.2)
            first = ledger.succeeded_since(ended)
            calm_since = max(ended, ledger.last_error)
            if KINDS <= first.keys() and time.monotonic() - calm_since > 3:
                return max(calm_since, min(first.values())) - ended
        return None

    def until_jobs(self, ended):
        """Seconds until nothing waits any more; dead jobs are wrong."""
        while time.monotonic() - ended < JOBS_LIMIT:
            try:
                waiting = int(self.system.postgres.query(WAITING)[0])
            except Failure:
                waiting = -1
            if waiting == 0:
                for line in self.system.postgres.query("select kind, last_error from job where dead_at is not null"):
                    self.wrong(f"a dead job: {line}")
                return time.monotonic() - ended
            time.sleep(0.3)
        return None


def stop(number, _):
    """Ends the drill, and lets nothing disturb the cleaning up."""
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def main():
    parser = argparse.ArgumentParser(prog="script/drill", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="FAULT", choices=FAULTS, help=f"of: {', '.join(FAULTS)}")
    parser.add_argument("--seconds", type=float, default=60, help="how long PostgreSQL is stopped; nothing takes longer")
    parser.add_argument("--program", required=True, help="the program; the script builds the release where none is named")
    parser.add_argument("--output", type=Path, required=True, help="folder for the results as JSON")
    parser.add_argument("--table", action="store_true", help="end with the table in Markdown and nothing after it")
    parser.add_argument("--keep", action="store_true", help="leave the folder with logs and database")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)

    sink, results = Sink(), []
    system = System(arguments.program, sink.port)
    try:
        system.start()
        office = Office(system)
        comparison = Comparison(system, sink, office)
        drill = Drill(system, sink, arguments)
        for number, name in enumerate(arguments.only or FAULTS):
            print(f"{datetime.datetime.now():%H:%M:%S} {FAULTS[name][0]}", flush=True)
            results.append(drill.run(number, name, office, comparison))
            report.show(results[-1])
            report.write(arguments.output / "drill.json", results)
    finally:
        sink.close()
        system.close(arguments.keep)
    print("\n" + report.table(results))
    failed = [result["fault"] for result in results if not report.is_well(result)]
    if not arguments.table:
        print(f"\nNOT WELL: {', '.join(failed)}" if failed else "\nNothing acknowledged was lost or doubled.")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"script/drill: {failure}")
