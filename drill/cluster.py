"""Three PostgreSQL servers under Patroni with synchronous replication, etcd, HAProxy, and two servers of the program.

All on this machine, told apart by their ports; so one etcd stands for three. Patroni decides who is the primary, HAProxy
asks it (`/primary`, `/replica`) and leads everybody there. A member that is killed stays away until it is started again, as a
machine that lost power does.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from system import Failure, Postgres, System, Unit, free_port, wait_until

# Patroni allows no less. It is how long a primary that falls silent stays the primary.
TTL = 20
PARAMETERS = {
    "max_connections": 80, "shared_buffers": "32MB", "max_wal_size": "256MB", "wal_keep_size": "64MB",
    "hot_standby_feedback": "on",
    # Without it, a client that has gone waits for a standby for ever.
    "client_connection_check_interval": "10s",
}
# Behind a pooler nothing is set per connection (docs/OPERATIONS.md).
BOUNDS = """
alter role {role} set statement_timeout = '30s';
alter role {role} set lock_timeout = '10s';
alter role {role} set idle_in_transaction_session_timeout = '30s';
alter role {role} set jit = off;
"""


def ask(port, path, body=None):
    """Status and JSON of Patroni's answer; 0 where there is none."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body and json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    except OSError:
        return 0, None
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text.decode("utf-8", "replace")


