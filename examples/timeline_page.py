"""One person's history as a web page: a single file, nothing loaded from elsewhere, made of what the tracker returns."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone

import attrs

from omnitrack import TimelineItem
from omnitrack.harmless import harmless_lines


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
) -> str:
    """Return the page.

    Args:
        person: how to call the customer.
        company: how to call ourselves.
        items: the history, oldest first.
        identifiers: (kind, text to show) of each identifier of the customer.
        reasons: why these are one person, a sentence each.
    """
    # One clock for all: a call of 09:30 in London and a mail of 10:00 in Paris stand in the order in which they came.
    items = [attrs.evolve(item, occurred_at=item.occurred_at.astimezone(timezone.utc)) for item in items]
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
        f'<section class="day" id="d{n}"><h2><time datetime="{day.isoformat()}">{day:%A} {day.day} {day:%B}</time></h2>'
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
<p class="over">{escape(company)} · customer history</p>
<h1>{escape(person)}</h1>
<p class="sum">{_summary(items, channels)}</p>
<ul class="ids">{known_by}</ul>
</header>
<main>
<figure aria-label="When each channel was used">{_lanes(items, channels)}</figure>
<fieldset><legend>Show</legend>{filters}</fieldset>
{days}
</main>
<footer>{f"<h2>Why this is one person</h2><ul>{why}</ul>" if why else ""}
<p>Times are UTC. Made by omnitrack from the logs of each channel.</p></footer>
</body>
</html>
"""


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
        + "".join(
            f'<a href="#{escape(item.id)}" class="{item.direction}" style="left:{left(item.occurred_at)}"'
            f' aria-label="{escape(_when(item.occurred_at))}"></a>'
            for item in items
            if item.channel == channel
        )
        + "</p></div>"
        for n, channel in enumerate(channels)
    )
    return f'{lanes}<div class="lane ticks"><b>{months}</b><p>{ticks}</p></div>'


def _paragraphs(text: str) -> list[str]:
    """Split a text at empty lines; a line that a mail program broke because it was long is made whole again."""
    whole = re.sub(r"(?<=[^\n]{58})(?<!\n)\n(?=\w)", " ", text)
    return [part for part in re.split(r"\n\s*\n", whole) if part.strip()]


def _midnight(timestamp: datetime) -> datetime:
    return timestamp.replace(hour=0, minute=0, second=0, microsecond=0)


def _when(timestamp: datetime) -> str:
    return f"{timestamp.day} {timestamp:%B}, {timestamp:%H:%M}"


def _card(item: TimelineItem, n: int, person: str, company: str) -> str:
    first_name = person.split()[0] if person else "Customer"
    way = {"inbound": f"{first_name} → {company}", "outbound": f"{company} → {first_name}", "internal": "internal"}
    facts = []
    if item.outcome:
        facts.append(item.outcome.replace("_", " "))
    if item.ended_at and item.ended_at > item.occurred_at:
        minutes, seconds = divmod(int((item.ended_at - item.occurred_at).total_seconds()), 60)
        facts.append(f"{minutes} min {seconds} s" if minutes else f"{seconds} s")
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
        body = f"<details><summary>{escape(text[:160])}…</summary>{body}</details>"
    chips = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    return (
        f'<li class="c{n} {item.direction}" id="{escape(item.id)}" style="--h:{look(item.channel).hue}">'
        f'<span class="node">{_icon(item.channel)}</span><article><p class="head">'
        f"<b>{escape(look(item.channel).name)}</b> <span>{escape(way[item.direction])}</span>"
        f'<time datetime="{item.occurred_at.isoformat()}">{item.occurred_at:%H:%M}</time></p>'
        f'{subject}{body}<ul class="facts">{chips}</ul></article></li>'
    )


