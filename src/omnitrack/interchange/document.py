"""Untrusted JSON documents: parsing within limits, and typed access to fields with clear errors."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, NoReturn

from omnitrack.errors import InvalidInteractionError, SourceFormatError, mask
from omnitrack.interchange.report import ConversionReport
from omnitrack.model import Interaction

MAX_DOCUMENT = 64_000_000  # characters (bytes, where bytes came) of one document or line
MAX_JSON_DEPTH = 64
MAX_JSON_VALUES = 2_000_000  # of one document; a document in Python objects may refer to one list a million times
MAX_DURATION = 10 * 366 * 86_400.0  # seconds

_SURROGATE = re.compile("[\ud800-\udfff]")
# RFC 3339 section 5.6; a missing zone is let through, since recorders in use leave it out, and is reported.
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,12}))?(?:([Zz])|([+-]\d\d):?(\d\d))?", re.ASCII)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")  # RFC 3986 section 3: a scheme and something behind it
# RFC 2045 section 5.1: type "/" subtype, then parameters, which mailers break over lines
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+\s*(?:;.*)?", re.DOTALL)


def refuse(where: str, got: object, accepted: str) -> NoReturn:
    """Raise SourceFormatError that names the field, what came (masked) and what is accepted."""
    raise SourceFormatError(f"{where}: got {kind_of(got)}, accepted is {accepted}")


def kind_of(value: object) -> str:
    """Say what a value is, without repeating it whole: its type, or its text masked."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return repr(mask(value)) if value else "an empty string"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return {"dict": "an object", "list": "an array", "bool": "true or false"}.get(
            type(value).__name__, type(value).__name__
        )
    # A long number may be somebody's phone number.
    return f"{value:.6g}" if abs(value) < 10**6 else "a number of a million or more"


def parse(document: object, what: str) -> Any:
    """Return the JSON value of a document: a text, UTF-8 bytes, or the value itself, checked against the limits.

    Args:
        document: ``str``, ``bytes``, or what ``json.loads`` would give.
        what: the format, for the error.

    Raises:
        SourceFormatError: the text is not JSON, or is beyond the limits on size, depth and number of values.
    """
    return _checked(decode_json(document, what), what)


def decode_json(document: object, what: str) -> Any:
    """Return the JSON value of a text or of UTF-8 bytes within the limit on size; anything else is returned as it is.

    Args:
        document: the text, the bytes, or what ``json.loads`` would give.
        what: the format or the place, for the error.

    Raises:
        SourceFormatError: the text is not JSON, or exceeds the limit on size.
    """
    if isinstance(document, (bytes, bytearray)):
        if len(document) > MAX_DOCUMENT:
            raise SourceFormatError(f"{what}: got {len(document)} bytes, accepted are at most {MAX_DOCUMENT}")
        try:
            document = bytes(document).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SourceFormatError(f"{what}: byte {error.start} is no UTF-8, accepted is JSON in UTF-8") from None
    if isinstance(document, str):
        if len(document) > MAX_DOCUMENT:
            raise SourceFormatError(f"{what}: got {len(document)} characters, accepted are at most {MAX_DOCUMENT}")
        try:
            document = json.loads(document.removeprefix("\ufeff"), parse_constant=_no_constant)
        except RecursionError:
            raise SourceFormatError(f"{what}: nested deeper than {MAX_JSON_DEPTH}, the most accepted") from None
        except json.JSONDecodeError as error:
            raise SourceFormatError(
                f"{what}: no JSON at line {error.lineno} column {error.colno}: {error.msg}"
            ) from None
        except ValueError as error:  # NaN, or a number of thousands of digits
            raise SourceFormatError(f"{what}: a number that JSON or this reader cannot hold; {error}") from None
    return document


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _checked(value: Any, what: str) -> Any:
    """Return a copy in plain JSON types, lone surrogates replaced; no recursion, so that depth is ours to limit."""
    root: list[Any] = [None]
    todo: list[tuple[Any, Any, Any, int]] = [(value, root, 0, 0)]
    count = 0
    while todo:
        item, holder, key, depth = todo.pop()
        count += 1
        if count > MAX_JSON_VALUES:
            raise SourceFormatError(f"{what}: more than {MAX_JSON_VALUES} values, the most accepted")
        if depth > MAX_JSON_DEPTH:
            raise SourceFormatError(f"{what}: nested deeper than {MAX_JSON_DEPTH}, the most accepted")
        if isinstance(item, str):
            holder[key] = clean(item)
        elif isinstance(item, Mapping):
            inner: dict[str, Any] = {}
            holder[key] = inner
            for name, part in item.items():
                if not isinstance(name, str):
                    raise SourceFormatError(f"{what}: a key is {type(name).__name__}, accepted is a string")
                name = clean(name)
                inner[name] = None  # keeps the order of the document
                todo.append((part, inner, name, depth + 1))
        elif isinstance(item, (list, tuple)):
            parts: list[Any] = [None] * len(item)
            holder[key] = parts
            todo.extend((part, parts, index, depth + 1) for index, part in enumerate(item))
        elif item is None or isinstance(item, bool):
            holder[key] = item
        elif isinstance(item, int):
            if item.bit_length() > 1024:
                raise SourceFormatError(f"{what}: a whole number of more than 1,024 bits, accepted are shorter ones")
            holder[key] = item
        elif isinstance(item, float):
            if not math.isfinite(item):
                raise SourceFormatError(f"{what}: a number that is not finite, accepted are finite ones")
            holder[key] = item
        else:
            raise SourceFormatError(f"{what}: got {type(item).__name__}, accepted are JSON values")
    return root[0]


