"""A PostgreSQL cluster of our own, with durable settings, that stays between runs."""

import fcntl
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path


class Trouble(Exception):
    """A sentence for whoever runs the measurement."""


def bin_dir():
    named = os.environ.get("MADOGUCHI_PG_BIN_DIR")
    if named:
        return Path(named)
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4].split(".")[0]))
    if found:
        return Path(found[-1])
    initdb = shutil.which("initdb")
    if not initdb:
        raise Trouble("PostgreSQL is not installed")
    return Path(initdb).resolve().parent


def settings():
    """For two cores shared with server and client. Everything a commit promises is kept."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "shared_buffers": f"{min(memory // 8, 3 << 30) >> 20}MB",
        "effective_cache_size": f"{memory // 2 >> 20}MB",
        "maintenance_work_mem": "512MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "max_connections": "200",
        "jit": "off",
        "listen_addresses": "",
        "unix_socket_permissions": "0777",
        "logging_collector": "off",
        "log_min_messages": "fatal",
    }


class Cluster:
    """`postgres` as a child of this process, reached by a socket in a folder of its own."""

    def __init__(self, folder, with_statements):
        self.bin = bin_dir()
        self.folder = folder
        self.account = None
        if os.geteuid() == 0:
            # PostgreSQL does not run as root.
            names = {entry.pw_name for entry in pwd.getpwall()}
            self.account = "postgres" if "postgres" in names else "nobody"
        self.with_statements = with_statements
        self.server = None
        self.require_alone()
        self.socket = Path(tempfile.mkdtemp(prefix="madoguchi-bench.", dir="/tmp"))
        self.socket.chmod(0o755)
        self.own(self.socket)

    def own(self, path):
        if self.account:
            entry = pwd.getpwnam(self.account)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def require_alone(self):
        """Two measurements at once would measure each other."""
        self.lock = open(self.folder / "lock", "w", encoding="ascii")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Trouble(f"another measurement is running in {self.folder}") from None

    def end_orphan(self, data):
        """A measurement that was killed leaves its server behind."""
        if (data / "postmaster.pid").exists():
            subprocess.run([self.bin / "pg_ctl", "stop", "--silent", "--mode=fast", "--pgdata", data], check=False,
                           capture_output=True, cwd="/", **self.run_as())

    def run_as(self):
        if not self.account:
            return {}
        return {"user": self.account, "group": pwd.getpwnam(self.account).pw_gid, "extra_groups": []}

    def start(self, filling=False):
        """With `filling`, nothing is durable until `stop`: what is half filled then is thrown away at the next start."""
        data, unsafe = self.folder / "data", self.folder / "filling"
        self.end_orphan(data)
        if unsafe.exists():
            shutil.rmtree(data, ignore_errors=True)
        unsafe.unlink(missing_ok=True)
        if not (data / "PG_VERSION").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(data, ignore_errors=True)
            data.mkdir(mode=0o700)
            self.own(data)
            try:
                subprocess.run(
                    [self.bin / "initdb", "--pgdata", data, "--username=postgres", "--auth=trust", "--encoding=UTF8",
                     "--locale=C.UTF-8"],
                    check=True, capture_output=True, text=True, cwd="/", **self.run_as(),
                )
            except subprocess.CalledProcessError as error:
                raise Trouble(f"initdb failed: {error.stderr.strip()}") from None
        options = settings() | {"unix_socket_directories": str(self.socket)}
        if self.with_statements:
            options |= {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track_planning": "on",
                        "compute_query_id": "on", "pg_stat_statements.max": "10000"}
        if filling:
            unsafe.touch()
            options |= {"fsync": "off", "full_page_writes": "off", "max_wal_size": "4GB", "autovacuum": "off"}
        self.log = open(self.folder / "postgres.log", "w", encoding="utf-8")
        self.server = subprocess.Popen(
            [self.bin / "postgres", "-D", data, *(f"-c{name}={value}" for name, value in options.items())],
            cwd="/", stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True, **self.run_as(),
        )
        deadline = time.monotonic() + 120
        while subprocess.run([self.bin / "pg_isready", "--quiet", "--host", self.socket], check=False).returncode:
            if self.server.poll() is not None or time.monotonic() > deadline:
                raise Trouble(f"PostgreSQL does not start; see {self.folder}/postgres.log")
            time.sleep(0.05)

    def stop(self):
        """Stops the server; True where it had the time to write everything down."""
        if not self.server or self.server.poll() is not None:
            return False
        self.server.send_signal(signal.SIGINT)
        try:
            return self.server.wait(300) == 0
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
            return False

    def filled(self):
        """What was filled is made durable, and the server started anew as it is measured."""
        if not self.stop():
            raise Trouble(f"PostgreSQL did not stop; see {self.folder}/postgres.log")
        os.sync()
        (self.folder / "filling").unlink()
        self.start()

    def close(self):
        self.stop()
        shutil.rmtree(self.socket, ignore_errors=True)

    def url(self, database):
        return f"postgres://postgres@{str(self.socket).replace('/', '%2F')}/{database}"

    def psql(self, *arguments, database="postgres", variables=None, as_owner=False):
        """Runs psql; its output."""
        environment = os.environ | {"PGHOST": str(self.socket), "PGUSER": "postgres", "PGDATABASE": database}
        for name in ("PGPORT", "PGOPTIONS", "PGPASSWORD", "PGSERVICE"):
            environment.pop(name, None)
        if as_owner:
            environment["PGOPTIONS"] = "-c role=madoguchi_owner"
        given = [f"--set={name}={value}" for name, value in (variables or {}).items()]
        done = subprocess.run(
            [self.bin / "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--tuples-only", "--no-align", *given,
             *arguments],
            check=False, capture_output=True, text=True, env=environment,
        )
        if done.returncode:
            raise Trouble(f"psql: {done.stderr.strip()[:2000]}")
        return done.stdout.strip()

    def sql(self, statement, database="postgres"):
        """Rows of one statement, each a list of texts."""
        out = self.psql("--field-separator=\t", "--command", statement, database=database)
        return [line.split("\t") for line in out.splitlines()]

    def has(self, database):
        return bool(self.sql(f"select 1 from pg_database where datname = '{database}'"))

    def drop(self, database):
        self.sql(f'drop database if exists "{database}" with (force)')

    def copy(self, source, target):
        self.drop(target)
        self.sql(f'create database "{target}" template "{source}" strategy file_copy')

    def warm(self, database):
        """Reads the database once, so that what is measured does not wait for the disk, as far as the memory goes."""
        oid = self.sql(f"select oid from pg_database where datname = '{database}'")[0][0]
        for file in (self.folder / "data/base" / oid).iterdir():
            with file.open("rb", buffering=0) as content:
                while content.read(1 << 22):
                    pass

    def size(self, database):
        return int(self.sql(f"select pg_database_size('{database}')")[0][0])


class Questions:
    """One connection that stays, for looking at the queue often without a new process each time."""

    def __init__(self, cluster, database):
        environment = os.environ | {"PGHOST": str(cluster.socket), "PGUSER": "postgres", "PGDATABASE": database}
        for name in ("PGPORT", "PGOPTIONS"):
            environment.pop(name, None)
        self.psql = subprocess.Popen(
            [cluster.bin / "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )

    def ask(self, statement):
        self.psql.stdin.write(f"{statement};\n\\echo --end\n")
        self.psql.stdin.flush()
        rows = []
        for line in self.psql.stdout:
            if line.strip() == "--end":
                return rows
            rows.append(line.rstrip("\n").split("\t"))
        raise Trouble("the connection to the database is gone")

    def close(self):
        self.psql.stdin.close()
        self.psql.wait(10)
