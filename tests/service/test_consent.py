"""Consent: what was said of contacting somebody stays with the identifier, and of a customer the strictest counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import omnitrack
from clock import now
from contacts import at, seen
from omnitrack import CONSENT_WORDS, AsyncTracker, CustomerNotFoundError, Tracker, claimed
from omnitrack.errors import InvalidInteractionError, InvalidPolicyError
from omnitrack.foundation.consents import MOST_WORDS
from traces import ids_of, left_of

pytestmark = pytest.mark.usefixtures("clock")

JANE, JOE, NUMBER = "jane.doe@example.com", "joe@example.com", "phone:+442079460958"
EMAIL: dict[str, Any] = {"purpose": "marketing", "channel": "email"}
SMS: dict[str, Any] = {"purpose": "marketing", "channel": "sms"}


def allowed(tracker: Tracker, who: str, **asked: Any) -> bool:
    return tracker.may_contact(who, **{**EMAIL, **asked}).allowed


def test_nobody_may_be_contacted_of_whom_nothing_is_known(tracker: Tracker) -> None:
    seen(tracker, 0, JANE)
    for who in (JANE, tracker.customer(JANE).id, "nobody@example.com"):
        permission = tracker.may_contact(who, **EMAIL)
        assert (permission.allowed, permission.reason, permission.decisions) == (False, "nothing is known", ())
    with pytest.raises(CustomerNotFoundError):
        tracker.may_contact(f"cus_{'0' * 32}", **EMAIL)


def test_a_purpose_that_needs_none_is_allowed_until_it_is_withdrawn(tracker: Tracker) -> None:
    asked: dict[str, Any] = {"purpose": "service", "channel": "email", "opt_out": ["service"]}
    seen(tracker, 0, JANE)
    assert tracker.may_contact(JANE, **asked).reason == "none is needed, and none was refused"
    assert not tracker.may_contact(JANE, **{**asked, "purpose": "marketing"})
    tracker.consent(JANE, granted=False, channel="email")
    assert not tracker.may_contact(JANE, **asked)


@pytest.mark.parametrize(
    ("said", "covered"),
    [
        ({}, True),
        ({"purpose": "marketing"}, True),
        ({"channel": "email"}, True),
        (EMAIL, True),
        ({"purpose": "survey"}, False),
        ({"channel": "sms"}, False),
        ({"purpose": "survey", "channel": "email"}, False),
    ],
)
@pytest.mark.parametrize("granted", [True, False])
def test_a_word_covers_its_purpose_and_its_channel(
    tracker: Tracker, said: dict[str, str], covered: bool, granted: bool
) -> None:
    said_first = not granted
    tracker.consent(JANE, granted=said_first, at=at(0), **EMAIL)
    tracker.consent(JANE, granted=granted, at=at(1), **said)
    assert allowed(tracker, JANE) == (granted if covered else said_first)


def test_the_latest_by_its_own_time_counts_whenever_it_arrives(tracker: Tracker) -> None:
    tracker.consent(JANE, granted=False, at=at(2), **EMAIL)
    tracker.consent(JANE, granted=True, at=at(1), **EMAIL)
    assert not allowed(tracker, JANE)
    tracker.consent(JANE, granted=True, at=at(3), **EMAIL)
    assert allowed(tracker, JANE)
    tracker.consent(JANE, granted=False, at=at(3), **EMAIL)  # of one time the refusal stands
    assert not allowed(tracker, JANE)
    listing = tracker.consents(JANE)
    assert [(c.granted, c.at, c.current) for c in listing] == [
        (False, at(3), True),
        (True, at(3), False),
        (False, at(2), False),
        (True, at(1), False),
    ]


def test_what_is_said_of_a_later_time_does_not_count_yet(tracker: Tracker) -> None:
    tracker.consent(JANE, granted=True, at=at(0), **EMAIL)
    tracker.consent(JANE, granted=False, at=at(60 * 24 * 365), **EMAIL)
    assert allowed(tracker, JANE)
    assert not allowed(tracker, JANE, at=at(60 * 24 * 366))


def test_a_merge_takes_the_strictest_and_a_split_gives_each_its_own_back(tracker: Tracker) -> None:
    seen(tracker, 0, JANE)
    seen(tracker, 1, NUMBER)
    tracker.consent(JANE, granted=True, at=at(5), **EMAIL)
    tracker.consent(NUMBER, granted=False, at=at(2), **EMAIL)
    assert (allowed(tracker, JANE), allowed(tracker, NUMBER)) == (True, False)
    link = tracker.link(JANE, NUMBER)
    permission = tracker.may_contact(JANE, **EMAIL)
    assert (permission.allowed, permission.reason) == (False, "consent was withdrawn or refused")
    assert [(c.identifier.key, c.granted) for c in permission.decisions] == [
        (NUMBER, False),
        (f"email:{JANE}", True),
    ]
    tracker.retract(link)
    assert (allowed(tracker, JANE), allowed(tracker, NUMBER)) == (True, False)


def test_the_next_holder_inherits_neither_a_grant_nor_a_refusal(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER, JANE)
    old = tracker.customer(NUMBER).id
    tracker.consent(NUMBER, granted=True, at=at(1), **SMS)
    tracker.consent(NUMBER, granted=False, at=at(2), purpose="survey", channel="sms")
    tracker.consent(old, granted=True, at=at(3), purpose="news", channel="sms")
    reassigned = tracker.reassign(NUMBER, at=at(10))
    seen(tracker, 11, NUMBER)
    for purpose in ("marketing", "survey", "news"):
        assert tracker.may_contact(NUMBER, purpose=purpose, channel="sms").reason == "nothing is known"
    assert tracker.may_contact(JANE, **SMS)
    assert tracker.may_contact(JANE, purpose="news", channel="sms")
    assert not tracker.may_contact(JANE, purpose="survey", channel="sms")
    # A refusal of their own binds the new holder alone.
    tracker.consent(NUMBER, granted=False, at=at(12))
    assert tracker.may_contact(JANE, **SMS)
    assert tracker.may_contact(NUMBER, **SMS).reason == "consent was withdrawn or refused"
    tracker.retract(reassigned)
    assert not tracker.may_contact(JANE, **SMS)


def test_what_is_said_of_a_customer_id_stays_with_its_holder(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER)
    old = tracker.customer(NUMBER).id
    tracker.reassign(NUMBER, at=at(10))
    tracker.consent(old, granted=True, at=at(20), **SMS)  # of the holder of before, said later
    assert tracker.may_contact(old, **SMS)
    assert not tracker.may_contact(NUMBER, **SMS)


def test_an_identifier_that_nobody_was_seen_with_becomes_a_customer(tracker: Tracker) -> None:
    said = tracker.consent("new@example.com", granted=True, source="list of 2024", proof="box 3", by="import", **EMAIL)
    assert tracker.customer("new@example.com").identifiers == (said.identifier,)
    assert tracker.consents("new@example.com") == [said]
    assert tracker.verify()


def test_it_can_be_asked_as_of_a_time(tracker: Tracker) -> None:
    seen(tracker, 0, JANE)
    seen(tracker, 1, NUMBER)
    tracker.consent(JANE, granted=True, at=at(1), **EMAIL)
    before = now()
    tracker.consent(NUMBER, granted=False, at=at(1))
    refused = now()
    tracker.link(JANE, NUMBER)
    linked = now()
    tracker.reassign(NUMBER, at=at(0.5))
    assert [allowed(tracker, JANE, at=when) for when in (before, refused, linked)] == [True, True, False]
    assert tracker.may_contact(NUMBER, at=before, **EMAIL).reason == "nothing is known"
    assert [len(tracker.consents(JANE, as_of=when)) for when in (before, refused, linked)] == [1, 1, 2]


def test_of_too_many_words_the_latest_are_kept(tracker: Tracker) -> None:
    for n in range(MOST_WORDS + 5):
        tracker.consent(JANE, granted=bool(n % 2), at=at(MOST_WORDS * 2 - n), **EMAIL)
    times = [c.at for c in tracker.consents(JANE)]
    assert len(times) == MOST_WORDS
    assert times[0] == at(MOST_WORDS * 2)
    assert times == sorted(times, reverse=True)


# -- messages that say it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["STOP", " stop. ", "Unsubscribe", "ARRET", "opt   out", "“Stop!”"])
def test_a_word_in_a_text_message_opts_out(tracker: Tracker, word: str) -> None:
    tracker.consent(NUMBER, granted=True, at=at(0), **SMS)
    id = seen(tracker, 1, NUMBER, channel="sms", body=word)
    permission = tracker.may_contact(NUMBER, **SMS)
    assert not permission.allowed
    assert [(c.interaction, c.source, c.purpose, c.channel) for c in permission.decisions] == [(id, "s", None, "sms")]
    assert not tracker.may_contact(NUMBER, purpose="service", channel="sms", opt_out=["service"])
    assert tracker.may_contact(NUMBER, purpose="service", channel="email", opt_out=["service"])
    seen(tracker, 2, NUMBER, channel="sms", body="START")
    assert tracker.may_contact(NUMBER, **SMS)


@pytest.mark.parametrize(
    "fields",
    [
        {"body": "please do not stop"},
        {"body": "yes"},
        {"body": "stop " * 20},
        {"body": None},
        {"body": "stop", "channel": "email"},
        {"body": "stop", "direction": "outbound"},
    ],
)
def test_nothing_else_does(tracker: Tracker, fields: dict[str, Any]) -> None:
    tracker.consent(NUMBER, granted=True, at=at(0), **SMS)
    seen(tracker, 1, NUMBER, **{"channel": "sms", **fields})
    assert tracker.may_contact(NUMBER, **SMS)


def test_a_claim_opts_out_and_never_in(tracker: Tracker) -> None:
    seen(tracker, 0, claimed(NUMBER), channel="sms", body="START")
    assert tracker.may_contact(NUMBER, **SMS).reason == "nothing is known"
    seen(tracker, 1, claimed(NUMBER), channel="sms", body="STOP")
    assert tracker.may_contact(NUMBER, **SMS).reason == "consent was withdrawn or refused"


def test_a_load_and_its_repeat_say_it_once(tracker: Tracker) -> None:
    items = [
        omnitrack.Interaction(
            channel="sms", occurred_at=at(n), customers=[[NUMBER]], body=text, source="sms", source_id=str(n)
        )
        for n, text in enumerate(["hello", "START", "STOP"])
    ]
    for _ in range(2):
        tracker.record_many(reversed(items))
    assert [(c.granted, c.at) for c in tracker.consents(NUMBER)] == [(False, at(2)), (True, at(1))]
    tracker.erase(NUMBER)
    tracker.record_many(items)  # suppressed
    with pytest.raises(CustomerNotFoundError):
        tracker.consents(NUMBER)


def test_the_owner_of_a_store_has_words_of_their_own() -> None:
    words = {**CONSENT_WORDS, "Baja": False, "Alta": True}
    with omnitrack.open("memory://", region="ES", consent_words=words) as tracker:
        for n, (text, granted) in enumerate([("ALTA", True), ("baja", False), ("STOP", False)]):
            seen(tracker, n, NUMBER, channel="sms", body=text)
            assert tracker.may_contact(NUMBER, **SMS).allowed is granted
    with omnitrack.open("memory://", consent_words={}) as tracker:
        seen(tracker, 0, NUMBER, channel="sms", body="STOP")
        assert tracker.consents(NUMBER) == []


@pytest.mark.parametrize("words", [["stop"], {"": False}, {"stop": "no"}, {7: False}, {"x" * 65: True}])
def test_a_list_of_words_that_is_none_is_refused(words: Any) -> None:
    with pytest.raises(InvalidPolicyError, match="consent_words"):
        omnitrack.open("memory://", consent_words=words)


def preference(value: str, minute: int) -> dict[str, Any]:
    said = {"wa_id": "447700900123", "category": "marketing_messages", "value": value}
    said["timestamp"] = str(int(at(minute).timestamp()))
    change = {
        "field": "user_preferences",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "442079460000", "phone_number_id": "1"},
            "contacts": [{"wa_id": "447700900123"}],
            "user_preferences": [said],
        },
    }
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}


def test_a_preference_on_whatsapp_sets_it(tracker: Tracker, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"purpose": "marketing", "channel": "whatsapp"}
    for number, (value, granted) in enumerate([("stop", False), ("resume", True)]):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(preference(value, number)))
        assert tracker.load(path, format="whatsapp-cloud").added == 1
        assert tracker.may_contact("whatsapp:447700900123", **asked).allowed is granted
    assert not tracker.may_contact("whatsapp:447700900123", **SMS)


# -- what goes --------------------------------------------------------------------------------------------------------------


def test_an_erasure_takes_it_and_leaves_that_of_others(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    seen(tracker, 0, NUMBER, JANE)
    seen(tracker, 1, JOE)
    proof = "as jane.doe@example.com said on +44 20 7946 0958"
    tracker.consent(JANE, granted=True, at=at(1), source="jane's words", proof=proof, **EMAIL)
    seen(tracker, 2, NUMBER, channel="sms", body="STOP")
    tracker.consent(JOE, granted=True, at=at(1), proof=proof, by="ann", **EMAIL)
    ids = ids_of(tracker, JANE)
    traces = ("jane.doe", "79460958", "7946 0958", "jane's words", *ids)
    assert all(left_of(store, trace) for trace in traces)
    tracker.erase(JANE)
    assert left_of(store, *traces) == []
    [said] = tracker.consents(JOE)
    assert (said.granted, said.by, said.proof) == (True, "ann", "as [erased] said on [erased]")
    assert allowed(tracker, JOE)
    assert tracker.may_contact(JANE, **EMAIL).reason == "nothing is known"


def test_an_erasure_of_one_holder_leaves_what_was_said_of_the_other(store: tuple[Tracker, Path]) -> None:
    tracker, _ = store
    seen(tracker, 0, NUMBER, JOE)
    tracker.consent(NUMBER, granted=False, at=at(1), proof=f"joe's, seen by {JANE}", **SMS)
    tracker.reassign(NUMBER, at=at(5))
    seen(tracker, 6, NUMBER, JANE)
    tracker.consent(NUMBER, granted=True, at=at(7), proof=f"jane's {JANE}", **SMS)
    tracker.erase(JANE)
    assert left_of(store, "jane") == []
    assert [(c.granted, c.proof) for c in tracker.consents(JOE)] == [(False, "joe's, seen by [erased]")]
    assert not tracker.may_contact(JOE, **SMS)


def test_who_said_something_is_not_taken_along_by_anothers_erasure(tracker: Tracker) -> None:
    tracker.record(channel="email", occurred_at=at(0), customer=JANE, participants=[JOE], source="m", source_id="0")
    tracker.consent(JOE, granted=False)
    tracker.erase(JANE)
    assert not tracker.may_contact(JOE, purpose="service", channel="email", opt_out=["service"])


def test_retention_leaves_what_was_said_and_an_unload_takes_what_its_messages_said(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER, channel="sms", body="STOP", source="sms")
    rule = omnitrack.RetentionRule(keep=now() - at(10))
    seen(tracker, 1, JANE)
    assert tracker.apply_retention([rule]).interactions == 2
    assert not tracker.may_contact(NUMBER, **SMS, opt_out=["marketing"])
    with pytest.raises(CustomerNotFoundError):
        tracker.customer(JANE)  # nothing names her
    seen(tracker, 2, JOE, NUMBER, channel="sms", body="STOP", source="wrong")
    tracker.consent(JOE, granted=True, at=at(3), channel="email")
    tracker.unload("wrong")
    assert [(c.granted, c.channel) for c in tracker.consents(JOE)] == [(True, "email")]
    assert [c.at for c in tracker.consents(NUMBER)] == [at(0)]
    assert tracker.verify()


def test_a_load_that_is_taken_back_leaves_no_identifier_behind(tracker: Tracker) -> None:
    seen(tracker, 0, NUMBER, channel="sms", body="STOP", source="wrong")
    tracker.unload("wrong")
    with pytest.raises(CustomerNotFoundError):
        tracker.consents(NUMBER)


# -- calls ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"granted": 1},
        {"purpose": ""},
        {"channel": 7},
        {"purpose": "x" * 256},
        {"proof": "x" * 10_001},
        {"by": "\ud800"},
        {"source": "a\0"},
        {"at": "today"},
    ],
)
def test_a_value_that_none_can_have_is_refused_by_name(tracker: Tracker, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInteractionError, match=next(iter(wrong))):
        tracker.consent(JANE, **{"granted": True, **wrong})
    with pytest.raises(CustomerNotFoundError):
        tracker.customer(JANE)


@pytest.mark.parametrize("wrong", [{"purpose": None}, {"channel": ""}, {"opt_out": "service"}, {"opt_out": [1]}])
def test_a_question_without_a_purpose_or_a_channel_is_refused(tracker: Tracker, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInteractionError, match=next(iter(wrong))):
        tracker.may_contact(JANE, **{**EMAIL, **wrong})


def test_it_shows_in_a_line(tracker: Tracker) -> None:
    said = tracker.consent(JANE, granted=True, at=at(0), source="form\x1b[2J", **EMAIL)
    assert str(said) == f"2026-03-01 00:00 {JANE}: granted for marketing by email (form\ufffd[2J)"
    assert str(tracker.may_contact(JANE, **EMAIL)) == "may be contacted for marketing by email: consent was given"
    assert "proof=None" in repr(said)


async def _async() -> bool:
    async with omnitrack.open_async("memory://", region="GB") as tracker:
        assert isinstance(tracker, AsyncTracker)
        await tracker.consent(JANE, granted=True, **EMAIL)
        assert len(await tracker.consents(JANE)) == 1
        return (await tracker.may_contact(JANE, **EMAIL)).allowed


def test_async_callers_have_it_too() -> None:
    import asyncio

    assert asyncio.run(_async())
