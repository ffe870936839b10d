"""Social platforms with one host: the forms of their handles and ids, and which pages are profiles."""

from __future__ import annotations

import re

import attrs

from omnitrack.identifiers.characters import words
from omnitrack.identifiers.scheme import Identifier, register_scheme
from omnitrack.identifiers.social import Platform, PlatformId, made_by
from omnitrack.identifiers.urls import Url


class X(Platform):
    """X, formerly Twitter. Form of names and ids: X API v2, OpenAPI description (UserName, UserId)."""

    name = "x"
    title = "X"
    uris = ("twitter://",)
    apps = (("twitter://user?", "https://x.com/intent/user?"),)
    accepted = "a handle of 1 to 15 letters, digits and _, or a profile URL such as https://x.com/jane"
    form = re.compile(r"[a-z0-9_]{1,15}")
    hosts = frozenset({"x.com", "twitter.com"})
    pages = words(
        "home search hashtag explore i intent settings notifications messages login signup logout tos privacy about "
        "compose share jobs download account who_to_follow help hashtags oauth lists bookmarks communities status statuses "
        "following followers widgets personalization rules"
    )
    tabs = words(
        "with_replies media likes followers following highlights articles verified_followers photo header_photo"
    )
    posts = words("status statuses")

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand also ``/i/user/123``, ``/intent/user?screen_name=jane`` and ``/account/redirect_by_id?id=123``."""
        path = url.words
        if path == ("account", "redirect_by_id") and "id" in url.query:
            return made_by("x-id", url.query["id"], raw)
        if path[:2] == ("i", "user") and len(path) == 3:
            return made_by("x-id", path[2], raw)
        if path[0] == "intent" and path[1:] in (("user",), ("follow",)):
            if number := url.query.get("user_id") or url.query.get("id"):
                return made_by("x-id", number, raw)
            if "screen_name" in url.query:
                return self.handle(url.query["screen_name"].removeprefix("@"), raw)
        return super().profile(url, raw)


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
    ids = "facebook-id"
    uris = ("fb://",)
    apps = (("fb://profile/", "https://facebook.com/"), ("fb://user/", "https://facebook.com/"))
    accepted = "a user name of letters, digits and dots, an account id, or a profile URL"
    form = re.compile(r"(?![0-9]+$)[a-z0-9]{1,50}")
    hosts = frozenset({"facebook.com", "fb.com", "m.me", "messenger.com"})
    pages = words(
        "home.php watch groups events marketplace pages pg story.php photo photo.php permalink.php sharer sharer.php "
        "share login login.php help policies privacy settings notifications messages hashtag gaming reel reels stories "
        "search business ads legal public plugins dialog tr media posts videos photos l.php public friends reel live profile.php "
        "app_scoped_user_id hashtags checkpoint recover fundraisers notes"
    )
    tabs = words("about photos videos friends followers following likes reviews mentions reels")
    posts = words("posts videos photos reels")
    _named = re.compile(r"[^/]{1,100}-([1-9][0-9]{4,19})")

    def normal(self, handle: str) -> str:
        """Return the user name without dots."""
        return super().normal(handle).replace(".", "")

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the identifier of a user name, or of an id where it is all digits (no user name is)."""
        if handle.isascii() and handle.isdigit():
            return made_by("facebook-id", handle, raw)
        return super().handle(handle, raw)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand also ``profile.php?id=``, ``/people/Name/id``, ``/Name-1000...``, ``/groups/x/user/id``, and who wrote a post."""
        path = url.words
        if path[0] in ("profile.php", "permalink.php", "story.php") and "id" in url.query:
            return made_by("facebook-id", url.query["id"], raw)
        if path[0] == "people" and len(path) == 3:
            return made_by("facebook-id", path[2], raw)
        if path[0] == "groups" and len(path) == 4 and path[2] == "user":
            return made_by("facebook-id", path[3], raw)
        if url.host in ("messenger.com", "www.messenger.com"):
            if path[0] != "t" or len(path) != 2:
                raise self.no_profile(raw)
            return self.handle(url.path[1], raw)
        if (match := self._named.fullmatch(url.path[0])) and len(path) == 1:  # no user name has a hyphen
            return made_by("facebook-id", match[1], raw)
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
    """Instagram: up to 30 letters, digits, dots and underscores; no dot first, last or twice, and not digits alone."""

    name = "instagram"
    title = "Instagram"
    ids = "instagram-id"
    uris = ("instagram://",)
    apps = (("instagram://user?username=", "https://instagram.com/_u/"),)
    accepted = "a handle of up to 30 letters, digits, dots and _, not digits alone, an account id, or a profile URL"
    form = re.compile(r"(?!.{31})(?![0-9]+$)[a-z0-9_]+(?:\.[a-z0-9_]+)*")
    others = ((re.compile(r"[0-9]+"), "which is digits alone, as no name is"),)
    hosts = frozenset({"instagram.com", "instagr.am", "ig.me"})
    pages = words(
        "p reel reels explore stories accounts direct about developer legal tv web tags locations challenge emails "
        "session press api privacy help s n invites qr graphql ar audio"
    )
    tabs = words("tagged reels channel guides saved followers following live")
    posts = words("p reel reels tv")

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand also ``/_u/jane``, ``ig.me/m/jane`` and ``/stories/jane/123``."""
        path = url.words
        if path[0] == ("m" if url.host == "ig.me" else "_u") and len(path) == 2:
            return self.handle(url.path[1], raw)
        if path[0] == "stories" and 1 < len(path) <= 3 and path[1] != "highlights":
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
    # Of /pub/name/12/34a/56b, as URLs were until 2015: the page is now /in/name-56b34a12. Of shorter parts it is not known what fills them up.
    _parts = re.compile(r"[0-9a-f]{3}")
    _first = re.compile(r"[1-9a-f][0-9a-f]{0,2}")

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the identifier of a public name, or of the encoded member id that stands in its place in some URLs."""
        if handle.lower().startswith("urn:"):
            return made_by("linkedin-id", handle, raw)
        if self._member.fullmatch(handle):
            return made_by("linkedin-id", f"urn:li:fsd_profile:{handle}", raw)
        return super().handle(handle, raw)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/in/jane`` and what hangs below it, ``/pub/jane/12/34a/56b`` and ``/profile/view?id=123``."""
        path = url.words
        while path[0] in ("mwlite", "comm", "m") and len(path) > 1:  # for phones, and in the mails that LinkedIn sends
            url = attrs.evolve(url, path=url.path[1:])
            path = path[1:]
        if path[0] in ("company", "school", "showcase", "groups"):
            raise self.refuse(raw, "which is no person")
        if path[0] == "pub":
            return self._before_2015(url, raw)
        if path == ("profile", "view") and url.query.get("id", "").isdecimal():
            return made_by("linkedin-id", f"urn:li:member:{url.query['id']}", raw)
        if path[0] != "in" or len(path) < 2:
            raise self.no_profile(raw)
        return self.handle(url.path[1], raw)

    def _before_2015(self, url: Url, raw: str) -> Identifier:
        name, *parts = url.path[1:] or ("",)
        parts = [part.lower() for part in parts]
        if len(parts) != 3 or not (self._first.fullmatch(parts[0]) and all(map(self._parts.fullmatch, parts[1:]))):
            raise self.refuse(raw, "which is a URL of before 2015, whose name is another now")
        return self.handle(f"{name}-{parts[2]}{parts[1]}{parts[0]}", raw)

    def display(self, identifier: Identifier) -> str:
        """Return the URL without ``https://``, as people write it."""
        return f"linkedin.com/in/{identifier.value}"


