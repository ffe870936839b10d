"""Cases as a store keeps them: an append-only log of what was done about a matter, and the records by which it is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import attrs

from omnitrack.foundation.evidence import tenures_of, with_removed
from omnitrack.identity.mention import Mention
from omnitrack.records import CASE, CASE_DUE, CASE_LISTED, CASE_OF, CASE_WITH
from omnitrack.storage.contract import NO_ID, EntryRow, IdentifierRow, RecordRow, Transaction

CHUNK = 500  # records asked for at a time
ENDED = frozenset({"closed", "cancelled", "rejected"})
ANY = "*"  # of an owner or a kind in the index: whichever
PROMISED, UNANSWERED = "p", "a"  # what is due


@attrs.frozen(slots=True, kw_only=True)
class Event:
    """One thing that was done about a case.

    Attributes:
        what: ``opened``, ``state``, ``owner``, ``seriousness``, ``title``, ``note``, ``promise``, ``kept``, ``added`` or ``reference``.
        at: when it was done. recorded_at: when the store took it.
        value: of a state, an owner, a seriousness or a reference. text: of a title, a note or a promise.
        because: why a state came to be: ``confirmed``, ``unanswered``, ``withdrawn``, ``came back``; None where somebody said so.
        due: of a promise; of ``resolved`` until when the customer is waited for.
        number: of a promise, from 1. system: whose a reference is.
    """

    what: str
    at: int
    recorded_at: int
    by: str | None = None
    reason: str | None = None
    value: str | None = None
    text: str | None = None
    because: str | None = None
    due: int | None = None
    number: int | None = None
    interaction: bytes | None = None
    system: str | None = None

    def dump(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        found = {name: value for name in _NAMES if (value := getattr(self, name)) is not None}
        if self.interaction is not None:
            found["interaction"] = self.interaction.hex()
        return found

    @property
    def texts(self) -> tuple[str | None, ...]:
        """What people wrote in it."""
        return (self.text, self.reason, self.by, self.value, self.system)


_NAMES = tuple(field.name for field in attrs.fields(Event))


def _load_event(value: dict[str, Any]) -> Event:
    if "interaction" in value:
        value = {**value, "interaction": bytes.fromhex(value["interaction"])}
    return Event(**value)


@attrs.frozen(slots=True, kw_only=True)
class StoredCase:
    """A case as it is kept.

    Attributes:
        about: whose it is, where it was opened for a customer rather than from an interaction.
        places: identifiers, by their first holders, under which it is found. More than those whose it is now: whose it is follows from its interactions.
        version: of the record; 0 where there is none yet.
    """

    id: bytes
    kind: str
    log: tuple[Event, ...]
    about: Mention | None = None
    places: tuple[bytes, ...] = ()
    version: int = 0

    def last(self, what: str) -> Event | None:
        """Return the last event of a sort."""
        return next((event for event in reversed(self.log) if event.what == what), None)

    @property
    def state(self) -> str:
        """The state that it is in."""
        event = self.last("state")
        return "acknowledged" if event is None or event.value is None else event.value

    @property
    def owner(self) -> str | None:
        """Who has it."""
        event = self.last("owner")
        return None if event is None else event.value

    @property
    def interactions(self) -> tuple[bytes, ...]:
        """The interactions that it holds, in the order in which they came to it."""
        return tuple(dict.fromkeys(e.interaction for e in self.log if e.interaction is not None))

    @property
    def answered(self) -> bool:
        """Whether its customer said something since it was resolved, of which nobody has said yet what it means."""
        if self.state != "resolved":
            return False
        since = max(n for n, event in enumerate(self.log) if event.what == "state")
        return any(event.what == "added" and event.value == "inbound" for event in self.log[since:])

    @property
    def unkept(self) -> list[Event]:
        """The promises that were not kept yet."""
        kept = {event.number for event in self.log if event.what == "kept"}
        return [event for event in self.log if event.what == "promise" and event.number not in kept]

    def record(self) -> RecordRow:
        """Return the record that keeps it."""
        value: dict[str, Any] = {
            "kind": self.kind,
            "about": None if self.about is None else self.about.dump(),
            "places": [base.hex() for base in self.places],
            "log": [event.dump() for event in self.log],
        }
        return RecordRow(CASE, self.id.hex(), json.dumps(value, ensure_ascii=False), self.version)

    def index(self) -> list[RecordRow]:
        """Return the empty records by which it is found and listed."""
        id, state = self.id.hex(), self.state
        found = [(CASE_OF, f"{base.hex()}/{id}") for base in self.places]
        found += [(CASE_LISTED, f"{facet}{id}") for facet in _facets(self.owner, self.kind, state)]
        if state not in ENDED:
            due = [(PROMISED, event.due) for event in self.unkept]
            resolved = self.last("state") if state == "resolved" and not self.answered else None
            due += [] if resolved is None else [(UNANSWERED, resolved.due)]
            found += [(CASE_DUE, f"{what}/{due_text(when)}/{id}") for what, when in due if when is not None]
        return [RecordRow(kind, key, "", -1) for kind, key in dict.fromkeys(found)]


def load_case(row: RecordRow) -> StoredCase:
    """Return what a record keeps."""
    value = json.loads(row.value)
    return StoredCase(
        id=bytes.fromhex(row.key),
        kind=value["kind"],
        log=tuple(map(_load_event, value["log"])),
        about=None if value["about"] is None else Mention.load(value["about"]),
        places=tuple(map(bytes.fromhex, value["places"])),
        version=row.version,
    )


# -- the index ------------------------------------------------------------------------------------------------------------
def due_text(at: int) -> str:
    """Return a time as keys have it, in their order."""
    return f"{at + (1 << 63):016x}"


def owner_text(owner: str) -> str:
    """Return an owner as keys have it."""
    return hashlib.blake2b(owner.encode(), digest_size=12).hexdigest()


def facet(owner: str | None, kind: str | None, state: str) -> str:
    """Return how the keys begin of cases of an owner (None: any), a kind (None: any) and a state; the id follows."""
    return f"{ANY if owner is None else owner_text(owner)}/{kind or ANY}/{state}/"


def _facets(owner: str | None, kind: str, state: str) -> list[str]:
    owners = [None] if owner is None else [None, owner]
    return [facet(one, some, state) for one in owners for some in (None, kind)]


def changed(before: StoredCase | None, after: StoredCase | None) -> tuple[list[RecordRow], list[tuple[str, str]]]:
    """Return the records to put where a case becomes another, and (kind, key) of those that go; of the interactions that it holds see ``held_rows``."""
    old = [] if before is None else before.index()
    new = [] if after is None else after.index()
    kept = {row.key for row in new}
    there = {(row.kind, row.key) for row in old}
    gone = [(row.kind, row.key) for row in old if row.key not in kept]
    put = [row for row in new if (row.kind, row.key) not in there]
    if after is not None:
        return [after.record(), *put], gone
    return [], [*gone, *([] if before is None else [(CASE, before.id.hex())])]


def held_rows(id: bytes, interactions: Iterable[bytes], there: Mapping[bytes, RecordRow]) -> list[RecordRow]:
    """Return the records that say of interactions that a case holds them too. Two cases at once that come to hold one are one after the other.

    Args:
        there: what ``rows_with`` returned of them, before it was decided that the case is to hold them.
    """
    wanted = list(dict.fromkeys(interactions))
    rows = []
    for one in wanted:
        row = there.get(one)
        held: list[str] = [] if row is None else json.loads(row.value)
        if id.hex() not in held:
            version = 0 if row is None else row.version
            rows.append(RecordRow(CASE_WITH, one.hex(), json.dumps([*held, id.hex()]), version))
    return rows


def rows_with(tx: Transaction, interactions: Iterable[bytes]) -> dict[bytes, RecordRow]:
    """Return of each interaction that cases hold the record that says so."""
    keys = sorted({one.hex() for one in interactions})
    return {
        bytes.fromhex(row.key): row
        for start in range(0, len(keys), CHUNK)
        for row in tx.find_records(CASE_WITH, keys=keys[start : start + CHUNK])
    }


# -- finding --------------------------------------------------------------------------------------------------------------
def find_cases(tx: Transaction, ids: Iterable[bytes]) -> dict[bytes, StoredCase]:
    """Return the cases with these ids that are there, in order of id."""
    keys = sorted({id.hex() for id in ids})
    rows = [
        row for start in range(0, len(keys), CHUNK) for row in tx.find_records(CASE, keys=keys[start : start + CHUNK])
    ]
    return {bytes.fromhex(row.key): load_case(row) for row in rows}


def cases_with(tx: Transaction, interactions: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """Return of each interaction that a case holds, which cases do: the plain answer to what a conversation is joined by."""
    return {id: list(map(bytes.fromhex, json.loads(row.value))) for id, row in rows_with(tx, interactions).items()}


def cases_in(held: Iterable[RecordRow]) -> set[bytes]:
    """Return the cases that such records name."""
    return {bytes.fromhex(id) for row in held for id in json.loads(row.value)}


def case_ids_at(tx: Transaction, bases: Iterable[bytes]) -> list[bytes]:
    """Return the ids of cases that may be found under some identifiers, named by their first holders, oldest first."""
    found = {
        bytes.fromhex(row.key.partition("/")[2])
        for base in sorted(set(bases))
        for row in tx.find_records(CASE_OF, prefix=f"{base.hex()}/")
    }
    return sorted(found)


def places_of(tx: Transaction, interactions: Sequence[bytes]) -> set[bytes]:
    """Return the first holders of all identifiers of the people of some interactions."""
    entries = with_removed(tx, interactions) if interactions else []
    named = sorted({e.identifier for e in entries if e.person >= 0} - {NO_ID})
    return {row.base for row in tx.find_identifiers(ids=named)} if named else set()


def found_too(tx: Transaction, entries: Iterable[EntryRow], fresh: Mapping[bytes, IdentifierRow]) -> list[RecordRow]:
    """Return the records by which cases are found under the identifiers that their interactions are filed under from now on.

    Args:
        entries: that are added. fresh: identifiers that are not stored yet.
    """
    of: dict[bytes, set[bytes]] = {}
    for entry in entries:
        if entry.person >= 0 and entry.identifier != NO_ID:
            of.setdefault(entry.interaction, set()).add(entry.identifier)
    held = cases_with(tx, of)
    if not held:
        return []
    named = {id for one in held for id in of[one]}
    stored = tx.find_identifiers(ids=sorted(named - fresh.keys()))
    bases = {row.id: row.base for row in (*fresh.values(), *stored)}
    more: dict[bytes, dict[bytes, None]] = {}
    for interaction, ids in held.items():
        for id in ids:
            more.setdefault(id, {}).update(dict.fromkeys(bases[one] for one in sorted(of[interaction])))
    put = []
    for id, case in find_cases(tx, more).items():
        after = attrs.evolve(case, places=tuple(dict.fromkeys([*case.places, *more[id]])))
        if after != case:
            put += changed(case, after)[0]
    return put


# -- what goes ------------------------------------------------------------------------------------------------------------
@attrs.frozen(slots=True)
class CasesLeft:
    """What becomes of cases where something goes that they hold.

    Attributes:
        kept: those that stay, each as it was and as it will be. removed: those that go.
        gone: (kind, key) of what says that interactions which go are held.
    """

    kept: list[tuple[StoredCase, StoredCase]]
    removed: list[StoredCase]
    gone: list[tuple[str, str]]


def cases_left(
    tx: Transaction,
    bases: Iterable[bytes],
    interactions: Collection[bytes],
    holders: Collection[bytes],
    emptied: Collection[bytes],
) -> CasesLeft:
    """Return what is left of cases. One that holds no interaction any more, and was opened for nobody who stays, goes.

    Args:
        bases: identifiers, by their first holders, of which something goes.
        interactions: that go whole. holders: ids of identifiers that go. emptied: of ``bases`` those of which no holder is left.
    """
    left = CasesLeft([], [], [])
    if not tx.find_records(CASE, limit=1):
        return left
    held = rows_with(tx, interactions)
    left.gone.extend((CASE_WITH, row.key) for row in held.values())
    cases = find_cases(tx, cases_in(held.values()) | set(case_ids_at(tx, bases)))
    tenures = tenures_of(tx, sorted({c.about.base for c in cases.values() if c.about is not None}))
    gone = set(interactions)
    for case in cases.values():
        about = case.about
        if about is not None and (about.base in emptied or about.about(tenures[about.base]) in holders):
            about = None
        log = tuple(attrs.evolve(e, interaction=None) if e.interaction in gone else e for e in case.log)
        places = tuple(base for base in case.places if base not in emptied)
        after = attrs.evolve(case, about=about, log=log, places=places)
        if about is None and not after.interactions:
            left.removed.append(case)
        else:
            left.kept.append((case, after))
    return left


def rows_left(
    kept: Iterable[tuple[StoredCase, StoredCase]], removed: Iterable[StoredCase] = ()
) -> tuple[list[RecordRow], list[tuple[str, str]]]:
    """Return the records to put, and (kind, key) of those that go, where cases become others or go."""
    put: list[RecordRow] = []
    gone: list[tuple[str, str]] = []
    for before, after in (*kept, *((case, None) for case in removed)):
        if before != after:
            more, less = changed(before, after)
            put += more
            gone += less
    return put, gone


def scrubbed(case: StoredCase, scrub: Callable[[str | None], str | None]) -> StoredCase:
    """Return a case without what names somebody in its texts."""
    log = tuple(
        attrs.evolve(
            event,
            text=scrub(event.text),
            reason=scrub(event.reason),
            by=scrub(event.by),
            value=scrub(event.value) if event.what in ("owner", "reference") else event.value,
            system=scrub(event.system),
        )
        for event in case.log
    )
    return attrs.evolve(case, log=log)


def move_cases(
    tx: Transaction, bases: Iterable[bytes], became: Mapping[bytes, bytes]
) -> tuple[list[RecordRow], list[tuple[str, str]]]:
    """Return the records of cases found under identifiers that have other ids from now on, and (kind, key) of what goes.

    Args:
        bases: the first holders of these. became: their ids, and those of the other holders, from now on.
    """
    put: list[RecordRow] = []
    gone: list[tuple[str, str]] = []
    for case in find_cases(tx, case_ids_at(tx, bases)).values():
        about = case.about
        if about is not None:
            holder = None if about.holder is None else became.get(about.holder, about.holder)
            about = Mention(became.get(about.base, about.base), holder, about.at)
        places = tuple(dict.fromkeys(became.get(base, base) for base in case.places))
        more, less = changed(case, attrs.evolve(case, about=about, places=places))
        put += [row._replace(version=-1) for row in more]
        gone += less
    return put, gone
