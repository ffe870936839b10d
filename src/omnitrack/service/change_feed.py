"""Reading the feed: readers give notes their places in the order, look up what the notes name, and keep the positions of consumers.

A note has no place while its transaction is open, and cannot: a later transaction may commit first. Whoever reads gives places to the notes that are
committed, after all places that were given before, in a transaction that one reader at a time can commit. What is not committed then gets
a later place. So a place never appears behind one that was read.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import attrs

from omnitrack.errors import InvalidCursorError, InvalidInteractionError, InvalidPolicyError, masked_repr
from omnitrack.foundation.calls import Run
from omnitrack.foundation.cases import find_cases
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import entries_of
from omnitrack.foundation.feed import (
    CASE_CHANGED,
    ERASURE,
    IDENTITY,
    INTERACTION,
    RETRACTION,
    REVISION,
    STATEMENT_SAID,
    Item,
    time_of,
)
from omnitrack.foundation.ids import from_us, to_text
from omnitrack.foundation.settings import read_settings
from omnitrack.model import Change, FeedEntry, Role
from omnitrack.model.feed_entry import FeedKind
from omnitrack.reading.resolve import customer_text
from omnitrack.reading.sealed import seal, unseal
from omnitrack.records import FEED, FEED_CONSUMER, FEED_NEW, FEED_ORDER, FEED_STATE, FEED_STATE_KEY
from omnitrack.service.case_access import customers_of, holders_of
from omnitrack.statements.identity_log import to_changes
from omnitrack.storage.contract import NO_ID, ChangeRow, IdentifierRow, RecordRow, Transaction

PLACED = 500  # notes that get their places in one transaction
TRIMMED = 8  # times that many are taken away in one, where they are past their time

_KINDS: dict[str, FeedKind] = {
    INTERACTION: "interaction",
    REVISION: "revision",
    STATEMENT_SAID: "statement",
    RETRACTION: "retraction",
    IDENTITY: "identity",
    ERASURE: "erasure",
    CASE_CHANGED: "case",
}

Place = tuple[int, int]  # what is read next: the place of a note in the order, from 1, and which of its changes


@attrs.frozen
class _State:
    """The end of the order, the place up to which it was trimmed, and the version of the record."""

    last: int
    trimmed: int
    version: int

    def put(self, tx: Transaction, *, last: int | None = None, trimmed: int | None = None) -> None:
        value = [self.last if last is None else last, self.trimmed if trimmed is None else trimmed]
        tx.put_records([RecordRow(FEED_STATE, FEED_STATE_KEY, json.dumps(value), self.version)])


def _state(tx: Transaction) -> _State:
    found = tx.find_records(FEED_STATE, keys=[FEED_STATE_KEY])
    if not found:
        return _State(0, 0, 0)
    last, trimmed = json.loads(found[0].value)
    return _State(last, trimmed, found[0].version)


def _place_key(place: int) -> str:
    return f"{place:020d}"


# -- giving places ------------------------------------------------------------------------------------------------------
def give_places(tx: Transaction, now: int) -> bool:
    """Give new notes their places in the order; return whether there may be more.

    Of two that do so at once one commits. The guard keeps an erasure, which looks for notes, from missing one that moves.
    """
    tx.guard()
    state = _state(tx)
    found = tx.find_records(FEED_NEW, limit=PLACED)
    if not found:
        return False
    last = state.last + len(found)
    state.put(tx, last=last)
    order = {"first": state.last + 1, "at": now, "keys": [row.key for row in found]}
    notes = [RecordRow(FEED, row.key, row.value, 0) for row in found]
    tx.put_records([RecordRow(FEED_ORDER, _place_key(last), json.dumps(order), 0), *notes])
    tx.delete(records=[(FEED_NEW, row.key) for row in found])
    return len(found) == PLACED


def trim_step(tx: Transaction, before: int) -> tuple[int, bool]:
    """Remove notes that were given their places before a time; return their number, and whether there may be more."""
    tx.guard()
    rows = tx.find_records(FEED_ORDER, limit=TRIMMED)
    past = [row for row in rows if json.loads(row.value)["at"] < before]
    if not past:
        return 0, False
    _state(tx).put(tx, trimmed=int(past[-1].key))
    keys = [key for row in past for key in json.loads(row.value)["keys"]]
    tx.delete(records=[*((FEED, key) for key in keys), *((FEED_ORDER, row.key) for row in past)])
    return len(keys), len(past) == TRIMMED


def settle(run: Run, ctx: Context) -> None:
    """Give all committed notes their places, and remove notes that are too old.

    Raises:
        InvalidPolicyError: the store keeps no feed.
    """

    def look(tx: Transaction) -> tuple[bool, int]:
        settings = read_settings(tx)
        keep = 0 if settings is None else settings.feed
        oldest = tx.find_records(FEED_ORDER, limit=1)
        past = bool(oldest) and json.loads(oldest[0].value)["at"] < ctx.clock() - keep
        return bool(tx.find_records(FEED_NEW, limit=1)), keep if not past else -keep

    waiting, keep = run(look, write=False)
    if not keep:
        raise InvalidPolicyError("feed: this store keeps none; open it once with feed=True")
    while waiting:
        waiting = run(lambda tx: give_places(tx, ctx.clock()))
    more = keep < 0
    while more:
        more = run(lambda tx: trim_step(tx, ctx.clock() - abs(keep)))[1]


def trim(run: Run, ctx: Context, keep: int | None) -> int:
    """Remove older notes, read or not; return their number."""
    settle(run, ctx)
    if keep is None:
        return 0
    count, more = 0, True
    while more:
        gone, more = run(lambda tx: trim_step(tx, ctx.clock() - keep))
        count += gone
    return count


# -- reading ------------------------------------------------------------------------------------------------------------
@attrs.frozen
class Stretch:
    """One batch that was read from the feed.

    Attributes:
        entries: that are still of something. next: where to go on. is_end: nothing more was there.
    """

    entries: tuple[FeedEntry, ...]
    next: str
    is_end: bool


def read_feed(run: Run, ctx: Context, place: Place | None, limit: int) -> Stretch:
    """Return the next batch of at most ``limit`` entries; None as the place starts at the oldest that is kept.

    Raises:
        InvalidCursorError: what comes next was trimmed. InvalidPolicyError: the store keeps no feed.
    """
    settle(run, ctx)
    return run(lambda tx: _stretch(tx, ctx, place, limit), write=False)


def _stretch(tx: Transaction, ctx: Context, place: Place | None, limit: int) -> Stretch:
    state = _state(tx)
    if place is None:
        place = (state.trimmed + 1, 0)
    if place[0] <= state.trimmed:
        raise InvalidCursorError(
            "after: got a cursor of so long ago that what came next is no longer kept; read the whole store, and go on from there"
        )
    if place[0] > state.last + 1:
        raise InvalidCursorError("after: got a cursor of another store, or of one that was restored to an earlier time")
    found: list[_Found] = []
    after = _place_key(place[0] - 1)
    while len(found) < limit:
        rows = tx.find_records(FEED_ORDER, after=after, limit=1)
        if not rows:
            break
        place = _read_notes(tx, json.loads(rows[0].value), place, limit, found)
        after = rows[0].key
    return Stretch(tuple(_entries(tx, ctx, found)), cursor_text(ctx, place), place[0] > state.last)


@attrs.frozen
class _Found:
    """One change in a note: its place, the place after it, its time, and the note's text about it."""

    place: Place
    next: Place
    at: int
    item: Item


