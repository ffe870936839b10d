"""Cases as TroubleTicket resources of TM Forum's TMF621 Trouble Ticket Management v5.0.1, which can be posted as well as returned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from omnitrack.service.case import Case
from omnitrack.service.case_document import CaseDocument

VERSION = "5.0.1"

#: Creation requires a severity; the standard names these as examples, and leaves the words open.
_SEVERITY = {"critical": "Critical", "major": "Major", "minor": "Minor", None: "Unclassified"}


def to_ticket(document: CaseDocument) -> dict[str, Any]:
    """Return a case as a TroubleTicket. Its interactions are related entities, by id; who said what in them is for a PartyInteraction (TMF683)."""
    case = document.case
    states = [line for line in case.history if line.what in ("opened", "state")]
    resolved = next((line.at for line in reversed(states) if line.value == "resolved"), None)
    open_promises = [one.due for one in case.promises if one.kept_at is None]
    ticket: dict[str, Any] = {
        "@type": "TroubleTicket",
        "id": case.id,
        "name": case.title,
        "description": _description(document),
        "severity": _SEVERITY[case.seriousness],
        "ticketType": case.kind,
        "status": case.state,
        "statusChangeDate": _time(states[-1].at) if states else None,
        "statusChangeReason": states[-1].reason if states else None,
        "statusChangeHistory": [
            {
                "@type": "StatusChange",
                "status": "acknowledged" if line.what == "opened" else line.value,
                "statusChangeDate": _time(line.at),
                "statusChangeReason": line.reason or line.because,
            }
            for line in states
        ],
        "creationDate": _time(case.opened_at),
        "lastUpdate": _time(case.changed_at),
        "expectedResolutionDate": _time(min(open_promises)) if open_promises else None,
        "resolutionDate": _time(resolved) if resolved is not None and case.state in ("resolved", "closed") else None,
        "channel": _channel(document),
        "externalIdentifier": [
            {"@type": "ExternalIdentifier", "owner": one.system, "id": one.value} for one in case.references
        ],
        "note": [
            {"@type": "Note", "id": str(number), "author": one.by, "date": _time(one.at), "text": one.text}
            for number, one in enumerate(case.notes, start=1)
        ],
        "relatedParty": list(_parties(case)),
        "relatedEntity": [
            {
                "@type": "RelatedEntity",
                "role": "contact",
                "entity": {"@type": "EntityRef", "@referredType": "PartyInteraction", "id": id},
            }
            for id in case.interactions
        ],
        "troubleTicketCharacteristic": [
            {
                "@type": "StringCharacteristic",
                "name": f"promise {one.number}",
                "valueType": "string",
                "value": f"{one.state}, due {_time(one.due)}: {one.text}",
            }
            for one in case.promises
        ],
    }
    found: dict[str, Any] = _filled(ticket)
    return found


def _filled(value: Any) -> Any:
    """Return JSON without what is null or an empty list: the standard's fields are there, or they are not."""
    if isinstance(value, dict):
        return {key: _filled(part) for key, part in value.items() if part is not None and part != []}
    return [_filled(part) for part in value] if isinstance(value, list) else value


def _time(at: datetime) -> str:
    return at.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _description(document: CaseDocument) -> str:
    """Return what the matter is, which creation requires: in the words of the first contact, else in the title's."""
    said = (text for one in document.interactions for text in (one.body, one.subject) if text and not one.deleted)
    return next(said, None) or document.case.title or document.case.kind


def _channel(document: CaseDocument) -> dict[str, Any] | None:
    first = next(iter(document.interactions), None)
    return None if first is None else {"@type": "ChannelRef", "id": first.channel, "name": first.channel}


def _parties(case: Case) -> Iterator[dict[str, Any]]:
    people: list[tuple[str, str, str | None]] = [("customer", id, None) for id in case.customers]
    people += [] if case.owner is None else [("owner", case.owner, case.owner)]
    for role, id, name in people:
        party = {"@type": "PartyRef", "@referredType": "Individual", "id": id, "name": name}
        yield {"@type": "RelatedPartyRefOrPartyRoleRef", "role": role, "partyOrPartyRole": party}
