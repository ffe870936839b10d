"""What call detail records have in common: sides of a call, caller names, outcomes, legs that belong together."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

import attrs

from omnitrack.identifiers.attestation import Level, counts
from omnitrack.identifiers.callers import says_withheld
from omnitrack.model import Direction, Interaction, Sighting, claimed, observed
from omnitrack.sources.attested import checked_trust
from omnitrack.sources.base import Item, Source
from omnitrack.sources.values import attributes_of, name_of, words

T = TypeVar("T")
Held = TypeVar("Held")

FURTHER_LEG = "further leg of a call"

# What became of a call besides being missed, busy, refused or failed.
ANSWERED = "answered"  # by a person
VOICEMAIL = "voicemail"  # a message could be left
ABANDONED = "abandoned"  # hung up while waiting in a queue
SELF_SERVICE = "self-service"  # served by announcements or a menu, never in a queue

# Extensions that Asterisk itself dials: start, invalid, timeout, hang-up, fax, operator, any.
_SPECIAL = frozenset(words("s i t h o a fax failed"))
_INBOUND = (
    "from-trunk",
    "from-pstn",
    "from-did",
    "from-external",
    "from-sip-external",
    "incoming",
    "inbound",
    "public",
)
_OUTBOUND = ("from-internal", "outgoing", "outbound", "outbound-allroutes", "internal")
_CLID = re.compile(r"\s*+\"?(?P<name>[^\"<]*+)(?:\"\s*+)?<(?P<number>[^<>]*+)>")
_ENDPOINT = re.compile(
    r"(?:\[[^\]]*+\]|\{[^}]*+\})*+(?P<technology>[A-Za-z0-9_.]++)/(?:(?P<profile>[^/@;]++)/)?(?P<who>[^@/;]+?)(?:@[^/;]*+)?"
    r"(?:-[0-9a-fA-F]{4,})?(?:;\d)?$"
)
_TO_TRUNKS = frozenset(words("gateway external"))  # profiles of FreeSWITCH that lead out of the company


class _Placed(str):
    """A place with the name of its file."""


@attrs.frozen(slots=True)
class Leg:
    """One record of a call."""

    source: str | None
    destination: str | None
    start: datetime
    end: datetime | None
    outcome: str
    name: str | None = None
    branch: bool = False  # placed by the switch for a call that came in on another leg
    agent_called: str | None = None  # endpoint that was rung
    agent_calling: str | None = None  # endpoint that dialled
    context: str = ""
    direction: Direction | None = None
    attestation: tuple[str, ...] = ()
    fields: Mapping[str, Any] = attrs.field(factory=dict)
    where: str = ""
    id: str = ""  # of its call, where the leg says it


def withheld(number: str | None) -> bool:
    """Say whether a caller id means that there is none."""
    text = (number or "").strip().strip("<>").strip()
    return not text or text.lower().startswith("anonymous@") or says_withheld(text)


def caller_name(clid: str | None, number: str | None) -> str | None:
    """Return the name in a caller id such as ``"Jane Doe" <02079460958>``, None where it only repeats the number."""
    match = _CLID.match(clid or "")
    name = (match["name"] if match else clid or "").strip()
    if not name or withheld(name) or re.fullmatch(r"[+\d\s().*#-]+", name) or name == (number or ""):
        return None
    return name_of(name)


def endpoint(channel: str | None) -> str | None:
    """Return whose line a channel is: ``alice`` of ``PJSIP/alice-0000001c``, ``1002`` of ``sofia/internal/1002@pbx.example``; None of a trunk."""
    match = _ENDPOINT.match((channel or "").strip()[:1000])
    if match is None:
        return None
    profile = match["profile"]
    if profile and (match["technology"] != "sofia" or profile.lower() in _TO_TRUNKS):
        return None  # a number that was dialled through a trunk
    return name_of(match["who"].removeprefix("sip:"))


class CdrSource(Source):
    """What the sources of call records share.

    A number of up to ``internal_digits`` digits is a line of the company. Where that, or the dialplan context, tells who
    called whom, the direction is set and the other side is the customer; else sender and recipients are given, and the
    tracker's list of own numbers decides.

    Local times are read in ``zone``. In the hour that the clock shows twice, the time of the call's unique id decides, which
    begins with the seconds since 1970; without one the first of the two is taken. A time in the hour that the clock leaves
    out gets the offset of before the change. Both are marked ``local_time`` in the attributes.

    Args:
        origin: a path, bytes or a stream.
        zone: time zone of the switch.
        internal_digits: how many digits a line of the company has at most; 0 where there are none.
        inbound_contexts: dialplan contexts in which calls of customers arrive; a name's beginning is enough.
        outbound_contexts: those in which the company dials.
        trust_attestation: the least level of STIR attestation, ``"A"`` or ``"B"``, at which a caller counts as observed; None for whatever did
            not fail and is not of level C.
        options: of Source.
    """

    channel: ClassVar[str] = "phone"

    def __init__(
        self,
        origin: Any,
        *,
        internal_digits: int = 6,
        inbound_contexts: Collection[str] = _INBOUND,
        outbound_contexts: Collection[str] = _OUTBOUND,
        trust_attestation: Level | None = None,
        **options: Any,
    ) -> None:
        super().__init__(origin, **options)
        if not isinstance(internal_digits, int) or internal_digits < 0:
            raise ValueError(f"internal_digits: got {internal_digits!r}, accepted is a number from 0")
        self.internal_digits = internal_digits
        self._inbound = tuple(inbound_contexts)
        self._outbound = tuple(outbound_contexts)
        self.trust_attestation = checked_trust(trust_attestation)

    def held(self, make: Callable[..., Held]) -> Held:
        """Return what holds legs until their call is complete: of a folder one for all files, which stand in no order of time.

        Args:
            make: what makes it, with ``wait=``.
        """
        if self.shared is None:
            return make()
        _, held = self.shared.calls.get(self.name, (None, None))
        held = held or make(wait=timedelta.max)
        self.shared.calls[self.name] = (self, held)
        return held

    def left(self, held: Any) -> Iterator[Item]:
        """Yield what is still held at the end of a file, unless more of it may come in the next."""
        if self.shared is None:
            for done in held.rest():
                yield from self.complete(done)

    def complete(self, done: Any) -> Iterator[Item]:
        """Yield the call of legs as they were held together."""
        raise AssertionError("each format whose calls have several legs has its own")

    def spot(self, where: str) -> str:
        """Return a place that stays the same when the leg there is told of after the file."""
        return where if self.shared is None else _Placed(super().place(where))

    def place(self, where: str) -> str:
        """Return the place with the name of its file in front."""
        return str(where) if isinstance(where, _Placed) else super().place(where)

    def joined(self, legs: list[Leg], call: Iterable[Item]) -> Iterator[Item]:
        """Yield the call of some legs, and account for each leg: the first is the call, the others are counted with it."""
        taken = False
        for item in self.guarded(legs[0].where, call):
            taken = taken or isinstance(item, Interaction)
            yield item
        for leg in legs[1:]:
            if taken:
                yield self.passed(leg.where, FURTHER_LEG)
            else:
                yield self.rejected(leg.where, f"the call that it belongs to was not taken, see {legs[0].where}")

    def is_internal(self, number: str | None) -> bool:
        """Say whether it is a line of the company, by its length."""
        text = (number or "").strip()
        return text in _SPECIAL or (not text.startswith(("+", "00")) and 0 < len(text) <= self.internal_digits)

    def _is_line(self, endpoint: str | None) -> bool:
        return endpoint is not None and endpoint.isdecimal() and self.is_internal(endpoint)

    def direction_of(self, leg: Leg) -> Direction | None:
        """Return who called whom, where the record tells."""
        if leg.direction is not None:
            return leg.direction
        arrived = bool(leg.context) and leg.context.lower().startswith(self._inbound)
        # A line of the company may show the company's number to whom it calls; the channel tells whose it is.
        calling = self.is_internal(leg.source) or (not arrived and self._is_line(leg.agent_calling))
        called = self.is_internal(leg.destination)
        if calling and called:
            return Direction.INTERNAL
        if calling:
            return Direction.OUTBOUND
        if called or arrived:
            return Direction.INBOUND
        if leg.context and leg.context.lower() in self._outbound:
            return Direction.OUTBOUND
        return None

    def call(self, legs: list[Leg], source_id: str, extra: Mapping[str, Any] | None = None) -> Interaction:
        """Return the one interaction that the legs of a call are."""
        # A copy of a file in the same folder has the same legs.
        legs = list({repr(leg.fields): leg for leg in legs}.values())
        legs = sorted(legs, key=lambda leg: (leg.start, leg.branch, str(leg.fields.get("sequence", ""))))
        first = legs[0]
        direction = self.direction_of(first)
        if direction is None and any(self._is_line(leg.agent_called) for leg in legs):
            direction = Direction.INBOUND  # it came in from outside, and a line of the company was rung
        answered = [leg for leg in legs if leg.outcome == ANSWERED]
        outcome = _became(legs, direction)
        ends = [leg.end for leg in legs if leg.end is not None]
        ended_at = max(ends) if ends else None
        hidden = withheld(first.source)
        customers: list[tuple[Sighting, ...]] = []
        sender: tuple[Sighting, ...] = ()
        recipients: list[tuple[Sighting, ...]] = []
        agent = None
        if direction is not Direction.OUTBOUND and direction is not Direction.INTERNAL:
            counted = counts(*first.attestation, trust=self.trust_attestation)
            caller = () if hidden else self._sighting(first.source, observed if counted else claimed)
            if direction is Direction.INBOUND:
                customers = [caller]
                agent = next((leg.agent_called for leg in reversed(answered) if leg.agent_called), None)
            else:
                sender, recipients = caller, [self._sighting(first.destination)]
        elif direction is Direction.OUTBOUND:
            customers = [self._sighting(first.destination)]
            agent = first.agent_calling
        attributes = dict(first.fields)
        if hidden:
            attributes["withheld"] = True
        if len(legs) > 1 or extra:
            destinations = list(dict.fromkeys(leg.destination for leg in legs if leg.destination))
            sent_on = {"transfers": destinations[1:], "legs": [dict(leg.fields) for leg in legs]}
            attributes = attributes_of(sent_on if len(legs) > 1 else {}, attributes, extra or {})
        return Interaction(
            channel=self.channel,
            kind="call",
            occurred_at=first.start,
            ended_at=ended_at if ended_at is not None and ended_at >= first.start else None,
            direction=direction,
            customers=tuple(customers),
            sender=sender,
            recipients=tuple(recipients),
            agent=agent,
            thread=source_id,
            outcome=outcome,
            traits={"name": first.name} if first.name and direction in (None, Direction.INBOUND) else {},
            attributes=attributes,
            source=self.source,
            source_id=source_id,
            region=self.region,
        )

    def _sighting(self, number: str | None, seen: Callable[[str], Sighting] = observed) -> tuple[Sighting, ...]:
        if not number or self.is_internal(number) or withheld(number):
            return ()
        return (seen(f"phone:{number.strip()[:300].removeprefix('sips:').removeprefix('sip:')}"),)


def _became(legs: list[Leg], direction: Direction | None) -> str:
    """What became of a call by what became of its legs: a person who spoke counts most, a menu before the ringing least."""
    outcomes = [leg.outcome for leg in legs]
    if direction is Direction.OUTBOUND and any(said in outcomes for said in (SELF_SERVICE, ABANDONED)):
        return ANSWERED  # whoever was called picked up, and the switch spoke
    for outcome in (ANSWERED, VOICEMAIL, ABANDONED):
        if outcome in outcomes:
            return outcome
    return next((outcome for outcome in reversed(outcomes) if outcome != SELF_SERVICE), SELF_SERVICE)


class Groups(Generic[T]):
    """Items that belong together by key, held until no more of them are to be expected, in bounded memory.

    Args:
        wait: how long after its last item, by the items' own clock, a group is held.
        most: how many items are held at once; over it the oldest groups go first.
    """

    def __init__(self, wait: timedelta = timedelta(hours=4), most: int = 20_000) -> None:
        self._wait, self._most = wait, most
        self._held: OrderedDict[str, tuple[datetime, list[T]]] = OrderedDict()
        self._count = 0

    def add(self, key: str, at: datetime, item: T) -> Iterator[tuple[str, list[T]]]:
        """Take one item; yield the groups that are complete by then."""
        latest, items = self._held.pop(key, (at, []))
        if items and at - latest >= self._wait:  # the key of a call that is over, used again
            self._count -= len(items)
            yield key, items
            latest, items = at, []
        items.append(item)
        self._count += 1
        self._held[key] = (max(latest, at), items)
        while self._held:
            oldest, (last, waiting) = next(iter(self._held.items()))
            if self._count <= self._most and at - last < self._wait:
                break
            del self._held[oldest]
            self._count -= len(waiting)
            yield oldest, waiting

    def rest(self) -> Iterator[tuple[str, list[T]]]:
        """Yield the groups that are still held."""
        while self._held:
            key, (_, items) = self._held.popitem(last=False)
            yield key, items
        self._count = 0
