"""Ids: created before a transaction, ordered by time, and shown as cus_..., int_..., st_...."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from datetime import datetime, timedelta, timezone

from omnitrack import forks

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

_lock = threading.Lock()
_last = 0


def _forked() -> None:
    global _lock
    _lock = threading.Lock()


forks.in_child(_forked)


def now_us() -> int:
    """Return the time in whole microseconds of UTC."""
    return time.time_ns() // 1000


def new_ids(count: int) -> list[bytes]:
    """Return ``count`` new ids of 16 bytes: 8 of microseconds, strictly growing within a process, and 8 of chance.

    They order by birth across processes as their clocks agree, and need no one to hand them out.
    """
    global _last
    with _lock:
        first = max(now_us(), _last + 1)
        _last = first + count - 1
    chance = os.urandom(8 * count)
    return [(first + i).to_bytes(8, "big") + chance[8 * i : 8 * i + 8] for i in range(count)]


def new_id() -> bytes:
    """Return one new id."""
    return new_ids(1)[0]


def interaction_id(occurred_at: int, source: str | None, source_id: str | None, secret: bytes = b"") -> bytes:
    """Return the id of an interaction: 8 bytes of when it happened, and 8 of its source and source id, or of chance where it has none.

    So a repeat has the same id, interactions of one time stand in the same order whatever the order of loading, and keys grow with time.
    """
    if source is None or source_id is None:
        tail = os.urandom(8)
    else:
        text = f"{source}\0{source_id}".encode("utf-8", "surrogatepass")
        tail = hashlib.blake2b(text, digest_size=8, key=secret[:64]).digest()
    return (occurred_at + (1 << 63)).to_bytes(8, "big") + tail


def to_text(prefix: str, value: bytes) -> str:
    """Return the form that people see: the prefix and 32 hexadecimal digits, which keep the order."""
    return f"{prefix}_{value.hex()}"


def from_text(prefix: str, text: str) -> bytes | None:
    """Return the id in such a text, or None where it is none."""
    if not isinstance(text, str) or len(text) != len(prefix) + 33 or not text.startswith(f"{prefix}_"):
        return None
    try:
        return bytes.fromhex(text[len(prefix) + 1 :])
    except ValueError:
        return None


def to_us(value: datetime) -> int:
    """Return a time as whole microseconds of UTC since 1970."""
    delta = value - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_us(value: int, utc_offset: int = 0) -> datetime:
    """Return the time, with the offset (minutes east of UTC) that it came with."""
    timestamp = EPOCH + timedelta(0, 0, value)
    if not utc_offset:
        return timestamp
    try:
        return timestamp.astimezone(timezone(timedelta(minutes=utc_offset)))
    except OverflowError:  # within a day of the year 1 or 9999
        return timestamp


def offset_of(value: datetime) -> int:
    """Return the offset of a time in minutes east of UTC."""
    offset = value.utcoffset()
    return 0 if offset is None else int(offset.total_seconds() // 60)
