"""Handover texts: what a customer is told who is asked to go on elsewhere, in some languages or by a template, as long as the channel allows."""

from __future__ import annotations

from datetime import datetime, timezone, tzinfo
from string import Formatter

from omnitrack.errors import InvalidInteractionError, masked_repr, plain_repr
from omnitrack.model import is_storable
from omnitrack.service.message_size import MOST_WEIGHT, sms_segments, x_weight

MOST_TEMPLATE = 2_000
MOST_ADDRESS = 200
MOST_SEGMENTS = 3  # of a text message by a template of the caller's

#: By ISO 639-1 code, in the characters of one text message: with the place to go to, and without one.
TEXTS = {
    "en": (
        "Please continue by {to} at {address} with code {code} (until {until}).",
        "Please continue by {to} with code {code} (until {until}).",
    ),
    "de": (
        "Bitte weiter per {to} an {address} mit Code {code} (bis {until}).",
        "Bitte weiter per {to} mit Code {code} (bis {until}).",
    ),
    "fr": (
        "Merci de continuer par {to} : {address}, code {code} (avant le {until}).",
        "Merci de continuer par {to}, code {code} (avant le {until}).",
    ),
    "es": (
        "Siga por {to} en {address} con la clave {code} (hasta {until}).",
        "Siga por {to} con la clave {code} (hasta {until}).",
    ),
    "it": (
        "Continui per {to} a {address} con il codice {code} (fino al {until}).",
        "Continui per {to} con il codice {code} (fino al {until}).",
    ),
    "nl": (
        "Ga verder per {to} via {address} met code {code} (tot {until}).",
        "Ga verder per {to} met code {code} (tot {until}).",
    ),
}
_NAMES = {
    "en": {"phone": "phone", "email": "email", "sms": "text message", "web": "web", "chat": "chat", "letter": "letter"},
    "de": {"phone": "Telefon", "email": "E-Mail", "sms": "SMS", "web": "Web", "chat": "Chat", "letter": "Brief"},
    "fr": {
        "phone": "t\u00e9l\u00e9phone",
        "email": "e-mail",
        "sms": "SMS",
        "web": "web",
        "chat": "chat",
        "letter": "courrier",
    },
    "es": {"phone": "tel\u00e9fono", "email": "correo", "sms": "SMS", "web": "web", "chat": "chat", "letter": "carta"},
    "it": {"phone": "telefono", "email": "e-mail", "sms": "SMS", "web": "web", "chat": "chat", "letter": "lettera"},
    "nl": {"phone": "telefoon", "email": "e-mail", "sms": "sms", "web": "web", "chat": "chat", "letter": "brief"},
}
_FIELDS = frozenset({"code", "digits", "to", "address", "until"})
#: Channels whose customers key the code on a telephone.
_KEYED = frozenset({"phone", "voice", "call", "ivr"})


def check_template(template: str | None, language: str, address: str | None) -> None:
    """Raise unless what the text of a handover is made from can be used.

    Raises:
        InvalidInteractionError: the template names what there is not, or leaves out the code; the language is unknown.
    """
    if not isinstance(language, str) or language not in TEXTS:
        raise InvalidInteractionError(
            f"language: got {plain_repr(language)}, accepted are {', '.join(sorted(TEXTS))}, and a template for others"
        )
    if address is not None and (
        not isinstance(address, str) or not 0 < len(address) <= MOST_ADDRESS or not is_storable(address)
    ):
        raise InvalidInteractionError(
            f"address: got {masked_repr(address)}, accepted is a text of at most {MOST_ADDRESS} characters"
        )
    if template is None:
        return
    if not isinstance(template, str) or len(template) > MOST_TEMPLATE or not is_storable(template):
        raise InvalidInteractionError(f"template: accepted is a text of at most {MOST_TEMPLATE} characters")
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise InvalidInteractionError(f"template: {error}") from None
    named = {name for _, name, _, _ in parts if name is not None}
    plain = all(not spec and conversion is None for _, name, spec, conversion in parts if name is not None)
    if not plain or not named <= _FIELDS or not named & {"code", "digits"}:
        raise InvalidInteractionError(
            "template: accepted are the fields {code}, {digits}, {to}, {address} and {until}, with {code} or {digits} among them"
        )


def handover_text(
    *,
    code: str,
    digits: str,
    to: str,
    address: str | None,
    until: datetime,
    zone: tzinfo | None,
    language: str,
    template: str | None,
) -> str:
    """Return what the customer is told."""
    keyed = " ".join(digits[start : start + 5] for start in range(0, len(digits), 5))
    if template is None:
        with_address, without = TEXTS[language]
        template = without if address is None else with_address
        if to in _KEYED:
            code = keyed
    local = until.astimezone(zone or timezone.utc)
    when = f"{local:%Y-%m-%d %H:%M}" + ("" if zone is not None else " UTC")
    name = _NAMES[language].get(to, to)
    return template.format(code=code, digits=keyed, to=name, address=address or "", until=when)


def check_fits(text: str, channel: str, private: bool, own: bool) -> None:
    """Raise unless a text fits the channel that it goes out on.

    Args:
        own: by a template of the caller's.

    Raises:
        InvalidInteractionError: it is too long.
    """
    if channel == "x" and not private and (weight := x_weight(text)) > MOST_WEIGHT:
        raise InvalidInteractionError(
            f"text: got a weight of {weight}, accepted is at most {MOST_WEIGHT} in a post on X; shorten the template or the address"
        )
    most = MOST_SEGMENTS if own else 2
    if channel == "sms" and (segments := sms_segments(text)) > most:
        raise InvalidInteractionError(
            f"text: got {segments} segments, accepted are at most {most} in a text message; shorten the template or the address"
        )
