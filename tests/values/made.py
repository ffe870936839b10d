"""Strategies of every class of values, by the annotations of its attrs fields; of the few that check themselves, by hand."""

from __future__ import annotations

import enum
import types
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import attrs
from hypothesis import strategies as st

import omnitrack
from interchange import strategies as whole
from omnitrack.identity.policy import Policy, SchemeRule
from omnitrack.insights import BusinessHours, Price, Series, Terms
from omnitrack.interchange.report import ConversionReport
from omnitrack.model import CustomerDetails, Interaction, PassedOver, Revision, TimelineItem
from omnitrack.upkeep.erase import RetentionRule
from omnitrack.values.layout import find_class, hints_of

texts = whole.texts
spans = st.timedeltas(timedelta(days=-400), timedelta(days=400))
identifiers = st.sampled_from(
    [
        omnitrack.phone("+442079460958"),
        omnitrack.phone("0800 1111", region="GB"),
        omnitrack.email("Jane+x@example.com"),
        omnitrack.email("info@example.com"),
        omnitrack.social("x", "@jane"),
        omnitrack.account("B@1%", scope="bt"),
        omnitrack.identifier("sip:+442079460958@voice.example"),
    ]
)
_SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: st.integers(0, 2**40),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    type(None): st.none(),
    Any: whole.json_values,
    datetime: whole.times,
    date: st.dates(),
    timedelta: spans,
    bytes: st.binary(max_size=9),
    omnitrack.Identifier: identifiers,
    Interaction: whole.interactions,
    RetentionRule: st.builds(
        RetentionRule,
        keep=st.timedeltas(timedelta(microseconds=1), timedelta(days=9_999)),
        channels=st.none() | st.lists(texts, min_size=1, max_size=2),
    ),
    SchemeRule: st.builds(
        SchemeRule, exclusive=st.none() | st.booleans(), rank=st.none() | st.integers(-1_000_000, 1_000_000)
    ),
    Policy: st.builds(
        Policy,
        schemes=st.dictionaries(
            st.sampled_from(["phone", "x"]), st.builds(SchemeRule, exclusive=st.none() | st.booleans()), max_size=2
        ),
        limits=st.none()
        | st.dictionaries(
            st.sampled_from(["phone", "*", "device/email", "account/*", "*/email"]),
            st.none() | st.just("verified") | st.integers(1, 9),
            max_size=3,
        ).filter(lambda limits: not {"*/email"} <= limits.keys()),
        max_identifiers=st.none() | st.integers(2, 900),
        merges_at=st.sampled_from(["observed", "verified"]),
        auto_match=st.none() | st.floats(0.5, 1),
    ),
    BusinessHours: st.builds(
        BusinessHours,
        hours=st.dictionaries(st.sampled_from(["mon", "tue-fri"]), st.sampled_from(["", "08:00-12:00, 13:00-24:00"])),
        holidays=st.lists(st.dates(), max_size=2),
        zone=st.sampled_from(["UTC", "Europe/London"]),
    ),
    Price: st.builds(Price, per_contact=st.floats(0, 99), per_minute=st.floats(0, 9)),
    Series: st.lists(st.none() | st.floats(0, 99), max_size=3).map(
        lambda values: Series(
            by="day",
            zone="UTC",
            starts=[datetime(2026, 3, 1 + n, tzinfo=timezone.utc) for n in range(len(values))],
            values=values,
        )
    ),
    Terms: st.builds(
        Terms,
        by=st.sampled_from(["half-hour", "day", "week", "month"]),
        zone=st.just("Europe/London"),
        window=st.timedeltas(timedelta(seconds=1), timedelta(days=90)),
        prices=st.dictionaries(texts, st.builds(Price, per_contact=st.floats(0, 99)), max_size=2),
        hours=st.builds(BusinessHours, hours=st.just({"sat": "09:00-17:00"})),
        substitution=st.floats(0, 1),
    ),
    Revision: st.builds(
        Revision,
        source=texts.filter(bool),
        source_id=texts.filter(bool),
        at=whole.times,
        body=st.none() | texts,
        deleted=st.booleans(),
    ),
}


@st.composite
def statements(draw: st.DrawFn) -> omnitrack.Statement:
    a, b = draw(st.tuples(identifiers, identifiers | st.just("cus_1") | st.just("020 7946 0958")))
    said: dict[str, Any] = {"by": draw(st.none() | texts), "reason": draw(st.none() | texts), "at": draw(whole.times)}
    return draw(
        st.sampled_from(
            [
                omnitrack.Statement.link(a, b, **said),
                omnitrack.Statement.deny(b, a),
                omnitrack.Statement.mark_personal(a, of=b, id="st_1"),
                omnitrack.Statement.reassign(b, **said),
            ]
        )
    )


@st.composite
def conversions(draw: st.DrawFn) -> ConversionReport:
    made = ConversionReport(format=draw(texts), converted=draw(st.integers(0, 9)))
    for field, reason, count in draw(st.lists(st.tuples(texts, texts, st.integers(1, 9)), max_size=3)):
        made.lose(field, reason, count)
        made.assume(reason, field)
        made.reject(reason, where=field, raw=field)
    return made


_BY_HAND = {omnitrack.Statement: statements(), ConversionReport: conversions()}
#: Of what a page may be.
_PAGED = (TimelineItem, PassedOver, omnitrack.Statement, CustomerDetails)


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Return a strategy of the values of a type."""
    for known in (_SIMPLE, _BY_HAND):
        if annotation in known:
            return known[annotation]
    if isinstance(annotation, TypeVar):
        return st.one_of([values_of(cls) for cls in _PAGED])
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return st.one_of([values_of(one) for one in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple and arguments[1:] == (...,):
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values_of, arguments))
    if origin is list:
        return st.lists(values_of(arguments[0]), max_size=2)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=2)
    if issubclass(annotation, enum.Enum):
        return st.sampled_from(list(annotation))
    return _built(annotation)


@st.composite
def _built(draw: st.DrawFn, cls: type[Any]) -> Any:
    hints = hints_of(cls)
    given = {}
    for field in attrs.fields(cls):
        if not field.init or (field.name.startswith("_") and "json" not in field.metadata):
            continue
        if field.default is not attrs.NOTHING and not field.name.startswith("_") and not draw(st.booleans()):
            continue
        kinds = hints[field.name]
        if field.name.startswith("_"):  # read later, and always there in the end
            kinds = next(one for one in get_args(kinds) if one is not type(None))
        given[field.alias] = draw(values_of(kinds))
    return cls(**given)


def values_named(name: str) -> st.SearchStrategy[Any]:
    """Return a strategy of the values of one class."""
    cls = find_class(name)
    assert cls is not None
    return values_of(cls)
