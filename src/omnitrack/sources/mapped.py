"""Logs of your own: CSV files and JSON lines, read by a mapping."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.errors import SourceFormatError
from omnitrack.identifiers.attestation import Level, counts
from omnitrack.model import Interaction, Revision, Sighting
from omnitrack.sources.attested import checked_trust, verdict_of
from omnitrack.sources.base import Item, JsonSource, Source, UnreadableError
from omnitrack.sources.durations import DURATION_FORMS, parse_duration
from omnitrack.sources.mapping import LogMapping, PersonField, look_up, read_mapping
from omnitrack.sources.reading import Bad, decode, rows
from omnitrack.sources.values import (
    TIME_FORMS,
    attributes_of,
    body_of,
    derived_id,
    id_of,
    joined_text,
    mapping_of,
    name_of,
    subject_of,
    text_of,
    unread,
)

_DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(rb"sep=([,;|\t])\r?\n")  # with which Excel says the delimiter in a first line
_MARKED = re.compile(r"""="([^"]*)"|'([+=@-]?[\d\s().+/-]+)""")
_MAX_MAPPING = 1_000_000  # bytes


class MappedSource(Source):
    """What the mapped sources share: a record and a mapping make an interaction.

    Args:
        origin: a path, bytes or a stream.
        mapping: a dict, or the path of a TOML file; default: the TOML file of the same name beside the file.
        trust_attestation: the least level of STIR attestation, ``"A"`` or ``"B"``, at which a caller counts as observed, where the mapping does not
            say it; None for whatever did not fail and is not of level C.
        options: of Source; ``source`` and ``zone`` of the mapping count where they are not given here.
    """

    default_source: ClassVar[str] = "log"

    def __init__(
        self, origin: Any, *, mapping: Any = None, trust_attestation: Level | None = None, **options: Any
    ) -> None:
        super().__init__(origin, **options)
        if mapping is None:
            beside = mapping_beside(Path(origin)) if isinstance(origin, (str, Path)) else None
            if beside is None:
                raise SourceFormatError(
                    f"mapping: missing, accepted for {self.name} is a TOML file of the same name beside the file, "
                    "or mapping= with a dict or the path of one (on the command line --mapping)"
                )
            mapping = beside
        self.mapping: LogMapping = read_mapping(mapping)
        self.zone = self.zone or self.mapping.zone
        self.trust_attestation = self.mapping.trust_attestation or checked_trust(trust_attestation)
        if options.get("source") is None and self.mapping.source:
            self.source = self.mapping.source

    def _ended(self, record: Mapping[str, Any], start: datetime) -> datetime | None:
        """Return when the contact of a record ended, by its end or else by how long it lasted."""
        mapping = self.mapping
        ended = mapping.time(record, "ended_at", self.zone) if "ended_at" in mapping.fields else None
        duration = None if ended is not None else parse_duration(mapping.part(record, "duration"))
        return ended if duration is None else start + duration

    def _left_out(
        self,
        record: Mapping[str, Any],
        text: Mapping[str, Any],
        start: datetime,
        ended: datetime | None,
        edited: datetime | None,
    ) -> Iterator[tuple[str, str | None]]:
        """Yield why a part of a record is left out, and what stands there instead, where that may be shown."""
        mapping = self.mapping
        for name, found in (("ended_at", ended), ("edited_at", edited)):
            raw = look_up(record, mapping.fields[name]) if name in mapping.fields else None
            if found is None and raw is not None and str(raw).strip():
                yield unread(mapping.fields[name], raw, ", ".join([*mapping.time_formats, TIME_FORMS])), None
        for field in (*mapping.customer, *mapping.participant, *mapping.sender, *mapping.recipient):
            if isinstance(look_up(record, field.field), Mapping):
                yield f"{field.field}: got an object, accepted is an identifier as text or a number", None
        for name, value in text.items():
            if isinstance(value, (list, Mapping)) and value:
                kind = type(value).__name__
                yield f"{mapping.fields[name]}: got {kind}, accepted for {name} is text or a number", str(value)[:200]
        if ended is not None and ended < start:
            yield f"{mapping.fields['ended_at']}: before the start, accepted is a time from then on", None
        lasted = mapping.part(record, "duration")
        if ended is None and lasted not in (None, ""):
            yield unread(mapping.fields["duration"], lasted, DURATION_FORMS), None

    def record(self, record: Mapping[str, Any], where: str) -> Iterator[Item]:
        """Yield the interaction of one record, and its revision where it was edited or deleted. Long: each field of the interaction is filled here, in the order of the model."""
        mapping = self.mapping
        timestamp = mapping.time(record, "occurred_at", self.zone)
        if timestamp is None:
            forms = ", ".join([*mapping.time_formats, TIME_FORMS])
            raise UnreadableError(
                unread(mapping.fields["occurred_at"], look_up(record, mapping.fields["occurred_at"]), forms)
            )
        text = {
            name: mapping.part(record, name)
            for name in mapping.fields
            if name not in ("occurred_at", "ended_at", "duration")
        }
        for name in ("body", "subject"):
            text[name] = joined_text(text.get(name))
        text |= {name: value for name, value in mapping.constants.items() if text.get(name) in (None, "")}
        ended = self._ended(record, timestamp)
        edited = mapping.time(record, "edited_at", self.zone) if "edited_at" in mapping.fields else None
        direction = text_of(text.get("direction"))
        source_id = id_of(text.get("source_id"))
        if source_id is None:
            source_id = derived_id(
                *(f"{key}={value}" for key, value in sorted(record.items(), key=lambda kv: str(kv[0])))
            )
        said = [verdict_of(mapping.part(record, name)) for name in ("verstat", "attestation")]
        attested = counts(*said, trust=self.trust_attestation)

        def callers(fields: Iterable[PersonField]) -> Iterator[Sighting]:
            for field in fields:
                yield from (field if attested else field.unattested(record)).sightings(record)

        # Of a call to a customer the attestation is that of the company.
        called = direction is not None and direction.lower() == "outbound"
        customers = (
            [s for field in mapping.customer for s in field.sightings(record)]
            if called
            else list(callers(mapping.customer))
        )
        recipients = [(sighting,) for field in mapping.recipient for sighting in field.sightings(record)]
        channel = name_of(text.get("channel"))
        if channel is None:
            raise UnreadableError(
                f"{mapping.fields.get('channel', 'channel')}: missing, accepted is the name of a channel"
            )
        traits = {name: text_of(look_up(record, field)) for name, field in mapping.traits.items()}
        body = body_of(text.get("body"))
        deleted = text.get("deleted") is True or (text_of(text.get("deleted")) or "").lower() in ("true", "yes", "1")
        for reason, raw in self._left_out(record, text, timestamp, ended, edited):
            yield self.rejected(where, f"{reason}; left out", source_id=source_id, raw=raw, kept=True)
        yield Interaction(
            channel=channel.lower(),
            kind=name_of(text.get("kind")) or "message",
            occurred_at=timestamp,
            ended_at=ended if ended is not None and ended >= timestamp else None,
            direction=direction.lower() if direction else None,
            customers=(tuple(customers),),
            participants=tuple(sighting for field in mapping.participant for sighting in field.sightings(record)),
            sender=tuple(callers(mapping.sender)),
            recipients=tuple(recipients),
            subject=subject_of(text.get("subject")),
            body=body,
            agent=name_of(text.get("agent")),
            thread=id_of(text.get("thread")),
            reply_to=id_of(text.get("reply_to")),
            outcome=name_of(text.get("outcome")),
            traits={name: value for name, value in traits.items() if value},
            attributes=attributes_of(_without(record, mapping.used())),
            source=self.source,
            source_id=source_id,
            region=text_of(text.get("region")) or self.region,
        )
        if deleted or (edited is not None and edited > timestamp):
            yield Revision(
                source=self.source,
                source_id=source_id,
                at=edited or timestamp,
                body=None if deleted else body,
                subject=None if deleted else subject_of(text.get("subject")),
                deleted=deleted,
                same_unit=True,
            )


