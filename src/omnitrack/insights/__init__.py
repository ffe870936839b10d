"""Insights: measures of a history, and what is planned by them.

``measure`` gives every measure by channel and period, each with what is needed to defend it, in one pass over ``tracker.attributions()``.
``forecast`` says what is expected of a series, ``evaluate`` how well it would have done, ``watch`` when a channel leaves it, ``agents_needed`` how many
agents that takes. ``follow`` turns ``tracker.journeys()`` into contacts with what came after each; ``containment``, ``resolution``, ``switches`` and ``gaps`` count over
them, ``closures`` over complaints. All stream: memory is that of one window of time and one period.
"""

from omnitrack.insights.accuracy import Accuracy, evaluate
from omnitrack.insights.alarms import Alarm, Watch, run_length, watch
from omnitrack.insights.business_hours import ALWAYS, BusinessHours
from omnitrack.insights.complaints import Closures, closures, is_closure, is_complaint, is_confirmation
from omnitrack.insights.definitions import DEFINITIONS, Definition, definition
from omnitrack.insights.disclosure import Disclosure, answerer, disclosure
from omnitrack.insights.figures import Figure, MeasureReport
from omnitrack.insights.follow import (
    SELF_SERVICE,
    Contact,
    Followed,
    Follower,
    FollowUp,
    by_customer,
    follow,
    not_on,
    on,
)
from omnitrack.insights.forecasting import Forecast, ForecastPoint, forecast
from omnitrack.insights.measures import (
    GAP_CLASSES,
    Containment,
    Gaps,
    Measure,
    Resolution,
    Share,
    Switches,
    collect,
    containment,
    gaps,
    resolution,
    switches,
)
from omnitrack.insights.measuring import Measuring, measure
from omnitrack.insights.periods import Periods
from omnitrack.insights.promises import Promise
from omnitrack.insights.readings import AUTOMATIC, SURVEY, Readings
from omnitrack.insights.series import Series, counts, series_of
from omnitrack.insights.staffing import Need, Staffing, agents_needed, erlang_b, erlang_c, queue, staff
from omnitrack.insights.terms import Price, Terms

__all__ = [
    "ALWAYS",
    "AUTOMATIC",
    "DEFINITIONS",
    "GAP_CLASSES",
    "SELF_SERVICE",
    "SURVEY",
    "Accuracy",
    "Alarm",
    "BusinessHours",
    "Closures",
    "Contact",
    "Containment",
    "Definition",
    "Disclosure",
    "Figure",
    "FollowUp",
    "Followed",
    "Follower",
    "Forecast",
    "ForecastPoint",
    "Gaps",
    "Measure",
    "MeasureReport",
    "Measuring",
    "Need",
    "Periods",
    "Price",
    "Promise",
    "Readings",
    "Resolution",
    "Series",
    "Share",
    "Staffing",
    "Switches",
    "Terms",
    "Watch",
    "agents_needed",
    "answerer",
    "by_customer",
    "closures",
    "collect",
    "containment",
    "counts",
    "definition",
    "disclosure",
    "erlang_b",
    "erlang_c",
    "evaluate",
    "follow",
    "forecast",
    "gaps",
    "is_closure",
    "is_complaint",
    "is_confirmation",
    "measure",
    "not_on",
    "on",
    "queue",
    "resolution",
    "run_length",
    "series_of",
    "staff",
    "switches",
    "watch",
]
