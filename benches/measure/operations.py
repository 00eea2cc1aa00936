"""What is measured, and the data that each operation asks with."""

import base64
import datetime
import json
import random
import urllib.parse
from dataclasses import dataclass

TOKYO = datetime.timezone(datetime.timedelta(hours=9))
# More than there are clients, so that two bookings at once are rarely of one manager.
MANAGERS = 400
# Appointments that a manager has on a day.
HOURS = (9, 11, 13, 15)


@dataclass(frozen=True)
class Operation:
    """`reference` is the script of the bare database that does the same, `script` that of wrk."""

    name: str
    title: str
    reference: str | None
    script: str
    expected: int
    units: int = 1
    writes: bool = False


OPERATIONS = [
    Operation("show", "show a case", "b", "get", 200),
    Operation("timeline", "show a case and its timeline", "b", "timeline", 200, units=2),
    Operation("list", "list a desk's open queue", "c", "get", 200),
    Operation("search", "search", None, "get", 200),
    Operation("book", "book a session", "d", "post", 201, writes=True),
    Operation("create", "create a case by phone", "a", "create", 201, writes=True),
    Operation("mail", "accept a mail", None, "mail", 200, writes=True),
]


class Data:
    """Who asks, and for what: files for the scripts of wrk."""

    def __init__(self, server, questions, scratch, mark):
        self.server, self.questions, self.scratch, self.mark = server, questions, scratch, mark
        self.dice = random.Random(7)
        self.people = []
        self.desks = {}
        self.managers = []
        self.taken_slots = {}
        self.stock = []
        self.known = set()

    def email(self, name):
        return f"{name}-{self.mark}@bench.example.jp"

    def user(self, name, role, **more):
        """A person with a password; the number of their token."""
        from .server import PASSWORD
        email = self.email(name)
        self.server.do("POST", "/users", {"email": email, "name": f"計測 {name}", "role": role, "password": PASSWORD, **more},
                       who=self.email("admin"))
        self.people.append(email)
        return len(self.people)

    def tokens(self):
        """The file of tokens, with what is about to end signed in anew."""
        path = self.scratch / "tokens"
        path.write_text("\n".join(self.intake_token if who is None else self.server.token(who) for who in self.people) + "\n")
        return path

    def set_up(self):
        """People for all operations."""
        from .server import PASSWORD
        admin = self.email("admin")
        self.server.command("user", "create", "--email", admin, "--name", "計測 admin", "--role", "admin", stdin=f"{PASSWORD}\n")
        self.operator = self.user("operator", "operator")
        self.queues = [
            (self.user(f"desk{at}", "desk", desk_id=row[0]), row[0])
            for at, row in enumerate(self.questions.ask("select id from desk where code like 'area-%' order by code"))
        ]
        self.intake_token = self.server.command("token", "create", "--user", admin, "--permission", "intake").split()[-1]
        self.people.append(None)
        self.intake = len(self.people)

    def write(self, name, lines):
        path = self.scratch / f"{name}.lines"
        path.write_text("".join("\t".join(map(str, fields)) + "\n" for fields in lines), encoding="utf-8")
        return path

    def lines(self, operation):
        """The file that a round of an operation draws from."""
        return getattr(self, f"{operation.name}_lines")()

    def cases(self, what):
        rows = self.questions.ask(f"select {what} from case_file order by hashtext(id::text) limit 200000")
        return [row[0] for row in rows]

    def show_lines(self):
        return self.write("show", [(self.operator, f"/api/v1/cases/{case}") for case in self.cases("id")])

    def timeline_lines(self):
        return self.write("timeline", [(self.operator, case) for case in self.cases("id")])

    def list_lines(self):
        # As the page of the queue asks.
        return self.write("list", [(token, "/api/v1/cases?status=open&sort=due_at&limit=50") for token, _ in self.queues])

    def search_lines(self):
        """What people look for: a company, a telephone number, the number of a case, a word."""
        words = []
        for statement in (
            "select name from enterprise where name is not null order by hashtext(id::text) limit 1000",
            "select '0' || substr(phone, 4) from contact where phone like '+81%' order by hashtext(id::text) limit 1000",
            "select number from case_file order by hashtext(id::text) limit 1000",
        ):
            words += [row[0] for row in self.questions.ask(statement)]
        words += ["就業規則", "助成金", "セキュリティ", "在宅勤務 規程", "労働時間"] * 200
        return self.write("search", [(self.operator, f"/api/v1/search?q={urllib.parse.quote(word)}") for word in words])

    def create_lines(self):
        """Every other caller is known already."""
        known = [row[0] for row in self.questions.ask("select id from enterprise order by hashtext(id::text) limit 20000")]
        return self.write("create", [line for case in known for line in ((self.operator, case), (self.operator, ""))])

    def mail_lines(self):
        lines = []
        for number in range(20):
            path = self.scratch / f"mail-{number}.eml"
            path.write_bytes(mail(self.dice, number))
            lines.append((self.intake, path))
        return self.write("mail", lines)

    # Sessions: cases of desks of their own, so that the queues that are listed stay as they are.

    def need_sessions(self, count, run):
        """Sees to it that so many sessions can be booked. `run` asks with wrk until its lines are used up."""
        if len(self.stock) >= count:
            return
        if not self.desks:
            self.open_desks()
        cases = (count - len(self.stock)) // 3 + MANAGERS
        who = list(self.desks.values())
        run("create", self.write("opened", [(who[at % len(who)], "") for at in range(cases)]), 201)
        mine = "','".join(self.desks)
        free = self.questions.ask(f"select id, desk_id from case_file where desk_id in ('{mine}') and status = 'accepted'")
        offers = []
        for at, (case, desk) in enumerate(free):
            body = {"manager_id": self.managers[at % MANAGERS], "line": "labour", "accepted_by_phone": True}
            offers.append((self.desks[desk], f"/api/v1/cases/{case}/offers", json.dumps(body)))
        run("post", self.write("offered", offers), 201)
        assigned = self.questions.ask(
            "select c.id, c.desk_id, a.manager_id from case_file c join assignment a on a.case_id = c.id "
            f"where c.desk_id in ('{mine}') and c.status = 'assigned'"
        )
        self.stock += self.sessions([row for row in assigned if row[0] not in self.known])

    def open_desks(self):
        admin = self.email("admin")
        for at in range(4):
            desk = self.server.do("POST", "/desks", {"code": f"bench-{at}-{self.mark}"[:32], "name": f"計測窓口 {at}"}, who=admin)
            self.desks[desk["id"]] = self.user(f"window{at}", "desk", desk_id=desk["id"])
        for at in range(MANAGERS):
            manager = {"name": f"計測 専門家{at}", "email": f"expert{at}@bench.example.jp", "topics": ["labour"],
                       "prefecture_codes": ["13"], "modes": ["online"], "monthly_capacity": 200}
            self.managers.append(self.server.do("POST", "/managers", manager, who=admin)["id"])

    def sessions(self, cases):
        """Three sessions for each case, at times that are free; side by side in the list are those of different managers."""
        blocks = {}
        for case, desk, manager in cases:
            self.known.add(case)
            place = self.taken_slots.get(manager, 0)
            self.taken_slots[manager] = place + 3
            for k in range(3):
                starts_at = slot(place + k)
                body = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + datetime.timedelta(hours=1)).isoformat(),
                        "mode": "online", "meeting_url": f"https://meet.example.jp/{case[-12:]}"}
                blocks.setdefault((place, k), []).append(
                    (self.desks[desk], f"/api/v1/cases/{case}/consultations", json.dumps(body)))
        return [line for key in sorted(blocks) for line in blocks[key]]

    def book_lines(self):
        return self.write("book", self.stock[:200_000])

    def booked(self, count):
        del self.stock[:count]


