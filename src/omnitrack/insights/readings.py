"""Readings: what the measures take from an interaction, by the formats of the sources, each of which can be replaced.

An attribute of the names that stand here is taken as it is; so a log of your own, loaded by a mapping, gives the figures too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import attrs

from omnitrack.insights.follow import by_customer
from omnitrack.model import Interaction

#: Kinds that machines write, and what is a mark on a contact and not one: nobody turned to the company.
AUTOMATIC = frozenset({"auto-reply", "bounce", "receipt", "reaction", "identity", "preference", "transfer", "status"})

#: The kind of a question about satisfaction (outbound) and of its answer (inbound).
SURVEY = "survey"


def is_contact(interaction: Interaction) -> bool:
    """Whether the customer turned to the company: no answer of a machine, no survey, nothing that was deleted at the source."""
    return (
        by_customer(interaction)
        and interaction.kind not in AUTOMATIC
        and interaction.kind != SURVEY
        and not interaction.deleted
    )


def is_answer(interaction: Interaction) -> bool:
    """Whether the company answered, other than by a machine."""
    return (
        interaction.direction == "outbound"
        and interaction.kind not in AUTOMATIC
        and interaction.kind != SURVEY
        and not interaction.attributes.get("automatic")
        and not interaction.deleted
    )


def is_solved(interaction: Interaction) -> bool:
    """Whether the company or the customer says that the matter is settled: an outcome of closed, resolved, solved, done, confirmed."""
    return interaction.outcome in ("closed", "resolved", "solved", "done", "confirmed")


def is_failed(outcome: str | None) -> bool:
    """Whether an outcome says that the customer went away without what was wanted."""
    return outcome in ("abandoned", "missed", "failed", "busy", "bounced", "error")


def is_reached(interaction: Interaction) -> bool:
    """Whether a call was answered by a person: its outcome says so."""
    return interaction.outcome == "answered"


def seconds_waited(interaction: Interaction) -> float | None:
    """Return how long a caller waited in the queue, in seconds; None where the log does not say.

    Read are the attribute ``wait_seconds``, ``Queue.Duration`` of Amazon Connect, the times of FreeSWITCH's mod_callcenter, and of a call that was
    abandoned its whole length.
    """
    said = interaction.attributes
    found = _number(said.get("wait_seconds"))
    if found is None and isinstance(queue := said.get("Queue"), Mapping):
        found = _number(queue.get("Duration"))
    if found is None:
        joined = _number(said.get("cc_queue_joined_epoch"))
        left = _number(said.get("cc_queue_answered_epoch")) or _number(said.get("cc_queue_canceled_epoch"))
        found = left - joined if joined and left and left >= joined else None
    if found is None and interaction.outcome == "abandoned" and interaction.ended_at is not None:
        found = (interaction.ended_at - interaction.occurred_at).total_seconds()
    return found


def seconds_handled(interaction: Interaction) -> float | None:
    """Return how long an agent was busy with an interaction, in seconds; None where the log does not say.

    Read are the attribute ``handle_seconds``; of Amazon Connect the time of talk, hold and after-call work; of another call that was answered the time
    from the first ring to its end without the wait, as far as that is known.
    """
    said = interaction.attributes
    found = _number(said.get("handle_seconds"))
    if found is not None:
        return found
    agent = said.get("Agent") or said.get("agent")
    if isinstance(agent, Mapping):
        names = ("AgentInteractionDuration", "CustomerHoldDuration", "AfterContactWorkDuration")
        parts = [number for name in names if (number := _number(agent.get(name))) is not None]
        if parts:
            return sum(parts)
    if interaction.kind != "call" or interaction.outcome != "answered" or interaction.ended_at is None:
        return None
    whole = (interaction.ended_at - interaction.occurred_at).total_seconds()
    return max(whole - (seconds_waited(interaction) or 0.0), 0.0)


def rating_of(interaction: Interaction, scale: str) -> float | None:
    """Return the answer to a survey on a scale (``csat`` or ``nps``), None where there is none: the attribute of that name."""
    return _number(interaction.attributes.get(scale))


def sentiment_of(interaction: Interaction) -> str | None:
    """Return what a mention was judged to be, ``positive``, ``negative`` or another word; None where nobody did: the attribute ``sentiment``."""
    said = interaction.attributes.get("sentiment")
    return said.lower() if isinstance(said, str) else None


def is_mention(interaction: Interaction) -> bool:
    """Whether the interaction is public: a kind of post, comment, mention or review."""
    return interaction.kind in ("post", "comment", "mention", "review")


@attrs.frozen(kw_only=True)
class Readings:
    """What the measures take from an interaction; replace one where your log says it otherwise.

    Attributes:
        contact: whether the customer turned to the company.
        answer: whether the company answered.
        solved: whether the matter was settled with it.
        failed: of an outcome, whether the customer went away without what was wanted.
        reached: whether a call was answered by a person.
        waited: seconds in the queue, None where it is not known.
        handled: seconds of an agent's work, None where it is not known.
        rating: the answer to a survey on a scale, None where there is none.
        mention: whether it is public.
        sentiment: positive, negative or another word; None where nobody judged.
    """

    contact: Callable[[Interaction], bool] = is_contact
    answer: Callable[[Interaction], bool] = is_answer
    solved: Callable[[Interaction], bool] = is_solved
    failed: Callable[[str | None], bool] = is_failed
    reached: Callable[[Interaction], bool] = is_reached
    waited: Callable[[Interaction], float | None] = seconds_waited
    handled: Callable[[Interaction], float | None] = seconds_handled
    rating: Callable[[Interaction, str], float | None] = rating_of
    mention: Callable[[Interaction], bool] = is_mention
    sentiment: Callable[[Interaction], str | None] = sentiment_of

    def time(self, interaction: Interaction) -> timedelta:
        """Return how long an agent was busy with it; zero where that is not known."""
        return self.span(self.handled(interaction))

    @staticmethod
    def span(seconds: float | None) -> timedelta:
        """Return seconds as a time; zero where they are not known."""
        return timedelta(seconds=min(seconds or 0.0, 1e9))


def _number(value: Any) -> float | None:
    """Return a number of a log, which may be a text; None for anything else, and for what is negative or not finite."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and found >= 0 else None
