"""Terms: the settings of a store that decide how what comes in is read and who is whom; kept in the store, compared part by part."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta, timezone, tzinfo
from functools import cached_property
from itertools import islice
from typing import Any

import attrs

from omnitrack.errors import InvalidPolicyError, mask, plain_repr
from omnitrack.foundation.consent_words import CONSENT_WORDS, checked_words
from omnitrack.harmless import one_line
from omnitrack.identifiers.numbering import numbered_region
from omnitrack.identifiers.own import OwnList
from omnitrack.identity.policy import Policy
from omnitrack.model.fields import to_mapping
from omnitrack.sources.values import zone_of
from omnitrack.values import Value

_NAMED = 3  # entries of a list that an error names; the others are counted
_REGION, _ZONE, _OWN, _POLICY, _PLACEHOLDERS, _WORDS = (
    "region",
    "zone",
    "own",
    "policy",
    "placeholders",
    "consent_words",
)
#: Those that the fingerprint of a store says nothing of.
NOT_DIGESTED = frozenset({_REGION, _ZONE, _WORDS})
PARTS = (_REGION, _ZONE, _OWN, _PLACEHOLDERS, _POLICY, _WORDS)


@attrs.frozen(slots=True, kw_only=True)
class StoreSettings(Value):
    """The settings that a store keeps, which every tracker of it goes by. ``open()`` takes them as they are, ``configure()`` changes them.

    Attributes:
        region: ISO 3166 alpha-2 code of the region in which national phone numbers are read; None for none.
        zone: time zone of times without an offset, as an IANA name or an offset such as ``UTC+05:30``; None for none, or for one without a name, which a
            store cannot keep.
        own: identifiers of the company, and patterns with ``*``.
        placeholders: values that stand for a missing one, and patterns with ``*``.
        policy: how evidence is read.
        consent_words: words that withdraw consent (False) or give it (True).
    """

    region: str | None
    zone: str | None
    own: tuple[str, ...]
    placeholders: tuple[str, ...]
    policy: Policy
    consent_words: Mapping[str, bool] = attrs.field(converter=to_mapping)

    @one_line
    def __str__(self) -> str:
        return f"region {self.region or 'none'}, zone {self.zone or 'none'}, {len(self.own)} own, {len(self.placeholders)} placeholders"


@attrs.frozen(kw_only=True)
class Terms:
    """The settings of a store that decide how what comes in is read, and who is whom.

    Attributes:
        unsaid: parts that nobody has said yet, of a store that was made before it kept them: whoever is the first to say one decides.
    """

    policy: Policy = attrs.field(factory=Policy)
    own: OwnList = attrs.field(factory=OwnList)
    placeholders: OwnList = attrs.field(factory=OwnList)
    region: str | None = None
    zone: tzinfo | None = None
    consent_words: Mapping[str, bool] = CONSENT_WORDS
    unsaid: frozenset[str] = frozenset()

    @cached_property
    def text(self) -> str:
        """The form in which a store keeps them; equal terms have equal texts."""
        found: dict[str, Any] = {
            _POLICY: {name: value for name, value in self.policy.to_dict().items() if name not in ("v", "type")},
            _OWN: self.own.dump(),
            _PLACEHOLDERS: self.placeholders.dump(),
            _REGION: self.region,
            _ZONE: name_of(self.zone),
            _WORDS: None if self.consent_words == CONSENT_WORDS else dict(self.consent_words),
        }
        if self.zone is not None and found[_ZONE] is None:
            del found[_ZONE]  # it has no name, so each process says it for itself
        return json.dumps({name: value for name, value in found.items() if name not in self.unsaid}, sort_keys=True)

    @classmethod
    def load(cls, text: str) -> Terms:
        """Return the terms that a store keeps."""
        found = json.loads(text)
        words = found.get(_WORDS)
        return cls(
            policy=Policy.from_dict(found[_POLICY]),
            own=OwnList.load(found[_OWN]),
            placeholders=OwnList.load(found[_PLACEHOLDERS]),
            region=found.get(_REGION),
            zone=_zone_named(found.get(_ZONE)),
            consent_words=CONSENT_WORDS if words is None else words,
            unsaid=NOT_DIGESTED.difference(found),
        )

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all that decides who is whom."""
        return self.policy.fingerprint(self.own.fingerprint(), self.placeholders.fingerprint())

    @cached_property
    def parts(self) -> dict[str, str]:
        """The digest of each part of the fingerprint, by name."""
        return self.policy.parts(self.own.fingerprint(), self.placeholders.fingerprint())

    def filled_by(self, given: Given) -> Terms:
        """Return these with what was given of the parts that nobody has said yet."""
        parts = {name: given.parts[name] for name in self.unsaid.intersection(given.parts)}
        return attrs.evolve(self, **parts, unsaid=self.unsaid.difference(parts))

    def shown(self) -> StoreSettings:
        """Return them as a value."""
        return StoreSettings(
            region=self.region,
            zone=name_of(self.zone),
            own=self.own.texts(),
            placeholders=self.placeholders.texts(),
            policy=self.policy,
            consent_words=self.consent_words,
        )