def _read_notes(tx: Transaction, order: dict[str, Any], place: Place, limit: int, found: list[_Found]) -> Place:
    """Append the changes of notes from a place on; return the place to read next."""
    first: int = order["first"]
    skipped = max(0, place[0] - first)
    keys = order["keys"][skipped : skipped + limit]
    values = {row.key: row.value for row in tx.find_records(FEED, keys=keys)}
    for number, key in enumerate(keys, start=first + skipped):
        items = json.loads(values[key]) if key in values else []
        begin = place[1] if number == place[0] else 0
        for index in range(begin, len(items)):
            if len(found) == limit:
                return number, index
            if items[index] is not None:
                following = (number, index + 1) if index + 1 < len(items) else (number + 1, 0)
                found.append(_Found((number, index), following, time_of(key), items[index]))
        place = (number + 1, 0)
    return place


def _entries(tx: Transaction, ctx: Context, found: Sequence[_Found]) -> Iterator[FeedEntry]:
    """Yield the entries of changes. A change that names something deleted is skipped, since a later erasure entry reports it."""
    ids = {bytes.fromhex(one.item[1]) for one in found if one.item[0] in (INTERACTION, REVISION)}
    whose = _customers(tx, sorted(ids))
    changes = _changes(tx, found)
    named = (bytes.fromhex(one.item[1]) for one in found if one.item[0] == CASE_CHANGED)
    cases = holders_of(tx, find_cases(tx, named).values())
    for one in found:
        more = _told(one.item, whose, changes.get(one.place), cases)
        if more is not None:
            id = f"fd_{one.place[0]:016d}_{one.place[1]:04d}"
            yield FeedEntry(
                id=id, cursor=cursor_text(ctx, one.next), at=from_us(one.at), kind=_KINDS[one.item[0]], **more
            )


