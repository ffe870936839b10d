"""AsyncTracker: the tracker for async callers. The same operations, awaited; the same method names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from datetime import datetime, tzinfo
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, Unpack

from omnitrack import deadlines, forks
from omnitrack.deadlines import Bounds, Within
from omnitrack.errors import TimedOutError
from omnitrack.identifiers.numbering import numbered_region
from omnitrack.identity.explain import Explanation
from omnitrack.identity.policy import Policy
from omnitrack.identity.preview import Preview
from omnitrack.identity.statement import Named, Statement
from omnitrack.model import (
    Attachment,
    Change,
    Customer,
    Interaction,
    LoadReport,
    Page,
    PassedOver,
    Recorded,
    Rejected,
    Revision,
    Sighting,
    TimelineItem,
)
from omnitrack.sources.base import Source
from omnitrack.sources.registry import open_source
from omnitrack.storage.contract import Backend
from omnitrack.storage.registry import open_backend
from omnitrack.tracker import (
    Person,
    make_context,
    make_interaction,
    make_query,
    shown_query,
    shown_tracker,
    shown_who,
)
from omnitrack.usecases.account import LinkConflict
from omnitrack.usecases.erase import Receipt, RetentionRule
from omnitrack.usecases.exchange import Export
from omnitrack.usecases.operations import Operations, check_batch_size, check_progress
from omnitrack.usecases.read import Query
from omnitrack.usecases.rebuild import RebuildReport, VerifyReport
from omnitrack.usecases.resolve import Who
from omnitrack.usecases.steps import Progress, Steps, adrive, after_others

if TYPE_CHECKING:
    from omnitrack.usecases.suggest import Suggestion

T = TypeVar("T")


class RecordFields(TypedDict, total=False):
    """What ``Tracker.record`` takes besides the channel and the time."""

    direction: str | None
    customer: Person | None
    customers: Iterable[Person] | None
    participants: Iterable[Named | Sighting]
    kind: str
    ended_at: datetime | None
    subject: str | None
    body: str | None
    agent: str | None
    thread: str | None
    reply_to: str | None
    outcome: str | None
    attachments: Iterable[Attachment]
    traits: dict[str, Any] | None
    attributes: dict[str, Any] | None
    source: str | None
    source_id: str | None
    region: str | None


class InteractionFilters(TypedDict, total=False):
    """The filters of ``Tracker.interactions``."""

    channels: str | Sequence[str] | None
    directions: str | Sequence[str] | None
    kinds: str | Sequence[str] | None
    since: datetime | None
    until: datetime | None
    text: str | None
    agent: str | None
    thread: str | None
    source: str | None
    order: Literal["newest", "oldest"]


class JourneyFilters(TypedDict, total=False):
    """The filters of ``Tracker.journeys``."""

    channels: str | Sequence[str] | None
    since: datetime | None
    until: datetime | None
    source: str | None


class TimelineFilters(InteractionFilters, total=False):
    """The filters of ``Tracker.timeline``."""

    as_of: datetime | None
    trust: Literal["observed", "verified"]
    include_shared: bool
    include_claimed: bool
    include_participant: bool


class Said(TypedDict, total=False):
    """Who says something, and why."""

    by: str | None
    reason: str | None


class SaidAt(Said, total=False):
    """Who says something, why, and when."""

    at: datetime | None


class AsyncTimeline:
    """A customer's timeline, read page by page as it is iterated with ``async for``."""

    def __init__(self, tracker: AsyncTracker, who: Who, query: Query) -> None:
        self._tracker = tracker
        self._who = who
        self._query = query

    def __repr__(self) -> str:
        return f"<AsyncTimeline of {shown_who(self._who)}{shown_query(self._query)}>"

    async def page(self, limit: int = 50, cursor: str | None = None) -> Page[TimelineItem]:
        """As ``Timeline.page``."""
        ops = await self._tracker._ready()
        return await self._tracker._do(ops.timeline_page(self._who, self._query, limit, cursor))

    async def __aiter__(self) -> AsyncIterator[TimelineItem]:
        cursor: str | None = None
        while True:
            page = await self.page(100, cursor)
            for item in page:
                yield item
            cursor = page.next
            if cursor is None:
                return


