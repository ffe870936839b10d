"""Phone numbers: parsing of any notation, and the normal form E.164 with ``;ext=`` for an extension."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import unquote

import attrs

from omnitrack.errors import InvalidIdentifierError, WithheldError, mask
from omnitrack.identifiers.callers import ANONYMOUS_DOMAINS, SPELT_WITHHELD, says_withheld, without_privacy_code
from omnitrack.identifiers.dialling import parse, read_grouped
from omnitrack.identifiers.numbering import (
    OUTSIDE,
    SHORT,
    TOO_LONG,
    TOO_SHORT,
    library,
    numbered_region,
    read_plain,
    settle,
)
from omnitrack.identifiers.scheme import (
    Identifier,
    Scheme,
    checked_region,
    checked_text,
    get_scheme,
    register_scheme,
    remembered,
)
from omnitrack.identifiers.sip_uri import SipUri, normal_host, read_sip, verstat_of

_ACCEPTED = "accepted is an international number such as +44 20 7946 0958, or a national one with its region"

_WRITTEN = re.compile(
    r"[0-9A-Za-z+*#~ ().,;:=/\[\]|\\&\n\xd3\xf3\u0118\u0119\u0410-\u044f\u5185\u5167\u7dda\u7ebf\u5206\u6a5f\u673a\u8f6c\u8f49\ub0b4\uc120-]+"
)
# What spreadsheets and exports put around a text so that it stays one: quotes, an apostrophe in front, ="...".
_QUOTES = "'\"`\u00b4\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"
_LABEL = re.compile(
    r"(?:(?:telephone|telefon|phone|mobile|office|home|work|cell|tel|fax|mob|ph)\b[.:]?|[tmpfhw]:)\s*", re.IGNORECASE
)
_REMARK = re.compile(
    r"(?<!\s)\s*[(\[]?\b(?:home|work|mobile|mob|cell|office|landline|fax|day(?:time)?|evenings?|main)[)\]]?$",
    re.IGNORECASE,
)
# The words are those that libphonenumber reads, and what German, Dutch, Italian, French and Polish business cards have; those of Chinese, Japanese
# and Korean ones, which no space parts from the digits.
_EXTENSION = re.compile(
    r"(?:(?<![\s,;(\[])[\s,;(\[]*(?:;\s*ext\s*=|\b(?:extension|extensi[o\xf3]n?|e?xtn?|int|interno|intern|anexo|ramal|durchwahl|dw"
    r"|app(?:arat)?|toestel|poste|wewn(?:\u0119trzny)?|\u0434\u043e\u0431(?:\u0430\u0432\u043e\u0447\u043d\u044b\u0439)?)\b[.:]?"
    r"|(?<=[\d\s).,(\[])(?:e?xtn?|x)[.:]?|[#~]|(?:[\u5185\u5167][\u7dda\u7ebf]|\u5206[\u6a5f\u673a]|[\u8f6c\u8f49]|\ub0b4\uc120)[.:]?)[\s,-]*"
    r"|(?<!,),+\s*|;\s*)([0-9]{1,15})[#)\]]*$",
    re.IGNORECASE,
)
# As North America writes one too: 212-555-0100-512#. Elsewhere the # may be what ends the dialling, and the digits of the number.
_AMERICAN = re.compile(r"(?<=[0-9])[- ]+([0-9]{1,6})#$")
_NO_EXTENSION = re.compile(r"(?<![\s,;(])[\s,;(]*\b(?:extension|extn|ext|x)[.:]?\s*$", re.IGNORECASE)
_PARAMETER = re.compile(r";\s*([a-z][a-z0-9-]*)(?:=([^;]*))?(?=;|$)", re.IGNORECASE)
_CONTEXT = re.compile(r";\s*phone-context=([^;>]*)", re.IGNORECASE)
_SEPARATOR = re.compile(r"(?:(?<!\s)\s+)?(?:[/|\\&\n,]|;(?!\s*ext)|\b(?:or|and|und|et|y|o)\b)\s*", re.IGNORECASE)
_VANITY = re.compile(r"\+?[\d\s().-]*\d{3}[\s().-]*[A-Za-z][A-Za-z0-9 .-]*")
_ROUNDED = re.compile(r"[+-]?\d(?:[.,]\d+)?\s*E\s*\+?\d{1,2}", re.IGNORECASE)  # 4.47701E+11
_DECIMAL = re.compile(r"\d{6,}[.,]0+")  # 447700900123.0
_URI = re.compile(r"(tel|sips?|callto|sms|smsto|fax):(?://)?", re.IGNORECASE)


def phone(text: str, region: str | None = None) -> Identifier:
    """Return the identifier of a phone number.

    The normal form is E.164 (ITU-T), with the extension as RFC 3966 writes it. Possible is enough: whether a number is
    assigned is not asked, since those reserved for drama are not.

    Args:
        text: a number as people, exchanges and URIs (``tel:``, ``sip:``) write it.
        region: ISO 3166 alpha-2 region in which a national number is read; None where only international ones are.

    Raises:
        WithheldError: the caller withheld the number, or the network had none.
        InvalidIdentifierError: the text is not a number; the message shows it masked and says what is accepted.

    >>> phone("020 7946 0958", "GB").key
    'phone:+442079460958'
    >>> phone("(650) 253-0000 ext. 007", "US").key
    'phone:+16502530000;ext=007'
    >>> phone("+44 909 879 0000").reason
    'it is a premium-rate number'
    """
    return _parse(checked_text(text, "phone"), checked_region(region))


class PhoneScheme(Scheme):
    """Phone numbers of the public network.

    A number reaches a household or a desk as often as a person, and is handed on to strangers; so it ranks below the
    mail address, which is neither, and above handles, which their owners rename at will.
    """

    name = "phone"
    rank = 45

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """As ``phone``; a number takes no scope."""
        if scope:
            raise InvalidIdentifierError(f"scope of phone: got {mask(scope)!r}, accepted is none")
        return phone(text, region)

    def display(self, identifier: Identifier) -> str:
        """Return the number in the international form of its country."""
        lib = library()
        try:
            return str(lib.format_number(lib.parse(identifier.value), lib.PhoneNumberFormat.INTERNATIONAL))
        except lib.NumberParseException:  # a value of another release's numbering plans
            return identifier.value

    def glob(self, pattern: str) -> str:
        """Return the pattern without what separates digits."""
        return re.sub(r"[\s().-]", "", pattern)


def _refuse(text: str, why: str) -> InvalidIdentifierError:
    return InvalidIdentifierError(f"phone: got {_masked(text)!r}, {why}; {_ACCEPTED}")


def _masked(text: str) -> str:
    # Digits that are written apart would be short words, which mask() leaves legible.
    return mask(re.sub(r"(?<=\w)[\W_]+(?=\w)", "", text))


@remembered
def _parse(text: str, region: str | None) -> Identifier:
    plain = read_plain(text)
    if plain is not None and plain[1] is not OUTSIDE and text[1:] not in SPELT_WITHHELD:
        return _identifier(text, plain[0], plain[1])
    numbered_region(region)
    grouped = read_grouped(text, region)
    if grouped is not None:
        return _identifier(text, *grouped)
    cleaned = _cleaned(text)
    uri = read_sip(cleaned) if "@" in cleaned else None
    if uri is not None and not uri.is_number and _is_name_of_digits(uri):
        # A name of digits at some host is no national number, however a caller put it here.
        return attrs.evolve(get_scheme("sip").parse(cleaned), raw=text)
    host = _host(cleaned, uri)
    body = _unwrapped(cleaned, uri)
    body, private = without_privacy_code(body, region)
    if says_withheld(body, region):
        raise WithheldError(f"phone: got {_masked(text)!r}, which stands for a number that is withheld or not known")
    found = _read(text, body, region, private)
    verstat = verstat_of(cleaned)
    return found if host is None and verstat is None else attrs.evolve(found, host=host, verstat=verstat)


def _identifier(raw: str, value: str, reason: str | None, private: bool = False) -> Identifier:
    return Identifier(scheme="phone", value=value, linkable=reason is None, reason=reason, private=private, raw=raw)


def _cleaned(text: str) -> str:
    """Return text with spaces, hyphens, digits and letters of any script or width as ASCII has them."""
    if text.isascii() and text.isprintable():
        return text.strip()
    out = []
    for ch in text:
        category = unicodedata.category(ch)
        if ch in "\n\r\v\f\x85\u2028\u2029":
            out.append("\n")
        elif ch == "\t" or category == "Zs":
            out.append(" ")
        elif category == "Pd" or ch in "\u2212\u30fc\uff70":  # minus; the long-vowel marks that Japanese forms hold
            out.append("-")
        elif category == "Nd":
            out.append(str(unicodedata.decimal(ch)))
        elif category == "Cf":  # copied numbers are wrapped in direction marks
            continue
        elif category == "No":  # a footnote's ² is no digit of the number
            raise _refuse(text, "with a character that is no digit")
        else:
            out.append(unicodedata.normalize("NFKC", ch))
    return unicodedata.normalize("NFC", "".join(out)).strip()


def _is_name_of_digits(uri: SipUri) -> bool:
    return re.fullmatch(r"[*#0-9().~ -]+", uri.user) is not None and uri.host not in ANONYMOUS_DOMAINS


def _host(text: str, uri: SipUri | None) -> str | None:
    """Return the host at which a number was written: that of a SIP address, or the domain of a phone-context (RFC 3966 section 5.1.5)."""
    if uri is not None:
        return normal_host(uri.host)
    context = unquote(match[1]) if ";" in text and (match := _CONTEXT.search(text)) else "+"
    return None if context.startswith("+") else normal_host(context.strip().lower())


def _unwrapped(text: str, uri: SipUri | None) -> str:
    """Return the number inside ``"Name" <...>``, ``tel:`` (RFC 3966) and ``sip:`` (RFC 3261 section 19.1)."""
    if uri is not None:
        if uri.host in ANONYMOUS_DOMAINS:
            return ""
        if not (uri.is_number or says_withheld(uri.user)):
            raise _refuse(text, "which is an address with a name and no number")
        return _with_parameters(uri.user).strip()
    if ">" not in text:
        text = text.lstrip("= " + _QUOTES).rstrip(" " + _QUOTES)
    if ">" in text and (match := re.search(r"<([^<>]*)>[^<>]*$", text)):
        text = match[1].strip()
    if match := _URI.match(text):
        rest = text[match.end() :]
        text = unquote(rest.partition(";" if match[1].lower().startswith("sip") else "?")[0])
    if ";" in text:
        text = _with_parameters(text)
    return text.strip()


def _with_parameters(text: str) -> str:
    number, semicolon, rest = text.partition(";")
    parameters = {match[1].lower(): match[2] or "" for match in _PARAMETER.finditer(semicolon + rest)}
    if not parameters:
        return text  # a semicolon that separates, not one of RFC 3966
    context = unquote(parameters.get("phone-context", ""))
    if context.startswith("+") and not number.startswith("+"):
        number = context + number
    extension = re.sub(r"[().\s-]", "", parameters.get("ext", ""))
    return f"{number};ext={extension}" if extension else number


def _read(raw: str, body: str, region: str | None, private: bool) -> Identifier:
    if not _WRITTEN.fullmatch(body):
        raise _refuse(raw, "with characters that stand in no number")
    if _ROUNDED.fullmatch(body):
        raise InvalidIdentifierError(
            f"phone: got {_masked(raw)!r}, which a spreadsheet has rounded, so that digits are lost; "
            "accepted is the number itself, of a column that is kept as text"
        )
    if _DECIMAL.fullmatch(body):
        raise InvalidIdentifierError(
            f"phone: got {_masked(raw)!r}, which a program has given a decimal place, so that its last 0 is none of the "
            "number's; accepted is the number itself, of a column that is kept as text"
        )
    body = _REMARK.sub("", body[match.end() :] if (match := _LABEL.match(body)) else body)
    _refuse_several(raw, body, region)
    extension, american = "", False
    if match := _EXTENSION.search(body):
        extension, body = match[1], body[: match.start()]
    elif match := _AMERICAN.search(body):
        extension, body, american = match[1], body[: match.start()], True
    else:
        body = _NO_EXTENSION.sub("", body)
    body = body.strip(" .,;:\n")
    if re.search(r"[A-Za-z]", body):
        body = _spelt_out(raw, body)
    if not re.fullmatch(r"(?:\+|[(\[]\s*\+)?[-0-9 ().\[\]/~]+", body.strip()):
        raise _refuse(raw, "which is not written as a number")
    found = _settled(body, region)
    if isinstance(found, str):
        raise _refuse(raw, found)
    value, reason = found
    if american and not value.startswith("+1"):
        raise _refuse(raw, "which ends in a # that may be none of the number's")
    return _identifier(raw, f"{value};ext={extension}" if extension else value, reason, private)


def _settled(body: str, region: str | None) -> tuple[str, str | None] | str:
    lib = library()
    try:
        number = parse(body, region)
        if isinstance(number, str):
            return number
        source = number.country_code_source
        return settle(number, international=source != lib.CountryCodeSource.FROM_DEFAULT_COUNTRY)
    except lib.NumberParseException as error:
        return _why(error, body, region)


def _why(error: Any, body: str, region: str | None) -> str:
    kind = type(error)
    if error.error_type == kind.INVALID_COUNTRY_CODE:
        if region is None and not body.lstrip().startswith("+"):
            return "which has no country code, so a region is needed to read it"
        return "which begins with no country code that is in use"
    if error.error_type == kind.TOO_LONG:
        return TOO_LONG
    if error.error_type in (kind.TOO_SHORT_NSN, kind.TOO_SHORT_AFTER_IDD):
        return TOO_SHORT
    return "which is not written as a number"


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _refuse_several(raw: str, body: str, region: str | None) -> None:
    """Refuse a field with two numbers: which of them it was cannot be known."""
    second_plus = body.find("+", 1)
    if second_plus > 0 and _digits(body[:second_plus]) >= 4:
        raise _two(raw, _SEPARATOR.sub(" ", body[:second_plus]), body[second_plus:])
    match = _SEPARATOR.search(body)
    while match is not None:
        first, separator, second = body[: match.start()], match[0].strip(), body[match.end() :]
        if _digits(first) >= 4 and _are_two(first, separator, second, body, region):
            raise _two(raw, first, second)
        match = _SEPARATOR.search(body, match.end())


def _are_two(first: str, separator: str, second: str, whole: str, region: str | None) -> bool:
    # After a comma or a semicolon may come an extension to be dialled on; a slash may stand behind an area code.
    if _digits(second) < (7 if separator in (",", ";") else 2):
        return False
    one, both = _settled(first, region), _settled(whole, region)
    if isinstance(one, str) or one[1] == SHORT:
        return False
    if isinstance(both, str):
        return True
    lib = library()
    return bool(lib.is_valid_number(lib.parse(one[0]))) or not lib.is_valid_number(lib.parse(both[0]))


def _two(raw: str, first: str, second: str) -> InvalidIdentifierError:
    return InvalidIdentifierError(
        f"phone: got two numbers, {_masked(first.strip())!r} and {_masked(second.strip())!r}, accepted is one"
    )


def _spelt_out(raw: str, body: str) -> str:
    """Return a number whose last digits are written as letters (ITU-T E.161), such as 1-800-FLOWERS."""
    groups = list(re.finditer(r"[A-Za-z]+", body))
    # A word in small letters behind a space is a remark, not part of the number.
    written = all(match[0].isupper() or body[match.start() - 1] in "-." for match in groups)
    if sum(len(match[0]) for match in groups) < 3 or not written or not _VANITY.fullmatch(body):
        raise _refuse(raw, "with letters that are no part of a number")
    return str(library().convert_alpha_characters_in_number(body))


register_scheme(PhoneScheme())
