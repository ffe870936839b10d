"""JSON lines: one interaction per line, with every field, read back without loss.

The form is omnitrack's own, for backups, moves between stores and tools such as jq; docs/reference/interchange.md has it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from omnitrack.errors import InvalidInteractionError, SourceFormatError
from omnitrack.interchange.document import MAX_DOCUMENT, decode_json
from omnitrack.interchange.record import decode, encode
from omnitrack.interchange.report import ConversionReport
from omnitrack.model import Assurance, Interaction

MEDIA_TYPE = "application/jsonl"

# A line must stay one line for every reader, str.splitlines among them, and be UTF-8: both kinds of character can only
# stand inside a JSON string, where the escape means the same.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def dump(interactions: Iterable[Interaction]) -> tuple[Iterator[str], ConversionReport]:
    """Return the lines, each ending in a newline, and the report. Nothing is held: memory is that of one interaction.

    >>> from datetime import datetime, timezone
    >>> when = datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc)
    >>> lines, report = dump([Interaction(channel="phone", occurred_at=when, customers=[["+442079460958"]])])
    >>> loaded, _ = load(lines)
    >>> next(loaded).customers[0][0].identifier
    '+442079460958'
    """
    report = ConversionReport(format="json")

    def lines() -> Iterator[str]:
        for interaction in interactions:
            line = json.dumps(encode(interaction, report), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            report.converted += 1
            report.documents += 1
            yield _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", line) + "\n"

    return lines(), report


def load(
    document: str | bytes | Iterable[str] | Iterable[bytes],
    *,
    on_error: str = "raise",
    source: str | None = None,
    trust: Assurance = Assurance.STATED,
) -> tuple[Iterator[Interaction], ConversionReport]:
    """Return the interactions of the lines, read as they are asked for, and the report.

    Args:
        document: a text, UTF-8 bytes, an open file, or any iterable of lines. Empty lines are skipped.
        on_error: ``"raise"`` at the first line that is refused, or ``"collect"`` it in the report and go on.
        source: the name under which interactions without a source and source id are filed, so that loading a file twice
            adds nothing: their id (or a digest of the line) becomes the source id. None leaves them as they are.
        trust: no identifier counts for more than this, whatever the line says. The default believes the file: load
            with ``Assurance.CLAIMED`` or ``OBSERVED`` what a stranger gave you.

    Raises:
        SourceFormatError: while iterating: a line that is no JSON object, or beyond a limit.
        InvalidInteractionError: while iterating: a field that is missing or malformed. Both name the line.
    """
    if on_error not in ("raise", "collect"):
        raise ValueError(f"on_error: got {on_error!r}, accepted are 'raise' and 'collect'")
    report = ConversionReport(format="json")

    def interactions() -> Iterator[Interaction]:
        for number, line in enumerate(_lines(document), 1):
            where = f"line {number}"
            try:
                if not line.strip():
                    continue
                report.documents += 1
                interaction = decode(decode_json(line, where), where, trust=trust, report=report)
                if source is not None and interaction.source_id is None:
                    interaction = attrs.evolve(
                        interaction,
                        source=interaction.source or source,
                        source_id=interaction.id or "sha256:" + hashlib.sha256(_bytes(line).strip()).hexdigest(),
                    )
            except (SourceFormatError, InvalidInteractionError) as error:
                if on_error == "raise":
                    raise
                report.reject(str(error), where=where)
                continue
            report.converted += 1
            yield interaction

    return interactions(), report


def _bytes(line: str | bytes) -> bytes:
    return line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line


def _lines(document: Any) -> Iterator[str | bytes]:
    """Yield the lines; of an open file at most MAX_DOCUMENT of each, so that a file without newlines fills no memory."""
    if isinstance(document, (str, bytes)):
        newline: Any = "\n" if isinstance(document, str) else b"\n"
        start = 0
        while start < len(document):
            end = document.find(newline, start)
            end = len(document) if end < 0 else end
            yield document[start:end]
            start = end + 1
    elif hasattr(document, "readline"):
        while line := document.readline(MAX_DOCUMENT + 1):
            yield line
            while len(line) > MAX_DOCUMENT and line[-1:] not in ("\n", b"\n"):
                line = document.readline(MAX_DOCUMENT + 1)  # the rest of a line that was refused
    else:
        for line in document:
            if not isinstance(line, (str, bytes)):
                raise SourceFormatError(f"json: got {type(line).__name__}, accepted are lines of text")
            yield line
