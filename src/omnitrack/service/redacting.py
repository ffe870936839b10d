"""Redacting: a person's interactions without the addresses of others, for the person to have."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from omnitrack.identifiers.scheme import Identifier
from omnitrack.identifiers.spellings import Spellings
from omnitrack.model import Attachment, Interaction, Sighting

REDACTED = "[redacted]"


class Redaction:
    """Takes others out of interactions, and counts how many were changed.

    Args:
        mine: keys of the identifiers that may stay: the person's own, and lines that several share.
        owned: keys of the person's own, by which the person is known among the people of an interaction.
        region: in which national numbers in texts are read.
    """

    def __init__(self, mine: Iterable[str], owned: Iterable[str], region: str | None) -> None:
        self._mine, self._owned, self._region = frozenset(mine), frozenset(owned), region
        self._spellings: dict[frozenset[Identifier], Spellings] = {}
        self.changed = 0

    def __call__(self, interaction: Interaction) -> Interaction:
        """Return an interaction with nobody in it but the person. Spellings of the others' addresses in its texts are replaced."""
        everybody = [*interaction.customers, interaction.participants, interaction.sender, *interaction.recipients]
        others = [s for some in everybody for s in some if not self._stays(s)]
        if not others:
            return interaction
        self.changed += 1
        known = [person for person in interaction.customers if any(_key(s) in self._owned for s in person)]
        first = interaction.customers[:1]
        scrub = self._scrub([s.identifier for s in others if isinstance(s.identifier, Identifier)])
        return attrs.evolve(
            interaction,
            customers=[self._left(person) for person in known],
            participants=self._left(interaction.participants),
            sender=self._left(interaction.sender),
            recipients=[left for person in interaction.recipients if (left := self._left(person))],
            # What an interaction says of a person is of the first of its people.
            traits=interaction.traits if known and first and first[0] is known[0] else {},
            **scrub.fields(interaction),
        )

    def text(self, text: str | None, others: Sequence[Identifier]) -> str | None:
        """Return a text without the addresses of others."""
        return self._scrub(others).text(text)

    def is_own(self, identifier: Identifier) -> bool:
        """Return whether an identifier may stay: it is the person's own, or a line that several share."""
        return identifier.key in self._mine

    def _scrub(self, others: Sequence[Identifier]) -> _Texts:
        named = frozenset(others)
        if named not in self._spellings:
            self._spellings[named] = Spellings(named, (), self._region)
        return _Texts(self._spellings[named])

    def _stays(self, sighting: Sighting) -> bool:
        return _key(sighting) in self._mine

    def _left(self, sightings: Iterable[Sighting]) -> tuple[Sighting, ...]:
        return tuple(sighting for sighting in sightings if self._stays(sighting))


def _key(sighting: Sighting) -> str:
    found = sighting.identifier
    return found.key if isinstance(found, Identifier) else found


class _Texts:
    """The fields of an interaction that hold texts, without some identifiers."""

    def __init__(self, spellings: Spellings) -> None:
        self._spellings = spellings

    def text(self, text: str | None) -> str | None:
        return None if text is None else self._spellings.replace(text, REDACTED)

    def _id(self, text: str | None) -> str | None:
        """Return an id of a source; one that names somebody is replaced whole, the same by the same, so that threads keep together."""
        if text is None or not self._spellings.stand_in(text):
            return text
        return f"redacted-{hashlib.blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=12).hexdigest()}"

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(key): self._value(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._value(inner) for inner in value]
        return value

    def fields(self, interaction: Interaction) -> dict[str, Any]:
        """Return the fields that hold texts, as they are to be."""
        return {
            "subject": self.text(interaction.subject),
            "body": self.text(interaction.body),
            "outcome": self.text(interaction.outcome),
            "attributes": self._value(interaction.attributes),
            "attachments": tuple(self._attachment(one) for one in interaction.attachments),
            "thread": self._id(interaction.thread),
            "reply_to": self._id(interaction.reply_to),
            "source_id": self._id(interaction.source_id),
        }

    def _attachment(self, one: Attachment) -> Attachment:
        return attrs.evolve(one, name=self.text(one.name), url=self.text(one.url))
