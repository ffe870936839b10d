"""Mutants of the engine: one expression of its source replaced, each listed by the rule that it breaks."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any

import attrs


@attrs.frozen
class Mutant:
    """A rule, and the replacement of source text that breaks it. ``old`` stands once in the module."""

    rule: str
    module: str
    old: str
    new: str

    def __str__(self) -> str:
        return self.rule.replace(" ", "-").replace(",", "")


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    for name, found in vars(module).items():
        if isinstance(found, FunctionType):
            yield name, found
        elif inspect.isclass(found):
            for inner, member in vars(found).items():
                if isinstance(member, property):
                    member = member.fget
                if isinstance(member, FunctionType):
                    yield f"{name}.{inner}", member


def _essence(code: CodeType) -> tuple[Any, ...]:
    """What a code object does, wherever its lines stand."""
    consts = tuple(_essence(c) if isinstance(c, CodeType) else (type(c), c) for c in code.co_consts)
    return (code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)


@contextmanager
def alive(mutant: Mutant) -> Iterator[None]:
    """Have the engine run as this mutant: the code of the functions that differ is exchanged in place, wherever they were imported to."""
    module = importlib.import_module(mutant.module)
    source = inspect.getsource(module)
    assert source.count(mutant.old) == 1, f"{mutant.old!r} stands {source.count(mutant.old)} times in {mutant.module}"
    twin = ModuleType(module.__name__)
    twin.__file__ = module.__file__
    exec(compile(source.replace(mutant.old, mutant.new), str(module.__file__), "exec"), vars(twin))
    theirs = {name: f for name, f in _functions(twin) if f.__module__ == module.__name__}
    changed = [
        (mine, theirs[name].__code__)
        for name, mine in _functions(module)
        if mine.__module__ == module.__name__
        and name in theirs
        and _essence(mine.__code__) != _essence(theirs[name].__code__)
    ]
    assert changed, f"{mutant.rule}: the replacement changes no function"
    before = [(mine, mine.__code__) for mine, _ in changed]
    try:
        for mine, code in changed:
            mine.__code__ = code
        yield
    finally:
        for mine, code in before:
            mine.__code__ = code
