"""Databases that are filled once and copied for each run: ours by the generator, and the bare reference."""

import hashlib
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

from .cluster import Trouble
from .server import Server

# Above this, a copy of the database takes longer than it is worth; such a database is used as it is and grows a little.
COPY_UP_TO = 200_000
# Bytes on disk for each case: the program's database with its search index, and the reference.
PER_CASE, PER_REFERENCE_CASE = 22_000, 2_600
# Write-ahead log, which stays where it is once written, and what a run adds.
LOG, GROWTH = 2 << 30, 3 << 29


def fingerprint(*files):
    """Of what fills a database; what the program's migrations make, the database itself says."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


class Filler:
    def __init__(self, cluster, program, root, scratch, say):
        self.cluster, self.program, self.root, self.scratch, self.say = cluster, program, root, scratch, say
        self.marks = {
            "cases": fingerprint(root / "benches/generate.sql", root / "benches/vocabulary.sql"),
            "reference": fingerprint(root / "benches/reference/schema.sql", root / "benches/reference/load.sql"),
        }

    def mark(self, database):
        return self.marks[database.split("_")[0]]

    def server(self, database):
        folder = self.scratch / database
        folder.mkdir(exist_ok=True)
        return Server(self.program, self.cluster.url(database), folder, self.scratch / f"{database}.log")

    def require_room(self, cases, fresh, only):
        copies = 2 if cases <= COPY_UP_TO and not only else 1
        missing = copies if fresh else copies - 1
        log = sum(file.stat().st_size for file in (self.cluster.folder / "data/pg_wal").glob("0*"))
        need = cases * (PER_CASE + PER_REFERENCE_CASE) * missing + max(0, LOG - log) + GROWTH
        free = shutil.disk_usage(self.cluster.folder).free
        if free < need:
            raise Trouble(
                f"{cases:,} cases need {need / 1e9:.0f} GB of disk in {self.cluster.folder}, and {free / 1e9:.0f} GB are free. "
                "Make room, measure with fewer --cases, or say another --folder."
            )

    def current(self, database):
        """Whether the database was filled by this generator and has the schema of this program."""
        if not self.cluster.has(database):
            return False
        said = self.cluster.sql(f"select coalesce(shobj_description(oid, 'pg_database'), 'half filled') from pg_database where datname = '{database}'")
        if said[0][0] != self.mark(database):
            return False
        if not database.startswith("cases"):
            return True
        migrations = "select md5(string_agg(version || encode(checksum, 'hex'), ',' order by version)) from _sqlx_migrations"
        before = self.cluster.sql(migrations, database)
        try:
            self.server(database).command("migrate")
        except Trouble:
            return False
        return self.cluster.sql(migrations, database) == before

    def ready(self, cases, fresh, only):
        """Fills what is missing, and gives the names of the databases to measure on; with `only`, none are needed."""
        names = {f"cases_{cases}": self.fill_cases, f"reference_{cases}": self.fill_reference}
        stale = {name: fill for name, fill in names.items() if fresh or not self.current(name)}
        for name in stale:
            self.cluster.drop(name)
        for name in names:
            self.cluster.drop(f"{name}_run")
        self.require_room(cases, f"cases_{cases}" in stale, only)
        if stale:
            self.fill(stale, cases)
        if only or cases > COPY_UP_TO:
            return tuple(names)
        for name in names:
            self.cluster.copy(name, f"{name}_run")
        return tuple(f"{name}_run" for name in names)

    def fill(self, stale, cases):
        """Both at once where both are missing: each is the work of one processor."""
        self.cluster.stop()
        self.cluster.start(filling=True)
        with ThreadPoolExecutor() as pool:
            for done in [pool.submit(fill, name, cases) for name, fill in stale.items()]:
                done.result()
        for name in stale:
            self.cluster.sql(f"comment on database \"{name}\" is '{self.mark(name)}'")
        self.cluster.filled()

    def timed(self, what, action):
        started = time.monotonic()
        result = action()
        self.say(f"{what}: {time.monotonic() - started:.0f} s")
        return result

    def fill_cases(self, name, cases):
        self.cluster.sql(f'create database "{name}"')
        server = self.server(name)
        server.command("migrate")
        generate = self.root / "benches/generate.sql"
        self.timed(f"{cases:,} cases generated", lambda: self.cluster.psql(
            "--file", generate, database=name, variables={"cases": cases}, as_owner=True))
        self.timed("search index", lambda: self.index(name, server))
        self.timed("statistics", lambda: self.cluster.sql("vacuum analyze", name))
        self.say(f"{self.cluster.size(name) / 1e9:.1f} GB")

    def index(self, name, server):
        """The texts first, then the indexes on them: much quicker than both together."""
        slow = "tablename = 'search_text' and indexdef like '%USING gin%'"
        again = self.cluster.psql("--command", f"select indexdef || ';' from pg_indexes where {slow}", database=name)
        dropped = self.cluster.psql("--command", f"select 'drop index ' || indexname || ';' from pg_indexes where {slow}", database=name)
        self.cluster.psql("--command", dropped, database=name, as_owner=True)
        server.command("search", "rebuild")
        self.cluster.psql("--command", again, database=name, as_owner=True)

    def fill_reference(self, name, cases):
        self.cluster.sql(f'create database "{name}"')
        folder = self.root / "benches/reference"
        self.timed("reference", lambda: self.cluster.psql(
            "--file", folder / "schema.sql", "--file", folder / "load.sql", database=name,
            variables={"cases": cases, "organisations": max(100, cases // 5)}))
