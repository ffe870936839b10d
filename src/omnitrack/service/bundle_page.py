"""The page of a subject bundle, for the person to read in any browser: no script, nothing from elsewhere, every text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from omnitrack.harmless import harmless_lines
from omnitrack.identifiers.scheme import Identifier
from omnitrack.identity.statement import Statement
from omnitrack.model import Interaction, wall_clock
from omnitrack.service.case import Case
from omnitrack.service.exposure import ReadReceipt
from omnitrack.service.permission import Consent

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff; }
h2 { margin-top: 2.5rem; }
article { border-top: 1px solid #bbb; padding: .75rem 0; }
.when { color: #555; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
li { overflow-wrap: anywhere; }
"""

_FILES = (
    "The other files of this archive hold the same for programs: manifest.json lists them, schema.json describes them."
)
_WAY = {"inbound": "from you", "outbound": "to you", "internal": "about you"}


def _text(text: object) -> str:
    """Return a text of anybody as HTML, its direction of reading its own."""
    return f"<bdi>{escape(harmless_lines(str(text).replace(chr(13) + chr(10), chr(10))))}</bdi>"


def bundle_page(
    manifest: Mapping[str, Any],
    identifiers: Sequence[Identifier],
    interactions: Sequence[Interaction],
    statements: Sequence[Statement],
    consents: Sequence[Consent],
    cases: Sequence[Case],
    receipts: Sequence[ReadReceipt],
) -> str:
    """Return the page as one HTML document."""
    redacted = manifest["redacted_interactions"]
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>What we have of you</title>",
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>What we have of you</h1>",
        f"<p>As of {escape(manifest['made_at'])}. {_FILES}</p>",
    ]
    if redacted:
        parts.append(f"<p>Addresses of other people were left out of {redacted} of the contacts below.</p>")
    parts += _listing("How we know you", (f"{one.scheme}: {one.display}" for one in identifiers))
    parts.append(f"<h2>Contacts ({len(interactions)})</h2>")
    parts += [_contact(one) for one in interactions]
    parts += _listing("What was said of your identifiers", map(str, statements))
    parts += _listing("What you allowed and refused", map(str, consents))
    for case in cases:
        parts += _listing(
            f"{case.kind.capitalize()} of {wall_clock(case.opened_at)}, {case.state}", map(str, case.history)
        )
    parts += _listing("When this was looked at", (f"{wall_clock(one.at)} ({one.call})" for one in receipts))
    return "\n".join([*parts, "</body>\n</html>\n"])


def _listing(title: str, lines: Iterable[str]) -> list[str]:
    items = [f"<li>{_text(line)}</li>" for line in lines]
    return [f"<h2>{escape(title)} ({len(items)})</h2>", "<ul>", *items, "</ul>"] if items else []


def _contact(one: Interaction) -> str:
    way = _WAY[one.direction] if one.direction is not None else ""
    lines = [f'<article>\n<p class="when">{escape(wall_clock(one.occurred_at))}, {_text(one.channel)}, {way}</p>']
    if one.deleted:
        lines.append("<p>Deleted at its source.</p>")
    lines += [f"<h3>{_text(one.subject)}</h3>"] if one.subject else []
    lines += [f'<p class="text">{_text(one.body)}</p>'] if one.body else []
    lines += [f"<p>Attached: {_text(item.name or item.media_type or 'a file')}</p>" for item in one.attachments]
    return "\n".join([*lines, "</article>"])
