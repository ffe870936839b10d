"""Connections at a fork: a child leaves its parent's connections untouched.

A child that closed a connection of its parent would end the parent's session; one that closed the socket alone would still take it out of the parent's
event loop, which the two share; and one that read from it would get the parent's answers. So the child makes engines of its own, and what
it was born with stays in memory as it is.

SQLite is different. It holds its file's locks for the process, and a child believes to have those that the parent took. So a file is closed before
each fork, when nobody uses it, and opened again when it is asked for. Where that could not be, the child is refused the file.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any

from omnitrack import forks
from omnitrack.errors import BackendError

# Every connection of this package's engines, and of those to a file of SQLite where that is.
_connections: weakref.WeakKeyDictionary[Any, str | None] = weakref.WeakKeyDictionary()
_lock = threading.Lock()
_carried: set[str] = set()  # files that were open when this process was forked


def connected(record: Any, file: str | None) -> None:
    """Note a connection, by the entry of the pool that has it, and of which file it is."""
    with _lock:
        _connections[record] = file


def check_file(file: str | None) -> None:
    """Raise unless a file of SQLite can be used in this process.

    Raises:
        BackendError: it was in use when the process was forked, so that SQLite takes the parent's locks for its own.
    """
    if file in _carried:
        raise BackendError(
            f"{file!r} was open when this process was forked: in use by a task of the thread that forked, or by another thread "
            f"for more than {forks.PATIENCE:.0f} seconds, or the fork went past Python. SQLite cannot open it in the child. Fork while it is not in use, or start processes by spawn"
        )


def _idle(record: Any) -> bool:
    fairy = getattr(record, "fairy_ref", None)
    return record.dbapi_connection is not None and (fairy is None or fairy() is None)


def _close_files() -> None:
    with _lock:
        files = [record for record, file in _connections.items() if file is not None]
    for record in files:
        try:
            if _idle(record):
                driver = record.driver_connection
                # Of an async connection the one that its thread works for: that thread has nothing to do now, and cannot be waited for here.
                getattr(driver, "_connection", driver).close()
                record.invalidate(soft=True)
                with _lock:
                    _connections.pop(record, None)
        except Exception:
            pass  # it is refused in the child


def _keep_connections() -> None:
    global _lock
    _lock = threading.Lock()
    for record, file in list(_connections.items()):
        if record.dbapi_connection is None:
            continue
        reference = getattr(record, "fairy_ref", None)
        fairy = reference and reference()
        if fairy is not None:
            # At the exit of the process the pool would take back what is out of it, and close some.
            finalizer = getattr(fairy, "_finalizer", None)
            if finalizer is not None:
                finalizer.atexit = False
        if file is not None:
            _carried.add(file)
        forks.keep(record, fairy, record.dbapi_connection)
    _connections.clear()


def file_of(database: str | None) -> str | None:
    """Return which file a URL of SQLite names, in one form for each; None where it names memory."""
    if not database or ":memory:" in database or "mode=memory" in database:
        return None
    return os.path.realpath(
        database.removeprefix("file:").partition("?")[0] if database.startswith("file:") else database
    )


forks.before(_close_files)
forks.in_child(_keep_connections)
