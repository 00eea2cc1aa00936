"""A measurement: rounds of the reference and of the API in turn, and what is noted beside them."""

import statistics
import time

from .clients import pgbench, wrk
from .cluster import Questions, Trouble
from .machine import Usage, memory_mb
from .operations import Data

BACKLOG = """
    select (select count(*) from job where dead_at is null and run_at <= now()), (select count(*) from search_dirty),
        (select count(*) from job where dead_at is not null)
"""
# Sessions a second that are prepared for, where no round has told yet.
FIRST_GUESS = 1500


class Run:
    def __init__(self, cluster, server, databases, cases, options, scratch, say):
        self.cluster, self.server, self.options, self.scratch, self.say = cluster, server, options, scratch, say
        self.database, self.reference = databases
        self.cases = cases
        self.mark = format(int(time.time()) % 0x1000000, "x")
        self.questions = Questions(cluster, self.database)
        self.data = Data(server, self.questions, scratch, self.mark)
        self.rounds = 0
        self.requests = 0
        self.booked_rate = {}
        self.load = options.root / "benches/load"

    # ------------------------------------------------------------ beside the rounds

    def backlog(self):
        jobs, texts, dead = map(int, self.questions.ask(BACKLOG)[0])
        return {"jobs": jobs, "texts": texts, "dead": dead}

    def drain(self, limit):
        """Waits until the jobs are done: seconds, and what is left where the limit came first."""
        started = time.monotonic()
        while True:
            left = self.backlog()
            seconds = time.monotonic() - started
            if left["jobs"] + left["texts"] == 0 or seconds > limit:
                return {"seconds": round(seconds, 2), "left": left["jobs"] + left["texts"], "dead": left["dead"]}
            time.sleep(0.1)

    def usage(self):
        return Usage({"server": self.server.process.pid, "database": self.cluster.server.pid, "clients": self.options.pid})

    def prepare(self):
        """People, and the jobs of the first start; then the server is started anew, as it will be measured."""
        self.server.start()
        self.data.set_up()
        self.drain(600)
        self.server.stop()
        self.cluster.sql("checkpoint")
        if not self.options.statements:
            for database in (self.database, self.reference):
                self.cluster.warm(database)
        ready = self.server.start(*(["--no-worker"] if self.options.statements else []))
        time.sleep(3)
        return {"ready_seconds": round(ready, 3), "memory_mb": memory_mb(self.server.process.pid)}

    # ------------------------------------------------------------ rounds

    def reference_round(self, operation, clients, seconds):
        if operation.reference == "d":
            self.cluster.sql("truncate consultations", self.reference)
        variables = {"a": {"orgs": max(100, self.cases // 5)}, "b": {"cases": self.cases}, "c": {}, "d": {"cases": self.cases}}
        before = self.usage()
        result = pgbench(
            self.cluster, self.reference, self.options.root / f"benches/reference/{operation.reference}.sql", clients, seconds,
            variables[operation.reference], self.scratch, 1 if operation.writes else 0.2,
        )
        return result | {"processor": self.usage().since(before)}

    def ask(self, script, lines, clients, seconds, expected, units=1, once=False):
        self.rounds += 1
        arguments = [self.data.tokens(), lines, f"{self.mark}{self.rounds}", "once" if once else "random"]
        result = wrk(self.load, script, self.server.url, clients, seconds, arguments, expected, units)
        self.requests += result["requests"]
        return result

    def fill_stock(self, clients, seconds):
        def run(script, lines, expected):
            result = self.ask(script, lines, 8, 600, expected, once=True)
            if result["errors"]:
                raise Trouble(f"cases to book on could not be made: {result['statuses']} {result['faults']}")

        guess = self.booked_rate.get(clients, FIRST_GUESS if clients > 1 else FIRST_GUESS // 3)
        self.data.need_sessions(int(guess * seconds * 1.3), run)
        self.drain(self.options.drain)

    def api_round(self, operation, clients, seconds, lines):
        is_booking = operation.name == "book"
        if is_booking:
            self.fill_stock(clients, seconds)
            lines = self.data.book_lines()
        backlog = self.backlog()
        before = self.usage()
        result = self.ask(operation.script, lines, clients, seconds, operation.expected, operation.units, once=is_booking)
        result["processor"] = self.usage().since(before)
        if is_booking:
            self.data.booked(result["taken"])
            self.booked_rate[clients] = result["rate"]
        after = self.backlog()
        drained = self.drain(self.options.drain if operation.writes else 5)
        gone = after["jobs"] + after["texts"] - drained["left"]
        result["backlog"] = {
            "before": backlog["jobs"] + backlog["texts"], "after": after["jobs"] + after["texts"], "drained_in": drained["seconds"],
            "left": drained["left"], "dead": drained["dead"], "drained_per_second": round(gone / max(0.1, drained["seconds"]), 1),
        }
        return result

    def measure(self, operation, clients, lines):
        options = self.options
        rounds = {"reference": [], "api": []}
        for number in range(options.rounds):
            if operation.reference:
                rounds["reference"].append(self.reference_round(operation, clients, options.seconds))
            rounds["api"].append(self.api_round(operation, clients, options.seconds, lines))
        result = {"operation": operation.name, "title": operation.title, "clients": clients, "rounds": rounds,
                  "memory_mb": memory_mb(self.server.process.pid)}
        for side, done in rounds.items():
            if done:
                result[side] = {key: statistics.median(one[key] for one in done) for key in ("rate", "p50", "p99")}
                result[side]["errors"] = sum(one["errors"] for one in done)
        if operation.reference:
            result["ratio"] = round(result["api"]["rate"] / result["reference"]["rate"], 3)
            result["p99_ratio"] = round(result["api"]["p99"] / result["reference"]["p99"], 2)
        return result

    def check(self, operation, lines):
        """One answer, looked at, before thousands that are only counted."""
        if operation.script != "get":
            return
        number, path = lines.read_text(encoding="utf-8").split("\n", 1)[0].split("\t")
        status, answer = self.server.call("GET", path, token=self.server.token(self.data.people[int(number) - 1]))
        if status != 200 or not (answer.get("items") or answer.get("id")):
            raise Trouble(f"{operation.title}: {status} {str(answer)[:300]}")

    def operation(self, operation):
        """All client counts of an operation."""
        lines = None
        if operation.name != "book":
            lines = self.data.lines(operation)
            self.check(operation, lines)
            # Warm tables, and statements that are prepared.
            self.ask(operation.script, lines, 8, 2, operation.expected, operation.units)
            self.drain(self.options.drain)
        if operation.reference:
            self.reference_round(operation, 8, 2)
        self.cluster.sql("checkpoint")
        for clients in self.options.clients:
            result = self.measure(operation, clients, lines)
            self.say(summary(result))
            for fault in {fault[:300] for one in result["rounds"]["api"] for fault in one["faults"]}:
                self.say(f"  {fault}")
            yield result

    def close(self):
        self.questions.close()


def summary(result):
    api, reference = result["api"], result.get("reference")
    text = f"{result['title']:30} {result['clients']:4} clients  {api['rate']:8.0f}/s  p50 {api['p50']:7.2f}  p99 {api['p99']:7.2f} ms"
    if reference:
        text += f"  | {reference['rate']:8.0f}/s  p50 {reference['p50']:7.2f}  p99 {reference['p99']:7.2f} ms"
        text += f"  | {result['ratio']:.2f}  p99 x {result['p99_ratio']:.1f}"
    others = max(one["processor"]["others"] for one in result["rounds"]["api"])
    left = max(one["backlog"]["left"] for one in result["rounds"]["api"])
    return (text + f"  | errors {api['errors']}" + (f"  left {left}" if left else "")
            + f"  {result['memory_mb']['resident']:.0f} MB  others {others:.0f} %")
