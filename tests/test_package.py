"""The package as users get it: its names, its version, what importing it costs, and what it must not say."""

from __future__ import annotations

import builtins
import importlib
import importlib.metadata
import importlib.resources
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import omnitrack

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("sqlalchemy", "alembic", "phonenumbers", "email_validator", "rapidfuzz", "sqlite3", "numpy", "asyncio")


def _files() -> list[Path]:
    """The project's own text files; outside a git checkout, those of the folders that hold them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        paths = [
            path for folder in ("src", "tests", "docs", "examples", "bench") for path in (ROOT / folder).rglob("*")
        ]
        paths += ROOT.glob("*.*")
    return [path for path in paths if path.is_file() and path.suffix in {".md", ".py", ".toml", ".ini", ".txt", ""}]


def _run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", [*omnitrack.__all__, "open"])
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(omnitrack, name) is not None


def test_dir_lists_every_public_name_before_any_is_used() -> None:
    listed = _run("import omnitrack; print(*dir(omnitrack))").split()
    assert {*omnitrack.__all__, "open"} <= set(listed)
    assert [name for name in listed if name.startswith("_") and not name.startswith("__")] == []
    assert {"Any", "TYPE_CHECKING", "import_module", "annotations"} & set(listed) == set()


def test_a_star_import_takes_the_place_of_nothing_of_pythons() -> None:
    assert set(omnitrack.__all__) & set(dir(builtins)) == set()
    brought = _run("from omnitrack import *; print(open.__module__, Tracker.__name__, open_async.__name__)").split()
    assert brought == [open.__module__, "Tracker", "open_async"]


def test_a_public_name_is_found_where_it_is_typed_to_be() -> None:
    source = Path(omnitrack.__file__).read_text(encoding="utf-8")
    block = source.split("if TYPE_CHECKING:", 1)[1].split("__version__", 1)[0]
    typed = {
        name: module
        for module, names in re.findall(r"from omnitrack\.(\S+) import \(?([^)]*?)\)?(?=\n    from|\n#|\s*$)", block)
        for name in re.findall(r"\w+", re.sub(r" as \w+", "", names))
    }
    assert typed == omnitrack._HOME
    assert sorted([*typed, "__version__"]) == sorted([*omnitrack.__all__, "open"])


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        omnitrack.no_such_name  # noqa: B018


def test_importing_omnitrack_loads_nothing_heavy() -> None:
    loaded = _run(f"import sys, omnitrack; print(*[m for m in {HEAVY!r} if m in sys.modules])")
    assert loaded.split() == []


def test_a_name_of_the_model_loads_no_database() -> None:
    loaded = _run("import sys; from omnitrack import Interaction; print('sqlalchemy' in sys.modules)")
    assert loaded.split() == ["False"]


def test_types_are_shipped() -> None:
    assert importlib.resources.files("omnitrack").joinpath("py.typed").is_file()


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" not in project
    assert project["dynamic"] == ["version"]
    try:
        installed = importlib.metadata.version("omnitrack-timeline")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("omnitrack is imported from its sources, not installed")
    assert installed == omnitrack.__version__


def test_the_changelog_tells_of_this_version() -> None:
    assert f"## [{omnitrack.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_each_extra_that_tests_need_is_an_extra_that_users_get() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for name, requirements in extras.items():
        for requirement in requirements:
            if requirement.startswith("omnitrack-timeline["):
                wanted = requirement.split("[", 1)[1].rstrip("]").split(",")
                assert set(wanted) <= set(extras), name


def test_readme_tells_the_commands_that_tox_has() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    assert "pip install tox && tox -e demo" in readme
    assert re.search(r"^pip install tox && tox$", readme, re.MULTILINE)
    for environment in re.findall(r"tox -e (\w+)", readme):
        assert f"[testenv:{environment}]" in tox


def test_nobody_is_told_to_install_another_distribution() -> None:
    # "omnitrack" on the package index is somebody else's.
    wrong = re.compile(r"pip install (?:-\S+ )*[\"']?omnitrack(?!-timeline)\b")
    assert [str(path) for path in _files() if wrong.search(path.read_text(encoding="utf-8", errors="replace"))] == []


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    home = re.compile(r"(?<![\w.])/(?:home|Users|root|work|opt)/\w")
    me = Path(__file__).resolve()
    found = [
        str(path.relative_to(ROOT))
        for path in _files()
        if path.resolve() != me and home.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def test_ci_is_a_program() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_every_module_says_in_its_first_line_what_it_is() -> None:
    package = Path(omnitrack.__file__).parent
    silent = [
        str(path.relative_to(package))
        for path in sorted(package.rglob("*.py"))
        if not path.read_text(encoding="utf-8").startswith(('"""', "'''", 'r"""'))
    ]
    assert silent == []


def test_every_module_can_be_imported_by_itself() -> None:
    package = Path(omnitrack.__file__).parent
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        if "migrations" not in parts and parts[-1] != "__main__":
            importlib.import_module(".".join(part for part in parts if part != "__init__"))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_what_is_linked_to_is_there(name: str) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / name).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []
