"""One fault under load, and what came of it."""

import os
import time

from faults import FAULTS, NotTried
from load import Load
from system import Failure

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
