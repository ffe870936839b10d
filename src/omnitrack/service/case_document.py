"""Case documents: a case as one text for somebody else to read, such as an ombudsman: who said what, when and on which channel, and what was done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from html import escape
from typing import Literal

import attrs

from omnitrack.errors import InvalidInteractionError, plain_repr
from omnitrack.foundation.calls import Run
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import from_us
from omnitrack.harmless import harmless, harmless_lines
from omnitrack.identifiers.scheme import Identifier
from omnitrack.model import Interaction, Sighting, wall_clock
from omnitrack.reading.interactions import interactions_by_id, to_interactions
from omnitrack.service.case import Case, CaseChange
from omnitrack.service.case_access import case_id, get_case, shown
from omnitrack.storage.contract import Transaction
from omnitrack.values import Value

Format = Literal["html", "markdown", "json", "tmf621"]
FORMATS = ("html", "markdown", "json", "tmf621")


@attrs.frozen(slots=True, kw_only=True)
class CaseDocument(Value):
    """A case with the interactions that it holds, oldest first, as they are now. ``made_at``: when it was read."""

    case: Case
    interactions: tuple[Interaction, ...]
    made_at: datetime


def checked_format(format: object) -> str:
    """Return the name of a format.

    Raises:
        InvalidInteractionError: it is none.
    """
    if format not in FORMATS:
        raise InvalidInteractionError(f"format: got {plain_repr(format)}, accepted are {', '.join(FORMATS)}")
    return str(format)


def case_document(run: Run, ctx: Context, case: Case | str) -> CaseDocument:
    """Return a case with its interactions."""
    id, now = case_id(case), ctx.clock()

    def read(tx: Transaction) -> CaseDocument:
        stored = get_case(tx, id)
        rows = interactions_by_id(tx, list(stored.interactions)) if stored.interactions else {}
        found = to_interactions(tx, sorted(rows.values(), key=lambda row: (row.occurred_at, row.id)))
        return CaseDocument(case=shown(tx, [stored], now)[0], interactions=tuple(found), made_at=from_us(now))

    return run(read, write=False)


def write(document: CaseDocument, format: str, company: str, zone: tzinfo | None) -> str:
    """Return a document as text.

    Args:
        format: of ``FORMATS``. company: how to call ourselves. zone: of the clock; None for that of each time.
    """
    if format == "json":
        return json.dumps(document.to_dict(), ensure_ascii=False, indent=2) + "\n"
    if format == "tmf621":
        from omnitrack.service.case_ticket import to_ticket

        return json.dumps(to_ticket(document), ensure_ascii=False, indent=2) + "\n"
    pieces = _Pieces(document, company, zone)
    return _html(pieces) if format == "html" else _markdown(pieces)


# -- what the document says -----------------------------------------------------------------------------------------------
@attrs.frozen
class _Line:
    """One thing that was said or done: when and by whom, in what words; of what was said the text and what was attached."""

    head: str
    subject: str | None = None
    text: str | None = None
    more: tuple[str, ...] = ()
    said: bool = False


class _Pieces:
    """What a document says, in the order in which it happened, before it is written in any form."""

    def __init__(self, document: CaseDocument, company: str, zone: tzinfo | None) -> None:
        self._document, self._company, self._zone = document, company or "the company", zone
        case = document.case
        self.title = case.title or f"{case.kind} {case.id}"
        self.facts = [
            ("Case", case.id),
            ("Kind", case.kind),
            ("State", case.state),
            ("Seriousness", case.seriousness or "not said"),
            ("Owner", case.owner or "nobody"),
            ("Opened", self.clock(case.opened_at)),
            ("Last change", self.clock(case.changed_at)),
            *((f"Reference of {one.system}", one.value) for one in case.references),
            *(("Customer", id) for id in case.customers),
        ]
        self.promises = [
            f"{self.clock(one.made_at)}, {one.by or self._company}: {one.text} (due {self.clock(one.due)}: {one.state})"
            for one in case.promises
        ]
        made = self.clock(document.made_at)
        self.footer = (
            f"Written on {made}, of {len(document.interactions)} contacts and {len(case.history)} lines of history."
        )

    def clock(self, at: datetime) -> str:
        return wall_clock(at if self._zone is None else at.astimezone(self._zone))

    def lines(self) -> Iterator[_Line]:
        """Yield what was said and done, oldest first."""
        said = [(one.occurred_at, 0, self._said(one)) for one in self._document.interactions]
        done = [(one.at, 1, self._done(one)) for one in self._document.case.history if one.what != "added"]
        yield from (line for _, _, line in sorted([*said, *done], key=lambda one: one[:2]))

    def _said(self, one: Interaction) -> _Line:
        who, to = _people(one.customers), one.agent or self._company
        names = {"inbound": f"{who} to {to}", "outbound": f"{to} to {who}", "internal": f"{to}, internal"}
        kind = f" ({one.kind})" if one.kind != "message" else ""
        until = f" to {self.clock(one.ended_at)}" if one.ended_at is not None else ""
        ended = f", ended {one.outcome}" if one.outcome else ""
        head = (
            f"{self.clock(one.occurred_at)}{until}, by {one.channel}{kind}: {names[one.direction or 'inbound']}{ended}"
        )
        if one.deleted:
            return _Line(head, more=("Deleted at its source.",), said=True)
        files = tuple(f"Attached: {item.name or item.media_type or 'a file'}" for item in one.attachments)
        return _Line(head, one.subject, one.body, files, said=True)

    def _done(self, one: CaseChange) -> _Line:
        who = one.by or self._company
        value = one.text if one.what in ("title", "note", "promise") else one.value
        told: Mapping[str, str] = {
            "opened": "opened the case",
            "state": f"state is {value}",
            "owner": f"owner is {value or 'nobody'}",
            "seriousness": f"seriousness is {value}",
            "title": f"title is {value}",
            "note": "noted",
            "promise": f"promised by {'' if one.due is None else self.clock(one.due)}",
            "kept": f"kept promise {one.promise}",
            "reference": f"is {value} in {one.system}",
        }
        because = f" ({one.because})" if one.because else ""
        text = value if one.what in ("note", "promise") else None
        return _Line(
            f"{self.clock(one.at)}, {who}: {told[one.what]}{because}{f', because {one.reason}' if one.reason else ''}",
            text=text,
        )


def _people(customers: Sequence[Sequence[Sighting]]) -> str:
    names = [
        (one.identifier.display if isinstance(one.identifier, Identifier) else str(one.identifier))
        for person in customers
        for one in person[:1]
    ]
    return " and ".join(names) or "somebody unknown"


# -- forms ----------------------------------------------------------------------------------------------------------------
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff; }
h2 { margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dd { margin: 0; }
article { border-left: 3px solid #888; padding: .1rem 0 .1rem .8rem; margin: 1rem 0; }
article.said { border-color: #0b5cad; }
.head { color: #444; margin: 0; }
.text { white-space: pre-wrap; margin: .4rem 0; }
dd, li, p, h1, h3 { overflow-wrap: anywhere; unicode-bidi: isolate; }
"""


