"""Messengers with user names or ids of their own: LINE, WeChat, KakaoTalk, Apple Messages."""

from __future__ import annotations

import re

from omnitrack.identifiers.scheme import Identifier, register_scheme
from omnitrack.identifiers.social import Platform, ScopedId, made_by
from omnitrack.identifiers.urls import Url


class Line(Platform):
    """LINE. A LINE ID is what friends search for; what begins with ``@`` is an official account."""

    name = "line"
    title = "LINE"
    ids = "line-id"
    uris = ("line://",)
    apps = (("line://", "https://line.me/"),)
    accepted = "a LINE ID of up to 20 small letters, digits, . - and _, a user id such as U and 32 hexadecimal digits, or line.me/ti/p/~jane"
    form = re.compile(r"(?!.{21})[a-z0-9][a-z0-9._-]*")
    others = ((re.compile(r"[cr][0-9a-f]{32}"), "which is a group or a room and no person"),)
    hosts = frozenset({"line.me"})

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of a LINE ID, a user id or a link."""
        body = text.strip() if isinstance(text, str) else ""
        if body.startswith(("@", "＠")):
            raise self.refuse(text, "which is an official account and no person")
        return super().parse(text, region=region, scope=scope)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``line.me/ti/p/~jane``; without the ``~`` it is an invitation, or an official account."""
        path = url.path[1:] if url.path[0] == "R" else url.path
        if len(path) != 3 or path[:2] != ("ti", "p") or not path[2].startswith("~"):
            raise self.no_profile(raw)
        return self.handle(path[2][1:], raw)

    def display(self, identifier: Identifier) -> str:
        """Return the LINE ID: an ``@`` in front would make it an official account's."""
        return identifier.value


class LineId(ScopedId):
    """User ids of LINE's Messaging API and LINE Login, which are others for each provider, their scope."""

    name = "line-id"
    title = "LINE"
    platform = "line"
    proves = frozenset({"line"})
    accepted = "a user id: U and 32 hexadecimal digits in lower case"
    form = re.compile(r"U[0-9a-f]{32}")


class WeChat(Platform):
    """WeChat (Weixin). ``gh_`` begins an official account."""

    name = "wechat"
    title = "WeChat"
    ids = "wechat-id"
    accepted = "a WeChat ID of 6 to 20 letters, digits, _ and -, a letter first, or an OpenID or UnionID of 28 or 29 characters"
    form = re.compile(r"(?!gh_)[a-z][a-z0-9_-]{5,19}")
    others = ((re.compile(r"gh_.*"), "which is an official account and no person"),)

    def display(self, identifier: Identifier) -> str:
        """Return the WeChat ID, as people write it."""
        return identifier.value


class WeChatId(ScopedId):
    """OpenIDs and UnionIDs of WeChat users.

    An OpenID is unique for an official account or an app, a UnionID for all those of one account of the open platform: that is their scope.
    """

    name = "wechat-id"
    title = "WeChat"
    platform = "wechat"
    proves = frozenset({"wechat"})
    accepted = "an OpenID or UnionID: o and 27 or 28 letters, digits, _ and -"
    form = re.compile(r"o[A-Za-z0-9_-]{27,28}")


class KakaoTalk(Platform):
    """KakaoTalk. Channels and open chats are no persons."""

    name = "kakaotalk"
    title = "KakaoTalk"
    ids = "kakaotalk-id"
    accepted = "a KakaoTalk ID of 4 to 20 letters, digits, . - and _, not digits alone, or the id that Kakao gives an app or a bot"
    form = re.compile(r"(?![0-9]+$)[a-z0-9][a-z0-9._-]{3,19}")
    hosts = frozenset({"pf.kakao.com", "open.kakao.com", "center-pf.kakao.com"})

    def profile(self, url: Url, raw: str) -> Identifier:
        """Refuse them all: what Kakao has on the web are channels and open chats."""
        raise self.refuse(raw, "which is a channel or an open chat and no person")

    def is_id(self, text: str) -> bool:
        """Return whether it is a number, or longer than a KakaoTalk ID."""
        return ((text.isascii() and text.isdigit()) or len(text) > 20) and super().is_id(text)

    def display(self, identifier: Identifier) -> str:
        """Return the KakaoTalk ID, as people write it."""
        return identifier.value


class KakaoTalkId(ScopedId):
    """Ids that Kakao gives an app (numbers) or a bot and its channel (keys); each is unique there, which is its scope."""

    name = "kakaotalk-id"
    title = "KakaoTalk"
    platform = "kakaotalk"
    proves = frozenset({"kakaotalk"})
    unique_in = "app or channel"
    accepted = "a number, or a key of up to 70 letters, digits, _ and -, with the app or channel as scope"
    form = re.compile(r"[1-9][0-9]{3,18}|[A-Za-z0-9_-]{10,70}")

    def series(self, value: str, scope: str) -> str:
        """Return whether it is a number or a key, and of where: an account has one of each."""
        return f"{'number' if value.isdigit() else 'key'}@{super().series(value, scope)}"


class AppleMessagesId(ScopedId):
    """Customers who write to a business in Apple Messages: an opaque id, unique for that business, its scope.

    A person who writes by iMessage is known by number or mail address, and gives that identifier.
    """

    name = "apple-messages-id"
    title = "Apple Messages"
    uris = ("urn:mbid:", "urn:biz:", "imessage:")
    accepted = "an opaque id such as urn:mbid:AQAAY..., a phone number with its plus, or a mail address"
    form = re.compile(r"urn:mbid:[A-Za-z0-9+/_=-]{4,255}")

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of an opaque id, of a number or of a mail address."""
        body, _ = self.checked(text, scope)
        if body.lower().startswith("urn:biz:"):
            raise self.refuse(text, "which is a business and no person")
        if body.lower().startswith("imessage:"):
            body = body[9:].removeprefix("//").partition("?")[0]
        if "@" in body:
            return made_by("email", body, text)
        if body.startswith("+"):
            return made_by("phone", body, text)
        return super().parse(body, scope=scope)

    def normal(self, value: str) -> str:
        """Return the URN, its first parts in lower case."""
        return value[:9].lower() + value[9:]


for _scheme in (Line(), LineId(), WeChat(), WeChatId(), KakaoTalk(), KakaoTalkId(), AppleMessagesId()):
    register_scheme(_scheme)
