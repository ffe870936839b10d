"""Calls of Microsoft Teams with the telephone network: the rows of Microsoft Graph's PSTN and direct routing logs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

import attrs

from omnitrack.model import Direction
from omnitrack.sources.base import Item, JsonSource, UnreadableError
from omnitrack.sources.cdr import ANSWERED, CdrSource, Leg
from omnitrack.sources.durations import parse_duration
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.values import attributes_of, id_of, mapping_of, name_of, parse_time, text_of

# user_in, ucap_out, conf_in, user_out_transfer, oc_user_in of the PSTN log; ByotIn, ByotOutUserForwarding, ByotInUcap of direct routing.
_DIRECTION = re.compile(r"(?:^|_)(in|out)(?:_|$)|^Byot(In|Out)", re.IGNORECASE)
_SIP = {486: "busy", 600: "busy", 408: "missed", 480: "missed", 487: "missed", 603: "refused"}  # RFC 3261


class TeamsSource(CdrSource, JsonSource):
    """Reads the rows of getPstnCalls and getDirectRoutingCalls, by themselves or in pages; each is a call.

    Numbers that Microsoft has masked (``+4420794****``) identify nobody and are kept in the attributes. A row of the PSTN log that
    lasted no second was not answered.

    Args:
        origin: a path, bytes, a stream, or the parsed pages or rows.
        options: of CdrSource.
    """

    name: ClassVar[str] = "teams-calls"
    versions: ClassVar[str] = "Microsoft Graph 1.0: pstnCallLogRow and directRoutingLogRow in JSON"
    default_source: ClassVar[str] = "teams"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the fields of a row, or by a page whose context names the log."""
        keys = head_keys(head)
        rows = {"callerNumber", "calleeNumber", "callType"} <= keys
        page = "value" in keys and (b"pstnCallLogRow" in head or b"directRoutingLogRow" in head)
        return "has rows of a call log of Microsoft Graph" if rows or page else None

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the calls of one page, or of one row."""
        record = mapping_of(value)
        if "callType" in record:
            yield from self._row(record, where)
        elif record.get("value") == []:
            yield self.passed(where, "page without results")
        elif "value" in record:
            yield from self.each(record, "value", where, "row", self._row)
        else:
            raise UnreadableError("callType: missing, accepted is a row of a call log")

    def _row(self, row: Mapping[str, Any], where: str) -> Iterator[Item]:
        number = id_of(row.get("id"))
        if number is None:
            raise UnreadableError("id: missing, accepted is the GUID of the row")
        start = parse_time(row.get("startDateTime"), self.zone) or parse_time(row.get("inviteDateTime"), self.zone)
        if start is None:
            start = self.time(row.get("failureDateTime"), "startDateTime")
        kind = text_of(row.get("callType")) or ""
        match = _DIRECTION.search(kind)
        way = None if match is None else (match[1] or match[2]).lower()
        direction = None if way is None else Direction.INBOUND if way == "in" else Direction.OUTBOUND
        agent = name_of(row.get("userPrincipalName")) or name_of(row.get("userDisplayName"))
        lasted = parse_duration(row.get("duration"))
        end = parse_time(row.get("endDateTime"), self.zone) or (start + lasted if lasted is not None else None)
        leg = Leg(
            source=_number(row.get("callerNumber")),
            destination=_number(row.get("calleeNumber")),
            start=start,
            end=end,
            outcome=_outcome(row, lasted is not None and lasted.total_seconds() > 0),
            agent_called=agent,
            agent_calling=agent,
            direction=direction,
            fields=attributes_of(row),
            where=where,
        )
        call = self.call([leg], number)
        if "*" in (text_of(row.get("callerNumber")) or ""):  # Microsoft masked it; the caller withheld nothing
            call = attrs.evolve(call, attributes={k: v for k, v in call.attributes.items() if k != "withheld"})
        yield call


def _outcome(row: Mapping[str, Any], spoke: bool) -> str:
    done = row.get("successfulCall")
    if isinstance(done, bool):
        code = text_of(row.get("finalSipCode")) or ""
        return ANSWERED if done else _SIP.get(int(code), "failed") if code.isdecimal() and len(code) == 3 else "missed"
    return ANSWERED if spoke else "missed"


def _number(value: Any) -> str | None:
    text = text_of(value)
    return None if text is None or "*" in text else text
