"""Python processes beside the tests: each imports omnitrack from where the tests do, says what it does on stdout, and may be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import omnitrack


def start(script: str, *arguments: str | None) -> subprocess.Popen[str]:
    """Start a process that runs ``script`` with these arguments in ``sys.argv``."""
    paths = [str(Path(omnitrack.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-c", script, *(argument or "" for argument in arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )
