"""Linkability: whether an identifier may identify a person, by its scheme, the own list and the placeholders, and its assurance."""

from __future__ import annotations

from omnitrack.errors import InvalidIdentifierError, mask
from omnitrack.foundation.context import Context
from omnitrack.identifiers.attestation import counts
from omnitrack.identifiers.nonvalues import REASON, is_nothing
from omnitrack.identifiers.scheme import Identifier, find_scheme, get_scheme
from omnitrack.identifiers.simple import IssuedScheme
from omnitrack.model import Assurance
from omnitrack.storage.contract import LINKABLE, IdentifierRow

OWN = "an address of the company"


def may_identify(ctx: Context, identifier: Identifier) -> tuple[bool, str | None]:
    """Return whether an identifier may identify a person, and why not."""
    if ctx.own.matches(identifier):
        return False, OWN
    if not identifier.linkable:
        return False, identifier.reason
    return (False, REASON) if is_placeholder(ctx, identifier) else (True, None)


def is_placeholder(ctx: Context, identifier: Identifier) -> bool:
    """Return whether an identifier stands where there is no value, by the list that every store has or by the store's own."""
    return is_nothing(identifier.value) or ctx.placeholders.matches(identifier)


def is_refused(ctx: Context, identifier: Identifier) -> bool:
    """Return whether there is no such identifier: ids that a system issued are no more than their value, and this one's is none."""
    scheme = find_scheme(identifier.scheme)
    return isinstance(scheme, IssuedScheme) and scheme.linkable and is_placeholder(ctx, identifier)


def refuse_placeholder(ctx: Context, identifier: Identifier) -> None:
    """Raise where there is no such identifier.

    Raises:
        InvalidIdentifierError: the id is a placeholder.
    """
    if is_refused(ctx, identifier):
        raise InvalidIdentifierError(
            f"{identifier.scheme}: got {mask(identifier.value)!r}, {REASON}; accepted is an id that somebody was given"
        )


def assurance_of(ctx: Context, identifier: Identifier, assurance: int) -> int:
    """Return the assurance that an identifier has as it was written: what a host that is not ours says was seen, or what the network could not
    verify, is no more than a claim."""
    if assurance != Assurance.OBSERVED:
        return assurance
    foreign = identifier.host is not None and not ctx.own.has_host(identifier.host)
    return int(Assurance.CLAIMED) if foreign or not counts(identifier.verstat) else assurance


def linkable(ctx: Context, row: IdentifierRow) -> tuple[bool, str | None]:
    """Return whether an identifier may identify a person by the normal forms and the own list of today, and why not."""
    try:
        parsed = get_scheme(row.scheme).parse(row.value, scope=row.scope)
    except InvalidIdentifierError:
        return (False, REASON) if is_nothing(row.value) else (bool(row.state & LINKABLE), row.reason)
    return may_identify(ctx, parsed)
