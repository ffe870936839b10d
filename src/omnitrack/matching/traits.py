"""Traits of a person, from columns or mappings with any naming, and their normal forms."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
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

MAX_TRAIT_LENGTH = 512  # characters of one value that are read

_LEGAL_FORMS = frozenset({
    "ltd", "limited", "plc", "llp", "llc", "inc", "incorporated", "corp", "corporation", "co", "company", "gmbh",
    "ag", "kg", "ohg", "ug", "se", "sa", "sas", "sarl", "srl", "spa", "bv", "nv", "ab", "as", "oy", "aps", "pty",
})  # fmt: skip


def normalise_traits(
    traits: Mapping[str, Any], *, region: str | None = None, columns: Mapping[str, str | None] | None = None
) -> Profile:
    """Return the traits of one person in their normal forms.

    Args:
        traits: the traits, such as ``{"name": "Dr Jane Zaleski", "postcode": "rg141aa"}``. Keys are recognised by their usual
            names (``TRAITS`` and many others); other keys are ignored. A value may be a list of values.
        region: ISO 3166 alpha-2 region for national phone numbers and for the order of day and month.
        columns: the trait that a key holds, for keys that are not recognised; None to leave one out.

    >>> normalise_traits({"name": "Dr Jane ZALESKI", "postcode": "rg141aa", "dob": "3/2/1980"}).to_dict()
    {'names': [['jane', '', 'zaleski']], 'birth_dates': ['19800203'], 'postcodes': ['RG14 1AA']}
    """
    return TraitReader(region, columns).read(traits)


class TraitReader:
    """Reads records in turn, converting equal values only once.

    Args:
        region: as in ``normalise_traits``.
        columns: as in ``normalise_traits``.
    """

    def __init__(self, region: str | None = None, columns: Mapping[str, str | None] | None = None) -> None:
        self._region = region
        self._columns = columns or {}
        # The columns whose values are read together, as one tuple for each record.
        together: dict[int, list[str]] = {}
        for name, trait in self._columns.items():
            if trait in _PART_OF:
                together.setdefault(_PART_OF[trait], []).append(name)
        self._parts = [
            (part, [(name, self._columns[name] or "") for name in names], itemgetter(*names))
            for part, names in together.items()
        ]
        self._known: list[dict[Any, _Fields]] = [{} for _ in self._parts]

    def read(self, record: Mapping[str, Any]) -> Profile:
        """Return the traits of one person in their normal forms. Keys that are not in ``columns`` are recognised by name."""
        if not self._columns.keys() >= record.keys():
            return self._read(record)
        fields: dict[str, tuple[Any, ...]] = {}
        for (part, names, values_of), known in zip(self._parts, self._known):
            try:
                values = values_of(record)
                found = known.get(values)
            except (KeyError, TypeError):  # a column is missing, or a value is a list
                return self._read(record)
            if found is None:
                found = _read_part(part, ((trait, record[name]) for name, trait in names), self._region)
                # True, 1 and 1.0 are equal but have different texts.
                if all(one is None or isinstance(one, str) for one in (values if len(names) > 1 else (values,))):
                    known[values] = found
            fields.update(found)
        return Profile(**fields)

    def _read(self, record: Mapping[str, Any]) -> Profile:
        asked: dict[int, list[tuple[str, Any]]] = {}
        for key, value in record.items():
            name = str(key)
            trait = self._columns[name] if name in self._columns else trait_of(name)
            if trait is not None and trait in _PART_OF:
                asked.setdefault(_PART_OF[trait], []).append((trait, value))
        fields: dict[str, tuple[Any, ...]] = {}
        for part, pairs in asked.items():
            fields.update(_read_part(part, pairs, self._region))
        return Profile(**fields)


def profile(
    traits: Iterable[Mapping[str, Any]] = (), identifiers: Iterable[Identifier] = (), *, region: str | None = None
) -> Profile:
    """Return the profile of a person from traits and identifiers.

    Args:
        traits: mappings as for ``normalise_traits``, the most relevant (recent, reliable) first.
        identifiers: identifiers of the same person; phones, mail addresses, handles and account numbers count.
        region: as in ``normalise_traits``.
    """
    return merge_profiles([identifier_profile(identifiers), *(normalise_traits(one, region=region) for one in traits)])


def is_nothing_written(value: object) -> bool:
    """Return whether a value of a record is empty: None, NaN, or a text that means nothing."""
    if isinstance(value, str):
        return _says_nothing(value)
    return value is None or value != value  # NaN and NaT are not equal to themselves


@lru_cache(maxsize=65536)
def _says_nothing(text: str) -> bool:
    if _LETTERS.fullmatch(text):
        # Nothing to remove, as for nearly every name.
        return text.translate(_NO_MARKS).lower() in WORDS
    return is_written_for_nothing(text)


_LETTERS = re.compile(r"[A-Za-z](?:[A-Za-z .,-]*[A-Za-z])?")
_NO_MARKS = str.maketrans("", "", " .,-")


def text_of(value: object) -> str:
    """Return a value of a record as text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # data frames turn columns of numbers with gaps into floats
    return str(value).strip()[:MAX_TRAIT_LENGTH]


