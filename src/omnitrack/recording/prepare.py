"""Prepares an interaction for recording: parses identifiers, separates customers from the company, chooses anchors. No store access."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from omnitrack.errors import InvalidIdentifierError, WithheldError
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import interaction_id, offset_of, to_us
from omnitrack.foundation.linkability import assurance_of, may_identify, refuse_placeholder
from omnitrack.identifiers.scheme import Identifier, check_parts, get_scheme
from omnitrack.identifiers.text import identifier as parse_identifier
from omnitrack.model import (
    MAX_PERSON_IDENTIFIERS,
    Assurance,
    Direction,
    Interaction,
    Rejected,
    Sighting,
    is_storable,
)
from omnitrack.recording.updates import CHANGED
from omnitrack.storage.contract import InteractionRow

_VERIFIED = int(Assurance.VERIFIED)
_CLAIMED = int(Assurance.CLAIMED)

# The number of identifiers that a context caches. Every full garbage collection visits each of them.
MAX_RESOLVED = 32_768


@attrs.define(slots=True, eq=False)
class Resolved:
    """An identifier with all that interactions need to know of it. The context caches it, since most identifiers recur.

    Attributes:
        identifier: the identifier.
        base: its content address.
        own: whether it belongs to the company.
        linkable: whether it may identify a person.
        reason: why it may not.
        order: the sort key among identifiers of equal assurance, the best first.
        proves: the schemes whose holders it proves.
        step: the length of the steps of time in which sightings are counted, in microseconds; 0 if the silence rule does not apply.
    """

    identifier: Identifier
    base: bytes
    own: bool
    linkable: bool
    reason: str | None
    order: tuple[bool, int, str]
    proves: frozenset[str]
    step: int


@attrs.define(slots=True, eq=False)
class Seen:
    """One identifier of one person in one interaction, ready to be filed."""

    who: Resolved
    base: bytes
    assurance: int
    raw: str | None


@attrs.define(slots=True, eq=False)
class Prepared:
    """An interaction ready to be stored, apart from the holders of its identifiers, which only the store knows."""

    row: InteractionRow
    people: list[list[Seen]]  # the anchor of each person first
    participants: list[Seen]
    traits: str | None  # JSON
    trait_values: Mapping[str, Any]
    rejected: list[Rejected]


def resolve(ctx: Context, identifier: Identifier) -> Resolved:
    """Return an identifier with all that is needed to file it."""
    check_parts(identifier)
    refuse_placeholder(ctx, identifier)
    own = ctx.own.matches(identifier)
    key = identifier.key
    linkable, reason = may_identify(ctx, identifier)
    return Resolved(
        identifier,
        ctx.base_id(key),
        own,
        linkable,
        reason,
        (not linkable, -ctx.policy.rank(identifier.scheme), key),
        get_scheme(identifier.scheme).proves,
        ctx.policy.step(identifier.scheme) if linkable else 0,
    )


class _People:
    """Separates the people of an interaction from the company's own identifiers, and collects what cannot be read."""

    def __init__(self, ctx: Context, interaction: Interaction) -> None:
        self._ctx = ctx
        self._interaction = interaction
        self._region = interaction.region or ctx.region
        self.rejected: list[Rejected] = []
        self.via: str | None = None
        self.own_recipient = False

    def report(self, reason: str) -> None:
        """Report a part of the interaction that was left out."""
        self.rejected.append(
            Rejected(reason=reason, source=self._interaction.source, source_id=self._interaction.source_id, kept=True)
        )

    def see(self, sightings: Iterable[Sighting], recipient: bool = False) -> list[Seen]:
        """Return the identifiers of a person, each once, with its best assurance."""
        theirs: dict[bytes, Seen] = {}
        for sighting in sightings:
            found = sighting.identifier
            raw = sighting.raw
            if isinstance(found, str):
                if raw is None:
                    raw = found
                try:
                    who = self._text(found)
                    found = who.identifier
                except WithheldError:
                    continue  # callers may withhold their number; there is nothing to report
                except InvalidIdentifierError as error:
                    self.report(str(error))
                    continue
            else:
                try:
                    who = self._ctx.resolved.get(found) or self._keep(found, resolve(self._ctx, found))
                    if found is not who.identifier:
                        check_parts(found)  # the attestation is not part of equality
                except (InvalidIdentifierError, TypeError) as error:
                    ours = isinstance(error, InvalidIdentifierError)
                    self.report(
                        str(error)
                        if ours
                        else "identifier: got one whose parts are no texts, accepted is what phone() and the like give"
                    )
                    continue
                if raw is None and isinstance(found.raw, str) and is_storable(found.raw):
                    raw = found.raw
            if who.own:
                self.via = self.via or who.identifier.key
                self.own_recipient = self.own_recipient or recipient
                continue
            assurance = int(sighting.assurance)
            if sighting.through is not None and assurance == _CLAIMED and self._is_own(sighting.through):
                assurance = int(Assurance.OBSERVED)
            if found.host is not None or found.verstat is not None:
                assurance = assurance_of(self._ctx, found, assurance)
            known = theirs.get(who.base)
            if known is None or known.assurance < assurance:
                theirs[who.base] = Seen(who, who.base, min(assurance, _VERIFIED), raw)
        return list(theirs.values())

    def _text(self, text: str) -> Resolved:
        key = (text, self._region)
        known = self._ctx.resolved.get(key)
        if known is None:
            known = self._keep(key, resolve(self._ctx, parse_identifier(text, region=self._region)))
        return known

    def _is_own(self, text: str) -> bool:
        try:
            return self._text(text).own
        except (InvalidIdentifierError, WithheldError):
            return False

    def _keep(self, key: object, resolved: Resolved) -> Resolved:
        memory = self._ctx.resolved
        if len(memory) >= MAX_RESOLVED:
            memory.clear()
        memory[key] = resolved
        return resolved


