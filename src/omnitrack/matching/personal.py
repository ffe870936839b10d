"""Comparisons of what belongs to one person alone: names, date of birth, official numbers."""

from __future__ import annotations

from operator import attrgetter, itemgetter

import numpy as np
from rapidfuzz.distance import JaroWinkler

from omnitrack.matching.comparators import (
    NOT_COMPARABLE,
    Comparator,
    Level,
    Levels,
    Lookup,
    alike_words,
    compare_equal,
    compare_known,
    near_words,
    staged,
)
from omnitrack.matching.dates import show_birth_date
from omnitrack.matching.names import PARTICLES, Name, are_nicknames, has_nicknames, is_given_name
from omnitrack.matching.scripts import is_latin, romanise
from omnitrack.matching.text import sound, squeeze
from omnitrack.matching.values import Bools, Feature, Pairs, itself

_SWAP_LIKENESS = 0.9

# Features computed in C.
_names = attrgetter("names")
_given, _has_middle = attrgetter("given"), attrgetter("middle")


def _given_sound(name: Name) -> str:
    return sound(name.given)


def _given_initial(name: Name) -> str:
    return name.given[:1]


def _is_initial(name: Name) -> bool:
    return len(name.given) == 1


def _knows_nicknames(name: Name) -> bool:
    return has_nicknames(name.given)


def _is_middle(left: Name, right: Name) -> bool:
    return left.given in right.middle.split() or right.given in left.middle.split()


def _family(name: Name) -> str:
    return squeeze(name.family)


def _family_initial(name: Name) -> str:
    return name.family[:1]


def _is_family_initial(name: Name) -> bool:
    return len(name.family) == 1


def _family_sound(name: Name) -> str:
    return sound(name.family)


def _is_double(name: Name) -> bool:
    return " " in name.family


def _shares_word(left: Name, right: Name) -> bool:
    """Return whether two names share a word of a family name, which may also be among the other's middle names."""
    words = [set(name.family.split()) for name in (left, right)]
    wider = [found | set(name.middle.split()) for found, name in zip(words, (left, right))]
    return any(len(word) > 3 for word in (words[0] & wider[1]) | (wider[0] & words[1]))


def _has_middle_or_double(name: Name) -> bool:
    return bool(name.middle) or _is_double(name)


def _has_particle(name: Name) -> bool:
    return len(_bare_family(name)) < len(_family(name))


def _bare_family(name: Name) -> str:
    """Return the family name without its particles: van der, de la, al."""
    words = name.family.split()
    return "".join(word for word in words if word not in PARTICLES) or _family(name)


def _is_latin(name: Name) -> bool:
    return is_latin(name.given) and is_latin(name.family)


def _roman_given(name: Name) -> str:
    return romanise(squeeze(name.given))


def _roman_family(name: Name) -> str:
    return romanise(_family(name))


def _in_two_scripts(pairs: Pairs) -> Bools:
    if pairs.values.flags(_is_latin).all():
        return pairs.none()
    return pairs.either(_is_latin) & ~pairs.both(_is_latin)


def _one_word(name: Name) -> str:
    """Return a name of one word in Latin letters; "" if it has several."""
    word = romanise(name.given or name.family)
    return word if bool(name.given) != bool(name.family) and not name.middle and " " not in word else ""


def _forth(name: Name) -> str:
    return romanise(squeeze(name.given + name.family)) if _is_whole(name) else "-"


def _back(name: Name) -> str:
    return romanise(squeeze(name.family + name.given)) if _is_whole(name) else "-"


def _run_together(pairs: Pairs) -> Bools:
    """Return where one name is a single word made of the other's two, in either order."""
    if not pairs.values.flags(_one_word).any() or not pairs.values.flags(_is_whole).any():
        return pairs.none()
    found = pairs.none()
    # Few names are of one word.
    rows = np.flatnonzero(pairs.either(_one_word))
    few = pairs.take(rows)
    for whole in (_forth, _back):
        found[rows] |= few.same(_one_word, whole) | few.same(whole, _one_word)
    return found


def _together(level: str, left: Name, right: Name) -> tuple[str, str]:
    whole = left if _is_whole(left) else right
    return whole.given, _family(whole)


def _is_known(name: Name) -> bool:
    return is_given_name(name.given)


def _is_whole(name: Name) -> bool:
    return bool(name.given and name.family)


def _swapped(pairs: Pairs, *, family: bool) -> Bools:
    """Return where the given name of one is the family name of the other.

    If both names are whole, the left given name counts for the comparison of given names and the left family name for that of
    family names. So the two stay independent, and "James Dixon" and "Isaac James" are one coincidence, not two.
    """
    parts = (_family, _given) if family else (_given, _family)
    found = _stands_as(pairs, *parts)
    rest = np.flatnonzero(~(pairs.both(_is_whole) | found))
    found[rest] = _stands_as(pairs.take(rest), *reversed(parts))
    return found


