"""The policy's limits: which of them counts for a pair of schemes, what a user gives beside the defaults, what is refused, what a store remembers."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from identity.facts import when
from omnitrack import PolicyChangedError, account, device, email, phone, verified
from omnitrack.errors import InvalidPolicyError
from omnitrack.identity.policy import DEFAULT_LIMITS, DEFAULT_SILENCE, Policy

OF_BEFORE = {"*": 8, "device": 20}


def test_the_limit_of_a_pair_counts_before_all_others() -> None:
    policy = Policy(limits={("device", "email"): 1, "email": 2, ("device", "*"): 3, "*": 4})
    assert policy.limit("email", "device") == 1
    assert policy.limit("email", "phone") == 2
    assert policy.limit("phone", "device") == 3
    assert policy.limit("phone", "email") == 4


def test_an_exclusive_scheme_has_the_limit_one_unless_it_is_named() -> None:
    assert Policy(limits={"*": 5, ("phone", "*"): 5}).limit("account", "phone") == 1
    assert Policy(limits={"account": 2}).limit("account", "phone") == 2
    assert Policy(limits={("phone", "crm"): 3}).limit("crm", "phone") == 3


def test_a_limit_has_a_direction() -> None:
    policy = Policy(limits={("device", "email"): 1, ("email", "device"): 9})
    assert (policy.limit("email", "device"), policy.limit("device", "email")) == (1, 9)


@pytest.mark.parametrize(
    ("given", "scheme", "of"),
    [
        ("email", "email", "device"),
        (("device", "*"), "device", "device"),
        ("*", "device", "account"),
        ("*", "x", "device"),
    ],
)
def test_what_is_given_comes_before_every_default_that_it_covers(given: Any, scheme: str, of: str) -> None:
    assert Policy().limit(scheme, of) != 7
    assert Policy(limits={given: 7}).limit(scheme, of) == 7


def test_what_is_not_given_keeps_its_default() -> None:
    policy = Policy(limits={("device", "email"): 7})
    for scheme in ("phone", "email", "device", "account", "x"):
        for of in ("phone", "email", "device", "account", "x"):
            if (of, scheme) != ("device", "email"):
                assert policy.limit(scheme, of) == Policy().limit(scheme, of)


def test_none_switches_every_limit_off() -> None:
    policy = Policy(limits=None)
    assert {policy.limit(scheme, of) for scheme in ("phone", "account") for of in ("device", "crm")} == {None}


def test_verified_is_a_limit_without_a_number_and_a_direction() -> None:
    policy = Policy(limits={("phone", "x"): "verified"})
    assert policy.limit("x", "phone") is None
    assert policy.verified_only("x", "phone")
    assert policy.verified_only("phone", "x")
    assert not policy.verified_only("phone", "email")
    assert Policy(**tomllib.loads('[policy.limits]\n"phone/x" = "verified"')["policy"]) == policy
    assert policy.fingerprint() != Policy(limits={("phone", "x"): None}).fingerprint()


@pytest.mark.parametrize("limits", [None, {"*": 3}, {"email": 3}, {"email/email": None}], ids=str)
def test_limits_that_cover_the_addresses_of_an_address_let_them_join(limits: Any) -> None:
    assert Policy().verified_only("email", "email")
    assert not Policy(limits=limits).verified_only("email", "email")


def test_a_pair_is_a_text_too_as_in_a_settings_file() -> None:
    pairs = {("device", "email"): 1, ("account", "*"): None, ("*", "phone"): 3}
    file = tomllib.loads('[policy.limits]\n"device/email" = 1\n"account/*" = "none"\nphone = 3\n')
    assert Policy(**file["policy"]) == Policy(limits=pairs)
    assert Policy(**tomllib.loads('[policy]\nlimits = "none"')["policy"]) == Policy(limits=None)


def test_the_limits_of_a_policy_make_the_same_policy_again() -> None:
    policy = Policy(limits={("device", "email"): 1, "phone": 3})
    assert Policy(limits=policy.limits) == policy
    assert Policy(limits=Policy().limits) == Policy()
    assert Policy(limits=Policy().limits).fingerprint() == Policy().fingerprint()


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        (5, "mapping"),
        ({"": 1}, "pairs"),
        ({"a/b/c": 1}, "pairs"),
        ({("a", "b", "c"): 1}, "pairs"),
        ({("a", 5): 1}, "pairs"),
        ({5: 1}, "pairs"),
        ({"no scheme": 1}, "pairs"),
        ({("device", "email"): 0}, "'device/email' has 0"),
        ({"phone": True}, "'phone' has True"),
        ({"phone": "3"}, "number from 1 or None"),
        ({"phone": "observed"}, "'verified' where only verified links count"),
        ({("device", "email"): 1, "device/email": 2}, "twice"),
        ({"phone": 1, ("*", "phone"): 1}, "twice"),
    ],
)
def test_limits_that_are_none_are_refused(limits: Any, word: str) -> None:
    with pytest.raises(InvalidPolicyError, match="limits: ") as found:
        Policy(limits=limits)
    assert word in str(found.value)


def test_a_store_with_other_limits_says_so_and_a_rebuild_brings_it_over() -> None:
    tracker = omnitrack.open("memory://", policy=Policy(limits=OF_BEFORE))
    one = verified(account("1", scope="bt"))
    for n in range(9):
        tracker.record(channel="phone", occurred_at=when(n), customer=[one, phone(f"+4477009000{n:02d}")])
    assert tracker.customer(one).shared
    with pytest.raises(PolicyChangedError, match="policy: limits"):
        omnitrack.Tracker(tracker._backend, policy=Policy())
    again = omnitrack.Tracker(tracker._backend, policy=Policy(), rebuild=True)
    assert not again.customer(one).shared
    assert len(again.customer(one).identifiers) == 10
    assert again.verify().ok


def test_the_table_of_the_reference_has_the_defaults() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "policy-and-statements.md"
    rows = re.findall(r"^\| `([^`]+)` \| (\d+|none|verified) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    told = {key: int(limit) if limit.isdigit() else limit for key, limit in rows}
    assert {key: None if limit == "none" else limit for key, limit in told.items()} == DEFAULT_LIMITS


# -- what the defaults make of plain people -------------------------------------------------------------------------------
ANN = account("ann", scope="bt")
AGENT = phone("+442079469999")


class Scene:
    """A store under the default policy."""

    def __init__(self) -> None:
        self.tracker = omnitrack.open("memory://")
        self._count = 0

    def seen(self, *customer: Any) -> None:
        self._count += 1
        self.tracker.record(channel="web", occurred_at=when(self._count), customer=customer)

    def size(self, who: Any) -> int:
        return len(self.tracker.customer(who).identifiers)

    def shared(self, who: Any) -> bool:
        return self.tracker.customer(who).shared


def _mobile(n: int) -> Any:
    return phone(f"+4477009{n:05d}")


def _mail(n: int) -> Any:
    return email(f"somebody{n}@example.com")


@pytest.mark.parametrize(
    "others",
    [
        [_mail(n) for n in range(12)],
        [_mobile(n) for n in range(30)],
        [device(f"cookie{n}") for n in range(60)],
        [omnitrack.social("x", f"handle{n}") for n in range(12)],
    ],
    ids=["an address for every shop", "the staff of a business", "cookies that are cleared", "handles"],
)
def test_an_account_does_not_burst(others: list[Any]) -> None:
    scene = Scene()
    for other in others:
        scene.seen(verified(ANN), other)
    assert not scene.shared(ANN)
    assert scene.size(ANN) == len(others) + 1


@pytest.mark.parametrize("log_in", [_mail(0), _mobile(0)], ids=["mail", "phone"])
def test_a_log_in_that_is_no_account_does_not_burst_by_cookies(log_in: Any) -> None:
    scene = Scene()
    for n in range(60):
        scene.seen(verified(log_in), device(f"cookie{n}"))
    assert not scene.shared(log_in)
    assert scene.size(log_in) == 61


def test_a_kiosk_is_shared_with_the_second_log_in() -> None:
    scene = Scene()
    scene.seen(device("kiosk"), verified(_mail(0)))
    assert not scene.shared(device("kiosk"))
    scene.seen(device("kiosk"), verified(_mail(1)))
    assert scene.shared(device("kiosk"))
    assert [scene.size(_mail(n)) for n in range(2)] == [1, 1]


def test_an_agents_own_number_is_shared_with_the_second_caller() -> None:
    scene = Scene()
    scene.seen(_mobile(1), AGENT)
    assert not scene.shared(AGENT)
    scene.seen(_mobile(2), AGENT)
    assert scene.shared(AGENT)
    assert not scene.shared(_mobile(1))
    assert scene.size(_mobile(1)) == scene.size(_mobile(2)) == 1


def test_a_mobile_and_a_landline_that_were_seen_together_are_one_persons() -> None:
    scene = Scene()
    scene.seen(verified(ANN), _mobile(1), AGENT)
    assert scene.size(ANN) == 3


def test_a_familys_line_is_shared_with_the_fourth_address() -> None:
    scene = Scene()
    for n in range(3):
        scene.seen(AGENT, _mail(n))
    assert not scene.shared(AGENT)
    scene.seen(AGENT, _mail(3))
    assert scene.shared(AGENT)
    assert scene.size(_mail(0)) == 1


def test_a_list_of_those_in_copy_that_was_filed_as_one_person_joins_nobody() -> None:
    scene = Scene()
    scene.seen(*(_mail(n) for n in range(8)))
    assert [scene.size(_mail(n)) for n in range(8)] == [1] * 8


def test_two_addresses_that_were_seen_together_only_suggest_one_person() -> None:
    scene = Scene()
    scene.seen(_mail(0), _mail(1))
    assert [scene.size(_mail(n)) for n in (0, 1)] == [1, 1]
    assert "the policy asks for more assurance" in str(scene.tracker.explain(_mail(0), _mail(1)))
    for page in (scene.tracker.suggestions(_mail(0)), scene.tracker.suggestions()):
        (found,) = page
        assert {found.a, found.b} == {_mail(0), _mail(1)}
        assert "only claimed" not in str(found)
    assert not list(scene.tracker.conflicts())
    said = scene.tracker.link(_mail(0), _mail(1))
    assert scene.size(_mail(0)) == 2
    scene.tracker.retract(said)
    assert scene.size(_mail(0)) == 1
    assert scene.tracker.verify().ok


def test_two_addresses_that_were_verified_together_are_one_persons() -> None:
    scene = Scene()
    scene.seen(_mail(0), _mail(1))
    scene.seen(verified(_mail(0)), verified(_mail(1)))
    assert scene.size(_mail(0)) == 2


def test_who_is_in_copy_of_many_mails_keeps_what_they_log_in_with() -> None:
    scene = Scene()
    scene.seen(verified(_mail(0)), device("browser"))
    for n in range(1, 20):
        scene.seen(_mail(0), _mail(n))
    assert not scene.shared(_mail(0))
    assert scene.size(_mail(0)) == 2


def test_two_addresses_are_one_persons_by_the_account_that_each_was_seen_with() -> None:
    scene = Scene()
    for n in range(2):
        scene.seen(verified(ANN), _mail(n))
    assert scene.size(ANN) == 3


def test_why_an_identifier_is_shared_names_its_own_scheme_and_theirs() -> None:
    scene = Scene()
    for n in range(3):
        scene.seen(device("kiosk"), verified(_mail(n)))
    said = str(scene.tracker.explain(device("kiosk"), _mail(0)))
    assert "seen with 3 different emails, more than the 1 of one person's device" in said


@pytest.mark.parametrize("silence", [None, {}, {"phone": None}, {"phone": "none"}])
def test_silence_is_switched_off(silence: Any) -> None:
    policy = Policy(silence=silence)
    assert policy.silence == {}
    assert policy.step("phone") == 0


def test_silence_is_said_in_days_by_scheme_and_has_twelve_steps() -> None:
    policy = Policy(silence={"phone": 12, "x": 24})
    assert policy.step("phone") * 2 == policy.step("x") == 2 * 24 * 60 * 60 * 1_000_000
    assert policy.step("email") == 0
    assert Policy().silence == DEFAULT_SILENCE


@pytest.mark.parametrize(
    "silence", [{"phone": 0}, {"phone": 1.5}, {"phone": True}, {"phone": 40_000}, {"a b": 3}, ["phone"], 180]
)
def test_a_silence_that_is_none_is_refused(silence: Any) -> None:
    with pytest.raises(InvalidPolicyError, match="silence"):
        Policy(silence=silence)


def test_another_silence_is_another_policy() -> None:
    assert Policy(silence={"phone": 180}).fingerprint() != Policy(silence={"phone": 181}).fingerprint()
    assert Policy(silence=None).fingerprint() == Policy(silence={}).fingerprint()
