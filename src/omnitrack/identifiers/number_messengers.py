"""Messengers whose accounts are phone numbers: Viber, Zalo, Signal, RCS. WhatsApp has its own file."""

from __future__ import annotations

import re
from typing import ClassVar

from omnitrack.identifiers.scheme import Identifier, register_scheme
from omnitrack.identifiers.social import Platform, PlatformId, ScopedId, made_by
from omnitrack.identifiers.urls import Url

NO_HANDLE = re.compile(r"(?!)")


class NumberPlatform(Platform):
    """Accounts that are phone numbers: of a number the ``phone`` identifier is returned, which links a chat to a call."""

    form = NO_HANDLE
    #: Whether the platform writes numbers with their country code and no plus; else digits without a plus are refused.
    bare_numbers: ClassVar[bool] = True

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the phone identifier of a number, else that of a handle."""
        if re.search(r"[^\W\d_]", handle) or not re.search(r"\d", handle):
            return super().handle(handle, raw)
        if handle.startswith("+"):
            return made_by("phone", handle, raw)
        if not self.bare_numbers or handle.startswith("0"):
            raise self.refuse(raw, "which says nothing of the country")
        return made_by("phone", f"+{handle}", raw)

    def from_number(self, number: str, raw: str) -> Identifier:
        """Return the identifier of what should be a number, in a URL; without its country code it is refused."""
        number = number.strip()
        if not re.fullmatch(r"\+?[0-9 ]{7,20}", number):
            raise self.no_profile(raw)
        return self.handle(number if number.startswith("+") else f"+{number}", raw)


class Viber(NumberPlatform):
    """Viber accounts. Bots and channels get an id in the place of the number, which gives ``viber-id``."""

    name = "viber"
    title = "Viber"
    ids = "viber-id"
    uris = ("viber://",)
    apps = (("viber://", "https://viber.com/"),)
    accepted = "a phone number with its country code, an id of 24 characters that Viber gives a bot, or viber://chat?number=%2B447700900123"
    hosts = frozenset({"viber.com", "chats.viber.com", "invite.viber.com", "viber.click"})

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``viber://chat?number=``, ``contact`` and ``add``, and ``viber.click/447700900123``."""
        first = url.words[0]
        if first == "pa":
            raise self.refuse(raw, "which is a bot and no person")
        if url.host == "viber.click":
            return self.from_number(url.path[0], raw)
        if first not in ("chat", "contact", "add") or len(url.path) > 1:
            raise self.no_profile(raw)
        return self.from_number(url.query.get("number", ""), raw)


class ViberId(ScopedId):
    """Ids that Viber gives the users of a bot or a channel: base64 of 16 bytes, unique for that bot, their scope."""

    name = "viber-id"
    title = "Viber"
    accepted = "an id of 24 characters that Viber gives a bot, such as 01234567890123456789Ag=="
    form = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")


class Zalo(NumberPlatform):
    """Zalo accounts. Official accounts and apps get an id in the place of the number, which gives ``zalo-id``."""

    name = "zalo"
    title = "Zalo"
    ids = "zalo-id"
    accepted = "a phone number, an id of 13 to 20 digits, or zalo.me/84912345678"
    hosts = frozenset({"zalo.me", "chat.zalo.me"})

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the phone identifier; Vietnam's numbers are written without a country code too, others only with a plus."""
        if re.fullmatch(r"0[0-9]{9}", handle):
            return made_by("phone", handle, raw, region="VN")
        if not re.fullmatch(r"\+.*|84[0-9]{9}", handle):
            raise self.refuse(raw)
        return super().handle(handle, raw)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``zalo.me/84912345678``; a longer number is an official account."""
        if len(url.path) != 1 or not re.fullmatch(r"\+?[0-9]{9,12}", url.path[0]):
            raise self.refuse(raw, "which is an official account, a group or a page, and no person")
        return self.handle(url.path[0], raw) if url.path[0].startswith("0") else self.from_number(url.path[0], raw)


class ZaloId(ScopedId):
    """Ids of Zalo users, which are others for each official account and app."""

    name = "zalo-id"
    title = "Zalo"
    unique_in = "official account or app"
    accepted = "an id of 13 to 20 digits, with the official account or app as scope"
    form = re.compile(r"[1-9][0-9]{12,19}")


class Signal(NumberPlatform):
    """Signal accounts: numbers with their plus; ids of accounts give ``signal-id``; user names are of this scheme."""

    name = "signal"
    title = "Signal"
    ids = "signal-id"
    uris = ("sgnl://",)
    apps = (("sgnl://", "https://"),)
    bare_numbers = False
    others = ((re.compile(r"pni:.*"), "which stands for a number and no account"),)
    accepted = "a phone number with its plus, a user name such as jane.01, an account's UUID, or https://signal.me/#p/+447700900123"
    form = re.compile(r"[a-z_][a-z0-9_]{2,31}\.(?:0[1-9]|[1-9][0-9]{1,8})")
    hosts = frozenset({"signal.me"})

    def is_id(self, text: str) -> bool:
        """Return whether it is the UUID of an account, in either case."""
        return super().is_id(text.lower())

    def from_url(self, url: Url, raw: str) -> Identifier:
        """Understand ``signal.me/#p/+447700900123``; ``#eu/`` holds a user name that only Signal can read."""
        kind, _, number = url.fragment.partition("/")
        if not self.knows(url) or url.path or kind != "p" or not number.startswith("+"):
            raise self.refuse(raw, "which names nobody's number")
        return self.handle(number, raw)


class SignalId(PlatformId):
    """Account ids of Signal (ACI), which outlive a change of the number. Those of a number (``PNI:``) are none."""

    name = "signal-id"
    title = "Signal"
    proves = frozenset({"signal"})
    scoped = False
    accepted = "the UUID of an account"
    form = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

    def normal(self, value: str) -> str:
        """Return the UUID in lower case."""
        return value.lower()


class Rcs(NumberPlatform):
    """Users of RCS, who are phone numbers (GSMA RCC.71); what is called by a name is a business's agent."""

    name = "rcs"
    title = "RCS"
    bare_numbers = False
    accepted = "a phone number with its plus"
    others = ((re.compile(r"\A[\W\d_]*+[^\W\d_].*"), "which is a business's agent and no person"),)


for _scheme in (Viber(), ViberId(), Zalo(), ZaloId(), Signal(), SignalId(), Rcs()):
    register_scheme(_scheme)
