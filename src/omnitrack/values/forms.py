"""Forms: how a value of one type is written as JSON, read back, and described by a JSON Schema."""

from __future__ import annotations

import base64
import binascii
import enum
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any

from omnitrack.errors import InvalidValueError, masked_repr, plain_repr
from omnitrack.values.frozen import freeze, json_key, thaw

MOST_LEVELS = 64  # of nested JSON in a field that takes any

_DURATION = re.compile(
    r"(?P<sign>-?)P(?:(?P<days>\d{1,9})D)?(?:T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,12})(?:\.(?P<part>\d{1,6}))?S)?)?"
)


def wrong(where: str, got: Any, accepted: str) -> InvalidValueError:
    """Return the error for what stands in a field and cannot be read."""
    return InvalidValueError(f"{where}: got {_kind(got)}, accepted is {accepted}")


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    return "an array" if isinstance(value, (list, tuple)) else masked_repr(value)


class Form(ABC):
    """How the values of one type travel."""

    #: The types that JSON has for it: ``string``, ``object``, ... By them the parts of a union are plain_repr apart.
    kinds: frozenset[str] = frozenset({"string"})

    @abstractmethod
    def fits(self, value: Any) -> bool:
        """Whether a value is of the type."""

    @abstractmethod
    def read(self, data: Any, where: str) -> Any:
        """Return the value that data says.

        Raises:
            InvalidValueError: it says none; names the field, which is ``where``.
        """

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of it."""

    def write(self, value: Any) -> Any:
        """Return a value as JSON has it."""
        return value


class Plain(Form):
    """A type of Python that is one of JSON: a text, a whole number, a number, a flag, null."""

    def __init__(self, kind: str, types: tuple[type, ...], accepted: str) -> None:
        self.kinds = frozenset({kind})
        self._kind = kind
        self._types = types
        self._accepted = accepted

    def fits(self, value: Any) -> bool:
        return isinstance(value, self._types) and (bool in self._types or not isinstance(value, bool))

    def read(self, data: Any, where: str) -> Any:
        if not self.fits(data):
            raise wrong(where, data, self._accepted)
        if self._kind == "string":
            return checked_text(data, where)
        if self._kind == "number":
            try:
                number = float(data)
            except OverflowError:
                number = math.inf
            if not math.isfinite(number):
                raise wrong(where, data, self._accepted)
            return number
        return data

    def schema(self) -> dict[str, Any]:
        return {"type": self._kind}


TEXT = Plain("string", (str,), "a string")
WHOLE = Plain("integer", (int,), "a whole number")
NUMBER = Plain("number", (int, float), "a finite number")
FLAG = Plain("boolean", (bool,), "true or false")
NOTHING = Plain("null", (type(None),), "null")


def checked_text(text: str, where: str) -> str:
    """Return a text that every reader of JSON can hold.

    Raises:
        InvalidValueError: it has half of a surrogate pair.
    """
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise InvalidValueError(
                f"{where}: got half of a surrogate pair, accepted is text that UTF-8 can hold"
            ) from None
    return text


class Moment(Form):
    """A time: ISO 8601 with its offset. Without one it is that of an interaction whose zone only the tracker knows."""

    def fits(self, value: Any) -> bool:
        return isinstance(value, datetime)

    def write(self, value: datetime) -> str:
        offset = value.utcoffset()
        if offset is not None and offset % timedelta(minutes=1):  # RFC 3339 has no seconds of an offset
            value = value.astimezone(timezone.utc)
        return value.isoformat()

    def read(self, data: Any, where: str) -> datetime:
        try:
            if isinstance(data, str) and "T" in data.upper():
                moment = datetime.fromisoformat(data)
                if moment.tzinfo is not None:
                    moment.astimezone(timezone.utc)
                return moment
        except (ValueError, OverflowError):
            pass
        raise wrong(where, data, "a time of ISO 8601 with its offset, such as 2026-03-01T09:30:00+00:00")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


class Day(Form):
    """A date of ISO 8601."""

    def fits(self, value: Any) -> bool:
        return isinstance(value, date) and not isinstance(value, datetime)

    def write(self, value: date) -> str:
        return value.isoformat()

    def read(self, data: Any, where: str) -> date:
        try:
            if isinstance(data, str):
                return date.fromisoformat(data)
        except ValueError:
            pass
        raise wrong(where, data, "a date of ISO 8601, such as 2026-03-01")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


class Span(Form):
    """A length of time: a duration of ISO 8601 in days and seconds."""

    def fits(self, value: Any) -> bool:
        return isinstance(value, timedelta)

    def write(self, value: timedelta) -> str:
        sign, value = ("-", -value) if value < timedelta(0) else ("", value)
        part = f".{value.microseconds:06}".rstrip("0") if value.microseconds else ""
        return f"{sign}P{value.days}DT{value.seconds}{part}S"

    def read(self, data: Any, where: str) -> timedelta:
        match = _DURATION.fullmatch(data) if isinstance(data, str) else None
        if match is None or data[-1] in "PT":
            raise wrong(where, data, "a duration of ISO 8601 in days, hours, minutes and seconds, such as P1DT90S")
        parts = {name: int(match[name] or 0) for name in ("days", "hours", "minutes", "seconds")}
        try:
            span = timedelta(**parts, microseconds=int((match["part"] or "0").ljust(6, "0")))
            return -span if match["sign"] else span
        except OverflowError:
            raise wrong(where, data, "a duration of up to 999999999 days") from None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "duration"}


class Binary(Form):
    """Bytes: base64."""

    def fits(self, value: Any) -> bool:
        return isinstance(value, bytes)

    def write(self, value: bytes) -> str:
        return base64.b64encode(value).decode("ascii")

    def read(self, data: Any, where: str) -> bytes:
        try:
            if isinstance(data, str):
                return base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            pass
        raise wrong(where, data, "bytes in base64")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "contentEncoding": "base64"}


class Word(Form):
    """One of an enumeration, as a word in lower case."""

    def __init__(self, kind: type[enum.Enum]) -> None:
        self._kind = kind
        self._words = {self.write(one): one for one in kind}

    def fits(self, value: Any) -> bool:
        return isinstance(value, self._kind)

    def write(self, value: enum.Enum) -> str:
        return str(value.value) if isinstance(value, str) else value.name.lower()

    def read(self, data: Any, where: str) -> enum.Enum:
        if isinstance(data, str) and data in self._words:
            return self._words[data]
        got = plain_repr(data) if isinstance(data, str) else _kind(data)
        raise InvalidValueError(f"{where}: got {got}, accepted are {', '.join(self._words)}")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self._words)}


class Choice(Form):
    """One of the values of a ``Literal``."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = list(values)

    def fits(self, value: Any) -> bool:
        return any(type(value) is type(one) and value == one for one in self._values)

    def read(self, data: Any, where: str) -> Any:
        if not self.fits(data):
            raise wrong(where, data, " or ".join(map(repr, self._values)))
        return data

    def schema(self) -> dict[str, Any]:
        return {"enum": self._values}


