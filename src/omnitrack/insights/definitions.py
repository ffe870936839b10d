"""Definitions: what each measure counts, over what, what it leaves out, and where the definition comes from."""

from __future__ import annotations

from typing import Literal

import attrs

from omnitrack.errors import InvalidValueError, plain_repr
from omnitrack.values import Value

Unit = Literal["count", "share", "seconds", "money", "points", "ratio"]


@attrs.frozen(slots=True, kw_only=True)
class Definition(Value):
    """What a measure is.

    Attributes:
        name: of the measure, as figures have it.
        title: how a report calls it.
        unit: of its value: a count, a share from 0 to 1, seconds, money, points from -100 to 100, a ratio.
        numerator: what is counted or added up.
        denominator: over what; "" of a plain count.
        excluded: what is left out of both, and why.
        source: where the definition comes from, and where it departs from that.
    """

    name: str
    title: str
    unit: Unit
    numerator: str
    denominator: str = ""
    excluded: str = ""
    source: str = ""


_ISO = "ISO 18295-1:2017 asks contact centres for performance metrics; the formula is said here"
_COPC = "as in the COPC CX Standard, release 7.0"
_CHURN = "Contacts whose window of time is open when the history ends, and contacts in the first window of the history, before which nothing is known."
_PERIOD = "A contact belongs to the period and the channel in which it began."

