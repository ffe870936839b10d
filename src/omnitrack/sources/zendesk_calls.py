"""Calls in Zendesk: what a voice comment says of who called whom, when, for how long, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

import attrs

from omnitrack.model import Attachment
from omnitrack.sources.values import body_of, mapping_of, name_of, parse_time, text_of

_INBOUND = frozenset({"inbound", "voicemail", "phone_call_inbound", "33", "34"})
_OUTBOUND = frozenset({"outbound", "phone_call_outbound", "35"})
_LABELS = frozenset({"voice", "phone_call_inbound", "phone_call_outbound", "voicemail", "33", "34", "35"})
_LONGEST = 7 * 86_400  # seconds that a call takes at most


@attrs.frozen
class Call:
    """A call, as its comment has it."""

    data: Mapping[str, Any]
    inbound: bool | None
    caller: Mapping[str, Any]
    called: Mapping[str, Any]
    agent: str | None
    outcome: str | None
    transcript: str | None

    def started(self, zone: tzinfo | None) -> datetime | None:
        """Return when it began, where that is said."""
        return parse_time(self.data.get("started_at"), zone, "started_at")

    def ended(self, zone: tzinfo | None, created: datetime) -> datetime | None:
        """Return when it ended: so many seconds after it began, where both are known."""
        length = text_of(self.data.get("call_duration"))
        if length is None or not length.isascii() or not length.isdigit() or len(length) > 6 or int(length) > _LONGEST:
            return None
        return (self.started(zone) or created) + timedelta(seconds=int(length))

    def recordings(self) -> Iterator[Attachment]:
        """Yield the recording, by its address."""
        url = text_of(self.data.get("recording_url"))
        if url:
            yield Attachment(name=name_of(url.rpartition("/")[2].partition("?")[0]), url=url)


def call_of(comment: Mapping[str, Any], label: str) -> Call | None:
    """Return the call that a comment is about; None where it is none.

    The author of a voice comment is whoever the desk files it under, often the agent who answered: who called says
    ``via.source.rel``, or the channel, and the numbers stand in ``data`` or in ``via.source``.

    Args:
        comment: as the API gives it.
        label: its ``via.channel``.
    """
    if text_of(comment.get("type")) != "VoiceComment" and label not in _LABELS:
        return None
    data = mapping_of(comment.get("data"))
    source = mapping_of(mapping_of(comment.get("via")).get("source"))
    words = {(text_of(said) or "").lower() for said in (source.get("rel"), label, data.get("direction"))}
    inbound = True if words & _INBOUND else False if words & _OUTBOUND else None
    caller, called = (_number(data.get(name)) for name in ("from", "to"))
    status = (text_of(data.get("call_status")) or text_of(data.get("status")) or "").lower()
    voicemail = bool(words & {"voicemail", "33"}) or status == "voicemail"
    missed = status in ("no-answer", "missed", "not_answered")
    return Call(
        data=data,
        inbound=inbound,
        caller=caller,
        called=called,
        agent=text_of(data.get("answered_by_id")),
        outcome="voicemail" if voicemail else "missed" if missed else name_of(status) if status else None,
        transcript=body_of(data.get("transcription_text")),
    )


def _number(value: Any) -> Mapping[str, Any]:
    number = text_of(value)
    return {"phone": number} if number else {}
