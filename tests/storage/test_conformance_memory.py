"""The memory backend keeps the storage contract."""

from __future__ import annotations

import secrets

import pytest

from omnitrack.storage.contract import Backend
from omnitrack.storage.memory import MemoryBackend
from omnitrack.testing import BackendConformance
from omnitrack.testing.base import Reopen


class TestMemory(BackendConformance):
    @pytest.fixture
    def url(self) -> str:
        return f"memory://{secrets.token_hex(8)}"

    @pytest.fixture
    def backend(self, url: str) -> Backend:
        return MemoryBackend.from_url(url)

    @pytest.fixture
    def reopen(self, url: str) -> Reopen:
        return lambda **options: MemoryBackend.from_url(url, **options)
