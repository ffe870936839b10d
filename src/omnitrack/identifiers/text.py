"""Texts: the identifier that a bare string is, and those that stand inside free text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches

from omnitrack.errors import InvalidIdentifierError, WithheldError, mask, told
from omnitrack.identifiers import postal, simple, sip  # noqa: F401  (they register their schemes)
from omnitrack.identifiers.callers import says_withheld
from omnitrack.identifiers.email import email
from omnitrack.identifiers.jids import is_jid
from omnitrack.identifiers.nonvalues import REASON as PLACEHOLDER
from omnitrack.identifiers.numbers import MAX_READ, numbers
from omnitrack.identifiers.phone import phone
from omnitrack.identifiers.profiles import read_profile
from omnitrack.identifiers.scheme import (
    MAX_KEY_LENGTH,
    Identifier,
    checked_region,
    checked_text,
    find_scheme,
    find_uri,
    get_scheme,
    iter_schemes,
    remembered,
)
from omnitrack.identifiers.social import PLATFORM_NAMES, Account, social
from omnitrack.identifiers.urls import looks_like_url, read_url
from omnitrack.identifiers.websites import Website

_ACCEPTED = "accepted are a phone number, a mail address, a profile URL, @user@host, or a value behind its scheme such as x:jane or account:BT123@bt"
_CUSTOMER_ID = re.compile(r"cus_[0-9a-f]{32}", re.IGNORECASE)
_PREFIX = re.compile(r"([^\W\d_][\w-]*):(?!//)")
# One word of letters and digits, as numbers of customers, orders and contracts are written.
_NUMBERED = re.compile(r"(?=.*[^\W\d_])[\w./#-]+")
_PHONE_URIS = frozenset({"tel", "callto", "sms", "smsto", "fax"})


def identifier(text: str | Identifier, region: str | None = None) -> Identifier:
    """Return the identifier that a bare string is, whatever its scheme.

    Understood are keys (``x:jane``, ``account:BT123@bt``), phone numbers, mail addresses, ``tel:``, ``mailto:`` and
    ``sip:`` URIs, profile URLs, and ``@user@host`` of Mastodon. ``identifier(i.key) == i`` for every identifier.

    Args:
        text: as a person or a system writes it; an Identifier is returned as it is.
        region: ISO 3166 alpha-2 region in which a national number is read.

    Raises:
        WithheldError: a word for a caller who is withheld or not known.
        InvalidIdentifierError: none of those, or a bare ``@handle``, which needs its platform.

    >>> identifier("020 7946 0958", region="GB").key, identifier("https://x.com/Jane").key
    ('phone:+442079460958', 'x:jane')
    >>> identifier("account:BT123@bt").scope
    'bt'
    """
    if isinstance(text, Identifier):
        return text
    return _identifier(checked_text(text, "identifier", MAX_KEY_LENGTH), checked_region(region))


@remembered
def _identifier(text: str, region: str | None) -> Identifier:
    body = text.strip()
    if body.startswith("cus_"):
        if _CUSTOMER_ID.fullmatch(body):
            raise InvalidIdentifierError("identifier: got a customer id, accepted are identifiers of a person")
        raise InvalidIdentifierError(
            f"identifier: got {mask(body)!r}, which begins as a customer id and is none; accepted is cus_ and 32 hexadecimal digits, "
            "or an identifier of a person"
        )
    found = _behind_prefix(body, region) if ":" in body else None
    if found is not None:
        return found
    try:
        return _bare(text, body, region)
    except WithheldError:
        raise
    except InvalidIdentifierError:
        # It read as nothing at all: what stands before a colon was meant for a scheme, not for a part of a number.
        if (head := _PREFIX.match(body)) is not None:
            raise _unknown_scheme(head[1]) from None
        raise


def _unknown_scheme(name: str) -> InvalidIdentifierError:
    known = sorted(scheme.name for scheme in iter_schemes())
    near = get_close_matches(name.lower(), known, 1)
    meant = f" (did you mean {near[0]!r}?)" if near else ""
    return InvalidIdentifierError(
        f"scheme: got {mask(name)!r}{meant}, which is not registered; known are {', '.join(known)}"
    )


def _bare(text: str, body: str, region: str | None) -> Identifier:
    if body.startswith("@"):
        if "@" in body[1:]:
            return social("mastodon", body)
        raise InvalidIdentifierError(
            f"identifier: got {mask(body)!r}, a handle that needs its platform, accepted is for example x:{mask(body[1:])}"
        )
    if "@" in body and not looks_like_url(body):
        return social("whatsapp", body) if is_jid(body) else email(body)
    if looks_like_url(body):
        return read_profile(read_url(body, "identifier"), text)
    if says_withheld(body, region):
        return phone(body, region)
    if sum(map(str.isdigit, body)) >= 3:
        if _NUMBERED.fullmatch(body) is None:
            return phone(body, region)
        with suppress(InvalidIdentifierError):  # letters may spell a number: 1-800-FLOWERS
            return phone(body, region)
    raise InvalidIdentifierError(f"identifier: got {mask(body)!r}; {_ACCEPTED}")


def _behind_prefix(body: str, region: str | None) -> Identifier | None:
    head, _, rest = body.partition(":")
    name = head.strip().lower()
    if (scheme := find_uri(body)) is not None:
        return scheme.parse(body, region=region)
    name = PLATFORM_NAMES.get(name, name)
    if name in _PHONE_URIS:
        return phone(body, region)
    if name == "mailto":
        return email(body)
    if name == "sips":
        return get_scheme("sip").parse(body, region=region)
    if name == "acct":
        return social("mastodon", body)
    if name in ("did", "at"):
        return social("bluesky", body)
    if name == "tg":
        return _telegram(body)
    scheme = find_scheme(name)
    return None if scheme is None else scheme.from_key(rest.strip(), region=region)


def _telegram(body: str) -> Identifier:
    """Read ``tg://resolve?domain=jane`` and ``tg://user?id=123`` (core.telegram.org/api/links)."""
    page, _, query = body[3:].removeprefix("//").partition("#")[0].partition("?")
    fields = {name.lower(): value for name, _, value in (field.partition("=") for field in query.split("&"))}
    page = page.lower()
    if page == "resolve" and (number := fields.get("phone")):
        return phone(f"+{number}")
    name = fields.get("domain") if page == "resolve" else fields.get("id") if page == "user" else None
    if not name:
        raise InvalidIdentifierError(f"telegram: got {mask(body)!r}, accepted is tg://resolve?domain=jane")
    return social("telegram", name)


