"""Changes the settings of a store, or computes it anew by those that it has, under a lease: the calls configure and rebuild."""

from __future__ import annotations

from omnitrack.foundation import lease
from omnitrack.foundation.calls import Progress, Run
from omnitrack.foundation.context import Context
from omnitrack.foundation.settings import current
from omnitrack.upkeep import takeover
from omnitrack.upkeep.rebuild import RebuildReport


def rebuild(run: Run, ctx: Context, progress: Progress | None) -> RebuildReport:
    """Compute who is whom anew, by the settings that the store goes by: while the lease is held these cannot become others."""
    with lease.holding(run, ctx, lease.REBUILD) as held:
        ctx = run(lambda tx: current(tx, ctx.latest), write=False)
        return takeover.rebuild(run, ctx, held, progress)
