"""Every regular expression of the package, and texts made from an expression to keep it busy."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from re import _constants as ops  # type: ignore[attr-defined]
from typing import Any

import attrs

from hostile.backtracking import Matcher, TooManySteps, is_one

_CALLS = frozenset({"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"})
_EVERYWHERE = frozenset({"split", "findall", "finditer", "sub", "subn", "search"})

# Characters of every kind that expressions ask for, and one that none of them takes.
_NOBODY = "\x01"
_COMMON = "aA1_ \t\n\r-.@:;/<>\"'()[],+%=&#!?*~|\\é年\xa0" + _NOBODY

#: Steps a character of the text that an expression may take, whatever the text.
MOST_STEPS = 200
_SCREENED = 15  # below this, at the smallest size, nothing needs a second look
_SIZE = 400


@attrs.frozen
class Expression:
    """An expression, where it stands, and how it is run (``match``, ``fullmatch``, or ``finditer`` for at every place)."""

    where: str
    pattern: re.Pattern[Any]
    hows: frozenset[str]


@attrs.frozen
class Attack:
    """A text, by its parts, on which an expression takes more steps than are linear."""

    how: str
    text: tuple[Any, Any, Any]
    steps: tuple[int, int]

    def __str__(self) -> str:
        before, again, behind = self.text
        return f"{self.how} of {before!r} + {again!r} * n + {behind!r}: {self.steps[0]} steps, {self.steps[1]} on twice the text"


def expressions(root: Path, package: str) -> tuple[list[Expression], list[str]]:
    """Return the expressions of a package's files, and the places of those that only exist while a function runs."""
    found: list[Expression] = []
    unread: list[str] = []
    trees: dict[Path, list[Any]] = {
        path: list(ast.walk(ast.parse(path.read_text("utf-8")))) for path in sorted(root.rglob("*.py"))
    }
    uses = {path: list(_uses(nodes)) for path, nodes in trees.items()}
    anywhere: dict[str, set[str]] = {}
    for name, how in chain.from_iterable(uses.values()):
        anywhere.setdefault(name, set()).add(how)
    for path, nodes in trees.items():
        module = ".".join([package, *path.relative_to(root).with_suffix("").parts]).removesuffix(".__init__")
        here: dict[str, set[str]] = {}
        for name, how in uses[path]:
            here.setdefault(name, set()).add(how)
        named = _names(nodes)
        for node in nodes:
            if not _is_call(node):
                continue
            where = f"{path.relative_to(root)}:{node.lineno}"
            called = node.func.attr
            try:
                pattern = _value(node, importlib.import_module(module))
            except NameError:
                unread.append(where)
                continue
            name = named.get(node, "")
            hows = (
                (here.get(name) or anywhere.get(name) or {"finditer", "fullmatch"}) if called == "compile" else {called}
            )
            found.append(Expression(where, pattern, frozenset(_how(how) for how in hows)))
    return found, unread


def _how(called: str) -> str:
    return "finditer" if called in _EVERYWHERE else called


def _is_call(node: Any) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr in _CALLS
    )


def _value(node: Any, module: Any) -> re.Pattern[Any]:
    def value(expression: ast.expr) -> Any:
        return eval(compile(ast.Expression(expression), "<expression>", "eval"), vars(module) | {"re": re})

    # The flags come second to compile and third to the others; in these sources they are a name of re, or two.
    flags = [arg for arg in node.args[1:] if "re." in ast.unparse(arg) and _is_flags(arg)]
    flags += [keyword.value for keyword in node.keywords if keyword.arg == "flags"]
    pattern = value(node.args[0])
    return re.compile(pattern, value(flags[0]) if flags else 0)


def _is_flags(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_flags(node.left) and _is_flags(node.right)
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "re"


def _names(nodes: list[Any]) -> dict[ast.AST, str]:
    return {
        node.value: target.id if isinstance(target, ast.Name) else target.attr
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, (ast.Name, ast.Attribute))
    }


