"""The command that serves one customer's history to an agent that is a program."""

from __future__ import annotations

import argparse
import os

import omnitrack
from omnitrack.cli.arguments import Commands, at_least
from omnitrack.cli.settings import SettingsError

CUSTOMER = "OMNITRACK_CUSTOMER"


def add(command: Commands) -> None:
    """Add the command."""
    served = command(
        _mcp, "serve one customer's history to a model over MCP, on standard input and output", audits=True
    )
    served.add_argument(
        "--customer", metavar="WHO", help=f"whose history: an identifier or customer id, else what {CUSTOMER} says"
    )
    served.add_argument("--trust", choices=["observed", "verified"], default="observed")
    served.add_argument("--max-chars", type=at_least(1), default=8_000, metavar="N", help="of one answer (8000)")
    served.add_argument("--notes", action="store_true", help="let the model add notes")


def _mcp(tracker: omnitrack.Tracker, arguments: argparse.Namespace) -> int:
    customer = arguments.customer or os.environ.get(CUSTOMER)
    if not customer:
        raise SettingsError(f"customer: got none, accepted is --customer WHO or {CUSTOMER}")
    try:
        from omnitrack.mcp import make_server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("mcp", "mcp_types", "pydantic"):
            raise
        raise SettingsError("mcp: to serve a model takes the extra 'mcp'") from None
    server = make_server(
        tracker,
        customer,
        agent=arguments.acting or "mcp",
        trust=arguments.trust,
        max_chars=arguments.max_chars,
        notes=arguments.notes,
    )
    server.run("stdio")
    return 0
