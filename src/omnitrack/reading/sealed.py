"""Sealed cursors: positions that contain ids of identifiers, encrypted with a key of the store.

A content address of a phone number is found by trying all numbers, so it leaves the store as little as the number would. Sealing is deterministic, so that
a page has the same cursor each time: a keyed digest of the position, and the position under a stream of keyed digests that begins with it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

_TAG = 16
_BLOCK = 64


def seal(key: bytes, query: str, position: bytes) -> str:
    """Return a position as a text that says nothing of it, for the query it belongs to."""
    tag = _tag(key, query, position)
    packed = tag + _masked(key, tag, position)
    return base64.urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def unseal(key: bytes, query: str, text: object) -> bytes | None:
    """Return the position in such a text; None where it is none, of another store or of another query."""
    if not isinstance(text, str):
        return None
    try:
        packed = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    position = _masked(key, packed[:_TAG], packed[_TAG:])
    return position if seal(key, query, position) == text else None


def _tag(key: bytes, query: str, position: bytes) -> bytes:
    return hashlib.blake2b(query.encode() + b"\0" + position, key=key, digest_size=_TAG, person=b"cursor tag").digest()


def _masked(key: bytes, tag: bytes, text: bytes) -> bytes:
    stream = b"".join(
        hashlib.blake2b(tag + number.to_bytes(4, "big"), key=key, digest_size=_BLOCK, person=b"cursor text").digest()
        for number in range(-(-len(text) // _BLOCK))
    )
    return bytes(a ^ b for a, b in zip(text, stream))