# Where in free text an identifier may begin. Each is read by identifier() afterwards, so these only have to find.
_DOMAIN = r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,24})(?![\w-])"
_URLS = re.compile(
    r"(?:https?://|(?<![\w@.])(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}/)[^\s<>\"'`|\\^{}\[\]]{1,400}", re.IGNORECASE
)
_FEDERATED = re.compile(rf"(?<![\w@.])@[\w.-]{{1,64}}@{_DOMAIN}", re.IGNORECASE)
_MAILS = re.compile(rf"(?<![\w.+/=&%#?@-])(?<!\w')\w[\w.+'-]{{0,63}}@{_DOMAIN}", re.IGNORECASE)
_HANDLES = re.compile(r"(?<![\w@./])[@＠][\w.·-]{1,100}")
_END = ".,;:!?)»”’'\"…"
_MAX_FOUND = 10_000


def find_identifiers(text: str, region: str | None = None, platform: str | None = None) -> list[Identifier]:
    """Return the identifiers that stand in free text, each once, in order of appearance.

    Found are phone numbers, mail addresses, profile URLs, ``@user@host``, and the ``@handles`` of the platform given.
    A number without its country code is taken where it is valid in the region, or written with the national prefix; an
    order number is seldom either. What stands where there is no value, such as ``noemail@example.com``, is left out.

    Args:
        text: of any length. Of each kind the first 5,000 different writings are read, and 10,000 identifiers are returned at most; the time
            grows with the length alone.
        region: ISO 3166 alpha-2 region in which national numbers are read; None finds international ones only.
        platform: on which the text was posted; None finds no bare handles.

    >>> [i.key for i in find_identifiers("I am jane@example.com, call 020 7946 0958!", region="GB")]
    ['email:jane@example.com', 'phone:+442079460958']
    >>> [i.key for i in find_identifiers("thanks @BTCare, @jane_x here", platform="x")]
    ['x:btcare', 'x:jane_x']
    """
    if not isinstance(text, str):
        raise InvalidIdentifierError(f"text: got {type(text).__name__}, accepted is a string")
    if platform is not None:
        if not isinstance(platform, str):
            raise InvalidIdentifierError(
                f"platform: got {type(platform).__name__}, accepted is a social platform such as x"
            )
        platform = PLATFORM_NAMES.get(platform.strip().lower(), platform.strip().lower())
        if not isinstance(get_scheme(platform), Account):
            raise InvalidIdentifierError(f"platform: got {told(platform)}, accepted is a social platform such as x")
    found: dict[Identifier, None] = {}
    for _, _, one in spans(text, region, platform):
        if len(found) < _MAX_FOUND and one.reason != PLACEHOLDER and one.scheme != Website.name:
            found.setdefault(one)
    return list(found)


