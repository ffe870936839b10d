"""Processes for tests: forked ones, of which what a function did comes back and one that hangs is killed, and ones with nothing of this one."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import traceback
from collections.abc import Callable
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any

# What every such process imports, and would take two seconds of a processor for.
PRELOADED = ["psycopg", "pymysql", "pytest", "omnitrack.tracker", "omnitrack.storage.sql"]


def separate() -> ForkServerContext | SpawnContext:
    """Return how processes are made that have nothing of this one: from a server that has imported what they need, where the system can."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


SECONDS = 60  # after which a child is taken for one that waits for ever


class Child:
    """A forked process that calls a function; ``result`` gives what that returned, or raises what it raised."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._answer, answering = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(SECONDS)
                try:
                    said = (True, work())
                    pickle.dumps(said)
                except BaseException:
                    said = (False, traceback.format_exc())
                with os.fdopen(answering, "wb") as pipe:
                    pickle.dump(said, pipe)
                status = 0
            finally:
                os._exit(status)
        os.close(answering)

    def result(self) -> Any:
        with os.fdopen(self._answer, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        if os.WIFSIGNALED(status):
            raise AssertionError(f"the child was ended by {signal.Signals(os.WTERMSIG(status)).name}")
        done, what = pickle.loads(said)
        if not done:
            raise AssertionError(f"in the child:\n{what}")
        return what
