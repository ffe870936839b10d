"""Sightings: identifiers as an interaction showed them, each with its assurance."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import attrs

from omnitrack.errors import InvalidInteractionError, masked_repr
from omnitrack.harmless import sized
from omnitrack.model.fields import is_iterable, is_storable
from omnitrack.model.limits import MAX_SUBJECT
from omnitrack.values import Value

if TYPE_CHECKING:
    from omnitrack.identifiers.scheme import Identifier


class Assurance(enum.IntEnum):
    """How certain it is that an identifier in an interaction belongs to the person."""

    SIMILAR = 0  # a matcher's score, never an identifier's own
    CLAIMED = 1  # stated by the person or a form
    OBSERVED = 2  # reported by the network or the platform
    VERIFIED = 3  # the person passed identification, logged in, or came back with a private handoff code
    STATED = 4  # a statement; used for links only


class Role(enum.IntEnum):
    """Why an interaction is listed under an identifier."""

    ANCHOR = 0  # the identifier that stands for the person in this interaction
    MEMBER = 1  # another identifier of the same person
    PARTICIPANT = 2  # somebody in copy or mentioned


@attrs.frozen(slots=True)
class Sighting(Value):
    """An identifier as one interaction showed it, with its assurance. Returned by verified(), observed() and claimed().

    Attributes:
        identifier: an Identifier, or a text that is parsed when it is recorded, in the region of the interaction.
        assurance: how certain it is that the identifier belongs to the person.
        raw: the text as it came.
        through: the address of a mailing list that forwarded a mail under its own name. If that is one of the company's own addresses, the claimed
            sender counts as observed.
    """

    identifier: Identifier | str = attrs.field(
        repr=lambda value: masked_repr(value) if isinstance(value, str) else repr(value)
    )
    assurance: Assurance = Assurance.OBSERVED
    raw: str | None = attrs.field(default=None, repr=sized)
    through: str | None = attrs.field(default=None, repr=lambda value: masked_repr(value) if value else repr(value))


#: One or several identifiers of one person, as Identifiers, texts or sightings.
Person: TypeAlias = Union["Identifier", str, Sighting, Iterable[Union["Identifier", str, Sighting]]]


def verified(identifier: Identifier | str) -> Sighting:
    """Mark an identifier as verified: the person passed identification, logged in, or came back with a private handoff code."""
    return Sighting(identifier, Assurance.VERIFIED)


def observed(identifier: Identifier | str) -> Sighting:
    """Mark an identifier as observed: the network or the platform reports it, as a caller id, a mail sender or the account of a post."""
    return Sighting(identifier, Assurance.OBSERVED)


def claimed(identifier: Identifier | str) -> Sighting:
    """Mark an identifier as claimed: the person or a form stated it. A claimed identifier never merges customers."""
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
