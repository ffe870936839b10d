"""The MCP server: tools and a resource over one customer's history, none of which can choose the customer.

Source: Model Context Protocol, https://modelcontextprotocol.io/specification; the SDK is the distribution ``mcp``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError
from mcp_types import ToolAnnotations
from pydantic import Field

import omnitrack
from omnitrack.errors import CustomerNotFoundError, InteractionNotFoundError, InvalidInteractionError, OmnitrackError
from omnitrack.foundation.ids import from_us
from omnitrack.mcp.binding import Bound, Customer
from omnitrack.mcp.texts import DATA, LINE, interaction_text, permission_text, threads_text, timeline_text
from omnitrack.model import TimelineItem
from omnitrack.reading.interactions import parse_interaction_id
from omnitrack.reading.resolve import Who
from omnitrack.tracker import Tracker

BRIEF_URI = "omnitrack://brief"
MOST_ITEMS = 50
MOST_NOTE = 4_000  # characters
_MOST_NAMES = 20
_OF_ONE_MOMENT = 1_000  # contacts that are looked through for one

_INSTRUCTIONS = (
    "The history of one customer with a company over all channels. Whose it is was fixed by the host, and no tool reads anybody else's. "
    "Call brief first. " + DATA
)
_READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)

_Short = Annotated[str, Field(max_length=255)]
_Names = Annotated[list[_Short], Field(max_length=_MOST_NAMES)]
_Time = Annotated[str, Field(max_length=64, description="ISO 8601, such as 2026-03-01T09:30:00+00:00")]


def make_server(
    tracker: Tracker,
    customer: Customer,
    *,
    agent: str,
    trust: Literal["observed", "verified"] = "observed",
    max_chars: int = 8_000,
    notes: bool = False,
) -> MCPServer[Any]:
    """Return an MCP server that lets a model read one customer's history.

    The host fixes whose history it is; no tool has a parameter for it, so that nothing a model is talked into reads another person's. Run it with
    ``server.run("stdio")``, or mount ``server.streamable_http_app()``. Tools: ``brief``, ``timeline``, ``interaction``, ``open_threads``,
    ``may_contact`` and, with ``notes``, ``add_note``; resource, unless ``customer`` is a function: ``omnitrack://brief``.

    Args:
        tracker: the open store. Opened with ``reads="audit"``, each read leaves a receipt in the agent's name.
        customer: an identifier or a customer id; or a function that returns one for each request. It is given the HTTP request, whose headers or
            session the host has authenticated, and None on other transports.
        agent: the name of the model in receipts and as the author of notes, up to 255 characters.
        trust: ``"verified"`` reads through verified links only: use it if the customer hears or reads the answers.
        max_chars: the largest number of characters of one answer, 2,000 to 100,000.
        notes: whether the model may add notes; they are marked as a machine's.

    Raises:
        InvalidInteractionError: a value is invalid.
    """
    bound = Bound.checked(tracker, customer, agent=agent, trust=trust, max_chars=max_chars)
    server: MCPServer[Any] = MCPServer(
        "omnitrack", instructions=_INSTRUCTIONS, version=omnitrack.__version__, log_level="WARNING"
    )
    tools = _Tools(bound)
    for read in (tools.brief, tools.timeline, tools.interaction, tools.open_threads, tools.may_contact):
        _add(server, read, _READS)
    if notes:
        _add(server, tools.add_note, _ADDS)

    if not callable(customer):  # the SDK does not tell a resource without variables which request it answers
        resource = server.resource(BRIEF_URI, name="brief", description=_summary(tools.brief), mime_type="text/plain")
        resource(lambda: tools.brief_for(None))
    return server


def _add(server: MCPServer[Any], call: Callable[..., str], annotations: ToolAnnotations) -> None:
    server.add_tool(call, description=_summary(call), annotations=annotations, structured_output=False)


def _summary(call: Callable[..., str]) -> str:
    return " ".join((call.__doc__ or "").split())


class _Tools:
    """What a model may ask. The docstring of each is its description to the model."""

    def __init__(self, bound: Bound) -> None:
        self._bound = bound

    def brief(self, ctx: Context) -> str:
        """Who the customer is, how sure that is, the latest contacts across channels, what waits for an answer, and consent."""
        return self.brief_for(ctx.request_context.request)

    def brief_for(self, request: Any) -> str:
        """Return the text of the brief for a request."""
        with self._reading(request) as (tracker, who):
            return str(tracker.brief(who, trust=self._bound.trust, max_chars=self._bound.max_chars))

    def timeline(
        self,
        ctx: Context,
        channels: Annotated[_Names | None, Field(description="such as phone, email, chat; none for all")] = None,
        directions: Annotated[list[Literal["inbound", "outbound", "internal"]] | None, Field(max_length=3)] = None,
        since: Annotated[_Time | None, Field(description="only from this time on")] = None,
        until: Annotated[_Time | None, Field(description="only before this time")] = None,
        text: Annotated[_Short | None, Field(description="only contacts that contain this text")] = None,
        thread: Annotated[str | None, Field(max_length=998, description="only this conversation")] = None,
        order: Literal["newest", "oldest"] = "newest",
        limit: Annotated[int, Field(ge=1, le=MOST_ITEMS)] = 10,
        cursor: Annotated[str | None, Field(max_length=2_000, description="of the page before")] = None,
    ) -> str:
        """The customer's contacts on all channels, a page at a time, the text of each cut to its beginning. Read one whole with interaction."""
        with self._reading(ctx.request_context.request) as (tracker, who):
            if self._withholds(tracker, who):
                return _WITHHELD
            found = tracker.timeline(
                who,
                channels=channels,
                directions=directions,
                since=since,
                until=until,
                text=text,
                thread=thread,
                order=order,
                trust=self._bound.trust,
            )
            room = max(1, (self._bound.max_chars - 500) // LINE)
            page = found.page(min(limit, room), cursor)
            return timeline_text(page.items, page.next, self._bound.max_chars)

    def interaction(
        self,
        ctx: Context,
        id: Annotated[str, Field(max_length=64, description="int_..., as the brief and the timeline have it")],
        start: Annotated[int, Field(ge=0, le=10_000_000, description="from this character of the text on")] = 0,
    ) -> str:
        """One contact of the customer with its whole text, as much at a time as there is room for."""
        with self._reading(ctx.request_context.request) as (tracker, who):
            if self._withholds(tracker, who):
                return _WITHHELD
            return interaction_text(self._found(tracker, who, id), start, self._bound.max_chars)

    def open_threads(self, ctx: Context) -> str:
        """The customer's messages and calls that nobody has answered, the longest wait first."""
        with self._reading(ctx.request_context.request) as (tracker, who):
            found = tracker.brief(who, trust=self._bound.trust)
            return threads_text(found.open_threads, self._bound.max_chars)

    def may_contact(
        self,
        ctx: Context,
        purpose: Annotated[_Short, Field(description="such as marketing")],
        channel: Annotated[_Short, Field(description="such as email")],
    ) -> str:
        """Whether the company may contact the customer for a purpose on a channel, and why."""
        with self._reading(ctx.request_context.request) as (tracker, who):
            return permission_text(tracker.may_contact(who, purpose=purpose, channel=channel))

    def add_note(self, ctx: Context, text: Annotated[str, Field(min_length=1, max_length=MOST_NOTE)]) -> str:
        """Add an internal note to the customer's timeline. It is marked as written by a machine, and cannot be changed."""
        with self._reading(ctx.request_context.request) as (tracker, who):
            return f"Added [{tracker.note(who, text, agent=self._bound.agent, answered_by='machine')}]"

    # -- what they stand on ---------------------------------------------------------------------------------------------
    @contextmanager
    def _reading(self, request: Any) -> Iterator[tuple[Tracker, Who]]:
        """Give the store and who is bound, in the agent's name.

        Raises:
            ResourceError: something of ours was raised; the SDK gives its text to the model, of tools too.
        """
        bound = self._bound
        try:
            who = bound.who(request)
            with bound.tracker.acting(bound.agent):
                yield bound.tracker, who
        except CustomerNotFoundError:
            raise ResourceError("Nobody is known by the identifier that the host has bound.") from None
        except OmnitrackError as error:
            raise ResourceError(str(error)) from None

    def _withholds(self, tracker: Tracker, who: Who) -> bool:
        """Whether others use the line too: whoever shares it is not told what they said, as in a brief."""
        return self._bound.trust == "verified" and tracker.brief(who, trust="verified").sure == "several"

    def _found(self, tracker: Tracker, who: Who, id: str) -> TimelineItem:
        """Return an interaction of the customer's own timeline: an id that a text mentions may be anybody's.

        Raises:
            InteractionNotFoundError: the timeline has none with this id; it is not said whether others have.
        """
        key = parse_interaction_id(id)
        absent = InteractionNotFoundError("id: the customer's timeline has no interaction with this id")
        try:  # the first half of an id is when the interaction happened
            at = from_us(int.from_bytes(key[:8], "big") - (1 << 63))
            end = at + timedelta(microseconds=1)
        except OverflowError:
            raise absent from None
        try:
            moment = tracker.timeline(who, since=at, until=end, trust=self._bound.trust, limit=_OF_ONE_MOMENT)
        except InvalidInteractionError:
            raise absent from None
        found = next((item for item in moment if item.id == id.lower()), None)
        if found is None:
            raise absent
        return found


_WITHHELD = "Several people use this line, so what was said over it is not shown."
