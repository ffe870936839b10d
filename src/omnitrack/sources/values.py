"""Values from outside made fit for the model: clean text, bounded attributes, stable ids, times with a zone."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from omnitrack.errors import InvalidInteractionError, MissingZoneError, mask, plain_repr
from omnitrack.model import MAX_BODY, MAX_DEPTH, MAX_EXTRA, MAX_NAME, MAX_SOURCE_ID, MAX_SUBJECT, Attachment

# What a store cannot hold in a text column: NUL (PostgreSQL), and halves of surrogate pairs (no UTF-8 for them).
_UNFIT = re.compile("[\x00\ud800-\udfff]")

# Attributes are kept below the model's limits, to leave room for what the source itself adds.
_ATTRIBUTES = MAX_EXTRA // 2
_DEPTH = MAX_DEPTH - 8
_LONG_TEXT = 100_000

EARLIEST = datetime(1900, 1, 1, tzinfo=timezone.utc)
_FIRST_SECOND = 100_000_000  # of numbers that are times
LATEST = datetime(2200, 1, 1, tzinfo=timezone.utc)


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, for long lists of names."""
    return tuple(text.split())


def clean(text: str) -> str:
    """Return the text with every character that no store can hold replaced by U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNFIT.sub("\ufffd", text)


def text_of(value: Any) -> str | None:
    """Return a scalar of JSON or CSV as clean text, stripped; None for nothing, for a list or a mapping."""
    if isinstance(value, str):
        return clean(value).strip() or None
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 256 else None
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < 1e18 else str(value)
    return None


def body_of(value: Any) -> str | None:
    """Return a message text: clean, line ends as ``\\n``, cut to what an interaction holds; None where it is no text.

    A text that comes in parts, as a list of texts and of objects with a ``text`` in them (Telegram, rich text), is their sum.
    """
    if isinstance(value, list):
        value = joined_text(value)
    if not isinstance(value, str):
        return text_of(value)
    return clean(value).replace("\r\n", "\n")[:MAX_BODY] or None


def joined_text(value: Any) -> Any:
    """Return the text of a value that is a list of parts, as formatted text is kept: texts, and objects with a text or a content in them.

    Anything else is returned as it is.

    >>> joined_text(["see ", {"type": "link", "text": "x.example"}, " please"])
    'see x.example please'
    """
    if not isinstance(value, (list, Mapping)):
        return value
    parts = _parts(value, _DEPTH)
    return value if parts is None else "".join(parts)


def _parts(value: Any, depth: int) -> list[str] | None:
    """The texts of which a value is made, None where something in it is none."""
    if isinstance(value, str):
        return [value]
    if depth <= 0:
        return None
    if isinstance(value, Mapping):
        inner = next((value[name] for name in ("text", "content", "value") if name in value), None)
        return None if inner is None else _parts(inner, depth - 1)
    if not isinstance(value, list):
        return None
    found: list[str] = []
    for part in value:
        texts = _parts(part, depth - 1)
        if texts is None:
            return None
        found += texts
    return found


def subject_of(value: Any) -> str | None:
    """Return a subject on one line, cut to what an interaction holds."""
    text = text_of(value)
    return " ".join(text.split())[:MAX_SUBJECT] or None if text else None


def name_of(value: Any) -> str | None:
    """Return a name (of an agent, an outcome, a kind), cut to what an interaction holds."""
    text = text_of(value)
    return text[:MAX_NAME] if text else None


def id_of(value: Any) -> str | None:
    """Return an id of the source; one that is too long is replaced by its hash, the same one each time."""
    text = text_of(value)
    if text is None or len(text) <= MAX_SOURCE_ID:
        return text
    return derived_id(text)


def derived_id(*parts: str | bytes) -> str:
    """Return an id made of stable content, for items whose format gives none: the same content, the same id."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return f"sha256:{digest.hexdigest()[:40]}"


def mapping_of(value: Any) -> Mapping[str, Any]:
    """Return the value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def list_of(value: Any) -> list[Any]:
    """Return the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def event_type(name: str) -> str:
    """Return the reason why an event is passed over that is of a type without a contact in it."""
    return f'event type "{clean(name)[:60]}"'


TIME_FORMS = "RFC 3339, ISO 8601, seconds since 1970"


def unread(field: str, value: Any, forms: str) -> str:
    """Return the reason why a value was not taken: missing, empty, or there and read in none of the forms that were tried.

    Args:
        field: of the source.
        value: that came; it is masked.
        forms: that were tried.
    """
    if value is None:
        return f"{field}: is missing, accepted is {forms}"
    if isinstance(value, str) and not value.strip():
        return f"{field}: is empty, accepted is {forms}"
    return f"{field}: got {mask(value)!r}, which is none of the forms tried: {forms}"


