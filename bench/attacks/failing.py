"""What fails around a writer: its process is killed, its connections are cut between statement and answer, the server ends its sessions."""

from __future__ import annotations

import asyncio
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
from report import Row
from sqlalchemy import text

import omnitrack
import servers
from omnitrack import AsyncTracker, CustomerNotFoundError, Tracker
from omnitrack.errors import BackendError, OutcomeUnknownError
from storage.sql import processes
from storage.sql.proxy import Proxy

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
PEOPLE = 40
DRIVERS = {
    "postgresql+psycopg": Tracker,
    "postgresql+psycopg, tasks": AsyncTracker,
    "postgresql+asyncpg, tasks": AsyncTracker,
    "mariadb+pymysql": Tracker,
    "mariadb+asyncmy, tasks": AsyncTracker,
}
WRITERS = 4
TRIES = 100  # after which a record is given up

WRITE = """
import sys
from itertools import count
import omnitrack
from failing import contact
tracker = omnitrack.open(sys.argv[1], namespace=sys.argv[2] or None)
print("open", flush=True)
for number in count(int(sys.argv[3])):
    tracker.record(**contact(number, sys.argv[4]))
    print(number, flush=True)
"""


def contact(number: int, writer: str) -> dict[str, Any]:
    """Return the fields of a contact with one of some people, each of whom has two identifiers."""
    person = number % PEOPLE
    return {
        "channel": "phone",
        "customer": [f"phone:+44207946{person:04d}", f"email:person{person}@example.com"],
        "occurred_at": T0 + timedelta(seconds=number),
        "body": f"contact {number}",
        "source": "attack",
        "source_id": f"{writer}-{number}",
    }


@attrs.define
class Told:
    """What writers were told."""

    stored: set[str] = attrs.Factory(set)
    unknown: int = 0
    failed: int = 0
    found: list[str] = attrs.Factory(list)


def differences(tracker: Tracker, told: set[str], found: list[str]) -> tuple[int, int, int]:
    """Return how many contacts are lost, doubled, and there without having been told of; add what verify() says to ``found``."""
    there: Counter[str] = Counter()
    for person in range(PEOPLE):
        try:
            there.update(item.source_id or "" for item in tracker.timeline(f"email:person{person}@example.com"))
        except CustomerNotFoundError:
            continue
    report = tracker.verify()
    if not report.ok:
        found.append(str(report))
    lost = told - set(there)
    doubled = [one for one, count in there.items() if count > 1]
    found += [f"lost {one}" for one in sorted(lost)] + [f"doubled {one}" for one in doubled]
    if report.interactions != len(there):
        found.append(f"{report.interactions} are stored, and {len(there)} are in the timelines")
    return len(lost), len(doubled), len(set(there) - told)


def kills(count: int | None, seed: int, only: tuple[str, ...]) -> Iterator[Row]:
    """Yield, for each engine, what became of what writers had recorded that were ended by SIGKILL."""
    for engine in servers.ENGINES:
        if engine.startswith(only):
            with tempfile.TemporaryDirectory() as folder, servers.store(engine, Path(folder)) as place:
                yield _killed(engine, place, count or 20, random.Random(f"{seed} {engine}"))


def _killed(engine: str, place: servers.Store, count: int, rng: random.Random) -> Row:
    with omnitrack.open(place.url, namespace=place.namespace):
        pass
    told: set[str] = set()
    found: list[str] = []
    killed = 0
    next_ = {"a": 0, "b": 0}
    while killed < count:
        # Two at once, so that one is killed beside another that goes on.
        running = {
            writer: processes.start(WRITE, place.url, place.namespace, str(start), writer)
            for writer, start in next_.items()
        }
        for process in running.values():
            assert process.stdout is not None
            process.stdout.readline()
        for writer in rng.sample(sorted(running), len(running)):
            process = running[writer]
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(rng.randrange(1, 25))]
            time.sleep(rng.random() * 0.02)
            process.kill()
            killed += 1
            lines += process.stdout.readlines()
            process.communicate()
            numbers = [int(line) for line in lines if line.strip()]
            told.update(f"{writer}-{number}" for number in numbers)
            # What may have been stored, and was not told, is recorded again.
            next_[writer] = numbers[-1] + 1
    with omnitrack.open(place.url, namespace=place.namespace) as tracker:
        lost, doubled, untold = differences(tracker, told, found)
    counts = {
        "killed": killed,
        "told as stored": len(told),
        "stored, not told": untold,
        "lost": lost,
        "doubled": doubled,
    }
    return Row(engine, counts, found)


def cuts(count: int | None, seed: int, only: tuple[str, ...]) -> Iterator[Row]:
    """Yield, for each driver, what became of what was recorded over connections that are cut between a statement and its answer."""

    def cut(proxy: Proxy, rng: random.Random) -> int:
        if rng.random() < 0.5 and proxy.times == 0:
            proxy.cut_after = rng.choice(["", "", r"COMMIT(?!TED)"])
            proxy.passes = rng.randrange(6) if not proxy.cut_after else 0
            proxy.times = 1
        return proxy.cuts

    yield from _disturbed("cut", count or 50, seed, only, lambda url: cut)


