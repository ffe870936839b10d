"""Federated platforms: Mastodon and compatible servers, Bluesky, forums."""

from __future__ import annotations

import re
import unicodedata

from omnitrack.identifiers.characters import refuse_unseen, words
from omnitrack.identifiers.domains import ascii_domain, unicode_domain
from omnitrack.identifiers.lookalike import lookalike_host
from omnitrack.identifiers.scheme import Identifier, escape, get_scheme, iter_schemes, register_scheme
from omnitrack.identifiers.social import Account, Platform, PlatformId, made_by
from omnitrack.identifiers.urls import Url, looks_like_url, read_url

# Hosts that are known to run Mastodon; of another one a URL is read only where somebody says that it is Mastodon, since
# many sites have profiles at /@name.
_MASTODON_HOSTS = words(
    """
    mastodon.social mastodon.online mastodon.world mastodon.cloud mastodon.xyz mastodon.art mastodon.scot mastodon.ie
    mastodon.nl mastodon.green mastodonapp.uk mstdn.social mstdn.jp mstdn.ca mstdn.io mas.to masto.ai masto.es masto.nu
    toot.community toot.wales toot.io troet.cafe fosstodon.org hachyderm.io chaos.social infosec.exchange techhub.social
    social.tchncs.de framapiaf.org mamot.fr pawoo.net universeodon.com ioc.exchange indieweb.social scholar.social
    sigmoid.social ruby.social norden.social hessen.social nrw.social social.vivaldi.net social.lol home.social
    aus.social octodon.social metalhead.club journa.host c.im det.social piaille.fr floss.social sfba.social
    """
)
_MASTODON_LABEL = re.compile(r"(?:mastodon|mstdn|masto|toot)[a-z]*")


class Mastodon(Platform):
    """Accounts of the fediverse: ``jane@mastodon.social``. Names are unique in their host, which is part of the value."""

    name = "mastodon"
    title = "Mastodon"
    accepted = "a handle with its host, such as @jane@mastodon.social, or a URL such as https://mastodon.social/@jane"
    # docs.joinmastodon.org, and WebFinger (RFC 7033) for other servers' names with dots and hyphens.
    form = re.compile(r"(?!.{65})[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?")
    hosts = _MASTODON_HOSTS
    tabs = words("with_replies media followers following featured")

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of ``@jane@host``, ``acct:jane@host``, a profile URL, or of a name with the host as scope."""
        body, _ = self.checked(text, "")
        body = re.sub(r"^acct:", "", body, flags=re.IGNORECASE)
        if looks_like_url(body):
            return self._of_any_host(read_url(body, self.name), text)
        user, _, host = body.removeprefix("@").partition("@")
        return self._account(user, host or scope, text)

    def from_url(self, url: Url, raw: str) -> Identifier:
        """Return the identifier of a profile URL of a host that is known, or named, as Mastodon's."""
        if not self.knows(url):
            raise self.refuse(raw, "whose host is not known to be Mastodon; social('mastodon', ...) takes any host")
        return self._of_any_host(url, raw)

    def knows(self, url: Url) -> bool:
        """Return whether a host is known to run Mastodon, or says so in its name."""
        return super().knows(url) or any(_MASTODON_LABEL.fullmatch(label) for label in url.host.split("."))

    def _of_any_host(self, url: Url, raw: str) -> Identifier:
        path = url.path[1:] if url.path[:1] in (("web",), ("deck",)) else url.path
        if path[:1] == ("users",) and (
            len(path) == 2 or path[2:3] == ("statuses",)
        ):  # the ActivityPub actor, and what it said
            return self._account(path[1], url.host, raw)
        theirs = len(path) == 1 or (len(path) > 1 and (path[1] in self.tabs or path[1].isdecimal()))
        if not theirs or not path[0].startswith("@"):
            raise self.no_profile(raw)
        user, _, host = path[0][1:].partition("@")
        return self._account(user, host or url.host, raw)

    def _account(self, user: str, host: str, raw: str) -> Identifier:
        if not host:
            raise self.refuse(raw, "which names no host")
        host = ascii_domain(host, "mastodon host").removeprefix("www.")
        elsewhere = [s for s in iter_schemes() if isinstance(s, Account) and s is not self and host in s.hosts]
        if any(scheme.name == "threads" for scheme in elsewhere):  # which federates, under names of its own
            return made_by("threads", user, raw)
        if "." not in host or elsewhere:
            raise self.refuse(raw, "whose host is no Mastodon host")
        value = self.normal(user)
        if not self.form.fullmatch(value):
            raise self.refuse(raw)
        return self.made(f"{value}@{host}", raw)

    def why_not(self, value: str, scope: str) -> str | None:
        """As of a platform of one host; the host is part of the value."""
        user, _, host = value.partition("@")
        return super().why_not(user, host)

    def display(self, identifier: Identifier) -> str:
        """Return ``@jane@host``, the host in letters."""
        user, _, host = identifier.value.partition("@")
        return f"@{user}@{unicode_domain(host)}"


