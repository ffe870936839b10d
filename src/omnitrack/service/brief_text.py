"""The text of a brief: what matters most within a number of characters, and words of others between quotation marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from omnitrack.model import wall_clock
from omnitrack.service.clipping import clip, name, quoted

if TYPE_CHECKING:
    from omnitrack.identifiers.scheme import Identifier
    from omnitrack.service.brief import Brief, BriefCase, BriefContact, Candidate, OpenThread
    from omnitrack.service.handover import HandoverState
    from omnitrack.service.permission import Consent
    from omnitrack.suggesting.suggest import Suggestion

#: How long the texts of contacts may be, tried in this order until all has room.
LENGTHS = (600, 240, 100, 40)
MOST_NAMED = 8  # identifiers of one person in a line

_WAY = {"inbound": "from them", "outbound": "to them", "internal": "internal"}

_TOLD = {True: ", which was said", False: ", which was not said", None: ""}

Line = tuple[int, str]  # what matters most has the lowest number
FIRST, CASE, WAITING, LAST_CONTACT, REFUSAL, IDENTIFIERS, CANDIDATE, CONTACT, SUGGESTION, GRANT = range(10)


def brief_text(brief: Brief, most: int | None) -> str:
    """Return a brief as text of at most so many characters; None for no bound."""
    lines: list[Line] = []
    for length in LENGTHS:
        lines = _lines(brief, length)
        text = _joined(line for _, line in lines)
        if most is None or len(text) <= most:
            return text
    assert most is not None
    return _fitted(lines, most)


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _fitted(lines: Sequence[Line], most: int) -> str:
    """Return as many lines as there is room for, those that matter most, and how many are left out."""
    kept: dict[int, str] = {}
    order = sorted(range(len(lines)), key=lambda number: (lines[number][0], number))
    note = _left_out(len(lines))
    room = most - len(note)
    for number in order:
        line = lines[number][1]
        if len(line) + 1 <= room:
            kept[number] = line
            room -= len(line) + 1
    if 0 not in kept:  # not even the first line, in which nothing is anybody else's
        return clip(lines[0][1], most)
    return _joined([*(kept[number] for number in sorted(kept)), _left_out(len(lines) - len(kept))])


def _left_out(count: int) -> str:
    return f"({count} more {'line' if count == 1 else 'lines'} left out)"


def _lines(brief: Brief, length: int) -> list[Line]:
    lines = [(FIRST, _first(brief)), *_who(brief, length)]
    if brief.missing:
        lines.append((FIRST, f"Not read in time: {', '.join(brief.missing)}"))
    lines += [(CANDIDATE, _candidate(one)) for one in brief.candidates]
    lines += [(CASE, _case(brief, one, length)) for one in brief.cases]
    lines += [(WAITING, _handover(brief, one, length)) for one in brief.handovers]
    lines += [(WAITING, _thread(brief, one, length)) for one in brief.open_threads]
    refused = [one for one in brief.consents if not one.granted]
    lines += [(REFUSAL, _consent(one)) for one in refused]
    lines += [(CONTACT if number else LAST_CONTACT, _contact(one, length)) for number, one in enumerate(brief.contacts)]
    lines += [(SUGGESTION, _suggestion(one, length)) for one in brief.suggestions]
    lines += [(GRANT, _consent(one)) for one in brief.consents if one.granted]
    return lines


def _first(brief: Brief) -> str:
    """The first line: nothing in it is anybody else's."""
    when = wall_clock(brief.at)
    if "customer" in brief.missing:
        return f"{when}: no time to find out who this is"
    if brief.sure == "nobody":
        return f"{when}: nobody is known by this"
    if brief.sure == "several":
        return f"{when}: shared by several people; who it is is not known ({brief.customer})"
    count = len(brief.verified)
    of = len(brief.identifiers)
    return f"{when}: one customer ({brief.customer}), {count} of {of} identifiers verified to be theirs"


def _who(brief: Brief, length: int) -> list[Line]:
    lines = []
    if brief.who is not None:
        lines.append((FIRST, f"Asked for: {_identifier(brief.who)}"))
    if brief.name is not None:
        lines.append((FIRST, f"Name: {quoted(brief.name, min(length, 100))}"))
    if brief.identifiers:
        lines.append((IDENTIFIERS, f"Identifiers: {_identifiers(brief.identifiers)}"))
    return lines


