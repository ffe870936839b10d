"""Staffing: how many agents a load of calls needs, by Erlang C, and by Erlang A where callers lose patience.

Erlang C is the queue M/M/n: calls arrive at random, talk for random times, and wait for ever. It needs more agents than a queue from which callers go;
Erlang A (Palm) lets them go after a random time with a mean of ``patience``. Both hold for a half hour whose load is steady. Sources: Koole, Call
Center Optimization, 2013, chapters 4 and 7; Mandelbaum and Zeltyn, Service Engineering in Action: The Palm/Erlang-A Queue, 2007.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from datetime import datetime, timedelta
from typing import Any

import attrs

from omnitrack.errors import InvalidValueError, plain_repr
from omnitrack.insights.forecasting import Forecast
from omnitrack.values import Value

#: The largest load, in erlangs, that is computed: of every agent one step.
MOST_LOAD = 1_000_000.0

_PIECES = 4_000  # of an integral over waiting times


@attrs.frozen(slots=True, kw_only=True)
class Staffing(Value):
    """What a number of agents means for a load of calls.

    Attributes:
        load: calls per time times handle time, in erlangs: how many agents would be busy if nobody waited.
        agents: how many take calls.
        scheduled: how many are to be on the roster, so that these are left after breaks, training and illness.
        waiting: share of the callers who wait at all.
        service_level: share of the callers answered within the seconds of the target.
        mean_wait: seconds that a caller waits on average.
        occupancy: share of their time in which agents are busy with calls.
        abandoned: share of the callers who go before they are answered; zero with Erlang C.
    """

    load: float
    agents: int
    scheduled: int
    waiting: float
    service_level: float
    mean_wait: float
    occupancy: float
    abandoned: float = 0.0


def erlang_b(load: float, agents: int) -> float:
    """Return the share of calls that find every agent busy, where those are lost (Erlang B).

    The recursion over agents has terms between 0 and 1 alone, and so neither overflows nor cancels, however large the load.

    Raises:
        InvalidValueError: a load or a number of agents that is none.
    """
    load, agents = _load(load), _whole("agents", agents)
    blocked = 1.0
    for number in range(1, agents + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def erlang_c(load: float, agents: int) -> float:
    """Return the share of callers who wait (Erlang C); 1 where the load is no less than the agents, so that the queue only grows.

    Raises:
        InvalidValueError: a load or a number of agents that is none.
    """
    blocked = erlang_b(load, agents)
    return 1.0 if agents <= load else agents * blocked / (agents - load * (1 - blocked))


def queue(
    *,
    calls: float,
    interval: timedelta = timedelta(minutes=30),
    handle_time: float,
    agents: int,
    seconds: float = 20.0,
    patience: float | None = None,
    shrinkage: float = 0.0,
) -> Staffing:
    """Return what so many agents mean for so many calls.

    Args:
        calls: that arrive in the interval.
        interval: for which the load is steady.
        handle_time: mean seconds of talk, hold and after-call work.
        agents: who take calls.
        seconds: of the service level: which share is answered within them.
        patience: mean seconds after which a caller who waits goes (Erlang A); None for never (Erlang C).
        shrinkage: share of their paid time in which agents on the roster take no calls, below 1.

    Raises:
        InvalidValueError: an argument out of range.
    """
    load = _checked(calls, interval, handle_time, seconds, patience, shrinkage)
    agents = _whole("agents", agents)
    blocked = erlang_b(load, max(agents - 1, 0))
    return _measured(load, agents, blocked, handle_time, seconds, patience, shrinkage)


def agents_needed(
    *,
    calls: float,
    interval: timedelta = timedelta(minutes=30),
    handle_time: float,
    service_level: float = 0.8,
    seconds: float = 20.0,
    max_occupancy: float = 1.0,
    patience: float | None = None,
    shrinkage: float = 0.0,
) -> Staffing:
    """Return the fewest agents who answer a share of the calls in time, and what they mean for callers and agents.

    Args:
        calls: that arrive in the interval.
        interval: for which the load is steady.
        handle_time: mean seconds of talk, hold and after-call work.
        service_level: share of all callers who are to be answered within ``seconds``, below 1. Those who go (Erlang A) are not answered.
        seconds: of the service level.
        max_occupancy: share of their time in which agents may be busy with calls.
        patience: mean seconds after which a caller who waits goes (Erlang A); None for never (Erlang C).
        shrinkage: share of their paid time in which agents on the roster take no calls, below 1.

    Raises:
        InvalidValueError: an argument out of range.
    """
    load = _checked(calls, interval, handle_time, seconds, patience, shrinkage)
    _between("service_level", service_level, 0.0, 1.0, open_above=True)
    _between("max_occupancy", max_occupancy, 0.0, 1.0, open_below=True)
    _load(load / max_occupancy)  # a cap near zero asks for any number of agents
    if not load:
        return Staffing(load=0.0, agents=0, scheduled=0, waiting=0.0, service_level=1.0, mean_wait=0.0, occupancy=0.0)
    blocked = [1.0]  # of Erlang B, by the number of agents

    def with_agents(agents: int) -> Staffing:
        while len(blocked) < agents:
            blocked.append(load * blocked[-1] / (len(blocked) + load * blocked[-1]))
        return _measured(load, agents, blocked[agents - 1], handle_time, seconds, patience, shrinkage)

    def is_enough(agents: int) -> bool:
        found = with_agents(agents)
        return found.service_level >= service_level and found.occupancy <= max_occupancy

    # Both grow with the agents, so that steps that double and then halve find the fewest.
    low = max(math.ceil(load * service_level), 1) - 1  # with fewer not even that share of the calls could be taken
    step = 1
    while not is_enough(low + step):
        low, step = low + step, 2 * step
    return with_agents(low + 1 + bisect_left(range(low + 1, low + step), True, key=is_enough))


@attrs.frozen(slots=True, kw_only=True)
class Need(Value):
    """How many agents a half hour needs.

    Attributes:
        since: when it begins.
        until: when it ends.
        calls: that are expected.
        staffing: the fewest agents, and what they mean.
    """

    since: datetime
    until: datetime
    calls: float
    staffing: Staffing


def staff(expected: Forecast, *, share: float | None = None, **target: Any) -> list[Need]:
    """Return how many agents each period of a forecast needs.

    Args:
        expected: of calls, by half hours.
        share: staff for the upper end of the interval rather than for the mean, by this share of the way from 0 to 1; None for the mean.
        target: ``handle_time`` and what else ``agents_needed`` takes, but for calls and interval.

    Raises:
        InvalidValueError: another period, or an argument out of range.
    """
    if expected.by != "half-hour":
        raise InvalidValueError(
            f"expected: got a forecast by {expected.by}, accepted is one by half-hour: Erlang needs a steady load"
        )
    if share is not None:
        _between("share", share, 0.0, 1.0)
    found = []
    for one in expected:
        calls = one.mean if share is None else one.mean + share * max(one.high - one.mean, 0.0)
        staffing = agents_needed(calls=calls, interval=one.until - one.since, **target)
        found.append(Need(since=one.since, until=one.until, calls=calls, staffing=staffing))
    return found


def _measured(
    load: float,
    agents: int,
    blocked: float,
    handle_time: float,
    seconds: float,
    patience: float | None,
    shrinkage: float,
) -> Staffing:
    """Return what agents mean; ``blocked`` is Erlang B of one agent less, which both queues begin with."""
    scheduled = math.ceil(round(agents / (1 - shrinkage), 9))
    if patience is not None and not agents:
        return Staffing(
            load=load,
            agents=0,
            scheduled=0,
            waiting=1.0,
            service_level=0.0,
            mean_wait=patience,
            occupancy=0.0,
            abandoned=1.0,
        )
    if patience is not None:
        waiting, late, wait, abandoned = _impatient(load, agents, blocked, handle_time, seconds, patience)
        level = 1 - abandoned - late
        occupancy = load * (1 - abandoned) / agents
        return Staffing(
            load=load,
            agents=agents,
            scheduled=scheduled,
            waiting=waiting,
            service_level=min(max(level, 0.0), 1.0),
            mean_wait=wait,
            occupancy=min(occupancy, 1.0),
            abandoned=abandoned,
        )
    if agents <= load:  # everybody waits, and the longer the longer
        return Staffing(
            load=load,
            agents=agents,
            scheduled=scheduled,
            waiting=1.0 if load else 0.0,
            service_level=0.0 if load else 1.0,
            mean_wait=_NEVER if load else 0.0,
            occupancy=1.0 if load else 0.0,
        )
    now = load * blocked / (agents + load * blocked)
    waiting = agents * now / (agents - load * (1 - now))
    return Staffing(
        load=load,
        agents=agents,
        scheduled=scheduled,
        waiting=waiting,
        service_level=1 - waiting * math.exp(-(agents - load) * seconds / handle_time),
        mean_wait=waiting * handle_time / (agents - load),
        occupancy=load / agents,
    )


#: Stands for the mean wait of a queue that only grows, where a document of JSON has no infinity: 31 years.
_NEVER = 1e9


def _impatient(
    load: float, agents: int, blocked: float, handle_time: float, seconds: float, patience: float
) -> tuple[float, float, float, float]:
    """Return the share of callers who wait, who are answered later than ``seconds``, the mean wait, and the share who go.

    The wait that a caller with endless patience would have has the density c exp(g(x)), with g(x) = λ/θ (1 - exp(-θx)) - nμx, and is zero with the
    rest; c follows from Erlang B. The integrals are taken of exp(g - max g), so that no load overflows.
    """
    arrival, service, going = load / handle_time, agents / handle_time, 1 / patience

    def grows(x: float) -> float:
        return arrival / going * -math.expm1(-going * x) - service * x

    peak = max(math.log(arrival / service) / going, 0.0) if arrival else 0.0
    top = grows(peak)
    far = max(peak, 1.0)
    while grows(far) > top - 45 and going * far < 45:  # beyond, e^-45 of the peak is left, or of the callers
        far *= 2
    free = math.exp(-top) / blocked if top < 700 else 0.0

    def integral(since: float, patient: bool) -> float:
        if since >= far:
            return 0.0
        step = (far - since) / _PIECES
        total = 0.0
        for number in range(_PIECES + 1):
            x = since + number * step
            weight = 1 if number in (0, _PIECES) else 4 if number % 2 else 2
            total += weight * math.exp(grows(x) - top - (going * x if patient else 0.0))
        return total * step / 3

    whole = free + arrival * integral(0.0, False)
    waiting = arrival * integral(0.0, False) / whole
    answered_late = arrival * integral(seconds, True) / whole
    abandoned = max(waiting - arrival * integral(0.0, True) / whole, 0.0)
    return waiting, answered_late, abandoned * patience, abandoned


def _checked(
    calls: float, interval: timedelta, handle_time: float, seconds: float, patience: float | None, shrinkage: float
) -> float:
    """Return the load in erlangs."""
    if not isinstance(interval, timedelta) or interval <= timedelta(0):
        raise InvalidValueError(f"interval: got {interval!s:.60}, accepted is a time above zero")
    _between("calls", calls, 0.0, math.inf)
    _between("handle_time", handle_time, 0.0, math.inf, open_below=True)
    _between("seconds", seconds, 0.0, math.inf)
    _between("shrinkage", shrinkage, 0.0, 1.0, open_above=True)
    if patience is not None:
        _between("patience", patience, 0.0, math.inf, open_below=True)
    return _load(calls * handle_time / interval.total_seconds())


def _load(value: float) -> float:
    _between("load", value, 0.0, MOST_LOAD)
    return float(value)


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 2 * MOST_LOAD:
        raise InvalidValueError(
            f"{name}: got {plain_repr(value)}, accepted is a whole number from 0 to {2 * MOST_LOAD:.0f}"
        )
    return value


def _between(
    name: str, value: Any, low: float, high: float, *, open_below: bool = False, open_above: bool = False
) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not low <= value <= high or (open_below and value == low) or (open_above and value == high):
        ends = f"above {low:g}" if open_below else f"from {low:g}"
        top = "" if high == math.inf else f", below {high:g}" if open_above else f", up to {high:g}"
        raise InvalidValueError(f"{name}: got {plain_repr(value)}, accepted is a number {ends}{top}")
