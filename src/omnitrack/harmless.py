"""Safe output: text without control characters, line breaks or direction marks, for a terminal, a log or a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sized
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T")

# The controls C0 and C1 with DEL (ECMA-48: escape sequences, NEL), the separators of lines and paragraphs, and the marks, embeddings,
# overrides and isolates of direction (UAX #9), by which a text shows as another than it is (CVE-2021-42574).
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_HARMFUL_IN_LINES = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
REPLACEMENT = "\ufffd"


def harmless(text: str) -> str:
    """Return a text on one line: each character that a terminal or a reader would obey is U+FFFD.

    >>> harmless("Jane\\x1b[2J\\nforged")
    'Jane\ufffd[2J\ufffdforged'
    """
    return text if text.isprintable() else _HARMFUL.sub(REPLACEMENT, text)


def harmless_lines(text: str) -> str:
    """Return a text of several lines, the same but for the line feeds that part them."""
    return text if text.isprintable() else _HARMFUL_IN_LINES.sub(REPLACEMENT, text)


def joined(lines: Iterable[str]) -> str:
    """Return lines as one text, each of them harmless, so that as many arrive as were given."""
    return "\n".join(map(harmless, lines))


def one_line(show: Callable[[T], str]) -> Callable[[T], str]:
    """Make a ``__str__`` give one harmless line, whatever the fields hold."""

    @wraps(show)
    def line(self: T) -> str:
        return harmless(show(self))

    return line


def harmless_json(text: str) -> str:
    """Return JSON that says the same with those characters escaped in its strings; line feeds between values stay."""
    return _HARMFUL_IN_LINES.sub(lambda match: f"\\u{ord(match[0]):04x}", text) if not text.isprintable() else text


def sized(value: Any) -> str:
    """Return how a ``repr()`` shows what somebody wrote or a source knows: that it is there, and how long.

    >>> sized("No broadband for 3 days"), sized({"name": "Jane"}), sized(None)
    ('<23 characters>', '<1 entry>', 'None')
    """
    if value is None or not isinstance(value, Sized):
        return repr(value)
    if isinstance(value, str):
        return f"<{len(value)} characters>"
    return f"<{len(value)} {'entry' if len(value) == 1 else 'entries'}>"
