"""Sources: readers of real formats; each module reads one format and yields interactions."""

from omnitrack.sources.base import Item, Source
from omnitrack.sources.inspecting import Inspected, inspect
from omnitrack.sources.registry import detect, get_source, open_source, register_source, source_names

__all__ = [
    "Inspected",
    "Item",
    "Source",
    "detect",
    "get_source",
    "inspect",
    "open_source",
    "register_source",
    "source_names",
]
