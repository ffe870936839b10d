"""The rules of a store that several processes have open: what a forked child may do with a backend that its parent has used."""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

import os
import pickle
import signal
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from omnitrack.errors import ConflictError
from omnitrack.storage.contract import Backend, Transaction
from omnitrack.testing.base import Caller, ConformanceBase, need
from omnitrack.testing.rows import record

CHILDREN = 3
ROUNDS = 40
HANGS = 60  # seconds after which a child is taken for one that waits for ever


class Forked:
    """A child that calls a function; ``result`` returns what that returned, or fails with what it raised."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._answer, answering = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(HANGS)
                try:
                    said = pickle.dumps((True, work()))
                except BaseException:
                    said = pickle.dumps((False, traceback.format_exc()))
                os.write(answering, said)
            finally:
                os._exit(0)  # nothing of the parent's tests is to be cleaned up here
        os.close(answering)

    def result(self) -> Any:
        """Wait for the end of the child."""
        with os.fdopen(self._answer, "rb") as pipe:
            said = pipe.read()
        os.waitpid(self._pid, 0)
        if not said:
            pytest.fail(f"a forked child did not come to an end in {HANGS} seconds, or died")
        done, what = pickle.loads(said)
        if not done:
            pytest.fail(f"a forked child failed:\n{what}")
        return what


class ProcessRules(ConformanceBase):
    """run and arun in a child that was forked after its parent had used the backend."""

    @pytest.fixture
    def forks(self, backend: Backend) -> None:
        """Skip where the store is of one process. Not for all rules of a class: this one is joined with others."""
        need(backend, "processes", "a forked child has nothing in common with its parent")
        if not hasattr(os, "fork"):
            pytest.skip("this system has no fork")

    @pytest.mark.usefixtures("forks")
    def test_forked_children_and_their_parent_read_and_write_at_once_and_lose_nothing(self, run: Caller) -> None:
        names = ["parent", *(f"child {number}" for number in range(CHILDREN))]
        run(lambda tx: tx.put_records([record("count", "0"), *(record(name, name) for name in names)]))

        def count(tx: Transaction) -> None:
            (row,) = tx.find_records("kit", keys=["count"])
            tx.put_records([row._replace(value=str(int(row.value) + 1))])

        def counted(call: Callable[..., Any]) -> bool:
            try:
                call(count)
            except ConflictError:
                return False
            return True

        def work(call: Callable[..., Any], name: str) -> list[str]:
            found = []
            for _ in range(ROUNDS):
                while not counted(call):
                    pass  # the others were quicker, more often than run() tries
                found += [row.value for row in call(lambda tx: tx.find_records("kit", keys=[name]), write=False)]
            return found

        def child(name: str) -> Callable[[], list[str]]:
            return lambda: work(Caller(run.backend, run.mode), name)

        forked = [Forked(child(name)) for name in names[1:]]
        answers = [work(run, names[0]), *(one.result() for one in forked)]
        assert answers == [[name] * ROUNDS for name in names], "somebody got the answer to another's question"
        (row,) = run.read(lambda tx: tx.find_records("kit", keys=["count"]))
        assert row.value == str((1 + CHILDREN) * ROUNDS)

    @pytest.mark.usefixtures("forks")
    def test_a_child_that_closes_the_backend_leaves_the_parents_open(self, run: Caller) -> None:
        run(lambda tx: tx.put_records([record("a")]))

        def close() -> None:
            run.backend.close()

        def use_and_close() -> int:
            caller = Caller(run.backend, run.mode)
            found = caller.read(lambda tx: tx.find_records("kit"))
            caller.close()
            return len(found)

        Forked(close).result()
        assert Forked(use_and_close).result() == 1
        assert len(run.read(lambda tx: tx.find_records("kit"))) == 1

    @pytest.mark.usefixtures("forks")
    def test_a_backend_opened_by_a_parent_serves_a_child_of_its_child(self, run: Caller) -> None:
        run(lambda tx: tx.put_records([record("a")]))

        def add(key: str) -> None:
            Caller(run.backend, run.mode)(lambda tx: tx.put_records([record(key)]))

        def generation() -> None:
            add("b")
            Forked(lambda: add("c")).result()
            add("d")

        Forked(generation).result()
        assert [row.key for row in run.read(lambda tx: tx.find_records("kit"))] == ["a", "b", "c", "d"]
