"""WhatsApp: accounts are phone numbers, with user names, business-scoped ids, and ids that hide the number."""

from __future__ import annotations

import re

from omnitrack.identifiers.jids import read_jid
from omnitrack.identifiers.number_messengers import NumberPlatform
from omnitrack.identifiers.scheme import Identifier, register_scheme
from omnitrack.identifiers.social import PlatformId, made_by
from omnitrack.identifiers.urls import Url

# Servers of addresses (JID): of ids that hide the number, and of what is no person; the others are of numbers.
_HIDDEN = frozenset({"lid", "hosted.lid"})
_NO_PERSON = {
    "g.us": "a group",
    "broadcast": "a list of recipients",
    "newsletter": "a channel",
    "bot": "a bot",
    "call": "a call",
}


class WhatsApp(NumberPlatform):
    """WhatsApp accounts.

    A ``wa_id`` is the phone number without its plus, so a ``phone`` identifier is returned: it is the number that links
    a chat to a call. Business-scoped user ids give ``whatsapp-id``, ids that hide the number ``whatsapp-lid``; user names are of this scheme.
    """

    name = "whatsapp"
    title = "WhatsApp"
    ids = "whatsapp-id"
    uris = ("whatsapp://",)
    apps = (("whatsapp://", "https://api.whatsapp.com/"),)
    accepted = (
        "a wa_id or phone number, a JID, a user name, a business-scoped user id, or a URL such as wa.me/447700900123"
    )
    form = re.compile(r"(?=.*[a-z])(?!www\.)(?!.{36})[a-z0-9_]+(?:\.[a-z0-9_]+)*(?<=.{3})")
    hosts = frozenset({"wa.me", "api.whatsapp.com", "web.whatsapp.com", "chat.whatsapp.com", "whatsapp.com"})

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of a number, a JID, a user name or a business-scoped user id."""
        if isinstance(text, str) and (jid := read_jid(text)):
            return self._of_jid(*jid, text)
        return super().parse(text, region=region, scope=scope)

    def _of_jid(self, who: str, server: str, raw: str) -> Identifier:
        if server in _NO_PERSON:
            raise self.refuse(raw, f"which is {_NO_PERSON[server]} and no person")
        if not (who.isascii() and who.isdigit()):
            raise self.refuse(raw, "which is no person")
        return made_by("whatsapp-lid", who, raw) if server in _HIDDEN else self.handle(who, raw)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``wa.me/number`` and ``api.whatsapp.com/send?phone=number``."""
        if url.host == "chat.whatsapp.com":
            raise self.refuse(raw, "which is a group and no person")
        number = url.query.get("phone", "") if url.path[0] == "send" else url.path[0]
        if len(url.path) != 1:
            raise self.no_profile(raw)
        return self.from_number(number, raw)


class WhatsAppId(PlatformId):
    """Business-scoped user ids: country, dot, up to 128 letters and digits (Meta for Developers, 2026).

    They are unique in one business portfolio, which is the scope. Portfolios under one parent have in common another id of the same person,
    with ``ENT`` behind the country.
    """

    name = "whatsapp-id"
    title = "WhatsApp"
    platform = "whatsapp"
    proves = frozenset({"whatsapp", "phone"})
    accepted = "a business-scoped user id such as US.13491208655302741918, or US.ENT.11815799212886844830 of a parent portfolio"
    form = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")

    def series(self, value: str, scope: str) -> str:
        """Return the scope, and whether the id is of the parent: a person has one of each."""
        return f"parent@{scope}" if value[2:7] == ".ENT." else scope


class WhatsAppLid(PlatformId):
    """Ids by which WhatsApp hides a number (LID): digits that are no number. WhatsApp does not document whether one outlives the account."""

    name = "whatsapp-lid"
    title = "WhatsApp"
    scoped = False
    accepted = "the digits of a LID, such as 235085806727321@lid"
    form = re.compile(r"[1-9][0-9]{5,19}")

    def normal(self, value: str) -> str:
        """Return the digits, without the device and the server."""
        jid = read_jid(value)
        return jid[0] if jid and jid[1] in _HIDDEN else value


register_scheme(WhatsApp())
register_scheme(WhatsAppId())
register_scheme(WhatsAppLid())
