"""How much memory and time reading a source takes, by its size: memory is to stay flat, time to grow with the size alone.

    python bench/sources.py                # an mbox of 200 MB, a million rows of CSV, of JSON lines, of one JSON array, a chat
    python bench/sources.py --part 0.05    # a twentieth of that
    python bench/sources.py --part 5 --files --only mbox csv    # a file of 1 GB and one of five million rows
    python bench/sources.py --part 0.2 --load --only csv        # records 200,000 rows into a SQLite file too
    python bench/sources.py --crafted      # input that is made to be slow, at one, two and four times a size

Each line is read in a process of its own, at a tenth of the size and at all of it: from a stream that makes the bytes as they are asked for, or
with ``--files`` from a file in the folder for temporary files, which is removed. Seconds are those of the processor; memory is by how much the process has
grown at the most.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import omnitrack
from omnitrack.sources import open_source

MAPPING = {
    "channel": "phone",
    "direction": "inbound",
    "fields": {"occurred_at": "when", "source_id": "id", "body": "note"},
    "customer": {"phone": "phone:{}!observed"},
}


class Made:
    """A stream of bytes that are made as they are read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, bytearray()

    def read(self, size: int = -1) -> bytes:
        while len(self._left) < size and (piece := next(self._pieces, None)) is not None:
            self._left += piece
        return self._take(size)

    def _take(self, size: int) -> bytes:
        data = bytes(self._left[:size])
        del self._left[:size]
        return data

    def readline(self, size: int = -1) -> bytes:
        limit = size if size > 0 else sys.maxsize
        while (
            (end := self._left.find(b"\n") + 1) == 0
            and len(self._left) < limit
            and (piece := next(self._pieces, None)) is not None
        ):
            self._left += piece
        return self._take(min(limit, end or len(self._left)))


