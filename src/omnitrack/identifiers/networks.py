"""Further social networks with one host: Threads, Reddit, VK, Snapchat, Xing."""

from __future__ import annotations

import re

from omnitrack.identifiers.characters import words
from omnitrack.identifiers.scheme import Identifier, register_scheme
from omnitrack.identifiers.social import Platform, PlatformId, made_by
from omnitrack.identifiers.urls import Url

# What VK calls its own pages is no name: a kind, the number of an owner (negative where a community), the number of a thing.
_VK_THING = (
    r"(?:id|club|public|event|app|wall|photo|photos|video|videos|topic|album|albums|doc|docs|audio|audios|market|product|board|page|pages|write|"
    r"gifts|friends|note|notes|story|clip|clips|im|poll|podcast|article|donut)-?[0-9]+(?:_[0-9a-f]+)?$"
)


class Threads(Platform):
    """Threads: names as on Instagram, where most of its accounts begin. A name of both is still two accounts, which may part."""

    name = "threads"
    title = "Threads"
    ids = "threads-id"
    accepted = "a handle of up to 30 letters, digits, dots and _, not digits alone, an account id, or a URL such as threads.com/@jane"
    form = re.compile(r"(?!.{31})(?![0-9]+$)[a-z0-9_]+(?:\.[a-z0-9_]+)*")
    others = ((re.compile(r"[0-9]+"), "which is digits alone, as no name is"),)
    hosts = frozenset({"threads.com", "threads.net"})
    tabs = words("replies reposts media")
    posts = words("post")

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/@jane`` and that person's posts."""
        if not url.path[0].startswith("@"):
            raise self.no_profile(raw)
        return super().profile(url, raw)


class ThreadsId(PlatformId):
    """Ids of Threads profiles, as the Threads API has them; where they are unique for an app, that is their scope."""

    name = "threads-id"
    title = "Threads"
    platform = "threads"
    proves = frozenset({"threads"})
    accepted = "a profile id of up to 20 digits"
    form = re.compile(r"[1-9][0-9]{0,19}")


class Reddit(Platform):
    """Reddit: 3 to 20 letters, digits, hyphens and underscores, whose case does not count."""

    name = "reddit"
    title = "Reddit"
    ids = "reddit-id"
    accepted = "a user name of 3 to 20 letters, digits, - and _, with or without u/, an id such as t2_1w72, or a URL such as reddit.com/user/jane"
    # A name that has the form of an id is left alone.
    form = re.compile(r"(?!t2_[0-9a-z]{1,13}$)[a-z0-9_-]{3,20}")
    others = ((re.compile(r"t2_.*"), "which has the form of an id"),)
    hosts = frozenset({"reddit.com"})
    tabs = words("overview submitted comments gilded saved hidden upvoted downvoted about m followers trophies")
    posts = words("comments")
    _prefix = re.compile(r"/?u(?:ser)?/", re.IGNORECASE)

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the identifier of a user name, with or without ``u/``."""
        return super().handle(self._prefix.sub("", handle, count=1) if self._prefix.match(handle) else handle, raw)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/user/jane``, ``/u/jane``, ``/r/u_jane`` and the posts there; of a post elsewhere its URL does not say whose it is."""
        first, *rest = url.words
        if first == "r" and rest and rest[0].startswith("u_"):
            return self.handle(url.path[1][2:], raw)
        theirs = len(rest) == 1 or (len(rest) > 1 and rest[1] in self.tabs)
        if first not in ("user", "u") or not theirs:
            raise self.no_profile(raw)
        return self.handle(url.path[1], raw)

    def display(self, identifier: Identifier) -> str:
        """Return the name with ``u/``."""
        return f"u/{identifier.value}"


class RedditId(PlatformId):
    """Ids of Reddit accounts, as its API has them: ``t2_`` and a number in base 36."""

    name = "reddit-id"
    title = "Reddit"
    platform = "reddit"
    proves = frozenset({"reddit"})
    scoped = False
    accepted = "an id such as t2_1w72"
    form = re.compile(r"t2_[0-9a-z]{1,13}")


