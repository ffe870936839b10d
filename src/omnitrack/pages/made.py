"""The page of a timeline from its items alone, so that it never holds what the timeline withholds; and how a notebook shows one."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import timezone, tzinfo

from omnitrack.model import TimelineItem
from omnitrack.pages.timeline import render


def to_page(
    items: Sequence[TimelineItem], person: str | None, company: str, zone: tzinfo | None, *, more: bool = False
) -> str:
    """Return the page of some items.

    Args:
        person: how to call the customer; None for the first name among the traits of the items.
        company: how to call ourselves. zone: of the clock; None for UTC. more: there are more items than these.
    """
    names = (item.traits.get("name") for item in items)
    found = person or next((name for name in names if isinstance(name, str) and name.strip()), "Customer")
    known = dict.fromkeys(item.identifier for item in items if item.identifier is not None)
    identifiers = [(one.scheme, one.display) for one in known]
    return render(
        person=found, company=company, items=items, identifiers=identifiers, zone=zone or timezone.utc, more=more
    )


def in_notebook(page: str) -> str:
    """Return a page within another, which neither its style nor anything else of it reaches."""
    return (
        '<iframe sandbox title="Timeline" style="width:100%;height:40rem;border:0" '
        f'srcdoc="{html.escape(page, quote=True)}"></iframe>'
    )
