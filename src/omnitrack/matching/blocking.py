"""Blocking rules: short keys by which possible matches are found without comparing all pairs of people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

import attrs
import numpy as np

from omnitrack.matching.evidence import Indices
from omnitrack.matching.names import nickname_root
from omnitrack.matching.profile import FIELDS, Profile
from omnitrack.matching.scripts import romanise
from omnitrack.matching.text import letters, sound, squeeze

MAX_KEYS = 24  # for one profile and rule, so that many names times many addresses stay bounded
_KEY_LENGTH = 64


@attrs.frozen(slots=True)
class Rule:
    """One way in which two records of a person are expected to agree, whatever else differs.

    Attributes:
        name: a short name, the first part of a stored key.
        keys: returns the keys of a profile.
        bound: the most candidates that are considered for one key, so that a frequent key costs no more than a rare one.
        needs: fields without which a profile has no key, so that the rule is skipped.
        reads: the fields that the keys are made of, if these differ.
        broad: whether the rule is only for lists compared with themselves, because too many people share a key in a large store.
    """

    name: str
    keys: Callable[[Profile], Iterable[str]]
    bound: int
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = attrs.field(default=attrs.Factory(lambda self: self.needs, takes_self=True))
    broad: bool = False


def _emails(p: Profile) -> Iterator[str]:
    yield from p.emails


def _locals(p: Profile) -> Iterator[str]:
    for address in p.emails:
        local = address.partition("@")[0]
        if len(local) >= 4:
            yield local


def _local_halves(p: Profile) -> Iterator[str]:
    # One typo leaves one half of the local part unchanged.
    for address in p.emails:
        local, _, domain = address.partition("@")
        half = len(local) // 2
        if half >= 4:
            yield f"h{local[:half]}@{domain}"
            yield f"t{local[-half:]}@{domain}"


def _phones(p: Profile) -> Iterator[str]:
    for number in p.phones:
        digits = number.lstrip("+0")
        if len(digits) >= 6:
            yield digits[-9:]


def _phone_halves(p: Profile) -> Iterator[str]:
    # One wrong or missing digit leaves one half unchanged: each half is counted from its own end.
    for number in p.phones:
        digits = number.lstrip("+")
        if len(digits) >= 8:
            yield f"h{digits[: 6 if digits[0] == '1' else 7]}"
            yield f"t{digits[-5:]}"


def _id_numbers(p: Profile) -> Iterator[str]:
    yield from p.id_numbers


def _aliases(p: Profile) -> Iterator[str]:
    for text in (*p.handles, *p.display_names, *(address.partition("@")[0] for address in p.emails)):
        word = romanise(letters(text))
        if len(word) >= 5:
            yield word
    for name in p.names:
        given, family = romanise(squeeze(name.given)), romanise(squeeze(name.family))
        if len(given + family) >= 5 and not (given and family):
            yield given + family
        if given and family:
            yield given + family
            yield family + given
            if len(family) >= 4:
                yield given[0] + family


def _full_names(p: Profile) -> Iterator[str]:
    # Sorted alphabetically, so that swapped names get the same key.
    for name in p.names:
        if name.given and name.family:
            yield " ".join(sorted((sound(nickname_root(name.given)), sound(name.family))))


def _initials(p: Profile) -> Iterator[str]:
    for name in p.names:
        if name.given and name.family:
            yield f"{squeeze(name.family)} {name.given[0]}"


def _family_names(p: Profile) -> Iterator[str]:
    for name in p.names:
        if name.family:
            yield sound(name.family)


def _words_of_names(p: Profile) -> Iterator[str]:
    for name in p.names:
        for part in (nickname_root(name.given), squeeze(name.family)):
            if len(part) >= 3:
                yield part


def _birth_dates(p: Profile) -> Iterator[str]:
    for digits in p.birth_dates:
        # Day and month sorted, so that swapped ones get the same key.
        yield digits[:4] + "".join(sorted((digits[4:6], digits[6:])))


def _birth_and_name(p: Profile) -> Iterator[str]:
    for digits in p.birth_dates:
        parts = (f"ym{digits[:6]}", f"md{digits[4:]}", f"yd{digits[:4]}{digits[6:]}")
        for name in p.names:
            for word in {name.given, squeeze(name.family)}:
                if word:
                    heard = sound(word)
                    yield from [f"{part} {heard}" for part in parts]


def _postcodes(p: Profile) -> Iterator[str]:
    yield from p.postcodes


def _postcode_and_name(p: Profile) -> Iterator[str]:
    for code in p.postcodes:
        for name in p.names:
            for word in {name.given, squeeze(name.family)}:
                if word:
                    yield f"{code} {sound(word)}"


def _postcode_and_house(p: Profile) -> Iterator[str]:
    for code in p.postcodes:
        for address in p.addresses:
            if address.number:
                yield f"{code} {address.number}"


def _houses(p: Profile) -> Iterator[str]:
    for address in p.addresses:
        if address.number and address.street:
            yield f"{address.number} {sound(address.street)}"


def _street_and_name(p: Profile) -> Iterator[str]:
    for address in p.addresses:
        if address.street:
            for name in p.names:
                for word in {name.given, squeeze(name.family)}:
                    if word:
                        yield f"{squeeze(address.street)[:12]} {sound(word)}"


def _city_and_name(p: Profile) -> Iterator[str]:
    for city in p.cities:
        for name in p.names:
            if name.family:
                yield f"{squeeze(city)[:12]} {sound(name.family)} {name.given[:1]}"


def _birth_and_place(p: Profile) -> Iterator[str]:
    for digits in p.birth_dates:
        for place in p.birth_places:
            yield f"{digits} {squeeze(place)[:12]}"


def _place_and_name(p: Profile) -> Iterator[str]:
    for place in p.birth_places:
        for name in p.names:
            if name.family:
                yield f"{squeeze(place)[:12]} {sound(name.family)} {name.given[:1]}"


def _organisations(p: Profile) -> Iterator[str]:
    if not p.names:
        for company in p.companies:
            words = sorted(sound(word) for word in company.split() if len(word) > 3)
            yield " ".join(words[:3])


def _organisation_words(p: Profile) -> Iterator[str]:
    # A word of the name, together with any part of its address.
    if not p.names:
        where = [*p.postcodes, *(f"{address.number} {address.street[:4]}" for address in p.addresses if address.number)]
        for company in p.companies:
            for word in company.split():
                if len(word) > 3:
                    yield from (f"{place} {sound(word)}" for place in where)


def _company_and_name(p: Profile) -> Iterator[str]:
    for company in p.companies:
        for name in p.names:
            yield f"{squeeze(company)[:16]} {sound(name.family or name.given)}"


#: All rules, those that find the fewest strangers first.
RULES: tuple[Rule, ...] = (
    Rule("email", _emails, 50, needs=("emails",)),
    Rule("phone", _phones, 50, needs=("phones",)),
    Rule("id", _id_numbers, 50, needs=("id_numbers",)),
    Rule("alias", _aliases, 50, reads=("handles", "display_names", "emails", "names")),
    Rule("local", _locals, 50, needs=("emails",)),
    Rule("birth+name", _birth_and_name, 50, needs=("birth_dates", "names")),
    Rule("postcode+name", _postcode_and_name, 50, needs=("postcodes", "names")),
    Rule("postcode+house", _postcode_and_house, 50, needs=("postcodes", "addresses")),
    Rule("street+name", _street_and_name, 50, needs=("addresses", "names")),
    Rule("company+name", _company_and_name, 50, needs=("companies", "names")),
    Rule("city+name", _city_and_name, 50, needs=("cities", "names")),
    Rule("birth+place", _birth_and_place, 50, needs=("birth_dates", "birth_places")),
    Rule("place+name", _place_and_name, 50, needs=("birth_places", "names")),
    Rule("organisation", _organisations, 50, needs=("companies",), reads=("companies", "names")),
    Rule(
        "organisation+place",
        _organisation_words,
        50,
        needs=("companies",),
        reads=("companies", "names", "postcodes", "addresses"),
    ),
    Rule("name", _full_names, 50, needs=("names",)),
    Rule("initial", _initials, 50, needs=("names",)),
    Rule("birth", _birth_dates, 50, needs=("birth_dates",)),
    Rule("house", _houses, 50, needs=("addresses",)),
    Rule("halves", _phone_halves, 50, needs=("phones",)),
    Rule("mail halves", _local_halves, 50, needs=("emails",)),
    Rule("postcode", _postcodes, 50, needs=("postcodes",)),
    Rule("family", _family_names, 100, needs=("names",), broad=True),
    Rule("word", _words_of_names, 100, needs=("names",), broad=True),
)


def blocking_keys(profile: Profile, *, broad: bool = False) -> dict[str, list[str]]:
    """Return the keys under which a profile is filed and looked up, by rule.

    Two profiles are candidates for each other if they share a key of a rule. A typo in one value leaves the keys of other rules
    unchanged.

    Args:
        profile: the profile.
        broad: whether to include the rules that are too broad for a store.

    Returns:
        The keys of each rule that applies: at most ``MAX_KEYS``, each at most 64 characters, without repetitions. The ``bound`` of the
        rule of that name in ``RULES`` is the most candidates that a key may give.

    >>> from omnitrack.matching.traits import normalise_traits
    >>> keys = blocking_keys(normalise_traits({"name": "Bob Smith", "postcode": "RG14 1AA"}))
    >>> keys["name"], keys["initial"], keys["postcode"]
    (['rbrt smt'], ['smith b'], ['RG14 1AA'])
    """
    out: dict[str, list[str]] = {}
    known = {field for field in FIELDS if getattr(profile, field)}
    for rule in RULES:
        if (broad or not rule.broad) and known.issuperset(rule.needs) and (keys := _keys(rule, profile)):
            out[rule.name] = keys
    return out


def _keys(rule: Rule, profile: Profile) -> list[str]:
    return list(dict.fromkeys([key[:_KEY_LENGTH] for key in rule.keys(profile)]))[:MAX_KEYS]


def candidate_pairs(profiles: Sequence[Profile], *, groups: Sequence[int] | None = None) -> tuple[Indices, Indices]:
    """Return the pairs of a list that share a blocking key, each once, as two arrays of indices.

    If more profiles share a key than the bound of its rule, each is paired only with its neighbours in the order of names and dates, so
    that the work grows linearly with the length of the list.

    Args:
        profiles: the list.
        groups: the list that each profile comes from; pairs inside one list are left out.
    """
    size = len(profiles)
    of = None if groups is None else np.asarray(groups)
    order = np.argsort(_sort_keys(profiles), kind="stable")
    codes_of = {field: _codes(list(map(attrgetter(field), profiles)), size) for field in _READ}
    found = [np.empty(0, dtype=np.int64)]
    # One rule at a time, so that only the keys of one are in memory.
    for rule in RULES:
        able = np.ones(size, dtype=np.bool_)
        for field in rule.needs:
            able &= codes_of[field] > 0
        if not able.any():
            continue
        asked = order[able[order]]
        left, right = _rule_pairs(rule, profiles, asked, _alike(codes_of, rule.reads, asked))
        if of is not None:
            apart = of[left] != of[right]
            left, right = left[apart], right[apart]
        found.append(np.minimum(left, right) * size + np.maximum(left, right))
    codes = np.concatenate(found)
    del found
    codes.sort()  # many times faster than numpy.unique, which does not sort integers
    codes = codes[np.concatenate([[True], codes[1:] != codes[:-1]])] if len(codes) else codes
    return codes // max(size, 1), codes % max(size, 1)


#: The fields that rules use.
_READ = tuple(dict.fromkeys(field for rule in RULES for field in (*rule.needs, *rule.reads)))


def _codes(values: Sequence[tuple[Any, ...]], size: int) -> Indices:
    """Return a number for each of ``size`` values, the same for equal values, 0 for an empty one."""
    if not any(values):
        return np.zeros(size, dtype=np.int64)
    numbers: dict[tuple[Any, ...], int] = {(): 0}
    return np.fromiter((numbers.setdefault(one, len(numbers)) for one in values), dtype=np.int64, count=size)


def _alike(codes_of: Mapping[str, Indices], fields: Iterable[str], asked: Indices) -> Indices:
    """Return a number for each profile, the same for profiles with equal values in these fields, counted from 0."""
    alike = np.zeros(len(asked), dtype=np.int64)
    for field in fields:
        codes = codes_of[field][asked]
        alike = np.unique(alike * (codes.max(initial=0) + 1) + codes, return_inverse=True)[1]
    return alike


def _rule_pairs(rule: Rule, profiles: Sequence[Profile], asked: Indices, alike: Indices) -> tuple[Indices, Indices]:
    """Return the pairs that share a key of a rule, among the profiles asked for, in their order.

    Args:
        rule: the rule.
        profiles: the profiles.
        asked: the indices of the profiles to pair.
        alike: a number for each of ``asked``; profiles with equal numbers have the same keys, which are made once.
    """
    first = np.unique(alike, return_index=True)[1]
    made = [list(map(hash, _keys(rule, profiles[index]))) for index in asked[first].tolist()]
    sizes = np.fromiter(map(len, made), dtype=np.int64, count=len(made))
    hashes = np.fromiter(chain.from_iterable(made), dtype=np.int64, count=int(sizes.sum()))
    counts = sizes[alike]
    owner = np.repeat(asked, counts)
    begins = (np.cumsum(sizes) - sizes)[alike] - (np.cumsum(counts) - counts)
    hashed = hashes[np.repeat(begins, counts) + np.arange(len(owner))]
    by_key = np.argsort(hashed, kind="stable")
    hashed, owner = hashed[by_key], owner[by_key]
    # The end of the block of each key, and the number of steps ahead in which a profile looks for others.
    starts = np.flatnonzero(np.concatenate([[True], hashed[1:] != hashed[:-1]])) if len(hashed) else hashed
    sizes = np.diff(starts, append=len(hashed))
    ends = np.repeat(starts + sizes, sizes)
    # A whole block, or as many pairs for each as the bound allows: half with profiles before it, half with those after it.
    steps = np.repeat(np.where(sizes <= rule.bound, sizes - 1, rule.bound // 2), sizes)
    place = np.arange(len(hashed))
    left, right = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for step in range(1, int(steps.max(initial=0)) + 1):
        place = place[(place + step < ends[place]) & (steps[place] >= step)]
        left.append(owner[place])
        right.append(owner[place + step])
    return np.concatenate(left), np.concatenate(right)


def _sort_keys(profiles: Sequence[Profile]) -> Indices:
    texts = [
        " ".join(
            (
                profile.names[0].family if profile.names else "",
                profile.names[0].given if profile.names else "",
                profile.birth_dates[0] if profile.birth_dates else "",
                profile.postcodes[0] if profile.postcodes else "",
            )
        )
        for profile in profiles
    ]
    ranks = np.empty(len(profiles), dtype=np.int64)
    ranks[sorted(range(len(profiles)), key=lambda index: texts[index])] = np.arange(len(profiles))
    return ranks