def _identifier(one: Identifier) -> str:
    return f"{name(one.scheme)} {quoted(one.display, 100)}"


def _identifiers(some: Sequence[Identifier]) -> str:
    more = f", and {len(some) - MOST_NAMED} more" if len(some) > MOST_NAMED else ""
    return ", ".join(map(_identifier, some[:MOST_NAMED])) + more


def _candidate(one: Candidate) -> str:
    return f"May be {one.customer}: {_identifiers(one.identifiers)}, last on {wall_clock(one.last_seen)} [{one.interactions[0]}]"


def _thread(brief: Brief, one: OpenThread, length: int) -> str:
    count = len(one.interactions)
    contacts = "1 contact" if count == 1 else f"{count} contacts"
    thread = f" in thread {quoted(one.thread, 60)}" if one.thread is not None else ""
    text = f": {quoted(one.text, length)}" if one.text else ""
    return (
        f"Waits for an answer for {_long(brief.at - one.since)}: {contacts} by {name(one.channel)}{thread}, "
        f"last on {wall_clock(one.last)}{text} [{one.interactions[-1]}]"
    )


def _case(brief: Brief, one: BriefCase, length: int) -> str:
    rank = f", {one.seriousness}" if one.seriousness else ""
    owner = f", with {quoted(one.owner, 60)}" if one.owner else ", with nobody"
    broken = f", {one.broken} broken {'promise' if one.broken == 1 else 'promises'}" if one.broken else ""
    due = f", next promise due {wall_clock(one.due)}" if one.due else ""
    answered = ", the customer has answered" if one.answered else ""
    title = f": {quoted(one.title, length)}" if one.title else ""
    since = f"{one.kind.capitalize()} for {_long(brief.at - one.opened_at)}"
    return f"{since}, {one.state}{rank}{owner}{broken}{due}{answered}{title} [{one.id}]"


def _handover(brief: Brief, one: HandoverState, length: int) -> str:
    """Where the customer left off, or is to go on."""
    why = f", because {quoted(one.reason, length)}" if one.reason else ""
    text = f": {quoted(one.text, length)}" if one.text else ""
    if one.came_back_with:
        return f"Came back with the code given by {name(one.channel)} on {wall_clock(one.issued_at)}{text}{why} [{one.interaction}]"
    until = wall_clock(one.expires_at)
    return f"Was asked by {name(one.channel)} to go on by {name(one.to)}, open until {until}{why}{text} [{one.interaction}]"


def _long(span: timedelta) -> str:
    minutes = max(0, int(span / timedelta(minutes=1)))
    for size, word in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size or size == 1:
            count = minutes // size
            return f"{count} {word}{'' if count == 1 else 's'}"
    raise AssertionError("unreachable")


def _contact(one: BriefContact, length: int) -> str:
    parts = [f"{wall_clock(one.at)} {_WAY[one.direction]} by {name(one.channel)}"]
    if one.kind != "message":
        parts.append(f"({name(one.kind)})")
    if one.outcome is not None:
        parts.append(f"ended {quoted(one.outcome, 40)}")
    if one.agent is not None:
        parts.append(f"with agent {quoted(one.agent, 60)}")
    if one.answered_by is not None:
        parts.append(f"answered by a {one.answered_by}{_TOLD[one.disclosed]}")
    if one.deleted:
        parts.append("deleted at the source")
    text = f": {quoted(one.text, length)}" if one.text and not one.deleted else ""
    return f"{' '.join(parts)}{text} [{one.interaction}]"


def _consent(one: Consent) -> str:
    verb = "Agreed to" if one.granted else "Refused"
    scope = f"{name(one.purpose) if one.purpose else 'every purpose'} by {name(one.channel) if one.channel else 'every channel'}"
    return f"{verb} {scope} on {wall_clock(one.at)}, as {_identifier(one.identifier)} [{one.id}]"


def _suggestion(one: Suggestion, length: int) -> str:
    return (
        f"May also be {one.customers[1]} ({one.probability:.0%}): {_identifier(one.a)} and {_identifier(one.b)}; "
        f"{quoted(one.sentence, length)}"
    )
