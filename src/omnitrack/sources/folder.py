"""A folder of files of many formats: each is read by the source that knows it, in order of name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.errors import SourceFormatError, check_flag
from omnitrack.sources.base import Item, Shared, Source
from omnitrack.sources.beside import what_beside
from omnitrack.sources.maildir import LINK
from omnitrack.sources.mapped import mapping_beside
from omnitrack.sources.values import zone_of


class FolderSource(Source):
    """Reads every file under a folder; a file that no source knows is rejected, what is hidden is passed over.

    Args:
        origin: path of the folder.
        follow_links: read what symbolic links lead to as well; a link is reported and passed over without it, since it may lead anywhere.
        options: of the sources; each takes those it knows.
    """

    name: ClassVar[str] = "folder"
    versions: ClassVar[str] = "a folder with files of any format that is known"
    default_source: ClassVar[str] = "folder"
    takes_options_of_others: ClassVar[bool] = True

    def __init__(self, origin: Any, *, follow_links: bool = False, **options: Any) -> None:
        super().__init__(origin)
        check_flag("follow_links", follow_links, SourceFormatError)
        self.follow_links = follow_links
        self.folder = Path(origin)
        self.options = options
        self.zone = zone_of(options.get("zone"))
        self._done = 0
        self._current: Source | None = None
        self._size: int | None = None

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it as the class says; see ``Source.sniff``."""
        return "a folder; each file is read by its own format" if path.is_dir() else None

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._done + (self._current.position if self._current is not None else 0)

    @property
    def size(self) -> int | None:
        """Bytes that there are to read."""
        if self._size is None:
            self._size = sum(_size(path) for path in self._paths() if self.follow_links or not path.is_symlink())
        return self._size

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        self._done = 0
        shared = self.shared or Shared()
        for path, reason in self._found(self.folder, (os.path.realpath(self.folder),)):
            if reason is not None:
                yield self.passed(str(path.relative_to(self.folder)), reason)
                continue
            if path.is_symlink() and not self.follow_links:
                yield self.rejected(str(path.relative_to(self.folder)), LINK)
                continue
            if path.suffix == ".toml" and any(
                mapping_beside(other) == path for other in path.parent.glob(f"{path.stem}.*")
            ):
                self._done += _size(path)
                yield self.passed(str(path.relative_to(self.folder)), "mapping")
                continue
            if path.is_file() and (kept := what_beside(path.name)) is not None:
                self._done += _size(path)
                yield self.passed(str(path.relative_to(self.folder)), kept)
                continue
            try:
                self._current = self._open(path)
            except SourceFormatError as error:
                yield self.rejected(str(path.relative_to(self.folder)), str(error))
                self._done += _size(path)
                continue
            except OSError as error:
                yield self.rejected(str(path.relative_to(self.folder)), f"cannot be opened: {error.strerror}")
                continue
            self._current.use_zone(self.zone)
            self._current.shared = shared
            try:
                for item in self._current:
                    at = self._current.at
                    self.at = None if at is None else self._current.place(at)
                    yield item
            except OSError as error:
                yield self.rejected(str(path.relative_to(self.folder)), f"cannot be read: {error.strerror}")
            self._done += _size(path)
            self._current = None
        if self.shared is None:
            yield from self._calls(shared)

    def _calls(self, shared: Shared) -> Iterator[Item]:
        """Yield the calls whose legs could have stood in any file."""
        for source, held in shared.calls.values():
            for done in held.rest():
                for item in source.complete(done):
                    self.at = None if source.at is None else source.place(source.at)
                    yield item

    def _open(self, path: Path) -> Source:
        """A mapping given for a whole folder is for the files that no source knows."""
        from omnitrack.sources.registry import open_source

        mapping = self.options.get("mapping")
        try:
            return open_source(path, **{name: value for name, value in self.options.items() if name != "mapping"})
        except SourceFormatError:
            if mapping is None:
                raise
            return open_source(path, **self.options)

    def _paths(self) -> Iterator[Path]:
        found = self._found(self.folder, (os.path.realpath(self.folder),))
        return (path for path, reason in found if reason is None)

    def _found(self, folder: Path, inside: tuple[str, ...]) -> Iterator[tuple[Path, str | None]]:
        """Yield what there is to read, links that are not followed among it, and with the reason what is passed over.

        ``inside``: the real folders that this one is in, which a link may lead back to.
        """
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
        for name in names:
            path = folder / name
            if name.startswith("."):
                yield path, "hidden file or folder"
            elif path.is_symlink() and not self.follow_links:
                yield path, None
            elif path.is_dir():
                real = os.path.realpath(path)
                if (path / "cur").is_dir():
                    yield path, None
                elif real in inside:
                    yield path, "link to a folder that it is in"
                else:
                    yield from self._found(path, (*inside, real))
            elif path.is_file():
                yield path, None
            else:
                yield path, "no file: a device, a socket or a broken link"


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(entry.stat().st_size for entry in path.rglob("*") if entry.is_file())
    return path.stat().st_size
