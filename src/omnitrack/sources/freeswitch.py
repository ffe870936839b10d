"""Call detail records of FreeSWITCH: the CSV of mod_cdr_csv and the JSON of mod_json_cdr."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote_plus

import attrs

from omnitrack.model import Direction, Interaction
from omnitrack.sources.attested import attestation_of
from omnitrack.sources.base import Item, JsonSource, UnreadableError
from omnitrack.sources.cdr import CdrSource, Leg, caller_name, endpoint
from omnitrack.sources.freeswitch_outcome import outcome_of
from omnitrack.sources.legs import LinkedLegs
from omnitrack.sources.reading import Bad, first_line, rows
from omnitrack.sources.reading_json import head_keys
from omnitrack.sources.values import (
    attributes_of,
    id_of,
    list_of,
    mapping_of,
    name_of,
    parse_local,
    parse_time,
    text_of,
    unread,
    words,
)

# The templates of cdr_csv.conf.xml: "example" is the default, "snom" and "linksys" begin like it.
_EXAMPLE = words(
    "caller_id_name caller_id_number destination_number context start_stamp answer_stamp end_stamp duration billsec "
    "hangup_cause uuid bleg_uuid accountcode read_codec write_codec sip_user_agent"
)
_ASTERISK = words(
    "accountcode caller_id_number destination_number context caller_id channel_name bridge_channel last_app last_arg "
    "start_stamp answer_stamp end_stamp duration billsec hangup_cause amaflags uuid userfield"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")
_CAUSE = re.compile(r"[A-Z][A-Z_]+$")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
# Variables that name another leg of the call, whichever of them a version, a module or a bridge sets.
_LINKS = words(
    "uuid call_uuid bleg_uuid signal_bond bridge_uuid last_bridge_to originating_leg_uuid originator other_leg_unique_id "
    "ent_originate_aleg_uuid cc_member_session_uuid originated_legs originator_uuid"
)
_ANY_UUID = re.compile(_UUID.pattern.removesuffix("$"))
# Of the legs that the switch placed itself.
_PLACED = words("originating_leg_uuid originator ent_originate_aleg_uuid originator_uuid cc_member_session_uuid")


class FreeSwitchCalls(CdrSource):
    """What the formats share: the legs of a call name each other, and the first leg names the call."""

    default_source: ClassVar[str] = "freeswitch"

    def grouped(self, legs: Iterator[tuple[list[str], Leg] | Item]) -> Iterator[Item]:
        """Yield the calls that the legs are, each with what it has them joined by; what is no leg as it comes."""
        calls: LinkedLegs[Leg] = self.held(LinkedLegs)
        for item in legs:
            if not isinstance(item, tuple):
                yield item
                continue
            ids, leg = item
            for done in calls.add(ids, leg.end or leg.start, leg):
                yield from self.complete(done)
        yield from self.left(calls)

    def complete(self, done: list[Leg]) -> Iterator[Item]:
        """Yield the call of legs that are joined."""
        yield from self.joined(done, self._calls(done))

    def _calls(self, legs: list[Leg]) -> Iterator[Interaction]:
        first = min(legs, key=lambda leg: (leg.start, leg.branch))
        # A leg that the switch placed for another names it, which may be in another load: the call has one id in both.
        named = (id_of(first.fields.get(name)) for name in _PLACED) if first.branch else iter(())
        source_id = next((id for id in named if id and _UUID.match(id)), None) or id_of(first.fields.get("uuid"))
        if source_id is None:
            raise UnreadableError("uuid: missing, accepted is the id of the leg")
        yield self.call(self._placed_by_program(first, legs), source_id)

    def _placed_by_program(self, first: Leg, legs: list[Leg]) -> list[Leg]:
        """Return the legs of a call with its sides told: where a program has the switch ring an agent first, the customer is who was dialled then."""
        if first.branch or first.fields.get("direction") != "outbound":
            return legs
        dialled = next((leg for leg in legs if leg.destination and not self.is_internal(leg.destination)), None)
        if dialled is None:
            return legs
        lines = (leg.agent_calling or leg.agent_called for leg in legs if self.is_internal(leg.destination))
        called = attrs.evolve(
            first,
            direction=Direction.OUTBOUND,
            destination=dialled.destination,
            agent_calling=next((line for line in lines if line), None),
        )
        return [called if leg is first else leg for leg in legs]

    def leg(self, values: Mapping[str, Any], where: str) -> tuple[list[str], Leg]:
        """Return the leg of one record, by the names of FreeSWITCH's variables, and every id that it shares with others of its call."""
        start, doubt = self._moment(values, "start")
        if start is None:
            stamp = text_of(values.get("start_stamp"))
            raise UnreadableError(
                unread("start_stamp", stamp, "YYYY-MM-DD hh:mm:ss, start_epoch in seconds since 1970")
            )
        answer, _ = self._moment(values, "answer")
        end, _ = self._moment(values, "end")
        duration = text_of(values.get("duration")) or ""
        if end is None and duration.isdigit():
            end = start + timedelta(seconds=min(int(duration), 10**7))
        number = text_of(values.get("caller_id_number"))
        name = text_of(values.get("caller_id_name")) or text_of(values.get("caller_id"))
        channel = endpoint(text_of(values.get("channel_name")))
        branch = text_of(values.get("direction")) == "outbound" and any(text_of(values.get(name)) for name in _PLACED)
        called = channel if branch else endpoint(text_of(values.get("bridge_channel")))
        leg = Leg(
            source=number,
            destination=text_of(values.get("destination_number")),
            start=start,
            end=end,
            outcome=outcome_of(values, answer is not None),
            name=caller_name(name, number),
            branch=branch,
            agent_called=called or _agent(values),
            agent_calling=None if branch else channel,
            context=text_of(values.get("context")) or "",
            attestation=attestation_of(values),
            fields=attributes_of(values, {"local_time": doubt}),
            where=where,
        )
        return _ids(values), leg

    def _moment(self, values: Mapping[str, Any], name: str) -> tuple[datetime | None, str | None]:
        """A time by its seconds since 1970 where they are there; the stamps are local and may be in doubt."""
        epoch = text_of(values.get(f"{name}_epoch"))
        timestamp = parse_time(epoch) if epoch and epoch != "0" else None
        stamp = text_of(values.get(f"{name}_stamp")) or ""
        if timestamp is None and _TIME.match(stamp):
            return parse_local(stamp[:19], self.zone, field=f"{name}_stamp")
        return timestamp, None


