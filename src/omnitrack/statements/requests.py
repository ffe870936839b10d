"""Requests of callers: make, retract or preview a statement, and attribute an interaction."""

from __future__ import annotations

from functools import partial

from omnitrack.errors import InvalidPolicyError
from omnitrack.foundation.calls import Run
from omnitrack.foundation.context import Context
from omnitrack.foundation.ids import new_id, new_ids, now_us, to_text, to_us
from omnitrack.foundation.once import Once
from omnitrack.foundation.settings import goes_over
from omnitrack.foundation.times import in_zone
from omnitrack.identity.preview import Preview
from omnitrack.identity.statement import Named, Statement, check_said
from omnitrack.reading.interactions import parse_interaction_id
from omnitrack.reading.resolve import meant_one
from omnitrack.statements.attribution import attribute as attribute_in
from omnitrack.statements.effects import StatementRequest
from omnitrack.statements.proofs import NewHolderError
from omnitrack.statements.say import (
    Retraction,
    add_statement,
    effects_of_retraction,
    effects_of_statement,
    is_said,
    preview_effects,
    retract_statement,
    to_statement,
)
from omnitrack.storage.contract import Transaction


@goes_over
def say(run: Run, ctx: Context, statement: Statement) -> Statement:
    """Make a statement."""
    request = _statement_request(ctx, statement)

    def write(tx: Transaction, alone: bool = False) -> Statement:
        record, _ = add_statement(tx, ctx, request, alone)
        return to_statement(tx, to_text("st", request.id), record)

    try:
        return run(Once(write, is_said))
    except NewHolderError:
        return run(Once(partial(write, alone=True), is_said))


@goes_over
def attribute(
    run: Run, ctx: Context, interaction: str, identifier: Named, *, by: str | None, reason: str | None
) -> Statement:
    """File an interaction under an identifier."""
    key = parse_interaction_id(interaction)
    request = _statement_request(ctx, Statement(kind="attributed", a=identifier, by=by, reason=reason))

    def write(tx: Transaction) -> Statement:
        record, _ = attribute_in(tx, ctx, key, request)
        return to_statement(tx, to_text("st", request.id), record)

    return run(Once(write, is_said))


@goes_over
def retract(run: Run, ctx: Context, statement: Statement | str, *, by: str | None, reason: str | None) -> Statement:
    """Retract a statement."""
    retraction = _retraction(statement, by, reason)

    def write(tx: Transaction) -> Statement:
        record, _ = retract_statement(tx, ctx, retraction)
        return to_statement(tx, retraction.id, record)

    return run(Once(write, is_said))


@goes_over
def preview(run: Run, ctx: Context, statement: Statement) -> Preview:
    """Return what a statement would do; for a statement already made, what its retraction would do."""
    if not isinstance(statement, Statement):
        raise InvalidPolicyError(
            f"statement: got {type(statement).__name__}, accepted is a Statement, such as Statement.link(a, b)"
        )
    if statement.id is not None:
        retraction = _retraction(statement, None, None)
        return run(
            lambda tx: preview_effects(tx, effects_of_retraction(tx, ctx, retraction, lock=False)),
            write=False,
        )
    request = _statement_request(ctx, statement)
    return run(lambda tx: preview_effects(tx, effects_of_statement(tx, ctx, request, lock=False)), write=False)


def _statement_request(ctx: Context, statement: Statement) -> StatementRequest:
    now = now_us()
    first, second, third, id = new_ids(4)
    return StatementRequest(
        kind=statement.kind,
        a=meant_one(ctx, statement.a),
        b=None if statement.b is None else meant_one(ctx, statement.b),
        at=now if statement.at is None else to_us(in_zone(statement.at, ctx.zone, "at")),
        by=statement.by,
        reason=statement.reason,
        id=id,
        now=now,
        homes=(first, second, third),
    )


def _retraction(statement: Statement | str, by: str | None, reason: str | None) -> Retraction:
    check_said(by, reason)
    id = statement.id if isinstance(statement, Statement) else statement
    if id is not None and not isinstance(id, str):
        raise InvalidPolicyError(f"statement: got {type(id).__name__}, accepted is a Statement or its id")
    if id is None:
        raise InvalidPolicyError("statement: got one that was never said, accepted is what link(), deny() ... returned")
    return Retraction(id=id, by=by, reason=reason, now=now_us(), home=new_id())
