"""What every test shares: README and docs run as tests, and how hard Hypothesis tries."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import settings
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

from effort import load_profile

ROOT = Path(__file__).parent

load_profile()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed of the property tests where each run looks somewhere new, so that it can be said; workers are given the same."""
    if config.option.hypothesis_seed is None and not settings().derandomize:
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(2**32))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say after a failure what repeats it."""
    if terminalreporter.stats.get("failed") and config.option.hypothesis_seed is not None:
        profile = f"OMNITRACK_HYPOTHESIS={os.environ.get('OMNITRACK_HYPOTHESIS', 'default')}"
        terminalreporter.write_line(
            f"property tests: {profile} pytest --hypothesis-seed={config.option.hypothesis_seed} repeats them"
        )


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Each document runs in a folder of its own, where its examples may leave files, with the examples' data beside it."""
    before, folder = Path.cwd(), tmp_path_factory.mktemp("document")
    shutil.copytree(ROOT / "examples" / "data", folder / "examples" / "data")
    os.chdir(folder)
    yield
    os.chdir(before)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keep the blocks of a document on one worker, in their order; every other test goes where there is room."""
    from xdist.scheduler import LoadScopeScheduling
    from xdist.workermanage import WorkerController

    class DocumentScheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file, _, _ = nodeid.partition("::")
            return file if file.endswith(".md") else nodeid

        def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
            # As in LoadScopeScheduling, but what is done is forgotten: that one goes through all of it after each test.
            nodeid = self.registered_collections[node][item_index]
            scope, work = self._split_scope(nodeid), self.assigned_work[node]
            work[scope][nodeid] = True
            if all(work[scope].values()):
                del work[scope]
            self._reschedule(node)

    return DocumentScheduling(config, log) if config.getoption("dist") == "load" else None


# The blocks of a document are one session, run from top to bottom.
pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    fixtures=["_folder"],
).pytest()
