"""Channel event logs of Asterisk (CEL) in CSV: as cel_custom writes them, and exports of the database with a header."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import attrs

from omnitrack.model import Interaction
from omnitrack.sources.base import Item, UnreadableError
from omnitrack.sources.cdr import (
    ABANDONED,
    ANSWERED,
    SELF_SERVICE,
    VOICEMAIL,
    CdrSource,
    Groups,
    Leg,
    caller_name,
    endpoint,
)
from omnitrack.sources.reading import Bad, first_line, rows
from omnitrack.sources.values import attributes_of, derived_id, id_of, parse_local, parse_time, text_of, unread, words

_EVENT = "event of a call"
_FORMS = "seconds since 1970, YYYY-MM-DD hh:mm:ss"
# The order that cel_custom.conf.sample proposes.
_CUSTOM = words(
    "eventtype eventtime cid_name cid_num cid_ani cid_rdnis cid_dnid exten context channame appname appdata amaflags "
    "accountcode uniqueid linkedid peer userfield userdeftype extra"
)
_NAMES = {
    "cidname": "cid_name",
    "cidnum": "cid_num",
    "cidani": "cid_ani",
    "cidrdnis": "cid_rdnis",
    "ciddnid": "cid_dnid",
    "eventextra": "extra",
    "bridgepeer": "peer",
    "channel": "channame",
}
_TYPES = frozenset(
    words(
        """
        CHAN_START CHAN_END ANSWER HANGUP APP_START APP_END BRIDGE_ENTER BRIDGE_EXIT BRIDGE_START BRIDGE_END BRIDGE_UPDATE PARK_START
        PARK_END BLINDTRANSFER ATTENDEDTRANSFER PICKUP FORWARD LINKEDID_END LOCAL_OPTIMIZE LOCAL_OPTIMIZE_BEGIN USER_DEFINED TRANSFER
        HOOKFLASH CONF_ENTER CONF_EXIT CONF_START CONF_END 3WAY_START 3WAY_END STREAM_BEGIN STREAM_END DTMF
        """
    )
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")
_MAILBOXES = frozenset(words("voicemail minivmrecord minivmgreet"))


@attrs.frozen(slots=True)
class _Event:
    type: str
    at: datetime
    values: dict[str, Any]
    where: str

    def said(self, name: str) -> str:
        return str(self.values.get(name) or "")


class AsteriskCelSource(CdrSource):
    """Reads Asterisk's channel events; those of one linked id are one call.

    The channel whose unique id is the linked id is the caller's. Whoever was on another channel that was connected to a bridge took
    the call. A file of events and one of CDR tell of the same calls under the same ids: with one ``source`` the second adds nothing.

    Args:
        origin: a path, bytes or a stream.
        columns: names of the columns in order, where neither a header nor the usual order says them.
        options: of CdrSource.
    """

    name: ClassVar[str] = "asterisk-cel"
    versions: ClassVar[str] = "Asterisk 1.8 to 22: cel_custom as in its sample, and exports with a header"
    default_source: ClassVar[str] = "asterisk"

    def __init__(self, origin: Any, *, columns: Sequence[str] | None = None, **options: Any) -> None:
        super().__init__(origin, **options)
        self.columns = [_plain(name) for name in columns] if columns else None

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by its column names, or by a row of an event in the usual order."""
        line = first_line(head)
        try:
            row = next(csv.reader([line[:10_000]]), [])
        except csv.Error:
            return None
        if _header(row):
            return "has the column names of Asterisk's channel events"
        return "has a row of Asterisk's channel events: type, time and channel in their places" if _usual(row) else None

    def items(self) -> Iterator[Item]:
        """Yield the calls of the file."""
        groups: Groups[_Event] = self.held(partial(Groups, most=100_000))
        source = self.open()
        source.as_utf8()
        columns: Sequence[str] | None = self.columns
        first = True
        for row in rows(source, same_width=True):
            if isinstance(row, Bad):
                yield self.bad(row)
                continue
            number, fields = row
            where = self.spot(f"line {number}")
            header = _header(fields) if first else None
            first = False
            if header is not None:
                columns = columns or header
                continue
            try:
                columns = columns or (_CUSTOM if _usual(fields) else None)
                key, event = self._event(columns or (), fields, where)
            except (OverflowError, ValueError) as error:
                yield self.rejected(where, str(error), raw=",".join(fields)[:200])
                continue
            for done in groups.add(key, event.at, event):
                yield from self.complete(done)
        yield from self.left(groups)

    def _event(self, columns: Sequence[str], fields: Sequence[str], where: str) -> tuple[str, _Event]:
        if not columns:
            raise UnreadableError(
                f"a row of {len(fields)} fields that is no channel event; name its order with columns="
            )
        texts = [text_of(field) for field in fields]
        values = {name: text for name, text in zip(columns, texts, strict=False) if text}
        timestamp = self._time(values.get("eventtime"))
        if timestamp is None:
            raise UnreadableError(unread("eventtime", values.get("eventtime"), _FORMS))
        key = id_of(values.get("linkedid") or values.get("uniqueid")) or derived_id(*fields)
        return key, _Event((values.get("eventtype") or "").upper(), timestamp, values, where)

    def _time(self, text: str | None) -> datetime | None:
        if text is None or not _TIME.match(text):
            return parse_time(text, self.zone, "eventtime")
        return parse_local(text[:26], self.zone, field="eventtime")[0]

    def complete(self, done: tuple[str, list[_Event]]) -> Iterator[Item]:
        """Yield the call of some events, and account for each event: the first is the call, the others are counted with it."""
        key, events = done
        taken = False
        for item in self.guarded(events[0].where, [self._call(key, events)]):
            taken = taken or isinstance(item, Interaction)
            yield item
        for event in events[1:]:
            if taken:
                yield self.passed(event.where, _EVENT)
            else:
                yield self.rejected(event.where, f"the call that it belongs to was not taken, see {events[0].where}")

    def _call(self, key: str, events: list[_Event]) -> Interaction:
        events = sorted(events, key=lambda event: event.at)
        own = [event for event in events if event.said("uniqueid") in (key, "")]
        own = own or [event for event in events if event.said("uniqueid") == events[0].said("uniqueid")]
        began = own[0]
        number = next((event.said("cid_num") for event in own if event.said("cid_num")), None)
        # Before the dialplan sends the channel elsewhere, its extension is what was dialled.
        dialled = next((event.said("exten") for event in own if event.said("exten") not in ("", "s", "h")), None)
        takers = [
            event
            for event in events
            if event.type in ("BRIDGE_ENTER", "BRIDGE_START", "ANSWER")
            and event.said("uniqueid") not in (began.said("uniqueid"), "")
            and not event.said("channame").startswith("Local/")
        ]
        bridged = {event.said("uniqueid") for event in takers if event.type != "ANSWER"}
        if not any(
            event.type.startswith("BRIDGE_") for event in events
        ):  # where bridges are not logged, who answered took it
            bridged = {event.said("uniqueid") for event in takers}
        if any(event.type == "BRIDGE_START" for event in own):  # before Asterisk 12, on the caller's channel alone
            bridged |= {event.said("uniqueid") for event in takers if event.type == "ANSWER"}
        agents = [endpoint(event.said("channame")) for event in takers if event.said("uniqueid") in bridged]
        leg = Leg(
            source=number,
            destination=dialled,
            start=began.at,
            end=events[-1].at,
            outcome=_outcome(own, bool(bridged)),
            name=caller_name(next((event.said("cid_name") for event in own if event.said("cid_name")), None), number),
            agent_called=next((agent for agent in reversed(agents) if agent), None),
            agent_calling=endpoint(began.said("channame")),
            context=began.said("context"),
            fields=attributes_of(
                began.values, {"events": [f"{event.type} {event.said('appname')}".strip() for event in events][:200]}
            ),
            where=began.where,
        )
        return self.call([leg], key)


def _outcome(own: list[_Event], taken: bool) -> str:
    if taken:
        return ANSWERED
    applications = {event.said("appname").lower() for event in own}
    if applications & _MAILBOXES:
        return VOICEMAIL
    if "queue" in applications:
        return ABANDONED
    dialling = applications & {"dial", "followme"}
    return SELF_SERVICE if any(event.type == "ANSWER" for event in own) and not dialling else "missed"


def _plain(name: str) -> str:
    plain = name.strip().strip('"').lower()
    return _NAMES.get(plain, plain)


def _header(row: Sequence[str]) -> list[str] | None:
    names = [_plain(name) for name in row]
    return names if {"eventtype", "eventtime", "uniqueid"} <= set(names) else None


def _usual(row: Sequence[str]) -> bool:
    return (
        len(row) >= 16
        and row[0].strip().upper() in _TYPES
        and re.match(r"\d{9,10}\.|\d{4}-", row[1].strip()) is not None
    )
