"""The base classes of social platforms: handles, platform ids and profile URLs."""

from __future__ import annotations

import re
from typing import ClassVar

import attrs

from omnitrack.errors import InvalidIdentifierError, mask, plain_repr
from omnitrack.identifiers.characters import fold_case, refuse_unseen
from omnitrack.identifiers.lookalike import lookalike, lookalike_host
from omnitrack.identifiers.nonvalues import REASON as NONE
from omnitrack.identifiers.nonvalues import is_nothing
from omnitrack.identifiers.scheme import (
    Identifier,
    Scheme,
    checked_scope,
    checked_text,
    find_scheme,
    get_scheme,
    iter_schemes,
    remembered,
    unescape,
)
from omnitrack.identifiers.urls import Url, looks_like_url, read_url

#: Other names of platforms; of those that have ids alone, the platform is its ids.
PLATFORM_NAMES = {
    "twitter": "x",
    "fb": "facebook",
    "messenger": "facebook",
    "ig": "instagram",
    "bsky": "bluesky",
    "vkontakte": "vk",
    "weixin": "wechat",
    "kakao": "kakaotalk",
    "slack": "slack-id",
    "teams": "teams-id",
    "msteams": "teams-id",
    "apple-messages": "apple-messages-id",
    "imessage": "apple-messages-id",
    "google": "google-id",
    "trustpilot": "trustpilot-id",
    "app-store": "app-store-id",
    "google-play": "google-play-id",
}


def social(platform: str, text: str, scope: str = "") -> Identifier:
    """Return the identifier of an account on a social platform.

    Args:
        platform: x, facebook, instagram, threads, linkedin, xing, youtube, tiktok, snapchat, reddit, vk, bluesky, mastodon, forum;
            whatsapp, telegram, signal, viber, line, wechat, kakaotalk, zalo, rcs, apple-messages; slack, teams, discord; google,
            trustpilot, app-store, google-play for who wrote a review; or one of those with ``-id`` for the platform's own id.
        text: a handle with or without ``@``, a profile URL, or an id.
        scope: where the id is unique only inside one: the page, app or workspace to which a platform gave it, the portfolio of a
            WhatsApp business, the host of a forum.

    Raises:
        InvalidIdentifierError: there is no such platform, or the text is not a profile on it.

    >>> social("x", "https://x.com/Jane?s=20").key, social("x", "x.com/i/user/123").key
    ('x:jane', 'x-id:123')
    >>> social("forum", "Jane Doe", scope="community.example.com").key
    'forum:jane doe@community.example.com'
    """
    return _social(checked_text(platform, "platform"), checked_text(text, platform), checked_scope(scope, platform))


@remembered
def _social(platform: str, text: str, scope: str) -> Identifier:
    name = platform.strip().lower()
    name = PLATFORM_NAMES.get(name, name)
    scheme = find_scheme(name)
    if not isinstance(scheme, Account):
        known = ", ".join(sorted(scheme.name for scheme in iter_schemes() if isinstance(scheme, Account)))
        raise InvalidIdentifierError(f"platform: got {plain_repr(platform)}, accepted are {known}")
    return scheme.parse(text, scope=scope)


