"""Commands about identity: make and retract statements, explain, list conflicts and suggestions."""

from __future__ import annotations

import argparse

import omnitrack
from omnitrack.cli.arguments import Commands, add_why, at_least, time
from omnitrack.cli.output import list_things


def add(command: Commands) -> None:
    """Add the commands about who is whom."""
    command(_explain, "say why two identifiers are one person, or why not", "a", "b")
    for run, text in ((_link, "say that two are one person"), (_deny, "say that two are not one person")):
        said = command(run, text, "a", "b")
        add_why(said)
    for run, text in (
        (_mark_shared, "say that several people use an identifier, so that it joins nobody"),
        (_mark_personal, "say that an identifier is one person's alone"),
        (_reassign, "say that an identifier has a new holder from a time on"),
    ):
        said = command(run, text, "identifier")
        add_why(said)
        if run is _mark_personal:
            said.add_argument("--of", required=True, metavar="WHO", help="whose it is")
        if run is _reassign:
            said.add_argument("--at", required=True, type=time, metavar="TIME", help="when it went to somebody else")
    attribute = command(_attribute, "say whose a contact is", "interaction", "identifier")
    add_why(attribute)
    command(_statements, "list the statements that hold about a person's identifiers", "who")
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
        listing.add_argument("--limit", type=at_least(1), default=50, metavar="N", help="at most so many (50)")


def _explain(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return list_things(arguments, [tracker.explain(arguments.a, arguments.b)])


def _link(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _said(arguments, tracker.link(arguments.a, arguments.b, by=arguments.by, reason=arguments.reason))


def _deny(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _said(arguments, tracker.deny(arguments.a, arguments.b, by=arguments.by, reason=arguments.reason))


def _mark_shared(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _said(arguments, tracker.mark_shared(arguments.identifier, by=arguments.by, reason=arguments.reason))


def _mark_personal(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _said(
        arguments,
        tracker.mark_personal(arguments.identifier, of=arguments.of, by=arguments.by, reason=arguments.reason),
    )


def _reassign(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _said(
        arguments,
        tracker.reassign(arguments.identifier, at=arguments.at, by=arguments.by, reason=arguments.reason),
    )


def _attribute(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _said(
        arguments,
        tracker.attribute(arguments.interaction, arguments.identifier, by=arguments.by, reason=arguments.reason),
    )


def _statements(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    found = tracker.statements(arguments.who)
    return list_things(arguments, [one if arguments.json else f"{one.id}: {one}" for one in found])


def _retract(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return _said(arguments, tracker.retract(arguments.statement, by=arguments.by, reason=arguments.reason))


def _said(arguments: argparse.Namespace, statement: omnitrack.Statement) -> int:
    return list_things(arguments, [statement if arguments.json else f"{statement.id}: {statement}"])


def _conflicts(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return list_things(arguments, tracker.conflicts(arguments.who, limit=arguments.limit))


def _suggestions(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return list_things(arguments, tracker.suggestions(arguments.who, limit=arguments.limit))


def _log(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return list_things(arguments, tracker.identity_log(arguments.who, limit=arguments.limit))
