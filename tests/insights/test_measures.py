"""Each measure counts what its words say."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given

from insights.streams import HOUR, at, contact, streams
from omnitrack.insights import (
    GAP_CLASSES,
    Containment,
    Gaps,
    Resolution,
    Switches,
    collect,
    containment,
    follow,
    gaps,
    not_on,
    on,
    resolution,
    switches,
)
from omnitrack.model import Interaction

WINDOW = 8 * HOUR


def test_a_visit_that_a_call_followed_was_not_enough() -> None:
    pairs = [
        ("ann", contact(0, "web", thread="s1", outcome="abandoned")),
        ("bob", contact(0, "web", thread="s2", outcome="done")),
        ("ann", contact(1, "phone")),
        ("cem", contact(49, "web")),
        ("ann", contact(50, "web")),
    ]
    measured = containment(follow(pairs, window=WINDOW, first=on("web"), then=not_on("web")))
    assert (measured.contained.count, measured.contained.of) == (1, 2)
    assert measured.contained.rate == 0.5
    assert measured.then == {"phone": 1}
    assert {group: share.count for group, share in measured.by_group.items()} == {"abandoned": 0, "done": 1}
    assert measured.undecided == 2
    assert "1 of 2 (50.0%); then phone 1" in str(measured)


def test_visits_are_grouped_as_the_caller_says() -> None:
    pairs = [
        ("ann", contact(0, "web", subject="bill")),
        ("bob", contact(0, "web", subject="fault")),
        ("bob", contact(1)),
    ]
    measured = containment(
        follow(pairs, window=WINDOW, first=on("web"), then=not_on("web"), by=lambda visit: visit.subject, until=at(99))
    )
    assert {group: share.count for group, share in measured.by_group.items()} == {"bill": 1, "fault": 0}


def test_a_matter_is_settled_at_first_contact_when_no_other_follows() -> None:
    pairs = [("ann", contact(0, "email")), ("bob", contact(0, "phone")), ("ann", contact(5, "phone"))]
    measured = resolution(follow(pairs, window=WINDOW, until=at(99)))
    assert (measured.first_contact.count, measured.first_contact.of) == (1, 2)
    assert (measured.repeats.count, measured.repeats.of) == (1, 3)
    assert measured.by_channel["email"].rate == 0
    assert measured.by_channel["phone"].rate == 1


def test_changes_of_channel_are_counted_by_pair() -> None:
    pairs = [("ann", contact(0, "x")), ("ann", contact(1, "email")), ("ann", contact(2, "email"))]
    measured = switches(follow(pairs, window=WINDOW))
    assert measured.pairs == {("x", "email"): 1, ("email", "email"): 1}
    assert (measured.switched.count, measured.switched.of) == (1, 2)


def test_times_between_contacts_are_summed_and_classed() -> None:
    pairs = [("ann", contact(0)), ("ann", contact(1)), ("ann", contact(4))]
    measured = gaps(follow(pairs, window=WINDOW))
    assert (measured.count, measured.mean, measured.shortest, measured.longest) == (2, 2 * HOUR, HOUR, 3 * HOUR)
    assert measured.classes[GAP_CLASSES.index(timedelta(hours=1))] == 1
    assert measured.classes[GAP_CLASSES.index(timedelta(hours=4))] == 1


@given(streams())
def test_one_pass_gives_what_each_gives_alone(pairs: list[tuple[str, Interaction]]) -> None:
    measures = (Containment(), Resolution(), Switches(), Gaps())
    collect(follow(pairs, window=WINDOW), *measures)
    alone = [measure(follow(pairs, window=WINDOW)) for measure in (containment, resolution, switches, gaps)]
    assert list(measures) == alone


@given(streams())
def test_the_counts_of_a_measure_add_up(pairs: list[tuple[str, Interaction]]) -> None:
    all_of = list(follow(pairs, window=WINDOW))
    contained, settled, changed, between = containment(all_of), resolution(all_of), switches(all_of), gaps(all_of)
    assert contained.contained.of + contained.undecided == len(all_of)
    assert sum(contained.then.values()) == contained.contained.of - contained.contained.count
    assert settled.repeats.of == len(all_of)
    assert sum(share.of for share in settled.by_channel.values()) == settled.first_contact.of
    assert sum(changed.pairs.values()) == changed.switched.of == between.count == sum(between.classes)
    for measure in (contained, settled, changed, between):
        assert str(measure)


def test_measures_of_nothing_have_no_rate() -> None:
    assert containment([]).contained.rate is None
    assert gaps([]).mean is None
    assert str(gaps([]))
    assert str(resolution([]))
