"""Commands that maintain a store: erase, verify, rebuild."""

from __future__ import annotations

import argparse

import omnitrack
from omnitrack.cli.arguments import Commands, add_why
from omnitrack.cli.output import list_things


def add(command: Commands) -> None:
    """Add the commands that remove, check or compute again."""
    erase = command(_erase, "erase a person; without --yes only say what would go", "who")
    add_why(erase)
    erase.add_argument("--yes", action="store_true", help="do it")
    command(_verify, "compute who is whom again from the evidence, and compare")
    command(_rebuild, "compute who is whom from scratch, as after a change of policy", rebuilds=True)


def _erase(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    receipt = tracker.erase(arguments.who, by=arguments.by, reason=arguments.reason, dry_run=not arguments.yes)
    return list_things(arguments, [receipt])


def _verify(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    report = tracker.verify()
    list_things(arguments, [report])
    return 0 if report.ok else 1


def _rebuild(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    report = tracker.rebuild()
    text = f"{report.customers} customers of {report.identifiers} identifiers, of which {report.moved} moved"
    return list_things(arguments, [report if arguments.json else text])
