"""Files packed into a .zip, a .gz or a .tar, as services hand out their exports: what is inside is read by its own format."""

from __future__ import annotations

import gzip
import re
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Protocol, cast

from omnitrack.errors import SourceFormatError
from omnitrack.sources.archives import DAMAGED, MAX_MEMBERS, MAX_RATIO
from omnitrack.sources.base import Item, Source
from omnitrack.sources.reading import CHUNK
from omnitrack.sources.values import words, zone_of

MAX_PACKING = 4  # packed files inside packed files
_FREE = 64 * 1024 * 1024  # bytes that may come out, whatever the ratio
_HEAD = 64 * 1024
_MEDIA = frozenset(
    words(
        "jpg jpeg png gif webp heic heif bmp tif tiff mp4 m4v mov 3gp avi mkv webm opus ogg oga m4a mp3 aac amr wav flac"
    )
)
_MEDIA_FILE = "media file"
_OF_A_CHAT = "file of a chat"


class _Packed(Source):
    """What both kinds share: the contents are unpacked beside, read as a folder or a file is, and removed.

    Args:
        origin: path of the packed file.
        depth: of how many packed files it stands inside.
        options: of the sources of what is inside; each takes those it knows.
    """

    takes_options_of_others: ClassVar[bool] = True

    def __init__(self, origin: Any, *, depth: int = 0, **options: Any) -> None:
        super().__init__(origin)
        if not isinstance(origin, (str, Path)):
            raise SourceFormatError(f"{self.name}: got {type(origin).__name__}, accepted is the path of a file")
        if depth >= MAX_PACKING:
            raise SourceFormatError(f"{self.name}: packed files inside packed files, more than {MAX_PACKING} deep")
        self.path = Path(origin)
        self.options = {**options, "depth": depth + 1}
        self.zone = zone_of(options.get("zone"))
        self._inside: Source | None = None

    @property
    def position(self) -> int:
        """Bytes read so far, of what was unpacked."""
        return self._inside.position if self._inside is not None else 0

    @property
    def size(self) -> int | None:
        """Bytes that there are to read."""
        return self._inside.size if self._inside is not None else super().size

    def place(self, where: str) -> str:
        """Return the place with the name of the packed file in front."""
        return f"{self.path.name}: {where}"

    def _within(self, source: Source) -> Iterator[Item]:
        """Yield what the source of the contents yields."""
        self._inside = source
        source.use_zone(self.zone)
        source.shared = self.shared
        for item in source:
            self.at = source.at
            yield item


class ZipSource(_Packed):
    """Reads what is in a .zip: an exported chat, an archive of X, of Slack, of Takeout, or files of any format that is known."""

    name: ClassVar[str] = "zip"
    versions: ClassVar[str] = "ZIP and ZIP64, stored and deflated, without a password"
    default_source: ClassVar[str] = "zip"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by its signature; a document of an office suite is a .zip too, and none of these."""
        if not head.startswith(b"PK\x03\x04") or _is_document(path):
            return None
        return "a .zip; what is inside is read by its own format"

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        try:
            archive = zipfile.ZipFile(self.path)
        except DAMAGED as error:
            yield self.rejected("the file", f"cannot be opened as .zip ({type(error).__name__})")
            return
        with archive, tempfile.TemporaryDirectory(prefix="omnitrack-") as beside:
            folder = Path(beside) / _fit(self.path.stem)
            folder.mkdir()
            yield from self._unpack(archive, folder)
            inside = list(folder.iterdir())
            while len(inside) == 1 and inside[0].is_dir():
                folder = inside[0]
                inside = list(folder.iterdir())
            if inside:
                from omnitrack.sources.registry import open_source

                yield from self._within(open_source(folder, **self.options))

    def _unpack(self, archive: zipfile.ZipFile, folder: Path) -> Iterator[Item]:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MAX_MEMBERS:
            yield self.rejected("the file", f"{len(members)} files in it, accepted are at most {MAX_MEMBERS}")
            return
        chat = next((member for member in members if _is_chat(archive, member)), None)
        for number, member in enumerate(members):
            where = member.filename
            if "__MACOSX/" in where or re.split(r"[/\\]", where)[-1].startswith("."):
                yield self.passed(where, "hidden file or folder")
            elif chat is not None and member is not chat:
                yield self.passed(where, _OF_A_CHAT)  # an attachment of its messages
            elif PurePosixPath(where).suffix[1:].lower() in _MEDIA:
                yield self.passed(where, _MEDIA_FILE)
            elif member.flag_bits & 1:
                yield self.rejected(where, "it is encrypted with a password, accepted are files without one")
            else:
                target = _target(folder, where, number)
                try:
                    with archive.open(member) as packed:
                        expands = _copy(cast(_Unpacks, packed), target, member.compress_size)
                except DAMAGED as error:
                    target.unlink(missing_ok=True)
                    yield self.rejected(where, f"cannot be unpacked ({type(error).__name__})")
                    continue
                if expands:
                    target.unlink()
                    yield self.rejected(where, f"expands to over {MAX_RATIO} times its size, accepted is less")


class TarSource(_Packed):
    """Reads what is in a .tar, alone or in a .tar.gz: files of any format that is known."""

    name: ClassVar[str] = "tar"
    versions: ClassVar[str] = "POSIX.1-1988 (ustar), pax, GNU"
    default_source: ClassVar[str] = "tar"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the mark in its first header."""
        return "a .tar; what is inside is read by its own format" if head[257:262] == b"ustar" else None

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        from omnitrack.sources.registry import open_source

        with tempfile.TemporaryDirectory(prefix="omnitrack-") as beside:
            folder = Path(beside) / _fit(self.path.stem)
            folder.mkdir()
            try:
                yield from self._unpack(folder)
            except (tarfile.TarError, EOFError, OSError, ValueError) as error:
                # What came out before the fault is whole, and is read.
                yield self.rejected("the file", f"cannot be unpacked to its end ({type(error).__name__})")
            yield from self._within(open_source(folder, **self.options))

    def _unpack(self, folder: Path) -> Iterator[Item]:
        with self.path.open("rb") as file, tarfile.open(fileobj=file, mode="r|") as archive:
            number = 0
            for member in archive:
                where = member.name
                if member.isdir():
                    continue
                if number >= MAX_MEMBERS:
                    yield self.rejected(where, f"more than {MAX_MEMBERS} files in it; the rest is not read")
                    return
                number += 1
                packed = archive.extractfile(member) if member.isreg() else None
                if re.split(r"[/\\]", where)[-1].startswith("."):
                    yield self.passed(where, "hidden file or folder")
                elif PurePosixPath(where).suffix[1:].lower() in _MEDIA:
                    yield self.passed(where, _MEDIA_FILE)
                elif packed is None:
                    yield self.rejected(where, "a link or device, accepted are files")
                else:
                    target = _target(folder, where, number)
                    if _copy(cast(_Unpacks, packed), target, member.size):
                        target.unlink()
                        yield self.rejected(where, "more than there is room for")


