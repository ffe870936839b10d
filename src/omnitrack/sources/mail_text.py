"""The text of a mail: HTML made plain, and what is new told from quotes and signature."""

from __future__ import annotations

import re

import attrs

from omnitrack.identifiers.characters import unescape_html
from omnitrack.sources.quoting import begins, ends_in_colon, introduction, is_quoted, quote_starts
from omnitrack.sources.quoting_words import SENT_FROM, SENT_FROM_ENDS
from omnitrack.sources.values import words

_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:]*)")
_BREAKS = frozenset(
    words(
        "address article aside br center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol option p "
        "pre section table tbody tfoot thead title tr ul"
    )
)
_PARAGRAPHS = frozenset(words("blockquote dl h1 h2 h3 h4 h5 h6 ol p pre table ul"))
_SILENT = frozenset(words("head noscript script style template title"))
_ENDS = {name: re.compile(rf"</{name}\b", re.I) for name in _SILENT}
MAX_HTML = 4_000_000  # characters that are read
MAX_SPLIT = 200_000  # characters within which quotes and signature are looked for
MAX_SPLIT_LINES = 5_000
_SENT_FROM, _SENT_FROM_ENDS = tuple(SENT_FROM), tuple(SENT_FROM_ENDS)


def html_to_text(source: str) -> str:
    """Return the text that a reader of an HTML mail sees; quoted blocks get ``> `` in front, as in plain mails.

    It reads in one pass, in time linear in the length, whatever the markup.
    """
    source = source[:MAX_HTML]
    out: list[str] = []
    quoted: list[int] = []  # where in ``out`` each open blockquote began
    pos, end = 0, len(source)
    no_comment_end = False
    endless: set[str] = set()  # silent elements of which no end stands further on
    while pos < end:
        start = source.find("<", pos)
        if start < 0:
            start = end
        if start > pos:
            out.append(_text(source[pos:start]))
        if start >= end:
            break
        if source.startswith("<!--", start) and not no_comment_end:
            close = source.find("-->", start + 4)
            if close >= 0:
                pos = close + 3
                continue
            no_comment_end = True
        match = _TAG.match(source, start)
        if match is None and not source.startswith(("<!", "<?"), start):
            out.append("<")
            pos = start + 1
            continue
        close = source.find(">", start)
        if close < 0:
            out.append(_text(source[start:]))
            break
        pos = close + 1
        if match is None:
            continue
        name = match[1].lower()
        opening = source[start + 1] != "/"
        if name in _SILENT and opening:
            after = None if name in endless else _ENDS[name].search(source, pos)
            if after is not None:
                pos = after.start()
            elif name in ("script", "style"):
                break
            else:
                endless.add(name)
            continue
        if name == "blockquote":
            out.append("\n")
            if opening:
                quoted.append(len(out))
            elif quoted:
                begin = quoted.pop()
                if not quoted:  # nested ones are marked once, with the outermost
                    out[begin:] = [_quote("".join(out[begin:]))]
        elif name in ("td", "th") and not opening:
            out.append("\t")
        elif name in _BREAKS:
            out.append("\n\n" if name in _PARAGRAPHS and not opening else "\n")
    if quoted:
        out[quoted[0] :] = [_quote("".join(out[quoted[0] :]))]
    return _tidy("".join(out))


def _text(raw: str) -> str:
    return re.sub(r"[ \t\r\n\f]+", " ", unescape_html(raw)).replace("\xa0", " ")


def _tidy(text: str) -> str:
    lines = [
        " ".join(line.split(" ")).strip() if not line.startswith(">") else line.rstrip() for line in text.split("\n")
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(re.sub(r" {2,}", " ", line) for line in lines)).strip()


def _quote(text: str) -> str:
    return "\n" + "\n".join(f"> {line}".rstrip() for line in _tidy(text).split("\n")) + "\n"


@attrs.frozen(slots=True)
class Parts:
    """A mail's text in three: what is new, the signature under it, and what it quotes. Together they are the text."""

    new: str
    signature: str = ""
    quoted: str = ""


# RFC 3676 section 4.3 has the space; many leave it out.
_SIGNATURE = re.compile(r"-- ?$")
_LONGEST_SENT_FROM = 100
_MOST_FOOTER = 10  # lines
_FOOTER_RULE = re.compile(r"[_-]{20,200}\s{0,5}$")
_LIST = re.compile(
    r"mailing list\b|/listinfo/|list-unsubscribe|unsubscribe@|[-+]unsubscribe|/unsubscribe|googlegroups\.com", re.I
)


