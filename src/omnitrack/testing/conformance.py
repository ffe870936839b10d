"""The one class that an adapter author subclasses: every rule of the storage contract."""

from __future__ import annotations

from omnitrack.testing.changes import ChangeRules
from omnitrack.testing.concurrency import ConcurrencyRules
from omnitrack.testing.deletion import DeletionRules
from omnitrack.testing.entries import EntryRules
from omnitrack.testing.histories import HistoryRules
from omnitrack.testing.identifiers import IdentifierRules
from omnitrack.testing.interactions import InteractionRules
from omnitrack.testing.links import LinkRules
from omnitrack.testing.processes import ProcessRules
from omnitrack.testing.records import RecordRules
from omnitrack.testing.shortcuts import ShortcutRules
from omnitrack.testing.stores import StoreRules
from omnitrack.testing.timeouts import TimeoutRules
from omnitrack.testing.transactions import TransactionRules


class BackendConformance(
    IdentifierRules,
    ChangeRules,
    LinkRules,
    InteractionRules,
    EntryRules,
    HistoryRules,
    RecordRules,
    DeletionRules,
    ShortcutRules,
    TransactionRules,
    ConcurrencyRules,
    ProcessRules,
    StoreRules,
    TimeoutRules,
):
    """Every rule of the storage contract, version 1, one short test each, through ``run`` and through ``arun``.

    Subclass it in a test module, under a name that begins with ``Test``, and give the fixture ``backend``::

        class TestShelf(BackendConformance):
            @pytest.fixture
            def backend(self, tmp_path):
                backend = ShelfBackend.from_url(f"shelf://{tmp_path}/history")
                backend.setup()
                return backend

    Each test gets a store with nothing in it. What else to give depends on what the backend declares in ``capabilities``:

    ============== =================================================================================================================
    declared       needed
    ============== =================================================================================================================
    (nothing)      a failure: declare an empty frozenset if nothing holds
    persistent     the fixtures ``reopen`` (a function ``(*, namespace=None, **options) -> Backend`` on the same store) and
                   ``unreachable`` (a backend whose server or file is not there)
    processes      the fixture ``reopen``; rules about forked children run where the system can fork
    concurrent     nothing more; rules about transactions side by side run
    async          nothing more; rules about many tasks in one thread run
    timeout        the fixture ``narrow``, where the adapter keeps a pool (a backend on the same store with one connection), and ``network``, where
                   there is a server (see ``omnitrack.testing.timeouts.Network``); without them their rules are skipped
    ============== =================================================================================================================

    Without a capability its rules are skipped, and the reason says which capability was not declared.
    """
