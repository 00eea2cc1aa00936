"""The system under test: an own PostgreSQL, the program as server and worker, a balancer, and whoever restarts what died.

What a service manager does in production (systemd's `Restart=always`) [`Unit`] does here: it starts again what ended by
itself, after half a second, and nothing else. Everything lives in one temporary folder that goes with the drill.
"""

import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

RESTART_PAUSE = 0.5
# Fewer than by default, so that places in the pool that leak are missed at once.
CONNECTIONS = "8"
FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


class Failure(Exception):
    """What the drill cannot go on with, in words for whoever started it."""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(condition, seconds, what):
    """Asks ten times a second; returns how long it took."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.1)
    return time.monotonic() - started


class Unit:
    """A process that is started again when it ends by itself."""

    def __init__(self, name, command, log, environment, user=None):
        self.name, self.command, self.log, self.user = name, command, log, user
        self.environment = environment
        self.process = None
        self.wanted = False
        self.restarts = 0
        self.lock = threading.Lock()

    def start(self):
        with self.lock:
            self.wanted = True
            self.spawn()
        threading.Thread(target=self.watch, args=(self.process,), daemon=True).start()

    def spawn(self):
        as_user = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=self.environment,
                start_new_session=True, **as_user,
            )

    def watch(self, process):
        while True:
            process.wait()
            time.sleep(RESTART_PAUSE)
            with self.lock:
                if not self.wanted or process is not self.process:
                    return
                self.restarts += 1
                self.spawn()
                process = self.process

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, patience=40):
        """Stops it for good; what does not obey is killed, and that is a failure."""
        with self.lock:
            self.wanted = False
        if self.process is None or self.process.poll() is not None:
            return
        self.send(number)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure(f"{self.name} did not stop within {patience} s") from None


class Disk:
    """A small file system of its own, where mounting is permitted; else a folder that cannot be filled."""

    def __init__(self, path, megabytes):
        self.path = path
        path.mkdir(parents=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "none", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.why_not = done.stderr.splitlines()[0] if done.returncode else None
        self.ballast = path / "ballast"

    def fill(self):
        """Leaves no byte; again and again, because others free some."""
        with open(self.ballast, "ab") as ballast:
            for size in (1 << 20, 4096):
                piece = bytes(size)
                try:
                    while True:
                        os.write(ballast.fileno(), piece)
                except OSError:
                    pass

    def clear(self):
        self.ballast.unlink(missing_ok=True)

    def close(self):
        if not self.why_not:
            subprocess.run(["umount", "--lazy", str(self.path)], check=False)


class Postgres:
    """A cluster of our own, with durable settings."""

    def __init__(self, folder):
        self.folder = folder
        self.disk = Disk(folder / "database", 768)
        self.data = self.disk.path / "data"
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self.url = f"postgres://postgres:{self.password}@127.0.0.1:{self.port}/postgres"
        self.bin = self.programs()
        self.user = "postgres" if os.geteuid() == 0 else None
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        settings = {
            "port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": 60,
            "max_wal_size": "96MB", "min_wal_size": "32MB", "checkpoint_timeout": "30s", "log_min_messages": "warning",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.unit = Unit(
            "PostgreSQL", [self.bin / "postgres", "-D", str(self.data), *options],
            folder / "postgres.log", self.environment, self.user,
        )

    @staticmethod
    def programs():
        given = os.environ.get("MADOGUCHI_PG_BIN_DIR")
        found = [Path(given)] if given else sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
        on_path = shutil.which("initdb")
        if not found and not on_path:
            raise Failure("PostgreSQL is missing: script/setup installs it")
        return found[-1] if found else Path(on_path).parent

    def create(self):
        password = self.folder / "password"
        password.write_text(self.password)
        if self.user:
            for path in (password, self.disk.path):
                shutil.chown(path, self.user)
            (self.folder / "postgres.log").touch()
        command = [
            self.bin / "initdb", "-D", str(self.data), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
            "-A", "scram-sha-256", f"--pwfile={password}",
        ]
        as_user = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", env=self.environment, check=False, **as_user)
        if done.returncode:
            raise Failure(f"initdb: {done.stderr}")
        self.unit.start()
        wait_until(self.answers, 30, "PostgreSQL starts")

    def processes(self):
        """The server and every process of it: each is a process group of its own."""
        parent = self.unit.process.pid
        found = [parent]
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[1] == str(parent):
                found.append(int(stat.parent.name))
        return found

    def signal_all(self, number):
        for pid in self.processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def answers(self):
        try:
            return self.query("select 1") == ["1"]
        except Failure:
            return False

    def query(self, sql, timeout=60):
        """The lines of psql's answer."""
        command = [self.bin / "psql", self.url, "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1"]
        environment = self.environment | {"PGCONNECT_TIMEOUT": "5"}
        try:
            done = subprocess.run(
                command, input=sql, capture_output=True, text=True, env=environment, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"no answer within {timeout} s: {sql[:60]}") from None
        if done.returncode:
            raise Failure(f"psql: {done.stderr.strip()}")
        return done.stdout.splitlines()