def sessions(count: int | None, seed: int, only: tuple[str, ...]) -> Iterator[Row]:
    """Yield, for each driver, what became of what was recorded while the server ended sessions."""

    def made(url: str) -> Callable[[Proxy, random.Random], int]:
        ended = 0

        def end(proxy: Proxy, rng: random.Random) -> int:
            nonlocal ended
            if rng.random() < 0.2:
                with servers.admin(url).connect() as connection:
                    ended += _end_one(connection, proxy.ports(), rng)
            return ended

        return end

    yield from _disturbed("sessions ended", count or 20, seed, only, made)


def _end_one(connection: Any, ports: set[int], rng: random.Random) -> int:
    """End a session that came through the proxy, as an administrator does; return how many were ended."""
    if connection.dialect.name == "postgresql":
        rows = connection.execute(text("SELECT pid, client_port FROM pg_stat_activity WHERE client_port > 0"))
    else:
        rows = connection.execute(
            text("SELECT id, substring_index(host, ':', -1) FROM information_schema.processlist WHERE host LIKE '%:%'")
        )
    mine = [session for session, port in rows if int(port) in ports]
    if not mine:
        return 0
    session = rng.choice(sorted(mine))
    if connection.dialect.name == "postgresql":
        return int(connection.execute(text(f"SELECT pg_terminate_backend({session})")).scalar_one())
    try:
        connection.execute(text(f"KILL {session}"))
    except Exception:  # it has ended by itself
        return 0
    return 1


Disturb = Callable[[Proxy, random.Random], int]


def _disturbed(
    what: str, count: int, seed: int, only: tuple[str, ...], make: Callable[[str], Disturb]
) -> Iterator[Row]:
    for driver, face in DRIVERS.items():
        if not driver.startswith(only):
            continue
        rng = random.Random(f"{seed} {driver}")
        with (
            tempfile.TemporaryDirectory() as folder,
            servers.store(driver.partition("+")[0], Path(folder)) as place,
            omnitrack.open(place.url, namespace=place.namespace) as tracker,
        ):
            proxy = Proxy(driver.partition(",")[0] + place.url[place.url.index("://") :])
            told = Told()
            ended = _Until(make(place.url), proxy, rng, count)
            options = {"namespace": place.namespace}
            begin = time.perf_counter()
            if face is Tracker:
                _threads(proxy.url, options, ended, told)
            else:
                asyncio.run(_tasks(proxy.url, options, ended, told))
            seconds = time.perf_counter() - begin
            proxy.close()
            lost, doubled, untold = differences(tracker, told.stored, told.found)
        counts = {
            what: ended.so_far,
            "recorded": len(told.stored),
            "outcome unknown, repeated": told.unknown,
            "failed, repeated": told.failed,
            "lost": lost,
            "doubled": doubled,
            "not told": untold,
            "seconds": round(seconds),
        }
        yield Row(driver, counts, told.found)


class _Until:
    """Disturbs before each record until that was done so many times."""

    def __init__(self, disturb: Disturb, proxy: Proxy, rng: random.Random, count: int) -> None:
        self._disturb, self._proxy, self._rng, self._count = disturb, proxy, rng, count
        self._lock = threading.Lock()
        self.so_far = 0

    def numbers(self, writer: int) -> Iterator[int]:
        number = writer
        while True:
            with self._lock:
                self.so_far = self._disturb(self._proxy, self._rng)
                if self.so_far >= self._count:
                    self._proxy.times = 0
                    return
            yield number
            number += WRITERS


def _ended(told: Told, name: str, tries: int, duplicate: bool | None, error: BackendError | None) -> bool:
    """Count what came of a try; tell whether it was the last."""
    if error is None:
        if tries == 0 and duplicate:
            told.found.append(f"{name} was called a duplicate when it was first recorded")
        told.stored.add(name)
        return True
    told.unknown += isinstance(error, OutcomeUnknownError)
    told.failed += not isinstance(error, OutcomeUnknownError)
    if tries >= TRIES:
        told.found.append(f"{name} was given up: {error}")
    return tries >= TRIES


def _threads(url: str, options: dict[str, Any], until: _Until, told: Told) -> None:
    with omnitrack.open(url, **options) as tracker:

        def write(writer: int) -> None:
            for number in until.numbers(writer):
                fields = contact(number, "w")
                for tries in range(TRIES + 1):
                    try:
                        said, error = tracker.record(**fields).duplicate, None
                    except BackendError as raised:
                        said, error = None, raised
                    except Exception as raised:
                        told.found.append(f"{type(raised).__name__}: {raised}")
                        break
                    if _ended(told, fields["source_id"], tries, said, error):
                        break

        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


async def _tasks(url: str, options: dict[str, Any], until: _Until, told: Told) -> None:
    async with omnitrack.open_async(url, **options) as tracker:

        async def write(writer: int) -> None:
            for number in until.numbers(writer):
                fields = contact(number, "w")
                for tries in range(TRIES + 1):
                    try:
                        said, error = (await tracker.record(**fields)).duplicate, None
                    except BackendError as raised:
                        said, error = None, raised
                    except Exception as raised:
                        told.found.append(f"{type(raised).__name__}: {raised}")
                        break
                    if _ended(told, fields["source_id"], tries, said, error):
                        break

        await asyncio.gather(*map(write, range(WRITERS)))
