"""Inspection of a file: its format, its first contacts, and a draft mapping for a log in a format of your own."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import attrs

from omnitrack.errors import SourceFormatError
from omnitrack.sources.base import Item, Source
from omnitrack.sources.draft import draft_mapping, flat
from omnitrack.sources.mapped import delimiter_of, without_marks
from omnitrack.sources.reading import Bad, Input, decode, rows
from omnitrack.sources.reading_json import json_items
from omnitrack.sources.registry import HEAD, open_source
from omnitrack.sources.values import list_of

_SAMPLE = 50  # records from which a mapping is drafted


@attrs.frozen(slots=True, kw_only=True)
class Inspected:
    """The result of inspecting a file.

    Attributes:
        source: a source that reads the file and has yielded nothing yet; None if there is none and no mapping could be drafted.
        what: the format and how it was detected, in words.
        mapping: a drafted mapping in TOML for a log that no source knows and that has none; None for every other file.
    """

    source: Source | None
    what: str
    mapping: str | None = None

    def first(self, count: int) -> list[Item]:
        """Return the first items, read as a load would; none where a draft says no times."""
        return [] if self.source is None else list(islice(self.source, count))


def inspect(path: str | Path, **options: Any) -> Inspected:
    """Inspect a file or a folder: detect its format, or draft a mapping for it.

    Args:
        path: the path of the file or folder.
        options: options of the source.

    Raises:
        SourceFormatError: no source reads the file, and it is neither a table nor JSON for which a mapping could be drafted.
        OSError: the file cannot be opened.
    """
    place = Path(path)
    try:
        source = open_source(place, **options)
    except SourceFormatError:
        found = None if place.is_dir() or options.get("mapping") is not None else _records(place)
        if found is None:
            raise
        what, records, items = found
        text = draft_mapping(records, items=items)
        return Inspected(
            source=_drafted(place, text, options),
            what=f"{what}; no source knows it, so it needs a mapping",
            mapping=text,
        )
    return Inspected(source=source, what=f"{source.name}: {source.detected_by} ({source.versions})")


def _drafted(place: Path, text: str, options: Mapping[str, Any]) -> Source | None:
    import tomllib

    try:
        return open_source(place, **dict(options) | {"mapping": tomllib.loads(text)})
    except SourceFormatError:  # without a time there is nothing to be shown
        return None


def _records(place: Path) -> tuple[str, list[Mapping[str, Any]], str | None] | None:
    """Return what a table or JSON is, its first records, and where in a value they were; None for anything else."""
    with place.open("rb") as file:
        head = file.read(HEAD)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"PK\x03\x04"):
        from omnitrack.sources.excel import first_rows

        return _table("a workbook", first_rows(place, _SAMPLE))
    if b"\0" in head.replace(b"\0", b"", 1)[2:100] and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    source = Input(place)
    try:
        if start[:1] in (b"{", b"["):
            return _json(source)
        source.as_utf8()
        source.as_lines()
        delimiter = delimiter_of(decode(source.peek(HEAD)))
        found = (row[1] for row in rows(source, delimiter, same_width=True) if not isinstance(row, Bad))
        return _table(f"a table with {_NAMES[delimiter]} between its columns", found)
    finally:
        source.close()


_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def _table(what: str, found: Iterator[list[Any]]) -> tuple[str, list[Mapping[str, Any]], str | None] | None:
    try:
        header = [str(name).strip() for name in next(found, [])]
        taken = [
            {
                name: without_marks(cell) if isinstance(cell, str) else cell
                for name, cell in zip(header, row, strict=False)
                if name
            }
            for row in islice(found, _SAMPLE)
        ]
    except csv.Error:
        return None
    if len(header) < 2 or not taken:
        return None
    return what, list(taken), None


def _json(source: Input) -> tuple[str, list[Mapping[str, Any]], str | None] | None:
    values = [item[1] for item in islice(json_items(source), _SAMPLE) if not isinstance(item, Bad)]
    values = [value for value in values if isinstance(value, Mapping)]
    if not values:
        return None
    # A page holds its records in a list, by whatever name.
    lists = [
        key for key, value in values[0].items() if list_of(value) and all(isinstance(one, Mapping) for one in value)
    ]
    items = max(lists, key=lambda key: len(values[0][key])) if len(lists) == 1 or (lists and len(values) == 1) else None
    records = [one for value in values for one in list_of(value.get(items))] if items is not None else values
    return "JSON", [dict(flat(record)) for record in records[:_SAMPLE]], items
