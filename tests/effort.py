"""How hard the property tests try: the examples that a test asks for, times what the profile says."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_ORDINARY = 100  # Hypothesis' own number of examples, for which tests ask where they say nothing


def load_profile() -> None:
    """Choose a profile by ``OMNITRACK_HYPOTHESIS``: ``quick``, ``default``, ``ci``, ``regex`` or ``thorough``; without it ``ci`` where ``CI`` is true."""
    # No deadline, and no example is too slow: the machines that run this share their cores.
    common = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("quick", common, max_examples=_ORDINARY // 10)
    settings.register_profile("default", common)
    # A change is judged by itself: the same examples each time.
    settings.register_profile("ci", common, derandomize=True)
    settings.register_profile("regex", common, derandomize=True, max_examples=_ORDINARY * 20)
    settings.register_profile("thorough", common, max_examples=_ORDINARY * 20, print_blob=True)
    settings.load_profile(
        os.environ.get("OMNITRACK_HYPOTHESIS") or ("ci" if os.environ.get("CI") == "true" else "default")
    )


def budget(examples: int) -> settings:
    """Return settings with so many examples in an ordinary run, a tenth in a quick one and twenty times as many in a thorough one."""
    return settings(max_examples=max(1, examples * settings().max_examples // _ORDINARY))
