"""Call resources of Twilio's REST API: what the list of calls and the export of it hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone, tzinfo
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, ClassVar

import attrs

from omnitrack.model import Direction
from omnitrack.sources.attested import attestation_of
from omnitrack.sources.base import Item, JsonSource, UnreadableError
from omnitrack.sources.cdr import ANSWERED, VOICEMAIL, CdrSource, Leg, caller_name
from omnitrack.sources.durations import parse_duration
from omnitrack.sources.legs import LinkedLegs
from omnitrack.sources.reading import Bad
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.values import attributes_of, id_of, list_of, mapping_of, name_of, parse_time, text_of, unread

_FORMS = "RFC 2822, RFC 3339"
_STATUSES = {"busy": "busy", "failed": "failed", "no-answer": "missed", "canceled": "missed"}
_DIRECTIONS = {
    "inbound": Direction.INBOUND,
    "outbound-api": Direction.OUTBOUND,
    "outbound-dial": Direction.OUTBOUND,
    "trunking-originating": Direction.INBOUND,
    "trunking-terminating": Direction.OUTBOUND,
}


class TwilioSource(CdrSource, JsonSource):
    """Reads the pages of the list of calls, or the calls themselves; a call and the legs that it dialled are one interaction.

    An inbound call is completed for Twilio whoever spoke, an agent or a program; without a leg to an agent the outcome is ``completed``,
    Twilio's own word. A call that an agent places from a browser or a SIP phone is outbound to the number that it dialled.

    Args:
        origin: a path, bytes, a stream, or the parsed pages or calls.
        options: of CdrSource.
    """

    name: ClassVar[str] = "twilio-calls"
    versions: ClassVar[str] = "Twilio's API 2010-04-01: Call resources in JSON, by themselves or in pages"
    default_source: ClassVar[str] = "twilio"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the fields of a call, or by those of a page of them."""
        keys = head_keys(head)
        if {"parent_call_sid", "direction", "sid"} <= keys or {"calls", "first_page_uri"} <= keys:
            return "has calls of Twilio's API"
        return None

    def items(self) -> Iterator[Item]:
        """Yield the calls of the file."""
        calls: LinkedLegs[Leg] = self.held(LinkedLegs)
        for where, value in self.values():
            if isinstance(value, Bad):
                yield self.bad(value)
                continue
            page = mapping_of(value).get("calls")
            if page == []:
                yield self.passed(where, "page without results")
            elif page is not None and not isinstance(page, list):
                yield self.rejected(where, f"calls: got {type(page).__name__}, accepted is a list")
            for index, record in enumerate(list_of(page) if page is not None else [value]):
                place = self.spot(f"{where}, call {index}" if page is not None else where)
                try:
                    ids, leg = self._leg(mapping_of(record), place)
                except (OverflowError, ValueError) as error:
                    yield self.rejected(place, str(error))
                    continue
                for done in calls.add(ids, leg.end or leg.start, leg):
                    yield from self.complete(done)
        yield from self.left(calls)

    def complete(self, done: list[Leg]) -> Iterator[Item]:
        """Yield the call of legs that are joined."""
        yield from self.joined(done, self._calls(done))

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the call of one record by itself."""
        _, leg = self._leg(mapping_of(value), where)
        yield from self._calls([leg])

    def _calls(self, legs: list[Leg]) -> Iterator[Item]:
        legs = sorted(legs, key=lambda leg: (leg.branch, leg.start))
        first, dialled = legs[0], legs[1:]
        source_id = id_of(first.fields.get("sid"))
        if source_id is None:
            raise UnreadableError("sid: missing, accepted is the id of the call")
        if dialled:
            number = dialled[0].destination
            if number is not None and first.agent_calling and first.direction is Direction.INBOUND:
                # A client is of the company. A SIP phone may be a customer's too: the list of own hosts decides.
                direction = Direction.OUTBOUND if first.source is None else None
                first = attrs.evolve(first, direction=direction, destination=number)
            # Whoever was dialled spoke or did not; that the first leg was completed says nothing of it.
            outcome = ANSWERED if any(leg.outcome == ANSWERED for leg in dialled) else dialled[-1].outcome
            first = attrs.evolve(first, outcome=outcome)
        elif first.direction is Direction.INBOUND and first.outcome == ANSWERED:
            first = attrs.evolve(first, outcome="completed")
        # The leg that came in is the first also where a clock says otherwise by a second.
        start = min(leg.start for leg in legs)
        yield self.call([attrs.evolve(first, start=start), *dialled], source_id)

    def _leg(self, record: Mapping[str, Any], where: str) -> tuple[list[str], Leg]:
        sid, parent = text_of(record.get("sid")), text_of(record.get("parent_call_sid"))
        if sid is None:
            raise UnreadableError("sid: missing, accepted is a Call resource")
        start = _time(record.get("start_time")) or _time(record.get("date_created"))
        if start is None:
            raise UnreadableError(unread("start_time", record.get("start_time"), _FORMS))
        end = _time(record.get("end_time"))
        lasted = parse_duration(record.get("duration"))
        if end is None and lasted is not None:
            end = start + lasted
        number, called = text_of(record.get("from")), text_of(record.get("to"))
        line = _line(number)
        parties = [number or "", called or ""]
        direction = _DIRECTIONS.get(text_of(record.get("direction")) or "")
        if direction is Direction.OUTBOUND and parent is None and parties[1].startswith("client:"):
            direction = Direction.INTERNAL  # the leg to an agent who is in a conference with the caller
        leg = Leg(
            source=None if parties[0].startswith("client:") else number,
            destination=called if not _line(called) else None,
            start=start,
            end=end,
            outcome=_outcome(record),
            name=caller_name(text_of(record.get("caller_name")), number),
            branch=parent is not None,
            agent_called=_line(called),
            agent_calling=line,
            direction=direction,
            attestation=attestation_of(record),
            fields=attributes_of(record, without=("subresource_uris", "uri")),
            where=where,
        )
        return [sid, *([parent] if parent else [])], leg


def _outcome(record: Mapping[str, Any]) -> str:
    status = text_of(record.get("status")) or "unknown"
    by = text_of(record.get("answered_by")) or ""
    if status == "completed" and by.startswith("machine"):
        return VOICEMAIL
    if status == "completed" and by == "fax":
        return "failed"
    return ANSWERED if status == "completed" else _STATUSES.get(status, status[:100])


def _line(address: str | None) -> str | None:
    """Return the agent of an address of a browser or an app, or of a SIP phone; None of a number."""
    scheme, _, who = (address or "").partition(":")
    return name_of(who.partition("@")[0]) if scheme in ("client", "sip") and who else None


def _time(value: Any) -> datetime | None:
    text = text_of(value)
    if text is None:
        return None
    try:
        timestamp = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return parse_time(text, timezone.utc)
    return parse_time(timestamp, timezone.utc)
