"""Spellings: where identifiers stand in a text, in whatever way people, forms and web pages write them, so that they can be taken out."""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote

from omnitrack.errors import InvalidIdentifierError
from omnitrack.identifiers.characters import fold
from omnitrack.identifiers.domains import unicode_domain
from omnitrack.identifiers.mailboxes import PROVIDERS, Provider
from omnitrack.identifiers.numbering import library
from omnitrack.identifiers.scheme import Identifier, find_scheme, unescape
from omnitrack.identifiers.simple import IssuedScheme
from omnitrack.identifiers.social import Account
from omnitrack.identifiers.text import identifier, spans

LEAST = 3  # characters of a bare word that is looked for; a shorter one stands in too many others
LEAST_APART = 5  # of an account number that may be written in groups
MOST_APART = 64  # likewise; a longer one is looked for as it is
LEAST_LOCAL = 7  # digits of a number without its area code

# What machines write for one character, or between two where nobody sees it.
_CODED = re.compile(
    r"&(?:\#\d{1,7}|\#x[0-9a-f]{1,6}|[a-z]{2,31}\d{0,2});?|(?:%[0-9a-f]{2})+|=[0-9a-f]{2}|=\r?\n|\\u[0-9a-f]{4}"
    "|[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
    "|[^\\W\\d_][\u0300-\u036f]+",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-z][a-z0-9:-]{0,30}(?:\s[^<>]*+|/)?>|<!--(?:[^<-]++|-(?!->)|<(?!!--))*-->", re.IGNORECASE)

_AT = r"\s{0,3}(?:@|[(\[{<]\s?(?:at|@)\s?[)\]}>]|(?<=\s)at(?=\s))\s{0,3}"
_DOT = r"\s?(?:\.|[(\[{<]\s?(?:dot|punkt|\.)\s?[)\]}>]|(?<=\s)dot(?=\s))\s?"
_GAP = r"[\W_]{0,4}"  # between two digits of a number


_NUMBERS = "numbers"  # the seed of patterns of digits
_NUMBER = re.compile(rf"\d(?:{_GAP}\d){{{LEAST_LOCAL - 1}}}")

#: What stands in every text that a pattern matches, and the pattern.
_Seeded = tuple[str, str]


class _Plain(dict[int, str]):
    """Characters as they are compared: in one case, digits and letters of any width or script as ASCII has them; each stays one character."""

    def __missing__(self, code: int) -> str:
        ch = chr(code)
        plain = str(unicodedata.decimal(ch)) if ch.isdecimal() else fold(unicodedata.normalize("NFKC", ch))
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
        return html.unescape(code)
    if code[0] == "%":
        return unquote(code)
    if code[0] == "\\":
        return chr(int(code[2:], 16))
    if code[0] == "=":
        return "" if code[1] in "\r\n" else chr(int(code[1:], 16))
    return unicodedata.normalize("NFC", code) if code[0].isalpha() else ""


class Spellings:
    """Finds some identifiers in texts and replaces them.

    Found are the normal form and the form for display, numbers with and without country and area code in any grouping, addresses with
    ``(at)`` and ``(dot)``, profile URLs, handles with and without ``@``, account numbers in groups; each also with other widths and scripts of
    characters, as entities of HTML, percent- or quoted-printable-encoded, and across tags and characters that cannot be seen.

    Args:
        identifiers: those to find.
        raws: texts as they came that stand for them.
        region: in which national numbers are read.

    >>> from omnitrack.identifiers.text import identifier
    >>> Spellings([identifier("+442079460958")]).replace("020 7946-0958 or 0044 (0)20 7946 0958, not 020 7946 0959", "-")
    '- or -, not 020 7946 0959'
    """

    def __init__(self, identifiers: Iterable[Identifier], raws: Iterable[str] = (), region: str | None = None) -> None:
        self._named = frozenset(identifiers)
        self._region = region
        literals = {text for one in self._named for text in (one.key, unescape(one.value), one.display)} | set(raws)
        self._parts = {part for one in self._named if len(part := _part(one)) >= LEAST_APART}
        self._whole = {text.translate(_plain).strip() for text in literals}
        patterns = [p for one in sorted(self._named, key=lambda i: i.key) for p in _patterns(one)]
        # As a word by itself only what its own pattern does not find more narrowly.
        literals -= {text for text in literals if _narrow(self._named, text, region)}
        patterns += [_literal(text) for text in sorted(literals, key=lambda t: (-len(t), t)) if len(text) >= LEAST]
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
        plain = text.translate(_plain)
        bare = "".join(filter(str.isalnum, plain))
        return any(part in plain or part in bare for part in self._parts) or self.replace(text, "") != text

    def _is_named(self, text: str) -> bool:
        return _read(text, self._region) in self._named

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
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
        for start, stop, one in spans(text, self._region):
            if one in self._named:
                yield start, stop
        plain = text.translate(_plain)
        numbers = _NUMBER.search(plain) is not None
        # Most texts hold none of them, and searching for a word costs a hundredth of trying patterns at every place.
        likely = "|".join(p for seed, p in self._patterns if (numbers if seed == _NUMBERS else seed in plain))
        if likely:
            pattern = self._compiled.get(likely) or self._compiled.setdefault(likely, re.compile(likely))
            yield from (match.span() for match in pattern.finditer(plain))