@attrs.frozen(kw_only=True)
class Given:
    """The parts of the terms that a caller gave; of the others the store's hold."""

    parts: Mapping[str, Any] = attrs.field(factory=dict)

    def over(self, terms: Terms) -> Terms:
        """Return terms with these parts in place of theirs."""
        if not self.parts:
            return terms
        return attrs.evolve(terms, **self.parts, unsaid=terms.unsaid.difference(self.parts))


def given(
    *,
    region: str | None = None,
    zone: str | tzinfo | None = None,
    own: Iterable[str] | None = None,
    policy: Policy | None = None,
    placeholders: Iterable[str] | None = None,
    consent_words: Mapping[str, bool] | None = None,
    among: str | None = None,
    clearing: bool = False,
) -> Given:
    """Return the parts that a caller gave, checked; None stands for a part that was not given.

    Args:
        among: the region in which national numbers of the lists are read where none is given.
        clearing: whether an empty text stands for no region and no zone.

    Raises:
        InvalidPolicyError, InvalidIdentifierError, InvalidInteractionError: a part is malformed.
    """
    found: dict[str, Any] = {}
    if region is not None:
        found[_REGION] = None if clearing and region == "" else numbered_region(region)
    if zone is not None:
        found[_ZONE] = None if clearing and zone == "" else zone_of(zone)
    if policy is not None:
        if not isinstance(policy, Policy):
            raise InvalidPolicyError(f"policy: got {type(policy).__name__}, accepted is a Policy")
        found[_POLICY] = policy
    reading = found.get(_REGION, among)
    if own is not None:
        found[_OWN] = OwnList(own, region=reading)
    if placeholders is not None:
        found[_PLACEHOLDERS] = OwnList(placeholders, region=reading, field="placeholders")
    if consent_words is not None:
        found[_WORDS] = checked_words(consent_words)
    return Given(parts=found)


def name_of(zone: tzinfo | None) -> str | None:
    """Return the name by which a store keeps a time zone, None of one that has none."""
    key = getattr(zone, "key", None)
    if isinstance(key, str):
        return key
    return str(zone) if isinstance(zone, timezone) else None


def _zone_named(name: str | None) -> tzinfo | None:
    if name is None or not name.startswith("UTC"):
        return zone_of(name)
    hours, _, minutes = name[3:].partition(":")
    if not hours:
        return timezone.utc
    sign = -1 if hours[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(hours[1:]), minutes=int(minutes or 0)))


def differences(stored: Terms, asked: Terms) -> list[tuple[str, str]]:
    """Return the parts in which terms differ from those of a store, by name, each with what it was and what it is to be, masked where it may be of
    somebody."""
    found: list[tuple[str, str]] = []
    for name in PARTS:
        if name in stored.unsaid:
            continue
        if name == _POLICY:
            changes = list(_policy_changes(stored.policy, asked.policy))
        elif name in (_OWN, _PLACEHOLDERS):
            changes = list(_list_changes(getattr(stored, name), getattr(asked, name)))
        elif name == _WORDS:
            changes = list(_word_changes(stored.consent_words, asked.consent_words))
        else:
            was, now = getattr(stored, name), getattr(asked, name)
            if name == _ZONE:
                was, now = name_of(was), name_of(now)
            changes = [] if was == now else [f"the store has {_plain(was)}, got {_plain(now)}"]
        if changes:
            found.append((name, "; ".join(changes)))
    return found


def _plain(value: object) -> str:
    return "none" if value is None else plain_repr(value)


def _policy_changes(was: Policy, now: Policy) -> Iterator[str]:
    for field in attrs.fields(Policy):
        old, new = getattr(was, field.name), getattr(now, field.name)
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            names = sorted(key for key in {*old, *new} if old.get(key, ...) != new.get(key, ...))
            for key in islice(names, _NAMED):
                yield f"{field.name}[{key!r}]: the store has {_setting(old, key)}, got {_setting(new, key)}"
            if len(names) > _NAMED:
                yield f"and {len(names) - _NAMED} more of {field.name}"
        else:
            yield f"{field.name}: the store has {_shown(old)}, got {_shown(new)}"


def _setting(values: Mapping[str, Any], key: str) -> str:
    return _shown(values[key]) if key in values else "none of its own"


def _shown(value: object) -> str:
    if hasattr(value, "name") and hasattr(value, "value"):
        return repr(str(value.name).lower())
    return "its own" if isinstance(value, Mapping) else f"{value!r:.80}"


def _list_changes(was: OwnList, now: OwnList) -> Iterator[str]:
    if was.fingerprint() == now.fingerprint():
        return
    old, new = set(was.texts()), set(now.texts())
    for texts, verb in ((old - new, "the store has"), (new - old, "got")):
        if texts:
            more = f" and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
            yield f"{verb} {', '.join(map(_masked, sorted(texts)[:_NAMED]))}{more}"


def _masked(text: str) -> str:
    scheme, colon, rest = text.partition(":")
    return f"{scheme}{colon}{mask(rest)}"


def _word_changes(was: Mapping[str, bool], now: Mapping[str, bool]) -> Iterator[str]:
    names = sorted(word for word in {*was, *now} if was.get(word) != now.get(word))
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield f"the store has another meaning, or none, of the word{'s' if len(names) > 1 else ''} {', '.join(names[:_NAMED])}{more}"
