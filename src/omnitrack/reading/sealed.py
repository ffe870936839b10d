"""Sealed cursors: positions that contain ids of identifiers, encrypted with a key of the store.

The content address of a phone number can be found by trying all numbers, so it must not leave the store any more than the number itself. Sealing
is deterministic, so that a page always has the same cursor: a keyed digest of the position, then the position masked by a stream of keyed
digests derived from it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

_TAG = 16
_BLOCK = 64


def seal(key: bytes, query: str, position: bytes) -> str:
    """Return a position as an opaque text for the query it belongs to."""
    tag = _tag(key, query, position)
    packed = tag + _masked(key, tag, position)
    return base64.urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def unseal(key: bytes, query: str, text: object) -> bytes | None:
    """Return the position in a sealed text; None if it is malformed, or of another store or query."""
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
