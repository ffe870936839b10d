"""omnitrack: one person, every channel, one timeline.

Everything that an application needs is a name of this package; each is imported on first use, so that ``import
omnitrack`` loads no database driver and no parser.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omnitrack.errors import (
        BackendError,
        ConflictError,
        CustomerNotFoundError,
        InteractionNotFoundError,
        InvalidCursorError,
        InvalidIdentifierError,
        InvalidInteractionError,
        InvalidPolicyError,
        OmnitrackError,
        OutcomeUnknownError,
        PolicyChangedError,
        SchemaVersionError,
        SecretError,
        SourceFormatError,
        StatementNotFoundError,
        UnknownBackendError,
    )
    from omnitrack.identifiers.scheme import Identifier
    from omnitrack.model import (
        Assurance,
        Attachment,
        Direction,
        Interaction,
        LoadReport,
        Page,
        Rejected,
        Revision,
        Sighting,
        TimelineItem,
        claimed,
        observed,
        verified,
    )

__version__ = "0.1.0"

__all__ = [
    "Assurance",
    "Attachment",
    "BackendError",
    "ConflictError",
    "CustomerNotFoundError",
    "Direction",
    "Identifier",
    "Interaction",
    "InteractionNotFoundError",
    "InvalidCursorError",
    "InvalidIdentifierError",
    "InvalidInteractionError",
    "InvalidPolicyError",
    "LoadReport",
    "OmnitrackError",
    "OutcomeUnknownError",
    "Page",
    "PolicyChangedError",
    "Rejected",
    "Revision",
    "SchemaVersionError",
    "SecretError",
    "Sighting",
    "SourceFormatError",
    "StatementNotFoundError",
    "TimelineItem",
    "UnknownBackendError",
    "__version__",
    "claimed",
    "observed",
    "verified",
]

_NAMES = {
    "errors": (
        "BackendError",
        "ConflictError",
        "CustomerNotFoundError",
        "InteractionNotFoundError",
        "InvalidCursorError",
        "InvalidIdentifierError",
        "InvalidInteractionError",
        "InvalidPolicyError",
        "OmnitrackError",
        "OutcomeUnknownError",
        "PolicyChangedError",
        "SchemaVersionError",
        "SecretError",
        "SourceFormatError",
        "StatementNotFoundError",
        "UnknownBackendError",
    ),
    "identifiers.scheme": ("Identifier",),
    "model": (
        "Assurance",
        "Attachment",
        "Direction",
        "Interaction",
        "LoadReport",
        "Page",
        "Rejected",
        "Revision",
        "Sighting",
        "TimelineItem",
        "claimed",
        "observed",
        "verified",
    ),
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
    return sorted({*globals(), *_HOME})
