"""The parties of a vCon: their identifiers, and which of them are customers or agents."""

from __future__ import annotations

from typing import Any

import attrs

from omnitrack.identifiers.scheme import key_text
from omnitrack.interchange.report import ConversionReport
from omnitrack.model import MAX_NAME, Assurance, Sighting

TARGETS = ("transfer_target", "transfer-target")  # the name since 0.3.0, and the one before
# The values that draft-ietf-vcon-cc-extension suggests, and those found in use.
_CUSTOMER = frozenset({"customer", "caller", "consumer", "client", "contact", "user", "subscriber", "patient"})
_AGENT = frozenset({"agent", "ai", "bot", "representative", "operator", "salesperson", "host"})
_OTHER = frozenset({"supervisor", "sme", "thirdparty", "participant", "observer"})
_MAX_TEXT = 512  # characters of an identifier


def flat(value: Any) -> list[int]:
    """Return the indices of a value that may be one, an array of them, or nested by channel."""
    if value is None:
        return []
    if not isinstance(value, list):
        return [value]
    return [index for part in value for index in flat(part)]


def _without(text: str, prefix: str) -> str:
    return text[len(prefix) :] if text.lower().startswith(prefix) else text


def _schemes(parties: list[Party]) -> frozenset[str]:
    return frozenset(str(one.identifier).partition(":")[0] for party in parties for one in party.sightings)


@attrs.define(slots=True, eq=False)
class Party:
    """One party, read."""

    index: int
    role: str | None
    sightings: tuple[Sighting, ...]
    name: str | None
    left: dict[str, Any]
    told: bool = False  # what is left of it stands with the first dialog that it is in


class Parties:
    """The parties of one vCon that keeps the rules."""

    def __init__(self, vcon: dict[str, Any], report: ConversionReport, trust: Assurance, scope: str | None) -> None:
        self.report, self.trust, self.scope = report, trust, scope
        self.all = [self._party(index, party or {}) for index, party in enumerate(vcon.get("parties") or [])]

    def of(self, dialog: dict[str, Any], left: dict[str, Any]) -> dict[str, Any]:
        """Return who a dialog was with, as fields of an interaction: customers by their roles, else sender and recipients.

        What the fields have no place for is added to ``left``.
        """
        indices = flat(dialog.get("parties"))
        if dialog["type"] == "transfer":
            indices = [index for name in ("transferee", "transferor", *TARGETS) for index in flat(dialog.get(name))]
            targets = [self._label(index) for name in TARGETS for index in flat(dialog.get(name))]
            if targets:
                left["transfer_target"] = targets
        else:
            indices += self._audience(indices)
        indices = list(dict.fromkeys(indices))
        here = [self.all[index] for index in indices]
        begun = flat(dialog.get("originator")) or indices[:1]
        agents = [party for party in here if party.role == "agent"]
        customers = [party for party in here if party.role == "customer"]
        others = [party for party in here if party.role == "participant"]
        unknown = [party for party in here if party.role is None]
        out: dict[str, Any] = {}
        if not customers and agents:
            customers, unknown = unknown, []  # whoever speaks with an agent is a customer
        if customers:
            others += unknown
            out["customers"] = tuple(party.sightings for party in customers)
            if begun:
                out["direction"] = "outbound" if self.all[begun[0]].role == "agent" else "inbound"
        elif unknown:
            self.report.assume("parties", "no roles given: the own identifiers must tell customers from the company")
            if dialog["type"] == "transfer":
                others += unknown
            else:
                unknown.sort(key=lambda party: party.index not in begun)
                out["sender"] = unknown[0].sightings
                out["recipients"] = tuple(party.sightings for party in unknown[1:])
        elif agents:
            out["direction"] = "internal"
        out["participants"] = tuple(sighting for party in others for sighting in party.sightings)
        used = set()
        if agents:
            agent = agents[0]
            label = agent.name or agent.left.get("uuid")
            out["agent"] = label[:MAX_NAME] if label else None
            out["via"] = agent.sightings[0].identifier if agent.sightings else None
            used.add(agent.index)
            if len(agents) > 1:
                left["agents"] = [self._label(party.index) for party in agents[1:]]
        if len(customers) == 1 and customers[0].name:
            out["traits"] = {"name": customers[0].name}
            used.add(customers[0].index)
        rest = []
        for party in here:
            more = {**party.left, **({"name": party.name} if party.name and party.index not in used else {})}
            if more and not party.told:
                party.told = True
                rest.append({"party": party.index, **more})
        if rest:
            left["parties"] = rest
        return out

    def _audience(self, indices: list[int]) -> list[int]:
        """Return to whom a dialog speaks that names its speaker alone, as many writers have it: the other side of the conversation.

        Two or more that are named are all who took part: what agents say among themselves stays internal.
        """
        if len(set(indices)) != 1:
            return []
        speaker = self.all[indices[0]]
        others = [party for party in self.all if party is not speaker and party.sightings]
        if speaker.role == "agent":
            return [party.index for party in others if party.role == "customer"] or [
                party.index for party in others if party.role is None
            ]
        if speaker.role is None:
            return [party.index for party in others if party.role in (None, "agent")]
        return []

    def schemes(self, dialog: dict[str, Any]) -> frozenset[str]:
        """Return the schemes by which the two sides of a dialog can have been in touch: those of the customer that the others have too."""
        indices = flat(dialog.get("parties"))
        here = [self.all[index] for index in [*indices, *self._audience(indices)]]
        customers = [party for party in here if party.role == "customer"] or here
        theirs = _schemes(customers)
        return (theirs & _schemes([party for party in here if party not in customers])) or theirs

    def _label(self, index: int) -> str | int:
        return self.all[index].name or index

    def _party(self, index: int, party: dict[str, Any]) -> Party:
        left = {name: value for name, value in party.items() if value not in (None, "", {}, [])}
        meta = party.get("meta") or {}
        role = str(left.pop("role", None) or meta.get("role") or "").lower()
        if role not in _CUSTOMER | _AGENT | _OTHER:
            if role:
                left["role"] = role
            role = "agent" if left.get("type") == "bot" else ""
        role = "customer" if role in _CUSTOMER else "agent" if role in _AGENT else role and "participant"
        texts: dict[str, None] = {}
        for name, value in party.items():
            if not isinstance(value, str) or not value.strip():
                continue
            text = value.strip()
            if name == "tel":
                texts["phone:" + _without(text, "tel:")] = None
            elif name == "sip":
                texts["phone:sip:" + _without(text, "sip:")] = None
            elif name in ("mailto", "email"):
                texts["email:" + _without(text, "mailto:").partition("?")[0]] = None
            elif name == "uuid" and self.scope and role == "customer":
                texts[key_text("crm", text, self.scope)] = None
            else:
                continue
            left.pop(name)
        fine = [text for text in texts if len(text) <= _MAX_TEXT]
        if len(fine) < len(texts):
            self.report.lose("parties", "identifiers longer than any that is accepted", len(texts) - len(fine))
        assurance = min(Assurance.OBSERVED, self.trust)
        name = left.pop("name", None)
        return Party(index, role or None, tuple(Sighting(text, assurance) for text in fine), name, left)
