"""One scenario gives the same timelines, in the same order, from every store."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from omnitrack import Interaction, Policy, Tracker, claimed, verified
from omnitrack.storage.contract import Backend
from omnitrack.storage.memory import MemoryBackend
from servers import ENGINES, store

REDIS = os.environ.get("OMNITRACK_TEST_REDIS", "redis://127.0.0.1:6379/0")
EXAMPLES = Path(__file__).parent.parent / "examples"
T0 = datetime(2026, 3, 1, 9, 0, tzinfo=timezone(timedelta(hours=2)))

JANE, JOE = "jane@example.com", "joe@example.com"
PHONE, OFFICE = "+44 20 7946 0958", "+44 20 7946 0100"
NAMES = [JANE, JOE, PHONE, OFFICE, "x:jane", "account:1@bt", "account:2@bt"]


@contextmanager
def redis() -> Iterator[Backend]:
    try:
        from redis import Redis, RedisError

        client = Redis.from_url(REDIS)
        client.ping()
    except (ImportError, RedisError) as error:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no Redis to test against: {error}")
    sys.path.insert(0, str(EXAMPLES / "redis_adapter" / "src"))
    try:
        from omnitrack_redis import RedisBackend
    finally:
        sys.path.pop(0)
    name = f"test-{secrets.token_hex(6)}"
    try:
        yield RedisBackend.from_url(REDIS, namespace=name)
    finally:
        for key in client.scan_iter(match=f"omnitrack/{name}*", count=10_000):
            client.delete(key)


@contextmanager
def backend(engine: str, folder: Path) -> Iterator[Backend]:
    if engine == "memory":
        yield MemoryBackend.from_url("memory://")
    elif engine == "redis":
        with redis() as found:
            yield found
    else:
        with store(engine, folder) as place:
            yield place.open()


def interaction(number: int, *customers: list[Any], **fields: Any) -> Interaction:
    return Interaction(
        channel=("phone", "email", "web")[number % 3],
        # Two at each time, so that the order of ties counts.
        occurred_at=T0 + timedelta(minutes=number // 2),
        customers=customers,
        body=f"{number} ünïcode 🙂",
        source="test",
        source_id=str(number),
        **fields,
    )


def play(tracker: Tracker) -> list[Any]:
    tracker.record_many(
        [
            interaction(0, [PHONE, JANE]),
            interaction(1, [JANE, verified("account:1@bt")], traits={"name": "Jane"}),
            interaction(2, [OFFICE, verified("account:1@bt")]),
            interaction(3, [OFFICE, verified("account:2@bt")]),
            interaction(4, [JOE, claimed(PHONE)]),
            interaction(5, [JANE], [JOE]),
            interaction(6, [claimed(JOE)]),
            interaction(7),
        ],
        batch_size=3,
    )
    tracker.record_many([interaction(n, [JANE]) for n in range(10, 20)])
    link = tracker.link("x:jane", JANE, by="ann", reason="she said so")
    tracker.deny(JOE, "account:2@bt")
    tracker.revise("test", "0", body="edited", at=T0 + timedelta(days=1))
    tracker.revise("test", "0", body="edited before", at=T0 + timedelta(hours=1))
    tracker.reassign(PHONE, at=T0 + timedelta(days=2))
    tracker.record_many([interaction(3_000 * 2, [PHONE]), interaction(21, [PHONE, "x:jane"])])
    tracker.retract(link)
    tracker.link("account:1@bt", "account:2@bt")
    tracker.erase(JOE)
    return seen(tracker)


def seen(tracker: Tracker) -> list[Any]:
    found: list[Any] = []
    for name in NAMES:
        try:
            customer = tracker.customer(name)
        except omnitrack.CustomerNotFoundError:
            found.append((name, "nobody"))
            continue
        pages, cursor = [], None
        while True:
            page = tracker.timeline(name, include_claimed=True, include_shared=True).page(4, cursor)
            pages.append([(i.occurred_at.isoformat(), i.channel, i.body, i.shared, i.claimed, i.id) for i in page])
            cursor = page.next
            if cursor is None:
                break
        found.append((name, sorted(i.key for i in customer.identifiers), customer.shared, pages))
    found.append([i.body for i in tracker.unattributed()])
    found.append([(i.body, i.occurred_at.isoformat()) for i in tracker.interactions()])
    found.append(sorted((c.a.key, c.b.key, c.kind) for c in tracker.conflicts()))
    report = tracker.verify()
    assert report.ok, str(report)
    return found


@pytest.mark.parametrize("engine", [*ENGINES, "redis"])
def test_the_scenario_is_seen_as_from_memory(engine: str, tmp_path: Path) -> None:
    policy = Policy(limits={"*": 4})
    with backend("memory", tmp_path) as spoken, Tracker(spoken, region="GB", policy=policy) as tracker:
        expected = play(tracker)
    with backend(engine, tmp_path) as found, Tracker(found, region="GB", policy=policy) as tracker:
        assert play(tracker) == expected
