"""Layouts: which fields a class has in JSON, and the form of each, by its attrs fields and their annotations."""

from __future__ import annotations

import enum
import types
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

from omnitrack.errors import InvalidValueError, OmnitrackError, plain_repr
from omnitrack.values import forms
from omnitrack.values.forms import Form, wrong
from omnitrack.values.frozen import FrozenDict

if TYPE_CHECKING:
    from omnitrack.values.value import Value

VERSION = 1
VERSION_KEY, TYPE_KEY = "v", "type"

_classes: dict[str, type[Value]] = {}


def register(cls: type[Value]) -> None:
    """Note a class of ours by its name."""
    if cls.__module__.startswith(__name__.partition(".")[0] + "."):
        _classes[cls.__name__] = cls


def find_class(name: str) -> type[Value] | None:
    """Return the class of values of this name, or None."""
    if name not in _classes:
        _import_all()
    return _classes.get(name)


def all_classes() -> list[type[Value]]:
    """Return every class of values of this package, by name."""
    _import_all()
    return [_classes[name] for name in sorted(_classes) if hasattr(_classes[name], "__attrs_attrs__")]


@lru_cache(maxsize=1)
def _import_all() -> None:
    package = import_module(__name__.partition(".")[0])
    for name in package.__all__:  # whatever is public, and with it what its annotations name
        getattr(package, name)
    import_module(f"{package.__name__}.insights")


def hints_of(thing: Any) -> dict[str, Any]:
    """Return the annotations of a class or a function, resolved; some name what is imported for type checkers alone."""
    try:
        return get_type_hints(thing, localns=dict(_classes))
    except NameError:
        _import_all()
        return get_type_hints(thing, localns=dict(_classes))


@attrs.frozen(kw_only=True)
class Part:
    """One field of a class in JSON.

    Attributes:
        name: in JSON. attribute: of the class. argument: of its constructor; None where the constructor takes none.
        form: how it travels.
        required: a document must have it.
        derived: it follows from the others; a document may have it and must not say otherwise.
        spread: its own fields stand among those of the class.
    """

    name: str
    attribute: str
    argument: str | None
    form: Form
    required: bool = False
    derived: bool = False
    spread: bool = False


class Nested(Form):
    """A value of one of our classes inside another."""

    kinds = frozenset({"object"})

    def __init__(self, cls: type[Value]) -> None:
        self.cls = cls

    def fits(self, value: Any) -> bool:
        return isinstance(value, self.cls)

    def write(self, value: Any) -> dict[str, Any]:
        return write(value)

    def read(self, data: Any, where: str) -> Any:
        return read(self.cls, data, where)

    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{self.cls.__name__}"}


class Tagged(Form):
    """A value of any of our classes, which says its type."""

    kinds = frozenset({"object"})

    def fits(self, value: Any) -> bool:
        return type(value).__name__ in _classes

    def write(self, value: Any) -> dict[str, Any]:
        return {TYPE_KEY: type(value).__name__, **write(value)}

    def read(self, data: Any, where: str) -> Any:
        if not isinstance(data, Mapping):
            raise wrong(where, data, "an object")
        return read(class_named(data.get(TYPE_KEY), f"{where}.{TYPE_KEY}"), data, where)

    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/$defs/Value"}


def class_named(name: Any, where: str) -> type[Value]:
    """Return the class that a document says it is of.

    Raises:
        InvalidValueError: no class has this name.
    """
    cls = find_class(name) if isinstance(name, str) else None
    if cls is None or not hasattr(cls, "__attrs_attrs__"):
        raise InvalidValueError(f"{where}: got {plain_repr(name)}, accepted is the name of a class of values")
    return cls


_SIMPLE: dict[Any, Form] = {
    str: forms.TEXT,
    int: forms.WHOLE,
    float: forms.NUMBER,
    bool: forms.FLAG,
    None: forms.NOTHING,
    type(None): forms.NOTHING,
    datetime: forms.Moment(),
    date: forms.Day(),
    timedelta: forms.Span(),
    bytes: forms.Binary(),
    Any: forms.Anything(),
    object: forms.Anything(),
}


def form_of(annotation: Any) -> Form:
    """Return how values of a type travel."""
    if annotation in _SIMPLE:
        return _SIMPLE[annotation]
    if isinstance(annotation, TypeVar):
        return Tagged()
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is None and isinstance(annotation, type):
        if issubclass(annotation, enum.Enum):
            return forms.Word(annotation)
        if annotation.__name__ in _classes:
            return Nested(_classes[annotation.__name__])
    elif origin in (Union, types.UnionType):
        return forms.Either([form_of(one) for one in arguments])
    elif origin is Literal:
        return forms.Choice(arguments)
    elif origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return forms.Listed(form_of(arguments[0]))
        return forms.Fixed([form_of(one) for one in arguments])
    elif origin is list:
        return forms.Listed(form_of(arguments[0]), list)
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        make = dict if issubclass(origin, dict) else FrozenDict
        key, of = arguments
        return forms.Mapped(form_of(of), make) if key is str else forms.Paired(form_of(key), form_of(of), make)
    raise TypeError(f"no form in JSON for {annotation!r}")


