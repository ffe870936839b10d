"""Mappings: which column or field of a log of your own is which part of an interaction, said in code or in TOML."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import attrs

from omnitrack.errors import SourceFormatError, plain_repr
from omnitrack.identifiers.attestation import Level
from omnitrack.identifiers.scheme import find_scheme, iter_schemes, key_text
from omnitrack.identifiers.social import PLATFORM_NAMES
from omnitrack.model import Assurance, Direction, Sighting
from omnitrack.sources.attested import checked_trust
from omnitrack.sources.values import parse_time, text_of, words, zone_of

#: Parts of an interaction that a field can give.
FIELDS = words(
    "source_id occurred_at ended_at duration channel direction kind subject body agent thread reply_to outcome deleted edited_at region "
    "verstat attestation"
)
_CONSTANTS = ("channel", "direction", "kind", "agent", "outcome", "region")
_KEYS = frozenset(
    words(
        "channel direction kind agent outcome region source zone time_format delimiter items skip trust_attestation "
        "fields values traits customer participant sender recipient"
    )
)
_TEMPLATE = re.compile(r"(?P<scheme>[a-z][a-z0-9-]*):\{\}(?:@(?P<scope>[^!]+))?(?:!(?P<assurance>[a-z]+))?")

# Those of URIs that identifier() reads: ``tel:{}`` in a template is a number as good as ``phone:{}``.
_URI_SCHEMES = frozenset(words("tel callto sms smsto fax mailto sips acct did at urn tg"))
# What a network shows of who calls.
_CALLER_ID = re.compile(r"\s*(?:[+(\d]|(?:phone|tel|callto|sms|smsto|sips?):)", re.IGNORECASE)
_IN_SCOPE = re.compile(r"\{([^{}]+)\}")


def _assurance(value: Any) -> Assurance:
    if isinstance(value, Assurance):
        return value
    try:
        return {a.name.lower(): a for a in (Assurance.CLAIMED, Assurance.OBSERVED, Assurance.VERIFIED)}[value]
    except (KeyError, TypeError):
        raise SourceFormatError(
            f"mapping: assurance got {plain_repr(value)}, accepted are claimed, observed, verified"
        ) from None


def _known_scheme(instance: object, attribute: attrs.Attribute[str | None], value: Any) -> None:
    if value is None:
        return
    if isinstance(value, str) and (value in _URI_SCHEMES or find_scheme(PLATFORM_NAMES.get(value, value)) is not None):
        return
    known = sorted(scheme.name for scheme in iter_schemes())
    near = get_close_matches(value, known, 1, 0.6) if isinstance(value, str) else []
    meant = f" (did you mean {near[0]!r}?)" if near else ""
    raise SourceFormatError(f"mapping: scheme got {plain_repr(value)}{meant}, known are {', '.join(known)}")


@attrs.frozen(slots=True, kw_only=True)
class PersonField:
    """A field that identifies somebody.

    Attributes:
        field: name of the column, or dotted path of the field.
        scheme: of the identifier: phone, email, account, x, forum, ...; None where the value says it itself (``x:jane``).
        scope: where the value is unique, for the schemes that need it; ``{field}`` in it is taken from the record.
        assurance: of the identifier; what a person or a form says is claimed, which is the default.
    """

    field: str
    scheme: str | None = attrs.field(default=None, validator=_known_scheme)
    scope: str = ""
    assurance: Assurance = attrs.field(default=Assurance.CLAIMED, converter=_assurance)

    def sightings(self, record: Mapping[str, Any]) -> Iterator[Sighting]:
        """Yield the identifier of the record; of a list of values one each."""
        found = look_up(record, self.field)
        for value in found if isinstance(found, list) else [found]:
            text = text_of(value)
            if text is None:
                continue
            scope = _IN_SCOPE.sub(lambda m: text_of(look_up(record, m[1])) or "", self.scope)
            if self.scheme is None:
                key = f"{text[:500]}@{scope}" if scope else text[:500]
            else:
                key = key_text(self.scheme, text[:500], scope)
            yield Sighting(key, self.assurance, raw=text[:500])

    def unattested(self, record: Mapping[str, Any]) -> PersonField:
        """Return the field as it counts in a call whose network does not vouch for the caller: what was observed is a claim."""
        text = text_of(look_up(record, self.field)) if self.scheme is None else f"{self.scheme}:"
        if self.assurance is not Assurance.OBSERVED or text is None or _CALLER_ID.match(text) is None:
            return self
        return attrs.evolve(self, assurance=Assurance.CLAIMED)


def person_fields(templates: Mapping[str, str], what: str) -> tuple[PersonField, ...]:
    """Return the fields of the short form: ``{"accountNumber": "account:{}@bt!verified"}``.

    Raises:
        SourceFormatError: a template that is none; says what is accepted.
    """
    if not isinstance(templates, Mapping):
        raise SourceFormatError(f"{what}: got {type(templates).__name__}, accepted is a table of field to scheme:{{}}")
    found = []
    for field, template in templates.items():
        match = _TEMPLATE.fullmatch(template) if isinstance(template, str) else None
        if match is None:
            raise SourceFormatError(
                f"{what}: got {plain_repr(template)} for {plain_repr(field)}, accepted is scheme:{{}}, scheme:{{}}@scope, with !verified behind"
            )
        found.append(
            PersonField(
                field=field,
                scheme=match["scheme"],
                scope=match["scope"] or "",
                assurance=match["assurance"] or Assurance.CLAIMED,
            )
        )
    return tuple(found)


def look_up(record: Any, path: str) -> Any:
    """Return what stands under a name, or under a dotted path (``author.id``, ``phones.0``); None where nothing does."""
    if isinstance(record, Mapping) and path in record:
        return record[path]
    for part in path.split("."):
        if isinstance(record, Mapping):
            record = record.get(part)
        elif isinstance(record, list) and part.isdigit() and int(part) < len(record):
            record = record[int(part)]
        else:
            return None
    return record


@attrs.frozen(slots=True, kw_only=True)
class LogMapping:
    """What a mapping says, checked. Made by ``read_mapping``.

    Attributes:
        fields: by part of the interaction, the name of the column or the dotted path of the field.
        constants: parts that are the same in every row: channel, direction, kind, agent, outcome, region.
        values: by part, what the log's own words stand for: ``{"direction": {"in": "inbound"}}``.
        customer, participant, sender, recipient: fields that identify them.
        traits: by name of the trait, the field.
        source: name of the system.
        zone: of times without one.
        time_formats: of ``strptime``, tried in order; without one, times are in ISO 8601 or seconds since 1970.
        delimiter: of a CSV file; None finds out.
        items: path of the list of records inside each JSON value.
        skip: fields that are left out of the attributes.
        trust_attestation: the least level of STIR attestation at which a caller counts as observed; None for whatever did not fail.
    """

    fields: Mapping[str, str] = attrs.field(factory=dict)
    constants: Mapping[str, str] = attrs.field(factory=dict)
    values: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    customer: tuple[PersonField, ...] = ()
    participant: tuple[PersonField, ...] = ()
    sender: tuple[PersonField, ...] = ()
    recipient: tuple[PersonField, ...] = ()
    traits: Mapping[str, str] = attrs.field(factory=dict)
    source: str | None = None
    zone: tzinfo | None = None
    time_formats: tuple[str, ...] = ()
    delimiter: str | None = None
    items: str | None = None
    skip: frozenset[str] = frozenset()
    trust_attestation: Level | None = None

    def part(self, record: Mapping[str, Any], name: str) -> Any:
        """Return what the record says for a part of the interaction, in the model's own words."""
        value = look_up(record, self.fields[name]) if name in self.fields else None
        if value is None or value == "":
            return self.constants.get(name)
        meaning = self.values.get(name)
        if meaning is not None:
            text = text_of(value) or ("true" if value is True else "false" if value is False else "")
            return meaning.get(text, meaning.get("*", value))
        return value

    def time(self, record: Mapping[str, Any], name: str, zone: tzinfo | None) -> datetime | None:
        """Return the time of a part, None where the record says none that can be read.

        Raises:
            MissingZoneError: it has no zone, and ``zone`` is None.
        """
        value = self.part(record, name)
        for form in self.time_formats:
            try:
                timestamp = datetime.strptime(text_of(value) or "", form)
            except (OverflowError, ValueError):
                continue
            return parse_time(timestamp, zone, self.fields.get(name, name))
        return parse_time(value, zone, self.fields.get(name, name))

    def needed(self) -> set[str]:
        """Return the names of the fields that a file must have for the mapping to do what it says."""
        people = (*self.customer, *self.participant, *self.sender, *self.recipient)
        scopes = (name for field in people for name in _IN_SCOPE.findall(field.scope))
        return {*self.fields.values(), *self.traits.values(), *(field.field for field in people), *scopes}

    def used(self) -> set[str]:
        """Return the names of the fields that have a place, whose values are not repeated in the attributes."""
        people = (*self.customer, *self.participant, *self.sender, *self.recipient)
        # What was said of an attestation is told by the assurance; its words are kept with the rest.
        parts = (field for name, field in self.fields.items() if name not in ("verstat", "attestation"))
        return {*parts, *self.traits.values(), *(field.field for field in people), *self.skip}


