"""Rows of what an attack tried and found, as a table of Markdown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import attrs


@attrs.frozen
class Row:
    """One line: what was attacked, counts by name, and what should not have happened, in words."""

    what: str
    counts: dict[str, int | float]
    found: Sequence[str] = ()

    def data(self) -> dict[str, Any]:
        return {"what": self.what, **self.counts, "found": list(self.found)}


def show(row: Row, *, first: bool) -> None:
    if first:
        print("| | " + " | ".join(row.counts) + " |")
        print("|---|" + "---|" * len(row.counts))
    print(f"| {row.what} | " + " | ".join(map(_figure, row.counts.values())) + " |", flush=True)
    for one in row.found[:20]:
        print(f"FOUND {row.what}: {one}", file=sys.stderr, flush=True)


def show_sum(rows: Sequence[Row]) -> None:
    """Print the sum of the counts, where there are several rows; what is a share or a longest has a comma, and has no sum."""
    if len(rows) > 1:
        counts = {name: [row.counts.get(name, 0) for row in rows] for name in rows[0].counts}
        sums = [
            max(values) if any(isinstance(value, float) for value in values) else sum(values)
            for values in counts.values()
        ]
        print(f"| all {len(rows)} | " + " | ".join(map(_figure, sums)) + " |")


def _figure(value: float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else f"{value:,}"
