"""Operations: what a tracker's methods do, step by step. Each yields the functions to run in transactions, so that sync and async callers share it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from omnitrack.errors import (
    InteractionNotFoundError,
    InvalidInteractionError,
    InvalidPolicyError,
    OperationRunningError,
    check_flag,
    shown,
)
from omnitrack.identity.explain import Explanation
from omnitrack.identity.preview import Preview
from omnitrack.identity.statement import Named, Statement, check_said
from omnitrack.model import (
    MOST_REASONS,
    MOST_REPORTED,
    OTHER_REASONS,
    Change,
    Customer,
    Interaction,
    LoadReport,
    Page,
    PassedOver,
    Recorded,
    Rejected,
    Revision,
    Role,
    TimelineItem,
    is_storable,
)
from omnitrack.sources.base import Source
from omnitrack.storage.contract import NO_ID, Position, Transaction
from omnitrack.usecases import account, lease, read, statements, takeover
from omnitrack.usecases.adopt import adopt_step, adopted
from omnitrack.usecases.attribution import attribute
from omnitrack.usecases.context import Context
from omnitrack.usecases.erase import NotWorkedOut, Receipt, RetentionRule, erase, is_receipted, look_ahead, retain_step
from omnitrack.usecases.evidence import entries_of
from omnitrack.usecases.exchange import Export, checked_format, export, interactions_of
from omnitrack.usecases.ids import from_text, from_us, interaction_id, new_id, new_ids, now_us, to_text, to_us
from omnitrack.usecases.later import Again, came_again, changed_since
from omnitrack.usecases.notes import add_note, add_note_beside, note_row
from omnitrack.usecases.once import Once, recorded
from omnitrack.usecases.outcome import Saying
from omnitrack.usecases.prepare import Prepared, prepare
from omnitrack.usecases.proofs import NewHolderError
from omnitrack.usecases.rebuild import RebuildReport, VerifyReport, verify
from omnitrack.usecases.record import (
    Batch,
    homes_for,
    record_batch,
)
from omnitrack.usecases.redact import clean
from omnitrack.usecases.resolve import Who, customer_text, get_row, meant
from omnitrack.usecases.revise import ADDED, COLLIDES, KEPT_OUT, Edit, file_among, original, revise
from omnitrack.usecases.scrub import Scrubs
from omnitrack.usecases.settings import (
    Settings,
    change_settings,
    check_fingerprint,
    check_secret,
    enter,
    first_settings,
    is_empty,
    new_mark_key,
    read_settings,
    secret_check,
    settle_empty,
)
from omnitrack.usecases.settling import record_anew
from omnitrack.usecases.steps import Pause, Progress, Step, Steps, Work
from omnitrack.usecases.times import in_zone, timed
from omnitrack.usecases.unload import unload_step
from omnitrack.usecases.unreadable import reading

if TYPE_CHECKING:
    from omnitrack.usecases.suggest import Suggestion

T = TypeVar("T")

MOST_LOOKS = 5  # ahead of an erasure, while texts keep coming
MOST_DEFERRED = 10_000  # revisions that came before what they revise


def moment(value: datetime | None, field: str, zone: tzinfo | None = None) -> int | None:
    """Return a time that a caller gave as microseconds; one without a zone is read in ``zone``, and refused without that."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise InvalidInteractionError(f"{field}: got {type(value).__name__}, accepted is a datetime")
    return to_us(in_zone(value, zone, field))


def listed(field: str, value: Iterable[T], accepted: str, error: type[Exception] = InvalidInteractionError) -> list[T]:
    """Return as a list what a caller gave as an iterable."""
    if isinstance(value, (str, bytes)):
        raise error(f"{field}: got {shown(value)}, accepted is {accepted}")
    try:
        return list(value)
    except TypeError:
        raise error(f"{field}: got {shown(value)}, accepted is {accepted}") from None


def iterated(field: str, value: Iterable[T]) -> Iterator[T]:
    """Return an iterator over what a caller gave as an iterable of interactions; nothing is read ahead."""
    try:
        return iter(value)
    except TypeError:
        raise InvalidInteractionError(
            f"{field}: got {shown(value)}, accepted is an iterable of Interaction, Revision, Rejected and PassedOver"
        ) from None


def check_batch_size(value: object) -> None:
    """Raise unless it is a number from 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidInteractionError(f"batch_size: got {shown(value)}, accepted is a number from 1")


def check_probability(field: str, value: object) -> None:
    """Raise unless it is a number from 0 to 1."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 1:
        raise InvalidPolicyError(f"{field}: got {shown(value)}, accepted is a probability from 0 to 1")


def check_progress(progress: object) -> None:
    """Raise unless it is something to call, or None."""
    if progress is not None and not callable(progress):
        raise InvalidInteractionError(
            f"progress: got {shown(progress)}, accepted is a function of two numbers, or None"
        )


