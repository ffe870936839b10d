"""WhatsApp: its accounts are phone numbers; beside them user names, and ids that are unique for one business."""

from __future__ import annotations

import re

import attrs

from omnitrack.identifiers.phone import phone
from omnitrack.identifiers.scheme import Identifier, get_scheme, register_scheme
from omnitrack.identifiers.social import Platform, PlatformId
from omnitrack.identifiers.urls import Url

# Brazil gave its mobile numbers a ninth digit between 2012 and 2016 (Anatel, Resolução 553/2010); WhatsApp still writes
# some without it. Landlines begin with 2 to 5, so 6 to 9 behind the area code was a mobile number.
_BRAZIL_WITHOUT_NINE = re.compile(r"\+55([1-9][0-9])([6-9][0-9]{7})")


class WhatsApp(Platform):
    """WhatsApp accounts.

    A ``wa_id`` is the phone number without its plus, so a ``phone`` identifier is returned: it is the number that links
    a chat to a call. Business-scoped user ids give ``whatsapp-id``; user names are of this scheme.
    """

    name = "whatsapp"
    title = "WhatsApp"
    accepted = "a wa_id or phone number, a user name, a business-scoped user id, or a URL such as wa.me/447700900123"
    form = re.compile(r"(?=.*[a-z])(?!www\.)(?!.{36})[a-z0-9_]+(?:\.[a-z0-9_]+)*(?<=.{3})")
    hosts = frozenset({"wa.me", "api.whatsapp.com", "whatsapp.com"})

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier of a number, a user name or a business-scoped user id."""
        body = text.strip() if isinstance(text, str) else text
        if isinstance(body, str) and WhatsAppId.form.fullmatch(body):
            return get_scheme("whatsapp-id").parse(text, scope=scope)
        return super().parse(text, region=region, scope=scope)

    def handle(self, handle: str, raw: str) -> Identifier:
        """Return the phone identifier of a number, else that of a user name."""
        if re.search(r"[^\W\d_]", handle) or not re.search(r"\d", handle):
            return super().handle(handle, raw)
        digits = handle if handle.startswith("+") else f"+{handle}"
        found = phone(digits)
        if match := _BRAZIL_WITHOUT_NINE.fullmatch(found.value):
            found = phone(f"+55{match[1]}9{match[2]}")
        return attrs.evolve(found, raw=raw)

    def profile(self, url: Url, raw: str) -> Identifier:
        """Understand ``wa.me/number`` and ``api.whatsapp.com/send?phone=number``."""
        number = url.query.get("phone", "") if url.path[0] == "send" else url.path[0]
        if len(url.path) != 1 or not re.fullmatch(r"\+?[0-9 ]{7,20}", number.strip()):
            raise self.refuse(raw, "which is a page and no profile")
        return self.handle(number.strip(), raw)


class WhatsAppId(PlatformId):
    """Business-scoped user ids: country, dot, up to 128 letters and digits (Meta for Developers, 2026).

    They are unique in one business portfolio, which is the scope.
    """

    name = "whatsapp-id"
    title = "WhatsApp"
    platform = "whatsapp"
    proves = frozenset({"whatsapp", "phone"})
    accepted = "a business-scoped user id such as US.13491208655302741918"
    form = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")


register_scheme(WhatsApp())
register_scheme(WhatsAppId())
