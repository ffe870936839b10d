"""Rows to test with: valid in every field, told apart by small numbers, any field changed by name."""

from __future__ import annotations

from typing import Any

from omnitrack.storage.contract import (
    LINKABLE,
    NO_ID,
    ChangeRow,
    EntryRow,
    IdentifierRow,
    InteractionRow,
    LinkRow,
    RecordRow,
)

SECOND = 1_000_000  # microseconds

# What stores are known to change on the way: astral characters, text that is no text in their own language, ends of lines and trailing blanks.
AWKWARD_TEXTS = (
    "",
    " ",
    "trailing blank ",
    "two\nlines\r\nand a tab\t",
    "'; DROP TABLE entries; --",
    "100% _under_ \\back\\ \"double\" 'single' :colon ?mark $1 {brace} [bracket]",
    "null",
    "Zoë und Ötzi",
    "e\u0301 is not \u00e9",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩‍👩‍👧‍👦 🇬🇧 \U0010ffff",
    "\ufeffwith a byte order mark",
    "\u202eright to left\u202c",
    "\x01\x1b[31m\x7f",
)

# What stores are known to cut, to pad or to compare as text.
AWKWARD_IDS = (
    bytes(15) + b"\x01",
    b"\x01" + bytes(15),
    b"\x00\x01" * 8,
    b"A" * 16,
    b"a" * 16,
    b"a" * 15 + b" ",
    b"a" * 15 + b"\x00",
    b"\x7f" * 16,
    b"\x80" * 16,
    b"\xc3\x28" * 8,  # no UTF-8
    b"\xff" * 15 + b"\xfe",
    b"\xff" * 16,
)

# Both ends of what a datetime can say, the epoch, and single microseconds.
AWKWARD_TIMES = (
    -62_135_596_800_000_000,  # 0001-01-01
    -1_000_001,
    -1,
    0,
    1,
    999_999,
    1_700_000_000_123_456,
    253_402_300_799_999_999,  # the last microsecond of 9999
)


def id_of(number: int) -> bytes:
    """Return the id with this number; ids order as their numbers do."""
    return number.to_bytes(16, "big")


def home_of(number: int) -> bytes:
    """Return the home of identifier ``number``; no id of ``id_of`` is one."""
    return b"\x80" + number.to_bytes(15, "big")


def identifier(number: int, **fields: Any) -> IdentifierRow:
    """Return identifier ``number``, a customer of its own."""
    row = IdentifierRow(
        id=id_of(number),
        home=home_of(number),
        customer=home_of(number),
        scheme="phone",
        value=f"+4420794{number:05}",
        scope="",
        base=id_of(number),
        since=None,
        state=LINKABLE,
        reason=None,
        born_at=number * SECOND,
    )
    return row._replace(**fields)


def link(a: int, b: int, **fields: Any) -> LinkRow:
    """Return the link that interaction 1 shows between identifiers ``a`` and ``b``."""
    row = LinkRow(
        a=id_of(a),
        b=id_of(b),
        basis="together",
        assurance=2,
        ref=NO_ID,
        seen=SECOND,
        evidence=id_of(1),
        score=0,
    )
    return row._replace(**fields)


def interaction(number: int, **fields: Any) -> InteractionRow:
    """Return interaction ``number``, which happened that many seconds after 1970 and came from source ``kit``."""
    row = InteractionRow(
        id=id_of(number),
        revision=0,
        source="kit",
        source_id=str(number),
        channel="phone",
        direction="inbound",
        kind="call",
        occurred_at=number * SECOND,
        utc_offset=0,
        ended_at=None,
        recorded_at=number * SECOND,
        subject=None,
        body=None,
        agent=None,
        thread=None,
        reply_to=None,
        outcome=None,
        via=None,
        extra=None,
        deleted=0,
    )
    return row._replace(**fields)


def entry(of: int, under: int = 1, **fields: Any) -> EntryRow:
    """Return the entry that puts interaction ``of`` under identifier ``under`` as its anchor."""
    row = EntryRow(
        identifier=id_of(under),
        occurred_at=of * SECOND,
        interaction=id_of(of),
        person=0,
        added_at=of * SECOND,
        removed_at=None,
        role=0,
        assurance=2,
        channel="phone",
        direction="inbound",
        kind="call",
        raw=None,
    )
    return row._replace(**fields)


def change(number: int, of: int = 1, old: int = 1, new: int = 2, **fields: Any) -> ChangeRow:
    """Return change ``number``: identifier ``of`` went from the customer named by the home of ``old`` to that of ``new``."""
    row = ChangeRow(
        id=id_of(number),
        at=number * SECOND,
        identifier=id_of(of),
        old=home_of(old),
        new=home_of(new),
        cause="link",
        ref=NO_ID,
        by=None,
        reason=None,
    )
    return row._replace(**fields)


def record(key: str, value: str = "{}", version: int = 0, kind: str = "kit") -> RecordRow:
    """Return a record as ``put_records`` takes it: nothing is expected there unless a version is given."""
    return RecordRow(kind=kind, key=key, value=value, version=version)
