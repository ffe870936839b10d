"""Briefs: who is on the line and what matters now, as one value that is small whatever the history."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import attrs

from omnitrack.harmless import sized
from omnitrack.identifiers.scheme import Identifier
from omnitrack.model import Assurance, Direction
from omnitrack.service.brief_text import brief_text
from omnitrack.service.permission import Consent
from omnitrack.values import Value

if TYPE_CHECKING:
    from omnitrack.suggesting.suggest import Suggestion


@attrs.frozen(slots=True, kw_only=True)
class BriefContact(Value):
    """One of the last contacts: the evidence is the interaction whose id it has.

    Attributes:
        interaction: its id, ``int_...``.
        text: the beginning of its subject and body; None where there is none.
        identifier: under which it is filed. assurance: how sure that is.
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
    thread: str | None = attrs.field(default=None, repr=sized)
    deleted: bool = False


@attrs.frozen(slots=True, kw_only=True)
class OpenThread(Value):
    """Contacts of the customer that nobody has answered, of one thread.

    Attributes:
        since: when the first of them came. last: when the latest did.
        text: the beginning of the latest. interactions: their ids, oldest first.
    """

    channel: str
    since: datetime
    last: datetime
    interactions: tuple[str, ...]
    thread: str | None = attrs.field(default=None, repr=sized)
    text: str | None = attrs.field(default=None, repr=sized)


@attrs.frozen(slots=True, kw_only=True)
class Candidate(Value):
    """Somebody whom a shared line or address may stand for, by the contacts that came over it lately.

    Attributes:
        customer: id of the customer. identifiers: those that were seen with the shared one, and join it.
        last_seen: when that was last. interactions: the contacts that show it, newest first.
    """

    customer: str
    identifiers: tuple[Identifier, ...]
    last_seen: datetime
    interactions: tuple[str, ...]


@attrs.frozen(slots=True, kw_only=True)
class Brief(Value):
    """Who is on the line and what matters now. ``str()`` is text for a screen or a language model, within ``max_chars``.

    Attributes:
        who: what was asked for, as an identifier; None where a customer id was given.
        trust: ``"observed"`` or ``"verified"``, as it was asked for.
        at: when it was read.
        sure: ``"one"`` person; ``"several"`` who share what was asked for, then see ``candidates``; ``"nobody"`` is known by it.
        customer: id of the customer; None where it is nobody.
        identifiers: those of the customer. verified: those of them that verified links and statements alone join to the one that was asked for.
        name: as the latest and surest of the last contacts that says it has it; None where none does.
        candidates: of a shared line, those who used it last; empty with trust ``"verified"``.
        contacts: the last, newest first. open_threads: those of the last that wait for an answer, longest first.
        consents: what counts of what was said of contacting them, refusals first.
        suggestions: who they may be besides, to confirm or deny; empty with trust ``"verified"``.
        missing: parts that there was no time for: ``"customer"``, ``"contacts"``, ``"consents"``, ``"suggestions"``.
        max_chars: the most characters of the text; None for no bound.
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
    consents: tuple[Consent, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    missing: tuple[str, ...] = ()
    max_chars: int | None = None

    @property
    def shown_customers(self) -> tuple[str, ...]:
        """The ids of all customers who are named in it."""
        others = [id for one in self.suggestions for id in one.customers] + [one.customer for one in self.candidates]
        return tuple(dict.fromkeys([*([] if self.customer is None else [self.customer]), *others]))

    @property
    def shown_interactions(self) -> tuple[str, ...]:
        """The ids of all interactions that it is made of."""
        shown = [one.interaction for one in self.contacts]
        shown += [id for thread in self.open_threads for id in thread.interactions]
        shown += [id for candidate in self.candidates for id in candidate.interactions]
        return tuple(dict.fromkeys(shown))

    def text(self, max_chars: int | None = None) -> str:
        """Return it as text: what matters most is kept where not all has room.

        What customers and other systems wrote stands between quotation marks, as strings of JSON on one line; everything else is omnitrack's.

        Args:
            max_chars: the most characters; None for no bound.
        """
        return brief_text(self, max_chars)

    def __str__(self) -> str:
        return brief_text(self, self.max_chars)
