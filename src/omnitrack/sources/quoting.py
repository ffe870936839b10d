"""Where the quote of an older mail begins in a text, in many languages and in the layouts of many mail programs.

A line is taken for the beginning of a quote only where it says what a program says there: a title between dashes, a block of
headers, or who wrote, when, and a colon. What might as well be a person's own words stays new text.
"""

from __future__ import annotations

import re

from omnitrack.sources.quoting_words import BEGINS, LABELS, TITLES, WROTE

_MOST_HEADER_LINES = 14  # in which the headers of a block are looked for; recipients are wrapped
_LONGEST_LINE = 400  # of one that introduces a quote
_MOST_LINES = 4  # over which mailers wrap "On ... wrote:"
_MARKS = {ord(mark): None for mark in "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"}
_RULE = re.compile(r"[-_=*~—–─]{5,}$")
_DASHED = re.compile(r"[-_=*—–─]{2,}")
_CLOCK = re.compile(r"(?<!\d)(?:\d{1,2}[:.]\d\d(?![.\d/-])|\d{1,2} ?[hH時时点點시] ?(?:\d\d)?)")
_YEAR = re.compile(r"(?<!\d)(?:(?:19|20)\d\d(?![\d:])|\d{1,2}[/.-]\d{1,2}[/.-]\d\d(?![\d:]))")
_PATCH = re.compile(r">?From [0-9a-f]{40} ")  # the first line of what git format-patch writes
# What help desks ask to be answered above, and the line of GroupWise.
_ABOVE = re.compile(
    r"(?:##- .{5,200} -##|[-–—=*#\s]{0,20}(?:please )?(?:type |write )?(?:your )?reply above this line[-–—=*#.\s]{0,20})$",
    re.I,
)
_GROUPWISE = re.compile(r">>> .{1,300}(?:>>>|:)$")
_ABOVE_BEGINS = frozenset("#-–—=*>pPtTwWyYrR")
_ADDRESS = re.compile(r"[^\s<>()\[\]\"@]@[^\s<>()\[\]\"@.]")
_WROTE_WORDS = frozenset(word for word in WROTE if " " not in word)
# Phrases, and words of scripts that put no spaces between them.
_WROTE_PIECES = tuple(word for word in WROTE if " " in word or ord(word[0]) >= 0x0E00)
_SENTENCE_ENDS = (".", "!", "?", "…", "。", ":")
_BEGINS = tuple(f"{word} " if word.isalpha() else word for word in BEGINS)


def is_quoted(line: str) -> bool:
    """Return whether a line has the mark of a quote in front."""
    return line.lstrip().startswith(">")


def quote_starts(lines: list[str]) -> int:
    """Return the line at which everything below is a quote by what introduces it; the number of lines where nothing does."""
    said = False  # something above
    for index, line in enumerate(lines):
        if not line or line.isspace():
            continue
        if said and _asks_for_answer_above(line):
            return index
        if is_quoted(line):
            continue
        said = True
        if _title_at(lines, index) or _headers_at(lines, index):
            return index
        if ends_in_colon(line):
            begin = introduction(lines, index, least=3)
            if begin is not None and not _answered_between(lines, index + 1):
                return begin
    return len(lines)


def _asks_for_answer_above(line: str) -> bool:
    line = line.translate(_MARKS).strip()
    if len(line) > _LONGEST_LINE or line[:1] not in _ABOVE_BEGINS:
        return False
    return _ABOVE.match(line) is not None or (_GROUPWISE.match(line) is not None and _YEAR.search(line) is not None)


def holds_headers(text: str) -> bool:
    """Return whether a text holds a title or a block of headers above a mail that is passed on."""
    lines = text[:50_000].split("\n")[:1_000]
    return any(_title_at(lines, index) or _headers_at(lines, index) for index in range(len(lines)))


def ends_in_colon(line: str) -> bool:
    """Return whether a line ends in a colon, of whatever script and behind whatever marks of direction."""
    tail = line[-10:].translate(_MARKS).rstrip(" \t\r*_")
    return tail.endswith((":", "："))


