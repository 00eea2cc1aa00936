"""Runs the faults one after the other against one system, and ends with a table. Started by `script/drill`."""

import argparse
import sys

import report
from compare import Comparison
from drill import Drill
from faults import FAULTS
from load import Office
from smtp import Sink
from system import Failure, System


def main():
    parser = argparse.ArgumentParser(prog="script/drill", description=__doc__)
    report.add_options(parser, FAULTS, seconds=60, what="how long PostgreSQL is stopped; nothing takes longer")
    given = parser.parse_args()
    report.end_cleanly()
    sink = Sink()
    system = System(given.program, sink.port)
    try:
        system.start()
        office = Office(system)
        comparison = Comparison(system, sink, office)
        drill = Drill(system, sink, given)
        results = report.run_all(
            given, FAULTS, "drill.json", lambda number, name: drill.run(number, name, office, comparison), report.LOCAL,
        )
    finally:
        sink.close()
        system.close(given.keep)
    return report.finish(given, results, report.LOCAL)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"script/drill: {failure}")
