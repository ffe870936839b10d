"""The policy: which evidence merges, when an identifier counts as shared, and how large a customer may be."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Literal

import attrs

from omnitrack.errors import InvalidIdentifierError, InvalidPolicyError, masked_repr, plain_repr
from omnitrack.identifiers.scheme import NORMAL_FORM_VERSION, get_scheme
from omnitrack.identity.silences import STEPS
from omnitrack.model import Assurance
from omnitrack.values import FrozenDict, Value

#: A number; None for no limit; ``"verified"`` if only verified links between the two schemes count.
Limit = int | Literal["verified"] | None

VERIFIED_ONLY: Literal["verified"] = "verified"

#: How many distinct neighbours of a scheme an identifier of another may have, as ``"of/neighbour"``; ``"*"`` is any scheme. Chosen by the
#: measurements of ``bench/population.py``.
DEFAULT_LIMITS: Mapping[str, Limit] = {
    "*": 8,
    "device": None,  # cookies are cleared, so the number of browsers says nothing about the number of people
    "account/*": None,  # an account is one customer's, whoever knows it: a family's numbers, the staff of a business
    "crm/*": None,
    "device/*": 1,  # two log-ins on one device are two people, as two accounts are: a kiosk, a family's tablet
    "phone/phone": 1,  # two together are one person's; a number seen with two others is an agent's or an exchange's
    "phone/email": 3,
    "email/email": VERIFIED_ONLY,  # a mail has one sender: a second address was in copy, or somebody mentioned it
}

#: The days without a sighting after which an identifier of a scheme is assumed to have a new holder.
DEFAULT_SILENCE: Mapping[str, int] = {"phone": 180}
MAX_SILENCE = 36_500  # days

_NO_LIMIT = "none"  # how a settings file writes it: TOML has no null
_NAME = re.compile(r"\*|[^\W\d][\w-]{0,39}")
MAX_RANK = 1_000_000
_DAY = 24 * 60 * 60 * 1_000_000


@attrs.frozen(slots=True, kw_only=True)
class SchemeRule(Value):
    """A policy's override for one scheme.

    Attributes:
        exclusive: whether a customer has at most one value of the scheme in each scope; None to keep the scheme's own rule.
        rank: the rank of the scheme among identifiers of equal assurance; None to keep the scheme's own rank.
    """

    exclusive: bool | None = attrs.field(default=None)
    rank: int | None = attrs.field(default=None)

    @exclusive.validator
    def _is_yes_or_no(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and not isinstance(value, bool):
            raise InvalidPolicyError(
                f"exclusive: got {masked_repr(value)}, accepted are True, False, and None for the scheme's own"
            )

    @rank.validator
    def _is_number(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or abs(value) > MAX_RANK):
            raise InvalidPolicyError(
                f"rank: got {masked_repr(value)}, accepted is a number from -{MAX_RANK} to {MAX_RANK}, and None for the scheme's own"
            )


def _named(field: str, value: Any) -> list[tuple[str, Any]]:
    """Return the items of a mapping keyed by scheme; none for None."""
    if value is not None and not isinstance(value, Mapping):
        raise InvalidPolicyError(f"{field}: got {masked_repr(value)}, accepted is a mapping by the names of schemes")
    items = list((value or {}).items())
    for name, _ in items:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InvalidPolicyError(f"{field}: got {plain_repr(name)}, accepted are names of schemes such as phone")
    return items


def _scheme_rules(value: Any) -> dict[str, SchemeRule]:
    rules: dict[str, SchemeRule] = {}
    for name, rule in _named("schemes", value):
        if isinstance(rule, Mapping):
            unknown = set(rule) - {"exclusive", "rank"}
            if unknown:
                raise InvalidPolicyError(
                    f"schemes: {name!r} has {', '.join(sorted(map(masked_repr, unknown)))}, accepted are exclusive and rank"
                )
            rule = SchemeRule(**rule)
        if not isinstance(rule, SchemeRule):
            raise InvalidPolicyError(
                f"schemes: {name!r} has {masked_repr(rule)}, accepted is a SchemeRule or a mapping"
            )
        rules[name] = rule
    return FrozenDict(rules)


def _pair(key: Any) -> tuple[str, str]:
    """Return the pair (of, neighbour) of a key of limits, with ``"*"`` for any scheme."""
    parts: Any = key.split("/") if isinstance(key, str) else key
    if isinstance(key, str) and len(parts) == 1:
        parts = ("*", key)
    if not isinstance(parts, (tuple, list)) or len(parts) != 2 or not all(map(_is_name, parts)):
        raise InvalidPolicyError(
            f"limits: got {plain_repr(key)}, accepted are names of schemes such as 'phone', and pairs such as ('device', 'email') or 'device/email'"
        )
    return parts[0], parts[1]


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _text(pair: tuple[str, str]) -> str:
    return pair[1] if pair[0] == "*" else "/".join(pair)


def _covers(given: tuple[str, str], pair: tuple[str, str]) -> bool:
    return all(one in ("*", other) for one, other in zip(given, pair))


def _is_limit(limit: Any) -> bool:
    if isinstance(limit, str) or limit is None:
        return limit in (None, VERIFIED_ONLY)
    return isinstance(limit, int) and not isinstance(limit, bool) and limit >= 1


def _limits(value: Any) -> dict[str, Limit] | None:
    if value is None or value == _NO_LIMIT:
        return None
    if not isinstance(value, Mapping):
        raise InvalidPolicyError(
            f"limits: got {masked_repr(value)}, accepted is a mapping by the names of schemes or pairs of them, or None for no limits"
        )
    given: dict[tuple[str, str], Limit] = {}
    for key, limit in value.items():
        pair = _pair(key)
        limit = None if limit == _NO_LIMIT else limit
        if not _is_limit(limit):
            raise InvalidPolicyError(
                f"limits: {_text(pair)!r} has {masked_repr(limit)}, accepted is a number from 1 or None for no limit, "
                f"and {VERIFIED_ONLY!r} where only verified links count"
            )
        if pair in given:
            raise InvalidPolicyError(f"limits: {_text(pair)!r} is there twice, accepted is one limit for each pair")
        given[pair] = limit
    # A given limit overrides every default that it covers: a limit for phones also limits an account's phones.
    kept = {pair: limit for pair, limit in _DEFAULTS.items() if not any(_covers(one, pair) for one in given)}
    for of, neighbour in given:
        if neighbour == "*" and of != "*":
            kept.update({(of, other): given[of, "*"] for all_, other in kept if all_ == "*" and other != "*"})
    return FrozenDict({_text(pair): limit for pair, limit in sorted({**kept, **given}.items())})


_DEFAULTS = {_pair(key): limit for key, limit in DEFAULT_LIMITS.items()}


def _merges_at(value: Any) -> Assurance:
    accepted = {"observed": Assurance.OBSERVED, "verified": Assurance.VERIFIED}
    if isinstance(value, Assurance) and value in accepted.values():
        return value
    if not isinstance(value, str) or value not in accepted:
        raise InvalidPolicyError(f"merges_at: got {plain_repr(value)}, accepted are 'observed' and 'verified'")
    return accepted[value]


def _silence(value: Any) -> dict[str, int]:
    found = {}
    for name, days in _named("silence", value):
        if days is None or days == _NO_LIMIT:
            continue
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MAX_SILENCE:
            raise InvalidPolicyError(
                f"silence: {name!r} has {masked_repr(days)}, accepted is a number of days from 1 to {MAX_SILENCE}, or None"
            )
        found[name] = days
    return FrozenDict(sorted(found.items()))


def _at_least_two(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 2):
        raise InvalidPolicyError(
            f"{attribute.name}: got {masked_repr(value)}, accepted is a number from 2 or None for no limit"
        )


def _probability(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is not None and not (number and 0.5 <= value <= 1):
        raise InvalidPolicyError(
            f"{attribute.name}: got {masked_repr(value)}, accepted is a probability from 0.5 to 1, or None"
        )


@attrs.frozen(kw_only=True)
class Policy(Value):
    """How evidence is turned into customers. A store keeps the fingerprint of its policy; another policy needs ``rebuild()``.

    Attributes:
        schemes: overrides of exclusive and rank, by scheme.
        limits: the number of distinct neighbours of a scheme that an identifier may have before it counts as shared; None for any number. A key is a
            pair, ``("device", "email")`` or ``"device/email"``, for the mail addresses of a device; a scheme alone, ``"email"``, for the mail addresses
            of any identifier; ``"*"`` in either place, or alone, for any scheme. The most specific key counts: the pair, the neighbour's scheme
            alone, the limit of one for exclusive schemes, ``("device", "*")``, ``"*"``. A limit that is given overrides every default that it covers;
            other defaults stay. ``limits=None`` switches all limits off. In a settings file write None as ``"none"``. The value ``"verified"`` instead
            of a number means that seeing two such identifiers together proves nothing, in either direction, unless both are verified: other
            links between them only suggest and count towards no limit; verified links join, in any number.
        max_identifiers: the largest number of identifiers of a customer.
        max_component: the largest number of identifiers that links may connect. A larger component is a sign of corrupt input; only verified links
            and statements count in it.
        merges_at: ``"observed"`` or ``"verified"``: the lowest assurance at which a link merges.
        auto_match: the probability from which a match merges customers; None for never.
        silence: the number of days without a contact after which an identifier of a scheme is taken to have a new holder, such as ``{"phone": 180}``;
            None and ``{}`` switch it off. A mapping replaces the whole default.
    """

    schemes: Mapping[str, SchemeRule] = attrs.field(factory=dict, converter=_scheme_rules)
    limits: Mapping[str, Limit] | None = attrs.field(factory=dict, converter=_limits)
    max_identifiers: int | None = attrs.field(default=100, validator=_at_least_two)
    max_component: int | None = attrs.field(default=10_000, validator=_at_least_two)
    merges_at: Assurance = attrs.field(default=Assurance.OBSERVED, converter=_merges_at)
    auto_match: float | None = attrs.field(default=None, validator=_probability)
    silence: Mapping[str, int] = attrs.field(factory=lambda: dict(DEFAULT_SILENCE), converter=_silence)

    def step(self, scheme: str) -> int:
        """A twelfth of the silence of this scheme in microseconds; 0 if silence means nothing for it."""
        return self.silence.get(scheme, 0) * _DAY // STEPS

    def exclusive(self, scheme: str) -> bool:
        """Whether a customer has at most one value of this scheme in each scope."""
        rule = self.schemes.get(scheme)
        if rule is not None and rule.exclusive is not None:
            return rule.exclusive
        try:
            return get_scheme(scheme).exclusive
        except InvalidIdentifierError:  # a third party's scheme whose package is not loaded here
            return False

    def rank(self, scheme: str) -> int:
        """The rank of this scheme among identifiers of equal assurance: the highest becomes the anchor."""
        rule = self.schemes.get(scheme)
        if rule is not None and rule.rank is not None:
            return rule.rank
        return get_scheme(scheme).rank

    def limit(self, scheme: str, of: str = "*") -> int | None:
        """How many distinct neighbours of this scheme an identifier may have; None for any number.

        Args:
            scheme: the scheme of the neighbours.
            of: the scheme of the identifier; ``"*"`` for one that no limit names.
        """
        listed = self._listed(scheme, of)
        return None if listed == VERIFIED_ONLY else listed

    def verified_only(self, scheme: str, other: str) -> bool:
        """Whether identifiers of two schemes that were seen together are linked only if both are verified."""
        return VERIFIED_ONLY in (self._listed(scheme, other), self._listed(other, scheme))

    def _listed(self, scheme: str, of: str) -> Limit:
        """Return the most specific limit for a pair of schemes."""
        limits = self.limits
        if limits is None:
            return None
        for key in (f"{of}/{scheme}", scheme):
            if key in limits:
                return limits[key]
        if self.exclusive(scheme):
            return 1
        return limits[f"{of}/*"] if f"{of}/*" in limits else limits["*"]

    def fingerprint(self, own: str = "", placeholders: str = "") -> str:
        """A digest of everything that decides who is whom: policy, own list, placeholders and the version of the normal forms."""
        return _digest(
            {**self._content(), "own": own, "placeholders": placeholders, "normal_forms": NORMAL_FORM_VERSION}
        )

    def parts(self, own: str = "", placeholders: str = "") -> dict[str, str]:
        """The digest of each part of the fingerprint by name, to say which part differs."""
        return {
            "policy": _digest(self._content()),
            "own list": own,
            "list of placeholders": placeholders,
            "version of the normal forms": str(NORMAL_FORM_VERSION),
        }

    def _content(self) -> dict[str, Any]:
        return {
            "schemes": {name: [rule.exclusive, rule.rank] for name, rule in sorted(self.schemes.items())},
            "limits": None if self.limits is None else dict(sorted(self.limits.items())),
            "max_identifiers": self.max_identifiers,
            "max_component": self.max_component,
            "merges_at": int(self.merges_at),
            "auto_match": self.auto_match,
            **({"silence": dict(self.silence)} if self.silence else {}),
        }


def _digest(content: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=16).hexdigest()
