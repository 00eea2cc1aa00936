"""The faults, each a function that returns when its cause is gone. What it returns is a remark for the table."""

import signal
import socket
import threading
import time
import uuid

from system import wait_until

FAULTS = {}


class NotTried(Exception):
    """This machine does not allow the fault; the reason."""


def fault(name, title):
    def enter(function):
        FAULTS[name] = (title, function)
        return function

    return enter


@fault("nothing", "nothing, for comparison")
def nothing(drill):
    time.sleep(drill.short)


@fault("tampering", "a note deleted and a mail counted twice by hand, which the drill must notice")
def tampering(drill):
    """The drill's own test: a comparison that finds nothing here would find nothing anywhere."""
    time.sleep(drill.short / 2)
    note = next(operation for operation in drill.ledger.acknowledged() if operation.kind == "note")
    drill.system.postgres.query(
        f"begin; set local session_replication_role = replica; delete from note where id = '{note.id}'; commit"
    )
    wait_until(lambda: drill.sink.taken.keys() - drill.before, 30, "a mail is sent")
    with drill.sink.lock:
        drill.sink.taken[next(iter(drill.sink.taken.keys() - drill.before))] += 1


def before_tampering(drill):
    drill.before = set(drill.sink.taken)


tampering.before = before_tampering
tampering.noticed = (1, 1)


@fault("server-killed", "server killed (-9) while writing, three times")
def server_killed(drill):
    kill_three_times(drill, drill.system.server)


@fault("worker-killed", "worker killed (-9), three times")
def worker_killed(drill):
    kill_three_times(drill, drill.system.worker)


def kill_three_times(drill, unit):
    for _ in range(3):
        time.sleep(drill.short / 3)
        unit.send(signal.SIGKILL)


@fault("postgres-restarted", "PostgreSQL restarted (fast)")
def postgres_restarted(drill):
    time.sleep(drill.short / 2)
    # The service manager starts it again.
    drill.system.postgres.unit.send(signal.SIGINT)
    wait_until_gone(drill.system.postgres.unit)


@fault("postgres-killed", "PostgreSQL killed (-9), every process of it")
def postgres_killed(drill):
    postgres = drill.system.postgres
    time.sleep(drill.short / 2)
    # Stopped first, so that no process sees another one die and does something about it.
    everything = postgres.processes()
    postgres.signal_all(signal.SIGSTOP)
    everything = set(everything) | set(postgres.processes())
    process = postgres.unit.process
    for pid in everything:
        drill.kill(pid, signal.SIGKILL)
    process.wait()


def wait_until_gone(unit):
    before = unit.restarts
    wait_until(lambda: unit.restarts > before, 60, f"{unit.name} is started again")


@fault("postgres-stopped", "PostgreSQL stopped (SIGSTOP) and continued")
def postgres_stopped(drill):
    postgres = drill.system.postgres
    time.sleep(drill.short / 2)
    postgres.signal_all(signal.SIGSTOP)
    time.sleep(drill.long)
    postgres.signal_all(signal.SIGCONT)
    return f"{drill.long:.0f} s"


@fault("connections-cut", "database connections cut one by one")
def connections_cut(drill):
    cut, until = 0, time.monotonic() + drill.short
    sql = (
        "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity"
        " where backend_type = 'client backend' and pid <> pg_backend_pid() order by random() limit 1) victim"
    )
    while time.monotonic() < until:
        cut += int(drill.system.postgres.query(sql)[0])
        time.sleep(0.05)
    return f"{cut} cut"


@fault("disk-full-database", "disk of the database full")
def disk_full_database(drill):
    return fill(drill, drill.system.postgres.disk)


@fault("disk-full-files", "disk of the attachments full")
def disk_full_files(drill):
    return fill(drill, drill.system.files)


def fill(drill, disk):
    if disk.why_not:
        raise NotTried(f"mounting is not permitted here: {disk.why_not}")
    until = time.monotonic() + drill.short
    try:
        while time.monotonic() < until:
            disk.fill()
            time.sleep(0.1)
    finally:
        disk.clear()


