"""Identifiers in text: parsing of a single string, and extraction from free text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from difflib import get_close_matches

from omnitrack.errors import InvalidIdentifierError, WithheldError, mask, plain_repr
from omnitrack.identifiers import postal, simple, sip  # noqa: F401  (they register their schemes)
from omnitrack.identifiers.callers import says_withheld
from omnitrack.identifiers.email import email
from omnitrack.identifiers.figures import SPACELESS
from omnitrack.identifiers.jids import is_jid
from omnitrack.identifiers.nonvalues import REASON as PLACEHOLDER
from omnitrack.identifiers.nonvalues import is_written_for_nothing
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


# Where in free text an identifier may begin. Each is read by identifier() afterwards, so these only have to find. A letter of a script that has no
# spaces between words (SPACELESS) is no part of what it stands beside, unless all of it is written so.
_W = rf"[^\W{SPACELESS}]"
_LABEL = rf"(?:{_W}(?:(?:{_W}|-){{0,61}}{_W})?\.)"
_LABEL_OF_ANY = r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)"
_TOP = rf"(?:xn--[a-z0-9-]{{2,59}}|(?:(?!\d|_){_W}){{2,24}})(?!{_W}|-{_W})"
_DOMAIN = rf"(?:{_LABEL}{{1,8}}{_TOP}|{_LABEL_OF_ANY}{{1,8}}(?:[a-z]{{2,24}}(?!{_W}|-{_W})|[^\W\d_]{{2,24}}(?![\w-])))"
_URLS = re.compile(
    rf"(?:https?://|(?<!{_W})(?<![@.])(?:[a-z0-9-]{{1,63}}\.){{1,4}}[a-z]{{2,24}}/)[^\s<>\"'`|\\^{{}}\[\]，。、；！？（）「」『』【】《》]{{1,400}}",
    re.IGNORECASE,
)
# What is a URI of another kind, or an id of a mail, as a whole; of those none but addresses of SIP (RFC 3261) is anybody's.
_URIS = re.compile(
    r"(?<![a-z0-9+.-])(?:(?P<sip>sips?:)[^\s<>\"',;]{1,200}|(?!https?:)[a-z][a-z0-9+.-]{1,20}+://[^\s<>\"'`|]{1,400}|(?:xmpp|cid|mid|im):[^\s<>\"']{1,200})"
    r"|(?<![\w.-])[\w.-]{1,64}+@[\w.-]{1,200}+:(?:[~/]|[\w.-]{1,64}+/)[^\s<>\"']{0,200}"
    r"|^[> \t]{0,9}+(?:message-id|in-reply-to|references|content-id)[ \t]?:(?:\s{0,20}+<[^<>\s]{1,300}+>){1,50}",
    re.IGNORECASE | re.MULTILINE,
)
_FEDERATED = re.compile(rf"(?<!{_W})(?<![@./])@[a-z0-9_](?:[a-z0-9_.-]{{0,62}}[a-z0-9_])?@{_DOMAIN}", re.IGNORECASE)
_MAILS = re.compile(
    rf"(?<!{_W})(?<![.+/=&%#?@-])(?<!{_W}')"
    rf"(?:{_W}(?:(?![{SPACELESS}])[\w.+'-]){{0,63}}+@|\w[\w.+'-]{{0,63}}+@(?<=[{SPACELESS}]@)(?=[a-z0-9-]{{0,62}}[{SPACELESS}]))(?![1-4]x\.){_DOMAIN}",
    re.IGNORECASE,
)
# Mentions as twitter-text finds them: what may not stand before, RT, and what may not stand behind (another @, a Latin letter with an accent, ://).
_BEFORE_MENTION = r"(?:(?<![a-z0-9_!#$%&*@＠])|(?<=(?<![a-z0-9_+~.-])rt)|(?<=(?<![a-z0-9_+~.-])rt:))"
_BEHIND_MENTION = r"(?![@＠]|[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff]|://)"
_HANDLES_OF_X = re.compile(rf"{_BEFORE_MENTION}[@＠][a-z0-9_]{{1,20}}+{_BEHIND_MENTION}", re.IGNORECASE | re.ASCII)
_HANDLES = re.compile(rf"{_BEFORE_MENTION}[@＠][\w.·-]{{1,100}}+{_BEHIND_MENTION}", re.IGNORECASE)
_SPACELESS = re.compile(f"[{SPACELESS}]")
_END = ".,;:!?)»”’'\"…*"
_MAX_FOUND = 10_000


def find_identifiers(text: str, region: str | None = None, platform: str | None = None) -> list[Identifier]:
    """Return the identifiers that stand in free text, each once, in order of appearance.

    Found are phone numbers, mail addresses, profile URLs, ``@user@host``, and the ``@handles`` of the platform given, those
    by the rules of twitter-text. A number without its country code is taken where it is of the region's plan and written as
    one, and the words around call it nothing else; dates, orders, tax numbers and addresses of networks are none. What
    stands where there is no value, such as ``noemail@example.com``, is left out.

    Args:
        text: of any length. Of each kind the first 5,000 different writings are read (one with letters outside ASCII counts as three), and
            10,000 identifiers are returned at most; the time grows with the length alone.
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
            raise InvalidIdentifierError(
                f"platform: got {plain_repr(platform)}, accepted is a social platform such as x"
            )
    found: dict[Identifier, None] = {}
    for _, _, one in spans(text, region, platform):
        if len(found) < _MAX_FOUND and one.scheme != Website.name and (one.reason != PLACEHOLDER or _is_mention(one)):
            found.setdefault(one)
    return list(found)


