"""Handovers as a store keeps them: by a keyed digest of the code, with the interactions at both ends."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs

from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import with_removed
from omnitrack.model import Role
from omnitrack.records import HANDED, HANDOVER
from omnitrack.storage.contract import NO_ID, EntryRow, RecordRow, Transaction

CHUNK = 1_000  # records asked for at a time
MOST_REPEATS = 100  # interactions that are remembered to have brought a code again

# RFC 7914. Without a secret of the store its key lies beside the digests, so trying all codes must take too long: see docs/explanation/threat-model.md.
_COST = {"n": 1 << 12, "r": 8, "p": 1}


@attrs.frozen(slots=True, kw_only=True)
class Use:
    """An interaction that came with the code.

    Attributes:
        interaction: None where it was removed since.
        counts: whether it is a use; False where the same person came again.
        linked: whether its person was given the address to which the code went.
    """

    interaction: bytes | None
    counts: bool = True
    linked: bool = False


@attrs.frozen(slots=True, kw_only=True)
class Given:
    """A handover that was given.

    Attributes:
        key: the digest of its code. interaction: with which it was given.
        private: only the person could read it. uses: how often it may be used.
        version: of its record.
    """

    key: str
    id: bytes
    interaction: bytes
    channel: str
    to: str
    issued: int
    expires: int
    private: bool
    uses: int
    reason: str | None
    by: str | None
    used: tuple[Use, ...] = ()
    version: int = 0

    @property
    def left(self) -> int:
        """How often it may still be used."""
        return self.uses - sum(use.counts for use in self.used)

    def record(self) -> RecordRow:
        """Return the record that holds it."""
        used = [[None if u.interaction is None else u.interaction.hex(), u.counts, u.linked] for u in self.used]
        value = {
            "id": self.id.hex(),
            "interaction": self.interaction.hex(),
            "channel": self.channel,
            "to": self.to,
            "issued": self.issued,
            "expires": self.expires,
            "private": self.private,
            "uses": self.uses,
            "reason": self.reason,
            "by": self.by,
            "used": used,
        }
        return RecordRow(HANDOVER, self.key, json.dumps(value, ensure_ascii=False), self.version)


def load_given(row: RecordRow) -> Given:
    """Return the handover in a record."""
    value = json.loads(row.value)
    used = [
        Use(interaction=None if id is None else bytes.fromhex(id), counts=counts, linked=linked)
        for id, counts, linked in value.pop("used")
    ]
    id, interaction = bytes.fromhex(value.pop("id")), bytes.fromhex(value.pop("interaction"))
    return Given(key=row.key, version=row.version, id=id, interaction=interaction, used=tuple(used), **value)


def code_key(ctx: Context, payload: int) -> str:
    """Return what a store keeps of a code: enough to know it again, and not to find out what it is. Slow where the store has no secret."""
    number = payload.to_bytes(8, "big")
    if ctx.secret:
        return hmac.digest(ctx.secret, b"omnitrack handover" + number, "sha256")[:16].hex()
    return hashlib.scrypt(number, salt=ctx.mark_key, dklen=16, **_COST).hex()


def find_given(tx: Transaction, keys: Iterable[str]) -> dict[str, Given]:
    """Return handovers by their keys."""
    wanted = sorted(set(keys))
    found = [
        row
        for start in range(0, len(wanted), CHUNK)
        for row in tx.find_records(HANDOVER, keys=wanted[start : start + CHUNK])
    ]
    return {row.key: load_given(row) for row in found}


@attrs.define(slots=True)
class Handed:
    """The keys of the handovers that were given with an interaction, and of those that it came back with."""

    given: list[str] = attrs.field(factory=list)
    used: list[str] = attrs.field(factory=list)
    version: int = 0

    def record(self, interaction: bytes) -> RecordRow:
        """Return the record that holds them."""
        value = json.dumps({"given": self.given, "used": self.used})
        return RecordRow(HANDED, interaction.hex(), value, self.version)


def find_handed(tx: Transaction, interactions: Iterable[bytes]) -> dict[bytes, Handed]:
    """Return the handovers of some interactions; those without any are left out."""
    keys = [id.hex() for id in dict.fromkeys(interactions)]
    rows = [
        row for start in range(0, len(keys), CHUNK) for row in tx.find_records(HANDED, keys=keys[start : start + CHUNK])
    ]
    return {bytes.fromhex(row.key): Handed(**json.loads(row.value), version=row.version) for row in rows}


@attrs.frozen(slots=True)
class HandoversLeft:
    """What becomes of handovers whose interactions go.

    Attributes:
        gone: (kind, key) of records that go. records: records that stay, as they will be.
        entries: entries of interactions that stay, which only a code put there that goes.
    """

    gone: list[tuple[str, str]]
    records: list[RecordRow]
    entries: list[EntryRow]


def handovers_left(tx: Transaction, leaving: Collection[bytes]) -> HandoversLeft:
    """Return what becomes of handovers when some interactions go. One goes with the interaction that it was given with, and so does what its code showed;
    a use that goes stays counted."""
    left = HandoversLeft([], [], [])
    there = find_handed(tx, leaving)
    if not there:
        return left
    left.gone.extend((HANDED, id.hex()) for id in there)
    given = find_given(tx, (key for handed in there.values() for key in (*handed.given, *handed.used)))
    going = {key: one for key, one in given.items() if one.interaction in leaving}
    left.gone.extend((HANDOVER, key) for key in going)
    for key, one in given.items():
        if key not in going:
            used = [attrs.evolve(u, interaction=None) if u.interaction in leaving else u for u in one.used]
            left.records.append(attrs.evolve(one, used=tuple(used)).record())
    users = {u.interaction for one in going.values() for u in one.used if u.interaction is not None}
    for id, handed in find_handed(tx, sorted(users - set(leaving))).items():
        handed.given = [key for key in handed.given if key not in going]
        handed.used = [key for key in handed.used if key not in going]
        if handed.given or handed.used:
            left.records.append(handed.record(id))
        else:
            left.gone.append((HANDED, id.hex()))
    left.entries.extend(_shown_by(tx, going, leaving))
    return left


def _shown_by(tx: Transaction, going: Mapping[str, Given], leaving: Collection[bytes]) -> Sequence[EntryRow]:
    """Return the entries that codes put into interactions that stay."""
    linked = {
        u.interaction: one.interaction
        for one in going.values()
        for u in one.used
        if u.linked and u.interaction is not None and u.interaction not in leaving
    }
    if not linked:
        return []
    addresses: dict[bytes, set[bytes]] = {}
    for entry in with_removed(tx, sorted(set(linked.values()))):
        addresses.setdefault(entry.interaction, set()).add(entry.identifier)
    return [
        entry
        for entry in with_removed(tx, sorted(linked))
        if entry.role == Role.MEMBER
        and entry.person == 0
        and entry.identifier != NO_ID
        and entry.identifier in addresses.get(linked[entry.interaction], ())
    ]
