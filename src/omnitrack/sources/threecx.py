"""Call data records of 3CX: its CDR log, with the fields in the order of its own list and the words of each version."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.model import Direction
from omnitrack.sources.attested import attestation_of
from omnitrack.sources.base import Item, UnreadableError
from omnitrack.sources.cdr import ABANDONED, ANSWERED, SELF_SERVICE, VOICEMAIL, CdrSource, Groups, Leg, caller_name
from omnitrack.sources.durations import parse_duration
from omnitrack.sources.reading import Bad, first_line, rows
from omnitrack.sources.values import attributes_of, id_of, name_of, parse_local, parse_time, text_of, unread, words

# The order in which the console lists the fields, and in which they are written when all are chosen.
_FIELDS = words(
    "historyid callid duration time-start time-answered time-end reason-terminated from-no to-no from-dn to-dn dial-no "
    "reason-changed final-number final-dn bill-code bill-rate bill-cost bill-name chain from-type to-type final-type "
    "from-dispname to-dispname final-dispname missed-queue-calls"
)
_FORMS = "YYYY/MM/DD hh:mm:ss, YYYY-MM-DD hh:mm:ss, RFC 3339"
_CALL = re.compile(r"Call\s+\d+$")
_TIME = re.compile(r"(\d{4})[/-](\d\d)[/-](\d\d)[ T](\d\d:\d\d:\d\d)(.*)$")
_EXTENSION = re.compile(r"Ext\.(?P<line>[^\s;]+)$")
_SPOKEN = frozenset(words("extension line provider bridge"))
_REASONS = {"busy": "busy", "failed": "failed", "rejected": "refused", "noanswer": "missed", "notanswered": "missed"}


class ThreeCxSource(CdrSource):
    """Reads the CDR log of 3CX: a row a call or a part of it; those of one history id are one interaction.

    Who called whom is told by the types and by ``Ext.``, which stands before each line of the company. Times that have no offset are
    read in ``zone``.

    Args:
        origin: a path, bytes or a stream.
        columns: names of the fields in order, where not the usual ones were chosen.
        options: of CdrSource.
    """

    name: ClassVar[str] = "3cx-cdr"
    versions: ClassVar[str] = "3CX 14 to 20: cdr.log with all fields in their order, or named columns"
    default_source: ClassVar[str] = "3cx"

    def __init__(self, origin: Any, *, columns: Sequence[str] | None = None, **options: Any) -> None:
        super().__init__(origin, **options)
        self.columns = tuple(name.strip().lower() for name in columns) if columns else None

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by its first row: ``Call 12``, an id, a duration, times."""
        line = first_line(head)
        try:
            row = next(csv.reader([line[:10_000]]), [])
        except csv.Error:
            return None
        return "has rows of 3CX's CDR log: the number of the call, its id, its times" if _usual(row) else None

    def items(self) -> Iterator[Item]:
        """Yield the calls of the file."""
        groups: Groups[Leg] = self.held(Groups)
        source = self.open()
        source.as_utf8()
        for row in rows(source, same_width=True):
            if isinstance(row, Bad):
                yield self.bad(row)
                continue
            number, fields = row
            where = self.spot(f"line {number}")
            try:
                key, leg = self._leg(fields, where)
            except (OverflowError, ValueError) as error:
                yield self.rejected(where, str(error), raw=",".join(fields)[:200])
                continue
            for done in groups.add(key, leg.end or leg.start, leg):
                yield from self.complete(done)
        yield from self.left(groups)

    def complete(self, done: tuple[str, list[Leg]]) -> Iterator[Item]:
        """Yield the call of the legs of one id."""
        key, legs = done
        yield from self.joined(legs, [self.call(legs, key)])

    def _leg(self, fields: Sequence[str], where: str) -> tuple[str, Leg]:
        columns = self.columns or (_FIELDS if _usual(fields) else None)
        if columns is None:
            raise UnreadableError(
                f"a row of {len(fields)} fields that is none of 3CX's; name their order with columns="
            )
        texts = [text_of(field) for field in fields]
        values: dict[str, Any] = {name: text for name, text in zip(columns, texts, strict=False) if text}
        values |= {f"column_{i}": text for i, text in enumerate(texts) if i >= len(columns) and text}
        start, doubt = self._time(values, "time-start")
        if start is None:
            raise UnreadableError(unread("time-start", values.get("time-start"), _FORMS))
        answer, _ = self._time(values, "time-answered")
        end, _ = self._time(values, "time-end")
        if end is None:
            end = (answer or start) + (parse_duration(values.get("duration")) or timedelta(0))
        # Each call of one moment has its own id; the number of the history begins again when the system is set up anew.
        key = id_of(values.get("callid") or values.get("historyid"))
        if key is None:
            raise UnreadableError("callid: missing, accepted is the id of the call")
        caller, calling = _party(values.get("from-no"))
        called, _ = _party(values.get("dial-no") or values.get("to-no"))
        line = _line(values.get("from-dn")) if calling or values.get("from-type", "").lower() == "extension" else None
        takers = [_line(values.get("final-dn")), _party(values.get("final-number"))[1], _party(values.get("to-no"))[1]]
        leg = Leg(
            source=line or calling or caller,
            destination=called,
            start=start,
            end=end,
            outcome=_outcome(values, answer is not None),
            name=caller_name(values.get("from-dispname"), caller),
            agent_called=next((taker for taker in takers if taker), None),
            agent_calling=line or calling,
            direction=_direction(values, bool(calling)),
            attestation=attestation_of(values),
            fields=attributes_of(values, {"local_time": doubt}),
            where=where,
        )
        return key, leg

    def _time(self, values: Mapping[str, Any], field: str) -> tuple[datetime | None, str | None]:
        text = values.get(field)
        match = _TIME.match(text) if isinstance(text, str) else None
        if match is None:
            return None, None
        year, month, day, clock, rest = match.groups()
        if rest and not rest.startswith("."):
            return parse_time(f"{year}-{month}-{day}T{clock}{rest.strip()}", self.zone, field), None
        return parse_local(f"{year}-{month}-{day}T{clock}", self.zone, field=field)


