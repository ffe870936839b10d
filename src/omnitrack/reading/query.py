"""Queries: the filters and the order of a timeline or of the whole store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, tzinfo
from operator import attrgetter
from typing import Literal

import attrs

from omnitrack.errors import InvalidInteractionError, check_flag, masked_repr, plain_repr
from omnitrack.foundation.arguments import listed, microseconds
from omnitrack.foundation.ids import from_us
from omnitrack.model import AnsweredBy, is_storable
from omnitrack.storage.contract import InteractionRow

MAX_LIMIT = 1_000
MAX_FILTER = 1_000  # channels, directions or kinds of one query: each engine takes so many in one question


@attrs.frozen(slots=True, kw_only=True)
class Query:
    """What of a timeline is wanted, and in which order. Times are microseconds."""

    channels: tuple[str, ...] | None = None
    directions: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    since: int | None = None
    until: int | None = None
    text: str | None = None
    agent: str | None = None
    thread: str | None = None
    source: str | None = None
    answered_by: str | None = None
    order: Literal["newest", "oldest"] = "newest"
    as_of: int | None = None
    trust: Literal["observed", "verified"] = "observed"
    include_shared: bool = False
    include_claimed: bool = False
    include_participant: bool = False

    def digest(self, subject: str = "timeline") -> str:
        """Return the text that ties a cursor to this query."""
        return f"{subject} {_said_by(self)}"

    def lets_through(self, row: InteractionRow) -> bool:
        """Whether an interaction, as its last revision has it, passes the filters that the store does not apply."""
        if self.agent is not None and row.agent != self.agent:
            return False
        if self.thread is not None and row.thread != self.thread:
            return False
        if self.source is not None and row.source != self.source:
            return False
        if self.answered_by is not None:
            extra = {} if row.extra is None else json.loads(row.extra)
            if extra.get("answered_by") != self.answered_by:
                return False
        if self.text is not None:
            wanted = self.text.casefold()
            return any(wanted in part.casefold() for part in (row.subject, row.body) if part)
        return True

    @property
    def reaches_shared(self) -> bool:
        """Whether the history of shared identifiers that the customer's touch is wanted too."""
        return self.include_shared and self.trust != "verified"

    @property
    def scans(self) -> bool:
        """Whether some filter is applied here, row by row."""
        return any(one is not None for one in (self.agent, self.thread, self.source, self.answered_by, self.text))


_said_by = attrgetter(*(field.name for field in attrs.fields(Query)))


def checked_limit(limit: object) -> int:
    """Return a page size.

    Raises:
        InvalidInteractionError: it is not a number from 1 to the maximum.
    """
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MAX_LIMIT:
        raise InvalidInteractionError(f"limit: got {masked_repr(limit)}, accepted is a number from 1 to {MAX_LIMIT}")
    return limit


def _names(name: str, value: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    found = [value] if isinstance(value, str) else listed(name, value, "a name or a list of names")
    if len(found) > MAX_FILTER:
        raise InvalidInteractionError(f"{name}: got {len(found)} names, accepted are at most {MAX_FILTER}")
    for one in found:
        if not isinstance(one, str) or not is_storable(one):
            raise InvalidInteractionError(
                f"{name}: got {masked_repr(one)}, accepted is a name or a list of names, text that UTF-8 can hold"
            )
    return tuple(str(one) for one in found)


def _answerer(value: str | None) -> str | None:
    if value is None:
        return None
    if value not in list(AnsweredBy):
        raise InvalidInteractionError(f"answered_by: got {plain_repr(value)}, accepted are 'person' and 'machine'")
    return str(value)


def checked_place(name: str, place: object) -> int:
    """Return a place in a timeline, counted from 0.

    Raises:
        InvalidInteractionError: the value is invalid.
    """
    if not isinstance(place, int) or isinstance(place, bool) or place < 0:
        raise InvalidInteractionError(
            f"{name}: got {masked_repr(place)}, accepted is a number from 0; order='oldest' begins at the other end"
        )
    return place


def make_query(
    *,
    zone: tzinfo | None = None,
    channels: str | Sequence[str] | None = None,
    directions: str | Sequence[str] | None = None,
    kinds: str | Sequence[str] | None = None,
    since: datetime | str | None = None,
    until: datetime | str | None = None,
    text: str | None = None,
    agent: str | None = None,
    thread: str | None = None,
    source: str | None = None,
    answered_by: str | None = None,
    order: str = "newest",
    as_of: datetime | str | None = None,
    trust: str = "observed",
    include_shared: bool = False,
    include_claimed: bool = False,
    include_participant: bool = False,
) -> Query:
    """Return the query of a timeline, its values checked.

    Raises:
        InvalidInteractionError: a filter has a value that none can have.
    """
    for name, value in (("text", text), ("agent", agent), ("thread", thread), ("source", source)):
        if value is not None and not isinstance(value, str):
            raise InvalidInteractionError(f"{name}: got {masked_repr(value)}, accepted is a string, and None for any")
    for name, flag in (
        ("include_shared", include_shared),
        ("include_claimed", include_claimed),
        ("include_participant", include_participant),
    ):
        check_flag(name, flag, InvalidInteractionError)
    if order not in ("newest", "oldest"):
        raise InvalidInteractionError(f"order: got {plain_repr(order)}, accepted are 'newest' and 'oldest'")
    if trust not in ("observed", "verified"):
        raise InvalidInteractionError(f"trust: got {plain_repr(trust)}, accepted are 'observed' and 'verified'")
    wanted = _names("directions", directions)
    unknown = set(wanted or ()) - {"inbound", "outbound", "internal"}
    if unknown:
        raise InvalidInteractionError(
            f"directions: got {', '.join(sorted(map(plain_repr, unknown)))}, accepted are inbound, outbound and internal"
        )
    return Query(
        channels=_names("channels", channels),
        directions=wanted,
        kinds=_names("kinds", kinds),
        since=microseconds(since, "since", zone),
        until=microseconds(until, "until", zone),
        text=text,
        agent=agent,
        thread=thread,
        source=source,
        answered_by=_answerer(answered_by),
        order="newest" if order == "newest" else "oldest",
        as_of=microseconds(as_of, "as_of", zone),
        trust="verified" if trust == "verified" else "observed",
        include_shared=include_shared,
        include_claimed=include_claimed,
        include_participant=include_participant,
    )


def shown_query(query: Query) -> str:
    """Return what a query asks beyond everything, newest first; of texts that are searched for only that there is one."""
    asked = []
    for field in attrs.fields(Query):
        value = getattr(query, field.name)
        if value == field.default:
            continue
        if field.name in ("since", "until", "as_of"):
            value = from_us(value).isoformat()
        elif field.name in ("text", "agent", "thread"):
            value = "..."
        elif isinstance(value, tuple):
            value = "/".join(value)
        asked.append(f"{field.name}={value}")
    return f" ({', '.join(asked)})" if asked else ""
