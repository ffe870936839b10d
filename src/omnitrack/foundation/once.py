"""Idempotent writes: a write that is retried after a lost answer returns what it returned the first time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from omnitrack.storage.contract import Transaction

T = TypeVar("T")


class Once(Generic[T]):
    """A function of a transaction for ``run``, which repeats it where a connection broke during the commit, and whether it happened is unknown.

    What was written is there then, for ids and times are made outside; done again, it would be taken for somebody else's: a duplicate, a
    conflict, a person whom nobody knows any more. So before it is done again it is looked for, and where it is there the first answer stands.

    Args:
        fn: what to do.
        is_there: whether what the function wrote is stored, given its answer. False where it wrote nothing.
    """

    def __init__(self, fn: Callable[[Transaction], T], is_there: Callable[[Transaction, T], bool]) -> None:
        self._fn = fn
        self._is_there = is_there
        self._answers: list[T] = []

    def __call__(self, tx: Transaction) -> T:
        """Do it, or find it done."""
        for answer in self._answers:
            if self._is_there(tx, answer):
                return answer
        answer = self._fn(tx)
        self._answers = [answer]
        return answer


def recorded(id: bytes, at: int) -> Callable[[Transaction, object], bool]:
    """Return what tells whether an interaction, or a revision of it, was recorded by whoever recorded at this time."""
    return lambda tx, answer: any(row.recorded_at == at for row in tx.find_interactions(ids=[id]))
