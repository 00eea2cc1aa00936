"""The clients: each does what an office does, remembers what was acknowledged, and repeats what was not.

A request that is not answered with 2xx is repeated with the same `Idempotency-Key` (a mail: with the same bytes), as
RFC-abiding clients and mail servers do. Whatever else happens is counted by kind; an answer that no client should ever
see (500, 503 without `Retry-After`, a refusal of what is right) is an offence and fails the drill.
"""

import collections
import datetime
import hashlib
import http.client
import itertools
import json
import random
import threading
import time
import uuid
from dataclasses import dataclass, field

# Longer than the server may take to say that it cannot.
TIMEOUT = 40
# What is still refused so long after the load ended stays open.
LAST_PATIENCE = 30
PASSWORD = "correct-horse-drill-2026"
DAY = datetime.timedelta(days=1)


@dataclass
class Operation:
    """Something that a client wants done once."""

    kind: str
    mark: str
    who: str = ""
    path: str = ""
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    id: str = ""
    started: float = 0.0
    acknowledged: float = 0.0
    case_id: str = ""
    sha256: str = ""


class Ledger:
    """What the clients of one fault saw."""

    def __init__(self, mark):
        self.mark = mark
        self.lock = threading.Lock()
        self.operations = []
        self.errors = collections.Counter()
        self.examples = {}
        self.offences = []
        self.reads = 0
        self.last_error = 0.0

    def acknowledged(self):
        with self.lock:
            return [operation for operation in self.operations if operation.acknowledged]

    def error(self, kind, example=""):
        with self.lock:
            self.errors[kind] += 1
            self.examples.setdefault(kind, example)
            self.last_error = time.monotonic()

    def offence(self, text):
        with self.lock:
            self.offences.append(text)

    def succeeded_since(self, moment):
        """The kinds of which one was begun and acknowledged after that moment, with the time of the first."""
        first = {}
        for operation in self.acknowledged():
            if operation.started >= moment:
                first[operation.kind] = min(first.get(operation.kind, float("inf")), operation.acknowledged)
        return first


class Refused(Exception):
    """The answer is a refusal, or the load ended before there was one."""

    def __init__(self, status, slug=""):
        super().__init__(f"{status} {slug}")
        self.status, self.slug = status, slug


