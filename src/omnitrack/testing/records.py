"""The rules of records: compare and set, and found in order of the bytes of their keys."""

# ruff: noqa: D102 (the name of a test states its rule)

from __future__ import annotations

from collections.abc import Sequence

import pytest

from omnitrack.errors import ConflictError
from omnitrack.storage.contract import RecordRow, Transaction
from omnitrack.testing.base import Caller, ConformanceBase
from omnitrack.testing.rows import AWKWARD_TEXTS, identifier, record


def put(run: Caller, *rows: RecordRow) -> None:
    """Put records in a transaction of their own."""
    run(lambda tx: tx.put_records(rows))


def keys_of(run: Caller, **arguments: object) -> list[str]:
    """Return the keys of the records found."""
    return [row.key for row in run.read(lambda tx: tx.find_records("kit", **arguments))]  # type: ignore[arg-type]


def stored(keys: Sequence[str]) -> list[str]:
    """Return keys in the order in which a store lists them."""
    return sorted(keys, key=lambda key: key.encode())


def refuse(run: Caller, *rows: RecordRow) -> None:
    """Put records that must be refused; ``run`` is not asked to try again."""

    def fn(tx: Transaction) -> None:
        tx.add_identifiers([identifier(1)])
        try:
            tx.put_records(rows)
        except ConflictError as error:
            raise LookupError from error

    with pytest.raises(LookupError):
        run(fn)