def _stands_as(pairs: Pairs, part: Feature, other: Feature) -> Bools:
    return (pairs.likeness(part, other, _SWAP_LIKENESS) > 0) & (pairs.shorter(part, other) >= 3)


def _swap_share(word: str, lookup: Lookup) -> float:
    """Return the probability that a word is on both sides by chance: one side has it in its right place, which may be either."""
    return 2.0 / (1.0 / lookup("given name", word) + 1.0 / lookup("family name", word))


def _given_swap(level: str, left: Name, right: Name) -> str:
    left, right = sorted((left, right))
    forth = JaroWinkler.similarity(left.given, _family(right)) >= _SWAP_LIKENESS
    return left.given if forth else right.given


def _given_joint(level: str, left: Name, right: Name) -> str | tuple[str, str]:
    return _together(level, left, right) if level == "together" else _given_swap(level, left, right)


def _given_share(found: str | tuple[str, str], lookup: Lookup) -> float:
    if isinstance(found, str):
        return _swap_share(found, lookup)
    return lookup("given name", found[0]) * lookup("family name", found[1])


def _family_swap(level: str, left: Name, right: Name) -> str:
    left, right = sorted((left, right))
    back = JaroWinkler.similarity(_family(left), right.given) >= _SWAP_LIKENESS
    return _family(left) if back else _family(right)


def _same_given(pairs: Pairs) -> Bools:
    return pairs.same(_given) & ~pairs.either(_is_initial)


def _are_short_forms(pairs: Pairs) -> Bools:
    return pairs.where(pairs.both(_knows_nicknames), are_nicknames, _given)


def _compare_given(pairs: Pairs) -> Levels:
    together, two = _run_together(pairs), _in_two_scripts(pairs)
    levels = compare_known(pairs, pairs.both(_given) & ~two, _compare_given_letters)
    # Another script is not a contradiction: there are many ways to write a name in Latin letters.
    rows = np.flatnonzero(two & pairs.both(_given))
    levels[rows] = _compare_scripts(pairs.take(rows), _roman_given, _given_sound, _GIVEN_SCRIPT)
    levels[together] = _TOGETHER
    return levels


def _compare_given_letters(pairs: Pairs) -> Levels:
    return staged(
        pairs,
        _same_given,
        lambda rest: rest.none(),
        _are_short_forms,
        # Two known names are not one name with a typo: Tom and Tim.
        lambda rest: near_words(rest, _given) & ~rest.both(_is_known),
        lambda rest: rest.none(),
        lambda rest: rest.where(rest.either(_has_middle), _is_middle),
        lambda rest: _swapped(rest, family=False),
        lambda rest: rest.same(_given_initial) & rest.either(_is_initial),
        lambda rest: alike_words(rest, _given, _given_sound) & ~rest.both(_is_known),
        lambda rest: near_words(rest, _given) & rest.both(_is_known),
        lambda rest: ~rest.both(_is_known),
        otherwise=11,
    )


#: Places of the levels of given names that are found before the others, and of one of family names.
_TOGETHER, _GIVEN_SCRIPT, _FAMILY_SCRIPT = 1, 4, 2


def _compare_scripts(pairs: Pairs, roman: Feature, heard: Feature, level: int) -> Levels:
    alike = pairs.same(heard) | alike_words(pairs, roman, heard)
    return np.where(alike, np.int8(level), np.int8(NOT_COMPARABLE))


GIVEN_NAME = Comparator(
    name="given name",
    levels=(
        Level("same", "same given name {left}", by_frequency=True),
        Level("together", "one name is the other run together ({left}, {right})", by_frequency=True, joint=True),
        Level("nickname", "{left} and {right} are forms of one given name"),
        Level("near", "the given names differ by a typo ({left}, {right})"),
        Level("script", "the given names are one in two scripts ({left}, {right})"),
        Level("middle", "the given name of one is a second name of the other ({left}, {right})"),
        Level(
            "swapped",
            "the given name of one stands as the family name of the other ({left}, {right})",
            by_frequency=True,
            joint=True,
        ),
        Level("initial", "the initial fits the given name ({left}, {right})"),
        Level("alike", "the given names are alike ({left}, {right})"),
        Level("near names", "{left} and {right} are alike, and two names"),
        Level("differs", "the given names differ ({left}, {right})"),
        Level("two names", "{left} and {right} are two names"),
    ),
    values=_names,
    ordered=True,
    compare=_compare_given,
    term=_given,
    joint=_given_joint,
    share=_given_share,
    show=lambda name: (name.given or name.family).title(),
)


def _compare_family(pairs: Pairs) -> Levels:
    two = _in_two_scripts(pairs)
    levels = compare_known(pairs, pairs.both(_family) & ~two & ~_run_together(pairs), _compare_family_letters)
    rows = np.flatnonzero(two & pairs.both(_family))
    levels[rows] = _compare_scripts(pairs.take(rows), _roman_family, _family_sound, _FAMILY_SCRIPT)
    return levels


