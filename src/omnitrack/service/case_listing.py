"""Cases listed: of a customer, of an owner, by state and kind, and those whose promises are overdue; by an index, not by reading the store."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import product

import attrs

from omnitrack.errors import CaseNotFoundError, InvalidInteractionError, check_flag
from omnitrack.foundation.arguments import checked_text, microseconds
from omnitrack.foundation.calls import Run
from omnitrack.foundation.cases import (
    PROMISED,
    StoredCase,
    case_ids_at,
    due_text,
    facet,
    find_cases,
)
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import to_text
from omnitrack.model import MAX_NAME, Page
from omnitrack.reading.cursor import Cursor, decode_cursor
from omnitrack.reading.query import checked_limit
from omnitrack.reading.resolve import Meant, Who, find_people, meant
from omnitrack.records import CASE_DUE, CASE_LISTED
from omnitrack.service.case import KINDS, OPEN_STATES, STATES, Case
from omnitrack.service.case_access import case_id, get_case, holders_of, shown
from omnitrack.service.case_steps import one_of
from omnitrack.storage.contract import IdentifierRow, Transaction

PIECE = 100  # keys of the index that are read at a time
_DUE = 16  # hexadecimal digits of a time in a key

Place = tuple[int, bytes]  # when a promise was due (0 where that is not asked for), and the case


@attrs.frozen(kw_only=True)
class Wanted:
    """Which cases are asked for."""

    who: Meant | None
    owner: str | None
    states: tuple[str, ...]
    kinds: tuple[str, ...]
    overdue: bool
    now: int

    @property
    def query(self) -> str:
        """What ties a cursor to them."""
        who = None if self.who is None else self.who.key
        return json.dumps(["cases", who, self.owner, self.states, self.kinds, self.overdue])

    def lets_through(self, case: StoredCase) -> bool:
        """Whether a case is among them, whoever's it is."""
        if case.state not in self.states or case.kind not in self.kinds:
            return False
        if self.owner is not None and case.owner != self.owner:
            return False
        return not self.overdue or _overdue_since(case, self.now) is not None


def wanted(
    ctx: Context,
    who: Who | None,
    owner: object,
    state: object,
    kind: object,
    overdue: object,
    now: datetime | str | None,
) -> Wanted:
    """Return which cases are asked for.

    Raises:
        InvalidInteractionError: an argument cannot be.
    """
    check_flag("overdue", overdue, InvalidInteractionError)
    at = microseconds(now, "now", ctx.zone)
    states = OPEN_STATES if state == "open" else _words("state", state, STATES)
    return Wanted(
        who=None if who is None else meant(ctx, who),
        owner=checked_text("owner", owner, MAX_NAME),
        states=states,
        kinds=_words("kind", kind, KINDS),
        overdue=bool(overdue),
        now=ctx.clock() if at is None else at,
    )


def _words(field: str, value: object, known: Sequence[str]) -> tuple[str, ...]:
    if value is None:
        return tuple(known)
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, (list, tuple, set, frozenset)) or not given:
        raise InvalidInteractionError(
            f"{field}: got {type(value).__name__}, accepted is one of {', '.join(known)}, or several"
        )
    return tuple(one for one in known if one in {one_of(field, some, known) for some in given})


def cases_page(run: Run, ctx: Context, asked: Wanted, limit: int, cursor: str | None) -> Page[Case]:
    """Return one page of cases, the oldest first; of overdue ones that first whose promise was due first."""
    size = checked_limit(limit)
    found = None if cursor is None else decode_cursor(cursor, asked.query)
    after = None if found is None else (found.at, found.id)

    def read(tx: Transaction) -> Page[Case]:
        page: list[tuple[Place, StoredCase]] = []
        for place, case in _cases(tx, ctx, asked, after):
            page.append((place, case))
            if len(page) > size:
                break
        more, page = len(page) > size, page[:size]
        last = Cursor(*page[-1][0]).encode(asked.query) if more else None
        return Page(tuple(shown(tx, [case for _, case in page], asked.now)), next=last)

    return run(read, write=False)


def listed_cases(tx: Transaction, asked: Wanted) -> Iterator[StoredCase]:
    """Yield the cases that are asked for, of whoever they are, in the order of pages."""
    assert asked.who is None
    yield from (case for _, case in _indexed(tx, asked, None))


