"""Comparisons of what people share with others around them: address, town, company, language."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from operator import attrgetter
from typing import NamedTuple

import attrs
import numpy as np
import numpy.typing as npt

from omnitrack.matching.comparators import Comparator, Level, Levels, compare_equal, compare_known, first_of, staged
from omnitrack.matching.places import Address, postcode_area
from omnitrack.matching.profile import Profile
from omnitrack.matching.text import squeeze
from omnitrack.matching.values import Bools, Feature, Pairs, itself


def _compare_postcodes(pairs: Pairs) -> Levels:
    return staged(
        pairs,
        lambda all_: all_.same(itself),
        lambda rest: rest.edits(itself, 1) <= 1,
        lambda rest: rest.same(postcode_area),
        otherwise=3,
    )


POSTCODE = Comparator(
    name="postcode",
    shared=True,
    levels=(
        Level("same", "same postcode {left}", by_frequency=True),
        Level("near", "the postcodes differ in one character ({left}, {right})"),
        Level("area", "neighbouring postcodes ({left}, {right})"),
        Level("differs", "the postcodes differ ({left}, {right})"),
    ),
    values=attrgetter("postcodes"),
    compare=_compare_postcodes,
)


_addresses = attrgetter("addresses")
_number = attrgetter("number")


def _compare_house_numbers(pairs: Pairs) -> Levels:
    return compare_known(
        pairs,
        pairs.both(_number),
        lambda known: staged(
            known,
            lambda all_: all_.same(_number),
            lambda rest: (rest.edits(_number, 1) <= 1) & (rest.longer(_number) >= 2),
            otherwise=2,
        ),
    )


HOUSE_NUMBER = Comparator(
    name="house number",
    shared=True,
    levels=(
        Level("same", "same house number {left}", by_frequency=True),
        Level("near", "the house numbers differ in one character ({left}, {right})"),
        Level("differs", "the house numbers differ ({left}, {right})"),
    ),
    values=_addresses,
    compare=_compare_house_numbers,
    term=_number,
    show=_number,
)


def _has_blank(text: str) -> bool:
    return " " in text


def _compare_lines(pairs: Pairs, line: Feature, bare: Feature, has_blank: Feature) -> Levels:
    """Return how similar address lines are, ignoring blanks and the order of words."""

    def likeness(rest: Pairs) -> npt.NDArray[np.float64]:
        found: npt.NDArray[np.float64] = 1 - rest.edits(bare) / np.maximum(rest.longer(bare), 1)
        # Words in another order, which needs more than one word.
        low = np.flatnonzero((found < 0.8) & rest.both(has_blank))
        found[low] = np.maximum(found[low], rest.take(low).reordered(line, 0.65))
        return found

    def compare(rest: Pairs) -> Levels:
        found = likeness(rest)
        return first_of(rest.none(), found >= 0.8, found >= 0.65, otherwise=3)

    same = pairs.same(bare)
    levels = np.zeros(len(pairs), dtype=np.int8)
    rows = np.flatnonzero(~same)
    levels[rows] = compare(pairs.take(rows))
    return levels


def _compare_words(pairs: Pairs) -> Levels:
    return _compare_lines(pairs, itself, squeeze, _has_blank)


def _line_levels(one: str, many: str) -> tuple[Level, ...]:
    return (
        Level("same", f"same {one} {{left}}", by_frequency=True),
        Level("near", f"the {many} differ by a typo ({{left}}, {{right}})"),
        Level("alike", f"the {many} are alike ({{left}}, {{right}})"),
        Level("differs", f"the {many} differ ({{left}}, {{right}})"),
    )


_street = attrgetter("street")


def _bare_street(address: Address) -> str:
    return squeeze(address.street)


def _street_has_blank(address: Address) -> bool:
    return " " in address.street


def _compare_streets(pairs: Pairs) -> Levels:
    return compare_known(
        pairs, pairs.both(_street), lambda known: _compare_lines(known, _street, _bare_street, _street_has_blank)
    )


STREET = Comparator(
    name="street",
    shared=True,
    levels=_line_levels("street", "streets"),
    values=_addresses,
    compare=_compare_streets,
    term=_bare_street,
    show=lambda address: address.street.title(),
)


def _line(name: str, many: str, field: str) -> Comparator:
    return Comparator(
        name=name,
        shared=True,
        levels=_line_levels(name, many),
        values=attrgetter(field),
        compare=_compare_words,
        term=squeeze,
        show=str.title,
    )


ADDRESS_LINE = _line("address line", "address lines", "address_extras")
TOWN = _line("town", "towns", "cities")
BIRTH_PLACE = _line("birth place", "birth places", "birth_places")


def _is_person(profile: Profile) -> bool:
    return bool(profile.names or profile.birth_dates)


# If one of the two is a person, the company is what that person shares with others.
COMPANY = attrs.evolve(_line("company", "companies", "companies"), comparable=_is_person)


class Organisation(NamedTuple):
    """The name of an organisation that is itself the customer, not a person's employer."""

    name: str


def _organisations(profile: Profile) -> Sequence[Hashable]:
    return () if _is_person(profile) else [Organisation(name) for name in profile.companies]


_organisation_name = attrgetter("name")


def _bare_organisation(one: Organisation) -> str:
    return squeeze(one.name)


def _words_in_common(pairs: Pairs) -> Bools:
    return (pairs.in_common(_organisation_name, 0.95) >= 0.95) & (pairs.shorter(_bare_organisation) >= 5)


def _words_alike(pairs: Pairs) -> Bools:
    return pairs.in_common(_organisation_name, 0.7) >= 0.7


def _is_near_organisation(pairs: Pairs) -> Bools:
    few = pairs.edits(_bare_organisation) * 8 <= pairs.longer(_bare_organisation)
    return few | (pairs.reordered(_organisation_name, 0.9) >= 0.9)


ORGANISATION = Comparator(
    name="organisation",
    levels=(
        Level("same", "same organisation {left}", by_frequency=True),
        Level("near", "the names of the organisations differ by a typo ({left}, {right})"),
        Level("part", "the name of one organisation is in that of the other ({left}, {right})"),
        Level("alike", "the names of the organisations are alike ({left}, {right})"),
        Level("differs", "the names of the organisations differ ({left}, {right})"),
    ),
    values=_organisations,
    compare=lambda pairs: staged(
        pairs,
        lambda all_: all_.same(_bare_organisation),
        _is_near_organisation,
        _words_in_common,
        _words_alike,
        otherwise=4,
    ),
    term=_bare_organisation,
    show=lambda one: one.name.title(),
)


STATE = Comparator(
    name="state",
    shared=True,
    levels=(
        Level("same", "same state {left}", by_frequency=True),
        Level("differs", "the states differ ({left}, {right})"),
    ),
    values=attrgetter("states"),
    compare=compare_equal,
    show=lambda state: state.upper() if len(state) <= 3 else state.title(),
)

LANGUAGE = Comparator(
    name="language",
    shared=True,
    levels=(
        Level("same", "same language {left}", by_frequency=True),
        Level("differs", "the languages differ ({left}, {right})"),
    ),
    values=attrgetter("languages"),
    compare=compare_equal,
)
