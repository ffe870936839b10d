"""The outbox example publishes to a real NATS server, each entry once, also where the publisher is cut off before it can say so."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import nats
import pytest

import omnitrack

SERVER = os.environ.get("OMNITRACK_TEST_NATS", "nats://127.0.0.1:4222")
PATH = Path(__file__).parent.parent / "examples" / "outbox" / "publish.py"


def example() -> Any:
    spec = importlib.util.spec_from_file_location("outbox_publish", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
async def stream() -> AsyncIterator[tuple[Any, str]]:
    """JetStream, and a subject of this test's own."""
    try:
        broker = await nats.connect(SERVER, connect_timeout=2, allow_reconnect=False)
    except Exception as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no NATS server: {type(error).__name__}")
    name = f"ot_{secrets.token_hex(4)}"
    jetstream = broker.jetstream()
    await jetstream.add_stream(name=name, subjects=[f"{name}.>"])
    yield jetstream, name
    await jetstream.delete_stream(name)
    await broker.close()


async def published(jetstream: Any, name: str) -> list[dict[str, Any]]:
    count = (await jetstream.stream_info(name)).state.messages
    subscription = await jetstream.subscribe(f"{name}.>", ordered_consumer=True)
    found = [json.loads((await subscription.next_msg(timeout=10)).data) for _ in range(count)]
    await subscription.unsubscribe()
    return found


async def test_each_entry_is_published_once_in_the_order_of_the_feed(stream: tuple[Any, str], tmp_path: Path) -> None:
    jetstream, name = stream
    outbox = example()
    async with omnitrack.open_async(f"sqlite:///{tmp_path / 'history.db'}", feed=True) as tracker:
        for number in range(3):
            await tracker.record(
                channel="web",
                customer=f"crm:{number}",
                occurred_at=datetime(2026, 3, 3, 12, number, tzinfo=timezone.utc),
            )
        entries = [entry.to_dict() async for entry in tracker.changes()]
        # A publisher that is cut off between the answer of the broker and its own note.
        await jetstream.publish(
            f"{name}.interaction", json.dumps(entries[0]).encode(), headers={"Nats-Msg-Id": entries[0]["id"]}
        )
        assert await outbox.publish(tracker, jetstream, name, wait=0) == 3
        await tracker.erase("crm:1")
        assert await outbox.publish(tracker, jetstream, name, wait=0) == 1
    told = await published(jetstream, name)
    assert told[:3] == entries
    assert [message["kind"] for message in told[3:]] == ["erasure"]