def _fit(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return clean(value[:_LONG_TEXT])
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= 63 else str(value) if value.bit_length() <= 256 else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        if depth <= 0:
            return "…"
        return {clean(str(key)[:1000]): _fit(item, depth - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_fit(item, depth - 1) for item in value] if depth > 0 else "…"
    return clean(str(value)[:_LONG_TEXT])


def files_of(found: Iterable[Any], *, name: str, media_type: str, size: str, url: str) -> tuple[Attachment, ...]:
    """Return the attachments of a message, of at most a hundred, by the names of their fields; a size that is none is left out."""
    return tuple(
        Attachment(
            name=name_of(item.get(name)),
            media_type=name_of(item.get(media_type)),
            size=size_of(item.get(size)),
            url=text_of(item.get(url)),
        )
        for item in map(mapping_of, islice(found, 100))
    )


def size_of(value: Any) -> int | None:
    """Return a number of bytes; None where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def attributes_of(*mappings: Mapping[str, Any], without: Iterable[str] = ()) -> dict[str, Any]:
    """Return the fields that the model has no place for, as JSON values within its limits.

    Empty values are left out. Where everything together is too large, the largest are left out and named under
    ``omitted``, so that what is missing can be seen.
    """
    left_out = frozenset(without)
    fields: dict[str, Any] = {}
    for mapping in mappings:
        for key, value in mapping.items():
            if key not in left_out and value is not None and value != "" and value != [] and value != {}:
                fields[clean(str(key)[:1000])] = _fit(value, _DEPTH)
    # JSON writes a character in at most six, as \u0041, or twelve.
    flat = all(isinstance(value, str) for value in fields.values())
    if flat and 12 * sum(map(len, fields.values())) < _ATTRIBUTES:
        return fields
    if len(json.dumps(fields)) <= _ATTRIBUTES:
        return fields
    sizes = {key: len(json.dumps(value)) + len(key) for key, value in fields.items()}
    omitted = []
    for key in sorted(sizes, key=lambda k: -sizes[k]):
        if sum(sizes.values()) <= _ATTRIBUTES:
            break
        omitted.append(key[:200])
        del fields[key], sizes[key]
    fields["omitted"] = omitted[:100]
    return fields


def zone_of(zone: str | tzinfo | None) -> tzinfo | None:
    """Return the time zone of an option: a name of the IANA database, a tzinfo, or None.

    Raises:
        InvalidInteractionError: there is no such zone.
    """
    if zone is None or isinstance(zone, tzinfo):
        return zone
    try:
        return ZoneInfo(zone)
    except (LookupError, OSError, TypeError, ValueError):
        raise InvalidInteractionError(
            f"zone: got {plain_repr(zone)}, accepted is a name of the IANA database such as 'Europe/London'"
        ) from None


def local_time(
    naive: datetime, zone: tzinfo | None, near: datetime | None = None, field: str = "time"
) -> tuple[datetime, str | None]:
    """Give a local time its zone, and say where the clock change leaves doubt.

    The hour that the clock shows twice is read as the one nearer to ``near``, without it as the first of the two. A time
    in the hour that the clock leaves out is read with the offset that held before the change (PEP 495, ``fold=0``).

    Args:
        naive: the time on the wall.
        zone: in which it is.
        near: a moment that is known to be close, in UTC.
        field: that it came in, for the error.

    Returns:
        The time with its offset fixed, and ``"ambiguous"``, ``"missing"`` or None.

    Raises:
        MissingZoneError: no zone is known.
        ValueError: a year that cannot be.
    """
    if zone is None:
        raise MissingZoneError(
            f"{field}: got {naive.isoformat(' ')} without a zone; accepted is one with an offset, or zone= of the load or of open()"
        )
    if not EARLIEST.year <= naive.year < LATEST.year:
        raise ValueError(f"accepted are the years {EARLIEST.year} to {LATEST.year - 1}")
    first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    before, after = first.utcoffset(), second.utcoffset()
    if before == after or before is None or after is None:
        return _fixed(first), None
    if before < after:
        return _fixed(first), "missing"
    if near is not None and abs(_fixed(second) - near) < abs(_fixed(first) - near):
        first = second
    return _fixed(first), "ambiguous"


def parse_local(
    text: str, zone: tzinfo | None, near: datetime | None = None, field: str = "time"
) -> tuple[datetime | None, str | None]:
    """Return the time that a text in ISO 8601 without an offset says, as ``local_time`` does; (None, None) where it says none.

    Raises:
        MissingZoneError: no zone is known.
    """
    try:
        return local_time(datetime.fromisoformat(text), zone, near, field)
    except MissingZoneError:
        raise
    except ValueError:
        return None, None


def _fixed(timestamp: datetime) -> datetime:
    offset = timestamp.utcoffset() or timedelta(0)
    return timestamp.replace(tzinfo=timezone(offset), fold=0)


def parse_time(value: Any, zone: tzinfo | None = None, field: str = "time") -> datetime | None:
    """Return the time that a value of JSON or CSV says, or None where it says none.

    Taken are RFC 3339 and ISO 8601, and numbers: seconds since 1970, milliseconds or microseconds from 1e11 and 1e14 on. Numbers
    that would be times before 1973 are none: a time that was not set, a year, a day of a spreadsheet.

    Args:
        value: text or number.
        zone: of texts without an offset.
        field: that it came in, for the error.

    Raises:
        MissingZoneError: a text without an offset, and no zone is known.
    """
    if isinstance(value, datetime):
        return _in_zone(value, zone, field)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        if not re.fullmatch(r"[+-]?\d{9,17}(?:\.\d{1,9})?", text):
            return _parse_iso(text, zone, field)
        value = float(text)
    if not isinstance(value, (int, float)) or not math.isfinite(value) or abs(value) < _FIRST_SECOND:
        return None
    for limit, unit in ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000)):
        if abs(value) < limit:
            return _plausible(datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=value / unit))
    return None


def _parse_iso(text: str, zone: tzinfo | None, field: str) -> datetime | None:
    try:
        timestamp = datetime.fromisoformat(re.sub(r"\s?(?:UTC|GMT)$", "Z", text))
    except ValueError:
        return None
    return _in_zone(timestamp, zone, field)


def _in_zone(timestamp: datetime, zone: tzinfo | None, field: str) -> datetime | None:
    try:
        return _plausible(local_time(timestamp, zone, field=field)[0] if timestamp.tzinfo is None else timestamp)
    except MissingZoneError:
        raise
    except (OverflowError, ValueError):
        return None


def _plausible(timestamp: datetime) -> datetime | None:
    try:
        return timestamp if EARLIEST <= timestamp <= LATEST else None
    except OverflowError:
        return None
