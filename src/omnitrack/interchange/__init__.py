"""Interchange: standard formats, written and read with a report of what could not be carried over.

A module for each: ``jsonl`` (every field, one interaction a line), ``vcon``, ``tmf683``, ``cloudevents``. Each has
``dump(interactions)``, which returns the documents and a report, and ``load(document)``, which returns the interactions
and a report.
"""

from omnitrack.interchange.formats import NAMES, Format, get_format, lines, load_path, sniff
from omnitrack.interchange.report import ConversionReport, Note

__all__ = ["NAMES", "ConversionReport", "Format", "Note", "get_format", "lines", "load_path", "sniff"]
