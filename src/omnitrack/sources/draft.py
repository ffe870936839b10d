"""A mapping drafted from the first records of a log: what its columns probably are, for somebody to look at and edit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from omnitrack.errors import MissingZoneError
from omnitrack.sources.values import joined_text, parse_time, text_of

# Names of columns, as words in them say what they are. In the order in which they are asked; each part is taken once.
_NAMES = {
    "occurred_at": r"occurred|timestamp|date_?time|created|received|sent|start|calldate|when|date|datum|fecha|data|time|zeit|hora",
    "ended_at": r"ended|finished|end|stop|closed",
    "source_id": r"id|uid|uuid|guid|ref|reference|number_of_contact|case_?no|ticket_?(?:id|no|number)|message_?id|call_?id",
    "body": r"body|message|text|comment|content|note|notes|description|transcript|nachricht|mensaje",
    "subject": r"subject|title|topic|reason|betreff|asunto",
    "thread": r"thread|conversation|ticket|case|session",
    "direction": r"direction|in_?out|richtung",
    "agent": r"agent|operator|user|handled_?by|owner|assignee|bearbeiter",
    "outcome": r"outcome|status|result|disposition",
    "channel": r"channel|medium|kanal",
}
_PEOPLE = {"email": r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+", "phone": r"\+?[\d\s()./-]{7,20}"}
_PERSON_NAMES = {
    "email": r"e?_?mail|email_?address|from|sender",
    "phone": r"phone|tel|mobile|msisdn|caller|cli|number|telefon|handy",
    "account": r"account|customer|client|member|kunde",
}
_TRAITS = {"name": r"(?:customer_?|full_?)?name", "postcode": r"post_?code|zip|plz", "company": r"company|firma"}
_FORMATS = [
    f"{day}{clock}"
    for day in (
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%Y",
        "%d-%m-%Y",
        "%Y/%m/%d",
        "%d/%m/%y",
        "%m/%d/%y",
        "%d.%m.%y",
        "%d %b %Y",
        "%b %d, %Y",
    )
    for clock in (" %H:%M", " %H:%M:%S", ", %H:%M", " %I:%M %p", " %I:%M:%S %p", "")
]
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def draft_mapping(records: Sequence[Mapping[str, Any]], *, items: str | None = None) -> str:
    """Return a mapping as TOML, with remarks where a guess needs to be looked at.

    Args:
        records: the first of the log, by name of the column or dotted path.
        items: where in each JSON value they were.
    """
    columns = list(dict.fromkeys(name for record in records for name in record))
    samples = {name: [text for r in records if (text := text_of(joined_text(r.get(name))))] for name in columns}
    left = [name for name in columns if samples[name]]
    lines = ["# A draft: look at each line before the load, and at the first contacts with omnitrack inspect."]
    fields, timestamp, doubt = _fields(left, samples)
    people = dict(_people(left, samples))
    traits = {trait: name for trait, names in _TRAITS.items() for name in _named(left, names)[:1]}
    if "channel" not in fields:
        lines.append('channel = "unknown"  # phone, email, letter, chat, ...: the same in every row')
    if "direction" not in fields:
        lines.append('direction = "inbound"  # inbound, outbound or internal: the same in every row')
    lines.append('source = "log"  # name of the system: with it a load can be taken back')
    lines.append('# zone = "Europe/London"  # of times that come without one')
    if timestamp is not None:
        lines.append(f"time_format = {json.dumps(timestamp)}" + (f"  # {doubt}" if doubt else ""))
    if items is not None:
        lines.append(f"items = {json.dumps(items)}")
    lines += ["", "[fields]"]
    if "occurred_at" not in fields:
        lines.append('# occurred_at = "..."  # no column looks like a time; every interaction needs one')
    lines += [f"{part} = {json.dumps(name, ensure_ascii=False)}" for part, name in fields.items()]
    if "direction" in fields:
        lines += ["", "[values.direction]  # what the log's own words stand for"]
        words = dict.fromkeys(samples[fields["direction"]])
        lines += [f"{_key(word)} = {json.dumps(_direction(word))}" for word in list(words)[:6]]
    lines += [
        "",
        "[customer]  # !observed where the network says it, !verified where somebody has logged in; else it is a claim",
    ]
    lines += [f"{_key(name)} = {json.dumps(f'{scheme}:{{}}')}" for name, scheme in people.items()]
    if not people:
        lines.append('# "..." = "phone:{}"  # no column looks like an address, a number or an account')
    if traits:
        lines += [
            "",
            "[traits]",
            *(f"{trait} = {json.dumps(name, ensure_ascii=False)}" for trait, name in traits.items()),
        ]
    return "\n".join(lines) + "\n"


def flat(record: Any, prefix: str = "", depth: int = 6) -> Iterator[tuple[str, Any]]:
    """Yield (dotted path, value) of every value of a record that is no object."""
    for key, value in record.items() if isinstance(record, Mapping) else ():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and depth > 0:
            yield from flat(value, f"{path}.", depth - 1)
        else:
            yield path, value


def _fields(left: list[str], samples: Mapping[str, list[str]]) -> tuple[dict[str, str], str | None, str | None]:
    """Return the column of each part, the form of its times where they have one, and what of that is in doubt. Takes them off ``left``."""
    found: dict[str, str] = {}
    form = doubt = None
    for part, names in _NAMES.items():
        for name in _named(left, names):
            if part in ("occurred_at", "ended_at"):
                times, its_form, its_doubt = _times(samples[name])
                if not times:
                    continue
                if part == "occurred_at":
                    form, doubt = its_form, its_doubt
            elif part in ("source_id", "agent", "thread") and _scheme(samples[name]) is not None and not _is_id(name):
                continue
            found[part] = name
            left.remove(name)
            break
    return found, form, doubt


def _named(columns: Iterable[str], names: str) -> list[str]:
    """Return the columns that are called so, those that are so by their whole name first."""
    whole, part = re.compile(rf"(?:{names})\Z", re.I), re.compile(rf"(?:\A|_)(?:{names})(?:\Z|_)", re.I)
    words = {name: re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", "_", name) for name in columns}
    return sorted((n for n in words if part.search(words[n])), key=lambda n: whole.match(words[n]) is None)


def _is_id(name: str) -> bool:
    return re.search(r"id\Z|ref|uuid", name, re.I) is not None


def _times(values: Sequence[str]) -> tuple[bool, str | None, str | None]:
    """Return whether the values are times, the form that reads them all where ISO 8601 does not, and what is in doubt."""
    if values and all(map(_is_iso, values)):
        return True, None, None
    fitting = [form for form in _FORMATS if values and all(_fits(value, form) for value in values)]
    if not fitting:
        return False, None, None
    first = fitting[0]
    swapped = first.replace("%d/%m", "%m/%d")
    doubt = (
        "or day and month the other way round: no day over 12 tells"
        if swapped != first and swapped in fitting
        else None
    )
    return True, first, doubt


def _is_iso(value: str) -> bool:
    try:
        return parse_time(value) is not None
    except MissingZoneError:
        return True


def _fits(value: str, form: str) -> bool:
    try:
        return datetime.strptime(value, form) is not None
    except ValueError:
        return False


def _scheme(values: Sequence[str]) -> str | None:
    """Return what most of the values look like."""
    for scheme, form in _PEOPLE.items():
        if values and 2 * sum(re.fullmatch(form, value) is not None for value in values) > len(values):
            return scheme
    return None


def _people(left: Sequence[str], samples: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    for name in left:
        looks = _scheme(samples[name])
        called = [scheme for scheme, names in _PERSON_NAMES.items() if name in _named([name], names)]
        if looks == "email" or (looks == "phone" and "phone" in called):
            yield name, looks
        elif "account" in called and not _named([name], _TRAITS["name"]):
            yield name, "account"


def _direction(word: str) -> str:
    if re.match(r"out|ab|sal|sent|agent", word, re.I):
        return "outbound"
    return "internal" if re.match(r"int", word, re.I) else "inbound"


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)
