"""Search: finds people by what is known about them, best match first, with reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import attrs

from omnitrack.errors import InvalidInteractionError, masked_repr
from omnitrack.foundation.calls import Later
from omnitrack.foundation.context import Context
from omnitrack.harmless import one_line
from omnitrack.matching import Comparison, Profile, Score, merge_profiles, normalise_traits
from omnitrack.matching.blocking import blocking_keys
from omnitrack.model import Customer
from omnitrack.reading.customers import customer_from
from omnitrack.reading.profiles import found_by_search
from omnitrack.reading.query import Query
from omnitrack.reading.resolve import Meant
from omnitrack.reading.timeline import timeline_page
from omnitrack.storage.contract import RETIRED, IdentifierRow, Transaction
from omnitrack.suggesting.suggest import MOST_CANDIDATES, candidates_by_customer, ranked
from omnitrack.values import Value


@attrs.frozen(slots=True, kw_only=True)
class SearchResult(Value):
    """A person whom a search found.

    Attributes:
        customer: the customer.
        weight: how well the person fits the search, in bits: each bit doubles the odds that this is the person. Results are in this order. The weight
            includes the odds of a random person, so it is negative if little was given.
        probability: the same from 0 to 1.
        comparisons: the comparisons whose weights add up to ``weight``.
        sentence: the reasons in words.
    """

    customer: Customer
    weight: float
    probability: float
    comparisons: tuple[Comparison, ...]
    sentence: str = attrs.field(repr=False)

    @one_line
    def __str__(self) -> str:
        return f"{self.customer.id}: {self.sentence}"


def search_profile(ctx: Context, asked: Mapping[str, Any]) -> Profile:
    """Return the values searched for in normal form.

    Raises:
        InvalidInteractionError: a value is not a text or date, or no value can find anybody.
    """
    given = {name: value for name, value in asked.items() if value is not None}
    for name, value in given.items():
        if not isinstance(value, (str, date)):
            raise InvalidInteractionError(f"{name}: got {masked_repr(value)}, accepted is a text, and None for any")
    texts = {name: value if isinstance(value, str) else value.isoformat() for name, value in given.items()}
    parts = [(name, normalise_traits({name: text}, region=ctx.region)) for name, text in texts.items()]
    for name, part in parts:
        if not part:
            raise InvalidInteractionError(f"{name}: got {masked_repr(texts[name])}, which cannot be read as one")
    profile = merge_profiles([part for _, part in parts])
    if not blocking_keys(profile):
        raise InvalidInteractionError(
            f"search: got {', '.join(texts) or 'nothing'}, by which nobody is found; accepted are a name, a postcode, an address with its house "
            "number, a date of birth, an e-mail address, a phone number, and beside one of these a city, a company or a text"
        )
    return profile


def search(
    tx: Transaction, ctx: Context, profile: Profile, text: str | None, limit: int, later: Later | None
) -> list[SearchResult]:
    """Return the people who best match a profile, best first. Reads a bounded number of index rows, whatever the size of the store.

    Args:
        text: a text that one of their contacts has in its subject or body; None for any.
    """
    grouped = candidates_by_customer(tx, found_by_search(tx, profile, MOST_CANDIDATES))
    found: list[SearchResult] = []
    for home, score in ranked(tx, profile, grouped, len(grouped), 0.0):
        if len(found) == limit:
            break
        if text is None or _said(tx, ctx, home, text):
            # The comparison read all identifiers of each customer, so none is read again.
            members = [row for row in grouped[home] if not row.state & RETIRED]
            found.append(_result(tx, home, members, score, later))
    return found


def _said(tx: Transaction, ctx: Context, home: bytes, text: str) -> bool:
    """Return whether a contact on a customer's timeline contains the text."""
    return bool(timeline_page(tx, ctx, Meant(home, None), Query(text=text), 1, None).items)


def _result(
    tx: Transaction, home: bytes, members: Sequence[IdentifierRow], score: Score, later: Later | None
) -> SearchResult:
    return SearchResult(
        customer=customer_from(tx, home, members, None, later),
        weight=score.weight,
        probability=score.probability,
        comparisons=score.comparisons,
        sentence=score.sentence,
    )


def checked_text(text: object) -> str | None:
    """Return the text to look for in contacts.

    Raises:
        InvalidInteractionError: the value is not a text, or is empty.
    """
    if text is None:
        return None
    if not isinstance(text, str) or not text.strip():
        raise InvalidInteractionError(f"text: got {masked_repr(text)}, accepted is a text, and None for any")
    return text
