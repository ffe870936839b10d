"""Terms: what the figures of a report depend on beside the history, so that a report says by which rules it was made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import attrs

from omnitrack.errors import InvalidValueError, plain_repr
from omnitrack.insights.business_hours import ALWAYS, BusinessHours
from omnitrack.insights.periods import By, Periods
from omnitrack.values import NOTHING, Value
from omnitrack.values.frozen import FrozenDict


def _above_zero(instance: object, attribute: attrs.Attribute[Any], value: timedelta) -> None:
    if not isinstance(value, timedelta) or value <= timedelta(0):
        raise InvalidValueError(f"{attribute.name}: got {value!s:.60}, accepted is a time above zero")


def _not_negative(instance: object, attribute: attrs.Attribute[Any], value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e12:
        raise InvalidValueError(f"{attribute.name}: got {plain_repr(value)}, accepted is a number from 0 on")


@attrs.frozen(slots=True, kw_only=True)
class Price(Value):
    """What a channel costs.

    Attributes:
        per_contact: of each contact, in the currency of the terms.
        per_minute: of each minute in which agents were busy with it.
    """

    per_contact: float = attrs.field(default=0.0, validator=_not_negative)
    per_minute: float = attrs.field(default=0.0, validator=_not_negative)

    def of(self, handled: timedelta, contacts: int = 1) -> float:
        """Return what so many contacts cost with which agents were busy for a time."""
        return self.per_contact * contacts + self.per_minute * (handled / timedelta(minutes=1))


def _prices(value: Any) -> Mapping[str, Price]:
    if not isinstance(value, Mapping) or not all(isinstance(one, Price) for one in value.values()):
        raise InvalidValueError("prices: accepted is a mapping of channels to Price")
    return FrozenDict(value)


def _channels(value: Any) -> tuple[str, ...]:
    return tuple(sorted({value} if isinstance(value, str) else set(value)))


@attrs.frozen(slots=True, kw_only=True)
class Terms(Value):
    """What figures depend on.

    Attributes:
        by: the periods: half-hour, day, week or month.
        zone: IANA name of the zone whose calendar they follow.
        window: how long after a contact another one of the same customer counts as its follow-up. Seven days by default.
        self_service: channels on which people help themselves.
        voice: channels of calls.
        hours: when the centre is open, for times of response and resolution; always, by default.
        response_target: open time within which a written contact is to be answered.
        answer_target: seconds within which a call is to be answered.
        short_abandon: a call given up within so many seconds counts nowhere: nobody could have answered it.
        satisfied_from: from which answer on, of five, a customer is satisfied.
        prices: what each channel costs.
        currency: of the prices.
        substitution: which share of the contained uses of self-service would else have been a call, from 0 to 1.
    """

    by: By = "month"
    zone: str = "UTC"
    window: timedelta = attrs.field(default=timedelta(days=7), validator=_above_zero)
    self_service: tuple[str, ...] = attrs.field(default=("app", "ivr", "kiosk", "web"), converter=_channels)
    voice: tuple[str, ...] = attrs.field(default=("phone", "video"), converter=_channels)
    hours: BusinessHours = ALWAYS
    response_target: timedelta = attrs.field(default=timedelta(days=1), validator=_above_zero)
    answer_target: float = attrs.field(default=20.0, validator=_not_negative)
    short_abandon: float = attrs.field(default=5.0, validator=_not_negative)
    satisfied_from: float = attrs.field(default=4.0, validator=_not_negative)
    prices: Mapping[str, Price] = attrs.field(default=NOTHING, converter=_prices)
    currency: str = "GBP"
    substitution: float = attrs.field(default=1.0, validator=_not_negative)

    def __attrs_post_init__(self) -> None:
        Periods(self.by, self.zone)
        if self.substitution > 1:
            raise InvalidValueError(f"substitution: got {self.substitution}, accepted is a share from 0 to 1")