def read_mapping(mapping: Any) -> LogMapping:
    """Return the checked mapping of a dict, of the path of a TOML file, or of TOML text.

    Raises:
        SourceFormatError: a key or a value that no mapping has; names it and says what is accepted.
    """
    if isinstance(mapping, LogMapping):
        return mapping
    if isinstance(mapping, (str, os.PathLike)):
        text = str(mapping)
        in_file = "\n" not in text
        try:
            mapping = tomllib.loads(Path(text).read_text(encoding="utf-8") if in_file else text)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            place = f"{Path(text).name} is " if in_file else ""
            raise SourceFormatError(f"mapping: {place}no TOML: {error}") from None
    if not isinstance(mapping, Mapping):
        raise SourceFormatError(f"mapping: got {type(mapping).__name__}, accepted is a dict or the path of a TOML file")
    unknown = set(mapping) - _KEYS
    if unknown:
        raise SourceFormatError(
            f"mapping: unknown {', '.join(sorted(map(str, unknown)))}; known are {', '.join(sorted(_KEYS))}"
        )
    fields = _table(mapping, "fields")
    wrong = set(fields) - set(FIELDS)
    if wrong:
        raise SourceFormatError(f"mapping: fields has {', '.join(sorted(wrong))}; known are {', '.join(FIELDS)}")
    if "occurred_at" not in fields:
        raise SourceFormatError("mapping: fields has no occurred_at, which every interaction needs")
    if "channel" not in fields and "channel" not in mapping:
        raise SourceFormatError('mapping: channel is missing, accepted is a name (channel = "letter") or a field')
    direction = mapping.get("direction")
    if direction is not None and direction not in list(Direction):
        raise SourceFormatError(f"mapping: direction got {plain_repr(direction)}, accepted are {', '.join(Direction)}")
    formats = mapping.get("time_format", ())
    try:
        zone = zone_of(mapping.get("zone"))
        trust = checked_trust(mapping.get("trust_attestation"))
    except ValueError as error:
        raise SourceFormatError(f"mapping: {error}") from None
    return LogMapping(
        fields=fields,
        constants={name: str(mapping[name]) for name in _CONSTANTS if name in mapping},
        values={name: {str(k): str(v) for k, v in table.items()} for name, table in _table(mapping, "values").items()},
        customer=_people(mapping, "customer"),
        participant=_people(mapping, "participant"),
        sender=_people(mapping, "sender"),
        recipient=_people(mapping, "recipient"),
        traits=_table(mapping, "traits"),
        source=mapping.get("source"),
        zone=zone,
        time_formats=(formats,) if isinstance(formats, str) else tuple(formats),
        delimiter=mapping.get("delimiter"),
        items=mapping.get("items"),
        skip=frozenset(mapping.get("skip", ())),
        trust_attestation=trust,
    )