def _cases(tx: Transaction, ctx: Context, asked: Wanted, after: Place | None) -> Iterator[tuple[Place, StoredCase]]:
    """Yield the cases that are asked for, each with its place in the order, after a place."""
    if asked.who is not None:
        yield from _of_customer(tx, ctx, asked, asked.who, after)
    else:
        yield from _indexed(tx, asked, after)


def _indexed(tx: Transaction, asked: Wanted, after: Place | None) -> Iterator[tuple[Place, StoredCase]]:
    places = _overdue(tx, asked, after) if asked.overdue else _listed(tx, asked, after)
    while piece := [place for place, _ in zip(places, range(PIECE))]:
        cases = find_cases(tx, [id for _, id in piece])
        for place in piece:
            case = cases.get(place[1])
            if case is None or not asked.lets_through(case):
                continue
            if asked.overdue and _overdue_since(case, asked.now) != place[0]:
                continue  # another promise of the same case was due before
            yield place, case


def _of_customer(
    tx: Transaction, ctx: Context, asked: Wanted, who: Meant, after: Place | None
) -> Iterator[tuple[Place, StoredCase]]:
    found = []
    for case in cases_of_members(tx, find_people(tx, ctx, who)[1]):
        if asked.lets_through(case):
            since = _overdue_since(case, asked.now) if asked.overdue else None
            found.append(((since or 0, case.id), case))
    yield from (
        (place, case) for place, case in sorted(found, key=lambda one: one[0]) if after is None or place > after
    )


def cases_of_members(tx: Transaction, members: Sequence[IdentifierRow]) -> list[StoredCase]:
    """Return the cases of whoever has some identifiers, oldest first."""
    ids = {member.id for member in members}
    cases = find_cases(tx, case_ids_at(tx, {member.base for member in members}))
    whose = holders_of(tx, cases.values())
    return [case for case in cases.values() if any(row.id in ids for row in whose[case.id])]


def _listed(tx: Transaction, asked: Wanted, after: Place | None) -> Iterator[Place]:
    """Yield the places of cases by owner, kind and state, in order of id."""
    kinds = [None] if len(asked.kinds) == len(KINDS) else list(asked.kinds)
    starts = [facet(asked.owner, kind, state) for kind, state in product(kinds, asked.states)]
    ids = heapq.merge(*(_keys(tx, start, after) for start in starts))
    yield from ((0, id) for id in ids)


def _keys(tx: Transaction, start: str, after: Place | None) -> Iterator[bytes]:
    last = None if after is None else f"{start}{after[1].hex()}"
    while True:
        rows = tx.find_records(CASE_LISTED, prefix=start, after=last, limit=PIECE)
        yield from (bytes.fromhex(row.key[len(start) :]) for row in rows)
        if len(rows) < PIECE:
            return
        last = rows[-1].key


def _overdue(tx: Transaction, asked: Wanted, after: Place | None) -> Iterator[Place]:
    last = None if after is None else f"{PROMISED}/{due_text(after[0])}/{after[1].hex()}"
    yield from due_places(tx, PROMISED, asked.now, last)


def due_places(tx: Transaction, what: str, now: int, last: str | None = None) -> Iterator[Place]:
    """Yield of what was due before a time when that was, and the case, earliest first."""
    start = f"{what}/"
    while True:
        rows = tx.find_records(CASE_DUE, prefix=start, after=last, limit=PIECE)
        for row in rows:
            when, _, id = row.key[len(start) :].partition("/")
            due = int(when, 16) - (1 << 63)
            if due >= now:
                return
            yield due, bytes.fromhex(id)
        if len(rows) < PIECE:
            return
        last = rows[-1].key


def _overdue_since(case: StoredCase, now: int) -> int | None:
    """Return when the earliest promise was due that is broken; None where none is."""
    return min((e.due for e in case.unkept if e.due is not None and e.due < now), default=None)


def case_as_of(run: Run, ctx: Context, case: Case | str, as_of: datetime | str | None) -> Case:
    """Return one case, now or as it was known at a time."""
    id, then = case_id(case), microseconds(as_of, "as_of", ctx.zone)

    def read(tx: Transaction) -> Case:
        found = get_case(tx, id)
        if then is not None:
            found = attrs.evolve(found, log=tuple(e for e in found.log if e.recorded_at <= then))
            if not found.log:
                raise CaseNotFoundError(f"case: {to_text('cas', id)} was not known then")
        return shown(tx, [found], ctx.clock() if then is None else then)[0]

    return run(read, write=False)
