"""Forks: what happens to open connections and locks when the process forks, in the parent and in the child.

A child has a copy of the parent's memory, and of its threads only the one that forked. A connection to a server is then in two hands; a lock that
another thread held is held for ever; rows that another thread was writing into memory are half written. So locks are made anew in the child,
connections are kept there without being touched, and what lies in memory or in a file is forked only between two transactions.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from omnitrack import deadlines

T = TypeVar("T")

PATIENCE = 30.0  # seconds that a fork waits for the end of transactions


class Watched(Protocol):
    """What has something to do in a child."""

    def forked(self) -> None:
        """Make locks anew, and let go of connections without closing them."""


class Gate:
    """Where transactions pass that no fork may cut in two; a fork waits until nobody is inside, and shuts it meanwhile.

    ``with gate:`` is for code that may wait in its thread; tasks of an event loop ask ``enter_now`` until it lets them in.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._inside: dict[int, int] = {}  # by thread
        self._tasks: dict[int, int] = {}  # by thread
        self._forking: dict[int, int] = {}  # threads that fork

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._changed:
            # Who is inside already must get out again before the fork, so must not be kept out.
            while self._forking and not any(me in those for those in (self._inside, self._tasks, self._forking)):
                deadlines.check()
                self._changed.wait(deadlines.left())
            self._inside[me] = self._inside.get(me, 0) + 1

    def __exit__(self, *exception: object) -> None:
        self._leave(self._inside)

    def _leave(self, those: dict[int, int]) -> None:
        me = threading.get_ident()
        with self._changed:
            left = those.get(me, 1) - 1
            if left:
                those[me] = left
            else:
                those.pop(me, None)
            if self._forking:
                self._changed.notify_all()

    def enter_now(self) -> bool:
        """Enter as a task, unless a fork waits; tell whether."""
        me = threading.get_ident()
        with self._changed:
            if self._forking:
                return False
            self._tasks[me] = self._tasks.get(me, 0) + 1
            return True

    def leave(self) -> None:
        """Leave as a task."""
        self._leave(self._tasks)

    def holds_me(self) -> bool:
        """Tell whether this thread is inside, not as a task."""
        return threading.get_ident() in self._inside

    def shut(self, patience: float) -> None:
        """Keep others out, and wait for those inside; not for what this thread has inside, which cannot go on, and not for ever."""
        me, until = threading.get_ident(), time.monotonic() + patience
        with self._changed:
            self._forking[me] = self._forking.get(me, 0) + 1
            while (self._inside.keys() | self._tasks.keys()) - self._forking.keys():
                if not self._changed.wait(until - time.monotonic()):
                    break

    def open(self) -> None:
        """Let others in again."""
        with self._changed:
            self._forking.pop(threading.get_ident(), None)
            self._changed.notify_all()

    def forked(self) -> None:
        """Be a gate at which this thread is the only one."""
        me = threading.get_ident()
        inside = self._inside.get(me, 0)
        self._changed = threading.Condition(threading.Lock())
        self._inside = {me: inside} if inside else {}
        self._tasks, self._forking = {}, {}


gate = Gate()

_pid = os.getpid()
_watched: weakref.WeakSet[Any] = weakref.WeakSet()
_before: list[Callable[[], object]] = []
_in_child: list[Callable[[], object]] = []
_kept: list[Any] = []
_kept_for_good = False


def watch(thing: Watched) -> None:
    """Have ``thing.forked()`` called in every child, as long as the thing is there."""
    _watched.add(thing)


class OfEach(Generic[T]):
    """What each process has one of its own of, such as a lock; ``value`` is that of this one."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self.value = make()
        watch(self)

    def forked(self) -> None:
        """In a child: make another."""
        self.value = self._make()


def before(call: Callable[[], object]) -> None:
    """Have a function called before each fork, in the parent, when no transaction is inside the gate."""
    _before.append(call)


def in_child(call: Callable[[], object]) -> None:
    """Have a function called in every child, before those that are watched."""
    _in_child.append(call)


def check() -> None:
    """Do what a child has to do, where the fork went past Python; called wherever something that was opened is about to be used."""
    if _pid != os.getpid():
        _be_a_child()


def keep(*things: object) -> None:
    """Hold on to things to the end of the process and beyond: a destructor would talk to the parent's server, or to the parent's event loop."""
    _kept.extend(things)


def _get_ready() -> None:
    global _kept_for_good
    gate.shut(PATIENCE)
    if not _kept_for_good and _watched:
        _kept_for_good = True
        try:
            import ctypes

            # One reference that nothing gives back, so that the end of the interpreter frees nothing of the list either.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(_kept))
        except (ImportError, AttributeError):  # another Python, whose end calls no destructors
            pass
    for call in _before:
        call()


def _be_a_child() -> None:
    global _pid
    _pid = os.getpid()
    gate.forked()
    for call in _in_child:
        call()
    for thing in list(_watched):
        thing.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_get_ready, after_in_parent=gate.open, after_in_child=_be_a_child)
