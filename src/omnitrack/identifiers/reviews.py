"""Authors of reviews on Google, Trustpilot, the App Store and Google Play."""

from __future__ import annotations

import re

from omnitrack.identifiers.scheme import Identifier, checked_scope, register_scheme
from omnitrack.identifiers.social import PlatformId
from omnitrack.identifiers.urls import Url


class GoogleId(PlatformId):
    """Google accounts, by the number that reviews on Maps link to and that signing in with Google gives (``sub`` of OpenID Connect)."""

    name = "google-id"
    title = "Google"
    scoped = False
    accepted = "the 21 digits of an account, or a URL such as google.com/maps/contrib/ and those digits"
    form = re.compile(r"1[0-9]{20}")
    _host = re.compile(r"(?:www\.|maps\.)?google\.(?:com?\.)?[a-z]{2,3}")

    def knows(self, url: Url) -> bool:
        """Return whether it is a contributor's page, under any country's domain, or one of Google+; other pages of Google are sites."""
        maps = self._host.fullmatch(url.host) is not None and url.words[:2] == ("maps", "contrib")
        return maps or url.host == "plus.google.com"

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/maps/contrib/123/reviews`` and ``plus.google.com/123``."""
        rest = [part for part in url.path if part not in ("maps", "contrib", "u", "0")]
        if not rest or not self.form.fullmatch(rest[0]):
            raise self.no_profile(raw)
        return self.made(rest[0], raw)


class TrustpilotId(PlatformId):
    """Trustpilot's consumers: 24 hexadecimal digits."""

    name = "trustpilot-id"
    title = "Trustpilot"
    scoped = False
    accepted = "the 24 hexadecimal digits of a consumer, or a URL such as trustpilot.com/users/ and those digits"
    form = re.compile(r"[0-9a-f]{24}")
    hosts = frozenset({"trustpilot.com"})

    def normal(self, value: str) -> str:
        """Return the id in lower case."""
        return value.lower()

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/users/4f4f...``; a company's page and a single review name nobody."""
        if len(url.path) != 2 or url.words[0] != "users" or not self.form.fullmatch(url.words[1]):
            raise self.no_profile(raw)
        return self.made(url.words[1], raw)


class AppStoreId(PlatformId):
    """Who reviews in Apple's App Store, by the number in the address that a review gives for its author."""

    name = "app-store-id"
    title = "the App Store"
    scoped = False
    accepted = "the number of a reviewer, or a URL such as itunes.apple.com/gb/reviews/id123456789"
    form = re.compile(r"[1-9][0-9]{3,14}")
    _path = re.compile(r"(?:[a-z]{2}/)?reviews/id([1-9][0-9]{3,14})")

    def knows(self, url: Url) -> bool:
        """Return whether it is a page of reviews; other pages of the store are sites."""
        return url.host in ("itunes.apple.com", "apps.apple.com") and "reviews" in url.words[:2]

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/gb/reviews/id123`` and ``/reviews?userProfileId=123``."""
        match = self._path.fullmatch("/".join(url.words))
        number = match[1] if match else url.query.get("userProfileId", "")
        if not self.form.fullmatch(number):
            raise self.no_profile(raw)
        return self.made(number, raw)


class GooglePlayId(PlatformId):
    """The author of one review in Google Play, which does not say who that is; who edits a review keeps its id. The app is the scope."""

    name = "google-play-id"
    title = "Google Play"
    accepted = "the id of a review, with the package of the app as scope, or its URL with reviewId="
    form = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|gp:[A-Za-z0-9_-]{20,200}")

    def knows(self, url: Url) -> bool:
        """Return whether it is the page of a review; other pages of the store are sites."""
        return url.host == "play.google.com" and "reviewId" in url.query

    def normal(self, value: str) -> str:
        """Return the id, a UUID in lower case."""
        return value if value.startswith("gp:") else value.lower()

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/store/apps/details?id=com.example.app&reviewId=...``."""
        value = self.normal(url.query["reviewId"])
        if not self.form.fullmatch(value):
            raise self.no_profile(raw)
        return self.made(value, raw, checked_scope(url.query.get("id", ""), self.name))


for _scheme in (GoogleId(), TrustpilotId(), AppStoreId(), GooglePlayId()):
    register_scheme(_scheme)
