"""Times of callers and sources: a time without a zone is read in the zone of the tracker; an impossible one is refused."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any, TypeVar

import attrs

from omnitrack.errors import InvalidInteractionError, MissingZoneError
from omnitrack.model import Interaction, Revision
from omnitrack.sources.values import EARLIEST, LATEST, local_time

Timed = TypeVar("Timed", bound=Interaction | Revision)


def in_zone(value: datetime, zone: tzinfo | None, field: str) -> datetime:
    """Return a time with its offset.

    Args:
        value: as it came.
        zone: in which a time without one is read; of a time that the clock shows twice the first is taken.
        field: that it came in.

    Raises:
        MissingZoneError: it has no zone, and none is given.
        InvalidInteractionError: it is outside of what a calendar of today holds, once it has its zone.
    """
    if value.tzinfo is not None:
        return value
    try:
        return local_time(value, zone, field=field)[0]
    except MissingZoneError:
        raise
    except (OverflowError, ValueError) as error:
        raise InvalidInteractionError(f"{field}: got {value.isoformat()}, {error}") from None


def timed(item: Timed, zone: tzinfo | None) -> Timed:
    """Return an interaction or a revision with all its times in a zone, and none that cannot be.

    Raises:
        MissingZoneError: a time has no zone, and none is given.
        InvalidInteractionError: a year before 1900 or from 2200 on: something that was read wrong.
    """
    fields = ("occurred_at", "ended_at", "revised_at") if isinstance(item, Interaction) else ("at",)
    changed: dict[str, Any] = {}
    for field in fields:
        value: datetime | None = getattr(item, field)
        if value is None:
            continue
        if value.tzinfo is None:
            changed[field] = value = in_zone(value, zone, field)
        if not EARLIEST <= value < LATEST:
            raise InvalidInteractionError(
                f"{field}: got {value.isoformat()}, accepted are the years {EARLIEST.year} to {LATEST.year - 1}"
            )
    return attrs.evolve(item, **changed) if changed else item
