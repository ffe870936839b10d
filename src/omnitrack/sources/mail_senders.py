"""Who wrote a mail, where From says who passed it on: groups, lists and web forms."""

from __future__ import annotations

import re

import attrs

from omnitrack.sources.mail_headers import Address, Headers

_VIA = re.compile(r"['\"]?(.{0,200}?)['\"]? (?:via|über|par|por|tramite|через|przez|経由) (?=\S)", re.I)
# Headers that name the author of a mail whose From a group or a list has made its own (Google Groups; RFC 9057).
_NAMED = ("x-original-from", "author", "x-original-sender")
_OF_LISTS = (
    "list-id",
    "list-post",
    "list-unsubscribe",
    "mailing-list",
    "x-google-group-id",
    "x-mailman-version",
    "x-beenthere",
)


@attrs.frozen(slots=True)
class Authors:
    """Who wrote a mail, the others who signed it, and who passed it on where that is not the author.

    ``named``: the group that passed it on says in headers of its own who wrote, and nothing contradicts it.
    """

    authors: list[Address]
    others: list[Address]
    by: Address | None = None
    named: bool = False


def authors(headers: Headers, contact_forms: frozenset[str]) -> Authors:
    """Return who sent the mail: of several authors, Sender says which (RFC 5322 section 3.6.2).

    A group that passes mails on under its own address (``Jane via Care``, since DMARC would refuse hers) says in other headers
    whose they are: anybody can write those, so they are a claim, unless the group is the company's own.

    Args:
        headers: of the mail.
        contact_forms: addresses of web forms, in lower case; whoever wrote is in Reply-To.
    """
    found = headers.addresses("from")
    if len(found) > 1:
        boxes = {address.mailbox.lower() for address in headers.addresses("sender")}
        found.sort(key=lambda address: address.mailbox.lower() not in boxes)
    if not found:
        found = headers.addresses("sender")[:1]
    if found:
        by = found[0]
        replies = [one for one in headers.addresses("reply-to") if one.mailbox.lower() != by.mailbox.lower()]
        author = None
        if by.mailbox.lower() in contact_forms:
            author = replies[0] if replies else None
        elif len(found) == 1:
            author = _passed_on(headers, by, replies)
        if author is not None:
            return Authors(
                [author], found[1:], by, by.mailbox.lower() not in contact_forms and _is_named(headers, by, author)
            )
    return Authors(found[:1], found[1:])


def _is_named(headers: Headers, by: Address, author: Address) -> bool:
    """Whether the headers that Google Groups writes name the author, and the answers go to nobody else."""
    said = [*headers.addresses("x-original-from"), *headers.addresses("x-original-sender")]
    boxes = {one.mailbox.lower() for one in (*said, *headers.addresses("reply-to"))} - {by.mailbox.lower()}
    verdict = headers.get("x-original-authentication-results") or ""
    return bool(said) and boxes == {author.mailbox.lower()} and "dmarc=fail" not in verdict.lower()


def _passed_on(headers: Headers, by: Address, replies: list[Address]) -> Address | None:
    """Return the author of a mail that a group or list has put its own address on, or None where it did not."""
    listed = any(headers.get(name) for name in _OF_LISTS)
    via = _VIA.match(by.name or "")
    if not listed and via is None:
        return None
    named = [one for name in _NAMED for one in headers.addresses(name)]
    others = [one for one in named if one.mailbox.lower() != by.mailbox.lower()]
    if headers.get("x-original-from") or headers.get("author"):
        return others[0] if others else None
    if via is None or not listed:
        return None
    # Mailman and the like keep nothing but Reply-To, or put the author in copy where answers go to the list.
    known = others[:1] or (replies if len(replies) == 1 else [])
    if not known:
        known = [one for one in headers.addresses("cc") if one.name and one.name == via[1].strip()]
    if len(known) != 1:
        return None
    return known[0] if known[0].name else Address(known[0].mailbox, via[1].strip() or None)
