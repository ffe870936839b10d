"""How often people do what, each as a range with its reason: nobody has counted it, so a population is drawn from within the ranges.

What is known of the reference centre stands in ``people.py``. These are guesses, with a factor of two to a hundred between the ends. They are as wide as what
a second simulation, written without sight of this one, needed to come near measurements of a third: with the limits of before, four people in
a hundred were mixed where everybody, or every household, has an account, ten where mail addresses log in, and 0.29 to 0.43 of the pairs were found.
Ranges were narrowed where a draw came far from what the old defaults are known to do in practice; see the reference for what the widest showed.
"""

from __future__ import annotations

import random
from math import exp, log
from typing import Any

import attrs


def _between(low: float, high: float, of: str) -> Any:
    """A rate between two ends; the middle is the geometric one, since such guesses are wrong by a factor."""
    return attrs.field(default=(low * high) ** 0.5, metadata={"low": low, "high": high, "of": of})


@attrs.frozen(kw_only=True)
class Rates:
    """How often it happens; the middle of each range where nothing else is given."""

    activity: float = _between(0.4, 1.5, "the shape of the gamma distribution: some call often, most hardly ever")
    # -- numbers
    landline: float = _between(0.3, 0.8, "households: most lines are there, fewer are used")
    from_landline: float = _between(0.1, 0.4, "calls of who has one")
    hides: float = _between(0.03, 0.15, "calls: withheld, or a switchboard that shows no number")
    new_number: float = _between(0.02, 0.08, "people a year: most take their number along to another provider")
    passed_on: float = _between(
        0.05, 0.6, "numbers given up: issued again after three months and more, to somebody who is a customer too"
    )
    line_stays: float = _between(0.1, 0.4, "lines of households that move: the next ones in the house get the number")
    moves_house: float = _between(0.02, 0.06, "households a year")
    moves_out: float = _between(0.01, 0.04, "people a year, who then live with others")
    borrowed_phone: float = _between(0.00002, 0.001, "calls: from the mobile of somebody of another household")
    # -- who says who they are
    identifies: float = _between(
        0.005, 0.2, "calls to an agent: asked of most, but written to the record of the call by few centres"
    )
    by_mail: float = _between(
        0.05, 0.8, "these, where the mail address is the log-in: others are asked for name and postcode"
    )
    automated_identifies: float = _between(0.001, 0.05, "automated calls: the number of the account is keyed in")
    logs_in: float = _between(0.6, 1.0, "visits to self-service")
    confirms_number: float = _between(0.005, 0.06, "visits with a log-in: a number is confirmed by a code")
    tells_address: float = _between(0.01, 0.1, "calls with identification: a link in a mail to the address is opened")
    names_account: float = _between(
        0.05, 0.6, "mails, where there are accounts: one is named, and filed as the sender's"
    )
    second_account: float = _between(0.01, 0.05, "people")
    # -- devices
    shared_device: float = _between(0.2, 0.7, "households of two and more")
    fresh_cookie: float = _between(
        0.4, 0.95, "visits: the browser kept none of before; some forget within a week, and visits are months apart"
    )
    kiosk_users: float = _between(0.005, 0.06, "people, who then make two visits in five there")
    kiosks: float = _between(1 / 400, 1 / 30, "to a person: a library's, a shop's")
    leaves_kiosk_open: float = _between(0.1, 0.5, "visits at a kiosk: without a log-in")
    borrowed_device: float = _between(0.0001, 0.004, "visits: with the browser of somebody of another household")
    # -- mail
    second_mail: float = _between(0.1, 0.5, "people")
    other_log_in: float = _between(0.01, 0.2, "log-ins of who has a second address, where mail addresses log in")
    many_mails: float = _between(0.003, 0.03, "people: an address for every occasion")
    copied: float = _between(
        0.01, 0.08, "mails: those of other households in copy are filed as if they were the sender"
    )
    slip: float = _between(0.005, 0.05, "people: an address is once taken down with a slip")
    slip_hits: float = _between(0.02, 0.3, "slips: it is somebody else's address")
    # -- the centre, offices and businesses
    transferred: float = _between(0.0005, 0.01, "calls to an agent: the record has the agent's own number beside it")
    agents: float = _between(1 / 1500, 1 / 30, "to a person")
    office_workers: float = _between(0.02, 0.08, "people, who then make one call in six from the office's line")
    offices: float = _between(1 / 500, 1 / 100, "to a person")
    businesses: float = _between(1 / 3000, 1 / 500, "to a person")

    @classmethod
    def drawn(cls, seed: int) -> Rates:
        """Return rates from within their ranges; each is as likely below its middle as above."""
        rnd = random.Random(f"rates {seed}")
        ends = {field.name: field.metadata for field in attrs.fields(cls)}
        return cls(**{name: exp(rnd.uniform(log(end["low"]), log(end["high"]))) for name, end in ends.items()})
