"""What became of a leg in FreeSWITCH: a channel that was answered was not always answered by a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from omnitrack.sources.cdr import ABANDONED, ANSWERED, SELF_SERVICE, VOICEMAIL
from omnitrack.sources.values import text_of, words

# Hang-up causes of ITU-T Q.850 by the names that FreeSWITCH gives them; what is not here is a failure of the network.
_CAUSES = {
    "USER_BUSY": "busy",
    "NO_ANSWER": "missed",
    "NO_USER_RESPONSE": "missed",
    "ORIGINATOR_CANCEL": "missed",
    "ALLOTTED_TIMEOUT": "missed",
    "PROGRESS_TIMEOUT": "missed",
    "NORMAL_CLEARING": "missed",
    "LOSE_RACE": "missed",
    "PICKED_OFF": "missed",
    "CALL_REJECTED": "refused",
    "ATTENDED_TRANSFER": ANSWERED,
    "BLIND_TRANSFER": ANSWERED,
}
# Variables that are set only where two legs were connected.
_CONNECTED = words("bridge_uuid bridge_channel signal_bond last_bridge_to cc_queue_answered_epoch cc_agent_bridged")
# Applications that speak or listen by themselves: no person is on the other side.
_MACHINES = frozenset(
    words(
        "playback play_and_get_digits play_and_detect_speech ivr say phrase speak read gentones endless_playback loop_playback "
        "sleep park hangup lua javascript python perl socket httapi detect_speech displace_session queue_dtmf info answer"
    )
)
_CHECKED = re.compile(r"(?:^|\s)check(?:\s|$)")


def outcome_of(values: Mapping[str, Any], answered: bool) -> str:
    """Return what became of a leg.

    In a queue of mod_callcenter it is answered when an agent was connected, and abandoned when none was. Without a queue the last
    application tells: voicemail took a message, an announcement or a menu served the caller itself, a bridge connected somebody or not.

    Args:
        values: the variables of the leg.
        answered: the channel was answered, by whatever.
    """

    def said(name: str) -> str:
        return text_of(values.get(name)) or ""

    cause = said("hangup_cause")
    if not answered:
        return _CAUSES.get(cause, "failed")
    if said("cc_queue") and said("cc_side") != "agent":
        connected = said("cc_queue_answered_epoch") not in ("", "0") or said("cc_cause").lower() == "answered"
        if connected:
            return ANSWERED
        return VOICEMAIL if _to_voicemail(said) else ABANDONED
    if _to_voicemail(said):
        return VOICEMAIL
    if any(said(name) not in ("", "0") for name in _CONNECTED):
        return ANSWERED
    application = said("last_app").lower()
    if application == "bridge":
        tried = said("originate_disposition").upper()
        return ANSWERED if tried in ("", "SUCCESS") else _CAUSES.get(tried, "failed")
    if application == "voicemail" or application in _MACHINES:
        return SELF_SERVICE
    return ANSWERED


def _to_voicemail(said: Any) -> bool:
    """A message was to be left: mod_voicemail, or FusionPBX's script; who listens to messages is no caller."""
    application, argument = said("last_app").lower(), said("last_arg").lower()
    if _CHECKED.search(argument):
        return False
    return application == "voicemail" or (application == "lua" and "voicemail" in argument)
