"""Several processes on one store at once: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import servers
from omnitrack.storage.sql import SqlBackend
from storage.sql import processes, rows

COUNT = """
import sys
sys.path[:0] = sys.argv[3].split(":")
from omnitrack.storage.registry import open_backend
from storage.sql import rows
backend = open_backend(sys.argv[1], namespace=sys.argv[2] or None)
backend.run(lambda tx: tx.guard())
print("ready", flush=True)
sys.stdin.readline()
for _ in range(15):
    backend.run(rows.count)
left_out = sum(len(backend.run(lambda tx: rows.add(tx, range(n, n + 7)))) for n in range(1, 60, 7))
print(left_out, flush=True)
"""


def test_processes_that_write_at_once_lose_nothing(store: servers.Store, backend: SqlBackend) -> None:
    writing = [processes.start(COUNT, store.url, store.namespace, servers.FOLDER) for _ in range(3)]
    for process in writing:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in writing:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    left_out = [int(process.communicate(timeout=120)[0]) for process in writing]
    assert backend.run(rows.count) == 46
    assert backend.run(rows.stored) == list(range(1, 64))
    assert sum(left_out) == 2 * 63
