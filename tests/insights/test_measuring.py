"""All measures in one pass: what the stream gives is what the plain reading of the rules gives; what each leaves out is said."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnitrack
from effort import budget
from insights.specification import Specification, as_found
from insights.streams import HOUR, at, contact
from omnitrack import InvalidValueError
from omnitrack.insights import (
    BusinessHours,
    Figure,
    MeasureReport,
    Price,
    Promise,
    Readings,
    Terms,
    definition,
    measure,
)
from omnitrack.model import Interaction

PRICES = {
    "phone": Price(per_contact=2.0, per_minute=1.0),
    "web": Price(per_contact=0.1),
    "email": Price(per_contact=3.0),
}
TERMS = Terms(by="day", window=8 * HOUR, response_target=2 * HOUR, prices=PRICES)


def run(*rows: tuple[str, Interaction], terms: Terms = TERMS, **options: Any) -> MeasureReport:
    return measure((([name] if name else [], one) for name, one in rows), terms, **options)


def one(report: MeasureReport, name: str, channel: str | None = None) -> Figure:
    found = report.find(name, channel)
    assert len(found) == 1, found
    return found[0]


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[tuple[str, ...], Interaction]]:
    rows = []
    for number, hour in enumerate(sorted(draw(st.lists(st.integers(0, 60), min_size=1, max_size=18)))):
        lasts = draw(st.sampled_from([None, 0, 1, 5, 10_000]))
        made = Interaction(
            channel=draw(st.sampled_from(["web", "phone", "email", "letter"])),
            occurred_at=at(hour),
            ended_at=None if lasts is None else at(hour + lasts),
            direction=draw(st.sampled_from(["inbound", "inbound", "outbound"])),
            kind=draw(st.sampled_from(["message", "message", "auto-reply", "note"])),
            thread=draw(st.sampled_from([None, "a", "b"])),
            outcome=draw(st.sampled_from([None, "done", "failed"])),
            attributes=draw(st.sampled_from([{}, {"handle_seconds": 90}])),
            source="s",
            source_id=str(number),
        )
        rows.append((draw(st.sampled_from([("ann",), ("ann",), ("bob",), ("ann", "bob"), ()])), made))
    return rows


@given(
    histories(), st.sampled_from([3 * HOUR, 8 * HOUR]), st.sampled_from(["UTC", "Europe/London", "Pacific/Auckland"])
)
def test_one_pass_gives_what_the_rules_say(
    rows: list[tuple[tuple[str, ...], Interaction]], window: timedelta, zone: str
) -> None:
    prices = {name: price for name, price in PRICES.items() if name != "phone"}
    terms = Terms(by="day", zone=zone, window=window, response_target=2 * HOUR, prices=prices)
    found = as_found(measure(rows, terms))
    expected = Specification(rows, terms).found()
    assert {
        key: one for key, one in found.items() if not key[0].startswith(("cost_per_journey", "cost_beside"))
    } == expected


@budget(40)
@given(histories())
def test_journeys_cost_what_their_contacts_cost_and_none_is_lost(
    rows: list[tuple[tuple[str, ...], Interaction]],
) -> None:
    prices = dict.fromkeys(("web", "phone", "email", "letter"), Price(per_contact=1.0))
    # So early a beginning and so late an end that every journey is known whole.
    ends = [
        ((), Interaction(channel="phone", occurred_at=at(hour), direction="internal", kind="note"))
        for hour in (-99, 10_000)
    ]
    terms = Terms(by="month", window=8 * HOUR, prices=prices)
    report = measure([ends[0], *rows, ends[1]], terms)
    contacts = sum(figure.denominator or 0 for figure in report.find("repeat_rate"))
    assert sum(figure.numerator for figure in report.find("cost_per_journey")) == contacts
    firsts = sum(figure.denominator or 0 for figure in report.find("first_contact_resolution"))
    assert sum(figure.denominator or 0 for figure in report.find("cost_per_journey")) <= firsts


@budget(40)
@given(histories())
def test_what_is_counted_and_what_is_left_out_is_every_contact(
    rows: list[tuple[tuple[str, ...], Interaction]],
) -> None:
    report = measure(rows, TERMS)
    for name in ("first_contact_resolution", "repeat_rate", "switch_rate"):
        sums = {f.since: (f.denominator or 0) + sum(f.excluded.values()) for f in report.find(name)}
        assert sums == {f.since: (f.denominator or 0) + sum(f.excluded.values()) for f in report.find("repeat_rate")}
    for figure in report.find("contacts"):
        assert figure.contacts == figure.value
        assert 0 <= figure.unattributed <= figure.contacts


FIRST, LAST = ("zoe", contact(-99, "forum")), ("zoe", contact(999, "forum"))
CALL: dict[str, Any] = {"kind": "call", "outcome": "answered"}


def test_a_follow_up_in_an_open_window_counts_no_more_than_its_absence() -> None:
    report = run(FIRST, ("ann", contact(0)), ("ann", contact(1)), ("bob", contact(1)))
    assert one(report, "switch_rate", "phone").denominator == 0
    assert sum(one(report, "switch_rate", "phone").excluded.values()) == 3


def test_the_matrix_of_channels_adds_up_to_the_rates() -> None:
    rows = [
        ("ann", contact(0, "web")),
        ("ann", contact(1, "phone")),
        ("ann", contact(2, "phone")),
        ("bob", contact(3, "web")),
    ]
    report = run(FIRST, *rows, LAST)
    cells = {(f.channel, f.to): (f.numerator, f.denominator) for f in report if f.measure == "followed_by"}
    assert cells == {("web", "phone"): (1, 2), ("phone", "phone"): (1, 2)}
    assert one(report, "switch_rate", "web").value == 0.5


def test_calls_saved_leave_out_who_gave_up_and_take_the_substitution() -> None:
    terms = Terms(by="month", window=8 * HOUR, substitution=0.25)
    rows = [("ann", contact(0, "web", outcome="done")), ("bob", contact(1, "web", outcome="abandoned"))]
    saved = one(run(FIRST, *rows, LAST, terms=terms), "calls_saved", "web")
    assert (saved.value, saved.excluded) == (0.25, {"contained, but ended in failure": 1})


def test_the_cost_of_a_journey_is_that_of_all_its_contacts_beside_voice() -> None:
    call = contact(3, "phone", ended_at=at(3.1), **CALL)  # six minutes
    journeys = [("ann", contact(0, "web")), ("ann", call), ("bob", contact(0.5, "web"))]
    calls = [("cat", contact(4, "phone", ended_at=at(4.1), **CALL)), ("dan", contact(5, "phone", outcome="missed"))]
    report = run(FIRST, *journeys[:1], journeys[2], journeys[1], *calls, LAST)
    web, phone = one(report, "cost_per_journey", "web"), one(report, "cost_per_journey", "phone")
    assert [web.numerator, web.denominator] == pytest.approx([0.1 + 8 + 0.1, 2])
    assert [phone.numerator, phone.denominator] == pytest.approx([10, 1])  # the missed call cost, and resolved nothing
    assert one(report, "cost_beside_voice", "web").value == pytest.approx(0.41)


def test_a_written_contact_is_answered_in_open_time() -> None:
    hours = BusinessHours(hours={"mon-fri": "09:00-17:00"})
    terms = Terms(by="month", window=timedelta(days=7), hours=hours, response_target=HOUR)
    friday = datetime(2026, 3, 6, 16, 30, tzinfo=timezone.utc)
    question = Interaction(channel="email", occurred_at=friday, direction="inbound", source="mail", source_id="1")
    answer = Interaction(
        channel="email",
        occurred_at=friday + timedelta(days=2, hours=17),  # Monday half past nine
        direction="outbound",
        source="mail",
        source_id="2",
        reply_to="1",
        outcome="closed",
    )
    report = run(("ann", question), ("ann", answer), until=friday + timedelta(days=8), terms=terms)
    assert one(report, "first_response_time", "email").value == 3600
    assert one(report, "first_response_in_time", "email").value == 1
    assert one(report, "resolution_time", "email").value == 3600


def test_the_service_level_counts_who_gave_up_but_for_those_nobody_could_have_answered() -> None:
    waits = [("answered", 5), ("answered", 20), ("answered", 21), ("abandoned", 60), ("abandoned", 4)]
    rows = [
        (f"c{n}", contact(n, kind="call", outcome=outcome, attributes={"wait_seconds": wait}))
        for n, (outcome, wait) in enumerate(waits)
    ]
    rows.append(("ann", contact(5, kind="call", outcome="answered")))
    report = run(*rows)
    level = one(report, "service_level", "phone")
    assert (level.numerator, level.denominator) == (2, 4)
    assert level.excluded == {"given up within 5 s": 1, "of which the wait is not known": 1}
    assert one(report, "abandonment", "phone").value == 0.25


def test_answers_to_surveys_count_over_the_answers_and_the_questions_asked() -> None:
    asked = [
        ("", contact(n, "email", kind="survey", direction="outbound", attributes={"survey": "nps"})) for n in range(4)
    ]
    said = [("", contact(5, "email", kind="survey", attributes={"nps": answer})) for answer in (10, 9, 3)]
    happy = [("", contact(6, "email", kind="survey", attributes={"csat": answer})) for answer in (5, 2)]
    report = run(*asked, *said, *happy)
    assert one(report, "nps", "email").value == pytest.approx(100 / 3)
    assert one(report, "nps_response_rate", "email").value == 0.75
    assert one(report, "csat", "email").value == 0.5
    assert one(report, "csat_response_rate", "email").value is None
    assert report.find("contacts") == []


def test_mentions_are_shares_of_those_that_were_judged() -> None:
    words = ("positive", "negative", "neutral", None)
    rows = [
        ("", contact(n, "x", kind="post", attributes={"sentiment": word} if word else {}))
        for n, word in enumerate(words)
    ]
    figure = one(run(*rows), "negative_mentions", "x")
    assert (figure.numerator, figure.denominator, figure.excluded) == (1, 3, {"that nobody judged": 1})


def test_promises_are_kept_in_time_or_not() -> None:
    promises = [
        Promise(due_at=at(1), kept_at=at(1)),
        Promise(due_at=at(1), kept_at=at(2)),
        Promise(due_at=at(1)),
        Promise(due_at=at(1), waived=True),
        Promise(due_at=at(5_000)),
    ]
    found = run(("ann", contact(0)), ("ann", contact(24)), promises=promises).find("promises_kept")
    assert [(f.numerator, f.denominator) for f in found] == [(1, 3), (0, 0)]


def test_a_figure_says_how_many_contacts_nobody_was_found_for_and_whether_its_period_is_covered() -> None:
    report = run(
        ("ann", contact(0)), ("", contact(1)), ("ann", contact(24)), ("ann", contact(48)), ("ann", contact(72))
    )
    first, second, *_ = report.find("contacts", "phone")
    assert (first.unattributed_share, second.unattributed_share) == (0.5, 0)
    assert (first.complete, second.complete) == (False, True)
    assert [f.complete for f in report.find("repeat_rate", "phone")] == [False, True, True, False]
    assert "not attributed 50.0%" in str(first)


def test_a_report_goes_into_a_data_frame_and_says_what_it_is() -> None:
    report = run(FIRST, ("ann", contact(0)), LAST)
    columns = report.columns()
    assert [len(column) for column in columns.values()] == [len(report)] * len(columns)
    assert list(zip(*columns.values())) == [tuple(row.values()) for row in report.rows()]
    assert "Repeat contacts (repeat_rate)" in str(report)
    assert {one.name for one in report.measures} <= {definition(one.measure).name for one in report}
    assert MeasureReport.from_dict(report.to_dict()) == report


def test_readings_of_your_own_take_the_place_of_the_defaults() -> None:
    mine = Readings(handled=lambda one: 60.0)
    assert one(run(("ann", contact(0)), readings=mine), "handle_time", "phone").value == 60


def test_a_store_tells_whose_each_interaction_is_each_once(tracker: omnitrack.Tracker) -> None:
    both = [["ann@example.com"], ["bob@example.com"]]
    tracker.record(channel="email", customers=both, occurred_at=at(0), source="mail", source_id="1")
    tracker.record(channel="phone", occurred_at=at(1), source="cdr", source_id="1")
    tracker.record(channel="web", customer=[omnitrack.claimed("ann@example.com")], occurred_at=at(2))
    names = [[tracker.customer(name[0]).id for name in both], [], []]
    assert [sorted(customers) for customers, _ in tracker.attributions()] == [sorted(names[0]), [], []]
    assert one(measure(tracker.attributions(), TERMS), "customers").value == 2


def test_an_empty_history_has_no_figures_and_a_bad_one_is_refused() -> None:
    assert len(measure([])) == 0
    with pytest.raises(ValueError, match="oldest first"):
        run(("ann", contact(1)), ("ann", contact(0)))
    with pytest.raises(InvalidValueError, match="offset"):
        run(("ann", Interaction(channel="phone", occurred_at=datetime(2026, 3, 1))))
    with pytest.raises(InvalidValueError, match="measure: got"):
        measure([]).find("luck")
    for wrong in (
        {"substitution": 2},
        {"zone": "Mars"},
        {"by": "year"},
        {"window": timedelta(0)},
        {"prices": {"x": 1}},
    ):
        with pytest.raises(InvalidValueError):
            Terms(**wrong)
