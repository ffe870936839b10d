"""A screen pop: when somebody calls, the agents' pages show who it is, from the feed of the store by server-sent events.

    pip install fastapi uvicorn
    python examples/screen_pop/app.py sqlite:///history.db --sample

Then open http://127.0.0.1:8000/ as an agent, and http://127.0.0.1:8000/desk in another window to make a call come in. The telephone system would post
to /calls what that window posts; a call that another process records in the same store pops up as well.

It listens on this machine alone and asks nobody for a password: put it behind the login of your agents, and take the agent's name from there.
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any, Literal

import uvicorn
from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import omnitrack
from omnitrack import Assurance, Direction, Sighting, verified

PAGES = Path(__file__).parent / "static"
QUIET = 15.0  # seconds after which a stream without news says that it lives

# Nothing is loaded from elsewhere, and no script or style but those of this folder runs.
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
HISTORY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


class Call(BaseModel):
    """What the telephone system, or the window for trying it out, posts."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Field(max_length=100)] = ""
    account: Annotated[str, Field(max_length=100)] = ""  # of somebody who passed identification
    channel: Literal["phone", "chat", "email", "web"] = "phone"
    text: Annotated[str, Field(max_length=5_000)] = ""
    name: Annotated[str, Field(max_length=200)] = ""
    agent: Annotated[str, Field(max_length=100)] = (
        ""  # the agent who gets it; every agent sees one that is nobody's yet
    )
    call_id: Annotated[str, Field(max_length=100)] = ""  # a call that is posted twice is recorded once


class Contact(BaseModel):
    """What an agent's page shows of one contact."""

    interaction: str
    at: datetime
    channel: str
    agent: str | None
    text: str | None
    identifier: omnitrack.Identifier | None
    brief: omnitrack.Brief | None


def app_for(store: str, **settings: Any) -> FastAPI:
    """Return the application for a store."""

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        async with omnitrack.open_async(store, feed=True, **settings) as tracker:
            app.state.tracker = tracker
            # What the first brief of a process has to load is loaded before somebody calls.
            await tracker.suggestions(limit=1)
            yield

    app = FastAPI(title="Screen pop", lifespan=opened)
    # A page of elsewhere cannot reach this one under a name of its own (DNS rebinding).
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "testserver"])
    app.add_middleware(Headers)
    app.get("/", include_in_schema=False)(lambda: FileResponse(PAGES / "agent.html"))
    app.get("/desk", include_in_schema=False)(lambda: FileResponse(PAGES / "desk.html"))
    app.get("/history/{who}", response_class=HTMLResponse)(history)
    app.get("/contacts/{interaction}")(contact)
    app.post("/calls", status_code=201)(call)
    app.get("/events", response_class=EventSourceResponse)(events)
    app.mount("/static", StaticFiles(directory=PAGES))
    return app


class Headers:
    """Adds to each answer what a browser is to keep to."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", POLICY)
                headers["Referrer-Policy"] = "no-referrer"  # addresses of these pages hold ids of customers
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Cache-Control"] = "no-store"
            await send(message)

        await self.app(scope, receive, with_headers)


async def call(request: Request, call: Call) -> omnitrack.Recorded:
    """Record a contact that comes in. Nothing else has to be done for it to pop up."""
    who: list[Any] = [call.number] if call.number else []
    if call.account:
        who.append(verified(omnitrack.account(call.account)))
    return await request.app.state.tracker.record(
        channel=call.channel,
        direction="inbound",
        customer=who,
        occurred_at=datetime.now(timezone.utc),
        body=call.text or None,
        agent=call.agent or None,
        traits={"name": call.name} if call.name else None,
        source="desk" if call.call_id else None,
        source_id=call.call_id or None,
    )


async def contact(request: Request, interaction: str) -> Contact:
    """Return a contact as it is to be shown now: the page asks again when who is whom has changed."""
    found = await shown(request.app.state.tracker, interaction)
    if found is None:
        raise HTTPException(404, "there is no such contact")
    return found


async def history(request: Request, who: str) -> HTMLResponse:
    """Return a person's whole history as a page."""
    try:
        page = await request.app.state.tracker.timeline(who).to_html()
    except (omnitrack.CustomerNotFoundError, omnitrack.InvalidIdentifierError) as error:
        raise HTTPException(404, str(error)) from error
    return HTMLResponse(page, headers={"Content-Security-Policy": HISTORY_POLICY})


