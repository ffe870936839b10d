"""Comparators: for each kind of value, the levels from "the same" to "differs", found for many pairs at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.fuzz import token_sort_ratio
from rapidfuzz.process import cpdist

from omnitrack.matching.names import Name, are_nicknames
from omnitrack.matching.places import postcode_area
from omnitrack.matching.profile import Profile
from omnitrack.matching.text import letters, sound, squeeze

Levels = npt.NDArray[np.int8]
#: The level of a pair of values that cannot be compared, as if one of them were not known.
NOT_COMPARABLE = -1


@attrs.frozen(slots=True)
class Level:
    """One outcome of a comparison.

    Attributes:
        name: short and stable; weights are saved under it.
        sentence: for people to read; may hold ``{left}`` and ``{right}``.
        by_frequency: the weight depends on how frequent the value is (Smith says less than Zaleski).
    """

    name: str
    sentence: str
    by_frequency: bool = False


class Comparator(ABC):
    """Compares one field of two profiles.

    Attributes:
        name: of the comparison, also in saved weights.
        levels: the outcomes, best first; where a person has several values the best pair of them counts.
        shared: people of one household or company have it in common, so that it cannot by itself make them one.
    """

    name: ClassVar[str]
    levels: ClassVar[tuple[Level, ...]]
    shared: ClassVar[bool] = False
    #: Whether ``compare(a, b)`` is always ``compare(b, a)``, so that a pair and its mirror image are compared once.
    symmetric: ClassVar[bool] = True

    @abstractmethod
    def values(self, profile: Profile) -> Sequence[Hashable]:
        """Return the values of a profile that this compares."""

    @abstractmethod
    def compare(self, left: Sequence[Any], right: Sequence[Any]) -> Levels:
        """Return the level of each pair, ``left[i]`` with ``right[i]``, as an index into ``levels``."""

    def term(self, value: Any) -> str:
        """Return what is counted for the frequency of a value."""
        return str(value)

    def show(self, value: Any) -> str:
        """Return a value as people write it."""
        return str(value)

    def comparable(self, profile: Profile) -> bool:
        """Return whether this can be compared with a profile of which the same is False."""
        return True


def _first(*conditions: npt.NDArray[np.bool_], otherwise: int) -> Levels:
    """Return for each pair the index of the first condition that holds."""
    return np.select(list(conditions), list(range(len(conditions))), default=otherwise).astype(np.int8)


def _equal(left: Sequence[Any], right: Sequence[Any]) -> npt.NDArray[np.bool_]:
    return np.fromiter((a == b for a, b in zip(left, right, strict=True)), dtype=np.bool_, count=len(left))


def _each(function: Callable[[Any, Any], bool], left: Sequence[Any], right: Sequence[Any]) -> npt.NDArray[np.bool_]:
    return np.fromiter((function(a, b) for a, b in zip(left, right, strict=True)), dtype=np.bool_, count=len(left))


def _edits(left: Sequence[str], right: Sequence[str]) -> npt.NDArray[Any]:
    """Return how many letters were added, dropped, changed or swapped with their neighbour."""
    return cpdist(left, right, scorer=OSA.distance, dtype=np.int32)


def _likeness(left: Sequence[str], right: Sequence[str]) -> npt.NDArray[Any]:
    return cpdist(left, right, scorer=JaroWinkler.similarity, dtype=np.float32)


def _longer(left: Sequence[str], right: Sequence[str]) -> npt.NDArray[Any]:
    return np.fromiter((max(len(a), len(b)) for a, b in zip(left, right, strict=True)), dtype=np.int32, count=len(left))


def _shorter(left: Sequence[str], right: Sequence[str]) -> npt.NDArray[Any]:
    return np.fromiter((min(len(a), len(b)) for a, b in zip(left, right, strict=True)), dtype=np.int32, count=len(left))


def _near_words(left: Sequence[str], right: Sequence[str]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return where two names differ by a typo, and where they are merely alike in spelling or in sound."""
    edits, likeness, size = _edits(left, right), _likeness(left, right), _shorter(left, right)
    near = ((edits <= 1) & (size >= 3)) | ((likeness >= 0.92) & (size >= 4))
    heard = _each(lambda a, b: sound(a) == sound(b), left, right)
    return near, (likeness >= 0.82) | ((edits <= 2) & (size >= 5)) | (heard & (size >= 3))


