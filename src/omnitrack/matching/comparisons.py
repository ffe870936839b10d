"""All comparisons, in the order in which they are shown."""

from __future__ import annotations

from omnitrack.matching.comparators import NOT_COMPARABLE, Comparator, Level
from omnitrack.matching.contacts import EMAIL, PHONE, SPELLING, USER_NAME
from omnitrack.matching.personal import BIRTH_DATE, FAMILY_NAME, GENDER, GENERATION, GIVEN_NAME, ID_NUMBER, OCCUPATION
from omnitrack.matching.surroundings import (
    ADDRESS_LINE,
    BIRTH_PLACE,
    COMPANY,
    HOUSE_NUMBER,
    LANGUAGE,
    ORGANISATION,
    POSTCODE,
    STATE,
    STREET,
    TOWN,
)

COMPARATORS: tuple[Comparator, ...] = (
    GIVEN_NAME,
    FAMILY_NAME,
    GENERATION,
    BIRTH_DATE,
    BIRTH_PLACE,
    GENDER,
    OCCUPATION,
    EMAIL,
    PHONE,
    ID_NUMBER,
    USER_NAME,
    SPELLING,
    POSTCODE,
    HOUSE_NUMBER,
    STREET,
    ADDRESS_LINE,
    TOWN,
    STATE,
    COMPANY,
    ORGANISATION,
    LANGUAGE,
)

__all__ = ["COMPARATORS", "NOT_COMPARABLE", "Comparator", "Level"]
