"""Generates the page of the documentation that says what each measure is, from the definitions.

python tools/generate_measures.py          # writes it
python tools/generate_measures.py --check  # fails where the file differs
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from omnitrack.insights import DEFINITIONS

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference" / "measures.md"

HEAD = """# Measures

What each figure of `omnitrack.insights.measure` counts, over what, what it leaves out and where its definition comes from. `definition(name)` returns
the same as data. [Report measures](../howto/report-measures.md) shows how a report is made.

Every measure is given by channel and for all channels together, for half hours, days, weeks or months of a named zone. A figure has its numerator, its
denominator, what was left out and why, how many contacts of the channel and the period could not be attributed to a customer, and whether the history
covers the period. The terms of a report (window, business hours, targets, prices) are part of it.

A *contact* is one time that a customer turned to the company: the interactions of one thread at the source, as long as no more than the window lies
between two of them, else a single interaction. A *window* is how long after a contact another one of the same customer still counts as its
follow-up; seven days, unless you say otherwise. A *journey* is the contacts of one customer with no more than the window between them.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for one in DEFINITIONS:
        parts.append(f"\n## {one.title}\n\n`{one.name}`, {_UNITS[one.unit]}.\n")
        rows = [("Numerator", one.numerator), ("Denominator", one.denominator), ("Left out", one.excluded)]
        parts.append("".join(f"\n- {name}: {text}" for name, text in rows if text) + f"\n- Definition: {one.source}.\n")
    return "".join(parts)


_UNITS = {
    "count": "a count",
    "share": "a share from 0 to 1",
    "seconds": "a mean in seconds",
    "money": "a mean in the currency of the prices",
    "points": "points from -100 to 100",
    "ratio": "a ratio",
}


def main() -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="fail where the file differs, and write nothing")
    text = page()
    if parser.parse_args().check:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            print(
                f"{TARGET.name} is not what the definitions say: run python tools/generate_measures.py", file=sys.stderr
            )
            return 1
        return 0
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
