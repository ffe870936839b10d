"""Call detail records of Asterisk in CSV: Master.csv as its modules write it, with and without a header."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.sources.attested import attestation_of
from omnitrack.sources.base import Item, UnreadableError
from omnitrack.sources.cdr import (
    ABANDONED,
    ANSWERED,
    SELF_SERVICE,
    VOICEMAIL,
    CdrSource,
    Leg,
    caller_name,
    endpoint,
)
from omnitrack.sources.legs import LinkedLegs
from omnitrack.sources.reading import Bad, first_line, rows
from omnitrack.sources.values import attributes_of, derived_id, id_of, parse_local, parse_time, text_of, unread, words

# cdr_csv writes the first 16 and, as cdr.conf says, uniqueid and userfield; linkedid comes from cdr_adaptive and the like.
_CDR_CSV = words(
    "accountcode src dst dcontext clid channel dstchannel lastapp lastdata start answer end duration billsec disposition "
    "amaflags uniqueid userfield linkedid"
)
# The mapping that cdr_custom.conf.sample proposes.
_CDR_CUSTOM = words(
    "clid src dst dcontext channel dstchannel lastapp lastdata start answer end duration billsec disposition amaflags "
    "accountcode uniqueid userfield sequence linkedid"
)
_HEADERS = {"calldate": "start", "recordingfile": "recording", "unique_id": "uniqueid", "linked_id": "linkedid"}
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")
_HALF = re.compile(r"(Local/[^;]{1,200}-[0-9a-f]{4,});[12]$")
_SECOND_HALF = re.compile(r";2$")
_HOURS = 4 * 3600  # seconds
_UNIQUE = re.compile(r"(?:.*-)?(\d{9,10})\.\d+$")
_OUTCOMES = {
    "ANSWERED": "answered",
    "ANSWER": "answered",
    "NO ANSWER": "missed",
    "NOANSWER": "missed",
    "CANCEL": "missed",
    "BUSY": "busy",
    "FAILED": "failed",
    "CONGESTION": "failed",
}


_TO_VOICEMAIL = frozenset(words("voicemail minivmrecord minivmgreet"))
# Applications that speak or listen by themselves: where no other channel was called, no person is on the other side.
_MACHINES = frozenset(
    words(
        "playback background backgrounddetect controlplayback read saydigits saynumber sayalpha sayphonetic sayunixtime festival "
        "mrcpsynth mrcprecog synthandrecog speechbackground waitexten wait musiconhold playtones milliwatt echo record "
        "voicemailmain directory answer hangup busy congestion receivefax datetime zapateller ringing progress"
    )
)


class AsteriskSource(CdrSource):
    """Reads Asterisk's CDR in CSV; the legs of one call (by linkedid, else uniqueid) are one interaction.

    Legs on the two halves of a Local channel are joined by its name, where no linkedid does. Files of one folder are one log. A call whose later
    legs come in another load keeps the legs of the first.

    Args:
        origin: a path, bytes or a stream.
        columns: names of the columns in order, where neither a header nor the usual order says them.
        options: of CdrSource.
    """

    name: ClassVar[str] = "asterisk-cdr"
    versions: ClassVar[str] = "Asterisk 1.8 to 22: cdr_csv, cdr_custom as in its sample, and exports with a header"
    default_source: ClassVar[str] = "asterisk"

    def __init__(self, origin: Any, *, columns: Sequence[str] | None = None, **options: Any) -> None:
        super().__init__(origin, **options)
        self.columns = [name.strip().lower() for name in columns] if columns else None

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it as the class says; see ``Source.sniff``."""
        line = first_line(head)
        row = [field.strip() for field in _fields(line)]
        if _header(row):
            return "has the column names of an Asterisk CDR"
        if _usual(row):
            return "has a row like Asterisk's Master.csv: start, answer and end in their places"
        return None

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        calls: LinkedLegs[Leg] = self.held(LinkedLegs)
        source = self.open()
        source.as_utf8()
        columns: Sequence[str] | None = self.columns
        first = True
        for row in rows(source, same_width=True):
            if isinstance(row, Bad):
                yield self.bad(row)
                continue
            number, fields = row
            where = self.spot(f"line {number}")
            if first:
                first = False
                header = _header([field.strip() for field in fields])
                if header:
                    columns = columns or header
                    continue
            try:
                columns = columns or _usual(fields)
                leg = self._leg(columns or (), fields, where)
            except (OverflowError, ValueError) as error:
                yield self.rejected(where, str(error), raw=",".join(fields)[:200])
                continue
            for done in calls.add([leg.id, *_halves(leg)], leg.end or leg.start, leg):
                yield from self.complete(done)
        yield from self.left(calls)

    def complete(self, done: list[Leg]) -> Iterator[Item]:
        """Yield the call of legs that are joined; the first leg's id is its."""
        first = min(done, key=lambda leg: (leg.branch, leg.start))
        yield from self.joined(done, [self.call(done, first.id)])

    def _leg(self, columns: Sequence[str], fields: list[str], where: str) -> Leg:
        if not columns:
            raise UnreadableError(
                f"a row of {len(fields)} fields that is no Asterisk CDR; name its order with columns="
            )
        texts = [text_of(field) for field in fields]
        values: dict[str, Any] = {name: text for name, text in zip(columns, texts, strict=False) if text}
        if len(texts) > len(columns):
            values |= {f"column_{i}": text for i, text in enumerate(texts) if i >= len(columns) and text}
        unique = values.get("uniqueid")
        began = _began(unique)
        start, doubt = self._time(values.get("start"), began)
        if start is None:
            start, doubt = began, "from uniqueid"
        if start is None:
            raise UnreadableError(unread("start", values.get("start"), "YYYY-MM-DD hh:mm:ss, the seconds in uniqueid"))
        disposition = (values.get("disposition") or "").upper()
        end, _ = self._time(values.get("end"), began)
        if end is None and (values.get("duration") or "").isdigit():
            end = start + timedelta(seconds=min(int(values["duration"]), 10**7))
        number = values.get("src")
        return Leg(
            source=number,
            destination=values.get("dst"),
            start=start,
            end=end,
            outcome=_outcome(disposition, values, columns),
            name=caller_name(values.get("clid"), number),
            agent_called=endpoint(values.get("dstchannel")),
            agent_calling=endpoint(values.get("channel")),
            context=values.get("dcontext") or "",
            attestation=attestation_of(values),
            branch=_SECOND_HALF.search(values.get("channel", "")) is not None,
            fields=_attributes(values, doubt),
            where=where,
            id=id_of(values.get("linkedid") or unique) or derived_id(*fields),
        )

    def _time(self, text: str | None, near: datetime | None) -> tuple[datetime | None, str | None]:
        if not text or (near is not None and self.zone is None):
            return None, None  # without a zone the unique id tells more
        if _TIME.match(text) and not re.search(r"(?:Z|[+-]\d\d:?\d\d)$", text[19:]):
            return parse_local(text[:26], self.zone, near, "start")
        return parse_time(text, self.zone), None


