"""Mutants: one change of the syntax tree of one function, made for as long as a test tries whether anything notices.

A mutant names the function itself, a pattern in it and what stands there instead. Both are Python, and compared as syntax trees: neither
formatting nor a change elsewhere in the module matters. In a pattern

- a name that begins with two underscores stands for any expression, the same one wherever it stands; the replacement may use it;
- ``...`` as the whole of a block stands for any statements, which the replacement keeps where it has ``...`` too;
- ``...`` elsewhere stands for any expression.

A pattern that is not there, or there more than once, fails the test: a mutant that nobody can make proves nothing.
"""

from __future__ import annotations

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from types import CodeType, FunctionType
from typing import Any

import attrs
import pytest

Function = Callable[..., Any] | property


@attrs.frozen
class Mutant:
    """A rule, the function that holds it, and a change of the function that breaks it."""

    rule: str
    function: Function
    old: str
    new: str

    def __str__(self) -> str:
        return self.rule.replace(" ", "-").replace(",", "")


class MutantError(AssertionError):
    """A mutant cannot be made of the code as it is now."""


@contextmanager
def alive(mutant: Mutant) -> Iterator[None]:
    """Have the function run as this mutant, wherever it was imported to."""
    function = _plain(mutant.function)
    before = function.__code__
    function.__code__ = _mutated(mutant, function)
    try:
        yield
    finally:
        function.__code__ = before


def passes(*tests: Callable[[], object]) -> bool:
    """Whether every one of some tests passes."""
    try:
        for test in tests:
            test()
    except (Exception, pytest.fail.Exception):  # a mutant may break in any way
        return False
    return True


def _plain(function: Function) -> FunctionType:
    found = inspect.unwrap(function.fget if isinstance(function, property) else function)  # type: ignore[arg-type]
    found = getattr(found, "__func__", found)
    if not isinstance(found, FunctionType):
        raise MutantError(f"{function!r} is no function of Python")
    return found


def _mutated(mutant: Mutant, function: FunctionType) -> CodeType:
    tree = copy.deepcopy(_parsed(function.__code__.co_filename))
    line, name = function.__code__.co_firstlineno, function.__qualname__
    node = next(
        (node for node in ast.walk(tree) if _begins(node) == line and getattr(node, "name", "") == function.__name__),
        None,
    )
    if node is None:
        raise MutantError(f"{mutant.rule}: {name} is not in {function.__code__.co_filename}")
    old, new = _statements(mutant.old), _statements(mutant.new)
    found = [place for place in _places(node, len(old), _is_expression(old)) if _matches(old, place, {})]
    if len(found) != 1:
        raise MutantError(f"{mutant.rule}: {mutant.old!r} is {len(found)} times in {name}, expected is once")
    held: dict[str, Any] = {}
    place = found[0]
    _matches(old, place, held)
    replacement = _filled(new, held)
    if _matches(replacement, place, {}):
        raise MutantError(f"{mutant.rule}: {mutant.new!r} changes nothing")
    place.put(replacement)
    ast.fix_missing_locations(tree)
    code = compile(tree, function.__code__.co_filename, "exec")
    return next(c for c in _codes(code) if c.co_qualname == name and c.co_firstlineno == line)


@cache
def _parsed(path: str) -> ast.Module:
    with open(path, encoding="utf-8") as file:
        return ast.parse(file.read())


def _begins(node: ast.AST) -> int | None:
    """Return the line that code objects call their first: of a decorated function that of the first decorator."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


# -- patterns -----------------------------------------------------------------------------------------------------------


def _statements(text: str) -> list[ast.stmt]:
    return ast.parse(textwrap.dedent(text)).body


def _is_expression(pattern: Sequence[ast.stmt]) -> bool:
    return len(pattern) == 1 and isinstance(pattern[0], ast.Expr)


@attrs.frozen
class _Place:
    """Where a pattern may stand: some statements of a block, or one expression."""

    owner: Any
    key: str | int | slice

    @property
    def nodes(self) -> list[ast.AST]:
        if isinstance(self.key, str):
            return [getattr(self.owner, self.key)]
        found = self.owner[self.key]
        return found if isinstance(found, list) else [found]

    def put(self, new: list[ast.stmt]) -> None:
        if isinstance(self.key, str):
            setattr(self.owner, self.key, _one(new))
        else:
            self.owner[self.key] = new if isinstance(self.key, slice) else _one(new)


def _places(function: ast.AST, length: int, expression: bool) -> Iterator[_Place]:
    for node in ast.walk(function):
        for field, value in ast.iter_fields(node):
            if expression and isinstance(value, ast.expr):
                yield _Place(node, field)
            for start, item in enumerate(value if isinstance(value, list) else ()):
                if expression and isinstance(item, ast.expr):
                    yield _Place(value, start)
                if not expression and isinstance(item, ast.stmt) and start + length <= len(value):
                    yield _Place(value, slice(start, start + length))


def _one(new: list[ast.stmt]) -> ast.expr:
    if not _is_expression(new):
        raise MutantError("an expression is replaced by an expression")
    assert isinstance(new[0], ast.Expr)
    return new[0].value


def _matches(pattern: list[ast.stmt], place: _Place, held: dict[str, Any]) -> bool:
    if _is_expression(pattern):
        return _same(_one(pattern), place.nodes[0], held)
    return _same(pattern, place.nodes, held)


def _is_rest(node: object) -> bool:
    return isinstance(node, ast.Expr) and _is_any(node.value)


def _is_any(node: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _same(pattern: Any, node: Any, held: dict[str, Any]) -> bool:
    """Whether a node is what a pattern says; ``held`` is given what its wildcards stand for."""
    if isinstance(pattern, ast.Name) and pattern.id.startswith("__"):
        if not isinstance(node, ast.expr):
            return False
        known = held.setdefault(pattern.id, node)
        return ast.dump(known) == ast.dump(node)
    if _is_any(pattern):
        return isinstance(node, ast.expr)
    if isinstance(pattern, list):
        if len(pattern) == 1 and _is_rest(pattern[0]) and isinstance(node, list):
            held.setdefault("...", []).append(node)
            return True
        return (
            isinstance(node, list) and len(pattern) == len(node) and all(map(_same, pattern, node, [held] * len(node)))
        )
    if isinstance(pattern, ast.AST):
        return type(pattern) is type(node) and all(
            _same(getattr(pattern, field), getattr(node, field), held)
            for field in pattern._fields
            if field not in ("ctx", "kind", "type_comment")
        )
    return type(pattern) is type(node) and bool(pattern == node)


def _filled(new: Sequence[ast.stmt], held: dict[str, Any]) -> list[ast.stmt]:
    """Return a replacement with what the wildcards stand for in their places."""
    rests = iter(held.get("...", ()))

    class Filler(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            if not node.id.startswith("__"):
                return node
            found = held[node.id]
            assert isinstance(found, ast.expr)
            return copy.deepcopy(found)

        def visit_Expr(self, node: ast.Expr) -> Any:
            return next(rests) if _is_rest(node) else self.generic_visit(node)

    return [
        node
        for found in map(Filler().visit, copy.deepcopy(list(new)))
        for node in (found if isinstance(found, list) else [found])
    ]
