"""Colours of the command line: only where a terminal shows them, and never where NO_COLOR says so."""

from __future__ import annotations

import os
from typing import Any, TextIO

from omnitrack.harmless import harmless_lines
from omnitrack.model import TimelineItem, wall_clock

#: SGR parameters (ECMA-48 section 8.3.117), from the sixteen colours that a terminal has by its own theme.
STYLES = {"wrong": "1;31", "soft": "2", "strong": "1", "mark": "33"}
CHANNELS = {"phone": "32", "email": "33", "x": "34", "web": "35", "letter": "31", "chat": "36"}


def are_wanted(stream: TextIO) -> bool:
    """Return whether a stream is shown in colours: it is a terminal, and neither NO_COLOR (no-color.org) nor TERM=dumb says no."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painted(text: str, style: str, stream: TextIO) -> str:
    """Return a text in a style of ``STYLES`` or a colour of ``CHANNELS``, with nothing else in it that a terminal would obey."""
    safe = harmless_lines(text)
    code = STYLES.get(style) or CHANNELS.get(style)
    return f"\x1b[{code}m{safe}\x1b[0m" if code and safe and are_wanted(stream) else safe


def in_colours(thing: Any, stream: TextIO) -> str:
    """Return how a thing is printed: of an item of a timeline the channel and what is to be noticed stand out."""
    text = harmless_lines(str(thing))
    if not isinstance(thing, TimelineItem) or not are_wanted(stream):
        return text
    when = wall_clock(thing.occurred_at)
    before, channel, after = text[len(when) :].partition(harmless_lines(thing.channel))
    if thing.claimed or thing.shared:
        after = painted(after, "mark", stream)
    return painted(when, "soft", stream) + before + painted(channel, thing.channel, stream) + after