def _halves(leg: Leg) -> Iterator[str]:
    """Yield what joins a leg to that on the other half of a Local channel, whose unique id is another: the name of the channel.

    Names begin again when Asterisk does, so they hold for some hours.
    """
    for name in ("channel", "dstchannel"):
        match = _HALF.match(leg.fields.get(name) or "")
        if match:
            hours = int(leg.start.timestamp()) // _HOURS
            yield from (f"{match[1]} {hours}", f"{match[1]} {hours + 1}")


def _outcome(disposition: str, values: Mapping[str, Any], columns: Sequence[str]) -> str:
    """What became of a leg: the line is ANSWERED for a queue, a menu and the voicemail too, a person is on another channel."""
    outcome = _OUTCOMES.get(disposition, disposition.lower()[:100] or "unknown")
    application = (values.get("lastapp") or "").lower()
    if outcome != ANSWERED or not application:
        return outcome
    if application in _TO_VOICEMAIL:
        return VOICEMAIL
    alone = "dstchannel" in columns and not values.get("dstchannel")
    if application in _MACHINES:
        return SELF_SERVICE if alone else ANSWERED
    if alone and application == "queue":
        return ABANDONED
    return "missed" if alone and application in ("dial", "followme") else ANSWERED


def _attributes(values: dict[str, Any], doubt: str | None) -> dict[str, Any]:
    if doubt is not None:
        values["local_time"] = doubt
    # Clean text already; only what is too long for attributes is left to be looked through.
    return values if sum(map(len, values.values())) < 20_000 else attributes_of(values)


def _began(unique: str | None) -> datetime | None:
    """A unique id is ``systemname-epoch.sequence``: it says in UTC when the channel was made."""
    match = _UNIQUE.match(unique or "")
    return datetime.fromtimestamp(int(match[1]), timezone.utc) if match else None


def _fields(line: str) -> list[str]:
    try:
        return next(csv.reader([line[:10_000]]), [])
    except csv.Error:
        return []


def _header(row: list[str]) -> list[str] | None:
    names = [_HEADERS.get(name.lower(), name.lower()) for name in row]
    return names if {"src", "dst", "disposition"} <= set(names) and ("start" in names or "uniqueid" in names) else None


def _usual(row: Sequence[str]) -> Sequence[str] | None:
    """The order of a row without a header, by where its outcome and its times stand."""
    for columns in (_CDR_CSV, _CDR_CUSTOM):
        if len(row) < 16 or row[columns.index("disposition")].strip().upper() not in _OUTCOMES:
            continue
        times = [row[columns.index(name)].strip() for name in ("start", "answer", "end")]
        if any(_TIME.match(text) for text in times):
            if columns is _CDR_CSV and len(row) > 18 and not _UNIQUE.match(row[18]):
                return columns[:18]
            return columns
    return None
