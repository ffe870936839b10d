"""The command that begins a store: ``init`` asks for what it is not told, and writes the settings file."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import omnitrack
from omnitrack.cli.arguments import Commands
from omnitrack.cli.output import list_things, print_lines
from omnitrack.cli.settings import SETTINGS, SettingsError, file_of
from omnitrack.errors import OmnitrackError

STORE = "sqlite:///history.db"


def add(command: Commands) -> None:
    """Add the command."""
    begun = command(_init, f"begin a store, and write {SETTINGS} for it", begins=True, makes=True)
    begun.add_argument("--zone", dest="zone_of_store", help="time zone of times that have none, such as Europe/London")


def ask(arguments: argparse.Namespace) -> None:
    """Complete the arguments of ``init``: on a terminal ask for what is missing. Raises where there is a store or a settings file already."""
    if arguments.settings:
        raise SettingsError(f"--settings: init writes {SETTINGS}, and takes what is in it from its options")
    if Path(SETTINGS).exists():
        raise OmnitrackError(f"there is {Path(SETTINGS).absolute()} already; it stays as it is")
    asks = sys.stdin.isatty() and not arguments.json
    arguments.store = arguments.store or _answer("Where the history is kept", STORE, asks)
    file = file_of(arguments.store)
    if file is not None and file.exists():
        raise OmnitrackError(f"store: there is {file.absolute()} already; it stays as it is")
    arguments.region = arguments.region or _answer("Region of national phone numbers, such as GB", "", asks) or None
    if arguments.zone_of_store is None:
        arguments.zone_of_store = _answer("Time zone of times without one, such as Europe/London", "", asks) or None
    own = [*(arguments.own or ()), *getattr(arguments, "own_behind", ())]
    if not own:
        answer = _answer("Your own addresses, parted by spaces, such as email:*@northlink.example", "", asks)
        arguments.own = answer.split()


def _answer(question: str, default: str, asks: bool) -> str:
    if not asks:
        return default
    print(f"{question} [{default or 'none'}]: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() or default


def _init(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    own = [*(arguments.own or ()), *getattr(arguments, "own_behind", ())]
    settings = {
        "store": arguments.store,
        "region": arguments.region,
        "zone": arguments.zone_of_store,
        "own": own,
    }
    with open(SETTINGS, "x", encoding="utf-8") as file:
        file.writelines(f"{name} = {_toml(value)}\n" for name, value in settings.items() if value)
    if arguments.json:
        return list_things(arguments, [settings])
    print_lines(f"begun, with its settings in {Path(SETTINGS).absolute()}; omnitrack load FILE is next")
    return 0


def _toml(value: object) -> str:
    """Return a text or a list of texts as TOML 1.0, whose basic strings escape as JSON does, and DEL besides."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
