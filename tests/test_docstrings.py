"""The examples in docstrings do what they say."""

from __future__ import annotations

import doctest
import importlib
import os
import re
from pathlib import Path

import pytest

import omnitrack

PACKAGE = Path(omnitrack.__file__).parent
WITH_EXAMPLES = [
    ".".join(part for part in path.relative_to(PACKAGE.parent).with_suffix("").parts if part != "__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if re.search(r"(?m)^\s*>>> ", path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_this_module_hold(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.attempted
    assert result.failed == 0, os.linesep + f"{result.failed} of {result.attempted} failed; see the output above"
