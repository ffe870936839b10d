"""The conformance kit: what a storage adapter must do, one rule a test; and the explorer of interleavings.

Importing it needs pytest, which omnitrack itself does not.
"""

import pytest

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
    "records",
)
pytest.register_assert_rewrite(*(f"{__name__}.{subject}" for subject in (*_SUBJECTS, "stores", "transactions")))

from omnitrack.testing.conformance import BackendConformance  # noqa: E402

__all__ = ["BackendConformance"]
