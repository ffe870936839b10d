"""Mail addresses: parsing of display names, ``mailto:`` and comments, and the normal form."""

from __future__ import annotations

import re
from urllib.parse import unquote

from omnitrack.errors import InvalidIdentifierError, WithheldError, mask
from omnitrack.identifiers.callers import ANONYMOUS_DOMAINS
from omnitrack.identifiers.characters import fold_case, refuse_unseen
from omnitrack.identifiers.domains import ascii_domain, unicode_domain
from omnitrack.identifiers.jids import is_jid
from omnitrack.identifiers.lookalike import lookalike, lookalike_host
from omnitrack.identifiers.mailboxes import PROVIDERS, is_disposable, is_role, provider_form
from omnitrack.identifiers.nonvalues import REASON as NONE
from omnitrack.identifiers.nonvalues import is_placeholder_mailbox
from omnitrack.identifiers.scheme import Identifier, Scheme, checked_text, register_scheme, remembered

_ACCEPTED = "accepted is one address such as jane@example.com"

# What needs no library to be judged: nothing here can be quoted, encoded, folded or of a reserved domain.
_PLAIN = re.compile(r"([a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*)@((?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+([a-z]{2,63}))")
# RFC 6761 and 6762: names that mean something else in every network, or nothing anywhere.
_RESERVED = frozenset({"arpa", "invalid", "local", "localhost", "onion"})

_PREFIX = re.compile(r"(?:mailto:(?://)?|(?:smtp|e-?mail):)\s*", re.IGNORECASE)
# What some programs put around an address: Outlook single quotes, exports and word processors others. Each with its other half.
_QUOTES = {
    "'": "'",
    '"': '"',
    "`": "`",
    "\u2018": "\u2019",
    "\u201c": "\u201d",
    "\u201e": "\u201c",
    "\u00ab": "\u00bb",
    "[": "]",
}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
# Where an address stands in a field; whether it is one is asked afterwards.
_ADDRESS = re.compile(r'(?<![^\s,;<>()"@])[^\s,;<>()"@]++@(?:[^\s,;<>()"@/|]+\.[^\s,;<>()"@/|]+|\[[^][@\s]{1,64}\])')
_NAMED = 4  # addresses that an error names
_DOTS = re.compile(r"\.{2,}")


def email(text: str) -> Identifier:
    """Return the identifier of a mail address.

    The normal form is the local part in one case, and the domain in lower case with A-labels (IDNA 2008). What a
    provider documents as the same mailbox becomes the same identifier; nothing else is stripped.

    Args:
        text: an address (RFC 5321, with RFC 6531 letters), bare or as it stands in a header or a ``mailto:`` URI.

    Raises:
        WithheldError: an address that stands for nobody, such as ``anonymous@anonymous.invalid`` (RFC 3323).
        InvalidIdentifierError: the text holds no address or several; the message shows it masked and says what is accepted.

    >>> email("Jane <Jane.Doe@Example.COM>").key
    'email:jane.doe@example.com'
    >>> email("j.a.ne+x@googlemail.com").key
    'email:jane@gmail.com'
    >>> email("info@example.com").reason
    'it is a mailbox of a function, not of a person'
    """
    return _parse(checked_text(text, "email"))


class EmailScheme(Scheme):
    """Mail addresses: more often one person's, and kept for longer, than a number or a handle."""

    name = "email"
    rank = 50

    def parse(self, text: str, *, region: str | None = None, scope: str = "") -> Identifier:
        """As ``email``; an address takes no scope."""
        if scope:
            raise InvalidIdentifierError(f"scope of email: got {mask(scope)!r}, accepted is none")
        return email(text)

    def display(self, identifier: Identifier) -> str:
        """Return the address with its domain in letters."""
        local, _, domain = identifier.value.rpartition("@")
        return f"{local}@{unicode_domain(domain)}"

    def glob(self, pattern: str) -> str:
        """Return the pattern in one case, its domain with A-labels where it has no ``*``."""
        local, at, domain = fold_case(pattern.strip()).rpartition("@")
        if domain and "*" not in domain:
            domain = ascii_domain(domain, "email pattern")
        return f"{local}{at}{domain}"


def _refuse(text: str, why: str) -> InvalidIdentifierError:
    return InvalidIdentifierError(f"email: got {mask(text)!r}, {why}; {_ACCEPTED}")


