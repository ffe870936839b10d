"""PartyInteraction of TMF683 version 4 in the shape of version 5: the same facts under other names, fewer of them required."""

from __future__ import annotations

from typing import Any

from omnitrack.interchange.document import array, mapping

_PARTY_ROLE = frozenset({"role", "@type", "@baseType", "@schemaLocation"})


def is_v4(resource: dict[str, Any]) -> bool:
    """Whether a resource is of version 4: it has ``channel`` where version 5 has ``relatedChannel``, and may have no @type."""
    named = "PartyInteraction" in (resource.get("@type"), resource.get("@baseType"))
    return "relatedChannel" not in resource and "channel" in resource and (named or "interactionDate" in resource)


def as_v5(resource: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the resource as version 5 would have it.

    A channel is a ChannelRef with its role, a related party a reference with its role.

    Raises:
        SourceFormatError: names the field that is of a wrong type.
    """
    out = {name: value for name, value in resource.items() if name not in ("channel", "relatedParty")}
    out["relatedChannel"] = [
        _related(item, "channel", f"{where}.channel[{index}]")
        for index, item in enumerate(_several(resource["channel"], f"{where}.channel"))
    ]
    out["relatedParty"] = [
        _related(item, "partyOrPartyRole", f"{where}.relatedParty[{index}]")
        for index, item in enumerate(_several(resource.get("relatedParty"), f"{where}.relatedParty"))
    ]
    return out


def _several(value: Any, where: str) -> list[Any]:
    return [value] if isinstance(value, dict) else array(value, where)


def _related(item: Any, name: str, where: str) -> dict[str, Any]:
    reference = mapping(item, where)
    if isinstance(reference.get(name), dict):
        return reference
    inner = {key: value for key, value in reference.items() if key not in _PARTY_ROLE}
    # Version 4 has the kind of the one referred to in @referredType; its @type is that of the reference.
    return {"role": reference.get("role"), name: inner}
