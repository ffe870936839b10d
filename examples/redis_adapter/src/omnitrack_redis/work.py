"""What a transaction has read, expects and wrote, until one script checks and writes it all: the optimistic half of the adapter.

Rows are not locked. A row that is about to be written, an identifier that is locked and the epoch of the guard are remembered as they were
read; the commit writes only if all of them are still so, and else is a conflict, upon which ``run`` repeats the function. Redis runs a script
by itself, so the check and the writes are one step.

The exclusive guard alone is a lock, the gate: under steady writers an erasure that could only be refused at its commit would never get
through. While the gate is closed nobody who holds the guard plainly commits; it opens with the commit, and by itself after a minute.
"""

from __future__ import annotations

import random
import secrets
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from redis import ConnectionError as Unreachable
from redis import Redis, RedisError
from redis import TimeoutError as TooLate

from omnitrack import deadlines
from omnitrack.errors import BackendError, ConflictError, OutcomeUnknownError, TimedOutError
from omnitrack_redis.layout import Kind

# Answers for each sorted set [member, value, member, value, ...]: the members of a range, and their values from the hash.
READ = """
local answer = {}
local hash, skip, rev, limit = ARGV[1], tonumber(ARGV[2]) + 1, ARGV[3] == '1', tonumber(ARGV[4])
for i = 5, #ARGV, 3 do
  local found
  if rev then
    found = redis.call('ZRANGE', ARGV[i], ARGV[i + 2], ARGV[i + 1], 'BYLEX', 'REV', 'LIMIT', 0, limit)
  else
    found = redis.call('ZRANGE', ARGV[i], ARGV[i + 1], ARGV[i + 2], 'BYLEX', 'LIMIT', 0, limit)
  end
  local rows = {}
  for j, member in ipairs(found) do
    rows[2 * j - 1] = member
    rows[2 * j] = redis.call('HGET', hash, string.sub(member, skip))
  end
  answer[#answer + 1] = rows
end
return answer
"""

# Takes one text of length-prefixed parts: what is expected, then what is to be written. Answers 1, or 0 where something is otherwise.
# KEYS: number of commits, gate. ARGV[4]: 'any', 'open', or whose gate it must be.
COMMIT = """
local gate = redis.call('GET', KEYS[2])
if (ARGV[4] == 'open' and gate) or (ARGV[4] ~= 'open' and ARGV[4] ~= 'any' and gate ~= ARGV[4]) then
  return 0
end
local parts, at = ARGV[1], 1
local function take()
  local length
  length, at = struct.unpack('>I4', parts, at)
  at = at + length
  return string.sub(parts, at - length, at - 1)
end
for _ = 1, tonumber(ARGV[2]) do
  local hash = take()
  local field = take()
  local state = take()
  local value = redis.call('HGET', hash, field)
  if (state == '' and value) or (state ~= '' and value ~= string.sub(state, 2)) then
    return 0
  end
end
for _ = 1, tonumber(ARGV[3]) do
  local command = take()
  local key = take()
  local field = take()
  local value = take()
  if command == 'HSET' then
    redis.call('HSET', key, field, value)
  elseif command == 'ZADD' then
    redis.call('ZADD', key, 0, field)
  else
    redis.call(command, key, field)
  end
end
if tonumber(ARGV[3]) > 0 then
  redis.call('INCR', KEYS[1])
  if gate == ARGV[4] then
    redis.call('DEL', KEYS[2])
  end
end
return 1
"""

OPEN = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"

GATE_SECONDS = 60  # after which the gate of a killed process opens
GATE_PATIENCE = 30.0  # seconds that a writer waits before it


class Store:
    """A Redis, the prefix of one namespace in it, and the scripts."""

    def __init__(self, client: Redis, prefix: str) -> None:
        self.client = client
        self.prefix = prefix.encode()
        self.commits = self.prefix + b"commits"
        self.gate = self.prefix + b"gate"
        self._open = client.register_script(OPEN)
        self._read = client.register_script(READ)
        self._commit = client.register_script(COMMIT)

    def read(self, arguments: list[Any]) -> list[Any]:
        answers: list[Any] = self._call(lambda: self._read(args=arguments))
        return answers

    def values(self, name: bytes, fields: Sequence[bytes]) -> list[bytes | None]:
        return self._call(lambda: self.client.hmget(self.prefix + name, list(fields))) if fields else []

    def last_commit(self) -> bytes:
        return self._call(lambda: self.client.get(self.commits)) or b"0"

    def close_gate(self, token: bytes) -> None:
        """Close the gate, when nobody else has."""
        self._wait(lambda: self.client.set(self.gate, token, nx=True, ex=GATE_SECONDS))

    def pass_gate(self) -> None:
        """Wait until the gate is open."""
        self._wait(lambda: not self.client.exists(self.gate))

    def open_gate(self, token: bytes) -> None:
        """Open the gate, unless it is another's."""
        self._call(lambda: self._open(keys=[self.gate], args=[token]))

    def _wait(self, ready: Callable[[], Any]) -> None:
        until = time.monotonic() + GATE_PATIENCE
        pause = 0.001
        while not self._call(ready):
            deadlines.check()
            if time.monotonic() > until:
                raise ConflictError("an exclusive operation has kept the gate closed")
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(0.05, pause * 2)

    def commit(self, expected: list[bytes], checks: int, written: list[bytes], writes: int, gate: bytes) -> bool:
        parts = b"".join(struct.pack(">I", len(part)) + part for part in (*expected, *written))
        try:
            return bool(self._commit(keys=[self.commits, self.gate], args=[parts, checks, writes, gate]))
        except (Unreachable, TooLate) as error:
            if deadlines.is_over():
                raise TimedOutError("unknown") from error
            raise OutcomeUnknownError(
                "the connection to Redis broke during the commit, which may have happened"
            ) from error
        except RedisError as error:
            raise BackendError(f"Redis refused the commit: {type(error).__name__}") from error

    @staticmethod
    def _call(command: Callable[[], Any]) -> Any:
        try:
            return command()
        except RedisError as error:
            raise failed(f"Redis failed: {type(error).__name__}") from error


