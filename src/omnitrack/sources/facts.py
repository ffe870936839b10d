"""Facts about a unit at its source that change what it means, and the one way in which they are kept."""

from __future__ import annotations

#: The names, each an attribute of the interaction that is true, or is not there.
FACTS = frozenset({"deleted", "draft", "spam", "trashed", "forwarded", "edited", "automatic"})


def facts(**said: object) -> dict[str, bool]:
    """Return as attributes the facts that hold.

    Args:
        said: by the names of ``FACTS``: ``deleted`` at the source, for all who took part or by one of them; ``draft``, never sent;
            ``spam``, by the source's own judgement; ``trashed``, put where things are thrown away; ``forwarded``, written by somebody
            else than who sent it; ``edited`` after it was sent; ``automatic``, written or answered by a machine.

    Raises:
        ValueError: a name that is none of them.

    >>> facts(draft=True, spam=False)
    {'draft': True}
    """
    if unknown := said.keys() - FACTS:
        raise ValueError(f"facts: got {', '.join(sorted(unknown))}, accepted are {', '.join(sorted(FACTS))}")
    return {name: True for name, holds in said.items() if holds}
