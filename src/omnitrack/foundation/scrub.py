"""Scrubbing: removes what names a person from texts and JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from omnitrack.identifiers.personal import birth_date_patterns, name_patterns
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identifiers.spellings import Seeded, Spellings

REDACTED = "[erased]"


class Scrub:
    """Takes what names a person out of texts and of JSON values, and remembers what it found."""

    def __init__(self, spellings: Spellings) -> None:
        self._spellings = spellings
        self._texts: dict[str, str] = {}
        self._ids: dict[str, bool] = {}

    def __call__(self, text: str | None) -> str | None:
        """Return a text without what names the person."""
        if text is None:
            return None
        clean = self._texts.get(text)
        if clean is None:
            clean = self._texts[text] = self._spellings.replace(text, REDACTED)
        return clean

    def knows(self, text: str) -> bool:
        """Return whether a text was looked at before."""
        return text in self._texts

    def names_in(self, text: str) -> bool:
        """Return whether the person is named in an id that a source made."""
        found = self._ids.get(text)
        if found is None:
            found = self._ids[text] = self._spellings.stand_in(text)
        return found

    def value(self, value: Any) -> Any:
        """Return a JSON value without what names the person; a number that does becomes a text."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            return {self(key): self.value(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(inner) for inner in value]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value if self(str(value)) == str(value) else REDACTED
        return value


class Scrubs:
    """Every scrub that an erasure needs: of one person, by the texts as they came that stand for the person in an interaction.

    Kept from the look ahead of an erasure to its transaction, so that nothing is worked out while others wait.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Scrub] = {}

    def find(
        self, named: frozenset[Identifier], raws: frozenset[str], region: str | None, personal: tuple[Seeded, ...]
    ) -> Scrub:
        """Return the scrub for these identifiers, these texts as they came, and these patterns of names and dates."""
        key = (named, raws, region, personal)
        scrub = self._known.get(key)
        if scrub is None:
            scrub = self._known[key] = Scrub(Spellings(named, raws, region, personal))
        return scrub


def personal_patterns(traits: Iterable[Mapping[str, Any]]) -> tuple[Seeded, ...]:
    """Return patterns for the full names and birth dates among what was recorded of a person."""
    traits = list(traits)
    if not traits:
        return ()
    # numpy, which only matching needs
    from omnitrack.matching.dates import parse_birth_date
    from omnitrack.matching.names import SUFFIXES, TITLES
    from omnitrack.matching.text import fold_words
    from omnitrack.matching.traits import trait_of

    names: dict[str, None] = {}
    dates: dict[str, None] = {}
    for one in traits:
        found: dict[str, list[str]] = {}
        for column, value in one.items():
            trait = trait_of(column)
            if trait is not None:
                found.setdefault(trait, []).extend(_texts(value))
        full = found.get("name", []) + found.get("display_name", [])
        given, family = found.get("given_name", []), found.get("family_name", [])
        full += [f"{first} {last}" for first, last in zip(given, family)]
        full += [" ".join(parts) for parts in zip(given, found.get("middle_name", []), family)]
        for name in full:
            # A comma puts the family name first.
            last, _, first = name.partition(",")
            words = f"{first} {last}".split()
            names[" ".join(word for word in words if fold_words(word).strip(".") not in TITLES | SUFFIXES)] = None
        for text in found.get("birth_date", []):
            digits = parse_birth_date(text)
            dates[f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"] = None
    return (*name_patterns(names), *birth_date_patterns(dates))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        yield str(value)
