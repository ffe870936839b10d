"""Fidelity: compares what a document gives back, read by a stranger, with the original interaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from omnitrack.errors import InvalidInteractionError
from omnitrack.interchange.document import refuse
from omnitrack.interchange.record import FIELDS, VERSION, VERSION_KEY, decode_fields, encode_field
from omnitrack.interchange.report import ConversionReport
from omnitrack.model import Assurance, Interaction, Sighting

#: The parameter under which the extension stands in documents of the standards that allow one.
EXTENSION = VERSION_KEY

_ALWAYS = {
    "id": "the standard has no place for the id of this store",
    "recorded_at": "the standard has no place for when it was stored",
    "attributes": "the standard has no place for what only the source knows",
    "traits": "the standard has no place for these traits of the person",
    "region": "the standard has no place for the region of national phone numbers",
    "answered_by": "the standard does not say whether a person or a machine answered",
    "disclosed": "the standard does not say whether the customer was told that a machine answers",
    "deleted": "the standard has no place for a deletion at the source",
}


def measure(
    before: Interaction,
    after: Interaction,
    reasons: Mapping[str, str],
    report: ConversionReport,
    *,
    extension: bool,
) -> dict[str, Any]:
    """Return the fields that the extension must hold so that ``after`` becomes ``before``, and report each of them.

    Args:
        before: the interaction that was written.
        after: what a reader of the standard makes of the document.
        reasons: why a field may differ, in the words of the standard at hand.
        report: takes the differences, as lost or as held by the extension alone.
        extension: whether there will be one.
    """
    note = report.extend if extension else report.lose
    out: dict[str, Any] = {}
    for name in FIELDS:
        meant, read = getattr(before, name), getattr(after, name)
        if name in ("customers", "recipients", "participants", "sender"):
            if not _compare_people(name, meant, read, note):
                continue
        elif meant == read:
            continue
        elif name in ("source", "source_id") and before.source_id is None and (name == "source_id" or not meant):
            continue  # the reader's own stays, so that a second import adds nothing
        elif meant not in (None, (), {}) and (meant is not False or name == "disclosed"):
            note(name, reasons.get(name) or _ALWAYS.get(name) or "another value than the standard can hold")
        out[name] = encode_field(name, meant)
    return {VERSION_KEY: VERSION, **out} if out else {}


def _compare_people(name: str, meant: Any, read: Any, note: Any) -> bool:
    """Whether the people differ; says in how many identifiers, assurances and original texts."""
    flat = name in ("participants", "sender")
    meant_people, read_people = ([people] if flat else list(people) for people in (meant, read))
    shapes = [[[_shape(one) for one in person] for person in people] for people in (meant_people, read_people)]
    if shapes[0] == shapes[1]:
        return False
    flats = [[one for person in shape for one in person] for shape in shapes]
    keys = [Counter(key for key, _, _ in flat_) for flat_ in flats]
    missing = sum((keys[0] - keys[1]).values())
    if missing:
        note(f"{name}.identifier", "identifiers that the standard has no field for", missing)
    levels = [Counter((key, level) for key, level, _ in flat_) for flat_ in flats]
    changed = sum((levels[0] - levels[1]).values()) - missing
    if changed > 0:
        note(f"{name}.assurance", "the standard does not say how sure an identifier is", changed)
    raw = sum(text is not None for _, _, text in flats[0])
    if raw:
        note(f"{name}.raw", "the standard has no place for the text as it came", raw)
    ordered = [[sorted(person, key=str) for person in shape] for shape in shapes]
    if not missing and changed <= 0 and not raw and ordered[0] != ordered[1]:
        note(name, "the standard does not tell who is who")
    return True


def _shape(sighting: Sighting) -> tuple[str, Assurance, str | None]:
    raw = sighting.raw
    if raw is None and not isinstance(sighting.identifier, str):
        raw = sighting.identifier.raw
    return key_of(sighting), sighting.assurance, raw


def key_of(sighting: Sighting) -> str:
    """Return the key of an identifier, or for a text that was not parsed the nearest to one."""
    identifier = sighting.identifier
    if not isinstance(identifier, str):
        return identifier.key
    text = identifier.strip()
    for prefix, scheme in (("tel:", "phone:"), ("mailto:", "email:")):
        if text.lower().startswith(prefix):
            return scheme + text[len(prefix) :]
    if ":" not in text:
        if "@" in text.strip("@"):
            return f"email:{text}"
        if text[:1] == "+" or text[:1].isdecimal():
            return f"phone:{text}"
    return text


def values_of(sightings: Iterable[Sighting], scheme: str) -> list[str]:
    """Return the values of the identifiers of one scheme, in their order."""
    prefix = scheme + ":"
    return [key[len(prefix) :] for key in map(key_of, sightings) if key.startswith(prefix)]


def restore(
    interaction: Interaction, extension: Any, where: str, *, trust: Assurance, report: ConversionReport
) -> Interaction:
    """Return the interaction with the fields that an extension holds.

    Raises:
        SourceFormatError: the extension is no object, or of another version.
        InvalidInteractionError: a field in it is malformed.
    """
    if extension is None:
        return interaction
    if not isinstance(extension, dict):
        refuse(where, extension, "an object")
    if extension.get(VERSION_KEY) != VERSION or isinstance(extension.get(VERSION_KEY), bool):
        refuse(f"{where}.{VERSION_KEY}", extension.get(VERSION_KEY), f"version {VERSION}")
    fields = decode_fields(extension, where, trust=trust, report=report)
    for name in ("channel", "kind", "occurred_at"):
        if name in fields and fields[name] is None:
            raise InvalidInteractionError(f"{where}.{name}: got nothing, it is required")
    return attrs.evolve(interaction, **fields)