class LinkedInId(PlatformId):
    """URNs of LinkedIn members (Microsoft Learn, "URNs and IDs"); those of persons are unique for an app, their scope."""

    name = "linkedin-id"
    title = "LinkedIn"
    platform = "linkedin"
    proves = frozenset({"linkedin"})
    uris = ("urn:li:",)
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
    hosts = frozenset({"youtube.com", "music.youtube.com"})
    tabs = words("videos shorts live streams playlists community about featured podcasts posts channels store releases")
    _channel = re.compile(r"UC[A-Za-z0-9_-]{22}")

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of a handle, a channel id or a channel URL."""
        body, _ = self.checked(text, scope)
        if self._channel.fullmatch(body):
            return made_by("youtube-id", body, text)
        return super().parse(text, region=region, scope=scope)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/@jane`` and ``/channel/UC...``; names of before handles are not the handle."""
        first = url.path[0]
        if first == "channel" and len(url.path) > 1:
            return made_by("youtube-id", url.path[1], raw)
        if first.startswith("@") and (len(url.path) == 1 or url.path[1].lower() in self.tabs):
            return self.handle(first[1:], raw)
        if first in ("c", "user"):
            raise self.refuse(raw, "which is a name of before handles, and may be another channel than that handle")
        raise self.no_profile(raw)


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
    tabs = words("live")
    posts = words("video photo")

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/@jane`` and that person's posts."""
        if not url.path[0].startswith("@"):
            raise self.no_profile(raw)
        return super().profile(url, raw)


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
    pages = words(
        "joinchat addstickers addemoji share proxy socks login setlanguage addtheme bg c s iv contact m boost giftcode nft addlist call msg "
        "confirmphone invoice"
    )
    _web = frozenset({"web.telegram.org"})

    def knows(self, url: Url) -> bool:
        """Return whether it is one of t.me, of ``jane.t.me``, or of Telegram in the browser."""
        return super().knows(url) or url.host.endswith(".t.me") or url.host in self._web

    def from_url(self, url: Url, raw: str) -> Identifier:
        """Understand also ``jane.t.me`` and ``web.telegram.org/a/#@jane``; chats with a negative number are groups and channels."""
        name, _, rest = url.host.partition(".")
        if url.host in self._web:
            who = url.fragment.removeprefix("@")
            if not who or who.startswith(("-", "?")):
                raise self.no_profile(raw)
            return self.handle(who, raw)
        if rest == "t.me" and not super().knows(url):
            if url.path:
                raise self.no_profile(raw)
            return self.handle(name, raw)
        return super().from_url(url, raw)

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the identifier of a user name, of an id where it is all digits, of a number behind a plus."""
        if handle.isascii() and handle.isdigit():
            return made_by("telegram-id", handle, raw)
        if re.fullmatch(r"\+[0-9]{7,15}", handle):  # core.telegram.org/api/links, phone number links
            return made_by("phone", handle, raw)
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
