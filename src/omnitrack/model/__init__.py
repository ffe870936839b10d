"""The public model: interactions and their parts, timeline items, customers, pages and reports."""

from omnitrack.model.customer import Change, Customer, CustomerDetails, Recorded
from omnitrack.model.feed_entry import FeedEntry
from omnitrack.model.fields import is_storable
from omnitrack.model.handover_use import HandoverUse
from omnitrack.model.interaction import AnsweredBy, Attachment, Direction, Interaction, Revision
from omnitrack.model.limits import (
    MAX_ATTACHMENTS,
    MAX_BODY,
    MAX_DEPTH,
    MAX_EXTRA,
    MAX_HANDOVERS,
    MAX_NAME,
    MAX_PARTICIPANTS,
    MAX_PEOPLE,
    MAX_PERSON_IDENTIFIERS,
    MAX_SOURCE_ID,
    MAX_SUBJECT,
    MAX_USES,
)
from omnitrack.model.load_report import (
    MOST_REASONS,
    MOST_REPORTED,
    OTHER_REASONS,
    LoadReport,
    PassedOver,
    Rejected,
    counted_by_reason,
)
from omnitrack.model.page import Page
from omnitrack.model.sighting import Assurance, Role, Sighting, claimed, observed, verified
from omnitrack.model.timeline_item import TimelineDraft, TimelineItem, wall_clock

__all__ = [
    "MAX_ATTACHMENTS",
    "MAX_BODY",
    "MAX_DEPTH",
    "MAX_EXTRA",
    "MAX_HANDOVERS",
    "MAX_NAME",
    "MAX_PARTICIPANTS",
    "MAX_PEOPLE",
    "MAX_PERSON_IDENTIFIERS",
    "MAX_SOURCE_ID",
    "MAX_SUBJECT",
    "MAX_USES",
    "MOST_REASONS",
    "MOST_REPORTED",
    "OTHER_REASONS",
    "AnsweredBy",
    "Assurance",
    "Attachment",
    "Change",
    "Customer",
    "CustomerDetails",
    "Direction",
    "FeedEntry",
    "HandoverUse",
    "Interaction",
    "LoadReport",
    "Page",
    "PassedOver",
    "Recorded",
    "Rejected",
    "Revision",
    "Role",
    "Sighting",
    "TimelineDraft",
    "TimelineItem",
    "claimed",
    "counted_by_reason",
    "is_storable",
    "observed",
    "verified",
    "wall_clock",
]
