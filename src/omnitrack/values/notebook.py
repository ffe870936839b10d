"""How a notebook shows a value: a table of its fields, of a page a row for each item. What others wrote is escaped."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omnitrack.harmless import harmless_lines
from omnitrack.values.layout import layout, spread_of

if TYPE_CHECKING:
    from omnitrack.values.value import Value

MOST_ROWS = 100


def to_table(value: Value) -> str:
    """Return a value as a table of HTML."""
    value._complete()
    items = getattr(value, "items", None)
    if isinstance(items, tuple):
        rows = [f"<tr><td>{number}</td><td>{_cell(item)}</td></tr>" for number, item in enumerate(items[:MOST_ROWS])]
        rest = f"<p>{len(items) - MOST_ROWS} more</p>" if len(items) > MOST_ROWS else ""
        return f"<table><caption>{len(items)} items</caption>{''.join(rows)}</table>{rest}"
    rows = []
    for part in layout(type(value)):
        held = getattr(value, part.attribute)
        for one in spread_of(part):
            cell = _cell(getattr(held, one.attribute) if part.spread else held)
            if cell:
                rows.append(f'<tr><th scope="row">{_escaped(one.name)}</th><td>{cell}</td></tr>')
    return f"<table><caption>{_escaped(type(value).__name__)}</caption>{''.join(rows)}</table>"


def _cell(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, Mapping):
        return "<br>".join(f"{_escaped(str(key))}: {_cell(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return "<br>".join(map(_cell, value[:MOST_ROWS]))
    display = getattr(value, "display", None)
    return f"<bdi>{_escaped(display if isinstance(display, str) else str(value))}</bdi>"


def _escaped(text: str) -> str:
    return html.escape(harmless_lines(text))