def _written(trait: str, value: object) -> str:
    """Return a value as text; "" for none."""
    if isinstance(value, str):
        return str(value)
    if is_nothing_written(value):
        return ""
    if trait == "birth_date" and isinstance(value, dt.date):
        return parse_birth_date(value)
    if trait == "birth_date" and isinstance(value, float) and math.isfinite(value):
        return str(int(value))
    return text_of(value)


_Texts = dict[str, list[str]]
#: The values of fields of a profile.
_Fields = dict[str, tuple[Any, ...]]
_Found = Iterable[tuple[str, Any]]


def _read_part(part: int, pairs: Iterable[tuple[str, Any]], region: str | None) -> _Fields:
    """Return the profile fields of traits, each value once."""
    texts: _Texts = {}
    for trait, value in pairs:
        for one in value if isinstance(value, (list, tuple, set, frozenset)) else (value,):
            if (text := _written(trait, one)) and not _says_nothing(text):
                texts.setdefault(trait, []).append(text_of(text))
    fields: dict[str, dict[Any, None]] = {}
    for field, found in _PARTS[part][1](texts, region):
        if found:
            fields.setdefault(field, {})[found] = None
    return {field: tuple(values)[:MAX_VALUES] for field, values in fields.items()}


def _read_names(texts: _Texts, region: str | None) -> _Found:
    for one in _names(texts):
        if not is_nobody(one):
            yield "names", one
    for trait in ("suffix", "name", "family_name", "given_name"):
        for text in texts.get(trait, ()):
            yield "generations", generation_of(text, alone=trait == "suffix")
    for text in texts.get("display_name", ()):
        if name := parse_display_name(text):
            yield "names", name
        else:
            yield "display_names", squeeze(fold_words(text))


def _read_handles(texts: _Texts, region: str | None) -> _Found:
    for text in texts.get("user_name", ()):
        if not is_nothing(text.lstrip("@")):
            yield "handles", text.lstrip("@").casefold()


def _read_emails(texts: _Texts, region: str | None) -> _Found:
    for text in texts.get("email", ()):
        yield "emails", _contact("email", text, region, str.casefold)


def _read_phones(texts: _Texts, region: str | None) -> _Found:
    for text in texts.get("phone", ()):
        yield "phones", _contact("phone", text, region, _dialled)


def _read_birth_dates(texts: _Texts, region: str | None) -> _Found:
    for text in texts.get("birth_date", ()):
        yield "birth_dates", _birth_date(text, region)
    for parts in zip(*(texts.get(trait, ()) for trait in ("birth_year", "birth_month", "birth_day"))):
        yield "birth_dates", _birth_date("-".join(parts), region)


def _read_addresses(texts: _Texts, region: str | None) -> _Found:
    for address in _addresses(texts):
        yield "addresses", address


def _read_plain(trait: str, field: str, normal: Callable[[str], str]) -> Callable[[_Texts, str | None], _Found]:
    return lambda texts, region: ((field, normal(text)) for text in texts.get(trait, ()))


def _names(texts: dict[str, list[str]]) -> Iterable[Name]:
    parts = [texts.get(trait, []) for trait in ("given_name", "middle_name", "family_name")]
    for given, middle, family in zip(*_padded(parts)):
        if name := name_of(given, middle, family):
            yield name
    whole = [(given, family) for given, _, family in zip(*_padded(parts)) if given and family]
    for text in texts.get("name", ()):
        # A full name that contains its parts adds nothing; whatever else is in it is a title or a place.
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
    """Return the normal form of an address or number, "" for a placeholder; a malformed one in plain form."""
    try:
        one = get_scheme(scheme).parse(text, region=region)
    except InvalidIdentifierError:
        # Typos make addresses malformed, but they can still be compared.
        return "" if is_nothing(text) else plain(text)
    return "" if one.reason == PLACEHOLDER else one.value.partition(";")[0]


#: Dates that programs and people write for an unknown one: the first of Unix, of Excel and of calendars, and the last.
_NO_DAYS = frozenset({"19700101", "19000101", "18991230", "18991231", "19010101", "00010101", "99991231", "11111111"})


def _birth_date(text: str, region: str | None) -> str:
    found = parse_birth_date(text, region)
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

#: The traits that are read together, and how; no two groups make values of one field.
_PARTS: tuple[tuple[tuple[str, ...], Callable[[_Texts, str | None], _Found]], ...] = (
    (("given_name", "middle_name", "family_name", "name", "suffix", "display_name"), _read_names),
    (("user_name",), _read_handles),
    (("email",), _read_emails),
    (("phone",), _read_phones),
    (("birth_date", "birth_year", "birth_month", "birth_day"), _read_birth_dates),
    (("house_number", "address"), _read_addresses),
    *(((trait,), _read_plain(trait, field, normal)) for trait, field, normal in _PLAIN),
)
_PART_OF = {trait: number for number, (traits, _) in enumerate(_PARTS) for trait in traits}
