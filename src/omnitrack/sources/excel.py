"""Workbooks of Excel (.xlsx, .xlsm), read by a mapping as a CSV file is; needs openpyxl."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from omnitrack.errors import SourceFormatError
from omnitrack.sources.archives import Refused, check_zip
from omnitrack.sources.base import Item
from omnitrack.sources.mapped import MappedSource, mapping_beside

_MAGIC = b"PK\x03\x04"
_SUFFIXES = (".xlsx", ".xlsm")


class ExcelSource(MappedSource):
    """Reads the sheets of a workbook whose first row names the columns of the mapping, row by row.

    Cells are read as the workbook keeps them: a number is a number however it is shown, a date is a date, of a formula the value that Excel computed
    last. A sheet without the columns is passed over.

    Args:
        origin: a path, bytes or a stream.
        sheet: name of the one sheet to read; None for all.
        options: of the mapped sources.
    """

    name: ClassVar[str] = "excel"
    versions: ClassVar[str] = (
        "Office Open XML workbooks (ECMA-376): .xlsx and .xlsm of Excel, LibreOffice, Google Sheets"
    )

    def __init__(self, origin: Any, *, sheet: str | None = None, **options: Any) -> None:
        super().__init__(origin, **options)
        self.sheet = sheet

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by its name and the mapping beside it."""
        if path.suffix.lower() not in _SUFFIXES or not head.startswith(_MAGIC):
            return None
        beside = mapping_beside(path)
        return None if beside is None else f"a workbook, and {beside.name} beside it says how to read it"

    def items(self) -> Iterator[Item]:
        """Yield the rows of the sheets."""
        source = self.open()
        stream = source.seekable()
        try:
            check_zip(stream)
            sheets = _sheets(stream)
        except Refused as error:
            yield self.rejected("the workbook", str(error))
            return
        found = False
        for name, rows in sheets:
            if self.sheet is not None and name != self.sheet:
                continue
            found = True
            yield from self._sheet(name, rows)
        source.position = source.size or source.position
        if not found:
            yield self.rejected("the workbook", f"sheet: it has none of the name {self.sheet!r}")

    def _sheet(self, name: str, rows: Iterator[Sequence[Any]]) -> Iterator[Item]:
        header: list[str] | None = None
        number = 0
        try:
            for number, cells in enumerate(rows, 1):
                values = [_value(cell) for cell in cells]
                if header is None:
                    header = ["" if value is None else str(value).strip() for value in values]
                    if not any(header):
                        header = None
                        continue
                    missing = sorted(self.mapping.needed() - set(header))
                    if self.mapping.fields["occurred_at"] in missing:
                        yield self.passed(f"sheet {name}", "sheet without the columns of the mapping")
                        return
                    if missing:
                        yield self.rejected(f"sheet {name}", f"columns missing: {', '.join(missing)}", kept=True)
                    continue
                where = f"sheet {name}, row {number}"
                if all(value is None for value in values):
                    continue  # what was formatted and never filled in has no end in some workbooks
                record = {key: value for key, value in zip(header, values, strict=False) if key and value is not None}
                yield from self.guarded(where, self.record(record, where), raw=str(values)[:200])
        except Exception as error:  # whatever the reader trips over in a broken part
            yield self.rejected(f"sheet {name}, row {number + 1}", f"cannot be read further ({type(error).__name__})")
            return
        if header is None:
            yield self.passed(f"sheet {name}", "empty sheet")


def first_rows(path: Path, count: int) -> Iterator[list[Any]]:
    """Yield the header and the first rows of the first sheet that has any.

    Raises:
        SourceFormatError: the file is not a workbook that can be read.
    """
    with path.open("rb") as stream:
        try:
            check_zip(stream)
            sheets = _sheets(stream)
        except Refused as error:
            raise SourceFormatError(f"path: {path.name!r} is {error}") from error
        broken: Exception | None = None
        for _, rows in sheets:
            found: list[list[Any]] = []
            try:
                for cells in islice(rows, 10 * count):
                    row = [_value(cell) for cell in cells]
                    if any(value is not None for value in row):
                        found.append(row)
            except Exception as error:  # whatever the reader trips over in a broken part; what stands before it counts
                broken = error
            if found:
                yield from found[: count + 1]
                return
    if broken is not None:
        raise SourceFormatError(
            f"path: {path.name!r} is no workbook that can be read ({type(broken).__name__})"
        ) from broken


def _sheets(stream: Any) -> list[tuple[str, Iterator[Sequence[Any]]]]:
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise SourceFormatError("excel: needs openpyxl, which the extra 'excel' brings") from error
    try:
        book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        return [(sheet.title, sheet.iter_rows()) for sheet in book.worksheets]
    except Exception as error:  # its errors are of any kind, from KeyError to those of XML
        raise Refused(f"no workbook that can be read ({type(error).__name__})") from error


def _value(cell: Any) -> Any:
    """Return what a cell holds as a value of JSON, None for nothing and for an error such as #N/A."""
    value = cell.value
    if value is None or cell.data_type == "e":
        return None
    if isinstance(value, datetime):
        shown = (cell.number_format or "").lower()
        is_day = not ("h" in shown or "s" in shown) and value.time() == time()
        return value.date().isoformat() if is_day else value.isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, (bool, int, float)):
        return value
    return str(value)
