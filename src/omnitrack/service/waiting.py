"""Waiting: which of a customer's contacts nobody has answered yet, thread by thread. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from omnitrack.foundation.consent_words import said_in
from omnitrack.storage.contract import InteractionRow

#: Kinds of contact that ask for no answer.
SILENT = frozenset({"visit", "reaction", "identity", "preference", "note"})
#: Calls that reached nobody; any other was answered while it lasted.
_UNREACHED = frozenset({"missed", "abandoned", "voicemail"})
#: How a contact that is no call ends where nothing is left to say.
_SETTLED = frozenset({"answered", "done", "resolved", "closed", "self-service", "bounced"})

Place = tuple[str, str | None, str | None]  # channel, source and thread; of what has no thread the channel alone


def place_of(row: InteractionRow) -> Place:
    """Return where the answer to a contact is looked for."""
    return (row.channel, row.source, row.thread) if row.thread is not None else (row.channel, None, None)


def _waits(row: InteractionRow, words: Mapping[str, bool]) -> bool:
    """Whether an inbound contact asks for an answer."""
    if row.deleted or row.kind in SILENT or said_in(row, words) is not None:
        return False
    if row.kind == "call":
        return row.outcome in _UNREACHED
    if row.outcome in _SETTLED:
        return False
    attributes = json.loads(row.extra).get("attributes", {}) if row.extra is not None else {}
    return not (attributes.get("automatic") or attributes.get("spam"))


def unanswered(rows: Iterable[InteractionRow], words: Mapping[str, bool]) -> list[list[InteractionRow]]:
    """Return the contacts that wait for an answer, each thread by itself, in order of time; the thread that waits longest first.

    An answer is a later outbound contact of the same thread, or, where there is no thread, on the same channel; or one that names the contact as that which it
    replies to, wherever it is. A call that was answered settles the calls before it that reached nobody.

    Args:
        rows: contacts as they are now, oldest first.
        words: whole text messages that say something of being contacted, and ask for nothing.
    """
    waiting: dict[Place, list[InteractionRow]] = {}
    for row in rows:
        place = place_of(row)
        if row.direction == "outbound":
            waiting.pop(place, None)
            if row.reply_to is not None:
                _settle(waiting, row)
        elif row.direction == "inbound":
            if _waits(row, words):
                waiting.setdefault(place, []).append(row)
            elif row.kind == "call":
                for other in [p for p, some in waiting.items() if p[0] == row.channel and some[0].kind == "call"]:
                    del waiting[other]
    return sorted(waiting.values(), key=lambda some: (some[0].occurred_at, some[0].id))


def _settle(waiting: dict[Place, list[InteractionRow]], answer: InteractionRow) -> None:
    """Take away what an answer names, with what came before it in the same thread."""
    for place, some in list(waiting.items()):
        for number, row in enumerate(some):
            if row.source_id == answer.reply_to and row.source == answer.source:
                if left := some[number + 1 :]:
                    waiting[place] = left
                else:
                    del waiting[place]
                break
