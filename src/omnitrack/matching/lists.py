"""Matching of plain lists without a store: dicts or data frames in, clusters with their reasons out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from os import PathLike
from typing import Any

import attrs
import numpy as np

from omnitrack.harmless import one_line
from omnitrack.identifiers.numbering import numbered_region
from omnitrack.matching.blocking import candidate_pairs
from omnitrack.matching.clusters import cluster_pairs
from omnitrack.matching.columns import ColumnUse, recognise_columns, warn_of
from omnitrack.matching.evidence import Column, Indices, columns_of, evidence_of
from omnitrack.matching.explain import Score, explain_pairs
from omnitrack.matching.fit import fit_model
from omnitrack.matching.headings import TRAITS
from omnitrack.matching.profile import Profile
from omnitrack.matching.traits import TraitReader
from omnitrack.matching.weights import Floats, Model, logit, probability_of

#: Fewer people than this are assumed to be a sample of this many, unless the population is given.
LEAST_POPULATION = 1_000
#: The most pairs that weights are estimated from; more would add nothing.
MOST_FITTED = 300_000
#: Pairs that are compared at a time, so that memory does not grow with their total.
CHUNK = 250_000
_SEED = 20_240_229


@attrs.frozen(slots=True)
class Member:
    """A record in a cluster.

    Attributes:
        source: the number of its list, counted from 0.
        index: its index in the list.
        record: the record itself.
    """

    source: int
    index: int
    record: Mapping[str, Any] = attrs.field(repr=False, eq=False)


@attrs.frozen(slots=True)
class Reason:
    """Why two members of a cluster belong together.

    Attributes:
        left: one member.
        right: the other member.
        score: the explained score of the pair.
    """

    left: Member
    right: Member
    score: Score

    @one_line
    def __str__(self) -> str:
        return str(self.score)


@attrs.frozen(slots=True)
class Cluster:
    """The records of one person.

    Attributes:
        members: the records in the order of the lists, at least one.
    """

    members: tuple[Member, ...]
    _matches: Matches = attrs.field(repr=False, eq=False)

    def __len__(self) -> int:
        return len(self.members)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The strongest link of each member but one to the others, strongest first."""
        return self._matches._reasons(self.members)


class Matches:
    """The result of ``match``.

    Attributes:
        model: the weights used; save them with ``model.to_json()``.
        labels: for each list, the number of the cluster of each record, in order.
        columns: for each list, the trait of each column used; other columns were not used.
        report: how each column of each list was used, and why.
    """

    def __init__(
        self,
        model: Model,
        sources: Sequence[Sequence[Mapping[str, Any]]],
        evidence_columns: Sequence[Column | None],
        pairs: tuple[Indices, Indices, Floats],
        labels: Indices,
        report: tuple[ColumnUse, ...],
    ) -> None:
        self.model = model
        self.report = report
        self.columns: tuple[dict[str, str], ...] = tuple(
            {use.column: use.trait for use in report if use.source == number and use.trait is not None}
            for number in range(len(sources))
        )
        self._values = evidence_columns
        self._pairs = pairs
        self._labels = labels
        self._starts = np.cumsum([0, *map(len, sources)]).tolist()
        self._sources = sources
        self.labels: tuple[tuple[int, ...], ...] = tuple(
            tuple(labels[a:b].tolist()) for a, b in zip(self._starts, self._starts[1:], strict=False)
        )

    @cached_property
    def _members(self) -> list[Member]:
        return [Member(s, i, record) for s, source in enumerate(self._sources) for i, record in enumerate(source)]

    def __repr__(self) -> str:
        return f"<Matches: {self._starts[-1]} records, {len(self.clusters)} clusters>"

    @cached_property
    def clusters(self) -> tuple[Cluster, ...]:
        """All clusters, including those of one record, in the order of ``labels``."""
        members: dict[int, list[Member]] = {}
        for member, label in zip(self._members, self._labels.tolist(), strict=True):
            members.setdefault(label, []).append(member)
        return tuple(Cluster(tuple(members[label]), self) for label in sorted(members))

    @property
    def duplicates(self) -> Iterator[Cluster]:
        """The clusters of more than one record."""
        return (cluster for cluster in self.clusters if len(cluster) > 1)

    def pairs(self, least: float = 0.5) -> Iterator[tuple[Member, Member, float]]:
        """Yield the pairs of at least this probability, most likely first, whether they are in one cluster or not.

        The pairs between a lower threshold and that of ``match`` are those that a person should check.
        """
        left, right, weights = self._pairs
        probabilities = probability_of(weights)
        rows = np.flatnonzero(probabilities >= least)
        for row in rows[np.argsort(-weights[rows], kind="stable")].tolist():
            yield self._members[int(left[row])], self._members[int(right[row])], float(probabilities[row])

    def explain(self, left: Member | int, right: Member | int) -> Score:
        """Return why two records are one person, or why not.

        Args:
            left: one member, or its index if one list was given.
            right: the other.
        """
        return self._explain([(self._position(left), self._position(right))])[0]

    def _position(self, member: Member | int) -> int:
        return member if isinstance(member, int) else self._starts[member.source] + member.index

    def _explain(self, pairs: Sequence[tuple[int, int]]) -> list[Score]:
        left = np.array([a for a, _ in pairs], dtype=np.int64)
        right = np.array([b for _, b in pairs], dtype=np.int64)
        return explain_pairs(self.model, self._values, evidence_of(self._values, left, right))

    def _reasons(self, members: Sequence[Member]) -> tuple[Reason, ...]:
        places = [self._position(member) for member in members]
        pairs = [(a, b) for i, a in enumerate(places) for b in places[i + 1 :]]
        if not pairs:
            return ()
        left, right = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
        weights = self.model.weigh(self._values, evidence_of(self._values, left, right))
        # A spanning tree of the strongest links.
        group = {place: place for place in places}
        chosen: list[tuple[int, int]] = []
        for row in np.argsort(-weights, kind="stable").tolist():
            a, b = pairs[row]
            if group[a] != group[b]:
                chosen.append((a, b))
                gone, kept = group[b], group[a]
                group = {place: kept if of == gone else of for place, of in group.items()}
        return tuple(
            Reason(self._members[a], self._members[b], score)
            for (a, b), score in zip(chosen, self._explain(chosen), strict=True)
        )


