"""Publishes what happens to a store to NATS JetStream, each entry of the feed as a message that takes effect once.

    python examples/outbox/publish.py sqlite:///history.db nats://127.0.0.1:4222

The store keeps where the publisher is. A publisher that is killed publishes its last entry again when it is started again; the broker knows the id of the message
and drops it.
"""

from __future__ import annotations

import asyncio
import json
import sys

import nats
from nats.js import JetStreamContext

import omnitrack

STREAM = "CONTACTS"
SUBJECT = "contacts"  # what listens to contacts.erasure hears what it has to delete


async def publish(
    tracker: omnitrack.AsyncTracker, stream: JetStreamContext, subject: str = SUBJECT, *, wait: float | None = None
) -> int:
    """Publish what happens from where the publisher is; return how many entries that were, when nothing has come for ``wait`` seconds."""
    changes = tracker.changes(consumer=f"outbox {subject}", wait=wait)
    count = 0
    async for entry in changes:
        message = json.dumps(entry.to_dict()).encode()
        await stream.publish(f"{subject}.{entry.kind}", message, headers={"Nats-Msg-Id": entry.id})
        await changes.acknowledge(entry)  # once the broker has it
        count += 1
    return count


async def main(store: str, server: str) -> None:
    """Publish for ever."""
    broker = await nats.connect(server)
    stream = broker.jetstream()
    await stream.add_stream(name=STREAM, subjects=[f"{SUBJECT}.>"])
    async with omnitrack.open_async(store, feed=True) as tracker:
        await publish(tracker, stream)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
