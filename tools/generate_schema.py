"""Generates the JSON Schema of values that the package ships, from their classes.

python tools/generate_schema.py          # writes it
python tools/generate_schema.py --check  # fails where the file differs
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from omnitrack.values.schema import FILE, document

TARGET = Path(__file__).resolve().parent.parent / "src" / "omnitrack" / "values" / FILE


def main() -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="fail where the file differs, and write nothing")
    text = json.dumps(document(), indent=1) + "\n"
    if parser.parse_args().check:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            print(f"{FILE} is not what the classes say: run python tools/generate_schema.py", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
