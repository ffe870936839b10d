"""Characters: invisible ones, and case folding."""

from __future__ import annotations

import html
import re
import unicodedata

from omnitrack.errors import InvalidIdentifierError

# Letters and marks that are drawn as nothing (Default_Ignorable_Code_Point of the Unicode Character Database, beyond
# the categories below): joiners, Hangul and Mongolian fillers, variation selectors.
_UNSEEN = frozenset(
    [0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10)]
)


def _unseen(ch: str) -> bool:
    code = ord(ch)
    return unicodedata.category(ch)[0] == "C" or code in _UNSEEN or 0xE0100 <= code <= 0xE01EF


_REFERENCE = re.compile(r"&#(?:[xX][0-9a-fA-F]++|[0-9]++)")


def unescape_html(text: str) -> str:
    """Return a text without the character references of HTML, however many digits one has.

    Python refuses to read a number of more than 4,300 digits; the standard knows no bound and gives U+FFFD for one beyond the last code point (HTML,
    section 13.2.5.80).

    >>> unescape_html("caf&eacute; &#0000000065; &#99999999999;")
    'café A \\ufffd'
    """
    return html.unescape(_REFERENCE.sub(_shortened, text))


def _shortened(reference: re.Match[str]) -> str:
    mark = "&#x" if reference[0][2] in "xX" else "&#"
    digits = reference[0][len(mark) :].lstrip("0") or "0"
    return f"{mark}{digits}" if len(digits) <= 7 else "&#x110000"


def words(text: str) -> frozenset[str]:
    """Return the words of a text: how this package writes its lists of names."""
    return frozenset(text.split())


def refuse_unseen(text: str, what: str) -> None:
    """Refuse control, format (zero-width, direction), private-use and unassigned characters.

    Two identifiers that look the same must be the same, so nothing that cannot be seen may be part of one
    (UTS #39 section 3.1: such characters are not allowed in identifiers).

    Raises:
        InvalidIdentifierError: names the first such character.
    """
    if text.isascii() and text.isprintable():
        return
    for ch in text:
        if _unseen(ch):
            name = unicodedata.name(ch, "a control character")
            raise InvalidIdentifierError(
                f"{what}: got a character that cannot be seen, U+{ord(ch):04X} ({name}), accepted are visible characters"
            )


def _fold_character(ch: str) -> str:
    folded = ch.casefold()
    if len(folded) == 1 and not folded.isascii():
        return folded
    lower = ch.lower()
    return lower if ch.isascii() or (len(lower) == 1 and not lower.isascii()) else ch


def fold_case(text: str) -> str:
    """Return text in one case and in Unicode's composed form (NFC).

    Like Unicode's simple case folding, with one exception: a letter outside ASCII never becomes an ASCII one, so that
    ``ſ`` and ``İ`` are not taken for ``s`` and ``i``. ``ß`` stays ``ß``: ``strauß`` and ``strauss`` may be two people.

    >>> fold_case("JÜRGEN"), fold_case("ΣΟΦΟΣ"), fold_case("Straße")
    ('jürgen', 'σοφοσ', 'straße')
    """
    if text.isascii():
        return text.lower()
    for _ in range(4):  # composing may bring forth a letter that folds again; two rounds have always been enough
        before, text = (
            text,
            unicodedata.normalize("NFC", "".join(map(_fold_character, unicodedata.normalize("NFC", text)))),
        )
        if text == before:
            break
    return text
