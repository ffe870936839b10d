"""Generates src/omnitrack/aio.py from tracker.py: each public method once more, awaited, with the same parameters, types and texts.

    python tools/generate_aio.py          # writes it
    python tools/generate_aio.py --check  # fails where the file differs

What a method does in an event loop follows from what it returns: an iterator becomes an async iterator, a ``Timeline`` an ``AsyncTimeline``, anything
else is awaited. The few methods that are not so are written out below.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

SOURCE = Path(__file__).resolve().parent.parent / "src" / "omnitrack"
WIDTH = 120

HEADER = '''"""AsyncTracker: the tracker for async callers. Long: generated from tracker.py by tools/generate_aio.py; do not edit."""

from __future__ import annotations
'''

TRACKER_DOC = '''"""``Tracker`` for async callers: the same methods, awaited. Made by ``omnitrack.open_async``.

    The store is set up by the first call, or by ``async with``. Use it in one event loop.
'''

#: Methods of a Tracker that do not follow from its own.
WRITTEN = {
    "__init__": """        self._tracker = DrivenTracker(
            backend,
{arguments}
        )
        self._calls = Calls(self._tracker)
""",
    "__repr__": """    def __repr__(self) -> str:
        return repr(self._tracker).replace("<", "<Async", 1)
""",
    "using": """        tracker = object.__new__(AsyncTracker)
        tracker._calls = self._calls.using(transaction)
        tracker._tracker = tracker._calls.tracker
        return tracker
""",
    "__enter__": """    async def __aenter__(self) -> AsyncTracker:
        await self._calls.open()
        return self
""",
    "__exit__": """    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._calls.close()
""",
}

TIMELINE = """class AsyncTimeline:
    {doc}

    def __init__(self, timeline: Timeline, calls: Calls) -> None:
        self._timeline = timeline
        self._calls = calls

    def __repr__(self) -> str:
        return repr(self._timeline).replace("<", "<Async", 1)

{methods}
    def __aiter__(self) -> AsyncIterator[TimelineItem]:
        return self._calls.iterate(iter(self._timeline))
"""

CHANGES = """class AsyncChanges:
    {doc}

    def __init__(self, changes: Changes, calls: Calls) -> None:
        self._changes = changes
        self._calls = calls

    def __repr__(self) -> str:
        return repr(self._changes).replace("<", "<Async", 1)

{methods}
    async def __aiter__(self) -> AsyncIterator[FeedEntry]:
        cursor: str | None = None
        left = self._changes.limit
        while left is None or left > 0:
            page = await self.page(100 if left is None else min(left, 100), cursor)
            if not page.items:
                return
            for entry in page.items:
                yield entry
            cursor = page.next
            left = None if left is None else left - len(page.items)
"""

#: Methods that wait for nothing.
PLAIN = {"acting", "within", "policy", "settings"}

EXTRA_IMPORTS = {
    "collections.abc": {"AsyncIterator"},
    "omnitrack.greenlets": {"AsyncItems", "Calls", "DrivenTracker"},
    "omnitrack.tracker": {"Changes", "Timeline"},
}


class Generator:
    """Writes the module from the source of tracker.py."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tree = ast.parse(source)

    def module(self) -> str:
        """Return the text of aio.py."""
        body = "\n\n".join([self._timeline(), self._changes(), self._tracker(), self._open()])
        return f"{HEADER}\n{self._imports(body)}\n\n{body}"

    # -- parts of the source --------------------------------------------------------------------------------------------
    def _class(self, name: str) -> ast.ClassDef:
        return next(node for node in self._tree.body if isinstance(node, ast.ClassDef) and node.name == name)

    @staticmethod
    def _methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
        return (found for found in node.body if isinstance(found, ast.FunctionDef))

    def _text(self, node: ast.AST | None) -> str:
        text = ast.get_source_segment(self._source, node) if node is not None else None
        assert text is not None
        return text

    def _doc(self, node: ast.FunctionDef | ast.ClassDef) -> str:
        """Return a docstring as it stands in the source, without examples, which are of sync callers."""
        first = node.body[0]
        assert isinstance(first, ast.Expr)
        return re.sub(r"\n\n +>>> .*", f'\n{" " * (first.col_offset)}"""', self._text(first), flags=re.DOTALL)

    # -- parts of the module --------------------------------------------------------------------------------------------
    def _imports(self, body: str) -> str:
        """Return the imports of tracker.py whose names the module uses, and its own."""
        names = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
        always: dict[str, set[str]] = {module: set(found) for module, found in EXTRA_IMPORTS.items()}
        typing: dict[str, set[str]] = {}
        for node in self._tree.body:
            block, into = (node.body, typing) if isinstance(node, ast.If) else ([node], always)
            for one in block:
                if isinstance(one, ast.ImportFrom) and one.module not in (None, "__future__"):
                    assert one.module is not None
                    into.setdefault(one.module, set()).update(alias.name for alias in one.names)
        always.setdefault("typing", set()).add("TYPE_CHECKING")
        names.add("TYPE_CHECKING")
        text = self._import_lines({module: found & names for module, found in always.items()})
        guarded = self._import_lines({module: found & names for module, found in typing.items()})
        guarded = guarded.replace("import Engine\n", "import Engine\nfrom sqlalchemy.ext.asyncio import AsyncEngine\n")
        return f"{text}\n\nif TYPE_CHECKING:\n{indent(guarded, '    ')}\n"

    @staticmethod
    def _import_lines(imports: dict[str, set[str]]) -> str:
        sections: tuple[list[str], list[str]] = ([], [])
        for module in sorted(module for module, names in imports.items() if names):
            ordered = sorted(imports[module], key=lambda name: (not name.isupper(), not name[0].isupper(), name))
            line = f"from {module} import {', '.join(ordered)}"
            if len(line) > WIDTH:
                line = f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"
            sections[module.startswith("omnitrack")].append(line)
        return "\n\n".join("\n".join(lines) for lines in sections if lines)

    def _timeline(self) -> str:
        node = self._class("Timeline")
        methods = "\n".join(
            self._awaited(method, "_timeline") for method in self._methods(node) if not method.name.startswith("_")
        )
        doc = self._doc(node).replace("as it is iterated", "as it is iterated with ``async for``")
        return TIMELINE.format(doc=doc.replace("Tracker.timeline", "AsyncTracker.timeline"), methods=methods)

    def _changes(self) -> str:
        node = self._class("Changes")
        methods = "\n".join(
            self._awaited(method, "_changes")
            for method in self._methods(node)
            if not method.name.startswith("_") and not method.decorator_list
        )
        return CHANGES.format(doc=self._doc(node).replace("Tracker.changes", "AsyncTracker.changes"), methods=methods)

    def _tracker(self) -> str:
        node = self._class("Tracker")
        arguments = self._doc(node).partition("\n\n")[2]
        parts = [f"class AsyncTracker:\n    {TRACKER_DOC}\n{arguments}\n"]
        for method in self._methods(node):
            if method.name == "__init__":
                given = "\n".join(f"            {a.arg}={a.arg}," for a in method.args.kwonlyargs)
                parts.append(self._signature(method) + WRITTEN["__init__"].format(arguments=given))
            elif method.name == "using":
                signature = self._signature(method, returns="AsyncTracker")
                parts.append(f"{signature}        {self._doc(method)}\n{WRITTEN['using']}")
            elif method.name in WRITTEN:
                parts.append(WRITTEN[method.name])
            elif method.name == "close":
                parts.append(self._signature(method, "async def") + self._body(method, "await self._calls.close()"))
            elif not method.name.startswith("_"):
                parts.append(self._method(method))
        return "\n".join(parts)

    def _method(self, method: ast.FunctionDef) -> str:
        returns = self._text(method.returns)
        if any(self._text(decorator) == "property" for decorator in method.decorator_list):
            return (
                "    @property\n" + self._signature(method) + self._body(method, f"return self._tracker.{method.name}")
            )
        if method.name in PLAIN:
            return self._signature(method) + self._body(
                method, *self._call("return self._tracker." + method.name, method)
            )
        if returns == "Timeline":
            call = self._call(f"timeline = self._tracker.{method.name}", method)
            body = self._body(method, *call, "return AsyncTimeline(timeline, self._calls)")
            return self._signature(method, returns="AsyncTimeline") + body
        if returns == "Changes":
            call = self._call(f"changes = self._tracker.{method.name}", method)
            body = self._body(method, *call, "return AsyncChanges(changes, self._calls)")
            return self._signature(method, returns="AsyncChanges") + body
        if returns.startswith(("Iterator[", "Stream[")):
            call = self._call(f"items = self._tracker.{method.name}", method)
            body = self._body(method, *call, "return self._calls.iterate(items)")
            return self._signature(method, returns=f"AsyncIterator[{returns.partition('[')[2]}") + body
        return self._awaited(method, "_tracker")

    def _awaited(self, method: ast.FunctionDef, on: str) -> str:
        call = self._call("return await self._calls.call", method, f"self.{on}.{method.name}")
        return self._signature(method, "async def") + self._body(method, *call)

    def _open(self) -> str:
        node = next(node for node in self._tree.body if isinstance(node, ast.FunctionDef) and node.name == "open")
        first, _, rest = self._doc(node).partition("\n\n")
        doc = f"{first} It is opened by ``async with``, or by the first call.\n\n{rest}"
        given = "\n".join(f"        {a.arg}={a.arg}," for a in node.args.kwonlyargs)
        signature = self._signature(node, name="open_async", returns="AsyncTracker", margin=0)
        signature = signature.replace("str | Engine", "str | Engine | AsyncEngine")
        return (
            f"{signature}    {doc}\n    return AsyncTracker(\n        open_backend(url, **options),\n{given}\n    )\n"
        )

    # -- lines ----------------------------------------------------------------------------------------------------------
    def _signature(
        self, node: ast.FunctionDef, begin: str = "def", *, name: str = "", returns: str = "", margin: int = 4
    ) -> str:
        head = f"{' ' * margin}{begin} {name or node.name}("
        return "\n".join(wrapped(head, self._parameters(node), f") -> {returns or self._text(node.returns)}:")) + "\n"

    def _parameters(self, node: ast.FunctionDef) -> list[str]:
        arguments = node.args
        found = []
        defaults = [None] * (len(arguments.args) - len(arguments.defaults)) + list(arguments.defaults)
        for argument, default in zip(arguments.args, defaults):
            found.append(self._parameter(argument, default))
        if arguments.kwonlyargs:
            found.append("*")
            found += map(self._parameter, arguments.kwonlyargs, arguments.kw_defaults)
        if arguments.kwarg is not None:
            found.append("**" + self._parameter(arguments.kwarg, None))
        return found

    def _parameter(self, argument: ast.arg, default: ast.expr | None) -> str:
        if argument.annotation is None:
            return argument.arg
        annotation = self._text(argument.annotation)
        if annotation == "Items":
            annotation = "Items | AsyncItems"
        return f"{argument.arg}: {annotation}" + (f" = {self._text(default)}" if default is not None else "")

    def _call(self, head: str, method: ast.FunctionDef, *first: str) -> list[str]:
        given = list(first)
        for argument in method.args.args[1:]:
            is_items = argument.annotation is not None and self._text(argument.annotation) == "Items"
            given.append(f"self._calls.iterated({argument.arg})" if is_items else argument.arg)
        given += [f"{argument.arg}={argument.arg}" for argument in method.args.kwonlyargs]
        if method.args.kwarg is not None:
            given.append(f"**{method.args.kwarg.arg}")
        return wrapped(f"        {head}(", given, ")")

    def _body(self, method: ast.FunctionDef, *lines: str) -> str:
        written = [line if line.startswith(" ") else f"        {line}" for line in lines]
        return "\n".join([f"        {self._doc(method)}", *written]) + "\n"


def wrapped(head: str, items: list[str], tail: str) -> list[str]:
    """Return lines as the formatter breaks them: all in one, the items in one of their own, or each in its own."""
    margin = " " * (len(head) - len(head.lstrip()))
    if len(one := f"{head}{', '.join(items)}{tail}") <= WIDTH:
        return [one]
    if len(inner := f"{margin}    {', '.join(items)}") <= WIDTH:
        return [head, inner, f"{margin}{tail}"]
    lines = [f"{margin}    {item}," for item in items]
    return [head, *lines, f"{margin}{tail}"]


def generated() -> str:
    """Return what aio.py has to be."""
    return Generator((SOURCE / "tracker.py").read_text(encoding="utf-8")).module()


def main() -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="fail where the file differs, and write nothing")
    target, text = SOURCE / "aio.py", generated()
    if parser.parse_args().check:
        if target.read_text(encoding="utf-8") != text:
            print("aio.py is not what tracker.py generates: run python tools/generate_aio.py", file=sys.stderr)
            return 1
        return 0
    target.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
