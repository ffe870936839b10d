"""CloudEvents as protocols carry them: attributes in headers (binary mode) or an event as the body, made structured again.

Rules from the HTTP, Kafka and AMQP protocol bindings of CloudEvents 1.0.2.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from omnitrack.sources.reading import decode
from omnitrack.sources.reading_json import parse_json
from omnitrack.sources.values import list_of, mapping_of, text_of

# HTTP has ce-id, Kafka ce_id, AMQP cloudEvents:id, or cloudEvents_id where a colon is no part of a name.
_ATTRIBUTE = re.compile(r"(?:ce[-_]|cloudevents[:_])([a-z0-9]{1,64})", re.IGNORECASE)
#: What a log of messages in binary mode has among its first bytes.
MARK = re.compile(rb'"(?:ce[-_]|cloudevents[:_])specversion"', re.IGNORECASE)
_HEADERS = ("headers", "applicationProperties", "application_properties", "properties")
_BODIES = ("body", "value", "payload", "data")
_JSON = re.compile(r"(?:application|text)/(?:[\w.+-]{1,100}\+)?json\b", re.IGNORECASE)


def is_json(media_type: str | None) -> bool:
    """Whether a datacontenttype is of JSON; without one it is (JSON event format, section 3.1)."""
    return media_type is None or _JSON.match(media_type) is not None


def structured(value: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the events of a message with headers and a body, in structured mode; anything else as it is.

    Args:
        value: an event, or a message: ``{"headers": {"ce-id": ...}, "body": ...}``, where headers may also be a list of pairs.

    Raises:
        ValueError: a body that is not of the form that its headers say.
    """
    headers = next((found for name in _HEADERS if (found := _named(value.get(name)))), {})
    if not headers or "specversion" in value:
        yield value
        return
    body = next((value[name] for name in _BODIES if value.get(name) is not None), None)
    if value.get("isBase64Encoded") is True and isinstance(body, str):
        body = _bytes(body)
    media_type = headers.get("content-type") or text_of(value.get("contentType"))
    if (media_type or "").lower().startswith("application/cloudevents"):
        whole = parse_json(body) if isinstance(body, (str, bytes)) else body
        yield from whole if isinstance(whole, list) else [whole]
        return
    event: dict[str, Any] = {
        match.group(1).lower(): unquote(text)
        for name, text in headers.items()
        if (match := _ATTRIBUTE.fullmatch(name)) is not None
    }
    if not event:
        yield value
        return
    if media_type:
        event["datacontenttype"] = media_type
    if body is not None:
        event["data"] = decode(body) if isinstance(body, bytes) else body
    yield event


def _named(headers: Any) -> dict[str, str]:
    """Return headers by their names in lower case, whether they are a mapping, pairs, or objects of a name and a value."""
    pairs: list[Any] = list(headers.items()) if isinstance(headers, Mapping) else []
    for item in list_of(headers):
        if isinstance(item, list) and len(item) == 2:
            pairs.append(item)
        else:
            one = mapping_of(item)
            pairs.append((one.get("name") or one.get("key"), one.get("value")))
    found = {}
    for name, value in pairs:
        text = text_of(value[0] if isinstance(value, list) and value else value)
        if isinstance(name, str) and text is not None:
            found[name.lower()] = text
    return found


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("body: not of base64, which isBase64Encoded says that it is") from None
