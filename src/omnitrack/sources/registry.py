"""The registry of sources, and the detection of the format of a file."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from omnitrack.errors import SourceFormatError, plain_repr
from omnitrack.sources.base import Source

ENTRY_POINTS = "omnitrack.sources"
HEAD = 64 * 1024

# In the order in which they are asked: what is recognised by a certain mark first, what is recognised by its looks last.
_BUILT_IN = {
    "maildir": "maildir:MaildirSource",
    "excel": "excel:ExcelSource",
    "slack": "slack:SlackSource",
    "zip": "packed:ZipSource",
    "gzip": "packed:GzipSource",
    "tar": "packed:TarSource",
    "csv": "mapped:CsvSource",
    "jsonl": "mapped:JsonLinesSource",
    "emlx": "emlx:EmlxSource",
    "msg": "msg:MsgSource",
    "eml": "eml:EmlSource",
    "mbox": "mbox:MboxSource",
    "x-archive": "x_archive:XArchiveSource",
    "x-activity": "x_activity:XActivitySource",
    "whatsapp-cloud": "whatsapp_cloud:WhatsAppCloudSource",
    "meta": "meta_webhook:MetaWebhookSource",
    "meta-export": "meta_export:MetaExportSource",
    "sms-backup": "sms_backup:SmsBackupSource",
    "telegram": "telegram:TelegramSource",
    "chatwoot": "chatwoot:ChatwootSource",
    "zendesk": "zendesk:ZendeskSource",
    "freshdesk": "freshdesk:FreshdeskSource",
    "intercom": "intercom:IntercomSource",
    "hubspot": "hubspot:HubSpotSource",
    "amazon-connect": "amazon_connect:AmazonConnectSource",
    "freeswitch-json": "freeswitch:FreeSwitchJsonSource",
    "freeswitch-xml": "freeswitch_xml:FreeSwitchXmlSource",
    "twilio-calls": "twilio:TwilioSource",
    "teams-calls": "teams:TeamsSource",
    "genesys-cloud": "genesys:GenesysSource",
    "cloudevents": "cloudevents:CloudEventsSource",
    "segment": "segment:SegmentSource",
    "x": "x_api:XSource",
    "3cx-cdr": "threecx:ThreeCxSource",
    "cucm-cdr": "cucm:CucmSource",
    "asterisk-cel": "asterisk_cel:AsteriskCelSource",
    "asterisk-cdr": "asterisk:AsteriskSource",
    "freeswitch-csv": "freeswitch:FreeSwitchCsvSource",
    "whatsapp-chat": "whatsapp_chat:WhatsAppChatSource",
    "folder": "folder:FolderSource",
}


@cache
def _found() -> dict[str, Any]:
    loaders: dict[str, Any] = {}
    for point in entry_points(group=ENTRY_POINTS):
        if point.name not in _BUILT_IN:
            loaders.setdefault(point.name, point.load)
    return loaders


_registered: dict[str, type[Source]] = {}


def register_source(source: type[Source], *, replace: bool = False) -> None:
    """Register a source in this process. A package registers its own by an entry point of the group ``omnitrack.sources``.

    Raises:
        ValueError: the name is taken and ``replace`` is not set.
    """
    if not replace and source.name in source_names():
        raise ValueError(f"the source {source.name!r} is registered already; pass replace=True to take its place")
    _registered[source.name] = source


def source_names() -> tuple[str, ...]:
    """Return the names of all formats that can be read: registered, from other packages, and built in."""
    return tuple(dict.fromkeys([*_registered, *_found(), *_BUILT_IN]))


def get_source(name: str) -> type[Source]:
    """Return the source class of a format.

    Raises:
        SourceFormatError: no source has this name; the message lists the names.
    """
    if name in _registered:
        return _registered[name]
    if name in _found():
        loaded = _found()[name]()
        if not (isinstance(loaded, type) and issubclass(loaded, Source)):
            raise SourceFormatError(f"format: the entry point {name!r} gives no subclass of omnitrack.sources.Source")
        return loaded
    if name in _BUILT_IN:
        module, _, attribute = _BUILT_IN[name].partition(":")
        found: type[Source] = getattr(import_module(f"omnitrack.sources.{module}"), attribute)
        return found
    raise SourceFormatError(f"format: got {plain_repr(name)}, known are {', '.join(sorted(source_names()))}")


def iter_sources() -> Iterator[type[Source]]:
    """Yield every source class, in the order of detection."""
    for name in source_names():
        yield get_source(name)


def detect(path: str | os.PathLike[str]) -> tuple[type[Source], str]:
    """Find the source that reads a file or a folder.

    Args:
        path: of the file or folder.

    Returns:
        The class, and how the format was recognised, in words.

    Raises:
        SourceFormatError: none knows it; says what was tried.
        OSError: it cannot be opened.
    """
    place = Path(path)
    if not place.exists():
        raise FileNotFoundError(f"path: there is no {place.name!r} to load")
    head = b""
    if not place.is_dir():
        with place.open("rb") as file:
            head = file.read(HEAD)
    for source in iter_sources():
        reason = source.sniff(place, head)
        if reason is not None:
            return source, reason
    what = "is empty" if not head and not place.is_dir() else "begins like none of the formats known"
    raise SourceFormatError(
        f"path: {place.name!r} {what}; a CSV or JSON log of your own needs a mapping, {place.stem}.toml beside it or "
        f"mapping= (on the command line --mapping); else name its format with format=: "
        f"{', '.join(sorted(source_names()))}"
    )


def accepted_options(source: type[Source]) -> frozenset[str]:
    """Return the names of the options that a source takes besides the origin."""
    names: set[str] = set()
    for cls in source.__mro__:
        if "__init__" not in vars(cls) or cls is object:
            continue
        parameters = inspect.signature(vars(cls)["__init__"]).parameters.values()
        names |= {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return frozenset(names)


def open_source(origin: Any, format: str = "auto", **options: Any) -> Source:
    """Return a source for an origin, ready to iterate.

    Args:
        origin: a path of a file or folder; with ``format`` given also bytes, a stream, or parsed records.
        format: name of the format, or ``"auto"`` to find it.
        options: of the source. With ``"auto"`` one that the format found has no use for is left aside, so that a folder
            of many formats can be loaded with one call; a ``mapping`` says that the file is CSV or JSON to be read by it.

    Raises:
        SourceFormatError: no source reads the file.
        OSError: the file does not exist or cannot be opened.
        TypeError: an option that no source takes.
    """
    if isinstance(origin, Source):
        return origin
    if not isinstance(format, str):
        raise SourceFormatError(f"format: got {plain_repr(format)}, accepted is 'auto' or the name of one")
    if format != "auto":
        return get_source(format)(origin, **options)
    if not isinstance(origin, (str, os.PathLike)):
        raise SourceFormatError(f"format: got 'auto' with {type(origin).__name__}, accepted is 'auto' with a path")
    place = Path(origin)
    if options.get("mapping") is not None and place.is_file():
        source, reason = _by_mapping(place)
    else:
        source, reason = detect(place)
    accepted = accepted_options(source)
    if unknown := options.keys() - accepted:
        unknown -= set().union(*(accepted_options(known) for known in iter_sources()))
        if unknown:
            raise TypeError(f"no source takes {', '.join(sorted(unknown))}")
    if source.takes_options_of_others:
        accepted = frozenset(options)
    opened = source(origin, **{name: value for name, value in options.items() if name in accepted})
    opened.detected_by = reason
    return opened


def _by_mapping(path: Path) -> tuple[type[Source], str]:
    with path.open("rb") as file:
        head = file.read(HEAD)
    for packed in ("zip", "gzip", "tar"):
        if reason := get_source(packed).sniff(path, head):
            return get_source(packed), reason  # the mapping is for what is inside
    if head.startswith(b"PK\x03\x04"):
        return get_source("excel"), "a mapping was given, and it is a workbook"
    name = "jsonl" if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else "csv"
    return get_source(name), "a mapping was given"
