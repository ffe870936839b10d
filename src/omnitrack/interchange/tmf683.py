"""TMF683 Party Interaction Management v5: interactions as PartyInteraction resources, and such resources as interactions.

Source: TM Forum, TMF683 v5.0.0. What is written can be posted (it has all that creation requires) as well as returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from omnitrack.interchange.document import parse, read_each, write_time
from omnitrack.interchange.fidelity import EXTENSION, key_of, measure
from omnitrack.interchange.report import ConversionReport
from omnitrack.interchange.tmf683_read import ADDRESS, INTERACTION, REPLY, SOCIAL, THREAD, Reader, check
from omnitrack.model import Assurance, Attachment, Direction, Interaction, Sighting

MEDIA_TYPE = "application/json"
VERSION = "5.0.0"
SOURCE = "tmf683"

_ANY = "application/octet-stream"  # creation requires a media type
_REASONS = {
    "id": "the id of a resource is that of the system that returns it, and is read as the source id",
    "direction": "PartyInteraction requires one of inbound and outbound, and has no other",
    "attachments": "an attachment has no hash, and requires a media type",
    "body": "a note without text, or a text of a form that JSON cannot hold",
    "channel": "channels are read without capital letters and surrounding spaces",
    "customers": "PartyInteraction has parties, not pairs of sender and recipients beside customers",
    "outcome": "a resolution is a text that is not empty",
    "traits": "an Individual has the name alone of these traits",
    "source": "an external identifier has an owner only together with an id",
}


def dump(
    interactions: Iterable[Interaction], *, extension: bool = True
) -> tuple[Iterator[dict[str, Any]], ConversionReport]:
    """Return the PartyInteraction resources, each a JSON object, and the report. Nothing is held.

    A customer is an Individual: telephone numbers, mail addresses and accounts of social networks are contact media
    (the subtypes of TMF632), other identifiers external references. Outcome, kind and thread stand in one
    interactionItem.

    Args:
        interactions: in any order.
        extension: False writes the standard alone, without the property ``omnitrack`` that holds the rest, and the
            report calls lost what the standard cannot hold.
    """
    report = ConversionReport(format="tmf683")

    def resources() -> Iterator[dict[str, Any]]:
        for interaction in interactions:
            resource = parse(_write(interaction), "tmf683")
            scratch = ConversionReport(format="tmf683")
            read = Reader(check(resource, "tmf683"), "tmf683", scratch, Assurance.STATED, SOURCE, None).read()
            held = measure(interaction, read, _REASONS, report, extension=extension)
            if held and extension:
                resource[EXTENSION] = held
            report.converted += 1
            report.documents += 1
            yield resource

    return resources(), report


def load(
    document: object,
    *,
    on_error: str = "raise",
    trust: Assurance = Assurance.OBSERVED,
    source: str = SOURCE,
    party_scope: str | None = None,
) -> tuple[Iterator[Interaction], ConversionReport]:
    """Return the interactions of PartyInteraction resources, and the report.

    Args:
        document: JSON text or bytes, a parsed resource, an array of them (what a list request answers), or an event
            that carries one.
        on_error: ``"raise"`` refuses all with the first bad resource; ``"collect"`` notes it in the report and goes on.
        trust: no identifier counts for more than this. VERIFIED where the resources come from a store of your own.
        source: name of the system that they come from; with the resource's id it makes a second import add nothing.
        party_scope: name of the system whose customer ids the ids of parties are; they then become ``crm:``
            identifiers in that scope. Without it a customer who is only referred to cannot be identified, which the
            report says.

    Raises:
        SourceFormatError: no PartyInteraction, or without one of @type, reason, direction and relatedChannel, or with
            a field of a wrong type; names the field.
        InvalidInteractionError: a resource beyond the limits of an interaction.
    """
    report = ConversionReport(format="tmf683")

    def read(resource: Any, where: str) -> list[Interaction]:
        reader = Reader(check(resource, where), where, report, trust, source, party_scope)
        return [reader.restored(reader.read())]

    return read_each(document, "tmf683", read, report, on_error), report


def _write(interaction: Interaction) -> dict[str, Any]:
    start = write_time(interaction.occurred_at)
    period = {"startDateTime": start}
    if interaction.ended_at is not None:
        period["endDateTime"] = write_time(interaction.ended_at)
    direction = interaction.direction or Direction.INBOUND
    resource: dict[str, Any] = {
        "@type": "PartyInteraction",
        "direction": str(direction),
        "reason": interaction.subject or interaction.kind,
        "status": "completed",
        "interactionDate": period,
        "relatedChannel": [_channel("interaction", interaction.channel)],
        "relatedParty": [*_parties(interaction)],
        "interactionItem": [_item(interaction, period)],
    }
    if interaction.id is not None:
        resource["id"] = interaction.id
    if interaction.via:
        resource["relatedChannel"].append(_channel(ADDRESS, interaction.via))
    if interaction.kind == "note":
        note = {"@type": "Note", "id": "1", "date": start, "text": interaction.body or ""}
        resource["note"] = [note | ({"author": interaction.agent} if interaction.agent else {})]
    elif interaction.body is not None:
        resource["description"] = interaction.body
    for name, timestamp in (("creationDate", interaction.recorded_at), ("lastUpdate", interaction.revised_at)):
        if timestamp is not None:
            resource[name] = write_time(timestamp)
    if interaction.attachments:
        resource["attachment"] = [_attachment(file) for file in interaction.attachments]
    if interaction.reply_to is not None:
        reference = {"@type": "InteractionRelationship", "id": interaction.reply_to, "relationshipType": REPLY}
        resource["interactionRelationship"] = [reference]
    if interaction.source_id is not None:
        external = {"@type": "ExternalIdentifier", "externalIdentifierType": INTERACTION, "id": interaction.source_id}
        resource["externalIdentifier"] = [{**external, "owner": interaction.source}]
    return resource


def _channel(role: str, name: str) -> dict[str, Any]:
    return {"@type": "RelatedChannel", "role": role, "channel": {"@type": "ChannelRef", "id": name, "name": name}}


def _item(interaction: Interaction, period: dict[str, str]) -> dict[str, Any]:
    item: dict[str, Any] = {
        "@type": "InteractionItem",
        "id": "1",
        "itemDate": period,
        "interactionItemType": interaction.kind,
    }
    if interaction.outcome is not None:
        item["resolution"] = interaction.outcome
    if interaction.thread is not None:
        entity = {"@type": "EntityRef", "id": interaction.thread, "@referredType": THREAD}
        item["item"] = {"@type": "RelatedEntityRefOrValue", "role": "thread", "entity": entity}
    return item


def _parties(interaction: Interaction) -> Iterator[dict[str, Any]]:
    name = interaction.traits.get("name") if len(interaction.customers) == 1 else None
    for person in interaction.customers:
        yield _party("customer", person, name)
    if interaction.sender:
        yield _party("sender", interaction.sender)
    for person in interaction.recipients:
        yield _party("recipient", person)
    for one in interaction.participants:
        yield _party("participant", (one,))
    if interaction.agent:
        agent = {"@type": "PartyRef", "id": interaction.agent, "name": interaction.agent}
        yield {"@type": "RelatedPartyOrPartyRole", "role": "agent", "partyOrPartyRole": agent}


def _party(role: str, person: Iterable[Sighting], name: object = None) -> dict[str, Any]:
    media: list[dict[str, Any]] = []
    references: list[dict[str, Any]] = []
    for sighting in person:
        identifier = sighting.identifier
        scope = "" if isinstance(identifier, str) else identifier.scope
        key = key_of(sighting)
        scheme, separator, value = (key.removesuffix(f"@{scope}") if scope else key).partition(":")
        if not separator:
            references.append({"@type": "ExternalIdentifier", "id": scheme})
        elif scheme == "phone":
            media.append(_medium("Phone", scheme, "phoneNumber", value))
        elif scheme == "email":
            media.append(_medium("Email", scheme, "emailAddress", value))
        elif scheme in SOCIAL and not scope:
            media.append(_medium("Social", scheme, "socialNetworkId", value))
        else:
            reference = {"@type": "ExternalIdentifier", "externalIdentifierType": scheme, "id": value}
            references.append(reference | ({"owner": scope} if scope else {}))
    individual: dict[str, Any] = {"@type": "Individual"}
    if isinstance(name, str) and name:
        individual["name"] = name
    if media:
        individual["contactMedium"] = media
    if references:
        individual["externalReference"] = references
    return {"@type": "RelatedPartyOrPartyRole", "role": role, "partyOrPartyRole": individual}


def _medium(family: str, scheme: str, name: str, value: str) -> dict[str, Any]:
    return {"@type": f"{family}ContactMedium", "@baseType": "ContactMedium", "contactType": scheme, name: value}


def _attachment(file: Attachment) -> dict[str, Any]:
    out: dict[str, Any] = {"@type": "Attachment", "attachmentType": "file", "mimeType": file.media_type or _ANY}
    if file.name:
        out["name"] = file.name
    if file.url:
        out["url"] = file.url
    if file.size is not None:
        out["size"] = {"amount": file.size, "units": "bytes"}
    return out
