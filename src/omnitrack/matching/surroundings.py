"""Comparisons of what people share with those around them: address, town, company, language."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from operator import attrgetter

import numpy as np

from omnitrack.matching.comparators import Comparator, Level, Levels, compare_equal, first_of
from omnitrack.matching.places import postcode_area
from omnitrack.matching.profile import Profile
from omnitrack.matching.text import squeeze
from omnitrack.matching.values import Pairs, itself


def _compare_postcodes(pairs: Pairs) -> Levels:
    return first_of(pairs.same(itself), pairs.edits(itself, 1) <= 1, pairs.same(postcode_area), otherwise=3)


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


def _house_numbers(profile: Profile) -> Sequence[Hashable]:
    return [address.number for address in profile.addresses if address.number]


def _compare_house_numbers(pairs: Pairs) -> Levels:
    return first_of(pairs.same(itself), (pairs.edits(itself, 1) <= 1) & (pairs.longer(itself) >= 2), otherwise=2)


HOUSE_NUMBER = Comparator(
    name="house number",
    shared=True,
    levels=(
        Level("same", "same house number {left}", by_frequency=True),
        Level("near", "the house numbers differ in one character ({left}, {right})"),
        Level("differs", "the house numbers differ ({left}, {right})"),
    ),
    values=_house_numbers,
    compare=_compare_house_numbers,
)


def _has_words(text: str) -> bool:
    return " " in text


def _compare_lines(pairs: Pairs) -> Levels:
    likeness = 1 - pairs.edits(squeeze) / np.maximum(pairs.longer(squeeze), 1)
    # Words in another order. One word against another has no order.
    rest = np.flatnonzero((likeness < 0.8) & pairs.both(_has_words))
    likeness[rest] = np.maximum(likeness[rest], pairs.take(rest).reordered(itself, 0.65))
    return first_of(pairs.same(squeeze), likeness >= 0.8, likeness >= 0.65, otherwise=3)


def _line(name: str, one: str, many: str, values: Callable[[Profile], Sequence[Hashable]]) -> Comparator:
    """Return a comparator for lines of an address, blanks and the order of words aside."""
    return Comparator(
        name=name,
        shared=True,
        levels=(
            Level("same", f"same {one} {{left}}", by_frequency=True),
            Level("near", f"the {many} differ by a typo ({{left}}, {{right}})"),
            Level("alike", f"the {many} are alike ({{left}}, {{right}})"),
            Level("differs", f"the {many} differ ({{left}}, {{right}})"),
        ),
        values=values,
        compare=_compare_lines,
        term=squeeze,
        show=str.title,
    )


def _streets(profile: Profile) -> Sequence[Hashable]:
    return [address.street for address in profile.addresses if address.street]


STREET = _line("street", "street", "streets", _streets)
ADDRESS_LINE = _line("address line", "address line", "address lines", attrgetter("address_extras"))
TOWN = _line("town", "town", "towns", attrgetter("cities"))
COMPANY = _line("company", "company", "companies", attrgetter("companies"))


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
