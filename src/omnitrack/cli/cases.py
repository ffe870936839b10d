"""Commands of cases: which are open, what to take first, one with its history, one as a document."""

from __future__ import annotations

import argparse
from typing import Any

import omnitrack
from omnitrack.cli.arguments import Commands, at_least, time
from omnitrack.cli.output import list_things, print_lines
from omnitrack.service.case import KINDS, STATES
from omnitrack.service.case_document import FORMATS


def add(command: Commands) -> None:
    """Add the commands of cases."""
    cases = command(_cases, "list cases, the oldest first; those that have not ended, unless a state is given")
    cases.add_argument("--who", metavar="WHO", help="only those of this customer")
    cases.add_argument("--owner", metavar="NAME", help="only those that this owner has")
    cases.add_argument("--state", action="append", choices=[*STATES, "all"], help="may be repeated")
    cases.add_argument("--kind", action="append", choices=KINDS, help="may be repeated")
    cases.add_argument("--overdue", action="store_true", help="only those with a broken promise, the earliest first")
    cases.add_argument("--limit", type=at_least(1), default=50, metavar="N", help="at most so many (50)")
    queue = command(_queue, "say which open cases to take first, and why")
    queue.add_argument("--owner", metavar="NAME", help="only those that this owner has")
    queue.add_argument("--kind", action="append", choices=KINDS, help="may be repeated")
    queue.add_argument("--words", metavar="FILE", help="TOML file with words of danger and vulnerability")
    queue.add_argument("--limit", type=at_least(1), default=50, metavar="N", help="at most so many (50)")
    case = command(_case, "show a case with its history", "case")
    case.add_argument("--as-of", type=time, metavar="TIME", help="as it was known then")
    export = command(_export_case, "print a case as one document", "case", prints_json=True)
    export.add_argument("--format", choices=FORMATS, default="html")
    export.add_argument("--company", default="", metavar="NAME", help="how to call yourselves in it")
    closing = command(_close_unanswered, "close resolved cases whose customers did not answer in time; run it daily")
    closing.add_argument("--by", metavar="NAME", help="who does it")


def _cases(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    given = arguments.state or ["open"]
    state: Any = None if "all" in given else "open" if given == ["open"] else given
    left, cursor = arguments.limit, None
    while left > 0:
        page = tracker.cases(
            arguments.who,
            owner=arguments.owner,
            state=state,
            kind=arguments.kind,
            overdue=arguments.overdue,
            limit=min(left, 1_000),
            cursor=cursor,
        )
        list_things(arguments, page)
        left, cursor = left - len(page), page.next
        if cursor is None:
            break
    return 0


def _queue(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    words = None if arguments.words is None else omnitrack.WordList.load(arguments.words)
    limit = min(arguments.limit, 1_000)
    return list_things(arguments, tracker.queue(owner=arguments.owner, kind=arguments.kind, words=words, limit=limit))


def _case(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    found = tracker.case(arguments.case, as_of=arguments.as_of)
    if arguments.json:
        return list_things(arguments, [found])
    print_lines(found)
    return list_things(arguments, found.history)


def _export_case(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    print_lines(tracker.export_case(arguments.case, format=arguments.format, company=arguments.company), end="")
    return 0


def _close_unanswered(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    return list_things(arguments, tracker.close_unanswered(by=arguments.by))