def _read(text: str, region: str | None) -> Identifier | None:
    try:
        return identifier(text, region)
    except InvalidIdentifierError:
        return None


def _narrow(named: frozenset[Identifier], text: str, region: str | None) -> bool:
    one = _read(text, region)
    return one in named and one is not None and one.scheme in ("phone", "email")


def _part(one: Identifier) -> str:
    """Return what of an identifier tells it from others when it stands inside a longer word."""
    if one.scheme == "phone":
        lib = library()
        try:
            return str(lib.national_significant_number(lib.parse(one.value)))
        except lib.NumberParseException:
            return one.value.lstrip("+")
    return unescape(one.value).translate(_plain)


def _patterns(one: Identifier) -> list[_Seeded]:
    scheme = find_scheme(one.scheme)
    if one.scheme == "phone":
        return _phone(one.value)
    if one.scheme == "email":
        return _email(one.value)
    if one.scheme == "postal":
        return _postal(one.value)
    value = unescape(one.value).translate(_plain)
    if isinstance(scheme, Account):
        return [(_seed(value), rf"(?:@\s?|(?<=[/@])){_spaced(value)}(?!\w)")]
    if isinstance(scheme, IssuedScheme):
        letters = [re.escape(ch) for ch in value if ch.isalnum()]
        return [("", _word("[ ./_-]?".join(letters)))] if LEAST_APART <= len(letters) <= MOST_APART else []
    return []


def _spaced(text: str) -> str:
    return r"\s+".join(map(re.escape, text.split()))


def _word(pattern: str) -> str:
    return rf"(?<!\w){pattern}(?!\w)"


def _seed(plain: str) -> str:
    """Return the longest word."""
    return max(plain.split(), key=len, default="")


def _literal(text: str) -> _Seeded:
    plain = text.translate(_plain).strip()
    before = r"(?<!\w)" if plain[:1].isalnum() else ""
    behind = r"(?!\w)" if plain[-1:].isalnum() else ""
    return _seed(plain), f"{before}{_spaced(plain)}{behind}" if plain else ""


def _phone(value: str) -> list[_Seeded]:
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
    return [(_NUMBERS, pattern) for pattern in found]


def _digits(text: str) -> str:
    return _GAP.join(text)


def _email(value: str) -> list[_Seeded]:
    local, _, domain = value.rpartition("@")
    local = local.translate(_plain)
    provider = PROVIDERS.get(domain, Provider(domain))
    if provider.dots:
        name = r"\.?".join(map(re.escape, local))
    else:
        name = _DOT.join(re.escape(part) for part in local.split("."))
    if provider.tags:
        name += r"(?:\+[\w.+-]{1,64})?"
    hosts = {form.translate(_plain) for each in _same_domains(domain) for form in (each, unicode_domain(each))}
    # A letter and one of these in front make it a longer address, which is somebody else's.
    lead = rf"(?<![^\W_])(?<![^\W_][.+'_-]){name}{_AT}"
    return [
        (max(host.split("."), key=len), rf"{lead}{_DOT.join(map(re.escape, host.split('.')))}(?![^\W_]|-[^\W_])")
        for host in sorted(hosts)
    ]


def _same_domains(domain: str) -> list[str]:
    return [domain, *(name for name, provider in PROVIDERS.items() if provider.domain == domain)]


def _postal(value: str) -> list[_Seeded]:
    found = []
    for part in value.split(";"):
        field, _, text = part.partition("=")
        plain = unquote(text).translate(_plain)
        if field == "postcode" and len(plain) >= LEAST_APART - 1:
            found.append(("", _word("[ -]?".join(map(re.escape, plain)))))
        elif field in ("name", "street") and len(plain) >= LEAST:
            found.append((_seed(plain), _word(r"[\W_]{1,3}".join(map(re.escape, plain.split())))))
    return found
