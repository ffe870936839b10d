"""Romanisation: other scripts in Latin letters, to compare names written in two scripts."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=65536)
def romanise(text: str) -> str:
    """Return ``text`` in lower-case Latin letters; unchanged if it is ASCII.

    This gives a spelling of a name, not its pronunciation: scripts without vowels give none here either.

    >>> romanise("анна"), romanise("γιωργος"), romanise("王伟"), romanise("jane")
    ('anna', 'giorgos', 'wangwei', 'jane')
    """
    if text.isascii():
        return text
    from anyascii import anyascii  # its tables are loaded only if a name needs them

    return str(anyascii(text)).lower()


@lru_cache(maxsize=65536)
def is_latin(text: str) -> bool:
    """Return whether a folded name is in Latin letters."""
    return all(ch < "ɐ" or not ch.isalpha() for ch in text)
