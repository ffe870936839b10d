"""Postal addresses: a person at a place, in one normalised line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, unquote

from omnitrack.errors import InvalidIdentifierError, mask
from omnitrack.identifiers.characters import fold_case, refuse_unseen, words
from omnitrack.identifiers.nonvalues import is_nothing, is_written_for_nothing
from omnitrack.identifiers.scheme import MAX_IDENTIFIER_LENGTH, Identifier, Scheme, checked_text, register_scheme

_FIELDS = ("name", "street", "postcode", "city", "country")
_ACCEPTED = "accepted are name=, street=, postcode=, city=, country=, with a postcode or a street and a city at least"

# Forms of address before a name, which some letters have and some have not.
_TITLES = words("mr mrs ms miss mx dr prof professor sir dame lord lady rev herr frau mme mlle sr sra")


def postal(*, name: str = "", street: str = "", postcode: str = "", city: str = "", country: str = "") -> Identifier:
    """Return the identifier of a person at a postal address.

    Names and places are folded, without punctuation and titles; the postcode is in capitals without spaces. An address
    without a name is a household's, so it is kept and not linkable.

    Args:
        name: of the person, as on the envelope.
        street: street and house number.
        postcode: as the country writes it.
        city: post town.
        country: ISO 3166 alpha-2 code or a name.

    Raises:
        InvalidIdentifierError: neither a postcode nor a street and a city; or too long.

    >>> postal(name="Mr J. Smith", postcode="rg14 1aa").key
    'postal:name=j smith;postcode=RG141AA'
    >>> postal(postcode="RG14 1AA", street="1 High St").reason
    'it is an address without a name, so a household'
    """
    fields = {"name": name, "street": street, "postcode": postcode, "city": city, "country": country}
    return _build(fields, "postal(...)")


class PostalScheme(Scheme):
    """Postal addresses: written by hand, shared by families, left behind on moving; so the weakest anchor of a person."""

    name = "postal"
    rank = 10

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """Read the normal form: ``name=j smith;postcode=RG141AA``."""
        if scope:
            raise InvalidIdentifierError(f"scope of postal: got {mask(scope)!r}, accepted is none")
        fields: dict[str, str] = {}
        for part in checked_text(text, "postal").split(";"):
            field, equals, value = part.partition("=")
            field = field.strip().lower()
            if not equals or field not in _FIELDS or field in fields:
                raise InvalidIdentifierError(f"postal: got {mask(text)!r}; {_ACCEPTED}")
            fields[field] = unquote(value)
        return _build(fields, text)

    def display(self, identifier: Identifier) -> str:
        """Return the fields as one line."""
        parts = (part.partition("=") for part in identifier.value.split(";"))
        return ", ".join(
            unquote(value).title() if field in ("name", "street", "city") else unquote(value)
            for field, _, value in parts
        )


def _words(text: str) -> str:
    text = fold_case(unicodedata.normalize("NFKC", text))
    # NFKC again: folding may leave what it composes otherwise.
    text = fold_case(unicodedata.normalize("NFKC", text))
    spaced = "".join(ch if ch.isalnum() or unicodedata.category(ch)[0] == "M" else " " for ch in text)
    return " ".join(spaced.split())


def _name(text: str) -> str:
    # An apostrophe is no gap: O'Neill and ONeill are one.
    parts = _words(re.sub("['’`]", "", text)).split()
    while len(parts) > 1 and parts[0] in _TITLES:
        parts = parts[1:]
    return " ".join(parts)


def _postcode(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).upper()
    return "".join(ch for ch in text if ch.isalnum())


_NORMAL = {"name": _name, "street": _words, "postcode": _postcode, "city": _words, "country": _words}


# NA is a country.
_IS_NOTHING: dict[str, Callable[[str], bool]] = {
    "name": is_nothing,
    "street": is_written_for_nothing,
    "postcode": is_nothing,
    "city": is_written_for_nothing,
    "country": lambda value: False,
}


def _build(fields: dict[str, str], raw: str) -> Identifier:
    normal: dict[str, str] = {}
    for field in _FIELDS:
        value = fields.get(field) or ""
        refuse_unseen(checked_text(value, f"postal {field}").replace("\n", " "), f"postal {field}")
        value = _NORMAL[field](value)
        if _IS_NOTHING[field](value):
            continue
        if value:
            # Letters of any script stay legible; combining marks and all else that could end a field are encoded.
            normal[field] = "".join(ch if ch.isalnum() or ch == " " else quote(ch) for ch in value)
    if "postcode" not in normal and not ("street" in normal and "city" in normal):
        raise InvalidIdentifierError(f"postal: got {', '.join(normal) or 'nothing'}; {_ACCEPTED}")
    text = ";".join(f"{field}={value}" for field, value in normal.items())
    if len(text) > MAX_IDENTIFIER_LENGTH:
        raise InvalidIdentifierError(
            f"postal: got {len(text)} characters, accepted are at most {MAX_IDENTIFIER_LENGTH}"
        )
    reason = None if "name" in normal else "it is an address without a name, so a household"
    return Identifier(scheme="postal", value=text, linkable=reason is None, reason=reason, raw=raw)


register_scheme(PostalScheme())
