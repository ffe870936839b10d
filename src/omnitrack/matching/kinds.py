"""Kinds of values by their looks: mail addresses, dates, postcodes of any country, phone numbers, names of people and of organisations."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import attrs

from omnitrack.matching.dates import parse_birth_date
from omnitrack.matching.names import frequent_names, nickname_roots
from omnitrack.matching.text import fold_words


@attrs.frozen(slots=True, kw_only=True)
class Kind:
    """A kind of values.

    Attributes:
        name: the plural name, for people to read.
        trait: the trait that a column of them counts as; "" if it never counts.
        looks: returns whether a value is one.
        loosely: returns whether a value is one, possibly with a typo.
        sure: whether a column of these is recognised whatever its heading; otherwise that takes many values or a heading.
        has_to_look: whether a heading is not trusted if hardly any value looks like one.
        never: traits that a column of these is not, whatever its heading; "*" for all.
        worth_naming: whether a column that is left out may still identify people.
    """

    name: str
    trait: str
    looks: Callable[[str], bool]
    loosely: Callable[[str], bool] | None = None
    sure: bool = False
    has_to_look: bool = False
    never: frozenset[str] = frozenset()
    worth_naming: bool = False

    def with_time(self, values: Sequence[str]) -> bool:
        """Return whether most values have a time of day."""
        return sum(bool(_TIME.search(value)) for value in values) > len(values) / 2


_TIME = re.compile(r"\d:\d\d")
_MAIL = re.compile(r"[^\s@,;]++@(?:[^\s@,;.]++\.)++[^\s@,;.]{2,}+")
_WEB = re.compile(r"(?:https?://\S++|www\.[^\s.]++\.\S++)", re.IGNORECASE)
_DATE = re.compile(r"\d{1,4}[-/.\s]\s?(?:\d{1,2}|[^\W\d]{3,9})\.?[-/.,\s]\s?\d{1,4}(?:[T\s].*)?|(?:1[89]|20)\d{6}")
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}(?:\s?[A-Z0-9]){11,30}")
_PHONE = re.compile(
    r"(?:\+|00)[1-9][\d\s().\-/]{6,20}|\(?0\d[\d\s().\-/]{6,16}|\(?\d{2,4}\)?[\s.\-/]+\d{3,4}[\s.\-]?\d{3,4}"
)
# Postcodes with letters belong to one country each: the United Kingdom, Canada, the Netherlands, Ireland, Argentina, Malta, and those of
# the Caribbean and the Channel. Those of digits alone belong to many; a hyphen or blank in its place marks a few: Brazil, Poland, Portugal,
# Japan, Sweden, the Czech Republic, Greece, the United States with the four digits of a delivery.
_LETTERED = re.compile(
    r"(?:[a-z]{1,2}\d[a-z\d]?\s*\d[a-z]{2}|gir\s?0aa|[a-z]\d[a-z]\s?\d[a-z]\d|\d{4}\s?[a-z]{2}|[ac-fhknprtv-y](?:\d\d|6w)\s?[a-z\d]{4}"
    r"|[a-hj-np-z]\d{4}[a-z]{3}|[a-z]{3}\s?\d{4}|(?:ad|lv|lt|md|bb|lc|vc|ms|az|ky|vg)[-\s]?\d{3,5}(?:-\d{4})?)",
    re.IGNORECASE,
)
_PARTED = re.compile(
    r"\d{5}-\d{3,4}|\d{2}-\d{3}|\d{4}-\d{3}|\d{3}-\d{4}|\d{3}\s\d{2}|(?:[a-z]{1,2}-)\d{4,5}", re.IGNORECASE
)
_DIGITS = re.compile(r"\d{4,6}(?:\.0)?|\d{7}")
_NUMBER = re.compile(r"[-+]?[\d.,\s]*\d[%€$£]?|[€$£]\s?[\d.,]+")
_GENDERS = frozenset(
    [
        "m",
        "f",
        "w",
        "d",
        "x",
        "h",
        "v",
        "male",
        "female",
        "man",
        "woman",
        "mannlich",
        "weiblich",
        "divers",
        "homme",
        "femme",
        "masculin",
        "feminin",
        "hombre",
        "mujer",
        "masculino",
        "femenino",
        "uomo",
        "donna",
        "maschio",
        "femmina",
        "maschile",
        "femminile",
        "vrouw",
        "mannelijk",
        "vrouwelijk",
        "homem",
        "mulher",
        "feminino",
        "other",
        "unknown",
        "boy",
        "girl",
    ]
)
_STREET = re.compile(
    r"(?:\b(?:street|st|road|rd|avenue|ave?|lane|ln|drive|dr|court|ct|place|pl|square|boulevard|blvd|close|way|terrace|crescent"
    r"|rue|chemin|allee|place|quai|calle|carrer|avenida|avda|plaza|paseo|via|viale|piazza|corso|rua|travessa|praca|laan|straat|weg"
    r"|plein|gracht|gasse|platz)\b|\w(?:strasse|str|straat|weg|gasse|platz|allee|laan|gracht|plein)\b)"
)
_HAS_NUMBER = re.compile(r"\d")
_NAMES_AND = frozenset({"name", "given_name", "family_name", "middle_name", "birth_date", "city", "state", "company"})


def _is_lettered_postcode(text: str) -> bool:
    return bool(_LETTERED.fullmatch(text) or _PARTED.fullmatch(text))


def _is_nearly_postcode(text: str) -> bool:
    return 3 <= len(text) <= 12 and any(ch.isdigit() for ch in text)


def _is_date(text: str) -> bool:
    return bool(_DATE.fullmatch(text)) and bool(parse_birth_date(text))


def _is_phone(text: str) -> bool:
    return 7 <= sum(ch.isdigit() for ch in text) <= 15 and bool(_PHONE.fullmatch(text))


def _has_digits(text: str) -> bool:
    return sum(ch.isdigit() for ch in text) >= 4


def _is_iban(text: str) -> bool:
    bare = text.replace(" ", "").upper()
    return bool(_IBAN.fullmatch(text)) and int("".join(str(int(ch, 36)) for ch in bare[4:] + bare[:4])) % 97 == 1


def _is_address(text: str) -> bool:
    return bool(_HAS_NUMBER.search(text)) and bool(_STREET.search(fold_words(text)))


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text))


def _is_coded(text: str) -> bool:
    return len(text) >= 5 and " " not in text and any(ch.isdigit() for ch in text) and any(ch.isalpha() for ch in text)


#: In the order in which they are tried.
KINDS: tuple[Kind, ...] = (
    Kind(
        name="mail addresses",
        trait="email",
        looks=lambda text: bool(_MAIL.fullmatch(text)),
        loosely=lambda text: "@" in text or "." in text,
        sure=True,
        has_to_look=True,
        never=_NAMES_AND | {"phone", "postcode", "address", "gender", "occupation"},
    ),
    Kind(
        name="web addresses",
        trait="",
        looks=lambda text: bool(_WEB.fullmatch(text)),
        never=frozenset({*_NAMES_AND, "phone"}),
    ),
    Kind(
        name="numbers of social security",
        trait="id_number",
        looks=lambda text: bool(_SSN.fullmatch(text)),
        sure=True,
        never=_NAMES_AND | {"phone"},
    ),
    Kind(name="bank accounts", trait="id_number", looks=_is_iban, sure=True, never=_NAMES_AND | {"phone"}),
    Kind(
        name="dates",
        trait="birth_date",
        looks=_is_date,
        loosely=lambda text: bool(parse_birth_date(text)),
        has_to_look=True,
        never=frozenset(
            {"name", "given_name", "family_name", "email", "city", "company", "address", "gender", "occupation"}
        ),
    ),
    Kind(
        name="postcodes",
        trait="postcode",
        looks=_is_lettered_postcode,
        loosely=_is_nearly_postcode,
        sure=True,
        has_to_look=True,
        never=frozenset({"name", "given_name", "family_name", "email", "birth_date", "city"}),
    ),
    Kind(
        name="phone numbers",
        trait="phone",
        looks=_is_phone,
        loosely=_has_digits,
        sure=True,
        has_to_look=True,
        never=_NAMES_AND | {"email"},
    ),
    Kind(name="genders", trait="gender", looks=lambda text: fold_words(text) in _GENDERS, sure=True),
    Kind(
        name="lines of addresses",
        trait="address",
        looks=_is_address,
        sure=True,
        never=frozenset({"birth_date", "email"}),
    ),
    Kind(name="codes, each of a system", trait="", looks=lambda text: bool(_UUID.fullmatch(text)), never=_NAMES_AND),
    Kind(
        name="numbers",
        trait="",
        looks=_is_number,
        never=frozenset({"name", "given_name", "family_name", "email", "city"}),
    ),
    Kind(name="codes", trait="", looks=_is_coded, worth_naming=True),
)


def looks_like(kind: Kind, values: Sequence[str], *, loosely: bool = False) -> float:
    """Return the share of the values that are of a kind."""
    test = (kind.loosely if loosely else None) or kind.looks
    return sum(map(test, map(str.strip, values))) / max(len(values), 1)


def years_of(values: Sequence[str]) -> tuple[int, int]:
    """Return the years between which nine in ten of the dates lie, read as birth dates."""
    years = sorted(int(digits[:4]) for value in values if (digits := parse_birth_date(value)))
    return (years[len(years) // 20], years[-1 - len(years) // 20]) if years else (0, 0)


# Words that mark a name as that of an organisation, in the languages whose headings are read.
_ORGANISATION = frozenset(
    [
        "ltd",
        "limited",
        "plc",
        "llp",
        "llc",
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "company",
        "co",
        "gmbh",
        "ag",
        "kg",
        "ohg",
        "ug",
        "mbh",
        "se",
        "sa",
        "sas",
        "sarl",
        "srl",
        "spa",
        "bv",
        "nv",
        "ab",
        "oy",
        "aps",
        "pty",
        "association",
        "society",
        "foundation",
        "trust",
        "institute",
        "university",
        "college",
        "school",
        "academy",
        "schule",
        "universitat",
        "ecole",
        "lycee",
        "universite",
        "escuela",
        "colegio",
        "universidad",
        "scuola",
        "escola",
        "colegio",
        "universidade",
        "universiteit",
        "stichting",
        "vereniging",
        "verein",
        "stiftung",
        "fondation",
        "fundacion",
        "fondazione",
        "church",
        "kirche",
        "eglise",
        "iglesia",
        "chiesa",
        "igreja",
        "kerk",
        "ministry",
        "ministries",
        "center",
        "centre",
        "zentrum",
        "centro",
        "centrum",
        "hospital",
        "clinic",
        "klinik",
        "krankenhaus",
        "clinique",
        "clinica",
        "ziekenhuis",
        "pharmacy",
        "apotheke",
        "pharmacie",
        "farmacia",
        "apotheek",
        "hotel",
        "restaurant",
        "ristorante",
        "restaurante",
        "cafe",
        "bar",
        "grill",
        "bistro",
        "pizzeria",
        "trattoria",
        "deli",
        "delicatessen",
        "diner",
        "steakhouse",
        "house",
        "inn",
        "kitchen",
        "bakery",
        "bank",
        "banque",
        "banco",
        "banca",
        "insurance",
        "versicherung",
        "group",
        "holding",
        "holdings",
        "partners",
        "services",
        "service",
        "solutions",
        "systems",
        "technologies",
        "technology",
        "international",
        "industries",
        "enterprises",
        "consulting",
        "management",
        "media",
        "studio",
        "studios",
        "shop",
        "store",
        "market",
        "stores",
        "garage",
        "motors",
        "auto",
        "logistics",
        "transport",
        "construction",
        "bau",
        "properties",
        "library",
        "museum",
        "theatre",
        "theater",
        "club",
        "hall",
        "department",
        "agency",
        "council",
        "office",
        "headstart",
        "nursery",
        "daycare",
        "learning",
        "kindergarten",
        "preschool",
        "childcare",
        "care",
        "community",
        "public",
        "development",
        "ymca",
        "ywca",
        "laboratories",
        "labs",
        "pharma",
        "energy",
    ]
)


def organisation_share(values: Sequence[str]) -> float:
    """Return the share of the values that contain a word typical of organisations."""
    return sum(not _ORGANISATION.isdisjoint(fold_words(value).split()) for value in values) / max(len(values), 1)


def person_share(values: Sequence[str]) -> tuple[float, float, float]:
    """Return the shares of values that begin or end with a given name in several words, that are a given name, and that are a family name."""
    shares = frequent_names()
    given, family = shares["given"], shares["family"]
    whole = alone_given = alone_family = 0
    for value in values:
        words = [word for word in fold_words(value).split() if len(word) > 1]
        if not words:
            continue
        ends = (words[0], words[-1])
        if len(words) > 1 and any(word in given or nickname_roots(word) for word in ends):
            whole += 1
        alone_given += words[0] in given or bool(nickname_roots(words[0]))
        alone_family += words[-1] in family and words[-1] not in given
    count = max(len(values), 1)
    return whole / count, alone_given / count, alone_family / count
