"""Crafted input: mutated files for every reader, and texts that are made to keep expressions and readers busy."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import samples
from report import Row

import omnitrack
from hostile.expressions import expressions as found_expressions
from hostile.expressions import find_attack
from omnitrack.errors import OmnitrackError
from omnitrack.interchange.formats import load_path
from omnitrack.sources import inspect, open_source
from sources.test_robustness import check

HERE = Path(__file__).parent
SLOW = 10.0  # seconds of the processor for one file of some kilobytes
GROWS, FLOOR, MOST = 2.7, 200_000, 3_000_000  # as in tests/hostile/test_steps.py


def files(count: int | None, seed: int, only: tuple[str, ...]) -> Iterator[Row]:
    """Yield, for each reader, how many mutated files it was given and what it raised that is no error of omnitrack's."""
    tries = count or 200
    for name, read in readers():
        if name.startswith(only):
            yield _mutated(name, read, tries, f"{seed} {name}")


def readers() -> Iterator[tuple[str, Callable[[bytes], object]]]:
    """Yield every reader by name, with the call that reads bytes to the end: by its name, by what is found of the file, and to draft a mapping."""
    for name, (_, format, options) in samples.SOURCES.items():
        yield name, lambda data, n=name, f=format, o=options: _read(data, n, f, o)
    for name in samples.INTERCHANGE:
        yield name, lambda data, n=name: _load(data, n.removeprefix("document "))


def _read(data: bytes, name: str, format: str | None, options: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        for read in (lambda: check(open_source(path)), lambda: inspect(path)):
            try:
                read()
            except OmnitrackError:
                pass
    if format is not None:
        check(open_source(data, format, **options))


def _load(data: bytes, format: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "documents"
        path.write_bytes(data)
        list(load_path(path, format)[0])


def _mutated(name: str, read: Callable[[bytes], object], tries: int, seed: str) -> Row:
    rng = random.Random(seed)
    refused = foreign = 0
    longest, found = 0.0, []
    for number in range(tries):
        data = samples.mutated(name, rng)
        begin = time.process_time()
        try:
            read(data)
        except OmnitrackError:
            refused += 1
        except Exception as error:
            foreign += 1
            place = traceback.extract_tb(error.__traceback__)[-1]
            found.append(
                f"file {number}: {type(error).__name__} at {place.filename}:{place.lineno}: {str(error)[:200]}"
            )
        took = time.process_time() - begin
        longest = max(longest, took)
        if took > SLOW:
            found.append(f"file {number} takes {took:.1f} s")
    counts = {"mutated files": tries, "refused whole": refused, "errors not ours": foreign, "longest, s": longest}
    return Row(name, counts, found)


def expressions(count: int | None, seed: int, only: tuple[str, ...]) -> Iterator[Row]:
    """Yield how many expressions and readers were tried, and which of them take more than linear steps."""
    every = list(dict.fromkeys(found_expressions(Path(omnitrack.__file__).parent, "omnitrack")[0]))
    if "expressions".startswith(only):
        worse = [
            f"{one.where}: {attack}" for one in every if (attack := find_attack(one.pattern, one.hows)) is not None
        ]
        yield Row("expressions", {"looked at": len(every), "texts": 0, "more than linear": len(worse)}, worse)
    for reader in ("schemes", "texts", "mails", "files", "detection", "interchange"):
        if f"reader {reader}".startswith(only):
            yield _counted(reader, count or 10, seed)


def _counted(reader: str, pieces: int, seed: int) -> Row:
    script = HERE.parents[1] / "tests" / "hostile" / "counted.py"
    done = subprocess.run(
        [sys.executable, str(script), reader, str(seed), str(pieces)], capture_output=True, text=True, check=True
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    worse = [
        f"{what}: {piece!r} repeated takes {steps} steps"
        for what, piece, steps in rows
        if steps[2] >= MOST or steps[2] > max(FLOOR, GROWS * steps[1])
    ]
    counts = {
        "looked at": len({re.sub(r",? '.*", "", what) for what, _, _ in rows}),
        "texts": 3 * len(rows),
        "more than linear": len(worse),
    }
    return Row(f"reader {reader}", counts, worse)
