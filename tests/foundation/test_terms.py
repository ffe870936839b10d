"""The terms of a store: what it keeps of them is read as it was, whatever they are; of two, each part in which they differ is named."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from effort import budget
from identity.facts import policies
from omnitrack import Policy, SchemeRule, account, device
from omnitrack.foundation.terms import Given, Terms, differences
from omnitrack.foundation.terms import given as given_parts

ENTRIES = [
    "x:btcare",
    "email:*@bt.example",
    "phone:+44800*",
    "+44 20 7946 0000",
    "sip:voice.bt.example",
    "sip:*@pbx.bt.example",
    account("1%2@3", scope="bt"),
    device("a*b"),
]
entries = st.lists(st.sampled_from(ENTRIES), max_size=3)
rules = st.dictionaries(st.sampled_from(("phone", "x")), st.builds(SchemeRule, rank=st.none() | st.integers(0, 9)))
zones = st.sampled_from(
    ("Europe/London", "UTC", timezone.utc, timezone(timedelta(hours=-3, minutes=-30)), "Asia/Kolkata")
)


@st.composite
def parts(draw: st.DrawFn) -> dict[str, Any]:
    """What somebody may give of the terms of a store."""
    policy = draw(policies)
    return draw(
        st.fixed_dictionaries(
            {"region": st.sampled_from(("GB", "US"))},
            optional={
                "zone": zones,
                "own": entries,
                "placeholders": entries,
                "policy": st.builds(
                    Policy,
                    schemes=rules,
                    limits=st.just(policy.limits),
                    silence=st.dictionaries(st.just("phone"), st.integers(1, 99)),
                ),
                "consent_words": st.dictionaries(st.sampled_from(("halt", "go on")), st.booleans()),
            },
        )
    )


@budget(60)
@given(parts(), parts())
def test_what_a_store_keeps_of_terms_is_read_as_it_was_and_what_differs_is_named(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = (given_parts(**said).over(Terms()) for said in (one, other))
    read = Terms.load(first.text)
    assert read.text == first.text
    assert read.fingerprint == first.fingerprint
    assert differences(read, first) == []
    assert (differences(read, second) == []) == (read.text == second.text)
    named = [name for name, _ in differences(first, second)]
    assert differences(Given(parts={name: getattr(second, name) for name in named}).over(first), second) == []


def test_a_zone_without_a_name_is_each_process_s_own() -> None:
    class Odd(timezone.__base__):  # type: ignore[name-defined, misc]
        pass

    odd = given_parts(zone=Odd()).over(Terms())
    assert Terms.load(odd.text).zone is None
    assert "zone" in Terms.load(odd.text).unsaid
    assert differences(Terms.load(odd.text), given_parts(zone=ZoneInfo("Europe/London")).over(Terms())) == []
