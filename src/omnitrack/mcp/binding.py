"""Binding: whose history a model reads, in whose name, and how much of it; fixed by the host, out of the model's reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import attrs

from omnitrack.errors import InvalidInteractionError, masked_repr, plain_repr
from omnitrack.identifiers.scheme import Identifier
from omnitrack.model import Customer as KnownCustomer
from omnitrack.reading.resolve import Who
from omnitrack.service.exposure import checked_by
from omnitrack.tracker import Tracker

LEAST_CHARS = 2_000  # in which two contacts have room, whatever they hold
MOST_CHARS = 100_000

#: Whose history is read: an identifier or customer id, or what finds it out for each request. It is given the HTTP request
#: (``starlette.requests.Request``), None where the transport is not HTTP.
Customer = Who | Callable[[Any], Who]


@attrs.frozen(slots=True, kw_only=True)
class Bound:
    """What the host has fixed for a server.

    Attributes:
        tracker: the open store.
        customer: whose history it is, or what finds it out for each request.
        agent: the name of the model in receipts of reads and as the author of notes.
        trust: ``"observed"``, or ``"verified"`` where the customer hears or reads the answers.
        max_chars: the largest number of characters of one answer.
    """

    tracker: Tracker
    customer: Customer
    agent: str
    trust: Literal["observed", "verified"]
    max_chars: int

    @classmethod
    def checked(cls, tracker: Tracker, customer: Customer, *, agent: str, trust: str, max_chars: int) -> Bound:
        """Return what the host fixes, its values checked.

        Raises:
            InvalidInteractionError: a value is invalid.
        """
        if not isinstance(tracker, Tracker):
            raise InvalidInteractionError(f"tracker: got {type(tracker).__name__}, accepted is a Tracker")
        if trust not in ("observed", "verified"):
            raise InvalidInteractionError(f"trust: got {plain_repr(trust)}, accepted are 'observed' and 'verified'")
        numeric = isinstance(max_chars, int) and not isinstance(max_chars, bool)
        if not numeric or not LEAST_CHARS <= max_chars <= MOST_CHARS:
            raise InvalidInteractionError(
                f"max_chars: got {plain_repr(max_chars)}, accepted is a number from {LEAST_CHARS} to {MOST_CHARS}"
            )
        if not callable(customer):
            _checked_customer(customer)
        known: Literal["observed", "verified"] = "verified" if trust == "verified" else "observed"
        return cls(tracker=tracker, customer=customer, agent=checked_by(agent), trust=known, max_chars=max_chars)

    def who(self, request: Any) -> Who:
        """Return whose history a request reads."""
        if not callable(self.customer):
            return self.customer
        return _checked_customer(self.customer(request))


def _checked_customer(who: Who) -> Who:
    """Return who is bound. Nobody is an error: a server without a customer must not answer for anybody.

    Raises:
        InvalidInteractionError: it names nobody.
    """
    if isinstance(who, (Identifier, KnownCustomer)) or (isinstance(who, (str, list, tuple)) and who):
        return who
    raise InvalidInteractionError(f"customer: got {masked_repr(who)}, accepted is an identifier or a customer id")
