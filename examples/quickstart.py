"""One person's history from the logs of five channels: prints it and writes it as a page.

Maya reports a fault on X, is asked to mail, mails, uses self-service, calls, is called back, and writes a letter. Each
channel has a log of its own, in examples/data, and other customers are in each of them. Run it from anywhere:

    python examples/quickstart.py [--out FOLDER]
"""

from __future__ import annotations

import argparse
import io
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import omnitrack
from omnitrack import account, email, social
from omnitrack.identity.explain import Step
from omnitrack.pages.timeline import render

DATA = Path(__file__).parent / "data"

# Any identifier of a person is a way to ask for her history.
BY_PHONE, BY_MAIL, BY_HANDLE = "020 7946 0958", "maya.okafor@example.org", "x:maya_example"


def open_history(path: Path) -> omnitrack.Tracker:
    """Open an empty history in one file. What is the company's own never identifies a customer."""
    for old in path.parent.glob(path.name + "*"):
        old.unlink()
    own = ["x:northlinkcare", "email:*@northlink.example", "phone:08081570100"]
    return omnitrack.open(f"sqlite:///{path}", region="GB", own=own)


def load_logs(tracker: omnitrack.Tracker) -> None:
    """Load each log as it is. The format is recognised; what a log cannot say of itself is said here."""
    logs: dict[str, dict[str, Any]] = {
        "x_mentions.json": {},
        "care.mbox": {},
        "calls.csv": {"zone": "Europe/London"},
        # Who is logged in is verified. So are the login's address and a number that a code was texted to.
        "selfservice.jsonl": {
            "user_scope": "northlink",
            "traits_assurance": "verified",
            "identifiers": {"contact_number": "phone:{}!verified"},
        },
        "letters.csv": {},  # read by letters.toml beside it
    }
    for name, options in logs.items():
        report = tracker.load(DATA / name, **options)
        print(f"  {name:<17} {report} ({report.format})")


def say_what_people_know(tracker: omnitrack.Tracker) -> None:
    """Add what no log shows and two colleagues know. Each statement has a name and a reason, and can be taken back."""
    tracker.link(
        social("x", "@maya_example"),
        email(BY_MAIL),
        by="Priya",
        reason="her mail has the code that we sent to the X account by direct message",
        at=datetime(2026, 3, 2, 8, 40, tzinfo=timezone.utc),
    )
    quoted = account("NL-2048815", scope="northlink")
    for item in tracker.timeline(quoted, include_claimed=True, channels="letter"):
        tracker.attribute(item.id, quoted, by="Jo", reason="name, address and signature are those of the contract")


def in_words(step: Step) -> str:
    """Say for the page what one link rests on."""
    ends, day = f"{step.a.display} and {step.b.display}", f"{step.seen.day} {step.seen:%B}"
    if step.statement is not None:
        return f"{ends}: {step.by} said so on {day}, because {step.reason}."
    return f"{ends}: seen together on {day} ({step.assurance.name.lower()})."


def show(tracker: omnitrack.Tracker) -> None:
    """Print what is found by each of three identifiers."""
    for name, who in (("number", BY_PHONE), ("mail address", BY_MAIL), ("X handle", BY_HANDLE)):
        items = list(tracker.timeline(who))
        channels = ", ".join(sorted({item.channel for item in items}))
        print(f"  by her {name:<13} {who:<24} {len(items):>2} contacts: {channels}")


def main(argv: list[str] | None = None) -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal may have no arrows
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("build") / "quickstart", help="folder for what it writes")
    out: Path = parser.parse_args(argv).out
    out.mkdir(parents=True, exist_ok=True)

    with open_history(out / "history.db") as tracker:
        print("Five logs:")
        load_logs(tracker)

        print("\nWhat they show of Maya by themselves:")
        show(tracker)
        say_what_people_know(tracker)
        print("\nWith what two colleagues know:")
        show(tracker)

        timelines = [list(tracker.timeline(who, order="oldest")) for who in (BY_PHONE, BY_MAIL, BY_HANDLE)]
        assert timelines[0] == timelines[1] == timelines[2], "one person has one history"
        print("\nHer history, the same by each:")
        for item in timelines[0]:
            print(f"  {item}")

        print("\nWhy her number and her X account are one person:")
        print(tracker.explain(BY_PHONE, BY_HANDLE))

        customer = tracker.customer(BY_HANDLE)
        # The platform's own number of an account, and a browser's cookie, say nothing to a reader.
        shown = [known for known in customer.identifiers if known.scheme not in ("x-id", "device")]
        page = out / "timeline.html"
        page.write_text(
            render(
                person="Maya Okafor",
                company="Northlink",
                items=timelines[0],
                identifiers=[(known.scheme, known.display) for known in shown],
                reasons=[in_words(step) for step in tracker.explain(BY_PHONE, BY_HANDLE).path],
            ),
            encoding="utf-8",
        )
    print(f"\nAs a page: {page}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
