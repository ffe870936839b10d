"""Customers, the changes of identity, and the result of recording an interaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from omnitrack.harmless import one_line, sized
from omnitrack.model.fields import to_mapping
from omnitrack.model.handover_use import HandoverUse
from omnitrack.model.load_report import Rejected
from omnitrack.values import NOTHING, SPREAD, Value
from omnitrack.values.forms import TEXT, Listed

if TYPE_CHECKING:
    from omnitrack.identifiers.scheme import Identifier


@attrs.frozen(slots=True, kw_only=True)
class CustomerDetails(Value):
    """The details of a customer that are read on demand."""

    traits: Mapping[str, tuple[Any, ...]] = attrs.field(converter=to_mapping)
    first_seen: datetime | None
    last_seen: datetime | None


_UNKNOWN = CustomerDetails(traits=NOTHING, first_seen=None, last_seen=None)


@attrs.frozen(slots=True, kw_only=True)
class Customer(Value):
    """A person: a set of identifiers that links and statements join under the policy.

    Attributes:
        id: ``cus_...``. When two customers merge the older id remains; the other still resolves.
        identifiers: the identifiers of the person.
        shared: True if this is a shared identifier (an office line, a family's mailbox) rather than a person.

    Two are equal where these are: traits and times are read when they are first asked for, and comparing reads nothing.
    """

    id: str
    identifiers: tuple[Identifier, ...] = attrs.field(eq=frozenset)
    shared: bool = False
    _load: Callable[[], CustomerDetails] | None = attrs.field(default=None, repr=False, eq=False)
    _details: CustomerDetails | None = attrs.field(default=None, repr=False, eq=False, metadata={"json": SPREAD})

    def details(self) -> CustomerDetails:
        """Return the traits and the times of the first and last interaction; they are read once."""
        found = self._details
        if found is None:
            found = _UNKNOWN if self._load is None else self._load()
            object.__setattr__(self, "_details", found)
        return found

    def _complete(self) -> None:
        self.details()

    @property
    def traits(self) -> Mapping[str, tuple[Any, ...]]:
        """The values of each trait that interactions reported, best first: by assurance, then the latest."""
        return self.details().traits

    @property
    def first_seen(self) -> datetime | None:
        """The time of the first interaction on the timeline, or None."""
        return self.details().first_seen

    @property
    def last_seen(self) -> datetime | None:
        """The time of the last interaction on the timeline, or None."""
        return self.details().last_seen

    @one_line
    def __str__(self) -> str:
        return f"{self.id} ({', '.join(sorted(i.display for i in self.identifiers))})"


@attrs.frozen(slots=True, kw_only=True)
class Change(Value):
    """A change of identity: an identifier that moved from one customer to another, when, why, and by whom."""

    at: datetime
    identifier: Identifier
    old: str
    new: str
    cause: str  # record, link, deny, mark_shared, mark_personal, reassign, retract, attribute, erase, retention, unload, rebuild
    interaction: str | None = None  # the evidence, where an interaction brought it about
    statement: str | None = None  # or the statement
    by: str | None = None
    reason: str | None = attrs.field(default=None, repr=sized)
    id: str | None = None

    @one_line
    def __str__(self) -> str:
        who = f" by {self.by}" if self.by else ""
        why = f": {self.reason}" if self.reason else ""
        return f"{self.at:%Y-%m-%d %H:%M} {self.identifier.display}: {self.old} → {self.new} ({self.cause}{who}{why})"


@attrs.frozen(slots=True, kw_only=True)
class Recorded(Value):
    """The result of recording one interaction.

    Attributes:
        interaction: its id, ``int_...``; for a duplicate the id of the stored one.
        duplicate: True if it was stored before (same source and source id); nothing was written.
        suppressed: True if it belongs to a person who was erased; it was not stored again.
        changes: identifiers that moved to another customer because of it.
        rejected: malformed identifiers; the interaction was stored without them.
        handovers: what became of the handover codes in it; empty for a duplicate, and for what did not come in.

    Two are equal where these are.
    """

    interaction: str | None
    duplicate: bool = False
    suppressed: bool = False
    changes: tuple[Change, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    handovers: tuple[HandoverUse, ...] = ()
    _load: Callable[[], tuple[str, ...]] | None = attrs.field(default=None, repr=False, eq=False)
    _customers: tuple[str, ...] | None = attrs.field(
        default=None, repr=False, eq=False, metadata={"json": "customer_ids", "form": Listed(TEXT)}
    )

    @property
    def customer_ids(self) -> tuple[str, ...]:
        """The ids of the customers whose timelines it is on, read on demand; empty if nobody was identified."""
        found = self._customers
        if found is None:
            found = () if self._load is None else self._load()
            object.__setattr__(self, "_customers", found)
        return found

    def _complete(self) -> None:
        assert self.customer_ids is not None
