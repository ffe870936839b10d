"""The backend: URLs, set-up, and running functions until their commit goes through."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from redis import ConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from omnitrack import deadlines
from omnitrack.errors import BackendError, ConflictError, SchemaVersionError, TimedOutError, masked_url
from omnitrack.storage.contract import Backend, Transaction, check_namespace, retrying
from omnitrack_redis.bounded import bound
from omnitrack_redis.layout import META
from omnitrack_redis.transaction import RedisTransaction
from omnitrack_redis.work import Store, Work, failed

T = TypeVar("T")

# Held while a child makes its connections; a child has one of its own, in case another thread of the parent held it.
_beginning = threading.Lock()


def _forked() -> None:
    global _beginning
    _beginning = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)

VERSION = 1  # of the layout
OLDEST_REDIS = (6, 2)  # ZRANGE with BYLEX and REV
SNAPSHOT_TRIES = 5


class RedisBackend(Backend):
    """One namespace of a Redis: ``redis://``, ``rediss://`` and ``unix://`` URLs as redis-py takes them."""

    capabilities: ClassVar[frozenset[str]] = frozenset({"persistent", "processes", "concurrent", "timeout"})

    def __init__(self, connect: Callable[[], Redis], namespace: str | None) -> None:
        self._connect = connect
        self._prefix = f"omnitrack/{namespace or ''}/"
        self._inherited: list[Store] = []  # of parent processes: never used, and never freed, which would close them
        self._begin()

    def _begin(self) -> None:
        self._own = Store(self._connect(), self._prefix)
        self._pid = os.getpid()  # last: who finds it takes the store for this process's own

    @property
    def _store(self) -> Store:
        """The store over connections of this process: after a fork, those of the parent are the parent's."""
        if self._pid != os.getpid():
            with _beginning:
                if self._pid != os.getpid():
                    self._inherited.append(self._own)
                    self._begin()
        return self._own

    @property
    def _client(self) -> Redis:
        return self._store.client

    @classmethod
    def from_url(cls, url: str, *, namespace: str | None = None, **options: Any) -> RedisBackend:
        """Return the backend; it connects when it is first used. The one option is ``socket_timeout``, in seconds."""
        timeout = options.pop("socket_timeout", 30.0)
        if options:
            raise BackendError(
                f"unknown options of the Redis backend: {', '.join(sorted(options))}; accepted is socket_timeout"
            )
        check_namespace(namespace)
        try:
            # A commit is never sent twice behind our back: the second would not know that the first went through.
            def connect() -> Redis:
                pool = ConnectionPool.from_url(
                    url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
                )
                return Redis.from_pool(bound(pool))

            return cls(connect, namespace)
        except (
            ValueError,
            TypeError,
        ):  # which may quote what stands where a port should, and that may be part of a password
            raise BackendError(
                f"{masked_url(url)} is no Redis URL; accepted: redis://user:password@host:port/database"
            ) from None

    def setup(self) -> None:
        """Check the server's version and the layout's; there are no tables to make."""
        try:
            version = str(self._client.info("server")["redis_version"])
            self._client.hsetnx(self._store.prefix + META, "version", VERSION)
            layout = int(self._client.hget(self._store.prefix + META, "version") or 0)
        except RedisError as error:
            raise failed(f"Redis cannot be set up: {type(error).__name__}") from error
        if tuple(map(int, version.split(".")[:2])) < OLDEST_REDIS:
            raise BackendError(f"Redis {version} is too old; 6.2 or newer is needed")
        if layout > VERSION:
            raise SchemaVersionError(
                f"this store has layout {layout}, and this adapter knows up to {VERSION}; upgrade it"
            )

    def run(self, fn: Callable[[Transaction], T], *, write: bool = True) -> T:
        """Run ``fn``; repeat it while others change what it read to write."""
        if write:
            return retrying(lambda: self._write(fn))
        return retrying(lambda: self._read(fn))

    def _write(self, fn: Callable[[Transaction], T]) -> T:
        deadlines.check()
        work = Work(self._store, write=True)
        try:
            try:
                result = fn(RedisTransaction(work))
            except (ConflictError, TimedOutError):
                raise
            except Exception as error:
                # What fn saw may have been overtaken; then its error is none.
                if work.stale():
                    raise ConflictError("another transaction changed what was read") from error
                raise
            deadlines.check()
            work.commit()
            return result
        finally:
            work.end()

    def _read(self, fn: Callable[[Transaction], T]) -> T:
        """Read again where a commit fell between two reads: a snapshot, but under steady writes the last try counts."""
        deadlines.check()
        for last_try in [False] * (SNAPSHOT_TRIES - 1) + [True]:
            before = self._store.last_commit()
            try:
                result = fn(RedisTransaction(Work(self._store, write=False)))
            except Exception:
                if last_try or self._store.last_commit() == before:
                    raise
            else:
                if last_try or self._store.last_commit() == before:
                    return result
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._client.connection_pool.disconnect()

    def reclaim(self) -> None:
        """Have the append-only file, or the snapshot, written anew without what was deleted."""
        try:
            if self._client.info("persistence").get("aof_enabled"):
                self._client.bgrewriteaof()
            else:
                self._client.bgsave()
        except RedisError as error:
            if "in progress" not in str(
                error
            ):  # one that runs now began before the erasure; Redis starts the next by itself
                raise failed(f"Redis cannot rewrite its file: {type(error).__name__}") from error
