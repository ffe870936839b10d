"""The registry of storage adapters: schemes, entry points, what is refused and what an unknown one is told."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from omnitrack.errors import BackendError, UnknownBackendError
from omnitrack.storage import registry
from omnitrack.storage.memory import MemoryBackend
from omnitrack.storage.registry import known_backends, open_backend, register_backend
from omnitrack.storage.sql import SqlBackend


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget afterwards what a test registers."""
    monkeypatch.setattr(registry, "_registered", {})


def installed(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str]) -> None:
    """Pretend that distributions with these entry points are installed."""
    found = [EntryPoint(name, value, registry.GROUP) for name, value in points]
    monkeypatch.setattr(registry, "entry_points", lambda group: found if group == registry.GROUP else [])


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("memory://", MemoryBackend),
        ("sqlite://", SqlBackend),
        ("postgresql://localhost/x", SqlBackend),
        ("postgresql+asyncpg://localhost/x", SqlBackend),
        ("mariadb+pymysql://localhost/x", SqlBackend),
        ("mysql://localhost/x", SqlBackend),
    ],
)
def test_what_is_in_the_box_needs_no_entry_point(monkeypatch: pytest.MonkeyPatch, url: str, kind: type[Any]) -> None:
    installed(monkeypatch)
    assert isinstance(open_backend(url), kind)


def test_an_adapter_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, ("ledger", "omnitrack.storage.memory:MemoryBackend"))
    assert known_backends()["ledger"] == "omnitrack.storage.memory:MemoryBackend"
    with pytest.raises(BackendError, match="memory backend"):  # it is asked, and it is not its URL
        open_backend("ledger://x")


def test_a_registered_adapter_is_imported_when_it_is_opened() -> None:
    register_backend("ledger", "no_such_package.adapter:Ledger")
    assert known_backends()["ledger"] == "no_such_package.adapter:Ledger"
    with pytest.raises(UnknownBackendError, match="no_such_package"):
        open_backend("ledger://x")


def test_a_class_can_be_registered() -> None:
    class Ledger(MemoryBackend):
        @classmethod
        def from_url(cls, url: str, *, namespace: str | None = None, **options: Any) -> Ledger:
            return cls()

    register_backend("ledger", Ledger)
    assert isinstance(open_backend("ledger://x"), Ledger)


def test_a_taken_name_is_refused() -> None:
    register_backend("ledger", "one:Ledger")
    register_backend("ledger", "one:Ledger")
    for scheme in ("ledger", "sqlite"):
        with pytest.raises(BackendError, match="taken"):
            register_backend(scheme, "two:Ledger")


def test_two_distributions_that_claim_a_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, ("ledger", "one:Ledger"), ("ledger", "two:Ledger"))
    with pytest.raises(BackendError, match="taken"):
        open_backend("ledger://x")


def test_a_name_in_the_box_cannot_be_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, ("sqlite", "two:Ledger"))
    assert isinstance(open_backend("sqlite://"), SqlBackend)
    with pytest.raises(BackendError, match="taken"):
        known_backends()


@pytest.mark.parametrize("scheme", ["", "Ledger", "a b", "a:b"])
def test_a_malformed_scheme_is_refused(scheme: str) -> None:
    with pytest.raises(BackendError, match="scheme"):
        register_backend(scheme, "one:Ledger")


def test_a_scheme_or_namespace_is_nobodys_and_shown_whole() -> None:
    with pytest.raises(BackendError, match="scheme: got 'Ledger',"):
        register_backend("Ledger", "one:Ledger")
    with pytest.raises(BackendError, match="namespace: got 'brand-two',"):
        open_backend("sqlite://", namespace="brand-two")


@pytest.mark.parametrize("url", ["ledger://x", "history.db", "", "://", "postgres://localhost/x"])
def test_an_unknown_scheme_is_told_what_is_known(url: str) -> None:
    with pytest.raises(UnknownBackendError, match=r"memory, mysql, postgresql, .*sqlite"):
        open_backend(url)


@pytest.mark.parametrize(
    ("url", "shown", "meant"),
    [
        ("sqlite:history.db", "'sqlite:...'", "such as sqlite:///history.db"),
        ("sqlit:///history.db", "'sqlit:...'", "such as sqlite:///history.db"),
        ("SQLITE:history.db", "'SQLITE:...'", "such as sqlite:///history.db"),
        ("postgres+psycopg://jane:sesame@host/x", "'postgres+psycopg:...'", "such as postgresql+psycopg://...)"),
        ("history.db", "'history.db'", "such as sqlite:///history.db)"),
        ("data/2026.sqlite3", "'data/2026.sqlite3'", "such as sqlite:///data/2026.sqlite3)"),
        ("jane@example.com", "'...@ex***le.c**'", "accepted: scheme://...)"),
    ],
)
def test_an_unknown_scheme_is_shown_as_it_came_with_what_was_meant(url: str, shown: str, meant: str) -> None:
    with pytest.raises(UnknownBackendError) as raised:
        open_backend(url)
    assert f"for {shown};" in str(raised.value)
    assert meant in str(raised.value)
    assert "sesame" not in str(raised.value)


def test_a_scheme_has_no_case() -> None:
    assert isinstance(open_backend("SQLite://"), SqlBackend)
    assert isinstance(open_backend("MEMORY://"), MemoryBackend)


@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
def test_an_option_that_is_misspelt_is_told_what_was_meant(url: str) -> None:
    for name, meant in (("namspace", "namespace"), ("polcy", "policy"), ("regions", "region")):
        with pytest.raises(BackendError, match=f"did you mean '{meant}' by '{name}'"):
            omnitrack.open(url, **dict[str, Any]({name: "x"}))
    with pytest.raises(BackendError) as raised:
        omnitrack.open(url, wholly_other=1)
    assert "did you mean" not in str(raised.value)


def test_an_adapter_that_takes_no_options_is_no_type_error() -> None:
    class Ledger(MemoryBackend):
        @classmethod
        def from_url(cls, url: str, *, namespace: str | None = None) -> Ledger:  # type: ignore[override]
            return cls()

    register_backend("ledger", Ledger)
    with pytest.raises(BackendError, match="did you mean 'secret' by 'secrets'"):
        omnitrack.open("ledger://x", secrets="s")


def test_a_file_in_no_folder_is_told_which_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"there is no folder '.*nowhere'"):
        omnitrack.open(f"sqlite:///{tmp_path}/nowhere/history.db")
    with pytest.raises(BackendError, match=r"is a folder, accepted is the path of a file"):
        omnitrack.open(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize(
    ("url", "driver", "extra"),
    [("postgresql://h/x", "psycopg", "postgresql"), ("mariadb://h/x", "pymysql", "mariadb")],
)
def test_a_missing_driver_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, url: str, driver: str, extra: str
) -> None:
    for name in (driver, "asyncmy", "asyncpg"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UnknownBackendError, match=f'"{extra}"') as raised:
        open_backend(url)
    assert driver in str(raised.value)
    assert isinstance(raised.value.__cause__, ImportError)


def test_neither_the_registry_nor_an_unused_adapter_imports_a_driver() -> None:
    script = (
        "import sys; from omnitrack.storage.registry import open_backend; open_backend('memory://');"
        "print([name for name in ('sqlalchemy', 'sqlite3', 'psycopg', 'pymysql', 'alembic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
