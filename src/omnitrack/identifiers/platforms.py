"""The social platforms with one host: the form of their handles and ids, and which of their pages are profiles."""

from __future__ import annotations

import re

from omnitrack.identifiers.characters import words
from omnitrack.identifiers.scheme import Identifier, get_scheme, register_scheme
from omnitrack.identifiers.social import Platform, PlatformId
from omnitrack.identifiers.urls import Url


def _made_by(scheme: str, value: str, raw: str) -> Identifier:
    found = get_scheme(scheme).parse(value)
    return Identifier(
        scheme=found.scheme,
        value=found.value,
        scope=found.scope,
        linkable=found.linkable,
        reason=found.reason,
        raw=raw,
    )


class X(Platform):
    """X, formerly Twitter. Form of names and ids: X API v2, OpenAPI description (UserName, UserId)."""

    name = "x"
    title = "X"
    accepted = "a handle of 1 to 15 letters, digits and _, or a profile URL such as https://x.com/jane"
    form = re.compile(r"[a-z0-9_]{1,15}")
    hosts = frozenset({"x.com", "twitter.com"})
    pages = words(
        "home search hashtag explore i intent settings notifications messages login signup logout tos privacy about "
        "compose share jobs download account who_to_follow help hashtags oauth lists bookmarks communities"
    )
    tabs = words("with_replies media likes followers following highlights articles verified_followers")

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand also ``#!/jane``, ``/i/user/123`` and ``/intent/user?screen_name=jane``."""
        path = tuple(segment.lower() for segment in url.path)
        if path[:2] == ("i", "user") and len(path) == 3:
            return _made_by("x-id", path[2], raw)
        if path[0] == "intent" and path[1:] in (("user",), ("follow",)):
            if "user_id" in url.query:
                return _made_by("x-id", url.query["user_id"], raw)
            if "screen_name" in url.query:
                return self.handle(url.query["screen_name"].removeprefix("@"), raw)
        return super().profile(url, raw)

    def from_url(self, url: Url, raw: str) -> Identifier:
        """Understand also the form of 2010, ``twitter.com/#!/jane``."""
        if not url.path and url.fragment.startswith("!"):
            path = tuple(part for part in url.fragment[1:].split("?")[0].split("/") if part)
            url = Url(host=url.host, path=path, query=url.query, fragment="")
        return super().from_url(url, raw)


class XId(PlatformId):
    """Ids of X accounts."""

    name = "x-id"
    title = "X"
    platform = "x"
    proves = frozenset({"x"})
    accepted = "an account id of 1 to 19 digits"
    form = re.compile(r"[1-9][0-9]{0,18}")


class Facebook(Platform):
    """Facebook. Dots and case do not count in user names (Facebook Help, "Guidelines for creating a custom username")."""

    name = "facebook"
    title = "Facebook"
    accepted = "a user name of letters, digits and dots, an account id, or a profile URL"
    form = re.compile(r"(?![0-9]+$)[a-z0-9]{1,50}")
    hosts = frozenset({"facebook.com", "fb.com", "m.me", "messenger.com"})
    pages = words(
        "home.php watch groups events marketplace pages pg story.php photo photo.php permalink.php sharer sharer.php "
        "share login login.php help policies privacy settings notifications messages hashtag gaming reel reels stories "
        "search business ads legal public plugins dialog tr media posts videos photos l.php public friends"
    )
    tabs = words("about photos videos friends followers following likes reviews mentions")

    def normal(self, handle: str) -> str:
        """Return the user name without dots."""
        return super().normal(handle).replace(".", "")

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the identifier of a user name, or of an id where it is all digits (no user name is)."""
        if handle.isascii() and handle.isdigit():
            return _made_by("facebook-id", handle, raw)
        return super().handle(handle, raw)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand also ``profile.php?id=``, ``/people/Name/id`` and ``/groups/x/user/id``."""
        path = tuple(segment.lower() for segment in url.path)
        if path[0] == "profile.php" and "id" in url.query:
            return _made_by("facebook-id", url.query["id"], raw)
        if path[0] == "people" and len(path) == 3:
            return _made_by("facebook-id", path[2], raw)
        if path[0] == "groups" and len(path) == 4 and path[2] == "user":
            return _made_by("facebook-id", path[3], raw)
        if url.host in ("messenger.com", "www.messenger.com"):
            if path[0] != "t" or len(path) != 2:
                raise self.refuse(raw, "which is a page and no profile")
            return self.handle(url.path[1], raw)
        return super().profile(url, raw)


