"""Checks and conversions of the arguments of public calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from typing import TypeVar

from omnitrack.errors import InvalidInteractionError, InvalidPolicyError, masked_repr
from omnitrack.foundation.ids import to_us
from omnitrack.foundation.times import in_zone
from omnitrack.model.fields import is_storable
from omnitrack.model.limits import MAX_NAME

T = TypeVar("T")


def microseconds(value: datetime | str | None, field: str, zone: tzinfo | None = None) -> int | None:
    """Return a time as microseconds since 1970, None for None; a text is one of ISO 8601, a time without a zone is read in ``zone``, and refused without that."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise InvalidInteractionError(
                f"{field}: got {masked_repr(value)}, accepted is a datetime, or a date or a time of ISO 8601 such as 2026-03-01T09:30:00+00:00"
            ) from None
    if not isinstance(value, datetime):
        raise InvalidInteractionError(
            f"{field}: got {type(value).__name__}, accepted is a datetime or a text of ISO 8601"
        )
    return to_us(in_zone(value, zone, field))


def checked_text(field: str, value: object, most: int = MAX_NAME, *, required: bool = False) -> str | None:
    """Return a text as it was given, None for None unless it is required.

    Raises:
        InvalidInteractionError: the value is not a text of 1 to ``most`` characters, or no store can hold it.
    """
    if value is None and not required:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= most or not is_storable(value):
        raise InvalidInteractionError(
            f"{field}: got {masked_repr(value)}, accepted is text of 1 to {most} characters that UTF-8 can hold"
            f"{'' if required else ', and None'}"
        )
    return value


def listed(field: str, value: Iterable[T], accepted: str, error: type[Exception] = InvalidInteractionError) -> list[T]:
    """Return an iterable as a list."""
    if isinstance(value, (str, bytes)):
        raise error(f"{field}: got {masked_repr(value)}, accepted is {accepted}")
    try:
        return list(value)
    except TypeError:
        raise error(f"{field}: got {masked_repr(value)}, accepted is {accepted}") from None


def iterated(field: str, value: Iterable[T]) -> Iterator[T]:
    """Return an iterator over an iterable of interactions; nothing is read ahead."""
    try:
        return iter(value)
    except TypeError:
        raise InvalidInteractionError(
            f"{field}: got {masked_repr(value)}, accepted is an iterable of Interaction, Revision, Rejected and PassedOver"
        ) from None


def check_batch_size(value: object) -> None:
    """Raise unless it is a number from 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidInteractionError(f"batch_size: got {masked_repr(value)}, accepted is a number from 1")


def check_probability(field: str, value: object) -> None:
    """Raise unless it is a number from 0 to 1."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 1:
        raise InvalidPolicyError(f"{field}: got {masked_repr(value)}, accepted is a probability from 0 to 1")
