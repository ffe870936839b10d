"""One person's history as a web page: a single file, nothing loaded from elsewhere, and no script."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone, tzinfo

import attrs

from omnitrack.harmless import harmless_lines
from omnitrack.model import AnsweredBy, TimelineItem
from omnitrack.pages.style import STYLE


def escape(text: str) -> str:
    """Return a text as HTML: no markup of its own, and nothing that turns the direction of what stands beside it."""
    return html.escape(harmless_lines(text))


@attrs.frozen
class Look:
    """How a channel is told apart: its name, a hue in degrees, and an icon drawn with strokes on a grid of 24."""

    name: str
    hue: int
    icon: str


LOOKS = {
    "phone": Look(
        "Phone",
        145,
        "M22 16.9v3a2 2 0 0 1-2.2 2 19.8 19.8 0 0 1-8.6-3.1 19.5 19.5 0 0 1-6-6A19.8 19.8 0 0 1 2.1 4.2 2 2 0 0 1 4.1 2"
        "h3a2 2 0 0 1 2 1.7c.1 1 .4 1.9.7 2.8a2 2 0 0 1-.5 2.1L8.1 9.9a16 16 0 0 0 6 6l1.3-1.3a2 2 0 0 1 2.1-.4"
        "c.9.3 1.8.5 2.8.7a2 2 0 0 1 1.7 2z",
    ),
    "email": Look(
        "Email", 35, "M4 5h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM2.5 7l9.5 6.5L21.5 7"
    ),
    "x": Look("X", 215, "M4 4l16 16M20 4L4 20"),
    "web": Look("Self-service", 280, "M3 4h18v13H3zM8 21h8M12 17v4"),
    "letter": Look("Letter", 5, "M6 2h8l5 5v15H6zM14 2v5h5M9 12h7M9 16h7"),
    "chat": Look("Chat", 190, "M21 12a8 8 0 0 1-8 8H4l2-3.5A8 8 0 1 1 21 12z"),
    "note": Look("Note", 60, "M4 20l1-5L16 4l4 4L9 19zM14 6l4 4"),
}


def look(channel: str) -> Look:
    """Return the look of a channel; one that is not listed gets a hue of its own, the same on every page."""
    known = LOOKS.get(channel)
    hue = sum(ord(letter) * (17 + place) for place, letter in enumerate(channel)) % 360
    return known or Look(channel.capitalize(), hue, "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 8v4l3 2")


def render(
    *,
    person: str,
    company: str,
    items: Iterable[TimelineItem],
    identifiers: Sequence[tuple[str, str]],
    reasons: Sequence[str] = (),
    zone: tzinfo = timezone.utc,
    more: bool = False,
) -> str:
    """Return the page.

    Args:
        person: how to call the customer.
        company: how to call ourselves.
        items: the history, in the order in which it is to be shown.
        identifiers: (kind, text to show) of each identifier of the customer.
        reasons: why these are one person, a sentence each.
        zone: of the clock that is shown.
        more: there is more of the history than these.
    """
    # One clock for all: a call of 09:30 in London and a mail of 10:00 in Paris stand in the order in which they came.
    items = [attrs.evolve(item, occurred_at=item.occurred_at.astimezone(zone)) for item in items]
    by_time = sorted(items, key=lambda item: item.occurred_at)
    channels = list(dict.fromkeys(item.channel for item in items))
    filters = "".join(
        f'<label style="--h:{look(channel).hue}"><input type="checkbox" id="c{n}" checked>{_icon(channel)}'
        f"<span>{escape(look(channel).name)}</span><b>{sum(item.channel == channel for item in items)}</b></label>"
        for n, channel in enumerate(channels)
    )
    hide = "".join(f"body:has(#c{n}:not(:checked)) .c{n}{{display:none}}" for n in range(len(channels)))
    by_day = [(day, list(of_day)) for day, of_day in itertools.groupby(items, key=lambda item: item.occurred_at.date())]
    for n, (_, of_day) in enumerate(by_day):
        shown = ",".join(f"#c{channels.index(channel)}:checked" for channel in {item.channel for item in of_day})
        hide += f"body:not(:has({shown})) #d{n}{{display:none}}"
    days = "".join(
        f'<section class="day" id="d{n}"><h2><time datetime="{day.isoformat()}">{day:%A} {day.day} {day:%B %Y}</time></h2>'
        f"<ol>{''.join(_card(item, channels.index(item.channel), person, company) for item in of_day)}</ol></section>"
        for n, (day, of_day) in enumerate(by_day)
    )
    known_by = "".join(f"<li><span>{escape(look(kind).name)}</span> {escape(text)}</li>" for kind, text in identifiers)
    why = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(person)}: every channel, one timeline</title>
<style>{STYLE}{hide}</style>
</head>
<body>
<header>
<p class="over">{escape(" · ".join(filter(None, [company, "customer history"])))}</p>
<h1>{escape(person)}</h1>
<p class="sum">{_summary(by_time, channels)}{" (the latest; there is more)" if more else ""}</p>
<ul class="ids">{known_by}</ul>
</header>
<main>
<figure role="group" aria-label="When each channel was used">{_lanes(by_time, channels)}{LEGEND if items else ""}</figure>
<fieldset><legend>Show</legend>{filters}</fieldset>
{days}
</main>
<footer>{f"<h2>Why this is one person</h2><ul>{why}</ul>" if why else ""}
<p>Times are {escape(_zone_name(by_time, zone))}. Made by omnitrack from the logs of each channel.</p></footer>
</body>
</html>
"""


