"""Briefs: who is on the line and what matters now, as one value that is small whatever the history."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import attrs

from omnitrack.harmless import sized
from omnitrack.identifiers.scheme import Identifier
from omnitrack.model import AnsweredBy, Assurance, Direction
from omnitrack.service.brief_text import brief_text
from omnitrack.service.case import CaseKind, CaseState, Seriousness
from omnitrack.service.handover import HandoverState
from omnitrack.service.permission import Consent
from omnitrack.values import Value

if TYPE_CHECKING:
    from omnitrack.suggesting.suggest import Suggestion


@attrs.frozen(slots=True, kw_only=True)
class BriefContact(Value):
    """One of the latest contacts of a customer.

    Attributes:
        interaction: the id of the interaction, ``int_...``.
        identifier: the identifier under which it is filed.
        assurance: the assurance of that identifier.
        text: the beginning of its subject and body; None if it has neither.
        answered_by: whether a person or a machine dealt with it for the company; None if not known.
        disclosed: whether the customer was told that a machine answers; None if not known.
    """

    interaction: str
    at: datetime
    channel: str
    direction: Direction
    kind: str
    identifier: Identifier
    assurance: Assurance
    text: str | None = attrs.field(default=None, repr=sized)
    outcome: str | None = None
    agent: str | None = attrs.field(default=None, repr=sized)
    answered_by: AnsweredBy | None = None
    disclosed: bool | None = None
    thread: str | None = attrs.field(default=None, repr=sized)
    deleted: bool = False


@attrs.frozen(slots=True, kw_only=True)
class OpenThread(Value):
    """Contacts from the customer in one thread that nobody has answered.

    Attributes:
        since: the time of the first unanswered contact.
        last: the time of the latest one.
        interactions: the ids of these contacts, oldest first.
        text: the beginning of the latest one; None if it has no text.
    """

    channel: str
    since: datetime
    last: datetime
    interactions: tuple[str, ...]
    thread: str | None = attrs.field(default=None, repr=sized)
    text: str | None = attrs.field(default=None, repr=sized)


@attrs.frozen(slots=True, kw_only=True)
class BriefCase(Value):
    """An open case of the customer.

    Attributes:
        id: the case id, ``cas_...``.
        answered: True if the case is resolved and the customer has said something since, which an agent has to read.
        broken: how many promises are due and not kept.
        due: when the next promise is due; None if none is open.
    """

    id: str
    kind: CaseKind
    state: CaseState
    opened_at: datetime
    title: str | None = attrs.field(default=None, repr=sized)
    seriousness: Seriousness | None = None
    owner: str | None = None
    answered: bool = False
    broken: int = 0
    due: datetime | None = None


@attrs.frozen(slots=True, kw_only=True)
class Candidate(Value):
    """A customer who recently used a shared line or address.

    Attributes:
        customer: the customer id.
        identifiers: the customer's identifiers that were seen with the shared one.
        last_seen: when they were last seen together.
        interactions: the ids of the contacts that show it, newest first.
    """

    customer: str
    identifiers: tuple[Identifier, ...]
    last_seen: datetime
    interactions: tuple[str, ...]


@attrs.frozen(slots=True, kw_only=True)
class Brief(Value):
    """Who is on the line and what matters now. ``str()`` is text for a screen or a language model, within ``max_chars``.

    Attributes:
        who: the identifier that was asked for; None if a customer id was given.
        trust: ``"observed"`` or ``"verified"``, as requested.
        at: when the brief was read.
        sure: ``"one"`` if the identifier leads to one person, ``"several"`` if people share it (see ``candidates``), ``"nobody"`` if it was never seen.
        customer: the customer id; None for nobody.
        identifiers: the customer's identifiers.
        verified: those of them that verified links and statements alone join to the identifier that was asked for.
        name: the customer's name in the latest contacts, by assurance and then by time; None if none has a name.
        candidates: the customers who last used a shared line; empty with trust ``"verified"``.
        contacts: the latest contacts, newest first.
        open_threads: threads among them that wait for an answer, the longest wait first.
        cases: the open cases, those with broken promises first, then the oldest.
        handovers: the handovers that the customer may still come back with or came back with lately, those in flight first. Each has the beginning of the
            contact with which it was given, which is where the customer left off.
        consents: the consents that count now, refusals first.
        suggestions: other customers who may be the same person, to confirm or deny; empty with trust ``"verified"``.
        missing: the parts that there was no time for: ``"customer"``, ``"contacts"``, ``"cases"``, ``"consents"``, ``"suggestions"``.
        max_chars: the largest number of characters of the text; None for no limit.
    """

    who: Identifier | None
    trust: Literal["observed", "verified"]
    at: datetime
    sure: Literal["one", "several", "nobody"]
    customer: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    verified: tuple[Identifier, ...] = ()
    name: str | None = attrs.field(default=None, repr=sized)
    candidates: tuple[Candidate, ...] = ()
    contacts: tuple[BriefContact, ...] = ()
    open_threads: tuple[OpenThread, ...] = ()
    cases: tuple[BriefCase, ...] = ()
    handovers: tuple[HandoverState, ...] = ()
    consents: tuple[Consent, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    missing: tuple[str, ...] = ()
    max_chars: int | None = None

    @property
    def shown_customers(self) -> tuple[str, ...]:
        """The ids of all customers whom the brief names."""
        others = [id for one in self.suggestions for id in one.customers] + [one.customer for one in self.candidates]
        return tuple(dict.fromkeys([*([] if self.customer is None else [self.customer]), *others]))

    @property
    def shown_interactions(self) -> tuple[str, ...]:
        """The ids of all interactions that the brief shows."""
        shown = [one.interaction for one in self.contacts]
        shown += [id for thread in self.open_threads for id in thread.interactions]
        shown += [id for one in self.handovers for id in (one.interaction, *one.came_back_with)]
        shown += [id for candidate in self.candidates for id in candidate.interactions]
        return tuple(dict.fromkeys(shown))

    def text(self, max_chars: int | None = None) -> str:
        """Return the brief as text; if space is short, the most important parts are kept.

        Text written by customers and other systems is quoted as JSON strings, each on one line. Everything outside the quotation marks is omnitrack's.

        Args:
            max_chars: the largest number of characters; None for no limit.
        """
        return brief_text(self, max_chars)

    def __str__(self) -> str:
        return brief_text(self, self.max_chars)
