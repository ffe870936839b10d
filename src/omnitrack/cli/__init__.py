"""The command line: load files, read histories, make statements, and maintain a store."""

from omnitrack.cli.main import main

__all__ = ["main"]
