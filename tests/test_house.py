"""The rules of form that ruff does not know: how long a file and a function may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import omnitrack

PACKAGE = Path(omnitrack.__file__).parent
MOST_LINES = 450  # of a file
MOST_STATEMENTS = 60  # lines of a function, but for its docstring
REASON = "Long: "  # how the first line of a docstring begins to say why something is longer


def modules() -> Iterator[tuple[str, str, ast.Module]]:
    """Yield the path inside the package, the text and the syntax tree of every file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        yield path.relative_to(PACKAGE).as_posix(), text, ast.parse(text)


def first_line(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return (ast.get_docstring(node) or "").partition("\n")[0]


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function has, but for its docstring."""
    first, last = function.body[0], function.end_lineno or 0
    described = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(function) is not None else 0
    return last - function.lineno + 1 - described


def test_a_file_has_at_most_450_lines_or_its_first_line_says_why_not() -> None:
    long = {
        path: text.count("\n")
        for path, text, tree in modules()
        if text.count("\n") > MOST_LINES and REASON not in first_line(tree)
    }
    assert not long


def test_a_function_has_at_most_60_lines_or_its_first_line_says_why_not() -> None:
    long = {
        f"{path}: {function.name}": length(function)
        for path, _, tree in modules()
        for function in functions(tree)
        if length(function) > MOST_STATEMENTS and REASON not in first_line(function)
    }
    assert not long


def test_the_first_line_of_each_file_says_what_it_holds() -> None:
    assert [path for path, _, tree in modules() if not first_line(tree)] == []


def test_a_docstring_does_not_count_and_a_long_function_is_found() -> None:
    described = ast.parse('def f():\n    """One.\n\n' + "    Two.\n" * 80 + '    """\n    return 1\n')
    written_out = ast.parse("def f():\n" + "    x = 1\n" * 80)
    assert [length(one) for tree in (described, written_out) for one in functions(tree)] == [2, 81]
