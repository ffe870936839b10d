"""The Redis backend keeps omnitrack's storage contract: the kit, and what is Redis's own.

``OMNITRACK_TEST_REDIS`` says where a Redis is that may be written to; each test has a namespace of its own and leaves nothing.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from omnitrack_redis import RedisBackend
from redis import Redis, RedisError

from omnitrack.errors import BackendError, SchemaVersionError
from omnitrack.storage.contract import Backend
from omnitrack.testing import BackendConformance
from omnitrack.testing.base import Reopen
from omnitrack.testing.rows import entry, id_of, identifier, interaction

URL = os.environ.get("OMNITRACK_TEST_REDIS", "redis://127.0.0.1:6379/0")


@pytest.fixture(scope="session")
def server() -> Redis:
    client = Redis.from_url(URL)
    try:
        client.ping()
    except RedisError as error:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no Redis at OMNITRACK_TEST_REDIS: {error}")
    return client


@pytest.fixture
def namespace(server: Redis) -> Iterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    yield name
    for key in server.scan_iter(match=f"omnitrack/{name}*", count=10_000):
        server.unlink(key)


@pytest.fixture
def backend(namespace: str) -> Iterator[RedisBackend]:
    backend = RedisBackend.from_url(URL, namespace=namespace)
    backend.setup()
    yield backend
    backend.close()


class TestRedis(BackendConformance):
    @pytest.fixture
    def backend(self, namespace: str) -> Backend:
        backend = RedisBackend.from_url(URL, namespace=namespace)
        backend.setup()
        return backend

    @pytest.fixture
    def reopen(self, namespace: str) -> Reopen:
        def reopen(*, namespace: str | None = namespace, **options: Any) -> Backend:
            own = namespace if namespace in (None, test, "") else f"{test}_{namespace}"
            own = test if own is None else own
            return RedisBackend.from_url(URL, namespace=own, **options)

        test = namespace
        return reopen

    @pytest.fixture
    def unreachable(self) -> Backend:
        return RedisBackend.from_url("redis://127.0.0.1:1/0", socket_timeout=1.0)


def test_a_namespace_that_would_reach_into_others_is_refused() -> None:
    with pytest.raises(BackendError, match="namespace"):
        RedisBackend.from_url(URL, namespace="a/b")


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(BackendError, match="accepted: redis://"):
        RedisBackend.from_url("redis://host:port")


def test_a_store_of_a_newer_layout_is_refused(server: Redis, backend: RedisBackend, namespace: str) -> None:
    server.hset(f"omnitrack/{namespace}/meta", "version", 2)
    with pytest.raises(SchemaVersionError, match="layout 2"):
        backend.setup()


def test_what_is_deleted_leaves_no_key(server: Redis, backend: RedisBackend, namespace: str) -> None:
    backend.run(lambda tx: (tx.add_identifiers([identifier(1)]), tx.lock_identifiers([id_of(1)])))
    backend.run(lambda tx: tx.add_interactions([interaction(1)], [entry(1)]))
    backend.run(lambda tx: tx.delete(identifiers=[id_of(1)], interactions=[id_of(1)]))
    left = {key.decode().rsplit("/", 1)[1] for key in server.scan_iter(match=f"omnitrack/{namespace}/*")}
    assert left == {"meta", "commits"}


def test_an_error_that_came_of_an_overtaken_read_is_a_conflict_and_repeated(backend: RedisBackend) -> None:
    backend.run(lambda tx: tx.add_identifiers([identifier(1)]))
    tries: list[int] = []

    def fn(tx: Any) -> str:
        tx.lock_identifiers([id_of(1)])
        tries.append(1)
        if len(tries) == 1:
            backend.run(lambda other: other.lock_identifiers([id_of(1)]))
            raise LookupError("seen in a state that is over")
        return "done"

    assert backend.run(fn) == "done"


def test_the_gate_is_open_again_after_an_exclusive_operation_that_failed(server: Redis, backend: RedisBackend) -> None:
    def fn(tx: Any) -> None:
        tx.guard(exclusive=True)
        raise LookupError

    with pytest.raises(LookupError):
        backend.run(fn)
    assert backend.run(lambda tx: tx.guard()) == 0


def test_the_gate_of_a_killed_process_opens_by_itself(server: Redis, backend: RedisBackend, namespace: str) -> None:
    def fn(tx: Any) -> int:
        tx.guard(exclusive=True)
        return int(server.ttl(f"omnitrack/{namespace}/gate"))

    assert 0 < backend.run(fn) <= 60


def test_a_history_is_read_as_far_as_the_limit_asks(server: Redis, backend: RedisBackend, namespace: str) -> None:
    rows = range(1, 2001)
    backend.run(lambda tx: tx.add_interactions([interaction(n) for n in rows], [entry(n) for n in rows]))
    costs = []
    for _ in range(5):  # the count is the server's, and others may use it too: the least is ours
        before = server.info("commandstats").get("cmdstat_hget", {}).get("calls", 0)
        found = backend.run(lambda tx: tx.list_entries(identifiers=[id_of(1)], limit=10), write=False)
        costs.append(server.info("commandstats")["cmdstat_hget"]["calls"] - before)
        assert [row.interaction for row in found] == [id_of(n) for n in range(2000, 1990, -1)]
    assert min(costs) < 100
