"""Opens a store: compares its settings with those given, rebuilds or indexes it if asked."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from datetime import tzinfo

import attrs

from omnitrack.errors import InvalidPolicyError, OperationRunningError, SecretError, check_flag
from omnitrack.foundation import lease
from omnitrack.foundation.calls import Run, walk
from omnitrack.foundation.consent_words import checked_words
from omnitrack.foundation.context import Context
from omnitrack.foundation.lease import Lease
from omnitrack.foundation.settings import (
    INDEX_FORM,
    Settings,
    change_settings,
    check_fingerprint,
    check_secret,
    first_settings,
    is_empty,
    new_mark_key,
    read_settings,
    secret_check,
    settle_empty,
    under,
)
from omnitrack.identifiers.numbering import numbered_region
from omnitrack.identifiers.own import OwnList
from omnitrack.identity.policy import Policy
from omnitrack.sources.values import zone_of
from omnitrack.storage.contract import Transaction
from omnitrack.upkeep import takeover
from omnitrack.upkeep.statement_migration import Position, adopt_step, adopted


def secret_bytes(secret: str | bytes | None) -> bytes:
    """Return a secret as bytes; b"" for none."""
    if secret is None:
        return b""
    if not isinstance(secret, (str, bytes)):
        raise SecretError(f"secret: got {type(secret).__name__}, accepted are a string and bytes")
    if not secret:
        raise SecretError("secret: got an empty one, accepted is one with something in it, or None for none")
    try:
        return secret.encode("utf-8") if isinstance(secret, str) else secret
    except UnicodeEncodeError:
        raise SecretError(
            "secret: got half of a surrogate pair, accepted is text that UTF-8 can hold, or bytes"
        ) from None


def make_context(
    own: Iterable[str],
    policy: Policy | None,
    secret: str | bytes | None,
    region: str | None,
    rebuild: bool = False,
    matching: bool = False,
    placeholders: Iterable[str] = (),
    zone: str | tzinfo | None = None,
    consent_words: Mapping[str, bool] | None = None,
) -> Context:
    """Return what the use cases of a tracker share."""
    if policy is not None and not isinstance(policy, Policy):
        raise InvalidPolicyError(f"policy: got {type(policy).__name__}, accepted is a Policy")
    check_flag("rebuild", rebuild, InvalidPolicyError)
    check_flag("matching", matching, InvalidPolicyError)
    policy = policy or Policy()
    own_list = OwnList(own, region=numbered_region(region))
    listed_placeholders = OwnList(placeholders, region=numbered_region(region), field="placeholders")
    lists = (own_list.fingerprint(), listed_placeholders.fingerprint())
    return Context(
        policy=policy,
        own=own_list,
        placeholders=listed_placeholders,
        fingerprint=policy.fingerprint(*lists),
        parts=policy.parts(*lists),
        region=numbered_region(region),
        zone=zone_of(zone),
        secret=secret_bytes(secret),
        consent_words=checked_words(consent_words),
    )


def open_store(run: Run, ctx: Context, *, rebuild: bool = False, matching: bool = False, feed: int = 0) -> Context:
    """Open a store: compare its settings with the tracker's, or make them where it is new; return the context with the key of its marks.

    Args:
        rebuild: bring a store with other settings to these. matching: build the index for matching where it is not there. One whose keys are
            of an earlier form is built anew in any case.
        feed: microseconds for which what happens is to be kept in the feed; 0 leaves it as it is.

    Raises:
        SecretError: it was created with another secret. PolicyChangedError: built with another policy, and not to be rebuilt.
    """
    check, mark_key = secret_check(ctx.secret), new_mark_key(ctx.secret)
    settings = run(lambda tx: first_settings(tx, ctx, check, mark_key))
    check_secret(settings, check)
    _adopt(run, ctx)
    ctx = attrs.evolve(ctx, mark_key=settings.mark_key)
    ctx.known.matching, ctx.known.feed = settings.matching, settings.feed > 0
    # Looked at without the guard first: whoever comes with other settings must not disturb those who are at work.
    settled = settings.fingerprint == ctx.fingerprint
    if not settled and run(is_empty, write=False):
        settled = run(lambda tx: settle_empty(tx, ctx))
    if not settled and not rebuild:
        check_fingerprint(settings, ctx)
    elif not settled:
        _once(
            run,
            ctx,
            lease.REBUILD,
            lambda found: found.fingerprint == ctx.fingerprint,
            lambda held: takeover.rebuild(run, ctx, held, None),
        )
    if feed and feed != settings.feed:
        run(lambda tx: change_settings(tx, feed=feed))
        ctx.known.feed = True

    def is_indexed(found: Settings) -> bool:
        if not found.matching:
            return not matching
        return found.index_form >= INDEX_FORM and (found.indexed or not matching)

    if matching or not is_indexed(settings):
        _once(run, ctx, lease.INDEX, is_indexed, lambda held: build_index(run, ctx, held))
    return ctx


def _adopt(run: Run, ctx: Context) -> None:
    """Read what an earlier version said into the form of today."""
    if run(adopted, write=False):
        return

    def step(tx: Transaction, after: Position | None) -> tuple[None, Position | None]:
        return None, adopt_step(ctx, tx, after)

    for _ in walk(lambda at: run(lambda tx: step(tx, at))):
        pass


def _once(
    run: Run, ctx: Context, what: str, is_done: Callable[[Settings], bool], work: Callable[[Lease], object]
) -> None:
    """Do what a store needs once, whoever opens it: of many that come at once one does it, and the others wait for its end."""

    def done() -> bool:
        settings = run(read_settings, write=False)
        assert settings is not None
        return is_done(settings)

    waits = 0
    while not done():
        try:
            held = lease.acquire(run, ctx, what)
        except OperationRunningError:
            run.pause(min(5.0, 0.1 * 1.5**waits) * random.uniform(0.5, 1.0))
            waits += 1
            continue
        with lease.giving_back(run, held):
            if not done():
                work(held)


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