class Account(Scheme):
    """An account on a platform, by handle or by id."""

    #: The platform, as people write it.
    title: ClassVar[str]
    #: What is accepted, for errors.
    accepted: ClassVar[str]
    #: Hosts of profile pages; variants such as ``www.`` and ``m.`` are understood.
    hosts: ClassVar[frozenset[str]] = frozenset()
    #: How addresses begin that open an app instead of a page, and the page that shows the same.
    apps: ClassVar[tuple[tuple[str, str], ...]] = ()
    #: What looks like a name or an id of this platform and is no person's, and why: patterns, the first that matches counts.
    others: ClassVar[tuple[tuple[re.Pattern[str], str], ...]] = ()

    def page_of(self, text: str) -> str | None:
        """Return the page that an address of an app stands for, None where a text is no such address."""
        start = text[:32].lower()
        return next((page + text[len(head) :] for head, page in self.apps if start.startswith(head)), None)

    def knows(self, url: Url) -> bool:
        """Return whether a web address is one of this platform's."""
        return url.is_at(self.hosts)

    def from_url(self, url: Url, raw: str) -> Identifier:
        """Return the identifier of a profile URL.

        Raises:
            InvalidIdentifierError: of another host, or a page that is no profile.
        """
        if not self.knows(url):
            raise self.refuse(raw, f"which is no page of {self.title}")
        page = url.page()
        if not page.path:
            raise self.no_profile(raw)
        return self.profile(page, raw)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Return the identifier of a profile page of this platform, with a path."""
        raise self.no_profile(raw)

    def no_profile(self, raw: str) -> InvalidIdentifierError:
        """Return the error for a page that is nobody's profile."""
        return self.refuse(raw, "which is a page and no profile")

    def no_person(self, value: str, raw: str) -> InvalidIdentifierError:
        """Return the error for a value that has not the form of a handle or an id, with what it is where that is known."""
        return self.refuse(raw, next((why for pattern, why in self.others if pattern.fullmatch(value)), ""))

    def refuse(self, text: str, why: str = "") -> InvalidIdentifierError:
        """Return the error for a text that is none of this platform."""
        return InvalidIdentifierError(
            f"{self.name}: got {mask(text)!r}{', ' + why if why else ''}; accepted is {self.accepted}"
        )

    def from_key(self, rest: str, *, region: str | None = None) -> Identifier:
        """Read what stands after ``scheme:``, which may be a profile URL."""
        if rest.lower().startswith(("https://", "http://")):  # an @ in it begins no scope
            return self.parse(rest, region=region)
        return super().from_key(rest, region=region)

    def checked(self, text: str, scope: str) -> tuple[str, str]:
        """Return text and scope, trimmed, with nothing invisible; a scope only where the scheme takes one."""
        text = checked_text(text, self.name).strip()
        refuse_unseen(text, self.name)
        if scope and not self.scoped:
            raise InvalidIdentifierError(f"scope of {self.name}: got {mask(scope)!r}, accepted is none")
        return text, checked_scope(scope, self.name)