def mails(count: int) -> Iterator[bytes]:
    text = b"We have had no broadband since Friday, and nobody calls back.\n" * 20
    photo = (b"QUJD" * 19 + b"\n") * 500  # of 28 KB
    for n in range(count):
        yield b"From jane Mon Jan  5 09:00:00 2026\nFrom: Jane <j%d@example.com>\nTo: care@shop.example\n" % (
            n % 50_000
        )
        yield b"Date: Mon, 5 Jan 2026 09:%02d:%02d +0000\nMessage-ID: <%d@example.com>\n" % (n // 60 % 60, n % 60, n)
        yield b"Subject: No broadband\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n" + text
        yield (
            b"--b\nContent-Type: image/jpeg; name=router.jpg\nContent-Transfer-Encoding: base64\n\n"
            + photo
            + b"--b--\n\n"
        )


def csv_rows(count: int) -> Iterator[bytes]:
    yield b"id,when,phone,note\n"
    for n in range(count):
        yield b'%d,2026-01-05 09:%02d:%02d,+4420794%05d,"No broadband, again"\n' % (n, n // 60 % 60, n % 60, n % 50_000)


def json_lines(count: int, before: bytes = b"", between: bytes = b"\n", after: bytes = b"") -> Iterator[bytes]:
    yield before
    for n in range(count):
        yield (
            between if n else b""
        ) + b'{"id": %d, "when": "2026-01-05T09:00:00Z", "phone": "+4420794%05d", "note": "a"}' % (n, n % 50_000)
    yield after


def chat(count: int) -> Iterator[bytes]:
    for n in range(count):
        yield b"%02d/01/2026, 09:%02d - +44 7700 900123: message %d\n" % (n * 28 // count + 1, n % 60, n)


SIZES: dict[str, tuple[int, Callable[[int], Iterator[bytes]], str, dict[str, Any]]] = {
    "mbox": (5_000, mails, "mbox", {}),
    "csv": (1_000_000, csv_rows, "csv", {"mapping": MAPPING, "zone": "UTC"}),
    "jsonl": (1_000_000, json_lines, "jsonl", {"mapping": MAPPING}),
    "json-array": (1_000_000, lambda n: json_lines(n, b"[", b",", b"]"), "jsonl", {"mapping": MAPPING}),
    "chat": (1_000_000, chat, "whatsapp-chat", {"own_name": "Care", "zone": "UTC", "dates": "dmy"}),
}
# Made to be slow: each a beginning, what is repeated, and an end.
CRAFTED: dict[str, tuple[bytes, bytes, bytes, str, dict[str, Any]]] = {
    "From lines": (b"", b"From \n\n", b"", "mbox", {}),
    "From lines that are none": (
        b"From a 09:00:00 2026\nSubject: x\n\n",
        b"From here on it is text\n",
        b"",
        "mbox",
        {},
    ),
    "open brackets": (b"", b"{", b"", "x", {}),
    "closed brackets": (b"", b"}", b"", "x", {}),
    "quotes in JSON": (b"", b'["', b"", "x", {}),
    "numbers in an array": (b"[", b"1,", b"2]", "x", {}),
    "broken values": (b"[", b'{"a" 1},', b"1]", "x", {}),
    "quotes in CSV": (b"id,when\n", b'"\n', b"", "csv", {"mapping": MAPPING, "zone": "UTC"}),
    "carriage returns": (b"id,when\n", b'"a\r', b"\n", "csv", {"mapping": MAPPING, "zone": "UTC"}),
    "addresses": (b"To: ", b"a@b.example,", b"\n\n", "eml", {}),
    "encoded words": (b"Subject: ", b"=?utf-8?B?w7bD?= ", b"\n\n", "eml", {}),
    "quoted lines": (b"Subject: a\n\n", b"> a\n", b"", "eml", {}),
    "dates of a chat": (b"", b"05/01/2026, 09:00 - ", b"", "whatsapp-chat", {"zone": "UTC"}),
}


def measure(read: Callable[[], Counter[str]]) -> tuple[Counter[str], float, float]:
    """Return what was read, the seconds of the processor, and by how many MB the process grew at the most."""

    def work(pipe: Any) -> None:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.process_time()
        counts = read()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        pipe.send((counts, time.process_time() - began, grown / 1024))

    receiver, sender = multiprocessing.get_context("fork").Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=work, args=(sender,))
    child.start()
    counts, seconds, grown = receiver.recv()
    child.join()
    return counts, seconds, grown


def read_all(origin: Any, format: str, options: dict[str, Any]) -> Counter[str]:
    return Counter(type(item).__name__ for item in open_source(origin, format, **options))


def load_all(origin: Any, format: str, options: dict[str, Any]) -> Counter[str]:
    with (
        tempfile.TemporaryDirectory() as folder,
        omnitrack.open(f"sqlite:///{Path(folder) / 'h.db'}", region="GB") as tracker,
    ):
        report = tracker.load(open_source(origin, format, **options))
        return Counter(added=report.added, units=report.units)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", type=float, default=1.0, help="of the sizes")
    parser.add_argument("--load", action="store_true", help="record what is read into a SQLite file")
    parser.add_argument("--files", action="store_true", help="from a file on disk")
    parser.add_argument("--only", nargs="+", choices=list(SIZES), help="of what is read")
    parser.add_argument("--crafted", action="store_true", help="read what is made to be slow instead")
    parser.add_argument("--size", type=int, default=500_000, help="bytes of crafted input")
    chosen = parser.parse_args()
    read = load_all if chosen.load else read_all
    if chosen.crafted:
        for name, (before, again, after, format, options) in CRAFTED.items():
            seconds = []
            for times in (1, 2, 4):
                data = before + again * (chosen.size * times // len(again)) + after
                seconds.append(measure(lambda d=data, f=format, o=options: read(d, f, o))[1])  # type: ignore[misc]
            print(
                f"{name:26}"
                + "".join(f"{s:9.2f} s" for s in seconds)
                + f"   {seconds[2] / max(seconds[0], 0.001):5.1f} times for 4 times the size"
            )
        return
    print("| what | at | MB | units | seconds | units a second | grew by MB |\n|---|---|---|---|---|---|---|")
    for name, (most, make, format, options) in SIZES.items():
        if chosen.only and name not in chosen.only:
            continue
        count = int(most * chosen.part)
        for at, n in (("a tenth", max(1, count // 10)), ("all", count)):
            size = sum(map(len, make(n)))
            with tempfile.TemporaryDirectory() as folder:
                origin: Any = Path(folder) / name
                if chosen.files:
                    with origin.open("wb") as file:
                        file.writelines(make(n))
                else:
                    origin = Made(make(n))
                counts, seconds, grown = measure(partial(read, origin, format, options))
            units = max(counts.values())
            print(
                f"| {name} | {at} | {size / 1e6:,.0f} | {units:,} | {seconds:.1f} | {units / max(seconds, 0.001):,.0f} | {grown:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
