"""What README promises of the distribution without any extra: run by ``tox -e bare``, with neither pytest nor a driver nor greenlet installed."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import omnitrack
from omnitrack import UnknownBackendError

ROOT = Path(__file__).resolve().parent.parent
BROUGHT_BY_EXTRAS = (
    "aiosqlite",
    "asyncmy",
    "asyncpg",
    "greenlet",
    "joserfc",
    "openpyxl",
    "olefile",
    "psycopg",
    "pymysql",
    "pytest",
)

#: URLs that need an extra, and which.
WANTING = {
    "postgresql://h/x": "postgresql",
    "postgresql+psycopg://h/x": "postgresql",
    "postgresql+asyncpg://h/x": "async",
    "mariadb://h/x": "mariadb",
    "mariadb+pymysql://h/x": "mariadb",
    "mysql+pymysql://h/x": "mariadb",
    "mysql+asyncmy://h/x": "async",
}


def nothing_more_is_installed() -> None:
    assert [name for name in BROUGHT_BY_EXTRAS if importlib.util.find_spec(name) is not None] == []
    assert Path(omnitrack.__file__).is_relative_to(sys.prefix), "the wheel is what is tested, not the sources"


def five_minutes_with_data_of_your_own() -> None:
    blocks = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert len(blocks) >= 5
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    assert Path("history.db").is_file()


def a_missing_extra_is_named() -> None:
    for open_ in (omnitrack.open, omnitrack.open_async):
        for url, extra in WANTING.items():
            assert f'the extra "{extra}"' in error_of(UnknownBackendError, partial(open_, url)), url


def async_callers_of_a_file_are_served_by_threads() -> None:
    async def history(url: str) -> int:
        async with omnitrack.open_async(url, region="GB") as tracker:
            at = datetime(2026, 3, 3, tzinfo=timezone.utc)
            await tracker.record(channel="phone", customer=["020 7946 0958"], occurred_at=at)
            return len([item async for item in tracker.timeline("020 7946 0958")])

    for url in ("sqlite:///threads.db", "sqlite+aiosqlite:///both.db", "memory://"):
        assert asyncio.run(history(url)) == 1


def likeness_and_export_need_no_extra() -> None:
    with omnitrack.open("sqlite:///likeness.db", region="GB", matching=True) as tracker:
        for number in ("1", "2"):
            tracker.record(
                channel="letter",
                customer=[f"email:jane{number}@example.org"],
                occurred_at=datetime(2026, 3, 3, tzinfo=timezone.utc),
                traits={"name": "Jane Merriweather", "postcode": "RG14 1AA"},
            )
        assert tracker.find_matches() >= 0
        assert tracker.verify().ok
        for format in ("json", "vcon", "tmf683", "cloudevents"):
            tracker.export("email:jane1@example.org", format=format)


def the_kit_says_what_it_needs() -> None:
    assert 'the extra "test"' in error_of(ImportError, lambda: importlib.import_module("omnitrack.testing"))


def error_of(kind: type[Exception], call: Callable[[], object]) -> str:
    """Return what the error says that a call raises."""
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__} was raised")


CHECKS = (
    nothing_more_is_installed,
    five_minutes_with_data_of_your_own,
    a_missing_extra_is_named,
    async_callers_of_a_file_are_served_by_threads,
    likeness_and_export_need_no_extra,
    the_kit_says_what_it_needs,
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(ROOT / "examples", Path(folder, "examples"))
        os.chdir(folder)
        try:
            for check in CHECKS:
                check()
                print(f"ok: {check.__name__.replace('_', ' ')}")
        finally:
            os.chdir(ROOT)
    print(f"{len(CHECKS)} passed, 0 failed")


if __name__ == "__main__":
    main()