def fields_of(cls: type[Value]) -> Sequence[attrs.Attribute[Any]]:
    """Return the attrs fields of a class."""
    fields: Sequence[attrs.Attribute[Any]] = cls.__attrs_attrs__  # type: ignore[attr-defined]
    return fields


_layouts: dict[type[Value], tuple[Part, ...]] = {}


def layout(cls: type[Value]) -> tuple[Part, ...]:
    """Return the fields of a class in JSON, those that follow from others last."""
    if cls not in _layouts:
        _layouts[cls] = _laid_out(cls)
    return _layouts[cls]


def _laid_out(cls: type[Value]) -> tuple[Part, ...]:
    hints = hints_of(cls)
    parts = []
    for field in fields_of(cls):
        told_as = field.metadata.get("json")
        if field.name.startswith("_") and told_as is None:
            continue  # how it is read, not what it says
        spread = told_as == SPREAD
        parts.append(
            Part(
                name=field.name if told_as is None or spread else told_as,
                attribute=field.name,
                argument=field.alias if field.init else None,
                form=field.metadata.get("form") or form_of(hints[field.name]),
                required=told_as is not None or (field.init and field.default is attrs.NOTHING),
                derived=not field.init and told_as is None,
                spread=spread,
            )
        )
    for name in cls._DERIVED:
        form = form_of(hints_of(getattr(cls, name).fget)["return"])
        parts.append(Part(name=name, attribute=name, argument=None, form=form, derived=True))
    return tuple(parts)


#: As the name in JSON of a field: its own fields stand among those of the class.
SPREAD = "*"


def spread_of(part: Part) -> tuple[Part, ...]:
    """Return the fields that a part puts among those of its class; of any other the part itself."""
    if not part.spread:
        return (part,)
    form = part.form
    parts = form.parts if isinstance(form, forms.Either) else (form,)
    return layout(next(one.cls for one in parts if isinstance(one, Nested)))


def parts_of(cls: type[Value]) -> Iterator[Part]:
    """Yield every field that a class has in JSON."""
    for part in layout(cls):
        yield from spread_of(part)


def write(value: Value) -> dict[str, Any]:
    """Return the fields of a value as JSON has them."""
    value._complete()
    out: dict[str, Any] = {}
    for part in layout(type(value)):
        held = getattr(value, part.attribute)
        if part.spread:
            out.update(part.form.write(held))
        else:
            out[part.name] = part.form.write(held)
    return out


def read(cls: type[Value], data: Any, where: str) -> Any:
    """Return the value of a class that data says; ``where`` is the field in which it stands, "" at the top.

    Raises:
        InvalidValueError: a field is missing, unknown, malformed, or at odds with another.
    """
    prefix = f"{where}." if where else ""
    if not isinstance(data, Mapping):
        raise wrong(where or cls.__name__, data, "an object")
    left = _untagged(cls, data, prefix)
    taken: dict[str, Any] = {}
    set_after: dict[str, Any] = {}
    derived: list[tuple[Part, Any]] = []
    for part in layout(cls):
        names = [one.name for one in spread_of(part)]
        found = {name: left.pop(name) for name in names if name in left}
        if not found and not part.required:
            continue
        if not found:
            raise InvalidValueError(f"{prefix}{names[0]}: got nothing, it is required")
        value = part.form.read(found if part.spread else found[part.name], where if part.spread else prefix + part.name)
        if part.derived:
            derived.append((part, value))
        elif part.argument is None:
            set_after[part.attribute] = value
        else:
            taken[part.argument] = value
    if left:
        accepted = ", ".join(part.name for part in parts_of(cls))
        raise InvalidValueError(
            f"{prefix}{next(iter(left))!s:.60}: no field of {cls.__name__}; accepted are {accepted}"
        )
    try:
        made = cls._from_parts(taken)
    except InvalidValueError:
        raise
    except OmnitrackError as error:
        raise InvalidValueError(f"{prefix}{error}") from error
    for name, value in set_after.items():
        object.__setattr__(made, name, value)
    for part, value in derived:
        if part.name not in cls._LOOSE and getattr(made, part.attribute) != value:
            raise InvalidValueError(f"{prefix}{part.name}: got what does not follow from the other fields")
    return made


def _untagged(cls: type[Value], data: Mapping[Any, Any], prefix: str) -> dict[Any, Any]:
    """Return the fields of data without its version and its type, which are this one and this class's."""
    left = dict(data)
    version = left.pop(VERSION_KEY, VERSION)
    if version != VERSION or isinstance(version, bool):
        raise wrong(f"{prefix}{VERSION_KEY}", version, f"version {VERSION}")
    name = left.pop(TYPE_KEY, cls.__name__)
    if name != cls.__name__:
        raise InvalidValueError(f"{prefix}{TYPE_KEY}: got {plain_repr(name)}, accepted is {cls.__name__!r}")
    return left
