"""Identifiers: phone numbers, addresses, accounts and their normal forms, one file for each family."""

from omnitrack.errors import InvalidIdentifierError, WithheldError
from omnitrack.identifiers.email import email
from omnitrack.identifiers.own import OwnList
from omnitrack.identifiers.phone import phone
from omnitrack.identifiers.postal import postal
from omnitrack.identifiers.scheme import (
    NORMAL_FORM_VERSION,
    Identifier,
    Scheme,
    content_id,
    forget,
    get_scheme,
    iter_schemes,
    register_scheme,
)
from omnitrack.identifiers.simple import account, crm, device
from omnitrack.identifiers.social import social
from omnitrack.identifiers.text import find_identifiers, identifier

__all__ = [
    "NORMAL_FORM_VERSION",
    "Identifier",
    "InvalidIdentifierError",
    "OwnList",
    "Scheme",
    "WithheldError",
    "account",
    "content_id",
    "crm",
    "device",
    "email",
    "find_identifiers",
    "forget",
    "get_scheme",
    "identifier",
    "iter_schemes",
    "phone",
    "postal",
    "register_scheme",
    "social",
]
