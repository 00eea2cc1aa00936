"""The two load clients: pgbench on the reference, wrk on the API. Both keep their connections and ask again at once."""

import glob
import json
import os
import re
import signal
import subprocess
import time

from .cluster import Trouble

THREADS = 2


def percentile(values, part):
    return values[min(len(values) - 1, int(len(values) * part))] if values else None


def pgbench(cluster, database, script, clients, seconds, variables, scratch, sampling):
    """Rate per second, milliseconds, failed transactions."""
    prefix = scratch / "pgbench"
    for old in glob.glob(f"{prefix}.*"):
        os.unlink(old)
    command = [
        cluster.bin / "pgbench", "--no-vacuum", "--protocol=prepared", f"--client={clients}", f"--jobs={min(THREADS, clients)}",
        f"--time={seconds}", "--log", f"--log-prefix={prefix}", f"--sampling-rate={sampling}",
        *(f"--define={name}={value}" for name, value in variables.items()), f"--file={script}", database,
    ]
    environment = os.environ | {"PGHOST": str(cluster.socket), "PGUSER": "postgres"}
    for name in ("PGPORT", "PGOPTIONS"):
        environment.pop(name, None)
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    rate = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode or not rate:
        raise Trouble(f"pgbench: {done.stderr.strip()[:1000]}")
    failed = re.search(r"^number of failed transactions: (\d+)", done.stdout, re.MULTILINE)
    times = []
    for path in glob.glob(f"{prefix}.*"):
        with open(path, encoding="ascii") as file:
            times += [int(line.split(" ", 3)[2]) for line in file]
        os.unlink(path)
    times.sort()
    return {"rate": round(float(rate[1]), 1), "p50": round(percentile(times, 0.5) / 1000, 3),
            "p99": round(percentile(times, 0.99) / 1000, 3), "errors": int(failed[1]) if failed else 0}


def wrk(folder, script, url, clients, seconds, arguments, expected, requests_per_unit):
    """As `pgbench`, and what was answered: `taken` lines of the file by the thread that took most."""
    threads = min(THREADS, clients)
    command = ["wrk", f"--threads={threads}", f"--connections={clients}", f"--duration={seconds}s", "--timeout=60s",
               f"--script={script}.lua", url, "--", *map(str, arguments), str(threads)]
    lines = arguments[1]
    for number in range(1, threads + 1):
        lines.with_name(f"{lines.name}.over-{number}").unlink(missing_ok=True)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
                               env=os.environ | {"CLIENTS": str(clients)})
    # A few lines come at the end; until then there is only to see whether all threads have used up their lines.
    while process.poll() is None:
        time.sleep(0.05)
        if all(lines.with_name(f"{lines.name}.over-{number}").exists() for number in range(1, threads + 1)):
            process.send_signal(signal.SIGINT)
            break
    out = process.communicate()[0]
    last = out.strip().rsplit("\n", 1)[-1]
    if process.returncode or not last.startswith("{"):
        raise Trouble(f"wrk: {out.strip()[-1500:]}")
    said = json.loads(last)
    statuses = said["statuses"]
    unexpected = sum(count for status, count in statuses.items() if status != str(expected))
    errors = max(unexpected, said["above_399"]) + said["connect"] + said["read"] + said["write"] + said["timeout"]
    return {
        "rate": round(said["requests"] / requests_per_unit / said["seconds"], 1), "p50": said["p50"], "p99": said["p99"],
        "max": said["max"], "errors": errors, "statuses": statuses, "requests": said["requests"], "seconds": said["seconds"],
        "bytes_per_request": round(said["bytes"] / max(1, said["requests"])), "taken": said["taken"] * threads,
        "faults": re.findall(r"^a fault: (.*)$", out, re.MULTILINE), "sockets": {name: said[name] for name in ("connect", "read", "write", "timeout") if said[name]},
    }
