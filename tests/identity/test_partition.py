"""The partition by itself: rules that no tracker lets anybody break from outside."""

from __future__ import annotations

import pytest

from omnitrack.identity.partition import SAME, TOGETHER, partition
from omnitrack.identity.policy import Policy
from omnitrack.storage.contract import LINKABLE, NO_ID, IdentifierRow, LinkRow

PHONE, ONE, TWO = (bytes([n]) * 16 for n in (1, 2, 3))


def row(id: bytes, scheme: str, *, base: bytes | None = None, state: int = LINKABLE) -> IdentifierRow:
    return IdentifierRow(id, id, id, scheme, scheme, "", base or id, None, state, None, 0)


def together(a: bytes, b: bytes) -> LinkRow:
    return LinkRow(a, b, TOGETHER, 2, NO_ID, 0, bytes(15) + b"i", 0)


@pytest.mark.parametrize(
    "other",
    [row(TWO, "account", base=ONE), row(TWO, "account", state=0)],
    ids=["two holders of one account", "one that may not identify"],
)
def test_a_statement_that_never_can_join_its_two_counts_in_no_limit(other: IdentifierRow) -> None:
    third = bytes([4]) * 16
    rows = {r.id: r for r in (row(PHONE, "phone"), row(ONE, "account"), other, row(third, "account"))}
    said = [LinkRow(ONE, TWO, SAME, 4, b"s" * 16, 0, NO_ID, 0), LinkRow(TWO, third, SAME, 4, b"t" * 16, 0, NO_ID, 0)]
    found = partition(rows, [together(PHONE, ONE), together(PHONE, third), *said], Policy())
    assert PHONE in found.shared
    usable = rows | {TWO: row(TWO, "account")}
    assert PHONE not in partition(usable, [together(PHONE, ONE), together(PHONE, third), *said], Policy()).shared
