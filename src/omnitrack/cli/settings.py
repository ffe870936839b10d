"""Settings of the command line: options, else the settings file, else defaults."""

from __future__ import annotations

import argparse
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timezone
from pathlib import Path
from typing import Any

import attrs

import omnitrack
from omnitrack.errors import InvalidPolicyError, OmnitrackError
from omnitrack.sources.values import local_time, zone_of

SETTINGS = "omnitrack.toml"
SETTINGS_NAMES = frozenset(
    {"store", "region", "zone", "own", "placeholders", "policy", "matching", "feed", "load", "reads", "consent_words"}
)


class SettingsError(OmnitrackError, ValueError):
    """A settings file that cannot be read or says what is not known, or an option that cannot be meant."""


def settings_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return how to open the store: the options, else the settings file, else the defaults. Keeps those of loads in ``arguments``."""
    path = Path(arguments.settings or SETTINGS)
    found: dict[str, Any] = {}
    if arguments.settings or path.exists():
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path}: no TOML: {error}") from error
    unknown = found.keys() - SETTINGS_NAMES
    if unknown:
        accepted = ", ".join(sorted(SETTINGS_NAMES))
        raise SettingsError(f"{path}: got {', '.join(sorted(unknown))}, accepted are {accepted}")
    arguments.load_options = _table(path, found, "load")
    settings = {
        "store": arguments.store or found.get("store", "sqlite:///history.db"),
        "region": arguments.region or found.get("region"),
        "zone": getattr(arguments, "zone_of_store", None) or found.get("zone"),
        "own": [*(arguments.own or ()), *getattr(arguments, "own_behind", ())] or found.get("own"),
        "placeholders": found.get("placeholders"),
        "matching": found.get("matching", False),
        "reads": found.get("reads"),
        "consent_words": _table(path, found, "consent_words") if "consent_words" in found else None,
        "feed": found.get("feed", False),
        "secret": os.environ.get("OMNITRACK_SECRET") or None,
    }
    if not isinstance(settings["store"], str):
        raise SettingsError(f"{path}: store: got {settings['store']!r:.100}, accepted is a URL in quotes")
    if "policy" in found:
        settings["policy"] = _policy(path, _table(path, found, "policy"))
    zone = zone_of(settings["zone"]) or timezone.utc
    for name in ("since", "until", "as_of", "at"):
        timestamp = getattr(arguments, name, None)
        if timestamp is not None and timestamp.tzinfo is None:
            setattr(arguments, name, local_time(timestamp, zone)[0])
    return settings


def _table(path: Path, found: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = found.get(name, {})
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: {name}: got {table!r:.100}, accepted is a table that begins with [{name}]")
    return table


def _policy(path: Path, table: dict[str, Any]) -> omnitrack.Policy:
    accepted = [field.name for field in attrs.fields(omnitrack.Policy)]
    if unknown := table.keys() - set(accepted):
        raise SettingsError(
            f"{path}: [policy] got {', '.join(sorted(unknown))}, accepted are {', '.join(sorted(accepted))}"
        )
    try:
        return omnitrack.Policy(**table)
    except InvalidPolicyError as error:
        raise SettingsError(f"{path}: [policy] {error}") from error


def check_store(store: str, *, begins: bool) -> None:
    """Raise where the store is no URL, or a file that only a command that begins one may make."""
    if not re.search("[:@]", store):  # behind these could stand a password
        raise SettingsError(f"store: got {store!r}, accepted is a URL; of this file sqlite:///{store}")
    file = file_of(store)
    if file is not None and not begins and not file.exists():
        raise OmnitrackError(
            f"store: there is no {file} in {Path.cwd()}; omnitrack init or omnitrack load FILE makes it, "
            f"--store and {SETTINGS} can name another"
        )


def file_of(store: str) -> Path | None:
    """Return the file that a URL of SQLite names; None for any other store."""
    file = re.match(r"sqlite(?:\+\w+)?:///(?!:memory:|file:)([^?]+)", store, re.IGNORECASE)
    return None if file is None else Path(file[1])
