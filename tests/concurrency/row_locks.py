"""A store whose transactions run one step at a time: READ COMMITTED with row locks, the weakest that the storage contract allows.

A plain read sees what was committed and what its own transaction wrote; whoever writes or locks a row, or takes a unique key, holds it to the
end; a second writer of it waits; the guard is a lock, shared or exclusive; of transactions that wait for each other any one may be the
victim, and is repeated. A step is one call of a method of ``Transaction``, a commit or a rollback.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
from greenlet import GreenletExit, getcurrent, greenlet

from omnitrack.errors import ConflictError
from omnitrack.storage.contract import MAX_TRIES, Backend, Transaction
from omnitrack.storage.memory import MemoryTransaction
from omnitrack.storage.tables import MemoryState

Actor = Callable[[Backend], Any]
SHARED, EXCLUSIVE = "shared", "exclusive"

# The tables that a method reads; what it writes is seen when it is tried. A record's table is its kind.
READS: dict[str, tuple[str, ...]] = {
    "guard": ("epoch",),
    "add_identifiers": ("identifiers",),
    "find_identifiers": ("identifiers",),
    "lock_identifiers": ("identifiers",),
    "update_identifiers": ("identifiers", "changes"),
    "list_changes": ("changes",),
    "add_links": ("links",),
    "find_links": ("links",),
    "add_interactions": ("interactions",),
    "find_interactions": ("interactions",),
    "list_entries": ("entries",),
    "replace_entries": ("entries",),
    "put_records": (),
    "find_records": (),
    "delete": ("identifiers", "links", "interactions", "entries", "changes"),
}
PLAIN_READS = {"find_identifiers", "list_changes", "find_links", "find_interactions", "list_entries", "find_records"}


@attrs.define
class Step:
    """What an actor wants to do next."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = attrs.Factory(dict)
    # What it touches, as things stand:
    tables: frozenset[str] = frozenset()  # read; of a commit: written
    locks: dict[Any, str] = attrs.Factory(dict)  # wanted; of a commit or rollback: held
    waits_for: frozenset[int] = frozenset()
    # What trying it gave: answer, error and writes. None: to be tried (again).
    tried: tuple[Any, BaseException | None, list[tuple[str, Any, Any]]] | None = None
    surveyed: bool = False

    @property
    def ends(self) -> bool:
        """Whether it ends its transaction."""
        return self.name in ("commit", "rollback")


