"""Commands that write interactions: load, inspect, unload, note."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import omnitrack
from omnitrack.cli.arguments import Commands
from omnitrack.cli.output import list_things, plain, print_json, print_lines, print_wrong
from omnitrack.cli.progress import ProgressLine
from omnitrack.cli.settings import SettingsError
from omnitrack.errors import OmnitrackError
from omnitrack.harmless import harmless
from omnitrack.sources import inspect
from omnitrack.sources.registry import accepted_options, get_source, iter_sources
from omnitrack.sources.values import zone_of


def add(command: Commands) -> None:
    """Add the commands that put something in."""
    load = command(_load, "load files or folders; what is there already is passed over", begins=True)
    load.add_argument("paths", nargs="+", metavar="PATH")
    load.add_argument("--format", default="auto", help="name of the format, where it is not recognised")
    load.add_argument("--source", help="name of the system that the file comes from")
    load.add_argument("--zone", help="time zone of times that have none, such as Europe/London")
    load.add_argument(
        "--mapping",
        metavar="FILE",
        help="TOML file that says which column of a CSV or JSON log is what; one of the log's name beside it is found",
    )

    looked = command(
        _inspect,
        "say what a file is, show its first contacts as they would be recorded, draft a mapping",
        "path",
        writes_nothing=True,
    )
    looked.add_argument(
        "--limit", type=int, default=5, metavar="N", help="how many units to show; 5 where nothing is said"
    )
    looked.add_argument("--zone", help="time zone of times that have none, such as Europe/London")
    looked.add_argument("--mapping", metavar="FILE", help="TOML file that says how to read a log of your own")
    looked.set_defaults(format="auto", source=None)
    unload = command(_unload, "take a load that went wrong back whole, with what it had linked", "source")
    unload.add_argument("--dry-run", action="store_true", help="only count")
    note = command(_note, "file an internal note on a person's timeline, or beside a contact", "who", "text")
    note.add_argument("--agent", metavar="NAME", help="who writes it")


def _load(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    options = _load_options(arguments)
    complete = True
    for path in arguments.paths:
        progress = ProgressLine(path) if sys.stderr.isatty() and not arguments.json else None
        try:
            report = tracker.load(path, format=arguments.format, progress=progress, **options)
        except (OmnitrackError, OSError) as error:  # the other files are not to suffer for this one
            if progress is not None:
                progress.close()
            print_wrong(f"omnitrack: {path}: {error}")
            complete = False
            continue
        except (AttributeError, TypeError, ValueError) as error:
            if not arguments.load_options:
                raise
            raise SettingsError(f"[load] has a value that its option cannot have: {error}") from error
        if progress is not None:
            progress.close()
        complete &= not report.rejected_total
        if arguments.json:
            print_json({"path": path} | plain(report))
            continue
        print_lines(
            harmless(f"{path}: {report}" + (f" ({report.format}: {report.detected_by})" if report.detected_by else ""))
        )
        for rejected in report.rejected:
            print_lines(harmless(f"  {rejected.where or rejected.source_id or ''}: {rejected.reason}"), file=sys.stderr)
        for part in report.left_out:
            print_lines(
                harmless(f"  {part.where or part.source_id or ''}: kept without a part: {part.reason}"), file=sys.stderr
            )
        for unit in report.passed_over_examples:
            count = report.passed_over[unit.reason]
            print_lines(
                harmless(f"  {unit.where or unit.source_id or ''}: passed over: {unit.reason} ({count} in all)"),
                file=sys.stderr,
            )
    return 0 if complete else 1


def _load_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options of a load: those of the command line over those of the settings file.

    The file's are for whatever is loaded, so a format leaves those aside that it has no use for.
    """
    given = {name: getattr(arguments, name) for name in ("source", "zone", "mapping")}
    given = {name: value for name, value in given.items() if value is not None}
    from_file: dict[str, Any] = arguments.load_options
    known = frozenset[str]().union(*(accepted_options(source) for source in iter_sources()))
    if unknown := from_file.keys() - known:
        raise SettingsError(f"[load] got {', '.join(sorted(unknown))}, accepted are {', '.join(sorted(known))}")
    if arguments.format != "auto":
        source = get_source(arguments.format)
        if not source.takes_options_of_others:
            accepted = accepted_options(source)
            if unfit := given.keys() - accepted:
                raise SettingsError(f"--{sorted(unfit)[0]}: the format {arguments.format} takes none")
            from_file = {name: value for name, value in from_file.items() if name in accepted}
    return from_file | given


def _unload(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    receipt = tracker.unload(arguments.source, dry_run=arguments.dry_run)
    if arguments.json:
        return list_things(arguments, [receipt])
    verb = "would be taken back" if receipt.dry_run else "taken back"
    print(
        f"{receipt.interactions} interactions of {arguments.source}, {receipt.links} links, {receipt.identifiers} identifiers and "
        f"{receipt.statements} statements {verb}"
    )
    return 0


def _inspect(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    options = _load_options(arguments)
    found = inspect(arguments.path, **options)
    if found.source is not None:
        found.source.use_zone(zone_of(arguments.store_zone))
    # As they would be recorded: by the settings, in a store that is thrown away.
    report = tracker.record_many(found.first(arguments.limit), on_error="collect")
    contacts = list(tracker.interactions())
    if arguments.json:
        print_json({"what": found.what, "mapping": found.mapping, "contacts": contacts, "report": report})
        return 0
    print(f"{arguments.path}: {found.what}")
    print(f"the first units: {report}")
    for contact in contacts:
        print(f"  {_plain_line(str(_as_line(contact)))}")
    for rejected in (*report.rejected, *report.left_out):
        print(f"  {rejected.where or rejected.source_id or ''}: {rejected.reason}", file=sys.stderr)
    if found.mapping is not None:
        print(f"\n# {Path(arguments.path).stem}.toml\n{found.mapping}", end="")
    return 0


def _as_line(contact: omnitrack.Interaction) -> str:
    who = [", ".join(str(sighting.identifier) for sighting in person) for person in contact.customers]
    said = " ".join(f"{contact.subject or ''} {contact.body or ''}".split())
    direction = contact.direction.value if contact.direction is not None else "?"
    return f"{contact.occurred_at.isoformat()} {contact.channel} {direction} {contact.kind} [{' | '.join(who) or 'nobody'}] {said:.60}"


def _plain_line(text: str) -> str:
    """Return a text on one line, with nothing in it that a terminal would take as a command."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _note(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    filed = tracker.note(arguments.who, arguments.text, agent=arguments.agent)
    return list_things(arguments, [{"id": filed} if arguments.json else filed])