class Anything(Form):
    """Whatever JSON can hold."""

    kinds = frozenset({"string", "number", "integer", "boolean", "null", "array", "object"})

    def fits(self, value: Any) -> bool:
        return True

    def write(self, value: Any) -> Any:
        return thaw(value)

    def read(self, data: Any, where: str) -> Any:
        self._check(data, where, MOST_LEVELS)
        return freeze(data)

    def _check(self, data: Any, where: str, levels: int) -> None:
        if not levels:
            raise InvalidValueError(f"{where}: got values nested deeper than {MOST_LEVELS}, the most accepted")
        if isinstance(data, str):
            checked_text(data, where)
        elif isinstance(data, Mapping):
            for key, part in data.items():
                self._check(part, f"{where}.{checked_text(key, where)}" if isinstance(key, str) else where, levels - 1)
                if not isinstance(key, str):
                    raise wrong(where, key, "a string as the key of an object")
        elif isinstance(data, (list, tuple)):
            for number, part in enumerate(data):
                self._check(part, f"{where}[{number}]", levels - 1)
        elif not (data is None or isinstance(data, (bool, int)) or (isinstance(data, float) and math.isfinite(data))):
            raise wrong(where, data, "a value of JSON")

    def schema(self) -> dict[str, Any]:
        return {}