LEGEND = (
    '<p class="key"><span><i class="inbound"></i>from the customer</span><span><i></i>to the customer or internal</span>'
    "<span>a number: so many at once</span></p>"
)


def _zone_name(items: Sequence[TimelineItem], zone: tzinfo) -> str:
    """Return what a reader calls the clock of a page."""
    if zone is timezone.utc or not items:
        return "UTC"
    key = getattr(zone, "key", None)
    return str(key) if key else str(items[-1].occurred_at.tzname() or zone)


def _summary(items: Sequence[TimelineItem], channels: Sequence[str]) -> str:
    if not items:
        return "No contact yet."
    first, last = items[0].occurred_at, items[-1].occurred_at
    begin = f"{first.day} {first:%B}" if first.year == last.year else f"{first.day} {first:%B %Y}"
    if (first.year, first.month) == (last.year, last.month):
        begin = str(first.day)
    span = f"{last.day} {last:%B %Y}" if first.date() == last.date() else f"{begin} to {last.day} {last:%B %Y}"
    return f"{_count(len(items), 'contact')} on {_count(len(channels), 'channel')}, {span}"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _icon(channel: str) -> str:
    return f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{look(channel).icon}"/></svg>'


def _lanes(items: Sequence[TimelineItem], channels: Sequence[str]) -> str:
    """A lane for each channel and a dot for each contact, so that the hopping between channels is seen at a glance."""
    if not items:
        return ""
    start = _midnight(items[0].occurred_at)
    days = (_midnight(items[-1].occurred_at) - start).days + 1

    def left(timestamp: datetime) -> str:
        return f"{100 * ((timestamp - start) / timedelta(days=days)):.2f}%"

    every = -(-days // 9)
    ticks = "".join(
        f'<i style="left:{left(start + timedelta(days=n))}">{(start + timedelta(days=n)).day}</i>'
        for n in range(0, days, every)
    )
    months = " to ".join(dict.fromkeys((f"{start:%B}", f"{items[-1].occurred_at:%B}")))
    lanes = "".join(
        f'<div class="lane c{n}" style="--h:{look(channel).hue}"><b>{escape(look(channel).name)}</b><p>'
        + "".join(_dot(group, left(group[0].occurred_at)) for group in _together(items, channel, timedelta(days=days)))
        + "</p></div>"
        for n, channel in enumerate(channels)
    )
    return f'{lanes}<div class="lane ticks"><b>{months}</b><p>{ticks}</p></div>'


#: Dots that would stand closer than this share of the whole width are one, with their number.
_CLOSE = 1 / 9


def _together(items: Sequence[TimelineItem], channel: str, span: timedelta) -> list[list[TimelineItem]]:
    """Return the contacts of a channel, those of one direction that would lie upon each other together."""
    groups: list[list[TimelineItem]] = []
    last: dict[bool, list[TimelineItem]] = {}
    for item in items:
        if item.channel != channel:
            continue
        inbound = item.direction == "inbound"
        group = last.get(inbound)
        if group is not None and item.occurred_at - group[0].occurred_at < span * _CLOSE:
            group.append(item)
        else:
            last[inbound] = [item]
            groups.append(last[inbound])
    return groups


def _dot(group: Sequence[TimelineItem], left: str) -> str:
    first = group[0]
    kind = "inbound" if first.direction == "inbound" else "outbound"
    if len(group) == 1:
        many, inside, label = "", "", _when(first.occurred_at)
    else:
        many, inside = " many", str(len(group))
        label = f"{len(group)} contacts from {_when(first.occurred_at)} to {_when(group[-1].occurred_at)}"
    return f'<a href="#{escape(first.id)}" class="{kind}{many}" style="left:{left}" aria-label="{escape(label)}">{inside}</a>'


def _paragraphs(text: str) -> list[str]:
    """Split a text at empty lines; a line that a mail program broke because it was long is made whole again."""
    whole = re.sub(r"(?<=[^\n]{58})(?<!\n)\n(?=\w)", " ", text)
    return [part for part in re.split(r"\n\s*\n", whole) if part.strip()]


def _midnight(timestamp: datetime) -> datetime:
    return timestamp.replace(hour=0, minute=0, second=0, microsecond=0)


def _when(timestamp: datetime) -> str:
    return f"{timestamp.day} {timestamp:%B}, {timestamp:%H:%M}"


def _card(item: TimelineItem, n: int, person: str, company: str) -> str:
    first_name = (person.split() or ["Customer"])[0]
    us = company or "us"
    way = {"inbound": f"{first_name} → {us}", "outbound": f"{us} → {first_name}", "internal": "internal"}
    facts = []
    if item.outcome:
        facts.append(item.outcome.replace("_", " "))
    if item.ended_at and item.ended_at > item.occurred_at:
        minutes, seconds = divmod(int((item.ended_at - item.occurred_at).total_seconds()), 60)
        facts.append(f"{minutes} min {seconds} s" if minutes else f"{seconds} s")
    if item.answered_by is AnsweredBy.MACHINE:
        told = {True: ", and said so", False: ", and did not say so", None: ""}
        facts.append(f"answered by a machine{told[item.disclosed]}")
    if item.agent:
        facts.append(f"agent {item.agent}")
    if item.identifier and not item.identifier.scheme.endswith("-id"):  # a platform's number says nothing to a reader
        facts.append(item.identifier.display)
    if item.claimed:
        facts.append("not confirmed to be theirs")
    if item.shared:
        facts.append("on a shared line")
    subject = f'<h3 dir="auto">{escape(item.subject)}</h3>' if item.subject else ""
    text = "(deleted where it was written)" if item.deleted else (item.body or "").strip()
    body = "".join(f'<p class="body" dir="auto">{escape(part)}</p>' for part in _paragraphs(text))
    if len(text) > 900:
        body = f'<details><summary dir="auto">{escape(text[:160])}…</summary>{body}</details>'
    chips = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    return (
        f'<li class="c{n} {item.direction}" id="{escape(item.id)}" style="--h:{look(item.channel).hue}">'
        f'<span class="node">{_icon(item.channel)}</span><article><p class="head">'
        f"<b>{escape(look(item.channel).name)}</b> <span>{escape(way[item.direction])}</span>"
        f'<time datetime="{item.occurred_at.isoformat()}">{item.occurred_at:%H:%M}</time></p>'
        f'{subject}{body}<ul class="facts">{chips}</ul></article></li>'
    )
