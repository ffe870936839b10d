"""A formal complaint from its first mail to the customer's last word: owned, taken in its turn, and closed by her alone.

Maya complains by mail, calls because a promise was not kept, and writes once it is settled. Her mails are files as a mail server
keeps them. Run it from anywhere:

    python examples/complaint/complaint.py [--out FOLDER]
"""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta, timezone
from pathlib import Path

import omnitrack
from omnitrack import Case, Tracker, WordList

HERE = Path(__file__).parent
MAYA = "maya.okafor@example.org"


def march(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=timezone.utc)


def open_complaint(tracker: Tracker) -> Case:
    """Load the mail, open the case, and promise something."""
    tracker.load(HERE / "complaint.eml")
    (mail,) = tracker.timeline(MAYA)
    case = tracker.open_case(
        mail,
        kind="complaint",
        title="Charged twice in February; no broadband since 27 February",
        seriousness="major",
        owner="priya",
        by="priya",
        at=march(2, 10),
    )
    return tracker.promise(case, "Call Maya about the refund", due=march(4, 17), by="priya", at=march(2, 10))


def take_call(tracker: Tracker, case: Case) -> Case:
    """She calls: nobody has called her."""
    call = tracker.record(
        channel="phone",
        kind="call",
        direction="inbound",
        customer=[MAYA, "020 7946 0958"],
        occurred_at=march(5, 9, 30),
        ended_at=march(5, 9, 41),
        body="Nobody called her on Wednesday.",
        agent="sam",
        source="acd",
        source_id="5531",
    )
    assert call.interaction is not None
    return tracker.add_to_case(case, call.interaction, note="Engineer booked for today", by="sam", at=march(5, 9, 45))


def take_other_case(tracker: Tracker) -> None:
    """Somebody else asks for an invoice, a week before."""
    asked = tracker.record(
        channel="chat",
        direction="inbound",
        customer="jo@example.com",
        occurred_at=march(3, 8),
        body="Could I have a copy of my invoice?",
        source="chat",
        source_id="1",
    )
    assert asked.interaction is not None
    tracker.open_case(asked.interaction, kind="question", at=march(3, 8))


def settle(tracker: Tracker, case: Case) -> Case:
    """Resolve it, try to close it, and hear the customer."""
    case = tracker.update_case(
        case,
        state="resolved",
        by="priya",
        reason="£29.99 refunded; the line was repaired on 5 March",
        answer_within=timedelta(days=14),
        at=march(6, 16),
    )
    try:
        tracker.update_case(case, state="closed", by="priya")
    except omnitrack.CaseStateError as error:
        print(f"\nPriya cannot close it herself.\n  {error}")
    tracker.load(HERE / "thanks.eml")
    thanks = tracker.timeline(MAYA)[0]
    (case,) = tracker.follow_up(thanks, by="mail robot", at=march(9, 18, 5))
    print(f"\nHer answer was filed by itself: {case.history[-1].reason}. It waits for somebody to read it.")
    return tracker.confirm_case(case, thanks, by="priya", reason="You may close it.")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--out", type=Path, default=Path.cwd(), help="folder for complaint.html and complaint.json (here)"
    )
    folder: Path = parser.parse_args(argv).out
    with omnitrack.open("memory://", region="GB", own=["email:*@northlink.example"]) as tracker:
        case = open_complaint(tracker)
        take_other_case(tracker)
        case = take_call(tracker, case)
        print("What to take first on 5 March at 10:00")
        for place in tracker.queue(now=march(5, 10), words=WordList.load(HERE / "words.toml")):
            print(f"  {place}")
        case = tracker.keep_promise(case, 1, by="priya", reason="called back and apologised", at=march(5, 11))
        case = settle(tracker, case)
        print(f"\n{case}")
        for line in case.history:
            print(f"  {line}")
        page = tracker.export_case(case, company="Northlink")
        ticket = tracker.export_case(case, format="tmf621")
    (folder / "complaint.html").write_text(page, encoding="utf-8")
    (folder / "complaint.json").write_text(ticket, encoding="utf-8")
    print("\nWritten: complaint.html, to read or print; complaint.json, a TroubleTicket of TMF621.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
