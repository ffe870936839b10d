"""Builds the index for matching of a whole store, piece by piece, while others write."""

from __future__ import annotations

from omnitrack.foundation.calls import Run, walk
from omnitrack.foundation.context import Context
from omnitrack.foundation.lease import Lease
from omnitrack.foundation.settings import INDEX_FORM, change_settings, read_settings, under
from omnitrack.storage.contract import Transaction


def build_index(run: Run, ctx: Context, held: Lease) -> None:
    """Keep the index for matching from now on, and file what the store holds already; keys of an earlier form are taken away first."""
    from omnitrack.suggesting.matches import clear_step, index_step, reindex_step  # numpy, which only matching needs

    def clear(tx: Transaction, after: str | None) -> tuple[None, str | None]:
        return None, clear_step(tx, after)

    def start(tx: Transaction) -> bool:
        settings = read_settings(tx)
        assert settings is not None
        change_settings(tx, matching=True, indexed=False)
        return settings.matching and settings.index_form < INDEX_FORM

    outdated = run(under(ctx, held, start))
    ctx.known.matching = True
    if outdated:
        # To the end before anything is filed: what others record meanwhile is filed under keys of today, and once more below.
        for _ in walk(lambda at: run(under(ctx, held, lambda tx: clear(tx, at)))):
            pass
    file_some = reindex_step if outdated else index_step

    def step(tx: Transaction, after: bytes | None) -> tuple[None, bytes | None]:
        return None, file_some(tx, after, ctx.region)

    for _ in walk(lambda at: run(under(ctx, held, lambda tx: step(tx, at)))):
        pass
    run(under(ctx, held, lambda tx: change_settings(tx, indexed=True, index_form=INDEX_FORM)))