def _ids(values: Mapping[str, Any]) -> list[str]:
    """Return the ids of the leg and of each other that it names; one that is no UUID counts as it stands."""
    ids = []
    for name in _LINKS:
        text = text_of(values.get(name)) or ""
        found = _ANY_UUID.findall(text[:20_000])
        ids += [id.lower() for id in found] if found else [text[:200]] if text and name in ("uuid", "call_uuid") else []
    return ids


def _agent(values: Mapping[str, Any]) -> str | None:
    """Return the agent whom a queue or the dial string names; an id of a database names nobody."""
    for name in ("dialed_user", "cc_agent"):
        text = (text_of(values.get(name)) or "").partition("@")[0]
        if text and not _UUID.match(text):
            return name_of(text)
    return None


class FreeSwitchCsvSource(FreeSwitchCalls):
    """Reads the CSV files of mod_cdr_csv; both legs of a call, where both are written, are one interaction.

    Args:
        origin: a path, bytes or a stream.
        columns: names of the columns in order, for a template of your own, by the names of its variables.
        options: of CdrSource.
    """

    name: ClassVar[str] = "freeswitch-csv"
    versions: ClassVar[str] = (
        "FreeSWITCH 1.2 to 1.10, mod_cdr_csv: templates example, snom, linksys, asterisk, or named columns"
    )

    def __init__(self, origin: Any, *, columns: Sequence[str] | None = None, **options: Any) -> None:
        super().__init__(origin, **options)
        self.columns = tuple(columns) if columns else None

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by a row of one of its templates."""
        line = first_line(head)
        try:
            row = next(csv.reader([line[:10_000]], skipinitialspace=True), [])
        except csv.Error:
            return None
        return "has a row of FreeSWITCH's CDR: hang-up cause and unique id in their places" if _template(row) else None

    def items(self) -> Iterator[Item]:
        """Yield the calls of the file."""
        yield from self.grouped(self._legs())

    def _legs(self) -> Iterator[tuple[list[str], Leg] | Item]:
        source = self.open()
        source.as_utf8()
        for row in rows(source, same_width=True):
            if isinstance(row, Bad):
                yield self.bad(row)
                continue
            number, fields = row
            where = self.spot(f"line {number}")
            fields = [field.strip().strip('"') for field in fields]
            columns = self.columns or _template(fields)
            try:
                if columns is None:
                    raise UnreadableError(
                        f"a row of {len(fields)} fields of no known template; name them with columns="
                    )
                values = {name: text for name, text in zip(columns, fields, strict=False) if text}
                values |= {f"column_{i}": text for i, text in enumerate(fields) if i >= len(columns) and text}
                yield self.leg(values, where)
            except (OverflowError, ValueError) as error:
                yield self.rejected(where, str(error), raw=",".join(fields)[:200])


def _template(row: Sequence[str]) -> tuple[str, ...] | None:
    row = [field.strip().strip('"') for field in row]
    for columns in (_EXAMPLE, _ASTERISK):
        cause, uuid = columns.index("hangup_cause"), columns.index("uuid")
        if len(row) > uuid and _CAUSE.match(row[cause]) and _UUID.match(row[uuid]):
            return columns
    return None


class FreeSwitchJsonSource(FreeSwitchCalls, JsonSource):
    """Reads the JSON records of mod_json_cdr, one a file, line by line, or an array."""

    name: ClassVar[str] = "freeswitch-json"
    versions: ClassVar[str] = "FreeSWITCH 1.2 to 1.10, mod_json_cdr, with encoded values or without"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> str | None:
        """Know it by the parts of its records."""
        keys = head_keys(head)
        if {"core-uuid", "variables"} <= keys or {"callflow", "caller_profile", "variables"} <= keys:
            return "has records of FreeSWITCH's mod_json_cdr"
        return None

    def items(self) -> Iterator[Item]:
        """Yield the calls of the file."""
        yield from self.grouped(self._legs())

    def _legs(self) -> Iterator[tuple[list[str], Leg] | Item]:
        for where, value in self.values():
            if isinstance(value, Bad):
                yield self.bad(value)
                continue
            where = self.spot(where)
            try:
                yield self.leg(variables_of(value), where)
            except (OverflowError, ValueError) as error:
                yield self.rejected(where, str(error))

    def read(self, value: Any, where: str) -> Iterator[Item]:
        """Yield the call of one record by itself."""
        _, leg = self.leg(variables_of(value), where)
        yield from self._calls([leg])


def variables_of(record: Any) -> dict[str, Any]:
    """Return the variables of a record of mod_json_cdr, decoded, with what the first profile of the call says of its parties."""
    variables = mapping_of(mapping_of(record).get("variables"))
    if not variables:
        raise UnreadableError("variables: missing, accepted is a record of mod_json_cdr")
    values = {str(name): unquote_plus(v) if isinstance(v, str) and "%" in v else v for name, v in variables.items()}
    flows = [flow for flow in list_of(record.get("callflow")) if isinstance(flow, Mapping)]
    flows.sort(key=lambda flow: text_of(flow.get("profile_index")) or "")
    profiles = [mapping_of(flow.get("caller_profile")) for flow in flows]
    for name in ("caller_id_name", "caller_id_number", "destination_number", "context"):
        value = next((text_of(profile.get(name)) for profile in profiles if text_of(profile.get(name))), None)
        if value:
            values[name] = unquote_plus(value) if "%" in value else value
    if len(profiles) > 1:  # the first profile is the call as it came in, the others are where it was sent on to
        values["sent_on_to"] = [text_of(profile.get("destination_number")) for profile in profiles[1:]]
    return values
