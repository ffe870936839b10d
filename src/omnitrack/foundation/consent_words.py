"""What a message says of being contacted: STOP and START in a text message, what a person set on WhatsApp."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from omnitrack.errors import InvalidPolicyError, masked_repr
from omnitrack.model import MAX_NAME, is_storable
from omnitrack.storage.contract import InteractionRow

Scope = tuple[str | None, str | None]  # purpose and channel, None for any

#: Words that are a whole text message, and whether they allow to go on: False is an opt-out. Those of English are of CTIA's Messaging Principles
#: and Best Practices (STOP, END, CANCEL, UNSUBSCRIBE, QUIT), of 47 CFR 64.1200(a)(10) (REVOKE, OPT OUT) and of what carriers and their
#: aggregators take beside them (STOPALL, OPTOUT, OPT-OUT, REMOVE; START, UNSTOP); ARRET is the word of French in Canada (CWTA). YES,
#: which some take for START, is not among them: it answers too many other questions.
CONSENT_WORDS: Mapping[str, bool] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "stop",
                "stopall",
                "stop all",
                "end",
                "cancel",
                "unsubscribe",
                "quit",
                "revoke",
                "optout",
                "opt-out",
                "opt out",
                "remove",
                "arret",
                "arrêt",
            ),
            False,
        ),
        **dict.fromkeys(("start", "unstop"), True),
    }
)

MOST_LETTERS = 64  # of a message that may be such a word
_AROUND = " \t\r\n.!\"'“”«»"

#: What WhatsApp calls the categories of messages that a person can stop and resume, as purposes.
_WHATSAPP = {"marketing_messages": "marketing"}
_WHATSAPP_SAYS = {"stop": False, "resume": True}


def checked_words(words: object) -> Mapping[str, bool]:
    """Return a list of words as messages are compared with it.

    Raises:
        InvalidPolicyError: the value is invalid.
    """
    if words is None:
        return CONSENT_WORDS
    if not isinstance(words, Mapping):
        raise InvalidPolicyError(f"consent_words: got {type(words).__name__}, accepted is a mapping of words to bool")
    found = {}
    for word, granted in words.items():
        if not isinstance(word, str) or not _folded(word) or len(word) > MOST_LETTERS or not is_storable(word):
            raise InvalidPolicyError(
                f"consent_words: got {masked_repr(word)}, accepted is a word of at most {MOST_LETTERS}"
            )
        if not isinstance(granted, bool):
            raise InvalidPolicyError(
                f"consent_words: got {masked_repr(granted)} for a word, accepted are True (go on) and False (stop)"
            )
        found[_folded(word)] = granted
    return found


def _folded(text: str) -> str:
    return " ".join(text.strip(_AROUND).casefold().split())


def said_in(row: InteractionRow, words: Mapping[str, bool]) -> tuple[Scope, bool] | None:
    """Return of which purpose and channel an inbound interaction speaks, and whether it allows; None where it says nothing of that."""
    if row.direction != "inbound" or row.deleted:
        return None
    if row.channel == "sms":
        body = row.body
        if body is None or len(body) > MOST_LETTERS:
            return None
        granted = words.get(_folded(body))
        return None if granted is None else ((None, "sms"), granted)
    if row.channel == "whatsapp" and row.kind == "preference" and row.extra is not None:
        attributes: Mapping[str, Any] = json.loads(row.extra).get("attributes", {})
        granted = _WHATSAPP_SAYS.get((row.outcome or "").casefold())
        category = attributes.get("category")
        if granted is None or not isinstance(category, str) or not 0 < len(category) <= MAX_NAME:
            return None
        return (_WHATSAPP.get(category, category), "whatsapp"), granted
    return None
