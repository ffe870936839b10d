"""The report of a conversion: what was lost, what only an extension holds, what was assumed."""

from __future__ import annotations

from typing import Any

import attrs

from omnitrack.errors import mask
from omnitrack.harmless import joined, one_line
from omnitrack.model import Rejected
from omnitrack.values import Value
from omnitrack.values.forms import Listed
from omnitrack.values.layout import Nested

MAX_NOTES = 200  # different field and reason pairs of each kind; field names may come from a hostile document
MAX_REJECTED = 1_000  # kept with their reasons; rejected_total counts on

#: Why the bytes of an attachment are lost: nothing that a reader could mend.
NOT_STORED = "bytes are described by size and hash, not stored"


@attrs.frozen(slots=True)
class Note(Value):
    """One thing that a conversion did to one field, and how often.

    Attributes:
        field: of the interaction on export, of the document on import.
        count: in how many places.
        reason: for people to read.
    """

    field: str
    count: int
    reason: str

    @one_line
    def __str__(self) -> str:
        return f"{self.field} ({self.count}): {self.reason}"


class _Counted(Listed):
    """Counts by field and reason, which are notes in JSON."""

    def __init__(self) -> None:
        super().__init__(Nested(Note))

    def write(self, value: Any) -> list[Any]:
        return super().write(_notes(value))

    def read(self, data: Any, where: str) -> dict[tuple[str, str], int]:
        return {(note.field, note.reason): note.count for note in super().read(data, where)}


def _as_notes(name: str) -> dict[str, Any]:
    return {"json": name, "form": _Counted()}


@attrs.define(slots=True, kw_only=True)
class ConversionReport(Value):
    """What became of a conversion; complete once the iterator that came with it is used up.

    Attributes:
        format: json, vcon, tmf683 or cloudevents.
        converted: interactions that were written or read.
        documents: documents (lines, vCons, events) that were written or read.
        rejected_total: documents that were refused; ``rejected`` holds the first of them.
    """

    format: str
    converted: int = 0
    documents: int = 0
    rejected_total: int = 0
    _rejected: list[Rejected] = attrs.field(factory=list, init=False, metadata={"json": "rejected"})
    _left_out: list[Rejected] = attrs.field(factory=list, init=False, metadata={"json": "left_out"})
    _lost: dict[tuple[str, str], int] = attrs.field(factory=dict, init=False, metadata=_as_notes("lost"))
    _extended: dict[tuple[str, str], int] = attrs.field(factory=dict, init=False, metadata=_as_notes("extended"))
    _assumed: dict[tuple[str, str], int] = attrs.field(factory=dict, init=False, metadata=_as_notes("assumed"))

    @property
    def lost(self) -> tuple[Note, ...]:
        """What the result does not hold at all."""
        return _notes(self._lost)

    @property
    def extended(self) -> tuple[Note, ...]:
        """What stands in omnitrack's own extension of the standard, where other readers will not look for it."""
        return _notes(self._extended)

    @property
    def assumed(self) -> tuple[Note, ...]:
        """What the document did not say, and what was taken instead."""
        return _notes(self._assumed)

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The documents that were refused, each with its reason."""
        return tuple(self._rejected)

    @property
    def lossless(self) -> bool:
        """Whether nothing was lost, and nothing refused."""
        return not self._lost and not self._left_out and not self.rejected_total

    @property
    def left_out(self) -> tuple[Rejected, ...]:
        """The parts of documents that were refused where the rest was kept, each with its reason."""
        return tuple(self._left_out)

    def leave_out(self, reason: str, *, where: str | None = None) -> None:
        """Note that a part of a document was refused and the rest kept."""
        if len(self._left_out) < MAX_REJECTED:
            self._left_out.append(Rejected(reason=reason, where=where, source=self.format, kept=True))

    def lose(self, field: str, reason: str, count: int = 1) -> None:
        """Note that a field did not get through."""
        _add(self._lost, field, reason, count)

    def extend(self, field: str, reason: str, count: int = 1) -> None:
        """Note that a field is held by the extension alone."""
        _add(self._extended, field, reason, count)

    def assume(self, field: str, reason: str, count: int = 1) -> None:
        """Note that something was taken for granted."""
        _add(self._assumed, field, reason, count)

    def reject(self, reason: str, *, where: str | None = None, raw: str | None = None) -> None:
        """Note that a document was refused."""
        self.rejected_total += 1
        if len(self._rejected) < MAX_REJECTED:
            shown = None if raw is None else mask(raw)
            self._rejected.append(Rejected(reason=reason, where=where, source=self.format, raw=shown))

    def __str__(self) -> str:
        lines = [f"{self.format}: {self.converted} interactions, {self.documents} documents"]
        if self.rejected_total:
            lines[0] += f", {self.rejected_total} refused"
            lines += [f"  refused: {item.where or 'document'}: {item.reason}" for item in self._rejected[:10]]
        for title, notes in (("lost", self.lost), ("in the extension only", self.extended), ("assumed", self.assumed)):
            lines += [f"  {title}: {note}" for note in notes]
        return joined(lines)


def _add(notes: dict[tuple[str, str], int], field: str, reason: str, count: int) -> None:
    key = (field, reason)
    if key not in notes and len(notes) >= MAX_NOTES:
        key = ("(further fields)", f"more than {MAX_NOTES} different fields; only their number is kept")
    notes[key] = notes.get(key, 0) + count


def _notes(notes: dict[tuple[str, str], int]) -> tuple[Note, ...]:
    return tuple(Note(field, count, reason) for (field, reason), count in sorted(notes.items()))
