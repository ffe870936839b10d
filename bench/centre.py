"""A year of the reference contact centre, scaled: interactions in the mix of DESIGN's telecom, from a fixed seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from omnitrack.model import Assurance, Interaction, Sighting

START = datetime(2025, 1, 1, tzinfo=timezone.utc)
YEAR = 365 * 86_400

# Channel shares: 100 M calls, 55 M self-service uses, 2.5 M emails, 0.8 M letters, some thousands on X; the small ones are kept above
# one in a thousand, so that a scaled year has them at all.
CHANNELS = (("phone", 0.60), ("web", 0.33), ("email", 0.05), ("letter", 0.01), ("x", 0.01))
NEW_PEOPLE = 0.20  # one interaction in five is of somebody new: five a person


def _words(text: str) -> list[str]:
    return text.split()


GIVEN = _words(
    "Alice Bob Carol Dan Erin Frank Grace Heidi Ivan Judy Mallory Niaj Olivia Peggy Rupert Sybil Trent Victor Wendy Zoe"
)
FAMILY = _words(
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker White Edwards Green Hall Wood Clarke"
)
WORDS = _words(
    "hello my broadband has been down since yesterday evening the router shows a red light and I have restarted it twice "
    "could somebody please tell me when it will work again my account is paid and nobody has called me back thank you "
    "the engineer did not come in the time that was given I was at home the whole day and would like another appointment"
)


def interactions(count: int, seed: int = 7, start: int = 0) -> Iterator[Interaction]:
    """Yield ``count`` interactions in order of time, from person ``start`` on.

    A person has a phone, and most an account, an address, a device; a call shows the number and, where the caller identifies
    itself, the account; self-service shows device and account; a mail shows its sender.
    """
    rnd = random.Random(seed)
    names, weights = zip(*CHANNELS)
    people = start
    for number in range(count):
        if people == start or rnd.random() < NEW_PEOPLE:
            person = people
            people += 1
        else:
            person = rnd.randrange(start, people)
        channel = rnd.choices(names, weights)[0]
        at = START + timedelta(seconds=number * (YEAR / max(count, 1)))
        yield interaction(rnd, person, channel, at, number + start * 1_000_000_007)


def phone_of(person: int) -> str:
    """Return a person's number; digits spread over the range of UK mobiles."""
    return f"+447{(person * 7_919) % 1_000_000_000:09d}"


def email_of(person: int) -> str:
    """Return a person's address."""
    return f"{GIVEN[person % 20].lower()}.{FAMILY[person % 17].lower()}{person}@mail{person % 97}.example.net"


def interaction(rnd: random.Random, person: int, channel: str, at: datetime, number: int) -> Interaction:
    """Return one interaction of a person on a channel."""
    length = {"phone": 0, "web": 6, "email": 90, "letter": 120, "x": 25}[channel]
    body = " ".join(rnd.choices(WORDS, k=length)) if length else None
    phone, email, account = f"phone:{phone_of(person)}", f"email:{email_of(person)}", f"account:C{person:09d}@bt"
    customer: list[Sighting] = []
    if channel == "phone":
        customer.append(Sighting(phone))
        if rnd.random() < 0.4:
            customer.append(Sighting(account, Assurance.VERIFIED))
    elif channel == "web":
        customer.append(Sighting(f"device:dev-{person:09d}"))
        if rnd.random() < 0.7:
            customer.append(Sighting(account, Assurance.VERIFIED))
    elif channel == "email":
        customer.append(Sighting(email))
        if rnd.random() < 0.3:
            customer.append(Sighting(account, Assurance.CLAIMED))
    elif channel == "letter":
        customer.append(Sighting(account))
    else:
        customer.append(Sighting(f"x:user{person}"))
    return Interaction(
        channel=channel,
        occurred_at=at,
        direction="inbound",
        customers=[customer],
        kind="call" if channel == "phone" else "message",
        ended_at=at + timedelta(seconds=240) if channel == "phone" else None,
        subject="Broadband fault" if channel in ("email", "letter") else None,
        body=body,
        agent=f"agent{rnd.randrange(300)}" if channel == "phone" else None,
        outcome="answered" if channel == "phone" else "done" if channel == "web" else None,
        source={"phone": "cdr", "web": "web", "email": "mail", "letter": "post", "x": "x"}[channel],
        source_id=f"{number:012d}",
    )