def _without(record: Any, paths: set[str], prefix: str = "") -> Any:
    """Return the record without the fields that have a place of their own."""
    if not isinstance(record, Mapping):
        return record
    inner = {path.partition(".")[0] for path in paths if "." in path} if not prefix else None
    kept = {}
    for key, value in record.items():
        path = f"{prefix}{key}"
        if path in paths:
            continue
        if isinstance(value, Mapping) and (inner is None or key in inner):
            value = _without(value, paths, f"{path}.")
            if not value:
                continue
        kept[key] = value
    return kept


def mapping_beside(path: Path) -> Path | None:
    """Return the mapping beside a file: letters.toml of letters.csv, if that is a mapping: it has ``fields``.

    One that names them and is no TOML is meant as one too, so that who reads it says what is wrong in it.
    """
    beside = path.with_suffix(".toml")
    if path.suffix.lower() == ".toml" or not beside.is_file() or beside.stat().st_size > _MAX_MAPPING:
        return None
    content = beside.read_bytes()
    try:
        meant = "fields" in tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        meant = b"fields" in content
    return beside if meant else None


class CsvSource(MappedSource):
    """Reads a CSV file with a header, by a mapping; a delimiter of ``, ; |`` or tab is found out."""

    name: ClassVar[str] = "csv"
    versions: ClassVar[str] = "RFC 4180 and its relatives, in UTF-8, UTF-16 with a mark, or Windows-1252"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the mapping beside it."""
        beside = None if path.is_dir() else mapping_beside(path)
        if beside is None or head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
            return None
        return f"{beside.name} beside it says how to read it"

    def items(self) -> Iterator[Item]:
        """Yield the rows of the file."""
        source = self.open()
        source.as_utf8()
        source.as_lines()
        said = _SEPARATOR.match(source.peek(8))
        if said is not None:
            source.read(said.end())
        told = said[1].decode("latin-1") if said is not None else None
        delimiter = self.mapping.delimiter or told or delimiter_of(decode(source.peek(64 * 1024)))
        header: list[str] | None = None
        for row in rows(source, delimiter, same_width=True):
            if isinstance(row, Bad):
                yield self.bad(row)
                continue
            number, fields = row
            if header is None:
                header, twice = _header(fields)
                if twice:
                    yield self.rejected(
                        f"line {number}",
                        f"columns: got {', '.join(twice)} more than once; the first of each counts",
                        kept=True,
                    )
                missing = [_missed(name, header) for name in sorted(self.mapping.needed() - set(header))]
                if missing:
                    yield self.rejected(f"line {number}", f"columns missing: {', '.join(missing)}", kept=True)
                continue
            where = f"line {number}"
            if len(fields) > len(header) and any(field.strip() for field in fields[len(header) :]):
                yield self.rejected(
                    where, f"{len(fields)} fields, the header has {len(header)}", raw=",".join(fields)[:200]
                )
                continue
            if not any(field.strip() for field in fields):
                yield self.passed(where, "empty row")
                continue
            values = {name: without_marks(text) for name, text in zip(header, fields, strict=False) if name}
            yield from self.guarded(where, self.record(values, where), raw=",".join(fields)[:200])


def without_marks(text: str) -> str:
    """Return a cell without what spreadsheets put around a number so that it is kept as text: ``="0123"`` and ``'0123``."""
    marked = _MARKED.fullmatch(text)
    return text if marked is None else marked[1] or marked[2]


