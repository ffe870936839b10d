"""Commands that read the history: timeline, customer, candidates, search, unattributed, changes, export."""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path
from typing import Any

import omnitrack
from omnitrack.cli.arguments import Commands, at_least, time
from omnitrack.cli.output import list_things, print_json, print_lines
from omnitrack.harmless import harmless, harmless_json
from omnitrack.model import wall_clock

MOST_COUNTED = 1_000  # of the contacts that would have been found


def add(command: Commands) -> None:
    """Add the commands that read."""
    timeline = command(_timeline, "print the history of a person, newest first", "who")
    timeline.add_argument("--limit", type=at_least(0), default=50, metavar="N", help="at most so many (50); 0 for all")
    timeline.add_argument("--oldest", action="store_true", help="oldest first")
    timeline.add_argument("--channel", action="append", metavar="NAME", help="of this channel only; may be repeated")
    timeline.add_argument(
        "--since",
        type=time,
        metavar="TIME",
        help="from then on; without an offset in the zone of the settings, else in UTC",
    )
    timeline.add_argument(
        "--until",
        type=time,
        metavar="TIME",
        help="before then; without an offset in the zone of the settings, else in UTC",
    )
    timeline.add_argument("--text", help="with this text in subject or body")
    timeline.add_argument(
        "--as-of",
        type=time,
        metavar="TIME",
        help="as it could be known then; without an offset in the zone of the settings, else in UTC",
    )
    timeline.add_argument("--trust", choices=["observed", "verified"], default="observed")
    timeline.add_argument("--include-shared", action="store_true", help="also of lines that several share")
    timeline.add_argument("--include-claimed", action="store_true", help="also what a claim alone says is theirs")

    command(_customer, "print who this is", "who")
    search = command(_search, "find people by what is known of them, best first (needs matching = true)")
    for name, text in (
        ("name", "given and family name"),
        ("postcode", "of any country"),
        ("birth-date", "as people write it"),
        ("address", "house number and street"),
        ("city", "town or suburb"),
        ("company", "with or without its legal form"),
        ("email", "may have a typo"),
        ("phone", "may have a typo"),
        ("text", "words of a contact, which narrow what the others find"),
    ):
        search.add_argument(f"--{name}", metavar=name.partition("-")[0].upper(), help=text)
    search.add_argument("--limit", type=at_least(1), default=10, metavar="N", help="at most so many (10)")
    command(_candidates, "print who this may be, best first", "who")
    unattributed = command(_unattributed, "list contacts with nobody identifiable")
    unattributed.add_argument("--limit", type=at_least(1), default=50, metavar="N", help="at most so many (50)")

    _add_changes(command)
    page = command(_page, "make a web page of the history of a person, newest first", "who", prints_json=True)
    page.add_argument("-o", "--output", metavar="FILE", help="where it is written; else it is printed")
    page.add_argument("--name", help="how to call the person")
    page.add_argument("--company", default="", metavar="NAME", help="how to call the company")
    page.add_argument("--trust", choices=["observed", "verified"], default="observed")
    page.add_argument("--limit", type=at_least(1), default=200, metavar="N", help="at most so many contacts (200)")

    export = command(
        _export, "print a person's contacts in a standard form; what it cannot carry is said", "who", prints_json=True
    )
    export.add_argument("--format", default="json", choices=["json", "vcon", "tmf683", "cloudevents"])


def _add_changes(command: Commands) -> None:
    changes = command(
        _changes,
        "print what happened to the store as JSON lines, nothing skipped (needs feed = true)",
        prints_json=True,
    )
    changes.add_argument("--after", metavar="CURSOR", help="what came after the entry with this cursor")
    changes.add_argument("--consumer", metavar="NAME", help="go on from where this one is, and keep where it comes to")
    changes.add_argument("--follow", action="store_true", help="wait for what comes, until it is interrupted")
    changes.add_argument("--limit", type=at_least(1), metavar="N", help="at most so many")


def _page(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    page = tracker.timeline(arguments.who, trust=arguments.trust).to_html(
        person=arguments.name, company=arguments.company, limit=arguments.limit
    )
    if arguments.output is None:
        sys.stdout.write(page)
    else:
        Path(arguments.output).write_text(page, encoding="utf-8")
    return 0


def _timeline(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    query = {
        "channels": arguments.channel,
        "since": arguments.since,
        "until": arguments.until,
        "text": arguments.text,
        "as_of": arguments.as_of,
        "order": "oldest" if arguments.oldest else "newest",
        "trust": arguments.trust,
        "include_shared": arguments.include_shared,
        "include_claimed": arguments.include_claimed,
    }
    timeline = iter(tracker.timeline(arguments.who, **query))
    first = list(itertools.islice(timeline, 1))
    if not first:
        print_lines(f"omnitrack: {_why_nothing(tracker, arguments.who, query)}", file=sys.stderr)
    return list_things(arguments, itertools.islice(itertools.chain(first, timeline), arguments.limit or None))


def _why_nothing(tracker: omnitrack.Tracker, who: str, query: dict[str, Any]) -> str:
    """Return why a timeline is empty: what was asked leaves out all, or all there is needs to be asked for."""
    for name, what in (
        ("include_claimed", "a claim is all that says whose they are"),
        ("include_shared", "several people share the line or the address"),
    ):
        page = tracker.timeline(who, **(query | {name: True})).page(MOST_COUNTED)
        if page.items:
            count = f"{len(page)} or more" if page.next else str(len(page))
            return f"contacts left out because {what}: {count}; --{name.replace('_', '-')} shows them"
    return "no contacts, of those asked for"


def _customer(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    found = tracker.customer(arguments.who)
    if arguments.json:
        print_json(found)
        return 0
    print_lines(found.id)
    for identifier in found.identifiers:
        print_lines(harmless(f"  {identifier.scheme}: {identifier.display}"))
    for trait, values in found.traits.items():
        print_lines(harmless(f"  {trait}: {', '.join(str(value) for value in values)}"))
    if found.first_seen and found.last_seen:
        print_lines(f"  from {wall_clock(found.first_seen)} to {wall_clock(found.last_seen)}")
    return 0


def _search(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    names = ("name", "postcode", "birth_date", "address", "city", "company", "email", "phone", "text", "limit")
    return list_things(arguments, tracker.search(**{name: getattr(arguments, name) for name in names}))


def _candidates(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return list_things(arguments, tracker.candidates(arguments.who))


def _unattributed(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return list_things(arguments, tracker.unattributed(limit=arguments.limit))


def _changes(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    changes = tracker.changes(
        after=arguments.after,
        consumer=arguments.consumer,
        limit=arguments.limit,
        wait=None if arguments.follow else 0,
    )
    for entry in changes:
        print_json(entry.to_dict())
        sys.stdout.flush()
        if arguments.consumer is not None:
            changes.acknowledge(entry)
    return 0


def _export(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    exported = tracker.export(arguments.who, format=arguments.format)
    sys.stdout.write(harmless_json(exported.text()))
    print_lines(exported.report, file=sys.stderr)
    return 0
