"""One scenario gives the same timelines, in the same order, from memory, SQLite, PostgreSQL, MariaDB and Redis."""

from __future__ import annotations

import importlib.util
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

import pytest

from omnitrack import CustomerNotFoundError, Interaction, Policy, Tracker, claimed, verified
from omnitrack.storage.contract import Backend
from omnitrack.storage.memory import MemoryBackend
from servers import ENGINES, store

T0 = datetime(2026, 3, 1, 9, 0, tzinfo=timezone.utc)
NAMES = [
    *(f"phone:+44207946{n:04d}" for n in range(950, 957)),
    *(f"email:{name}@example.com" for name in ("ann", "bob", "cat", "zoë")),
    *(f"account:{n}@bt" for n in range(1, 4)),
    "x:jane",
    "x:joe",
]
CHANNELS = {"phone": "call", "email": "message", "x": "post", "web": "visit"}
ADAPTER = Path(__file__).resolve().parents[2] / "examples" / "redis_adapter" / "src"
REDIS = os.environ.get("OMNITRACK_TEST_REDIS", "redis://127.0.0.1:6379/0")


@contextmanager
def place(kind: str, folder: Path) -> Iterator[Backend]:
    """Yield an empty backend of this kind, set up."""
    if kind in ENGINES:
        with store(kind, folder) as found:
            backend: Backend = found.open()
            backend.setup()
            yield backend
            backend.close()
        return
    absent = "redis-py is not installed" if importlib.util.find_spec("redis") is None else None
    if absent is None:
        from redis import Redis, RedisError

        try:
            Redis.from_url(REDIS).ping()
        except RedisError as error:
            absent = f"no Redis server: {error}"
    if absent is not None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(absent)
    sys.path.insert(0, str(ADAPTER))
    from omnitrack_redis import RedisBackend

    namespace = f"test_{secrets.token_hex(6)}"
    backend = RedisBackend.from_url(REDIS, namespace=namespace)
    backend.setup()
    yield backend
    backend.close()
    client = Redis.from_url(REDIS)
    for key in client.scan_iter(match=f"omnitrack/{namespace}/*", count=10_000):
        client.unlink(key)


def interactions(random: Random) -> Iterator[Interaction]:
    """Yield interactions with ties in time, late arrivals, claims, proofs, several people and awkward texts."""
    for number in range(90):
        names = random.sample(NAMES, random.choice([1, 1, 2, 2, 3]))
        people: list[Any] = [[random.choice([name, name, claimed(name), verified(name)]) for name in names]]
        if number % 11 == 0:
            people.append([random.choice([name for name in NAMES if name not in names])])
        channel = random.choice(list(CHANNELS))
        yield Interaction(
            channel=channel,
            kind=CHANNELS[channel],
            direction=random.choice(["inbound", "outbound"]),
            customers=people,
            occurred_at=T0 + timedelta(minutes=random.randrange(30), microseconds=random.choice([0, 0, 1])),
            subject=None if number % 3 else f"№ {number} 𝔘",
            body=random.choice([None, "", f"line one\nline {number} 👩‍👩‍👧", "' OR 1=1 --"]),
            agent=random.choice([None, "Ötzi"]),
            thread=random.choice([None, "t1", "t2"]),
            source="scenario",
            source_id=str(number),
        )


def scenario(tracker: Tracker) -> None:
    random = Random(4)
    rows = list(interactions(random))
    for row in rows[:30]:
        tracker.record_many([row])
    tracker.link(NAMES[0], NAMES[7], by="ann", reason="said so")
    denied = tracker.deny(NAMES[1], NAMES[8], by="ann")
    tracker.record_many(rows[30:60])
    tracker.mark_shared(NAMES[2], by="bob")
    tracker.reassign(NAMES[3], at=T0 + timedelta(minutes=15))
    tracker.record_many(rows[50:], batch_size=7)  # ten of them again
    tracker.retract(denied)
    tracker.revise("scenario", "5", body="edited", at=T0 + timedelta(hours=2))
    tracker.revise("scenario", "6", deleted=True, at=T0 + timedelta(hours=2))
    tracker.erase(NAMES[13], by="dpo", reason="asked")


def shown(item: Any) -> tuple[Any, ...]:
    return (str(item), item.body, item.subject, item.channel, item.direction, item.kind, item.occurred_at, item.agent)


def view(tracker: Tracker) -> dict[Any, Any]:
    """Return all that a reader can see, but for ids that are drawn at random."""
    seen: dict[Any, Any] = {}
    for name in NAMES:
        try:
            seen[name, "customer"] = sorted(one.key for one in tracker.customer(name).identifiers)
        except CustomerNotFoundError:
            seen[name, "customer"] = None
            continue
        ways: dict[str, dict[str, Any]] = {
            "newest": {},
            "oldest": {"order": "oldest"},
            "verified": {"trust": "verified"},
            "all": {"include_shared": True, "include_claimed": True},
            "calls": {"channels": ["phone", "x"], "directions": ["inbound"]},
            "window": {"since": T0 + timedelta(minutes=5), "until": T0 + timedelta(minutes=20)},
            "text": {"text": "line"},
            "thread": {"thread": "t1"},
        }
        for way, arguments in ways.items():
            seen[name, way] = [shown(item) for item in tracker.timeline(name, **arguments)]
        paged, cursor = [], None
        while True:
            page = tracker.timeline(name).page(limit=3, cursor=cursor)
            paged.append([shown(item) for item in page.items])
            cursor = page.next
            if cursor is None:
                break
        seen[name, "pages"] = paged
    seen["stream"] = [(row.source_id, row.body, row.occurred_at) for row in tracker.interactions()]
    seen["conflicts"] = sorted(sorted((one.a.key, one.b.key)) for one in tracker.conflicts(limit=200).items)
    seen["unattributed"] = [shown(item) for item in tracker.unattributed().items]
    report = tracker.verify()
    seen["verified"] = (report.ok, report.identifiers, report.links, report.interactions, report.customers)
    return seen


def told(backend: Backend) -> dict[str, Any]:
    tracker = Tracker(backend, region="GB", policy=Policy(limits={"*": 4}, max_identifiers=6))
    scenario(tracker)
    return view(tracker)


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    seen = told(MemoryBackend())
    assert seen["verified"][0]
    assert any(len(rows) > 5 for key, rows in seen.items() if key[1] == "newest")
    return seen


@pytest.mark.parametrize("kind", [*ENGINES, "redis"])
def test_the_same_scenario_reads_the_same_as_from_memory(expected: dict[str, Any], kind: str, tmp_path: Path) -> None:
    with place(kind, tmp_path) as backend:
        assert told(backend) == expected