def _usual(row: Sequence[str]) -> bool:
    return (
        len(row) >= 10
        and _CALL.match(row[0].strip()) is not None
        and _TIME.match(row[3].strip()) is not None
        and _TIME.match(row[5].strip()) is not None
    )


def _party(text: str | None) -> tuple[str | None, str | None]:
    """Return the number of a party, and the line that it is where it is one of the company's."""
    match = _EXTENSION.match(text or "")
    return (match["line"], name_of(match["line"])) if match else (text, None)


def _line(text: str | None) -> str | None:
    return name_of((text or "").removeprefix("Ext."))


def _direction(values: Mapping[str, Any], from_line: bool) -> Direction | None:
    calling = values.get("from-type", "").lower()
    called = {values.get(name, "").lower() for name in ("to-type", "final-type")}
    inside = from_line or calling == "extension"
    if not inside and calling not in ("line", "provider", "bridge"):
        return None
    outside = bool(called & {"line", "provider", "bridge", "outboundrule", "external_line"})
    if not inside:
        return Direction.INBOUND
    return Direction.OUTBOUND if outside else None if called == {""} else Direction.INTERNAL


def _outcome(values: Mapping[str, Any], answered: bool) -> str:
    """What became of a call by where it ended: at a line, in a queue, in a mailbox, in a menu."""
    final = (values.get("final-type") or values.get("to-type") or "").lower()
    if not answered:
        if "queue" in final:
            return ABANDONED
        return _REASONS.get(values.get("reason-terminated", "").lower(), "missed")
    if "queue" in final:
        return ABANDONED
    if "voicemail" in final:
        return VOICEMAIL
    if not final or final in _SPOKEN:
        return ANSWERED
    return SELF_SERVICE if final in ("ivr", "script", "fax") else ANSWERED
