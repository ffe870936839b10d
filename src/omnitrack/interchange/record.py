"""An interaction as a JSON object with every field, as JSON lines, CloudEvents and the extensions use it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs

from omnitrack.errors import InvalidIdentifierError, InvalidInteractionError
from omnitrack.identifiers.scheme import MAX_IDENTIFIER_LENGTH, Identifier
from omnitrack.interchange.document import kind_of
from omnitrack.interchange.report import ConversionReport
from omnitrack.model import (
    MAX_ATTACHMENTS,
    MAX_EXTRA,
    MAX_NAME,
    MAX_PARTICIPANTS,
    MAX_PEOPLE,
    Assurance,
    Attachment,
    Interaction,
    Sighting,
)

VERSION = 1
VERSION_KEY = "omnitrack"

MAX_SIGHTINGS = 1_000  # of one person, far beyond what is linked
_MAX_TEXT = 65_536  # characters of a text that is kept as it came

_TIMES = frozenset({"occurred_at", "ended_at", "recorded_at", "revised_at"})
_PERSONS = frozenset({"participants", "sender"})
_PEOPLE = frozenset({"customers", "recipients"})
_JSON = frozenset({"traits", "attributes"})
_PUBLIC = [field for field in attrs.fields(Interaction) if not field.name.startswith("_")]
FIELDS: tuple[str, ...] = tuple(field.name for field in _PUBLIC)
_DEFAULTS: dict[str, Any] = {
    field.name: None if isinstance(field.default, attrs.Factory) else field.default  # type: ignore[arg-type]
    for field in _PUBLIC
    if field.default is not attrs.NOTHING
}


def encode(interaction: Interaction, report: ConversionReport | None = None) -> dict[str, Any]:
    """Return the interaction as a JSON object: the version, and every field that is not at its default.

    Args:
        interaction: with identifiers parsed or as texts; both are kept as they are.
        report: is told of values in traits and attributes that JSON has no form for.
    """
    record: dict[str, Any] = {VERSION_KEY: VERSION}
    for name in FIELDS:
        value = getattr(interaction, name)
        if value is not None and value not in ((), {}) and (name not in _DEFAULTS or value != _DEFAULTS[name]):
            record[name] = encode_field(name, value, report)
    return record


def encode_field(name: str, value: Any, report: ConversionReport | None = None) -> Any:
    """Return the JSON value of one field of an interaction."""
    if value is None:
        return None
    if name in _TIMES:
        return value.isoformat()
    if name in _PERSONS:
        return [_encode_sighting(sighting) for sighting in value]
    if name in _PEOPLE:
        return [[_encode_sighting(sighting) for sighting in person] for person in value]
    if name == "attachments":
        return [attrs.asdict(item, filter=lambda _, part: part is not None) for item in value]
    if name in _JSON:
        return _plain(value, name, report)
    return value


def _encode_sighting(sighting: Sighting) -> dict[str, Any]:
    identifier = sighting.identifier
    shown: Any = identifier
    if not isinstance(identifier, str):
        shown = {"scheme": identifier.scheme, "value": identifier.value}
        if identifier.scope:
            shown["scope"] = identifier.scope
        if not identifier.linkable:
            shown["linkable"] = False
        if identifier.private:
            shown["private"] = True
        if identifier.reason is not None:
            shown["reason"] = identifier.reason
        for name in ("host", "verstat", "raw"):
            if (text := getattr(identifier, name)) is not None:
                shown[name] = text
    out: dict[str, Any] = {"identifier": shown, "assurance": sighting.assurance.name.lower()}
    if sighting.raw is not None:
        out["raw"] = sighting.raw
    return out


def _plain(value: Any, name: str, report: ConversionReport | None) -> Any:
    """Return traits or attributes with what JSON cannot say replaced by the nearest that it can, each replacement noted."""
    if isinstance(value, Mapping):
        if report is not None:
            odd = sum(not isinstance(key, str) for key in value)
            if odd:
                report.lose(name, "keys that are no strings became strings", odd)
        return {_key(key): _plain(part, name, report) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        if report is not None and isinstance(value, tuple):
            report.lose(name, "tuples became lists")
        return [_plain(part, name, report) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        if report is not None:
            report.lose(name, "numbers that are not finite became null")
        return None
    return value


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    return {True: "true", False: "false", None: "null"}[key] if key is None or isinstance(key, bool) else str(key)


def decode(
    record: Any, where: str, *, trust: Assurance = Assurance.STATED, report: ConversionReport | None = None
) -> Interaction:
    """Return the interaction that a record says.

    Args:
        record: what ``encode`` gave, as JSON read it.
        where: names the record in errors.
        trust: no identifier counts for more than this, whatever the record says.
        report: is told of fields that this version does not know.

    Raises:
        InvalidInteractionError: names the field, what came and what is accepted.
    """
    if not isinstance(record, Mapping):
        raise InvalidInteractionError(f"{where}: got {kind_of(record)}, accepted is an object")
    version = record.get(VERSION_KEY)
    if isinstance(version, bool) or version != VERSION:
        raise InvalidInteractionError(f"{where}.{VERSION_KEY}: got {kind_of(version)}, accepted is version {VERSION}")
    for name in ("channel", "occurred_at"):
        if record.get(name) is None:
            raise InvalidInteractionError(f"{where}.{name}: got nothing, it is required")
    try:
        return Interaction(**decode_fields(record, where, trust=trust, report=report))
    except InvalidIdentifierError as error:
        raise InvalidInteractionError(f"{where}: {error}") from None
    except InvalidInteractionError as error:
        if str(error).startswith(where):
            raise
        raise InvalidInteractionError(f"{where}.{error}") from None


def decode_fields(
    record: Mapping[str, Any], where: str, *, trust: Assurance, report: ConversionReport | None = None
) -> dict[str, Any]:
    """Return the fields of a record as arguments for Interaction; raise InvalidInteractionError where one is malformed."""
    fields: dict[str, Any] = {}
    for name, value in record.items():
        if name == VERSION_KEY:
            continue
        if name not in _DECODERS:
            if report is not None:
                report.lose(name[:MAX_NAME], f"no field of version {VERSION}")
            continue
        fields[name] = _DECODERS[name](value, f"{where}.{name}", trust)
    return fields


def as_texts(interaction: Interaction) -> Interaction:
    """Return the interaction with each parsed identifier as the text of its key, so that recording parses it again.

    A document can say of any value that it is a normal form, and that it may identify; only parsing it finds out.
    """

    def text(sighting: Sighting) -> Sighting:
        identifier = sighting.identifier
        if isinstance(identifier, str):
            return sighting
        assurance = sighting.assurance
        if assurance is Assurance.OBSERVED and (identifier.host is not None or identifier.verstat is not None):
            assurance = Assurance.CLAIMED  # its key does not say who spoke for it
        return Sighting(identifier.key, assurance, sighting.raw if sighting.raw is not None else identifier.raw)

    people: dict[str, Any] = {}
    for name in _PERSONS | _PEOPLE:
        value = getattr(interaction, name)
        if value:
            people[name] = (
                tuple(map(text, value)) if name in _PERSONS else tuple(tuple(map(text, person)) for person in value)
            )
    return attrs.evolve(interaction, **people) if people else interaction


def _wrong(where: str, got: Any, accepted: str) -> InvalidInteractionError:
    return InvalidInteractionError(f"{where}: got {kind_of(got)}, accepted is {accepted}")


def _time(value: Any, where: str, trust: Assurance) -> datetime | None:
    if value is None:
        return None
    try:
        timestamp = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        timestamp = None
    if timestamp is None or timestamp.tzinfo is None:
        raise _wrong(where, value, "a time with its offset, such as 2026-03-01T09:30:00+00:00")
    return timestamp


def _string(value: Any, where: str, trust: Assurance) -> str | None:
    if value is not None and not isinstance(value, str):
        raise _wrong(where, value, "a string")
    return value


def _short(value: Any, where: str, trust: Assurance) -> str | None:
    text = _string(value, where, trust)
    if text is not None and len(text) > MAX_NAME:
        raise InvalidInteractionError(f"{where}: got {len(text)} characters, accepted are at most {MAX_NAME}")
    return text


def _flag(value: Any, where: str, trust: Assurance) -> bool:
    if not isinstance(value, bool):
        raise _wrong(where, value, "true or false")
    return value


def _known_flag(value: Any, where: str, trust: Assurance) -> bool | None:
    return None if value is None else _flag(value, where, trust)


def _object(value: Any, where: str, trust: Assurance) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(where, value, "an object")
    return value


def _list(value: Any, where: str, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(where, value, "an array")
    if len(value) > most:
        raise InvalidInteractionError(f"{where}: got {len(value)}, accepted are at most {most}")
    return value


def _limited(value: Any, where: str, limit: int, *, required: bool = False) -> Any:
    if value is None and not required:
        return None
    if not isinstance(value, str) or (required and not value):
        raise _wrong(where, value, "a text that is not empty" if required else "a string")
    if len(value) > limit:
        raise InvalidInteractionError(f"{where}: got {len(value)} characters, accepted are at most {limit}")
    return value


def _identifier(value: Any, where: str) -> Identifier | str:
    if isinstance(value, str):
        return str(_limited(value, where, _MAX_TEXT))
    value = _object(value, where, Assurance.STATED)
    for name in value:
        if name not in ("scheme", "value", "scope", "linkable", "private", "reason", "host", "verstat", "raw"):
            raise _wrong(f"{where}.{name[:MAX_NAME]}", value[name], "no such part of an identifier")
    return Identifier(
        scheme=_limited(value.get("scheme"), f"{where}.scheme", MAX_NAME, required=True),
        value=_limited(value.get("value"), f"{where}.value", MAX_IDENTIFIER_LENGTH, required=True),
        scope=_limited(value.get("scope", ""), f"{where}.scope", MAX_IDENTIFIER_LENGTH) or "",
        linkable=_flag(value.get("linkable", True), f"{where}.linkable", Assurance.STATED),
        private=_flag(value.get("private", False), f"{where}.private", Assurance.STATED),
        reason=_limited(value.get("reason"), f"{where}.reason", _MAX_TEXT),
        host=_limited(value.get("host"), f"{where}.host", MAX_IDENTIFIER_LENGTH),
        verstat=_limited(value.get("verstat"), f"{where}.verstat", MAX_NAME),
        raw=_limited(value.get("raw"), f"{where}.raw", _MAX_TEXT),
    )


def _sighting(value: Any, where: str, trust: Assurance) -> Sighting:
    if isinstance(value, str):  # written by hand: a bare identifier
        return Sighting(_identifier(value, where), min(Assurance.OBSERVED, trust))
    value = _object(value, where, trust)
    name = value.get("assurance", "observed")
    try:
        assurance = Assurance[name.upper()]
    except (AttributeError, KeyError):
        accepted = ", ".join(level.name.lower() for level in Assurance)
        raise _wrong(f"{where}.assurance", name, f"one of {accepted}") from None
    return Sighting(
        _identifier(value.get("identifier"), f"{where}.identifier"),
        min(assurance, trust),
        _limited(value.get("raw"), f"{where}.raw", _MAX_TEXT),
    )


def _person(value: Any, where: str, trust: Assurance) -> tuple[Sighting, ...]:
    parts = _list(value, where, MAX_SIGHTINGS)
    return tuple(_sighting(part, f"{where}[{index}]", trust) for index, part in enumerate(parts))


def _people(value: Any, where: str, trust: Assurance) -> tuple[tuple[Sighting, ...], ...]:
    parts = _list(value, where, MAX_PEOPLE)
    return tuple(_person(part, f"{where}[{index}]", trust) for index, part in enumerate(parts))


def _participants(value: Any, where: str, trust: Assurance) -> tuple[Sighting, ...]:
    parts = _list(value, where, MAX_PARTICIPANTS)
    return tuple(_sighting(part, f"{where}[{index}]", trust) for index, part in enumerate(parts))


def _attachments(value: Any, where: str, trust: Assurance) -> tuple[Attachment, ...]:
    out = []
    for index, part in enumerate(_list(value, where, MAX_ATTACHMENTS)):
        at = f"{where}[{index}]"
        part = _object(part, at, trust)
        size = part.get("size")
        if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 0):
            raise _wrong(f"{at}.size", size, "a number of bytes")
        texts = {
            name: _limited(part.get(name), f"{at}.{name}", MAX_EXTRA)
            for name in ("name", "media_type", "sha256", "url")
        }
        out.append(Attachment(size=size, **texts))
    return tuple(out)


_Decoder = Callable[[Any, str, Assurance], Any]
_DECODERS: dict[str, _Decoder] = dict.fromkeys(FIELDS, _string)
_DECODERS.update(dict.fromkeys(_TIMES, _time))
_DECODERS.update(dict.fromkeys(_PEOPLE, _people))
_DECODERS.update(dict.fromkeys(_JSON, _object))
_DECODERS.update(
    sender=_person,
    participants=_participants,
    attachments=_attachments,
    deleted=_flag,
    disclosed=_known_flag,
    id=_short,
    region=_short,
)