class FacebookId(PlatformId):
    """Ids of Facebook accounts; those of Messenger are unique for a page, so the page is their scope."""

    name = "facebook-id"
    title = "Facebook"
    platform = "facebook"
    proves = frozenset({"facebook"})
    accepted = "an account id of up to 20 digits"
    form = re.compile(r"[1-9][0-9]{0,19}")


class Instagram(Platform):
    """Instagram: up to 30 letters, digits, dots and underscores; no dot first, last or twice."""

    name = "instagram"
    title = "Instagram"
    accepted = "a handle of up to 30 letters, digits, dots and _, or a profile URL"
    form = re.compile(r"(?!.{31})[a-z0-9_]+(?:\.[a-z0-9_]+)*")
    hosts = frozenset({"instagram.com", "instagr.am", "ig.me"})
    pages = words(
        "p reel reels explore stories accounts direct about developer legal tv web tags locations challenge emails "
        "session press api privacy help"
    )
    tabs = words("tagged reels channel guides saved followers following")

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand also ``/_u/jane`` and ``ig.me/m/jane``."""
        if url.path[0] == ("m" if url.host == "ig.me" else "_u") and len(url.path) == 2:
            return self.handle(url.path[1], raw)
        return super().profile(url, raw)


class InstagramId(PlatformId):
    """Ids of Instagram accounts; those of its messaging interface are unique for a business account, their scope."""

    name = "instagram-id"
    title = "Instagram"
    platform = "instagram"
    proves = frozenset({"instagram"})
    accepted = "an account id of up to 20 digits"
    form = re.compile(r"[1-9][0-9]{0,19}")


class LinkedIn(Platform):
    """LinkedIn members by their public profile; companies, schools and showcases are no persons."""

    name = "linkedin"
    title = "LinkedIn"
    accepted = (
        "the name of a public profile (3 to 100 letters, digits and hyphens), or a URL such as linkedin.com/in/jane"
    )
    form = re.compile(r"(?:[A-Za-z0-9-]|[^\x00-\x7f\s]){3,100}")
    hosts = frozenset({"linkedin.com"})
    _member = re.compile(r"AC[or]AA[A-Za-z0-9_-]{20,60}")

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the identifier of a public name, or of the encoded member id that stands in its place in some URLs."""
        if handle.lower().startswith("urn:"):
            return _made_by("linkedin-id", handle, raw)
        if self._member.fullmatch(handle):
            return _made_by("linkedin-id", f"urn:li:fsd_profile:{handle}", raw)
        return super().handle(handle, raw)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/in/jane`` and what hangs below it."""
        first = url.path[0].lower()
        if first in ("company", "school", "showcase", "groups"):
            raise self.refuse(raw, "which is no person")
        if first == "pub":
            raise self.refuse(raw, "which is a URL of before 2015, whose name is another now")
        if first != "in" or len(url.path) < 2 or (len(url.path) > 2 and url.path[2].lower() == "recent-activity"):
            raise self.refuse(raw, "which is a page and no profile")
        return self.handle(url.path[1], raw)

    def display(self, identifier: Identifier) -> str:
        """Return the URL without ``https://``, as people write it."""
        return f"linkedin.com/in/{identifier.value}"


class LinkedInId(PlatformId):
    """URNs of LinkedIn members (Microsoft Learn, "URNs and IDs"); those of persons are unique for an app, their scope."""

    name = "linkedin-id"
    title = "LinkedIn"
    platform = "linkedin"
    proves = frozenset({"linkedin"})
    accepted = "a URN such as urn:li:person:AbC123"
    form = re.compile(r"urn:li:(?:person|member|fsd_profile):[A-Za-z0-9_-]{1,100}")

    def normal(self, value: str) -> str:
        """Return the URN; a bare id is a person's."""
        *kind, ident = value.split(":")
        prefix = ":".join(kind).lower() or "urn:li:person"
        prefix = {"urn:li:fs_miniprofile": "urn:li:fsd_profile", "urn:li:fs_profile": "urn:li:fsd_profile"}.get(
            prefix, prefix
        )
        return f"{prefix}:{ident}"

    def series(self, value: str, scope: str) -> str:
        """Return the kind of the URN, and the scope: a member has one of each kind."""
        return f"{value.rpartition(':')[0]}@{scope}"


