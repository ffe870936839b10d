"""The measures once more, by the rules as they are written: everything is compared with everything, nothing streams."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from omnitrack.insights import MeasureReport, Periods, Readings, Terms
from omnitrack.insights.tallies import BEFORE, OPEN
from omnitrack.model import Interaction

Row = tuple[Sequence[str], Interaction]
Found = dict[tuple[str, str | None, str | None, datetime], tuple[float, float, dict[str, int]]]


def as_found(report: MeasureReport) -> Found:
    return {
        (one.measure, one.channel, one.to, one.since): (
            round(one.numerator, 6),
            round(one.denominator or 0, 6),
            dict(one.excluded),
        )
        for one in report.figures
    }


class Specification:
    """What a report of a history has to say."""

    def __init__(self, rows: Sequence[Row], terms: Terms) -> None:
        self.rows, self.terms, self.say = rows, terms, Readings()
        self.window = terms.window
        self.first, self.last = rows[0][1].occurred_at, rows[-1][1].occurred_at
        self.periods = Periods(terms.by, terms.zone)
        self.sums: dict[Any, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self.left: dict[Any, Counter[str]] = defaultdict(Counter)

    def found(self) -> Found:
        self.count_conversations()
        self.count_steps()
        for customer in sorted({name for names, _ in self.rows for name in names}):
            self.count_customer([one for names, one in self.rows if customer in names])
        out: Found = {}
        for key in self.sums.keys() | self.left.keys():
            a, b = self.sums[key]
            out[key] = (
                round(a, 6),
                0 if key[0] in ("contacts", "customers", "calls_saved") else round(b, 6),
                dict(self.left[key]),
            )
        for key in list(out):
            if key[0] == "followed_by":
                rate = out[("switch_rate", key[1], None, key[3])]
                out[key] = (out[key][0], rate[1], rate[2])
        return out

    def add(self, measure: str, one: Interaction, a: float = 1, b: float = 1, to: str | None = None) -> None:
        for channel in (one.channel,) if to else (one.channel, None):
            key = (measure, channel, to, self.periods.of(one.occurred_at)[0])
            self.sums[key][0] += a
            self.sums[key][1] += b

    def leave(self, measure: str, one: Interaction, reason: str) -> None:
        for channel in (one.channel, None):
            self.left[measure, channel, None, self.periods.of(one.occurred_at)[0]][reason] += 1

    def end(self, steps: Sequence[Interaction]) -> datetime:
        return max(
            min(max(one.occurred_at, one.ended_at or one.occurred_at), one.occurred_at + self.window) for one in steps
        )

    def contacts(self, rows: list[Interaction], begins: Callable[[Interaction], bool]) -> list[list[Interaction]]:
        found: list[list[Interaction]] = []
        for one in rows:
            live = (steps for steps in found if one.occurred_at <= self.end(steps) + self.window)
            mine = next((s for s in live if one.thread is not None and s[0].thread == one.thread), None)
            if mine is not None:
                mine.append(one)
            elif begins(one):
                found.append([one])
        return found

    def count_conversations(self) -> None:
        for steps in self.contacts([one for _, one in self.rows], self.say.contact):
            first = steps[0]
            limit = first.occurred_at + self.window
            handled = sum((self.say.time(one) for one in steps), timedelta(0))
            self.add("contacts", first)
            if first.channel in self.terms.prices:
                self.add("cost_per_contact", first, self.terms.prices[first.channel].of(handled))
            else:
                self.leave("cost_per_contact", first, "on a channel without a price")
            if first.channel in self.terms.self_service:
                continue
            answers = [one.occurred_at for one in steps if self.say.answer(one)]
            solved = [self.end([one]) for one in steps if self.say.solved(one) and self.end([one]) <= limit]
            names = ["resolution_time"]
            if first.channel not in self.terms.voice:
                names += ["first_response_time", "first_response_in_time"]
            if limit >= self.last:
                for name in names:
                    self.leave(name, first, OPEN)
                continue
            if solved:
                self.add("resolution_time", first, (solved[-1] - first.occurred_at).total_seconds())
            else:
                self.leave("resolution_time", first, "not settled within the window")
            if len(names) == 3 and answers and answers[0] <= limit:
                took = answers[0] - first.occurred_at
                self.add("first_response_time", first, took.total_seconds())
                self.add("first_response_in_time", first, took <= self.terms.response_target)
            elif len(names) == 3:
                self.leave("first_response_time", first, "not answered within the window")
                self.add("first_response_in_time", first, 0)

    def count_steps(self) -> None:
        seen = set()
        for names, one in self.rows:
            handled = self.say.handled(one)
            if handled is not None:
                self.add("handle_time", one, handled)
            for name in names if self.say.contact(one) else ():
                for channel in (one.channel, None):
                    seen.add((channel, self.periods.of(one.occurred_at)[0], name))
        for channel, since, _ in seen:
            self.sums["customers", channel, None, since][0] += 1

    def count_customer(self, rows: list[Interaction]) -> None:
        place = {id(one): number for number, one in enumerate(rows)}

        def live(steps: list[Interaction], at: Interaction) -> bool:
            before = [one for one in steps if place[id(one)] < place[id(at)]]
            return bool(before) and at.occurred_at <= self.end(before) + self.window

        def next_of(steps: list[Interaction], then: Callable[[Interaction], bool]) -> Interaction | None:
            own = {id(step) for step in steps}
            return next((one for one in rows if id(one) not in own and then(one) and live(steps, one)), None)

        found = self.contacts(rows, self.say.contact)
        for steps in found:
            first, after = steps[0], next_of(steps, self.say.contact)
            over = self.end(steps) + self.window < self.last
            repeat = any(live(other, first) for other in found if other is not steps)
            if first.occurred_at < self.first + self.window:
                self.leave("repeat_rate", first, BEFORE)
                self.leave("first_contact_resolution", first, BEFORE)
            else:
                self.add("repeat_rate", first, repeat)
                if repeat or not over:
                    self.leave("first_contact_resolution", first, "repeat contacts" if repeat else OPEN)
                else:
                    self.add("first_contact_resolution", first, after is None)
            if not over:
                self.leave("switch_rate", first, OPEN)
                continue
            self.add("switch_rate", first, after is not None and after.channel != first.channel)
            if after is not None:
                self.add("followed_by", first, to=after.channel)
        self.count_service(rows, next_of)

    def count_service(self, rows: list[Interaction], next_of: Any) -> None:
        served = self.terms.self_service
        for steps in self.contacts(rows, lambda one: one.channel in served and self.say.contact(one)):
            first = steps[0]
            contained = next_of(steps, lambda one: one.channel not in served and self.say.contact(one)) is None
            if self.end(steps) + self.window >= self.last:
                self.leave("containment", first, OPEN)
                self.leave("calls_saved", first, OPEN)
                continue
            outcome = next((one.outcome for one in reversed(steps) if one.outcome), None)
            self.add("containment", first, contained)
            self.add("calls_saved", first, contained and not self.say.failed(outcome))
            if contained and self.say.failed(outcome):
                self.leave("calls_saved", first, "contained, but ended in failure")