def slot(number):
    """The times of a manager, from the next month on: weekdays, four a day."""
    today = datetime.datetime.now(TOKYO).date()
    first = (today.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
    weeks, day = divmod(number // len(HOURS), 5)
    monday = first + datetime.timedelta(days=(7 - first.weekday()) % 7)
    date = monday + datetime.timedelta(days=7 * weeks + day)
    return datetime.datetime(date.year, date.month, date.day, HOURS[number % len(HOURS)], tzinfo=TOKYO)


def mail(dice, number):
    """A mail as offices write them: text and the same in HTML, Japanese, some kilobytes."""
    sentences = [
        "テレワークの導入を検討しております。", "就業規則の見直しが必要かどうか教えてください。", "従業員は二十四名で、うち営業が八名です。",
        "勤怠管理の方法について他社の例を伺いたいです。", "助成金の申請期限が近いと聞きました。", "自宅の回線と端末の費用負担で迷っています。",
        "情報漏えいが心配で、まだ踏み切れずにおります。", "オンラインでのご相談を希望します。",
    ]
    text = "ご担当者様\n\nお世話になっております。\n" + "\n".join(dice.choice(sentences) for _ in range(12 + number % 20))
    text += "\n\n株式会社サンプル 総務部 佐藤\n電話 03-5550-0000\n"
    html = "<html><body><p>" + text.replace("\n", "<br>\n") + "</p></body></html>\n"

    def part(kind, content):
        lines = base64.encodebytes(content.encode()).decode().replace("\n", "\r\n")
        return f"--limit\r\nContent-Type: text/{kind}; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{lines}"

    subject = base64.b64encode("テレワーク導入の相談".encode()).decode()
    name = base64.b64encode("佐藤 花子".encode()).decode()
    date = datetime.datetime.now(TOKYO).strftime("%a, %d %b %Y %H:%M:%S %z")
    return (
        f"From: =?UTF-8?B?{name}?= <soumu@k@KEY@.example.jp>\r\nTo: sodan@madoguchi.example\r\nDate: {date}\r\n"
        f"Message-ID: <@KEY@@k@KEY@.example.jp>\r\nSubject: =?UTF-8?B?{subject}?= @KEY@\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="limit"\r\n\r\n'
        + part("plain", text) + part("html", html) + "--limit--\r\n"
    ).encode()