class FamilyName(Comparator):
    """Family names; knows double names and a family name that stands where the given name should."""

    name = "family name"
    shared = True
    symmetric = False
    levels = (
        Level("same", "same family name {left}", by_frequency=True),
        Level("near", "the family names differ by a typo ({left}, {right})"),
        Level("part", "one family name is part of the other ({left}, {right})"),
        Level("swapped", "the family name of one stands as the given name of the other ({left}, {right})"),
        Level("alike", "the family names are alike ({left}, {right})"),
        Level("differs", "the family names differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return [name for name in profile.names if name.family]

    def term(self, value: Name) -> str:
        return value.family

    def show(self, value: Name) -> str:
        return value.family.title()

    def compare(self, left: Sequence[Name], right: Sequence[Name]) -> Levels:
        a, b = [name.family for name in left], [name.family for name in right]
        a_bare, b_bare = [squeeze(x) for x in a], [squeeze(x) for x in b]
        near, alike = _near_words(a_bare, b_bare)
        return _first(
            _equal(a_bare, b_bare),
            near,
            _each(_shares_word, a, b),
            _swapped(left, right, family=True),
            alike,
            otherwise=5,
        )


class GivenName(Comparator):
    """Given names; knows nicknames, initials, second names, and a given name that stands as the family name."""

    name = "given name"
    symmetric = False
    levels = (
        Level("same", "same given name {left}", by_frequency=True),
        Level("nickname", "{left} and {right} are forms of one given name"),
        Level("near", "the given names differ by a typo ({left}, {right})"),
        Level("middle", "the given name of one is a second name of the other ({left}, {right})"),
        Level("swapped", "the given name of one stands as the family name of the other ({left}, {right})"),
        Level("initial", "the initial fits the given name ({left}, {right})"),
        Level("alike", "the given names are alike ({left}, {right})"),
        Level("differs", "the given names differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return [name for name in profile.names if name.given]

    def term(self, value: Name) -> str:
        return value.given

    def show(self, value: Name) -> str:
        return value.given.title()

    def compare(self, left: Sequence[Name], right: Sequence[Name]) -> Levels:
        a, b = [name.given for name in left], [name.given for name in right]
        near, alike = _near_words(a, b)
        initial = _each(lambda x, y: x[:1] == y[:1] and (len(x) == 1 or len(y) == 1), a, b)
        return _first(
            _equal(a, b) & ~initial,
            _each(are_nicknames, a, b),
            near,
            _each(lambda x, y: x.given in y.middle.split() or y.given in x.middle.split(), left, right),
            _swapped(left, right, family=False),
            initial,
            alike,
            otherwise=7,
        )


def _swapped(left: Sequence[Name], right: Sequence[Name], *, family: bool) -> npt.NDArray[np.bool_]:
    """Return where a part of one name stands as the other part of the other.

    Where both names are whole, the left given name counts for the comparison of given names and the left family name for
    that of family names: the two stay independent, and "James Dixon" beside "Isaac James" is one coincidence and not two.
    """
    given_a, given_b = [name.given for name in left], [name.given for name in right]
    family_a, family_b = [squeeze(name.family) for name in left], [squeeze(name.family) for name in right]
    forth, back = _same_word(given_a, family_b), _same_word(family_a, given_b)
    whole = _each(lambda a, b: all((a.given, a.family, b.given, b.family)), left, right)
    return np.where(whole, back if family else forth, forth | back)


def _same_word(words: Sequence[str], others: Sequence[str]) -> npt.NDArray[np.bool_]:
    return (_likeness(words, others) >= 0.9) & (_shorter(words, others) >= 3)


def _shares_word(left: str, right: str) -> bool:
    if " " not in left and " " not in right:
        return False
    return any(len(word) > 3 for word in set(left.split()) & set(right.split()))


class BirthDate(Comparator):
    """Dates of birth; knows day and month swapped, and a mistyped digit."""

    name = "birth date"
    levels = (
        Level("same", "born on {left}", by_frequency=True),
        Level("swapped", "the birth dates are one with day and month swapped ({left}, {right})"),
        Level("near", "the birth dates differ in one digit ({left}, {right})"),
        Level("two parts", "the birth dates agree in two of day, month and year ({left}, {right})"),
        Level("same year", "born in the same year ({left}, {right})"),
        Level("alike", "the birth dates have digits in common ({left}, {right})"),
        Level("differs", "the birth dates differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return profile.birth_dates

    def show(self, value: str) -> str:
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"

    def compare(self, left: Sequence[str], right: Sequence[str]) -> Levels:
        year = _each(lambda a, b: a[:4] == b[:4], left, right)
        month = _each(lambda a, b: a[4:6] == b[4:6], left, right)
        day = _each(lambda a, b: a[6:] == b[6:], left, right)
        edits = _edits(left, right)
        return _first(
            year & month & day,
            _each(lambda a, b: a[:4] == b[:4] and a[4:6] == b[6:] and a[6:] == b[4:6], left, right),
            edits <= 1,
            (year.astype(np.int8) + month + day) >= 2,
            year,
            edits <= 2,
            otherwise=6,
        )


class Email(Comparator):
    """Mail addresses; knows typos in either part, and one local part at two providers."""

    name = "mail address"
    levels = (
        Level("same", "same mail address {left}", by_frequency=True),
        Level("one letter", "the mail address differs in one letter ({left}, {right})"),
        Level("same local part", "the mail addresses have the same part before the @ ({left}, {right})"),
        Level("near", "the mail addresses differ by a few letters ({left}, {right})"),
        Level("near local part", "the mail addresses are alike before the @ ({left}, {right})"),
        Level("differs", "the mail addresses differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return profile.emails

    def compare(self, left: Sequence[str], right: Sequence[str]) -> Levels:
        a, b = [x.partition("@")[0] for x in left], [x.partition("@")[0] for x in right]
        edits, size = _edits(left, right), _shorter(a, b)
        return _first(
            edits == 0,
            edits <= 1,
            _equal(a, b) & (size >= 3),
            (edits <= 3) & (_edits(a, b) * 3 <= size),
            (_likeness(a, b) >= 0.9) & (size >= 4),
            otherwise=5,
        )


class Phone(Comparator):
    """Phone numbers, by their last nine digits, so that a number without its country meets the one with it."""

    name = "phone number"
    shared = True
    levels = (
        Level("same", "same phone number {left}", by_frequency=True),
        Level("one digit", "the phone numbers differ in one digit ({left}, {right})"),
        Level("differs", "the phone numbers differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return profile.phones

    def term(self, value: str) -> str:
        return _subscriber(value)

    def compare(self, left: Sequence[str], right: Sequence[str]) -> Levels:
        a, b = [_subscriber(x) for x in left], [_subscriber(x) for x in right]
        # A digit that was dropped moves another one into the last nine: the whole number is compared as well.
        edits = np.minimum(_edits(a, b), _edits(left, right))
        return _first(_equal(a, b), (edits <= 1) & (_shorter(a, b) >= 6), otherwise=2)


def _subscriber(number: str) -> str:
    return number.lstrip("+0")[-9:]


class IdNumber(Comparator):
    """Numbers by which an office or the company knows the person."""

    name = "id number"
    levels = (
        Level("same", "same number {left}", by_frequency=True),
        Level("one digit", "the numbers differ in one character ({left}, {right})"),
        Level("two digits", "the numbers differ in two characters ({left}, {right})"),
        Level("differs", "the numbers differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return profile.id_numbers

    def compare(self, left: Sequence[str], right: Sequence[str]) -> Levels:
        edits, size = _edits(left, right), _shorter(left, right)
        return _first(edits == 0, (edits <= 1) & (size >= 5), (edits <= 2) & (size >= 6), otherwise=3)


class Postcode(Comparator):
    """Postcodes; knows a typo, and neighbours."""

    name = "postcode"
    shared = True
    levels = (
        Level("same", "same postcode {left}", by_frequency=True),
        Level("near", "the postcodes differ in one character ({left}, {right})"),
        Level("area", "neighbouring postcodes ({left}, {right})"),
        Level("differs", "the postcodes differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return profile.postcodes

    def compare(self, left: Sequence[str], right: Sequence[str]) -> Levels:
        area = _each(lambda a, b: postcode_area(a) == postcode_area(b), left, right)
        return _first(_equal(left, right), _edits(left, right) <= 1, area, otherwise=3)


class HouseNumber(Comparator):
    """House numbers."""

    name = "house number"
    shared = True
    levels = (
        Level("same", "same house number {left}", by_frequency=True),
        Level("near", "the house numbers differ in one character ({left}, {right})"),
        Level("differs", "the house numbers differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return [address.number for address in profile.addresses if address.number]

    def compare(self, left: Sequence[str], right: Sequence[str]) -> Levels:
        return _first(_equal(left, right), (_edits(left, right) <= 1) & (_longer(left, right) >= 2), otherwise=2)


class _Line(Comparator):
    """Lines of an address, blanks and the order of words aside."""

    shared = True

    def term(self, value: str) -> str:
        return squeeze(value)

    def show(self, value: str) -> str:
        return value.title()

    def compare(self, left: Sequence[str], right: Sequence[str]) -> Levels:
        a, b = [squeeze(x) for x in left], [squeeze(x) for x in right]
        likeness = 1 - _edits(a, b) / np.maximum(_longer(a, b), 1)
        # Two lines of many words share "street" or "house" too easily: only words in another order count here.
        order = cpdist(left, right, scorer=token_sort_ratio, dtype=np.float32) / 100
        likeness = np.maximum(likeness, order)
        return _first(_equal(a, b), likeness >= 0.8, likeness >= 0.65, otherwise=3)


class Street(_Line):
    """Streets."""

    name = "street"
    levels = (
        Level("same", "same street {left}", by_frequency=True),
        Level("near", "the streets differ by a typo ({left}, {right})"),
        Level("alike", "the streets are alike ({left}, {right})"),
        Level("differs", "the streets differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return [address.street for address in profile.addresses if address.street]


class AddressExtra(_Line):
    """Further lines of an address: flat, building, locality."""

    name = "address line"
    levels = (
        Level("same", "same address line {left}", by_frequency=True),
        Level("near", "the address lines differ by a typo ({left}, {right})"),
        Level("alike", "the address lines are alike ({left}, {right})"),
        Level("differs", "the address lines differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return profile.address_extras


class City(_Line):
    """Towns and suburbs."""

    name = "town"
    levels = (
        Level("same", "same town {left}", by_frequency=True),
        Level("near", "the towns differ by a typo ({left}, {right})"),
        Level("alike", "the towns are alike ({left}, {right})"),
        Level("differs", "the towns differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return profile.cities


class State(Comparator):
    """States, counties, regions."""

    name = "state"
    shared = True
    levels = (
        Level("same", "same state {left}", by_frequency=True),
        Level("differs", "the states differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return profile.states

    def show(self, value: str) -> str:
        return value.upper() if len(value) <= 3 else value.title()

    def compare(self, left: Sequence[str], right: Sequence[str]) -> Levels:
        return _first(_equal(left, right), otherwise=1)


class Company(_Line):
    """Companies, without their legal form."""

    name = "company"
    levels = (
        Level("same", "same company {left}", by_frequency=True),
        Level("near", "the companies differ by a typo ({left}, {right})"),
        Level("alike", "the companies are alike ({left}, {right})"),
        Level("differs", "the companies differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return profile.companies


class Language(Comparator):
    """Languages."""

    name = "language"
    shared = True
    levels = (
        Level("same", "same language {left}", by_frequency=True),
        Level("differs", "the languages differ ({left}, {right})"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return profile.languages

    def compare(self, left: Sequence[str], right: Sequence[str]) -> Levels:
        return _first(_equal(left, right), otherwise=1)


@attrs.frozen(slots=True)
class Alias:
    """A form in which a person may be spelled in one word, and where it comes from.

    Attributes:
        kind: ``"handle"``, ``"mail"`` (the part before the @), ``"name"``, ``"initials"`` (initial and family name).
        letters: its letters alone.
        text: the handle or local part itself, the name for the others.
        named: a name of the person is known.
    """

    kind: str
    letters: str
    text: str
    named: bool


class Handle(Comparator):
    """User names with each other, and with names and mail local parts of people who are not known by name."""

    name = "user name"
    levels = (
        Level("same", "same user name {left}", by_frequency=True),
        Level("spelled", "{left} reads like {right}"),
        Level("initials", "{left} reads like {right}, abbreviated"),
        Level("near", "{left} is much like {right}"),
        Level("differs", "{left} does not read like {right}"),
    )

    def values(self, profile: Profile) -> Sequence[Hashable]:
        return aliases(profile)

    def comparable(self, profile: Profile) -> bool:
        return bool(profile.handles or profile.display_names or (profile.emails and not profile.names))

    def term(self, value: Alias) -> str:
        return value.letters

    def show(self, value: Alias) -> str:
        return f"@{value.text}" if value.kind == "handle" else value.text

    def compare(self, left: Sequence[Alias], right: Sequence[Alias]) -> Levels:
        a, b = [x.letters for x in left], [x.letters for x in right]
        same_word, size = _equal(a, b), _shorter(a, b)
        initials = _each(lambda x, y: "initials" in (x.kind, y.kind), left, right)
        levels = _first(
            _each(lambda x, y: x.text == y.text and x.kind in _TYPED and y.kind in _TYPED, left, right),
            same_word & ~initials,
            same_word & initials,
            (cpdist(a, b, scorer=OSA.normalized_similarity, dtype=np.float32) >= 0.85) & (size >= 6),
            otherwise=4,
        )
        levels[~_each(_tells, left, right)] = NOT_COMPARABLE
        return levels


_TYPED = ("handle", "mail")


def _tells(left: Alias, right: Alias) -> bool:
    """Return whether the pair says anything that the comparison of names or of mail addresses does not say already."""
    kinds = {left.kind, right.kind}
    if kinds == {"handle"}:
        return True
    if left.named and right.named:
        return False
    if "handle" in kinds:
        return True
    return kinds in ({"mail", "name"}, {"mail", "initials"})


def aliases(profile: Profile) -> list[Alias]:
    """Return the one-word forms by which somebody may be recognised: user names, mail local parts, names run together."""
    named = bool(profile.names)
    found = [Alias("handle", letters(text), text, named) for text in (*profile.handles, *profile.display_names)]
    for address in profile.emails:
        local = address.partition("@")[0]
        found.append(Alias("mail", letters(local), local, named))
    for name in profile.names:
        given, family = squeeze(name.given), squeeze(name.family)
        if given and family:
            shown = str(name)
            found.append(Alias("name", given + family, shown, named))
            found.append(Alias("name", family + given, shown, named))
            if len(family) >= 4:
                found.append(Alias("initials", given[0] + family, shown, named))
                found.append(Alias("initials", family + given[0], shown, named))
    return [alias for alias in found if len(alias.letters) >= 4]


#: All comparators, in the order in which their comparisons are shown.
COMPARATORS: tuple[Comparator, ...] = (
    GivenName(),
    FamilyName(),
    BirthDate(),
    Email(),
    Phone(),
    IdNumber(),
    Handle(),
    Postcode(),
    HouseNumber(),
    Street(),
    AddressExtra(),
    City(),
    State(),
    Company(),
    Language(),
)
