"""Evidence: the entries of interactions, the links that they show, and the tenures of reassigned identifiers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from operator import itemgetter

from omnitrack.foundation.anchor_override import find_overrides
from omnitrack.foundation.context import Tenures
from omnitrack.identity.partition import REASSIGNED, TOGETHER
from omnitrack.model import Role
from omnitrack.storage.contract import NO_ID, SHARED, EntryRow, InteractionRow, LinkRow, Transaction

_PARTICIPANT = int(Role.PARTICIPANT)
_by_identifier = itemgetter(0)

LinkKey = tuple[bytes, bytes, int]  # (a, b, assurance)

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


def keep_surest(best: dict[bytes, EntryRow], entries: Iterable[EntryRow]) -> None:
    """Note the entry of the highest assurance of each interaction; of equal ones the first by identifier."""
    for entry in entries:
        known = best.get(entry.interaction)
        if known is None or (-entry.assurance, entry.identifier) < (-known.assurance, known.identifier):
            best[entry.interaction] = entry


def with_removed(tx: Transaction, interactions: Sequence[bytes]) -> list[EntryRow]:
    """Return every entry that these interactions have or had."""
    unique = list(dict.fromkeys(interactions))
    found = dict.fromkeys(entries_of(tx, unique))
    recorded = {row.id: row.recorded_at for row in tx.find_interactions(ids=unique) if row.revision == 0}
    back: dict[int, set[bytes]] = {}

    def look(entry: EntryRow) -> None:
        # An entry that is younger than its interaction took the place of others, which are found by looking back from then.
        if entry.added_at != recorded.get(entry.interaction):
            back.setdefault(entry.added_at, set()).add(entry.interaction)

    for entry in found:
        look(entry)
    # Where somebody was erased to whom it was attributed for a while, there is a gap in that chain.
    for interaction, override in find_overrides(tx, unique).items():
        for at in override.times:
            back.setdefault(at, set()).add(interaction)
    while back:
        at, among = back.popitem()
        for entry in tx.list_entries(interactions=sorted(among), as_of=at - 1):
            if entry not in found:
                found[entry] = None
                look(entry)
    return list(found)


def edited_evidence(
    tx: Transaction,
    edits: Mapping[EntryRow, EntryRow | None],
    added: Sequence[EntryRow] = (),
    leaving: Collection[bytes] = (),
) -> tuple[list[LinkRow], list[LinkRow]]:
    """Work out what becomes of the stored links of evidence when entries change.

    A link is stored with its earliest evidence. Only where that is among what changes is the history of one of its ends searched for the next.

    Args:
        edits: entries that will be others, or (None) not there. added: entries that will be there besides.
        leaving: identifiers all of whose links go anyway; nothing is said of these.

    Returns:
        The links to add, and those to remove. One that will be there from another time or interaction is in both.
    """
    changing = {e.interaction for e in edits} | {e.interaction for e in added}
    before = entries_of(tx, sorted(changing))
    after = [edited for entry in before if (edited := edits.get(entry, entry)) is not None]
    was, will = _occurrences(before), _occurrences([*after, *added])
    keys = {k for k in was.keys() | will.keys() if was.get(k) != will.get(k) and not {k[0], k[1]} & set(leaving)}
    if not keys:
        return [], []
    near = _near_ends(tx, keys)
    stored = {(x.a, x.b, x.assurance): x for x in tx.find_links(sorted(set(near.values()))) if x.basis == TOGETHER}
    lost = {k: stored[k] for k in keys if k in stored and stored[k].evidence in changing}
    found = _next_evidence(tx, lost, near, changing)
    more: list[LinkRow] = []
    gone: list[LinkRow] = []
    for k in sorted(keys):
        known = stored.get(k)
        best = will.get(k)
        if k in lost:
            later = found.get(k)
            if later is not None and (best is None or (later.seen, later.evidence) < (best.seen, best.evidence)):
                best = later
            if best != known:
                gone.append(lost[k])
        if (
            best is not None
            and best != known
            and (known is None or k in lost or (best.seen, best.evidence) < (known.seen, known.evidence))
        ):
            more.append(best)
    return more, gone


def _occurrences(entries: Iterable[EntryRow]) -> dict[LinkKey, LinkRow]:
    return {(x.a, x.b, x.assurance): x for x in links_of_entries(entries)}


def _near_ends(tx: Transaction, keys: Iterable[LinkKey]) -> dict[LinkKey, bytes]:
    """Return for each pair the end to read it from: one that is not shared, for a switchboard has as many links and entries as callers."""
    keys = list(keys)
    rows = tx.find_identifiers(ids=sorted({end for k in keys for end in k[:2]}))
    shared = {row.id for row in rows if row.state & SHARED}
    return {k: k[1] if k[0] in shared else k[0] for k in keys}


def _next_evidence(
    tx: Transaction, lost: Mapping[LinkKey, LinkRow], near: Mapping[LinkKey, bytes], changing: Collection[bytes]
) -> dict[LinkKey, LinkRow]:
    """Return the earliest other evidence of links whose earliest changes."""
    wanted: dict[bytes, set[LinkKey]] = {}
    for k in lost:
        wanted.setdefault(near[k], set()).add(k)
    found: dict[LinkKey, LinkRow] = {}
    for end, missing in wanted.items():
        since = min(lost[k].seen for k in missing)
        for chunk in _history(tx, end, since):
            there = _occurrences(entries_of(tx, [e.interaction for e in chunk if e.interaction not in changing]))
            for k in missing & there.keys():
                found[k] = there[k]
            missing -= there.keys()
            if not missing:
                break
    return found


def _history(tx: Transaction, identifier: bytes, since: int) -> Iterator[list[EntryRow]]:
    """Yield the entries under which an identifier counts as one of a person, oldest first, in pieces."""
    after: tuple[int, bytes] | None = None
    roles = (int(Role.ANCHOR), int(Role.MEMBER))
    size = 50
    while True:
        rows = tx.list_entries(
            identifiers=[identifier], roles=roles, since=since, after=after, limit=size, newest=False
        )
        if rows:
            yield rows
        if len(rows) < size:
            return
        # What is cut off of the last interaction is not missed: its other entries are read with it.
        after = (rows[-1].occurred_at, rows[-1].interaction)
        size = CHUNK


def tenures_of(tx: Transaction, bases: Sequence[bytes]) -> dict[bytes, Tenures]:
    """Return the later holders of these identifiers, oldest first."""
    wanted = set(bases)
    found: dict[bytes, set[tuple[int, bytes]]] = {base: set() for base in wanted}
    for link in tx.find_links(list(wanted)) if wanted else ():
        if link.basis == REASSIGNED and link.a in wanted:
            found[link.a].add((link.seen, link.b))
    return {base: tuple(sorted(tenures)) for base, tenures in found.items()}


def nobody(row: InteractionRow, now: int) -> EntryRow:
    """Return the entry that keeps an interaction with nobody identified in the list of the unattributed."""
    return EntryRow(
        NO_ID, row.occurred_at, row.id, 0, now, None, int(Role.ANCHOR), 0, row.channel, row.direction, row.kind, None
    )
