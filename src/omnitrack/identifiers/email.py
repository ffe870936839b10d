"""Mail addresses: display names, ``mailto:`` and comments off, domain by IDNA, local part in one case."""

from __future__ import annotations

import re
from urllib.parse import unquote

from omnitrack.errors import InvalidIdentifierError, WithheldError, mask
from omnitrack.identifiers.callers import ANONYMOUS_DOMAINS
from omnitrack.identifiers.characters import fold, refuse_unseen
from omnitrack.identifiers.domains import ascii_domain, unicode_domain
from omnitrack.identifiers.lookalike import lookalike, lookalike_host
from omnitrack.identifiers.mailboxes import is_disposable, is_role, provider_form
from omnitrack.identifiers.nonvalues import REASON as NONE
from omnitrack.identifiers.nonvalues import is_placeholder_mailbox
from omnitrack.identifiers.scheme import Identifier, Scheme, checked_text, register_scheme, remembered

_ACCEPTED = "accepted is one address such as jane@example.com"

# What needs no library to be judged: nothing here can be quoted, encoded, folded or of a reserved domain.
_PLAIN = re.compile(r"([a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*)@((?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+([a-z]{2,63}))")
# RFC 6761 and 6762: names that mean something else in every network, or nothing anywhere.
_RESERVED = frozenset({"arpa", "invalid", "local", "localhost", "onion"})

_APART = re.compile(r"[\s,;]+")  # what stands between two addresses
_MARKS = frozenset('<>()"')
_PREFIX = re.compile(r"(?:mailto|smtp|e-?mail):\s*", re.IGNORECASE)


def email(text: str) -> Identifier:
    """Return the identifier of a mail address.

    The normal form is the local part in one case, and the domain in lower case with A-labels (IDNA 2008). What a
    provider documents as the same mailbox becomes the same identifier; nothing else is stripped.

    Args:
        text: an address (RFC 5321, with RFC 6531 letters), bare or as it stands in a header or a ``mailto:`` URI.

    Raises:
        WithheldError: an address that stands for nobody, such as ``anonymous@anonymous.invalid`` (RFC 3323).
        InvalidIdentifierError: no address, or more than one; says what came (masked) and what is accepted.

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
        local, at, domain = fold(pattern.strip()).rpartition("@")
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
    if ":" not in text and text.isascii() and text.isprintable():
        text = _without_name(text.strip()).lower()
    match = _PLAIN.fullmatch(text)
    if match is None or len(text) > 254 or len(match[1]) > 64 or "--" in match[2] or match[3] in _RESERVED:
        return None
    if len(match[2]) > 63 and any(len(label) > 63 for label in match[2].split(".")):
        return None
    return match[1], match[2]


def _read(text: str) -> tuple[str, str]:
    """Return local part and domain of an address in any form."""
    body = text.strip()
    refuse_unseen(body, "email")
    body = _PREFIX.sub("", body, count=1) if (is_uri := _PREFIX.match(body)) else body
    if is_uri and is_uri[0].lower().startswith("mailto"):
        body = unquote(body.partition("?")[0])
        refuse_unseen(body, "email")
    body = _without_comments(_without_name(body))
    if not body:
        raise _refuse(text, "which is empty")
    if len(parts := _APART.split(body)) == 2 and all("@" in part[1:-1] for part in parts) and not _MARKS & set(body):
        first, second = parts
        raise InvalidIdentifierError(f"email: got two addresses, {mask(first)!r} and {mask(second)!r}, accepted is one")
    if body.rpartition("@")[2].lower() in ANONYMOUS_DOMAINS:
        raise WithheldError(f"email: got {mask(text)!r}, which stands for a sender who gave no address")
    return _validated(text, body)


def _without_name(text: str) -> str:
    """Return what stands in the last angle brackets (RFC 5322 section 3.4), or the text."""
    if text.endswith(">") and "<" in text:
        return text[text.rindex("<") + 1 : -1].strip()
    return text


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
    local, domain = fold(valid.local_part), valid.ascii_domain
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