def _table(mapping: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = mapping.get(name, {})
    if not isinstance(table, Mapping):
        raise SourceFormatError(f"mapping: {name} got {type(table).__name__}, accepted is a table")
    inner = Mapping if name == "values" else str
    for key, value in table.items():
        if not isinstance(value, inner):
            raise SourceFormatError(
                f"mapping: {name}.{key} got {type(value).__name__}, accepted is a {'table' if name == 'values' else 'name'}"
            )
    return dict(table)


def _people(mapping: Mapping[str, Any], name: str) -> tuple[PersonField, ...]:
    """A person's fields: a list of tables, or a table of field to ``scheme:{}@scope!assurance``."""
    given = mapping.get(name, ())
    if isinstance(given, Mapping) and "field" not in given:
        return person_fields(given, f"mapping: {name}")
    found = []
    for entry in [given] if isinstance(given, Mapping) else given:
        if isinstance(entry, PersonField):
            found.append(entry)
            continue
        if not isinstance(entry, Mapping) or not isinstance(entry.get("field"), str):
            raise SourceFormatError(f"mapping: {name} needs the name of its field: field = ...")
        extra = set(entry) - {"field", "scheme", "scope", "assurance"}
        if extra:
            raise SourceFormatError(
                f"mapping: {name} has {', '.join(sorted(extra))}; known are field, scheme, scope, assurance"
            )
        found.append(PersonField(**entry))
    return tuple(found)
