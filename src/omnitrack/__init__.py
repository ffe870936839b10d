"""omnitrack: one person, every channel, one timeline.

Everything that an application needs is a name of this package; each is imported on first use, so that ``import
omnitrack`` loads no database driver and no parser.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omnitrack.aio import AsyncTracker, open_async
    from omnitrack.errors import (
        BackendError,
        CaseChangedError,
        CaseNotFoundError,
        CaseStateError,
        ConflictError,
        CustomerNotFoundError,
        HostTransactionError,
        InteractionNotFoundError,
        InvalidCursorError,
        InvalidIdentifierError,
        InvalidInteractionError,
        InvalidPolicyError,
        InvalidValueError,
        LeaseLostError,
        MissingZoneError,
        OmnitrackError,
        OperationRunningError,
        OutcomeUnknownError,
        PolicyChangedError,
        SchemaVersionError,
        SecretError,
        SourceFormatError,
        StatementNotFoundError,
        TimedOutError,
        UnknownBackendError,
        WithheldError,
    )
    from omnitrack.foundation.consent_words import CONSENT_WORDS
    from omnitrack.foundation.terms import StoreSettings
    from omnitrack.identifiers.email import email
    from omnitrack.identifiers.phone import phone
    from omnitrack.identifiers.postal import postal
    from omnitrack.identifiers.scheme import Identifier
    from omnitrack.identifiers.simple import account, crm, device
    from omnitrack.identifiers.social import social
    from omnitrack.identifiers.text import find_identifiers, identifier
    from omnitrack.identity.explain import Explanation
    from omnitrack.identity.policy import Policy, SchemeRule
    from omnitrack.identity.preview import Preview
    from omnitrack.identity.statement import Statement
    from omnitrack.model import (
        AnsweredBy,
        Assurance,
        Attachment,
        Customer,
        Direction,
        FeedEntry,
        HandoverUse,
        Interaction,
        LoadReport,
        Page,
        PassedOver,
        Recorded,
        Rejected,
        Revision,
        Sighting,
        TimelineItem,
        claimed,
        observed,
        verified,
    )
    from omnitrack.service.brief import Brief, BriefCase, BriefContact, Candidate, OpenThread
    from omnitrack.service.case import Case, CaseChange, CaseNote, CasePromise, CaseReference
    from omnitrack.service.case_document import CaseDocument
    from omnitrack.service.case_returns import CaseReturn
    from omnitrack.service.conversation import Conversation
    from omnitrack.service.exposure import Exposure, ReadReceipt
    from omnitrack.service.handover import Handover, HandoverState
    from omnitrack.service.permission import Consent, Permission
    from omnitrack.service.triage import TriageItem, TriagePlace, TriageReason, TriageRules, triage
    from omnitrack.service.triage_words import WordFound, WordList
    from omnitrack.suggesting.search import SearchResult
    from omnitrack.suggesting.suggest import Suggestion
    from omnitrack.tracker import Changes, Timeline, Tracker
    from omnitrack.tracker import open as open
    from omnitrack.upkeep.erase import Receipt, RetentionRule
    from omnitrack.upkeep.rebuild import RebuildReport, VerifyReport
    from omnitrack.values import Value

__version__ = "0.1.0"

# What ``from omnitrack import *`` brings. ``omnitrack.open`` is public too, but would take the place of Python's own.
__all__ = [
    "CONSENT_WORDS",
    "AnsweredBy",
    "Assurance",
    "AsyncTracker",
    "Attachment",
    "BackendError",
    "Brief",
    "BriefCase",
    "BriefContact",
    "Candidate",
    "Case",
    "CaseChange",
    "CaseChangedError",
    "CaseDocument",
    "CaseNotFoundError",
    "CaseNote",
    "CasePromise",
    "CaseReference",
    "CaseReturn",
    "CaseStateError",
    "Changes",
    "ConflictError",
    "Consent",
    "Conversation",
    "Customer",
    "CustomerNotFoundError",
    "Direction",
    "Explanation",
    "Exposure",
    "FeedEntry",
    "Handover",
    "HandoverState",
    "HandoverUse",
    "HostTransactionError",
    "Identifier",
    "Interaction",
    "InteractionNotFoundError",
    "InvalidCursorError",
    "InvalidIdentifierError",
    "InvalidInteractionError",
    "InvalidPolicyError",
    "InvalidValueError",
    "LeaseLostError",
    "LoadReport",
    "MissingZoneError",
    "OmnitrackError",
    "OpenThread",
    "OperationRunningError",
    "OutcomeUnknownError",
    "Page",
    "PassedOver",
    "Permission",
    "Policy",
    "PolicyChangedError",
    "Preview",
    "ReadReceipt",
    "RebuildReport",
    "Receipt",
    "Recorded",
    "Rejected",
    "RetentionRule",
    "Revision",
    "SchemaVersionError",
    "SchemeRule",
    "SearchResult",
    "SecretError",
    "Sighting",
    "SourceFormatError",
    "Statement",
    "StatementNotFoundError",
    "StoreSettings",
    "Suggestion",
    "TimedOutError",
    "Timeline",
    "TimelineItem",
    "Tracker",
    "TriageItem",
    "TriagePlace",
    "TriageReason",
    "TriageRules",
    "UnknownBackendError",
    "Value",
    "VerifyReport",
    "WithheldError",
    "WordFound",
    "WordList",
    "__version__",
    "account",
    "claimed",
    "crm",
    "device",
    "email",
    "find_identifiers",
    "identifier",
    "observed",
    "open_async",
    "phone",
    "postal",
    "social",
    "triage",
    "verified",
]

_NAMES = {
    "aio": ("AsyncTracker", "open_async"),
    "errors": (
        "BackendError",
        "CaseChangedError",
        "CaseNotFoundError",
        "CaseStateError",
        "ConflictError",
        "CustomerNotFoundError",
        "HostTransactionError",
        "InteractionNotFoundError",
        "InvalidCursorError",
        "InvalidIdentifierError",
        "InvalidInteractionError",
        "InvalidPolicyError",
        "InvalidValueError",
        "MissingZoneError",
        "LeaseLostError",
        "OmnitrackError",
        "OperationRunningError",
        "OutcomeUnknownError",
        "PolicyChangedError",
        "SchemaVersionError",
        "SecretError",
        "SourceFormatError",
        "StatementNotFoundError",
        "TimedOutError",
        "UnknownBackendError",
        "WithheldError",
    ),
    "foundation.consent_words": ("CONSENT_WORDS",),
    "foundation.terms": ("StoreSettings",),
    "identifiers.email": ("email",),
    "identifiers.phone": ("phone",),
    "identifiers.postal": ("postal",),
    "identifiers.scheme": ("Identifier",),
    "identifiers.simple": ("account", "crm", "device"),
    "identifiers.social": ("social",),
    "identifiers.text": ("find_identifiers", "identifier"),
    "identity.explain": ("Explanation",),
    "identity.policy": ("Policy", "SchemeRule"),
    "identity.preview": ("Preview",),
    "identity.statement": ("Statement",),
    "model": (
        "AnsweredBy",
        "Assurance",
        "Attachment",
        "Customer",
        "Direction",
        "FeedEntry",
        "HandoverUse",
        "Interaction",
        "LoadReport",
        "Page",
        "Recorded",
        "PassedOver",
        "Rejected",
        "Revision",
        "Sighting",
        "TimelineItem",
        "claimed",
        "observed",
        "verified",
    ),
    "tracker": ("Changes", "Timeline", "Tracker", "open"),
    "upkeep.erase": ("Receipt", "RetentionRule"),
    "upkeep.rebuild": ("RebuildReport", "VerifyReport"),
    "service.brief": ("Brief", "BriefCase", "BriefContact", "Candidate", "OpenThread"),
    "service.case": ("Case", "CaseChange", "CaseNote", "CasePromise", "CaseReference"),
    "service.case_document": ("CaseDocument",),
    "service.case_returns": ("CaseReturn",),
    "service.conversation": ("Conversation",),
    "service.exposure": ("Exposure", "ReadReceipt"),
    "service.handover": ("Handover", "HandoverState"),
    "service.permission": ("Consent", "Permission"),
    "service.triage": ("TriageItem", "TriagePlace", "TriageReason", "TriageRules", "triage"),
    "service.triage_words": ("WordFound", "WordList"),
    "values": ("Value",),
    "suggesting.search": ("SearchResult",),
    "suggesting.suggest": ("Suggestion",),
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    try:
        module = _HOME[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value  # from now on found without coming here
    return value


def __dir__() -> list[str]:
    own = {name for name in globals() if not name.startswith("_") or name.startswith("__")}
    return sorted({*own, *_HOME} - {"TYPE_CHECKING", "Any", "annotations", "import_module"})
