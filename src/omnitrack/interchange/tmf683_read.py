"""Reads a TMF683 PartyInteraction as an interaction; fields without a counterpart are kept as attributes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import datetime
from typing import Any

from omnitrack.identifiers.scheme import key_text
from omnitrack.interchange.document import array, fits, mapping, read_time, refuse, text
from omnitrack.interchange.fidelity import EXTENSION, restore
from omnitrack.interchange.report import NOT_STORED, ConversionReport
from omnitrack.interchange.tmf683_v4 import as_v5, is_v4
from omnitrack.model import MAX_EXTRA, MAX_NAME, Assurance, Attachment, Interaction, Sighting

#: Words that dump() writes and that are understood when they come back.
ADDRESS, INTERACTION, REPLY, THREAD = "address", "Interaction", "replyTo", "Thread"
SOCIAL = frozenset(
    [
        *(
            "x",
            "x-id",
            "facebook",
            "instagram",
            "threads",
            "linkedin",
            "xing",
            "youtube",
            "tiktok",
            "snapchat",
            "reddit",
            "vk",
            "bluesky",
        ),
        *("whatsapp", "telegram", "signal", "line", "wechat", "kakaotalk", "discord"),
    ]
)

_CUSTOMER = frozenset({"customer", "user", "initiator", "caller", "subscriber", "consumer", "contact", "individual"})
_AGENT = frozenset({"agent", "salesagent", "employee", "csr", "representative", "operator"})
_USED = {"@type", "@baseType", "@schemaLocation", "id", "href", "direction", "reason", "description", EXTENSION} | {
    *("interactionDate", "relatedChannel", "relatedParty", "creationDate", "lastUpdate", "attachment"),
}
_UNITS = {"b": 1, "byte": 1, "bytes": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000}
_DEPTH = 26
_MAX_TEXT = 512  # characters of an identifier
_MAX_URL = 65_536


def check(resource: Any, where: str) -> dict[str, Any]:
    """Return the resource, taken out of its event where it came in one, if it has what the standard requires.

    Raises:
        SourceFormatError: names the field that is missing or of a wrong type.
    """
    if not isinstance(resource, dict):
        refuse(where, resource, "a PartyInteraction, which is an object")
    event = resource.get("event")
    if isinstance(event, dict) and isinstance(event.get("partyInteraction"), dict):
        resource, where = event["partyInteraction"], f"{where}.event.partyInteraction"
    kinds = (resource.get("@type"), resource.get("@baseType"))
    older = is_v4(resource)  # which requires neither reason nor direction
    if older:
        resource = as_v5(resource, where)
    elif "PartyInteraction" not in kinds:
        refuse(f"{where}.@type", kinds[0], "PartyInteraction")
    for name in ("reason", "direction"):
        text(resource.get(name), f"{where}.{name}", required=not older)
    channels = array(resource.get("relatedChannel"), f"{where}.relatedChannel")
    if not channels:
        refuse(f"{where}.relatedChannel", None, "an array of at least one channel")
    return dict(resource)


class Reader:
    """Reads one resource that check() has let through."""

    def __init__(
        self,
        resource: dict[str, Any],
        where: str,
        report: ConversionReport,
        trust: Assurance,
        source: str,
        scope: str | None,
    ) -> None:
        self.resource, self.where, self.report = resource, where, report
        self.trust, self.source, self.scope = trust, source, scope
        self.left = {
            name: value for name, value in resource.items() if name not in _USED and value not in (None, [], {})
        }
        if self.left.get("status") == "completed":
            del self.left["status"]

    def restored(self, interaction: Interaction) -> Interaction:
        """Return the interaction with what the extension of omnitrack holds."""
        at = f"{self.where}.{EXTENSION}"
        return restore(interaction, self.resource.get(EXTENSION), at, trust=self.trust, report=self.report)

    def read(self) -> Interaction:
        """Return the interaction as a reader that does not know the extension would."""
        resource, where = self.resource, self.where
        fields: dict[str, Any] = {"subject": resource.get("reason"), "direction": self._direction()}
        fields |= self._times() | self._channels() | self._people() | self._items() | self._relations()
        notes = [mapping(note, f"{where}.note") for note in array(self.left.get("note"), f"{where}.note")]
        body = text(resource.get("description"), f"{where}.description")
        if body is None and notes:
            texts = [text(note.get("text"), f"{where}.note.text") for note in notes]
            body = "\n".join(part for part in texts if part) or None
            fields.setdefault("agent", _short(text(notes[0].get("author"), f"{where}.note.author")))
            del self.left["note"]
        fields["body"] = body
        fields["attachments"] = self._attachments()
        fields |= self._names()
        return Interaction(**fields, attributes=self._kept())

    def _direction(self) -> str | None:
        said = (self.resource.get("direction") or "").strip().lower()
        for direction in ("internal", "inbound", "outbound"):
            if said.startswith(direction):  # the standard's own examples say "inbounds"
                return direction
        self.report.assume("direction", "neither inbound nor outbound: the own identifiers must tell")
        if said:
            self.left["direction"] = self.resource["direction"]
        return None

    def _time(self, value: Any, field: str) -> datetime:
        timestamp, zoned = read_time(value, f"{self.where}.{field}")
        if not zoned:
            self.report.assume(field, "no zone given, UTC taken")
        return timestamp

    def _times(self) -> dict[str, Any]:
        resource = self.resource
        period = mapping(resource.get("interactionDate"), f"{self.where}.interactionDate")
        out: dict[str, Any] = {}
        for name, field in (("recorded_at", "creationDate"), ("revised_at", "lastUpdate")):
            if resource.get(field) is not None:
                out[name] = self._time(resource[field], field)
        if out.get("revised_at") == out.get("recorded_at"):
            out.pop("revised_at", None)  # it was not changed since it was created
        start, end = period.get("startDateTime"), period.get("endDateTime")
        if start is not None:
            out["occurred_at"] = self._time(start, "interactionDate.startDateTime")
        elif end is not None or "recorded_at" in out:
            out["occurred_at"] = self._time(end, "interactionDate.endDateTime") if end else out["recorded_at"]
            self.report.assume("interactionDate.startDateTime", "not given, the end or the creation taken")
        else:
            refuse(f"{self.where}.interactionDate.startDateTime", None, "the time when it happened")
        if end is not None:
            out["ended_at"] = self._time(end, "interactionDate.endDateTime")
        return out

    def _channels(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        more = []
        for index, item in enumerate(self.resource["relatedChannel"]):
            at = f"{self.where}.relatedChannel[{index}]"
            related = mapping(item, at)
            channel = mapping(related.get("channel"), f"{at}.channel")
            name = text(channel.get("name"), f"{at}.channel.name") or text(channel.get("id"), f"{at}.channel.id")
            role = text(related.get("role"), f"{at}.role")
            if name is None:
                refuse(f"{at}.channel", channel or None, "a channel with a name or an id")
            if role == ADDRESS:
                out.setdefault("via", name)
            elif "channel" not in out:
                out["channel"] = name.strip().lower()[:MAX_NAME] or "other"
            else:
                more.append(name)
        if more:
            self.left["relatedChannel"] = more
        return {"channel": "other", **out}

    def _people(self) -> dict[str, Any]:
        people: dict[str, list[tuple[Sighting, ...]]] = {
            "customer": [],
            "sender": [],
            "recipient": [],
            "participant": [],
        }
        out: dict[str, Any] = {}
        names, rest = [], []
        for index, item in enumerate(array(self.resource.get("relatedParty"), f"{self.where}.relatedParty")):
            at = f"{self.where}.relatedParty[{index}]"
            related = mapping(item, at)
            said = text(related.get("role"), f"{at}.role") or ""
            at += ".partyOrPartyRole"
            party = mapping(related.get("partyOrPartyRole"), at)
            name = next((party[key] for key in ("name", "formattedName") if isinstance(party.get(key), str)), None)
            role = said.lower().replace(" ", "")
            if role in _AGENT:
                label = name or text(party.get("id"), f"{at}.id")
                if "agent" not in out and label:
                    out["agent"] = label[:MAX_NAME]
                else:
                    rest.append({"role": said, "name": label})
                continue
            role = "customer" if role in _CUSTOMER else role if role in people else "participant"
            person = self._person(party, at)
            if role == "customer" and name:
                names.append(name)
            elif name:
                rest.append({"role": said, "name": name})
            if not person and not party.get("id"):
                self.report.lose("relatedParty", "a party without a contact medium or reference that identifies it")
            people[role].append(person)
        if rest:
            self.left["relatedParty"] = rest
        if len(names) == 1 and len(people["customer"]) == 1:
            out["traits"] = {"name": names[0]}
        elif names:
            self.left["names"] = names
        out["customers"] = tuple(people["customer"])
        out["sender"] = next(iter(people["sender"]), ())
        out["recipients"] = tuple(people["recipient"])
        out["participants"] = tuple(one for person in people["participant"] for one in person)
        return out

    def _person(self, party: dict[str, Any], at: str) -> tuple[Sighting, ...]:
        """Return what identifies a party: contact media, external references, and its id where a scope is known."""
        texts: list[str] = []
        for index, item in enumerate(array(party.get("contactMedium"), f"{at}.contactMedium")):
            here = f"{at}.contactMedium[{index}]"
            medium = mapping(item, here)
            medium = {**mapping(medium.get("characteristic"), f"{here}.characteristic"), **medium}  # as v4 nests them
            for name, scheme in (("phoneNumber", "phone"), ("emailAddress", "email")):
                value = text(medium.get(name), f"{here}.{name}")
                if value:
                    texts.append(f"{scheme}:{value}")
            account = text(medium.get("socialNetworkId"), f"{here}.socialNetworkId")
            network = (text(medium.get("contactType"), f"{here}.contactType") or "").lower()
            if account and network:
                texts.append(f"{'x' if network == 'twitter' else network}:{account}")
        for index, item in enumerate(array(party.get("externalReference"), f"{at}.externalReference")):
            here = f"{at}.externalReference[{index}]"
            reference = mapping(item, here)
            value = text(reference.get("id"), f"{here}.id")
            kind = text(reference.get("externalIdentifierType"), f"{here}.externalIdentifierType")
            owner = text(reference.get("owner"), f"{here}.owner")
            if value:
                texts.append((f"{kind}:" if kind else "") + value + (f"@{owner}" if owner else ""))
        own = text(party.get("id"), f"{at}.id")
        if own and self.scope:
            texts.append(key_text("crm", own, self.scope))
        elif own:
            self.report.lose(
                "relatedParty.id", "the id of a party identifies nobody unless party_scope names its system"
            )
        fine = [part for part in texts if len(part) <= _MAX_TEXT]
        if len(fine) < len(texts):
            self.report.lose("relatedParty", "identifiers longer than any that is accepted", len(texts) - len(fine))
        assurance = min(Assurance.OBSERVED, self.trust)
        return tuple(Sighting(part, assurance) for part in fine)

    def _items(self) -> dict[str, Any]:
        items = array(self.left.get("interactionItem"), f"{self.where}.interactionItem")
        out: dict[str, Any] = {}
        if len(items) != 1:
            return out
        at = f"{self.where}.interactionItem[0]"
        item = mapping(items[0], at)
        out["outcome"] = _short(text(item.get("resolution"), f"{at}.resolution"))
        kind = text(item.get("interactionItemType"), f"{at}.interactionItemType")
        if kind:
            out["kind"] = kind
        entity = mapping(mapping(item.get("item"), f"{at}.item").get("entity"), f"{at}.item.entity")
        if entity.get("@referredType") == THREAD:
            out["thread"] = text(entity.get("id"), f"{at}.item.entity.id")
        known = {"@type", "id", "itemDate", "resolution", "interactionItemType", "item"}
        if set(item) <= known and ("item" not in item or "thread" in out):
            del self.left["interactionItem"]
        return out

    def _relations(self) -> dict[str, Any]:
        relations = array(self.left.get("interactionRelationship"), f"{self.where}.interactionRelationship")
        for index, item in enumerate(relations):
            at = f"{self.where}.interactionRelationship[{index}]"
            relation = mapping(item, at)
            if relation.get("relationshipType") == REPLY:
                if len(relations) == 1:
                    del self.left["interactionRelationship"]
                return {"reply_to": text(relation.get("id"), f"{at}.id")}
        return {}

    def _names(self) -> dict[str, Any]:
        """Return source and source id: those of the system that it first came from, else the resource's own."""
        resource, where = self.resource, self.where
        own = text(resource.get("id"), f"{where}.id") or text(resource.get("href"), f"{where}.href")
        for index, item in enumerate(array(self.left.get("externalIdentifier"), f"{where}.externalIdentifier")):
            at = f"{where}.externalIdentifier[{index}]"
            external = mapping(item, at)
            name = text(external.get("id"), f"{at}.id")
            # Of another type it may be a case or an order that several interactions belong to.
            if name and external.get("externalIdentifierType") in (INTERACTION, "PartyInteraction"):
                if index == 0 and len(self.left["externalIdentifier"]) == 1:
                    del self.left["externalIdentifier"]
                return {"source": text(external.get("owner"), f"{at}.owner") or self.source, "source_id": name}
        if own is None:
            canonical = json.dumps(resource, sort_keys=True).encode()
            own = "sha256:" + hashlib.sha256(canonical).hexdigest()
        return {"source": self.source, "source_id": own}

    def _attachments(self) -> tuple[Attachment, ...]:
        out = []
        for index, item in enumerate(array(self.resource.get("attachment"), f"{self.where}.attachment")):
            at = f"{self.where}.attachment[{index}]"
            file = mapping(item, at)
            texts = {
                name: text(file.get(field), f"{at}.{field}")
                for name, field in (("name", "name"), ("media_type", "mimeType"), ("url", "url"))
            }
            texts["url"] = texts["url"] or text(file.get("URL"), f"{at}.URL")  # so in the standard's examples
            for name, value in texts.items():
                if value is not None and len(value) > _MAX_URL:
                    self.report.lose(f"attachment.{name}", f"longer than {_MAX_URL} characters")
                    texts[name] = None
            size, digest = self._size(file.get("size"), f"{at}.size"), None
            content = text(file.get("content"), f"{at}.content")
            if content is not None:
                try:
                    raw = base64.b64decode(content, validate=True)
                except (binascii.Error, ValueError):
                    refuse(f"{at}.content", content, "base64 of RFC 4648 section 4")
                size, digest = len(raw), hashlib.sha256(raw).hexdigest()
                self.report.lose("attachment.content", NOT_STORED)
            out.append(Attachment(size=size, sha256=digest, **texts))
        return tuple(out)

    def _size(self, value: Any, at: str) -> int | None:
        quantity = mapping(value, at)
        amount = quantity.get("amount")
        if amount is None:
            return None
        if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not 0 <= amount < 2**63:
            refuse(f"{at}.amount", amount, "a number from 0")
        unit = _UNITS.get((text(quantity.get("units"), f"{at}.units") or "bytes").lower())
        if unit is None:
            self.report.lose("attachment.size", "in a unit other than bytes, KB, MB and GB")
            return None
        return int(amount * unit)

    def _kept(self) -> dict[str, Any]:
        room = MAX_EXTRA // 2
        kept = {}
        for name, value in self.left.items():
            if fits(value, room, _DEPTH):
                kept[name] = value
                room -= len(json.dumps(value))
            else:
                self.report.lose(name, "larger or deeper than attributes may be")
        return {"tmf683": kept} if kept else {}


def _short(value: str | None) -> str | None:
    return None if value is None else value[:MAX_NAME]
