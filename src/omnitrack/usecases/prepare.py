"""From an interaction as it came to the rows it will be: identifiers parsed, people told from the company, anchors chosen. No store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from omnitrack.errors import InvalidIdentifierError, WithheldError
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identifiers.text import identifier as parse_identifier
from omnitrack.model import (
    MAX_PERSON_IDENTIFIERS,
    Assurance,
    Direction,
    Interaction,
    Rejected,
    Role,
    Sighting,
)
from omnitrack.storage.contract import InteractionRow
from omnitrack.usecases.context import Context
from omnitrack.usecases.ids import interaction_id, offset_of, to_us


@attrs.frozen(slots=True)
class Seen:
    """One identifier of one person in one interaction, ready to be filed."""

    identifier: Identifier
    base: bytes
    assurance: int
    linkable: bool
    reason: str | None
    raw: str | None


@attrs.define(slots=True)
class Prepared:
    """An interaction ready to be stored: all but what the store must be asked for (who holds an identifier at that time)."""

    row: InteractionRow
    people: list[list[Seen]]  # of each the anchor first
    participants: list[Seen]
    traits: str | None  # JSON
    trait_values: Mapping[str, Any]
    rejected: list[Rejected]


def prepare(ctx: Context, interaction: Interaction, recorded_at: int) -> Prepared:
    """Return the rows-to-be of an interaction.

    Identifiers that are not well-formed are left out and reported; the interaction is kept.
    """
    rejected: list[Rejected] = []
    region = interaction.region or ctx.region

    def report(reason: str, raw: object) -> None:
        rejected.append(Rejected(reason=reason, source=interaction.source, source_id=interaction.source_id, kept=True))

    def see(sightings: Iterable[Sighting]) -> tuple[list[Seen], list[Identifier]]:
        """Split one person's sightings into theirs and the company's own."""
        theirs: dict[bytes, Seen] = {}
        own: list[Identifier] = []
        for sighting in sightings:
            found = sighting.identifier
            raw = sighting.raw
            if isinstance(found, str):
                raw = raw if raw is not None else found
                try:
                    found = parse_identifier(found, region=region)
                except WithheldError:
                    continue  # the caller's right, and nothing to report
                except InvalidIdentifierError as error:
                    report(str(error), raw)
                    continue
            if ctx.own.matches(found):
                own.append(found)
                continue
            base = ctx.base_id(found.key)
            known = theirs.get(base)
            if known is None or known.assurance < sighting.assurance:
                assurance = min(int(sighting.assurance), int(Assurance.VERIFIED))
                theirs[base] = Seen(
                    found, base, assurance, found.linkable, found.reason, raw if raw is not None else found.raw
                )
        return list(theirs.values()), own

    customers, participants, direction, via = _roles(interaction, see)
    people: list[list[Seen]] = []
    extra: list[Seen] = []
    for person in customers:
        person.sort(key=lambda seen: _anchor_order(ctx, seen))
        if len(person) > MAX_PERSON_IDENTIFIERS:
            report(
                f"customer: got {len(person)} identifiers of one person, {MAX_PERSON_IDENTIFIERS} are linked at most; "
                "the others are kept as participants",
                None,
            )
            extra += person[MAX_PERSON_IDENTIFIERS:]
            del person[MAX_PERSON_IDENTIFIERS:]
        people.append(person)
    filed = {seen.base for person in people for seen in person}
    others = {seen.base: seen for seen in (*extra, *participants) if seen.base not in filed}
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
        interaction.via or via,
        _extra(interaction),
        int(interaction.deleted),
    )
    traits = json.dumps(dict(interaction.traits), ensure_ascii=False) if interaction.traits and people else None
    return Prepared(row, people, list(others.values()), traits, interaction.traits, rejected)


def _roles(interaction: Interaction, see: Any) -> tuple[list[list[Seen]], list[Seen], Direction, str | None]:
    """Tell customers from participants and find the direction, by the own list where the source does not say."""
    people = [see(person) for person in interaction.customers]
    sender, sender_own = see(interaction.sender)
    recipients = [see(person) for person in interaction.recipients]
    participants, _ = see(interaction.participants)
    own = [x for _, found in (*people, *recipients) for x in found]
    to_own = bool(own)
    own = [*sender_own, *own]
    customers = [theirs for theirs, _ in people if theirs]
    others = [theirs for theirs, _ in recipients if theirs]
    direction = interaction.direction
    if direction is None:
        if not sender_own:
            direction = Direction.INBOUND
        elif others or customers or not to_own:
            direction = Direction.OUTBOUND
        else:
            direction = Direction.INTERNAL
    if not customers and direction is Direction.INBOUND:
        customers = [sender] if sender else []
        participants = [*participants, *(seen for person in others for seen in person)]
    elif not customers:
        customers = others
        if sender:
            participants = [*participants, *sender]
    via = own[0].key if own else None
    return customers, participants, direction, via


def _anchor_order(ctx: Context, seen: Seen) -> tuple[bool, bool, int, int, str]:
    """The best identifier first: what only was claimed last, then what may not identify, then by assurance and rank."""
    return (
        seen.assurance <= Assurance.CLAIMED,
        not seen.linkable,
        -seen.assurance,
        -ctx.policy.rank(seen.identifier.scheme),
        seen.identifier.key,
    )


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
    return json.dumps(extra, ensure_ascii=False) if extra else None


def roles_of(people: Sequence[Sequence[Any]]) -> Iterable[tuple[int, Role, Any]]:
    """Yield (person, role, identifier) of people whose anchors stand first."""
    for number, person in enumerate(people):
        for position, seen in enumerate(person):
            yield number, Role.ANCHOR if position == 0 else Role.MEMBER, seen