class Operations:
    """The operations of one tracker.

    Args:
        ctx: what its use cases share.
        mark_key: key of the marks that erasures leave.
        run: runs a function in a transaction, for what is read only when asked for; None has it read at once.
    """

    def __init__(self, ctx: Context, mark_key: bytes, run: Callable[..., Any] | None) -> None:
        self.ctx = ctx
        self._mark_key = mark_key
        self._run = None if run is None else reading(run)

    @classmethod
    def begin(cls, ctx: Context, run: Callable[..., Any] | None, rebuild: bool, matching: bool) -> Steps[Operations]:
        """Open a store: compare its settings with this tracker's, or make them; build the index for matching where it is asked for.

        Raises:
            SecretError: it was created with another secret. PolicyChangedError: built with another policy, and not to be rebuilt.
        """
        check, mark_key = secret_check(ctx.secret), new_mark_key(ctx.secret)
        settings: Settings = yield Step(lambda tx: first_settings(tx, ctx, check, mark_key))
        check_secret(settings, check)
        yield from _adopted(ctx)
        operations = cls(ctx, settings.mark_key, run)
        ctx.known.matching = settings.matching
        # Looked at without the guard first: whoever comes with other settings must not disturb those who are at work.
        settled = settings.fingerprint == ctx.fingerprint
        if not settled and (yield Step(is_empty, write=False)):
            settled = yield Step(lambda tx: settle_empty(tx, ctx))
        if not settled:
            if rebuild:
                yield from operations._once(
                    lease.REBUILD,
                    lambda found: found.fingerprint == ctx.fingerprint,
                    lambda held: takeover.rebuild(ctx, held, None),
                )
            else:
                check_fingerprint(settings, ctx)
        if matching:
            yield from operations._once(
                lease.INDEX, lambda found: found.matching and found.indexed, operations._build_index
            )
        return operations

    # -- operations of several transactions -------------------------------------------------------------------------------
    def _take(self, what: str) -> Steps[lease.Lease]:
        def take(tx: Transaction) -> lease.Lease:
            tx.guard()
            return lease.take(tx, what, self.ctx.clock())

        return (yield Step(Once(take, lease.is_mine)))  # type: ignore[no-any-return]

    def _alone(self, what: str, work: Callable[[lease.Lease], Steps[T]]) -> Steps[T]:
        """Run an operation that holds a lease; refused where another one is in its way."""
        held = yield from self._take(what)
        return (yield from lease.giving_back(held, work(held)))

    def _once(
        self, what: str, is_done: Callable[[Settings], bool], work: Callable[[lease.Lease], Steps[object]]
    ) -> Steps[None]:
        """Run what a store needs once, whoever opens it: of many that come at once one does it, and the others wait for its end."""
        waits = 0

        def unless_done(held: lease.Lease) -> Steps[None]:
            if not is_done((yield Step(read_settings, write=False))):
                yield from work(held)

        while not is_done((yield Step(read_settings, write=False))):
            try:
                held = yield from self._take(what)
            except OperationRunningError:
                yield Pause(min(5.0, 0.1 * 1.5**waits) * random.uniform(0.5, 1.0))
                waits += 1
            else:
                yield from lease.giving_back(held, unless_done(held))

    def _build_index(self, held: lease.Lease) -> Steps[None]:
        """Keep the index for matching from now on, and file what the store holds already."""
        from omnitrack.usecases.matches import index_step  # numpy, which only matching needs

        ctx = self.ctx

        def begin(tx: Transaction) -> None:
            enter(tx, ctx)
            lease.check(tx, held, ctx.clock())
            change_settings(tx, matching=True, indexed=False)

        def end(tx: Transaction) -> None:
            enter(tx, ctx)
            lease.check(tx, held, ctx.clock())
            change_settings(tx, indexed=True)

        yield Step(begin)
        ctx.known.matching = True
        after: bytes | None = None
        while True:
            position = after

            def step(tx: Transaction, position: bytes | None = position) -> bytes | None:
                enter(tx, ctx)
                lease.check(tx, held, ctx.clock())
                return index_step(tx, position, ctx.region)

            after = yield Step(step)
            if after is None:
                break
        yield Step(end)

    # -- recording ------------------------------------------------------------------------------------------------------
    def _batch(self, prepared: Sequence[Prepared], now: int) -> Steps[Batch]:
        homes = homes_for(prepared)

        def is_there(tx: Transaction, out: Batch) -> bool:
            ours = next((p.row.id for p, there in zip(prepared, out.duplicates) if there is None), None)
            return ours is not None and recorded(ours, now)(tx, out)

        def write(tx: Transaction) -> Batch:
            return record_batch(tx, self.ctx, prepared, homes, now, self._mark_key)

        def write_anew(tx: Transaction) -> Batch:
            return record_anew(tx, self.ctx, prepared, homes, now, self._mark_key)

        out: Batch
        try:
            out = yield Step(Once(write, is_there))
        except NewHolderError:
            out = yield Step(Once(write_anew, is_there))
        self.ctx.learn(out.epoch, out.tenures, out.links, out.suppresses)
        return out

    def record(self, interaction: Interaction) -> Steps[Recorded]:
        """Record one interaction."""
        now = now_us()
        prepared = prepare(self.ctx, timed(interaction, self.ctx.zone), now)
        out: Batch = yield from self._batch([prepared], now)
        stored_under = out.duplicates[0] or prepared.row.id
        changes: tuple[Change, ...] = ()
        if out.log:
            log = out.log
            changes = tuple((yield Step(lambda tx: account.to_changes(tx, log), write=False)))
        return (yield from self._recorded(prepared, out, stored_under, changes))

    def _recorded(self, prepared: Prepared, out: Batch, id: bytes, changes: tuple[Change, ...]) -> Steps[Recorded]:
        def customers(tx: Transaction) -> tuple[str, ...]:
            anchors = [e.identifier for e in entries_of(tx, [id]) if e.role == Role.ANCHOR and e.identifier != NO_ID]
            rows = tx.find_identifiers(ids=anchors) if anchors else []
            return tuple(dict.fromkeys(customer_text(row.customer) for row in rows))

        run = self._run
        if run is None:
            found = yield Step(customers, write=False)
            load: Callable[[], tuple[str, ...]] = lambda: found  # noqa: E731
        else:
            load = lambda: run(customers, write=False)  # noqa: E731
        suppressed = bool(out.suppressed)
        return Recorded(
            interaction=None if suppressed else to_text("int", id),
            duplicate=out.duplicates[0] is not None,
            suppressed=suppressed,
            changes=changes,
            rejected=tuple(prepared.rejected),
            load=load,
        )

    def record_many(
        self,
        items: Iterable[Interaction | Revision | Rejected | PassedOver],
        *,
        batch_size: int,
        on_error: str,
        progress: Progress | None,
        position: Callable[[], tuple[int, int | None]] | None = None,
        format: str | None = None,
        detected_by: Callable[[], str | None] = lambda: None,
        at: Callable[[], str | None] = lambda: None,
        place: Callable[[str], str] = str,
    ) -> Steps[LoadReport]:
        """Record many interactions, batch by batch, and report what became of them.

        Args:
            at: where the item that came last stands. place: says it to people; asked only where something of the item is rejected.
        """
        if on_error not in ("raise", "collect"):
            raise InvalidInteractionError(f"on_error: got {shown(on_error)}, accepted are 'raise' and 'collect'")
        check_batch_size(batch_size)
        check_progress(progress)
        items = iterated("interactions", items)
        tally = _Tally(on_error)
        waiting: list[tuple[Interaction, str | None]] = []
        deferred: list[Revision] = []
        seen = 0

        def report() -> None:
            if progress is not None:
                progress(*(position() if position is not None else (seen, None)))

        for item in items:
            seen += 1
            if isinstance(item, (Interaction, Revision)):
                try:
                    item = timed(item, self.ctx.zone)
                except InvalidInteractionError as error:
                    at_place = at()
                    item = Rejected(
                        reason=str(error),
                        where=None if at_place is None else place(at_place),
                        source=item.source,
                        source_id=item.source_id,
                    )
            if isinstance(item, Interaction):
                waiting.append((item, at()))
            elif isinstance(item, Rejected):
                tally.reject(item)
            elif isinstance(item, PassedOver):
                tally.passed(item)
            elif isinstance(item, Revision):
                if waiting:
                    yield from self._flush(waiting, tally, place)
                if not (yield from self._revised(item, tally)):
                    if len(deferred) < MOST_DEFERRED:
                        deferred.append(item)
                    else:
                        tally.reject(_no_original(item))
            else:
                tally.reject(
                    Rejected(
                        reason=f"item: got {type(item).__name__}, accepted are Interaction, Revision, Rejected and PassedOver"
                    )
                )
            if len(waiting) >= batch_size:
                yield from self._flush(waiting, tally, place)
                report()
        if waiting:
            yield from self._flush(waiting, tally, place)
        for revision in deferred:
            if not (yield from self._revised(revision, tally)):
                tally.reject(_no_original(revision))
        report()
        return tally.report(format, detected_by())

    def load(self, source: Source, *, batch_size: int, on_error: str, progress: Progress | None) -> Steps[LoadReport]:
        """Record what a source yields; progress is in bytes."""
        source.use_zone(self.ctx.zone)
        return self.record_many(
            source,
            batch_size=batch_size,
            on_error=on_error,
            progress=progress,
            position=lambda: (source.position, source.size),
            format=source.name,
            detected_by=lambda: source.detected_by,
            at=lambda: source.at,
            place=source.place,
        )

    def _flush(
        self, waiting: list[tuple[Interaction, str | None]], tally: _Tally, place: Callable[[str], str]
    ) -> Steps[None]:
        now = now_us()
        prepared = [prepare(self.ctx, item, now) for item, _ in waiting]
        items, places = [item for item, _ in waiting], [at for _, at in waiting]
        waiting.clear()
        out: Batch = yield from self._batch(prepared, now)
        there = sum(duplicate is not None for duplicate in out.duplicates)
        tally.duplicates += there
        tally.suppressed += len(out.suppressed)
        tally.added += len(prepared) - there - len(out.suppressed)
        tally.last_there = out.duplicates[-1] is not None
        if again := came_again(items, out.duplicates):
            yield from self._changed(again, tally)
        for number, one in enumerate(prepared):
            if out.duplicates[number] is None:
                for rejected in one.rejected:
                    at = places[number]
                    tally.reject(rejected if at is None else attrs.evolve(rejected, where=place(at)))

    def _changed(self, again: Sequence[Again], tally: _Tally) -> Steps[None]:
        """Revise those that were there already and were changed at the source since."""
        for one in (yield Step(lambda tx: changed_since(tx, again), write=False)):
            item = one.item
            try:
                added = yield from self._revise(
                    item.source,
                    item.source_id,
                    body=item.body,
                    subject=item.subject,
                    deleted=item.deleted,
                    at=item.revised_at,
                )
            except InteractionNotFoundError:
                continue  # erased meanwhile
            if added:
                tally.duplicates -= 1
                tally.revised += 1

    def _revised(self, revision: Revision, tally: _Tally) -> Steps[bool]:
        try:
            added = yield from self._revise(
                revision.source,
                revision.source_id,
                body=revision.body,
                subject=revision.subject,
                deleted=revision.deleted,
                at=revision.at,
            )
        except InteractionNotFoundError:
            return False
        if revision.same_unit:
            tally.revised_with_original(added)
        elif added is None:
            tally.suppressed += 1
        elif added:
            tally.revised += 1
        else:
            tally.duplicates += 1
        return True

    def revise(
        self,
        source: str,
        source_id: str,
        *,
        body: str | None,
        subject: str | None,
        deleted: bool,
        at: datetime | None,
    ) -> Steps[bool]:
        """Add a revision; return whether it was not there yet. One of somebody who was erased stays out."""
        added = yield from self._revise(source, source_id, body=body, subject=subject, deleted=deleted, at=at)
        return bool(added)

    def _revise(
        self,
        source: str,
        source_id: str,
        *,
        body: str | None,
        subject: str | None,
        deleted: bool,
        at: datetime | None,
    ) -> Steps[bool | None]:
        """Add a revision; return whether it was not there yet, None where an erasure keeps it out."""
        now = now_us()
        checked = timed(
            Revision(
                source=source, source_id=source_id, at=at or from_us(now), body=body, subject=subject, deleted=deleted
            ),
            self.ctx.zone,
        )
        edit = Edit(
            source=source,
            source_id=source_id,
            at=to_us(checked.at),
            subject=subject,
            body=body,
            deleted=deleted,
            now=now,
            mark_key=self._mark_key,
        )

        def is_there(tx: Transaction, came: str) -> bool:
            row = original(tx, edit) if came == ADDED else None
            return row is not None and recorded(row.id, now)(tx, came)

        came = yield Step(Once(lambda tx: revise(tx, self.ctx, edit), is_there))
        if came == COLLIDES:
            came = yield Step(Once(lambda tx: file_among(tx, self.ctx, edit), is_there))
        return None if came == KEPT_OUT else came == ADDED

    def note(self, who: Who, text: str, *, agent: str | None) -> Steps[str]:
        """File an internal note under a person, or beside an interaction; return its id."""
        now = now_us()
        id = interaction_id(now, None, None)
        beside = from_text("int", who) if isinstance(who, str) else None
        Interaction(channel="note", occurred_at=from_us(now), body=text, agent=agent)  # checks the limits
        row = note_row(id, now, text, agent)
        if beside is not None:
            yield Step(Once(lambda tx: add_note_beside(tx, self.ctx, row, beside), recorded(id, now)))
        else:
            named = meant(self.ctx, who)
            yield Step(Once(lambda tx: add_note(tx, self.ctx, row, named), recorded(id, now)))
        return to_text("int", id)

    # -- reading --------------------------------------------------------------------------------------------------------
    def timeline_page(self, who: Who, query: read.Query, limit: int, cursor: str | None) -> Steps[Page[TimelineItem]]:
        """Read one page of a timeline."""
        named, size = meant(self.ctx, who), read.checked_limit(limit)
        return (  # type: ignore[no-any-return]
            yield Step(lambda tx: read.timeline_page(tx, self.ctx, named, query, size, cursor), write=False)
        )

    def unattributed(self, limit: int, cursor: str | None) -> Steps[Page[TimelineItem]]:
        """Read one page of the interactions with nobody identified."""
        size = read.checked_limit(limit)
        return (yield Step(lambda tx: read.unattributed_page(tx, size, cursor), write=False))  # type: ignore[no-any-return]

    def customer(self, who: Who, as_of: datetime | None) -> Steps[Customer]:
        """Read a customer."""
        named, at = meant(self.ctx, who), moment(as_of, "as_of", self.ctx.zone)
        found: Customer = yield Step(lambda tx: read.customer_of(tx, self.ctx, named, at, self._later(tx)), write=False)
        return found

    def candidates(self, who: Who, limit: int) -> Steps[list[Customer]]:
        """Read the customers that somebody may be."""
        named, size = meant(self.ctx, who), read.checked_limit(limit)
        return (  # type: ignore[no-any-return]
            yield Step(lambda tx: read.candidates_of(tx, self.ctx, named, size, self._later(tx)), write=False)
        )

    def _later(self, tx: Transaction) -> read.Later:
        """Return how to read what is read only when asked for: in a transaction of its own, or at once for async callers."""
        run = self._run
        if run is not None:
            return read.Later(lambda fn: run(fn, write=False), eager=False)
        return read.Later(lambda fn: fn(tx), eager=True)

    def interaction(self, id: str) -> Steps[Interaction]:
        """Read one interaction whole."""
        key = read.interaction_id(id)
        return (yield Step(lambda tx: read.get_interaction(tx, key), write=False))  # type: ignore[no-any-return]

    def revisions(self, id: str) -> Steps[list[Interaction]]:
        """Read an interaction as each of its revisions had it."""
        key = read.interaction_id(id)
        return (yield Step(lambda tx: read.revisions_of(tx, key), write=False))  # type: ignore[no-any-return]

    def interactions_after(
        self, query: read.Query, after: tuple[int, bytes] | None, limit: int
    ) -> Steps[tuple[list[Interaction], tuple[int, bytes] | None]]:
        """Read some interactions of the store in order of time."""

        def fetch(tx: Transaction) -> tuple[list[Interaction], tuple[int, bytes] | None]:
            rows, position = read.interactions_after(tx, query, after, limit)
            return read.to_interactions(tx, rows), position

        return (yield Step(fetch, write=False))  # type: ignore[no-any-return]

    def journeys_after(
        self, query: read.Query, after: tuple[int, bytes] | None, limit: int
    ) -> Steps[tuple[list[tuple[str, Interaction]], tuple[int, bytes] | None]]:
        """Read some interactions of the store in order of time, each with its customer."""

        def fetch(tx: Transaction) -> tuple[list[tuple[str, Interaction]], tuple[int, bytes] | None]:
            rows, position = read.interactions_after(tx, query, after, limit)
            return read.to_journeys(tx, rows), position

        return (yield Step(fetch, write=False))  # type: ignore[no-any-return]

    # -- identity -------------------------------------------------------------------------------------------------------
    def _saying(self, statement: Statement) -> Saying:
        now = now_us()
        first, second, third, id = new_ids(4)
        return Saying(
            kind=statement.kind,
            a=meant(self.ctx, statement.a),
            b=None if statement.b is None else meant(self.ctx, statement.b),
            at=now if statement.at is None else to_us(in_zone(statement.at, self.ctx.zone, "at")),
            by=statement.by,
            reason=statement.reason,
            id=id,
            now=now,
            homes=(first, second, third),
        )

    def say(self, statement: Statement) -> Steps[Statement]:
        """Say a statement."""
        saying = self._saying(statement)

        def write(tx: Transaction, alone: bool = False) -> Statement:
            record, _ = statements.say(tx, self.ctx, saying, alone)
            return statements.to_statement(tx, to_text("st", saying.id), record)

        try:
            return (yield Step(Once(write, statements.is_said)))  # type: ignore[no-any-return]
        except NewHolderError:
            return (yield Step(Once(partial(write, alone=True), statements.is_said)))  # type: ignore[no-any-return]

    def attribute(self, interaction: str, identifier: Named, *, by: str | None, reason: str | None) -> Steps[Statement]:
        """File an interaction under an identifier."""
        key = read.interaction_id(interaction)
        saying = self._saying(Statement(kind="attributed", a=identifier, by=by, reason=reason))

        def write(tx: Transaction) -> Statement:
            record, _ = attribute(tx, self.ctx, key, saying)
            return statements.to_statement(tx, to_text("st", saying.id), record)

        return (yield Step(Once(write, statements.is_said)))  # type: ignore[no-any-return]

    def _retraction(self, statement: Statement | str, by: str | None, reason: str | None) -> statements.Retraction:
        check_said(by, reason)
        id = statement.id if isinstance(statement, Statement) else statement
        if id is not None and not isinstance(id, str):
            raise InvalidPolicyError(f"statement: got {type(id).__name__}, accepted is a Statement or its id")
        if id is None:
            raise InvalidPolicyError(
                "statement: got one that was never said, accepted is what link(), deny() ... returned"
            )
        return statements.Retraction(id=id, by=by, reason=reason, now=now_us(), home=new_id())

    def retract(self, statement: Statement | str, *, by: str | None, reason: str | None) -> Steps[Statement]:
        """Take a statement back."""
        retraction = self._retraction(statement, by, reason)

        def write(tx: Transaction) -> Statement:
            record, _ = statements.retract(tx, self.ctx, retraction)
            return statements.to_statement(tx, retraction.id, record)

        return (yield Step(Once(write, statements.is_said)))  # type: ignore[no-any-return]

    def preview(self, statement: Statement) -> Steps[Preview]:
        """Work out what a statement would do, or, of one that was said, what taking it back would."""
        if not isinstance(statement, Statement):
            raise InvalidPolicyError(
                f"statement: got {type(statement).__name__}, accepted is a Statement, such as Statement.link(a, b)"
            )
        if statement.id is not None:
            retraction = self._retraction(statement, None, None)
            return (  # type: ignore[no-any-return]
                yield Step(
                    lambda tx: statements.preview(
                        tx, statements.consider_retraction(tx, self.ctx, retraction, lock=False)
                    ),
                    write=False,
                )
            )
        saying = self._saying(statement)
        return (  # type: ignore[no-any-return]
            yield Step(
                lambda tx: statements.preview(tx, statements.consider(tx, self.ctx, saying, lock=False)), write=False
            )
        )

    def explain(self, a: Who, b: Who) -> Steps[Explanation]:
        """Explain why two are one person, or not."""
        one, two = meant(self.ctx, a), meant(self.ctx, b)
        return (yield Step(lambda tx: account.explain(tx, self.ctx, one, two), write=False))  # type: ignore[no-any-return]

    def conflicts(self, who: Who | None, limit: int, cursor: str | None) -> Steps[Page[account.LinkConflict]]:
        """List links that would join and do not."""
        size = read.checked_limit(limit)
        if who is None:
            cursors = account.LinkCursors(self._mark_key, "conflicts")
            return (  # type: ignore[no-any-return]
                yield Step(lambda tx: account.conflicts_page(tx, self.ctx, size, cursors, cursor), write=False)
            )
        named = meant(self.ctx, who)
        found = yield Step(lambda tx: account.conflicts_of(tx, self.ctx, named), write=False)
        return Page(tuple(found))

    def suggestions(self, who: Who | None, limit: int, cursor: str | None, least: float) -> Steps[Page[Suggestion]]:
        """List who may be whom."""
        from omnitrack.usecases.suggest import suggestions_for, suggestions_page  # numpy, which only matching needs

        size = read.checked_limit(limit)
        check_probability("least", least)
        if who is None:
            cursors = account.LinkCursors(self._mark_key, "suggestions")
            return (yield Step(lambda tx: suggestions_page(tx, self.ctx, size, cursors, cursor), write=False))  # type: ignore[no-any-return]
        named = meant(self.ctx, who)
        found = yield Step(lambda tx: suggestions_for(tx, self.ctx, named, size, least), write=False)
        return Page(tuple(found))

    def find_matches(self, least: float, progress: Progress | None) -> Steps[int]:
        """Compare everybody with those who may be alike, and keep what is likely as links that suggest."""
        self._need_index()
        check_progress(progress)
        check_probability("least", least)
        return (yield from self._alone(lease.MATCHES, lambda held: self._find_matches(held, least, progress)))

    def _find_matches(self, held: lease.Lease, least: float, progress: Progress | None) -> Steps[int]:
        """Compare in transactions that only read, and compare what was found once more in those that write it: it may be of others by then."""
        from omnitrack.usecases.matches import blocks_after, compare_blocks, store_matches
        from omnitrack.usecases.suggest import look_again, read_model, renew_matches

        ctx = self.ctx
        now, looked = now_us(), 0
        stored: int = 0
        after: str | None = None
        if not (yield Step(read_settings, write=False)).indexed:
            raise InvalidPolicyError(
                "matching: the building of this store's index was broken off; open it once more with matching=True"
            )
        model = yield Step(read_model, write=False)
        last: Any = None
        while True:
            place = last

            def again(tx: Transaction, place: Any = place) -> Any:
                return look_again(tx, ctx, place, model, least)

            otherwise, last = yield Step(again, write=False)
            if otherwise:

                def renew(tx: Transaction, otherwise: Any = otherwise) -> None:
                    enter(tx, ctx)
                    lease.check(tx, held, ctx.clock())
                    renew_matches(tx, ctx, otherwise, model, least, now)

                yield Step(renew)
            if last is None:
                break
        while True:
            position = after

            def compare(tx: Transaction, position: str | None = position) -> Any:
                blocks, onwards = blocks_after(tx, position, 5_000)
                return compare_blocks(tx, ctx, blocks, model, least), onwards, len(blocks)

            found, after, blocks = yield Step(compare, write=False)
            looked += blocks

            def store(tx: Transaction, found: Any = found) -> int:
                enter(tx, ctx)
                lease.check(tx, held, ctx.clock())
                return store_matches(tx, ctx, found, model, least, now) if found else 0

            kept: int = yield Step(lease.once(held, store))
            stored += kept
            if progress is not None:
                progress(looked, None)
            if after is None:
                return stored

    def fit_matching(self) -> Steps[str]:
        """Estimate the weights of comparisons from the store's own people, keep them, and return them as JSON."""
        from omnitrack.matching import Model
        from omnitrack.usecases.matches import sample_profiles
        from omnitrack.usecases.suggest import write_model

        self._need_index()
        profiles, population = yield Step(sample_profiles, write=False)
        # From the shipped weights each time: from those of the last estimate the smoothing would drift.
        fitted = Model.default(population).fit(profiles, population=population)
        yield Step(lambda tx: write_model(tx, fitted))
        return fitted.to_json()

    def set_matching_model(self, text: str) -> Steps[None]:
        """Keep weights that were estimated elsewhere."""
        from omnitrack.matching import Model
        from omnitrack.usecases.suggest import write_model

        model = Model.from_json(text)
        yield Step(lambda tx: write_model(tx, model))

    def _need_index(self) -> None:
        if not self.ctx.known.matching:
            raise InvalidPolicyError("matching: this store keeps no index for it; open it once with matching=True")

    def identity_log(self, who: Who | None, after: str | None, limit: int) -> Steps[list[Change]]:
        """List what merged or split."""
        named, size = None if who is None else meant(self.ctx, who), read.checked_limit(limit)
        return (  # type: ignore[no-any-return]
            yield Step(lambda tx: account.identity_log(tx, self.ctx, named, after, size), write=False)
        )

    def statements(self, who: Who) -> Steps[list[Statement]]:
        """List the statements that hold about a customer's identifiers."""
        named = meant(self.ctx, who)

        def fetch(tx: Transaction) -> list[Statement]:
            row = get_row(tx, self.ctx, named)
            return statements.statements_about(tx, tx.find_identifiers(customers=[row.customer]))

        return (yield Step(fetch, write=False))  # type: ignore[no-any-return]

    def export(self, who: Who, format: str) -> Steps[Export]:
        """Write a person's interactions in a standard."""
        named, wanted = meant(self.ctx, who), checked_format(format)
        found = yield Step(lambda tx: interactions_of(tx, self.ctx, named), write=False)
        return export(found, wanted)

    # -- care -----------------------------------------------------------------------------------------------------------
    def erase(self, who: Who, *, by: str | None, reason: str | None, dry_run: bool, suppress: bool) -> Steps[Receipt]:
        """Erase a person."""
        check_flag("dry_run", dry_run, InvalidPolicyError)
        check_flag("suppress", suppress, InvalidPolicyError)
        check_said(by, reason)
        named, now, id = meant(self.ctx, who), now_us(), new_id()
        scrubs = Scrubs()

        def write(tx: Transaction, patient: bool) -> Receipt:
            return erase(
                tx,
                self.ctx,
                named,
                by=by,
                reason=reason,
                dry_run=dry_run,
                suppress=suppress,
                now=now,
                at=from_us(now),
                id=id,
                mark_key=self._mark_key,
                scrubs=scrubs,
                patient=patient,
            )

        if dry_run:
            return (yield Step(lambda tx: write(tx, patient=True), write=False))  # type: ignore[no-any-return]
        for look in range(MOST_LOOKS):
            # Redaction reads every text of the person's, which may be long: nobody waits for it.
            staying = yield Step(lambda tx: look_ahead(tx, self.ctx, named, scrubs), write=False)
            yield Work(lambda staying=staying: clean(staying, self._mark_key))  # type: ignore[misc]
            last = look == MOST_LOOKS - 1
            try:
                receipt: Receipt = yield Step(Once(lambda tx, last=last: write(tx, patient=last), is_receipted))  # type: ignore[misc]
            except NotWorkedOut:
                continue
            break
        self.ctx.forget()
        return receipt

    def apply_retention(self, rules: Iterable[RetentionRule], *, dry_run: bool) -> Steps[Receipt]:
        """Take away what is past its time, batch by batch."""
        now, id = now_us(), new_id()
        check_flag("dry_run", dry_run, InvalidPolicyError)
        rules = listed("rules", rules, "a list of RetentionRule", InvalidPolicyError)
        if not rules:
            raise InvalidPolicyError("rules: got none, accepted are one or more RetentionRule")
        for rule in rules:
            if not isinstance(rule, RetentionRule):
                raise InvalidPolicyError(f"rules: got {type(rule).__name__}, accepted are RetentionRule")
        cuts = [(now - int(rule.keep / timedelta(microseconds=1)), rule.channels) for rule in rules]
        if dry_run:
            counts = yield from self._retain(None, cuts, now)
        else:
            counts = yield from self._alone(lease.RETENTION, lambda held: self._retain(held, cuts, now))
            self.ctx.forget()
        receipt = Receipt(id=to_text("rcp", id), at=from_us(now), dry_run=dry_run)
        changes: dict[str, Any] = dict(counts)
        return attrs.evolve(receipt, **changes)

    def unload(self, source: str, *, dry_run: bool) -> Steps[Receipt]:
        """Take away what came from a source, batch by batch."""
        now, id = now_us(), new_id()
        check_flag("dry_run", dry_run, InvalidPolicyError)
        if not isinstance(source, str) or not source or not is_storable(source):
            raise InvalidInteractionError(f"source: got {shown(source)}, accepted is the name of a source")

        def work(held: lease.Lease | None) -> Steps[dict[str, int]]:
            return self._in_batches(held, lambda tx, after: unload_step(tx, self.ctx, source, after, now, held is None))

        if dry_run:
            counts = yield from work(None)
        else:
            counts = yield from self._alone(lease.UNLOAD, work)
            self.ctx.forget()
        changes: dict[str, Any] = dict(counts)
        return attrs.evolve(Receipt(id=to_text("rcp", id), at=from_us(now), dry_run=dry_run), **changes)

    def _retain(
        self, held: lease.Lease | None, cuts: Sequence[tuple[int, tuple[str, ...] | None]], now: int
    ) -> Steps[dict[str, int]]:
        """Take away batch by batch, or, without a lease, count what would go."""
        return self._in_batches(held, lambda tx, after: retain_step(tx, self.ctx, cuts, after, now, held is None))

    def _in_batches(
        self,
        held: lease.Lease | None,
        take: Callable[[Transaction, Position | None], tuple[dict[str, int], Position | None]],
    ) -> Steps[dict[str, int]]:
        """Take steps, each in a transaction of its own that checks the lease, to the end, and add up what they count."""
        counts: dict[str, int] = {}
        after: Position | None = None
        while True:
            position = after

            def step(tx: Transaction, position: Position | None = position) -> Any:
                if held is not None:
                    enter(tx, self.ctx, exclusive=True)
                    lease.check(tx, held, self.ctx.clock())
                return take(tx, position)

            found, after = yield Step(step, write=False) if held is None else Step(lease.once(held, step))
            for name, number in found.items():
                counts[name] = counts.get(name, 0) + number
            if after is None:
                return counts

    def rebuild(self, progress: Progress | None) -> Steps[RebuildReport]:
        """Recompute who is whom and write it; refused where another rebuild runs."""
        check_progress(progress)
        return (yield from self._alone(lease.REBUILD, lambda held: takeover.rebuild(self.ctx, held, progress)))

    def verify(self) -> Steps[VerifyReport]:
        """Recompute who is whom and compare."""
        return (yield Step(lambda tx: verify(tx, self.ctx), write=False))  # type: ignore[no-any-return]


