"""Whatever is given to a public method, nothing but an error of ours comes out, and none repeats an address or a number."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import omnitrack
from omnitrack import (
    AsyncTracker,
    Attachment,
    Interaction,
    OmnitrackError,
    Policy,
    Rejected,
    RetentionRule,
    Revision,
    SchemeRule,
    Sighting,
    Statement,
    Tracker,
)

T0 = datetime(2026, 3, 1, tzinfo=timezone.utc)
MAIL, NUMBER = "jane.doe@example.com", "+44 20 7946 0123"

WRONG: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "5": lambda: 5,
    "-1": lambda: -1,
    "1.5": lambda: 1.5,
    "nan": lambda: float("nan"),
    "a huge number": lambda: 10**30,
    "True": lambda: True,
    "empty text": lambda: "",
    "NUL": lambda: "a\0b",
    "half a surrogate pair": lambda: "\ud800",
    "empty list": list,
    "list of None": lambda: [None],
    "list of lists": lambda: [[5]],
    "empty mapping": dict,
    "mapping": lambda: {"x": object()},
    "object": object,
    "class": lambda: dict,
    "bytes": lambda: b"x",
    "set": lambda: {5},
    "naive time": lambda: datetime(2026, 3, 1),
    "first time": lambda: datetime.min,
    "last time": lambda: datetime.max,
    "timedelta": lambda: timedelta(1),
    "generator": lambda: (i for i in (5,)),
    "mail": lambda: MAIL,
    "number": lambda: NUMBER,
    "mail in a list": lambda: [MAIL],
    "mail in a mapping": lambda: {MAIL: MAIL},
    "cursor": lambda: "eyJ4IjogNX0",
    "statement": lambda: Statement.link("x:a", "x:b"),
    "interaction": lambda: Interaction(channel="x", occurred_at=T0),
}

#: What is right, for each method: parameters without a default, and what a second one needs beside it.
RIGHT: dict[str, dict[str, Any]] = {
    "record": {"channel": "phone", "occurred_at": T0},
    "record_many": {"interactions": [Interaction(channel="x", occurred_at=T0)]},
    "load": {"path_or_source": __file__, "on_error": "collect"},
    "revise": {"source": "s", "source_id": "1"},
    "note": {"who": MAIL, "text": "called"},
    "attribute": {"interaction": "int_" + "0" * 32, "identifier": MAIL},
    "timeline": {"who": MAIL},
    "customer": {"who": MAIL},
    "candidates": {"who": MAIL},
    "interaction": {"id": "int_" + "0" * 32},
    "revisions": {"id": "int_" + "0" * 32},
    "link": {"a": MAIL, "b": "x:jane"},
    "deny": {"a": MAIL, "b": "x:jim"},
    "mark_shared": {"x": "x:kim"},
    "mark_personal": {"x": "x:joe", "of": MAIL},
    "reassign": {"x": NUMBER, "at": T0},
    "retract": {"statement": "st_" + "0" * 32},
    "preview": {"statement": Statement.link("x:a", "x:b")},
    "explain": {"a": MAIL, "b": NUMBER},
    "statements": {"who": MAIL},
    "set_matching_model": {"model": "{}"},
    "erase": {"who": "x:nobody"},
    "apply_retention": {"rules": [RetentionRule(keep=timedelta(days=36_500))]},
    "unload": {"source": "nobody's"},
    "export": {"who": MAIL},
    "consent": {"who": MAIL, "granted": True, "purpose": "marketing"},
    "consents": {"who": MAIL},
    "may_contact": {"who": MAIL, "purpose": "marketing", "channel": "email"},
    "brief": {"who": MAIL},
    "load_bundle": {"bundle": b""},
    "hand_over": {"interaction": "int_" + "0" * 32, "to": "email"},
    "conversations": {"who": MAIL},
    "open_case": {"subject": MAIL, "kind": "complaint"},
    "case": {"case": "cas_" + "0" * 32},
    "update_case": {"case": "cas_" + "0" * 32},
    "add_to_case": {"case": "cas_" + "0" * 32},
    "promise": {"case": "cas_" + "0" * 32, "text": "to call back", "due": T0},
    "keep_promise": {"case": "cas_" + "0" * 32, "number": 1},
    "confirm_case": {"case": "cas_" + "0" * 32, "interaction": "int_" + "0" * 32},
    "withdraw_case": {"case": "cas_" + "0" * 32, "interaction": "int_" + "0" * 32},
    "reopen_case": {"case": "cas_" + "0" * 32},
    "case_returns": {"interaction": "int_" + "0" * 32},
    "follow_up": {"interaction": "int_" + "0" * 32},
    "export_case": {"case": "cas_" + "0" * 32},
}
NOT_CALLED = {"close", "policy", "settings"}
PATHS = {("load", "path_or_source"), ("load_bundle", "bundle")}

METHODS = [
    name for name, _ in inspect.getmembers(Tracker, callable) if not name.startswith("_") and name not in NOT_CALLED
]


def parameters(target: Any) -> list[str]:
    found = inspect.signature(target).parameters.values()
    return [p.name for p in found if p.kind is not p.VAR_KEYWORD and p.name not in ("self", "cls")]


CALLS = [(name, p) for name in METHODS for p in parameters(getattr(Tracker, name))]


def filled(tracker: Tracker) -> Tracker:
    for n in range(3):
        tracker.record(
            channel="phone", occurred_at=T0 + timedelta(hours=n), customer=[MAIL, NUMBER], source="s", source_id=str(n)
        )
    return tracker


def values_for(parameter: str) -> list[Callable[[], Any]]:
    # What a function of the caller's raises is the caller's own.
    return [make for make in WRONG.values() if parameter != "progress" or not callable(make())]


@pytest.fixture(scope="module", params=["memory://", "sqlite://"])
def tracker(request: pytest.FixtureRequest) -> Iterator[Tracker]:
    with omnitrack.open(request.param, region="GB", matching=True) as opened:
        yield filled(opened)


def consume(result: Any) -> None:
    """Read all there is to be read of an answer, and print it."""
    if hasattr(result, "page"):
        result.page(2)
    if isinstance(result, Iterator) or hasattr(result, "page"):
        list(result)
    assert repr(result) is not None
    assert str(result) is not None


def judge(error: Exception) -> None:
    if not isinstance(error, OmnitrackError):
        raise AssertionError(f"{type(error).__name__} from inside: {error}") from error
    assert "jane.doe" not in str(error)
    assert not any(part in str(error) for part in ("7946 0123", "79460123"))
    assert str(error)


@pytest.mark.parametrize(("method", "parameter"), CALLS, ids=[f"{m}-{p}" for m, p in CALLS])
def test_a_tracker_raises_errors_of_ours_alone(tracker: Tracker, method: str, parameter: str) -> None:
    for make in values_for(parameter):
        try:
            consume(getattr(tracker, method)(**{**RIGHT.get(method, {}), parameter: make()}))
        except OSError:
            # What file it is has to be said; a path is no identifier.
            assert (method, parameter) in PATHS
        except Exception as error:
            judge(error)
    assert tracker.verify()


async def aconsume(result: Any) -> None:
    if hasattr(result, "page"):
        await result.page(2)
    if isinstance(result, AsyncIterator) or hasattr(result, "page"):
        async for _ in result:
            pass
    elif inspect.isawaitable(result):
        consume(await result)


@pytest.mark.parametrize("method", METHODS)
def test_an_async_tracker_raises_errors_of_ours_alone(method: str) -> None:
    async def try_all() -> None:
        async with omnitrack.open_async("memory://", region="GB", matching=True) as tracker:
            await tracker.record(channel="phone", occurred_at=T0, customer=[MAIL, NUMBER])
            for parameter in parameters(getattr(Tracker, method)):
                for make in values_for(parameter):
                    try:
                        await aconsume(getattr(tracker, method)(**{**RIGHT.get(method, {}), parameter: make()}))
                    except OSError:
                        assert (method, parameter) in PATHS
                    except Exception as error:
                        judge(error)

    asyncio.run(try_all())


def test_both_trackers_have_the_same_methods() -> None:
    assert {name for name in dir(AsyncTracker) if not name.startswith("_")} == {*METHODS, *NOT_CALLED}


MADE: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "Policy": (Policy, {}),
    "SchemeRule": (SchemeRule, {}),
    "Interaction": (Interaction, {"channel": "x", "occurred_at": T0}),
    "Revision": (Revision, {"source": "s", "source_id": "1", "at": T0}),
    "Rejected": (Rejected, {"reason": "x"}),
    "Attachment": (Attachment, {}),
    "Sighting": (Sighting, {"identifier": "x:jane"}),
    "verified": (omnitrack.verified, {"identifier": "x:jane"}),
    "observed": (omnitrack.observed, {"identifier": "x:jane"}),
    "claimed": (omnitrack.claimed, {"identifier": "x:jane"}),
    "Identifier": (omnitrack.Identifier, {"scheme": "x", "value": "jane"}),
    "RetentionRule": (RetentionRule, {"keep": timedelta(1)}),
    "Statement": (Statement, {"kind": "same", "a": "x:a", "b": "x:b"}),
    "Statement.link": (lambda a, b, by=None, reason=None, at=None: Statement.link(a, b, by=by, reason=reason, at=at), {"a": "x:a", "b": "x:b"}),
    "Statement.reassign": (Statement.reassign, {"x": "x:a", "at": T0}),
    "phone": (omnitrack.phone, {"text": NUMBER}),
    "email": (omnitrack.email, {"text": MAIL}),
    "social": (omnitrack.social, {"platform": "x", "text": "jane"}),
    "account": (omnitrack.account, {"value": "1"}),
    "device": (omnitrack.device, {"value": "1"}),
    "postal": (omnitrack.postal, {"postcode": "RG14 1AA"}),
    "identifier": (omnitrack.identifier, {"text": MAIL}),
    "find_identifiers": (omnitrack.find_identifiers, {"text": MAIL}),
    "open": (lambda url="memory://", region=None, own=(), policy=None, secret=None, rebuild=False, matching=False, namespace=None: omnitrack.open(
        url, region=region, own=own, policy=policy, secret=secret, rebuild=rebuild, matching=matching, namespace=namespace
    ), {}),
}  # fmt: skip
MAKES = [(name, p) for name, (make, _) in MADE.items() for p in parameters(make)]


@pytest.mark.parametrize(("name", "parameter"), MAKES, ids=[f"{n}-{p}" for n, p in MAKES])
def test_what_is_made_of_any_value_works_or_is_refused(tracker: Tracker, name: str, parameter: str) -> None:
    make, right = MADE[name]
    for value in WRONG.values():
        try:
            made = make(**{**right, parameter: value()})
            use(tracker, made)
        except Exception as error:
            judge(error)


def use(tracker: Tracker, made: Any) -> None:
    """Do with something what it is made for."""
    consume(made)
    if isinstance(made, Tracker):
        made.record(channel="x", occurred_at=T0, customer=[MAIL, "x:jane"])
        made.close()
    elif isinstance(made, Policy):
        with omnitrack.open("memory://", policy=made) as other:
            filled(other)
            assert other.verify()
    elif isinstance(made, SchemeRule):
        use(tracker, Policy(schemes={"x": made, "email": made}))
    elif isinstance(made, (Interaction, Revision, Rejected)):
        tracker.record_many([made], on_error="collect")
    elif isinstance(made, Attachment):
        use(tracker, Interaction(channel="x", occurred_at=T0, attachments=[made]))
    elif isinstance(made, (Sighting, omnitrack.Identifier)):
        use(tracker, Interaction(channel="x", occurred_at=T0, customers=[[made]]))
        tracker.candidates(made)
    elif isinstance(made, RetentionRule):
        tracker.apply_retention([made], dry_run=True)
    elif isinstance(made, Statement):
        tracker.preview(made)
