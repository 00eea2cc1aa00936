"""Who used the processors: the program, PostgreSQL, the clients, and whoever else is on the machine."""

import os


def ticks(pid):
    """User and system time of a process and of its children that are gone; and its parent. None where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None
    return int(fields[1]), sum(int(fields[at]) for at in range(11, 15))


class Usage:
    """Processor time since the start of the machine, in ticks: all, stolen, and of each of our groups."""

    def __init__(self, roots):
        with open("/proc/stat", encoding="ascii") as file:
            values = [int(value) for value in file.readline().split()[1:9]]
        user, nice, system, idle, iowait, irq, softirq, steal = values
        self.busy = user + nice + system + irq + softirq
        self.steal = steal
        self.total = self.busy + idle + iowait + steal
        self.groups = dict.fromkeys(roots, 0)
        found = {}
        for name in os.listdir("/proc"):
            if name.isdigit() and (known := ticks(int(name))):
                found[int(name)] = known
        group_of = {pid: group for group, pid in roots.items() if pid}
        for pid, (_, used) in found.items():
            at = pid
            while at in found and at not in group_of:
                at = found[at][0]
            if at in group_of:
                self.groups[group_of[at]] += used

    def since(self, before):
        """Shares of all processor time, in percent."""
        total = max(1, self.total - before.total)
        ours = {name: max(0, self.groups[name] - before.groups[name]) for name in self.groups}
        share = {name: round(100 * used / total, 1) for name, used in ours.items()}
        others = max(0, self.busy - before.busy - sum(ours.values()))
        return share | {"others": round(100 * others / total, 1), "stolen": round(100 * (self.steal - before.steal) / total, 1)}


def memory_mb(pid):
    """What is resident, at most so far, and the part of it that is no file: pages of the binary can be dropped at any time."""
    names = {"VmRSS": "resident", "VmHWM": "most", "RssAnon": "own"}
    found = {}
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            field, _, value = line.partition(":")
            if field in names:
                found[names[field]] = round(int(value.split()[0]) / 1024, 1)
    return found


def describe():
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return {"processor": model, "cores": os.cpu_count(), "memory_gb": round(gigabytes, 1), "kernel": os.uname().release,
            "load_average": [round(load, 2) for load in os.getloadavg()]}
