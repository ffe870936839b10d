"""The report of a load, and the units that it lists as rejected or passed over."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from omnitrack.errors import masked_repr
from omnitrack.harmless import one_line
from omnitrack.model.fields import to_mapping
from omnitrack.values import NOTHING, Value


@attrs.frozen(slots=True, kw_only=True)
class Rejected(Value):
    """An item of a source, or a part of one, that was rejected, with the reason.

    Attributes:
        reason: the reason in words; names the field and contains no whole identifier.
        where: file, line, offset or key of the item.
        source: name of the source or system.
        source_id: source id of the item, if it could be read.
        raw: the first characters of the input, masked.
        kept: True if the interaction was stored without this part.
    """

    reason: str
    where: str | None = None
    source: str | None = None
    source_id: str | None = attrs.field(default=None, repr=masked_repr)
    raw: str | None = None
    kept: bool = False


@attrs.frozen(slots=True, kw_only=True)
class PassedOver(Value):
    """A unit of a source that is not a contact, with the reason: a receipt, a draft, an event of an unknown type.

    Attributes:
        reason: the kind of unit, by which a report counts them; contains no personal data.
        where: file, line, offset or key of the item.
        source: name of the source or system.
        source_id: source id of the unit, if it has one.
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
    """Return the sum of several counts by reason. Beyond ``MOST_REASONS`` reasons the rest are counted together."""
    total: dict[str, int] = {}
    for one in counts:
        for reason, count in one.items():
            known = reason if reason in total or len(total) < MOST_REASONS else OTHER_REASONS
            total[known] = total.get(known, 0) + count
    return total


@attrs.frozen(slots=True, kw_only=True)
class LoadReport(Value):
    """The report of a load. Each unit of the input (a mail, a row, an event, a line of a chat) is in exactly one of the counts.

    Attributes:
        added: stored as a new interaction.
        duplicates: stored before.
        revised: an edit or a deletion of a stored interaction.
        rejected: units that could not be read, with reasons. The list has a limit, ``rejected_total`` has none.
        suppressed: interactions of people who were erased.
        passed_over: number of units that are not contacts, by reason.
        passed_over_examples: the first unit of each reason.
        left_out: parts that stored interactions lack, such as a malformed identifier; these are not units. The list has a limit,
            ``left_out_total`` has none.
        handovers: number of handover codes that came in, by what became of them (see ``HandoverUse.status``); these are not units.
        format: name of the format. detected_by: how load() detected it.
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
    handovers: Mapping[str, int] = attrs.field(default=NOTHING, converter=to_mapping)
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
        """The number of units that were passed over."""
        return sum(self.passed_over.values())

    def plus(self, other: LoadReport) -> LoadReport:
        """Return the sum of this report and another of the same load."""
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
            handovers=counted_by_reason(self.handovers, other.handovers),
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
        if self.handovers:
            said += "; handover codes: " + ", ".join(
                f"{count} {status}" for status, count in sorted(self.handovers.items())
            )
        return said
