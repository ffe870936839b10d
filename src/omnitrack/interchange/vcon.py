"""vCon: conversations as the IETF's container, written by the core draft of 2026 (0.4.0), read from 0.0.1 on.

Source: draft-ietf-vcon-vcon-core (the form), draft-ietf-vcon-cc-extension (the roles of parties, extension ``CC``).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

import attrs

from omnitrack.interchange.document import MAX_DURATION, is_media_type, is_url, parse, read_each, write_time
from omnitrack.interchange.fidelity import EXTENSION, key_of, measure
from omnitrack.interchange.record import encode
from omnitrack.interchange.report import ConversionReport
from omnitrack.interchange.vcon_check import check, without_faulty
from omnitrack.interchange.vcon_read import OUTCOMES, VENDOR, Reader
from omnitrack.interchange.vcon_signed import Keys
from omnitrack.model import Assurance, Attachment, Direction, Interaction, Sighting

# The parties of one vCon with their indices, under what tells one from another: two strangers may look alike in it.
_Parties = dict[tuple[Any, ...], tuple[int, dict[str, Any]]]

MEDIA_TYPE = "application/vcon+json"
SYNTAX = "0.4.0"
SOURCE = "vcon"

# Of one vCon; a longer thread goes on in another, so that any reader can hold one.
_MAX_DIALOGS = 1_000
_MAX_TEXT = 8_000_000

_DISPOSITIONS = {outcome: disposition for disposition, outcome in OUTCOMES.items()}
_CALLS = frozenset({"phone", "voice"})
_SHA256 = re.compile("[0-9a-f]{64}")
_REASONS = {
    "source": "a vCon does not say which system a dialog came from",
    "source_id": "a vCon has message_id alone, which need not be unique outside it",
    "thread": "a vCon has its uuid alone",
    "subject": "a vCon has one subject, that of its first dialog",
    "direction": "a vCon tells only who began",
    "kind": "a vCon has the types text, recording, incomplete and transfer",
    "outcome": "a vCon has dispositions of failed calls alone",
    "traits": "a vCon has the name of a party alone",
    "reply_to": "a vCon has no replies",
    "ended_at": "a duration must be from 0 to ten years",
    "via": "a party has a telephone number and a mail address alone",
    "revised_at": "a vCon has the time of its own last change alone",
    "attachments": "an attachment has no size, and a media type, a URL and a SHA-256 where they have the right form",
    "body": "a transfer, or a text of a form that JSON cannot hold",
}


def dump(
    interactions: Iterable[Interaction],
    *,
    extension: bool = True,
    by_thread: bool = True,
    created_at: datetime | None = None,
) -> tuple[Iterator[dict[str, Any]], ConversionReport]:
    """Return the vCons, each a JSON object, and the report.

    Each interaction is one dialog. What the core draft has no place for goes into the extension ``omnitrack``, a
    compatible one, so that load() gives it back; the report says which fields other readers will not find.

    Args:
        interactions: in any order.
        extension: False writes the standard alone, and the report calls lost what it cannot hold. Attributes and
            other things that only the extension carries then do not leave the house.
        by_thread: the interactions of a thread share a vCon; those with a thread are held until the last has come.
            False writes one vCon for each interaction and holds nothing.
        created_at: the time to give as that of the creation of the vCons; now, where it is None.
    """
    report = ConversionReport(format="vcon")
    created = write_time(created_at or datetime.now(timezone.utc))

    def vcons() -> Iterator[dict[str, Any]]:
        threads: dict[tuple[str | None, str], list[Interaction]] = {}
        for interaction in interactions:
            if by_thread and interaction.thread is not None:
                threads.setdefault((interaction.source, interaction.thread), []).append(interaction)
            else:
                yield _write([interaction], 0, created, report, extension)
        for group in threads.values():
            for number, part in enumerate(_parts(group)):
                yield _write(part, number, created, report, extension)

    return vcons(), report


def load(
    document: object,
    *,
    on_error: str = "raise",
    trust: Assurance = Assurance.OBSERVED,
    source: str = SOURCE,
    party_scope: str | None = None,
    keys: Keys | None = None,
) -> tuple[Iterator[Interaction], ConversionReport]:
    """Return the interactions of a vCon, one for each dialog that is one, and the report.

    Where parties have roles (the extension CC, or ``role`` of 0.0.x), customers and agents are told apart; where not,
    sender and recipients are filled, and the tracker's own list decides. Transcripts of calls become their body.

    Args:
        document: JSON text or bytes, a parsed vCon, or an array of them.
        on_error: ``"raise"`` refuses all with the first bad vCon; ``"collect"`` notes it in the report and goes on: an
            element that breaks a rule costs itself, a dialog that is one interaction, and not the vCon.
        trust: no identifier counts for more than this. VERIFIED where the vCon comes from a store of your own.
        source: name for interactions that do not bring the one of their own; the source id is made of the uuid.
        party_scope: name of the system whose customer ids the uuids of customers are; they then become ``crm:``
            identifiers in that scope. Without it they are kept in the attributes.
        keys: of those whose signatures are believed; without it a signed vCon is refused.

    Raises:
        SourceFormatError: no vCon, one that breaks a rule of the draft, a signed one that none of the keys has signed,
            or an encrypted one; names the field.
        InvalidInteractionError: a dialog beyond the limits of an interaction.
    """
    report = ConversionReport(format="vcon")

    def read(vcon: Any, where: str) -> list[Interaction]:
        if keys is not None:
            vcon = keys.opened(vcon, where)
        if on_error == "raise":
            return list(Reader(check(vcon, where), where, report, trust, source, party_scope).read())
        vcon, faults = without_faulty(vcon, where)
        reader = Reader(check(vcon, where), where, report, trust, source, party_scope)
        for fault in faults:
            if fault.name == "dialog":
                report.reject(fault.reason, where=f"dialog {fault.index}")
            else:
                report.leave_out(
                    fault.reason, where=fault.name if fault.index is None else f"{fault.name} {fault.index}"
                )
        refused = frozenset(fault.index for fault in faults if fault.name == "dialog" and fault.index is not None)
        return list(reader.read(refused=refused, collect=True))

    return read_each(document, "vcon", read, report, on_error), report


def _parts(group: list[Interaction]) -> Iterator[list[Interaction]]:
    part: list[Interaction] = []
    size = 0
    for interaction in group:
        length = len(interaction.body or "")
        if part and (len(part) >= _MAX_DIALOGS or size + length > _MAX_TEXT):
            yield part
            part, size = [], 0
        part.append(interaction)
        size += length
    yield part


def _write(
    group: list[Interaction], part: int, created: str, report: ConversionReport, extension: bool
) -> dict[str, Any]:
    parties: _Parties = {}
    vcon: dict[str, Any] = {"vcon": SYNTAX, "uuid": _uuid(group, part), "created_at": created}
    changed = [one.revised_at for one in group if one.revised_at is not None]
    if changed:
        vcon["updated_at"] = write_time(max(changed))
    if group[0].subject:
        vcon["subject"] = group[0].subject
    vcon |= {"parties": [], "dialog": [], "analysis": [], "attachments": []}
    for index, interaction in enumerate(group):
        _dialog(interaction, index, vcon, parties)
    vcon["parties"] = [party for _, party in parties.values()]
    if any("role" in party for party in vcon["parties"]):
        vcon["extensions"] = ["CC"]
    vcon = parse(vcon, "vcon")
    scratch = ConversionReport(format="vcon")
    read = Reader(check(vcon, "vcon"), "vcon", scratch, Assurance.STATED, SOURCE, None).read(extended=False)
    for before, after_, dialog in zip(group, read, vcon["dialog"], strict=True):
        held = measure(before, after_, _REASONS, report, extension=extension)
        if held and extension:
            dialog[EXTENSION] = held
            vcon["extensions"] = list(dict.fromkeys([*vcon.get("extensions", []), EXTENSION]))
    report.converted += len(group)
    report.documents += 1
    return vcon


def _uuid(group: list[Interaction], part: int) -> str:
    """Return a UUID of version 8 (RFC 9562 section 5.8) made of what the vCon is about: a second export has the same."""
    first = group[0]
    about = f"thread\0{first.source}\0{first.thread}\0{part}" if first.thread is not None else _name(first)
    digest = int.from_bytes(hashlib.sha256(about.encode("utf-8", "surrogatepass")).digest()[:16], "big")
    digest = digest & ~(0xF << 76) | 8 << 76
    digest = digest & ~(0b11 << 62) | 0b10 << 62
    return str(uuid.UUID(int=digest))


def _name(interaction: Interaction) -> str:
    """Return what tells this interaction from others: its id at the source, its own, or a digest of all it holds."""
    if interaction.source_id is not None:
        return f"{interaction.source}\0{interaction.source_id}"
    if interaction.id is not None:
        return interaction.id
    canonical = json.dumps(encode(interaction), sort_keys=True).encode()
    return "sha256:" + hashlib.sha256(canonical).hexdigest()


def _dialog(interaction: Interaction, index: int, vcon: dict[str, Any], parties: _Parties) -> None:
    """Add one interaction to a vCon: its dialog, and what belongs to it among parties, analysis and attachments."""
    here = _here(interaction, parties)
    start = write_time(interaction.occurred_at)
    name = interaction.source_id or _name(interaction)
    dialog: dict[str, Any] = {"type": _type(interaction), "start": start, "parties": here.everybody}
    dialog |= {"application": interaction.channel, "message_id": name}
    if interaction.ended_at is not None:
        seconds = (interaction.ended_at - interaction.occurred_at).total_seconds()
        if 0 <= seconds <= MAX_DURATION:
            dialog["duration"] = int(seconds) if seconds.is_integer() else seconds
    files = list(interaction.attachments)
    if dialog["type"] == "transfer":
        del dialog["parties"]  # core draft: a transfer must not have them
        dialog |= {"transferee": here.customers[0], "transferor": here.company}
    elif dialog["type"] == "incomplete":
        dialog["disposition"] = _DISPOSITIONS[interaction.outcome or ""]
    elif dialog["type"] == "recording":
        if files and _is_recording(files[0]):
            dialog |= _file(files.pop(0))
    else:
        dialog |= {"mediatype": "text/plain", "encoding": "none", "body": interaction.body or ""}
    vcon["dialog"].append(dialog)
    if interaction.body and dialog["type"] in ("recording", "incomplete"):
        summary = {"type": "summary", "dialog": index, "vendor": VENDOR, "mediatype": "text/plain"}
        vcon["analysis"].append({**summary, "encoding": "none", "body": interaction.body})
    by = here.everybody[0] if here.everybody else 0
    for file in files:
        vcon["attachments"].append({"start": start, "party": by, "dialog": index, **_file(file)})
    if files and not here.everybody:
        parties.setdefault(("nobody",), (len(parties), {}))  # an attachment must name the party that it is from


def _type(interaction: Interaction) -> str:
    if interaction.kind == "transfer" and interaction.customers and (interaction.agent or interaction.via):
        return "transfer"
    if interaction.kind != "call" and interaction.channel not in _CALLS:
        return "text"
    recorded = interaction.ended_at is not None or interaction.attachments
    return "incomplete" if interaction.outcome in _DISPOSITIONS and not recorded else "recording"


@attrs.frozen(slots=True)
class _Here:
    everybody: list[int]  # whoever began first
    customers: list[int]
    company: int | None


def _here(interaction: Interaction, parties: _Parties) -> _Here:
    """Return the indices of the parties to an interaction, adding those that are new to the vCon."""

    def add(role: str | None, sightings: Iterable[Sighting], name: object = None) -> int:
        party: dict[str, Any] = {}
        sightings = tuple(sightings)
        for key in map(key_of, sightings):
            scheme, _, value = key.partition(":")
            parameter = {"phone": "tel", "email": "mailto"}.get(scheme)
            if parameter and value:
                party.setdefault(parameter, value)
        if isinstance(name, str) and name:
            party["name"] = name
        if role:
            party["role"] = role
        key_ = (role, tuple(map(key_of, sightings)), *sorted(party.items()))
        return parties.setdefault(key_, (len(parties), party))[0]

    single = len(interaction.customers) == 1
    name = interaction.traits.get("name") if single else None
    customers = [add("customer", person, name) for person in interaction.customers]
    company = None
    if interaction.agent or interaction.via or interaction.direction in (Direction.OUTBOUND, Direction.INTERNAL):
        company = add("agent", [Sighting(interaction.via)] if interaction.via else (), interaction.agent)
    if customers or company is not None:
        people = customers
    else:
        people = [add(None, person) for person in (interaction.sender, *interaction.recipients) if person]
    others = [add("participant", [one]) for one in interaction.participants]
    own = [] if company is None else [company]
    everybody = [*people, *own] if interaction.direction in (Direction.INBOUND, None) else [*own, *people]
    return _Here([*everybody, *others], customers, company)


def _is_recording(file: Attachment) -> bool:
    media = file.media_type or ""
    return media.startswith(("audio/", "video/")) and bool(file.url) and is_url(file.url or "")


def _file(file: Attachment) -> dict[str, Any]:
    """Return the parameters of a file that is elsewhere, those that have the form that the draft asks for."""
    out: dict[str, Any] = {}
    if file.media_type and is_media_type(file.media_type):
        out["mediatype"] = file.media_type
    if file.name:
        out["filename"] = file.name
    if file.url and is_url(file.url):
        out["url"] = file.url
    if file.sha256 and _SHA256.fullmatch(file.sha256):
        digest = base64.urlsafe_b64encode(bytes.fromhex(file.sha256)).decode().rstrip("=")
        out["content_hash"] = f"sha256-{digest}"
    return out