class YouTube(Platform):
    """YouTube handles: 3 to 30 letters or digits of any script, with _ - . and · (YouTube Help, "Handle overview")."""

    name = "youtube"
    title = "YouTube"
    accepted = "a handle of 3 to 30 letters, digits, _ - . and ·, a channel id, or a URL such as youtube.com/@jane"
    form = re.compile(r"(?:\w|[-.·])[\w·.-]{1,28}(?:\w|[-.·])")
    hosts = frozenset({"youtube.com"})
    tabs = words("videos shorts live streams playlists community about featured podcasts posts channels store releases")
    _channel = re.compile(r"UC[A-Za-z0-9_-]{22}")

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of a handle, a channel id or a channel URL."""
        body, _ = self.checked(text, scope)
        if self._channel.fullmatch(body):
            return _made_by("youtube-id", body, text)
        return super().parse(text, region=region, scope=scope)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/@jane`` and ``/channel/UC...``; names of before handles are not the handle."""
        first = url.path[0]
        if first == "channel" and len(url.path) > 1:
            return _made_by("youtube-id", url.path[1], raw)
        if first.startswith("@") and (len(url.path) == 1 or url.path[1].lower() in self.tabs):
            return self.handle(first[1:], raw)
        if first in ("c", "user"):
            raise self.refuse(raw, "which is a name of before handles, and may be another channel than that handle")
        raise self.refuse(raw, "which is a page and no profile")


class YouTubeId(PlatformId):
    """Ids of YouTube channels."""

    name = "youtube-id"
    title = "YouTube"
    platform = "youtube"
    proves = frozenset({"youtube"})
    accepted = "a channel id: UC and 22 characters"
    form = re.compile(r"UC[A-Za-z0-9_-]{22}")


class TikTok(Platform):
    """TikTok: 2 to 24 letters, digits, underscores and dots, no dot last (TikTok Help, "Changing your username")."""

    name = "tiktok"
    title = "TikTok"
    accepted = "a handle of 2 to 24 letters, digits, _ and dots, or a URL such as tiktok.com/@jane"
    form = re.compile(r"[a-z0-9_.]{1,23}[a-z0-9_]")
    hosts = frozenset({"tiktok.com"})

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/@jane``."""
        if len(url.path) != 1 or not url.path[0].startswith("@"):
            raise self.refuse(raw, "which is a page and no profile")
        return self.handle(url.path[0][1:], raw)


class TikTokId(PlatformId):
    """Ids of TikTok accounts: numbers, or the open_id of its interfaces, which is unique for an app, its scope."""

    name = "tiktok-id"
    title = "TikTok"
    platform = "tiktok"
    proves = frozenset({"tiktok"})
    accepted = "an account id or open_id of up to 128 letters, digits, - . and _"
    form = re.compile(r"[A-Za-z0-9_.-]{1,128}")

    def series(self, value: str, scope: str) -> str:
        """Return whether it is a number or an open_id, and the scope: an account has one of each."""
        return f"{'number' if value.isdigit() else 'open_id'}@{scope}"


class Telegram(Platform):
    """Telegram: 4 to 32 letters, digits and underscores, a letter first (core.telegram.org, "Usernames")."""

    name = "telegram"
    title = "Telegram"
    accepted = "a user name of 4 to 32 letters, digits and _, a user id, or a URL such as t.me/jane"
    form = re.compile(r"[a-z][a-z0-9_]{2,30}[a-z0-9]")
    hosts = frozenset({"t.me", "telegram.me", "telegram.dog"})
    pages = words("joinchat addstickers addemoji share proxy socks login setlanguage addtheme bg c s iv")

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the identifier of a user name, of an id where it is all digits, of a number behind a plus."""
        if handle.isascii() and handle.isdigit():
            return _made_by("telegram-id", handle, raw)
        if re.fullmatch(r"\+[0-9]{7,15}", handle):  # core.telegram.org/api/links, phone number links
            return _made_by("phone", handle, raw)
        return super().handle(handle, raw)

    def made(self, value: str, raw: str, scope: str = "") -> Identifier:
        """Return the identifier; of a bot it is not linkable (names of bots end in ``bot``, others' cannot)."""
        if value.endswith("bot"):
            return Identifier(scheme=self.name, value=value, linkable=False, reason="it is a bot", raw=raw)
        return super().made(value, raw, scope)


class TelegramId(PlatformId):
    """Ids of Telegram users: up to 52 bits (core.telegram.org/bots/api, User); those of groups are negative."""

    name = "telegram-id"
    title = "Telegram"
    platform = "telegram"
    proves = frozenset({"telegram"})
    accepted = "a user id of up to 16 digits"
    form = re.compile(r"[1-9][0-9]{0,15}")


for _scheme in (
    X(),
    XId(),
    Facebook(),
    FacebookId(),
    Instagram(),
    InstagramId(),
    LinkedIn(),
    LinkedInId(),
    YouTube(),
    YouTubeId(),
    TikTok(),
    TikTokId(),
    Telegram(),
    TelegramId(),
):
    register_scheme(_scheme)
