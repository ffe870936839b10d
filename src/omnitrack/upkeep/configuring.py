"""Changes the settings of a store, or computes it anew by those that it has, under a lease: the calls configure and rebuild."""

from __future__ import annotations

from typing import Any

from omnitrack.foundation import lease
from omnitrack.foundation.calls import Progress, Run
from omnitrack.foundation.context import Context
from omnitrack.foundation.settings import current
from omnitrack.foundation.terms import given
from omnitrack.upkeep import takeover
from omnitrack.upkeep.rebuild import RebuildReport


def configure(run: Run, ctx: Context, progress: Progress | None, **parts: Any) -> RebuildReport:
    """Give the store other settings, and compute who is whom by them; the parts that are None stay as they are."""
    given(**parts, among=ctx.region, clearing=True)  # what is malformed is refused before anything is held
    with lease.holding(run, ctx, lease.REBUILD) as held:
        ctx = run(lambda tx: current(tx, ctx.latest), write=False)
        asked = given(**parts, among=ctx.region, clearing=True)
        return takeover.rebuild(run, ctx.moved_to(asked.over(ctx.terms)), held, progress)


def rebuild(run: Run, ctx: Context, progress: Progress | None) -> RebuildReport:
    """Compute who is whom anew, by the settings that the store goes by: while the lease is held these cannot become others."""
    with lease.holding(run, ctx, lease.REBUILD) as held:
        ctx = run(lambda tx: current(tx, ctx.latest), write=False)
        return takeover.rebuild(run, ctx, held, progress)
