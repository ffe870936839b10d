"""The command that prints the JSON Schema of what --json prints."""

from __future__ import annotations

import argparse
import json

import omnitrack
from omnitrack.cli.arguments import Commands
from omnitrack.values.schema import schema


def add(command: Commands) -> None:
    """Add the command."""
    printed = command(
        _schema, "print the JSON Schema of what --json prints, of one class or of all", writes_nothing=True
    )
    printed.add_argument("name", nargs="?", metavar="NAME", help="of the class, such as Customer")


def _schema(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    print(json.dumps(schema(arguments.name), indent=2))
    return 0
