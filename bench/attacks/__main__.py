"""Attacks from outside, in numbers: what was tried on omnitrack, and what came of it. Each prints a table, and with --json what the table says as data.

    python bench/attacks files --count 1000     # mutated files for each reader
    python bench/attacks expressions            # every regular expression, and every reader on repetitions
    python bench/attacks kills --count 100      # writers ended by SIGKILL
    python bench/attacks cuts --count 1000      # connections cut between a statement and its answer
    python bench/attacks sessions --count 100   # sessions ended by the server
    python bench/attacks threads                # many threads, tasks and forked children on few people
    python bench/attacks erased                 # every byte of the store read for somebody who was erased

Chance is by --seed, which is printed. The exit status is 1 where something was found.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests"), str(ROOT / "src")]
# For the processes that are started.
os.environ["PYTHONPATH"] = os.pathsep.join([*sys.path[:3], os.environ.get("PYTHONPATH", "")])

import crafted
import crowds
import erased
import failing
import report

ATTACKS = {
    "files": crafted.files,
    "expressions": crafted.expressions,
    "kills": failing.kills,
    "cuts": failing.cuts,
    "sessions": failing.sessions,
    "threads": crowds.threads,
    "erased": erased.erased,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attack", choices=ATTACKS)
    parser.add_argument("--count", type=int, help="how much is tried of each row; each attack has a default")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", nargs="+", help="rows whose name begins so")
    parser.add_argument("--json", type=Path, help="a file for the same as data")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", file=sys.stderr)
    only = tuple(arguments.only or ("",))
    rows = []
    for row in ATTACKS[arguments.attack](arguments.count, arguments.seed, only):
        rows.append(row)
        report.show(row, first=len(rows) == 1)
    report.show_sum(rows)
    if arguments.json:
        arguments.json.write_text(json.dumps({"seed": arguments.seed, "rows": [row.data() for row in rows]}, indent=1))
    sys.exit(any(row.found for row in rows))


if __name__ == "__main__":
    main()