def introduction(lines: list[str], last: int, least: int) -> int | None:
    """Return the first line of what introduces a quote and ends at a line, such as ``On ... wrote:``, or None where it is none.

    Args:
        lines: of the text.
        last: the line that ends in a colon.
        least: how many of four it has to say: a date with its year, a time, an address, that somebody wrote.
    """
    begin, most = None, least - 1
    joined = ""
    for index in range(last, max(-1, last - _MOST_LINES), -1):
        line = lines[index].translate(_MARKS).strip().lstrip("-—* ")
        if not line or len(line) > _LONGEST_LINE or is_quoted(line) or (joined and line.endswith(_SENTENCE_ENDS)):
            break
        joined = f"{line} {joined}".strip()
        said = _says(joined)
        if said >= least and begins(joined):
            return index
        if said > most:
            begin, most = index, said
    return begin


def begins(line: str) -> bool:
    """Return whether a line begins as one that introduces a quote does in many languages."""
    return line.translate(_MARKS).lstrip("-—* ").lower().startswith(_BEGINS)


def _says(line: str) -> int:
    address, wrote = _ADDRESS.search(line) is not None, _tells_of_writing(line)
    if not address and not wrote:
        return 0
    return address + wrote + (_YEAR.search(line) is not None) + (_CLOCK.search(line) is not None)


def _tells_of_writing(line: str) -> bool:
    line = line.lower()
    words = {word.strip(":：,.;*_<") for word in line.split()}
    return not _WROTE_WORDS.isdisjoint(words) or any(piece in line for piece in _WROTE_PIECES)


def _answered_between(lines: list[str], start: int) -> bool:
    """Whether lines with marks of a quote stand below, and others below those: then answers may be among them."""
    seen = False
    for line in lines[start:]:
        if is_quoted(line):
            seen = True
        elif seen and line.strip():
            return True
    return False


def _title_at(lines: list[str], index: int) -> bool:
    """Whether a line is ``----- Original Message -----`` in some language, or ``Begin forwarded message:`` above headers."""
    line = lines[index].translate(_MARKS).strip()
    if len(line) > 120:
        return False
    dashes = _DASHED.match(line)
    title = line.strip("-_=*—–─ \t>").rstrip(":： ").replace("İ", "i").lower()
    if title not in TITLES:
        return False
    if dashes is not None or line[:1] == "*":
        return True
    below = _next(lines, index + 1)
    return line.endswith((":", "：")) and below < len(lines) and _role(lines[below]) is not None


def _headers_at(lines: list[str], index: int) -> bool:
    """Whether the headers of an older mail stand here, or a rule above them."""
    if _RULE.match(lines[index].strip()):
        index = _next(lines, index + 1)
        if index >= len(lines):
            return False
    first = _role(lines[index])
    if index and _PATCH.match(lines[index - 1]):
        return False  # the headers of a patch that was pasted
    if first is None or first in ("cc", "other"):
        return False
    roles: dict[str, str] = {}
    for number in range(index, min(len(lines), index + _MOST_HEADER_LINES)):
        role = _role(lines[number])
        if role is not None:
            roles.setdefault(role, lines[number])
        elif not lines[number].strip() and len(roles) >= 3:
            break
    if "from" not in roles or len(roles) < 3:
        return False
    # From, to and a date alone might be those of a journey.
    return "subject" in roles or "sent" in roles or ("@" in roles["from"] and "date" in roles)


def _next(lines: list[str], index: int) -> int:
    """The next line that is not empty, of the few below."""
    for number in range(index, min(len(lines), index + 4)):
        if lines[number].strip():
            return number
    return len(lines)


def _role(line: str) -> str | None:
    """Which header of a mail a line is by its label, or None."""
    head = line[:60].translate(_MARKS).replace("：", ":")
    label, colon, _ = head.partition(":")
    return LABELS.get(label.strip(" \t*_\xa0").replace("İ", "i").lower()) if colon else None
