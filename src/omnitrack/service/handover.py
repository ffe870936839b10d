"""Handovers: a customer is asked to go on on another channel, with a code that ties the two ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

import attrs

from omnitrack.errors import InteractionNotFoundError, InvalidInteractionError, check_flag, masked_repr
from omnitrack.foundation.arguments import microseconds
from omnitrack.foundation.calls import Run
from omnitrack.foundation.context import Context
from omnitrack.foundation.handover_codes import draw, keyed, spell
from omnitrack.foundation.handovers import Given, Handed, code_key, find_given, find_handed
from omnitrack.foundation.ids import from_us, new_id, now_us, to_text
from omnitrack.foundation.once import Once
from omnitrack.foundation.settings import enter, goes_over
from omnitrack.harmless import one_line, sized
from omnitrack.identity.statement import check_said
from omnitrack.model import (
    MAX_HANDOVERS,
    MAX_NAME,
    MAX_USES,
    Assurance,
    Interaction,
    Recorded,
    Role,
    TimelineItem,
    is_storable,
)
from omnitrack.reading.interactions import parse_interaction_id
from omnitrack.service.handover_text import check_fits, check_template, handover_text
from omnitrack.storage.contract import NO_ID, InteractionRow, Transaction
from omnitrack.values import Value

#: How long a code can be used unless the caller says otherwise.
VALID_FOR = timedelta(days=2)
LONGEST = timedelta(days=90)

#: Channels on which what the company writes to one person is read by that person alone.
_PRIVATE_CHANNELS = frozenset(
    {"email", "sms", "whatsapp", "phone", "letter", "chat", "telegram", "signal", "viber", "app"}
)
_PRIVATE_KINDS = frozenset({"direct-message", "direct_message", "private-message"})


@attrs.frozen(slots=True, kw_only=True)
class Handover(Value):
    """A code that a customer was given to go on elsewhere. Only this value has it: the store keeps a keyed digest.

    Attributes:
        id: the id of the handover, ``hnd_...``.
        interaction: the id of the interaction with which it was given.
        channel: the channel on which it was given. to: the channel on which the customer is to go on.
        code: as it is written: ten symbols in two groups, the last of them a check symbol.
        digits: the same as it is keyed on a telephone: fifteen digits, the last of them a check digit.
        text: what the customer is told; it fits the channel.
        private: True if nobody but the customer can read it there.
        uses: how often it can be used.
        issued_at: when it was given. expires_at: what comes in from then on does not use it.
    """

    id: str
    interaction: str
    channel: str
    to: str
    code: str = attrs.field(repr=False)
    digits: str = attrs.field(repr=False)
    text: str = attrs.field(repr=False)
    private: bool
    uses: int
    issued_at: datetime
    expires_at: datetime

    @one_line
    def __str__(self) -> str:
        return f"{self.id}: {self.code} (keyed {self.digits}) until {self.expires_at:%Y-%m-%d %H:%M}Z, {self.uses} uses"


@attrs.frozen(slots=True, kw_only=True)
class HandoverState(Value):
    """How a handover stands, without its code.

    Attributes:
        interaction: the id of the interaction with which it was given, which is where the customer left off.
        channel: the channel on which it was given. to: the channel on which the customer was to go on.
        private: True if nobody but the customer could read it. uses_left: how often it can still be used.
        came_back_with: the ids of the interactions that used it; those that were removed since are left out.
        text: the beginning of the interaction with which it was given; None if that has no text.
    """

    id: str
    interaction: str
    channel: str
    to: str
    private: bool
    issued_at: datetime
    expires_at: datetime
    uses_left: int
    came_back_with: tuple[str, ...] = ()
    reason: str | None = attrs.field(default=None, repr=sized)
    by: str | None = None
    text: str | None = attrs.field(default=None, repr=sized)

    def is_open(self, at: datetime) -> bool:
        """Whether it can still be used at a time."""
        return self.uses_left > 0 and at < self.expires_at


@attrs.frozen(slots=True, kw_only=True)
class _Asked:
    """What hand_over() was asked for, checked."""

    interaction: bytes
    to: str
    reason: str | None
    by: str | None
    expires: int
    uses: int
    private: bool | None
    address: str | None
    language: str
    template: str | None
    payload: int
    id: bytes
    now: int


@goes_over
def hand_over(
    run: Run,
    ctx: Context,
    interaction: str | Recorded | TimelineItem,
    *,
    to: str,
    reason: str | None,
    by: str | None,
    expires: timedelta | datetime | str | None,
    uses: int,
    private: bool | None,
    address: str | None,
    language: str,
    template: str | None,
) -> Handover:
    """Give a code with an interaction."""
    now = now_us()
    check_said(by, reason)
    if private is not None:
        check_flag("private", private, InvalidInteractionError)
    if not isinstance(to, str) or not 0 < len(to) <= MAX_NAME or not is_storable(to):
        raise InvalidInteractionError(f"to: got {masked_repr(to)}, accepted is the name of a channel")
    if not isinstance(uses, int) or isinstance(uses, bool) or not 1 <= uses <= MAX_USES:
        raise InvalidInteractionError(f"uses: got {masked_repr(uses)}, accepted is a number from 1 to {MAX_USES}")
    check_template(template, language, address)
    asked = _Asked(
        interaction=_id_of(interaction),
        to=to,
        reason=reason,
        by=by,
        expires=_expiry(expires, now, ctx),
        uses=uses,
        private=private,
        address=address,
        language=language,
        template=template,
        payload=draw(),
        id=new_id(),
        now=now,
    )
    key = run.offload(lambda: code_key(ctx, asked.payload))

    def is_there(tx: Transaction, _: Handover) -> bool:
        return any(one.id == asked.id for one in find_given(tx, [key]).values())

    return run(Once(lambda tx: _give(tx, ctx, asked, key), is_there))


def _give(tx: Transaction, ctx: Context, asked: _Asked, key: str) -> Handover:
    enter(tx, ctx)
    row = _given_with(tx, asked.interaction)
    private = asked.private
    if private is None:
        private = row.channel in _PRIVATE_CHANNELS or row.kind in _PRIVATE_KINDS
    given = Given(
        key=key,
        id=asked.id,
        interaction=row.id,
        channel=row.channel,
        to=asked.to,
        issued=asked.now,
        expires=asked.expires,
        private=private,
        uses=asked.uses,
        reason=asked.reason,
        by=asked.by,
    )
    handover = _to_handover(ctx, given, asked)
    handed = find_handed(tx, [row.id]).get(row.id, Handed())
    if len(handed.given) >= MAX_HANDOVERS:
        raise InvalidInteractionError(
            f"interaction: got one with which {len(handed.given)} handovers were given, accepted are at most {MAX_HANDOVERS}"
        )
    handed.given.append(key)
    tx.put_records([given.record(), handed.record(row.id)])
    return handover


def _to_handover(ctx: Context, given: Given, asked: _Asked) -> Handover:
    code, digits = spell(asked.payload), keyed(asked.payload)
    text = handover_text(
        code=code,
        digits=digits,
        to=given.to,
        address=asked.address,
        until=from_us(given.expires),
        zone=ctx.zone,
        language=asked.language,
        template=asked.template,
    )
    check_fits(text, given.channel, given.private, asked.template is not None)
    return Handover(
        id=to_text("hnd", given.id),
        interaction=to_text("int", given.interaction),
        channel=given.channel,
        to=given.to,
        code=code,
        digits=digits,
        text=text,
        private=given.private,
        uses=given.uses,
        issued_at=from_us(given.issued),
        expires_at=from_us(given.expires),
    )


def _given_with(tx: Transaction, id: bytes) -> InteractionRow:
    """Return the interaction with which a code is given: one with one person, or with nobody known."""
    row = next((row for row in tx.find_interactions(ids=[id]) if row.revision == 0), None)
    if row is None:
        raise InteractionNotFoundError(f"interaction: none has the id {to_text('int', id)}")
    people = {e.person for e in tx.list_entries(interactions=[id]) if e.role == Role.ANCHOR and e.identifier != NO_ID}
    if len(people) > 1:
        raise InvalidInteractionError(
            f"interaction: got one with {len(people)} people, accepted is one with one person: a code that several read says nothing of who comes back"
        )
    return row


def _id_of(interaction: object) -> bytes:
    if isinstance(interaction, Recorded):
        interaction = interaction.interaction
    elif isinstance(interaction, TimelineItem):
        interaction = interaction.id
    elif isinstance(interaction, Interaction):
        raise InvalidInteractionError(
            "interaction: got an Interaction, accepted is its id, what record() returned, or an item of a timeline"
        )
    return parse_interaction_id(interaction)  # type: ignore[arg-type]


def _expiry(expires: timedelta | datetime | str | None, now: int, ctx: Context) -> int:
    if expires is None:
        expires = VALID_FOR
    if isinstance(expires, timedelta):
        until = now + int(expires / timedelta(microseconds=1))
    else:
        found = microseconds(expires, "expires", ctx.zone)
        assert found is not None
        until = found
    if not now < until <= now + int(LONGEST / timedelta(microseconds=1)):
        raise InvalidInteractionError(
            f"expires: accepted is a time from now on, or a timedelta above zero, of at most {LONGEST.days} days"
        )
    return until


def visible(tx: Transaction, given: Iterable[Given], members: Collection[bytes]) -> set[bytes]:
    """Return the interactions at the ends of handovers that are on the timeline of a customer with these identifiers."""
    ends = {id for one in given for id in (one.interaction, *(use.interaction for use in one.used)) if id is not None}
    entries = tx.list_entries(
        interactions=sorted(ends), roles=(int(Role.ANCHOR),), min_assurance=int(Assurance.OBSERVED)
    )
    return {entry.interaction for entry in entries if entry.identifier in members}


def state_of(given: Given, theirs: Collection[bytes], text: str | None) -> HandoverState:
    """Return how a handover stands.

    Args:
        theirs: the interactions that may be shown. text: the beginning of that with which it was given.
    """
    return HandoverState(
        id=to_text("hnd", given.id),
        interaction=to_text("int", given.interaction),
        channel=given.channel,
        to=given.to,
        private=given.private,
        issued_at=from_us(given.issued),
        expires_at=from_us(given.expires),
        uses_left=max(0, given.left),
        came_back_with=_came_back(given, theirs),
        reason=given.reason,
        by=given.by,
        text=text,
    )


def _came_back(given: Given, theirs: Collection[bytes]) -> tuple[str, ...]:
    came: Iterable[bytes] = dict.fromkeys(
        u.interaction for u in given.used if u.interaction in theirs and u.interaction
    )
    return tuple(to_text("int", id) for id in came)
