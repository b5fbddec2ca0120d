"""Runs the conformance suite against this server, clean and behind each of its defects, and says whether the first
cause that a report names is right.

    python3 conformance/foreign/run.py [--sample N] [--pairs N] [--jobs N] [--least N] [DEFECT ...]

Exit code 1 if the clean server does not pass, a defect is not caught, or fewer than --least causes
are right.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import defects

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def judged(command, names, folder):
    """The report on a server with these defects."""
    file = os.path.join(folder, "+".join(names) or "clean") + ".json"
    server = f"exec '{sys.executable}' '{HERE}/serve.py' {' '.join(names)}"
    done = subprocess.run([command, "--server-cmd", server, "--level", "should", "--json", file], capture_output=True,
                          check=False, text=True)
    if not os.path.exists(file):
        sys.exit(f"{names}: no report: {done.stderr}")
    with open(file, encoding="utf-8") as text:
        return json.load(text)


def families():
    """The family of each known defect."""
    with open(os.path.join(HERE, "..", "core", "signatures.txt"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line[0] not in " #"]
    return {row[0]: row[1] for row in rows}


def failures(report):
    """The ids of the cases that the server fails, except those whose zone rules may be older."""
    return [case["id"] for case in report["cases"] if case["verdict"] in ("fail", "warn")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("defects", nargs="*", metavar="DEFECT", help="these alone")
    parser.add_argument("--command", default=os.path.join(ROOT, "target", "debug", "vcc-conformance"))
    parser.add_argument("--every", type=int, default=1, help="every Nth defect of the table")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first of them")
    parser.add_argument("--sample", type=int, help="this many of them, spread over the table")
    parser.add_argument("--pairs", type=int, default=0, help="this many pairs too")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--least", type=int, default=0, help="how many causes must be right")
    parser.add_argument("--folder", help="where the reports go")
    options = parser.parse_args()

    family = families()
    known = {defect.name: defect for defect in defects.table()}
    names = options.defects or list(known)[options.first :: options.every]
    if options.sample:
        names = [names[number * len(names) // options.sample] for number in range(options.sample)]
    tasks = [[name] for name in names] + defects.pairs()[: options.pairs]
    right = caught = 0
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(options.jobs) as pool:
        folder = options.folder or scratch
        os.makedirs(folder, exist_ok=True)
        clean = judged(options.command, [], folder)
        # A release of the tz database that is older than the suite's fails cases that only warn.
        old = {case["id"] for case in clean["cases"] if case["verdict"] == "warn"}
        if clean["counts"]["fail"] or clean["exitCode"]:
            sys.exit(f"the server without a defect: {clean['conclusion']}: {failures(clean)}")
        print(f"clean: {clean['conclusion']}, {clean['counts']['pass']} pass")
        for names, report in zip(tasks, pool.map(lambda names: judged(options.command, names, folder), tasks)):
            failed = [case for case in failures(report) if case not in old]
            first = report["nearestDefects"][0] if report["nearestDefects"] else {"name": "nothing", "family": ""}
            causes = set().union(*(known[name].causes for name in names))
            kinds = {family[cause] for cause in causes}.union(*(known[name].families for name in names))
            good = first["name"] in causes or first["name"] in kinds
            caught += bool(failed)
            right += good
            mark = "right" if good else "WRONG" if failed else "NOT CAUGHT"
            print(f"{'+'.join(names):<42}{len(failed):>4} fail  {mark:<11}{first['name']}")
    total = len(tasks)
    print(f"{total} defects: {caught} caught, the first cause right for {right} ({right * 100 // max(total, 1)} %)")
    if caught < total or right < options.least:
        sys.exit(1)


if __name__ == "__main__":
    main()
