"""The feed on each engine: transactions that commit out of order, and writers and readers that are killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

import omnitrack
import servers
from storage.sql.hosts import Host, contact, host_of

LEVEL: dict[str, dict[str, Any]] = {"sqlite": {}, "postgresql": {}, "mariadb": {"isolation_level": "READ COMMITTED"}}


@pytest.fixture(params=servers.ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(engine: str, tmp_path: Path) -> Iterator[servers.Store]:
    with servers.store(engine, tmp_path) as store:
        omnitrack.open(store.url, namespace=store.namespace, feed=True).close()
        yield store


@pytest.fixture
def host(engine: str, store: servers.Store) -> Iterator[Host]:
    host = host_of(store, **LEVEL[engine])
    yield host
    host.close()


def source_ids(tracker: omnitrack.Tracker, entries: list[omnitrack.FeedEntry]) -> list[str | None]:
    return [tracker.interaction(entry.interaction).source_id for entry in entries if entry.interaction]


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_what_began_first_and_commits_last_is_not_skipped(host: Host) -> None:
    tracker = host.tracker
    with Session(host.engine) as first, Session(host.engine) as second, Session(host.engine) as third:
        tracker.using(first).record(**contact(1))
        tracker.using(second).record(**contact(2))
        tracker.using(third).record(**contact(3))
        assert list(tracker.changes()) == []
        second.commit()
        seen = list(tracker.changes())
        assert source_ids(tracker, seen) == ["2"]
        third.rollback()
        tracker.record(**contact(4))
        first.commit()
        after = list(tracker.changes(after=seen[-1].cursor))
    assert source_ids(tracker, after) == ["1", "4"]
    assert list(tracker.changes()) == seen + after


def test_the_order_of_commits_is_followed_one_by_one(host: Host) -> None:
    tracker, cursor, seen = host.tracker, host.tracker.feed_end(), []
    for number in (1, 2, 3):
        with Session(host.engine) as session:
            tracker.using(session).record(**contact(number))
            assert list(tracker.changes(after=cursor)) == []
            session.commit()
        (entry,) = tracker.changes(after=cursor)
        cursor = entry.cursor
        seen.append(entry)
    assert list(tracker.changes()) == seen


WRITER = """
import sys
sys.path.insert(0, {folder!r})
import omnitrack
from storage.sql.hosts import contact

with omnitrack.open({url!r}, namespace={namespace!r}) as tracker:
    for number in range({first}, {first} + 10_000):
        tracker.record(**contact(number, f"crm:{{number % 5}}"))
        print(number, flush=True)
"""

READER = """
import sys
sys.path.insert(0, {folder!r})
import omnitrack

with omnitrack.open({url!r}, namespace={namespace!r}) as tracker:
    changes = tracker.changes(consumer="crm", wait=None)
    for entry in changes:
        print(entry.id, entry.interaction, flush=True)
        changes.acknowledge(entry)
"""


def started(text: str, **fields: Any) -> subprocess.Popen[str]:
    text = text.format(folder=servers.FOLDER, **fields)
    return subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)


def killed_after(child: subprocess.Popen[str], lines: int) -> list[str]:
    """Kill a process that has printed so many lines, at whatever it is doing; return all that it printed whole."""
    assert child.stdout is not None
    found = [child.stdout.readline() for _ in range(lines)]
    child.kill()
    rest, _ = child.communicate()
    found += rest.splitlines(keepends=True)
    return [line.strip() for line in found if line.endswith("\n")]


def test_writers_and_readers_that_are_killed_make_nothing_skipped(store: servers.Store) -> None:
    where = {"url": store.url, "namespace": store.namespace}
    written: list[str] = []
    delivered: list[str] = []
    for round_ in range(2):
        writers = [started(WRITER, first=10_000 * (2 * round_ + n), **where) for n in range(2)]
        reader = started(READER, **where)
        written += killed_after(writers[0], 6 + round_)
        delivered += killed_after(reader, 4 + 3 * round_)
        written += killed_after(writers[1], 5)
    with omnitrack.open(store.url, namespace=store.namespace) as tracker:
        changes = tracker.changes(consumer="crm")
        for entry in changes:
            delivered.append(f"{entry.id} {entry.interaction}")
            changes.acknowledge(entry)
        everything = [f"{entry.id} {entry.interaction}" for entry in tracker.changes()]
        stored = {
            entry.interaction: tracker.interaction(str(entry.interaction)).source_id for entry in tracker.changes()
        }
        count = len(list(tracker.interactions()))
        assert tracker.verify()
    assert len(everything) == len(set(everything)) == count  # each once, whatever was killed
    assert set(written) <= set(stored.values())  # what record() returned for
    assert list(dict.fromkeys(delivered)) == everything  # at least once, none skipped, in one order