def spans(text: str, region: str | None = None, platform: str | None = None) -> Iterator[tuple[int, int, Identifier]]:
    """Yield where each identifier stands in a text, as (start, stop, identifier); arguments as of find_identifiers."""
    end = 0
    for start, stop, one in sorted(
        _spans(text, checked_region(region), platform), key=lambda span: (span[0], -span[1])
    ):
        if start >= end:
            yield start, stop, one
            end = stop


def _spans(text: str, region: str | None, platform: str | None) -> Iterator[tuple[int, int, Identifier]]:
    read = _Reader(region)
    urls: list[tuple[int, int]] = []
    for match in _URLS.finditer(text):
        piece = match[0].rstrip(_END)
        urls.append((match.start(), match.start() + len(piece)))
        if (one := read(piece)) is not None:
            yield *urls[-1], one
    # What stands inside a URL is a part of it, whether the URL is anybody's or not.
    inside = _Inside(urls)
    for pattern in (_FEDERATED, _MAILS):
        read = _Reader(region)
        for match in pattern.finditer(text):
            one = None if inside(*match.span()) else read(match[0])
            if one is not None:
                yield *match.span(), one
    if platform is not None:
        read = _Reader(region, platform)
        for match in _HANDLES.finditer(text):
            piece = match[0].rstrip(_END + "-")
            start, stop = match.start(), match.start() + len(piece)
            if not inside(start, stop) and (one := read(piece)) is not None:
                yield start, stop, one
    for start, stop, one in numbers(text, region):
        if not inside(start, stop):
            yield start, stop, one


class _Inside:
    """Whether a span meets one of some spans that do not overlap."""

    def __init__(self, spans: list[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in spans]
        self._stops = [stop for _, stop in spans]

    def __call__(self, start: int, stop: int) -> bool:
        index = bisect_left(self._starts, stop) - 1
        return index >= 0 and self._stops[index] > start


class _Reader:
    """Reads the pieces of a text that look alike, each writing once, and at most ``MAX_READ`` of them."""

    def __init__(self, region: str | None, platform: str | None = None) -> None:
        self._region, self._platform = region, platform
        self._found: dict[str, Identifier | None] = {}

    def __call__(self, piece: str) -> Identifier | None:
        if piece not in self._found:
            if len(self._found) >= MAX_READ:
                return None
            self._found[piece] = self._read(piece)
        return self._found[piece]

    def _read(self, piece: str) -> Identifier | None:
        try:
            return identifier(piece, self._region) if self._platform is None else social(self._platform, piece)
        except InvalidIdentifierError:
            return None
