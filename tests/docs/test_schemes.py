"""The table of schemes says what the code does: each form gives its normal form; ranks, proofs and links are the code's; no scheme is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from omnitrack.errors import mask
from omnitrack.identifiers import get_scheme, identifier, iter_schemes

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "schemes.md"
COLUMNS = ["scheme", "forms read", "normal form", "scope", "rank", "proves", "links", "reuse", "authority"]
_CELL = re.compile(r"(?<!\\)\|")


def rows() -> list[dict[str, str]]:
    """Return the rows of every table with these columns."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in _CELL.split(line)[1:-1]]
        if len(cells) == len(COLUMNS) and cells[0].startswith("`"):
            found.append(dict(zip(COLUMNS, cells)))
    return found


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


ROWS = rows()


def named(row: dict[str, str]) -> str:
    return codes(row["scheme"])[0]


def scope_of(row: dict[str, str]) -> str:
    """Return the example of a scope: the last code of the cell, where the key has one."""
    key = codes(row["normal form"])[0]
    return codes(row["scope"])[-1] if get_scheme(named(row)).scoped and "@" in key else ""


CASES = [
    (named(row), form, scope_of(row), codes(row["normal form"])[0]) for row in ROWS for form in codes(row["forms read"])
]


def test_every_scheme_has_a_row_and_no_other_has() -> None:
    ours = {scheme.name for scheme in iter_schemes() if type(scheme).__module__.startswith("omnitrack.")}
    assert {named(row) for row in ROWS} == ours


@pytest.mark.parametrize(("scheme", "form", "scope", "key"), CASES)
def test_a_form_gives_the_normal_form(scheme: str, form: str, scope: str, key: str) -> None:
    one = _read(scheme, form, scope)
    assert one.key == key
    assert identifier(key) == one


def _read(scheme: str, form: str, scope: str):  # type: ignore[no-untyped-def]
    if form.startswith(("tg://", "sms:")):  # read by identifier(), which hands on what they name
        return identifier(form, region="GB")
    return get_scheme(scheme).parse(form, region="GB", scope=scope)


@pytest.mark.parametrize("row", ROWS, ids=[f"{named(row)} {codes(row['normal form'])[0]}" for row in ROWS])
def test_rank_proof_and_links_are_the_codes(row: dict[str, str]) -> None:
    scheme = get_scheme(named(row))
    one = identifier(codes(row["normal form"])[0])
    assert int(row["rank"]) == scheme.rank
    assert set(codes(row["proves"])) == set(scheme.proves)
    assert {"yes": True, "no": False}[row["links"]] is one.linkable
    assert row["reuse"]
    assert row["authority"]


@pytest.mark.parametrize("row", [row for row in ROWS if "*(needed)*" in row["scope"]], ids=named)
def test_a_value_without_the_scope_that_it_needs_does_not_identify(row: dict[str, str]) -> None:
    scheme = get_scheme(named(row))
    value = identifier(codes(row["normal form"])[0]).value
    assert not scheme.parse(value).linkable


@pytest.mark.parametrize("key", sorted({key for _, _, _, key in CASES}))
def test_no_identifier_is_shown_whole_where_it_is_masked(key: str) -> None:
    one = identifier(key)
    assert mask(one.value) in repr(one)
    assert one.value not in repr(one)
    assert one.display
    assert identifier(one.key) == one