def clean(text: str) -> str:
    """Return the text with lone surrogates replaced: no database or UTF-8 file could hold them."""
    return _SURROGATE.sub("\ufffd", text)


def mapping(value: Any, where: str) -> dict[str, Any]:
    """Return ``value`` if it is a JSON object; ``{}`` for null."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        refuse(where, value, "an object")
    return value


def array(value: Any, where: str) -> list[Any]:
    """Return ``value`` if it is a JSON array; ``[]`` for null."""
    if value is None:
        return []
    if not isinstance(value, list):
        refuse(where, value, "an array")
    return value


def text(value: Any, where: str, *, required: bool = False) -> str | None:
    """Return ``value`` if it is a string, None for null and for an empty one; refuse those where it is required."""
    if value is None or value == "":
        if required:
            refuse(where, value, "a text that is not empty")
        return None
    if not isinstance(value, str):
        refuse(where, value, "a string")
    return value


def is_url(value: str) -> bool:
    """Whether a text has the form of a URL or another URI with a scheme."""
    return _URL.fullmatch(value) is not None


def is_media_type(value: str) -> bool:
    """Whether a text has the form ``type/subtype``, with or without parameters."""
    return _MEDIA_TYPE.fullmatch(value) is not None


def read_time(value: Any, where: str) -> tuple[datetime, bool]:
    """Return the time that a text in the form of RFC 3339 says, and whether it named its zone (else UTC is taken).

    Raises:
        SourceFormatError: another form, or no such day or hour.
    """
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        refuse(where, value, "a time such as 2026-03-01T09:30:00Z")
    day, clock, fraction, zulu, hours, minutes = match.groups()
    zone = "+00:00" if zulu or hours is None else f"{hours}:{minutes}"
    try:
        timestamp = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '').ljust(6, '0')[:6]}{zone}")
        timestamp.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        refuse(where, value, "a time such as 2026-03-01T09:30:00Z, in the years 1 to 9999 of UTC")
    return timestamp, bool(zulu or hours)


def write_time(timestamp: datetime) -> str:
    """Return a time as RFC 3339 has it: with its own offset where that is of whole minutes, else in UTC."""
    offset = timestamp.utcoffset()
    if offset is None or offset % timedelta(minutes=1):
        timestamp = timestamp.astimezone(timezone.utc)
    return timestamp.isoformat()


def after(timestamp: datetime, seconds: Any, where: str) -> datetime:
    """Return the time some seconds later.

    Raises:
        SourceFormatError: the value is not a number, is negative, or is beyond ten years.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= MAX_DURATION:
        refuse(where, seconds, "a number of seconds from 0 to ten years")
    try:
        return timestamp + timedelta(seconds=seconds)
    except OverflowError:
        refuse(where, seconds, "a duration that ends before the year 10000")


def fits(value: Any, size: int, depth: int) -> bool:
    """Whether a JSON value is within a number of characters and a depth, so that an interaction can hold it."""
    todo = [(value, depth)]
    while todo:
        item, left = todo.pop()
        if isinstance(item, (dict, list)):
            if left <= 0:
                return False
            todo.extend((part, left - 1) for part in (item.values() if isinstance(item, dict) else item))
    return len(json.dumps(value)) <= size


def read_each(
    document: object,
    what: str,
    read: Callable[[Any, str], Iterable[Interaction]],
    report: ConversionReport,
    on_error: str,
) -> Iterator[Interaction]:
    """Return the interactions of a document that is one JSON object or an array of them, checked as a whole.

    Args:
        document: a JSON text, UTF-8 bytes, or the parsed value.
        what: the format, for errors.
        read: gives the interactions of one object; gets the object and how errors shall name it.
        report: counts, and takes what is refused where errors are collected.
        on_error: ``"raise"`` refuses all with the first bad object; ``"collect"`` notes it and goes on.
    """
    if on_error not in ("raise", "collect"):
        raise ValueError(f"on_error: got {on_error!r}, accepted are 'raise' and 'collect'")
    out: list[Interaction] = []
    try:
        parsed = parse(document, what)
    except SourceFormatError as error:
        if on_error == "raise":
            raise
        report.reject(str(error))
        return iter(out)
    several = isinstance(parsed, list)
    for index, item in enumerate(parsed if several else [parsed]):
        where = f"{what}[{index}]" if several else what
        report.documents += 1
        try:
            found = list(read(item, where))
        except (SourceFormatError, InvalidInteractionError) as error:
            reason = str(error) if str(error).startswith(where) else f"{where}: {error}"
            if on_error == "raise":
                raise type(error)(reason) from None
            report.reject(reason, where=where)
        else:
            report.converted += len(found)
            out += found
    return iter(out)