@fault("smtp-refuses", "mail server refuses (4xx)")
def smtp_refuses(drill):
    return with_sink(drill, "refuse", drill.short)


@fault("smtp-hangs", "mail server hangs")
def smtp_hangs(drill):
    # Longer than the program waits for a greeting.
    return with_sink(drill, "hang", min(drill.long, 22))


@fault("smtp-drops", "mail server breaks off after the content")
def smtp_drops(drill):
    return with_sink(drill, "drop", drill.short)


def with_sink(drill, mode, seconds):
    drill.sink.mode = mode
    try:
        time.sleep(seconds)
    finally:
        drill.sink.mode = "take"
    return f"{seconds:.0f} s"


@fault("clock-jumps", "clock of the program an hour ahead, and back")
def clock_jumps(drill):
    system = drill.system
    time.sleep(drill.short / 3)
    system.set_clock("+3600")
    time.sleep(drill.short)
    system.set_clock("+0")


clock_jumps.before = lambda drill: drill.system.under_false_clock(True)
clock_jumps.after = lambda drill: drill.system.under_false_clock(False)


@fault("rolling-restart", "two replicas behind a balancer, restarted one after the other, twice")
def rolling_restart(drill):
    for _ in range(2):
        roll(drill)


def roll(drill):
    for unit, port in drill.replicas:
        unit.stop()
        unit.start()
        drill.system.wait_ready(port)
        # As long as an orchestrator waits: until the balancer has seen it too.
        time.sleep(1.5)


# What a next release may bring, in the form in which sqlx keeps it: additions to the tables that are written most.
MIGRATION = """
begin;
set local role madoguchi_owner;
set local lock_timeout = '30s';
alter table case_file add column drill_{n} text not null default 'new';
alter table consultation add column drill_{n} int;
alter table message add column drill_{n} timestamptz;
alter table job add column drill_{n} boolean not null default false;
create table drill_{n} (id bigint generated always as identity primary key, case_id uuid references case_file);
create index drill_{n}_case on case_file (subject);
create function drill_{n}() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger drill_{n} before insert on interaction for each row execute function drill_{n}();
insert into _sqlx_migrations (version, description, success, checksum, execution_time)
values ({version}, 'drill', true, '', 0);
commit;
"""


@fault("migration", "migration between versions while both replicas serve, then a rolling restart")
def migration(drill):
    """The old program goes on over the new schema, also after its rights were granted anew."""
    count = int(drill.system.postgres.query("select count(*) from _sqlx_migrations where version >= 900000")[0])
    for n in (count, count + 1):
        time.sleep(1)
        drill.system.postgres.query(MIGRATION.format(n=n, version=900_000 + n))
        drill.system.run("migrate")
    roll(drill)


def two_replicas(drill):
    system = drill.system
    replica, port = system.replica()
    drill.replicas = [(system.server, system.port), (replica, port)]
    drill.balancer = system.balancer([system.port, port])


def one_replica(drill):
    system = drill.system
    system.address = ("127.0.0.1", system.port)
    for unit in (drill.balancer, drill.replicas[1][0]):
        unit.stop()


for with_replicas in (rolling_restart, migration):
    with_replicas.before = two_replicas
    with_replicas.after = one_replica


@fault("slow-clients", "slow clients hold connections: heads, bodies and answers")
def slow_clients(drill):
    """None of them may keep others out; the server ends what trickles in, and what nobody reads."""
    kinds = {"head": slow_head, "body": slow_body, "reader": slow_reader}
    over = threading.Event()
    ended = {kind: [] for kind in kinds}

    def hold(kind, function):
        started = time.monotonic()
        with socket.create_connection(drill.system.address, timeout=5) as connection:
            try:
                function(connection, over)
            except OSError:
                pass
        if not over.is_set():
            ended[kind].append(time.monotonic() - started)

    threads = [threading.Thread(target=hold, args=item, daemon=True) for item in kinds.items() for _ in range(100)]
    for thread in threads:
        thread.start()
    time.sleep(min(drill.long, 45))
    over.set()
    for thread in threads:
        thread.join(10)
    for kind in ("head", "body"):
        if len(ended[kind]) < 100:
            drill.wrong(f"{100 - len(ended[kind])} of 100 connections with a slow {kind} were still held")
    spans = (f"{kind} after {max(times):.0f} s" for kind, times in ended.items() if times)
    return "100 each; ended by the server: " + ", ".join(spans)


