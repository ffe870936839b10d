"""The partition of a whole store is what ``partition`` says, with numpy and without it; mutants prove that these tests would see a difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.facts import POLICIES, budget
from omnitrack.identity.bulk import Bulk
from omnitrack.identity.partition import (
    DIFFERENT,
    MATCH,
    PERSONAL,
    REASSIGNED,
    SAME,
    SHARED_MARK,
    TOGETHER,
    partition,
)
from omnitrack.identity.policy import Policy
from omnitrack.storage.contract import LINKABLE, NO_ID, RETIRED, IdentifierRow, LinkRow

MOST = 9
KINDS = (
    ("phone", ""),
    ("email", ""),
    ("account", "bt"),
    ("account", "bt"),
    ("account", "ee"),
    ("x", ""),
    ("x", "here"),
)

policies = st.sampled_from(
    (
        *POLICIES,
        Policy(),
        Policy(limits={"*": None}, max_identifiers=None, max_component=None),
        Policy(limits={"*": None}, max_identifiers=4, max_component=3, auto_match=0.9),
        Policy(limits={"*": 2, "account": None}, max_identifiers=3, max_component=4, auto_match=0.9),
    )
)
numbers = st.integers(0, MOST - 1)
usually = st.sampled_from((True,) * 9 + (False,))


def _id(n: int) -> bytes:
    # Alike in the first half, so that nothing may rest on that alone.
    return bytes(8) + (n * 37 % 101).to_bytes(8, "big")


def _home(n: int) -> bytes:
    return (n % 3).to_bytes(8, "big") + (n * 41 % 97 + 1).to_bytes(8, "big")


def _row(n: int, kind: tuple[str, str], base: int | None, linkable: bool, retired: bool) -> IdentifierRow:
    state = (LINKABLE if linkable else 0) | (RETIRED if retired else 0)
    of = _id(n if base is None else base)
    return IdentifierRow(_id(n), _home(n), b"", kind[0], str(n), kind[1], of, None, state, None, 0)


rows = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.one_of(st.none(), st.none(), st.none(), numbers),
        usually,
        usually.map(lambda u: not u),
    ),
    min_size=2,
    max_size=MOST,
).map(lambda drawn: [_row(n, *one) for n, one in enumerate(drawn)])


def _link(a: int, b: int, basis: str, assurance: int, seen: int, score: int) -> LinkRow | None:
    if basis in (TOGETHER, MATCH, SAME, DIFFERENT):
        if a == b:
            return None
        a, b = sorted((a, b), key=_id)
    elif basis == SHARED_MARK:
        b = a
    if basis in (TOGETHER, MATCH):
        return LinkRow(_id(a), _id(b), basis, assurance, NO_ID, seen, _id(seen), score if basis == MATCH else 0)
    return LinkRow(_id(a), _id(b), basis, 4, _id(seen * 100 + a * 10 + b), seen, NO_ID, 0)


links = st.lists(
    st.builds(
        _link,
        numbers,
        numbers,
        st.sampled_from((TOGETHER,) * 8 + (MATCH, SAME, SAME, DIFFERENT, SHARED_MARK, PERSONAL, REASSIGNED)),
        st.sampled_from((1, 2, 2, 2, 3)),
        st.integers(0, 3),
        st.sampled_from((850_000, 950_000)),
    ),
    max_size=16,
).map(lambda drawn: list({link[:5]: link for link in drawn if link is not None}.values()))


def said_by_bulk(
    found: Sequence[IdentifierRow], said: Iterable[LinkRow], policy: Policy, vectorised: bool, piece: int = 3
) -> tuple[dict[bytes, bytes], set[bytes], set[bytes]]:
    bulk = Bulk(policy, vectorised=vectorised)
    for start in range(0, len(found), piece):
        bulk.add_identifiers(found[start : start + piece])
    said = list(said)
    for start in range(0, len(said), piece):
        bulk.add_links(said[start : start + piece])
    census = bulk.solve()
    places = dict(zip((row.id for row in found), census.index.find([row.id for row in found])))
    assert census.customers() == len({census.customer_at(n) for n in places.values()})
    return (
        {x: census.customer_at(n) for x, n in places.items()},
        {x for x, n in places.items() if census.shared[n]},
        {x for x, n in places.items() if census.oversized[n]},
    )


def _swapped(x: bytes) -> bytes:
    return x[8:] + x[:8]


def as_addressed(found: list[IdentifierRow], said: list[LinkRow]) -> tuple[list[IdentifierRow], list[LinkRow]]:
    """Return the same with ids that differ in the first half, as content addresses do."""
    found = [row._replace(id=_swapped(row.id), base=_swapped(row.base)) for row in found]
    return found, [link._replace(a=_swapped(link.a), b=_swapped(link.b)) for link in said]


def is_the_partition(
    found: list[IdentifierRow], said: list[LinkRow], policy: Policy, addressed: bool, *, vectorised: bool
) -> None:
    if addressed:
        found, said = as_addressed(found, said)
    found = sorted(found)
    there = {row.id: row for row in found}
    wanted = partition(there, [link for link in said if link.a in there and link.b in there], policy)
    expected = (wanted.customer, set(wanted.shared), wanted.oversized)
    assert said_by_bulk(found, said, policy, vectorised) == expected


@budget(400)
@given(rows, links, policies, st.booleans())
def test_in_plain_python_it_is_the_partition(
    found: list[IdentifierRow], said: list[LinkRow], policy: Policy, addressed: bool
) -> None:
    is_the_partition(found, said, policy, addressed, vectorised=False)


@budget(400)
@given(rows, links, policies, st.booleans())
def test_with_numpy_it_is_the_partition(
    found: list[IdentifierRow], said: list[LinkRow], policy: Policy, addressed: bool
) -> None:
    pytest.importorskip("numpy")
    is_the_partition(found, said, policy, addressed, vectorised=True)
