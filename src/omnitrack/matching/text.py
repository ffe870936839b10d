"""Folding of text for comparison: case, diacritics, punctuation, and the sound of words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from omnitrack.matching.scripts import romanise

# Letters that Unicode does not decompose and that people often write without their stroke.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
_APOSTROPHES = re.compile(r"['’‘ʼ`´]")
_SPLIT = re.compile(r"[\W_]+")

# Letters and pairs that sound alike in English and its neighbours, in the order in which they are replaced.
_SOUNDS = (
    (re.compile("^(?:kn|gn|pn)"), "n"),
    (re.compile("^wr"), "r"),
    (re.compile("^x"), "s"),
    (re.compile("^(?:mac|mc)"), "mk"),
    (re.compile("ph"), "f"),
    (re.compile("sch|tch|sh|ch"), "s"),
    (re.compile("ck|qu|q"), "k"),
    (re.compile("c(?=[eiy])"), "s"),
    (re.compile("c"), "k"),
    (re.compile("dg(?=[eiy])"), "j"),
    (re.compile("gh"), ""),
    (re.compile("[zx]"), "s"),
    (re.compile("v"), "f"),
)
_SOUND_LENGTH = 5


@lru_cache(maxsize=65536)
def fold_words(text: str) -> str:
    """Return the words of ``text`` in lower case, without diacritics, apostrophes and punctuation, separated by one blank.

    >>> fold_words("  O’Brien-Müller, JR. ")
    'obrien muller jr'
    """
    if text.isascii():
        return _SPLIT.sub(" ", _APOSTROPHES.sub("", text.lower())).strip()
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    text = "".join(c for c in text if not unicodedata.combining(c)).translate(_PLAIN)
    return _SPLIT.sub(" ", _APOSTROPHES.sub("", text)).strip()


@lru_cache(maxsize=65536)
def letters(text: str) -> str:
    """Return only the letters of ``text``, folded, to compare handles with names.

    >>> letters("Mike.Samuels_68")
    'mikesamuels'
    """
    return "".join(c for c in fold_words(text) if c.isalpha())


@lru_cache(maxsize=65536)
def squeeze(text: str) -> str:
    """Return folded ``text`` without blanks, for words that were joined or split."""
    return text.replace(" ", "")


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """Return a short key that words with similar sounds share; other scripts are romanised first.

    >>> sound("stephen"), sound("steven"), sound("zaleski"), sound("salesky")
    ('stfn', 'stfn', 'slsk', 'slsk')
    """
    word = romanise(squeeze(word))
    for pattern, heard in _SOUNDS:
        word = pattern.sub(heard, word)
    if not word:
        return ""
    first = "a" if word[0] in "aeiouy" else word[0]
    rest = [c for c in word[1:] if c not in "aeiouyhw"]
    key = [first]
    for c in rest:
        if c != key[-1]:
            key.append(c)
    return "".join(key)[:_SOUND_LENGTH]