def _compare_family_letters(pairs: Pairs) -> Levels:
    return staged(
        pairs,
        lambda all_: all_.same(_family) & ~all_.either(_is_family_initial),
        lambda rest: near_words(rest, _family) | (rest.same(_bare_family) & rest.either(_has_particle)),
        lambda rest: rest.none(),
        lambda rest: rest.where(rest.either(_has_middle_or_double), _shares_word),
        lambda rest: _swapped(rest, family=True),
        lambda rest: rest.same(_family_initial) & rest.either(_is_family_initial),
        lambda rest: alike_words(rest, _family, _family_sound),
        otherwise=7,
    )


FAMILY_NAME = Comparator(
    name="family name",
    shared=True,
    levels=(
        Level("same", "same family name {left}", by_frequency=True),
        Level("near", "the family names differ by a typo ({left}, {right})"),
        Level("script", "the family names are one in two scripts ({left}, {right})"),
        Level("part", "one family name is part of the other ({left}, {right})"),
        Level(
            "swapped",
            "the family name of one stands as the given name of the other ({left}, {right})",
            by_frequency=True,
            joint=True,
        ),
        Level("initial", "the initial fits the family name ({left}, {right})"),
        Level("alike", "the family names are alike ({left}, {right})"),
        Level("differs", "the family names differ ({left}, {right})"),
    ),
    values=_names,
    ordered=True,
    compare=_compare_family,
    term=_family,
    joint=_family_swap,
    share=_swap_share,
    show=lambda name: name.family.title(),
)


_year, _month, _day = itemgetter(slice(0, 4)), itemgetter(slice(4, 6)), itemgetter(slice(6, 8))


def _month_day_swapped(digits: str) -> str:
    return digits[:4] + digits[6:] + digits[4:6]


def _same_parts(pairs: Pairs) -> Bools:
    year, month, day = pairs.same(_year), pairs.same(_month), pairs.same(_day)
    return (year & month) | (year & day) | (month & day)


def _compare_birth_dates(pairs: Pairs) -> Levels:
    return staged(
        pairs,
        lambda all_: all_.same(itself),
        lambda rest: rest.same(itself, _month_day_swapped),
        lambda rest: rest.edits(itself, 2) <= 1,
        _same_parts,
        lambda rest: rest.same(_year),
        lambda rest: rest.edits(itself, 2) <= 2,
        otherwise=6,
    )


BIRTH_DATE = Comparator(
    name="birth date",
    levels=(
        Level("same", "born on {left}", by_frequency=True),
        Level("swapped", "the birth dates are one with day and month swapped ({left}, {right})"),
        Level("near", "the birth dates differ in one digit ({left}, {right})"),
        Level("two parts", "the birth dates agree in two of day, month and year ({left}, {right})"),
        Level("same year", "born in the same year ({left}, {right})"),
        Level("alike", "the birth dates have most digits in common ({left}, {right})"),
        Level("differs", "the birth dates differ ({left}, {right})"),
    ),
    values=attrgetter("birth_dates"),
    compare=_compare_birth_dates,
    show=show_birth_date,
)


def _compare_id_numbers(pairs: Pairs) -> Levels:
    return staged(
        pairs,
        lambda all_: all_.same(itself),
        lambda rest: (rest.edits(itself, 2) <= 1) & (rest.shorter(itself) >= 5),
        lambda rest: (rest.edits(itself, 2) <= 2) & (rest.shorter(itself) >= 6),
        otherwise=3,
    )


ID_NUMBER = Comparator(
    name="id number",
    levels=(
        Level("same", "same number {left}", by_frequency=True),
        Level("one digit", "the numbers differ in one character ({left}, {right})"),
        Level("two digits", "the numbers differ in two characters ({left}, {right})"),
        Level("differs", "the numbers differ ({left}, {right})"),
    ),
    values=attrgetter("id_numbers"),
    compare=_compare_id_numbers,
)


GENERATION = Comparator(
    name="generation",
    levels=(
        Level("same", "both are the same in a row of people of one name"),
        Level("differs", "one is senior to the other"),
    ),
    values=attrgetter("generations"),
    compare=compare_equal,
    show=lambda place: {"1": "senior", "2": "junior"}.get(place, place),
)


GENDER = Comparator(
    name="gender",
    levels=(Level("same", "same gender"), Level("differs", "the genders differ")),
    values=attrgetter("genders"),
    compare=compare_equal,
)


OCCUPATION = Comparator(
    name="occupation",
    levels=(
        Level("same", "same occupation {left}", by_frequency=True),
        Level("alike", "the occupations are alike ({left}, {right})"),
        Level("differs", "the occupations differ ({left}, {right})"),
    ),
    values=attrgetter("occupations"),
    compare=lambda pairs: staged(
        pairs,
        lambda all_: all_.same(itself),
        lambda rest: rest.likeness(itself, least=0.9) >= 0.9,
        otherwise=2,
    ),
)