async def events(
    request: Request, agent: str = "", last_event_id: Annotated[str | None, Header()] = None
) -> AsyncIterator[ServerSentEvent]:
    """Send what an agent's page has to show, from now on, or from where its connection broke.

    The id of an event is the cursor of the feed. A browser that lost its connection sends the last one that it saw, and misses nothing.
    """
    tracker: omnitrack.AsyncTracker = request.app.state.tracker
    cursor = last_event_id or await tracker.feed_end()
    yield ServerSentEvent(event="ready", data={}, id=cursor, retry=1_000)
    while not await request.is_disconnected():
        try:
            async for entry in tracker.changes(after=cursor, wait=QUIET):
                cursor = entry.cursor
                for event, data in await told(tracker, entry, agent):
                    yield ServerSentEvent(event=event, data=data, id=cursor)
        except omnitrack.InvalidCursorError:  # of longer ago than the feed is kept
            cursor = await tracker.feed_end()
            yield ServerSentEvent(event="gap", data={}, id=cursor)
        yield ServerSentEvent(id=cursor, comment="quiet")  # moves the browser's cursor past what was not for it


async def told(
    tracker: omnitrack.AsyncTracker, entry: omnitrack.FeedEntry, agent: str
) -> list[tuple[str, dict[str, Any]]]:
    """Return what a page is told of an entry: an event and its data, or nothing."""
    if entry.kind == "interaction" and entry.interaction is not None:
        found = await shown(tracker, entry.interaction, agent)
        return [] if found is None else [("contact", found.model_dump(mode="json"))]
    if entry.kind == "identity":
        return [("changed", {"customers": entry.customers})]
    if entry.kind == "erasure":
        return [("erased", {"customers": entry.customers, "interactions": entry.interactions})]
    return []


async def shown(tracker: omnitrack.AsyncTracker, id: str, agent: str | None = None) -> Contact | None:
    """Return what is shown of a contact; None where it is not from a customer, is another agent's, or was erased meanwhile."""
    try:
        found = await tracker.interaction(id)
    except omnitrack.OmnitrackError:
        return None
    if found.direction != Direction.INBOUND or (agent is not None and found.agent not in (None, agent)):
        return None
    known = best(found)
    return Contact(
        interaction=id,
        at=found.occurred_at,
        channel=found.channel,
        agent=found.agent,
        text=found.subject or found.body,
        identifier=None if known is None else known.identifier,
        brief=None if known is None else await tracker.brief(known.identifier, timeout=0.8),
    )


def best(interaction: omnitrack.Interaction) -> Sighting | None:
    """Return how the customer is known best. What somebody only claims to be opens nobody's history."""
    people = [sighting for person in interaction.customers for sighting in person]
    known = [sighting for sighting in people if sighting.assurance >= Assurance.OBSERVED]
    return max(known, key=lambda sighting: sighting.assurance, default=None)


def main() -> None:
    """Serve until Ctrl-C."""
    reader = argparse.ArgumentParser(description="A screen pop for the agents of a contact centre.")
    reader.add_argument("store", help="such as sqlite:///history.db or postgresql+psycopg://...")
    reader.add_argument("--region", default="GB", help="where national phone numbers are at home (GB)")
    reader.add_argument("--port", type=int, default=8000)
    reader.add_argument("--sample", action="store_true", help="record some contacts first, to have somebody who calls")
    given = reader.parse_args()
    if given.sample:
        from sample import record_sample

        with omnitrack.open(given.store, region=given.region, feed=True) as tracker:
            record_sample(tracker)
    uvicorn.run(app_for(given.store, region=given.region), port=given.port, timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
