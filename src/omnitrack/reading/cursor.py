"""Cursors: opaque positions at which a page ended, accepted by the same query only."""

from __future__ import annotations

import base64
import hashlib
import struct

import attrs

from omnitrack.errors import InvalidCursorError

_VERSION = 2
_FORMAT = struct.Struct(">BBq16s4s")


@attrs.frozen(slots=True)
class Cursor:
    """A position in an order, and the direction to read in."""

    at: int
    id: bytes
    backwards: bool = False

    def encode(self, query: str) -> str:
        """Return the cursor as text for the query it belongs to."""
        packed = _FORMAT.pack(_VERSION, self.backwards, self.at, self.id, self._digest(query))
        return base64.urlsafe_b64encode(packed).decode("ascii")

    def _digest(self, query: str) -> bytes:
        """Return a checksum that distinguishes the cursor from damaged ones and from those of other queries."""
        content = b"%d %d %b %b" % (self.backwards, self.at, self.id, query.encode("utf-8", "surrogatepass"))
        return hashlib.blake2b(content, digest_size=4).digest()


def decode_cursor(text: object, query: str) -> Cursor:
    """Read a cursor.

    Raises:
        InvalidCursorError: the text is not a cursor, is damaged, or belongs to another query.
    """
    try:
        if not isinstance(text, str):
            raise ValueError
        version, backwards, at, id, _ = _FORMAT.unpack(base64.urlsafe_b64decode(text.encode("ascii")))
    except (ValueError, struct.error):
        raise InvalidCursorError(
            "cursor: got a text that is none, accepted is the next or previous of a page"
        ) from None
    if version != _VERSION:
        raise InvalidCursorError(f"cursor: got one of version {version}, accepted is version {_VERSION}")
    found = Cursor(at, id, bool(backwards))
    if found.encode(query) != text:
        raise InvalidCursorError(
            "cursor: got one of another query, or a damaged one; accepted is one that the same query gave, as it gave it"
        )
    return found