class Office:
    """Who there is, entered once: a desk, its managers, and the people who sign in."""

    def __init__(self, system):
        self.system = system
        self.tokens, self.lock = {}, threading.Lock()
        self.slots = itertools.count()
        self.numbers = itertools.count(1)
        for role in ("admin", "operator"):
            self.enter_user(role)
        client = Client(self, Ledger("setup"))
        self.desk_id = client.make("admin", "/desks", {"code": "drill", "name": "訓練窓口"})
        coverage = {"prefecture_code": "02", "from": "2020-04-01"}
        client.make("admin", f"/desks/{self.desk_id}/coverage", coverage)
        self.enter_user("desk", "--desk", "drill")
        client.make("admin", "/mailboxes", {"address": "sodan@madoguchi.example"})
        self.managers = [client.make("admin", "/managers", self.manager(n)) for n in range(20)]
        _, headers, _ = client.send("admin", "GET", "/settings")
        settings = {"message_hold_seconds": 0, "automatic_mails_per_hour": 100_000}
        patch = {"If-Match": headers["ETag"], "Content-Type": "application/json"}
        client.send("admin", "PATCH", "/settings", json.dumps(settings).encode(), patch)
        arguments = ("token", "create", "--user", "admin@drill.example.jp", "--permission", "intake")
        self.intake_token = system.run(*arguments).strip().splitlines()[-1]
        if client.ledger.offences:
            raise RuntimeError(f"the office cannot be entered: {client.ledger.offences}")

    def enter_user(self, role, *more):
        mail = f"{role}@drill.example.jp"
        self.system.run("user", "create", "--email", mail, "--name", f"訓練 {role}", "--role", role, *more, text=PASSWORD)

    @staticmethod
    def manager(number):
        return {
            "name": f"訓練 {number}号", "email": f"manager-{number}@example.jp", "topics": ["labour", "ict"],
            "prefecture_codes": ["02"], "modes": ["online"], "monthly_capacity": 200,
        }

    def times(self):
        """A manager, and four hours in a row that nobody else gets: three sessions, and one too many."""
        slot = next(self.slots)
        manager = self.managers[slot % len(self.managers)]
        # 45 cases a month and manager: 135 sessions, which is within what a manager may hold.
        day, turn = divmod(slot // len(self.managers), 2)
        start = datetime.datetime.now(datetime.UTC).replace(minute=0, second=0, microsecond=0)
        start += DAY * (2 + day) + datetime.timedelta(hours=6 * turn)
        return manager, [start + datetime.timedelta(hours=hour) for hour in range(4)]

    def token(self, client, who, old=None):
        """The access token of a role; another one where the old one is no longer taken."""
        with self.lock:
            if self.tokens.get(who) in (None, old):
                body = json.dumps({"email": f"{who}@drill.example.jp", "password": PASSWORD}).encode()
                headers = {"Content-Type": "application/json"}
                _, _, answer = client.send(None, "POST", "/auth/login", body, headers)
                self.tokens[who] = answer["access_token"]
            return self.tokens[who]


class Client:
    """One connection, kept open as long as the other side keeps it."""

    def __init__(self, office, ledger, stop=None):
        self.office, self.ledger = office, ledger
        self.stop = stop or threading.Event()
        self.stopped_at = None
        self.connection, self.address = None, None

    def once(self, method, path, body, headers):
        address = self.office.system.address
        if self.connection is None or self.address != address:
            self.close()
            self.address = address
            self.connection = http.client.HTTPConnection(*address, timeout=TIMEOUT)
        try:
            self.connection.request(method, f"/api/v1{path}", body, headers)
            answer = self.connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def is_over(self):
        """The load ended and this request had its last chances."""
        if not self.stop.is_set():
            return False
        self.stopped_at = self.stopped_at or time.monotonic()
        return time.monotonic() - self.stopped_at > LAST_PATIENCE

    def send(self, who, method, path, body=None, headers=None, operation=None):
        """Sends until there is an answer that counts: 2xx, or a refusal for good, which is raised."""
        headers = dict(headers or {})
        rejected = None
        while not self.is_over():
            if who:
                token = self.office.token(self, who, rejected)
                headers["Authorization"] = f"Bearer {token}"
            if operation:
                operation.started = operation.started or time.monotonic()
            try:
                status, answered, text = self.once(method, path, body, headers)
            except ConnectionRefusedError:
                self.pause("refused", 0.2)
            except TimeoutError:
                self.pause("timed out", 0.2)
            except (OSError, http.client.HTTPException) as error:
                self.pause("broken off", 0.1, repr(error))
            else:
                if 200 <= status < 300:
                    if operation:
                        operation.acknowledged = time.monotonic()
                    is_json = answered.get_content_type() == "application/json"
                    return status, answered, json.loads(text) if is_json and text else text
                if who and status == 401:
                    rejected = token
                self.judge(method, path, status, answered, text)
        raise Refused(0, "the load ended")

    def pause(self, kind, seconds, example=""):
        self.ledger.error(kind, example)
        time.sleep(seconds)

    def judge(self, method, path, status, headers, text):
        """An answer that is not 2xx: one that is repeated, or a refusal, or an offence."""
        if "X-Request-Id" not in headers:
            return self.pause(f"balancer {status}", 0.2)
        shown = f"{method} {pattern(path)}: {status} {text[:300].decode('utf-8', 'replace')}"
        if status in (429, 503) and "Retry-After" in headers:
            # More impatient than asked, so that the end of the trouble is seen.
            return self.pause(str(status), min(float(headers["Retry-After"]), 0.5), shown)
        if status == 401:
            return self.pause("401", 0.05, shown)
        if status >= 500:
            self.ledger.offence(shown)
            return self.pause(str(status), 0.5)
        slug = ""
        if headers.get_content_type() == "application/problem+json":
            slug = json.loads(text)["type"].removeprefix("/problems/")
        if slug != "consultation-limit-reached":
            self.ledger.offence(shown)
        raise Refused(status, slug)

    def make(self, who, path, body):
        """Enters something without remembering it; its id."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        return self.send(who, "POST", path, json.dumps(body).encode(), headers)[2].get("id")

    def do(self, operation):
        """Sends an operation, and remembers it before and after; then draws breath, so that the machine is not the fault."""
        time.sleep(random.uniform(0, 0.1))
        operation.headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        with self.ledger.lock:
            self.ledger.operations.append(operation)
        answer = self.send(operation.who, "POST", operation.path, operation.body, operation.headers, operation)[2]
        operation.id = answer["items"][0]["id"] if "items" in answer else answer["id"]
        return answer

    def act(self, kind, mark, who, path, body, case_id=""):
        headers = {"Content-Type": "application/json"}
        return self.do(Operation(kind, mark, who, path, json.dumps(body).encode(), headers, case_id=case_id))


def pattern(path):
    """The path without ids."""
    return "/".join("{id}" if len(part) == 36 else part for part in path.split("/"))


class Caller(Client):
    """Takes cases from the first call to the third session."""

    def run(self):
        while not self.stop.is_set():
            try:
                self.take_a_case()
            except Refused:
                # It is in the ledger; the next case begins anew.
                pass
        self.close()

    def take_a_case(self):
        number = next(self.office.numbers)
        mark = f"{self.ledger.mark} {number:06}"
        case = self.act("case", mark, "operator", "/cases", self.case(mark, number))
        path = f"/cases/{case['id']}"
        self.read_back(path, case)
        self.act("note", mark, "operator", f"{path}/notes", {"body": mark}, case["id"])
        self.attach(mark, path, case["id"])
        reply = {"subject": mark, "body": "お問い合わせありがとうございます。"}
        self.act("reply", mark, "operator", f"{path}/messages", reply, case["id"])
        for who, step, body in (("operator", "route", {"desk_id": self.office.desk_id}), ("desk", "accept", {})):
            self.act("move", mark, who, f"{path}/{step}", body, case["id"])
        manager, hours = self.office.times()
        offer = {"manager_id": manager, "line": "labour", "accepted_by_phone": True}
        self.act("offer", mark, "desk", f"{path}/offers", offer, case["id"])
        for place, start in enumerate(hours):
            end = start + datetime.timedelta(minutes=45)
            session = {"starts_at": start.isoformat(), "ends_at": end.isoformat(), "mode": "online", "note": f"{mark} {place}"}
            kind = "session" if place < 3 else "fourth session"
            self.act(kind, session["note"], "desk", f"{path}/consultations", session, case["id"])

    def read_back(self, path, case):
        """What was just acknowledged is there, on whichever replica."""
        _, _, found = self.send("operator", "GET", path)
        self.ledger.reads += 1
        if found["number"] != case["number"]:
            self.ledger.offence(f"GET {pattern(path)}: another case than was made")

    def attach(self, mark, path, case_id):
        content = random.randbytes(random.randrange(1000, 8000))
        body = (
            b'--limit\r\nContent-Disposition: form-data; name="file"; filename="' + mark.encode()
            + b'"\r\nContent-Type: application/octet-stream\r\n\r\n' + content + b"\r\n--limit--\r\n"
        )
        headers = {"Content-Type": "multipart/form-data; boundary=limit"}
        digest = hashlib.sha256(content).hexdigest()
        self.do(Operation("file", mark, "operator", f"{path}/attachments", body, headers, case_id=case_id, sha256=digest))

    @staticmethod
    def case(mark, number):
        unique = f"{number:07}"
        return {
            "channel": "phone", "subject": mark, "description": "在宅勤務を始めたい。",
            "enterprise": {
                "kind": "company", "name": f"株式会社訓練{mark}", "prefecture_code": "02", "municipality_code": "022012",
                "phone": f"017-{unique[-7:-4]}-{unique[-4:]}",
            },
            "contacts": [{"role": "primary", "name": "工藤 和子", "email": f"caller-{number}@example.co.jp"}],
            "topics": ["labour"], "primary_topic": "labour",
            "consents": [
                {"kind": kind, "notice_version": "2026-04", "how": "電話で説明"} for kind in ("privacy", "share_with_manager")
            ],
        }


class Mailer(Client):
    """Hands in mail, as a mail server does: the same bytes until they are taken."""

    def run(self):
        while not self.stop.is_set():
            number = next(self.office.numbers)
            mark = f"{self.ledger.mark} {number:06}"
            sender = f"mail-{number}@example.co.jp"
            mail = (
                f"From: {sender}\r\nTo: sodan@madoguchi.example\r\nMessage-ID: <{uuid.uuid4()}@example.co.jp>\r\n"
                f"Subject: {mark}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n在宅勤務について相談したい。\r\n"
            ).encode()
            headers = {
                "Authorization": f"Bearer {self.office.intake_token}", "Content-Type": "message/rfc822",
                "X-Envelope-From": sender, "X-Envelope-To": "sodan@madoguchi.example",
            }
            digest = hashlib.sha256(mail).hexdigest()
            try:
                self.do(Operation("mail", mark, "", "/intake/email", mail, headers, sha256=digest))
            except Refused:
                pass
            time.sleep(random.uniform(0.05, 0.2))
        self.close()


class Load:
    """All clients of one fault, from `with` to its end."""

    def __init__(self, office, mark, callers=6, mailers=2):
        self.ledger = Ledger(mark)
        self.stop = threading.Event()
        clients = [Caller(office, self.ledger, self.stop) for _ in range(callers)]
        clients += [Mailer(office, self.ledger, self.stop) for _ in range(mailers)]
        self.threads = [threading.Thread(target=self.run, args=(client,), daemon=True) for client in clients]

    def run(self, client):
        try:
            client.run()
        except Exception as error:  # A client that falls silent would look like success.
            self.ledger.offence(f"a client of the drill gave up: {error!r}")
            raise

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        for thread in self.threads:
            thread.join(LAST_PATIENCE + TIMEOUT + 10)
