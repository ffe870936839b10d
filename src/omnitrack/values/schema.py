"""The JSON Schema of values (draft 2020-12), made from their classes. The package ships it as a file, made by tools/generate_schema.py."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from omnitrack.values.layout import TYPE_KEY, VERSION, VERSION_KEY, all_classes, class_named, parts_of

if TYPE_CHECKING:
    from omnitrack.values.value import Value

FILE = f"v{VERSION}.schema.json"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
ANY = "Value"  # the definition of a value of any class


def definition(cls: type[Value], *, complete: bool = False) -> dict[str, Any]:
    """Return the schema of the objects that a class is written as and read from.

    Args:
        complete: every field is there, as ``to_dict`` writes it; else those without a default.
    """
    parts = list(parts_of(cls))
    properties: dict[str, Any] = {VERSION_KEY: {"const": VERSION}, TYPE_KEY: {"const": cls.__name__}}
    properties.update((part.name, part.form.schema()) for part in parts)
    first = (cls.__doc__ or "").strip().partition("\n")[0]
    return {
        "title": cls.__name__,
        "description": first,
        "type": "object",
        "properties": properties,
        "required": [part.name for part in parts if complete or part.required],
        "additionalProperties": False,
    }


def document() -> dict[str, Any]:
    """Return the schema of a value of any class."""
    classes = all_classes()
    of_any = {TYPE_KEY: {"enum": [cls.__name__ for cls in classes]}}
    any_value = {
        "description": "A value of any class, by its type.",
        "type": "object",
        "properties": of_any,
        "required": [TYPE_KEY],
        "anyOf": [{"$ref": f"#/$defs/{cls.__name__}"} for cls in classes],
    }
    return {
        "$schema": DRAFT,
        "$id": f"urn:omnitrack:values:{VERSION}",
        "title": "What omnitrack returns, as JSON",
        "$ref": f"#/$defs/{ANY}",
        "$defs": {ANY: any_value} | {cls.__name__: definition(cls) for cls in classes},
    }


def shipped() -> dict[str, Any]:
    """Return the schema that this version ships."""
    found: dict[str, Any] = json.loads(_text())
    return found


@cache
def _text() -> str:
    return resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8")


def schema(name: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema of one class, of any where none is named; what it refers to is in its ``$defs``.

    Args:
        name: of the class, such as ``"Customer"``; None for a value of any class.

    Raises:
        InvalidValueError: no class has this name.
    """
    whole = shipped()
    if name is None:
        return whole
    cls = class_named(name, "name")
    needed = _reached(whole["$defs"], cls.__name__)
    return {
        "$schema": DRAFT,
        "$id": f"{whole['$id']}:{name}",
        "$ref": f"#/$defs/{name}",
        "$defs": {one: whole["$defs"][one] for one in sorted(needed)},
    }


def _reached(definitions: dict[str, Any], name: str) -> set[str]:
    """Return the names of a definition and of those that it refers to, directly or not."""
    found, left = {name}, [name]
    while left:
        for other in _references(definitions[left.pop()]):
            if other not in found:
                found.add(other)
                left.append(other)
    return found


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"].rpartition("/")[2]] if isinstance(node.get("$ref"), str) else []
        return own + [name for part in node.values() for name in _references(part)]
    return [name for part in node for name in _references(part)] if isinstance(node, list) else []
