"""The output of the commands: text and JSON lines, without control characters."""

from __future__ import annotations

import argparse
import codecs
import io
import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from omnitrack.cli.colours import in_colours, painted
from omnitrack.harmless import harmless, harmless_json, harmless_lines
from omnitrack.values import Value

# How a charset without them shows the arrows of a timeline; any other character that it has not is a question mark.
PLAIN = {"→": "->", "←": "<-", "·": "."}


def fit_output(*, whole: bool) -> None:
    """Let a terminal or a pipe of another charset than UTF-8 have what it can show.

    Args:
        whole: it is JSON, which is UTF-8 wherever it goes (RFC 8259 section 8.1), so that nothing is lost.
    """
    if not isinstance(sys.stdout, io.TextIOWrapper):
        return
    if whole:
        sys.stdout.reconfigure(encoding="utf-8")
    else:
        codecs.register_error("omnitrack.plain", _in_plain)
        sys.stdout.reconfigure(errors="omnitrack.plain")


def _in_plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN.get(letter, "?") for letter in error.object[error.start : error.end]), error.end


def list_things(arguments: argparse.Namespace, things: Iterable[Any]) -> int:
    """Print each, as a line of JSON where that was asked; return the exit code 0."""
    for thing in things:
        if arguments.json:
            print_json(thing)
        else:
            print(in_colours(thing, sys.stdout))
    return 0


def print_lines(text: object, *, file: Any = None, end: str = "\n", flush: bool = False) -> None:
    """Print what may hold others' words: nothing in it reaches the terminal but characters and the line feeds of our own."""
    print(harmless_lines(str(text)), file=file, end=end, flush=flush)


def print_wrong(text: str) -> None:
    """Print on one line what went wrong, where a terminal shows colours in red."""
    print(painted(harmless(text), "wrong", sys.stderr), file=sys.stderr)


def print_json(thing: Any) -> None:
    """Print one thing as a line of JSON."""
    print(harmless_json(json.dumps(plain(thing), ensure_ascii=False)))


def plain(value: Any) -> Any:
    """Return what JSON can hold: a value of the library as its ``to_dict()`` says it."""
    if isinstance(value, Value):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return value
