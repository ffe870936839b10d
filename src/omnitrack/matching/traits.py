"""Traits of a person as they come, in columns or mappings of any naming, and their normal forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers.nonvalues import REASON as PLACEHOLDER
from omnitrack.identifiers.nonvalues import WORDS, is_nothing, is_written_for_nothing
from omnitrack.identifiers.scheme import Identifier, get_scheme
from omnitrack.matching.dates import parse_birth_date
from omnitrack.matching.headings import TRAITS, trait_of
from omnitrack.matching.names import Name, generation_of, is_nobody, name_of, parse_display_name, parse_name
from omnitrack.matching.places import Address, house_number, parse_address, parse_postcode, parse_street
from omnitrack.matching.profile import MAX_VALUES, Profile, identifier_profile, merge_profiles
from omnitrack.matching.text import fold_words, squeeze

__all__ = ["MAX_TRAIT_LENGTH", "TRAITS", "normalise_traits", "profile", "trait_of"]

MAX_TRAIT_LENGTH = 512  # characters of one value that are looked at

_LEGAL_FORMS = frozenset({
    "ltd", "limited", "plc", "llp", "llc", "inc", "incorporated", "corp", "corporation", "co", "company", "gmbh",
    "ag", "kg", "ohg", "ug", "se", "sa", "sas", "sarl", "srl", "spa", "bv", "nv", "ab", "as", "oy", "aps", "pty",
})  # fmt: skip


def normalise_traits(
    traits: Mapping[str, Any], *, region: str | None = None, columns: Mapping[str, str | None] | None = None
) -> Profile:
    """Return the traits of one person in their normal forms.

    Args:
        traits: what came: ``{"name": "Dr Jane Zaleski", "postcode": "rg141aa"}``. Keys are recognised by their usual
            names (``TRAITS`` and many others); those that say nothing are ignored. A value may be a list of values.
        region: ISO 3166 alpha-2 region for national phone numbers and for the order of day and month.
        columns: which trait a key holds, for keys that are not recognised, ``None`` to leave one out.

    >>> normalise_traits({"name": "Dr Jane ZALESKI", "postcode": "rg141aa", "dob": "3/2/1980"}).to_dict()
    {'names': [['jane', '', 'zaleski']], 'birth_dates': ['19800203'], 'postcodes': ['RG14 1AA']}
    """
    found: dict[str, list[Any]] = {}
    for key, value in traits.items():
        name = str(key)
        trait = columns[name] if columns is not None and name in columns else trait_of(name)
        if trait is None:
            continue
        for one in value if isinstance(value, (list, tuple, set, frozenset)) else (value,):
            if not is_nothing_written(one):
                found.setdefault(trait, []).append(one)
    return _profile(found, region)


def profile(
    traits: Iterable[Mapping[str, Any]] = (), identifiers: Iterable[Identifier] = (), *, region: str | None = None
) -> Profile:
    """Return what traits and identifiers together say of one person.

    Args:
        traits: mappings as ``normalise_traits`` takes them, those that count most (recent, sure) first.
        identifiers: of the same person; phones, mail addresses, handles, account numbers count.
        region: as in ``normalise_traits``.
    """
    return merge_profiles([identifier_profile(identifiers), *(normalise_traits(one, region=region) for one in traits)])


def is_nothing_written(value: object) -> bool:
    """Return whether a value of a record is none: None, not a number, or what is written for nothing."""
    if isinstance(value, str):
        return _says_nothing(value)
    return value is None or value != value  # NaN and NaT are not themselves


@lru_cache(maxsize=65536)
def _says_nothing(text: str) -> bool:
    if _LETTERS.fullmatch(text):
        # Nothing to take off: nearly every name.
        return text.translate(_NO_MARKS).lower() in WORDS
    return is_written_for_nothing(text)


_LETTERS = re.compile(r"[A-Za-z](?:[A-Za-z .,-]*[A-Za-z])?")
_NO_MARKS = str.maketrans("", "", " .,-")


def text_of(value: object) -> str:
    """Return a value of a record as text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a data frame turns a column of numbers with gaps into floats
    return str(value).strip()[:MAX_TRAIT_LENGTH]


