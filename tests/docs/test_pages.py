"""Every page of the documentation is reached from the page above it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
LINK = re.compile(r"\]\(([\w./-]+\.md)\)|\{doc\}`(?:[^`<]*<)?([\w./-]+)>?`")


def linked(page: Path) -> set[Path]:
    """Return the pages that a page links to."""
    found = LINK.findall(page.read_text(encoding="utf-8"))
    return {(page.parent / (path or f"{name}.md")).resolve() for path, name in found}


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in DOCS.glob("*/index.md")))
def test_every_page_stands_in_the_list_of_its_folder(folder: str) -> None:
    index = DOCS / folder / "index.md"
    assert linked(index) == {path.resolve() for path in (DOCS / folder).glob("*.md")} - {index.resolve()}


def test_every_folder_is_reached_from_the_first_page() -> None:
    assert linked(DOCS / "index.md") == {path.resolve() for path in DOCS.glob("*/index.md")}


def test_every_page_that_readme_names_is_there() -> None:
    readme = DOCS.parent / "README.md"
    missing = {path for path in linked(readme) if not path.exists()}
    assert missing == set()
    assert (DOCS / "howto" / "index.md").resolve() in linked(readme)