class Listed(Form):
    """A sequence of any length of values of one form."""

    kinds = frozenset({"array"})

    def __init__(self, of: Form, make: Callable[[Any], Any] = tuple) -> None:
        self.of = of
        self._make = make

    def fits(self, value: Any) -> bool:
        return isinstance(value, (list, tuple))

    def write(self, value: Sequence[Any]) -> list[Any]:
        return [self.of.write(one) for one in value]

    def read(self, data: Any, where: str) -> Any:
        if not isinstance(data, (list, tuple)):
            raise wrong(where, data, "an array")
        return self._make(self.of.read(one, f"{where}[{number}]") for number, one in enumerate(data))

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.of.schema()}


class Fixed(Form):
    """A tuple of so many values, each of its own form."""

    kinds = frozenset({"array"})

    def __init__(self, of: Sequence[Form]) -> None:
        self._of = of

    def fits(self, value: Any) -> bool:
        return isinstance(value, tuple) and len(value) == len(self._of)

    def write(self, value: tuple[Any, ...]) -> list[Any]:
        return [form.write(one) for form, one in zip(self._of, value)]

    def read(self, data: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(data, (list, tuple)) or len(data) != len(self._of):
            raise wrong(where, data, f"an array of {len(self._of)}")
        return tuple(form.read(one, f"{where}[{n}]") for n, (form, one) in enumerate(zip(self._of, data)))

    def schema(self) -> dict[str, Any]:
        count = len(self._of)
        parts = [form.schema() for form in self._of]
        return {"type": "array", "prefixItems": parts, "minItems": count, "maxItems": count}


class Mapped(Form):
    """A mapping by texts: an object."""

    kinds = frozenset({"object"})

    def __init__(self, of: Form, make: Callable[[Any], Any]) -> None:
        self._of = of
        self._make = make

    def fits(self, value: Any) -> bool:
        return isinstance(value, Mapping)

    def write(self, value: Mapping[Any, Any]) -> dict[str, Any]:
        return {json_key(key): self._of.write(part) for key, part in value.items()}

    def read(self, data: Any, where: str) -> Any:
        if not isinstance(data, Mapping):
            raise wrong(where, data, "an object")
        for key in data:
            TEXT.read(key, where)
        return self._make({key: self._of.read(part, f"{where}.{key:.60}") for key, part in data.items()})

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self._of.schema()}


class Paired(Form):
    """A mapping by what is no text: an array of pairs of key and value."""

    kinds = frozenset({"array"})

    def __init__(self, key: Form, of: Form, make: Callable[[Any], Any]) -> None:
        self._pairs = Listed(Fixed([key, of]))
        self._make = make

    def fits(self, value: Any) -> bool:
        return isinstance(value, Mapping)

    def write(self, value: Mapping[Any, Any]) -> list[Any]:
        return self._pairs.write(tuple(value.items()))

    def read(self, data: Any, where: str) -> Any:
        return self._make(dict(self._pairs.read(data, where)))

    def schema(self) -> dict[str, Any]:
        return self._pairs.schema()


class Either(Form):
    """One of several forms, plain_repr apart by the type that JSON has for them."""

    def __init__(self, of: Sequence[Form]) -> None:
        self.parts = of
        self.kinds = frozenset().union(*(form.kinds for form in of))

    def fits(self, value: Any) -> bool:
        return any(form.fits(value) for form in self.parts)

    def write(self, value: Any) -> Any:
        # A hand-made value may hold what its type does not say; the first form writes it as well as any.
        return next((form for form in self.parts if form.fits(value)), self.parts[0]).write(value)

    def read(self, data: Any, where: str) -> Any:
        fitting = [form for form in self.parts if form.kinds & _kinds_of(data)]
        error: InvalidValueError | None = None
        for form in fitting:
            try:
                return form.read(data, where)
            except InvalidValueError as one:
                error = error or one
        raise error or wrong(where, data, " or ".join(sorted(self.kinds)))

    def schema(self) -> dict[str, Any]:
        schemas = [form.schema() for form in self.parts]
        simple = [one["type"] for one in schemas if set(one) == {"type"} and isinstance(one["type"], str)]
        if len(simple) == len(schemas):
            return {"type": simple}
        return {"anyOf": schemas}


def _kinds_of(data: Any) -> frozenset[str]:
    if data is None:
        return frozenset({"null"})
    for kind, types in (
        ("boolean", bool),
        ("integer", int),
        ("number", float),
        ("string", str),
        ("object", Mapping),
        ("array", (list, tuple)),
    ):
        if isinstance(data, types):
            return frozenset({kind, "number"} if kind == "integer" else {kind})
    return frozenset()
