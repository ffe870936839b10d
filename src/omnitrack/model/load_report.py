"""The report of a bulk load, and what it lists: units that were rejected or passed over."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from omnitrack.errors import masked_repr
from omnitrack.harmless import one_line
from omnitrack.model.fields import to_mapping
from omnitrack.values import NOTHING, Value


@attrs.frozen(slots=True, kw_only=True)
class Rejected(Value):
    """Something that was not taken, and why: a whole item of a source, or one identifier of an interaction.

    Attributes:
        reason: for people to read; names the field; holds no whole identifier.
        where: file, line, offset or key at which it stands.
        source: name of the source or system.
        source_id: of the item, where it was readable.
        raw: the first characters of what came, masked.
        kept: the interaction itself was kept, only this part of it was not.
    """

    reason: str
    where: str | None = None
    source: str | None = None
    source_id: str | None = attrs.field(default=None, repr=masked_repr)
    raw: str | None = None
    kept: bool = False


@attrs.frozen(slots=True, kw_only=True)
class PassedOver(Value):
    """A unit of a source that is no contact, and why: a receipt, a draft, an event of an unknown type.

    Attributes:
        reason: the same words for all of a kind, by which a report counts them; it holds nothing of a person.
        where: file, line, offset or key at which it stands.
        source: name of the source or system.
        source_id: of the unit, where it has one.
    """

    reason: str
    where: str | None = None
    source: str | None = None
    source_id: str | None = None


MOST_REPORTED = 1_000  # of what a report lists; the counts go on
MOST_REASONS = 100  # by which a report counts what was passed over
OTHER_REASONS = "other reasons"
_MOST_NAMED = 5  # reasons in the one line that a report is as text


def counted_by_reason(*counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by reason added up, those past the bounded number of reasons together."""
    total: dict[str, int] = {}
    for one in counts:
        for reason, count in one.items():
            known = reason if reason in total or len(total) < MOST_REASONS else OTHER_REASONS
            total[known] = total.get(known, 0) + count
    return total


@attrs.frozen(slots=True, kw_only=True)
class LoadReport(Value):
    """The ledger of a bulk load: each unit of the input (a mail, a row, an event, a line of a chat) is in one of its counts.

    Attributes:
        added: kept as an interaction.
        duplicates: there already.
        revised: an edit or a delete of an interaction that is there.
        rejected: could not be read, and why; the list is cut at a limit, ``rejected_total`` is not.
        suppressed: of people who were erased.
        passed_over: read, and no contact: how many by reason; past a number of reasons the others count together.
        passed_over_examples: the first of each reason.
        left_out: parts of interactions that were kept without them, such as an identifier that is none; no units. The list is cut
            at a limit, ``left_out_total`` is not.
        format: of the source. detected_by: how load() knew the format.
        units: the sum of all counts but ``left_out_total``.
    """

    added: int = 0
    duplicates: int = 0
    revised: int = 0
    rejected: tuple[Rejected, ...] = ()
    suppressed: int = 0
    rejected_total: int = 0
    passed_over: Mapping[str, int] = attrs.field(default=NOTHING, converter=to_mapping)
    passed_over_examples: tuple[PassedOver, ...] = ()
    left_out: tuple[Rejected, ...] = ()
    left_out_total: int = 0
    format: str | None = None
    detected_by: str | None = None
    units: int = attrs.field(init=False)

    _DERIVED = ("passed_over_total",)

    @units.default
    def _sum(self) -> int:
        counted = self.added + self.duplicates + self.revised + self.suppressed + self.rejected_total
        return counted + self.passed_over_total

    @property
    def passed_over_total(self) -> int:
        """How many units were passed over, for whatever reason."""
        return sum(self.passed_over.values())

    def plus(self, other: LoadReport) -> LoadReport:
        """Return this report and another of the same load as one."""
        return attrs.evolve(
            self,
            added=self.added + other.added,
            duplicates=self.duplicates + other.duplicates,
            revised=self.revised + other.revised,
            suppressed=self.suppressed + other.suppressed,
            rejected=(self.rejected + other.rejected)[:MOST_REPORTED],
            rejected_total=self.rejected_total + other.rejected_total,
            passed_over=counted_by_reason(self.passed_over, other.passed_over),
            passed_over_examples=(self.passed_over_examples + other.passed_over_examples)[:MOST_REPORTED],
            left_out=(self.left_out + other.left_out)[:MOST_REPORTED],
            left_out_total=self.left_out_total + other.left_out_total,
        )

    @one_line
    def __str__(self) -> str:
        said = f"{self.added} added, {self.duplicates} there already, {self.revised} revised, {self.rejected_total} rejected"
        if self.suppressed:
            said += f", {self.suppressed} of erased people"
        if self.passed_over:
            reasons = sorted(self.passed_over.items(), key=lambda item: (-item[1], item[0]))
            named = ", ".join(f"{count} {reason}" for reason, count in reasons[:_MOST_NAMED])
            more = f", and of {len(reasons) - _MOST_NAMED} other kinds" if len(reasons) > _MOST_NAMED else ""
            said += f", {self.passed_over_total} passed over ({named}{more})"
        if self.left_out_total:
            said += f"; {self.left_out_total} parts left out of what was kept"
        return said
