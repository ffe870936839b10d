"""Values: what a tracker returns goes to JSON and back, through pickle, compares and hashes, for every class."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import typing
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from effort import budget
from interchange.strategies import json_values
from omnitrack import InvalidValueError, Value
from omnitrack.interchange.report import ConversionReport
from omnitrack.model import Assurance, CustomerDetails
from omnitrack.values import FrozenDict, FrozenList, freeze
from omnitrack.values.layout import all_classes, hints_of, parts_of
from values.made import values_named

NAMES = [cls.__name__ for cls in all_classes()]
#: What counts up while it is used, and therefore has no hash.
COUNTING = {"ConversionReport", "Containment", "Disclosure", "Gaps", "Resolution", "Share", "Switches"}
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=1)))


def _classes_in(annotation: Any, found: set[type]) -> set[type]:
    """Return our attrs classes in an annotation, and those in their fields."""
    for one in typing.get_args(annotation):
        _classes_in(one, found)
    if isinstance(annotation, type) and attrs.has(annotation) and annotation not in found:
        found.add(annotation)
        for field in attrs.fields(annotation):
            if not field.name.startswith("_"):
                _classes_in(hints_of(annotation)[field.name], found)
    origin = typing.get_origin(annotation)
    if origin is not None:
        _classes_in(origin, found)
    return found


def test_everything_that_a_tracker_returns_is_a_value() -> None:
    found: set[type] = set()
    for kind in (omnitrack.Tracker, omnitrack.AsyncTracker):
        for name, member in vars(kind).items():
            function = member.fget if isinstance(member, property) else member
            if not name.startswith("_") and callable(function):
                _classes_in(hints_of(function).get("return"), found)
    assert len(found) >= 25
    assert {cls.__name__ for cls in found if not issubclass(cls, Value)} == set()
    assert {cls.__name__ for cls in found} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@budget(25)
@given(data=st.data())
def test_a_value_is_the_same_after_json_and_after_pickle(name: str, data: st.DataObject) -> None:
    value = data.draw(values_named(name))
    document = value.to_dict()
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text) == document
    same = [pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)]
    for one in [*same, Value.from_dict(json.loads(text)), type(value).from_dict(document)]:
        assert one == value
        assert type(one) is type(value)
        assert one.to_dict() == document or not any(one is other for other in same)
        if name not in COUNTING:
            assert hash(one) == hash(value)


@pytest.mark.parametrize("name", NAMES)
@budget(25)
@given(data=st.data())
def test_a_document_with_anything_else_in_a_field_is_refused_by_an_error_of_ours(
    name: str, data: st.DataObject
) -> None:
    document = data.draw(values_named(name)).to_dict()
    field = data.draw(st.sampled_from(sorted(document)))
    document[field] = data.draw(json_values | st.just([{}]) | st.just({"v": 2}) | st.just([[["a"]]]))
    try:
        value = Value.from_dict(document)
    except InvalidValueError:
        return
    assert Value.from_dict(json.loads(json.dumps(value.to_dict()))) == value


@pytest.mark.parametrize("cls", all_classes(), ids=NAMES)
def test_a_document_names_the_field_that_is_unknown_or_missing(cls: type[Value]) -> None:
    with pytest.raises(InvalidValueError, match=r"surprise: no field of|: got nothing, it is required"):
        cls.from_dict({"surprise": 1})
    required = [part.name for part in parts_of(cls) if part.required]
    if required:
        with pytest.raises(InvalidValueError, match=f"^{required[0]}: got nothing, it is required"):
            cls.from_dict({})
    with pytest.raises(InvalidValueError, match=r"^v: got 2, accepted is version 1"):
        cls.from_dict({"v": 2})
    with pytest.raises(InvalidValueError, match=r"^type: got 'Other', accepted is"):
        cls.from_dict({"type": "Other"})
    no_objects: tuple[Any, ...] = (None, [], "text", 1)
    for no_object in no_objects:
        with pytest.raises(InvalidValueError, match="accepted is an object"):
            cls.from_dict(no_object)


@pytest.mark.parametrize(
    ("cls", "document", "message"),
    [
        (omnitrack.Page, {"items": [{"type": "Customer", "id": 3}]}, "items[0].id: got 3, accepted is a string"),
        (omnitrack.Page, {"items": [{"type": "Path"}]}, "items[0].type: got 'Path'"),
        (omnitrack.Page, {"items": [{"id": "x"}]}, "items[0].type: got None"),
        (omnitrack.LoadReport, {"added": 2, "units": 3}, "units: got what does not follow from the other fields"),
        (omnitrack.LoadReport, {"added": True}, "added: got True, accepted is a whole number"),
        (omnitrack.Identifier, {"scheme": "x", "value": "jane", "key": "x:joe"}, "key: got what does not follow"),
        (omnitrack.Identifier, {"scheme": "x", "value": "a\0b"}, "value: got '*?*'"),
        (omnitrack.Sighting, {"identifier": "x:j", "assurance": "sure"}, "assurance: got 'sure', accepted are similar"),
        (omnitrack.Interaction, {"channel": "x", "occurred_at": "today"}, "occurred_at: got 't****', accepted is a"),
        (omnitrack.Interaction, {"channel": "x", "occurred_at": "2026-03-01"}, "occurred_at: got"),
        (omnitrack.Interaction, {"channel": "", "occurred_at": NOW.isoformat()}, "channel: got an empty string"),
        (omnitrack.Rejected, {"reason": "\ud800"}, "reason: got half of a surrogate pair"),
        (omnitrack.RetentionRule, {"keep": "P"}, "keep: got '*', accepted is a duration"),
        (omnitrack.RetentionRule, {"keep": "-P1D"}, "keep: got timedelta, accepted is a timedelta above zero"),
    ],
)
def test_what_cannot_be_read_is_said(cls: type[Value], document: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError) as raised:
        cls.from_dict(document)
    assert str(raised.value).startswith(message)
    assert isinstance(raised.value, ValueError)


def test_json_that_is_nested_too_deeply_is_refused() -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    document = {"channel": "x", "occurred_at": NOW.isoformat(), "attributes": {"a": deep}}
    with pytest.raises(InvalidValueError, match=r"^attributes"):
        omnitrack.Interaction.from_dict(document)
    with pytest.raises(omnitrack.InvalidInteractionError, match="nested deeper"):
        omnitrack.Interaction(channel="x", occurred_at=NOW, attributes={"a": deep})


def test_a_document_does_not_make_an_identifier_identify() -> None:
    for text in ("info@example.com", "0800 1111"):
        role = omnitrack.identifier(text, region="GB")
        assert not role.linkable
        read = omnitrack.Identifier.from_dict({**role.to_dict(), "linkable": True, "reason": None})
        assert (read, read.linkable, read.reason) == (role, False, role.reason)
    odd = omnitrack.Identifier.from_dict({"scheme": "email", "value": "NOT an address"})
    assert not odd.linkable
    unknown = omnitrack.Identifier.from_dict({"scheme": "of-somebody-else", "value": "7"})
    assert (unknown.linkable, unknown.display) == (False, "7")


def test_what_a_tracker_returned_outlives_it() -> None:
    with omnitrack.open("memory://", region="GB") as tracker:
        recorded = tracker.record(
            channel="phone",
            occurred_at=NOW,
            customer=["020 7946 0958", "jane@example.com"],
            traits={"name": "Jane"},
            attributes={"steps": [1, {"more": [2]}]},
        )
        customer = tracker.customer("jane@example.com")
        page = tracker.timeline(customer.id).page()
        said = tracker.deny("020 7946 0958", "jane@example.com", by="sam")
        held = [recorded, customer, page, said, tracker.explain("020 7946 0958", "jane@example.com"), tracker.policy]
        held += [tracker.verify(), tracker.preview(said), tracker.conflicts(), *tracker.identity_log()]
        held += [tracker.erase("jane@example.com", dry_run=True), tracker.export(customer.id, format="vcon")]
        held += [*tracker.interactions()]
        sent = [(pickle.dumps(one), json.dumps(one.to_dict())) for one in held]
    for one, (pickled, text) in zip(held, sent):
        assert pickle.loads(pickled) == Value.from_dict(json.loads(text)) == one
        assert len({one, pickle.loads(pickled)}) == 1
    read = omnitrack.Customer.from_dict(json.loads(sent[1][1]))
    assert (read.traits, read.first_seen) == ({"name": ("Jane",)}, NOW)
    assert omnitrack.Recorded.from_dict(json.loads(sent[0][1])).customer_ids == (customer.id,)


def test_values_of_an_async_tracker_travel_too() -> None:
    async def travel() -> None:
        async with omnitrack.open_async("memory://") as tracker:
            recorded = await tracker.record(channel="x", occurred_at=NOW, customer=["x:jane"])
            customer = await tracker.customer("x:jane")
            for one in (recorded, customer):
                assert Value.from_dict(one.to_dict()) == one == pickle.loads(pickle.dumps(one))
            assert recorded.to_dict()["customer_ids"] == [customer.id]

    asyncio.run(travel())


def test_times_words_and_lengths_have_the_forms_that_are_documented() -> None:
    london = timezone(timedelta(seconds=-75))  # of before 1847
    item = omnitrack.Interaction(channel="x", occurred_at=datetime(2026, 1, 1, tzinfo=london), direction="inbound")
    assert item.to_dict()["occurred_at"] == "2026-01-01T00:01:15+00:00"
    assert item.to_dict()["direction"] == "inbound"
    assert omnitrack.verified("x:jane").to_dict()["assurance"] == "verified"
    rule = omnitrack.RetentionRule(keep=timedelta(days=400, seconds=90, microseconds=500))
    assert rule.to_dict()["keep"] == "P400DT90.0005S"
    assert omnitrack.RetentionRule.from_dict({"keep": "PT1H30M"}).keep == timedelta(minutes=90)


def test_mappings_and_lists_in_a_value_cannot_be_changed() -> None:
    item = omnitrack.Interaction(channel="x", occurred_at=NOW, attributes={"a": [1, {"b": []}]})
    assert item.attributes == {"a": [1, {"b": []}]}
    held: Any = item.attributes
    changes: tuple[Callable[[], object], ...] = (
        lambda: held.update(a=1),
        lambda: held.__setitem__("a", 1),
        lambda: held["a"].append(1),
        lambda: held["a"][1].pop("b"),
        lambda: held["a"][1]["b"].extend([1]),
    )
    for change in changes:
        with pytest.raises(TypeError, match="cannot be changed"):
            change()
    assert {**item.attributes, "c": 1} == dict(item.attributes) | {"c": 1}
    assert item.to_dict()["attributes"]["a"].pop() == {"b": []}  # plain, and one's own


@given(json_values)
def test_what_is_frozen_equals_what_it_was_made_of(value: Any) -> None:
    frozen = freeze(value)
    assert frozen == value
    assert hash(frozen) == hash(freeze(copy.deepcopy(value)))
    assert pickle.loads(pickle.dumps(frozen)) == frozen
    assert isinstance(frozen, (FrozenDict, FrozenList)) == isinstance(value, (dict, list))


def test_customers_are_compared_by_who_they_are_and_nothing_is_read_for_it() -> None:
    def fail() -> CustomerDetails:
        raise AssertionError

    a, b = omnitrack.identifier("x:jane"), omnitrack.email("jane@example.com")
    one = omnitrack.Customer(id="cus_1", identifiers=(a, b), load=fail)
    two = omnitrack.Customer(id="cus_1", identifiers=(b, a), load=fail)
    assert one == two
    assert hash(one) == hash(two)
    assert one != attrs.evolve(two, shared=True)


def test_a_count_that_goes_on_compares_and_has_no_hash() -> None:
    report = ConversionReport(format="json")
    with pytest.raises(TypeError):
        hash(report)
    assert omnitrack.Sighting.from_dict({"identifier": "x:jane"}).assurance == Assurance.OBSERVED
