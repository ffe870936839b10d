"""The policy: which evidence merges, how much an identifier may touch before it counts as shared, how large a customer gets."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import attrs

from omnitrack.errors import InvalidIdentifierError, InvalidPolicyError, shown, told
from omnitrack.identifiers.scheme import NORMAL_FORM_VERSION, get_scheme
from omnitrack.model import Assurance

#: Distinct neighbours of a scheme that an identifier may have; "*" stands for the schemes that are not named. A person has a few phones and
#: addresses; an office line, a family's mailbox or a kiosk has more. An exclusive scheme has the limit one.
DEFAULT_LIMITS: Mapping[str, int | None] = {"*": 8, "device": 20}


_NAME = re.compile(r"\*|[^\W\d][\w-]{0,39}")
MAX_RANK = 1_000_000


@attrs.frozen(slots=True, kw_only=True)
class SchemeRule:
    """What a policy says of one scheme instead of the scheme's own word; None leaves it."""

    exclusive: bool | None = attrs.field(default=None)
    rank: int | None = attrs.field(default=None)

    @exclusive.validator
    def _is_yes_or_no(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and not isinstance(value, bool):
            raise InvalidPolicyError(
                f"exclusive: got {shown(value)}, accepted are True, False, and None for the scheme's own"
            )

    @rank.validator
    def _is_number(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or abs(value) > MAX_RANK):
            raise InvalidPolicyError(
                f"rank: got {shown(value)}, accepted is a number from -{MAX_RANK} to {MAX_RANK}, and None for the scheme's own"
            )


def _named(field: str, value: Any) -> list[tuple[str, Any]]:
    """Return the items of a mapping by names of schemes; of None none."""
    if value is not None and not isinstance(value, Mapping):
        raise InvalidPolicyError(f"{field}: got {shown(value)}, accepted is a mapping by the names of schemes")
    items = list((value or {}).items())
    for name, _ in items:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InvalidPolicyError(f"{field}: got {told(name)}, accepted are names of schemes such as phone")
    return items


def _scheme_rules(value: Any) -> dict[str, SchemeRule]:
    rules: dict[str, SchemeRule] = {}
    for name, rule in _named("schemes", value):
        if isinstance(rule, Mapping):
            unknown = set(rule) - {"exclusive", "rank"}
            if unknown:
                raise InvalidPolicyError(
                    f"schemes: {name!r} has {', '.join(sorted(map(shown, unknown)))}, accepted are exclusive and rank"
                )
            rule = SchemeRule(**rule)
        if not isinstance(rule, SchemeRule):
            raise InvalidPolicyError(f"schemes: {name!r} has {shown(rule)}, accepted is a SchemeRule or a mapping")
        rules[name] = rule
    return rules


def _limits(value: Any) -> dict[str, int | None]:
    limits = dict(DEFAULT_LIMITS)
    for name, limit in _named("limits", value):
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
            raise InvalidPolicyError(
                f"limits: {name!r} has {shown(limit)}, accepted is a number from 1 or None for no limit"
            )
        limits[name] = limit
    return limits


def _merges_at(value: Any) -> Assurance:
    accepted = {"observed": Assurance.OBSERVED, "verified": Assurance.VERIFIED}
    if isinstance(value, Assurance) and value in accepted.values():
        return value
    if not isinstance(value, str) or value not in accepted:
        raise InvalidPolicyError(f"merges_at: got {told(value)}, accepted are 'observed' and 'verified'")
    return accepted[value]


def _at_least_two(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 2):
        raise InvalidPolicyError(
            f"{attribute.name}: got {shown(value)}, accepted is a number from 2 or None for no limit"
        )


def _probability(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is not None and not (number and 0.5 <= value <= 1):
        raise InvalidPolicyError(
            f"{attribute.name}: got {shown(value)}, accepted is a probability from 0.5 to 1, or None"
        )


@attrs.frozen(kw_only=True)
class Policy:
    """How evidence is read. A store keeps its fingerprint; another policy on the same store needs ``rebuild()``.

    Attributes:
        schemes: per scheme, exclusive and rank where they differ from the scheme's own.
        limits: per scheme of the neighbour, how many distinct neighbours an identifier may have before it counts as shared; ``"*"`` for
            schemes not named; None for no limit. What is not given keeps its default.
        max_identifiers: the most identifiers of one customer.
        max_component: the most identifiers that links may connect before only verified links and statements among them count (the sign
            of corrupt input).
        merges_at: ``"observed"`` or ``"verified"``: the least assurance at which a link merges.
        auto_match: probability from which a matcher's score merges by itself; None for never.
    """

    schemes: Mapping[str, SchemeRule] = attrs.field(factory=dict, converter=_scheme_rules)
    limits: Mapping[str, int | None] = attrs.field(factory=dict, converter=_limits)
    max_identifiers: int | None = attrs.field(default=100, validator=_at_least_two)
    max_component: int | None = attrs.field(default=10_000, validator=_at_least_two)
    merges_at: Assurance = attrs.field(default=Assurance.OBSERVED, converter=_merges_at)
    auto_match: float | None = attrs.field(default=None, validator=_probability)

    def exclusive(self, scheme: str) -> bool:
        """Whether a customer has at most one value of this scheme in each scope."""
        rule = self.schemes.get(scheme)
        if rule is not None and rule.exclusive is not None:
            return rule.exclusive
        try:
            return get_scheme(scheme).exclusive
        except InvalidIdentifierError:  # of a third party whose package is not loaded here
            return False

    def rank(self, scheme: str) -> int:
        """The rank of this scheme among identifiers of equal assurance: the highest becomes the anchor."""
        rule = self.schemes.get(scheme)
        if rule is not None and rule.rank is not None:
            return rule.rank
        return get_scheme(scheme).rank

    def limit(self, scheme: str) -> int | None:
        """How many distinct neighbours of this scheme an identifier may have; None for any number."""
        if scheme in self.limits:
            return self.limits[scheme]
        return 1 if self.exclusive(scheme) else self.limits["*"]

    def fingerprint(self, own: str = "", placeholders: str = "") -> str:
        """A digest of all that decides who is whom: this policy, the fingerprints of the own list and the placeholders, the version of the normal forms."""
        return _digest(
            {**self._content(), "own": own, "placeholders": placeholders, "normal_forms": NORMAL_FORM_VERSION}
        )

    def parts(self, own: str = "", placeholders: str = "") -> dict[str, str]:
        """Digests of what the fingerprint is of, by what each is called: which of them differs tells more than that one does."""
        return {
            "policy": _digest(self._content()),
            "own list": own,
            "list of placeholders": placeholders,
            "version of the normal forms": str(NORMAL_FORM_VERSION),
        }

    def _content(self) -> dict[str, Any]:
        return {
            "schemes": {name: [rule.exclusive, rule.rank] for name, rule in sorted(self.schemes.items())},
            "limits": dict(sorted(self.limits.items())),
            "max_identifiers": self.max_identifiers,
            "max_component": self.max_component,
            "merges_at": int(self.merges_at),
            "auto_match": self.auto_match,
        }


def _digest(content: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=16).hexdigest()
