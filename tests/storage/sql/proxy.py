"""A relay between a backend and a server that can cut the connection at a chosen moment, as a failing network does."""

from __future__ import annotations

import re
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from omnitrack.storage.contract import Backend


class Proxy:
    """Relays to the server of a URL; ``url`` is the same with the relay in its place.

    ``cut_after`` is a pattern: the connection on which the client sends what it matches is cut when the server has answered, before the answer gets
    through; as often as ``times`` says, and not before ``passes`` more of them got through. ``cuts`` counts. ``silent_from`` is a pattern too: what matches it gets through, and from then on nothing does, on no connection,
    until ``speak_again``.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname or "127.0.0.1", parts.port or 0)
        self.cut_after: str | None = None
        self.times = 0
        self.passes = 0
        self.cuts = 0
        self.silent_from: str | None = None
        self._speaks = threading.Event()
        self._speaks.set()
        self._away = False
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        account = "".join(parts.netloc.rpartition("@")[:2])
        netloc = f"{account}127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = urlunsplit(parts._replace(netloc=netloc))
        self._serve(self._accept)

    def _serve(self, work: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._away:
                client.close()
                continue
            server = socket.create_connection(self._server)
            self._open += [client, server]
            self._serve(self._relay, client, server)

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while True:
                for source in select.select([client, server], [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    if not self._speaks.is_set():
                        return self._hold(client, server)
                    if source is client and self.silent_from and re.search(self.silent_from, data.decode("latin-1")):
                        self.go_silent()
                        server.sendall(data)
                        return self._hold(client, server)
                    if source is client and self.times > 0 and re.search(self.cut_after or "", data.decode("latin-1")):
                        if self.passes > 0:
                            self.passes -= 1
                        else:
                            self.times -= 1
                            self.cuts += 1
                            server.sendall(data)
                            server.recv(65536)
                            return
                    (server if source is client else client).sendall(data)
        except OSError:
            pass
        finally:
            client.close()
            server.close()

    def _hold(self, client: socket.socket, server: socket.socket) -> None:
        """Say nothing to either end. A network that speaks again has forgotten its connections."""
        self._speaks.wait()

    def go_silent(self) -> None:
        """Pass nothing on any more, on no connection, old or new, and cut none."""
        self._speaks.clear()

    def speak_again(self) -> None:
        """Pass on what is said on new connections."""
        self.silent_from = None
        self._speaks.set()

    def go_away(self) -> None:
        """Cut every connection and refuse new ones, as a server that is restarted does."""
        self._away = True
        for end in self._open:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._open.clear()

    def ports(self) -> set[int]:
        """Return the ports by which the server knows the connections that are open, the ends of the relay among them."""
        found = set()
        for end in self._open:
            try:
                found.add(end.getsockname()[1])
            except OSError:  # closed
                pass
        return found

    def come_back(self) -> None:
        """Take connections again."""
        self._away = False

    def close(self) -> None:
        """Stop relaying."""
        self.go_away()
        self.speak_again()
        self._listener.close()


class SilentNetwork:
    """A backend that reaches its server through a proxy, as the kit takes it."""

    def __init__(self, proxy: Proxy, backend: Backend) -> None:
        self.backend = backend
        self.go_silent = proxy.go_silent
        self.speak_again = proxy.speak_again


@contextmanager
def silent_network(url: str, open: Callable[[str], Backend]) -> Iterator[SilentNetwork]:
    """Yield a backend on the store of a URL behind a proxy."""
    proxy = Proxy(url)
    try:
        yield SilentNetwork(proxy, open(proxy.url))
    finally:
        proxy.close()
