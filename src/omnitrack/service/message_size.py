"""Message sizes: the length of a text as X weighs it, and the segments of a text message. Pure."""

from __future__ import annotations

import re
import unicodedata

MOST_WEIGHT = 280  # of a post on X

# https://docs.x.com/fundamentals/counting-characters: code points in these ranges weigh one, all others two.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_ADDRESS_WEIGHT = 23  # of an address of the web, whatever its length
_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)

# 3GPP TS 23.038 section 6.2.1: the default alphabet, and its extension, whose characters take two places.
_GSM = frozenset(
    "@\u00a3$\u00a5\u00e8\u00e9\u00f9\u00ec\u00f2\u00c7\n\u00d8\u00f8\r\u00c5\u00e5\u0394_\u03a6\u0393\u039b\u03a9\u03a0\u03a8\u03a3\u0398\u039e\u00c6\u00e6\u00df\u00c9"
    " !\"#\u00a4%&'()*+,-./0123456789:;<=>?\u00a1ABCDEFGHIJKLMNOPQRSTUVWXYZ\u00c4\u00d6\u00d1\u00dc\u00a7\u00bfabcdefghijklmnopqrstuvwxyz\u00e4\u00f6\u00f1\u00fc\u00e0"
)
_GSM_TWO = frozenset("\f^{}\\[~]|\u20ac")


def x_weight(text: str) -> int:
    """Return the length of a text as X weighs it.

    Emoji of several code points weigh more here than on X, so that what fits here fits there.
    """
    text = unicodedata.normalize("NFC", text)
    bare = _ADDRESS.sub("", text)
    addresses = len(_ADDRESS.findall(text))
    return addresses * _ADDRESS_WEIGHT + sum(1 if _is_light(ord(symbol)) else 2 for symbol in bare)


def _is_light(point: int) -> bool:
    return any(first <= point <= last for first, last in _LIGHT)


def sms_segments(text: str) -> int:
    """Return how many text messages a text takes, by 3GPP TS 23.038 and 23.040: of 160 places, or 70 where a character is not in the default alphabet;
    of several parts each has 153, or 67."""
    if all(symbol in _GSM or symbol in _GSM_TWO for symbol in text):
        places = [2 if symbol in _GSM_TWO else 1 for symbol in text]
        one, many = 160, 153
    else:
        places = [2 if ord(symbol) > 0xFFFF else 1 for symbol in text]  # UTF-16 code units
        one, many = 70, 67
    if sum(places) <= one:
        return 1
    segments, left = 1, many
    for size in places:  # a character of two places is not divided
        if size > left:
            segments, left = segments + 1, many
        left -= size
    return segments