class VK(Platform):
    """VK: 5 to 32 letters, digits, dots and underscores. Communities have names of the same form, which cannot be told from people's."""

    name = "vk"
    title = "VK"
    ids = "vk-id"
    accepted = "a short name of 5 to 32 letters, digits, dots and _, id and a number, or a URL such as vk.com/jane"
    form = re.compile(rf"(?!.*__)(?![0-9]+$)(?!{_VK_THING})[a-z0-9][a-z0-9_.]{{3,30}}[a-z0-9]")
    others = ((re.compile(_VK_THING), "which is a community, a post or a thing and no person"),)
    hosts = frozenset({"vk.com", "vk.ru", "vkontakte.ru"})
    pages = words(
        "feed im friends groups audio audios video videos photos albums docs search login logout join away.php share.php settings support about apps "
        "market mail notifications bookmarks fave terms privacy jobs dev games clips stickers edit restore badbrowser.php widget_community.php"
    )
    _user = re.compile(r"id([1-9][0-9]{0,18})")

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the identifier of a short name, or of an id where it is ``id`` and a number."""
        if match := self._user.fullmatch(handle.lower()):
            return made_by("vk-id", match[1], raw)
        return super().handle(handle, raw)


class VKId(PlatformId):
    """Ids of VK users; those of communities are negative."""

    name = "vk-id"
    title = "VK"
    platform = "vk"
    proves = frozenset({"vk"})
    scoped = False
    accepted = "a user id of up to 19 digits"
    form = re.compile(r"[1-9][0-9]{0,18}")

    def normal(self, value: str) -> str:
        """Return the number, without the ``id`` that stands before it in addresses."""
        return value[2:] if value[:2].lower() == "id" else value


class Snapchat(Platform):
    """Snapchat: 3 to 15 letters, digits, hyphens, underscores and dots; a letter first, no sign last (Snap Inc. Law Enforcement Guide)."""

    name = "snapchat"
    title = "Snapchat"
    uris = ("snapchat://",)
    apps = (("snapchat://", "https://snapchat.com/"),)
    accepted = (
        "a user name of 3 to 15 letters, digits, - _ and dots, a letter first, or a URL such as snapchat.com/add/jane"
    )
    form = re.compile(r"[a-z][a-z0-9._-]{1,13}[a-z0-9]")
    hosts = frozenset({"snapchat.com", "story.snapchat.com"})
    posts = words("spotlight highlight")

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/add/jane`` and ``/@jane``."""
        if url.words[0] == "add" and len(url.path) == 2:
            return self.handle(url.path[1], raw)
        if not url.path[0].startswith("@"):
            raise self.no_profile(raw)
        return super().profile(url, raw)


class Xing(Platform):
    """XING members by the name of their page; companies and groups are no persons."""

    name = "xing"
    title = "XING"
    accepted = (
        "the name of a page such as Jane_Doe2, an id such as 12345_abcdef, or a URL such as xing.com/profile/Jane_Doe2"
    )
    ids = "xing-id"
    form = re.compile(r"(?![0-9]{1,10}_[0-9a-f]{6}$)[a-z0-9](?:[a-z0-9_-]{1,98}[a-z0-9])(?:\+[0-9]{1,4})?")
    hosts = frozenset({"xing.com"})

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/profile/Jane_Doe2`` and what hangs below it."""
        first, *rest = url.words
        if first in ("companies", "company", "pages", "groups", "communities"):
            raise self.refuse(raw, "which is no person")
        if first != "profile" or not rest:
            raise self.no_profile(raw)
        return self.handle(url.path[1], raw)

    def display(self, identifier: Identifier) -> str:
        """Return the URL without ``https://``, as people write it."""
        return f"xing.com/profile/{identifier.value}"


class XingId(PlatformId):
    """Ids of XING members, as its API has them."""

    name = "xing-id"
    title = "XING"
    platform = "xing"
    proves = frozenset({"xing"})
    scoped = False
    accepted = "an id such as 12345_abcdef"
    form = re.compile(r"[0-9]{1,10}_[0-9a-f]{6}")


for _scheme in (Threads(), ThreadsId(), Reddit(), RedditId(), VK(), VKId(), Snapchat(), Xing(), XingId()):
    register_scheme(_scheme)
