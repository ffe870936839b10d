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

Beside ``occurred_at`` stands its ``utc_offset``, and beside ``customers`` the ``assurances`` of their identifiers in the same shape.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any, Generic, TypeVar

from omnitrack.errors import BackendError
from omnitrack.values import forms
from omnitrack.values.layout import Nested, Part, layout
from omnitrack.values.value import Value

V = TypeVar("V", bound=Value)

BATCH = 1_000  # rows that are in memory at once
MOST_TEXT = 16_000_000  # characters of bodies after which a batch ends

#: Values that are their key in a column.
_BY_KEY = frozenset({"Identifier", "Sighting"})

Convert = Callable[[Any], Any]


class Stream(Iterator[V], Generic[V]):
    """An iterator over values that data frames take as it is: ``polars.DataFrame(tracker.interactions())``.

    Iterating reads it once, like every iterator. A data frame reads anew each time, from the beginning, a batch of at most 1,000 rows at a time.
    """

    def __init__(self, kind: type[V], make: Callable[[], Iterable[V]]) -> None:
        self._kind = kind
        self._make = make
        self._items: Iterator[V] | None = None

    def __next__(self) -> V:
        if self._items is None:
            self._items = iter(self._make())
        return next(self._items)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return arrow_stream(self._kind, self._make(), requested_schema)


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
    # A data frame may read in a thread of its own: who acts, and until when, is what it is here.
    context = copy_context()

    def batches() -> Iterator[Any]:
        rest = context.run(iter, items)
        while batch := context.run(_batch, rest):
            arrays = [pa.array([convert(value) for value in batch], of) for _, of, convert in columns]
            yield pa.record_batch(arrays, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches()).__arrow_c_stream__(requested_schema)


def _batch(rest: Iterator[V]) -> list[V]:
    """Return the next values: at most ``BATCH``, and fewer where their texts are long."""
    found: list[V] = []
    size = 0
    for value in islice(rest, BATCH):
        found.append(value)
        size += len(getattr(value, "body", None) or "")
        if size > MOST_TEXT:
            break
    return found


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
            if part.name == "occurred_at":
                found.append(("utc_offset", pa.duration("us"), _inside(part, _offset)))
            elif part.name == "customers" and kind.__name__ == "Interaction":
                found.append(("assurances", of, _inside(part, _assurances)))
    return found


def _offset(time: datetime) -> timedelta | None:
    return time.utcoffset()


def _assurances(people: Iterable[Iterable[Any]]) -> list[list[str]]:
    return [[sighting.assurance.name.lower() for sighting in person] for person in people]


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
        return pa.timestamp("us", tz="UTC"), _in_utc
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


def _in_utc(time: datetime) -> datetime:
    # What was not recorded may have no zone, which says nothing of this machine's.
    return time.astimezone(timezone.utc) if time.tzinfo is not None else time.replace(tzinfo=timezone.utc)


def _key(value: Any) -> str:
    """Return the key of an identifier, a text of one, or a sighting of either."""
    return str(getattr(value, "identifier", value))


def _same(value: Any) -> Any:
    return value
