"""The figures of a month for the board, each with what is needed to defend it: containment, channel switches, cost per journey, and how they came about.

Without a store of yours it makes the logs of a small centre, in the formats that such logs really have (call records of Asterisk, self-service events of
Segment, a mailbox), loads them and reports on March 2026. Run it from anywhere:

    python examples/board_report.py [--out FOLDER]
    python examples/board_report.py --store sqlite:///history.db --month 2026-03
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import omnitrack
from omnitrack.insights import BusinessHours, Figure, MeasureReport, Periods, Price, Terms, definition, measure

ZONE = "Europe/London"
TERMS = Terms(
    by="month",
    zone=ZONE,
    window=timedelta(days=7),
    hours=BusinessHours(hours={"mon-fri": "08:00-20:00", "sat": "09:00-17:00"}, zone=ZONE),
    prices={
        "phone": Price(per_contact=0.40, per_minute=0.95),
        "email": Price(per_contact=3.10),
        "web": Price(per_contact=0.08),
    },
    currency="GBP",
    substitution=0.6,  # of the contained uses of self-service: an estimate, from asking customers what they would else have done
)
#: What the board is shown, and of which channel.
SHOWN = (
    ("contacts", None),
    ("customers", None),
    ("containment", "web"),
    ("calls_saved", "web"),
    ("first_contact_resolution", None),
    ("switch_rate", None),
    ("cost_per_journey", "web"),
    ("cost_per_journey", "email"),
    ("cost_per_journey", "phone"),
    ("cost_beside_voice", "web"),
    ("first_response_in_time", "email"),
)
START = datetime(2026, 2, 1, tzinfo=timezone.utc)
DAYS = 75


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--store", help="a history of yours; without it one is made")
    parser.add_argument("--month", default="2026-03", help="the month to report on (2026-03)")
    parser.add_argument("--out", type=Path, help="a folder for board.png (needs matplotlib)")
    chosen = parser.parse_args(arguments)
    year, month = map(int, chosen.month.split("-"))
    at = datetime(year, month, 2, tzinfo=timezone.utc)
    with omnitrack.open(
        chosen.store or "memory://", region="GB", own=["email:*@northlink.example", "phone:08081570100"]
    ) as tracker:
        if chosen.store is None:
            load_made_logs(tracker)
        report = measure(tracker.attributions(), TERMS)
    show(report, at)
    if chosen.out is not None:
        from omnitrack.insights.plots import plot_board

        chosen.out.mkdir(parents=True, exist_ok=True)
        plot_board(report, at).savefig(chosen.out / "board.png", dpi=150)
        print(f"\nwritten: {chosen.out / 'board.png'}")
    return 0


def show(report: MeasureReport, at: datetime) -> None:
    """Print the figures of a month, and then of each how it came about."""
    figures = [found[0] for name, channel in SHOWN if (found := report.find(name, channel, at))]
    if not figures:
        print("the history has nothing of that month")
        return
    print(
        f"Figures of {Periods('month', report.terms.zone).label(at)} ({report.terms.zone}), window {report.terms.window.days} days\n"
    )
    for one in figures:
        print(
            f"  {definition(one.measure).title + ', ' + (one.channel or 'all channels'):<52} {one.shown(report.terms.currency):>12}"
        )
    print("\nWhere people go on, of the contacts of a channel that are decided:\n")
    for one in report:
        if one.measure == "followed_by" and one.since <= at < one.until:
            print(
                f"  {one.channel or '':<8} → {one.to or '':<8} {one.shown():>7}   {one.numerator:.0f} of {one.denominator:.0f}"
            )
    print("\nHow each came about:")
    for one in figures:
        defend(one)


def defend(one: Figure) -> None:
    """Print what a figure counts, over what, what was left out and what could not be attributed."""
    what = definition(one.measure)
    print(f"\n{what.title}, {one.channel or 'all channels'}: {one.shown(TERMS.currency)}")
    print(f"  counted      {one.numerator:,.2f}: {what.numerator}".replace(".00:", ":"))
    if one.denominator is not None:
        print(f"  over         {one.denominator:,.2f}: {what.denominator}".replace(".00:", ":"))
    for reason, count in sorted(one.excluded.items()):
        print(f"  left out     {count:,} {reason}")
    if one.unattributed_share is not None:
        print(
            f"  attribution  {one.unattributed:,} of {one.contacts:,} contacts ({one.unattributed_share:.1%}) could not be attributed"
        )
    print(
        f"  period       {'covered whole' if one.complete else 'NOT covered whole: the history begins too late or ends too early'}"
    )
    print(f"  definition   {what.source}")


# -- a small centre ------------------------------------------------------------------------------------------------------
def load_made_logs(tracker: omnitrack.Tracker) -> None:
    """Write the logs of 75 days of a centre with 300 customers, and load them."""
    with tempfile.TemporaryDirectory() as folder:
        write_logs(Path(folder))
        tracker.load(Path(folder) / "calls.csv", zone=ZONE)
        tracker.load(Path(folder) / "selfservice.jsonl", user_scope="northlink", traits_assurance="verified")
        tracker.load(Path(folder) / "care.mbox")


def write_logs(folder: Path, seed: int = 7) -> None:
    """Write what customers did: most use the web first, some of them then call or write, a few call withheld."""
    rnd = random.Random(seed)
    calls: list[tuple[datetime, int | None, int]] = []
    visits: list[tuple[datetime, int, bool]] = []
    mails: list[tuple[datetime, int, bool]] = []
    for _ in range(1_400):
        person = rnd.randrange(300)
        at = START + timedelta(days=rnd.randrange(DAYS), seconds=rnd.randrange(8 * 3600, 20 * 3600))
        channel = rnd.choices(("web", "phone", "email"), (0.55, 0.35, 0.10))[0]
        if channel == "web":
            done = rnd.random() < 0.75
            visits.append((at, person, done))
            if rnd.random() < (0.12 if done else 0.55):
                calls.append((at + timedelta(hours=rnd.expovariate(1 / 12)), person, rnd.randrange(90, 900)))
        elif channel == "email":
            mails.append((at, person, False))
            mails.append((at + timedelta(hours=rnd.expovariate(1 / 9) + 0.2), person, True))
            if rnd.random() < 0.35:
                calls.append((at + timedelta(hours=24 + rnd.expovariate(1 / 24)), person, rnd.randrange(90, 900)))
        else:
            calls.append((at, None if rnd.random() < 0.06 else person, rnd.randrange(60, 900)))
            if rnd.random() < 0.15:
                calls.append((at + timedelta(hours=rnd.expovariate(1 / 30)), person, rnd.randrange(60, 600)))
    write_calls(folder / "calls.csv", sorted(calls, key=lambda one: one[0]))
    write_visits(folder / "selfservice.jsonl", sorted(visits))
    write_mails(folder / "care.mbox", sorted(mails))


def number_of(person: int) -> str:
    return f"07700900{person:03d}"


def write_calls(path: Path, calls: list[tuple[datetime, int | None, int]]) -> None:
    """Asterisk's call records, cdr-csv with the unique id, in the local time of the switch."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, quoting=csv.QUOTE_ALL)
        for number, (at, person, lasts) in enumerate(calls):
            caller = "anonymous" if person is None else number_of(person)
            start = at.astimezone(Periods("day", ZONE).zone)
            end = (at + timedelta(seconds=lasts)).astimezone(start.tzinfo)
            stamps = [moment.strftime("%Y-%m-%d %H:%M:%S") for moment in (start, start, end)]
            channels = [f"PJSIP/trunk-{number:08x}", f"Local/20{number % 20:02d}@queue-{number:08x};1"]
            ends = [lasts, lasts, "ANSWERED", "DOCUMENTATION", f"{at.timestamp():.0f}.{number}", ""]
            called = ["", caller, "08081570100", "from-trunk", f'"" <{caller}>', *channels]
            rows.writerow([*called, "Queue", "care,t,,,600", *stamps, *ends])