class AsyncTracker:
    """``Tracker`` for async callers: each method as its namesake there, awaited. Made by ``omnitrack.open_async``.

    The store is set up at the first call, or by ``async with``. Use it in one event loop.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        region: str | None = None,
        own: Iterable[str] = (),
        policy: Policy | None = None,
        secret: str | bytes | None = None,
        rebuild: bool = False,
        matching: bool = False,
        placeholders: Iterable[str] = (),
        zone: str | tzinfo | None = None,
        timeout: float | None = None,
    ) -> None:
        self._backend = backend
        self._bounds = Bounds(timeout)
        self._ctx = make_context(own, policy, secret, region, rebuild, matching, placeholders, zone)
        self._rebuild = rebuild
        self._matching = matching
        self._ops: Operations | None = None
        self._opening = forks.OfEach(asyncio.Lock)

    def __repr__(self) -> str:
        return shown_tracker("AsyncTracker", self._backend, self._ctx)

    async def _ready(self) -> Operations:
        if self._ops is None:
            with self._bounds.call():
                opening = self._opening.value
                try:
                    async with asyncio.timeout(deadlines.left()):
                        await opening.acquire()
                except TimeoutError:
                    raise TimedOutError("nothing written") from None
                try:
                    if self._ops is None:
                        await asyncio.to_thread(self._backend.setup)
                        begin = Operations.begin(self._ctx, None, self._rebuild, self._matching)
                        self._ops = await adrive(begin, self._backend.arun)
                finally:
                    opening.release()
        return self._ops

    async def _do(self, steps: Steps[T]) -> T:
        with self._bounds.call():
            return await adrive(steps, self._backend.arun)

    async def _reclaim(self) -> None:
        try:
            await asyncio.to_thread(self._backend.reclaim)
        except TimedOutError as error:
            raise TimedOutError("done up to here") from error.__cause__

    def within(self, seconds: float | None) -> Within:
        """As ``Tracker.within``."""
        return self._bounds.within(seconds)

    @property
    def policy(self) -> Policy:
        """The policy that evidence is read by."""
        return self._ctx.policy

    async def __aenter__(self) -> AsyncTracker:
        await self._ready()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """As ``Tracker.close``."""
        await self._backend.aclose()

    # -- recording ------------------------------------------------------------------------------------------------------
    async def record(self, *, channel: str, occurred_at: datetime, **fields: Unpack[RecordFields]) -> Recorded:
        """As ``Tracker.record``; ``customer_ids`` of the answer are read at once."""
        given: dict[str, Any] = dict(fields)
        customer, customers = given.pop("customer", None), given.pop("customers", None)
        given |= {"channel": channel, "occurred_at": occurred_at, "region": numbered_region(given.get("region"))}
        interaction = make_interaction(customer, customers, given)
        return await self._do((await self._ready()).record(interaction))

    async def record_many(
        self,
        interactions: Iterable[Interaction | Revision | Rejected | PassedOver]
        | AsyncIterable[Interaction | Revision | Rejected | PassedOver],
        *,
        batch_size: int = 1_000,
        on_error: Literal["raise", "collect"] = "raise",
        progress: Progress | None = None,
    ) -> LoadReport:
        """As ``Tracker.record_many``; an async iterable is taken as well."""
        ops = await self._ready()
        if not isinstance(interactions, AsyncIterable):
            return await self._do(
                ops.record_many(interactions, batch_size=batch_size, on_error=on_error, progress=progress)
            )
        check_batch_size(batch_size)
        check_progress(progress)
        total = LoadReport()
        batch: list[Interaction | Revision | Rejected | PassedOver] = []
        seen = 0

        async def flush() -> None:
            nonlocal total
            try:
                part = await self._do(ops.record_many(batch, batch_size=batch_size, on_error=on_error, progress=None))
            except TimedOutError as error:
                raise after_others(error, seen > len(batch)) from error.__cause__
            total = total.plus(part)
            batch.clear()
            if progress is not None:
                progress(seen, None)

        with self._bounds.call():
            async for item in interactions:
                batch.append(item)
                seen += 1
                if len(batch) >= batch_size:
                    await flush()
            await flush()
        return total

    async def load(
        self,
        path_or_source: Any,
        *,
        format: str = "auto",
        on_error: Literal["raise", "collect"] = "collect",
        batch_size: int = 1_000,
        progress: Progress | None = None,
        **options: Any,
    ) -> LoadReport:
        """As ``Tracker.load``."""
        if isinstance(path_or_source, Source):
            source = path_or_source
        else:
            source = await asyncio.to_thread(open_source, path_or_source, format=format, **options)
        ops = await self._ready()
        return await self._do(ops.load(source, batch_size=batch_size, on_error=on_error, progress=progress))

    async def revise(
        self,
        source: str,
        source_id: str,
        *,
        body: str | None = None,
        subject: str | None = None,
        deleted: bool = False,
        at: datetime | None = None,
    ) -> bool:
        """As ``Tracker.revise``."""
        ops = await self._ready()
        return await self._do(ops.revise(source, source_id, body=body, subject=subject, deleted=deleted, at=at))

    async def note(self, who: Who, text: str, *, agent: str | None = None) -> str:
        """As ``Tracker.note``."""
        return await self._do((await self._ready()).note(who, text, agent=agent))

    async def attribute(
        self, interaction: str, identifier: Named, *, by: str | None = None, reason: str | None = None
    ) -> Statement:
        """As ``Tracker.attribute``."""
        return await self._do((await self._ready()).attribute(interaction, identifier, by=by, reason=reason))

    async def unattributed(self, *, limit: int = 50, cursor: str | None = None) -> Page[TimelineItem]:
        """As ``Tracker.unattributed``."""
        return await self._do((await self._ready()).unattributed(limit, cursor))

    # -- reading --------------------------------------------------------------------------------------------------------
    def timeline(self, who: Who, **filters: Unpack[TimelineFilters]) -> AsyncTimeline:
        """As ``Tracker.timeline``; nothing is awaited before it is iterated or paged."""
        return AsyncTimeline(self, who, make_query(zone=self._ctx.zone, **filters))

    async def customer(self, who: Who, *, as_of: datetime | None = None) -> Customer:
        """As ``Tracker.customer``; traits and times are read at once."""
        return await self._do((await self._ready()).customer(who, as_of))

    async def candidates(self, who: Who, *, limit: int = 50) -> list[Customer]:
        """As ``Tracker.candidates``."""
        return await self._do((await self._ready()).candidates(who, limit))

    async def interaction(self, id: str) -> Interaction:
        """As ``Tracker.interaction``."""
        return await self._do((await self._ready()).interaction(id))

    async def revisions(self, id: str) -> list[Interaction]:
        """As ``Tracker.revisions``."""
        return await self._do((await self._ready()).revisions(id))

    async def interactions(self, **filters: Unpack[InteractionFilters]) -> AsyncIterator[Interaction]:
        """As ``Tracker.interactions``, with ``async for``."""
        ops = await self._ready()
        filters.setdefault("order", "oldest")
        query = make_query(zone=self._ctx.zone, **filters)
        after: tuple[int, bytes] | None = None
        while True:
            found, after = await self._do(ops.interactions_after(query, after, 500))
            for interaction in found:
                yield interaction
            if after is None:
                return

    async def journeys(self, **filters: Unpack[JourneyFilters]) -> AsyncIterator[tuple[str, Interaction]]:
        """As ``Tracker.journeys``, with ``async for``."""
        ops = await self._ready()
        query = make_query(zone=self._ctx.zone, order="oldest", **filters)
        after: tuple[int, bytes] | None = None
        while True:
            found, after = await self._do(ops.journeys_after(query, after, 500))
            for journey in found:
                yield journey
            if after is None:
                return

    # -- identity -------------------------------------------------------------------------------------------------------
    async def link(self, a: Named, b: Named, **said: Unpack[SaidAt]) -> Statement:
        """As ``Tracker.link``."""
        return await self._say(Statement.link(a, b, **said))

    async def deny(self, a: Named, b: Named, **said: Unpack[SaidAt]) -> Statement:
        """As ``Tracker.deny``."""
        return await self._say(Statement.deny(a, b, **said))

    async def mark_shared(self, x: Named, **said: Unpack[SaidAt]) -> Statement:
        """As ``Tracker.mark_shared``."""
        return await self._say(Statement.mark_shared(x, **said))

    async def mark_personal(self, x: Named, *, of: Named, **said: Unpack[SaidAt]) -> Statement:
        """As ``Tracker.mark_personal``."""
        return await self._say(Statement.mark_personal(x, of=of, **said))

    async def reassign(self, x: Named, *, at: datetime, **said: Unpack[Said]) -> Statement:
        """As ``Tracker.reassign``."""
        return await self._say(Statement.reassign(x, at=at, **said))

    async def _say(self, statement: Statement) -> Statement:
        return await self._do((await self._ready()).say(statement))

    async def retract(
        self, statement: Statement | str, *, by: str | None = None, reason: str | None = None
    ) -> Statement:
        """As ``Tracker.retract``."""
        return await self._do((await self._ready()).retract(statement, by=by, reason=reason))

    async def preview(self, statement: Statement) -> Preview:
        """As ``Tracker.preview``."""
        return await self._do((await self._ready()).preview(statement))

    async def explain(self, a: Who, b: Who) -> Explanation:
        """As ``Tracker.explain``."""
        return await self._do((await self._ready()).explain(a, b))

    async def conflicts(
        self, who: Who | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page[LinkConflict]:
        """As ``Tracker.conflicts``."""
        return await self._do((await self._ready()).conflicts(who, limit, cursor))

    async def suggestions(
        self, who: Who | None = None, *, limit: int = 10, cursor: str | None = None, least: float = 0.2
    ) -> Page[Suggestion]:
        """As ``Tracker.suggestions``."""
        return await self._do((await self._ready()).suggestions(who, limit, cursor, least))

    async def find_matches(self, *, least: float = 0.5, progress: Progress | None = None) -> int:
        """As ``Tracker.find_matches``."""
        return await self._do((await self._ready()).find_matches(least, progress))

    async def fit_matching(self) -> str:
        """As ``Tracker.fit_matching``."""
        return await self._do((await self._ready()).fit_matching())

    async def set_matching_model(self, model: str) -> None:
        """As ``Tracker.set_matching_model``."""
        await self._do((await self._ready()).set_matching_model(model))

    async def identity_log(
        self, who: Who | None = None, *, after: str | Change | None = None, limit: int = 100
    ) -> list[Change]:
        """As ``Tracker.identity_log``."""
        position = after.id if isinstance(after, Change) else after
        return await self._do((await self._ready()).identity_log(who, position, limit))

    async def statements(self, who: Who) -> list[Statement]:
        """As ``Tracker.statements``."""
        return await self._do((await self._ready()).statements(who))

    # -- care -----------------------------------------------------------------------------------------------------------
    async def erase(
        self,
        who: Who,
        *,
        by: str | None = None,
        reason: str | None = None,
        dry_run: bool = False,
        suppress: bool = True,
    ) -> Receipt:
        """As ``Tracker.erase``."""
        ops = await self._ready()
        with self._bounds.call():
            receipt = await self._do(ops.erase(who, by=by, reason=reason, dry_run=dry_run, suppress=suppress))
            if not dry_run:
                await self._reclaim()
        return receipt

    async def apply_retention(self, rules: Iterable[RetentionRule], *, dry_run: bool = False) -> Receipt:
        """As ``Tracker.apply_retention``."""
        ops = await self._ready()
        with self._bounds.call():
            receipt = await self._do(ops.apply_retention(rules, dry_run=dry_run))
            if not dry_run:
                await self._reclaim()
        return receipt

    async def unload(self, source: str, *, dry_run: bool = False) -> Receipt:
        """As ``Tracker.unload``."""
        receipt = await self._do((await self._ready()).unload(source, dry_run=dry_run))
        return receipt

    async def export(self, who: Who, *, format: Literal["json", "vcon", "tmf683", "cloudevents"] = "json") -> Export:
        """As ``Tracker.export``."""
        return await self._do((await self._ready()).export(who, format))

    async def verify(self) -> VerifyReport:
        """As ``Tracker.verify``."""
        return await self._do((await self._ready()).verify())

    async def rebuild(self, *, progress: Progress | None = None) -> RebuildReport:
        """As ``Tracker.rebuild``."""
        return await self._do((await self._ready()).rebuild(progress))


def open_async(
    url: str,
    *,
    region: str | None = None,
    own: Iterable[str] = (),
    policy: Policy | None = None,
    secret: str | bytes | None = None,
    rebuild: bool = False,
    matching: bool = False,
    placeholders: Iterable[str] = (),
    timeout: float | None = None,
    zone: str | tzinfo | None = None,
    **options: Any,
) -> AsyncTracker:
    """As ``omnitrack.open``, for async callers; the store is opened by ``async with``, or at the first call."""
    backend = open_backend(url, **options)
    return AsyncTracker(
        backend,
        region=region,
        own=own,
        policy=policy,
        secret=secret,
        rebuild=rebuild,
        matching=matching,
        placeholders=placeholders,
        timeout=timeout,
        zone=zone,
    )
