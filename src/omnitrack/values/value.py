"""Value: the base of everything that a tracker returns. Values convert to JSON and back, pickle, compare by content, and hash."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, Self

import attrs

from omnitrack.values.forms import wrong
from omnitrack.values.layout import TYPE_KEY, VERSION, VERSION_KEY, class_named, fields_of, read, register, write


class Value:
    """The base of the classes that a tracker returns and takes: attrs classes whose fields all have a JSON form.

    ``Value.from_dict`` reads a document of any of these classes, by its ``type``.
    """

    __slots__ = ()

    #: Properties that the JSON has too: they follow from the fields.
    _DERIVED: ClassVar[tuple[str, ...]] = ()
    #: Those of them that another version may write otherwise, so that a document may say what it likes.
    _LOOSE: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        register(cls)

    def to_dict(self) -> dict[str, Any]:
        """Return the value as a dict that ``json.dumps`` accepts: ``v`` is the version of the JSON form, ``type`` the name of the class.

        Lazy attributes, such as the traits of a customer, are read now.
        """
        return {VERSION_KEY: VERSION, TYPE_KEY: type(self).__name__, **write(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the value of a JSON object.

        Args:
            data: the result of ``to_dict``, or a dict made by hand; ``v``, ``type`` and fields with a default may be missing.

        Raises:
            InvalidValueError: a field is missing, unknown, malformed, or contradicts another; the message names it.
        """
        found: Any = cls
        if cls is Value:
            if not isinstance(data, Mapping):
                raise wrong(cls.__name__, data, "an object")
            found = class_named(data.get(TYPE_KEY), TYPE_KEY)
        value: Self = read(found, data, "")
        return value

    def _complete(self) -> None:
        """Read lazy attributes; most classes have none."""

    @classmethod
    def _from_parts(cls, parts: dict[str, Any]) -> Self:
        """Return the value made of the arguments that a document held, each already of its type."""
        return cls(**parts)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: object) -> Any:
        return _pydantic().to_core_schema(cls, source)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: object) -> Any:
        return _pydantic().to_json_schema(cls, core_schema, handler)

    def _repr_html_(self) -> str:
        table: str = import_module("omnitrack.values.notebook").to_table(self)
        return table

    def __reduce__(self) -> tuple[Any, ...]:
        self._complete()
        held = {field.name: getattr(self, field.name) for field in fields_of(type(self)) if _travels(field)}
        return (_restored, (type(self), held))


def _pydantic() -> Any:
    """Return the pydantic support; pydantic is installed, since it is the caller."""
    return import_module("omnitrack.values.pydantic")


def _travels(field: attrs.Attribute[Any]) -> bool:
    """Whether a field belongs to the content of a value; private fields outside of the JSON only serve to read it."""
    return not field.name.startswith("_") or "json" in field.metadata


def _restored(cls: type[Value], held: dict[str, Any]) -> Value:
    """Return the value that was pickled."""
    value = object.__new__(cls)
    for field in fields_of(cls):
        object.__setattr__(value, field.name, held.get(field.name))
    return value
