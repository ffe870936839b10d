"""Identifiers that a company gives out itself: account, CRM record, device, internal extension; and postal addresses."""

from __future__ import annotations

import re
import unicodedata
from typing import ClassVar

from omnitrack.errors import InvalidIdentifierError, mask
from omnitrack.identifiers.characters import refuse_unseen
from omnitrack.identifiers.scheme import (
    MAX_IDENTIFIER_LENGTH,
    Identifier,
    Scheme,
    checked_scope,
    checked_text,
    escape,
    register_scheme,
    unescape,
)


def account(value: str, scope: str = "") -> Identifier:
    """Return the identifier of a customer account.

    Args:
        value: the account number. White space goes, digits of any script become ASCII, letters keep their case (some
            systems' numbers differ in nothing else).
        scope: the brand or system in which the number is unique; "" where there is only one.

    Raises:
        InvalidIdentifierError: empty, too long, or with characters that cannot be seen.

    >>> account("BT 123", scope="bt").key, account("a@b", scope="bt").key
    ('account:BT123@bt', 'account:a%40b@bt')
    """
    return AccountScheme().parse(value, scope=scope)


def crm(value: str, scope: str = "") -> Identifier:
    """Return the identifier of a record in a customer system; arguments and errors as of ``account``.

    >>> crm("0031t00000XyZ12", scope="salesforce").key
    'crm:0031t00000XyZ12@salesforce'
    """
    return CrmScheme().parse(value, scope=scope)


def device(value: str, scope: str = "") -> Identifier:
    """Return the identifier of a device or a browser: a cookie, an installation id. Arguments as of ``account``.

    >>> device("cookie-1f").key
    'device:cookie-1f'
    """
    return DeviceScheme().parse(value, scope=scope)


class IssuedScheme(Scheme):
    """Values that some system issued: compared exactly, unique inside a scope."""

    scoped = True
    linkable: ClassVar[bool] = True
    reason: ClassVar[str | None] = None

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier; ``%`` and ``@`` of the value are escaped, so that the key has one reading."""
        value = self.normal(checked_text(text, self.name))
        refuse_unseen(value, self.name)
        if not value or len(value) > MAX_IDENTIFIER_LENGTH:
            raise InvalidIdentifierError(
                f"{self.name}: got {mask(text)!r}, accepted are 1 to {MAX_IDENTIFIER_LENGTH} characters"
            )
        return Identifier(
            scheme=self.name,
            value=value,
            scope=checked_scope(scope, self.name),
            linkable=self.linkable,
            reason=self.reason,
            raw=text,
        )

    def normal(self, text: str) -> str:
        """Return the normal form of a value."""
        # NFC, not NFKC: what a system keeps apart stays apart. Digits are the same number in any script.
        text = unicodedata.normalize("NFC", text)
        if not text.isascii():
            text = "".join(str(unicodedata.decimal(ch)) if ch.isdecimal() else ch for ch in text)
        return escape("".join(text.split()))

    def display(self, identifier: Identifier) -> str:
        """Return the value without escapes, and the scope."""
        value = unescape(identifier.value)
        return f"{value} ({identifier.scope})" if identifier.scope else value


class AccountScheme(IssuedScheme):
    """Customer accounts: the company's own word for who somebody is, so the strongest anchor there is."""

    name = "account"
    exclusive = True
    rank = 100


class CrmScheme(IssuedScheme):
    """Records of a customer system; below the account, since such systems hold duplicates."""

    name = "crm"
    exclusive = True
    rank = 90


class DeviceScheme(IssuedScheme):
    """Devices and browsers: shared in households, cleared and sold, so nearly the weakest anchor."""

    name = "device"
    rank = 20


class ExtensionScheme(IssuedScheme):
    """Numbers that only one exchange or network knows: internal extensions and short codes (150, 60066).

    They name a desk or a service. Scope: the exchange or the network.
    """

    name = "extension"
    rank = 5
    linkable = False
    reason = "it is an internal extension or a short code"

    def normal(self, text: str) -> str:
        """Return the digits, with ``*`` and ``#`` where there are."""
        value = super().normal(text).replace("-", "")
        if value and not re.fullmatch(r"[0-9*#]{1,15}", value):
            raise InvalidIdentifierError(f"extension: got {mask(text)!r}, accepted are 1 to 15 digits")
        return value


for _scheme in (AccountScheme(), CrmScheme(), DeviceScheme(), ExtensionScheme()):
    register_scheme(_scheme)
