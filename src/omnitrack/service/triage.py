"""Triage: an explained order of what to take first, as in a hospital. Pure.

Each item gets a level, the most urgent one that anything about it calls for, as the Manchester Triage System does it (Mackway-Jones and others,
*Emergency Triage*), and with the level a time by which it is to be taken. The order is by that time, so that a place depends on the item alone: adding another
one never turns two around, and what waits comes before whatever comes in later, from a time on that is stated. What is immediate has a head start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Literal, get_args

import attrs

from omnitrack.errors import InvalidInteractionError, masked_repr
from omnitrack.harmless import one_line, sized
from omnitrack.model import Interaction, TimelineItem, wall_clock
from omnitrack.service.case import Case
from omnitrack.service.triage_words import WordList
from omnitrack.values import Value

#: The five levels of the Manchester Triage System, the most urgent first.
Level = Literal["immediate", "very urgent", "urgent", "standard", "non-urgent"]
LEVELS: tuple[Level, ...] = get_args(Level)

Cause = Literal["words", "promise", "seriousness", "repeats", "reach", "kind"]
_CAUSES: tuple[str, ...] = get_args(Cause)

MOST_ITEMS = 100_000
Steps = tuple[tuple[int, Level], ...]  # from so many on: the level


@attrs.frozen(kw_only=True)
class TriageRules:
    """What calls for which level, and how soon each level is to be taken. The defaults are a beginning: they are yours to set.

    Args:
        targets: how long an item of each level may wait, the most urgent first; none is shorter than the one before.
        lead: the head start of what is immediate: it comes before all that is not overdue by longer.
        words: the level of each group of a WordList.
        seriousness: the level of each seriousness of a case.
        kinds: the level of each kind of case; of anything else ``default``.
        broken: of so many broken promises. contacts: of so many times that somebody had to come about it, on any channel. reach: of so many people who see it.
        default: the level of what nothing calls for another.
    """

    targets: tuple[timedelta, ...] = (
        timedelta(0),
        timedelta(minutes=30),
        timedelta(hours=4),
        timedelta(days=1),
        timedelta(days=3),
    )
    lead: timedelta = timedelta(days=7)
    words: Mapping[str, Level] = attrs.field(
        factory=lambda: dict[str, Level](danger="immediate", vulnerable="very urgent")
    )
    seriousness: Mapping[str, Level] = attrs.field(
        factory=lambda: dict[str, Level](critical="very urgent", major="urgent", minor="standard")
    )
    kinds: Mapping[str, Level] = attrs.field(factory=lambda: dict[str, Level](complaint="standard", fault="standard"))
    broken: Steps = ((1, "urgent"), (2, "very urgent"))
    contacts: Steps = ((3, "urgent"), (5, "very urgent"))
    reach: Steps = ((10_000, "urgent"), (100_000, "very urgent"))
    default: Level = "non-urgent"

    def __attrs_post_init__(self) -> None:
        if (
            len(self.targets) != len(LEVELS)
            or list(self.targets) != sorted(self.targets)
            or self.targets[0] < timedelta(0)
        ):
            raise InvalidInteractionError(
                f"targets: got {len(self.targets)} times, accepted are {len(LEVELS)} from zero on, none shorter than the one before"
            )
        if self.lead < timedelta(0):
            raise InvalidInteractionError(f"lead: got {self.lead}, accepted is a time from zero on")
        named = [*self.words.values(), *self.seriousness.values(), *self.kinds.values(), self.default]
        for level in [*named, *(level for steps in (self.broken, self.contacts, self.reach) for _, level in steps)]:
            if level not in LEVELS:
                raise InvalidInteractionError(f"level: got {masked_repr(level)}, accepted are {', '.join(LEVELS)}")


@attrs.frozen(kw_only=True)
class TriageItem:
    """What is to be taken, as far as the order depends on it. ``triage`` makes it of cases and interactions.

    Attributes:
        id: of the case or the interaction. since: since when somebody waits.
        kind: of a case. seriousness: of a case. broken: how many promises are. contacts: how often somebody came about it.
        channels: on which they did. reach: how many people see it.
        texts: (id of what it stands in, text), in which words are looked for.
    """

    id: str
    since: datetime
    kind: str | None = None
    seriousness: str | None = None
    broken: int = 0
    contacts: int = 1
    channels: tuple[str, ...] = ()
    reach: int | None = None
    texts: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=sized)


@attrs.frozen(slots=True, kw_only=True)
class TriageReason(Value):
    """One reason for a place.

    Attributes:
        because: what about it: ``"words"``, ``"promise"``, ``"seriousness"``, ``"repeats"``, ``"reach"`` or ``"kind"``.
        level: that it calls for. sentence: in words. evidence: ids of what shows it.
    """

    because: Cause
    level: Level
    sentence: str
    evidence: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.sentence


@attrs.frozen(slots=True, kw_only=True)
class TriagePlace(Value):
    """A place in the order of what to take first.

    Attributes:
        number: from 1. id: of the case or the interaction.
        level: as in a hospital. since: since when somebody waits. take_by: by when it is to be taken. overdue: that is over.
        ahead_from: from then on it comes before whatever comes in later, of any level.
        reasons: the weightiest first; the first one gives the level. None where nothing calls for more than the default.
    """

    number: int
    id: str
    level: Level
    since: datetime
    take_by: datetime
    overdue: bool
    ahead_from: datetime
    waits: timedelta
    reasons: tuple[TriageReason, ...] = ()

    @one_line
    def __str__(self) -> str:
        late = "overdue since" if self.overdue else "take by"
        why = "; ".join(reason.sentence for reason in self.reasons) or "nothing calls for more"
        return f"{self.number}. {self.level}, {late} {wall_clock(self.take_by)}, {self.id}: {why}"


def triage(
    items: Iterable[Case | Interaction | TimelineItem | TriageItem],
    *,
    now: datetime | None = None,
    words: WordList | None = None,
    rules: TriageRules | None = None,
) -> list[TriagePlace]:
    """Return what to take first, each place with its reasons.

    A place depends on the item, the words and the rules alone, and its order is total: by when it is to be taken (of what is immediate by ``rules.lead`` earlier),
    then by how long it waits, then by id. So no item waits for ever: from ``ahead_from`` on it comes before whatever comes in later.

    Args:
        items: cases, interactions, or what you make of others; each id once, at most 100,000.
        now: the time by which items are overdue; None for now.
        words: words of danger and vulnerability; None for none.
        rules: what calls for which level; None for the defaults.

    Raises:
        InvalidInteractionError: an item is none, or has no id; or a time is naive.
    """
    rules = rules or TriageRules()
    at = datetime.now(timezone.utc) if now is None else now
    if at.tzinfo is None:
        raise InvalidInteractionError("now: got a time without a zone, accepted is one with it")
    ranked: dict[str, tuple[datetime, datetime, TriageItem, tuple[TriageReason, ...]]] = {}
    for one in items:
        item = one if isinstance(one, TriageItem) else to_item(one)
        if item.since.tzinfo is None:
            raise InvalidInteractionError("since: got a time without a zone, accepted is one with it")
        if len(ranked) == MOST_ITEMS:
            raise InvalidInteractionError(f"items: got more than {MOST_ITEMS}, the most accepted")
        reasons = tuple(sorted(_reasons(item, words, rules), key=_weight))
        level = reasons[0].level if reasons else rules.default
        take_by = item.since + rules.targets[LEVELS.index(level)]
        ranked[item.id] = (take_by - rules.lead if level == LEVELS[0] else take_by, take_by, item, reasons)
    order = sorted(ranked.values(), key=lambda one: (one[0], one[2].since, one[2].id))
    earliest = min(rules.targets[0] - rules.lead, rules.targets[1])  # how soon the place of whatever comes in can be
    return [
        TriagePlace(
            number=number,
            id=item.id,
            level=reasons[0].level if reasons else rules.default,
            since=item.since,
            take_by=take_by,
            overdue=take_by < at,
            ahead_from=max(item.since, key - earliest),
            waits=max(timedelta(0), at - item.since),
            reasons=reasons,
        )
        for number, (key, take_by, item, reasons) in enumerate(order, start=1)
    ]


def to_item(one: object) -> TriageItem:
    """Return of a case or an interaction what the order depends on.

    Raises:
        InvalidInteractionError: it is none.
    """
    if isinstance(one, Case):
        texts = [(one.id, text) for text in (one.title, *(note.text for note in one.notes)) if text]
        return TriageItem(
            id=one.id,
            since=one.opened_at,
            kind=one.kind,
            seriousness=one.seriousness,
            broken=len(one.broken),
            contacts=max(1, sum(line.what == "added" and line.value == "inbound" for line in one.history)),
            texts=tuple(texts),
        )
    if isinstance(one, (Interaction, TimelineItem)) and one.id is not None:
        reach = one.attributes.get("reach")
        return TriageItem(
            id=one.id,
            since=one.occurred_at,
            channels=(one.channel,),
            reach=reach if isinstance(reach, int) and not isinstance(reach, bool) else None,
            texts=tuple((one.id, text) for text in (one.subject, one.body) if text),
        )
    raise InvalidInteractionError(
        f"items: got {type(one).__name__}, accepted are Case, TriageItem, and interactions with an id"
    )


# -- reasons --------------------------------------------------------------------------------------------------------------
def _weight(reason: TriageReason) -> tuple[int, int, str]:
    return (LEVELS.index(reason.level), _CAUSES.index(reason.because), reason.sentence)


def _reasons(item: TriageItem, words: WordList | None, rules: TriageRules) -> Iterator[TriageReason]:
    if words is not None:
        yield from _by_words(item, words, rules)
    if item.broken:
        count = f"{item.broken} {'promise was' if item.broken == 1 else 'promises were'} broken"
        yield from _by_steps("promise", rules.broken, item.broken, lambda: (count, (item.id,)))
    if item.seriousness is not None and item.seriousness in rules.seriousness:
        level = rules.seriousness[item.seriousness]
        yield TriageReason(
            because="seriousness", level=level, sentence=f"it is {item.seriousness}", evidence=(item.id,)
        )
    where = f" by {' and '.join(item.channels)}" if item.channels else ""
    yield from _by_steps(
        "repeats", rules.contacts, item.contacts, lambda: (f"contact {item.contacts} about it{where}", ())
    )
    if item.reach is not None:
        yield from _by_steps(
            "reach", rules.reach, item.reach, lambda: (f"{item.reach:,} people may see it", (item.id,))
        )
    if item.kind is not None and item.kind in rules.kinds:
        yield TriageReason(
            because="kind", level=rules.kinds[item.kind], sentence=f"it is a {item.kind}", evidence=(item.id,)
        )


def _by_words(item: TriageItem, words: WordList, rules: TriageRules) -> Iterator[TriageReason]:
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for where, text in item.texts:
        for one in words.find(text):
            found.setdefault((one.group, one.phrase, one.language), {})[where] = None
    for (group, phrase, language), places in found.items():
        if group in rules.words:
            sentence = f'word of {group} "{phrase}" ({language})'
            yield TriageReason(because="words", level=rules.words[group], sentence=sentence, evidence=tuple(places))


def _by_steps(
    because: Cause, steps: Sequence[tuple[int, Level]], count: int, tell: Callable[[], tuple[str, tuple[str, ...]]]
) -> Iterator[TriageReason]:
    """Yield the reason of the most urgent step that a number reaches."""
    reached = [level for least, level in steps if count >= least]
    if reached:
        sentence, evidence = tell()
        yield TriageReason(because=because, level=min(reached, key=LEVELS.index), sentence=sentence, evidence=evidence)
