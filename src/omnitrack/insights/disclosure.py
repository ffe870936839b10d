"""Disclosure: how many contacts machines answered, and in how many of these the customer was told so."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from omnitrack.harmless import joined
from omnitrack.insights.measures import Share
from omnitrack.model import AnsweredBy, Direction, Interaction
from omnitrack.values import Value


@attrs.define(slots=True, kw_only=True)
class Disclosure(Value):
    """How often customers were told that a machine answers, as Regulation (EU) 2024/1689 (the AI Act), article 50, asks.

    Attributes:
        machine: contacts that a machine answered, of those of which it is known who did.
        told: of the contacts that a machine answered, those in which the customer is known to have been told.
        not_told: those in which the customer is known not to have been told; of the others it is not known.
        by_channel: ``told`` for each channel.
        unknown: contacts of which it is not known who answered.
    """

    machine: Share = attrs.field(factory=Share)
    told: Share = attrs.field(factory=Share)
    not_told: int = 0
    by_channel: dict[str, Share] = attrs.field(factory=dict)
    unknown: int = 0

    def add(self, interaction: Interaction) -> None:
        """Count one interaction; internal ones are no contacts."""
        if interaction.direction is Direction.INTERNAL:
            return
        if interaction.answered_by is None:
            self.unknown += 1
            return
        by_machine = interaction.answered_by is AnsweredBy.MACHINE
        self.machine.add(by_machine)
        if by_machine:
            told = interaction.disclosed is True
            self.told.add(told)
            self.by_channel.setdefault(interaction.channel, Share()).add(told)
            self.not_told += interaction.disclosed is False

    def __str__(self) -> str:
        lines = [
            f"answered by a machine: {self.machine}; not known of {self.unknown}",
            f"told so: {self.told}; not told: {self.not_told}",
        ]
        return joined(lines + [f"  {channel}: {share}" for channel, share in sorted(self.by_channel.items())])


def disclosure(interactions: Iterable[Interaction]) -> Disclosure:
    """Return in how many of some interactions a machine answered, and said so."""
    measure = Disclosure()
    for interaction in interactions:
        measure.add(interaction)
    return measure


def answerer(interaction: Interaction) -> str | None:
    """Return who answered, ``"person"`` or ``"machine"``, None where it is not known: a ``by`` for ``follow``."""
    return None if interaction.answered_by is None else interaction.answered_by.value
