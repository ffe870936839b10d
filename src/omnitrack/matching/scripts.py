"""Letters of other scripts in Latin ones, for the comparison of names that were written down in two."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=65536)
def romanise(text: str) -> str:
    """Return ``text`` in Latin letters, lower case; as it is where it is in them already.

    It says how a name may be written, not how it is spoken: letters that have no vowels have none here either.

    >>> romanise("анна"), romanise("γιωργος"), romanise("王伟"), romanise("jane")
    ('anna', 'giorgos', 'wangwei', 'jane')
    """
    if text.isascii():
        return text
    from anyascii import anyascii  # its tables are read where a name needs them

    return str(anyascii(text)).lower()


@lru_cache(maxsize=65536)
def is_latin(text: str) -> bool:
    """Return whether a folded name is in Latin letters."""
    return all(ch < "ɐ" or not ch.isalpha() for ch in text)