def _adopted(ctx: Context) -> Steps[None]:
    """Read what an earlier version said into the form of today."""
    if not (yield Step(adopted, write=False)):
        yield from _stepwise(partial(adopt_step, ctx))


def _stepwise(step: Callable[[Transaction, Any], Any]) -> Steps[None]:
    """Take a step after the other, each in a transaction of its own, from where the last one ended."""
    position: Any = None
    while True:
        position = yield Step(partial(_from, step, position))
        if position is None:
            return


def _from(step: Callable[[Transaction, Any], Any], position: Any, tx: Transaction) -> Any:
    return step(tx, position)


def _no_original(revision: Revision) -> Rejected:
    return Rejected(
        reason="source_id: a revision of an interaction that is not there",
        source=revision.source,
        source_id=revision.source_id,
    )


class _Tally:
    """Counts of a load."""

    def __init__(self, on_error: str) -> None:
        self._raise = on_error == "raise"
        self.added = self.duplicates = self.revised = self.suppressed = self._total = self._left_out_total = 0
        self.last_there = False  # the interaction that came last was there already
        self._rejected: list[Rejected] = []
        self._left_out: list[Rejected] = []
        self._passed: dict[str, int] = {}
        self._examples: list[PassedOver] = []

    def reject(self, item: Rejected) -> None:
        if self._raise:
            where = f" ({item.where})" if item.where else ""
            raise InvalidInteractionError(f"{item.reason}{where}")
        listed = self._left_out if item.kept else self._rejected
        if item.kept:
            self._left_out_total += 1
        else:
            self._total += 1
        if len(listed) < MOST_REPORTED:
            listed.append(item)

    def passed(self, item: PassedOver) -> None:
        reason = item.reason if item.reason in self._passed or len(self._passed) < MOST_REASONS else OTHER_REASONS
        if reason not in self._passed:
            self._examples.append(attrs.evolve(item, reason=reason))
        self._passed[reason] = self._passed.get(reason, 0) + 1

    def revised_with_original(self, added: bool | None) -> None:
        """Count a revision that came with its original: of one that was there already it is what the unit has brought."""
        if added and self.last_there:
            self.duplicates -= 1
            self.revised += 1
            self.last_there = False

    def report(self, format: str | None, detected_by: str | None) -> LoadReport:
        return LoadReport(
            added=self.added,
            duplicates=self.duplicates,
            revised=self.revised,
            suppressed=self.suppressed,
            rejected=tuple(self._rejected),
            rejected_total=self._total,
            passed_over=self._passed,
            passed_over_examples=tuple(self._examples),
            left_out=tuple(self._left_out),
            left_out_total=self._left_out_total,
            format=format,
            detected_by=detected_by,
        )