def match(
    records: Any,
    *others: Any,
    columns: Mapping[str, str | None] | None = None,
    region: str | None = None,
    threshold: float = 0.5,
    model: Model | None = None,
    fit: bool = True,
) -> Matches:
    """Find the records of one person in a list, or in several lists that know them under different keys.

    Args:
        records: a list of mappings, or a data frame of pandas or polars. Columns are recognised by their headings
            ("first_name", "DOB", "Postleitzahl", ...) and by what stands in them; ``Matches.report`` says which count and why,
            and a ``ColumnsLeftOutWarning`` names those that do not and might.
        others: further lists. Where there are any, records are matched between lists and not inside one.
        columns: the trait that a column holds (``omnitrack.matching.TRAITS``) where that is not seen, None for a column
            to leave out.
        region: ISO 3166 alpha-2, for national phone numbers and the order of day and month.
        threshold: the probability over which a pair is a match.
        model: weights to start from, or to use as they are with ``fit=False``; else those that omnitrack ships with.
        fit: estimate the weights from the records, without labels.

    Raises:
        TypeError: a list is none, or what is in it are no mappings.
        ValueError: no column is recognised, a list has nothing in common with the others that could be compared, ``columns`` names a
            column that is in no list or a trait that does not exist, there is no such region, or the threshold is out of range.

    >>> found = match([{"name": "Jane Zaleski", "dob": "1980-02-03"}, {"name": "Zaleski, Jane", "dob": "3 Feb 1980"},
    ...                {"name": "John Smith", "dob": "1975-07-01"}])
    >>> found.labels
    ((0, 0, 1),)
    >>> print(next(found.duplicates).reasons[0].score.sentence)
    Same name Jane Zaleski (rare), born on 1980-02-03.
    """
    if not 0.0 < threshold < 1.0:
        raise ValueError(f"threshold: got {threshold!r}, accepted is a probability between 0 and 1")
    region = numbered_region(region)
    sources = [_rows(source) for source in (records, *others)]
    mapping = _mapping(columns)
    uses = [recognise_columns(source, mapping, number) for number, source in enumerate(sources)]
    used = tuple({use.column: use.trait for use in of if use.trait is not None} for of in uses)
    if any(any(source) and not taken for source, taken in zip(sources, used, strict=True)):
        raise ValueError(
            "columns: none of a list is recognised; name their traits, such as columns={'fn': 'given_name'}"
        )
    _check_named(mapping, sources)
    report = tuple(use for of in uses for use in of)
    warn_of(report, 2)
    profiles: list[Profile] = []
    for source, of in zip(sources, uses, strict=True):
        reader = TraitReader(region, {use.column: use.trait for use in of})
        profiles += map(reader.read, source)
    groups = [number for number, source in enumerate(sources) for _ in source] if others else None
    values = columns_of(profiles)
    _check_common(values, [len(source) for source in sources], used)
    left, right = candidate_pairs(profiles, groups=groups)
    size = len(profiles)
    del profiles
    if model is None:
        model = Model.default(max(size, LEAST_POPULATION))
    if fit:
        apart = None if groups is None else np.asarray(groups, dtype=np.int64)
        rows = _sample(len(left))
        part = len(rows) / max(len(left), 1)
        model = fit_model(model, values, evidence_of(values, left[rows], right[rows]), size, apart, part)
    fitted = model

    def weigh(a: Indices, b: Indices) -> Floats:
        pieces = range(0, len(a), CHUNK)
        weighed = [fitted.weigh(values, evidence_of(values, a[i : i + CHUNK], b[i : i + CHUNK])) for i in pieces]
        return np.concatenate(weighed) if weighed else np.empty(0)

    weights = weigh(left, right)
    labels = cluster_pairs(size, left, right, weights, weigh, logit(threshold))
    return Matches(fitted, sources, values, (left, right, weights), labels, report)


