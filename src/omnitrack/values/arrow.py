"""Arrow: values as a stream of columns by the Arrow PyCapsule interface, for data frames; ``pyarrow`` builds it.

A class has one column for each field of its JSON form, of the type that fits the field:

================================ ===========================================================================
field                            column
================================ ===========================================================================
text, number, flag               string, int64 or float64, bool
time                             timestamp in microseconds, UTC
day, period of time, bytes       date32, duration in microseconds, binary
identifier, with or without its  string: its key, such as ``phone:+442079460958``
assurance
list of one of these             list
another value                    struct
mapping, or anything else        string: its JSON
================================ ===========================================================================
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import timezone
from itertools import islice
from typing import Any, Generic, TypeVar

from omnitrack.errors import BackendError
from omnitrack.values import forms
from omnitrack.values.layout import Nested, Part, layout
from omnitrack.values.value import Value

V = TypeVar("V", bound=Value)

BATCH = 1_000  # rows that are in memory at once

#: Values that are their key in a column.
_BY_KEY = frozenset({"Identifier", "Sighting"})

Convert = Callable[[Any], Any]


class Stream(Iterator[V], Generic[V]):
    """An iterator over values that data frames take as it is: ``polars.DataFrame(tracker.interactions())``.

    Columns are built a batch of 1,000 rows at a time. It is read once, like every iterator.
    """

    def __init__(self, kind: type[V], items: Iterable[V]) -> None:
        self._kind = kind
        self._items = iter(items)

    def __next__(self) -> V:
        return next(self._items)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return arrow_stream(self._kind, self._items, requested_schema)


def arrow_stream(kind: type[V], items: Iterable[V], requested_schema: object = None) -> object:
    """Return values of a class as a capsule of the Arrow C stream interface.

    Args:
        kind: the class of the values, whose fields are the columns.
        items: the values, read in batches as the stream is read.
        requested_schema: a capsule of the schema that the consumer would like, as the interface defines it.

    Raises:
        BackendError: the extra ``arrow`` is not installed.
    """
    pa = _pyarrow()
    columns = _columns(pa, kind)
    schema = pa.schema([(name, of) for name, of, _ in columns])

    def batches() -> Iterator[Any]:
        rest = iter(items)
        while batch := list(islice(rest, BATCH)):
            arrays = [pa.array([convert(value) for value in batch], of) for _, of, convert in columns]
            yield pa.record_batch(arrays, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches()).__arrow_c_stream__(requested_schema)


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise BackendError(
            "arrow: pyarrow is not installed; it comes with the extra arrow of omnitrack-timeline"
        ) from error
    return pyarrow


def _columns(pa: Any, kind: type[Value]) -> list[tuple[str, Any, Convert]]:
    """Return name, type and content of each column of a class."""
    found: list[tuple[str, Any, Convert]] = []
    for part in layout(kind):
        if part.spread and isinstance(part.form, Nested):
            found += [(name, of, _inside(part, convert)) for name, of, convert in _columns(pa, part.form.cls)]
        else:
            of, convert = _column(pa, part.form)
            found.append((part.name, of, _inside(part, convert)))
    return found


def _inside(part: Part, convert: Convert) -> Convert:
    def of(value: Any) -> Any:
        inner = getattr(value, part.attribute)
        return None if inner is None else convert(inner)

    return of


def _column(pa: Any, form: forms.Form) -> tuple[Any, Convert]:
    """Return the type of a column for a form, and what makes its content of a value that is not None."""
    if isinstance(form, forms.Either):
        parts = [one for one in form.parts if one is not forms.NOTHING]
        if len(parts) == 1:
            return _column(pa, parts[0])
        if any(isinstance(one, Nested) and one.cls.__name__ in _BY_KEY for one in parts):
            return pa.string(), _key
    plain: dict[Any, tuple[Any, Convert]] = {
        forms.TEXT: (pa.string(), _same),
        forms.WHOLE: (pa.int64(), _same),
        forms.NUMBER: (pa.float64(), float),
        forms.FLAG: (pa.bool_(), _same),
    }
    if form in plain:
        return plain[form]
    if isinstance(form, forms.Moment):
        return pa.timestamp("us", tz="UTC"), lambda value: value.astimezone(timezone.utc)
    if isinstance(form, forms.Day):
        return pa.date32(), _same
    if isinstance(form, forms.Span):
        return pa.duration("us"), _same
    if isinstance(form, forms.Binary):
        return pa.binary(), _same
    if isinstance(form, forms.Word) or (isinstance(form, forms.Choice) and form.kinds == {"string"}):
        return pa.string(), lambda value: str(form.write(value))
    if type(form) is forms.Listed:  # not one that reads its values in a way of its own
        of, convert = _column(pa, form.of)
        return pa.list_(of), lambda value: [None if one is None else convert(one) for one in value]
    if isinstance(form, Nested):
        return _nested(pa, form.cls)
    return pa.string(), lambda value: json.dumps(form.write(value), ensure_ascii=False)


def _nested(pa: Any, kind: type[Value]) -> tuple[Any, Convert]:
    if kind.__name__ in _BY_KEY:
        return pa.string(), _key
    columns = _columns(pa, kind)
    of = pa.struct([(name, of) for name, of, _ in columns])
    return of, lambda value: {name: convert(value) for name, _, convert in columns}


def _key(value: Any) -> str:
    """Return the key of an identifier, a text of one, or a sighting of either."""
    return str(getattr(value, "identifier", value))


def _same(value: Any) -> Any:
    return value