class Platform(Account):
    """Accounts by handle. Handles are renamed and then taken by others, so they rank below ids, mail and numbers."""

    rank = 30
    #: What a handle is, after folding.
    form: ClassVar[re.Pattern[str]]
    #: First segments of paths that are pages of the platform itself.
    pages: ClassVar[frozenset[str]] = frozenset()
    #: Pages of a profile, behind the handle.
    tabs: ClassVar[frozenset[str]] = frozenset()
    #: Behind the handle, what stands before a post of that person.
    posts: ClassVar[frozenset[str]] = frozenset()
    #: Name of the scheme of its ids, where those can be told from handles by their form; "" where they cannot.
    ids: ClassVar[str] = ""

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of a handle (with or without ``@``), a profile URL, or an id where that can be told from a handle."""
        if isinstance(text, str):
            if self.is_id(text.strip()):
                return get_scheme(self.ids).parse(text, scope=scope)
            if page := self.page_of(text.strip()):
                return attrs.evolve(self.parse(page, scope=scope), raw=text)
        body, scope = self.checked(text, scope)
        if looks_like_url(body):
            return self.from_url(read_url(body, self.name), text)
        return self.handle(body.removeprefix("@").removeprefix("＠"), text)

    def from_key(self, rest: str, *, region: str | None = None) -> Identifier:
        """Read what stands after ``scheme:``; of an id also with its scope, as ``line:U...@provider``."""
        value, at, scope = rest.rpartition("@")
        if at and self.is_id(unescape(value)):
            return get_scheme(self.ids).parse(unescape(value), region=region, scope=scope)
        return super().from_key(rest, region=region)

    def is_id(self, text: str) -> bool:
        """Return whether a text is an id of this platform, which no handle can be."""
        scheme = find_scheme(self.ids)
        return isinstance(scheme, PlatformId) and scheme.form.fullmatch(text) is not None

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the identifier of a bare handle."""
        value = self.normal(handle)
        if not self.form.fullmatch(value):
            raise self.no_person(value, raw)
        return self.made(value, raw)

    def normal(self, handle: str) -> str:
        """Return the normal form of a handle."""
        return fold_case(handle)

    def made(self, value: str, raw: str, scope: str = "") -> Identifier:
        """Return the identifier of a handle in its normal form."""
        reason = self.why_not(value, scope)
        return Identifier(scheme=self.name, value=value, scope=scope, linkable=reason is None, reason=reason, raw=raw)

    def why_not(self, value: str, scope: str) -> str | None:
        """Return why a handle may not identify a person, None where it may."""
        return lookalike(value) or lookalike_host(scope) or (NONE if is_nothing(value) else None)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Return the identifier of a profile page of this platform: the handle first, then at most a tab of it or a post."""
        first, *rest = url.words
        theirs = not rest or rest[0] in self.tabs or (len(rest) > 1 and rest[0] in self.posts)
        if first in self.pages or not theirs:
            raise self.no_profile(raw)
        return self.handle(url.path[0].removeprefix("@"), raw)

    def display(self, identifier: Identifier) -> str:
        """Return the handle with ``@``."""
        return f"@{identifier.value}"

    def glob(self, pattern: str) -> str:
        """Return the pattern in the case of handles, without ``@`` in front."""
        return fold_case(pattern.strip().removeprefix("@"))


class PlatformId(Account):
    """Accounts by the platform's own id, which outlives every renaming; so it outranks handles, mail and numbers."""

    rank = 60
    scoped = True
    form: ClassVar[re.Pattern[str]]
    #: Name of the platform whose URLs may hold an id, "" where the ids alone are known.
    platform: ClassVar[str] = ""
    #: What an id has to come with to be unique, for the reason where it does not; "" where none is like another one anywhere.
    unique_in: ClassVar[str] = ""

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of an id; of a URL, where the platform's URLs have ids."""
        body, scope = self.checked(text, scope)
        if looks_like_url(body) and (self.hosts or "://" in body):
            found = (
                get_scheme(self.platform).parse(body)
                if self.platform
                else self.from_url(read_url(body, self.name), text)
            )
            if found.scheme != self.name:
                raise self.refuse(text, "which is the URL of a handle")
            return self.made(found.value, text, scope or found.scope)
        value = self.normal(body)
        if not self.form.fullmatch(value):
            raise self.no_person(value, text)
        return self.made(value, text, scope)

    def normal(self, value: str) -> str:
        """Return the normal form of an id: as it is."""
        return value

    def made(self, value: str, raw: str, scope: str = "") -> Identifier:
        """Return the identifier of an id in its normal form."""
        reason = self.why_not(value, scope)
        return Identifier(scheme=self.name, value=value, scope=scope, linkable=reason is None, reason=reason, raw=raw)

    def why_not(self, value: str, scope: str) -> str | None:
        """Return why an id may not identify a person, None where it may."""
        if self.unique_in and not scope:
            return f"it says nothing of the {self.unique_in} in which it is unique"
        # Of a URN or a DID the last part is the account's.
        return lookalike_host(scope) or (NONE if is_nothing(value.rpartition(":")[2]) else None)

    def glob(self, pattern: str) -> str:
        """Return the pattern with its scope in lower case, as scopes are."""
        value, at, scope = pattern.strip().rpartition("@")
        return f"{value}@{scope.casefold()}" if at and self.scoped else pattern.strip()


class ScopedId(PlatformId):
    """Ids that a platform gives each business anew: one account has as many as businesses it writes to."""

    def series(self, value: str, scope: str) -> str:
        """Return the scope; of ids that came without one nobody knows whether they are of one business, so they tell nothing of each other."""
        return scope or value


def made_by(scheme: str, value: str, raw: str, region: str | None = None) -> Identifier:
    """Return the identifier that another scheme reads a text as, with the text as it came."""
    return attrs.evolve(get_scheme(scheme).parse(value, region=region), raw=raw)
