"""Documents of others as tests read them, and values that are none of theirs."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

HOSTILE: list[Any] = [None, True, -1, 0, 10**30, 1e308, "", "x", "\ud800", "\x00", "9" * 3000, [], {}, [[]], [None]]
HOSTILE += [{"a": 1}, "+1", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59-14:00", "https://[", "=?", "a@b", [0] * 50]


@cache
def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def mutations(draw: Any, document: Any) -> Any:
    """Return the document with a few values somewhere in it removed, swapped or replaced by hostile ones."""
    hostile = st.sampled_from(HOSTILE)
    document = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(0, 4))):
        holder = document
        while True:
            if not isinstance(holder, (dict, list)) or not holder:
                break
            key = (
                draw(st.sampled_from(sorted(holder)))
                if isinstance(holder, dict)
                else draw(st.integers(0, len(holder) - 1))
            )
            inner = holder[key]
            if isinstance(inner, (dict, list)) and inner and draw(st.booleans()):
                holder = inner
                continue
            if isinstance(holder, dict) and draw(st.booleans()):
                del holder[key]
            else:
                holder[key] = copy.deepcopy(draw(hostile))
            break
    return document
