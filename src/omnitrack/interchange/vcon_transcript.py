"""Transcripts in vCons: a text, a list of turns, or the object of a speech service, as readable text."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from omnitrack.errors import SourceFormatError
from omnitrack.interchange.document import parse
from omnitrack.interchange.vcon_check import decoded
from omnitrack.interchange.vcon_parties import Parties

#: Types of an analysis that hold what was said, the best first. The third is that of draft-howe-vcon-wtf-extension.
TYPES = ("transcript", "transcription", "wtf_transcription")
_TURNS = ("turns", "segments", "utterances", "messages", "entries", "results", "channels", "alternatives", "paragraphs")
_TEXTS = ("transcript", "text", "message", "body", "summary", "display", "transcription")
_SPEAKERS = ("speaker", "party", "parties", "speaker_label", "role", "name")
_DEPTH = 8


def said(item: Mapping[str, Any], parties: Parties) -> str | None:
    """Return the text of a transcript or a summary; None where it holds none.

    Args:
        item: an analysis, whose body may be a text, JSON as a value or as a text (``encoding`` json), or base64url of either.
        parties: by whose names speakers are called that are given by their place.
    """
    body = item.get("body")
    encoding = item.get("encoding")
    if isinstance(body, str) and encoding == "base64url":
        body = (decoded(body) or b"").decode("utf-8", "replace")
    if isinstance(body, str) and (encoding == "json" or body.lstrip()[:1] in ("{", "[")):
        with suppress(SourceFormatError):  # a text that begins with a bracket is none
            body = parse(body, "transcript")
    if isinstance(body, str):
        return body or None
    return _text(body, parties, _DEPTH)


def _text(value: Any, parties: Parties, depth: int) -> str | None:
    if depth <= 0:
        return None
    if isinstance(value, list):
        return _conversation(value, parties, depth)
    if not isinstance(value, Mapping):
        return None
    # Turns say who spoke, the whole text does not; but of a list that says it of nobody the whole text is the better.
    turns = next((value[name] for name in _TURNS if isinstance(value.get(name), list) and value[name]), None)
    if turns is not None and any(isinstance(turn, Mapping) and _speaker(turn) is not None for turn in turns):
        found = _conversation(turns, parties, depth)
        if found:
            return found
    for name in _TEXTS:
        part = value.get(name)
        found = part or None if isinstance(part, str) else _text(part, parties, depth - 1)
        if found:
            return found
    for name in _TURNS:
        found = _text(value.get(name), parties, depth - 1)
        if found:
            return found
    return None


def _conversation(turns: list[Any], parties: Parties, depth: int) -> str | None:
    lines = []
    for turn in turns:
        if isinstance(turn, str):
            lines.append(turn)
            continue
        words = _text(turn, parties, depth - 1)
        if words is None:
            continue
        who = _speaker(turn) if isinstance(turn, Mapping) else None
        if isinstance(who, int) and 0 <= who < len(parties.all):
            who = parties.all[who].name
        lines.append(f"{who}: {words}" if isinstance(who, str) and who else words)
    return "\n".join(lines) or None


def _speaker(turn: Mapping[str, Any]) -> str | int | None:
    for name in _SPEAKERS:
        who = turn.get(name)
        if isinstance(who, (str, int)) and not isinstance(who, bool):
            return who
    return None