def write_visits(path: Path, visits: list[tuple[datetime, int, bool]]) -> None:
    """Segment's events: who logged in, what was begun, and how it ended."""
    with path.open("w", encoding="utf-8") as file:
        for number, (at, person, done) in enumerate(visits):
            traits = {"email": f"customer{person}@mail.example", "phone": f"+44{number_of(person)[1:]}"}
            events = [
                ("identify", None),
                ("track", "Bill Question Started"),
                ("track", "Bill Question Completed" if done else "Bill Question Failed"),
            ]
            for place, (kind, event) in enumerate(events):
                row = {
                    "type": kind,
                    "messageId": f"m-{number}-{place}",
                    "timestamp": (at + timedelta(minutes=place)).isoformat(),
                    "anonymousId": f"browser-{person}",
                    "userId": f"NL-{person:07d}",
                    "context": {"sessionId": f"s-{number}"},
                }
                file.write(json.dumps(row | ({"event": event} if event else {"traits": traits})) + "\n")


def write_mails(path: Path, mails: list[tuple[datetime, int, bool]]) -> None:
    """A mailbox: questions, and the answers of the centre in their threads."""
    asked: dict[int, str] = {}
    with path.open("w", encoding="utf-8") as file:
        for number, (at, person, is_answer) in enumerate(mails):
            customer, centre = f"customer{person}@mail.example", "care@northlink.example"
            mail = EmailMessage()
            mail["From"], mail["To"] = (centre, customer) if is_answer else (customer, centre)
            mail["Subject"] = "Re: My bill" if is_answer else "My bill"
            mail["Date"] = format_datetime(at)
            mail["Message-ID"] = f"<{number}@northlink.example>"
            if is_answer and person in asked:
                mail["In-Reply-To"] = mail["References"] = asked.pop(person)
            elif not is_answer:
                asked[person] = str(mail["Message-ID"])
            mail.set_content("The answer to your question." if is_answer else "A question about my bill.")
            file.write(f"From care@northlink.example {at:%a %b %d %H:%M:%S %Y}\n{mail.as_string()}\n")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except omnitrack.OmnitrackError as error:
        sys.exit(str(error))
