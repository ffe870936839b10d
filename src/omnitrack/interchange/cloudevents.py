"""CloudEvents 1.0 in the JSON format: interactions as events, one by one or as a batch, and events as interactions.

Rules from the CloudEvents core specification 1.0.2 and its JSON event format. A batch is an array of what dump() yields.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

import attrs

from omnitrack.interchange.document import clean, fits, is_media_type, read_each, read_time, refuse, text, write_time
from omnitrack.interchange.record import VERSION_KEY, decode, encode
from omnitrack.interchange.report import NOT_STORED, ConversionReport
from omnitrack.model import MAX_EXTRA, Assurance, Attachment, Interaction, Sighting

MEDIA_TYPE = "application/cloudevents+json"
BATCH_MEDIA_TYPE = "application/cloudevents-batch+json"
EVENT_TYPE = "omnitrack.interaction"

# 0.3 has the same shape but for two names; producers of it are still about.
_VERSIONS = {"1.0": "dataschema", "0.3": "schemaurl"}
_CONTEXT = frozenset({"specversion", "id", "source", "type", "time", "data", "data_base64", "datacontentencoding"})
# Core specification, section "Type System": what a String attribute must not hold.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_DEPTH = 28  # of data, so that the attributes around it stay within the model's limit


def dump(
    interactions: Iterable[Interaction], *, source: str = "/omnitrack", event_type: str = EVENT_TYPE
) -> tuple[Iterator[dict[str, Any]], ConversionReport]:
    """Return the events, each a JSON object in structured mode, and the report.

    The data of an event is the whole interaction in the form of JSON lines, so nothing is lost. The context attributes
    hold no identifier of a person: they travel through logs and routers.

    Args:
        interactions: in any order; one event each, nothing is held.
        source: URI reference of this store; the name of the interaction's own source is added as a path segment.
        event_type: ``type`` of the events; one of its own should begin with a reversed domain name.
    """
    report = ConversionReport(format="cloudevents")

    def events() -> Iterator[dict[str, Any]]:
        for interaction in interactions:
            report.converted += 1
            report.documents += 1
            yield _event(interaction, source, event_type, report)

    return events(), report


def _event(interaction: Interaction, source: str, event_type: str, report: ConversionReport) -> dict[str, Any]:
    record = encode(interaction, report)
    own = interaction.source_id is not None and interaction.source is not None
    name = interaction.source_id if own else interaction.id
    if not name or _FORBIDDEN.search(name):
        canonical = json.dumps(record, sort_keys=True).encode()
        name = "sha256:" + hashlib.sha256(canonical).hexdigest()
    if interaction.revised_at is not None:
        name += f";revised={write_time(interaction.revised_at)}"  # another event about the same interaction
    event = {
        "specversion": "1.0",
        "id": name,
        "source": f"{source}/{quote(clean(interaction.source), safe='')}" if own and interaction.source else source,
        "type": event_type,
        "time": write_time(interaction.occurred_at),
        "datacontenttype": "application/json",
    }
    for extension in ("channel", "direction"):
        value = getattr(interaction, extension)
        if value and not _FORBIDDEN.search(value):
            event[extension] = str(value)
    if interaction.answered_by is not None:
        event["answeredby"] = str(interaction.answered_by)  # names of attributes are lower-case letters and digits
    return {**event, "data": record}


def load(
    document: object,
    *,
    on_error: str = "raise",
    trust: Assurance = Assurance.OBSERVED,
    customer: Callable[[Mapping[str, Any]], Iterable[Sighting | str]] | None = None,
    channel: str = "web",
    received_at: datetime | None = None,
) -> tuple[Iterator[Interaction], ConversionReport]:
    """Return the interactions that events stand for, and the report.

    Events of dump() come back whole. Of others, ``source`` and ``id`` become source and source id (the pair is unique
    by the specification), ``type`` the kind, ``time`` when it happened, textual data the body, other data and all
    further attributes the attributes.

    Args:
        document: JSON text or bytes, a parsed event, or a batch (an array of events).
        on_error: ``"raise"`` refuses all with the first bad event; ``"collect"`` notes it in the report and goes on.
        trust: no identifier counts for more than this. VERIFIED where the events come from a store of your own.
        customer: gives the identifiers of the person from an event; without it events of others identify nobody.
        channel: of events of others.
        received_at: for events that give no time; now, where it is None.

    Raises:
        SourceFormatError: the value is not an event of version 1.0 or 0.3; the message names the attribute.
        InvalidInteractionError: an event of dump() that was damaged, or one beyond the limits of an interaction.
    """
    report = ConversionReport(format="cloudevents")
    if received_at is None:
        received_at = datetime.now(timezone.utc)

    def read(event: Any, where: str) -> Iterable[Interaction]:
        checked = _check(event, where)
        data = checked.get("data")
        if isinstance(data, dict) and VERSION_KEY in data:
            interaction = decode(data, f"{where}.data", trust=trust, report=report)
        else:
            interaction = _foreign(checked, where, report, channel, received_at)
            if customer is not None:
                found = tuple(part if isinstance(part, Sighting) else Sighting(part) for part in customer(checked))
                found = tuple(attrs.evolve(part, assurance=min(part.assurance, trust)) for part in found)
                interaction = attrs.evolve(interaction, customers=(found,))
            if not interaction.customers:
                report.assume("customer", "the specification has no field for it; nobody is identified")
        if interaction.source_id is None:
            source = interaction.source or checked["source"]
            interaction = attrs.evolve(interaction, source=source, source_id=checked["id"])
        return [interaction]

    return read_each(document, "cloudevents", read, report, on_error), report


def _check(document: Any, where: str) -> dict[str, Any]:
    """Return the event without its null attributes, or raise SourceFormatError that names what is wrong."""
    if not isinstance(document, dict):
        refuse(where, document, "an event, which is an object")
    event: dict[str, Any] = {name: value for name, value in document.items() if value is not None}
    version = event.get("specversion")
    if not isinstance(version, str) or version not in _VERSIONS:
        refuse(f"{where}.specversion", version, "1.0 or 0.3")
    for name in ("id", "source", "type"):
        text(event.get(name), f"{where}.{name}", required=True)
    for name in ("subject", "datacontenttype", "datacontentencoding", _VERSIONS[version]):
        text(event.get(name), f"{where}.{name}")
    media_type = event.get("datacontenttype")
    if media_type and not is_media_type(media_type):
        refuse(f"{where}.datacontenttype", media_type, "a media type such as application/json")
    if "data" in event and "data_base64" in event:
        refuse(f"{where}.data", event["data"], "data or data_base64, not both")
    return event


def _foreign(
    event: dict[str, Any], where: str, report: ConversionReport, channel: str, received_at: datetime
) -> Interaction:
    if "time" in event:
        occurred_at, zoned = read_time(event["time"], f"{where}.time")
        if not zoned:
            report.assume("time", "no zone given, UTC taken")
    else:
        occurred_at = received_at
        report.assume("time", "not given, the time of receipt taken")
    body, attributes, attachments = _data(event, where, report)
    context = {name: value for name, value in event.items() if name not in _CONTEXT}
    if context:
        if fits(context, MAX_EXTRA // 4, _DEPTH):
            attributes["cloudevents"] = context
        else:
            report.lose("context attributes", "larger or deeper than attributes may be")
    fields: dict[str, Any] = {"attachments": attachments, "attributes": attributes}
    return Interaction(
        channel=channel,
        kind=event["type"],
        occurred_at=occurred_at,
        body=body,
        source=event["source"],
        source_id=event["id"],
        **fields,
    )


def _data(
    event: dict[str, Any], where: str, report: ConversionReport
) -> tuple[str | None, dict[str, Any], tuple[Attachment, ...]]:
    """Return body, attributes and attachments from the data of an event."""
    data = event.get("data")
    encoded = event.get("data_base64")
    if event.get("datacontentencoding", "").lower() == "base64":  # the way of 0.3
        data, encoded = None, data
    media_type = event.get("datacontenttype")
    if encoded is not None:
        try:
            content = base64.b64decode(str(text(encoded, f"{where}.data_base64", required=True)), validate=True)
        except (binascii.Error, ValueError):
            refuse(f"{where}.data_base64", encoded, "base64 of RFC 4648 section 4")
        if (media_type or "").startswith("text/"):
            return clean(content.decode("utf-8", "replace")), {}, ()
        report.lose("data_base64", NOT_STORED)
        digest = hashlib.sha256(content).hexdigest()
        return None, {}, (Attachment(media_type=media_type, size=len(content), sha256=digest),)
    if isinstance(data, str):
        return data, {}, ()
    if data is None:
        return None, {}, ()
    if not fits(data, MAX_EXTRA // 2, _DEPTH):
        report.lose("data", "larger or deeper than attributes may be")
        return None, {}, ()
    return None, {"data": data}, ()
