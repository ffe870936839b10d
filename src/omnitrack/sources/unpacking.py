"""Files handed out packed: .zip, .gz, .tar and .tar.gz around any format, unpacked within bounds and read as a folder is."""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, ClassVar

from omnitrack.sources.base import Item, Source

_MAX_FILES = 200_000
_MAX_DEPTH = 3  # archives within archives
_FREE = 64 * 1024 * 1024  # bytes that may come out of any archive
_RATIO = 200  # bytes that may come out for each byte of the archive, beyond those; logs and mails stay under twenty
_COPY = 1024 * 1024
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b\x08"
_DAMAGE = (
    OSError,
    EOFError,
    zlib.error,
    zipfile.BadZipFile,
    tarfile.TarError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class _TooLargeError(Exception):
    """More comes out of an archive than any real one holds."""


class ArchiveSource(Source):
    """Reads what is packed in an archive, each file by its own format, as a folder with the same files is read.

    It is unpacked into a folder for temporary files, which is removed at the end. More than 64 MiB and two hundred times the
    size of the archive is refused, as is what stands outside of the folder, what is encrypted, and archives in archives
    beyond three.

    Args:
        origin: path of the archive.
        options: of the sources; each takes those it knows.
    """

    name: ClassVar[str] = "archive"
    versions: ClassVar[str] = ".zip, .gz, .tar, .tar.gz around any format that is known"
    default_source: ClassVar[str] = "archive"
    takes_options_of_others: ClassVar[bool] = True

    def __init__(self, origin: Any, **options: Any) -> None:
        super().__init__(origin)
        self.path = Path(origin)
        #: How many archives this one was packed in.
        self.depth = 0
        self.options = options
        self._inner: Source | None = None
        self._left = 0
        #: Shared by the sources of one folder; see ``MailSource``.
        self.seen_before: dict[int, int] | None = None

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it as the class says; see ``Source.sniff``."""
        if head.startswith(_GZIP):
            return "packed with gzip"
        if (
            head.startswith(_ZIP)
            and b"[Content_Types].xml" not in head[:4096]
            and not head[30:].startswith(b"mimetype")
        ):
            return "a zip archive"
        if head[257:262] == b"ustar":
            return "a tar archive"
        return None

    @property
    def size(self) -> int | None:
        """Bytes that there are to read; known once it is unpacked."""
        return self._inner.size if self._inner is not None else None

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._inner.position if self._inner is not None else 0

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        if self.depth >= _MAX_DEPTH:
            yield self.rejected(self.path.name, f"an archive in {_MAX_DEPTH} others, which is not opened")
            return
        self._left = _FREE + _RATIO * self.path.stat().st_size
        folder = Path(tempfile.mkdtemp(prefix="omnitrack-"))
        try:
            yield from self._unpacked(folder)
            yield from self._read(folder)
        finally:
            self._inner = None
            shutil.rmtree(folder, ignore_errors=True)

    def place(self, where: str) -> str:
        """Return the place with the archive's name in front."""
        return where if where.startswith(self.path.name) else f"{self.path.name}: {where}"

    def _read(self, folder: Path) -> Iterator[Item]:
        from omnitrack.sources.folder import FolderSource

        # The zone of the load, where there is one, is that of what is packed.
        options = self.options if self.zone is None else {"zone": self.zone} | self.options
        inner = FolderSource(folder, **options)
        inner.archives_within = self.depth + 1
        inner.seen_before = self.seen_before
        self._inner = inner
        for item in inner:
            self.at = inner.at
            yield item

    def _unpacked(self, folder: Path) -> Iterator[Item]:
        """Unpack into a folder, and yield what of it could not be."""
        try:
            with self.path.open("rb") as file:
                head = file.read(512)
                file.seek(0)
                if head.startswith(_ZIP):
                    yield from self._unzip(file, folder)
                elif head.startswith(_GZIP):
                    yield from self._gunzip(file, folder)
                else:
                    yield from self._untar(file, folder)
        except _TooLargeError:
            yield self.rejected(
                "archive", f"more comes out of it than {_FREE} bytes and {_RATIO} times its size; the rest is not read"
            )
        except _DAMAGE as error:
            yield self.rejected("archive", f"damaged or of a kind that is not read ({type(error).__name__})")

    def _unzip(self, file: IO[bytes], folder: Path) -> Iterator[Item]:
        with zipfile.ZipFile(file) as archive:
            for number, entry in enumerate(archive.infolist()):
                if entry.is_dir():
                    continue
                target = _target(folder, entry.filename)
                if number >= _MAX_FILES or target is None or entry.flag_bits & 1:
                    yield self.rejected(entry.filename[:200], _why_not(number, target))
                    continue
                try:
                    with archive.open(entry) as packed:
                        self._copy(packed, target)
                    stamp = _stamp(entry.date_time)
                    if stamp is not None:
                        os.utime(target, (stamp, stamp))
                except _DAMAGE as error:
                    target.unlink(missing_ok=True)
                    yield self.rejected(entry.filename[:200], f"cannot be unpacked ({type(error).__name__})")

    def _untar(self, file: IO[bytes], folder: Path) -> Iterator[Item]:
        with tarfile.open(fileobj=file, mode="r|") as archive:
            for number, entry in enumerate(archive):
                if entry.isdir():
                    continue
                target = _target(folder, entry.name)
                packed = archive.extractfile(entry) if entry.isreg() else None
                if number >= _MAX_FILES or target is None or packed is None:
                    yield self.rejected(
                        entry.name[:200], "a link or device" if packed is None else _why_not(number, target)
                    )
                    continue
                self._copy(packed, target)
                os.utime(target, (entry.mtime, entry.mtime))

    def _gunzip(self, file: IO[bytes], folder: Path) -> Iterator[Item]:
        name = self.path.name.removesuffix(".gz")
        if name.endswith(".tgz"):
            name = name.removesuffix(".tgz") + ".tar"
        target = folder / (name if name != self.path.name else f"{name}.unpacked")
        try:
            with gzip.GzipFile(fileobj=file) as packed:
                self._copy(packed, target)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            # What was unpacked before the damage is read.
            yield self.rejected("archive", f"damaged, read up to there ({type(error).__name__})")
        stamp = self.path.stat().st_mtime
        os.utime(target, (stamp, stamp))

    def _copy(self, packed: Any, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            # read1 gives what was unpacked before damage, where read gives nothing of it.
            while data := packed.read1(_COPY):
                self._left -= len(data)
                if self._left < 0:
                    out.close()
                    target.unlink()
                    raise _TooLargeError
                out.write(data)


def _target(folder: Path, name: str) -> Path | None:
    """Return where an entry goes, or None where its name leads out of the folder or cannot be one."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or any(
        part in ("..", "/") or part.endswith(":") or "\0" in part or len(part.encode("utf-8", "replace")) > 255
        for part in parts
    ):
        return None
    target = folder.joinpath(*parts)
    return target if len(str(target)) < 3_000 and not target.exists() else None


def _why_not(number: int, target: Path | None) -> str:
    if number >= _MAX_FILES:
        return f"beyond {_MAX_FILES} files in one archive"
    return (
        "a name that leads out of the archive or stands in it twice" if target is None else "encrypted; unpack it first"
    )


def _stamp(moment: tuple[int, int, int, int, int, int]) -> float | None:
    try:
        return datetime(*moment).timestamp()
    except (OverflowError, ValueError):
        return None