def _marked(text: object) -> str:
    """Return a text of anybody as HTML."""
    return escape(harmless_lines(str(text).replace("\r\n", "\n")))


def _html(pieces: _Pieces) -> str:
    facts = "".join(f"<dt>{_marked(name)}</dt><dd>{_marked(value)}</dd>" for name, value in pieces.facts)
    promises = "".join(f"<li>{_marked(one)}</li>" for one in pieces.promises)
    lines = "\n".join(_article(line) for line in pieces.lines())
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_marked(pieces.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{_marked(pieces.title)}</h1>
<dl>{facts}</dl>
{f"<h2>What was promised</h2><ul>{promises}</ul>" if promises else ""}
<h2>What was said and done</h2>
{lines}
<footer><p>{_marked(pieces.footer)}</p></footer>
</body>
</html>
"""


def _article(line: _Line) -> str:
    parts = [f'<article class="{"said" if line.said else "done"}"><p class="head">{_marked(line.head)}</p>']
    parts += [f"<h3>{_marked(line.subject)}</h3>"] if line.subject else []
    parts += [f'<p class="text">{_marked(line.text)}</p>'] if line.text else []
    return "".join([*parts, *(f"<p>{_marked(one)}</p>" for one in line.more), "</article>"])


# CommonMark 2.4: any punctuation of ASCII stands for itself behind a backslash, so that nothing that a person wrote is markup.
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def _plain(text: object) -> str:
    """Return a text of anybody as one line of Markdown without markup."""
    return _PUNCTUATION.sub(r"\\\g<0>", harmless(str(text)).strip())


def _quoted(text: str) -> str:
    """Return a text of anybody as a quotation, line by line; a backslash at the end keeps the break."""
    lines = [_plain(line) for line in harmless_lines(text.replace("\r\n", "\n")).split("\n")]
    breaks = ["\\" if line and number < len(lines) and lines[number] else "" for number, line in enumerate(lines, 1)]
    return "\n".join(f"> {line}{end}" for line, end in zip(lines, breaks))


def _markdown(pieces: _Pieces) -> str:
    parts = [
        f"# {_plain(pieces.title)}",
        "\n".join(f"- {_plain(name)}: {_plain(value)}" for name, value in pieces.facts),
    ]
    if pieces.promises:
        parts += ["## What was promised", "\n".join(f"- {_plain(one)}" for one in pieces.promises)]
    parts.append("## What was said and done")
    for line in pieces.lines():
        parts.append(f"**{_plain(line.head)}**" if line.said else _plain(line.head))
        parts += [f"> {_plain(line.subject)}"] if line.subject else []
        parts += [_quoted(line.text)] if line.text else []
        parts += [_plain(one) for one in line.more]
    return "\n\n".join([*parts, _plain(pieces.footer)]) + "\n"