def _header(fields: list[str]) -> tuple[list[str], list[str]]:
    """Return the names of the columns, of which each is there once, and those that came more than once."""
    names: dict[str, int] = {}
    twice: list[str] = []
    for number, field in enumerate(fields):
        name = field.strip()
        if name in names and name:
            twice.append(name)
            name = f"{name} ({number + 1})"
        names[name or f" {number}"] = number
    return [name if name.strip() else "" for name in names], list(dict.fromkeys(twice))


def _missed(name: str, header: list[str]) -> str:
    """Return the name of a column that is not there, with the one that was probably meant; of a file without a header nothing else."""
    near = get_close_matches(name, header, 1, 0.7)
    return f"{name} (did you mean {near[0]!r}?)" if near else name


def delimiter_of(text: str) -> str:
    """Return the delimiter that the first line of a table has most of."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    counts = {delimiter: len(next(csv.reader([line], delimiter=delimiter), [])) for delimiter in _DELIMITERS}
    return max(_DELIMITERS, key=lambda delimiter: counts[delimiter])


class JsonLinesSource(MappedSource, JsonSource):
    """Reads JSON lines, or an array, by a mapping with dotted paths: comments of a forum, under videos, of a shop."""

    name: ClassVar[str] = "jsonl"
    versions: ClassVar[str] = "JSON lines, JSON arrays, or pages that hold a list of records (RFC 8259)"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the mapping beside it."""
        beside = None if path.is_dir() else mapping_beside(path)
        if beside is None or head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
            return None
        return f"{beside.name} beside it says how to read it"

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the records of one value."""
        if self.mapping.items is None:
            record = mapping_of(value)
            if not record:
                raise UnreadableError("no object with fields")
            yield from self.record(record, where)
            return
        found = look_up(value, self.mapping.items)
        if not isinstance(found, list):
            raise UnreadableError(f"{self.mapping.items}: missing, accepted is a list of records")
        yield from self.each({self.mapping.items: found}, self.mapping.items, where, "item", self.record)