class GzipSource(_Packed):
    """Reads what is in a .gz, by its own format."""

    name: ClassVar[str] = "gzip"
    versions: ClassVar[str] = "gzip (RFC 1952) around one file of any format that is known"
    default_source: ClassVar[str] = "gzip"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by its signature."""
        return "a .gz; what is inside is read by its own format" if head.startswith(b"\x1f\x8b\x08") else None

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        from omnitrack.sources.registry import open_source

        with tempfile.TemporaryDirectory(prefix="omnitrack-") as beside:
            target = Path(beside) / _fit(self.path.stem if self.path.suffix.lower() == ".gz" else self.path.name)
            try:
                with gzip.open(self.path) as packed:
                    expands = _copy(packed, target, self.path.stat().st_size)
            except DAMAGED as error:
                # What came out before the fault is whole, and is read.
                yield self.rejected("the file", f"cannot be unpacked to its end ({type(error).__name__})")
                expands = False
            if expands:
                yield self.rejected("the file", f"expands to over {MAX_RATIO} times its size, accepted is less")
                return
            try:
                inside = open_source(target, **self.options)
            except SourceFormatError as error:
                yield self.rejected("the file", str(error))
                return
            yield from self._within(inside)


class _Unpacks(Protocol):
    def read1(self, n: int = ..., /) -> bytes: ...


def _copy(packed: _Unpacks, target: Path, size: int) -> bool:
    """Write what comes out; stop, and return True, where it is more than any text packs into its size."""
    most = max(_FREE, MAX_RATIO * size)
    written = 0
    with target.open("wb") as file:
        while data := packed.read1(CHUNK):
            written += len(data)
            if written > most or written > shutil.disk_usage(target.parent).free:
                return True
            file.write(data)
    return False


def _is_document(path: Path) -> bool:
    """Whether it is a document of an office suite: by the part that each has (OPC, ISO/IEC 29500-2; OpenDocument 1.3, part 2)."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except DAMAGED:
        return False  # broken, which is said when it is read
    return "[Content_Types].xml" in names or {"mimetype", "META-INF/manifest.xml"} <= names


def _is_chat(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Whether it is the chat of an export of WhatsApp: a text at the top, whose lines begin as those of a chat do."""
    from omnitrack.sources.whatsapp_chat import WhatsAppChatSource

    path = Path(member.filename)
    if len(path.parts) > 2 or path.suffix.lower() != ".txt" or member.flag_bits & 1:
        return False
    try:
        with archive.open(member) as packed:
            return WhatsAppChatSource.sniff(path, packed.read(_HEAD)) is not None
    except DAMAGED:
        return False


def _target(folder: Path, name: str, number: int) -> Path:
    """Return where a member is written: inside the folder, whatever its name says, and over no other."""
    parts = [_fit(part) for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")][-20:]
    target = folder.joinpath(*parts) if parts else folder / f"member {number}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            return target
    except OSError:
        pass
    target = folder / f"{number} {parts[-1] if parts else ''}".strip()
    return target


def _fit(name: str) -> str:
    """Return a name that any file system takes, its ending kept."""
    clean = "".join(ch if ch.isprintable() and ch not in '<>:"|?*/\\' else "_" for ch in name).strip(" .") or "_"
    while len(clean.encode()) > 200:
        stem, dot, suffix = clean.rpartition(".")
        clean = stem[:-10] + dot + suffix if len(stem) > 10 else clean[:50]
    return clean
