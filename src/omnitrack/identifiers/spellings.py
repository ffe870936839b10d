"""Spellings: finds identifiers in a text in any notation, so that they can be redacted."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from urllib.parse import unquote

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers.characters import fold_case, unescape_html
from omnitrack.identifiers.domains import unicode_domain
from omnitrack.identifiers.mailboxes import PROVIDERS, Provider
from omnitrack.identifiers.numbering import library
from omnitrack.identifiers.scheme import Identifier, find_scheme
from omnitrack.identifiers.simple import IssuedScheme
from omnitrack.identifiers.social import Account
from omnitrack.identifiers.text import identifier, spans

LEAST = 3  # characters of a bare word that is looked for; a shorter one stands in too many others
LEAST_APART = 5  # of an account number that may be written in groups
MOST_APART = 64  # likewise; a longer one is looked for as it is
LEAST_LOCAL = 7  # digits of a number without its area code

# What machines write for one character or a run of them, or between two where nobody sees it: entities of HTML, encoded words of RFC 2047,
# percent signs (encoded again up to three times on the way through redirects), quoted-printable of RFC 2045, escapes of JSON.
_CODED = re.compile(
    r"&(?:\#\d{1,7}|\#x[0-9a-f]{1,6}|[a-z]{2,31}\d{0,2});?|=\?[\w-]{1,40}\?[bq]\?[^?\s]{0,998}\?="
    r"|(?:%(?:25){0,3}[0-9a-f]{2})+|(?:=[0-9a-f]{2}|=\r?\n)+|\\u[0-9a-f]{4}"
    "|[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
    "|[^\\W\\d_][\u0300-\u036f]+",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-z][a-z0-9:-]{0,30}(?:\s[^<>]*+|/)?>|<!--(?:[^<-]++|-(?!->)|<(?!!--))*-->", re.IGNORECASE)

_AT = r"\s{0,3}(?:@|[(\[{<]\s?(?:at|@)\s?[)\]}>]|(?<=\s)at(?=\s))\s{0,3}"
_DOT = r"\s?(?:\.|[(\[{<]\s?(?:dot|punkt|\.)\s?[)\]}>]|(?<=\s)dot(?=\s))\s?"
_GAP = r"[\W_]{0,4}"  # between two digits of a number


# Base64 of RFC 4648, in either alphabet, in one line or folded over several.
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}+(?:\r?\n[A-Za-z0-9+/_-]{4,}+)*+={0,2}")
_URL_SAFE = str.maketrans("-_", "+/", "\r\n")

#: What stands in every text that a pattern matches, and the pattern. A seed that begins with one of the two marks stands there with other
#: characters between its own.
Seeded = tuple[str, str]
DIGITS = "#"  # only the digits of the text are looked at
LETTERS = "~"  # only its letters and digits are
_DIGIT, _LETTER = re.compile("[0-9]"), re.compile(r"[^\W_]")

# Around a seed, so that whatever holds it lies within: an address has 254 characters at most, in a form that people write perhaps some more.
_MARGIN = 400


class _Plain(dict[int, str]):
    """Characters as they are compared: in one case, digits and letters of any width or script as ASCII has them; each stays one character."""

    def __missing__(self, code: int) -> str:
        ch = chr(code)
        plain = str(unicodedata.decimal(ch)) if ch.isdecimal() else fold_case(unicodedata.normalize("NFKC", ch))
        self[code] = plain = plain if len(plain) == 1 else ch
        return plain


_plain = _Plain()


class _View:
    """A text as it reads once something in it is read for another thing, with the way back to where that stands."""

    def __init__(self, text: str, pattern: re.Pattern[str], read: Callable[[str], str]) -> None:
        pieces: list[str] = []
        self._starts = [0]  # of pieces, here
        self._there = [
            (0, 0, True)
        ]  # of the same pieces: where they start and end in the text, and whether character by character
        size = end = 0

        def add(piece: str, start: int, stop: int, same: bool) -> None:
            nonlocal size
            if piece:
                self._starts.append(size)
                self._there.append((start, stop, same))
                pieces.append(piece)
                size += len(piece)

        for match in pattern.finditer(text):
            add(text[end : match.start()], end, match.start(), True)
            add(read(match[0]), *match.span(), False)
            end = match.end()
        add(text[end:], end, len(text), True)
        self.text = "".join(pieces)

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Return where a span of this view stands in the text."""
        return self._at(start)[0], self._at(stop - 1)[1]

    def _at(self, position: int) -> tuple[int, int]:
        index = bisect_right(self._starts, position) - 1
        start, stop, same = self._there[index]
        if not same:
            return start, stop
        place = start + position - self._starts[index]
        return place, place + 1