def _profile(found: dict[str, list[Any]], region: str | None) -> Profile:
    fields: dict[str, dict[Any, None]] = {}

    def add(field: str, value: object) -> None:
        if value:
            fields.setdefault(field, {})[value] = None

    texts = {trait: [text_of(value) for value in values] for trait, values in found.items()}
    for one in _names(texts):
        if not is_nobody(one):
            add("names", one)
    for trait in ("suffix", "name", "family_name", "given_name"):
        for text in texts.get(trait, ()):
            add("generations", generation_of(text, alone=trait == "suffix"))
    for text in texts.get("display_name", ()):
        if name := parse_display_name(text):
            add("names", name)
        else:
            add("display_names", squeeze(fold_words(text)))
    for text in texts.get("user_name", ()):
        if not is_nothing(text.lstrip("@")):
            add("handles", text.lstrip("@").casefold())
    for text in texts.get("email", ()):
        add("emails", _contact("email", text, region, str.casefold))
    for text in texts.get("phone", ()):
        add("phones", _contact("phone", text, region, _dialled))
    for value in found.get("birth_date", ()):
        add("birth_dates", _birth_date(int(value) if isinstance(value, float) else value, region))
    for parts in zip(*(texts.get(trait, ()) for trait in ("birth_year", "birth_month", "birth_day"))):
        add("birth_dates", _birth_date("-".join(parts), region))
    for address in _addresses(texts):
        add("addresses", address)
    for trait, field, normal in _PLAIN:
        for text in texts.get(trait, ()):
            add(field, normal(text))
    return Profile(**{field: tuple(values)[:MAX_VALUES] for field, values in fields.items()})


def _names(texts: dict[str, list[str]]) -> Iterable[Name]:
    parts = [texts.get(trait, []) for trait in ("given_name", "middle_name", "family_name")]
    for given, middle, family in zip(*_padded(parts)):
        if name := name_of(given, middle, family):
            yield name
    whole = [(given, family) for given, _, family in zip(*_padded(parts)) if given and family]
    for text in texts.get("name", ()):
        # A full name beside its parts says nothing more; what else is in it is a title or a place.
        if whole and _holds(text, whole):
            continue
        if name := parse_name(text):
            yield name


def _padded(parts: list[list[str]]) -> list[list[str]]:
    longest = max(map(len, parts))
    return [part + [""] * (longest - len(part)) for part in parts]


def _holds(text: str, whole: list[tuple[str, str]]) -> bool:
    words = set(fold_words(text).split())
    return any(words.issuperset(f"{fold_words(given)} {fold_words(family)}".split()) for given, family in whole)


def _addresses(texts: dict[str, list[str]]) -> Iterable[Address]:
    numbers, lines = texts.get("house_number", []), texts.get("address", [])
    for row in range(max(len(numbers), len(lines))):
        line = lines[row] if row < len(lines) else ""
        if row < len(numbers):
            yield Address(house_number(numbers[row]), parse_street(line))
        else:
            address = parse_address(line)
            if any(address):
                yield address


def _contact(scheme: str, text: str, region: str | None, plain: Callable[[str], str]) -> str:
    """Return the normal form of an address or number, "" for one that stands for none; of what is malformed its plain form."""
    try:
        one = get_scheme(scheme).parse(text, region=region)
    except InvalidIdentifierError:
        # A typo makes many an address malformed; it can still be compared.
        return "" if is_nothing(text) else plain(text)
    return "" if one.reason == PLACEHOLDER else one.value.partition(";")[0]


_parse_birth_date = lru_cache(maxsize=65536)(parse_birth_date)
#: Days that programs and people write where none is known: the first of Unix, of Excel and of calendars, and the last.
_NO_DAYS = frozenset({"19700101", "19000101", "18991230", "18991231", "19010101", "00010101", "99991231", "11111111"})


def _birth_date(value: object, region: str | None) -> str:
    found = _parse_birth_date(value, region) if isinstance(value, str) else parse_birth_date(value, region)
    return "" if found in _NO_DAYS or not found.strip("0") else found


def _dialled(text: str) -> str:
    return "".join(ch for ch in text if ch.isdigit() or ch == "+")


def _id_number(text: str) -> str:
    return "" if is_nothing(text) else squeeze(fold_words(text))


_WOMEN = frozenset(
    [
        "f",
        "w",
        "female",
        "woman",
        "weiblich",
        "femme",
        "feminin",
        "mujer",
        "femenino",
        "donna",
        "femmina",
        "femminile",
        "v",
        "vrouw",
        "vrouwelijk",
        "mulher",
        "feminino",
        "girl",
    ]
)
_MEN = frozenset(
    [
        "m",
        "h",
        "male",
        "man",
        "mannlich",
        "homme",
        "masculin",
        "hombre",
        "masculino",
        "uomo",
        "maschio",
        "maschile",
        "mannelijk",
        "homem",
        "boy",
    ]
)


def _gender(text: str) -> str:
    word = fold_words(text)
    return "f" if word in _WOMEN else "m" if word in _MEN else ""


@lru_cache(maxsize=65536)
def _company(text: str) -> str:
    words = fold_words(text).split()
    kept = [word for word in words if word not in _LEGAL_FORMS]
    return " ".join(kept or words)


def _language(text: str) -> str:
    return re.split(r"[-_]", text.casefold())[0][:3]


_PLAIN: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("postcode", "postcodes", parse_postcode),
    ("address_extra", "address_extras", parse_street),
    ("city", "cities", fold_words),
    ("state", "states", fold_words),
    ("company", "companies", _company),
    ("id_number", "id_numbers", _id_number),
    ("language", "languages", _language),
    ("birth_place", "birth_places", fold_words),
    ("occupation", "occupations", fold_words),
    ("gender", "genders", _gender),
)
