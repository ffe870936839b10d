"""Texts: the identifier that a bare string is, and those that stand inside free text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from omnitrack.errors import InvalidIdentifierError, mask
from omnitrack.identifiers import platforms, postal, simple, sip, whatsapp  # noqa: F401  (they register their schemes)
from omnitrack.identifiers.callers import says_withheld
from omnitrack.identifiers.email import email
from omnitrack.identifiers.federated import read_profile
from omnitrack.identifiers.numbering import library
from omnitrack.identifiers.phone import phone
from omnitrack.identifiers.scheme import Identifier, checked_text, find_scheme, get_scheme
from omnitrack.identifiers.social import PLATFORM_NAMES, Account, social
from omnitrack.identifiers.urls import looks_like_url, read_url

_ACCEPTED = "accepted are a phone number, a mail address, a profile URL, @user@host, or a value behind its scheme such as x:jane"
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
    return _identifier(checked_text(text, "identifier"), region)


@lru_cache(maxsize=65_536)
def _identifier(text: str, region: str | None) -> Identifier:
    body = text.strip()
    if body.startswith("cus_"):
        raise InvalidIdentifierError("identifier: got a customer id, accepted are identifiers of a person")
    found = _behind_prefix(body, region) if ":" in body else None
    if found is not None:
        return found
    if body.startswith("@"):
        if "@" in body[1:]:
            return social("mastodon", body)
        raise InvalidIdentifierError(
            f"identifier: got {mask(body)!r}, a handle that needs its platform, accepted is for example x:{mask(body[1:])}"
        )
    if "@" in body and not looks_like_url(body):
        return email(body)
    if looks_like_url(body):
        return read_profile(read_url(body, "identifier"), text)
    if sum(map(str.isdigit, body)) >= 3 or says_withheld(body, region):
        return phone(body, region)
    raise InvalidIdentifierError(f"identifier: got {mask(body)!r}; {_ACCEPTED}")


def _behind_prefix(body: str, region: str | None) -> Identifier | None:
    head, _, rest = body.partition(":")
    name = head.strip().lower()
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
    if name == "urn":
        return social("linkedin-id", body)
    if name == "tg":
        return _telegram(body)
    scheme = find_scheme(name)
    return None if scheme is None else scheme.from_key(rest.strip(), region=region)


def _telegram(body: str) -> Identifier:
    """Read ``tg://resolve?domain=jane`` and ``tg://user?id=123`` (core.telegram.org/api/links)."""
    match = re.fullmatch(r"tg:(?://)?(?:resolve\?(?:.*&)?(?:domain|phone)|user\?id)=([^&#]+).*", body, re.IGNORECASE)
    if match is None:
        raise InvalidIdentifierError(f"telegram: got {mask(body)!r}, accepted is tg://resolve?domain=jane")
    value = match[1]
    return phone(f"+{value}") if "phone=" in body else social("telegram", value)


# Where in free text an identifier may begin. Each is read by identifier() afterwards, so these only have to find.
_URLS = re.compile(
    r"(?:https?://|(?<![\w@.])(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}/)[^\s<>\"'`|\\^{}\[\]]{1,400}", re.IGNORECASE
)
_FEDERATED = re.compile(r"(?<![\w@.])@[\w.-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_MAILS = re.compile(r"(?:mailto:)?[^\s<>()\[\]\"',;:@\\]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_HANDLES = re.compile(r"(?<![\w@./])[@＠][\w.·-]{1,100}")
_END = ".,;:!?)»”’'\"…"
# Longer digits in a row are order numbers and the like, and need the form of a number to be taken for one.
_MAX_FOUND = 10_000


def find_identifiers(text: str, region: str | None = None, platform: str | None = None) -> list[Identifier]:
    """Return the identifiers that stand in free text, each once, in order of appearance.

    Found are phone numbers, mail addresses, profile URLs, ``@user@host``, and the ``@handles`` of the platform given.
    A number without its country code is taken where it is valid in the region, or written with the national prefix; an
    order number is seldom either.

    Args:
        text: of any length.
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
        platform = PLATFORM_NAMES.get(platform.strip().lower(), platform.strip().lower())
        if not isinstance(get_scheme(platform), Account):
            raise InvalidIdentifierError(f"platform: got {mask(platform)!r}, accepted is a social platform such as x")
    spans = sorted(_spans(text, region, platform), key=lambda span: (span[0], -span[1]))
    found: dict[Identifier, None] = {}
    end = 0
    for start, stop, one in spans:
        if start >= end and len(found) < _MAX_FOUND:
            found.setdefault(one)
            end = stop
    return list(found)


def _spans(text: str, region: str | None, platform: str | None) -> Iterator[tuple[int, int, Identifier]]:
    taken: list[tuple[int, int]] = []
    for pattern in (_URLS, _FEDERATED, _MAILS):
        for match in pattern.finditer(text):
            piece = match[0].rstrip(_END)
            start, stop = match.start(), match.start() + len(piece)
            if pattern is _URLS:
                taken.append((start, stop))  # what stands inside a URL is a part of it, known or not
            try:
                yield start, stop, identifier(piece)
            except InvalidIdentifierError:
                continue
    if platform is not None:
        for match in _HANDLES.finditer(text):
            piece = match[0].rstrip(_END + "-")
            try:
                yield match.start(), match.start() + len(piece), social(platform, piece)
            except InvalidIdentifierError:
                continue
    yield from _numbers(text, region, taken)


def _numbers(text: str, region: str | None, taken: list[tuple[int, int]]) -> Iterator[tuple[int, int, Identifier]]:
    if not any(ch.isdigit() for ch in text):
        return
    lib = library()
    matcher = lib.PhoneNumberMatcher(text, region.upper() if region else None, leniency=lib.Leniency.POSSIBLE)
    for match in matcher:
        if any(start < match.end and match.start < stop for start, stop in taken):
            continue
        written = match.raw_string.lstrip("( ")
        if not (written.startswith(("+", "＋")) or _is_national(lib, written, match.number)):
            continue
        try:
            yield match.start, match.end, phone(match.raw_string, region)
        except InvalidIdentifierError:
            continue


def _is_national(lib: Any, written: str, number: Any) -> bool:
    if lib.is_valid_number(number):
        return True
    prefix = lib.ndd_prefix_for_region(lib.region_code_for_country_code(number.country_code), True)
    return bool(prefix) and written.startswith(prefix)
