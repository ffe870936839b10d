"""Call detail records of FreeSWITCH in XML: the files of mod_xml_cdr, which FusionPBX keeps too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree

from omnitrack.sources.base import Item, UnreadableError
from omnitrack.sources.cdr import Leg
from omnitrack.sources.freeswitch import FreeSwitchCalls, variables_of
from omnitrack.sources.reading import Bad, Input

_BEGINS = re.compile(rb"<cdr(?=[\s>])")
_ENDS = b"</cdr>"
# What may stand around records: a declaration, a comment (which holds no "--", XML 1.0 section 2.5), a document type, an element that holds them.
_AROUND_MOST = 4096  # bytes that are looked through: enough to say that something else stands there
_ELEMENT = re.compile(rb"<[A-Za-z/]")
_AROUND = re.compile(rb"<\?xml[^<>?]*+\?>|<!--(?:[^-]|-(?!-))*+-->|<!DOCTYPE[^<>\[\]]*+>|</?[A-Za-z_][^<>]*+>")
_MOST = 4 * 1024 * 1024  # bytes of one record
_CHUNK = 256 * 1024
# Headers and variables that a caller may name become tags as they are; those that XML has no such name for are left out.
_TAG = re.compile(rb"<(/?)([^\s<>/!?]+)(/?)>")
_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_.-]*$")


class FreeSwitchXmlSource(FreeSwitchCalls):
    """Reads the XML records of mod_xml_cdr: one a file, or one after another; legs that stand in one file are one call."""

    name: ClassVar[str] = "freeswitch-xml"
    versions: ClassVar[str] = (
        "FreeSWITCH 1.0 to 1.10, mod_xml_cdr, with encoded values or without; as FusionPBX 3 to 5 has it"
    )

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by its element ``cdr`` with variables."""
        start = _BEGINS.search(head[:2000])
        if start is not None and (b"<variables>" in head or b"core-uuid=" in head[start.start() : start.start() + 500]):
            return "has records of FreeSWITCH's mod_xml_cdr"
        return None

    def items(self) -> Iterator[Item]:
        """Yield the calls of the file."""
        yield from self.grouped(self._legs())

    def _legs(self) -> Iterator[tuple[list[str], Leg] | Item]:
        source = self.open()
        source.as_utf8()
        for found in _records(source):
            if isinstance(found, Bad):
                yield self.bad(found)
                continue
            number, record = found
            where = self.spot(f"record {number}")
            try:
                yield self.leg(variables_of(_parsed(record)), where)
            except (OverflowError, ValueError) as error:
                yield self.rejected(where, str(error))


def _records(source: Input) -> Iterator[tuple[int, bytes] | Bad]:
    """Yield each record with its number, and a bad one for what is too long, has no end, or stands between records and is no markup around them."""
    held, number, began, skipping = b"", 0, False, False
    outside = b""
    while more := source.read(_CHUNK):
        held += more
        while True:
            if not began:
                start = _BEGINS.search(held)
                if start is None:
                    if len(outside) < _AROUND_MOST:
                        outside += held[: max(len(held) - 8, 0)]
                    held = held[-8:]  # what may be the beginning of a tag
                    break
                if _is_stray(outside + held[: start.start()]):
                    yield Bad(f"before record {number + 1}", "text outside of a record; accepted is <cdr> to </cdr>")
                outside = b""
                held, began, number = held[start.start() :], True, number + 1
            end = held.find(_ENDS)
            if end < 0:
                if not skipping and len(held) > _MOST:
                    yield Bad(f"record {number}", f"a record of over {_MOST} bytes")
                    skipping = True
                if skipping:
                    held = held[-8:]
                break
            if not skipping:
                yield number, held[: end + len(_ENDS)]
            held, began, skipping = held[end + len(_ENDS) :], False, False
    if began and not skipping:
        yield Bad(f"record {number}", "a record without its end; accepted is <cdr> to </cdr>")
    elif not began and _is_stray(outside + held):
        yield Bad(f"after record {number}", "text outside of a record; accepted is <cdr> to </cdr>")
    elif not number and held.strip() and not _ELEMENT.search(outside + held):
        yield Bad(
            "the file",
            "no element, such as a file has that was cut off after its declaration; accepted is <cdr> to </cdr>",
        )


def _is_stray(text: bytes) -> bool:
    return bool(_AROUND.sub(b"", text[:_AROUND_MOST]).strip())


def _parsed(record: bytes) -> dict[str, Any]:
    """Return a record in the form that mod_json_cdr gives it.

    Only what stands from ``<cdr`` on is parsed, without a document type: there are no entities to be expanded.
    """
    if b"<!" in record:
        raise UnreadableError("the record has a declaration or a comment inside; accepted are elements and text")
    parser = ElementTree.XMLParser(encoding="utf-8")
    try:
        parser.feed(_TAG.sub(_named, record))
        root = parser.close()
    except ElementTree.ParseError as error:
        raise UnreadableError(f"no XML: line {error.position[0]}, column {error.position[1]} of the record") from None
    flows = []
    for flow in root.findall("callflow"):
        profile = flow.find("caller_profile")
        flows.append(
            {
                "profile_index": flow.get("profile_index"),
                "caller_profile": {} if profile is None else {part.tag: part.text for part in profile if part.text},
            }
        )
    variables = root.find("variables")
    return {
        "variables": {} if variables is None else {part.tag: part.text for part in variables if part.text},
        "callflow": flows,
    }


def _named(tag: re.Match[bytes]) -> bytes:
    """Give a tag whose name is none in XML one that is."""
    return tag[0] if _NAME.match(tag[2]) else b"<" + tag[1] + b"unnamed" + tag[3] + b">"