def _decoded(code: str) -> str:
    if code[0] == "&":
        return unescape_html(code)
    if code[0] == "%":
        for _ in range(4):
            code = unquote(code)
        return code
    if code[0] == "\\":
        return chr(int(code[2:], 16))
    if code[:2] == "=?":
        try:
            return "".join(
                part if isinstance(part, str) else part.decode(charset or "ascii", "replace")
                for part, charset in decode_header(code)
            )
        except (HeaderParseError, LookupError, ValueError):
            return code
    if code[0] == "=":
        return _text_of(bytes.fromhex("".join(code.replace("=", "").split())))
    return unicodedata.normalize("NFC", code) if code[0].isalpha() else ""


def _text_of(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _unpacked(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what stands in base64 in a text: from where to where, and what it says. Most words of so many letters say nothing."""
    for match in _BASE64.finditer(text):
        lines = [(match.start(), match.end(), match[0])]
        if "\n" in match[0]:
            # A line of words before it would shift every character.
            at = match.start()
            for line in match[0].splitlines(keepends=True):
                lines.append((at, at + len(line.rstrip()), line))
                at += len(line)
        for start, stop, packed in lines:
            packed = packed.translate(_URL_SAFE).rstrip("=")
            try:
                yield start, stop, base64.b64decode(packed + "=" * (-len(packed) % 4)).decode()
            except (binascii.Error, UnicodeDecodeError):
                continue


class Spellings:
    """Finds some identifiers in texts and replaces them.

    Found are the normal form and the form for display, numbers with and without country and area code in any grouping, addresses with
    ``(at)`` and ``(dot)``, profile URLs, handles with and without ``@``, account numbers in groups; each also with other widths and scripts of
    characters, as entities of HTML, percent- or quoted-printable-encoded, in base64, in the sender of a forwarding or a bounce (SRS, VERP), and
    across tags and characters that cannot be seen.

    Args:
        identifiers: those to find.
        raws: texts as they came that stand for them.
        region: in which national numbers are read.

    >>> from omnitrack.identifiers.text import identifier
    >>> Spellings([identifier("+442079460958")]).replace("020 7946-0958 or 0044 (0)20 7946 0958, not 020 7946 0959", "-")
    '- or -, not 020 7946 0959'
    """

    def __init__(
        self,
        identifiers: Iterable[Identifier],
        raws: Iterable[str] = (),
        region: str | None = None,
        further: Iterable[Seeded] = (),
    ) -> None:
        self._named = frozenset(identifiers)
        self._region = region
        literals = {text for one in self._named for text in (one.key, one.value, one.display)} | set(raws)
        self._parts = {part for one in self._named for part in _parts(one) if len(part) >= LEAST_APART}
        self._whole = {text.translate(_plain).strip() for text in literals}
        patterns = [p for one in sorted(self._named, key=lambda i: i.key) for p in _patterns(one)]
        # As a word by itself only what its own pattern does not find more narrowly.
        literals -= {text for text in literals if _narrow(self._named, text, region)}
        patterns += [_literal(text) for text in sorted(literals, key=lambda t: (-len(t), t)) if len(text) >= LEAST]
        patterns += [(seed.translate(_plain), pattern) for seed, pattern in further]
        self._patterns = [(seed, f"(?:{pattern})") for seed, pattern in patterns if pattern]
        self._compiled: dict[str, re.Pattern[str]] = {}

    def replace(self, text: str, replacement: str) -> str:
        """Return the text with every spelling replaced."""
        if not text:
            return text
        if text.translate(_plain).strip() in self._whole or self._is_named(text):
            return replacement
        found = sorted(self._spans(text))
        if not found:
            return text
        out: list[str] = []
        end = 0
        for start, stop in found:
            if start >= end:
                out += (text[end:start], replacement)
            end = max(end, stop)
        out.append(text[end:])
        return "".join(out)

    def stand_in(self, text: str) -> bool:
        """Return whether one stands anywhere in an id that a system made, be it inside a longer word."""
        readings = [text, _View(text, _CODED, _decoded).text, *(said for _, _, said in _unpacked(text))]
        for reading in readings:
            plain = reading.translate(_plain)
            bare = "".join(filter(str.isalnum, plain))
            if any(part in plain or part in bare for part in self._parts):
                return True
        return self.replace(text, "") != text

    def _is_named(self, text: str) -> bool:
        return _read(text, self._region) in self._named

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        yield from self._seen(text)
        for start, stop, said in _unpacked(text):
            if next(self._seen(said), None) is not None:
                yield start, stop

    def _seen(self, text: str) -> Iterator[tuple[int, int]]:
        yield from self._in(text)
        if _CODED.search(text):
            view = _View(text, _CODED, _decoded)
            yield from (view.span(*span) for span in self._in(view.text))
        if _TAG.search(text):
            # What stands inside a tag was looked at above.
            bare = _View(text, _TAG, lambda tag: "")
            view = _View(bare.text, _CODED, _decoded)
            yield from (bare.span(*view.span(*span)) for span in self._in(view.text))

    def _in(self, text: str) -> Iterator[tuple[int, int]]:
        plain = text.translate(_plain)
        # Most texts hold none of them, and searching for a word costs a hundredth of reading every place: what is read is around the seeds.
        places: list[tuple[int, int]] = []
        likely: list[str] = []
        known: dict[str, list[tuple[int, int]]] = {}
        for seed, pattern in self._patterns:
            if seed not in known:
                known[seed] = list(_places(plain, seed))
                places += known[seed]
            if known[seed]:
                likely.append(pattern)
        if not likely:
            return
        joined = "|".join(likely)
        compiled = self._compiled.get(joined) or self._compiled.setdefault(joined, re.compile(joined))
        for begin, end in _windows(places, len(text)):
            for start, stop, one in spans(text[begin:end], self._region):
                if one in self._named:
                    yield begin + start, begin + stop
            yield from (match.span() for match in compiled.finditer(plain, begin, end))


def _places(plain: str, seed: str) -> Iterator[tuple[int, int]]:
    """Yield where a seed stands in a text, from where to where."""
    mark, word = seed[:1], seed[1:]
    if mark in (DIGITS, LETTERS) and word:
        kept = [match.start() for match in (_DIGIT if mark == DIGITS else _LETTER).finditer(plain)]
        bare = "".join(map(plain.__getitem__, kept))
        at = bare.find(word)
        while at >= 0:
            start, stop = kept[at], kept[at + len(word) - 1] + 1
            if stop - start <= _MARGIN:
                yield start, stop
            at = bare.find(word, at + 1)
    elif seed:
        at = plain.find(seed)
        while at >= 0:
            yield at, at + len(seed)
            at = plain.find(seed, at + len(seed))


def _windows(places: Iterable[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a text around some places, those that meet as one."""
    begin = end = -1
    for start, stop in sorted(places):
        start, stop = max(0, start - _MARGIN), min(size, stop + _MARGIN)
        if start > end:
            if end >= 0:
                yield begin, end
            begin = start
        end = max(end, stop)
    if end >= 0:
        yield begin, end


def _read(text: str, region: str | None) -> Identifier | None:
    try:
        return identifier(text, region)
    except InvalidIdentifierError:
        return None


def _narrow(named: frozenset[Identifier], text: str, region: str | None) -> bool:
    one = _read(text, region)
    return one in named and one is not None and one.scheme in ("phone", "email")


def _parts(one: Identifier) -> Iterator[str]:
    """Yield what of an identifier tells it from others when it stands inside a longer word."""
    if one.scheme == "phone":
        lib = library()
        try:
            yield str(lib.national_significant_number(lib.parse(one.value)))
        except lib.NumberParseException:
            yield one.value.lstrip("+")
    elif one.scheme == "email":
        local, _, domain = one.value.rpartition("@")
        yield from (f"{local}@{host}".translate(_plain) for host in _hosts(domain))
    else:
        yield one.value.translate(_plain)


def _patterns(one: Identifier) -> list[Seeded]:
    scheme = find_scheme(one.scheme)
    if one.scheme == "phone":
        return _phone(one.value)
    if one.scheme == "email":
        return _email(one.value)
    if one.scheme == "postal":
        return _postal(one.value)
    value = one.value.translate(_plain)
    if isinstance(scheme, Account):
        return [(_seed(value), rf"(?:@\s?|(?<=[/@])){_spaced(value)}(?!\w)")]
    if isinstance(scheme, IssuedScheme):
        letters = [re.escape(ch) for ch in value if ch.isalnum()]
        seed = LETTERS + "".join(filter(_LETTER.match, value))
        return [(seed, _word("[ ./_-]?".join(letters)))] if LEAST_APART <= len(letters) <= MOST_APART else []
    return []


def _spaced(text: str) -> str:
    return r"\s+".join(map(re.escape, text.split()))


def _word(pattern: str) -> str:
    return rf"(?<!\w){pattern}(?!\w)"


def _seed(plain: str) -> str:
    """Return the longest word."""
    return max(plain.split(), key=len, default="")


def _literal(text: str) -> Seeded:
    plain = text.translate(_plain).strip()
    before = r"(?<!\w)" if plain[:1].isalnum() else ""
    behind = r"(?!\w)" if plain[-1:].isalnum() else ""
    return _seed(plain), f"{before}{_spaced(plain)}{behind}" if plain else ""


def _phone(value: str) -> list[Seeded]:
    number, _, extension = value.partition(";ext=")
    lib = library()
    try:
        parsed = lib.parse(number)
    except lib.NumberParseException:  # a value of another release's numbering plans
        return []
    significant = lib.national_significant_number(parsed)
    region = lib.region_code_for_country_code(parsed.country_code)
    trunk = lib.ndd_prefix_for_region(region, True) or "0"
    national = "".join(filter(str.isdigit, lib.format_number(parsed, lib.PhoneNumberFormat.NATIONAL)))
    country = _digits(str(parsed.country_code))
    behind = rf"{_GAP}(?:ext[^\W\d_]{0, 9}|x|\#|durchwahl)?{_GAP}{_digits(extension)}(?!\d)" if extension else r"(?!\d)"
    international = rf"(?:(?:\+|0{_GAP}0|0{_GAP}1{_GAP}1|0{_GAP}1{_GAP}0){_GAP})?{country}{_GAP}"
    lead = rf"(?<!\d)\(?(?:{international})?(?:\(?{_digits(trunk)}\)?{_GAP})?"
    found = [f"{lead}{_digits(digits)}{behind}" for digits in dict.fromkeys((significant, national))]
    # Behind the first group of the international form, which is the area code where there is one.
    groups = lib.format_number(parsed, lib.PhoneNumberFormat.INTERNATIONAL).replace("-", " ").split()[2:]
    local = "".join(groups)
    if LEAST_LOCAL <= len(local) < len(significant):
        found.append(rf"(?<!\d)(?<!\d\W)(?<!\d\W\W){_digits(local)}{behind}")
    # All forms end alike, in more digits than chance has in a row.
    seed = DIGITS + (significant[-LEAST_LOCAL:] + extension)
    return [(seed, pattern) for pattern in found]


def _digits(text: str) -> str:
    return _GAP.join(text)


def _email(value: str) -> list[Seeded]:
    local, _, domain = value.rpartition("@")
    local = local.translate(_plain)
    provider = PROVIDERS.get(domain, Provider(domain))
    if provider.dots:
        name = r"\.?".join(map(re.escape, local))
    else:
        name = _DOT.join(re.escape(part) for part in local.split("."))
    if provider.tags:
        name += r"(?:\+[\w.+-]{1,64})?"
    # A letter and one of these in front make it a longer address, which is somebody else's.
    lead = rf"(?<![^\W_])(?<![^\W_][.+'_-]){name}{_AT}"
    found: list[Seeded] = []
    for host in sorted({form.translate(_plain) for form in _hosts(domain)}):
        seed, written = max(host.split("."), key=len), _DOT.join(map(re.escape, host.split(".")))
        found.append((seed, rf"{lead}{written}(?![^\W_]|-[^\W_])"))
        # In the sender of a bounce (VERP: list+jane=example.com@list.example) and of a forwarding (SRS: SRS0=x=y=example.com=jane@forwarder.example).
        found.append((seed, rf"(?<![^\W_]){name}={re.escape(host)}(?=@)|(?<![^\W_]){re.escape(host)}={name}(?=@)"))
    return found


def _hosts(domain: str) -> Iterator[str]:
    for each in _same_domains(domain):
        yield from (each, unicode_domain(each))


def _same_domains(domain: str) -> list[str]:
    return [domain, *(name for name, provider in PROVIDERS.items() if provider.domain == domain)]


def _postal(value: str) -> list[Seeded]:
    found = []
    for part in value.split(";"):
        field, _, text = part.partition("=")
        plain = unquote(text).translate(_plain)
        if field == "postcode" and len(plain) >= LEAST_APART - 1:
            seed = LETTERS + "".join(filter(_LETTER.match, plain))
            found.append((seed, _word("[ -]?".join(map(re.escape, plain)))))
        elif field in ("name", "street") and len(plain) >= LEAST:
            found.append((_seed(plain), _word(r"[\W_]{1,3}".join(map(re.escape, plain.split())))))
    return found