def failed(text: str) -> BackendError:
    """Return what is said of a command, other than a commit, that failed: that it did, or that the time of the call is over."""
    return TimedOutError("nothing written") if deadlines.is_over() else BackendError(text)


class Work:
    """The rows of one transaction: reads go to Redis and are overlaid by its own writes."""

    def __init__(self, store: Store, *, write: bool) -> None:
        self._store = store
        self._write = write
        self._expected: dict[tuple[bytes, bytes], bytes | None] = {}  # (hash, field): value when first read for a write
        self._seen: dict[
            tuple[bytes, bytes], bytes | None
        ] = {}  # the same, of what was read for a write but not written
        self._written: dict[tuple[bytes, bytes], bytes | None] = {}  # (hash, field): value, None to delete
        self._members: dict[bytes, dict[bytes, bool]] = {}  # sorted set: members, added or removed
        self._gate = b"any"  # what the gate must be at the commit: any, open, or this transaction's own

    # -- plain values ---------------------------------------------------------------------------------------------------
    def values(self, name: bytes, fields: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return what is there of a hash."""
        there = dict(zip(fields, self._store.values(name, fields), strict=True))
        own = {field: value for (of, field), value in self._overlay().items() if of == name and field in there}
        return {field: value for field, value in (there | own).items() if value is not None}

    def values_to_write(self, name: bytes, fields: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return what is there of a hash, and have the commit check that what is written or expected was still so."""
        fresh = [field for field in dict.fromkeys(fields) if (name, field) not in self._seen]
        for field, value in zip(fresh, self._store.values(name, fresh), strict=True):
            self._seen[name, field] = value
        values = {field: self._overlay_of(name, field) for field in fields}
        return {field: value for field, value in values.items() if value is not None}

    def _overlay_of(self, name: bytes, field: bytes) -> bytes | None:
        place = (name, field)
        return self._written[place] if place in self._written else self._seen[place]

    def _overlay(self) -> dict[tuple[bytes, bytes], bytes | None]:
        return {place: self._seen[place] for place in self._expected} | self._written

    def expect(self, name: bytes, field: bytes) -> None:
        """Have the commit check that a value, read for writing, is unchanged; until then this transaction reads it so."""
        self._expected[name, field] = self._seen[name, field]

    def set_value(self, name: bytes, field: bytes, value: bytes | None) -> None:
        """Write a value that was read for writing; None deletes it."""
        if not self._write:
            raise BackendError("a transaction with write=False only reads; run the function with write=True")
        self.expect(name, field)
        self._written[name, field] = value

    # -- the gate -------------------------------------------------------------------------------------------------------
    def pass_gate(self) -> None:
        """Wait for an open gate, and have the commit check that it is open."""
        if self._write and self._gate == b"any":
            self._store.pass_gate()
            self._gate = b"open"

    def close_gate(self) -> None:
        """Keep all others from committing who pass the gate, until this transaction ends."""
        if not self._write:
            raise BackendError("a transaction with write=False only reads; run the function with write=True")
        if self._gate in (b"any", b"open"):
            token = secrets.token_bytes(16)
            self._store.close_gate(token)
            self._gate = token

    def end(self) -> None:
        """Open the gate where this transaction closed it and did not commit."""
        if self._gate not in (b"any", b"open"):
            # Also where the time of the call is over; and where Redis does not answer, it opens by itself.
            with suppress(BackendError), deadlines.ending_by(time.monotonic() + deadlines.GRACE):
                self._store.open_gate(self._gate)

    # -- rows -----------------------------------------------------------------------------------------------------------
    def rows(self, kind: Kind, keys: Iterable[bytes]) -> dict[bytes, Any]:
        """Return the rows that are there, by key."""
        unique = list(dict.fromkeys(keys))
        return {key: kind.load(value) for key, value in self.values(kind.name, unique).items()}

    def rows_to_write(self, kind: Kind, keys: Iterable[bytes]) -> dict[bytes, Any]:
        """Return the rows that are there, by key, before they are written."""
        unique = list(dict.fromkeys(keys))
        return {key: kind.load(value) for key, value in self.values_to_write(kind.name, unique).items()}

    def set_row(self, kind: Kind, key: bytes, row: Any) -> None:
        """Write a row that was read for writing, and file it; None deletes it."""
        value = self._overlay_of(kind.name, key)
        before = set() if value is None else set(kind.groups(kind.load(value), key))
        after = set() if row is None else set(kind.groups(row, key))
        self.set_value(kind.name, key, None if row is None else kind.dump(row))
        for group, member in before - after:
            self._members.setdefault(group, {})[member] = False
        for group, member in after - before:
            self._members.setdefault(group, {})[member] = True

    def select(
        self,
        kind: Kind,
        groups: Sequence[bytes],
        *,
        low: bytes = b"-",
        high: bytes = b"+",
        skip: int = 0,
        newest: bool = False,
        limit: int | None = None,
        passes: Callable[[Any], bool] = lambda row: True,
    ) -> list[Any]:
        """Return rows of sorted sets, each row once, in the order of their members, that lie in a range and pass.

        A set gives its first ``limit`` members; where too few of them pass, the question is asked again for four times as many, so that
        each answer is of one moment.
        """
        groups = list(dict.fromkeys(groups)) if limit != 0 else []
        count = -1 if limit is None else limit
        while groups:
            more = max((len(self._members.get(group, ())) for group in groups), default=0)
            asked = -1 if count < 0 else count + more
            found, cut = self._ask(kind, groups, low, high, skip, newest, asked)
            rows = (
                found[member]
                for member in sorted(found, reverse=newest)
                if cut is None or not _beyond(member, cut, newest)
            )
            passed = list(islice(filter(passes, rows), limit))
            if cut is None or len(passed) == limit:
                return passed
            count = max(16, count * 4)
        return []

    def _ask(
        self, kind: Kind, groups: list[bytes], low: bytes, high: bytes, skip: int, newest: bool, asked: int
    ) -> tuple[dict[bytes, Any], bytes | None]:
        """Return rows by member, and the member up to which all are known (None: all are known)."""
        prefix = self._store.prefix
        arguments: list[Any] = [prefix + kind.name, skip, int(newest), asked]
        for group in groups:
            arguments += [prefix + group, low, high]
        answers = self._store.read(arguments)
        values: dict[bytes, bytes] = {}
        cut: bytes | None = None
        for group, answer in zip(groups, answers, strict=True):
            members = dict(zip(answer[::2], answer[1::2], strict=True))
            if asked >= 0 and len(members) == asked:
                last = answer[-2]
                cut = last if cut is None or _beyond(cut, last, newest) else cut
            own = self._members.get(group, {})
            values.update({member: value for member, value in members.items() if own.get(member, True)})
            for member, added in own.items():
                if added and _inside(member, low, high):
                    values[member] = b""  # its value is in the overlay
        overlay = self._overlay()
        rows: dict[bytes, Any] = {}
        for member, value in values.items():
            place = (kind.name, member[skip:])
            current = overlay.get(place, value)
            if current is not None:
                rows[member] = kind.load(current)
        return rows, cut

    # -- the end --------------------------------------------------------------------------------------------------------
    def commit(self) -> None:
        """Check and write everything in one step.

        Raises:
            ConflictError: something that was expected is otherwise.
        """
        if self._expected and not self._finish(self._commands()):
            raise ConflictError("another transaction changed the same rows")
        self._gate = b"any"

    def stale(self) -> bool:
        """Say whether what was read to be written has changed already, so that no error that came of it counts."""
        try:
            return bool(self._expected) and not self._finish([])
        except TimedOutError as error:
            raise TimedOutError("nothing written") from error.__cause__

    def _finish(self, commands: list[tuple[bytes, bytes, bytes, bytes]]) -> bool:
        prefix = self._store.prefix
        expected: list[bytes] = []
        for (name, field), value in self._expected.items():
            expected += [prefix + name, field, b"" if value is None else b"=" + value]
        written = [part for command in commands for part in command]
        return self._store.commit(expected, len(self._expected), written, len(commands), self._gate)

    def _commands(self) -> list[tuple[bytes, bytes, bytes, bytes]]:
        prefix = self._store.prefix
        commands = []
        for (name, field), value in self._written.items():
            if value is not None:
                commands.append((b"HSET", prefix + name, field, value))
            elif self._expected[name, field] is not None:
                commands.append((b"HDEL", prefix + name, field, b""))
        for group, members in self._members.items():
            for member, added in members.items():
                commands.append((b"ZADD" if added else b"ZREM", prefix + group, member, b""))
        return commands


def _beyond(member: bytes, cut: bytes, newest: bool) -> bool:
    return member < cut if newest else member > cut


def _inside(member: bytes, low: bytes, high: bytes) -> bool:
    """Say whether a member is in a range as ZRANGE BYLEX writes it."""
    above = low == b"-" or (member >= low[1:] if low[:1] == b"[" else member > low[1:])
    below = high == b"+" or (member <= high[1:] if high[:1] == b"[" else member < high[1:])
    return above and below
