"""Identifiers that a company issues: account, CRM record, device, internal extension."""

from __future__ import annotations

import re
import unicodedata
from typing import ClassVar

from omnitrack.errors import InvalidIdentifierError, mask
from omnitrack.identifiers.characters import refuse_unseen
from omnitrack.identifiers.issuers import folded
from omnitrack.identifiers.nonvalues import REASON, is_nothing
from omnitrack.identifiers.scheme import (
    MAX_IDENTIFIER_LENGTH,
    Identifier,
    Scheme,
    checked_scope,
    checked_text,
    escape,
    register_scheme,
)


def account(value: str, scope: str = "") -> Identifier:
    """Return the identifier of a customer account.

    Args:
        value: the account number. It is opaque: two that differ in a character are two, and only surrounding white space goes.
        scope: the brand or system in which the number is unique; "" where there is only one.

    Raises:
        InvalidIdentifierError: empty, too long, with characters that cannot be seen, or a value that stands for none, such as ``null``.

    >>> account("BT123", scope="bt").key, account("a@b", scope="bt").key
    ('account:BT123@bt', 'account:a%40b@bt')
    """
    return AccountScheme().parse(value, scope=scope)


def crm(value: str, scope: str = "") -> Identifier:
    """Return the identifier of a record in a customer system; arguments and errors as of ``account``.

    Ids of Salesforce, given with that scope, are one in their forms of 15 and of 18 characters (see ``omnitrack.identifiers.issuers``).

    >>> crm("0031t00000XyZ12", scope="salesforce").key
    'crm:0031t00000XyZ12AAF@salesforce'
    """
    return CrmScheme().parse(value, scope=scope)


def device(value: str, scope: str = "") -> Identifier:
    """Return the identifier of a device or a browser: a cookie, an installation id. Arguments as of ``account``.

    >>> device("cookie-1f").key
    'device:cookie-1f'
    """
    return DeviceScheme().parse(value, scope=scope)


class IssuedScheme(Scheme):
    """Values that some system issued: opaque, compared exactly, unique inside a scope."""

    scoped = True
    linkable: ClassVar[bool] = True
    reason: ClassVar[str | None] = None

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Return the identifier, unless the value stands for none."""
        scope = checked_scope(scope, self.name)
        normal = self.normal(checked_text(text, self.name))
        value = folded(normal, scope)
        refuse_unseen(value, self.name)
        # In a key @ and % take three characters.
        if not value or len(escape(value)) > MAX_IDENTIFIER_LENGTH:
            raise InvalidIdentifierError(
                f"{self.name}: got {mask(text)!r}, accepted are 1 to {MAX_IDENTIFIER_LENGTH} characters"
            )
        if self.linkable and (is_nothing(normal) or is_nothing(value)):
            raise refused_nothing(self.name, text)
        return Identifier(
            scheme=self.name,
            value=value,
            scope=scope,
            linkable=self.linkable,
            reason=self.reason,
            raw=text,
        )

    def normal(self, text: str) -> str:
        """Return the normal form of a value."""
        # Whoever chose "vic tim" is not whoever chose "victim": what a system keeps apart stays apart.
        return unicodedata.normalize("NFC", text).strip()

    def display(self, identifier: Identifier) -> str:
        """Return the value, and the scope."""
        return f"{identifier.value} ({identifier.scope})" if identifier.scope else identifier.value


def refused_nothing(scheme: str, text: str) -> InvalidIdentifierError:
    """Return the error for a value that stands for none."""
    return InvalidIdentifierError(f"{scheme}: got {mask(text)!r}, {REASON}; accepted is an id that somebody was given")


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
        value = "".join(super().normal(text).split()).replace("-", "")
        value = "".join(str(unicodedata.decimal(ch)) if ch.isdecimal() else ch for ch in value)
        if value and not re.fullmatch(r"[0-9*#]{1,15}", value):
            raise InvalidIdentifierError(f"extension: got {mask(text)!r}, accepted are 1 to 15 digits")
        return value


for _scheme in (AccountScheme(), CrmScheme(), DeviceScheme(), ExtensionScheme()):
    register_scheme(_scheme)
