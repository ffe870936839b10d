"""What tests of sources look at: the keys of people, and the items by what they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from omnitrack.model import Interaction, PassedOver, Rejected, Revision, Sighting
from omnitrack.sources import open_source


def in_utc(origin: Any, format: str = "auto", **options: Any) -> Any:
    """Open a source whose times without a zone are of UTC, unless an option says otherwise."""
    return open_source(origin, format, **({"zone": "UTC"} | options))


def keys(sightings: Iterable[Sighting]) -> list[Any]:
    return [sighting.identifier for sighting in sightings]


def people(persons: Iterable[Iterable[Sighting]]) -> list[list[Any]]:
    return [keys(person) for person in persons]


def interactions(items: Iterable[object]) -> list[Interaction]:
    return [item for item in items if isinstance(item, Interaction)]


def revisions(items: Iterable[object]) -> list[Revision]:
    return [item for item in items if isinstance(item, Revision)]


def rejected(items: Iterable[object]) -> list[Rejected]:
    return [item for item in items if isinstance(item, Rejected)]


def passed_over(items: Iterable[object]) -> list[PassedOver]:
    return [item for item in items if isinstance(item, PassedOver)]
