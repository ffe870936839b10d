"""aio.py is what tracker.py generates: the same calls with the same parameters, types and texts; and each parameter has a text."""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from omnitrack import AsyncTracker, Timeline, Tracker, aio, open_async, tracker
from omnitrack.aio import AsyncTimeline

ROOT = Path(__file__).resolve().parent.parent

FACES: dict[str, tuple[type, type]] = {"Tracker": (Tracker, AsyncTracker), "Timeline": (Timeline, AsyncTimeline)}


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_aio", ROOT / "tools" / "generate_aio.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def methods(cls: type) -> Iterator[tuple[str, Any]]:
    for name, method in inspect.getmembers(cls, inspect.isfunction):
        if not name.startswith("_"):
            yield name, method


def calls() -> Iterator[Any]:
    """Yield every public call of both faces."""
    for sync, asynchronous in FACES.values():
        for face in (sync, asynchronous):
            for name, method in methods(face):
                yield pytest.param(method, id=f"{face.__name__}.{name}")
    yield pytest.param(tracker.open, id="open")
    yield pytest.param(open_async, id="open_async")
    yield pytest.param(Tracker, id="Tracker")
    yield pytest.param(AsyncTracker, id="AsyncTracker")


CALLS = list(calls())


def parameters(call: Any) -> list[inspect.Parameter]:
    return [p for p in inspect.signature(call).parameters.values() if p.name != "self"]


def texts(call: Any) -> dict[str, str]:
    """Return what the docstring says of each parameter."""
    doc = inspect.cleandoc(call.__doc__)
    section = re.search(r"^Args:\n((?:    .*\n?|\n)+)", doc, re.MULTILINE)
    found = {}
    if section is not None:
        for entry in re.split(r"\n(?=    \S)", "\n" + section[1].rstrip())[1:]:
            name, _, text = entry.strip().partition(":")
            found[name] = " ".join(text.split())
    return found


def test_the_committed_file_is_what_is_generated() -> None:
    assert Path(aio.__file__).read_text(encoding="utf-8") == generator().generated(), "run python tools/generate_aio.py"


@pytest.mark.parametrize("call", CALLS)
def test_every_parameter_has_a_text(call: Callable[..., Any]) -> None:
    said = texts(call)
    assert list(said) == [parameter.name for parameter in parameters(call)]
    assert [name for name, text in said.items() if len(text) < 10] == []


@pytest.mark.parametrize("call", CALLS)
def test_where_a_parameter_may_be_none_its_text_says_what_that_means(call: Callable[..., Any]) -> None:
    said = texts(call)
    silent = [p.name for p in parameters(call) if p.default is None and "None" not in said[p.name]]
    assert silent == []


@pytest.mark.parametrize("call", CALLS)
def test_where_a_parameter_may_be_left_empty_its_text_says_so(call: Callable[..., Any]) -> None:
    said = texts(call)
    assert [p.name for p in parameters(call) if p.default == () and "mpty by default" not in said[p.name]] == []


@pytest.mark.parametrize("face", FACES)
def test_both_faces_have_the_same_texts(face: str) -> None:
    sync, asynchronous = FACES[face]
    of_sync, of_async = dict(methods(sync)), dict(methods(asynchronous))
    assert of_sync.keys() == of_async.keys()
    for name, method in of_sync.items():
        before_examples = method.__doc__.partition("\n\n        >>> ")[0].strip()
        assert of_async[name].__doc__.strip() == before_examples, name
    assert texts(sync) == texts(asynchronous) or face == "Timeline"
    assert texts(tracker.open) == texts(open_async)


@pytest.mark.parametrize("face", FACES)
def test_both_faces_have_the_same_signatures(face: str) -> None:
    sync, asynchronous = FACES[face]
    for name, method in methods(sync):
        ours, theirs = inspect.signature(method), inspect.signature(getattr(asynchronous, name))
        assert list(ours.parameters) == list(theirs.parameters), name
        for parameter in parameters(method):
            same = theirs.parameters[parameter.name]
            assert (parameter.kind, parameter.default) == (same.kind, same.default), name
            assert str(parameter.annotation).replace("Items", "Items | AsyncItems") == same.annotation, name
        returned = str(ours.return_annotation).replace("Stream[", "Iterator[").replace("Iterator", "AsyncIterator")
        assert returned in (theirs.return_annotation, str(theirs.return_annotation).removeprefix("Async")), name


def test_what_is_generated_follows_the_source() -> None:
    """A new method, a new parameter and a new text come out as they stand."""
    source = Path(tracker.__file__).read_text(encoding="utf-8")
    added = '''
    def greet(self, name: str, *, loud: bool = False) -> list[str]:
        """Greet somebody.

        Args:
            name: of whom. loud: whether all may hear it.
        """
        return [name]

'''
    at = source.index("    def close(self)")
    text = generator().Generator(source[:at] + added.lstrip("\n") + source[at:]).module()
    assert "    async def greet(self, name: str, *, loud: bool = False) -> list[str]:\n" in text
    assert '"""Greet somebody.' in text
    assert "        return await self._calls.call(self._tracker.greet, name, loud=loud)\n" in text
