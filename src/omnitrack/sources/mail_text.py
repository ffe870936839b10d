"""The text of a mail: HTML made plain, and what is new told from quotes and signature."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import attrs

from omnitrack.identifiers.characters import unescape_html
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
_LIBRARY_LINES = 1_000  # it takes a tenth of a millisecond a line
_LIBRARY_LINE = 400  # characters; its expressions take the cube of the length of some longer ones
_LIBRARY_MARKS = 4  # of < and of @ in one line, for the same reason


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


_WROTE = re.compile(
    r"(?:on|am|le|el|il|op|em|den|dne|w dniu|pe|a|在)\b.{0,400}"
    r"(?:wrote|schrieb.{0,100}|a écrit|escribió|ha scritto|schreef.{0,100}|heeft.{0,100}geschreven|escreveu|skrev.{0,100}|"
    r"napsal.{0,20}|napisał\(?a?\)?|написал\(?а?\)?|写道)\s?[:：]?$",
    re.I,
)
_SEPARATOR = re.compile(
    r"-{2,}\s?(?:original (?:message|appointment)|forwarded message|reply message|ursprüngliche nachricht|"
    r"weitergeleitete nachricht|message d'origine|message transféré|mensaje original|mensaje reenviado|messaggio originale|"
    r"oorspronkelijk bericht|mensagem original|ursprungligt meddelande|исходное сообщение)\s?-{2,}"
    r"|_{20,}|begin forwarded message:",
    re.I,
)
_HEADER = re.compile(
    r"[\s>*]*(?:from|sent|date|to|cc|subject|von|gesendet|datum|an|betreff|de|envoyé|à|objet|enviado|para|asunto|da|inviato|"
    r"a|oggetto|van|verzonden|aan|onderwerp|från|skickat|till|ämne)\s?:\*?\s",
    re.I,
)
_MAY_QUOTE = re.compile(r"[:：>][^\S\n]*$|^[^\S\n]*[-_*]{2}", re.M)
# RFC 3676 section 4.3 has the space; many leave it out.
_SIGNATURE = re.compile(r"-- ?$")
_SENT_FROM = re.compile(
    r"(?:sent from (?:my|a|outlook|mail|yahoo|gmx)\b.{0,60}|get outlook for .{0,40}|von meinem .{1,40} gesendet|"
    r"envoyé de mon .{1,40}|enviado desde mi .{1,40}|inviato da .{1,40}|verstuurd vanaf mijn .{1,40}|"
    r"отправлено с .{1,40}|skickat från min .{1,40})",
    re.I,
)


def split_text(text: str) -> Parts:
    """Tell the new text of a mail from what it quotes below it and from its signature.

    A quote that is answered in between stays in the new text: it says what the answers mean. The library quotequail
    (extra ``mail``) knows more ways of introducing a quote; without it the rules here are used alone.
    """
    if len(text) > MAX_SPLIT:
        return Parts(text)
    lines = text.split("\n")
    if len(lines) > MAX_SPLIT_LINES:
        return Parts(text)
    top = _quote_above(lines)
    if top:
        return Parts(*_signed(lines[top:]), _join(lines[:top]))
    cut = _quote_start(lines)
    if cut == len(lines) and _MAY_QUOTE.search(text):
        cut = _library_start(lines)
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
    for count in (1, 2, 3):
        if _WROTE.match(" ".join(line.strip() for line in lines[index : index + count])):
            index += count
            break
    else:
        return 0
    begin = index
    while index < len(lines) and (_is_quote(lines[index]) or not lines[index].strip()):
        index += 1
    below = lines[index:]
    if not any(map(_is_quote, lines[begin:index])) or any(map(_is_quote, below)) or not "".join(below).strip():
        return 0
    return index


def _join(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n").rstrip()


def _is_quote(line: str) -> bool:
    return line.lstrip().startswith(">")


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
        while index and (_is_quote(lines[index - 1]) or not lines[index - 1].strip()):
            index -= 1
        if any(_is_quote(line) for line in lines[index:end]):
            start = min(start, _introduced(lines, index))
    # 2. a line that introduces the rest: "-----Original Message-----", or a block of From:/Sent:/Subject:
    for index, line in enumerate(lines[:start]):
        if not _is_quote(line) and _SEPARATOR.match(line.strip()):
            return index
        if index and not _is_quote(line) and _HEADER.match(line) and _header_block(lines, index):
            return index
    return start


def _header_block(lines: list[str], index: int) -> bool:
    following = lines[index : index + 6]
    first = lines[index].lstrip(" >*").lower()
    count = sum(1 for line in following if _HEADER.match(line))
    return count >= 3 and first.startswith(("from", "von", "de", "da", "van", "från"))


def _introduced(lines: list[str], index: int) -> int:
    """Move up over blank lines and over "On ... wrote:", which mailers wrap to as many as three lines.

    In a language that the words are not known of, the line says who or when and ends in a colon.
    """
    while index and not lines[index - 1].strip():
        index -= 1
    for count in (1, 2, 3):
        if index < count:
            break
        joined = " ".join(line.strip() for line in lines[index - count : index])
        if _WROTE.match(joined):
            return index - count
    for count in (1, 2):
        joined = " ".join(line.strip() for line in lines[max(0, index - count) : index])
        if len(joined) < 300 and joined.endswith((":", "：")) and re.search(r"\d[:.h]\d\d|\d年", joined):
            return index - count if index >= count else 0
    return index


def _for_library(line: str) -> str:
    """A line that is too long, or too full of marks, to introduce a quote is no line to try that on."""
    fits = len(line) <= _LIBRARY_LINE and line.count("<") <= _LIBRARY_MARKS and line.count("@") <= _LIBRARY_MARKS
    return line if fits else "…"


def _library_start(lines: list[str]) -> int:
    quote = _quotequail()
    if quote is None or len(lines) > _LIBRARY_LINES:
        return len(lines)
    parts = quote("\n".join(map(_for_library, lines)), limit=len(lines) + 1, quote_intro_line=True)
    if len(parts) < 2:
        return len(lines)
    start = int(parts[0][1].count("\n")) + 1 if parts[0][1] else 0
    below = [line for line in lines[start:] if line.strip()]
    # It cuts at the first introduction; where answers stand between the quotes below, the text stays whole.
    marked = [_is_quote(line) for line in below]
    if True in marked and not all(marked[marked.index(True) :]):
        return len(lines)
    return start


_library: list[Any] = []


def _quotequail() -> Any:
    if not _library:
        try:
            _library.append(import_module("quotequail").quote)
        except ImportError:
            _library.append(None)
    return _library[0]


def _signature_start(lines: list[str]) -> int:
    for index in range(len(lines) - 1, max(-1, len(lines) - 30), -1):
        if _SIGNATURE.match(lines[index]):
            return index
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    if last and len(lines[last - 1]) < 100 and _SENT_FROM.match(lines[last - 1].strip()):
        rest = lines[last - 1].strip()
        if not rest.endswith((".", "!", "?")):
            return last - 1
    return len(lines)
