"""The Redis adapter of examples/, a package of its own, keeps the storage contract: its tests, run as part of ours."""

from __future__ import annotations

import importlib.util
import os
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from concurrency import test_many_writers as many_writers
from omnitrack import Tracker
from omnitrack.storage.contract import Backend
from omnitrack.testing import TimeoutRules
from omnitrack.testing.timeouts import Network
from storage import test_forks as forks
from storage.sql.proxy import silent_network

ADAPTER = Path(__file__).resolve().parents[2] / "examples" / "redis_adapter"

if importlib.util.find_spec("redis") is None:
    if os.environ.get("CI") == "true":
        pytest.fail("redis-py is not installed", pytrace=False)
    pytest.skip("redis-py is not installed", allow_module_level=True)

sys.path.insert(0, str(ADAPTER / "src"))
_spec = importlib.util.spec_from_file_location("redis_adapter_conformance", ADAPTER / "tests" / "test_conformance.py")
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)

globals().update({name: value for name, value in vars(_module).items() if not name.startswith("_")})


class Place:
    """A namespace of Redis as the tests of many writers take it."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def open(self) -> Backend:
        backend: Backend = _module.RedisBackend.from_url(_module.URL, namespace=self._namespace)
        return backend


class TestRedisThroughANetworkThatGoesSilent(TimeoutRules):
    @pytest.fixture
    def backend(self, namespace: str) -> Backend:
        return Place(namespace).open()

    @pytest.fixture
    def network(self, namespace: str) -> Iterator[Network]:
        def open(url: str) -> Backend:
            backend: Backend = _module.RedisBackend.from_url(url, namespace=namespace)
            return backend

        with silent_network(_module.URL, open) as network:
            yield network


def test_many_writers_end_in_the_partition_of_one(namespace: str) -> None:
    many_writers.test_threads_end_in_the_partition_of_one_writer(Place(namespace))  # type: ignore[arg-type]


def test_writers_beside_erasures_leave_nothing_behind(namespace: str) -> None:
    many_writers.test_sightings_against_erasure_retraction_and_reassignment_leave_nothing_behind(Place(namespace))  # type: ignore[arg-type]


def test_children_of_a_used_tracker_see_the_right_person(namespace: str) -> None:
    with Tracker(Place(namespace).open(), region="GB") as tracker:
        forks.begin(tracker)
        forks.test_parent_and_children_at_once_see_the_right_person_and_lose_nothing(tracker)


def test_children_of_a_redis_tracker_fork_and_close(namespace: str) -> None:
    with Tracker(Place(namespace).open(), region="GB") as tracker:
        forks.begin(tracker)
        forks.test_a_child_of_a_child_is_a_child(tracker)
        forks.test_a_child_that_closes_its_tracker_leaves_the_parents_open(tracker)


def test_the_entry_points_name_the_backend() -> None:
    project = tomllib.loads((ADAPTER / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for target in project["entry-points"]["omnitrack.backends"].values():
        module, name = target.split(":")
        assert getattr(importlib.import_module(module), name) is _module.RedisBackend
