"""Converters and validators of the fields of interactions and revisions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

import attrs

from omnitrack.errors import InvalidInteractionError, check_flag
from omnitrack.model.limits import MAX_DEPTH, MAX_EXTRA
from omnitrack.values import NOTHING, freeze


def is_iterable(value: object) -> bool:
    """Return whether a value can be iterated over; a class cannot, even where its instances can."""
    return isinstance(value, Iterable) and not isinstance(value, type)


def is_storable(text: str) -> bool:
    """Return whether every store can hold a text: no NUL, and no half of a surrogate pair."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def as_time(value: datetime | str) -> datetime:
    """Return a time that may be a text of ISO 8601, date and clock; what is none is for the validator to refuse."""
    if isinstance(value, str) and len(value) > len("2026-03-01"):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    return value  # type: ignore[return-value]


def as_optional_time(value: datetime | str | None) -> datetime | None:
    """Return a time that may be a text, None for None."""
    return None if value is None else as_time(value)


def as_utc(value: datetime | str | None) -> datetime | None:
    """Return a time with its zone; one without a zone is in UTC. Anything that is no time is returned as it is."""
    value = as_optional_time(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=timezone.utc)
    return value


def is_before(first: datetime, second: datetime) -> bool:
    """Whether it is known that one time lies before the other: of two of which one alone has a zone it is not."""
    return (first.tzinfo is None) == (second.tzinfo is None) and first < second


def empty_to_none(value: Any) -> Any:
    """Return None for an empty text, and any other value as it is."""
    return None if value == "" else value


def to_mapping(value: Any) -> Any:
    """Return a frozen mapping, an empty one for None, and what is no mapping as it is."""
    return NOTHING if value is None else freeze(value)


def check_text(limit: int, required: bool = False) -> Any:
    """Return a validator of a text of at most ``limit`` characters that every store can hold; None passes unless it is required."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None and not required:
            return
        if not isinstance(value, str):
            raise InvalidInteractionError(f"{attribute.name}: got {type(value).__name__}, accepted is a string")
        if required and not value:
            raise InvalidInteractionError(f"{attribute.name}: got an empty string, accepted is a name")
        if len(value) > limit:
            raise InvalidInteractionError(
                f"{attribute.name}: got {len(value)} characters, accepted are at most {limit}"
            )
        if "\x00" in value:
            raise InvalidInteractionError(f"{attribute.name}: got a NUL character, accepted is text without one")
        if not value.isascii():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                raise InvalidInteractionError(
                    f"{attribute.name}: got half of a surrogate pair, accepted is text that UTF-8 can hold"
                ) from None

    return check


def check_time(required: bool) -> Any:
    """Return a validator of a time between the years 1 and 9999 in UTC; None passes unless it is required."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None and not required:
            return
        if not isinstance(value, datetime):
            raise InvalidInteractionError(
                f"{attribute.name}: got {type(value).__name__}, accepted is a datetime, or a text of ISO 8601 such as 2026-03-01T09:30:00+00:00"
            )
        try:
            if value.tzinfo is not None:
                value.astimezone(timezone.utc)
        except (OverflowError, ValueError):
            raise InvalidInteractionError(
                f"{attribute.name}: got {value.isoformat()}, accepted are the years 1 to 9999 in UTC"
            ) from None

    return check


def check_boolean(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Validate a field that is True or False."""
    check_flag(attribute.name, value, InvalidInteractionError)


def _depth(value: Any, left: int) -> bool:
    if isinstance(value, Mapping):
        return left > 0 and all(_depth(v, left - 1) for v in value.values())
    if isinstance(value, (list, tuple)):
        return left > 0 and all(_depth(v, left - 1) for v in value)
    return True


def check_json_mapping(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Validate a mapping that JSON can hold, within the limits of depth and size."""
    if not value:
        if value != {}:
            raise InvalidInteractionError(f"{attribute.name}: got {type(value).__name__}, accepted is a mapping")
        return
    if not isinstance(value, Mapping):
        raise InvalidInteractionError(f"{attribute.name}: got {type(value).__name__}, accepted is a mapping")
    if not _depth(value, MAX_DEPTH):
        raise InvalidInteractionError(f"{attribute.name}: got values nested deeper than {MAX_DEPTH}, the most accepted")
    check_json(attribute.name, value)


# NaN and infinity are no JSON (RFC 8259 section 6): other readers, and databases, refuse a document that has them.
_encode = json.JSONEncoder(allow_nan=False).encode


def check_json(name: str, value: object) -> None:
    """Raise InvalidInteractionError, naming the field, unless JSON can hold a value within the limit of its size."""
    try:
        text = _encode(value)
        if "\\ud" in text:  # perhaps half of a surrogate pair
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInteractionError(
            f"{name}: got half of a surrogate pair, accepted is text that UTF-8 can hold"
        ) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInteractionError(f"{name}: accepted are values that JSON can hold; {error}") from None
    if len(text) > MAX_EXTRA:
        raise InvalidInteractionError(f"{name}: got {len(text)} characters of JSON, accepted are at most {MAX_EXTRA}")