def _uses(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr in _CALLS:
            of = node.value
            name = of.id if isinstance(of, ast.Name) else of.attr if isinstance(of, ast.Attribute) else ""
            if name and name != "re":
                yield name, node.attr


def find_attack(pattern: re.Pattern[Any], hows: frozenset[str]) -> Attack | None:
    """Return a text on which an expression is not linear, None where none of those tried is one."""
    matcher = Matcher(pattern)
    for how in sorted(hows):
        for parts in _texts(matcher):
            if (attack := _tried(matcher, how, parts)) is not None:
                return attack
    return None


def _tried(matcher: Matcher, how: str, parts: tuple[Any, Any, Any]) -> Attack | None:
    if _steps(matcher, how, parts, _SIZE, _SCREENED) <= _SCREENED * _SIZE:
        return None
    less, more = (_steps(matcher, how, parts, size, MOST_STEPS) for size in (4 * _SIZE, 8 * _SIZE))
    if more > MOST_STEPS * 8 * _SIZE or more > 2.5 * less:
        return Attack(how, parts, (less, more))
    return None


def _steps(matcher: Matcher, how: str, parts: tuple[Any, Any, Any], size: int, most: int) -> int:
    before, again, behind = parts
    text = before + again * max(1, size // len(again)) + behind
    try:
        return matcher.count(how, text, most=most * size)
    except TooManySteps:
        return matcher.steps


def _texts(matcher: Matcher) -> Iterator[tuple[Any, Any, Any]]:
    """Yield texts as (before, what is repeated, behind): from what each repetition takes, and what stands before it."""
    samples = _Samples(matcher)
    code = str if isinstance(matcher.pattern.pattern, str) else (lambda text: text.encode("latin-1", "replace"))
    seen: set[tuple[str, str, str]] = set()
    for before, again, behind in samples.texts():
        if again and (before, again, behind) not in seen:
            seen.add((before, again, behind))
            yield code(before), code(again), code(behind)


class _Samples:
    """Short texts that an expression takes, and parts of it do."""

    def __init__(self, matcher: Matcher) -> None:
        self.tree = list(matcher.tree)
        self.matcher = matcher
        self.is_bytes = isinstance(matcher.pattern.pattern, bytes)
        literals = "".join(dict.fromkeys(self._literals(self.tree)))[:40]
        self.characters = list(dict.fromkeys(_COMMON + literals))
        if self.is_bytes:
            self.characters = [ch for ch in self.characters if ord(ch) < 256]
        self._options: dict[int, list[str]] = {}

    def texts(self) -> Iterator[tuple[str, str, str]]:
        """Yield (before, repeated, behind)."""
        ends = ("", _NOBODY, "a", "_", "\n" + _NOBODY)
        for before, body, after in self._repeats(self.tree, ("", "")):
            heads = dict.fromkeys(before)
            pumps = dict.fromkeys(self._sample(body, k) for k in range(6))
            pumps |= dict.fromkeys(self._accepted(body))
            for head in heads:
                for pump in pumps:
                    for end in (*ends, self._sample(after, 0)):
                        yield head, pump, end
                    for end in (_NOBODY, "\n" + _NOBODY):
                        yield "", head + pump, end
                        yield head + pump * 3, head, end
        for k in range(8):
            whole = self._sample(self.tree, k)
            for cut in range(1, min(len(whole), 24) + 1):
                for end in (_NOBODY, "\n" + _NOBODY):
                    yield "", whole[:cut], end
            yield "", whole, ""
        for ch in self.characters:
            for end in ("", _NOBODY):
                yield "", ch, end
                yield "", ch + " ", end
                yield "", "a" + ch, end

    def _repeats(
        self, nodes: list[Any], before: tuple[str, str]
    ) -> Iterator[tuple[tuple[str, str], list[Any], list[Any]]]:
        for index, (op, av) in enumerate(nodes):
            here = (before[0] + self._sample(nodes[:index], 0), before[1] + self._sample(nodes[:index], 1))
            if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
                if av[1] is ops.MAXREPEAT or av[1] > 8:
                    yield here, list(av[2]), nodes[index + 1 :]
                yield from self._repeats(list(av[2]), here)
            elif op is ops.BRANCH:
                for part in av[1]:
                    yield from self._repeats(list(part), here)
            elif op is ops.SUBPATTERN:
                yield from self._repeats(list(av[3]), here)
            elif op is ops.ATOMIC_GROUP:
                yield from self._repeats(list(av), here)
            elif op in (ops.ASSERT, ops.ASSERT_NOT):
                yield from self._repeats(list(av[1]), here)

    def _accepted(self, body: list[Any]) -> list[str]:
        if len(body) == 1 and is_one(body[0]):
            return self._choices(body[0])
        return []

    def _choices(self, node: Any) -> list[str]:
        if id(node) not in self._options:
            fits = self.matcher._fits(node)
            self._options[id(node)] = [ch for ch in self.characters if fits(ord(ch) if self.is_bytes else ch)][:12]
        return self._options[id(node)]

    def _sample(self, nodes: list[Any], k: int) -> str:
        return "".join(self._part(node, k) for node in nodes)

    def _part(self, node: Any, k: int) -> str:
        op, av = node
        if is_one(node):
            if op is ops.LITERAL:
                return chr(av)
            options = self._choices(node)
            return options[k % len(options)] if options else ""
        if op is ops.BRANCH:
            return self._sample(list(av[1][k % len(av[1])]), k)
        if op is ops.SUBPATTERN:
            return self._sample(list(av[3]), k)
        if op is ops.ATOMIC_GROUP:
            return self._sample(list(av), k)
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            times: int = min(max(av[0], k % 2 if av[0] == 0 else 1), 64)
            return self._sample(list(av[2]), k) * times
        return ""

    def _literals(self, nodes: Any) -> Iterator[str]:
        for op, av in nodes:
            if op is ops.LITERAL:
                yield chr(av)
            elif op is ops.IN:
                yield from (chr(code) for kind, code in av if kind is ops.LITERAL)
            elif op is ops.BRANCH:
                for part in av[1]:
                    yield from self._literals(part)
            elif op is ops.SUBPATTERN:
                yield from self._literals(av[3])
            elif op is ops.ATOMIC_GROUP:
                yield from self._literals(av)
            elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
                yield from self._literals(av[2])
            elif op in (ops.ASSERT, ops.ASSERT_NOT):
                yield from self._literals(av[1])