def trickle(connection, over, text):
    """A byte a second, until the server says or does something."""
    connection.settimeout(1)
    for byte in text:
        if over.is_set():
            return
        connection.sendall(bytes([byte]))
        try:
            connection.recv(4096)
            return
        except TimeoutError:
            pass


def slow_head(connection, over):
    trickle(connection, over, b"GET /healthz HTTP/1.1\r\nHost: drill\r\nX-Slow: " + b"x" * 1000)


def slow_body(connection, over):
    connection.sendall(
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: drill\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    )
    trickle(connection, over, b'{"email": "' + b"x" * 900)


def slow_reader(connection, over):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    for _ in range(20):
        connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: drill\r\n\r\n")
    connection.settimeout(2)
    while not over.wait(1):
        if not connection.recv(64):
            return


@fault("job-panics", "a job that always panics, and one of a kind nobody knows")
def job_panics(drill):
    """A row that no constraint lets in: a file whose digest is one byte long, attached to a mail that is due.

    The program trusts the constraint and panics. Beside it waits a job of a kind that only a newer program would know.
    """
    postgres = drill.system.postgres
    case_id, user_id = postgres.query(
        "select c.id, u.id from case_file c, app_user u where c.channel = 'phone' and u.email like 'operator%' limit 1"
    )[0].split("\t")
    file_id, message_id = uuid.uuid4(), uuid.uuid4()
    postgres.query(f"""
        begin;
        set local session_replication_role = replica;
        insert into attachment (id, case_id, sha256, size, filename, content_type, created_at, created_by)
        values ('{file_id}', '{case_id}', '\\x00', 1, 'broken', 'text/plain', now(), '{user_id}');
        insert into message (id, case_id, kind, state, to_address, subject, body, message_id, release_at, next_attempt_at,
            created_at)
        values ('{message_id}', '{case_id}', 'reply', 'queued', 'broken@example.co.jp', 'broken', 'broken',
            '{message_id}@madoguchi.example', now(), now(), now());
        insert into message_attachment (message_id, attachment_id, position) values ('{message_id}', '{file_id}', 1);
        insert into job (kind, payload, run_at, created_at) values
            ('send_message', '{{"message_id": "{message_id}"}}', now(), now()),
            ('of_a_newer_program', '{{}}', now(), now());
        commit;
    """)
    time.sleep(drill.short)
    attempts = int(postgres.query(f"select attempts from message where id = '{message_id}'")[0])
    unknown = postgres.query("select attempts from job where kind = 'of_a_newer_program'")
    if not attempts or not unknown or not int(unknown[0]):
        drill.wrong("the broken jobs were not tried")
    if drill.system.worker.restarts:
        drill.wrong("the worker died of a job that panics")
    # What a person does: the row is mended, the mail goes out once, the job of the future is taken away.
    postgres.query(f"""
        begin;
        set local session_replication_role = replica;
        delete from message_attachment where message_id = '{message_id}';
        delete from attachment where id = '{file_id}';
        set local session_replication_role = origin;
        update message set next_attempt_at = now() where id = '{message_id}' and state = 'queued';
        insert into job (kind, payload, run_at, created_at)
        select 'send_message', '{{"message_id": "{message_id}"}}', now(), now();
        delete from job where kind = 'of_a_newer_program';
        commit;
    """)
    return f"tried {attempts} and {unknown[0]} times meanwhile"
