"""The JSON Schema of the documents in a subject bundle, made of the layouts of their classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from omnitrack.values import Value
from omnitrack.values.layout import TYPE_KEY, VERSION, VERSION_KEY, find_class, parts_of

_DEFS = "#/$defs/"


def schema_of(classes: Iterable[type[Value]]) -> dict[str, Any]:
    """Return one schema (draft 2020-12) for documents of any of some classes; each document says its type."""
    wanted = list(classes)
    defs: dict[str, Any] = {}
    waiting = [cls.__name__ for cls in wanted]
    while waiting:
        name = waiting.pop()
        if name not in defs:
            cls = find_class(name)
            assert cls is not None, name
            defs[name] = _object(cls)
            waiting += _named_in(defs[name])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "oneOf": [_document(cls.__name__) for cls in wanted],
        "$defs": dict(sorted(defs.items())),
    }


def _document(name: str) -> dict[str, Any]:
    head = {VERSION_KEY: {"const": VERSION}, TYPE_KEY: {"const": name}}
    return {"allOf": [{"$ref": f"{_DEFS}{name}"}], "properties": head, "required": [VERSION_KEY, TYPE_KEY]}


def _object(cls: type[Value]) -> dict[str, Any]:
    parts = list(parts_of(cls))
    return {
        "type": "object",
        "properties": {part.name: part.form.schema() for part in parts},
        "required": [part.name for part in parts if part.required],
    }


def _named_in(schema: Any) -> Iterator[str]:
    """Yield the names of the classes to which a schema refers."""
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith(_DEFS):
            yield reference.removeprefix(_DEFS)
        for inner in schema.values():
            yield from _named_in(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _named_in(inner)
