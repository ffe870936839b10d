"""Insights: measures over a stream of interactions, oldest first, each with the id of its customer.

``follow`` turns the stream into contacts with what came after each; ``containment``, ``resolution``, ``switches`` and
``gaps`` count over them, ``closures`` over complaints. All stream: memory is that of one window of time.
"""

from omnitrack.insights.complaints import Closures, closures, is_closure, is_complaint, is_confirmation
from omnitrack.insights.follow import SELF_SERVICE, Contact, Followed, FollowUp, by_customer, follow, not_on, on
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

__all__ = [
    "GAP_CLASSES",
    "SELF_SERVICE",
    "Closures",
    "Contact",
    "Containment",
    "FollowUp",
    "Followed",
    "Gaps",
    "Measure",
    "Resolution",
    "Share",
    "Switches",
    "by_customer",
    "closures",
    "collect",
    "containment",
    "follow",
    "gaps",
    "is_closure",
    "is_complaint",
    "is_confirmation",
    "not_on",
    "on",
    "resolution",
    "switches",
]
