"""Reads the dialogs of a validated vCon as interactions."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from omnitrack.errors import InvalidInteractionError, SourceFormatError
from omnitrack.interchange.document import after, fits, read_time
from omnitrack.interchange.fidelity import EXTENSION, restore
from omnitrack.interchange.mime import plain_text
from omnitrack.interchange.report import NOT_STORED, ConversionReport
from omnitrack.interchange.vcon_check import decoded
from omnitrack.interchange.vcon_parties import TARGETS, Parties, flat
from omnitrack.interchange.vcon_transcript import TYPES, said
from omnitrack.model import MAX_EXTRA, MAX_NAME, Assurance, Attachment, Interaction

VENDOR = "omnitrack"
#: Core draft, section "disposition": why a call came to nothing.
OUTCOMES = {
    "no-answer": "missed",
    "busy": "busy",
    "failed": "failed",
    "congestion": "congestion",
    "hung-up": "abandoned",
    "voicemail-no-message": "voicemail",
}
_DIRECTIONS = {"in": "inbound", "inbound": "inbound", "out": "outbound", "outbound": "outbound"}
_USED = {EXTENSION, "type", "start", "duration", "parties", "originator", "filename", "body", "encoding", "url"} | {
    *("message_id", "application", "recordings", "recording_set", "mediatype", "mimetype", "transferee", "transferor"),
    *TARGETS,
}
_USED_TOP = {"vcon", "uuid", "created_at", "updated_at", "subject", "extensions"} | {
    *("parties", "dialog", "analysis", "attachments"),
}
_DEPTH = 26
_ROOM = MAX_EXTRA // 2  # characters of what is kept in attributes, well within the limit of the model
_MAX_URL = 65_536


class Reader:
    """Reads one vCon that check() has let through."""

    def __init__(
        self,
        vcon: dict[str, Any],
        where: str,
        report: ConversionReport,
        trust: Assurance,
        source: str,
        scope: str | None,
    ) -> None:
        self.vcon, self.where, self.report, self.trust, self.source = vcon, where, report, trust, source
        self.dialogs: list[dict[str, Any]] = [dialog or {} for dialog in vcon.get("dialog") or []]
        self.parties = Parties(vcon, report, trust, scope)
        # An amended or redacted vCon has a name of its own and repeats the dialogs of the one that it refers to.
        earlier: dict[str, Any] = next(
            (vcon[name] for name in ("amended", "redacted", "appended", "ammended") if vcon.get(name)), {}
        )
        self.uuid = str(earlier.get("uuid") or vcon.get("uuid") or "").lower()
        self.meta: dict[str, Any] = vcon["meta"] if isinstance(vcon.get("meta"), dict) else {}
        ids = Counter(dialog.get("message_id") or "" for dialog in self.dialogs)
        self.ids = {name for name, count in ids.items() if name and count == 1}
        self.members = self._recordings()

    def read(
        self, extended: bool = True, refused: frozenset[int] = frozenset(), collect: bool = False
    ) -> Iterator[Interaction]:
        """Yield an interaction for each dialog that is one.

        Args:
            extended: with what the extension of omnitrack holds, or as a reader that does not know it would read.
            refused: dialogs that were told already.
            collect: whether a dialog that cannot be an interaction is noted in the report; else it raises.
        """
        pending_attachments = self._by_dialog("attachments")
        pending_analysis = self._by_dialog("analysis")
        inside = {member for members in self.members.values() for member in members}
        first = True
        for index, dialog in enumerate(self.dialogs):
            if index in refused:
                continue
            if not dialog:
                self.report.lose("dialog", "an empty placeholder of which nothing is known")
                continue
            if index in inside:
                continue  # told by the recording set that it belongs to
            parts = [index, *self.members.get(index, ())]
            attachments = [item for part in parts for item in pending_attachments.pop(part, ())]
            analysis = [item for part in parts for item in pending_analysis.pop(part, ())]
            start = self._start(dialog)
            if start is None:
                self.report.lose("dialog", "a transfer of which nobody says when it was")
                continue
            try:
                interaction = self._interaction(index, dialog, start, attachments, analysis, first)
                if extended:
                    at = f"{self.where}.dialog[{index}].{EXTENSION}"
                    interaction = restore(interaction, dialog.get(EXTENSION), at, trust=self.trust, report=self.report)
            except (SourceFormatError, InvalidInteractionError) as error:
                if not collect:
                    raise
                self.report.reject(str(error), where=f"dialog {index}")
                continue
            first = False
            yield interaction
        for name, left in (("attachments", pending_attachments), ("analysis", pending_analysis)):
            for items in left.values():
                self.report.lose(name, "belongs to no dialog that became an interaction", len(items))
        if not self.dialogs:
            self.report.lose("parties", "a vCon without dialog tells of no interaction", max(1, len(self.parties.all)))

    def _interaction(
        self,
        index: int,
        dialog: dict[str, Any],
        start: datetime,
        attachments: list[dict[str, Any]],
        analysis: list[dict[str, Any]],
        first: bool,
    ) -> Interaction:
        kind = dialog["type"]
        left = {name: value for name, value in dialog.items() if name not in _USED and value not in (None, {}, [])}
        fields: dict[str, Any] = {"occurred_at": start, "subject": self.vcon.get("subject") or None}
        duration = dialog.get("duration")
        if duration is not None and (duration or kind != "text"):
            fields["ended_at"] = after(start, duration, f"{self.where}.dialog[{index}].duration")
        fields["body"], files = self._content(kind, dialog, left)
        for member in self.members.get(index, ()):
            files += self._content("recording", self.dialogs[member], {})[1]
        files += [file for item in attachments for file in self._attachment(item, left)]
        if kind != "text":
            fields["body"] = self._spoken(analysis)
        left_analysis = [item for item in analysis if item]
        media = str(dialog.get("mediatype") or dialog.get("mimetype") or "")
        fields |= self.parties.of(dialog, left)
        fields["channel"] = _channel(kind, dialog, media, self.parties)
        fields["kind"] = {"text": "message", "transfer": "transfer"}.get(kind, "call")
        disposition = left.get("disposition") or _meta(dialog).get("disposition") or self.meta.get("disposition")
        if kind == "incomplete":
            reason = str(left["disposition"])
            fields["outcome"] = OUTCOMES.get(reason, reason[:MAX_NAME])
            if reason in OUTCOMES:
                left.pop("disposition")
        elif isinstance(disposition, str):
            fields["outcome"] = disposition.lower()[:MAX_NAME]
        direction = _meta(dialog).get("direction") or self.meta.get("direction")
        if isinstance(direction, str) and direction.lower() in _DIRECTIONS:
            fields["direction"] = _DIRECTIONS[direction.lower()]
        if kind == "text" and media and not media.startswith(("text/plain", "multipart/")):
            left["mediatype"] = media
        if first:
            left |= {name: v for name, v in self.vcon.items() if name not in _USED_TOP and v not in (None, {}, [], "")}
        fields["attributes"] = self._kept(left, left_analysis)
        return Interaction(
            attachments=tuple(files),
            thread=self.uuid or None,
            source=self.source,
            source_id=self._source_id(index, dialog),
            **fields,
        )

    def _source_id(self, index: int, dialog: dict[str, Any]) -> str:
        """Name the dialog so that another copy or a later version of the vCon names it alike.

        A Message-ID of RFC 5322 is unique in the world; ids of other systems, and positions, are within one vCon.
        """
        name = dialog.get("message_id")
        if name in self.ids:
            if name.startswith("<") and name.endswith(">") and "@" in name:
                return str(name)
            return f"{self.uuid}#{name}"
        return f"{self.uuid}#{index}"

    def _start(self, dialog: dict[str, Any]) -> datetime | None:
        value = dialog.get("start")
        if value is None:  # of a transfer: the calls that it joins say when it was
            for name in ("target_dialog", "target-dialog", "original"):
                for index in flat(dialog.get(name)):
                    value = value or self.dialogs[index].get("start")
            value = value or self.vcon.get("created_at")
        if value is None:
            return None
        timestamp, zoned = read_time(value, f"{self.where}.dialog.start")
        if not zoned:
            self.report.assume("start", "no zone given, UTC taken")
        return timestamp

    def _content(self, kind: str, dialog: dict[str, Any], left: dict[str, Any]) -> tuple[str | None, list[Attachment]]:
        """Return what was written, and what else came with it."""
        body, media = dialog.get("body"), str(dialog.get("mediatype") or dialog.get("mimetype") or "")
        raw = decoded(body) if isinstance(body, str) and dialog.get("encoding") == "base64url" else None
        if kind == "text" and body not in (None, ""):
            text, files = plain_text(raw if raw is not None else body, media)
            if any(file.size for file in files):
                self.report.lose("dialog.body", NOT_STORED, len(files))
            return text or None, files
        if not (raw or dialog.get("url") or dialog.get("filename") or dialog.get("content_hash")):
            return None, []
        if raw:
            self.report.lose("dialog.body", NOT_STORED)
        digest = hashlib.sha256(raw).hexdigest() if raw else _sha256(dialog.get("content_hash"))
        if digest is not None:
            left.pop("content_hash", None)
        return None, [self._file(dialog, raw, digest)]

    def _attachment(self, item: dict[str, Any], left: dict[str, Any]) -> Iterator[Attachment]:
        body = item.get("body")
        if body not in (None, "") and item.get("encoding") != "base64url":
            left.setdefault("attachments", []).append(item)  # JSON or text: notes of machines, kept as they are
            return
        raw = decoded(body) if isinstance(body, str) else None
        if raw:
            self.report.lose("attachments.body", NOT_STORED)
        digest = hashlib.sha256(raw).hexdigest() if raw else _sha256(item.get("content_hash"))
        yield self._file(item, raw, digest)

    def _file(self, item: dict[str, Any], raw: bytes | None, digest: str | None) -> Attachment:
        texts = {"name": "filename", "media_type": "mediatype" if item.get("mediatype") else "mimetype", "url": "url"}
        found = {name: item.get(parameter) or None for name, parameter in texts.items()}
        for name, value in found.items():
            if value is not None and len(value) > _MAX_URL:
                self.report.lose(texts[name], f"longer than {_MAX_URL} characters")
                found[name] = None
        return Attachment(size=len(raw) if raw else None, sha256=digest, **found)

    def _spoken(self, analysis: list[dict[str, Any]]) -> str | None:
        """Return what was said in a call: its transcript, else a summary; what is used is emptied."""
        for wanted in (*TYPES, "summary"):
            for item in analysis:
                text = said(item, self.parties) if item.get("type") == wanted else None
                if text:
                    kept = (
                        {} if item.get("vendor") == VENDOR else {k: item[k] for k in ("type", "vendor") if item.get(k)}
                    )
                    item.clear()
                    item.update(kept)
                    return text
        return None

    def _kept(self, left: dict[str, Any], analysis: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the attributes: what has no field of its own, as far as there is room."""
        room = _ROOM
        kept: dict[str, Any] = {}
        for name, value in [*left.items(), *(("analysis", item) for item in analysis)]:
            if not fits(value, room, _DEPTH):
                self.report.lose(name, "larger or deeper than attributes may be")
                continue
            room -= len(json.dumps(value))
            if name == "analysis":
                kept.setdefault(name, []).append(value)
            else:
                kept[name] = value
        return {"vcon": kept} if kept else {}

    def _by_dialog(self, name: str) -> dict[int, list[dict[str, Any]]]:
        """Return copies of attachments or analysis under the first dialog that they name, else under the first of all."""
        out: dict[int, list[dict[str, Any]]] = {}
        for item in self.vcon.get(name) or ():
            if item:
                out.setdefault(next(iter(flat(item.get("dialog"))), 0), []).append(dict(item))
        return out

    def _recordings(self) -> dict[int, list[int]]:
        """Return the recordings of each recording set; each recording is in one set at most."""
        owner: dict[int, int] = {}
        for index, dialog in enumerate(self.dialogs):
            if dialog.get("type") == "recording-set":
                for member in flat(dialog.get("recordings")):
                    if self.dialogs[member].get("type") == "recording":
                        owner.setdefault(member, index)
            elif dialog.get("type") == "recording":
                for target in flat(dialog.get("recording_set"))[:1]:
                    if self.dialogs[target].get("type") == "recording-set":
                        owner.setdefault(index, target)
        out: dict[int, list[int]] = {}
        for member in sorted(owner):
            out.setdefault(owner[member], []).append(member)
        return out


def _meta(dialog: dict[str, Any]) -> dict[str, Any]:
    return dialog.get("meta") or {}


def _sha256(hashes: Any) -> str | None:
    """Return the SHA-256 of a content hash as hex; None where it is of another algorithm."""
    for part in hashes if isinstance(hashes, list) else [hashes]:
        if isinstance(part, str) and part.startswith("sha256-"):
            raw = decoded(part.removeprefix("sha256-"))
            if raw is not None and len(raw) == 32:
                return raw.hex()
    return None


def _channel(kind: str, dialog: dict[str, Any], media: str, parties: Parties) -> str:
    application = (dialog.get("application") or "").strip().lower()
    if application:
        return str(application)[:MAX_NAME]
    if kind != "text":
        return "video" if media.startswith("video/") else "phone"
    schemes = parties.schemes(dialog)
    return "email" if "email" in schemes else "sms" if "phone" in schemes else "chat"