@remembered
def _parse(text: str) -> Identifier:
    parts = _read_plain(text) or _read(text)
    return _identifier(text, *parts)


def _read_plain(text: str) -> tuple[str, str] | None:
    """Split an address that is in the simplest form already; None where only ``_read`` can tell.

    It is the same answer as that of ``_read`` wherever it gives one; a property test holds it to that.
    """
    if ":" not in text and text.isascii() and text.isprintable() and text.count("@") == 1:
        text = text.strip().lower()
        if text.endswith(">") and text.count("<") == text.count(">") == 1 and "(" not in text:
            text = text[text.index("<") + 1 : -1].strip()
    match = _PLAIN.fullmatch(text)
    if match is None or len(text) > 254 or len(match[1]) > 64 or "--" in match[2] or match[3] in _RESERVED:
        return None
    if len(match[2]) > 63 and any(len(label) > 63 for label in match[2].split(".")):
        return None
    return None if is_jid(text) else (match[1], match[2])


def _read(text: str) -> tuple[str, str]:
    """Return local part and domain of an address in any form."""
    body = text.strip()
    refuse_unseen(body, "email")
    body = _mailbox(body)
    refuse_unseen(body, "email")  # what was percent-encoded
    if not body:
        raise _refuse(text, "which is empty")
    if is_jid(body):
        raise InvalidIdentifierError(
            f"email: got {mask(text)!r}, which is an id of WhatsApp and no mail address; accepted for it is social('whatsapp', ...)"
        )
    if body.rpartition("@")[2].lower() in ANONYMOUS_DOMAINS:
        raise WithheldError(f"email: got {mask(text)!r}, which stands for a sender who gave no address")
    return _validated(text, body)


def _mailbox(body: str) -> str:
    """Return the one address in a field: what stands in angle brackets (RFC 5322 section 3.4), or the text.

    Raises:
        InvalidIdentifierError: there are several addresses; which was meant cannot be known.
    """
    body = _stripped(body)
    seen = _outline(body)
    written = [_stripped(body[match.start() : match.end()]) for match in _ADDRESS.finditer(seen)]
    found = {fold_case(one): one for one in reversed(written)}
    if len(found) > 1:
        raise _several(list(reversed(found.values())))
    opened = seen.rfind("<")
    if opened >= 0:
        closed = seen.find(">", opened)
        closed = len(seen) if closed < 0 else closed  # the other half was cut off
        if not seen[closed + 1 :].strip(" ,;"):
            return _without_comments(_stripped(body[opened + 1 : closed]))
    elif len(written) > 1 and not _ADDRESS.sub("", seen).strip(" ,;/|"):
        return written[0]  # the same one again and again
    return _without_comments(body)


def _several(found: list[str]) -> InvalidIdentifierError:
    named = [repr(mask(one)) for one in found[:_NAMED]]
    many = "two" if len(found) == 2 else str(len(found))
    listed = f"{', '.join(named[:-1])} and {named[-1]}" if len(found) <= _NAMED else f"{', '.join(named)} and others"
    return InvalidIdentifierError(f"email: got {many} addresses, {listed}, accepted is one")


def _stripped(text: str) -> str:
    """Return a text without what programs put around an address: ``mailto:``, angle brackets or half of them, quotes of Outlook, separators."""
    before = None
    while text != before:
        before, text = text, text.strip().strip(",;")
        if match := _PREFIX.match(text):
            text = text[match.end() :]
            if match[0].lower().startswith("mailto"):
                text = _of_uri(text)
        elif _QUOTES.get(text[:1]) == text[-1:] and len(text) > 2 and '"' not in text[1:-1]:
            text = text[1:-1]
        elif text.count("'") == 1 and "'" in (text[0], text[-1]):
            text = text.strip("'")
        elif (text[:1] == "<" and ">" not in text[:-1]) or (text[-1:] == ">" and "<" not in text[1:]):
            text = text.removeprefix("<").removesuffix(">")
    return text


def _of_uri(rest: str) -> str:
    """Return the addresses of a ``mailto:`` URI (RFC 6068 section 2): those of its path, and those of ``to`` in its query."""
    path, _, query = rest.partition("?")
    fields = (field.partition("=") for field in query.split("&"))
    return ",".join(unquote(part) for part in (path, *(to for name, _, to in fields if name.lower() == "to")) if part)


