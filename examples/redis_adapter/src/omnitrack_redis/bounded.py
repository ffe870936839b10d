"""Connections that wait no longer than the call has time, and what is said when that is over."""

from __future__ import annotations

from typing import Any

from redis import ConnectionPool

from omnitrack.storage.contract import left

LEAST = 0.001  # seconds; a timeout of 0 would mean that the socket does not wait at all


def bound(pool: ConnectionPool) -> ConnectionPool:
    """Have the connections of a pool, which differ by the scheme of its URL, wait within the time of the call."""
    pool.connection_class = type("Bounded", (_Bounded, pool.connection_class), {})
    return pool


def within(timeout: float | None) -> float | None:
    """Return a timeout, or what the call has left where that is less."""
    seconds = left()
    if seconds is None:
        return timeout
    return max(LEAST, seconds if timeout is None else min(seconds, timeout))


class _Bounded:
    """Sets the timeout anew for each command: a connection serves calls with and without a deadline."""

    _sock: Any
    socket_timeout: float | None
    socket_connect_timeout: float | None

    def _connect(self) -> Any:
        given = self.socket_connect_timeout
        self.socket_connect_timeout = within(given)
        try:
            return super()._connect()  # type: ignore[misc]
        finally:
            self.socket_connect_timeout = given

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        if self._sock is not None:
            self._sock.settimeout(within(self.socket_timeout))
        super().send_packed_command(command, check_health)  # type: ignore[misc]
