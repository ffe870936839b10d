"""Handover codes that come back: what they link, what they do not, and what is said of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import permutations
from typing import Any

import pytest

import omnitrack
from contacts import at, seen
from omnitrack import Handover, HandoverUse, Interaction, Recorded, Tracker, claimed, verified
from omnitrack.foundation.handover_codes import ALPHABET, find_codes

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def options() -> dict[str, Any]:
    """With a secret, by which digests of codes are fast to make."""
    return {"region": "GB", "secret": "a secret of the store"}


HANDLE, MAIL, PHONE = "x:mikesamuels68", "email:mike@example.com", "phone:+442079460958"


def given(tracker: Tracker, who: Any = HANDLE, minute: int = 0, **options: Any) -> Handover:
    """Give a code in a direct message unless told otherwise."""
    kind = options.pop("kind", "direct_message")
    message = seen(tracker, minute, who, channel="x", kind=kind, direction="inbound", body="No broadband")
    return tracker.hand_over(message, **{"to": "email", **options})


def came(tracker: Tracker, body: str | None, minute: int = 10, who: Any = MAIL, **fields: Any) -> Recorded:
    """Record what comes in on another channel, and return what record() says."""
    fields = {"channel": "email", "direction": "inbound", "source": "mail", "source_id": str(minute), **fields}
    return tracker.record(occurred_at=at(minute), customer=who, body=body, **fields)


def status(recorded: Recorded) -> list[str]:
    return [use.status for use in recorded.handovers]


def channels(tracker: Tracker, who: str, **options: Any) -> list[str]:
    return [item.channel for item in tracker.timeline(who, **options)]


def test_a_private_code_makes_both_ends_one_customer(tracker: Tracker) -> None:
    code = given(tracker)
    recorded = came(tracker, f"As you asked: {code.code}")
    assert recorded.handovers == (HandoverUse(status="linked", handover=code.id, given_with=code.interaction),)
    assert channels(tracker, MAIL) == channels(tracker, HANDLE) == ["email", "x"]
    assert tracker.verify().ok


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "Re: {code}"},
        {"body": "https://bt.example/help?code={code}&lang=en"},
        {"attributes": {"url": {"params": {"c": "{code}"}}}},
        {"attributes": {"Digits": "{digits}#"}},
        {"body": "{digits}"},
    ],
)
def test_a_code_is_found_wherever_it_comes_in(tracker: Tracker, fields: dict[str, Any]) -> None:
    code = given(tracker, to="phone")

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fill(inner) for key, inner in value.items()}
        return value.format(code=code.code, digits=code.digits)

    assert status(came(tracker, **{"body": None, **fill(fields)}, channel="phone", who=PHONE)) == ["linked"]


def test_whoever_logs_in_with_a_private_code_is_verified(tracker: Tracker) -> None:
    code = given(tracker, to="web")
    came(tracker, code.code, channel="web", who=verified("account:1@bt"))
    assert channels(tracker, "account:1@bt", trust="verified") == ["web", "x"]


def test_a_sender_is_no_surer_for_a_private_code(tracker: Tracker) -> None:
    seen(tracker, 5, MAIL, channel="email", body="mike's secret")
    came(tracker, given(tracker).code)
    assert channels(tracker, HANDLE, trust="verified") == ["x"]


@pytest.mark.parametrize(
    ("who", "how"), [(HANDLE, {"private": False}), (HANDLE, {"kind": "post"}), (claimed(MAIL), {"private": True})]
)
def test_a_code_that_others_may_have_read_only_suggests(tracker: Tracker, who: Any, how: dict[str, Any]) -> None:
    code = given(tracker, who, **how)
    recorded = came(tracker, code.code, who=verified("account:1@bt"), channel="web")
    assert status(recorded) == ["suggested"]
    assert channels(tracker, "account:1@bt") == ["web"]
    assert tracker.suggestions("account:1@bt").items


def test_a_private_code_for_several_uses_is_observed(tracker: Tracker) -> None:
    code = given(tracker, uses=2)
    assert status(came(tracker, code.code, who=verified("account:1@bt"), channel="web")) == ["linked"]
    assert channels(tracker, "account:1@bt", trust="verified") == ["web"]
    assert status(came(tracker, code.code, 11, verified("account:1@bt"), channel="web")) == ["again"]
    assert status(came(tracker, None, 12, PHONE, channel="phone", attributes={"keyed": code.digits})) == ["linked"]
    assert status(came(tracker, code.code, 13)) == ["used up"]
    assert channels(tracker, PHONE) == ["phone", "web", "web", "x"]


def test_a_caller_without_a_number_is_filed_with_the_address_that_the_code_went_to(tracker: Tracker) -> None:
    private, public = given(tracker), given(tracker, "x:ann", 1, private=False)
    call = came(tracker, None, channel="phone", who=None, attributes={"keyed": private.digits})
    assert (status(call), channels(tracker, HANDLE)) == (["linked"], ["phone", "x"])
    call = came(tracker, None, 11, channel="phone", who=None, attributes={"keyed": public.digits})
    assert (status(call), channels(tracker, "x:ann")) == (["suggested"], ["x"])
    assert channels(tracker, "x:ann", include_claimed=True) == ["phone", "x"]


def test_what_does_not_use_a_code_says_why(tracker: Tracker) -> None:
    code = given(tracker, expires=at(100_000) + timedelta(days=40))
    wrong = next(text for last in ALPHABET if find_codes(text := code.code[:-1] + last, None, None).damaged)
    assert status(came(tracker, wrong, 1)) == ["damaged"]
    assert status(came(tracker, code.code, 2, "x:other", channel="x")) == ["same channel"]
    assert status(came(tracker, code.code, 3, None, customers=[["email:a@example.com"], ["email:b@example.com"]])) == [
        "several people"
    ]
    assert status(came(tracker, code.code, 4, direction="outbound")) == []
    late = (code.expires_at - at(0)) / timedelta(minutes=1)
    assert status(came(tracker, code.code, int(late))) == ["expired"]
    with omnitrack.open("memory://") as other:
        assert status(came(other, code.code)) == ["unknown"]
    assert all(channels(tracker, who) == ["x"] for who in (HANDLE,))
    assert status(came(tracker, code.code, 6)) == ["linked"]
    assert status(came(tracker, code.code, 7, "email:eve@example.com")) == ["used up"]
    assert "eve" not in str([i.key for i in tracker.customer(HANDLE).identifiers])


def test_a_denied_pair_stays_apart_and_comes_together_when_that_is_retracted(tracker: Tracker) -> None:
    code = given(tracker)
    seen(tracker, 1, MAIL, channel="email")
    said = tracker.deny(HANDLE, MAIL)
    assert status(came(tracker, code.code)) == ["denied"]
    assert channels(tracker, MAIL) == ["email", "email"]
    tracker.retract(said)
    assert channels(tracker, MAIL) == ["email", "email", "x"]
    tracker.deny(HANDLE, MAIL)
    assert channels(tracker, HANDLE) == ["x"]


def test_two_accounts_are_a_conflict(tracker: Tracker) -> None:
    code = given(tracker, verified("account:1@bt"))
    assert status(came(tracker, code.code, who=verified("account:2@bt"))) == ["conflict"]
    assert channels(tracker, "account:2@bt") == ["email"]


def test_a_shared_address_links_nothing(tracker: Tracker) -> None:
    code = given(tracker)
    tracker.mark_shared(HANDLE)
    assert status(came(tracker, code.code)) == ["shared"]
    assert channels(tracker, MAIL) == ["email"]


def test_a_code_does_not_follow_an_address_to_its_next_holder(tracker: Tracker) -> None:
    code = given(tracker)
    tracker.reassign(HANDLE, at=at(5))
    assert status(came(tracker, code.code)) == ["reassigned"]
    assert channels(tracker, MAIL) == ["email"]


def test_the_same_interaction_again_is_no_second_use(tracker: Tracker) -> None:
    code = given(tracker, uses=2)
    first, second = came(tracker, code.code), came(tracker, code.code)
    assert (status(first), second.duplicate, second.handovers) == (["linked"], True, ())
    assert status(came(tracker, None, 11, PHONE, channel="phone", attributes={"keyed": code.digits})) == ["linked"]


def test_a_code_given_where_nobody_is_known_links_nobody(tracker: Tracker) -> None:
    visit = tracker.record(channel="web", occurred_at=at(0), direction="inbound").interaction
    assert visit is not None
    code = tracker.hand_over(visit, to="phone", private=True)
    assert status(came(tracker, None, channel="phone", who=PHONE, attributes={"keyed": code.digits})) == ["linked"]
    assert channels(tracker, PHONE) == ["phone"]


def test_a_load_counts_what_became_of_codes(tracker: Tracker) -> None:
    code, public = given(tracker), given(tracker, "x:ann", 1, private=False)
    mails = [
        Interaction(
            channel="email",
            direction="inbound",
            customers=[[who]],
            occurred_at=at(n),
            body=body,
            source="m",
            source_id=str(n),
        )
        for n, (who, body) in enumerate(
            [
                (MAIL, code.code),
                ("email:eve@example.com", code.code),
                ("email:ann@example.com", public.code),
                (MAIL, "hello"),
            ],
            20,
        )
    ]
    report = tracker.record_many(mails)
    assert (report.added, report.handovers) == (4, {"linked": 1, "used up": 1, "suggested": 1})
    assert "handover codes: 1 linked, 1 suggested, 1 used up" in str(report)
    assert tracker.record_many(mails).handovers == {}
    assert channels(tracker, MAIL) == ["email", "email", "x"]


@pytest.mark.parametrize("secret", [None, "a secret of the store"])
def test_a_store_holds_no_code(secret: str | None) -> None:
    with omnitrack.open("memory://", secret=secret) as tracker:
        code = given(tracker)
        held = tracker._read(lambda tx: str([tx.find_records("handover"), tx.find_records("handed over")]))
        assert code.code not in held
        assert code.digits not in held
        assert str(int(code.digits[:-1])) not in held
        assert status(came(tracker, code.code)) == ["linked"]


def test_what_a_code_links_depends_on_no_order(clock: None) -> None:
    """Records, a handover that came back, a denial of others and a link, in every order that leaves the code before its use."""
    ends = set()
    for order in permutations(("used", "call", "deny", "link")):
        with omnitrack.open("memory://", region="GB", secret="s") as tracker:
            code = given(tracker)
            act: dict[str, Callable[[], object]] = {
                "used": partial(came, tracker, code.code),
                "call": partial(seen, tracker, 20, PHONE, MAIL),
                "deny": partial(tracker.deny, HANDLE, "account:9@bt"),
                "link": partial(tracker.link, PHONE, "account:9@bt"),
            }
            for mark in ("account:9@bt", PHONE, MAIL):
                seen(tracker, {"account:9@bt": 1, PHONE: 2, MAIL: 3}[mark], mark)
            for step in order:
                act[step]()
            parts = {
                frozenset(i.key for i in tracker.customer(x).identifiers) for x in (HANDLE, PHONE, MAIL, "account:9@bt")
            }
            assert tracker.verify().ok
            ends.add(frozenset(parts))
    assert len(ends) == 1