class RecordRules(ConformanceBase):
    """put_records, find_records."""

    # -- compare and set ------------------------------------------------------------------------------------------------
    def test_a_record_comes_back_with_version_1(self, run: Caller) -> None:
        put(run, record("a", '{"x": 1}'))
        (found,) = run.read(lambda tx: tx.find_records("kit"))
        assert found == record("a", '{"x": 1}', 1)
        assert type(found) is RecordRow

    def test_each_put_of_the_expected_version_adds_one(self, run: Caller) -> None:
        for version in range(4):
            put(run, record("a", f"value {version}", version))
        assert run.read(lambda tx: tx.find_records("kit")) == [record("a", "value 3", 4)]

    def test_a_put_and_a_second_in_one_transaction_add_two(self, run: Caller) -> None:
        def fn(tx: Transaction) -> list[RecordRow]:
            tx.put_records([record("a", "1", 0)])
            tx.put_records([record("a", "2", 1)])
            return tx.find_records("kit")

        assert run(fn) == [record("a", "2", 2)]

    @pytest.mark.parametrize("expected", [0, 1, 3, 99])
    def test_a_put_that_expects_another_version_is_a_conflict(self, run: Caller, expected: int) -> None:
        put(run, record("a", "1", 0))
        put(run, record("a", "2", 1))
        refuse(run, record("a", "3", expected))
        assert run.read(lambda tx: tx.find_records("kit")) == [record("a", "2", 2)]

    def test_a_put_that_expects_a_record_where_there_is_none_is_a_conflict(self, run: Caller) -> None:
        refuse(run, record("a", "1", 1))
        assert run.read(lambda tx: tx.find_records("kit")) == []

    def test_a_conflict_leaves_nothing_of_its_transaction(self, run: Caller) -> None:
        put(run, record("a", "1"))
        refuse(run, record("b", "1"), record("a", "2", 7), record("c", "1"))
        assert run.read(lambda tx: tx.find_records("kit")) == [record("a", "1", 1)]
        assert run.read(lambda tx: tx.find_identifiers()) == []

    def test_minus_one_sets_whatever_is_there(self, run: Caller) -> None:
        put(run, record("a", "1", -1))
        put(run, record("a", "2", -1))
        assert run.read(lambda tx: tx.find_records("kit")) == [record("a", "2", 2)]

    def test_records_of_different_kinds_do_not_meet(self, run: Caller) -> None:
        put(run, record("a", "1"), record("a", "2", kind="KIT"), record("a", "3", kind="kit2"))
        assert run.read(lambda tx: tx.find_records("kit")) == [record("a", "1", 1)]
        assert run.read(lambda tx: tx.find_records("kit2")) == [record("a", "3", 1, "kit2")]
        assert run.read(lambda tx: tx.find_records("ki")) == []

    def test_values_of_any_text_come_back_to_the_character(self, run: Caller) -> None:
        rows = [record(f"{n:02}", text) for n, text in enumerate(AWKWARD_TEXTS)]
        put(run, *rows, record("99", "𝔘" * 250_000))
        found = run.read(lambda tx: tx.find_records("kit"))
        assert [row.value for row in found] == [*AWKWARD_TEXTS, "𝔘" * 250_000]

    def test_keys_are_compared_by_their_characters(self, run: Caller) -> None:
        keys = ["a", "A", "a ", " a", "á", "a\u0301", "ａ", "ß", "ss", "", "a" * 200, "a" * 199 + "b"]
        put(run, *[record(key, key) for key in keys])
        assert keys_of(run) == stored(keys)
        assert all(keys_of(run, keys=[key]) == [key] for key in keys)

    # -- found ----------------------------------------------------------------------------------------------------------
    def test_records_are_ordered_by_the_bytes_of_their_keys(self, run: Caller) -> None:
        keys = ["b", "a", "B", "_", "-", "10", "9", "é", "z", "～", "\uffee", "𝔘", "a/b", "a b", "a", "ab"]
        put(run, *[record(key, "", -1) for key in keys])
        assert keys_of(run) == stored(list(set(keys)))

    def test_records_are_found_by_key_in_order(self, run: Caller) -> None:
        put(run, *[record(key) for key in "abcd"])
        assert keys_of(run, keys=["d", "b", "x", "b"]) == ["b", "d"]

    def test_a_prefix_finds_the_keys_that_start_with_it(self, run: Caller) -> None:
        put(run, *[record(key) for key in ("a", "ab", "ab/", "ab/1", "ab0", "Ab/2", "b", "𝔘1", "𝔘2", "\U0010ffffx")])
        assert keys_of(run, prefix="ab/") == ["ab/", "ab/1"]
        assert keys_of(run, prefix="𝔘") == ["𝔘1", "𝔘2"]
        assert keys_of(run, prefix="\U0010ffff") == ["\U0010ffffx"]
        assert keys_of(run, prefix="c") == []

    def test_several_prefixes_find_what_each_finds_alone(self, run: Caller) -> None:
        keys = [f"{start}/{n:02}" for start in ("a", "ab", "b", "B", "𝔘", "\U0010ffff") for n in range(5)]
        put(run, *[record(key) for key in keys], record("a/00", "another", kind="kit2"))
        asked = {"b/": 2, "a": 99, "a/": 3, "nothing": 5, "𝔘": 1, "": 4, "ab/0": 0, "\U0010ffff": 9, "B/01": 1}
        found = run.read(lambda tx: tx.find_records_under("kit", asked))
        assert [[row.key for row in rows] for rows in found] == [
            stored([key for key in keys if key.startswith(prefix)])[:limit] for prefix, limit in asked.items()
        ]
        assert all(type(row) is RecordRow and row.kind == "kit" for rows in found for row in rows)
        assert run.read(lambda tx: tx.find_records_under("kit", {})) == []
        plain = {f"{one}/{n:02}": n % 2 + 1 for one in "ab" for n in range(40)}
        found = run.read(lambda tx: tx.find_records_under("kit", plain))
        assert [[row.key for row in rows] for rows in found] == [[key] if key in keys else [] for key in plain]

    def test_a_prefix_means_its_characters_and_no_pattern(self, run: Caller) -> None:
        signs = "%_*?[]\\'\"^.!$"
        put(run, *[record(f"a{sign}b") for sign in signs], record("axb"), record("a"))
        assert [keys_of(run, prefix=f"a{sign}") for sign in signs] == [[f"a{sign}b"] for sign in signs]

    def test_pages_of_records_go_on_after_a_key(self, run: Caller) -> None:
        keys = [f"{letter}{n}" for letter in "ABa" for n in range(4)]
        put(run, *[record(key) for key in keys])
        assert keys_of(run, limit=5) == keys[:5]
        assert keys_of(run, after=keys[4], limit=5) == keys[5:10]
        assert keys_of(run, after="B", limit=2) == ["B0", "B1"]
        assert keys_of(run, prefix="B", after="B1", limit=9) == ["B2", "B3"]
        assert keys_of(run, prefix="B", after="A3", limit=1) == ["B0"]
        assert keys_of(run, prefix="B", after="a0") == []
        assert keys_of(run, keys=keys, after="B0", limit=2) == ["B1", "B2"]

    def test_an_empty_selection_of_records_finds_nothing(self, run: Caller) -> None:
        put(run, record("a"))
        put(run)
        assert keys_of(run, keys=[]) == []

    def test_thousands_of_records_are_put_and_found_in_one_call(self, run: Caller) -> None:
        keys = [f"{n:05}" for n in range(1000)]
        put(run, *[record(key) for key in keys])
        assert keys_of(run, keys=[f"{n:05}" for n in range(2500)]) == keys
        put(run, *[record(key, "2", 1) for key in keys])
        assert {row.version for row in run.read(lambda tx: tx.find_records("kit"))} == {2}