class Bluesky(Platform):
    """Bluesky handles, which are domain names (AT Protocol, "Handle")."""

    name = "bluesky"
    title = "Bluesky"
    accepted = "a handle such as jane.bsky.social, a DID, or a URL such as bsky.app/profile/jane.bsky.social"
    form = re.compile(r"(?!.{254})(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
    hosts = frozenset({"bsky.app"})
    tabs = words("followers follows known-followers search")
    posts = words("post")

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of a handle, a DID, an ``at://`` address or a profile URL."""
        body, _ = self.checked(text, scope)
        if body.lower().startswith("at://"):
            # Of a record too the first part is whose repository it is in (AT Protocol, "AT URI scheme").
            return self.handle(body[5:].partition("/")[0], text)
        return super().parse(text, region=region, scope=scope)

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the identifier of a handle or a DID."""
        if handle.startswith("did:"):
            found = get_scheme("bluesky-did").parse(handle)
            return Identifier(scheme=found.scheme, value=found.value, raw=raw)
        if handle.lower() == "handle.invalid":  # what the network shows where a handle is broken
            raise self.refuse(raw, "which stands for a handle that is not known")
        return super().handle(ascii_domain(handle, self.name) if not handle.isascii() else handle, raw)

    def why_not(self, value: str, scope: str) -> str | None:
        """As of other platforms; the handle is a domain."""
        return lookalike_host(value) or super().why_not(value.partition(".")[0], scope)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``/profile/jane.bsky.social`` and that person's posts."""
        first, *rest = url.words
        if first != "profile" or not rest or (len(rest) > 1 and not self._is_theirs(rest[1:])):
            raise self.no_profile(raw)
        return self.handle(url.path[1].removeprefix("@"), raw)

    def _is_theirs(self, rest: list[str]) -> bool:
        return rest[0] in self.tabs or (len(rest) > 1 and rest[0] in self.posts)


class BlueskyDid(PlatformId):
    """DIDs of Bluesky accounts, which outlive their handles (AT Protocol, "DID": methods plc and web)."""

    name = "bluesky-did"
    title = "Bluesky"
    platform = "bluesky"
    proves = frozenset({"bluesky"})
    scoped = False
    accepted = "a DID such as did:plc:ewvi7nxzyoun6zhxrhs64oiz"
    form = re.compile(r"did:(?:plc:[a-z2-7]{24}|web:[a-z0-9.-]{1,240}[a-z0-9])")

    def normal(self, value: str) -> str:
        """Return the DID; the host of a ``did:web`` in lower case."""
        value = value.removeprefix("at://")
        return value.lower() if value.lower().startswith("did:web:") else value


class Forum(Platform):
    """Members of forums: Discourse, XenForo, phpBB, vBulletin, Invision, Khoros. The host is the scope.

    Such software compares names without case. A URL with the number of a member gives ``forum-id``.
    """

    name = "forum"
    title = "a forum"
    scoped = True
    accepted = "a member's name with the forum's host as scope, or the URL of a member's page"
    hosts = frozenset()
    # Labels of hosts by which identifier() takes a URL for a forum's.
    _label = re.compile(r"(?:forums?|communit(?:y|ies)|discourse|discuss(?:ions?)?|boards?|bbs|answers)")

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of a member by name, number or page."""
        body, scope = self.checked(text, scope)
        if looks_like_url(body):
            return self.member(read_url(body, self.name), text)
        return self._named(body.removeprefix("@"), scope, text)

    def knows(self, url: Url) -> bool:
        """Return whether a host says in its name that it is a forum."""
        return any(self._label.fullmatch(label) for label in url.host.split("."))

    def from_url(self, url: Url, raw: str) -> Identifier:
        """Return the identifier of a member's page on a host that names itself a forum."""
        if not self.knows(url):
            raise self.refuse(raw, "whose host is not known to be a forum; social('forum', ...) takes any host")
        return self.member(url, raw)

    def member(self, url: Url, raw: str) -> Identifier:
        """Return the identifier of a member's page, on any host."""
        path = tuple(segment.lower() for segment in url.path)
        number = self._number(path, url.query)
        if number:
            found = get_scheme("forum-id").parse(number, scope=url.host)
            return Identifier(scheme=found.scheme, value=found.value, scope=found.scope, raw=raw)
        for index, segment in enumerate(path[:-1]):
            if segment in ("u", "user", "users", "member", "members", "profile"):
                return self._named(url.path[index + 1], url.host, raw)
        if name := url.query.get("username", ""):
            refuse_unseen(name, self.name)
            return self._named(name, url.host, raw)
        raise self.refuse(raw, "which is no member's page")

    @staticmethod
    def _number(path: tuple[str, ...], query: dict[str, str]) -> str:
        if "user-id" in path[:-1]:  # Khoros: /t5/user/viewprofilepage/user-id/123
            return path[path.index("user-id") + 1]
        for index, segment in enumerate(path[:-1]):
            after = path[index + 1]
            if segment == "members" and (match := re.fullmatch(r"(?:.*\.)?([0-9]+)", after)):  # XenForo: jane.123
                return match[1]
            if segment in ("profile", "user", "users") and (match := re.fullmatch(r"([0-9]+)-.+", after)):  # Invision
                return match[1]
        if path and path[-1] in ("member.php", "memberlist.php", "profile.php"):  # vBulletin, phpBB
            number = query.get("u", "") or query.get("id", "")
            return number if number.isascii() and number.isdigit() else ""
        return ""

    def _named(self, name: str, host: str, raw: str) -> Identifier:
        if not host:
            raise self.refuse(raw, "which names no forum")
        host = ascii_domain(host, "forum host").removeprefix("www.")
        value = self.normal(" ".join(unicodedata.normalize("NFC", name).split()))
        if not value or len(escape(value)) > 100:
            raise self.refuse(raw)
        return self.made(value, raw, host)

    def display(self, identifier: Identifier) -> str:
        """Return the name and the forum."""
        return f"{identifier.value} ({identifier.scope})"


class ForumId(PlatformId):
    """Numbers of forum members; the host is the scope."""

    name = "forum-id"
    title = "a forum"
    platform = "forum"
    proves = frozenset({"forum"})
    accepted = "the number of a member, with the forum's host as scope"
    form = re.compile(r"[1-9][0-9]{0,18}")

    def made(self, value: str, raw: str, scope: str = "") -> Identifier:
        """Return the identifier; a member's number means nothing without its forum."""
        if not scope:
            raise self.refuse(raw, "which names no forum")
        return super().made(value, raw, ascii_domain(scope, "forum host").removeprefix("www."))

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of a member's number, or of a member's page that has it."""
        body, scope = self.checked(text, scope)
        if looks_like_url(body):
            found = get_scheme("forum").parse(body)
            if found.scheme != self.name:
                raise self.refuse(text, "which is the URL of a name")
            return super().parse(found.value, scope=found.scope)
        return super().parse(text, scope=scope)


for _scheme in (Mastodon(), Bluesky(), BlueskyDid(), Forum(), ForumId()):
    register_scheme(_scheme)
