"""Commands about the whole history: measures, forecast."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import timedelta

import omnitrack
from omnitrack.cli.arguments import Commands, at_least
from omnitrack.cli.output import print_json, print_lines
from omnitrack.harmless import harmless


def add(command: Commands) -> None:
    """Add the commands about the whole history."""
    measures = command(_measures, "print what was measured, by channel and period (docs: Report measures)")
    measures.add_argument(
        "--by", choices=["half-hour", "day", "week", "month"], default="month", help="the periods (month)"
    )
    measures.add_argument(
        "--window",
        type=at_least(1),
        default=7,
        metavar="DAYS",
        help="how long a contact may be followed by another (7)",
    )
    measures.add_argument(
        "--measure", action="append", metavar="NAME", help="this measure only, with how it came about; may be repeated"
    )
    measures.add_argument(
        "--zone", metavar="NAME", help="whose calendar counts: an IANA name; that of the settings, else UTC"
    )

    forecast = command(_forecast, "print how many contacts are expected, with an interval (docs: Forecast and staff)")
    forecast.add_argument("--by", choices=["half-hour", "day", "week"], default="day", help="the periods (day)")
    forecast.add_argument("--channel", metavar="NAME", help="of this channel only")
    forecast.add_argument("--horizon", type=at_least(1), default=14, metavar="N", help="of so many periods (14)")
    forecast.add_argument("--method", choices=["holt-winters", "seasonal-naive"], default="holt-winters")
    forecast.add_argument(
        "--zone", metavar="NAME", help="whose calendar counts: an IANA name; that of the settings, else UTC"
    )


def _zone(arguments: argparse.Namespace) -> str:
    return str(arguments.zone or arguments.store_zone or "UTC")


def _measures(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    from omnitrack.insights import Terms, definition, measure

    wanted: Sequence[str] = [definition(name).name for name in arguments.measure or ()]
    terms = Terms(by=arguments.by, zone=_zone(arguments), window=timedelta(days=arguments.window))
    report = measure(tracker.attributions(), terms)
    figures = [one for one in report if not wanted or one.measure in wanted]
    if arguments.json:
        for one in figures:
            print_json(one)
    elif wanted:
        for one in figures:
            print_lines(str(one))
    else:
        print_lines(str(report))
    if not figures:
        print_lines("omnitrack: the history has nothing to measure", file=sys.stderr)
    return 0


def _forecast(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    from omnitrack.insights import counts, forecast

    series = counts(tracker.attributions(), by=arguments.by, zone=_zone(arguments), channel=arguments.channel)
    made = forecast(series, arguments.horizon, method=arguments.method)
    if arguments.json:
        print_json(made)
        return 0
    for row in made.rows():
        print_lines(harmless(f"{row['period']}  {row['mean']:10,.1f}  ({row['low']:,.1f} to {row['high']:,.1f})"))
    return 0