class Session:
    """One actor: its greenlet, the transaction it is in, and the step that it stands before."""

    def __init__(self, number: int, actor: Actor, run: Run) -> None:
        self.number = number
        self.run = run
        self.writes: list[tuple[str, Any, Any]] = []
        self.held: dict[Any, str] = {}
        self.step: Step | None = None
        self.result: Any = None
        self.error: BaseException | None = None
        self._greenlet = greenlet(lambda: actor(SteppedBackend(self)))

    def ask(self, step: Step) -> Any:
        """Called inside the greenlet: stand before a step until the search takes it."""
        return self.run.main.switch(step)

    def go_on(self, *answer: Any, error: BaseException | None = None) -> None:
        """Called by the search: give the answer to the last step, and run up to the next."""
        try:
            self.step = self._greenlet.throw(error) if error else self._greenlet.switch(*answer)
        except Exception as raised:
            self.step, self.error = None, raised
        if self._greenlet.dead and self.error is None:
            self.result, self.step = self.step, None

    def abandon(self) -> None:
        """Unwind an actor of an order that is not followed any further."""
        if not self._greenlet.dead:
            self._greenlet.throw(GreenletExit)

    # -- the transaction ------------------------------------------------------------------------------------------------
    def attempt(self, step: Step) -> tuple[Any, BaseException | None, list[tuple[str, Any, Any]]]:
        """Do a step on what was committed and what this transaction wrote; return answer, error and new writes, and undo all."""
        transaction = Recording(self.run.state)
        for table, key, row in self.writes:
            transaction._set(getattr(self.run.state, table), key, row)
        before = len(transaction.writes)
        answer, error = None, None
        try:
            answer = getattr(transaction, step.name)(*step.args, **step.kwargs)
        except Exception as raised:
            error = raised
        writes = [] if error else transaction.writes[before:]
        transaction.undo()
        return answer, error, writes

    def survey(self) -> None:
        """Find what the next step touches, as things stand."""
        step = self.step
        assert step is not None
        if step.surveyed:
            return
        step.surveyed = True
        step.tried = None
        if step.ends:
            step.locks = dict(self.held)
            step.tables = frozenset(tag(*write) for write in self.writes) if step.name == "commit" else frozenset()
            return
        step.tables = frozenset(READS[step.name])
        if step.name == "find_records":
            step.tables = frozenset({f"records {step.kwargs.get('kind') or step.args[0]}"})
        if step.name in PLAIN_READS:
            return
        step.tried = self.attempt(step)
        answer, _, writes = step.tried
        if step.name == "guard":
            step.locks = {"guard": EXCLUSIVE if (step.args or (step.kwargs.get("exclusive"),))[0] else SHARED}
        elif step.name == "lock_identifiers":
            step.locks = {("identifiers", row.id): EXCLUSIVE for row in answer or ()}
        else:
            step.locks = {key: EXCLUSIVE for write in writes for key in self.unique_keys(*write)}
            step.tables |= {tag(*write) for write in writes}
            if step.name == "put_records":
                step.locks |= {
                    ("records", (row.kind, row.key)): EXCLUSIVE for row in (step.args or (step.kwargs["rows"],))[0]
                }
                step.tables |= {f"records {row.kind}" for row in (step.args or (step.kwargs["rows"],))[0]}

    def look_for_others(self) -> None:
        """Find whom the next step waits for."""
        step = self.step
        assert step is not None
        step.waits_for = frozenset(
            other.number
            for other in self.run.sessions
            if other is not self
            and other.held
            and not step.ends
            and any(clash(mode, other.held.get(key)) for key, mode in step.locks.items())
        )

    def unique_keys(self, table: str, key: Any, row: Any) -> list[Any]:
        """Return the keys of all unique indexes that a write of this row takes."""
        keys: list[Any] = [(table, key)]
        row = row or getattr(self.run.state, table).rows.get(key)
        if row is not None and table == "identifiers":
            keys.append(("home", row.home))
        if (
            row is not None
            and table == "interactions"
            and row.revision == 0
            and None not in (row.source, row.source_id)
        ):
            keys.append(("source", row.source, row.source_id))
        return keys

    def take(self) -> None:
        """Do the step that the actor stands before."""
        step = self.step
        assert step is not None
        if step.ends:
            if step.name == "commit":
                for table, key, row in self.writes:
                    getattr(self.run.state, table).set(key, row)
                self.run.look_again(step.tables)
            self.writes, self.held = [], {}
            self.go_on(None)
            return
        self.hold(step.locks)
        answer, error, writes = step.tried or self.attempt(step)
        self.writes += writes
        self.go_on(answer, error=error)

    def hold(self, locks: dict[Any, str]) -> None:
        """Hold locks to the end of the transaction."""
        for key, mode in locks.items():
            if self.held.get(key) != EXCLUSIVE:
                self.held[key] = mode

    def lose(self) -> None:
        """Be the victim of a deadlock; what others waited for is theirs at once, as it would be in a queue."""
        waiting = [other for other in self.run.sessions if other.step and self.number in other.step.waits_for]
        given_up, self.held, self.writes = self.held, {}, []
        for other in waiting:
            assert other.step is not None
            other.hold(
                {
                    key: mode
                    for key, mode in other.step.locks.items()
                    if key in given_up and self.run.free(other, key, mode)
                }
            )
        self.go_on(error=ConflictError("deadlock"))


class Recording(MemoryTransaction):
    """A transaction that remembers what it wrote."""

    def __init__(self, state: MemoryState) -> None:
        super().__init__(state)
        self.writes: list[tuple[str, Any, Any]] = []
        self._names = {id(table): name for name, table in vars(state).items()}

    def _set(self, table: Any, key: Any, row: Any) -> None:
        super()._set(table, key, row)
        self.writes.append((self._names[id(table)], key, row))