#: Every measure, in the order of a report.
DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name="contacts",
        title="Contacts",
        unit="count",
        numerator=f"Times that customers turned to the company: a thread of the source is one, an interaction without a thread one of its own. {_PERIOD}",
        excluded="What machines write (auto-replies, bounces, receipts), notes, surveys, what was deleted at the source; contacts that the company began.",
        source=f"{_COPC} for the unit of volume; {_ISO}",
    ),
    Definition(
        name="customers",
        title="Distinct customers",
        unit="count",
        numerator="Customers with at least one inbound interaction in the period, each counted once however many channels they used.",
        excluded="Interactions that could not be attributed: of them it is not known whose they are.",
        source="a count of distinct people, as who is whom is known when the report is made",
    ),
    Definition(
        name="first_contact_resolution",
        title="First-contact resolution",
        unit="share",
        numerator="First contacts that no contact of the same customer, on any channel, followed within the window.",
        denominator="First contacts: those that no contact of the same customer preceded within the window.",
        excluded=f"{_CHURN} Repeat contacts. Contacts that could not be attributed.",
        source=f"first-contact resolution, here over all channels and by what customers did afterwards, not by a survey; {_ISO}",
    ),
    Definition(
        name="repeat_rate",
        title="Repeat contacts",
        unit="share",
        numerator="Contacts that another contact of the same customer, on any channel, preceded within the window.",
        denominator="Contacts that could be attributed.",
        excluded="Contacts in the first window of the history, before which nothing is known. Contacts that could not be attributed.",
        source="first-contact resolution seen from the other side: of all contacts, those that would not have been needed",
    ),
    Definition(
        name="switch_rate",
        title="Channel switches",
        unit="share",
        numerator="Contacts whose next contact of the same customer, within the window, came on another channel.",
        denominator="Contacts that could be attributed and whose window is over.",
        excluded="Contacts whose window of time is open when the history ends. Contacts that could not be attributed.",
        source="channel switching as in Dixon, Toman, DeLisi, The Effortless Experience, 2013; here by what customers did",
    ),
    Definition(
        name="followed_by",
        title="Next channel",
        unit="share",
        numerator="Contacts whose next contact of the same customer, within the window, came on the channel named.",
        denominator="Contacts of the channel that could be attributed and whose window is over.",
        excluded="As of channel switches. The channel itself is among the channels named: a repeat on the same channel.",
        source="the matrix behind the rate of channel switches, of which its rows add up to that of all follow-ups",
    ),
    Definition(
        name="containment",
        title="Containment",
        unit="share",
        numerator="Uses of self-service that no contact on an assisted channel followed within the window.",
        denominator="Uses of self-service that could be attributed and whose window is over.",
        excluded="Uses whose window of time is open when the history ends. Uses that could not be attributed.",
        source="containment of self-service, which is mostly counted inside one session; here over all channels and the whole window",
    ),
    Definition(
        name="calls_saved",
        title="Calls saved by self-service",
        unit="count",
        numerator="Contained uses of self-service that did not end in failure, times the share of them that would else have been a call (substitution).",
        denominator="",
        excluded="As of containment; contained uses that ended in failure: who gave up saved nothing.",
        source="the substitution is an estimate of yours; at 1, the default, the figure is an upper bound",
    ),
    Definition(
        name="first_response_time",
        title="First response",
        unit="seconds",
        numerator="Open time from the beginning of written contacts to the first answer by a person.",
        denominator="Written contacts that were answered within the window.",
        excluded="Contacts begun less than the window before the history ends; contacts not answered within the window, whose number is said.",
        source="time to first response as in service desks; measured in business hours",
    ),
    Definition(
        name="first_response_in_time",
        title="First response in time",
        unit="share",
        numerator="Written contacts that a person answered within the target, in open time.",
        denominator="Written contacts, those never answered included.",
        excluded="Contacts begun less than the window before the history ends.",
        source=f"{_COPC} for on-time handling of deferred contacts",
    ),
    Definition(
        name="resolution_time",
        title="Resolution time",
        unit="seconds",
        numerator="Open time from the beginning of contacts to the last time, within the window, that they were said to be settled.",
        denominator="Contacts that were settled within the window.",
        excluded="Contacts begun less than the window before the history ends; contacts not settled within the window, whose number is said.",
        source="time to resolve as in service desks; measured in business hours",
    ),
    Definition(
        name="handle_time",
        title="Handle time",
        unit="seconds",
        numerator="Time in which agents were busy with interactions: talk, hold and after-call work, as far as the log has them.",
        denominator="Interactions of which the log says how long agents were busy.",
        excluded="Answered calls of which the log does not say it.",
        source="average handle time as in Cleveland, Call Center Management on Fast Forward, 2012",
    ),
    Definition(
        name="service_level",
        title="Service level",
        unit="share",
        numerator="Calls that a person answered within the seconds of the target.",
        denominator="Calls that waited in a queue, answered or not.",
        excluded="Calls given up within the seconds in which nobody could have answered; calls of which the log does not say how long they waited.",
        source="x per cent in y seconds as in Koole, Call Center Optimization, 2013, with abandoned calls in the denominator; "
        + _ISO,
    ),
    Definition(
        name="abandonment",
        title="Abandonment",
        unit="share",
        numerator="Calls that were given up while they waited.",
        denominator="Calls that waited in a queue, answered or not.",
        excluded="As of the service level.",
        source=f"{_COPC}; {_ISO}",
    ),
    Definition(
        name="csat",
        title="Satisfied customers (CSAT)",
        unit="share",
        numerator="Answers to the question of satisfaction of at least the threshold (4 of 5 by default).",
        denominator="Answers to it.",
        excluded="Customers who were not asked or did not answer: see the response rate.",
        source="the share of the two best of five answers; ISO 10004:2018 is the guide to monitoring satisfaction",
    ),
    Definition(
        name="csat_response_rate",
        title="Response rate of CSAT",
        unit="share",
        numerator="Answers to the question of satisfaction.",
        denominator="Questions sent; where the log holds no questions, none is given.",
        source="completed over asked, as in the Standard Definitions of AAPOR",
    ),
    Definition(
        name="nps",
        title="Net promoter score",
        unit="points",
        numerator="Answers of 9 and 10 less answers of 0 to 6, times 100.",
        denominator="Answers from 0 to 10 to whether one would recommend the company.",
        excluded="Customers who were not asked or did not answer: see the response rate.",
        source="Reichheld, The One Number You Need to Grow, Harvard Business Review, December 2003",
    ),
    Definition(
        name="nps_response_rate",
        title="Response rate of NPS",
        unit="share",
        numerator="Answers from 0 to 10.",
        denominator="Questions sent; where the log holds no questions, none is given.",
        source="as of CSAT",
    ),
    Definition(
        name="positive_mentions",
        title="Positive mentions",
        unit="share",
        numerator="Public contacts that were judged positive.",
        denominator="Public contacts that were judged.",
        excluded="Public contacts that nobody judged, whose number is said.",
        source="the judgement is that of your classifier or your people; neutral ones are in the denominator",
    ),
    Definition(
        name="negative_mentions",
        title="Negative mentions",
        unit="share",
        numerator="Public contacts that were judged negative.",
        denominator="Public contacts that were judged.",
        excluded="Public contacts that nobody judged, whose number is said.",
        source="as of positive mentions",
    ),
    Definition(
        name="cost_per_contact",
        title="Cost per contact",
        unit="money",
        numerator="Of each contact what its channel costs, and for each minute in which agents were busy with it.",
        denominator="Contacts on channels with a price.",
        excluded="Contacts on channels without a price, whose number is said.",
        source="activity-based costing with two drivers, the contact and the minute; the prices are yours",
    ),
    Definition(
        name="cost_per_journey",
        title="Cost per resolved journey",
        unit="money",
        numerator="What all contacts of the journeys cost, those of unresolved ones included.",
        denominator="Journeys that were resolved: no contact followed the last within the window, and the last did not end in failure.",
        excluded="Journeys that are not over when the history ends, that began in its first window, or with a contact on a channel without a price. "
        "A journey is the contacts of one customer with no more than the window between them; it belongs to the period and the channel of its first.",
        source="cost per resolution, over all channels; unresolved journeys cost and resolve nothing",
    ),
    Definition(
        name="cost_beside_voice",
        title="Cost per resolved journey beside voice",
        unit="ratio",
        numerator="Cost per resolved journey that began on the channel.",
        denominator="Cost per resolved journey that began with a call.",
        excluded="As of the cost per resolved journey.",
        source="the quotient of two figures of this report",
    ),
    Definition(
        name="promises_kept",
        title="Promises kept",
        unit="share",
        numerator="Promises kept by the time they were due.",
        denominator="Promises due in the period.",
        excluded="Promises not due when the history ends, and those taken back by agreement with the customer.",
        source="a promise is what was said to a customer with a time; ISO 10001:2018 is about such codes of conduct",
    ),
)

_BY_NAME = {one.name: one for one in DEFINITIONS}


def definition(name: str) -> Definition:
    """Return what a measure is.

    Raises:
        InvalidValueError: there is none of this name.
    """
    if name not in _BY_NAME:
        raise InvalidValueError(f"measure: got {plain_repr(name)}, accepted are {', '.join(_BY_NAME)}")
    return _BY_NAME[name]
