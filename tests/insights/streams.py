"""Streams of interactions, biased to few customers, threads and instants, so that everything meets everything."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from omnitrack.model import Direction, Interaction

START = datetime(2026, 3, 1, 9, 0, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    return START + hours * HOUR


def contact(hours: float, channel: str = "phone", **fields: object) -> Interaction:
    return Interaction(channel=channel, occurred_at=at(hours), direction=fields.pop("direction", "inbound"), **fields)  # type: ignore[arg-type]


@st.composite
def streams(draw: st.DrawFn, kinds: tuple[str, ...] = ("message",)) -> list[tuple[str, Interaction]]:
    hours = sorted(draw(st.lists(st.integers(0, 24), max_size=20)))
    out = []
    for number, hour in enumerate(hours):
        lasts = draw(st.sampled_from([None, 0, 1, 5, 10_000]))
        interaction = Interaction(
            channel=draw(st.sampled_from(["web", "phone", "email"])),
            occurred_at=at(hour),
            ended_at=None if lasts is None else at(hour + lasts),
            direction=draw(st.sampled_from([Direction.INBOUND, Direction.INBOUND, None, Direction.OUTBOUND])),
            kind=draw(st.sampled_from(kinds)),
            thread=draw(st.sampled_from([None, "a", "b"])),
            outcome=draw(st.sampled_from([None, "done", "closed", "confirmed"])),
            source="s",
            source_id=str(number),
        )
        out.append((draw(st.sampled_from(["ann", "ann", "bob"])), interaction))
    return out
