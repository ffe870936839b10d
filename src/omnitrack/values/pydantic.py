"""What pydantic asks of a class of values, so that it takes them as fields and FastAPI as response models. Imported by pydantic's asking alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from pydantic import TypeAdapter
from pydantic_core import core_schema

from omnitrack.errors import InvalidValueError
from omnitrack.values.forms import wrong
from omnitrack.values.layout import class_named
from omnitrack.values.schema import ANY, definition

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler

    from omnitrack.values.value import Value

#: In the metadata of a schema of ``Page[Customer]``: the name of what is on the page.
_OF = "omnitrack_of"


def to_core_schema(cls: type[Value], source: Any) -> core_schema.CoreSchema:
    """Return how pydantic validates and serialises values of a class: by ``from_dict`` and ``to_dict``.

    Args:
        source: the annotation: the class, or one with what it holds, ``Page[Customer]``.
    """
    of: tuple[Any, ...] = tuple(one for one in get_args(source) if isinstance(one, type))

    def validate(data: Any) -> Value:
        value = data if isinstance(data, cls) else _read(cls, data)
        if of:
            for number, item in enumerate(getattr(value, "items", ())):
                if not isinstance(item, of):
                    raise InvalidValueError(f"items[{number}]: got {type(item).__name__}, accepted is {of[0].__name__}")
        return value

    names = [one.__name__ for one in of]
    return core_schema.no_info_plain_validator_function(
        validate,
        ref=f"{cls.__module__}.{'_'.join([cls.__name__, *names])}:{id(cls)}",
        metadata={_OF: names[0]} if names else {},
        serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value.to_dict()),
    )


def _read(cls: type[Value], data: Any) -> Value:
    if not isinstance(data, Mapping):
        raise wrong(cls.__name__, data, "an object")
    return cls.from_dict(data)


def to_json_schema(cls: type[Value], core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
    """Return the JSON Schema of a class for pydantic and OpenAPI, in which each class that it refers to has a place of its own."""
    of = (core.get("metadata") or {}).get(_OF)
    if not hasattr(cls, "__attrs_attrs__"):  # a value of any class
        return {"type": "object", "required": ["type"]}
    found: dict[str, Any] = _with_places(definition(cls, complete=handler.mode == "serialization"), of, handler)
    if of:
        found["title"] = f"{cls.__name__}[{of}]"
    return found


def _with_places(node: Any, of: str | None, handler: GetJsonSchemaHandler) -> Any:
    if isinstance(node, list):
        return [_with_places(one, of, handler) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        name = of if name == ANY and of else name
        if name == ANY:
            return {"type": "object", "required": ["type"]}
        # A handler makes the schema of what it is given in place; what a list holds has a place of its own.
        return handler(core_schema.list_schema(TypeAdapter(class_named(name, "type")).core_schema))["items"]
    return {key: _with_places(part, of, handler) for key, part in node.items()}
