"""The default weights: how often each level occurs in pairs that are one person, and by chance.

They are rounded estimates for the customers of a company in one country, made without labelled pairs: chance agreement
from the number of possible values (days in a lifetime, postcodes, numbers), disagreement of a person with themselves
from the usual rates of typing errors, moves and changes of name. ``Model.fit`` replaces them by estimates from the data.
"""

from __future__ import annotations

# Comparison -> (in matches, by chance, share of a value that is in no table), in the order of the comparator's levels. Only
# proportions matter.
WEIGHTS: dict[str, tuple[tuple[float, ...], tuple[float, ...], float]] = {
    # same, together, nickname, near, script, middle, swapped, initial, alike, near names, differs, two names
    "given name": (
        (0.78, 0.01, 0.03, 0.05, 0.01, 0.01, 0.02, 0.05, 0.02, 0.003, 0.03, 0.008),
        (0.006, 1e-8, 0.002, 0.003, 0.0002, 0.001, 0.0003, 0.004, 0.02, 0.009, 0.48, 0.48),
        4e-4,
    ),
    # same, near, script, part, swapped, initial, alike, differs
    "family name": (
        (0.83, 0.05, 0.01, 0.02, 0.02, 0.01, 0.02, 0.05),
        (0.001, 0.0006, 2e-5, 0.0003, 0.0003, 0.0008, 0.01, 0.987),
        2e-5,
    ),
    # same, differs
    "generation": ((0.99, 0.01), (0.5, 0.5), 0.5),
    "gender": ((0.98, 0.02), (0.5, 0.5), 0.5),
    # same, alike, differs
    "occupation": ((0.70, 0.05, 0.25), (0.02, 0.005, 0.975), 5e-3),
    # same, near, alike, differs
    "birth place": ((0.75, 0.06, 0.05, 0.14), (0.01, 0.002, 0.01, 0.978), 5e-3),
    # same, swapped, near, two parts, same year, alike, differs
    "birth date": (
        (0.87, 0.01, 0.05, 0.03, 0.01, 0.01, 0.02),
        (4e-5, 2e-5, 6e-4, 1.5e-3, 0.016, 0.006, 0.976),
        4e-5,
    ),
    # same, one letter, same local part, near, near local part, differs
    "mail address": (
        (0.60, 0.04, 0.05, 0.02, 0.04, 0.25),
        (2e-6, 2e-7, 2e-6, 5e-7, 2e-4, 1.0),
        2e-6,
    ),
    # same, one digit, differs
    "phone number": ((0.65, 0.03, 0.32), (4e-6, 4e-7, 1.0), 4e-6),
    # same, one digit, two digits, differs
    "id number": ((0.90, 0.04, 0.02, 0.04), (2e-6, 5e-6, 2e-4, 1.0), 2e-6),
    # same, same letters, near, differs
    "user name": ((0.40, 0.08, 0.06, 0.46), (3e-6, 2e-6, 2e-6, 1.0), 3e-6),
    # same, initials, near, differs
    "spelling": ((0.30, 0.12, 0.08, 0.50), (3e-6, 4e-5, 1e-5, 1.0), 1e-7),
    # same, near, area, differs
    "postcode": ((0.80, 0.05, 0.04, 0.11), (4e-5, 4e-4, 3e-3, 0.996), 4e-5),
    # same, near, differs
    "house number": ((0.82, 0.06, 0.12), (0.015, 0.10, 0.885), 8e-3),
    # same, near, alike, differs
    "street": ((0.76, 0.08, 0.03, 0.13), (6e-4, 5e-4, 0.02, 0.98), 2e-4),
    "address line": ((0.65, 0.10, 0.05, 0.20), (2e-3, 1e-3, 0.02, 0.977), 1e-3),
    "town": ((0.78, 0.07, 0.03, 0.12), (0.01, 0.002, 0.01, 0.978), 5e-3),
    # same, differs
    "state": ((0.93, 0.07), (0.08, 0.92), 5e-2),
    # same, near, alike, differs
    "company": ((0.60, 0.06, 0.04, 0.30), (5e-4, 3e-4, 4e-3, 0.995), 1e-4),
    # same, near, part, alike, differs
    "organisation": ((0.60, 0.10, 0.12, 0.06, 0.12), (2e-4, 1e-4, 2e-3, 5e-3, 0.993), 1e-4),
    # same, differs
    "language": ((0.95, 0.05), (0.6, 0.4), 0.5),
}

# The number of others who have a person's mail address, phone number, ... These are meant to be unique, so the share of people
# who have one falls with the number of people. Shared phones are mostly those of a household.
OTHERS: dict[str, float] = {"mail address": 0.05, "phone number": 1.5, "id number": 0.02, "user name": 0.2}
