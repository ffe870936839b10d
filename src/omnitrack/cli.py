"""The command line: load files into a history, and ask it who said what, who is whom, and whether all is well."""

from __future__ import annotations

import argparse
import codecs
import enum
import io
import itertools
import json
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import attrs

import omnitrack
from omnitrack.errors import InvalidPolicyError, OmnitrackError
from omnitrack.identifiers.scheme import Identifier
from omnitrack.model import wall_clock
from omnitrack.sources import inspect
from omnitrack.sources.registry import accepted_options, get_source, iter_sources
from omnitrack.sources.values import local_time, zone_of

SETTINGS = "omnitrack.toml"
SETTINGS_NAMES = frozenset({"store", "region", "zone", "own", "placeholders", "policy", "matching", "load"})
# The commands that may begin a store; every other one asks a store that is there.
BEGINNINGS = frozenset({"load", "link", "deny"})
MOST_COUNTED = 1_000  # of the contacts that would have been found
# How a charset without them shows the arrows of a timeline; any other character that it has not is a question mark.
PLAIN = {"→": "->", "←": "<-", "·": "."}

Run = Callable[["omnitrack.Tracker", argparse.Namespace], int]


class SettingsError(OmnitrackError, ValueError):
    """A settings file that cannot be read or says what is not known, or an option that cannot be meant."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 1 not done or not in order, 2 not understood."""
    arguments = _parser().parse_args(argv)
    _fit_output(whole=arguments.json or arguments.run is _export)
    try:
        settings = _settings(arguments)
        store = settings.pop("store")
        if arguments.run is _inspect:
            store = "memory://"  # it looks, and writes nothing
        arguments.store_zone = settings["zone"]
        _check_store(store, begins=arguments.command in BEGINNINGS)
        settings["rebuild"] = arguments.run is _rebuild
        with omnitrack.open(store, **settings) as tracker:
            run: Run = arguments.run
            return run(tracker, arguments)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        sys.stderr.close()
        return 0
    except SettingsError as error:
        print(f"omnitrack: {error}", file=sys.stderr)
        return 2
    except (OmnitrackError, OSError) as error:
        print(f"omnitrack: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _fit_output(*, whole: bool) -> None:
    """Let a terminal or a pipe of another charset than UTF-8 have what it can show.

    Args:
        whole: it is JSON, which is UTF-8 wherever it goes (RFC 8259 section 8.1), so that nothing is lost.
    """
    if not isinstance(sys.stdout, io.TextIOWrapper):
        return
    if whole:
        sys.stdout.reconfigure(encoding="utf-8")
    else:
        codecs.register_error("omnitrack.plain", _in_plain)
        sys.stdout.reconfigure(errors="omnitrack.plain")


def _in_plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN.get(letter, "?") for letter in error.object[error.start : error.end]), error.end


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return how to open the store: the options, else the settings file, else the defaults. Keeps those of loads in ``arguments``."""
    path = Path(arguments.settings or SETTINGS)
    found: dict[str, Any] = {}
    if arguments.settings or path.exists():
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path}: no TOML: {error}") from error
    unknown = found.keys() - SETTINGS_NAMES
    if unknown:
        accepted = ", ".join(sorted(SETTINGS_NAMES))
        raise SettingsError(f"{path}: got {', '.join(sorted(unknown))}, accepted are {accepted}")
    arguments.load_options = _table(path, found, "load")
    settings = {
        "store": arguments.store or found.get("store", "sqlite:///history.db"),
        "region": arguments.region or found.get("region"),
        "zone": found.get("zone"),
        "own": [*(arguments.own or ()), *getattr(arguments, "own_behind", ())] or found.get("own", ()),
        "placeholders": found.get("placeholders", ()),
        "matching": found.get("matching", False),
        "secret": os.environ.get("OMNITRACK_SECRET") or None,
    }
    if not isinstance(settings["store"], str):
        raise SettingsError(f"{path}: store: got {settings['store']!r:.100}, accepted is a URL in quotes")
    if "policy" in found:
        settings["policy"] = _policy(path, _table(path, found, "policy"))
    zone = zone_of(settings["zone"]) or timezone.utc
    for name in ("since", "until", "as_of"):
        moment = getattr(arguments, name, None)
        if moment is not None and moment.tzinfo is None:
            setattr(arguments, name, local_time(moment, zone)[0])
    return settings


def _table(path: Path, found: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = found.get(name, {})
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: {name}: got {table!r:.100}, accepted is a table that begins with [{name}]")
    return table


def _policy(path: Path, table: dict[str, Any]) -> omnitrack.Policy:
    accepted = [field.name for field in attrs.fields(omnitrack.Policy)]
    if unknown := table.keys() - set(accepted):
        raise SettingsError(
            f"{path}: [policy] got {', '.join(sorted(unknown))}, accepted are {', '.join(sorted(accepted))}"
        )
    try:
        return omnitrack.Policy(**table)
    except InvalidPolicyError as error:
        raise SettingsError(f"{path}: [policy] {error}") from error


def _check_store(store: str, *, begins: bool) -> None:
    """Raise where the store is no URL, or a file that only a command that begins one may make."""
    if not re.search("[:@]", store):  # behind these could stand a password
        raise SettingsError(f"store: got {store!r}, accepted is a URL; of this file sqlite:///{store}")
    file = re.match(r"sqlite(?:\+\w+)?:///(?!:memory:|file:)([^?]+)", store, re.IGNORECASE)
    if file is not None and not begins and not Path(file[1]).exists():
        raise OmnitrackError(
            f"store: there is no {file[1]} in {Path.cwd()}; omnitrack load FILE makes it, "
            f"--store and {SETTINGS} can name another"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omnitrack",
        description="One person, every channel, one timeline.",
        epilog=f"Store, region, own identifiers, policy and options of loads may stand in {SETTINGS}. A secret is taken from OMNITRACK_SECRET.",
    )
    parser.add_argument("--version", action="version", version=f"omnitrack {omnitrack.__version__}")
    _add_common(parser)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(run: Run, text: str, *positional: str, name: str | None = None) -> argparse.ArgumentParser:
        called = name or run.__name__.strip("_")
        added = commands.add_parser(called, help=text, description=text)
        for argument in positional:
            added.add_argument(argument, metavar=argument.upper())
        added.set_defaults(run=run, command=called)
        _add_common(added.add_argument_group("for every command"), behind=True)
        return added

    load = command(_load, "load files or folders; what is there already is passed over")
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
        _inspect, "say what a file is, show its first contacts as they would be recorded, draft a mapping", "path"
    )
    looked.add_argument(
        "--limit", type=int, default=5, metavar="N", help="how many units to show; 5 where nothing is said"
    )
    looked.add_argument("--zone", help="time zone of times that have none, such as Europe/London")
    looked.add_argument("--mapping", metavar="FILE", help="TOML file that says how to read a log of your own")
    looked.set_defaults(format="auto", source=None)
    unload = command(_unload, "take a load that went wrong back whole, with what it had linked", "source")
    unload.add_argument("--dry-run", action="store_true", help="only count")

    timeline = command(_timeline, "print the history of a person, newest first", "who")
    timeline.add_argument("--limit", type=_at_least(0), default=50, metavar="N", help="at most so many (50); 0 for all")
    timeline.add_argument("--oldest", action="store_true", help="oldest first")
    timeline.add_argument("--channel", action="append", metavar="NAME", help="of this channel only; may be repeated")
    timeline.add_argument(
        "--since",
        type=_time,
        metavar="TIME",
        help="from then on; without an offset in the zone of the settings, else in UTC",
    )
    timeline.add_argument(
        "--until",
        type=_time,
        metavar="TIME",
        help="before then; without an offset in the zone of the settings, else in UTC",
    )
    timeline.add_argument("--text", help="with this text in subject or body")
    timeline.add_argument(
        "--as-of",
        type=_time,
        metavar="TIME",
        help="as it could be known then; without an offset in the zone of the settings, else in UTC",
    )
    timeline.add_argument("--trust", choices=["observed", "verified"], default="observed")
    timeline.add_argument("--include-shared", action="store_true", help="also of lines that several share")
    timeline.add_argument("--include-claimed", action="store_true", help="also what a claim alone says is theirs")

    command(_customer, "print who this is", "who")
    command(_candidates, "print who this may be, best first", "who")
    command(_explain, "say why two identifiers are one person, or why not", "a", "b")
    for run, text in ((_link, "say that two are one person"), (_deny, "say that two are not one person")):
        said = command(run, text, "a", "b")
        said.add_argument("--by", required=True, metavar="NAME", help="who says so")
        said.add_argument("--reason", required=True, help="why")
    retract = command(_retract, "take a statement back, as if it had never been made", "statement")
    retract.add_argument("--by", metavar="NAME")
    retract.add_argument("--reason")
    for run, text in (
        (_conflicts, "list links that would join people and do not"),
        (_suggestions, "list who may be one person, by claims and, with matching = true, by likeness"),
        (_log, "list what merged and split, when, why and by whom"),
    ):
        listing = command(run, text)
        listing.add_argument("who", nargs="?", metavar="WHO")
        listing.add_argument("--limit", type=_at_least(1), default=50, metavar="N", help="at most so many (50)")
    unattributed = command(_unattributed, "list contacts with nobody identifiable")
    unattributed.add_argument("--limit", type=_at_least(1), default=50, metavar="N", help="at most so many (50)")

    export = command(_export, "print a person's contacts in a standard form; what it cannot carry is said", "who")
    export.add_argument("--format", default="json", choices=["json", "vcon", "tmf683", "cloudevents"])
    erase = command(_erase, "erase a person; without --yes only say what would go", "who")
    erase.add_argument("--by", required=True, metavar="NAME", help="who says so")
    erase.add_argument("--reason", required=True, help="why")
    erase.add_argument("--yes", action="store_true", help="do it")
    command(_verify, "compute who is whom again from the evidence, and compare")
    command(_rebuild, "compute who is whom from scratch, as after a change of policy")
    return parser


def _add_common(parser: argparse._ActionsContainer, behind: bool = False) -> None:
    """Add the options that every command has, which may stand before its name and behind it."""
    unless: dict[str, Any] = {"default": argparse.SUPPRESS} if behind else {}  # what stood before is not to be undone
    parser.add_argument("--settings", metavar="FILE", help=f"TOML file with the settings ({SETTINGS})", **unless)
    parser.add_argument("--store", metavar="URL", help="where the history is kept (sqlite:///history.db)", **unless)
    parser.add_argument("--region", metavar="GB", help="where national phone numbers are at home", **unless)
    parser.add_argument(
        "--own",
        metavar="ID",
        action="append",
        dest="own_behind" if behind else "own",
        help="the company's own, such as email:*@bt.example; may be repeated",
        **unless,
    )
    parser.add_argument("--json", action="store_true", help="print JSON lines", **unless)


def _at_least(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"got {text!r}, accepted is a number from {least} on")
        return int(text)

    return read


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, accepted is a date or a time such as 2026-03-02T08:00"
        ) from None


def _load(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    options = _load_options(arguments)
    complete = True
    for path in arguments.paths:
        progress = _progress(path) if sys.stderr.isatty() and not arguments.json else None
        try:
            report = tracker.load(path, format=arguments.format, progress=progress, **options)
        except (OmnitrackError, OSError) as error:  # the other files are not to suffer for this one
            print(f"omnitrack: {path}: {error}", file=sys.stderr)
            complete = False
            continue
        except (AttributeError, TypeError, ValueError) as error:
            if not arguments.load_options:
                raise
            raise SettingsError(f"[load] has a value that its option cannot have: {error}") from error
        complete &= not report.rejected_total
        if arguments.json:
            _print_json({"path": path} | _plain(report))
            continue
        print(f"{path}: {report}" + (f" ({report.format}: {report.detected_by})" if report.detected_by else ""))
        for rejected in report.rejected:
            print(f"  {rejected.where or rejected.source_id or ''}: {rejected.reason}", file=sys.stderr)
        for part in report.left_out:
            print(f"  {part.where or part.source_id or ''}: kept without a part: {part.reason}", file=sys.stderr)
        for unit in report.passed_over_examples:
            count = report.passed_over[unit.reason]
            print(
                f"  {unit.where or unit.source_id or ''}: passed over: {unit.reason} ({count} in all)", file=sys.stderr
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
        return _list(arguments, [receipt])
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
        _print_json({"what": found.what, "mapping": found.mapping, "contacts": contacts, "report": report})
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
        print(f"omnitrack: {_why_nothing(tracker, arguments.who, query)}", file=sys.stderr)
    return _list(arguments, itertools.islice(itertools.chain(first, timeline), arguments.limit or None))


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
        _print_json(_customer_data(found))
        return 0
    print(found.id)
    for identifier in found.identifiers:
        print(f"  {identifier.scheme}: {identifier.display}")
    for trait, values in found.traits.items():
        print(f"  {trait}: {', '.join(str(value) for value in values)}")
    if found.first_seen and found.last_seen:
        print(f"  from {wall_clock(found.first_seen)} to {wall_clock(found.last_seen)}")
    return 0


def _candidates(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    found = tracker.candidates(arguments.who)
    return _list(arguments, [_customer_data(one) for one in found] if arguments.json else found)


def _explain(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _list(arguments, [tracker.explain(arguments.a, arguments.b)])


def _link(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _said(arguments, tracker.link(arguments.a, arguments.b, by=arguments.by, reason=arguments.reason))


def _deny(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _said(arguments, tracker.deny(arguments.a, arguments.b, by=arguments.by, reason=arguments.reason))


def _retract(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _said(arguments, tracker.retract(arguments.statement, by=arguments.by, reason=arguments.reason))


def _said(arguments: argparse.Namespace, statement: omnitrack.Statement) -> int:
    return _list(arguments, [statement if arguments.json else f"{statement.id}: {statement}"])


def _conflicts(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _list(arguments, tracker.conflicts(arguments.who, limit=arguments.limit))


def _suggestions(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _list(arguments, tracker.suggestions(arguments.who, limit=arguments.limit))


def _log(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _list(arguments, tracker.identity_log(arguments.who, limit=arguments.limit))


def _unattributed(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _list(arguments, tracker.unattributed(limit=arguments.limit))


def _export(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    exported = tracker.export(arguments.who, format=arguments.format)
    sys.stdout.write(exported.text())
    print(exported.report, file=sys.stderr)
    return 0


def _erase(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    receipt = tracker.erase(arguments.who, by=arguments.by, reason=arguments.reason, dry_run=not arguments.yes)
    return _list(arguments, [receipt])


def _verify(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    report = tracker.verify()
    _list(arguments, [report])
    return 0 if report.ok else 1


def _rebuild(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    report = tracker.rebuild()
    text = f"{report.customers} customers of {report.identifiers} identifiers, of which {report.moved} moved"
    return _list(arguments, [report if arguments.json else text])


def _progress(path: str) -> Callable[[int, int | None], None]:
    """Return a callback that draws how far a load is, for people who watch it."""

    def draw(done: int, total: int | None) -> None:
        if total:
            share = min(done / total, 1)
            bar = ("█" * int(share * 30)).ljust(30, "·")
            print(f"\r{path} {bar} {share:4.0%}", end="\n" if done >= total else "", file=sys.stderr, flush=True)
        else:
            print(f"\r{path} {done:,}", end="", file=sys.stderr, flush=True)

    return draw


def _list(arguments: argparse.Namespace, things: Iterable[Any]) -> int:
    for thing in things:
        if arguments.json:
            _print_json(thing)
        else:
            print(thing)
    return 0


def _customer_data(customer: omnitrack.Customer) -> dict[str, Any]:
    names = ("id", "identifiers", "shared", "traits", "first_seen", "last_seen")
    return {name: getattr(customer, name) for name in names}


def _print_json(thing: Any) -> None:
    print(json.dumps(_plain(thing), ensure_ascii=False))


def _plain(value: Any) -> Any:
    """Return what JSON can hold: an identifier is its key, a time is RFC 3339, an assurance is its name."""
    if isinstance(value, Identifier):
        return value.key
    if isinstance(value, enum.IntEnum):
        return value.name.lower()
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if attrs.has(type(value)):
        return {
            field.name: _plain(getattr(value, field.name))
            for field in attrs.fields(type(value))
            if not field.name.startswith("_")
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return value


if __name__ == "__main__":
    sys.exit(main())
