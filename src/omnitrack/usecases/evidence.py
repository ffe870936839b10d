"""Evidence: the links that the entries of interactions stand for, and the holders of identifiers that were reassigned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from operator import itemgetter

from omnitrack.identity.partition import REASSIGNED, TOGETHER
from omnitrack.model import Role
from omnitrack.storage.contract import NO_ID, EntryRow, LinkRow, Transaction
from omnitrack.usecases.context import Tenures

_PARTICIPANT = int(Role.PARTICIPANT)
_by_identifier = itemgetter(0)

CHUNK = 2_000  # rows read at a time where a history is walked whole


def links_of_entries(entries: Iterable[EntryRow]) -> list[LinkRow]:
    """Return the links of evidence that entries stand for: every pair of one person's identifiers in one interaction.

    Of the same pair and assurance the earliest counts. A link has the lower assurance of its two ends.
    """
    people: dict[tuple[bytes, int], EntryRow] = {}
    several: dict[tuple[bytes, int], list[EntryRow]] = {}
    for entry in entries:
        if entry[3] < 0 or entry[6] == _PARTICIPANT or entry[0] == NO_ID:
            continue
        person = (entry[2], entry[3])
        known = people.setdefault(person, entry)
        if known is not entry:
            group = several.get(person)
            if group is None:
                several[person] = [known, entry]
            else:
                group.append(entry)
    found: dict[tuple[bytes, bytes, int], LinkRow] = {}
    for members in several.values():
        members.sort(key=_by_identifier)
        for one, two in combinations(members, 2):
            a, b = one.identifier, two.identifier
            if a == b:
                continue
            assurance = min(one.assurance, two.assurance)
            link_known = found.get((a, b, assurance))
            if link_known is None or (one.occurred_at, one.interaction) < (link_known.seen, link_known.evidence):
                found[a, b, assurance] = LinkRow(a, b, TOGETHER, assurance, NO_ID, one.occurred_at, one.interaction, 0)
    return list(found.values())


def all_entries(
    tx: Transaction, identifiers: Sequence[bytes], since: int | None = None, until: int | None = None
) -> list[EntryRow]:
    """Return every entry of these identifiers, oldest first, read in pieces."""
    entries: dict[EntryRow, None] = {}
    after: tuple[int, bytes] | None = None
    if not identifiers:
        return []
    while True:
        rows = tx.list_entries(
            identifiers=identifiers, since=since, until=until, after=after, limit=CHUNK, newest=False
        )
        entries.update(dict.fromkeys(rows))
        if len(rows) < CHUNK:
            return list(entries)
        last = rows[-1]
        # Rows of the last position may have been cut off by the limit: it is read again, unless it is all there is.
        position = (last.occurred_at, last.interaction)
        before = [row for row in rows if (row.occurred_at, row.interaction) < position]
        after = (before[-1].occurred_at, before[-1].interaction) if before else position


def entries_of(tx: Transaction, interactions: Sequence[bytes]) -> list[EntryRow]:
    """Return the entries of these interactions, read in pieces."""
    unique = list(dict.fromkeys(interactions))
    found: list[EntryRow] = []
    for start in range(0, len(unique), CHUNK):
        found += tx.list_entries(interactions=unique[start : start + CHUNK])
    return found


def edited_evidence(
    tx: Transaction,
    identifiers: Sequence[bytes],
    edits: Mapping[EntryRow, EntryRow | None] | None = None,
    added: Sequence[EntryRow] = (),
) -> tuple[list[LinkRow], list[LinkRow]]:
    """Compare the stored links of identifiers with what their entries will stand for.

    Args:
        identifiers: whose links; every end of an entry that is edited or added is among them.
        edits: entries that will be others, or (None) not there. added: entries that will be there besides.

    Returns:
        The links to add, and those to remove. One that is there from another time or interaction is in both.
    """
    wanted = set(identifiers)
    ids = list(wanted)
    touching = [e.interaction for e in all_entries(tx, ids) if e.role != Role.PARTICIPANT and e.person >= 0]
    around: list[EntryRow] = []
    for entry in entries_of(tx, touching):
        edited = edits.get(entry, entry) if edits else entry
        if edited is not None:
            around.append(edited)
    around += added
    now = {link for link in links_of_entries(around) if link.a in wanted or link.b in wanted}
    stored = {link for link in tx.find_links(ids) if link.basis == TOGETHER}
    return sorted(now - stored), sorted(stored - now)


def tenures_of(tx: Transaction, bases: Sequence[bytes]) -> dict[bytes, Tenures]:
    """Return the later holders of these identifiers, oldest first."""
    wanted = set(bases)
    found: dict[bytes, dict[int, bytes]] = {base: {} for base in wanted}
    for link in tx.find_links(list(wanted)) if wanted else ():
        if link.basis == REASSIGNED and link.a in wanted:
            found[link.a][link.seen] = link.b
    return {base: tuple(sorted(tenures.items())) for base, tenures in found.items()}
