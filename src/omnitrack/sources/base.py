"""The base classes of sources: readers of one format, which yield each of its units as taken, rejected or passed over."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from omnitrack.errors import OmnitrackError, mask
from omnitrack.model import Interaction, PassedOver, Rejected, Revision
from omnitrack.sources.reading import Bad, Input
from omnitrack.sources.reading_json import json_items
from omnitrack.sources.values import TIME_FORMS, clean, parse_time, unread, zone_of

Item: TypeAlias = Interaction | Revision | Rejected | PassedOver

NOTHING_IN_IT = "nothing in it"


class UnreadableError(OmnitrackError, ValueError):
    """Raised inside a source for an item that cannot be read; it is reported as ``Rejected``."""


class Shared:
    """What the sources of one load share, where what belongs together may stand in several files.

    Attributes:
        mails: by message id what the mail says, so that two mails with one id are told.
        calls: by format the source that read a file of it last, and the legs whose calls may have more in another file.
    """

    def __init__(self) -> None:
        self.mails: dict[int, int] = {}
        self.calls: dict[str, tuple[Any, Any]] = {}


class Source(ABC):
    """A reader of one format.

    Each unit of the format (a mail, a row, an event, a line of a chat, a part of a webhook) is yielded as exactly one of an
    ``Interaction``, a ``Revision``, a ``Rejected`` that is not ``kept`` (it could not be read), or a ``PassedOver`` (it is not a contact), so that the
    counts of a report add up. Bad content never raises. One item is held in memory at a time. A source can be iterated again if its origin
    can be read again (a path, bytes, a list).

    A subclass gives ``name``, ``versions``, ``sniff`` and ``items``; ``items`` may raise for one item inside
    ``self.guarded(...)``.

    Args:
        origin: a path, bytes, a stream of bytes or text, or for formats of JSON the parsed records themselves.
        source: name of the system, kept on each interaction; with the id there it is what makes a second load add
            nothing, so two systems of one kind need two names. Default: the format's own.
        region: ISO 3166 alpha-2 region in which national phone numbers are read; None leaves it to the tracker.
        zone: time zone of times that have none, by IANA name or as a tzinfo; None leaves it to the tracker.
    """

    #: Name of the format, as ``format=`` takes it.
    name: ClassVar[str]
    #: What it reads, by the versions of the format or of the platform's API.
    versions: ClassVar[str]
    #: Default of ``source``.
    default_source: ClassVar[str]
    #: Time zone that the format itself gives to times that have none; it counts whatever ``zone`` is.
    own_zone: ClassVar[tzinfo | None] = None
    #: It hands its options on to other sources, which take those they know.
    takes_options_of_others: ClassVar[bool] = False

    def __init__(
        self,
        origin: Any,
        *,
        source: str | None = None,
        region: str | None = None,
        zone: str | tzinfo | None = None,
    ) -> None:
        self.origin = origin
        self.source = source or self.default_source
        self.region = region
        self.zone = self.own_zone or zone_of(zone)
        self.input: Input | None = None
        self.detected_by: str | None = None
        #: Where the item that was yielded last stands, as ``place`` takes it; None where the format has no places.
        self.at: str | None = None
        #: What it shares with the sources of other files of the load; None where it is read by itself.
        self.shared: Shared | None = None

    @classmethod
    @abstractmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Return how the format was recognised, in words, or None if the file is not in this format.

        Args:
            path: of the file or folder.
            head: its first 64 KiB; b"" of a folder.
        """

    @abstractmethod
    def items(self) -> Iterator[Item]:
        """Yield the items of the origin, in order."""

    def __iter__(self) -> Iterator[Item]:
        try:
            yield from self.items()
        finally:
            if self.input is not None:
                self.input.close()

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self.input.position if self.input is not None else 0

    @property
    def size(self) -> int | None:
        """Number of bytes to read, or None if not known."""
        if self.input is not None:
            return self.input.size
        if isinstance(self.origin, (str, Path)):
            path = Path(self.origin)
            return path.stat().st_size if path.is_file() else None
        return None

    def use_zone(self, zone: tzinfo | None) -> None:
        """Set the zone of times without one, unless the format or an option gives it."""
        self.zone = self.zone or zone

    def open(self) -> Input:
        """Return the bytes of the origin, from the start."""
        self.input = Input(self.origin)
        return self.input

    def guarded(self, where: str, item: Iterable[Item], raw: str | None = None) -> Iterator[Item]:
        """Yield what ``item`` yields; if it raises, a ``Rejected`` with the place and the reason; if it yields nothing, a ``PassedOver``."""
        self.at = where
        counted = False
        try:
            for found in item:
                counted = counted or not (isinstance(found, Rejected) and found.kept)
                yield found
            if not counted:
                yield self.passed(where, NOTHING_IN_IT)
        except (OmnitrackError, RecursionError) as error:
            yield self.rejected(where, str(error), raw=raw)
        except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
            # A shape that the format does not promise. The text of such an error may quote what came; its kind does not.
            yield self.rejected(where, f"not of the form that {self.name} has ({type(error).__name__})", raw=raw)

    def rejected(
        self, where: str, reason: str, *, source_id: str | None = None, raw: str | None = None, kept: bool = False
    ) -> Rejected:
        """Return a ``Rejected`` of this source; ``raw`` is masked here."""
        return Rejected(
            reason=clean(reason),
            where=self.place(where),
            source=self.source,
            source_id=source_id,
            raw=None if raw is None else mask(raw),
            kept=kept,
        )

    def passed(self, where: str, reason: str, *, source_id: str | None = None) -> PassedOver:
        """Return the ``PassedOver`` of a unit that is no contact.

        Args:
            where: it stands.
            reason: the same words for all units of a kind, such as ``"status receipt"`` or ``'event type "calls"'``.
            source_id: of the unit, where it has one.
        """
        return PassedOver(reason=clean(reason), where=self.place(where), source=self.source, source_id=source_id)

    def each(
        self,
        holder: Mapping[str, Any],
        field: str,
        where: str,
        part: str,
        read: Callable[[Mapping[str, Any], str], Iterable[Item]],
    ) -> Iterator[Item]:
        """Yield the items of each element of a list of objects; an element that is no object is rejected alone.

        Args:
            holder: the object that has the list; without the field there is none.
            field: in which it stands.
            where: the holder stands.
            part: what an element is called in places: message, comment, ...
            read: of an element and its place.
        """
        found = holder.get(field)
        if found is None:
            return
        if not isinstance(found, list):
            yield self.rejected(where, f"{field}: got {type(found).__name__}, accepted is a list")
            return
        for index, element in enumerate(found):
            place = f"{where}, {part} {index}"
            if isinstance(element, Mapping):
                yield from self.guarded(place, read(element, place))
            else:
                yield self.rejected(
                    place, f"{field}: got {type(element).__name__}, accepted are objects", raw=str(element)[:200]
                )

    def bad(self, bad: Bad) -> Rejected:
        """Return the ``Rejected`` of a stretch that is no item at all."""
        return Rejected(reason=bad.reason, where=self.place(bad.where), source=self.source, raw=bad.raw)

    def place(self, where: str) -> str:
        """Return the place with the file's name in front, where there is a file."""
        path = self.input.path if self.input is not None else None
        return f"{path.name}: {where}" if path is not None else where

    def time(self, value: Any, field: str) -> datetime:
        """Return a time that the item must have.

        Raises:
            UnreadableError: it is missing or says no time; names the field.
        """
        timestamp = parse_time(value, self.zone, field)
        if timestamp is None:
            raise UnreadableError(unread(field, value, TIME_FORMS))
        return timestamp


