"""People who contact a telecom for three years: households, businesses, kiosks, numbers that pass on, cookies that are cleared; who it was is known.

How often people make contact is as at the reference centre (``centre.py``): seven calls a year, a third of them automated, four uses of self-service,
and few mails and letters. What disturbs (a line that several use, a copied mail, a slip of the keyboard) is as frequent as ``rates.py`` says.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from math import exp

import attrs
from rates import Rates

DAYS = 1095
DAY_US = 86_400_000_000

# How often in a year a person of average activity does so.
CALLS, AUTOMATED, VISITS, MAILS, LETTERS, POSTS = 4.7, 2.0, 3.7, 0.2, 0.06, 0.01

WITH_HANDLE = 0.3  # of posts: the person comes on to self-service from there
STAFF = (3, 30)  # in a business
BUSINESS_RATE = 1.0  # times a person's, each of the staff


@attrs.frozen
class Contact:
    """Who it was (a person or a business by number), when, in days, and the identifiers, each with an assurance: 1 claimed, 2 observed, 3 verified."""

    party: int
    at: float
    shown: tuple[tuple[int, int], ...]


@attrs.define
class Person:
    """One person; a business is one too, whose staff make its contacts."""

    number: int
    rate: float
    homes: list[tuple[float, int]]  # (since, household)
    mobiles: list[tuple[float, int]]
    mails: list[int]
    browser: int
    accounts: list[int]
    kiosk: int | None = None
    office: int | None = None
    staff: list[Person] = attrs.field(factory=list)


def _at(tenures: list[tuple[float, int]], at: float) -> int:
    return next(value for since, value in reversed(tenures) if since <= at)


class World:
    """Everybody, and the identifiers that they have."""

    def __init__(self, people: int, seed: int, regime: str, rates: Rates) -> None:
        self.rnd = rnd = random.Random(seed)
        self.regime = regime
        self.rates = rates
        self.kinds: list[str] = []  # the scheme of each identifier
        self.lines: list[list[tuple[float, int]]] = []  # of each household its landline over time; -1 for none
        self.tablets: list[int] = []
        self.household_accounts: list[int] = []
        self.kiosks = self._some("device", people * rates.kiosks)
        self.offices = self._some("phone", people * rates.offices)
        self.agents = self._some("phone", people * rates.agents)
        self.people: list[Person] = []
        while len(self.people) < people:
            self._household()
        self._pass_numbers_on()
        self._move()
        self.parties = [*self.people]
        for _ in range(int(people * rates.businesses)):
            self._business()
        self.households = [{h for _, h in p.homes} for p in self.parties]
        self.slips = {p.number: self._slip() for p in self.people if rnd.random() < rates.slip}

    def new(self, kind: str) -> int:
        """Return a new identifier."""
        self.kinds.append(kind)
        return len(self.kinds) - 1

    def _some(self, kind: str, count: float) -> list[int]:
        return [self.new(kind) for _ in range(max(1, int(count)))]

    def _household(self) -> None:
        rnd = self.rnd
        size = rnd.choices((1, 2, 3, 4, 5), (35, 35, 15, 11, 4))[0]
        home = len(self.lines)
        self.lines.append([(0.0, self.new("phone") if rnd.random() < self.rates.landline else -1)])
        self.tablets.append(self.new("device") if size > 1 and rnd.random() < self.rates.shared_device else -1)
        self.household_accounts.append(self.new("account"))
        for _ in range(size):
            self.people.append(self._person(len(self.people), home))

    def _person(self, number: int, home: int, rate: float | None = None) -> Person:
        rnd = self.rnd
        mails = (
            1
            + (rnd.random() < self.rates.second_mail)
            + (rnd.randrange(4, 14) if rnd.random() < self.rates.many_mails else 0)
        )
        return Person(
            number,
            rnd.gammavariate(self.rates.activity, 1 / self.rates.activity) if rate is None else rate,
            [(0.0, home)],
            [(0.0, self.new("phone"))],
            [self.new("email") for _ in range(mails)],
            self.new("device"),
            [self.new("account") for _ in range(1 + (rnd.random() < self.rates.second_account))],
            rnd.choice(self.kiosks) if rnd.random() < self.rates.kiosk_users else None,
            rnd.choice(self.offices) if rnd.random() < self.rates.office_workers else None,
        )

    def _pass_numbers_on(self) -> None:
        rnd = self.rnd
        for person in self.people:
            for _ in range(_poisson(rnd, self.rates.new_number * 3)):
                at = rnd.uniform(max(since for since, _ in person.mobiles), DAYS)
                if rnd.random() < self.rates.passed_on:
                    self._give(_at(person.mobiles, at), rnd.choice(self.people), at + rnd.uniform(90, 400))
                person.mobiles.append((at, self.new("phone")))

    def _give(self, mobile: int, to: Person, at: float) -> None:
        if at < DAYS and at > to.mobiles[-1][0]:
            to.mobiles.append((at, mobile))

    def _move(self) -> None:
        rnd = self.rnd
        for home in range(len(self.lines)):
            if rnd.random() < self.rates.moves_house * 3:
                at, other = rnd.uniform(0, DAYS), rnd.randrange(len(self.lines))
                line = _at(self.lines[home], at)
                self.lines[home].append((at, self.new("phone") if rnd.random() < self.rates.landline else -1))
                if (
                    line >= 0
                    and rnd.random() < self.rates.line_stays
                    and other != home
                    and at + 30 > self.lines[other][-1][0]
                ):
                    self.lines[other].append((at + 30, line))
        for person in self.people:
            if rnd.random() < self.rates.moves_out * 3:
                person.homes.append((rnd.uniform(0, DAYS), rnd.randrange(len(self.lines))))

    def _business(self) -> None:
        rnd = self.rnd
        home, number = len(self.lines), len(self.parties)
        self.lines.append([(0.0, self.new("phone"))])
        self.tablets.append(self.new("device"))
        self.household_accounts.append(self.new("account"))
        business = self._person(number, home, 0.0)
        business.accounts = [self.household_accounts[-1]]
        business.staff = [self._person(number, home, BUSINESS_RATE) for _ in range(rnd.randint(*STAFF))]
        for one in business.staff:
            one.accounts, one.kiosk, one.office = business.accounts, None, None
            if self.regime == "mail":
                one.mails = [one.mails[0]]
        self.parties.append(business)

    def _slip(self) -> int:
        return (
            self.rnd.choice(self.rnd.choice(self.people).mails)
            if self.rnd.random() < self.rates.slip_hits
            else self.new("email")
        )

    # -- contacts ---------------------------------------------------------------------------------------------------------
    def contacts(self) -> Iterator[Contact]:
        """Yield every contact of three years."""
        for party in self.parties:
            for one in party.staff or (party,):
                for kind, rate in (
                    (self._call, CALLS),
                    (self._automated, AUTOMATED),
                    (self._visit, VISITS),
                    (self._mail, MAILS),
                    (self._letter, LETTERS),
                    (self._post, POSTS),
                ):
                    for _ in range(_poisson(self.rnd, one.rate * rate * 3)):
                        at = self.rnd.uniform(0, DAYS)
                        yield Contact(party.number, at, tuple(kind(one, at)))
            if party.number in self.slips:
                yield Contact(
                    party.number, self.rnd.uniform(0, DAYS), ((self._login(party, 0), 3), (self.slips[party.number], 2))
                )

    def _login(self, person: Person, at: float) -> int:
        """What the company knows somebody by."""
        if self.regime == "mail":
            # Whoever has a second address logs in with it now and then: of two log-ins, as of two accounts.
            return person.mails[0] if self.rnd.random() >= self.rates.other_log_in else self.rnd.choice(person.mails)
        if self.regime == "household":
            return self.household_accounts[_at(person.homes, at)]
        return self.rnd.choice(person.accounts)

    def _caller(self, person: Person, at: float) -> int:
        rnd = self.rnd
        if rnd.random() < self.rates.borrowed_phone:
            return _at(rnd.choice(self.people).mobiles, at)
        if person.office is not None and rnd.random() < 1 / 6:
            return person.office
        line = _at(self.lines[_at(person.homes, at)], at)
        return line if line >= 0 and rnd.random() < self.rates.from_landline else _at(person.mobiles, at)

    def _call(self, person: Person, at: float) -> Iterator[tuple[int, int]]:
        rnd = self.rnd
        if rnd.random() >= self.rates.hides:
            yield self._caller(person, at), 2
        if rnd.random() < self._said(self.rates.identifies):
            yield self._login(person, at), 3
            if rnd.random() < self.rates.tells_address:
                yield rnd.choice(person.mails), 2
        if rnd.random() < self.rates.transferred:
            yield self.agents[int(len(self.agents) * rnd.random() ** 2)], 2

    def _automated(self, person: Person, at: float) -> Iterator[tuple[int, int]]:
        if self.rnd.random() >= self.rates.hides:
            yield self._caller(person, at), 2
        if self.rnd.random() < self._said(self.rates.automated_identifies):
            yield self._login(person, at), 3

    def _said(self, rate: float) -> float:
        """How many callers say what they log in with."""
        return rate * self.rates.by_mail if self.regime == "mail" else rate

    def _visit(self, person: Person, at: float) -> Iterator[tuple[int, int]]:
        rnd = self.rnd
        if person.kiosk is not None and rnd.random() < 0.4:
            yield person.kiosk, 2
            if rnd.random() >= self.rates.leaves_kiosk_open:
                yield self._login(person, at), 3
            return
        tablet = self.tablets[_at(person.homes, at)]
        if rnd.random() < self.rates.fresh_cookie:
            yield self.new("device"), 2
        else:
            user = rnd.choice(self.people) if rnd.random() < self.rates.borrowed_device else person
            yield tablet if tablet >= 0 and rnd.random() < 0.3 else user.browser, 2
        if rnd.random() < self.rates.logs_in:
            yield self._login(person, at), 3
            if rnd.random() < self.rates.confirms_number:
                yield _at(person.mobiles, at), 3

    def _mail(self, person: Person, at: float) -> Iterator[tuple[int, int]]:
        rnd = self.rnd
        yield rnd.choice(person.mails), 2
        if rnd.random() < self.rates.copied:
            for _ in range(rnd.choices((1, 2, 4), (6, 3, 1))[0]):
                yield rnd.choice(rnd.choice(self.people).mails), 2
        if self.regime != "mail" and rnd.random() < self.rates.names_account:
            yield self._login(person, at), 2

    def _letter(self, person: Person, at: float) -> Iterator[tuple[int, int]]:
        yield self._login(person, at), 2

    def _post(self, person: Person, at: float) -> Iterator[tuple[int, int]]:
        handle = int.from_bytes(hashlib.blake2b(str(person.browser).encode(), digest_size=6).digest(), "big")
        yield -handle - 1, 2
        if self.rnd.random() < WITH_HANDLE:
            yield self._login(person, at), 3


def _poisson(rnd: random.Random, mean: float) -> int:
    """Return a number of events; means here are small."""
    if mean > 30:
        return max(0, round(rnd.gauss(mean, mean**0.5)))
    limit, count, product = exp(-mean), 0, rnd.random()
    while product > limit:
        count += 1
        product *= rnd.random()
    return count
