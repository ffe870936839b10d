"""The guide for adapter authors, followed to the letter: what a reader has after each step passes its tests, at the end the whole kit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "write-a-storage-adapter.md"
BLOCKS = re.findall(r"^```\w+\n# ([\w.]+)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def follow(folder: Path, upto: int) -> str:
    """Write the files as they are after block ``upto``, each block added to its file; return that block's file."""
    files: dict[str, str] = {}
    for name, code in BLOCKS[: upto + 1]:
        files[name] = files.get(name, "") + code + "\n\n"
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return str(BLOCKS[upto][0])


def basetemp(folder: Path) -> list[str]:
    """Have the tests' files in memory where the system offers that: how fast the disk is says nothing here."""
    memory = Path("/dev/shm")
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        return []
    return [f"--basetemp={memory / f'omnitrack-{os.getpid()}-{folder.name}'}"]


def kit(folder: Path, *arguments: str) -> str:
    """Run the reader's tests and return what pytest said."""
    try:
        return python(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", *basetemp(folder), *arguments)
    finally:
        for argument in basetemp(folder):
            shutil.rmtree(argument.partition("=")[2], ignore_errors=True)


def python(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)])}
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    return ran.stdout


STEPS = [number for number, (name, _) in enumerate(BLOCKS) if name == "test_shelf.py"]
KIT = STEPS[-1]


@pytest.mark.parametrize("step", STEPS[:-1])
def test_the_subjects_written_so_far_are_green_after_this_step(tmp_path: Path, step: int) -> None:
    follow(tmp_path, step)
    said = kit(tmp_path, "-k", "not async and not thousands", "test_shelf.py")
    assert "passed" in said
    assert "skipped" not in said


def test_the_whole_kit_is_green_at_the_end(tmp_path: Path) -> None:
    follow(tmp_path, KIT)
    said = kit(tmp_path, "test_shelf.py::TestShelf")
    passed = re.search(r"(\d+) passed, (\d+) skipped", said)
    assert passed, said[-1000:]
    assert int(passed[1]) > 400
    assert int(passed[2]) < 25  # rules of what a shelf does not declare
    reasons = {line.split(": ", 1)[1] for line in said.splitlines() if line.startswith("SKIPPED")}
    assert all("is not declared" in reason or "arun() alone" in reason for reason in reasons)


def test_the_adapter_holds_a_history(tmp_path: Path) -> None:
    follow(tmp_path, len(BLOCKS) - 1)
    assert "phone" in python(tmp_path, "try_it.py")


def test_the_package_names_its_backend(tmp_path: Path) -> None:
    (code,) = [code for name, code in BLOCKS if name == "pyproject.toml"]
    assert tomllib.loads(code)["project"]["entry-points"]["omnitrack.backends"] == {"shelf": "shelf:ShelfBackend"}
