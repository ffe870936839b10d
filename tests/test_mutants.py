"""Mutants are made by syntax tree: form does not matter, a pattern that does not fit fails, and nothing is left of one afterwards."""

from __future__ import annotations

from functools import cache, wraps
from typing import Any

import pytest

from mutants import Mutant, MutantError, alive


def total(numbers: list[int], least: int = 0) -> int:
    found = 0
    for number in numbers:
        if number >= least and number != 7:
            found += number
        elif (
            number < 0  # a comment, and lines broken as nobody would
        ):
            found -= number
    return found


class Box:
    def __init__(self, size: int) -> None:
        self.size = size

    @property
    def full(self) -> bool:
        return self.size > 3

    @staticmethod
    def named(*names: str) -> str:
        return ", ".join([*names, "end"])


def _logged(function: Any) -> Any:
    @wraps(function)
    def inner(*args: Any) -> Any:
        return function(*args)

    return inner


@_logged
def decorated(a: int) -> int:
    return max(a, 2)


@cache
def cached(a: int) -> int:
    return a + 1


@pytest.mark.parametrize(
    ("old", "new", "result"),
    [
        ("number>=least", "number > least + 5", 1),
        ("number >= (least)", "True", 4),
        ("number < 0", "False", 5),
        ("found += number", "pass", 1),
        ("found -= number", "found -= number\nfound -= number", 7),
        ("__a and number != 7", "__a", 13),
        ("__a and __b", "__b", 4),
        ("... != 7", "True", 13),
        ("for number in numbers: ...", "for number in numbers[:1]: ...", 5),
        ("found = 0\nfor number in numbers: ...", "found = 100", 100),
    ],
)
def test_a_mutant_runs_where_it_was_imported_to_until_it_is_over(old: str, new: str, result: int) -> None:
    numbers, run = [5, -1, 7, 0], total
    with alive(Mutant("a rule", total, old, new)):
        assert run(numbers) == result != 6
    assert run(numbers) == 6


def test_methods_properties_and_decorated_functions_are_mutated() -> None:
    with alive(Mutant("a rule", Box.__init__, "self.size = size", "self.size = size + 1")):
        assert Box(1).size == 2
    with alive(Mutant("a rule", Box.full, "self.size > 3", "self.size >= 3")):
        assert Box(3).full
    with alive(Mutant("a rule", Box.named, "[*names, __x]", "[__x, *names]")):
        assert Box.named("a") == "end, a"
    with alive(Mutant("a rule", decorated, "max", "min")):
        assert decorated(9) == 2
    with alive(Mutant("a rule", cached, "a + __x", "a - __x")):
        assert cached(5) == 4
    assert (Box(1).size, Box(3).full, Box.named("a"), decorated(9)) == (1, False, "a, end", 9)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("number > least", "True", "is 0 times in total"),
        ("number", "0", r"is \d+ times in total, expected is once"),
        ("number < 0", "number  <  (0)", "changes nothing"),
        ("number < 0", "pass", "an expression is replaced by an expression"),
        ("__a != __a", "False", "is 0 times"),
    ],
)
def test_a_mutant_that_cannot_be_made_fails(old: str, new: str, says: str) -> None:
    with pytest.raises(MutantError, match=says), alive(Mutant("a rule", total, old, new)):
        pass
    assert total([5, -1, 7, 0]) == 6


def test_what_has_no_code_of_python_is_refused() -> None:
    with pytest.raises(MutantError, match="no function of Python"), alive(Mutant("a rule", len, "a", "b")):
        pass


def test_a_mutant_is_over_when_a_test_fails() -> None:
    with pytest.raises(ZeroDivisionError), alive(Mutant("a rule", total, "found = 0", "found = 1 // 0")):
        total([])
    assert total([]) == 0
