"""Tallies: what is counted for each measure, channel and period while a history goes by, and the figures made of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from omnitrack.insights.definitions import DEFINITIONS
from omnitrack.insights.figures import Figure
from omnitrack.insights.periods import Periods, local
from omnitrack.insights.terms import Terms

#: Why something is left out.
BEFORE = "in the first window of the history, before which nothing is known"
OPEN = "whose window is open when the history ends"

#: Measures that wait a window for what follows, and those that look one back.
_LOOK_ON = frozenset(
    [
        "first_contact_resolution",
        "switch_rate",
        "followed_by",
        "containment",
        "calls_saved",
        "first_response_time",
        "first_response_in_time",
        "resolution_time",
        "cost_per_journey",
        "cost_beside_voice",
    ]
)
_LOOK_BACK = frozenset({"first_contact_resolution", "repeat_rate", "cost_per_journey", "cost_beside_voice"})
_BY_ITSELF = frozenset({"customers", "followed_by", "cost_beside_voice"})
_COUNTS = frozenset({"contacts", "customers", "calls_saved"})
_ORDER = {one.name: number for number, one in enumerate(DEFINITIONS)}


class _Key(NamedTuple):
    measure: str
    channel: str | None
    to: str | None
    since: datetime


class _Tally:
    __slots__ = ("denominator", "excluded", "numerator")

    def __init__(self) -> None:
        self.numerator = 0.0
        self.denominator = 0.0
        self.excluded: dict[str, int] = {}


class Tallies:
    """Counts for a channel and for all together. Its size is that of the report, whatever the length of the history."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._periods = Periods(terms.by, terms.zone)
        self._tallies: dict[tuple[str, str | None, str | None, datetime], _Tally] = {}
        self._contacts: dict[tuple[str | None, datetime], list[int]] = {}  # those not attributed, all
        self._ends: dict[datetime, datetime] = {}

    def period(self, at: datetime) -> datetime:
        """Return when the period of an instant begins."""
        since, until = self._periods.of(at)
        self._ends[since] = until
        return since

    def add(
        self,
        measure: str,
        channel: str | None,
        at: datetime,
        numerator: float = 1.0,
        denominator: float = 1.0,
        *,
        to: str | None = None,
    ) -> None:
        """Count for a channel; figures for all together are added up in the end."""
        one = self._tally((measure, channel, to, self.period(at)))
        one.numerator += numerator
        one.denominator += denominator

    def leave_out(self, measure: str, channel: str | None, at: datetime, reason: str) -> None:
        """Count one that is left out."""
        excluded = self._tally((measure, channel, None, self.period(at))).excluded
        excluded[reason] = excluded.get(reason, 0) + 1

    def set_count(self, measure: str, channel: str | None, since: datetime, count: int) -> None:
        """Say what a count is that does not add up over channels."""
        self._tally((measure, channel, None, since)).numerator = count

    def contact(self, channel: str, at: datetime, attributed: bool) -> None:
        """Count a contact as one that is attributed or not."""
        since = self.period(at)
        for key in (channel, None):
            found = self._contacts.setdefault((key, since), [0, 0])
            found[0] += not attributed
            found[1] += 1

    def figures(self, history_since: datetime, history_until: datetime) -> list[Figure]:
        """Return the figures in the order of a report."""
        self._add_up()
        self._fill_switches()
        self._fill_beside_voice()
        made = [self._figure(_Key(*key), one, history_since, history_until) for key, one in self._tallies.items()]
        return sorted(made, key=lambda one: (_ORDER[one.measure], one.channel or "", one.to or "", one.since))

    def _add_up(self) -> None:
        """Add up the channels of each measure, but for counts that do not add up and the matrix, which is by channel."""
        for (measure, channel, to, since), one in list(self._tallies.items()):
            if channel is None or to is not None or measure in _BY_ITSELF:
                continue
            whole = self._tally((measure, None, None, since))
            whole.numerator += one.numerator
            whole.denominator += one.denominator
            for reason, count in one.excluded.items():
                whole.excluded[reason] = whole.excluded.get(reason, 0) + count

    def _tally(self, key: tuple[str, str | None, str | None, datetime]) -> _Tally:
        found = self._tallies.get(key)
        if found is None:
            found = self._tallies[key] = _Tally()
        return found

    def _fill_switches(self) -> None:
        """Set every row of the matrix over all contacts of its channel, those that nothing followed included."""
        for (measure, channel, _, since), one in self._tallies.items():
            if measure == "followed_by":
                rate = self._tallies.get(("switch_rate", channel, None, since))
                one.denominator = rate.denominator if rate is not None else 0.0
                one.excluded = rate.excluded if rate is not None else {}

    def _fill_beside_voice(self) -> None:
        """Divide the cost per journey of each channel by that of voice in the same period."""
        costs = {_Key(*key): one for key, one in self._tallies.items() if key[0] == "cost_per_journey"}
        for key, one in costs.items():
            voices = [costs.get(key._replace(channel=channel)) for channel in self._terms.voice]
            cost = sum(voice.numerator for voice in voices if voice is not None)
            resolved = sum(voice.denominator for voice in voices if voice is not None)
            if key.channel in self._terms.voice or not one.denominator or not cost or not resolved:
                continue
            beside = self._tally(key._replace(measure="cost_beside_voice"))
            beside.numerator, beside.denominator = one.numerator / one.denominator, cost / resolved
            beside.excluded = one.excluded

    def _figure(self, key: _Key, one: _Tally, history_since: datetime, history_until: datetime) -> Figure:
        unattributed, contacts = self._contacts.get((key.channel, key.since), (0, 0))
        until = self._ends[key.since]
        none = timedelta(0)
        back = self._terms.window if key.measure in _LOOK_BACK else none
        on = self._terms.window if key.measure in _LOOK_ON else none
        zone = self._periods.zone
        return Figure(
            measure=key.measure,
            channel=key.channel,
            to=key.to,
            since=local(key.since, zone),
            until=local(until, zone),
            numerator=one.numerator,
            denominator=None if key.measure in _COUNTS else one.denominator,
            excluded=one.excluded,
            unattributed=unattributed,
            contacts=contacts,
            complete=history_since + back <= key.since and until + on <= history_until,
        )
