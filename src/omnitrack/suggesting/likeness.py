"""The calls of matching: suggestions, search, and the comparison of the whole store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from omnitrack.errors import InvalidPolicyError
from omnitrack.foundation import lease
from omnitrack.foundation.arguments import check_probability
from omnitrack.foundation.calls import Progress, Run, check_progress, walk
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import now_us
from omnitrack.foundation.journal import LinkKey
from omnitrack.foundation.lease import Lease
from omnitrack.foundation.settings import goes_over, read_settings, under
from omnitrack.model import Page
from omnitrack.reading.query import checked_limit
from omnitrack.reading.resolve import Who, meant
from omnitrack.storage.contract import LinkRow, Transaction

if TYPE_CHECKING:  # they import numpy, which only matching needs
    from omnitrack.matching import Model
    from omnitrack.suggesting.search import SearchResult
    from omnitrack.suggesting.suggest import Found, Suggestion

BLOCKS = 5_000  # index records read at a time


def suggestions(
    run: Run, ctx: Context, who: Who | None, limit: int, cursor: str | None, least: float
) -> Page[Suggestion]:
    """List customers who may be one person."""
    from omnitrack.suggesting.suggest import suggestions_for, suggestions_page

    size = checked_limit(limit)
    check_probability("least", least)
    if who is None:
        return run(lambda tx: suggestions_page(tx, ctx, size, cursor), write=False)
    named = meant(ctx, who)
    return run(lambda tx: suggestions_for(tx, ctx, named, size, cursor, least), write=False)


def search(run: Run, ctx: Context, asked: Mapping[str, Any], text: str | None, limit: int) -> list[SearchResult]:
    """Find people by what is known about them."""
    from omnitrack.suggesting.search import checked_text, search, search_profile

    size = checked_limit(limit)
    said = checked_text(text)
    _need_index(ctx)
    profile = search_profile(ctx, asked)
    return run(lambda tx: search(tx, ctx, profile, said, size, run.later), write=False)


@goes_over
def find_matches(run: Run, ctx: Context, least: float, progress: Progress | None) -> int:
    """Compare all customers with similar ones, and store likely matches as suggesting links; return how many are new."""
    from omnitrack.suggesting.suggest import read_model

    _need_index(ctx)
    check_progress(progress)
    check_probability("least", least)
    with lease.holding(run, ctx, lease.MATCHES) as held:
        now = now_us()
        settings = run(read_settings, write=False)
        if settings is None or not settings.indexed:
            raise InvalidPolicyError(
                "matching: the building of this store's index was broken off; open it once more with matching=True"
            )
        model = run(read_model, write=False)
        _renew(run, ctx, held, model, least, now)
        return _compare(run, ctx, held, model, least, now, progress)


def _renew(run: Run, ctx: Context, held: Lease, model: Model, least: float, now: int) -> None:
    """Compare the customers of stored matches again, and store the new scores.

    Matches found in a read-only transaction are compared once more in the one that writes them, since the customers may have changed meanwhile.
    """
    from omnitrack.suggesting.suggest import look_again, renew_matches

    def look(after: LinkKey | None) -> tuple[list[tuple[LinkRow, LinkRow | None]], LinkKey | None]:
        return run(lambda tx: look_again(tx, ctx, after, model, least), write=False)

    def keep(otherwise: Sequence[tuple[LinkRow, LinkRow | None]]) -> None:
        run(under(ctx, held, lambda tx: renew_matches(tx, ctx, otherwise, model, least, now)))

    for otherwise in walk(look):
        if otherwise:
            keep(otherwise)


def _compare(
    run: Run, ctx: Context, held: Lease, model: Model, least: float, now: int, progress: Progress | None
) -> int:
    """Compare the customers of each index block, in transactions like those of ``_renew``; return how many matches are new."""
    from omnitrack.suggesting.matches import blocks_after, compare_blocks, store_matches

    def compare(tx: Transaction, after: str | None) -> tuple[tuple[list[Found], int], str | None]:
        blocks, onwards = blocks_after(tx, after, BLOCKS)
        return (compare_blocks(tx, ctx, blocks, model, least), len(blocks)), onwards

    def store(found: Sequence[Found]) -> int:
        return run(
            lease.once(
                held,
                under(ctx, held, lambda tx: store_matches(tx, ctx, found, model, least, now) if found else 0),
            )
        )

    looked = stored = 0
    for found, blocks in walk(lambda at: run(lambda tx: compare(tx, at), write=False)):
        looked += blocks
        stored += store(found)
        if progress is not None:
            progress(looked, None)
    return stored


def fit_matching(run: Run, ctx: Context) -> str:
    """Estimate the weights of comparisons from the customers of the store, store them, and return them as JSON."""
    from omnitrack.matching import Model
    from omnitrack.suggesting.matches import sample_profiles
    from omnitrack.suggesting.suggest import write_model

    _need_index(ctx)
    profiles, population = run(sample_profiles, write=False)
    # Always start from the shipped weights: starting from the last estimate would make the smoothing drift.
    fitted = Model.default(population).fit(profiles, population=population)
    run(lambda tx: write_model(tx, fitted))
    return fitted.to_json()


def set_model(run: Run, text: str) -> None:
    """Store weights that were estimated elsewhere."""
    from omnitrack.matching import Model
    from omnitrack.suggesting.suggest import write_model

    model = Model.from_json(text)
    run(lambda tx: write_model(tx, model))


def _need_index(ctx: Context) -> None:
    if not ctx.known.matching:
        raise InvalidPolicyError("matching: this store keeps no index for it; open it once with matching=True")
