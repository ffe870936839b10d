"""The command line: load files into a history, and ask it who said what, who is whom, and whether all is well."""

from __future__ import annotations

import argparse
import enum
import itertools
import json
import os
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import attrs

import omnitrack
from omnitrack.errors import OmnitrackError
from omnitrack.identifiers.scheme import Identifier

SETTINGS = "omnitrack.toml"
SETTINGS_NAMES = frozenset({"store", "region", "own", "policy", "matching"})

Run = Callable[["omnitrack.Tracker", argparse.Namespace], int]


class SettingsError(OmnitrackError, ValueError):
    """A settings file that cannot be read, or says what is not known."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 1 not done or not in order, 2 not understood."""
    arguments = _parser().parse_args(argv)
    try:
        settings = _settings(arguments)
        settings["rebuild"] = arguments.run is _rebuild
        with omnitrack.open(settings.pop("store"), **settings) as tracker:
            run: Run = arguments.run
            return run(tracker, arguments)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        sys.stderr.close()
        return 0
    except (OmnitrackError, OSError) as error:
        print(f"omnitrack: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return how to open the store: the options, else the settings file, else the defaults."""
    path = Path(arguments.settings or SETTINGS)
    found: dict[str, Any] = {}
    if arguments.settings or path.exists():
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{path}: {error}") from error
    unknown = found.keys() - SETTINGS_NAMES
    if unknown:
        accepted = ", ".join(sorted(SETTINGS_NAMES))
        raise SettingsError(f"{path}: got {', '.join(sorted(unknown))}, accepted are {accepted}")
    settings = {
        "store": arguments.store or found.get("store", "sqlite:///history.db"),
        "region": arguments.region or found.get("region"),
        "own": arguments.own or found.get("own", ()),
        "matching": found.get("matching", False),
        "secret": os.environ.get("OMNITRACK_SECRET") or None,
    }
    if "policy" in found:
        settings["policy"] = omnitrack.Policy(**found["policy"])
    return settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omnitrack",
        description="One person, every channel, one timeline.",
        epilog=f"Store, region and own identifiers may stand in {SETTINGS}. A secret is taken from OMNITRACK_SECRET.",
    )
    parser.add_argument("--version", action="version", version=f"omnitrack {omnitrack.__version__}")
    parser.add_argument("--settings", metavar="FILE", help=f"TOML file with store, region, own, policy ({SETTINGS})")
    parser.add_argument("--store", metavar="URL", help="where the history is kept (sqlite:///history.db)")
    parser.add_argument("--region", metavar="GB", help="where national phone numbers are at home")
    parser.add_argument("--own", metavar="ID", action="append", help="the company's own, such as email:*@bt.example")
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(run: Run, text: str, *positional: str, name: str | None = None) -> argparse.ArgumentParser:
        added = commands.add_parser(name or run.__name__.strip("_"), help=text, description=text)
        for argument in positional:
            added.add_argument(argument, metavar=argument.upper())
        added.set_defaults(run=run)
        return added

    load = command(_load, "load files or folders; what is there already is passed over")
    load.add_argument("paths", nargs="+", metavar="PATH")
    load.add_argument("--format", default="auto", help="name of the format, where it is not recognised")
    load.add_argument("--source", help="name of the system that the file comes from")
    load.add_argument("--zone", help="time zone of times that have none, such as Europe/London")

    timeline = command(_timeline, "print the history of a person, newest first", "who")
    timeline.add_argument("--limit", type=int, default=50, metavar="N", help="at most so many (50); 0 for all")
    timeline.add_argument("--oldest", action="store_true", help="oldest first")
    timeline.add_argument("--channel", action="append", metavar="NAME", help="of this channel only; may be repeated")
    timeline.add_argument("--since", type=_time, metavar="TIME", help="from then on")
    timeline.add_argument("--until", type=_time, metavar="TIME", help="before then")
    timeline.add_argument("--text", help="with this text in subject or body")
    timeline.add_argument("--as-of", type=_time, metavar="TIME", help="as it could be known then")
    timeline.add_argument("--trust", choices=["observed", "verified"], default="observed")
    timeline.add_argument("--include-shared", action="store_true")
    timeline.add_argument("--include-claimed", action="store_true")

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
        listing.add_argument("--limit", type=int, default=50, metavar="N", help="at most so many (50)")
    unattributed = command(_unattributed, "list contacts with nobody identifiable")
    unattributed.add_argument("--limit", type=int, default=50, metavar="N", help="at most so many (50)")

    export = command(_export, "print a person's contacts in a standard form; what it cannot carry is said", "who")
    export.add_argument("--format", default="json", choices=["json", "vcon", "tmf683", "cloudevents"])
    erase = command(_erase, "erase a person; without --yes only say what would go", "who")
    erase.add_argument("--by", required=True, metavar="NAME", help="who says so")
    erase.add_argument("--reason", required=True, help="why")
    erase.add_argument("--yes", action="store_true", help="do it")
    command(_verify, "compute who is whom again from the evidence, and compare")
    command(_rebuild, "compute who is whom from scratch, as after a change of policy")
    return parser


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, accepted is a date or a time such as 2026-03-02T08:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _load(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    options = {name: getattr(arguments, name) for name in ("source", "zone") if getattr(arguments, name) is not None}
    complete = True
    for path in arguments.paths:
        progress = _progress(path) if sys.stderr.isatty() and not arguments.json else None
        try:
            report = tracker.load(path, format=arguments.format, progress=progress, **options)
        except (OmnitrackError, OSError) as error:  # the other files are not to suffer for this one
            print(f"omnitrack: {path}: {error}", file=sys.stderr)
            complete = False
            continue
        complete &= not report.rejected_total
        if arguments.json:
            _print_json({"path": path} | _plain(report))
            continue
        print(f"{path}: {report}" + (f" ({report.format}: {report.detected_by})" if report.detected_by else ""))
        for rejected in report.rejected:
            print(f"  {rejected.where or rejected.source_id or ''}: {rejected.reason}", file=sys.stderr)
    return 0 if complete else 1


def _timeline(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    timeline = tracker.timeline(
        arguments.who,
        channels=arguments.channel,
        since=arguments.since,
        until=arguments.until,
        text=arguments.text,
        as_of=arguments.as_of,
        order="oldest" if arguments.oldest else "newest",
        trust=arguments.trust,
        include_shared=arguments.include_shared,
        include_claimed=arguments.include_claimed,
    )
    return _list(arguments, itertools.islice(timeline, arguments.limit or None))


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
        print(f"  from {found.first_seen:%Y-%m-%d %H:%M} to {found.last_seen:%Y-%m-%d %H:%M}")
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
