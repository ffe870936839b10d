"""Access to stored cases: read, with whose they are now, and changed by whoever saw them as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from omnitrack.errors import CaseChangedError, CaseNotFoundError, InvalidInteractionError, plain_repr
from omnitrack.foundation.calls import Run
from omnitrack.foundation.cases import Event, StoredCase, changed, find_cases, held_rows, places_of, rows_with
from omnitrack.foundation.context import Context
from omnitrack.foundation.evidence import tenures_of
from omnitrack.foundation.ids import from_text, to_text
from omnitrack.foundation.once import Once
from omnitrack.foundation.settings import enter, goes_over
from omnitrack.model import Assurance, Role
from omnitrack.reading.resolve import customer_text
from omnitrack.service.case import Case, to_case, to_changes
from omnitrack.statements.reasons import cases_named_in
from omnitrack.storage.contract import NO_ID, EntryRow, IdentifierRow, RecordRow, Transaction

MOST_EVENTS = 2_000  # lines of one history
CHUNK = 500  # interactions asked for at a time

#: Works out what is to be added to the log of a case, which may be nothing.
Step = Callable[[Transaction, StoredCase], Sequence[Event]]


def case_id(case: object) -> bytes:
    """Return the id of a case.

    Raises:
        CaseNotFoundError: it is none.
    """
    text = case.id if isinstance(case, Case) else case
    id = from_text("cas", text) if isinstance(text, str) else None
    if id is None:
        raise CaseNotFoundError(f"case: got {plain_repr(text)}, accepted is a Case, or an id such as cas_...")
    return id


def get_case(tx: Transaction, id: bytes) -> StoredCase:
    """Return a case.

    Raises:
        CaseNotFoundError: there is none with this id.
    """
    found = find_cases(tx, [id]).get(id)
    if found is None:
        raise CaseNotFoundError(f"case: none has the id {to_text('cas', id)}")
    return found


def holders_of(tx: Transaction, cases: Iterable[StoredCase]) -> dict[bytes, list[IdentifierRow]]:
    """Return whose each case is now: the identifiers under which its interactions are filed, and for which it was opened. A claim files nothing."""
    wanted = list(cases)
    ids = list(dict.fromkeys(id for case in wanted for id in case.interactions))
    entries: dict[bytes, list[EntryRow]] = {}
    for start in range(0, len(ids), CHUNK):
        for entry in tx.list_entries(
            interactions=ids[start : start + CHUNK], roles=(Role.ANCHOR,), min_assurance=int(Assurance.OBSERVED)
        ):
            entries.setdefault(entry.interaction, []).append(entry)
    tenures = tenures_of(tx, sorted({c.about.base for c in wanted if c.about is not None}))
    named: dict[bytes, dict[bytes, None]] = {}
    for case in wanted:
        of = [] if case.about is None else [case.about.about(tenures[case.about.base])]
        of += [e.identifier for id in case.interactions for e in entries.get(id, ()) if e.identifier != NO_ID]
        named[case.id] = dict.fromkeys(of)
    rows = {r.id: r for r in tx.find_identifiers(ids=sorted({id for of in named.values() for id in of}))}
    return {case: [rows[id] for id in of if id in rows] for case, of in named.items()}


def customers_of(rows: Iterable[IdentifierRow]) -> list[str]:
    """Return the ids of the customers who have some identifiers, each once."""
    return list(dict.fromkeys(customer_text(row.customer) for row in rows))


def shown(tx: Transaction, cases: Sequence[StoredCase], now: int) -> list[Case]:
    """Return cases as people see them."""
    whose: Mapping[bytes, list[IdentifierRow]] = holders_of(tx, cases)
    return [to_case(case, now, customers_of(whose[case.id])) for case in cases]


# -- change ---------------------------------------------------------------------------------------------------------------
@attrs.frozen
class _Changed:
    """What came of a change: the case as it was and is; a conflict where it was another than the caller had seen."""

    before: StoredCase
    after: StoredCase
    seen: Case
    conflict: bool = False


@goes_over
def change(run: Run, ctx: Context, case: Case | str, now: int, step: Step) -> Case:
    """Add to the log of a case, and return it as it is then.

    Args:
        case: as it was read, which it still has to be; or its id, whatever it is by now.
        now: the time, microseconds.

    Raises:
        CaseNotFoundError: there is no such case. CaseChangedError: it was changed since it was read.
    """
    id, expected = case_id(case), case.version if isinstance(case, Case) else None

    def write(tx: Transaction) -> _Changed:
        enter(tx, ctx)
        before = get_case(tx, id)
        if expected is not None and len(before.log) != expected:
            return _Changed(before, before, shown(tx, [before], now)[0], conflict=True)
        after = add_events(tx, ctx, before, step(tx, before))
        return _Changed(before, after, shown(tx, [after], now)[0])

    done = run(Once(write, _is_there))
    if done.conflict:
        assert expected is not None
        raise _conflict(done, expected)
    return done.seen


def _is_there(tx: Transaction, done: _Changed) -> bool:
    found = find_cases(tx, [done.after.id]).get(done.after.id)
    return not done.conflict and found is not None and found.log[: len(done.after.log)] == done.after.log


def _conflict(done: _Changed, expected: int) -> CaseChangedError:
    changes = to_changes(done.after.log, min(expected, len(done.after.log)))
    told = "; ".join(
        f"{one.what} {one.value or ''} by {one.by or 'somebody'}".replace("  ", " ") for one in changes[:5]
    )
    return CaseChangedError(
        f"case: {done.seen.id} was changed since it was read ({told or 'something of it was erased'}); read it again",
        done.seen,
        changes,
    )


def add_events(
    tx: Transaction,
    ctx: Context,
    before: StoredCase,
    events: Sequence[Event],
    *,
    there: Mapping[bytes, RecordRow] | None = None,
) -> StoredCase:
    """Store what is added to the log of a case, with the records by which it is found; return it as it is then.

    Args:
        there: of a case that is not stored yet what ``rows_with`` returned of its interactions, when it was decided to open it; else None.

    Raises:
        InvalidInteractionError: its log is full.
    """
    if not events:
        return before
    if len(before.log) + len(events) > MOST_EVENTS:
        raise InvalidInteractionError(
            f"case: got a history of more than {MOST_EVENTS} lines, the most accepted; open another case"
        )
    held = [e.interaction for e in events if e.interaction is not None and e.interaction not in before.interactions]
    places = dict.fromkeys([*before.places, *sorted(places_of(tx, held))])
    after = attrs.evolve(before, log=(*before.log, *events), places=tuple(places))
    put, gone = changed(before if there is None else None, after)
    known = rows_with(tx, held) if there is None else there
    named = cases_named_in(ctx, [attrs.evolve(after, log=tuple(events))])
    tx.put_records([*put, *held_rows(after.id, held, known), *named])
    if gone:
        tx.delete(records=gone)
    return attrs.evolve(after, version=after.version + 1)
