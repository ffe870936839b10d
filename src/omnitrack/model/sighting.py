"""Identifiers as they were seen in an interaction, and how sure each is."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from omnitrack.errors import InvalidInteractionError, masked_repr
from omnitrack.harmless import sized
from omnitrack.model.fields import is_iterable, is_storable
from omnitrack.model.limits import MAX_SUBJECT
from omnitrack.values import Value

if TYPE_CHECKING:
    from omnitrack.identifiers.scheme import Identifier


class Assurance(enum.IntEnum):
    """How sure it is that an identifier in an interaction is the person's."""

    SIMILAR = 0  # a matcher's score, never an identifier's own
    CLAIMED = 1  # the person or a form said so
    OBSERVED = 2  # the network or the platform says so
    VERIFIED = 3  # passed identification, logged in, came back with a private handoff code
    STATED = 4  # a statement of somebody who knows; of links only


class Role(enum.IntEnum):
    """Why an entry puts an interaction under an identifier."""

    ANCHOR = 0  # filed here for a person
    MEMBER = 1  # another identifier of that person
    PARTICIPANT = 2  # in copy, mentioned


@attrs.frozen(slots=True)
class Sighting(Value):
    """An identifier as it was seen in one interaction, and how sure it is. Made by verified(), observed(), claimed().

    ``identifier`` may still be a text; it is parsed when recorded, with the region of the interaction. ``through`` is the address that passed
    a mail on and put itself in the place of the sender: where that is the company's own, a claimed sender is observed, as that of any mail is.
    """

    identifier: Identifier | str = attrs.field(
        repr=lambda value: masked_repr(value) if isinstance(value, str) else repr(value)
    )
    assurance: Assurance = Assurance.OBSERVED
    raw: str | None = attrs.field(default=None, repr=sized)
    through: str | None = attrs.field(default=None, repr=lambda value: masked_repr(value) if value else repr(value))


def verified(identifier: Identifier | str) -> Sighting:
    """The person passed identification, logged in, or came back with a private handoff code."""
    return Sighting(identifier, Assurance.VERIFIED)


def observed(identifier: Identifier | str) -> Sighting:
    """The network or the platform says so: caller id, the sender of a mail, the account of a post."""
    return Sighting(identifier, Assurance.OBSERVED)


def claimed(identifier: Identifier | str) -> Sighting:
    """The person or a form said so; it never merges."""
    return Sighting(identifier, Assurance.CLAIMED)


def to_sightings(value: Any) -> tuple[Sighting, ...]:
    """Return the sightings of one person, given one or several identifiers, texts or sightings."""
    if value is None:
        return ()
    if isinstance(value, (bytes, bytearray, Mapping)):
        raise _no_identifier(value)
    if isinstance(value, (str, Sighting)) or not is_iterable(value):
        value = (value,)
    sightings = tuple(v if isinstance(v, Sighting) else Sighting(v) for v in value)
    for one in sightings:
        if not (isinstance(one.identifier, str) or hasattr(one.identifier, "scheme")):
            raise _no_identifier(one.identifier)
        if not isinstance(one.assurance, int):
            raise InvalidInteractionError(
                f"assurance: got {type(one.assurance).__name__}, accepted is what verified(), observed() and claimed() give"
            )
        if one.raw is not None:
            _check_raw(one.raw)
    return sightings


def _check_raw(raw: object) -> None:
    if not isinstance(raw, str) or len(raw) > MAX_SUBJECT or not is_storable(raw):
        raise InvalidInteractionError(
            f"raw: got {type(raw).__name__}, accepted is text that UTF-8 can hold, of at most {MAX_SUBJECT} characters"
        )


def _no_identifier(value: object) -> InvalidInteractionError:
    return InvalidInteractionError(
        f"identifier: got {type(value).__name__}, accepted are Identifier, a text, and verified(), observed() or claimed() of one"
    )


def to_people(value: Any) -> tuple[tuple[Sighting, ...], ...]:
    """Return the sightings of several people, leaving out those without any."""
    if isinstance(value, (str, bytes, Mapping)) or (value is not None and not is_iterable(value)):
        raise InvalidInteractionError(f"customers: got {type(value).__name__}, accepted is a list of people")
    return tuple(people for people in (to_sightings(v) for v in value or ()) if people)