class Member:
    """Patroni and the server that it runs."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.port, self.rest = free_port(), free_port()
        self.folder = cluster.folder / name
        self.data = self.folder / "data"
        settings = self.folder / "patroni.json"
        self.unit = Unit(name, ["patroni", str(settings)], cluster.folder / f"{name}.log", cluster.environment, cluster.user)
        self.folder.mkdir(mode=0o700)
        settings.write_text(json.dumps(self.settings()))
        for path in (self.folder, settings):
            cluster.give(path)

    def settings(self):
        cluster = self.cluster
        local = {"ttl": TTL, "loop_wait": 2, "retry_timeout": 5, "synchronous_mode": True, "synchronous_mode_strict": True}
        server = {"use_pg_rewind": True, "use_slots": True, "parameters": PARAMETERS}
        return {
            "scope": "madoguchi", "name": self.name,
            "restapi": {"listen": f"127.0.0.1:{self.rest}", "connect_address": f"127.0.0.1:{self.rest}"},
            "etcd3": {"host": f"127.0.0.1:{cluster.etcd_port}"},
            "bootstrap": {
                "dcs": local | {"postgresql": server},
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
                "pg_hba": ["host all all 127.0.0.1/32 scram-sha-256", "host replication all 127.0.0.1/32 scram-sha-256"],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{self.port}", "connect_address": f"127.0.0.1:{self.port}",
                "data_dir": str(self.data), "bin_dir": str(cluster.bin), "pgpass": str(self.folder / "pgpass"),
                "authentication": {
                    "superuser": {"username": "postgres", "password": cluster.password},
                    "replication": {"username": "replicator", "password": cluster.password},
                },
                "parameters": {"unix_socket_directories": "", "password_encryption": "scram-sha-256"},
            },
        }

    def is_at(self, path):
        return ask(self.rest, path)[0] == 200

    def processes(self):
        """Patroni, the server, and every process of it."""
        found = [self.unit.process.pid]
        try:
            found.append(int((self.data / "postmaster.pid").read_text().split()[0]))
        except (OSError, ValueError, IndexError):
            pass
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) in found[1:2]:
                found.append(int(stat.parent.name))
        return found

    def kill(self):
        """The machine loses its power: everything at once, and nobody starts it again."""
        self.unit.wanted = False
        # Stopped first, so that no process sees another one die and does something about it.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in self.processes():
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
        self.unit.process.wait()

    def query(self, sql):
        return Postgres.query(self.cluster.at(self.port), sql)


class Cluster:
    """The members and what leads to them. Answers to `query` and `unit` as a single PostgreSQL of the drill does."""

    query = Postgres.query

    def __init__(self, folder):
        self.folder = folder
        self.bin = Postgres.programs()
        self.user = "postgres" if os.geteuid() == 0 else None
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)}
        self.password = secrets.token_hex(16)
        self.etcd_port, self.primary_port, self.replica_port = free_port(), free_port(), free_port()
        self.url = self.url_of("postgres", self.primary_port)
        data = folder / "etcd"
        data.mkdir(mode=0o700)
        self.give(data)
        client, peer = (f"http://127.0.0.1:{port}" for port in (self.etcd_port, free_port()))
        self.etcd = Unit(
            "etcd",
            ["etcd", "--data-dir", str(data), "--listen-client-urls", client, "--advertise-client-urls", client,
             "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"],
            folder / "etcd.log", self.environment, self.user,
        )
        # What the drill asks of a PostgreSQL: how often it was started again.
        self.unit = self.etcd
        self.members = [Member(self, name) for name in ("one", "two", "three")]

    def give(self, path):
        if self.user:
            shutil.chown(path, self.user, self.user)

    def url_of(self, user, port, database="madoguchi"):
        return f"postgres://{user}:{self.password}@127.0.0.1:{port}/{database}"

    def at(self, port):
        """Something to `query` that leads to one member."""
        other = object.__new__(Cluster)
        other.__dict__.update(self.__dict__ | {"url": self.url_of("postgres", port)})
        return other

    def start(self):
        self.etcd.start()
        wait_until(lambda: ask(self.etcd_port, "/health")[0] == 200, 30, "etcd answers")
        self.members[0].unit.start()
        wait_until(lambda: self.members[0].is_at("/primary"), 90, "the first member is primary")
        for member in self.members[1:]:
            member.unit.start()
        self.wait_whole()

    def wait_whole(self, seconds=120):
        """One primary, two replicas that stream, one of them synchronous; how long that took."""
        def is_whole():
            names = {path: [m for m in self.members if m.is_at(path)] for path in ("/primary", "/replica", "/synchronous")}
            return len(names["/primary"]) == 1 and len(names["/replica"]) == 2 and names["/synchronous"]

        return wait_until(is_whole, seconds, "a primary and two replicas")

    def primary(self):
        return next((member for member in self.members if member.is_at("/primary")), None)

    def synchronous(self):
        return next((member for member in self.members if member.is_at("/synchronous")), None)

    def create_database(self):
        """Three users, as docs/OPERATIONS.md has it."""
        first = self.at(self.members[0].port)
        first.url = self.url_of("postgres", self.members[0].port, "postgres")
        roles = ("owner", "program", "reader")
        for role in roles:
            first.query(f"create role madoguchi_{role} login password '{self.password}'")
        first.query(
            "create database madoguchi owner madoguchi_owner encoding 'UTF8' locale 'C.UTF-8' template template0;"
        )
        for role in roles[1:]:
            first.query(f"grant connect on database madoguchi to madoguchi_{role};" + BOUNDS.format(role=f"madoguchi_{role}"))
        first.query("alter role madoguchi_reader set default_transaction_read_only = on")

    def set_on_replicas(self, **settings):
        """Settings of the replicas alone, until they are set to `None` again."""
        for member in self.members:
            for name, value in settings.items():
                member.query(f"alter system set {name} = '{value}'" if value is not None else f"alter system reset {name}")
            member.query("select pg_reload_conf()")

    def conflicts(self):
        """How many queries the replicas ended because they had to replay something."""
        sql = "select coalesce(sum(confl_lock + confl_snapshot + confl_bufferpin + confl_deadlock), 0) from pg_stat_database_conflicts"
        return sum(int(member.query(sql)[0]) for member in self.members if member.is_at("/replica"))

    def close(self):
        for member in self.members:
            if member.unit.process:
                try:
                    member.unit.stop(patience=30)
                except Failure as failure:
                    print(f"  {failure}", flush=True)
                member.kill()
        if self.etcd.process:
            self.etcd.stop()


class Beyond(System):
    """The program on two servers, with a worker of its own, before that cluster."""

    def __init__(self, program, smtp_port, pgbouncer=None):
        self.folder = Path(tempfile.mkdtemp(prefix="madoguchi-drill-"))
        self.folder.chmod(0o755)
        self.program = str(Path(program).resolve())
        self.postgres = Cluster(self.folder)
        cluster = self.postgres
        self.pgbouncer = pgbouncer
        self.pooler_port, self.http_port = free_port(), free_port()
        front = self.pooler_port if pgbouncer else cluster.primary_port
        self.environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": cluster.url_of("madoguchi_program", front),
            "DATABASE_READER_URL": cluster.url_of("madoguchi_reader", front),
            "DATABASE_OWNER_URL": cluster.url_of("madoguchi_owner", cluster.primary_port),
            "DATABASE_READ_URL": cluster.url_of("madoguchi_reader", cluster.replica_port),
            "MADOGUCHI_DATA_DIR": str(self.folder / "data"),
            "MADOGUCHI_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}?tls=none",
            "MADOGUCHI_PUBLIC_URL": "http://madoguchi.example",
            "MADOGUCHI_DATABASE_MAX_CONNECTIONS": "8",
            "MADOGUCHI_DATABASE_READ_MAX_CONNECTIONS": "8",
            "MADOGUCHI_LOG": "info,sqlx=warn",
        }
        if pgbouncer:
            self.environment["DATABASE_DIRECT_URL"] = cluster.url_of("madoguchi_program", cluster.primary_port)
        self.ports = [free_port(), free_port()]
        self.metrics = [free_port(), free_port()]
        self.servers = [self.serve(f"server-{n}", port, self.metrics[n]) for n, port in enumerate(self.ports)]
        self.server = self.servers[0]
        self.worker = self.unit("worker", ["worker"])
        self.units = []
        self.address = ("127.0.0.1", self.http_port)

    def serve(self, name, port, metrics):
        arguments = ["--no-worker", "--listen", f"127.0.0.1:{port}", "--metrics-listen", f"127.0.0.1:{metrics}"]
        return self.unit(name, ["serve", *arguments])

    def start(self):
        self.haproxy()
        self.postgres.start()
        self.postgres.create_database()
        if self.pgbouncer:
            self.pool()
        self.run("migrate")
        for server in self.servers:
            server.start()
        for port in (*self.ports, self.http_port):
            self.wait_ready(port)
        self.worker.start()

    def haproxy(self):
        def servers(members, check):
            return "".join(f"  server {name} 127.0.0.1:{port} {check}{more}\n" for name, port, more in members)

        members = [(member.name, member.port, f" port {member.rest}") for member in self.postgres.members]
        programs = [(f"s{port}", port, "") for port in self.ports]
        quick = "check inter 500ms fall 2 rise 1"
        # The connections to a server that is no longer what it was are of no use.
        gone = f"{quick} on-marked-down shutdown-sessions"
        settings = self.folder / "haproxy.cfg"
        settings.write_text(
            "global\n  maxconn 2000\n"
            "defaults\n  timeout connect 2s\n  timeout client 30m\n  timeout server 30m\n  timeout check 2s\n"
            f"listen primary\n  mode tcp\n  bind 127.0.0.1:{self.postgres.primary_port}\n"
            f"  option httpchk GET /primary\n{servers(members, gone)}"
            f"listen replicas\n  mode tcp\n  bind 127.0.0.1:{self.postgres.replica_port}\n"
            f"  balance roundrobin\n  option httpchk GET /replica\n{servers(members, gone)}"
            f"listen program\n  mode http\n  bind 127.0.0.1:{self.http_port}\n  balance roundrobin\n"
            f"  option redispatch\n  retries 3\n  retry-on conn-failure\n  option httpchk GET /readyz\n{servers(programs, quick)}"
        )
        unit = Unit("HAProxy", ["haproxy", "-db", "-f", str(settings)], self.folder / "haproxy.log", self.postgres.environment)
        unit.start()
        self.units.append(unit)

    def pool(self):
        """PgBouncer in transaction mode, between the program and HAProxy."""
        cluster = self.postgres
        users = self.folder / "users.txt"
        users.write_text("".join(f'"madoguchi_{role}" "{cluster.password}"\n' for role in ("program", "reader")))
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\nmadoguchi = host=127.0.0.1 port={cluster.primary_port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.pooler_port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {users}\npool_mode = transaction\nmax_prepared_statements = 200\n"
            "default_pool_size = 8\nmax_client_conn = 200\nserver_login_retry = 1\nquery_wait_timeout = 5\n"
        )
        for path in (users, settings):
            cluster.give(path)
        unit = Unit("PgBouncer", [self.pgbouncer, str(settings)], self.folder / "pgbouncer.log", cluster.environment, cluster.user)
        unit.start()
        self.units.append(unit)

    def counted(self, name):
        """A counter of both servers, by the value of its only label."""
        sums = {}
        for port in self.metrics:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                for line in answer.read().decode().splitlines():
                    if line.startswith(name + "{"):
                        label, _, value = line.partition("} ")
                        label = label.split('"')[1]
                        sums[label] = sums.get(label, 0) + int(float(value))
        return sums

    def close(self, keep):
        for unit in [*self.servers, self.worker, *reversed(self.units)]:
            try:
                unit.stop(patience=25)
            except Failure as failure:
                print(f"  {failure}", flush=True)
        self.postgres.close()
        if keep:
            print(f"Kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def version_of(pgbouncer):
    """As a pair of numbers."""
    done = subprocess.run([pgbouncer, "--version"], capture_output=True, text=True, check=False)
    return tuple(int(part) for part in done.stdout.split()[1].split(".")[:2])
