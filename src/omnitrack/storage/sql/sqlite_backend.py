"""The backends of SQLite: a file whose writers take turns, and a store in memory on one connection."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import ClassVar, TypeVar

from sqlalchemy.engine import URL

from omnitrack import deadlines, forks
from omnitrack.storage.contract import Transaction
from omnitrack.storage.sql.backend import SqlBackend
from omnitrack.storage.sql.bounds import Bound
from omnitrack.storage.sql.dialect import Dialect, Options
from omnitrack.storage.sql.runtime import EngineRuntime

T = TypeVar("T")


class SqliteBackend(SqlBackend):
    """SQLite in a file: writers take turns, readers run beside them."""

    capabilities: ClassVar[frozenset[str]] = frozenset({"persistent", "processes", "async", "timeout"})


class InMemorySqliteBackend(SqlBackend):
    """SQLite without a file: one connection that all threads take turns on, gone with ``close``."""

    capabilities: ClassVar[frozenset[str]] = frozenset({"timeout"})

    def __init__(self, url: URL, dialect: Dialect, options: Options, namespace: str | None) -> None:
        super().__init__(url, dialect, options, namespace)
        self._async_url = None
        self._turn = deadlines.BoundedLock()

    def forked(self) -> None:
        """In a child: go on with a copy of the parent's data."""
        self._turn, self._making, self._inside = deadlines.BoundedLock(), threading.Lock(), threading.local()
        if self._sync is not None:
            self._sync.lock, self._sync.pid = deadlines.BoundedLock(), os.getpid()

    def setup(self) -> None:
        """See the contract."""
        with forks.gate, self._turn:
            super().setup()

    def _attempt(self, runtime: EngineRuntime, fn: Callable[[Transaction], T], write: bool, bound: Bound | None) -> T:
        with runtime.gate, self._turn:
            return self._transact(runtime, fn, write, bound)

    def reclaim(self) -> None:
        """Do nothing: there is no file, and what is deleted is overwritten."""
