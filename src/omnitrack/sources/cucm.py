"""Call detail records of Cisco Unified Communications Manager: the flat files that it hands to a billing server."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone, tzinfo
from pathlib import Path
from typing import Any, ClassVar

import attrs

from omnitrack.model import Direction
from omnitrack.sources.attested import attestation_of
from omnitrack.sources.base import Item, UnreadableError
from omnitrack.sources.cdr import ABANDONED, ANSWERED, VOICEMAIL, CdrSource, Groups, Leg
from omnitrack.sources.durations import parse_duration
from omnitrack.sources.reading import Bad, first_line, rows
from omnitrack.sources.values import attributes_of, id_of, name_of, parse_time, text_of, unread, words

_NEEDED = frozenset(words("cdrrecordtype globalcallid_callid datetimeorigination"))
_TYPES = ("INTEGER", "VARCHAR", "UNIQUEIDENTIFIER")
# Names of devices begin with what they are; those of gateways and trunks are given by who set them up.
_PHONES = ("SEP", "CSF", "BOT", "TCT", "TAB", "CIPC", "ATA", "AN", "VGP", "CTI")
_MAILBOX = "CISCOUM"  # ports of the voicemail, by their usual name
_CAUSES = {
    17: "busy",
    0: "missed",
    16: "missed",
    18: "missed",
    19: "missed",
    31: "missed",
    21: "refused",
}  # ITU-T Q.850


class CucmSource(CdrSource):
    """Reads the CDR files of CUCM; the records of one global call id are one interaction.

    Times are in seconds since 1970. Records of the quality of calls (CMR) and those of a handset that dialled nothing are passed over.

    Args:
        origin: a path, bytes or a stream.
        options: of CdrSource.
    """

    name: ClassVar[str] = "cucm-cdr"
    versions: ClassVar[str] = "Cisco Unified Communications Manager 5 to 15: CDR flat files with their row of names"
    default_source: ClassVar[str] = "cucm"
    own_zone: ClassVar[tzinfo | None] = timezone.utc

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the names of its columns."""
        line = first_line(head)
        try:
            row = next(csv.reader([line[:20_000]]), [])
        except csv.Error:
            return None
        return "has the column names of Cisco's CDR" if {name.strip().lower() for name in row} >= _NEEDED else None

    def items(self) -> Iterator[Item]:
        """Yield the calls of the file."""
        groups: Groups[Leg] = self.held(Groups)
        source = self.open()
        source.as_utf8()
        columns: list[str] | None = None
        for row in rows(source, same_width=True):
            if isinstance(row, Bad):
                yield self.bad(row)
                continue
            number, fields = row
            where = self.spot(f"line {number}")
            if {name.strip().lower() for name in fields} >= _NEEDED:
                columns = [name.strip().lower() for name in fields]  # also of a second file joined to the first
                continue
            if fields[0].strip().upper().startswith(_TYPES):
                continue  # the row of types
            try:
                if columns is None:
                    raise UnreadableError(
                        "a row before the names of the columns; accepted is a file that begins with them"
                    )
                texts = [text_of(field) for field in fields]
                values: dict[str, Any] = {name: text for name, text in zip(columns, texts, strict=False) if text}
                reason = _no_call(values)
                if reason is not None:
                    yield self.passed(where, reason)
                    continue
                key, leg = self._leg(values, where)
            except (OverflowError, ValueError) as error:
                yield self.rejected(where, str(error), raw=",".join(fields)[:200])
                continue
            for done in groups.add(key, leg.end or leg.start, leg):
                yield from self.complete(done)
        yield from self.left(groups)

    def complete(self, done: tuple[str, list[Leg]]) -> Iterator[Item]:
        """Yield the call of the legs of one id."""
        key, legs = done
        # The numbers of calls begin again, so that the first second of a call is a part of its id.
        began = int(min(leg.start for leg in legs).timestamp())
        yield from self.joined(legs, [self.call(legs, id_of(f"{key}:{began}") or key)])

    def _leg(self, values: Mapping[str, Any], where: str) -> tuple[str, Leg]:
        start = _moment(values, "datetimeorigination")
        number = values.get("globalcallid_callid")
        if start is None:
            raise UnreadableError(
                unread("dateTimeOrigination", values.get("datetimeorigination"), "seconds since 1970")
            )
        if number is None:
            raise UnreadableError("globalCallID_callId: missing, accepted is the number of the call")
        end = _moment(values, "datetimedisconnect")
        if end is None and (lasted := parse_duration(values.get("duration"))) is not None:
            end = (_moment(values, "datetimeconnect") or start) + lasted
        caller = values.get("callingpartynumber")
        final = values.get("finalcalledpartynumber") or values.get("originalcalledpartynumber")
        called = values.get("originalcalledpartynumber") or final
        from_phone = values.get("origdevicename", "").upper().startswith(_PHONES)
        leg = Leg(
            source=caller,
            destination=final if from_phone else called,
            start=start,
            end=end,
            outcome=_outcome(values),
            agent_called=name_of(
                values.get("finalcalledpartyunicodeloginuserid") or (final if self.is_internal(final) else None)
            ),
            agent_calling=name_of(values.get("callingpartyunicodeloginuserid") or caller),
            attestation=attestation_of(values),
            fields=attributes_of(values),
            where=where,
        )
        if from_phone and not self.is_internal(final):
            leg = attrs.evolve(leg, direction=Direction.OUTBOUND)
        elif not from_phone and values.get("origdevicename") and not self.is_internal(caller):
            leg = attrs.evolve(leg, direction=Direction.INBOUND)
        parts = ("globalcallid_clusterid", "globalcallid_callmanagerid", "globalcallid_callid")
        return ":".join(values.get(part, "") for part in parts), leg


def _no_call(values: Mapping[str, Any]) -> str | None:
    if values.get("cdrrecordtype") == "2":
        return "record of the quality of a call"
    if not values.get("originalcalledpartynumber") and not values.get("finalcalledpartynumber"):
        return "handset that dialled nothing" if values.get("callingpartynumber") else None
    return None


def _outcome(values: Mapping[str, Any]) -> str:
    if _moment(values, "datetimeconnect") is not None:
        return VOICEMAIL if values.get("destdevicename", "").upper().startswith(_MAILBOX) else ANSWERED
    if values.get("wascallqueued") == "1":
        return ABANDONED
    causes: Sequence[str] = [values.get(name, "") for name in ("destcause_value", "origcause_value")]
    cause = next((int(text) for text in causes if text.isdecimal() and len(text) < 10 and int(text)), 0)
    return _CAUSES.get(cause, "failed")


def _moment(values: Mapping[str, Any], field: str) -> datetime | None:
    text = values.get(field, "")
    return parse_time(text) if text.isdecimal() else None
