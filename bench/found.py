"""How long find_identifiers takes for a megabyte, of texts that people write and of some that are made to keep it busy."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator

from omnitrack import find_identifiers

WORDS = [
    "the",
    "broadband",
    "order",
    "number",
    "is",
    "not",
    "working",
    "since",
    "Monday",
    "please",
    "call",
    "me",
    "back",
    "on",
    "my",
    "line",
    "and",
    "thank",
    "you",
]


def texts(size: int, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of about so many characters."""

    def repeated(piece: str) -> str:
        return piece * (size // len(piece))

    def many(make: str, length: int, low: int, high: int) -> str:
        return " ".join(make.format(rng.randint(low, high)) for _ in range(size // length))

    yield "prose", " ".join(rng.choices(WORDS, k=size // 6))
    yield "digits", repeated("1234567890")
    yield "digits apart", repeated("1 2 3 4 5 ")
    yield "dots", repeated("a.")
    yield "@s", repeated("a@b.")
    yield "one number again and again", repeated("020 7946 0957 ")
    yield "numbers with their country", many("+44 7{}", 14, 10**8, 10**9 - 1)
    yield "numbers without", many("0207{}", 12, 10**6, 10**7 - 1)
    yield "a list of contacts", many("Jane Doe,020 7946 {}\n", 24, 1000, 9999)
    yield "network addresses", repeated("192.168.100.200 ")
    yield "fractions", repeated("1/2/")
    yield "URLs of profiles", many("https://x.com/user{}", 26, 10**5, 10**6)
    yield "URLs of nobody", many("https://www.example.com/{}", 32, 10**5, 10**6)
    yield "a URL without end", "https://www.linkedin.com/in/" + "a" * size
    yield "addresses", many("user{}@example.com", 24, 10**5, 10**6)
    yield "addresses in letters", many("jürgen{}@bücher.example", 30, 10**5, 10**6)


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seed = random.randrange(10**6)
    print(f"seed {seed}, {size} characters")
    find_identifiers("020 7946 0958", "GB")  # the numbering plans are loaded on first use
    for name, text in texts(size, random.Random(seed)):
        begin = time.process_time()
        found = find_identifiers(text, "GB", "x")
        seconds = (time.process_time() - begin) / len(text) * 1e6
        print(f"{name:28} {seconds:6.2f} s a MB, {len(found)} found", flush=True)


if __name__ == "__main__":
    main()
