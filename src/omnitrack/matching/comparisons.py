"""All comparisons, in the order in which they are shown."""

from __future__ import annotations

from omnitrack.matching.comparators import NOT_COMPARABLE, Comparator, Level
from omnitrack.matching.contacts import EMAIL, PHONE, SPELLING, USER_NAME
from omnitrack.matching.personal import BIRTH_DATE, FAMILY_NAME, GIVEN_NAME, ID_NUMBER
from omnitrack.matching.surroundings import (
    ADDRESS_LINE,
    COMPANY,
    HOUSE_NUMBER,
    LANGUAGE,
    POSTCODE,
    STATE,
    STREET,
    TOWN,
)

COMPARATORS: tuple[Comparator, ...] = (
    GIVEN_NAME,
    FAMILY_NAME,
    BIRTH_DATE,
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
    LANGUAGE,
)

__all__ = ["COMPARATORS", "NOT_COMPARABLE", "Comparator", "Level"]
