"""The contract's fifteen methods in portable SQL.

What an engine can do in fewer steps or must do in another way, its own module overrides: ``sqlite``, ``postgresql``, ``mariadb``.
"""

from __future__ import annotations

from omnitrack.storage.contract import Transaction
from omnitrack.storage.sql.history import HistoryMethods
from omnitrack.storage.sql.records import RecordMethods


class SqlTransaction(RecordMethods, HistoryMethods, Transaction):
    """One transaction on one connection."""
