"""Validation of vCons, by the core draft of 2026 and the CDDL of 0.0.x.

Names that changed are taken in either form: mimetype and mediatype, transfer-target and transfer_target, alg with
signature and content_hash, appended and amended, must_support and critical.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import attrs

from omnitrack.errors import SourceFormatError
from omnitrack.interchange.document import MAX_DURATION, is_media_type, is_url, kind_of, read_time, refuse

_VERSION = re.compile(r"0\.[0-4]\.\d{1,3}", re.ASCII)
_UUID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")
_HASH = re.compile(r"[a-z0-9]+-[A-Za-z0-9_-]+=*")
_TYPES = ("text", "recording", "recording-set", "transfer", "incomplete")
_ENCODINGS = ("none", "json", "base64url")
_SUPPORTED = frozenset({"CC", "cc", "omnitrack"})  # extensions whose parameters this reader understands
_PARTY_TEXTS = ("tel", "sip", "mailto", "email", "name", "did", "validation", "uuid", "role", "stir", "type")
_DIALOG_TEXTS = ("filename", "message_id", "application", "disposition", "alg", "signature")
_SHOWN = 3


@attrs.frozen(slots=True)
class Fault:
    """What is wrong with one element of a vCon: of which list, at which place (None: the list itself), and the reason."""

    name: str
    index: int | None
    reason: str


def decoded(value: str) -> bytes | None:
    """Return the bytes of a base64url text (RFC 7515 section 2, padding or not); None where it is none."""
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def check(vcon: Any, where: str) -> dict[str, Any]:
    """Return the document if it is an unsigned vCon that keeps the rules.

    Raises:
        SourceFormatError: it is signed, encrypted, or no vCon, or asks for an extension that is not known; or it breaks
            rules, of which the first three are named by field, with what came and what is accepted.
    """
    if not isinstance(vcon, dict):
        refuse(where, vcon, "a vCon, which is an object")
    if "payload" in vcon and "signatures" in vcon:
        raise SourceFormatError(
            f"{where}: a signed vCon (JWS); accepted is the unsigned form, or keys= to verify it with"
        )
    if "ciphertext" in vcon and "recipients" in vcon:
        raise SourceFormatError(
            f"{where}: an encrypted vCon (JWE); accepted is the unsigned form: decrypt it, verify the signature inside"
        )
    if not any(name in vcon for name in ("parties", "dialog", "analysis", "attachments")):
        raise SourceFormatError(f"{where}: no vCon: it has none of parties, dialog, analysis and attachments")
    for name in ("critical", "must_support"):
        wanted = vcon.get(name)
        if isinstance(wanted, list):
            unknown = [part for part in wanted if not isinstance(part, str) or part not in _SUPPORTED]
            if unknown:  # core draft, section "critical": such a vCon must not be processed
                raise SourceFormatError(
                    f"{where}.{name}: asks for {kind_of(unknown[0])}, an extension that is not supported"
                )
    faults = [f"{where}{fault}" for fault in islice(_faults(vcon), _SHOWN + 1)]
    if faults:
        more = "; and more" if len(faults) > _SHOWN else ""
        raise SourceFormatError("; ".join(faults[:_SHOWN]) + more)
    return vcon


def _fault(field: str, got: object, accepted: str) -> str:
    return f".{field}: got {kind_of(got)}, accepted is {accepted}"


def _faults(vcon: dict[str, Any]) -> Iterator[str]:
    version = vcon.get("vcon")
    if version is not None and not (isinstance(version, str) and _VERSION.fullmatch(version)):
        yield _fault("vcon", version, "a version from 0.0.1 to 0.4.x, or none")
    uuid = vcon.get("uuid")
    if uuid is None:
        # A vCon under construction may have parties alone; one that holds a conversation must have its name.
        if vcon.get("dialog"):
            yield _fault("uuid", uuid, "a UUID, which a vCon with dialog must have")
    elif not (isinstance(uuid, str) and _UUID.fullmatch(uuid)):
        yield _fault("uuid", uuid, "a UUID")
    for name in ("created_at", "updated_at"):
        yield from _time(vcon, name, name)
    yield from _texts(vcon, ("subject",), "")
    references = ("redacted", "amended", "appended", "ammended")
    for name in references:
        part = vcon.get(name)
        if part is not None and not isinstance(part, dict):
            yield _fault(name, part, "an object")
        elif part and part.get("uuid") is not None and not _is_uuid(part["uuid"]):
            yield _fault(f"{name}.uuid", part["uuid"], "a UUID")
    if vcon.get("redacted") and any(vcon.get(name) for name in references[1:]):
        yield ".amended: got one together with redacted, accepted is one of the two"
    lists: dict[str, list[Any]] = {}
    for name in ("parties", "dialog", "attachments", "analysis"):
        part = vcon.get(name)
        if part is not None and not isinstance(part, list):
            yield _fault(name, part, "an array")
        lists[name] = part if isinstance(part, list) else []
        for index, item in enumerate(lists[name]):
            if item is not None and not isinstance(item, dict):
                yield _fault(f"{name}[{index}]", item, "an object")
    parties, dialogs = len(lists["parties"]), len(lists["dialog"])
    for name, items in lists.items():
        for index, item in _objects(items):
            yield from _element(name, index, item, parties, dialogs)


def _element(name: str, index: int, item: dict[str, Any], parties: int, dialogs: int) -> Iterator[str]:
    """Yield the faults of one party, dialog, attachment or analysis."""
    at = f"{name}[{index}]."
    if name == "parties":
        yield from _texts(item, _PARTY_TEXTS, at)
        if item.get("meta") is not None and not isinstance(item["meta"], dict):
            yield _fault(f"{at}meta", item["meta"], "an object")
    elif name == "dialog":
        if item:  # an empty one stands for a dialog of which nothing is known
            yield from _dialog(item, at, parties, dialogs)
    elif name == "attachments":
        yield from _time(item, "start", f"{at}start")
        yield from _index(item, "party", parties, "parties", at)
        yield from _index(item, "dialog", dialogs, "dialog", at, several=True)
        yield from _content(item, at)
    else:
        yield from _index(item, "dialog", dialogs, "dialog", at, several=True)
        yield from _texts(item, ("type", "vendor", "product"), at)
        yield from _content(item, at)


def without_faulty(vcon: Any, where: str) -> tuple[Any, list[Fault]]:
    """Return a vCon without those of its elements that break a rule, and what was wrong with each.

    A dialog is left as an empty one, so that what refers to others by their place still does; of a party only the parameters go that
    are of a wrong type. What is wrong with the whole is left for check() to refuse.
    """
    if not isinstance(vcon, dict):
        return vcon, []
    found: list[Fault] = []
    out = dict(vcon)
    sizes = [len(vcon[name]) if isinstance(vcon.get(name), list) else 0 for name in ("parties", "dialog")]
    for name in ("parties", "dialog", "attachments", "analysis"):
        items = vcon.get(name)
        if name in ("attachments", "analysis") and items is not None and not isinstance(items, list):
            found.append(Fault(name, None, where + _fault(name, items, "an array")))
            del out[name]
        if not isinstance(items, list):
            continue
        kept: list[Any] = []
        for index, item in enumerate(items):
            if item is None:
                faults = []
            elif not isinstance(item, dict):
                faults = [_fault(f"{name}[{index}]", item, "an object")]
            else:
                faults = list(islice(_element(name, index, item, *sizes), _SHOWN))
            if faults:
                found.append(Fault(name, index, "; ".join(where + fault for fault in faults)))
                item = _sound(item) if name == "parties" and isinstance(item, dict) else {}
            kept.append(item)
        out[name] = kept
    return out, found


def _sound(party: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in party.items()
        if not any(_texts(party, (name,), "")) or name not in _PARTY_TEXTS
        if name != "meta" or isinstance(value, dict)
    }


def _objects(items: list[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    return ((index, item) for index, item in enumerate(items) if isinstance(item, dict))


def _is_uuid(value: Any) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def _texts(item: dict[str, Any], names: tuple[str, ...], at: str) -> Iterator[str]:
    for name in names:
        if item.get(name) is not None and not isinstance(item[name], str):
            yield _fault(f"{at}{name}", item[name], "a string")


def _time(item: dict[str, Any], name: str, field: str, *, required: bool = False) -> Iterator[str]:
    value = item.get(name)
    if value is None and not required:
        return
    try:
        read_time(value, f".{field}")
    except SourceFormatError as error:
        yield str(error)


def _is_index(value: Any, size: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < size


def _index(
    item: dict[str, Any], name: str, size: int, what: str, at: str, *, several: bool = False, required: bool = False
) -> Iterator[str]:
    """Check an index into parties or dialog; with ``several`` an array of indices, as a channel may hold them nested."""
    value = item.get(name)
    if value is None:
        if required:
            yield _fault(f"{at}{name}", value, f"an index into {what}")
        return
    accepted = f"an index into {what}, of which there are {size}"
    for part in value if several and isinstance(value, list) else [value]:
        for inner in part if several and isinstance(part, list) else [part]:
            if not _is_index(inner, size) and not (several and inner is None):  # null: a channel of nobody
                yield _fault(f"{at}{name}", inner, accepted)
                return


def _dialog(dialog: dict[str, Any], at: str, parties: int, dialogs: int) -> Iterator[str]:
    kind = dialog.get("type")
    if kind not in _TYPES:
        yield _fault(f"{at}type", kind, "one of " + ", ".join(_TYPES))
        return
    yield from _time(dialog, "start", f"{at}start", required=kind != "transfer")
    duration = dialog.get("duration")
    if duration is not None and (
        isinstance(duration, bool) or not isinstance(duration, (int, float)) or not 0 <= duration <= MAX_DURATION
    ):
        yield _fault(f"{at}duration", duration, "a number of seconds from 0 to ten years")
    in_parties = ("originator", "transferee", "transferor")
    for name in in_parties:
        yield from _index(dialog, name, parties, "parties", at)
    yield from _index(dialog, "parties", parties, "parties", at, several=True, required=kind in ("text", "recording"))
    for name in ("transfer_target", "transfer-target"):
        yield from _index(dialog, name, parties, "parties", at, several=True)
    for name in ("original", "consultation", "consulation", "target_dialog", "target-dialog", "recording_set"):
        yield from _index(dialog, name, dialogs, "dialog", at, several=True)
    yield from _index(dialog, "recordings", dialogs, "dialog", at, several=True, required=kind == "recording-set")
    yield from _texts(dialog, _DIALOG_TEXTS, at)
    if kind == "incomplete" and not dialog.get("disposition"):
        yield _fault(f"{at}disposition", dialog.get("disposition"), "the reason why the call failed")
    if dialog.get("meta") is not None and not isinstance(dialog["meta"], dict):
        yield _fault(f"{at}meta", dialog["meta"], "an object")
    yield from _content(dialog, at)
    if kind == "text" and dialog.get("encoding") in (None, "none"):
        yield from _texts(dialog, ("body",), at)


def _content(item: dict[str, Any], at: str) -> Iterator[str]:
    for name in ("mediatype", "mimetype"):
        value = item.get(name)
        if value is not None and not (isinstance(value, str) and is_media_type(value)):
            yield _fault(f"{at}{name}", value, "a media type such as audio/x-wav")
    url = item.get("url")
    if url is not None and not (isinstance(url, str) and is_url(url)):
        yield _fault(f"{at}url", url, "a URL")
    yield from _texts(item, ("filename",), at)
    encoding, body = item.get("encoding"), item.get("body")
    if encoding is not None and encoding not in _ENCODINGS:
        yield _fault(f"{at}encoding", encoding, "one of " + ", ".join(_ENCODINGS))
    elif encoding == "base64url" and body is not None and (not isinstance(body, str) or decoded(body) is None):
        yield _fault(f"{at}body", body, "base64url")
    hashes = item.get("content_hash")
    for part in hashes if isinstance(hashes, list) else [] if hashes is None else [hashes]:
        if not (isinstance(part, str) and _HASH.fullmatch(part)):
            yield _fault(f"{at}content_hash", part, "an algorithm, a hyphen and a base64url digest")
            return
