"""An MCP server for agents that are programs: one customer's history, with the customer bound by the host."""

from omnitrack.mcp.binding import Bound, Customer
from omnitrack.mcp.server import make_server

__all__ = ["Bound", "Customer", "make_server"]