def prepare(ctx: Context, interaction: Interaction, recorded_at: int) -> Prepared:
    """Prepare an interaction for recording.

    Malformed identifiers are left out and reported; the interaction is kept.
    """
    reader = _People(ctx, interaction)
    customers, participants, direction = _roles(interaction, reader)
    for person in customers:
        if len(person) > 1:
            person.sort(key=_anchor_order)
            if len(person) > MAX_PERSON_IDENTIFIERS:
                reader.report(
                    f"customer: got {len(person)} identifiers of one person, {MAX_PERSON_IDENTIFIERS} are linked at most; "
                    "the others are kept as participants"
                )
                participants = [*person[MAX_PERSON_IDENTIFIERS:], *participants]
                del person[MAX_PERSON_IDENTIFIERS:]
    if participants:
        filed = {seen.base for person in customers for seen in person}
        participants = list({seen.base: seen for seen in participants if seen.base not in filed}.values())
    occurred_at = to_us(interaction.occurred_at)
    row = InteractionRow(
        interaction_id(occurred_at, interaction.source, interaction.source_id, ctx.secret),
        0,
        interaction.source,
        interaction.source_id,
        interaction.channel,
        direction.value,
        interaction.kind,
        occurred_at,
        offset_of(interaction.occurred_at),
        None if interaction.ended_at is None else to_us(interaction.ended_at),
        recorded_at,
        interaction.subject,
        interaction.body,
        interaction.agent,
        interaction.thread,
        interaction.reply_to,
        interaction.outcome,
        interaction.via or reader.via,
        _extra(interaction),
        1 if interaction.deleted else 0,
    )
    traits = None
    # If a source names the sender, the traits are the sender's and do not describe those whom the company wrote to.
    if interaction.traits and customers and (not interaction.sender or direction is Direction.INBOUND):
        traits = json.dumps(dict(interaction.traits), ensure_ascii=False)
    return Prepared(row, customers, participants, traits, interaction.traits, reader.rejected)


def _roles(interaction: Interaction, reader: _People) -> tuple[list[list[Seen]], list[Seen], Direction]:
    """Separate customers from participants and find the direction, by the own list if the source does not give it."""
    sender = reader.see(interaction.sender) if interaction.sender else []
    sender_own = reader.via is not None
    customers = [theirs for person in interaction.customers if (theirs := reader.see(person, True))]
    others = [theirs for person in interaction.recipients if (theirs := reader.see(person, True))]
    participants = reader.see(interaction.participants) if interaction.participants else []
    direction = interaction.direction
    if direction is None:
        if not sender_own:
            direction = Direction.INBOUND
        elif others or customers or not reader.own_recipient:
            direction = Direction.OUTBOUND
        else:
            direction = Direction.INTERNAL
    if customers:
        return customers, participants, direction
    if direction is Direction.INBOUND:
        customers = [sender] if sender else []
        participants = [*participants, *(seen for person in others for seen in person)]
    else:
        customers = others
        participants = [*participants, *sender]
    return customers, participants, direction


def _anchor_order(seen: Seen) -> tuple[bool, bool, int, int, str]:
    """Sort key of the identifiers of a person: claimed ones last, then those that may not identify, then by assurance and rank."""
    unlinkable, rank, key = seen.who.order
    return (seen.assurance <= _CLAIMED, unlinkable, -seen.assurance, rank, key)


def _extra(interaction: Interaction) -> str | None:
    extra: dict[str, Any] = {}
    if interaction.attachments:
        extra["attachments"] = [
            attrs.asdict(a, filter=lambda _, value: value is not None) for a in interaction.attachments
        ]
    if interaction.traits:
        extra["traits"] = dict(interaction.traits)
    if interaction.attributes:
        extra["attributes"] = dict(interaction.attributes)
    if interaction.answered_by is not None:
        extra["answered_by"] = interaction.answered_by.value
    if interaction.disclosed is not None:
        extra["disclosed"] = interaction.disclosed
    if interaction.revised_at is not None:
        extra[CHANGED] = to_us(interaction.revised_at)
    return json.dumps(extra, ensure_ascii=False) if extra else None