# A text of another direction stays within its own element: who wrote a name or a subject does not lay out what stands beside it.
STYLE = """
h1,h3,.body,.ids li,.facts li,.head b,.head span,summary{unicode-bidi:isolate}
:root{--bg:#f6f5f2;--card:#fff;--ink:#1d1f24;--soft:#5d626d;--line:#dedbd4;--l:38%;--tint:94%;--sat:55%;--mine:#f0eee9}
@media(prefers-color-scheme:dark){:root{--bg:#14161a;--card:#1e2127;--ink:#eceef2;--soft:#a2a8b4;--line:#333842;
--l:72%;--tint:22%;--sat:45%;--mine:#191c21}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header,main,footer{max-width:46rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:3rem}
.over{margin:0;color:var(--soft);font-size:.85rem;letter-spacing:.02em}
h1{margin:.1rem 0 .2rem;font-size:clamp(2rem,7vw,3rem);line-height:1.1;letter-spacing:-.025em}
.sum{margin:0 0 1.1rem;color:var(--soft);font-size:1.1rem}
ul,ol{list-style:none;margin:0;padding:0}
.ids{display:flex;flex-wrap:wrap;gap:.45rem}
.ids li{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.2rem .65rem;font-size:.92rem;
overflow-wrap:anywhere}
.ids span{color:var(--soft);font-size:.8rem;margin-right:.2rem}
figure{margin:2rem 0 1.2rem;padding:1rem 1.1rem .55rem;background:var(--card);border:1px solid var(--line);
border-radius:.9rem}
.lane{display:grid;grid-template-columns:6.2rem 1fr;align-items:center;--c:hsl(var(--h) var(--sat) var(--l))}
.lane b{font-size:.85rem;font-weight:500;color:var(--c)}
.lane p{position:relative;height:2.1rem;margin:0 .7rem 0 .3rem;
background:linear-gradient(var(--line),var(--line)) center/100% 1px no-repeat}
.lane a{position:absolute;top:50%;width:13px;height:13px;margin:-15px 0 0 -6.5px;border-radius:50%;
background:var(--c);border:2px solid var(--c);box-shadow:0 0 0 2px var(--card)}
.lane a.outbound{background:var(--card);margin-top:2px}
.lane a:hover,.lane a:focus-visible{transform:scale(1.35);outline:none}
.ticks p{background:none;height:1.3rem}.ticks b{color:var(--soft);font-weight:400;font-size:.78rem}
.ticks i{position:absolute;font-style:normal;font-size:.78rem;color:var(--soft);white-space:nowrap}
fieldset{border:0;margin:0 0 .5rem;padding:0;display:flex;flex-wrap:wrap;gap:.45rem}
legend{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
label{--c:hsl(var(--h) var(--sat) var(--l));display:inline-flex;align-items:center;gap:.4rem;cursor:pointer;
padding:.35rem .8rem;border-radius:2rem;border:1px solid var(--line);background:var(--card);color:var(--soft);
font-size:.92rem;user-select:none}
label:has(:checked){color:var(--c);border-color:var(--c);background:hsl(var(--h) var(--sat) var(--tint))}
label:has(:focus-visible){outline:2px solid var(--c);outline-offset:2px}
label input{position:absolute;opacity:0;pointer-events:none}
label b{font-weight:600;font-variant-numeric:tabular-nums}
svg{width:1.05em;height:1.05em;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round;
flex:none}
.day h2{position:sticky;top:0;z-index:1;margin:0;padding:1.4rem 0 .6rem;font-size:1rem;font-weight:600;
background:linear-gradient(var(--bg) 80%,transparent)}
.day li[id]:not(:last-child)::before{content:"";position:absolute;left:1.2rem;top:.8rem;bottom:-.6rem;width:2px;
margin-left:-1px;background:var(--line)}
.day li[id]{--c:hsl(var(--h) var(--sat) var(--l));position:relative;padding:0 0 .9rem 3.3rem;scroll-margin-top:4rem}
.node{position:absolute;left:0;top:.55rem;width:2.4rem;height:2.4rem;border-radius:50%;display:grid;place-items:center;
color:var(--c);background:hsl(var(--h) var(--sat) var(--tint));box-shadow:0 0 0 4px var(--bg)}
article{background:var(--card);border:1px solid var(--line);border-radius:.9rem;padding:.75rem 1rem .8rem}
.outbound article{background:var(--mine);margin-left:1.6rem}
li:target article{border-color:var(--c);box-shadow:0 0 0 1px var(--c)}
.head{display:flex;gap:.55rem;align-items:baseline;margin:0;font-size:.87rem;color:var(--soft)}
.head b{color:var(--c);font-weight:600;white-space:nowrap}
.head time{margin-left:auto;font-variant-numeric:tabular-nums}
h3{margin:.3rem 0 0;font-size:1.02rem;line-height:1.4;overflow-wrap:anywhere}
.body{margin:.3rem 0 0;white-space:pre-line;overflow-wrap:anywhere}
.body+.body{margin-top:.6rem}
summary{cursor:pointer}
.facts{display:flex;flex-wrap:wrap;margin-top:.4rem;font-size:.85rem;color:var(--soft)}
.facts li:not(:last-child)::after{content:"·";margin:0 .45rem}
footer{padding-top:1rem;padding-bottom:4rem;color:var(--soft);font-size:.92rem}
footer h2{font-size:1rem;color:var(--ink);margin:1.5rem 0 .4rem}
footer ul{list-style:disc;padding-left:1.2rem}
footer li{margin:.2rem 0}
@media(max-width:34rem){header{padding-top:1.8rem}header,main,footer{padding-left:1rem;padding-right:1rem}
figure{padding:.8rem .7rem .4rem}.lane{grid-template-columns:5.4rem 1fr}
.day li[id]{padding-left:2.6rem}.node{width:2rem;height:2rem;font-size:.9rem}.day li[id]::before{left:1rem!important}
.outbound article{margin-left:.7rem}.head{flex-wrap:wrap;column-gap:.5rem}article{padding:.65rem .85rem .7rem}}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
@media print{fieldset{display:none}.day h2{position:static}article{break-inside:avoid}}
"""
