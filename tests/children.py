"""Forked processes for tests: what a function did in a child comes back to its parent, and a child that hangs is killed."""

from __future__ import annotations

import os
import pickle
import signal
import traceback
from collections.abc import Callable
from typing import Any

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
