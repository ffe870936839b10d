"""Decides which columns of a list count, as which trait, and why: by their headings and their values."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from omnitrack.matching.headings import hinted_trait, trait_of
from omnitrack.matching.kinds import KINDS, Kind, looks_like, organisation_share, person_share, years_of
from omnitrack.matching.text import fold_words
from omnitrack.matching.traits import is_nothing_written, text_of

#: Records that are read to recognise a column, evenly spread over the list.
SAMPLE = 1_000
#: Fewer different values than this show no kind: a heading is then trusted, and a column without one is not recognised.
LEAST_VALUES = 5
#: Names and codes are recognised by what many values have in common, which takes more values.
LEAST_TELLING = 20
#: The share of values that must look like a kind for a column to be of it, and the share below which a heading is not trusted.
MOST, FEW = 0.8, 0.3
_NAMES = frozenset({"name", "given_name", "middle_name", "family_name", "display_name"})
#: Traits of people, which organisations do not have.
_OF_PEOPLE = frozenset({*_NAMES, "birth_date", "birth_year", "birth_place", "gender", "occupation", "suffix"})
#: The share of two-word values from which a column for one part of a name holds whole names.
_WHOLE = 0.5
#: The fewest years that a column of dates spans to be recognised as birth dates without a heading.
_SPAN = 20


class ColumnsLeftOutWarning(UserWarning):
    """Columns of a list that may identify people were left out of the comparison."""


@attrs.frozen(slots=True)
class ColumnUse:
    """How a column is used.

    Attributes:
        source: the number of the list, counted from 0.
        column: the name of the column.
        trait: the trait that it counts as (``omnitrack.matching.TRAITS``), None if it is left out.
        why: in words, how the trait was recognised, or why the column is left out.
        worth_naming: whether a column that is left out may identify people; naming its trait would make it count.
    """

    source: int
    column: str
    trait: str | None
    why: str
    worth_naming: bool = False

    def __str__(self) -> str:
        return f"{self.column!r}: {self.trait or 'left out'}, {self.why}"


@attrs.define(slots=True)
class _Column:
    name: str
    filled: float
    values: list[str]  # distinct values of the sample
    kind: Kind | None = None
    trait: str | None = None
    why: str = ""
    worth_naming: bool = False
    by_heading: bool = False

    def take(self, trait: str, why: str) -> None:
        self.trait, self.why, self.worth_naming = trait, why, False

    def leave(self, why: str, *, worth_naming: bool = False) -> None:
        self.trait, self.why, self.worth_naming = None, why, worth_naming


def recognise_columns(
    rows: Sequence[Mapping[str, Any]], named: Mapping[str, str | None] | None = None, source: int = 0
) -> tuple[ColumnUse, ...]:
    """Return how each column of a list is used, in the order of the columns.

    Args:
        rows: the list.
        named: the traits that the caller gives for columns, None for one to leave out. These are not checked against the values.
        source: the number of the list, for the result.
    """
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(map(str, row)))
    step = max(len(rows) // SAMPLE, 1)
    sample = [{str(name): value for name, value in row.items()} for row in rows[::step]]
    columns = [_read(name, sample) for name in names]
    given = named or {}
    for column in columns:
        if column.name in given:
            trait = given[column.name]
            column.take(trait, "named by the caller") if trait else column.leave("named by the caller to be left out")
        else:
            _recognise(column, rows)
    found = [column for column in columns if column.name not in given]
    _settle_parts_of_names(found, columns)
    _settle_organisations(found, columns)
    _settle_parts_of_dates(found, columns)
    _settle_whole_names(columns, sample)
    return tuple(ColumnUse(source, one.name, one.trait, one.why, one.worth_naming) for one in columns)


def warn_of(uses: Sequence[ColumnUse], level: int) -> None:
    """Warn about columns that were left out and may identify people.

    Args:
        uses: the use of the columns of all lists.
        level: how far up the stack the code is that the warning is for.
    """
    missed = {use.column: use.why for use in uses if use.worth_naming}
    if missed:
        text = "; ".join(f"{column!r} ({why})" for column, why in missed.items())
        warnings.warn(
            f"columns left out: {text}. Name their traits with columns=, or None to leave them out",
            ColumnsLeftOutWarning,
            stacklevel=level + 1,
        )


def _read(name: str, sample: Sequence[Mapping[str, Any]]) -> _Column:
    texts: dict[str, None] = {}
    filled = 0
    for row in sample:
        value = row.get(name)
        several = value if isinstance(value, (list, tuple, set, frozenset)) else (value,)
        known = [text for one in several if not is_nothing_written(one) and (text := text_of(one))]
        filled += bool(known)
        texts.update(dict.fromkeys(known))
    return _Column(name, filled / max(len(sample), 1), list(texts))


def _recognise(column: _Column, rows: Sequence[Mapping[str, Any]]) -> None:
    trait, hinted = trait_of(column.name), hinted_trait(column.name)
    if not column.values:
        column.leave("empty") if trait is None else column.take(trait, "by its heading; it is empty")
        return
    column.kind = next((kind for kind in KINDS if looks_like(kind, column.values) >= MOST), None)
    kind = column.kind
    if trait is not None and _contradicts(trait, column):
        if kind is not None and kind.trait and kind.sure:
            column.take(kind.trait, f"its values are {kind.name}, though its heading says {trait}")
        else:
            held = f"its values are {kind.name}" if kind else "its values are none"
            column.leave(f"its heading says {trait}, {held}", worth_naming=True)
    elif trait is not None:
        column.by_heading = True
        column.take(trait, "by its heading")
    elif hinted is not None and not _contradicts(hinted, column):
        column.take(hinted, "by a word of its heading, and its values do not speak against it")
    else:
        _recognise_values(column, rows)


def _contradicts(trait: str, column: _Column) -> bool:
    """Return whether the values of a column contradict its heading."""
    if len(column.values) < LEAST_VALUES:
        return False
    if (
        column.kind is not None
        and column.kind.trait != trait
        and (trait in column.kind.never or "*" in column.kind.never)
    ):
        return True
    own = [kind for kind in KINDS if kind.trait == trait and kind.has_to_look]
    return bool(own) and max(looks_like(kind, column.values, loosely=True) for kind in own) < FEW


def _recognise_values(column: _Column, rows: Sequence[Mapping[str, Any]]) -> None:
    kind, count = column.kind, len(column.values)
    if count == 1:
        column.leave("the same in every record")
    elif count < LEAST_VALUES:
        column.leave("too few different values to see what it holds")
    elif kind is not None and kind.trait == "birth_date":
        years = years_of(column.values)
        if count >= LEAST_TELLING and years[1] - years[0] >= _SPAN and not kind.with_time(column.values):
            column.take("birth_date", "by its values: dates that span a life")
        else:
            column.leave("dates, and not of birth by their years", worth_naming=False)
    elif kind is not None and kind.trait and (kind.sure or count >= LEAST_TELLING):
        column.take(kind.trait, f"by its values: {kind.name}")
    elif _is_key(column.name, rows) and (kind is not None or not _reads_as_words(column)):
        column.leave("different in every record, like the number of a row")
    elif kind is not None:
        column.leave(f"its values are {kind.name}", worth_naming=kind.worth_naming)
    elif count >= LEAST_TELLING and (trait := _kind_of_name(column)):
        column.take(trait, f"by its values: {_SAID[trait]}")
    else:
        what = "few different values" if count < LEAST_TELLING else "nothing that is recognised"
        column.leave(what, worth_naming=count >= LEAST_TELLING and column.filled >= 0.2)


_SAID = {
    "name": "names of people",
    "given_name": "given names",
    "family_name": "family names",
    "company": "names of organisations",
}


def _kind_of_name(column: _Column) -> str | None:
    if column.filled < 0.2:
        return None
    if organisation_share(column.values) >= 0.25:
        return "company"
    whole, given, family = person_share(column.values)
    if _several_words(column) >= _WHOLE:
        return "name" if whole >= 0.4 else None
    return "given_name" if given >= max(0.4, family) else "family_name" if family >= 0.3 else None


def _several_words(column: _Column) -> float:
    return float(np.mean([len(fold_words(value).split()) > 1 for value in column.values])) if column.values else 0.0


def _reads_as_words(column: _Column) -> bool:
    return float(np.mean([any(ch.isdigit() for ch in value) for value in column.values])) < FEW


def _is_key(name: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    values = [text_of(row[name]) for row in rows if not is_nothing_written(row.get(name))]
    return len(values) >= 0.95 * len(rows) and len(set(values)) == len(values)


def _settle_parts_of_names(found: Sequence[_Column], columns: Sequence[_Column]) -> None:
    """Distinguish whole names from parts: "Nom" next to "Prénom" is a family name, alone a whole one."""
    traits = {column.trait for column in columns}
    for column in found:
        if len(column.values) < LEAST_VALUES or not column.by_heading:
            continue
        several = _several_words(column) >= _WHOLE
        if column.trait == "name" and not several:
            other = {"given_name", "family_name"} - traits
            if len(other) == 1:
                column.take(other.pop(), "by its heading, beside the other part of a name")
        elif column.trait in ("given_name", "family_name") and several:
            other_part = "family_name" if column.trait == "given_name" else "given_name"
            if other_part not in traits:
                column.take("name", "by its heading, and its values are whole names")


def _settle_organisations(found: Sequence[_Column], columns: Sequence[_Column]) -> None:
    """Take names of organisations as such, and leave out the people who work there."""
    if any(column.trait in ("given_name", "family_name", "birth_date", "gender") for column in columns):
        return
    for column in found:
        if column.trait == "name" and len(column.values) >= LEAST_TELLING:
            of_organisations, (whole, _, _) = organisation_share(column.values), person_share(column.values)
            if of_organisations >= max(0.08, whole):
                column.take("company", "by its heading, and its values are names of organisations")
    filled = [max((c.filled for c in columns if c.trait == trait), default=0.0) for trait in ("company", "name")]
    if filled[0] > 2 * filled[1]:
        for column in found:
            if column.trait in _OF_PEOPLE:
                column.leave("of people at the organisations that the list is of")


def _settle_parts_of_dates(found: Sequence[_Column], columns: Sequence[_Column]) -> None:
    if any(column.trait == "birth_date" for column in columns):
        for column in found:
            if column.trait in ("birth_year", "birth_month", "birth_day"):
                column.leave("part of the date of birth, which has a column of its own")


def _settle_whole_names(columns: Sequence[_Column], sample: Sequence[Mapping[str, Any]]) -> None:
    """Note that a whole name next to its parts counts only if these are empty."""
    parts = [[c.name for c in columns if c.trait == trait] for trait in ("given_name", "family_name")]
    if not all(parts):
        return
    for column in columns:
        if column.trait == "name":
            both = [[fold_words(text_of(row.get(part[0]) or "")) for part in parts] for row in sample]
            held = [
                set(" ".join(words).split()) <= set(fold_words(text_of(row[column.name])).split())
                for row, words in zip(sample, both, strict=True)
                if all(words) and not is_nothing_written(row.get(column.name))
            ]
            if held and sum(held) >= MOST * len(held):
                column.why = f"{column.why}; it counts where {parts[0][0]!r} and {parts[1][0]!r} leave the name open"
