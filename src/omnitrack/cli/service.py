"""Commands of service: who is on the line, whom you may contact, who saw what, what a person is handed."""

from __future__ import annotations

import argparse

import omnitrack
from omnitrack.cli.arguments import Commands, at_least, time
from omnitrack.cli.output import list_things


def add(command: Commands) -> None:
    """Add the commands of service."""
    brief = command(_brief, "say who is on the line and what matters now", "who")
    brief.add_argument("--trust", choices=["observed", "verified"], default="observed")
    brief.add_argument("--max-chars", type=at_least(1), metavar="N", help="at most so many characters")
    brief.add_argument("--timeout", type=float, metavar="SECONDS", help="then with what there is")
    conversations = command(
        _conversations, "list the conversations of a person over all channels, the latest first", "who"
    )
    conversations.add_argument("--trust", choices=["observed", "verified"], default="observed")
    conversations.add_argument("--limit", type=at_least(1), default=50, metavar="N")
    hand_over = command(_hand_over, "give a code with which to go on on another channel", "interaction")
    hand_over.add_argument("--to", required=True, metavar="CHANNEL", help="on which to go on, such as email")
    hand_over.add_argument("--reason", metavar="TEXT", help="why, for whoever takes over")
    hand_over.add_argument("--by", metavar="NAME", help="who hands over")
    hand_over.add_argument("--uses", type=at_least(1), default=1, metavar="N", help="how often it can be used (1)")
    hand_over.add_argument("--expires", type=time, metavar="TIME", help="until when (two days from now)")
    hand_over.add_argument("--address", metavar="TEXT", help="where to go on, for the text")
    hand_over.add_argument("--language", default="en", metavar="CODE", help="of the text (en)")
    read = hand_over.add_mutually_exclusive_group()
    read.add_argument("--private", action="store_true", default=None, help="only the customer can read it")
    read.add_argument("--public", action="store_false", dest="private", help="others can read it")
    command(_receipts, "list who was shown what of a person, the latest first", "who")
    command(_exposed, "list to whom was shown what is somebody else's, as is known now", "who")
    command(_subject_bundle, "write all that is there of a person as one archive for the person", "who", "file")
    command(_load_bundle, "record what such an archive holds", "file", begins=True)
    consent = command(_consent, "keep that somebody may be contacted, or may not any more", "who")
    said = consent.add_mutually_exclusive_group(required=True)
    said.add_argument("--granted", action="store_true", dest="granted", help="they agree")
    said.add_argument("--withdrawn", action="store_false", dest="granted", help="they withdraw or refuse")
    consent.add_argument("--purpose", metavar="NAME", help="such as marketing; for every one without")
    consent.add_argument("--channel", metavar="NAME", help="such as email; on every one without")
    consent.add_argument("--at", type=time, metavar="TIME", help="when they said so (now)")
    consent.add_argument("--source", metavar="NAME", help="the form, system or list that it comes from")
    consent.add_argument("--proof", metavar="TEXT", help="what proves it")
    consent.add_argument("--by", metavar="NAME", help="who recorded it")
    consents = command(_consents, "list what was said of contacting a person, the latest first", "who")
    consents.add_argument("--as-of", type=time, metavar="TIME", help="as it could be known then")
    may = command(_may_contact, "say whether a person may be contacted, and why; exit code 1 where not", "who")
    may.add_argument("--purpose", required=True, metavar="NAME", help="such as marketing")
    may.add_argument("--channel", required=True, metavar="NAME", help="such as email")
    may.add_argument("--at", type=time, metavar="TIME", help="as it could be known then")
    may.add_argument(
        "--opt-out", action="append", default=[], metavar="PURPOSE", help="needs no consent; may be repeated"
    )


def _brief(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    names = ("trust", "max_chars", "timeout")
    found = tracker.brief(arguments.who, **{name: getattr(arguments, name) for name in names})
    return list_things(arguments, [found])


def _conversations(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return list_things(arguments, tracker.conversations(arguments.who, trust=arguments.trust, limit=arguments.limit))


def _hand_over(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    names = ("to", "reason", "by", "uses", "expires", "address", "language", "private")
    given = tracker.hand_over(arguments.interaction, **{name: getattr(arguments, name) for name in names})
    if arguments.json:
        return list_things(arguments, [given])
    return list_things(arguments, [given, given.text])


def _receipts(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return list_things(arguments, tracker.receipts(arguments.who))


def _exposed(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return list_things(arguments, tracker.exposed(arguments.who))


def _subject_bundle(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    bundle = tracker.subject_bundle(arguments.who)
    with open(arguments.file, "xb") as file:  # what is there is not written over
        file.write(bundle)
    return 0


def _load_bundle(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return list_things(arguments, [tracker.load_bundle(arguments.file)])


def _consent(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    names = ("granted", "purpose", "channel", "at", "source", "proof", "by")
    said = tracker.consent(arguments.who, **{name: getattr(arguments, name) for name in names})
    return list_things(arguments, [said])


def _consents(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return list_things(arguments, tracker.consents(arguments.who, as_of=arguments.as_of))


def _may_contact(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    permission = tracker.may_contact(
        arguments.who,
        purpose=arguments.purpose,
        channel=arguments.channel,
        at=arguments.at,
        opt_out=arguments.opt_out,
    )
    list_things(arguments, [permission])
    return 0 if permission else 1
