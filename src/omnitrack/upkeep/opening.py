"""Opens a store: compares its settings with those given, and rebuilds or indexes it if asked."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from datetime import tzinfo
from functools import partial

import attrs

from omnitrack.errors import InvalidPolicyError, OperationRunningError, SecretError, check_flag
from omnitrack.foundation import lease
from omnitrack.foundation.calls import Run, walk
from omnitrack.foundation.context import Context
from omnitrack.foundation.lease import Lease
from omnitrack.foundation.settings import (
    INDEX_FORM,
    MovedError,
    Settings,
    change_settings,
    check_fingerprint,
    check_same,
    check_secret,
    first_settings,
    is_empty,
    look,
    new_mark_key,
    read_settings,
    secret_check,
    settle_empty,
    settle_unsaid,
)
from omnitrack.foundation.terms import NOT_DIGESTED, Terms, given
from omnitrack.identity.policy import Policy
from omnitrack.storage.contract import Transaction
from omnitrack.upkeep import takeover
from omnitrack.upkeep.index_building import build_index
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
    own: Iterable[str] | None,
    policy: Policy | None,
    secret: str | bytes | None,
    region: str | None,
    rebuild: bool = False,
    matching: bool = False,
    placeholders: Iterable[str] | None = None,
    zone: str | tzinfo | None = None,
    consent_words: Mapping[str, bool] | None = None,
) -> Context:
    """Return the context that the use cases of a tracker share, with the given settings until the store is open."""
    asked = given(
        region=region, zone=zone, own=own, policy=policy, placeholders=placeholders, consent_words=consent_words
    )
    check_flag("rebuild", rebuild, InvalidPolicyError)
    check_flag("matching", matching, InvalidPolicyError)
    return Context(terms=asked.over(Terms()), asked=asked, secret=secret_bytes(secret))


def open_store(run: Run, ctx: Context, *, rebuild: bool = False, matching: bool = False, feed: int = 0) -> Context:
    """Open a store: take its settings, or create them if it is new; return the context with these and the key of its marks.

    Args:
        run: runs the transactions.
        ctx: the context.
        rebuild: whether to rebuild a store whose settings differ from the given ones.
        matching: whether to build the matching index if it is missing. An index with keys of an earlier form is always built anew.
        feed: how long events stay in the feed, in microseconds; 0 leaves the setting unchanged.

    Raises:
        SecretError: the store was created with another secret.
        PolicyChangedError: the store has other settings than were given, and ``rebuild`` is False.
    """
    check, mark_key = secret_check(ctx.secret), new_mark_key(ctx.secret)
    settings = run(lambda tx: first_settings(tx, ctx, check, mark_key))
    check_secret(settings, check)
    _adopt(run, ctx)
    ctx = attrs.evolve(ctx, mark_key=settings.mark_key)
    ctx.known.matching, ctx.known.feed = settings.matching, settings.feed > 0
    ctx, settings = _put_in_force(*_agree(run, ctx, settings, rebuild))
    if feed and feed != settings.feed:
        run(lambda tx: change_settings(tx, feed=feed))
        ctx.known.feed = True

    def is_indexed(found: Settings) -> bool:
        if not found.matching:
            return not matching
        return found.index_form >= INDEX_FORM and (found.indexed or not matching)

    while matching or not is_indexed(settings):
        try:
            _once(run, ctx, lease.INDEX, is_indexed, partial(build_index, run, ctx))
            break
        except MovedError:  # somebody changed the settings meanwhile
            found = run(read_settings, write=False)
            assert found is not None
            ctx, settings = _put_in_force(*_agree(run, ctx, found, rebuild))
    return ctx


def _put_in_force(ctx: Context, settings: Settings) -> tuple[Context, Settings]:
    """Have the calls of the tracker go by the settings of the store, and look again from time to time."""
    ctx.known.put_in_force(ctx, settings.version)
    ctx.known.look = lambda tx: look(tx, ctx)
    return ctx, settings


def _agree(run: Run, ctx: Context, settings: Settings, rebuild: bool) -> tuple[Context, Settings]:
    """Return the context by the settings of the store and by what was given, brought together, and the settings as they are then.

    Raises:
        PolicyChangedError: the store has others than were given, and is not to be rebuilt.
    """
    stored = _stored_terms(settings, ctx, rebuild)
    if stored is None:
        ctx = ctx.moved_to(ctx.asked.over(Terms(unsaid=NOT_DIGESTED)))
        fits = settings.fingerprint == ctx.terms.fingerprint
    else:
        ctx = ctx.moved_to(ctx.asked.over(stored))
        fits = stored.filled_by(ctx.asked).text == ctx.terms.text
        # A zone without a name is no difference: each process says it for itself.
        if ctx.terms.text == stored.text and settings.fingerprint == ctx.terms.fingerprint:
            return ctx, settings
    # Looked at without the guard first: whoever comes with other settings must not disturb those who are at work.
    settled = run(is_empty, write=False) and run(lambda tx: settle_empty(tx, ctx))
    if not settled and fits:
        settled = run(lambda tx: settle_unsaid(tx, ctx))
    if not settled and not rebuild:
        if stored is None:
            check_fingerprint(settings, ctx.terms)
        else:
            check_same(stored, ctx.terms)
    elif not settled:
        _once(
            run,
            ctx,
            lease.REBUILD,
            lambda found: found.terms == ctx.terms.text and found.fingerprint == ctx.terms.fingerprint,
            lambda held: takeover.rebuild(run, ctx, held, None),
        )
    found = run(read_settings, write=False)
    assert found is not None
    if found.terms != ctx.terms.text:
        return _agree(run, ctx, found, rebuild)  # others came in between
    return ctx, found


def _stored_terms(settings: Settings, ctx: Context, rebuild: bool) -> Terms | None:
    """Return the terms that a store keeps; None of one that keeps a digest of them alone.

    Raises:
        PolicyChangedError: it has other normal forms, and is not to be rebuilt.
    """
    if settings.terms is None:
        return None
    found = Terms.load(settings.terms)
    if settings.fingerprint != found.fingerprint and not rebuild:
        check_fingerprint(settings, ctx.asked.over(found))
    return found


def _adopt(run: Run, ctx: Context) -> None:
    """Convert statements of an earlier version to the current form."""
    if run(adopted, write=False):
        return

    def step(tx: Transaction, after: Position | None) -> tuple[None, Position | None]:
        return None, adopt_step(ctx, tx, after)

    for _ in walk(lambda at: run(lambda tx: step(tx, at))):
        pass


def _once(
    run: Run, ctx: Context, what: str, is_done: Callable[[Settings], bool], work: Callable[[Lease], object]
) -> None:
    """Do work that a store needs once: of many openers one does it, and the others wait until it is done."""

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