def _is_mention(one: Identifier) -> bool:
    # A platform has accounts that are called what is a word for no value elsewhere, such as @username and @test; none is called null.
    return isinstance(get_scheme(one.scheme), Account) and not is_written_for_nothing(one.value)


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
        piece, one = _nearest(read, match[0].rstrip(_END))
        urls.append((match.start(), match.start() + len(piece)))
        if one is not None:
            yield *urls[-1], one
    in_url = _Inside(urls)
    uris: list[tuple[int, int]] = []
    for match in _URIS.finditer(text):
        if not in_url(*match.span()):
            piece = match[0].rstrip(_END)
            uris.append((match.start(), match.start() + len(piece)))
            if match["sip"] and (one := read(piece)) is not None:
                yield *uris[-1], one
    # What stands inside a URL is a part of it, whether the URL is anybody's or not.
    inside = _Inside(sorted(urls + uris))
    for pattern in (_FEDERATED, _MAILS) if "@" in text else ():
        read = _Reader(region)
        for match in pattern.finditer(text):
            one = None if inside(*match.span()) else read(match[0])
            if one is not None:
                yield *match.span(), one
    if platform is not None:
        read = _Reader(region, platform)
        for match in (_HANDLES_OF_X if platform == "x" else _HANDLES).finditer(text):
            if not inside(*match.span()):
                piece, one = _nearest(read, match[0].rstrip(".-·"))
                if one is not None:
                    yield match.start(), match.start() + len(piece), one
    for start, stop, one in numbers(text, region):
        if not inside(start, stop):
            yield start, stop, one


def _nearest(read: Callable[[str], Identifier | None], piece: str) -> tuple[str, Identifier | None]:
    """Return what a piece is, or where it is nothing, what it is up to the first letter of a script without spaces."""
    one = read(piece)
    if one is None and not piece.isascii() and (end := _SPACELESS.search(piece)) is not None:
        short = piece[: end.start()].rstrip(_END + "-")
        if (shorter := read(short)) is not None:
            return short, shorter
    return piece, one


class _Inside:
    """Whether a span meets one of some spans that do not overlap."""

    def __init__(self, spans: list[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in spans]
        self._stops = [stop for _, stop in spans]

    def __call__(self, start: int, stop: int) -> bool:
        index = bisect_left(self._starts, stop) - 1
        return index >= 0 and self._stops[index] > start


class _Reader:
    """Reads the pieces of a text that look alike, each writing once, and at most ``MAX_READ`` of them.

    One with letters outside ASCII takes some three times as long, and counts as three.
    """

    def __init__(self, region: str | None, platform: str | None = None) -> None:
        self._region, self._platform = region, platform
        self._found: dict[str, Identifier | None] = {}
        self._left = MAX_READ

    def __call__(self, piece: str) -> Identifier | None:
        if piece not in self._found:
            if self._left <= 0:
                return None
            self._left -= 1 if piece.isascii() else 3
            self._found[piece] = self._read(piece)
        return self._found[piece]

    def _read(self, piece: str) -> Identifier | None:
        try:
            return identifier(piece, self._region) if self._platform is None else social(self._platform, piece)
        except InvalidIdentifierError:
            return None