class System:
    """All of it."""

    def __init__(self, program, smtp_port):
        self.folder = Path(tempfile.mkdtemp(prefix="madoguchi-drill-"))
        self.folder.chmod(0o755)
        self.program = str(Path(program).resolve())
        self.units = []
        self.postgres = Postgres(self.folder)
        self.files = Disk(self.folder / "data" / "files", 64)
        self.clock = self.folder / "clock"
        self.environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": self.postgres.url,
            "MADOGUCHI_DATA_DIR": str(self.folder / "data"),
            "MADOGUCHI_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}?tls=none",
            "MADOGUCHI_PUBLIC_URL": "http://madoguchi.example",
            "MADOGUCHI_DATABASE_MAX_CONNECTIONS": CONNECTIONS,
            "MADOGUCHI_DATABASE_READ_MAX_CONNECTIONS": CONNECTIONS,
            "MADOGUCHI_LOG": "warn",
        }
        self.port = free_port()
        self.server = self.serve("server", self.port)
        self.worker = self.unit("worker", ["worker"])
        # Where clients go: a balancer while there is one.
        self.address = ("127.0.0.1", self.port)

    def unit(self, name, arguments):
        return Unit(name, [self.program, *arguments], self.folder / f"{name}.log", dict(self.environment))

    def serve(self, name, port):
        return self.unit(name, ["serve", "--no-worker", "--listen", f"127.0.0.1:{port}"])

    def run(self, *arguments, text=""):
        """A subcommand, and what it printed."""
        done = subprocess.run(
            [self.program, *arguments], input=text, capture_output=True, text=True, env=self.environment, cwd="/",
            timeout=300, check=False,
        )
        if done.returncode:
            raise Failure(f"{' '.join(arguments[:2])}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        self.postgres.create()
        self.server.start()
        self.wait_ready(self.port)
        self.worker.start()

    def is_ready(self, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.address[1], timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait_ready(self, port=None, seconds=60):
        return wait_until(lambda: self.is_ready(port), seconds, "the server is ready")

    def under_false_clock(self, on):
        """Starts the program again under a clock that can be set, or under the true one."""
        if on and not FAKETIME:
            raise Failure("libfaketime is missing: script/setup drill installs it")
        for unit in (self.server, self.worker):
            unit.stop()
            unit.environment = dict(self.environment)
            if on:
                self.set_clock("+0")
                unit.environment |= {
                    "LD_PRELOAD": str(FAKETIME[0]), "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                    "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                }
            unit.start()
        self.wait_ready(self.port)

    def set_clock(self, offset):
        """As libfaketime reads it; replaced in one step, because it is read all the time."""
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(offset + "\n")
        fresh.replace(self.clock)

    def balancer(self, ports):
        """HAProxy before replicas on these ports; clients go there from now on."""
        if not shutil.which("haproxy"):
            raise Failure("HAProxy is missing: script/setup drill installs it")
        port = free_port()
        servers = "".join(f"  server s{p} 127.0.0.1:{p} check inter 300ms fall 2 rise 2\n" for p in ports)
        settings = self.folder / "haproxy.cfg"
        settings.write_text(
            "global\n  maxconn 2000\n"
            "defaults\n  mode http\n  timeout connect 2s\n  timeout client 150s\n  timeout server 150s\n"
            "  option redispatch\n  retries 3\n  retry-on conn-failure\n"
            f"frontend in\n  bind 127.0.0.1:{port}\n  default_backend out\n"
            "backend out\n  balance roundrobin\n  option httpchk GET /readyz\n" + servers
        )
        unit = Unit("balancer", ["haproxy", "-db", "-f", str(settings)], self.folder / "haproxy.log", self.environment)
        unit.start()
        self.units.append(unit)
        wait_until(lambda: self.is_ready(port), 20, "the balancer sees the replicas")
        self.address = ("127.0.0.1", port)
        return unit

    def replica(self):
        """A second server beside the first."""
        port = free_port()
        unit = self.serve("replica", port)
        unit.start()
        self.units.append(unit)
        self.wait_ready(port)
        return unit, port

    def close(self, keep):
        """Ends everything that was started, whatever state it is in."""
        for unit in [*self.units, self.server, self.worker]:
            try:
                unit.stop(patience=25)
            except Failure as failure:
                print(f"  {failure}", flush=True)
        if self.postgres.unit.process:
            self.postgres.unit.wanted = False
            self.postgres.signal_all(signal.SIGCONT)
            try:
                self.postgres.unit.stop(signal.SIGINT)
            except Failure as failure:
                print(f"  {failure}", flush=True)
        for disk in (self.postgres.disk, self.files):
            disk.close()
        if keep:
            print(f"Kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def rows(lines):
    """psql's tab-separated lines."""
    return [line.split("\t") for line in lines]
