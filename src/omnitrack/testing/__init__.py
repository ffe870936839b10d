"""The conformance kit for storage adapters: one test for each rule of the storage contract.

Importing it needs pytest, which omnitrack itself does not.
"""

try:
    import pytest
except ImportError as error:
    raise ImportError(
        'omnitrack.testing is written for pytest, which is not installed; the extra "test" brings it'
    ) from error

# Before the imports below, so that a rule that fails shows what it compared.
_SUBJECTS = (
    "changes",
    "concurrency",
    "deletion",
    "entries",
    "histories",
    "identifiers",
    "interactions",
    "links",
    "processes",
    "records",
    "shortcuts",
    "timeouts",
)
pytest.register_assert_rewrite(*(f"{__name__}.{subject}" for subject in (*_SUBJECTS, "stores", "transactions")))

from omnitrack.testing.base import ConformanceBase  # noqa: E402
from omnitrack.testing.changes import ChangeRules  # noqa: E402
from omnitrack.testing.concurrency import ConcurrencyRules  # noqa: E402
from omnitrack.testing.conformance import BackendConformance  # noqa: E402
from omnitrack.testing.deletion import DeletionRules  # noqa: E402
from omnitrack.testing.entries import EntryRules  # noqa: E402
from omnitrack.testing.histories import HistoryRules  # noqa: E402
from omnitrack.testing.identifiers import IdentifierRules  # noqa: E402
from omnitrack.testing.interactions import InteractionRules  # noqa: E402
from omnitrack.testing.links import LinkRules  # noqa: E402
from omnitrack.testing.processes import ProcessRules  # noqa: E402
from omnitrack.testing.records import RecordRules  # noqa: E402
from omnitrack.testing.shortcuts import ShortcutRules  # noqa: E402
from omnitrack.testing.stores import StoreRules  # noqa: E402
from omnitrack.testing.timeouts import TimeoutRules  # noqa: E402
from omnitrack.testing.transactions import TransactionRules  # noqa: E402

__all__ = [
    "BackendConformance",
    "ChangeRules",
    "ConcurrencyRules",
    "ConformanceBase",
    "DeletionRules",
    "EntryRules",
    "HistoryRules",
    "IdentifierRules",
    "InteractionRules",
    "LinkRules",
    "ProcessRules",
    "RecordRules",
    "ShortcutRules",
    "StoreRules",
    "TimeoutRules",
    "TransactionRules",
]
