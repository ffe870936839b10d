"""Profiles: what is known about a person for comparison, from traits and identifiers, in normal forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

import attrs

from omnitrack.identifiers.nonvalues import REASON as PLACEHOLDER
from omnitrack.identifiers.scheme import Identifier
from omnitrack.matching.names import Name
from omnitrack.matching.places import Address

#: The most values of one field in a profile. People have few; a corrupt customer may have thousands.
MAX_VALUES = 16

_ID_SCHEMES = frozenset({"account", "crm"})
_NEITHER = frozenset({"device", "postal"})


@attrs.frozen(slots=True, kw_only=True)
class Profile:
    """What is known about a customer or an identifier, in the normal forms in which it is compared.

    Every field is a tuple without repetitions, best first (the most recent and reliable). Profiles can be merged.

    Attributes:
        names: ``Name`` tuples: given, middle and family names, lower case, without titles and diacritics.
        emails: addresses in lower case.
        phones: numbers, in E.164 if the region is known.
        handles: user names on any platform, lower case, without @.
        display_names: folded names of a person on a platform that do not read as names.
        birth_dates: eight digits each, year, month, day.
        postcodes: upper case, UK ones with a blank, US ones as five digits.
        addresses: ``Address`` tuples: house number and street.
        address_extras: further address lines: flat, building, locality.
        cities: towns and suburbs, folded.
        states: states, counties and regions, folded.
        companies: companies, folded, without their legal form.
        id_numbers: numbers by which an authority or the company knows the person: social security, account, customer.
        languages: ISO 639 codes of two or three lower-case letters.
        generations: "1" for senior, "2" for junior, "3" for the third of a name, ...
        birth_places: places of birth, folded.
        occupations: occupations, folded.
        genders: "f" or "m".
    """

    names: tuple[Name, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    display_names: tuple[str, ...] = ()
    birth_dates: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    address_extras: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    id_numbers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    generations: tuple[str, ...] = ()
    birth_places: tuple[str, ...] = ()
    occupations: tuple[str, ...] = ()
    genders: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(_values_of(self))

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the fields that are not empty as JSON values, for ``from_dict``."""
        return {
            field: [list(v) if isinstance(v, tuple) else v for v in values]
            for field in FIELDS
            if (values := getattr(self, field))
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Profile:
        """Return the profile of a ``to_dict`` result; unknown fields are ignored."""
        fields: dict[str, tuple[Any, ...]] = {k: tuple(v) for k, v in data.items() if k in _FIELD_SET}
        if "names" in fields:
            fields["names"] = tuple(Name(*v) for v in fields["names"])
        if "addresses" in fields:
            fields["addresses"] = tuple(Address(*v) for v in fields["addresses"])
        return cls(**fields)


FIELDS: tuple[str, ...] = tuple(field.name for field in attrs.fields(Profile))
_FIELD_SET = frozenset(FIELDS)
_values_of = attrgetter(*FIELDS)


def merge_profiles(profiles: Iterable[Profile]) -> Profile:
    """Return one profile with the values of all, in order, at most ``MAX_VALUES`` for each field."""
    several = [one for one in profiles if one]
    if len(several) == 1:
        return several[0]
    values: dict[str, dict[Any, None]] = {}
    for one in several:
        for field, found in zip(FIELDS, _values_of(one)):
            if found:
                values.setdefault(field, {}).update(dict.fromkeys(found))
    return Profile(**{field: tuple(found)[:MAX_VALUES] for field, found in values.items()})


def identifier_profile(identifiers: Iterable[Identifier]) -> Profile:
    """Return the profile of identifiers: addresses, numbers, handles. Platform ids, devices and placeholders are ignored."""
    fields: dict[str, dict[Any, None]] = {}
    for identifier in identifiers:
        scheme, value = identifier.scheme, identifier.value
        if identifier.reason == PLACEHOLDER:
            continue
        if scheme == "email":
            field = "emails"
        elif scheme == "phone":
            field, value = "phones", value.partition(";")[0]
        elif scheme in _ID_SCHEMES:
            field, value = "id_numbers", value.casefold()
        elif scheme in _NEITHER or scheme.endswith("-id") or value.isdigit():
            continue
        else:
            field, value = "handles", value.lstrip("@").casefold()
        fields.setdefault(field, {})[value] = None
    return Profile(**{field: tuple(found)[:MAX_VALUES] for field, found in fields.items()})
