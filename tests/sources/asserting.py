"""What tests of sources look at: the keys of people, and the items by what they are."""

from __future__ import annotations

from omnitrack.model import Interaction, PassedOver, Rejected, Revision
from omnitrack.sources import open_source


def in_utc(origin, format="auto", **options):
    """Open a source whose times without a zone are of UTC, unless an option says otherwise."""
    return open_source(origin, format, **({"zone": "UTC"} | options))


def keys(sightings):
    return [sighting.identifier for sighting in sightings]


def people(persons):
    return [keys(person) for person in persons]


def interactions(items):
    return [item for item in items if isinstance(item, Interaction)]


def revisions(items):
    return [item for item in items if isinstance(item, Revision)]


def rejected(items):
    return [item for item in items if isinstance(item, Rejected)]


def passed_over(items):
    return [item for item in items if isinstance(item, PassedOver)]