def _told(
    item: Item,
    whose: Mapping[bytes, tuple[str, ...]],
    change: Change | None,
    cases: Mapping[bytes, Sequence[IdentifierRow]],
) -> dict[str, Any] | None:
    kind = item[0]
    if kind == CASE_CHANGED:
        id = bytes.fromhex(item[1])
        return {"case": to_text("cas", id), "customers": tuple(customers_of(cases[id]))} if id in cases else None
    if kind in (INTERACTION, REVISION):
        id = bytes.fromhex(item[1])
        return {"interaction": to_text("int", id), "customers": whose[id]} if id in whose else None
    if kind == IDENTITY:
        return None if change is None else {"change": change, "customers": (change.old, change.new)}
    if kind == ERASURE:
        return {
            "customers": tuple(customer_text(bytes.fromhex(x)) for x in item[1]),
            "interactions": tuple(to_text("int", bytes.fromhex(x)) for x in item[2]),
        }
    return {"statement": item[1]}


def _customers(tx: Transaction, ids: Sequence[bytes]) -> dict[bytes, tuple[str, ...]]:
    """Return the present customers of each interaction that exists."""
    if not ids:
        return {}
    there = {row.id: () for row in tx.find_interactions(ids=list(ids))}
    anchors: dict[bytes, list[bytes]] = {}
    for entry in entries_of(tx, list(there)):
        if entry.role == Role.ANCHOR and entry.identifier != NO_ID:
            anchors.setdefault(entry.interaction, []).append(entry.identifier)
    named = sorted({x for several in anchors.values() for x in several})
    customer = {row.id: customer_text(row.customer) for row in (tx.find_identifiers(ids=named) if named else ())}
    return there | {
        id: tuple(dict.fromkeys(customer[x] for x in several if x in customer)) for id, several in anchors.items()
    }


def _changes(tx: Transaction, found: Sequence[_Found]) -> dict[Place, Change]:
    """Return, by place, the changes of identifiers that moved to another customer."""
    rows = {}
    for one in found:
        if one.item[0] == IDENTITY:
            id, identifier, old, new, ref = (bytes.fromhex(x) for x in one.item[1:6])
            rows[one.place] = ChangeRow(id, one.at, identifier, old, new, one.item[6], ref or NO_ID, None, None)
    changes = {change.id: change for change in to_changes(tx, list(rows.values()))}
    return {place: changes[text] for place, row in rows.items() if (text := to_text("chg", row.id)) in changes}


# -- cursors and consumers ----------------------------------------------------------------------------------------------
def cursor_text(ctx: Context, place: Place) -> str:
    """Return a place as an opaque text that only this store can read."""
    return seal(ctx.mark_key, "feed", place[0].to_bytes(8, "big") + place[1].to_bytes(4, "big"))


def place_of(ctx: Context, cursor: object) -> Place | None:
    """Return the place in a cursor.

    Raises:
        InvalidCursorError: the cursor does not belong to the feed of this store.
    """
    if cursor is None:
        return None
    packed = unseal(ctx.mark_key, "feed", cursor)
    if packed is None or len(packed) != 12:
        raise InvalidCursorError(
            "after: got a text that is no cursor of this feed, accepted is the cursor of one of its entries"
        )
    return int.from_bytes(packed[:8], "big"), int.from_bytes(packed[8:], "big")


def end_of(run: Run, ctx: Context) -> str:
    """Return the cursor after the latest entry."""
    settle(run, ctx)

    def last(tx: Transaction) -> Place:
        state = _state(tx)
        return state.last + 1, 0

    return cursor_text(ctx, run(last, write=False))


