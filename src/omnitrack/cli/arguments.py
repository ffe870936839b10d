"""Arguments that several commands share: common options, numbers and times."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn, Protocol

import omnitrack
from omnitrack.cli.settings import SETTINGS

_MISSPELT = re.compile(r"invalid choice: '(?P<command>[^']{1,60})'|unrecognized arguments: (?P<option>--[^ ]{1,60})")

Run = Callable[[omnitrack.Tracker, argparse.Namespace], int]


class Commands(Protocol):
    """What the groups of commands add theirs to."""

    def __call__(self, run: Run, text: str, *positional: str, **facts: bool) -> argparse.ArgumentParser:
        """Add a command.

        Args:
            run: runs it and returns its exit code; its name, without the underscore, is the command's.
            text: what it does, for the help.
            positional: arguments that it must have.
            facts: what is true of the command, see ``omnitrack.cli.main.FACTS``.
        """


class Parser(argparse.ArgumentParser):
    """Reads arguments, and says of a misspelt command or option which one is meant."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end with exit code 2."""
        wrong = _MISSPELT.search(message)
        if wrong is not None:
            near = difflib.get_close_matches(wrong["command"] or wrong["option"], self._known(), n=1)
            if near and "maybe you meant" not in message:  # Python 3.14 says so by itself where it is asked to
                message += f"; did you mean {near[0]}?"
        super().error(message)

    def _known(self) -> set[str]:
        """Return every command, option and value that there is; options behind a command are this parser's to report."""
        known: set[str] = set()
        for action in self._actions:
            known.update(action.option_strings)
            if isinstance(action.choices, dict):
                for name, parser in action.choices.items():
                    known |= {name, *parser._option_string_actions}
            else:
                known.update(map(str, action.choices or ()))
        return known


def add_common(parser: argparse._ActionsContainer, behind: bool = False) -> None:
    """Add the options that every command has, which may stand before its name and behind it."""
    unless: dict[str, Any] = {"default": argparse.SUPPRESS} if behind else {}  # what stood before is not to be undone
    parser.add_argument("--settings", metavar="FILE", help=f"TOML file with the settings ({SETTINGS})", **unless)
    parser.add_argument("--store", metavar="URL", help="where the history is kept (sqlite:///history.db)", **unless)
    parser.add_argument("--region", metavar="GB", help="where national phone numbers are at home", **unless)
    parser.add_argument(
        "--own",
        metavar="ID",
        action="append",
        dest="own_behind" if behind else "own",
        help="the company's own, such as email:*@bt.example; may be repeated",
        **unless,
    )
    parser.add_argument("--acting", metavar="NAME", help="who asks, for receipts of reads", **unless)
    parser.add_argument("--json", action="store_true", help="print JSON lines", **unless)


def add_why(parser: argparse.ArgumentParser) -> None:
    """Add who says something, and why; both have to be given."""
    parser.add_argument("--by", required=True, metavar="NAME", help="who says so")
    parser.add_argument("--reason", required=True, help="why")


def at_least(least: int) -> Callable[[str], int]:
    """Return what reads a whole number that is not below another."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"got {text!r}, accepted is a number from {least} on")
        return int(text)

    return read


def time(text: str) -> datetime:
    """Read a date or a time of ISO 8601; one without an offset is left naive."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, accepted is a date or a time such as 2026-03-02T08:00"
        ) from None
