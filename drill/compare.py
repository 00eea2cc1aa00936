"""What was acknowledged, next to what is there: in the database, in the files, in the mail server, in the audit trail."""

import collections
import hashlib
import random
from dataclasses import dataclass, field

from load import Client, Ledger, Refused
from system import Failure, rows

# How each kind of operation is found again: its mark (or what stands for it) and its id.
FOUND = {
    "case": "select subject, id from case_file where channel = 'phone' and subject like '{mark} %'",
    "note": "select body, id from note where body like '{mark} %'",
    "file": "select encode(sha256, 'hex'), id from attachment where filename like '{mark} %'",
    "reply": "select subject, id from message where kind = 'reply' and subject like '{mark} %'",
    "session": "select note, id from consultation where note like '{mark} %'",
    "mail": "select encode(sha256, 'hex'), id from inbound_mail",
}
# A mail becomes a case, once.
MAIL_CASES = "select subject, id from case_file where channel = 'email' and subject like '{mark} %'"
ORDER = ("received", "routed", "accepted", "assigned", "consulting", "closed")


@dataclass
class Verdict:
    """What the comparison came to; every entry is a sentence."""

    acknowledged: collections.Counter = field(default_factory=collections.Counter)
    lost: list = field(default_factory=list)
    doubled: list = field(default_factory=list)
    wrong: list = field(default_factory=list)
    # Mails of which nobody knows whether they were taken: the connection broke off after the whole content.
    unknown: int = 0
    sent: int = 0


class Comparison:
    """Remembers the outgoing mail that was judged before."""

    def __init__(self, system, sink, office):
        self.system, self.sink, self.office = system, sink, office
        self.judged = set()

    def of(self, ledger):
        verdict = Verdict()
        self.operations(ledger, verdict)
        self.moves(ledger, verdict)
        self.limit(ledger, verdict)
        self.files(ledger, verdict)
        self.outgoing(verdict)
        self.repeat(ledger, verdict)
        try:
            self.system.run("audit", "verify")
        except Failure as failure:
            verdict.wrong.append(f"the audit trail is not intact: {str(failure)[:500]}")
        verdict.wrong += ledger.offences
        return verdict

    def query(self, sql):
        return rows(self.system.postgres.query(sql))

    def operations(self, ledger, verdict):
        """Each acknowledged one exactly once, under the id that was acknowledged; each open one at most once."""
        by_kind = collections.defaultdict(list)
        for operation in ledger.operations:
            by_kind[operation.kind].append(operation)
            if operation.acknowledged:
                verdict.acknowledged[operation.kind] += 1
        for kind, sql in FOUND.items():
            found = collections.defaultdict(list)
            for mark, id in self.query(sql.format(mark=ledger.mark)):
                found[mark].append(id)
            for operation in by_kind[kind]:
                self.judge(operation, found[operation.sha256 or operation.mark], verdict)
        cases = collections.Counter(mark for mark, _ in self.query(MAIL_CASES.format(mark=ledger.mark)))
        for operation in by_kind["mail"]:
            count = cases[operation.mark]
            if operation.acknowledged and count == 0:
                verdict.lost.append(f"the case of mail {operation.mark}")
            if count > 1:
                verdict.doubled.append(f"{count} cases of mail {operation.mark}")

    @staticmethod
    def judge(operation, ids, verdict):
        named = f"{operation.kind} {operation.mark}"
        if len(ids) > 1:
            verdict.doubled.append(f"{named}: {len(ids)} times")
        elif operation.acknowledged and not ids:
            verdict.lost.append(named)
        elif operation.acknowledged and ids != [operation.id]:
            verdict.wrong.append(f"{named} was acknowledged under another id than it has")

    def moves(self, ledger, verdict):
        """No case stands before the last step that was acknowledged."""
        reached = {}
        for operation in ledger.acknowledged():
            step = {"offer": "assigned", "session": "consulting"}.get(operation.kind)
            if operation.kind == "move":
                step = "routed" if operation.path.endswith("/route") else "accepted"
            if step:
                reached[operation.case_id] = max(reached.get(operation.case_id, 0), ORDER.index(step))
        sql = f"select id, status from case_file where subject like '{ledger.mark} %'"
        status = {id: ORDER.index(name) for id, name in self.query(sql)}
        for case_id, step in reached.items():
            if status.get(case_id, -1) < step:
                verdict.lost.append(f"the step of case {case_id} to {ORDER[step]}")

    def limit(self, ledger, verdict):
        if verdict.acknowledged["fourth session"]:
            verdict.wrong.append(f"{verdict.acknowledged['fourth session']} fourth sessions were booked")
        sql = "select case_id from consultation where live group by case_id having count(*) > 3"
        verdict.wrong += [f"case {case_id} has more than three sessions" for (case_id,) in self.query(sql)]

    def files(self, ledger, verdict):
        """A hundred of them come back as they went."""
        files = [operation for operation in ledger.acknowledged() if operation.kind == "file"]
        client = Client(self.office, Ledger(ledger.mark))
        for operation in random.sample(files, min(100, len(files))):
            try:
                content = client.send("operator", "GET", f"/attachments/{operation.id}")[2]
            except Refused as refused:
                verdict.lost.append(f"file {operation.mark}: {refused}")
                continue
            if hashlib.sha256(content).hexdigest() != operation.sha256:
                verdict.wrong.append(f"file {operation.mark} came back with other bytes")
        client.close()

    def outgoing(self, verdict):
        """Each mail that is said to be sent was taken exactly once; each in doubt at most once; no other at all."""
        known = self.query("select message_id, state, coalesce(last_error, '') from message")
        with self.sink.lock:
            taken = dict(self.sink.taken)
        for message_id, state, why in known:
            if message_id in self.judged:
                continue
            self.judged.add(message_id)
            count = taken.get(message_id, 0)
            if count > 1:
                verdict.doubled.append(f"mail {message_id} was sent {count} times")
            if state == "unknown":
                verdict.unknown += 1
            elif state != "sent":
                verdict.wrong.append(f"mail {message_id} is {state}: {why}")
            elif count == 0:
                verdict.lost.append(f"mail {message_id} is said to be sent")
            else:
                verdict.sent += 1
        for message_id in taken.keys() - {row[0] for row in known}:
            verdict.wrong.append(f"mail {message_id} was sent and is not known")
            self.judged.add(message_id)

    def repeat(self, ledger, verdict):
        """Twenty of the acknowledged requests, sent once more: the first answer, nothing new."""
        kinds = ("case", "note", "file", "reply", "session", "mail")
        operations = [operation for operation in ledger.acknowledged() if operation.kind in kinds]
        client = Client(self.office, Ledger(ledger.mark))
        for operation in random.sample(operations, min(20, len(operations))):
            try:
                answer = client.send(operation.who, "POST", operation.path, operation.body, operation.headers)[2]
            except Refused as refused:
                verdict.wrong.append(f"{operation.kind} {operation.mark}, repeated: {refused}")
                continue
            id = answer["items"][0]["id"] if "items" in answer else answer["id"]
            if id != operation.id:
                verdict.doubled.append(f"{operation.kind} {operation.mark}, repeated: another id")
        client.close()