def place_of_consumer(run: Run, name: str) -> Place | None:
    """Return the place that a consumer has acknowledged; None if it has acknowledged nothing."""
    found = run(lambda tx: tx.find_records(FEED_CONSUMER, keys=[name]), write=False)
    return None if not found else _read_place(found[0])


def acknowledge(run: Run, ctx: Context, name: str | None, cursor: object) -> None:
    """Store the position of a consumer. It only moves forward: of two processes with one name, the slower one cannot move it back.

    Raises:
        InvalidInteractionError: there is no consumer. InvalidCursorError: the cursor belongs to another feed.
    """
    if name is None:
        raise InvalidInteractionError("consumer: got None, accepted is the name of one, given to changes(consumer=...)")
    place = place_of(ctx, cursor)
    if place is None:
        raise InvalidCursorError("entry: got None, accepted is an entry of this feed, or its cursor")

    def write(tx: Transaction) -> None:
        found = tx.find_records(FEED_CONSUMER, keys=[name])
        if not found or _read_place(found[0]) < place:
            tx.put_records([RecordRow(FEED_CONSUMER, name, json.dumps(place), found[0].version if found else 0)])

    run(write)


def _read_place(record: RecordRow) -> Place:
    place, index = json.loads(record.value)
    return place, index


# -- what callers give --------------------------------------------------------------------------------------------------
KEPT = timedelta(days=30)


def kept_for(feed: object) -> int:
    """Return how long entries of the feed are kept in microseconds; 0 if no feed is requested.

    Raises:
        InvalidPolicyError: the value is not a period of time.
    """
    if isinstance(feed, bool):
        return int(KEPT / timedelta(microseconds=1)) if feed else 0
    if not isinstance(feed, timedelta) or feed <= timedelta(0):
        raise InvalidPolicyError(f"feed: got {masked_repr(feed)}, accepted are True, False and a timedelta above 0")
    return int(feed / timedelta(microseconds=1))


def checked_keep(keep: object) -> int | None:
    """Return how long entries are kept in microseconds; None to use the setting of the store.

    Raises:
        InvalidPolicyError: the value is not a period of time.
    """
    if keep is None:
        return None
    if not isinstance(keep, timedelta) or keep < timedelta(0):
        raise InvalidPolicyError(f"keep: got {masked_repr(keep)}, accepted are a timedelta from 0, and None")
    return int(keep / timedelta(microseconds=1))


def check_consumer(name: object) -> str:
    """Return the valid name of a consumer.

    Raises:
        InvalidInteractionError: it cannot be one.
    """
    if not isinstance(name, str) or not 0 < len(name) <= 100 or not name.isprintable() or not name.isascii():
        raise InvalidInteractionError(
            f"consumer: got {masked_repr(name)}, accepted is a name of 1 to 100 printable characters of ASCII"
        )
    return name


def checked_count(limit: object) -> int | None:
    """Return the largest number of entries to iterate over; None for all.

    Raises:
        InvalidInteractionError: the value is not a number from 1.
    """
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise InvalidInteractionError(f"limit: got {masked_repr(limit)}, accepted is a number from 1, or None for all")
    return limit


def checked_wait(wait: object) -> float | None:
    """Return the seconds to wait at the end of the feed; None for ever.

    Raises:
        InvalidInteractionError: the value is not a number from 0.
    """
    if wait is None:
        return None
    if not isinstance(wait, (int, float)) or isinstance(wait, bool) or not math.isfinite(wait) or wait < 0:
        raise InvalidInteractionError(
            f"wait: got {masked_repr(wait)}, accepted is a finite number of seconds from 0, or None for ever"
        )
    return float(wait)


class Patience:
    """How long, and how often, a reader at the end of the feed looks for new entries.

    Args:
        seconds: in all; None for ever.
    """

    def __init__(self, seconds: float | None) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds
        self._looks = 0

    def is_over(self) -> bool:
        """Whether the waiting time is over."""
        return self._until is not None and time.monotonic() >= self._until

    def pause(self) -> float:
        """Return the seconds until the next look: from 0.01 to 0.5, and not beyond the end."""
        self._looks += 1
        seconds = min(0.5, 0.01 * 1.5 ** min(self._looks, 20)) * random.uniform(0.5, 1.0)
        return seconds if self._until is None else max(0.0, min(seconds, self._until - time.monotonic()))
