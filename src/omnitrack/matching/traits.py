"""Traits of a person as they come, in columns or mappings of any naming, and their normal forms."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers.nonvalues import REASON as PLACEHOLDER
from omnitrack.identifiers.nonvalues import is_nothing, is_written_for_nothing
from omnitrack.identifiers.scheme import Identifier, get_scheme
from omnitrack.matching.dates import parse_birth_date
from omnitrack.matching.names import Name, name_of, parse_display_name, parse_name
from omnitrack.matching.places import Address, house_number, parse_address, parse_postcode, parse_street
from omnitrack.matching.profile import MAX_VALUES, Profile, identifier_profile, merge_profiles
from omnitrack.matching.text import fold, squeeze

MAX_TRAIT_LENGTH = 512  # characters of one value that are looked at

_ALIASES = {
    "name": "name full_name fullname customer_name contact_name person_name person contact customer sender recipient",
    "given_name": "given_name given first_name firstname first fname forename forenames christian_name vorname prenom nombre",
    "middle_name": "middle_name middle_names middle middle_initial second_given_name",
    "family_name": "family_name family surname last_name lastname last lname nachname nom apellido apellidos cognome",
    "display_name": "display_name displayname screen_title profile_name nickname",
    "user_name": "user_name username user handle screen_name screenname login twitter x instagram facebook tiktok x_handle "
    "twitter_handle instagram_handle",
    "email": "email e_mail mail email_address e_mail_address mail_address emailaddress",
    "phone": "phone telephone tel phone_number phonenumber telephone_number mobile mobile_phone mobile_number cell cellphone "
    "cell_phone landline home_phone work_phone msisdn fax_or_phone",
    "birth_date": "birth_date birthdate birthday date_of_birth dateofbirth dob born geburtsdatum",
    "postcode": "postcode post_code postalcode postal_code zip zipcode zip_code plz",
    "house_number": "house_number house_no houseno street_number street_no streetnumber building_number",
    "address": "address addr address_line street_address postal_address street street_name address_1 address1 addr1 "
    "address_line_1 address_line1 line1 street_1 thoroughfare",
    "address_extra": "address_extra address_2 address2 addr2 address_line_2 address_line2 line2 address_3 address3 "
    "address_line_3 address_line3 line3 flat unit apartment building building_name dependent_locality",
    "city": "city town suburb locality post_town posttown municipality ort place",
    "state": "state county region province bundesland admin_area",
    "company": "company company_name organisation organization organisation_name organization_name employer business "
    "business_name firm",
    "id_number": "id_number national_id soc_sec_id ssn social_security_number social_security nino ni_number "
    "national_insurance_number nhs_number medicare_number tax_id passport passport_number account account_number "
    "account_no customer_number customer_no membership_number",
    "language": "language lang locale preferred_language",
}
_FIELD_OF = {alias: field for field, aliases in _ALIASES.items() for alias in aliases.split()}
#: The traits that are compared, by the names that this package gives them.
TRAITS: tuple[str, ...] = tuple(_ALIASES)

_NOT_WORD = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NUMBERED = re.compile(r"(?:_|(?<!\d))\d+$")
_LEGAL_FORMS = frozenset({
    "ltd", "limited", "plc", "llp", "llc", "inc", "incorporated", "corp", "corporation", "co", "company", "gmbh",
    "ag", "kg", "ohg", "ug", "se", "sa", "sas", "sarl", "srl", "spa", "bv", "nv", "ab", "as", "oy", "aps", "pty",
})  # fmt: skip


@lru_cache(maxsize=4096)
def trait_of(column: str) -> str | None:
    """Return the trait that a column of this name holds, None where the name says nothing.

    >>> trait_of("Date of Birth"), trait_of("firstName"), trait_of("email2"), trait_of("cluster")
    ('birth_date', 'given_name', 'email', None)
    """
    name = _NOT_WORD.sub("_", _CAMEL.sub("_", column.strip()).casefold()).strip("_")
    return _FIELD_OF.get(name) or _FIELD_OF.get(name.replace("_", "")) or _FIELD_OF.get(_NUMBERED.sub("", name))


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
            if not _is_nothing(one):
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


def _is_nothing(value: object) -> bool:
    if value is None or (isinstance(value, float) and math.isnan(value)) or value != value:  # NaT is not itself
        return True
    return isinstance(value, str) and is_written_for_nothing(value)


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a data frame turns a column of numbers with gaps into floats
    return str(value).strip()[:MAX_TRAIT_LENGTH]


def _profile(found: dict[str, list[Any]], region: str | None) -> Profile:
    fields: dict[str, dict[Any, None]] = {}

    def add(field: str, value: object) -> None:
        if value:
            fields.setdefault(field, {})[value] = None

    texts = {trait: [_text(value) for value in values] for trait, values in found.items()}
    for one in _names(texts):
        add("names", one)
    for text in texts.get("display_name", ()):
        if name := parse_display_name(text):
            add("names", name)
        else:
            add("display_names", squeeze(fold(text)))
    for text in texts.get("user_name", ()):
        if not is_nothing(text.lstrip("@")):
            add("handles", text.lstrip("@").casefold())
    for text in texts.get("email", ()):
        add("emails", _contact("email", text, region, str.casefold))
    for text in texts.get("phone", ()):
        add("phones", _contact("phone", text, region, _dialled))
    for value in found.get("birth_date", ()):
        add("birth_dates", parse_birth_date(int(value) if isinstance(value, float) else value, region))
    for address in _addresses(texts):
        add("addresses", address)
    for trait, field, normal in _PLAIN:
        for text in texts.get(trait, ()):
            add(field, normal(text))
    return Profile(**{field: tuple(values)[:MAX_VALUES] for field, values in fields.items()})


def _names(texts: dict[str, list[str]]) -> Iterable[Name]:
    parts = [texts.get(trait, []) for trait in ("given_name", "middle_name", "family_name")]
    for row in range(max(map(len, parts))):
        if name := name_of(*(part[row] if row < len(part) else "" for part in parts)):
            yield name
    for text in texts.get("name", ()):
        if name := parse_name(text):
            yield name


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


def _dialled(text: str) -> str:
    return "".join(ch for ch in text if ch.isdigit() or ch == "+")


def _id_number(text: str) -> str:
    return "" if is_nothing(text) else squeeze(fold(text))


def _company(text: str) -> str:
    words = fold(text).split()
    kept = [word for word in words if word not in _LEGAL_FORMS]
    return " ".join(kept or words)


def _language(text: str) -> str:
    return re.split(r"[-_]", text.casefold())[0][:3]


_PLAIN: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("postcode", "postcodes", parse_postcode),
    ("address_extra", "address_extras", parse_street),
    ("city", "cities", fold),
    ("state", "states", fold),
    ("company", "companies", _company),
    ("id_number", "id_numbers", _id_number),
    ("language", "languages", _language),
)
