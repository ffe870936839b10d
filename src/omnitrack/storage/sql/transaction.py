"""The transaction of the SQL adapter in portable SQL: the methods of the contract, put together from three files.

What an engine can do in fewer steps or must do in another way, its own module overrides: ``sqlite``, ``postgresql``, ``mariadb``.
"""

from __future__ import annotations

from omnitrack.storage.contract import Transaction
from omnitrack.storage.sql.history import HistoryMethods
from omnitrack.storage.sql.records import RecordMethods


class SqlTransaction(RecordMethods, HistoryMethods, Transaction):
    """One transaction on one connection."""
