"""The command line: load files into a history, and ask it who said what, who is whom, and whether all is well."""

from omnitrack.cli.main import main

__all__ = ["main"]