def split_text(text: str) -> Parts:
    """Tell the new text of a mail from what it quotes below it and from its signature.

    A quote that is answered in between stays in the new text: it says what the answers mean.
    """
    if len(text) > MAX_SPLIT:
        return Parts(text)
    lines = text.split("\n")
    if len(lines) > MAX_SPLIT_LINES:
        return Parts(text)
    foot = _list_footer(lines)
    if foot < len(lines):
        parts = split_text("\n".join(lines[:foot]))
        return attrs.evolve(parts, signature=f"{parts.signature}\n{_join(lines[foot:])}".strip("\n"))
    top = _quote_above(lines)
    if top:
        return Parts(*_signed(lines[top:]), _join(lines[:top]))
    cut = _quote_start(lines)
    new, quoted = lines[:cut], lines[cut:]
    sign = _signature_start(new)
    if not "".join(new[:sign]).strip():
        # Nothing but a quote or a signature: the mail is that (forwarded without a word), and is shown as it is.
        if not "".join(new).strip():
            return Parts(text.strip("\n"))
        sign = len(new)
    return Parts(_join(new[:sign]), _join(new[sign:]), _join(quoted))


def _signed(lines: list[str]) -> tuple[str, str]:
    sign = _signature_start(lines)
    if not "".join(lines[:sign]).strip():
        sign = len(lines)
    return _join(lines[:sign]), _join(lines[sign:])


def _quote_above(lines: list[str]) -> int:
    """Where the answer begins that stands below the one quote of the mail; 0 where it is not written that way."""
    index = 0
    while index < len(lines) and not lines[index].strip():
        index += 1
    for last in range(index, min(len(lines), index + 3)):
        if ends_in_colon(lines[last]) and introduction(lines, last, least=2) is not None:
            index = last + 1
            break
    else:
        return 0
    begin = index
    while index < len(lines) and (is_quoted(lines[index]) or not lines[index].strip()):
        index += 1
    below = lines[index:]
    if not any(map(is_quoted, lines[begin:index])) or any(map(is_quoted, below)) or not "".join(below).strip():
        return 0
    return index


def _list_footer(lines: list[str]) -> int:
    """The line at which begins what a mailing list puts under every mail: a rule, and where to leave the list."""
    for index in range(len(lines) - 1, max(0, len(lines) - _MOST_FOOTER), -1):
        if _FOOTER_RULE.match(lines[index]):
            return index if _LIST.search(" ".join(lines[index:])[:2_000]) else len(lines)
    return len(lines)


def _join(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n").rstrip()


def _quote_start(lines: list[str]) -> int:
    """The line at which the quote at the end begins, with the line or two that introduce it; the end where none is."""
    start = len(lines)
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    # 1. a block of > at the end (a signature may stand under it)
    under = last
    for index in range(last - 1, max(-1, last - 12), -1):
        if _SIGNATURE.match(lines[index]):
            under = index
            break
    for end in {last, under}:
        index = end
        while index and (is_quoted(lines[index - 1]) or not lines[index - 1].strip()):
            index -= 1
        if any(is_quoted(line) for line in lines[index:end]):
            start = min(start, _introduced(lines, index))
    # 2. what introduces the rest
    return min(start, quote_starts(lines[:start]))


def _introduced(lines: list[str], index: int) -> int:
    """Move up over blank lines and over "On ... wrote:".

    Above lines with marks, less has to be said than above lines without: that somebody wrote is enough. In a language that the words are not known of,
    the line says when and ends in a colon.
    """
    while index and not lines[index - 1].strip():
        index -= 1
    if not index or not ends_in_colon(lines[index - 1]):
        return index
    begin = introduction(lines, index - 1, least=2)
    if begin is not None:
        return begin
    begin = introduction(lines, index - 1, least=1)
    if begin is not None and begins(lines[begin]):
        return begin
    for count in (1, 2):
        joined = " ".join(line.strip() for line in lines[max(0, index - count) : index])
        if len(joined) < 300 and re.search(r"\d[:.h]\d\d|\d年", joined):
            return max(0, index - count)
    return index


def _signature_start(lines: list[str]) -> int:
    for index in range(len(lines) - 1, max(-1, len(lines) - 30), -1):
        if _SIGNATURE.match(lines[index]):
            return index
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    if last and _is_sent_from(lines[last - 1].strip(" \t*_")):
        return last - 1
    return len(lines)


def _is_sent_from(line: str) -> bool:
    """Whether a line is what a phone or program puts under a mail, and no sentence that begins alike."""
    if len(line) > _LONGEST_SENT_FROM or line.endswith((".", "!", "?", "。")):
        return False
    text = line.lower()
    return text.startswith(_SENT_FROM) or text.endswith(_SENT_FROM_ENDS)
