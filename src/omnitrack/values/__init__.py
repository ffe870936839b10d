"""Values: how what a tracker returns travels, as JSON with a schema and by pickle, by the attrs fields of its classes."""

from omnitrack.values.frozen import NOTHING, FrozenDict, FrozenList, freeze
from omnitrack.values.layout import SPREAD
from omnitrack.values.value import Value

__all__ = ["NOTHING", "SPREAD", "FrozenDict", "FrozenList", "Value", "freeze"]
