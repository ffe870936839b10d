"""The formats by name, and the detection of the format of a file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from omnitrack.errors import SourceFormatError
from omnitrack.interchange.report import ConversionReport
from omnitrack.model import Interaction

_MODULES = {"json": "jsonl", "vcon": "vcon", "tmf683": "tmf683", "cloudevents": "cloudevents"}
NAMES = tuple(_MODULES)


class Format(Protocol):
    """What each module of this package has; options beyond these are in its own functions."""

    MEDIA_TYPE: str

    def dump(self, interactions: Iterable[Interaction], /, **options: Any) -> tuple[Iterator[Any], ConversionReport]:
        """Return the documents, made as they are asked for, and the report, complete when the last was."""

    def load(self, document: Any, /, **options: Any) -> tuple[Iterator[Interaction], ConversionReport]:
        """Return the interactions of a document, and the report."""


def get_format(name: str) -> Format:
    """Return the module of a format: ``json``, ``vcon``, ``tmf683`` or ``cloudevents``.

    Raises:
        SourceFormatError: there is no such format; the message lists the formats.
    """
    if name not in _MODULES:
        raise SourceFormatError(f"format: got {name!r}, accepted are {', '.join(NAMES)}")
    return cast(Format, import_module(f"omnitrack.interchange.{_MODULES[name]}"))


def lines(documents: Iterable[Any]) -> Iterator[str]:
    """Yield the text of documents as dump() gives them, one a line, for a file; vCons and resources too fit on a line."""
    for document in documents:
        yield document if isinstance(document, str) else json.dumps(document, ensure_ascii=True) + "\n"


def sniff(name: str, head: bytes) -> tuple[str, str] | None:
    """Return the format that a file seems to be of, and how that is known, in words; None where it is of none.

    Args:
        name: of the file; only its ending is looked at.
        head: the first bytes of it, a few thousand or more.
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b'{"omnitrack":'):
        return "json", "each line begins with the version of omnitrack's own records"
    if not start.startswith((b"{", b"[")):
        return None
    if re.search(rb'"@(?:base)?[tT]ype"\s*:\s*"PartyInteraction', head):
        return "tmf683", "it says @type PartyInteraction"
    if re.search(rb'"specversion"\s*:\s*"', head):
        return "cloudevents", "it says specversion"
    if name.lower().endswith((".vcon", ".vcon.json")):
        return "vcon", "its name ends in vcon"
    if re.search(rb'"vcon"\s*:\s*"0\.', head) or all(mark in head for mark in (b'"parties"', b'"dialog"')):
        return "vcon", "it has the version of a vCon, or parties and dialog"
    return None


def load_path(
    path: str | os.PathLike[str], format: str | None = None, **options: Any
) -> tuple[Iterator[Interaction], ConversionReport]:
    """Return the interactions of a file, and the report. JSON lines are read as they are asked for, and not held.

    Of the other formats a file may hold one document, an array of them, or one a line.

    Args:
        path: of the file.
        format: its name; None finds it.
        options: of the format's load().

    Raises:
        SourceFormatError: the value is in no format of interchange, or the format cannot load it.
        OSError: it cannot be opened.
    """
    place = Path(path)
    if format is None:
        with place.open("rb") as file:
            found = sniff(place.name, file.read(64 * 1024))
        if found is None:
            raise SourceFormatError(f"path: {place.name!r} is none of {', '.join(NAMES)}")
        format = found[0]
    chosen = get_format(format)
    if format == "json":
        file = place.open("rb")
        interactions, report = chosen.load(file, **options)
        return _closing(interactions, file), report
    content = place.read_bytes()
    rows = content.splitlines() if content.lstrip().startswith(b"{") else []
    if len(rows) > 1 and all(
        row.lstrip().startswith(b"{") and row.rstrip().endswith(b"}") for row in rows if row.strip()
    ):
        content = b"[" + b",".join(row for row in rows if row.strip()) + b"]"
    return chosen.load(content, **options)


def _closing(interactions: Iterator[Interaction], file: Any) -> Iterator[Interaction]:
    with file:
        yield from interactions
