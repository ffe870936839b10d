"""Visits of self-service: steps of one session put into one thread, with what became of them."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from omnitrack.model import Interaction, PassedOver, Rejected, Revision
from omnitrack.sources.values import derived_id, mapping_of, name_of, text_of

GAP = timedelta(minutes=30)  # without a step, after which a session is over; what analytics products agree on
_MOST = 20_000  # steps that are held at once

_STARTED = frozenset(["started", "start", "begun", "opened", "initiated", "requested"])
_DONE = frozenset(
    [
        "completed",
        "complete",
        "submitted",
        "confirmed",
        "succeeded",
        "paid",
        "booked",
        "finished",
        "done",
        "saved",
        "updated",
        "changed",
        "purchased",
    ]
)
_FAILED = frozenset(["failed", "abandoned", "cancelled", "canceled", "errored", "rejected", "declined", "aborted"])


@attrs.define
class VisitStep:
    """One event of a visit, before its session is known to be over."""

    interaction: Interaction
    visitor: str  # who or what made it: the device, else the account
    task: str | None = None  # what the step is about: "appointment change"
    state: str | None = None  # started, done, abandoned
    notes: list[Rejected] = attrs.field(factory=list)


def task_and_state(event: str | None) -> tuple[str | None, str | None]:
    """Return what an event's name is about and what it says became of it.

    Names of the form "object, verb in the past", as Segment's specification asks for, and their relatives:
    ``Appointment Change Started``, ``appointment_change_failed``, ``com.example.bill.paid``.

    >>> task_and_state("Appointment Change Started")
    ('appointment change', 'started')
    >>> task_and_state("com.example.bill.paid")
    ('com example bill', 'done')
    """
    parts = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", event or "").replace("_", " ").replace(".", " ").replace("-", " ")
    names = parts.lower().split()
    if not names:
        return None, None
    for state, verbs in (("started", _STARTED), ("done", _DONE), ("abandoned", _FAILED)):
        if names[-1] in verbs:
            return " ".join(names[:-1]) or None, state
    return " ".join(names), None


def outcome_of(properties: Mapping[str, Any], state: str | None) -> str | None:
    """Return the outcome that an event says itself, else the one that its name says."""
    said = name_of(properties.get("outcome"))
    if said is None:
        return state if state in ("done", "abandoned") else None
    folded = said.lower()
    if folded in _DONE or folded in ("success", "ok"):
        return "done"
    return "abandoned" if folded in _FAILED or folded in ("failure", "error") else said


def session_of(*places: Any) -> str | None:
    """Return the id of the session, where one of the mappings says it under a usual name."""
    for place in map(mapping_of, places):
        for name in ("sessionId", "session_id", "sessionid", "session"):
            found = text_of(place.get(name))
            if found:
                return found
    return None


class Sessions:
    """Steps as they come, held until their session is over, then given out in order with thread and outcome.

    A session has the id that the log gives it; without one, steps of one visitor belong together until nothing came for
    ``GAP``. A task that was started, and of which the rest of the session says nothing, was abandoned; at the end of
    the log nobody knows, as the session may go on in the next file.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[str, list[VisitStep]] = OrderedDict()  # least recently active first
        self._last: dict[str, datetime] = {}
        self._count = 0

    def add(self, step: VisitStep) -> Iterator[Interaction | Revision | Rejected]:
        """Take one step; yield the sessions that are over by then."""
        timestamp = step.interaction.occurred_at
        key = step.interaction.thread or step.visitor
        if key in self._held and timestamp - self._last[key] > GAP:
            yield from self._end(key, over=True)
        self._held.setdefault(key, []).append(step)
        self._held.move_to_end(key)
        self._last[key] = max(timestamp, self._last.get(key, timestamp))
        self._count += 1
        while self._held:
            oldest = next(iter(self._held))
            over = timestamp - self._last[oldest] > GAP
            if not over and self._count <= _MOST:
                break
            yield from self._end(oldest, over)

    def rest(self) -> Iterator[Interaction | Revision | Rejected]:
        """Yield what is still held."""
        while self._held:
            yield from self._end(next(iter(self._held)), over=False)

    def _end(self, key: str, over: bool) -> Iterator[Interaction | Revision | Rejected]:
        steps = self._held.pop(key)
        del self._last[key]
        self._count -= len(steps)
        steps.sort(key=lambda step: step.interaction.occurred_at)
        first = steps[0].interaction
        thread = first.thread or derived_id(key, first.occurred_at.isoformat())
        settled: set[str] = set()
        outcomes: list[str | None] = []
        for step in reversed(steps):
            outcome = step.interaction.outcome
            if outcome is None and step.state == "started" and step.task and over and step.task not in settled:
                outcome = "abandoned"
            if step.task and (outcome or step.state):
                settled.add(step.task)
            outcomes.append(outcome)
        for step, outcome in zip(steps, reversed(outcomes), strict=True):
            yield attrs.evolve(step.interaction, thread=thread, outcome=outcome)
            yield from step.notes


def in_sessions(
    steps: Iterable[VisitStep | Rejected | PassedOver],
) -> Iterator[Interaction | Revision | Rejected | PassedOver]:
    """Yield the interactions of steps, session by session; what was rejected or passed over goes through."""
    sessions = Sessions()
    for step in steps:
        if isinstance(step, (Rejected, PassedOver)):
            yield step
        else:
            yield from sessions.add(step)
    yield from sessions.rest()
