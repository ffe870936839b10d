"""Mailboxes with a file for each mail (Maildir), with their subfolders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.errors import SourceFormatError, check_flag
from omnitrack.sources.base import Item
from omnitrack.sources.eml import EmlSource
from omnitrack.sources.mail_status import flag_facts, folder_facts

LINK = "a symbolic link, which may lead anywhere; accepted are files and folders, and links with follow_links=True"


class MaildirSource(EmlSource):
    """Reads the mails under ``cur`` and ``new`` of a Maildir and of its Maildir++ subfolders.

    Subfolders are those of Maildir++ (``.Archive``), and folders beside ``cur`` that are Maildirs themselves, as offlineimap,
    mbsync and Dovecot's layout ``fs`` make them, to any depth. Mails are read in order of the unique part of their names, which
    begins with the time of delivery and stays when flags change. The flags ``D`` and ``T`` and the name of the folder say
    what is a draft, spam or in the trash.
    """

    name: ClassVar[str] = "maildir"
    versions: ClassVar[str] = "Maildir, Maildir++, Maildirs within each other"

    def __init__(self, origin: Any, *, follow_links: bool = False, **options: Any) -> None:
        super().__init__(Path(origin), **options)
        check_flag("follow_links", follow_links, SourceFormatError)
        self.follow_links = follow_links
        self.folder = Path(origin)
        self._done = 0
        self._size: int | None = None

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it as the class says; see ``Source.sniff``."""
        if path.is_dir() and (path / "cur").is_dir() and ((path / "new").is_dir() or (path / "tmp").is_dir()):
            return "a folder with cur and new in it"
        return None

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._done + (self.input.position if self.input is not None else 0)

    @property
    def size(self) -> int | None:
        """Bytes that there are to read."""
        if self._size is None:
            self._size = sum(path.lstat().st_size for _, path in self._files())
        return self._size

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        self.forget()
        self._done = 0
        for where, path, reason in self._entries():
            if reason is not None:
                yield self.passed(where, reason)
                continue
            if path.is_symlink() and not self.follow_links:
                yield self.rejected(where, LINK)
                continue
            self.origin = path
            try:
                folder = path.parent.parent.name if path.parent.parent != self.folder else ""
                yield from self.one({**folder_facts(folder.rpartition(".")[2]), **flag_facts(path.name)})
            except OSError as error:
                yield self.rejected(where, f"cannot be opened: {error.strerror}")
            if self.input is not None:
                self._done += self.input.position
                self.input.close()
                self.input = None
        self.origin = self.folder

    def place(self, where: str) -> str:
        """Return the place within the folder."""
        path = self.input.path if self.input is not None else None
        return where if path is None else str(path.relative_to(self.folder))

    def _files(self) -> Iterator[tuple[str, Path]]:
        return ((where, path) for where, path, reason in self._entries() if reason is None)

    def _entries(self) -> Iterator[tuple[str, Path, str | None]]:
        """Yield (place, path, None) of each mail, and with the reason what is passed over."""
        yield from self._within(self.folder, (os.path.realpath(self.folder),))

    def _within(self, folder: Path, inside: tuple[str, ...]) -> Iterator[tuple[str, Path, str | None]]:
        """Yield the entries of one Maildir, then of those in it; ``inside``: the real folders that it is in, which a link may lead back to."""
        found: list[str] = []
        folders: list[tuple[Path, str]] = []
        for name in sorted(os.listdir(folder)):
            path = folder / name
            where = str(path.relative_to(self.folder))
            linked = path.is_symlink() and not self.follow_links
            if name in ("cur", "new") and linked:
                found.append(name)
            elif name in ("cur", "new") and path.is_dir():
                found += [f"{name}/{entry}" for entry in os.listdir(path)]
            elif name == "tmp" and path.is_dir():
                for entry in sorted(os.listdir(path)):
                    yield f"{where}/{entry}", path / entry, "mail not delivered whole"
            elif not linked and ((path / "cur").is_dir() or (path / "new").is_dir()):
                real = os.path.realpath(path)
                if real in inside:
                    yield where, path, "link to a folder that it is in"
                else:
                    folders.append((path, real))
            else:
                yield where, path, "file or folder that holds no mails of the Maildir"
        for name in sorted(found, key=lambda name: (name.partition("/")[2].partition(":")[0], name)):
            path = folder / name
            where = str(path.relative_to(self.folder))
            if path.name.startswith("."):
                yield where, path, "hidden file"
            elif path.is_symlink() or path.is_file():
                yield where, path, None
            else:
                yield where, path, "no file"
        for path, real in folders:
            yield from self._within(path, (*inside, real))
