"""Queueing: the open cases of a store in the order in which to take them, each with what its customer said since on any channel."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from omnitrack.errors import InvalidInteractionError
from omnitrack.foundation.calls import Run
from omnitrack.foundation.cases import StoredCase
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import from_us, to_text
from omnitrack.model import Assurance, Direction, Role
from omnitrack.reading.interactions import interactions_by_id
from omnitrack.reading.query import checked_limit
from omnitrack.service.case import promises_in
from omnitrack.service.case_access import holders_of
from omnitrack.service.case_listing import Wanted, listed_cases, wanted
from omnitrack.service.triage import TriageItem, TriagePlace, TriageRules, triage
from omnitrack.service.triage_words import WordList
from omnitrack.service.waiting import SILENT
from omnitrack.storage.contract import EntryRow, IdentifierRow, InteractionRow, Transaction

MOST_QUEUED = 10_000  # open cases, the oldest
PIECE = 200  # cases that are looked at together
MOST_SINCE = 20_000  # contacts of their customers since they were opened


def queue(
    run: Run,
    ctx: Context,
    *,
    owner: str | None,
    kind: object,
    words: WordList | None,
    rules: TriageRules | None,
    now: datetime | str | None,
    limit: int,
) -> list[TriagePlace]:
    """Return which open cases to take first."""
    asked, size = wanted(ctx, None, owner, "open", kind, False, now), checked_limit(limit)
    if words is not None and not isinstance(words, WordList):
        raise InvalidInteractionError(f"words: got {type(words).__name__}, accepted is a WordList, or None")
    items = run(lambda tx: list(_items(tx, asked)), write=False)
    places = run.offload(lambda: triage(items, now=from_us(asked.now), words=words, rules=rules))
    return places[:size]


def _items(tx: Transaction, asked: Wanted) -> Iterator[TriageItem]:
    cases = islice(listed_cases(tx, asked), MOST_QUEUED)
    while piece := list(islice(cases, PIECE)):
        waiting = [case for case in piece if _is_ours(case, asked.now)]
        whose = holders_of(tx, waiting)
        ids = sorted({id for case in waiting for id in case.interactions})
        rows = interactions_by_id(tx, ids) if ids else {}
        since = _since(tx, waiting, whose)
        for case in waiting:
            customers = {row.customer for row in whose[case.id]}
            later = [entry for customer in sorted(customers) for entry in since.get(customer, ())]
            yield _item(case, asked.now, [rows[id] for id in case.interactions if id in rows], later)


def _is_ours(case: StoredCase, now: int) -> bool:
    """Whether it is for us to do something: a case that waits for its customer is in no queue, unless a promise was broken."""
    if case.state == "pending" or (case.state == "resolved" and not case.answered):
        return any(event.due is not None and event.due < now for event in case.unkept)
    return True


def _since(
    tx: Transaction, cases: Sequence[StoredCase], whose: Mapping[bytes, Sequence[IdentifierRow]]
) -> dict[bytes, list[EntryRow]]:
    """Return what the customers of some cases said since the first of these was opened, by customer."""
    customers = sorted({row.customer for case in cases for row in whose[case.id]})
    members = {row.id: row.customer for row in tx.find_identifiers(customers=customers)} if customers else {}
    if not members:
        return {}
    entries = tx.list_entries(
        identifiers=sorted(members),
        roles=(Role.ANCHOR,),
        min_assurance=int(Assurance.OBSERVED),
        since=min(case.log[0].at for case in cases),
        directions=(Direction.INBOUND.value,),
        limit=MOST_SINCE,
        newest=True,
    )
    found: dict[bytes, list[EntryRow]] = {}
    for entry in entries:
        if entry.kind not in SILENT:
            found.setdefault(members[entry.identifier], []).append(entry)
    return found


def _item(case: StoredCase, now: int, rows: Sequence[InteractionRow], later: Sequence[EntryRow]) -> TriageItem:
    inbound = [row for row in rows if row.direction == Direction.INBOUND]
    opened, id = case.log[0].at, to_text("cas", case.id)
    contacts = {row.id: row.channel for row in inbound}
    contacts |= {entry.interaction: entry.channel for entry in later if entry.occurred_at >= opened}
    title, rank = case.last("title"), case.last("seriousness")
    own = [(id, event.text) for event in case.log if event.what == "note" or event is title]
    said = [(to_text("int", row.id), text) for row in inbound if not row.deleted for text in (row.subject, row.body)]
    return TriageItem(
        id=id,
        since=from_us(_waits_since(rows, opened)),
        kind=case.kind,
        seriousness=None if rank is None else rank.value,
        broken=sum(promise.state == "broken" for promise in promises_in(case.log, now)),
        contacts=max(1, len(contacts)),
        channels=tuple(dict.fromkeys(contacts.values())),
        reach=max((reach for row in inbound if (reach := _reach(row)) is not None), default=None),
        texts=tuple((where, text) for where, text in (*own, *said) if text),
    )


def _waits_since(rows: Sequence[InteractionRow], opened: int) -> int:
    """Return since when a customer waits: since they first wrote after our last answer; since that answer, where they wrote nothing more."""
    answered = max((row.occurred_at for row in rows if row.direction == Direction.OUTBOUND), default=None)
    asked = [
        row.occurred_at
        for row in rows
        if row.direction == Direction.INBOUND and (answered is None or row.occurred_at > answered)
    ]
    if asked:
        return min(asked)
    return opened if answered is None else answered


def _reach(row: InteractionRow) -> int | None:
    """Return how many people may see what was said, where its source tells."""
    reach = json.loads(row.extra).get("attributes", {}).get("reach") if row.extra is not None else None
    return reach if isinstance(reach, int) and not isinstance(reach, bool) else None
