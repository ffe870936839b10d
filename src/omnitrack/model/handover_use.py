"""What became of a handover code that came in with an interaction."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from omnitrack.harmless import one_line
from omnitrack.values import Value

#: The handover was used, and this is what came of it.
LINKED, SUGGESTED, DENIED, CONFLICT = "linked", "suggested", "denied", "conflict"
#: It was not used, and this is why.
AGAIN, EXPIRED, USED_UP, SAME_CHANNEL = "again", "expired", "used up", "same channel"
SEVERAL_PEOPLE, REASSIGNED, UNKNOWN, DAMAGED = "several people", "reassigned", "unknown", "damaged"

_WORDS = {
    LINKED: "both ends are one customer",
    SUGGESTED: "it only suggests that both ends are one customer",
    DENIED: "used, and links nothing: somebody said that the two are not one person",
    CONFLICT: "used, and links nothing: it would put two values of an exclusive scheme into one customer",
    AGAIN: "the same person used it before",
    EXPIRED: "not used: it had expired",
    USED_UP: "not used: it was used up",
    SAME_CHANNEL: "not used: it came on the channel on which it was given",
    SEVERAL_PEOPLE: "not used: the interaction is with several people, or with too many identifiers of one",
    REASSIGNED: "not used: the address to which it was given has had another holder since",
    UNKNOWN: "not used: no such code was given, or it is gone",
    DAMAGED: "not used: its check is wrong",
}


@attrs.frozen(slots=True, kw_only=True)
class HandoverUse(Value):
    """What became of a handover code that came in with an interaction.

    Attributes:
        status: of a code that was used: ``"linked"``, ``"suggested"``, ``"denied"`` (somebody said that the two are not one person), ``"conflict"`` (two values
            of an exclusive scheme), or another obstacle of ``explain()``, such as ``"shared"``. Of a code that was not: ``"again"`` (the same person had used it),
            ``"expired"``, ``"used up"``, ``"same channel"``, ``"several people"``, ``"reassigned"``, ``"unknown"``, ``"damaged"``.
        handover: the id of the handover, ``hnd_...``; None if the code is unknown or damaged.
        given_with: the id of the interaction with which it was given.
    """

    status: str
    handover: str | None = None
    given_with: str | None = None

    @property
    def used(self) -> bool:
        """Whether this counts as a use of the handover."""
        return self.status not in _UNUSED

    @one_line
    def __str__(self) -> str:
        said = _WORDS.get(self.status, f"used, and links nothing: {self.status}")
        return f"{self.handover or 'handover code'}: {said}"


_UNUSED = frozenset(
    {AGAIN, EXPIRED, USED_UP, SAME_CHANNEL, SEVERAL_PEOPLE, REASSIGNED, UNKNOWN, DAMAGED},
)


def counted_uses(uses: Iterable[HandoverUse], counts: dict[str, int]) -> None:
    """Add uses to counts by status."""
    for use in uses:
        counts[use.status] = counts.get(use.status, 0) + 1