class JsonSource(Source):
    """A source whose items are JSON values: a file of JSON lines, of one value or an array, or the parsed records.

    A subclass implements ``read``, which yields the items of one value.
    """

    #: What may stand before the JSON of a file, at its start.
    preamble: ClassVar[re.Pattern[bytes] | None] = None

    @abstractmethod
    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the items of one JSON value of the file."""

    def items(self) -> Iterator[Item]:
        """Yield what it holds; see ``Source.items``."""
        for where, value in self.values():
            if isinstance(value, Bad):
                yield self.bad(value)
            else:
                yield from self.guarded(where, self.read(value, where))

    def values(self) -> Iterator[tuple[str, Any]]:
        """Yield (where, value) of each item of the origin; a ``Bad`` as the value where it could not be read."""
        origin = self.origin
        if isinstance(origin, dict):
            origin = [origin]
        if isinstance(origin, (str, bytes, bytearray, Path)) or hasattr(origin, "read"):
            source = self.open()
            source.as_utf8()
            before = self.preamble.match(source.peek(1000)) if self.preamble is not None else None
            if before is not None:
                source.read(before.end())
            for item in json_items(source):
                yield (item.where, item) if isinstance(item, Bad) else item
        else:
            for index, value in enumerate(origin):
                yield f"record {index}", value
