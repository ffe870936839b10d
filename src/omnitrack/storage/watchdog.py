"""The watchdog: a thread that interrupts operations of other threads when their time is up.

A driver waits for a missing answer as long as the network reports nothing. Shutting its socket from another thread ends that; SQLite is
interrupted in a similar way. A process has one such thread, started by the first watch, which sleeps while nothing is due.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from omnitrack import forks

AGAIN = 0.05  # seconds between two calls of one watch


class Watch:
    """An action to do at a time, and again until the watch ends."""

    again = True

    def __init__(self, at: float, act: Callable[[], object]) -> None:
        self.at = at
        self.act = act
        self.fired = False
        self._dog = _dog.value
        self._dog.take(self)

    def end(self) -> bool:
        """End the watch, and return whether it acted; it does nothing afterwards."""
        if self._dog is _dog.value:  # otherwise it belongs to a parent process, whose lock may be held forever here
            self._dog.drop(self)
        return self.fired


class SocketWatch(Watch):
    """Shuts a socket when its time is up, through a descriptor of its own: if the owner closes theirs meanwhile, its number may be reused."""

    again = False

    def __init__(self, at: float, descriptor: int) -> None:
        self._socket = socket.socket(fileno=os.dup(descriptor))
        super().__init__(at, self._shut)

    def _shut(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        finally:
            self._socket.close()

    def end(self) -> bool:
        """See Watch."""
        fired = super().end()
        self._socket.close()
        return fired


class _Watchdog:
    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._watches: set[Watch] = set()
        self._wakes_at: float | None = None
        self._runs = False

    def take(self, watch: Watch) -> None:
        with self._changed:
            self._watches.add(watch)
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name="omnitrack-deadlines", daemon=True).start()
            elif self._wakes_at is None or watch.at < self._wakes_at:
                self._changed.notify()

    def drop(self, watch: Watch) -> None:
        with self._changed:
            self._watches.discard(watch)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for watch in [watch for watch in self._watches if watch.at <= now]:
                    watch.fired = True
                    watch.at = now + AGAIN
                    with suppress(Exception):  # it is closed already
                        watch.act()
                    if not watch.again:
                        self._watches.discard(watch)
                self._wakes_at = min((watch.at for watch in self._watches), default=None)
                self._changed.wait(None if self._wakes_at is None else max(0.0, self._wakes_at - now))


_dog = forks.OfEach(_Watchdog)
