"""What tests call beneath a tracker's own methods: an interaction that is recorded whole, and operations that stand before each of their transactions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from greenlet import GreenletExit, getcurrent, greenlet

from omnitrack import Interaction, RebuildReport, Recorded, Tracker
from omnitrack.foundation import lease
from omnitrack.foundation.calls import Progress, Run, Runtime
from omnitrack.foundation.context import Context
from omnitrack.recording import loading
from omnitrack.storage.contract import Backend, Transaction
from omnitrack.upkeep import takeover

T = TypeVar("T")


def record(tracker: Tracker, interaction: Interaction) -> Recorded:
    """Record an interaction as a source makes it."""
    with tracker._run() as run:
        return loading.record(run, tracker._ctx, interaction)


def rebuilding(ctx: Context, progress: Progress | None = None) -> Callable[[Run], RebuildReport]:
    """Return the rebuild of another process, by other settings."""

    def rebuild(run: Run) -> RebuildReport:
        with lease.holding(run, ctx, lease.REBUILD) as held:
            return takeover.rebuild(run, ctx, held, progress)

    return rebuild


class Stepped(Runtime, Generic[T]):
    """An operation that stands before each of its transactions, and each of its pauses, until it is told to go on.

    It runs in a greenlet of its own, as another process would beside this one.

    Attributes:
        ended: it returned, or raised.
        result: what it returned. error: what it raised.
        pausing: it stands before a pause, while something else has to go on.
        transactions: how many it has run.
    """

    def __init__(self, backend: Backend, work: Callable[[Run], T]) -> None:
        super().__init__(backend)
        self._killed = False
        self.ended = self.pausing = False
        self.result: T | None = None
        self.error: BaseException | None = None
        self.transactions = 0
        self._greenlet = greenlet(lambda: work(Run(self)))
        self._switch()

    def run(self, fn: Callable[[Transaction], Any], *, write: bool = True) -> Any:
        self._stand()
        self.transactions += 1
        return self.backend.run(fn, write=write)

    def sleep(self, seconds: float) -> None:
        self.pausing = True
        self._stand()

    def _stand(self) -> None:
        if self._killed:
            raise GreenletExit
        try:
            getcurrent().parent.switch()
        except GreenletExit:
            self._killed = True
            raise

    def _switch(self) -> None:
        try:
            self.result = self._greenlet.switch()
        except BaseException as error:
            self.error = error
        self.ended = self._greenlet.dead

    def once(self) -> bool:
        """Run one transaction, or go on behind a pause; return whether it was a transaction."""
        was_pause, self.pausing = self.pausing, False
        self._switch()
        return not was_pause

    def some(self, count: int) -> None:
        """Run so many transactions."""
        for _ in range(count):
            assert not self.ended
            assert not self.pausing
            self.once()

    def rest(self) -> T:
        """Run to the end; return what it returns, or raise what it raises."""
        while not self.ended:
            self.once()
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]

    def kill(self) -> None:
        """End it as a process is ended that is killed: it runs nothing more."""
        self._killed = True
        self._greenlet.throw(GreenletExit)
        self.ended = True
