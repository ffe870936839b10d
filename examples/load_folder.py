"""Load a folder of logs, whatever their formats, with a progress bar, and say what was left out and why.

python examples/load_folder.py examples/data --store history.db --region GB --own 'email:*@northlink.example'
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import omnitrack

WIDTH = 32


def bar(name: str) -> Callable[[int, int | None], None]:
    """Return what draws the progress of one file on the terminal, in bytes read of bytes in all."""

    def draw(done: int, total: int | None) -> None:
        if not sys.stderr.isatty():
            return
        share = min(1.0, done / total) if total else 0.0
        filled = round(share * WIDTH)
        text = f"\r  {name:<24.24} [{'█' * filled}{'·' * (WIDTH - filled)}] {share:4.0%}"
        print(text, end="" if share < 1 else "\n", file=sys.stderr, flush=True)

    return draw


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--store", default="history.db")
    parser.add_argument("--region")
    parser.add_argument("--zone", default="Europe/London", help="of times that have none")
    parser.add_argument("--own", action="append", default=[], help="an identifier of the company, * as a wildcard")
    chosen = parser.parse_args()
    with omnitrack.open(f"sqlite:///{chosen.store}", region=chosen.region, own=chosen.own) as tracker:
        for path in sorted(chosen.folder.iterdir()):
            try:
                report = tracker.load(path, zone=chosen.zone, progress=bar(path.name))
            except omnitrack.SourceFormatError as error:
                print(f"{path.name}: left alone: {error}")
                continue
            print(f"{path.name}: {report}; read as {report.format}, for {report.detected_by}")
            for rejected in report.rejected:
                print(f"    {rejected.where or rejected.source_id or '?'}: {rejected.reason}")


if __name__ == "__main__":
    try:
        main()
    except omnitrack.OmnitrackError as error:
        sys.exit(str(error))
