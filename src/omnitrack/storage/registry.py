"""The registry of storage adapters, by URL scheme and entry point, imported on first use.

A distribution that brings an adapter declares it in its ``pyproject.toml``::

    [project.entry-points."omnitrack.backends"]
    redis = "omnitrack_redis:RedisBackend"
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterable
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from omnitrack import forks
from omnitrack.errors import BackendError, UnknownBackendError, masked_url, plain_repr
from omnitrack.storage.contract import Backend, check_namespace
from omnitrack.storage.urls import check_url

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

GROUP = "omnitrack.backends"

# Built-in adapters need no installed entry point, so that a source checkout works.
_BUILT_IN: dict[str, str | type[Backend]] = {
    "memory": "omnitrack.storage.memory:MemoryBackend",
    "sqlite": "omnitrack.storage.sql:SqlBackend",
    "postgresql": "omnitrack.storage.sql:SqlBackend",
    "mariadb": "omnitrack.storage.sql:SqlBackend",
    "mysql": "omnitrack.storage.sql:SqlBackend",
}

_registered: dict[str, str | type[Backend]] = {}
_lock = threading.Lock()


def _forked() -> None:
    global _lock
    _lock = threading.Lock()


forks.in_child(_forked)


def register_backend(scheme: str, target: str | type[Backend]) -> None:
    """Register a storage adapter for URLs of a scheme, for this process.

    Args:
        scheme: the part before ``://`` (and before ``+``, if URLs name a driver), lower case.
        target: the Backend class, or ``"package.module:Class"``, which is imported when a URL with the scheme is first opened.

    Raises:
        BackendError: the scheme is malformed, or taken by another adapter.

    >>> register_backend("ledger", "acme_ledger.adapter:LedgerBackend")
    """
    if not scheme or scheme != scheme.lower() or not scheme.replace("-", "").replace(".", "").isalnum():
        raise BackendError(f"scheme: got {plain_repr(scheme)}, accepted are lower-case letters, digits, '-' and '.'")
    with _lock:
        known = _known()
        if scheme in known and known[scheme] != target:
            raise BackendError(f"the scheme {scheme!r} is taken by {_name(known[scheme])}")
        _registered[scheme] = target


def known_backends() -> dict[str, str]:
    """Return the schemes that open_backend() knows, each with the name of its adapter. Imports nothing."""
    return {scheme: _name(target) for scheme, target in sorted(_known().items())}


def open_backend(url: str | Engine | AsyncEngine, **options: Any) -> Backend:
    """Return the backend for a URL; the caller sets it up.

    Args:
        url: a URL such as ``"sqlite:///history.db"``, whose scheme selects the adapter, or an Engine or AsyncEngine of SQLAlchemy.
        options: ``namespace``, and the options of the adapter.

    Raises:
        UnknownBackendError: no adapter has the scheme, the URL is not a text, or the adapter or its driver is not installed.
        BackendError: the namespace is invalid (see ``check_namespace``), or the adapter refuses the URL or an option.

    >>> open_backend("memory://").run(lambda transaction: transaction.guard())
    0
    """
    if not isinstance(url, str):
        if hasattr(url, "sync_engine") or hasattr(url, "raw_connection"):
            from omnitrack.storage.sql.given import EngineBackend

            return EngineBackend.from_engine(url, **options)
        raise UnknownBackendError(
            f"url: got {type(url).__name__}, accepted are a text such as 'sqlite:///history.db', and an engine of SQLAlchemy"
        )
    check_namespace(options.get("namespace"))
    check_url(url)
    scheme, separator, rest = url.partition("://")
    if scheme != scheme.lower() and separator:  # a scheme has no case (RFC 3986 section 3.1)
        scheme = scheme.lower()
        url = f"{scheme}://{rest}"
    family = scheme.partition("+")[0]
    known: dict[str, str | type[Backend]] = _BUILT_IN | _registered
    if family not in known and scheme not in known:
        known = _known()  # reads what is installed, which takes a while
    target = known.get(scheme, known.get(family)) if separator else None
    if target is None and separator and _sqlalchemy_knows(scheme):
        target = _BUILT_IN["sqlite"]
    if target is None:
        raise UnknownBackendError(
            f"no storage adapter for {masked_url(url)}; known are {', '.join(sorted(known))} "
            f"(accepted: scheme://...{_meant(url, known)}); an adapter of another distribution has to be installed beside omnitrack"
        )
    try:
        return _load(target).from_url(url, **options)
    except BackendError as error:
        if isinstance(error.__cause__, ImportError):
            raise UnknownBackendError(str(error)) from error.__cause__
        hint = _misspelt(options)
        if hint:
            raise BackendError(f"{error}; {hint}") from error
        raise
    except TypeError as error:
        if not any(f"'{name}'" in str(error) for name in options):
            raise
        hint = _misspelt(options)
        raise BackendError(f"option: {error}{f'; {hint}' if hint else ''}") from error


_FILES = (".db", ".sqlite", ".sqlite3")


def _meant(url: str, known: Iterable[str]) -> str:
    """Return a hint what was probably meant, for the error."""
    scheme, colon, path = url.partition(":")
    if not colon and "@" not in url and PurePath(url).suffix in _FILES:
        return f", such as sqlite:///{url}"
    scheme, path = scheme.lower(), path.lstrip("/").partition("?")[0]
    family, plus, driver = scheme.partition("+")
    close = [family] if family in known else get_close_matches(family, sorted(known), 1, 0.75)
    if not close:
        return ""
    # The path of a file may be shown; the URL of a server may contain a password.
    rest = f"/{path}" if close == ["sqlite"] and path and "@" not in path else "..."
    return f", such as {close[0]}{plus}{driver}://{rest}"


# The options of open() itself: misspelt ones arrive here.
_OPTIONS = ("region", "own", "policy", "secret", "rebuild", "matching", "namespace", "placeholders", "timeout", "feed")


def _misspelt(options: Iterable[str]) -> str:
    """Return the options that were probably meant, if any resemble those of open()."""
    near = [(name, close) for name in sorted(options) for close in get_close_matches(name, _OPTIONS, 1, 0.7)]
    return ", ".join(f"did you mean {close!r} by {name!r}?" for name, close in near if close != name)


def _known() -> dict[str, str | type[Backend]]:
    """Return the target of every scheme.

    Raises:
        BackendError: two distributions claim the same scheme.
    """
    known = dict(_BUILT_IN)
    for point in entry_points(group=GROUP):
        if known.setdefault(point.name, point.value) != point.value:
            raise BackendError(
                f"the scheme {point.name!r} is taken by {_name(known[point.name])}; {point.value} claims it too"
            )
    return known | _registered


def _load(target: str | type[Backend]) -> type[Backend]:
    if not isinstance(target, str):
        return target
    module, _, name = target.partition(":")
    try:
        loaded: type[Backend] = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise UnknownBackendError(f"the storage adapter {target} cannot be imported: {error}") from error
    except AttributeError as error:
        raise UnknownBackendError(f"the storage adapter {target} is not there: {error}") from error
    return loaded


def _sqlalchemy_knows(scheme: str) -> bool:
    """Return whether SQLAlchemy has a dialect of this name, its own or one of an installed distribution."""
    from sqlalchemy import exc
    from sqlalchemy.engine import make_url

    try:
        make_url(f"{scheme}://").get_dialect()
    except (exc.ArgumentError, exc.NoSuchModuleError, ValueError, ImportError):
        return False
    return True


def _name(target: str | type[Backend]) -> str:
    return target if isinstance(target, str) else f"{target.__module__}:{target.__qualname__}"
