"""Handover codes: how one is drawn, spelled, keyed on a telephone, checked, and found in a text. Pure but for the draw.

A code is a number of 45 bits with two spellings. Written, it has ten symbols of Crockford's base 32 (no I, L, O and U, which look like others), the last
of which is a check symbol: ``7K3M9-Q2XT4``. Keyed, it has fifteen digits, the last of which is a check digit by Damm. Both checks catch every single wrong
symbol and every exchange of two neighbours.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

#: Crockford's base 32: https://www.crockford.com/base32.html
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PAYLOAD_BITS = 45
LEAST = 10**13  # so that the keyed digits begin with none that a system leaves out
MOST_FOUND = 4  # codes that are taken from one interaction; more are guesses
MOST_TEXT = 200_000  # characters of one text in which codes are looked for
MOST_VALUES = 200  # of the attributes of one interaction

MOST_LOOKED_AT = 50  # places of one text that look like a code

_SYMBOLS = PAYLOAD_BITS // 5
_GROUP = 5
_DIGITS = 14
_LENGTH = 2 * _GROUP + 1
_ORDER = 31  # of the multiplicative group of the field of 32 elements

_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
_VALUES |= {symbol.lower(): value for symbol, value in _VALUES.items()}
_VALUES |= {"O": 0, "o": 0, "I": 1, "i": 1, "L": 1, "l": 1}  # as Crockford reads them

# The field of 32 elements, by the primitive polynomial x^5 + x^2 + 1: the powers of its generator.
_POWERS = [1]
while len(_POWERS) < _ORDER:
    _doubled = _POWERS[-1] << 1
    _POWERS.append(_doubled ^ 0b100101 if _doubled & 32 else _doubled)
_LOGS = {power: exponent for exponent, power in enumerate(_POWERS)}

# H. Michael Damm, Total anti-symmetrische Quasigruppen, 2004: the table for base 10.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)

# Each group of a code has a digit from 2 to 9 and a letter, so that no word, no telephone number and no amount is taken for one.
_HALF = r"(?=[0-9A-Za-z]{0,4}[2-9])(?=[0-9A-Za-z]{0,4}[A-Za-z])[0-9A-Za-z]{5}"
_BETWEEN = r"[\s\-_.\u2010-\u2015\u2212]?"
_WRITTEN = re.compile(rf"(?<![0-9A-Za-z])(?=({_HALF}){_BETWEEN}({_HALF})(?![0-9A-Za-z]))[0-9A-Za-z]")
# So somewhere in the first group a digit stands beside a letter, which is rare in texts and fast to find.
_TELLTALE = re.compile(r"[0-9](?:(?=[A-Za-z])|(?<=[A-Za-z][0-9]))")
_BEFORE, _AFTER = 5, 14  # how far from there a code may begin, and how far it and the end of its word may reach
_KEYED = re.compile(r"[1-3](?:[ \-.]?[0-9]){14}[#*]?")


class Codes(NamedTuple):
    """What looks like handover codes in one interaction.

    Attributes:
        payloads: the numbers of codes whose check is right, each once, in order of appearance.
        damaged: how many look like codes and have a wrong check.
    """

    payloads: tuple[int, ...] = ()
    damaged: int = 0


def draw() -> int:
    """Return the number of a new code, by the random numbers of the operating system."""
    while True:
        payload = secrets.randbits(PAYLOAD_BITS)
        if payload >= LEAST and is_spellable(payload):
            return payload


def is_spellable(payload: int) -> bool:
    """Whether both groups of a code have a digit from 2 to 9 and a letter: nearly three in five do."""
    return _WRITTEN.match(spell(payload)) is not None


def spell(payload: int) -> str:
    """Return a code as it is written: two groups of five symbols with a hyphen between them."""
    values = [payload >> 5 * place & 31 for place in reversed(range(_SYMBOLS))]
    values.append(_sum(values, 1))
    text = "".join(ALPHABET[value] for value in values)
    return f"{text[:_GROUP]}-{text[_GROUP:]}"


def keyed(payload: int) -> str:
    """Return a code as it is keyed on a telephone: fifteen digits."""
    digits = f"{payload:0{_DIGITS}d}"
    return f"{digits}{_damm(digits)}"


def read_written(text: str) -> int | None:
    """Return the number of a written code, None where its check is wrong. Case, and what stands between the groups, say nothing."""
    values = [_VALUES.get(symbol) for symbol in text if symbol.isalnum()]
    known = [value for value in values if value is not None]
    if len(known) != len(values) or len(known) != _SYMBOLS + 1 or _sum(known, 0):
        return None
    payload = 0
    for value in known[:-1]:
        payload = payload << 5 | value
    return payload


def read_keyed(text: str) -> int | None:
    """Return the number of a keyed code, None where its check is wrong."""
    digits = "".join(symbol for symbol in text if symbol in "0123456789")
    if len(digits) != _DIGITS + 1 or _damm(digits):
        return None
    payload = int(digits[:-1])
    return payload if LEAST <= payload < 1 << PAYLOAD_BITS else None


def find_codes(subject: str | None, body: str | None, attributes: Mapping[str, Any] | None) -> Codes:
    """Return what looks like codes in an interaction. The time that it takes grows with the length of the texts, and no faster.

    A written code is found anywhere in a text, in an address of the web too. A keyed one is the whole of a text.
    """
    payloads: dict[int, None] = {}
    damaged: set[str] = set()
    for text in (subject, body, *_texts(attributes)):
        if not text:
            continue
        if len(text) < 3 * _DIGITS and _KEYED.fullmatch(text.strip()):
            looked_at = [(0, text.strip(), read_keyed(text))]
        else:
            looked_at = [
                (found.start(), f"{found[1]}{found[2]}".upper(), read_written(f"{found[1]}{found[2]}"))
                for found in islice(_written_in(text[:MOST_TEXT]), MOST_LOOKED_AT)
            ]
        right = [place for place, _, payload in looked_at if payload is not None]
        for place, spelled, payload in looked_at:
            if payload is not None:
                payloads[payload] = None
            elif all(abs(place - other) > _LENGTH for other in right):  # not a code and the word beside it
                damaged.add(spelled)
    return Codes(tuple(payloads)[:MOST_FOUND], min(len(damaged), MOST_FOUND))


def hide_codes(text: str, stand_in: str) -> str:
    """Return a text in which every code with a right check is replaced."""
    if _KEYED.fullmatch(text.strip()):
        return text if read_keyed(text) is None else stand_in
    parts, end = [], 0
    for found in _written_in(text):
        if found.start() >= end and read_written(f"{found[1]}{found[2]}") is not None:
            parts += [text[end : found.start()], stand_in]
            end = found.end(2)
    return "".join([*parts, text[end:]])


def _written_in(text: str) -> Iterator[re.Match[str]]:
    """Yield what looks like a written code, overlapping ones too."""
    start = end = 0
    for telltale in _TELLTALE.finditer(text):
        place = telltale.start()
        if place - _BEFORE > end:
            yield from _WRITTEN.finditer(text, start, end)
            start = place - _BEFORE
        end = place + _AFTER
    yield from _WRITTEN.finditer(text, start, end)


def _texts(attributes: Any) -> Iterator[str]:
    """Yield the texts and whole numbers among attributes, so many and no more."""
    left, stack = MOST_VALUES, [attributes]
    while stack and left:
        value = stack.pop()
        left -= 1
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            stack += list(value.values())[:left]
        elif isinstance(value, (list, tuple)):
            stack += value[:left]
        elif isinstance(value, int) and not isinstance(value, bool):
            yield str(value) if value < 10 ** (_DIGITS + 1) else ""


def _sum(values: list[int], last: int) -> int:
    """Return the sum of symbols, each times a power of the generator, of which the last symbol has the given one."""
    total = 0
    for place, value in enumerate(reversed(values)):
        if value:
            total ^= _POWERS[(_LOGS[value] + place + last) % _ORDER]
    return total


def _damm(digits: str) -> int:
    interim = 0
    for digit in digits:
        interim = int(_DAMM[interim][int(digit)])
    return interim