def tag(table: str, key: Any, row: Any) -> str:
    """Return the table that readers of this row name."""
    return f"records {key[0]}" if table == "records" else "interactions" if table == "moments" else table


def clash(mode: str, held: str | None) -> bool:
    """Say whether a lock wanted cannot be had beside one that is held."""
    return held is not None and EXCLUSIVE in (mode, held)


def _stepped(name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self.session.ask(Step(name, args, kwargs))

    return method


SteppedTransaction: Any = type("SteppedTransaction", (Transaction,), {name: _stepped(name) for name in READS})


class SteppedBackend(Backend):
    """What an actor runs its transactions in."""

    capabilities = frozenset()

    def __init__(self, session: Session) -> None:
        self._session = session

    @classmethod
    def from_url(cls, url: str, *, namespace: str | None = None, **options: Any) -> Backend:
        raise NotImplementedError("explore() makes it")

    def setup(self) -> None:
        pass

    def run(self, fn: Callable[[Transaction], Any], *, write: bool = True) -> Any:
        transaction = SteppedTransaction()
        transaction.session = self._session
        for _ in range(MAX_TRIES):
            try:
                result = fn(transaction)
            except ConflictError:
                self._session.run.retries += 1
                if self._session.held:
                    self._session.ask(Step("rollback"))
                self._session.writes = []
            except Exception:
                self._session.ask(Step("rollback"))
                raise
            else:
                self._session.ask(Step("commit"))
                return result
        raise ConflictError(f"gave up after {MAX_TRIES} tries")

    def close(self) -> None:
        pass


class Run:
    """One order of steps, from the prepared store on."""

    def __init__(self, state: MemoryState, actors: Sequence[Actor]) -> None:
        self.state = state
        self.main = getcurrent()
        self.retries = self.waits = 0
        self.schedule: list[str] = []
        self.sessions = [Session(number, actor, self) for number, actor in enumerate(actors)]
        for session in self.sessions:
            session.go_on()

    def free(self, session: Session, key: Any, mode: str) -> bool:
        """Say whether nobody else holds a key in a way that keeps this mode out."""
        return not any(clash(mode, other.held.get(key)) for other in self.sessions if other is not session)

    def look_again(self, tables: frozenset[str]) -> None:
        """After a commit to these tables: what the others are about to do may come out otherwise."""
        for session in self.sessions:
            if session.step is not None and session.step.tables & tables:
                session.step.surveyed = False

    def choices(self) -> dict[int, Step]:
        """Return the actors that can go on, or be the victim of a deadlock, each with the step that it stands before."""
        standing = {session.number: session for session in self.sessions if session.step is not None}
        for session in standing.values():
            session.survey()
            session.look_for_others()
        steps = {number: session.step for number, session in standing.items() if session.step is not None}
        return {number: step for number, step in steps.items() if not step.waits_for or self._in_cycle(number, steps)}

    @staticmethod
    def _in_cycle(number: int, steps: dict[int, Step]) -> bool:
        seen: set[int] = set()
        todo = list(steps[number].waits_for)
        while todo:
            one = todo.pop()
            if one == number:
                return True
            if one not in seen and one in steps:
                seen.add(one)
                todo += steps[one].waits_for
        return False

    def take(self, number: int) -> None:
        """Let one actor do its step, or lose in a deadlock."""
        session = self.sessions[number]
        assert session.step is not None
        self.waits += sum(bool(other.step and other.step.waits_for) for other in self.sessions)
        victim = bool(session.step.waits_for)
        self.schedule.append(f"{number}: {'deadlock in ' if victim else ''}{session.step.name}")
        if victim:
            session.lose()
        else:
            session.take()

    def abandon(self) -> None:
        """Unwind what has not ended."""
        for session in self.sessions:
            session.abandon()


def independent(one: Step, other: Step) -> bool:
    """Say whether two steps of different actors give the same in either order, and neither keeps the other waiting or lets it go on."""
    if one.ends and other.ends:
        return not one.tables & other.tables
    if (one.ends or other.ends) and one.tables & other.tables:
        return False
    return not any(clash(mode, other.locks.get(key)) for key, mode in one.locks.items())