def _outline(text: str) -> str:
    """Return a text of the same length whose comments and quoted names are blank, and whose quoted local parts are of one letter."""
    out = list(text)
    depth = start = place = 0
    while place < len(text):
        ch = text[place]
        if ch == '"' and not depth and (quoted := _QUOTED.match(text, place)):
            end = quoted.end()
            out[place:end] = ("q" if text[end : end + 1] == "@" else " ") * (end - place)
            place = end
            continue
        if ch == "\\":
            place += 1
        elif ch == "(":
            start = place if not depth else start
            depth += 1
        elif ch == ")" and depth:
            depth -= 1
            if not depth:
                out[start : place + 1] = " " * (place + 1 - start)
        place += 1
    return "".join(out)


def _without_comments(text: str) -> str:
    """Return an address without the comments before and behind it: ``jane@example.com (Jane Doe)``, RFC 5322 3.2.2."""
    while text.startswith("("):
        end = _comment_end(text)
        if end is None:
            return text
        text = text[end:].strip()
    if text.endswith(")"):
        depth, start = 0, None
        for index, ch in enumerate(text):
            if index and text[index - 1] == "\\":
                continue
            if ch == "(":
                start = index if depth == 0 else start
                depth += 1
            elif ch == ")":
                depth -= 1
        if depth == 0 and start:
            return text[:start].strip()
    return text


def _comment_end(text: str) -> int | None:
    depth, escaped = 0, False
    for index, ch in enumerate(text):
        if escaped:
            escaped = False
        elif ch == "\\":
            escaped = True
        elif ch == "(":
            depth += 1
        elif ch == ")":
            depth -= 1
            if depth == 0:
                return index + 1
    return None


def _validated(text: str, body: str) -> tuple[str, str]:
    from email_validator import EmailNotValidError, validate_email

    local, _, domain = body.rpartition("@")
    provider = PROVIDERS.get(domain.lower())
    given = None
    if provider is not None and provider.loose_dots:
        given = local[1:-1] if _QUOTED.fullmatch(local) else local
        body = f"{_DOTS.sub('.', given).removesuffix('.')}@{domain}"
    try:
        valid = validate_email(
            body,
            allow_quoted_local=True,
            allow_domain_literal=True,
            allow_smtputf8=True,
            check_deliverability=False,
            strict=True,
            test_environment=True,
        )
    except (EmailNotValidError, UnicodeError) as error:
        # The library's own text quotes parts of what came, so only what kind of thing was wrong is said.
        raise _refuse(text, _why(body, error)) from None
    local, domain = fold_case(given or valid.local_part), valid.ascii_domain
    if len(local) > 64:  # the library counts without the quotes
        raise _refuse(text, "whose part before the @ is longer than 64 characters (RFC 5321)")
    return local, domain if domain.startswith("[") else domain.lower()


def _why(body: str, error: Exception) -> str:
    local, at, domain = body.rpartition("@")
    if not at:
        return "which has no @"
    if not local.strip('"'):
        return "which has nothing before the @"
    if not domain:
        return "which has nothing behind the @"
    if len(local) > 64:
        return "whose part before the @ is longer than 64 characters (RFC 5321)"
    message = str(error)
    if "too long" in message or "so many characters" in message:
        return "which is longer than RFC 5321 allows"
    if "special-use" in message:
        return "whose domain is reserved (RFC 6761) and receives no mail"
    if "should have a period" in message or "top-level" in message:
        return "whose domain is not one of the public internet"
    if "two periods" in message or "period" in message:
        return "with a dot where none can stand"
    return "which is not written as an address"


def _identifier(raw: str, local: str, domain: str) -> Identifier:
    local, domain = provider_form(local, domain)
    reason = _reason(local, domain)
    return Identifier(scheme="email", value=f"{local}@{domain}", linkable=reason is None, reason=reason, raw=raw)


def _reason(local: str, domain: str) -> str | None:
    if is_placeholder_mailbox(local, domain):
        return NONE
    if is_role(local):
        return "it is a mailbox of a function, not of a person"
    if domain.startswith("["):
        return "it is a mailbox of a machine, given by its IP address"
    if is_disposable(domain):
        return "its domain hands out disposable addresses"
    if local.isascii() and "xn--" not in domain:
        return None
    return lookalike(local, unicode_domain(domain).rpartition(".")[2]) or lookalike_host(domain)


register_scheme(EmailScheme())
