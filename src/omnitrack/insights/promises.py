"""Promises: what was promised to customers by when, and whether it was kept; the input of one measure."""

from __future__ import annotations

from datetime import datetime

import attrs

from omnitrack.values import Value


@attrs.frozen(slots=True, kw_only=True)
class Promise(Value):
    """What was promised to a customer, as the measure of promises takes it.

    Attributes:
        due_at: by when.
        kept_at: when it was kept; None while it is not.
        channel: on which it was made; None where that is not known.
        waived: the customer agreed that it need not be kept.
    """

    due_at: datetime
    kept_at: datetime | None = None
    channel: str | None = None
    waived: bool = False
