"""Many at once on few people: threads, tasks and forked children that record what merges and parts the same customers."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from report import Row

import servers
from children import Child
from concurrency.test_many_writers import POLICY, alone, groups, one_by_one, opened, sighted, together
from omnitrack import AsyncTracker, Interaction

THREADS, TASKS, CHILDREN = 128, 500, 8


def threads(count: int | None, seed: int, only: tuple[str, ...]) -> Iterator[Row]:
    """Yield, for each engine and kind of crowd, whether it ended where one writer ends that records the same one after the other."""
    each = count or 10
    for engine in servers.ENGINES:
        for kind, many in ("threads", THREADS), ("tasks", TASKS), ("forked children", CHILDREN):
            name = f"{engine}, {many} {kind}"
            if name.startswith(only) and (kind != "forked children" or hasattr(os, "fork")):
                parts = [sighted(each, seed * 1000 + number) for number in range(many)]
                with tempfile.TemporaryDirectory() as folder, servers.store(engine, Path(folder)) as place:
                    yield _row(name, place, kind, parts)


def _row(name: str, place: servers.Store, kind: str, parts: list[list[Interaction]]) -> Row:
    found: list[str] = []
    begin = time.perf_counter()
    with opened(place) as tracker:
        if kind == "threads":
            found += map(repr, together(*[lambda part=part: one_by_one(tracker, part) for part in parts]))
        elif kind == "tasks":
            asyncio.run(_tasks(place, parts, found))
        else:
            for child in [Child(lambda part=part: one_by_one(tracker, part)) for part in parts]:
                try:
                    child.result()
                except AssertionError as error:
                    found.append(str(error))
        seconds = time.perf_counter() - begin
        report = tracker.verify()
        if not report.ok:
            found.append(str(report))
        partition, interactions = alone([one for part in parts for one in part])
        if groups(tracker) != partition:
            found.append("not the partition of one writer")
    counts = {
        "recorded": sum(map(len, parts)),
        "missing": interactions - report.interactions,
        "errors": len(found),
        "seconds": round(seconds),
    }
    return Row(name, counts, found)


async def _tasks(place: servers.Store, parts: list[list[Interaction]], found: list[str]) -> None:
    async with AsyncTracker(place.open(pool_timeout=600), region="GB", policy=POLICY) as tracker:

        async def record(part: list[Interaction]) -> None:
            for one in part:
                await tracker.record_many([one])

        answers = await asyncio.gather(*map(record, parts), return_exceptions=True)
        found += [repr(one) for one in answers if one is not None]
