"""Mappings and lists of JSON that cannot be changed: equal to a dict and a list that hold the same, and hashable."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_PLAIN = frozenset({str, int, float, bool, NoneType})
#: Levels that are frozen; beyond them stands what the limits of the model refuse.
_DEEPEST = 100


class FrozenDict(dict[K, V]):
    """A dict that cannot be changed. ``copy()``, ``dict(...)`` and ``|`` make one that can.

    >>> FrozenDict({"name": "Jane"}) == {"name": "Jane"}
    True
    """

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenDict, (dict(self),))

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError("this mapping cannot be changed; dict(...) makes a copy that can")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse


class FrozenList(list[V]):
    """A list that cannot be changed. ``copy()`` and ``list(...)`` make one that can.

    >>> FrozenList(["a", "b"]) == ["a", "b"]
    True
    """

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenList, (list(self),))

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError("this list cannot be changed; list(...) makes a copy that can")

    __setitem__ = __delitem__ = __iadd__ = __imul__ = append = clear = extend = insert = _refuse
    pop = remove = reverse = sort = _refuse


#: The mapping without an entry.
NOTHING: FrozenDict[str, Any] = FrozenDict()


def freeze(value: Any, levels: int = _DEEPEST) -> Any:
    """Return a value of JSON with every mapping and list in it frozen; anything else is returned as it is."""
    kind = type(value)
    if kind in _PLAIN or kind is FrozenDict or kind is FrozenList or not levels:
        return value
    if isinstance(value, Mapping):
        if not value:
            return NOTHING
        return FrozenDict({k: v if type(v) in _PLAIN else freeze(v, levels - 1) for k, v in value.items()})
    if kind is tuple:
        return tuple(freeze(v, levels - 1) for v in value)
    if isinstance(value, list):
        return FrozenList(v if type(v) in _PLAIN else freeze(v, levels - 1) for v in value)
    return value


def thaw(value: Any) -> Any:
    """Return a value of JSON made of plain dicts and lists, with the keys that JSON would have."""
    if isinstance(value, Mapping):
        return {json_key(key): thaw(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [thaw(part) for part in value]
    return value


def json_key(key: Any) -> str:
    """Return the key that ``json.dumps`` writes."""
    if isinstance(key, str):
        return key
    words = {True: "true", False: "false", None: "null"}
    return words[key] if key is None or isinstance(key, bool) else str(key)
