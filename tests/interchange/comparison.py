"""When an interaction that went through a standard is the one that went in."""

from __future__ import annotations

from typing import Any

import attrs

from omnitrack.interchange.fidelity import key_of
from omnitrack.model import Interaction, Sighting

_PEOPLE = ("customers", "recipients", "participants", "sender")


def people_alike(before: Interaction, after: Interaction) -> bool:
    """Equal, except that an identifier of which nothing but its key is known may come back as that key, to be parsed."""
    blank: dict[str, Any] = dict.fromkeys(_PEOPLE, ())
    if attrs.evolve(before, **blank) != attrs.evolve(after, **blank):
        return False
    return all(_shapes(getattr(before, name)) == _shapes(getattr(after, name)) for name in _PEOPLE)


def _shapes(value: Any) -> Any:
    if isinstance(value, Sighting):
        raw = value.raw if value.raw is not None or isinstance(value.identifier, str) else value.identifier.raw
        return (key_of(value), value.assurance, raw)
    return [_shapes(part) for part in value]