def _sample(count: int) -> Indices:
    """Return the pairs that weights are estimated from: all, or a random sample with a fixed seed."""
    if count <= MOST_FITTED:
        return np.arange(count, dtype=np.int64)
    return np.sort(np.random.default_rng(_SEED).choice(count, MOST_FITTED, replace=False))


def _rows(source: Any) -> list[Mapping[str, Any]]:
    if hasattr(source, "to_dicts"):  # polars
        return list(source.to_dicts())
    if hasattr(source, "to_dict") and hasattr(source, "columns"):  # pandas
        return list(source.to_dict("records"))
    if isinstance(source, (str, bytes, PathLike)):
        raise TypeError(
            f"records: got {type(source).__name__}, accepted is a list of mappings or a data frame; a file of CSV is read by "
            "csv.DictReader(open(path, newline=''))"
        )
    if isinstance(source, Mapping) or not isinstance(source, Iterable):
        raise TypeError(f"records: got {type(source).__name__}, accepted is a list of mappings or a data frame")
    rows = list(source)
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise TypeError(
                f"records[{number}]: got {type(row).__name__}, accepted is a mapping of column names to values, such as "
                "csv.DictReader gives, or {'name': 'Jane Zaleski', 'postcode': 'RG14 1AA'}"
            )
    return rows


def _check_named(mapping: Mapping[str, str | None] | None, sources: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    """Raise if ``columns`` names a column that no list has."""
    there = dict.fromkeys(str(name) for source in sources for row in source for name in row)
    missing = [column for column, trait in (mapping or {}).items() if trait is not None and column not in there]
    if missing and there:
        near = get_close_matches(missing[0], there, 1)
        meant = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(f"columns: got {missing[0]!r}{meant}, accepted are columns of the lists: {', '.join(there)}")


def _check_common(values: Sequence[Column | None], sizes: Sequence[int], used: Sequence[Mapping[str, str]]) -> None:
    """Raise if a list has comparable traits but shares none with the other lists."""
    if len(sizes) == 1:
        return
    ends = np.cumsum([0, *sizes])
    counts = np.array([np.diff(column.starts[ends]) for column in values if column is not None]).reshape(-1, len(sizes))
    known = counts > 0
    for number in range(len(sizes)):
        others = np.delete(known, number, axis=1).any(axis=1)
        if known[:, number].any() and others.any() and not (known[:, number] & others).any():
            held = "; ".join(", ".join(sorted(set(traits.values()))) for traits in used)
            raise ValueError(
                f"columns: list {number + 1} has nothing in common with the others that could be compared; the lists hold: {held}"
            )


def _mapping(columns: Mapping[str, str | None] | None) -> dict[str, str | None] | None:
    for column, trait in (columns or {}).items():
        if trait is not None and trait not in TRAITS:
            raise ValueError(f"columns[{column!r}]: got {trait!r}, accepted are {', '.join(TRAITS)}")
    return None if columns is None else dict(columns)
