"""Pages of listings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

import attrs

from omnitrack.values import Value

T = TypeVar("T")


@attrs.frozen(slots=True)
class Page(Value, Generic[T]):
    """One page of a listing: its items, and the cursors of the next and the previous page, or None."""

    items: tuple[T, ...]
    next: str | None = None
    previous: str | None = None

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)
